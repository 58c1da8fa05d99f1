//! People as they are asked for and answered.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::casework::actions::Owner;
use crate::casework::people::marking::{MarkerChange, NewMarker};
use crate::casework::people::{Change, Search, organisations::Said};
use crate::casework::views::person::{Instruction, MergeView};
use crate::casework::{Failure, Person};
use crate::domain::person::marker::MarkerKind;
use crate::domain::person::{Address, OrganisationKind, PersonKind, Preferences, RoleOnCase};
use crate::http::dto::act::owner;
use crate::http::fields::{At, Id, Line, On, Text, even_null};
use crate::http::paging::PageQuery;

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
    pub kind: Option<PersonKind>,
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
    /// The only ways they may be reached: `email`, `phone` and `post` as they stand on the record,
    /// `face_to_face`, or an e-mail address or telephone number of its own. An empty list: no way is
    /// safe. Null lifts the limit.
    #[serde(default, deserialize_with = "even_null")]
    #[schemars(with = "Option<Vec<Line<254>>>", length(max = 10))]
    pub safe_contact: Option<Option<Vec<Line<254>>>>,
    /// For whom they act: the id of an organisation. Null: for nobody.
    #[serde(default, deserialize_with = "even_null")]
    #[schemars(with = "Option<Id>")]
    pub organisation_id: Option<Option<Id>>,
    /// Nothing is sent to them any more; what waits to be sent is stopped.
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
    Sms,
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
    /// For whom they act, in words.
    pub organisation: Option<String>,
    /// The same by id, once somebody of ours has said so.
    pub organisation_id: Option<Id>,
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
    /// `email`, `sms`, `phone` or `post`; null means e-mail where there is an address.
    pub channel: Option<String>,
    /// BCP 47 language tag.
    pub language: Option<String>,
    /// `standard`, `large_print`, `braille`, `audio` or `easy_read`.
    pub format: Option<String>,
}

/// One person by themselves.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PersonDetail {
    /// What to know before dealing with them.
    pub instructions: Vec<Instruction>,
    #[serde(flatten)]
    pub person: PersonObject,
    /// The record that stands for this one; null when it stands for itself.
    pub stands_for: Option<Id>,
    /// The merges that make several records one person, as far as you may know of them.
    pub merges: Vec<MergeView>,
}

/// Two records that are one person.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPersonMerge {
    pub from: Id,
    /// The record that is to stand for both.
    pub into: Id,
    #[schemars(length(min = 1))]
    pub reason: Text<2000>,
}

/// A marker to place.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MarkerGiven {
    pub kind: MarkerKind,
    /// Why it is kept.
    #[schemars(length(min = 1))]
    pub purpose: Text<500>,
    /// What to do: "Visit in pairs".
    #[schemars(length(min = 1))]
    pub instruction: Line<300>,
    /// Who answers for it: a user's id or e-mail address, or `me`, which is meant when it is left out.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub owner: Option<Line<254>>,
    /// The last day it holds without another look; within a year.
    pub review_on: On,
}

/// What changes about a marker. What is left out stays.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MarkerPatch {
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub purpose: Option<Text<500>>,
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub instruction: Option<Line<300>>,
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub owner: Option<Line<254>>,
    #[serde(default)]
    pub review_on: Option<On>,
}

/// Which markers.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct MarkersQuery {
    /// Those whose review falls before this day; unsaid: those that are overdue.
    #[serde(default)]
    pub review_due_before: Option<On>,
    /// A user's id or e-mail address, or `me`.
    #[serde(default)]
    pub owner: Option<Line<254>>,
    #[serde(flatten)]
    pub page: PageQuery,
}

/// A body that people act for.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOrganisation {
    #[schemars(length(min = 1))]
    pub name: Line<200>,
    pub kind: OrganisationKind,
    #[serde(default)]
    #[schemars(email, length(max = 254))]
    pub email: Option<String>,
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub phone: Option<Line<40>>,
    #[serde(default)]
    pub address: Option<Address>,
}

/// What changes about a body. What is left out stays.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OrganisationPatch {
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub name: Option<Line<200>>,
    #[serde(default)]
    pub kind: Option<OrganisationKind>,
    #[serde(default)]
    #[schemars(email, length(max = 254))]
    pub email: Option<String>,
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub phone: Option<Line<40>>,
    #[serde(default)]
    pub address: Option<Address>,
}

/// Which bodies.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct OrganisationsQuery {
    /// A part of the name is enough.
    #[serde(default)]
    #[schemars(length(min = 2))]
    pub name: Option<Line<200>>,
    #[serde(flatten)]
    pub page: PageQuery,
}

/// Somebody who is to be on a case.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonForCase {
    pub person: Id,
    /// Reporters and advocates are told what happens.
    pub role: RoleOnCase,
}

impl PersonPatch {
    /// The change as the use case takes it, over what is known.
    #[must_use]
    pub fn over(&self, known: &Person) -> Change {
        let ways = |ways: &Vec<Line<254>>| ways.iter().map(|way| way.to_string()).collect();
        Change {
            name: self.name.as_ref().map(|name| name.trim().to_owned()),
            kind: self.kind,
            email: self.email.clone(),
            phone: self.phone.as_ref().map(|phone| phone.trim().to_owned()),
            address: self.address.clone(),
            preferences: self
                .preferences
                .as_ref()
                .map(|patch| patch.over(&known.preferences)),
            safe_contact: self
                .safe_contact
                .as_ref()
                .map(|limit| limit.as_ref().map(ways)),
            is_deceased: self.is_deceased,
            organisation: self
                .organisation_id
                .map(|organisation| organisation.map(|id| id.0.into())),
        }
    }
}

impl MarkerGiven {
    /// The marker as the use case takes it.
    ///
    /// # Errors
    /// Names an owner that cannot be meant.
    pub fn read(&self) -> Result<NewMarker, Failure> {
        let owner = self.owner.as_deref().map(|text| owner(text, "/owner"));
        Ok(NewMarker {
            kind: self.kind,
            purpose: self.purpose.trim().to_owned(),
            instruction: self.instruction.trim().to_owned(),
            owner: owner.transpose()?.unwrap_or(Owner::Me),
            review_on: self.review_on.0,
        })
    }
}

impl MarkerPatch {
    /// The change as the use case takes it.
    ///
    /// # Errors
    /// Names an owner that cannot be meant.
    pub fn read(&self) -> Result<MarkerChange, Failure> {
        let owner = self.owner.as_deref().map(|text| owner(text, "/owner"));
        Ok(MarkerChange {
            purpose: self.purpose.as_ref().map(|text| text.trim().to_owned()),
            instruction: self.instruction.as_ref().map(|text| text.trim().to_owned()),
            owner: owner.transpose()?,
            review_on: self.review_on.map(|on| on.0),
        })
    }
}

impl From<NewOrganisation> for Said {
    fn from(new: NewOrganisation) -> Self {
        Self {
            name: Some(new.name.into_string()),
            kind: Some(new.kind),
            email: new.email,
            phone: new.phone.map(Line::into_string),
            address: new.address,
        }
    }
}

impl From<OrganisationPatch> for Said {
    fn from(patch: OrganisationPatch) -> Self {
        Self {
            name: patch.name.map(Line::into_string),
            kind: patch.kind,
            email: patch.email,
            phone: patch.phone.map(Line::into_string),
            address: patch.address,
        }
    }
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
            PreferredChannel::Sms => "sms",
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
            organisation_id: person.organisation_id.map(|id| id.0.into()),
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
