//! Whether something stands anywhere in a raw message, whatever it was encoded as.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::{charset, fields, html, mime};

/// Asks `is_there` about every text of a raw message: its bytes as they are, its fields, its parts,
/// and its pages without their tags. A file that is no text (a scan, a document) is asked as its
/// bytes. A message that cannot be read is taken to hold anything.
pub fn holds(raw: &[u8], is_there: impl Fn(&str) -> bool) -> bool {
    catch_unwind(AssertUnwindSafe(|| stands_in(raw, &is_there))).unwrap_or(true)
}

fn stands_in(raw: &[u8], is_there: &dyn Fn(&str) -> bool) -> bool {
    if is_there(&String::from_utf8_lossy(raw)) {
        return true;
    }
    let mime = mime::take_apart(raw);
    let inner = mime.leaves.iter().filter_map(|leaf| leaf.inner.as_ref());
    let heads = std::iter::once(&mime.top)
        .chain(mime.leaves.iter().map(|leaf| &leaf.fields))
        .chain(inner);
    for head in heads {
        let mut values = head
            .names()
            .flat_map(|name| head.plain_all(name).collect::<Vec<_>>());
        if values.any(|value| is_there(&fields::decoded(&value))) {
            return true;
        }
    }
    mime.leaves.iter().any(|leaf| {
        let bytes = charset::undo_transfer(leaf.raw, &leaf.encoding());
        let text = charset::text(&bytes, leaf.media.param("charset"));
        is_there(&text) || (leaf.media.is("text/html") && is_there(&html::to_text(&text)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_found_behind_any_encoding() {
        let raw = b"From: ada@mail.example\r\nSubject: =?utf-8?q?My_card_4929_1234?=\r\nMIME-Version: 1.0\r\n\
            Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\
            Content-Transfer-Encoding: base64\r\n\r\naGVyZSBpdCBpczogc3dvcmRmaXNo\r\n--b\r\nContent-Type: text/html\r\n\
            Content-Transfer-Encoding: quoted-printable\r\n\r\n<p>fold<b>ed=\r\nline</b></p>\r\n--b--\r\n";
        for (text, is_there) in [
            ("4929 1234", true),
            ("swordfish", true),
            ("foldedline", true),
            ("nowhere at all", false),
        ] {
            assert_eq!(holds(raw, |part| part.contains(text)), is_there, "{text}");
        }
    }
}
