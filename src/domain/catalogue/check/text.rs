//! What must hold of single values: plain words, slugs, telephone numbers, addresses.

use std::collections::BTreeSet;

use crate::domain::person::{email_address, phone_number};
use crate::domain::wording::{banned_words, long_sentences};

use super::Check;

/// What the law itself calls things: a *breach* of planning control, of personal data. Notices
/// may not say it of our own work, but a list of services has to.
const LEGAL_WORDS: [&str; 3] = ["breach", "violation", "failure"];

impl Check<'_> {
    pub(super) fn plain(&mut self, path: &[&str], text: &str) {
        let words: BTreeSet<&str> = banned_words(text)
            .into_iter()
            .filter(|word| !LEGAL_WORDS.contains(word))
            .collect();
        for word in words {
            self.fault(
                path,
                format!("people never read “{word}” from us: say it plainly"),
            );
        }
        for sentence in long_sentences(text) {
            self.fault(path, too_long(&sentence));
        }
        if text.chars().any(char::is_control) {
            self.fault(
                path,
                "this is one line of text: no tabs, line ends or control characters",
            );
        }
    }

    pub(super) fn slug(&mut self, path: &[&str], slug: &str) {
        let is_good = slug.starts_with(|c: char| c.is_ascii_lowercase())
            && slug
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        if !is_good && !slug.is_empty() {
            self.fault(
                path,
                format!("`{slug}` is not a slug: lower-case letters, digits and hyphens"),
            );
        }
    }

    pub(super) fn phone(&mut self, path: &[&str], text: &str) {
        let digits = text.chars().filter(char::is_ascii_digit).count();
        let is_british = phone_number(text).is_some_and(|number| {
            number.strip_prefix("+44").is_some_and(|national| {
                (9..=10).contains(&national.len())
                    && national.starts_with(['1', '2', '3', '5', '7', '8'])
            })
        });
        let is_plausible = is_british && digits <= 12;
        if !text.is_empty() && !is_plausible {
            self.fault(
                path,
                format!("`{text}` is not a British telephone number: `01632 960100`"),
            );
        }
    }

    pub(super) fn optional_phone(&mut self, path: &[&str], text: Option<&String>) {
        if let Some(text) = text {
            if text.trim().is_empty() {
                self.fault(path, "leave the line out where there is no number");
            }
            self.phone(path, text);
        }
    }

    pub(super) fn email(&mut self, path: &[&str], text: &str) {
        if !text.is_empty() && email_address(text).as_deref() != Some(text) {
            self.fault(
                path,
                format!("`{text}` is not an e-mail address in small letters"),
            );
        }
    }

    pub(super) fn optional_email(&mut self, path: &[&str], text: Option<&String>) {
        if let Some(text) = text {
            if text.trim().is_empty() {
                self.fault(path, "leave the line out where there is no address");
            }
            self.email(path, text);
        }
    }
}

/// What to say of a sentence that people would have to read twice.
pub(super) fn too_long(sentence: &str) -> String {
    let start: Vec<&str> = sentence.split_whitespace().take(6).collect();
    format!("a sentence of more than 25 words: “{} …”", start.join(" "))
}
