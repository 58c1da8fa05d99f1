//! Figures of a ward, without anybody in them: how much came in for each service and how much of it
//! was answered in time. Small numbers are left out, because in a street they name a household.
//!
//! The period is always the twelve months before this one. A reader who could choose it would learn
//! by subtraction what a single case was.

use std::collections::BTreeMap;

use jiff::ToSpan as _;
use jiff::civil::Date;

use crate::casework::desk::Moment;
use crate::casework::failure::Failure;
use crate::domain::calendar::WallTime;
use crate::domain::measure::{self, FEWEST};
use crate::store::Conn;
use crate::store::members::{self, WardAnswer, WardCase};

/// The figures of one ward.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WardFigures {
    pub ward: String,
    pub from_on: Date,
    pub to_on: Date,
    /// By service; those with too few cases are left out.
    pub lines: Vec<WardLine>,
    /// Whether any service was left out.
    pub has_small: bool,
}

/// The figures of one service in a ward. What is too small to tell is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WardLine {
    pub service: String,
    pub received: u32,
    pub open: Option<u32>,
    pub overdue: Option<u32>,
    /// How many promised answers are kept or broken by now.
    pub answered_of: Option<u32>,
    /// How many of a hundred came in time.
    pub in_time_percent: Option<u32>,
}

/// The clock that promises the answer in the standards of services.
const ANSWER: &str = "respond";

#[derive(Default)]
struct Tally {
    received: u32,
    open: u32,
    overdue: u32,
    in_time: u32,
    late: u32,
}

/// The figures of a ward.
///
/// # Errors
/// When the database cannot be asked.
pub fn ward_figures(conn: &mut Conn, at: &Moment, ward: &str) -> Result<WardFigures, Failure> {
    let calendar = &at.council.catalogue.calendar;
    let next = at.today().first_of_month();
    let from_on = next.checked_sub(12.months()).map_err(anyhow::Error::from)?;
    let to_on = next.yesterday().map_err(anyhow::Error::from)?;
    let begins = |day: Date| calendar.instant(day, WallTime::MIDNIGHT);
    let period = (begins(from_on), begins(next));
    let mut by_service: BTreeMap<String, Tally> = BTreeMap::new();
    let slug = slug_of(at, ward);
    for case in members::cases_of_ward(conn, slug, period, ANSWER)? {
        let WardCase {
            service,
            is_closed,
            due_at,
            answer,
        } = case;
        let tally = by_service.entry(service).or_default();
        tally.received += 1;
        tally.open += u32::from(!is_closed);
        tally.overdue += u32::from(!is_closed && due_at.is_some_and(|due_at| due_at <= at.now));
        match answer.and_then(|answer| was_in_time(at, answer)) {
            Some(true) => tally.in_time += 1,
            Some(false) => tally.late += 1,
            None => {}
        }
    }
    let n_services = by_service.len();
    let lines: Vec<WardLine> = by_service
        .into_iter()
        .filter(|(_, tally)| u64::from(tally.received) >= FEWEST)
        .map(|(service, tally)| tally.line(service))
        .collect();
    Ok(WardFigures {
        ward: ward.to_owned(),
        from_on,
        to_on,
        has_small: lines.len() < n_services,
        lines,
    })
}

/// Cases stand under the slug of their ward; people, and accounts, know it by its name too.
fn slug_of<'w>(at: &'w Moment, ward: &'w str) -> &'w str {
    let mut wards = at.council.catalogue.wards.wards.iter();
    let found = wards.find(|(_, one)| one.name.eq_ignore_ascii_case(ward));
    found.map_or(ward, |(slug, _)| slug.as_str())
}

impl Tally {
    fn line(&self, service: String) -> WardLine {
        let told = |n: u32| measure::told(u64::from(n)).map(|_| n);
        let of = self.in_time + self.late;
        let answered_of = (u64::from(of) >= FEWEST).then_some(of);
        WardLine {
            service,
            received: self.received,
            open: told(self.open),
            overdue: told(self.overdue),
            answered_of,
            in_time_percent: answered_of.map(|of| (self.in_time * 100 + of / 2) / of),
        }
    }
}

/// Whether the answer came by the first date that was told; nothing while it may still.
fn was_in_time(at: &Moment, answer: WardAnswer) -> Option<bool> {
    let calendar = &at.council.catalogue.calendar;
    let first = answer.first_due_on.or(answer.due_on)?;
    let is_same_date = answer.due_on == Some(first);
    let done_on = calendar.date_of(answer.met_at.unwrap_or(at.now));
    let is_late = match answer.due_at.filter(|_| is_same_date) {
        Some(due_at) => answer.met_at.unwrap_or(at.now) >= due_at,
        None => done_on > first,
    };
    match (answer.met_at, is_late) {
        (Some(_), is_late) => Some(!is_late),
        (None, true) => Some(false),
        (None, false) => None,
    }
}
