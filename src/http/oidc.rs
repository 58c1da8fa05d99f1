//! Signing in through the council's identity provider: there with a state, a nonce and a PKCE
//! challenge, and back with a code. The browser keeps a cookie that ends soon; nothing is kept here.

use schemars::JsonSchema;
use serde::Deserialize;

use super::access::Access;
use super::answer::Answer;
use super::auth::{CHAPTER, Tokens, tokens};
use super::call::Call;
use super::cookies::Cookie;
use super::fields::Line;
use super::operation::{Operation, get};
use super::problem::Problem;
use super::query::encoded;
use super::{page_sessions, recognise};
use crate::auth::access_tokens::TokenFault;
use crate::auth::id_tokens::{self, Expected, IdTokenFault, Identity};
use crate::auth::oidc_flow::{Flow, LIFE_SECONDS};
use crate::casework::accounts::{Keeps, real_now};
use crate::casework::identities::{self, Arrival, RoleThere, Welcome};
use crate::config::TENANT;
use provider::{Known, Provider};

pub mod provider;

/// Holds one way to the provider and back.
const WAY: Cookie = Cookie {
    name: "oidc",
    path: "/v1/auth/oidc",
};

/// Where somebody wants to be afterwards.
#[derive(Deserialize, JsonSchema)]
struct Start {
    /// `pages`: signed in to the pages by a cookie. Left out: tokens, as with a password.
    #[serde(default)]
    to: Option<Line<20>>,
}

/// What the provider sends back. Providers add words of their own; those we know of are passed over.
#[derive(Deserialize, JsonSchema)]
struct Return {
    #[serde(default)]
    #[schemars(length(max = 4_096))]
    code: Option<String>,
    #[serde(default)]
    state: Option<Line<200>>,
    #[serde(default)]
    error: Option<Line<200>>,
    #[serde(default, rename = "error_description")]
    _error_description: Option<Line<4_096>>,
    #[serde(default, rename = "error_uri")]
    _error_uri: Option<Line<4_096>>,
    /// Who sends it (RFC 9207).
    #[serde(default)]
    iss: Option<Line<1_024>>,
    #[serde(default, rename = "session_state")]
    _session_state: Option<Line<1_024>>,
    #[serde(default, rename = "scope")]
    _scope: Option<Line<1_024>>,
    #[serde(default, rename = "client_info")]
    _client_info: Option<Line<4_096>>,
    #[serde(default, rename = "authuser")]
    _authuser: Option<Line<100>>,
    #[serde(default, rename = "hd")]
    _hd: Option<Line<254>>,
    #[serde(default, rename = "prompt")]
    _prompt: Option<Line<100>>,
}

/// Its operations.
#[must_use]
pub fn operations() -> Vec<Operation> {
    vec![
        get("/v1/auth/oidc/start", start)
            .id("start_oidc")
            .summary("Sign in at the council's identity provider")
            .description("Open it in a browser. 404 where no provider is set (`[auth.oidc]`).")
            .tag(CHAPTER)
            .access(Access::public())
            .query::<Start>()
            .answers_nothing(302, "On to the provider.")
            .answer_header("Location", "Where to sign in.")
            .answer_header("Set-Cookie", "Kept for ten minutes, until you are back.")
            .refuses(&[404, 503]),
        get("/v1/auth/oidc/callback", come_back)
            .id("finish_oidc")
            .summary("Come back from the identity provider")
            .description(
                "The provider sends the browser here, or to `auth.oidc.redirect_url`, from where a front end passes \
                 `code` and `state` on with the cookie. Who began with `to=pages` is sent on to them instead.",
            )
            .tag(CHAPTER)
            .access(Access::public())
            .query::<Return>()
            .answers::<Tokens>(200, "Signed in.")
            .answers_nothing(303, "Signed in to the pages, or back to their sign-in.")
            .answer_header("Location", "The page.")
            .answer_header("Set-Cookie", "The session.")
            .refuses(&[401, 403, 404, 503]),
    ]
}

/// Whom somebody without an account or role asks.
#[must_use]
pub fn whom_to_ask(call: &Call) -> String {
    let ask = call.front.auth.oidc.ask.trim();
    if ask.is_empty() {
        let council = call.front.desk.council();
        let phone = &council.catalogue.council.main_phone;
        format!("an administrator, or ring {phone}")
    } else {
        ask.trim_end_matches('.').to_owned()
    }
}

async fn start(call: Call) -> Result<Answer, Problem> {
    let provider = provider_of(&call)?;
    let start: Start = call.query()?;
    let settings = &call.front.auth.oidc;
    let known = known(&call, provider, false).await?;
    let key = &call.front.keyed("oidc");
    let is_for_pages = start.to.as_deref().is_some_and(|to| to == "pages");
    let flow = Flow::begin(real_now(), is_for_pages);
    let (state, nonce, challenge) = (flow.state(key), flow.nonce(key), flow.challenge(key));
    let redirect_url = redirect_url(&call);
    let scopes = settings.scopes.join(" ");
    let parameters = [
        ("response_type", "code"),
        ("client_id", settings.client_id.as_str()),
        ("redirect_uri", redirect_url.as_str()),
        ("scope", scopes.as_str()),
        ("state", state.as_str()),
        ("nonce", nonce.as_str()),
        ("code_challenge", challenge.as_str()),
        ("code_challenge_method", "S256"),
    ];
    let query: Vec<String> = parameters
        .iter()
        .map(|(name, value)| format!("{name}={}", encoded(value)))
        .collect();
    let endpoint = &known.authorization_endpoint;
    let joint = if endpoint.contains('?') { '&' } else { '?' };
    let cookie = WAY.set(&call, &flow.sealed(key), Some(LIFE_SECONDS));
    Ok(Answer::empty(302)
        .with_header("location", format!("{endpoint}{joint}{}", query.join("&")))
        .with_header("set-cookie", cookie))
}

async fn come_back(call: Call) -> Result<Answer, Problem> {
    let provider = provider_of(&call)?;
    let back: Return = call.query()?;
    let key = &call.front.keyed("oidc");
    let flow = WAY
        .read(&call)
        .and_then(|cookie| Flow::open(key, &cookie, real_now()));
    // Whoever began on a page sees a page, whatever came of it.
    let is_for_pages = flow.is_some_and(|flow| flow.is_for_pages);
    let outcome = finish(&call, provider, back, flow).await;
    let answer = match outcome {
        Err(problem) if is_for_pages && problem.status < 500 && problem.status != 429 => {
            Answer::see_other(&format!("/sign-in?problem={}", problem.code))
        }
        outcome => outcome?,
    };
    // One way, one return.
    Ok(answer.with_header("set-cookie", WAY.clear(&call)))
}

async fn finish(
    call: &Call,
    provider: &std::sync::Arc<Provider>,
    back: Return,
    flow: Option<Flow>,
) -> Result<Answer, Problem> {
    let front = &call.front;
    let key = &front.keyed("oidc");
    let (Some(flow), Some(state)) = (flow, back.state.as_deref()) else {
        return Err(refuse(call, "no way was begun in this browser"));
    };
    if !flow.has_state(key, state) {
        return Err(refuse(call, "the state is another browser's"));
    }
    let settings = &front.auth.oidc;
    if back
        .iss
        .as_deref()
        .is_some_and(|iss| *iss != settings.issuer)
    {
        return Err(refuse(call, "it comes from another provider"));
    }
    let code = match (back.error, back.code) {
        (None, Some(code)) => code,
        _ => return Err(refuse(call, "the provider signed nobody in")),
    };
    let known = known(call, provider, false).await?;
    let redeemed = provider
        .redeem(&known, code, flow.verifier(key), redirect_url(call))
        .await;
    let token = match redeemed {
        Ok(token) => token,
        Err(why) => return Err(refuse(call, &format!("the code was not redeemed: {why:#}"))),
    };
    let nonce = flow.nonce(key);
    let expected = Expected {
        issuer: &settings.issuer,
        tenant_place: TENANT,
        client_id: &settings.client_id,
        nonce: &nonce,
        tenants: &settings.tenants,
    };
    let mut verified = id_tokens::verify(&token, &known.keys, &expected, real_now());
    if verified == Err(IdTokenFault::UnknownKey) {
        let newer = self::known(call, provider, true).await?;
        verified = id_tokens::verify(&token, &newer.keys, &expected, real_now());
    }
    match verified {
        Ok(identity) => welcome(call, flow, identity).await,
        Err(why) => Err(refuse(call, &format!("an id token: {why}"))),
    }
}

async fn welcome(call: &Call, flow: Flow, identity: Identity) -> Result<Answer, Problem> {
    let front = &call.front;
    let settings = &front.auth.oidc;
    let role = match settings.role_for(&identity.roles) {
        Some(role) => RoleThere::Is(role),
        None if settings.roles.is_empty() => RoleThere::NotAsked,
        None => RoleThere::Nothing,
    };
    let arrival = Arrival {
        role,
        issuer: identity.issuer,
        subject: identity.subject,
        name: identity.name,
        email: identity.email,
    };
    let keeps = if flow.is_for_pages {
        Keeps::Cookie
    } else {
        Keeps::Token {
            days: front.auth.refresh_days,
        }
    };
    let creates = settings.creates_accounts;
    let welcome =
        identities::sign_in(&front.desk, keeps, creates, &call.request_id, arrival).await?;
    // Their role may be another than a moment ago.
    front.forget_the_recognised();
    let (code, why) = match welcome {
        Welcome::Signed(signed) if flow.is_for_pages => {
            return page_sessions::begin(call, &signed, None).await;
        }
        Welcome::Signed(signed) => return tokens(call, *signed),
        Welcome::NoRole => ("no_role", "You have signed in, and have no role here yet."),
        Welcome::NoAccount => (
            "no_account",
            "You have signed in, and have no account here yet.",
        ),
        Welcome::AddressNotFree => (
            "address_not_free",
            "You have signed in, and somebody here has your e-mail address already, or you have none.",
        ),
        Welcome::Closed => ("account_closed", "Your account here was closed."),
    };
    let ask = whom_to_ask(call);
    Err(Problem::forbidden(code, format!("{why} Ask {ask}.")))
}

fn provider_of(call: &Call) -> Result<&std::sync::Arc<Provider>, Problem> {
    call.front.provider.as_ref().ok_or_else(Problem::not_found)
}

async fn known(
    call: &Call,
    provider: &std::sync::Arc<Provider>,
    wants_newer_keys: bool,
) -> Result<std::sync::Arc<Known>, Problem> {
    let now = call.front.desk.time.monotonic();
    provider.known(wants_newer_keys, now).await.map_err(|why| {
        tracing::warn!("The identity provider: {why:#}");
        Problem::unavailable(
            "provider_away",
            "The identity provider does not answer. Try again in a moment.",
            10,
        )
    })
}

/// The log says why; whoever came is told as little as with a wrong password.
fn refuse(call: &Call, why: &str) -> Problem {
    tracing::info!(
        request.id = call.request_id,
        "A sign-in by OpenID Connect was refused: {why}"
    );
    match recognise::refuse_guess(&call.front, &call.address, TokenFault::Invalid) {
        waits if waits.status == 429 => waits,
        _ => Problem::unauthenticated(
            "oidc_refused",
            "Signing in did not come to its end. Begin again at /v1/auth/oidc/start.",
        ),
    }
}

fn redirect_url(call: &Call) -> String {
    let set = &call.front.auth.oidc.redirect_url;
    if set.is_empty() {
        let public_url = &call.front.desk.manners.public_url;
        format!("{public_url}/v1/auth/oidc/callback")
    } else {
        set.clone()
    }
}
