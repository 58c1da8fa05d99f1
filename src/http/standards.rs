//! The published standards, in JSON or as open data: for everybody, without signing in.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::access::Access;
use super::answer::Answer;
use super::call::Call;
use super::csv::{self, Table, number};
use super::fields::On;
use super::operation::{Operation, get};
use super::performance::{Definition, Kept, definitions};
use super::problem::Problem;
use crate::casework::desk::hex;
use crate::casework::standards::{self, Matter, Published};

/// The standards in force, beside how they were kept.
#[derive(Debug, Serialize, JsonSchema)]
struct Standards {
    /// The twelve whole months before this one, by the local date of receipt.
    from_on: On,
    to_on: On,
    items: Vec<StandardItem>,
    /// What each figure means.
    definitions: Vec<Definition>,
}

/// What is promised for one matter, and how it was kept. A number from one to four is null, and so is
/// what would be made of so few.
#[derive(Debug, Serialize, JsonSchema)]
struct StandardItem {
    /// The service's slug.
    service: String,
    service_name: String,
    /// The category's slug.
    category: String,
    name: String,
    /// The standard in force.
    standard: String,
    /// The statute, code or decision it comes from.
    source: String,
    promises: Vec<StandardPromise>,
    /// Said where nobody is answered one by one.
    no_answer_text: Option<String>,
    received: Option<u64>,
    acknowledged: Kept,
    answered: Kept,
    median_working_days: Option<u32>,
    p90_working_days: Option<u32>,
}

/// One promise.
#[derive(Debug, Serialize, JsonSchema)]
struct StandardPromise {
    /// Its name.
    clock: String,
    /// "We promise to answer you within 10 working days."
    words: String,
    /// How it was kept in the twelve months. Null where it would tell of fewer than five people.
    kept: Kept,
}

/// What was read last, so that a page many people open costs one look.
#[derive(Debug, Default)]
struct Shelf {
    kept: Mutex<Option<(Timestamp, u64, Arc<Published>)>>,
}

/// How long it is shown before it is read again.
const FRESH: SignedDuration = SignedDuration::from_secs(60);

/// The figures whose meaning is published with them.
const SHOWN: &[&str] = &[
    "received",
    "acknowledged",
    "answered",
    "percent",
    "median_working_days",
    "p90_working_days",
];

const COLUMNS: &[&str] = &[
    "from_on",
    "to_on",
    "service",
    "service_name",
    "category",
    "name",
    "standard",
    "source",
    "promises",
    "received",
    "acknowledged_in_time",
    "acknowledged_of",
    "acknowledged_percent",
    "answered_in_time",
    "answered_of",
    "answered_percent",
    "median_working_days",
    "p90_working_days",
    "promises_kept",
    // On the first line: what each figure means.
    "definitions",
];

/// Its operations.
#[must_use]
pub fn operations() -> Vec<Operation> {
    let shelf = Arc::new(Shelf::default());
    let example = json!({
        "from_on": "2025-11-01", "to_on": "2026-10-31",
        "items": [{
            "service": "waste-collection", "service_name": "Bins and recycling",
            "category": "missed-bin", "name": "Missed bin",
            "standard": "Customer charter", "source": "Northmere Council, customer charter",
            "promises": [
                {"clock": "acknowledge", "words": "We promise to acknowledge it within 1 working day.",
                 "kept": {"in_time": 2204, "of": 2209, "percent": 99.8}},
                {"clock": "respond", "words": "We promise to answer you within 2 working days.",
                 "kept": {"in_time": 2011, "of": 2190, "percent": 91.8}},
            ],
            "no_answer_text": null, "received": 2210,
            "acknowledged": {"in_time": 2204, "of": 2209, "percent": 99.8},
            "answered": {"in_time": 2011, "of": 2190, "percent": 91.8},
            "median_working_days": 1, "p90_working_days": 2,
        }],
        "definitions": shown_definitions(),
    });
    vec![
        get("/v1/public/standards", move |call| {
            show(call, Arc::clone(&shelf))
        })
        .id("get_public_standards")
        .summary("What we promise, and how it was kept")
        .description(
            "For each matter: the promises of the standard in force, and beside them the twelve whole months before \
             this one. Promises are held against the first date each person was told. What only named people may \
             know of is not listed, and a number from one to four is null. `Accept: text/csv` answers open data. \
             Nobody is named.",
        )
        .tag("Public")
        .access(Access::public())
        .has_etag()
        .answers::<Standards>(200, "The standards.")
        .answers_raw(200, csv::CSV, "The same as a table, a line for each matter.")
        .example_response(example),
    ]
}

async fn show(call: Call, shelf: Arc<Shelf>) -> Result<Answer, Problem> {
    let version = call.front.desk.council().catalogue.version;
    let published = match shelf.find(call.now, version) {
        Some(published) => published,
        None => {
            let read = call.read(standards::published).await?;
            let read = Arc::new(read);
            shelf.keep(call.now, version, Arc::clone(&read));
            read
        }
    };
    let answer = if csv::is_asked_for(&call.headers) {
        table(&published)
    } else {
        Answer::ok(&Standards::of(&published)).with_header("vary", "Accept")
    };
    let tag = answer
        .bytes_of_it()
        .map(|bytes| hex(&Sha256::digest(bytes)));
    Ok(match tag {
        Some(tag) => answer.with_etag(tag),
        None => answer,
    })
}

fn shown_definitions() -> Vec<Definition> {
    definitions()
        .into_iter()
        .filter(|definition| SHOWN.contains(&definition.figure))
        .collect()
}

fn table(published: &Published) -> Answer {
    let mut table = Table::new(COLUMNS);
    let period = published.period;
    let mut definitions = definitions_in_words();
    for matter in &published.matters {
        let figures = &matter.figures;
        let mut promises: Vec<&str> = matter
            .promises
            .iter()
            .map(|promise| promise.words.as_str())
            .collect();
        promises.extend(matter.no_answer_text.as_deref());
        let mut line = vec![
            period.from_on.to_string(),
            period.to_on.to_string(),
            matter.service.clone(),
            matter.service_name.clone(),
            matter.category.clone(),
            matter.name.clone(),
            matter.standard.clone(),
            matter.source.clone(),
            promises.join(" "),
            number(figures.received),
        ];
        for share in [figures.acknowledged, figures.answered] {
            line.extend([
                number(share.in_time),
                number(share.of),
                number(share.percent),
            ]);
        }
        line.push(number(figures.gross.map(|days| days.median)));
        line.push(number(figures.gross.map(|days| days.p90)));
        line.push(kept_by_promise(matter));
        line.push(std::mem::take(&mut definitions));
        table.line(line);
    }
    table.into_answer(&format!("standards_{}_{}", period.from_on, period.to_on))
}

/// How each promise was kept: `respond 2011 of 2190`. One that would tell of few is left out.
fn kept_by_promise(matter: &Matter) -> String {
    let told = matter.promises.iter().filter_map(|promise| {
        let (in_time, of) = promise.kept.in_time.zip(promise.kept.of)?;
        Some(format!("{} {in_time} of {of}", promise.clock))
    });
    told.collect::<Vec<_>>().join("; ")
}

/// What each figure of the table means.
fn definitions_in_words() -> String {
    let all = shown_definitions().into_iter();
    let told = all.map(|one| format!("{}: {}", one.figure, one.means));
    told.collect::<Vec<_>>().join(" ")
}

impl Shelf {
    fn find(&self, now: Timestamp, version: u64) -> Option<Arc<Published>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.as_ref()
            .filter(|(read_at, of, _)| *of == version && *read_at <= now && now < *read_at + FRESH)
            .map(|(_, _, published)| Arc::clone(published))
    }

    fn keep(&self, now: Timestamp, version: u64, published: Arc<Published>) {
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some((now, version, published));
    }
}

impl Standards {
    fn of(published: &Published) -> Self {
        Self {
            from_on: published.period.from_on.into(),
            to_on: published.period.to_on.into(),
            items: published.matters.iter().map(StandardItem::of).collect(),
            definitions: shown_definitions(),
        }
    }
}

impl StandardItem {
    fn of(matter: &Matter) -> Self {
        let figures = &matter.figures;
        Self {
            service: matter.service.clone(),
            service_name: matter.service_name.clone(),
            category: matter.category.clone(),
            name: matter.name.clone(),
            standard: matter.standard.clone(),
            source: matter.source.clone(),
            promises: matter
                .promises
                .iter()
                .map(|promise| StandardPromise {
                    clock: promise.clock.clone(),
                    words: promise.words.clone(),
                    kept: promise.kept.into(),
                })
                .collect(),
            no_answer_text: matter.no_answer_text.clone(),
            received: figures.received,
            acknowledged: figures.acknowledged.into(),
            answered: figures.answered.into(),
            median_working_days: figures.gross.map(|days| days.median),
            p90_working_days: figures.gross.map(|days| days.p90),
        }
    }
}
