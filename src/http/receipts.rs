//! What somebody keeps of restricted cases they logged.

use serde_json::json;

use super::access::{Access, EVERYBODY};
use super::answer::Answer;
use super::call::Call;
use super::dto::contact::ReceiptObject;
use super::operation::{Operation, get};
use super::paging::Page;
use super::problem::Problem;
use crate::casework::receipts;
use crate::domain::access::Scope;

/// Its operations.
#[must_use]
pub fn operations() -> Vec<Operation> {
    vec![
        get("/v1/me/receipts", list)
            .id("list_my_receipts")
            .summary("What you logged and may not see, with the number to ring")
            .description("The newest hundred.")
            .tag("Intake")
            .access(Access::staff(EVERYBODY).or_scope(Scope::ContactsWrite))
            .answers::<Page<ReceiptObject>>(200, "The receipts, newest first.")
            .example_response(json!({
                "items": [{
                    "reference": "4X7-K92-MQ3", "received_at": "2026-11-20T16:58:00Z",
                    "number_to_ring": "0808 157 0100",
                }],
                "next_cursor": null,
            })),
    ]
}

async fn list(call: Call) -> Result<Answer, Problem> {
    let actor = call.actor.clone();
    let kept = call
        .read(move |conn, _| receipts::kept(conn, &actor))
        .await?;
    let items = kept.iter().map(ReceiptObject::of).collect();
    Ok(call.page::<ReceiptObject, ()>(items, None, None))
}
