//! Somebody signed in to pages: their cookie, how it begins and how it ends.

use super::answer::Answer;
use super::call::Call;
use super::cookies::Cookie;
use super::problem::Problem;
use crate::casework::accounts::{self, SignedIn};
use crate::domain::access::{Actor, User};
use crate::domain::ids::SessionId;

/// The session of somebody who signed in. Ends with the browser.
const SESSION: Cookie = Cookie {
    name: "session",
    path: "/",
};

/// What the browser holds; empty when nothing.
#[must_use]
pub fn cookie(call: &Call) -> String {
    SESSION.read(call).unwrap_or_default()
}

/// Whoever is signed in.
///
/// # Errors
/// When it cannot be found out.
pub async fn signed_in(call: &Call) -> Result<Option<(User, SessionId)>, Problem> {
    let cookie = cookie(call);
    if cookie.is_empty() {
        return Ok(None);
    }
    call.read(move |conn, at| accounts::of_cookie(conn, at.today(), &cookie))
        .await
}

/// Begins the session of somebody who has just signed in, under a cookie that was drawn for it.
/// Whatever session the browser had before is ended: nobody goes on in somebody else's.
///
/// # Errors
/// When the earlier one cannot be ended.
pub async fn begin(call: &Call, signed: &SignedIn) -> Result<Answer, Problem> {
    end_earlier(call).await?;
    let cookie = SESSION.set(call, &signed.refresh_token, None);
    Ok(Answer::see_other("/account").with_header("set-cookie", cookie))
}

/// Ends the browser's session and takes the cookie away.
///
/// # Errors
/// When it cannot be ended.
pub async fn end(call: &Call) -> Result<Answer, Problem> {
    end_earlier(call).await?;
    Ok(Answer::see_other("/sign-in").with_header("set-cookie", SESSION.clear(call)))
}

async fn end_earlier(call: &Call) -> Result<(), Problem> {
    let Some((user, session)) = signed_in(call).await? else {
        return Ok(());
    };
    let actor = Actor::User(user);
    call.perform(move |tx, at| accounts::sign_out(tx, at, &actor, session))
        .await?;
    call.front.forget_the_recognised();
    Ok(())
}
