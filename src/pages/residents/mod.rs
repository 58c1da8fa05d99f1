//! Residents' pages: find a service, report something, check the answers, follow it; how to reach us, what
//! we promise, and how accessible and private these pages are.
//!
//! | file | what it shows |
//! |---|---|
//! | [`services`] | what there is: the start page and one service |
//! | [`report`], `journey`, [`answers`], [`steps`] | the way from a service to a reference, and what is carried along it |
//! | [`sent`] | what was sent: reference, date, what happens next |
//! | [`find_link`] | the secret link, mailed again |
//! | [`contact_us`], [`standards`], [`statements`] | numbers and places, promises, accessibility and privacy |
//! | [`appearance`] | the council's own colours and logo, and what a telephone needs to keep the pages |
//! | [`words`] | every sentence of them, in English and Welsh |
//!
//! A page asks the same use cases as the API and decides nothing. Nothing is kept of a report before it is
//! sent: the answers travel in the forms themselves.

pub mod answers;
pub mod appearance;
pub mod contact_us;
pub mod find_link;
mod journey;
pub mod report;
pub mod sent;
pub mod services;
pub mod standards;
pub mod statements;
pub mod steps;
pub mod words;

use actix_web::http::header::HeaderMap;
use minijinja::context;
use serde::Serialize;

use super::{Frame, TEMPLATES};
use crate::domain::wording::Language;
use crate::http::operation::Answering;
use crate::http::{Access, Answer, Call, Front, Limit, Operation, Problem, get, post};

pub(super) const FORM: &str = "application/x-www-form-urlencoded";

/// What stands around what a residents' page says.
#[derive(Debug, Serialize)]
pub struct Around {
    /// `en` or `cy`.
    lang: &'static str,
    other_lang: &'static str,
    /// This page in the other language; none where a form led to it, which has a button instead.
    language_link: Option<String>,
    /// The page before.
    back: Option<String>,
    /// Whether search engines may list it.
    is_listed: bool,
    has_logo: bool,
    /// Where people tell what they think of new pages; none where they are not new.
    feedback: Option<String>,
}

impl Around {
    /// Around a page in English that stands by itself.
    pub(super) fn plain() -> Self {
        Self::of(Language::English)
    }

    fn of(language: Language) -> Self {
        Self {
            lang: language.as_str(),
            other_lang: words::other(language).as_str(),
            language_link: None,
            back: None,
            is_listed: false,
            has_logo: false,
            feedback: None,
        }
    }
}

/// One page of them.
pub struct Shown {
    template: &'static str,
    status: u16,
    language: Language,
    title: String,
    around: Around,
}

/// Everything residents may open.
#[must_use]
pub fn operations() -> Vec<Operation> {
    let mut all = services::operations();
    all.extend(report::operations());
    all.extend(sent::operations());
    all.extend(find_link::operations());
    all.extend(contact_us::operations());
    all.extend(standards::operations());
    all.extend(statements::operations());
    all.extend(appearance::operations());
    all
}

/// The start page where there is no other at `/`: a demo has its own.
#[must_use]
pub fn front_door() -> Operation {
    services::front_door()
}

/// Their templates, by name.
#[must_use]
pub fn templates() -> Vec<(&'static str, &'static str)> {
    macro_rules! of {
        ($($name:literal),+ $(,)?) => {
            vec![$((
                concat!("residents/", $name),
                include_str!(concat!("../templates/residents/", $name)),
            )),+]
        };
    }
    of![
        "layout.html",
        "parts.html",
        "apology.html",
        "services.html",
        "service.html",
        "danger.html",
        "step.html",
        "check.html",
        "already.html",
        "sent.html",
        "find_link.html",
        "find_link_sent.html",
        "contact_us.html",
        "standards.html",
        "standards_of.html",
        "accessibility.html",
        "privacy.html",
    ]
}

/// A page that is opened.
pub(super) fn opened<H>(path: &'static str, id: &'static str, handler: H) -> Operation
where
    H: Fn(Call) -> Answering + Send + Sync + 'static,
{
    get(path, handler)
        .id(id)
        .summary("A page for residents")
        .tag("Pages")
        .access(Access::public())
        .answers_raw(200, "text/html", "The page.")
        .apologises(apologise)
        .hidden()
}

/// A form that is sent.
pub(super) fn sent_to<H>(
    path: &'static str,
    id: &'static str,
    most_bytes: usize,
    handler: H,
) -> Operation
where
    H: Fn(Call) -> Answering + Send + Sync + 'static,
{
    post(path, handler)
        .id(id)
        .summary("A form for residents")
        .tag("Pages")
        .access(Access::public())
        .raw_body(FORM, Limit::Bytes(most_bytes))
        .answers_raw(200, "text/html", "The next page.")
        .not_idempotent()
        .apologises(apologise)
        .hidden()
}

impl Shown {
    /// A page in the language of whoever asks.
    pub fn new(call: &Call, template: &'static str, title: impl Into<String>) -> Self {
        Self::new_in(words::language_of(call), template, title).linked(call)
    }

    /// A page that a form leads to: it cannot be had again by its address.
    pub fn new_in(language: Language, template: &'static str, title: impl Into<String>) -> Self {
        Self {
            template,
            status: 200,
            language,
            title: title.into(),
            around: Around::of(language),
        }
    }

    /// With the way to the same page in the other language.
    pub fn linked(mut self, call: &Call) -> Self {
        let other = words::other(self.language).as_str();
        // A form's page is had again by the page it stands on.
        let path = match call.path.strip_prefix("/track/") {
            Some(_) => "/track",
            None => call.path.as_str(),
        };
        self.around.language_link = Some(format!("{path}?{}={other}", words::PARAMETER));
        self
    }

    pub fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    pub fn with_back(mut self, href: impl Into<String>) -> Self {
        self.around.back = Some(href.into());
        self
    }

    pub fn listed(mut self) -> Self {
        self.around.is_listed = true;
        self
    }

    /// Writes it.
    ///
    /// # Errors
    /// When its template and what it is given do not fit, which is a defect.
    pub fn write(self, call: &Call, said: impl Serialize) -> Result<Answer, Problem> {
        let answer = self.written(&call.front, said).map_err(Problem::fault)?;
        Ok(answer.with_cookie(words::keep(call)))
    }

    fn written(self, front: &Front, said: impl Serialize) -> Result<Answer, minijinja::Error> {
        let language = self.language;
        let frame = Frame::of(&front.desk, front.is_demo, self.title);
        let frame = Frame {
            main_hours: words::hours(&frame.main_hours, language),
            ..frame
        };
        let said = minijinja::Value::from_serialize(said);
        let council = front.desk.council();
        let theme = &council.catalogue.council.theme;
        let beta = theme.beta.as_ref().map(|beta| beta.feedback.clone());
        let around = Around {
            has_logo: theme.logo.is_some(),
            feedback: beta.map(|feedback| feedback.unwrap_or_else(|| "/contact-us".to_owned())),
            ..self.around
        };
        let w = words::words(language);
        // What the catalogue has in English alone is marked, for voices that read it aloud.
        let of_english = match language {
            Language::English => minijinja::Value::from(""),
            Language::Welsh => minijinja::Value::from_safe_string(" lang=\"en\"".to_owned()),
        };
        let html = TEMPLATES
            .get_template(self.template)?
            .render(context! { frame, around, w, said, of_english })?;
        Ok(Answer::page(self.status, html))
    }
}

/// What went wrong, as a page in the language somebody chose.
pub fn apologise(front: &Front, headers: &HeaderMap, problem: Problem, request_id: &str) -> Answer {
    let language = words::chosen(front, headers);
    // The answer for programs is made for its side of the work: it logs what went wrong.
    let told = problem.into_answer("", request_id);
    let status = told.status;
    let key = match status {
        404 => "absent_title",
        _ => "title",
    };
    let title = words::say(language, &format!("apology.{key}"), &[]);
    let mut answer = Shown::new_in(language, "residents/apology.html", title)
        .with_status(status)
        .written(front, context! { status, request_id })
        .unwrap_or_else(|_| Answer::empty(status));
    answer.headers.extend(
        told.headers
            .into_iter()
            .filter(|(name, _)| matches!(name.as_str(), "retry-after" | "connection" | "allow")),
    );
    answer
}

/// Where the words of these pages are named, for the test that looks for them.
#[cfg(test)]
const SOURCES: [&str; 10] = [
    include_str!("answers.rs"),
    include_str!("contact_us.rs"),
    include_str!("find_link.rs"),
    include_str!("journey.rs"),
    include_str!("report.rs"),
    include_str!("sent.rs"),
    include_str!("services.rs"),
    include_str!("standards.rs"),
    include_str!("steps.rs"),
    include_str!("../track.rs"),
];
