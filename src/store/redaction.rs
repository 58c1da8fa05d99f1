//! Taking words away for good: every column that can hold somebody's words, and how it is rewritten.
//!
//! The case's own row is not here: whoever changes a case writes it whole, so the use case takes the
//! words out of the [`Case`](crate::domain::case::Case) itself. `tests/api/redaction.rs` holds this list
//! against the schema, so that a new column is either reached or known to hold no words.

use diesel::prelude::*;
use serde_json::Value;

use super::calls;
use super::db::{Conn, Tx};
use super::dialect;
use super::error::StoreError;
use super::schema::{
    case_passes, contacts, events, feedback, idempotency, outbox, raw_messages, tracking_links,
};
use super::types::{Id, Json};
use crate::domain::ids::{CaseId, ContactId, PersonId};
use crate::domain::lifecycle::Event;
use crate::domain::notice::Letter;
use crate::domain::redaction::Removal;
use crate::domain::reference::Reference;

/// What is said in the places words are taken from.
#[derive(Debug, Clone)]
pub struct Marks {
    /// What goes, with the mark staff read.
    pub staff: Removal,
    /// The same, with the mark that may stand in a letter to a resident.
    pub letters: Removal,
}

/// Whose records are gone through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    Case(CaseId),
    /// One contact alone: a mail that is on no case.
    Contact(ContactId),
}

/// In how many records something was taken away.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    pub contacts: u32,
    pub raw_messages: u32,
    pub events: u32,
    pub notices: u32,
    pub feedback: u32,
    /// Answers kept for clients that repeat a request.
    pub answers: u32,
    /// Reasons of those who opened a restricted case for themselves.
    pub passes: u32,
    /// Files taken away, or given another name.
    pub attachments: u32,
    /// Telephone calls that lost their number.
    pub calls: u32,
}

/// A raw message: the contact it came with, its key and its bytes.
pub type Raw = (ContactId, String, Vec<u8>);

impl Tally {
    /// Adds another count to it.
    pub fn add(&mut self, other: Self) {
        self.contacts += other.contacts;
        self.raw_messages += other.raw_messages;
        self.events += other.events;
        self.notices += other.notices;
        self.feedback += other.feedback;
        self.answers += other.answers;
        self.passes += other.passes;
        self.attachments += other.attachments;
        self.calls += other.calls;
    }

    /// In all.
    #[must_use]
    pub const fn total(&self) -> u32 {
        self.contacts
            + self.raw_messages
            + self.events
            + self.notices
            + self.feedback
            + self.answers
            + self.passes
            + self.attachments
            + self.calls
    }
}

/// Takes it out of contacts, timeline, notices and feedback.
///
/// # Errors
/// A [`StoreError`] when it cannot be written.
pub fn rewrite(tx: &mut Tx<'_>, of: Of, marks: &Marks) -> Result<Tally, StoreError> {
    let mut tally = Tally {
        contacts: in_contacts(tx, of, &marks.staff)?,
        ..Tally::default()
    };
    if let Of::Case(case) = of {
        tally.add(rewrite_beside_contacts(tx, case, marks)?);
    }
    Ok(tally)
}

/// Takes it out of timeline, notices, feedback, and the calls it came by.
///
/// # Errors
/// A [`StoreError`] when it cannot be written.
pub fn rewrite_beside_contacts(
    tx: &mut Tx<'_>,
    case: CaseId,
    marks: &Marks,
) -> Result<Tally, StoreError> {
    Ok(Tally {
        events: in_events(tx, case, &marks.staff)?,
        notices: in_notices(tx, case, &marks.letters)?,
        feedback: in_feedback(tx, case, &marks.staff)?,
        passes: in_passes(tx, case, &marks.staff)?,
        calls: calls::redact(tx, case, &marks.staff)?,
        ..Tally::default()
    })
}

/// The raw messages of a case's contacts, or of one contact.
///
/// # Errors
/// A [`StoreError`] when they cannot be read.
pub fn raw_messages(conn: &mut Conn, of: Of) -> Result<Vec<Raw>, StoreError> {
    let mut query = raw_messages::table
        .inner_join(contacts::table.on(contacts::id.eq(raw_messages::contact_id)))
        .select((
            raw_messages::contact_id,
            raw_messages::fingerprint,
            raw_messages::bytes,
        ))
        .into_boxed();
    query = match of {
        Of::Case(case) => query.filter(contacts::case_id.eq(Some(Id::from(case)))),
        Of::Contact(contact) => query.filter(contacts::id.eq(Id::from(contact))),
    };
    let rows: Vec<(Id, String, Vec<u8>)> = query.load(conn)?;
    Ok(rows
        .into_iter()
        .map(|(contact, key, bytes)| (contact.into(), key, bytes))
        .collect())
}

/// Puts `mark` in the place of a raw message's bytes. Its key stays: the same mail delivered again is
/// still known.
///
/// # Errors
/// A [`StoreError`] when it cannot be written.
pub fn drop_raw(tx: &mut Tx<'_>, fingerprint: &str, mark: &str) -> Result<(), StoreError> {
    diesel::update(raw_messages::table.filter(raw_messages::fingerprint.eq(fingerprint)))
        .set(raw_messages::bytes.eq(mark.as_bytes()))
        .execute(&mut **tx)?;
    Ok(())
}

/// Puts the mark in the place of everything a contact said; who, when and on which channel stays, as far
/// as that is not to go itself.
///
/// # Errors
/// A [`StoreError`] when it cannot be written.
pub fn empty_contact(tx: &mut Tx<'_>, id: ContactId, removal: &Removal) -> Result<(), StoreError> {
    let detail: Json<Value> = contacts::table
        .filter(contacts::id.eq(Id::from(id)))
        .select(contacts::detail)
        .first(&mut **tx)?;
    let mut kept = what_stays(&detail.0);
    removal.tree(&mut kept);
    diesel::update(contacts::table.filter(contacts::id.eq(Id::from(id))))
        .set((
            contacts::subject.eq(removal.mark()),
            contacts::body.eq(removal.mark()),
            contacts::detail.eq(Json(kept)),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// Takes it out of the answers kept for clients that repeat a request, where they name one of `names`.
///
/// # Errors
/// A [`StoreError`] when it cannot be written.
pub fn rewrite_answers(
    tx: &mut Tx<'_>,
    names: &[String],
    removal: &Removal,
) -> Result<u32, StoreError> {
    let mut n = 0;
    for name in names {
        for answer in dialect::answers_naming(tx, name)? {
            let Some(left) = without(&answer.body, removal) else {
                continue;
            };
            diesel::update(
                idempotency::table
                    .filter(idempotency::principal.eq(answer.principal))
                    .filter(idempotency::method.eq(answer.method))
                    .filter(idempotency::path.eq(answer.path))
                    .filter(idempotency::key.eq(answer.key)),
            )
            .set(idempotency::body.eq(left))
            .execute(&mut **tx)?;
            n += 1;
        }
    }
    Ok(n)
}

fn in_contacts(tx: &mut Tx<'_>, of: Of, removal: &Removal) -> Result<u32, StoreError> {
    type Row = (Id, String, String, Json<Value>, Option<String>);
    let mut query = contacts::table
        .select((
            contacts::id,
            contacts::subject,
            contacts::body,
            contacts::detail,
            contacts::settled_why,
        ))
        .into_boxed();
    query = match of {
        Of::Case(case) => query.filter(contacts::case_id.eq(Some(Id::from(case)))),
        Of::Contact(contact) => query.filter(contacts::id.eq(Id::from(contact))),
    };
    let rows: Vec<Row> = query.load(&mut **tx)?;
    let mut n = 0;
    for (id, subject, body, mut detail, why) in rows {
        let new_subject = removal.text(&subject);
        let new_body = removal.text(&body);
        let new_why = why.as_deref().and_then(|why| removal.text(why));
        let is_in_detail = removal.tree(&mut detail.0);
        if new_subject.is_none() && new_body.is_none() && new_why.is_none() && !is_in_detail {
            continue;
        }
        diesel::update(contacts::table.filter(contacts::id.eq(id)))
            .set((
                contacts::subject.eq(new_subject.unwrap_or(subject)),
                contacts::body.eq(new_body.unwrap_or(body)),
                contacts::detail.eq(detail),
                contacts::settled_why.eq(new_why.or(why)),
            ))
            .execute(&mut **tx)?;
        n += 1;
    }
    Ok(n)
}

fn in_events(tx: &mut Tx<'_>, case: CaseId, removal: &Removal) -> Result<u32, StoreError> {
    let rows: Vec<(Id, Json<Value>)> = events::table
        .filter(events::case_id.eq(Id::from(case)))
        .select((events::id, events::detail))
        .load(&mut **tx)?;
    let mut n = 0;
    for (id, mut event) in rows {
        if removal.record::<Event>(&mut event.0) {
            diesel::update(events::table.filter(events::id.eq(id)))
                .set(events::detail.eq(event))
                .execute(&mut **tx)?;
            n += 1;
        }
    }
    Ok(n)
}

fn in_notices(tx: &mut Tx<'_>, case: CaseId, removal: &Removal) -> Result<u32, StoreError> {
    let rows: Vec<(Id, Json<Value>, Option<String>)> = outbox::table
        .filter(outbox::case_id.eq(Some(Id::from(case))))
        .select((outbox::id, outbox::letter, outbox::last_error))
        .load(&mut **tx)?;
    let mut n = 0;
    for (id, mut letter, error) in rows {
        let new_error = error.as_deref().and_then(|error| removal.text(error));
        if removal.record::<Letter>(&mut letter.0) || new_error.is_some() {
            diesel::update(outbox::table.filter(outbox::id.eq(id)))
                .set((
                    outbox::letter.eq(letter),
                    outbox::last_error.eq(new_error.or(error)),
                ))
                .execute(&mut **tx)?;
            n += 1;
        }
    }
    Ok(n)
}

/// Why somebody opened a restricted case for themselves.
fn in_passes(tx: &mut Tx<'_>, case: CaseId, removal: &Removal) -> Result<u32, StoreError> {
    let rows: Vec<(Id, String)> = case_passes::table
        .filter(case_passes::case_id.eq(Id::from(case)))
        .select((case_passes::id, case_passes::reason))
        .load(&mut **tx)?;
    let mut n = 0;
    for (id, reason) in rows {
        if let Some(left) = removal.text(&reason) {
            diesel::update(case_passes::table.filter(case_passes::id.eq(id)))
                .set(case_passes::reason.eq(left))
                .execute(&mut **tx)?;
            n += 1;
        }
    }
    Ok(n)
}

fn in_feedback(tx: &mut Tx<'_>, case: CaseId, removal: &Removal) -> Result<u32, StoreError> {
    let rows: Vec<(Id, String)> = feedback::table
        .filter(feedback::case_id.eq(Id::from(case)))
        .select((feedback::id, feedback::comment))
        .load(&mut **tx)?;
    let mut n = 0;
    for (id, comment) in rows {
        if let Some(left) = removal.text(&comment) {
            diesel::update(feedback::table.filter(feedback::id.eq(id)))
                .set(feedback::comment.eq(left))
                .execute(&mut **tx)?;
            n += 1;
        }
    }
    Ok(n)
}

/// Puts `mark` in the place of whatever feedback a person wrote on a case; the score stays.
///
/// # Errors
/// A [`StoreError`] when it cannot be written.
pub fn empty_feedback(
    tx: &mut Tx<'_>,
    case: CaseId,
    person: PersonId,
    mark: &str,
) -> Result<u32, StoreError> {
    let links: Vec<Id> = tracking_links::table
        .filter(tracking_links::case_id.eq(Id::from(case)))
        .filter(tracking_links::person_id.eq(Some(Id::from(person))))
        .select(tracking_links::id)
        .load(&mut **tx)?;
    let n = diesel::update(
        feedback::table
            .filter(feedback::link_id.eq_any(links))
            .filter(feedback::comment.ne("")),
    )
    .set(feedback::comment.eq(mark))
    .execute(&mut **tx)?;
    Ok(u32::try_from(n).unwrap_or(u32::MAX))
}

/// What of a contact's detail is no words of anybody's: whom a mail is from and what one that waits is
/// judged by, by which a second delivery is known, and that consent was given.
fn what_stays(detail: &Value) -> Value {
    let mut kept = serde_json::Map::new();
    for name in [
        "from",
        "held",
        "outcome",
        "acknowledged",
        "access_point",
        "call",
        "repeats",
    ] {
        if let Some(value) = detail.get(name) {
            kept.insert(name.to_owned(), value.clone());
        }
    }
    let named = detail.get("their_reference").and_then(Value::as_str);
    if let Some(named) = named.filter(|text| Reference::parse(text).is_ok()) {
        kept.insert("their_reference".to_owned(), Value::from(named));
    }
    if let Some(consent) = detail.pointer("/on_behalf_of/consent") {
        kept.insert(
            "on_behalf_of".to_owned(),
            serde_json::json!({"consent": consent}),
        );
    }
    let mut mail = serde_json::Map::new();
    for name in ["raw", "body_key", "is_reused_id", "sent_at"] {
        if let Some(value) = detail.pointer(&format!("/mail/{name}")) {
            mail.insert(name.to_owned(), value.clone());
        }
    }
    if !mail.is_empty() {
        kept.insert("mail".to_owned(), Value::Object(mail));
    }
    Value::Object(kept)
}

/// An answer's body without it; nothing when it does not stand there.
fn without(body: &[u8], removal: &Removal) -> Option<Vec<u8>> {
    // Answers are text; what is not holds nobody's words.
    let Ok(text) = std::str::from_utf8(body) else {
        return None;
    };
    if let Ok(mut tree) = serde_json::from_str::<Value>(text) {
        return removal
            .tree(&mut tree)
            .then(|| tree.to_string().into_bytes());
    }
    removal.text(text).map(String::into_bytes)
}
