//! The service's own case beside a member's enquiry. The service works and answers there; the
//! member hears of it from whoever has the enquiry, so that nobody writes past the limits of consent
//! and the member has one answer, not two.

use jiff::Timestamp;

use crate::casework::desk::Moment;
use crate::casework::failure::Failure;
use crate::casework::letters;
use crate::casework::promises::{Written, answer_reading, settle_by, terms_of};
use crate::domain::access::{Act, Actor, ActorLabel, Verdict, may};
use crate::domain::case::{Case, LinkKind, Outcome, Procedure, ReplyKind, Secrecy};
use crate::domain::clock;
use crate::domain::lifecycle::{self, By, Command, Event};
use crate::domain::notice::Says;
use crate::domain::reference::Reference;
use crate::domain::wording;
use crate::store::{Conn, Tx, cases, events, users};

/// What the service answered on its own case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceAnswer {
    pub case: Reference,
    pub at: Timestamp,
    pub text: String,
}

/// The member's enquiry a service's own case stands beside, when there is one.
///
/// # Errors
/// When it cannot be read.
pub fn enquiry_beside(conn: &mut Conn, case: &Case) -> Result<Option<Case>, Failure> {
    if case.procedure == Procedure::MemberEnquiry || case.secrecy == Secrecy::Restricted {
        return Ok(None);
    }
    let related = cases::related(conn, &Actor::System.sight(), case.id)?;
    let enquiry = related.into_iter().find(|(kind, filed)| {
        *kind == LinkKind::About && filed.case.procedure == Procedure::MemberEnquiry
    });
    // Somebody who asks for themselves about the same is answered as anybody is.
    Ok(enquiry
        .map(|(_, filed)| filed.case)
        .filter(|enquiry| enquiry.reporter == case.reporter))
}

/// The newest answer of the service's own case, for whoever may read it there.
///
/// # Errors
/// When it cannot be read.
pub fn service_answer(
    conn: &mut Conn,
    actor: &Actor,
    own: &Case,
) -> Result<Option<ServiceAnswer>, Failure> {
    let is_ordinary = own.secrecy == Secrecy::Ordinary;
    if !is_ordinary && may(actor, Act::Read, own, false) != Verdict::Allow {
        return Ok(None);
    }
    let replies = events::of_kinds(conn, own.id, &["replied"])?;
    let answer = replies
        .into_iter()
        .rev()
        .find_map(|(at, event)| match event {
            Event::Replied {
                text,
                reply: ReplyKind::Substantive,
                ..
            } => Some(ServiceAnswer {
                case: own.reference.clone(),
                at,
                text,
            }),
            _ => None,
        });
    Ok(answer)
}

/// What whoever has the enquiry is told of a command on the service's own case, and whether it is an
/// answer; nothing for what goes to the member, or to nobody.
pub(in crate::casework) fn told_inside(command: &Command) -> Option<(&'static str, bool)> {
    Some(match command {
        Command::Reply {
            kind: ReplyKind::Substantive,
            ..
        } => ("has answered", true),
        Command::Reply {
            kind: ReplyKind::Holding,
            ..
        } => ("has sent word", false),
        Command::Hold { .. } | Command::Extend { .. } => ("has set a later date", false),
        Command::Close { outcome } => match outcome {
            Outcome::Answered | Outcome::Resolved => ("has closed its case as done", false),
            _ => ("has closed its case", false),
        },
        Command::Refer { .. } => ("has said that it belongs to somebody else", false),
        Command::Reopen { .. } => ("has opened its case again", false),
        Command::Transfer { .. } => ("has passed its case to another team", false),
        Command::Amend(amendment) if amendment.category.is_some() => {
            ("has placed its case under another matter", false)
        }
        _ => return None,
    })
}

/// Tells whoever has the enquiry: a line on its timeline, and a mail to its officer or else to the
/// leader of its team.
///
/// # Errors
/// When it cannot be written.
pub(in crate::casework) fn tell_of_service(
    tx: &mut Tx<'_>,
    at: &Moment,
    by: &ActorLabel,
    own: &Case,
    enquiry: Case,
    (what, is_answer): (&'static str, bool),
) -> Result<(), Failure> {
    let terms = terms_of(tx, at, &enquiry)?;
    let read_revision = enquiry.revision;
    let mut noted = enquiry;
    let event = Event::ServiceActed {
        case: own.id,
        what: what.to_owned(),
    };
    lifecycle::apply(&mut noted, &event, &terms, By::System, at.now);
    let written = Written::Changed { read_revision };
    let settled = settle_by(tx, at, noted, &terms, vec![event], by, written)?;
    let enquiry = &settled.filed.case;
    let readings = clock::read(&enquiry.facts, &terms, at.now);
    let item = letters::staff_item(tx, at, enquiry, answer_reading(enquiry, &terms, &readings))?;
    let service = at.council.catalogue.service(&own.service);
    let says = Says::ServiceActed {
        item,
        service_reference: own.reference.to_string(),
        service_team: wording::the_team(
            service.map_or("the council", |service| service.public_name.as_str()),
        ),
        what: what.to_owned(),
        is_answer,
    };
    let Some(email) = keeper(tx, at, enquiry)? else {
        return Ok(());
    };
    let send_at = at.council.catalogue.calendar.next_sending_time(at.now);
    let key = format!("service:{}:{}:{what}", own.id, own.version);
    letters::tell_staff(tx, at, Some(enquiry.id), &email, says, key, send_at)?;
    Ok(())
}

/// The address of whoever has a case: its officer, else the leader of its team.
pub(super) fn keeper(conn: &mut Conn, at: &Moment, case: &Case) -> Result<Option<String>, Failure> {
    if let Some(owner) = case.owner
        && let Some(account) = users::find(conn, owner)?
        && account.is_active
        && may(&Actor::User(account.user.clone()), Act::Read, case, false) == Verdict::Allow
    {
        return Ok(Some(account.user.email));
    }
    let queue = at.council.catalogue.queue(&case.queue);
    Ok(queue.map(|queue| queue.team_leader.email.clone()))
}
