//! Teams that work by e-mail: their cases are mailed to an inbox, with links that act on them, and
//! what they reply is a note, or goes to the resident.
//!
//! Only ordinary cases are mailed. Of a sensitive one the team's leader is told, without what it is
//! about; of a restricted one nobody is told by mail that was not named on it.
//!
//! | file | what it does |
//! |---|---|
//! | `writing` | the mail to the inbox: when, and what it says when it leaves |
//! | `pressing` | a link of it: looked at, and its button pressed |
//! | `replying` | a reply to it: kept as a note, sent on to the resident, or put before a person |

mod pressing;
mod replying;
mod writing;

pub use pressing::{Choice, Done, NotOursTo, Offer, Standing, look, press, taken};
pub(super) use replying::{InboxReply, case_of_token, read, take};
pub(super) use writing::{completed, followed, landed, reminder};

use super::desk::{Moment, hex};
use crate::auth::{inbox_links as tokens, secrets};
use crate::domain::by_email::LinkAct;
use crate::domain::case::{Case, Secrecy};
use crate::domain::catalogue::Queue;
use crate::domain::ids::NoticeId;

/// The queue a case is in, where its team works by e-mail.
fn queue_of<'c>(at: &'c Moment, case: &Case) -> Option<&'c Queue> {
    let queue = at.council.catalogue.queue(&case.queue)?;
    queue.inbox().is_some().then_some(queue)
}

/// Whether a case is one that is mailed to the inbox of this queue.
fn is_theirs(at: &Moment, case: &Case, queue: &str) -> bool {
    case.queue == queue && case.secrecy == Secrecy::Ordinary && queue_of(at, case).is_some()
}

/// The token of a link in a mail.
fn token(at: &Moment, id: NoticeId, act: LinkAct) -> String {
    tokens::derive(&at.desk.secrets.tracking, id.0.as_bytes(), act)
}

/// What stands after the plus in the address that a reply to a mail goes to. Mail systems fold the
/// case of local parts, so it is hexadecimal.
fn reply_token(at: &Moment, id: NoticeId) -> String {
    let token = token(at, id, LinkAct::Reply);
    let whole = hex(&secrets::hash(&format!("reply:{token}")));
    whole.chars().take(32).collect()
}

/// The hash by which a presented reply token is looked up.
fn reply_hash(presented: &str) -> String {
    hex(&secrets::hash(&presented.to_lowercase()))
}
