//! Which days and hours count.
//!
//! A council's calendar is data: zone, nation, opening hours (several intervals a day), cut-offs,
//! closures, half days and one-off holidays. Joined with the bank holidays of all three nations it
//! becomes a [`Calendar`], a self-contained snapshot that is pinned on a case. Every clock looks at
//! it through a [`View`], which says whose holidays count and whether the office's own closures do.
//!
//! Nothing here reads a clock or a file. Instants come in as arguments; days are counted in the
//! calendar's zone.

mod day;
mod holidays;
mod instants;
mod night;
mod opening;
mod view;

#[cfg(test)]
pub(crate) mod tests;

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

pub use day::Day;
pub use holidays::{BankHolidays, Nation};
pub use opening::{CutOffs, Interval, WallTime, Week};
pub(in crate::domain) use view::outside;
pub use view::{Holidays, View};

use view::DaySet;

/// Reminders and digests go out at this hour of a working day.
pub const REMINDER_HOUR: WallTime = WallTime::from_hour(9);
/// Staff notices leave between these two hours only.
const SENDING_FROM: WallTime = WallTime::from_hour(8);
const SENDING_UNTIL: WallTime = WallTime::from_hour(18);

/// A calendar as a council writes it down, before bank holidays are joined to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalendarSpec {
    /// IANA name of the zone the days are counted in.
    #[serde(default = "london")]
    pub zone: String,
    pub nation: Nation,
    /// Opening hours for each weekday; a weekday left out is closed.
    pub week: Week,
    /// Where a weekday's cut-off is earlier than closing time.
    #[serde(default, skip_serializing_if = "CutOffs::is_empty")]
    pub cut_off: CutOffs,
    /// Days the office is closed, each with its reason.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub closures: BTreeMap<Date, String>,
    /// Days that count but end early.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub half_days: BTreeMap<Date, HalfDay>,
    /// Proclaimed holidays the published feed does not hold yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extra_holidays: Vec<ExtraHoliday>,
    /// Bank holidays on which this council works all the same (local holidays instead); they count
    /// only for the clocks that follow the office's own closures.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub worked_holidays: BTreeMap<Date, String>,
}

/// A day on which the office closes early. It is a counted day; cut-off and closing are `closes`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HalfDay {
    pub closes: WallTime,
    pub reason: String,
}

/// A one-off holiday; without nations it is one of the calendar's own nation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExtraHoliday {
    pub on: Date,
    pub title: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nations: Vec<Nation>,
}

/// A calendar that needs nothing else to be counted on: what the council wrote and the bank
/// holidays of every nation. It is written as JSON beside the cases that were promised by it.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "Snapshot", into = "Snapshot")]
pub struct Calendar {
    spec: CalendarSpec,
    bank_holidays: BankHolidays,
    /// `bank_holidays` with the one-off holidays merged in.
    observed: BankHolidays,
    zone: TimeZone,
    /// Days that do not count, by whose holidays apply; in the order of `Holidays::index`.
    statutory: [DaySet; Holidays::COUNT],
    /// The same with the office's closures added and its worked holidays taken out.
    office: [DaySet; Holidays::COUNT],
}

/// What is wrong with a calendar, in words for the person who wrote it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("; "))]
pub struct CalendarFaults(pub Vec<String>);

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Snapshot {
    calendar: CalendarSpec,
    bank_holidays: BankHolidays,
}

impl Calendar {
    /// Joins what the council wrote with the bank holidays; refuses what could not be counted on.
    pub fn new(
        spec: CalendarSpec,
        bank_holidays: BankHolidays,
    ) -> Result<Calendar, CalendarFaults> {
        let mut faults = spec.faults();
        let zone = TimeZone::get(&spec.zone).unwrap_or_else(|_| {
            faults.push(format!("zone: {:?} is not a known time zone", spec.zone));
            TimeZone::UTC
        });
        if !faults.is_empty() {
            return Err(CalendarFaults(faults));
        }
        let mut observed = bank_holidays.clone();
        for extra in &spec.extra_holidays {
            let own = [spec.nation];
            let nations: &[Nation] = if extra.nations.is_empty() {
                &own
            } else {
                &extra.nations
            };
            for nation in nations {
                observed.add(*nation, extra.on, &extra.title);
            }
        }
        let statutory = Holidays::all().map(|whose| DaySet::of(&observed.days(whose)));
        let office = Holidays::all().map(|whose| {
            let mut days = observed.days(whose);
            days.retain(|day| !spec.worked_holidays.contains_key(day));
            days.extend(spec.closures.keys().copied());
            DaySet::of(&days)
        });
        Ok(Calendar {
            spec,
            bank_holidays,
            observed,
            zone,
            statutory,
            office,
        })
    }

    /// What the council wrote.
    pub fn spec(&self) -> &CalendarSpec {
        &self.spec
    }

    /// The published holidays this snapshot was made with.
    pub fn bank_holidays(&self) -> &BankHolidays {
        &self.bank_holidays
    }

    pub fn nation(&self) -> Nation {
        self.spec.nation
    }

    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// The same calendar in another nation.
    pub fn with_nation(&self, nation: Nation) -> Result<Calendar, CalendarFaults> {
        Calendar::new(
            CalendarSpec {
                nation,
                ..self.spec.clone()
            },
            self.bank_holidays.clone(),
        )
    }

    /// The same calendar with other published holidays: what a reviewed update would make of it.
    pub fn with_bank_holidays(&self, holidays: BankHolidays) -> Result<Calendar, CalendarFaults> {
        Calendar::new(self.spec.clone(), holidays)
    }

    /// How the office itself sees its days: the nation's holidays and its own closures.
    pub fn office(&self) -> View<'_> {
        self.view(Holidays::Of(self.spec.nation), true)
    }

    /// The calendar as one clock sees it.
    pub fn view(&self, holidays: Holidays, closures: bool) -> View<'_> {
        View::new(self, holidays, closures)
    }

    /// The local date on which an instant falls.
    pub fn date_of(&self, at: Timestamp) -> Date {
        self.zone.to_datetime(at).date()
    }

    /// The instant of a local date and time. A time that does not exist is taken as the moment the
    /// clocks skip to; one that happens twice, as its first happening.
    pub fn instant(&self, on: Date, at: WallTime) -> Timestamp {
        let local = match at.time() {
            Some(time) => DateTime::from_parts(on, time),
            None => DateTime::from_parts(Day::of(on).next().date(), jiff::civil::Time::midnight()),
        };
        self.zone.to_timestamp(local).unwrap_or_else(|_| {
            // Only the outermost days jiff knows lie beyond the instants it knows.
            if on.year() < 0 {
                Timestamp::MIN
            } else {
                Timestamp::MAX
            }
        })
    }

    /// When a notice to staff that is ready at this instant may leave: at once inside 08:00–18:00
    /// of a working day, else at 08:00 of the next one.
    pub fn next_sending_time(&self, at: Timestamp) -> Timestamp {
        let office = self.office();
        let on = self.date_of(at);
        if office.is_working_day(on) {
            let opens_at = self.instant(on, SENDING_FROM);
            if at < opens_at {
                return opens_at;
            }
            if at < self.instant(on, SENDING_UNTIL) {
                return at;
            }
        }
        self.instant(office.add_working_days(on, 1), SENDING_FROM)
    }

    /// When the next digest leaves: 09:00 of the first working day at or after this instant.
    pub fn next_digest_time(&self, after: Timestamp) -> Timestamp {
        let office = self.office();
        let on = office.next_open_day(self.date_of(after));
        let at = self.instant(on, REMINDER_HOUR);
        if at >= after {
            at
        } else {
            self.instant(office.add_working_days(on, 1), REMINDER_HOUR)
        }
    }

    /// The last day the published holidays reach to; beyond it a date may still move.
    pub fn holidays_known_until(&self) -> Option<Date> {
        self.bank_holidays.known_until()
    }

    /// The beginning of the first year that every nation has holidays for.
    pub fn holidays_known_from(&self) -> Option<Date> {
        self.bank_holidays.known_from()
    }

    fn free_days(&self, holidays: Holidays, closures: bool) -> &DaySet {
        let sets = if closures {
            &self.office
        } else {
            &self.statutory
        };
        match sets.get(holidays.index()) {
            Some(days) => days,
            None => DaySet::EMPTY,
        }
    }
}

impl CalendarSpec {
    /// Everything wrong with it, named at once.
    pub fn faults(&self) -> Vec<String> {
        let mut faults = self.week.faults();
        for (on, half_day) in &self.half_days {
            if self.closures.contains_key(on) {
                faults.push(format!("half_days: {on} is also a closure"));
            }
            if self
                .week
                .on(Day::of(*on))
                .first()
                .is_none_or(|first| half_day.closes <= first.opens())
            {
                faults.push(format!(
                    "half_days: the office is not open before {} on {on}",
                    half_day.closes
                ));
            }
        }
        faults.extend(self.cut_off.faults(&self.week));
        faults
    }
}

impl PartialEq for Calendar {
    fn eq(&self, other: &Self) -> bool {
        self.spec == other.spec && self.bank_holidays == other.bank_holidays
    }
}

impl Eq for Calendar {}

impl std::fmt::Debug for Calendar {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Calendar")
            .field("spec", &self.spec)
            .finish_non_exhaustive()
    }
}

impl TryFrom<Snapshot> for Calendar {
    type Error = CalendarFaults;

    fn try_from(snapshot: Snapshot) -> Result<Calendar, CalendarFaults> {
        Calendar::new(snapshot.calendar, snapshot.bank_holidays)
    }
}

impl From<Calendar> for Snapshot {
    fn from(calendar: Calendar) -> Snapshot {
        Snapshot {
            calendar: calendar.spec,
            bank_holidays: calendar.bank_holidays,
        }
    }
}

fn london() -> String {
    "Europe/London".to_owned()
}
