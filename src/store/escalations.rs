//! Steps of ladders that fell due: each once for a clock or waiting place, step, occurrence and
//! recipient.

use diesel::prelude::*;
use diesel::sql_types::{Integer, Nullable, Text};
use jiff::Timestamp;

use super::db::{Conn, Tx};
use super::error::StoreError;
use super::schema::{cases, escalations, outbox};
use super::sight::is_within;
use super::types::{At, Id, Ts, Uid};
use crate::domain::access::Sight;
use crate::domain::ids::{CaseId, ClockId, ContactId, EscalationId, NoticeId};
use crate::domain::notice::NoticeKind;

/// One step, for one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    pub id: EscalationId,
    /// None for a mail that waits on no case.
    pub case: Option<CaseId>,
    /// None for a place where work waits.
    pub clock_id: Option<ClockId>,
    /// The mail that waits, on no case.
    pub contact: Option<ContactId>,
    /// The clock's name, or the place's.
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
    /// What told the recipient, once it is written.
    pub notice: Option<NoticeId>,
}

type Row = (
    Id,
    Option<Id>,
    Option<Id>,
    Option<Id>,
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
    Option<Id>,
);

/// Takes a step; false when it was taken before.
///
/// # Errors
/// A [`StoreError`] when it cannot be written.
pub fn take(tx: &mut Tx<'_>, taken: &Taken) -> Result<bool, StoreError> {
    let n_written = diesel::sql_query(
        "INSERT INTO escalations (id, case_id, clock_id, contact_id, clock, step, occurrence, post, recipient, \
         due_at, promised_at, taken_at, state, digest_after, notice_id) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) \
         ON CONFLICT DO NOTHING",
    )
    .bind::<Uid, _>(Id::from(taken.id))
    .bind::<Nullable<Uid>, _>(taken.case.map(Id::from))
    .bind::<Nullable<Uid>, _>(taken.clock_id.map(Id::from))
    .bind::<Nullable<Uid>, _>(taken.contact.map(Id::from))
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
    .bind::<Nullable<Uid>, _>(taken.notice.map(Id::from))
    .execute(&mut **tx)?;
    Ok(n_written == 1)
}

/// Every step taken on a case's clocks and every alert of it, oldest first.
pub fn of_case(conn: &mut Conn, case: CaseId) -> Result<Vec<Taken>, StoreError> {
    let of_clocks = escalations::table
        .filter(escalations::case_id.eq(Some(Id::from(case))))
        .filter(escalations::clock_id.is_not_null());
    oldest_first(conn, of_clocks.into_boxed())
}

/// Every step taken because a case waited somewhere, oldest first.
pub fn of_places(conn: &mut Conn, case: CaseId) -> Result<Vec<Taken>, StoreError> {
    let of_places = escalations::table
        .filter(escalations::case_id.eq(Some(Id::from(case))))
        .filter(escalations::clock_id.is_null());
    oldest_first(conn, of_places.into_boxed())
}

/// Every step taken because a mail waited, oldest first.
pub fn of_contact(conn: &mut Conn, contact: ContactId) -> Result<Vec<Taken>, StoreError> {
    let of_mail = escalations::table.filter(escalations::contact_id.eq(Some(Id::from(contact))));
    oldest_first(conn, of_mail.into_boxed())
}

/// The steps one notice told of.
pub fn of_notice(conn: &mut Conn, notice: NoticeId) -> Result<Vec<Taken>, StoreError> {
    let told = escalations::table.filter(escalations::notice_id.eq(Some(Id::from(notice))));
    oldest_first(conn, told.into_boxed())
}

/// This notice tells the recipient.
pub fn note_notice(tx: &mut Tx<'_>, id: EscalationId, notice: NoticeId) -> Result<(), StoreError> {
    diesel::update(escalations::table.filter(escalations::id.eq(Id::from(id))))
        .set(escalations::notice_id.eq(Some(Id::from(notice))))
        .execute(&mut **tx)?;
    Ok(())
}

/// A page of steps, newest first: on cases within `sight`, and on mail that waits on no case, of which
/// its reader looks up whose it is. Of one case alone, when one is named.
pub fn newest(
    conn: &mut Conn,
    sight: &Sight,
    only: Option<CaseId>,
    before: Option<(Timestamp, EscalationId)>,
    limit: i64,
) -> Result<Vec<Taken>, StoreError> {
    let mut query = escalations::table.into_boxed().filter(
        escalations::case_id
            .is_null()
            .or(is_within(sight, "cases.id = escalations.case_id")),
    );
    if let Some(case) = only {
        query = query.filter(escalations::case_id.eq(Some(Id::from(case))));
    }
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

/// The open cases an earlier digest told one recipient of.
pub fn told_in_digests(conn: &mut Conn, recipient: &str) -> Result<Vec<CaseId>, StoreError> {
    let digests = outbox::table
        .filter(outbox::recipient.eq(recipient.to_owned()))
        .filter(outbox::kind.eq(NoticeKind::Digest.as_str()))
        .select(outbox::id.nullable());
    let ids: Vec<Id> = escalations::table
        .inner_join(cases::table.on(escalations::case_id.eq(cases::id.nullable())))
        .filter(escalations::recipient.eq(recipient.to_owned()))
        .filter(escalations::notice_id.eq_any(digests))
        .filter(
            cases::is_closed
                .eq(false)
                .and(cases::status.ne("responded")),
        )
        .select(cases::id)
        .distinct()
        .load(conn)?;
    Ok(ids.into_iter().map(Into::into).collect())
}

/// These went out in a digest, or none had to any more.
pub fn note_digested(
    tx: &mut Tx<'_>,
    ids: &[EscalationId],
    notice: Option<NoticeId>,
) -> Result<(), StoreError> {
    for id in ids {
        diesel::update(escalations::table.filter(escalations::id.eq(Id::from(*id))))
            .set((
                escalations::digest_after.eq(None::<At>),
                escalations::notice_id.eq(notice.map(Id::from)),
            ))
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

fn oldest_first(
    conn: &mut Conn,
    query: escalations::BoxedQuery<'_, super::db::MultiBackend>,
) -> Result<Vec<Taken>, StoreError> {
    let rows: Vec<Row> = query
        .order((escalations::taken_at.asc(), escalations::id.asc()))
        .limit(1000)
        .load(conn)?;
    Ok(rows.into_iter().map(taken).collect())
}

fn taken(row: Row) -> Taken {
    let (
        id,
        case,
        clock_id,
        contact,
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
        notice,
    ) = row;
    Taken {
        id: id.into(),
        case: case.map(Into::into),
        clock_id: clock_id.map(Into::into),
        contact: contact.map(Into::into),
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
        notice: notice.map(Into::into),
    }
}
