//! What a form or an agent tells us about a matter, whichever door it comes through: subject and
//! words, who, for whom, where, and which service they think it is for.
//!
//! [`Given::read_into`] puts it into an [`Enquiry`] and names everything that cannot be meant, all
//! at once. Whether a service or person of that name exists is not known here.

use crate::domain::contact::Location;
use crate::domain::enquiry::{Described, Enquiry, OnBehalfOf, Who};
use crate::domain::ids::AttachmentId;
use crate::domain::person::{Address, PersonKind, email_address, phone_number};

use super::text::{self, TextFault};

/// One thing that cannot be meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfit {
    /// RFC 6901 pointer into what was sent.
    pub pointer: String,
    /// Stable code.
    pub code: &'static str,
    pub detail: String,
}

/// A matter as it was told.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Given {
    pub subject: Option<String>,
    pub body: Option<String>,
    /// BCP 47 tag.
    pub language: Option<String>,
    pub person: Option<GivenPerson>,
    pub on_behalf_of: Option<GivenOnBehalfOf>,
    pub service: Option<String>,
    pub category: Option<String>,
    pub location: Option<Location>,
    pub fields: serde_json::Map<String, serde_json::Value>,
    /// Files that were sent ahead.
    pub attachments: Vec<AttachmentId>,
}

/// A person as they were told of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GivenPerson {
    pub name: Option<String>,
    pub kind: Option<PersonKind>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub address: Option<Address>,
    pub organisation: Option<String>,
}

/// For whom somebody speaks, and whether that person agrees.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GivenOnBehalfOf {
    pub name: Option<String>,
    pub email: Option<String>,
    pub is_consent_given: bool,
    /// `verbal`, `written`, `attached`.
    pub consent_how: Option<String>,
}

/// What was read. The enquiry may be taken in only when nothing stands against it; until then it
/// serves to find what else does.
#[derive(Debug, Clone, PartialEq)]
pub struct Read {
    pub enquiry: Enquiry,
    pub faults: Vec<Unfit>,
}

/// Collects what cannot be meant while the rest is read.
#[derive(Debug, Default)]
pub struct Faults(Vec<Unfit>);

impl Given {
    /// Puts the matter into an enquiry. `is_verified` says whether somebody of ours vouches for
    /// the person's address and number, having spoken with them.
    pub fn read_into(self, enquiry: &mut Enquiry, is_verified: bool, faults: &mut Faults) {
        enquiry.subject = faults
            .line("/subject", self.subject, text::SUBJECT_LIMIT)
            .unwrap_or_default();
        enquiry.body = faults.body("/body", self.body);
        let was_refused = faults
            .0
            .iter()
            .any(|one| one.pointer == "/subject" || one.pointer == "/body");
        if enquiry.subject.is_empty() && enquiry.body.trim().is_empty() && !was_refused {
            faults.add(
                "/body",
                "missing_field",
                "Say what it is about: `subject` or `body` is needed.",
            );
        }
        enquiry.language = self.language;
        enquiry.service = self.service;
        enquiry.category = self.category;
        enquiry.fields = self.fields;
        enquiry.attachments = self.attachments;
        if let Some(location) = self.location {
            enquiry.location = faults.location(location);
        }
        if let Some(person) = self.person {
            enquiry.who = faults.person(person, is_verified);
        }
        if let Some(other) = self.on_behalf_of {
            enquiry.on_behalf_of = Some(faults.on_behalf_of(other));
        }
    }
}

impl Faults {
    /// Names one thing that cannot be meant.
    pub fn add(&mut self, pointer: &str, code: &'static str, detail: impl Into<String>) {
        self.0.push(Unfit {
            pointer: pointer.to_owned(),
            code,
            detail: detail.into(),
        });
    }

    /// What was named.
    #[must_use]
    pub fn into_vec(self) -> Vec<Unfit> {
        self.0
    }

    /// The enquiry as far as it can be meant, and everything that cannot.
    #[must_use]
    pub fn beside(self, enquiry: Enquiry) -> Read {
        Read {
            enquiry,
            faults: self.0,
        }
    }

    /// One line, or nothing when it says nothing.
    pub fn line(&mut self, pointer: &str, given: Option<String>, limit: usize) -> Option<String> {
        let given = given?;
        match text::single_line(&given)
            .and_then(|line| text::within(&line, limit).map(str::to_owned))
        {
            Ok(line) => (!line.is_empty()).then_some(line),
            Err(fault) => {
                self.text(pointer, fault);
                None
            }
        }
    }

    fn body(&mut self, pointer: &str, given: Option<String>) -> String {
        let given = given.unwrap_or_default();
        match text::body_text(&given)
            .and_then(|body| text::within(&body, text::BODY_LIMIT).map(str::to_owned))
        {
            Ok(body) => body,
            Err(fault) => {
                self.text(pointer, fault);
                String::new()
            }
        }
    }

    fn location(&mut self, mut location: Location) -> Option<Location> {
        match (location.lat, location.long) {
            (Some(_), None) => self.add(
                "/location/long",
                "missing_field",
                "A latitude needs its longitude.",
            ),
            (None, Some(_)) => self.add(
                "/location/lat",
                "missing_field",
                "A longitude needs its latitude.",
            ),
            _ => {}
        }
        location.description = self.line("/location/description", location.description, 300);
        (location != Location::default()).then_some(location)
    }

    fn person(&mut self, given: GivenPerson, is_verified: bool) -> Who {
        let described = Described {
            name: self.line("/person/name", given.name, text::NAME_LIMIT),
            kind: given.kind,
            email: self.email("/person/email", given.email),
            phone: self.phone("/person/phone", given.phone),
            address: given.address.and_then(|address| self.address(address)),
            organisation: self.line("/person/organisation", given.organisation, text::NAME_LIMIT),
            is_verified,
        };
        let says_nothing = Described {
            is_verified,
            ..Described::default()
        };
        if described == says_nothing {
            Who::Nobody
        } else {
            Who::Described(described)
        }
    }

    fn on_behalf_of(&mut self, given: GivenOnBehalfOf) -> OnBehalfOf {
        let how = given.consent_how.unwrap_or_else(|| "verbal".to_owned());
        OnBehalfOf {
            name: self.line("/on_behalf_of/name", given.name, text::NAME_LIMIT),
            email: self.email("/on_behalf_of/email", given.email),
            consent: given.is_consent_given.then_some(how),
        }
    }

    fn email(&mut self, pointer: &str, given: Option<String>) -> Option<String> {
        let given = given.filter(|text| !text.trim().is_empty())?;
        let email = email_address(&given);
        if email.is_none() {
            self.add(
                pointer,
                "bad_format",
                "An e-mail address, such as `ada@mail.example`.",
            );
        }
        email
    }

    fn phone(&mut self, pointer: &str, given: Option<String>) -> Option<String> {
        let line = self.line(pointer, given, 40)?;
        if phone_number(&line).is_none() {
            self.add(
                pointer,
                "bad_format",
                "A telephone number with its area code, such as `01632 960123`.",
            );
            return None;
        }
        Some(line)
    }

    fn address(&mut self, given: Address) -> Option<Address> {
        let mut lines = Vec::with_capacity(given.lines.len());
        for (place, line) in given.lines.into_iter().enumerate() {
            lines.extend(self.line(&format!("/person/address/lines/{place}"), Some(line), 200));
        }
        let postcode = self.line("/person/address/postcode", given.postcode, 12);
        let address = Address {
            lines,
            postcode,
            uprn: given.uprn,
        };
        (address != Address::default()).then_some(address)
    }

    fn text(&mut self, pointer: &str, fault: TextFault) {
        let code = match fault {
            TextFault::ControlCharacter(_) => "control_character",
            TextFault::TooLong { .. } => "too_long",
        };
        self.add(pointer, code, format!("{fault}."));
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::domain::contact::Channel;

    fn read(given: Given) -> Result<Enquiry, Vec<(String, &'static str)>> {
        let mut enquiry = Enquiry::new(Channel::Phone, Timestamp::UNIX_EPOCH);
        let mut faults = Faults::default();
        given.read_into(&mut enquiry, true, &mut faults);
        let read = faults.beside(enquiry);
        if read.faults.is_empty() {
            return Ok(read.enquiry);
        }
        Err(read
            .faults
            .into_iter()
            .map(|one| (one.pointer, one.code))
            .collect())
    }

    fn about(subject: &str) -> Given {
        Given {
            subject: Some(subject.to_owned()),
            ..Given::default()
        }
    }

    #[test]
    fn everything_that_cannot_be_meant_is_named_at_once() {
        let given = Given {
            person: Some(GivenPerson {
                name: Some("Ada\r\nBcc: x@mail.example".to_owned()),
                email: Some("ada".to_owned()),
                phone: Some("ring me".to_owned()),
                address: Some(Address {
                    lines: vec!["14 Larkfield Rise".to_owned(), "\u{7}".to_owned()],
                    ..Address::default()
                }),
                ..GivenPerson::default()
            }),
            on_behalf_of: Some(GivenOnBehalfOf {
                email: Some("@".to_owned()),
                ..GivenOnBehalfOf::default()
            }),
            location: Some(Location {
                lat: Some(51.5),
                ..Location::default()
            }),
            ..about("Missed bin")
        };
        let found = read(given).unwrap_err();
        let expect = [
            ("/location/long", "missing_field"),
            ("/person/name", "control_character"),
            ("/person/email", "bad_format"),
            ("/person/phone", "bad_format"),
            ("/person/address/lines/1", "control_character"),
            ("/on_behalf_of/email", "bad_format"),
        ];
        let found: Vec<(&str, &str)> = found
            .iter()
            .map(|(pointer, code)| (pointer.as_str(), *code))
            .collect();
        assert_eq!(found, expect);
    }

    #[test]
    fn a_contact_that_says_nothing_is_not_one() {
        for given in [
            Given::default(),
            about("  "),
            Given {
                body: Some("\n\t".to_owned()),
                ..Given::default()
            },
        ] {
            assert_eq!(
                read(given).unwrap_err(),
                [("/body".to_owned(), "missing_field")]
            );
        }
        assert!(read(about("Missed bin")).is_ok());
    }

    #[test]
    fn an_empty_form_field_is_the_same_as_none() {
        let given = Given {
            person: Some(GivenPerson {
                name: Some(" ".to_owned()),
                email: Some(String::new()),
                phone: Some(String::new()),
                address: Some(Address {
                    lines: vec![String::new()],
                    ..Address::default()
                }),
                ..GivenPerson::default()
            }),
            ..about("Missed bin")
        };
        assert_eq!(read(given).unwrap().who, Who::Nobody);
    }

    #[test]
    fn an_address_is_kept_in_the_form_we_compare_and_a_number_as_it_was_written() {
        let given = Given {
            person: Some(GivenPerson {
                email: Some("Ada@Mail.Example".to_owned()),
                phone: Some(" 01632 960123 ".to_owned()),
                ..GivenPerson::default()
            }),
            ..about("Missed bin")
        };
        let Who::Described(described) = read(given).unwrap().who else {
            panic!("somebody was described")
        };
        assert_eq!(described.email.as_deref(), Some("ada@mail.example"));
        assert_eq!(described.phone.as_deref(), Some("01632 960123"));
        assert!(described.is_verified);
    }

    #[test]
    fn consent_that_was_not_given_is_none_however_it_was_asked() {
        let other = |is_consent_given| GivenOnBehalfOf {
            is_consent_given,
            consent_how: Some("written".to_owned()),
            ..GivenOnBehalfOf::default()
        };
        let consent = |is_given| {
            let given = Given {
                on_behalf_of: Some(other(is_given)),
                ..about("Missed bin")
            };
            read(given)
                .unwrap()
                .on_behalf_of
                .and_then(|other| other.consent)
        };
        assert_eq!(consent(true).as_deref(), Some("written"));
        assert_eq!(consent(false), None);
    }
}
