//! A turn on the rota and days of leave to come, on two officers' accounts.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp, ToSpan as _};

use super::moment;
use crate::casework::actions::Owner;
use crate::casework::{Desk, Failure, rota};
use crate::domain::access::{Actor, Turn};
use crate::store::{Tx, users};

/// Somebody of repairs helps out here for a week.
const HELPS: (&str, &str) = ("officer.repairs@council.example", "environmental-health");
/// And somebody of that team has leave next week, with their team leader standing in.
const AWAY: (&str, &str) = (
    "officer.environmental-health@council.example",
    "team.leader.environmental-health@council.example",
);

/// Puts both on the accounts.
///
/// # Errors
/// When the database cannot be written.
pub(super) fn add(tx: &mut Tx<'_>, desk: &Arc<Desk>, loaded_at: Timestamp) -> Result<(), Failure> {
    let at = moment(desk, loaded_at);
    if let Some(account) = users::find_by_email(tx, HELPS.0)? {
        let turn = Turn {
            queue: HELPS.1.to_owned(),
            from_at: loaded_at,
            until_at: loaded_at + SignedDuration::from_hours(7 * 24),
        };
        rota::set_turns(tx, &at, &Actor::System, account, &[turn])?;
    }
    if let Some(account) = users::find_by_email(tx, AWAY.0)? {
        let leave = rota::NewAway {
            from_on: at.today() + 7.days(),
            until_on: at.today() + 11.days(),
            deputy: Some(Owner::Email(AWAY.1.to_owned())),
        };
        rota::set_away(tx, &at, &Actor::System, account, Some(&leave))?;
    }
    Ok(())
}
