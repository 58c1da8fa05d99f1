//! Days, hours and cut-offs.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use jiff::civil::{Date, date};
use jiff::{SignedDuration, Timestamp, ToSpan as _};

use super::{BankHolidays, Calendar, CalendarSpec, Day, Holidays, Nation};

pub(crate) fn holidays() -> BankHolidays {
    static HOLIDAYS: LazyLock<BankHolidays> = LazyLock::new(|| {
        BankHolidays::parse(include_str!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/config/bank-holidays.json"
        )))
        .unwrap()
    });
    HOLIDAYS.clone()
}

pub(crate) const NINE_TO_FIVE: &str = r#"
    nation = "england-and-wales"
    [week]
    monday = ["09:00-17:00"]
    tuesday = ["09:00-17:00"]
    wednesday = ["09:00-17:00"]
    thursday = ["09:00-17:00"]
    friday = ["09:00-17:00"]
"#;

const CHRISTMAS: &str = r#"
    [closures]
    2026-12-29 = "Christmas closure"
    2026-12-30 = "Christmas closure"
    2026-12-31 = "Christmas closure"
    [half_days]
    2026-12-24 = { closes = "12:00", reason = "Christmas Eve" }
"#;

pub(crate) fn calendar(toml: &str) -> Calendar {
    let spec: CalendarSpec = toml::from_str(toml).unwrap();
    Calendar::new(spec, holidays()).unwrap()
}

/// The demo council's calendar.
pub(crate) fn northmere() -> Calendar {
    static NORTHMERE: LazyLock<Calendar> =
        LazyLock::new(|| calendar(&format!("{NINE_TO_FIVE}{CHRISTMAS}")));
    NORTHMERE.clone()
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn refused(toml: &str) -> String {
    let spec: CalendarSpec = toml::from_str(toml).unwrap();
    Calendar::new(spec, holidays()).unwrap_err().to_string()
}

fn round_the_clock() -> Calendar {
    let day = |name: &str| format!("{name} = [\"00:00-24:00\"]\n");
    let week: String = [
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
    ]
    .map(day)
    .concat();
    calendar(&format!("nation = \"scotland\"\n[week]\n{week}"))
}

#[test]
fn the_feed_holds_every_holiday_of_the_three_nations() {
    let holidays = holidays();
    let n = |nation| holidays.of(nation).count();
    assert_eq!(
        (
            n(Nation::EnglandAndWales),
            n(Nation::Scotland),
            n(Nation::NorthernIreland)
        ),
        (40, 46, 50)
    );
    assert_eq!(holidays.known_until(), Some(date(2028, 12, 31)));
}

#[test]
fn half_a_feed_is_refused() {
    let error =
        BankHolidays::parse(r#"{"scotland": {"events": [{"title": "x", "date": "2026-01-01"}]}}"#);
    assert_eq!(
        error.unwrap_err(),
        "the bank holiday feed has no holidays for england-and-wales"
    );
    assert!(
        BankHolidays::parse("<html>")
            .unwrap_err()
            .starts_with("not a bank holiday feed")
    );
}

#[test]
fn a_substitute_day_says_that_it_is_one() {
    let holidays = holidays();
    let boxing_day = date(2026, 12, 28);
    assert_eq!(
        holidays
            .title(Holidays::Of(Nation::EnglandAndWales), boxing_day)
            .unwrap(),
        "Boxing Day (substitute day)"
    );
    let scottish = holidays.title(Holidays::AnyUk, date(2026, 11, 30)).unwrap();
    assert_eq!(scottish, "St Andrew’s Day in Scotland");
    assert_eq!(
        holidays.title(Holidays::Of(Nation::EnglandAndWales), date(2026, 11, 30)),
        None
    );
    assert_eq!(holidays.title(Holidays::Nobody, boxing_day), None);
}

#[test]
fn the_cut_off_is_the_first_instant_of_after() {
    let calendar = northmere();
    let from = |text| calendar.office().counted_from(at(text));
    assert_eq!(from("2026-11-20T16:59:59.999Z"), date(2026, 11, 20));
    assert_eq!(from("2026-11-20T17:00:00Z"), date(2026, 11, 23));
    assert_eq!(from("2026-11-21T08:00:00Z"), date(2026, 11, 23));
    assert_eq!(from("2026-11-20T00:00:00Z"), date(2026, 11, 20));
    // 23:30 UTC is half past midnight of the next day in summer.
    assert_eq!(from("2026-07-02T23:30:00Z"), date(2026, 7, 3));
}

#[test]
fn a_friday_may_have_its_own_cut_off() {
    let calendar = calendar(&format!("{NINE_TO_FIVE}[cut_off]\nfriday = \"16:30\"\n"));
    let from = |text| calendar.office().counted_from(at(text));
    assert_eq!(from("2026-11-20T16:29:59Z"), date(2026, 11, 20));
    assert_eq!(from("2026-11-20T16:30:00Z"), date(2026, 11, 23));
    assert_eq!(from("2026-11-19T16:30:00Z"), date(2026, 11, 19));
    assert_eq!(
        calendar.office().closing_at(date(2026, 11, 20)),
        at("2026-11-20T17:00:00Z")
    );
}

#[test]
fn every_day_of_the_week_may_have_its_own_cut_off() {
    let days = [
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
    ];
    let week: String = days
        .map(|day| format!("{day} = [\"09:00-17:00\"]\n"))
        .concat();
    let cut_offs: String = (0..7)
        .zip(days)
        .map(|(n, day)| format!("{day} = \"1{n}:00\"\n"))
        .collect();
    let calendar = calendar(&format!(
        "nation = \"scotland\"\n[week]\n{week}[cut_off]\n{cut_offs}"
    ));
    let monday = date(2026, 11, 16);
    for (n, on) in (0_i8..7).zip(monday.series(1.day())) {
        let cut_off = calendar.instant(on, format!("1{n}:00").parse().unwrap());
        let just_before = cut_off - SignedDuration::from_secs(1);
        let office = calendar.office();
        assert_eq!(office.counted_from(just_before), on);
        assert_eq!(office.counted_from(cut_off), on.tomorrow().unwrap());
    }
}

#[test]
fn a_half_day_counts_and_ends_at_noon() {
    let calendar = northmere();
    let (office, law) = (
        calendar.office(),
        calendar.view(Holidays::Of(Nation::EnglandAndWales), false),
    );
    let eve = date(2026, 12, 24);
    assert!(office.is_working_day(eve));
    assert_eq!(office.closing_at(eve), at("2026-12-24T12:00:00Z"));
    assert_eq!(
        office.counted_from(at("2026-12-24T12:00:00Z")),
        date(2027, 1, 4)
    );
    assert_eq!(office.counted_from(at("2026-12-24T11:59:00Z")), eve);
    assert_eq!(law.closing_at(eve), at("2026-12-24T17:00:00Z"));
}

#[test]
fn the_days_on_which_the_office_closes_early_are_named_where_closures_count() {
    let calendar = northmere();
    let (office, eve) = (calendar.office(), date(2026, 12, 24));
    let named = |from: Date, until: Date| -> Vec<(Date, String)> {
        let closings = office.early_closings(from, until).into_iter();
        closings
            .map(|(on, half_day)| (on, half_day.reason.clone()))
            .collect()
    };
    let christmas = vec![(eve, "Christmas Eve".to_owned())];
    assert_eq!(named(date(2026, 12, 1), date(2026, 12, 31)), christmas);
    assert_eq!(named(eve, eve), christmas, "both days belong to it");
    assert_eq!(named(date(2026, 12, 25), date(2027, 1, 31)), []);
    assert_eq!(named(date(2026, 12, 31), date(2026, 12, 1)), [], "no days");
    let law = calendar.view(Holidays::Of(Nation::EnglandAndWales), false);
    assert_eq!(law.early_closings(eve, eve), [], "the law knows none");
}

#[test]
fn closures_count_for_the_office_and_never_for_the_law() {
    let calendar = northmere();
    let law = calendar.view(Holidays::AnyUk, false);
    for day in [date(2026, 12, 29), date(2026, 12, 30), date(2026, 12, 31)] {
        assert!(!calendar.office().is_working_day(day));
        assert!(law.is_working_day(day));
        assert_eq!(
            calendar.office().why_not(day).unwrap(),
            "closed: Christmas closure"
        );
        assert_eq!(law.why_not(day), None);
    }
    assert_eq!(
        calendar.office().add_working_days(date(2026, 12, 24), 1),
        date(2027, 1, 4)
    );
}

#[test]
fn the_days_left_out_are_those_named_and_no_others() {
    let calendar = northmere();
    let office = calendar.office();
    let fortnight = date(2026, 12, 21).series(1.day()).take(16);
    let worked: Vec<String> = fortnight
        .filter(|on| office.is_working_day(*on))
        .map(|on| on.to_string())
        .collect();
    assert_eq!(
        worked,
        [
            "2026-12-21",
            "2026-12-22",
            "2026-12-23",
            "2026-12-24",
            "2027-01-04",
            "2027-01-05"
        ]
    );
}

#[test]
fn an_office_that_opens_on_saturdays_changes_nothing_in_law() {
    let calendar = calendar(
        "nation = \"england-and-wales\"\n[week]\nsaturday = [\"10:00-14:00\"]\nmonday = [\"09:00-17:00\"]\n",
    );
    let saturday = date(2026, 11, 21);
    assert!(calendar.office().is_working_day(saturday));
    assert!(
        !calendar
            .view(Holidays::AnyUk, false)
            .is_working_day(saturday)
    );
    assert!(
        calendar
            .view(Holidays::AnyUk, false)
            .is_working_day(date(2026, 11, 24))
    );
    assert_eq!(
        calendar.office().why_not(date(2026, 11, 24)).unwrap(),
        "closed on a Tuesday"
    );
    assert_eq!(
        calendar.office().why_not(date(2026, 11, 22)).unwrap(),
        "Sunday"
    );
}

#[test]
fn a_council_may_work_on_a_bank_holiday_and_keep_its_own() {
    let calendar = calendar(&format!(
        "{}[closures]\n2026-09-28 = \"September weekend\"\n[worked_holidays]\n2026-08-03 = \"September weekend instead\"\n",
        NINE_TO_FIVE.replace("england-and-wales", "scotland")
    ));
    let summer = date(2026, 8, 3);
    assert!(calendar.office().is_working_day(summer));
    assert!(!calendar.office().is_working_day(date(2026, 9, 28)));
    assert!(
        !calendar
            .view(Holidays::Of(Nation::Scotland), false)
            .is_working_day(summer)
    );
}

#[test]
fn a_calendar_says_which_holidays_it_was_made_with() {
    let calendar = northmere();
    assert_eq!(*calendar.bank_holidays(), holidays());
    let again = calendar.with_bank_holidays(calendar.bank_holidays().clone());
    assert_eq!(again.unwrap(), calendar);
}

#[test]
fn two_calendars_are_one_by_their_days_and_their_holidays() {
    let calendar = northmere();
    let without_christmas = super::tests::calendar(NINE_TO_FIVE);
    assert_ne!(calendar, without_christmas);
    let feed = include_str!(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/config/bank-holidays.json"
    ));
    let moved = BankHolidays::parse(&feed.replace("2026-05-04", "2026-05-05")).unwrap();
    let moved = calendar.with_bank_holidays(moved).unwrap();
    assert_eq!(moved.spec(), calendar.spec());
    assert_ne!(moved, calendar);
    assert!(format!("{calendar:?}").contains("Christmas closure"));
}

#[test]
fn the_first_and_the_last_holiday_of_the_feed_are_holidays() {
    let calendar = northmere();
    let whose = Holidays::Of(Nation::EnglandAndWales);
    let days = calendar.bank_holidays().days(whose);
    assert!(days.len() > 30);
    for day in &days {
        assert!(!calendar.office().is_working_day(*day), "{day}");
        assert!(!calendar.view(whose, false).is_working_day(*day), "{day}");
    }
}

#[test]
fn whatever_keeps_the_office_closed_is_said() {
    let week = NINE_TO_FIVE.replace("friday = [\"09:00-17:00\"]", "");
    let calendar = calendar(&format!(
        "{week}[closures]\n2026-05-25 = \"Moving house\"\n2026-08-31 = \"Moving house\"\n2026-09-01 = \"Still moving\"\n\
         [worked_holidays]\n2026-08-31 = \"Worked in other years\"\n"
    ));
    let office = calendar.office();
    let why = |month, day| office.why_not(date(2026, month, day));
    assert_eq!(why(11, 20).as_deref(), Some("closed on a Friday"));
    assert_eq!(why(11, 21).as_deref(), Some("Saturday"));
    assert_eq!(why(5, 25).as_deref(), Some("Spring bank holiday"));
    assert_eq!(why(8, 31).as_deref(), Some("closed: Moving house"));
    assert_eq!(why(9, 1).as_deref(), Some("closed: Still moving"));
    assert_eq!(why(9, 2), None);
}

#[test]
fn the_last_open_day_is_looked_for_backwards_to_the_beginning_of_time() {
    assert_eq!(
        northmere().office().last_open_day(date(2026, 12, 28)),
        date(2026, 12, 24)
    );
    assert_eq!(
        northmere().office().last_open_day(date(2026, 11, 18)),
        date(2026, 11, 18)
    );
    for weekday in ["monday", "tuesday"] {
        let toml = format!("nation = \"scotland\"\n[week]\n{weekday} = [\"09:00-17:00\"]\n");
        let calendar = calendar(&toml);
        assert_eq!(calendar.office().last_open_day(Date::MIN), Date::MIN);
    }
}

#[test]
fn a_proclaimed_holiday_is_data() {
    let extra =
        "extra_holidays = [{ on = 2026-07-20, title = \"Proclaimed\", nations = [\"scotland\"] }]";
    let extra = extra.replace("2026-07-20", "\"2026-07-20\"");
    let calendar = calendar(&format!("{extra}\n{NINE_TO_FIVE}"));
    let day = date(2026, 7, 20);
    assert!(calendar.office().is_working_day(day));
    assert!(!calendar.view(Holidays::AnyUk, false).is_working_day(day));
    assert!(
        !calendar
            .with_nation(Nation::Scotland)
            .unwrap()
            .office()
            .is_working_day(day)
    );
}

#[test]
fn june_15_2026_is_a_holiday_in_scotland_alone() {
    let calendar = northmere();
    let day = date(2026, 6, 15);
    assert!(calendar.office().is_working_day(day));
    assert!(!calendar.view(Holidays::AnyUk, false).is_working_day(day));
    assert!(
        !calendar
            .view(Holidays::Of(Nation::Scotland), false)
            .is_working_day(day)
    );
}

#[test]
fn no_minute_is_lost_at_midnight() {
    // A calendar open round the clock, written 24:00 rather than 23:59, runs like a plain clock.
    let calendar = round_the_clock();
    let start = at("2026-11-17T18:00:00Z");
    for hours in 1..200 {
        let elapsed = start
            .checked_add(SignedDuration::from_hours(i64::from(hours)))
            .unwrap();
        assert_eq!(
            calendar
                .view(Holidays::Nobody, true)
                .add_working_hours(start, hours),
            elapsed
        );
    }
}

#[test]
fn working_hours_round_the_clock_follow_both_clock_changes() {
    let calendar = round_the_clock();
    let view = calendar.view(Holidays::Nobody, true);
    assert_eq!(
        view.add_working_hours(at("2027-03-27T18:00:00Z"), 24),
        at("2027-03-28T18:00:00Z")
    );
    assert_eq!(
        view.add_working_hours(at("2026-10-24T17:00:00Z"), 24),
        at("2026-10-25T17:00:00Z")
    );
}

#[test]
fn a_lunch_break_is_not_a_holiday() {
    let split = NINE_TO_FIVE.replace("\"09:00-17:00\"", "\"09:00-12:30\", \"13:30-17:00\"");
    let calendar = calendar(&split);
    let office = calendar.office();
    assert!(office.is_working_day(date(2026, 11, 18)));
    assert_eq!(
        office.add_working_hours(at("2026-11-18T12:00:00Z"), 1),
        at("2026-11-18T14:00:00Z")
    );
    assert_eq!(
        office.add_working_hours(at("2026-11-18T12:45:00Z"), 1),
        at("2026-11-18T14:30:00Z")
    );
    assert_eq!(
        office.counted_from(at("2026-11-18T12:45:00Z")),
        date(2026, 11, 18)
    );
}

#[test]
fn the_last_hour_ends_at_closing_not_at_the_next_opening() {
    let calendar = northmere();
    let office = calendar.office();
    assert_eq!(
        office.add_working_hours(at("2026-11-18T09:00:00Z"), 8),
        at("2026-11-18T17:00:00Z")
    );
    assert_eq!(
        office.add_working_hours(at("2026-11-18T09:00:01Z"), 8),
        at("2026-11-19T09:00:01Z")
    );
    assert_eq!(
        office.add_working_hours(at("2026-12-24T10:00:00Z"), 4),
        at("2027-01-04T11:00:00Z")
    );
}

#[test]
fn a_week_without_mondays_and_thursdays_still_gives_dates() {
    let calendar = calendar(
        "nation = \"england-and-wales\"\n[week]\ntuesday = [\"09:00-17:00\"]\nfriday = [\"09:00-12:00\"]\n",
    );
    let office = calendar.office();
    assert_eq!(
        office.add_working_days(date(2026, 11, 16), 3),
        date(2026, 11, 24)
    );
    assert_eq!(
        office.add_working_hours(at("2026-11-16T10:00:00Z"), 12),
        at("2026-11-24T10:00:00Z")
    );
}

#[test]
fn a_week_that_never_opens_is_refused() {
    assert!(refused("nation = \"scotland\"\n[week]\n").contains("no day of the week is open"));
}

#[test]
fn every_slip_of_the_pen_is_named_at_once() {
    let toml = format!(
        "zone = \"Europe/Northmere\"\n{}[cut_off]\nsunday = \"12:00\"\nmonday = \"18:00\"\n\
         [closures]\n2026-12-24 = \"Closed\"\n[half_days]\n2026-12-24 = {{ closes = \"08:00\", reason = \"Eve\" }}\n",
        NINE_TO_FIVE.replace(
            "tuesday = [\"09:00-17:00\"]",
            "tuesday = [\"09:00-13:00\", \"12:00-17:00\"]"
        )
    );
    let faults = refused(&toml);
    for part in [
        "on Tuesday, 12:00-17:00 begins before 09:00-13:00 has ended",
        "2026-12-24 is also a closure",
        "the office is not open before 08:00 on 2026-12-24",
        "cut_off: Sunday is closed",
        "cut_off: 18:00 on Monday is after closing at 17:00",
        "\"Europe/Northmere\" is not a known time zone",
    ] {
        assert!(faults.contains(part), "{part} is not in {faults}");
    }
}

#[test]
fn intervals_that_touch_and_a_cut_off_at_closing_are_no_slips() {
    let touching = NINE_TO_FIVE.replace(
        "tuesday = [\"09:00-17:00\"]",
        "tuesday = [\"09:00-13:00\", \"13:00-17:00\"]",
    );
    let calendar = calendar(&format!("{touching}[cut_off]\ntuesday = \"17:00\"\n"));
    assert!(!calendar.spec().cut_off.is_empty());
    assert!(northmere().spec().cut_off.is_empty());
    let written = |calendar: &Calendar| serde_json::to_value(calendar.spec()).unwrap();
    assert_eq!(written(&calendar)["cut_off"]["tuesday"], "17:00");
    assert!(written(&northmere()).get("cut_off").is_none());
}

#[test]
fn monday_to_friday_is_those_five_days() {
    let hours: super::Interval = "08:00-18:00".parse().unwrap();
    let week = super::Week::monday_to_friday(hours);
    let monday = Day::of(date(2026, 11, 16));
    let open: Vec<bool> = (0..7).map(|n| week.on(monday.plus(n)) == [hours]).collect();
    assert_eq!(open, [true, true, true, true, true, false, false]);
    assert!(week.on(monday.plus(6)).is_empty());
}

#[test]
fn times_of_day_are_read_strictly() {
    assert_eq!(
        "12:59".parse::<super::WallTime>().unwrap().spoken(),
        "12.59pm"
    );
    for wrong in [
        "9:00", "24:01", "12:60", "25:00", "1200", "12:00:00", "+1:00", "",
    ] {
        assert!(wrong.parse::<super::WallTime>().is_err(), "{wrong}");
    }
    for wrong in ["17:00-09:00", "09:00-09:00", "09:00", "09:00-25:00"] {
        assert!(wrong.parse::<super::Interval>().is_err(), "{wrong}");
    }
    let said = |text: &str| text.parse::<super::WallTime>().unwrap().spoken();
    assert_eq!(
        [
            "00:00", "00:30", "09:00", "12:00", "12:15", "16:30", "17:00", "24:00"
        ]
        .map(said),
        [
            "midnight", "12.30am", "9am", "noon", "12.15pm", "4.30pm", "5pm", "midnight"
        ]
    );
    assert_eq!(
        "24:00".parse::<super::WallTime>().unwrap().to_string(),
        "24:00"
    );
}

#[test]
fn a_full_hour_is_that_hour() {
    use super::WallTime;
    for hour in 0..=24 {
        assert_eq!(
            WallTime::from_hour(hour).to_string(),
            format!("{hour:02}:00")
        );
    }
    assert_eq!(WallTime::from_hour(25), WallTime::END_OF_DAY);
}

#[test]
fn a_nation_is_known_by_its_slug_only() {
    assert_eq!("scotland".parse(), Ok(Nation::Scotland));
    assert!(
        "wales"
            .parse::<Nation>()
            .unwrap_err()
            .contains("england-and-wales, scotland, northern-ireland")
    );
}

#[test]
fn notices_to_staff_leave_between_eight_and_six_on_working_days() {
    let calendar = northmere();
    let leaves = |text| calendar.next_sending_time(at(text));
    assert_eq!(leaves("2026-11-18T10:15:00Z"), at("2026-11-18T10:15:00Z"));
    assert_eq!(leaves("2026-11-18T08:00:00Z"), at("2026-11-18T08:00:00Z"));
    assert_eq!(leaves("2026-11-18T07:59:59Z"), at("2026-11-18T08:00:00Z"));
    assert_eq!(leaves("2026-11-18T18:00:00Z"), at("2026-11-19T08:00:00Z"));
    assert_eq!(leaves("2026-11-20T19:00:00Z"), at("2026-11-23T08:00:00Z"));
    assert_eq!(leaves("2026-12-26T12:00:00Z"), at("2027-01-04T08:00:00Z"));
    assert_eq!(leaves("2026-07-01T06:30:00Z"), at("2026-07-01T07:00:00Z"));
}

#[test]
fn a_digest_leaves_at_nine_on_the_next_working_day() {
    let calendar = northmere();
    let leaves = |text| calendar.next_digest_time(at(text));
    assert_eq!(leaves("2026-11-18T09:00:00Z"), at("2026-11-18T09:00:00Z"));
    assert_eq!(leaves("2026-11-18T09:00:01Z"), at("2026-11-19T09:00:00Z"));
    assert_eq!(leaves("2026-11-21T12:00:00Z"), at("2026-11-23T09:00:00Z"));
    assert_eq!(leaves("2026-12-24T10:00:00Z"), at("2027-01-04T09:00:00Z"));
}

#[test]
fn a_local_time_that_does_not_exist_is_when_the_clocks_skip() {
    let calendar = northmere();
    let half_past_one = "01:30".parse().unwrap();
    assert_eq!(
        calendar.instant(date(2027, 3, 28), half_past_one),
        at("2027-03-28T01:30:00Z")
    );
    // The first of two.
    assert_eq!(
        calendar.instant(date(2026, 10, 25), half_past_one),
        at("2026-10-25T00:30:00Z")
    );
}

#[test]
fn a_local_time_is_one_instant_whatever_was_asked_for_before() {
    use super::instants::Instants;
    let calendar = northmere();
    // At the very change, about it, and months from any.
    let asked = [
        (date(2027, 3, 28), "02:00"),
        (date(2027, 2, 28), "12:00"),
        (date(2026, 7, 1), "12:00"),
        (date(2026, 10, 25), "01:00"),
        (date(2026, 10, 25), "02:00"),
        (date(2026, 9, 25), "12:00"),
        (date(2027, 1, 4), "09:00"),
        (date(2026, 6, 1), "09:00"),
        (date(2027, 3, 27), "23:00"),
        (date(2027, 3, 28), "01:30"),
        (date(2027, 3, 28), "03:00"),
    ];
    for (first, first_time) in asked {
        for (on, time) in asked {
            let mut instants = Instants::of(&calendar);
            instants.at(Day::of(first), first_time.parse().unwrap());
            let time = time.parse().unwrap();
            assert_eq!(
                instants.at(Day::of(on), time),
                calendar.instant(on, time),
                "{on} {time} after {first} {first_time}"
            );
        }
    }
}

#[test]
fn a_snapshot_read_back_is_the_same_calendar() {
    let calendar = northmere();
    let json = serde_json::to_string(&calendar).unwrap();
    let back: Calendar = serde_json::from_str(&json).unwrap();
    assert_eq!(back, calendar);
    assert_eq!(
        back.office().add_working_days(date(2026, 12, 23), 2),
        date(2027, 1, 4)
    );
    assert!(
        serde_json::from_str::<Calendar>(&json.replace("Europe/London", "Europe/Nowhere")).is_err()
    );
}

#[test]
fn the_ends_of_time_do_not_loop_for_ever() {
    let calendar = northmere();
    let office = calendar.office();
    assert_eq!(office.add_working_days(Date::MAX, 5), Date::MAX);
    assert_eq!(office.subtract_working_days(Date::MIN, 5), Date::MIN);
    assert_eq!(office.add_working_hours(Timestamp::MAX, 5), Timestamp::MAX);
    assert_eq!(Day::of(Date::MAX).next().date(), Date::MAX);
    assert_eq!(Day::of(Date::MIN).previous().date(), Date::MIN);
    calendar.instant(Date::MAX, super::WallTime::END_OF_DAY);
    assert_eq!(
        calendar.instant(Date::MIN, super::WallTime::MIDNIGHT),
        Timestamp::MIN
    );
    calendar.next_sending_time(Timestamp::MAX);
    calendar.next_digest_time(Timestamp::MIN);
}

/// A calendar with some of the weekdays open and random closures.
fn shuffled(weekdays: u8, closures: &BTreeSet<u16>) -> Calendar {
    let mut spec = northmere().spec().clone();
    let week = &mut spec.week;
    let days = [
        &mut week.monday,
        &mut week.tuesday,
        &mut week.wednesday,
        &mut week.thursday,
        &mut week.friday,
        &mut week.saturday,
        &mut week.sunday,
    ];
    for (n, day) in days.into_iter().enumerate() {
        *day = if weekdays >> n & 1 == 1 {
            vec!["09:00-17:00".parse().unwrap()]
        } else {
            Vec::new()
        };
    }
    spec.half_days.clear();
    let first = Day::of(date(2025, 1, 1));
    spec.closures = closures
        .iter()
        .map(|n| (first.plus(i32::from(*n)).date(), "Closed".to_owned()))
        .collect();
    Calendar::new(spec, holidays()).unwrap()
}

fn day_in(n: u16) -> Date {
    Day::of(date(2025, 1, 1)).plus(i32::from(n)).date()
}

#[test]
fn hours_counted_along_many_days_are_those_of_each_day_alone() {
    // Samoa left a whole day out in 2011, Lord Howe changes by half an hour, Dublin's winter is
    // the exception and not its summer, India never changes.
    for zone in [
        "Europe/London",
        "Europe/Dublin",
        "Pacific/Apia",
        "Australia/Lord_Howe",
        "Asia/Kolkata",
        "UTC",
    ] {
        let calendar = calendar(&format!("zone = {zone:?}\n{NINE_TO_FIVE}"));
        let mut instants = super::instants::Instants::of(&calendar);
        let first = Day::of(date(2009, 12, 1));
        for day in (0..365 * 30).map(|n| first.plus(n)) {
            for hour in [0, 1, 2, 3, 9, 17, 24] {
                let time = super::WallTime::from_hour(hour);
                assert_eq!(
                    instants.at(day, time),
                    calendar.instant(day.date(), time),
                    "{zone}, {} at {time}",
                    day.date()
                );
            }
        }
        // Asked for anywhere, also at a change and backwards.
        for day in (0..365 * 30).rev().step_by(13).map(|n| first.plus(n)) {
            let midnight = super::WallTime::MIDNIGHT;
            assert_eq!(
                instants.at(day, midnight),
                calendar.instant(day.date(), midnight)
            );
        }
    }
}

proptest::proptest! {
    #[test]
    fn a_day_number_is_the_date_it_came_from(year in -9999_i16..=9999, of_year in 1_i16..=365) {
        let first = Date::new(year, 1, 1).unwrap();
        let day = first.with().day_of_year(of_year).build().unwrap();
        proptest::prop_assert_eq!(Day::of(day).date(), day);
        proptest::prop_assert_eq!(Day::of(day).weekday(), day.weekday());
    }

    #[test]
    fn counting_back_from_a_date_gives_the_days_that_were_counted_to_it(
        weekdays in 1_u8..128, closures in proptest::collection::btree_set(0_u16..900, 0..60),
        from in 0_u16..700, n in 0_u32..60,
    ) {
        let calendar = shuffled(weekdays, &closures);
        let office = calendar.office();
        let to = office.add_working_days(day_in(from), n);
        proptest::prop_assert_eq!(office.working_days_between(day_in(from), to), n);
        if n > 0 {
            proptest::prop_assert!(office.is_working_day(to));
            let back = office.subtract_working_days(to, n);
            proptest::prop_assert!(back <= day_in(from) && office.is_working_day(back));
            proptest::prop_assert_eq!(office.working_days_between(back, day_in(from)), 0);
        }
    }

    #[test]
    fn what_comes_later_or_takes_longer_is_never_due_earlier(
        weekdays in 1_u8..128, closures in proptest::collection::btree_set(0_u16..900, 0..60),
        from in 0_u16..700, later in 0_u16..30, n in 0_u32..40, more in 0_u32..10,
    ) {
        let calendar = shuffled(weekdays, &closures);
        let office = calendar.office();
        let due = office.add_working_days(day_in(from), n);
        proptest::prop_assert!(office.add_working_days(day_in(from + later), n) >= due);
        proptest::prop_assert!(office.add_working_days(day_in(from), n + more) >= due);
        let start = calendar.instant(day_in(from), "10:20".parse().unwrap());
        let after = calendar.instant(day_in(from + later), "10:20".parse().unwrap());
        proptest::prop_assert!(office.add_working_hours(after, n) >= office.add_working_hours(start, n));
    }

    #[test]
    fn a_holiday_only_ever_moves_a_date_later(
        weekdays in 1_u8..128, closures in proptest::collection::btree_set(0_u16..900, 0..60),
        one_more in 0_u16..900, from in 0_u16..700, n in 1_u32..40,
    ) {
        // The mistake of counting the free days instead of leaving them out would move it earlier.
        let without = shuffled(weekdays, &closures);
        let mut closures = closures;
        closures.insert(one_more);
        let with = shuffled(weekdays, &closures);
        let (before, after) = (
            without.office().add_working_days(day_in(from), n),
            with.office().add_working_days(day_in(from), n),
        );
        proptest::prop_assert!(after >= before);
        let touched = day_in(one_more) > day_in(from)
            && day_in(one_more) <= before
            && without.office().is_working_day(day_in(one_more));
        proptest::prop_assert_eq!(after > before, touched);
    }

    #[test]
    fn working_time_added_is_working_time_found(
        weekdays in 1_u8..128, closures in proptest::collection::btree_set(0_u16..900, 0..60),
        from in 0_u32..900_000, minutes in 1_i64..6_000,
    ) {
        let calendar = shuffled(weekdays, &closures);
        let start = at("2025-01-01T00:00:00Z").checked_add(SignedDuration::from_mins(i64::from(from))).unwrap();
        let length = SignedDuration::from_mins(minutes);
        let end = calendar.office().add_working_time(start, length, &[]);
        proptest::prop_assert_eq!(calendar.office().working_time_between(start, end, &[]), length);
        let earlier = end.checked_sub(SignedDuration::from_secs(1)).unwrap();
        proptest::prop_assert!(calendar.office().working_time_between(start, earlier, &[]) < length);
    }

    #[test]
    fn staff_are_never_written_to_at_night_or_at_weekends(minute in 0_i64..3_000_000) {
        let calendar = northmere();
        let ready = at("2024-01-01T00:00:00Z").checked_add(SignedDuration::from_mins(minute)).unwrap();
        let sent = calendar.next_sending_time(ready);
        let local = calendar.zone().to_datetime(sent);
        proptest::prop_assert!(sent >= ready && (8..18).contains(&local.hour()));
        proptest::prop_assert!(calendar.office().is_working_day(local.date()));
    }
}
