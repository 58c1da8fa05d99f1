//! Asking for notices, and saying that a letter was posted.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::casework::views::notices::NoticeState;
use crate::http::fields::On;
use crate::http::paging::PageQuery;

/// Which notices.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct NoticesQuery {
    /// In which state.
    pub state: NoticeState,
    #[serde(flatten)]
    pub page: PageQuery,
}

/// A letter was posted.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Posted {
    /// The day it went; not before it was to be written, and not in the future.
    pub posted_on: On,
}
