//! Header fields: found in the raw block, decoded only when somebody asks for them.
//!
//! Every value that leaves here is one line without control characters, so that nothing a
//! stranger wrote can break a header, a log or a page of ours.

use std::borrow::Cow;

use jiff::Timestamp;
use mail_parser::HeaderValue;
use mail_parser::parsers::MessageStream;

use super::media::Media;
use super::{Mailbox, charset};
use crate::channels::text::{NAME_LIMIT, clean_line};
use crate::domain::person::email_address;

/// Beyond this a single value is cut before it is decoded.
const LONGEST_VALUE: usize = 64 * 1024;
const MOST_ADDRESSES: usize = 200;
const MOST_IDS: usize = 100;
const LONGEST_ID: usize = 500;

/// The fields of one message or part, in order.
#[derive(Debug, Default, Clone)]
pub(super) struct Fields<'x> {
    fields: Vec<(String, &'x [u8])>,
    pub(super) is_cut: bool,
}

/// One line of raw bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line<'x> {
    /// Where it starts.
    pub(super) at: usize,
    /// Without its line end.
    pub(super) text: &'x [u8],
    /// Where the next one starts.
    pub(super) next: usize,
}

/// The lines of a message, whichever line ends it came with.
pub(super) fn lines(raw: &[u8]) -> impl Iterator<Item = Line<'_>> {
    // Mail that passed an old Macintosh has bare carriage returns throughout.
    let end = if raw.contains(&b'\n') { b'\n' } else { b'\r' };
    let mut at = 0;
    raw.split_inclusive(move |byte| *byte == end)
        .map(move |whole| {
            let text = whole.strip_suffix(&[end]).unwrap_or(whole);
            let line = Line {
                at,
                text: text.strip_suffix(b"\r").unwrap_or(text),
                next: at + whole.len(),
            };
            at = line.next;
            line
        })
}

/// Whether a line starts a field: a name of printable ASCII, then a colon.
pub(super) fn is_field(line: &[u8]) -> bool {
    split_field(line).is_some()
}

fn split_field(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = line.iter().take(100).position(|byte| *byte == b':')?;
    let (name, value) = line.split_at_checked(colon)?;
    let name = name.trim_ascii_end();
    let is_name = !name.is_empty() && name.iter().all(|byte| matches!(byte, 33..=126));
    is_name.then(|| (name, value.get(1..).unwrap_or_default()))
}

impl<'x> Fields<'x> {
    /// Reads a header block, at most so many fields of it. Lines that belong to no field are taken as the continuation of the
    /// one above, which is what they nearly always are.
    pub(super) fn read(block: &'x [u8], most: usize) -> Self {
        let mut fields: Vec<(String, usize, usize)> = Vec::new();
        let mut is_cut = false;
        for line in lines(block) {
            let is_folded = line
                .text
                .first()
                .is_some_and(|byte| matches!(byte, b' ' | b'\t'));
            match split_field(line.text) {
                Some((name, value)) if !is_folded => {
                    if fields.len() == most {
                        is_cut = true;
                        break;
                    }
                    let value_at = line.at + line.text.len() - value.len();
                    fields.push((
                        String::from_utf8_lossy(name).to_ascii_lowercase(),
                        value_at,
                        line.next,
                    ));
                }
                _ => {
                    if let Some((_, _, end)) = fields.last_mut() {
                        *end = line.next;
                    }
                }
            }
        }
        let fields = fields
            .into_iter()
            .map(|(name, start, end)| (name, block.get(start..end).unwrap_or_default()))
            .collect();
        Self { fields, is_cut }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.raw_all(name).next().is_some()
    }

    /// The lower-case names of all fields.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().map(|(name, _)| name.as_str())
    }

    fn raw_all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'x [u8]> + 'a {
        self.fields
            .iter()
            .filter(move |(known, _)| known == name)
            .map(|(_, value)| *value)
    }

    /// The value as it stands, on one line; nothing is decoded.
    pub(super) fn plain(&self, name: &str) -> Option<String> {
        self.plain_all(name).next()
    }

    pub(super) fn plain_all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = String> + 'a {
        self.raw_all(name)
            .map(|value| clean_line(&unfolded(value), LONGEST_VALUE))
    }

    /// The value as a person wrote it (RFC 2047 undone), on one line.
    pub(super) fn words(&self, name: &str, limit: usize) -> Option<String> {
        self.raw_all(name)
            .next()
            .map(|value| clean_line(&decoded(&unfolded(value)), limit))
    }

    /// Every mailbox of every field of this name that can be written to.
    pub(super) fn mailboxes(&self, name: &str) -> Vec<Mailbox> {
        let mut found = Vec::new();
        for value in self.raw_all(name).take(10) {
            for mailbox in mailboxes(&unfolded(value)) {
                if found.len() < MOST_ADDRESSES && !found.contains(&mailbox) {
                    found.push(mailbox);
                }
            }
        }
        found
    }

    /// Message ids without their brackets, in order.
    pub(super) fn ids(&self, name: &str) -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        for value in self.raw_all(name).take(10) {
            for id in message_ids(&unfolded(value)) {
                if found.len() < MOST_IDS && !found.contains(&id) {
                    found.push(id);
                }
            }
        }
        found
    }

    pub(super) fn date(&self, name: &str) -> Option<Timestamp> {
        let value = unfolded(self.raw_all(name).next()?);
        let line = format!("{}\r\n", value.trim());
        match MessageStream::new(line.as_bytes()).parse_date() {
            HeaderValue::DateTime(date) if date.is_valid() => {
                Timestamp::from_second(date.to_timestamp()).ok()
            }
            _ => None,
        }
    }

    pub(super) fn media(&self, name: &str) -> Option<Media> {
        self.raw_all(name)
            .next()
            .map(|value| Media::read(&unfolded(value)))
    }
}

/// A value on one line, as text. Eight-bit bytes are read as what they most likely are, though
/// they have no business in a header.
fn unfolded(value: &[u8]) -> String {
    let value = value.get(..LONGEST_VALUE).unwrap_or(value);
    charset::text(value, None)
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect::<String>()
        .trim()
        .to_owned()
}

/// Undoes RFC 2047 encoded words.
pub(super) fn decoded(value: &str) -> String {
    if !value.contains("=?") {
        return value.to_owned();
    }
    let line = format!("{}\r\n", with_words_joined(value));
    match MessageStream::new(line.as_bytes()).parse_unstructured() {
        HeaderValue::Text(text) => text.into_owned(),
        _ => value.to_owned(),
    }
}

/// Programs split encoded words in the middle of a letter. Two neighbours of one charset and
/// encoding are one word, so that the letter is whole again before it is decoded.
fn with_words_joined(value: &str) -> String {
    let mut out: Vec<String> = Vec::new();
    let mut is_gap_before = false;
    for token in value.split(' ') {
        if token.is_empty() {
            is_gap_before = true;
            continue;
        }
        let token = relabelled(token);
        let token = token.as_ref();
        let joined = match (out.last(), encoded_word(token)) {
            (Some(last), Some((head, text))) => match encoded_word(last) {
                Some((last_head, last_text))
                    if last_head.eq_ignore_ascii_case(head)
                        && (head.ends_with("?q?")
                            || head.ends_with("?Q?")
                            || is_whole_base64(last_text)) =>
                {
                    Some(format!("{head}{last_text}{text}?="))
                }
                _ => None,
            },
            _ => None,
        };
        match joined {
            Some(word) => {
                out.pop();
                out.push(word);
            }
            None => out.push(token.to_owned()),
        }
        is_gap_before = false;
    }
    if is_gap_before && out.is_empty() {
        return value.to_owned();
    }
    out.join(" ")
}

/// Splits `=?charset?q?text?=` after its second question mark.
fn encoded_word(token: &str) -> Option<(&str, &str)> {
    let inner = token.strip_prefix("=?")?.strip_suffix("?=")?;
    let mut parts = inner.splitn(3, '?');
    let (charset, encoding, text) = (parts.next()?, parts.next()?, parts.next()?);
    if encoding.len() != 1 || text.contains('?') {
        return None;
    }
    let head_len = "=?".len() + charset.len() + "?".len() + encoding.len() + "?".len();
    token.get(..head_len).map(|head| (head, text))
}

/// A word under a label by which nobody could read it, under one by which it can be.
fn relabelled(token: &str) -> Cow<'_, str> {
    let Some((head, text)) = encoded_word(token) else {
        return Cow::Borrowed(token);
    };
    let label = head.trim_start_matches("=?").split(['?', '*']).next();
    let label = label.unwrap_or_default();
    let is_lettered = head.ends_with("?q?") || head.ends_with("?Q?");
    let is_wrong = !charset::is_known(label)
        || (is_lettered && charset::is_wide(label) && !text.contains("=00"));
    if !is_wrong {
        return Cow::Borrowed(token);
    }
    let encoding = if is_lettered { "q" } else { "b" };
    Cow::Owned(format!("=?utf-8?{encoding}?{text}?="))
}

fn is_whole_base64(text: &str) -> bool {
    text.len().is_multiple_of(4) && !text.ends_with('=')
}

/// The mailboxes in an address list.
pub(super) fn mailboxes(value: &str) -> Vec<Mailbox> {
    let line = format!("{}\r\n", with_words_joined(value));
    let parsed = MessageStream::new(line.as_bytes()).parse_address();
    let HeaderValue::Address(list) = parsed else {
        return Vec::new();
    };
    list.iter()
        .take(MOST_ADDRESSES)
        .filter_map(|one| {
            let Some(written) = one.address() else {
                // "From: MAILER-DAEMON", which names no domain.
                return Some(Mailbox {
                    name: None,
                    address: daemon(one.name()?)?,
                });
            };
            let name = one
                .name()
                .map(|name| clean_line(&decoded(name), NAME_LIMIT));
            Some(Mailbox {
                name: name
                    .map(|name| bare_name(&name))
                    .filter(|name| !name.is_empty() && name != written),
                address: address(written)?,
            })
        })
        .collect()
}

/// The first thing in a value that is an address, however badly the rest is written.
pub(super) fn any_address(value: &str) -> Option<String> {
    decoded(&with_words_joined(value))
        .split(|c: char| c.is_whitespace() || "<>,;:()[]\"".contains(c))
        .filter(|word| word.contains('@'))
        .take(10)
        .find_map(address)
}

/// An address we can write to, or the bare name under which mail servers report.
fn address(written: &str) -> Option<String> {
    let bare: String = written
        .trim_matches(|c: char| "<>'\"[]; ".contains(c))
        .to_owned();
    let bare = bare
        .strip_prefix("mailto:")
        .unwrap_or(&bare)
        .trim_end_matches('.');
    email_address(bare)
        .or_else(|| daemon(bare))
        .or_else(|| international(bare))
}

/// An address with letters that our mail cannot carry: we cannot write there, and its owner has
/// written to us all the same.
fn international(written: &str) -> Option<String> {
    let lower = clean_line(written, 320).to_lowercase();
    let as_ours: String = lower
        .chars()
        .map(|c| {
            let is_letter = !c.is_ascii() && c.is_alphanumeric();
            if is_letter { 'x' } else { c }
        })
        .collect();
    email_address(&as_ours).is_some().then_some(lower)
}

fn daemon(name: &str) -> Option<String> {
    let lower = name.trim().to_ascii_lowercase();
    ["mailer-daemon", "postmaster"]
        .contains(&lower.as_str())
        .then_some(lower)
}

fn bare_name(name: &str) -> String {
    name.trim_matches(|c: char| c == '"' || c == '\'' || c.is_whitespace())
        .to_owned()
}

/// Message ids in a value. Programs that forget the brackets are understood.
fn message_ids(value: &str) -> Vec<String> {
    let bracketed: Vec<&str> = value
        .split('<')
        .skip(1)
        .filter_map(|piece| piece.split_once('>').map(|(id, _)| id))
        .collect();
    let candidates = if bracketed.is_empty() {
        value
            .split_whitespace()
            .filter(|word| word.contains('@'))
            .collect()
    } else {
        bracketed
    };
    candidates
        .into_iter()
        .map(|id| {
            id.chars()
                .filter(|c| !c.is_whitespace() && !matches!(c, '<' | '>'))
                .collect::<String>()
        })
        .filter(|id| !id.is_empty() && id.len() <= LONGEST_ID)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(block: &str) -> Fields<'_> {
        Fields::read(block.as_bytes(), 100)
    }

    #[test]
    fn a_subject_reads_as_it_was_typed() {
        let check = |raw: &str, expect: &str| {
            let block = format!("Subject: {raw}\r\n");
            assert_eq!(
                fields(&block).words("subject", 200).as_deref(),
                Some(expect),
                "{raw}"
            );
        };
        check("Missed bin", "Missed bin");
        check("=?utf-8?q?Bin_ddu=C2=A3?=", "Bin ddu£");
        check("=?UTF-8?B?V8W3?= =?UTF-8?B?biBtYXdy?=", "Wŷn mawr");
        // The two halves of one letter in two words.
        check("=?utf-8?Q?caf=C3?=\r\n =?utf-8?Q?=A9?=", "café");
        check("=?utf-8?B?w6nD?=\r\n =?utf-8?B?qQ==?=", "éé");
        check("Re: =?iso-8859-1?Q?=A340?= owed", "Re: £40 owed");
        check(
            "folded\r\n over\r\n\tthree lines",
            "folded over three lines",
        );
        check("=?utf-8?q?hello", "=?utf-8?q?hello");
        check("=?iso-2022-kr?q?Smell_of_gas?=", "Smell of gas");
        check("=?utf-16?Q?Smell_of_gas?=", "Smell of gas");
        check(
            "=?utf-8?q?x=0D=0ABcc:_other@mail.example?=",
            "x Bcc: other@mail.example",
        );
    }

    #[test]
    fn an_address_is_found_however_it_is_dressed() {
        let check = |raw: &str, name: Option<&str>, address: &str| {
            assert_eq!(
                mailboxes(raw),
                vec![Mailbox {
                    name: name.map(str::to_owned),
                    address: address.to_owned()
                }],
                "{raw}"
            );
        };
        check(
            "Ada Example <Ada@Mail.Example>",
            Some("Ada Example"),
            "ada@mail.example",
        );
        check("ada@mail.example", None, "ada@mail.example");
        check(
            "ada@mail.example (Ada Example)",
            Some("Ada Example"),
            "ada@mail.example",
        );
        check(
            "\"Example, Ada\" <ada@mail.example>",
            Some("Example, Ada"),
            "ada@mail.example",
        );
        check(
            "=?utf-8?q?Si=C3=A2n?= Example <sian@mail.example>",
            Some("Siân Example"),
            "sian@mail.example",
        );
        check("'Ada' <ada@mail.example>", Some("Ada"), "ada@mail.example");
        check("MAILER-DAEMON", None, "mailer-daemon");
        check(
            "José <José@málaga.example>",
            Some("José"),
            "josé@málaga.example",
        );
        assert!(mailboxes("undisclosed-recipients:;").is_empty());
        assert!(mailboxes("Ada <>").is_empty());
        assert!(mailboxes("").is_empty());
    }

    #[test]
    fn message_ids_are_found_with_and_without_brackets() {
        let read = |raw: &str| message_ids(raw);
        assert_eq!(
            read("<a@x.example> <b@x.example>"),
            ["a@x.example", "b@x.example"]
        );
        assert_eq!(read("a@x.example"), ["a@x.example"]);
        assert_eq!(
            read("Message from Ada on Monday <a@\r\n x.example>"),
            ["a@x.example"]
        );
        assert!(read("none").is_empty());
    }

    #[test]
    fn eight_bit_letters_in_a_header_are_read() {
        let block = b"Subject: owes \xa340\nFrom: Andr\xe9 <andre@mail.example>\n";
        let fields = Fields::read(block, 100);
        assert_eq!(fields.words("subject", 200).as_deref(), Some("owes £40"));
        assert_eq!(
            fields
                .mailboxes("from")
                .first()
                .and_then(|one| one.name.clone())
                .as_deref(),
            Some("André")
        );
    }
}
