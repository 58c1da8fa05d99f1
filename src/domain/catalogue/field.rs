//! What a category asks beyond the words: the [`Field`]s a reporting service shows its users.
//!
//! Plain data as read from `[[categories.fields]]`; what must hold of it is checked in
//! [`super::check`].

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::contact::words;
use crate::domain::wording::Language;

words! {
    /// What an answer looks like, in Open311's own words.
    Datatype {
        /// One line.
        String = "string",
        Number = "number",
        /// A day and hour with its offset.
        Datetime = "datetime",
        /// Several lines.
        Text = "text",
        /// One of `values`.
        OneOf = "singlevaluelist",
        /// Any of `values`.
        SomeOf = "multivaluelist",
    }
}

/// One question of a category.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// The name its answer travels under: `size`.
    pub code: String,
    /// As people read it.
    pub question: String,
    /// The same in Welsh.
    #[serde(default)]
    pub question_cy: Option<String>,
    pub datatype: Datatype,
    #[serde(default)]
    pub required: bool,
    /// Whether somebody answers it. Otherwise it is something to tell them, and takes no answer.
    #[serde(default = "is_asked")]
    pub asked: bool,
    /// How to answer it.
    #[serde(default)]
    pub hint: Option<String>,
    #[serde(default)]
    pub hint_cy: Option<String>,
    /// What may be chosen, in this order.
    #[serde(default)]
    pub values: Vec<Choice>,
}

/// One thing to choose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    pub key: String,
    pub name: String,
    /// The same in Welsh.
    #[serde(default)]
    pub name_cy: Option<String>,
}

/// Codes a reporting service fills in by itself, which no category may ask for.
pub const FILLED_IN: [&str; 4] = ["easting", "northing", "fixmystreet_id", "uprn"];

impl Datatype {
    /// Whether an answer is chosen.
    #[must_use]
    pub const fn is_chosen(self) -> bool {
        matches!(self, Self::OneOf | Self::SomeOf)
    }
}

impl Field {
    /// Whether this is something that may be chosen.
    #[must_use]
    pub fn offers(&self, key: &str) -> bool {
        self.values.iter().any(|choice| choice.key == key)
    }

    /// The question, in Welsh where there is one.
    #[must_use]
    pub fn question_in(&self, language: Language) -> &str {
        either(language, &self.question, self.question_cy.as_deref())
    }

    /// How to answer it, in Welsh where that is said.
    #[must_use]
    pub fn hint_in(&self, language: Language) -> Option<&str> {
        let hint = self.hint.as_deref()?;
        Some(either(language, hint, self.hint_cy.as_deref()))
    }
}

impl Choice {
    /// What it is called, in Welsh where that is said.
    #[must_use]
    pub fn name_in(&self, language: Language) -> &str {
        either(language, &self.name, self.name_cy.as_deref())
    }
}

/// What a date and time must look like.
pub const INSTANT: &str =
    "A date and time with its offset, such as 2026-11-20T16:58:00Z or 2026-11-20T16:58:00+00:00.";

/// Reads an instant with its offset. A plus that became a space on its way through an address is a
/// plus.
#[must_use]
pub fn instant(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let mended = match text.rsplit_once(' ') {
        Some((before, offset)) if before.contains('T') => format!("{before}+{offset}"),
        _ => text.to_owned(),
    };
    mended.parse().ok()
}

fn either<'t>(language: Language, english: &'t str, welsh: Option<&'t str>) -> &'t str {
    match language {
        Language::English => english,
        Language::Welsh => welsh.unwrap_or(english),
    }
}

const fn is_asked() -> bool {
    true
}
