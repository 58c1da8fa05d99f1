//! Updates: written once for everybody whose case is on an incident. They leave a little later, as an
//! officer's reply does, and can be taken back until then.

use super::{fault_in_words, find_to_run, note};
use crate::casework::desk::Moment;
use crate::casework::failure::Failure;
use crate::casework::incidents::check_runs;
use crate::casework::letters;
use crate::domain::access::Actor;
use crate::domain::ids::{IncidentId, IncidentUpdateId};
use crate::store::incidents::{self, Update};
use crate::store::{Conn, Tx};

/// What somebody wants said to all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewUpdate {
    pub text: String,
    /// Who is written to in Welsh reads this; where it is left out they read the English.
    pub text_cy: Option<String>,
}

/// Writes an update. Who hears it is found out when it leaves.
///
/// # Errors
/// What is not plain; a conflict when the incident is over.
pub fn announce(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    id: IncidentId,
    new: &NewUpdate,
) -> Result<Update, Failure> {
    incidents::hold(tx, id)?;
    find_to_run(tx, at, actor, id)?;
    let mut faults: Vec<_> = fault_in_words("/text", &new.text).into_iter().collect();
    faults.extend(
        new.text_cy
            .as_ref()
            .and_then(|text| fault_in_words("/text_cy", text)),
    );
    if !faults.is_empty() {
        return Err(Failure::Invalid(faults));
    }
    let update = Update {
        id: at.id(),
        incident: id,
        number: 0,
        text: new.text.trim().to_owned(),
        text_cy: new.text_cy.as_ref().map(|text| text.trim().to_owned()),
        written_at: at.now,
        written_by: actor.label(),
        leaves_at: letters::after_undo(at),
        taken_back_at: None,
    };
    let added = incidents::add_update(tx, &update)?;
    incidents::wake_by(tx, id, added.leaves_at)?;
    note(tx, at, actor, "incident.update_written", id)?;
    Ok(added)
}

/// Takes an update back before it leaves.
///
/// # Errors
/// A conflict when it has begun to leave.
pub fn take_back(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    id: IncidentId,
    update: IncidentUpdateId,
) -> Result<(), Failure> {
    incidents::hold(tx, id)?;
    let known = find(tx, at, actor, id, update)?;
    if known.taken_back_at.is_some() {
        return Ok(());
    }
    if !incidents::take_back(tx, update, &actor.label(), at.now)? {
        return Err(Failure::conflict(
            "already_sent",
            "The update has begun to leave. Write another one that puts it right.",
        ));
    }
    note(tx, at, actor, "incident.update_taken_back", id)
}

fn find(
    conn: &mut Conn,
    at: &Moment,
    actor: &Actor,
    id: IncidentId,
    update: IncidentUpdateId,
) -> Result<Update, Failure> {
    check_runs(conn, at, actor, id)?;
    incidents::find_update(conn, id, update)?.ok_or(Failure::Missing)
}
