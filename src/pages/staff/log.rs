//! Logging a contact while somebody talks: looked at, then saved.
//!
//! "Look" shows who it may be, what else they have, where it would go, whether it is known already, and
//! the dates and words to read out; nothing is kept of it. "Save" logs it, once.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::acts::{given, written};
use super::rows::{candidates, matter_name, matters, queue_name, rows};
use super::{document, items, mistakes, text_of, words};
use crate::domain::catalogue::{Category, Datatype, Field};
use crate::domain::contact::Channel;
use crate::http::within::Asked;
use crate::http::{Answer, Operation, Problem};
use crate::pages::signed_in::{Visit, form, shown};

/// People offered, of all that were found.
const MOST_PEOPLE: usize = 10;

/// The page and its form.
pub fn operations() -> Vec<Operation> {
    vec![
        shown("/log", "show_log", |visit| Box::pin(show(visit))).query::<Shown>(),
        form("/log", "post_log", |visit| Box::pin(send(visit))),
    ]
}

/// The case it joins, where somebody came here from one.
#[derive(Debug, Default, Deserialize, JsonSchema)]
struct Shown {
    #[serde(default)]
    #[schemars(length(max = 60))]
    case: Option<String>,
}

/// What a look found.
#[derive(Default)]
struct Found {
    people: Vec<Value>,
    history: Vec<Value>,
    history_of: String,
    /// Where it would go, and what else could be meant.
    trial: Option<Value>,
    /// What saving it would come to.
    outcome: Option<Value>,
}

async fn show(visit: Visit) -> Result<Answer, Problem> {
    let asked: Shown = visit.call.query()?;
    let mut begun = Map::new();
    if let Some(case) = asked.case {
        begun.insert("case".to_owned(), json!(case));
    }
    page(&visit, 200, begun, Vec::new(), None).await
}

async fn send(visit: Visit) -> Result<Answer, Problem> {
    let document = contact(&visit);
    if visit.fields().line("do") != "save" {
        return look(&visit, document).await;
    }
    let asked = Asked::of("log_contact")
        .sends(document)
        .once(visit.fields().key());
    match visit.ask(asked).await {
        Ok(told) => Ok(saved(&told.body)),
        Err(problem) if problem.status >= 500 => Err(problem),
        Err(problem) => {
            let wrong = mistakes("log", &problem);
            page(&visit, problem.status, visit.fields().words(), wrong, None).await
        }
    }
}

fn saved(told: &Value) -> Answer {
    let is_joined = told.get("joined").and_then(Value::as_bool) == Some(true);
    let reference = told.get("case").map(|case| text_of(case, "reference"));
    match reference {
        Some(reference) if is_joined => {
            Answer::see_other(&format!("/cases/{reference}?done=joined#say"))
        }
        Some(reference) => Answer::see_other(&format!("/cases/{reference}?done=logged#say")),
        None => Answer::see_other("/receipts?done=kept"),
    }
}

async fn look(visit: &Visit, document: Value) -> Result<Answer, Problem> {
    let mut found = Found {
        people: people(visit).await?,
        ..Found::default()
    };
    let only = || match found.people.as_slice() {
        [only] => Some(text_of(only, "id").to_owned()),
        _ => None,
    };
    let chosen = visit.fields().some("person_id").or_else(only);
    if let Some(person) = chosen.filter(|person| person != "new") {
        let asked = Asked::of("list_cases_of_person")
            .at("person", &person)
            .with("limit", 10);
        found.history = items(&visit.ask(asked).await?.body);
        found.history_of = person;
    }
    let mut fields = visit.fields().words();
    fields.insert("place".to_owned(), json!(place(visit)));
    // Where it would go is asked without what is chosen, so that a better place is seen.
    let mut open_question = document.clone();
    if let Some(members) = open_question.as_object_mut() {
        for chosen in [
            "service",
            "category",
            "fields",
            "case",
            "acknowledged",
            "direction",
        ] {
            members.remove(chosen);
        }
    }
    match visit
        .ask(Asked::of("try_routing").sends(open_question))
        .await
    {
        Ok(told) => found.trial = Some(told.body),
        Err(problem) if problem.status >= 500 => return Err(problem),
        Err(_) => {}
    }
    match visit.look_at_contact(document).await {
        Ok(told) => {
            found.outcome = Some(told.body);
            page(visit, 200, fields, Vec::new(), Some(found)).await
        }
        Err(problem) if problem.status >= 500 => Err(problem),
        Err(problem) => {
            let wrong = mistakes("log", &problem);
            page(visit, problem.status, fields, wrong, Some(found)).await
        }
    }
}

async fn page(
    visit: &Visit,
    status: u16,
    fields: Map<String, Value>,
    mistakes: Vec<Value>,
    found: Option<Found>,
) -> Result<Answer, Problem> {
    if !visit.may("log_contact") {
        return Err(Problem::forbidden(
            "role_may_not",
            "Logging a contact is not part of your role.",
        ));
    }
    let reasons = visit.ask(Asked::of("list_contact_reasons")).await?.body;
    let receipts = match visit.ask(Asked::of("list_my_receipts")).await {
        Ok(told) => items(&told.body),
        Err(problem) if problem.status == 403 => Vec::new(),
        Err(problem) => return Err(problem),
    };
    let channels: Vec<_> = [
        Channel::Phone,
        Channel::FaceToFace,
        Channel::Letter,
        Channel::Email,
        Channel::Voicemail,
        Channel::Webchat,
        Channel::Social,
        Channel::OutOfHours,
    ]
    .iter()
    .map(|channel| (channel.as_str(), words::plain(channel.as_str())))
    .collect();
    let said = json!({
        "mistakes": mistakes, "fields": fields, "channels": channels, "matters": matters(&visit.call),
        "reasons": items(&reasons), "receipts": receipts,
        "questions": questions(visit), "look": found.map(|found| seen(visit, found)),
    });
    visit.page(status, "staff/log.html", "Log a contact", said)
}

/// What was found, as the page shows it.
fn seen(visit: &Visit, found: Found) -> Value {
    let call = &visit.call;
    let Found {
        people,
        history,
        history_of,
        trial,
        outcome,
    } = found;
    let trial = trial.map(|trial| {
        json!({
            "place": format!("{}/{}", text_of(&trial, "service"), text_of(&trial, "category")),
            "name": matter_name(call, text_of(&trial, "service"), text_of(&trial, "category")),
            "queue": queue_name(call, text_of(&trial, "queue")),
            "reason": text_of(&trial, "reason"),
            "placed": trial.get("placed"), "danger": trial.get("danger"),
            "candidates": candidates(call, &trial),
        })
    });
    let outcome = outcome.map(|told| {
        let case = told.get("case").cloned().unwrap_or(Value::Null);
        let reference = text_of(&case, "reference");
        let read_out = text_of(&told, "read_out");
        let is_joined = told.get("joined").and_then(Value::as_bool) == Some(true);
        // Until it is saved it has no reference that could be said.
        let read_out = if reference.is_empty() || is_joined {
            read_out.to_owned()
        } else {
            read_out.replace(&format!("Your reference is {reference}. "), "")
        };
        let duplicates = told.get("possible_duplicates").and_then(Value::as_array);
        let place = (text_of(&case, "service"), text_of(&case, "category"));
        json!({
            "read_out": read_out, "is_joined": is_joined, "is_restricted": told.get("receipt").is_some(),
            "name": matter_name(call, place.0, place.1), "queue": queue_name(call, text_of(&case, "queue")),
            "respond_on": case.get("respond_on"), "acknowledge_on": case.get("acknowledge_on"),
            "priority": case.get("priority"),
            "duplicates": rows(call, duplicates.map(Vec::as_slice).unwrap_or_default()),
            "warnings": told.get("warnings"), "incidents": told.get("known_incidents"),
            "offers": told.get("offers"),
        })
    });
    json!({
        "people": people, "history": rows(call, &history), "history_of": history_of, "trial": trial,
        "outcome": outcome,
    })
}

/// Those it may be from, by everything that was given of them, each once.
async fn people(visit: &Visit) -> Result<Vec<Value>, Problem> {
    if !visit.may("search_people") {
        return Ok(Vec::new());
    }
    let mut found: Vec<Value> = Vec::new();
    let mut seen = BTreeSet::new();
    for by in ["email", "phone", "name"] {
        let Some(wanted) = visit.fields().some(by) else {
            continue;
        };
        let asked = Asked::of("search_people").sends(json!({by: wanted}));
        match visit.ask(asked).await {
            Ok(told) => found.extend(
                items(&told.body)
                    .into_iter()
                    .filter(|person| seen.insert(text_of(person, "id").to_owned())),
            ),
            Err(problem) if problem.status >= 500 => return Err(problem),
            // Too short to look by; what is wrong with it is said of the contact itself.
            Err(_) => {}
        }
    }
    found.truncate(MOST_PEOPLE);
    Ok(found)
}

/// The contact as it stands in the form.
fn contact(visit: &Visit) -> Value {
    let fields = visit.fields();
    let person_id = fields.some("person_id").filter(|id| id != "new");
    let place = place(visit);
    let (service, category) = match place.split_once('/') {
        Some((service, category)) => (Some(json!(service)), Some(json!(category))),
        None => (None, None),
    };
    let person = match &person_id {
        Some(_) => None,
        None => Some(person(visit))
            .filter(|person| person.as_object().is_some_and(|own| !own.is_empty())),
    };
    let case = given(visit, "case");
    let location = given(visit, "where").map(|description| json!({"description": description}));
    let answers = answers(visit);
    let behalf = given(visit, "behalf_name").map(|name| {
        json!({"name": name, "consent": {"given": fields.has("behalf_consent"), "how": "verbal"}})
    });
    let is_told = fields.has("acknowledged");
    let checked = given(visit, "checked").map(|result| {
        let how = if fields.line("channel") == "face_to_face" {
            "face_to_face"
        } else {
            "phone"
        };
        json!({"how": how, "result": result, "asked": fields.all("asked")})
    });
    document([
        ("channel", given(visit, "channel")),
        ("subject", given(visit, "subject")),
        ("body", written(visit, "body")),
        ("person_id", person_id.map(Value::from)),
        ("person", person),
        ("on_behalf_of", behalf),
        ("service", service.filter(|_| case.is_none())),
        ("category", category.filter(|_| case.is_none())),
        ("case", case),
        ("location", location),
        (
            "fields",
            Some(answers).filter(|own| own.as_object().is_some_and(|own| !own.is_empty())),
        ),
        ("contact_reason", given(visit, "contact_reason")),
        ("incident", given(visit, "incident")),
        ("acknowledged", is_told.then(|| json!({"how": "spoken"}))),
        ("identity_check", checked),
    ])
}

/// `service/category`: the one that was pressed, else the one chosen in the list.
fn place(visit: &Visit) -> String {
    let pressed = visit.fields().some("suggested");
    pressed.unwrap_or_else(|| visit.fields().line("place"))
}

fn person(visit: &Visit) -> Value {
    let lines: Vec<String> = visit
        .fields()
        .text("address")
        .lines()
        .map(|line| line.trim().to_owned())
        .filter(|line| !line.is_empty())
        .collect();
    let postcode = given(visit, "postcode");
    let address = (!lines.is_empty() || postcode.is_some())
        .then(|| document([("lines", Some(json!(lines))), ("postcode", postcode)]));
    document([
        ("name", given(visit, "name")),
        ("email", given(visit, "email")),
        ("phone", given(visit, "phone")),
        ("organisation", given(visit, "organisation")),
        ("address", address),
    ])
}

/// What the chosen category asks, once one is chosen.
fn questions(visit: &Visit) -> Vec<Value> {
    let asked = asked(visit);
    asked
        .iter()
        .map(|field| {
            json!({
                "name": field_name(field), "question": field.question, "hint": field.hint,
                "required": field.required, "asked": field.asked,
                "is_long": field.datatype == Datatype::Text,
                "is_several": field.datatype == Datatype::SomeOf,
                "values": field.values.iter().map(|one| (&one.key, &one.name)).collect::<Vec<_>>(),
                "given": visit.fields().all(&field_name(field)),
            })
        })
        .collect()
}

/// The answers to what the category asks, each as its kind has it.
fn answers(visit: &Visit) -> Value {
    let mut answers = Map::new();
    for field in asked(visit) {
        let name = field_name(&field);
        let answer = match field.datatype {
            Datatype::SomeOf => Some(visit.fields().all(&name))
                .filter(|all| !all.is_empty())
                .map(|all| json!(all)),
            Datatype::Number => given(visit, &name).map(|text| {
                let number = text
                    .as_str()
                    .and_then(|text| serde_json::from_str::<Value>(text).ok());
                number.filter(Value::is_number).unwrap_or(text)
            }),
            Datatype::Text => written(visit, &name),
            Datatype::String | Datatype::Datetime | Datatype::OneOf => given(visit, &name),
        };
        if let Some(answer) = answer {
            answers.insert(field.code.clone(), answer);
        }
    }
    Value::Object(answers)
}

fn asked(visit: &Visit) -> Vec<Field> {
    let place = place(visit);
    let council = visit.call.front.desk.council();
    let found = place
        .split_once('/')
        .and_then(|(service, category)| council.catalogue.category(service, category));
    let fields = found.map(|(_, category): (_, &Category)| category.fields.clone());
    fields.unwrap_or_default()
}

fn field_name(field: &Field) -> String {
    format!("answer-{}", field.code)
}
