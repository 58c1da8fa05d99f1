//! Why a use case did not do what was asked.

use crate::channels::given::Unfit;
use crate::domain::lifecycle::Refusal;
use crate::store::StoreError;
use crate::store::db::IsRetryable;

/// One thing wrong with what was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// RFC 6901 pointer into the document.
    pub pointer: String,
    /// Stable code.
    pub code: &'static str,
    /// What is wrong and what to do.
    pub detail: String,
}

/// Why not. `http::problem` is the one place that turns these into answers.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The rules say no.
    #[error("{0}")]
    Refused(#[from] Refusal),
    /// Absent, or not yours to know: the two are told apart by nobody.
    #[error("There is nothing here, or it is not yours to see.")]
    Missing,
    /// They may see it but not do this.
    #[error("{detail}")]
    Forbidden { code: &'static str, detail: String },
    /// It has changed since it was read.
    #[error("It has changed since you read it. Read it again and send the new `If-Match`.")]
    Stale,
    /// What was sent cannot be meant.
    #[error("{} of what was sent cannot be taken.", .0.len())]
    Invalid(Vec<Fault>),
    /// What is there stands against it.
    #[error("{detail}")]
    Conflict { code: &'static str, detail: String },
    /// The same Idempotency-Key came with another request.
    #[error("This Idempotency-Key was used for another request. Use a new key.")]
    KeyReused,
    /// Try again in so many seconds.
    #[error("Too busy.")]
    Busy { retry_after_seconds: u32 },
    #[error(transparent)]
    Store(StoreError),
    #[error(transparent)]
    Fault(#[from] anyhow::Error),
}

impl Failure {
    /// One fault at one place.
    #[must_use]
    pub fn invalid(pointer: &str, code: &'static str, detail: impl Into<String>) -> Self {
        Self::Invalid(vec![Fault {
            pointer: pointer.to_owned(),
            code,
            detail: detail.into(),
        }])
    }

    /// What is there stands against it.
    #[must_use]
    pub fn conflict(code: &'static str, detail: impl Into<String>) -> Self {
        Self::Conflict {
            code,
            detail: detail.into(),
        }
    }

    /// They may see it but not do this.
    #[must_use]
    pub fn forbidden(code: &'static str, detail: impl Into<String>) -> Self {
        Self::Forbidden {
            code,
            detail: detail.into(),
        }
    }
}

impl From<Unfit> for Fault {
    fn from(unfit: Unfit) -> Self {
        Self {
            pointer: unfit.pointer,
            code: unfit.code,
            detail: unfit.detail,
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl IsRetryable for Failure {
    fn is_retryable(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_retryable())
    }
}
