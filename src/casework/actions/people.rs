//! Who is on a case, and as what: put there, given another role, taken off.
//!
//! Reporters and advocates are told what happens; a case that somebody reported always has one.
//! Whoever is taken off has no link to it any more, and what was on its way to them stops.

use super::{Acted, Target, find};
use crate::casework::desk::Moment;
use crate::casework::failure::Failure;
use crate::casework::people;
use crate::casework::promises::{Written, settle_by, terms_of};
use crate::domain::access::{Act, Actor};
use crate::domain::case::Case;
use crate::domain::ids::PersonId;
use crate::domain::lifecycle::{self, Event};
use crate::domain::person::RoleOnCase;
use crate::store::{Tx, audit, cases, outbox, tracking};

/// Puts a person on a case, or gives them another role on it.
///
/// # Errors
/// When the case is not the actor's to work, there is no such person for them, or the case would be
/// left without its reporter.
pub fn set_role(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    target: &Target,
    person: PersonId,
    role: RoleOnCase,
    if_match: Option<i64>,
) -> Result<Acted, Failure> {
    let mut case = to_work(tx, actor, target, if_match)?;
    let known = people::find_for(tx, at, actor, person).map_err(|failure| match failure {
        Failure::Missing => Failure::invalid(
            "/person",
            "unknown_value",
            "There is no person with this id.",
        ),
        other => other,
    })?;
    if role != RoleOnCase::Reporter {
        hand_on(tx, &mut case, person)?;
    }
    cases::set_role(tx, case.id, known.id, role)?;
    if role == RoleOnCase::Reporter && case.reporter.is_none() {
        case.reporter = Some(person);
    }
    written(tx, at, actor, case, Event::PersonAdded { person, role })
}

/// Takes a person off a case.
///
/// # Errors
/// [`Failure::Missing`] when they are not on it; a conflict when they are the one we answer.
pub fn remove(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    target: &Target,
    person: PersonId,
    if_match: Option<i64>,
) -> Result<Acted, Failure> {
    let mut case = to_work(tx, actor, target, if_match)?;
    let role = cases::people(tx, case.id)?
        .into_iter()
        .find(|(id, _, _)| *id == person)
        .map(|(_, role, _)| role)
        .ok_or(Failure::Missing)?;
    hand_on(tx, &mut case, person)?;
    cases::remove_person(tx, case.id, person)?;
    tracking::revoke_on_case(tx, case.id, person, at.now)?;
    for notice in outbox::waiting_for(tx, &[person])? {
        if notice.case == Some(case.id) {
            outbox::stop(tx, notice.id, at.now)?;
        }
    }
    written(tx, at, actor, case, Event::PersonRemoved { person, role })
}

fn to_work(
    tx: &mut Tx<'_>,
    actor: &Actor,
    target: &Target,
    if_match: Option<i64>,
) -> Result<Case, Failure> {
    let case = find(tx, actor, target, Act::Work)?.case;
    if if_match.is_some_and(|version| version != case.version) {
        return Err(Failure::Stale);
    }
    Ok(case)
}

/// Another reporter takes the place of the one we answer, who is about to stop being that.
fn hand_on(tx: &mut Tx<'_>, case: &mut Case, person: PersonId) -> Result<(), Failure> {
    if case.reporter != Some(person) {
        return Ok(());
    }
    let next = cases::people(tx, case.id)?
        .into_iter()
        .find(|(id, role, has_withdrawn)| {
            *id != person && *role == RoleOnCase::Reporter && !has_withdrawn
        });
    let Some((next, _, _)) = next else {
        return Err(Failure::conflict(
            "is_reporter",
            "This is the person we answer. Put somebody else on the case as `reporter` first.",
        ));
    };
    case.reporter = Some(next);
    Ok(())
}

fn written(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    mut case: Case,
    event: Event,
) -> Result<Acted, Failure> {
    let terms = terms_of(tx, at, &case)?;
    let read_revision = case.revision;
    lifecycle::apply(&mut case, &event, &terms, super::by(actor), at.now);
    let entry = audit::Entry {
        id: at.id(),
        at: at.now,
        actor: &actor.principal(),
        action: &format!("case.{}", event.kind()),
        object: &format!("case:{}", case.id),
        purpose: None,
        request_id: at.request_id.as_deref(),
    };
    audit::append(tx, &entry)?;
    let settled = settle_by(
        tx,
        at,
        case,
        &terms,
        vec![event],
        &actor.label(),
        Written::Changed { read_revision },
    )?;
    Ok(Acted {
        settled,
        notice: None,
    })
}
