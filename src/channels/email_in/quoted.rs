//! New words told from old ones: what the sender wrote now, the history quoted below it, and
//! somebody else's letter passed on.
//!
//! When in doubt the words stay: a line too many costs a glance, a line too few may be the one
//! that matters. Nothing is lost either way, the full text is kept beside it.

use std::sync::LazyLock;

use regex::Regex;

use super::fields::{any_address, mailboxes};
use super::html::HISTORY;
use super::{Forwarded, Mailbox, body};
use crate::channels::text::{SUBJECT_LIMIT, clean_line};

/// What [`split`] finds.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Split {
    pub(super) new_text: String,
    pub(super) quoted: bool,
    pub(super) forwarded: Option<Forwarded>,
}

/// What the header says about a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    /// It answers something.
    Reply,
    /// Its subject says that it passes something on.
    Forward,
    Fresh,
}

/// The manner of a mail, told by its subject and whether it names what it answers.
pub(super) fn manner(subject: &str, names_an_earlier_mail: bool) -> Manner {
    let lower = subject.trim_start().to_lowercase();
    let starts = |prefixes: &[&str]| prefixes.iter().any(|prefix| lower.starts_with(prefix));
    if starts(&[
        "fw:", "fwd:", "fw :", "tr:", "wg:", "rv:", "ymlaen:", "[fwd:",
    ]) {
        Manner::Forward
    } else if names_an_earlier_mail
        || starts(&["re:", "re :", "re[", "aw:", "sv:", "ateb:", "antw:"])
    {
        Manner::Reply
    } else {
        Manner::Fresh
    }
}

/// Longer than this, nobody looks further for where history starts.
const MOST_LINES: usize = 20_000;

/// Tells new from old.
pub(super) fn split(text: &str, manner: Manner) -> Split {
    let lines: Vec<&str> = text.lines().collect();
    let mut kept: Vec<&str> = Vec::new();
    let mut out = Split::default();
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        let rest = lines.get(at..).unwrap_or_default();
        let trimmed = line.trim();
        if at >= MOST_LINES {
            kept.extend(rest);
            break;
        }
        if FORWARD_BANNER.is_match(trimmed) {
            let below = rest.get(1..).unwrap_or_default();
            out.forwarded = Some(passed_on(below));
            break;
        }
        let is_history = trimmed.contains(HISTORY)
            || ORIGINAL_BANNER.is_match(trimmed)
            || REPLY_ABOVE.is_match(trimmed)
            || (is_rule(trimmed) && next_words(rest).is_some_and(letter_head_starts))
            || letter_head_starts(rest);
        if is_history {
            let has_words = rest.iter().skip(1).any(|line| !line.trim().is_empty());
            let nothing_new = kept.iter().all(|line| line.trim().is_empty());
            if manner == Manner::Forward || (nothing_new && manner == Manner::Fresh) {
                out.forwarded = has_words.then(|| passed_on(rest));
            } else {
                out.quoted |= has_words;
            }
            break;
        }
        if trimmed.starts_with('>') {
            out.quoted = true;
            at += 1;
            continue;
        }
        if let Some((n_lines, is_dated)) = attribution(rest) {
            let below = rest.get(n_lines..).unwrap_or_default();
            let is_cited = next_words(below)
                .and_then(<[&str]>::first)
                .is_some_and(|line| line.trim().starts_with('>'));
            if is_cited {
                out.quoted = true;
                at += n_lines;
                continue;
            }
            if is_dated && manner == Manner::Forward {
                let head = rest.get(..n_lines).unwrap_or_default().join(" ");
                out.forwarded = Some(Forwarded {
                    from: writer_named(&head),
                    ..passed_on(below)
                });
                break;
            }
            if is_dated && manner != Manner::Fresh {
                out.quoted = true;
                break;
            }
        }
        kept.push(line);
        at += 1;
    }
    // A forward whose old letter is cited rather than announced.
    if manner == Manner::Forward
        && out.forwarded.is_none()
        && out.quoted
        && lines.len() <= MOST_LINES
    {
        let cited: Vec<&str> = lines
            .iter()
            .copied()
            .filter(|line| line.trim().starts_with('>'))
            .collect();
        if !cited.is_empty() {
            out.forwarded = Some(passed_on(&cited));
            out.quoted = false;
        }
    }
    out.new_text = without_signature(&kept);
    out
}

/// The history under a mail whose own words send the reader there.
pub(super) fn pointed_to(text: &str, new_text: &str) -> Option<Forwarded> {
    if !BELOW.is_match(new_text) {
        return None;
    }
    let mut found = split(text, Manner::Forward).forwarded?;
    if found.from.is_none() {
        // Of what is cited, the line above it says whose it is.
        found.from = text.lines().take(MOST_LINES).find_map(|line| {
            let line = line.trim();
            (line.ends_with(':') && WROTE.is_match(line)).then(|| writer_named(line))?
        });
    }
    Some(found)
}

/// Who wrote, as an attribution names them.
fn writer_named(line: &str) -> Option<Mailbox> {
    any_address(line).map(|address| Mailbox {
        name: None,
        address,
    })
}

/// The first line with words, and what follows.
fn next_words<'a, 'x>(lines: &'a [&'x str]) -> Option<&'a [&'x str]> {
    let skip = usize::from(lines.first().is_some_and(|line| is_rule(line.trim())));
    let at = lines
        .iter()
        .skip(skip)
        .take(4)
        .position(|line| !line.trim().is_empty())?;
    lines.get(at + skip..)
}

/// "On Monday 23 November 2026 at 09:14, Council wrote:", over up to four lines, and whether it
/// holds a date or an address.
fn attribution(lines: &[&str]) -> Option<(usize, bool)> {
    let first = lines.first()?.trim();
    // Most lines are ruled out at a glance, before anything is put together.
    if first.is_empty() || first.len() > 300 {
        return None;
    }
    let mut whole = String::new();
    for (n, line) in lines.iter().take(4).enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('>') || line.len() > 300 {
            return None;
        }
        if n > 0 {
            whole.push(' ');
        }
        whole.push_str(line);
        if line.ends_with(':') {
            let is_one = WROTE.is_match(&whole) || DATED_WRITER.is_match(&whole);
            let is_dated = whole.chars().any(|c| c.is_ascii_digit()) || whole.contains('@');
            return is_one.then_some((n + 1, is_dated));
        }
    }
    None
}

/// Whether a block of "From: … Sent: … To: … Subject: …" starts here.
fn letter_head_starts(lines: &[&str]) -> bool {
    let mut seen = [false; 3];
    let Some(first) = lines.first() else {
        return false;
    };
    if head_line(first).is_none_or(|(head, value)| head != Head::From || value.is_empty()) {
        return false;
    }
    for line in lines.iter().skip(1).take(8) {
        match (head_line(line), &mut seen) {
            (Some((Head::Sent, _)), [sent, ..]) => *sent = true,
            (Some((Head::To, _)), [_, to, _]) => *to = true,
            (Some((Head::Subject, _)), [.., subject]) => *subject = true,
            _ => {}
        }
    }
    matches!(seen, [true, true, _] | [true, _, true] | [_, true, true])
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Head {
    From,
    Sent,
    To,
    Subject,
    Other,
}

/// A line of a quoted letter head, in the languages people's programs speak to them.
fn head_line(line: &str) -> Option<(Head, String)> {
    let plain = line.trim().trim_start_matches(['>', ' ']);
    let (key, value) = plain.split_once(':')?;
    let key = key.trim().trim_matches('*').trim().to_lowercase();
    let head = match key.as_str() {
        "from" | "de" | "von" | "oddi wrth" | "da" | "van" | "od" | "o" | "от" => Head::From,
        "sent"
        | "date"
        | "envoyé"
        | "gesendet"
        | "datum"
        | "anfonwyd"
        | "dyddiad"
        | "enviado"
        | "fecha"
        | "inviato"
        | "data"
        | "verzonden"
        | "wysłano"
        | "отправлено"
        | "дата" => Head::Sent,
        "to" | "à" | "an" | "at" | "para" | "a" | "aan" | "do" | "кому" => Head::To,
        "subject" | "objet" | "betreff" | "pwnc" | "asunto" | "oggetto" | "onderwerp" | "temat"
        | "тема" => Head::Subject,
        "cc" | "bcc" | "reply-to" | "importance" | "attachments" | "copi" => Head::Other,
        _ => return None,
    };
    Some((head, value.trim().trim_matches('*').trim().to_owned()))
}

/// Reads the letter that was passed on: its head where it has one, then its words.
fn passed_on(lines: &[&str]) -> Forwarded {
    let is_cited = lines
        .iter()
        .filter(|line| !line.trim().is_empty())
        .all(|line| line.trim().starts_with('>'));
    let mut plain = lines.iter().map(|line| {
        if is_cited {
            let inner = line.trim_start().strip_prefix('>').unwrap_or(line);
            inner.strip_prefix(' ').unwrap_or(inner)
        } else {
            line
        }
    });
    let mut forwarded = Forwarded::default();
    let mut words: Vec<&str> = Vec::new();
    for line in plain.by_ref() {
        let trimmed = line.trim();
        match head_line(line) {
            Some((Head::From, value)) => {
                forwarded.from = mailboxes(&with_address_shown(&value)).into_iter().next()
            }
            Some((Head::Subject, value)) => {
                forwarded.subject = Some(clean_line(&value, SUBJECT_LIMIT))
            }
            Some(_) => {}
            None if trimmed.is_empty()
                || is_rule(trimmed)
                || trimmed.contains(HISTORY)
                || ORIGINAL_BANNER.is_match(trimmed) => {}
            None => {
                words.push(line);
                break;
            }
        }
    }
    words.extend(plain);
    forwarded.text = body::without_marks(words.join("\n").trim());
    forwarded
}

/// Outlook writes `Ada [mailto:ada@mail.example]`.
fn with_address_shown(value: &str) -> String {
    value
        .replace("[mailto:", "<")
        .replace("<mailto:", "<")
        .replace(']', ">")
}

/// Leaves out what stands below a signature mark, and the advertisement of a telephone.
fn without_signature(kept: &[&str]) -> String {
    let mark = kept
        .iter()
        .position(|line| line.trim_end_matches(' ') == "--" || *line == "—")
        .filter(|at| kept.iter().take(*at).any(|line| !line.trim().is_empty()));
    let mut lines: Vec<&str> = kept
        .iter()
        .take(mark.unwrap_or(kept.len()))
        .copied()
        .collect();
    while let Some(last) = lines.last() {
        let is_advertisement = last.len() <= 100 && SENT_FROM.is_match(last.trim());
        if last.trim().is_empty() || is_rule(last.trim()) || (is_advertisement && lines.len() > 1) {
            lines.pop();
        } else {
            break;
        }
    }
    let text = lines.join("\n");
    text.trim_matches('\n').trim_end().to_owned()
}

/// A drawn line.
fn is_rule(line: &str) -> bool {
    line.len() >= 5
        && line
            .chars()
            .all(|c| matches!(c, '_' | '-' | '=' | '*' | '─'))
}

static FORWARD_BANNER: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)^>?\s*(-{2,}\s*(forwarded message|forwarded by .{1,80}|neges wedi'i hanfon ymlaen|message transféré|weitergeleitete nachricht|mensaje reenviado)\s*-{2,}.*|begin forwarded message:|start of forwarded message.{0,10})$",
    )
});
static ORIGINAL_BANNER: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)^-{2,}\s*(original message|original appointment|reply message|neges wreiddiol|message d'origine|ursprüngliche nachricht|mensaje original|messaggio originale|oorspronkelijk bericht)\s*-{0,}$",
    )
});
static REPLY_ABOVE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)^[#\-=*\s]{0,10}(please )?(type your )?repl(y|ies) (above|below|over) this line[#\-=*\s.]{0,10}$",
    )
});
static WROTE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)^.{0,380}(\bwrote|\bwrites|\ba écrit|\bescribió|\bescreveu|\bha scritto|\bnapisał\(?a?\)?|\bschreef\b.{0,100}|\bschrieb\b.{0,100}|\bysgrifennodd\b.{0,100}|\ba scris)\s*:$",
    )
});
static DATED_WRITER: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"^.{0,200}\b(19|20)\d\d\b.{0,150}<[^<>\s]{1,200}@[^<>\s]{1,200}>.{0,40}:$")
});
static BELOW: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i)\b(below|beneath|underneath|fyi|isod)\b"));
static SENT_FROM: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)^(sent (from|via|using) (my |the )?.{2,70}|get outlook for .{2,40}|get (the )?bt email app.*|anfonwyd o .{2,60}|envoyé de mon .{2,40}|von meinem .{2,40} gesendet|enviado desde mi .{2,40}|download .{2,60} for (ios|android).*)$",
    )
});

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a constant pattern, compiled by every test of this module")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new_text(text: &str, manner: Manner) -> String {
        split(text, manner).new_text
    }

    #[test]
    fn only_the_new_words_of_a_reply_are_read() {
        let check = |text: &str, expect: &str| {
            let split = split(text, Manner::Reply);
            assert_eq!(split.new_text, expect, "{text}");
            assert!(split.quoted, "{text}");
            assert_eq!(split.forwarded, None, "{text}");
        };
        check(
            "Still not done.\n\nOn Mon, 23 Nov 2026 at 09:14, Northmere <a@council.example> wrote:\n> It is done.\n",
            "Still not done.",
        );
        check(
            "Still not done.\n\nOn Mon, 23 Nov 2026 at 09:14, Northmere Council\n<a@council.example> wrote:\n\n> It is done.",
            "Still not done.",
        );
        check(
            "No.\n\n-----Original Message-----\nFrom: Council\nSent: Monday\nIt is done.",
            "No.",
        );
        check(
            "No.\n________________________________\nFrom: Council <a@council.example>\nSent: 23 November 2026 09:14\nTo: Ada\nSubject: Your bin\n\nIt is done.",
            "No.",
        );
        check(
            "No.\n\n*From:* Council <a@council.example>\n*Date:* Monday\n*Subject:* Bin\n\nIt is done.",
            "No.",
        );
        check(
            "Na.\n\nAr Llun, 23 Tach 2026 am 09:14, Cyngor ysgrifennodd:\n> Wedi gwneud.",
            "Na.",
        );
        check(
            "On 23/11/2026 09:14, Council wrote:\n> Was it done?\n\nNo, it was not.",
            "No, it was not.",
        );
        check(
            "> Was it done?\nNo.\n> When were you in?\nAll day.",
            "No.\nAll day.",
        );
        check(
            "No\n\nLe lun. 23 nov. 2026 à 09:14, Conseil <a@council.example> a écrit :\n> Oui",
            "No",
        );
        check(
            "No\n\nOn Monday, 23 November 2026 at 09:14:00 GMT, Council <a@council.example> wrote:\n\nIt is done.",
            "No",
        );
        check(
            "No\n\n##- Please type your reply above this line -##\nYour report",
            "No",
        );
        check(&format!("No\n{HISTORY}\nCouncil said it is done."), "No");
    }

    #[test]
    fn ordinary_words_are_not_taken_for_history() {
        let check = |text: &str| {
            assert_eq!(
                split(text, Manner::Fresh),
                Split {
                    new_text: text.to_owned(),
                    ..Split::default()
                }
            );
            assert_eq!(new_text(text, Manner::Reply), text);
        };
        check("From: the corner of Larkfield Rise\nthe lamp is out.");
        check("On Monday my neighbour wrote:\nkeep your bin off my drive");
        check("We moved from 12 to 14.\nDate: 3 March");
        check("Two things:\n- the bin\n- the lamp");
        check("Dates:\n2026 was bad:\nvery bad");
    }

    #[test]
    fn a_letter_passed_on_is_told_from_the_words_above_it() {
        let check = |text: &str, manner: Manner, new: &str, from: &str, old: &str| {
            let split = split(text, manner);
            assert_eq!(split.new_text, new, "{text}");
            let forwarded = split.forwarded.unwrap();
            assert_eq!(
                forwarded.from.map(|from| from.address).as_deref(),
                Some(from),
                "{text}"
            );
            assert_eq!(forwarded.text, old, "{text}");
            assert!(!split.quoted);
        };
        check(
            "Please see below.\n\n---------- Forwarded message ---------\nFrom: Ada <ada@mail.example>\nDate: Mon, 23 Nov 2026 at 09:14\nSubject: Lamp\nTo: <cllr@council.example>\n\nThe lamp is out.\n",
            Manner::Forward,
            "Please see below.",
            "ada@mail.example",
            "The lamp is out.",
        );
        check(
            "FYI\n\nBegin forwarded message:\n\n> From: Ada <ada@mail.example>\n> Subject: Lamp\n> Date: 23 November 2026\n> \n> The lamp is out.",
            Manner::Fresh,
            "FYI",
            "ada@mail.example",
            "The lamp is out.",
        );
        check(
            "From: Ada [mailto:ada@mail.example]\nSent: 23 November 2026 09:14\nTo: Cllr\nSubject: Lamp\n\nThe lamp is out.",
            Manner::Forward,
            "",
            "ada@mail.example",
            "The lamp is out.",
        );
    }

    #[test]
    fn whoever_says_see_below_has_said_what_stands_there() {
        let check = |text: &str, from: Option<&str>, words: &str| {
            let new = split(text, Manner::Reply).new_text;
            let found = pointed_to(text, &new).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(
                found.from.map(|from| from.address).as_deref(),
                from,
                "{text}"
            );
            assert_eq!(found.text, words, "{text}");
        };
        let tom = Some("tom@mail.example");
        check(
            "See below please.\n\nFrom: Tom <tom@mail.example>\nSent: Monday\nTo: Ada\nSubject: Smell\n\nI can smell gas.",
            tom,
            "I can smell gas.",
        );
        check(
            "As below\n\nOn Mon, 23 Nov 2026 at 09:14, Tom <tom@mail.example> wrote:\n> I can smell gas.",
            tom,
            "I can smell gas.",
        );
        check(
            "Gweler isod\n\nOn Mon, 23 Nov 2026 at 09:14, Tom <tom@mail.example> wrote:\n\nI can smell gas.",
            tom,
            "I can smell gas.",
        );
        check(
            "FYI\n\n-----Original Message-----\nI can smell gas.",
            None,
            "I can smell gas.",
        );
        let silent =
            "No.\n\nFrom: Tom <tom@mail.example>\nSent: Monday\nTo: Ada\n\nI can smell gas.";
        assert_eq!(pointed_to(silent, "No."), None);
    }

    #[test]
    fn a_signature_is_left_out_only_where_it_is_marked() {
        let check =
            |text: &str, expect: &str| assert_eq!(new_text(text, Manner::Fresh), expect, "{text}");
        check(
            "The lamp is out.\n\n-- \nAda Example\n01632 960123",
            "The lamp is out.",
        );
        check(
            "The lamp is out.\n\nSent from my iPhone",
            "The lamp is out.",
        );
        check(
            "The lamp is out.\n\nGet Outlook for Android<https://mail.example>",
            "The lamp is out.",
        );
        check(
            "The lamp is out.\n\nRegards\nAda",
            "The lamp is out.\n\nRegards\nAda",
        );
        check("Sent from my iPhone", "Sent from my iPhone");
        check("-- \nAda", "-- \nAda");
    }

    #[test]
    fn a_text_of_nothing_but_near_misses_takes_no_time() {
        for piece in [
            "From: x\n",
            "On 1 wrote\n",
            "a\n",
            ">\n",
            "-----\n",
            "2026 <a@b.example> x\n",
        ] {
            let text = piece.repeat(500_000 / piece.len());
            crate::channels::email_in::tests::hostile::quickly(piece, || {
                split(&text, Manner::Reply)
            });
        }
    }
}
