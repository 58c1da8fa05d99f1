//! What a mail says about where it belongs: our secret addresses, our Message-IDs, references.
//!
//! Only gathers. Whether a token is good, an id is ours or a sender is known is asked of the
//! database by `casework`, which trusts these in their order.

use super::fields::Fields;
use super::{Envelope, Mailbox, Ours, Threading};
use crate::domain::reference::Reference;

/// The words a mail consists of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Words<'a> {
    pub(super) subject: &'a str,
    pub(super) new_text: &'a str,
    pub(super) full_text: &'a str,
}

const MOST_FOUND: usize = 20;
/// As far as anybody quotes a reference.
const FAR_ENOUGH: usize = 100_000;

/// Gathers every sign of where a mail belongs; `reported_on` is the mail that a report is about.
pub(super) fn gather(
    top: &Fields<'_>,
    recipients: &[Mailbox],
    reported_on: Option<String>,
    words: Words<'_>,
    envelope: &Envelope,
    ours: &Ours,
) -> Threading {
    let mut thread = Threading::default();
    let delivered = [
        "delivered-to",
        "x-original-to",
        "envelope-to",
        "x-envelope-to",
        "x-delivered-to",
        "apparently-to",
    ];
    let written = envelope
        .recipient
        .iter()
        .map(|recipient| recipient.trim_matches(['<', '>', ' ']).to_owned())
        .chain(delivered.iter().flat_map(|name| top.plain_all(name).take(10).collect::<Vec<_>>()))
        // Once more from the bare header, where the token's capitals are as they were sent.
        .chain(["to", "cc"].iter().flat_map(|name| top.plain_all(name).take(10).collect::<Vec<_>>()));
    for value in written {
        for token in tokens(&value, ours) {
            add(&mut thread.tokens, token);
        }
    }
    for mailbox in recipients {
        for token in tokens(&mailbox.address, ours) {
            // An address that was only ever read in lower case adds nothing to the exact one.
            if !thread
                .tokens
                .iter()
                .any(|known| known.eq_ignore_ascii_case(&token))
            {
                add(&mut thread.tokens, token);
            }
        }
    }

    let mut references = top.ids("references");
    references.reverse();
    for id in top
        .ids("in-reply-to")
        .into_iter()
        .chain(references)
        .chain(reported_on)
    {
        if thread.message_ids.len() < 100 && !thread.message_ids.contains(&id) {
            thread.message_ids.push(id);
        }
    }

    let new_text = head(words.new_text);
    for text in [words.subject, new_text] {
        for reference in Reference::find_all(text) {
            add(&mut thread.references, reference);
        }
    }
    for reference in Reference::find_all(head(words.full_text)) {
        if !thread.references.contains(&reference) {
            add(&mut thread.quoted_references, reference);
        }
    }
    if let Some(pattern) = &ours.alias_pattern {
        for text in [words.subject, new_text] {
            for found in pattern.find_iter(text).take(MOST_FOUND) {
                if !found.as_str().is_empty() {
                    add(&mut thread.aliases, found.as_str().to_uppercase());
                }
            }
        }
    }
    thread
}

/// The tokens of those of our own addresses that carry one: `local+token@domain`.
fn tokens(value: &str, ours: &Ours) -> Vec<String> {
    value
        .split(|c: char| c.is_whitespace() || ",;<>\"'()[]:".contains(c))
        .filter_map(|address| {
            let (local, domain) = address.rsplit_once('@')?;
            let (base, token) = local.split_once('+')?;
            let is_ours = domain.eq_ignore_ascii_case(&ours.mail_domain)
                || ours
                    .addresses
                    .iter()
                    .any(|known| known.eq_ignore_ascii_case(&format!("{base}@{domain}")));
            let is_token = (8..=128).contains(&token.len())
                && token
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
            (is_ours && is_token && !base.is_empty()).then(|| token.to_owned())
        })
        .collect()
}

fn add<T: PartialEq>(list: &mut Vec<T>, one: T) {
    if list.len() < MOST_FOUND && !list.contains(&one) {
        list.push(one);
    }
}

fn head(text: &str) -> &str {
    text.get(..text.floor_char_boundary(FAR_ENOUGH))
        .unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ours() -> Ours {
        Ours {
            mail_domain: "reply.council.example".to_owned(),
            addresses: vec!["contact@council.example".to_owned()],
            ..Ours::default()
        }
    }

    #[test]
    fn a_token_counts_only_in_an_address_of_ours() {
        let check =
            |value: &str, expect: &[&str]| assert_eq!(tokens(value, &ours()), expect, "{value}");
        check("case+AbC-123_xyz@reply.council.example", &["AbC-123_xyz"]);
        check(
            "Council <Contact+AbCdEfGh12@Council.Example>, x@mail.example",
            &["AbCdEfGh12"],
        );
        check("other+AbCdEfGh12@council.example", &[]);
        check("case+AbCdEfGh12@evil.example", &[]);
        check("case+short@reply.council.example", &[]);
        check("case@reply.council.example", &[]);
        check("case+Ab%0aCdEfGh@reply.council.example", &[]);
    }
}
