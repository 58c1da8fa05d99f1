//! Signing in, staying signed in, signing out, and who am I.
//!
//! A sign-in that fails says the same whatever was wrong, takes the same time, and costs from its
//! address's budget.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::access::{Access, EVERYBODY};
use super::answer::Answer;
use super::call::Call;
use super::cases::COUNCIL;
use super::dto::standing::{Absence, NewAbsence, TurnGiven};
use super::fields::{Id, Line, even_null};
use super::operation::{Operation, delete, get, patch, post};
use super::problem::Problem;
use super::recognise;
use crate::auth::access_tokens::{self, TokenFault};
use crate::auth::budgets::Exhausted;
use crate::casework::accounts::{self, Keeps, SignIn, SignedIn};
use crate::casework::{rota, second_factor};
use crate::domain::access::{Role, User};

/// The chapter of the contract that is open to whoever has yet to set up codes.
pub const CHAPTER: &str = "Signing in";

/// Who wants to sign in.
#[derive(Deserialize, JsonSchema)]
struct Credentials {
    email: Line<254>,
    password: Line<1024>,
    /// Where codes are set up: the one their app shows now, or a recovery code.
    #[serde(default)]
    totp: Option<Line<40>>,
}

/// A refresh token, good for one use.
#[derive(Deserialize, JsonSchema)]
struct RefreshRequest {
    refresh_token: Line<200>,
}

/// What a sign-in gives.
#[derive(Serialize, JsonSchema)]
pub(super) struct Tokens {
    /// For `Authorization: Bearer`.
    access_token: String,
    /// `Bearer`.
    token_type: &'static str,
    /// Seconds until the access token is over.
    expires_in: i64,
    /// Exchange it at `/v1/auth/refreshes`; each is good for one use.
    refresh_token: String,
}

/// Whoever is signed in.
#[derive(Serialize, JsonSchema)]
struct Me {
    id: Id,
    name: String,
    email: String,
    role: Role,
    /// Slugs; `*` is every queue but those of restricted cases.
    queues: Vec<String>,
    services: Vec<String>,
    restricted_teams: Vec<String>,
    /// The post they hold.
    post: Option<String>,
    /// Turns at queues that are not yours otherwise; while one runs, its queue is among `queues`.
    rota: Vec<TurnGiven>,
    away: Option<Absence>,
    /// Signing in asks for a code of their authenticator app.
    totp: bool,
}

/// What somebody says of themselves. What is left out stays.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct MyChanges {
    /// The days on which you are away; `null`: you are not.
    #[serde(default, deserialize_with = "even_null")]
    away: Option<Option<NewAbsence>>,
}

/// Its operations.
#[must_use]
pub fn operations() -> Vec<Operation> {
    vec![
        post("/v1/auth/tokens", sign_in)
            .id("sign_in")
            .summary("Sign in with e-mail address and password")
            .tag("Signing in")
            .access(Access::public())
            .not_idempotent()
            .body::<Credentials>()
            .answers::<Tokens>(200, "Signed in.")
            .refuses(&[401])
            .example_request(json!({"email": "sam.officer@council.example", "password": "a long pass phrase"})),
        post("/v1/auth/refreshes", refresh)
            .id("refresh_tokens")
            .summary("Exchange a refresh token for new tokens")
            .description("A refresh token that was used before ends every session grown from the same sign-in.")
            .tag("Signing in")
            .access(Access::public())
            .not_idempotent()
            .body::<RefreshRequest>()
            .answers::<Tokens>(200, "Signed in for longer.")
            .refuses(&[401]),
        delete("/v1/auth/sessions/current", sign_out)
            .id("sign_out")
            .summary("Sign out")
            .tag("Signing in")
            .access(Access::staff(EVERYBODY))
            .answers_nothing(204, "Signed out: neither token opens anything."),
        get("/v1/me", me)
            .id("get_me")
            .summary("Who am I?")
            .tag("Signing in")
            .access(Access::staff(EVERYBODY))
            .answers::<Me>(200, "You, and what you may work."),
        patch("/v1/me", change_me)
            .id("change_me")
            .summary("Say when you are away")
            .description(
                "On those days what would be mailed to you about your cases goes to your deputy, as far as they may \
                 read the case, else to your team leader; and your team may take your cases.",
            )
            .tag("Signing in")
            .access(Access::staff(COUNCIL))
            .body::<MyChanges>()
            .answers::<Me>(200, "You, and what you may work.")
            .example_request(json!({
                "away": {"from_on": "2026-12-21", "until_on": "2027-01-04", "deputy": "sam.officer@council.example"},
            })),
    ]
}

/// Signs in by address and password, as often as an address and an account may try.
///
/// # Errors
/// 401 when something was wrong or a code is needed, 429 when it was wrong too often.
pub async fn by_password(
    call: &Call,
    keeps: Keeps,
    given: accounts::Credentials<'_>,
) -> Result<SignedIn, Problem> {
    let front = &call.front;
    let budget = &front.budgets.failed_sign_ins;
    // Spent before the check and given back after it: many guesses at once must not all be checked
    // before the first is counted.
    let now = front.desk.time.monotonic();
    let too_many = |exhausted: Exhausted| Problem::too_many(exhausted.retry_after_seconds);
    budget.spend(&call.address, now).map_err(too_many)?;
    // Whether or not there is such an account: the answer must not tell.
    let account = given.email.trim().to_lowercase();
    let account_budget = &front.budgets.failed_sign_ins_of_account;
    let account_key = front.familiar.budget_key(&account, &call.address);
    if let Err(exhausted) = account_budget.spend(&account_key, now) {
        budget.give_back(&call.address);
        return Err(too_many(exhausted));
    }
    let give_back = || {
        budget.give_back(&call.address);
        account_budget.give_back(&account_key);
    };
    let signed =
        accounts::sign_in(&front.desk, &front.hasher, keeps, &call.request_id, given).await;
    match signed {
        Ok(SignIn::Signed(signed)) => {
            give_back();
            front.familiar.note(&account, &call.address);
            Ok(*signed)
        }
        Ok(SignIn::CodeNeeded) => {
            give_back();
            Err(Problem::unauthenticated(
                "totp_required",
                "Send the code of your authenticator app as `totp`, or a recovery code.",
            ))
        }
        Ok(SignIn::Paused {
            retry_after_seconds,
        }) => Err(Problem::too_many(u64::from(retry_after_seconds))),
        Ok(SignIn::Refused) => Err(Problem::unauthenticated(
            "bad_credentials",
            "Address, password and code do not belong together.",
        )),
        // Nothing was learnt by it, so it was no guess.
        Err(failure) => {
            give_back();
            Err(failure.into())
        }
    }
}

async fn sign_in(call: Call) -> Result<Answer, Problem> {
    let credentials: Credentials = call.json()?;
    let keeps = Keeps::Token {
        days: call.front.auth.refresh_days,
    };
    let given = accounts::Credentials {
        email: &credentials.email,
        password: &credentials.password,
        totp: credentials.totp.as_deref(),
    };
    let signed = by_password(&call, keeps, given).await?;
    tokens(&call, signed)
}

async fn refresh(call: Call) -> Result<Answer, Problem> {
    let request: RefreshRequest = call.json()?;
    let front = &call.front;
    match accounts::refresh(&front.desk, front.auth.refresh_days, &request.refresh_token).await? {
        Some(signed) => tokens(&call, signed),
        None => {
            // A reused token has just ended its family.
            front.forget_the_recognised();
            Err(recognise::refuse_guess(
                front,
                &call.address,
                TokenFault::Invalid,
            ))
        }
    }
}

async fn sign_out(call: Call) -> Result<Answer, Problem> {
    let (actor, session) = (call.actor.clone(), call.session);
    call.perform(move |tx, at| match session {
        Some(session) => accounts::sign_out(tx, at, &actor, session),
        None => Ok(()),
    })
    .await?;
    call.front.forget_the_recognised();
    Ok(Answer::no_content())
}

async fn me(call: Call) -> Result<Answer, Problem> {
    let user = call.user()?;
    show(&call, user).await
}

async fn change_me(call: Call) -> Result<Answer, Problem> {
    let id = call.user()?.id;
    let changes: MyChanges = call.json()?;
    let actor = call.actor.clone();
    let Some(away) = changes.away else {
        return me(call).await;
    };
    let away = away.map(|absence| absence.read()).transpose()?;
    let account = call
        .perform(move |tx, at| {
            let account = accounts::account(tx, id)?;
            rota::set_away(tx, at, &actor, account, away.as_ref())
        })
        .await?;
    call.front.forget_the_recognised();
    show(&call, &account.user.at(call.now)).await
}

async fn show(call: &Call, user: &User) -> Result<Answer, Problem> {
    let id = user.id;
    let totp = call
        .read(move |conn, _| second_factor::is_set_up(conn, id))
        .await?;
    Ok(Answer::ok(&Me {
        id: user.id.0.into(),
        name: user.name.clone(),
        email: user.email.clone(),
        role: user.role,
        queues: user.queues.clone(),
        services: user.services.clone(),
        restricted_teams: user.teams.clone(),
        post: user.post.clone(),
        rota: user.standing.rota.iter().map(TurnGiven::from).collect(),
        away: user.standing.away.map(Absence::from),
        totp,
    }))
}

pub(super) fn tokens(call: &Call, signed: SignedIn) -> Result<Answer, Problem> {
    let front = &call.front;
    let life = (i64::from(front.auth.access_minutes) * 60).min(access_tokens::LONGEST_LIFE_SECONDS);
    let access_token = access_tokens::issue(
        &front.access_key,
        signed.user.id,
        signed.session,
        accounts::real_now(),
        life,
    )
    .map_err(Problem::fault)?;
    Ok(Answer::ok(&Tokens {
        access_token,
        token_type: "Bearer",
        expires_in: life,
        refresh_token: signed.refresh_token,
    }))
}
