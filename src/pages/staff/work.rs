//! What is mine, by risk; the next one; the queues; and several cases given to somebody at once.

use std::cmp::Reverse;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::rows::{queue_name, rows};
use super::{items, mistakes, next_of, text_of};
use crate::http::within::Asked;
use crate::http::{Answer, Operation, Problem};
use crate::pages::signed_in::{Visit, form, shown};

/// Queues shown with a button each; whoever works more finds theirs in the list of all.
const MOST_QUEUES: usize = 12;
/// Queues looked into for whoever works these by name.
const MOST_NAMED: usize = 40;
/// Queues looked through for whoever works every one.
const MOST_LISTED: usize = 100;
const OPEN: &str = "new,open,waiting";
/// Cases given away at once.
const MOST_AT_ONCE: usize = 100;

/// The pages and their forms.
pub fn operations() -> Vec<Operation> {
    vec![
        shown("/work", "show_work", |visit| Box::pin(work(visit))).query::<Shown>(),
        shown("/work/next", "show_next", |visit| Box::pin(next(visit))),
        shown("/queues", "show_queues", |visit| Box::pin(queues(visit))).query::<Shown>(),
        shown("/queues/{queue}", "show_queue", |visit| {
            Box::pin(queue(visit))
        })
        .query::<Shown>(),
        form("/work/next", "post_next", |visit| Box::pin(take(visit))),
        form("/work/assignments", "post_assignments", |visit| {
            Box::pin(assign(visit))
        }),
    ]
}

/// Which part of a list.
#[derive(Debug, Default, Deserialize, JsonSchema)]
pub struct Shown {
    #[serde(default)]
    #[schemars(length(max = 1000))]
    pub cursor: Option<String>,
    /// `none`: only what nobody has.
    #[serde(default)]
    #[schemars(length(max = 10))]
    pub owner: Option<String>,
}

async fn work(visit: Visit) -> Result<Answer, Problem> {
    let page: Shown = visit.call.query()?;
    let cursor = page.cursor.unwrap_or_default();
    let mine = Asked::of("list_cases")
        .with("owner", "me")
        .with("status", OPEN)
        .with("cursor", &cursor);
    let mine = visit.ask(mine).await?.body;
    let said = json!({
        "cases": rows(&visit.call, &items(&mine)),
        "next": next_of(&mine).map(|cursor| format!("/work?cursor={cursor}")),
        "is_later": !cursor.is_empty(),
        "queues": own_queues(&visit).await?,
        "mistakes": [],
    });
    visit.page(200, "staff/work.html", "My work", said)
}

/// What is taken next is chosen on the page of one's own work.
async fn next(_: Visit) -> Result<Answer, Problem> {
    Ok(Answer::see_other("/work#next"))
}

async fn take(visit: Visit) -> Result<Answer, Problem> {
    let queue = visit.fields().line("queue");
    let asked = Asked::of("take_next_case")
        .at("queue", &queue)
        .once(visit.fields().key());
    let told = visit.ask(asked).await?;
    let taken = told.body.get("case").map(|case| text_of(case, "reference"));
    Ok(match taken {
        Some(reference) => Answer::see_other(&format!("/cases/{reference}?done=taken")),
        None => Answer::see_other("/work?done=nothing"),
    })
}

async fn queues(visit: Visit) -> Result<Answer, Problem> {
    let page: Shown = visit.call.query()?;
    let asked = Asked::of("list_queues")
        .with("limit", 50)
        .with("cursor", page.cursor.unwrap_or_default());
    let all = visit.ask(asked).await?.body;
    let said = json!({
        "queues": items(&all),
        "next": next_of(&all).map(|cursor| format!("/queues?cursor={cursor}")),
    });
    visit.page(200, "staff/queues.html", "Queues", said)
}

async fn queue(visit: Visit) -> Result<Answer, Problem> {
    let page: Shown = visit.call.query()?;
    let slug = visit.call.path("queue").to_owned();
    shown_queue(&visit, 200, &slug, &page, &[]).await
}

async fn shown_queue(
    visit: &Visit,
    status: u16,
    slug: &str,
    page: &Shown,
    mistakes: &[Value],
) -> Result<Answer, Problem> {
    let counts = visit
        .ask(Asked::of("get_queue").at("queue", slug))
        .await?
        .body;
    let cursor = page.cursor.clone().unwrap_or_default();
    let owner = page.owner.clone().filter(|owner| owner == "none");
    let cases = Asked::of("list_cases")
        .with("queue", slug)
        .with("status", OPEN)
        .with("owner", owner.clone().unwrap_or_default())
        .with("cursor", &cursor);
    let cases = visit.ask(cases).await?.body;
    let only = owner.as_ref().map_or("", |_| "&owner=none");
    let said = json!({
        "counts": counts, "slug": slug, "nobody": owner.is_some(),
        "works": visit.user().works(slug, None),
        "cases": rows(&visit.call, &items(&cases)),
        "next": next_of(&cases).map(|cursor| format!("/queues/{slug}?cursor={cursor}{only}")),
        "is_later": !cursor.is_empty(),
        "mistakes": mistakes,
    });
    let title = text_of(&counts, "name").to_owned();
    visit.page(status, "staff/queue.html", title, said)
}

/// Each case in a transaction of its own, by the operation for one: what one refuses does not stop the
/// others, and is named.
async fn assign(visit: Visit) -> Result<Answer, Problem> {
    let fields = visit.fields();
    let (slug, owner) = (fields.line("queue"), fields.line("owner"));
    let chosen = fields.all("cases");
    let lacking = if chosen.is_empty() {
        Some(("queue-cases", "Choose at least one case."))
    } else if chosen.len() > MOST_AT_ONCE {
        Some(("queue-cases", "Choose at most a hundred cases."))
    } else if owner.is_empty() {
        Some((
            "queue-owner",
            "Say who is to have them: an e-mail address, or me.",
        ))
    } else {
        None
    };
    if let Some((field, words)) = lacking {
        let mistakes = [json!({"field": field, "words": words})];
        return shown_queue(&visit, 422, &slug, &Shown::default(), &mistakes).await;
    }
    let owner = if owner == "none" {
        Value::Null
    } else {
        json!(owner)
    };
    let mut refused = Vec::new();
    let mut n_done = 0;
    for one in &chosen {
        let (reference, version) = one.split_once(' ').unwrap_or((one, ""));
        let asked = Asked::of("assign_case")
            .at("case", reference)
            .sends(json!({"owner": owner}))
            .of_version(version.parse().ok())
            .once(fields.key());
        match visit.ask(asked).await {
            Ok(_) => n_done += 1,
            Err(problem) if problem.status >= 500 => return Err(problem),
            Err(problem) => {
                let why = mistakes("queue", &problem);
                let why = why.iter().map(|one| text_of(one, "words"));
                refused.push(json!({
                    "reference": reference, "why": why.collect::<Vec<_>>().join(" "),
                }));
            }
        }
    }
    if refused.is_empty() {
        return Ok(Answer::see_other(&format!(
            "/queues/{slug}?done=reassigned"
        )));
    }
    let said = json!({
        "n_done": n_done, "refused": refused, "slug": slug, "name": queue_name(&visit.call, &slug),
    });
    visit.page(
        409,
        "staff/reassigned.html",
        "Some cases stay where they are",
        said,
    )
}

/// The queues whoever is signed in works, with what stands in them, most at risk first: those they are named
/// for; for whoever works every queue, those where nobody has a case yet.
async fn own_queues(visit: &Visit) -> Result<Vec<Value>, Problem> {
    let user = visit.user();
    let mut all = Vec::new();
    let named = user.queues.iter().filter(|queue| *queue != "*");
    for slug in named.take(MOST_NAMED) {
        match visit.ask(Asked::of("get_queue").at("queue", slug)).await {
            Ok(told) => all.push(told.body),
            // A queue the catalogue has no more.
            Err(problem) if problem.status == 404 => {}
            Err(problem) => return Err(problem),
        }
    }
    if all.is_empty() {
        let asked = Asked::of("list_queues").with("limit", MOST_LISTED);
        all = items(&visit.ask(asked).await?.body);
        all.retain(|queue| {
            count(queue, "unowned") > 0 && user.works(text_of(queue, "queue"), None)
        });
    }
    all.sort_by_key(by_risk);
    all.truncate(MOST_QUEUES);
    Ok(all)
}

/// Where most promises are broken, and then where most are due, first.
fn by_risk(queue: &Value) -> (Reverse<u64>, Reverse<u64>, Reverse<u64>) {
    let n = |name| Reverse(count(queue, name));
    (n("overdue"), n("due_today"), n("unowned"))
}

fn count(queue: &Value, name: &str) -> u64 {
    queue.get(name).and_then(Value::as_u64).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_queue_with_most_broken_promises_is_offered_first() {
        let mut queues = [
            json!({"queue": "calm", "overdue": 0, "due_today": 9, "unowned": 30}),
            json!({"queue": "late", "overdue": 3, "due_today": 0, "unowned": 1}),
            json!({"queue": "busy", "overdue": 3, "due_today": 4, "unowned": 1}),
        ];
        queues.sort_by_key(by_risk);
        let names: Vec<&str> = queues.iter().map(|queue| text_of(queue, "queue")).collect();
        assert_eq!(names, ["busy", "late", "calm"]);
    }
}
