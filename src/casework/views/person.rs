//! What is shown of people beside their record: what to know before dealing with them, the records
//! that are one person, and those that may be.

use jiff::Timestamp;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use super::Named;
use super::history::PersonName;
use crate::casework::failure::Failure;
use crate::casework::people::sameness::Proposal;
use crate::domain::contact::words;
use crate::domain::person::likeness::Reason;
use crate::domain::person::marker::MarkerKind;
use crate::domain::person::{Address, OrganisationKind, PersonKind};
use crate::store::markers::Kept;
use crate::store::organisations::Organisation;
use crate::store::person_merges::Merge;
use crate::store::{Conn, people};

words! {
    /// What an instruction comes from, in the order they are shown.
    InstructionKind {
        Deceased = "deceased",
        SafeContact = "safe_contact",
        StaffSafety = "staff_safety",
        Vulnerable = "vulnerable",
        AdjustmentNeeded = "adjustment_needed",
        SinglePointOfContact = "single_point_of_contact",
        /// What they wish: letters, Welsh, large print.
        Preference = "preference",
    }
}

/// What to know, and do, before dealing with somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Instruction {
    pub kind: InstructionKind,
    /// "Visit in pairs until Monday 1 March 2027".
    pub words: String,
    /// Whom it is about.
    pub person: Uuid,
    /// The last day a marker holds without another look.
    pub review_on: Option<Date>,
    /// That day has passed: ask its owner whether it still holds.
    pub is_review_overdue: bool,
    /// Who answers for a marker.
    pub owner: Option<String>,
}

/// A marker with all that is kept of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct MarkerView {
    pub id: Uuid,
    pub person: PersonName,
    pub kind: MarkerKind,
    /// Why it is kept.
    pub purpose: String,
    /// What to do.
    pub instruction: String,
    /// The same with its day: "Visit in pairs until Monday 1 March 2027".
    pub words: String,
    pub owner: Named,
    pub review_on: Date,
    pub is_review_overdue: bool,
    pub created_at: Timestamp,
    /// The account or key that placed it.
    pub created_by: String,
    pub changed_at: Timestamp,
}

/// Two records taken for one person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct MergeView {
    pub id: Uuid,
    pub from: PersonName,
    /// The record that stands for both.
    pub into: PersonName,
    pub reason: String,
    pub merged_at: Timestamp,
    /// The account that did it.
    pub merged_by: String,
    /// When they were taken for two again; null while they are one.
    pub undone_at: Option<Timestamp>,
}

/// A record that may be the same person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ProposalView {
    pub person: ProposedPerson,
    /// What speaks for it.
    pub reasons: Vec<Reason>,
    /// The same to read: "the same e-mail address, nearly the same name".
    pub words: String,
}

/// As much of another record as it takes to judge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ProposedPerson {
    pub id: Uuid,
    pub name: Option<String>,
    pub kind: PersonKind,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub address: Option<Address>,
    pub created_at: Timestamp,
}

/// A body that people act for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct OrganisationView {
    pub id: Uuid,
    pub name: String,
    pub kind: OrganisationKind,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub address: Option<Address>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// What `If-Match` takes, in quotes.
    pub version: i64,
}

impl From<MarkerKind> for InstructionKind {
    fn from(kind: MarkerKind) -> Self {
        match kind {
            MarkerKind::StaffSafety => Self::StaffSafety,
            MarkerKind::Vulnerable => Self::Vulnerable,
            MarkerKind::AdjustmentNeeded => Self::AdjustmentNeeded,
            MarkerKind::SinglePointOfContact => Self::SinglePointOfContact,
        }
    }
}

impl Instruction {
    /// Whether it comes from a marker, whose reading is logged.
    #[must_use]
    pub fn is_of_marker(&self) -> bool {
        self.review_on.is_some()
    }
}

impl MarkerView {
    /// As it is answered.
    #[must_use]
    pub fn of(kept: Kept, person: Option<String>, owner: Option<String>, today: Date) -> Self {
        let marker = kept.marker;
        Self {
            id: marker.id.0,
            person: PersonName {
                id: marker.person.0,
                name: person,
            },
            kind: marker.kind,
            words: marker.in_words(today),
            is_review_overdue: marker.is_review_overdue(today),
            purpose: marker.purpose,
            instruction: marker.instruction,
            owner: Named {
                id: marker.owner.0,
                name: owner.unwrap_or_default(),
            },
            review_on: marker.review_on,
            created_at: kept.created_at,
            created_by: kept.created_by,
            changed_at: kept.changed_at,
        }
    }
}

impl MergeView {
    /// As it is answered to somebody who may know of both records.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub fn of(conn: &mut Conn, merge: &Merge) -> Result<Self, Failure> {
        let mut named = |id: crate::domain::ids::PersonId| -> Result<PersonName, Failure> {
            Ok(PersonName {
                id: id.0,
                name: people::find(conn, id)?.and_then(|person| person.name),
            })
        };
        Ok(Self {
            id: merge.id.0,
            from: named(merge.from)?,
            into: named(merge.into)?,
            reason: merge.reason.clone(),
            merged_at: merge.merged_at,
            merged_by: merge.merged_by.clone(),
            undone_at: merge.undone_at,
        })
    }
}

impl From<Proposal> for ProposalView {
    fn from(proposal: Proposal) -> Self {
        let words: Vec<&str> = proposal
            .reasons
            .iter()
            .map(|reason| reason.in_words())
            .collect();
        let person = proposal.person;
        Self {
            words: words.join(", "),
            reasons: proposal.reasons,
            person: ProposedPerson {
                id: person.id.0,
                name: person.name,
                kind: person.kind,
                email: person.email,
                phone: person.phone,
                address: person.address,
                created_at: person.created_at,
            },
        }
    }
}

impl From<Organisation> for OrganisationView {
    fn from(organisation: Organisation) -> Self {
        Self {
            id: organisation.id.0,
            name: organisation.name,
            kind: organisation.kind,
            email: organisation.email,
            phone: organisation.phone,
            address: organisation.address,
            created_at: organisation.created_at,
            updated_at: organisation.updated_at,
            version: organisation.version,
        }
    }
}
