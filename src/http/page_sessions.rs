//! Somebody signed in to pages: their cookie, how it begins and how it ends.

use super::answer::Answer;
use super::call::Call;
use super::cookies::Cookie;
use super::problem::Problem;
use super::recognise::Caller;
use crate::casework::accounts::{self, SignedIn};
use crate::casework::second_factor;
use crate::domain::access::{Actor, Role, User};
use crate::domain::ids::SessionId;

/// The session of somebody who signed in. Ends with the browser.
const SESSION: Cookie = Cookie {
    name: "session",
    path: "/",
};

/// Where somebody was going when they were asked to sign in, until they have.
const NEXT: Cookie = Cookie {
    name: "next",
    path: "/",
};
/// As long as it takes to sign in, by mail too.
const NEXT_SECONDS: i64 = 900;
const LONGEST_PLACE: usize = 600;

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

/// Whoever is signed in, as operations take them.
///
/// # Errors
/// When it cannot be found out.
pub async fn caller(call: &Call) -> Result<Option<Caller>, Problem> {
    let Some((user, session)) = signed_in(call).await? else {
        return Ok(None);
    };
    let id = user.id;
    let needs_codes = call.front.auth.totp_required_for.contains(&user.role);
    let must_set_up_codes = needs_codes
        && call
            .read(move |conn, _| second_factor::is_lacking(conn, id))
            .await?;
    Ok(Some(Caller {
        // Turns begin and passes end while somebody stays signed in.
        actor: Actor::User(user.at(call.now)),
        session: Some(session),
        must_set_up_codes,
    }))
}

/// A place of this site and no other: what a reader may be sent on to.
#[must_use]
pub fn own_place(place: &str) -> Option<&str> {
    let is_plain = place
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && !b"\\\"';,<>".contains(&byte));
    let is_own = place.starts_with('/') && !place.starts_with("//");
    (is_own && is_plain && place.len() <= LONGEST_PLACE).then_some(place)
}

/// Keeps where somebody was going until they have signed in, whichever way they do.
#[must_use]
pub fn keep_place(call: &Call, place: &str) -> Option<String> {
    own_place(place).map(|place| NEXT.set(call, place, Some(NEXT_SECONDS)))
}

/// Begins the session of somebody who has just signed in, under a cookie that was drawn for it, and sends
/// them on: to `place`, or where they were going. Whatever session the browser had before is ended: nobody
/// goes on in somebody else's.
///
/// # Errors
/// When the earlier one cannot be ended.
pub async fn begin(call: &Call, signed: &SignedIn, place: Option<&str>) -> Result<Answer, Problem> {
    let kept = NEXT.read(call);
    let wanted = place.or(kept.as_deref()).and_then(own_place);
    let onward = Answer::see_other(wanted.unwrap_or("/account"));
    Ok(onward
        .with_header("set-cookie", begin_here(call, signed).await?)
        .with_cookie(kept.is_some().then(|| NEXT.clear(call))))
}

/// The same for a page that is answered at once: the cookie to set.
///
/// # Errors
/// When the earlier session cannot be ended.
pub async fn begin_here(call: &Call, signed: &SignedIn) -> Result<String, Problem> {
    end_earlier(call).await?;
    Ok(SESSION.set(call, &signed.refresh_token, None))
}

/// The first page of somebody's work.
#[must_use]
pub fn first_page(role: Role) -> &'static str {
    match role {
        Role::Agent | Role::Officer | Role::TeamLeader | Role::HeadOfService | Role::Partner => {
            "/work"
        }
        Role::Councillor => "/my-enquiries",
        Role::Auditor => "/performance",
        Role::Admin => "/admin",
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_on_to_another_site() {
        for own in [
            "/",
            "/work",
            "/cases/4X7-K92-MQ3?done=note",
            "/queues?queue=a%20b#here",
        ] {
            assert_eq!(own_place(own), Some(own));
        }
        for other in [
            "",
            "work",
            "//elsewhere.example",
            "/\\elsewhere.example",
            "https://elsewhere.example",
            "/a b",
            "/a;b",
            "/\r\nset-cookie:x",
            "javascript:alert(1)",
        ] {
            assert_eq!(own_place(other), None, "{other}");
        }
        assert_eq!(own_place(&format!("/{}", "a".repeat(LONGEST_PLACE))), None);
    }
}
