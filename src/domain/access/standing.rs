//! What holds for a time only: turns of a rota, a pass to one restricted case, an absence.
//!
//! All of it is compared with an instant that is handed in, on every request: nothing has to be
//! taken back by anybody when its time is over.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::domain::ids::{PassId, UserId};

/// What holds for somebody for a time only.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    pub rota: Vec<Turn>,
    pub passes: Vec<Pass>,
    pub away: Option<Away>,
}

/// A turn at a queue that is not theirs otherwise: a night, a fortnight's cover.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    /// Slug.
    pub queue: String,
    pub from_at: Timestamp,
    /// The first instant at which it is not theirs any more.
    pub until_at: Timestamp,
}

/// What opens one restricted case to somebody who broke the glass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pass {
    pub id: PassId,
    /// The first instant at which it opens nothing any more.
    pub until_at: Timestamp,
}

/// Days on which somebody is not at work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Away {
    pub from_on: Date,
    /// The last day.
    pub until_on: Date,
    /// Who is told in their place; nobody named, their team leader.
    pub deputy: Option<UserId>,
}

impl Standing {
    /// The queues of the turns that run.
    #[must_use]
    pub fn queues_at(&self, now: Timestamp) -> Vec<String> {
        self.rota
            .iter()
            .filter(|turn| turn.from_at <= now && now < turn.until_at)
            .map(|turn| turn.queue.clone())
            .collect()
    }

    /// The absence that holds on a day.
    #[must_use]
    pub fn away_on(&self, day: Date) -> Option<Away> {
        self.away
            .filter(|away| away.from_on <= day && day <= away.until_on)
    }
}

impl Pass {
    /// How it stands among those in whose name a restricted case opens.
    #[must_use]
    pub fn holder(&self) -> String {
        format!("pass:{}", self.id)
    }

    /// Whether it opens anything now.
    #[must_use]
    pub fn opens_at(&self, now: Timestamp) -> bool {
        now < self.until_at
    }
}
