//! A case: the piece of work. What was asked, whose it is, its promises, its state.

use std::fmt;
use std::str::FromStr;

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use super::clock::Facts;
use super::contact::{Channel, Location, UnknownWord, words};
use super::ids::{CaseId, PersonId, UserId};
use super::person::PersonKind;
use super::reference::Reference;

words! {
    /// Where a case stands. Acknowledgement is not a status: it is a clock.
    Status {
        /// Nobody has it.
        New = "new",
        /// An officer or team has it.
        Open = "open",
        /// We wait for somebody (`waiting_for`).
        Waiting = "waiting",
        /// A substantive answer went out; the follow-up window runs.
        Responded = "responded",
        Closed = "closed",
    }
}

words! {
    /// For whom a waiting case waits.
    WaitingFor { Person = "person", Contractor = "contractor", OtherBody = "other_body" }
}

words! {
    /// How a case ended.
    Outcome {
        Answered = "answered", Resolved = "resolved", Referred = "referred", NotOurs = "not_ours",
        Duplicate = "duplicate", Merged = "merged", Withdrawn = "withdrawn", NoReply = "no_reply",
        Refused = "refused",
    }
}

words! {
    /// From category, danger, vulnerability and requester; never from the word "URGENT".
    Priority {
        Low = "low", Normal = "normal", High = "high", Urgent = "urgent", Emergency = "emergency",
    }
}

words! {
    /// Which rules and clocks apply.
    Procedure {
        ServiceRequest = "service_request", Enquiry = "enquiry", Complaint = "complaint",
        MemberEnquiry = "member_enquiry", InformationRequest = "information_request",
        SubjectAccess = "subject_access", DpComplaint = "dp_complaint",
        ChildrensComplaint = "childrens_complaint", AdultsComplaint = "adults_complaint",
        InsuranceClaim = "insurance_claim", Petition = "petition", Appeal = "appeal",
        Safeguarding = "safeguarding", Compliment = "compliment",
    }
}

words! {
    /// How secret a case is.
    Secrecy {
        Ordinary = "ordinary",
        /// Ordinary work for the service and the contact centre; no content leaves by mail.
        Sensitive = "sensitive",
        /// Exists only for named people and teams.
        Restricted = "restricted",
    }
}

words! {
    /// How one case stands to another.
    LinkKind {
        DuplicateOf = "duplicate_of", Follows = "follows", ParentOf = "parent_of",
        Related = "related", About = "about",
    }
}

words! {
    /// To whom a note may be shown.
    Audience { Staff = "staff", Team = "team" }
}

words! {
    /// Whether a reply answers, or says when the answer will come. Only an answer meets the clock.
    ReplyKind { Substantive = "substantive", Holding = "holding" }
}

/// A case as it stands now. Written together with its events, in one transaction.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    pub id: CaseId,
    pub reference: Reference,
    pub status: Status,
    pub waiting_for: Option<WaitingFor>,
    pub outcome: Option<Outcome>,
    pub priority: Priority,
    pub procedure: Procedure,
    /// Service slug.
    pub service: String,
    /// Category slug within the service.
    pub category: String,
    /// Queue slug.
    pub queue: String,
    pub owner: Option<UserId>,
    pub subject: String,
    pub secrecy: Secrecy,
    /// Which teams a restricted case belongs to (`team:mash`), and who was named since
    /// (`user:<id>`).
    pub restricted_to: Vec<String>,
    /// The post or user a complaint is about: they and their team never see it.
    pub about: Option<About>,
    pub channel: Channel,
    pub received_at: Timestamp,
    pub opened_at: Timestamp,
    pub updated_at: Timestamp,
    pub closed_at: Option<Timestamp>,
    /// Until when a reply from the person reopens the case.
    pub follow_up_until: Option<Date>,
    /// The person we answer.
    pub reporter: Option<PersonId>,
    pub requester_kind: PersonKind,
    /// What kind of danger was read or declared, in words for the duty officer.
    pub danger: Option<String>,
    /// Since when the danger is known: alerts are counted from here.
    pub danger_since: Option<Timestamp>,
    /// Somebody was rung about the danger, and it was recorded.
    pub is_rung: bool,
    /// Duty contacts are told again until then somebody has it or has been rung.
    pub is_claimed: bool,
    pub stage: u8,
    /// What has happened that moves the clocks.
    pub facts: Facts,
    /// Which pinned terms the clocks are read under.
    pub terms: String,
    pub routing: Routed,
    pub location: Option<Location>,
    /// The slug of the ward it is in, where the catalogue's look-up knows.
    pub ward: Option<String>,
    pub fields: serde_json::Map<String, serde_json::Value>,
    pub their_reference: Option<String>,
    pub n_chasers: u32,
    pub n_transfers: u32,
    /// Who has it in a team that works by e-mail: the name they gave, else the team's.
    pub taken_by: Option<String>,
    /// The last thing anybody did, for the mails that ask why nothing was done.
    pub last_action: Option<LastAction>,
    /// What a reader has seen of it: raised by whatever changes it for its readers.
    pub version: i64,
    /// Raised by every write: what concurrent writers are told apart by.
    pub revision: i64,
}

/// Whom a complaint is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum About {
    User(UserId),
    /// A post's slug.
    Post(String),
}

impl fmt::Display for About {
    /// As holders of restricted cases are written: `user:<id>`, `post:<slug>`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(id) => write!(f, "user:{id}"),
            Self::Post(slug) => write!(f, "post:{slug}"),
        }
    }
}

impl FromStr for About {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        let known = match text.split_once(':') {
            Some(("user", id)) => id.parse().ok().map(Self::User),
            Some(("post", slug)) => Some(Self::Post(slug.to_owned())),
            _ => None,
        };
        known.ok_or_else(|| UnknownWord {
            word: text.to_owned(),
            known: &["user:<id>", "post:<slug>"],
        })
    }
}

/// The last thing done to a case by a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastAction {
    /// The event's kind.
    pub what: String,
    pub at: Timestamp,
}

/// Why a case is where it is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Routed {
    /// The rule that placed it, e.g. `category:missed-bin`.
    pub rule: String,
    /// The same in words.
    pub reason: String,
    /// Between 0 and 1.
    pub confidence: f64,
    /// What else was considered, best first.
    pub candidates: Vec<Candidate>,
}

/// One place a contact could go.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Candidate {
    pub service: String,
    pub category: String,
    /// Between 0 and 1.
    pub confidence: f64,
    /// Which words or facts speak for it.
    pub why: String,
}

/// The rule that places a case taken over from the system before this one.
pub const TAKEN_OVER: &str = "taken-over";

impl Case {
    /// Whether work on it has ended.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.status == Status::Closed
    }

    /// Whether somebody has it: an officer, or a team that works by e-mail.
    #[must_use]
    pub const fn is_taken(&self) -> bool {
        self.owner.is_some() || self.taken_by.is_some()
    }

    /// Whether it came with the open cases of the system before this one.
    #[must_use]
    pub fn was_taken_over(&self) -> bool {
        self.routing.rule == TAKEN_OVER
    }

    /// Whether the duty contact must be told until somebody has it.
    #[must_use]
    pub fn is_in_danger(&self) -> bool {
        self.danger.is_some()
    }
}
