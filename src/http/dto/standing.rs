//! Turns at other queues and days away, as they are sent and answered.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::act::owner;
use crate::casework::Failure;
use crate::casework::rota::NewAway;
use crate::domain::access::{Away, Turn};
use crate::http::fields::{At, Id, Line, On};

/// A turn at a queue that is not theirs otherwise.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RotaTurn {
    /// A slug. Restricted cases stay with their team.
    pub queue: Line<100>,
    pub from_at: At,
    /// The first instant at which the queue is not theirs any more.
    pub until_at: At,
}

/// Days on which somebody will be away.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAbsence {
    pub from_on: On,
    /// The last day.
    pub until_on: On,
    /// Who is told in their place, by id or e-mail address, as far as they may read the case; left
    /// out, the team leader.
    #[serde(default)]
    pub deputy: Option<Line<254>>,
}

/// Days on which somebody is away.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Absence {
    pub from_on: On,
    /// The last day.
    pub until_on: On,
    /// The id of who is told in their place; null: their team leader is.
    pub deputy: Option<Id>,
}

impl NewAbsence {
    /// As the use case takes it.
    ///
    /// # Errors
    /// When `deputy` is no way to name anybody.
    pub fn read(&self) -> Result<NewAway, Failure> {
        Ok(NewAway {
            from_on: self.from_on.0,
            until_on: self.until_on.0,
            deputy: self
                .deputy
                .as_deref()
                .map(|deputy| owner(deputy, "/away/deputy"))
                .transpose()?,
        })
    }
}

impl RotaTurn {
    /// As it is kept.
    #[must_use]
    pub fn turn(&self) -> Turn {
        Turn {
            queue: self.queue.to_string(),
            from_at: self.from_at.0,
            until_at: self.until_at.0,
        }
    }
}

/// A turn as it is answered.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct TurnGiven {
    pub queue: String,
    pub from_at: At,
    /// The first instant at which the queue is not theirs any more.
    pub until_at: At,
}

impl From<&Turn> for TurnGiven {
    fn from(turn: &Turn) -> Self {
        Self {
            queue: turn.queue.clone(),
            from_at: turn.from_at.into(),
            until_at: turn.until_at.into(),
        }
    }
}

impl From<Away> for Absence {
    fn from(away: Away) -> Self {
        Self {
            from_on: away.from_on.into(),
            until_on: away.until_on.into(),
            deputy: away.deputy.map(|deputy| deputy.0.into()),
        }
    }
}
