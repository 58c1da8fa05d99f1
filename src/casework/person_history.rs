//! What one person has told us, as far as the reader may see.

use std::collections::BTreeMap;

use super::actions::{self, Target};
use super::desk::Moment;
use super::failure::Failure;
use super::people::{self, sameness};
use super::views::case::{self, CaseView, CasesAfter, Question};
use super::views::history::{ContactView, contact_view};
use super::views::{AfterRow, Part, Sort};
use crate::domain::access::{Act, Actor};
use crate::domain::ids::{CaseId, ContactId, PersonId};
use crate::store::Conn;
use crate::store::contacts;

/// Part of a person's contacts, oldest first, without those on cases the reader may not know of.
///
/// # Errors
/// [`Failure::Missing`] when the reader may not know of the person.
pub fn contacts_of(
    conn: &mut Conn,
    at: &Moment,
    actor: &Actor,
    person: PersonId,
    after: Option<AfterRow>,
    limit: u16,
) -> Result<Part<ContactView, AfterRow>, Failure> {
    people::find_for(conn, at, actor, person)?;
    let records = sameness::visible_ids(conn, at, actor, person)?;
    let mut known: BTreeMap<CaseId, bool> = BTreeMap::new();
    let mut items = Vec::new();
    let mut after = after;
    loop {
        let rows = contacts::of_people(
            conn,
            &records,
            after.map(|(at, id)| (at, ContactId(id))),
            AT_ONCE,
        )?;
        let is_last = i64::try_from(rows.len()).is_ok_and(|n| n < AT_ONCE);
        for contact in rows {
            let is_visible = match contact.case {
                Some(case) => is_case_visible(conn, actor, case, &mut known)?,
                None => true,
            };
            if is_visible && items.len() == usize::from(limit) {
                return Ok(Part { items, next: after });
            }
            after = Some((contact.received_at, contact.id.0));
            if is_visible {
                items.push(contact_view(conn, contact)?);
            }
        }
        if is_last {
            return Ok(Part { items, next: None });
        }
    }
}

/// Part of a person's cases, newest first, that the reader may see.
///
/// # Errors
/// [`Failure::Missing`] when the reader may not know of the person.
pub fn cases_of(
    conn: &mut Conn,
    at: &Moment,
    actor: &Actor,
    person: PersonId,
    after: Option<CasesAfter>,
    limit: u16,
) -> Result<Part<CaseView, CasesAfter>, Failure> {
    people::find_for(conn, at, actor, person)?;
    let question = Question {
        person: Some(person),
        sort: Sort::Received,
        ..Question::default()
    };
    Ok(case::list(conn, at, actor, &question, after, limit)?.0)
}

/// Rows read at once: enough for nearly everybody's whole history.
const AT_ONCE: i64 = 100;

fn is_case_visible(
    conn: &mut Conn,
    actor: &Actor,
    case: CaseId,
    known: &mut BTreeMap<CaseId, bool>,
) -> Result<bool, Failure> {
    if let Some(is_visible) = known.get(&case) {
        return Ok(*is_visible);
    }
    let is_visible = match actions::find(conn, actor, &Target::Id(case), Act::Read) {
        Ok(_) => true,
        Err(Failure::Missing | Failure::Forbidden { .. }) => false,
        Err(other) => return Err(other),
    };
    known.insert(case, is_visible);
    Ok(is_visible)
}
