//! Open cases of the system before this one, row by row: what each says, and what is wrong with it.
//!
//! | file | what it reads |
//! |---|---|
//! | `plain` | bytes of any origin as one text |
//! | [`rows`] | CSV and JSON as rows |
//!
//! Whether the council has such a service, and whether the case is there already, is not known here.

mod plain;
pub mod rows;

#[cfg(test)]
mod tests;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use super::given::{Faults, Given, GivenPerson, Unfit};
use crate::domain::addresses::slips;
use crate::domain::case::Status;
use crate::domain::contact::{Channel, UnknownWord};
use crate::domain::enquiry::Enquiry;

pub use rows::Row;

/// A case as the old system had it.
#[derive(Debug, Clone, PartialEq)]
pub struct OldCase {
    /// In capitals.
    pub old_reference: String,
    /// The first date the old system gave the person.
    pub first_promised_on: Option<Date>,
    /// New, open or waiting.
    pub status: Status,
    /// What was asked, by whom, when.
    pub enquiry: Enquiry,
}

/// The longest reference of an old system.
const LONGEST_REFERENCE: usize = 60;
const STILL_OPEN: [Status; 3] = [Status::New, Status::Open, Status::Waiting];

impl OldCase {
    /// Reads one row. Times without an offset are local to `zone`.
    ///
    /// # Errors
    /// Everything that cannot be meant, at once.
    pub fn read(mut row: Row, zone: &TimeZone) -> Result<Self, Vec<Unfit>> {
        let mut faults = Faults::default();
        let old_reference = row.take("old_reference");
        if old_reference.is_none() {
            let detail = "Every case needs the reference it had.";
            faults.add("/old_reference", "missing_field", detail);
        }
        let old_reference = faults
            .line("/old_reference", old_reference, LONGEST_REFERENCE)
            .unwrap_or_default()
            .to_uppercase();
        let received_at = instant(row.take("received_at").as_deref(), zone, &mut faults);
        let first_promised_on = day(row.take("first_promised_on").as_deref(), &mut faults);
        let status = status(row.take("status").as_deref(), &mut faults);
        let channel = channel(row.take("channel").as_deref(), &mut faults);
        let given = Given {
            subject: row.take("subject"),
            body: row.take("body"),
            person: Some(GivenPerson {
                name: row.take("name"),
                email: row.take("email"),
                phone: row.take("phone"),
                ..GivenPerson::default()
            }),
            service: row.take("service"),
            category: row.take("category"),
            ..Given::default()
        };
        let mut enquiry = Enquiry::new(channel, received_at);
        for (column, is_given) in [
            ("/service", given.service.is_some()),
            ("/category", given.category.is_some()),
        ] {
            if !is_given {
                faults.add(
                    column,
                    "missing_field",
                    "This is needed: a slug of the catalogue.",
                );
            }
        }
        given.read_into(&mut enquiry, false, &mut faults);
        enquiry.external_id = Some(old_reference.clone());
        let faults = faults.into_vec();
        if faults.is_empty() {
            Ok(Self {
                old_reference,
                first_promised_on,
                status,
                enquiry,
            })
        } else {
            Err(faults)
        }
    }
}

/// The known word that one was probably meant to be.
#[must_use]
pub fn similar<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let most = (word.chars().count() / 3).clamp(1, 4);
    known
        .into_iter()
        .map(|one| {
            let is_part = word.len() > 3 && (one.contains(word) || word.contains(one));
            let n = slips(word, one);
            (if is_part { n.min(most) } else { n }, one)
        })
        .filter(|(n, _)| *n <= most)
        .min_by_key(|(n, one)| (*n, !one.starts_with(word)))
        .map(|(_, one)| one)
}

/// What somebody wrote, as it may stand in a message: short, and without signs that a terminal obeys.
#[must_use]
pub fn quoted(text: &str) -> String {
    let mut short: String = text.chars().take(40).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    let plain: String = short
        .chars()
        .map(|c| {
            if c.is_control() || is_hidden(c) {
                '\u{fffd}'
            } else {
                c
            }
        })
        .collect();
    format!("`{plain}`")
}

/// Signs that turn the direction of a line around or show nothing.
fn is_hidden(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

fn instant(text: Option<&str>, zone: &TimeZone, faults: &mut Faults) -> Timestamp {
    let Some(text) = text else {
        let detail = "Every case needs the day it was received.";
        faults.add("/received_at", "missing_field", detail);
        return Timestamp::UNIX_EPOCH;
    };
    let local = || {
        let at: DateTime = text.parse().ok()?;
        zone.to_timestamp(at).ok()
    };
    let read: Option<Timestamp> = text.parse().ok().or_else(local);
    // Kept to the microsecond, as the databases do.
    let kept = read.and_then(|at| Timestamp::from_microsecond(at.as_microsecond()).ok());
    kept.unwrap_or_else(|| {
        faults.add(
            "/received_at",
            "bad_format",
            format!(
                "{} is no date we can read. Write 2026-10-05, 2026-10-05T14:30, or 2026-10-05T14:30:00Z.",
                quoted(text)
            ),
        );
        Timestamp::UNIX_EPOCH
    })
}

fn day(text: Option<&str>, faults: &mut Faults) -> Option<Date> {
    let text = text?;
    let on = text.parse().ok();
    if on.is_none() {
        faults.add(
            "/first_promised_on",
            "bad_format",
            format!("{} is no date we can read. Write 2026-10-19.", quoted(text)),
        );
    }
    on
}

fn status(text: Option<&str>, faults: &mut Faults) -> Status {
    let Some(text) = text else {
        return Status::New;
    };
    let open = STILL_OPEN.map(Status::as_str);
    match text.to_lowercase().parse() {
        Ok(status) if STILL_OPEN.contains(&status) => return status,
        Ok(_) => faults.add(
            "/status",
            "not_open",
            format!(
                "{} is answered: only cases that are still to be answered are taken over. Take the row out.",
                quoted(text)
            ),
        ),
        Err(UnknownWord { word, .. }) => faults.add(
            "/status",
            "unknown_value",
            format!(
                "There is no status {}; it is one of: {}.{}",
                quoted(&word),
                open.join(", "),
                meant(similar(&word, open))
            ),
        ),
    }
    Status::New
}

fn channel(text: Option<&str>, faults: &mut Faults) -> Channel {
    let Some(text) = text else {
        return Channel::Api;
    };
    match text.to_lowercase().replace([' ', '-'], "_").parse() {
        Ok(channel) => channel,
        Err(UnknownWord { word, known }) => {
            faults.add(
                "/channel",
                "unknown_value",
                format!(
                    "There is no channel {}; it is one of: {}.{}",
                    quoted(text),
                    known.join(", "),
                    meant(similar(&word, known.iter().copied()))
                ),
            );
            Channel::Api
        }
    }
}

/// As the end of a message.
#[must_use]
pub fn meant(similar: Option<&str>) -> String {
    similar.map_or_else(String::new, |one| format!(" Did you mean `{one}`?"))
}
