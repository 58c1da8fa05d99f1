//! What was sent, could not be sent, or waits for somebody to write it.
//!
//! Those who run the installation see that a mail could not be delivered and why, never what it
//! says; of a restricted case not even its reference.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::{AfterRow, CaseName, Part, readable};
use crate::casework::actions::{self, Target};
use crate::casework::desk::Moment;
use crate::casework::failure::Failure;
use crate::domain::access::{Act, Actor, Role};
use crate::domain::case::{Case, Secrecy};
use crate::domain::ids::{CaseId, NoticeId};
use crate::domain::lifecycle::TakenBack;
use crate::domain::notice::{Kept, Says};
use crate::store::outbox::{self, Notice};
use crate::store::{Conn, Tx, audit, cases};

/// One thing we tell somebody.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct NoticeView {
    pub id: Uuid,
    /// `confirmation`, `reply`, `reminder` …
    pub kind: String,
    pub case: Option<CaseName>,
    /// `email`, or `post` for one that somebody writes out.
    pub transport: String,
    /// The address it goes to; null where the reader may not know.
    pub to: Option<String>,
    pub state: NoticeState,
    pub attempts: i32,
    pub last_error: Option<String>,
    pub created_at: Timestamp,
    /// When it leaves, or is tried again.
    pub next_attempt_at: Option<Timestamp>,
    pub sent_at: Option<Timestamp>,
    /// What it says, by the names its template uses; null for those who may not see the case.
    pub letter: Option<Value>,
}

/// Where a notice stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NoticeState {
    /// On its way, or waiting to be tried again.
    Pending,
    /// Accepted for delivery, or posted.
    Sent,
    /// Given up; it can be tried again.
    Failed,
    /// A letter for somebody to write.
    ToWrite,
    /// Taken back before it left.
    Cancelled,
}

const AT_ONCE: i64 = 200;
const MOST_READ: usize = 2000;

impl NoticeState {
    /// The word as it is kept.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::ToWrite => "to_write",
            Self::Cancelled => "cancelled",
        }
    }

    fn of(notice: &Notice) -> Result<Self, Failure> {
        [
            Self::Pending,
            Self::Sent,
            Self::Failed,
            Self::ToWrite,
            Self::Cancelled,
        ]
        .into_iter()
        .find(|state| state.as_str() == notice.state)
        .ok_or_else(|| {
            Failure::Fault(anyhow::anyhow!(
                "notice {} is `{}`",
                notice.id,
                notice.state
            ))
        })
    }
}

/// A part of the notices in one state that the actor may see, newest first.
///
/// # Errors
/// [`Failure::Forbidden`] when the state is not for their role to list.
pub fn list(
    conn: &mut Conn,
    at: &Moment,
    actor: &Actor,
    state: NoticeState,
    after: Option<AfterRow>,
    limit: u16,
) -> Result<Part<NoticeView, AfterRow>, Failure> {
    check_may_list(actor, state)?;
    let mut items = Vec::new();
    let mut after = after;
    let mut n_read = 0;
    loop {
        let before = after.map(|(at, id)| (at, NoticeId(id)));
        let rows = outbox::list(conn, None, Some(state.as_str()), before, AT_ONCE)?;
        let is_all = i64::try_from(rows.len()).unwrap_or(i64::MAX) < AT_ONCE;
        for row in rows {
            let place = (row.created_at, row.id.0);
            if let Some(shown) = shown(conn, at, actor, &row)? {
                if items.len() == usize::from(limit) {
                    return Ok(Part { items, next: after });
                }
                items.push(shown);
            }
            after = Some(place);
            n_read += 1;
        }
        if is_all {
            return Ok(Part { items, next: None });
        }
        if n_read >= MOST_READ {
            return Ok(Part { items, next: after });
        }
    }
}

/// A part of what was told about one case, newest first.
///
/// # Errors
/// [`Failure::Missing`] when there is no case, or none the actor may know of.
pub fn of_case(
    conn: &mut Conn,
    case: &Case,
    after: Option<AfterRow>,
    limit: u16,
) -> Result<Part<NoticeView, AfterRow>, Failure> {
    let before = after.map(|(at, id)| (at, NoticeId(id)));
    let rows = outbox::list(conn, Some(case.id), None, before, i64::from(limit) + 1)?;
    let part = Part::cut(rows, limit, |row: &Notice| (row.created_at, row.id.0));
    let items = part
        .items
        .iter()
        .map(|row| in_full(row, case))
        .collect::<Result<_, _>>()?;
    Ok(Part {
        items,
        next: part.next,
    })
}

/// One notice.
///
/// # Errors
/// [`Failure::Missing`] when there is none, or none the actor may know of.
pub fn one(
    conn: &mut Conn,
    at: &Moment,
    actor: &Actor,
    id: NoticeId,
) -> Result<NoticeView, Failure> {
    let notice = outbox::find(conn, id)?.ok_or(Failure::Missing)?;
    shown(conn, at, actor, &notice)?.ok_or(Failure::Missing)
}

/// The reply of a case that can be taken back, by its notice.
///
/// # Errors
/// [`Failure::Missing`] when the case has none with this id.
pub fn find_reply(conn: &mut Conn, case: CaseId, id: NoticeId) -> Result<TakenBack, Failure> {
    let notice = outbox::find(conn, id)?.filter(|notice| notice.case == Some(case));
    // A holding reply that gave a later date takes the date back with it.
    let gave_a_date = match (&notice, cases::find(conn, case)?) {
        (Some(notice), Some(filed)) => {
            let last = filed.case.facts.extensions.last();
            last.is_some_and(|last| last.at.as_microsecond() == notice.created_at.as_microsecond())
        }
        _ => false,
    };
    match notice.map(|notice| notice.letter.says) {
        Some(Says::Reply { .. }) => Ok(TakenBack::Reply),
        Some(
            Says::HoldingReply { .. }
            | Says::WordsKept {
                instead_of: Kept::Update,
                ..
            },
        ) if !gave_a_date => Ok(TakenBack::HoldingReply),
        Some(
            Says::Extension { .. }
            | Says::HoldingReply { .. }
            | Says::WordsKept {
                instead_of: Kept::Update | Kept::Extension,
                ..
            },
        ) => Ok(TakenBack::Extension),
        Some(Says::WordsKept {
            instead_of: Kept::Answer,
            ..
        }) => Ok(TakenBack::Reply),
        _ => Err(Failure::Missing),
    }
}

/// Tries again, at once, what could not be delivered.
///
/// # Errors
/// A conflict when it did not fail, or is being tried already.
pub fn retry(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    id: NoticeId,
) -> Result<NoticeView, Failure> {
    one(tx, at, actor, id)?;
    check_may_list(actor, NoticeState::Failed)?;
    if !outbox::retry(tx, id, at.now)? {
        return Err(Failure::conflict(
            "not_failed",
            "This notice has not failed: there is nothing to try again.",
        ));
    }
    audit::append(
        tx,
        &audit::Entry {
            id: at.id(),
            at: at.now,
            actor: &actor.principal(),
            action: "notice.retried",
            object: &format!("notice:{id}"),
            purpose: None,
            request_id: at.request_id.as_deref(),
        },
    )?;
    one(tx, at, actor, id)
}

/// Whether a letter waits to be written by the actor, and on which case.
///
/// # Errors
/// [`Failure::Missing`] when there is none, or none they may know of; forbidden when the case is
/// not theirs to work.
pub fn find_letter(conn: &mut Conn, actor: &Actor, id: NoticeId) -> Result<Timestamp, Failure> {
    let notice = outbox::find(conn, id)?.ok_or(Failure::Missing)?;
    let case = notice.case.ok_or(Failure::Missing)?;
    actions::find(conn, actor, &Target::Id(case), Act::Work)?;
    Ok(notice.created_at)
}

fn is_admin(actor: &Actor) -> bool {
    actor.user().is_some_and(|user| user.role == Role::Admin)
}

/// Letters to write are for those who work cases; everything else about deliveries is for those
/// who answer for them.
fn check_may_list(actor: &Actor, state: NoticeState) -> Result<(), Failure> {
    let role = actor.user().map(|user| user.role);
    let may_list = match role {
        Some(Role::TeamLeader | Role::HeadOfService) => true,
        Some(Role::Admin) => state != NoticeState::ToWrite,
        Some(Role::Agent | Role::Officer) => state == NoticeState::ToWrite,
        _ => false,
    };
    if may_list {
        return Ok(());
    }
    Err(Failure::forbidden(
        "role_may_not",
        format!(
            "Notices in the state `{}` are not for your role.",
            state.as_str()
        ),
    ))
}

/// A notice as the actor may see it; nothing when they may not know of it.
fn shown(
    conn: &mut Conn,
    at: &Moment,
    actor: &Actor,
    notice: &Notice,
) -> Result<Option<NoticeView>, Failure> {
    if is_admin(actor) {
        return without_content(conn, notice).map(Some);
    }
    let Some(case) = notice.case else {
        // Digests stand on no case; whoever they go to may know that they failed.
        let is_theirs = actor
            .user()
            .is_some_and(|user| user.email == notice.recipient || is_for_post(at, user, notice));
        return if is_theirs {
            without_content(conn, notice).map(Some)
        } else {
            Ok(None)
        };
    };
    match readable(conn, actor, case)? {
        Some(filed) => in_full(notice, &filed.case).map(Some),
        None => Ok(None),
    }
}

fn is_for_post(at: &Moment, user: &crate::domain::access::User, notice: &Notice) -> bool {
    let post = user
        .post
        .as_deref()
        .and_then(|slug| at.council.catalogue.post(slug));
    post.is_some_and(|post| post.email == notice.recipient)
}

fn in_full(notice: &Notice, case: &Case) -> Result<NoticeView, Failure> {
    // The person's secret link is theirs: staff read the letter without it.
    let letter =
        serde_json::to_value(notice.letter.clone().for_the_post()).map_err(anyhow::Error::from)?;
    Ok(NoticeView {
        case: Some(CaseName::of(case)),
        to: Some(notice.recipient.clone()),
        letter: Some(letter),
        ..bare(notice)?
    })
}

fn without_content(conn: &mut Conn, notice: &Notice) -> Result<NoticeView, Failure> {
    let filed = match notice.case {
        Some(id) => cases::find(conn, id)?,
        None => None,
    };
    let is_secret = filed
        .as_ref()
        .is_some_and(|filed| filed.case.secrecy == Secrecy::Restricted);
    Ok(NoticeView {
        case: filed
            .filter(|_| !is_secret)
            .map(|filed| CaseName::of(&filed.case)),
        to: (!is_secret).then(|| notice.recipient.clone()),
        ..bare(notice)?
    })
}

fn bare(notice: &Notice) -> Result<NoticeView, Failure> {
    Ok(NoticeView {
        id: notice.id.0,
        kind: notice.kind.clone(),
        case: None,
        transport: notice.transport.clone(),
        to: None,
        state: NoticeState::of(notice)?,
        attempts: notice.attempts,
        last_error: notice.last_error.clone(),
        created_at: notice.created_at,
        next_attempt_at: notice.next_attempt_at,
        sent_at: notice.sent_at,
        letter: None,
    })
}
