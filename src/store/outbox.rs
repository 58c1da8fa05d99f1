//! The outbox: what we tell people, written in the transaction that made it so, sent afterwards.
//!
//! A worker *claims* a row (a conditional update with a lease and a fencing number), sends with no
//! transaction held, and *records* the outcome; a worker that lost its lease meanwhile finds the
//! fence moved on and records nothing. `dedupe_key` makes writing a notice twice writing it once.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Integer, Nullable, Text};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::db::{Conn, Tx};
use super::error::StoreError;
use super::schema::outbox;
use super::sight::is_within;
use super::types::{At, Id, Js, Json, Ts, Uid};
use crate::domain::access::Sight;
use crate::domain::ids::{CaseId, NoticeId, PersonId};
use crate::domain::notice::Letter;

/// The transport of a notice that leaves as a text message.
pub const TEXT: &str = "sms";
/// Cases looked at when a text comes back from a number.
const MOST_TEXTED: i64 = 50;

/// One notice on its way.
#[derive(Debug, Clone)]
pub struct Notice {
    pub id: NoticeId,
    pub dedupe_key: String,
    pub kind: String,
    pub case: Option<CaseId>,
    pub person: Option<PersonId>,
    /// `email`, `sms`, or `post` for one that somebody must write out.
    pub transport: String,
    pub recipient: String,
    pub message_id: String,
    pub letter: Letter,
    pub headers: Headers,
    /// Which clock is met when this is accepted for delivery.
    pub meets: Option<String>,
    pub state: String,
    pub attempts: i32,
    pub created_at: Timestamp,
    pub next_attempt_at: Option<Timestamp>,
    pub fence: i64,
    pub sent_at: Option<Timestamp>,
    pub last_error: Option<String>,
}

/// Mail headers that depend on what is answered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Headers {
    pub reply_to: Option<String>,
    pub in_reply_to: Option<String>,
    pub references: Vec<String>,
    pub auto_submitted: Option<String>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = outbox)]
struct Row {
    id: Id,
    dedupe_key: String,
    kind: String,
    case_id: Option<Id>,
    person_id: Option<Id>,
    transport: String,
    recipient: String,
    message_id: String,
    letter: Json<Letter>,
    headers: Json<Headers>,
    meets: Option<String>,
    state: String,
    attempts: i32,
    created_at: At,
    next_attempt_at: Option<At>,
    fence: i64,
    sent_at: Option<At>,
    last_error: Option<String>,
}

/// Puts a notice in; says whether it was new.
///
/// # Errors
/// A [`StoreError`] when it cannot be written.
pub fn put(tx: &mut Tx<'_>, notice: &Notice) -> Result<bool, StoreError> {
    let n_written = diesel::sql_query(
        "INSERT INTO outbox (id, dedupe_key, kind, case_id, person_id, transport, recipient, message_id, \
         letter, headers, meets, state, attempts, created_at, next_attempt_at, fence) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0, $13, $14, 0) \
         ON CONFLICT (dedupe_key) DO NOTHING",
    )
    .bind::<Uid, _>(Id::from(notice.id))
    .bind::<Text, _>(&notice.dedupe_key)
    .bind::<Text, _>(&notice.kind)
    .bind::<Nullable<Uid>, _>(notice.case.map(Id::from))
    .bind::<Nullable<Uid>, _>(notice.person.map(Id::from))
    .bind::<Text, _>(&notice.transport)
    .bind::<Text, _>(&notice.recipient)
    .bind::<Text, _>(&notice.message_id)
    .bind::<Js, _>(Json(notice.letter.clone()))
    .bind::<Js, _>(Json(notice.headers.clone()))
    .bind::<Nullable<Text>, _>(notice.meets.as_deref())
    .bind::<Text, _>(&notice.state)
    .bind::<Ts, _>(At(notice.created_at))
    .bind::<Nullable<Ts>, _>(notice.next_attempt_at.map(At))
    .execute(&mut **tx)?;
    Ok(n_written == 1)
}

/// Claims up to `limit` notices that are due and that nobody holds, until `lease_until`.
///
/// # Errors
/// A [`StoreError`] when nothing could be claimed for a technical reason.
pub fn claim(
    tx: &mut Tx<'_>,
    now: Timestamp,
    lease_until: Timestamp,
    limit: i64,
) -> Result<Vec<Notice>, StoreError> {
    let ids: Vec<Id> = outbox::table
        // Written out and not bound: only so is the index over those that wait used.
        .filter(sql::<Bool>("state = 'pending'"))
        .filter(outbox::next_attempt_at.le(At(now)))
        .filter(
            outbox::lease_until
                .is_null()
                .or(outbox::lease_until.le(At(now))),
        )
        .order((outbox::next_attempt_at.asc(), outbox::id.asc()))
        .limit(limit)
        .select(outbox::id)
        .load(&mut **tx)?;
    let mut claimed = Vec::with_capacity(ids.len());
    for id in ids {
        // All of the condition is asked again under the row's lock: of two that chose the same row,
        // one changes nothing, even when the other has failed and put it off meanwhile.
        let n_changed = diesel::sql_query(
            "UPDATE outbox SET lease_until = $1, fence = fence + 1, attempts = attempts + 1 \
             WHERE id = $2 AND state = 'pending' AND next_attempt_at <= $3 \
             AND (lease_until IS NULL OR lease_until <= $4)",
        )
        .bind::<Ts, _>(At(lease_until))
        .bind::<Uid, _>(id)
        .bind::<Ts, _>(At(now))
        .bind::<Ts, _>(At(now))
        .execute(&mut **tx)?;
        if n_changed == 1 {
            let row: Row = outbox::table
                .filter(outbox::id.eq(id))
                .select(Row::as_select())
                .first(&mut **tx)?;
            claimed.push(row.into());
        }
    }
    Ok(claimed)
}

/// Whether there is something on its way that was written later than `ahead`.
pub fn is_any_ahead(conn: &mut Conn, ahead: Timestamp) -> Result<bool, StoreError> {
    Ok(diesel::select(diesel::dsl::exists(
        outbox::table
            .filter(outbox::state.eq("pending"))
            .filter(outbox::created_at.gt(At(ahead))),
    ))
    .get_result(conn)?)
}

/// Makes due now what was written later than `ahead` to leave at once, or was tried already, as if
/// it had been written now. What was to wait, for the morning, waits on. Says how many there were.
pub fn date_from_now(
    tx: &mut Tx<'_>,
    now: Timestamp,
    ahead: Timestamp,
) -> Result<usize, StoreError> {
    let n_changed = diesel::sql_query(
        "UPDATE outbox SET created_at = $1, next_attempt_at = $2, lease_until = NULL \
         WHERE state = 'pending' AND created_at > $3 \
         AND (attempts > 0 OR next_attempt_at <= created_at)",
    )
    .bind::<Ts, _>(At(now))
    .bind::<Ts, _>(At(now))
    .bind::<Ts, _>(At(ahead))
    .execute(&mut **tx)?;
    Ok(n_changed)
}

/// Accepted for delivery. False when the lease was lost meanwhile: somebody else records.
pub fn record_sent(
    tx: &mut Tx<'_>,
    id: NoticeId,
    fence: i64,
    now: Timestamp,
) -> Result<bool, StoreError> {
    finish(tx, id, fence, "sent", None, Some(now), None)
}

/// Not accepted; tried again at `next_attempt_at`, or given up when there is none.
pub fn record_failure(
    tx: &mut Tx<'_>,
    id: NoticeId,
    fence: i64,
    why: &str,
    next_attempt_at: Option<Timestamp>,
) -> Result<bool, StoreError> {
    let state = if next_attempt_at.is_some() {
        "pending"
    } else {
        "failed"
    };
    finish(tx, id, fence, state, next_attempt_at, None, Some(why))
}

fn finish(
    tx: &mut Tx<'_>,
    id: NoticeId,
    fence: i64,
    state: &str,
    next_attempt_at: Option<Timestamp>,
    sent_at: Option<Timestamp>,
    why: Option<&str>,
) -> Result<bool, StoreError> {
    let n_changed = diesel::sql_query(
        "UPDATE outbox SET state = $1, next_attempt_at = $2, sent_at = $3, last_error = $4, lease_until = NULL \
         WHERE id = $5 AND fence = $6 AND state = 'pending'",
    )
    .bind::<Text, _>(state)
    .bind::<Nullable<Ts>, _>(next_attempt_at.map(At))
    .bind::<Nullable<Ts>, _>(sent_at.map(At))
    .bind::<Nullable<Text>, _>(why)
    .bind::<Uid, _>(Id::from(id))
    .bind::<BigInt, _>(fence)
    .execute(&mut **tx)?;
    Ok(n_changed == 1)
}

/// Takes back a notice that has not left. False when it has, or when a worker has it: even one whose
/// lease has run out may have handed it over.
pub fn take_back(tx: &mut Tx<'_>, id: NoticeId) -> Result<bool, StoreError> {
    let n_changed = diesel::sql_query(
        "UPDATE outbox SET state = 'cancelled', next_attempt_at = NULL WHERE id = $1 \
         AND (state = 'to_write' OR (state = 'pending' AND lease_until IS NULL))",
    )
    .bind::<Uid, _>(Id::from(id))
    .execute(&mut **tx)?;
    Ok(n_changed == 1)
}

/// Gives up a notice that was claimed and turned out to say nothing true any more.
pub fn drop_claimed(tx: &mut Tx<'_>, id: NoticeId, fence: i64) -> Result<bool, StoreError> {
    finish(tx, id, fence, "cancelled", None, None, None)
}

/// Takes out a notice that its claimant will not send and that nobody needs to know of.
pub fn remove(tx: &mut Tx<'_>, id: NoticeId, fence: i64) -> Result<(), StoreError> {
    diesel::delete(outbox::table)
        .filter(outbox::id.eq(Id::from(id)))
        .filter(outbox::state.eq("pending"))
        .filter(outbox::fence.eq(fence))
        .execute(&mut **tx)?;
    Ok(())
}

/// Stops a notice that has not left and is not being sent now, or a letter nobody has written. False
/// when it is neither.
///
/// # Errors
/// A [`StoreError`] when it cannot be written.
pub fn stop(tx: &mut Tx<'_>, id: NoticeId, now: Timestamp) -> Result<bool, StoreError> {
    let n_changed = diesel::sql_query(
        "UPDATE outbox SET state = 'cancelled', next_attempt_at = NULL WHERE id = $1 \
         AND (state = 'to_write' OR (state = 'pending' AND (lease_until IS NULL OR lease_until <= $2)))",
    )
    .bind::<Uid, _>(Id::from(id))
    .bind::<Ts, _>(At(now))
    .execute(&mut **tx)?;
    Ok(n_changed == 1)
}

/// What waits to be sent or written to some people.
pub fn waiting_for(conn: &mut Conn, people: &[PersonId]) -> Result<Vec<Notice>, StoreError> {
    let ids: Vec<Id> = people.iter().copied().map(Id::from).collect();
    let rows: Vec<Row> = outbox::table
        .filter(outbox::person_id.is_not_null())
        .filter(outbox::person_id.assume_not_null().eq_any(ids))
        .filter(outbox::state.eq_any(["pending", "to_write"]))
        .order(outbox::id.asc())
        .select(Row::as_select())
        .load(conn)?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// Tries a failed notice again, at once.
pub fn retry(tx: &mut Tx<'_>, id: NoticeId, now: Timestamp) -> Result<bool, StoreError> {
    let n_changed = diesel::sql_query(
        "UPDATE outbox SET state = 'pending', next_attempt_at = $1, attempts = $2 WHERE id = $3 AND state = 'failed'",
    )
    .bind::<Ts, _>(At(now))
    .bind::<Integer, _>(0)
    .bind::<Uid, _>(Id::from(id))
    .execute(&mut **tx)?;
    Ok(n_changed == 1)
}

/// Gives up what would go to a person, and forgets where their notices went. Says how many there were.
pub fn forget_recipient(tx: &mut Tx<'_>, person: PersonId) -> Result<u32, StoreError> {
    diesel::sql_query(
        "UPDATE outbox SET state = 'cancelled', next_attempt_at = NULL WHERE person_id = $1 \
         AND (state = 'to_write' OR (state = 'pending' AND lease_until IS NULL))",
    )
    .bind::<Uid, _>(Id::from(person))
    .execute(&mut **tx)?;
    let n = diesel::update(outbox::table.filter(outbox::person_id.eq(Some(Id::from(person)))))
        .set(outbox::recipient.eq("removed"))
        .execute(&mut **tx)?;
    Ok(u32::try_from(n).unwrap_or(u32::MAX))
}

/// Whether a worker has something for a person in hand.
pub fn is_any_on_its_way(conn: &mut Conn, person: PersonId) -> Result<bool, StoreError> {
    Ok(diesel::select(diesel::dsl::exists(
        outbox::table
            .filter(outbox::person_id.eq(Some(Id::from(person))))
            .filter(outbox::state.eq("pending")),
    ))
    .get_result(conn)?)
}

/// It was accepted, and came back for good. When it was sent stays.
pub fn note_bounced(
    tx: &mut Tx<'_>,
    id: NoticeId,
    at: Timestamp,
    why: &str,
) -> Result<(), StoreError> {
    diesel::update(outbox::table.filter(outbox::id.eq(Id::from(id))))
        .set((
            outbox::state.eq("bounced"),
            outbox::bounced_at.eq(Some(At(at))),
            outbox::last_error.eq(Some(why.to_owned())),
            outbox::next_attempt_at.eq(None::<At>),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// Whether a notice has come back.
pub fn has_bounced(conn: &mut Conn, id: NoticeId) -> Result<bool, StoreError> {
    let at: Option<Option<At>> = outbox::table
        .filter(outbox::id.eq(Id::from(id)))
        .select(outbox::bounced_at)
        .first(conn)
        .optional()?;
    Ok(at.flatten().is_some())
}

/// The cases in which a number was texted, and whom; the newest first.
pub fn texted(
    conn: &mut Conn,
    number: &str,
) -> Result<Vec<(CaseId, Option<PersonId>)>, StoreError> {
    let rows: Vec<(Option<Id>, Option<Id>)> = outbox::table
        .filter(outbox::transport.eq(TEXT))
        .filter(outbox::recipient.eq(number.to_owned()))
        .filter(outbox::case_id.is_not_null())
        .order((outbox::created_at.desc(), outbox::id.desc()))
        .limit(MOST_TEXTED)
        .select((outbox::case_id, outbox::person_id))
        .load(conn)?;
    let mut found: Vec<(CaseId, Option<PersonId>)> = Vec::new();
    for (case, person) in rows {
        let Some(case) = case.map(CaseId::from) else {
            continue;
        };
        if !found.iter().any(|(known, _)| *known == case) {
            found.push((case, person.map(Into::into)));
        }
    }
    Ok(found)
}

/// What became of some notices.
pub fn deliveries(
    conn: &mut Conn,
    ids: &[NoticeId],
) -> Result<Vec<(NoticeId, String)>, StoreError> {
    let ids: Vec<Id> = ids.iter().copied().map(Id::from).collect();
    let rows: Vec<(Id, String)> = outbox::table
        .filter(outbox::id.eq_any(ids))
        .select((outbox::id, outbox::state))
        .load(conn)?;
    Ok(rows
        .into_iter()
        .map(|(id, state)| (id.into(), state))
        .collect())
}

/// Somebody wrote the letter and posted it.
pub fn record_posted(tx: &mut Tx<'_>, id: NoticeId, at: Timestamp) -> Result<bool, StoreError> {
    let n_changed = diesel::sql_query(
        "UPDATE outbox SET state = 'sent', sent_at = $1 WHERE id = $2 AND state = 'to_write'",
    )
    .bind::<Ts, _>(At(at))
    .bind::<Uid, _>(Id::from(id))
    .execute(&mut **tx)?;
    Ok(n_changed == 1)
}

/// One notice.
pub fn find(conn: &mut Conn, id: NoticeId) -> Result<Option<Notice>, StoreError> {
    let row: Option<Row> = outbox::table
        .filter(outbox::id.eq(Id::from(id)))
        .select(Row::as_select())
        .first(conn)
        .optional()?;
    Ok(row.map(Into::into))
}

/// Whether a notice with this key was ever put in.
pub fn was_put(conn: &mut Conn, dedupe_key: &str) -> Result<bool, StoreError> {
    Ok(diesel::select(diesel::dsl::exists(
        outbox::table.filter(outbox::dedupe_key.eq(dedupe_key.to_owned())),
    ))
    .get_result(conn)?)
}

/// The notice of a kind about a case that has left, waits to, or could not; none that was taken back.
///
/// # Errors
/// A [`StoreError`] when it cannot be read.
pub fn standing(conn: &mut Conn, case: CaseId, kind: &str) -> Result<Option<NoticeId>, StoreError> {
    let id: Option<Id> = outbox::table
        .filter(outbox::case_id.eq(Some(Id::from(case))))
        .filter(outbox::kind.eq(kind.to_owned()))
        .filter(outbox::state.ne("cancelled"))
        .order(outbox::id.desc())
        .select(outbox::id)
        .first(conn)
        .optional()?;
    Ok(id.map(Into::into))
}

/// Whether one of these people, or whoever reads this address, was written a notice of a kind since
/// `since` that was not taken back.
///
/// # Errors
/// A [`StoreError`] when it cannot be read.
pub fn is_any_standing_since(
    conn: &mut Conn,
    kind: &str,
    people: &[PersonId],
    recipient: &str,
    since: Timestamp,
) -> Result<bool, StoreError> {
    let ids: Vec<Id> = people.iter().copied().map(Id::from).collect();
    let stands = || {
        outbox::table
            .filter(outbox::kind.eq(kind.to_owned()))
            .filter(outbox::created_at.ge(At(since)))
            .filter(outbox::state.ne("cancelled"))
    };
    let to_them = stands()
        .filter(outbox::person_id.is_not_null())
        .filter(outbox::person_id.assume_not_null().eq_any(ids));
    if diesel::select(diesel::dsl::exists(to_them)).get_result(conn)? {
        return Ok(true);
    }
    let there = stands().filter(outbox::recipient.eq(recipient.to_owned()));
    Ok(diesel::select(diesel::dsl::exists(there)).get_result(conn)?)
}

/// Whom a notice of a kind about a case has reached, as far as we know: it was accepted for delivery and
/// has not come back.
///
/// # Errors
/// A [`StoreError`] when it cannot be read.
pub fn arrived_at(
    conn: &mut Conn,
    case: CaseId,
    kind: &str,
) -> Result<Option<PersonId>, StoreError> {
    let person: Option<Option<Id>> = outbox::table
        .filter(outbox::case_id.eq(Some(Id::from(case))))
        .filter(outbox::kind.eq(kind.to_owned()))
        .filter(outbox::state.eq("sent"))
        .filter(outbox::bounced_at.is_null())
        .order(outbox::id.desc())
        .select(outbox::person_id)
        .first(conn)
        .optional()?;
    Ok(person.flatten().map(Into::into))
}

/// The notice that was put in under this key.
pub fn find_by_key(conn: &mut Conn, dedupe_key: &str) -> Result<Option<Notice>, StoreError> {
    let row: Option<Row> = outbox::table
        .filter(outbox::dedupe_key.eq(dedupe_key.to_owned()))
        .select(Row::as_select())
        .first(conn)
        .optional()?;
    Ok(row.map(Into::into))
}

/// The notice one of our mails was, by its Message-ID.
pub fn find_by_message_id(conn: &mut Conn, message_id: &str) -> Result<Option<Notice>, StoreError> {
    let row: Option<Row> = outbox::table
        .filter(outbox::message_id.eq(message_id.to_owned()))
        .select(Row::as_select())
        .first(conn)
        .optional()?;
    Ok(row.map(Into::into))
}

/// A page of notices: of a case, in a state, or both; newest first. Whoever may see them all, or has
/// found the case for its reader, asks this; everybody else [`within`].
pub fn list(
    conn: &mut Conn,
    case: Option<CaseId>,
    state: Option<&str>,
    before: Option<(Timestamp, NoticeId)>,
    limit: i64,
) -> Result<Vec<Notice>, StoreError> {
    let mut query = outbox::table.into_boxed();
    if let Some(case) = case {
        query = query.filter(outbox::case_id.eq(Some(Id::from(case))));
    }
    if let Some(state) = state {
        query = query.filter(outbox::state.eq(state.to_owned()));
    }
    page(conn, query, before, limit)
}

/// A page of the notices in one state that a reader may see, newest first: on cases within `sight`, and on
/// no case to one of their `own` addresses.
pub fn within(
    conn: &mut Conn,
    sight: &Sight,
    own: &[String],
    state: &str,
    before: Option<(Timestamp, NoticeId)>,
    limit: i64,
) -> Result<Vec<Notice>, StoreError> {
    let to_them = outbox::case_id
        .is_null()
        .and(outbox::recipient.eq_any(own.to_vec()));
    let query = outbox::table
        .filter(outbox::state.eq(state.to_owned()))
        .into_boxed()
        .filter(to_them.or(is_within(sight, "cases.id = outbox.case_id")));
    page(conn, query, before, limit)
}

/// What else was written to others in the act that wrote this notice.
pub fn written_with(
    conn: &mut Conn,
    case: CaseId,
    notice: &Notice,
) -> Result<Vec<Notice>, StoreError> {
    let rows: Vec<Row> = outbox::table
        .filter(outbox::case_id.eq(Some(Id::from(case))))
        .filter(outbox::created_at.eq(At(notice.created_at)))
        .filter(outbox::kind.eq(notice.kind.clone()))
        .filter(outbox::id.ne(Id::from(notice.id)))
        .select(Row::as_select())
        .load(conn)?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// How many notices of a kind went to a recipient about a case since `since`.
pub fn n_since(
    conn: &mut Conn,
    recipient: &str,
    kind: Option<&str>,
    since: Timestamp,
) -> Result<i64, StoreError> {
    let mut query = outbox::table
        .filter(outbox::recipient.eq(recipient.to_owned()))
        .filter(outbox::created_at.ge(At(since)))
        .into_boxed();
    if let Some(kind) = kind {
        query = query.filter(outbox::kind.eq(kind.to_owned()));
    }
    Ok(query.count().get_result(conn)?)
}

/// The cases of which a recipient was sent a notice of a kind since `since`.
///
/// # Errors
/// A [`StoreError`] when they cannot be read.
pub fn cases_told_since(
    conn: &mut Conn,
    recipient: &str,
    kind: &str,
    since: Timestamp,
) -> Result<Vec<CaseId>, StoreError> {
    let ids: Vec<Id> = outbox::table
        .filter(outbox::recipient.eq(recipient.to_owned()))
        .filter(outbox::kind.eq(kind.to_owned()))
        .filter(outbox::created_at.ge(At(since)))
        .filter(outbox::case_id.is_not_null())
        .select(outbox::case_id.assume_not_null())
        .load(conn)?;
    Ok(ids.into_iter().map(CaseId::from).collect())
}

/// How many notices wait, and since when the oldest has been due.
pub fn backlog(conn: &mut Conn, now: Timestamp) -> Result<(i64, Option<Timestamp>), StoreError> {
    let due = || {
        outbox::table
            .filter(outbox::state.eq("pending"))
            .filter(outbox::next_attempt_at.le(At(now)))
    };
    let oldest: Option<Option<At>> = due()
        .order(outbox::next_attempt_at.asc())
        .select(outbox::next_attempt_at)
        .first(conn)
        .optional()?;
    Ok((
        due().count().get_result(conn)?,
        oldest.flatten().map(|at| at.0),
    ))
}

/// How many letters to write wait for a queue's cases.
pub fn n_to_write(conn: &mut Conn, queue: &str) -> Result<i64, StoreError> {
    use super::schema::cases;
    Ok(outbox::table
        .inner_join(cases::table.on(outbox::case_id.eq(cases::id.nullable())))
        .filter(
            outbox::state
                .eq("to_write")
                .and(cases::queue.eq(queue.to_owned())),
        )
        .filter(cases::secrecy.ne("restricted"))
        .count()
        .get_result(conn)?)
}

fn page(
    conn: &mut Conn,
    mut query: outbox::BoxedQuery<'_, super::db::MultiBackend>,
    before: Option<(Timestamp, NoticeId)>,
    limit: i64,
) -> Result<Vec<Notice>, StoreError> {
    if let Some((at, id)) = before {
        query = query.filter(
            outbox::created_at.lt(At(at)).or(outbox::created_at
                .eq(At(at))
                .and(outbox::id.lt(Id::from(id)))),
        );
    }
    let rows: Vec<Row> = query
        .order((outbox::created_at.desc(), outbox::id.desc()))
        .limit(limit)
        .select(Row::as_select())
        .load(conn)?;
    Ok(rows.into_iter().map(Into::into).collect())
}

impl From<Row> for Notice {
    fn from(row: Row) -> Self {
        Self {
            id: row.id.into(),
            dedupe_key: row.dedupe_key,
            kind: row.kind,
            case: row.case_id.map(Into::into),
            person: row.person_id.map(Into::into),
            transport: row.transport,
            recipient: row.recipient,
            message_id: row.message_id,
            letter: row.letter.0,
            headers: row.headers.0,
            meets: row.meets,
            state: row.state,
            attempts: row.attempts,
            created_at: row.created_at.0,
            next_attempt_at: row.next_attempt_at.map(|at| at.0),
            fence: row.fence,
            sent_at: row.sent_at.map(|at| at.0),
            last_error: row.last_error,
        }
    }
}
