//! Cases counted, not listed: figures that name nobody.
//!
//! Cases of restricted categories are in none of them.

use diesel::dsl::count_star;
use diesel::prelude::*;
use jiff::Timestamp;

use super::db::Conn;
use super::error::StoreError;
use super::schema::cases;
use super::types::At;

/// How the work of one service stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Standing {
    /// Opened in the period.
    pub came_in: i64,
    /// Open now.
    pub open: i64,
    /// Open now, with a promise whose date has passed.
    pub late: i64,
    /// When the oldest of those open now was received.
    pub oldest_received_at: Option<Timestamp>,
}

/// How the work of one service stands at `now`, and what came in from `from` until just before `to`.
///
/// # Errors
/// When the database cannot be asked.
pub fn standing(
    conn: &mut Conn,
    service: &str,
    (from, to): (Timestamp, Timestamp),
    now: Timestamp,
) -> Result<Standing, StoreError> {
    let of_service = || {
        cases::table
            .filter(cases::service.eq(service.to_owned()))
            .filter(cases::secrecy.ne("restricted"))
    };
    let open = || of_service().filter(cases::is_closed.eq(false));
    let came_in = of_service()
        .filter(
            cases::opened_at
                .ge(At(from))
                .and(cases::opened_at.lt(At(to))),
        )
        .select(count_star())
        .get_result(conn)?;
    let n_open = open().select(count_star()).get_result(conn)?;
    let oldest: Option<At> = open()
        .order(cases::received_at.asc())
        .select(cases::received_at)
        .first(conn)
        .optional()?;
    let late = open()
        .filter(cases::due_at.lt(At(now)))
        .select(count_star())
        .get_result(conn)?;
    Ok(Standing {
        came_in,
        open: n_open,
        late,
        oldest_received_at: oldest.map(|at| at.0),
    })
}
