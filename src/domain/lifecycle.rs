//! What can be done to a case: [`decide`] says what happens, [`apply`] makes it so.
//!
//! `decide(case, command, …) → events | refusal` is the whole state machine. It never fails for a
//! technical reason, and the table of status × command × role is kept as a reviewed snapshot
//! (`lifecycle/tests.rs`). Events are the timeline and the source of notices.

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use super::access::Role;
use super::calendar::Calendar;
use super::case::{
    About, Audience, Case, LastAction, LinkKind, Outcome, Priority, Procedure, ReplyKind, Status,
    WaitingFor,
};
use super::clock::{self, Cancelled, Extension, Longer, OwnPromise, Pause, Reopened, Terms};
use super::contact::{Location, words};
use super::ids::{CaseId, ContactId, NoticeId, PersonId, UserId};
use super::standard::Role as ClockRole;

/// Something somebody wants done to a case.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    Acknowledge {
        how: AcknowledgedBy,
        text: Option<String>,
    },
    Assign {
        owner: Option<UserId>,
    },
    Transfer {
        queue: String,
        reason: String,
    },
    Pause {
        reason: String,
        waiting_for: WaitingFor,
        resume_on: Date,
    },
    Resume,
    Extend {
        clock: String,
        to: Longer,
        reason: String,
    },
    Ask {
        text: String,
        resume_on: Date,
    },
    Reply {
        text: String,
        kind: ReplyKind,
        outcome: Option<Outcome>,
        general_only: bool,
    },
    /// A reply, a holding reply or a later date, before its notice leaves.
    TakeBackReply {
        notice: NoticeId,
        what: TakenBack,
    },
    Note {
        text: String,
        audience: Audience,
    },
    Promise {
        what: String,
        by: Timestamp,
        owner: Option<UserId>,
    },
    Close {
        outcome: Outcome,
    },
    Reopen {
        reason: String,
    },
    OpenStage {
        stage: u8,
        reason: String,
        officer: Option<UserId>,
    },
    Merge {
        into: CaseId,
    },
    Link {
        kind: LinkKind,
        case: CaseId,
    },
    GrantAccess {
        holders: Vec<String>,
        reason: String,
        about: Option<About>,
    },
    Call {
        who: String,
        number: String,
        outcome: String,
    },
    Amend(Box<Amendment>),
    Record {
        event: String,
        at: Timestamp,
    },
}

/// What PATCH may change.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Amendment {
    pub subject: Option<String>,
    pub priority: Option<Priority>,
    pub reason: Option<String>,
    pub location: Option<Location>,
    pub fields: Option<serde_json::Map<String, serde_json::Value>>,
    /// Re-plans the promises from the same day.
    pub category: Option<Recategorised>,
}

/// A category changed by staff: the new place, and what is pinned there.
#[derive(Debug, Clone, PartialEq)]
pub struct Recategorised {
    pub service: String,
    pub category: String,
    pub procedure: Procedure,
    pub queue: String,
    pub terms: String,
}

words! {
    /// How an acknowledgement reached the person.
    AcknowledgedBy { Email = "email", Letter = "letter", Spoken = "spoken" }
}

words! {
    /// What was taken back before it left.
    TakenBack { Reply = "reply", HoldingReply = "holding_reply", Extension = "extension" }
}

/// One line of a case's timeline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "detail", rename_all = "snake_case")]
pub enum Event {
    Opened {
        contact: ContactId,
        rule: String,
        reason: String,
    },
    ContactJoined {
        contact: ContactId,
        from_person: bool,
        chases: bool,
        answers: bool,
    },
    AutomaticMailStored {
        contact: ContactId,
    },
    Acknowledged {
        how: AcknowledgedBy,
        text: Option<String>,
    },
    Assigned {
        from: Option<UserId>,
        to: Option<UserId>,
    },
    Transferred {
        from: String,
        to: String,
        reason: String,
    },
    Paused {
        reason: String,
        waiting_for: WaitingFor,
        resume_on: Date,
    },
    Resumed {
        why: String,
    },
    Extended {
        clock: String,
        from_on: Option<Date>,
        to_on: Option<Date>,
        reason: String,
    },
    DateChanged {
        clock: String,
        from_on: Option<Date>,
        to_on: Option<Date>,
        why: String,
    },
    Asked {
        text: String,
    },
    Replied {
        text: String,
        reply: ReplyKind,
        outcome: Option<Outcome>,
        general_only: bool,
    },
    ReplyTakenBack {
        notice: NoticeId,
        what: TakenBack,
    },
    Noted {
        text: String,
        audience: Audience,
    },
    Promised {
        name: String,
        what: String,
        by: Timestamp,
        owner: Option<UserId>,
    },
    Closed {
        outcome: Outcome,
    },
    Reopened {
        reason: String,
    },
    StageOpened {
        stage: u8,
        reason: String,
        officer: Option<UserId>,
    },
    Merged {
        into: CaseId,
    },
    MergedIn {
        other: CaseId,
    },
    Linked {
        link: LinkKind,
        case: CaseId,
    },
    AccessGranted {
        holders: Vec<String>,
        reason: String,
    },
    Called {
        who: String,
        number: String,
        outcome: String,
    },
    Amended {
        changed: Vec<String>,
        reason: Option<String>,
    },
    Recategorised {
        from: String,
        to: String,
    },
    Recorded {
        event: String,
        at: Timestamp,
    },
    Withdrawn {
        person: Option<PersonId>,
        reason: Option<String>,
    },
    NoticeSent {
        notice: NoticeId,
        notice_kind: String,
    },
    NoticeFailed {
        notice: NoticeId,
        notice_kind: String,
        why: String,
    },
    AddressBounced {
        notice: NoticeId,
    },
    ClockMet {
        clock: String,
        at: Timestamp,
    },
    ClockMissed {
        clock: String,
        due_at: Timestamp,
    },
    ClockReopened {
        clock: String,
        why: String,
    },
    EscalationStep {
        clock: String,
        step: String,
        occurrence: u32,
        state: String,
        to: Vec<String>,
    },
    AlertRaised {
        occurrence: u32,
        to: Vec<String>,
    },
    FeedbackGiven {
        score: u8,
    },
}

/// Why a command is refused, in the caller's words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("The case is closed. Reopen it first.")]
    Closed,
    #[error("The case is not closed or answered, so there is nothing to reopen.")]
    NotClosed,
    #[error("The time to reopen this case ended on {until}. Open a new case and link it.")]
    ReopenWindowOver { until: Date },
    #[error("A {role} may not do this. Ask {ask}.")]
    NotYourRole { role: Role, ask: &'static str },
    #[error("Somebody else has this case. Only a team leader may take it from them.")]
    OwnedBySomebody,
    #[error("{0}.")]
    Clock(clock::Refusal),
    #[error("There is no pause to end.")]
    NotPaused,
    #[error("The case is in this queue already.")]
    SameQueue,
    #[error("This standard has no stage {0}.")]
    NoSuchStage(u8),
    #[error("Stage {stage} must be answered by somebody who did not answer stage {before}.")]
    SameOfficer { stage: u8, before: u8 },
    #[error("A case cannot be merged into itself or linked to itself.")]
    Itself,
    #[error("Lowering a priority raised for danger needs a reason.")]
    ReasonNeeded,
    #[error("A promise must lie in the future.")]
    PromiseInThePast,
    #[error(
        "Until consent is cleared, only a general reply may go to the member: send `\"scope\":\"general\"`."
    )]
    ConsentUnclear,
    #[error("The reply has left already.")]
    AlreadySent,
    #[error("`{0}` is not an event this standard knows; it knows: {1}.")]
    UnknownEvent(String, String),
}

impl Refusal {
    /// Stable code for the problem document.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Closed => "case_closed",
            Self::NotClosed => "case_not_closed",
            Self::ReopenWindowOver { .. } => "reopen_window_over",
            Self::NotYourRole { .. } => "role_may_not",
            Self::OwnedBySomebody => "owned_by_somebody",
            Self::Clock(refusal) => refusal.code(),
            Self::NotPaused => "not_paused",
            Self::SameQueue => "same_queue",
            Self::NoSuchStage(_) => "no_such_stage",
            Self::SameOfficer { .. } => "same_officer",
            Self::Itself => "itself",
            Self::ReasonNeeded => "reason_needed",
            Self::PromiseInThePast => "promise_in_the_past",
            Self::ConsentUnclear => "consent_unclear",
            Self::AlreadySent => "already_sent",
            Self::UnknownEvent(..) => "unknown_event",
        }
    }
}

/// As whom a command is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    User {
        id: UserId,
        role: Role,
    },
    /// An integration with the scope to change cases.
    Key,
    /// The person whose case it is, by their secret link or a message.
    Person,
    System,
}

impl By {
    fn role(self) -> Option<Role> {
        match self {
            Self::User { role, .. } => Some(role),
            Self::Key | Self::Person | Self::System => None,
        }
    }
}

/// Everything `decide` may look at besides the case.
#[derive(Debug, Clone, Copy)]
pub struct Circumstances<'a> {
    pub by: By,
    pub now: Timestamp,
    pub terms: &'a Terms,
    pub calendar: &'a Calendar,
    pub reopen_within_days: u32,
    /// A member's enquiry for a third party whose consent is not recorded.
    pub is_consent_unclear: bool,
}

/// Decides one command.
///
/// # Errors
/// Says why not, in words for whoever asked.
pub fn decide(
    case: &Case,
    command: &Command,
    at: Circumstances<'_>,
) -> Result<Vec<Event>, Refusal> {
    check_role(case, command, at.by)?;
    check_status(case, command)?;
    let events = match command {
        Command::Acknowledge { how, text } => {
            vec![Event::Acknowledged {
                how: *how,
                text: text.clone(),
            }]
        }
        Command::Assign { owner } if case.owner == *owner => Vec::new(),
        Command::Assign { owner } => vec![Event::Assigned {
            from: case.owner,
            to: *owner,
        }],
        Command::Transfer { queue, .. } if *queue == case.queue => return Err(Refusal::SameQueue),
        Command::Transfer { queue, reason } => vec![Event::Transferred {
            from: case.queue.clone(),
            to: queue.clone(),
            reason: reason.clone(),
        }],
        Command::Pause {
            reason,
            waiting_for,
            resume_on,
        } => {
            check_pause(case, at, *waiting_for, *resume_on, reason)?;
            vec![Event::Paused {
                reason: reason.clone(),
                waiting_for: *waiting_for,
                resume_on: *resume_on,
            }]
        }
        Command::Resume if case.status != Status::Waiting => return Err(Refusal::NotPaused),
        Command::Resume => vec![Event::Resumed {
            why: "resumed by staff".to_owned(),
        }],
        Command::Extend { clock, to, reason } => vec![extend(case, at, clock, *to, reason)?],
        Command::Ask { text, resume_on } => {
            let mut events = vec![Event::Asked { text: text.clone() }];
            let question = "we asked the person a question";
            // Where the standard allows no pause the question still goes out; the clock runs on.
            if check_pause(case, at, WaitingFor::Person, *resume_on, question).is_ok() {
                events.push(Event::Paused {
                    reason: question.to_owned(),
                    waiting_for: WaitingFor::Person,
                    resume_on: *resume_on,
                });
            }
            events
        }
        Command::Reply {
            kind: ReplyKind::Substantive,
            general_only: false,
            ..
        } if at.is_consent_unclear => {
            return Err(Refusal::ConsentUnclear);
        }
        Command::Reply {
            text,
            kind,
            outcome,
            general_only,
        } => vec![Event::Replied {
            text: text.clone(),
            reply: *kind,
            outcome: *outcome,
            general_only: *general_only,
        }],
        Command::TakeBackReply { notice, what } => vec![Event::ReplyTakenBack {
            notice: *notice,
            what: *what,
        }],
        Command::Note { text, audience } => {
            vec![Event::Noted {
                text: text.clone(),
                audience: *audience,
            }]
        }
        Command::Promise { by, .. } if *by <= at.now => return Err(Refusal::PromiseInThePast),
        Command::Promise { what, by, owner } => vec![Event::Promised {
            name: format!("promise_{}", case.facts.promises.len() + 1),
            what: what.clone(),
            by: *by,
            owner: *owner,
        }],
        Command::Close { outcome } => vec![Event::Closed { outcome: *outcome }],
        Command::Reopen { reason } => reopen(case, at, reason)?,
        Command::OpenStage {
            stage,
            reason,
            officer,
        } => open_stage(case, at, *stage, reason, *officer)?,
        Command::Merge { into } if *into == case.id => return Err(Refusal::Itself),
        Command::Merge { into } => {
            vec![
                Event::Merged { into: *into },
                Event::Closed {
                    outcome: Outcome::Merged,
                },
            ]
        }
        Command::Link { case: other, .. } if *other == case.id => return Err(Refusal::Itself),
        Command::Link { kind, case: other } => vec![Event::Linked {
            link: *kind,
            case: *other,
        }],
        Command::GrantAccess {
            holders, reason, ..
        } => {
            vec![Event::AccessGranted {
                holders: holders.clone(),
                reason: reason.clone(),
            }]
        }
        Command::Call {
            who,
            number,
            outcome,
        } => vec![Event::Called {
            who: who.clone(),
            number: number.clone(),
            outcome: outcome.clone(),
        }],
        Command::Amend(amendment) => amend(case, amendment)?,
        Command::Record { event, at: when } => {
            let known = at.terms.standard.events();
            if !known.contains(&event.as_str()) {
                return Err(Refusal::UnknownEvent(event.clone(), known.join(", ")));
            }
            vec![Event::Recorded {
                event: event.clone(),
                at: *when,
            }]
        }
    };
    Ok(events)
}

/// Makes an event so. Total: whatever was decided can be applied.
pub fn apply(case: &mut Case, event: &Event, terms: &Terms, by: By, now: Timestamp) {
    let answer = terms
        .standard
        .answer_clock()
        .map(|clock| clock.name.clone());
    match event {
        Event::Acknowledged { how, .. } => {
            if *how != AcknowledgedBy::Email {
                acknowledge(case, terms, now, how.as_str());
            }
        }
        Event::Assigned { to, .. } => {
            case.owner = *to;
            case.is_claimed = to.is_some() || case.is_rung;
            if case.status == Status::New && to.is_some() {
                case.status = Status::Open;
            } else if case.status == Status::Open && to.is_none() {
                case.status = Status::New;
            }
        }
        Event::Transferred { to, .. } => {
            case.queue.clone_from(to);
            case.owner = None;
            case.is_claimed = case.is_rung;
            case.n_transfers += 1;
            if case.status == Status::Open {
                case.status = Status::New;
            }
        }
        Event::Paused {
            reason,
            waiting_for,
            resume_on,
        } => {
            case.facts.pauses.push(Pause {
                clock: None,
                from: now,
                to: None,
                resume_on: *resume_on,
                reason: reason.clone(),
                waiting_for: (*waiting_for).into(),
            });
            case.status = Status::Waiting;
            case.waiting_for = Some(*waiting_for);
        }
        Event::Resumed { .. } => {
            case.facts.resume(now);
            case.waiting_for = None;
            if case.status == Status::Waiting {
                case.status = if case.owner.is_some() {
                    Status::Open
                } else {
                    Status::New
                };
            }
        }
        Event::Asked { .. } => {
            case.status = Status::Waiting;
            case.waiting_for = Some(WaitingFor::Person);
        }
        Event::Replied {
            reply: ReplyKind::Substantive,
            outcome,
            ..
        } => {
            if let Some(clock) = current_answer_clock(case, terms).or(answer) {
                case.facts.stop(&clock, now, "reply");
            }
            acknowledge_late(case, terms, now);
            case.facts.resume(now);
            case.waiting_for = None;
            case.status = Status::Responded;
            case.outcome = outcome.or(Some(Outcome::Answered));
        }
        Event::ReplyTakenBack {
            what: TakenBack::Reply,
            ..
        } => take_back_reply(case, terms),
        Event::ReplyTakenBack {
            what: TakenBack::Extension,
            ..
        } => {
            case.facts.extensions.pop();
        }
        Event::Promised {
            name,
            what,
            by: due,
            owner,
        } => case.facts.promises.push(OwnPromise {
            name: name.clone(),
            what: what.clone(),
            by: *due,
            made_at: now,
            owner: owner.map(|id| id.to_string()).unwrap_or_default(),
        }),
        Event::Closed { outcome } => close(case, terms, *outcome, now),
        Event::Reopened { reason } => {
            case.status = if case.owner.is_some() {
                Status::Open
            } else {
                Status::New
            };
            case.outcome = None;
            case.closed_at = None;
            case.follow_up_until = None;
            case.facts.cancelled = None;
            // A reply that left something open does not count as the answer: its clock runs on
            // from where it was, towards the date first told.
            if let Some(clock) = current_answer_clock(case, terms).or(answer)
                && case.facts.stops.iter().any(|stop| stop.clock == clock)
            {
                case.facts.reopened.push(Reopened {
                    clock,
                    at: now,
                    reason: reason.clone(),
                });
            }
        }
        Event::StageOpened { stage, officer, .. } => {
            case.stage = *stage;
            case.owner = *officer;
            case.is_claimed = officer.is_some() || case.is_rung;
            case.status = if officer.is_some() {
                Status::Open
            } else {
                Status::New
            };
            case.outcome = None;
            case.closed_at = None;
            case.facts.cancelled = None;
            for event in stage_events(terms, *stage) {
                case.facts.happened(&event, now);
            }
        }
        Event::Recorded { event, at } => case.facts.happened(event, *at),
        Event::AccessGranted { holders, .. } => {
            for holder in holders {
                if !case.restricted_to.contains(holder) {
                    case.restricted_to.push(holder.clone());
                }
            }
        }
        Event::Called { .. } => {
            case.is_rung = true;
            case.is_claimed = true;
        }
        Event::ContactJoined { chases, .. } => {
            if *chases {
                case.n_chasers += 1;
            }
        }
        Event::ClockReopened { clock, why } => case.facts.reopened.push(Reopened {
            clock: clock.clone(),
            at: now,
            reason: why.clone(),
        }),
        Event::ClockMet { clock, at } => case.facts.stop(clock, *at, "notice"),
        Event::Opened { .. }
        | Event::AutomaticMailStored { .. }
        | Event::ReplyTakenBack {
            what: TakenBack::HoldingReply,
            ..
        }
        | Event::Extended { .. }
        | Event::DateChanged { .. }
        | Event::Replied {
            reply: ReplyKind::Holding,
            ..
        }
        | Event::Noted { .. }
        | Event::Merged { .. }
        | Event::MergedIn { .. }
        | Event::Linked { .. }
        | Event::Amended { .. }
        | Event::Recategorised { .. }
        | Event::Withdrawn { .. }
        | Event::NoticeSent { .. }
        | Event::NoticeFailed { .. }
        | Event::AddressBounced { .. }
        | Event::ClockMissed { .. }
        | Event::EscalationStep { .. }
        | Event::AlertRaised { .. }
        | Event::FeedbackGiven { .. } => {}
    }
    if matches!(by, By::User { .. } | By::Key) {
        case.last_action = Some(LastAction {
            what: event.kind().to_owned(),
            at: now,
        });
    }
    // A notice sent or a step taken stands on the timeline; the case is as its readers knew it.
    let is_only_noted = matches!(
        event,
        Event::NoticeSent { .. }
            | Event::NoticeFailed { .. }
            | Event::ClockMet { .. }
            | Event::ClockMissed { .. }
            | Event::EscalationStep { .. }
            | Event::AlertRaised { .. }
            | Event::AutomaticMailStored { .. }
    );
    if !is_only_noted {
        case.updated_at = now;
    }
}

/// The acknowledgement has reached the person: by a notice accepted for delivery, or in words.
pub fn acknowledge(case: &mut Case, terms: &Terms, at: Timestamp, how: &str) {
    let stage_2 = case.stage >= 2;
    let clock = terms
        .standard
        .clocks
        .iter()
        .find(|clock| {
            clock.role == ClockRole::Acknowledgement && clock.name.starts_with("stage_2") == stage_2
        })
        .or_else(|| terms.standard.acknowledge_clock());
    if let Some(clock) = clock {
        meet_acknowledgement(case, terms, &clock.name, at, how);
    }
}

/// One acknowledgement has reached the person, whatever stage the case is at by now: a mail that was
/// late meets the clock it was written for.
pub fn meet_acknowledgement(case: &mut Case, terms: &Terms, clock: &str, at: Timestamp, how: &str) {
    let is_met = |stop: &clock::Stop| stop.clock == clock && !is_reopened(case, clock, stop.at);
    if !case.facts.stops.iter().any(is_met) {
        case.facts.stop(clock, at, how);
    }
    let event = if clock.starts_with("stage_2") {
        "stage_2_acknowledged"
    } else {
        "acknowledged"
    };
    let is_known = terms.standard.events().contains(&event);
    if is_known
        && !case
            .facts
            .events
            .iter()
            .any(|happened| happened.name == event)
    {
        case.facts.happened(event, at);
    }
}

impl Event {
    /// The word it has on the timeline.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Opened { .. } => "opened",
            Self::ContactJoined { .. } => "contact_joined",
            Self::AutomaticMailStored { .. } => "automatic_mail_stored",
            Self::Acknowledged { .. } => "acknowledged",
            Self::Assigned { .. } => "assigned",
            Self::Transferred { .. } => "transferred",
            Self::Paused { .. } => "paused",
            Self::Resumed { .. } => "resumed",
            Self::Extended { .. } => "extended",
            Self::DateChanged { .. } => "date_changed",
            Self::Asked { .. } => "asked",
            Self::Replied { .. } => "replied",
            Self::ReplyTakenBack { .. } => "reply_taken_back",
            Self::Noted { .. } => "noted",
            Self::Promised { .. } => "promised",
            Self::Closed { .. } => "closed",
            Self::Reopened { .. } => "reopened",
            Self::StageOpened { .. } => "stage_opened",
            Self::Merged { .. } => "merged",
            Self::MergedIn { .. } => "merged_in",
            Self::Linked { .. } => "linked",
            Self::AccessGranted { .. } => "access_granted",
            Self::Called { .. } => "called",
            Self::Amended { .. } => "amended",
            Self::Recategorised { .. } => "recategorised",
            Self::Recorded { .. } => "recorded",
            Self::Withdrawn { .. } => "withdrawn",
            Self::NoticeSent { .. } => "notice_sent",
            Self::NoticeFailed { .. } => "notice_failed",
            Self::AddressBounced { .. } => "address_bounced",
            Self::ClockMet { .. } => "clock_met",
            Self::ClockMissed { .. } => "clock_missed",
            Self::ClockReopened { .. } => "clock_reopened",
            Self::EscalationStep { .. } => "escalation_step",
            Self::AlertRaised { .. } => "alert_raised",
            Self::FeedbackGiven { .. } => "feedback_given",
        }
    }

    /// What the person whose case it is may read of it, in public words; nothing when it is ours
    /// alone. Never anybody's own words.
    #[must_use]
    pub fn public_words(&self) -> Option<String> {
        let words = match self {
            Self::Opened { .. } => "We received it.",
            Self::ContactJoined {
                from_person: true, ..
            } => "We received a message from you.",
            Self::ContactJoined {
                from_person: false, ..
            } => "We contacted you.",
            Self::Acknowledged { .. } => "We acknowledged it.",
            Self::Assigned { to: Some(_), .. } => "An officer is looking at it.",
            Self::Transferred { .. } => {
                "We passed it to the team that can deal with it. Your date stays the same."
            }
            Self::Paused {
                waiting_for: WaitingFor::Person,
                ..
            } => "We are waiting for an answer from you.",
            Self::Paused {
                waiting_for: WaitingFor::Contractor,
                ..
            } => "We are waiting for our contractor.",
            Self::Paused {
                waiting_for: WaitingFor::OtherBody,
                ..
            } => "We are waiting for another organisation.",
            Self::Resumed { .. } => "We carried on.",
            Self::Extended { .. } | Self::DateChanged { .. } => "We gave you a new date.",
            Self::Asked { .. } => "We asked you a question.",
            Self::Replied {
                reply: ReplyKind::Substantive,
                ..
            } => "We replied.",
            Self::Replied {
                reply: ReplyKind::Holding,
                ..
            } => "We sent you an update.",
            Self::Closed { .. } => "We closed it.",
            Self::Reopened { .. } => "We opened it again.",
            Self::StageOpened { .. } => {
                "It moved to the next stage. Somebody new is looking at it."
            }
            Self::Withdrawn { .. } => "You withdrew it.",
            _ => return None,
        };
        Some(words.to_owned())
    }
}

impl From<WaitingFor> for clock::WaitingFor {
    fn from(waiting: WaitingFor) -> Self {
        match waiting {
            WaitingFor::Person => Self::Person,
            WaitingFor::Contractor => Self::Contractor,
            WaitingFor::OtherBody => Self::OtherBody,
        }
    }
}

/// The answer clock of the stage the case is at.
#[must_use]
pub fn current_answer_clock(case: &Case, terms: &Terms) -> Option<String> {
    let prefix = match case.stage {
        2 => "stage_2",
        3 => "stage_3",
        _ => {
            return terms
                .standard
                .answer_clock()
                .map(|clock| clock.name.clone());
        }
    };
    terms
        .standard
        .clocks
        .iter()
        .find(|clock| clock.name.starts_with(prefix) && clock.role != ClockRole::Acknowledgement)
        .map(|clock| clock.name.clone())
}

fn check_role(case: &Case, command: &Command, by: By) -> Result<(), Refusal> {
    let (By::User { id, .. }, Some(role)) = (by, by.role()) else {
        return Ok(());
    };
    let refuse = |ask| Err(Refusal::NotYourRole { role, ask });
    match (role, command) {
        (Role::Councillor | Role::Auditor | Role::Admin, _) => refuse("an officer"),
        (Role::Agent | Role::Officer | Role::Partner, Command::Assign { owner })
            if case.owner.is_some() && case.owner != Some(id) && *owner != case.owner =>
        {
            Err(Refusal::OwnedBySomebody)
        }
        (
            Role::Partner,
            Command::Note { .. }
            | Command::Call { .. }
            | Command::Acknowledge { .. }
            | Command::Assign { .. }
            | Command::Transfer { .. },
        ) => Ok(()),
        (Role::Partner, _) => refuse("the council's own officers"),
        (
            Role::Agent,
            Command::Extend { .. }
            | Command::OpenStage { .. }
            | Command::Merge { .. }
            | Command::Record { .. },
        ) => refuse("an officer"),
        (Role::Agent | Role::Officer, Command::GrantAccess { .. }) => refuse("a team leader"),
        (Role::Agent | Role::Officer, Command::Amend(amendment))
            if case.is_in_danger()
                && amendment
                    .priority
                    .is_some_and(|priority| priority < case.priority) =>
        {
            refuse("a team leader")
        }
        _ => Ok(()),
    }
}

fn check_status(case: &Case, command: &Command) -> Result<(), Refusal> {
    let is_fine_when_closed = matches!(
        command,
        Command::Note { .. }
            | Command::Reopen { .. }
            | Command::Link { .. }
            | Command::GrantAccess { .. }
            | Command::Call { .. }
            | Command::OpenStage { .. }
    );
    if case.is_closed() && !is_fine_when_closed {
        return Err(Refusal::Closed);
    }
    Ok(())
}

fn check_pause(
    case: &Case,
    at: Circumstances<'_>,
    waiting_for: WaitingFor,
    resume_on: Date,
    reason: &str,
) -> Result<(), Refusal> {
    let pause = Pause {
        clock: None,
        from: at.now,
        to: None,
        resume_on,
        reason: reason.to_owned(),
        waiting_for: waiting_for.into(),
    };
    clock::check_pause(&case.facts, at.terms, pause)
        .map(|_| ())
        .map_err(Refusal::Clock)
}

fn extend(
    case: &Case,
    at: Circumstances<'_>,
    clock_name: &str,
    to: Longer,
    reason: &str,
) -> Result<Event, Refusal> {
    let wanted = Extension {
        clock: clock_name.to_owned(),
        to,
        reason: reason.to_owned(),
        at: at.now,
    };
    let extension =
        clock::check_extension(&case.facts, at.terms, wanted).map_err(Refusal::Clock)?;
    let on = |facts: &clock::Facts| {
        clock::read(facts, at.terms, at.now)
            .into_iter()
            .find(|reading| reading.name == clock_name)
            .and_then(|reading| reading.due_on)
    };
    let mut extended = case.facts.clone();
    extended.extensions.push(extension);
    Ok(Event::Extended {
        clock: clock_name.to_owned(),
        from_on: on(&case.facts),
        to_on: on(&extended),
        reason: reason.to_owned(),
    })
}

/// Puts a decided extension into the case's facts; kept apart from [`apply`] because the event on
/// the timeline holds dates, and the fact holds what was asked for.
pub fn note_extension(case: &mut Case, clock_name: &str, to: Longer, reason: &str, at: Timestamp) {
    case.facts.extensions.push(Extension {
        clock: clock_name.to_owned(),
        to,
        reason: reason.to_owned(),
        at,
    });
}

fn reopen(case: &Case, at: Circumstances<'_>, reason: &str) -> Result<Vec<Event>, Refusal> {
    if !matches!(case.status, Status::Closed | Status::Responded) {
        return Err(Refusal::NotClosed);
    }
    if let Some(until) = case.follow_up_until
        && at.calendar.date_of(at.now) > until
        && !matches!(at.by, By::User { .. } | By::Key)
    {
        return Err(Refusal::ReopenWindowOver { until });
    }
    Ok(vec![Event::Reopened {
        reason: reason.to_owned(),
    }])
}

fn open_stage(
    case: &Case,
    at: Circumstances<'_>,
    stage: u8,
    reason: &str,
    officer: Option<UserId>,
) -> Result<Vec<Event>, Refusal> {
    if stage <= case.stage || stage_events(at.terms, stage).is_empty() {
        return Err(Refusal::NoSuchStage(stage));
    }
    if at.terms.standard.stage_2_other_officer && officer.is_some() && officer == case.owner {
        return Err(Refusal::SameOfficer {
            stage,
            before: case.stage,
        });
    }
    Ok(vec![Event::StageOpened {
        stage,
        reason: reason.to_owned(),
        officer,
    }])
}

/// The events that a new stage is, under this standard.
fn stage_events(terms: &Terms, stage: u8) -> Vec<String> {
    let names: &[&str] = match stage {
        2 => &["escalated", "stage_2_started"],
        3 => &["panel_requested"],
        _ => &[],
    };
    let known = terms.standard.events();
    names
        .iter()
        .filter(|name| known.contains(name))
        .map(|name| (*name).to_owned())
        .collect()
}

fn amend(case: &Case, amendment: &Amendment) -> Result<Vec<Event>, Refusal> {
    let mut changed = Vec::new();
    if amendment
        .subject
        .as_ref()
        .is_some_and(|subject| *subject != case.subject)
    {
        changed.push("subject".to_owned());
    }
    if let Some(priority) = amendment.priority
        && priority != case.priority
    {
        if case.is_in_danger() && priority < case.priority && amendment.reason.is_none() {
            return Err(Refusal::ReasonNeeded);
        }
        changed.push("priority".to_owned());
    }
    if amendment.location.is_some() && amendment.location != case.location {
        changed.push("location".to_owned());
    }
    if amendment
        .fields
        .as_ref()
        .is_some_and(|fields| *fields != case.fields)
    {
        changed.push("fields".to_owned());
    }
    let mut events = Vec::new();
    if !changed.is_empty() {
        events.push(Event::Amended {
            changed,
            reason: amendment.reason.clone(),
        });
    }
    if let Some(place) = &amendment.category
        && (place.service != case.service || place.category != case.category)
    {
        events.push(Event::Recategorised {
            from: format!("{}/{}", case.service, case.category),
            to: format!("{}/{}", place.service, place.category),
        });
    }
    Ok(events)
}

/// Puts an amendment into the case; [`decide`] has named what changes.
pub fn note_amendment(case: &mut Case, amendment: &Amendment) {
    if let Some(subject) = &amendment.subject {
        case.subject.clone_from(subject);
    }
    if let Some(priority) = amendment.priority {
        case.priority = priority;
    }
    if let Some(location) = &amendment.location {
        case.location = Some(location.clone());
    }
    if let Some(fields) = &amendment.fields {
        case.fields.clone_from(fields);
    }
    if let Some(place) = &amendment.category {
        case.service.clone_from(&place.service);
        case.category.clone_from(&place.category);
        case.procedure = place.procedure;
        case.queue.clone_from(&place.queue);
        case.terms.clone_from(&place.terms);
    }
}

fn close(case: &mut Case, terms: &Terms, outcome: Outcome, now: Timestamp) {
    // These tell the person how it ended, which is the answer; the others end the promise
    // without one.
    let is_an_answer = matches!(
        outcome,
        Outcome::Answered
            | Outcome::Resolved
            | Outcome::Referred
            | Outcome::NotOurs
            | Outcome::Refused
    );
    if is_an_answer {
        if let Some(clock) = current_answer_clock(case, terms)
            && !case
                .facts
                .stops
                .iter()
                .any(|stop| stop.clock == clock && !is_reopened(case, &clock, stop.at))
        {
            case.facts.stop(&clock, now, "closure");
        }
        acknowledge_late(case, terms, now);
    }
    case.facts.resume(now);
    case.facts.cancelled = Some(Cancelled {
        at: now,
        reason: outcome.as_str().to_owned(),
    });
    case.status = Status::Closed;
    case.waiting_for = None;
    case.outcome = Some(outcome);
    case.closed_at = Some(now);
}

/// An answer that comes before any acknowledgement is the acknowledgement too.
fn acknowledge_late(case: &mut Case, terms: &Terms, now: Timestamp) {
    acknowledge(case, terms, now, "reply");
}

/// As if the last reply had not been written: what it met runs on, also the acknowledgement it was.
/// A reply before it still stands.
fn take_back_reply(case: &mut Case, terms: &Terms) {
    let answer = current_answer_clock(case, terms);
    let is_reply = |stop: &&clock::Stop| stop.how.as_deref() == Some("reply");
    let of_answer = |stop: &&clock::Stop| Some(&stop.clock) == answer.as_ref();
    let last = case
        .facts
        .stops
        .iter()
        .filter(is_reply)
        .filter(of_answer)
        .map(|stop| stop.at)
        .max();
    let Some(taken_at) = last else {
        return;
    };
    case.facts
        .stops
        .retain(|stop| !(stop.how.as_deref() == Some("reply") && stop.at == taken_at));
    case.facts
        .events
        .retain(|event| !(event.name.ends_with("acknowledged") && event.at == taken_at));
    let is_answered_still = answer.is_some_and(|clock| {
        let mut stops = case.facts.stops.iter().filter(|stop| stop.clock == clock);
        stops.any(|stop| !is_reopened(case, &clock, stop.at))
    });
    if !is_answered_still {
        case.status = if case.owner.is_some() {
            Status::Open
        } else {
            Status::New
        };
        case.outcome = None;
        case.follow_up_until = None;
    }
}

fn is_reopened(case: &Case, clock: &str, since: Timestamp) -> bool {
    case.facts
        .reopened
        .iter()
        .any(|again| again.clock == clock && again.at >= since)
}

#[cfg(test)]
mod tests;
