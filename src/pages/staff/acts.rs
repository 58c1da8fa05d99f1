//! What is done to a case, one form each: what its fields say becomes the document of one operation.

use jiff::civil::{Date, Time};
use serde_json::{Value, json};

use super::case::{Again, again};
use super::{document, reply, text_of};
use crate::http::within::Asked;
use crate::http::{Answer, Operation, Problem};
use crate::pages::signed_in::{Visit, form};

/// One form of the case page.
struct ActForm {
    /// The end of its address.
    slug: &'static str,
    operation: &'static str,
    read: fn(&Visit) -> Value,
    /// It counts only if nobody has changed the case since it was shown. A note always fits.
    minds_version: bool,
    done: &'static str,
}

const ACTS: &[ActForm] = &[
    ActForm {
        slug: "notes",
        operation: "add_note",
        read: note,
        minds_version: false,
        done: "note",
    },
    ActForm {
        slug: "questions",
        operation: "ask_person",
        read: question,
        minds_version: true,
        done: "question",
    },
    ActForm {
        slug: "acknowledgements",
        operation: "acknowledge_case",
        read: acknowledgement,
        minds_version: true,
        done: "acknowledged",
    },
    ActForm {
        slug: "assignments",
        operation: "assign_case",
        read: assignment,
        minds_version: true,
        done: "assigned",
    },
    ActForm {
        slug: "transfers",
        operation: "transfer_case",
        read: transfer,
        minds_version: true,
        done: "transferred",
    },
    ActForm {
        slug: "pauses",
        operation: "pause_case",
        read: pause,
        minds_version: true,
        done: "paused",
    },
    ActForm {
        slug: "resumptions",
        operation: "resume_case",
        read: |_| json!({}),
        minds_version: true,
        done: "resumed",
    },
    ActForm {
        slug: "extensions",
        operation: "extend_case_clock",
        read: extension,
        minds_version: true,
        done: "extended",
    },
    ActForm {
        slug: "promises",
        operation: "add_promise",
        read: promise,
        minds_version: false,
        done: "promised",
    },
    ActForm {
        slug: "closures",
        operation: "close_case",
        read: closure,
        minds_version: true,
        done: "closed",
    },
    ActForm {
        slug: "reopenings",
        operation: "reopen_case",
        read: |visit| document([("reason", given(visit, "reason"))]),
        minds_version: true,
        done: "reopened",
    },
    ActForm {
        slug: "stages",
        operation: "open_stage",
        read: stage,
        minds_version: true,
        done: "stage",
    },
    ActForm {
        slug: "merges",
        operation: "merge_case",
        read: |visit| document([("into", given(visit, "into"))]),
        minds_version: true,
        done: "merged",
    },
    ActForm {
        slug: "links",
        operation: "link_case",
        read: |visit| {
            document([
                ("kind", given(visit, "kind")),
                ("case", given(visit, "case")),
            ])
        },
        minds_version: false,
        done: "linked",
    },
    ActForm {
        slug: "calls",
        operation: "record_call",
        read: call,
        minds_version: false,
        done: "called",
    },
    ActForm {
        slug: "changes",
        operation: "change_case",
        read: change,
        minds_version: true,
        done: "changed",
    },
    ActForm {
        slug: "events",
        operation: "record_standard_event",
        read: |visit| document([("event", given(visit, "event"))]),
        minds_version: true,
        done: "recorded",
    },
    ActForm {
        slug: "access",
        operation: "grant_case_access",
        read: access,
        minds_version: true,
        done: "named",
    },
    ActForm {
        slug: "about",
        operation: "grant_case_access",
        read: about,
        minds_version: true,
        done: "named",
    },
    ActForm {
        slug: "bases",
        operation: "set_member_basis",
        read: |visit| {
            document([
                ("basis", given(visit, "basis")),
                ("reason", written(visit, "reason")),
            ])
        },
        minds_version: true,
        done: "changed",
    },
    ActForm {
        slug: "consents",
        operation: "record_member_consent",
        read: consent,
        minds_version: true,
        done: "recorded",
    },
    ActForm {
        slug: "identity-checks",
        operation: "record_identity_check",
        read: identity_check,
        minds_version: false,
        done: "checked",
    },
    ActForm {
        slug: "contact-reasons",
        operation: "mark_contact_reason",
        read: contact_reason,
        minds_version: false,
        done: "marked",
    },
];

/// The forms.
pub fn operations() -> Vec<Operation> {
    vec![
        form("/cases/{case}/{act}", "post_act", |visit| {
            Box::pin(act(visit))
        }),
        form("/cases/{case}/replies", "post_reply", |visit| {
            Box::pin(reply::send(visit))
        }),
        form("/cases/{case}/replies/{reply}", "post_take_back", |visit| {
            Box::pin(reply::take_back(visit))
        }),
    ]
}

async fn act(visit: Visit) -> Result<Answer, Problem> {
    let wanted = visit.call.path("act");
    let form = ACTS.iter().find(|form| form.slug == wanted);
    let form = form.ok_or_else(Problem::not_found)?;
    let fields = visit.fields();
    let asked = Asked::of(form.operation)
        .at("case", visit.call.path("case"))
        .sends((form.read)(&visit))
        .of_version(fields.version().filter(|_| form.minds_version))
        .once(fields.key());
    match visit.ask(asked).await {
        Ok(told) => Ok(after(&visit, &told.body, form.done)),
        Err(problem) => {
            let again_with = Again::of(form.slug, fields, &problem);
            again(&visit, problem, again_with).await
        }
    }
}

/// Back to the case, or to one's own work when it has gone to somebody else.
pub fn after(visit: &Visit, told: &Value, done: &str) -> Answer {
    if done == "transferred" {
        return Answer::see_other("/work?done=transferred");
    }
    let case = told.get("case").unwrap_or(told);
    let reference = match text_of(case, "reference") {
        "" => visit.call.path("case"),
        reference => reference,
    };
    Answer::see_other(&format!("/cases/{reference}?done={done}"))
}

/// What stands in a field of one line, when anything does.
pub fn given(visit: &Visit, name: &str) -> Option<Value> {
    visit.fields().some(name).map(Value::from)
}

/// What stands in a field of several lines, when anything does.
pub fn written(visit: &Visit, name: &str) -> Option<Value> {
    let text = visit.fields().text(name);
    (!text.trim().is_empty()).then(|| Value::from(text.trim()))
}

/// Somebody who works here, or nobody.
fn whose(visit: &Visit, name: &str) -> Value {
    match visit.fields().some(name).as_deref() {
        None | Some("none") => Value::Null,
        Some(owner) => json!(owner),
    }
}

fn note(visit: &Visit) -> Value {
    document([
        ("text", written(visit, "text")),
        ("audience", given(visit, "audience")),
    ])
}

fn question(visit: &Visit) -> Value {
    document([
        ("text", written(visit, "text")),
        ("resume_on", given(visit, "resume_on")),
    ])
}

fn acknowledgement(visit: &Visit) -> Value {
    document([
        ("how", given(visit, "how")),
        ("text", written(visit, "text")),
    ])
}

fn assignment(visit: &Visit) -> Value {
    // A button says who; else the address that was written.
    let owner = match visit.fields().some("to") {
        Some(button) if button != "other" => button,
        _ => visit.fields().line("owner"),
    };
    let owner = match owner.as_str() {
        "none" => Value::Null,
        other => json!(other),
    };
    json!({"owner": owner})
}

fn transfer(visit: &Visit) -> Value {
    document([
        ("queue", given(visit, "queue")),
        ("reason", written(visit, "reason")),
    ])
}

fn pause(visit: &Visit) -> Value {
    document([
        ("reason", written(visit, "reason")),
        ("waiting_for", given(visit, "waiting_for")),
        ("resume_on", given(visit, "resume_on")),
    ])
}

fn extension(visit: &Visit) -> Value {
    document([
        ("clock", given(visit, "clock")),
        ("until_on", given(visit, "until_on")),
        ("reason", written(visit, "reason")),
    ])
}

fn promise(visit: &Visit) -> Value {
    document([
        ("what", given(visit, "what")),
        ("by", instant(visit).map(Value::from)),
        (
            "owner",
            Some(whose(visit, "owner")).filter(|owner| !owner.is_null()),
        ),
    ])
}

/// The day and time of a form as an instant in the council's own time. What is no day is handed on, and
/// refused with its name.
fn instant(visit: &Visit) -> Option<String> {
    let (on, at) = (visit.fields().some("on")?, visit.fields().some("at"));
    let council = visit.call.front.desk.council();
    let zone = council.catalogue.calendar.zone().clone();
    let time = at.as_deref().unwrap_or("17:00").parse::<Time>();
    let instant = on
        .parse::<Date>()
        .and_then(|day| day.to_datetime(time?).to_zoned(zone));
    Some(instant.map_or(on, |instant| instant.timestamp().to_string()))
}

fn closure(visit: &Visit) -> Value {
    document([
        ("outcome", given(visit, "outcome")),
        ("other_body", given(visit, "other_body")),
    ])
}

fn stage(visit: &Visit) -> Value {
    let stage = visit.fields().number("stage").map(Value::from);
    document([
        ("stage", stage),
        ("reason", written(visit, "reason")),
        ("officer", Some(whose(visit, "officer"))),
    ])
}

fn call(visit: &Visit) -> Value {
    document([
        ("who", given(visit, "who")),
        ("number", given(visit, "number")),
        ("outcome", written(visit, "outcome")),
    ])
}

fn access(visit: &Visit) -> Value {
    document([
        (
            "people",
            Some(json!(reply::addresses(&visit.fields().text("people")))),
        ),
        ("teams", Some(json!(visit.fields().all("teams")))),
        ("reason", written(visit, "reason")),
    ])
}

fn about(visit: &Visit) -> Value {
    let whom = visit
        .fields()
        .some("about")
        .map(|email| json!({"user": email}));
    document([("about", whom), ("reason", written(visit, "reason"))])
}

fn consent(visit: &Visit) -> Value {
    document([
        ("given", Some(json!(visit.fields().line("given") == "yes"))),
        ("how", given(visit, "how")),
        ("who", given(visit, "who")),
        ("on", given(visit, "on")),
    ])
}

fn change(visit: &Visit) -> Value {
    document([
        ("category", given(visit, "category")),
        ("priority", given(visit, "priority")),
        ("subject", given(visit, "subject")),
        ("reason", given(visit, "reason")),
    ])
}

fn identity_check(visit: &Visit) -> Value {
    document([
        ("how", given(visit, "how")),
        ("result", given(visit, "result")),
        ("asked", Some(json!(visit.fields().all("asked")))),
    ])
}

fn contact_reason(visit: &Visit) -> Value {
    let reason = given(visit, "contact_reason").unwrap_or(Value::Null);
    json!({"contact": visit.fields().line("contact"), "contact_reason": reason})
}
