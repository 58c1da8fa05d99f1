//! Pages of agents and officers: their work, the case, a contact logged while somebody talks.
//!
//! Each page asks operations of the API through [`super::signed_in`] and shows what they answer. What may
//! be done to a case is asked of [`crate::casework::actions::offered`]; nothing is decided here.
//!
//! | file | page |
//! |---|---|
//! | `work` | what is mine, the next one, queues, several given away at once |
//! | `case` | a case with everything that is known of it |
//! | `happened`, `offers` | what happened to it; what its page offers to do |
//! | `acts` | what is done to a case, one form each |
//! | `files`, `on_case`, `incidents`, `notices` | files, people, incidents and mails of a case |
//! | `glass` | cases only a small team may see: receipts, and opening one for oneself |
//! | `reply` | a reply, looked over before it goes |
//! | `log` | a contact: looked at, then saved |
//! | `to_place` | cases for which nobody has said yet where they go |
//! | `people`, `correcting` | a person, finding one, putting right what we know of them |
//! | `rows`, `words` | cases in a list; what codes and instants are called |

mod acts;
mod case;
mod correcting;
mod files;
mod glass;
mod happened;
mod incidents;
mod log;
mod notices;
mod offers;
mod on_case;
mod people;
mod reply;
mod rows;
mod to_place;
mod words;
mod work;

use minijinja::Environment;
use serde_json::{Map, Value, json};

use crate::http::{Operation, Problem};

/// The pages and their forms.
#[must_use]
pub fn operations() -> Vec<Operation> {
    let mut all = work::operations();
    all.extend(case::operations());
    all.extend(acts::operations());
    all.extend(files::operations());
    all.extend(on_case::operations());
    all.extend(incidents::operations());
    all.extend(notices::operations());
    all.extend(glass::operations());
    all.extend(log::operations());
    all.extend(to_place::operations());
    all.extend(people::operations());
    all.extend(correcting::operations());
    all
}

/// Its templates, those in common for all who are signed in among them.
pub fn add_to(env: &mut Environment<'static>) {
    words::add_to(env);
    for (name, text) in [
        (
            "staff/layout.html",
            include_str!("../templates/staff/layout.html"),
        ),
        (
            "staff/macros.html",
            include_str!("../templates/staff/macros.html"),
        ),
        (
            "staff/kept.html",
            include_str!("../templates/staff/kept.html"),
        ),
        (
            "staff/refused.html",
            include_str!("../templates/staff/refused.html"),
        ),
        (
            "staff/fields.html",
            include_str!("../templates/staff/fields.html"),
        ),
        (
            "staff/work.html",
            include_str!("../templates/staff/work.html"),
        ),
        (
            "staff/queues.html",
            include_str!("../templates/staff/queues.html"),
        ),
        (
            "staff/queue.html",
            include_str!("../templates/staff/queue.html"),
        ),
        (
            "staff/reassigned.html",
            include_str!("../templates/staff/reassigned.html"),
        ),
        (
            "staff/case.html",
            include_str!("../templates/staff/case.html"),
        ),
        (
            "staff/acts.html",
            include_str!("../templates/staff/acts.html"),
        ),
        (
            "staff/held.html",
            include_str!("../templates/staff/held.html"),
        ),
        (
            "staff/on_case.html",
            include_str!("../templates/staff/on_case.html"),
        ),
        (
            "staff/incidents.html",
            include_str!("../templates/staff/incidents.html"),
        ),
        (
            "staff/files.html",
            include_str!("../templates/staff/files.html"),
        ),
        (
            "staff/receipts.html",
            include_str!("../templates/staff/receipts.html"),
        ),
        (
            "staff/open_restricted.html",
            include_str!("../templates/staff/open_restricted.html"),
        ),
        (
            "staff/correct_person.html",
            include_str!("../templates/staff/correct_person.html"),
        ),
        (
            "staff/followed.html",
            include_str!("../templates/staff/followed.html"),
        ),
        (
            "staff/reply.html",
            include_str!("../templates/staff/reply.html"),
        ),
        (
            "staff/log.html",
            include_str!("../templates/staff/log.html"),
        ),
        (
            "staff/to_place.html",
            include_str!("../templates/staff/to_place.html"),
        ),
        (
            "staff/person.html",
            include_str!("../templates/staff/person.html"),
        ),
        (
            "staff/find.html",
            include_str!("../templates/staff/find.html"),
        ),
    ] {
        env.add_template(name, text)
            .expect("the templates are built in, and a test reads every one");
    }
}

/// What was wrong with a form, each with the field to go to: of `/text` in the form `notes`, `notes-text`.
fn mistakes(form: &str, problem: &Problem) -> Vec<Value> {
    let plainly = |words: &str| words.replace('`', "");
    if problem.status == 412 {
        let words = "Somebody has changed it since you saw it.";
        return vec![json!({"field": "", "words": words})];
    }
    if problem.errors.is_empty() {
        return vec![json!({"field": "", "words": plainly(&problem.detail)})];
    }
    let faults = problem.errors.iter().map(|fault| {
        let field = match field_of(form, &fault.pointer).as_str() {
            "" => String::new(),
            name => format!("{form}-{name}"),
        };
        json!({"field": field, "words": plainly(&fault.detail)})
    });
    faults.collect()
}

/// The field of a form that fills this place of a document.
fn field_of(form: &str, pointer: &str) -> String {
    let mut parts = pointer.split('/').skip(1);
    let first = parts.next().unwrap_or_default();
    let second = parts.next();
    match (form, first, second) {
        ("log", "person", Some(part)) => part.to_owned(),
        ("log", "fields", Some(code)) => format!("answer-{code}"),
        ("log", "location", _) => "where".to_owned(),
        ("log", "service" | "category", _) => "place".to_owned(),
        ("log", "on_behalf_of", _) => "behalf_name".to_owned(),
        ("promises", "by", _) => "on".to_owned(),
        (_, first, _) => first.to_owned(),
    }
}

/// A document of those members that have a value.
fn document(members: impl IntoIterator<Item = (&'static str, Option<Value>)>) -> Value {
    let given = members
        .into_iter()
        .filter_map(|(name, value)| value.map(|value| (name.to_owned(), value)));
    Value::Object(given.collect::<Map<_, _>>())
}

/// The items of a page of a list.
fn items(page: &Value) -> Vec<Value> {
    let items = page.get("items").and_then(Value::as_array);
    items.cloned().unwrap_or_default()
}

/// Where a list goes on.
fn next_of(page: &Value) -> Option<&str> {
    page.get("next_cursor").and_then(Value::as_str)
}

fn text_of<'v>(value: &'v Value, name: &str) -> &'v str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_leads_to_its_field() {
        let check = |form: &str, pointer: &str, field: &str| {
            assert_eq!(field_of(form, pointer), field, "{form} {pointer}");
        };
        check("notes", "/text", "text");
        check("replies", "/to/0", "to");
        check("log", "/person/email", "email");
        check("log", "/fields/size", "answer-size");
        check("log", "/category", "place");
        check("promises", "/by", "on");
        check("closures", "", "");
    }
}
