//! The pages behind the links in a mail to a team that works by e-mail.
//!
//! Opening one changes nothing, because scanners of mail open every link. Its button does what the
//! link is for, once. The page names no person: it shows what the case is about, and the date.

use jiff::civil::Date;
use serde::Serialize;

use super::one_site::{for_anybody, form_of_anybody};
use super::track::Form;
use super::{Frame, apology, page};
use crate::casework::by_email::{self, Choice, Done, NotOursTo, Offer, Standing};
use crate::domain::by_email::LinkAct;
use crate::domain::wording::{Language, at_when};
use crate::http::operation::Answering;
use crate::http::{Access, Answer, Call, Limit, Operation, Problem, get, post};

const FORM: &str = "application/x-www-form-urlencoded";
const FORM_LIMIT: usize = 16 * 1024;
const LONGEST_NAME: usize = 100;

/// Opening a link, and pressing its button.
#[must_use]
pub fn operations() -> Vec<Operation> {
    vec![
        get("/by-email/{token}", |call| -> Answering {
            Box::pin(open(call))
        })
        .id("open_inbox_link")
        .summary("Open a link from a mail to a team that works by e-mail")
        .tag("Pages")
        .access(Access::public())
        .answers_raw(200, "text/html", "The page.")
        .hidden(),
        post("/by-email/{token}", |call| -> Answering {
            Box::pin(press(call))
        })
        .id("press_inbox_link")
        .summary("Do what a link from such a mail is for")
        .tag("Pages")
        .access(Access::public())
        .raw_body(FORM, Limit::Bytes(FORM_LIMIT))
        .answers_raw(200, "text/html", "What was done.")
        .not_idempotent()
        .hidden(),
    ]
}

/// What the page says.
#[derive(Debug, Clone, Default, Serialize)]
struct Told {
    act: &'static str,
    reference: String,
    topic: String,
    team: String,
    promised_by: Option<String>,
    queues: Vec<(String, String)>,
    bodies: Vec<(String, String)>,
    is_fixed: bool,
    /// Why there is nothing to press; a whole sentence.
    over: Option<String>,
    /// What was done just now.
    done: Option<String>,
    mistake: Option<String>,
    /// What was written, so that a mistake loses nothing.
    name: String,
    why: String,
    to: String,
    until_on: String,
    token: String,
    form_token: String,
}

async fn open(call: Call) -> Result<Answer, Problem> {
    Ok(show(&call, 200, Told::default()).await)
}

async fn press(call: Call) -> Result<Answer, Problem> {
    let form = match form_of_anybody(&call) {
        Ok(pairs) => Form(pairs),
        Err(problem) => return Ok(apologise(&call, problem)),
    };
    let written = Told {
        name: form.one_line("name").chars().take(LONGEST_NAME).collect(),
        why: form.multi_line("why").trim().to_owned(),
        to: form.one_line("to"),
        until_on: form.one_line("until_on"),
        ..Told::default()
    };
    let offer = match looked_up(&call).await {
        Ok(Some(offer)) => offer,
        Ok(None) => return Ok(refuse(&call)),
        Err(problem) => return Ok(apologise(&call, problem)),
    };
    let choice = match chosen(offer.act, &written) {
        Ok(choice) => choice,
        // A button that was pressed before says so, whatever else is wrong.
        Err(_) if offer.standing != Standing::Open => return Ok(show(&call, 200, written).await),
        Err(mistake) => {
            let mistake = Some(mistake.to_owned());
            return Ok(show(&call, 422, Told { mistake, ..written }).await);
        }
    };
    let token = call.path("token").to_owned();
    let done = call
        .perform(move |tx, at| by_email::press(tx, at, &token, &choice))
        .await;
    Ok(after(&call, done, written).await)
}

async fn after(call: &Call, done: Result<Done, Problem>, written: Told) -> Answer {
    match done {
        Ok(Done {
            is_repeat: true, ..
        }) => show(call, 200, Told::default()).await,
        Ok(done) => {
            let done = Some(done.words);
            show(
                call,
                200,
                Told {
                    done,
                    ..Told::default()
                },
            )
            .await
        }
        Err(problem) if problem.status == 404 => refuse(call),
        Err(problem) if matches!(problem.status, 403 | 409 | 422) => {
            let (status, mistake) = (problem.status, Some(problem.detail.clone()));
            show(call, status, Told { mistake, ..written }).await
        }
        Err(problem) => apologise(call, problem),
    }
}

/// What the form asks for, or what is missing in it.
fn chosen(act: LinkAct, written: &Told) -> Result<Choice, &'static str> {
    let why = written.why.clone();
    match act {
        LinkAct::Taken => Ok(Choice::Taken {
            name: Some(written.name.clone()).filter(|name| !name.is_empty()),
        }),
        LinkAct::NotOurs => {
            let to = match written.to.split_once(':') {
                _ if written.to == "unsure" => NotOursTo::Unsure,
                Some(("team", slug)) => NotOursTo::Queue(slug.to_owned()),
                Some(("body", name)) => NotOursTo::Body(name.to_owned()),
                _ => return Err("Say whose it is, or that you are not sure."),
            };
            if why.is_empty() {
                return Err("Say in a few words why it is not yours.");
            }
            Ok(Choice::NotOurs { to, why })
        }
        LinkAct::NeedsLonger => {
            let until_on =
                day(&written.until_on).ok_or("Give the day by which it will be done.")?;
            if why.is_empty() {
                return Err("Give the reason: whoever asked will read it.");
            }
            Ok(Choice::NeedsLonger { until_on, why })
        }
        LinkAct::Reply => Err("There is nothing to press here."),
    }
}

/// A day as browsers send it, or as people write it where they offer no calendar.
fn day(text: &str) -> Option<Date> {
    if let Ok(day) = text.parse::<Date>() {
        return Some(day);
    }
    let parts: Vec<&str> = text.split(['/', '.', '-', ' ']).collect();
    let [day, month, year] = parts.as_slice() else {
        return None;
    };
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}

async fn looked_up(call: &Call) -> Result<Option<Offer>, Problem> {
    let token = call.path("token").to_owned();
    call.read(move |conn, at| by_email::look(conn, at, &token))
        .await
}

async fn show(call: &Call, status: u16, written: Told) -> Answer {
    let offer = match looked_up(call).await {
        Ok(Some(offer)) => offer,
        Ok(None) => return refuse(call),
        Err(problem) => return apologise(call, problem),
    };
    let over = match &offer.standing {
        Standing::Open => None,
        Standing::Done(at) => {
            let council = call.front.desk.council();
            let when = at_when(*at, council.catalogue.calendar.zone(), Language::English);
            Some(format!(
                "This was done at {when}. Nothing more happens when it is done again."
            ))
        }
        Standing::Expired => Some(
            "This link does not work any more. Reply to our e-mail, or ring us, and tell us what to do."
                .to_owned(),
        ),
        Standing::MovedOn(words) => Some(words.clone()),
    };
    let form = for_anybody(call);
    let told = Told {
        act: offer.act.as_str(),
        reference: offer.reference,
        topic: offer.topic,
        team: offer.team,
        promised_by: offer.promised_by,
        queues: offer.queues,
        bodies: offer.bodies,
        is_fixed: offer.is_fixed,
        over,
        token: call.path("token").to_owned(),
        form_token: form.seal,
        ..written
    };
    let title = match offer.act {
        LinkAct::Taken => "We are dealing with it",
        LinkAct::NotOurs => "This is not ours",
        LinkAct::NeedsLonger => "It needs longer",
        LinkAct::Reply => "A link of ours",
    };
    page(status, "by_email.html", &frame(call, title), &told)
        .map(|shown| shown.with_cookie(form.set_cookie))
        .unwrap_or_else(|problem| apologise(call, problem))
}

/// The 404 page, which costs from the budget of guesses: a wrong link is one.
fn refuse(call: &Call) -> Answer {
    let now = call.front.desk.time.monotonic();
    match call.front.budgets.wrong_tokens.spend(&call.address, now) {
        Ok(_) => {
            let frame = frame(call, "We cannot show you this page");
            page(404, "by_email_absent.html", &frame, ())
                .unwrap_or_else(|problem| apologise(call, problem))
        }
        Err(exhausted) => apologise(call, Problem::too_many(exhausted.retry_after_seconds)),
    }
}

fn apologise(call: &Call, problem: Problem) -> Answer {
    let frame = frame(call, "Sorry, this did not work");
    apology(call.route, &call.request_id, &frame, problem)
}

fn frame(call: &Call, title: &str) -> Frame {
    Frame::of(&call.front.desk, call.front.is_demo, title)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn shown(told: &Told) -> String {
        crate::pages::html("by_email.html", &Frame::sample(), told).unwrap()
    }

    fn offered(act: LinkAct) -> Told {
        Told {
            act: act.as_str(),
            reference: "4X7-K92-MQ3".to_owned(),
            topic: "a street light that is not working".to_owned(),
            team: "street lighting contractor".to_owned(),
            promised_by: Some("5pm on Tuesday 24 November 2026".to_owned()),
            queues: vec![(
                "street-scene".to_owned(),
                "the street cleaning team".to_owned(),
            )],
            bodies: vec![("the water company".to_owned(), "mains leaks".to_owned())],
            token: "rvq_x".to_owned(),
            ..Told::default()
        }
    }

    #[test]
    fn each_link_has_one_button_until_it_is_over() {
        for act in [LinkAct::Taken, LinkAct::NotOurs, LinkAct::NeedsLonger] {
            let page = shown(&offered(act));
            assert_eq!(page.matches("<button").count(), 1, "{act}: {page}");
            assert!(page.contains("action=\"/by-email/rvq_x\""), "{act}: {page}");
            let over = shown(&Told {
                over: Some("It is closed.".to_owned()),
                ..offered(act)
            });
            assert!(
                !over.contains("<button") && over.contains("It is closed."),
                "{over}"
            );
        }
    }

    #[test]
    fn what_somebody_wrote_is_shown_again_and_runs_nothing() {
        let page = shown(&Told {
            why: "</textarea><script>".to_owned(),
            mistake: Some("Say whose it is, or that you are not sure.".to_owned()),
            ..offered(LinkAct::NotOurs)
        });
        assert!(
            page.contains("&lt;script&gt;") && !page.contains("<script"),
            "{page}"
        );
        assert!(page.contains("There is a problem"), "{page}");
    }

    #[test]
    fn a_day_is_taken_as_browsers_and_people_write_it() {
        let check = |text: &str, expect| assert_eq!(day(text), expect, "{text}");
        check("2026-12-04", Some(date(2026, 12, 4)));
        check("4/12/2026", Some(date(2026, 12, 4)));
        check("04.12.2026", Some(date(2026, 12, 4)));
        check("31/2/2026", None);
        check("next week", None);
        check("", None);
    }
}
