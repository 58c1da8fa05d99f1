//! Who is on a case, and as what.

use serde_json::json;

use super::access::Access;
use super::answer::Answer;
use super::call::Call;
use super::cases::{CASE_NOTE, COUNCIL, check_may};
use super::dto::examples;
use super::dto::person::PersonForCase;
use super::operation::{Operation, delete, post};
use super::problem::Problem;
use crate::casework::actions::{self, people};
use crate::casework::views::case::{self, ActedView};
use crate::domain::access::{Act, Scope};
use crate::domain::ids::PersonId;

/// Its operations.
#[must_use]
pub fn operations() -> Vec<Operation> {
    let act = |operation: Operation| {
        operation
            .tag("Cases")
            .access(Access::staff(COUNCIL).or_scope(Scope::CasesWrite))
            .path_note("case", CASE_NOTE)
            .if_match_optional()
            .refuses(&[409])
    };
    vec![
        act(post("/v1/cases/{case}/people", put_on))
            .id("put_person_on_case")
            .summary("Put a person on a case, or give them another role on it")
            .description(
                "Reporters and advocates are told what happens from now on; nobody learns of anybody else on the \
                 case. A case that somebody reported always has a reporter.",
            )
            .body::<PersonForCase>()
            .answers::<ActedView>(201, "What happened, and the case as it is now.")
            .example_request(json!({"person": "019a9f5e-7c00-7000-8000-000000000003", "role": "advocate"}))
            .example_response(examples::acted()),
        act(delete("/v1/cases/{case}/people/{person}", take_off))
            .id("take_person_off_case")
            .summary("Take a person off a case")
            .description("Their link to it ends, and what was on its way to them about it stops.")
            .path_note("person", "The person's id.")
            .answers::<ActedView>(200, "What happened, and the case as it is now.")
            .example_response(examples::acted()),
    ]
}

async fn put_on(call: Call) -> Result<Answer, Problem> {
    let target = call.case()?;
    check_may(&call, &target, Act::Work).await?;
    let sent: PersonForCase = call.json()?;
    let if_match = call.if_match()?;
    let actor = call.actor.clone();
    call.commit(
        move |tx, at| {
            let version = actions::find(tx, &actor, &target, Act::Work)?.case.version;
            if let Some(if_match) = &if_match {
                if_match.admits(version)?;
            }
            let read = if_match.as_ref().map(|_| version);
            let person = sent.person.0.into();
            let acted = people::set_role(tx, at, &actor, &target, person, sent.role, read)?;
            case::acted(tx, &actor, &acted)
        },
        |done: &ActedView| Answer::json(201, done),
    )
    .await
}

async fn take_off(call: Call) -> Result<Answer, Problem> {
    let target = call.case()?;
    check_may(&call, &target, Act::Work).await?;
    let person: PersonId = call.id("person")?;
    let if_match = call.if_match()?;
    let actor = call.actor.clone();
    let done = call
        .perform(move |tx, at| {
            let version = actions::find(tx, &actor, &target, Act::Work)?.case.version;
            if let Some(if_match) = &if_match {
                if_match.admits(version)?;
            }
            let read = if_match.as_ref().map(|_| version);
            let acted = people::remove(tx, at, &actor, &target, person, read)?;
            case::acted(tx, &actor, &acted)
        })
        .await?;
    Ok(Answer::ok(&done))
}
