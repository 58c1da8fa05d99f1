//! What fell due or waited too long, who was told, and what can be done about it now.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;

use super::MANAGERS;
use crate::domain::catalogue::Catalogue;
use crate::domain::waiting::Place;
use crate::http::within::Asked;
use crate::http::{Answer, Problem};
use crate::pages::signed_in::Visit;
use crate::pages::told::{Listed, check_door, next_page, read, zone};

/// One step of a ladder.
#[derive(Debug, Deserialize)]
struct Step {
    case: Option<Named>,
    clock: String,
    step: String,
    due_at: Timestamp,
    taken_at: Timestamp,
    to: Vec<Post>,
    state: String,
}

#[derive(Debug, Deserialize)]
struct Named {
    reference: String,
}

#[derive(Debug, Deserialize)]
struct Post {
    post: String,
    email: String,
    delivery: Option<String>,
}

/// The steps, newest first.
pub async fn list(visit: Visit) -> Result<Answer, Problem> {
    check_door(&visit, MANAGERS)?;
    let cursor = visit.parameter("cursor");
    let asked = Asked::of("list_escalations").with("cursor", &cursor);
    let found: Listed<Step> = read(&visit, asked).await?;
    let council = visit.call.front.desk.council();
    let steps: Vec<_> = found
        .items
        .iter()
        .map(|step| {
            let told = step.to.iter().map(|post| {
                json!({
                    "who": post_name(&council.catalogue, post), "email": post.email,
                    "became": delivery_words(post.delivery.as_deref(), &step.state),
                })
            });
            json!({
                "reference": step.case.as_ref().map(|case| case.reference.as_str()),
                "what": what_words(&step.clock), "when": step_words(&step.step),
                "due_at": step.due_at, "taken_at": step.taken_at,
                "told": told.collect::<Vec<_>>(),
            })
        })
        .collect();
    let said = json!({
        "steps": steps, "zone": zone(&visit),
        "next": next_page("/escalations", &[], found.next_cursor.as_deref()),
        "first": (!cursor.is_empty()).then_some("/escalations"),
    });
    visit.page(200, "managers/escalations.html", "What is late", said)
}

fn post_name(catalogue: &Catalogue, post: &Post) -> String {
    if post.post == "owner" {
        return "Whoever has it".to_owned();
    }
    let found = catalogue.post(&post.post);
    found.map_or_else(|| post.post.clone(), |found| found.title.clone())
}

/// What the step is about.
fn what_words(clock: &str) -> String {
    match Place::of_clock(clock) {
        Some(Place::Triage) => "nobody has said which service it is for".to_owned(),
        Some(Place::Unassigned) => "nobody in the team has it".to_owned(),
        Some(Place::Paused) => "it waits for somebody".to_owned(),
        Some(Place::Bounced) => "we could not reach the person".to_owned(),
        Some(Place::Held) => "a mail from a stranger waits for somebody to look".to_owned(),
        Some(Place::Quarantined) => "a mail that cannot be read waits".to_owned(),
        None => match clock {
            "respond" => "the answer".to_owned(),
            "acknowledge" => "the acknowledgement".to_owned(),
            other => other.replace('_', " "),
        },
    }
}

/// When the step comes, as its ladder says it: `-2 working_days`, `due`, `+1 working_days`.
fn step_words(step: &str) -> String {
    if step == "due" {
        return "when its time was up".to_owned();
    }
    let side = match step.chars().next() {
        Some('-') => "before its time is up",
        Some('+') => "after its time was up",
        _ => return step.replace('_', " "),
    };
    let length = step.trim_start_matches(['-', '+']).replace('_', " ");
    let length = match length.strip_suffix('s') {
        Some(one) if length.starts_with("1 ") => one.to_owned(),
        _ => length,
    };
    format!("{length} {side}")
}

/// What became of the mail about it.
fn delivery_words(delivery: Option<&str>, state: &str) -> &'static str {
    match (delivery, state) {
        (Some("pending"), _) => "on its way",
        (Some("sent"), _) => "sent",
        (Some("failed"), _) => "could not be delivered",
        (Some("bounced"), _) => "came back",
        (Some("cancelled"), _) => "not needed any more before it left",
        (_, "coalesced") => "said by a newer mail",
        (_, "undeliverable") => "could not be delivered",
        (_, "skipped") => "not sent",
        _ => "told",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_said_as_people_say_it() {
        for (step, expect) in [
            ("due", "when its time was up"),
            ("-2 working_days", "2 working days before its time is up"),
            ("+1 working_days", "1 working day after its time was up"),
            ("+30 minutes", "30 minutes after its time was up"),
            ("head_of_service", "head of service"),
        ] {
            assert_eq!(step_words(step), expect);
        }
    }

    #[test]
    fn every_place_where_work_waits_has_words() {
        for place in Place::ALL {
            let words = what_words(place.clock());
            assert!(!words.contains("waiting") && words.contains(' '), "{words}");
        }
        assert_eq!(what_words("respond"), "the answer");
    }
}
