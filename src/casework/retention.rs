//! What is kept no longer than it is needed.

use std::sync::Arc;

use jiff::SignedDuration;

use super::desk::Desk;
use super::failure::Failure;
use crate::store::idempotency;

/// For how long an Idempotency-Key gets the same answer again.
const ANSWERS_KEPT: SignedDuration = SignedDuration::from_hours(24);

/// Forgets the answers under keys that nobody can ask for again, and says how many.
///
/// # Errors
/// When they cannot be deleted.
pub async fn forget_answers(desk: &Arc<Desk>) -> Result<usize, Failure> {
    let before = desk.time.now() - ANSWERS_KEPT;
    let n_forgotten = desk
        .db
        .write(move |tx| idempotency::forget(tx, before).map_err(Failure::from))
        .await?;
    // What was forgotten or taken away is overwritten in the file, and must not live on in its log.
    desk.db.cut_log().await?;
    Ok(n_forgotten)
}
