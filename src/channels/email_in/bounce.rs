//! Reports that a mail of ours did not arrive: the standard ones (RFC 3464), and those of servers
//! that write a letter instead.

use std::sync::LazyLock;

use regex::Regex;

use super::automatic::has_null_return_path;
use super::fields::Fields;
use super::mime::{Leaf, Mime};
use super::{Bounce, Envelope, Mailbox, charset};
use crate::channels::text::clean_body;
use crate::domain::person::email_address;

/// Far more than any report needs.
const FAR_ENOUGH: usize = 64 * 1024;

/// Reads a report of failed or delayed delivery; nothing when the mail is none.
pub(super) fn read(
    mime: &Mime<'_>,
    from: &Mailbox,
    subject: &str,
    text: &str,
    envelope: &Envelope,
) -> Option<Bounce> {
    let mut bounce = match delivery_status(mime) {
        // A standard report that tells of success is no bounce, whatever its subject says.
        Some(status) => standard(status)?,
        None => letter(mime, from, subject, text, envelope)?,
    };
    bounce.original_message_id = original_id(mime, text);
    Some(bounce)
}

fn delivery_status<'a, 'x>(mime: &'a Mime<'x>) -> Option<&'a Leaf<'x>> {
    mime.leaves.iter().find(|leaf| {
        leaf.message.is_none()
            && matches!(
                leaf.media.name.as_str(),
                "message/delivery-status" | "message/global-delivery-status"
            )
    })
}

/// A `message/delivery-status` part: blocks of fields, one for each recipient.
fn standard(status: &Leaf<'_>) -> Option<Bounce> {
    let bytes = charset::undo_transfer(status.raw, &status.encoding());
    let text = clean_body(&charset::text(
        bytes.get(..bytes.len().min(FAR_ENOUGH))?,
        None,
    ));
    let mut delayed = None;
    for block in text.split("\n\n") {
        let fields = Fields::read(block.trim_start().as_bytes(), 100);
        let action = fields
            .plain("action")
            .unwrap_or_default()
            .to_ascii_lowercase();
        let code = fields
            .plain("status")
            .and_then(|status| enhanced_code(&status));
        let diagnostic = fields.plain("diagnostic-code").unwrap_or_default();
        let recipient = ["original-recipient", "final-recipient"]
            .iter()
            .find_map(|name| fields.plain(name))
            .and_then(|value| reported_address(&value));
        let is_failed = action.starts_with("failed");
        if is_failed || action.starts_with("delayed") {
            let code = code.or_else(|| enhanced_code(&diagnostic));
            let bounce = Bounce {
                original_message_id: None,
                recipient,
                is_final: is_failed,
                is_no_address: is_failed && is_no_address(code.as_deref(), &diagnostic),
                status: code,
            };
            if is_failed {
                return Some(bounce);
            }
            delayed = delayed.or(Some(bounce));
        }
    }
    delayed
}

/// A mail server's own words, recognised by who writes and how.
fn letter(
    mime: &Mime<'_>,
    from: &Mailbox,
    subject: &str,
    text: &str,
    envelope: &Envelope,
) -> Option<Bounce> {
    let local = from
        .address
        .split('@')
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    let is_server = matches!(local.as_str(), "mailer-daemon" | "postmaster");
    let is_pathless = has_null_return_path(&mime.top, envelope);
    let failed_recipients = mime.top.plain("x-failed-recipients");
    let says_so = BOUNCE_SUBJECT.is_match(subject);
    if !(failed_recipients.is_some() || (is_server && says_so) || (is_pathless && says_so)) {
        return None;
    }
    let head = text
        .get(..text.floor_char_boundary(FAR_ENOUGH))
        .unwrap_or(text);
    let status = STATUS.find(head).map(|found| found.as_str().to_owned());
    let reply_code = REPLY_CODE
        .captures(head)
        .and_then(|found| found.get(1))
        .map(|code| code.as_str().to_owned());
    let is_delay = DELAY.is_match(subject) || STILL_TRYING.is_match(head);
    let is_for_now = status.as_deref().is_some_and(|code| code.starts_with('4'));
    let is_refused = status.as_deref().is_some_and(|code| code.starts_with('5'))
        || reply_code
            .as_deref()
            .is_some_and(|code| code.starts_with('5'))
        || NO_SUCH_PERSON.is_match(head);
    let recipient = failed_recipients
        .as_deref()
        .and_then(reported_address)
        .or_else(|| {
            ADDRESS.find_iter(head).find_map(|found| {
                email_address(found.as_str()).filter(|address| *address != from.address)
            })
        });
    Some(Bounce {
        original_message_id: None,
        recipient,
        is_final: !is_delay,
        is_no_address: is_refused
            && !is_delay
            && !is_for_now
            && is_no_address(status.as_deref(), head),
        status,
    })
}

/// Whether a refusal is about the address (RFC 3463: X.1.x, and X.2.1 for a mailbox that takes none). What
/// a server has against its sender, or against the message, says nothing of it; without a code, or with
/// one that says nothing, what it says in words does.
fn is_no_address(code: Option<&str>, words: &str) -> bool {
    let says_so = !OF_THE_MESSAGE.is_match(words);
    match code {
        Some(code) if code.starts_with('4') => false,
        Some("5.0.0") => says_so && NO_SUCH_PERSON.is_match(words),
        Some(code) => code.starts_with("5.1.") || code == "5.2.1",
        None => says_so,
    }
}

/// The Message-ID of the mail a report is about, from what was returned of it.
pub(super) fn original_id(mime: &Mime<'_>, text: &str) -> Option<String> {
    let returned = mime
        .leaves
        .iter()
        .filter(|leaf| leaf.message.is_none())
        .find_map(|leaf| {
            if let Some(inner) = &leaf.inner {
                return inner.ids("message-id").into_iter().next();
            }
            if leaf.media.is("message/disposition-notification") {
                return Fields::read(leaf.raw.get(..leaf.raw.len().min(FAR_ENOUGH))?, 100)
                    .ids("original-message-id")
                    .into_iter()
                    .next();
            }
            if matches!(
                leaf.media.name.as_str(),
                "text/rfc822-headers"
                    | "message/rfc822-headers"
                    | "message/rfc822"
                    | "message/global-headers"
            ) {
                let bytes = charset::undo_transfer(leaf.raw, &leaf.encoding());
                let head = bytes.get(..bytes.len().min(FAR_ENOUGH))?;
                return Fields::read(head, 500).ids("message-id").into_iter().next();
            }
            None
        });
    returned.or_else(|| {
        let head = text
            .get(..text.floor_char_boundary(FAR_ENOUGH))
            .unwrap_or(text);
        MESSAGE_ID
            .captures(head)
            .and_then(|found| found.get(1))
            .map(|id| id.as_str().to_owned())
    })
}

/// `rfc822; ada@mail.example`
fn reported_address(value: &str) -> Option<String> {
    let address = value.split_once(';').map_or(value, |(_, address)| address);
    let address = address.split(',').next().unwrap_or_default();
    email_address(address.trim().trim_matches(['<', '>', ' ']))
}

fn enhanced_code(value: &str) -> Option<String> {
    STATUS.find(value).map(|found| found.as_str().to_owned())
}

static STATUS: LazyLock<Regex> = LazyLock::new(|| pattern(r"\b[245]\.[0-9]{1,3}\.[0-9]{1,3}\b"));
static REPLY_CODE: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?m)(?:^|[\s:(#<>-])([45][0-9]{2})[ -]"));
static ADDRESS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9.-]{1,250}[A-Za-z0-9]")
});
static MESSAGE_ID: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?im)^[>\s]*Message-ID:\s*<([^<>\s]{1,400})>"));
static BOUNCE_SUBJECT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)(undeliver|delivery (status notification|failure|has failed|delayed|problem)|mail delivery (failed|failure|delayed|system)|returned mail|failure notice|returned to sender|message delayed|delivery report|could not be delivered|nondeliverable)",
    )
});
static OF_THE_MESSAGE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(spam|block ?list(ed)?|blacklist(ed)?|black-listed|block-listed|reputation|policy|dmarc|dkim|spf|too (large|big)|size limit|quota|full)\b",
    )
});
static STILL_TRYING: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)(will (be )?(retr(y|ied)|tr(y|ied) again|continue|keep trying|attempt)|still trying|continue to (try|attempt)|no action is required|do(es)? not need to (do|resend|retry))",
    )
});
static DELAY: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)(delay|warning: message)"));
static NO_SUCH_PERSON: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)(user unknown|unknown user|no such user|no such recipient|does not exist|doesn't exist|mailbox (unavailable|not found|disabled)|recipient (rejected|not found|address rejected)|address (not found|rejected)|account (is |has been )?(disabled|closed)|no mailbox here|permanent error|permanently)",
    )
});

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a constant pattern, compiled by every test of this module")
}
