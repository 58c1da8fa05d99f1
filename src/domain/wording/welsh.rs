//! Days, hours, opening times and where a case stands, in Welsh.

use jiff::civil::{Date, Time, Weekday};

use crate::domain::case::{Outcome, Status, WaitingFor};

/// Opening hours in Welsh, from the words the catalogue makes ("Monday to Friday, 8.30am to
/// 5pm"); nothing when a word is not known, since a wrong hour is worse than none.
#[must_use]
pub fn welsh_hours(english: &str) -> Option<String> {
    if english.starts_with("24 hours") {
        return Some("24 awr y dydd".to_owned());
    }
    let mut said: Vec<String> = Vec::new();
    for token in english.split_whitespace() {
        let (word, comma) = match token.strip_suffix(',') {
            Some(word) => (word, ","),
            None => (token, ""),
        };
        let follows_to = said.last().is_some_and(|last| last == "i");
        let welsh = match word {
            "to" => "i".to_owned(),
            "and" => "a".to_owned(),
            "midday" if follows_to => "ganol dydd".to_owned(),
            "midday" => "canol dydd".to_owned(),
            _ => match WEEKDAYS.iter().find(|(name, _)| *name == word) {
                // "i" softens what follows: "dydd Llun i ddydd Gwener".
                Some((_, welsh)) if follows_to => format!("d{welsh}"),
                Some((_, welsh)) => (*welsh).to_owned(),
                None if word.starts_with(|c: char| c.is_ascii_digit()) => word.to_owned(),
                None => return None,
            },
        };
        said.push(format!("{welsh}{comma}"));
    }
    (!said.is_empty()).then(|| said.join(" "))
}

pub(super) const fn weekday(weekday: Weekday) -> &'static str {
    match weekday {
        Weekday::Monday => "dydd Llun",
        Weekday::Tuesday => "dydd Mawrth",
        Weekday::Wednesday => "dydd Mercher",
        Weekday::Thursday => "dydd Iau",
        Weekday::Friday => "dydd Gwener",
        Weekday::Saturday => "dydd Sadwrn",
        Weekday::Sunday => "dydd Sul",
    }
}

pub(super) const fn month(month: i8) -> &'static str {
    match month {
        1 => "Ionawr",
        2 => "Chwefror",
        3 => "Mawrth",
        4 => "Ebrill",
        5 => "Mai",
        6 => "Mehefin",
        7 => "Gorffennaf",
        8 => "Awst",
        9 => "Medi",
        10 => "Hydref",
        11 => "Tachwedd",
        _ => "Rhagfyr",
    }
}

pub(super) fn hour(at: Time) -> String {
    match (at.hour(), at.minute()) {
        (0, 0) => "hanner nos".to_owned(),
        (12, 0) => "hanner dydd".to_owned(),
        _ => super::clock_time(at),
    }
}

/// Where a case stands. A team's name is English; "y tîm" keeps it out of Welsh grammar.
pub(super) fn status(
    status: Status,
    waiting_for: Option<WaitingFor>,
    outcome: Option<Outcome>,
    follow_up_until: Option<Date>,
) -> String {
    match status {
        Status::New => "Mae gyda ni; nid oes neb yn gweithio arno eto".to_owned(),
        Status::Open => "Mae'r tîm yn gweithio arno".to_owned(),
        Status::Waiting => match waiting_for {
            Some(WaitingFor::Person) | None => "Mae angen rhywbeth arnom gennych chi",
            Some(WaitingFor::Contractor) => "Rydym yn aros am ein contractwr",
            Some(WaitingFor::OtherBody) => "Rydym yn aros am sefydliad arall",
        }
        .to_owned(),
        Status::Responded => match follow_up_until {
            Some(on) => format!(
                "Rydym wedi ateb. Rhowch wybod i ni erbyn {} os nad yw'n iawn",
                super::day(on, super::Language::Welsh)
            ),
            None => "Rydym wedi ateb. Rhowch wybod i ni os nad yw'n iawn".to_owned(),
        },
        Status::Closed => match outcome {
            Some(Outcome::Answered) | None => "Wedi cau: rydym wedi ateb",
            Some(Outcome::Resolved) => "Wedi cau: mae wedi'i ddatrys",
            Some(Outcome::Referred) => {
                "Wedi cau: rydym wedi'i anfon at y rhai sy'n gallu delio ag ef"
            }
            Some(Outcome::NotOurs) => {
                "Mater i sefydliad arall yw hwn; mae ein neges yn dweud sut i gysylltu â nhw"
            }
            Some(Outcome::Duplicate | Outcome::Merged) => {
                "Rydym yn delio â hyn gyda neges arall am yr un peth"
            }
            Some(Outcome::Withdrawn) => "Wedi cau am i chi ofyn i ni",
            Some(Outcome::NoReply) => "Wedi cau am na chlywsom gennych",
            Some(Outcome::Refused) => "Wedi cau: ni allwn wneud hyn, ac mae ein neges yn dweud pam",
        }
        .to_owned(),
    }
}

const WEEKDAYS: [(&str, &str); 7] = [
    ("Monday", "dydd Llun"),
    ("Tuesday", "dydd Mawrth"),
    ("Wednesday", "dydd Mercher"),
    ("Thursday", "dydd Iau"),
    ("Friday", "dydd Gwener"),
    ("Saturday", "dydd Sadwrn"),
    ("Sunday", "dydd Sul"),
];
