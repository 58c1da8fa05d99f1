//! Danger: the duty contact is told at once, day and night, and again until somebody has the case
//! or has been rung; of a mail that waits, until somebody has dealt with it.
//!
//! Only the newest time that has come is told and kept: what nobody was there to send in between
//! never happened, and a night's worth of it would bury the one that matters.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::chain::Chain;
use super::look::Looking;
use crate::casework::desk::Moment;
use crate::casework::failure::Failure;
use crate::casework::held_mail::HeldDanger;
use crate::casework::letters;
use crate::casework::promises::{ALERT, alert_steps, danger_steps};
use crate::domain::ids::{CaseId, ClockId, ContactId, UserId};
use crate::domain::ladder::PlannedStep;
use crate::domain::lifecycle::Event;
use crate::domain::notice::Says;
use crate::store::Tx;
use crate::store::contacts::Contact;
use crate::store::escalations::{self, Taken};

/// What is in danger, and what has been told of it.
struct Alarm<'a> {
    case: Option<CaseId>,
    /// Alerts have no clock of their own; their rows stand beside the first one of the case.
    clock_id: Option<ClockId>,
    contact: Option<ContactId>,
    owner: Option<UserId>,
    /// Empty for a mail.
    reference: String,
    danger: String,
    number_to_ring: String,
    steps: Vec<PlannedStep>,
    taken: &'a [Taken],
}

/// Who was told.
#[derive(Default)]
struct Raised {
    n_told: usize,
    n_undeliverable: usize,
    occurrence: u32,
    to: Vec<String>,
}

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
    let case = &looking.case;
    let Some(danger) = case.danger.clone() else {
        return Ok(());
    };
    let Some(clock_id) = looking.kept.first().map(|kept| kept.id) else {
        return Err(anyhow::anyhow!("case {} has no clock to keep its alerts by", case.id).into());
    };
    let alarm = Alarm {
        case: Some(case.id),
        clock_id: Some(clock_id),
        contact: None,
        owner: case.owner,
        reference: case.reference.to_string(),
        danger,
        number_to_ring: letters::emergency_line(at, case),
        steps: alert_steps(at, case),
        taken: &looking.taken,
    };
    let raised = raise(tx, at, &alarm, chain)?;
    looking.n_told += raised.n_told;
    looking.n_undeliverable += raised.n_undeliverable;
    if !raised.to.is_empty() {
        looking.happened.push(Event::AlertRaised {
            occurrence: raised.occurrence,
            to: raised.to,
        });
    }
    Ok(())
}

/// Tells those on duty of danger in a mail that waits. How many were told, and how many could not be.
///
/// # Errors
/// When it cannot be written.
pub(super) fn raise_of_mail(
    tx: &mut Tx<'_>,
    at: &Moment,
    contact: &Contact,
    danger: &HeldDanger,
    taken: &[Taken],
) -> Result<(usize, usize), Failure> {
    let chain = Chain::of_queue(at, &danger.queue);
    let alarm = Alarm {
        case: None,
        clock_id: None,
        contact: Some(contact.id),
        owner: None,
        reference: String::new(),
        danger: danger.kind.clone(),
        number_to_ring: at.council.catalogue.council.emergency_phone.clone(),
        steps: danger_steps(at, contact.logged_at),
        taken,
    };
    let raised = raise(tx, at, &alarm, &chain)?;
    Ok((raised.n_told, raised.n_undeliverable))
}

/// When those on duty are told again of danger in a mail that still waits.
pub(super) fn next_of_mail(at: &Moment, contact: &Contact) -> Option<Timestamp> {
    danger_steps(at, contact.logged_at)
        .into_iter()
        .filter(|step| !step.skipped && step.at > at.now)
        .map(|step| step.at)
        .min()
}

fn raise(
    tx: &mut Tx<'_>,
    at: &Moment,
    alarm: &Alarm<'_>,
    chain: &Chain<'_>,
) -> Result<Raised, Failure> {
    let mut raised = Raised::default();
    let mut told: BTreeSet<String> = BTreeSet::new();
    for step in newest_due(at, alarm) {
        if is_known(at, alarm, &step) {
            continue;
        }
        for whom in &step.to {
            let resolved = chain.resolve(tx, whom, alarm.owner)?;
            for unreached in &resolved.unreached {
                let (post, address) = (&unreached.post, &unreached.address);
                let row = row(at, alarm, &step, post, address, "undeliverable");
                raised.n_undeliverable += usize::from(escalations::take(tx, &row)?);
            }
            let Some(recipient) = resolved
                .recipient
                .filter(|one| told.insert(one.address.clone()))
            else {
                continue;
            };
            let row = row(
                at,
                alarm,
                &step,
                &recipient.post,
                &recipient.address,
                "sent",
            );
            if !escalations::take(tx, &row)? {
                continue;
            }
            let says = Says::Alert {
                reference: alarm.reference.clone(),
                danger: alarm.danger.clone(),
                number_to_ring: alarm.number_to_ring.clone(),
                occurrence: n_told_before(alarm, &recipient.address) + 1,
                case_page: None,
            };
            let (to, case) = (&recipient.address, alarm.case);
            let key = dedupe_key(alarm, &step, to);
            let notice = letters::tell_staff(tx, at, case, to, says, key, at.now)?;
            escalations::note_notice(tx, row.id, notice)?;
            raised.n_told += 1;
            raised.occurrence = raised.occurrence.max(step.occurrence);
            raised.to.push(recipient.post);
        }
    }
    Ok(raised)
}

fn dedupe_key(alarm: &Alarm<'_>, step: &PlannedStep, address: &str) -> String {
    let about = match (alarm.case, alarm.contact) {
        (Some(case), _) => case.to_string(),
        (None, Some(contact)) => contact.to_string(),
        (None, None) => String::new(),
    };
    format!("alert:{about}:{}:{}:{address}", step.step, step.occurrence)
}

/// The last time of each step that has come.
fn newest_due(at: &Moment, alarm: &Alarm<'_>) -> Vec<PlannedStep> {
    let mut newest: BTreeMap<String, PlannedStep> = BTreeMap::new();
    for step in &alarm.steps {
        if step.at <= at.now && !step.skipped {
            newest.insert(step.step.clone(), step.clone());
        }
    }
    newest.into_values().collect()
}

/// A later one hushes those before it, unless it was told by a clock that has been set back since:
/// the danger is as real as it was.
fn is_known(at: &Moment, alarm: &Alarm<'_>, step: &PlannedStep) -> bool {
    alarm.taken.iter().any(|taken| {
        let occurrence = u32::try_from(taken.occurrence).unwrap_or(u32::MAX);
        let is_same = occurrence == step.occurrence;
        let is_later = occurrence > step.occurrence && taken.due_at <= at.now;
        taken.clock == ALERT
            && taken.step == step.step
            && (is_same || is_later)
            && taken.promised_at == step.due_at
    })
}

fn n_told_before(alarm: &Alarm<'_>, address: &str) -> u32 {
    let told = |taken: &&Taken| {
        taken.clock == ALERT && taken.state == "sent" && taken.recipient == address
    };
    u32::try_from(alarm.taken.iter().filter(told).count()).unwrap_or(u32::MAX)
}

fn row(
    at: &Moment,
    alarm: &Alarm<'_>,
    step: &PlannedStep,
    post: &str,
    address: &str,
    state: &str,
) -> Taken {
    Taken {
        id: at.id(),
        case: alarm.case,
        clock_id: alarm.clock_id,
        contact: alarm.contact,
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
