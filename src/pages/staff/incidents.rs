//! A case and the incidents we know of: on which it is, which it may belong to, and putting it right.

use serde_json::{Value, json};

use super::acts::{after, given};
use super::case::{Again, again};
use super::{document, items, text_of};
use crate::http::within::Asked;
use crate::http::{Answer, Operation, Problem};
use crate::pages::signed_in::{Visit, form};

/// Open incidents to choose from; a council has a few at a time.
const MOST: usize = 50;

/// The forms.
pub fn operations() -> Vec<Operation> {
    vec![
        form("/cases/{case}/incidents", "post_incident", |visit| {
            Box::pin(attach(visit))
        }),
        form(
            "/cases/{case}/incidents/{incident}",
            "post_off_incident",
            |visit| Box::pin(detach(visit)),
        ),
    ]
}

/// Those it is on, those offered for its matter and place, and the other open ones for whoever works it.
pub async fn of_case(visit: &Visit, case: &str, works: bool) -> Result<Value, Problem> {
    if !visit.may("list_case_incidents") {
        return Ok(json!({"on": [], "offered": [], "others": []}));
    }
    let asked = Asked::of("list_case_incidents")
        .at("case", case)
        .with("limit", MOST);
    let known = items(&visit.ask(asked).await?.body);
    let is_on = |one: &Value| one.get("attached").and_then(Value::as_bool) == Some(true);
    let (on, offered): (Vec<Value>, Vec<Value>) = known.iter().cloned().partition(is_on);
    let mut others = Vec::new();
    if works {
        let asked = Asked::of("list_incidents")
            .with("state", "open")
            .with("limit", MOST);
        let open = items(&visit.ask(asked).await?.body);
        let is_known = |one: &Value| {
            known
                .iter()
                .any(|own| text_of(own, "id") == text_of(one, "id"))
        };
        others = open
            .iter()
            .filter(|one| !is_known(one))
            .map(|one| json!([text_of(one, "id"), text_of(one, "title")]))
            .collect();
    }
    Ok(json!({"on": on, "offered": offered, "others": others}))
}

async fn attach(visit: Visit) -> Result<Answer, Problem> {
    let fields = visit.fields();
    let asked = Asked::of("attach_case_to_incident")
        .at("case", visit.call.path("case"))
        .sends(document([("incident", given(&visit, "incident"))]))
        .once(fields.key());
    match visit.ask(asked).await {
        Ok(told) => Ok(after(&visit, &told.body, "on_incident")),
        Err(problem) => {
            let with = Again::of_field("incidents", fields, &problem, "incidents");
            again(&visit, problem, with).await
        }
    }
}

async fn detach(visit: Visit) -> Result<Answer, Problem> {
    let asked = Asked::of("detach_case_from_incident")
        .at("case", visit.call.path("case"))
        .at("incident", visit.call.path("incident"));
    match visit.ask(asked).await {
        Ok(_) => Ok(after(&visit, &Value::Null, "off_incident")),
        // Somebody else has taken it off: it is as it was meant to be.
        Err(problem) if problem.status == 404 => {
            visit
                .ask(Asked::of("get_case").at("case", visit.call.path("case")))
                .await?;
            Ok(after(&visit, &Value::Null, "off_incident"))
        }
        Err(problem) => {
            let with = Again::of_field("incidents", visit.fields(), &problem, "incidents");
            again(&visit, problem, with).await
        }
    }
}
