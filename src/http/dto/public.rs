//! What anybody may read and send: services and their telephones, web forms, one's own case.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::contact::{MatterGiven, TrackingObject};
use crate::casework::Fault;
use crate::channels::web_form::WebForm;
use crate::domain::catalogue::{AccessPoint, Catalogue, Category, Hours, Service};
use crate::domain::standard::Target;
use crate::http::fields::{At, Line, On, Text};

/// A web form.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct PublicContact {
    #[serde(flatten)]
    pub matter: MatterGiven,
    /// The answer to "is somebody in danger now?".
    #[serde(default)]
    pub danger: bool,
    /// May be left out.
    #[serde(default)]
    pub channel: Option<PublicChannel>,
    /// When the website took the form. With a key only; unsaid: now.
    #[serde(default)]
    pub received_at: Option<At>,
    /// The website's own number for it. With a key only.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub external_id: Option<Line<200>>,
    /// Show this field to nobody and leave it empty: programs that fill in every field are known
    /// by it. A form with it filled in is taken like any other and sends no confirmation by e-mail, so that
    /// nobody is written to by a program's leave; an officer acknowledges it.
    #[serde(default)]
    pub website: Option<Line<1000>>,
}

/// The one channel of a form.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PublicChannel {
    WebForm,
}

/// What a person is told at once. In danger, and for what only a small team may see: no reference.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PublicReceipt {
    pub reference: Option<String>,
    /// The first instant that is late.
    pub acknowledge_by: Option<At>,
    /// The day to show.
    pub acknowledge_on: Option<On>,
    pub respond_by: Option<At>,
    pub respond_on: Option<On>,
    /// Whole sentences.
    pub what_happens_next: Vec<String>,
    /// Somebody answers it now.
    pub phone: String,
    pub phone_hours: Option<String>,
    pub tracking: Option<TrackingObject>,
    /// It had been sent before, under the same `external_id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duplicate: Option<bool>,
    /// In danger: what could not be meant and was left out, so that the rest went through.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<LeftOut>,
}

/// A part of a form that was left out.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LeftOut {
    /// RFC 6901 pointer into the document.
    pub pointer: String,
    /// Stable; for programs to decide by.
    pub code: String,
    /// What is wrong with it, in words.
    pub detail: String,
}

impl From<Fault> for LeftOut {
    fn from(fault: Fault) -> Self {
        Self {
            pointer: fault.pointer,
            code: fault.code.to_owned(),
            detail: fault.detail,
        }
    }
}

/// A service, in the list.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PublicService {
    pub slug: String,
    pub name: String,
    pub description: String,
    /// Its own number, as it is printed.
    pub phone: String,
    pub hours: OpeningHours,
    /// A number where somebody answers now.
    pub phone_now: PhoneNow,
    pub email: String,
}

/// A service with what it deals with.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PublicServiceDetail {
    #[serde(flatten)]
    pub service: PublicService,
    pub categories: Vec<PublicCategory>,
}

/// A kind of matter.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PublicCategory {
    pub slug: String,
    pub name: String,
    /// As it stands in a sentence: "a missed bin".
    pub public_name: String,
    /// "We aim to answer within 2 working days."
    pub promise: String,
}

/// When somebody is there.
#[derive(Debug, Serialize, JsonSchema)]
pub struct OpeningHours {
    /// "Monday to Friday, 8.30am to 5pm".
    pub words: String,
    /// Day and night, every day.
    pub always: bool,
    pub is_open_now: bool,
    /// Empty where it is always.
    pub weekly: Vec<OpeningSpan>,
}

/// The same hours on a run of days.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct OpeningSpan {
    /// `monday` …
    pub first_day: String,
    pub last_day: String,
    /// `08:30`, local time.
    pub opens: String,
    /// `17:00`; at or before `opens` means on the next day.
    pub closes: String,
}

/// A number where somebody answers now.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PhoneNow {
    pub number: String,
    pub hours: String,
}

/// A place people can walk into.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PublicAccessPoint {
    pub slug: String,
    pub name: String,
    /// As on an envelope.
    pub address: Vec<String>,
    pub postcode: String,
    pub phone: String,
    pub hours: OpeningHours,
    pub about: Option<String>,
}

/// Everything there is of a short list, on one page.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AccessPoints {
    pub items: Vec<PublicAccessPoint>,
    pub next_cursor: Option<String>,
}

/// Where to send the link again.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct TrackingLinkRequest {
    pub reference: Line<100>,
    pub email: Line<254>,
}

/// The same answer whoever asks for whatever.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TrackingLinkAnswer {
    pub what_happens_next: Vec<String>,
}

/// A message to add to one's own case.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct TrackingMessage {
    #[schemars(length(min = 1))]
    pub body: Text<100_000>,
}

/// When it was taken.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Taken {
    pub received_at: At,
    /// Where somebody may be in danger: what to do now, as whole sentences.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub what_happens_next: Vec<String>,
}

/// Taking one's own part back.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct TrackingWithdrawal {
    #[serde(default)]
    pub reason: Option<Text<2_000>>,
}

/// How it went.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct TrackingFeedback {
    /// 1 is bad, 5 is good.
    #[schemars(range(min = 1, max = 5))]
    pub score: u8,
    #[serde(default)]
    pub comment: Option<Text<2_000>>,
}

impl PublicContact {
    /// The same as the channels read it.
    #[must_use]
    pub fn into_form(self) -> WebForm {
        WebForm {
            given: self.matter.into_given(),
            received_at: self.received_at.map(|at| at.0),
            is_danger: self.danger,
            is_hidden_filled: self
                .website
                .is_some_and(|website| !website.trim().is_empty()),
            external_id: self.external_id.map(Line::into_string),
        }
    }
}

impl PublicService {
    /// As it is shown at an hour.
    #[must_use]
    pub fn of(catalogue: &Catalogue, service: &Service, now: Timestamp) -> Self {
        let (number, hours) = catalogue.phone_for(service, now);
        Self {
            slug: service.slug.clone(),
            name: service.name.clone(),
            description: service.description.clone(),
            phone: service.phone.clone(),
            hours: OpeningHours::of(catalogue, &service.hours, now),
            phone_now: PhoneNow { number, hours },
            email: service.email.clone(),
        }
    }
}

impl PublicServiceDetail {
    /// As it is shown at an hour. What only a small team may see is not offered by name.
    #[must_use]
    pub fn of(catalogue: &Catalogue, service: &Service, now: Timestamp) -> Self {
        let open = service
            .categories
            .iter()
            .filter(|category| !category.is_restricted);
        Self {
            service: PublicService::of(catalogue, service, now),
            categories: open
                .map(|category| PublicCategory::of(catalogue, service, category))
                .collect(),
        }
    }
}

impl PublicCategory {
    /// As it is offered.
    #[must_use]
    pub fn of(catalogue: &Catalogue, service: &Service, category: &Category) -> Self {
        let target = catalogue
            .terms(&service.slug, &category.slug)
            .and_then(|terms| {
                terms
                    .standard
                    .answer_clock()
                    .and_then(crate::domain::standard::ClockSpec::target)
            });
        let promise = match (target, &category.no_answer_text) {
            (Some(target), _) => format!("We aim to answer within {}.", length(target)),
            (None, Some(text)) => text.clone(),
            (None, None) => "We do not answer each of these.".to_owned(),
        };
        Self {
            slug: category.slug.clone(),
            name: category.name.clone(),
            public_name: category.public_name.clone(),
            promise,
        }
    }
}

impl OpeningHours {
    fn of(catalogue: &Catalogue, hours: &Hours, now: Timestamp) -> Self {
        Self {
            words: hours.in_words(),
            always: hours.is_always(),
            is_open_now: catalogue.is_staffed(hours, now),
            weekly: if hours.is_always() {
                Vec::new()
            } else {
                spans(&hours.to_string())
            },
        }
    }
}

impl PublicAccessPoint {
    /// As it is shown at an hour.
    #[must_use]
    pub fn of(catalogue: &Catalogue, point: &AccessPoint, now: Timestamp) -> Self {
        Self {
            slug: point.slug.clone(),
            name: point.name.clone(),
            address: point.address.clone(),
            postcode: point.postcode.clone(),
            phone: point.phone.clone(),
            hours: OpeningHours::of(catalogue, &point.hours, now),
            about: point.about.clone(),
        }
    }
}

/// A length as people say it: "2 working days", "1 month".
fn length(target: Target) -> String {
    let (n, unit) = match target {
        Target::WorkingDays(n) => (n, "working day"),
        Target::WorkingHours(n) => (n, "working hour"),
        Target::Hours(n) => (n, "hour"),
        Target::Days(n) => (n, "day"),
        Target::Weeks(n) => (n, "week"),
        Target::Months(n) => (n, "month"),
    };
    if n == 1 {
        format!("1 {unit}")
    } else {
        format!("{n} {unit}s")
    }
}

/// Hours as they stand in the catalogue (`Mon-Thu 08:30-17:00, Fri 08:30-16:30`), part by part.
/// They were checked when the catalogue was read.
fn spans(text: &str) -> Vec<OpeningSpan> {
    text.split(',')
        .filter_map(|part| {
            let (days, times) = part.trim().split_once(' ')?;
            let (first, last) = days.split_once('-').unwrap_or((days, days));
            let (opens, closes) = times.trim().split_once('-')?;
            Some(OpeningSpan {
                first_day: whole_day(first)?.to_owned(),
                last_day: whole_day(last)?.to_owned(),
                opens: opens.trim().to_owned(),
                closes: closes.trim().to_owned(),
            })
        })
        .collect()
}

fn whole_day(short: &str) -> Option<&'static str> {
    let days = [
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
    ];
    days.into_iter()
        .find(|day| day.starts_with(&short.to_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_promise_is_said_as_people_say_it() {
        assert_eq!(length(Target::WorkingDays(2)), "2 working days");
        assert_eq!(length(Target::Months(1)), "1 month");
        assert_eq!(length(Target::Hours(24)), "24 hours");
    }

    #[test]
    fn hours_are_given_day_by_day_too() {
        let span = |first: &str, last: &str, opens: &str, closes: &str| OpeningSpan {
            first_day: first.to_owned(),
            last_day: last.to_owned(),
            opens: opens.to_owned(),
            closes: closes.to_owned(),
        };
        assert_eq!(
            spans("Mon-Thu 08:30-17:00, Fri 08:30-16:30"),
            [
                span("monday", "thursday", "08:30", "17:00"),
                span("friday", "friday", "08:30", "16:30")
            ]
        );
        assert_eq!(
            spans("Sat 12:00-24:00"),
            [span("saturday", "saturday", "12:00", "24:00")]
        );
    }
}
