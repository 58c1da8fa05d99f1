//! Elected members: who writes for them, and the figures of their ward.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::access::Access;
use super::answer::Answer;
use super::call::Call;
use super::fields::{Line, On};
use super::operation::{Operation, get, put};
use super::performance::Kept;
use super::problem::Problem;
use crate::casework::members::{self, WardFigures, WardLine};
use crate::casework::{Failure, Fault};
use crate::domain::access::Role;
use crate::domain::ids::UserId;

/// Who writes for a member: these and nobody else.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Assistants {
    #[schemars(length(max = 20))]
    items: Vec<Assistant>,
}

/// Somebody who writes for a member.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Assistant {
    /// Mail from this address is the member's.
    #[schemars(length(max = 254), email)]
    email: String,
    /// They get a copy of what we write to the member.
    #[serde(default)]
    copied: bool,
}

/// Which ward.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
struct WardQuery {
    /// Its name. A councillor may leave it out: they see their own.
    #[serde(default)]
    ward: Option<Line<100>>,
}

/// The figures of a ward.
#[derive(Debug, Serialize, JsonSchema)]
struct WardReport {
    ward: String,
    /// The twelve whole months before this one.
    from_on: On,
    to_on: On,
    /// By service. Those with fewer than five cases are left out.
    items: Vec<WardItem>,
    /// Some services had too few cases to be told.
    small_numbers_left_out: bool,
}

/// One service in a ward. A number from one to four is null.
#[derive(Debug, Serialize, JsonSchema)]
struct WardItem {
    /// The service's slug.
    key: String,
    received: u64,
    /// Null where it would tell of fewer than five people, kept or not.
    answered: Kept,
    open: Option<u64>,
    overdue: Option<u64>,
}

/// Its operations.
#[must_use]
pub fn operations() -> Vec<Operation> {
    let example = || json!({"items": [{"email": "sam.helper@council.example", "copied": true}]});
    let member = || Access::staff(&[Role::Councillor]);
    let admin = || Access::staff(&[Role::Admin]);
    let naming = |operation: Operation| {
        operation
            .summary("Say who writes for a councillor: these and nobody else")
            .body::<Assistants>()
            .answers::<Assistants>(200, "Who writes for them now.")
            .example_request(example())
            .example_response(example())
    };
    vec![
        get("/v1/me/assistants", show_mine)
            .id("list_my_assistants")
            .summary("Who writes for you")
            .tag("Users")
            .access(member())
            .answers::<Assistants>(200, "Who writes for you.")
            .example_response(example()),
        naming(put("/v1/me/assistants", name_mine).id("name_my_assistants"))
            .description(
                "Their mail opens and joins your enquiries as if it were yours. Answers go to you, with a copy to those \
                 marked `copied`. They cannot sign in by this.",
            )
            .tag("Users")
            .access(member()),
        get("/v1/users/{user}/assistants", show)
            .id("list_assistants")
            .summary("Who writes for a councillor")
            .tag("Users")
            .access(admin())
            .path_note("user", "The account's id.")
            .answers::<Assistants>(200, "Who writes for them.")
            .example_response(example()),
        naming(put("/v1/users/{user}/assistants", name).id("name_assistants"))
            .description("As the councillor may do themselves.")
            .tag("Users")
            .access(admin())
            .path_note("user", "The account's id."),
        get("/v1/reports/ward", show_ward)
            .id("get_ward_report")
            .summary("How the council answers in a ward, without anybody in it")
            .description(
                "By service, over the twelve whole months before this one: the period cannot be chosen, so that no single \
                 case can be worked out. Counted as `GET /v1/reports/performance` counts. A councillor sees their own \
                 ward.",
            )
            .tag("Reports")
            .access(Access::staff(&[
                Role::Councillor,
                Role::HeadOfService,
                Role::Auditor,
                Role::Admin,
            ]))
            .query::<WardQuery>()
            .answers::<WardReport>(200, "The figures.")
            .example_response(json!({
                "ward": "Beckside", "from_on": "2025-11-01", "to_on": "2026-10-31",
                "items": [{
                    "key": "waste-collection", "received": 41, "answered": {"in_time": 33, "of": 38, "percent": 86.8},
                    "open": 0, "overdue": null,
                }],
                "small_numbers_left_out": true,
            })),
    ]
}

async fn show_mine(call: Call) -> Result<Answer, Problem> {
    let user = call.user()?.id;
    let named = call
        .read(move |conn, _| members::my_assistants(conn, user))
        .await?;
    Ok(Answer::ok(&Assistants::from(named)))
}

async fn name_mine(call: Call) -> Result<Answer, Problem> {
    let user = call.user()?.id;
    put_assistants(call, user).await
}

async fn show(call: Call) -> Result<Answer, Problem> {
    let user: UserId = call.id("user")?;
    let named = call
        .read(move |conn, _| members::assistants(conn, user))
        .await?;
    Ok(Answer::ok(&Assistants::from(named)))
}

async fn name(call: Call) -> Result<Answer, Problem> {
    let user: UserId = call.id("user")?;
    call.read(move |conn, _| members::assistants(conn, user))
        .await?;
    put_assistants(call, user).await
}

async fn put_assistants(call: Call, user: UserId) -> Result<Answer, Problem> {
    let sent: Assistants = call.json()?;
    let actor = call.actor.clone();
    let named: Vec<members::Assistant> = sent
        .items
        .into_iter()
        .map(|one| members::Assistant {
            email: one.email,
            is_copied: one.copied,
        })
        .collect();
    let named = call
        .perform(move |tx, at| members::set_assistants(tx, at, &actor, user, &named))
        .await?;
    Ok(Answer::ok(&Assistants::from(named)))
}

async fn show_ward(call: Call) -> Result<Answer, Problem> {
    let query: WardQuery = call.query()?;
    let user = call.user()?.clone();
    let asked = query.ward.map(Line::into_string);
    let figures = call
        .read(move |conn, at| {
            let own = members::office_of(conn, user.id)?.ward;
            let ward = match (user.role, asked.clone(), own) {
                (Role::Councillor, _, None) => {
                    return Err(Failure::forbidden(
                        "no_ward",
                        "Your account names no ward. Ask an administrator to set it.",
                    ));
                }
                (Role::Councillor, Some(asked), Some(own)) if asked != own => {
                    return Err(Failure::forbidden(
                        "other_ward",
                        format!("You see the figures of your own ward, {own}."),
                    ));
                }
                (Role::Councillor, _, Some(own)) => own,
                (_, Some(asked), _) => asked,
                (_, None, _) => {
                    return Err(Failure::Invalid(vec![Fault {
                        pointer: "/ward".to_owned(),
                        code: "missing_field",
                        detail: "Name the ward.".to_owned(),
                    }]));
                }
            };
            members::ward_figures(conn, at, &ward)
        })
        .await?;
    Ok(Answer::ok(&WardReport::from(figures)))
}

impl From<Vec<members::Assistant>> for Assistants {
    fn from(named: Vec<members::Assistant>) -> Self {
        let items = named.into_iter().map(|one| Assistant {
            email: one.email,
            copied: one.is_copied,
        });
        Self {
            items: items.collect(),
        }
    }
}

impl From<WardFigures> for WardReport {
    fn from(figures: WardFigures) -> Self {
        Self {
            ward: figures.ward,
            from_on: figures.period.from_on.into(),
            to_on: figures.period.to_on.into(),
            items: figures.lines.into_iter().map(WardItem::from).collect(),
            small_numbers_left_out: figures.has_small,
        }
    }
}

impl From<WardLine> for WardItem {
    fn from(line: WardLine) -> Self {
        Self {
            key: line.service,
            received: line.received,
            answered: line.answered.into(),
            open: line.open,
            overdue: line.overdue,
        }
    }
}
