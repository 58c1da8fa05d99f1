//! Turns at queues that are not somebody's otherwise, and the days on which they are away.
//!
//! Both are kept with the account and compared with the time whenever it is asked: nothing has to
//! be taken back when they are over. What a turn opens is decided in `domain::access`; who is told
//! in place of somebody who is away, in `escalation`.

use jiff::civil::Date;

use super::accounts::{self, Account};
use super::actions::{Owner, resolve_owner};
use super::desk::Moment;
use super::failure::{Failure, Fault};
use crate::domain::access::{Actor, Away, Role, Turn, User};
use crate::store::{Conn, Tx, users};

/// An absence, as it is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAway {
    pub from_on: Date,
    /// The last day.
    pub until_on: Date,
    pub deputy: Option<Owner>,
}

/// Whether a team leader may look at an account and give it turns: they do so for those who can
/// work cases.
#[must_use]
pub fn may_have_turns(user: &User) -> bool {
    matches!(
        user.role,
        Role::Agent | Role::Officer | Role::TeamLeader | Role::Partner
    )
}

/// Puts somebody's turns in place of those they had. A team leader gives turns at their own queues
/// and leaves the others as they are.
///
/// # Errors
/// Everything in them that cannot be meant; forbidden when a turn at another queue would change.
pub fn set_turns(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    account: Account,
    turns: &[Turn],
) -> Result<Account, Failure> {
    check_turns_are_theirs(tx, actor, &account.user.standing.rota, turns)?;
    let faults: Vec<Fault> = turns
        .iter()
        .enumerate()
        .filter_map(|(place, turn)| fault_of(at, &account.user, place, turn))
        .collect();
    if !faults.is_empty() {
        return Err(Failure::Invalid(faults));
    }
    let mut changed = account.clone();
    changed.user.standing.rota = turns.to_vec();
    write(tx, at, actor, changed, account.version, "user_rota_changed")
}

/// Says from when to when somebody is away and who stands in; or that they are not.
///
/// # Errors
/// Everything in it that cannot be meant.
pub fn set_away(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    account: Account,
    away: Option<&NewAway>,
) -> Result<Account, Failure> {
    let away = match away {
        None => None,
        Some(new) => {
            if new.until_on < new.from_on {
                let detail = "The last day lies before the first.";
                return Err(Failure::invalid("/away/until_on", "out_of_range", detail));
            }
            if new.until_on < at.today() {
                let detail = "These days are over already.";
                return Err(Failure::invalid("/away/until_on", "out_of_range", detail));
            }
            let deputy = match &new.deputy {
                None => None,
                Some(named) => deputy(tx, actor, &account.user, named)?,
            };
            Some(Away {
                from_on: new.from_on,
                until_on: new.until_on,
                deputy,
            })
        }
    };
    let mut changed = account.clone();
    changed.user.standing.away = away;
    write(tx, at, actor, changed, account.version, "user_away_changed")
}

fn deputy(
    tx: &mut Tx<'_>,
    actor: &Actor,
    user: &User,
    named: &Owner,
) -> Result<Option<crate::domain::ids::UserId>, Failure> {
    let fault = |detail: &str| Failure::invalid("/away/deputy", "unknown_value", detail);
    let found = resolve_owner(tx, actor, named).map_err(|failure| match failure {
        Failure::Invalid(_) => fault("There is no active user with this id or address."),
        other => other,
    })?;
    let Some(id) = found else {
        return Ok(None);
    };
    let works = users::find(tx, id)?.is_some_and(|account| {
        may_have_turns(&account.user) || account.user.role == Role::HeadOfService
    });
    if id == user.id || !works {
        return Err(fault("Name somebody else, who works cases."));
    }
    Ok(Some(id))
}

fn check_turns_are_theirs(
    conn: &mut Conn,
    actor: &Actor,
    had: &[Turn],
    wanted: &[Turn],
) -> Result<(), Failure> {
    let Some(leader) = actor.user().filter(|user| user.role == Role::TeamLeader) else {
        return Ok(());
    };
    // As the account has it: a queue where they have a turn today is not theirs to give away.
    let leader = accounts::account(conn, leader.id)?.user;
    let is_elsewhere = |turn: &&Turn| !leader.works(&turn.queue, None);
    let others_had: Vec<&Turn> = had.iter().filter(is_elsewhere).collect();
    let others_wanted: Vec<&Turn> = wanted.iter().filter(is_elsewhere).collect();
    if others_had == others_wanted {
        Ok(())
    } else {
        Err(Failure::forbidden(
            "not_your_queue",
            "You give turns at your own queues. Leave those at other queues as they are.",
        ))
    }
}

fn fault_of(at: &Moment, user: &User, place: usize, turn: &Turn) -> Option<Fault> {
    let fault = |member: &str, code, detail: &str| {
        Some(Fault {
            pointer: format!("/rota/{place}{member}"),
            code,
            detail: detail.to_owned(),
        })
    };
    if at.council.catalogue.queue(&turn.queue).is_none() {
        return fault(
            "/queue",
            "unknown_value",
            "The catalogue has no such queue.",
        );
    }
    if !may_have_turns(user) {
        let detail = "Somebody of this role works no queue.";
        return fault("", "cannot_work_it", detail);
    }
    if turn.until_at <= turn.from_at {
        return fault("/until_at", "out_of_range", "It must end after it begins.");
    }
    None
}

fn write(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    account: Account,
    read_version: i64,
    action: &str,
) -> Result<Account, Failure> {
    let changed = Account {
        version: read_version + 1,
        ..account
    };
    users::update(tx, &changed, read_version)?;
    let object = accounts::user_object(changed.user.id);
    accounts::note(tx, at, actor, action, &object, at.request_id.as_deref())?;
    Ok(changed)
}
