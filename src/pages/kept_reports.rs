//! Kept reports, to be read and printed.
//!
//! A report's page is made of the report alone: what it was called then, what each figure means, what
//! is not in it. Who may read it is asked of the same use case as everywhere.

use serde::Serialize;
use serde_json::{Value, json};

use super::signed_in::{self, Visit, to_sign_in};
use super::{Frame, TEMPLATES as PAGES, apology};
use crate::casework::kept_reports as casework;
use crate::casework::kept_reports::After;
use crate::domain::access::Actor;
use crate::domain::ids::KeptReportId;
use crate::domain::report::{Changed, Document, Table};
use crate::domain::wording;
use crate::http::operation::Answering;
use crate::http::paging::PageQuery;
use crate::http::{Access, Answer, Call, Operation, Problem, get, page_sessions};

/// The templates, by name.
pub(super) const TEMPLATES: [(&str, &str); 2] = [
    (
        "kept_reports/report.html",
        include_str!("templates/kept_reports/report.html"),
    ),
    (
        "kept_reports/list.html",
        include_str!("templates/kept_reports/list.html"),
    ),
];

/// The pages.
#[must_use]
pub fn operations() -> Vec<Operation> {
    let shown = |path, id, handler: fn(Call) -> Answering| {
        get(path, handler)
            .id(id)
            .summary("A page of kept reports")
            .tag("Pages")
            .access(Access::public())
            .answers_raw(200, "text/html", "The page.")
            .hidden()
    };
    vec![
        signed_in::shown("/reports", "show_kept_reports", |visit| {
            Box::pin(list(visit))
        })
        .query::<PageQuery>(),
        shown("/reports/{report}", "show_kept_report", |call| {
            Box::pin(show(call))
        }),
        shown(
            "/reports/{report}/figures.csv",
            "download_kept_report",
            |call| Box::pin(download(call)),
        ),
    ]
}

/// A report as a page of its own.
///
/// # Errors
/// When the template and the report do not fit, which is a defect.
pub fn shown(document: &Document, sha256: &str, is_demo: bool) -> Result<Answer, Problem> {
    let said = Shown::of(document, sha256, is_demo);
    let html = PAGES
        .get_template("kept_reports/report.html")
        .and_then(|template| template.render(minijinja::Value::from_serialize(said)))
        .map_err(Problem::fault)?;
    Ok(Answer::page(200, html))
}

/// A report as its page has it.
#[derive(Debug, Serialize)]
struct Shown<'d> {
    document: &'d Document,
    period: String,
    made_on: String,
    sha256: &'d str,
    is_demo: bool,
    tables: Vec<ShownTable<'d>>,
    since: Option<ShownSince>,
}

#[derive(Debug, Serialize)]
struct ShownTable<'d> {
    key: &'d str,
    caption: &'d str,
    note: Option<&'d str>,
    headings: Vec<&'d str>,
    /// Each line says what it counts.
    defines_lines: bool,
    rows: Vec<ShownRow<'d>>,
    /// What the columns count.
    means: Vec<(&'d str, &'d str)>,
}

#[derive(Debug, Serialize)]
struct ShownRow<'d> {
    name: &'d str,
    means: Option<&'d str>,
    /// With whether they are words.
    cells: Vec<(String, bool)>,
}

#[derive(Debug, Serialize)]
struct ShownSince {
    made_on: String,
    same_definitions: bool,
    changed_definitions: String,
    n_changed: usize,
    n_listed: usize,
    changes: Vec<Change>,
}

#[derive(Debug, Serialize)]
struct Change {
    table: String,
    name: String,
    label: String,
    was: String,
    is: String,
}

async fn show(call: Call) -> Result<Answer, Problem> {
    read(call, |call, document, sha256| {
        shown(document, sha256, call.front.is_demo)
    })
    .await
}

async fn download(call: Call) -> Result<Answer, Problem> {
    read(call, |_, document, _| {
        let id = KeptReportId(document.id);
        Ok(crate::http::kept_reports::table(document, Some(id)))
    })
    .await
}

async fn read(
    call: Call,
    show: fn(&Call, &Document, &str) -> Result<Answer, Problem>,
) -> Result<Answer, Problem> {
    let Ok(id) = call.id::<KeptReportId>("report") else {
        return Ok(apologise(&call, Problem::not_found()));
    };
    let Some((user, _)) = page_sessions::signed_in(&call).await? else {
        return Ok(to_sign_in(&call));
    };
    let actor = Actor::User(user);
    let found = call
        .read(move |conn, _| casework::find(conn, &actor, id))
        .await;
    let shown = match found {
        Ok((report, body)) => {
            let document = casework::read(&body).map_err(Problem::from)?;
            show(&call, &document, &report.sha256)
        }
        Err(problem) => Err(problem),
    };
    Ok(shown.unwrap_or_else(|problem| apologise(&call, problem)))
}

async fn list(visit: Visit) -> Result<Answer, Problem> {
    let query: PageQuery = visit.call.query()?;
    let after: Option<After> = visit.call.cursor(query.cursor.as_deref())?;
    let actor = visit.actor();
    let part = visit
        .call
        .read(move |conn, at| {
            let part = casework::list(conn, &actor, None, after, query.limit)?;
            let calendar = &at.council.catalogue.calendar;
            let items: Vec<Value> = part
                .items
                .iter()
                .map(|report| {
                    json!({
                        "title": report.title, "page": format!("/reports/{}", report.id),
                        "period": wording::span(report.from_on, report.to_on),
                        "made_on": wording::on_day(calendar.date_of(report.made_at)),
                    })
                })
                .collect();
            Ok((items, part.next))
        })
        .await?;
    let (items, next) = part;
    let more = visit.call.cursor_of(next.as_ref());
    let said =
        json!({"items": items, "more": more.map(|cursor| format!("/reports?cursor={cursor}"))});
    visit.page(200, "kept_reports/list.html", "Reports", said)
}

fn apologise(call: &Call, problem: Problem) -> Answer {
    let frame = Frame::of(
        &call.front.desk,
        call.front.is_demo,
        "Sorry, this did not work",
    );
    apology(call.route, &call.request_id, &frame, problem)
}

impl<'d> Shown<'d> {
    fn of(document: &'d Document, sha256: &'d str, is_demo: bool) -> Self {
        let since = document.since.as_ref().map(|since| {
            let comparison = &since.comparison;
            let changes: Vec<Change> = comparison
                .figures
                .iter()
                .map(|changed| Change::of(document, changed))
                .collect();
            ShownSince {
                made_on: wording::on_day(since.made_on),
                same_definitions: comparison.same_definitions,
                changed_definitions: comparison.changed_definitions.join(", "),
                n_changed: comparison.n_changed,
                n_listed: changes.len(),
                changes,
            }
        });
        Self {
            document,
            period: wording::span(document.from_on, document.to_on),
            made_on: wording::on_day(document.made_on),
            sha256,
            is_demo,
            tables: document
                .tables
                .iter()
                .map(|table| ShownTable::of(document, table))
                .collect(),
            since,
        }
    }
}

impl<'d> ShownTable<'d> {
    fn of(document: &'d Document, table: &'d Table) -> Self {
        let rows = table.rows.iter().map(|row| ShownRow {
            name: &row.name,
            means: row
                .defined_by
                .as_ref()
                .and_then(|figure| document.meaning(figure)),
            cells: table
                .columns
                .iter()
                .map(|column| {
                    let value = row.values.get(&column.key).unwrap_or(&Value::Null);
                    (cell(value), value.is_string())
                })
                .collect(),
        });
        let mut means: Vec<(&str, &str)> = Vec::new();
        for column in &table.columns {
            let told = column.defined_by.as_ref().and_then(|figure| {
                let told = document.meaning(figure)?;
                // Columns that count the same are explained once.
                let is_told = means.iter().any(|(_, known)| *known == told);
                (!is_told).then_some(told)
            });
            means.extend(told.map(|told| (column.label.as_str(), told)));
        }
        Self {
            key: &table.key,
            caption: &table.caption,
            note: table.note.as_deref(),
            headings: table
                .columns
                .iter()
                .map(|column| column.label.as_str())
                .collect(),
            defines_lines: table.rows.iter().any(|row| row.defined_by.is_some()),
            rows: rows.collect(),
            means,
        }
    }
}

impl Change {
    fn of(document: &Document, changed: &Changed) -> Self {
        let table = document.tables.iter().find(|one| one.key == changed.table);
        Self {
            table: table.map_or_else(|| changed.table.clone(), |table| table.caption.clone()),
            name: changed.name.clone(),
            label: changed.label.clone(),
            was: cell(&changed.was),
            is: cell(&changed.is),
        }
    }
}

/// A value as it stands in a table; a dash where it is not told.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => "–".to_owned(),
        Value::String(words) => words.clone(),
        other => other.to_string(),
    }
}
