//! One case: what to know before dealing with its people, what was asked, the promises with the reasons
//! for their dates, what happened, and the forms for what may be done to it now.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::rows::{matter_name, matters, queue_name};
use super::{items, mistakes, text_of, words};
use crate::casework::{actions, identity, receipts};
use crate::domain::access::Act;
use crate::domain::case::Outcome;
use crate::domain::member::{Basis, ConsentHow};
use crate::http::within::Asked;
use crate::http::{Answer, Operation, Problem};
use crate::pages::signed_in::{Fields, Visit, shown};

/// Lines of the timeline on a page, newest first.
const LINES: usize = 30;
/// At most so many pages of a hundred lines are read.
const MOST_PAGES: usize = 10;

/// The pages.
pub fn operations() -> Vec<Operation> {
    vec![
        shown("/cases/{case}", "show_case", |visit| Box::pin(show(visit))).query::<Shown>(),
        shown(
            "/cases/{case}/attachments/{attachment}",
            "show_case_attachment",
            |visit| Box::pin(attachment(visit)),
        ),
    ]
}

/// Which part of the case.
#[derive(Debug, Default, Deserialize, JsonSchema)]
struct Shown {
    /// How many of the newest lines of the timeline were seen already.
    #[serde(default)]
    #[schemars(range(min = 0, max = 1000))]
    lines: usize,
    /// Where what was said goes on.
    #[serde(default)]
    #[schemars(length(max = 1000))]
    contacts: Option<String>,
    /// A draft to begin the reply with.
    #[serde(default)]
    #[schemars(length(max = 20))]
    draft: Option<String>,
}

/// A form that is shown again, with what was wrong and every word of it.
#[derive(Debug, Default, Serialize)]
pub struct Again {
    act: &'static str,
    mistakes: Vec<Value>,
    words: Map<String, Value>,
    /// What somebody else did since the form was shown; empty where that is not what was wrong.
    since: Vec<Line>,
    /// Of several addresses nobody on the case has, that they are meant.
    confirm: Vec<String>,
}

/// One line of the timeline.
#[derive(Debug, Clone, Serialize)]
struct Line {
    id: String,
    at: String,
    who: String,
    what: String,
    words: Option<String>,
    is_public: bool,
}

/// What casework says of a case beside the documents of the API.
struct Beside {
    offered: Vec<&'static str>,
    read_out: String,
    warnings: Vec<String>,
}

impl Again {
    /// The form as it was sent.
    pub fn of(act: &'static str, fields: &Fields, problem: &Problem) -> Self {
        let confirm = if problem.code == "recipient_unconfirmed" {
            let named = fields.text("to") + "," + &fields.text("cc");
            super::reply::addresses(&named)
        } else {
            Vec::new()
        };
        Self {
            act,
            mistakes: mistakes(act, problem),
            words: fields.words(),
            since: Vec::new(),
            confirm,
        }
    }

    /// The form as it was sent, to be changed.
    pub fn to_change(act: &'static str, fields: &Fields) -> Self {
        Self {
            act,
            words: fields.words(),
            ..Self::default()
        }
    }
}

/// The case again, with what was wrong.
///
/// # Errors
/// When it may not be seen, or the fault is ours.
pub async fn again(visit: &Visit, problem: Problem, with: Again) -> Result<Answer, Problem> {
    if problem.status == 404 || problem.status >= 500 {
        return Err(problem);
    }
    let mut with = with;
    let status = if problem.status == 412 {
        with.mistakes = vec![json!({
            "field": "since",
            "words": "Somebody has changed this case since you opened it. Nothing of yours is lost: look at what \
                      they did, then send it again.",
        })];
        409
    } else {
        problem.status
    };
    page(visit, status, with).await
}

/// The page, with a form as it was sent where there is one.
///
/// # Errors
/// When the case may not be seen.
pub async fn page(visit: &Visit, status: u16, again: Again) -> Result<Answer, Problem> {
    let asked: Shown = if visit.call.method == actix_web::http::Method::POST {
        Shown::default()
    } else {
        visit.call.query()?
    };
    let reference = visit.call.path("case").to_owned();
    let case = ask(visit, "get_case", &reference).await?;
    // A title stays in the browser's history, where no words of a person belong.
    let title = format!("Case {}", text_of(&case, "reference"));
    if case.get("public_view").is_some() {
        let said = json!({"case": case, "queue": queue_name(&visit.call, text_of(&case, "queue"))});
        return visit.page(status, "staff/followed.html", title, said);
    }
    let beside = beside(visit).await?;
    let mut again = again;
    let lines = lines(visit, &reference).await?;
    let seen = visit.fields().line("last");
    if again
        .mistakes
        .iter()
        .any(|one| text_of(one, "field") == "since")
    {
        again.since = since(&lines, &seen);
    }
    let mut contacts = Asked::of("list_case_contacts").at("case", &reference);
    contacts = contacts.with("cursor", asked.contacts.clone().unwrap_or_default());
    let contacts = visit.ask(contacts.with("limit", 10)).await?.body;
    let last = lines
        .first()
        .map(|line| line.id.clone())
        .unwrap_or_default();
    let more = asked.lines + LINES < lines.len();
    let shown: Vec<&Line> = lines.iter().skip(asked.lines).take(LINES).collect();
    let said = json!({
        "status": words::status(text_of(&case, "status")),
        "matter": matter_name(&visit.call, text_of(&case, "service"), text_of(&case, "category")),
        "queue": queue_name(&visit.call, text_of(&case, "queue")),
        "clocks": clocks(visit, &reference).await?,
        "contacts": items(&contacts),
        "contacts_next": contacts.get("next_cursor"),
        "notices": notices(visit, &reference).await?,
        "lines": shown,
        "lines_next": more.then_some(asked.lines + LINES),
        "last": last,
        "may": may(visit, &beside.offered),
        "choices": choices(visit, &case),
        "reasons": reasons(visit).await?,
        "is_mine": is_mine(visit, &case),
        "read_out": beside.read_out,
        "warnings": beside.warnings,
        "draft": super::reply::draft(visit, &case, asked.draft.as_deref()),
        "has_draft": asked.draft.is_some() || again.act == "replies",
        "again": again,
        "case": case,
    });
    visit.page(status, "staff/case.html", title, said)
}

async fn show(visit: Visit) -> Result<Answer, Problem> {
    page(&visit, 200, Again::default()).await
}

async fn attachment(visit: Visit) -> Result<Answer, Problem> {
    let id = visit.call.path("attachment").to_owned();
    let asked = Asked::of("get_attachment").at("attachment", id);
    visit.file(asked).await
}

/// What the API says of the case under one operation.
pub async fn ask(visit: &Visit, operation: &'static str, case: &str) -> Result<Value, Problem> {
    let asked = Asked::of(operation).at("case", case);
    Ok(visit.ask(asked).await?.body)
}

async fn beside(visit: &Visit) -> Result<Beside, Problem> {
    let (target, actor) = (visit.call.case()?, visit.actor());
    visit
        .call
        .read(move |conn, at| {
            let filed = actions::find(conn, &actor, &target, Act::Read)?;
            Ok(Beside {
                offered: actions::offered(conn, at, &actor, &filed.case)?,
                read_out: receipts::said(conn, at, &filed)?.read_out,
                warnings: identity::warnings(conn, at, &filed.case, None)?,
            })
        })
        .await
}

/// Every line of the timeline, newest first.
async fn lines(visit: &Visit, case: &str) -> Result<Vec<Line>, Problem> {
    let mut all = Vec::new();
    let mut cursor = String::new();
    for _ in 0..MOST_PAGES {
        let asked = Asked::of("list_case_timeline")
            .at("case", case)
            .with("limit", 100)
            .with("cursor", &cursor);
        let part = visit.ask(asked).await?.body;
        all.extend(items(&part).iter().map(line));
        match super::next_of(&part) {
            Some(next) => next.clone_into(&mut cursor),
            None => break,
        }
    }
    all.reverse();
    Ok(all)
}

fn line(of: &Value) -> Line {
    let (what, own) = words::of_event(of);
    let actor = of.get("actor").unwrap_or(&Value::Null);
    let who = match (text_of(actor, "name"), text_of(actor, "kind")) {
        ("", "person") => "the person",
        ("", "public") => "somebody on the website",
        ("", "reeve") => "Reeve",
        ("", other) => other,
        (name, _) => name,
    };
    Line {
        id: text_of(of, "id").to_owned(),
        at: text_of(of, "at").to_owned(),
        who: who.to_owned(),
        what,
        words: own,
        is_public: of.get("public").and_then(Value::as_bool) == Some(true),
    }
}

/// The lines somebody had not seen whose newest was this one.
fn since(newest_first: &[Line], last: &str) -> Vec<Line> {
    let unseen = newest_first.iter().take_while(|line| line.id != last);
    unseen.take(LINES).cloned().collect()
}

/// Each promise with its explanation.
async fn clocks(visit: &Visit, case: &str) -> Result<Vec<Value>, Problem> {
    let all = Asked::of("list_case_clocks")
        .at("case", case)
        .with("limit", 25);
    let all = visit.ask(all).await?.body;
    let mut told = Vec::new();
    for clock in items(&all) {
        let name = text_of(&clock, "name").to_owned();
        let explained = Asked::of("explain_case_clock")
            .at("case", case)
            .at("clock", &name);
        let explained = visit.ask(explained).await?.body;
        let promise = clock.get("promise").and_then(|one| one.get("what"));
        let called = promise
            .and_then(Value::as_str)
            .map_or_else(|| words::plain(&name), str::to_owned);
        let is_live = matches!(text_of(&clock, "state"), "running" | "paused" | "projected");
        told.push(json!({
            "name": name, "called": called, "clock": clock, "explained": explained, "is_live": is_live,
            "can_move": is_live && clock.get("extended_max_on").is_some_and(Value::is_string),
        }));
    }
    Ok(told)
}

/// What was told about it lately, for those who may know.
async fn notices(visit: &Visit, case: &str) -> Result<Vec<Value>, Problem> {
    if !visit.may("list_case_notices") {
        return Ok(Vec::new());
    }
    let asked = Asked::of("list_case_notices")
        .at("case", case)
        .with("limit", 10);
    Ok(items(&visit.ask(asked).await?.body))
}

fn is_mine(visit: &Visit, case: &Value) -> bool {
    let owner = case.get("owner").map(|owner| text_of(owner, "id"));
    owner == Some(visit.user().id.to_string().as_str())
}

/// Every act by its operation, and whether it is offered.
fn may(visit: &Visit, offered: &[&'static str]) -> BTreeMap<&'static str, bool> {
    let of_case = [
        "acknowledge_case",
        "assign_case",
        "transfer_case",
        "pause_case",
        "resume_case",
        "extend_case_clock",
        "ask_person",
        "reply_to_person",
        "add_note",
        "add_promise",
        "close_case",
        "reopen_case",
        "open_stage",
        "merge_case",
        "link_case",
        "record_call",
        "change_case",
        "record_standard_event",
        "grant_case_access",
        "set_member_basis",
        "record_member_consent",
    ];
    let acts = of_case
        .into_iter()
        .map(|act| (act, offered.contains(&act) && visit.may(act)));
    // These are for whoever may read the case.
    let of_readers = [
        "record_identity_check",
        "mark_contact_reason",
        "log_contact",
    ];
    acts.chain(of_readers.into_iter().map(|act| (act, visit.may(act))))
        .collect()
}

async fn reasons(visit: &Visit) -> Result<Vec<Value>, Problem> {
    Ok(items(
        &visit.ask(Asked::of("list_contact_reasons")).await?.body,
    ))
}

/// Words to choose from, each as it is called.
fn named<W: ToString>(all: &[W]) -> Vec<(String, String)> {
    let codes = all.iter().map(W::to_string);
    codes
        .map(|code| (code.clone(), words::plain(&code)))
        .collect()
}

/// What the forms let choose.
fn choices(visit: &Visit, case: &Value) -> Value {
    let council = visit.call.front.desk.council();
    let catalogue = &council.catalogue;
    let own = text_of(case, "queue");
    let queues = catalogue.queues.values();
    let queues: Vec<_> = queues
        .filter(|queue| !queue.is_restricted_only && queue.slug != own)
        .map(|queue| (&queue.slug, &queue.name))
        .collect();
    let outcomes = Outcome::ALL
        .iter()
        .filter(|outcome| **outcome != Outcome::Merged);
    let outcomes: Vec<_> = outcomes
        .map(|outcome| (outcome.as_str(), words::plain(outcome.as_str())))
        .collect();
    let bodies = catalogue.routing.not_ours.iter();
    let bodies: Vec<_> = bodies.map(|body| (&body.name, &body.name)).collect();
    let stage = case.get("stage").and_then(Value::as_u64).unwrap_or(1);
    json!({
        "queues": queues, "matters": matters(&visit.call), "outcomes": outcomes, "bodies": bodies,
        "bases": named(Basis::ALL), "consents": named(ConsentHow::ALL),
        "next_stage": stage + 1,
        "today": visit.call.front.desk.moment().today().to_string(),
        "place": format!("{}/{}", text_of(case, "service"), text_of(case, "category")),
    })
}
