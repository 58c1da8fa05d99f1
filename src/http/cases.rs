//! Cases: found, read, put right. What is done to them is in [`super::actions`].

use std::collections::BTreeSet;

use serde_json::json;

use super::access::{Access, CASEWORKERS};
use super::answer::Answer;
use super::call::Call;
use super::dto::case::{CaseChange, CasesQuery};
use super::dto::examples;
use super::operation::{Operation, get, patch};
use super::paging::{Page, PageQuery};
use super::problem::Problem;
use crate::casework::actions::{self, Target};
use crate::casework::views::AfterRow;
use crate::casework::views::case::{self, CaseDetail, CaseView, CasesAfter};
use crate::casework::views::clocks::{self, ClockView, ExplanationView};
use crate::casework::views::history::{self, ContactView, TimelineLine};
use crate::casework::views::notices::{self, NoticeView};
use crate::casework::{Failure, Moment};
use crate::domain::access::{Act, Role, Scope};
use crate::domain::case::{Case, Secrecy};
use crate::domain::ids::EventId;
use crate::domain::lifecycle::{Amendment, Command};

/// Those who read cases; each sees their own part of them.
pub const READERS: &[Role] = &[
    Role::Agent,
    Role::Officer,
    Role::TeamLeader,
    Role::HeadOfService,
    Role::Councillor,
    Role::Partner,
];
/// The council's own people who work cases.
pub const COUNCIL: &[Role] = &[
    Role::Agent,
    Role::Officer,
    Role::TeamLeader,
    Role::HeadOfService,
];
/// What stands for a case in a path.
pub const CASE_NOTE: &str =
    "The case's id, its reference (`4X7-K92-MQ3`), or one it had in an older system.";

/// Its operations.
#[must_use]
pub fn operations() -> Vec<Operation> {
    let reading = |operation: Operation| {
        operation
            .tag("Cases")
            .access(Access::staff(READERS).or_scope(Scope::CasesRead))
            .path_note("case", CASE_NOTE)
    };
    vec![
        get("/v1/cases", list)
            .id("list_cases")
            .summary("Find cases")
            .description(
                "Those the caller may see, most at risk first unless `sort` says otherwise. Councillors find the \
                 cases they raised; a restricted case is found by those named on it alone. Councillors with a \
                 portfolio find the ordinary cases of its services too, and partners the cases they logged for \
                 other queues: as the public sees them, and not by `q`, `owner` or `person`.",
            )
            .tag("Cases")
            .access(Access::staff(READERS).or_scope(Scope::CasesRead))
            .query::<CasesQuery>()
            .answers::<Page<CaseView>>(200, "A page of cases.")
            .example_response(json!({"items": [examples::case()], "next_cursor": null})),
        reading(get("/v1/cases/{case}", show))
            .id("get_case")
            .summary("One case")
            .has_etag()
            .answers::<CaseDetail>(200, "The case.")
            .example_response(examples::case_detail()),
        patch("/v1/cases/{case}", change)
            .id("change_case")
            .summary("Put right what a case says")
            .description(
                "Another category pins its own promises, counted from the same day; the person is told of a new \
                 date or team. A priority raised for danger is lowered by a team leader, with a reason.",
            )
            .tag("Cases")
            .access(Access::staff(COUNCIL).or_scope(Scope::CasesWrite))
            .path_note("case", CASE_NOTE)
            .if_match_required()
            .has_etag()
            .body::<CaseChange>()
            .answers::<CaseDetail>(200, "The case as it is now.")
            .refuses(&[409])
            .example_request(json!({"category": "missed-bin", "priority": "high", "reason": "A medical bin."}))
            .example_response(examples::case_detail()),
        reading(get("/v1/cases/{case}/timeline", timeline))
            .id("list_case_timeline")
            .summary("What happened on a case, oldest first")
            .description("Councillors see its public lines. Notes for the team are shown to those who work its queue.")
            .query::<PageQuery>()
            .answers::<Page<TimelineLine>>(200, "A page of the timeline.")
            .example_response(json!({"items": [examples::line()], "next_cursor": null})),
        reading(get("/v1/cases/{case}/clocks", list_clocks))
            .id("list_case_clocks")
            .summary("The promises of a case")
            .query::<PageQuery>()
            .answers::<Page<ClockView>>(200, "Those of its standard in their order, then officers' own.")
            .example_response(json!({"items": [examples::clock()], "next_cursor": null})),
        reading(get("/v1/cases/{case}/clocks/{clock}/explanation", explain))
            .id("explain_case_clock")
            .summary("Why a date is what it is")
            .path_note("clock", "The promise's name: `respond`.")
            .answers::<ExplanationView>(200, "Every day counted or skipped, and a paragraph to read out.")
            .example_response(examples::explanation()),
        get("/v1/cases/{case}/contacts", list_contacts)
            .id("list_case_contacts")
            .summary("What was said on a case, oldest first")
            .tag("Cases")
            .access(Access::staff(CASEWORKERS).or_scope(Scope::CasesRead))
            .path_note("case", CASE_NOTE)
            .query::<PageQuery>()
            .answers::<Page<ContactView>>(200, "A page of contacts.")
            .example_response(json!({"items": [examples::contact()], "next_cursor": null})),
        get("/v1/cases/{case}/notices", list_notices)
            .id("list_case_notices")
            .summary("What was told about a case, newest first")
            .tag("Cases")
            .access(Access::staff(COUNCIL))
            .path_note("case", CASE_NOTE)
            .query::<PageQuery>()
            .answers::<Page<NoticeView>>(200, "A page of notices.")
            .example_response(json!({"items": [examples::notice()], "next_cursor": null})),
    ]
}

/// Refuses what the caller may not know of or not do, before anything else is said about the
/// request.
///
/// # Errors
/// 404, 403.
pub async fn check_may(call: &Call, target: &Target, act: Act) -> Result<(), Problem> {
    let (actor, target) = (call.actor.clone(), target.clone());
    call.read(move |conn, _| actions::find(conn, &actor, &target, act).map(|_| ()))
        .await
}

async fn list(call: Call) -> Result<Answer, Problem> {
    let query: CasesQuery = call.query()?;
    let question = query.question(&call.front.desk.moment())?;
    let after: Option<CasesAfter> = call.cursor(query.page.cursor.as_deref())?;
    if after.is_some_and(|after| after.sort != question.sort) {
        let detail = "This cursor belongs to another order. Begin again without one.";
        return Err(Problem::unreadable("bad_cursor", detail).at("/cursor", "bad_cursor", detail));
    }
    let (actor, limit) = (call.actor.clone(), query.page.limit);
    let (part, total) = call
        .read(move |conn, at| case::list(conn, at, &actor, &question, after, limit))
        .await?;
    call.note_looks("case.listed", restricted(&part.items))
        .await?;
    Ok(call.page(part.items, part.next.as_ref(), total))
}

/// Those of a list whose being shown is put down in the audit.
pub(super) fn restricted(shown: &[CaseView]) -> Vec<String> {
    shown
        .iter()
        .filter(|case| case.secrecy == Secrecy::Restricted)
        .map(|case| format!("case:{}", case.id))
        .collect()
}

async fn show(call: Call) -> Result<Answer, Problem> {
    let detail = call.follow_case(case::detail).await?;
    answered(&call, &detail).await
}

async fn change(call: Call) -> Result<Answer, Problem> {
    let (target, actor) = (call.case()?, call.actor.clone());
    check_may(&call, &target, Act::Work).await?;
    let change: CaseChange = call.json()?;
    let (seen_by, seen, asked) = (actor.clone(), target.clone(), change.clone());
    call.read(move |conn, at| {
        let case = actions::find(conn, &seen_by, &seen, Act::Work)?.case;
        let command = Command::Amend(Box::new(amendment(at, &case, &asked)?));
        actions::check_role(conn, at, &seen_by, &case, &command)
    })
    .await?;
    let if_match = call.require_if_match()?;
    let detail = call
        .perform(move |tx, at| {
            let case = actions::find(tx, &actor, &target, Act::Work)?.case;
            if_match.admits(case.version)?;
            let command = Command::Amend(Box::new(amendment(at, &case, &change)?));
            let acted = actions::act(tx, at, &actor, &target, &command, Some(case.version))?;
            case::detail(tx, at, &actor, &acted.settled.filed)
        })
        .await?;
    answered(&call, &detail).await
}

/// Shown only after it was put down whose markers were read.
async fn answered(call: &Call, detail: &CaseDetail) -> Result<Answer, Problem> {
    let of_markers = detail.instructions.iter().filter(|one| one.is_of_marker());
    let people: BTreeSet<String> = of_markers
        .map(|one| format!("person:{}", one.person))
        .collect();
    call.note_looks("person.markers_read", people.into_iter().collect())
        .await?;
    Ok(Answer::ok(detail).with_etag(detail.case.version))
}

async fn timeline(call: Call) -> Result<Answer, Problem> {
    let query: PageQuery = call.query()?;
    let after: Option<EventId> = call.cursor(query.cursor.as_deref())?;
    let part = call
        .follow_case(move |conn, _, actor, filed| {
            history::timeline(conn, actor, &filed.case, after, query.limit)
        })
        .await?;
    Ok(call.page(part.items, part.next.as_ref(), None))
}

async fn list_clocks(call: Call) -> Result<Answer, Problem> {
    let query: PageQuery = call.query()?;
    let n_before: usize = call.cursor(query.cursor.as_deref())?.unwrap_or(0);
    let all = call
        .read_case(|conn, at, _, filed| clocks::clocks(conn, at, &filed.case))
        .await?;
    let n_shown = n_before + usize::from(query.limit);
    let next = (all.len() > n_shown).then_some(n_shown);
    let items: Vec<ClockView> = all
        .into_iter()
        .skip(n_before)
        .take(usize::from(query.limit))
        .collect();
    Ok(call.page(items, next.as_ref(), None))
}

async fn explain(call: Call) -> Result<Answer, Problem> {
    let clock = call.path("clock").to_owned();
    let told = call
        .read_case(move |conn, at, _, filed| clocks::explanation(conn, at, &filed.case, &clock))
        .await?;
    Ok(Answer::ok(&told))
}

async fn list_contacts(call: Call) -> Result<Answer, Problem> {
    let query: PageQuery = call.query()?;
    let after: Option<AfterRow> = call.cursor(query.cursor.as_deref())?;
    let part = call
        .read_case(move |conn, _, _, filed| {
            history::contacts(conn, &filed.case, after, query.limit)
        })
        .await?;
    Ok(call.page(part.items, part.next.as_ref(), None))
}

async fn list_notices(call: Call) -> Result<Answer, Problem> {
    let query: PageQuery = call.query()?;
    let after: Option<AfterRow> = call.cursor(query.cursor.as_deref())?;
    let part = call
        .read_case(move |conn, at, _, filed| {
            notices::of_case(conn, at, &filed.case, after, query.limit)
        })
        .await?;
    Ok(call.page(part.items, part.next.as_ref(), None))
}

fn amendment(at: &Moment, case: &Case, change: &CaseChange) -> Result<Amendment, Failure> {
    let place = match (change.service.as_deref(), change.category.as_deref()) {
        (None, None) => None,
        (Some(_), None) => {
            return Err(Failure::invalid(
                "/category",
                "missing_field",
                "A service needs a category of it.",
            ));
        }
        (service, Some(category)) => {
            let (named, category) = match category.split_once('/') {
                Some((service, category)) => (Some(service), category),
                None => (None, category),
            };
            if let (Some(service), Some(named)) = (service, named)
                && service != named
            {
                let detail = "`category` names another service than `service`.";
                return Err(Failure::invalid("/category", "unknown_value", detail));
            }
            let service = named.or(service).unwrap_or(&case.service);
            Some(actions::recategorised(at, service, category)?)
        }
    };
    Ok(Amendment {
        subject: change.subject.as_deref().map(str::to_owned),
        priority: change.priority,
        reason: change.reason.as_deref().map(str::to_owned),
        location: change.location.clone(),
        fields: change.fields.clone(),
        // Where it is already, nothing is planned anew.
        category: place
            .filter(|place| place.service != case.service || place.category != case.category),
    })
}
