//! Those who contact the council: finding them, what they told us, how they want to be told.

use serde_json::json;

use super::access::Access;
use super::answer::Answer;
use super::call::Call;
use super::cases::restricted;
use super::dto::person::{PersonDetail, PersonObject, PersonPatch, PersonSearch};
use super::operation::{Operation, get, patch, post};
use super::paging::{Page, PageQuery};
use super::problem::Problem;
use crate::casework::people::{self, marking, sameness};
use crate::casework::views::AfterRow;
use crate::casework::views::case::{CaseView, CasesAfter};
use crate::casework::views::history::ContactView;
use crate::casework::views::person::MergeView;
use crate::casework::{Conn, Failure, Moment, Person, person_history};
use crate::domain::access::{Actor, Role, Scope};
use crate::domain::ids::PersonId;

/// Its operations.
#[must_use]
pub fn operations() -> Vec<Operation> {
    let staff = || {
        Access::staff(&[
            Role::Agent,
            Role::Officer,
            Role::TeamLeader,
            Role::HeadOfService,
        ])
    };
    let readers = || staff().or_scope(Scope::PeopleRead);
    let person = || {
        json!({
            "id": "019a9f5e-7c00-7000-8000-000000000003", "name": "Ada Example", "kind": "resident",
            "email": "ada@mail.example", "phone": "01632 960123",
            "address": {"lines": ["14 Larkfield Rise"], "postcode": "ZZ1 1AA", "uprn": "100000000001"},
            "organisation": null, "organisation_id": null,
            "preferences": {"channel": null, "language": "en", "format": null},
            "safe_contact": null, "is_deceased": false,
            "created_at": "2026-11-20T16:58:00Z", "updated_at": "2026-11-20T16:58:00Z", "version": 1,
        })
    };
    let detail = || {
        let more = json!({
            "instructions": [{
                "kind": "staff_safety", "words": "Visit in pairs until Monday 1 March 2027",
                "person": "019a9f5e-7c00-7000-8000-000000000003", "review_on": "2027-03-01",
                "is_review_overdue": false, "owner": "Sam Officer",
            }],
            "stands_for": null, "merges": [],
        });
        let mut whole = person();
        if let (Some(whole), serde_json::Value::Object(more)) = (whole.as_object_mut(), more) {
            whole.extend(more);
        }
        whole
    };
    vec![
        post("/v1/people/searches", search)
            .id("search_people")
            .summary("Look for a person")
            .description(
                "By name, e-mail address or telephone number: one of them. At most fifty are found, and none known \
                 only from cases you may not see. Nothing is changed; it is a POST so that nobody's address stands \
                 in a log.",
            )
            .tag("People")
            .access(readers())
            .not_idempotent()
            .body::<PersonSearch>()
            .answers::<Page<PersonObject>>(200, "Those who were found.")
            .example_request(json!({"phone": "01632 960123"}))
            .example_response(json!({"items": [person()], "next_cursor": null})),
        get("/v1/people/{person}", show)
            .id("get_person")
            .summary("One person")
            .description(
                "`instructions` come first: what to know before dealing with them. They are for staff, and that \
                 they were read is put down in the audit. Where several records are one person, `merges` says so; \
                 `contacts` and `cases` are then those of all of them.",
            )
            .tag("People")
            .access(readers())
            .path_note("person", "The person's id.")
            .has_etag()
            .answers::<PersonDetail>(200, "The person.")
            .example_response(detail()),
        patch("/v1/people/{person}", change)
            .id("change_person")
            .summary("Correct what is known about a person")
            .description(
                "What is left out stays. `safe_contact` and `is_deceased` hold at once: what waits to be sent and \
                 may not reach them any more is stopped, and the timelines of their cases say so.",
            )
            .tag("People")
            .access(staff())
            .path_note("person", "The person's id.")
            .has_etag()
            .if_match_required()
            .body::<PersonPatch>()
            .answers::<PersonDetail>(200, "The person as they are now.")
            .example_request(json!({"preferences": {"channel": "post", "format": "large_print"}}))
            .example_response(detail()),
        get("/v1/people/{person}/contacts", list_contacts)
            .id("list_contacts_of_person")
            .summary("What a person told us, oldest first")
            .tag("People")
            .access(readers())
            .path_note("person", "The person's id.")
            .query::<PageQuery>()
            .answers::<Page<ContactView>>(200, "A page of contacts, without those on cases you may not see.")
            .example_response(json!({
                "items": [{
                    "id": "019a9f5e-7c00-7000-8000-000000000002", "channel": "phone", "direction": "inbound",
                    "disposition": "opened", "received_at": "2026-11-20T16:58:00Z",
                    "logged_at": "2026-11-20T16:59:10Z", "counted_from_on": "2026-11-20",
                    "subject": "Missed bin", "body": "The grey bin at number 14 was not emptied today.",
                    "language": "en",
                    "person": {"id": "019a9f5e-7c00-7000-8000-000000000003", "name": "Ada Example"},
                    "entered_by": "user:019a9f5e-7c00-7000-8000-000000000004", "external_id": "desk-88121",
                    "attachments": [], "detail": {}, "identity_checked": "none", "contact_reason": null,
                }],
                "next_cursor": null,
            })),
        get("/v1/people/{person}/cases", list_cases)
            .id("list_cases_of_person")
            .summary("A person's cases, newest first")
            .tag("People")
            .access(readers())
            .path_note("person", "The person's id.")
            .query::<PageQuery>()
            .answers::<Page<CaseView>>(200, "A page of the cases you may see.")
            .example_response(json!({"items": [], "next_cursor": null})),
    ]
}

async fn search(call: Call) -> Result<Answer, Problem> {
    let wanted: PersonSearch = call.json()?;
    let by = wanted.only().ok_or_else(|| {
        Failure::invalid("", "one_of", "Look by one of `name`, `email` and `phone`.")
    })?;
    let actor = call.actor.clone();
    let found = call
        .read(move |conn, at| people::search(conn, at, &actor, &by))
        .await?;
    let seen = found
        .iter()
        .map(|person| format!("person:{}", person.id))
        .collect();
    call.note_looks("person.found", seen).await?;
    let items = found.into_iter().map(PersonObject::from).collect();
    Ok(call.page::<PersonObject, ()>(items, None, None))
}

async fn show(call: Call) -> Result<Answer, Problem> {
    let id: PersonId = call.id("person")?;
    let actor = call.actor.clone();
    let shown = call
        .read(move |conn, at| {
            let person = people::find_for(conn, at, &actor, id)?;
            detail(conn, at, &actor, person)
        })
        .await?;
    call.note_looks("person.read", vec![format!("person:{id}")])
        .await?;
    answered(&call, &shown).await
}

async fn change(call: Call) -> Result<Answer, Problem> {
    let id: PersonId = call.id("person")?;
    let actor = call.actor.clone();
    let seen_by = actor.clone();
    call.read(move |conn, at| people::find_for(conn, at, &seen_by, id).map(drop))
        .await?;
    let sent: PersonPatch = call.json()?;
    let if_match = call.require_if_match()?;
    let shown = call
        .perform(move |tx, at| {
            let known = people::find_for(tx, at, &actor, id)?;
            if_match.admits(known.version)?;
            let change = sent.over(&known);
            let person = people::change(tx, at, &actor, id, &change, Some(known.version))?;
            detail(tx, at, &actor, person)
        })
        .await?;
    answered(&call, &shown).await
}

/// Shown only after it was put down that markers were read.
async fn answered(call: &Call, shown: &PersonDetail) -> Result<Answer, Problem> {
    if shown.instructions.iter().any(|one| one.is_of_marker()) {
        let object = format!("person:{}", shown.person.id);
        call.note_looks("person.markers_read", vec![object]).await?;
    }
    Ok(Answer::ok(shown).with_etag(shown.person.version))
}

fn detail(
    conn: &mut Conn,
    at: &Moment,
    actor: &Actor,
    person: Person,
) -> Result<PersonDetail, Failure> {
    let instructions = marking::instructions_on(conn, at, actor, &person)?;
    let merges = sameness::merges_of(conn, at, actor, person.id)?;
    let stands_for = sameness::visible_head(conn, at, actor, person.id)?;
    Ok(PersonDetail {
        instructions,
        stands_for: (stands_for != person.id).then(|| stands_for.0.into()),
        merges: merges
            .iter()
            .map(|merge| MergeView::of(conn, merge))
            .collect::<Result<_, _>>()?,
        person: PersonObject::from(person),
    })
}

async fn list_contacts(call: Call) -> Result<Answer, Problem> {
    let id: PersonId = call.id("person")?;
    let page: PageQuery = call.query()?;
    let after: Option<AfterRow> = call.cursor(page.cursor.as_deref())?;
    let actor = call.actor.clone();
    let part = call
        .read(move |conn, at| person_history::contacts_of(conn, at, &actor, id, after, page.limit))
        .await?;
    call.note_looks("person.contacts_read", vec![format!("person:{id}")])
        .await?;
    Ok(call.page(part.items, part.next.as_ref(), None))
}

async fn list_cases(call: Call) -> Result<Answer, Problem> {
    let id: PersonId = call.id("person")?;
    let page: PageQuery = call.query()?;
    let after: Option<CasesAfter> = call.cursor(page.cursor.as_deref())?;
    let actor = call.actor.clone();
    let part = call
        .read(move |conn, at| person_history::cases_of(conn, at, &actor, id, after, page.limit))
        .await?;
    call.note_looks("case.listed", restricted(&part.items))
        .await?;
    Ok(call.page(part.items, part.next.as_ref(), None))
}
