//! A reply to a mail of ours to an inbox.
//!
//! The secret part of the address it came to says which case it is about; that it came from the inbox,
//! or a domain the queue names, says whose words they are. Both are needed before anything is sent on,
//! because a sender's address is easily forged; and a mail whose own domain disowns it is put before a
//! person. What a machine answers never gets here: it is stored, and nobody is told.

use super::{is_theirs, queue_of, reply_hash};
use crate::casework::actions::{self, Target};
use crate::casework::desk::Moment;
use crate::casework::failure::Failure;
use crate::casework::letters;
use crate::channels::email_in::Incoming;
use crate::domain::access::{Actor, Inbox};
use crate::domain::by_email::{self, LinkAct};
use crate::domain::case::{Audience, Outcome, ReplyKind};
use crate::domain::ids::ContactId;
use crate::domain::lifecycle::Command;
use crate::domain::notice::{InboxBecame, Says};
use crate::domain::wording::{self, Language};
use crate::store::cases::{self, Filed};
use crate::store::db::IsRetryable as _;
use crate::store::inbox_links::{self, InboxLink};
use crate::store::{Conn, Tx};

/// A mail to the secret address of a mail of ours to an inbox.
#[derive(Debug)]
pub struct InboxReply {
    pub filed: Filed,
    /// As whom it may act; nobody where it did not come from the inbox, or the case is not theirs.
    pub actor: Option<Actor>,
    /// Its sender's domain disowns it.
    pub is_disowned: bool,
    text: String,
}

/// Reads a mail as a reply from an inbox; nothing when it did not come to the address of one.
///
/// # Errors
/// When the database cannot be asked.
pub fn read(
    conn: &mut Conn,
    at: &Moment,
    incoming: &Incoming,
) -> Result<Option<InboxReply>, Failure> {
    let Some(link) = link_of(conn, incoming)? else {
        return Ok(None);
    };
    let Some(filed) = cases::find(conn, link.case)? else {
        return Ok(None);
    };
    let queue = queue_of(at, &filed.case).filter(|queue| {
        is_theirs(at, &filed.case, &link.queue)
            && queue.is_written_from(&incoming.from.address)
            && at.now < link.expires_at
            && !incoming.is_disowned
    });
    let actor = queue.map(|queue| {
        Actor::Inbox(Inbox {
            queue: queue.slug.clone(),
            team: queue.team_name.clone(),
            name: incoming.from.name.clone(),
        })
    });
    let text = incoming.new_text.trim().to_owned();
    Ok(Some(InboxReply {
        filed,
        // Nothing new was written: a person looks what was meant.
        actor: actor.filter(|_| !text.is_empty()),
        is_disowned: incoming.is_disowned,
        text,
    }))
}

/// The case whose mail to an inbox this answers, whoever wrote it: where what a machine sent is shown.
///
/// # Errors
/// When the database cannot be asked.
pub fn case_of_token(conn: &mut Conn, incoming: &Incoming) -> Result<Option<Filed>, Failure> {
    match link_of(conn, incoming)? {
        Some(link) => Ok(cases::find(conn, link.case)?),
        None => Ok(None),
    }
}

/// Keeps a reply as a note, or sends its words on to the resident, and tells the inbox which.
///
/// # Errors
/// When it cannot be written.
pub fn take(
    tx: &mut Tx<'_>,
    at: &Moment,
    reply: &InboxReply,
    actor: &Actor,
    contact: ContactId,
) -> Result<(), Failure> {
    let target = Target::Id(reply.filed.case.id);
    let note = |text: &str| Command::Note {
        text: text.to_owned(),
        audience: Audience::Staff,
    };
    let said = by_email::read(&reply.text);
    let mut why_not = None;
    let became = match &said.to_resident {
        None => InboxBecame::Note,
        Some((kind, words)) => match send_on(tx, at, actor, &target, *kind, words)? {
            None => InboxBecame::Sent,
            Some(why) => {
                why_not = Some(why);
                InboxBecame::NotSent
            }
        },
    };
    let noted = match became {
        InboxBecame::Sent => said.note.as_str(),
        // The whole of it: whoever deals with it sees for whom it was meant.
        InboxBecame::Note | InboxBecame::NotSent => reply.text.as_str(),
    };
    if !noted.is_empty() {
        actions::act(tx, at, actor, &target, &note(noted), None)?;
    }
    tell_inbox(tx, at, reply, contact, became, why_not)
}

/// Sends words on the way an officer's go. What the rules are against is said, and nothing is sent.
fn send_on(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    target: &Target,
    kind: ReplyKind,
    words: &str,
) -> Result<Option<String>, Failure> {
    if holds_a_link_of_ours(words) {
        return Ok(Some(
            "They hold a link from our own e-mail, which is for your team alone.".to_owned(),
        ));
    }
    let command = Command::Reply {
        text: words.to_owned(),
        kind,
        outcome: (kind == ReplyKind::Substantive).then_some(Outcome::Answered),
        general_only: false,
    };
    // What it had begun to write goes with it when it is refused; the note that is kept instead stays.
    let sent = tx.attempt(|tx| actions::act(tx, at, actor, target, &command, None));
    match sent {
        Ok(_) => Ok(None),
        Err(failure) if failure.is_retryable() => Err(failure),
        Err(
            failure @ (Failure::Refused(_)
            | Failure::Conflict { .. }
            | Failure::Forbidden { .. }
            | Failure::Invalid(_)),
        ) => Ok(Some(failure.to_string())),
        Err(failure) => Err(failure),
    }
}

/// Words that quote our mail would give the resident the team's own links.
fn holds_a_link_of_ours(words: &str) -> bool {
    words.contains(crate::auth::inbox_links::PREFIX)
}

/// To the inbox itself and to no other address: nobody is written to because a mail said so.
fn tell_inbox(
    tx: &mut Tx<'_>,
    at: &Moment,
    reply: &InboxReply,
    contact: ContactId,
    became: InboxBecame,
    why_not: Option<String>,
) -> Result<(), Failure> {
    let case = &reply.filed.case;
    let Some(inbox) = queue_of(at, case).and_then(|queue| queue.inbox()) else {
        return Ok(());
    };
    let item = letters::staff_item(tx, at, case, None)?;
    let zone = at.council.catalogue.calendar.zone();
    let leaves_at = (became == InboxBecame::Sent)
        .then(|| wording::at_when(letters::after_undo(at), zone, Language::English));
    let says = Says::InboxReceipt {
        item,
        became,
        leaves_at,
        why_not,
    };
    let key = format!("inbox_receipt:{contact}");
    letters::tell_staff(tx, at, Some(case.id), inbox, says, key, at.now)?;
    Ok(())
}

fn link_of(conn: &mut Conn, incoming: &Incoming) -> Result<Option<InboxLink>, Failure> {
    for token in &incoming.thread.tokens {
        let found = inbox_links::find(conn, &reply_hash(token))?;
        if let Some(link) = found.filter(|link| link.act == LinkAct::Reply) {
            return Ok(Some(link));
        }
    }
    Ok(None)
}
