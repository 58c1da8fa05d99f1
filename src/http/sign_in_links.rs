//! Signing in by a link in a mail.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::access::Access;
use super::answer::Answer;
use super::auth::{CHAPTER, Tokens, tokens};
use super::call::Call;
use super::fields::Line;
use super::operation::{Operation, post};
use super::problem::Problem;
use super::recognise;
use crate::auth::access_tokens::TokenFault;
use crate::casework::accounts::{Keeps, SignIn, SignedIn};
use crate::casework::sign_in_links::{self, Offer};
use crate::domain::wording::Language;

/// Who wants a link.
#[derive(Deserialize, JsonSchema)]
struct NewSignInLink {
    #[schemars(length(max = 254), email)]
    email: String,
    /// What the mail is written in; left out, English.
    #[serde(default)]
    language: Option<Language>,
}

/// Whether or not anybody has the address.
#[derive(Serialize, JsonSchema)]
struct SignInLinkAnswer {
    what_happens_next: Vec<String>,
}

/// A link that came by mail.
#[derive(Deserialize, JsonSchema)]
struct Redemption {
    /// The end of its address: `rvs_…`.
    sign_in_link: Line<200>,
    /// Where codes are set up: the one their app shows now, or a recovery code.
    #[serde(default)]
    totp: Option<Line<40>>,
}

/// What whoever asked is told, whoever they are.
pub const LINK_WORDS: &str = "If this address may sign in by a link, we have sent one to it. It works once, for a few minutes.";

/// Its operations.
#[must_use]
pub fn operations() -> Vec<Operation> {
    vec![
        post("/v1/auth/sign-in-links", send)
            .id("send_sign_in_link")
            .summary("Have a link to sign in by sent to an e-mail address")
            .description(
                "Answered the same, and as fast, whether or not anybody has the address. `auth.sign_in_link_for` says \
                 which roles may; councillors, unless it is changed.",
            )
            .tag(CHAPTER)
            .access(Access::public())
            .not_idempotent()
            .body::<NewSignInLink>()
            .answers::<SignInLinkAnswer>(202, "If somebody may, a mail is on its way.")
            .example_request(json!({"email": "cllr.anwen.prothero@council.example"}))
            .example_response(json!({"what_happens_next": [LINK_WORDS]})),
        post("/v1/auth/sign-in-links/redemptions", redeem)
            .id("redeem_sign_in_link")
            .summary("Sign in by a link that came by mail")
            .description(
                "The link's own page does the same with a button: opening it uses nothing up, since mail scanners open \
                 every link. Here a front end of your own sends what stands at the end of the address.",
            )
            .tag(CHAPTER)
            .access(Access::public())
            .not_idempotent()
            .body::<Redemption>()
            .answers::<Tokens>(200, "Signed in. The link is used up.")
            .refuses(&[401])
            .example_request(json!({"sign_in_link": "rvs_paWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaU"})),
    ]
}

/// Puts a link on its way, as often as an address and an account may.
///
/// # Errors
/// 429 when they may not, now.
pub async fn ask(call: &Call, email: &str, language: Language) -> Result<(), Problem> {
    let front = &call.front;
    let now = front.desk.time.monotonic();
    let budgets = &front.budgets;
    let too_many = |seconds| Err(Problem::too_many(seconds));
    if let Err(exhausted) = budgets.sign_in_links.spend(&call.address, now) {
        return too_many(exhausted.retry_after_seconds);
    }
    // Whether or not there is such an account: the answer must not tell.
    let account = email.trim().to_lowercase();
    let key = front.familiar.budget_key(&account, &call.address);
    if let Err(exhausted) = budgets.sign_in_links_of_account.spend(&key, now) {
        budgets.sign_in_links.give_back(&call.address);
        return too_many(exhausted.retry_after_seconds);
    }
    let auth = &front.auth;
    let page = match auth.sign_in_link_page.as_str() {
        "" => format!("{}/sign-in/", front.desk.manners.public_url),
        page => page.to_owned(),
    };
    let offer = Offer {
        roles: auth.sign_in_link_for.clone(),
        minutes: auth.sign_in_link_minutes,
        page,
    };
    Ok(sign_in_links::ask(&front.desk, &offer, email, language).await?)
}

/// Signs in by a link.
///
/// # Errors
/// 401 when the link is not good or a code is needed, 429 when the address has guessed too often.
pub async fn sign_in(
    call: &Call,
    keeps: Keeps,
    presented: &str,
    code: Option<&str>,
) -> Result<SignedIn, Problem> {
    let front = &call.front;
    let roles = &front.auth.sign_in_link_for;
    let given = (presented, code);
    match sign_in_links::redeem(&front.desk, roles, keeps, &call.request_id, given).await? {
        SignIn::Signed(signed) => {
            let account = &signed.user.email;
            front.familiar.note(account, &call.address);
            Ok(*signed)
        }
        SignIn::CodeNeeded => Err(Problem::unauthenticated(
            "totp_required",
            "Send the code of your authenticator app as `totp`, or a recovery code.",
        )),
        SignIn::Paused {
            retry_after_seconds,
        } => Err(Problem::too_many(u64::from(retry_after_seconds))),
        SignIn::Refused => Err(recognise::refuse_guess(
            front,
            &call.address,
            TokenFault::Invalid,
        )),
    }
}

async fn send(call: Call) -> Result<Answer, Problem> {
    let new: NewSignInLink = call.json()?;
    ask(&call, &new.email, new.language.unwrap_or(Language::English)).await?;
    Ok(Answer::json(
        202,
        &SignInLinkAnswer {
            what_happens_next: vec![LINK_WORDS.to_owned()],
        },
    ))
}

async fn redeem(call: Call) -> Result<Answer, Problem> {
    let given: Redemption = call.json()?;
    let keeps = Keeps::Token {
        days: call.front.auth.refresh_days,
    };
    let code = given.totp.as_deref();
    let signed = sign_in(&call, keeps, &given.sign_in_link, code).await?;
    tokens(&call, signed)
}
