//! One mail that waits for a person: it names a sample case, but comes from somebody who is not on
//! it. It came shortly before the demo was loaded, so somebody still has time to look.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::moment;
use crate::casework::{Desk, Failure, Moment, mail_in};
use crate::channels::email_in::Envelope;
use crate::domain::access::Actor;
use crate::domain::reference::Reference;
use crate::store::Tx;
use crate::store::cases::{self, Filter, Order};

const SHORTLY_BEFORE: SignedDuration = SignedDuration::from_mins(40);
/// All sample cases are younger.
const OLDEST: SignedDuration = SignedDuration::from_hours(90 * 24);

/// Takes it in.
///
/// # Errors
/// When the database cannot be written.
pub(super) fn deliver(
    tx: &mut Tx<'_>,
    desk: &Arc<Desk>,
    loaded_at: Timestamp,
) -> Result<(), Failure> {
    let at = moment(desk, loaded_at - SHORTLY_BEFORE);
    let Some(reference) = open_case(tx, &at)? else {
        return Ok(());
    };
    let mail_address = &desk.council().catalogue.council.mail.from_address;
    let raw = format!(
        "From: Bryn Example <bryn@mail.example>\r\n\
         To: {mail_address}\r\n\
         Subject: {reference} - any news?\r\n\
         Message-ID: <demo-held@mail.example>\r\n\
         Date: {date}\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\
         \r\n\
         I am writing for my mother, who reported this. Could you tell me what is happening?\r\n\
         She does not use e-mail herself.\r\n",
        date = at.now.strftime("%a, %d %b %Y %H:%M:%S +0000"),
    );
    let envelope = Envelope {
        recipient: Some(mail_address.clone()),
        sender: None,
    };
    let delivery = mail_in::read(&at, raw, envelope);
    mail_in::receive(tx, &at, &Actor::System, &delivery).map(|_| ())
}

/// An open case that existed by then: of a missed bin, or else of anything that is not restricted.
fn open_case(tx: &mut Tx<'_>, at: &Moment) -> Result<Option<Reference>, Failure> {
    let categories = at.council.catalogue.categories();
    let others = categories
        .filter(|(_, category)| !category.is_restricted)
        .map(|(service, category)| (service.slug.as_str(), category.slug.as_str()));
    let sight = Actor::System.sight();
    for (service, category) in std::iter::once(("waste-collection", "missed-bin")).chain(others) {
        let of_matter = Filter {
            service: Some(service.to_owned()),
            category: Some(category.to_owned()),
            ..Filter::default()
        };
        let found = cases::list(tx, &sight, &of_matter, Order::Received, None, 100)?;
        let earlier = found.into_iter().find(|filed| {
            let received = filed.case.received_at;
            !filed.case.is_closed() && received >= at.now - OLDEST && received < at.now
        });
        if let Some(filed) = earlier {
            return Ok(Some(filed.case.reference));
        }
    }
    Ok(None)
}
