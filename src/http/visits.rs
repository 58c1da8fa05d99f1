//! Visits to the access points: counted by the desk, and in figures.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::access::Access;
use super::answer::Answer;
use super::call::Call;
use super::csv::{self, Table};
use super::fields::{Id, Line, On};
use super::operation::{Operation, get, post};
use super::performance::Definition;
use super::problem::Problem;
use crate::casework::visits::{self, AccessPointVisits, DEFINITIONS, Visits};
use crate::domain::access::{Role, Scope};

/// People who came without a case.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewVisits {
    /// The slug of the access point.
    access_point: Line<100>,
    /// The local date; unsaid: today.
    #[serde(default)]
    on: Option<On>,
    /// How many; below nought puts an earlier count of that day right.
    #[schemars(range(min = -1000, max = 1000))]
    people: i32,
}

/// What was counted, and the day as it stands now.
#[derive(Debug, Serialize, JsonSchema)]
struct VisitsNoted {
    id: Id,
    access_point: String,
    on: On,
    people: i32,
    day: VisitFigures,
}

/// Which days.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
struct VisitsQuery {
    /// The first local date; unsaid: today.
    #[serde(default)]
    from_on: Option<On>,
    /// The last one; unsaid: today.
    #[serde(default)]
    to_on: Option<On>,
}

/// How many came.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(super) struct VisitFigures {
    /// All of them.
    visits: u64,
    /// What they said was logged.
    with_contact: u64,
    without_contact: u64,
}

/// Visits in figures.
#[derive(Debug, Serialize, JsonSchema)]
struct VisitsReport {
    from_on: On,
    to_on: On,
    #[serde(flatten)]
    all: VisitFigures,
    /// Every access point, also one to which nobody came.
    by_access_point: Vec<VisitsOfPoint>,
    /// What each figure means.
    definitions: Vec<Definition>,
}

/// The figures of one access point.
#[derive(Debug, Serialize, JsonSchema)]
struct VisitsOfPoint {
    access_point: String,
    name: String,
    #[serde(flatten)]
    figures: VisitFigures,
    /// Days on which anybody came.
    by_day: Vec<VisitsOfDay>,
}

/// The figures of one day.
#[derive(Debug, Serialize, JsonSchema)]
struct VisitsOfDay {
    on: On,
    #[serde(flatten)]
    figures: VisitFigures,
}

/// The columns of the table.
const COLUMNS: &[&str] = &[
    "on",
    "access_point",
    "name",
    "visits",
    "with_contact",
    "without_contact",
];

/// Its operations.
#[must_use]
pub fn operations() -> Vec<Operation> {
    let figures = json!({"visits": 31, "with_contact": 12, "without_contact": 19});
    vec![
        post("/v1/visits", note)
            .id("count_visits")
            .summary("Count people who came to an access point without a case")
            .description(
                "For a form, a leaflet, a machine: people of whom nothing is logged. Whoever brings a matter is logged \
                 by `POST /v1/contacts` with the channel `face_to_face`, and counted by that. Several counts of a day \
                 add up; a number below nought puts an earlier one right.",
            )
            .tag("Channels")
            .access(
                Access::staff(&[
                    Role::Agent,
                    Role::Officer,
                    Role::TeamLeader,
                    Role::HeadOfService,
                ])
                .or_scope(Scope::ContactsWrite),
            )
            .body::<NewVisits>()
            .answers::<VisitsNoted>(201, "They are counted.")
            .example_request(json!({"access_point": "northmere-hub", "on": "2026-11-20", "people": 7}))
            .example_response(json!({
                "id": "019a9f5e-7c00-7000-8000-000000000001", "access_point": "northmere-hub", "on": "2026-11-20",
                "people": 7, "day": figures,
            })),
        get("/v1/reports/visits", show)
            .id("get_visits_report")
            .summary("Visits to the access points in figures")
            .description(
                "By access point and local date. `with_contact` counts contacts of the channel `face_to_face` at the \
                 access point they name, `without_contact` what the desks have counted. `Accept: text/csv` answers a \
                 table of days.",
            )
            .tag("Reports")
            .access(
                Access::staff(&[
                    Role::Agent,
                    Role::Officer,
                    Role::TeamLeader,
                    Role::HeadOfService,
                    Role::Councillor,
                    Role::Auditor,
                    Role::Admin,
                ])
                .or_scope(Scope::ReportsRead),
            )
            .query::<VisitsQuery>()
            .answers::<VisitsReport>(200, "The figures.")
            .answers_raw(200, csv::CSV, "A table: a line for each access point and day on which anybody came.")
            .example_response(json!({
                "from_on": "2026-11-20", "to_on": "2026-11-20",
                "visits": 31, "with_contact": 12, "without_contact": 19,
                "by_access_point": [{
                    "access_point": "northmere-hub", "name": "Northmere Customer Hub",
                    "visits": 31, "with_contact": 12, "without_contact": 19,
                    "by_day": [{"on": "2026-11-20", "visits": 31, "with_contact": 12, "without_contact": 19}],
                }],
                "definitions": definitions(),
            })),
    ]
}

async fn note(call: Call) -> Result<Answer, Problem> {
    let given: NewVisits = call.json()?;
    let actor = call.actor.clone();
    call.commit(
        move |tx, at| {
            let on = given.on.map(|on| on.0);
            visits::note(tx, at, &actor, &given.access_point, on, given.people)
        },
        |(visit, day)| {
            Answer::json(
                201,
                &VisitsNoted {
                    id: visit.id.into(),
                    access_point: visit.access_point.clone(),
                    on: visit.visited_on.into(),
                    people: visit.n_people,
                    day: (*day).into(),
                },
            )
        },
    )
    .await
}

async fn show(call: Call) -> Result<Answer, Problem> {
    let query: VisitsQuery = call.query()?;
    let (from, to, report) = call
        .read(move |conn, at| {
            let from = query.from_on.map_or_else(|| at.today(), |on| on.0);
            let to = query.to_on.map_or_else(|| at.today().max(from), |on| on.0);
            Ok((from, to, visits::between(conn, at, from, to)?))
        })
        .await?;
    if csv::is_asked_for(&call.headers) {
        return Ok(table(&report.by_access_point).into_answer(&format!("visits_{from}_{to}")));
    }
    let answer = Answer::ok(&VisitsReport {
        from_on: from.into(),
        to_on: to.into(),
        all: report.all.into(),
        by_access_point: report.by_access_point.into_iter().map(Into::into).collect(),
        definitions: definitions(),
    });
    Ok(answer.with_header("vary", "Accept"))
}

fn table(points: &[AccessPointVisits]) -> Table {
    let mut table = Table::new(COLUMNS);
    for point in points {
        for (on, came) in &point.by_day {
            table.line([
                on.to_string(),
                point.access_point.clone(),
                point.name.clone(),
                came.people().to_string(),
                came.with_contact.to_string(),
                came.without.to_string(),
            ]);
        }
    }
    table
}

fn definitions() -> Vec<Definition> {
    let each = DEFINITIONS.iter();
    each.map(|(figure, means)| Definition { figure, means })
        .collect()
}

impl From<Visits> for VisitFigures {
    fn from(came: Visits) -> Self {
        Self {
            visits: came.people(),
            with_contact: came.with_contact,
            without_contact: came.without,
        }
    }
}

impl From<AccessPointVisits> for VisitsOfPoint {
    fn from(point: AccessPointVisits) -> Self {
        let by_day = point.by_day.into_iter();
        Self {
            access_point: point.access_point,
            name: point.name,
            figures: point.all.into(),
            by_day: by_day
                .map(|(on, came)| VisitsOfDay {
                    on: on.into(),
                    figures: came.into(),
                })
                .collect(),
        }
    }
}
