//! Escalations: what fell due, and who was told.

use std::collections::BTreeSet;

use serde_json::json;

use super::access::Access;
use super::answer::Answer;
use super::call::Call;
use super::cases::READERS;
use super::dto::case::EscalationsQuery;
use super::dto::examples;
use super::operation::{Operation, get};
use super::paging::Page;
use super::problem::Problem;
use crate::casework::actions::Target;
use crate::casework::views::AfterRow;
use crate::casework::views::escalations::{self, EscalationView};
use crate::domain::access::Scope;

/// Its operations.
#[must_use]
pub fn operations() -> Vec<Operation> {
    vec![
        get("/v1/escalations", list)
            .id("list_escalations")
            .summary("Every step that was taken, newest first")
            .description(
                "Of cases the caller may see, and of mail that waits in queues they may see. A step comes from a \
                 promise that nears its date or from a place where work waits too long.",
            )
            .tag("Escalations")
            .access(Access::staff(READERS).or_scope(Scope::CasesRead))
            .query::<EscalationsQuery>()
            .answers::<Page<EscalationView>>(200, "A page of steps.")
            .example_response(json!({"items": [examples::escalation()], "next_cursor": null})),
    ]
}

async fn list(call: Call) -> Result<Answer, Problem> {
    let query: EscalationsQuery = call.query()?;
    let after: Option<AfterRow> = call.cursor(query.page.cursor.as_deref())?;
    let council = call.front.desk.council();
    let pattern = council.catalogue.council.alias_pattern();
    let pattern = pattern.as_deref();
    let target = match query.case.as_deref() {
        None => None,
        Some(text) => Some(Target::parse(text, pattern).map_err(|why| {
            let detail = format!("case: {why}");
            Problem::unreadable("reference_mistyped", detail.clone()).at(
                "/case",
                "reference_mistyped",
                detail,
            )
        })?),
    };
    let actor = call.actor.clone();
    let part = call
        .read(move |conn, at| {
            escalations::list(conn, at, &actor, target.as_ref(), after, query.page.limit)
        })
        .await?;
    let restricted: BTreeSet<String> = part
        .items
        .iter()
        .filter(|step| step.is_restricted)
        .filter_map(|step| step.case.as_ref())
        .map(|case| format!("case:{}", case.id))
        .collect();
    call.note_looks("case.listed", restricted.into_iter().collect())
        .await?;
    Ok(call.page(part.items, part.next.as_ref(), None))
}
