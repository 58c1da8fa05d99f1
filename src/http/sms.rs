//! Text messages, as GOV.UK Notify calls us: a text that came in, and what became of one of ours.
//!
//! Notify sends the bearer token it was given when the callback was set up: a key of ours, limited to the
//! channel `sms`. Members it may add one day are passed over, because a text must not be lost for them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::access::Access;
use super::answer::Answer;
use super::call::Call;
use super::fields::{At, Id};
use super::operation::{Operation, post};
use super::problem::Problem;
use crate::casework::texts::{self, Arrival, Taken};
use crate::casework::views::CaseName;
use crate::casework::{Failure, Fault};
use crate::channels::sms::{self, Received};
use crate::domain::access::{Actor, Scope};
use crate::domain::contact::{Channel, Disposition};
use crate::domain::ids::NoticeId;

/// A text that came in.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(extend("additionalProperties" = true))]
pub struct NewText {
    /// The gateway's own id. The same one again is the same text.
    #[schemars(length(min = 1, max = 200))]
    pub id: String,
    /// Whence it came: `447700900123`.
    #[schemars(length(min = 1, max = 40))]
    pub source_number: String,
    /// Where it was sent.
    #[serde(default)]
    #[schemars(length(max = 40))]
    pub destination_number: Option<String>,
    /// Control characters are cleaned away, as in a mail.
    #[schemars(length(max = 10_000), extend("format" = "cleaned"))]
    pub message: String,
    pub date_received: At,
}

/// What became of a text of ours.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(extend("additionalProperties" = true))]
pub struct NewTextDelivery {
    /// The gateway's own id.
    #[serde(default)]
    #[schemars(length(max = 200))]
    pub id: Option<String>,
    /// The notice's id, as we gave it.
    pub reference: Id,
    pub status: TextStatus,
}

/// How a gateway says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TextStatus {
    Delivered,
    PermanentFailure,
    TemporaryFailure,
    TechnicalFailure,
}

/// What became of a text.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TextTaken {
    pub disposition: Disposition,
    /// Null where there is none, or only a small team may know of it.
    pub case: Option<CaseName>,
    pub contact: TextContact,
}

/// A contact by its id.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TextContact {
    pub id: Id,
}

/// Its operations.
#[must_use]
pub fn operations() -> Vec<Operation> {
    let gateway = || Access::scope(Scope::ContactsWrite);
    vec![
        post("/v1/channels/sms/messages", take_text)
            .id("take_text")
            .summary("Take in a text message")
            .description(
                "As GOV.UK Notify calls back about a received text. It joins the one open case in which we texted \
                 this number; else it opens a case. STOP, alone, ends texts to the number and START begins them \
                 again: both are `stored`.",
            )
            .tag("Channels")
            .access(gateway())
            .body::<NewText>()
            .answers::<TextTaken>(202, "It is kept.")
            .example_request(json!({
                "id": "740e5834-3a29-46b4-9a6f-16142fde533a", "source_number": "447700900123",
                "destination_number": "447700900000", "message": "Yes, the black bin please",
                "date_received": "2026-11-20T16:57:00Z",
            }))
            .example_response(json!({
                "disposition": "joined",
                "case": {"id": "019a9f5e-7c00-7000-8000-000000000001", "reference": "4X7-K92-MQ3"},
                "contact": {"id": "019a9f5e-7c00-7000-8000-000000000002"},
            })),
        post("/v1/channels/sms/deliveries", take_delivery)
            .id("take_text_delivery")
            .summary("Tell what became of a text of ours")
            .description(
                "As GOV.UK Notify calls back about a sent text; `reference` is the notice's id. After \
                 `permanent-failure` the number gets no more texts. A text that did not arrive has not told anybody \
                 anything: the promise it met runs on, and the notice goes by e-mail or letter where that is possible.",
            )
            .tag("Channels")
            .access(gateway())
            .body::<NewTextDelivery>()
            .answers_nothing(204, "It is kept.")
            .example_request(json!({
                "id": "740e5834-3a29-46b4-9a6f-16142fde533a", "reference": "019a9f5e-7c00-7000-8000-00000000000a",
                "to": "07700900123", "status": "permanent-failure", "created_at": "2026-11-20T16:57:00Z",
                "notification_type": "sms",
            })),
    ]
}

async fn take_text(call: Call) -> Result<Answer, Problem> {
    check_is_gateway(&call.actor)?;
    let sent: NewText = call.json()?;
    let actor = call.actor.clone();
    call.commit(
        move |tx, at| {
            let received = Received {
                id: sent.id.clone(),
                source_number: sent.source_number.clone(),
                message: sent.message.clone(),
                received_at: sent.date_received.0,
            };
            let text = sms::read(received, at.now).map_err(|faults| {
                Failure::Invalid(faults.into_iter().map(Fault::from).collect())
            })?;
            texts::receive(tx, at, &actor, &text)
        },
        |taken| Answer::json(202, &TextTaken::of(taken)),
    )
    .await
}

async fn take_delivery(call: Call) -> Result<Answer, Problem> {
    check_is_gateway(&call.actor)?;
    let sent: NewTextDelivery = call.json()?;
    let actor = call.actor.clone();
    let arrival = match sent.status {
        TextStatus::Delivered => Arrival::Delivered,
        TextStatus::PermanentFailure => Arrival::NoSuchNumber,
        TextStatus::TemporaryFailure | TextStatus::TechnicalFailure => Arrival::NotThisTime,
    };
    call.commit(
        move |tx, at| texts::arrived(tx, at, &actor, NoticeId(sent.reference.0), arrival),
        |()| Answer::no_content(),
    )
    .await
}

/// A text speaks for whoever has the number, so only a key made for a gateway brings texts in: one that
/// names the channel.
fn check_is_gateway(actor: &Actor) -> Result<(), Failure> {
    match actor {
        Actor::Key(key) if key.channels.iter().any(|own| own == Channel::Sms.as_str()) => Ok(()),
        _ => Err(Failure::forbidden(
            "channel_not_allowed",
            "Texts come in by a key that names the channel `sms`. Ask an administrator for one.",
        )),
    }
}

impl TextTaken {
    fn of(taken: &Taken) -> Self {
        Self {
            disposition: taken.disposition,
            case: taken.case.as_ref().map(|filed| CaseName::of(&filed.case)),
            contact: TextContact {
                id: taken.contact.0.into(),
            },
        }
    }
}
