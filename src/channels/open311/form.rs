//! What a client sends: fields by name, the same whether it came as a form or in parts.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::channels::given::{Faults, Given, GivenPerson, Read, Unfit};
use crate::channels::text;
use crate::domain::contact::Location;
use crate::domain::enquiry::Enquiry;

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

    /// `attribute[code]` and `attribute[code][]`, by code; one without a value is there and empty.
    pub(super) fn attributes(&self, faults: &mut Faults) -> BTreeMap<String, Vec<String>> {
        let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, value) in &self.pairs {
            let Some(code) = code_of(name) else {
                continue;
            };
            let is_code = (1..=60).contains(&code.len())
                && code
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || "_-.:".contains(c));
            if !is_code {
                faults.add(
                    "/attribute",
                    "bad_format",
                    "An attribute's code has at most 60 letters, digits and `_-.:`.",
                );
                continue;
            }
            let pointer = format!("/attribute[{code}]");
            match text::body_text(value).and_then(|value| {
                text::within(&value, LONGEST_ANSWER).map(|value| value.trim().to_owned())
            }) {
                Ok(value) => {
                    let values = found.entry(code.to_owned()).or_default();
                    if !value.is_empty() {
                        values.push(value);
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

    /// The addresses of photographs: pages of the web and nothing else, since staff open them.
    pub(super) fn photographs(&self, faults: &mut Faults) -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        for value in self.all("media_url").chain(self.all("media_url[]")) {
            let value = value.trim();
            let is_address = (value.starts_with("https://") || value.starts_with("http://"))
                && value.chars().count() <= LONGEST_ADDRESS
                && !value.contains(|c: char| c.is_whitespace() || c.is_control());
            if !is_address {
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

    /// What is known of files that came along, for staff: their bytes are not kept.
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

    /// Who sends it, as they say.
    pub(super) fn person(&self) -> Option<GivenPerson> {
        // FixMyStreet writes a hyphen where there is no family name.
        let names: Vec<&str> = ["first_name", "last_name"]
            .into_iter()
            .filter_map(|field| self.get(field))
            .map(str::trim)
            .filter(|name| *name != "-")
            .collect();
        let person = GivenPerson {
            name: (!names.is_empty()).then(|| names.join(" ")),
            email: self.get("email").map(str::to_owned),
            phone: self.get("phone").map(str::to_owned),
            ..GivenPerson::default()
        };
        (person != GivenPerson::default()).then_some(person)
    }

    /// Where it is. `uprn` comes as an attribute.
    pub(super) fn place(&self, uprn: Option<&str>, faults: &mut Faults) -> Option<Location> {
        let lat = self.degrees("lat", 90.0, faults);
        let long = self.degrees("long", 180.0, faults);
        let address_id = self.get("address_id").map(str::trim);
        let is_uprn = |text: &&str| {
            (1..=12).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
        };
        let mut location = Location {
            lat,
            long,
            description: self.get("address_string").map(str::to_owned),
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
        let given = self.get(field).map(str::to_owned);
        faults.line(&format!("/{field}"), given, LONGEST_ID)
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
        let found = form.attributes(&mut faults);
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
