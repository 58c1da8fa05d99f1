//! Raw e-mail, as a mail gateway hands it over.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::Semaphore;

use super::access::Access;
use super::answer::Answer;
use super::call::Call;
use super::fields::{Id, Line};
use super::operation::{Limit, Operation, post};
use super::problem::Problem;
use crate::casework::mail_in;
use crate::channels::email_in::Envelope;
use crate::domain::access::Scope;
use crate::domain::case::Secrecy;
use crate::domain::contact::Disposition;

/// What the mail server knows beside the message.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
struct EnvelopeQuery {
    /// The address it was delivered to.
    #[serde(default)]
    recipient: Option<Line<320>>,
    /// The return path; empty for the null one, from which only programs write.
    #[serde(default)]
    sender: Option<Line<320>>,
}

/// What became of a mail.
#[derive(Debug, Serialize, JsonSchema)]
struct MailTaken {
    disposition: Disposition,
    /// The sender's own case; null where there is none, or it may not be named.
    case: Option<MailCase>,
    contact: Option<MailContact>,
}

/// A case by its two names.
#[derive(Debug, Serialize, JsonSchema)]
struct MailCase {
    id: Id,
    reference: String,
}

/// A contact by its id.
#[derive(Debug, Serialize, JsonSchema)]
struct MailContact {
    id: Id,
}

/// Mails read at once. Each may be large, and reading many at once would push out everybody else.
static READING: Semaphore = Semaphore::const_new(8);
const PATIENCE: Duration = Duration::from_secs(5);

/// Its operations.
#[must_use]
pub fn operations() -> Vec<Operation> {
    vec![
        post("/v1/channels/email/messages", take_mail)
            .id("take_mail")
            .summary("Take in one raw e-mail")
            .description(
                "The bytes as they came, headers and all. Every mail that is answered 202 is kept, whatever became \
                 of it: `opened` or `joined` a case, `held` until a person has looked, `stored` (automatic mail, \
                 never answered), `quarantined` (could not be read), `duplicate` (we had it).",
            )
            .tag("Channels")
            .access(Access::scope(Scope::EmailWrite))
            .query::<EnvelopeQuery>()
            .raw_body("message/rfc822", Limit::Mail)
            .answers::<MailTaken>(202, "It is kept.")
            .refuses(&[422])
            .example_response(json!({
                "disposition": "opened",
                "case": {"id": "019a9f5e-7c00-7000-8000-000000000001", "reference": "4X7-K92-MQ3"},
                "contact": {"id": "019a9f5e-7c00-7000-8000-000000000002"},
            })),
    ]
}

async fn take_mail(call: Call) -> Result<Answer, Problem> {
    let query: EnvelopeQuery = call.query()?;
    if call.body.is_empty() {
        return Err(Problem::new(
            422,
            "empty_message",
            "The message is empty: send its bytes as the body.",
        ));
    }
    let _turn = tokio::time::timeout(PATIENCE, READING.acquire())
        .await
        .map_err(|_| {
            Problem::unavailable(
                "busy",
                "Too many mails at once. Nothing was taken; send it again.",
                5,
            )
        })?
        .map_err(Problem::fault)?;
    let (actor, raw) = (call.actor.clone(), call.body.clone());
    let envelope = Envelope {
        recipient: query.recipient.map(Line::into_string),
        sender: query.sender.map(Line::into_string),
    };
    call.commit(
        move |tx, at| mail_in::receive(tx, at, &actor, &raw, &envelope),
        |taken| {
            // The gateway need not know that there is a case only a small team may see.
            let nameable = taken
                .case
                .as_ref()
                .filter(|filed| filed.case.secrecy != Secrecy::Restricted);
            let case = nameable.map(|filed| MailCase {
                id: filed.case.id.0.into(),
                reference: filed.case.reference.to_string(),
            });
            let contact = taken.contact.map(|id| MailContact { id: id.0.into() });
            Answer::json(
                202,
                &MailTaken {
                    disposition: taken.disposition,
                    case,
                    contact,
                },
            )
        },
    )
    .await
}
