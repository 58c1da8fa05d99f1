//! Where a contact goes, and why.
//!
//! [`Router::route`] takes what a channel learnt (`Enquiry`) and answers with one
//! [`Placement`]: the queue, service, category, procedure and priority of the case to open, the
//! cases that belong beside it, and the reason in words. The order of precedence is fixed: danger
//! and safeguarding, then who asks, then words that start a procedure, then what somebody chose,
//! then the council's own rules and what the text says ([`crate::domain::triage`]).
//!
//! It never opens a case, never looks anything up, and the same enquiry under the same catalogue
//! always goes to the same place. The word "urgent" does nothing.

mod check;
mod compiled;
mod complaint;
mod danger;
pub mod evaluation;
mod overheard;
mod pattern;
mod place;
mod remarks;
mod requester;
mod route;
mod rules;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use super::case::{Priority, Procedure, Routed};
use super::catalogue::Catalogue;
use super::triage::Example;

pub use compiled::{Router, fingerprint, train};
pub use rules::{
    ComplaintHome, ComplaintRules, DangerCue, Fallback, LanguageRule, NotOursRule, ProcedureRule,
    Remarks, RequesterRule, RoutingRules, Rule, Then, Thresholds, When,
};

/// Where a contact goes, and what belongs beside it.
#[derive(Debug, Clone, PartialEq)]
pub struct Placement {
    /// Queue slug.
    pub queue: String,
    /// When nobody has placed it yet, the best guess.
    pub service: String,
    pub category: String,
    pub procedure: Procedure,
    pub priority: Priority,
    pub danger: Option<Danger>,
    /// False means that a person places it: `queue` is the fallback queue, `routed` holds the
    /// suggestions, and nothing told to the person may name the guess.
    pub is_placed: bool,
    pub routed: Routed,
    /// Cases to open beside this one, in order.
    pub linked: Vec<Linked>,
    /// What an officer is asked to decide.
    pub offers: Vec<Offer>,
    /// Whether an elected member seems to ask, whose promises are their own. Words and names can be
    /// anybody's: only the kind set at sign-in, or a listed address, makes it certain.
    pub is_member: bool,
    /// Whether somebody concerned seems to need more care than most.
    pub is_vulnerable: bool,
    pub not_ours: Option<NotOurs>,
    /// BCP 47 tag of the language it is written in or asked for, when that is not English; `und`
    /// when an interpreter is needed and we do not know for which.
    pub language: Option<String>,
    /// Whether it only asks again about something.
    pub is_chaser: bool,
    /// Whether better service would have spared the person this contact.
    pub is_avoidable: bool,
}

/// Danger that was read or declared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Danger {
    /// For the duty officer; no names and no quoted words.
    pub kind: String,
}

/// A second case that belongs beside the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Linked {
    pub queue: String,
    pub service: String,
    pub category: String,
    pub procedure: Procedure,
    pub priority: Priority,
    /// The danger is this case's to deal with; the first case only knows of it.
    pub danger: Option<Danger>,
    pub why: String,
}

/// What an officer is asked to decide about a contact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Offer {
    /// It may be a complaint: where one would go, and which words say so.
    Complaint {
        service: String,
        category: String,
        why: String,
    },
    /// It seems to raise several matters; each could be a case of its own.
    SeveralMatters { matters: Vec<Matter> },
    /// A member asks about a service, but which one is not clear.
    ServiceCase { matters: Vec<Matter> },
    /// Somebody needs an interpreter.
    Interpreter { why: String },
}

/// One of several matters in a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Matter {
    pub service: String,
    pub category: String,
    /// The part of the message it was read from.
    pub text: String,
}

/// Another body whose business it seems to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotOurs {
    pub name: String,
    pub what: String,
    pub phone: Option<String>,
    pub url: Option<String>,
}

impl Router {
    /// Compiles the rules and reads every category and example.
    ///
    /// # Errors
    /// Every pattern that cannot be read. What the rules name is checked with the catalogue
    /// ([`RoutingRules::check`]).
    pub fn new(
        catalogue: &Catalogue,
        rules: &RoutingRules,
        examples: &[Example],
    ) -> Result<Self, Vec<String>> {
        Self::compile(catalogue, rules, examples)
    }
}
