//! Codes of an authenticator app beside the password: setting them up for oneself.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::access::{Access, EVERYBODY};
use super::answer::Answer;
use super::auth;
use super::call::Call;
use super::fields::Line;
use super::operation::{Operation, post};
use super::problem::Problem;
use crate::casework::second_factor::{self, Judged};
use crate::casework::{Failure, Fault};

/// A secret for an authenticator app.
#[derive(Serialize, JsonSchema)]
struct NewTotp {
    /// To be typed in, in base32.
    secret: String,
    /// To be scanned as a picture.
    uri: String,
}

/// The first code an app shows.
#[derive(Clone, Deserialize, JsonSchema)]
struct Confirmation {
    code: Line<40>,
}

/// What to keep in a drawer.
#[derive(Serialize, JsonSchema)]
struct RecoveryCodes {
    /// Each opens once in place of a code. They are not shown again.
    recovery_codes: Vec<String>,
}

/// Its operations.
#[must_use]
pub fn operations() -> Vec<Operation> {
    vec![
        post("/v1/me/totp", enrol)
            .id("enrol_totp")
            .summary("Get a secret for an authenticator app")
            .description(
                "It counts once its first code is confirmed. Asked again before that, another secret takes its place.",
            )
            .tag(auth::CHAPTER)
            .access(Access::staff(EVERYBODY))
            .not_idempotent()
            .answers::<NewTotp>(201, "The secret. This is the only time it is shown.")
            .refuses(&[409]),
        post("/v1/me/totp/confirmations", confirm)
            .id("confirm_totp")
            .summary("Confirm the secret by the first code")
            .description("From then on signing in asks for a code.")
            .tag(auth::CHAPTER)
            .access(Access::staff(EVERYBODY))
            .not_idempotent()
            .body::<Confirmation>()
            .answers::<RecoveryCodes>(200, "It counts. Keep the recovery codes.")
            .refuses(&[409])
            .example_request(json!({"code": "287082"})),
    ]
}

async fn enrol(call: Call) -> Result<Answer, Problem> {
    let user = call.user()?.clone();
    let enrolment = call
        .perform(move |tx, at| second_factor::enrol(tx, at, &user))
        .await?;
    Ok(Answer::json(
        201,
        &NewTotp {
            secret: enrolment.secret,
            uri: enrolment.uri,
        },
    ))
}

async fn confirm(call: Call) -> Result<Answer, Problem> {
    let user = call.user()?.clone();
    let confirmation: Confirmation = call.json()?;
    let (judged, recovery_codes) = call
        .perform(move |tx, at| second_factor::confirm(tx, at, &user, confirmation.code.trim()))
        .await?;
    match judged {
        Judged::Right => {
            call.front.forget_the_recognised();
            Ok(Answer::ok(&RecoveryCodes { recovery_codes }))
        }
        Judged::Paused {
            retry_after_seconds,
        } => Err(Problem::too_many(u64::from(retry_after_seconds))),
        Judged::NotSetUp | Judged::Needed | Judged::Wrong => Err(Failure::Invalid(vec![Fault {
            pointer: "/code".to_owned(),
            code: "wrong_code",
            detail: "The app shows another code now. Look at its clock, and try the next one."
                .to_owned(),
        }])
        .into()),
    }
}
