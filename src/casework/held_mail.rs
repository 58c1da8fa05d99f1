//! Mail that waited for a person: let through to a case, or kept and never answered.
//!
//! What is let through goes the way it would have gone by itself, counted from when it reached us.
//! It stays the one contact it was logged as, so the figures of the day it came in stay as they
//! were; beside its disposition stands what a person made of it ([`Settlement`]). The bytes stay
//! whatever is decided.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::actions::{self, Target};
use super::audit::note_look;
use super::desk::Moment;
use super::failure::Failure;
use super::intake::{self, Entry, MailFacts};
use super::letters::Thread;
use super::mail_in::{self, Said, Taken};
use super::members;
use super::people::find_or_add;
use super::promises::{Written, settle, terms_of};
use super::views::mail;
use crate::channels::email_in::Mailbox;
use crate::domain::access::{Act, Actor, Verdict, may};
use crate::domain::contact::{Channel, Disposition, Settlement};
use crate::domain::enquiry::{Described, Enquiry, Who};
use crate::domain::ids::{CaseId, ContactId};
use crate::domain::lifecycle::{self, By, Event};
use crate::domain::person::RoleOnCase;
use crate::store::Tx;
use crate::store::cases::{self, Filed};
use crate::store::contacts::Contact;
use crate::store::waiting_mail::{self, Message, Settled};

/// Where a mail is let through to.
#[derive(Debug, Clone)]
pub enum Destination {
    /// A case that is there, as if its sender had been known on it.
    Case(Target),
    /// A case of its own, placed as a new mail would be unless somebody says where.
    NewCase {
        service: Option<String>,
        category: Option<String>,
    },
}

/// What somebody read in a mail that Reeve could not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Words {
    pub subject: String,
    pub body: String,
    pub sender_name: Option<String>,
    /// In the form of [`crate::domain::person::email_address`].
    pub sender_email: Option<String>,
}

/// What is kept with a held mail, so that letting it through need not read its bytes again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct HeldFacts {
    /// What our notices name as the conversation they stand in.
    pub references: Vec<String>,
    pub is_thanks: bool,
    /// In whose name it would open; empty for an ordinary matter.
    pub restricted_to: Vec<String>,
    /// Danger that its words tell of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub danger: Option<HeldDanger>,
}

/// Danger in a mail that waits: whoever is on duty for it is told at once, and may look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldDanger {
    /// For the duty officer; no names and nobody's words.
    pub kind: String,
    /// Whose duty contact is told.
    pub queue: String,
}

/// Lets a mail through.
///
/// # Errors
/// [`Failure::Missing`] when there is none the actor may know of; a conflict when it does not wait,
/// or no longer does; otherwise everything in `destination` and `words` that cannot be meant.
pub fn release(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    id: ContactId,
    destination: &Destination,
    words: Option<&Words>,
) -> Result<Taken, Failure> {
    let message = waiting(tx, at, actor, id)?;
    check_words(&message.contact, words)?;
    let expected = match destination {
        Destination::Case(_) => Settlement::Joined,
        Destination::NewCase { .. } => Settlement::Opened,
    };
    claim(tx, at, actor, id, expected, None)?;
    let mail = Waited::read(tx, at, actor, &message.contact, words)?;
    let (case, settlement) = match destination {
        Destination::Case(target) => join(tx, at, actor, mail, target)?,
        Destination::NewCase { service, category } => {
            let mut mail = mail;
            mail.enquiry.service.clone_from(service);
            mail.enquiry.category.clone_from(category);
            mail.enquiry.is_chosen_by_staff = true;
            (open(tx, at, &mail, None)?, Settlement::Opened)
        }
    };
    if settlement != expected {
        waiting_mail::note_settlement(tx, id, settlement)?;
    }
    let filed = note_release(tx, at, actor, case, &message.contact)?;
    note(tx, at, actor, "mail.released", id)?;
    Ok(Taken {
        disposition: match settlement {
            Settlement::Joined => Disposition::Joined,
            Settlement::Opened | Settlement::Dismissed => Disposition::Opened,
        },
        case: Some(filed)
            .filter(|filed| may(actor, Act::Read, &filed.case, false) == Verdict::Allow),
        contact: Some(id),
    })
}

/// Keeps a mail without letting it through to any case. Nobody is answered.
///
/// # Errors
/// [`Failure::Missing`] when there is none the actor may know of; a conflict when it does not wait,
/// or no longer does.
pub fn dismiss(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    id: ContactId,
    reason: &str,
) -> Result<Taken, Failure> {
    let message = waiting(tx, at, actor, id)?;
    let why = Some(reason.to_owned());
    claim(tx, at, actor, id, Settlement::Dismissed, why)?;
    note(tx, at, actor, "mail.dismissed", id)?;
    Ok(Taken {
        disposition: message.contact.disposition,
        case: None,
        contact: Some(id),
    })
}

/// In whose name a mail would open if it were let through as it is; empty for an ordinary matter.
/// While it waits it is put before nobody of the place it seems to belong to but these.
pub(super) fn restricted_to(at: &Moment, enquiry: &Enquiry) -> Vec<String> {
    let catalogue = &at.council.catalogue;
    let placement = at.council.router.route(enquiry, catalogue);
    let own = (
        &placement.service,
        &placement.category,
        placement.procedure,
        placement.is_placed,
    );
    let beside = placement
        .linked
        .iter()
        .map(|one| (&one.service, &one.category, one.procedure, true));
    let mut holders = Vec::new();
    for (service, category, procedure, is_certain) in std::iter::once(own).chain(beside) {
        if let Some(post) = intake::post_complained_about(at, enquiry, procedure) {
            holders.extend(intake::holders_above(at, service, Some(&post)));
        }
        let category = catalogue.category(service, category);
        if let Some((_, category)) = category.filter(|(_, one)| is_certain && one.is_restricted) {
            holders.extend(category.restricted_to.iter().cloned());
        }
    }
    holders.sort();
    holders.dedup();
    holders
}

/// Danger that the words of a mail tell of, which would otherwise wait with them.
pub(super) fn danger_in(at: &Moment, enquiry: &Enquiry) -> Option<HeldDanger> {
    let placement = at.council.router.route(enquiry, &at.council.catalogue);
    let danger = placement.danger?;
    Some(HeldDanger {
        kind: danger.kind,
        queue: placement.queue,
    })
}

/// Danger that was read in a mail when it came in.
pub(super) fn danger_of(contact: &Contact) -> Result<Option<HeldDanger>, Failure> {
    Ok(held_facts(contact)?.danger)
}

/// A mail that waited, as intake takes it.
struct Waited {
    contact: Contact,
    enquiry: Enquiry,
    is_thanks: bool,
    entry: Entry,
}

impl Waited {
    fn read(
        tx: &mut Tx<'_>,
        at: &Moment,
        actor: &Actor,
        contact: &Contact,
        words: Option<&Words>,
    ) -> Result<Self, Failure> {
        let facts = held_facts(contact)?;
        let mut remarks = contact.detail.get("mail").cloned().unwrap_or(Value::Null);
        let mut contact = contact.clone();
        let who = match words {
            None => sender(&contact)?.map_or(Who::Nobody, |from| {
                Who::Described(Described {
                    name: from.name,
                    email: crate::domain::person::email_address(&from.address),
                    ..Described::default()
                })
            }),
            Some(words) => {
                contact.subject.clone_from(&words.subject);
                contact.body.clone_from(&words.body);
                if let Value::Object(remarks) = &mut remarks {
                    // Staff must be able to tell our reading of a mail from the sender's own words.
                    remarks.insert("read_by".to_owned(), json!(actor.principal()));
                }
                Who::Described(Described {
                    name: words.sender_name.clone(),
                    email: words.sender_email.clone(),
                    ..Described::default()
                })
            }
        };
        let mut enquiry = Enquiry {
            subject: contact.subject.clone(),
            body: contact.body.clone(),
            language: contact.language.clone(),
            who,
            ..Enquiry::new(Channel::Email, contact.received_at)
        };
        members::recognise(tx, at, &mut enquiry)?;
        let entry = Entry {
            source: contact.source.clone(),
            thread: Thread {
                in_reply_to: contact.message_id.clone(),
                references: facts.references,
            },
            mail: Some(MailFacts {
                fingerprint: contact.fingerprint.clone().ok_or_else(|| {
                    anyhow::anyhow!("mail {} was kept without its fingerprint", contact.id)
                })?,
                mailbox: contact.mailbox.clone(),
                message_id: contact.message_id.clone(),
                remarks,
            }),
            logged_as: Some(contact.id),
            ..Entry::by(actor.clone())
        };
        Ok(Self {
            is_thanks: facts.is_thanks
                || words.is_some_and(|_| at.council.router.is_thanks(&enquiry.text())),
            contact,
            enquiry,
            entry,
        })
    }
}

fn join(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    mail: Waited,
    target: &Target,
) -> Result<(CaseId, Settlement), Failure> {
    let filed = actions::find(tx, actor, target, Act::Read).map_err(|why| match why {
        Failure::Missing => Failure::invalid(
            "/case",
            "unknown_value",
            "There is no case with this id or reference.",
        ),
        other => other,
    })?;
    if mail_in::is_over(at, &filed) && !mail.is_thanks {
        let case = open(tx, at, &mail, Some(filed.case.id))?;
        return Ok((case, Settlement::Opened));
    }
    let case = filed.case.id;
    let person = find_or_add(tx, at, &mail.enquiry)?;
    if let Some(person) = &person {
        let role = if filed.case.reporter.is_none() {
            RoleOnCase::Reporter
        } else {
            RoleOnCase::ThirdParty
        };
        cases::add_person(tx, case, person.id, role)?;
    }
    let remarks = mail.entry.mail.as_ref().map(|mail| mail.remarks.clone());
    let placed = Contact {
        case: Some(case),
        person: person.as_ref().map(|person| person.id),
        detail: json!({"mail": remarks}),
        ..mail.contact
    };
    waiting_mail::place(tx, &placed)?;
    let said = Said {
        contact: placed.id,
        enquiry: &mail.enquiry,
        is_thanks: mail.is_thanks,
        person: person.as_ref(),
    };
    mail_in::note_mail(tx, at, filed, &said, &mail.entry)?;
    Ok((case, Settlement::Joined))
}

fn open(
    tx: &mut Tx<'_>,
    at: &Moment,
    mail: &Waited,
    follows: Option<CaseId>,
) -> Result<CaseId, Failure> {
    let entry = Entry {
        follows,
        ..mail.entry.clone()
    };
    let received = intake::receive(tx, at, &mail.enquiry, &entry)?;
    let case = received.contact.case;
    case.ok_or_else(|| anyhow::anyhow!("mail {} opened no case", mail.contact.id).into())
}

/// Says on the case's timeline who let the mail through.
fn note_release(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    case: CaseId,
    contact: &Contact,
) -> Result<Filed, Failure> {
    let filed = cases::find(tx, case)?
        .ok_or_else(|| anyhow::anyhow!("case {case} is gone within its own transaction"))?;
    let terms = terms_of(tx, at, &filed.case)?;
    let read_revision = filed.case.revision;
    let mut case = filed.case;
    let event = Event::MailReleased {
        contact: contact.id,
        was: contact.disposition,
    };
    lifecycle::apply(&mut case, &event, &terms, By::System, at.now);
    let happened = vec![(event, actor.label())];
    let written = Written::Noted { read_revision };
    Ok(settle(tx, at, case, &terms, happened, written)?.filed)
}

/// A mail that waits, when the actor may know of it.
fn waiting(tx: &mut Tx<'_>, at: &Moment, actor: &Actor, id: ContactId) -> Result<Message, Failure> {
    let message = mail::find(tx, at, actor, id)?;
    if message.settled.is_some() {
        return Err(already_settled());
    }
    if message.contact.waits_for.is_some() {
        return Ok(message);
    }
    let became = message.contact.disposition;
    Err(Failure::conflict(
        "not_waiting",
        format!("This mail is {became}: it does not wait for anybody."),
    ))
}

/// Of two who settle one mail at once, the first has done it.
fn claim(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    id: ContactId,
    settlement: Settlement,
    why: Option<String>,
) -> Result<(), Failure> {
    let settled = Settled {
        at: at.now,
        settlement,
        by: actor.principal(),
        why,
    };
    if waiting_mail::claim(tx, id, &settled)? {
        Ok(())
    } else {
        Err(already_settled())
    }
}

fn already_settled() -> Failure {
    Failure::conflict(
        "already_settled",
        "Somebody has let this mail through or dismissed it. Read it again to see what became of it.",
    )
}

fn check_words(contact: &Contact, words: Option<&Words>) -> Result<(), Failure> {
    match (contact.disposition, words) {
        (Disposition::Quarantined, None) => Err(Failure::invalid(
            "/body",
            "missing_field",
            "This mail could not be read: say in `subject` or `body` what it says.",
        )),
        (Disposition::Quarantined, Some(words))
            if words.subject.trim().is_empty() && words.body.trim().is_empty() =>
        {
            Err(Failure::invalid(
                "/body",
                "missing_field",
                "This mail could not be read: say in `subject` or `body` what it says.",
            ))
        }
        (Disposition::Quarantined, Some(_)) | (_, None) => Ok(()),
        (_, Some(_)) => Err(Failure::invalid(
            "/body",
            "mail_is_readable",
            "This mail could be read: it speaks in its sender's own words. Leave out `subject`, `body` and `sender`.",
        )),
    }
}

fn held_facts(contact: &Contact) -> Result<HeldFacts, Failure> {
    match contact.detail.get("held").filter(|held| !held.is_null()) {
        Some(held) => Ok(HeldFacts::deserialize(held).map_err(anyhow::Error::from)?),
        None => Ok(HeldFacts::default()),
    }
}

/// In whose name this mail would have opened, as was judged when it came in.
pub(super) fn holders(contact: &Contact) -> Result<Vec<String>, Failure> {
    Ok(held_facts(contact)?.restricted_to)
}

/// Who it says it is from.
pub(super) fn sender(contact: &Contact) -> Result<Option<Mailbox>, Failure> {
    match contact.detail.get("from").filter(|from| !from.is_null()) {
        Some(from) => Ok(Some(
            Mailbox::deserialize(from).map_err(anyhow::Error::from)?,
        )),
        None => Ok(None),
    }
}

fn note(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    action: &str,
    id: ContactId,
) -> Result<(), Failure> {
    note_look(tx, at, actor, action, &format!("contact:{id}"), None)
}
