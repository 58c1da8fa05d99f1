//! The catalogue as it is sent and answered.

use std::borrow::Cow;

use jiff::civil::Date;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::casework::{Version, moves};
use crate::domain::catalogue::Change;
use crate::http::fields::At;

/// The whole catalogue: the same tree as the files, as JSON. Its own check names what is wrong in
/// it, so its schema says little.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CatalogueTree(pub Value);

/// What a new catalogue would change.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CataloguePreview {
    pub changes: Vec<CatalogueChange>,
    /// What would move among open cases, if they were to move.
    pub moves: WhatMoves,
}

/// Open cases that a new catalogue would bring under other terms.
#[derive(Debug, Serialize, JsonSchema)]
pub struct WhatMoves {
    /// Cases with a date that would be another one.
    pub n_cases: u64,
    /// Those with a date that would be later; the people are told.
    pub n_later: u64,
    /// Those with a date that would be earlier.
    pub n_earlier: u64,
    /// Cases whose dates would be the same.
    pub n_unchanged: u64,
    /// Cases that would stay as they are: their category is gone or follows another standard now,
    /// or a promise in time would be late at once.
    pub n_stay: u64,
    /// Dates that would be others, also those not in `items`.
    pub n_dates: u64,
    /// Oldest case first, at most `limit`; without the cases that must not be named to you.
    pub items: Vec<MovingDate>,
    pub limit: u16,
}

/// One date that would be another.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MovingDate {
    /// The case, as it is quoted.
    pub reference: String,
    pub clock: String,
    /// The last day as it is.
    pub from_on: Option<Date>,
    /// The last day as it would be.
    pub to_on: Option<Date>,
    /// The first instant that is late, as it is.
    pub from: Option<At>,
    /// The first instant that is late, as it would be.
    pub to: Option<At>,
    /// Why, where it can be said.
    pub why: Option<String>,
}

/// A new version, in force.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CatalogueApplied {
    #[serde(flatten)]
    pub version: CatalogueVersion,
    pub changes: Vec<CatalogueChange>,
    /// What moves among open cases; only when they were to move.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub moves: Option<WhatMoves>,
}

/// One value that is not what it was.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct CatalogueChange {
    /// RFC 6901 pointer; categories stand under their slug.
    pub path: String,
    /// Left out when it is new.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    /// Left out when it is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Value>,
}

/// One stored version.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct CatalogueVersion {
    pub version: i64,
    pub applied_at: At,
    /// `user:<id>`, or `reeve` for the one it began with.
    pub applied_by: String,
}

/// One stored version with its tree.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CatalogueVersionTree {
    pub version: i64,
    /// The move of open cases that was asked for with it, if one was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open_cases: Option<CasesMoving>,
    pub catalogue: CatalogueTree,
}

/// How far the move of open cases has come.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CasesMoving {
    pub asked_at: At,
    /// Null while cases are still being moved.
    pub finished_at: Option<At>,
}

impl JsonSchema for CatalogueTree {
    fn schema_name() -> Cow<'static, str> {
        "Catalogue".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "description": "The same tree as the catalogue's files: `council`, `services`, `queues`, `posts`, …",
            "additionalProperties": true,
        })
    }
}

impl From<Change> for CatalogueChange {
    fn from(change: Change) -> Self {
        Self {
            path: change.path,
            before: change.before,
            after: change.after,
        }
    }
}

impl From<Version> for CatalogueVersion {
    fn from(version: Version) -> Self {
        Self {
            version: version.version,
            applied_at: version.applied_at.into(),
            applied_by: version.applied_by,
        }
    }
}

impl WhatMoves {
    /// As the answer says it.
    #[must_use]
    pub fn of(found: moves::WhatMoves, limit: u16) -> Self {
        Self {
            n_cases: found.n_cases,
            n_later: found.n_later,
            n_earlier: found.n_earlier,
            n_unchanged: found.n_unchanged,
            n_stay: found.n_stay,
            n_dates: found.n_dates,
            items: found.dates.into_iter().map(MovingDate::from).collect(),
            limit,
        }
    }
}

impl From<moves::MovingDate> for MovingDate {
    fn from(one: moves::MovingDate) -> Self {
        let moved = one.moved;
        Self {
            reference: one.reference.to_string(),
            why: moved.why(),
            clock: moved.clock,
            from_on: moved.from_on,
            to_on: moved.to_on,
            from: moved.from_at.map(Into::into),
            to: moved.to_at.map(Into::into),
        }
    }
}
