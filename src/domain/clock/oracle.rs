//! A second, slow calculator of every date, to hold the first one against.
//!
//! It shares nothing with the counting code but the data and jiff's time zones: it makes a list of
//! every local day and looks up the nth that counts, and walks minute by minute where hours are
//! promised. `ORACLE_CASES` sets how many cases are drawn, `ORACLE_SEED` which.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, DateTime, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::{Extension, Facts, Longer, Pause, Terms, WaitingFor, check_extension_length, read};
use crate::domain::calendar::{Calendar, CalendarSpec, HalfDay, Nation, Week};
use crate::domain::standard::tests::ready;
use crate::domain::standard::{Figures, Standard, Target};

/// A small generator of numbers: the cases are the same in every run unless a seed is given.
struct Dice(u64);

impl Dice {
    fn throw(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, n: u64) -> u64 {
        self.throw() % n
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
}

/// Minutes of the day as pairs: `[(540, 1020)]`.
type Hours = Vec<(u32, u32)>;

/// The council of one case, in the oracle's own terms.
struct Council {
    nation: &'static str,
    week: [Hours; 7],
    closures: BTreeSet<Date>,
    half_days: BTreeMap<Date, u32>,
    /// (nation, date) of every bank holiday.
    holidays: BTreeSet<(String, Date)>,
    zone: TimeZone,
}

/// What the oracle says of one clock.
#[derive(Debug, PartialEq, Eq)]
struct Told {
    counted_from_on: Date,
    due_on: Date,
    due_at: Timestamp,
}

fn all_holidays() -> BTreeSet<(String, Date)> {
    let file = include_str!(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/config/bank-holidays.json"
    ));
    let feed: serde_json::Value = serde_json::from_str(file).unwrap();
    let mut found = BTreeSet::new();
    for (nation, division) in feed.as_object().unwrap() {
        for event in division["events"].as_array().unwrap() {
            found.insert((
                nation.clone(),
                event["date"].as_str().unwrap().parse().unwrap(),
            ));
        }
    }
    found
}

impl Council {
    fn draw(dice: &mut Dice, holidays: &BTreeSet<(String, Date)>) -> Council {
        let mut week: [Hours; 7] = std::array::from_fn(|_| Vec::new());
        for (n, hours) in week.iter_mut().enumerate() {
            let open = if n < 5 {
                !dice.one_in(12)
            } else {
                dice.one_in(6)
            };
            if !open {
                continue;
            }
            *hours = match dice.below(5) {
                0 => vec![(9 * 60, 12 * 60 + 30), (13 * 60 + 30, 17 * 60)],
                1 => vec![(8 * 60 + 30, 16 * 60 + 30)],
                2 => vec![(0, 24 * 60)],
                _ => vec![(9 * 60, 17 * 60)],
            };
        }
        if week.iter().all(Vec::is_empty) {
            week[2] = vec![(9 * 60, 17 * 60)];
        }
        let first: Date = "2024-01-01".parse().unwrap();
        let day = |dice: &mut Dice| {
            first
                .checked_add(SignedDuration::from_hours(24 * dice.below(1900) as i64))
                .unwrap()
        };
        let closures: BTreeSet<Date> = (0..dice.below(40)).map(|_| day(dice)).collect();
        let mut half_days = BTreeMap::new();
        for _ in 0..dice.below(6) {
            let on = day(dice);
            let opens_before_noon = week[index(on)]
                .first()
                .is_some_and(|(opens, _)| *opens < 12 * 60);
            if opens_before_noon && !closures.contains(&on) {
                half_days.insert(on, 12 * 60);
            }
        }
        let nation = ["england-and-wales", "scotland", "northern-ireland"][dice.below(3) as usize];
        let zone = TimeZone::get("Europe/London").unwrap();
        Council {
            nation,
            week,
            closures,
            half_days,
            holidays: holidays.clone(),
            zone,
        }
    }

    /// The same council as the code under test is told of it.
    fn calendar(&self) -> Calendar {
        let text = |minutes: u32| format!("{:02}:{:02}", minutes / 60, minutes % 60);
        let hours = |n: usize| {
            let one = |(opens, closes): &(u32, u32)| {
                format!("{}-{}", text(*opens), text(*closes))
                    .parse()
                    .unwrap()
            };
            self.week[n].iter().map(one).collect::<Vec<_>>()
        };
        let week = Week {
            monday: hours(0),
            tuesday: hours(1),
            wednesday: hours(2),
            thursday: hours(3),
            friday: hours(4),
            saturday: hours(5),
            sunday: hours(6),
        };
        let half_day = |closes: u32| HalfDay {
            closes: text(closes).parse().unwrap(),
            reason: "Half day".to_owned(),
        };
        let spec = CalendarSpec {
            zone: "Europe/London".to_owned(),
            nation: self.nation.parse().unwrap(),
            week,
            cut_off: Default::default(),
            closures: self
                .closures
                .iter()
                .map(|on| (*on, "Closed".to_owned()))
                .collect(),
            half_days: self
                .half_days
                .iter()
                .map(|(on, closes)| (*on, half_day(*closes)))
                .collect(),
            extra_holidays: Vec::new(),
            worked_holidays: BTreeMap::new(),
        };
        Calendar::new(spec, crate::domain::calendar::tests::holidays()).unwrap()
    }

    fn local(&self, at: Timestamp) -> DateTime {
        self.zone.to_datetime(at)
    }

    fn at(&self, on: Date, minutes: u32) -> Timestamp {
        let (on, minutes) = if minutes == 24 * 60 {
            (on.tomorrow().unwrap(), 0)
        } else {
            (on, minutes)
        };
        let local = on.at((minutes / 60) as i8, (minutes % 60) as i8, 0, 0);
        self.zone.to_timestamp(local).unwrap()
    }

    fn counts(&self, on: Date, rules: &Rules) -> bool {
        let on_holiday = match rules.calendar {
            "any-uk" => Nation::ALL
                .iter()
                .any(|nation| self.holidays.contains(&(nation.slug().to_owned(), on))),
            "no-holidays" => false,
            "nation" => self.holidays.contains(&(self.nation.to_owned(), on)),
            nation => self.holidays.contains(&(nation.to_owned(), on)),
        };
        if on_holiday {
            return false;
        }
        if rules.office {
            !self.closures.contains(&on) && !self.week[index(on)].is_empty()
        } else {
            !matches!(on.weekday(), Weekday::Saturday | Weekday::Sunday)
        }
    }

    fn hours(&self, on: Date, rules: &Rules) -> Hours {
        let mut hours = self.week[index(on)].clone();
        if let Some(closes) = self.half_days.get(&on).filter(|_| rules.office) {
            hours.retain(|(opens, _)| opens < closes);
            for interval in &mut hours {
                interval.1 = interval.1.min(*closes);
            }
        }
        hours
    }

    fn closing(&self, on: Date, rules: &Rules) -> u32 {
        self.hours(on, rules)
            .last()
            .map_or(24 * 60, |(_, closes)| *closes)
    }
}

fn index(on: Date) -> usize {
    on.weekday().to_monday_zero_offset() as usize
}

/// How one clock counts, read off the paper that describes the standards.
struct Rules {
    calendar: &'static str,
    /// Cut-off, closures and closing time: the charter's way.
    office: bool,
    rolls: bool,
}

fn rules(standard: &str, clock: &str) -> Rules {
    let calendar = match standard {
        "foi" | "eir" | "foi-review" => "any-uk",
        "foisa" | "spso-complaint" => "scotland",
        "nipso-complaint" => "northern-ireland",
        "childrens-complaint" => "england-and-wales",
        "awaab-emergency" | "emergency-24x7" => "no-holidays",
        _ => "nation",
    };
    let office = matches!(
        standard,
        "charter" | "member-enquiry" | "highways-two-dates"
    );
    let unrolled =
        clock == "further_works" || matches!(standard, "ehc-request" | "penalty-charge-challenge");
    Rules {
        calendar,
        office,
        rolls: !unrolled,
    }
}

/// Counts one target the slow way.
fn slow(
    council: &Council,
    rules: &Rules,
    start: Timestamp,
    target: Target,
    pauses: &[(Timestamp, Timestamp)],
) -> Told {
    let local = council.local(start);
    let mut from = local.date();
    if rules.office && !matches!(target, Target::Hours(_)) {
        let minutes = local.hour() as u32 * 60 + local.minute() as u32;
        if !council.counts(from, rules) || minutes >= council.closing(from, rules) {
            from = from.tomorrow().unwrap();
            while !council.counts(from, rules) {
                from = from.tomorrow().unwrap();
            }
        }
    }
    counted(council, rules, start, from, target, pauses)
}

fn counted(
    council: &Council,
    rules: &Rules,
    start: Timestamp,
    from: Date,
    target: Target,
    pauses: &[(Timestamp, Timestamp)],
) -> Told {
    let paused_on = |on: Date| {
        pauses
            .iter()
            .any(|(a, b)| council.local(*a).date() < on && on <= council.local(*b).date())
    };
    let end = |on: Date| {
        let due_at = if rules.office {
            council.at(on, council.closing(on, rules))
        } else {
            council.at(on, 24 * 60)
        };
        Told {
            counted_from_on: from,
            due_on: on,
            due_at,
        }
    };
    let rolled = |mut on: Date| {
        while rules.rolls && !council.counts(on, rules) {
            on = on.tomorrow().unwrap();
        }
        on
    };
    match target {
        Target::WorkingDays(n) => {
            let mut counted = Vec::new();
            let mut on = from;
            while counted.len() < n as usize {
                on = on.tomorrow().unwrap();
                if council.counts(on, rules) && !paused_on(on) {
                    counted.push(on);
                }
            }
            end(counted.pop().unwrap_or(from))
        }
        Target::Hours(_) | Target::WorkingHours(_) => {
            // Minute by minute, as whole minutes of the epoch.
            let of_epoch = |at: Timestamp| at.as_second() / 60;
            let paused: Vec<(i64, i64)> = pauses
                .iter()
                .map(|(a, b)| (of_epoch(*a), of_epoch(*b)))
                .collect();
            let open = |minute: i64| {
                let local = council.local(Timestamp::from_second(minute * 60).unwrap());
                let of_day = local.hour() as u32 * 60 + local.minute() as u32;
                council
                    .hours(local.date(), rules)
                    .iter()
                    .any(|(a, b)| *a <= of_day && of_day < *b)
                    && council.counts(local.date(), rules)
            };
            let mut minute = of_epoch(start);
            let mut left = target.amount() * 60;
            while left > 0 {
                let counts = matches!(target, Target::Hours(_)) || open(minute);
                if counts && !paused.iter().any(|(a, b)| *a <= minute && minute < *b) {
                    left -= 1;
                }
                minute += 1;
            }
            let at = Timestamp::from_second(minute * 60).unwrap();
            Told {
                counted_from_on: from,
                due_on: council.local(at).date(),
                due_at: at,
            }
        }
        Target::Days(_) | Target::Weeks(_) | Target::Months(_) => {
            let mut on = match target {
                Target::Days(n) => plus_days(from, n),
                Target::Weeks(n) => plus_days(from, n * 7),
                Target::Months(n) => plus_months(from, n),
                _ => unreachable!(),
            };
            // Day by day: a pause that began before the date was over moves it a day for each of its own.
            let mut day = from.tomorrow().unwrap();
            for _ in 0..2_000 {
                let counts_for_nothing = pauses.iter().any(|(a, b)| {
                    let (a, b) = (council.local(*a).date(), council.local(*b).date());
                    a < day && day <= b
                });
                let begun = first_of(pauses, council, day).is_some_and(|began| began < rolled(on));
                if counts_for_nothing && begun {
                    on = on.tomorrow().unwrap();
                }
                if day > rolled(on) && !counts_for_nothing {
                    break;
                }
                day = day.tomorrow().unwrap();
            }
            end(rolled(on))
        }
    }
}

/// The first day of the unbroken run of pauses a day belongs to.
fn first_of(pauses: &[(Timestamp, Timestamp)], council: &Council, day: Date) -> Option<Date> {
    let days: Vec<(Date, Date)> = pauses
        .iter()
        .map(|(a, b)| (council.local(*a).date(), council.local(*b).date()))
        .collect();
    let mut first = days
        .iter()
        .filter(|(a, b)| *a < day && day <= *b)
        .map(|(a, _)| *a)
        .min()?;
    while let Some(earlier) = days
        .iter()
        .filter(|(a, b)| *a < first && first <= *b)
        .map(|(a, _)| *a)
        .min()
    {
        first = earlier;
    }
    Some(first)
}

fn plus_days(from: Date, n: u32) -> Date {
    let mut on = from;
    for _ in 0..n {
        on = on.tomorrow().unwrap();
    }
    on
}

fn plus_months(from: Date, n: u32) -> Date {
    let months = from.year() as i32 * 12 + from.month() as i32 - 1 + n as i32;
    let (year, month) = ((months / 12) as i16, (months % 12 + 1) as i8);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = match month {
        2 => 28 + i8::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    Date::new(year, month, from.day().min(last)).unwrap()
}

/// An instant to the minute between 2024 and 2028, one in eight near a clock change or Christmas.
fn draw_instant(dice: &mut Dice) -> Timestamp {
    let first: Timestamp = "2024-01-01T00:00:00Z".parse().unwrap();
    let special = [
        "2026-03-29T00:00:00Z",
        "2026-10-25T00:00:00Z",
        "2027-03-28T00:00:00Z",
        "2024-12-24T11:00:00Z",
        "2026-12-23T16:30:00Z",
        "2026-06-12T12:00:00Z",
        "2028-02-28T12:00:00Z",
        "2027-10-31T00:00:00Z",
    ];
    if dice.one_in(8) {
        let near: Timestamp = special[dice.below(8) as usize].parse().unwrap();
        return near + SignedDuration::from_mins(dice.below(300) as i64);
    }
    first + SignedDuration::from_mins(dice.below(4 * 366 * 24 * 60) as i64)
}

/// The standard of a case; under the charter with figures of some category.
fn draw_standard(dice: &mut Dice) -> Standard {
    let all = ready();
    let n = dice.below(all.len() as u64 + 8) as usize;
    let standard = all.values().nth(n).unwrap_or(&all["charter"]);
    let figure = match dice.below(6) {
        0 => Some(Target::Hours(1 + dice.below(10) as u32)),
        1 => Some(Target::WorkingDays(1 + dice.below(40) as u32)),
        _ => None,
    };
    standard.resolve(
        &Figures {
            acknowledge: figure,
            respond: figure,
            no_answer: false,
        },
        dice.one_in(2),
    )
}

#[test]
fn the_clocks_agree_with_a_calculator_that_counts_on_its_fingers() {
    let number = |name: &str, otherwise: u64| {
        std::env::var(name).map_or(otherwise, |text| text.parse().unwrap())
    };
    let cases = number("ORACLE_CASES", 2_000);
    let mut dice = Dice(number("ORACLE_SEED", 0x5EED_DA7E).max(1));
    let holidays = all_holidays();
    let mut compared = 0;
    for n in 0..cases {
        let council = Council::draw(&mut dice, &holidays);
        compared += compare_one(&mut dice, &council, n);
    }
    assert!(compared > cases, "only {compared} dates were compared");
}

/// Draws one case of a council and holds every date of it against the slow calculator.
fn compare_one(dice: &mut Dice, council: &Council, n: u64) -> u64 {
    let standard = draw_standard(dice);
    let slug = standard.slug.clone();
    let terms = Terms::new(standard, council.calendar(), &BTreeMap::new()).unwrap();
    let received_at = draw_instant(dice);
    let mut facts = Facts::received(received_at);
    let mut at = received_at;
    for event in terms.standard.events() {
        // An answer would end the pauses and the fresh starts of its clock.
        if !matches!(event, "responded" | "appeal_heard") && dice.one_in(2) {
            at += SignedDuration::from_mins(dice.below(15 * 24 * 60) as i64);
            facts.happened(event, at);
        }
    }
    let mut pauses = Vec::new();
    for _ in 0..dice.below(4) {
        let from = received_at + SignedDuration::from_mins(dice.below(25 * 24 * 60) as i64);
        let to = from + SignedDuration::from_mins(dice.below(12 * 24 * 60) as i64);
        pauses.push((from, to));
        facts.pauses.push(Pause {
            clock: None,
            from,
            to: Some(to),
            resume_on: council.local(to).date().tomorrow().unwrap(),
            reason: "Waiting".to_owned(),
            waiting_for: WaitingFor::Person,
        });
    }
    let more = Target::WorkingDays(1 + dice.below(10) as u32);
    let readings = read(&facts, &terms, received_at);
    let mut told: BTreeMap<String, Told> = BTreeMap::new();
    for (spec, reading) in terms.standard.clocks.iter().zip(&readings) {
        let rules = rules(&slug, &spec.name);
        let happened = |event: &str| {
            facts
                .events
                .iter()
                .find(|one| one.name == event)
                .map(|one| one.at)
        };
        let target = spec.target().unwrap();
        let pausable = matches!(slug.as_str(), "charter" | "member-enquiry" | "sar");
        // A clock that was met before a pause is not moved by it.
        let met_at = if spec.name == "acknowledge" {
            happened("acknowledged")
        } else {
            None
        };
        let mut own: Vec<(Timestamp, Timestamp)> =
            if pausable { pauses.clone() } else { Vec::new() };
        own.retain(|(from, _)| met_at.is_none_or(|met_at| *from < met_at));
        own.sort();
        let restart = match (slug.as_str(), spec.name.as_str()) {
            ("foi" | "eir", "respond") => happened("clarified").map(|at| (at, target)),
            ("school-appeal", "hearing") => {
                happened("appeal_deadline").map(|at| (at, Target::WorkingDays(40)))
            }
            _ => None,
        };
        let restart = restart.filter(|(at, _)| *at > received_at);
        let begun = if spec.starts == "received" {
            Some(received_at)
        } else {
            happened(&spec.starts)
        };
        let before = match spec.starts.as_str() {
            "acknowledged" => told.get("acknowledge"),
            "stage_2_acknowledged" => told.get("stage_2_acknowledge"),
            _ => None,
        };
        let expected = match (restart, begun, before) {
            (Some((at, target)), _, _) => Some((slow(council, &rules, at, target, &own), target)),
            (None, Some(at), _) => Some((slow(council, &rules, at, target, &own), target)),
            (None, None, Some(before)) => Some((
                counted(council, &rules, before.due_at, before.due_on, target, &own),
                target,
            )),
            (None, None, None) => None,
        };
        let found = reading.due_on.map(|due_on| Told {
            counted_from_on: reading.counted_from_on.unwrap(),
            due_on,
            due_at: reading.due_at.unwrap(),
        });
        let case = || {
            format!(
                "case {n}: {slug} {} {target} {facts:#?} {:#?}",
                spec.name,
                terms.calendar.spec()
            )
        };
        assert_eq!(
            found,
            expected.as_ref().map(|(told, _)| Told { ..*told }),
            "{}",
            case()
        );
        let Some((own_told, target)) = expected else {
            continue;
        };
        // Extended: as if more had been promised from the start.
        let extension = Extension {
            clock: spec.name.clone(),
            to: Longer::By(more),
            reason: "x".to_owned(),
            at,
        };
        if let (Ok(granted), Target::WorkingDays(days)) =
            (check_extension_length(&facts, &terms, extension), target)
        {
            let mut extended = facts.clone();
            extended.extensions.push(granted);
            let start = restart.map(|(at, _)| at).or(begun);
            let sum = Target::WorkingDays(days + more.amount());
            let slow_due = match start {
                Some(at) => slow(council, &rules, at, sum, &own),
                None => counted(
                    council,
                    &rules,
                    own_told.due_at,
                    own_told.counted_from_on,
                    sum,
                    &own,
                ),
            };
            let later = read(&extended, &terms, received_at);
            let later = later
                .iter()
                .find(|reading| reading.name == spec.name)
                .unwrap();
            assert_eq!(
                (later.due_on, later.due_at),
                (Some(slow_due.due_on), Some(slow_due.due_at)),
                "extended {}",
                case()
            );
        }
        told.insert(spec.name.clone(), own_told);
    }
    told.len() as u64
}

#[test]
fn the_oracle_knows_the_nations() {
    let found: BTreeSet<String> = all_holidays()
        .into_iter()
        .map(|(nation, _)| nation)
        .collect();
    assert_eq!(
        found,
        Nation::ALL.map(|nation| nation.slug().to_owned()).into()
    );
}
