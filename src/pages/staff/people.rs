//! A person with what they told us and their cases; and finding one, or a case. What is looked for never
//! stands in an address.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::rows::rows;
use super::{items, mistakes, next_of, text_of};
use crate::casework::actions::Target;
use crate::http::within::Asked;
use crate::http::{Answer, Operation, Problem};
use crate::pages::signed_in::{Visit, form, shown};

/// The pages and their forms.
pub fn operations() -> Vec<Operation> {
    vec![
        shown("/find", "show_find", |visit| Box::pin(show(visit))),
        form("/find", "post_find", |visit| Box::pin(find(visit))),
        shown("/people/{person}", "show_person", |visit| {
            Box::pin(person(visit))
        })
        .query::<Shown>(),
    ]
}

/// Which part of their cases.
#[derive(Debug, Default, Deserialize, JsonSchema)]
struct Shown {
    #[serde(default)]
    #[schemars(length(max = 1000))]
    cursor: Option<String>,
}

/// What was found.
#[derive(Default)]
struct Found {
    people: Option<Vec<Value>>,
    cases: Option<Vec<Value>>,
    mistakes: Vec<Value>,
}

async fn show(visit: Visit) -> Result<Answer, Problem> {
    found(&visit, 200, Found::default())
}

async fn find(visit: Visit) -> Result<Answer, Problem> {
    let fields = visit.fields();
    if let Some(reference) = fields.some("reference") {
        return by_reference(&visit, &reference).await;
    }
    let by = ["email", "phone", "name"]
        .into_iter()
        .find_map(|by| fields.some(by).map(|wanted| (by, wanted)));
    let looked = match by {
        Some((by, wanted)) => {
            let asked = Asked::of("search_people").sends(json!({by: wanted}));
            visit.ask(asked).await.map(|told| Found {
                people: Some(items(&told.body)),
                ..Found::default()
            })
        }
        None => {
            let asked = Asked::of("list_cases")
                .with("q", fields.line("q"))
                .with("limit", 50);
            visit.ask(asked).await.map(|told| Found {
                cases: Some(items(&told.body)),
                ..Found::default()
            })
        }
    };
    match looked {
        Ok(seen) => found(&visit, 200, seen),
        Err(problem) if problem.status >= 500 => Err(problem),
        Err(problem) => {
            let seen = Found {
                mistakes: mistakes("find", &problem),
                ..Found::default()
            };
            found(&visit, problem.status, seen)
        }
    }
}

async fn by_reference(visit: &Visit, reference: &str) -> Result<Answer, Problem> {
    let council = visit.call.front.desk.council();
    let pattern = council.catalogue.council.alias_pattern();
    let words = match Target::parse(reference, pattern.as_deref()) {
        Err(crate::domain::reference::ReferenceError::Mistyped) => {
            "One character of this reference is mistyped. Check it against the letter or e-mail."
        }
        Err(_) => "This is no reference. One looks like 4X7-K92-MQ3.",
        Ok(_) => match visit.ask(Asked::of("get_case").at("case", reference)).await {
            Ok(told) => {
                let reference = text_of(&told.body, "reference");
                return Ok(Answer::see_other(&format!("/cases/{reference}")));
            }
            Err(problem) if problem.status == 404 => {
                "There is no case with this reference, or none you may see."
            }
            Err(problem) => return Err(problem),
        },
    };
    let seen = Found {
        mistakes: vec![json!({"field": "find-reference", "words": words})],
        ..Found::default()
    };
    found(visit, 422, seen)
}

fn found(visit: &Visit, status: u16, seen: Found) -> Result<Answer, Problem> {
    let said = json!({
        "fields": visit.fields().words(), "mistakes": seen.mistakes, "people": seen.people,
        "cases": seen.cases.map(|cases| rows(&visit.call, &cases)),
        "may_search_people": visit.may("search_people"),
    });
    visit.page(status, "staff/find.html", "Find a person or case", said)
}

async fn person(visit: Visit) -> Result<Answer, Problem> {
    page(&visit, 200, Vec::new()).await
}

/// The page of a person, with a form as it was sent where something was wrong with it.
///
/// # Errors
/// When they may not be known of.
pub async fn page(visit: &Visit, status: u16, mistakes: Vec<Value>) -> Result<Answer, Problem> {
    let page: Shown = if visit.call.method == actix_web::http::Method::POST {
        Shown::default()
    } else {
        visit.call.query()?
    };
    let id = visit.call.path("person").to_owned();
    let person = visit
        .ask(Asked::of("get_person").at("person", &id))
        .await?
        .body;
    let cursor = page.cursor.unwrap_or_default();
    let cases = Asked::of("list_cases_of_person").at("person", &id);
    let cases = visit.ask(cases.with("cursor", &cursor)).await?.body;
    let contacts = Asked::of("list_contacts_of_person").at("person", &id);
    let contacts = visit.ask(contacts.with("limit", 25)).await?.body;
    let name = match text_of(&person, "name") {
        "" => "A person without a name",
        name => name,
    };
    let known = super::correcting::as_written(&person);
    let words = if mistakes.is_empty() {
        known
    } else {
        json!(visit.fields().words())
    };
    let said = json!({
        "name": name, "cases": rows(&visit.call, &items(&cases)),
        "next": next_of(&cases).map(|cursor| format!("/people/{id}?cursor={cursor}")),
        "is_later": !cursor.is_empty(),
        "contacts": items(&contacts), "person": person, "here": format!("/people/{id}"),
        "may_change": visit.may("change_person"), "mistakes": mistakes, "fields": words,
    });
    // A title stays in the browser's history, where no name belongs.
    visit.page(status, "staff/person.html", "A person", said)
}
