//! Steps of ladders that fell due: each once for a clock, step, occurrence and recipient.

use diesel::prelude::*;
use diesel::sql_types::{Integer, Nullable, Text};
use jiff::Timestamp;

use super::db::{Conn, Tx};
use super::error::StoreError;
use super::schema::{cases, escalations};
use super::types::{At, Id, Ts, Uid};
use crate::domain::ids::{CaseId, ClockId, EscalationId};

/// One step, for one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    pub id: EscalationId,
    pub case: CaseId,
    pub clock_id: ClockId,
    pub clock: String,
    pub step: String,
    pub occurrence: i32,
    /// The post, by slug, or `owner`.
    pub post: String,
    pub recipient: String,
    pub due_at: Timestamp,
    /// The promise it was about: a date that moves makes its steps new ones.
    pub promised_at: Timestamp,
    pub taken_at: Timestamp,
    /// `sent`, `coalesced`, `skipped` or `undeliverable`.
    pub state: String,
    /// Waits for the recipient's digest at or after this instant.
    pub digest_after: Option<Timestamp>,
}

type Row = (
    Id,
    Id,
    Id,
    String,
    String,
    i32,
    String,
    String,
    At,
    At,
    At,
    String,
    Option<At>,
);

/// Takes a step; false when it was taken before.
///
/// # Errors
/// A [`StoreError`] when it cannot be written.
pub fn take(tx: &mut Tx<'_>, taken: &Taken) -> Result<bool, StoreError> {
    let n_written = diesel::sql_query(
        "INSERT INTO escalations (id, case_id, clock_id, clock, step, occurrence, post, recipient, due_at, \
         promised_at, taken_at, state, digest_after) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) \
         ON CONFLICT (clock_id, step, occurrence, recipient, promised_at) DO NOTHING",
    )
    .bind::<Uid, _>(Id::from(taken.id))
    .bind::<Uid, _>(Id::from(taken.case))
    .bind::<Uid, _>(Id::from(taken.clock_id))
    .bind::<Text, _>(&taken.clock)
    .bind::<Text, _>(&taken.step)
    .bind::<Integer, _>(taken.occurrence)
    .bind::<Text, _>(&taken.post)
    .bind::<Text, _>(&taken.recipient)
    .bind::<Ts, _>(At(taken.due_at))
    .bind::<Ts, _>(At(taken.promised_at))
    .bind::<Ts, _>(At(taken.taken_at))
    .bind::<Text, _>(&taken.state)
    .bind::<Nullable<Ts>, _>(taken.digest_after.map(At))
    .execute(&mut **tx)?;
    Ok(n_written == 1)
}

/// Every step taken on a case, oldest first.
pub fn of_case(conn: &mut Conn, case: CaseId) -> Result<Vec<Taken>, StoreError> {
    let rows: Vec<Row> = escalations::table
        .filter(escalations::case_id.eq(Id::from(case)))
        .order((escalations::taken_at.asc(), escalations::id.asc()))
        .limit(1000)
        .load(conn)?;
    Ok(rows.into_iter().map(taken).collect())
}

/// A page of steps on cases in these queues (all when none is named), newest first. Restricted
/// cases only for their holders.
pub fn list(
    conn: &mut Conn,
    visible: &[CaseId],
    before: Option<(Timestamp, EscalationId)>,
    limit: i64,
) -> Result<Vec<Taken>, StoreError> {
    let ids: Vec<Id> = visible.iter().copied().map(Id::from).collect();
    let mut query = escalations::table
        .filter(escalations::case_id.eq_any(ids))
        .into_boxed();
    if let Some((at, id)) = before {
        query = query.filter(
            escalations::taken_at.lt(At(at)).or(escalations::taken_at
                .eq(At(at))
                .and(escalations::id.lt(Id::from(id)))),
        );
    }
    let rows: Vec<Row> = query
        .order((escalations::taken_at.desc(), escalations::id.desc()))
        .limit(limit)
        .load(conn)?;
    Ok(rows.into_iter().map(taken).collect())
}

/// A page of every step, newest first, with whether its case is restricted; the caller limits it
/// to what its reader may see.
pub fn newest(
    conn: &mut Conn,
    before: Option<(Timestamp, EscalationId)>,
    limit: i64,
) -> Result<Vec<Taken>, StoreError> {
    let mut query = escalations::table.into_boxed();
    if let Some((at, id)) = before {
        query = query.filter(
            escalations::taken_at.lt(At(at)).or(escalations::taken_at
                .eq(At(at))
                .and(escalations::id.lt(Id::from(id)))),
        );
    }
    let rows: Vec<Row> = query
        .order((escalations::taken_at.desc(), escalations::id.desc()))
        .limit(limit)
        .load(conn)?;
    Ok(rows.into_iter().map(taken).collect())
}

/// Recipients with something new for a digest that is due by now.
pub fn digest_recipients(conn: &mut Conn, now: Timestamp) -> Result<Vec<String>, StoreError> {
    Ok(escalations::table
        .filter(
            escalations::digest_after
                .is_not_null()
                .and(escalations::digest_after.le(At(now))),
        )
        .select(escalations::recipient)
        .distinct()
        .order(escalations::recipient.asc())
        .limit(500)
        .load(conn)?)
}

/// What is new for one recipient's digest, worst first.
pub fn for_digest(
    tx: &mut Tx<'_>,
    recipient: &str,
    now: Timestamp,
) -> Result<Vec<Taken>, StoreError> {
    super::dialect::hold(tx, &format!("digest:{recipient}"))?;
    let rows: Vec<Row> = escalations::table
        .filter(escalations::recipient.eq(recipient.to_owned()))
        .filter(
            escalations::digest_after
                .is_not_null()
                .and(escalations::digest_after.le(At(now))),
        )
        .order((escalations::due_at.asc(), escalations::id.asc()))
        .load(&mut **tx)?;
    Ok(rows.into_iter().map(taken).collect())
}

/// How many open cases one recipient was told of before and that are still late. What is kept under
/// the name `alert` was danger, not a promise, and does not count.
pub fn n_told_and_open(conn: &mut Conn, recipient: &str, alert: &str) -> Result<i64, StoreError> {
    Ok(escalations::table
        .inner_join(cases::table.on(cases::id.eq(escalations::case_id)))
        .filter(escalations::recipient.eq(recipient.to_owned()))
        .filter(escalations::clock.ne(alert.to_owned()))
        .filter(
            escalations::digest_after
                .is_null()
                .and(escalations::state.eq("sent")),
        )
        .filter(
            cases::is_closed
                .eq(false)
                .and(cases::status.ne("responded")),
        )
        .select(diesel::dsl::count(escalations::case_id).aggregate_distinct())
        .get_result(conn)?)
}

/// These went out in a digest.
pub fn note_digested(tx: &mut Tx<'_>, ids: &[EscalationId]) -> Result<(), StoreError> {
    for id in ids {
        diesel::update(escalations::table.filter(escalations::id.eq(Id::from(*id))))
            .set(escalations::digest_after.eq(None::<At>))
            .execute(&mut **tx)?;
    }
    Ok(())
}

/// These belong to a past that no digest was written in: they are kept, and counted as told to nobody.
pub fn note_untold(tx: &mut Tx<'_>, ids: &[EscalationId]) -> Result<(), StoreError> {
    for id in ids {
        diesel::update(escalations::table.filter(escalations::id.eq(Id::from(*id))))
            .set((
                escalations::digest_after.eq(None::<At>),
                escalations::state.eq("coalesced"),
            ))
            .execute(&mut **tx)?;
    }
    Ok(())
}

fn taken(row: Row) -> Taken {
    let (
        id,
        case,
        clock_id,
        clock,
        step,
        occurrence,
        post,
        recipient,
        due_at,
        promised_at,
        taken_at,
        state,
        digest_after,
    ) = row;
    Taken {
        id: id.into(),
        case: case.into(),
        clock_id: clock_id.into(),
        clock,
        step,
        occurrence,
        post,
        recipient,
        due_at: due_at.0,
        promised_at: promised_at.0,
        taken_at: taken_at.0,
        state,
        digest_after: digest_after.map(|at| at.0),
    }
}
