//! What the worker does: an update to case after case, a closure to case after case, each in a transaction
//! of its own. A case is claimed in the transaction that tells it, so a stop half-way, a second replica or a
//! second try does nothing twice; what is left is found again by what has not been seen to.

use std::sync::Arc;

use jiff::SignedDuration;
use tokio::task::JoinSet;

use super::closing::{close_case, leave, why_left};
use super::telling::tell_case;
use crate::casework::desk::{Desk, Moment};
use crate::casework::failure::Failure;
use crate::domain::ids::{CaseId, IncidentId};
use crate::domain::incident::Incident;
use crate::store::Tx;
use crate::store::incidents::{self, Closure, Update};

/// What one run of the worker came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Carried {
    /// Cases whose people were told an update.
    pub n_told: usize,
    /// Cases that were closed, or left and named.
    pub n_closed: usize,
    /// Cases that could not be seen to this time.
    pub n_failed: usize,
}

/// What is done to one case.
#[derive(Clone)]
enum Task {
    Tell(Arc<Incident>, Arc<Update>),
    Close(Arc<Closure>),
}

/// Incidents in one run, and cases read at once.
const MOST_INCIDENTS: i64 = 50;
const BATCH: i64 = 200;
/// Transactions at the same time, as in the sweep.
const AT_ONCE: usize = 8;
const RETRY_AFTER: SignedDuration = SignedDuration::from_secs(60);

/// Goes on with what is due on every incident, until every case on it has been seen to.
///
/// # Errors
/// When they cannot be read. A case that fails is logged and tried again a minute later; it does not stop
/// the others.
pub async fn carry_on(desk: &Arc<Desk>) -> Result<Carried, Failure> {
    let mut carried = Carried::default();
    let due = desk
        .read(|conn, at| Ok(incidents::to_wake(conn, at.now, MOST_INCIDENTS)?))
        .await?;
    for id in due {
        carry_one(desk, id, &mut carried).await?;
        desk.perform(move |tx, at| look_again(tx, at, id)).await?;
    }
    if carried != Carried::default() {
        tracing::info!(
            n_told = carried.n_told,
            n_closed = carried.n_closed,
            n_failed = carried.n_failed,
            "IncidentTold an update to those behind {} cases of incidents, closed or left {}; {} are tried again",
            carried.n_told,
            carried.n_closed,
            carried.n_failed
        );
    }
    Ok(carried)
}

/// Tells what is due on one incident within the transaction at hand: for few cases, where no worker is
/// there to do it.
///
/// # Errors
/// When it cannot be written.
pub fn tell_now(tx: &mut Tx<'_>, at: &Moment, id: IncidentId) -> Result<(), Failure> {
    let incident = incidents::find(tx, id)?.ok_or(Failure::Missing)?;
    if let Some(update) = incidents::current_update(tx, id, at.now)? {
        for case in incidents::to_tell(tx, &update, at.now, None, BATCH)? {
            tell_case(tx, at, &incident, &update, case)?;
        }
    }
    look_again(tx, at, id)
}

async fn carry_one(desk: &Arc<Desk>, id: IncidentId, carried: &mut Carried) -> Result<(), Failure> {
    let (incident, update, closure) = desk
        .read(move |conn, at| {
            Ok((
                incidents::find(conn, id)?,
                incidents::current_update(conn, id, at.now)?,
                incidents::closures_of(conn, id, None, 1)?.pop(),
            ))
        })
        .await?;
    let Some(incident) = incident else {
        return Ok(());
    };
    if let Some(update) = update {
        let (incident, update) = (Arc::new(incident), Arc::new(update));
        let asked = Arc::clone(&update);
        let task = Task::Tell(incident, update);
        carried.n_told += go_through(desk, id, &task, carried, move |conn, at, after| {
            Ok(incidents::to_tell(conn, &asked, at.now, after, BATCH)?)
        })
        .await?;
    }
    if let Some(closure) = closure {
        let closure = Arc::new(closure);
        let asked = Arc::clone(&closure);
        let task = Task::Close(closure);
        carried.n_closed += go_through(desk, id, &task, carried, move |conn, at, after| {
            Ok(incidents::to_close(conn, &asked, at.now, after, BATCH)?)
        })
        .await?;
    }
    Ok(())
}

/// Page after page of the cases that are to be seen to; says how many were.
async fn go_through<P>(
    desk: &Arc<Desk>,
    incident: IncidentId,
    task: &Task,
    carried: &mut Carried,
    page: P,
) -> Result<usize, Failure>
where
    P: Fn(&mut crate::store::Conn, &Moment, Option<CaseId>) -> Result<Vec<CaseId>, Failure>
        + Clone
        + Send
        + 'static,
{
    let (mut n_done, mut after) = (0, None);
    loop {
        let next = page.clone();
        let ids = desk.read(move |conn, at| next(conn, at, after)).await?;
        let Some(last) = ids.last().copied() else {
            return Ok(n_done);
        };
        // Of two records at one address the first case hears it: those who are told are told in their order.
        let at_once = match task {
            Task::Tell(..) => 1,
            Task::Close(..) => AT_ONCE,
        };
        for some in ids.chunks(at_once) {
            n_done += see_to_some(desk, incident, some, task, carried).await?;
        }
        after = Some(last);
    }
}

async fn see_to_some(
    desk: &Arc<Desk>,
    incident: IncidentId,
    ids: &[CaseId],
    task: &Task,
    carried: &mut Carried,
) -> Result<usize, Failure> {
    let mut at_work = JoinSet::new();
    for id in ids.iter().copied() {
        let (desk, task) = (Arc::clone(desk), task.clone());
        at_work.spawn(async move { (id, see_to(&desk, &task, id).await) });
    }
    let (mut n_done, mut failed) = (0, Vec::new());
    while let Some(done) = at_work.join_next().await {
        match done {
            Ok((_, Ok(is_done))) => n_done += usize::from(is_done),
            Ok((id, Err(why))) => {
                tracing::error!(case.id = %id, "Could not see to case {id} of an incident: {why:#}");
                failed.push(id);
            }
            Err(panic) => {
                // Which case it was is not known: it is still there to be seen to.
                carried.n_failed += 1;
                tracing::error!("Seeing to a case of an incident panicked: {panic}");
            }
        }
    }
    for id in failed {
        carried.n_failed += 1;
        desk.perform(move |tx, at| Ok(incidents::put_off(tx, incident, id, at.now + RETRY_AFTER)?))
            .await?;
    }
    Ok(n_done)
}

async fn see_to(desk: &Arc<Desk>, task: &Task, id: CaseId) -> Result<bool, Failure> {
    match task {
        Task::Tell(incident, update) => {
            let (incident, update) = (Arc::clone(incident), Arc::clone(update));
            desk.perform(move |tx, at| tell_case(tx, at, &incident, &update, id))
                .await
        }
        Task::Close(closure) => {
            let asked = Arc::clone(closure);
            let done = desk
                .perform(move |tx, at| close_case(tx, at, &asked, id))
                .await;
            match done {
                Err(failure) => {
                    let Some(left) = why_left(&failure) else {
                        return Err(failure);
                    };
                    let asked = Arc::clone(closure);
                    desk.perform(move |tx, _| leave(tx, &asked, id, left))
                        .await?;
                    Ok(true)
                }
                done => done,
            }
        }
    }
}

/// Works out when the incident must be looked at again. It is held, so that a case put on it meanwhile is
/// either seen here or looks again by itself.
fn look_again(tx: &mut Tx<'_>, at: &Moment, id: IncidentId) -> Result<(), Failure> {
    incidents::hold(tx, id)?;
    let next = incidents::next_look(tx, id, at.now)?;
    Ok(incidents::set_wake(tx, id, next)?)
}
