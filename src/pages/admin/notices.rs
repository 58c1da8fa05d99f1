//! Notices by their state, and trying again what could not be delivered.

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::domain::access::Role;
use crate::http::within::Asked;
use crate::http::{Answer, Problem};
use crate::pages::signed_in::Visit;
use crate::pages::told::{
    Listed, Mistake, check_door, is_said_beside, mistakes, next_page, read, zone,
};

/// A notice, without what it says.
#[derive(Debug, Serialize, Deserialize)]
struct Notice {
    id: String,
    kind: String,
    case: Option<Named>,
    transport: String,
    to: Option<String>,
    state: String,
    attempts: i64,
    last_error: Option<String>,
    created_at: String,
    next_attempt_at: Option<String>,
    sent_at: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Named {
    reference: String,
}

/// Who sees to what could not be delivered.
const READERS: &[Role] = &[Role::TeamLeader, Role::HeadOfService, Role::Admin];
const PATH: &str = "/admin/notices";
const STATES: &[(&str, &str)] = &[
    ("failed", "could not be delivered"),
    ("pending", "on their way"),
    ("sent", "sent"),
    ("cancelled", "taken back"),
];

/// The list.
pub async fn list(visit: Visit) -> Result<Answer, Problem> {
    check_door(&visit, READERS)?;
    shown(&visit, 200, &[]).await
}

/// Tries one again.
pub async fn retry(visit: Visit) -> Result<Answer, Problem> {
    check_door(&visit, READERS)?;
    let asked = Asked::of("retry_notice")
        .at("notice", visit.call.path("notice"))
        .sends(json!({}))
        .once(visit.fields().key());
    match visit.ask(asked).await {
        Ok(_) => Ok(Answer::see_other(&format!("{PATH}?done=notice_retried"))),
        Err(problem) if problem.status == 409 && is_said_beside(&problem) => {
            shown(&visit, 409, &mistakes(&problem, &[])).await
        }
        Err(problem) => Err(problem),
    }
}

async fn shown(visit: &Visit, status: u16, wrong: &[Mistake]) -> Result<Answer, Problem> {
    let state = match visit.parameter("state") {
        state if state.is_empty() => "failed".to_owned(),
        state => state,
    };
    let cursor = visit.parameter("cursor");
    let asked = Asked::of("list_notices")
        .with("state", &state)
        .with("cursor", &cursor);
    let found: Listed<Notice> = read(visit, asked).await?;
    let said = json!({
        "notices": found.items, "state": state, "states": STATES, "mistakes": wrong,
        "sees_cases": visit.may("get_case"), "zone": zone(visit),
        "next": next_page(PATH, &[("state", &state)], found.next_cursor.as_deref()),
        "first": (!cursor.is_empty()).then(|| format!("{PATH}?state={state}")),
    });
    visit.page(status, "admin/notices.html", "Notices", said)
}
