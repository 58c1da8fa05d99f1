//! What happened to a case: the lines of its timeline.
//!
//! An event is stored as it is written here and read for as long as the case is kept: a word may be
//! added, never given another meaning. Staff read all of it; the person reads
//! [`Event::public_words`].

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use super::commands::{AcknowledgedBy, TakenBack};
use crate::domain::case::{Audience, LinkKind, Outcome, ReplyKind, WaitingFor};
use crate::domain::clock;
use crate::domain::contact::Disposition;
use crate::domain::decision::Decided;
use crate::domain::identity::{AskedFor, CheckResult, CheckedHow};
use crate::domain::ids::{
    AttachmentId, CaseId, ContactId, IncidentId, IncidentUpdateId, MergeId, NoticeId, PassId,
    PersonId, UserId,
};
use crate::domain::incident::IncidentTold;
use crate::domain::member::{Basis, ConsentHow};
use crate::domain::person::RoleOnCase;
use crate::domain::person::reach::Withheld;
use crate::domain::redaction::Ground;
use crate::domain::wording::Language;

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
    /// A mail that waited for a person was let through to this case.
    MailReleased {
        contact: ContactId,
        was: Disposition,
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
    /// A team that works by e-mail has it.
    TakenByInbox {
        queue: String,
        /// Who said so; the team where nobody gave a name.
        name: String,
    },
    /// It belongs to a body outside the council, and how they are reached.
    ReferredTo {
        body: String,
        how_to_reach: String,
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
    /// The case came under the terms of another version of the catalogue, because somebody said so.
    TermsMoved {
        version: i64,
        from: String,
        to: String,
        /// None when the new terms come to the same dates.
        dates: Vec<clock::Moved>,
        /// A date the person was given is another one now.
        changes_what_was_told: bool,
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
    /// The director over them found that it is about nobody of the council: it is ordinary work again.
    FoundNotAboutStaff {
        reason: String,
    },
    /// Somebody opened a restricted case for themselves, for a time.
    GlassBroken {
        by: UserId,
        pass: PassId,
        until_at: Timestamp,
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
    /// Why a member asks, as it was read or put right.
    BasisRecorded {
        basis: Basis,
        why: String,
    },
    /// The person a member writes about agreed, or took it back.
    ConsentRecorded {
        is_given: bool,
        how: ConsentHow,
        who: Option<String>,
        on: Date,
    },
    /// The service a member asks about has done something on its own case.
    ServiceActed {
        case: CaseId,
        what: String,
    },
    /// The member who asked is one no longer.
    MemberLeft {
        on: Date,
    },
    /// Words were taken away for good; what they were stands nowhere any more.
    Redacted {
        ground: Ground,
        reason: String,
        /// Contacts that were taken away whole.
        contacts: Vec<ContactId>,
        /// In how many records something was taken away.
        n_places: u32,
    },
    /// The case must be kept as it is, whatever the rules of keeping say.
    HoldPlaced {
        reason: String,
    },
    HoldLifted {
        reason: String,
    },
    /// Something harmful was found in a file that came with it. It is kept and given to nobody.
    AttachmentQuarantined {
        attachment: AttachmentId,
        contact: ContactId,
        /// What the scanner calls it.
        finding: String,
    },
    /// What was decided at a stage of a complaint, or about a request for information. The last word about a
    /// stage counts.
    DecisionRecorded(Box<Decided>),
    /// Who is on the line, or at the desk, was asked to show that they are who they say.
    IdentityChecked {
        how: CheckedHow,
        result: CheckResult,
        /// What kinds of thing they were asked; never what they answered.
        asked: Vec<AskedFor>,
        contact: Option<ContactId>,
    },
    /// Why a contact was made was put down, or put right.
    ContactMarked {
        contact: ContactId,
        from: Option<String>,
        to: Option<String>,
    },
    /// An officer's words went to addresses that nobody on the case has, because the officer said so.
    RecipientsConfirmed {
        addresses: Vec<String>,
    },
    /// A notice was not sent, or stopped before it left: the person may not be reached that way.
    NoticeWithheld {
        notice_kind: String,
        why: Withheld,
    },
    /// A record on this case is taken for one person with another.
    PersonMerged {
        person: PersonId,
        merge: MergeId,
    },
    PersonUnmerged {
        person: PersonId,
        merge: MergeId,
    },
    PersonAdded {
        person: PersonId,
        role: RoleOnCase,
    },
    PersonRemoved {
        person: PersonId,
        role: RoleOnCase,
    },
    /// It is one of many about one thing that has happened.
    IncidentAttached {
        incident: IncidentId,
        title: String,
    },
    /// It was not about that after all.
    IncidentDetached {
        incident: IncidentId,
        title: String,
    },
    /// What was said to everybody whose case is about it.
    IncidentUpdated {
        incident: IncidentId,
        update: IncidentUpdateId,
        text: String,
        told: IncidentTold,
    },
}

impl Event {
    /// The word it has on the timeline.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Opened { .. } => "opened",
            Self::ContactJoined { .. } => "contact_joined",
            Self::AutomaticMailStored { .. } => "automatic_mail_stored",
            Self::MailReleased { .. } => "mail_released",
            Self::Acknowledged { .. } => "acknowledged",
            Self::Assigned { .. } => "assigned",
            Self::Transferred { .. } => "transferred",
            Self::TakenByInbox { .. } => "taken_by_inbox",
            Self::ReferredTo { .. } => "referred_to",
            Self::Paused { .. } => "paused",
            Self::Resumed { .. } => "resumed",
            Self::Extended { .. } => "extended",
            Self::DateChanged { .. } => "date_changed",
            Self::TermsMoved { .. } => "terms_moved",
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
            Self::FoundNotAboutStaff { .. } => "found_not_about_staff",
            Self::GlassBroken { .. } => "glass_broken",
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
            Self::BasisRecorded { .. } => "basis_recorded",
            Self::ConsentRecorded { .. } => "consent_recorded",
            Self::ServiceActed { .. } => "service_acted",
            Self::MemberLeft { .. } => "member_left",
            Self::Redacted { .. } => "redacted",
            Self::HoldPlaced { .. } => "hold_placed",
            Self::HoldLifted { .. } => "hold_lifted",
            Self::AttachmentQuarantined { .. } => "attachment_quarantined",
            Self::DecisionRecorded(_) => "decision_recorded",
            Self::IdentityChecked { .. } => "identity_checked",
            Self::ContactMarked { .. } => "contact_marked",
            Self::RecipientsConfirmed { .. } => "recipients_confirmed",
            Self::NoticeWithheld { .. } => "notice_withheld",
            Self::PersonMerged { .. } => "person_merged",
            Self::PersonUnmerged { .. } => "person_unmerged",
            Self::PersonAdded { .. } => "person_added",
            Self::PersonRemoved { .. } => "person_removed",
            Self::IncidentAttached { .. } => "incident_attached",
            Self::IncidentDetached { .. } => "incident_detached",
            Self::IncidentUpdated { .. } => "incident_updated",
        }
    }

    /// What the person whose case it is may read of it, in public words; nothing when it is ours
    /// alone. Never anybody's own words.
    #[must_use]
    pub fn public_words(&self) -> Option<String> {
        self.public_words_in(Language::English)
    }

    /// The same in the person's language.
    #[must_use]
    pub fn public_words_in(&self, language: Language) -> Option<String> {
        if let Self::ReferredTo { body, how_to_reach } = self {
            return Some(match language {
                Language::English => format!("This belongs to {body}. {how_to_reach}"),
                Language::Welsh => {
                    format!("Corff arall sy'n gyfrifol am hyn: {body}. {how_to_reach}")
                }
            });
        }
        let (english, welsh) = match self {
            Self::Opened { .. } => ("We received it.", "Cawsom ef."),
            Self::ContactJoined {
                from_person: true, ..
            } => ("We received a message from you.", "Cawsom neges gennych."),
            Self::ContactJoined {
                from_person: false, ..
            } => ("We contacted you.", "Cysylltasom â chi."),
            Self::Acknowledged { .. } => ("We acknowledged it.", "Dywedasom ei fod gennym."),
            Self::Assigned { to: Some(_), .. } => (
                "An officer is looking at it.",
                "Mae swyddog yn edrych arno.",
            ),
            Self::TakenByInbox { .. } => (
                "The team that deals with it has it.",
                "Mae gyda'r tîm sy'n delio ag ef.",
            ),
            Self::Transferred { .. } => (
                "We passed it to the team that can deal with it. Your date stays the same.",
                "Rhoesom ef i'r tîm sy'n gallu delio ag ef. Mae eich dyddiad yn aros yr un fath.",
            ),
            Self::Paused {
                waiting_for: WaitingFor::Person,
                ..
            } => (
                "We are waiting for an answer from you.",
                "Rydym yn aros am ateb gennych chi.",
            ),
            Self::Paused {
                waiting_for: WaitingFor::Contractor,
                ..
            } => (
                "We are waiting for our contractor.",
                "Rydym yn aros am ein contractwr.",
            ),
            Self::Paused {
                waiting_for: WaitingFor::OtherBody,
                ..
            } => (
                "We are waiting for another organisation.",
                "Rydym yn aros am sefydliad arall.",
            ),
            Self::Resumed { .. } => ("We carried on.", "Aethom ymlaen."),
            Self::Extended { .. }
            | Self::DateChanged { .. }
            | Self::TermsMoved {
                changes_what_was_told: true,
                ..
            } => ("We gave you a new date.", "Rhoesom ddyddiad newydd i chi."),
            Self::Asked { .. } => ("We asked you a question.", "Gofynasom gwestiwn i chi."),
            Self::Replied {
                reply: ReplyKind::Substantive,
                ..
            } => ("We replied.", "Atebasom."),
            Self::Replied {
                reply: ReplyKind::Holding,
                ..
            } => ("We sent you an update.", "Anfonasom ddiweddariad atoch."),
            Self::Closed { .. } => ("We closed it.", "Caeasom ef."),
            Self::Reopened { .. } => ("We opened it again.", "Agorasom ef eto."),
            Self::StageOpened { .. } => (
                "It moved to the next stage. Somebody new is looking at it.",
                "Symudodd i'r cam nesaf. Mae rhywun newydd yn edrych arno.",
            ),
            Self::Withdrawn { .. } => ("You withdrew it.", "Tynasoch ef yn ôl."),
            Self::IncidentUpdated {
                told: IncidentTold::Told | IncidentTold::ToWrite | IncidentTold::HeardBefore,
                ..
            } => ("We sent you an update.", "Anfonasom ddiweddariad atoch."),
            _ => return None,
        };
        Some(match language {
            Language::English => english.to_owned(),
            Language::Welsh => welsh.to_owned(),
        })
    }
}
