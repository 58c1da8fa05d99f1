//! What people said who were asked how it went: most of them nothing, as everywhere.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::moment;
use crate::casework::letters::link_for;
use crate::casework::{Desk, Failure, tracking};
use crate::domain::notice::NoticeKind;
use crate::store::{Tx, outbox};

/// Scores and the words beside them, one after the other; nothing: they did not answer.
const ANSWERS: [Option<(u8, &str)>; 9] = [
    Some((5, "Quick and friendly. Thank you.")),
    None,
    Some((4, "")),
    None,
    Some((2, "It was done in the end, but I had to ask twice.")),
    None,
    Some((5, "")),
    None,
    Some((3, "The letter was hard to understand.")),
];

/// Lets them answer, a day or two after they were asked.
///
/// # Errors
/// When it cannot be written.
pub fn deliver(tx: &mut Tx<'_>, desk: &Arc<Desk>, loaded_at: Timestamp) -> Result<(), Failure> {
    let latest = loaded_at - SignedDuration::from_mins(20);
    let mut before = None;
    let mut number = 0;
    loop {
        let sent = outbox::list(tx, None, Some("sent"), before, 100)?;
        let Some(last) = sent.last() else {
            return Ok(());
        };
        before = Some((last.created_at, last.id));
        for notice in sent {
            let (Some(case), Some(sent_at)) = (notice.case, notice.sent_at) else {
                continue;
            };
            if notice.kind != NoticeKind::Survey.as_str() {
                continue;
            }
            number += 1;
            let said = ANSWERS.get(number % ANSWERS.len()).copied().flatten();
            let hours = i64::try_from(number % 40).unwrap_or_default();
            let at = moment(
                desk,
                (sent_at + SignedDuration::from_hours(5 + hours)).min(latest),
            );
            let access = link_for(tx, &at, case, notice.person)?;
            if let (Some((score, comment)), Some(link)) =
                (said, tracking::find_link(tx, &at, &access.token)?)
            {
                tracking::give_feedback(tx, &at, &link, score, comment)?;
            }
        }
    }
}
