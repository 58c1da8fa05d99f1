//! Queues, and what stands in each as far as somebody may see it.

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;

use crate::casework::desk::Moment;
use crate::casework::failure::Failure;
use crate::domain::access::{Actor, Reach};
use crate::domain::calendar::WallTime;
use crate::domain::catalogue::Queue;
use crate::store::{Conn, cases, outbox};

/// A queue and what stands in it, as far as the reader may see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct QueueView {
    /// Its slug.
    pub queue: String,
    pub name: String,
    /// The team as people read it.
    pub team: String,
    pub open: u64,
    /// Whose earliest promise ends today, and has not ended yet.
    pub due_today: u64,
    pub overdue: u64,
    /// Open and nobody's.
    pub unowned: u64,
    /// Letters that wait for somebody to write them.
    pub to_write: u64,
    /// The open case that came in first.
    pub oldest: Option<OldestCase>,
}

/// The case that has been open longest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct OldestCase {
    pub received_at: Timestamp,
}

/// Every queue the actor may look into, by slug.
///
/// # Errors
/// When the database cannot be asked.
pub fn list(conn: &mut Conn, at: &Moment, actor: &Actor) -> Result<Vec<QueueView>, Failure> {
    let council = &at.council;
    let mut shown = Vec::new();
    for queue in council
        .catalogue
        .queues
        .values()
        .filter(|queue| is_in_sight(at, actor, queue))
    {
        shown.push(view(conn, at, actor, queue)?);
    }
    Ok(shown)
}

/// One queue.
///
/// # Errors
/// [`Failure::Missing`] when there is none, or none the actor may look into.
pub fn one(conn: &mut Conn, at: &Moment, actor: &Actor, slug: &str) -> Result<QueueView, Failure> {
    let queue = at
        .council
        .catalogue
        .queue(slug)
        .filter(|queue| is_in_sight(at, actor, queue));
    view(conn, at, actor, queue.ok_or(Failure::Missing)?)
}

/// A queue of restricted cases only does not exist for those who are not of its team; whether the
/// others may be *worked* is another question.
///
/// # Errors
/// [`Failure::Missing`] when there is none, or none the actor may know of.
pub fn check_is_known(at: &Moment, actor: &Actor, slug: &str) -> Result<(), Failure> {
    match at.council.catalogue.queue(slug) {
        Some(queue) if !queue.is_restricted_only || is_of_its_team(actor, queue) => Ok(()),
        _ => Err(Failure::Missing),
    }
}

/// Whether somebody may look into a queue.
pub(super) fn is_in_sight(at: &Moment, actor: &Actor, queue: &Queue) -> bool {
    if !actor.sight().admits_queue(&queue.slug) {
        return false;
    }
    if is_of_its_team(actor, queue) {
        return true;
    }
    if queue.is_restricted_only {
        return false;
    }
    is_worked(at, actor, queue) || is_overlooked(at, actor, queue)
}

/// Portfolio holders see how much stands in the queues of their services, never whose it is.
fn is_overlooked(at: &Moment, actor: &Actor, queue: &Queue) -> bool {
    actor.sight().overlooks.iter().any(|service| {
        at.council
            .catalogue
            .service(service)
            .is_some_and(|service| service.queue == queue.slug)
    })
}

fn is_worked(at: &Moment, actor: &Actor, queue: &Queue) -> bool {
    match actor.sight().ordinary {
        Reach::Everything => true,
        Reach::Within {
            queues,
            services,
            channels,
        } => {
            !channels.is_empty()
                || queues.contains(&queue.slug)
                || services.iter().any(|service| {
                    at.council
                        .catalogue
                        .service(service)
                        .is_some_and(|service| service.queue == queue.slug)
                })
        }
        Reach::Nothing => false,
    }
}

fn is_of_its_team(actor: &Actor, queue: &Queue) -> bool {
    let holders = actor.sight().holders;
    queue
        .restricted_teams
        .iter()
        .any(|team| holders.contains(&format!("team:{}", team.trim_start_matches("team:"))))
}

fn view(conn: &mut Conn, at: &Moment, actor: &Actor, queue: &Queue) -> Result<QueueView, Failure> {
    let calendar = &at.council.catalogue.calendar;
    let tomorrow = at.today().tomorrow().map_err(anyhow::Error::from)?;
    // The first late instant of a promise that ends with today is midnight itself.
    let just_after_midnight =
        calendar.instant(tomorrow, WallTime::MIDNIGHT) + SignedDuration::from_millis(1);
    let counts = cases::counts(
        conn,
        &actor.sight(),
        &queue.slug,
        at.now,
        just_after_midnight,
    )?;
    let to_write = if is_worked(at, actor, queue) || is_of_its_team(actor, queue) {
        outbox::n_to_write(conn, &queue.slug)?
    } else {
        0
    };
    let whole = |count: i64| u64::try_from(count).unwrap_or(0);
    Ok(QueueView {
        queue: queue.slug.clone(),
        name: queue.name.clone(),
        team: queue.team_name.clone(),
        open: whole(counts.open),
        due_today: whole(counts.due_today),
        overdue: whole(counts.overdue),
        unowned: whole(counts.unowned),
        to_write: whole(to_write),
        oldest: counts
            .oldest_received_at
            .map(|received_at| OldestCase { received_at }),
    })
}
