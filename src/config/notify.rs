//! `[notify]`: text messages through GOV.UK Notify.

use serde::{Deserialize, Serialize};

use super::Problem;
use super::secret::Secret;

/// `[notify]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notify {
    pub base_url: String,
    /// Empty: no texts are sent.
    pub api_key: Secret,
    pub api_key_file: String,
    /// The template that says `((message)) ((link))`.
    pub sms_template_id: String,
    /// Who texts are from; empty: the service's own default.
    pub sms_sender_id: String,
}

impl Notify {
    /// Whether texts are sent.
    #[must_use]
    pub fn is_on(&self) -> bool {
        !self.api_key.is_empty()
    }

    pub(super) fn problems(&self, found: &mut Vec<Problem>) {
        if self.is_on() && self.sms_template_id.is_empty() {
            found.push(Problem::new(
                "notify.sms_template_id",
                "name the template that says ((message)) ((link)), since notify.api_key is set",
            ));
        }
    }
}
