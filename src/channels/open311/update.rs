//! A message on a report: what a user of the reporting service wrote there afterwards.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::form::{Form, read_given, under};
use super::status::Extended;
use crate::channels::given::{Faults, Given, Unfit};
use crate::domain::contact::Channel;
use crate::domain::enquiry::Enquiry;

/// A message as it was sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Update {
    /// The report's id with us.
    pub request: String,
    /// The sender's own number for the message.
    pub update_id: String,
    /// How the report stands on the other side.
    pub status: Extended,
    /// When it was written there.
    pub written_at: Timestamp,
    /// The words, and who wrote them.
    pub enquiry: Enquiry,
}

/// Reads a message.
///
/// # Errors
/// Everything in it that cannot be meant.
pub fn read(form: &Form, now: Timestamp) -> Result<Update, Vec<Unfit>> {
    let mut faults = Faults::default();
    let request = needed(form, "service_request_id", &mut faults);
    // Older installations call it so.
    let update_id = match form.id("update_id_ext", &mut faults) {
        Some(id) if form.get("update_id").is_none() => id,
        _ => needed(form, "update_id", &mut faults),
    };
    let status = status(form, &mut faults);
    let written_at = form
        .instant("updated_datetime", &mut faults)
        .unwrap_or(now)
        .min(now);
    let mut as_given = Vec::new();
    let answers = form.attributes(&mut as_given, &mut faults);
    let words = form.words("description").trim().to_owned();
    let subject = if words.is_empty() {
        format!("An update without words: {status}")
    } else {
        String::new()
    };
    let person = form.person(&mut as_given);
    let media_urls = form.photographs(&mut as_given, &mut faults);
    let (body, left_over) = under(words, as_given);
    let given = Given {
        subject: Some(subject),
        body: Some(body),
        person,
        ..Given::default()
    };
    let enquiry = Enquiry::new(Channel::Open311, written_at);
    let read = read_given(given, enquiry, faults, |enquiry, _| {
        enquiry.media_urls = media_urls;
        enquiry.external_id = Some(update_id.clone()).filter(|id| !id.is_empty());
        enquiry.is_only_said = status.is_over();
        let mut fields: Map<String, Value> = answers
            .into_iter()
            .filter(|(_, values)| !values.is_empty())
            .map(|(code, values)| (code, Value::from(values.join(", "))))
            .collect();
        fields.insert("status".to_owned(), Value::from(status.as_str()));
        let files = form.files_in_words();
        if !files.is_empty() {
            fields.insert("files_not_kept".to_owned(), Value::from(files));
        }
        if !left_over.is_empty() {
            fields.insert("as_it_was_given".to_owned(), Value::from(left_over));
        }
        enquiry.fields = fields;
    });
    if !read.faults.is_empty() {
        return Err(read.faults);
    }
    Ok(Update {
        request,
        update_id,
        status,
        written_at,
        enquiry: read.enquiry,
    })
}

fn needed(form: &Form, field: &str, faults: &mut Faults) -> String {
    match form.id(field, faults) {
        Some(id) => id,
        None if form.get(field).is_none() => {
            faults.add(
                &format!("/{field}"),
                "missing_field",
                "This field is needed.",
            );
            String::new()
        }
        None => String::new(),
    }
}

fn status(form: &Form, faults: &mut Faults) -> Extended {
    let known = || {
        let words: Vec<&str> = Extended::ALL.iter().map(|word| word.as_str()).collect();
        format!("One of: {}.", words.join(", "))
    };
    match form.get("status") {
        None => {
            faults.add("/status", "missing_field", known());
            Extended::Open
        }
        Some(text) => Extended::read(text).unwrap_or_else(|| {
            faults.add("/status", "unknown_value", known());
            Extended::Open
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(more: &[(&str, &str)]) -> Form {
        let usual = [
            ("service_request_id", "4X7-K92-MQ3"),
            ("update_id", "77"),
            ("status", "OPEN"),
            ("updated_datetime", "2026-11-20T10:00:00Z"),
            ("description", "It is still there."),
            ("first_name", "Ada"),
            ("last_name", "-"),
        ];
        let kept = usual
            .into_iter()
            .filter(|(name, _)| !more.iter().any(|(own, _)| own == name));
        Form {
            pairs: kept
                .chain(more.iter().copied())
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            files: Vec::new(),
        }
    }

    fn now() -> Timestamp {
        "2026-11-20T16:58:00Z".parse().unwrap()
    }

    #[test]
    fn a_message_is_read_with_when_and_by_whom_it_was_written() {
        let update = read(&form(&[]), now()).unwrap();
        assert_eq!(update.request, "4X7-K92-MQ3");
        assert_eq!(update.enquiry.external_id.as_deref(), Some("77"));
        assert_eq!(update.enquiry.body, "It is still there.");
        assert_eq!(update.written_at.to_string(), "2026-11-20T10:00:00Z");
        assert!(!update.enquiry.is_only_said);
        let crate::domain::enquiry::Who::Described(who) = update.enquiry.who else {
            panic!("somebody was named")
        };
        assert_eq!(who.name.as_deref(), Some("Ada"));
    }

    #[test]
    fn a_message_is_taken_whatever_its_writer_said_of_themselves() {
        let update = read(
            &form(&[
                ("description", "It is\u{b} still there.\r"),
                ("email", "-"),
                ("phone", "none"),
            ]),
            now(),
        )
        .unwrap();
        assert_eq!(
            update.enquiry.body,
            "It is still there.\n\nE-mail address, as it was given: -\nTelephone number, as it was given: none"
        );
    }

    #[test]
    fn who_says_that_it_is_fixed_asks_for_nothing() {
        let update = read(&form(&[("status", "fixed"), ("description", "")]), now()).unwrap();
        assert!(update.enquiry.is_only_said);
        assert_eq!(update.enquiry.subject, "An update without words: FIXED");
    }

    #[test]
    fn a_message_from_the_future_was_written_now() {
        let update = read(
            &form(&[("updated_datetime", "2027-01-01T00:00:00Z")]),
            now(),
        )
        .unwrap();
        assert_eq!(update.written_at, now());
    }

    #[test]
    fn every_fault_is_named_by_its_field() {
        let faults = read(
            &form(&[
                ("service_request_id", ""),
                ("update_id", " "),
                ("status", "confirmed"),
                ("updated_datetime", "yesterday"),
                ("media_url", "javascript:alert(1)"),
            ]),
            now(),
        )
        .unwrap_err();
        let mut fields: Vec<&str> = faults.iter().map(|one| one.pointer.as_str()).collect();
        fields.sort_unstable();
        assert_eq!(
            fields,
            [
                "/media_url",
                "/service_request_id",
                "/status",
                "/update_id",
                "/updated_datetime",
            ]
        );
    }
}
