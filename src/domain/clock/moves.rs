//! What other terms make of a case: which dates would move and why, and the move itself.
//!
//! Only promises still to be kept move. What was met or broken stays as it was, whatever a new
//! calendar would have made of it; and no move makes a promise late that was in time.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Facts, Reading, State, Terms, read};
use crate::domain::calendar::View;
use crate::domain::explain::spoken_date;
use crate::domain::standard::{ClockSpec, Target};

/// A case under other terms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    /// What has happened, with how each clock stood until now.
    pub facts: Facts,
    /// The dates that are others now; none when the new terms come to the same ones.
    pub moved: Vec<Moved>,
}

/// One date that other terms move.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    pub clock: String,
    pub from_on: Option<Date>,
    pub to_on: Option<Date>,
    pub from_at: Option<Timestamp>,
    pub to_at: Option<Timestamp>,
    /// The latest day the person has been told; later than `from_on` when the date has become an
    /// earlier one since, which nobody is written to about.
    pub told_on: Option<Date>,
    pub told_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub because: Vec<Because>,
}

/// Why a date moves, as far as it can be said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Because {
    /// A day that counted does not any more.
    NoLongerCounts { on: Date, why: String },
    /// A day that did not count does now.
    CountsNow { on: Date },
    /// Somebody is there at other hours of that day.
    OtherHours { on: Date },
    /// The standard itself promises something else.
    OtherTarget { before: Target, after: Target },
}

/// Why a case stays under the terms it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Stays {
    #[error("its category follows another standard now")]
    OtherPromises,
    #[error("a promise in time would be late at once")]
    WouldBeLate,
}

/// How a clock stood when its case came under other terms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stood {
    pub at: Timestamp,
    /// The promise had been broken by then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missed_at: Option<Timestamp>,
    /// The date of a clock that was met or broken: it keeps it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dated: Option<Dated>,
    /// The latest date the person was told, where theirs became an earlier one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told: Option<(Date, Timestamp)>,
}

/// A date with what it was counted from and is measured by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dated {
    pub counted_from_on: Date,
    pub unextended_on: Date,
    pub on: Date,
    pub at: Timestamp,
    pub measured_at: Timestamp,
}

/// So many days of a promise are looked at for a reason.
const LONGEST_LOOK: usize = 800;

/// Puts a case under other terms.
///
/// # Errors
/// Says why it stays under those it has.
pub fn move_to(facts: &Facts, terms: &Terms, other: &Terms, now: Timestamp) -> Result<Move, Stays> {
    let (was, is) = (&terms.standard, &other.standard);
    if was.slug != is.slug || was.acknowledgement != is.acknowledgement {
        return Err(Stays::OtherPromises);
    }
    let before = read(facts, terms, now);
    let mut moved_facts = facts.clone();
    moved_facts.told(&before);
    moved_facts.keep_told(&before, (was, is), now);
    for reading in before.iter().filter(|one| one.promise.is_none()) {
        if let Some(stood) = Stood::of(reading, facts.stood.get(&reading.name), now) {
            moved_facts.stood.insert(reading.name.clone(), stood);
        }
    }
    let after = read(&moved_facts, other, now);
    let mut moved = Vec::new();
    for reading in before.iter().filter(|one| may_move(one.state)) {
        let Some(then) = after.iter().find(|then| then.name == reading.name) else {
            return Err(Stays::OtherPromises);
        };
        let Some(due_at) = then.due_at else {
            return Err(Stays::OtherPromises);
        };
        if reading.due_at == Some(due_at) {
            continue;
        }
        if due_at <= now {
            return Err(Stays::WouldBeLate);
        }
        let told = last_told(reading, facts.stood.get(&reading.name));
        moved.push(Moved {
            clock: reading.name.clone(),
            from_on: reading.due_on,
            to_on: then.due_on,
            from_at: reading.due_at,
            to_at: then.due_at,
            told_on: told.map(|(on, _)| on),
            told_at: told.map(|(_, at)| at),
            because: because(reading, then, terms, other),
        });
        if let Some(stood) = moved_facts.stood.get_mut(&reading.name) {
            stood.told = told.filter(|(_, at)| due_at < *at);
        }
    }
    Ok(Move {
        facts: moved_facts,
        moved,
    })
}

/// What other terms, such as a calendar with a newly proclaimed holiday, would move on a case.
/// Looking changes nothing.
pub fn what_moves(facts: &Facts, terms: &Terms, other: &Terms, now: Timestamp) -> Vec<Moved> {
    move_to(facts, terms, other, now).map_or_else(|_| Vec::new(), |moving| moving.moved)
}

impl Moved {
    /// Whether the person was told an earlier date than the one that holds now.
    #[must_use]
    pub fn is_later_than_told(&self) -> bool {
        self.to_at > self.told_at
    }

    /// Whether it moves to a later date, told or not.
    #[must_use]
    pub fn is_later(&self) -> bool {
        self.to_at > self.from_at
    }

    /// Why, for staff; nothing when it cannot be said.
    #[must_use]
    pub fn why(&self) -> Option<String> {
        let reasons: Vec<String> = self.because.iter().map(Because::words).collect();
        (!reasons.is_empty()).then(|| reasons.join("; "))
    }
}

impl Because {
    /// For staff.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::NoLongerCounts { on, why } => {
                format!("{} does not count any more ({why})", spoken_date(*on))
            }
            Self::CountsNow { on } => format!("{} counts now", spoken_date(*on)),
            Self::OtherHours { on } => format!("{} has other hours", spoken_date(*on)),
            Self::OtherTarget { before, after } => {
                format!("the standard says {after}, it said {before}")
            }
        }
    }
}

impl Stood {
    /// Nothing for a clock that has no dates.
    fn of(reading: &Reading, before: Option<&Stood>, now: Timestamp) -> Option<Stood> {
        reading.due_at?;
        Some(Stood {
            at: now,
            missed_at: reading.missed_at,
            dated: Dated::of(reading).filter(|_| !may_move(reading.state)),
            told: before.and_then(|before| before.told),
        })
    }
}

impl Dated {
    /// Nothing while its start is only projected: nothing has happened to it.
    fn of(reading: &Reading) -> Option<Dated> {
        reading.starts_at?;
        let on = reading.due_on?;
        Some(Dated {
            counted_from_on: reading.counted_from_on?,
            unextended_on: reading
                .extended
                .as_ref()
                .map_or(on, |extended| extended.from_on),
            on,
            at: reading.due_at?,
            measured_at: reading.measured_at?,
        })
    }
}

fn may_move(state: State) -> bool {
    matches!(state, State::Projected | State::Running | State::Paused)
}

/// The latest date the person knows: the clock's own, unless that became an earlier one of which
/// they were not written to.
fn last_told(reading: &Reading, stood: Option<&Stood>) -> Option<(Date, Timestamp)> {
    let own = reading.due_on.zip(reading.due_at);
    let told = stood.and_then(|stood| stood.told);
    [own, told].into_iter().flatten().max_by_key(|(_, at)| *at)
}

fn because(before: &Reading, after: &Reading, terms: &Terms, other: &Terms) -> Vec<Because> {
    let (Some(was), Some(is)) = (
        terms.standard.clock(&before.name),
        other.standard.clock(&after.name),
    ) else {
        return Vec::new();
    };
    let mut reasons = Vec::new();
    if let (Some(old), Some(new)) = (was.target(), is.target())
        && old != new
    {
        reasons.push(Because::OtherTarget {
            before: old,
            after: new,
        });
    }
    reasons.extend(other_days(before, after, (was, terms), (is, other)));
    reasons
}

/// The days between the start and the later of two last days that one calendar counts and the
/// other does not.
fn other_days(
    before: &Reading,
    after: &Reading,
    (was, terms): (&ClockSpec, &Terms),
    (is, other): (&ClockSpec, &Terms),
) -> Vec<Because> {
    let received_on = before.starts_at.map(|at| terms.calendar.date_of(at));
    let first = [received_on, before.counted_from_on, after.counted_from_on]
        .into_iter()
        .flatten()
        .min();
    let last = before.due_on.max(after.due_on);
    let (Some(first), Some(last)) = (first, last) else {
        return Vec::new();
    };
    let (old, new) = (terms.view(was), other.view(is));
    first
        .series(jiff::Span::new().days(1))
        .take(LONGEST_LOOK)
        .take_while(|on| *on <= last)
        .filter_map(|on| other_day(on, &old, &new))
        .collect()
}

fn other_day(on: Date, old: &View<'_>, new: &View<'_>) -> Option<Because> {
    match (old.is_working_day(on), new.is_working_day(on)) {
        (true, false) => Some(Because::NoLongerCounts {
            on,
            why: new.why_not(on).unwrap_or_default(),
        }),
        (false, true) => Some(Because::CountsNow { on }),
        (true, true) if hours(old, on) != hours(new, on) => Some(Because::OtherHours { on }),
        _ => None,
    }
}

fn hours(view: &View<'_>, on: Date) -> Vec<String> {
    view.intervals(on).map(|span| span.to_string()).collect()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::domain::calendar::tests::at;
    use crate::domain::calendar::{BankHolidays, Nation};
    use crate::domain::clock::tests::{reading, received, terms};
    use crate::domain::clock::{Extension, Longer};
    use crate::domain::standard::Target;

    /// The terms with one more holiday in England and Wales.
    fn with_holiday(terms: &Terms, on: Date) -> Terms {
        let mut holidays: BankHolidays = terms.calendar.bank_holidays().clone();
        holidays.add(Nation::EnglandAndWales, on, "Proclaimed");
        Terms {
            calendar: terms.calendar.with_bank_holidays(holidays).unwrap(),
            ..terms.clone()
        }
    }

    #[test]
    fn a_met_clock_keeps_its_date_and_says_so() {
        let before = terms("charter");
        let mut facts = received("2026-11-02T10:00:00Z");
        facts.happened("responded", at("2026-11-16T10:00:00Z"));
        let after = with_holiday(&before, date(2026, 11, 10));
        let now = at("2026-11-20T10:00:00Z");
        let moving = move_to(&facts, &before, &after, now).unwrap();
        assert_eq!(moving.moved, []);
        let (was, is) = (read(&facts, &before, now), read(&moving.facts, &after, now));
        for (was, is) in was.iter().zip(&is) {
            assert_eq!(
                (was.due_at, was.state, was.missed_at),
                (is.due_at, is.state, is.missed_at)
            );
        }
        let told = crate::domain::explain::explain(&moving.facts, &after, "respond", now).unwrap();
        assert!(
            told.words.contains("this date stays what it was then"),
            "{}",
            told.words
        );
    }

    #[test]
    fn a_promise_broken_before_the_move_is_broken_after_it() {
        let before = terms("charter");
        let facts = received("2026-11-02T10:00:00Z");
        let now = at("2026-11-17T08:00:00Z");
        let missed = reading(&facts, &before, "respond", "2026-11-17T08:00:00Z");
        assert_eq!(missed.state, State::Missed);
        let after = with_holiday(&before, date(2026, 11, 10));
        let moving = move_to(&facts, &before, &after, now).unwrap();
        let then = reading(&moving.facts, &after, "respond", "2026-11-17T08:00:00Z");
        assert_eq!(then.missed_at, missed.missed_at);
        assert_eq!((then.state, then.due_on), (State::Missed, missed.due_on));
    }

    #[test]
    fn a_day_that_counts_again_is_named_and_the_date_known_to_the_person_is_kept() {
        let without = terms("charter");
        let with = with_holiday(&without, date(2026, 11, 10));
        let facts = received("2026-11-02T10:00:00Z");
        let now = at("2026-11-05T10:00:00Z");
        let earlier = move_to(&facts, &with, &without, now).unwrap();
        let moved = earlier
            .moved
            .iter()
            .find(|one| one.clock == "respond")
            .unwrap();
        assert!(!moved.is_later() && !moved.is_later_than_told());
        assert_eq!(
            moved.because,
            [Because::CountsNow {
                on: date(2026, 11, 10)
            }]
        );
        // Back again: later than it was, and just what the person knows.
        let back = move_to(&earlier.facts, &without, &with, now).unwrap();
        let moved = back
            .moved
            .iter()
            .find(|one| one.clock == "respond")
            .unwrap();
        assert!(moved.is_later() && !moved.is_later_than_told());
    }

    #[test]
    fn a_case_stays_where_its_category_promises_something_else_now() {
        let facts = received("2026-11-02T10:00:00Z");
        let now = at("2026-11-05T10:00:00Z");
        assert_eq!(
            move_to(&facts, &terms("charter"), &terms("complaint"), now),
            Err(Stays::OtherPromises)
        );
    }

    #[test]
    fn staff_read_which_day_moved_a_date() {
        let (before, tenth) = (terms("charter"), date(2026, 11, 10));
        let facts = received("2026-11-02T10:00:00Z");
        let now = at("2026-11-05T10:00:00Z");
        let moved = what_moves(&facts, &before, &with_holiday(&before, tenth), now);
        let moved = moved.iter().find(|one| one.clock == "respond").unwrap();
        assert!(moved.is_later() && moved.is_later_than_told());
        let why = "Tuesday 10 November 2026 does not count any more (Proclaimed)";
        assert_eq!(moved.why().as_deref(), Some(why));
        let unknown = Moved {
            because: Vec::new(),
            ..moved.clone()
        };
        assert_eq!(unknown.why(), None);
        for (because, words) in [
            (
                Because::CountsNow { on: tenth },
                "Tuesday 10 November 2026 counts now",
            ),
            (
                Because::OtherHours { on: tenth },
                "Tuesday 10 November 2026 has other hours",
            ),
            (
                Because::OtherTarget {
                    before: Target::WorkingDays(10),
                    after: Target::WorkingDays(5),
                },
                "the standard says 5 working days, it said 10 working days",
            ),
        ] {
            assert_eq!(because.words(), words);
        }
    }

    #[test]
    fn a_day_that_closes_earlier_is_named_where_it_moves_a_date() {
        let before = terms("charter");
        let spec = before.calendar.spec().clone();
        let mut closes_at_noon = spec.clone();
        let on = date(2026, 11, 16);
        let noon = spec.half_days.values().next().unwrap().clone();
        closes_at_noon.half_days.insert(on, noon);
        let calendar = crate::domain::calendar::Calendar::new(
            closes_at_noon,
            before.calendar.bank_holidays().clone(),
        )
        .unwrap();
        let after = Terms {
            calendar,
            ..before.clone()
        };
        let facts = received("2026-11-02T10:00:00Z");
        let moved = what_moves(&facts, &before, &after, at("2026-11-05T10:00:00Z"));
        let moved = moved.iter().find(|one| one.clock == "respond").unwrap();
        assert_eq!(moved.to_at, Some(at("2026-11-16T12:00:00Z")));
        assert_eq!(moved.because, [Because::OtherHours { on }]);
    }

    #[test]
    fn who_acknowledges_is_part_of_the_promise() {
        let own = terms("charter");
        let mut other = own.clone();
        other.standard.acknowledgement = crate::domain::standard::Acknowledgement::Officer;
        let facts = received("2026-11-02T10:00:00Z");
        let now = at("2026-11-05T10:00:00Z");
        assert_eq!(
            move_to(&facts, &own, &other, now),
            Err(Stays::OtherPromises)
        );
    }

    #[test]
    fn a_broken_promise_that_is_extended_under_the_new_terms_goes_by_them() {
        let before = terms("highways-two-dates");
        let facts = received("2026-11-02T10:00:00Z");
        let now = at("2026-11-17T08:00:00Z");
        let missed = reading(&facts, &before, "repair", "2026-11-17T08:00:00Z");
        assert_eq!(missed.state, State::Missed);
        let after = with_holiday(&before, date(2026, 11, 20));
        let mut moved = move_to(&facts, &before, &after, now).unwrap().facts;
        let held = reading(&moved, &after, "repair", "2026-11-17T09:00:00Z");
        assert_eq!(held.due_on, missed.due_on, "what was broken keeps its date");
        moved.extensions.push(Extension {
            clock: "repair".to_owned(),
            to: Longer::By(Target::WorkingDays(5)),
            reason: "The tar is late".to_owned(),
            at: at("2026-11-17T10:00:00Z"),
        });
        let longer = reading(&moved, &after, "repair", "2026-11-17T11:00:00Z");
        assert_eq!(longer.due_on, Some(date(2026, 11, 24)), "the 20th is none");
        assert_eq!(longer.missed_at, missed.missed_at, "and stays broken");
    }

    #[test]
    fn the_same_terms_move_nothing() {
        let own = terms("member-enquiry");
        let facts = received("2026-11-02T10:00:00Z");
        for hour in 0..24 * 40 {
            let now = at("2026-11-02T10:00:00Z") + jiff::SignedDuration::from_hours(hour);
            assert_eq!(what_moves(&facts, &own, &own, now), [], "{now}");
        }
    }
}
