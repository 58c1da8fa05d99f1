//! What can be done to a case now, by whoever looks at it: for pages, which offer no more than that.
//!
//! The rules are those an act is decided by. Whether its words will do is asked when it is done.

use jiff::Timestamp;

use super::{by, is_owner_away, ties};
use crate::casework::desk::Moment;
use crate::casework::failure::Failure;
use crate::casework::promises::terms_of;
use crate::domain::access::{Act, Actor, Verdict, may};
use crate::domain::case::{Audience, Case, LinkKind, Outcome, ReplyKind, WaitingFor};
use crate::domain::clock::Longer;
use crate::domain::lifecycle::{AcknowledgedBy, Amendment, Command, has_next_stage, is_offered};
use crate::domain::member::{Basis, ConsentHow};
use crate::store::Conn;

/// The operations that may be asked about this case now, by their ids.
///
/// # Errors
/// When the database cannot be asked.
pub fn offered(
    conn: &mut Conn,
    at: &Moment,
    actor: &Actor,
    case: &Case,
) -> Result<Vec<&'static str>, Failure> {
    let ties = ties(conn, actor, case)?;
    if may(actor, Act::Work, case, ties) != Verdict::Allow {
        return Ok(Vec::new());
    }
    let is_away = is_owner_away(conn, at, case)?;
    let terms = terms_of(conn, at, case)?;
    let has_stage = has_next_stage(case, &terms);
    Ok(acts(actor, at.now, case)
        .into_iter()
        .filter(|(operation, _)| *operation != "open_stage" || has_stage)
        .filter(|(_, command)| is_offered(case, command, by(actor), is_away))
        .map(|(operation, _)| operation)
        .collect())
}

/// Each act with a command of its kind.
fn acts(actor: &Actor, now: Timestamp, case: &Case) -> Vec<(&'static str, Command)> {
    let today = jiff::civil::Date::default();
    let (reason, text) = (String::new, String::new);
    vec![
        (
            "acknowledge_case",
            Command::Acknowledge {
                how: AcknowledgedBy::Spoken,
                text: None,
            },
        ),
        (
            "assign_case",
            Command::Assign {
                owner: actor.user().map(|user| user.id),
            },
        ),
        (
            "transfer_case",
            Command::Transfer {
                queue: text(),
                reason: reason(),
            },
        ),
        (
            "pause_case",
            Command::Pause {
                reason: reason(),
                waiting_for: WaitingFor::Contractor,
                resume_on: today,
            },
        ),
        ("resume_case", Command::Resume),
        (
            "extend_case_clock",
            Command::Extend {
                clock: text(),
                to: Longer::UntilOn(today),
                reason: reason(),
            },
        ),
        (
            "ask_person",
            Command::Ask {
                text: text(),
                resume_on: today,
            },
        ),
        (
            "reply_to_person",
            Command::Reply {
                text: text(),
                kind: ReplyKind::Substantive,
                outcome: None,
                general_only: false,
            },
        ),
        (
            "add_note",
            Command::Note {
                text: text(),
                audience: Audience::Staff,
            },
        ),
        (
            "add_promise",
            Command::Promise {
                what: text(),
                by: now,
                owner: None,
            },
        ),
        (
            "close_case",
            Command::Close {
                outcome: Outcome::Resolved,
            },
        ),
        ("reopen_case", Command::Reopen { reason: reason() }),
        (
            "open_stage",
            Command::OpenStage {
                stage: case.stage.saturating_add(1),
                reason: reason(),
                officer: None,
            },
        ),
        ("merge_case", Command::Merge { into: case.id }),
        (
            "link_case",
            Command::Link {
                kind: LinkKind::Related,
                case: case.id,
            },
        ),
        (
            "record_call",
            Command::Call {
                who: text(),
                number: text(),
                outcome: text(),
            },
        ),
        (
            "record_standard_event",
            Command::Record {
                event: text(),
                at: now,
            },
        ),
        (
            "grant_case_access",
            Command::GrantAccess {
                holders: Vec::new(),
                reason: reason(),
                about: None,
            },
        ),
        (
            "set_member_basis",
            Command::SetBasis {
                basis: Basis::Unclear,
                why: reason(),
            },
        ),
        (
            "record_member_consent",
            Command::RecordConsent {
                is_given: false,
                how: ConsentHow::Verbal,
                who: None,
                on: today,
            },
        ),
        ("change_case", Command::Amend(Box::<Amendment>::default())),
    ]
}
