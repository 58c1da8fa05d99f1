//! What can be done to a case: [`decide`] says what happens, [`apply`] makes it so.
//!
//! `decide(case, command, …) → events | refusal` is the whole state machine. It never fails for a
//! technical reason, and the table of status × command × role is kept as a reviewed snapshot
//! (`lifecycle/tests.rs`). Events are the timeline and the source of notices.
//!
//! | file | what it holds |
//! |---|---|
//! | `commands` | what somebody wants done |
//! | `events` | what happened: the timeline |
//! | `refusal` | why not; who may, and what a closed case still allows |
//! | `deciding` | from a command to events |
//! | `applying` | from an event to the case as it is now |
//! | `answers` | what counts as an acknowledgement or an answer, at which stage |
//! | `stages` | who has dealt with which stage of a complaint |

mod answers;
mod applying;
mod commands;
mod deciding;
mod events;
mod refusal;
mod stages;

#[cfg(test)]
mod tests;

pub use answers::{acknowledge, current_answer_clock, has_next_stage, meet_acknowledgement};
pub use applying::{apply, note_amendment, note_extension};
pub use commands::{AcknowledgedBy, Amendment, Command, Recategorised, TakenBack};
pub use deciding::{decide, next_promise};
pub use events::Event;
pub use refusal::{Refusal, check_role, is_offered};
pub use stages::{DEALING, Dealt};

use jiff::Timestamp;

use super::access::Role;
use super::calendar::Calendar;
use super::case::WaitingFor;
use super::clock::{self, Terms};
use super::ids::UserId;

/// As whom a command is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    User {
        id: UserId,
        role: Role,
    },
    /// An integration with the scope to change cases, or a team that works by e-mail.
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
    /// Those who dealt with an earlier stage, and may not deal with this one. For a stage that is to
    /// be opened: with any stage so far.
    pub dealt_before: &'a [UserId],
    /// Whoever has it is away today.
    pub is_owner_away: bool,
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
