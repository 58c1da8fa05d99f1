//! Cases for which nobody has said yet where they go, each with the places its words speak for: one press
//! puts it there.

use serde_json::{Value, json};

use super::rows::{matters, rows};
use super::work::Shown;
use super::{document, items, mistakes, next_of};
use crate::http::within::Asked;
use crate::http::{Answer, Operation, Problem};
use crate::pages::signed_in::{Visit, form, shown};

/// The page and its form.
pub fn operations() -> Vec<Operation> {
    vec![
        shown("/to-place", "show_to_place", |visit| Box::pin(show(visit))).query::<Shown>(),
        form("/to-place/{case}", "post_to_place", |visit| {
            Box::pin(place(visit))
        }),
    ]
}

async fn show(visit: Visit) -> Result<Answer, Problem> {
    let page: Shown = visit.call.query()?;
    shown_page(&visit, 200, &page.cursor.unwrap_or_default(), &[]).await
}

async fn place(visit: Visit) -> Result<Answer, Problem> {
    // A button with a place of its own counts before the list.
    let wanted = visit
        .fields()
        .some("place")
        .or_else(|| visit.fields().some("other"));
    let category = wanted.map(Value::from);
    let asked = Asked::of("change_case")
        .at("case", visit.call.path("case"))
        .sends(document([("category", category)]))
        .of_version(visit.fields().version());
    match visit.ask(asked).await {
        Ok(_) => Ok(Answer::see_other("/to-place?done=placed")),
        Err(problem) if problem.status >= 500 || problem.status == 404 => Err(problem),
        Err(problem) => {
            let wrong = if problem.status == 412 {
                vec![json!({
                    "field": "",
                    "words": "Somebody has changed that case since you saw it. Look at it below, or open it.",
                })]
            } else {
                mistakes("place", &problem)
            };
            let status = if problem.status == 412 {
                409
            } else {
                problem.status
            };
            shown_page(&visit, status, "", &wrong).await
        }
    }
}

async fn shown_page(
    visit: &Visit,
    status: u16,
    cursor: &str,
    mistakes: &[Value],
) -> Result<Answer, Problem> {
    let council = visit.call.front.desk.council();
    let fallback = &council.catalogue.routing.fallback;
    let waiting = Asked::of("list_cases")
        .with("queue", &fallback.queue)
        .with("status", "new,open")
        .with("limit", 10)
        .with("cursor", cursor);
    let waiting = visit.ask(waiting).await?.body;
    let found = items(&waiting);
    let said = json!({
        "cases": rows(&visit.call, &found),
        "said": words_of(visit, &found).await?,
        "matters": matters(&visit.call),
        "works": visit.user().works(&fallback.queue, None),
        "next": next_of(&waiting).map(|cursor| format!("/to-place?cursor={cursor}")),
        "is_later": !cursor.is_empty(),
        "mistakes": mistakes,
    });
    visit.page(status, "staff/to_place.html", "To place", said)
}

/// What was said first on each case: without it nobody can place it.
async fn words_of(visit: &Visit, cases: &[Value]) -> Result<Vec<String>, Problem> {
    let mut all = Vec::new();
    for case in cases {
        let asked = Asked::of("list_case_contacts")
            .at("case", super::text_of(case, "id"))
            .with("limit", 1);
        let first = items(&visit.ask(asked).await?.body);
        let words = first.first().map(|contact| super::text_of(contact, "body"));
        all.push(words.unwrap_or_default().to_owned());
    }
    Ok(all)
}
