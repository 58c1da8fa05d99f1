//! The steps that were taken: who was told what was late, and when.

use std::collections::HashMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use super::{AfterRow, CaseName, Part, mail, readable};
use crate::casework::actions::{Target, find};
use crate::casework::desk::Moment;
use crate::casework::escalation::queue_of_mail;
use crate::casework::failure::Failure;
use crate::domain::access::{Act, Actor, Reach};
use crate::domain::case::Secrecy;
use crate::domain::ids::{CaseId, ContactId, EscalationId, NoticeId};
use crate::store::escalations::{self, Taken};
use crate::store::{Conn, contacts, outbox};

/// One step of a ladder, with everybody it told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct EscalationView {
    /// Null for a mail that waits on no case.
    pub case: Option<CaseName>,
    /// The mail that waits on no case.
    pub contact: Option<Uuid>,
    /// The clock, or the place where it waits: `waiting_triage`, `waiting_unassigned`,
    /// `waiting_paused`, `waiting_bounced`, `waiting_held`, `waiting_quarantined`.
    pub clock: String,
    /// As the ladder has it: `-2 working_days`, `due`, `+1 working_days`.
    pub step: String,
    /// Of a step that repeats, which time.
    pub occurrence: i32,
    pub due_at: Timestamp,
    pub taken_at: Timestamp,
    pub to: Vec<ToldPost>,
    /// `sent`, `coalesced` (a newer step says it), `skipped` or `undeliverable`.
    pub state: String,
    /// That it was shown is put down in the audit.
    #[serde(skip)]
    pub is_restricted: bool,
}

/// A post that was told, at its office address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ToldPost {
    pub post: String,
    pub email: String,
    /// What became of the notice: `pending` (on its way, or waiting for the day's digest), `sent`,
    /// `failed`, `bounced` or `cancelled` (it was answered before the mail left). Null where none
    /// was written.
    pub delivery: Option<String>,
}

/// Rows read at once, and rows looked at for one page at most: a reader who may see little of the mail
/// that waits gets a short page that goes on, not a slow one.
const AT_ONCE: i64 = 200;
const MOST_READ: usize = 2000;

/// A part of the steps on cases the actor may see, newest first; of one case, when one is named.
///
/// # Errors
/// [`Failure::Missing`] when a case is named that is not there, or not theirs to know of.
pub fn list(
    conn: &mut Conn,
    at: &Moment,
    actor: &Actor,
    target: Option<&Target>,
    after: Option<AfterRow>,
    limit: u16,
) -> Result<Part<EscalationView, AfterRow>, Failure> {
    let only = match target {
        Some(target) => Some(find(conn, actor, target, Act::Read)?.case.id),
        None => None,
    };
    let sight = actor.sight();
    let mut seen: HashMap<Subject, Option<Named>> = HashMap::new();
    let mut items: Vec<EscalationView> = Vec::new();
    let mut last: Option<Taken> = None;
    let mut after = after;
    let mut n_read = 0;
    loop {
        let before = after.map(|(at, id)| (at, EscalationId(id)));
        let rows = escalations::newest(conn, &sight, only, before, AT_ONCE)?;
        let is_all = i64::try_from(rows.len()).unwrap_or(i64::MAX) < AT_ONCE;
        let became = deliveries(conn, &rows)?;
        for row in rows {
            let subject = (row.case, row.contact);
            let name = match seen.get(&subject) {
                Some(name) => name.clone(),
                None => {
                    let name = named(conn, at, actor, subject)?;
                    seen.insert(subject, name.clone());
                    name
                }
            };
            n_read += 1;
            let place = (row.taken_at, row.id.0);
            if let Some(name) = name {
                let is_more_of_the_last = last.as_ref().is_some_and(|last| is_one_step(last, &row));
                let told = ToldPost {
                    post: row.post.clone(),
                    email: row.recipient.clone(),
                    delivery: delivery(&row, &became),
                };
                let is_full = items.len() == usize::from(limit);
                match items.last_mut() {
                    Some(step) if is_more_of_the_last => step.to.insert(0, told),
                    _ if is_full => {
                        let next = last.map(|last| (last.taken_at, last.id.0));
                        return Ok(Part { items, next });
                    }
                    _ => items.push(step(name, &row, told)),
                }
                last = Some(row);
            }
            after = Some(place);
        }
        if is_all {
            return Ok(Part { items, next: None });
        }
        if n_read >= MOST_READ {
            return Ok(Part { items, next: after });
        }
    }
}

/// What a step is about: a case, or a mail on none.
type Subject = (Option<CaseId>, Option<ContactId>);

#[derive(Clone)]
enum Named {
    Case(CaseName, Secrecy),
    Mail(ContactId),
}

/// What a step is about, when the actor may know of it: mail on no case is for those who may see it and
/// the queue it waits in.
fn named(
    conn: &mut Conn,
    at: &Moment,
    actor: &Actor,
    subject: Subject,
) -> Result<Option<Named>, Failure> {
    match subject {
        (Some(case), _) => {
            let filed = readable(conn, actor, case)?;
            Ok(filed.map(|filed| Named::Case(CaseName::of(&filed.case), filed.case.secrecy)))
        }
        (None, Some(id)) => {
            let Some(contact) = contacts::find(conn, id)? else {
                return Ok(None);
            };
            if !mail::may_see(conn, at, actor, &contact)? {
                return Ok(None);
            }
            let queue = queue_of_mail(&at.council.catalogue, &contact);
            let may_know = match actor.sight().ordinary {
                Reach::Everything => true,
                Reach::Within { queues, .. } => {
                    queue.is_some_and(|queue| queues.contains(&queue.slug))
                }
                Reach::Nothing => false,
            };
            Ok(may_know.then_some(Named::Mail(id)))
        }
        (None, None) => Ok(None),
    }
}

fn deliveries(conn: &mut Conn, rows: &[Taken]) -> Result<HashMap<NoticeId, String>, Failure> {
    let notices: Vec<NoticeId> = rows.iter().filter_map(|row| row.notice).collect();
    if notices.is_empty() {
        return Ok(HashMap::new());
    }
    Ok(outbox::deliveries(conn, &notices)?.into_iter().collect())
}

fn delivery(row: &Taken, became: &HashMap<NoticeId, String>) -> Option<String> {
    if row.digest_after.is_some() {
        return Some("pending".to_owned());
    }
    row.notice.and_then(|notice| became.get(&notice).cloned())
}

/// Rows of one step differ in whom they told only.
fn is_one_step(one: &Taken, other: &Taken) -> bool {
    (one.case, one.contact) == (other.case, other.contact)
        && one.clock == other.clock
        && one.step == other.step
        && one.occurrence == other.occurrence
        && one.promised_at == other.promised_at
        && one.taken_at == other.taken_at
        && one.state == other.state
}

fn step(name: Named, row: &Taken, told: ToldPost) -> EscalationView {
    let is_restricted = matches!(name, Named::Case(_, Secrecy::Restricted));
    let (case, contact) = match name {
        Named::Case(case, _) => (Some(case), None),
        Named::Mail(contact) => (None, Some(contact.0)),
    };
    EscalationView {
        is_restricted,
        case,
        contact,
        clock: row.clock.clone(),
        step: row.step.clone(),
        occurrence: row.occurrence,
        due_at: row.due_at,
        taken_at: row.taken_at,
        to: vec![told],
        state: row.state.clone(),
    }
}
