//! Is it alive, is it ready: for whoever starts, stops and balances servers.
//!
//! `/livez` answers as long as the process can answer at all and asks nothing else, so that a
//! database that is away does not get healthy servers killed. `/readyz` says whether requests should
//! be sent here: the database answers, the worker has been seen, nobody is shutting down.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use schemars::JsonSchema;
use serde::Serialize;

use super::access::Access;
use super::answer::Answer;
use super::call::Call;
use super::operation::{Allowance, Operation, get};
use super::problem::Problem;
use crate::casework::mailboxes;

/// What the parts of a process tell about themselves. Shared with the worker.
#[derive(Debug)]
pub struct Health {
    is_draining: AtomicBool,
    has_worker: bool,
    worker_seen: Mutex<Option<Instant>>,
}

/// How long a worker may be silent; it wakes every second.
const WORKER_MAY_BE_SILENT: Duration = Duration::from_secs(60);
/// A database that takes longer to say `1` is not ready.
const DATABASE_MAY_TAKE: Duration = Duration::from_secs(3);

impl Health {
    /// `has_worker`: this process runs one, so it is not ready without.
    #[must_use]
    pub fn new(has_worker: bool) -> Self {
        Self {
            is_draining: AtomicBool::new(false),
            has_worker,
            worker_seen: Mutex::new(None),
        }
    }

    /// The worker has done a round.
    pub fn worker_ran(&self, now: Instant) {
        *self
            .worker_seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(now);
    }

    /// The process has been told to stop: send no more requests here.
    pub fn drain(&self) {
        self.is_draining.store(true, Ordering::SeqCst);
    }

    fn worker(&self, now: Instant) -> &'static str {
        if !self.has_worker {
            return "elsewhere";
        }
        let seen = *self
            .worker_seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        match seen {
            Some(seen) if now.saturating_duration_since(seen) <= WORKER_MAY_BE_SILENT => "running",
            Some(_) => "silent",
            None => "not_started",
        }
    }
}

/// Whether the process answers.
#[derive(Serialize, JsonSchema)]
struct Alive {
    status: &'static str,
}

/// Whether requests should be sent here, and what each part says.
#[derive(Serialize, JsonSchema)]
struct Readiness {
    /// `ready` or `not_ready`.
    status: &'static str,
    /// `answers` or `away`.
    database: &'static str,
    /// `running`, `silent`, `not_started`, or `elsewhere` when another process runs it.
    worker: &'static str,
    /// Mailboxes that cannot be read, or that nobody has read for a while: null when the database cannot
    /// say. Requests are answered all the same. `GET /v1/mailboxes` says which, and why.
    unread_mailboxes: Option<usize>,
    is_draining: bool,
}

/// Its operations.
#[must_use]
pub fn operations() -> Vec<Operation> {
    vec![
        get("/livez", alive)
            .id("get_liveness")
            .summary("Is the process alive?")
            .tag("Operations")
            .access(Access::public())
            .allowance(Allowance::Unlimited)
            .answers::<Alive>(200, "It is."),
        get("/readyz", ready)
            .id("get_readiness")
            .summary("Should requests be sent here?")
            .tag("Operations")
            .access(Access::public())
            .allowance(Allowance::Unlimited)
            .answers::<Readiness>(200, "They should.")
            .answers::<Readiness>(503, "They should not, for the moment."),
    ]
}

async fn alive(_: Call) -> Result<Answer, Problem> {
    Ok(Answer::ok(&Alive { status: "alive" }))
}

async fn ready(call: Call) -> Result<Answer, Problem> {
    let health = &call.front.health;
    let asked = tokio::time::timeout(DATABASE_MAY_TAKE, call.front.desk.db.is_there()).await;
    let database = if matches!(asked, Ok(Ok(()))) {
        "answers"
    } else {
        "away"
    };
    let unread_mailboxes = if database == "answers" {
        let counting = call.read(mailboxes::n_unread);
        match tokio::time::timeout(DATABASE_MAY_TAKE, counting).await {
            Ok(Ok(n_unread)) => Some(n_unread),
            Ok(Err(_)) | Err(_) => None,
        }
    } else {
        None
    };
    let worker = health.worker(call.front.desk.time.monotonic());
    let is_draining = health.is_draining.load(Ordering::SeqCst);
    let is_ready =
        database == "answers" && matches!(worker, "running" | "elsewhere") && !is_draining;
    let (code, status) = if is_ready {
        (200, "ready")
    } else {
        (503, "not_ready")
    };
    let answer = Answer::json(
        code,
        &Readiness {
            status,
            database,
            worker,
            unread_mailboxes,
            is_draining,
        },
    );
    Ok(if is_ready {
        answer
    } else {
        answer.with_header("retry-after", "5")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_that_is_silent_for_a_minute_is_not_there() {
        let now = crate::time_source::TimeSource::System.monotonic();
        let health = Health::new(true);
        assert_eq!(health.worker(now), "not_started");
        health.worker_ran(now);
        assert_eq!(health.worker(now + Duration::from_secs(60)), "running");
        assert_eq!(health.worker(now + Duration::from_secs(61)), "silent");
        assert_eq!(Health::new(false).worker(now), "elsewhere");
    }
}
