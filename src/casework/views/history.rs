//! What happened on a case, line by line, and what was said.

use jiff::Timestamp;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::attachments::{self, AttachmentView};
use super::{AfterRow, Extent, Part, extent, is_outside_the_work};
use crate::casework::failure::Failure;
use crate::casework::identity;
use crate::casework::members;
use crate::domain::access::{Act, Actor, ActorLabel, Verdict, may};
use crate::domain::case::{Audience, Case};
use crate::domain::contact::{Channel, Direction, Disposition};
use crate::domain::identity::{IdentityChecked, is_spoken};
use crate::domain::ids::{ContactId, EventId};
use crate::domain::lifecycle::Event;
use crate::store::contact_reasons;
use crate::store::contacts::{self, Contact};
use crate::store::events::{self, Line};
use crate::store::{Conn, StoreError, cases, people};

/// One thing that happened on a case.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct TimelineLine {
    pub id: Uuid,
    pub at: Timestamp,
    /// `opened`, `assigned`, `replied`, `clock_missed` …
    pub kind: String,
    /// Who did it.
    pub actor: ActorLabel,
    /// The person whose case it is may read of it.
    pub public: bool,
    /// What that person reads; null when the line is ours alone.
    pub words: Option<String>,
    /// What belongs to this kind of event.
    pub detail: Value,
}

/// One thing said on a case.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ContactView {
    pub id: Uuid,
    pub channel: Channel,
    pub direction: Direction,
    /// What became of it when it came in.
    pub disposition: Disposition,
    pub received_at: Timestamp,
    pub logged_at: Timestamp,
    /// The day its promises count from.
    pub counted_from_on: Option<Date>,
    pub subject: String,
    pub body: String,
    pub language: Option<String>,
    pub person: Option<PersonName>,
    /// The account, key or link it was entered by.
    pub entered_by: String,
    pub external_id: Option<String>,
    /// Files that came with it.
    pub attachments: Vec<AttachmentView>,
    /// Everything else that was given.
    pub detail: Value,
    /// Whether whoever spoke in it has shown who they are.
    pub identity_checked: IdentityChecked,
    /// Why it was made, where that is known.
    pub contact_reason: Option<ContactReasonView>,
    /// Where its words are, when only few may know them: it then stands here without them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kept_elsewhere: Option<String>,
}

/// Why a contact was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ContactReasonView {
    /// A code of the council's contact reasons.
    pub code: String,
    /// Nobody said so: it followed from what the contact does.
    pub found: bool,
}

/// Somebody who contacts us, by id and name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PersonName {
    pub id: Uuid,
    pub name: Option<String>,
}

/// At most so many lines are looked at for one page.
const MOST_READ: i64 = 1000;

/// A part of a case's timeline, oldest first. Members see its public lines.
///
/// # Errors
/// [`Failure::Missing`] when there is no case, or none the actor may know of.
pub fn timeline(
    conn: &mut Conn,
    actor: &Actor,
    case: &Case,
    after: Option<EventId>,
    limit: u16,
) -> Result<Part<TimelineLine, EventId>, Failure> {
    if extent(conn, actor, case)? == Some(Extent::AsThePublic) {
        return public_lines(conn, case, after, limit);
    }
    // On the service's own case its officers write for whoever has the enquiry, not for the member.
    let hides_words = is_outside_the_work(actor) && members::enquiry_beside(conn, case)?.is_some();
    let mut items = Vec::new();
    let mut after = after;
    loop {
        let lines = events::of_case(conn, case.id, after, MOST_READ)?;
        let is_all = i64::try_from(lines.len()).unwrap_or(i64::MAX) < MOST_READ;
        for line in lines {
            let shown = is_shown(actor, case, &line)? && !names_hidden(conn, actor, &line)?;
            if shown && items.len() == usize::from(limit) {
                return Ok(Part { items, next: after });
            }
            after = Some(line.id);
            if shown {
                let mut shown = line_for(actor, &line)?;
                if hides_words {
                    shown.detail = Value::Object(serde_json::Map::new());
                }
                items.push(shown);
            }
        }
        if is_all {
            return Ok(Part { items, next: None });
        }
    }
}

/// Its public lines, with their public words alone.
fn public_lines(
    conn: &mut Conn,
    case: &Case,
    after: Option<EventId>,
    limit: u16,
) -> Result<Part<TimelineLine, EventId>, Failure> {
    let lines = events::public_of_case(conn, case.id, after, i64::from(limit) + 1)?;
    let part = Part::cut(lines, limit, |line: &Line| line.id);
    let items = part
        .items
        .iter()
        .map(|line| {
            Ok(TimelineLine {
                id: line.id.0,
                at: line.at,
                kind: line.kind.clone(),
                actor: ActorLabel {
                    kind: line.actor.kind.clone(),
                    id: None,
                    name: None,
                },
                public: true,
                words: read(line)?.public_words(),
                detail: Value::Object(serde_json::Map::new()),
            })
        })
        .collect::<Result<_, Failure>>()?;
    Ok(Part {
        items,
        next: part.next,
    })
}

/// A part of what was said on a case, oldest first.
///
/// # Errors
/// [`Failure::Missing`] when there is no case, or none the actor may know of.
pub fn contacts(
    conn: &mut Conn,
    case: &Case,
    after: Option<AfterRow>,
    limit: u16,
) -> Result<Part<ContactView, AfterRow>, Failure> {
    let after = after.map(|(at, id)| (at, ContactId(id)));
    let rows = contacts::said_on(conn, case.id, after, i64::from(limit) + 1)?;
    let part = Part::cut(rows, limit, |row: &Contact| (row.received_at, row.id.0));
    let mut items = Vec::with_capacity(part.items.len());
    for contact in part.items {
        let is_here = contact.case == Some(case.id);
        let shown = contact_view(conn, contact)?;
        items.push(if is_here { shown } else { without_words(shown) });
    }
    Ok(Part {
        items,
        next: part.next,
    })
}

/// A contact on the case it was said on, when its words stand on a case for few.
fn without_words(contact: ContactView) -> ContactView {
    ContactView {
        subject: String::new(),
        body: String::new(),
        language: None,
        external_id: None,
        attachments: Vec::new(),
        detail: Value::Null,
        identity_checked: IdentityChecked::None,
        contact_reason: None,
        kept_elsewhere: Some(
            "It went to those few who may read it. They have been told, and answer it.".to_owned(),
        ),
        ..contact
    }
}

/// One contact as staff read it.
///
/// # Errors
/// When the database cannot be asked.
pub fn contact_view(conn: &mut Conn, contact: Contact) -> Result<ContactView, Failure> {
    let person = match contact.person {
        Some(id) => Some(PersonName {
            id: id.0,
            name: people::find(conn, id)?.and_then(|person| person.name),
        }),
        None => None,
    };
    let identity_checked = match contact.case {
        Some(case) if is_spoken(contact.channel) => {
            identity::standing(conn, case, Some(contact.id))?
        }
        _ => IdentityChecked::None,
    };
    let attachments = attachments::of_contacts(conn, &[contact.id])?
        .remove(&contact.id)
        .unwrap_or_default();
    let reason = contact_reasons::find(conn, contact.id)?;
    let contact_reason = reason.map(|mark| ContactReasonView {
        code: mark.reason,
        found: mark.is_found,
    });
    Ok(ContactView {
        contact_reason,
        identity_checked,
        attachments,
        id: contact.id.0,
        channel: contact.channel,
        direction: contact.direction,
        disposition: contact.disposition,
        received_at: contact.received_at,
        logged_at: contact.logged_at,
        counted_from_on: contact.counted_from_on,
        subject: contact.subject,
        body: contact.body,
        language: contact.language,
        person,
        entered_by: contact.entered_by,
        external_id: contact.external_id,
        detail: contact.detail,
        kept_elsewhere: None,
    })
}

/// A line as the actor may read it. Of the work behind a public line a member reads what was said
/// to the person, and no more.
pub(super) fn line_for(actor: &Actor, line: &Line) -> Result<TimelineLine, Failure> {
    let event = read(line)?;
    let is_outside = is_outside_the_work(actor);
    let was_said_to_the_person = matches!(
        event,
        Event::Acknowledged { .. }
            | Event::Asked { .. }
            | Event::Replied { .. }
            | Event::Extended { .. }
    );
    let detail = line
        .event
        .get("detail")
        .filter(|_| !is_outside || was_said_to_the_person);
    let mut label = line.actor.clone();
    if is_outside {
        label.id = None;
        label.name = None;
    }
    Ok(TimelineLine {
        id: line.id.0,
        at: line.at,
        kind: line.kind.clone(),
        actor: label,
        public: line.is_public,
        words: event.public_words(),
        detail: detail
            .cloned()
            .unwrap_or_else(|| Value::Object(serde_json::Map::new())),
    })
}

/// A line that ties this case to one the reader may not know of.
fn names_hidden(conn: &mut Conn, actor: &Actor, line: &Line) -> Result<bool, Failure> {
    let other = match line.kind.as_str() {
        "linked" | "merged" | "merged_in" => match read(line)? {
            Event::Linked { case, .. } => case,
            Event::Merged { into } => into,
            Event::MergedIn { other } => other,
            _ => return Ok(false),
        },
        _ => return Ok(false),
    };
    let found = cases::find(conn, other)?;
    Ok(found.is_some_and(|filed| may(actor, Act::Read, &filed.case, false) == Verdict::Hide))
}

fn is_shown(actor: &Actor, case: &Case, line: &Line) -> Result<bool, Failure> {
    if is_outside_the_work(actor) {
        return Ok(line.is_public);
    }
    if line.kind != "noted" {
        return Ok(true);
    }
    let is_for_the_team = matches!(
        read(line)?,
        Event::Noted {
            audience: Audience::Team,
            ..
        }
    );
    Ok(!is_for_the_team || may(actor, Act::Work, case, false) == Verdict::Allow)
}

fn read(line: &Line) -> Result<Event, Failure> {
    serde_json::from_value(line.event.clone())
        .map_err(|why| StoreError::Unreadable(format!("event {}: {why}", line.id)).into())
}
