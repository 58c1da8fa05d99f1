//! A team that works by e-mail: what its links do, and what a reply from its inbox says to whom.
//!
//! A reply is a note for staff, unless its very first line says that it is for the resident. Quoted
//! history lies below the first line, so nothing we wrote ourselves is ever taken for that mark.

use jiff::SignedDuration;

use super::case::ReplyKind;
use super::contact::words;

words! {
    /// What one link in a mail to an inbox does, once its button is pressed.
    LinkAct {
        /// The team has it.
        Taken = "taken",
        /// It is for another team, or for a body outside the council.
        NotOurs = "not_ours",
        /// Another date, with its reason.
        NeedsLonger = "needs_longer",
        /// No link: the secret part of the address a reply goes to.
        Reply = "reply",
    }
}

impl LinkAct {
    /// How long after its mail it works.
    #[must_use]
    pub const fn works_for(self) -> SignedDuration {
        match self {
            Self::Taken | Self::NotOurs | Self::NeedsLonger => SignedDuration::from_hours(30 * 24),
            // Work is often done long after it was asked for, and its answer must still arrive.
            Self::Reply => SignedDuration::from_hours(180 * 24),
        }
    }
}

/// What a reply from an inbox says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    /// For staff.
    pub note: String,
    /// For the resident, and whether it answers or only says how it stands.
    pub to_resident: Option<(ReplyKind, String)>,
}

/// The first line of a reply that answers the resident.
pub const ANSWER_MARK: &str = "To the resident:";
/// The first line of a reply that tells the resident how it stands, while the answer is to come.
pub const UPDATE_MARK: &str = "Update to the resident:";
/// What stands below this line is for the council again.
pub const NOTE_MARK: &str = "To the council:";

/// Reads what somebody wrote anew in a reply.
///
/// ```
/// use reeve::domain::by_email::read;
/// use reeve::domain::case::ReplyKind;
/// let said = read("TO THE RESIDENT\nThe lamp was replaced today.\n\nto the council:\nInvoice follows.");
/// assert_eq!(said.to_resident, Some((ReplyKind::Substantive, "The lamp was replaced today.".to_owned())));
/// assert_eq!(said.note, "Invoice follows.");
/// assert_eq!(read("Hello,\nTo the resident: done").to_resident, None);
/// ```
#[must_use]
pub fn read(new_text: &str) -> Said {
    let text = new_text.trim();
    let (first, below) = text.split_once('\n').unwrap_or((text, ""));
    let marked = [
        (UPDATE_MARK, ReplyKind::Holding),
        (ANSWER_MARK, ReplyKind::Substantive),
    ]
    .into_iter()
    .find_map(|(mark, kind)| Some((kind, after_mark(first, mark)?)));
    let Some((kind, rest)) = marked else {
        return Said {
            note: text.to_owned(),
            to_resident: None,
        };
    };
    let whole = format!("{rest}\n{below}");
    let mut words: Vec<&str> = Vec::new();
    let mut note: Vec<&str> = Vec::new();
    let mut is_note = false;
    for line in whole.lines() {
        match after_mark(line, NOTE_MARK) {
            Some(rest) if !is_note => {
                is_note = true;
                note.push(rest);
            }
            _ if is_note => note.push(line),
            _ => words.push(line),
        }
    }
    let words = words.join("\n").trim().to_owned();
    Said {
        note: note.join("\n").trim().to_owned(),
        to_resident: (!words.is_empty()).then_some((kind, words)),
    }
}

/// What follows a mark that opens a line, however it is written: bold, in capitals, without its colon.
fn after_mark<'l>(line: &'l str, mark: &str) -> Option<&'l str> {
    let line =
        line.trim_matches(|c: char| c.is_whitespace() || matches!(c, '*' | '_' | '"' | '\u{feff}'));
    let bare = mark.trim_end_matches(':');
    let head = line.get(..bare.len())?;
    if !head.eq_ignore_ascii_case(bare) {
        return None;
    }
    let rest = line.get(bare.len()..)?.trim_start_matches(['*', '_', ' ']);
    match rest.strip_prefix([':', '-', '–']) {
        Some(rest) => Some(rest.trim_start_matches(['*', '_', ' '])),
        // "To the residents of Mill Lane" opens a sentence.
        None => rest.is_empty().then_some(""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_line_says_that_a_reply_is_for_the_resident() {
        let check = |text: &str, expect: Option<(ReplyKind, &str)>| {
            let expect = expect.map(|(kind, words)| (kind, words.to_owned()));
            assert_eq!(read(text).to_resident, expect, "{text:?}");
        };
        let answer = |words| Some((ReplyKind::Substantive, words));
        check("To the resident:\nDone today.", answer("Done today."));
        check(
            "\n\n  to the RESIDENT : Done.\nThank you.",
            answer("Done.\nThank you."),
        );
        check("*To the resident:*\n\nDone.", answer("Done."));
        check("To the resident\nDone.", answer("Done."));
        check(
            "Update to the resident:\nWe wait for a part.",
            Some((ReplyKind::Holding, "We wait for a part.")),
        );
        check("To the residents of Mill Lane we say sorry.", None);
        check("Hi,\n\nTo the resident:\nDone.", None);
        check("Done.\n> To the resident:\n> Write here", None);
        check("To the resident:\n\n", None);
        check("", None);
    }

    #[test]
    fn below_the_line_to_the_council_nothing_is_for_the_resident() {
        let said =
            read("To the resident:\nDone.\n\nTo the council: 2 hours.\nTo the council: again");
        assert_eq!(
            said.to_resident,
            Some((ReplyKind::Substantive, "Done.".to_owned()))
        );
        assert_eq!(said.note, "2 hours.\nTo the council: again");
        assert_eq!(read("To the council: hello").note, "To the council: hello");
        assert_eq!(
            read("  a note\nwith two lines ").note,
            "a note\nwith two lines"
        );
    }
}
