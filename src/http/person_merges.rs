//! Records that are one person: proposed, joined, taken for two again.

use serde_json::json;

use super::access::Access;
use super::answer::Answer;
use super::call::Call;
use super::cases::COUNCIL;
use super::dto::person::NewPersonMerge;
use super::operation::{Operation, delete, get, post};
use super::paging::{Page, PageQuery};
use super::problem::Problem;
use crate::casework::people::sameness;
use crate::casework::views::person::{MergeView, ProposalView};
use crate::domain::ids::{MergeId, PersonId};

/// Its operations.
#[must_use]
pub fn operations() -> Vec<Operation> {
    let merge = || {
        json!({
            "id": "019a9f5e-7c00-7000-8000-000000000010",
            "from": {"id": "019a9f5e-7c00-7000-8000-000000000011", "name": "A Example"},
            "into": {"id": "019a9f5e-7c00-7000-8000-000000000003", "name": "Ada Example"},
            "reason": "She says both are hers.", "merged_at": "2026-11-20T16:58:00Z",
            "merged_by": "user:019a9f5e-7c00-7000-8000-000000000004", "undone_at": null,
        })
    };
    vec![
        get("/v1/people/{person}/proposals", list_proposals)
            .id("list_person_proposals")
            .summary("Records that may be the same person, and why")
            .description(
                "Nobody is joined by it: whoever is sure creates a merge, whoever knows better deletes the proposal. \
                 Records known only from cases you may not see are not among them.",
            )
            .tag("People")
            .access(Access::staff(COUNCIL))
            .path_note("person", "The person's id.")
            .query::<PageQuery>()
            .answers::<Page<ProposalView>>(200, "A page of records with what speaks for each.")
            .example_response(json!({
                "items": [{
                    "person": {
                        "id": "019a9f5e-7c00-7000-8000-000000000011", "name": "A Example", "kind": "resident",
                        "email": "ada@mail.example", "phone": null, "address": null,
                        "created_at": "2026-11-20T16:58:00Z",
                    },
                    "reasons": ["same_email"], "words": "the same e-mail address",
                }],
                "next_cursor": null,
            })),
        delete("/v1/people/{person}/proposals/{other}", tell_apart)
            .id("delete_person_proposal")
            .summary("Say that two records are two people")
            .description("They are not proposed to each other again.")
            .tag("People")
            .access(Access::staff(COUNCIL))
            .path_note("person", "The person's id.")
            .path_note("other", "The id of the proposed person.")
            .answers_nothing(204, "It is noted.")
            .refuses(&[409]),
        post("/v1/people/merges", merge_people)
            .id("merge_people")
            .summary("Take two records for one person")
            .description(
                "Nothing is moved: each record keeps its contacts, cases, secret links and address for mail, and \
                 whoever looks at one sees both. Neither person hears or sees anything of it.",
            )
            .tag("People")
            .access(Access::staff(COUNCIL))
            .body::<NewPersonMerge>()
            .answers::<MergeView>(201, "The merge.")
            .answer_header("Location", "Where the merge is.")
            .refuses(&[409])
            .example_request(json!({
                "from": "019a9f5e-7c00-7000-8000-000000000011",
                "into": "019a9f5e-7c00-7000-8000-000000000003", "reason": "She says both are hers.",
            }))
            .example_response(merge()),
        get("/v1/people/merges/{merge}", show)
            .id("get_person_merge")
            .summary("One merge, in force or undone")
            .tag("People")
            .access(Access::staff(COUNCIL))
            .path_note("merge", "The merge's id.")
            .answers::<MergeView>(200, "The merge.")
            .example_response(merge()),
        delete("/v1/people/merges/{merge}", undo)
            .id("undo_person_merge")
            .summary("Take them for two people again")
            .description(
                "Each record is as it would have been, with what was said to it meanwhile. Doing it twice is doing \
                 it once.",
            )
            .tag("People")
            .access(Access::staff(COUNCIL))
            .path_note("merge", "The merge's id.")
            .answers_nothing(204, "They are two again."),
    ]
}

async fn list_proposals(call: Call) -> Result<Answer, Problem> {
    let id: PersonId = call.id("person")?;
    let page: PageQuery = call.query()?;
    let after: Option<PersonId> = call.cursor(page.cursor.as_deref())?;
    let actor = call.actor.clone();
    let all = call
        .read(move |conn, at| sameness::proposals(conn, at, &actor, id))
        .await?;
    let rest: Vec<_> = all
        .into_iter()
        .filter(|one| after.is_none_or(|after| one.person.id > after))
        .collect();
    let limit = usize::from(page.limit);
    let is_more = rest.len() > limit;
    let items: Vec<ProposalView> = rest.into_iter().take(limit).map(Into::into).collect();
    let seen = items.iter().map(|one| format!("person:{}", one.person.id));
    call.note_looks("person.found", seen.collect()).await?;
    let next = items
        .last()
        .filter(|_| is_more)
        .map(|last| PersonId(last.person.id));
    Ok(call.page(items, next.as_ref(), None))
}

async fn tell_apart(call: Call) -> Result<Answer, Problem> {
    let (id, other): (PersonId, PersonId) = (call.id("person")?, call.id("other")?);
    let actor = call.actor.clone();
    call.perform(move |tx, at| sameness::tell_apart(tx, at, &actor, id, other))
        .await?;
    Ok(Answer::no_content())
}

async fn merge_people(call: Call) -> Result<Answer, Problem> {
    let sent: NewPersonMerge = call.json()?;
    let actor = call.actor.clone();
    call.commit(
        move |tx, at| {
            let (from, into) = (sent.from.0.into(), sent.into.0.into());
            let merge = sameness::merge(tx, at, &actor, from, into, sent.reason.trim())?;
            MergeView::of(tx, &merge)
        },
        |merge: &MergeView| Answer::created(&format!("/v1/people/merges/{}", merge.id), merge),
    )
    .await
}

async fn show(call: Call) -> Result<Answer, Problem> {
    let id: MergeId = call.id("merge")?;
    let actor = call.actor.clone();
    let merge = call
        .read(move |conn, at| {
            let merge = sameness::find_merge(conn, at, &actor, id)?;
            MergeView::of(conn, &merge)
        })
        .await?;
    let people = [&merge.from, &merge.into].map(|person| format!("person:{}", person.id));
    call.note_looks("person.found", people.to_vec()).await?;
    Ok(Answer::ok(&merge))
}

async fn undo(call: Call) -> Result<Answer, Problem> {
    let id: MergeId = call.id("merge")?;
    let actor = call.actor.clone();
    call.perform(move |tx, at| sameness::undo(tx, at, &actor, id))
        .await?;
    Ok(Answer::no_content())
}
