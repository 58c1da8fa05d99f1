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
use super::fields::{Id, Line};
use super::operation::{Operation, delete, get, post};
use super::problem::Problem;
use super::recognise;
use crate::auth::access_tokens::{self, TokenFault};
use crate::auth::budgets::Exhausted;
use crate::casework::accounts::{self, SignedIn};
use crate::domain::access::Role;

/// Who wants to sign in.
#[derive(Deserialize, JsonSchema)]
struct Credentials {
    email: Line<254>,
    password: Line<1024>,
}

/// A refresh token, good for one use.
#[derive(Deserialize, JsonSchema)]
struct RefreshRequest {
    refresh_token: Line<200>,
}

/// What a sign-in gives.
#[derive(Serialize, JsonSchema)]
struct Tokens {
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
    ]
}

async fn sign_in(call: Call) -> Result<Answer, Problem> {
    let credentials: Credentials = call.json()?;
    let front = &call.front;
    let budget = &front.budgets.failed_sign_ins;
    // Spent before the check and given back after it: many guesses at once must not all be checked
    // before the first is counted.
    budget
        .spend(&call.address, front.desk.time.monotonic())
        .map_err(
            |Exhausted {
                 retry_after_seconds,
             }| Problem::too_many(retry_after_seconds),
        )?;
    let signed = accounts::sign_in(
        &front.desk,
        &front.hasher,
        front.auth.refresh_days,
        &call.request_id,
        (&credentials.email, &credentials.password),
    )
    .await;
    match signed {
        Ok(Some(signed)) => {
            budget.give_back(&call.address);
            tokens(&call, signed)
        }
        Ok(None) => Err(Problem::unauthenticated(
            "bad_credentials",
            "Address and password do not belong together.",
        )),
        // Nothing was learnt by it, so it was no guess.
        Err(failure) => {
            budget.give_back(&call.address);
            Err(failure.into())
        }
    }
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
    Ok(Answer::ok(&Me {
        id: user.id.0.into(),
        name: user.name.clone(),
        email: user.email.clone(),
        role: user.role,
        queues: user.queues.clone(),
        services: user.services.clone(),
        restricted_teams: user.teams.clone(),
        post: user.post.clone(),
    }))
}

fn tokens(call: &Call, signed: SignedIn) -> Result<Answer, Problem> {
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
