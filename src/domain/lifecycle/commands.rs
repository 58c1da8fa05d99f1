//! What somebody wants done to a case.
//!
//! A command is a wish in the caller's words: [`super::decide`] makes events of it or refuses it.
//! What it names (a user, a queue, another case) is looked up by the use case before it is decided.

use jiff::{Timestamp, civil::Date};

use crate::domain::case::{
    About, Audience, LinkKind, Outcome, Priority, Procedure, ReplyKind, WaitingFor,
};
use crate::domain::clock::Longer;
use crate::domain::contact::{Location, words};
use crate::domain::decision::Decided;
use crate::domain::ids::{CaseId, NoticeId, UserId};
use crate::domain::member::{Basis, ConsentHow};
use crate::domain::notice::OtherBody;

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
    /// It belongs to a body outside the council: closed, and the person told whom to ask.
    Refer {
        outcome: Outcome,
        body: OtherBody,
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
    /// It is not about anybody of ours after all: its words were read wrongly.
    NotAboutStaff {
        reason: String,
    },
    Call {
        who: String,
        number: String,
        outcome: String,
    },
    Amend(Box<Amendment>),
    /// A holding reply with the day by which the answer comes instead.
    Hold {
        text: String,
        until_on: Date,
    },
    SetBasis {
        basis: Basis,
        why: String,
    },
    RecordConsent {
        is_given: bool,
        how: ConsentHow,
        who: Option<String>,
        on: Date,
    },
    Record {
        event: String,
        at: Timestamp,
    },
    /// What was decided at a stage of a complaint, or about a request for information.
    RecordDecision(Box<Decided>),
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
