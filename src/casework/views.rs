//! Lists and details, always for an actor: what they may not see is left out here, in one place.
//!
//! A view is what the API answers and nothing else: plain data with its own schema, so that what
//! is stored can change without changing what was published. Nothing here writes but
//! [`notices::retry`], which belongs to the list it is asked from.
//!
//! | file | what it shows |
//! |---|---|
//! | [`calls`] | a telephone call, whose it may be, and calls in figures |
//! | [`case`] | a case in a list, a case by itself, what an act on it left |
//! | [`history`] | its timeline and its contacts |
//! | [`clocks`] | its promises, and why a date is what it is |
//! | [`queues`] | queues and what stands in them |
//! | [`waiting_places`] | every place where work waits, and who answers for it |
//! | [`escalations`] | the steps that were taken |
//! | [`incidents`] | incidents, the cases on them, how far an update has come |
//! | [`attachments`] | files that came with contacts |
//! | [`mail`] | e-mail as it came in, and what waits for a person |
//! | [`person`] | what must be known of a person, and their records that are one |
//! | [`notices`] | what was sent, could not be sent, or waits to be written |

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::actions::ties;
use super::failure::Failure;
use crate::domain::access::{Act, Actor, Verdict, may};
use crate::domain::case::Case;
use crate::domain::ids::{CaseId, UserId};
use crate::store::cases::{self, Filed};
use crate::store::{Conn, users};

pub mod attachments;
pub mod calls;
pub mod case;
pub mod clocks;
pub mod escalations;
pub mod history;
pub mod incidents;
pub mod mail;
pub mod notices;
pub mod person;
pub mod queues;
pub mod waiting_places;

/// Somebody of the council, by id and name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Named {
    pub id: Uuid,
    pub name: String,
}

/// A case by its two names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CaseName {
    pub id: Uuid,
    /// As it is quoted: `4X7-K92-MQ3`.
    pub reference: String,
}

/// Part of a list. What its reader may not see is left out in the query wherever a query can say it, so
/// that a part is full while there is more, and ends at a row that was shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Part<T, C> {
    pub items: Vec<T>,
    /// After what the next part begins; none when this was the last.
    pub next: Option<C>,
}

/// Where lists by time go on: the instant and id of the last row.
pub type AfterRow = (jiff::Timestamp, Uuid);

impl CaseName {
    /// Of a case the reader may know of.
    #[must_use]
    pub fn of(case: &Case) -> Self {
        Self {
            id: case.id.0,
            reference: case.reference.to_string(),
        }
    }
}

impl<T, C> Part<T, C> {
    /// Cuts rows read with one more than asked for.
    pub(in crate::casework) fn cut(mut items: Vec<T>, limit: u16, after: impl Fn(&T) -> C) -> Self {
        let limit = usize::from(limit);
        let next = if items.len() > limit {
            items.truncate(limit);
            items.last().map(after)
        } else {
            None
        };
        Self { items, next }
    }
}

/// Rows read at once, and rows looked at for one part at most, where no query can say who may see them.
const AT_ONCE: i64 = 100;
const MOST_READ: usize = 2_000;

/// Fills a part of a list whose rows are looked at one by one: those of which `show` makes nothing are
/// passed over until the part is full. A reader who is shown nothing of very many rows gets a short
/// part that goes on, not a slow one.
pub(in crate::casework) fn filled<R, T, C: Copy>(
    conn: &mut Conn,
    after: Option<C>,
    limit: u16,
    read: impl Fn(&mut Conn, Option<C>, i64) -> Result<Vec<R>, Failure>,
    place: impl Fn(&R) -> C,
    mut show: impl FnMut(&mut Conn, R) -> Result<Option<T>, Failure>,
) -> Result<Part<T, C>, Failure> {
    let mut items = Vec::new();
    let (mut after, mut shown_last) = (after, None);
    let mut n_read = 0;
    loop {
        let rows = read(conn, after, AT_ONCE)?;
        let is_all = i64::try_from(rows.len()).is_ok_and(|n| n < AT_ONCE);
        for row in rows {
            let at = place(&row);
            if let Some(item) = show(conn, row)? {
                if items.len() == usize::from(limit) {
                    return Ok(Part {
                        items,
                        next: shown_last,
                    });
                }
                items.push(item);
                shown_last = Some(at);
            }
            after = Some(at);
            n_read += 1;
        }
        if is_all || n_read >= MOST_READ {
            let next = after.filter(|_| !is_all);
            return Ok(Part { items, next });
        }
    }
}

/// Whether a case that a query found within the actor's sight is theirs to read: cases about
/// themselves are not, whatever else they may see.
fn is_readable(actor: &Actor, case: &Case) -> bool {
    // The query has judged who raised it.
    may(actor, Act::Read, case, true) == Verdict::Allow
}

/// A case by id, when the actor may read it.
pub(in crate::casework) fn readable(
    conn: &mut Conn,
    actor: &Actor,
    id: CaseId,
) -> Result<Option<Filed>, Failure> {
    let Some(filed) = cases::find(conn, id)? else {
        return Ok(None);
    };
    let ties = ties(conn, actor, &filed.case)?;
    let may_read = may(actor, Act::Read, &filed.case, ties) == Verdict::Allow;
    Ok(may_read.then_some(filed))
}

/// How much of a case its reader is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Extent {
    All,
    /// What the person whose case it is could read by their link.
    AsThePublic,
}

/// How much of a case the actor may be shown; nothing when they may not know of it.
fn extent(conn: &mut Conn, actor: &Actor, case: &Case) -> Result<Option<Extent>, Failure> {
    let ties = ties(conn, actor, case)?;
    Ok(if may(actor, Act::Read, case, ties) == Verdict::Allow {
        Some(Extent::All)
    } else if may(actor, Act::Follow, case, ties) == Verdict::Allow {
        Some(Extent::AsThePublic)
    } else {
        None
    })
}

/// Whether the reader is one of the council's elected members, who sees what their constituent
/// could, and none of the work behind it.
pub(in crate::casework) fn is_outside_the_work(actor: &Actor) -> bool {
    actor
        .user()
        .is_some_and(|user| user.role == crate::domain::access::Role::Councillor)
}

fn names(
    conn: &mut Conn,
    ids: impl IntoIterator<Item = UserId>,
) -> Result<Vec<(UserId, String)>, Failure> {
    let mut ids: Vec<UserId> = ids.into_iter().collect();
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() {
        Ok(Vec::new())
    } else {
        Ok(users::names(conn, &ids)?)
    }
}

fn named(names: &[(UserId, String)], id: UserId) -> Option<Named> {
    names
        .iter()
        .find(|(own, _)| *own == id)
        .map(|(id, name)| Named {
            id: id.0,
            name: name.clone(),
        })
}

/// The order of a list of cases.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    /// Most at risk first: emergencies, then by the earliest promise.
    #[default]
    Due,
    /// Newest first.
    Received,
    /// Last changed first.
    Updated,
}
