//! What was sent, could not be sent, or waits for somebody to write it.
//!
//! Those who run the installation see that a mail could not be delivered and why, never what it
//! says; of a restricted case not even its reference.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::{AfterRow, CaseName, Part, filled, readable};
use crate::casework::actions::{self, Target};
use crate::casework::desk::Moment;
use crate::casework::failure::Failure;
use crate::domain::access::{Act, Actor, Role};
use crate::domain::case::{Case, Secrecy};
use crate::domain::ids::{CaseId, NoticeId};
use crate::domain::lifecycle::TakenBack;
use crate::domain::notice::{ForThePost, Kept, Says};
use crate::store::outbox::{self, Notice};
use crate::store::people::{self, Person};
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
    /// For `transport: "post"`: the whole letter, ready to print, with address and date; null for
    /// e-mail, and for those who may not see the case.
    pub text: Option<String>,
    /// For `transport: "post"`: the lines of the address block; empty where no address is known.
    pub address: Vec<String>,
    /// What to see to before the letter is posted: an address that is missing, large print.
    pub see_to: Vec<String>,
    /// What is put down in the audit when it is shown: its case, where not everybody may look at that.
    #[serde(skip)]
    pub noted: Option<CaseId>,
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
    /// It was accepted for delivery and came back: `last_error` says why, `sent_at` when it went.
    Bounced,
    /// A letter for somebody to write.
    ToWrite,
    /// Taken back before it left.
    Cancelled,
}

impl NoticeState {
    /// The word as it is kept.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Bounced => "bounced",
            Self::ToWrite => "to_write",
            Self::Cancelled => "cancelled",
        }
    }

    fn of(notice: &Notice) -> Result<Self, Failure> {
        [
            Self::Pending,
            Self::Sent,
            Self::Failed,
            Self::Bounced,
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
    let (sight, own) = (actor.sight(), own_addresses(at, actor));
    let is_admin = is_admin(actor);
    let part = filled(
        conn,
        after,
        limit,
        |conn, after, n| {
            let before = after.map(|(at, id)| (at, NoticeId(id)));
            Ok(if is_admin {
                outbox::list(conn, None, Some(state.as_str()), before, n)?
            } else {
                outbox::within(conn, &sight, &own, state.as_str(), before, n)?
            })
        },
        |row| (row.created_at, row.id.0),
        |conn, row| Ok(shown(conn, at, actor, &row)?.map(|view| (view, row))),
    )?;
    Ok(Part {
        items: printable(conn, at, part.items)?,
        next: part.next,
    })
}

/// A part of what was told about one case, newest first.
///
/// # Errors
/// [`Failure::Missing`] when there is no case, or none the actor may know of.
pub fn of_case(
    conn: &mut Conn,
    at: &Moment,
    case: &Case,
    after: Option<AfterRow>,
    limit: u16,
) -> Result<Part<NoticeView, AfterRow>, Failure> {
    let before = after.map(|(at, id)| (at, NoticeId(id)));
    let rows = outbox::list(conn, Some(case.id), None, before, i64::from(limit) + 1)?;
    let part = Part::cut(rows, limit, |row: &Notice| (row.created_at, row.id.0));
    let items = part
        .items
        .into_iter()
        .map(|row| Ok((in_full(&row, case)?, row)))
        .collect::<Result<_, Failure>>()?;
    Ok(Part {
        items: printable(conn, at, items)?,
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
    let view = shown(conn, at, actor, &notice)?.ok_or(Failure::Missing)?;
    let mut views = printable(conn, at, vec![(view, notice)])?;
    views.pop().ok_or(Failure::Missing)
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
        return if own_addresses(at, actor).contains(&notice.recipient) {
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

/// Their own address, and that of the post they hold.
fn own_addresses(at: &Moment, actor: &Actor) -> Vec<String> {
    let Some(user) = actor.user() else {
        return Vec::new();
    };
    let post = user
        .post
        .as_deref()
        .and_then(|slug| at.council.catalogue.post(slug));
    let of_post = post.map(|post| post.email.clone());
    std::iter::once(user.email.clone()).chain(of_post).collect()
}

fn in_full(notice: &Notice, case: &Case) -> Result<NoticeView, Failure> {
    // The person's secret link is theirs: staff read the letter without it.
    let letter =
        serde_json::to_value(notice.letter.clone().for_the_post()).map_err(anyhow::Error::from)?;
    Ok(NoticeView {
        case: Some(CaseName::of(case)),
        to: Some(notice.recipient.clone()),
        letter: Some(letter),
        noted: (case.secrecy != Secrecy::Ordinary).then_some(case.id),
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
        text: None,
        address: Vec::new(),
        see_to: Vec::new(),
        noted: None,
    })
}

/// Writes out in full what goes by post, for those who may read it.
fn printable(
    conn: &mut Conn,
    at: &Moment,
    notices: Vec<(NoticeView, Notice)>,
) -> Result<Vec<NoticeView>, Failure> {
    let is_printed =
        |(view, notice): &(NoticeView, Notice)| notice.transport == "post" && view.letter.is_some();
    if !notices.iter().any(is_printed) {
        return Ok(notices.into_iter().map(|(view, _)| view).collect());
    }
    let mut views = Vec::with_capacity(notices.len());
    let mut letters = Vec::new();
    for one in notices {
        let is_printed = is_printed(&one);
        let (mut view, notice) = one;
        if is_printed {
            let person = match notice.person {
                Some(id) => people::find(conn, id)?,
                None => None,
            };
            view.address = person.as_ref().map_or_else(Vec::new, address_block);
            if notice.state == NoticeState::ToWrite.as_str() {
                view.see_to = see_to(person.as_ref(), &view.address);
            }
            let on = notice.sent_at.map_or_else(
                || at.today(),
                |sent| at.council.catalogue.calendar.date_of(sent),
            );
            letters.push(ForThePost {
                letter: notice.letter,
                address: view.address.clone(),
                on,
            });
        }
        views.push((view, is_printed));
    }
    let files = at.council.catalogue.template_sources();
    let files = files
        .map(|(path, text)| (path.to_owned(), text.to_owned()))
        .collect();
    let mut texts = at.desk.scribe()?(&files, &letters).into_iter();
    views
        .into_iter()
        .map(|(view, is_printed)| {
            let text = if is_printed { texts.next() } else { None };
            let text = text.transpose().map_err(|why| {
                anyhow::anyhow!("notice {} cannot be written out: {why}", view.id)
            })?;
            Ok(NoticeView { text, ..view })
        })
        .collect()
}

/// Name, lines, postcode; nothing where there is no address to put the name above.
fn address_block(person: &Person) -> Vec<String> {
    let Some(address) = person.address.as_ref().filter(|one| !one.lines.is_empty()) else {
        return Vec::new();
    };
    let name = person.name.iter();
    let lines = name.chain(&address.lines).chain(&address.postcode);
    lines.cloned().collect()
}

fn see_to(person: Option<&Person>, address: &[String]) -> Vec<String> {
    let mut all = Vec::new();
    if person.is_some_and(|person| person.is_deceased) {
        all.push("This person has died. Do not post this letter.".to_owned());
    }
    if address.is_empty() {
        all.push(
            "No postal address is known. Ask for one and put it on the person before you print this."
                .to_owned(),
        );
    }
    let format = person.and_then(|person| person.preferences.format.as_deref());
    match format {
        Some("large_print") => all.push("They read large print.".to_owned()),
        Some("braille") => all.push("They read braille.".to_owned()),
        Some("audio") => all.push("They asked for a recording instead of paper.".to_owned()),
        Some("easy_read") => all.push("They asked for easy read.".to_owned()),
        _ => {}
    }
    all
}
