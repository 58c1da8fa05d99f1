//! The catalogue: the one in force to save, another one sent in, what it would change and move, and putting
//! it in force.
//!
//! What was looked at is what is put in force: the page of changes holds the document it is about, and the
//! version it was compared with.

use actix_web::web::Bytes;
use futures_util::stream;
use multer::Multipart;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::ADMINS;
use crate::http::operation::Answering;
use crate::http::query::encoded;
use crate::http::within::Asked;
use crate::http::{Access, Answer, Call, Limit, Operation, Problem, page_sessions, post};
use crate::pages::signed_in::{FORM, Visit, send};
use crate::pages::told::{Listed, Mistake, check_door, is_said_beside, read, zone};

/// What a new catalogue would do.
#[derive(Debug, Deserialize)]
struct Preview {
    changes: Vec<Change>,
    moves: Moves,
}

#[derive(Debug, Deserialize)]
struct Change {
    path: String,
    before: Option<Value>,
    after: Option<Value>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Moves {
    n_cases: u64,
    n_later: u64,
    n_earlier: u64,
    n_unchanged: u64,
    n_stay: u64,
    n_dates: u64,
    items: Vec<Value>,
}

/// A version that was stored.
#[derive(Debug, Serialize, Deserialize)]
struct Version {
    version: i64,
    applied_at: String,
    applied_by: String,
}

/// As large as the API takes one.
const FILE_LIMIT: usize = 8 * 1024 * 1024;
/// The same as the text of a form: up to three bytes for one.
const TEXT_LIMIT: usize = 3 * FILE_LIMIT;
const PATH: &str = "/admin/catalogue";
/// So many changes are shown; the rest is counted.
const SHOWN: usize = 300;
/// So much of a value is shown.
const VALUE_LIMIT: usize = 300;
/// So many versions are listed.
const VERSIONS: usize = 20;

/// The forms, which are larger than any other.
#[must_use]
pub fn forms() -> Vec<Operation> {
    let large = |path, id, handler: fn(Call) -> Answering| {
        post(path, handler)
            .id(id)
            .summary("A form of the catalogue's page")
            .tag("Pages")
            .access(Access::public())
            .answers_raw(200, "text/html", "The page.")
            .not_idempotent()
            .hidden()
    };
    vec![
        large(
            "/admin/catalogue/preview",
            "post_catalogue_preview",
            |call| Box::pin(take_file(call)),
        )
        .raw_body("multipart/form-data", Limit::Bytes(FILE_LIMIT)),
        large("/admin/catalogue", "post_catalogue", |call| {
            Box::pin(take_text(call))
        })
        .raw_body(FORM, Limit::Bytes(TEXT_LIMIT)),
    ]
}

/// What is in force, what was before, and the form for another.
pub async fn show(visit: Visit) -> Result<Answer, Problem> {
    check_door(&visit, ADMINS)?;
    ask(&visit, 200, &[]).await
}

/// The one in force, to save.
pub async fn save(visit: Visit) -> Result<Answer, Problem> {
    check_door(&visit, ADMINS)?;
    let answer = visit.file(Asked::of("get_catalogue")).await?;
    Ok(answer.with_header(
        "content-disposition",
        "attachment; filename=\"catalogue.json\"",
    ))
}

async fn take_file(mut call: Call) -> Result<Answer, Problem> {
    if page_sessions::caller(&call).await?.is_none() {
        return Ok(to_sign_in());
    }
    let parts = parts(&call).await?;
    let text: Vec<String> = parts
        .iter()
        .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)))
        .collect();
    // From here on it is a form like any other: sealed, and of whom it was shown to.
    call.body = Bytes::from(text.join("&"));
    send(call, |visit| Box::pin(preview(visit))).await
}

async fn take_text(call: Call) -> Result<Answer, Problem> {
    if page_sessions::caller(&call).await?.is_none() {
        return Ok(to_sign_in());
    }
    send(call, |visit| Box::pin(apply(visit))).await
}

/// A catalogue is not kept over a sign-in: who sends it has the file.
fn to_sign_in() -> Answer {
    Answer::see_other("/sign-in?next=/admin/catalogue")
}

async fn preview(visit: Visit) -> Result<Answer, Problem> {
    check_door(&visit, ADMINS)?;
    let tree = match tree(&visit.fields().text("file")) {
        Ok(tree) => tree,
        Err(wrong) => return ask(&visit, 422, &[wrong]).await,
    };
    let version = visit.call.front.desk.council().catalogue.version;
    let asked = Asked::of("apply_catalogue")
        .with("dry_run", "true")
        .sends(tree.clone());
    let found: Preview = match read(&visit, asked).await {
        Ok(found) => found,
        Err(problem) if problem.status != 403 && is_said_beside(&problem) => {
            return ask(&visit, problem.status, &faults(&problem)).await;
        }
        Err(problem) => return Err(problem),
    };
    let n_more = found.changes.len().saturating_sub(SHOWN);
    let changes: Vec<Value> = found
        .changes
        .iter()
        .take(SHOWN)
        .map(|change| {
            json!({
                "path": change.path, "before": change.before.as_ref().map(value_words),
                "after": change.after.as_ref().map(value_words),
            })
        })
        .collect();
    let said = json!({
        "n_changes": found.changes.len(), "n_more": n_more, "changes": changes,
        "moves": found.moves, "version": version, "tree": tree.to_string(),
    });
    visit.page(200, "admin/preview.html", "What would change", said)
}

async fn apply(visit: Visit) -> Result<Answer, Problem> {
    check_door(&visit, ADMINS)?;
    let fields = visit.fields();
    let tree = match tree(&fields.text("tree")) {
        Ok(tree) => tree,
        Err(wrong) => return ask(&visit, 422, &[wrong]).await,
    };
    let moves = if fields.has("move_open_cases") {
        "true"
    } else {
        ""
    };
    let asked = Asked::of("apply_catalogue")
        .with("move_open_cases", moves)
        .of_version(fields.version())
        .sends(tree);
    match visit.ask(asked).await {
        Ok(_) => Ok(Answer::see_other(&format!("{PATH}?done=catalogue_applied"))),
        Err(problem) if problem.status == 412 => {
            let words = "Another catalogue was put in force meanwhile. Send yours again and look at what \
                         it would change now.";
            ask(&visit, 412, &[Mistake::at("", words)]).await
        }
        Err(problem) if problem.status != 403 && is_said_beside(&problem) => {
            ask(&visit, problem.status, &faults(&problem)).await
        }
        Err(problem) => Err(problem),
    }
}

async fn ask(visit: &Visit, status: u16, wrong: &[Mistake]) -> Result<Answer, Problem> {
    let mut versions: Listed<Version> = read(visit, Asked::of("list_catalogue_versions")).await?;
    versions.items.truncate(VERSIONS);
    let said = json!({
        "versions": versions.items, "mistakes": wrong, "zone": zone(visit),
        "version": visit.call.front.desk.council().catalogue.version,
    });
    visit.page(status, "admin/catalogue.html", "Catalogue", said)
}

/// The document somebody sent.
fn tree(text: &str) -> Result<Value, Mistake> {
    if text.trim().is_empty() {
        return Err(Mistake::at(
            "file",
            "Choose the file with the whole catalogue.",
        ));
    }
    match serde_json::from_str(text) {
        Ok(tree @ Value::Object(_)) => Ok(tree),
        Ok(_) => Err(Mistake::at(
            "file",
            "The file holds no catalogue. It begins with `{` and has `council`, `services`, `queues` in it.",
        )),
        Err(why) => Err(Mistake::at("file", format!("The file is not JSON: {why}."))),
    }
}

/// Everything wrong with it, each with its place in the document.
fn faults(problem: &Problem) -> Vec<Mistake> {
    if problem.errors.is_empty() {
        return vec![Mistake::at("file", problem.detail.clone())];
    }
    let all = problem.errors.iter();
    all.map(|fault| Mistake::at("file", format!("{}: {}", fault.pointer, fault.detail)))
        .collect()
}

/// A value as it is shown, shortened where it is long.
fn value_words(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    if text.chars().count() <= VALUE_LIMIT {
        return text;
    }
    let short: String = text.chars().take(VALUE_LIMIT).collect();
    format!("{short}…")
}

/// The parts of a form with a file, as names and values.
async fn parts(call: &Call) -> Result<Vec<(String, String)>, Problem> {
    let malformed = |why: multer::Error| {
        Problem::unreadable(
            "malformed_form",
            format!("The parts of the form cannot be told apart: {why}."),
        )
    };
    let boundary = multer::parse_boundary(call.header("content-type").unwrap_or_default());
    let body = call.body.clone();
    let whole = stream::once(async move { Ok::<_, std::convert::Infallible>(body) });
    let mut form = Multipart::new(whole, boundary.map_err(malformed)?);
    let mut parts = Vec::new();
    while let Some(part) = form.next_field().await.map_err(malformed)? {
        let name = part.name().unwrap_or_default().to_owned();
        let bytes = part.bytes().await.map_err(malformed)?;
        let text = String::from_utf8(bytes.to_vec())
            .map_err(|_| Problem::unreadable("malformed_form", "The file is not UTF-8."))?;
        parts.push((name, text));
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_no_catalogue_is_refused_in_words() {
        for (text, says) in [
            ("  ", "Choose the file"),
            ("[1]", "holds no catalogue"),
            ("{\"council\": ", "not JSON"),
        ] {
            let wrong = tree(text).unwrap_err();
            assert!(wrong.words.contains(says), "{text}: {}", wrong.words);
            assert_eq!(wrong.field, "file");
        }
        assert!(tree("{\"council\": {}}").is_ok());
    }

    #[test]
    fn a_long_value_is_shortened_between_letters() {
        let long = json!("é".repeat(VALUE_LIMIT + 1));
        let words = value_words(&long);
        assert_eq!(words.chars().count(), VALUE_LIMIT + 1);
        assert!(words.ends_with('…'));
        assert_eq!(value_words(&json!(5)), "5");
        assert_eq!(value_words(&json!("Bins")), "Bins");
    }
}
