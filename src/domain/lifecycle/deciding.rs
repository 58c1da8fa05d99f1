//! From a command to what happens: [`decide`], and the acts whose rules are longer than a line.
//!
//! Nothing is changed here. What was decided is made so by [`super::apply`].

use jiff::civil::Date;

use super::answers::{current_answer_clock, stage_events};
use super::commands::{Amendment, Command};
use super::events::Event;
use super::refusal::{Refusal, check_role, check_status};
use super::{By, Circumstances};
use crate::domain::case::{Case, Outcome, Procedure, ReplyKind, Status, WaitingFor};
use crate::domain::clock::{self, Extension, Longer, Pause};
use crate::domain::ids::UserId;

/// Decides one command.
///
/// # Errors
/// Says why not, in words for whoever asked.
pub fn decide(
    case: &Case,
    command: &Command,
    at: Circumstances<'_>,
) -> Result<Vec<Event>, Refusal> {
    check_role(case, command, at.by, at.is_owner_away)?;
    check_status(case, command)?;
    check_other_officer(case, command, at)?;
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
            name: next_promise(case),
            what: what.clone(),
            by: *by,
            owner: *owner,
        }],
        Command::Close { outcome } => vec![Event::Closed { outcome: *outcome }],
        Command::Refer { outcome, body } => vec![
            Event::ReferredTo {
                body: body.name.clone(),
                how_to_reach: body.how_to_reach.clone(),
            },
            Event::Closed { outcome: *outcome },
        ],
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
        Command::NotAboutStaff { .. } if case.about.is_none() => {
            return Err(Refusal::NotAboutStaff);
        }
        Command::NotAboutStaff { reason } => vec![Event::FoundNotAboutStaff {
            reason: reason.clone(),
        }],
        Command::Call {
            who,
            number,
            outcome,
        } => vec![Event::Called {
            who: who.clone(),
            number: number.clone(),
            outcome: outcome.clone(),
        }],
        Command::Hold { text, until_on } => {
            let clock = current_answer_clock(case, at.terms).ok_or(Refusal::NoAnswerDate)?;
            vec![
                extend(case, at, &clock, Longer::UntilOn(*until_on), text)?,
                Event::Replied {
                    text: text.clone(),
                    reply: ReplyKind::Holding,
                    outcome: None,
                    general_only: false,
                },
            ]
        }
        Command::SetBasis { .. } | Command::RecordConsent { .. }
            if case.procedure != Procedure::MemberEnquiry =>
        {
            return Err(Refusal::NotAMembersEnquiry);
        }
        Command::SetBasis { basis, why } => vec![Event::BasisRecorded {
            basis: *basis,
            why: why.clone(),
        }],
        Command::RecordConsent { on, .. } if *on > at.calendar.date_of(at.now) => {
            return Err(Refusal::ConsentOnAnotherDay);
        }
        Command::RecordConsent {
            is_given,
            how,
            who,
            on,
        } => vec![Event::ConsentRecorded {
            is_given: *is_given,
            how: *how,
            who: who.clone(),
            on: *on,
        }],
        Command::RecordDecision(decided) => vec![Event::DecisionRecorded(decided.clone())],
        Command::Amend(amendment) => amend(case, amendment)?,
        Command::Record { event, at: when } => {
            let known = at.terms.standard.events();
            if !known.contains(&event.as_str()) {
                return Err(Refusal::UnknownEvent(event.clone(), known.join(", ")));
            }
            let mut events = vec![Event::Recorded {
                event: event.clone(),
                at: *when,
            }];
            // Whoever has made clear what they ask for is not waited for any longer.
            if event == "clarified" && case.waiting_for == Some(WaitingFor::Person) {
                events.push(Event::Resumed {
                    why: "the request is clear".to_owned(),
                });
            }
            events
        }
    };
    Ok(events)
}

/// The name of the next promise somebody makes on a case.
#[must_use]
pub fn next_promise(case: &Case) -> String {
    format!("promise_{}", case.facts.promises.len() + 1)
}

/// A later stage is for somebody who did not deal with an earlier one: they neither get it nor
/// acknowledge or answer it.
fn check_other_officer(
    case: &Case,
    command: &Command,
    at: Circumstances<'_>,
) -> Result<(), Refusal> {
    if case.stage < 2 || !at.terms.standard.stage_2_other_officer {
        return Ok(());
    }
    let officer = match (command, at.by) {
        (Command::Assign { owner }, _) => *owner,
        (
            Command::Acknowledge { .. }
            | Command::Reply { .. }
            | Command::Close { .. }
            | Command::Refer { .. },
            By::User { id, .. },
        ) => Some(id),
        _ => None,
    };
    if officer.is_some_and(|officer| at.dealt_before.contains(&officer)) {
        return Err(Refusal::SameOfficer {
            stage: case.stage,
            before: case.stage.saturating_sub(1),
        });
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
    let has_dealt = |officer| Some(officer) == case.owner || at.dealt_before.contains(&officer);
    if at.terms.standard.stage_2_other_officer && officer.is_some_and(has_dealt) {
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
