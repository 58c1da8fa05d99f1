//! What the past of a sample left behind: notices that went out then, steps of ladders taken then.
//! Without it the first sweep of a new demo would tell everybody about weeks gone by.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::moment;
use crate::casework::promises::{Written, settle, terms_of};
use crate::casework::{Desk, Failure, Moment, escalation};
use crate::domain::access::Actor;
use crate::domain::ids::{CaseId, EscalationId};
use crate::domain::lifecycle::{self, Event};
use crate::store::outbox::{self, Notice};
use crate::store::{Tx, cases, escalations};

/// More instants than any sample has steps: a case that does not come to rest is a defect.
const MOST_LOOKS: u32 = 200;

/// Everything that waits to be sent about a case counts as sent at this moment.
pub(super) fn deliver(tx: &mut Tx<'_>, at: &Moment, case: CaseId) -> Result<(), Failure> {
    let mut sent: Vec<Notice> = Vec::new();
    for notice in outbox::list(tx, Some(case), Some("pending"), None, 100)? {
        if outbox::record_sent(tx, notice.id, notice.fence, at.now)? {
            sent.push(notice);
        }
    }
    for notice in outbox::list(tx, Some(case), Some("to_write"), None, 100)? {
        if outbox::record_posted(tx, notice.id, at.now)? {
            sent.push(notice);
        }
    }
    if sent.is_empty() {
        return Ok(());
    }
    let filed = cases::find(tx, case)?.ok_or(Failure::Missing)?;
    let terms = terms_of(tx, at, &filed.case)?;
    let (mut case, read_version) = (filed.case.clone(), filed.case.version);
    let mut happened = Vec::new();
    for notice in sent {
        happened.push(Event::NoticeSent { notice: notice.id, notice_kind: notice.kind });
        if let Some(clock) = notice.meets {
            let how = if notice.transport == "post" { "letter" } else { "email" };
            lifecycle::acknowledge(&mut case, &terms, at.now, how);
            happened.push(Event::ClockMet { clock, at: at.now });
        }
    }
    let by = Actor::System.label();
    let happened = happened.into_iter().map(|event| (event, by.clone())).collect();
    settle(tx, at, case, &terms, happened, Written::Changed { read_version })?;
    Ok(())
}

/// Lets the clock bring what it brought to a case until the demo was loaded.
pub(super) fn pass(tx: &mut Tx<'_>, desk: &Arc<Desk>, case: CaseId, loaded_at: Timestamp) -> Result<(), Failure> {
    let mut looked_at = Timestamp::MIN;
    for _ in 0..MOST_LOOKS {
        let filed = cases::find(tx, case)?.ok_or(Failure::Missing)?;
        let Some(wake_at) = filed.dates.wake_at.filter(|wake_at| *wake_at <= loaded_at) else {
            return Ok(());
        };
        // A step that waits for the morning leaves the hour it fell due at: look again later.
        let later = looked_at.checked_add(SignedDuration::from_hours(1)).unwrap_or(wake_at);
        let now = if wake_at <= looked_at { later.min(loaded_at) } else { wake_at };
        looked_at = now;
        let at = moment(desk, now);
        escalation::look_at(tx, &at, case)?;
        deliver(tx, &at, case)?;
        let told: Vec<EscalationId> = escalations::of_case(tx, case)?
            .iter()
            .filter(|taken| taken.digest_after.is_some_and(|after| after <= loaded_at))
            .map(|taken| taken.id)
            .collect();
        escalations::note_digested(tx, &told)?;
    }
    Err(anyhow::anyhow!("case {case} wants to be looked at without end").into())
}
