//! A raw e-mail, read: who wrote it, what they wrote anew, what it answers, and whether a machine
//! sent it.
//!
//! [`read`] is a pure function of the bytes and of what we know about our own addresses. It never
//! decides what becomes of the mail: `casework` does that from the [`Incoming`] it gets here, and
//! keeps the bytes themselves whatever happens. What cannot be read is [`Unreadable`], which the
//! caller quarantines. The work is bounded for any input, because anybody may write to us.

mod automatic;
mod body;
mod bounce;
mod charset;
mod enclosed;
mod fields;
mod html;
mod media;
mod mime;
mod quoted;
mod reading;
mod rtf;
mod searching;
mod thanks;
mod threading;
mod winmail;

use std::fmt;

use jiff::Timestamp;
use regex::Regex;
use serde::{Deserialize, Serialize};

use crate::domain::contact::Channel;
use crate::domain::enquiry::{Described, Enquiry, Who};
use crate::domain::reference::Reference;

pub use automatic::is_read_by_nobody;
pub use reading::{attachments, read};
pub use searching::holds;
pub use thanks::is_thanks;

/// What the mail server told us beside the message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Envelope {
    /// The address it was delivered to.
    pub recipient: Option<String>,
    /// The return path; `Some("")` is the null one, from which only machines write.
    pub sender: Option<String>,
}

/// What we must know about ourselves to tell our own mail and our own addresses.
#[derive(Debug, Clone, Default)]
pub struct Ours {
    /// What our mails carry in `X-Reeve-Loop`.
    pub loop_token: String,
    /// The domain of our plus-addresses and Message-IDs.
    pub mail_domain: String,
    /// The mailboxes people write to.
    pub addresses: Vec<String>,
    /// How references of an older system look.
    pub alias_pattern: Option<Regex>,
}

impl Ours {
    /// Whether an address, or a Message-ID, is one of ours.
    fn is_ours(&self, written: &str) -> bool {
        let domain = written.rsplit_once('@').map_or("", |(_, domain)| domain);
        (!self.mail_domain.is_empty() && domain.eq_ignore_ascii_case(&self.mail_domain))
            || self
                .addresses
                .iter()
                .any(|own| own.eq_ignore_ascii_case(written))
    }

    /// Whether a mail from our own domain is somebody's from outside, who is to be answered.
    fn relays(&self, from: &str, answered: &str) -> bool {
        self.is_of_our_domain(from)
            && !self.is_of_our_domain(answered)
            && crate::domain::person::email_address(answered).is_some()
    }

    fn is_of_our_domain(&self, address: &str) -> bool {
        let domain_of = |address: &str| {
            address
                .rsplit_once('@')
                .map(|(_, domain)| domain.to_ascii_lowercase())
        };
        let Some(domain) = domain_of(address) else {
            return false;
        };
        self.addresses
            .iter()
            .filter_map(|own| domain_of(own))
            .chain([self.mail_domain.to_ascii_lowercase()])
            .filter(|own| !own.is_empty())
            .any(|own| {
                domain
                    .strip_suffix(&own)
                    .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
            })
    }
}

/// A mail as we understood it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Incoming {
    /// SHA-256 of the exact bytes, in hex: the same bytes are the same mail.
    pub fingerprint: String,
    /// SHA-256 of sender, date, subject and content: stands in for a missing Message-ID.
    pub content_key: String,
    /// SHA-256 of sender and content alone: two mails under one Message-ID are one mail only when
    /// this agrees.
    pub body_key: String,
    /// Without its angle brackets, as all message ids here.
    pub message_id: Option<String>,
    pub in_reply_to: Vec<String>,
    pub references: Vec<String>,
    pub from: Mailbox,
    pub reply_to: Option<Mailbox>,
    /// Whom a form of ours sends it for: from our own domain, to be answered elsewhere.
    #[serde(default)]
    pub written_by: Option<Mailbox>,
    pub to: Vec<Mailbox>,
    pub cc: Vec<Mailbox>,
    /// What the sender's clock said. Informative only: promises count from our own receipt.
    pub sent_at: Option<Timestamp>,
    /// One line of at most 200 characters, decoded, without controls.
    pub subject: String,
    /// What the sender wrote anew: no quoted history, and no signature where one is told safely.
    pub new_text: String,
    /// All of the text, history included.
    pub full_text: String,
    /// Whether [`Incoming::new_text`] leaves out quoted history.
    pub quoted: bool,
    pub forwarded: Option<Forwarded>,
    pub attachments: Vec<Part>,
    /// Why nobody must be answered, when a machine sent this.
    pub automatic: Option<Automatic>,
    pub bounce: Option<Bounce>,
    pub thread: Threading,
    /// BCP 47 tag, when the sender's program named one.
    pub language: Option<String>,
    /// Odd things noticed while reading, for whoever looks at the raw mail.
    pub defects: Vec<String>,
    /// A mail server on its way found that its sender's domain does not stand behind it. Anybody may
    /// write such a line, so it only ever takes trust away.
    #[serde(default)]
    pub is_disowned: bool,
}

/// A name and an address.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mailbox {
    pub name: Option<String>,
    /// In the form of [`crate::domain::person::email_address`]. A mail server that writes under a
    /// bare local part keeps it (`mailer-daemon`).
    pub address: String,
}

/// Somebody else's words that were passed on to us.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forwarded {
    pub from: Option<Mailbox>,
    pub subject: Option<String>,
    pub text: String,
}

/// A file that came with the mail. Its bytes are had with [`attachments`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// A bare file name: no folders, no controls, never empty.
    pub filename: String,
    /// As the sender declared it, which proves nothing.
    pub content_type: String,
    /// Bytes after decoding.
    pub size: u64,
    /// A picture shown within the text rather than a file handed over.
    pub inline: bool,
}

/// A machine sent it: it is kept and shown, and nobody is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Automatic {
    pub kind: AutomaticKind,
    /// The sign it was told by, for the timeline.
    pub why: String,
}

/// What sort of machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AutomaticKind {
    /// Out of office, receipts of other systems.
    AutoReply,
    /// A mail of ours that could not be delivered.
    Bounce,
    /// Through a mailing list.
    List,
    Bulk,
    /// Our own mail, come back.
    Loop,
    /// From an address nobody reads.
    Noreply,
    /// An invitation answered with a button.
    Calendar,
    /// Read receipts, abuse reports and the like.
    Report,
}

/// What a mail server reported about a mail of ours.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bounce {
    pub original_message_id: Option<String>,
    /// Whom it did not reach.
    pub recipient: Option<String>,
    /// `5.1.1` and so on.
    pub status: Option<String>,
    /// Nobody tries again; a delay is told of too.
    pub is_final: bool,
    /// The address takes no mail, whoever sends it. A full mailbox does again, and a server that
    /// refuses ours for what it says or where it comes from says nothing of the address.
    pub is_no_address: bool,
}

impl Bounce {
    /// For those who wonder why it came back.
    #[must_use]
    pub fn in_words(&self) -> String {
        let what = if self.is_no_address {
            "the address takes no mail"
        } else {
            "it could not be delivered"
        };
        match &self.status {
            Some(status) => format!("came back: {what} ({status})"),
            None => format!("came back: {what}"),
        }
    }
}

/// Everything that may tell which case a mail belongs to, in the order it may be trusted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Threading {
    /// Secret plus-address tokens of our own addresses.
    pub tokens: Vec<String>,
    /// What it answers, nearest first.
    pub message_ids: Vec<String>,
    /// References in the subject and the new text. Anybody can write these down.
    pub references: Vec<Reference>,
    /// The same for references of an older system.
    pub aliases: Vec<String>,
    /// References that stand only in the history quoted below.
    pub quoted_references: Vec<Reference>,
}

/// Why a mail goes to quarantine.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct Unreadable {
    pub why: String,
}

impl Incoming {
    /// Whose words these are, as far as the mail says: its sender, or whom a form of ours sends it for.
    #[must_use]
    pub fn writer(&self) -> &Mailbox {
        self.written_by.as_ref().unwrap_or(&self.from)
    }
}

impl fmt::Display for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{name} <{}>", self.address),
            None => f.write_str(&self.address),
        }
    }
}

/// The mail as an enquiry, of whoever wrote it. Mail proves nobody's identity, so they stay unverified.
///
/// A mail that only passes on somebody else's words speaks through them, so they are part of the
/// body; the history quoted in a reply is not, unless there is nothing else.
#[must_use]
pub fn enquiry(incoming: &Incoming, received_at: Timestamp) -> Enquiry {
    enquiry_of(incoming, incoming.writer(), received_at)
}

/// The mail as an enquiry of the address it came from, whomever a form of ours sent it for.
#[must_use]
pub fn enquiry_of_sender(incoming: &Incoming, received_at: Timestamp) -> Enquiry {
    enquiry_of(incoming, &incoming.from, received_at)
}

fn enquiry_of(incoming: &Incoming, writer: &Mailbox, received_at: Timestamp) -> Enquiry {
    let mut body = incoming.new_text.clone();
    if let Some(forwarded) = &incoming.forwarded
        && !forwarded.text.is_empty()
    {
        if !body.is_empty() {
            body.push_str("\n\n");
        }
        body.push_str(&forwarded.text);
    }
    if body.trim().is_empty() {
        body.clone_from(&incoming.full_text);
    }
    let email = crate::domain::person::email_address(&writer.address);
    // Whom we cannot write to is answered by somebody who reads where they wrote from.
    let unwritable = (email.is_none() && !writer.address.is_ascii())
        .then(|| format!("E-mail address, as it was given: {}", writer.address));
    let body = match unwritable {
        Some(line) if body.trim().is_empty() => line,
        Some(line) => format!("{line}\n\n{body}"),
        None => body,
    };
    Enquiry {
        subject: incoming.subject.clone(),
        body: body::shortened(body),
        language: incoming.language.clone(),
        who: Who::Described(Described {
            name: writer.name.clone(),
            email,
            is_verified: false,
            ..Described::default()
        }),
        ..Enquiry::new(Channel::Email, received_at)
    }
}

#[cfg(test)]
mod tests;
