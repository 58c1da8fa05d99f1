//! The council's routing rules, as they stand in `routing.toml`.
//!
//! Only data: what danger sounds like, who counts as an elected member, which words start a
//! procedure of their own, whose business something is when it is not ours, and the council's own
//! rules. [`super::Router`] compiles them; a pattern that does not compile is a fault of the
//! catalogue, never of a message.
//!
//! Every `words`, `unless` and `and` entry is a regular expression, read without regard to case
//! over text in which every run of white space is one space and apostrophes are left out
//! (`dont`).

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::case::{Priority, Procedure};
use crate::domain::contact::Channel;
use crate::domain::person::PersonKind;

/// Everything in `routing.toml`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RoutingRules {
    pub thresholds: Thresholds,
    /// Where the text decides nothing, people do.
    pub fallback: Fallback,
    /// Danger and safeguarding cues, most pressing first.
    pub danger: Vec<DangerCue>,
    /// Who writes: members, parishes and others whose enquiries have a home of their own.
    pub requester: Vec<RequesterRule>,
    /// Words that start a procedure, first match wins.
    pub procedure: Vec<ProcedureRule>,
    /// Where complaints go, and what sounds like one.
    pub complaint: ComplaintRules,
    /// Other bodies' business.
    pub not_ours: Vec<NotOursRule>,
    /// The council's own rules, highest `priority` first.
    pub rule: Vec<Rule>,
    /// Messages that bring nothing new.
    pub remarks: Remarks,
    /// Signs that somebody needs more care than most; they raise the priority to high.
    pub vulnerable: Vec<String>,
    /// Languages noticed by their commonest words.
    pub language: Vec<LanguageRule>,
    /// What people call things, by service and category: plain words and phrases, no patterns.
    pub vocabulary: BTreeMap<String, BTreeMap<String, Vec<String>>>,
}

/// From which confidence a reading is acted upon.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Thresholds {
    /// Confidence from which a text is placed without a person looking.
    #[schemars(range(min = 0, max = 1))]
    pub place_at: f64,
    /// Confidence from which a text is treated as danger without a cue of the list.
    #[schemars(range(min = 0, max = 1))]
    pub danger_at: f64,
    /// Confidence from which a second case is opened beside a member's or a complainant's.
    #[schemars(range(min = 0, max = 1))]
    pub link_at: f64,
}

/// Where a contact waits for somebody to decide.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Fallback {
    /// Queue slug.
    pub queue: String,
    pub service: String,
    pub category: String,
}

/// What one kind of danger sounds like.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DangerCue {
    /// For the duty officer, without names or quoted words: "a child may be at risk".
    pub kind: String,
    /// Any of these.
    pub words: Vec<String>,
    /// And, where given, any of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub and: Vec<String>,
    /// But none of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unless: Vec<String>,
    /// Whose it is. Without one the text decides, and the case is an emergency wherever it goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Whether the cue outweighs a service or category that somebody chose.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_safeguarding: bool,
}

/// A kind of requester, and how to know them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RequesterRule {
    pub kind: PersonKind,
    /// Whole e-mail addresses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<String>,
    /// Mail domains, without `@`; their subdomains count.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub domains: Vec<String>,
    /// What stands in the sender's name: `^cllr\b`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    /// What stands in the text when they write or ring.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub words: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unless: Vec<String>,
    pub service: String,
    pub category: String,
    /// Whether the service concerned gets its own linked case.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub opens_service_case: bool,
}

/// Words that start a procedure with a home of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProcedureRule {
    /// In words, for the reason: "a freedom of information request".
    pub name: String,
    pub words: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub and: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unless: Vec<String>,
    pub service: String,
    pub category: String,
    /// Whether the law starts it whichever form the person filled in.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub outranks_choice: bool,
}

/// What sounds like a complaint, and where one goes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ComplaintRules {
    /// Plain complaint words, or something reported and not put right.
    pub words: Vec<String>,
    /// A subject line that makes the whole message a complaint.
    pub subject: Vec<String>,
    /// Words that only sound like one ("noise complaint").
    pub unless: Vec<String>,
    /// Weaker signs, offered to an officer.
    pub weak: Vec<String>,
    /// Where a complaint goes, first match wins; the last should name no services.
    pub home: Vec<ComplaintHome>,
}

/// Where complaints about some services go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ComplaintHome {
    /// Complaints about these services; none means any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub about: Vec<String>,
    /// Only when one of these stands in the text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub words: Vec<String>,
    pub service: String,
    pub category: String,
}

/// Another body's business.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NotOursRule {
    /// The body: "the water company".
    pub name: String,
    /// What they look after, in public words.
    pub what: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    pub words: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unless: Vec<String>,
}

impl NotOursRule {
    /// How the body is reached, as whole sentences; nothing where neither number nor page is known.
    #[must_use]
    pub fn how_to_reach(&self) -> Option<String> {
        match (&self.phone, &self.url) {
            (Some(phone), Some(url)) => Some(format!("Ring {phone}, or go to {url}.")),
            (Some(phone), None) => Some(format!("Ring {phone}.")),
            (None, Some(url)) => Some(format!("Go to {url}.")),
            (None, None) => None,
        }
    }
}

/// A rule of the council's own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Unique; recorded with every placement it makes.
    pub name: String,
    /// Higher goes first; unique, so that the order of the file never matters.
    pub priority: i32,
    pub when: When,
    pub then: Then,
}

/// All that is given must hold.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct When {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// The kind of person who contacts us.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<PersonKind>,
    /// Any of these in the text.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub words: Vec<String>,
    /// Any of these in the description of the place, or an asset's number.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub place: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unless: Vec<String>,
}

/// What then holds. A category goes with a service; a queue alone moves the work, not the matter.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Then {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub procedure: Option<Procedure>,
    /// Raises, never lowers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<Priority>,
}

/// What messages say that bring nothing new.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Remarks {
    /// A message of nothing but thanks; each pattern must match the whole of it.
    pub thanks: Vec<String>,
    /// Somebody asks again.
    pub chaser: Vec<String>,
    /// Contacts that need not have been: the queue cut off, the site was down, nobody answered.
    pub avoidable: Vec<String>,
}

/// A language known by its commonest words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LanguageRule {
    /// BCP 47 tag.
    pub tag: String,
    /// Whole words, lower case.
    pub words: Vec<String>,
    /// Phrases (patterns) that ask for an interpreter or say which language is spoken.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub asks: Vec<String>,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            place_at: 0.5,
            danger_at: 0.5,
            link_at: 0.35,
        }
    }
}

impl Default for Fallback {
    fn default() -> Self {
        Self {
            queue: "triage".to_owned(),
            service: "customer-services".to_owned(),
            category: "general-enquiry".to_owned(),
        }
    }
}
