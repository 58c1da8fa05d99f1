//! Queues: what waits where, and taking the next case.

use serde_json::json;

use super::access::{Access, CASEWORKERS};
use super::answer::Answer;
use super::call::Call;
use super::cases::READERS;
use super::dto::act::Nothing;
use super::dto::examples;
use super::operation::{Operation, get, post};
use super::paging::{Page, PageQuery};
use super::problem::Problem;
use crate::casework::actions;
use crate::casework::views::case::{self, ActedView};
use crate::casework::views::queues::{self, QueueView};
use crate::domain::access::Scope;

/// Its operations.
#[must_use]
pub fn operations() -> Vec<Operation> {
    vec![
        get("/v1/queues", list)
            .id("list_queues")
            .summary("Every queue, and what stands in it")
            .description(
                "Queues the caller may look into. Counts leave out what they may not see; a queue of restricted \
                 cases only is there for its own team alone.",
            )
            .tag("Queues")
            .access(Access::staff(READERS).or_scope(Scope::CasesRead))
            .query::<PageQuery>()
            .answers::<Page<QueueView>>(200, "A page of queues, by slug.")
            .example_response(json!({"items": [examples::queue()], "next_cursor": null})),
        get("/v1/queues/{queue}", show)
            .id("get_queue")
            .summary("One queue, and what stands in it")
            .tag("Queues")
            .access(Access::staff(READERS).or_scope(Scope::CasesRead))
            .path_note("queue", "The queue's slug.")
            .answers::<QueueView>(200, "The queue.")
            .example_response(examples::queue()),
        post("/v1/queues/{queue}/next", take_next)
            .id("take_next_case")
            .summary("Take the case most at risk that nobody has")
            .description(
                "Emergencies first, then the earliest answer date, then the oldest. Of two who ask at once, each \
                 gets another case.",
            )
            .tag("Queues")
            .access(Access::staff(CASEWORKERS).or_scope(Scope::CasesWrite))
            .path_note("queue", "The queue's slug.")
            .optional_body::<Nothing>()
            .answers::<ActedView>(201, "The case is yours.")
            .answers_nothing(204, "Nothing waits in this queue.")
            .example_request(json!({}))
            .example_response(examples::acted()),
    ]
}

async fn list(call: Call) -> Result<Answer, Problem> {
    let query: PageQuery = call.query()?;
    let after: Option<String> = call.cursor(query.cursor.as_deref())?;
    let actor = call.actor.clone();
    let all = call
        .read(move |conn, at| queues::list(conn, at, &actor))
        .await?;
    let mut rows: Vec<QueueView> = all
        .into_iter()
        .filter(|queue| after.as_ref().is_none_or(|after| queue.queue > *after))
        .collect();
    let next = query.cut(&mut rows, |queue| queue.queue.clone());
    Ok(call.page(rows, next.as_ref(), None))
}

async fn show(call: Call) -> Result<Answer, Problem> {
    let (actor, slug) = (call.actor.clone(), call.path("queue").to_owned());
    let queue = call
        .read(move |conn, at| queues::one(conn, at, &actor, &slug))
        .await?;
    Ok(Answer::ok(&queue))
}

async fn take_next(call: Call) -> Result<Answer, Problem> {
    let (actor, slug) = (call.actor.clone(), call.path("queue").to_owned());
    let at = call.front.desk.moment();
    queues::check_is_known(&at, &actor, &slug)?;
    actions::check_may_take(&at, &actor, &slug)?;
    let _: Nothing = call.json()?;
    call.commit(
        move |tx, at| match actions::take_next(tx, at, &actor, &slug)? {
            Some(acted) => case::acted(tx, &actor, &acted).map(Some),
            None => Ok(None),
        },
        |taken: &Option<ActedView>| match taken {
            Some(taken) => Answer::json(201, taken),
            None => Answer::no_content(),
        },
    )
    .await
}
