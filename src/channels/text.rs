//! Text as people type it, made fit to keep: one line or several, in one Unicode form, without
//! control characters.
//!
//! Forms and the programming interface refuse what does not belong ([`single_line`],
//! [`body_text`]), because somebody is there to correct it. Mail is cleaned instead
//! ([`clean_line`], [`clean_body`]): nobody is there, and its bytes are kept as they came.

use unicode_normalization::UnicodeNormalization;

/// The longest subject, in characters.
pub const SUBJECT_LIMIT: usize = 200;
/// The longest name, in characters.
pub const NAME_LIMIT: usize = 200;
/// The longest body, in characters.
pub const BODY_LIMIT: usize = 100_000;

/// Why a text is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextFault {
    /// A control character or line separator at this place, counted in characters from 0.
    #[error("there is a control character at position {0}; please type the text again")]
    ControlCharacter(usize),
    /// More characters than we keep.
    #[error("this is longer than {limit} characters")]
    TooLong { limit: usize },
}

/// A field of one line: trimmed and normalised (NFC).
///
/// ```
/// use reeve::channels::text::{TextFault, single_line};
/// assert_eq!(single_line(" Missed bin "), Ok("Missed bin".to_owned()));
/// assert_eq!(single_line("a\r\nBcc: b"), Err(TextFault::ControlCharacter(1)));
/// ```
///
/// # Errors
/// [`TextFault::ControlCharacter`] for C0 controls, DEL, U+2028 and U+2029.
pub fn single_line(text: &str) -> Result<String, TextFault> {
    match text.chars().position(|c| is_control(c) || is_separator(c)) {
        Some(at) => Err(TextFault::ControlCharacter(at)),
        None => Ok(text.trim().nfc().collect()),
    }
}

/// A text of several lines: line ends as LF, tabs kept, normalised (NFC).
///
/// ```
/// use reeve::channels::text::body_text;
/// assert_eq!(body_text("one\r\ntwo\tthree"), Ok("one\ntwo\tthree".to_owned()));
/// ```
///
/// # Errors
/// [`TextFault::ControlCharacter`] for any other C0 control (a lone CR included) and DEL.
pub fn body_text(text: &str) -> Result<String, TextFault> {
    let mut following = text.chars().skip(1);
    for (at, c) in text.chars().enumerate() {
        let next = following.next();
        let is_line_end = c == '\r' && next == Some('\n');
        if is_control(c) && c != '\t' && c != '\n' && !is_line_end {
            return Err(TextFault::ControlCharacter(at));
        }
    }
    Ok(text.replace("\r\n", "\n").nfc().collect())
}

/// The text itself when it is no longer than `limit` characters.
///
/// # Errors
/// [`TextFault::TooLong`].
pub fn within(text: &str, limit: usize) -> Result<&str, TextFault> {
    match text.chars().nth(limit) {
        Some(_) => Err(TextFault::TooLong { limit }),
        None => Ok(text),
    }
}

/// One line out of anything: controls and line separators become spaces, invisible characters
/// that reorder or hide text go, runs of spaces become one, and what is too long is cut.
#[must_use]
pub fn clean_line(text: &str, limit: usize) -> String {
    let mut line = String::new();
    let mut n_kept = 0;
    let mut is_gap = false;
    for c in text.nfc() {
        if is_invisible(c) {
            continue;
        }
        if c.is_whitespace() || c.is_control() || is_separator(c) {
            is_gap = !line.is_empty();
            continue;
        }
        let needed = if is_gap { 2 } else { 1 };
        if n_kept + needed > limit {
            break;
        }
        if is_gap {
            line.push(' ');
        }
        line.push(c);
        n_kept += needed;
        is_gap = false;
    }
    line
}

/// Several lines out of anything: every kind of line end becomes LF, tabs stay, other controls
/// and characters that reorder text go.
#[must_use]
pub fn clean_body(text: &str) -> String {
    let mut body = String::with_capacity(text.len());
    let mut was_return = false;
    for c in text.nfc() {
        match c {
            '\n' if was_return => {}
            '\r' | '\n' | '\u{85}' | '\u{2028}' | '\u{2029}' => body.push('\n'),
            '\t' => body.push(c),
            '\u{a0}' => body.push(' '),
            other if other.is_control() || is_invisible(other) => {}
            other => body.push(other),
        }
        was_return = c == '\r';
    }
    body
}

const fn is_control(c: char) -> bool {
    matches!(c, '\u{0}'..='\u{1f}' | '\u{7f}')
}

const fn is_separator(c: char) -> bool {
    matches!(c, '\u{2028}' | '\u{2029}')
}

/// Direction overrides make a file or name read as another; the rest shows nothing at all.
/// Joiners (U+200C, U+200D) stay: Persian and emoji need them.
const fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}' | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{ad}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_line_break_in_a_name_is_refused_where_it_stands() {
        let check = |text: &str, at| {
            assert_eq!(
                single_line(text),
                Err(TextFault::ControlCharacter(at)),
                "{text:?}"
            );
        };
        check("Ada\r\nBcc: x@mail.example", 3);
        check("\u{0}", 0);
        check("É\u{2028}", 1);
        check("tab\there", 3);
        check("delete\u{7f}", 6);
        assert_eq!(
            single_line("Cafe\u{301} corner"),
            Ok("Café corner".to_owned())
        );
    }

    #[test]
    fn a_body_keeps_its_tabs_and_lines_and_nothing_else_below_a_space() {
        assert_eq!(body_text("a\r\n\r\nb\n\tc"), Ok("a\n\nb\n\tc".to_owned()));
        assert_eq!(body_text("a\rb"), Err(TextFault::ControlCharacter(1)));
        assert_eq!(
            body_text("a\u{1b}[31m"),
            Err(TextFault::ControlCharacter(1))
        );
        assert_eq!(body_text("a\r"), Err(TextFault::ControlCharacter(1)));
    }

    #[test]
    fn length_is_counted_in_characters_as_the_person_sees_the_limit() {
        assert_eq!(within("ééé", 3), Ok("ééé"));
        assert_eq!(within("éééé", 3), Err(TextFault::TooLong { limit: 3 }));
    }

    #[test]
    fn a_subject_cannot_be_made_to_read_backwards_or_to_break_the_line() {
        assert_eq!(
            clean_line("  one\r\n two\u{2028}three\u{202e}\u{0} ", 200),
            "one two three"
        );
        assert_eq!(clean_line(&"ab ".repeat(100), 7), "ab ab a");
        assert_eq!(clean_body("a\r\nb\rc\u{b}d\u{2028}e"), "a\nb\ncd\ne");
    }

    proptest! {
        #[test]
        fn what_was_cleaned_would_be_accepted(text in any::<String>()) {
            let line = clean_line(&text, SUBJECT_LIMIT);
            prop_assert!(single_line(&line).is_ok());
            prop_assert!(within(&line, SUBJECT_LIMIT).is_ok());
            prop_assert!(body_text(&clean_body(&text)).is_ok());
        }
    }
}
