//! A person's own page: where their case stands, by the secret link from our mail.
//!
//! The link is opened once: it leaves a cookie no script can read and goes on to an address without
//! any secret, so that none stands in histories, logs or on a shared screen. Without the cookie there
//! is nothing to see, whoever asks and whatever they ask for.

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::one_site::{check_sealed, seal, sent_form};
use super::residents::words::{self, say};
use super::residents::{Shown as ResidentsPage, apologise as tell_of};
use crate::casework::tracking::{self, Added, PublicView};
use crate::casework::views::incidents::PublicIncident;
use crate::casework::{Failure, Link, Moment, Tx};
use crate::domain::access::Actor;
use crate::domain::wording::form::form_danger;
use crate::domain::wording::{Language, day, sentence_case};
use crate::http::attachments::keep_for;
use crate::http::cookies::Cookie;
use crate::http::operation::Answering;
use crate::http::{Access, Answer, Call, Limit, Operation, Problem, get, post};

/// Ends with the browser.
const COOKIE: Cookie = Cookie {
    name: "track",
    path: "/track",
};
const FORM: &str = "application/x-www-form-urlencoded";
/// A long letter, as a form writes it: up to three bytes for one.
const FORM_LIMIT: usize = 320 * 1024;
const LONGEST_MESSAGE: usize = 100_000;
const LONGEST_LINE: usize = 2_000;

/// Opening a case by its link, and what can be done there.
#[must_use]
pub fn operations() -> Vec<Operation> {
    let form = |path, id, handler: fn(Call) -> Answering| {
        post(path, handler)
            .id(id)
            .summary("A form of the tracking page")
            .tag("Pages")
            .access(Access::public())
            .raw_body(FORM, Limit::Bytes(FORM_LIMIT))
            .answers_nothing(303, "Back to the page.")
            .not_idempotent()
            .apologises(tell_of)
            .hidden()
    };
    vec![
        get("/track/{token}", open)
            .id("open_tracking_page")
            .summary("Open a case by its secret link")
            .tag("Pages")
            .access(Access::public())
            .answers_nothing(303, "On to the page.")
            .hidden(),
        get("/track", show)
            .id("show_tracking_page")
            .summary("Where a case stands")
            .tag("Pages")
            .access(Access::public())
            .query::<Shown>()
            .answers_raw(200, "text/html", "The page.")
            .apologises(tell_of)
            .hidden(),
        post("/track/photos", add_file)
            .id("post_tracking_file")
            .summary("A file for a case that is followed")
            .tag("Pages")
            .access(Access::public())
            .upload_with_words(Limit::Attachment, FORM_LIMIT)
            .answers_nothing(303, "Back to the page.")
            .not_idempotent()
            .apologises(tell_of)
            .hidden(),
        form("/track/messages", "post_tracking_message", |call| {
            Box::pin(add_message(call))
        }),
        form("/track/withdrawals", "post_tracking_withdrawal", |call| {
            Box::pin(withdraw(call))
        }),
        form("/track/feedback", "post_tracking_feedback", |call| {
            Box::pin(give_feedback(call))
        }),
    ]
}

/// In the address of the page whose message tells of danger. Whoever reads the history of the browser
/// learns nothing from it.
const RING: &str = "sent";

/// What was done just before.
#[derive(Debug, Deserialize, JsonSchema)]
struct Shown {
    #[serde(default)]
    #[schemars(length(max = 20))]
    done: Option<String>,
    /// The language it is wanted in; read where the words are.
    #[serde(default)]
    #[schemars(length(max = 20))]
    #[expect(dead_code, reason = "it stands in the address and is read with it")]
    lang: Option<String>,
}

/// What the page says.
#[derive(Serialize)]
struct Told {
    reference: String,
    service: String,
    /// "A missed bin".
    heading: String,
    status_label: String,
    what_happens_next: Vec<String>,
    /// Something we know of that it is about.
    incidents: Vec<ToldIncident>,
    received_on: String,
    respond_on: Option<String>,
    first_promised_on: Option<String>,
    /// How the date was counted.
    date_explained: Option<String>,
    /// When we asked them something that we still need to know.
    asked_on: Option<String>,
    follow_up_until: Option<String>,
    phone: String,
    phone_hours: Option<String>,
    history: Vec<ToldLine>,
    /// A message can still be added.
    takes_messages: bool,
    takes_withdrawal: bool,
    takes_feedback: bool,
    /// How satisfied they have told us they are, in words.
    told_us: Option<String>,
    done: Option<String>,
    megabytes: usize,
    /// What was wrong with what was sent, and the words that were sent.
    mistake: Option<String>,
    body: String,
    form_token: String,
}

#[derive(Serialize)]
struct ToldIncident {
    title: String,
    /// Paragraphs of what is known, the newest that was said first.
    words: Vec<String>,
}

#[derive(Serialize)]
struct ToldLine {
    on: String,
    what: String,
}

async fn open(call: Call) -> Result<Answer, Problem> {
    let token = call.path("token").to_owned();
    let wanted = token.clone();
    let found = call
        .read(move |conn, at| tracking::find_link(conn, at, &wanted))
        .await;
    match found {
        Ok(Some(_)) => {
            Ok(Answer::see_other("/track")
                .with_header("set-cookie", COOKIE.set(&call, &token, None)))
        }
        Ok(None) => Ok(refuse(&call)),
        Err(problem) => Ok(apologise(&call, problem)),
    }
}

async fn show(call: Call) -> Result<Answer, Problem> {
    let shown: Shown = call.query()?;
    let done = match shown.done.as_deref() {
        Some("message") => Some("track.done_message"),
        Some(RING) => Some(RING),
        Some("file") => Some("track.done_file"),
        Some("withdrawal") => Some("track.done_withdrawal"),
        Some("feedback") => Some("track.done_feedback"),
        _ => None,
    };
    Ok(shown_page(&call, 200, done, None, String::new()).await)
}

async fn add_message(call: Call) -> Result<Answer, Problem> {
    let form = match form(&call) {
        Ok(form) => form,
        Err(answer) => return Ok(answer),
    };
    let body = form.multi_line("body");
    let mistake = if body.trim().is_empty() {
        Some("track.message_missing")
    } else if body.chars().count() > LONGEST_MESSAGE {
        Some("track.message_long")
    } else {
        None
    };
    if let Some(mistake) = mistake {
        return Ok(shown_page(&call, 422, None, Some(mistake), body).await);
    }
    let words = body.clone();
    let done = act(&call, move |tx, at, link| {
        tracking::add_message(tx, at, link, &words)
    })
    .await;
    let what = after_message(&done, "message");
    Ok(after(&call, done.map(|_| ()), what, body).await)
}

/// A photograph of what it is about, with a word to it.
async fn add_file(mut call: Call) -> Result<Answer, Problem> {
    let posted = call.upload_with_words().await?;
    let token = token(&call).unwrap_or_default();
    check_sealed(&call, &token, &posted.words)?;
    let form = Form(posted.words);
    let body = form.multi_line("about");
    let again = |mistake, status| shown_page(&call, status, None, Some(mistake), String::new());
    let file = match posted.file {
        Ok(Some(file)) => file,
        Ok(None) => return Ok(again("track.file_missing", 422).await),
        Err(problem) => {
            problem.log(&call.request_id);
            return Ok(again("track.file_refused", problem.status).await);
        }
    };
    let now = call.front.desk.time.monotonic();
    if let Err(exhausted) = call.front.budgets.public_uploads.spend(&call.address, now) {
        return Err(Problem::too_many(exhausted.retry_after_seconds));
    }
    let found = call
        .read(move |conn, at| tracking::find_link(conn, at, &token))
        .await?;
    let Some(link) = found else {
        return Ok(refuse(&call));
    };
    let actor: Actor = tracking::follower(&link);
    let kept = match keep_for(&call, actor, file).await {
        Ok(kept) => kept.id,
        Err(problem) if problem.status == 422 => {
            return Ok(again("track.file_refused", 422).await);
        }
        Err(problem) => return Err(problem),
    };
    let done = act(&call, move |tx, at, link| {
        tracking::add_message_with(tx, at, link, &body, &[kept])
    })
    .await;
    let what = after_message(&done, "file");
    Ok(after(&call, done.map(|_| ()), what, String::new()).await)
}

async fn withdraw(call: Call) -> Result<Answer, Problem> {
    let form = match form(&call) {
        Ok(form) => form,
        Err(answer) => return Ok(answer),
    };
    let reason = Some(form.one_line("reason")).filter(|reason| !reason.is_empty());
    let done = act(&call, move |tx, at, link| {
        tracking::withdraw(tx, at, link, reason.as_deref())
    })
    .await;
    Ok(after(&call, done, "withdrawal", String::new()).await)
}

async fn give_feedback(call: Call) -> Result<Answer, Problem> {
    let form = match form(&call) {
        Ok(form) => form,
        Err(answer) => return Ok(answer),
    };
    let score = form
        .one_line("score")
        .parse::<u8>()
        .ok()
        .filter(|score| (1..=5).contains(score));
    let Some(score) = score else {
        return Ok(shown_page(&call, 422, None, Some("track.score_missing"), String::new()).await);
    };
    let comment = form.one_line("comment");
    let done = act(&call, move |tx, at, link| {
        tracking::give_feedback(tx, at, link, score, &comment)
    })
    .await;
    Ok(after(&call, done, "feedback", String::new()).await)
}

/// Does something for whoever holds the cookie's link.
async fn act<T, W>(call: &Call, work: W) -> Result<T, Problem>
where
    T: Send + 'static,
    W: Fn(&mut Tx<'_>, &Moment, &Link) -> Result<T, Failure> + Send + 'static,
{
    let token = token(call).unwrap_or_default();
    call.perform(move |tx, at| {
        let link = tracking::find_link(tx, at, &token)?.ok_or(Failure::Missing)?;
        work(tx, at, &link)
    })
    .await
}

/// What the page says after a message: in danger whom to ring, and nothing else.
fn after_message(done: &Result<Added, Problem>, otherwise: &'static str) -> &'static str {
    match done {
        Ok(added) if added.in_danger.is_some() => RING,
        _ => otherwise,
    }
}

fn ring(call: &Call, language: Language) -> String {
    let council = call.front.desk.council();
    let number = &council.catalogue.council.emergency_phone;
    let received = say(language, "track.taken", &[]);
    format!("{received} {}", form_danger(number, language))
}

/// Back to the page, which says that it is done; or the page again, which says why not.
async fn after(call: &Call, done: Result<(), Problem>, what: &str, body: String) -> Answer {
    match done {
        Ok(()) => Answer::see_other(&format!("/track?done={what}")),
        Err(problem) if problem.status == 404 => refuse(call),
        Err(problem) if problem.status == 409 => {
            let why = match problem.code {
                "feedback_given" => "track.feedback_given",
                _ => "track.closed",
            };
            shown_page(call, 409, None, Some(why), body).await
        }
        Err(problem) if problem.status == 422 => {
            shown_page(call, 422, None, Some("errors.characters"), body).await
        }
        Err(problem) => apologise(call, problem),
    }
}

/// The page; `done` and `mistake` are keys of its words.
async fn shown_page(
    call: &Call,
    status: u16,
    done: Option<&str>,
    mistake: Option<&str>,
    body: String,
) -> Answer {
    let Some(token) = token(call) else {
        return absent(call);
    };
    let form_token = seal(call, &token);
    let asked = words::asked(call);
    let seen = call
        .read(
            move |conn, at| match tracking::find_link(conn, at, &token)? {
                Some(link) => {
                    let language = match asked {
                        Some(language) => language,
                        None => tracking::language_of(conn, &link)?,
                    };
                    let view = tracking::view_in(conn, at, &link, language)?;
                    let score = tracking::score_given(conn, &link)?;
                    Ok(Some((view, language, score)))
                }
                None => Ok(None),
            },
        )
        .await;
    let (view, language, score) = match seen {
        Ok(Some(seen)) => seen,
        Ok(None) => return refuse(call),
        Err(problem) => return apologise(call, problem),
    };
    let today = call.front.desk.moment().today();
    let told = Told {
        done: done.map(|key| match key {
            RING => ring(call, language),
            key => say(language, key, &[]),
        }),
        mistake: mistake.map(|key| say(language, key, &[])),
        body,
        form_token,
        megabytes: call.front.http.max_attachment_bytes / (1024 * 1024),
        ..told_in(view, today, score, language)
    };
    let title = format!("{} ({})", told.heading, told.reference);
    ResidentsPage::new_in(language, "track.html", title)
        .linked(call)
        .with_status(status)
        .write(call, &told)
        .unwrap_or_else(|problem| apologise(call, problem))
}

#[cfg(test)]
fn told(view: PublicView, today: Date) -> Told {
    told_in(view, today, None, Language::English)
}

/// `score`: what they have given already.
fn told_in(view: PublicView, today: Date, score: Option<i32>, language: Language) -> Told {
    let on_day = |on: Date| day(on, language);
    let is_over = matches!(view.status.as_str(), "closed" | "responded");
    let may_write_again = view.follow_up_until.is_some_and(|until| today <= until);
    let date_moved = view
        .first_promised_on
        .filter(|first| Some(*first) != view.respond_on);
    Told {
        reference: view.reference,
        service: view.service,
        heading: sentence_case(&view.category),
        status_label: view.status_label,
        what_happens_next: view.what_happens_next,
        incidents: view
            .incidents
            .into_iter()
            .map(|incident| told_incident(incident, language))
            .collect(),
        received_on: on_day(view.received_on),
        respond_on: view.respond_on.filter(|_| !is_over).map(on_day),
        first_promised_on: date_moved.filter(|_| !is_over).map(on_day),
        date_explained: view.date_explained.filter(|_| !is_over),
        asked_on: view.asked_on.map(on_day),
        follow_up_until: view
            .follow_up_until
            .filter(|_| is_over && may_write_again)
            .map(on_day),
        phone: view.phone,
        phone_hours: view.phone_hours.map(|hours| words::hours(&hours, language)),
        history: view
            .history
            .into_iter()
            .rev()
            .map(|line| ToldLine {
                on: on_day(line.on),
                what: line.what,
            })
            .collect(),
        takes_messages: view.is_open || may_write_again,
        takes_withdrawal: view.is_open && !is_over,
        takes_feedback: is_over && score.is_none(),
        told_us: score.map(|score| say(language, &format!("track.score_{score}"), &[])),
        done: None,
        mistake: None,
        body: String::new(),
        form_token: String::new(),
        megabytes: 0,
    }
}

fn told_incident(incident: PublicIncident, language: Language) -> ToldIncident {
    let either = |english: String, welsh: Option<String>| match language {
        Language::English => english,
        Language::Welsh => welsh.unwrap_or(english),
    };
    let newest = incident
        .latest_update
        .map(|update| either(update.text, update.text_cy));
    let all = newest
        .into_iter()
        .chain([either(incident.words, incident.words_cy)]);
    let lines = all.flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>());
    ToldIncident {
        title: either(incident.title, incident.title_cy),
        words: lines.filter(|line| !line.trim().is_empty()).collect(),
    }
}

/// A form from one of our own pages, by somebody with the cookie.
fn form(call: &Call) -> Result<Form, Answer> {
    match sent_form(call, &token(call).unwrap_or_default()) {
        Ok(pairs) => Ok(Form(pairs)),
        Err(problem) => Err(apologise(call, problem)),
    }
}

/// What a form held.
pub(super) struct Form(pub(super) Vec<(String, String)>);

impl Form {
    fn text(&self, name: &str) -> &str {
        self.0
            .iter()
            .find(|(own, _)| own == name)
            .map_or("", |(_, value)| value.as_str())
    }

    /// Line ends as LF; what no keyboard writes is left out.
    pub(super) fn multi_line(&self, name: &str) -> String {
        let text = self.text(name).replace("\r\n", "\n").replace('\r', "\n");
        text.chars()
            .filter(|c| matches!(c, '\n' | '\t') || !c.is_control())
            .collect()
    }

    pub(super) fn one_line(&self, name: &str) -> String {
        let line: Vec<&str> = self.text(name).split_whitespace().collect();
        line.join(" ")
            .chars()
            .filter(|c| !c.is_control())
            .take(LONGEST_LINE)
            .collect()
    }
}

/// The 404 page, which costs from the budget of guesses: a wrong link is one.
fn refuse(call: &Call) -> Answer {
    let now = call.front.desk.time.monotonic();
    match call.front.budgets.wrong_tokens.spend(&call.address, now) {
        Ok(_) => absent(call),
        Err(exhausted) => apologise(call, Problem::too_many(exhausted.retry_after_seconds)),
    }
}

fn absent(call: &Call) -> Answer {
    let title = say(words::language_of(call), "track.absent_title", &[]);
    ResidentsPage::new(call, "track_absent.html", title)
        .with_status(404)
        .write(call, ())
        .unwrap_or_else(|problem| apologise(call, problem))
}

fn apologise(call: &Call, problem: Problem) -> Answer {
    tell_of(&call.front, &call.headers, problem, &call.request_id)
}

fn token(call: &Call) -> Option<String> {
    COOKIE.read(call)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use jiff::civil::date;

    use super::*;
    use crate::casework::tracking::PublicLine;

    fn view(status: &str) -> PublicView {
        let at: Timestamp = "2026-11-20T16:58:00Z".parse().unwrap();
        PublicView {
            reference: "4X7-K92-MQ3".to_owned(),
            service: "Bins and waste collection".to_owned(),
            category: "a missed bin".to_owned(),
            status: status.to_owned(),
            status_label: "An officer is looking at it.".to_owned(),
            what_happens_next: vec![
                "We will collect it by 5pm on Tuesday 24 November 2026.".to_owned(),
            ],
            received_on: date(2026, 11, 20),
            respond_on: Some(date(2026, 11, 24)),
            respond_by: Some(at),
            first_promised_on: Some(date(2026, 11, 24)),
            date_explained: None,
            asked_on: None,
            follow_up_until: Some(date(2026, 12, 20)),
            replied_at: None,
            phone: "01632 960100".to_owned(),
            phone_hours: Some("Monday to Friday, 8.30am to 5pm".to_owned()),
            history: vec![PublicLine {
                on: date(2026, 11, 20),
                at,
                what: "We received it.".to_owned(),
            }],
            incidents: Vec::new(),
            is_open: status != "closed",
        }
    }

    fn shown(told: &Told) -> String {
        use crate::pages::Frame;
        crate::pages::html("track.html", &Frame::sample(), told).unwrap()
    }

    #[test]
    fn an_open_case_shows_its_date_and_takes_a_message() {
        let page = shown(&told(view("open"), date(2026, 11, 23)));
        for wanted in [
            "<h1>A missed bin</h1>",
            "4X7-K92-MQ3",
            "Tuesday 24 November 2026",
            "01632 960100",
            "action=\"/track/messages\"",
            "action=\"/track/withdrawals\"",
        ] {
            assert!(page.contains(wanted), "{wanted} is not on {page}");
        }
        assert!(!page.contains("/track/feedback") && !page.contains("The first date we gave you"));
    }

    #[test]
    fn a_closed_case_can_be_written_to_until_its_window_ends_and_asks_how_it_was() {
        let within = shown(&told(view("closed"), date(2026, 12, 20)));
        assert!(
            within.contains("/track/messages") && within.contains("until Sunday 20 December 2026")
        );
        assert!(within.contains("/track/feedback") && !within.contains("/track/withdrawals"));
        let after = shown(&told(view("closed"), date(2026, 12, 21)));
        assert!(
            !after.contains("/track/messages") && !after.contains("until Sunday 20 December 2026")
        );
    }

    #[test]
    fn whoever_has_told_us_how_it_was_is_thanked_and_not_asked_again() {
        let told = told_in(
            view("closed"),
            date(2026, 12, 20),
            Some(2),
            Language::English,
        );
        let page = shown(&told);
        assert!(
            page.contains("Thank you. You told us: Not satisfied."),
            "{page}"
        );
        assert!(!page.contains("/track/feedback"), "{page}");
    }

    #[test]
    fn a_mistake_is_named_and_what_was_written_is_not_lost() {
        let told = Told {
            mistake: Some("Write your message first.".to_owned()),
            body: "</textarea><script>".to_owned(),
            ..told(view("open"), date(2026, 11, 23))
        };
        let page = shown(&told);
        assert!(
            page.contains("There is a problem") && page.contains("&lt;script&gt;"),
            "{page}"
        );
        assert!(!page.contains("<script"));
    }

    #[test]
    fn what_a_form_holds_is_taken_as_people_write_it() {
        let form = Form(vec![
            (
                "body".to_owned(),
                "Dear all,\r\nstill there.\u{7}".to_owned(),
            ),
            ("reason".to_owned(), "  it is\nsolved ".to_owned()),
        ]);
        assert_eq!(form.multi_line("body"), "Dear all,\nstill there.");
        assert_eq!(form.one_line("reason"), "it is solved");
        assert_eq!(form.one_line("nothing"), "");
    }
}
