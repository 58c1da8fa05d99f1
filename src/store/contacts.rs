//! Contacts: what was said, immutable once logged. And the raw mail behind them.

use diesel::prelude::*;
use diesel::sql_types::Bool;
use jiff::{Timestamp, civil::Date};
use serde_json::Value;

use super::cases::word;
use super::db::{Conn, Tx};
use super::error::StoreError;
use super::measures;
use super::schema::{contacts, raw_messages};
use super::sight::{is_within, may_be_known};
use super::types::{At, Id, Json, On};
use crate::domain::access::Sight;
use crate::domain::contact::{Channel, Direction, Disposition};
use crate::domain::ids::{CaseId, ContactId, PersonId};

/// One contact.
#[derive(Debug, Clone, PartialEq)]
pub struct Contact {
    pub id: ContactId,
    pub case: Option<CaseId>,
    pub person: Option<PersonId>,
    pub channel: Channel,
    pub direction: Direction,
    pub disposition: Disposition,
    pub received_at: Timestamp,
    pub logged_at: Timestamp,
    pub counted_from_on: Option<Date>,
    pub subject: String,
    pub body: String,
    pub language: Option<String>,
    /// The principal who entered it.
    pub entered_by: String,
    /// Within which [`Self::external_id`] is unique.
    pub source: String,
    pub external_id: Option<String>,
    /// SHA-256 of what came in, to know it again.
    pub fingerprint: Option<String>,
    pub mailbox: Option<String>,
    pub message_id: Option<String>,
    /// Everything else that was given, for staff to read.
    pub detail: Value,
    /// Who must look, while it is held or quarantined.
    pub waits_for: Option<String>,
    pub limit_at: Option<Timestamp>,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = contacts, treat_none_as_default_value = false)]
pub(super) struct Row {
    id: Id,
    case_id: Option<Id>,
    person_id: Option<Id>,
    channel: String,
    direction: String,
    disposition: String,
    received_at: At,
    logged_at: At,
    counted_from_on: Option<On>,
    subject: String,
    body: String,
    language: Option<String>,
    entered_by: String,
    source: String,
    external_id: Option<String>,
    fingerprint: Option<String>,
    mailbox: Option<String>,
    message_id: Option<String>,
    detail: Json<Value>,
    waits_for: Option<String>,
    limit_at: Option<At>,
}

/// Logs a contact.
///
/// # Errors
/// [`StoreError::Taken`] when the source has given this external id before.
pub fn insert(tx: &mut Tx<'_>, contact: &Contact) -> Result<(), StoreError> {
    diesel::insert_into(contacts::table)
        .values(Row::from(contact))
        .execute(&mut **tx)?;
    match contact.case {
        Some(case) if contact.direction == Direction::Inbound => measures::count_contacts(tx, case),
        _ => Ok(()),
    }
}

/// Keeps the bytes of a raw message; once for each content.
pub fn keep_raw(
    tx: &mut Tx<'_>,
    fingerprint: &str,
    contact: ContactId,
    bytes: &[u8],
) -> Result<(), StoreError> {
    diesel::sql_query(
        "INSERT INTO raw_messages (fingerprint, contact_id, bytes) VALUES ($1, $2, $3) \
         ON CONFLICT (fingerprint) DO NOTHING",
    )
    .bind::<diesel::sql_types::Text, _>(fingerprint)
    .bind::<super::types::Uid, _>(Id::from(contact))
    .bind::<diesel::sql_types::Binary, _>(bytes)
    .execute(&mut **tx)?;
    Ok(())
}

/// The bytes of a raw message.
pub fn raw(conn: &mut Conn, fingerprint: &str) -> Result<Option<Vec<u8>>, StoreError> {
    Ok(raw_messages::table
        .filter(raw_messages::fingerprint.eq(fingerprint.to_owned()))
        .select(raw_messages::bytes)
        .first(conn)
        .optional()?)
}

/// One contact.
pub fn find(conn: &mut Conn, id: ContactId) -> Result<Option<Contact>, StoreError> {
    first(
        conn,
        contacts::table
            .filter(contacts::id.eq(Id::from(id)))
            .into_boxed(),
    )
}

/// The contact a source has given under this id before.
pub fn find_external(
    conn: &mut Conn,
    source: &str,
    external_id: &str,
) -> Result<Option<Contact>, StoreError> {
    first(
        conn,
        contacts::table
            .filter(contacts::source.eq(source.to_owned()))
            .filter(contacts::external_id.eq(Some(external_id.to_owned())))
            .into_boxed(),
    )
}

/// The first contact with these very bytes. Holds the fingerprint until the transaction ends, so
/// that the same mail delivered twice at once is one message.
pub fn find_same(tx: &mut Tx<'_>, fingerprint: &str) -> Result<Option<Contact>, StoreError> {
    super::dialect::hold(tx, fingerprint)?;
    first(
        tx,
        contacts::table
            .filter(contacts::fingerprint.eq(Some(fingerprint.to_owned())))
            .into_boxed(),
    )
}

/// The contact whose raw message had these very bytes. Holds them until the transaction ends, so
/// that the same mail delivered twice at once is one message.
pub fn find_raw(tx: &mut Tx<'_>, fingerprint: &str) -> Result<Option<Contact>, StoreError> {
    super::dialect::hold(tx, fingerprint)?;
    let id: Option<Id> = raw_messages::table
        .filter(raw_messages::fingerprint.eq(fingerprint.to_owned()))
        .select(raw_messages::contact_id)
        .first(&mut **tx)
        .optional()?;
    id.map_or(Ok(None), |id| find(tx, id.into()))
}

/// Contacts that came with this Message-ID, oldest first.
pub fn with_message_id(tx: &mut Tx<'_>, message_id: &str) -> Result<Vec<Contact>, StoreError> {
    super::dialect::hold(tx, message_id)?;
    let rows: Vec<Row> = contacts::table
        .filter(contacts::message_id.eq(Some(message_id.to_owned())))
        .order((contacts::logged_at.asc(), contacts::id.asc()))
        .limit(20)
        .select(Row::as_select())
        .load(&mut **tx)?;
    rows.into_iter().map(Contact::try_from).collect()
}

/// A page of a case's contacts, oldest first.
pub fn of_case(
    conn: &mut Conn,
    case: CaseId,
    after: Option<(Timestamp, ContactId)>,
    limit: i64,
) -> Result<Vec<Contact>, StoreError> {
    let query = contacts::table
        .filter(contacts::case_id.eq(Some(Id::from(case))))
        .into_boxed();
    page(conn, query, after, limit)
}

/// The same, with those that were said on it and stand on a case for few.
pub fn said_on(
    conn: &mut Conn,
    case: CaseId,
    after: Option<(Timestamp, ContactId)>,
    limit: i64,
) -> Result<Vec<Contact>, StoreError> {
    let id = Some(Id::from(case));
    let query = contacts::table
        .filter(contacts::case_id.eq(id).or(contacts::said_on.eq(id)))
        .into_boxed();
    page(conn, query, after, limit)
}

/// The contacts that opened some cases by one channel.
pub fn that_opened(
    conn: &mut Conn,
    cases: &[CaseId],
    channel: Channel,
) -> Result<Vec<Contact>, StoreError> {
    let ids: Vec<Option<Id>> = cases.iter().copied().map(|id| Some(Id::from(id))).collect();
    let rows: Vec<Row> = contacts::table
        .filter(contacts::case_id.eq_any(ids))
        .filter(contacts::channel.eq(channel.as_str()))
        .filter(contacts::disposition.eq(Disposition::Opened.as_str()))
        .order((contacts::logged_at.asc(), contacts::id.asc()))
        .select(Row::as_select())
        .load(conn)?;
    rows.into_iter().map(Contact::try_from).collect()
}

/// A page of what some people told us, oldest first: on cases within `sight`, and on none.
pub fn of_people(
    conn: &mut Conn,
    sight: &Sight,
    people: &[PersonId],
    after: Option<(Timestamp, ContactId)>,
    limit: i64,
) -> Result<Vec<Contact>, StoreError> {
    let query = said_by(people).filter(
        contacts::case_id
            .is_null()
            .or(is_within(sight, OF_A_CONTACT)),
    );
    page(conn, query, after, limit)
}

/// A page of everything some people told us, whoever may know of it, oldest first.
pub fn all_of_people(
    conn: &mut Conn,
    people: &[PersonId],
    after: Option<(Timestamp, ContactId)>,
    limit: i64,
) -> Result<Vec<Contact>, StoreError> {
    page(conn, said_by(people), after, limit)
}

/// Texts from a number that went on no case and nobody's record: what somebody told the machine.
pub fn told_by_text(conn: &mut Conn, number: &str) -> Result<Vec<ContactId>, StoreError> {
    let rows: Vec<(Id, Json<Value>)> = contacts::table
        .filter(contacts::channel.eq(Channel::Sms.as_str()))
        .filter(contacts::disposition.eq(Disposition::Stored.as_str()))
        .filter(contacts::case_id.is_null())
        .filter(contacts::person_id.is_null())
        .order(contacts::id.asc())
        .select((contacts::id, contacts::detail))
        .load(conn)?;
    Ok(rows
        .into_iter()
        .filter(|(_, detail)| detail.0.get("from").and_then(Value::as_str) == Some(number))
        .map(|(id, _)| id.into())
        .collect())
}

/// Puts a contact on another case than the one it was logged on.
pub fn put_on(tx: &mut Tx<'_>, id: ContactId, case: CaseId) -> Result<(), StoreError> {
    let was = find(tx, id)?.and_then(|contact| contact.case);
    diesel::update(contacts::table.filter(contacts::id.eq(Id::from(id))))
        .set(contacts::case_id.eq(Some(Id::from(case))))
        .execute(&mut **tx)?;
    for case in was.into_iter().chain([case]) {
        measures::count_contacts(tx, case)?;
    }
    Ok(())
}

/// Puts a contact on a case for few, which was said on another: there it stands without its words.
pub fn put_aside(
    tx: &mut Tx<'_>,
    id: ContactId,
    case: CaseId,
    said_on: CaseId,
) -> Result<(), StoreError> {
    diesel::update(contacts::table.filter(contacts::id.eq(Id::from(id))))
        .set((
            contacts::case_id.eq(Some(Id::from(case))),
            contacts::said_on.eq(Some(Id::from(said_on))),
        ))
        .execute(&mut **tx)?;
    for case in [said_on, case] {
        measures::count_contacts(tx, case)?;
    }
    Ok(())
}

/// When the sweep must look at a waiting mail next; never again where there is no instant.
pub fn wake(tx: &mut Tx<'_>, id: ContactId, at: Option<Timestamp>) -> Result<(), StoreError> {
    diesel::update(contacts::table.filter(contacts::id.eq(Id::from(id))))
        .set(contacts::wake_at.eq(at.map(At)))
        .execute(&mut **tx)?;
    Ok(())
}

/// A mail that waits tells of danger.
pub fn note_danger(tx: &mut Tx<'_>, id: ContactId, since: Timestamp) -> Result<(), StoreError> {
    diesel::update(contacts::table.filter(contacts::id.eq(Id::from(id))))
        .set(contacts::danger_since.eq(Some(At(since))))
        .execute(&mut **tx)?;
    Ok(())
}

/// Mails whose hour has come, the longest overdue first.
pub fn to_wake(conn: &mut Conn, now: Timestamp, limit: i64) -> Result<Vec<ContactId>, StoreError> {
    let ids: Vec<Id> = contacts::table
        .filter(
            contacts::wake_at
                .is_not_null()
                .and(contacts::wake_at.le(At(now))),
        )
        .order((contacts::wake_at.asc(), contacts::id.asc()))
        .limit(limit)
        .select(contacts::id)
        .load(conn)?;
    Ok(ids.into_iter().map(Into::into).collect())
}

/// When the sweep must look at this mail next.
pub fn wake_at(conn: &mut Conn, id: ContactId) -> Result<Option<Timestamp>, StoreError> {
    let at: Option<Option<At>> = contacts::table
        .filter(contacts::id.eq(Id::from(id)))
        .select(contacts::wake_at)
        .first(conn)
        .optional()?;
    Ok(at.flatten().map(|at| at.0))
}

/// A mail, while it still waits for somebody to look, and is not dealt with.
pub fn find_waiting(conn: &mut Conn, id: ContactId) -> Result<Option<Contact>, StoreError> {
    first(
        conn,
        contacts::table
            .filter(contacts::id.eq(Id::from(id)))
            .filter(contacts::waits_for.is_not_null())
            .filter(contacts::settled_at.is_null())
            .into_boxed(),
    )
}

/// By which way something came in; unsaid: by any.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Way {
    pub channel: Option<Channel>,
    /// One of our mailboxes, as [`crate::domain::addresses::mailbox_of`] names it; nothing: mail of which it is not known.
    pub mailbox: Option<Option<String>>,
}

/// So many that came in one way and ended in another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Came {
    pub channel: Channel,
    /// As it was written to.
    pub mailbox: Option<String>,
    pub disposition: Disposition,
    pub n: i64,
}

diesel::define_sql_function! {
    /// In small letters.
    fn lower(text: diesel::sql_types::Text) -> diesel::sql_types::Text;
}

/// What came in between two instants, all of it.
///
/// # Errors
/// When the database cannot be asked.
pub fn tally(
    conn: &mut Conn,
    between: (Timestamp, Timestamp),
    way: &Way,
) -> Result<Vec<Came>, StoreError> {
    type Counted = (String, Option<String>, String, i64);
    let rows: Vec<Counted> = contacts::table
        .filter(came_in(between, way))
        .group_by((contacts::channel, contacts::mailbox, contacts::disposition))
        .select((
            contacts::channel,
            contacts::mailbox,
            contacts::disposition,
            diesel::dsl::count_star(),
        ))
        .order((
            contacts::channel.asc(),
            contacts::mailbox.asc(),
            contacts::disposition.asc(),
        ))
        .load(conn)?;
    rows.into_iter()
        .map(|(channel, mailbox, disposition, n)| {
            Ok(Came {
                channel: word(&channel)?,
                mailbox,
                disposition: word(&disposition)?,
                n,
            })
        })
        .collect()
}

/// A page of what came in between two instants and ended in one way, in the order it reached us: on
/// cases somebody with this sight may know of, and on none.
pub fn logged_between(
    conn: &mut Conn,
    sight: &Sight,
    between: (Timestamp, Timestamp),
    (disposition, way): (Disposition, &Way),
    after: Option<(Timestamp, ContactId)>,
    limit: i64,
) -> Result<Vec<Contact>, StoreError> {
    let mut query = contacts::table
        .filter(came_in(between, way))
        .filter(contacts::disposition.eq(disposition.as_str()))
        .into_boxed()
        .filter(
            contacts::case_id
                .is_null()
                .or(may_be_known(sight, OF_A_CONTACT)),
        );
    if let Some((at, id)) = after {
        query = query.filter(
            contacts::logged_at.gt(At(at)).or(contacts::logged_at
                .eq(At(at))
                .and(contacts::id.gt(Id::from(id)))),
        );
    }
    let rows: Vec<Row> = query
        .order((contacts::logged_at.asc(), contacts::id.asc()))
        .limit(limit)
        .select(Row::as_select())
        .load(conn)?;
    rows.into_iter().map(Contact::try_from).collect()
}

/// What came in by one channel and was received or logged between two instants, in the order it reached
/// us, but for repeats: what `entered_by` logged, what is on cases somebody with this sight may know of,
/// and what is on none.
pub fn of_channel(
    conn: &mut Conn,
    sight: &Sight,
    entered_by: &str,
    channel: Channel,
    between: (Timestamp, Timestamp),
    limit: i64,
) -> Result<Vec<Contact>, StoreError> {
    let rows: Vec<Row> = by_channel(channel, between)
        .filter(
            contacts::case_id
                .is_null()
                .or(contacts::entered_by.eq(entered_by.to_owned()))
                .or(may_be_known(sight, OF_A_CONTACT)),
        )
        .order((contacts::logged_at.asc(), contacts::id.asc()))
        .limit(limit)
        .select(Row::as_select())
        .load(conn)?;
    rows.into_iter().map(Contact::try_from).collect()
}

/// The id its source gave to a contact, when that was received, and when logged.
pub type SourceId = (Option<String>, Timestamp, Timestamp);

/// The ids their sources gave to everything that came in so, whoever may know of it: one for each
/// contact, none where it has none.
pub fn external_ids(
    conn: &mut Conn,
    channel: Channel,
    between: (Timestamp, Timestamp),
    limit: i64,
) -> Result<Vec<SourceId>, StoreError> {
    let rows: Vec<(Option<String>, At, At)> = by_channel(channel, between)
        .order((contacts::logged_at.asc(), contacts::id.asc()))
        .limit(limit)
        .select((
            contacts::external_id,
            contacts::received_at,
            contacts::logged_at,
        ))
        .load(conn)?;
    let ids = rows.into_iter();
    Ok(ids
        .map(|(id, received_at, logged_at)| (id, received_at.0, logged_at.0))
        .collect())
}

type Condition<'a> =
    Box<dyn BoxableExpression<contacts::table, super::db::MultiBackend, SqlType = Bool> + 'a>;

/// Whatever reached us between two instants by one way.
fn came_in<'a>((from, to): (Timestamp, Timestamp), way: &Way) -> Condition<'a> {
    let mut all: Condition<'a> = Box::new(
        contacts::direction.eq("inbound").and(
            contacts::logged_at
                .ge(At(from))
                .and(contacts::logged_at.lt(At(to))),
        ),
    );
    if let Some(channel) = way.channel {
        all = Box::new(all.and(contacts::channel.eq(channel.as_str())));
    }
    match &way.mailbox {
        None => all,
        Some(None) => Box::new(
            all.and(contacts::channel.eq(Channel::Email.as_str()))
                .and(contacts::mailbox.is_null()),
        ),
        Some(Some(mailbox)) => {
            let own = || lower(contacts::mailbox.assume_not_null());
            // What is written to `bins+something@…` comes to `bins@…`.
            let (local, domain) = mailbox.rsplit_once('@').unwrap_or((mailbox, ""));
            let escaped = |text: &str| {
                let text = text.replace('\\', "\\\\");
                text.replace('%', "\\%").replace('_', "\\_")
            };
            let tagged = format!("{}+%@{}", escaped(local), escaped(domain));
            let is_it = own()
                .eq(mailbox.to_lowercase())
                .or(own().like(tagged.to_lowercase()).escape('\\'));
            Box::new(
                all.and(contacts::channel.eq(Channel::Email.as_str()))
                    .and(contacts::mailbox.is_not_null())
                    .and(is_it),
            )
        }
    }
}

type Boxed<'a> = contacts::BoxedQuery<'a, super::db::MultiBackend>;

/// Ties a case to the contact of the query around it.
pub(super) const OF_A_CONTACT: &str = "cases.id = contacts.case_id";

fn said_by<'a>(people: &[PersonId]) -> Boxed<'a> {
    let ids: Vec<Id> = people.iter().copied().map(Id::from).collect();
    contacts::table
        .filter(contacts::person_id.is_not_null())
        .filter(contacts::person_id.assume_not_null().eq_any(ids))
        .into_boxed()
}

fn by_channel<'a>(channel: Channel, (from, to): (Timestamp, Timestamp)) -> Boxed<'a> {
    let was_logged = contacts::logged_at
        .ge(At(from))
        .and(contacts::logged_at.lt(At(to)));
    let was_received = contacts::received_at
        .ge(At(from))
        .and(contacts::received_at.lt(At(to)));
    contacts::table
        .filter(contacts::direction.eq("inbound"))
        .filter(contacts::channel.eq(channel.as_str()))
        .filter(contacts::disposition.ne(Disposition::Duplicate.as_str()))
        .filter(was_logged.or(was_received))
        .into_boxed()
}

fn first(conn: &mut Conn, query: Boxed<'_>) -> Result<Option<Contact>, StoreError> {
    let row: Option<Row> = query
        .order((contacts::logged_at.asc(), contacts::id.asc()))
        .select(Row::as_select())
        .first(conn)
        .optional()?;
    row.map(Contact::try_from).transpose()
}

fn page(
    conn: &mut Conn,
    mut query: Boxed<'_>,
    after: Option<(Timestamp, ContactId)>,
    limit: i64,
) -> Result<Vec<Contact>, StoreError> {
    if let Some((at, id)) = after {
        query = query.filter(
            contacts::received_at.gt(At(at)).or(contacts::received_at
                .eq(At(at))
                .and(contacts::id.gt(Id::from(id)))),
        );
    }
    let rows: Vec<Row> = query
        .order((contacts::received_at.asc(), contacts::id.asc()))
        .limit(limit)
        .select(Row::as_select())
        .load(conn)?;
    rows.into_iter().map(Contact::try_from).collect()
}

impl From<&Contact> for Row {
    fn from(contact: &Contact) -> Self {
        Self {
            id: contact.id.into(),
            case_id: contact.case.map(Into::into),
            person_id: contact.person.map(Into::into),
            channel: contact.channel.to_string(),
            direction: contact.direction.to_string(),
            disposition: contact.disposition.to_string(),
            received_at: contact.received_at.into(),
            logged_at: contact.logged_at.into(),
            counted_from_on: contact.counted_from_on.map(Into::into),
            subject: contact.subject.clone(),
            body: contact.body.clone(),
            language: contact.language.clone(),
            entered_by: contact.entered_by.clone(),
            source: contact.source.clone(),
            external_id: contact.external_id.clone(),
            fingerprint: contact.fingerprint.clone(),
            mailbox: contact.mailbox.clone(),
            message_id: contact.message_id.clone(),
            detail: Json(contact.detail.clone()),
            waits_for: contact.waits_for.clone(),
            limit_at: contact.limit_at.map(Into::into),
        }
    }
}

impl TryFrom<Row> for Contact {
    type Error = StoreError;
    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id.into(),
            case: row.case_id.map(Into::into),
            person: row.person_id.map(Into::into),
            channel: word(&row.channel)?,
            direction: word(&row.direction)?,
            disposition: word(&row.disposition)?,
            received_at: row.received_at.0,
            logged_at: row.logged_at.0,
            counted_from_on: row.counted_from_on.map(|on| on.0),
            subject: row.subject,
            body: row.body,
            language: row.language,
            entered_by: row.entered_by,
            source: row.source,
            external_id: row.external_id,
            fingerprint: row.fingerprint,
            mailbox: row.mailbox,
            message_id: row.message_id,
            detail: row.detail.0,
            waits_for: row.waits_for,
            limit_at: row.limit_at.map(|at| at.0),
        })
    }
}
