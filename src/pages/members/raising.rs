//! A councillor raises something: for themselves or their ward, or for somebody who asked them.
//!
//! On what footing they ask is said by a choice. It becomes what the API takes: for whom they ask, and
//! whether that person agrees.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::MEMBERS;
use crate::http::within::Asked;
use crate::http::{Answer, Problem};
use crate::pages::signed_in::{Fields, Visit};
use crate::pages::told::{Mistake, check_door, is_said_beside, mistakes, read};

/// What became of it.
#[derive(Debug, Deserialize)]
struct Received {
    case: Option<Reference>,
    /// In place of the case, for what only a small team may see.
    receipt: Option<Value>,
}

#[derive(Debug, Deserialize)]
struct Reference {
    reference: String,
}

/// The fields of the form, empty.
const FIELDS: &[&str] = &["subject", "body", "about", "name", "email", "how", "place"];
/// Which part of the contact is asked for in which field.
const POINTERS: &[(&str, &str)] = &[
    ("/subject", "subject"),
    ("/body", "body"),
    ("/on_behalf_of/name", "name"),
    ("/on_behalf_of/email", "email"),
    ("/on_behalf_of", "about-own"),
    ("/location", "place"),
];

/// The form.
pub async fn show(visit: Visit) -> Result<Answer, Problem> {
    check_door(&visit, MEMBERS)?;
    ask(&visit, 200, Map::new(), &[])
}

/// Takes it in.
pub async fn raise(visit: Visit) -> Result<Answer, Problem> {
    check_door(&visit, MEMBERS)?;
    let fields = visit.fields();
    let contact = match contact(fields) {
        Ok(contact) => contact,
        Err(wrong) => return ask(&visit, 422, fields.words(), &wrong),
    };
    let asked = Asked::of("log_contact").sends(contact).once(fields.key());
    let received: Received = match read(&visit, asked).await {
        Ok(received) => received,
        Err(problem) if is_said_beside(&problem) => {
            let wrong = mistakes(&problem, POINTERS);
            return ask(&visit, problem.status, fields.words(), &wrong);
        }
        Err(problem) => return Err(problem),
    };
    match received {
        Received {
            case: Some(case), ..
        } => Ok(Answer::see_other(&format!(
            "/my-enquiries/{}?done=enquiry_raised",
            case.reference
        ))),
        Received { receipt, .. } => {
            let said = json!({"receipt": receipt});
            visit.page(201, "members/receipt.html", "We have it", said)
        }
    }
}

fn ask(
    visit: &Visit,
    status: u16,
    written: Map<String, Value>,
    wrong: &[Mistake],
) -> Result<Answer, Problem> {
    let mut all: Map<String, Value> = FIELDS
        .iter()
        .map(|name| ((*name).to_owned(), json!("")))
        .collect();
    all.extend(written);
    let said = json!({"written": all, "mistakes": wrong});
    visit.page(status, "members/new.html", "Raise something", said)
}

/// The contact as the API takes it, or everything that is missing.
fn contact(fields: &Fields) -> Result<Value, Vec<Mistake>> {
    let mut wrong = Vec::new();
    let subject = fields.line("subject");
    if subject.is_empty() {
        wrong.push(Mistake::at("subject", "Say in one line what it is about."));
    }
    let body = fields.text("body").trim().to_owned();
    if body.is_empty() {
        wrong.push(Mistake::at(
            "body",
            "Write what has happened and what you ask for.",
        ));
    }
    let about = fields.line("about");
    let other = match about.as_str() {
        "own" => None,
        "agrees" => Some(Some(fields.line("how"))),
        "unknown" => Some(None),
        _ => {
            let words = "Say whether it is for you or your ward, or for somebody who asked you.";
            wrong.push(Mistake::at("about-own", words));
            None
        }
    };
    let name = fields.line("name");
    if other.is_some() && name.is_empty() {
        let words = "Give the name of the person you ask for.";
        wrong.push(Mistake::at("name", words));
    }
    if about == "own" && !(name.is_empty() && fields.line("email").is_empty()) {
        let words = "You named somebody. Say that you ask for them, or take the name away.";
        wrong.push(Mistake::at("about-own", words));
    }
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let mut contact = json!({"channel": "councillor", "subject": subject, "body": body});
    if let Some(members) = contact.as_object_mut() {
        if let Some(agrees) = other {
            let mut person = json!({"name": name});
            if let Some(email) = fields.some("email") {
                insert(&mut person, "email", json!(email));
            }
            if let Some(how) = agrees {
                let how = if how == "written" {
                    "written"
                } else {
                    "verbal"
                };
                insert(&mut person, "consent", json!({"given": true, "how": how}));
            }
            members.insert("on_behalf_of".to_owned(), person);
        }
        if let Some(place) = fields.some("place") {
            members.insert("location".to_owned(), json!({"description": place}));
        }
    }
    Ok(contact)
}

fn insert(object: &mut Value, name: &str, value: Value) {
    if let Some(members) = object.as_object_mut() {
        members.insert(name.to_owned(), value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(pairs: &[(&str, &str)]) -> Fields {
        Fields::of(pairs.iter().copied())
    }

    const WHOLE: [(&str, &str); 2] = [("subject", "Blocked drain"), ("body", "It floods.")];

    #[test]
    fn the_footing_that_was_chosen_is_what_the_api_is_told() {
        let with = |more: &[(&str, &str)]| contact(&filled(&[&WHOLE, more].concat())).unwrap();
        assert_eq!(
            with(&[("about", "own"), ("place", "Beck Row")]),
            json!({
                "channel": "councillor", "subject": "Blocked drain", "body": "It floods.",
                "location": {"description": "Beck Row"},
            })
        );
        let agrees = [
            ("about", "agrees"),
            ("name", "Mrs Obi"),
            ("email", "obi@mail.example"),
            ("how", "written"),
        ];
        assert_eq!(
            with(&agrees)["on_behalf_of"],
            json!({
                "name": "Mrs Obi", "email": "obi@mail.example",
                "consent": {"given": true, "how": "written"},
            })
        );
        assert_eq!(
            with(&[
                ("about", "unknown"),
                ("name", "Mrs Obi"),
                ("how", "written")
            ])["on_behalf_of"],
            json!({"name": "Mrs Obi"})
        );
    }

    #[test]
    fn everything_that_is_missing_is_named_at_once() {
        let named = |pairs: &[(&str, &str)]| {
            let wrong = contact(&filled(pairs)).unwrap_err();
            wrong.into_iter().map(|one| one.field).collect::<Vec<_>>()
        };
        assert_eq!(named(&[]), ["subject", "body", "about-own"]);
        assert_eq!(
            named(&[&WHOLE[..], &[("about", "agrees")]].concat()),
            ["name"]
        );
        let other = [("about", "own"), ("name", "Mrs Obi")];
        assert_eq!(named(&[&WHOLE[..], &other].concat()), ["about-own"]);
    }
}
