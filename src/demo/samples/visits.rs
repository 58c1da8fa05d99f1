//! A fortnight of people who came to an access point and wanted nothing that is logged.

use std::sync::Arc;

use jiff::{Timestamp, ToSpan as _};

use super::moment;
use crate::casework::{Desk, Failure, visits};
use crate::domain::access::Actor;
use crate::domain::calendar::WallTime;
use crate::store::Tx;

/// How many come on a day to the first, the second … access point; the last one is little used.
const A_DAY: [i32; 4] = [38, 14, 9, 2];
const DAYS: i32 = 14;

/// Counts them, each day at its end.
///
/// # Errors
/// When it cannot be written.
pub fn deliver(tx: &mut Tx<'_>, desk: &Arc<Desk>, loaded_at: Timestamp) -> Result<(), Failure> {
    let council = desk.council();
    let calendar = &council.catalogue.calendar;
    let today = calendar.date_of(loaded_at);
    for ago in 1..=DAYS {
        let on = today.checked_sub(ago.days()).map_err(anyhow::Error::from)?;
        if calendar.office().last_open_day(on) != on {
            continue;
        }
        let at = moment(desk, calendar.instant(on, WallTime::from_hour(17)));
        for (point, usual) in council.catalogue.access_points.iter().zip(A_DAY) {
            let n_people = (usual + ago * 5 % 7 - 3).max(1);
            visits::note(tx, &at, &Actor::System, &point.slug, Some(on), n_people)?;
        }
    }
    Ok(())
}
