//! Links and reply addresses in mails to teams that work by e-mail: hashes, each for one thing.

use diesel::prelude::*;
use diesel::sql_types::{Nullable, Text};
use jiff::Timestamp;

use super::cases::word;
use super::db::{Conn, Tx};
use super::error::StoreError;
use super::schema::inbox_links;
use super::types::{At, Id, Ts, Uid};
use crate::domain::by_email::LinkAct;
use crate::domain::ids::{CaseId, NoticeId};

/// One link, or the secret part of one reply address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboxLink {
    /// The mail that carries it.
    pub notice: NoticeId,
    pub case: CaseId,
    /// The queue whose inbox it was mailed to.
    pub queue: String,
    pub act: LinkAct,
    pub expires_at: Timestamp,
    pub used_at: Option<Timestamp>,
}

/// Keeps a link by the hash of its token. A mail that is tried again finds it there.
///
/// # Errors
/// A [`StoreError`] when it cannot be written.
pub fn keep(tx: &mut Tx<'_>, link: &InboxLink, token_hash: &str) -> Result<(), StoreError> {
    diesel::sql_query(
        "INSERT INTO inbox_links (token_hash, notice_id, case_id, queue, act, expires_at, used_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (token_hash) DO NOTHING",
    )
    .bind::<Text, _>(token_hash)
    .bind::<Uid, _>(Id::from(link.notice))
    .bind::<Uid, _>(Id::from(link.case))
    .bind::<Text, _>(&link.queue)
    .bind::<Text, _>(link.act.as_str())
    .bind::<Ts, _>(At(link.expires_at))
    .bind::<Nullable<Ts>, _>(link.used_at.map(At))
    .execute(&mut **tx)?;
    Ok(())
}

/// The link with this hash.
///
/// # Errors
/// A [`StoreError`] when the database cannot be asked.
pub fn find(conn: &mut Conn, token_hash: &str) -> Result<Option<InboxLink>, StoreError> {
    type Row = (Id, Id, String, String, At, Option<At>);
    let row: Option<Row> = inbox_links::table
        .filter(inbox_links::token_hash.eq(token_hash.to_owned()))
        .select((
            inbox_links::notice_id,
            inbox_links::case_id,
            inbox_links::queue,
            inbox_links::act,
            inbox_links::expires_at,
            inbox_links::used_at,
        ))
        .first(conn)
        .optional()?;
    row.map(|(notice, case, queue, act, expires_at, used_at)| {
        Ok(InboxLink {
            notice: notice.into(),
            case: case.into(),
            queue,
            act: word(&act)?,
            expires_at: expires_at.0,
            used_at: used_at.map(|at| at.0),
        })
    })
    .transpose()
}

/// Uses a link up; false when somebody was quicker.
///
/// # Errors
/// A [`StoreError`] when it cannot be written.
pub fn spend(tx: &mut Tx<'_>, token_hash: &str, now: Timestamp) -> Result<bool, StoreError> {
    let n_changed = diesel::update(inbox_links::table)
        .filter(
            inbox_links::token_hash
                .eq(token_hash.to_owned())
                .and(inbox_links::used_at.is_null()),
        )
        .set(inbox_links::used_at.eq(Some(At(now))))
        .execute(&mut **tx)?;
    Ok(n_changed == 1)
}

/// Forgets the links that ended before.
///
/// # Errors
/// A [`StoreError`] when it cannot be written.
pub fn forget(tx: &mut Tx<'_>, before: Timestamp) -> Result<(), StoreError> {
    diesel::delete(inbox_links::table.filter(inbox_links::expires_at.lt(At(before))))
        .execute(&mut **tx)?;
    Ok(())
}
