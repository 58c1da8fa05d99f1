//! Who is on the line: asked and recorded before anything private is said to a caller.
//!
//! A check holds for the contact it was made in. Where none is named it holds for the hour, because a
//! call that is acknowledged by word of mouth is often logged after it. The answers are never kept.

use jiff::SignedDuration;

use super::actions::{Target, find};
use super::audit::note_look;
use super::desk::Moment;
use super::failure::Failure;
use super::letters;
use super::promises::{Settled, Written, settle_by, terms_of};
use super::redaction::by;
use crate::domain::access::{Act, Actor};
use crate::domain::case::{Case, Secrecy};
use crate::domain::identity::{self, AskedFor, CheckResult, CheckedHow, IdentityChecked};
use crate::domain::ids::{CaseId, ContactId};
use crate::domain::lifecycle::{self, Event};
use crate::domain::notice::Says;
use crate::domain::wording::{self, Language};
use crate::store::{Conn, Tx, contacts, events};

/// What was asked of somebody, and how it came out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    pub how: CheckedHow,
    pub result: CheckResult,
    pub asked: Vec<AskedFor>,
    /// The contact it was made in, where that is logged.
    pub contact: Option<ContactId>,
}

/// For how long a check that was made in no logged contact holds.
const A_CALL: SignedDuration = SignedDuration::from_hours(1);

/// Records a check. One that was not passed is told to the team.
///
/// # Errors
/// When the contact is not one of the case.
pub fn record(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    target: &Target,
    check: &Check,
) -> Result<Settled, Failure> {
    let filed = find(tx, actor, target, Act::Read)?;
    if let Some(id) = check.contact {
        let is_of_case =
            contacts::find(tx, id)?.is_some_and(|contact| contact.case == Some(filed.case.id));
        if !is_of_case {
            return Err(Failure::invalid(
                "/contact",
                "unknown_value",
                "There is no contact with this id on the case.",
            ));
        }
    }
    let event = Event::IdentityChecked {
        how: check.how,
        result: check.result,
        asked: check.asked.clone(),
        contact: check.contact,
    };
    note_look(
        tx,
        at,
        actor,
        "case.identity_checked",
        &format!("case:{}", filed.case.id),
        Some(check.result.as_str()),
    )?;
    let terms = terms_of(tx, at, &filed.case)?;
    let read_revision = filed.case.revision;
    let mut case = filed.case;
    lifecycle::apply(&mut case, &event, &terms, by(actor), at.now);
    if check.result == CheckResult::Failed {
        tell_team(tx, at, &case)?;
    }
    let written = Written::Changed { read_revision };
    settle_by(tx, at, case, &terms, vec![event], &actor.label(), written)
}

/// What is known of who speaks on a case, and of who spoke in one contact of it.
///
/// # Errors
/// When the timeline cannot be read.
pub fn standing(
    conn: &mut Conn,
    case: CaseId,
    contact: Option<ContactId>,
) -> Result<IdentityChecked, Failure> {
    let checks = checks(conn, case)?;
    let newest = checks
        .iter()
        .rev()
        .find(|(_, _, of)| contact.is_none() || *of == contact);
    Ok(identity::standing(newest.map(|(_, result, _)| *result)))
}

/// What whoever is about to say something of a case to a caller must hear first: nothing where they have
/// shown who they are, in this contact or within the hour.
///
/// # Errors
/// When the timeline cannot be read.
pub fn warnings(
    conn: &mut Conn,
    at: &Moment,
    case: &Case,
    contact: Option<ContactId>,
) -> Result<Vec<String>, Failure> {
    if case.secrecy == Secrecy::Ordinary {
        return Ok(Vec::new());
    }
    let newest = checks(conn, case.id)?
        .into_iter()
        .rev()
        .find(|(when, _, of)| (contact.is_some() && *of == contact) || *when + A_CALL > at.now);
    let standing = identity::standing(newest.map(|(_, result, _)| result));
    let warning = identity::warning(case.secrecy, standing);
    Ok(warning.into_iter().map(str::to_owned).collect())
}

type Made = (jiff::Timestamp, CheckResult, Option<ContactId>);

/// Oldest first.
fn checks(conn: &mut Conn, case: CaseId) -> Result<Vec<Made>, Failure> {
    let made = events::of_kinds(conn, case, &["identity_checked"])?;
    Ok(made
        .into_iter()
        .filter_map(|(when, event)| match event {
            Event::IdentityChecked {
                result, contact, ..
            } => Some((when, result, contact)),
            _ => None,
        })
        .collect())
}

/// Somebody may be after what is not theirs to know: the team leader hears of it. A case about staff is
/// told to nobody but those named on it, who read its timeline.
fn tell_team(tx: &mut Tx<'_>, at: &Moment, case: &Case) -> Result<(), Failure> {
    let Some(queue) = at.council.catalogue.queue(&case.queue) else {
        return Ok(());
    };
    if case.about.is_some() {
        return Ok(());
    }
    let zone = at.council.catalogue.calendar.zone();
    let asked_at = zone.to_datetime(at.now);
    let says = Says::IdentityFailed {
        item: letters::staff_item(tx, at, case, None)?,
        asked_at: format!(
            "{} at {}",
            wording::day(asked_at.date(), Language::English),
            wording::clock_time(asked_at.time())
        ),
    };
    let send_at = at.council.catalogue.calendar.next_sending_time(at.now);
    let key = format!("identity:{}:{}", case.id, at.now.as_microsecond());
    let to = &queue.team_leader.email;
    letters::tell_staff(tx, at, Some(case.id), to, says, key, send_at)?;
    Ok(())
}
