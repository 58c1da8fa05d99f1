//! What the API's words and instants are called on pages, for people of the council.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use minijinja::{Environment, Value};
use serde_json::Value as Json;

use crate::domain::wording::{Language, at_when, on_day, sentence_case};

/// What of an event's detail is worth reading beside its name, first found first shown.
const WORTH_READING: &[&str] = &["text", "reason", "why", "outcome", "what", "title", "name"];

/// Filters every page of somebody signed in can use.
pub fn add_to(env: &mut Environment<'static>) {
    env.add_filter("plain", plain);
    env.add_filter("day", |text: &Value| match text.as_str() {
        Some(text) => day(text),
        None => String::new(),
    });
    env.add_filter("moment", |text: &Value, zone: &str| match text.as_str() {
        Some(text) => moment(text, zone),
        None => String::new(),
    });
    env.add_filter("status", status);
}

/// A slug or code as words: `waiting_for` is "Waiting for".
#[must_use]
pub fn plain(code: &str) -> String {
    sentence_case(&code.replace(['_', '-'], " "))
}

/// Where a case stands.
#[must_use]
pub fn status(code: &str) -> String {
    match code {
        "new" => "Nobody has it".to_owned(),
        "open" => "Being dealt with".to_owned(),
        "waiting" => "Waiting".to_owned(),
        "responded" => "Answered".to_owned(),
        "closed" => "Closed".to_owned(),
        other => plain(other),
    }
}

/// What happened, in a line, and the words that belong to it.
#[must_use]
pub fn of_event(line: &Json) -> (String, Option<String>) {
    let text_of = |member: &str| line.get(member).and_then(Json::as_str);
    let kind = text_of("kind").unwrap_or_default();
    let detail = line.get("detail").unwrap_or(&Json::Null);
    let part = |member: &str| {
        let value = detail.get(member).and_then(Json::as_str);
        value.filter(|text| !text.is_empty())
    };
    let taker = line
        .get("actor")
        .and_then(|actor| actor.get("id"))
        .and_then(Json::as_str);
    let clock = || plain(part("clock").unwrap_or("promise")).to_lowercase();
    let what = match kind {
        "opened" => "The case was opened".to_owned(),
        "contact_joined" => "Another contact joined it".to_owned(),
        "assigned" if detail.get("to").is_some_and(Json::is_null) => {
            "Given back: nobody has it".to_owned()
        }
        "assigned" if part("to").is_some_and(|to| Some(to) == taker) => "They took it".to_owned(),
        "assigned" => "Somebody has it now".to_owned(),
        "transferred" => format!(
            "Passed from {} to {}",
            part("from").unwrap_or_default(),
            part("to").unwrap_or_default()
        ),
        "noted" => match part("audience") {
            Some("team") => "Note for the team".to_owned(),
            _ => "Note".to_owned(),
        },
        "replied" => match part("reply") {
            Some("holding") => "Told when the answer comes".to_owned(),
            _ => "Answered".to_owned(),
        },
        "asked" => "The person was asked".to_owned(),
        "paused" => format!(
            "Waiting until {}",
            part("resume_on").map(day).unwrap_or_default()
        ),
        "extended" | "date_changed" => format!(
            "The date of “{}” is now {}",
            clock(),
            part("to_on").map(day).unwrap_or_default()
        ),
        "clock_met" => format!("Kept: {}", clock()),
        "clock_missed" => format!("Broken: {}", clock()),
        "escalation_step" => format!(
            "Told about “{}”: {}",
            clock(),
            plain(part("step").unwrap_or_default()).to_lowercase()
        ),
        "recategorised" => format!("Now {}", part("to").unwrap_or_default()),
        "glass_broken" => "Opened for a time by somebody who is not named on it".to_owned(),
        "person_added" => format!(
            "Somebody is on the case now as {}",
            plain(part("role").unwrap_or("third_party")).to_lowercase()
        ),
        "person_removed" => "Somebody is off the case now".to_owned(),
        "called" => format!("{} was rung", part("who").unwrap_or("Somebody")),
        "notice_sent" => format!(
            "Sent: {}",
            plain(part("notice_kind").unwrap_or_default()).to_lowercase()
        ),
        other => plain(other),
    };
    let words = WORTH_READING.iter().find_map(|member| part(member));
    (what, words.map(str::to_owned))
}

fn day(text: &str) -> String {
    text.parse::<Date>()
        .map_or_else(|_| text.to_owned(), on_day)
}

fn moment(text: &str, zone: &str) -> String {
    let at = text.parse::<Timestamp>();
    match (at, TimeZone::get(zone)) {
        (Ok(at), Ok(zone)) => at_when(at, &zone, Language::English),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_happened_reads_as_a_sentence_and_not_as_a_code() {
        let check = |line: Json, what: &str, words: Option<&str>| {
            assert_eq!(of_event(&line), (what.to_owned(), words.map(str::to_owned)));
        };
        check(
            json!({"kind": "noted", "detail": {"text": "Rang; nobody at home.", "audience": "team"}}),
            "Note for the team",
            Some("Rang; nobody at home."),
        );
        check(
            json!({"kind": "paused", "detail": {"reason": "A survey.", "resume_on": "2026-12-01"}}),
            "Waiting until Tuesday 1 December 2026",
            Some("A survey."),
        );
        check(
            json!({"kind": "clock_met", "detail": {"clock": "respond"}}),
            "Kept: respond",
            None,
        );
        check(
            json!({"kind": "feedback_given", "detail": {"score": 4}}),
            "Feedback given",
            None,
        );
    }

    #[test]
    fn an_instant_is_read_in_the_councils_own_time() {
        assert!(moment("2026-07-01T15:00:00Z", "Europe/London").contains("4pm"));
        assert_eq!(moment("never", "Europe/London"), "never");
        assert_eq!(plain("face_to_face"), "Face to face");
    }
}
