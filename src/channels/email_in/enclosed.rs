//! The letter of a mail that has none: what stands in its enclosures.

use super::body::{Kind, bytes_of, text_of};
use super::charset;
use super::mime::Leaf;

/// What a mail without a letter says in its enclosures, where they can be read as one: some programs
/// send the letter itself as a file, or under a type that is none.
pub(super) fn letter(own: &[&Leaf<'_>], defects: &mut Vec<&'static str>) -> String {
    let is_alone = own.len() == 1;
    let texts: Vec<String> = own
        .iter()
        .filter_map(|leaf| {
            let kind = kind_of(leaf, is_alone)?;
            let bytes = bytes_of(leaf);
            if has_binary(&bytes) && !leaf.media.param("charset").is_some_and(charset::is_wide) {
                return None;
            }
            let text = text_of(&bytes, kind, &leaf.media, defects);
            let text = text.trim_matches('\n').trim_end();
            is_typed(text).then(|| text.to_owned())
        })
        .collect();
    if !texts.is_empty() {
        defects.push("the letter is an enclosure");
    }
    texts.join("\n\n")
}

/// As what an enclosure may be read where there is no letter; of one that stands alone the type says
/// least.
fn kind_of(leaf: &Leaf<'_>, is_alone: bool) -> Option<Kind> {
    if leaf.is_report {
        return None;
    }
    match leaf.media.name.as_str() {
        "text/plain" | "text/markdown" | "text/enriched" | "text/flowed" => Some(Kind::Plain),
        "text/html" => Some(Kind::Html),
        "text/rtf" | "text/richtext" | "application/rtf" | "application/x-rtf" => Some(Kind::Rich),
        "text/calendar" | "text/vcard" | "text/x-vcard" | "text/directory" => None,
        name if !is_alone || name == "text/rfc822-headers" => None,
        "application/octet-stream"
        | "application/text"
        | "application/txt"
        | "application/unknown"
        | "application/x-unknown" => Some(Kind::Rich),
        name => {
            let family = name.split('/').next().unwrap_or_default();
            let is_known = [
                "application",
                "image",
                "audio",
                "video",
                "message",
                "multipart",
            ]
            .contains(&family);
            (!is_known).then_some(Kind::Plain)
        }
    }
}

/// Whether somebody may have typed it: the bytes of a picture are no words.
fn is_typed(text: &str) -> bool {
    let is_odd = |c: &char| *c == char::REPLACEMENT_CHARACTER;
    let n_odd = text.chars().filter(is_odd).count();
    !text.trim().is_empty() && n_odd * 20 <= text.chars().count()
}

/// Bytes that stand in no text of one byte to a letter.
fn has_binary(bytes: &[u8]) -> bool {
    let is_wide = bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff");
    !is_wide && bytes.iter().any(|byte| matches!(byte, 0..=6 | 14..=26))
}
