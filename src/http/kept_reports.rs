//! Reports that are kept, as JSON, as a table and as a page.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::access::{Access, EVERYBODY};
use super::answer::Answer;
use super::call::Call;
use super::csv::{self, Table};
use super::fields::{At, Id, Line, On};
use super::operation::{Operation, get, post};
use super::paging::{Page, PageQuery};
use super::problem::Problem;
use crate::casework::kept_reports::{self, After, KeptReport, Wanted};
use crate::casework::performance::Period;
use crate::casework::{Conn, Failure};
use crate::domain::access::{Actor, Role, Scope};
use crate::domain::ids::KeptReportId;
use crate::domain::measure::DEFINITIONS;
use crate::domain::report::{Comparison, Definition, Document, ReportKind, Table as FigureTable};
use crate::pages;

/// A report to be made and kept.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewKeptReport {
    kind: ReportKind,
    /// The first local date of receipt.
    from_on: On,
    /// The last one.
    to_on: On,
    /// Of one councillor's services, by the slug of their post; unsaid: of the whole council. Only with
    /// `scrutiny`.
    #[serde(default)]
    #[schemars(length(min = 1))]
    portfolio: Option<Line<100>>,
    /// Of one partner, by the domain of its people's addresses (`night.example`) or the name of its key; both are
    /// counted together where they are the same. Only with `out_of_hours`, and always there.
    #[serde(default)]
    #[schemars(length(min = 1))]
    partner: Option<Line<200>>,
    /// Slugs of posts whose holders may read it too.
    #[serde(default)]
    #[schemars(length(max = 50))]
    for_posts: Vec<Line<100>>,
}

/// Which reports.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
struct KeptReportsQuery {
    #[serde(default)]
    kind: Option<ReportKind>,
    #[serde(flatten)]
    page: PageQuery,
}

/// With which other report.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
struct ComparisonQuery {
    /// The other report's id.
    with: Id,
}

/// Which period of complaints.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
struct ComplaintsQuery {
    /// The first local date; unsaid: the first of January.
    #[serde(default)]
    from_on: Option<On>,
    /// The last one; unsaid: today.
    #[serde(default)]
    to_on: Option<On>,
}

/// Figures as they are now, kept nowhere.
#[derive(Debug, Clone, Serialize, JsonSchema)]
struct ComplaintsReport {
    from_on: On,
    to_on: On,
    tables: Vec<FigureTable>,
    definitions_version: String,
    definitions: Vec<Definition>,
    leaves_out: Vec<String>,
}

/// A kept report in a list.
#[derive(Debug, Clone, Serialize, JsonSchema)]
struct KeptReportView {
    id: Id,
    kind: ReportKind,
    title: String,
    from_on: On,
    to_on: On,
    /// The post or partner it is about; null for the whole council.
    scope: Option<String>,
    made_at: At,
    /// `user:<id>`, or `reeve` for a schedule.
    made_by: String,
    schedule: Option<String>,
    /// Reports with the same version count the same way.
    definitions_version: String,
    /// Of what `GET` answers in JSON.
    sha256: String,
    links: KeptReportLinks,
}

/// Where it is.
#[derive(Debug, Clone, Serialize, JsonSchema)]
struct KeptReportLinks {
    #[serde(rename = "self")]
    itself: String,
    /// For people who sign in to pages.
    page: String,
}

/// Two reports of one kind.
#[derive(Debug, Clone, Serialize, JsonSchema)]
struct ComparedReports {
    earlier: ComparedReport,
    later: ComparedReport,
    #[serde(flatten)]
    comparison: Comparison,
}

/// One of the two.
#[derive(Debug, Clone, Serialize, JsonSchema)]
struct ComparedReport {
    id: Id,
    title: String,
    from_on: On,
    to_on: On,
    made_at: At,
    definitions_version: String,
}

/// A line of the table: every figure by itself.
const COLUMNS: &[&str] = &[
    "report", "kind", "from_on", "to_on", "made_at", "table", "line", "name", "figure", "label",
    "value", "means",
];
const NOTE: &str = "The report's id.";

/// Its operations.
#[must_use]
pub fn operations() -> Vec<Operation> {
    let readers = || Access::staff(EVERYBODY).or_scope(Scope::ReportsRead);
    vec![
        post("/v1/reports/kept", make)
            .id("make_kept_report")
            .summary("Have a report made and kept")
            .description(
                "What it says is written once, with what each figure means, and never changes: not by cases that are \
                 merged or erased, a new catalogue, or a new version of Reeve. A later report of the same kind, period \
                 and part of the council says under `since` what has changed. Heads of service have those made that \
                 they may read, administrators any.",
            )
            .tag("Reports")
            .access(Access::staff(&[Role::HeadOfService, Role::Admin]))
            .body::<NewKeptReport>()
            .answers::<KeptReportView>(201, "The report that is kept.")
            .example_request(json!({
                "kind": "scrutiny", "from_on": "2026-10-01", "to_on": "2026-10-31",
                "portfolio": "portfolio-environment-and-waste",
            }))
            .example_response(example()),
        get("/v1/reports/kept", list)
            .id("list_kept_reports")
            .summary("Kept reports, the last made first")
            .description("Those the caller may read; others are not there.")
            .tag("Reports")
            .access(readers())
            .query::<KeptReportsQuery>()
            .answers::<Page<KeptReportView>>(200, "A page of kept reports.")
            .example_response(json!({"items": [example()], "next_cursor": null})),
        get("/v1/reports/kept/{report}", show)
            .id("get_kept_report")
            .summary("A kept report")
            .description(
                "Byte for byte as it was written. `Accept: text/csv` answers every figure as a line of a table, \
                 `Accept: text/html` a page to read and to print. A scrutiny report is for the councillor whose \
                 services it is about, the heads of service and directors over them, auditors, administrators, keys \
                 with `reports:read`, and the posts it was made for. Without a councillor's post, heads of service read \
                 it who see the whole council. Reports on complaints, requests for information and members' enquiries \
                 are for every head of service, a partner's report for that partner.",
            )
            .tag("Reports")
            .access(readers())
            .path_note("report", NOTE)
            .has_etag()
            .answers::<Document>(200, "The report.")
            .answers_raw(200, csv::CSV, "Every figure as a line of a table.")
            .answers_raw(200, "text/html", "A page to read and to print.")
            .example_response(document_example()),
        get("/v1/reports/kept/{report}/comparison", compare)
            .id("compare_kept_reports")
            .summary("Two kept reports, held against each other")
            .description(
                "Two of one kind: of two periods, or of one period at two times. `same_definitions` says whether they \
                 count the same way; where they do not, `changed_definitions` names the figures that mean something \
                 else. The one whose period begins earlier stands first, of one period the one made first.",
            )
            .tag("Reports")
            .access(readers())
            .path_note("report", NOTE)
            .query::<ComparisonQuery>()
            .refuses(&[422])
            .answers::<ComparedReports>(200, "What differs.")
            .example_response(json!({
                "earlier": compared_example(), "later": compared_example(), "same_definitions": true,
                "changed_definitions": [], "n_changed": 1,
                "figures": [{
                    "table": "summary", "row": "received", "name": "Received", "column": "value",
                    "label": "This period", "was": 411, "is": 412,
                }],
            })),
        get("/v1/reports/complaints", show_complaints)
            .id("get_complaints_report")
            .summary("Complaints, as they stand now")
            .description(
                "What a kept report on complaints of this period would say: volumes by stage, why complaints were not \
                 accepted, acknowledged and answered in time, given a later date, upheld, gone on to the next stage, \
                 remedies, what is learnt with who answers for it and by when, and what the Ombudsman found. \
                 `Accept: text/csv` answers every figure as a line of a table. For heads of service, auditors, \
                 administrators and keys with `reports:read`.",
            )
            .tag("Reports")
            .access(
                Access::staff(&[Role::HeadOfService, Role::Auditor, Role::Admin])
                    .or_scope(Scope::ReportsRead),
            )
            .query::<ComplaintsQuery>()
            .answers::<ComplaintsReport>(200, "The figures.")
            .answers_raw(200, csv::CSV, "Every figure as a line of a table.")
            .example_response(complaints_example()),
    ]
}

async fn show_complaints(call: Call) -> Result<Answer, Problem> {
    let query: ComplaintsQuery = call.query()?;
    let actor = call.actor.clone();
    let document = call
        .read(move |conn, at| {
            let to_on = query.to_on.map_or_else(|| at.today(), |on| on.0);
            let from_on = query
                .from_on
                .map_or_else(|| to_on.first_of_year(), |on| on.0);
            let wanted = Wanted {
                kind: ReportKind::Complaints,
                period: Period::new(from_on, to_on, "/to_on")?,
                portfolio: None,
                partner: None,
                for_posts: Vec::new(),
                schedule: None,
            };
            kept_reports::look(conn, at, &actor, &wanted)
        })
        .await?;
    if csv::is_asked_for(&call.headers) {
        return Ok(table(&document, None));
    }
    let answer = Answer::ok(&ComplaintsReport {
        from_on: document.from_on.into(),
        to_on: document.to_on.into(),
        tables: document.tables,
        definitions_version: document.definitions_version,
        definitions: document.definitions,
        leaves_out: document.leaves_out,
    });
    Ok(answer.with_header("vary", "Accept"))
}

async fn make(call: Call) -> Result<Answer, Problem> {
    let said: NewKeptReport = call.json()?;
    let actor = call.actor.clone();
    let wanted = Wanted {
        kind: said.kind,
        period: Period::new(said.from_on.0, said.to_on.0, "/to_on").map_err(Problem::from)?,
        portfolio: said.portfolio.map(Line::into_string),
        partner: said.partner.map(Line::into_string),
        for_posts: said.for_posts.into_iter().map(Line::into_string).collect(),
        schedule: None,
    };
    call.commit(
        move |tx, at| kept_reports::make(tx, at, &actor, &wanted).map(KeptReportView::of),
        |made: &KeptReportView| Answer::created(&made.links.itself, made),
    )
    .await
}

async fn list(call: Call) -> Result<Answer, Problem> {
    let query: KeptReportsQuery = call.query()?;
    let after: Option<After> = call.cursor(query.page.cursor.as_deref())?;
    let actor = call.actor.clone();
    let part = call
        .read(move |conn, _| kept_reports::list(conn, &actor, query.kind, after, query.page.limit))
        .await?;
    let items = part.items.into_iter().map(KeptReportView::of).collect();
    Ok(call.page::<KeptReportView, After>(items, part.next.as_ref(), None))
}

async fn show(call: Call) -> Result<Answer, Problem> {
    let id: KeptReportId = call.id("report")?;
    let actor = call.actor.clone();
    let (report, body) = call
        .read(move |conn, _| kept_reports::find(conn, &actor, id))
        .await?;
    let answer = if csv::is_asked_for(&call.headers) {
        table(&kept_reports::read(&body)?, Some(id)).with_etag(format!("{}.csv", report.sha256))
    } else if csv::is_preferred(&call.headers, "text/html") {
        let document = kept_reports::read(&body)?;
        pages::kept_reports::shown(&document, &report.sha256, call.front.is_demo)?
            .with_etag(format!("{}.html", report.sha256))
    } else {
        Answer::bytes(200, "application/json", body).with_etag(&report.sha256)
    };
    Ok(if answer.header("vary").is_some() {
        answer
    } else {
        answer.with_header("vary", "Accept")
    })
}

async fn compare(call: Call) -> Result<Answer, Problem> {
    let id: KeptReportId = call.id("report")?;
    let query: ComparisonQuery = call.query()?;
    let actor = call.actor.clone();
    let compared = call
        .read(move |conn, _| compared(conn, &actor, id, KeptReportId(query.with.0)))
        .await?;
    Ok(Answer::ok(&compared))
}

fn compared(
    conn: &mut Conn,
    actor: &Actor,
    one: KeptReportId,
    other: KeptReportId,
) -> Result<ComparedReports, Failure> {
    let (earlier, later, comparison) = kept_reports::compare(conn, actor, (one, other))?;
    Ok(ComparedReports {
        earlier: ComparedReport::of(earlier),
        later: ComparedReport::of(later),
        comparison,
    })
}

/// Every figure of a report as a line, under a name that says which report it is; none where it is not kept.
pub(crate) fn table(document: &Document, kept_as: Option<KeptReportId>) -> Answer {
    let id = kept_as.map_or_else(String::new, |id| id.to_string());
    let mut table = Table::new(COLUMNS);
    for own in &document.tables {
        for row in &own.rows {
            for column in &own.columns {
                let defined_by = column.defined_by.as_ref().or(row.defined_by.as_ref());
                let means = defined_by.and_then(|figure| document.meaning(figure));
                table.line([
                    id.clone(),
                    document.kind.to_string(),
                    document.from_on.to_string(),
                    document.to_on.to_string(),
                    document.made_at.to_string(),
                    own.key.clone(),
                    row.key.clone(),
                    row.name.clone(),
                    column.key.clone(),
                    column.label.clone(),
                    cell(row.values.get(&column.key)),
                    means.unwrap_or_default().to_owned(),
                ]);
            }
        }
    }
    let name = format!("{}_{}_{}", document.kind, document.from_on, document.to_on);
    table.into_answer(&match kept_as {
        Some(id) => format!("{name}_{id}"),
        None => name,
    })
}

fn cell(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(words)) => words.clone(),
        Some(other) => other.to_string(),
    }
}

fn example() -> Value {
    json!({
        "id": "019a9f5e-7c00-7000-8000-0000000000aa", "kind": "scrutiny",
        "title": "How promises were kept: Councillor responsible for Environment and Waste",
        "from_on": "2026-10-01", "to_on": "2026-10-31", "scope": "portfolio-environment-and-waste",
        "made_at": "2026-11-02T09:00:01Z", "made_by": "reeve", "schedule": "environment-monthly",
        "definitions_version": "4f9d0c2a71be",
        "sha256": "9b74c9897bac770ffc029102a200c5de9b74c9897bac770ffc029102a200c5de",
        "links": {
            "self": "/v1/reports/kept/019a9f5e-7c00-7000-8000-0000000000aa",
            "page": "/reports/019a9f5e-7c00-7000-8000-0000000000aa",
        },
    })
}

fn compared_example() -> Value {
    json!({
        "id": "019a9f5e-7c00-7000-8000-0000000000aa",
        "title": "How promises were kept: Councillor responsible for Environment and Waste",
        "from_on": "2026-10-01", "to_on": "2026-10-31", "made_at": "2026-11-02T09:00:01Z",
        "definitions_version": "4f9d0c2a71be",
    })
}

fn complaints_example() -> Value {
    json!({
        "from_on": "2026-01-01", "to_on": "2026-11-20",
        "tables": [{
            "key": "stages", "caption": "All complaints, by stage",
            "columns": [{"key": "received", "label": "Complaints", "kind": "count", "defined_by": "received"}],
            "rows": [{"key": "stage_1", "name": "Stage 1", "defined_by": null, "values": {"received": 61}}],
            "note": null,
        }],
        "definitions_version": "b1f0c66a3e09",
        "definitions": [{"figure": "received", "means": "Complaints whose stage began in the period."}],
        "leaves_out": ["Names, references and anything people wrote."],
    })
}

fn document_example() -> Value {
    let definitions: Vec<Definition> = Definition::all(DEFINITIONS).into_iter().take(1).collect();
    json!({
        "id": "019a9f5e-7c00-7000-8000-0000000000aa", "kind": "scrutiny",
        "title": "How promises were kept: Councillor responsible for Environment and Waste",
        "council": "Northmere Council", "from_on": "2026-10-01", "to_on": "2026-10-31",
        "period_is_over": true,
        "scope": {
            "key": "portfolio-environment-and-waste",
            "name": "Councillor responsible for Environment and Waste",
            "services": ["Bins and recycling"],
        },
        "made_at": "2026-11-02T09:00:01Z", "made_on": "2026-11-02", "schedule": "environment-monthly",
        "definitions_version": "4f9d0c2a71be",
        "tables": [{
            "key": "services", "caption": "By service",
            "columns": [{"key": "received", "label": "Received", "kind": "count", "defined_by": "received"}],
            "rows": [{
                "key": "waste-collection", "name": "Bins and recycling", "defined_by": null,
                "values": {"received": 412},
            }],
            "note": null,
        }],
        "definitions": definitions,
        "leaves_out": ["Names, addresses, references and anything people wrote."],
        "since": null,
    })
}

impl KeptReportView {
    fn of(report: KeptReport) -> Self {
        Self {
            id: report.id.0.into(),
            kind: report.kind,
            title: report.title,
            from_on: report.from_on.into(),
            to_on: report.to_on.into(),
            scope: Some(report.scope).filter(|scope| !scope.is_empty()),
            made_at: report.made_at.into(),
            made_by: report.made_by,
            schedule: report.schedule,
            definitions_version: report.definitions_version,
            sha256: report.sha256,
            links: KeptReportLinks {
                itself: format!("/v1/reports/kept/{}", report.id),
                page: format!("/reports/{}", report.id),
            },
        }
    }
}

impl ComparedReport {
    fn of(document: Document) -> Self {
        Self {
            id: document.id.into(),
            title: document.title,
            from_on: document.from_on.into(),
            to_on: document.to_on.into(),
            made_at: document.made_at.into(),
            definitions_version: document.definitions_version,
        }
    }
}
