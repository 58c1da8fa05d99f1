//! Who did and saw what. What is searched for stands in the form and never in an address, where histories
//! and logs would keep it.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::domain::access::Role;
use crate::domain::calendar::WallTime;
use crate::http::within::Asked;
use crate::http::{Answer, Problem};
use crate::pages::signed_in::{Fields, Visit};
use crate::pages::told::{Listed, Mistake, check_door, is_said_beside, mistakes, read, zone};

/// A line of it.
#[derive(Debug, Serialize, Deserialize)]
struct Line {
    at: String,
    actor: String,
    action: String,
    object: String,
    purpose: Option<String>,
    request_id: Option<String>,
    seal: Option<i64>,
}

const READERS: &[Role] = &[Role::Auditor, Role::Admin];
const FIELDS: &[&str] = &["actor", "action", "object", "since", "up_to"];
const POINTERS: &[(&str, &str)] = &[
    ("/actor", "actor"),
    ("/action", "action"),
    ("/object", "object"),
    ("/since", "since"),
    ("/before", "up_to"),
];

/// The newest lines, and the form.
pub async fn show(visit: Visit) -> Result<Answer, Problem> {
    check_door(&visit, READERS)?;
    shown(&visit, &Fields::default()).await
}

/// The lines that were searched for.
pub async fn search(visit: Visit) -> Result<Answer, Problem> {
    check_door(&visit, READERS)?;
    shown(&visit, visit.fields()).await
}

async fn shown(visit: &Visit, fields: &Fields) -> Result<Answer, Problem> {
    let (since, before) = match bounds(visit, fields) {
        Ok(bounds) => bounds,
        Err(wrong) => return page(visit, 422, fields, None, &wrong),
    };
    let asked = Asked::of("list_audit")
        .with("actor", fields.line("actor"))
        .with("action", fields.line("action"))
        .with("object", fields.line("object"))
        .with("since", since)
        .with("before", before)
        .with("cursor", fields.line("cursor"));
    match read::<Listed<Line>>(visit, asked).await {
        Ok(found) => page(visit, 200, fields, Some(&found), &[]),
        Err(problem) if problem.status != 403 && is_said_beside(&problem) => {
            let wrong = mistakes(&problem, POINTERS);
            page(visit, problem.status, fields, None, &wrong)
        }
        Err(problem) => Err(problem),
    }
}

fn page(
    visit: &Visit,
    status: u16,
    fields: &Fields,
    found: Option<&Listed<Line>>,
    wrong: &[Mistake],
) -> Result<Answer, Problem> {
    let written: Map<String, Value> = FIELDS
        .iter()
        .map(|name| ((*name).to_owned(), json!(fields.line(name))))
        .collect();
    let said = json!({
        "written": written, "mistakes": wrong, "zone": zone(visit),
        "lines": found.map(|found| &found.items),
        "next": found.and_then(|found| found.next_cursor.as_deref()),
        "goes_on": !fields.line("cursor").is_empty(),
    });
    visit.page(status, "admin/audit.html", "Audit", said)
}

/// From the beginning of the first day to the end of the last, in the council's own time.
fn bounds(visit: &Visit, fields: &Fields) -> Result<(String, String), Vec<Mistake>> {
    let council = visit.call.front.desk.council();
    let calendar = &council.catalogue.calendar;
    let begins = |day: Date| calendar.instant(day, WallTime::MIDNIGHT).to_string();
    let day = |field: &str| match fields.some(field).map(|text| text.parse::<Date>()) {
        None => Ok(None),
        Some(Ok(day)) => Ok(Some(day)),
        Some(Err(_)) => Err(vec![Mistake::at(
            field,
            "Give the day as year, month and day, such as 2026-11-24.",
        )]),
    };
    let since = day("since")?.map_or_else(String::new, begins);
    let next = match day("up_to")? {
        Some(day) => match day.tomorrow() {
            Ok(next) => begins(next),
            Err(_) => String::new(),
        },
        None => String::new(),
    };
    Ok((since, next))
}
