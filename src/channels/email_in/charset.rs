//! Bytes into text: transfer encodings and charsets as they are found in the wild, where labels
//! are missing or wrong as often as not. Never fails; what cannot be read becomes U+FFFD.

use std::borrow::Cow;

use mail_parser::decoders::charsets::map::charset_decoder;

use super::fields::lines;

/// Undoes a `Content-Transfer-Encoding`.
pub(super) fn undo_transfer<'x>(bytes: &'x [u8], encoding: &str) -> Cow<'x, [u8]> {
    if encoding.eq_ignore_ascii_case("base64") {
        base64_or_plain(bytes)
    } else if encoding.eq_ignore_ascii_case("quoted-printable") {
        Cow::Owned(quoted_printable(bytes))
    } else {
        Cow::Borrowed(bytes)
    }
}

/// Reads text that was labelled with a charset, or with none.
pub(super) fn text(bytes: &[u8], label: Option<&str>) -> String {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let label = label.map(|label| label.trim().to_ascii_lowercase());
    match label.as_deref() {
        // Programs that say "Western" and write UTF-8 are common; Western text that happens to
        // be valid UTF-8 beyond ASCII is not.
        None
        | Some(
            "" | "utf-8" | "utf8" | "unicode-1-1-utf-8" | "us-ascii" | "ascii" | "unknown-8bit"
            | "x-unknown" | "iso-8859-1" | "latin1" | "iso-8859-15" | "windows-1252" | "cp1252",
        ) => unlabelled(bytes),
        Some(other) => match charset_decoder(other.as_bytes()) {
            Some(_) if is_wide(other) && !is_wide_text(bytes) => unlabelled(bytes),
            Some(decode) => {
                let text = decode(bytes);
                // Whoever writes their words under a label that is not theirs must be read all the same.
                if text.contains(char::REPLACEMENT_CHARACTER)
                    && (says_nothing(&text) || std::str::from_utf8(bytes).is_ok())
                {
                    unlabelled(bytes)
                } else {
                    text
                }
            }
            None => match std::str::from_utf8(bytes) {
                Ok(text) => text.to_owned(),
                Err(_) => western(bytes),
            },
        },
    }
}

/// Whether we can read this charset at all.
pub(super) fn is_known(label: &str) -> bool {
    let label = label.trim();
    ["", "utf-8", "utf8", "unknown-8bit", "x-unknown"]
        .iter()
        .any(|known| label.eq_ignore_ascii_case(known))
        // Some names stand for "not to be read": everything under them is one replacement character.
        || charset_decoder(label.as_bytes()).is_some_and(|decode| !says_nothing(&decode(b"ab")))
}

/// Bytes in a percent-encoded parameter.
pub(super) fn undo_percent(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        if *first == b'%'
            && let [high, low, tail @ ..] = after
            && let (Some(high), Some(low)) = (hex(*high), hex(*low))
        {
            out.push(high << 4 | low);
            rest = tail;
        } else {
            out.push(*first);
            rest = after;
        }
    }
    out
}

/// UTF-8 where it can be, else Western.
fn unlabelled(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) if is_mostly_utf8(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        Err(_) => western(bytes),
    }
}

fn says_nothing(text: &str) -> bool {
    text.chars()
        .all(|c| c == char::REPLACEMENT_CHARACTER || c.is_whitespace())
}

/// Charsets of two bytes to a letter.
pub(super) fn is_wide(label: &str) -> bool {
    let label = label.trim().to_ascii_lowercase();
    [
        "utf-16",
        "utf16",
        "utf_16",
        "csutf16",
        "csunicode",
        "ucs-2",
        "iso-10646-ucs-2",
    ]
    .iter()
    .any(|start| label.starts_with(start))
}

/// Whether this can be text of two bytes to a letter: it begins with its mark, holds the zeros of
/// Western letters and line ends, or is not what somebody types one byte to a letter.
fn is_wide_text(bytes: &[u8]) -> bool {
    let is_marked = bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff");
    let is_typed = |byte: &&u8| matches!(byte, b'\t' | b'\r' | b'\n' | 0x20..=0x7e);
    let n_typed = bytes.iter().filter(is_typed).count();
    let has_controls = bytes
        .iter()
        .any(|byte| byte.is_ascii_control() && !byte.is_ascii_whitespace());
    let has_gaps = bytes.iter().any(u8::is_ascii_whitespace);
    let is_one_word = bytes.iter().all(u8::is_ascii_alphanumeric);
    is_marked || has_controls || n_typed * 10 < bytes.len() * 9 || !(has_gaps || is_one_word)
}

fn western(bytes: &[u8]) -> String {
    match charset_decoder(b"windows-1252") {
        Some(decode) => decode(bytes),
        None => String::from_utf8_lossy(bytes).into_owned(),
    }
}

/// A UTF-8 text with a broken byte or two (cut off, or pasted together by a gateway) is still
/// better read as UTF-8.
fn is_mostly_utf8(bytes: &[u8]) -> bool {
    let mut n_good = 0_usize;
    let mut n_bad = 0_usize;
    for chunk in bytes.utf8_chunks() {
        n_good += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        n_bad += usize::from(!chunk.invalid().is_empty());
    }
    n_good > 0 && 2 * n_good >= n_bad
}

/// What is called base64 and is not, is taken as it stands; so is what a list or gateway wrote in
/// plain words under it.
fn base64_or_plain(bytes: &[u8]) -> Cow<'_, [u8]> {
    let words_at = lines(bytes)
        .find(|line| n_outside(line.text) > 1 && is_worded(line.text))
        .map(|line| line.at);
    let Some(words_at) = words_at else {
        let decoded = base64(bytes);
        let is_plain = is_worded(bytes) && !is_text(&decoded);
        return if is_plain {
            Cow::Borrowed(bytes)
        } else {
            Cow::Owned(decoded)
        };
    };
    let (above, words) = bytes.split_at(words_at);
    let is_encoded = lines(above)
        .next()
        .is_some_and(|line| line.text.trim_ascii().len() >= A_FULL_LINE);
    let mut decoded = base64(above);
    if above.trim_ascii().is_empty() || !(is_encoded || is_text(&decoded)) {
        return Cow::Borrowed(bytes);
    }
    decoded.push(b'\n');
    decoded.extend(words);
    Cow::Owned(decoded)
}

/// As long as programs make a line of base64, or nearly.
const A_FULL_LINE: usize = 56;

fn is_text(bytes: &[u8]) -> bool {
    let is_odd = |c: char| c.is_control() && !c.is_whitespace();
    std::str::from_utf8(bytes).is_ok_and(|text| !text.contains(is_odd))
}

/// Blanks and signs that base64 has not, as many as stand between words.
fn is_worded(text: &[u8]) -> bool {
    n_outside(text) * 15 >= text.len().max(1)
}

fn n_outside(text: &[u8]) -> usize {
    let is_inside = |byte: &u8| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_' | b'=')
    };
    text.trim_ascii()
        .iter()
        .filter(|byte| !is_inside(byte) && !byte.is_ascii_control())
        .count()
}

/// Lenient: anything outside the alphabet is passed over, as gateways break lines anywhere.
fn base64(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() / 4 * 3 + 3);
    let mut held = 0_u32;
    let mut n_held = 0_u8;
    for byte in bytes {
        let six = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            b'=' => {
                push_held(&mut out, held, n_held);
                (held, n_held) = (0, 0);
                continue;
            }
            _ => continue,
        };
        held = held << 6 | u32::from(six);
        n_held += 1;
        if n_held == 4 {
            push_held(&mut out, held, n_held);
            (held, n_held) = (0, 0);
        }
    }
    push_held(&mut out, held, n_held);
    out
}

fn push_held(out: &mut Vec<u8>, held: u32, n_held: u8) {
    let [_, one, two, three] = match n_held {
        4 => held,
        3 => held << 6,
        2 => held << 12,
        _ => return,
    }
    .to_be_bytes();
    match n_held {
        4 => out.extend([one, two, three]),
        3 => out.extend([one, two]),
        _ => out.push(one),
    }
}

/// Lenient: an equals sign that encodes nothing stands for itself.
fn quoted_printable(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        match first {
            b'=' => match after {
                [b'\r', b'\n', tail @ ..] | [b'\n', tail @ ..] => rest = tail,
                [high, low, tail @ ..] => match (hex(*high), hex(*low)) {
                    (Some(high), Some(low)) => {
                        out.push(high << 4 | low);
                        rest = tail;
                    }
                    _ => match after.iter().position(|byte| !matches!(byte, b' ' | b'\t')) {
                        // A soft line break with blanks a gateway put behind it.
                        Some(at) if at > 0 && matches!(after.get(at), Some(b'\r' | b'\n')) => {
                            let tail = after.get(at..).unwrap_or_default();
                            rest = tail
                                .strip_prefix(b"\r\n")
                                .or_else(|| tail.strip_prefix(b"\n"))
                                .or_else(|| tail.strip_prefix(b"\r"))
                                .unwrap_or(tail);
                        }
                        _ => out.push(b'='),
                    },
                },
                [_] | [] => out.push(b'='),
            },
            other => out.push(*other),
        }
    }
    out
}

const fn hex(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_label_does_not_spoil_the_pound_sign() {
        let check = |bytes: &[u8], label: Option<&str>, expect: &str| {
            assert_eq!(text(bytes, label), expect, "{label:?}");
        };
        check("owes £40".as_bytes(), Some("us-ascii"), "owes £40");
        check("owes £40".as_bytes(), Some("iso-8859-1"), "owes £40");
        check(b"owes \xa340", Some("iso-8859-1"), "owes £40");
        check(b"owes \xa340", Some("utf-8"), "owes £40");
        check(b"owes \xa340", None, "owes £40");
        check(
            b"\x9340\x94",
            Some("x-never-heard-of"),
            "\u{201c}40\u{201d}",
        );
        check(b"\xef\xbb\xbfDydd", Some("UTF-8"), "Dydd");
        check(b"\xcf\xf0\xe8\xe2\xe5\xf2", Some("windows-1251"), "Привет");
        check(b"w\xc5\xb7 \xc2\xa3 \xc3x", None, "wŷ £ \u{fffd}x");
    }

    #[test]
    fn words_under_a_label_that_is_not_theirs_are_read_all_the_same() {
        let words = "I can smell gas. It costs £40.\r\n";
        for label in [
            "iso-2022-kr",
            "hz-gb-2312",
            "utf-16",
            "UTF-16LE",
            "utf-16be",
            "iso-2022-jp",
            "euc-kr-of-ours",
        ] {
            assert_eq!(text(words.as_bytes(), Some(label)), words, "{label}");
        }
        assert_eq!(
            text(b"owes \xa340 a month", Some("utf-16")),
            "owes £40 a month"
        );
        assert_eq!(text(b"help", Some("utf-16")), "help");
        assert_eq!(text(b"owes \xa340", Some("iso-2022-kr")), "owes £40");
        // What is what it says it is stays so.
        assert_eq!(text(b"h\0i\0 \0", Some("utf-16le")), "hi ");
        assert_eq!(text(b"\xfe\xff\x4e\x2d", Some("utf-16")), "中");
        assert_eq!(text(b"\x4f\x60\x59\x7d", Some("utf-16be")), "你好");
        assert!(!is_known("iso-2022-kr") && is_known("utf-16") && is_known("iso-2022-jp"));
    }

    #[test]
    fn words_that_are_called_base64_are_read_as_they_stand() {
        let check = |bytes: &[u8], expect: &str| {
            assert_eq!(
                String::from_utf8_lossy(&undo_transfer(bytes, "base64")),
                expect
            );
        };
        let words = "Hello,\r\n\r\nI can smell gas and my baby is not breathing\r\n\r\nAda\r\n";
        check(words.as_bytes(), words);
        check(b"Gas leak", "Gas leak");
        check("Mae’r tŷ ar dân".as_bytes(), "Mae’r tŷ ar dân");
        // Under what is encoded a list has written its own words.
        check(
            b"SSBjYW4gc21lbGwgZ2Fz\r\n\r\nYou get this as a member of the list.\r\n",
            "I can smell gas\nYou get this as a member of the list.\r\n",
        );
        // A gateway that broke a line with a blank.
        check(b"SSBjYW4gc21lbGwg Z2Fz", "I can smell gas");
    }

    #[test]
    fn broken_transfer_encodings_give_up_no_more_than_they_must() {
        let check = |encoding: &str, bytes: &[u8], expect: &str| {
            assert_eq!(
                String::from_utf8_lossy(&undo_transfer(bytes, encoding)),
                expect
            );
        };
        check("base64", b"SGVs\r\nbG8!=", "Hello");
        check("BASE64", b"SGVsbG8", "Hello");
        check("base64", b"SGVsbG8=SGVsbG8=", "HelloHello");
        check("quoted-printable", b"a=20b=\r\nc=3D=zz=", "a bc==zz=");
        check("quoted-printable", b"one= \r\ntwo", "onetwo");
        check("7bit", b"a=20b", "a=20b");
    }
}
