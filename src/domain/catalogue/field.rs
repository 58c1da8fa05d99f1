//! What a category asks beyond the words: the [`Field`]s a reporting service shows its users.
//!
//! Plain data as read from `[[categories.fields]]`; what must hold of it is checked in
//! [`super::check`].

use serde::{Deserialize, Serialize};

use crate::domain::contact::words;

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
    pub datatype: Datatype,
    #[serde(default)]
    pub required: bool,
    /// Whether somebody answers it. Otherwise it is something to tell them, and takes no answer.
    #[serde(default = "is_asked")]
    pub asked: bool,
    /// How to answer it.
    #[serde(default)]
    pub hint: Option<String>,
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
}

const fn is_asked() -> bool {
    true
}
