//! Raw e-mail: known again, threaded, kept with its bytes, answered only when a human wrote it.
//!
//! Every mail ends in exactly one [`Disposition`], and its bytes are kept in the transaction that
//! decides: nothing is dropped, and what came in adds up.

use jiff::{SignedDuration, Timestamp};
use regex::Regex;
use serde_json::json;

use super::attachments;
use super::by_email::{self, InboxReply};
use super::desk::{Moment, hex};
use super::escalation::{begin_waiting, mail_limit};
use super::failure::Failure;
use super::held_mail::{self, HeldDanger, HeldFacts};
use super::intake::{self, Entry, Joining, MailFacts, note_contact};
use super::letters::Thread;
use super::mail_loop;
use super::members;
use super::promises::{Settled, Written, settle, terms_of};
use super::staff_reply::{self, StaffReply};
use crate::channels::email_in::{self, AutomaticKind, Envelope, Incoming, Ours, Unreadable};
use crate::channels::text::clean_body;
use crate::domain::access::Actor;
use crate::domain::case::Secrecy;
use crate::domain::contact::{Channel, Direction, Disposition};
use crate::domain::enquiry::{Enquiry, Sender, Who};
use crate::domain::ids::{CaseId, ContactId};
use crate::domain::lifecycle::{self, By, Event};
use crate::domain::waiting::Place;
use crate::store::cases::{self, Filed};
use crate::store::contacts::{self, Contact};
use crate::store::people::{self, Person};
use crate::store::{Conn, Tx, outbox, tracking};
use sha2::{Digest as _, Sha256};

/// What became of a mail.
#[derive(Debug, Clone)]
pub struct Taken {
    pub disposition: Disposition,
    /// The requester's own case; none when it may not be named.
    pub case: Option<Filed>,
    pub contact: Option<ContactId>,
}

/// A raw message that has been read, before anything is written.
#[derive(Debug, Clone)]
pub struct Delivery<B> {
    raw: B,
    fingerprint: String,
    envelope: Envelope,
    incoming: Result<Incoming, Unreadable>,
    arrived_at: Option<Timestamp>,
}

/// Mail that lay longer than two years in a mailbox is no older than that: as for what is logged by
/// hand.
const LONGEST_WAIT: SignedDuration = SignedDuration::from_hours(2 * 365 * 24);

/// Reads a raw message. A large one takes a while, so this is done where nobody waits for it:
/// never inside a transaction, and not on a thread that answers requests.
pub fn read<B: AsRef<[u8]>>(at: &Moment, raw: B, envelope: Envelope) -> Delivery<B> {
    Delivery {
        fingerprint: hex(&Sha256::digest(raw.as_ref())),
        incoming: email_in::read(raw.as_ref(), &envelope, &ours(at)),
        raw,
        envelope,
        arrived_at: None,
    }
}

/// A raw message that is not read, for a reason: it is put into quarantine with its bytes.
pub fn set_aside<B: AsRef<[u8]>>(raw: B, envelope: Envelope, why: &str) -> Delivery<B> {
    Delivery {
        fingerprint: hex(&Sha256::digest(raw.as_ref())),
        incoming: Err(Unreadable {
            why: why.to_owned(),
        }),
        raw,
        envelope,
        arrived_at: None,
    }
}

impl<B> Delivery<B> {
    /// The council's own mail server had it before we did: promises count from then.
    #[must_use]
    pub fn arrived(mut self, at: Timestamp) -> Self {
        self.arrived_at = Some(at);
        self
    }

    /// When the council had it: now, or when its mail server took it, within what can be meant.
    fn received_at(&self, at: &Moment) -> Timestamp {
        let earliest = at.now - LONGEST_WAIT;
        self.arrived_at
            .map_or(at.now, |arrived| arrived.clamp(earliest, at.now))
    }
}

/// Takes one raw message in.
///
/// # Errors
/// When it cannot be written; the mail is then still where it came from.
pub fn receive<B: AsRef<[u8]>>(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    delivery: &Delivery<B>,
) -> Result<Taken, Failure> {
    intake::check_channel(actor, Channel::Email)?;
    let taken = take(tx, at, actor, delivery)?;
    if let Some(contact) = taken.contact {
        intake::note_taken(tx, at, actor, taken.disposition, contact)?;
    }
    Ok(taken)
}

fn take<B: AsRef<[u8]>>(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    delivery: &Delivery<B>,
) -> Result<Taken, Failure> {
    let received_at = delivery.received_at(at);
    let Delivery {
        raw,
        fingerprint,
        envelope,
        incoming,
        ..
    } = delivery;
    let raw = raw.as_ref();
    if let Some(known) = contacts::find_raw(tx, fingerprint)? {
        return note_duplicate(tx, at, actor, &known);
    }
    let incoming = match incoming {
        Ok(incoming) => incoming,
        Err(unreadable) => {
            let unread = Unread {
                raw,
                fingerprint,
                envelope,
                received_at,
                why: &unreadable.why,
            };
            return quarantine(tx, at, actor, &unread);
        }
    };
    let mut is_reused_id = false;
    if let Some(message_id) = &incoming.message_id {
        for known in contacts::with_message_id(tx, message_id)? {
            let body_key = known
                .detail
                .pointer("/mail/body_key")
                .and_then(serde_json::Value::as_str);
            if body_key == Some(incoming.body_key.as_str()) {
                return note_duplicate(tx, at, actor, &known);
            }
            is_reused_id = true;
        }
    } else if let Some(known) =
        contacts::find_same(tx, &format!("content:{}", incoming.content_key))?
    {
        return note_duplicate(tx, at, actor, &known);
    }
    let mail = Mail {
        raw,
        fingerprint,
        incoming,
        is_reused_id,
        envelope,
        received_at,
        loop_sign: None,
    };
    if mail.incoming.bounce.is_some() || mail.incoming.automatic.is_some() {
        return store(tx, at, actor, &mail);
    }
    let by_inbox = by_email::read(tx, at, mail.incoming)?;
    if let Some(reply) = &by_inbox {
        if let Some(inbox) = &reply.actor {
            return take_from_inbox(tx, at, actor, &mail, reply, inbox);
        }
        if reply.is_disowned {
            return hold(tx, at, actor, &mail, &reply.filed);
        }
    }
    if let Some(reply) = staff_reply::read(tx, at, mail.incoming)? {
        return note(tx, at, actor, &mail, &reply);
    }
    if let Some(reply) = &by_inbox {
        return hold(tx, at, actor, &mail, &reply.filed);
    }
    let thread = find_thread(tx, at, &mail)?;
    match thread {
        Found::Case(filed) => join(tx, at, actor, mail, *filed),
        Found::Stranger(filed) => hold(tx, at, actor, &mail, &filed),
        Found::Nothing => {
            let enquiry = enquiry_of(tx, at, &mail)?;
            match loop_sign(tx, at, &mail, &enquiry)? {
                None => open(tx, at, actor, &mail),
                loop_sign => store(tx, at, actor, &Mail { loop_sign, ..mail }),
            }
        }
    }
}

/// One mail, read.
struct Mail<'a> {
    raw: &'a [u8],
    fingerprint: &'a str,
    incoming: &'a Incoming,
    /// Its Message-ID was used for another message before.
    is_reused_id: bool,
    envelope: &'a Envelope,
    received_at: Timestamp,
    /// Why it is taken for a machine's, though it does not say so.
    loop_sign: Option<String>,
}

/// One mail that could not be read.
struct Unread<'a> {
    raw: &'a [u8],
    fingerprint: &'a str,
    envelope: &'a Envelope,
    received_at: Timestamp,
    why: &'a str,
}

/// For whom a mail waits, and until when.
struct Waiting {
    waits_for: String,
    limit_at: Timestamp,
    held: HeldFacts,
}

/// The conversation a mail belongs to.
enum Found {
    Case(Box<Filed>),
    /// It quotes a reference, but the sender is nobody on that case.
    Stranger(Box<Filed>),
    Nothing,
}

/// By secret plus-address, then by our own Message-IDs, then by a reference with a known sender.
fn find_thread(tx: &mut Tx<'_>, at: &Moment, mail: &Mail<'_>) -> Result<Found, Failure> {
    let thread = &mail.incoming.thread;
    for token in &thread.tokens {
        if let Some(link) = tracking::find_by_reply_token(tx, token)?
            && let Some(filed) = cases::find(tx, link.case)?
        {
            return Ok(Found::Case(Box::new(filed)));
        }
    }
    for message_id in &thread.message_ids {
        if let Some(case) = case_of_message(tx, message_id)?
            && let Some(filed) = cases::find(tx, case)?
        {
            // A Message-ID travels with every forwarded copy; it names the case, and the sender
            // must still be on it.
            return Ok(
                if is_known_sender(tx, at, &filed, &mail.incoming.from.address)? {
                    Found::Case(Box::new(filed))
                } else {
                    Found::Stranger(Box::new(filed))
                },
            );
        }
    }
    let mut stranger = None;
    let named = thread
        .references
        .iter()
        .map(|reference| (Some(reference), None));
    let aliased = thread.aliases.iter().map(|alias| (None, Some(alias)));
    for (reference, alias) in named.chain(aliased) {
        let filed = match (reference, alias) {
            (Some(reference), _) => cases::find_by_reference(tx, reference)?,
            (_, Some(alias)) => cases::find_by_alias(tx, alias)?,
            _ => None,
        };
        let Some(filed) = filed else {
            continue;
        };
        if is_known_sender(tx, at, &filed, &mail.incoming.from.address)? {
            return Ok(Found::Case(Box::new(filed)));
        }
        stranger = Some(filed);
    }
    Ok(stranger.map_or(Found::Nothing, |filed| Found::Stranger(Box::new(filed))))
}

fn case_of_message(conn: &mut Conn, message_id: &str) -> Result<Option<CaseId>, Failure> {
    Ok(outbox::find_by_message_id(conn, message_id)?.and_then(|notice| notice.case))
}

/// Whoever is on the case, or writes for a member who is.
fn is_known_sender(
    conn: &mut Conn,
    at: &Moment,
    filed: &Filed,
    address: &str,
) -> Result<bool, Failure> {
    let mut addresses = members::stands_for(conn, at, address)?;
    addresses.push(address.to_owned());
    for (id, _, _) in cases::people(conn, filed.case.id)? {
        let is_theirs = people::find(conn, id)?
            .and_then(|person| person.email)
            .is_some_and(|email| addresses.contains(&email));
        if is_theirs {
            return Ok(true);
        }
    }
    Ok(false)
}

fn join(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    mail: Mail<'_>,
    filed: Filed,
) -> Result<Taken, Failure> {
    let enquiry = enquiry_of(tx, at, &mail)?;
    if is_over(at, &filed) && !email_in::is_thanks(&mail.incoming.new_text) {
        return match loop_sign(tx, at, &mail, &enquiry)? {
            None => open_following(tx, at, actor, &mail, filed.case.id),
            loop_sign => store(tx, at, actor, &Mail { loop_sign, ..mail }),
        };
    }
    let mail = &mail;
    let person = super::people::find_or_add(tx, at, &enquiry)?;
    let contact = log(
        tx,
        at,
        actor,
        mail,
        &enquiry,
        person.as_ref(),
        Some(filed.case.id),
        Disposition::Joined,
        None,
    )?;
    let said = Said {
        contact,
        enquiry: &enquiry,
        is_thanks: email_in::is_thanks(&mail.incoming.new_text),
        person: person.as_ref(),
    };
    let settled = note_mail(tx, at, filed, &said, &entry(actor, mail))?;
    Ok(Taken {
        disposition: Disposition::Joined,
        case: Some(settled.filed),
        contact: Some(contact),
    })
}

/// Why a mail that would open a case is taken for a machine's.
fn loop_sign(
    conn: &mut Conn,
    at: &Moment,
    mail: &Mail<'_>,
    enquiry: &Enquiry,
) -> Result<Option<String>, Failure> {
    // Whom we would answer: a form of ours may send for many people.
    let from = &mail.incoming.writer().address;
    let has_files = !mail.incoming.attachments.is_empty();
    mail_loop::sign_of(conn, at, enquiry, from, has_files)
}

/// Whether the time in which a message reopens a closed case has ended.
pub(super) fn is_over(at: &Moment, filed: &Filed) -> bool {
    let until = filed.case.follow_up_until;
    filed.case.is_closed() && until.is_some_and(|until| at.today() > until)
}

/// A mail that joins a case, logged.
pub(super) struct Said<'a> {
    pub contact: ContactId,
    pub enquiry: &'a Enquiry,
    pub is_thanks: bool,
    pub person: Option<&'a Person>,
}

/// What a mail from somebody on the case does to it.
pub(super) fn note_mail(
    tx: &mut Tx<'_>,
    at: &Moment,
    filed: Filed,
    said: &Said<'_>,
    entry: &Entry,
) -> Result<Settled, Failure> {
    let placement = at.council.router.route(said.enquiry, &at.council.catalogue);
    let joining = Joining {
        contact: said.contact,
        from_person: true,
        is_thanks: said.is_thanks && filed.case.waiting_for.is_none(),
        enquiry: said.enquiry,
        placement: &placement,
        actor: crate::domain::access::ActorLabel {
            kind: "person".to_owned(),
            id: None,
            name: None,
        },
    };
    Ok(note_contact(tx, at, filed, &joining, said.person, entry)?.settled)
}

fn open(tx: &mut Tx<'_>, at: &Moment, actor: &Actor, mail: &Mail<'_>) -> Result<Taken, Failure> {
    open_as(tx, at, actor, mail, None)
}

fn open_following(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    mail: &Mail<'_>,
    earlier: CaseId,
) -> Result<Taken, Failure> {
    open_as(tx, at, actor, mail, Some(earlier))
}

fn open_as(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    mail: &Mail<'_>,
    follows: Option<CaseId>,
) -> Result<Taken, Failure> {
    let enquiry = enquiry_of(tx, at, mail)?;
    let entry = Entry {
        follows,
        ..entry(actor, mail)
    };
    let received = intake::receive(tx, at, &enquiry, &entry)?;
    keep_whole(tx, at, actor, mail, received.contact.id)?;
    let case = received
        .case
        .filter(|filed| filed.case.secrecy != Secrecy::Restricted);
    Ok(Taken {
        disposition: Disposition::Opened,
        case,
        contact: Some(received.contact.id),
    })
}

/// A reply to one of our mails to staff is a note on its cases; where they cannot be told, the team
/// leader looks.
fn note(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    mail: &Mail<'_>,
    reply: &StaffReply,
) -> Result<Taken, Failure> {
    let mut enquiry = email_in::enquiry(mail.incoming, mail.received_at);
    enquiry.who = Who::Nobody;
    let Some(first) = reply.cases.first() else {
        return match &reply.told_of {
            Some(filed) => hold(tx, at, actor, mail, filed),
            None => {
                let waiting = Waiting {
                    waits_for: centre(at),
                    limit_at: mail_limit(at, Place::Held),
                    held: HeldFacts {
                        references: references(mail.incoming),
                        danger: held_mail::danger_in(at, &enquiry),
                        ..HeldFacts::default()
                    },
                };
                let held = Disposition::Held;
                let waiting = Some(waiting);
                let contact = log(tx, at, actor, mail, &enquiry, None, None, held, waiting)?;
                Ok(Taken {
                    disposition: held,
                    case: None,
                    contact: Some(contact),
                })
            }
        };
    };
    staff_reply::note(tx, at, reply)?;
    // A member may read what came in on their case; a note is for staff.
    enquiry.subject = String::new();
    enquiry.body = String::new();
    let (case, joined) = (Some(first.case.id), Disposition::Joined);
    let contact = log(tx, at, actor, mail, &enquiry, None, case, joined, None)?;
    let shown =
        cases::find(tx, first.case.id)?.filter(|filed| filed.case.secrecy != Secrecy::Restricted);
    Ok(Taken {
        disposition: joined,
        case: shown,
        contact: Some(contact),
    })
}

/// A reply from the inbox of a team that works by e-mail.
fn take_from_inbox(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    mail: &Mail<'_>,
    reply: &InboxReply,
    inbox: &Actor,
) -> Result<Taken, Failure> {
    let mut enquiry = email_in::enquiry(mail.incoming, mail.received_at);
    enquiry.who = Who::Nobody;
    // A member may read what came in on their case. What is for staff stands there as a note, what is
    // for the resident as what we said to them.
    enquiry.subject = String::new();
    enquiry.body = String::new();
    let id = reply.filed.case.id;
    let (case, joined) = (Some(id), Disposition::Joined);
    let contact = log(tx, at, actor, mail, &enquiry, None, case, joined, None)?;
    by_email::take(tx, at, reply, inbox, contact)?;
    Ok(Taken {
        disposition: joined,
        case: cases::find(tx, id)?,
        contact: Some(contact),
    })
}

/// A reference from a stranger: somebody looks before it is shown on the case.
fn hold(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    mail: &Mail<'_>,
    filed: &Filed,
) -> Result<Taken, Failure> {
    let mut enquiry = enquiry_of(tx, at, mail)?;
    enquiry.their_reference = Some(filed.case.reference.to_string());
    let restricted_to = held_mail::restricted_to(at, &enquiry);
    let danger = held_mail::danger_in(at, &enquiry).map(|danger| match filed.case.secrecy {
        // Only its own few may know that somebody names it.
        Secrecy::Restricted => HeldDanger {
            queue: filed.case.queue.clone(),
            ..danger
        },
        Secrecy::Ordinary | Secrecy::Sensitive => danger,
    });
    let queue = at.council.catalogue.queue(&filed.case.queue);
    // What may be about the place's own people is not put before them.
    let waits_for = queue
        .filter(|_| restricted_to.is_empty())
        .map_or_else(|| centre(at), |queue| queue.team_leader.email.clone());
    let waiting = Waiting {
        waits_for,
        limit_at: mail_limit(at, Place::Held),
        held: HeldFacts {
            references: references(mail.incoming),
            is_thanks: email_in::is_thanks(&mail.incoming.new_text),
            restricted_to,
            danger,
        },
    };
    let contact = log(
        tx,
        at,
        actor,
        mail,
        &enquiry,
        None,
        None,
        Disposition::Held,
        Some(waiting),
    )?;
    Ok(Taken {
        disposition: Disposition::Held,
        case: None,
        contact: Some(contact),
    })
}

/// Automatic mail and bounces: kept, shown on the case they belong to, never answered.
fn store(tx: &mut Tx<'_>, at: &Moment, actor: &Actor, mail: &Mail<'_>) -> Result<Taken, Failure> {
    let found = match find_thread(tx, at, mail)? {
        Found::Case(filed) => Some(*filed),
        // A bounce comes from a mail server, which is on no case; anybody else's machine is a
        // stranger.
        Found::Stranger(filed) if mail.incoming.bounce.is_some() => Some(*filed),
        Found::Stranger(_) | Found::Nothing => by_email::case_of_token(tx, mail.incoming)?,
    };
    let mut enquiry = email_in::enquiry(mail.incoming, mail.received_at);
    enquiry.who = Who::Nobody;
    let case = found.as_ref().map(|filed| filed.case.id);
    let is_answer = found.is_some() && kind_of_machine(mail) == Some(AutomaticKind::AutoReply);
    let waiting = danger_from_a_machine(at, mail, &enquiry).filter(|_| !is_answer);
    let stored = Disposition::Stored;
    let contact = log(tx, at, actor, mail, &enquiry, None, case, stored, waiting)?;
    let mut shown = None;
    if let Some(filed) = found {
        let terms = terms_of(tx, at, &filed.case)?;
        let read_revision = filed.case.revision;
        let mut case = filed.case;
        let event = Event::AutomaticMailStored { contact };
        lifecycle::apply(&mut case, &event, &terms, By::System, at.now);
        let happened = vec![(event, Actor::System.label())];
        let settled = settle(
            tx,
            at,
            case,
            &terms,
            happened,
            Written::Noted { read_revision },
        )?;
        shown = Some(settled.filed);
    }
    if let Some(bounce) = &mail.incoming.bounce
        && let Some(original) = &bounce.original_message_id
        && let Some(notice) = outbox::find_by_message_id(tx, original)?
    {
        super::delivery::bounced(tx, at, &notice, bounce)?;
        shown = match shown {
            Some(filed) => cases::find(tx, filed.case.id)?,
            None => None,
        };
    }
    Ok(Taken {
        disposition: Disposition::Stored,
        case: shown,
        contact: Some(contact),
    })
}

fn kind_of_machine(mail: &Mail<'_>) -> Option<AutomaticKind> {
    let automatic = mail.incoming.automatic.as_ref();
    automatic.map(|automatic| automatic.kind)
}

/// A school's system or a form of somebody else's may pass on what a person said. It is not answered,
/// and where it tells of danger somebody looks. What comes back of our own words tells of none.
fn danger_from_a_machine(at: &Moment, mail: &Mail<'_>, enquiry: &Enquiry) -> Option<Waiting> {
    let is_ours = mail.incoming.bounce.is_some()
        || matches!(
            kind_of_machine(mail),
            Some(
                AutomaticKind::Bounce
                    | AutomaticKind::Loop
                    | AutomaticKind::Calendar
                    | AutomaticKind::Report
            )
        );
    let danger = held_mail::danger_in(at, enquiry).filter(|_| !is_ours)?;
    Some(Waiting {
        waits_for: centre(at),
        limit_at: mail_limit(at, Place::Held),
        held: HeldFacts {
            references: references(mail.incoming),
            restricted_to: held_mail::restricted_to(at, enquiry),
            danger: Some(danger),
            ..HeldFacts::default()
        },
    })
}

fn quarantine(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    unread: &Unread<'_>,
) -> Result<Taken, Failure> {
    let held = HeldFacts {
        danger: danger_in_bytes(at, unread),
        ..HeldFacts::default()
    };
    let contact = Contact {
        fingerprint: Some(unread.fingerprint.to_owned()),
        mailbox: unread.envelope.recipient.clone(),
        detail: json!({"mail": {"why": unread.why, "size": unread.raw.len()}, "held": held}),
        received_at: unread.received_at,
        waits_for: Some(centre(at)),
        limit_at: Some(mail_limit(at, Place::Quarantined)),
        ..came_now(at, actor, Disposition::Quarantined)
    };
    contacts::insert(tx, &contact)?;
    begin_waiting(tx, at, &contact)?;
    contacts::keep_raw(tx, unread.fingerprint, contact.id, unread.raw)?;
    Ok(Taken {
        disposition: Disposition::Quarantined,
        case: None,
        contact: Some(contact.id),
    })
}

/// How much of a mail that cannot be read is looked at for danger.
const LOOKED_AT: usize = 20_000;

/// Danger in a mail that cannot be read as one: what of its bytes is text may say so all the same.
fn danger_in_bytes(at: &Moment, unread: &Unread<'_>) -> Option<HeldDanger> {
    let beginning = unread.raw.get(..LOOKED_AT).unwrap_or(unread.raw);
    let text = clean_body(&String::from_utf8_lossy(beginning));
    // What stands above the first empty line is for machines.
    let words = text
        .split_once("\n\n")
        .map_or(text.as_str(), |(_, words)| words);
    let enquiry = Enquiry {
        body: words.to_owned(),
        ..Enquiry::new(Channel::Email, unread.received_at)
    };
    held_mail::danger_in(at, &enquiry)
}

/// We had it. The figures of the day count it; the case it names is where the first one is now.
fn note_duplicate(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    known: &Contact,
) -> Result<Taken, Failure> {
    let contact = Contact {
        id: at.id(),
        disposition: Disposition::Duplicate,
        logged_at: at.now,
        subject: String::new(),
        body: String::new(),
        fingerprint: None,
        message_id: None,
        external_id: None,
        entered_by: actor.principal(),
        detail: json!({"repeats": known.id}),
        waits_for: None,
        limit_at: None,
        ..known.clone()
    };
    contacts::insert(tx, &contact)?;
    let case = match known.case {
        Some(case) => {
            cases::find(tx, case)?.filter(|filed| filed.case.secrecy != Secrecy::Restricted)
        }
        None => None,
    };
    Ok(Taken {
        disposition: Disposition::Duplicate,
        case,
        contact: Some(known.id),
    })
}

/// The enquiry a mail is, from a member when the sender's address is a member's.
fn enquiry_of(conn: &mut Conn, at: &Moment, mail: &Mail<'_>) -> Result<Enquiry, Failure> {
    let mut enquiry = email_in::enquiry_of_sender(mail.incoming, mail.received_at);
    members::recognise(conn, at, &mut enquiry)?;
    // An address typed into a form makes nobody a member.
    if mail.incoming.written_by.is_some() && enquiry.sender == Sender::AsTheySay {
        return Ok(email_in::enquiry(mail.incoming, mail.received_at));
    }
    Ok(enquiry)
}

fn entry(actor: &Actor, mail: &Mail<'_>) -> Entry {
    Entry {
        source: "email".to_owned(),
        thread: Thread {
            in_reply_to: mail.incoming.message_id.clone(),
            references: references(mail.incoming),
        },
        mail: Some(mail_facts(mail)),
        ..Entry::by(actor.clone())
    }
}

/// What our notices name as the conversation they stand in.
fn references(incoming: &Incoming) -> Vec<String> {
    let own = incoming.message_id.iter();
    incoming.references.iter().chain(own).cloned().collect()
}

fn mail_facts(mail: &Mail<'_>) -> MailFacts {
    let incoming = &mail.incoming;
    MailFacts {
        fingerprint: if incoming.message_id.is_none() {
            // Without a Message-ID a resent copy differs in its headers; its content is what is
            // known again.
            format!("content:{}", incoming.content_key)
        } else {
            mail.fingerprint.to_owned()
        },
        mailbox: mail.envelope.recipient.clone(),
        message_id: incoming.message_id.clone(),
        remarks: json!({
            "raw": mail.fingerprint,
            "body_key": incoming.body_key,
            "is_reused_id": mail.is_reused_id,
            "automatic": incoming
                .automatic
                .as_ref()
                .map(|automatic| automatic.why.clone())
                .or_else(|| mail.loop_sign.clone()),
            "attachments": incoming.attachments,
            "defects": incoming.defects,
            "relayed_by": incoming.written_by.as_ref().map(|_| &incoming.from.address),
            "sent_at": incoming.sent_at,
            "quoted": incoming.quoted,
        }),
    }
}

#[expect(clippy::too_many_arguments, reason = "one row, said once")]
fn log(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    mail: &Mail<'_>,
    enquiry: &Enquiry,
    person: Option<&Person>,
    case: Option<CaseId>,
    disposition: Disposition,
    waiting: Option<Waiting>,
) -> Result<ContactId, Failure> {
    let facts = mail_facts(mail);
    let held = waiting.as_ref().map(|waiting| waiting.held.clone());
    let (waits_for, limit_at) = waiting
        .map(|waiting| (waiting.waits_for, waiting.limit_at))
        .unzip();
    let contact = Contact {
        case,
        person: person.map(|person| person.id),
        subject: enquiry.subject.clone(),
        body: enquiry.body.clone(),
        language: enquiry.language.clone(),
        fingerprint: Some(facts.fingerprint),
        mailbox: facts.mailbox,
        message_id: facts.message_id,
        detail: json!({
            "mail": facts.remarks,
            "from": mail.incoming.writer(),
            "their_reference": enquiry.their_reference,
            "held": held,
        }),
        waits_for,
        limit_at,
        received_at: mail.received_at,
        ..came_now(at, actor, disposition)
    };
    contacts::insert(tx, &contact)?;
    begin_waiting(tx, at, &contact)?;
    keep_whole(tx, at, actor, mail, contact.id)?;
    Ok(contact.id)
}

/// The bytes of a mail, and a list of the files in it. What a mail server sends back of ours is no file
/// of anybody's.
fn keep_whole(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    mail: &Mail<'_>,
    contact: ContactId,
) -> Result<(), Failure> {
    contacts::keep_raw(tx, mail.fingerprint, contact, mail.raw)?;
    if mail.incoming.bounce.is_none() {
        attachments::list_parts(tx, at, actor, contact, &mail.incoming.attachments)?;
    }
    Ok(())
}

/// The contact that any mail is which came just now; what it says is for the caller to add.
fn came_now(at: &Moment, actor: &Actor, disposition: Disposition) -> Contact {
    Contact {
        id: at.id(),
        case: None,
        person: None,
        channel: Channel::Email,
        direction: Direction::Inbound,
        disposition,
        received_at: at.now,
        logged_at: at.now,
        counted_from_on: None,
        subject: String::new(),
        body: String::new(),
        language: None,
        entered_by: actor.principal(),
        source: "email".to_owned(),
        external_id: None,
        fingerprint: None,
        mailbox: None,
        message_id: None,
        detail: serde_json::Value::Null,
        waits_for: None,
        limit_at: None,
    }
}

fn ours(at: &Moment) -> Ours {
    let council = &at.council.catalogue.council;
    Ours {
        loop_token: at.desk.secrets.loop_token.clone(),
        mail_domain: council.mail.reply_domain.clone(),
        addresses: vec![council.mail.from_address.clone()],
        alias_pattern: council
            .alias_pattern()
            .and_then(|pattern| Regex::new(&pattern).ok()),
    }
}

/// Who looks at what belongs to no queue.
fn centre(at: &Moment) -> String {
    at.council
        .catalogue
        .queue(&at.council.catalogue.routing.fallback.queue)
        .map_or_else(
            || at.council.catalogue.council.mail.from_address.clone(),
            |queue| queue.team_leader.email.clone(),
        )
}
