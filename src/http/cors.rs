//! Which web sites' pages may call us from a browser: those in `http.allowed_origins`, else none.

use actix_web::http::header::HeaderMap;

use super::answer::Answer;
use crate::config::Http;

const HEADERS: &str = "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Last-Event-ID, Reeve-Acting-User, X-Request-Id";
const EXPOSED: &str = "ETag, Idempotency-Replayed, Link, Location, RateLimit, RateLimit-Policy, Retry-After, X-Request-Id";

/// Answers OPTIONS.
pub fn preflight(settings: &Http, headers: &HeaderMap, allow: &str) -> Answer {
    let answer = Answer::no_content().with_header("allow", allow);
    if allowed(settings, headers).is_none() {
        return answer;
    }
    answer
        .with_header("access-control-allow-methods", allow)
        .with_header("access-control-allow-headers", HEADERS)
        .with_header("access-control-max-age", "3600")
}

/// Tells the browser of an allowed site that it may read the answer.
pub fn mark(settings: &Http, headers: &HeaderMap, answer: &mut Answer) {
    if settings.allowed_origins.is_empty() {
        return;
    }
    answer
        .headers
        .push(("vary".to_owned(), "Origin".to_owned()));
    if let Some(origin) = allowed(settings, headers) {
        answer
            .headers
            .push(("access-control-allow-origin".to_owned(), origin.to_owned()));
        answer.headers.push((
            "access-control-expose-headers".to_owned(),
            EXPOSED.to_owned(),
        ));
    }
}

fn allowed<'s>(settings: &'s Http, headers: &HeaderMap) -> Option<&'s str> {
    let origin = headers.get("origin")?.to_str().ok()?;
    settings
        .allowed_origins
        .iter()
        .map(String::as_str)
        .find(|allowed| *allowed == origin)
}
