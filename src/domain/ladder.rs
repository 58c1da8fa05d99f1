//! Whom to remind, and whom to tell, as a promise comes nearer and passes.
//!
//! A ladder is data: steps at offsets from a clock's start or last day. Planning is pure and always
//! starts from the clock as it reads now, so a pause or an extension moves every step with it and a
//! clock that is met or paused has none. Whether a step was taken before is not known here: the
//! sweep keeps each one unique and merges what several steps would tell the same recipient.

mod offset;
mod plan;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

pub use offset::Offset;
pub use plan::{PlannedStep, due_steps, next_step_at, plan_steps, plan_waiting};

/// Steps in the order in which they fall, by slug in the catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ladder {
    #[serde(default)]
    pub slug: String,
    pub name: String,
    /// Of a waiting place only: after how many working days it is too long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits_at_most_working_days: Option<u32>,
    pub steps: Vec<Step>,
}

/// One step: when, whom, how often.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    pub name: String,
    pub at: Offset,
    /// Where the target is under five working days, this offset is taken instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when_short: Option<Offset>,
    pub to: Vec<Whom>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeat: Option<Repeat>,
    /// Goes into the recipient's daily digest instead of a mail of its own.
    #[serde(default, skip_serializing_if = "is_false")]
    pub digest: bool,
    /// Leaves at once, day and night: alerts of danger only.
    #[serde(default, skip_serializing_if = "is_false")]
    pub at_once: bool,
}

/// The step comes again until the clock is met.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Repeat {
    pub every: Offset,
    /// How often in all, the first time included.
    pub at_most: u32,
}

/// Who is told.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Whom {
    Owner,
    TeamLeader,
    Queue,
    HeadOfService,
    Director,
    PortfolioHolder,
    DutyContact,
    /// A fixed e-mail address.
    Address(String),
}

impl Whom {
    /// Heads of service and above get one digest a day rather than a mail for each case.
    pub fn gets_digest(&self) -> bool {
        matches!(
            self,
            Whom::HeadOfService | Whom::Director | Whom::PortfolioHolder
        )
    }

    /// Who is told when this post is empty, absent or cannot be reached, after its deputy. The
    /// ladder of residents' cases ends at the director.
    pub fn next_up(&self) -> Option<Whom> {
        match self {
            Whom::Owner | Whom::Queue => Some(Whom::TeamLeader),
            Whom::TeamLeader | Whom::DutyContact => Some(Whom::HeadOfService),
            Whom::HeadOfService | Whom::PortfolioHolder => Some(Whom::Director),
            Whom::Director | Whom::Address(_) => None,
        }
    }
}

impl Ladder {
    /// Everything wrong with it, named at once.
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if self.steps.is_empty() {
            faults.push("steps: a ladder without steps tells nobody".to_owned());
        }
        for (n, step) in self.steps.iter().enumerate() {
            let mut fault = |words: &str| faults.push(format!("{}: {words}", step.name));
            if self
                .steps
                .iter()
                .take(n)
                .any(|earlier| earlier.name == step.name)
            {
                fault("there is already a step of this name");
            }
            if step.to.is_empty() {
                fault("to: nobody is told");
            }
            if let Some(repeat) = &step.repeat {
                if !repeat.every.is_a_distance() {
                    fault("repeat: every takes a length such as 15 minutes or +1 working_days");
                }
                if repeat.at_most < 2 || repeat.at_most > MOST_REPEATS {
                    fault("repeat: at_most lies between 2 and 2000");
                }
            }
        }
        faults
    }

    /// Reads the `[slug]` tables of a ladders file into ladders that know their slug.
    pub fn named(ladders: BTreeMap<String, Ladder>) -> BTreeMap<String, Ladder> {
        ladders
            .into_iter()
            .map(|(slug, ladder)| (slug.clone(), Ladder { slug, ..ladder }))
            .collect()
    }
}

const MOST_REPEATS: u32 = 2_000;

impl TryFrom<String> for Whom {
    type Error = String;

    fn try_from(text: String) -> Result<Whom, String> {
        Ok(match text.as_str() {
            "owner" => Whom::Owner,
            "team_leader" => Whom::TeamLeader,
            "queue" => Whom::Queue,
            "head_of_service" => Whom::HeadOfService,
            "director" => Whom::Director,
            "portfolio_holder" => Whom::PortfolioHolder,
            "duty_contact" => Whom::DutyContact,
            other if other.contains('@') => Whom::Address(text),
            other => {
                return Err(format!(
                    "{other:?} is nobody a step can tell: owner, team_leader, queue, head_of_service, director, \
                     portfolio_holder, duty_contact or an e-mail address"
                ));
            }
        })
    }
}

impl From<Whom> for String {
    fn from(whom: Whom) -> String {
        whom.to_string()
    }
}

impl fmt::Display for Whom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Whom::Owner => "owner",
            Whom::TeamLeader => "team_leader",
            Whom::Queue => "queue",
            Whom::HeadOfService => "head_of_service",
            Whom::Director => "director",
            Whom::PortfolioHolder => "portfolio_holder",
            Whom::DutyContact => "duty_contact",
            Whom::Address(address) => address,
        })
    }
}

fn is_false(value: &bool) -> bool {
    !value
}
