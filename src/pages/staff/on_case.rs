//! People on a case: looked for and put on it, given another role, taken off.

use serde_json::{Value, json};

use super::acts::{after, given};
use super::case::{self, Again, again};
use super::{document, items};
use crate::http::within::Asked;
use crate::http::{Answer, Operation, Problem};
use crate::pages::signed_in::{Visit, form};

const ACT: &str = "people";
/// People offered, of all that were found.
const MOST_PEOPLE: usize = 20;

/// The forms.
pub fn operations() -> Vec<Operation> {
    vec![
        form("/cases/{case}/people", "post_person_on_case", |visit| {
            Box::pin(put_on(visit))
        }),
        form(
            "/cases/{case}/people/{person}",
            "post_role_on_case",
            |visit| Box::pin(change(visit)),
        ),
    ]
}

/// First somebody is looked for, then put on the case.
async fn put_on(visit: Visit) -> Result<Answer, Problem> {
    let fields = visit.fields();
    if fields.line("do") == "look" {
        return look(&visit, Vec::new()).await;
    }
    if fields.some("person").is_none() {
        let lacking = json!({"field": "people-who", "words": "Choose who it is."});
        return look(&visit, vec![lacking]).await;
    }
    let body = document([
        ("person", given(&visit, "person")),
        ("role", given(&visit, "role")),
    ]);
    match put(&visit, body).await {
        Ok(told) => Ok(after(&visit, &told, "person_on")),
        Err(problem) => {
            let with = Again::of_field(ACT, fields, &problem, "people-who");
            again(&visit, problem, with).await
        }
    }
}

/// Another role for one who is on it, or none.
async fn change(visit: Visit) -> Result<Answer, Problem> {
    let fields = visit.fields();
    let person = visit.call.path("person").to_owned();
    let done = if fields.line("do") == "off" {
        let asked = Asked::of("take_person_off_case")
            .at("case", visit.call.path("case"))
            .at("person", &person)
            .of_version(fields.version());
        visit.ask(asked).await.map(|told| (told.body, "person_off"))
    } else {
        let role = given(&visit, "role");
        let body = document([("person", Some(json!(person))), ("role", role)]);
        put(&visit, body).await.map(|told| (told, "person_on"))
    };
    match done {
        Ok((told, done)) => Ok(after(&visit, &told, done)),
        Err(problem) => {
            let with = Again::of_field(ACT, fields, &problem, &format!("role-{person}"));
            again(&visit, problem, with).await
        }
    }
}

async fn put(visit: &Visit, body: Value) -> Result<Value, Problem> {
    let asked = Asked::of("put_person_on_case")
        .at("case", visit.call.path("case"))
        .sends(body)
        .of_version(visit.fields().version())
        .once(visit.fields().key());
    Ok(visit.ask(asked).await?.body)
}

async fn look(visit: &Visit, lacking: Vec<Value>) -> Result<Answer, Problem> {
    let fields = visit.fields();
    let wanted = fields.line("who");
    let asked = Asked::of("search_people").sends(json!({by(&wanted): wanted}));
    match visit.ask(asked).await {
        Ok(told) => {
            let mut found = items(&told.body);
            found.truncate(MOST_PEOPLE);
            let status = if lacking.is_empty() { 200 } else { 422 };
            let with = Again::finding(ACT, fields, found, lacking);
            case::page(visit, status, with).await
        }
        Err(problem) => {
            let with = Again::of_field(ACT, fields, &problem, "people-who");
            again(visit, problem, with).await
        }
    }
}

/// By what somebody is looked for, as it is written.
fn by(wanted: &str) -> &'static str {
    let is_number = wanted.chars().any(|letter| letter.is_ascii_digit())
        && wanted
            .chars()
            .all(|letter| letter.is_ascii_digit() || " +()-".contains(letter));
    match wanted {
        _ if wanted.contains('@') => "email",
        _ if is_number => "phone",
        _ => "name",
    }
}

#[cfg(test)]
mod tests {
    use super::by;

    #[test]
    fn somebody_is_looked_for_by_whatever_was_written() {
        for (wanted, expect) in [
            ("Ada Example", "name"),
            ("ada@mail.example", "email"),
            ("01632 960 123", "phone"),
            ("+44 (0)1632 960123", "phone"),
            ("Flat 3", "name"),
            ("", "name"),
        ] {
            assert_eq!(by(wanted), expect, "{wanted}");
        }
    }
}
