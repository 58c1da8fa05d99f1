//! Where things wait: mailboxes, mail that waits for somebody to look, and how long each place allows.

use serde::Deserialize;
use serde_json::{Value, json};

use super::ADMINS;
use crate::domain::waiting;
use crate::http::within::Asked;
use crate::http::{Answer, Problem};
use crate::pages::signed_in::Visit;
use crate::pages::told::{Listed, check_door, read, zone};

/// Mail of a day that waited.
#[derive(Debug, Deserialize)]
struct Day {
    on: String,
    held: u64,
    quarantined: u64,
}

/// A place where work waits.
#[derive(Debug, Deserialize)]
struct Place {
    place: waiting::Place,
    team: Option<String>,
    owner: Value,
    waits_at_most_working_days: u32,
    waiting: u64,
    over_limit: u64,
    oldest: Option<Oldest>,
}

/// What has waited longest.
#[derive(Debug, Deserialize)]
struct Oldest {
    since: String,
}

/// Places read at once.
const PLACES_AT_ONCE: u8 = 100;
/// So many days back.
const DAYS: usize = 7;

/// The places.
pub async fn show(visit: Visit) -> Result<Answer, Problem> {
    check_door(&visit, ADMINS)?;
    let mailboxes: Listed<Value> = read(&visit, Asked::of("list_mailboxes")).await?;
    let mut days = Vec::with_capacity(DAYS);
    let mut on = visit.call.front.desk.moment().today();
    for _ in 0..DAYS {
        let day: Day = read(&visit, Asked::of("get_intake_report").with("on", on)).await?;
        days.push(json!({"on": day.on, "held": day.held, "quarantined": day.quarantined}));
        on = on.yesterday().map_err(Problem::fault)?;
    }
    let mut places: Vec<Place> = Vec::new();
    let mut cursor = String::new();
    loop {
        let asked = Asked::of("list_waiting_places")
            .with("limit", PLACES_AT_ONCE)
            .with("cursor", &cursor);
        let page: Listed<Place> = read(&visit, asked).await?;
        places.extend(page.items);
        match page.next_cursor {
            Some(next) => cursor = next,
            None => break,
        }
    }
    let places: Vec<Value> = places
        .into_iter()
        .map(|place| {
            json!({
                "words": place_words(place.place), "team": place.team, "owner": place.owner,
                "days": place.waits_at_most_working_days, "waiting": place.waiting,
                "over_limit": place.over_limit, "since": place.oldest.map(|oldest| oldest.since),
            })
        })
        .collect();
    let said = json!({
        "mailboxes": mailboxes.items, "days": days, "places": places, "zone": zone(&visit),
    });
    visit.page(200, "admin/waiting.html", "Where things wait", said)
}

const fn place_words(place: waiting::Place) -> &'static str {
    use waiting::Place;
    match place {
        Place::Triage => "Nobody has said which service it is for",
        Place::Unassigned => "A team has it, and nobody in it",
        Place::Paused => "We wait for somebody",
        Place::Bounced => "We could not reach the person",
        Place::Held => "Mail that names a case, from a stranger",
        Place::Quarantined => "Mail that could not be read",
    }
}
