//! The kinds of value documents are made of: instants, dates, ids, one line, several lines.
//!
//! Each carries its own bounds in its schema, so that a body that was taken holds what it says.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

use jiff::Timestamp;
use jiff::civil::Date;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize};
use uuid::Uuid;

/// An instant: RFC 3339, answered in UTC with `Z`, read with any offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct At(pub Timestamp);

/// A date: `YYYY-MM-DD`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct On(pub Date);

/// An id: `CaseId`, `UserId` and the rest turn into it with `.0.into()`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Id(pub Uuid);

/// One line of text, of at most `MAX` characters, without control characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Line<const MAX: usize>(String);

/// Text of several lines, of at most `MAX` characters. CR LF is read as LF.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Text<const MAX: usize>(String);

impl From<Timestamp> for At {
    fn from(at: Timestamp) -> Self {
        Self(at)
    }
}

impl From<Date> for On {
    fn from(on: Date) -> Self {
        Self(on)
    }
}

impl From<Uuid> for Id {
    fn from(id: Uuid) -> Self {
        Self(id)
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<'de, const MAX: usize> Deserialize<'de> for Text<MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(
            String::deserialize(deserializer)?.replace("\r\n", "\n"),
        ))
    }
}

macro_rules! texts {
    ($($name:ident, $label:literal, $format:literal);+) => {$(
        impl<const MAX: usize> $name<MAX> {
            /// The text itself.
            #[must_use]
            pub fn into_string(self) -> String {
                self.0
            }
        }

        impl<const MAX: usize> Deref for $name<MAX> {
            type Target = str;
            fn deref(&self) -> &str {
                &self.0
            }
        }

        impl<const MAX: usize> JsonSchema for $name<MAX> {
            fn inline_schema() -> bool {
                true
            }
            fn schema_name() -> Cow<'static, str> {
                format!(concat!($label, "{}"), MAX).into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({"type": "string", "maxLength": MAX, "format": $format})
            }
        }
    )+};
}
texts!(Line, "Line", "single-line"; Text, "Text", "multi-line");

macro_rules! strings {
    ($($name:ident, $format:literal, $example:literal);+) => {$(
        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({"type": "string", "format": $format, "examples": [$example]})
            }
        }
    )+};
}
strings!(
    At, "date-time", "2026-11-20T16:58:00Z";
    On, "date", "2026-11-24";
    Id, "uuid", "019a9f5e-7c00-7000-8000-000000000001"
);

/// Tells a member that was sent as `null` (to be taken away) from one that was left out (to stay):
/// `#[serde(default, deserialize_with = "even_null")] post: Option<Option<Line<200>>>`.
///
/// # Errors
/// As `T`'s own.
pub fn even_null<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    T::deserialize(deserializer).map(Some)
}
