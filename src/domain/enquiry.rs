//! An enquiry: what any channel hands to intake. A contact, and what was learnt with it about
//! person, place and subject, before it has a case.
//!
//! Every adapter in `channels/` ends in this one type, and `casework::intake` starts from it: so
//! a rule that holds here holds on every channel.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::contact::{CallOutcome, Channel, Direction, Location, words};
use super::ids::{AttachmentId, PersonId};
use super::person::{Address, PersonKind};

/// One contact as it reached us, read but not yet decided upon.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Enquiry {
    pub channel: Channel,
    pub direction: Direction,
    /// When it reached the council, which may be weeks before it was typed in (letters).
    pub received_at: Timestamp,
    /// One line, or empty.
    pub subject: String,
    /// The words, line ends as LF.
    pub body: String,
    /// BCP 47 tag.
    pub language: Option<String>,
    pub who: Who,
    /// Whether they speak as an elected member, where that was found out.
    #[serde(default)]
    pub sender: Sender,
    pub on_behalf_of: Option<OnBehalfOf>,
    /// Service slug, when the sender or agent chose one.
    pub service: Option<String>,
    /// Category slug within the service.
    pub category: Option<String>,
    /// Whether one of the staff chose them, who had listened or read. Not so a form or a machine.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_chosen_by_staff: bool,
    pub location: Option<Location>,
    /// The category's own questions, answered.
    pub fields: serde_json::Map<String, serde_json::Value>,
    /// How an agent acknowledged it while it was being logged.
    pub acknowledged: Option<Spoken>,
    /// Where a visit took place.
    pub access_point: Option<String>,
    /// For contacts of ours (`direction: outbound`).
    pub outcome: Option<CallOutcome>,
    /// The number the person saw when we rang.
    pub number_presented: Option<String>,
    /// The telephone call it was said in, by the phone system's own id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<String>,
    /// The sender's own number for it, unique for each source.
    pub external_id: Option<String>,
    /// Questions the form asked first: somebody said that there is danger now.
    pub danger_declared: bool,
    /// The sender's own reference, when it is none of ours.
    pub their_reference: Option<String>,
    /// Addresses of photographs that belong to it. Kept as text and never fetched.
    pub media_urls: Vec<String>,
    /// Files that were sent ahead of it and belong to it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<AttachmentId>,
    /// Where the sender shows it to the public.
    pub page_url: Option<String>,
    /// A field was filled in that nobody is shown, as programs do that fill in every field.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub hidden_field_filled: bool,
    /// Where the recording of it is kept: a reference of the phone system's, never fetched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recording: Option<String>,
    /// Of a chat: everything that was said, by everybody. The body is what the person said.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transcript: Vec<Turn>,
    /// Why it was made: a code of the council's contact reasons.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact_reason: Option<String>,
    /// Said for us to know, and no more: it asks for nothing, so on a case it reopens, resumes and
    /// chases nothing.
    pub is_only_said: bool,
}

words! {
    /// Who said something in a chat.
    Speaker {
        Person = "person",
        /// One of ours.
        Adviser = "adviser",
        /// A machine.
        Assistant = "assistant",
    }
}

/// One turn of a chat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    pub who: Speaker,
    pub at: Timestamp,
    pub words: String,
}

/// Who it is from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Who {
    /// Nobody we could name or reach.
    Nobody,
    /// Somebody already on our books.
    Known(PersonId),
    /// As they described themselves.
    Described(Described),
}

/// Whether somebody speaks as an elected member, by the accounts of the council.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sender {
    /// Nothing was found out: routing goes by what they say of themselves.
    #[default]
    AsTheySay,
    /// A member, from an address of theirs; or somebody who writes for them, by whose address.
    Member { written_by: Option<String> },
    /// A member who writes for themselves, or who is one no longer.
    Resident,
}

/// A person as described on a contact.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Described {
    pub name: Option<String>,
    pub kind: Option<PersonKind>,
    /// In the form of [`super::person::email_address`].
    pub email: Option<String>,
    /// As written; compared in the form of [`super::person::phone_number`].
    pub phone: Option<String>,
    pub address: Option<Address>,
    pub organisation: Option<String>,
    /// Whether the channel proves that the e-mail address or number is theirs. Mail and caller
    /// numbers are not proof; an agent's identity check is.
    pub is_verified: bool,
}

/// For whom somebody speaks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OnBehalfOf {
    pub name: Option<String>,
    pub email: Option<String>,
    /// How consent was given (`verbal`, `written`, `attached`), or nothing when it was not.
    pub consent: Option<String>,
}

/// An acknowledgement given in words while the contact was logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spoken {
    pub at: Timestamp,
}

impl Enquiry {
    /// An enquiry that says nothing yet but where and when it came in.
    #[must_use]
    pub fn new(channel: Channel, received_at: Timestamp) -> Self {
        Self {
            channel,
            direction: Direction::Inbound,
            received_at,
            subject: String::new(),
            body: String::new(),
            language: None,
            who: Who::Nobody,
            sender: Sender::AsTheySay,
            on_behalf_of: None,
            service: None,
            category: None,
            is_chosen_by_staff: false,
            location: None,
            fields: serde_json::Map::new(),
            acknowledged: None,
            access_point: None,
            outcome: None,
            number_presented: None,
            call: None,
            external_id: None,
            danger_declared: false,
            their_reference: None,
            media_urls: Vec::new(),
            attachments: Vec::new(),
            page_url: None,
            hidden_field_filled: false,
            recording: None,
            transcript: Vec::new(),
            contact_reason: None,
            is_only_said: false,
        }
    }

    /// The kind of person, as far as it is said.
    #[must_use]
    pub fn kind(&self) -> PersonKind {
        match &self.who {
            Who::Described(described) => described.kind.unwrap_or(PersonKind::Resident),
            Who::Known(_) => PersonKind::Resident,
            Who::Nobody => PersonKind::Anonymous,
        }
    }

    /// Subject and body as one text, for reading.
    #[must_use]
    pub fn text(&self) -> String {
        match (self.subject.is_empty(), self.body.is_empty()) {
            (true, _) => self.body.clone(),
            (false, true) => self.subject.clone(),
            (false, false) => format!("{}\n{}", self.subject, self.body),
        }
    }
}
