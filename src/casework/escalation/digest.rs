//! One mail a working day, for heads of service and above and for steps that ask for it: what is late
//! or has waited too long and is new to them, worst first, none left out.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::chain::Chain;
use super::waiting;
use crate::casework::desk::{Desk, Moment};
use crate::casework::failure::Failure;
use crate::casework::letters;
use crate::casework::promises::terms_of;
use crate::domain::calendar::REMINDER_HOUR;
use crate::domain::case::Secrecy;
use crate::domain::clock::{self, Reading, State};
use crate::domain::ids::{CaseId, ContactId, EscalationId};
use crate::domain::notice::{Says, StaffItem};
use crate::store::escalations::{self, Taken};
use crate::store::{Conn, Tx, cases, outbox};

/// Writes the digests that are due, and says how many. None leaves before 9am, after 6pm or on a
/// day off; what was held up by one of these waits for the next working day.
///
/// `swept_to` is a moment whose due steps have all been taken. The clock may have run or jumped on
/// since: a digest is written for that moment's day and for no later one, whose own steps would
/// otherwise have to wait another day.
///
/// # Errors
/// The last failure; the digests of other recipients were written all the same.
pub async fn digests(desk: &Arc<Desk>, swept_to: Moment) -> Result<usize, Failure> {
    if !is_digest_time(&swept_to) {
        return Ok(0);
    }
    let day = swept_to.today();
    let recipients = desk
        .db
        .read(move |conn| still_to_tell(conn, &swept_to))
        .await?;
    let mut n_written = 0;
    let mut failed = None;
    for recipient in recipients {
        match desk
            .perform(move |tx, at| {
                if at.today() == day {
                    write_one(tx, at, &recipient)
                } else {
                    Ok(false)
                }
            })
            .await
        {
            Ok(is_written) => n_written += usize::from(is_written),
            Err(why) => {
                tracing::error!("Could not write a digest: {why:#}");
                failed = Some(why);
            }
        }
    }
    failed.map_or(Ok(n_written), Err)
}

/// What a digest says of one case.
struct Entry {
    promised_at: Timestamp,
    item: StaffItem,
}

/// Whether mails that gather something may be written now: on a working day, 9am to 6pm.
pub(in crate::casework) fn is_digest_time(at: &Moment) -> bool {
    let calendar = &at.council.catalogue.calendar;
    calendar.next_sending_time(at.now) == at.now
        && calendar.instant(at.today(), REMINDER_HOUR) <= at.now
}

/// Those with something new who have not had today's. What came after it waits for tomorrow's; it
/// must not be looked at again at every tick until then.
fn still_to_tell(conn: &mut Conn, at: &Moment) -> Result<Vec<String>, Failure> {
    let mut recipients = Vec::new();
    for recipient in escalations::digest_recipients(conn, at.now)? {
        if !outbox::was_put(conn, &key_of_today(at, &recipient))? {
            recipients.push(recipient);
        }
    }
    Ok(recipients)
}

fn key_of_today(at: &Moment, recipient: &str) -> String {
    format!("digest:{recipient}:{}", at.today())
}

fn write_one(tx: &mut Tx<'_>, at: &Moment, recipient: &str) -> Result<bool, Failure> {
    let taken = escalations::for_digest(tx, recipient, at.now)?;
    let Some(first) = taken.first() else {
        return Ok(false);
    };
    let key = key_of_today(at, recipient);
    if outbox::was_put(tx, &key)? {
        // Another replica was first. New cases stay where they are until tomorrow's.
        return Ok(false);
    }
    let post = at
        .council
        .catalogue
        .post(&first.post)
        .map_or_else(|| first.post.clone(), |post| post.title.clone());
    let ids: Vec<EscalationId> = taken.iter().map(|one| one.id).collect();
    let mut of_case: BTreeMap<CaseId, Vec<Taken>> = BTreeMap::new();
    let mut mails: BTreeSet<ContactId> = BTreeSet::new();
    for one in taken {
        match (one.case, one.contact) {
            (Some(case), _) => of_case.entry(case).or_default().push(one),
            (None, Some(contact)) => {
                mails.insert(contact);
            }
            (None, None) => {}
        }
    }
    let told_before = escalations::told_in_digests(tx, recipient)?;
    let mut named: BTreeSet<CaseId> = BTreeSet::new();
    let mut entries = Vec::new();
    for (case, steps) in of_case {
        if let Some(entry) = entry(tx, at, case, &steps, recipient)? {
            entries.push(entry);
            named.insert(case);
        }
    }
    for mail in mails {
        if let Some((limit_at, item)) = waiting::mail_item(tx, at, mail)? {
            entries.push(Entry {
                promised_at: limit_at,
                item,
            });
        }
    }
    if entries.is_empty() {
        // All of it was answered, closed, taken or given another date meanwhile.
        escalations::note_digested(tx, &ids, None)?;
        return Ok(false);
    }
    entries.sort_by_key(|entry| (entry.item.waits.is_some(), entry.promised_at));
    let n_told_before = told_before
        .iter()
        .filter(|case| !named.contains(case))
        .count();
    let n_told_before = u32::try_from(n_told_before).unwrap_or(u32::MAX);
    let says = Says::Digest {
        post,
        items: entries.into_iter().map(|entry| entry.item).collect(),
        n_told_before,
    };
    let notice = letters::tell_staff(tx, at, None, recipient, says, key, at.now)?;
    escalations::note_digested(tx, &ids, Some(notice))?;
    Ok(true)
}

/// The case as it stands now, by the promise it has been breaking longest; nothing when the step no
/// longer holds, or when its reader may know of it no more.
fn entry(
    conn: &mut Conn,
    at: &Moment,
    id: CaseId,
    steps: &[Taken],
    recipient: &str,
) -> Result<Option<Entry>, Failure> {
    let Some(filed) = cases::find(conn, id)? else {
        return Ok(None);
    };
    let is_for_few = filed.case.secrecy == Secrecy::Restricted;
    if is_for_few && !Chain::of(conn, at, &filed.case)?.may_still_be_told(conn, recipient)? {
        return Ok(None);
    }
    let terms = terms_of(conn, at, &filed.case)?;
    let readings = clock::read(&filed.case.facts, &terms, at.now);
    let standing = |step: &Taken| {
        readings
            .iter()
            .find(|reading| still_holds(reading, &step.clock, step.promised_at.as_microsecond()))
    };
    let worst = steps
        .iter()
        .filter_map(|step| Some((step.promised_at, standing(step)?)))
        .min_by_key(|(at, _)| *at);
    let Some((promised_at, reading)) = worst else {
        // No date has passed; perhaps it still waits for somebody.
        let waits = waiting::case_item(conn, at, &filed.case, &readings, steps)?;
        return Ok(waits.map(|(limit_at, item)| Entry {
            promised_at: limit_at,
            item,
        }));
    };
    let item = letters::staff_item(conn, at, &filed.case, Some(reading))?;
    Ok(Some(Entry { promised_at, item }))
}

/// Whether a clock still promises what a step was about: not met, paused, ended or moved.
pub fn still_holds(reading: &Reading, clock: &str, promised_at_micros: i64) -> bool {
    reading.name == clock
        && matches!(
            reading.state,
            State::Running | State::Missed | State::Projected
        )
        && reading
            .due_at
            .is_some_and(|due_at| due_at.as_microsecond() == promised_at_micros)
}
