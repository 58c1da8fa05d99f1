//! A telephone call, whose it may be, and what somebody who waits is told.

use jiff::{Timestamp, civil::Date};
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use super::CaseName;
use super::person::Instruction;
use crate::domain::case::Status;
use crate::domain::person::PersonKind;
use crate::domain::telephony::CallState;

/// A call as far as it was told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CallView {
    /// The phone system's own.
    pub id: String,
    pub state: CallState,
    /// What was rung, as the phone system names it.
    pub line: Option<String>,
    /// Where it waited last, as the phone system names it.
    pub queue: Option<String>,
    /// Whence it came: `+441632960123`. Null when it was withheld or has been forgotten.
    pub number: Option<String>,
    /// Who answered, as the phone system names them.
    pub agent: Option<String>,
    /// The earliest thing told of it; null while only a contact names it.
    pub began_at: Option<Timestamp>,
    pub answered_at: Option<Timestamp>,
    /// When they hung up unanswered.
    pub abandoned_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    pub wrapped_at: Option<Timestamp>,
    /// Until it was answered or given up; null while they wait.
    pub waited_seconds: Option<i64>,
    /// The first place they had among those that wait, and the last.
    pub first_position: Option<u32>,
    pub position: Option<u32>,
    /// What was logged of it.
    pub contacts: Vec<CallContact>,
}

/// A contact that was logged of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CallContact {
    pub id: Uuid,
    pub case: Option<CaseName>,
}

/// Somebody whose number rings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct OnTheLine {
    pub id: Uuid,
    pub name: Option<String>,
    pub kind: PersonKind,
    /// What to know before dealing with them. For staff, and for keys that act for them.
    pub instructions: Vec<Instruction>,
    /// The only ways they may be reached, where there is a limit.
    pub safe_contact: Option<Vec<String>>,
    pub is_deceased: bool,
    /// Those you may see, the most pressing first; ten at most.
    pub open_cases: Vec<OpenCase>,
}

/// An open case, briefly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct OpenCase {
    pub id: Uuid,
    pub reference: String,
    pub subject: String,
    pub service: String,
    pub category: String,
    pub status: Status,
    pub respond_on: Option<Date>,
}

/// What somebody who waits may be told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PlaceView {
    /// 1 is next.
    pub position: u32,
    /// Null where too few calls were answered lately to tell.
    pub expected_wait_seconds: Option<i64>,
    /// To be spoken.
    pub say: String,
    /// Whether a call back is offered to them.
    pub callback_offered: bool,
}

/// A call back that was promised.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CallbackView {
    pub id: Uuid,
    /// The promise on the case.
    pub clock: String,
    /// The first instant that is late, as it was told.
    pub due_at: Timestamp,
    pub due_on: Date,
    /// How often we rang.
    pub tries: u32,
    /// When we spoke with them.
    pub kept_at: Option<Timestamp>,
}

/// Calls in figures, of one line, one queue or all.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct CallFigures {
    /// Every call that began in the time: the sum of the next five.
    pub offered: u64,
    pub answered: u64,
    /// Hung up unanswered after the first five seconds.
    pub abandoned: u64,
    /// Hung up within them.
    pub hung_up_at_once: u64,
    /// Of today, or of the last hour, and not ended.
    pub still_waiting: u64,
    /// Older, and never told to have ended.
    pub end_unknown: u64,
    /// Abandoned, of those offered without the ones hung up at once and those whose end is unknown.
    pub abandoned_percent: Option<f64>,
    /// Seconds that answered calls waited: half of them no longer, nine of ten no longer, the longest.
    pub wait_median_seconds: Option<i64>,
    pub wait_p90_seconds: Option<i64>,
    pub wait_longest_seconds: Option<i64>,
    /// The longest that somebody waited who gave up.
    pub abandoned_longest_seconds: Option<i64>,
    /// Of how many the phone system told us their place among those that wait.
    pub position_told: u64,
    pub callbacks: CallbackFigures,
}

/// Calls back in figures, by when they were asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CallbackFigures {
    pub asked: u64,
    /// We spoke with them.
    pub kept: u64,
    /// And by when we had said.
    pub kept_in_time: u64,
    pub not_yet: u64,
}
