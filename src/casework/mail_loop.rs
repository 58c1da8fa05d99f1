//! Two machines that answer each other without saying that they are machines.
//!
//! Each mail of theirs is opened as a case and confirmed, which brings the next: so it is told by our
//! own confirmations to that address. From then on its mail is stored, and nobody is answered. Never
//! stored for this reason is what speaks of danger, what a councillor or MP sends, and what comes
//! from the council's own domain, where a web form may send for many people. One that says for whom
//! (`Reply-To`) is counted by them.

use std::collections::BTreeSet;

use jiff::SignedDuration;

use super::desk::Moment;
use super::failure::Failure;
use crate::domain::contact::Channel;
use crate::domain::enquiry::{Enquiry, Sender};
use crate::domain::reference::Reference;
use crate::store::{Conn, contacts, outbox};

/// How often the same words under the same subject are a case of their own within an hour …
const SAME_WORDS: usize = 2;
/// … and how many confirmations one address gets.
const CONFIRMATIONS: usize = 10;

/// Why this mail, which would open a case, is taken for a machine's answer to us; nothing when it is
/// a person's.
///
/// # Errors
/// When the database cannot be asked.
pub(super) fn sign_of(
    conn: &mut Conn,
    at: &Moment,
    enquiry: &Enquiry,
    from: &str,
    has_files: bool,
) -> Result<Option<String>, Failure> {
    if matches!(enquiry.sender, Sender::Member { .. }) || is_our_own(at, from) {
        return Ok(None);
    }
    let hour_ago = at.now - SignedDuration::from_hours(1);
    let cases: Vec<_> = outbox::cases_told_since(conn, from, "confirmation", hour_ago)?
        .into_iter()
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    if cases.len() < SAME_WORDS {
        return Ok(None);
    }
    let why = if cases.len() >= CONFIRMATIONS {
        "this address has had ten confirmations within an hour"
    } else {
        let words = words_of(&enquiry.subject, &enquiry.body);
        // Photographs from a telephone come without words, each of something else.
        if has_files || words.1.is_empty() {
            return Ok(None);
        }
        let opened = contacts::that_opened(conn, &cases, Channel::Email)?.into_iter();
        let alike = opened.filter(|contact| words_of(&contact.subject, &contact.body) == words);
        if alike.count() < SAME_WORDS {
            return Ok(None);
        }
        "the same words came from this address twice within an hour, and were confirmed"
    };
    // Asked last: it costs the most.
    let placement = at.council.router.route(enquiry, &at.council.catalogue);
    if placement.danger.is_some() {
        return Ok(None);
    }
    metrics::counter!("mail_loop_stored_total").increment(1);
    Ok(Some(why.to_owned()))
}

fn is_our_own(at: &Moment, from: &str) -> bool {
    let mail = &at.council.catalogue.council.mail;
    let domain_of = |address: &str| {
        address
            .rsplit_once('@')
            .map(|(_, domain)| domain.to_ascii_lowercase())
    };
    domain_of(from).is_some_and(|domain| Some(domain) == domain_of(&mail.from_address))
}

/// Subject and words as a machine writes them each time: without "Re:", and without the numbers it
/// counts its mails by.
fn words_of(subject: &str, body: &str) -> (String, String) {
    let mut subject = subject.trim().to_lowercase();
    while let Some(rest) = ["re:", "aw:", "sv:", "fw:", "fwd:", "ynghylch:"]
        .iter()
        .find_map(|start| subject.strip_prefix(start))
    {
        subject = rest.trim_start().to_owned();
    }
    (words_said(&subject), words_said(body))
}

/// What a machine counts by is left out: `#1029`, `T-1000`, `4X7-K92-MQ3`. A flat, a house number or half
/// a postcode is what somebody writes about.
fn words_said(text: &str) -> String {
    let words: Vec<String> = text
        .split_whitespace()
        .filter(|word| !is_count(word))
        .map(str::to_lowercase)
        .collect();
    words.join(" ")
}

fn is_count(word: &str) -> bool {
    let word = word.trim_matches(|c: char| c.is_ascii_punctuation() && c != '#');
    let n_digits = word.chars().filter(char::is_ascii_digit).count();
    n_digits > 3 || (n_digits > 0 && word.starts_with('#')) || Reference::parse(word).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machines_mails_are_alike_whatever_number_it_gives_them() {
        let first = words_of(
            "Re: Ticket #1029",
            "Thank you. We have your mail 4X7-K92-MQ3.\n",
        );
        let next = words_of(
            "RE: AW: Ticket #1030",
            "Thank you. We have your\nmail 9Q5-GSG-J3G.",
        );
        assert_eq!(first, next);
        let other = words_of("Ticket #1031", "My bin was not emptied.");
        assert_ne!(first, other);
    }

    #[test]
    fn a_caretakers_reports_of_three_flats_are_three() {
        let of = |flat: u8| words_of(&format!("Missed bin, Flat {flat}"), "Not emptied today.");
        assert_ne!(of(3), of(7));
        assert_ne!(of(7), of(9));
    }
}
