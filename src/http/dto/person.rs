//! People as they are asked for and answered.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::casework::Person;
use crate::casework::people::Search;
use crate::domain::person::{Address, PersonKind, Preferences};
use crate::http::fields::{At, Id, Line};

/// By what to look: exactly one of the three.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct PersonSearch {
    /// A part of the name is enough.
    #[serde(default)]
    #[schemars(length(min = 2))]
    pub name: Option<Line<200>>,
    #[serde(default)]
    #[schemars(length(min = 3))]
    pub email: Option<Line<254>>,
    /// However it is written.
    #[serde(default)]
    #[schemars(length(min = 3))]
    pub phone: Option<Line<40>>,
}

/// What changes about a person. What is left out stays.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct PersonPatch {
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub name: Option<Line<200>>,
    #[serde(default)]
    #[schemars(email, length(max = 254))]
    pub email: Option<String>,
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub phone: Option<Line<40>>,
    #[serde(default)]
    pub address: Option<Address>,
    #[serde(default)]
    pub preferences: Option<PreferencesPatch>,
    /// Nothing is sent to them any more.
    #[serde(default)]
    pub is_deceased: Option<bool>,
}

/// How they want to hear from us. What is left out stays.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct PreferencesPatch {
    #[serde(default)]
    pub channel: Option<PreferredChannel>,
    /// BCP 47 language tag.
    #[serde(default)]
    #[schemars(
        length(max = 35),
        regex(pattern = r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$")
    )]
    pub language: Option<String>,
    #[serde(default)]
    pub format: Option<PreferredFormat>,
}

/// By which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PreferredChannel {
    Email,
    Phone,
    Post,
}

/// In which form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PreferredFormat {
    Standard,
    LargePrint,
    Braille,
    Audio,
    EasyRead,
}

/// One person.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PersonObject {
    pub id: Id,
    pub name: Option<String>,
    pub kind: PersonKind,
    pub email: Option<String>,
    /// As it was written.
    pub phone: Option<String>,
    pub address: Option<Address>,
    pub organisation: Option<String>,
    pub preferences: PreferencesObject,
    /// The only ways they may be reached, where there is a limit. Nothing automatic is sent then.
    pub safe_contact: Option<Vec<String>>,
    pub is_deceased: bool,
    pub created_at: At,
    pub updated_at: At,
    pub version: i64,
}

/// How they want to hear from us.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PreferencesObject {
    /// `email`, `phone` or `post`; null means e-mail where there is an address.
    pub channel: Option<String>,
    /// BCP 47 language tag.
    pub language: Option<String>,
    /// `standard`, `large_print`, `braille`, `audio` or `easy_read`.
    pub format: Option<String>,
}

impl PersonSearch {
    /// By what they look, when it is one thing.
    #[must_use]
    pub fn only(self) -> Option<Search> {
        match (self.name, self.email, self.phone) {
            (Some(name), None, None) => Some(Search::Name(name.trim().to_owned())),
            (None, Some(email), None) => Some(Search::Email(email.into_string())),
            (None, None, Some(phone)) => Some(Search::Phone(phone.into_string())),
            _ => None,
        }
    }
}

impl PreferencesPatch {
    /// Lays what was sent over what is known.
    #[must_use]
    pub fn over(&self, known: &Preferences) -> Preferences {
        let channel = self.channel.map(|channel| match channel {
            PreferredChannel::Email => "email",
            PreferredChannel::Phone => "phone",
            PreferredChannel::Post => "post",
        });
        let format = self.format.map(|format| match format {
            PreferredFormat::Standard => "standard",
            PreferredFormat::LargePrint => "large_print",
            PreferredFormat::Braille => "braille",
            PreferredFormat::Audio => "audio",
            PreferredFormat::EasyRead => "easy_read",
        });
        Preferences {
            channel: channel.map(str::to_owned).or_else(|| known.channel.clone()),
            language: self.language.clone().or_else(|| known.language.clone()),
            format: format.map(str::to_owned).or_else(|| known.format.clone()),
        }
    }
}

impl From<Person> for PersonObject {
    fn from(person: Person) -> Self {
        Self {
            id: person.id.0.into(),
            name: person.name,
            kind: person.kind,
            email: person.email,
            phone: person.phone,
            address: person.address,
            organisation: person.organisation,
            preferences: PreferencesObject {
                channel: person.preferences.channel,
                language: person.preferences.language,
                format: person.preferences.format,
            },
            safe_contact: person.safe_contact.map(|safe| safe.ways),
            is_deceased: person.is_deceased,
            created_at: person.created_at.into(),
            updated_at: person.updated_at.into(),
            version: person.version,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preference_that_is_not_mentioned_stays() {
        let known = Preferences {
            channel: Some("post".to_owned()),
            language: Some("cy".to_owned()),
            format: None,
        };
        let patch: PreferencesPatch =
            serde_json::from_value(serde_json::json!({"format": "large_print"})).unwrap();
        let expect = Preferences {
            format: Some("large_print".to_owned()),
            ..known.clone()
        };
        assert_eq!(patch.over(&known), expect);
    }

    #[test]
    fn a_search_is_for_one_thing() {
        let only = |value: serde_json::Value| {
            serde_json::from_value::<PersonSearch>(value)
                .unwrap()
                .only()
        };
        let by_name = only(serde_json::json!({"name": " Ada "}));
        assert_eq!(by_name, Some(Search::Name("Ada".to_owned())));
        assert_eq!(only(serde_json::json!({})), None);
        assert_eq!(
            only(serde_json::json!({"name": "Ada", "phone": "01632 960123"})),
            None
        );
    }
}
