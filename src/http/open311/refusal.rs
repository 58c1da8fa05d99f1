//! A refusal as Open311 has it: a list of errors, each with the status and what to do, in the form that
//! was asked for.

use super::answer;
use crate::channels::open311::Format;
use crate::channels::open311::shapes::ErrorShown;
use crate::http::{Answer, Problem};

/// Writes a problem. Clients know four statuses: 403 for keys, 404 for what is not there, 400 for what
/// cannot be meant, and those of the way here (413, 429, 503 …), which stay as they are.
#[must_use]
pub fn into_answer(problem: Problem, format: Format, request_id: &str) -> Answer {
    problem.log(request_id);
    let status = status_of(problem.status);
    let mut errors: Vec<ErrorShown> = problem
        .errors
        .iter()
        .map(|fault| ErrorShown {
            code: status,
            description: format!(
                "{}: {}",
                fault.pointer.trim_start_matches('/'),
                fault.detail
            ),
        })
        .collect();
    if errors.is_empty() {
        errors.push(ErrorShown {
            code: status,
            description: problem.detail,
        });
    }
    let answer = answer(status, format, "errors", &errors);
    problem
        .headers
        .into_iter()
        .filter(|(name, _)| *name != "www-authenticate")
        .fold(answer, |answer, (name, value)| {
            answer.with_header(name, value)
        })
}

/// The status a client is told for one of ours.
#[must_use]
pub const fn status_of(status: u16) -> u16 {
    match status {
        401 => 403,
        409 | 412 | 422 | 428 => 400,
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::casework::Fault;
    use crate::http::answer::Content;

    fn text(answer: Answer) -> String {
        let Content::Bytes(bytes) = answer.content else {
            panic!("a refusal has a body")
        };
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    #[test]
    fn every_fault_is_an_error_of_its_own() {
        let fault = |pointer: &str| Fault {
            pointer: pointer.to_owned(),
            code: "bad_format",
            detail: "Not <this>.".to_owned(),
        };
        let problem = || Problem::invalid(vec![fault("/email"), fault("/attribute[size]")]);
        let json = into_answer(problem(), Format::Json, "r");
        assert_eq!(json.status, 400);
        assert_eq!(
            text(json),
            r#"[{"code":400,"description":"email: Not <this>."},{"code":400,"description":"attribute[size]: Not <this>."}]"#
        );
        let xml = into_answer(problem(), Format::Xml, "r");
        assert_eq!(xml.header("content-type"), Some("text/xml; charset=utf-8"));
        assert!(text(xml).contains("<description>email: Not &lt;this&gt;.</description>"));
    }

    #[test]
    fn a_missing_key_is_403_and_asks_for_no_sign_in() {
        let answer = into_answer(
            Problem::unauthenticated("token_invalid", "no"),
            Format::Xml,
            "r",
        );
        assert_eq!(answer.status, 403);
        assert_eq!(answer.header("www-authenticate"), None);
    }

    #[test]
    fn who_asks_too_often_is_told_when_to_come_back() {
        let answer = into_answer(Problem::too_many(7), Format::Json, "r");
        assert_eq!(
            (answer.status, answer.header("retry-after")),
            (429, Some("7"))
        );
    }
}
