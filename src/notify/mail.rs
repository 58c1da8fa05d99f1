//! The message itself: one mail to one recipient, with every header of ours, as bytes.
//!
//! Building is pure: the Message-ID and the date are given, so that building the same notice
//! again after a crash gives the same message. Whatever reaches a header is made one line first;
//! an address that is not one is refused, never repaired.

use std::time::SystemTime;

use jiff::Timestamp;
use lettre::Address;
use lettre::address::Envelope;
use lettre::message::{Mailbox, Message, MultiPart};

use super::render::Rendered;
use crate::domain::notice::NoticeKind;

/// One mail to one recipient.
#[derive(Debug, Clone)]
pub struct Mail {
    /// With or without angle brackets; the same over every retry.
    pub message_id: String,
    pub date: Timestamp,
    /// Who writes: the council's name and address.
    pub from_name: String,
    pub from: String,
    pub to: String,
    /// The case's plus-address, by which an answer finds its way back.
    pub reply_to: Option<String>,
    /// Where bounces go; unsaid, to `reply_to`, so that they find the case too.
    pub return_path: Option<String>,
    pub words: Rendered,
    pub kind: NoticeKind,
    /// The references of every case it is about.
    pub cases: Vec<String>,
    /// `auto-replied`, `auto-generated`, or none for an officer's words.
    pub auto_submitted: Option<&'static str>,
    /// The Message-ID it answers.
    pub in_reply_to: Option<String>,
    /// The Message-IDs of the thread so far.
    pub references: Vec<String>,
    /// This installation's own mark; a mail that comes back with it is never answered.
    pub loop_token: String,
    /// Only for mail people may do without (surveys): an https address.
    pub unsubscribe: Option<String>,
    /// A rehearsal: everything goes to this address instead, and says so.
    pub redirect_to: Option<String>,
}

/// A mail ready to hand over.
#[derive(Debug, Clone)]
pub struct Sendable {
    pub envelope: Envelope,
    /// Without angle brackets.
    pub message_id: String,
    pub bytes: Vec<u8>,
}

/// Why a mail cannot be built. Never holds the address itself: this ends in logs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MailError {
    /// An address that is none.
    #[error("the {0} address is not an e-mail address")]
    NotAnAddress(&'static str),
    /// A Message-ID that could not stand in a header.
    #[error("the Message-ID is not one")]
    NotAMessageId,
    /// The parts could not be put together.
    #[error("the message could not be put together: {0}")]
    Parts(String),
}

impl Mail {
    /// Builds the message.
    ///
    /// # Errors
    /// An address or the Message-ID is not one.
    pub fn build(&self) -> Result<Sendable, MailError> {
        let to = address(self.redirect_to.as_ref().unwrap_or(&self.to), "recipient's")?;
        let original = address(&self.to, "recipient's")?;
        let from = address(&self.from, "sender's")?;
        let reply_to = self
            .reply_to
            .as_deref()
            .map(|text| address(text, "reply"))
            .transpose()?;
        let return_path = match &self.return_path {
            Some(text) => address(text, "return")?,
            None => reply_to.clone().unwrap_or_else(|| from.clone()),
        };
        let message_id = message_id(&self.message_id)?;
        // The library cannot write a date before 1970.
        let date = SystemTime::from(self.date.max(Timestamp::UNIX_EPOCH));

        let mut message = Message::builder()
            .message_id(Some(format!("<{message_id}>")))
            .date(date)
            .from(Mailbox::new(Some(header_text(&self.from_name)), from))
            .to(Mailbox::new(None, to.clone()))
            .subject(header_text(&self.words.subject));
        if let Some(reply_to) = reply_to {
            message = message.reply_to(Mailbox::new(None, reply_to));
        }
        if let Some(answered) = self.in_reply_to.as_deref().and_then(message_id_or_none) {
            message = message.in_reply_to(format!("<{answered}>"));
        }
        let thread = self.thread();
        if !thread.is_empty() {
            message = message.references(thread);
        }

        let banner = self.redirect_to.as_ref().map(|_| {
            format!("Rehearsal: this mail would have gone to {original}. Nobody else has had it.")
        });
        let parts = MultiPart::alternative_plain_html(
            with_banner(&self.words.text, banner.as_deref()),
            html_with_banner(&self.words.html, banner.as_deref()),
        );
        let envelope = Envelope::new(Some(return_path), vec![to])
            .map_err(|error| MailError::Parts(error.to_string()))?;
        let message = message
            .envelope(envelope.clone())
            .multipart(parts)
            .map_err(|error| MailError::Parts(error.to_string()))?;
        let mut bytes = self.own_headers(&original);
        bytes.extend(message.formatted());
        Ok(Sendable {
            envelope,
            message_id,
            bytes,
        })
    }

    /// The newest twenty Message-IDs of the thread, in order; a longer header helps nobody.
    fn thread(&self) -> String {
        let ids: Vec<String> = self
            .references
            .iter()
            .chain(&self.in_reply_to)
            .filter_map(|id| message_id_or_none(id))
            .collect();
        let mut thread: Vec<String> = Vec::new();
        for id in ids.iter().skip(ids.len().saturating_sub(20)) {
            let id = format!("<{id}>");
            if !thread.contains(&id) {
                thread.push(id);
            }
        }
        thread.join(" ")
    }

    /// Our own headers as they stand at the head of the message. Written here because the library
    /// keeps one header of a name, and a digest names many cases. Every value is one short line
    /// of plain characters.
    fn own_headers(&self, original: &Address) -> Vec<u8> {
        let mut headers = vec![
            ("X-Reeve-Notice", self.kind.as_str().to_owned()),
            ("X-Reeve-Loop", token(&self.loop_token)),
        ];
        headers.extend(self.cases.iter().map(|case| ("X-Reeve-Case", token(case))));
        if let Some(value) = self.auto_submitted {
            headers.push(("Auto-Submitted", token(value)));
            // Keeps the holiday answers of Exchange and Outlook away from our threads.
            headers.push(("X-Auto-Response-Suppress", "OOF, AutoReply".to_owned()));
        }
        let https = self
            .unsubscribe
            .as_deref()
            .filter(|url| url.starts_with("https://"));
        if let Some(url) = https {
            headers.push(("List-Unsubscribe", format!("<{}>", token(url))));
            headers.push((
                "List-Unsubscribe-Post",
                "List-Unsubscribe=One-Click".to_owned(),
            ));
        }
        if self.redirect_to.is_some() {
            headers.push(("X-Reeve-Original-To", token(original.as_ref())));
        }
        let lines: Vec<String> = headers
            .into_iter()
            .map(|(name, value)| format!("{name}: {value}\r\n"))
            .collect();
        lines.concat().into_bytes()
    }
}

/// The name of the file a mail is kept in: its Message-ID, with every character a file system
/// could mistake written as `%XX`, so that two Message-IDs never share a file.
#[must_use]
pub fn file_name(message_id: &str) -> String {
    let mut name = String::new();
    for byte in message_id.trim_matches(['<', '>']).bytes() {
        let c = char::from(byte);
        if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '@') {
            name.push(c);
        } else {
            name.extend(['%', hex(byte >> 4), hex(byte & 15)]);
        }
    }
    match name.strip_prefix('.') {
        // A leading dot would hide it.
        Some(rest) => format!("%2E{rest}.eml"),
        None => format!("{name}.eml"),
    }
}

fn hex(digit: u8) -> char {
    char::from_digit(u32::from(digit), 16)
        .unwrap_or('0')
        .to_ascii_uppercase()
}

fn address(text: &str, whose: &'static str) -> Result<Address, MailError> {
    let is_plain = !text.chars().any(|c| c.is_control() || c.is_whitespace());
    let parsed = text.parse().map_err(|_| MailError::NotAnAddress(whose))?;
    if is_plain {
        Ok(parsed)
    } else {
        Err(MailError::NotAnAddress(whose))
    }
}

fn message_id(text: &str) -> Result<String, MailError> {
    message_id_or_none(text).ok_or(MailError::NotAMessageId)
}

/// A Message-ID without its brackets, where it is one. Those of other people's mails may be
/// anything; what could not stand in a header is left out of it.
fn message_id_or_none(text: &str) -> Option<String> {
    let bare = text.trim().trim_start_matches('<').trim_end_matches('>');
    let is_one = (3..=250).contains(&bare.len())
        && bare.contains('@')
        && bare
            .chars()
            .all(|c| c.is_ascii_graphic() && !matches!(c, '<' | '>' | '(' | ')' | ',' | ';'));
    is_one.then(|| bare.to_owned())
}

/// One line of readable text. A text that is itself an encoded word (`=?utf-8?…`) is broken up:
/// decoded by the reader it could hold anything.
fn header_text(text: &str) -> String {
    let words: Vec<&str> = text
        .split(|c: char| {
            c.is_whitespace() || c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
        })
        .filter(|word| !word.is_empty())
        .collect();
    words.join(" ").replace("=?", "= ?")
}

/// A value without spaces: references, tokens, links.
fn token(text: &str) -> String {
    text.chars()
        .filter(|c| c.is_ascii_graphic() && !matches!(c, '<' | '>'))
        .take(320)
        .collect()
}

fn with_banner(text: &str, banner: Option<&str>) -> String {
    match banner {
        Some(banner) => format!("*** {banner} ***\n\n{text}"),
        None => text.to_owned(),
    }
}

fn html_with_banner(html: &str, banner: Option<&str>) -> String {
    let Some(banner) = banner else {
        return html.to_owned();
    };
    let banner = banner
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    let note = format!(
        "<p style=\"background:#ffdd00;color:#1a1a1a;margin:0;padding:.75rem 1rem\"><strong>{banner}</strong></p>"
    );
    let opened = html.find("<body").and_then(|start| {
        let (head, body) = html.split_at_checked(start)?;
        let (tag, rest) = body.split_once('>')?;
        Some(format!("{head}{tag}>\n{note}{rest}"))
    });
    opened.unwrap_or_else(|| format!("{note}\n{html}"))
}

#[cfg(test)]
mod tests;
