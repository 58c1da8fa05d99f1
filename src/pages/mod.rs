//! Pages for people: server-rendered, readable without script, fonts or images from elsewhere.
//!
//! [`residents`] are shown what there is, and report it.
//! A page shows what a use case of `casework` says and decides nothing. It is escaped by the template
//! engine, loads only its own style sheet, and looks the same on a telephone and on paper. Residents
//! follow their case in [`track`]; people of the council sign in by a mailed link in [`sign_in`]; teams that
//! work by e-mail act by the links in their mail in [`by_email`]; kept reports are read in [`kept_reports`]; a demo
//! shows its clock and its mails in [`demo`]. Whoever is signed in has pages of their own: [`signed_in`] is
//! what these have in common, [`staff`] those of agents and officers, [`members`] of councillors, [`managers`]
//! of those who see to it that promises are kept, [`admin`] of administrators, [`account`] everybody's own.

use std::sync::LazyLock;

use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value, context, escape_formatter};
use serde::Serialize;

use crate::casework::Desk;
use crate::http::{Access, Answer, Call, Operation, Problem, get};

pub mod account;
pub mod admin;
pub mod by_email;
pub mod demo;
pub mod kept_reports;
pub mod managers;
pub mod members;
mod one_site;
pub mod residents;
pub mod sign_in;
pub mod signed_in;
pub mod staff;
mod told;
pub mod track;

/// What every page needs around what it says.
#[derive(Debug, Serialize)]
pub struct Frame {
    council: String,
    main_phone: String,
    main_hours: String,
    website: String,
    /// A rehearsal: nothing here is real.
    is_demo: bool,
    title: String,
}

static TEMPLATES: LazyLock<Environment<'static>> = LazyLock::new(templates);
const STYLE: &str = include_str!("style.css");
const ICON: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" fill="#005a5b"/><path d="M10 25V7h7a6 6 0 0 1 2 11.6L23 25h-4.4l-3.4-6H14v6zm4-9.4h2.6a2.5 2.5 0 0 0 0-5H14z" fill="#fff"/></svg>"##;

/// Everything pages are made of, for a server that is or is not a demo.
#[must_use]
pub fn operations() -> Vec<Operation> {
    let mut all = track::operations();
    all.extend(sign_in::operations());
    all.extend(account::operations());
    all.extend(by_email::operations());
    all.extend(residents::operations());
    all.extend(staff::operations());
    all.extend(members::operations());
    all.extend(managers::operations());
    all.extend(admin::operations());
    all.extend(kept_reports::operations());
    all.push(
        get("/favicon.ico", icon)
            .id("get_icon")
            .summary("The pages' icon")
            .tag("Pages")
            .access(Access::public())
            .answers_raw(200, "image/svg+xml", "The icon.")
            .hidden(),
    );
    all.push(
        get("/assets/style.css", style)
            .id("get_style_sheet")
            .summary("How the pages look")
            .tag("Pages")
            .access(Access::public())
            .answers_raw(200, "text/css", "The style sheet.")
            .hidden(),
    );
    all
}

impl Frame {
    /// The frame of this council's pages.
    pub fn of(desk: &Desk, is_demo: bool, title: impl Into<String>) -> Self {
        let council = desk.council();
        let council = &council.catalogue.council;
        Self {
            council: council.name.clone(),
            main_phone: council.main_phone.clone(),
            main_hours: council.main_hours.in_words(),
            website: council.website.clone(),
            is_demo,
            title: title.into(),
        }
    }
}

/// Writes a page.
///
/// # Errors
/// When its template and what it is given do not fit, which is a defect.
pub fn page(
    status: u16,
    template: &str,
    frame: &Frame,
    said: impl Serialize,
) -> Result<Answer, Problem> {
    Ok(Answer::page(
        status,
        html(template, frame, said).map_err(Problem::fault)?,
    ))
}

/// Writes a page of somebody signed in: what stands around it too.
fn signed_page(
    status: u16,
    template: &str,
    frame: &Frame,
    desk: impl Serialize,
    said: impl Serialize,
) -> Result<Answer, Problem> {
    let said = Value::from_serialize(said);
    let desk = Value::from_serialize(desk);
    let written = TEMPLATES
        .get_template(template)
        .and_then(|template| template.render(context! { frame, desk, said }));
    Ok(Answer::page(status, written.map_err(Problem::fault)?))
}

fn html(template: &str, frame: &Frame, said: impl Serialize) -> Result<String, minijinja::Error> {
    let said = Value::from_serialize(said);
    let around = residents::Around::plain();
    let w = residents::words::words(crate::domain::wording::Language::English);
    let of_english = "";
    TEMPLATES
        .get_template(template)?
        .render(context! { frame, said, around, w, of_english })
}

/// What went wrong, as a page instead of a document for programs.
pub fn apology(call_path: &str, request_id: &str, frame: &Frame, problem: Problem) -> Answer {
    // The answer for programs is made for its side of the work: it logs what went wrong.
    let told = problem.into_answer(call_path, request_id);
    let status = told.status;
    let said = context! { status, request_id };
    let mut answer =
        page(status, "apology.html", frame, said).unwrap_or_else(|_| Answer::empty(status));
    answer.headers.extend(
        told.headers
            .into_iter()
            .filter(|(name, _)| name == "retry-after"),
    );
    answer
}

async fn icon(_: Call) -> Result<Answer, Problem> {
    Ok(Answer::bytes(200, "image/svg+xml", ICON)
        .with_header("cache-control", "public, max-age=86400"))
}

async fn style(_: Call) -> Result<Answer, Problem> {
    Ok(Answer::bytes(200, "text/css; charset=utf-8", STYLE)
        .with_header("cache-control", "public, max-age=3600"))
}

fn templates() -> Environment<'static> {
    let mut env = Environment::new();
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    residents::words::add_filters(&mut env);
    env.set_auto_escape_callback(|_| AutoEscape::Html);
    env.set_formatter(|out, state, value| match value.as_str() {
        Some(text) if !value.is_safe() => Ok(out.write_str(&escaped(text))?),
        _ => escape_formatter(out, state, value),
    });
    staff::add_to(&mut env);
    told::add_filters(&mut env);
    members::add_to(&mut env);
    managers::add_to(&mut env);
    admin::add_to(&mut env);
    account::add_to(&mut env);
    for (name, text) in [
        ("layout.html", include_str!("templates/layout.html")),
        ("apology.html", include_str!("templates/apology.html")),
        ("track.html", include_str!("templates/track.html")),
        (
            "track_absent.html",
            include_str!("templates/track_absent.html"),
        ),
        ("by_email.html", include_str!("templates/by_email.html")),
        (
            "by_email_absent.html",
            include_str!("templates/by_email_absent.html"),
        ),
        ("sign_in.html", include_str!("templates/sign_in.html")),
        (
            "sign_in_sent.html",
            include_str!("templates/sign_in_sent.html"),
        ),
        (
            "sign_in_link.html",
            include_str!("templates/sign_in_link.html"),
        ),
        ("home.html", include_str!("templates/home.html")),
        ("mail_list.html", include_str!("templates/mail_list.html")),
        ("mail.html", include_str!("templates/mail.html")),
    ]
    .into_iter()
    .chain(residents::templates())
    .chain(kept_reports::TEMPLATES)
    {
        env.add_template(name, text)
            .expect("the templates are built in, and a test reads every one");
    }
    env
}

/// The engine's own escaping writes `/` in hexadecimal too, which makes addresses unreadable.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

#[cfg(test)]
impl Frame {
    fn sample() -> Self {
        Self {
            council: "Northmere Council".to_owned(),
            main_phone: "01632 960000".to_owned(),
            main_hours: "Monday to Friday, 9am to 5pm".to_owned(),
            website: "https://www.council.example".to_owned(),
            is_demo: true,
            title: "A page".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_reads_and_none_runs_script_or_styles_itself() {
        for (name, template) in TEMPLATES.templates() {
            let text = template.source();
            for forbidden in [
                "<script", "style=", "<style", "onclick", "http://", "https://",
            ] {
                assert!(!text.contains(forbidden), "{name} has {forbidden}");
            }
        }
        assert!(!STYLE.contains("url(") && !STYLE.contains("@import"));
    }

    #[test]
    fn whatever_went_wrong_the_page_gives_a_number_to_ring() {
        for status in [400, 403, 404, 422, 429, 500, 503] {
            let page = html(
                "apology.html",
                &Frame::sample(),
                context! { status, request_id => "req-1" },
            )
            .unwrap();
            assert!(
                page.contains("01632 960000") && page.contains("req-1"),
                "{status}: {page}"
            );
        }
        let absent = html("track_absent.html", &Frame::sample(), ()).unwrap();
        assert!(absent.contains("01632 960000"), "{absent}");
    }
}
