//! What one person has told us, as far as the reader may see: their contacts and cases.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::actions::{self, Target};
use super::desk::Moment;
use super::failure::Failure;
use super::people;
use crate::domain::access::{Act, Actor, Verdict, may};
use crate::domain::ids::{CaseId, ContactId, PersonId};
use crate::store::cases::{self, After, Filed, Filter, Order};
use crate::store::contacts::{self, Contact};
use crate::store::Conn;

/// A page of a person's contacts, oldest first, without those on cases the reader may not know of.
///
/// # Errors
/// [`Failure::Missing`] when the reader may not know of the person.
pub fn contacts_of(
    conn: &mut Conn,
    at: &Moment,
    actor: &Actor,
    person: PersonId,
    mut after: Option<(Timestamp, ContactId)>,
    limit: usize,
) -> Result<Vec<Contact>, Failure> {
    people::find_for(conn, at, actor, person)?;
    let mut known: BTreeMap<CaseId, bool> = BTreeMap::new();
    let mut visible = Vec::new();
    loop {
        let page = contacts::of_person(conn, person, after, AT_ONCE)?;
        after = page.last().map(|last| (last.received_at, last.id));
        let is_last = i64::try_from(page.len()).is_ok_and(|n| n < AT_ONCE);
        for contact in page {
            let is_visible = match contact.case {
                None => true,
                Some(case) => match known.get(&case) {
                    Some(is_visible) => *is_visible,
                    None => {
                        let is_visible = is_case_visible(conn, actor, case)?;
                        known.insert(case, is_visible);
                        is_visible
                    }
                },
            };
            if is_visible {
                visible.push(contact);
            }
            if visible.len() >= limit {
                return Ok(visible);
            }
        }
        if is_last {
            return Ok(visible);
        }
    }
}

/// A page of a person's cases, newest first, that the reader may see.
///
/// # Errors
/// [`Failure::Missing`] when the reader may not know of the person.
pub fn cases_of(
    conn: &mut Conn,
    at: &Moment,
    actor: &Actor,
    person: PersonId,
    mut after: Option<After>,
    limit: usize,
) -> Result<Vec<Filed>, Failure> {
    people::find_for(conn, at, actor, person)?;
    let filter = Filter { person: Some(person), ..Filter::default() };
    let mut visible = Vec::new();
    loop {
        let page = cases::list(conn, &actor.sight(), &filter, Order::Received, after, AT_ONCE)?;
        after = page.last().map(after_case);
        let is_last = i64::try_from(page.len()).is_ok_and(|n| n < AT_ONCE);
        // Whom a case is about is no matter of the list's own narrowing.
        visible.extend(page.into_iter().filter(|filed| may(actor, Act::Read, &filed.case, true) == Verdict::Allow));
        if is_last || visible.len() >= limit {
            visible.truncate(limit);
            return Ok(visible);
        }
    }
}

/// Where the page after this case begins.
#[must_use]
pub fn after_case(filed: &Filed) -> After {
    After { risk: 0, at: filed.case.received_at, id: filed.case.id }
}

/// Rows read at once: enough for nearly everybody's whole history.
const AT_ONCE: i64 = 100;

fn is_case_visible(conn: &mut Conn, actor: &Actor, case: CaseId) -> Result<bool, Failure> {
    match actions::find(conn, actor, &Target::Id(case), Act::Read) {
        Ok(_) => Ok(true),
        Err(Failure::Missing | Failure::Forbidden { .. }) => Ok(false),
        Err(other) => Err(other),
    }
}
