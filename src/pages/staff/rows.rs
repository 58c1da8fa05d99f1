//! Cases in a list, with what a reader looks for: whose, by when, and whether that is past.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::{text_of, words};
use crate::domain::wording::on_day;
use crate::http::Call;

/// One case in a list.
#[derive(Debug, Serialize)]
pub struct Row {
    pub id: String,
    pub reference: String,
    pub subject: String,
    pub status: String,
    pub queue: String,
    pub matter: String,
    pub owner: Option<String>,
    /// "Tuesday 24 November 2026".
    pub due: Option<String>,
    pub is_late: bool,
    pub is_due_today: bool,
    /// Where it is more than ordinary.
    pub priority: Option<String>,
    pub version: i64,
    /// Places it could go, best first.
    pub candidates: Vec<Candidate>,
}

/// A place a case could go.
#[derive(Debug, Serialize)]
pub struct Candidate {
    /// `service/category`.
    pub place: String,
    pub name: String,
    pub why: String,
}

/// The rows of a list of cases.
pub fn rows(call: &Call, items: &[Value]) -> Vec<Row> {
    items.iter().map(|item| row(call, item)).collect()
}

/// Name of a queue as people read it.
pub fn queue_name(call: &Call, slug: &str) -> String {
    let council = call.front.desk.council();
    let queue = council.catalogue.queue(slug);
    queue.map_or_else(|| slug.to_owned(), |queue| queue.name.clone())
}

/// "Missed bin, Waste collection".
pub fn matter_name(call: &Call, service: &str, category: &str) -> String {
    let council = call.front.desk.council();
    let found = council.catalogue.category(service, category);
    found.map_or_else(
        || words::plain(category),
        |(service, category)| format!("{}, {}", category.name, service.name),
    )
}

/// Every category by its service, for a list to choose from: `(service, [(service/category, name)])`.
pub fn matters(call: &Call) -> Vec<(String, Vec<(String, String)>)> {
    let council = call.front.desk.council();
    let services = council.catalogue.services.values();
    services
        .map(|service| {
            let categories = service.categories.iter();
            let choices = categories
                .map(|category| {
                    let place = format!("{}/{}", service.slug, category.slug);
                    (place, category.name.clone())
                })
                .collect();
            (service.name.clone(), choices)
        })
        .collect()
}

/// Where a contact could go, as an operation says it.
pub fn candidates(call: &Call, of: &Value) -> Vec<Candidate> {
    let all = of.get("candidates").and_then(Value::as_array);
    all.into_iter()
        .flatten()
        .map(|one| {
            let (service, category) = (text_of(one, "service"), text_of(one, "category"));
            Candidate {
                place: format!("{service}/{category}"),
                name: matter_name(call, service, category),
                why: text_of(one, "why").to_owned(),
            }
        })
        .collect()
}

fn row(call: &Call, item: &Value) -> Row {
    let date = |name: &str| text_of(item, name).parse().ok();
    let instant = |name: &str| text_of(item, name).parse::<Timestamp>().ok();
    let status = text_of(item, "status");
    let is_open = !matches!(status, "responded" | "closed");
    let respond_by = instant("respond_by").filter(|_| is_open);
    let today = call.front.desk.moment().today();
    let respond_on = date("respond_on").filter(|_| is_open);
    let priority = text_of(item, "priority");
    let owner = item
        .get("owner")
        .and_then(|owner| owner.get("name"))
        .and_then(Value::as_str);
    let taken_by = item.get("taken_by").and_then(Value::as_str);
    Row {
        id: text_of(item, "id").to_owned(),
        reference: text_of(item, "reference").to_owned(),
        subject: text_of(item, "subject").to_owned(),
        status: words::status(status),
        queue: queue_name(call, text_of(item, "queue")),
        matter: matter_name(call, text_of(item, "service"), text_of(item, "category")),
        owner: owner.or(taken_by).map(str::to_owned),
        due: respond_on.map(on_day),
        is_late: respond_by.is_some_and(|by| by <= call.now),
        is_due_today: respond_on == Some(today),
        priority: matches!(priority, "high" | "urgent" | "emergency")
            .then(|| words::plain(priority)),
        version: item.get("version").and_then(Value::as_i64).unwrap_or(0),
        candidates: candidates(call, item.get("routing").unwrap_or(&Value::Null)),
    }
}
