//! The calls of the last working day, as a phone system would have told of them: busy in the morning,
//! some given up, some hung up at once.

use std::sync::Arc;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan as _};

use super::moment;
use crate::casework::{Desk, Failure, calls};
use crate::domain::access::Actor;
use crate::domain::calendar::{Calendar, WallTime};
use crate::domain::telephony::{CallEvent, CallEventKind};
use crate::store::Tx;

/// How many rang.
const N_CALLS: u32 = 60;
/// Lines and the queues of the phone system behind them.
const LINES: [(&str, &str); 3] = [
    ("01632 960110", "council-tax"),
    ("01632 960120", "repairs"),
    ("01632 960100", "bins"),
];

/// Tells of them.
///
/// # Errors
/// When they cannot be written.
pub fn deliver(tx: &mut Tx<'_>, desk: &Arc<Desk>, loaded_at: Timestamp) -> Result<(), Failure> {
    let council = desk.council();
    let calendar = &council.catalogue.calendar;
    let Some(morning) = morning(calendar, loaded_at) else {
        return Ok(());
    };
    for number in 0..N_CALLS {
        for (id, event) in call(number, morning) {
            calls::take(tx, &moment(desk, event.at), &Actor::System, &id, &event)?;
        }
    }
    Ok(())
}

/// Nine o'clock on the last working day before today.
fn morning(calendar: &Calendar, loaded_at: Timestamp) -> Option<Timestamp> {
    let today: Date = calendar.date_of(loaded_at);
    let yesterday = today.checked_sub(1.day()).ok()?;
    let on = calendar.office().last_open_day(yesterday);
    Some(calendar.instant(on, WallTime::from_hour(9)))
}

/// One call: the id the phone system gave it, and what it told.
fn call(number: u32, morning: Timestamp) -> Vec<(String, CallEvent)> {
    // The first thirty in the first hour, the rest over the day.
    let minute = if number < 30 {
        number * 2
    } else {
        60 + (number - 30) * 12
    };
    let rang = morning + SignedDuration::from_mins(i64::from(minute));
    let waits = i64::from(number * 37 % 420 + 15);
    let after = |seconds: i64| rang + SignedDuration::from_secs(seconds);
    let chosen = usize::try_from(number).unwrap_or_default() % LINES.len();
    let (line, queue) = LINES.get(chosen).copied().unwrap_or_default();
    let event = |kind, at| CallEvent {
        at,
        kind,
        position: None,
        queue: Some(queue.to_owned()),
        line: Some(line.to_owned()),
        agent: None,
        number: None,
    };
    let mut told = vec![event(CallEventKind::Offered, rang)];
    if number % 20 == 7 {
        told.push(event(CallEventKind::Abandoned, after(3)));
    } else {
        told.push(CallEvent {
            position: Some(number % 6 + 1),
            ..event(CallEventKind::Queued, after(4))
        });
        if number % 9 == 4 {
            told.push(event(CallEventKind::Abandoned, after(waits)));
        } else {
            told.push(CallEvent {
                agent: Some(format!("ext-40{:02}", number % 7)),
                ..event(CallEventKind::Answered, after(waits))
            });
            told.push(event(CallEventKind::Ended, after(waits + 240)));
        }
    }
    let id = format!("demo-{:03}", number + 1);
    told.into_iter().map(|event| (id.clone(), event)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::telephony::Call;
    use crate::domain::telephony::figures::Count;

    #[test]
    fn the_day_of_calls_has_some_of_everything() {
        let morning: Timestamp = "2026-11-20T09:00:00Z".parse().unwrap();
        let mut count = Count::default();
        for number in 0..N_CALLS {
            let events: Vec<CallEvent> = call(number, morning)
                .into_iter()
                .map(|(_, one)| one)
                .collect();
            count.add(&Call::of(&events), true);
        }
        let figures = count.figures();
        assert_eq!(figures.offered, u64::from(N_CALLS));
        assert!(figures.answered > 40 && figures.abandoned > 3 && figures.hung_up_at_once > 1);
        assert_eq!(figures.still_waiting, 0);
    }
}
