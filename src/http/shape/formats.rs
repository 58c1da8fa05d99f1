//! The formats texts are held to. One place reads them, for all documents.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jsonschema::ValidationOptions;
use uuid::Uuid;

use crate::domain::person::email_address;

/// Teaches a validator our formats.
pub(super) fn known(options: ValidationOptions) -> ValidationOptions {
    options
        .should_validate_formats(true)
        .with_format("single-line", is_single_line)
        .with_format("multi-line", is_multi_line)
        // What nobody can be asked to write again is taken as it is and cleaned.
        .with_format("cleaned", |_: &str| true)
        .with_format("date-time", is_instant)
        .with_format("date", is_date)
        .with_format("uuid", is_uuid)
        .with_format("email", |text: &str| email_address(text).is_some())
}

/// No control characters, and none of those that some programs take for the end of a line.
pub(super) fn is_single_line(text: &str) -> bool {
    !text
        .chars()
        .any(|c| c.is_ascii_control() || matches!(c, '\u{2028}' | '\u{2029}'))
}

/// Tabs and ends of lines, no other control characters. A lone CR is one.
pub(super) fn is_multi_line(text: &str) -> bool {
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let is_good = match c {
            '\t' | '\n' => true,
            '\r' => rest.peek() == Some(&'\n'),
            other => !other.is_ascii_control(),
        };
        if !is_good {
            return false;
        }
    }
    true
}

/// RFC 3339 with an offset. What the date library reads besides (spaces, brackets, basic format)
/// is not for the wire.
pub(super) fn is_instant(text: &str) -> bool {
    let has_shape = text.is_ascii()
        && text
            .get(10..11)
            .is_some_and(|t| t.eq_ignore_ascii_case("t"))
        && text.get(..10).is_some_and(is_date)
        && !text.contains('[');
    has_shape && text.parse::<Timestamp>().is_ok()
}

/// A date and time that lacks its offset only.
pub(super) fn lacks_offset(text: &str) -> bool {
    text.get(..10).is_some_and(is_date)
        && !text.contains('[')
        && text.parse::<DateTime>().is_ok()
        && text.len() > 10
}

/// `YYYY-MM-DD` and nothing else.
pub(super) fn is_date(text: &str) -> bool {
    let mut bytes = text.bytes();
    text.len() == 10
        && (0..10).all(|place| match (place, bytes.next()) {
            (4 | 7, byte) => byte == Some(b'-'),
            (_, byte) => byte.is_some_and(|byte| byte.is_ascii_digit()),
        })
        && text.parse::<Date>().is_ok()
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36 && Uuid::parse_str(text).is_ok()
}
