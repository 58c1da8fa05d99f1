//! Danger: the duty contact is told at once, day and night, and again until somebody has the case
//! or has been rung.
//!
//! Only the newest time that has come is told and kept: what nobody was there to send in between
//! never happened, and a night's worth of it would bury the one that matters.

use std::collections::{BTreeMap, BTreeSet};

use super::chain::Chain;
use super::look::Looking;
use crate::casework::desk::Moment;
use crate::casework::failure::Failure;
use crate::casework::letters;
use crate::casework::promises::{ALERT, alert_steps};
use crate::domain::ids::ClockId;
use crate::domain::ladder::PlannedStep;
use crate::domain::lifecycle::Event;
use crate::domain::notice::Says;
use crate::store::Tx;
use crate::store::escalations::{self, Taken};

/// Tells those who must know of danger now.
///
/// # Errors
/// When it cannot be written.
pub(super) fn raise_due(
    tx: &mut Tx<'_>,
    at: &Moment,
    looking: &mut Looking<'_>,
    chain: &Chain<'_>,
) -> Result<(), Failure> {
    let Some(danger) = looking.case.danger.clone() else {
        return Ok(());
    };
    // Alerts have no clock of their own; their rows stand beside the first one of the case.
    let Some(clock_id) = looking.kept.first().map(|kept| kept.id) else {
        return Err(anyhow::anyhow!(
            "case {} has no clock to keep its alerts by",
            looking.case.id
        )
        .into());
    };
    let mut told: BTreeSet<String> = BTreeSet::new();
    let mut newest_occurrence = 0;
    let mut to = Vec::new();
    for step in newest_due(at, looking) {
        if is_known(at, looking, &step) {
            continue;
        }
        for whom in &step.to {
            let resolved = chain.resolve(tx, whom, looking.case.owner)?;
            for unreached in &resolved.unreached {
                let row = row(
                    at,
                    looking,
                    clock_id,
                    &step,
                    &unreached.post,
                    &unreached.address,
                    "undeliverable",
                );
                looking.n_undeliverable += usize::from(escalations::take(tx, &row)?);
            }
            let Some(recipient) = resolved
                .recipient
                .filter(|one| told.insert(one.address.clone()))
            else {
                continue;
            };
            let row = row(
                at,
                looking,
                clock_id,
                &step,
                &recipient.post,
                &recipient.address,
                "sent",
            );
            if !escalations::take(tx, &row)? {
                continue;
            }
            let says = Says::Alert {
                reference: looking.case.reference.to_string(),
                danger: danger.clone(),
                number_to_ring: letters::emergency_line(at, &looking.case),
                occurrence: n_told_before(looking, &recipient.address) + 1,
                case_page: None,
            };
            let key = format!(
                "alert:{}:{}:{}:{}",
                looking.case.id, step.step, step.occurrence, recipient.address
            );
            let notice = letters::tell_staff(
                tx,
                at,
                Some(looking.case.id),
                &recipient.address,
                says,
                key,
                at.now,
            )?;
            escalations::note_notice(tx, row.id, notice)?;
            looking.n_told += 1;
            newest_occurrence = newest_occurrence.max(step.occurrence);
            to.push(recipient.post);
        }
    }
    if !to.is_empty() {
        looking.happened.push(Event::AlertRaised {
            occurrence: newest_occurrence,
            to,
        });
    }
    Ok(())
}

/// The last time of each step that has come.
fn newest_due(at: &Moment, looking: &Looking<'_>) -> Vec<PlannedStep> {
    let mut newest: BTreeMap<String, PlannedStep> = BTreeMap::new();
    for step in alert_steps(at, &looking.case) {
        if step.at <= at.now && !step.skipped {
            newest.insert(step.step.clone(), step);
        }
    }
    newest.into_values().collect()
}

/// A later one hushes those before it, unless it was told by a clock that has been set back since:
/// the danger is as real as it was.
fn is_known(at: &Moment, looking: &Looking<'_>, step: &PlannedStep) -> bool {
    looking.taken.iter().any(|taken| {
        let occurrence = u32::try_from(taken.occurrence).unwrap_or(u32::MAX);
        let is_same = occurrence == step.occurrence;
        let is_later = occurrence > step.occurrence && taken.due_at <= at.now;
        taken.clock == ALERT
            && taken.step == step.step
            && (is_same || is_later)
            && taken.promised_at == step.due_at
    })
}

fn n_told_before(looking: &Looking<'_>, address: &str) -> u32 {
    let told = |taken: &&Taken| {
        taken.clock == ALERT && taken.state == "sent" && taken.recipient == address
    };
    u32::try_from(looking.taken.iter().filter(told).count()).unwrap_or(u32::MAX)
}

fn row(
    at: &Moment,
    looking: &Looking<'_>,
    clock_id: ClockId,
    step: &PlannedStep,
    post: &str,
    address: &str,
    state: &str,
) -> Taken {
    Taken {
        id: at.id(),
        case: Some(looking.case.id),
        clock_id: Some(clock_id),
        contact: None,
        clock: ALERT.to_owned(),
        step: step.step.clone(),
        occurrence: i32::try_from(step.occurrence).unwrap_or(i32::MAX),
        post: post.to_owned(),
        recipient: address.to_owned(),
        due_at: step.at,
        promised_at: step.due_at,
        taken_at: at.now,
        state: state.to_owned(),
        digest_after: None,
        notice: None,
    }
}
