//! Files that come with contacts: sent ahead and named by a contact, or found in a mail.
//!
//! First the bytes are on the disk, then the row that names them is written, so that a row never names
//! bytes that are not there. Only what nobody looks for viruses in, or was found clean, is given out;
//! while whoever looks is away, nothing is. What is done by the clock (files of mails taken out,
//! scans tried again, bytes let go) is in [`tending`].

pub mod scanner;
pub mod tending;

use std::sync::Arc;

use jiff::SignedDuration;

use super::audit::note_look;
use super::desk::Moment;
use super::failure::{Failure, Fault};
use super::promises::{Written, settle, terms_of};
use super::views::{is_outside_the_work, mail, readable};
use crate::channels::email_in::Part;
use crate::domain::access::{Actor, Scope};
use crate::domain::attachment::{Scan, Withheld, can_be_stripped, file_name, tells_where};
use crate::domain::case::Secrecy;
use crate::domain::ids::{AttachmentId, CaseId, ContactId};
use crate::domain::lifecycle::{self, By, Event};
use crate::store::attachments as rows;
pub use crate::store::attachments::Attachment;
use crate::store::contacts::{self, Contact};
pub use crate::store::files::{Came, Coming, Folder};
use crate::store::{Conn, Tx, cases};

use scanner::{Scanner, Verdict};

/// Where files are kept and what is taken. Handed in by whoever puts the process together.
#[derive(Debug)]
pub struct Keeping {
    pub folder: Folder,
    pub scanner: Scanner,
    /// Types that are taken.
    pub types: Vec<String>,
    /// In bytes.
    pub largest: u64,
    pub most_per_contact: usize,
    /// Of one sender without an account, in bytes.
    pub most_unused: i64,
    /// For how long a file waits to be named by a contact.
    pub unused_kept: SignedDuration,
}

/// A file somebody sent, looked at and not kept yet.
#[derive(Debug, Clone)]
pub struct Sent {
    pub came: Arc<Came>,
    /// In the form of [`file_name`].
    pub name: String,
    pub content_type: &'static str,
    pub verdict: Verdict,
}

/// A file that may be given to whoever asked.
#[derive(Debug, Clone)]
pub struct Opened {
    pub attachment: Attachment,
    /// SHA-256 of its bytes.
    pub hash: String,
    /// It may not tell where it was made.
    pub is_stripped: bool,
    /// To be put down in the audit: looking at it is not everybody's.
    pub noted: Option<CaseId>,
}

/// Files of one mail that are listed; more are in its bytes.
const MOST_OF_A_MAIL: usize = 100;

/// Keeps a file until a contact names it.
///
/// # Errors
/// When it cannot be written.
pub fn keep(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    sent: &Sent,
) -> Result<Attachment, Failure> {
    let keeping = at.desk.keeping()?;
    let hash = &sent.came.hash;
    let size = i64::try_from(sent.came.look.size()).map_err(anyhow::Error::from)?;
    // A disk filled with what nobody means to send would stop every door, not this one alone.
    if matches!(actor, Actor::Anonymous { .. } | Actor::Follower { .. })
        && rows::unused_bytes(tx, &actor.principal())?.saturating_add(size) > keeping.most_unused
    {
        return Err(Failure::invalid(
            "/file",
            "too_many",
            "Too many files from your address wait for a form to be sent with. Send the form, or try again tomorrow.",
        ));
    }
    rows::hold(tx, hash)?;
    keeping.folder.place(&sent.came)?;
    let (scan, finding) = verdict_on(tx, hash, &sent.verdict)?;
    let attachment = Attachment {
        id: at.id(),
        contact: None,
        place: 0,
        uploaded_by: actor.principal(),
        created_at: at.now,
        name: sent.name.clone(),
        content_type: sent.content_type.to_owned(),
        is_inline: false,
        hash: Some(hash.clone()),
        size,
        scan,
        finding,
        withheld: None,
        wake_at: (scan == Scan::Pending).then_some(at.now),
        n_looks: 0,
    };
    rows::insert(tx, &attachment)?;
    if scan == Scan::Infected {
        mark_harmful(tx, at, hash, attachment.finding.as_deref())?;
    }
    let object = format!("attachment:{}", attachment.id);
    note_look(tx, at, actor, "attachment.uploaded", &object, None)?;
    Ok(attachment)
}

/// Ties the files a contact names to it.
///
/// # Errors
/// Names every one that is not there, that somebody else sent, or that another contact has.
pub(super) fn tie(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    contact: &Contact,
    ids: &[AttachmentId],
) -> Result<(), Failure> {
    if ids.is_empty() {
        return Ok(());
    }
    let most = at.desk.keeping()?.most_per_contact;
    if ids.len() > most {
        let detail = format!("At most {most} attachments belong to one contact.");
        return Err(Failure::invalid("/attachments", "too_many", detail));
    }
    let sender = actor.principal();
    let mut faults = Vec::new();
    let mut harmful = Vec::new();
    for (place, id) in ids.iter().enumerate() {
        let number = i32::try_from(place).map_err(anyhow::Error::from)?;
        let known = rows::find(tx, *id)?.filter(|one| one.uploaded_by == sender);
        if rows::tie(tx, *id, &sender, contact.id, number)? {
            harmful.extend(
                known
                    .filter(|one| one.scan == Scan::Infected)
                    .map(|one| Attachment {
                        contact: Some(contact.id),
                        ..one
                    }),
            );
            continue;
        }
        let (code, detail) = match known.filter(|one| one.contact.is_some()) {
            Some(_) => (
                "already_used",
                "This attachment belongs to another contact. Send the file again for this one.",
            ),
            None => (
                "unknown_value",
                "You sent no attachment with this id, or it was not used in time. Send the file again.",
            ),
        };
        faults.push(Fault {
            pointer: format!("/attachments/{place}"),
            code,
            detail: detail.to_owned(),
        });
    }
    if !faults.is_empty() {
        return Err(Failure::Invalid(faults));
    }
    tell_of_harm(tx, at, &harmful)
}

/// Lists the files of a mail. Their bytes stand in the raw message, from which the worker takes them.
///
/// # Errors
/// When they cannot be written.
pub(super) fn list_parts(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    contact: ContactId,
    parts: &[Part],
) -> Result<(), Failure> {
    for (place, part) in parts.iter().take(MOST_OF_A_MAIL).enumerate() {
        rows::insert(
            tx,
            &Attachment {
                id: at.id(),
                contact: Some(contact),
                place: i32::try_from(place).map_err(anyhow::Error::from)?,
                uploaded_by: actor.principal(),
                created_at: at.now,
                name: file_name(&part.filename),
                content_type: part.content_type.clone(),
                is_inline: part.inline,
                hash: None,
                size: i64::try_from(part.size).map_err(anyhow::Error::from)?,
                scan: Scan::Pending,
                finding: None,
                withheld: None,
                wake_at: Some(at.now),
                n_looks: 0,
            },
        )?;
    }
    Ok(())
}

/// A file, for whoever may have it: on a case, for those who may read what was said on it; by the secret
/// link of a case, for the person who sent it; while no contact names it, for whoever sent it.
///
/// # Errors
/// [`Failure::Missing`] when there is none the actor may know of; a conflict while it may be given to
/// nobody.
pub fn open(
    conn: &mut Conn,
    at: &Moment,
    actor: &Actor,
    id: AttachmentId,
) -> Result<Opened, Failure> {
    let attachment = rows::find(conn, id)?.ok_or(Failure::Missing)?;
    let noted = may_have(conn, at, actor, &attachment)?;
    let is_stripped =
        matches!(actor, Actor::Follower { .. }) && tells_where(&attachment.content_type);
    if let Some(withheld) = attachment.withheld {
        return Err(refuse_withheld(withheld));
    }
    let refused = match attachment.scan {
        Scan::Off | Scan::Clean => None,
        Scan::Pending => Some((
            "not_scanned",
            "This file waits to be looked at for viruses. Try again in a minute.",
        )),
        Scan::Infected => Some((
            "infected",
            "Something harmful was found in this file. It is kept, and given to nobody.",
        )),
    };
    let hash = match (refused, attachment.hash.clone()) {
        (None, Some(hash)) => hash,
        (None, None) => {
            return Err(
                anyhow::anyhow!("attachment {id} was let through without its bytes").into(),
            );
        }
        (Some((code, detail)), _) => return Err(Failure::conflict(code, detail)),
    };
    if is_stripped && !can_be_stripped(&attachment.content_type) {
        return Err(cannot_be_stripped());
    }
    Ok(Opened {
        attachment,
        hash,
        is_stripped,
        noted,
    })
}

/// Why a picture is not shown that may tell where it was taken.
#[must_use]
pub fn cannot_be_stripped() -> Failure {
    Failure::conflict(
        "not_stripped",
        "This file may tell where it was made, and that cannot be taken out of it. Ask us for it.",
    )
}

/// Whether the actor may have a file; and the case to be noted, where looking at it is not everybody's.
fn may_have(
    conn: &mut Conn,
    at: &Moment,
    actor: &Actor,
    attachment: &Attachment,
) -> Result<Option<CaseId>, Failure> {
    let is_theirs = attachment.uploaded_by == actor.principal();
    let Some(contact) = attachment.contact else {
        return if is_theirs {
            Ok(None)
        } else {
            Err(Failure::Missing)
        };
    };
    let contact = contacts::find(conn, contact)?.ok_or(Failure::Missing)?;
    if let Actor::Follower { case, person, .. } = actor {
        let is_own = contact.case == Some(*case) && person.is_some() && contact.person == *person;
        return if is_own {
            Ok(None)
        } else {
            Err(Failure::Missing)
        };
    }
    let is_kept_out = match actor {
        Actor::Key(key) if key.acting_for.is_none() => !actor.has_scope(Scope::CasesRead),
        // A member reads what was said to the person, and not what the person said.
        _ => is_outside_the_work(actor) && !is_theirs,
    };
    if is_kept_out {
        return Err(Failure::Missing);
    }
    match contact.case {
        Some(case) => {
            let filed = readable(conn, actor, case)?.ok_or(Failure::Missing)?;
            Ok((filed.case.secrecy != Secrecy::Ordinary).then_some(case))
        }
        None => mail::find(conn, at, actor, contact.id).map(|_| None),
    }
}

fn refuse_withheld(withheld: Withheld) -> Failure {
    let detail = match withheld {
        Withheld::Removed => "This file was taken away.",
        Withheld::TypeNotTaken
        | Withheld::TypeMismatch
        | Withheld::TwoTypes
        | Withheld::TooLarge
        | Withheld::Unreadable => {
            "This file is not given out. Its bytes stand in the mail it came with, and only there."
        }
    };
    Failure::conflict("withheld", detail)
}

/// The verdict on some bytes, known before or just given. What was harmful once stays so.
fn verdict_on(
    conn: &mut Conn,
    hash: &str,
    verdict: &Verdict,
) -> Result<(Scan, Option<String>), Failure> {
    if let Verdict::Infected(finding) = verdict {
        return Ok((Scan::Infected, Some(finding.clone())));
    }
    if let Some(finding) = rows::finding_in(conn, hash)? {
        return Ok((Scan::Infected, Some(finding)));
    }
    Ok((verdict.scan(), None))
}

/// Marks every file of these bytes as harmful, also one that was taken for clean before, and tells the
/// cases of those on which it is news.
fn mark_harmful(
    tx: &mut Tx<'_>,
    at: &Moment,
    hash: &str,
    finding: Option<&str>,
) -> Result<(), Failure> {
    let found: Vec<Attachment> = rows::note_scan(tx, hash, Scan::Infected, finding)?
        .into_iter()
        .map(|one| Attachment {
            finding: finding.map(str::to_owned),
            ..one
        })
        .collect();
    tell_of_harm(tx, at, &found)
}

/// Puts on the timeline of each case that something harmful came with it.
fn tell_of_harm(tx: &mut Tx<'_>, at: &Moment, harmful: &[Attachment]) -> Result<(), Failure> {
    for attachment in harmful {
        let object = format!("attachment:{}", attachment.id);
        note_look(
            tx,
            at,
            &Actor::System,
            "attachment.quarantined",
            &object,
            None,
        )?;
        let contact = match attachment.contact {
            Some(contact) => contacts::find(tx, contact)?,
            None => None,
        };
        let Some(contact) = contact else { continue };
        let Some(filed) = contact
            .case
            .map_or(Ok(None), |case| cases::find(tx, case))?
        else {
            continue;
        };
        let terms = terms_of(tx, at, &filed.case)?;
        let read_revision = filed.case.revision;
        let mut case = filed.case;
        let event = Event::AttachmentQuarantined {
            attachment: attachment.id,
            contact: contact.id,
            finding: attachment.finding.clone().unwrap_or_default(),
        };
        lifecycle::apply(&mut case, &event, &terms, By::System, at.now);
        let happened = vec![(event, Actor::System.label())];
        let written = Written::Noted { read_revision };
        settle(tx, at, case, &terms, happened, written)?;
    }
    Ok(())
}
