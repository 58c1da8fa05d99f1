//! A case with a team that works by e-mail: mailed to its inbox, and taken by somebody there.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::{Staff, history, moment};
use crate::casework::by_email;
use crate::casework::intake::{self, Entry};
use crate::casework::{Desk, Failure};
use crate::domain::access::Actor;
use crate::domain::contact::Channel;
use crate::domain::enquiry::{Described, Enquiry, Who};
use crate::domain::person::PersonKind;
use crate::store::{Tx, cases};

const LOGGED_BEFORE: SignedDuration = SignedDuration::from_hours(4);
const TAKEN_BEFORE: SignedDuration = SignedDuration::from_hours(2);

/// Puts it on the books.
///
/// # Errors
/// When the database cannot be written.
pub(super) fn add(
    tx: &mut Tx<'_>,
    desk: &Arc<Desk>,
    staff: &Staff,
    loaded_at: Timestamp,
) -> Result<(), Failure> {
    let Some(agent) = staff.agent(0) else {
        return Ok(());
    };
    let at = moment(desk, loaded_at - LOGGED_BEFORE);
    let mut enquiry = Enquiry::new(Channel::Phone, at.now);
    enquiry.subject = "Pool lanes".to_owned();
    enquiry.body =
        "The slow lane was closed all of last week. When does it open again for older swimmers?"
            .to_owned();
    enquiry.service = Some("leisure".to_owned());
    enquiry.category = Some("leisure-feedback".to_owned());
    enquiry.who = Who::Described(Described {
        name: Some("Ottoline Fairweather".to_owned()),
        kind: Some(PersonKind::Resident),
        email: Some("ottoline.fairweather@mail.example".to_owned()),
        phone: Some("01632 960217".to_owned()),
        is_verified: true,
        ..Described::default()
    });
    let entry = Entry {
        source: "samples".to_owned(),
        ..Entry::by(Actor::User(agent.clone()))
    };
    let received = intake::receive(tx, &at, &enquiry, &entry)?;
    let Some(case) = received.contact.case else {
        return Err(anyhow::anyhow!("a question about leisure opened no case").into());
    };
    history::deliver(tx, &at, case)?;
    let at = moment(desk, loaded_at - TAKEN_BEFORE);
    let filed = cases::find(tx, case)?.ok_or(Failure::Missing)?;
    by_email::taken(tx, &at, filed.case, Some("Kestrel Amberley".to_owned()))?;
    history::pass(tx, desk, case, loaded_at)
}
