//! What the clock brings: steps of ladders, alerts of danger, pauses that end, follow-up windows
//! that close, and the daily digests.
//!
//! The sweep reads the cases whose hour has come and nothing else, one transaction for each, and
//! every case is read again inside its transaction. It takes no input but the time. However many
//! replicas sweep and however long everything was down, a step is taken once for each recipient:
//! its row is unique. Nothing is sent here; letters go to the outbox.
//!
//! | file | what it does |
//! |---|---|
//! | `look` | one case at one instant: what ends, what is due, when to look again |
//! | `steps` | which of the due steps each recipient is told of |
//! | `chain` | who answers for a post today |
//! | `alert` | danger: told at once, and again until somebody has it |
//! | `waiting` | what waits too long: cases in waiting places, mail on no case |
//! | `digest` | one mail a working day for heads of service and above |
//! | `weekly` | one mail a week, of counts alone, for the councillors responsible |

mod alert;
mod chain;
mod digest;
mod look;
mod steps;
mod waiting;
mod weekly;

pub use look::look_at;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::SignedDuration;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::desk::Desk;
use super::failure::Failure;
use crate::domain::ids::{CaseId, ContactId};
use crate::store::{cases, contacts, leases};

pub(in crate::casework) use chain::address_of;
pub use chain::{Chain, Recipient, note_unreachable, queue_of_mail};
pub use digest::digests;
pub(in crate::casework) use digest::is_digest_time;
pub(in crate::casework) use digest::still_holds;
pub(in crate::casework) use steps::clock_and_promise;
pub(in crate::casework) use waiting::{begin_waiting, is_over, mail_limit};
pub use weekly::WeekSeen;

/// What one sweep did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Swept {
    /// Cases looked at.
    pub n_cases: usize,
    /// Mails on no case looked at.
    pub n_mails: usize,
    /// Steps and alerts that told somebody.
    pub n_told: usize,
    /// Posts that could not be told themselves.
    pub n_undeliverable: usize,
    /// Cases and mails that could not be looked at this time.
    pub n_failed: usize,
    /// Another replica is at it.
    pub is_elsewhere: bool,
}

/// One replica's turn at sweeping. Holding it is a courtesy that keeps replicas out of each other's
/// way, and keeps a digest from being written while another replica still takes steps.
#[derive(Debug)]
pub struct Turn {
    holder: String,
    /// Since when another replica has had the turn while something was due.
    refused_since: Mutex<Option<Instant>>,
}

const BATCH: i64 = 200;
/// Transactions at the same time; the rest of the connections are for those who wait for an answer.
const AT_ONCE: usize = 8;
const TURN_SECS: i64 = 15;
/// A turn is measured by the council's clock, which in a demo can be set back under its holder; by
/// the computer's own count nobody waits longer than this.
const LONGEST_REFUSAL: Duration = Duration::from_secs(30);

impl Turn {
    /// A turn for this process.
    #[must_use]
    pub fn new(desk: &Arc<Desk>) -> Self {
        let holder: Uuid = desk.moment().id();
        Self {
            holder: holder.to_string(),
            refused_since: Mutex::new(None),
        }
    }

    async fn is_ours(&self, desk: &Arc<Desk>) -> Result<bool, Failure> {
        let (holder, now) = (self.holder.clone(), desk.time.now());
        let until = now + SignedDuration::from_secs(TURN_SECS);
        let is_held = desk
            .db
            .write(move |tx| leases::hold(tx, "sweep", &holder, now, until).map_err(Failure::from))
            .await?;
        let mut refused_since = self
            .refused_since
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if is_held {
            *refused_since = None;
            return Ok(true);
        }
        let monotonic = desk.time.monotonic();
        let since = *refused_since.get_or_insert(monotonic);
        Ok(monotonic.saturating_duration_since(since) >= LONGEST_REFUSAL)
    }
}

/// Looks at every case whose hour has come, and at every mail that waits on no case.
///
/// # Errors
/// When they cannot be read. One that fails is logged, counted and left for the next sweep;
/// it does not stop the others.
pub async fn sweep(desk: &Arc<Desk>) -> Result<Swept, Failure> {
    let mut swept = Swept::default();
    let mut tried: BTreeSet<CaseId> = BTreeSet::new();
    loop {
        // Those that failed are still due: without room for them they would hide what comes after.
        let limit = BATCH.saturating_add(i64::try_from(swept.n_failed).unwrap_or(i64::MAX));
        let due = desk
            .read(move |conn, at| Ok(cases::to_wake(conn, at.now, limit)?))
            .await?;
        let fresh: Vec<CaseId> = due.into_iter().filter(|id| tried.insert(*id)).collect();
        if fresh.is_empty() {
            break;
        }
        for some in fresh.chunks(AT_ONCE) {
            look_at_some(desk, some, &mut swept).await;
        }
    }
    sweep_mail(desk, &mut swept).await?;
    if swept.n_undeliverable > 0 {
        let n = u64::try_from(swept.n_undeliverable).unwrap_or(u64::MAX);
        metrics::counter!("escalation_undeliverable_total").increment(n);
    }
    if swept.n_cases > 0 {
        tracing::info!(
            n_cases = swept.n_cases,
            n_told = swept.n_told,
            "Looked at {} cases whose hour had come; {} were told",
            swept.n_cases,
            swept.n_told
        );
    }
    Ok(swept)
}

/// The same, unless another replica has its turn. Asking costs one read while nothing is due.
///
/// # Errors
/// As [`sweep`].
pub async fn sweep_in_turn(desk: &Arc<Desk>, turn: &Turn) -> Result<Swept, Failure> {
    let is_nothing_due = desk
        .read(|conn, at| {
            Ok(cases::to_wake(conn, at.now, 1)?.is_empty()
                && contacts::to_wake(conn, at.now, 1)?.is_empty())
        })
        .await?;
    if is_nothing_due {
        return Ok(Swept::default());
    }
    if turn.is_ours(desk).await? {
        sweep(desk).await
    } else {
        Ok(Swept {
            is_elsewhere: true,
            ..Swept::default()
        })
    }
}

/// Held and quarantined mail, one transaction for each. There is little of it.
async fn sweep_mail(desk: &Arc<Desk>, swept: &mut Swept) -> Result<(), Failure> {
    let mut tried: BTreeSet<ContactId> = BTreeSet::new();
    loop {
        let limit = BATCH.saturating_add(i64::try_from(tried.len()).unwrap_or(i64::MAX));
        let due = desk
            .read(move |conn, at| Ok(contacts::to_wake(conn, at.now, limit)?))
            .await?;
        let fresh: Vec<ContactId> = due.into_iter().filter(|id| tried.insert(*id)).collect();
        if fresh.is_empty() {
            return Ok(());
        }
        for id in fresh {
            match desk
                .perform(move |tx, at| waiting::look_at_mail(tx, at, id))
                .await
            {
                Ok(looked) => {
                    swept.n_mails += usize::from(looked.was_due);
                    swept.n_told += looked.n_told;
                    swept.n_undeliverable += looked.n_undeliverable;
                }
                Err(why) => {
                    swept.n_failed += 1;
                    tracing::error!(contact.id = %id, "Could not look at mail {id}: {why:#}");
                }
            }
        }
    }
}

async fn look_at_some(desk: &Arc<Desk>, ids: &[CaseId], swept: &mut Swept) {
    let mut looking = JoinSet::new();
    for id in ids.iter().copied() {
        let desk = Arc::clone(desk);
        looking.spawn(async move {
            (
                id,
                desk.perform(move |tx, at| look::look_at(tx, at, id)).await,
            )
        });
    }
    while let Some(looked) = looking.join_next().await {
        match looked {
            Ok((_, Ok(looked))) => {
                swept.n_cases += usize::from(looked.was_due);
                swept.n_told += looked.n_told;
                swept.n_undeliverable += looked.n_undeliverable;
            }
            Ok((id, Err(why))) => {
                swept.n_failed += 1;
                tracing::error!(case.id = %id, "Could not look at case {id}: {why:#}");
            }
            Err(panic) => {
                swept.n_failed += 1;
                tracing::error!("Looking at a case panicked: {panic}");
            }
        }
    }
}
