//! The order of reading: bytes, parts, sender, words, signs.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::LazyLock;

use regex::Regex;
use sha2::{Digest, Sha256};

use super::automatic::{self, Signs};
use super::body::{self, Content};
use super::fields::{Fields, any_address};
use super::mime::{self, Mime};
use super::quoted::{self, Manner};
use super::threading::{self, Words};
use super::{Envelope, Forwarded, Incoming, Mailbox, Ours, Part, Unreadable, bounce, charset};
use crate::channels::text::SUBJECT_LIMIT;
use crate::domain::person::email_address;

/// No door of ours lets more in than this; whoever calls us otherwise is told.
const LARGEST: usize = 64 * 1024 * 1024;
/// More letters than this are files that came along.
const MOST_LETTERS: usize = 10;

/// Reads a raw e-mail.
///
/// # Errors
/// [`Unreadable`] when there is no header block, no sender we could name, or the reading itself
/// failed. The caller keeps the bytes and goes on with the next mail.
pub fn read(raw: &[u8], envelope: &Envelope, ours: &Ours) -> Result<Incoming, Unreadable> {
    // The last wall: whatever a stranger's mail makes a parser do, the mail behind it is read.
    catch_unwind(AssertUnwindSafe(|| understand(raw, envelope, ours)))
        .unwrap_or_else(|_| Err(unreadable("the parser failed on it")))
}

/// The bytes of every enclosure, in the order of [`Incoming::attachments`]. A mail that [`read`]
/// refuses has none.
#[must_use]
pub fn attachments(raw: &[u8]) -> Vec<(Part, Vec<u8>)> {
    catch_unwind(AssertUnwindSafe(|| {
        let mime = mime::take_apart(raw);
        let files = body::read(&mime, None).files;
        files
            .into_iter()
            .map(|file| (file.part, file.bytes.into_owned()))
            .collect()
    }))
    .unwrap_or_else(|_| Vec::new())
}

fn understand(raw: &[u8], envelope: &Envelope, ours: &Ours) -> Result<Incoming, Unreadable> {
    if raw.len() > LARGEST {
        return Err(unreadable("it is larger than we read"));
    }
    let mime = mime::take_apart(raw);
    if !has_letter_head(&mime.top) {
        return Err(unreadable("it has no header block"));
    }
    let top = &mime.top;
    let mut defects: Vec<String> = mime
        .defects
        .iter()
        .map(|defect| (*defect).to_owned())
        .collect();
    let from = sender(&mime, envelope, &mut defects)?;
    let subject = top.words("subject", SUBJECT_LIMIT).unwrap_or_default();
    let mut content = body::read(&mime, None);
    defects.extend(content.defects.drain(..).map(str::to_owned));

    let full_text = body::without_marks(&content.text).trim().to_owned();
    let in_reply_to = top.ids("in-reply-to");
    let references = top.ids("references");
    let names_an_earlier_mail = !in_reply_to.is_empty() || !references.is_empty();
    let manner = quoted::manner(&subject, names_an_earlier_mail);
    let bounce = bounce::read(&mime, &from, &subject, &full_text, envelope);
    let mut split = quoted::split(&content.text, manner);
    let answers_us = in_reply_to
        .iter()
        .chain(&references)
        .any(|id| ours.is_ours(id));
    if bounce.is_none() {
        if split.forwarded.is_none() && split.quoted && !answers_us {
            // Whose words a reply quotes that names nobody, nobody knows: they may be ours.
            split.forwarded = quoted::pointed_to(&content.text, &split.new_text).filter(|below| {
                below
                    .from
                    .as_ref()
                    .map_or(names_an_earlier_mail || manner == Manner::Fresh, |from| {
                        !ours.is_ours(&from.address)
                    })
            });
        }
        let may_be_ours = manner == Manner::Forward || split.new_text.trim().is_empty();
        let attached = attached_letters(&mime, ours, may_be_ours);
        split.forwarded = joined(split.forwarded, attached);
    }

    let to = top.mailboxes("to");
    let cc = top.mailboxes("cc");
    let recipients: Vec<Mailbox> = to.iter().chain(&cc).cloned().collect();
    let words = Words {
        subject: &subject,
        new_text: &split.new_text,
        full_text: &full_text,
    };
    let is_report = bounce.is_some() || automatic::is_report(&mime.media);
    let reported_on = is_report
        .then(|| bounce::original_id(&mime, &full_text))
        .flatten();
    let thread = threading::gather(top, &recipients, reported_on, words, envelope, ours);
    let is_disowned = is_disowned(top);
    let reply_to = top.mailboxes("reply-to").into_iter().next();
    // Whoever pretends to be a form of ours speaks for nobody.
    let written_by = reply_to
        .clone()
        .filter(|answered| !is_disowned && ours.relays(&from.address, &answered.address));
    let automatic = automatic::tell(
        Signs {
            top,
            media: &mime.media,
            from: &from,
            is_relayed: written_by.is_some(),
            subject: &subject,
            new_text: &split.new_text,
            bounce: bounce.as_ref(),
            calendar: content.calendar.as_deref(),
        },
        envelope,
        ours,
    );
    let message_id = top.ids("message-id").into_iter().next();
    if message_id.is_none() {
        defects.push("no Message-ID".to_owned());
    }
    let sent_at = top.date("date");
    if sent_at.is_none() {
        defects.push(
            if top.has("date") {
                "a Date nobody can read"
            } else {
                "no Date"
            }
            .to_owned(),
        );
    }
    defects.sort();
    defects.dedup();
    Ok(Incoming {
        fingerprint: hex(&Sha256::digest(raw)),
        content_key: content_key(
            &from,
            &top.plain("date").unwrap_or_default(),
            &subject,
            &full_text,
            &content,
        ),
        body_key: content_key(&from, "", "", &full_text, &content),
        message_id,
        in_reply_to,
        references,
        reply_to,
        written_by,
        to,
        cc,
        sent_at,
        new_text: split.new_text,
        full_text,
        quoted: split.quoted,
        forwarded: split.forwarded,
        attachments: content.files.into_iter().map(|file| file.part).collect(),
        automatic,
        bounce,
        thread,
        language: language(&mime),
        is_disowned,
        defects,
        from,
        subject,
    })
}

/// Whether a mail server found DMARC to fail (RFC 8601).
fn is_disowned(top: &Fields<'_>) -> bool {
    top.plain_all("authentication-results")
        .take(10)
        .any(|value| {
            let value: String = value.to_lowercase().split_whitespace().collect();
            value.contains("dmarc=fail")
        })
}

fn unreadable(why: &str) -> Unreadable {
    Unreadable {
        why: why.to_owned(),
    }
}

/// Any text may hold a line with a colon. A letter head holds at least one field that only mail
/// has.
fn has_letter_head(top: &Fields<'_>) -> bool {
    !top.is_empty()
        && [
            "from",
            "sender",
            "to",
            "cc",
            "bcc",
            "subject",
            "date",
            "received",
            "return-path",
            "message-id",
            "mime-version",
            "content-type",
            "delivered-to",
            "reply-to",
        ]
        .iter()
        .any(|name| top.has(name))
}

/// Who wrote it: `From`, and failing that the nearest thing to it. A report of a mail server may
/// have nobody; it is still read, because it tells what became of a mail of ours.
fn sender(
    mime: &Mime<'_>,
    envelope: &Envelope,
    defects: &mut Vec<String>,
) -> Result<Mailbox, Unreadable> {
    let top = &mime.top;
    let authors = top.mailboxes("from");
    if authors.len() > 1 {
        defects.push("more than one author".to_owned());
    }
    if let Some(author) = authors.into_iter().next() {
        return Ok(author);
    }
    if mime.media.is("multipart/report")
        && mime
            .leaves
            .iter()
            .any(|leaf| leaf.media.is("message/delivery-status"))
    {
        defects.push("a report without a sender".to_owned());
        return Ok(Mailbox {
            name: None,
            address: "mailer-daemon".to_owned(),
        });
    }
    let name = top
        .words("from", SUBJECT_LIMIT)
        .filter(|name| !name.is_empty() && !name.contains('<') && !name.contains('@'));
    if let Some(address) = top.plain("from").as_deref().and_then(any_address) {
        defects.push("no usable From".to_owned());
        return Ok(Mailbox {
            name: None,
            address,
        });
    }
    let stand_in = ["sender", "reply-to", "return-path"]
        .iter()
        .find_map(|field| top.mailboxes(field).into_iter().next())
        .map(|mailbox| mailbox.address)
        .or_else(|| email_address(envelope.sender.as_deref()?.trim_matches(['<', '>'])));
    match stand_in {
        Some(address) => {
            defects.push("no usable From".to_owned());
            Ok(Mailbox { name, address })
        }
        None => Err(unreadable("it names no sender we could write to")),
    }
}

/// Letters that came as enclosures: whoever sends them on wants them read. A mail of ours that comes
/// back with an answer says nothing new.
fn attached_letters(mime: &Mime<'_>, ours: &Ours, may_be_ours: bool) -> Option<Forwarded> {
    mime.leaves
        .iter()
        .enumerate()
        .filter(|(_, leaf)| {
            !leaf.is_report
                && matches!(
                    leaf.media.name.as_str(),
                    "message/rfc822" | "message/global"
                )
        })
        .take(MOST_LETTERS)
        .filter_map(|(place, leaf)| {
            let decoded;
            let taken;
            let (inner, content) = if let Some(inner) = &leaf.inner {
                (inner, body::read(mime, Some(place)))
            } else {
                // Encoded whole, against the standard; opened once and no deeper.
                decoded = charset::undo_transfer(leaf.raw, &leaf.encoding());
                taken = mime::take_apart(&decoded);
                (&taken.top, body::read(&taken, None))
            };
            let from = inner.mailboxes("from").into_iter().next();
            let is_ours = from
                .as_ref()
                .is_some_and(|from| ours.is_ours(&from.address));
            (may_be_ours || !is_ours).then(|| Forwarded {
                from,
                subject: inner.words("subject", SUBJECT_LIMIT),
                text: body::without_marks(&content.text).trim().to_owned(),
            })
        })
        .fold(None, |all, one| joined(all, Some(one)))
}

/// Two letters that were passed on, one below the other; the first says from whom.
fn joined(first: Option<Forwarded>, second: Option<Forwarded>) -> Option<Forwarded> {
    match (first, second) {
        (Some(first), Some(second)) if !second.text.is_empty() => Some(Forwarded {
            text: format!("{}\n\n{}", first.text, second.text)
                .trim()
                .to_owned(),
            ..first
        }),
        (first, second) => first.or(second),
    }
}

/// What makes two mails the same mail, whatever the servers on the way added to them. Blanks at
/// the ends of lines count for nothing: gateways change them.
fn content_key(
    from: &Mailbox,
    date: &str,
    subject: &str,
    text: &str,
    content: &Content<'_>,
) -> String {
    let mut hash = Sha256::new();
    let mut add = |bytes: &[u8]| {
        // Each piece with its length, so that no two lists of pieces run together alike.
        hash.update(u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(bytes);
    };
    add(from.address.as_bytes());
    add(date.as_bytes());
    add(subject.as_bytes());
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim_end)
        .filter(|line| !line.is_empty())
        .collect();
    add(lines.join("\n").as_bytes());
    for file in &content.files {
        add(&Sha256::digest(&file.bytes));
    }
    hex(&hash.finalize())
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
            for four in [byte >> 4, byte & 15] {
                text.extend(char::from_digit(u32::from(four), 16));
            }
            text
        })
}

fn language(mime: &Mime<'_>) -> Option<String> {
    let named = mime.top.plain("content-language").or_else(|| {
        mime.leaves
            .iter()
            .find_map(|leaf| leaf.fields.plain("content-language"))
    })?;
    let first = named
        .split([',', ';'])
        .next()
        .unwrap_or_default()
        .trim()
        .to_owned();
    LANGUAGE.is_match(&first).then_some(first)
}

static LANGUAGE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new("^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$")
        .expect("a constant pattern, compiled by every test of this module")
});
