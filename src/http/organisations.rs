//! Bodies that people act for: a business, a parish council, a residents' group.

use serde_json::json;

use super::access::Access;
use super::answer::Answer;
use super::call::Call;
use super::cases::COUNCIL;
use super::dto::person::{NewOrganisation, OrganisationPatch, OrganisationsQuery, PersonObject};
use super::operation::{Operation, get, patch, post};
use super::paging::{Page, PageQuery};
use super::problem::Problem;
use crate::casework::people::organisations::{self, Said};
use crate::casework::views::person::OrganisationView;
use crate::domain::ids::{OrganisationId, PersonId};

/// Its operations.
#[must_use]
pub fn operations() -> Vec<Operation> {
    let organisation = || {
        json!({
            "id": "019a9f5e-7c00-7000-8000-000000000030", "name": "Larkfield Residents' Association",
            "kind": "community_group", "email": "hello@larkfield.example", "phone": "01632 960456",
            "address": null, "created_at": "2026-11-20T16:58:00Z", "updated_at": "2026-11-20T16:58:00Z",
            "version": 1,
        })
    };
    let note = "The organisation's id.";
    vec![
        get("/v1/organisations", list)
            .id("list_organisations")
            .summary("Organisations by name")
            .tag("People")
            .access(Access::staff(COUNCIL))
            .query::<OrganisationsQuery>()
            .answers::<Page<OrganisationView>>(200, "A page of organisations.")
            .example_response(json!({"items": [organisation()], "next_cursor": null})),
        post("/v1/organisations", add)
            .id("add_organisation")
            .summary("Add an organisation")
            .description(
                "Who acts for it is said with `PATCH /v1/people/{id}` and its `organisation_id`.",
            )
            .tag("People")
            .access(Access::staff(COUNCIL))
            .body::<NewOrganisation>()
            .answers::<OrganisationView>(201, "The organisation.")
            .answer_header("Location", "Where the organisation is.")
            .example_request(
                json!({"name": "Larkfield Residents' Association", "kind": "community_group"}),
            )
            .example_response(organisation()),
        get("/v1/organisations/{organisation}", show)
            .id("get_organisation")
            .summary("One organisation")
            .tag("People")
            .access(Access::staff(COUNCIL))
            .path_note("organisation", note)
            .has_etag()
            .answers::<OrganisationView>(200, "The organisation.")
            .example_response(organisation()),
        patch("/v1/organisations/{organisation}", change)
            .id("change_organisation")
            .summary("Correct what is known about an organisation")
            .tag("People")
            .access(Access::staff(COUNCIL))
            .path_note("organisation", note)
            .has_etag()
            .if_match_required()
            .body::<OrganisationPatch>()
            .answers::<OrganisationView>(200, "The organisation as it is now.")
            .example_request(json!({"phone": "01632 960456"}))
            .example_response(organisation()),
        get("/v1/organisations/{organisation}/people", list_people)
            .id("list_people_of_organisation")
            .summary("Who acts for an organisation")
            .description("Without those known only from cases you may not see.")
            .tag("People")
            .access(Access::staff(COUNCIL))
            .path_note("organisation", note)
            .query::<PageQuery>()
            .answers::<Page<PersonObject>>(200, "A page of people.")
            .example_response(json!({"items": [], "next_cursor": null})),
    ]
}

async fn list(call: Call) -> Result<Answer, Problem> {
    let query: OrganisationsQuery = call.query()?;
    let after: Option<(String, OrganisationId)> = call.cursor(query.page.cursor.as_deref())?;
    let limit = query.page.limit;
    let part = call
        .read(move |conn, _| {
            let name = query.name.as_deref().map(str::trim);
            organisations::list(conn, name, after, limit)
        })
        .await?;
    let items: Vec<OrganisationView> = part.items.into_iter().map(Into::into).collect();
    Ok(call.page(items, part.next.as_ref(), None))
}

async fn add(call: Call) -> Result<Answer, Problem> {
    let said = Said::from(call.json::<NewOrganisation>()?);
    let actor = call.actor.clone();
    call.commit(
        move |tx, at| organisations::add(tx, at, &actor, &said).map(OrganisationView::from),
        |added: &OrganisationView| {
            Answer::created(&format!("/v1/organisations/{}", added.id), added)
        },
    )
    .await
}

async fn show(call: Call) -> Result<Answer, Problem> {
    let id: OrganisationId = call.id("organisation")?;
    let found = call
        .read(move |conn, _| organisations::find(conn, id))
        .await?;
    let view = OrganisationView::from(found);
    Ok(Answer::ok(&view).with_etag(view.version))
}

async fn change(call: Call) -> Result<Answer, Problem> {
    let id: OrganisationId = call.id("organisation")?;
    call.read(move |conn, _| organisations::find(conn, id).map(drop))
        .await?;
    let said = Said::from(call.json::<OrganisationPatch>()?);
    let if_match = call.require_if_match()?;
    let actor = call.actor.clone();
    let changed = call
        .perform(move |tx, at| {
            if_match.admits(organisations::find(tx, id)?.version)?;
            organisations::change(tx, at, &actor, id, &said)
        })
        .await?;
    let view = OrganisationView::from(changed);
    Ok(Answer::ok(&view).with_etag(view.version))
}

async fn list_people(call: Call) -> Result<Answer, Problem> {
    let id: OrganisationId = call.id("organisation")?;
    let page: PageQuery = call.query()?;
    let after: Option<PersonId> = call.cursor(page.cursor.as_deref())?;
    let actor = call.actor.clone();
    let part = call
        .read(move |conn, at| organisations::people_of(conn, at, &actor, id, after, page.limit))
        .await?;
    let seen = part.items.iter();
    let seen = seen.map(|person| format!("person:{}", person.id)).collect();
    call.note_looks("person.found", seen).await?;
    let items: Vec<PersonObject> = part.items.into_iter().map(Into::into).collect();
    Ok(call.page(items, part.next.as_ref(), None))
}
