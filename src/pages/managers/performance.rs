//! How promises were kept: the figures of `GET /v1/reports/performance`, drawn and as a table, one period
//! or two beside each other.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::teams::{Case, width};
use crate::http::within::Asked;
use crate::http::{Answer, Problem};
use crate::pages::signed_in::Visit;
use crate::pages::told::{Listed, is_said_beside, mistakes, next_page, read, zone};

/// The report, as far as the page shows it.
#[derive(Debug, Deserialize)]
struct Report {
    #[serde(flatten)]
    period: Period,
    group_by: String,
    compared_with: Option<Period>,
    definitions: Vec<Definition>,
}

#[derive(Debug, Clone, Deserialize)]
struct Period {
    from_on: String,
    to_on: String,
    all: Figures,
    items: Vec<Item>,
    small_numbers_together: bool,
}

#[derive(Debug, Clone, Deserialize)]
struct Item {
    key: Option<String>,
    name: String,
    small_numbers: bool,
    #[serde(flatten)]
    figures: Figures,
    cases: Option<String>,
}

/// The figures of a line. What may not be told is none.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Figures {
    received: Option<u64>,
    acknowledged: Kept,
    answered: Kept,
    median_working_days: Option<u32>,
    p90_working_days: Option<u32>,
    open: Option<u64>,
    overdue: Option<u64>,
    oldest_received_at: Option<String>,
    reopened: Option<u64>,
    transferred: Option<u64>,
    chased: Option<u64>,
    satisfaction: Satisfaction,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Kept {
    in_time: Option<u64>,
    of: Option<u64>,
    percent: Option<f64>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Satisfaction {
    score: Option<f64>,
    responses: Option<u64>,
}

#[derive(Debug, Deserialize)]
struct Definition {
    figure: String,
    means: String,
}

/// A line of the page: one period, the other, and how long their bars are.
#[derive(Debug, Serialize, PartialEq)]
struct Line {
    name: String,
    now: Figures,
    then: Option<Figures>,
    /// Where exactly its cases are listed.
    cases: Option<String>,
    received: [u64; 2],
    median: u64,
    p90: u64,
}

/// What the report is asked with.
const ASKED: &[&str] = &["from_on", "to_on", "group_by", "and_from_on", "and_to_on"];
/// By what cases can be told apart, in words.
const GROUPS: &[(&str, &str)] = &[
    ("service", "service"),
    ("category", "kind of matter"),
    ("team", "team"),
    ("queue", "queue"),
    ("channel", "how it reached us"),
    ("ward", "ward"),
    ("procedure", "procedure"),
    ("head_of_service", "head of service"),
    ("portfolio", "councillor responsible"),
];
/// How a line's cases are narrowed, besides by what it stands for.
const NARROWED: &[&str] = &[
    "service",
    "category",
    "team",
    "queue",
    "channel",
    "ward",
    "procedure",
    "head_of_service",
    "portfolio",
    "received_from",
    "received_to",
];

/// The figures.
pub async fn show(visit: Visit) -> Result<Answer, Problem> {
    let written: Vec<(&str, String)> = ASKED
        .iter()
        .map(|name| (*name, visit.parameter(name)))
        .collect();
    let form: serde_json::Map<String, Value> = written
        .iter()
        .map(|(name, value)| ((*name).to_owned(), json!(value)))
        .collect();
    let report: Report = match read(&visit, asked(&visit)).await {
        Ok(report) => report,
        Err(problem) if problem.status != 403 && is_said_beside(&problem) => {
            let fields: Vec<(String, &str)> = ASKED
                .iter()
                .map(|name| (format!("/{name}"), *name))
                .collect();
            let fields: Vec<(&str, &str)> = fields
                .iter()
                .map(|(pointer, field)| (pointer.as_str(), *field))
                .collect();
            let said = json!({
                "form": form, "groups": GROUPS, "report": null, "mistakes": mistakes(&problem, &fields),
            });
            return visit.page(
                problem.status,
                "managers/performance.html",
                "Promises kept",
                said,
            );
        }
        Err(problem) => return Err(problem),
    };
    let other = report.compared_with.as_ref();
    let query: Vec<String> = written
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{name}={}", crate::http::query::encoded(value)))
        .collect();
    let said = json!({
        "form": form, "groups": GROUPS, "mistakes": [], "zone": zone(&visit),
        "report": {
            "from_on": report.period.from_on, "to_on": report.period.to_on,
            "group_by": group_words(&report.group_by),
            "other": other.map(|other| json!({"from_on": other.from_on, "to_on": other.to_on})),
            "lines": lines(&report.period, other),
            "all": Line::of("All together", &report.period.all, other.map(|other| &other.all), (0, 0)),
            "has_small": report.period.small_numbers_together
                || other.is_some_and(|other| other.small_numbers_together),
            "means": report.definitions.iter()
                .map(|one| (one.figure.clone(), json!(plain(&one.means))))
                .collect::<serde_json::Map<_, _>>(),
            "table": format!("/performance/table.csv?{}", query.join("&")),
        },
    });
    visit.page(200, "managers/performance.html", "Promises kept", said)
}

/// The same as a table to keep.
pub async fn table(visit: Visit) -> Result<Answer, Problem> {
    visit.file(asked(&visit).table()).await
}

/// The cases behind a line, for those who may see cases.
pub async fn cases(visit: Visit) -> Result<Answer, Problem> {
    let cursor = visit.parameter("cursor");
    let kept: Vec<(&'static str, String)> = NARROWED
        .iter()
        .map(|name| (*name, visit.parameter(name)))
        .collect();
    let asked = kept
        .iter()
        .fold(Asked::of("list_cases"), |asked, (name, value)| {
            asked.with(name, value)
        })
        .with("in_figures", "true")
        .with("cursor", &cursor);
    let found: Listed<Case> = read(&visit, asked).await?;
    let kept: Vec<(&str, &str)> = kept
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let said = json!({
        "cases": found.items, "zone": zone(&visit),
        "next": next_page("/performance/cases", &kept, found.next_cursor.as_deref()),
    });
    visit.page(200, "managers/counted.html", "The cases of a figure", said)
}

fn asked(visit: &Visit) -> Asked {
    ASKED
        .iter()
        .fold(Asked::of("get_performance_report"), |asked, name| {
            asked.with(name, visit.parameter(name))
        })
}

/// Each line of the first period with the one of the other that stands for the same, and after them those
/// of the other alone.
fn lines(now: &Period, then: Option<&Period>) -> Vec<Line> {
    let is_same = |one: &Item, other: &Item| {
        (&one.key, one.small_numbers) == (&other.key, other.small_numbers)
    };
    let of_then = then.map_or(&[][..], |then| then.items.as_slice());
    let all = || now.items.iter().chain(of_then).map(|item| &item.figures);
    let most = all().filter_map(|figures| figures.received).max();
    let longest = all().filter_map(|figures| figures.p90_working_days).max();
    let scale = (most.unwrap_or(0), longest.unwrap_or(0));
    let nothing = Figures::default();
    let mut lines: Vec<Line> = now
        .items
        .iter()
        .map(|item| {
            let other = of_then.iter().find(|other| is_same(item, other));
            let other = other.map(|other| &other.figures);
            let other = then.map(|_| other.unwrap_or(&nothing));
            Line {
                cases: item.cases.as_deref().and_then(our_list),
                ..Line::of(&item.name, &item.figures, other, scale)
            }
        })
        .collect();
    let alone = of_then
        .iter()
        .filter(|other| !now.items.iter().any(|item| is_same(item, other)));
    lines.extend(alone.map(|item| Line::of(&item.name, &nothing, Some(&item.figures), scale)));
    lines
}

impl Line {
    fn of(name: &str, now: &Figures, then: Option<&Figures>, (most, longest): (u64, u32)) -> Self {
        let received = |figures: &Figures| width(figures.received.unwrap_or(0), Some(most));
        let days = |days: Option<u32>| width(u64::from(days.unwrap_or(0)), Some(longest.into()));
        Self {
            name: name.to_owned(),
            received: [received(now), then.map_or(0, received)],
            median: days(now.median_working_days),
            p90: days(now.p90_working_days),
            now: now.clone(),
            then: then.cloned(),
            cases: None,
        }
    }
}

/// The API's list of the cases of a line as the address of our page of them.
fn our_list(cases: &str) -> Option<String> {
    let (_, query) = cases.split_once('?')?;
    Some(format!("/performance/cases?{query}"))
}

/// A definition without the marks that programs need.
fn plain(means: &str) -> String {
    means
        .replace("`in_time`", "In time")
        .replace("`of`", "Of")
        .replace('`', "")
}

fn group_words(group: &str) -> &str {
    let found = GROUPS.iter().find(|(own, _)| *own == group);
    found.map_or(group, |(_, words)| words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(key: &str, received: u64, p90: u32) -> Item {
        Item {
            key: Some(key.to_owned()),
            name: key.to_uppercase(),
            small_numbers: false,
            figures: Figures {
                received: Some(received),
                median_working_days: Some(p90 / 2),
                p90_working_days: Some(p90),
                ..Figures::default()
            },
            cases: Some(format!("/v1/cases?service={key}&in_figures=true")),
        }
    }

    fn period(items: Vec<Item>) -> Period {
        Period {
            from_on: "2026-10-01".to_owned(),
            to_on: "2026-10-31".to_owned(),
            all: Figures::default(),
            items,
            small_numbers_together: false,
        }
    }

    #[test]
    fn two_periods_stand_beside_each_other_line_by_line() {
        let now = period(vec![item("bins", 40, 6), item("roads", 10, 12)]);
        let then = period(vec![item("roads", 20, 8), item("trees", 5, 2)]);
        let found = lines(&now, Some(&then));
        let names: Vec<&str> = found.iter().map(|line| line.name.as_str()).collect();
        assert_eq!(names, ["BINS", "ROADS", "TREES"]);
        let received: Vec<[u64; 2]> = found.iter().map(|line| line.received).collect();
        assert_eq!(received, [[100, 0], [25, 50], [0, 12]]);
        let days: Vec<(u64, u64)> = found.iter().map(|line| (line.median, line.p90)).collect();
        assert_eq!(days, [(25, 50), (50, 100), (0, 0)]);
        assert!(found.iter().all(|line| line.then.is_some()));
        assert!(lines(&now, None).iter().all(|line| line.then.is_none()));
    }

    #[test]
    fn the_cases_of_a_line_are_listed_by_what_the_api_narrows_them_to() {
        let found = lines(&period(vec![item("bins", 40, 6)]), None);
        let cases = found.first().and_then(|line| line.cases.as_deref());
        assert_eq!(
            cases,
            Some("/performance/cases?service=bins&in_figures=true")
        );
    }

    #[test]
    fn a_definition_is_read_by_people() {
        assert_eq!(
            plain("`in_time`: sent. `of`: promised."),
            "In time: sent. Of: promised."
        );
    }
}
