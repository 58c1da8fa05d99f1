//! What came in on a day and what became of it: figures that add up, each of them listed.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::domain::contact::Disposition;
use crate::http::within::Asked;
use crate::http::{Answer, Problem};
use crate::pages::signed_in::Visit;
use crate::pages::told::{next_page, read, zone};

/// The report of a day.
#[derive(Debug, Deserialize)]
struct Day {
    on: Date,
    #[serde(flatten)]
    all: Counts,
    by_channel: Vec<OfChannel>,
    by_mailbox: Vec<OfMailbox>,
    items: Option<Vec<Value>>,
    next_cursor: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct OfChannel {
    channel: String,
    #[serde(flatten)]
    counts: Counts,
}

#[derive(Debug, Serialize, Deserialize)]
struct OfMailbox {
    mailbox: Option<String>,
    #[serde(flatten)]
    counts: Counts,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Counts {
    came_in: u64,
    opened: u64,
    joined: u64,
    stored: u64,
    held: u64,
    quarantined: u64,
    duplicate: u64,
}

/// The day, yesterday unless another is asked for.
pub async fn show(visit: Visit) -> Result<Answer, Problem> {
    let today = visit.call.front.desk.moment().today();
    let on = match visit.parameter("on") {
        on if on.is_empty() => today.yesterday().map_err(Problem::fault)?.to_string(),
        on => on,
    };
    let (disposition, cursor) = (visit.parameter("disposition"), visit.parameter("cursor"));
    let (channel, mailbox) = (visit.parameter("channel"), visit.parameter("mailbox"));
    let asked = Asked::of("get_intake_report")
        .with("on", &on)
        .with("disposition", &disposition)
        .with("channel", &channel)
        .with("mailbox", &mailbox)
        .with(
            "cursor",
            if disposition.is_empty() {
                ""
            } else {
                cursor.as_str()
            },
        );
    let day: Day = read(&visit, asked).await?;
    let all = &day.all;
    let parts = [
        (Disposition::Opened, all.opened, "opened a case"),
        (
            Disposition::Joined,
            all.joined,
            "joined a case that was there",
        ),
        (
            Disposition::Stored,
            all.stored,
            "automatic mail, kept and not answered",
        ),
        (
            Disposition::Held,
            all.held,
            "mail that waited for somebody to look",
        ),
        (
            Disposition::Quarantined,
            all.quarantined,
            "mail that could not be read",
        ),
        (Disposition::Duplicate, all.duplicate, "sent twice"),
    ];
    let listed_words = parts
        .iter()
        .find(|(own, ..)| own.as_str() == disposition)
        .map_or("", |(_, _, words)| *words);
    let kept = [
        ("on", on.as_str()),
        ("disposition", disposition.as_str()),
        ("channel", channel.as_str()),
        ("mailbox", mailbox.as_str()),
    ];
    let said = json!({
        "on": day.on, "came_in": all.came_in, "all": all, "by_channel": day.by_channel,
        "by_mailbox": day.by_mailbox, "channel": channel, "mailbox": mailbox,
        "parts": parts.iter().map(|(disposition, n, words)| json!({
            "disposition": disposition.as_str(), "n": n, "words": words,
            "width": super::teams::width(*n, Some(all.came_in)),
        })).collect::<Vec<_>>(),
        "before": day.on.yesterday().map_err(Problem::fault)?,
        "after": (day.on < today).then(|| day.on.tomorrow()).transpose().map_err(Problem::fault)?,
        "listed": day.items, "listed_words": listed_words, "zone": zone(&visit),
        "sees_cases": visit.may("get_case"),
        "next": next_page("/intake", &kept, day.next_cursor.as_deref()),
    });
    visit.page(200, "managers/intake.html", "What came in", said)
}
