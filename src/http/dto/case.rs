//! Asking for cases, and changing what one says.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::casework::Moment;
use crate::casework::actions::Owner;
use crate::casework::performance::NONE;
use crate::casework::views::Sort;
use crate::casework::views::case::Question;
use crate::domain::calendar::WallTime;
use crate::domain::case::{Priority, Procedure, Status};
use crate::domain::contact::{Channel, Location};
use crate::http::fields::{Id, Line, On};
use crate::http::paging::PageQuery;
use crate::http::problem::Problem;

/// What a list of cases is narrowed to.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct CasesQuery {
    /// One or several, with commas between.
    #[serde(default)]
    pub status: Vec<Status>,
    /// A queue's slug.
    #[serde(default)]
    pub queue: Option<Line<100>>,
    /// A service's slug.
    #[serde(default)]
    pub service: Option<Line<100>>,
    /// A category's slug, or `service/category`.
    #[serde(default)]
    pub category: Option<Line<200>>,
    /// A user's id or e-mail address, `me`, or `none` for nobody's.
    #[serde(default)]
    pub owner: Option<Line<254>>,
    #[serde(default)]
    pub procedure: Option<Procedure>,
    #[serde(default)]
    pub priority: Option<Priority>,
    /// Open cases whose earliest promise ends before this instant, or before this day.
    #[serde(default)]
    pub due_before: Option<Line<40>>,
    /// Open cases whose earliest promise is broken.
    #[serde(default)]
    pub overdue: Option<bool>,
    /// Cases this person is on.
    #[serde(default)]
    pub person: Option<Id>,
    /// A ward's slug, or `none` where none is known.
    #[serde(default)]
    pub ward: Option<Line<100>>,
    /// Received on this local date or later.
    #[serde(default)]
    pub received_from: Option<On>,
    /// Received on this local date or earlier.
    #[serde(default)]
    pub received_to: Option<On>,
    /// The team of its queue, as it was called when the case came to it.
    #[serde(default)]
    pub team: Option<Line<200>>,
    /// The slug of the post over its service when the case came to it; `none` for nobody.
    #[serde(default)]
    pub head_of_service: Option<Line<200>>,
    /// The same of the councillor responsible.
    #[serde(default)]
    pub portfolio: Option<Line<200>>,
    /// Only the cases that stand in your figures.
    #[serde(default)]
    pub in_figures: Option<bool>,
    /// The channel the case came by.
    #[serde(default)]
    pub channel: Option<Channel>,
    /// Words searched in reference, subject and what was said.
    #[serde(default)]
    pub q: Option<Line<200>>,
    #[serde(default)]
    pub sort: Sort,
    /// `total`: how many there are in all.
    #[serde(default)]
    pub include: Vec<Include>,
    #[serde(flatten)]
    pub page: PageQuery,
}

/// What a list says besides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Include {
    /// How many there are in all.
    Total,
}

/// Which escalations.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct EscalationsQuery {
    /// Of this case only, by id or reference.
    #[serde(default)]
    pub case: Option<Line<100>>,
    #[serde(flatten)]
    pub page: PageQuery,
}

/// What PATCH may change about a case. What is left out stays.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CaseChange {
    #[serde(default)]
    pub subject: Option<Line<200>>,
    /// With `category`, when the matter belongs to another service.
    #[serde(default)]
    pub service: Option<Line<100>>,
    /// A category's slug, or `service/category`. The promises are counted anew from the same day.
    #[serde(default)]
    pub category: Option<Line<200>>,
    #[serde(default)]
    pub priority: Option<Priority>,
    /// Needed to lower a priority that was raised for danger.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub reason: Option<Line<2000>>,
    #[serde(default)]
    pub location: Option<Location>,
    /// Replaces all of them.
    #[serde(default)]
    pub fields: Option<Map<String, Value>>,
}

impl CasesQuery {
    /// The question as the list takes it.
    ///
    /// # Errors
    /// 400, naming the parameter that cannot be meant.
    pub fn question(&self, at: &Moment) -> Result<Question, Problem> {
        let (service, category) = match self.category.as_deref().map(|text| text.split_once('/')) {
            Some(Some((service, category))) => {
                (Some(service.to_owned()), Some(category.to_owned()))
            }
            _ => (None, self.category.as_deref().map(str::to_owned)),
        };
        let asked_service = self.service.as_deref().map(str::to_owned);
        if asked_service.is_some() && service.is_some() && asked_service != service {
            return Err(bad(
                "category",
                "unknown_value",
                "`category` names another service than `service`.",
            ));
        }
        Ok(Question {
            status: self.status.clone(),
            queue: self.queue.as_deref().map(str::to_owned),
            service: service.or(asked_service),
            category,
            owner: self.owner.as_deref().map(whose).transpose()?,
            procedure: self.procedure,
            priority: self.priority,
            channel: self.channel,
            person: self.person.map(|id| id.0.into()),
            ward: self.ward.as_deref().map(str::to_owned),
            due_before: self
                .due_before
                .as_deref()
                .map(|text| instant(at, text))
                .transpose()?,
            is_overdue: self.overdue == Some(true),
            received_on: (
                self.received_from.map(|on| on.0),
                self.received_to.map(|on| on.0),
            ),
            team: self.team.as_deref().map(str::to_owned),
            head_of_service: self.head_of_service.as_deref().map(post),
            portfolio: self.portfolio.as_deref().map(post),
            is_counted: self.in_figures == Some(true),
            text: self
                .q
                .as_deref()
                .map(|text| text.trim().to_owned())
                .filter(|text| !text.is_empty()),
            sort: self.sort,
            with_total: self.include.contains(&Include::Total),
        })
    }
}

/// A post by its slug; what has none over it is under the empty one.
fn post(text: &str) -> String {
    if text == NONE {
        String::new()
    } else {
        text.to_owned()
    }
}

fn whose(text: &str) -> Result<Owner, Problem> {
    match text {
        "me" => Ok(Owner::Me),
        "none" => Ok(Owner::Nobody),
        _ => match text.parse() {
            Ok(id) => Ok(Owner::Id(id)),
            Err(_) if text.contains('@') => Ok(Owner::Email(text.to_owned())),
            Err(_) => Err(bad(
                "owner",
                "unknown_value",
                "A user's id, an e-mail address, `me` or `none`.",
            )),
        },
    }
}

/// An instant, or the first one of a day.
fn instant(at: &Moment, text: &str) -> Result<Timestamp, Problem> {
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Ok(instant);
    }
    match text.parse() {
        Ok(day) if text.len() == 10 => Ok(at
            .council
            .catalogue
            .calendar
            .instant(day, WallTime::MIDNIGHT)),
        _ => Err(bad(
            "due_before",
            "bad_format",
            "An instant (`2026-11-24T17:00:00Z`) or a day (`2026-11-24`).",
        )),
    }
}

fn bad(parameter: &str, code: &'static str, detail: &str) -> Problem {
    Problem::unreadable(code, format!("{parameter}: {detail}")).at(
        format!("/{parameter}"),
        code,
        detail,
    )
}
