//! Whether a form was sent from one of our own pages.
//!
//! The cookie is `SameSite=Lax` already; these are the second lock and the third. Browsers say where a
//! form comes from in `Sec-Fetch-Site`, older ones in `Origin`; what sends neither is no browser. And
//! each form holds a seal made for the cookie it will be sent with: nobody else can read it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;

use crate::auth::secrets;
use crate::http::cookies::Cookie;
use crate::http::{Call, Problem};

/// The field of a form that holds the seal.
const FIELD: &str = "form_token";
/// For forms that need no other cookie.
const VISITOR: Cookie = Cookie {
    name: "visitor",
    path: "/",
};

/// What a page with a form for anybody needs: the seal, and the cookie to set where there is none yet.
pub struct ForAnybody {
    pub seal: String,
    pub set_cookie: Option<String>,
}

/// The seal of a form that is sent with this cookie.
pub fn seal(call: &Call, cookie: &str) -> String {
    URL_SAFE_NO_PAD.encode(made(call, cookie).finalize().into_bytes())
}

/// The seal of a form that anybody may send.
pub fn for_anybody(call: &Call) -> ForAnybody {
    match VISITOR.read(call).filter(|kept| kept.len() == 43) {
        Some(kept) => ForAnybody {
            seal: seal(call, &kept),
            set_cookie: None,
        },
        None => {
            let drawn = URL_SAFE_NO_PAD.encode(secrets::random_bytes::<32>());
            ForAnybody {
                seal: seal(call, &drawn),
                set_cookie: Some(VISITOR.set(call, &drawn, None)),
            }
        }
    }
}

/// Takes a form that was sent with this cookie, from one of our pages.
///
/// # Errors
/// 403 for any other.
pub fn sent_form(call: &Call, cookie: &str) -> Result<Vec<(String, String)>, Problem> {
    let form = call.form()?;
    check_sealed(call, cookie, &form)?;
    Ok(form)
}

/// Holds the words of a form in parts against the same: sent with this cookie, from one of our pages.
///
/// # Errors
/// 403 for any other.
pub fn check_sealed(call: &Call, cookie: &str, form: &[(String, String)]) -> Result<(), Problem> {
    let refuse = || Problem::forbidden("other_site", "This form was not sent from our page.");
    if !is_from_here(call) {
        return Err(refuse());
    }
    let is_sealed = form
        .iter()
        .find(|(name, _)| name == FIELD)
        .and_then(|(_, seal)| URL_SAFE_NO_PAD.decode(seal).ok())
        .is_some_and(|seal| made(call, cookie).verify_slice(&seal).is_ok());
    if is_sealed { Ok(()) } else { Err(refuse()) }
}

/// Takes a form that anybody may send, from one of our pages.
///
/// # Errors
/// 403 for any other.
pub fn form_of_anybody(call: &Call) -> Result<Vec<(String, String)>, Problem> {
    sent_form(call, &visitor(call))
}

/// The cookie that forms for anybody are sent with; empty where there is none.
pub fn visitor(call: &Call) -> String {
    VISITOR.read(call).unwrap_or_default()
}

fn made(call: &Call, cookie: &str) -> Hmac<Sha256> {
    call.front.keyed("form").chain_update(cookie)
}

/// Whether the request came from a page of this site, or from no page at all.
pub fn is_from_here(call: &Call) -> bool {
    let own = [call.front.desk.manners.public_url.as_str()];
    let host = call.header("host").unwrap_or_default();
    is_own(
        call.header("sec-fetch-site"),
        call.header("origin"),
        &own,
        host,
    )
}

fn is_own(site: Option<&str>, origin: Option<&str>, own: &[&str], host: &str) -> bool {
    match (site, origin) {
        (Some(site), _) => matches!(site, "same-origin" | "none"),
        (None, None) => true,
        (None, Some(origin)) => {
            let is_public = own.iter().any(|url| origin_of(url) == origin);
            let is_host = origin
                .split_once("://")
                .is_some_and(|(_, named)| !host.is_empty() && named == host);
            is_public || is_host
        }
    }
}

/// Scheme, host and port of a web address.
fn origin_of(url: &str) -> &str {
    let after_scheme = url.find("://").map_or(0, |at| at + 3);
    let end = url
        .get(after_scheme..)
        .and_then(|rest| rest.find('/'))
        .map_or(url.len(), |at| after_scheme + at);
    url.get(..end).unwrap_or(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_on_somebody_elses_page_changes_nothing() {
        let check = |site, origin, expect| {
            let own = ["https://council.example/help"];
            assert_eq!(
                is_own(site, origin, &own, "10.0.0.5:8080"),
                expect,
                "{site:?} {origin:?}"
            );
        };
        check(Some("same-origin"), Some("null"), true);
        check(Some("cross-site"), Some("https://council.example"), false);
        check(Some("same-site"), None, false);
        check(None, Some("https://council.example"), true);
        check(None, Some("http://10.0.0.5:8080"), true);
        check(None, Some("https://council.example.evil.example"), false);
        check(None, Some("null"), false);
        check(None, None, true);
    }
}
