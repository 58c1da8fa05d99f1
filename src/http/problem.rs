//! What went wrong, as RFC 9457 tells it. The one place where a refusal becomes a status.
//!
//! `code` is stable and meant for programs; `detail` is for the people who write them. A fault of
//! ours is logged with its cause and the request id, and answered without the cause.

use serde::Serialize;
use tracing::error;

use super::answer::Answer;
use crate::casework::{Failure, Fault, StoreError};
use crate::domain::clock::Refusal as ClockRefusal;
use crate::domain::lifecycle::Refusal;

/// One refusal.
#[derive(Debug)]
pub struct Problem {
    pub status: u16,
    pub code: &'static str,
    pub detail: String,
    pub errors: Vec<Fault>,
    /// Names in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// For the log only.
    pub cause: Option<anyhow::Error>,
}

/// The document a problem becomes.
#[derive(Debug, Serialize, schemars::JsonSchema)]
#[schemars(rename = "Problem")]
pub struct ProblemDocument {
    /// Where this code is explained: `/docs/problems/<code>`.
    pub r#type: String,
    /// The status in words.
    pub title: String,
    pub status: u16,
    /// What happened this time and what to do about it.
    pub detail: String,
    /// The path that was asked for.
    pub instance: String,
    /// Stable; for programs to decide by.
    pub code: String,
    /// Name this when you ask us about it.
    pub request_id: String,
    /// One entry for each thing wrong with what was sent.
    pub errors: Vec<ProblemError>,
}

/// One thing wrong with what was sent.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct ProblemError {
    /// RFC 6901 pointer into the document; of a query, `/` and the parameter.
    pub pointer: String,
    /// Stable; for programs to decide by.
    pub code: String,
    /// What is wrong, in words.
    pub detail: String,
}

impl Problem {
    /// A problem without anything special.
    #[must_use]
    pub fn new(status: u16, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            status,
            code,
            detail: detail.into(),
            errors: Vec::new(),
            headers: Vec::new(),
            cause: None,
        }
    }

    /// 400: what was sent cannot be read.
    #[must_use]
    pub fn unreadable(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(400, code, detail)
    }

    /// 401, with how to sign in.
    #[must_use]
    pub fn unauthenticated(code: &'static str, detail: impl Into<String>) -> Self {
        let challenge = match code {
            "token_invalid" | "token_expired" => "Bearer error=\"invalid_token\"",
            _ => "Bearer",
        };
        Self::new(401, code, detail).with_header("www-authenticate", challenge)
    }

    /// 403: may see, may not do.
    #[must_use]
    pub fn forbidden(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(403, code, detail)
    }

    /// 404, the same whether it is absent or not theirs to know.
    #[must_use]
    pub fn not_found() -> Self {
        Failure::Missing.into()
    }

    /// 409.
    #[must_use]
    pub fn conflict(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(409, code, detail)
    }

    /// 422, one entry for each fault.
    #[must_use]
    pub fn invalid(faults: Vec<Fault>) -> Self {
        Failure::Invalid(faults).into()
    }

    /// 428.
    #[must_use]
    pub fn if_match_needed() -> Self {
        Self::new(
            428,
            "if_match_required",
            "Send `If-Match` with the `ETag` you read, so that nobody's change is overwritten unseen.",
        )
    }

    /// 429, true to the second.
    #[must_use]
    pub fn too_many(retry_after_seconds: u64) -> Self {
        Self::new(
            429,
            "too_many_requests",
            format!("Too many. Try again in {retry_after_seconds} seconds."),
        )
        .with_header("retry-after", retry_after_seconds.to_string())
    }

    /// 503, with when to try again.
    #[must_use]
    pub fn unavailable(
        code: &'static str,
        detail: impl Into<String>,
        retry_after_seconds: u32,
    ) -> Self {
        Self::new(503, code, detail).with_header("retry-after", retry_after_seconds.to_string())
    }

    /// 500. The cause goes to the log.
    #[must_use]
    pub fn fault(cause: impl Into<anyhow::Error>) -> Self {
        let detail = "Something went wrong on our side. It has been logged under the request id.";
        Self {
            cause: Some(cause.into()),
            ..Self::new(500, "internal_fault", detail)
        }
    }

    /// Names one thing wrong.
    #[must_use]
    pub fn at(
        mut self,
        pointer: impl Into<String>,
        code: &'static str,
        detail: impl Into<String>,
    ) -> Self {
        self.errors.push(Fault {
            pointer: pointer.into(),
            code,
            detail: detail.into(),
        });
        self
    }

    /// Adds a header.
    #[must_use]
    pub fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Logs a fault of ours. Called once, where the answer is written.
    pub fn log(&self, request_id: &str) {
        if let Some(cause) = &self.cause {
            error!(
                request.id = request_id,
                problem.code = self.code,
                "Request {request_id} failed: {cause:#}"
            );
        }
    }

    /// The answer to one request. A fault of ours is logged here, once.
    #[must_use]
    pub fn into_answer(self, instance: &str, request_id: &str) -> Answer {
        self.log(request_id);
        let document = ProblemDocument {
            r#type: format!("/docs/problems/{}", self.code),
            title: title(self.status).to_owned(),
            status: self.status,
            detail: self.detail,
            instance: instance.to_owned(),
            code: self.code.to_owned(),
            request_id: request_id.to_owned(),
            errors: self
                .errors
                .into_iter()
                .map(|fault| ProblemError {
                    pointer: fault.pointer,
                    code: fault.code.to_owned(),
                    detail: fault.detail,
                })
                .collect(),
        };
        let mut answer = Answer::json(self.status, &document);
        answer.headers = vec![(
            "content-type".to_owned(),
            "application/problem+json".to_owned(),
        )];
        answer.headers.extend(
            self.headers
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value)),
        );
        answer
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        let detail = failure.to_string();
        match failure {
            Failure::Refused(refusal) => refused(&refusal, detail),
            Failure::Missing => Self::new(404, "not_found", detail),
            Failure::Forbidden { code, .. } => Self::new(403, code, detail),
            Failure::Stale => Self::new(412, "stale", detail),
            Failure::Invalid(faults) => invalid(faults),
            Failure::Conflict { code, .. } => Self::new(409, code, detail),
            Failure::KeyReused => Self::new(422, "idempotency_key_reused", detail),
            Failure::Busy {
                retry_after_seconds,
            } => Self::unavailable(
                "busy",
                "Too much at once. Try again in a moment.",
                retry_after_seconds,
            ),
            Failure::Store(error) => stored(error),
            Failure::Fault(cause) => Self::fault(cause),
        }
    }
}

fn refused(refusal: &Refusal, detail: String) -> Problem {
    let code = refusal.code();
    let status = match refusal {
        Refusal::NotYourRole { .. } | Refusal::OwnedBySomebody => 403,
        Refusal::Clock(clock) => clock_status(clock),
        Refusal::NoSuchStage(_)
        | Refusal::ReasonNeeded
        | Refusal::PromiseInThePast
        | Refusal::ConsentOnAnotherDay
        | Refusal::Itself
        | Refusal::UnknownEvent(..) => 422,
        Refusal::Closed
        | Refusal::NotClosed
        | Refusal::ReopenWindowOver { .. }
        | Refusal::NotPaused
        | Refusal::SameQueue
        | Refusal::SameOfficer { .. }
        | Refusal::ConsentUnclear
        | Refusal::NotAMembersEnquiry
        | Refusal::NotAboutStaff
        | Refusal::NoAnswerDate
        | Refusal::AlreadySent => 409,
    };
    let pointer = match refusal {
        Refusal::NoSuchStage(_) => "/stage",
        Refusal::ReasonNeeded => "/reason",
        Refusal::PromiseInThePast => "/by",
        Refusal::ConsentOnAnotherDay => "/on",
        Refusal::UnknownEvent(..) => "/event",
        Refusal::Itself => "/case",
        Refusal::Clock(clock) => clock_pointer(clock),
        _ => "",
    };
    let problem = Problem::new(status, code, detail.clone());
    if status == 422 {
        problem.at(pointer, code, detail)
    } else {
        problem
    }
}

/// What the standard never allows here, and what has been used up, stand against it; a wrong length
/// or name is a fault of what was sent.
fn clock_status(refusal: &ClockRefusal) -> u16 {
    match refusal {
        ClockRefusal::NotExtendable { .. }
        | ClockRefusal::AlreadyExtended { .. }
        | ClockRefusal::NotRunning { .. }
        | ClockRefusal::TooLate { .. }
        | ClockRefusal::NotPausable { .. }
        | ClockRefusal::NothingToPause
        | ClockRefusal::AlreadyPaused { .. } => 409,
        ClockRefusal::UnknownClock { .. }
        | ClockRefusal::ReasonMissing
        | ClockRefusal::OtherUnit { .. }
        | ClockRefusal::NotLater { .. }
        | ClockRefusal::NotAWorkingDay { .. }
        | ClockRefusal::BeyondCap { .. }
        | ClockRefusal::ResumeTooSoon
        | ClockRefusal::ResumeTooLate { .. } => 422,
    }
}

fn clock_pointer(refusal: &ClockRefusal) -> &'static str {
    match refusal {
        ClockRefusal::UnknownClock { .. } => "/clock",
        ClockRefusal::ReasonMissing => "/reason",
        ClockRefusal::NotAWorkingDay { .. } => "/until_on",
        ClockRefusal::ResumeTooSoon | ClockRefusal::ResumeTooLate { .. } => "/resume_on",
        _ => "/by",
    }
}

/// The problem bears the fault's own code when there is one kind of fault only.
fn invalid(faults: Vec<Fault>) -> Problem {
    let mut codes: Vec<&'static str> = faults.iter().map(|fault| fault.code).collect();
    codes.dedup();
    let (code, detail) = match (codes.as_slice(), faults.as_slice()) {
        ([_], [fault]) => (fault.code, fault.detail.clone()),
        ([code], _) => (*code, several(faults.len())),
        _ => ("invalid", several(faults.len())),
    };
    Problem {
        errors: faults,
        ..Problem::new(422, code, detail)
    }
}

fn several(n_faults: usize) -> String {
    format!("{n_faults} things in what was sent cannot be taken. `errors` names each of them.")
}

fn stored(error: StoreError) -> Problem {
    let problem = match &error {
        StoreError::Taken(_) => {
            return Problem::conflict("taken", "Something with this name is there already.");
        }
        StoreError::Conflict => {
            Problem::unavailable("busy", "Others were changing the same thing. Try again.", 1)
        }
        StoreError::Away(_) => Problem::unavailable(
            "database_away",
            "The database does not answer. Try again.",
            2,
        ),
        StoreError::CannotWrite(_) => Problem::unavailable(
            "cannot_write",
            "Nothing can be written at the moment. Nothing was taken.",
            30,
        ),
        StoreError::Unreadable(_) | StoreError::Other(_) => return Problem::fault(error),
    };
    Problem {
        cause: Some(error.into()),
        ..problem
    }
}

/// A status in words.
#[must_use]
pub fn title(status: u16) -> &'static str {
    match status {
        400 => "This cannot be read",
        401 => "Sign in first",
        403 => "You may not do this",
        404 => "Not found",
        405 => "Not a method of this address",
        408 => "Too slow",
        409 => "Something stands against it",
        412 => "It has changed meanwhile",
        413 => "Too large",
        415 => "Not a type we read here",
        422 => "Something in it cannot be taken",
        428 => "A condition is needed",
        429 => "Too many requests",
        503 => "Not available at the moment",
        _ => "Something went wrong",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::answer::Content;

    fn body(problem: Problem) -> serde_json::Value {
        let answer = problem.into_answer("/v1/contacts", "req-1");
        assert_eq!(
            answer.header("content-type"),
            Some("application/problem+json")
        );
        let Content::Bytes(bytes) = answer.content else {
            panic!("a problem has a body")
        };
        serde_json::from_slice(&bytes).unwrap()
    }

    #[test]
    fn one_fault_gives_the_problem_its_code_and_several_do_not() {
        let fault = |pointer: &str, code| Fault {
            pointer: pointer.to_owned(),
            code,
            detail: "no".to_owned(),
        };
        let one = body(Problem::invalid(vec![fault(
            "/received_at",
            "offset_missing",
        )]));
        assert_eq!(one["code"], "offset_missing");
        assert_eq!(one["status"], 422);
        assert_eq!(one["type"], "/docs/problems/offset_missing");
        assert_eq!(one["errors"][0]["pointer"], "/received_at");
        let two = body(Problem::invalid(vec![
            fault("/a", "too_long"),
            fault("/b", "too_short"),
        ]));
        assert_eq!(two["code"], "invalid");
        assert_eq!(two["errors"].as_array().unwrap().len(), 2);
        let alike = body(Problem::invalid(vec![
            fault("/a", "too_long"),
            fault("/b", "too_long"),
        ]));
        assert_eq!(alike["code"], "too_long");
    }

    #[test]
    fn the_cause_of_our_own_fault_is_never_told() {
        let told = body(Problem::from(Failure::Fault(anyhow::anyhow!(
            "password of db is hunter2"
        ))));
        assert_eq!(told["status"], 500);
        assert!(!told.to_string().contains("hunter2"));
        let away = Problem::from(Failure::Store(StoreError::Away(
            "host db.internal".to_owned(),
        )));
        assert_eq!(away.status, 503);
        assert!(away.headers.iter().any(|(name, _)| *name == "retry-after"));
        assert!(!body(away).to_string().contains("db.internal"));
    }

    #[test]
    fn a_refusal_by_the_rules_keeps_its_code() {
        for (refusal, status, code) in [
            (Refusal::Closed, 409, "case_closed"),
            (Refusal::OwnedBySomebody, 403, "owned_by_somebody"),
            (Refusal::NoSuchStage(7), 422, "no_such_stage"),
            (Refusal::ConsentUnclear, 409, "consent_unclear"),
        ] {
            let problem = Problem::from(Failure::Refused(refusal));
            assert_eq!((problem.status, problem.code), (status, code));
        }
    }

    #[test]
    fn errors_is_a_list_even_when_it_is_empty() {
        let absent = body(Problem::not_found());
        assert_eq!(absent["errors"], serde_json::json!([]));
        assert_eq!(absent["instance"], "/v1/contacts");
        assert_eq!(absent["request_id"], "req-1");
    }

    #[test]
    fn who_is_not_signed_in_is_told_how() {
        let header = |code| {
            Problem::unauthenticated(code, "no")
                .headers
                .first()
                .map(|(_, value)| value.clone())
                .unwrap()
        };
        assert_eq!(header("token_invalid"), "Bearer error=\"invalid_token\"");
        assert_eq!(header("sign_in_needed"), "Bearer");
    }
}
