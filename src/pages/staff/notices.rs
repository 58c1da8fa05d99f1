//! What was written to people of a case: what has not left yet and can be taken back, what could not be
//! delivered, letters somebody has to post, and what went out.

use serde_json::{Value, json};

use super::acts::after;
use super::case::{Again, again};
use super::{document, items, next_of, text_of, words};
use crate::http::within::Asked;
use crate::http::{Answer, Operation, Problem};
use crate::pages::signed_in::{Visit, form};

/// What was told about a case, newest first.
#[derive(Default)]
pub struct Sent {
    pub notices: Vec<Value>,
    /// Those of them something can be done about.
    pub held: Vec<Value>,
    pub next: Option<String>,
}

/// On one page.
const MOST: usize = 25;
/// What somebody wrote themselves, and can take back until it leaves.
const OF_SOMEBODY: [&str; 3] = ["reply", "holding_reply", "extension"];

/// The form.
pub fn operations() -> Vec<Operation> {
    vec![form(
        "/cases/{case}/notices/{notice}",
        "post_notice",
        |visit| Box::pin(send(visit)),
    )]
}

/// What was told about the case, for those who may know.
pub async fn of_case(visit: &Visit, case: &str, cursor: Option<&str>) -> Result<Sent, Problem> {
    if !visit.may("list_case_notices") {
        return Ok(Sent::default());
    }
    let asked = Asked::of("list_case_notices")
        .at("case", case)
        .with("limit", MOST)
        .with("cursor", cursor.unwrap_or_default());
    let page = visit.ask(asked).await?.body;
    let notices: Vec<Value> = items(&page).iter().map(notice).collect();
    let is_held = |notice: &&Value| notice.get("is_held").and_then(Value::as_bool) == Some(true);
    Ok(Sent {
        held: notices.iter().filter(is_held).cloned().collect(),
        next: next_of(&page).map(str::to_owned),
        notices,
    })
}

/// A notice as the page shows it.
fn notice(of: &Value) -> Value {
    let (kind, state) = (text_of(of, "kind"), text_of(of, "state"));
    let letter = of.get("letter").unwrap_or(&Value::Null);
    let is_leaving = state == "pending" && OF_SOMEBODY.contains(&kind);
    let words = match text_of(of, "text") {
        "" => text_of(letter, "text"),
        whole => whole,
    };
    json!({
        "id": of.get("id"), "kind": words::plain(kind), "state": state, "stands": stands(state),
        "to": of.get("to"), "sent_at": of.get("sent_at"), "next_attempt_at": of.get("next_attempt_at"),
        "last_error": of.get("last_error"), "words": words, "see_to": of.get("see_to"),
        "is_leaving": is_leaving, "is_held": is_leaving || matches!(state, "failed" | "to_write"),
    })
}

/// Where a notice stands, in words.
fn stands(state: &str) -> &str {
    match state {
        "pending" => "on its way",
        "failed" => "could not be delivered",
        "to_write" => "a letter to print and post",
        "cancelled" => "taken back",
        other => other,
    }
}

/// Sends one again, or says that a letter was posted.
async fn send(visit: Visit) -> Result<Answer, Problem> {
    let fields = visit.fields();
    let notice = visit.call.path("notice").to_owned();
    let is_posted = fields.line("do") == "posted";
    let asked = if is_posted {
        let posted_on = fields.some("posted_on").map(Value::from);
        Asked::of("note_letter_posted").sends(document([("posted_on", posted_on)]))
    } else {
        Asked::of("retry_notice").sends(json!({}))
    };
    match visit
        .ask(asked.at("notice", &notice).once(fields.key()))
        .await
    {
        Ok(_) => {
            let done = if is_posted {
                "letter_posted"
            } else {
                "notice_retried"
            };
            Ok(after(&visit, &Value::Null, done))
        }
        Err(problem) => {
            let field = if is_posted {
                format!("posted-{notice}")
            } else {
                "held".to_owned()
            };
            let with = Again::of_field("notices", fields, &problem, &field);
            again(&visit, problem, with).await
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_somebody_wrote_is_held_until_it_leaves_and_what_failed_until_it_is_sent() {
        let held = |kind: &str, state: &str| {
            let shown =
                notice(&json!({"kind": kind, "state": state, "letter": {"text": "Dear Ada"}}));
            (
                shown["is_held"].as_bool().unwrap(),
                shown["is_leaving"].as_bool().unwrap(),
            )
        };
        assert_eq!(held("reply", "pending"), (true, true));
        assert_eq!(held("confirmation", "pending"), (false, false));
        assert_eq!(held("confirmation", "failed"), (true, false));
        assert_eq!(held("reply", "to_write"), (true, false));
        assert_eq!(held("reply", "sent"), (false, false));
    }

    #[test]
    fn a_letter_is_shown_whole_and_a_mail_by_its_words() {
        let words = |of: Value| notice(&of)["words"].as_str().unwrap().to_owned();
        assert_eq!(words(json!({"letter": {"text": "Dear Ada"}})), "Dear Ada");
        let letter =
            json!({"text": "14 Larkfield Rise\n\nDear Ada", "letter": {"text": "Dear Ada"}});
        assert_eq!(words(letter), "14 Larkfield Rise\n\nDear Ada");
        assert_eq!(words(json!({"letter": null, "text": null})), "");
    }
}
