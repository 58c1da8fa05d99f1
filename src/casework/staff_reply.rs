//! A reply to one of our mails to staff: its words become a note.
//!
//! On the cases whose reference the new text names, else on the case of a mail about one case; else
//! a person looks. Only whoever the mail went to, or somebody with an account, may write so, and only
//! on cases that were named to them or that they may work on.

use super::actions::{self, Target};
use super::desk::Moment;
use super::failure::Failure;
use super::promises::{Written, settle, terms_of};
use crate::channels::email_in::Incoming;
use crate::domain::access::{Act, Actor, ActorLabel, Role};
use crate::domain::case::{Audience, LastAction};
use crate::domain::lifecycle::{By, Command, Event, apply};
use crate::domain::notice::NoticeKind;
use crate::domain::reference::Reference;
use crate::store::cases::{self, Filed};
use crate::store::outbox::{self, Notice};
use crate::store::{Conn, Tx, users};

/// A reply by somebody who works here.
#[derive(Debug)]
pub struct StaffReply {
    writer: Writer,
    text: String,
    /// The cases it is about; none when that cannot be said.
    pub cases: Vec<Filed>,
    /// The case whose team leader looks at it when it is about none.
    pub told_of: Option<Filed>,
}

#[derive(Debug)]
enum Writer {
    Account(Box<Actor>),
    /// An office address that nobody signs in with.
    Post(ActorLabel),
}

/// What a note on the timeline is called.
const NOTED: &str = "noted";

/// Reads a mail as a reply to one of ours to staff; nothing when it is none, or by a stranger.
///
/// # Errors
/// When the database cannot be asked.
pub fn read(
    conn: &mut Conn,
    at: &Moment,
    incoming: &Incoming,
) -> Result<Option<StaffReply>, Failure> {
    let Some(notice) = answered(conn, incoming)? else {
        return Ok(None);
    };
    let Some(writer) = writer(conn, at, &notice, &incoming.from.address)? else {
        return Ok(None);
    };
    let named_to_them = notice.letter.references();
    let mut wanted: Vec<String> = Reference::find_all(&incoming.new_text)
        .iter()
        .map(ToString::to_string)
        .collect();
    if wanted.is_empty()
        && let [only] = named_to_them.as_slice()
    {
        wanted.push(only.clone());
    }
    let mut cases = Vec::new();
    for reference in wanted {
        if let Some(filed) = find(conn, &writer, &named_to_them, &reference)? {
            cases.push(filed);
        }
    }
    let told_of = match named_to_them.first() {
        Some(first) => by_reference(conn, first)?,
        None => None,
    };
    let text = incoming.new_text.trim().to_owned();
    if text.is_empty() {
        cases.clear();
    }
    Ok(Some(StaffReply {
        writer,
        text,
        cases,
        told_of,
    }))
}

/// Writes the note on each of its cases.
///
/// # Errors
/// When it cannot be written.
pub fn note(tx: &mut Tx<'_>, at: &Moment, reply: &StaffReply) -> Result<(), Failure> {
    for filed in &reply.cases {
        match &reply.writer {
            Writer::Account(actor) => {
                let command = Command::Note {
                    text: reply.text.clone(),
                    audience: Audience::Staff,
                };
                let target = Target::Id(filed.case.id);
                actions::act(tx, at, actor, &target, &command, None)?;
            }
            Writer::Post(label) => note_by_post(tx, at, reply, filed, label)?,
        }
    }
    Ok(())
}

fn note_by_post(
    tx: &mut Tx<'_>,
    at: &Moment,
    reply: &StaffReply,
    filed: &Filed,
    label: &ActorLabel,
) -> Result<(), Failure> {
    let terms = terms_of(tx, at, &filed.case)?;
    let mut case = filed.case.clone();
    let read_revision = case.revision;
    let event = Event::Noted {
        text: reply.text.clone(),
        audience: Audience::Staff,
    };
    apply(&mut case, &event, &terms, By::System, at.now);
    case.last_action = Some(LastAction {
        what: NOTED.to_owned(),
        at: at.now,
    });
    let happened = vec![(event, label.clone())];
    let written = Written::Changed { read_revision };
    settle(tx, at, case, &terms, happened, written)?;
    Ok(())
}

/// The mail to staff that this one answers.
fn answered(conn: &mut Conn, incoming: &Incoming) -> Result<Option<Notice>, Failure> {
    for message_id in &incoming.thread.message_ids {
        let Some(notice) = outbox::find_by_message_id(conn, message_id)? else {
            continue;
        };
        let is_to_staff = notice
            .kind
            .parse::<NoticeKind>()
            .is_ok_and(|kind| !kind.is_for_the_person());
        if is_to_staff && notice.person.is_none() {
            return Ok(Some(notice));
        }
    }
    Ok(None)
}

fn writer(
    conn: &mut Conn,
    at: &Moment,
    notice: &Notice,
    address: &str,
) -> Result<Option<Writer>, Failure> {
    let account = users::find_by_email(conn, address)?.filter(|account| {
        let works_here = !matches!(
            account.user.role,
            Role::Councillor | Role::Auditor | Role::Admin
        );
        account.is_active && works_here
    });
    if let Some(account) = account {
        let actor = Box::new(Actor::User(account.user));
        return Ok(Some(Writer::Account(actor)));
    }
    if !notice.recipient.eq_ignore_ascii_case(address) {
        return Ok(None);
    }
    let mut posts = at.council.catalogue.posts.values();
    let post = posts.find(|post| {
        let is_deputy = post.deputy_email.as_deref() == Some(notice.recipient.as_str());
        post.email == notice.recipient || is_deputy
    });
    Ok(Some(Writer::Post(ActorLabel {
        kind: "post".to_owned(),
        id: post.map(|post| post.slug.clone()),
        name: Some(post.map_or_else(|| notice.recipient.clone(), |post| post.title.clone())),
    })))
}

fn find(
    conn: &mut Conn,
    writer: &Writer,
    named_to_them: &[String],
    reference: &str,
) -> Result<Option<Filed>, Failure> {
    match writer {
        Writer::Account(actor) => {
            let Ok(reference) = Reference::parse(reference) else {
                return Ok(None);
            };
            match actions::find(conn, actor, &Target::Reference(reference), Act::Work) {
                Ok(filed) => Ok(Some(filed)),
                Err(Failure::Missing | Failure::Forbidden { .. }) => Ok(None),
                Err(other) => Err(other),
            }
        }
        Writer::Post(_) if named_to_them.iter().any(|named| named == reference) => {
            by_reference(conn, reference)
        }
        Writer::Post(_) => Ok(None),
    }
}

fn by_reference(conn: &mut Conn, reference: &str) -> Result<Option<Filed>, Failure> {
    let Ok(reference) = Reference::parse(reference) else {
        return Ok(None);
    };
    Ok(cases::find_by_reference(conn, &reference)?)
}
