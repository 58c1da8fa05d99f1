//! A file put on a case: of our own making, or what somebody brought or sent in after all.

use serde_json::{Value, json};

use super::acts::{after, given, written};
use super::case::{self, Again, again};
use super::document;
use crate::http::attachments::keep_for;
use crate::http::within::Asked;
use crate::http::{Answer, Operation, Problem};
use crate::pages::signed_in::{Brought, Visit, form_with_file};

const ACT: &str = "files";
/// Whose it is, when it is nobody's on the case.
const OURS: &str = "ours";

/// The form.
pub fn operations() -> Vec<Operation> {
    vec![form_with_file(
        "/cases/{case}/files",
        "post_case_file",
        |visit, file| Box::pin(send(visit, file)),
    )]
}

/// The file is kept first, and the contact it belongs to logged then. What is kept and named by no contact
/// goes by itself.
async fn send(visit: Visit, file: Brought) -> Result<Answer, Problem> {
    // Whoever may not know of the case learns nothing else, and nobody's file is kept for them.
    case::ask(&visit, "get_case", visit.call.path("case")).await?;
    if !visit.may("send_attachment") {
        return Err(Problem::forbidden(
            "role_may_not",
            "Sending files is not part of your role.",
        ));
    }
    let fields = visit.fields();
    if fields.line("about").is_empty() {
        return refuse(&visit, "files-about", "Say what it shows.").await;
    }
    let file = match file {
        Ok(Some(file)) => file,
        Ok(None) => return refuse(&visit, "files-file", "Choose a file.").await,
        Err(problem) => return cannot_be_taken(&visit, problem).await,
    };
    let kept = match keep_for(&visit.call, visit.actor(), file).await {
        Ok(kept) => kept.id,
        Err(problem) => return cannot_be_taken(&visit, problem).await,
    };
    let asked = Asked::of("log_contact")
        .sends(contact(&visit, &kept.to_string()))
        .once(fields.key());
    match visit.ask(asked).await {
        Ok(_) => Ok(after(&visit, &Value::Null, "file")),
        Err(problem) if problem.code == "idempotency_key_reused" => {
            let words = "This form was sent before, and its file is on the case. To add this one too, send it again.";
            refuse(&visit, "files-file", words).await
        }
        Err(problem) => {
            let with = Again::of_field(ACT, fields, &problem, "files-about");
            again(&visit, problem, with).await
        }
    }
}

/// The contact a file comes with: a visit of ours, or what a person of the case gave us.
fn contact(visit: &Visit, file: &str) -> Value {
    let from = visit.fields().line("from");
    let is_ours = from.is_empty() || from == OURS;
    let channel = if is_ours {
        Some(json!("face_to_face"))
    } else {
        given(visit, "channel")
    };
    document([
        ("channel", channel),
        ("direction", is_ours.then(|| json!("outbound"))),
        ("person_id", (!is_ours).then(|| json!(from))),
        ("case", Some(json!(visit.call.path("case")))),
        ("body", written(visit, "about")),
        ("attachments", Some(json!([file]))),
    ])
}

/// Why a file was not taken, in words, with everything else that was written.
async fn cannot_be_taken(visit: &Visit, problem: Problem) -> Result<Answer, Problem> {
    let megabytes = visit.call.front.http.max_attachment_bytes / (1024 * 1024);
    let words = match problem.status {
        413 => format!("This file is too large. Send one of at most {megabytes} MB."),
        422 => {
            let faults = problem.errors.iter();
            let faults: Vec<String> = faults.map(|fault| fault.detail.replace('`', "")).collect();
            faults.join(" ")
        }
        503 => "We cannot take files at this moment. Try again in a minute.".to_owned(),
        status if status < 500 => problem.detail.clone(),
        _ => return Err(problem),
    };
    let status = problem.status;
    problem.log(&visit.call.request_id);
    let mistakes = vec![json!({"field": "files-file", "words": words})];
    let with = Again::saying(ACT, visit.fields(), mistakes);
    case::page(visit, status, with).await
}

async fn refuse(visit: &Visit, field: &str, words: &str) -> Result<Answer, Problem> {
    let mistakes = vec![json!({"field": field, "words": words})];
    let with = Again::saying(ACT, visit.fields(), mistakes);
    case::page(visit, 422, with).await
}
