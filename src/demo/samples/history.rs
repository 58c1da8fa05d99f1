//! What the past of a sample left behind: notices that went out then, steps of ladders taken then.
//! Without it the first sweep of a new demo would tell everybody about weeks gone by.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::moment;
use crate::casework::{Desk, Failure, Moment, actions, delivery, escalation};
use crate::domain::access::Actor;
use crate::domain::ids::{CaseId, EscalationId};
use crate::store::{Tx, cases, escalations, outbox};

/// More instants than any sample has steps: a case that does not come to rest is a defect.
const MOST_LOOKS: u32 = 200;

/// Letters younger than this when a demo is loaded still lie there to be printed and posted.
const STILL_TO_WRITE: SignedDuration = SignedDuration::from_hours(24);

/// Everything that waits to be sent about a case counts as sent at this moment, but for letters of the last
/// day.
pub(crate) fn deliver(tx: &mut Tx<'_>, at: &Moment, case: CaseId) -> Result<(), Failure> {
    for notice in outbox::list(tx, Some(case), Some("pending"), None, 100)? {
        delivery::note_sent(tx, at, &notice)?;
    }
    let newest = at.desk.time.now() - STILL_TO_WRITE;
    let letters = outbox::list(tx, Some(case), Some("to_write"), None, 100)?;
    for letter in letters.into_iter().filter(|one| one.created_at <= newest) {
        actions::note_posted(tx, at, &Actor::System, letter.id, None)?;
    }
    Ok(())
}

/// Lets the clock bring what it brought to a case until the demo was loaded.
pub(crate) fn pass(
    tx: &mut Tx<'_>,
    desk: &Arc<Desk>,
    case: CaseId,
    loaded_at: Timestamp,
) -> Result<(), Failure> {
    let mut looked_at = Timestamp::MIN;
    for _ in 0..MOST_LOOKS {
        let filed = cases::find(tx, case)?.ok_or(Failure::Missing)?;
        let Some(wake_at) = filed.dates.wake_at.filter(|wake_at| *wake_at <= loaded_at) else {
            return Ok(());
        };
        // A step that waits for the morning leaves the hour it fell due at: look again later.
        let later = looked_at
            .checked_add(SignedDuration::from_hours(1))
            .unwrap_or(wake_at);
        let now = if wake_at <= looked_at {
            later.min(loaded_at)
        } else {
            wake_at
        };
        looked_at = now;
        let at = moment(desk, now);
        escalation::look_at(tx, &at, case)?;
        deliver(tx, &at, case)?;
        let mut taken = escalations::of_case(tx, case)?;
        taken.extend(escalations::of_places(tx, case)?);
        let told: Vec<EscalationId> = taken
            .iter()
            .filter(|taken| taken.digest_after.is_some_and(|after| after <= loaded_at))
            .map(|taken| taken.id)
            .collect();
        escalations::note_untold(tx, &told)?;
    }
    Err(anyhow::anyhow!("case {case} wants to be looked at without end").into())
}
