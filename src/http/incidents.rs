//! Incidents: one thing that many tell us of, many cases, one update to all.

use serde_json::{Value, json};

use super::access::Access;
use super::answer::Answer;
use super::call::Call;
use super::cases::{CASE_NOTE, COUNCIL, check_may};
use super::dto::case::Include;
use super::dto::examples;
use super::dto::incident::{
    IncidentCasesQuery, IncidentPatch, IncidentsQuery, NewIncident, NewIncidentClosure,
    NewIncidentUpdate, NewSweep, OnIncident, SweptCases,
};
use super::operation::{Operation, delete, get, patch, post};
use super::paging::{Page, PageQuery};
use super::problem::Problem;
use crate::casework::actions;
use crate::casework::incidents;
use crate::casework::views::case::{self, ActedView};
use crate::casework::views::incidents::{
    self as views, AttachedView, ClosureView, EndedView, IncidentView, KnownIncident,
    PublicIncident, Question, UpdateView,
};
use crate::domain::access::{Act, Role, Scope};
use crate::domain::case::Secrecy;
use crate::domain::ids::{CaseId, IncidentId, IncidentUpdateId};

/// Those who open, change, announce and end incidents, each for the services they lead.
const LEADERS: &[Role] = &[Role::TeamLeader, Role::HeadOfService];
const NOTE: &str = "The incident's id.";

/// Its operations.
#[must_use]
pub fn operations() -> Vec<Operation> {
    let mut all = running();
    all.extend(on_cases());
    all.push(
        get("/v1/public/incidents", list_public)
            .id("list_public_incidents")
            .summary("What the council knows is wrong just now")
            .description(
                "Open incidents in words for everybody, for the telephone system and the website. May be kept for a \
                 minute. No numbers, properties or postcodes: none of it points at anybody.",
            )
            .tag("Public")
            .access(Access::public())
            .query::<PageQuery>()
            .answers::<Page<PublicIncident>>(200, "A page of open incidents, newest first.")
            .example_response(json!({"items": [public_example()], "next_cursor": null})),
    );
    all
}

fn running() -> Vec<Operation> {
    let of_one = |operation: Operation| operation.tag("Incidents").path_note("incident", NOTE);
    let reads = |operation: Operation| of_one(operation).access(Access::staff(COUNCIL));
    let runs = |operation: Operation| {
        of_one(operation)
            .access(Access::staff(LEADERS))
            .refuses(&[409])
    };
    vec![
        get("/v1/incidents", list)
            .id("list_incidents")
            .summary("Incidents, newest first")
            .tag("Incidents")
            .access(Access::staff(COUNCIL))
            .query::<IncidentsQuery>()
            .answers::<Page<IncidentView>>(200, "A page of incidents.")
            .example_response(json!({"items": [example()], "next_cursor": null})),
        post("/v1/incidents", open)
            .id("open_incident")
            .summary("Say that something has happened that many will tell us of")
            .description(
                "For a team leader or head of all the services it is about. Title and words are for everybody: they \
                 are shown on the website at once. No case is on it until somebody says so.",
            )
            .tag("Incidents")
            .access(Access::staff(LEADERS))
            .body::<NewIncident>()
            .answers::<IncidentView>(201, "The incident.")
            .answer_header("Location", "Where the incident is.")
            .example_request(json!({
                "title": "Bins missed in Larkfield",
                "words": "A lorry broke down this morning. We will empty the bins tomorrow.",
                "matters": [{"service": "waste-collection", "category": "missed-bin"}],
                "area": {"wards": ["larkfield"]}, "since_at": "2026-11-20T07:00:00Z",
            }))
            .example_response(example()),
        reads(get("/v1/incidents/{incident}", show))
            .id("get_incident")
            .summary("One incident")
            .has_etag()
            .answers::<IncidentView>(200, "The incident.")
            .example_response(example()),
        runs(patch("/v1/incidents/{incident}", change))
            .id("change_incident")
            .summary("Put right what an incident says")
            .description("Nobody is told by that; write an update for those who should hear of it.")
            .has_etag()
            .if_match_required()
            .body::<IncidentPatch>()
            .answers::<IncidentView>(200, "The incident as it is now.")
            .example_request(json!({"expected_end_at": "2026-11-21T16:00:00Z"}))
            .example_response(example()),
        runs(post("/v1/incidents/{incident}/endings", end))
            .id("end_incident")
            .summary("Say that it is over")
            .description("Nothing stops by that. The cases on it can be closed together.")
            .answers::<EndedView>(201, "The incident, and how many cases on it are still open.")
            .example_response(json!({
                "incident": example(), "open_cases": 12,
                "close_them_at": "/v1/incidents/019a9f5e-7c00-7000-8000-000000000050/closures",
            })),
        reads(get("/v1/incidents/{incident}/cases", list_cases))
            .id("list_incident_cases")
            .summary("The cases on an incident")
            .description("Those you may see; nobody else's are shown or counted.")
            .query::<IncidentCasesQuery>()
            .answers::<Page<AttachedView>>(200, "A page of cases.")
            .example_response(json!({"items": [attached_example()], "next_cursor": null})),
        runs(post("/v1/incidents/{incident}/cases", sweep))
            .id("attach_cases_to_incident")
            .summary("Put many cases on an incident at once")
            .description(
                "Open cases of its matters and its time, at a place known to lie in its area, that you may work; a \
                 page of them for each request. Never sensitive or restricted ones, complaints, members' enquiries, or \
                 somebody in danger: those are put on it one by one, or not at all.",
            )
            .body::<NewSweep>()
            .answers::<SweptCases>(201, "Which were put on it.")
            .example_request(json!({"ward": "larkfield", "most": 200}))
            .example_response(json!({
                "attached": 1, "cases": ["019a9f5e-7c00-7000-8000-000000000001"], "next": null, "dry_run": false,
            })),
        reads(get("/v1/incidents/{incident}/updates", list_updates))
            .id("list_incident_updates")
            .summary("What was said to everybody on an incident, newest first")
            .query::<PageQuery>()
            .answers::<Page<UpdateView>>(200, "A page of updates, and how far each has come.")
            .example_response(json!({"items": [update_example()], "next_cursor": null})),
        runs(post("/v1/incidents/{incident}/updates", announce))
            .id("announce_incident_update")
            .summary("Write one update to everybody whose case is on an incident")
            .description(
                "It leaves after the time in which a reply can be taken back. Each person hears it once, in a mail, \
                 text or letter of their own, however many cases are theirs; who is put on the incident later hears it \
                 too. Nobody is written to who may not be.",
            )
            .body::<NewIncidentUpdate>()
            .answers::<UpdateView>(201, "The update.")
            .example_request(json!({"text": "The crew is on its way. Please leave your bin out."}))
            .example_response(update_example()),
        runs(delete("/v1/incidents/{incident}/updates/{update}", take_back))
            .id("take_back_incident_update")
            .summary("Take an update back before it leaves")
            .path_note("update", "The update's id.")
            .answers_nothing(204, "It does not leave."),
        reads(get("/v1/incidents/{incident}/closures", list_closures))
            .id("list_incident_closures")
            .summary("With what the cases on an incident were closed, newest first")
            .query::<PageQuery>()
            .answers::<Page<ClosureView>>(200, "A page of them, and how far each has come.")
            .example_response(json!({"items": [closure_example()], "next_cursor": null})),
        runs(post("/v1/incidents/{incident}/closures", close))
            .id("close_incident_cases")
            .summary("Close the cases on an incident that is over, with one answer to each")
            .description(
                "Those that are on it now, as far as you may work them. A complaint, a member's enquiry, a case that \
                 waits for somebody, or a person who cannot be told is left as it is: find them with `left_open`.",
            )
            .body::<NewIncidentClosure>()
            .answers::<ClosureView>(201, "It has begun.")
            .example_request(json!({"outcome": "resolved", "text": "Your bin was emptied on Saturday."}))
            .example_response(closure_example()),
    ]
}

fn on_cases() -> Vec<Operation> {
    let of_case = |operation: Operation| operation.tag("Cases").path_note("case", CASE_NOTE);
    vec![
        of_case(get("/v1/cases/{case}/incidents", list_of_case))
            .id("list_case_incidents")
            .summary("The incidents a case is on, and the open ones it may belong to")
            .access(Access::staff(COUNCIL).or_scope(Scope::CasesRead))
            .query::<PageQuery>()
            .answers::<Page<KnownIncident>>(200, "Those it is on first.")
            .example_response(json!({"items": [known_example()], "next_cursor": null})),
        of_case(post("/v1/cases/{case}/incidents", attach))
            .id("attach_case_to_incident")
            .summary("Put a case on an incident")
            .description(
                "Its clocks run on. If something was said to all already, its person hears the newest of it, after the \
                 time in which a reply can be taken back. `event` is null when it was on it already.",
            )
            .access(Access::staff(COUNCIL).or_scope(Scope::CasesWrite))
            .if_match_optional()
            .refuses(&[409])
            .body::<OnIncident>()
            .answers::<ActedView>(201, "What happened, and the case as it is now.")
            .example_request(json!({"incident": "019a9f5e-7c00-7000-8000-000000000050"}))
            .example_response(examples::acted()),
        of_case(delete("/v1/cases/{case}/incidents/{incident}", detach))
            .id("detach_case_from_incident")
            .summary("Take a case off an incident")
            .description("It was not about that after all. What its person has heard, they have heard.")
            .access(Access::staff(COUNCIL).or_scope(Scope::CasesWrite))
            .path_note("incident", NOTE)
            .answers_nothing(204, "It is on it no more."),
    ]
}

async fn list(call: Call) -> Result<Answer, Problem> {
    let query: IncidentsQuery = call.query()?;
    let after: Option<IncidentId> = call.cursor(query.page.cursor.as_deref())?;
    let part = call
        .read(move |conn, _| views::list(conn, query.state, after, query.page.limit))
        .await?;
    Ok(call.page(part.items, part.next.as_ref(), None))
}

async fn open(call: Call) -> Result<Answer, Problem> {
    let said = call.json::<NewIncident>()?.said();
    let actor = call.actor.clone();
    call.commit(
        move |tx, at| incidents::open(tx, at, &actor, &said).map(IncidentView::of),
        |opened: &IncidentView| Answer::created(&opened.links.itself, opened),
    )
    .await
}

async fn show(call: Call) -> Result<Answer, Problem> {
    let id: IncidentId = call.id("incident")?;
    let found = call.read(move |conn, _| incidents::find(conn, id)).await?;
    let view = IncidentView::of(found);
    Ok(Answer::ok(&view).with_etag(view.version))
}

async fn change(call: Call) -> Result<Answer, Problem> {
    let id = check_runs(&call).await?;
    let said = call.json::<IncidentPatch>()?.said();
    let if_match = call.require_if_match()?;
    let actor = call.actor.clone();
    let changed = call
        .perform(move |tx, at| {
            if_match.admits(incidents::find(tx, id)?.version)?;
            incidents::change(tx, at, &actor, id, &said)
        })
        .await?;
    let view = IncidentView::of(changed);
    Ok(Answer::ok(&view).with_etag(view.version))
}

async fn end(call: Call) -> Result<Answer, Problem> {
    let id = check_runs(&call).await?;
    let actor = call.actor.clone();
    call.commit(
        move |tx, at| {
            let ended = incidents::end(tx, at, &actor, id)?;
            let incident = IncidentView::of(ended.incident);
            Ok(EndedView {
                open_cases: ended.n_open,
                close_them_at: incident.links.closures.clone(),
                incident,
            })
        },
        |ended: &EndedView| Answer::json(201, ended),
    )
    .await
}

async fn list_cases(call: Call) -> Result<Answer, Problem> {
    let id: IncidentId = call.id("incident")?;
    let query: IncidentCasesQuery = call.query()?;
    let after: Option<CaseId> = call.cursor(query.page.cursor.as_deref())?;
    let question = Question {
        told: query.told,
        is_left_open: query.left_open.unwrap_or(false),
    };
    let wants_total = query.include.contains(&Include::Total);
    let (actor, limit) = (call.actor.clone(), query.page.limit);
    let (part, total) = call
        .read(move |conn, _| {
            incidents::find(conn, id)?;
            let part = views::cases_of(conn, &actor, id, &question, after, limit)?;
            let total = if wants_total {
                Some(incidents::n_cases(conn, &actor.sight(), id)?)
            } else {
                None
            };
            Ok((part, total))
        })
        .await?;
    // What became restricted since it was put on.
    let restricted = part.items.iter().map(|one| &one.case);
    let restricted = restricted.filter(|case| case.secrecy == Secrecy::Restricted);
    let seen = restricted.map(|case| format!("case:{}", case.id)).collect();
    call.note_looks("case.listed", seen).await?;
    Ok(call.page(part.items, part.next.as_ref(), total))
}

async fn sweep(call: Call) -> Result<Answer, Problem> {
    let id = check_runs(&call).await?;
    let sent: NewSweep = call.json()?;
    let actor = call.actor.clone();
    call.commit(
        move |tx, at| {
            let swept = incidents::sweep(tx, at, &actor, id, &sent.sweep())?;
            Ok(SweptCases {
                attached: u32::try_from(swept.cases.len()).unwrap_or(u32::MAX),
                cases: swept.cases.into_iter().map(|case| case.0.into()).collect(),
                next: swept.next.map(|case| case.0.into()),
                dry_run: sent.dry_run,
            })
        },
        |swept: &SweptCases| Answer::json(201, swept),
    )
    .await
}

async fn list_updates(call: Call) -> Result<Answer, Problem> {
    let id: IncidentId = call.id("incident")?;
    let query: PageQuery = call.query()?;
    let before: Option<i32> = call.cursor(query.cursor.as_deref())?;
    let actor = call.actor.clone();
    let part = call
        .read(move |conn, at| {
            incidents::find(conn, id)?;
            views::updates_of(conn, at, &actor, id, before, query.limit)
        })
        .await?;
    Ok(call.page(part.items, part.next.as_ref(), None))
}

async fn announce(call: Call) -> Result<Answer, Problem> {
    let id = check_runs(&call).await?;
    let sent: NewIncidentUpdate = call.json()?;
    let actor = call.actor.clone();
    call.commit(
        move |tx, at| {
            let update = incidents::announce(tx, at, &actor, id, &sent.update())?;
            views::update_view(tx, at, &actor, update)
        },
        |update: &UpdateView| Answer::json(201, update),
    )
    .await
}

async fn take_back(call: Call) -> Result<Answer, Problem> {
    let id = check_runs(&call).await?;
    let update: IncidentUpdateId = call.id("update")?;
    let actor = call.actor.clone();
    call.perform(move |tx, at| incidents::take_back(tx, at, &actor, id, update))
        .await?;
    Ok(Answer::no_content())
}

async fn list_closures(call: Call) -> Result<Answer, Problem> {
    let id: IncidentId = call.id("incident")?;
    let query: PageQuery = call.query()?;
    let before: Option<i32> = call.cursor(query.cursor.as_deref())?;
    let actor = call.actor.clone();
    let part = call
        .read(move |conn, _| {
            incidents::find(conn, id)?;
            views::closures_of(conn, &actor, id, before, query.limit)
        })
        .await?;
    Ok(call.page(part.items, part.next.as_ref(), None))
}

async fn close(call: Call) -> Result<Answer, Problem> {
    let id = check_runs(&call).await?;
    let sent: NewIncidentClosure = call.json()?;
    let actor = call.actor.clone();
    call.commit(
        move |tx, at| {
            let closure = incidents::ask_to_close(tx, at, &actor, id, &sent.closure())?;
            views::closure_view(tx, &actor, closure)
        },
        |closure: &ClosureView| Answer::json(201, closure),
    )
    .await
}

async fn list_of_case(call: Call) -> Result<Answer, Problem> {
    let query: PageQuery = call.query()?;
    let n_before: usize = call.cursor(query.cursor.as_deref())?.unwrap_or(0);
    let all = call
        .read_case(|conn, at, _, filed| {
            let offered = incidents::offered_to_case(conn, at, &filed.case)?;
            Ok(offered
                .iter()
                .map(|one| KnownIncident::of(at, one))
                .collect::<Vec<_>>())
        })
        .await?;
    let n_shown = n_before + usize::from(query.limit);
    let next = (all.len() > n_shown).then_some(n_shown);
    let items: Vec<KnownIncident> = all
        .into_iter()
        .skip(n_before)
        .take(usize::from(query.limit))
        .collect();
    Ok(call.page(items, next.as_ref(), None))
}

async fn attach(call: Call) -> Result<Answer, Problem> {
    let (target, actor) = (call.case()?, call.actor.clone());
    check_may(&call, &target, Act::Work).await?;
    let sent: OnIncident = call.json()?;
    let if_match = call.if_match()?;
    call.commit(
        move |tx, at| {
            if let Some(if_match) = &if_match {
                let found = actions::find(tx, &actor, &target, Act::Work)?;
                if_match.admits(found.case.version)?;
            }
            let incident = IncidentId(sent.incident.0);
            let settled = incidents::attach(tx, at, &actor, &target, incident)?;
            let acted = actions::Acted {
                settled,
                notice: None,
            };
            case::acted(tx, &actor, &acted)
        },
        |done: &ActedView| Answer::json(201, done),
    )
    .await
}

async fn detach(call: Call) -> Result<Answer, Problem> {
    let (target, actor) = (call.case()?, call.actor.clone());
    check_may(&call, &target, Act::Work).await?;
    let id: IncidentId = call.id("incident")?;
    call.perform(move |tx, at| incidents::detach(tx, at, &actor, &target, id).map(drop))
        .await?;
    Ok(Answer::no_content())
}

async fn list_public(call: Call) -> Result<Answer, Problem> {
    let query: PageQuery = call.query()?;
    let after: Option<IncidentId> = call.cursor(query.cursor.as_deref())?;
    let part = call
        .read(move |conn, at| views::public(conn, at, after, query.limit))
        .await?;
    let answer = call.page(part.items, part.next.as_ref(), None);
    Ok(answer.with_header("cache-control", "public, max-age=60"))
}

/// Whoever does not run it is told so before anything is said about what they sent.
async fn check_runs(call: &Call) -> Result<IncidentId, Problem> {
    let id: IncidentId = call.id("incident")?;
    let actor = call.actor.clone();
    call.read(move |conn, at| incidents::check_runs(conn, at, &actor, id).map(drop))
        .await?;
    Ok(id)
}

const ID: &str = "019a9f5e-7c00-7000-8000-000000000050";

fn example() -> Value {
    json!({
        "id": ID, "title": "Bins missed in Larkfield", "title_cy": null,
        "words": "A lorry broke down this morning. We will empty the bins tomorrow.", "words_cy": null,
        "matters": [{"service": "waste-collection", "category": "missed-bin"}],
        "area": {"wards": ["larkfield"], "streets": [], "postcodes": [], "uprns": [], "circles": []},
        "since_at": "2026-11-20T07:00:00Z", "expected_end_at": null, "state": "open",
        "opened_at": "2026-11-20T08:10:00Z",
        "opened_by": {"kind": "user", "id": "019a9f5e-7c00-7000-8000-000000000004", "name": "Lena Leader"},
        "ended_at": null, "ended_by": null, "version": 1,
        "links": {
            "self": format!("/v1/incidents/{ID}"), "cases": format!("/v1/incidents/{ID}/cases"),
            "updates": format!("/v1/incidents/{ID}/updates"), "closures": format!("/v1/incidents/{ID}/closures"),
        },
    })
}

fn attached_example() -> Value {
    json!({
        "case": examples::case(), "attached_at": "2026-11-20T08:30:00Z",
        "attached_by": {"kind": "user", "id": "019a9f5e-7c00-7000-8000-000000000004", "name": "Lena Leader"},
        "told": "told", "closed_as": null,
    })
}

fn update_example() -> Value {
    json!({
        "id": "019a9f5e-7c00-7000-8000-000000000051", "number": 1,
        "text": "The crew is on its way. Please leave your bin out.", "text_cy": null,
        "written_at": "2026-11-20T09:00:00Z",
        "written_by": {"kind": "user", "id": "019a9f5e-7c00-7000-8000-000000000004", "name": "Lena Leader"},
        "leaves_at": "2026-11-20T09:02:00Z", "state": "left", "told": 40, "to_write": 2, "not_reached": 1,
        "cases_left": 0,
    })
}

fn closure_example() -> Value {
    json!({
        "id": "019a9f5e-7c00-7000-8000-000000000052", "outcome": "resolved",
        "text": "Your bin was emptied on Saturday.", "asked_at": "2026-11-21T15:00:00Z", "closed": 38,
        "cases_left": 0, "left_open": [{"why": "own_procedure", "cases": 1}],
    })
}

fn public_example() -> Value {
    json!({
        "id": ID, "title": "Bins missed in Larkfield", "title_cy": null,
        "words": "A lorry broke down this morning. We will empty the bins tomorrow.", "words_cy": null,
        "services": ["Waste collection"], "places": ["Larkfield"], "since_at": "2026-11-20T07:00:00Z",
        "expected_end_at": null,
        "latest_update": {
            "at": "2026-11-20T09:02:00Z", "text": "The crew is on its way. Please leave your bin out.", "text_cy": null,
        },
    })
}

/// As an agent is shown it.
pub(super) fn known_example() -> Value {
    let mut known = public_example();
    if let Some(members) = known.as_object_mut() {
        members.insert("attached".to_owned(), json!(false));
        let words = "We know about this: Bins missed in Larkfield. The crew is on its way. Please leave your bin out.";
        members.insert("read_out".to_owned(), json!(words));
    }
    known
}
