//! What a client sends: fields by name, the same whether it came as a form or in parts.
//!
//! Nobody sits at the other end who could correct a form, and a reporting service sends a refused one for
//! ever. So texts are cleaned as a mail's are, and what somebody wrote of themselves that is no address or
//! number, a photograph that is no address of the web or an answer to no question is kept in words under what
//! they said, which [`public_words`] leaves out.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::channels::given::{Faults, Given, GivenPerson, Read, Unfit};
use crate::channels::text;
use crate::domain::contact::Location;
use crate::domain::enquiry::Enquiry;
use crate::domain::person::{email_address, phone_number};

/// Fields in the order they came, and the files that came with them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Form {
    pub pairs: Vec<(String, String)>,
    pub files: Vec<File>,
}

/// A file that was sent along: what is known of it, not its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// The field it stood in: `photo1`.
    pub field: String,
    pub content_type: String,
    pub size: usize,
}

/// The longest answer to a question, in characters.
const LONGEST_ANSWER: usize = 4_000;
/// The longest id of somebody else's, in characters.
const LONGEST_ID: usize = 200;
const MOST_ATTRIBUTES: usize = 100;
const MOST_PHOTOGRAPHS: usize = 20;
const LONGEST_ADDRESS: usize = 2_000;
/// The longest description of a place, in characters.
const LONGEST_PLACE: usize = 300;
/// The longest number, in characters.
const LONGEST_NUMBER: usize = 40;
/// More of a detail than anybody means to write.
const LONGEST_DETAIL: usize = 1_000;
/// How each line begins that keeps what could not be used: [`public_words`] leaves them out.
const AS_GIVEN: [&str; 6] = [NAME, EMAIL, PHONE, PLACE, PHOTOGRAPH, ANSWER];
const NAME: &str = "Name, as it was given: ";
const EMAIL: &str = "E-mail address, as it was given: ";
const PHONE: &str = "Telephone number, as it was given: ";
const PLACE: &str = "Place, as it was given: ";
const PHOTOGRAPH: &str = "Photograph, as it was given: ";
const ANSWER: &str = "Answer, as it was given: ";
/// What FixMyStreet says where nobody put a pin on the map.
const NOT_PINPOINTED: &str = "#NOTPINPOINTED#";

impl Form {
    /// A field, unless it is absent or says nothing.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.pairs
            .iter()
            .find(|(own, value)| own == name && !value.trim().is_empty())
            .map(|(_, value)| value.as_str())
    }

    /// Every value of a field that may come several times.
    pub fn all<'f>(&'f self, name: &'f str) -> impl Iterator<Item = &'f str> {
        self.pairs
            .iter()
            .filter(move |(own, _)| own == name)
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.trim().is_empty())
    }

    /// `attribute[code]` and `attribute[code][]`, by code; one without a value is there and empty. What
    /// stands under a code that can be nobody's goes to `as_given`.
    pub(super) fn attributes(
        &self,
        as_given: &mut Vec<String>,
        faults: &mut Faults,
    ) -> BTreeMap<String, Vec<String>> {
        let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, value) in &self.pairs {
            let Some(code) = code_of(name) else {
                continue;
            };
            let is_code = (1..=60).contains(&code.len())
                && code
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || "_-.:".contains(c));
            if !is_code && code.contains(['<', '>']) {
                faults.add(
                    "/attribute",
                    "bad_format",
                    "An attribute's code has at most 60 letters, digits and `_-.:`.",
                );
                continue;
            }
            if !is_code {
                let value = text::clean_line(value, LONGEST_DETAIL);
                if !value.is_empty() && as_given.len() < MOST_ATTRIBUTES {
                    let code = text::clean_line(code, LONGEST_ID);
                    as_given.push(format!("{ANSWER}{code}: {value}"));
                }
                continue;
            }
            let pointer = format!("/attribute[{code}]");
            match text::within(&text::clean_body(value), LONGEST_ANSWER) {
                Ok(value) => {
                    let values = found.entry(code.to_owned()).or_default();
                    if !value.trim().is_empty() {
                        values.push(value.trim().to_owned());
                    }
                }
                Err(fault) => faults.add(&pointer, text_code(fault), format!("{fault}.")),
            }
        }
        if found.len() > MOST_ATTRIBUTES {
            let detail = format!("At most {MOST_ATTRIBUTES} attributes.");
            faults.add("/attribute", "too_many", detail);
        }
        found
    }

    /// The addresses of photographs: pages of the web and nothing else, since staff open them. What is
    /// only badly written goes to `as_given`; what names another way than the web is nobody's photograph.
    pub(super) fn photographs(
        &self,
        as_given: &mut Vec<String>,
        faults: &mut Faults,
    ) -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        for value in self.all("media_url").chain(self.all("media_url[]")) {
            let value = value.trim();
            let is_of_the_web = value.starts_with("https://") || value.starts_with("http://");
            let is_address = is_of_the_web
                && value.chars().count() <= LONGEST_ADDRESS
                && !value.contains(|c: char| c.is_whitespace() || c.is_control());
            if !is_address && (is_of_the_web || !names_a_scheme(value)) {
                if as_given.len() < MOST_ATTRIBUTES {
                    let value = text::clean_line(value, LONGEST_DETAIL);
                    as_given.push(format!("{PHOTOGRAPH}{value}"));
                }
            } else if !is_address {
                faults.add(
                    "/media_url",
                    "bad_format",
                    "The address of a photograph, beginning with https:// or http://.",
                );
            } else if !found.iter().any(|known| known == value) {
                found.push(value.to_owned());
            }
        }
        if found.len() > MOST_PHOTOGRAPHS {
            let detail = format!("At most {MOST_PHOTOGRAPHS} photographs.");
            faults.add("/media_url", "too_many", detail);
        }
        found
    }

    /// What is known of files that came along and were not kept, for staff.
    pub(super) fn files_in_words(&self) -> Vec<String> {
        self.files
            .iter()
            .take(MOST_PHOTOGRAPHS)
            .map(|file| {
                format!(
                    "{}: {}, {} bytes",
                    text::clean_line(&file.field, 60),
                    text::clean_line(&file.content_type, 60),
                    file.size
                )
            })
            .collect()
    }

    /// What was written, cleaned.
    pub(super) fn words(&self, field: &str) -> String {
        text::clean_body(self.get(field).unwrap_or_default())
    }

    /// Who sends it, as they say. What cannot be used of it goes to `as_given`.
    pub(super) fn person(&self, as_given: &mut Vec<String>) -> Option<GivenPerson> {
        let detail = |field: &str| {
            let detail = text::clean_line(self.get(field)?, LONGEST_DETAIL);
            (!detail.is_empty()).then_some(detail)
        };
        // FixMyStreet writes a hyphen where there is no family name.
        let names: Vec<String> = ["first_name", "last_name"]
            .into_iter()
            .filter_map(detail)
            .filter(|name| name != "-")
            .collect();
        let names = (!names.is_empty()).then(|| names.join(" "));
        let name = names.map(|name| cut(NAME, name, text::NAME_LIMIT, as_given));
        let mut fit = |label: &str, given: Option<String>, is_one: fn(&str) -> bool| {
            given.filter(|given| {
                let is_one = is_one(given);
                if !is_one {
                    as_given.push(format!("{label}{given}"));
                }
                is_one
            })
        };
        let person = GivenPerson {
            name,
            email: fit(EMAIL, detail("email"), |text| email_address(text).is_some()),
            phone: fit(PHONE, detail("phone"), |text| {
                phone_number(text).is_some() && text.chars().count() <= LONGEST_NUMBER
            }),
            ..GivenPerson::default()
        };
        (person != GivenPerson::default()).then_some(person)
    }

    /// Where it is. `uprn` comes as an attribute. What does not fit goes to `as_given`.
    pub(super) fn place(
        &self,
        uprn: Option<&str>,
        as_given: &mut Vec<String>,
        faults: &mut Faults,
    ) -> Option<Location> {
        let lat = self.degrees("lat", 90.0, faults);
        let long = self.degrees("long", 180.0, faults);
        let address_id = self.get("address_id").map(str::trim);
        let is_uprn = |text: &&str| {
            (1..=12).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
        };
        let mut location = Location {
            lat,
            long,
            description: self
                .get("address_string")
                .map(|place| text::clean_line(place, LONGEST_DETAIL))
                .filter(|place| !place.is_empty())
                .map(|place| cut(PLACE, place, LONGEST_PLACE, as_given)),
            uprn: uprn
                .filter(is_uprn)
                .or_else(|| address_id.filter(is_uprn))
                .map(str::to_owned),
        };
        if location == Location::default() && address_id == Some(NOT_PINPOINTED) {
            location.description = Some("Not pinpointed on the map".to_owned());
        }
        let names_a_place = ["lat", "long", "address_string", "address_id"]
            .iter()
            .any(|field| self.get(field).is_some());
        if !names_a_place {
            faults.add(
                "/lat",
                "missing_field",
                "Say where it is: `lat` and `long`, `address_string` or `address_id`.",
            );
        }
        (location != Location::default()).then_some(location)
    }

    fn degrees(&self, field: &str, most: f64, faults: &mut Faults) -> Option<f64> {
        let text = self.get(field)?.trim();
        let degrees = text
            .parse::<f64>()
            .ok()
            .filter(|degrees| degrees.is_finite() && degrees.abs() <= most);
        if degrees.is_none() {
            let detail = format!("Degrees in WGS 84, from -{most} to {most}, such as 51.5074.");
            faults.add(&format!("/{field}"), "bad_format", detail);
        }
        degrees
    }

    /// An id of the sender's own.
    pub(super) fn id(&self, field: &str, faults: &mut Faults) -> Option<String> {
        id(&format!("/{field}"), self.get(field), faults)
    }

    /// An instant that must be readable where it is given.
    pub(super) fn instant(&self, field: &str, faults: &mut Faults) -> Option<Timestamp> {
        let text = self.get(field)?;
        let instant = instant(text);
        if instant.is_none() {
            faults.add(&format!("/{field}"), "bad_format", INSTANT);
        }
        instant
    }
}

pub use crate::domain::catalogue::{INSTANT, instant};

/// Whether an address begins with a way to get there: `file:`, `javascript:`.
fn names_a_scheme(value: &str) -> bool {
    value.split_once(':').is_some_and(|(scheme, _)| {
        // One letter is a drive of somebody's computer.
        scheme.len() > 1
            && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c.is_ascii_control() || "+-.".contains(c))
    })
}

/// An id of the sender's own, cleaned.
pub(super) fn id(pointer: &str, given: Option<&str>, faults: &mut Faults) -> Option<String> {
    let given = given.map(|id| text::clean_line(id, LONGEST_ID + 1));
    faults.line(pointer, given, LONGEST_ID)
}

/// Words, and under them what could not be used; what does not fit there any more is handed back.
pub(super) fn under(words: String, as_given: Vec<String>) -> (String, Vec<String>) {
    let lines = as_given.join("\n");
    let both = [words.as_str(), lines.as_str()];
    let whole: Vec<&str> = both.into_iter().filter(|part| !part.is_empty()).collect();
    let whole = whole.join("\n\n");
    match text::within(&whole, text::BODY_LIMIT) {
        Ok(_) => (whole, Vec::new()),
        Err(_) => (words, as_given),
    }
}

/// What anybody may read of words that were taken in so: without what their writer said of themselves.
#[must_use]
pub fn public_words(body: &str) -> &str {
    let (before, last) = body.rsplit_once("\n\n").unwrap_or(("", body));
    let is_kept_aside = |line: &str| AS_GIVEN.iter().any(|label| line.starts_with(label));
    if !last.is_empty() && last.lines().all(is_kept_aside) {
        before
    } else {
        body
    }
}

/// As much of a detail as fits where it belongs; one that does not goes whole to `as_given`.
fn cut(label: &str, detail: String, limit: usize, as_given: &mut Vec<String>) -> String {
    if text::within(&detail, limit).is_ok() {
        return detail;
    }
    as_given.push(format!("{label}{detail}"));
    text::clean_line(&detail, limit)
}

/// Reads what a person told into an enquiry. Faults name the fields they were sent in.
pub(super) fn read_given(
    given: Given,
    mut enquiry: Enquiry,
    mut faults: Faults,
    finish: impl FnOnce(&mut Enquiry, &mut Faults),
) -> Read {
    let mut own = Faults::default();
    given.read_into(&mut enquiry, false, &mut own);
    finish(&mut enquiry, &mut faults);
    let read = own.beside(enquiry.clone());
    for fault in read.faults {
        faults.add(field_of(&fault), fault.code, fault.detail);
    }
    faults.beside(enquiry)
}

fn field_of(fault: &Unfit) -> &'static str {
    match fault.pointer.as_str() {
        "/subject" | "/body" => "/description",
        "/person/name" => "/first_name",
        "/person/email" => "/email",
        "/person/phone" => "/phone",
        "/location/lat" => "/lat",
        "/location/long" => "/long",
        _ => "/address_string",
    }
}

/// The stable code of a fault in a text.
pub(super) fn text_code(fault: text::TextFault) -> &'static str {
    match fault {
        text::TextFault::ControlCharacter(_) => "control_character",
        text::TextFault::TooLong { .. } => "too_long",
    }
}

fn code_of(name: &str) -> Option<&str> {
    let rest = name.strip_prefix("attribute[")?;
    let rest = rest.strip_suffix("[]").unwrap_or(rest);
    rest.strip_suffix(']')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attribute_is_found_by_its_code_however_often_it_comes() {
        let form = Form {
            pairs: [
                ("attribute[size]", "van"),
                ("attribute[what][]", "fridge"),
                ("attribute[what][]", "sofa"),
                ("attribute[empty]", " "),
                ("attributes", "no"),
                ("attribute[<script>]", "no"),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec(),
            files: Vec::new(),
        };
        let mut faults = Faults::default();
        let mut as_given = Vec::new();
        let found = form.attributes(&mut as_given, &mut faults);
        assert_eq!(as_given, Vec::<String>::new());
        let expect = [
            ("empty", Vec::new()),
            ("size", vec!["van".to_owned()]),
            ("what", vec!["fridge".to_owned(), "sofa".to_owned()]),
        ]
        .map(|(code, values)| (code.to_owned(), values));
        assert_eq!(found, BTreeMap::from(expect));
        let read = faults.beside(Enquiry::new(
            crate::domain::contact::Channel::Open311,
            Timestamp::UNIX_EPOCH,
        ));
        assert_eq!(read.faults.len(), 1);
    }

    #[test]
    fn what_is_no_address_or_number_is_kept_in_words_that_nobody_else_reads() {
        let form = |pairs: &[(&str, &str)]| Form {
            pairs: pairs
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            files: Vec::new(),
        };
        for (field, value, line) in [
            ("phone", "none", "Telephone number, as it was given: none"),
            ("phone", "-", "Telephone number, as it was given: -"),
            (
                "email",
                "jörg@mail.example",
                "E-mail address, as it was given: jörg@mail.example",
            ),
            ("email", "-", "E-mail address, as it was given: -"),
            (
                "email",
                "ada\u{b}\r\n",
                "E-mail address, as it was given: ada",
            ),
        ] {
            let mut as_given = Vec::new();
            let person = form(&[("first_name", "Ada"), (field, value)]).person(&mut as_given);
            assert_eq!(as_given, [line]);
            let person = person.unwrap();
            assert_eq!((person.email, person.phone), (None, None));
            let (body, left) = under("It is deep.\n\nMind it.".to_owned(), as_given);
            assert_eq!(body, format!("It is deep.\n\nMind it.\n\n{line}"));
            assert_eq!(
                (public_words(&body), left.len()),
                ("It is deep.\n\nMind it.", 0)
            );
        }
        let mut as_given = Vec::new();
        let long = "Ada ".repeat(80);
        let person = form(&[("first_name", &long)])
            .person(&mut as_given)
            .unwrap();
        assert!(person.name.unwrap().chars().count() <= text::NAME_LIMIT);
        assert_eq!(
            as_given,
            [format!("Name, as it was given: {}", long.trim())]
        );
        assert_eq!(public_words(&under(String::new(), as_given).0), "");
        assert_eq!(public_words("A\n\nB"), "A\n\nB");
        let full = "a".repeat(text::BODY_LIMIT);
        let (body, left) = under(full.clone(), vec![format!("{PHONE}none")]);
        assert_eq!((body, left.len()), (full, 1));
    }

    #[test]
    fn an_instant_needs_its_offset_and_forgives_a_plus_lost_on_the_way() {
        let expect: Timestamp = "2026-11-20T16:58:00Z".parse().unwrap();
        for text in [
            "2026-11-20T16:58:00Z",
            "2026-11-20T17:58:00+01:00",
            "2026-11-20T17:58:00 01:00",
            " 2026-11-20T16:58:00+00:00 ",
        ] {
            assert_eq!(instant(text), Some(expect), "{text}");
        }
        for text in ["2026-11-20", "2026-11-20T16:58:00", "yesterday", ""] {
            assert_eq!(instant(text), None, "{text}");
        }
    }
}
