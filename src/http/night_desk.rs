//! The night's hand-over list, and what the partner says it sent.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::access::Access;
use super::answer::Answer;
use super::call::Call;
use super::dto::contact::ReceiptObject;
use super::fields::{At, Id, Line, On};
use super::operation::{Operation, get, post};
use super::problem::Problem;
use crate::casework::night_desk::{self, Item, Reckoning};
use crate::domain::access::{Role, Scope};
use crate::domain::case::{Priority, Status};
use crate::domain::contact::Disposition;

/// Which night.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
struct NightQuery {
    /// The local date on which the night began.
    night_of: On,
    /// The last of several nights: on a Monday morning, Sunday. Left out: the one.
    #[serde(default)]
    to_night_of: Option<On>,
}

/// What the partner says it sent.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NightSent {
    /// The local date on which the night began.
    night_of: On,
    /// The last of several nights. Left out: the one.
    #[serde(default)]
    to_night_of: Option<On>,
    /// The `external_id` of everything it sent.
    #[schemars(length(max = 2000))]
    sent: Vec<Line<200>>,
}

/// What came in over one night, or several.
#[derive(Debug, Serialize, JsonSchema)]
struct NightReport {
    night_of: On,
    /// Closing time; on a closed day, the hour at which the next open day opens.
    from_at: At,
    /// When the office opens, or the next night begins.
    until_at: At,
    came_in: usize,
    /// In the order it reached us.
    items: Vec<NightItem>,
}

/// One thing the partner took in.
#[derive(Debug, Serialize, JsonSchema)]
struct NightItem {
    contact: NightContact,
    /// The partner's own number for it.
    external_id: Option<String>,
    received_at: At,
    logged_at: At,
    /// It reached us when its night was over, and the morning had begun without it.
    came_later: bool,
    disposition: Disposition,
    /// Null where it is not yours to read.
    case: Option<NightCase>,
    /// In place of `case`, for whoever logged what only a small team may see.
    receipt: Option<ReceiptObject>,
}

/// A contact by its id.
#[derive(Debug, Serialize, JsonSchema)]
struct NightContact {
    id: Id,
}

/// A case as the morning needs it.
#[derive(Debug, Serialize, JsonSchema)]
struct NightCase {
    id: Id,
    reference: String,
    service: String,
    category: String,
    status: Status,
    /// This and what follows are null for whoever follows the case as the public does.
    queue: Option<String>,
    priority: Option<Priority>,
    /// Nobody has taken it yet.
    is_unowned: Option<bool>,
    /// Somebody may be in danger.
    is_danger: Option<bool>,
    /// Somebody was rung about the danger.
    is_rung: Option<bool>,
}

/// What the partner says it sent, against what is here.
#[derive(Debug, Serialize, JsonSchema)]
struct NightReckoning {
    night_of: On,
    matched: u32,
    /// Sent, and not here: send them again under the same `external_id`.
    missing: Vec<String>,
    /// Here, and not among what was sent.
    not_named: Vec<String>,
    /// Here without an `external_id`, so that nothing can be held against them.
    without_id: u32,
}

/// Its operations.
#[must_use]
pub fn operations() -> Vec<Operation> {
    let readers = || {
        Access::staff(&[
            Role::Agent,
            Role::Officer,
            Role::TeamLeader,
            Role::HeadOfService,
            Role::Partner,
        ])
        .or_scope(Scope::CasesRead)
    };
    vec![
        get("/v1/reports/out-of-hours", show_night)
            .id("get_night_report")
            .summary("What the night desk took in, for the morning")
            .description(
                "Everything of the channel `out_of_hours` that the night desk received between closing time and the \
                 next opening, whenever it reached us: what came when the night was over is `came_later`. What it \
                 received in opening hours and sent by night is in that night. Over closed days each night ends where \
                 the next begins, so that none is in two: ask for all of a weekend with `to_night_of`. A partner sees its own and the cases of its queues. What only a small team may see is listed for \
                 those of the team, and with a `receipt` in place of the case for whoever logged it; to the council's \
                 own staff `came_in` counts it all the same.",
            )
            .tag("Reports")
            .access(readers())
            .query::<NightQuery>()
            .answers::<NightReport>(200, "The night.")
            .example_response(json!({
                "night_of": "2026-11-20", "from_at": "2026-11-20T17:00:00Z", "until_at": "2026-11-21T09:00:00Z",
                "came_in": 1,
                "items": [{
                    "contact": {"id": "019a9f5e-7c00-7000-8000-000000000002"}, "external_id": "night-17",
                    "received_at": "2026-11-20T22:10:00Z", "logged_at": "2026-11-20T22:12:00Z",
                    "came_later": false, "disposition": "opened",
                    "case": {
                        "id": "019a9f5e-7c00-7000-8000-000000000001", "reference": "4X7-K92-MQ3",
                        "service": "housing-repairs", "category": "no-heating", "status": "new", "queue": "repairs",
                        "priority": "emergency", "is_unowned": true, "is_danger": true,
                        "is_rung": true,
                    },
                    "receipt": null,
                }],
            })),
        post("/v1/reports/out-of-hours/reckonings", reckon)
            .id("reckon_night")
            .summary("Hold what the night desk sent against what is here")
            .description(
                "Nothing is changed. What is `missing` never reached us, or was not received in that night. \
                 `not_named` holds what you may see in the list of that night.",
            )
            .tag("Reports")
            .access(readers())
            .not_idempotent()
            .body::<NightSent>()
            .answers::<NightReckoning>(200, "What is missing on either side.")
            .example_request(json!({"night_of": "2026-11-20", "sent": ["night-17", "night-18"]}))
            .example_response(json!({
                "night_of": "2026-11-20", "matched": 1, "missing": ["night-18"], "not_named": [], "without_id": 0,
            })),
    ]
}

async fn show_night(call: Call) -> Result<Answer, Problem> {
    let query: NightQuery = call.query()?;
    let actor = call.actor.clone();
    let night = call
        .read(move |conn, at| {
            let last = query.to_night_of.map(|on| on.0);
            night_desk::nights_of(conn, at, &actor, query.night_of.0, last)
        })
        .await?;
    Ok(Answer::ok(&NightReport {
        night_of: query.night_of,
        from_at: night.from_at.into(),
        until_at: night.until_at.into(),
        came_in: night.n_came_in,
        items: night.items.into_iter().map(NightItem::from).collect(),
    }))
}

async fn reckon(call: Call) -> Result<Answer, Problem> {
    let sent: NightSent = call.json()?;
    let actor = call.actor.clone();
    let (on, last) = (sent.night_of, sent.to_night_of.map(|on| on.0));
    let ids: Vec<String> = sent.sent.into_iter().map(Line::into_string).collect();
    let reckoning: Reckoning = call
        .read(move |conn, at| {
            let night = night_desk::nights_of(conn, at, &actor, on.0, last)?;
            Ok(night_desk::reckon(&night, &ids))
        })
        .await?;
    Ok(Answer::ok(&NightReckoning {
        night_of: on,
        matched: reckoning.n_matched,
        missing: reckoning.missing,
        not_named: reckoning.not_named,
        without_id: reckoning.n_without_id,
    }))
}

impl From<Item> for NightItem {
    fn from(item: Item) -> Self {
        let works = !item.is_followed;
        Self {
            contact: NightContact {
                id: item.contact.id.0.into(),
            },
            external_id: item.contact.external_id,
            received_at: item.contact.received_at.into(),
            logged_at: item.contact.logged_at.into(),
            came_later: item.came_later,
            disposition: item.contact.disposition,
            case: item.case.map(|filed| NightCase {
                id: filed.case.id.0.into(),
                reference: filed.case.reference.to_string(),
                is_danger: works.then(|| filed.case.is_in_danger()),
                is_rung: works.then_some(filed.case.is_rung),
                is_unowned: works
                    .then_some(filed.case.owner.is_none() && filed.case.taken_by.is_none()),
                service: filed.case.service,
                category: filed.case.category,
                queue: works.then_some(filed.case.queue),
                priority: works.then_some(filed.case.priority),
                status: filed.case.status,
            }),
            receipt: item.receipt.as_ref().map(ReceiptObject::of),
        }
    }
}
