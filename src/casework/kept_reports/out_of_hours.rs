//! What a partner took in while the office was shut: how many, how soon it reached us, what became of it,
//! and whether somebody was rung about danger.

use jiff::{Timestamp, ToSpan as _};
use serde_json::{Map, Value, json};

use super::{Made, Wanted};
use crate::casework::desk::Moment;
use crate::casework::failure::Failure;
use crate::casework::night_desk;
use crate::domain::access::Readers;
use crate::domain::calendar::WallTime;
use crate::domain::contact::Disposition;
use crate::domain::measure::{Share, told, without_few};
use crate::domain::report::{Column, ColumnKind, Definition, FEW, Row, Scope, Table};
use crate::store::Conn;
use crate::store::partner_figures::{self, TakenIn};

use super::tables::{FOLDED, hide_column};

const COLUMNS: &[(&str, &str, ColumnKind)] = &[
    ("came_in", "Came in", ColumnKind::Count),
    ("opened", "Opened a case", ColumnKind::Count),
    ("joined", "Joined a case", ColumnKind::Count),
    ("other", "Anything else", ColumnKind::Count),
    ("by_opening", "Here by the next opening", ColumnKind::Count),
    (
        "by_opening_percent",
        "Here by the next opening, per cent",
        ColumnKind::Percent,
    ),
    ("danger", "Danger", ColumnKind::Count),
    ("rung", "Somebody was rung", ColumnKind::Count),
    ("answered_in_time", "Answered in time", ColumnKind::Count),
    (
        "answered_of",
        "of those promised an answer",
        ColumnKind::Count,
    ),
    (
        "answered_percent",
        "Answered in time, per cent",
        ColumnKind::Percent,
    ),
];

/// What each figure means, by its column.
const DEFINITIONS: &[(&str, &str)] = &[
    (
        "came_in",
        "What the partner logged out of hours, by the local date on which it reached us. A repeat under the same \
         number is counted once.",
    ),
    ("opened", "Of those: a new case was opened."),
    ("joined", "Of those: it was put on a case that was there."),
    (
        "other",
        "Of those: kept without a case, or waiting for somebody to look at it.",
    ),
    (
        "by_opening",
        "Of those: it was logged before the office next opened after the partner took it in, so that the morning \
         found it.",
    ),
    (
        "by_opening_percent",
        "Here by the next opening, of a hundred that came in, to a tenth.",
    ),
    (
        "danger",
        "Of those that opened a case: somebody may have been in danger.",
    ),
    (
        "rung",
        "Of those in danger: a call to somebody on duty is recorded on the case, by whomever.",
    ),
    (
        "answered_in_time",
        "Of the cases opened: the council's answer was given before the first date the person was given.",
    ),
    (
        "answered_of",
        "Cases opened that were promised an answer, and where it was given or its first date has passed.",
    ),
    (
        "answered_percent",
        "Answered in time, of a hundred of those promised, to a tenth.",
    ),
];

/// What is not in it.
const LEAVES_OUT: &[&str] = &[
    "What is on cases that only named people may know of. It is in no figure, and in the hand-over list of its night.",
    "Calls the partner took and did not log.",
    "Names, references and anything anybody said.",
    "What reached us, or was put right, after this was made.",
];

/// Sums over what was taken in.
#[derive(Debug, Clone, Default)]
struct Nights {
    n_came_in: u64,
    n_opened: u64,
    n_joined: u64,
    n_by_opening: u64,
    n_danger: u64,
    n_rung: u64,
    n_answered: u64,
    n_answer_of: u64,
}

/// Whose report of a partner is.
///
/// # Errors
/// When nobody logs anything as that partner.
pub(super) fn readers(conn: &mut Conn, at: &Moment, partner: &str) -> Result<Readers, Failure> {
    let partners = partner_figures::principals(conn, partner)?;
    if partners.is_empty() {
        let detail = format!(
            "No partner signs in with an address at `{partner}`, and no key has that name."
        );
        return Err(Failure::invalid("/partner", "unknown_value", detail));
    }
    // Those over the queue where the night's work waits read it too.
    let fallback = &at.council.catalogue.routing.fallback.queue;
    Ok(Readers {
        partners,
        queues: vec![fallback.clone()],
        ..Readers::default()
    })
}

/// Makes it.
pub(super) fn made(
    conn: &mut Conn,
    at: &Moment,
    wanted: &Wanted,
    readers: Readers,
) -> Result<Made, Failure> {
    let calendar = &at.council.catalogue.calendar;
    let start_of = |day| calendar.instant(day, WallTime::MIDNIGHT);
    let after = wanted.period.to_on.checked_add(1.day());
    let after = after.map_err(|_| {
        Failure::invalid(
            "/to_on",
            "out_of_range",
            "This date is beyond the calendar.",
        )
    })?;
    let between = (start_of(wanted.period.from_on), start_of(after));
    let all = partner_figures::taken_in(conn, &readers.partners, between)?;
    let mut whole = Nights::default();
    let mut services: std::collections::BTreeMap<String, Nights> =
        std::collections::BTreeMap::new();
    for one in all
        .iter()
        .filter(|one| one.disposition != Disposition::Duplicate)
    {
        let opens_at = night_desk::opens_after(at, one.received_at)?;
        whole.count(one, opens_at, at.now);
        if let Some(case) = &one.case {
            let own = services.entry(case.service.clone()).or_default();
            own.count(one, opens_at, at.now);
        }
    }
    let partner = wanted.partner.clone().unwrap_or_default();
    let lines = services
        .into_iter()
        .map(|(slug, nights)| {
            let known = at.council.catalogue.service(&slug);
            let name = known.map_or_else(|| slug.clone(), |service| service.name.clone());
            ((slug, name), nights)
        })
        .collect();
    let (told_alone, few) = without_few(lines, |nights: &Nights| nights.n_came_in, Nights::add);
    let few = few.map(|nights| ((FEW.0.to_owned(), FEW.1.to_owned()), nights));
    let all_of_it = Row {
        key: "all".to_owned(),
        name: "All of it".to_owned(),
        defined_by: None,
        values: whole.values(false),
    };
    let tables = vec![
        table("all", "All together", vec![all_of_it], None),
        table(
            "services",
            "By the service whose work it became",
            folded(told_alone.into_iter().chain(few).collect()),
            Some(FOLDED.to_owned()),
        ),
    ];
    Ok(Made {
        title: format!("Out of hours: {partner}"),
        scope: Some(Scope {
            key: partner.clone(),
            name: partner,
            services: Vec::new(),
        }),
        readers,
        tables,
        definitions: Definition::all(DEFINITIONS),
        leaves_out: LEAVES_OUT.iter().map(|text| (*text).to_owned()).collect(),
    })
}

fn table(key: &str, caption: &str, rows: Vec<Row>, note: Option<String>) -> Table {
    Table {
        key: key.to_owned(),
        caption: caption.to_owned(),
        columns: COLUMNS
            .iter()
            .map(|(key, label, kind)| Column::new(key, label, *kind, key))
            .collect(),
        rows,
        note,
    }
}

/// The lines of services, without what is small or could be had by subtraction.
fn folded(lines: Vec<((String, String), Nights)>) -> Vec<Row> {
    let parts: Vec<Nights> = lines.iter().map(|(_, nights)| nights.clone()).collect();
    let mut rows: Vec<Row> = lines
        .into_iter()
        .map(|((key, name), nights)| Row {
            key,
            name,
            defined_by: None,
            values: nights.values(true),
        })
        .collect();
    for (keys, part) in ADDING {
        let parts: Vec<[u64; 2]> = parts.iter().map(part).collect();
        hide_column(&mut rows, &parts, keys);
    }
    rows
}

/// A column, or those told together, and what it adds up from.
type Adding = (&'static [&'static str], fn(&Nights) -> [u64; 2]);

const ADDING: &[Adding] = &[
    (&["opened", "joined", "other"], |nights| {
        [nights.n_opened, nights.n_joined + nights.n_other()]
    }),
    (&["by_opening", "by_opening_percent"], |nights| {
        let rest = nights.n_came_in.saturating_sub(nights.n_by_opening);
        [nights.n_by_opening, rest]
    }),
    (&["danger", "rung"], |nights| {
        let rest = nights.n_danger.saturating_sub(nights.n_rung);
        [nights.n_rung, rest]
    }),
    (
        &["answered_in_time", "answered_of", "answered_percent"],
        |nights| {
            let rest = nights.n_answer_of.saturating_sub(nights.n_answered);
            [nights.n_answered, rest]
        },
    ),
];

impl Nights {
    fn count(&mut self, one: &TakenIn, opens_at: Timestamp, now: Timestamp) {
        self.n_came_in += 1;
        self.n_joined += u64::from(one.disposition == Disposition::Joined);
        self.n_by_opening += u64::from(one.logged_at < opens_at);
        if one.disposition != Disposition::Opened {
            return;
        }
        self.n_opened += 1;
        let Some(case) = &one.case else {
            return;
        };
        self.n_danger += u64::from(case.is_danger);
        self.n_rung += u64::from(case.is_danger && case.is_rung);
        let answered = case.answer.is_kept(case.closed_at.unwrap_or(now));
        self.n_answer_of += u64::from(answered.is_some());
        self.n_answered += u64::from(answered == Some(true));
    }

    fn add(&mut self, other: Self) {
        self.n_came_in += other.n_came_in;
        self.n_opened += other.n_opened;
        self.n_joined += other.n_joined;
        self.n_by_opening += other.n_by_opening;
        self.n_danger += other.n_danger;
        self.n_rung += other.n_rung;
        self.n_answered += other.n_answered;
        self.n_answer_of += other.n_answer_of;
    }

    fn n_other(&self) -> u64 {
        self.n_came_in
            .saturating_sub(self.n_opened)
            .saturating_sub(self.n_joined)
    }

    fn values(&self, is_folded: bool) -> Map<String, Value> {
        let n = |n: u64| if is_folded { told(n) } else { Some(n) };
        let share = if is_folded { Share::public } else { Share::of };
        let by_opening = share(self.n_by_opening, self.n_came_in);
        let answered = share(self.n_answered, self.n_answer_of);
        let rung = share(self.n_rung, self.n_danger);
        // What became of them adds up to what came in: one that is not told could be had from the others.
        let became = [self.n_opened, self.n_joined, self.n_other()];
        let is_told = became.iter().all(|one| n(*one).is_some());
        let became = became.map(|one| is_told.then_some(one));
        let [opened, joined, other] = became;
        [
            ("came_in", json!(n(self.n_came_in))),
            ("opened", json!(opened)),
            ("joined", json!(joined)),
            ("other", json!(other)),
            ("by_opening", json!(by_opening.in_time)),
            ("by_opening_percent", json!(by_opening.percent)),
            ("danger", json!(rung.of)),
            ("rung", json!(rung.in_time)),
            ("answered_in_time", json!(answered.in_time)),
            ("answered_of", json!(answered.of)),
            ("answered_percent", json!(answered.percent)),
        ]
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_has_a_value_and_a_definition() {
        let values = Nights::default().values(false);
        assert_eq!(values.len(), COLUMNS.len());
        for (key, ..) in COLUMNS {
            assert!(values.contains_key(*key), "{key}");
            assert!(DEFINITIONS.iter().any(|(figure, _)| figure == key), "{key}");
        }
    }
}
