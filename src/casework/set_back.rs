//! After the clock was set back: what was left to do by a clock that ran ahead.
//!
//! A notice written then would leave when that hour comes again, in a day or in a year, and a lease
//! given then would end no sooner; a danger of which all had been told would be silent until then.
//! Found and put right here. The steps, promises and dates of cases need nothing of the kind: they
//! are read anew by whatever the clock says, and what was told stays told.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

use super::desk::Desk;
use super::failure::Failure;
use crate::store::{cases, outbox};

/// Looks for what is left of a clock that ran ahead.
#[derive(Debug, Default)]
pub struct SetBack {
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    /// What the clock said when it was last looked at.
    now: Option<Timestamp>,
    /// Since when there have been notices from the future.
    ahead_since: Option<Instant>,
}

/// Clocks of replicas that differ by less than this agree.
const TOLERANCE: SignedDuration = SignedDuration::from_mins(2);
/// A demo's clock is moved at one replica before the others follow: until then they are the ones
/// that are wrong.
const PATIENCE: Duration = Duration::from_secs(20);

impl SetBack {
    /// Has dangers looked at again when the clock was set back since the last look, or may have been
    /// before the first. Dates from now what was to leave at once by a clock that was ahead; says how
    /// many notices that were. One that was being sent then may be sent once more, under its
    /// Message-ID.
    ///
    /// # Errors
    /// When the database cannot be read or written.
    pub async fn look(&self, desk: &Arc<Desk>) -> Result<usize, Failure> {
        let now = desk.time.now();
        if self.may_have_gone_back(now) {
            desk.perform(|tx, at| Ok(cases::wake_those_in_danger(tx, at.now)?))
                .await?;
        }
        self.seen().now = Some(now);
        let is_ahead = desk
            .read(|conn, at| Ok(outbox::is_any_ahead(conn, at.now + TOLERANCE)?))
            .await?;
        if !self.is_believed(is_ahead, desk.time.monotonic()) {
            return Ok(0);
        }
        let n_dated = desk
            .perform(|tx, at| Ok(outbox::date_from_now(tx, at.now, at.now + TOLERANCE)?))
            .await?;
        if n_dated > 0 {
            tracing::warn!(
                n_notices = n_dated,
                "The clock has been set back: {n_dated} notices written before are sent now"
            );
        }
        Ok(n_dated)
    }

    fn may_have_gone_back(&self, now: Timestamp) -> bool {
        self.seen().now.is_none_or(|last| now + TOLERANCE < last)
    }

    fn is_believed(&self, is_ahead: bool, monotonic: Instant) -> bool {
        let mut seen = self.seen();
        if !is_ahead {
            seen.ahead_since = None;
            return false;
        }
        let since = *seen.ahead_since.get_or_insert(monotonic);
        monotonic.saturating_duration_since(since) >= PATIENCE
    }

    fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
