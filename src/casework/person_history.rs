//! What one person has told us, as far as the reader may see.

use super::desk::Moment;
use super::failure::Failure;
use super::people::{self, sameness};
use super::views::case::{self, CaseView, CasesAfter, Question};
use super::views::history::{ContactView, contact_view};
use super::views::{AfterRow, Part, Sort};
use crate::domain::access::Actor;
use crate::domain::ids::{ContactId, PersonId};
use crate::store::Conn;
use crate::store::contacts::{self, Contact};

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
    let after = after.map(|(at, id)| (at, ContactId(id)));
    let limit_and_one = i64::from(limit) + 1;
    let rows = contacts::of_people(conn, &actor.sight(), &records, after, limit_and_one)?;
    let part = Part::cut(rows, limit, |row: &Contact| (row.received_at, row.id.0));
    let items = part
        .items
        .into_iter()
        .map(|contact| contact_view(conn, contact))
        .collect::<Result<_, _>>()?;
    Ok(Part {
        items,
        next: part.next,
    })
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
