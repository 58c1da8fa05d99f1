//! E-mail as it came in: a list of it, and one with its words.
//!
//! Who may see a mail is decided in `is_shown` alone: one on a case is seen by those who may read
//! the case; one that waits, by those who may read the case it seems to belong to; what belongs to
//! no case, by the contact centre.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::attachments::{self, AttachmentView};
use super::{CaseName, Part, filled, readable};
use crate::casework::desk::Moment;
use crate::casework::failure::Failure;
use crate::casework::{figures, held_mail};
use crate::channels::text::clean_body;
use crate::domain::access::{Actor, Reach, Role};
use crate::domain::case::Secrecy;
use crate::domain::contact::{Disposition, Settlement};
use crate::domain::ids::ContactId;
use crate::domain::reference::Reference;
use crate::store::cases::{self, Filed};
use crate::store::contacts::Contact;
use crate::store::waiting_mail::{self, Filter, Message};
use crate::store::{Conn, people};

/// One mail, without its words.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct MailView {
    pub id: Uuid,
    /// What became of it when it came in; a release does not change it.
    pub disposition: Disposition,
    pub received_at: Timestamp,
    /// Who it says it is from; null when that could not be read.
    pub sender: Option<MailPerson>,
    /// The address it came to, where the mail server said so.
    pub recipient: Option<String>,
    /// Empty when it could not be read.
    pub subject: String,
    /// Who must look while it waits.
    pub owner: Option<MailPerson>,
    /// Null when it waits for nobody.
    pub waiting_since: Option<Timestamp>,
    /// By when somebody must have looked.
    pub limit_at: Option<Timestamp>,
    /// What danger its words tell of, while it waits; such mail comes first among what waits.
    pub danger: Option<String>,
    /// The case it is on.
    pub case: Option<CaseName>,
    /// The case it names, while nobody has said that it belongs there.
    pub guessed_case: Option<CaseName>,
    /// What a person made of it; null while it waits, or when it never had to.
    pub settled: Option<MailSettled>,
}

/// One mail with its words.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct MailDetail {
    #[serde(flatten)]
    pub mail: MailView,
    /// Why it waits, or was never answered; null for a mail that went its way.
    pub why: Option<String>,
    /// What the sender wrote, as it stands on a case; empty when it could not be read.
    pub text: String,
    pub language: Option<String>,
    /// As its sender listed them.
    pub attachments: Vec<MailAttachment>,
    /// The same as they were taken out of it, by their ids.
    pub files: Vec<AttachmentView>,
    /// The beginning of its bytes as text, for a mail that could not be read.
    pub excerpt: Option<String>,
    /// What is put down in the audit when it is shown: its case, where not everybody may look at that;
    /// itself, where it is on none.
    #[serde(skip)]
    pub noted: Option<String>,
}

/// A name and an address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct MailPerson {
    pub name: Option<String>,
    pub email: String,
}

/// What a person made of a mail that waited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct MailSettled {
    pub at: Timestamp,
    #[serde(rename = "as")]
    pub settlement: Settlement,
    /// The account or key that decided.
    pub by: String,
    pub reason: Option<String>,
}

/// A file that came with a mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct MailAttachment {
    pub filename: String,
    /// As the sender declared it, which proves nothing.
    pub content_type: String,
    /// In bytes.
    pub size: u64,
}

/// Bytes shown of a mail that could not be read.
const EXCERPT: i32 = 20_000;

/// Waiting mails read at once.
const WAITING_AT_ONCE: i64 = 200;

/// Where a list of mails goes on.
pub type AfterMail = (bool, Timestamp, Uuid);

/// A part of the mails the actor may see, in the order they reached us; of those that wait first where
/// there is danger.
///
/// # Errors
/// When the database cannot be asked.
pub fn list(
    conn: &mut Conn,
    at: &Moment,
    actor: &Actor,
    filter: &Filter,
    after: Option<AfterMail>,
    limit: u16,
) -> Result<Part<MailView, AfterMail>, Failure> {
    let sight = actor.sight();
    let takes_unplaced = is_agent(actor) || reaches_centre(at, actor);
    filled(
        conn,
        after,
        limit,
        |conn, after, n| {
            let after = after.map(|(is_calm, at, id)| (is_calm, at, ContactId(id)));
            Ok(waiting_mail::page(
                conn,
                &sight,
                takes_unplaced,
                filter,
                after,
                n,
            )?)
        },
        |message| {
            let is_calm = message.danger_since.is_none();
            (is_calm, message.contact.logged_at, message.contact.id.0)
        },
        |conn, message| {
            let guess = guess(conn, &message.contact)?;
            if is_shown(conn, at, actor, &message.contact, guess.as_ref())? {
                view(conn, at, actor, message, guess).map(Some)
            } else {
                Ok(None)
            }
        },
    )
}

/// Mail that waits for somebody to look, as far as the actor may see it; whoever looks over the whole may
/// know of what is no matter for few.
///
/// # Errors
/// When the database cannot be asked.
pub(super) fn waiting(
    conn: &mut Conn,
    at: &Moment,
    actor: &Actor,
    looks_over: bool,
    dispositions: &[Disposition],
) -> Result<Vec<Contact>, Failure> {
    let sight = actor.sight();
    let takes_unplaced = looks_over || is_agent(actor) || reaches_centre(at, actor);
    let filter = Filter {
        dispositions: dispositions.to_vec(),
        is_waiting: Some(true),
    };
    let mut found = Vec::new();
    let mut after = None;
    loop {
        let some = waiting_mail::page(
            conn,
            &sight,
            takes_unplaced,
            &filter,
            after,
            WAITING_AT_ONCE,
        )?;
        let is_last = i64::try_from(some.len()).is_ok_and(|n| n < WAITING_AT_ONCE);
        for message in some {
            let contact = message.contact;
            let is_calm = message.danger_since.is_none();
            after = Some((is_calm, contact.logged_at, contact.id));
            let is_theirs = if looks_over {
                contact.case.is_none() && may_learn_of(conn, actor, &contact)?
            } else {
                let guess = guess(conn, &contact)?;
                is_shown(conn, at, actor, &contact, guess.as_ref())?
            };
            if is_theirs {
                found.push(contact);
            }
        }
        if is_last {
            return Ok(found);
        }
    }
}

/// One mail, with its words.
///
/// # Errors
/// [`Failure::Missing`] when there is none, or none the actor may know of.
pub fn show(
    conn: &mut Conn,
    at: &Moment,
    actor: &Actor,
    id: ContactId,
) -> Result<MailDetail, Failure> {
    let message = find(conn, at, actor, id)?;
    let guess = guess(conn, &message.contact)?;
    let mail = &message.contact.detail;
    let why = match message.contact.disposition {
        Disposition::Held => Some(match &guess {
            Some(filed) => format!(
                "It names the case {}, but nobody on that case writes from this address.",
                filed.case.reference
            ),
            None => "It names a case that is not there any more.".to_owned(),
        }),
        Disposition::Quarantined => said(mail, "/mail/why"),
        Disposition::Stored => said(mail, "/mail/automatic"),
        Disposition::Opened | Disposition::Joined | Disposition::Duplicate => None,
    };
    let excerpt = if message.contact.disposition == Disposition::Quarantined {
        waiting_mail::beginning(conn, id, EXCERPT)?
            .map(|bytes| clean_body(&String::from_utf8_lossy(&bytes)))
    } else {
        None
    };
    let noted = match message.contact.case {
        Some(case) => cases::find(conn, case)?
            .filter(|filed| filed.case.secrecy != Secrecy::Ordinary)
            .map(|filed| format!("case:{}", filed.case.id)),
        None => Some(format!("contact:{id}")),
    };
    Ok(MailDetail {
        noted,
        why,
        text: message.contact.body.clone(),
        language: message.contact.language.clone(),
        attachments: listed(mail),
        files: attachments::of_contacts(conn, &[id])?
            .remove(&id)
            .unwrap_or_default(),
        excerpt,
        mail: view(conn, at, actor, message, guess)?,
    })
}

/// Refuses a mail that is not there, or that the actor may not know of.
///
/// # Errors
/// [`Failure::Missing`].
pub fn check_is_shown(
    conn: &mut Conn,
    at: &Moment,
    actor: &Actor,
    id: ContactId,
) -> Result<(), Failure> {
    find(conn, at, actor, id).map(|_| ())
}

/// One mail, when the actor may know of it.
///
/// # Errors
/// [`Failure::Missing`] when there is none, or none the actor may know of.
pub(in crate::casework) fn find(
    conn: &mut Conn,
    at: &Moment,
    actor: &Actor,
    id: ContactId,
) -> Result<Message, Failure> {
    let message = waiting_mail::find(conn, id)?.ok_or(Failure::Missing)?;
    let guess = guess(conn, &message.contact)?;
    if is_shown(conn, at, actor, &message.contact, guess.as_ref())? {
        Ok(message)
    } else {
        Err(Failure::Missing)
    }
}

fn is_shown(
    conn: &mut Conn,
    at: &Moment,
    actor: &Actor,
    contact: &Contact,
    guess: Option<&Filed>,
) -> Result<bool, Failure> {
    if let Some(case) = contact.case {
        return Ok(readable(conn, actor, case)?.is_some());
    }
    let holders = held_mail::holders(contact)?;
    // Whoever is on duty for the danger in it looks, whatever case it names.
    if holders.is_empty()
        && let Some(danger) = held_mail::danger_of(contact)?
        && reaches(actor, &danger.queue)
        && guess.is_none_or(|filed| filed.case.secrecy != Secrecy::Restricted)
    {
        return Ok(true);
    }
    if let Some(filed) = guess
        && readable(conn, actor, filed.case.id)?.is_none()
    {
        return Ok(false);
    }
    if !holders.is_empty() {
        return is_for(actor, contact);
    }
    Ok(is_agent(actor) || guess.is_some() || reaches_centre(at, actor))
}

/// Whether a mail that would open in somebody's name is put before the actor: before agents, who place
/// it, and before those named.
fn is_for(actor: &Actor, contact: &Contact) -> Result<bool, Failure> {
    let own = actor.sight().holders;
    let holders = held_mail::holders(contact)?;
    Ok(is_agent(actor) || holders.iter().any(|holder| own.contains(holder)))
}

fn is_agent(actor: &Actor) -> bool {
    actor.user().is_some_and(|user| user.role == Role::Agent)
}

/// Whether the actor may see one mail or other contact that belongs to no case.
///
/// # Errors
/// When the database cannot be asked.
pub(in crate::casework) fn may_see(
    conn: &mut Conn,
    at: &Moment,
    actor: &Actor,
    contact: &Contact,
) -> Result<bool, Failure> {
    let guess = guess(conn, contact)?;
    is_shown(conn, at, actor, contact, guess.as_ref())
}

/// Whether the actor may learn from a figure that a contact which belongs to no case is there: not of
/// one that names a restricted case of others, or that would open one.
///
/// # Errors
/// When the database cannot be asked.
pub(in crate::casework) fn may_learn_of(
    conn: &mut Conn,
    actor: &Actor,
    contact: &Contact,
) -> Result<bool, Failure> {
    if let Some(filed) = guess(conn, contact)?
        && filed.case.secrecy == Secrecy::Restricted
        && readable(conn, actor, filed.case.id)?.is_none()
    {
        return Ok(false);
    }
    Ok(held_mail::holders(contact)?.is_empty() || is_for(actor, contact)?)
}

/// Whether somebody works the queue that what belongs nowhere goes to.
fn reaches_centre(at: &Moment, actor: &Actor) -> bool {
    reaches(actor, &at.council.catalogue.routing.fallback.queue)
}

fn reaches(actor: &Actor, queue: &str) -> bool {
    match actor.sight().ordinary {
        Reach::Everything => true,
        Reach::Within { queues, .. } => queues.iter().any(|one| one == queue),
        Reach::Nothing => false,
    }
}

/// The case a held mail names.
fn guess(conn: &mut Conn, contact: &Contact) -> Result<Option<Filed>, Failure> {
    if contact.disposition != Disposition::Held {
        return Ok(None);
    }
    let named = contact
        .detail
        .get("their_reference")
        .and_then(Value::as_str)
        .and_then(|text| Reference::parse(text).ok());
    match named {
        Some(reference) => Ok(cases::find_by_reference(conn, &reference)?),
        None => Ok(None),
    }
}

fn view(
    conn: &mut Conn,
    at: &Moment,
    actor: &Actor,
    message: Message,
    guess: Option<Filed>,
) -> Result<MailView, Failure> {
    let Message {
        contact, settled, ..
    } = message;
    let is_waiting = contact.waits_for.is_some() && settled.is_none();
    let sender = match held_mail::sender(&contact)? {
        Some(from) => Some(MailPerson {
            name: from.name,
            email: from.address,
        }),
        None => match contact.person {
            Some(id) => people::find(conn, id)?.and_then(|person| {
                let name = person.name;
                person.email.map(|email| MailPerson { name, email })
            }),
            None => None,
        },
    };
    let owner = contact
        .waits_for
        .as_deref()
        .filter(|_| is_waiting)
        .map(|email| {
            let keeper = figures::keeper(at, email);
            MailPerson {
                name: Some(keeper.name),
                email: keeper.email,
            }
        });
    let case = match contact.case {
        Some(id) => readable(conn, actor, id)?.map(|filed| CaseName::of(&filed.case)),
        None => None,
    };
    let guess = match guess.filter(|_| is_waiting) {
        Some(filed) => readable(conn, actor, filed.case.id)?,
        None => None,
    };
    let danger = held_mail::danger_of(&contact)?.filter(|_| is_waiting);
    Ok(MailView {
        danger: danger.map(|danger| danger.kind),
        id: contact.id.0,
        disposition: contact.disposition,
        received_at: contact.received_at,
        sender,
        recipient: contact.mailbox,
        subject: contact.subject,
        owner,
        waiting_since: is_waiting.then_some(contact.logged_at),
        limit_at: contact.limit_at.filter(|_| is_waiting),
        guessed_case: guess.map(|filed| CaseName::of(&filed.case)),
        case,
        settled: settled.map(|settled| MailSettled {
            at: settled.at,
            settlement: settled.settlement,
            by: settled.by,
            reason: settled.why,
        }),
    })
}

fn listed(detail: &Value) -> Vec<MailAttachment> {
    let listed = detail
        .pointer("/mail/attachments")
        .and_then(Value::as_array);
    listed
        .into_iter()
        .flatten()
        .filter_map(|part| {
            Some(MailAttachment {
                filename: part.get("filename")?.as_str()?.to_owned(),
                content_type: part.get("content_type")?.as_str()?.to_owned(),
                size: part.get("size")?.as_u64()?,
            })
        })
        .collect()
}

fn said(detail: &Value, pointer: &str) -> Option<String> {
    detail
        .pointer(pointer)
        .and_then(Value::as_str)
        .map(str::to_owned)
}
