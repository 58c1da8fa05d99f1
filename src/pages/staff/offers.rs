//! What the page of a case offers to do, and what its forms let choose.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::rows::matters;
use super::{items, text_of, words};
use crate::domain::case::Outcome;
use crate::domain::member::{Basis, ConsentHow};
use crate::domain::person::RoleOnCase;
use crate::http::Problem;
use crate::http::actions::restricted_teams;
use crate::http::within::Asked;
use crate::pages::signed_in::Visit;

/// Whether whoever looks has the case.
pub fn is_mine(visit: &Visit, case: &Value) -> bool {
    let owner = case.get("owner").map(|owner| text_of(owner, "id"));
    owner == Some(visit.user().id.to_string().as_str())
}

/// Every act by its operation, and whether it is offered.
pub fn may(visit: &Visit, offered: &[&'static str]) -> BTreeMap<&'static str, bool> {
    let of_case = [
        "acknowledge_case",
        "assign_case",
        "transfer_case",
        "pause_case",
        "resume_case",
        "extend_case_clock",
        "ask_person",
        "reply_to_person",
        "add_note",
        "add_promise",
        "close_case",
        "reopen_case",
        "open_stage",
        "merge_case",
        "link_case",
        "record_call",
        "change_case",
        "record_standard_event",
        "grant_case_access",
        "set_member_basis",
        "record_member_consent",
    ];
    let acts = of_case
        .into_iter()
        .map(|act| (act, offered.contains(&act) && visit.may(act)));
    // These are for whoever works the case.
    let works = !offered.is_empty();
    let of_workers = [
        "put_person_on_case",
        "take_person_off_case",
        "attach_case_to_incident",
        "detach_case_from_incident",
        "note_letter_posted",
        "send_attachment",
    ];
    // These are for whoever may read it.
    let of_readers = [
        "retry_notice",
        "search_people",
        "record_identity_check",
        "mark_contact_reason",
        "log_contact",
    ];
    acts.chain(of_workers.map(|act| (act, works && visit.may(act))))
        .chain(of_readers.map(|act| (act, visit.may(act))))
        .collect()
}

/// Why people contact us, to choose from.
pub async fn reasons(visit: &Visit) -> Result<Vec<Value>, Problem> {
    Ok(items(
        &visit.ask(Asked::of("list_contact_reasons")).await?.body,
    ))
}

/// Words to choose from, each as it is called.
fn named<W: ToString>(all: &[W]) -> Vec<(String, String)> {
    let codes = all.iter().map(W::to_string);
    codes
        .map(|code| (code.clone(), words::plain(&code)))
        .collect()
}

/// What the forms let choose.
pub fn choices(visit: &Visit, case: &Value) -> Value {
    let council = visit.call.front.desk.council();
    let catalogue = &council.catalogue;
    let own = text_of(case, "queue");
    let queues = catalogue.queues.values();
    let queues: Vec<_> = queues
        .filter(|queue| !queue.is_restricted_only && queue.slug != own)
        .map(|queue| (&queue.slug, &queue.name))
        .collect();
    let outcomes = Outcome::ALL
        .iter()
        .filter(|outcome| **outcome != Outcome::Merged);
    let outcomes: Vec<_> = outcomes
        .map(|outcome| (outcome.as_str(), words::plain(outcome.as_str())))
        .collect();
    let bodies = catalogue.routing.not_ours.iter();
    let bodies: Vec<_> = bodies.map(|body| (&body.name, &body.name)).collect();
    let stage = case.get("stage").and_then(Value::as_u64).unwrap_or(1);
    json!({
        "queues": queues, "matters": matters(&visit.call), "outcomes": outcomes, "bodies": bodies,
        "bases": named(Basis::ALL), "consents": named(ConsentHow::ALL), "roles": named(RoleOnCase::ALL),
        "teams": restricted_teams(&visit.call.front.desk.moment()),
        "next_stage": stage + 1,
        "today": visit.call.front.desk.moment().today().to_string(),
        "place": format!("{}/{}", text_of(case, "service"), text_of(case, "category")),
    })
}
