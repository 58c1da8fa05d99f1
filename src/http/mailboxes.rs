//! The mailboxes that are read, for those who run the installation.

use serde_json::json;

use super::access::Access;
use super::answer::Answer;
use super::call::Call;
use super::operation::{Operation, get};
use super::paging::Page;
use super::problem::Problem;
use crate::casework::mailboxes::{self, MailboxView};
use crate::domain::access::Role;

/// Its operations.
#[must_use]
pub fn operations() -> Vec<Operation> {
    vec![
        get("/v1/mailboxes", list)
            .id("list_mailboxes")
            .summary("The mailboxes that are read by IMAP, by name")
            .description(
                "Whether mail is read from each, since when not, and why not. `failing`: the mail server cannot be \
                 reached or refuses us, and it is tried again and again. `late`: nobody has read it for three of its \
                 intervals, so no worker runs. `retired`: the settings do not name it any more. Mail that cannot be \
                 taken stays in the mailbox (`left`) and holds up none behind it. All are on one page.",
            )
            .tag("Operations")
            .access(Access::staff(&[Role::Admin]))
            .answers::<Page<MailboxView>>(200, "All mailboxes.")
            .example_response(json!({
                "items": [{
                    "name": "contact", "state": "read", "read_at": "2026-11-20T16:58:00Z",
                    "taken_at": "2026-11-20T16:41:07Z", "left": 0, "failing_since": null, "last_error": null,
                    "poll_seconds": 60,
                }],
                "next_cursor": null,
            })),
    ]
}

async fn list(call: Call) -> Result<Answer, Problem> {
    let all = call.read(mailboxes::list).await?;
    Ok(Answer::ok(&Page {
        items: all,
        next_cursor: None,
        total: None,
    }))
}
