//! Markers: what those who deal with somebody must know, and which of them want another look.

use jiff::civil::Date;
use serde_json::json;

use super::access::Access;
use super::answer::Answer;
use super::call::Call;
use super::cases::COUNCIL;
use super::dto::act::owner;
use super::dto::person::{MarkerGiven, MarkerPatch, MarkersQuery};
use super::operation::{Operation, delete, get, patch, post};
use super::paging::{Page, PageQuery};
use super::problem::Problem;
use crate::casework::people::{self, marking, marking::ToReview};
use crate::casework::views::person::MarkerView;
use crate::domain::ids::{MarkerId, PersonId};

/// Its operations.
#[must_use]
pub fn operations() -> Vec<Operation> {
    let marker = || {
        json!({
            "id": "019a9f5e-7c00-7000-8000-000000000020",
            "person": {"id": "019a9f5e-7c00-7000-8000-000000000003", "name": "Ada Example"},
            "kind": "staff_safety", "purpose": "A dog that has bitten a visitor.",
            "instruction": "Visit in pairs", "words": "Visit in pairs until Monday 1 March 2027",
            "owner": {"id": "019a9f5e-7c00-7000-8000-000000000004", "name": "Sam Officer"},
            "review_on": "2027-03-01", "is_review_overdue": false,
            "created_at": "2026-11-20T16:58:00Z",
            "created_by": "user:019a9f5e-7c00-7000-8000-000000000004",
            "changed_at": "2026-11-20T16:58:00Z",
        })
    };
    let given = json!({
        "kind": "staff_safety", "purpose": "A dog that has bitten a visitor.", "instruction": "Visit in pairs",
        "owner": "me", "review_on": "2027-03-01",
    });
    let of_person = |operation: Operation| {
        operation
            .tag("People")
            .access(Access::staff(COUNCIL))
            .path_note("person", "The person's id.")
    };
    vec![
        of_person(get("/v1/people/{person}/markers", list))
            .id("list_markers_of_person")
            .summary("A person's markers")
            .description("That they were read is put down in the audit.")
            .query::<PageQuery>()
            .answers::<Page<MarkerView>>(200, "Those in force, on every record of theirs.")
            .example_response(json!({"items": [marker()], "next_cursor": null})),
        of_person(post("/v1/people/{person}/markers", place))
            .id("place_marker")
            .summary("Place a marker on a person")
            .description(
                "It is shown first on the person and on each of their cases, to those who work it. `staff_safety` \
                 and `single_point_of_contact` are placed by officers and above. It wants another look within a \
                 year, and is shown as overdue when nobody has had it.",
            )
            .body::<MarkerGiven>()
            .answers::<MarkerView>(201, "The marker.")
            .example_request(given)
            .example_response(marker()),
        of_person(patch("/v1/people/{person}/markers/{marker}", change))
            .id("change_marker")
            .summary("Change a marker, or renew it")
            .path_note("marker", "The marker's id.")
            .body::<MarkerPatch>()
            .answers::<MarkerView>(200, "The marker as it is now.")
            .example_request(json!({"review_on": "2027-09-01"}))
            .example_response(marker()),
        of_person(delete("/v1/people/{person}/markers/{marker}", end))
            .id("end_marker")
            .summary("End a marker")
            .description("It is kept, with who ended it, and shown no more.")
            .path_note("marker", "The marker's id.")
            .answers_nothing(204, "It is shown no more."),
        get("/v1/markers", to_review)
            .id("list_markers_to_review")
            .summary("Markers that want another look, the longest overdue first")
            .description(
                "Of people you may know of. `owner=me` is the list of what you answer for yourself.",
            )
            .tag("People")
            .access(Access::staff(COUNCIL))
            .query::<MarkersQuery>()
            .answers::<Page<MarkerView>>(200, "A page of markers.")
            .example_response(json!({"items": [marker()], "next_cursor": null})),
    ]
}

async fn list(call: Call) -> Result<Answer, Problem> {
    let id: PersonId = call.id("person")?;
    let page: PageQuery = call.query()?;
    let after: Option<MarkerId> = call.cursor(page.cursor.as_deref())?;
    let actor = call.actor.clone();
    let all = call
        .read(move |conn, at| marking::list(conn, at, &actor, id))
        .await?;
    call.note_looks("person.markers_read", vec![format!("person:{id}")])
        .await?;
    let rest: Vec<MarkerView> = all
        .into_iter()
        .filter(|one| after.is_none_or(|after| one.id > after.0))
        .collect();
    let limit = usize::from(page.limit);
    let is_more = rest.len() > limit;
    let items: Vec<MarkerView> = rest.into_iter().take(limit).collect();
    let next = items
        .last()
        .filter(|_| is_more)
        .map(|last| MarkerId(last.id));
    Ok(call.page(items, next.as_ref(), None))
}

async fn place(call: Call) -> Result<Answer, Problem> {
    let id = known_person(&call).await?;
    let sent: MarkerGiven = call.json()?;
    let actor = call.actor.clone();
    call.commit(
        move |tx, at| marking::place(tx, at, &actor, id, &sent.read()?),
        |marker: &MarkerView| Answer::json(201, marker),
    )
    .await
}

async fn change(call: Call) -> Result<Answer, Problem> {
    let id = known_person(&call).await?;
    let marker: MarkerId = call.id("marker")?;
    let sent: MarkerPatch = call.json()?;
    let actor = call.actor.clone();
    let changed = call
        .perform(move |tx, at| marking::change(tx, at, &actor, id, marker, &sent.read()?))
        .await?;
    Ok(Answer::ok(&changed))
}

async fn end(call: Call) -> Result<Answer, Problem> {
    let (id, marker): (PersonId, MarkerId) = (call.id("person")?, call.id("marker")?);
    let actor = call.actor.clone();
    call.perform(move |tx, at| marking::end(tx, at, &actor, id, marker))
        .await?;
    Ok(Answer::no_content())
}

async fn to_review(call: Call) -> Result<Answer, Problem> {
    let query: MarkersQuery = call.query()?;
    let after: Option<(Date, MarkerId)> = call.cursor(query.page.cursor.as_deref())?;
    let whose = match query.owner.as_deref() {
        Some(text) => Some(owner(text, "/owner")?),
        None => None,
    };
    let (actor, limit) = (call.actor.clone(), query.page.limit);
    let part = call
        .read(move |conn, at| {
            let asked = ToReview {
                before: query
                    .review_due_before
                    .map_or_else(|| at.today(), |on| on.0),
                owner: whose,
            };
            marking::to_review(conn, at, &actor, &asked, after, limit)
        })
        .await?;
    let seen = part.items.iter();
    let seen = seen
        .map(|one| format!("person:{}", one.person.id))
        .collect();
    call.note_looks("person.markers_read", seen).await?;
    Ok(call.page(part.items, part.next.as_ref(), None))
}

/// Refuses what may not be known of before anything else is said about the request.
async fn known_person(call: &Call) -> Result<PersonId, Problem> {
    let id: PersonId = call.id("person")?;
    let actor = call.actor.clone();
    call.read(move |conn, at| people::find_for(conn, at, &actor, id).map(drop))
        .await?;
    Ok(id)
}
