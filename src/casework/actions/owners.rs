//! Whose a case is: the next one taken, the owner asked for, and who can have it.

use super::stages::has_dealt_before;
use super::{Acted, Target, act};
use crate::casework::desk::Moment;
use crate::casework::failure::Failure;
use crate::casework::promises::terms_of;
use crate::domain::access::{Act, Actor, Role, User, Verdict, may};
use crate::domain::case::{Case, Secrecy};
use crate::domain::ids::UserId;
use crate::domain::lifecycle::Command;
use crate::store::{Conn, Tx, cases, users};

/// A new owner, as asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    Me,
    Nobody,
    Id(UserId),
    Email(String),
}

/// Takes the case of a queue that is most at risk and that nobody has.
///
/// # Errors
/// When the queue is not the actor's to work.
pub fn take_next(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    queue: &str,
) -> Result<Option<Acted>, Failure> {
    let user = check_may_take(at, actor, queue)?;
    let mut passed_over = Vec::new();
    let filed = loop {
        let Some(filed) = cases::most_at_risk(tx, &actor.sight(), queue, &passed_over)? else {
            return Ok(None);
        };
        let terms = terms_of(tx, at, &filed.case)?;
        // A complaint they answered at an earlier stage is for somebody else.
        if !has_dealt_before(tx, &filed.case, &terms, user.id)? {
            break filed;
        }
        passed_over.push(filed.case.id);
    };
    let command = Command::Assign {
        owner: Some(user.id),
    };
    act(tx, at, actor, &Target::Id(filed.case.id), &command, None).map(Some)
}

/// Whether the actor may take cases of a queue, and as whom.
///
/// # Errors
/// [`Failure::Missing`] when there is no such queue; forbidden when it is not theirs to work.
pub fn check_may_take<'a>(at: &Moment, actor: &'a Actor, queue: &str) -> Result<&'a User, Failure> {
    if at.council.catalogue.queue(queue).is_none() {
        return Err(Failure::Missing);
    }
    let Some(user) = actor.user() else {
        return Err(Failure::forbidden(
            "user_needed",
            "Only somebody who signs in can take a case.",
        ));
    };
    let works_restricted = at.council.catalogue.queue(queue).is_some_and(|queue| {
        queue
            .restricted_teams
            .iter()
            .any(|team| user.teams.contains(team))
    });
    let is_theirs = user.works(queue, None) || works_restricted;
    if !is_theirs || !actor.sight().admits_queue(queue) {
        return Err(Failure::forbidden(
            "not_your_queue",
            "This queue is not yours to work.",
        ));
    }
    Ok(user)
}

/// Reads who shall own a case.
///
/// # Errors
/// Names the owner that is not there, or cannot work.
pub fn resolve_owner(
    conn: &mut Conn,
    actor: &Actor,
    owner: &Owner,
) -> Result<Option<UserId>, Failure> {
    let account = match owner {
        Owner::Nobody => return Ok(None),
        Owner::Me => {
            let user = actor.user().ok_or_else(|| {
                Failure::invalid(
                    "/owner",
                    "unknown_value",
                    "`me` needs somebody who has signed in.",
                )
            })?;
            return Ok(Some(user.id));
        }
        Owner::Id(id) => users::find(conn, *id)?,
        Owner::Email(email) => users::find_by_email(conn, &email.to_lowercase())?,
    };
    match account {
        Some(account) if account.is_active => Ok(Some(account.user.id)),
        _ => Err(Failure::invalid(
            "/owner",
            "unknown_value",
            "There is no active user with this id or address.",
        )),
    }
}

/// Whether whoever has a case is away today: their team may take it from them then.
///
/// # Errors
/// When the database cannot be asked.
pub fn is_owner_away(conn: &mut Conn, at: &Moment, case: &Case) -> Result<bool, Failure> {
    let Some(owner) = case.owner else {
        return Ok(false);
    };
    let account = users::find(conn, owner)?;
    Ok(account.is_some_and(|account| account.user.standing.away_on(at.today()).is_some()))
}

/// Whether a case can be somebody's: they work cases, and a restricted one knows them.
pub(super) fn may_own(user: &User, case: &Case) -> bool {
    let works = match user.role {
        Role::Agent | Role::Officer | Role::TeamLeader | Role::HeadOfService => true,
        Role::Partner => user.works(&case.queue, Some(&case.service)),
        Role::Councillor | Role::Auditor | Role::Admin => false,
    };
    let is_named = user
        .holders()
        .iter()
        .any(|holder| case.restricted_to.contains(holder));
    let is_theirs_to_know = case.secrecy != Secrecy::Restricted
        || (is_named && may(&Actor::User(user.clone()), Act::Read, case, false) == Verdict::Allow);
    works && is_theirs_to_know
}
