//! One case: what to know before dealing with its people, what was asked, the promises with the reasons
//! for their dates, what happened, and the forms for what may be done to it now.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::happened::{LINES, Line, lines, since};
use super::offers::{choices, is_mine, may, reasons};
use super::rows::{matter_name, queue_name};
use super::{incidents, items, mistakes, notices, text_of, words};
use crate::casework::{actions, identity, receipts};
use crate::domain::access::Act;
use crate::http::within::Asked;
use crate::http::{Answer, Operation, Problem};
use crate::pages::signed_in::{Fields, Visit, shown};

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
    /// Where what we sent goes on.
    #[serde(default)]
    #[schemars(length(max = 1000))]
    notices: Option<String>,
    /// The form that is wanted, unfolded.
    #[serde(default)]
    #[schemars(length(max = 40))]
    open: Option<String>,
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
    /// People that were looked for, where that was asked.
    found: Option<Vec<Value>>,
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
            confirm,
            ..Self::default()
        }
    }

    /// The same where several forms of one kind stand on the page: every fault leads to this field.
    pub fn of_field(act: &'static str, fields: &Fields, problem: &Problem, field: &str) -> Self {
        let mut again = Self::of(act, fields, problem);
        for mistake in &mut again.mistakes {
            if let Some(leads_to) = mistake.get_mut("field") {
                *leads_to = json!(field);
            }
        }
        again
    }

    /// The form with what was wrong said in words.
    pub fn saying(act: &'static str, fields: &Fields, mistakes: Vec<Value>) -> Self {
        Self {
            act,
            mistakes,
            words: fields.words(),
            ..Self::default()
        }
    }

    /// The form with the people that were found by it.
    pub fn finding(
        act: &'static str,
        fields: &Fields,
        found: Vec<Value>,
        mistakes: Vec<Value>,
    ) -> Self {
        Self {
            found: Some(found),
            ..Self::saying(act, fields, mistakes)
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
    let sent = notices::of_case(visit, &reference, asked.notices.as_deref()).await?;
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
        "notices": sent.notices, "notices_next": sent.next,
        "held": sent.held,
        "incidents": incidents::of_case(visit, &reference, !beside.offered.is_empty()).await?,
        "megabytes": visit.call.front.http.max_attachment_bytes / (1024 * 1024),
        "open": asked.open.as_deref().map(form_of),
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

/// The form that lists elsewhere name by what it is for.
fn form_of(open: &str) -> &str {
    match open {
        "assign" => "assignments",
        "extend" => "extensions",
        other => other,
    }
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
