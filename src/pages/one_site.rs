//! Whether a form was sent from one of our own pages.
//!
//! The cookie is `SameSite=Lax` already; this is the second lock. Browsers say where a form comes
//! from in `Sec-Fetch-Site`, older ones in `Origin`. What sends neither is no browser, and nobody can
//! make it send somebody's cookie.

use crate::http::Call;

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
