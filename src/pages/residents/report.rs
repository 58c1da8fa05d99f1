//! The way from a kind of matter to a reference: danger first, then one question on each page, the answers
//! to be checked, and sent once however often the button is pressed.

use super::answers::{Answers, Photo};
use super::journey::{Journey, Pressed, named, pressed};
use super::steps::Step;
use super::words::{self, say};
use super::{opened, sent, sent_to};
use crate::domain::access::Actor;
use crate::domain::catalogue::Category;
use crate::http::attachments::keep_for;
use crate::http::sent_form::{look_over, take_form};
use crate::http::{Access, Answer, Call, Limit, Operation, Problem, post};
use crate::pages::one_site::{check_sealed, form_of_anybody, visitor};

/// A long letter as a form writes it, and everything beside it.
const MOST_BYTES: usize = 640 * 1024;

/// The pages and their forms.
#[must_use]
pub fn operations() -> Vec<Operation> {
    vec![
        opened("/report/{service}/{category}", "show_report", |call| {
            Box::pin(begin(call))
        }),
        sent_to(
            "/report/{service}/{category}",
            "post_report_answer",
            MOST_BYTES,
            |call| Box::pin(answer(call)),
        ),
        post("/report/{service}/{category}/photos", answer_with_file)
            .id("post_report_file")
            .summary("A file for a report")
            .tag("Pages")
            .access(Access::public())
            .upload_with_words(Limit::Attachment, MOST_BYTES)
            .answers_raw(200, "text/html", "The next page.")
            .not_idempotent()
            .apologises(super::apologise)
            .hidden(),
        sent_to(
            "/report/{service}/{category}/send",
            "post_report",
            MOST_BYTES,
            |call| Box::pin(send(call)),
        ),
    ]
}

async fn begin(call: Call) -> Result<Answer, Problem> {
    let answers = |_: &Category| Answers {
        key: call.front.form_key(),
        ..Answers::default()
    };
    let journey = Journey::of(&call, words::language_of(&call), answers)?;
    journey.show(&call, Step::Danger, Vec::new(), 200).await
}

async fn answer(call: Call) -> Result<Answer, Problem> {
    let form = form_of_anybody(&call)?;
    go_on(&call, &form).await
}

async fn answer_with_file(mut call: Call) -> Result<Answer, Problem> {
    let posted = call.upload_with_words().await?;
    check_sealed(&call, &visitor(&call), &posted.words)?;
    let mut journey = Journey::sent(&call, &posted.words)?;
    let refused = match posted.file {
        Ok(None) => None,
        Ok(Some(file)) => {
            let name = file.name.clone();
            let now = call.front.desk.time.monotonic();
            match call.front.budgets.public_uploads.spend(&call.address, now) {
                Err(exhausted) => Some(Problem::too_many(exhausted.retry_after_seconds)),
                Ok(_) => match keep_for(&call, stranger(&call), file).await {
                    Ok(kept) => {
                        let id = kept.id.to_string();
                        journey.answers.photos.push(Photo { id, name });
                        None
                    }
                    Err(problem) => Some(problem),
                },
            }
        }
        Err(problem) => Some(problem),
    };
    let pressed = pressed(&posted.words);
    match (refused, pressed) {
        (Some(problem), _) => {
            let mistake = journey.why_no_file(&call, &problem);
            let status = problem.status;
            problem.log(&call.request_id);
            journey
                .show(&call, Step::Photos, vec![mistake], status)
                .await
        }
        (None, Pressed::AddFile) => {
            let n_added = journey.answers.photos.len();
            let before = Answers::read(&posted.words, &journey.category).photos.len();
            let mistakes = if n_added == before {
                vec![journey.mistake("file", "errors.file_none")]
            } else {
                Vec::new()
            };
            let status = if mistakes.is_empty() { 200 } else { 422 };
            journey.show(&call, Step::Photos, mistakes, status).await
        }
        (None, Pressed::RemoveFile(id)) => {
            journey.answers.photos.retain(|photo| photo.id != id);
            journey.show(&call, Step::Photos, Vec::new(), 200).await
        }
        (None, pressed) => journey.follow(&call, Step::Photos, pressed).await,
    }
}

async fn go_on(call: &Call, form: &[(String, String)]) -> Result<Answer, Problem> {
    let journey = Journey::sent(call, form)?;
    let at = named(form, "at").parse().unwrap_or(Step::Danger);
    journey.follow(call, at, pressed(form)).await
}

async fn send(mut call: Call) -> Result<Answer, Problem> {
    let form = form_of_anybody(&call)?;
    let journey = Journey::sent(&call, &form)?;
    let language = journey.language;
    let document = journey.document();
    let (contact, faults) = match look_over(&journey.moment, document.clone()) {
        Ok((contact, faults)) if faults.is_empty() => (contact, faults),
        Ok((_, faults)) | Err(faults) => {
            return journey.show_check(&call, &faults, None, 422).await;
        }
    };
    let now = call.front.desk.time.monotonic();
    if let Err(exhausted) = call.front.budgets.public_intake.spend(&call.address, now) {
        let why = say(language, "errors.too_many", &[]);
        let shown = journey.show_check(&call, &[], Some(why), 429).await?;
        let seconds = exhausted.retry_after_seconds.to_string();
        return Ok(shown.with_header("retry-after", seconds));
    }
    call.once_under_form_key(&journey.answers.key, document.to_string().as_bytes())?;
    let receipt = sent::writer(&call, &journey.service, &journey.answers, language);
    let taken = take_form(&call, contact, faults, move |told| {
        Answer::see_other("/report/sent").with_header("set-cookie", receipt(told))
    })
    .await;
    match taken {
        Ok(answer) => Ok(answer),
        Err(problem) if problem.code == "idempotency_key_reused" => journey.already(&call),
        Err(problem) if problem.status == 422 => {
            journey.show_check(&call, &problem.errors, None, 422).await
        }
        Err(problem) if problem.status >= 500 => {
            problem.log(&call.request_id);
            let phone = &journey.moment.council.catalogue.council.main_phone;
            let why = say(language, "errors.ours", &[("phone", phone)]);
            journey
                .show_check(&call, &[], Some(why), problem.status)
                .await
        }
        Err(problem) => Err(problem),
    }
}

/// Files are sent by anybody, from an address.
fn stranger(call: &Call) -> Actor {
    Actor::Anonymous {
        address: call.address.clone(),
    }
}
