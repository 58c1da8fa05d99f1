//! The first administrator, by the token a first start printed.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::access::Access;
use super::answer::Answer;
use super::call::Call;
use super::fields::Line;
use super::operation::{Operation, post};
use super::problem::Problem;
use super::recognise;
use super::users::{UserAccount, hashed};
use crate::auth::access_tokens::TokenFault;
use crate::casework::first_start::{self, FirstAdministrator};
use crate::casework::members::Office;

/// Who wants to be the first.
#[derive(Clone, Deserialize, JsonSchema)]
struct NewFirstAdministrator {
    /// As it was printed: `rvb_…`.
    token: Line<200>,
    #[schemars(length(min = 1))]
    name: Line<200>,
    #[schemars(length(max = 254), email)]
    email: String,
    password: Line<256>,
}

/// Its operation.
#[must_use]
pub fn operations() -> Vec<Operation> {
    vec![
        post("/v1/auth/bootstrap", redeem)
            .id("bootstrap")
            .summary("Become the first administrator of a new installation")
            .description(
                "Where nobody has an account, `reeve serve` prints a token when it starts. It is good once and for an \
                 hour; starting again prints another. `reeve user add --role admin` does the same from the command \
                 line.",
            )
            .tag("Signing in")
            .access(Access::public())
            .not_idempotent()
            .body::<NewFirstAdministrator>()
            .answers::<UserAccount>(201, "Your account. Sign in with it.")
            .refuses(&[401])
            .example_request(json!({
                "token": "rvb_paWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaU", "name": "Abe Admin",
                "email": "abe.admin@council.example", "password": "a long pass phrase",
            })),
    ]
}

async fn redeem(call: Call) -> Result<Answer, Problem> {
    let new: NewFirstAdministrator = call.json()?;
    let front = &call.front;
    let refuse = || recognise::refuse_guess(front, &call.address, TokenFault::Invalid);
    let token = new.token.clone().into_string();
    let presented = token.clone();
    let is_good = call
        .read(move |conn, _| first_start::is_good(conn, &presented))
        .await?;
    if !is_good {
        return Err(refuse());
    }
    let password_hash = hashed(&call, Some(&new.password))
        .await?
        .ok_or_else(Problem::not_found)?;
    let made = call
        .perform(move |tx, at| {
            let first = FirstAdministrator {
                name: new.name.clone().into_string(),
                email: new.email.clone(),
                password_hash: password_hash.clone(),
            };
            first_start::redeem(tx, at, &token, first)
        })
        .await?;
    match made {
        Some(account) => Ok(Answer::created(
            &format!("/v1/users/{}", account.user.id),
            &UserAccount::of(&account, &Office::default()),
        )),
        None => Err(refuse()),
    }
}
