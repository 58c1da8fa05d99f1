//! Service standards: the promise as versioned data.
//!
//! A standard is a list of clocks, each with what starts it, its target, whose calendar it counts
//! on, what meets it, and whether it may be paused or extended. No procedure has code of its own:
//! a complaint differs from a pothole only in these files. A standard whose targets belong to the
//! category is [resolved](Standard::resolve) when a case is opened, and pinned to it.

mod check;
mod target;

#[cfg(test)]
pub(crate) mod tests;

use serde::{Deserialize, Serialize};

use super::calendar::{Holidays, Nation};

pub use check::Laxity;
pub use target::Target;

/// The event every case has.
pub const RECEIVED: &str = "received";

/// A promise a council makes for a kind of matter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Standard {
    pub slug: String,
    pub version: u32,
    pub name: String,
    /// The statute, code or decision it comes from.
    pub source: String,
    /// The ready standard whose limits this one claims to keep.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follows: Option<String>,
    #[serde(default, skip_serializing_if = "Acknowledgement::is_none")]
    pub acknowledgement: Acknowledgement,
    /// Who looks at it when the person stays unhappy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ombudsman: Option<Ombudsman>,
    /// The officer who answers at the second stage must not be the one of the first.
    #[serde(default, skip_serializing_if = "is_false")]
    pub stage_2_other_officer: bool,
    pub clocks: Vec<ClockSpec>,
}

/// What counts as having acknowledged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Acknowledgement {
    /// The confirmation that leaves by itself.
    Automatic,
    /// An officer says what will be looked into.
    Officer,
    /// The standard promises none.
    #[default]
    None,
}

/// The body a person may go to next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ombudsman {
    pub slug: String,
    pub name: String,
}

/// One promise within a standard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockSpec {
    pub name: String,
    /// What the clock promises, in words for the public: "answer you".
    pub promises: String,
    /// The event that starts it; `received` is the case's own beginning.
    #[serde(default = "received")]
    pub starts: String,
    /// The clock whose completion is that event: until it happens, this clock is dated from that
    /// one's last day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub projected_from: Option<String>,
    /// Events that start the count afresh, perhaps with another target.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub restarts: Vec<Restart>,
    /// Events that meet it.
    pub stops_on: Vec<String>,
    pub target: TargetRule,
    #[serde(default)]
    pub calendar: CountsOn,
    /// A contact at or after the cut-off counts from the next open day.
    #[serde(default)]
    pub cut_off: bool,
    /// The office's closures, half days and own opening days count.
    #[serde(default)]
    pub closures: bool,
    #[serde(default)]
    pub late_at: LateAt,
    /// A month or calendar-day target that ends on a day that does not count moves to the next
    /// that does.
    #[serde(default = "yes")]
    pub rolls: bool,
    /// What the clock is to the person: their acknowledgement, their answer, or neither.
    #[serde(default, skip_serializing_if = "Role::is_other")]
    pub role: Role,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pause: Option<PauseRule>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extension: Option<ExtensionRule>,
    /// Slug of the ladder; the default one otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ladder: Option<String>,
}

/// A target of its own, or the category's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum TargetRule {
    Fixed(Target),
    OfCategory(OfCategory),
}

/// A target the category names; `otherwise` where it does not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfCategory {
    pub category: Figure,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub otherwise: Option<Target>,
    /// Only a figure in hours is taken, and it runs day and night.
    #[serde(default, skip_serializing_if = "is_false")]
    pub round_the_clock: bool,
}

/// Which of a category's figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Figure {
    Acknowledge,
    Respond,
}

/// A category's own figures. An hour figure is written `Hours`; [`Standard::resolve`] decides
/// whether these are elapsed or working hours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Figures {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledge: Option<Target>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub respond: Option<Target>,
    /// The category says in words that it gives no answer date.
    #[serde(default, skip_serializing_if = "is_false")]
    pub no_answer: bool,
}

/// An event that starts the count afresh.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Restart {
    pub on: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Target>,
}

/// Which days count: reserved words, or the slug of one of the council's calendars.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum CountsOn {
    /// The holidays of the council's nation.
    #[default]
    Nation,
    /// The holidays of any part of the United Kingdom.
    AnyUk,
    /// The holidays of one nation, wherever the council is.
    Of(Nation),
    /// No holidays at all.
    NoHolidays,
    /// Another calendar of the catalogue, with its own nation, closures and hours.
    Named(String),
}

/// When the last day is over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LateAt {
    /// At closing time of the last day.
    Closing,
    /// At the local midnight after it.
    #[default]
    Midnight,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Acknowledgement,
    Answer,
    #[default]
    Other,
}

impl ClockSpec {
    /// Whether it promises that we say we have it, at the first stage or a later one.
    #[must_use]
    pub fn is_acknowledgement(&self) -> bool {
        self.role == Role::Acknowledgement
            || (self.name.starts_with("stage_") && self.name.ends_with("_acknowledge"))
    }
}

/// A clock that may stand still.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PauseRule {
    /// How far ahead a pause may reach; then it resumes by itself.
    pub latest_resume: Target,
}

/// A clock whose target may be moved. Exactly one of `more` and `in_all` is given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExtensionRule {
    /// At most this much after the date it would have had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub more: Option<Target>,
    /// At most this much from the start, in all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_all: Option<Target>,
    #[serde(default = "once")]
    pub times: u32,
    /// Also when the date has already passed.
    #[serde(default, skip_serializing_if = "is_false")]
    pub when_late: bool,
    /// The notice gives the Ombudsman's details.
    #[serde(default, skip_serializing_if = "is_false")]
    pub tells_ombudsman: bool,
}

impl Standard {
    /// The standard for one category: every target is a figure, hours are elapsed for emergencies
    /// and out-of-hours work and working hours otherwise, and a clock the category has no date for
    /// is gone.
    pub fn resolve(&self, figures: &Figures, emergency_or_out_of_hours: bool) -> Standard {
        let clocks = self.clocks.iter().filter_map(|clock| {
            let target = match &clock.target {
                TargetRule::Fixed(target) => *target,
                TargetRule::OfCategory(rule) => rule.figure(figures, emergency_or_out_of_hours)?,
            };
            Some(ClockSpec {
                target: TargetRule::Fixed(target),
                ..clock.clone()
            })
        });
        Standard {
            clocks: clocks.collect(),
            ..self.clone()
        }
    }

    pub fn clock(&self, name: &str) -> Option<&ClockSpec> {
        self.clocks.iter().find(|clock| clock.name == name)
    }

    /// The clock that promises an acknowledgement.
    pub fn acknowledge_clock(&self) -> Option<&ClockSpec> {
        self.clocks
            .iter()
            .find(|clock| clock.role == Role::Acknowledgement)
    }

    /// The clock that promises an acknowledgement of this stage of a complaint: a later stage has one
    /// of its own or none.
    #[must_use]
    pub fn acknowledge_clock_of(&self, stage: u8) -> Option<&ClockSpec> {
        if stage <= 1 {
            return self.acknowledge_clock();
        }
        let name = format!("stage_{stage}_acknowledge");
        self.clocks.iter().find(|clock| clock.name == name)
    }

    /// The clock that promises an answer.
    pub fn answer_clock(&self) -> Option<&ClockSpec> {
        self.clocks.iter().find(|clock| clock.role == Role::Answer)
    }

    /// Every event that moves one of its clocks, but for the receipt.
    pub fn events(&self) -> Vec<&str> {
        let mut events: Vec<&str> = Vec::new();
        for clock in &self.clocks {
            let restarts = clock.restarts.iter().map(|restart| &restart.on);
            for event in std::iter::once(&clock.starts)
                .chain(&clock.stops_on)
                .chain(restarts)
            {
                if event != RECEIVED && !events.contains(&event.as_str()) {
                    events.push(event);
                }
            }
        }
        events
    }

    /// Names of its clocks.
    pub fn clock_names(&self) -> Vec<&str> {
        self.clocks
            .iter()
            .map(|clock| clock.name.as_str())
            .collect()
    }
}

impl ClockSpec {
    /// The target, once the standard is resolved; before, what a category without figures gets.
    pub fn target(&self) -> Option<Target> {
        match &self.target {
            TargetRule::Fixed(target) => Some(*target),
            TargetRule::OfCategory(rule) => rule.otherwise,
        }
    }
}

impl OfCategory {
    fn figure(&self, figures: &Figures, emergency_or_out_of_hours: bool) -> Option<Target> {
        let own = match self.category {
            Figure::Acknowledge => figures.acknowledge,
            Figure::Respond => figures.respond,
        };
        match own {
            Some(Target::Hours(hours)) if self.round_the_clock || emergency_or_out_of_hours => {
                Some(Target::Hours(hours))
            }
            Some(Target::Hours(hours)) => Some(Target::WorkingHours(hours)),
            Some(_) if self.round_the_clock => self.otherwise,
            Some(other) => Some(other),
            None if self.category == Figure::Respond && figures.no_answer => None,
            None => self.otherwise,
        }
    }
}

impl Acknowledgement {
    pub fn is_none(&self) -> bool {
        *self == Acknowledgement::None
    }
}

impl Role {
    pub fn is_other(&self) -> bool {
        *self == Role::Other
    }
}

impl CountsOn {
    /// Whose holidays count for a council in this nation.
    pub fn holidays(&self, own: Nation) -> Holidays {
        match self {
            CountsOn::Nation | CountsOn::Named(_) => Holidays::Of(own),
            CountsOn::AnyUk => Holidays::AnyUk,
            CountsOn::Of(nation) => Holidays::Of(*nation),
            CountsOn::NoHolidays => Holidays::Nobody,
        }
    }
}

impl From<String> for CountsOn {
    fn from(text: String) -> CountsOn {
        match text.as_str() {
            "nation" => CountsOn::Nation,
            "any-uk" => CountsOn::AnyUk,
            "no-holidays" => CountsOn::NoHolidays,
            other => other.parse().map_or(CountsOn::Named(text), CountsOn::Of),
        }
    }
}

impl From<CountsOn> for String {
    fn from(counts_on: CountsOn) -> String {
        match counts_on {
            CountsOn::Nation => "nation".to_owned(),
            CountsOn::AnyUk => "any-uk".to_owned(),
            CountsOn::NoHolidays => "no-holidays".to_owned(),
            CountsOn::Of(nation) => nation.slug().to_owned(),
            CountsOn::Named(slug) => slug,
        }
    }
}

fn received() -> String {
    RECEIVED.to_owned()
}

fn yes() -> bool {
    true
}

fn once() -> u32 {
    1
}

fn is_false(value: &bool) -> bool {
    !value
}
