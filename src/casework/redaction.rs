//! Words taken away for good, in one transaction, from everywhere a case is kept: contacts and their
//! raw mail, timeline, notices sent and unsent, feedback, answers kept for clients. Who said something,
//! when, and that it was taken away, by whom and why, stays.
//!
//! Nothing of it can be undone, and a case under a legal hold is not touched. What has left the house (a
//! mail that was delivered, a letter that was posted, a backup) is outside of what can be reached here.

use super::actions::{Target, find};
use super::audit::note_look;
use super::desk::Moment;
use super::failure::{Failure, Fault};
use super::promises::{Settled, Written, settle_by, terms_of};
use super::views::mail;
use crate::channels::email_in;
use crate::domain::access::{Act, Actor, Verdict, may};
use crate::domain::attachment::{Withheld, file_name};
use crate::domain::case::{Case, Routed};
use crate::domain::clock::Facts;
use crate::domain::ids::{AttachmentId, CaseId, ContactId};
use crate::domain::lifecycle::{self, By, Event};
use crate::domain::redaction::{Ground, Removal};
use crate::domain::wording::{self, Language};
use crate::store::attachments::{self, Attachment};
use crate::store::cases::{self, Filed};
pub use crate::store::redaction::Tally;
use crate::store::redaction::{self as rows, Marks, Of};
use crate::store::{Conn, Tx, contacts, legal_holds};

/// What somebody wants taken away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    pub ground: Ground,
    /// Stands in the mark, for staff.
    pub reason: String,
    /// Wherever they stand on the case.
    pub texts: Vec<String>,
    /// All that these contacts said, and what came with them.
    pub contacts: Vec<ContactId>,
    /// These files.
    pub attachments: Vec<AttachmentId>,
}

/// What was taken away.
#[derive(Debug, Clone)]
pub struct Redacted {
    pub settled: Settled,
    pub tally: Tally,
    /// Linked cases it stood on too.
    pub also_on: Vec<Filed>,
}

/// Takes something away from a case, and from the cases linked to it that the actor works.
///
/// # Errors
/// What cannot be found or looked for; a conflict under a legal hold.
pub fn redact_case(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    target: &Target,
    wanted: &Wanted,
) -> Result<Redacted, Failure> {
    let filed = find(tx, actor, target, Act::Work)?;
    let mut linked = Vec::new();
    for (_, other) in cases::related(tx, &actor.sight(), filed.case.id)? {
        let is_theirs = may(actor, Act::Work, &other.case, false) == Verdict::Allow;
        if is_theirs
            && linked
                .iter()
                .all(|one: &Filed| one.case.id != other.case.id)
        {
            linked.push(other);
        }
    }
    for held in std::iter::once(&filed).chain(&linked) {
        check_not_held(tx, &held.case)?;
    }
    let marks = marks(tx, at, actor, wanted, Of::Case(filed.case.id))?;
    let main = filed.case.id;
    let mut tally = Tally::default();
    for id in &wanted.contacts {
        tally.add(empty(tx, at, actor, *id, wanted.ground, &marks.staff)?);
    }
    tally.attachments += take_away_named(tx, at, main, &wanted.attachments, &marks.staff)?;
    let mut also_on = Vec::new();
    let mut settled = None;
    for one in std::iter::once(filed).chain(linked) {
        let is_main = one.case.id == main;
        let (mut case, is_in_row, found) = take_out_of(tx, at, &marks, one.case)?;
        tally.add(found);
        if !is_main && !is_in_row && found.total() == 0 {
            continue;
        }
        let event = Event::Redacted {
            ground: wanted.ground,
            reason: wanted.reason.clone(),
            contacts: if is_main {
                wanted.contacts.clone()
            } else {
                Vec::new()
            },
            n_places: found.total() + u32::from(is_in_row),
        };
        note_look(
            tx,
            at,
            actor,
            "case.redacted",
            &format!("case:{}", case.id),
            Some(wanted.ground.as_str()),
        )?;
        let terms = terms_of(tx, at, &case)?;
        let read_revision = case.revision;
        lifecycle::apply(&mut case, &event, &terms, by(actor), at.now);
        let written = Written::Changed { read_revision };
        let done = settle_by(tx, at, case, &terms, vec![event], &actor.label(), written)?;
        if is_main {
            settled = Some(done);
        } else {
            also_on.push(done.filed);
        }
    }
    check_all_found(&marks)?;
    let settled = settled.ok_or(Failure::Missing)?;
    Ok(Redacted {
        settled,
        tally,
        also_on,
    })
}

/// Takes something away from a mail that is on no case.
///
/// # Errors
/// A conflict when it is on a case: it is taken away there.
pub fn redact_mail(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    id: ContactId,
    wanted: &Wanted,
) -> Result<Tally, Failure> {
    let message = mail::find(tx, at, actor, id)?;
    if message.contact.case.is_some() {
        return Err(Failure::conflict(
            "on_a_case",
            "This mail is on a case. Take it away there, so that it goes from all of the case.",
        ));
    }
    let of = Of::Contact(id);
    let marks = marks(tx, at, actor, wanted, of)?;
    let mut tally = Tally::default();
    if wanted.texts.is_empty() {
        tally.add(empty(tx, at, actor, id, wanted.ground, &marks.staff)?);
    } else {
        tally.raw_messages += drop_raws(tx, of, &marks.staff)?;
        let files = attachments::of_contacts(tx, &[id])?;
        tally.attachments += take_out_of_files(tx, at, &files, &marks.staff)?;
        let found = rows::rewrite(tx, of, &marks)?;
        tally.add(found);
        check_all_found(&marks)?;
        note_look(
            tx,
            at,
            actor,
            "contact.redacted",
            &format!("contact:{id}"),
            Some(wanted.ground.as_str()),
        )?;
    }
    tally.answers += rows::rewrite_answers(tx, &[id.to_string()], &marks.staff)?;
    Ok(tally)
}

/// Refuses what must be kept as it is.
///
/// # Errors
/// A conflict under a legal hold.
pub(super) fn check_not_held(conn: &mut Conn, case: &Case) -> Result<(), Failure> {
    match legal_holds::of_case(conn, case.id)? {
        None => Ok(()),
        Some(_) => Err(Failure::conflict(
            "legal_hold",
            format!(
                "The case {} is under a legal hold: nothing is taken away from it until the hold is lifted.",
                case.reference
            ),
        )),
    }
}

/// Takes it out of everything that is kept of a case but its own row, and gives that back to be
/// written. Says whether it stood in the row.
pub(super) fn take_out_of(
    tx: &mut Tx<'_>,
    at: &Moment,
    marks: &Marks,
    mut case: Case,
) -> Result<(Case, bool, Tally), Failure> {
    let of = Of::Case(case.id);
    // The raw mail first: what says that it must go is the contact as it still stands.
    let n_raw = drop_raws(tx, of, &marks.staff)?;
    let mut tally = rows::rewrite(tx, of, marks)?;
    tally.raw_messages += n_raw;
    let files = attachments::of_case(tx, case.id, ALL_FILES)?;
    tally.attachments += take_out_of_files(tx, at, &files, &marks.staff)?;
    let names = [case.id.to_string(), case.reference.to_string()];
    tally.answers += rows::rewrite_answers(tx, &names, &marks.staff)?;
    let is_in_row = take_out_of_row(&mut case, &marks.staff)?;
    Ok((case, is_in_row, tally))
}

/// Everything one contact said goes; and its raw mail.
pub(super) fn empty(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    id: ContactId,
    ground: Ground,
    removal: &Removal,
) -> Result<Tally, Failure> {
    let mut tally = Tally {
        contacts: 1,
        ..Tally::default()
    };
    for (_, key, _) in rows::raw_messages(tx, Of::Contact(id))? {
        rows::drop_raw(tx, &key, removal.mark())?;
        tally.raw_messages += 1;
    }
    rows::empty_contact(tx, id, removal)?;
    for file in attachments::of_contacts(tx, &[id])? {
        tally.attachments += take_file_away(tx, at, &file, removal)?;
    }
    note_look(
        tx,
        at,
        actor,
        "contact.redacted",
        &format!("contact:{id}"),
        Some(ground.as_str()),
    )?;
    Ok(tally)
}

/// Takes away the files somebody named.
fn take_away_named(
    tx: &mut Tx<'_>,
    at: &Moment,
    case: CaseId,
    ids: &[AttachmentId],
    removal: &Removal,
) -> Result<u32, Failure> {
    let files = attachments::of_case(tx, case, ALL_FILES)?;
    let mut n = 0;
    for (place, id) in ids.iter().enumerate() {
        let file = files.iter().find(|file| file.id == *id).ok_or_else(|| {
            Failure::invalid(
                &format!("/attachments/{place}"),
                "unknown_value",
                "There is no attachment with this id on the case.",
            )
        })?;
        n += take_file_away(tx, at, file, removal)?;
    }
    Ok(n)
}

/// A file goes when it is text in which it stands; where only its name says it, the name goes. A
/// picture or a document is not read: whoever wants it gone names it.
fn take_out_of_files(
    tx: &mut Tx<'_>,
    at: &Moment,
    files: &[Attachment],
    removal: &Removal,
) -> Result<u32, Failure> {
    let mut n = 0;
    for file in files {
        if stands_in_file(at, file, removal)? {
            n += take_file_away(tx, at, file, removal)?;
        } else if let Some(left) = removal.text(&file.name) {
            attachments::rename(tx, file.id, &file_name(&left))?;
            n += 1;
        }
    }
    Ok(n)
}

fn stands_in_file(at: &Moment, file: &Attachment, removal: &Removal) -> Result<bool, Failure> {
    let Some(hash) = file
        .hash
        .as_deref()
        .filter(|_| file.content_type.starts_with("text/") && file.withheld.is_none())
    else {
        return Ok(false);
    };
    let Some(path) = at.desk.keeping()?.folder.find(hash) else {
        return Ok(false);
    };
    let bytes = std::fs::read(path).map_err(anyhow::Error::from)?;
    let is_in = removal.is_in(&String::from_utf8_lossy(&bytes));
    if std::str::from_utf8(&bytes).is_ok() {
        return Ok(is_in);
    }
    // Looked through whatever was found before: each text is remembered as found by itself.
    Ok(removal.is_in(&western(&bytes)) || is_in)
}

/// Text as old programs write it, by Windows-1252.
fn western(bytes: &[u8]) -> String {
    bytes
        .iter()
        .map(|byte| {
            let place = byte.checked_sub(0x80).map(usize::from);
            place
                .and_then(|place| FROM_0X80.get(place).copied())
                .unwrap_or_else(|| char::from(*byte))
        })
        .collect()
}

/// What Windows-1252 has where Latin-1 has no characters that are seen.
const FROM_0X80: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}',
    '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// One file less; none where it was taken away before.
fn take_file_away(
    tx: &mut Tx<'_>,
    at: &Moment,
    file: &Attachment,
    removal: &Removal,
) -> Result<u32, Failure> {
    if file.withheld == Some(Withheld::Removed) {
        return Ok(0);
    }
    attachments::take_away(tx, file.id, removal.mark(), at.now)?;
    let with_its_name = removal.clone().and_whole([file.name.as_str()]);
    rows::rewrite_answers(tx, &[file.id.to_string()], &with_its_name)?;
    Ok(1)
}

/// A raw message in which it stands goes whole: what is left of one that was rewritten would be nobody's
/// mail.
fn drop_raws(tx: &mut Tx<'_>, of: Of, removal: &Removal) -> Result<u32, Failure> {
    let mut n = 0;
    for (contact, key, bytes) in rows::raw_messages(tx, of)? {
        let said = contacts::find(tx, contact)?;
        let is_told =
            said.is_some_and(|said| removal.is_in(&said.subject) || removal.is_in(&said.body));
        if is_told || email_in::holds(&bytes, |text| removal.is_in(text)) {
            rows::drop_raw(tx, &key, removal.mark())?;
            n += 1;
        }
    }
    Ok(n)
}

pub(super) fn take_out_of_row(case: &mut Case, removal: &Removal) -> Result<bool, Failure> {
    let mut is_found = false;
    for text in [Some(&mut case.subject), case.their_reference.as_mut()]
        .into_iter()
        .flatten()
    {
        if let Some(left) = removal.text(text) {
            *text = left;
            is_found = true;
        }
    }
    let mut fields = serde_json::Value::Object(std::mem::take(&mut case.fields));
    is_found |= removal.tree(&mut fields);
    if let serde_json::Value::Object(fields) = fields {
        case.fields = fields;
    }
    let mut facts = serde_json::to_value(&case.facts).map_err(anyhow::Error::from)?;
    if removal.record::<Facts>(&mut facts) {
        case.facts = serde_json::from_value(facts).map_err(anyhow::Error::from)?;
        is_found = true;
    }
    let mut routing = serde_json::to_value(&case.routing).map_err(anyhow::Error::from)?;
    if removal.record::<Routed>(&mut routing) {
        case.routing = serde_json::from_value(routing).map_err(anyhow::Error::from)?;
        is_found = true;
    }
    if let Some(place) = &mut case.location
        && let Some(left) = place
            .description
            .as_deref()
            .and_then(|text| removal.text(text))
    {
        place.description = Some(left);
        is_found = true;
    }
    Ok(is_found)
}

/// What goes, and what stands in its place: for staff who, when and why; for a resident the day.
fn marks(
    conn: &mut Conn,
    at: &Moment,
    actor: &Actor,
    wanted: &Wanted,
    of: Of,
) -> Result<Marks, Failure> {
    let day = wording::day(at.today(), Language::English);
    let name = actor.label().name;
    let in_full = format!(
        "[removed on {day} by {}: {}]",
        name.as_deref().unwrap_or("us"),
        wanted.reason.trim()
    );
    let removal = Removal::of_texts(&wanted.texts, &in_full).map_err(|(place, why)| {
        Failure::invalid(&format!("/texts/{place}"), "unsearchable", why.to_string())
    })?;
    if removal.is_in(&wanted.reason) {
        return Err(Failure::invalid(
            "/reason",
            "repeats_the_text",
            "The reason stands in the place of the text, so it must not repeat it.",
        ));
    }
    // An officer's own name may be what is taken away.
    let removal = if removal.is_in(&in_full) {
        removal.marked(&format!(
            "[removed on {day} by an officer: {}]",
            wanted.reason.trim()
        ))
    } else {
        removal
    };
    let mut said = Vec::new();
    for (place, id) in wanted.contacts.iter().enumerate() {
        let contact = contacts::find(conn, *id)?
            .filter(|contact| contact.case.map(Of::Case) == Some(of))
            .ok_or_else(|| {
                Failure::invalid(
                    &format!("/contacts/{place}"),
                    "unknown_value",
                    "There is no contact with this id on the case.",
                )
            })?;
        said.extend([contact.subject, contact.body]);
    }
    let staff = removal.and_whole(said.iter().map(String::as_str));
    let letters = staff.marked(&format!("[removed on {day}]"));
    Ok(Marks { staff, letters })
}

/// Every text that was given must have stood somewhere: one that did not is a slip, and what was meant
/// would stay.
fn check_all_found(marks: &Marks) -> Result<(), Failure> {
    let elsewhere = marks.letters.missed();
    let faults: Vec<Fault> = marks
        .staff
        .missed()
        .into_iter()
        .filter(|place| elsewhere.contains(place))
        .map(fault_not_found)
        .collect();
    if faults.is_empty() {
        Ok(())
    } else {
        Err(Failure::Invalid(faults))
    }
}

fn fault_not_found(place: usize) -> Fault {
    Fault {
        pointer: format!("/texts/{place}"),
        code: "text_not_found",
        detail: "This text stands nowhere here. Copy it as it stands, or name the contact."
            .to_owned(),
    }
}

/// All the files of a case; more than any has.
const ALL_FILES: i64 = 10_000;

pub(super) fn by(actor: &Actor) -> By {
    match (actor.user(), actor) {
        (Some(user), _) => By::User {
            id: user.id,
            role: user.role,
        },
        (None, Actor::Key(_) | Actor::Inbox(_)) => By::Key,
        _ => By::System,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_text_is_read_as_it_was_written() {
        assert_eq!(
            western(b"Ren\xe9e \x80 O\x92Brien \x9f \xa0\xff"),
            "Renée € O’Brien Ÿ \u{a0}ÿ"
        );
    }
}
