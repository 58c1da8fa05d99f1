//! What can go wrong between us and a database, as far as a caller can do something about it.

use diesel::result::{DatabaseErrorKind, Error as Diesel};

/// A fault of the database, not of what was asked of it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Something is there already that may be there only once.
    #[error("already there: {0}")]
    Taken(String),
    /// Somebody else changed the row first; the whole transaction may be tried again.
    #[error("changed by somebody else meanwhile")]
    Conflict,
    /// No answer in time, or no connection. Trying again later may help.
    #[error("the database cannot be reached: {0}")]
    Away(String),
    /// The disk is full or failing. Nothing was written.
    #[error("the database cannot write: {0}")]
    CannotWrite(String),
    /// A stored value that does not fit its type: a defect or a tampered row.
    #[error("a stored value cannot be read: {0}")]
    Unreadable(String),
    #[error(transparent)]
    Other(anyhow::Error),
}

impl StoreError {
    /// Whether the same transaction, run again at once, may succeed.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Conflict)
    }
}

impl From<Diesel> for StoreError {
    fn from(error: Diesel) -> Self {
        match error {
            Diesel::DatabaseError(kind, ref told) => {
                let text = told.message().to_owned();
                match kind {
                    DatabaseErrorKind::UniqueViolation => {
                        Self::Taken(told.constraint_name().map_or(text, str::to_owned))
                    }
                    DatabaseErrorKind::SerializationFailure => Self::Conflict,
                    DatabaseErrorKind::ClosedConnection
                    | DatabaseErrorKind::UnableToSendCommand
                    | DatabaseErrorKind::ReadOnlyTransaction => Self::Away(text),
                    _ if text.contains("deadlock detected") => Self::Conflict,
                    _ if is_full(&text) => Self::CannotWrite(text),
                    _ if is_away(&text) => Self::Away(text),
                    _ => Self::Other(anyhow::anyhow!(error)),
                }
            }
            Diesel::DeserializationError(cause) => Self::Unreadable(cause.to_string()),
            Diesel::BrokenTransactionManager => Self::Away("a broken connection".to_owned()),
            other => Self::Other(anyhow::anyhow!(other)),
        }
    }
}

/// SQLite and PostgreSQL in their own words; neither has a kind for it in diesel.
fn is_full(text: &str) -> bool {
    [
        "disk is full",
        "disk I/O error",
        "No space left",
        "could not extend file",
        "readonly database",
    ]
    .iter()
    .any(|words| text.contains(words))
}

fn is_away(text: &str) -> bool {
    [
        "database is locked",
        "server closed the connection",
        "terminating connection",
        "could not connect",
        "connection",
        "the database system is",
        "canceling statement due to lock timeout",
        "canceling statement due to statement timeout",
        "SSL SYSCALL",
    ]
    .iter()
    .any(|words| text.contains(words))
}
