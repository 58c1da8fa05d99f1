//! Signing in with a password or by a mailed link, in a browser, and out again.
//!
//! The password goes the way of the API's sign-in: its throttles, its audit, its second factor. Whoever was
//! asked to sign in goes on where they were going, and gets back the form they had been filling in.
//!
//! Opening the link uses nothing up, because scanners of mail open every link: it leaves the token in a
//! cookie and goes on to a page whose address holds none. The button on that page signs in, once. The
//! cookie of the session is drawn at that moment; whatever the browser held before is ended.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::one_site::{for_anybody, form_of_anybody, seal, sent_form};
use super::signed_in::{give_back, open_kept};
use super::{Frame, apology, page};
use crate::auth::access_tokens::TokenFault;
use crate::auth::sign_in_links as tokens;
use crate::casework::accounts::{Credentials, Keeps};
use crate::casework::sign_in_links::{self, Holder};
use crate::domain::wording::Language;
use crate::http::auth::by_password;
use crate::http::cookies::Cookie;
use crate::http::operation::Answering;
use crate::http::sign_in_links::{LINK_WORDS, ask, sign_in};
use crate::http::{Access, Answer, Call, Limit, Operation, Problem, get, post};
use crate::http::{oidc, page_sessions, recognise};

/// The token of a link that was opened, until its button is pressed.
const LINK: Cookie = Cookie {
    name: "sign_in",
    path: "/sign-in",
};
/// As long as any link lives.
const LINK_SECONDS: i64 = 600;
const FORM: &str = "application/x-www-form-urlencoded";
const FORM_LIMIT: usize = 4_096;
/// A form that was kept while its writer signs in again comes along, sealed.
const KEPT_LIMIT: usize = 1_048_576;

/// The pages and their forms.
#[must_use]
pub fn operations() -> Vec<Operation> {
    let shown = |path, id, handler: fn(Call) -> Answering| {
        get(path, handler)
            .id(id)
            .summary("A page of signing in")
            .tag("Pages")
            .access(Access::public())
            .answers_raw(200, "text/html", "The page.")
            .hidden()
    };
    let form = |path, id, handler: fn(Call) -> Answering| {
        post(path, handler)
            .id(id)
            .summary("A form of signing in")
            .tag("Pages")
            .access(Access::public())
            .raw_body(FORM, Limit::Bytes(FORM_LIMIT))
            .answers_nothing(303, "On to the next page.")
            .not_idempotent()
            .hidden()
    };
    vec![
        shown("/sign-in", "show_sign_in", |call| Box::pin(show(call))).query::<Shown>(),
        shown("/sign-in/{token}", "open_sign_in_link", |call| {
            Box::pin(open(call))
        }),
        form("/sign-in/links", "post_sign_in_link", |call| {
            Box::pin(send_link(call))
        }),
        form("/sign-in", "post_sign_in", |call| Box::pin(press(call))),
        post("/sign-in/password", with_password)
            .id("post_password")
            .summary("A form of signing in")
            .tag("Pages")
            .access(Access::public())
            .raw_body(FORM, Limit::Bytes(KEPT_LIMIT))
            .answers_nothing(303, "On to the next page.")
            .not_idempotent()
            .hidden(),
        form("/account/sign-out", "post_sign_out", |call| {
            Box::pin(sign_out(call))
        }),
    ]
}

/// What was wrong just before, and where they were going.
#[derive(Debug, Deserialize, JsonSchema)]
struct Shown {
    #[serde(default)]
    #[schemars(length(max = 20))]
    problem: Option<String>,
    #[serde(default)]
    #[schemars(length(max = 2000))]
    next: Option<String>,
}

/// What the sign-in page says beside its form.
#[derive(Default)]
struct Asking<'a> {
    mistake: Option<&'a str>,
    email: &'a str,
    /// Where they were going.
    next: Option<&'a str>,
    /// The form they had been filling in, sealed.
    kept: &'a str,
}

async fn show(call: Call) -> Result<Answer, Problem> {
    let shown: Shown = call.query()?;
    let Some(token) = LINK.read(&call).filter(|token| !token.is_empty()) else {
        let mistake = shown
            .problem
            .as_deref()
            .and_then(|code| explain(&call, code));
        let asked = Asking {
            mistake: mistake.as_deref(),
            next: shown.next.as_deref(),
            ..Asking::default()
        };
        return asking(&call, 200, &asked);
    };
    match holder(&call, &token).await? {
        Some(holder) => Ok(offering(&call, 200, &token, &holder, None)),
        None => Ok(over(&call)),
    }
}

/// By GET, by HEAD, by a scanner, as often as they like: nothing is looked up and nothing used.
async fn open(call: Call) -> Result<Answer, Problem> {
    let token = call.path("token").to_owned();
    if tokens::fingerprint(&token).is_none() {
        return Ok(over(&call));
    }
    let cookie = LINK.set(&call, &token, Some(LINK_SECONDS));
    Ok(Answer::see_other("/sign-in").with_header("set-cookie", cookie))
}

async fn send_link(call: Call) -> Result<Answer, Problem> {
    let form = match form_of_anybody(&call) {
        Ok(form) => form,
        Err(problem) => return Ok(apologise(&call, problem)),
    };
    let email = field(&form, "email");
    if crate::domain::person::email_address(email).is_none() {
        let mistake = "Give the whole e-mail address, such as name@council.example.";
        let asked = Asking {
            mistake: Some(mistake),
            email,
            ..Asking::default()
        };
        return asking(&call, 422, &asked);
    }
    if let Err(problem) = ask(&call, email, Language::English).await {
        return Ok(apologise(&call, problem));
    }
    let frame = frame(&call, "Look into your mail");
    page(
        200,
        "sign_in_sent.html",
        &frame,
        json!({"words": LINK_WORDS}),
    )
}

/// Asks somebody to sign in again whose session was over when their form came; `kept` is the form, sealed.
///
/// # Errors
/// When the page cannot be written.
pub fn ask_again(call: &Call, kept: &str) -> Result<Answer, Problem> {
    let mistake =
        "You were signed out before this arrived. Sign in again: every word you wrote is kept.";
    let asked = Asking {
        mistake: Some(mistake),
        kept,
        ..Asking::default()
    };
    asking(call, 401, &asked)
}

async fn with_password(call: Call) -> Result<Answer, Problem> {
    let form = match form_of_anybody(&call) {
        Ok(form) => form,
        Err(problem) => return Ok(apologise(&call, problem)),
    };
    let (email, kept) = (field(&form, "email"), field(&form, "kept"));
    let code = Some(field(&form, "code").trim()).filter(|code| !code.is_empty());
    let given = Credentials {
        email,
        password: field(&form, "password"),
        totp: code,
    };
    let next = Some(field(&form, "next")).filter(|next| !next.is_empty());
    let signed = match by_password(&call, Keeps::Cookie, given).await {
        Ok(signed) => signed,
        // A form that was kept must not be lost to a throttle or a busy moment either.
        Err(problem) if matches!(problem.status, 401 | 429 | 503) => {
            let mistake = match (problem.status, problem.code) {
                (401, "totp_required") => {
                    "Give the code your authenticator app shows now, and your password once more."
                }
                (401, _) => {
                    "Address, password and code do not belong together. Check them and try again."
                }
                (429, _) => "There were too many tries. Wait a minute, then try again.",
                _ => "We are too busy at the moment. Try again in a minute.",
            };
            let asked = Asking {
                mistake: Some(mistake),
                email,
                next,
                kept,
            };
            let shown = asking(&call, problem.status, &asked)?;
            let wait = problem
                .headers
                .iter()
                .find(|(name, _)| *name == "retry-after");
            return Ok(match wait {
                Some((name, seconds)) => shown.with_header(name, seconds.clone()),
                None => shown,
            });
        }
        Err(problem) => return Ok(apologise(&call, problem)),
    };
    if let Some(kept) = open_kept(&call, kept, &signed.user) {
        let cookie = page_sessions::begin_here(&call, &signed).await?;
        let page = give_back(&call, &signed.user, &signed.refresh_token, &kept)?;
        return Ok(page.with_header("set-cookie", cookie));
    }
    let next = next.unwrap_or_else(|| page_sessions::first_page(signed.user.role));
    page_sessions::begin(&call, &signed, Some(next)).await
}

async fn press(call: Call) -> Result<Answer, Problem> {
    let token = LINK.read(&call).unwrap_or_default();
    let form = match sent_form(&call, &token) {
        Ok(form) => form,
        Err(problem) => return Ok(apologise(&call, problem)),
    };
    let code = Some(field(&form, "code").trim()).filter(|code| !code.is_empty());
    match sign_in(&call, Keeps::Cookie, &token, code).await {
        Ok(signed) => {
            let begun = page_sessions::begin(&call, &signed, None).await?;
            Ok(begun.with_header("set-cookie", LINK.clear(&call)))
        }
        Err(problem) if problem.status == 401 => match holder(&call, &token).await? {
            Some(holder) => {
                let mistake = "That code is not right. Give the one your app shows now.";
                Ok(offering(&call, 401, &token, &holder, Some(mistake)))
            }
            None => Ok(over(&call)),
        },
        Err(problem) => Ok(apologise(&call, problem)),
    }
}

async fn sign_out(call: Call) -> Result<Answer, Problem> {
    match sent_form(&call, &page_sessions::cookie(&call)) {
        Ok(_) => page_sessions::end(&call).await,
        Err(problem) => Ok(apologise(&call, problem)),
    }
}

/// What was wrong, by the code the reader was sent here with.
fn explain(call: &Call, code: &str) -> Option<String> {
    let ask = || format!("Ask {}.", oidc::whom_to_ask(call));
    Some(match code {
        "link" => "This link does not work any more. Links work once, for a few minutes. Ask for \
                   another."
            .to_owned(),
        "oidc_refused" | "provider_away" => {
            "Signing in with your council account did not work. Please try again.".to_owned()
        }
        "no_role" => format!("You have signed in, and have no role here yet. {}", ask()),
        "no_account" | "address_not_free" => {
            format!(
                "You have signed in, and have no account here yet. {}",
                ask()
            )
        }
        "account_closed" => format!("Your account here was closed. {}", ask()),
        _ => return None,
    })
}

async fn holder(call: &Call, token: &str) -> Result<Option<Holder>, Problem> {
    let (roles, token) = (call.front.auth.sign_in_link_for.clone(), token.to_owned());
    call.read(move |conn, at| sign_in_links::holder(conn, at.today(), &roles, &token))
        .await
}

/// A link that is used up, over or made up: a guess, and a page that helps on.
fn over(call: &Call) -> Answer {
    let guess = recognise::refuse_guess(&call.front, &call.address, TokenFault::Invalid);
    let answer = if guess.status == 429 {
        apologise(call, guess)
    } else {
        Answer::see_other("/sign-in?problem=link")
    };
    answer.with_header("set-cookie", LINK.clear(call))
}

fn offering(
    call: &Call,
    status: u16,
    token: &str,
    holder: &Holder,
    mistake: Option<&str>,
) -> Answer {
    let said = json!({
        "name": holder.user.name, "email": holder.user.email, "needs_code": holder.needs_code,
        "form_token": seal(call, token), "mistake": mistake,
    });
    page(status, "sign_in_link.html", &frame(call, "Sign in"), said)
        .unwrap_or_else(|problem| apologise(call, problem))
}

fn asking(call: &Call, status: u16, asked: &Asking<'_>) -> Result<Answer, Problem> {
    let form = for_anybody(call);
    let next = asked.next.and_then(page_sessions::own_place);
    let said = json!({
        "mistake": asked.mistake, "email": asked.email, "next": next, "kept": asked.kept,
        "form_token": form.seal,
        "offers_link": !call.front.auth.sign_in_link_for.is_empty() && asked.kept.is_empty(),
        "offers_provider": call.front.auth.oidc.is_on() && asked.kept.is_empty(),
    });
    let shown = page(status, "sign_in.html", &frame(call, "Sign in"), said)?;
    let going = next.and_then(|next| page_sessions::keep_place(call, next));
    Ok(shown.with_cookie(form.set_cookie).with_cookie(going))
}

fn field<'a>(form: &'a [(String, String)], name: &str) -> &'a str {
    form.iter()
        .find(|(own, _)| own == name)
        .map_or("", |(_, value)| value.as_str())
}

fn apologise(call: &Call, problem: Problem) -> Answer {
    let frame = frame(call, "Sorry, this did not work");
    apology(call.route, &call.request_id, &frame, problem)
}

fn frame(call: &Call, title: &str) -> Frame {
    Frame::of(&call.front.desk, call.front.is_demo, title)
}
