//! Which parts are the letter and which are what came with it.

use std::borrow::Cow;

use super::enclosed;
use super::html::{self, HISTORY};
use super::media::Media;
use super::mime::{Leaf, Mime};
use super::{Part, charset, rtf, winmail};
use crate::channels::text::{BODY_LIMIT, clean_body, clean_line};

/// More text than this is not read; the raw mail keeps it.
const LONGEST_TEXT: usize = 1_000_000;
/// As much of a part as can hold that text, encoded.
const LONGEST_RAW: usize = 8 * 1024 * 1024;
const LONGEST_FILE_NAME: usize = 150;

/// The letter and its enclosures.
#[derive(Debug, Default)]
pub(super) struct Content<'x> {
    /// Cleaned; may hold [`HISTORY`] marks, each alone on a line.
    pub(super) text: String,
    pub(super) files: Vec<File<'x>>,
    /// The method of the calendar part, in lower case (`reply`, `request`).
    pub(super) calendar: Option<String>,
    pub(super) defects: Vec<&'static str>,
}

/// An enclosure and its bytes.
#[derive(Debug)]
pub(super) struct File<'x> {
    pub(super) part: Part,
    pub(super) bytes: Cow<'x, [u8]>,
}

/// Reads the letter out of a message, or out of the message attached as leaf `within`.
pub(super) fn read<'x>(mime: &Mime<'x>, within: Option<usize>) -> Content<'x> {
    let mut content = Content::default();
    let mut segments: Vec<Segment> = Vec::new();
    let own: Vec<&Leaf<'x>> = mime
        .leaves
        .iter()
        .filter(|leaf| leaf.message == within)
        .collect();
    for leaf in &own {
        if let Some(kind) = letter_kind(leaf) {
            let bytes = bytes_of(leaf);
            let text = text_of(&bytes, kind, &leaf.media, &mut content.defects);
            segments.push(Segment {
                alternative: leaf.alternative,
                kind,
                text,
            });
        } else {
            enclose(leaf, &mut content);
        }
    }
    let letter = chosen(&segments);
    if !letter.is_empty() {
        content.text = letter;
    } else if content.text.trim().is_empty() {
        content.text = enclosed::letter(&own, &mut content.defects);
    }
    if content.text.len() > LONGEST_TEXT {
        content.defects.push("the text is too long to read whole");
        content
            .text
            .truncate(content.text.floor_char_boundary(LONGEST_TEXT));
    }
    content
}

/// A body no longer than a contact holds; what is cut off stays in the raw mail.
pub(super) fn shortened(body: String) -> String {
    if body.char_indices().nth(BODY_LIMIT).is_none() {
        return body;
    }
    let note = "\n[The rest of this e-mail is in its original.]";
    body.chars()
        .take(BODY_LIMIT - note.len())
        .chain(note.chars())
        .collect()
}

/// As what a part is read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Plain,
    Html,
    /// Rich Text Format, or plain text where it is none.
    Rich,
}

struct Segment {
    alternative: Option<usize>,
    kind: Kind,
    text: String,
}

/// Whether a part is the letter itself (or a version of it) rather than an enclosure.
fn letter_kind(leaf: &Leaf<'_>) -> Option<Kind> {
    let disposition = leaf.fields.media("content-disposition").unwrap_or_default();
    let is_file = disposition.is("attachment")
        || disposition.param("filename").is_some()
        || (leaf.alternative.is_none() && leaf.media.param("name").is_some());
    if is_file {
        return None;
    }
    match leaf.media.name.as_str() {
        // The headers a report returns are an enclosure of it.
        "text/plain" | "text/markdown" | "text/enriched" | "text/flowed" => Some(Kind::Plain),
        "text/html" => Some(Kind::Html),
        _ => None,
    }
}

/// The bytes of a part, as many as can hold its text.
pub(super) fn bytes_of<'x>(leaf: &Leaf<'x>) -> Cow<'x, [u8]> {
    let raw = leaf.raw.get(..LONGEST_RAW).unwrap_or(leaf.raw);
    charset::undo_transfer(raw, &leaf.encoding())
}

/// The words of a part.
pub(super) fn text_of(
    bytes: &[u8],
    kind: Kind,
    media: &Media,
    defects: &mut Vec<&'static str>,
) -> String {
    let label = media.param("charset");
    if label.is_some_and(|label| !charset::is_known(label)) {
        defects.push("written in a charset we do not know");
    }
    match kind {
        Kind::Rich => match rtf::to_text(bytes) {
            Some(text) => clean_body(&text),
            None => clean_body(&charset::text(bytes, label)),
        },
        Kind::Plain => {
            let text = clean_body(&charset::text(bytes, label));
            match media.param("format") {
                Some(format) if format.eq_ignore_ascii_case("flowed") => {
                    let is_spaced = media
                        .param("delsp")
                        .is_some_and(|value| value.eq_ignore_ascii_case("yes"));
                    reflowed(&text, is_spaced)
                }
                _ => text,
            }
        }
        Kind::Html => {
            let announced = label.map(str::to_owned).or_else(|| charset_in_page(bytes));
            let text = html::to_text(&charset::text(bytes, announced.as_deref()));
            let pieces: Vec<String> = text.split(HISTORY).map(clean_body).collect();
            pieces.join(&HISTORY.to_string())
        }
    }
}

/// The charset a page names in its own head.
fn charset_in_page(bytes: &[u8]) -> Option<String> {
    let head = String::from_utf8_lossy(bytes.get(..bytes.len().min(1_024))?).to_ascii_lowercase();
    let (_, after) = head.split_once("charset=")?;
    let name: String = after
        .trim_start_matches(['"', '\''])
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || "-_".contains(*c))
        .collect();
    (!name.is_empty()).then_some(name)
}

/// Joins the versions and pieces of a letter into one text: of alternatives the plain one,
/// unless it says nothing.
fn chosen(segments: &[Segment]) -> String {
    let mut out: Vec<String> = Vec::new();
    let mut done: Vec<usize> = Vec::new();
    for segment in segments {
        let text = match segment.alternative {
            None => segment.text.clone(),
            Some(set) if done.contains(&set) => continue,
            Some(set) => {
                done.push(set);
                let version = |kind: Kind| {
                    let texts: Vec<&str> = segments
                        .iter()
                        .filter(|other| other.alternative == Some(set) && other.kind == kind)
                        .map(|other| other.text.trim())
                        .filter(|text| !text.is_empty())
                        .collect();
                    texts.join("\n\n")
                };
                let (plain, page) = (version(Kind::Plain), version(Kind::Html));
                if is_stand_in(&plain, &page) {
                    page
                } else {
                    plain
                }
            }
        };
        let text = text.trim_matches('\n').trim_end();
        if !text.trim().is_empty() {
            out.push(text.to_owned());
        }
    }
    out.join("\n\n")
}

/// "Your mail program cannot show this message", or nothing at all.
fn is_stand_in(plain: &str, page: &str) -> bool {
    if plain.is_empty() {
        return true;
    }
    let lower = plain.to_lowercase();
    plain.len() < 300
        && page.len() > plain.len()
        && ["html", "in your browser", "cannot display", "can't display"]
            .iter()
            .any(|words| lower.contains(words))
        && ["view", "display", "support", "enable", "client"]
            .iter()
            .any(|words| lower.contains(words))
}

/// Puts the lines of a `format=flowed` text (RFC 3676) back together.
fn reflowed(text: &str, is_spaced: bool) -> String {
    let mut out: Vec<String> = Vec::new();
    let mut open: Option<usize> = None;
    for line in text.split('\n') {
        let words = line.trim_start_matches('>');
        let depth = line.len() - words.len();
        let words = words.strip_prefix(' ').unwrap_or(words);
        let is_signature = words == "-- ";
        let is_flowed = words.ends_with(' ') && !is_signature;
        let kept = if is_flowed && is_spaced {
            words.strip_suffix(' ').unwrap_or(words)
        } else {
            words
        };
        match (open, out.last_mut()) {
            (Some(above), Some(last)) if above == depth && !is_signature => last.push_str(kept),
            _ if depth > 0 => out.push(format!("{} {kept}", ">".repeat(depth.min(20)))),
            _ => out.push(kept.to_owned()),
        }
        open = is_flowed.then_some(depth);
    }
    out.join("\n")
}

/// Adds a part to the enclosures.
fn enclose<'x>(leaf: &Leaf<'x>, content: &mut Content<'x>) {
    let media = &leaf.media;
    let name = media.name.as_str();
    if name == "text/calendar" && content.calendar.is_none() {
        content.calendar = media.param("method").map(str::to_ascii_lowercase);
    }
    // A signature proves nothing to us and is no enclosure to anybody; report parts are read
    // where reports are.
    let is_signature = matches!(
        name,
        "application/pgp-signature"
            | "application/pkcs7-signature"
            | "application/x-pkcs7-signature"
    );
    let is_report_part = leaf.is_report
        && matches!(
            name,
            "message/delivery-status" | "message/disposition-notification"
        );
    let is_other_version = leaf.alternative.is_some() && name == "text/x-amp-html";
    if is_signature || is_report_part || is_other_version {
        return;
    }
    if matches!(
        name,
        "application/pkcs7-mime" | "application/x-pkcs7-mime" | "application/pgp-encrypted"
    ) {
        content
            .defects
            .push("encrypted: we cannot read what it says");
    }
    let bytes = charset::undo_transfer(leaf.raw, &leaf.encoding());
    if matches!(name, "application/ms-tnef" | "application/vnd.ms-tnef")
        && let Some(packet) = winmail::open(&bytes)
    {
        if !packet.text.trim().is_empty() {
            content.text.push_str(&clean_body(&packet.text));
        }
        for (written, bytes) in packet.files {
            let n = content.files.len() + 1;
            content.files.push(File {
                part: Part {
                    filename: file_name(Some(&written), "application/octet-stream", n),
                    content_type: "application/octet-stream".to_owned(),
                    size: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
                    inline: false,
                },
                bytes: Cow::Owned(bytes),
            });
        }
        return;
    }
    let disposition = leaf.fields.media("content-disposition").unwrap_or_default();
    let content_type = declared_type(name);
    let attached_subject = leaf
        .inner
        .as_ref()
        .and_then(|inner| inner.words("subject", LONGEST_FILE_NAME));
    let written = disposition
        .param("filename")
        .or_else(|| media.param("name"))
        .map(str::to_owned)
        .or_else(|| attached_subject.map(|subject| format!("{subject}.eml")));
    let is_shown = leaf.is_related || disposition.is("inline") || leaf.fields.has("content-id");
    content.files.push(File {
        part: Part {
            filename: file_name(written.as_deref(), &content_type, content.files.len() + 1),
            inline: is_shown && !disposition.is("attachment") && media.is_of("image"),
            content_type,
            size: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
        },
        bytes,
    });
}

fn declared_type(name: &str) -> String {
    let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$&^_.+-".contains(c);
    let is_good = name.len() <= 100
        && name.split_once('/').is_some_and(|(kind, sub)| {
            !kind.is_empty() && !sub.is_empty() && kind.chars().chain(sub.chars()).all(is_token)
        });
    if is_good {
        name.to_owned()
    } else {
        "application/octet-stream".to_owned()
    }
}

/// The bare name of a file: without folders, controls or anything a file system stumbles over.
fn file_name(written: Option<&str>, content_type: &str, place: usize) -> String {
    let bare = written
        .and_then(|written| written.rsplit(['/', '\\']).next())
        .map(|name| clean_line(name, LONGEST_FILE_NAME * 4))
        .map(|name| {
            name.chars()
                .map(|c| if "<>:\"|?*".contains(c) { '_' } else { c })
                .collect::<String>()
        })
        .map(|name| {
            name.trim_matches(|c: char| c == '.' || c.is_whitespace())
                .to_owned()
        })
        .filter(|name| !name.is_empty());
    match bare {
        Some(name) if name.chars().count() <= LONGEST_FILE_NAME => name,
        // Cut in the middle, so that its kind still shows.
        Some(name) => {
            let tail: Vec<char> = name.chars().rev().take(20).collect();
            let head = name.chars().take(LONGEST_FILE_NAME - 21);
            head.chain(std::iter::once('…'))
                .chain(tail.into_iter().rev())
                .collect()
        }
        None => {
            let ending = match content_type {
                "text/plain" => ".txt",
                "text/html" => ".html",
                "text/calendar" => ".ics",
                "image/jpeg" => ".jpg",
                "image/png" => ".png",
                "image/gif" => ".gif",
                "application/pdf" => ".pdf",
                "message/rfc822" => ".eml",
                _ => "",
            };
            format!("attachment-{place}{ending}")
        }
    }
}

/// Takes the marks out of a text.
pub(super) fn without_marks(text: &str) -> String {
    if text.contains(HISTORY) {
        text.split('\n')
            .filter(|line| !line.contains(HISTORY))
            .collect::<Vec<_>>()
            .join("\n")
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flowed_text_reads_in_whole_sentences() {
        let check = |text: &str, expect: &str| assert_eq!(reflowed(text, false), expect);
        check(
            "My bin was \nnot collected.\n\nAda",
            "My bin was not collected.\n\nAda",
        );
        check("> one \n> two\n> three\nfour", "> one two\n> three\nfour");
        check("-- \nAda", "-- \nAda");
        check(" >not a quote", ">not a quote");
    }

    #[test]
    fn a_file_name_can_do_no_harm() {
        let check = |written: &str, expect: &str| {
            assert_eq!(
                file_name(Some(written), "application/pdf", 2),
                expect,
                "{written}"
            );
        };
        check("bin.pdf", "bin.pdf");
        check("../../etc/passwd", "passwd");
        check("C:\\Users\\Ada\\bin.pdf", "bin.pdf");
        check("a\r\nBcc: b.pdf", "a Bcc_ b.pdf");
        check("invoice\u{202e}fdp.exe", "invoicefdp.exe");
        check("...", "attachment-2.pdf");
        check(
            &format!("{}.pdf", "x".repeat(500)),
            &format!("{}…{}.pdf", "x".repeat(129), "x".repeat(16)),
        );
    }
}
