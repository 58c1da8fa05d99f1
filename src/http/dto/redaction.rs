//! Taking words away for good, and keeping a case as it is.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::casework::Failure;
use crate::casework::redaction::Tally;
use crate::casework::redaction::Wanted;
use crate::casework::views::CaseName;
use crate::casework::views::case::CaseView;
use crate::casework::views::history::TimelineLine;
use crate::domain::ids::{AttachmentId, ContactId};
use crate::domain::redaction::Ground;
use crate::http::fields::{Id, Line, Text};

/// What is to go from a case.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRedaction {
    pub ground: Ground,
    /// Stands in the place of what goes, for staff to read. It must not repeat it.
    #[schemars(length(min = 1))]
    pub reason: Line<200>,
    /// Texts, wherever they stand on the case: in any case of letters, with any spaces and line ends.
    #[serde(default)]
    #[schemars(length(max = 20))]
    pub texts: Vec<Text<2000>>,
    /// Contacts of the case, by id, all of whose words go, and their raw mail with its attachments.
    #[serde(default)]
    #[schemars(length(max = 50))]
    pub contacts: Vec<Id>,
    /// Attachments of the case, by id. Their bytes go, unless another attachment has the same.
    #[serde(default)]
    #[schemars(length(max = 50))]
    pub attachments: Vec<Id>,
}

/// What is to go from a mail that is on no case.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMailRedaction {
    pub ground: Ground,
    /// Stands in the place of what goes, for staff to read. It must not repeat it.
    #[schemars(length(min = 1))]
    pub reason: Line<200>,
    /// Texts in it; all of it goes where none is named.
    #[serde(default)]
    #[schemars(length(max = 20))]
    pub texts: Vec<Text<2000>>,
}

/// In how many records something was taken away.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
pub struct Removed {
    pub contacts: u32,
    /// Mails whose bytes were dropped.
    pub raw_messages: u32,
    /// Lines of the timeline.
    pub events: u32,
    /// Notices, sent or not.
    pub notices: u32,
    pub feedback: u32,
    /// Answers kept for clients that repeat a request.
    pub answers: u32,
    /// Files taken away, or given another name.
    pub attachments: u32,
    /// Telephone calls that lost their number.
    pub calls: u32,
}

/// What was taken away from a case.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct RedactionView {
    pub event: Option<TimelineLine>,
    pub case: CaseView,
    pub removed: Removed,
    /// Linked cases it stood on too.
    pub also_on: Vec<CaseName>,
}

/// What was taken away from a mail.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct MailRedactionView {
    pub removed: Removed,
}

/// Why a case must be kept as it is, or need not be any more.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewLegalHold {
    #[schemars(length(min = 1))]
    pub reason: Line<200>,
}

/// Why somebody is forgotten.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewErasure {
    /// Stands in the place of what was said, so it must not name the person.
    #[schemars(length(min = 1))]
    pub reason: Line<200>,
}

/// What was forgotten.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
pub struct ErasureView {
    /// Cases they were on, which go on being counted.
    pub cases: u32,
    pub removed: Removed,
}

impl NewRedaction {
    /// What is wanted.
    ///
    /// # Errors
    /// When neither a text, a contact nor an attachment is named.
    pub fn read(&self) -> Result<Wanted, Failure> {
        if self.texts.is_empty() && self.contacts.is_empty() && self.attachments.is_empty() {
            return Err(Failure::invalid(
                "/texts",
                "missing_field",
                "Name the texts that are to go, or the contacts or attachments.",
            ));
        }
        Ok(Wanted {
            ground: self.ground,
            reason: self.reason.to_string(),
            texts: self.texts.iter().map(|text| (**text).to_owned()).collect(),
            contacts: self.contacts.iter().map(|id| ContactId(id.0)).collect(),
            attachments: self
                .attachments
                .iter()
                .map(|id| AttachmentId(id.0))
                .collect(),
        })
    }
}

impl NewMailRedaction {
    /// What is wanted.
    #[must_use]
    pub fn read(&self) -> Wanted {
        Wanted {
            ground: self.ground,
            reason: self.reason.to_string(),
            texts: self.texts.iter().map(|text| (**text).to_owned()).collect(),
            contacts: Vec::new(),
            attachments: Vec::new(),
        }
    }
}

impl From<Tally> for Removed {
    fn from(tally: Tally) -> Self {
        Self {
            contacts: tally.contacts,
            raw_messages: tally.raw_messages,
            events: tally.events,
            notices: tally.notices,
            feedback: tally.feedback,
            answers: tally.answers,
            attachments: tally.attachments,
            calls: tally.calls,
        }
    }
}
