//! A resident's web form: filled in by anybody, proved by nothing.
//!
//! The address on it may be somebody else's, so it opens nobody's record. Nothing is looked up
//! here; see [`super::given`].

use jiff::Timestamp;

use super::given::{Faults, Given, Read};
use crate::domain::contact::{Channel, Location};
use crate::domain::enquiry::Enquiry;

/// A form as it was sent.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct WebForm {
    pub given: Given,
    /// When the website took it, where that was earlier.
    pub received_at: Option<Timestamp>,
    /// They said yes to the question whether somebody is in danger now.
    pub is_danger: bool,
    /// The field nobody is shown was filled in.
    pub is_hidden_filled: bool,
    /// The website's own number for it.
    pub external_id: Option<String>,
}

/// Reads a form.
#[must_use]
pub fn read(form: WebForm, now: Timestamp) -> Read {
    let mut faults = Faults::default();
    let mut enquiry = Enquiry::new(Channel::WebForm, form.received_at.unwrap_or(now));
    form.given.read_into(&mut enquiry, false, &mut faults);
    enquiry.danger_declared = form.is_danger;
    enquiry.hidden_field_filled = form.is_hidden_filled;
    enquiry.external_id = faults.line("/external_id", form.external_id, 200);
    faults.beside(enquiry)
}

/// Takes out of an enquiry what cannot be meant in the part of the form a pointer names, so that the rest
/// can be taken in.
pub fn leave_out(enquiry: &mut Enquiry, pointer: &str, now: Timestamp) {
    match pointer.split('/').nth(1).unwrap_or_default() {
        "service" => {
            enquiry.service = None;
            enquiry.category = None;
        }
        "category" => enquiry.category = None,
        "fields" => enquiry.fields.clear(),
        "attachments" => enquiry.attachments.clear(),
        // What the place is called is worth more than half a point on a map.
        "location" => {
            enquiry.location = enquiry.location.take().and_then(|given| {
                let place = Location {
                    lat: None,
                    long: None,
                    ..given
                };
                (place != Location::default()).then_some(place)
            });
        }
        "language" => enquiry.language = None,
        "received_at" => enquiry.received_at = now,
        "external_id" => enquiry.external_id = None,
        "contact_reason" => enquiry.contact_reason = None,
        // Name, number and address were read one by one, each left out by itself.
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channels::given::GivenPerson;
    use crate::domain::enquiry::Who;

    #[test]
    fn a_form_proves_nothing_about_the_address_on_it() {
        let form = WebForm {
            given: Given {
                body: Some("The bin was not emptied".to_owned()),
                person: Some(GivenPerson {
                    email: Some("ada@mail.example".to_owned()),
                    ..GivenPerson::default()
                }),
                ..Given::default()
            },
            is_danger: true,
            ..WebForm::default()
        };
        let enquiry = read(form, Timestamp::UNIX_EPOCH).enquiry;
        assert!(enquiry.danger_declared);
        assert_eq!(enquiry.channel, Channel::WebForm);
        assert!(matches!(enquiry.who, Who::Described(described) if !described.is_verified));
    }
}
