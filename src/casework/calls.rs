//! Telephone calls: what the phone system tells is kept, and answered with what it needs to know next.
//!
//! An event is kept once and the call made anew of all of its events, so that neither their order nor
//! a repeat matters. Whose call it may be is worked out for whoever asks, each time, and kept nowhere.

use sha2::{Digest as _, Sha256};

use super::audit::note_look;
use super::desk::{Moment, hex};
use super::failure::Failure;
use super::people::{is_visible, marking, sameness};
use super::views::CaseName;
use super::views::calls::{CallContact, CallView, OnTheLine, OpenCase, PlaceView};
use crate::domain::access::{Act, Actor, Verdict, may};
use crate::domain::telephony::waiting::{PACE_WINDOW, expected, offers_callback, say};
use crate::domain::telephony::{Call, CallEvent, CallEventKind, CallState};
use crate::store::calls::{self, Told};
use crate::store::cases::{self, Filter, Order};
use crate::store::{Conn, Tx, contacts, people};

/// What a phone system, or an agent's telephone, is answered.
#[derive(Debug, Clone)]
pub struct Answered {
    pub call: CallView,
    /// While it waits and its place is known.
    pub place: Option<PlaceView>,
    pub people: Vec<OnTheLine>,
}

/// Open cases shown of each person; the rest is a click away.
const CASES_SHOWN: i64 = 10;

/// Takes in what a phone system tells of a call.
///
/// # Errors
/// When it cannot be written.
pub fn take(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    id: &str,
    event: &CallEvent,
) -> Result<Answered, Failure> {
    calls::hold(tx, id)?;
    let told = Told {
        call: id,
        event,
        fingerprint: &fingerprint(event),
        at: at.now,
        by: &actor.principal(),
    };
    if calls::keep_event(tx, &told)? {
        let call = Call::of(&calls::events_of(tx, id)?);
        calls::file(tx, id, &call)?;
        note_look(
            tx,
            at,
            actor,
            &format!("call.{}", event.kind),
            &object(id),
            None,
        )?;
    }
    let call = calls::find(tx, id)?.ok_or(Failure::Missing)?;
    let is_new_on_the_line = matches!(
        event.kind,
        CallEventKind::Offered | CallEventKind::Queued | CallEventKind::Answered
    );
    let people = if is_new_on_the_line {
        on_the_line(tx, at, actor, &call)?
    } else {
        Vec::new()
    };
    for seen in &people {
        let person = format!("person:{}", seen.id);
        note_look(tx, at, actor, "person.found", &person, None)?;
    }
    Ok(Answered {
        place: place_of(tx, at, &call, event)?,
        call: view(tx, actor, id, call)?,
        people,
    })
}

/// A call, and whose it may be.
///
/// # Errors
/// [`Failure::Missing`] when nothing was told or logged of it.
pub fn show(conn: &mut Conn, at: &Moment, actor: &Actor, id: &str) -> Result<Answered, Failure> {
    let call = calls::find(conn, id)?.ok_or(Failure::Missing)?;
    Ok(Answered {
        place: None,
        people: on_the_line(conn, at, actor, &call)?,
        call: view(conn, actor, id, call)?,
    })
}

/// A call as it stands in the audit.
#[must_use]
pub fn object(id: &str) -> String {
    format!("call:{id}")
}

/// Those who proved that this number is theirs, and whom the reader may know of: each with what to
/// know before dealing with them, and the open cases the reader may see.
fn on_the_line(
    conn: &mut Conn,
    at: &Moment,
    actor: &Actor,
    call: &Call,
) -> Result<Vec<OnTheLine>, Failure> {
    let Some(number) = &call.number else {
        return Ok(Vec::new());
    };
    let mut found: Vec<OnTheLine> = Vec::new();
    for (person, is_verified) in people::identified_by(conn, "phone", number)? {
        // A number that somebody only wrote down is not proof of whose telephone rings.
        if !is_verified || !is_visible(conn, at, actor, person.id)? {
            continue;
        }
        let head = sameness::visible_head(conn, at, actor, person.id)?;
        if found.iter().any(|known| known.id == head.0) {
            continue;
        }
        let Some(person) = people::find(conn, head)? else {
            continue;
        };
        let filter = Filter {
            people: Some(sameness::visible_ids(conn, at, actor, head)?),
            is_closed: Some(false),
            ..Filter::default()
        };
        let open = cases::list(conn, &actor.sight(), &filter, Order::Due, None, CASES_SHOWN)?;
        found.push(OnTheLine {
            id: person.id.0,
            name: person.name.clone(),
            kind: person.kind,
            instructions: marking::instructions_on(conn, at, actor, &person)?,
            safe_contact: person.safe_contact.clone().map(|safe| safe.ways),
            is_deceased: person.is_deceased,
            open_cases: open
                .into_iter()
                .filter(|filed| may(actor, Act::Read, &filed.case, false) == Verdict::Allow)
                .map(|filed| OpenCase {
                    id: filed.case.id.0,
                    reference: filed.case.reference.to_string(),
                    subject: filed.case.subject,
                    service: filed.case.service,
                    category: filed.case.category,
                    status: filed.case.status,
                    respond_on: filed.dates.respond_on,
                })
                .collect(),
        });
    }
    Ok(found)
}

/// What somebody who waits may be told: as of the event, by the pace at which calls beside theirs
/// were answered up to then.
fn place_of(
    conn: &mut Conn,
    at: &Moment,
    call: &Call,
    event: &CallEvent,
) -> Result<Option<PlaceView>, Failure> {
    let Some(position) = event
        .position
        .filter(|_| call.state() == CallState::Waiting)
    else {
        return Ok(None);
    };
    let window = (event.at - PACE_WINDOW, event.at);
    let answered = calls::answers_in(conn, call.queue.as_deref(), window)?;
    let wait = expected(position, &answered, event.at);
    let catalogue = &at.council.catalogue;
    let is_open = catalogue.is_staffed(&catalogue.council.main_hours, event.at);
    let callback_offered = offers_callback(wait, is_open);
    Ok(Some(PlaceView {
        position,
        expected_wait_seconds: wait.map(|wait| wait.as_secs()),
        say: say(position, wait, callback_offered),
        callback_offered,
    }))
}

fn view(conn: &mut Conn, actor: &Actor, id: &str, call: Call) -> Result<CallView, Failure> {
    let mut logged = Vec::new();
    for contact in calls::contacts_of(conn, id)? {
        let Some(contact) = contacts::find(conn, contact)? else {
            continue;
        };
        let filed = match contact.case {
            Some(case) => cases::find(conn, case)?,
            None => None,
        };
        // What was said on a case nobody may know of is not to be known of either.
        let is_hidden = filed
            .as_ref()
            .is_some_and(|filed| may(actor, Act::Read, &filed.case, false) != Verdict::Allow);
        if !is_hidden {
            logged.push(CallContact {
                id: contact.id.0,
                case: filed.map(|filed| CaseName {
                    id: filed.case.id.0,
                    reference: filed.case.reference.to_string(),
                }),
            });
        }
    }
    Ok(CallView {
        id: id.to_owned(),
        state: call.state(),
        waited_seconds: call.waited().map(|waited| waited.as_secs()),
        line: call.line,
        queue: call.queue,
        number: call.number,
        agent: call.agent,
        began_at: call.began_at,
        answered_at: call.answered_at,
        abandoned_at: call.abandoned_at,
        ended_at: call.ended_at,
        wrapped_at: call.wrapped_at,
        first_position: call.first_position,
        position: call.position,
        contacts: logged,
    })
}

/// Two events are one when this is the same. The caller's number has no part in it: what is told
/// again after the number was forgotten is still known.
fn fingerprint(event: &CallEvent) -> String {
    let text = format!(
        "{:?}",
        (
            event.kind.as_str(),
            event.at.as_microsecond(),
            event.position,
            &event.queue,
            &event.line,
            &event.agent,
        )
    );
    hex(&Sha256::digest(text))
}
