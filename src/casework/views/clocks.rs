//! The promises of a case, and why each date is what it is.

use jiff::Timestamp;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Serialize;

use super::{Named, named, names};
use crate::casework::desk::Moment;
use crate::casework::failure::Failure;
use crate::casework::promises::terms_of;
use crate::domain::case::Case;
use crate::domain::clock::{self, Reading, State};
use crate::domain::explain::explain;
use crate::domain::ids::UserId;
use crate::store::Conn;

/// One promise of a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ClockView {
    pub name: String,
    pub starts_at: Option<Timestamp>,
    /// The day it counts from.
    pub counted_from_on: Option<Date>,
    /// The last day, in local time.
    pub due_on: Option<Date>,
    /// The first instant that is late.
    pub due_at: Option<Timestamp>,
    pub state: ClockState,
    pub met_at: Option<Timestamp>,
    /// When it was broken; kept for ever.
    pub missed_at: Option<Timestamp>,
    /// The first date the person was told.
    pub first_due_on: Option<Date>,
    pub paused: Vec<PauseView>,
    pub extended: Option<ExtendedView>,
    /// The last day it can be moved to; null where the standard lets no date be moved.
    pub extended_max_on: Option<Date>,
    /// Of an officer's own promise: what, and whose.
    pub promise: Option<PromiseView>,
}

/// Where a promise stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClockState {
    /// What starts it has not happened.
    NotStarted,
    /// What starts it has not happened, but is itself due by a date.
    Projected,
    Running,
    Paused,
    Met,
    Missed,
    Cancelled,
    NotApplicable,
}

/// One time a promise stood still.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PauseView {
    pub paused_at: Timestamp,
    /// Null while it lasts.
    pub resumed_at: Option<Timestamp>,
    /// It resumes by itself when this day begins.
    pub resume_on: Date,
    pub reason: String,
    pub waiting_for: crate::domain::case::WaitingFor,
}

/// How a promise was moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ExtendedView {
    /// The last day as it was without.
    pub from_on: Date,
    pub extended_at: Timestamp,
    pub reason: String,
    /// How often.
    pub times: u32,
}

/// What an officer said they would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PromiseView {
    pub what: String,
    pub owner: Option<Named>,
}

/// Why a date is what it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ExplanationView {
    pub name: String,
    pub starts_at: Option<Timestamp>,
    pub counted_from_on: Option<Date>,
    /// The last day, in local time.
    pub due_on: Option<Date>,
    /// The first instant that is late.
    pub due_at: Option<Timestamp>,
    pub state: ClockState,
    /// Every day after the counted-from day up to the last one; for months and calendar days only
    /// those the date was rolled over; for hours none.
    pub days: Vec<DayView>,
    pub extended_max_on: Option<Date>,
    /// The same as a paragraph to read out.
    pub words: String,
}

/// One day, and whether it counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DayView {
    pub on: Date,
    pub counted: bool,
    pub why: String,
}

/// Every promise of a case: those of its standard in their order, then officers' own.
///
/// # Errors
/// [`Failure::Missing`] when there is no case, or none the actor may know of.
pub fn clocks(conn: &mut Conn, at: &Moment, case: &Case) -> Result<Vec<ClockView>, Failure> {
    let terms = terms_of(conn, at, case)?;
    let readings = clock::read(&case.facts, &terms, at.now);
    let names = names(conn, readings.iter().filter_map(promised_by))?;
    Ok(readings
        .into_iter()
        .map(|reading| clock_view(reading, &names))
        .collect())
}

/// One promise, explained.
///
/// # Errors
/// [`Failure::Missing`] when there is no such case or clock, or none the actor may know of.
pub fn explanation(
    conn: &mut Conn,
    at: &Moment,
    case: &Case,
    clock: &str,
) -> Result<ExplanationView, Failure> {
    let terms = terms_of(conn, at, case)?;
    let told = explain(&case.facts, &terms, clock, at.now).map_err(|_| Failure::Missing)?;
    Ok(ExplanationView {
        name: told.name,
        starts_at: told.starts_at,
        counted_from_on: told.counted_from_on,
        due_on: told.due_on,
        due_at: told.due_at,
        state: told.state.into(),
        days: told
            .days
            .into_iter()
            .map(|day| DayView {
                on: day.on,
                counted: day.counted,
                why: day.why,
            })
            .collect(),
        extended_max_on: told.extended_max_on,
        words: told.words,
    })
}

impl From<State> for ClockState {
    fn from(state: State) -> Self {
        match state {
            State::NotStarted => Self::NotStarted,
            State::Projected => Self::Projected,
            State::Running => Self::Running,
            State::Paused => Self::Paused,
            State::Met => Self::Met,
            State::Missed => Self::Missed,
            State::Cancelled => Self::Cancelled,
            State::NotApplicable => Self::NotApplicable,
        }
    }
}

/// Whose promise it is. Promises made by nobody in particular have no owner.
fn promised_by(reading: &Reading) -> Option<UserId> {
    reading
        .promise
        .as_ref()
        .and_then(|promise| promise.owner.parse().ok())
}

fn clock_view(reading: Reading, names: &[(UserId, String)]) -> ClockView {
    let owner = promised_by(&reading).and_then(|id| named(names, id));
    ClockView {
        name: reading.name,
        starts_at: reading.starts_at,
        counted_from_on: reading.counted_from_on,
        due_on: reading.due_on,
        due_at: reading.due_at,
        state: reading.state.into(),
        met_at: reading.met_at,
        missed_at: reading.missed_at,
        first_due_on: reading.first_due_on,
        paused: reading
            .paused
            .into_iter()
            .map(|pause| PauseView {
                paused_at: pause.from,
                resumed_at: pause.to,
                resume_on: pause.resume_on,
                reason: pause.reason,
                waiting_for: waiting_for(pause.waiting_for),
            })
            .collect(),
        extended: reading.extended.map(|extended| ExtendedView {
            from_on: extended.from_on,
            extended_at: extended.at,
            reason: extended.reason,
            times: extended.times,
        }),
        extended_max_on: reading.extended_max_on,
        promise: reading.promise.map(|promise| PromiseView {
            what: promise.what,
            owner,
        }),
    }
}

fn waiting_for(waiting: clock::WaitingFor) -> crate::domain::case::WaitingFor {
    use crate::domain::case::WaitingFor;
    match waiting {
        clock::WaitingFor::Person => WaitingFor::Person,
        clock::WaitingFor::Contractor => WaitingFor::Contractor,
        clock::WaitingFor::OtherBody => WaitingFor::OtherBody,
    }
}
