//! The audit, for those who check what was done.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::access::Access;
use super::answer::Answer;
use super::call::Call;
use super::operation::{Operation, get};
use super::paging::{Page, PageQuery};
use super::problem::Problem;
use crate::casework::Asked;
use crate::casework::audit::{self, AuditLine};
use crate::casework::views::AfterRow;
use crate::domain::access::Role;

/// Its operations.
#[must_use]
pub fn operations() -> Vec<Operation> {
    vec![
        get("/v1/audit", list)
            .id("list_audit")
            .summary("Who did and saw what, newest first")
            .description(
                "Ids and acts, never content. Looking is itself put down. `seal` is the line's number in the \
                 chain that `reeve audit verify` holds against checkpoints kept elsewhere.",
            )
            .tag("Audit")
            .access(Access::staff(&[Role::Auditor, Role::Admin]))
            .query::<AuditQuery>()
            .answers::<Page<AuditLine>>(200, "A page of lines.")
            .example_response(json!({
                "items": [{
                    "id": "01930d2b-7c4e-7000-8000-00000000a001", "at": "2026-11-20T16:58:02.114Z",
                    "actor": "user:01930d2b-7c4e-7000-8000-00000000b001", "action": "case.read",
                    "object": "case:01930d2b-7c4e-7000-8000-00000000c001", "purpose": null,
                    "request_id": "5b1f6f5c-6f0e-4c55-9d0e-0b4b3f2a7a11", "seal": 412,
                }],
                "next_cursor": null,
            })),
    ]
}

/// Which lines.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AuditQuery {
    /// Only what this one did: `user:<id>`, `key:<id>` …
    #[schemars(length(max = 200))]
    actor: Option<String>,
    /// Only this act: `case.read` …
    #[schemars(length(max = 100))]
    action: Option<String>,
    /// Only what was done to this: `case:<id>` …
    #[schemars(length(max = 200))]
    object: Option<String>,
    /// From this instant on.
    since: Option<Timestamp>,
    /// Before this instant.
    before: Option<Timestamp>,
    #[serde(flatten)]
    page: PageQuery,
}

async fn list(call: Call) -> Result<Answer, Problem> {
    let query: AuditQuery = call.query()?;
    let after: Option<AfterRow> = call.cursor(query.page.cursor.as_deref())?;
    let asked = Asked {
        actor: query.actor,
        action: query.action,
        object: query.object,
        since: query.since,
        before: query.before,
        after,
    };
    let limit = query.page.limit;
    let part = call
        .read(move |conn, _| audit::list(conn, &asked, limit))
        .await?;
    call.note_looks("audit.read", vec!["audit".to_owned()])
        .await?;
    Ok(call.page(part.items, part.next.as_ref(), None))
}
