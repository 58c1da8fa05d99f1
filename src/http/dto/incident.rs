//! Incidents as they are sent and asked for.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::case::Include;
use crate::casework::incidents::{NewClosure, NewUpdate, Said, Sweep};
use crate::domain::case::Outcome;
use crate::domain::ids::CaseId;
use crate::domain::incident::{Area, Circle, IncidentState, IncidentTold, Matter};
use crate::http::fields::{At, Id, Line, Text, even_null};
use crate::http::paging::PageQuery;

/// Something many people tell us of.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewIncident {
    /// One line, for everybody: "Power cut in Larkfield".
    #[schemars(length(min = 1))]
    pub title: Line<120>,
    /// The same in Welsh; with `words_cy` or not at all.
    #[serde(default)]
    pub title_cy: Option<Line<120>>,
    /// What is known, for everybody: plain words, no sentence of more than 25.
    #[schemars(length(min = 1))]
    pub words: Text<2000>,
    #[serde(default)]
    pub words_cy: Option<Text<2000>>,
    /// What people tell us of when it is this.
    #[schemars(length(min = 1, max = 20))]
    pub matters: Vec<MatterNamed>,
    /// Left out: everywhere.
    #[serde(default)]
    pub area: AreaGiven,
    /// Unsaid: now.
    #[serde(default)]
    pub since_at: Option<At>,
    #[serde(default)]
    pub expected_end_at: Option<At>,
}

/// What may be put right about an incident. What is left out stays; null takes it away.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IncidentPatch {
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub title: Option<Line<120>>,
    #[serde(default, deserialize_with = "even_null")]
    pub title_cy: Option<Option<Line<120>>>,
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub words: Option<Text<2000>>,
    #[serde(default, deserialize_with = "even_null")]
    pub words_cy: Option<Option<Text<2000>>>,
    #[serde(default)]
    #[schemars(length(min = 1, max = 20))]
    pub matters: Option<Vec<MatterNamed>>,
    #[serde(default)]
    pub area: Option<AreaGiven>,
    #[serde(default)]
    pub since_at: Option<At>,
    #[serde(default, deserialize_with = "even_null")]
    pub expected_end_at: Option<Option<At>>,
}

/// A service, or one category of it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MatterNamed {
    /// A service's slug.
    #[schemars(length(min = 1))]
    pub service: Line<100>,
    /// A category's slug; left out: whatever the service does.
    #[serde(default)]
    pub category: Option<Line<100>>,
}

/// Where it is. A place lies in it when one of these says so.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AreaGiven {
    /// Slugs of wards.
    #[serde(default)]
    #[schemars(length(max = 100))]
    pub wards: Vec<Line<100>>,
    /// Names of streets: "Larkfield Rise".
    #[serde(default)]
    #[schemars(length(max = 100))]
    pub streets: Vec<Line<100>>,
    /// Postcodes, or the beginnings of some: `ZZ1 4`.
    #[serde(default)]
    #[schemars(length(max = 200))]
    pub postcodes: Vec<Line<12>>,
    /// Properties, by their UPRN.
    #[serde(default)]
    #[schemars(length(max = 500))]
    pub uprns: Vec<Line<12>>,
    #[serde(default)]
    #[schemars(length(max = 50))]
    pub circles: Vec<CircleGiven>,
}

/// A point on the map and what lies around it.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CircleGiven {
    #[schemars(range(min = -90, max = 90))]
    pub lat: f64,
    #[schemars(range(min = -180, max = 180))]
    pub long: f64,
    #[schemars(range(min = 10, max = 50000))]
    pub radius_metres: u32,
}

/// Which incidents.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct IncidentsQuery {
    #[serde(default)]
    pub state: Option<IncidentState>,
    #[serde(flatten)]
    pub page: PageQuery,
}

/// Which of the cases on an incident.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct IncidentCasesQuery {
    /// What came of the newest update for it.
    #[serde(default)]
    pub told: Option<IncidentTold>,
    /// Those that were to be closed with the others and stay open.
    #[serde(default)]
    pub left_open: Option<bool>,
    /// `total`: how many there are in all, whatever else is asked for.
    #[serde(default)]
    pub include: Vec<Include>,
    #[serde(flatten)]
    pub page: PageQuery,
}

/// An incident a case belongs to.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OnIncident {
    pub incident: Id,
}

/// Which cases are put on an incident at once: open ones of its matters and its time, at a place known to
/// lie in its area, that you may work. Never sensitive or restricted ones, complaints, members' enquiries,
/// or somebody in danger.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSweep {
    /// A ward's slug.
    #[serde(default)]
    pub ward: Option<Line<100>>,
    /// A category's slug.
    #[serde(default)]
    pub category: Option<Line<100>>,
    #[serde(default)]
    pub received_from: Option<At>,
    #[serde(default)]
    pub received_until: Option<At>,
    /// At most so many.
    #[serde(default = "two_hundred")]
    #[schemars(range(min = 1, max = 500))]
    pub most: u16,
    /// `next` of the answer before, to go on.
    #[serde(default)]
    pub after: Option<Id>,
    /// Says which, and puts none of them on it.
    #[serde(default)]
    pub dry_run: bool,
}

/// Which cases were put on an incident, or would be.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct SweptCases {
    pub attached: u32,
    pub cases: Vec<Id>,
    /// Send it as `after` to go on; null when all were looked at.
    pub next: Option<Id>,
    pub dry_run: bool,
}

/// What is said to everybody whose case is on it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewIncidentUpdate {
    /// Plain words, no sentence of more than 25.
    #[schemars(length(min = 1))]
    pub text: Text<2000>,
    /// For those who are written to in Welsh; they read `text` without it.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub text_cy: Option<Text<2000>>,
}

/// With what the open cases on an incident are closed.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewIncidentClosure {
    pub outcome: ClosedWith,
    /// The answer each person gets; without it they are told only that it is closed.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub text: Option<Text<2000>>,
}

/// How many cases may end together.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClosedWith {
    Answered,
    Resolved,
}

fn two_hundred() -> u16 {
    200
}

impl NewIncident {
    /// The same as the use case takes it.
    #[must_use]
    pub fn said(self) -> Said {
        Said {
            title: Some(trimmed(&self.title)),
            title_cy: Some(self.title_cy.as_deref().map(trimmed)),
            words: Some(trimmed(&self.words)),
            words_cy: Some(self.words_cy.as_deref().map(trimmed)),
            matters: Some(self.matters.into_iter().map(MatterNamed::matter).collect()),
            area: Some(self.area.area()),
            since: self.since_at.map(|at| at.0),
            expected_end: Some(self.expected_end_at.map(|at| at.0)),
        }
    }
}

impl IncidentPatch {
    /// The same as the use case takes it.
    #[must_use]
    pub fn said(self) -> Said {
        let matters = |all: Vec<MatterNamed>| all.into_iter().map(MatterNamed::matter).collect();
        Said {
            title: self.title.as_deref().map(trimmed),
            title_cy: self.title_cy.map(|text| text.as_deref().map(trimmed)),
            words: self.words.as_deref().map(trimmed),
            words_cy: self.words_cy.map(|text| text.as_deref().map(trimmed)),
            matters: self.matters.map(matters),
            area: self.area.map(AreaGiven::area),
            since: self.since_at.map(|at| at.0),
            expected_end: self.expected_end_at.map(|at| at.map(|at| at.0)),
        }
    }
}

impl MatterNamed {
    fn matter(self) -> Matter {
        Matter {
            service: self.service.into_string(),
            category: self.category.map(Line::into_string),
        }
    }
}

impl AreaGiven {
    fn area(self) -> Area {
        Area {
            wards: texts(self.wards),
            streets: texts(self.streets),
            postcodes: texts(self.postcodes),
            uprns: texts(self.uprns),
            circles: self
                .circles
                .into_iter()
                .map(|circle| Circle {
                    lat: circle.lat,
                    long: circle.long,
                    radius_metres: circle.radius_metres,
                })
                .collect(),
        }
    }
}

impl NewSweep {
    /// The same as the use case takes it.
    #[must_use]
    pub fn sweep(&self) -> Sweep {
        Sweep {
            ward: self.ward.as_deref().map(str::to_owned),
            category: self.category.as_deref().map(str::to_owned),
            received_from: self.received_from.map(|at| at.0),
            received_until: self.received_until.map(|at| at.0),
            after: self.after.map(|id| CaseId(id.0)),
            most: self.most,
            is_dry: self.dry_run,
        }
    }
}

impl NewIncidentUpdate {
    /// The same as the use case takes it.
    #[must_use]
    pub fn update(&self) -> NewUpdate {
        NewUpdate {
            text: self.text.to_string(),
            text_cy: self.text_cy.as_deref().map(str::to_owned),
        }
    }
}

impl NewIncidentClosure {
    /// The same as the use case takes it.
    #[must_use]
    pub fn closure(&self) -> NewClosure {
        NewClosure {
            outcome: match self.outcome {
                ClosedWith::Answered => Outcome::Answered,
                ClosedWith::Resolved => Outcome::Resolved,
            },
            text: self.text.as_deref().map(str::to_owned),
        }
    }
}

fn trimmed(text: &str) -> String {
    text.trim().to_owned()
}

fn texts<const MAX: usize>(lines: Vec<Line<MAX>>) -> Vec<String> {
    let texts = lines.into_iter().map(|line| trimmed(&line));
    texts.filter(|text| !text.is_empty()).collect()
}
