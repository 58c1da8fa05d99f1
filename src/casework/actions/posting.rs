//! Letters that somebody writes and posts: the day it left is the day its promise was met.

use jiff::civil::Date;

use super::{Target, find};
use crate::casework::audit::note_look;
use crate::casework::desk::Moment;
use crate::casework::failure::Failure;
use crate::casework::promises::{Settled, Written, settle_by, terms_of};
use crate::domain::access::{Act, Actor};
use crate::domain::calendar::WallTime;
use crate::domain::ids::NoticeId;
use crate::domain::lifecycle::{self, Event};
use crate::store::{Tx, outbox};

/// Records that a letter was posted, which meets the clock it was written for.
///
/// # Errors
/// When there is no such letter to write.
pub fn note_posted(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    id: NoticeId,
    posted_on: Option<Date>,
) -> Result<Settled, Failure> {
    let notice = outbox::find(tx, id)?.ok_or(Failure::Missing)?;
    let case = notice.case.ok_or(Failure::Missing)?;
    let filed = find(tx, actor, &Target::Id(case), Act::Work)?;
    // A day is all that is known of an earlier one; its noon is as good as any instant of it.
    let noon = |day| {
        at.council
            .catalogue
            .calendar
            .instant(day, WallTime::from_hour(12))
    };
    let posted_at = posted_on
        .filter(|day| *day != at.today())
        .map_or(at.now, noon)
        .max(notice.created_at)
        .min(at.now);
    if !outbox::record_posted(tx, id, posted_at)? {
        return Err(Failure::conflict(
            "not_to_write",
            "This notice is not a letter that waits to be written.",
        ));
    }
    note_look(
        tx,
        at,
        actor,
        "notice.posted",
        &format!("notice:{id}"),
        None,
    )?;
    let terms = terms_of(tx, at, &filed.case)?;
    let read_revision = filed.case.revision;
    let mut case = filed.case;
    let mut happened = vec![Event::NoticeSent {
        notice: id,
        notice_kind: notice.kind,
    }];
    if let Some(clock) = notice.meets {
        lifecycle::meet_acknowledgement(&mut case, &terms, &clock, posted_at, "letter");
        happened.push(Event::ClockMet {
            clock,
            at: posted_at,
        });
    }
    settle_by(
        tx,
        at,
        case,
        &terms,
        happened,
        &actor.label(),
        Written::Changed { read_revision },
    )
}
