//! Our side of the conversation: whom an answer goes to, which mail it answers, the contact it is,
//! and how it is taken back before it leaves.

use serde_json::json;

use crate::casework::desk::Moment;
use crate::casework::failure::Failure;
use crate::casework::letters::{Thread, Told};
use crate::domain::access::Actor;
use crate::domain::case::Case;
use crate::domain::contact::{Channel, Direction, Disposition};
use crate::domain::ids::{CaseId, NoticeId, PersonId};
use crate::domain::lifecycle::Refusal;
use crate::domain::person::RoleOnCase;
use crate::store::contacts::{self, Contact};
use crate::store::people::{self, Person};
use crate::store::{Conn, Tx, cases, outbox};

/// Whoever asked, or speaks for somebody who did, and has not withdrawn: the reporter first. A merge
/// brings several, and each is answered.
pub(in crate::casework) fn people_to_answer(
    conn: &mut Conn,
    case: &Case,
) -> Result<Vec<Person>, Failure> {
    let mut found = Vec::new();
    for (id, role, has_withdrawn) in cases::people(conn, case.id)? {
        let is_answered = matches!(role, RoleOnCase::Reporter | RoleOnCase::Advocate);
        if is_answered
            && !has_withdrawn
            && let Some(person) = people::find(conn, id)?
        {
            found.push(person);
        }
    }
    found.sort_by_key(|person| Some(person.id) != case.reporter);
    Ok(found)
}

/// The conversation our next mail belongs to: that of the last mail from the person.
pub(in crate::casework) fn last_thread(conn: &mut Conn, case: &Case) -> Result<Thread, Failure> {
    let all = contacts::of_case(conn, case.id, None, 100)?;
    let last = all.iter().rev().find(|contact| {
        contact.channel == Channel::Email && contact.direction == Direction::Inbound
    });
    Ok(last
        .and_then(|contact| contact.message_id.clone())
        .map_or_else(Thread::default, |id| Thread {
            in_reply_to: Some(id.clone()),
            references: vec![id],
        }))
}

/// What we said is a contact too.
pub(super) fn log_outbound(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    case: &Case,
    text: &str,
    (told, person): (Told, Option<PersonId>),
    recipients: Option<Vec<String>>,
) -> Result<(), Failure> {
    let detail = recipients.map_or_else(|| json!({}), |all| json!({"recipients": all}));
    contacts::insert(
        tx,
        &Contact {
            id: at.id(),
            case: Some(case.id),
            person,
            channel: if matches!(told, Told::ByPost(_)) {
                Channel::Letter
            } else {
                Channel::Email
            },
            direction: Direction::Outbound,
            disposition: Disposition::Joined,
            received_at: at.now,
            logged_at: at.now,
            counted_from_on: None,
            subject: String::new(),
            body: text.to_owned(),
            language: None,
            entered_by: actor.principal(),
            source: "reeve".to_owned(),
            external_id: None,
            fingerprint: None,
            mailbox: None,
            message_id: None,
            detail,
            waits_for: None,
            limit_at: None,
        },
    )?;
    Ok(())
}

/// Takes back what was written in one act, to everybody it was written to: all of it or none, so
/// that nobody reads what others are told was taken back.
pub(super) fn take_back(tx: &mut Tx<'_>, case: CaseId, id: NoticeId) -> Result<(), Failure> {
    let notice = outbox::find(tx, id)?.ok_or(Failure::Missing)?;
    if !outbox::take_back(tx, id)? {
        return Err(Refusal::AlreadySent.into());
    }
    for other in outbox::written_with(tx, case, &notice)? {
        let has_gone = match other.state.as_str() {
            "cancelled" => false,
            // What could not be mailed may lie there as a letter instead.
            "failed" => match outbox::find_by_key(tx, &format!("post:{}", other.id))? {
                Some(letter) if letter.state == "to_write" => !outbox::take_back(tx, letter.id)?,
                Some(letter) => letter.state == "sent",
                None => false,
            },
            "sent" => true,
            _ => !outbox::take_back(tx, other.id)?,
        };
        if has_gone {
            return Err(Refusal::AlreadySent.into());
        }
    }
    Ok(())
}
