//! The cases on an incident that is over, closed with one reason and one answer to each.
//!
//! Each case is closed as an officer would close it, by the rules of that case and as far as whoever asked
//! may. What has a procedure or a question of its own is left, and named.

use super::{check_runs, fault_in_words, note};
use crate::casework::actions::{self, Target, people_to_answer};
use crate::casework::desk::Moment;
use crate::casework::failure::Failure;
use crate::domain::access::{Act, Actor, Verdict, may};
use crate::domain::case::{Case, Outcome, Procedure, ReplyKind, Secrecy, Status};
use crate::domain::ids::{CaseId, IncidentId};
use crate::domain::incident::{ClosedAs, IncidentState};
use crate::domain::lifecycle::Command;
use crate::store::incidents::{self, Closure};
use crate::store::{Tx, cases, users};

/// With what the cases are to be closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewClosure {
    pub outcome: Outcome,
    /// The answer each person gets.
    pub text: Option<String>,
}

/// Asks for the cases on an incident to be closed. Those that are on it now; the worker does it.
///
/// # Errors
/// A conflict while it goes on.
pub fn ask_to_close(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    id: IncidentId,
    new: &NewClosure,
) -> Result<Closure, Failure> {
    incidents::hold(tx, id)?;
    let incident = check_runs(tx, at, actor, id)?;
    if incident.state == IncidentState::Open {
        return Err(Failure::conflict(
            "incident_open",
            "This incident still goes on. End it first.",
        ));
    }
    if let Some(fault) = new
        .text
        .as_ref()
        .and_then(|text| fault_in_words("/text", text))
    {
        return Err(Failure::Invalid(vec![fault]));
    }
    let asked_by = actor
        .user()
        .ok_or_else(|| Failure::forbidden("scope_missing", "This is for people who sign in."))?
        .id;
    let closure = Closure {
        id: at.id(),
        incident: id,
        number: 0,
        outcome: new.outcome,
        text: new.text.as_ref().map(|text| text.trim().to_owned()),
        asked_at: at.now,
        asked_by,
    };
    let added = incidents::add_closure(tx, &closure)?;
    incidents::wake_by(tx, id, at.now)?;
    note(tx, at, actor, "incident.closure_asked", id)?;
    Ok(added)
}

/// Closes one case, unless that was done or it is to be left. Says whether it was seen to now.
///
/// # Errors
/// Why its own rules say no; nothing is written then, and [`leave`] writes down why.
pub(super) fn close_case(
    tx: &mut Tx<'_>,
    at: &Moment,
    closure: &Closure,
    id: CaseId,
) -> Result<bool, Failure> {
    if !incidents::see_closure(tx, closure, id)? {
        return Ok(false);
    }
    let Some(filed) = cases::find(tx, id)? else {
        return Ok(false);
    };
    let account = users::find(tx, closure.asked_by)?.filter(|account| account.is_active);
    let actor = account.map(|account| Actor::User(account.user).at(at.now));
    let closed_as = match (&actor, left_as(&filed.case)) {
        (_, Some(left)) => left,
        (Some(actor), None) if may(actor, Act::Work, &filed.case, false) == Verdict::Allow => {
            close(tx, at, actor, closure, &filed.case)?;
            ClosedAs::Closed
        }
        _ => ClosedAs::NotTheirs,
    };
    incidents::note_closed(tx, closure.incident, id, closed_as)?;
    Ok(true)
}

/// A case whose own rules said no is left as it is.
///
/// # Errors
/// When it cannot be written.
pub(super) fn leave(
    tx: &mut Tx<'_>,
    closure: &Closure,
    id: CaseId,
    closed_as: ClosedAs,
) -> Result<(), Failure> {
    if incidents::see_closure(tx, closure, id)? {
        incidents::note_closed(tx, closure.incident, id, closed_as)?;
    }
    Ok(())
}

/// Why a case is left, by what its own rules answered; nothing where trying again may help.
pub(super) fn why_left(failure: &Failure) -> Option<ClosedAs> {
    match failure {
        Failure::Conflict { code, .. }
            if matches!(*code, "no_address" | "person_deceased" | "no_safe_way") =>
        {
            Some(ClosedAs::NotReached)
        }
        Failure::Refused(_)
        | Failure::Conflict { .. }
        | Failure::Forbidden { .. }
        | Failure::Missing
        | Failure::Invalid(_) => Some(ClosedAs::Refused),
        _ => None,
    }
}

/// Why a case is not closed together with others, when it is not.
fn left_as(case: &Case) -> Option<ClosedAs> {
    if case.is_closed() {
        Some(ClosedAs::WasClosed)
    } else if case.secrecy != Secrecy::Ordinary {
        Some(ClosedAs::Sensitive)
    } else if !matches!(
        case.procedure,
        Procedure::ServiceRequest | Procedure::Enquiry
    ) || case.about.is_some()
    {
        Some(ClosedAs::OwnProcedure)
    } else if case.is_in_danger() {
        Some(ClosedAs::Danger)
    } else if case.status == Status::Waiting {
        Some(ClosedAs::OpenQuestion)
    } else {
        None
    }
}

/// The answer first, which meets the promise; then the case is closed, and whoever has had the answer
/// hears no more of it.
fn close(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    closure: &Closure,
    case: &Case,
) -> Result<(), Failure> {
    let target = Target::Id(case.id);
    let is_answered = case.status == Status::Responded;
    if let Some(text) = closure.text.as_ref().filter(|_| !is_answered)
        && !people_to_answer(tx, case)?.is_empty()
    {
        let reply = Command::Reply {
            text: text.clone(),
            kind: ReplyKind::Substantive,
            outcome: Some(closure.outcome),
            general_only: false,
        };
        actions::act(tx, at, actor, &target, &reply, None)?;
    }
    let close = Command::Close {
        outcome: closure.outcome,
    };
    actions::act(tx, at, actor, &target, &close, None)?;
    Ok(())
}
