//! Files that came with contacts: what is known of each. Their bytes are in [`super::files`].
//!
//! One content may have several rows; its bytes are there once. Whoever writes a row that names bytes,
//! or takes bytes away, holds their hash until the transaction ends ([`hold`]), so that no row names
//! bytes that are not there.

use std::collections::BTreeSet;

use diesel::prelude::*;
use jiff::Timestamp;

use super::cases::word;
use super::db::{Conn, Tx};
use super::error::StoreError;
use super::schema::{attachments, contacts};
use super::types::{At, Id};
use crate::domain::attachment::{Scan, Withheld};
use crate::domain::ids::{AttachmentId, CaseId, ContactId};

/// One file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    pub id: AttachmentId,
    /// None until a contact names it.
    pub contact: Option<ContactId>,
    /// In the order they were named, or stood in the mail.
    pub place: i32,
    /// The principal who sent it.
    pub uploaded_by: String,
    pub created_at: Timestamp,
    pub name: String,
    pub content_type: String,
    /// A picture within the text of a mail.
    pub is_inline: bool,
    /// SHA-256 of the bytes, in hex.
    pub hash: Option<String>,
    pub size: i64,
    pub scan: Scan,
    /// What the scanner calls what it found.
    pub finding: Option<String>,
    pub withheld: Option<Withheld>,
    /// When the worker must look at it next.
    pub wake_at: Option<Timestamp>,
    pub n_looks: i32,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = attachments, treat_none_as_default_value = false)]
struct Row {
    id: Id,
    contact_id: Option<Id>,
    place: i32,
    uploaded_by: String,
    created_at: At,
    name: String,
    content_type: String,
    is_inline: bool,
    hash: Option<String>,
    size: i64,
    scan: String,
    finding: Option<String>,
    withheld: Option<String>,
    wake_at: Option<At>,
    n_looks: i32,
}

impl Attachment {
    /// Whether its bytes may be given to whoever may see it.
    #[must_use]
    pub fn is_downloadable(&self) -> bool {
        self.hash.is_some() && self.withheld.is_none() && self.scan.lets_through()
    }
}

/// Waits until nobody else writes or takes away these bytes, until our transaction ends.
///
/// # Errors
/// When the database cannot be asked.
pub fn hold(tx: &mut Tx<'_>, hash: &str) -> Result<(), StoreError> {
    Ok(super::dialect::hold(tx, &format!("attachment:{hash}"))?)
}

/// Adds a file.
///
/// # Errors
/// When it cannot be written.
pub fn insert(tx: &mut Tx<'_>, attachment: &Attachment) -> Result<(), StoreError> {
    diesel::insert_into(attachments::table)
        .values(Row::from(attachment))
        .execute(&mut **tx)?;
    Ok(())
}

/// One file.
///
/// # Errors
/// When the database cannot be asked.
pub fn find(conn: &mut Conn, id: AttachmentId) -> Result<Option<Attachment>, StoreError> {
    let row: Option<Row> = attachments::table
        .filter(attachments::id.eq(Id::from(id)))
        .select(Row::as_select())
        .first(conn)
        .optional()?;
    row.map(Attachment::try_from).transpose()
}

/// The files of some contacts, in the order they came with each.
///
/// # Errors
/// When the database cannot be asked.
pub fn of_contacts(conn: &mut Conn, ids: &[ContactId]) -> Result<Vec<Attachment>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Option<Id>> = ids.iter().copied().map(|id| Some(Id::from(id))).collect();
    let rows: Vec<Row> = attachments::table
        .filter(attachments::contact_id.eq_any(ids))
        .order((
            attachments::contact_id.asc(),
            attachments::place.asc(),
            attachments::id.asc(),
        ))
        .select(Row::as_select())
        .load(conn)?;
    rows.into_iter().map(Attachment::try_from).collect()
}

/// The files of a case, oldest first, at most so many.
///
/// # Errors
/// When the database cannot be asked.
pub fn of_case(conn: &mut Conn, case: CaseId, limit: i64) -> Result<Vec<Attachment>, StoreError> {
    let rows: Vec<Row> = attachments::table
        .inner_join(contacts::table.on(attachments::contact_id.eq(contacts::id.nullable())))
        .filter(contacts::case_id.eq(Some(Id::from(case))))
        .order((
            attachments::created_at.asc(),
            attachments::place.asc(),
            attachments::id.asc(),
        ))
        .limit(limit)
        .select(Row::as_select())
        .load(conn)?;
    rows.into_iter().map(Attachment::try_from).collect()
}

/// Bytes of the files that somebody sent and no contact has named.
///
/// # Errors
/// A [`StoreError`] when they cannot be counted.
pub fn unused_bytes(conn: &mut Conn, uploaded_by: &str) -> Result<i64, StoreError> {
    let sizes: Vec<i64> = attachments::table
        .filter(attachments::contact_id.is_null())
        .filter(attachments::uploaded_by.eq(uploaded_by.to_owned()))
        .select(attachments::size)
        .load(conn)?;
    Ok(sizes.into_iter().sum())
}

/// Ties an unused file to a contact, when this principal sent it. False when somebody else did, when it
/// is used already, or is not there.
///
/// # Errors
/// When it cannot be written.
pub fn tie(
    tx: &mut Tx<'_>,
    id: AttachmentId,
    uploaded_by: &str,
    contact: ContactId,
    place: i32,
) -> Result<bool, StoreError> {
    let n = diesel::update(
        attachments::table
            .filter(attachments::id.eq(Id::from(id)))
            .filter(attachments::contact_id.is_null())
            .filter(attachments::withheld.is_null())
            .filter(attachments::uploaded_by.eq(uploaded_by.to_owned())),
    )
    .set((
        attachments::contact_id.eq(Some(Id::from(contact))),
        attachments::place.eq(place),
    ))
    .execute(&mut **tx)?;
    Ok(n == 1)
}

/// Whether something harmful was found in these bytes before, and what.
///
/// # Errors
/// When the database cannot be asked.
pub fn finding_in(conn: &mut Conn, hash: &str) -> Result<Option<String>, StoreError> {
    let found: Option<Option<String>> = attachments::table
        .filter(attachments::hash.eq(Some(hash.to_owned())))
        .filter(attachments::scan.eq(Scan::Infected.as_str()))
        .select(attachments::finding)
        .first(conn)
        .optional()?;
    Ok(found.map(Option::unwrap_or_default))
}

/// Files the worker must look at: first those given to nobody, for which no scanner is waited for, then
/// the longest overdue.
///
/// # Errors
/// When the database cannot be asked.
pub fn to_wake(conn: &mut Conn, now: Timestamp, limit: i64) -> Result<Vec<Attachment>, StoreError> {
    let rows: Vec<Row> = attachments::table
        .filter(
            attachments::wake_at
                .is_not_null()
                .and(attachments::wake_at.le(At(now))),
        )
        .order((
            attachments::withheld.is_null().asc(),
            attachments::wake_at.asc(),
            attachments::id.asc(),
        ))
        .limit(limit)
        .select(Row::as_select())
        .load(conn)?;
    rows.into_iter().map(Attachment::try_from).collect()
}

/// Takes a file on for a look, until `until`. False when somebody else has.
///
/// # Errors
/// When it cannot be written.
pub fn claim(
    tx: &mut Tx<'_>,
    attachment: &Attachment,
    until: Timestamp,
) -> Result<bool, StoreError> {
    let n = diesel::update(
        attachments::table
            .filter(attachments::id.eq(Id::from(attachment.id)))
            .filter(attachments::wake_at.eq(attachment.wake_at.map(At))),
    )
    .set((
        attachments::wake_at.eq(Some(At(until))),
        attachments::n_looks.eq(attachment.n_looks.saturating_add(1)),
    ))
    .execute(&mut **tx)?;
    Ok(n == 1)
}

/// When to look at it again; never where there is no instant. What was taken away meanwhile is still
/// looked at for that.
///
/// # Errors
/// When it cannot be written.
pub fn wake(tx: &mut Tx<'_>, id: AttachmentId, at: Option<Timestamp>) -> Result<(), StoreError> {
    diesel::update(
        attachments::table
            .filter(attachments::id.eq(Id::from(id)))
            .filter(
                attachments::withheld
                    .is_null()
                    .or(attachments::withheld.ne(Withheld::Removed.as_str())),
            ),
    )
    .set(attachments::wake_at.eq(at.map(At)))
    .execute(&mut **tx)?;
    Ok(())
}

/// Writes what became known of a file of a mail: its bytes, its type, or why it is withheld.
///
/// # Errors
/// When it cannot be written.
pub fn note_lodged(tx: &mut Tx<'_>, attachment: &Attachment) -> Result<(), StoreError> {
    diesel::update(
        attachments::table
            .filter(attachments::id.eq(Id::from(attachment.id)))
            .filter(attachments::withheld.is_null()),
    )
    .set((
        attachments::hash.eq(attachment.hash.clone()),
        attachments::size.eq(attachment.size),
        attachments::content_type.eq(attachment.content_type.clone()),
        attachments::scan.eq(attachment.scan.as_str()),
        attachments::finding.eq(attachment.finding.clone()),
        attachments::withheld.eq(attachment.withheld.map(Withheld::as_str)),
        attachments::wake_at.eq(attachment.wake_at.map(At)),
    ))
    .execute(&mut **tx)?;
    Ok(())
}

/// Writes what the scan of some bytes came to, on every file of them. Gives those on which it is news.
///
/// # Errors
/// When it cannot be written.
pub fn note_scan(
    tx: &mut Tx<'_>,
    hash: &str,
    scan: Scan,
    finding: Option<&str>,
) -> Result<Vec<Attachment>, StoreError> {
    let mut changed = attachments::table
        .filter(attachments::hash.eq(Some(hash.to_owned())))
        .filter(attachments::withheld.is_null())
        .into_boxed();
    // What is harmful is so wherever it lies; what is clean was only waited for.
    changed = if scan == Scan::Infected {
        changed.filter(attachments::scan.ne(Scan::Infected.as_str()))
    } else {
        changed.filter(attachments::scan.eq(Scan::Pending.as_str()))
    };
    let rows: Vec<Row> = changed.select(Row::as_select()).load(&mut **tx)?;
    let ids: Vec<Id> = rows.iter().map(|row| row.id).collect();
    // One that was taken away since it was read is to be let go, and keeps nothing of what was found.
    diesel::update(
        attachments::table
            .filter(attachments::id.eq_any(ids))
            .filter(
                attachments::withheld
                    .is_null()
                    .or(attachments::withheld.ne(Withheld::Removed.as_str())),
            ),
    )
    .set((
        attachments::scan.eq(scan.as_str()),
        attachments::finding.eq(finding.map(str::to_owned)),
        attachments::wake_at.eq(None::<At>),
    ))
    .execute(&mut **tx)?;
    rows.into_iter().map(Attachment::try_from).collect()
}

/// Takes a file away for good. The worker lets its bytes go, where no other file has them.
///
/// # Errors
/// When it cannot be written.
pub fn take_away(
    tx: &mut Tx<'_>,
    id: AttachmentId,
    mark: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    diesel::update(attachments::table.filter(attachments::id.eq(Id::from(id))))
        .set((
            attachments::name.eq(mark.to_owned()),
            attachments::finding.eq(None::<String>),
            attachments::withheld.eq(Some(Withheld::Removed.as_str())),
            attachments::wake_at.eq(Some(At(now))),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// Gives a file another name.
///
/// # Errors
/// When it cannot be written.
pub fn rename(tx: &mut Tx<'_>, id: AttachmentId, name: &str) -> Result<(), StoreError> {
    diesel::update(attachments::table.filter(attachments::id.eq(Id::from(id))))
        .set(attachments::name.eq(name.to_owned()))
        .execute(&mut **tx)?;
    Ok(())
}

/// Takes away what was sent before `before` and named by no contact since.
///
/// # Errors
/// When it cannot be written.
pub fn take_away_unused(
    tx: &mut Tx<'_>,
    before: Timestamp,
    now: Timestamp,
) -> Result<usize, StoreError> {
    Ok(diesel::update(
        attachments::table
            .filter(attachments::contact_id.is_null())
            .filter(attachments::withheld.is_null())
            .filter(attachments::created_at.lt(At(before))),
    )
    .set((
        attachments::withheld.eq(Some(Withheld::Removed.as_str())),
        attachments::wake_at.eq(Some(At(now))),
    ))
    .execute(&mut **tx)?)
}

/// Whether any file that is still given out, or may be, has these bytes.
///
/// # Errors
/// When the database cannot be asked.
pub fn is_named(conn: &mut Conn, hash: &str) -> Result<bool, StoreError> {
    let n: i64 = attachments::table
        .filter(attachments::hash.eq(Some(hash.to_owned())))
        .filter(
            attachments::withheld
                .is_null()
                .or(attachments::withheld.ne(Withheld::Removed.as_str())),
        )
        .count()
        .get_result(conn)?;
    Ok(n > 0)
}

/// Of these hashes those that any file names, taken away or not.
///
/// # Errors
/// When the database cannot be asked.
pub fn among(conn: &mut Conn, hashes: &[String]) -> Result<BTreeSet<String>, StoreError> {
    let hashes: Vec<Option<String>> = hashes.iter().cloned().map(Some).collect();
    let named: Vec<Option<String>> = attachments::table
        .filter(attachments::hash.eq_any(hashes))
        .select(attachments::hash)
        .distinct()
        .load(conn)?;
    Ok(named.into_iter().flatten().collect())
}

/// Of a file that was taken away nothing names its bytes any more; one that no contact named is gone.
///
/// # Errors
/// When it cannot be written.
pub fn note_gone(tx: &mut Tx<'_>, attachment: &Attachment) -> Result<(), StoreError> {
    let own = attachments::table.filter(attachments::id.eq(Id::from(attachment.id)));
    if attachment.contact.is_none() {
        diesel::delete(own).execute(&mut **tx)?;
    } else {
        diesel::update(own)
            .set((
                attachments::hash.eq(None::<String>),
                attachments::wake_at.eq(None::<At>),
            ))
            .execute(&mut **tx)?;
    }
    Ok(())
}

impl From<&Attachment> for Row {
    fn from(attachment: &Attachment) -> Self {
        Self {
            id: attachment.id.into(),
            contact_id: attachment.contact.map(Into::into),
            place: attachment.place,
            uploaded_by: attachment.uploaded_by.clone(),
            created_at: attachment.created_at.into(),
            name: attachment.name.clone(),
            content_type: attachment.content_type.clone(),
            is_inline: attachment.is_inline,
            hash: attachment.hash.clone(),
            size: attachment.size,
            scan: attachment.scan.to_string(),
            finding: attachment.finding.clone(),
            withheld: attachment.withheld.map(|why| why.to_string()),
            wake_at: attachment.wake_at.map(Into::into),
            n_looks: attachment.n_looks,
        }
    }
}

impl TryFrom<Row> for Attachment {
    type Error = StoreError;
    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id.into(),
            contact: row.contact_id.map(Into::into),
            place: row.place,
            uploaded_by: row.uploaded_by,
            created_at: row.created_at.0,
            name: row.name,
            content_type: row.content_type,
            is_inline: row.is_inline,
            hash: row.hash,
            size: row.size,
            scan: word(&row.scan)?,
            finding: row.finding,
            withheld: row.withheld.as_deref().map(word).transpose()?,
            wake_at: row.wake_at.map(|at| at.0),
            n_looks: row.n_looks,
        })
    }
}
