//! What was sent: the reference, the date, what happens next. It is told from a sealed cookie, so that the
//! page can be reloaded and its address holds nothing; the secret link stands on the page alone.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac as _};
use jiff::Timestamp;
use jiff::civil::Date;
use minijinja::context;
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use super::answers::Answers;
use super::words::{self, say};
use super::{Shown, opened};
use crate::domain::catalogue::Service;
use crate::domain::wording::form::form_danger;
use crate::domain::wording::{self, Language};
use crate::http::cookies::Cookie;
use crate::http::dto::public::PublicReceipt;
use crate::http::{Answer, Call, Front, Operation, Problem};

/// Shows the receipt for an hour at most.
const SENT: Cookie = Cookie {
    name: "sent",
    path: "/report",
};
const SENT_SECONDS: i64 = 60 * 60;
const SEALED_FOR: &str = "receipt of a report";
/// Browsers keep no cookie of more than 4,096 bytes.
const MOST_SENTENCES: usize = 4;
const LONGEST_SENTENCE: usize = 300;

/// The page.
#[must_use]
pub fn operations() -> Vec<Operation> {
    vec![opened("/report/sent", "show_report_sent", |call| {
        Box::pin(show(call))
    })]
}

/// What the page tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    language: Language,
    /// In danger, and for what only a small team may see, there is none.
    reference: Option<String>,
    respond_by: Option<Timestamp>,
    respond_on: Option<Date>,
    next: Vec<String>,
    phone: String,
    hours: Option<String>,
    token: Option<String>,
    is_mailed: bool,
    service: String,
}

/// Makes the cookie of a receipt that is not there yet.
pub fn writer(
    call: &Call,
    service: &Service,
    answers: &Answers,
    language: Language,
) -> impl Fn(&PublicReceipt) -> String + Send + 'static {
    let set = SENT.setter(call, Some(SENT_SECONDS));
    let key = call.front.keyed(SEALED_FOR);
    let service = service.slug.clone();
    let is_mailed = !answers.email.is_empty();
    let short = |sentence: &String| sentence.chars().take(LONGEST_SENTENCE).collect();
    move |receipt| {
        let next = receipt.what_happens_next.iter().take(MOST_SENTENCES);
        let kept = Kept {
            language,
            reference: receipt.reference.clone(),
            respond_by: receipt.respond_by.map(|at| at.0),
            respond_on: receipt.respond_on.map(|on| on.0),
            next: next.map(short).collect(),
            phone: receipt.phone.clone(),
            hours: receipt.phone_hours.clone(),
            token: receipt.tracking.as_ref().map(|own| own.token.clone()),
            is_mailed: is_mailed && receipt.reference.is_some(),
            service: service.clone(),
        };
        set(&sealed(&key, &kept))
    }
}

async fn show(call: Call) -> Result<Answer, Problem> {
    let Some(kept) = SENT
        .read(&call)
        .and_then(|text| opened_again(&call.front, &text))
    else {
        return Ok(Answer::see_other("/find-my-link"));
    };
    let has_asked = call
        .query_pairs()?
        .iter()
        .any(|(name, _)| name == words::PARAMETER);
    let language = if has_asked {
        words::language_of(&call)
    } else {
        kept.language
    };
    let key = if kept.reference.is_some() {
        "sent.title"
    } else {
        "sent.title_danger"
    };
    let said = context! {
        next => what_happens(&call, &kept, language),
        link => kept.token.as_ref().map(|token| format!("/track/{token}")),
        reference => kept.reference,
        is_mailed => kept.is_mailed,
        call => ring(&kept, language),
        again => format!("/services/{}", kept.service),
    };
    let title = say(language, key, &[]);
    Shown::new_in(language, "residents/sent.html", title)
        .linked(&call)
        .write(&call, said)
}

fn what_happens(call: &Call, kept: &Kept, language: Language) -> Vec<String> {
    if kept.reference.is_none() {
        return vec![form_danger(&kept.phone, language)];
    }
    if language == Language::English {
        return kept.next.clone();
    }
    let council = call.front.desk.council();
    let zone = council.catalogue.calendar.zone();
    match kept.respond_on.zip(kept.respond_by) {
        Some((on, by)) => {
            let by = wording::by_when(on, by, zone, language);
            vec![wording::promise(None, &by, language)]
        }
        None => vec![say(language, "service.promise_none", &[])],
    }
}

fn ring(kept: &Kept, language: Language) -> String {
    let phone = ("phone", kept.phone.as_str());
    match &kept.hours {
        Some(hours) => {
            let hours = words::hours(hours, language);
            say(language, "sent.call_hours", &[phone, ("hours", &hours)])
        }
        None => say(language, "sent.call", &[phone]),
    }
}

/// Its words, and the seal that they are ours.
fn sealed(key: &Hmac<Sha256>, kept: &Kept) -> String {
    let words = serde_json::to_vec(kept).expect("texts and dates are always written");
    let words = URL_SAFE_NO_PAD.encode(words);
    let seal = key.clone().chain_update(&words).finalize().into_bytes();
    format!("{words}.{}", URL_SAFE_NO_PAD.encode(seal))
}

fn opened_again(front: &Front, text: &str) -> Option<Kept> {
    let (words, seal) = text.split_once('.')?;
    let seal = URL_SAFE_NO_PAD.decode(seal).ok()?;
    let own = front.keyed(SEALED_FOR).chain_update(words);
    own.verify_slice(&seal).ok()?;
    let words = URL_SAFE_NO_PAD.decode(words).ok()?;
    serde_json::from_slice(&words).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_receipt_is_a_cookie_a_browser_keeps() {
        let kept = Kept {
            language: Language::Welsh,
            reference: Some("4X7-K92-MQ3".to_owned()),
            respond_by: Some(Timestamp::MAX),
            respond_on: Some(Date::MAX),
            next: vec!["ŵ".repeat(LONGEST_SENTENCE); MOST_SENTENCES],
            phone: "01632 960000".to_owned(),
            hours: Some(
                "Monday to Thursday, 8.30am to 5pm, and Friday, 8.30am to 4.30pm".to_owned(),
            ),
            token: Some("rvt_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".to_owned()),
            is_mailed: true,
            service: "environmental-health".to_owned(),
        };
        let key = Hmac::<Sha256>::new_from_slice(&[1; 32]).unwrap();
        let cookie = sealed(&key, &kept);
        assert!(cookie.len() < 4_000, "{}", cookie.len());
        assert!(
            cookie
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
        );
    }
}
