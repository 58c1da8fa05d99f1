//! Every place where work waits: who answers for it, how long it may, how much waits there and what has
//! waited longest. Nothing sits unseen, so a place is listed though nothing waits in it.
//!
//! Where a case waits follows from its timeline ([`crate::domain::waiting`]), as it does for the ladders:
//! a reader and a ladder never say two things of one case. Nothing is counted that its reader may not see;
//! auditors and administrators, who see no case, read how much waits and nothing of what.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use super::{CaseName, mail, queues};
use crate::casework::desk::Moment;
use crate::casework::failure::Failure;
use crate::casework::figures;
use crate::domain::access::{Actor, Role};
use crate::domain::case::Secrecy;
use crate::domain::catalogue::Queue;
use crate::domain::contact::Disposition;
use crate::domain::ids::CaseId;
use crate::domain::waiting::{self, Past, Place, Stay};
use crate::store::cases::{self, Filed};
use crate::store::{Conn, events};

/// A place where work waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct WaitingPlaceView {
    pub place: Place,
    /// Whose work waits there, by its slug; null for mail that belongs to no queue yet.
    pub queue: Option<String>,
    /// The team as people read it.
    pub team: Option<String>,
    /// Who answers for it.
    pub owner: PlaceOwner,
    /// After so many working days somebody is told.
    pub waits_at_most_working_days: u32,
    pub waiting: u64,
    /// Of those: longer than they may.
    pub over_limit: u64,
    /// What has waited longest; null where nothing waits.
    pub oldest: Option<OldestWaiting>,
}

/// A post at its office address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PlaceOwner {
    pub name: String,
    pub email: String,
}

/// What has waited longest in a place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct OldestWaiting {
    pub since: Timestamp,
    /// Until when it may.
    pub limit_at: Timestamp,
    /// Null for a mail, and for whoever sees no cases.
    pub case: Option<CaseName>,
    /// The mail; null for a case, and for whoever sees none.
    pub contact: Option<Uuid>,
    /// That it was shown is put down in the audit.
    #[serde(skip)]
    pub is_restricted: bool,
}

/// Cases looked at together.
const AT_ONCE: i64 = 200;

/// Every place the actor may look into: those of queues by slug, then those of mail.
///
/// # Errors
/// When the database cannot be asked.
pub fn list(conn: &mut Conn, at: &Moment, actor: &Actor) -> Result<Vec<WaitingPlaceView>, Failure> {
    let looks_over = looks_over(actor);
    let catalogue = &at.council.catalogue;
    let shown: Vec<&Queue> = catalogue
        .queues
        .values()
        .filter(|queue| {
            if looks_over {
                !queue.is_restricted_only
            } else {
                queues::is_in_sight(at, actor, queue)
            }
        })
        .collect();
    let mut waiting = cases_waiting(conn, at, actor, looks_over)?;
    let mut places = Vec::new();
    for queue in shown {
        let unplaced = if queue.slug == catalogue.routing.fallback.queue {
            Place::Triage
        } else {
            Place::Unassigned
        };
        for place in [unplaced, Place::Paused, Place::Bounced] {
            let own = waiting.remove(&(queue.slug.clone(), place));
            let post = &queue.team_leader;
            places.push(view(
                at,
                (place, Some(queue)),
                figures::keeper(at, &post.email),
                own.unwrap_or_default(),
            ));
        }
    }
    // What a machine sent waits with what is held, where it tells of danger.
    let held = [Disposition::Held, Disposition::Stored];
    let unread = [Disposition::Quarantined];
    for (place, dispositions) in [(Place::Held, &held[..]), (Place::Quarantined, &unread[..])] {
        let mut by_owner: BTreeMap<String, Waiting> = BTreeMap::new();
        for contact in mail::waiting(conn, at, actor, looks_over, dispositions)? {
            let (Some(owner), Some(limit_at)) = (contact.waits_for, contact.limit_at) else {
                continue;
            };
            let stay = Stay {
                place,
                since: contact.logged_at,
                limit_at,
            };
            let named = (!looks_over).then_some(contact.id.0);
            by_owner
                .entry(owner)
                .or_default()
                .add(at, stay, (None, named));
        }
        let centre = catalogue.queue(&catalogue.routing.fallback.queue);
        if let Some(centre) = centre.filter(|_| by_owner.is_empty()) {
            let email = centre.team_leader.email.clone();
            by_owner.insert(email, Waiting::default());
        }
        for (email, own) in by_owner {
            places.push(view(at, (place, None), figures::keeper(at, &email), own));
        }
    }
    Ok(places)
}

/// Whether somebody answers for the whole and sees no case.
fn looks_over(actor: &Actor) -> bool {
    let role = actor.user().map(|user| user.role);
    matches!(role, Some(Role::Auditor | Role::Admin))
}

/// What waits in one place.
#[derive(Default)]
struct Waiting {
    n: u64,
    n_over_limit: u64,
    oldest: Option<OldestWaiting>,
}

impl Waiting {
    fn add(&mut self, at: &Moment, stay: Stay, (filed, contact): (Option<&Filed>, Option<Uuid>)) {
        self.n += 1;
        self.n_over_limit += u64::from(stay.limit_at <= at.now);
        let is_oldest = self
            .oldest
            .as_ref()
            .is_none_or(|oldest| stay.since < oldest.since);
        if is_oldest {
            self.oldest = Some(OldestWaiting {
                since: stay.since,
                limit_at: stay.limit_at,
                case: filed.map(|filed| CaseName::of(&filed.case)),
                contact,
                is_restricted: filed.is_some_and(|filed| filed.case.secrecy == Secrecy::Restricted),
            });
        }
    }
}

fn view(
    at: &Moment,
    (place, queue): (Place, Option<&Queue>),
    owner: figures::Keeper,
    own: Waiting,
) -> WaitingPlaceView {
    let catalogue = &at.council.catalogue;
    let slug = queue.map_or(&catalogue.routing.fallback.queue, |queue| &queue.slug);
    WaitingPlaceView {
        place,
        queue: queue.map(|queue| queue.slug.clone()),
        team: queue.map(|queue| queue.team_name.clone()),
        owner: PlaceOwner {
            name: owner.name,
            email: owner.email,
        },
        waits_at_most_working_days: place.waits_at_most(catalogue, slug),
        waiting: own.n,
        over_limit: own.n_over_limit,
        oldest: own.oldest,
    }
}

/// Where open cases wait, by queue and place.
fn cases_waiting(
    conn: &mut Conn,
    at: &Moment,
    actor: &Actor,
    looks_over: bool,
) -> Result<BTreeMap<(String, Place), Waiting>, Failure> {
    let sight = if looks_over {
        Actor::System.sight()
    } else {
        actor.sight()
    };
    let mut waiting: BTreeMap<(String, Place), Waiting> = BTreeMap::new();
    let mut after: Option<CaseId> = None;
    loop {
        let some = cases::that_may_wait(conn, &sight, after, AT_ONCE)?;
        let is_last = i64::try_from(some.len()).is_ok_and(|n| n < AT_ONCE);
        after = some.last().map(|filed| filed.case.id);
        let ids: Vec<CaseId> = some.iter().map(|filed| filed.case.id).collect();
        let mut pasts: BTreeMap<Uuid, Past> = some
            .iter()
            .map(|filed| (filed.case.id.0, Past::opened(filed.case.opened_at)))
            .collect();
        for (case, when, event) in events::of_kinds_in(conn, &ids, &Past::KINDS)? {
            if let Some(past) = pasts.get_mut(&case.0) {
                past.note(when, &event);
            }
        }
        for filed in &some {
            let case = &filed.case;
            // Only those named may know that it is there, even as one of a number.
            if looks_over && case.secrecy == Secrecy::Restricted {
                continue;
            }
            let Some(past) = pasts.get(&case.id.0) else {
                continue;
            };
            for stay in waiting::stays(case, past, &at.council.catalogue) {
                let key = (case.queue.clone(), stay.place);
                let named = (!looks_over).then_some(filed);
                waiting.entry(key).or_default().add(at, stay, (named, None));
            }
        }
        if is_last {
            return Ok(waiting);
        }
    }
}
