//! What happened to a case, line by line.

use serde::Serialize;
use serde_json::Value;

use super::{items, next_of, text_of, words};
use crate::http::Problem;
use crate::http::within::Asked;
use crate::pages::signed_in::Visit;

/// Lines of the timeline on a page, newest first.
pub const LINES: usize = 30;
/// At most so many pages of a hundred lines are read.
const MOST_PAGES: usize = 10;

/// One line of the timeline.
#[derive(Debug, Clone, Serialize)]
pub struct Line {
    pub id: String,
    at: String,
    who: String,
    what: String,
    words: Option<String>,
    is_public: bool,
}

/// Every line of the timeline, newest first.
pub async fn lines(visit: &Visit, case: &str) -> Result<Vec<Line>, Problem> {
    let mut all = Vec::new();
    let mut cursor = String::new();
    for _ in 0..MOST_PAGES {
        let asked = Asked::of("list_case_timeline")
            .at("case", case)
            .with("limit", 100)
            .with("cursor", &cursor);
        let part = visit.ask(asked).await?.body;
        all.extend(items(&part).iter().map(line));
        match next_of(&part) {
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
pub fn since(newest_first: &[Line], last: &str) -> Vec<Line> {
    let unseen = newest_first.iter().take_while(|line| line.id != last);
    unseen.take(LINES).cloned().collect()
}
