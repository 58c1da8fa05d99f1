//! A case that must be kept as it is: while it is held, nothing is taken away from it and nobody on it is
//! forgotten.

use super::actions::{Target, find};
use super::audit::note_look;
use super::desk::Moment;
use super::failure::Failure;
use super::promises::{Settled, Written, settle_by, terms_of};
use super::redaction::by;
use crate::domain::access::{Act, Actor};
use crate::domain::lifecycle::{self, Event};
use crate::store::Tx;
use crate::store::cases::Filed;
use crate::store::legal_holds::{self, Hold};

/// Holds a case.
///
/// # Errors
/// A conflict when it is held already.
pub fn place(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    target: &Target,
    reason: &str,
) -> Result<Settled, Failure> {
    let filed = find(tx, actor, target, Act::Work)?;
    let hold = Hold {
        case: filed.case.id,
        placed_at: at.now,
        placed_by: actor.principal(),
    };
    if !legal_holds::place(tx, &hold)? {
        return Err(Failure::conflict(
            "already_held",
            "This case is under a legal hold already.",
        ));
    }
    let reason = reason.to_owned();
    note(
        tx,
        at,
        actor,
        filed,
        "case.hold_placed",
        Event::HoldPlaced { reason },
    )
}

/// Holds a case no longer.
///
/// # Errors
/// A conflict when it is not held.
pub fn lift(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    target: &Target,
    reason: &str,
) -> Result<Settled, Failure> {
    let filed = find(tx, actor, target, Act::Work)?;
    if !legal_holds::lift(tx, filed.case.id)? {
        return Err(Failure::conflict(
            "not_held",
            "This case is not under a legal hold.",
        ));
    }
    let reason = reason.to_owned();
    note(
        tx,
        at,
        actor,
        filed,
        "case.hold_lifted",
        Event::HoldLifted { reason },
    )
}

fn note(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    filed: Filed,
    action: &str,
    event: Event,
) -> Result<Settled, Failure> {
    note_look(
        tx,
        at,
        actor,
        action,
        &format!("case:{}", filed.case.id),
        None,
    )?;
    let terms = terms_of(tx, at, &filed.case)?;
    let read_revision = filed.case.revision;
    let mut case = filed.case;
    lifecycle::apply(&mut case, &event, &terms, by(actor), at.now);
    let written = Written::Changed { read_revision };
    settle_by(tx, at, case, &terms, vec![event], &actor.label(), written)
}
