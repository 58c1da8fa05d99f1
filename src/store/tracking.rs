//! Secret links, receipts and feedback: the person's side.

use diesel::prelude::*;
use diesel::sql_types::Text;
use jiff::Timestamp;

use super::db::{Conn, Tx};
use super::error::StoreError;
use super::measures;
use super::schema::{cases, feedback, receipts, tracking_links};
use super::types::{At, Id, Ts, Uid};
use crate::domain::ids::{CaseId, PersonId, TrackingLinkId};

/// One secret link. Only its hash is kept; the token itself is computed from the id and the
/// installation's secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    pub id: TrackingLinkId,
    pub case: CaseId,
    pub person: Option<PersonId>,
}

/// What an agent keeps of a restricted case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    pub reference: String,
    pub received_at: Timestamp,
    pub number_to_ring: String,
}

/// Keeps a new link.
pub fn insert(
    tx: &mut Tx<'_>,
    link: Link,
    token_hash: &str,
    reply_token: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    diesel::insert_into(tracking_links::table)
        .values((
            tracking_links::id.eq(Id::from(link.id)),
            tracking_links::token_hash.eq(token_hash.to_owned()),
            tracking_links::reply_token.eq(reply_token.to_owned()),
            tracking_links::case_id.eq(Id::from(link.case)),
            tracking_links::person_id.eq(link.person.map(Id::from)),
            tracking_links::created_at.eq(At(now)),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// The link a token opens, unless it was revoked or its case was closed before `closed_since`.
pub fn find(
    conn: &mut Conn,
    token_hash: &str,
    closed_since: Timestamp,
) -> Result<Option<Link>, StoreError> {
    let is_good = cases::is_closed
        .eq(false)
        .or(cases::closed_at.is_null())
        .or(cases::closed_at.assume_not_null().ge(At(closed_since)));
    let row: Option<(Id, Id, Option<Id>)> = tracking_links::table
        .inner_join(cases::table.on(cases::id.eq(tracking_links::case_id)))
        .filter(tracking_links::token_hash.eq(token_hash.to_owned()))
        .filter(tracking_links::revoked_at.is_null())
        .filter(is_good)
        .select((
            tracking_links::id,
            tracking_links::case_id,
            tracking_links::person_id,
        ))
        .first(conn)
        .optional()?;
    Ok(row.map(|(id, case, person)| Link {
        id: id.into(),
        case: case.into(),
        person: person.map(Into::into),
    }))
}

/// The link whose reply address holds this token.
pub fn find_by_reply_token(conn: &mut Conn, reply_token: &str) -> Result<Option<Link>, StoreError> {
    let row: Option<(Id, Id, Option<Id>)> = tracking_links::table
        .filter(tracking_links::reply_token.eq(reply_token.to_lowercase()))
        .filter(tracking_links::revoked_at.is_null())
        .select((
            tracking_links::id,
            tracking_links::case_id,
            tracking_links::person_id,
        ))
        .first(conn)
        .optional()?;
    Ok(row.map(|(id, case, person)| Link {
        id: id.into(),
        case: case.into(),
        person: person.map(Into::into),
    }))
}

/// The link a person already has to a case.
pub fn of_person(
    conn: &mut Conn,
    case: CaseId,
    person: Option<PersonId>,
) -> Result<Option<Link>, StoreError> {
    let mut query = tracking_links::table
        .filter(tracking_links::case_id.eq(Id::from(case)))
        .filter(tracking_links::revoked_at.is_null())
        .into_boxed();
    query = match person {
        Some(person) => query.filter(tracking_links::person_id.eq(Some(Id::from(person)))),
        None => query.filter(tracking_links::person_id.is_null()),
    };
    let row: Option<(Id, Id, Option<Id>)> = query
        .order(tracking_links::id.asc())
        .select((
            tracking_links::id,
            tracking_links::case_id,
            tracking_links::person_id,
        ))
        .first(conn)
        .optional()?;
    Ok(row.map(|(id, case, person)| Link {
        id: id.into(),
        case: case.into(),
        person: person.map(Into::into),
    }))
}

/// Ends every link of a person.
pub fn revoke_of_person(
    tx: &mut Tx<'_>,
    person: PersonId,
    now: Timestamp,
) -> Result<usize, StoreError> {
    Ok(diesel::update(tracking_links::table)
        .filter(
            tracking_links::person_id
                .eq(Some(Id::from(person)))
                .and(tracking_links::revoked_at.is_null()),
        )
        .set(tracking_links::revoked_at.eq(Some(At(now))))
        .execute(&mut **tx)?)
}

/// Ends a person's links to a case.
///
/// # Errors
/// A [`StoreError`] when it cannot be written.
pub fn revoke_on_case(
    tx: &mut Tx<'_>,
    case: CaseId,
    person: PersonId,
    now: Timestamp,
) -> Result<(), StoreError> {
    diesel::update(tracking_links::table)
        .filter(
            tracking_links::case_id
                .eq(Id::from(case))
                .and(tracking_links::person_id.eq(Some(Id::from(person))))
                .and(tracking_links::revoked_at.is_null()),
        )
        .set(tracking_links::revoked_at.eq(Some(At(now))))
        .execute(&mut **tx)?;
    Ok(())
}

/// Keeps a receipt for whoever logged a restricted case.
pub fn keep_receipt(
    tx: &mut Tx<'_>,
    case: CaseId,
    holder: &str,
    receipt: &Receipt,
) -> Result<(), StoreError> {
    diesel::sql_query(
        "INSERT INTO receipts (case_id, holder, reference, received_at, number_to_ring) \
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (case_id, holder) DO NOTHING",
    )
    .bind::<Uid, _>(Id::from(case))
    .bind::<Text, _>(holder)
    .bind::<Text, _>(&receipt.reference)
    .bind::<Ts, _>(At(receipt.received_at))
    .bind::<Text, _>(&receipt.number_to_ring)
    .execute(&mut **tx)?;
    Ok(())
}

/// What somebody keeps of one case.
pub fn receipt(conn: &mut Conn, case: CaseId, holder: &str) -> Result<Option<Receipt>, StoreError> {
    let row: Option<(String, At, String)> = receipts::table
        .filter(receipts::case_id.eq(Id::from(case)))
        .filter(receipts::holder.eq(holder.to_owned()))
        .select((
            receipts::reference,
            receipts::received_at,
            receipts::number_to_ring,
        ))
        .first(conn)
        .optional()?;
    Ok(row.map(|(reference, at, number_to_ring)| Receipt {
        reference,
        received_at: at.0,
        number_to_ring,
    }))
}

/// Somebody's receipts, newest first.
pub fn receipts(conn: &mut Conn, holder: &str) -> Result<Vec<Receipt>, StoreError> {
    let rows: Vec<(String, At, String)> = receipts::table
        .filter(receipts::holder.eq(holder.to_owned()))
        .order(receipts::received_at.desc())
        .limit(100)
        .select((
            receipts::reference,
            receipts::received_at,
            receipts::number_to_ring,
        ))
        .load(conn)?;
    Ok(rows
        .into_iter()
        .map(|(reference, at, number_to_ring)| Receipt {
            reference,
            received_at: at.0,
            number_to_ring,
        })
        .collect())
}

/// The score a person gave a case, by whichever of their links to it.
///
/// # Errors
/// A [`StoreError`] when it cannot be read.
pub fn score_of(
    conn: &mut Conn,
    case: CaseId,
    person: PersonId,
) -> Result<Option<i32>, StoreError> {
    Ok(feedback::table
        .inner_join(tracking_links::table.on(tracking_links::id.eq(feedback::link_id)))
        .filter(feedback::case_id.eq(Id::from(case)))
        .filter(tracking_links::person_id.eq(Some(Id::from(person))))
        .select(feedback::score)
        .first(conn)
        .optional()?)
}

/// The score given by this link, or by another of its person's to the same case.
///
/// # Errors
/// A [`StoreError`] when it cannot be read.
pub fn score_by(conn: &mut Conn, link: &Link) -> Result<Option<i32>, StoreError> {
    if let Some(person) = link.person
        && let Some(score) = score_of(conn, link.case, person)?
    {
        return Ok(Some(score));
    }
    Ok(feedback::table
        .filter(feedback::link_id.eq(Id::from(link.id)))
        .select(feedback::score)
        .first(conn)
        .optional()?)
}

/// Keeps a person's score; once for each link.
///
/// # Errors
/// [`StoreError::Taken`] when they have given one.
pub fn keep_feedback(
    tx: &mut Tx<'_>,
    id: uuid::Uuid,
    link: Link,
    score: u8,
    comment: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    diesel::insert_into(feedback::table)
        .values((
            feedback::id.eq(Id(id)),
            feedback::case_id.eq(Id::from(link.case)),
            feedback::link_id.eq(Id::from(link.id)),
            feedback::score.eq(i32::from(score)),
            feedback::comment.eq(comment.to_owned()),
            feedback::at.eq(At(now)),
        ))
        .execute(&mut **tx)?;
    measures::add_score(tx, link.case, score)
}
