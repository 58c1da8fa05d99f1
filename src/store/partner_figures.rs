//! What a partner took in, in figures: as whom it logs contacts, and one narrow row for each it logged.

use diesel::prelude::*;
use jiff::Timestamp;

use super::cases::word;
use super::db::Conn;
use super::error::StoreError;
use super::schema::{api_keys, case_measures, cases, contacts, users};
use super::types::{At, Id};
use crate::domain::access::Role;
use crate::domain::contact::{Channel, Disposition};
use crate::domain::measure::Promise;

/// One contact a partner logged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenIn {
    pub received_at: Timestamp,
    pub logged_at: Timestamp,
    pub disposition: Disposition,
    /// Of the case it is on; none where it is on none.
    pub case: Option<TakenOn>,
}

/// The case such a contact is on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenOn {
    pub service: String,
    pub is_danger: bool,
    /// Somebody was rung about it, and that was recorded.
    pub is_rung: bool,
    pub answer: Promise,
    pub closed_at: Option<Timestamp>,
}

/// As whom a partner logs contacts: its people by the domain of their addresses, its keys by name. Those
/// who have left too.
pub fn principals(conn: &mut Conn, partner: &str) -> Result<Vec<String>, StoreError> {
    let people: Vec<(Id, String)> = users::table
        .filter(users::role.eq(Role::Partner.as_str()))
        .order(users::id.asc())
        .select((users::id, users::email))
        .load(conn)?;
    let keys: Vec<Id> = api_keys::table
        .filter(api_keys::name.eq(partner.to_owned()))
        .order(api_keys::id.asc())
        .select(api_keys::id)
        .load(conn)?;
    let is_theirs = |email: &str| {
        email
            .rsplit_once('@')
            .is_some_and(|(_, domain)| domain.eq_ignore_ascii_case(partner))
    };
    Ok(people
        .iter()
        .filter(|(_, email)| is_theirs(email))
        .map(|(id, _)| format!("user:{}", id.0))
        .chain(keys.iter().map(|id| format!("key:{}", id.0)))
        .collect())
}

/// What was logged out of hours by these between two instants, without what is on restricted cases.
pub fn taken_in(
    conn: &mut Conn,
    principals: &[String],
    (from, before): (Timestamp, Timestamp),
) -> Result<Vec<TakenIn>, StoreError> {
    type OnCase = (
        String,
        Option<String>,
        bool,
        Option<At>,
        Option<At>,
        Option<At>,
        bool,
    );
    type Row = (At, At, String, String, Option<OnCase>);
    let rows: Vec<Row> = contacts::table
        .left_join(
            case_measures::table
                .inner_join(cases::table.on(cases::id.eq(case_measures::case_id)))
                .on(contacts::case_id.eq(case_measures::case_id.nullable())),
        )
        .filter(contacts::channel.eq(Channel::OutOfHours.as_str()))
        .filter(contacts::direction.eq(crate::domain::contact::Direction::Inbound.as_str()))
        .filter(contacts::logged_at.ge(At(from)))
        .filter(contacts::logged_at.lt(At(before)))
        .order((contacts::logged_at.asc(), contacts::id.asc()))
        .select((
            contacts::received_at,
            contacts::logged_at,
            contacts::disposition,
            contacts::entered_by,
            (
                case_measures::service,
                cases::danger,
                cases::is_rung,
                case_measures::answer_promised_at,
                case_measures::answered_at,
                case_measures::closed_at,
                case_measures::is_restricted,
            )
                .nullable(),
        ))
        .load(conn)?;
    // Acting for one of its people, a key logs as both.
    let is_theirs = |entered_by: &str| {
        principals.iter().any(|own| {
            entered_by
                .strip_prefix(own.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
        })
    };
    rows.into_iter()
        .filter(|(_, _, _, entered_by, _)| is_theirs(entered_by))
        .filter(|(.., on)| {
            !on.as_ref()
                .is_some_and(|(.., is_restricted)| *is_restricted)
        })
        .map(|(received_at, logged_at, disposition, _, on)| {
            let case = on.map(
                |(service, danger, is_rung, promised_at, met_at, closed_at, _)| TakenOn {
                    service,
                    is_danger: danger.is_some(),
                    is_rung,
                    answer: Promise {
                        promised_at: promised_at.map(|at| at.0),
                        met_at: met_at.map(|at| at.0),
                    },
                    closed_at: closed_at.map(|at| at.0),
                },
            );
            Ok(TakenIn {
                received_at: received_at.0,
                logged_at: logged_at.0,
                disposition: word(&disposition)?,
                case,
            })
        })
        .collect()
}
