//! Open cases under a new catalogue: what would move, and the move itself, which somebody asks for.
//!
//! A case keeps the terms it was opened under until an administrator says that open cases shall
//! move. What was asked for is written with the new version, in one transaction; the worker then
//! moves case after case, each in a transaction of its own, and notes how far it has come. A case
//! is known to be done by the terms it is pinned to, so a stop half-way, a second replica or a
//! second try does nothing twice.

mod telling;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use tokio::task::JoinSet;

use super::desk::{Council, Desk, Moment};
use super::failure::Failure;
use super::letters;
use super::promises::{Written, settle};
use crate::domain::access::{Act, Actor, Role, Verdict, may};
use crate::domain::case::{Case, Secrecy};
use crate::domain::clock::{self, Move, Moved, Terms};
use crate::domain::ids::CaseId;
use crate::domain::lifecycle::{self, By, Event};
use crate::domain::reference::Reference;
use crate::store::moves::{self, Asked, Pinned};
use crate::store::{Conn, StoreError, Tx, cases, catalogue};

use telling::{is_told_of, tell};

/// What a new catalogue would move among open cases.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WhatMoves {
    /// Cases with a date that would be another one.
    pub n_cases: u64,
    /// Those with a date that would be later.
    pub n_later: u64,
    /// Those with a date that would be earlier.
    pub n_earlier: u64,
    /// Cases that would come under other terms, which give the same dates.
    pub n_unchanged: u64,
    /// Cases that would stay under the terms they have: their category is gone or promises
    /// something else now, or a promise in time would be late at once.
    pub n_stay: u64,
    /// Dates that would be others, those not named included.
    pub n_dates: u64,
    /// Dates of cases whoever asks may know of, oldest case first.
    pub dates: Vec<MovingDate>,
}

/// One date that would be another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MovingDate {
    pub reference: Reference,
    pub moved: Moved,
}

/// What one run of the worker came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Carried {
    /// Cases that came under other terms.
    pub n_moved: usize,
    /// Cases that could not be moved this time.
    pub n_failed: usize,
}

const BATCH: i64 = 200;
/// Transactions at the same time, as in the sweep.
const AT_ONCE: usize = 8;
const RETRY_AFTER: SignedDuration = SignedDuration::from_secs(60);

/// What a council's catalogue, were it in force, would move among open cases. At most `limit` dates
/// are named.
///
/// # Errors
/// When the database cannot be asked.
pub fn preview(
    conn: &mut Conn,
    at: &Moment,
    actor: &Actor,
    new: &Council,
    limit: usize,
) -> Result<WhatMoves, Failure> {
    let mut found = WhatMoves::default();
    let mut known = KnownTerms::default();
    let mut after = None;
    loop {
        let page = moves::open_cases(conn, after, None, BATCH)?;
        let Some(last) = page.last() else {
            return Ok(found);
        };
        after = Some(last.id);
        let mut others = Vec::new();
        for pinned in page {
            match new.terms(&pinned.service, &pinned.category) {
                Ok((id, _)) if id == pinned.terms => {}
                Ok(_) => others.push(pinned.id),
                Err(_) => found.n_stay += 1,
            }
        }
        for filed in cases::with_ids(conn, &others)? {
            let (_, target) = new.terms(&filed.case.service, &filed.case.category)?;
            let own = known.of(conn, &filed.case.terms)?;
            found.count(actor, &filed.case, &own, &target, at.now, limit);
        }
    }
}

/// Goes on with what was asked for, until every open case has been seen to.
///
/// # Errors
/// When the cases cannot be read. A case that fails is logged and tried again a minute later; it
/// does not stop the others.
pub async fn carry_on(desk: &Arc<Desk>) -> Result<Carried, Failure> {
    let mut carried = Carried::default();
    let Some(asked) = desk
        .read(|conn, at| Ok(moves::unfinished(conn, at.now)?))
        .await?
    else {
        return Ok(carried);
    };
    let target = council_of(desk, asked.version).await?;
    let mut after = asked.after;
    loop {
        let until = asked.at;
        let page = desk
            .read(move |conn, _| Ok(moves::open_cases(conn, after, Some(until), BATCH)?))
            .await?;
        let Some(last) = page.last().map(|pinned| pinned.id) else {
            break;
        };
        let others: Vec<CaseId> = page
            .into_iter()
            .filter(|pinned| comes_under_others(pinned, &target))
            .map(|pinned| pinned.id)
            .collect();
        for some in others.chunks(AT_ONCE) {
            move_some(desk, some, &asked, &target, &mut carried).await;
        }
        let version = asked.version;
        desk.perform(move |tx, _| Ok(moves::advance(tx, version, last)?))
            .await?;
        after = Some(last);
    }
    let (version, is_done) = (asked.version, carried.n_failed == 0);
    desk.perform(move |tx, at| {
        if is_done {
            moves::finish(tx, version, at.now)?;
        } else {
            moves::begin_again(tx, version, at.now + RETRY_AFTER)?;
        }
        Ok(())
    })
    .await?;
    tracing::info!(
        version,
        n_moved = carried.n_moved,
        n_failed = carried.n_failed,
        "Moved {} open cases to the terms of catalogue version {version}; {} are tried again",
        carried.n_moved,
        carried.n_failed
    );
    Ok(carried)
}

/// Terms by their id, each read once.
#[derive(Default)]
struct KnownTerms(BTreeMap<String, Arc<Terms>>);

impl KnownTerms {
    fn of(&mut self, conn: &mut Conn, id: &str) -> Result<Arc<Terms>, Failure> {
        if let Some(terms) = self.0.get(id) {
            return Ok(Arc::clone(terms));
        }
        let terms = catalogue::find_terms(conn, id)?
            .ok_or_else(|| anyhow::anyhow!("there are no terms {id}"))?;
        let terms = Arc::new(terms);
        self.0.insert(id.to_owned(), Arc::clone(&terms));
        Ok(terms)
    }
}

impl WhatMoves {
    fn count(
        &mut self,
        actor: &Actor,
        case: &Case,
        own: &Terms,
        target: &Terms,
        now: Timestamp,
        limit: usize,
    ) {
        let Ok(Move { moved, .. }) = clock::move_to(&case.facts, own, target, now) else {
            self.n_stay += 1;
            return;
        };
        if moved.is_empty() {
            self.n_unchanged += 1;
            return;
        }
        self.n_cases += 1;
        self.n_later += u64::from(moved.iter().any(Moved::is_later));
        self.n_earlier += u64::from(moved.iter().any(|one| !one.is_later()));
        self.n_dates += u64::try_from(moved.len()).unwrap_or(u64::MAX);
        if !may_be_named(actor, case) {
            return;
        }
        let room = limit.saturating_sub(self.dates.len());
        self.dates
            .extend(moved.into_iter().take(room).map(|moved| MovingDate {
                reference: case.reference.clone(),
                moved,
            }));
    }
}

/// Whoever puts a catalogue in force works no cases, and must know which of them move: the ordinary
/// ones are named by their reference, which opens nothing; of the others only the number is known.
fn may_be_named(actor: &Actor, case: &Case) -> bool {
    let runs_the_place =
        *actor == Actor::System || actor.user().is_some_and(|user| user.role == Role::Admin);
    if runs_the_place {
        return case.secrecy == Secrecy::Ordinary;
    }
    may(actor, Act::Read, case, false) == Verdict::Allow
}

/// The council under one stored version of the catalogue.
async fn council_of(desk: &Arc<Desk>, version: i64) -> Result<Arc<Council>, Failure> {
    let in_force = desk.council();
    if i64::try_from(in_force.catalogue.version).is_ok_and(|own| own == version) {
        return Ok(in_force);
    }
    let body = desk
        .read(move |conn, _| Ok(catalogue::body(conn, version)?.ok_or(StoreError::Conflict)?))
        .await?;
    let stored = super::catalogue::read(version, &body)
        .map_err(|faults| anyhow::anyhow!("catalogue {version}: {}", faults.join("; ")))?;
    Ok(Arc::new(in_force.under(stored)?))
}

fn comes_under_others(pinned: &Pinned, target: &Council) -> bool {
    target
        .terms(&pinned.service, &pinned.category)
        .is_ok_and(|(id, _)| id != pinned.terms)
}

async fn move_some(
    desk: &Arc<Desk>,
    ids: &[CaseId],
    asked: &Asked,
    target: &Arc<Council>,
    carried: &mut Carried,
) {
    let mut moving = JoinSet::new();
    for id in ids.iter().copied() {
        let (desk, asked, target) = (Arc::clone(desk), asked.clone(), Arc::clone(target));
        moving.spawn(async move {
            let done = desk
                .perform(move |tx, at| move_case(tx, at, &asked, &target, id))
                .await;
            (id, done)
        });
    }
    while let Some(done) = moving.join_next().await {
        match done {
            Ok((_, Ok(is_moved))) => carried.n_moved += usize::from(is_moved),
            Ok((id, Err(why))) => {
                carried.n_failed += 1;
                tracing::error!(case.id = %id, "Could not move case {id} to other terms: {why:#}");
            }
            Err(panic) => {
                carried.n_failed += 1;
                tracing::error!("Moving a case panicked: {panic}");
            }
        }
    }
}

/// Puts one case under the new terms, unless that has been done. Says whether it was moved now.
fn move_case(
    tx: &mut Tx<'_>,
    at: &Moment,
    asked: &Asked,
    target: &Council,
    id: CaseId,
) -> Result<bool, Failure> {
    let Some(filed) = cases::find(tx, id)? else {
        return Ok(false);
    };
    let mut case = filed.case;
    let Ok((terms_id, terms)) = target.terms(&case.service, &case.category) else {
        return Ok(false);
    };
    if case.is_closed() || case.terms == terms_id || is_under_newer(at, asked, &case) {
        return Ok(false);
    }
    let own = catalogue::find_terms(tx, &case.terms)?
        .ok_or_else(|| anyhow::anyhow!("case {id} has no terms"))?;
    let Ok(Move { facts, moved }) = clock::move_to(&case.facts, &own, &terms, at.now) else {
        return Ok(false);
    };
    catalogue::pin(tx, &terms_id, &terms)?;
    let read_revision = case.revision;
    let from = std::mem::replace(&mut case.terms, terms_id.clone());
    case.facts = facts;
    let was_told = !letters::says_no_date(at, &case);
    let event = Event::TermsMoved {
        version: asked.version,
        from,
        to: terms_id,
        changes_what_was_told: was_told
            && moved
                .iter()
                .any(|one| is_told_of(&case, &terms, &one.clock)),
        dates: moved.clone(),
    };
    if was_told {
        tell(tx, at, asked, &case, &terms, &moved)?;
    }
    // Whoever read a case whose dates are the same has read it as it is.
    let written = if moved.is_empty() {
        Written::Noted { read_revision }
    } else {
        lifecycle::apply(&mut case, &event, &terms, By::System, at.now);
        Written::Changed { read_revision }
    };
    settle(
        tx,
        at,
        case,
        &terms,
        vec![(event, asked.by.clone())],
        written,
    )?;
    Ok(true)
}

/// Placed anew under a version that came after the one asked for: it is where it belongs.
fn is_under_newer(at: &Moment, asked: &Asked, case: &Case) -> bool {
    let is_newer = i64::try_from(at.council.catalogue.version).is_ok_and(|own| own > asked.version);
    is_newer
        && at
            .council
            .terms(&case.service, &case.category)
            .is_ok_and(|(id, _)| id == case.terms)
}
