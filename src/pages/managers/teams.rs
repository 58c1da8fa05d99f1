//! What stands with each team, and what of it is late.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::MANAGERS;
use crate::http::within::Asked;
use crate::http::{Answer, Problem};
use crate::pages::signed_in::Visit;
use crate::pages::told::{Listed, check_door, next_page, read, zone};

/// A queue and what stands in it.
#[derive(Debug, Serialize, Deserialize)]
struct Queue {
    queue: String,
    name: String,
    team: String,
    open: u64,
    due_today: u64,
    overdue: u64,
    unowned: u64,
    to_write: u64,
    oldest: Option<Oldest>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Oldest {
    received_at: Timestamp,
    /// Not told by the API: found among the cases of that day.
    #[serde(default)]
    reference: Option<String>,
}

/// A case of a list.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Case {
    reference: String,
    subject: String,
    service: String,
    owner: Option<Owner>,
    taken_by: Option<String>,
    received_at: Timestamp,
    respond_on: Option<Date>,
    status: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct Owner {
    name: String,
}

/// Cases that are not closed.
const OPEN: &str = "new,open,waiting,responded";
/// All queues of a council are on one page; there are some sixty.
const QUEUES: u16 = 100;

/// Every team they may look at.
pub async fn list(visit: Visit) -> Result<Answer, Problem> {
    check_door(&visit, MANAGERS)?;
    let cursor = visit.parameter("cursor");
    let asked = Asked::of("list_queues")
        .with("limit", QUEUES)
        .with("cursor", &cursor);
    let mut found: Listed<Queue> = read(&visit, asked).await?;
    for queue in &mut found.items {
        name_oldest(&visit, queue).await?;
    }
    let most = found.items.iter().map(|queue| queue.open).max();
    let said = json!({
        "queues": found.items.iter().map(|queue| json!({
            "queue": queue, "open_width": width(queue.open, most),
            "overdue_width": width(queue.overdue, most),
        })).collect::<Vec<_>>(),
        "zone": zone(&visit),
        "next": next_page("/teams", &[], found.next_cursor.as_deref()),
        "first": (!cursor.is_empty()).then_some("/teams"),
    });
    visit.page(200, "managers/teams.html", "Teams", said)
}

/// One team: what is late, or all that is open.
pub async fn show(visit: Visit) -> Result<Answer, Problem> {
    check_door(&visit, MANAGERS)?;
    let slug = visit.call.path("queue").to_owned();
    let queue: Queue = read(&visit, Asked::of("get_queue").at("queue", &slug)).await?;
    let (show, cursor) = (visit.parameter("show"), visit.parameter("cursor"));
    let is_all = show == "all";
    let asked = Asked::of("list_cases")
        .with("queue", &slug)
        .with("status", OPEN)
        .with("overdue", if is_all { "" } else { "true" })
        .with("cursor", &cursor);
    let found: Listed<Case> = read(&visit, asked).await?;
    let path = format!("/teams/{}", queue.queue);
    let show = if is_all { "all" } else { "late" };
    let title = queue.name.clone();
    let said = json!({
        "queue": queue, "show": show, "cases": found.items, "zone": zone(&visit),
        "next": next_page(&path, &[("show", show)], found.next_cursor.as_deref()),
        "first": (!cursor.is_empty()).then(|| format!("{path}?show={show}")),
    });
    visit.page(200, "managers/team.html", title, said)
}

/// Finds the case that has been open longest among those that reached us on its day.
async fn name_oldest(visit: &Visit, queue: &mut Queue) -> Result<(), Problem> {
    let Some(oldest) = &mut queue.oldest else {
        return Ok(());
    };
    let council = visit.call.front.desk.council();
    let day = council.catalogue.calendar.date_of(oldest.received_at);
    let asked = Asked::of("list_cases")
        .with("queue", &queue.queue)
        .with("status", OPEN)
        .with("received_from", day)
        .with("received_to", day)
        .with("limit", QUEUES);
    let found: Listed<Case> = read(visit, asked).await?;
    oldest.reference = found
        .items
        .into_iter()
        .find(|case| case.received_at == oldest.received_at)
        .map(|case| case.reference);
    Ok(())
}

/// How much of a hundred a bar takes, where the longest takes all of it.
pub(super) fn width(n: u64, most: Option<u64>) -> u64 {
    match most {
        Some(most) if most > 0 => n.saturating_mul(100) / most,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_bar_is_whole_and_none_is_longer() {
        for (n, most, expect) in [
            (12, Some(12), 100),
            (3, Some(12), 25),
            (0, Some(12), 0),
            (5, Some(0), 0),
            (5, None, 0),
        ] {
            assert_eq!(width(n, most), expect, "{n} of {most:?}");
        }
    }
}
