//! Identifiers: one newtype for each kind of record, so that a person is never taken for a case.
//!
//! Ids are UUIDv7 and made by `casework` (making one needs the time and randomness); this module
//! only names them.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }
    )+};
}

ids! {
    /// One case.
    CaseId,
    /// One thing somebody said to us, or we to them.
    ContactId,
    /// One line of a case's timeline.
    EventId,
    /// One file that came with a contact.
    AttachmentId,
    /// One person who contacts the council.
    PersonId,
    /// One body that people act for.
    OrganisationId,
    /// Two records taken for one person.
    MergeId,
    /// One thing that those who deal with somebody must know.
    MarkerId,
    /// One member of staff, councillor or partner who signs in.
    UserId,
    /// One sign-in, until it is revoked or ends.
    SessionId,
    /// One integration's key.
    ApiKeyId,
    /// One call back that somebody was promised.
    CallbackId,
    /// One thing we tell somebody.
    NoticeId,
    /// One secret link by which a person follows a case.
    TrackingLinkId,
    /// One running promise on one case.
    ClockId,
    /// One reminder or escalation that fell due.
    EscalationId,
    /// One restricted case opened to one person for a time.
    PassId,
    /// Something many people tell us of at once.
    IncidentId,
    /// One update to everybody whose case is on an incident.
    IncidentUpdateId,
    /// One answer with which the cases on an incident are closed.
    IncidentClosureId,
    /// One report that is kept.
    KeptReportId,
}
