//! What operations answer, as the pages of councillors, managers and administrators show it: read as far
//! as a page needs it, dates and times in words, each fault with the field it is about.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use minijinja::{Environment, Error, ErrorKind};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::signed_in::Visit;
use crate::domain::access::Role;
use crate::domain::wording::{Language, at_when, on_day, sentence_case, short_day};
use crate::http::Problem;
use crate::http::within::{Asked, Told};

/// One thing wrong with what was sent, as the error summary takes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mistake {
    /// The id of the field; empty where it is about the whole of it.
    pub field: String,
    pub words: String,
}

/// A list of which one page is shown.
#[derive(Debug, Deserialize)]
pub struct Listed<T> {
    pub items: Vec<T>,
    pub next_cursor: Option<String>,
}

impl Mistake {
    /// About one field.
    pub fn at(field: &str, words: impl Into<String>) -> Self {
        Self {
            field: field.to_owned(),
            words: words.into(),
        }
    }
}

/// Asks an operation and reads of its answer what the page needs.
///
/// # Errors
/// As it refuses.
pub async fn read<T: DeserializeOwned>(visit: &Visit, asked: Asked) -> Result<T, Problem> {
    let Told { body, .. } = visit.ask(asked).await?;
    serde_json::from_value(body).map_err(Problem::fault)
}

/// Lets in these roles. Operations decide what they may see there; this keeps others from a page that
/// says nothing to them.
///
/// # Errors
/// 403 for everybody else.
pub fn check_door(visit: &Visit, roles: &[Role]) -> Result<(), Problem> {
    if roles.contains(&visit.user().role) {
        return Ok(());
    }
    Err(Problem::forbidden(
        "role_may_not",
        "This page is not for your role.",
    ))
}

/// Each thing wrong, with its field: by the beginning of the API's pointer, the id of the field.
pub fn mistakes(problem: &Problem, fields: &[(&str, &str)]) -> Vec<Mistake> {
    if problem.errors.is_empty() {
        return vec![Mistake::at("", problem.detail.clone())];
    }
    let field_of = |pointer: &str| {
        let is_in = |own: &str| pointer == own || pointer.starts_with(&format!("{own}/"));
        let found = fields.iter().find(|(own, _)| is_in(own));
        found.map_or("", |(_, field)| *field)
    };
    let faults = problem.errors.iter();
    faults
        .map(|fault| Mistake::at(field_of(&fault.pointer), fault.detail.clone()))
        .collect()
}

/// Whether a refusal is said beside the form, which is shown again with every word.
pub fn is_said_beside(problem: &Problem) -> bool {
    matches!(problem.status, 400 | 403 | 409 | 412 | 422)
}

/// The address of the next page of a list; `kept` are its other parameters.
pub fn next_page(path: &str, kept: &[(&str, &str)], cursor: Option<&str>) -> Option<String> {
    let cursor = cursor?;
    let mut all: Vec<String> = kept
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{name}={}", crate::http::query::encoded(value)))
        .collect();
    // A cursor of ours has no letter that would have to be written otherwise.
    all.push(format!("cursor={cursor}"));
    Some(format!("{path}?{}", all.join("&")))
}

/// In which zone the council's times are.
pub fn zone(visit: &Visit) -> String {
    let council = visit.call.front.desk.council();
    let zone = council.catalogue.calendar.zone().iana_name();
    zone.unwrap_or("Etc/UTC").to_owned()
}

/// What templates say dates, times and codes with.
pub fn add_filters(env: &mut Environment<'static>) {
    env.add_filter("as_day", |text: &str| as_day(text));
    env.add_filter("as_short_day", |text: &str| as_short_day(text));
    env.add_filter("as_time", |text: &str, zone: &str| as_time(text, zone));
    env.add_filter("as_day_of", |text: &str, zone: &str| as_day_of(text, zone));
    env.add_filter("as_percent", as_percent);
    env.add_filter("as_sentence", |text: &str| sentence_case(text));
    env.add_filter("as_parameter", |text: &str| {
        crate::http::query::encoded(text)
    });
    env.add_filter("as_words", |text: &str| text.replace(['_', '-'], " "));
}

/// To a tenth, and whole where it is.
fn as_percent(percent: f64) -> String {
    let text = format!("{percent:.1}");
    text.strip_suffix(".0")
        .map_or_else(|| text.clone(), str::to_owned)
}

fn as_day(text: &str) -> Result<String, Error> {
    text.parse::<Date>().map(on_day).map_err(unreadable)
}

fn as_short_day(text: &str) -> Result<String, Error> {
    text.parse::<Date>().map(short_day).map_err(unreadable)
}

fn as_time(text: &str, zone: &str) -> Result<String, Error> {
    let at: Timestamp = text.parse().map_err(unreadable)?;
    let zone = TimeZone::get(zone).map_err(unreadable)?;
    Ok(at_when(at, &zone, Language::English))
}

fn as_day_of(text: &str, zone: &str) -> Result<String, Error> {
    let at: Timestamp = text.parse().map_err(unreadable)?;
    let local = at.to_zoned(TimeZone::get(zone).map_err(unreadable)?);
    Ok(on_day(local.date()))
}

fn unreadable(why: jiff::Error) -> Error {
    Error::new(ErrorKind::InvalidOperation, "this is no date or time").with_source(why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::casework::Fault;

    #[test]
    fn a_fault_is_said_at_the_field_it_is_about() {
        let fault = |pointer: &str| Fault {
            pointer: pointer.to_owned(),
            code: "bad_format",
            detail: format!("{pointer} is wrong."),
        };
        let problem = Problem::invalid(vec![fault("/on_behalf_of/email"), fault("/other")]);
        assert_eq!(
            mistakes(&problem, &[("/on_behalf_of/email", "email")]),
            [
                Mistake::at("email", "/on_behalf_of/email is wrong."),
                Mistake::at("", "/other is wrong.")
            ]
        );
        let whole = Problem::conflict("stale", "Somebody else was faster.");
        assert_eq!(
            mistakes(&whole, &[]),
            [Mistake::at("", "Somebody else was faster.")]
        );
    }

    #[test]
    fn the_next_page_keeps_what_was_asked_for() {
        let kept = [("state", "failed"), ("queue", "")];
        assert_eq!(
            next_page("/admin/notices", &kept, Some("abc")).as_deref(),
            Some("/admin/notices?state=failed&cursor=abc")
        );
        assert_eq!(next_page("/admin/notices", &kept, None), None);
    }

    #[test]
    fn a_share_of_a_hundred_is_whole_where_it_is() {
        for (percent, expect) in [(100.0, "100"), (58.8, "58.8"), (0.0, "0"), (99.96, "100")] {
            assert_eq!(as_percent(percent), expect);
        }
    }

    #[test]
    fn times_are_said_in_the_councils_own_zone() {
        assert_eq!(
            as_time("2026-07-20T16:30:00Z", "Europe/London").unwrap(),
            "5.30pm on Monday 20 July 2026"
        );
        assert_eq!(
            as_day_of("2026-07-20T23:30:00Z", "Europe/London").unwrap(),
            "Tuesday 21 July 2026"
        );
        assert_eq!(as_day("2026-11-24").unwrap(), "Tuesday 24 November 2026");
        assert!(as_time("soon", "Europe/London").is_err());
    }
}
