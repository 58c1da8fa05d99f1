//! Notices: what could not be delivered, and letters that wait for somebody to write them.

use std::collections::BTreeSet;

use serde_json::json;

use super::access::Access;
use super::answer::Answer;
use super::call::Call;
use super::cases::COUNCIL;
use super::dto::examples;
use super::dto::notice::{NoticesQuery, Posted};
use super::operation::{Operation, get, post};
use super::paging::Page;
use super::problem::Problem;
use crate::casework::views::AfterRow;
use crate::casework::views::notices::{self, NoticeView};
use crate::casework::{Failure, Moment, actions};
use crate::domain::access::Role;
use crate::domain::ids::NoticeId;

const LISTERS: &[Role] = &[
    Role::Agent,
    Role::Officer,
    Role::TeamLeader,
    Role::HeadOfService,
    Role::Admin,
];
const RETRIERS: &[Role] = &[Role::TeamLeader, Role::HeadOfService, Role::Admin];

/// Its operations.
#[must_use]
pub fn operations() -> Vec<Operation> {
    let note = "The notice's id.";
    vec![
        get("/v1/notices", list)
            .id("list_notices")
            .summary("Notices in one state, newest first")
            .description(
                "`to_write` for those who work cases; the other states for team leaders, heads of service and \
                 administrators. Administrators see that a notice failed and why, not what it says. A letter to write \
                 has its whole `text`, ready to print; `see_to` says what is missing before it can go.",
            )
            .tag("Notices")
            .access(Access::staff(LISTERS))
            .query::<NoticesQuery>()
            .answers::<Page<NoticeView>>(200, "A page of notices.")
            .example_response(json!({"items": [examples::letter_to_write()], "next_cursor": null})),
        get("/v1/notices/{notice}", show)
            .id("get_notice")
            .summary("One notice")
            .tag("Notices")
            .access(Access::staff(LISTERS))
            .path_note("notice", note)
            .answers::<NoticeView>(200, "The notice.")
            .example_response(examples::notice()),
        post("/v1/notices/{notice}/retries", retry)
            .id("retry_notice")
            .summary("Try again what could not be delivered")
            .tag("Notices")
            .access(Access::staff(RETRIERS))
            .path_note("notice", note)
            .optional_body::<super::dto::act::Nothing>()
            .answers::<NoticeView>(201, "It is on its way again.")
            .refuses(&[409])
            .example_request(json!({}))
            .example_response(examples::notice()),
        post("/v1/notices/{notice}/sent", note_posted)
            .id("note_letter_posted")
            .summary("Say that a letter was written and posted")
            .description("The promise it was written for is kept.")
            .tag("Notices")
            .access(Access::staff(COUNCIL))
            .path_note("notice", note)
            .body::<Posted>()
            .answers::<NoticeView>(201, "The letter has been posted.")
            .refuses(&[409])
            .example_request(json!({"posted_on": "2026-11-24"}))
            .example_response(examples::notice()),
    ]
}

async fn list(call: Call) -> Result<Answer, Problem> {
    let query: NoticesQuery = call.query()?;
    let after: Option<AfterRow> = call.cursor(query.page.cursor.as_deref())?;
    let actor = call.actor.clone();
    let part = call
        .read(move |conn, at| notices::list(conn, at, &actor, query.state, after, query.page.limit))
        .await?;
    note_looks(&call, &part.items).await?;
    Ok(call.page(part.items, part.next.as_ref(), None))
}

async fn show(call: Call) -> Result<Answer, Problem> {
    let (actor, id) = (call.actor.clone(), call.id::<NoticeId>("notice")?);
    let notice = call
        .read(move |conn, at| notices::one(conn, at, &actor, id))
        .await?;
    note_looks(&call, std::slice::from_ref(&notice)).await?;
    Ok(Answer::ok(&notice))
}

/// What they say is shown only after it was put down whose it is.
async fn note_looks(call: &Call, shown: &[NoticeView]) -> Result<(), Problem> {
    let cases: BTreeSet<String> = shown
        .iter()
        .filter_map(|notice| notice.noted)
        .map(|case| format!("case:{case}"))
        .collect();
    call.note_looks("notice.read", cases.into_iter().collect())
        .await
}

async fn retry(call: Call) -> Result<Answer, Problem> {
    let (actor, id) = (call.actor.clone(), call.id::<NoticeId>("notice")?);
    let seen = actor.clone();
    call.read(move |conn, at| notices::one(conn, at, &seen, id))
        .await?;
    let _: super::dto::act::Nothing = call.json()?;
    call.commit(
        move |tx, at| notices::retry(tx, at, &actor, id),
        |notice: &NoticeView| Answer::json(201, notice),
    )
    .await
}

async fn note_posted(call: Call) -> Result<Answer, Problem> {
    let (actor, id) = (call.actor.clone(), call.id::<NoticeId>("notice")?);
    let seen = actor.clone();
    let written_at = call
        .read(move |conn, _| notices::find_letter(conn, &seen, id))
        .await?;
    let posted: Posted = call.json()?;
    call.commit(
        move |tx, at| {
            check_day(at, written_at, &posted)?;
            actions::note_posted(tx, at, &actor, id, Some(posted.posted_on.0))?;
            notices::one(tx, at, &actor, id)
        },
        |notice: &NoticeView| Answer::json(201, notice),
    )
    .await
}

fn check_day(at: &Moment, written_at: jiff::Timestamp, posted: &Posted) -> Result<(), Failure> {
    let posted_on = posted.posted_on.0;
    if posted_on > at.today() {
        return Err(Failure::invalid(
            "/posted_on",
            "in_future",
            "That day has not come yet.",
        ));
    }
    if posted_on < at.council.catalogue.calendar.date_of(written_at) {
        let detail = "That is before the letter was there to be written.";
        return Err(Failure::invalid("/posted_on", "too_early", detail));
    }
    Ok(())
}
