//! What the accounts of elected members have besides: ward, end of term, who writes for them.

use diesel::prelude::*;
use jiff::Timestamp;
use jiff::civil::Date;

use super::db::{Conn, Tx};
use super::error::StoreError;
use super::schema::{member_assistants, members};
use super::types::{At, Day, Id, On, Uid};
use crate::domain::ids::UserId;

/// The office somebody was elected to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Office {
    pub ward: Option<String>,
    /// The last day on which they are a member; none while nobody has said.
    pub term_ends_on: Option<Date>,
}

/// Somebody who writes for a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assistant {
    pub email: String,
    /// They get a copy of what we write to the member.
    pub is_copied: bool,
}

/// The office of one account.
pub fn office(conn: &mut Conn, user: UserId) -> Result<Option<Office>, StoreError> {
    let row: Option<(Option<String>, Option<On>)> = members::table
        .filter(members::user_id.eq(Id::from(user)))
        .select((members::ward, members::term_ends_on))
        .first(conn)
        .optional()?;
    Ok(row.map(|(ward, on)| Office {
        ward,
        term_ends_on: on.map(|on| on.0),
    }))
}

/// The offices of several accounts.
pub fn offices(conn: &mut Conn, users: &[UserId]) -> Result<Vec<(UserId, Office)>, StoreError> {
    let ids: Vec<Id> = users.iter().copied().map(Id::from).collect();
    let rows: Vec<(Id, Option<String>, Option<On>)> = members::table
        .filter(members::user_id.eq_any(ids))
        .select((members::user_id, members::ward, members::term_ends_on))
        .load(conn)?;
    let offices = rows.into_iter().map(|(id, ward, on)| {
        let term_ends_on = on.map(|on| on.0);
        (id.into(), Office { ward, term_ends_on })
    });
    Ok(offices.collect())
}

/// Writes an office. Whoever had left and is a member again is shown again when they leave.
pub fn set_office(tx: &mut Tx<'_>, user: UserId, office: &Office) -> Result<(), StoreError> {
    diesel::sql_query(
        "INSERT INTO members (user_id, ward, term_ends_on, left_at) VALUES ($1, $2, $3, NULL) \
         ON CONFLICT (user_id) DO UPDATE \
         SET ward = excluded.ward, term_ends_on = excluded.term_ends_on, left_at = NULL",
    )
    .bind::<Uid, _>(Id::from(user))
    .bind::<diesel::sql_types::Nullable<diesel::sql_types::Text>, _>(office.ward.clone())
    .bind::<diesel::sql_types::Nullable<Day>, _>(office.term_ends_on.map(On))
    .execute(&mut **tx)?;
    Ok(())
}

/// Who has left by this day and was not shown to the team.
pub fn leaving(conn: &mut Conn, today: Date) -> Result<Vec<UserId>, StoreError> {
    let ids: Vec<Id> = members::table
        .filter(members::left_at.is_null())
        .filter(
            members::term_ends_on
                .is_not_null()
                .and(members::term_ends_on.assume_not_null().lt(On(today))),
        )
        .order(members::user_id.asc())
        .limit(100)
        .select(members::user_id)
        .load(conn)?;
    Ok(ids.into_iter().map(Into::into).collect())
}

/// Notes that somebody has left; false when another process has.
pub fn note_left(tx: &mut Tx<'_>, user: UserId, now: Timestamp) -> Result<bool, StoreError> {
    let n_changed = diesel::update(members::table)
        .filter(members::user_id.eq(Id::from(user)))
        .filter(members::left_at.is_null())
        .set(members::left_at.eq(Some(At(now))))
        .execute(&mut **tx)?;
    Ok(n_changed == 1)
}

/// Who writes for a member, by address.
pub fn assistants(conn: &mut Conn, user: UserId) -> Result<Vec<Assistant>, StoreError> {
    let rows: Vec<(String, bool)> = member_assistants::table
        .filter(member_assistants::user_id.eq(Id::from(user)))
        .order(member_assistants::email.asc())
        .select((member_assistants::email, member_assistants::is_copied))
        .load(conn)?;
    Ok(rows
        .into_iter()
        .map(|(email, is_copied)| Assistant { email, is_copied })
        .collect())
}

/// Says who writes for a member: these and nobody else.
pub fn set_assistants(
    tx: &mut Tx<'_>,
    user: UserId,
    assistants: &[Assistant],
) -> Result<(), StoreError> {
    diesel::delete(member_assistants::table.filter(member_assistants::user_id.eq(Id::from(user))))
        .execute(&mut **tx)?;
    for assistant in assistants {
        diesel::insert_into(member_assistants::table)
            .values((
                member_assistants::user_id.eq(Id::from(user)),
                member_assistants::email.eq(assistant.email.clone()),
                member_assistants::is_copied.eq(assistant.is_copied),
            ))
            .execute(&mut **tx)?;
    }
    Ok(())
}

/// For whom this address writes.
pub fn assisted_by(conn: &mut Conn, email: &str) -> Result<Vec<UserId>, StoreError> {
    let ids: Vec<Id> = member_assistants::table
        .filter(member_assistants::email.eq(email.to_owned()))
        .order(member_assistants::user_id.asc())
        .limit(200)
        .select(member_assistants::user_id)
        .load(conn)?;
    Ok(ids.into_iter().map(Into::into).collect())
}
