//! The catalogue as it is sent and answered.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::casework::Version;
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
}

/// A new version, in force.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CatalogueApplied {
    #[serde(flatten)]
    pub version: CatalogueVersion,
    pub changes: Vec<CatalogueChange>,
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
    pub catalogue: CatalogueTree,
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
