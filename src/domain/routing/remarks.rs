//! What a message says beside its matter: thanks, asking again, a language, several things at once.

use crate::domain::enquiry::Enquiry;
use crate::domain::triage::words;

use super::compiled::Router;
use super::place::Choice;
use super::route::for_patterns;
use super::{Matter, NotOurs};

/// A message that falls into more pieces than this is read as one.
const MOST_PARTS: usize = 12;
/// Fewer words than this raise no matter.
const FEWEST_WORDS: usize = 4;
/// A part of more bytes than this is a letter of its own.
const LONGEST_BREATH: usize = 2_000;
/// Places in one part where its writer may have gone on to something else.
const MOST_TURNS: usize = 6;

impl Router {
    /// Whether a message says nothing but thank you. Such a message reopens nothing.
    #[must_use]
    pub fn is_thanks(&self, text: &str) -> bool {
        let plain = for_patterns(&words::plain(text));
        plain.len() <= 200 && self.remarks.thanks.is_in(plain.trim())
    }

    /// Whether a message asks again about something that was reported before.
    #[must_use]
    pub fn is_chaser(&self, text: &str) -> bool {
        self.remarks
            .chaser
            .is_in(&for_patterns(&words::plain(text)))
    }

    pub(super) fn not_ours(&self, plain: &str) -> Option<NotOurs> {
        self.not_ours
            .iter()
            .find(|(_, cue)| cue.find(plain).is_some())
            .map(|(rule, _)| NotOurs {
                name: rule.name.clone(),
                what: rule.what.clone(),
                phone: rule.phone.clone(),
                url: rule.url.clone(),
            })
    }

    /// The language somebody writes in or asks for, when that is not English.
    pub(super) fn language_of(&self, enquiry: &Enquiry, plain: &str) -> Option<String> {
        if let Some(said) = &enquiry.language
            && !said.to_lowercase().starts_with("en")
        {
            return Some(said.clone());
        }
        let spoken: Vec<&str> = plain
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .collect();
        let share = |known: &[String]| {
            spoken
                .iter()
                .filter(|word| known.iter().any(|w| w == *word))
                .count()
        };
        let mut best: Option<(usize, &str)> = None;
        for (rule, asks) in self.rules.language.iter().zip(&self.asks_language) {
            if rule.tag != "und" && asks.is_in(plain) {
                return Some(rule.tag.clone());
            }
            let heard = share(&rule.words);
            // Two languages share small words; a third of all words being one language's is more
            // than chance.
            if heard >= 3 && heard * 3 >= spoken.len() && best.is_none_or(|(most, _)| heard > most)
            {
                best = Some((heard, &rule.tag));
            }
        }
        let asks_anyway = || {
            self.rules
                .language
                .iter()
                .zip(&self.asks_language)
                .find(|(_, asks)| asks.is_in(plain))
                .map(|(rule, _)| rule.tag.clone())
        };
        best.map(|(_, tag)| tag.to_owned()).or_else(asks_anyway)
    }

    /// The matters of a message that raises several, when at least two are about different things.
    ///
    /// Whoever numbers them says so, and a guess is enough; in running text each must be clear enough
    /// to be placed by itself.
    pub(super) fn several_matters(&self, body: &str) -> Vec<Matter> {
        let listed = parts_of(body);
        let is_listed = listed.len() > 1;
        let (parts, enough) = if is_listed {
            (listed, self.rules.thresholds.link_at)
        } else {
            (passages_of(body), self.place_at())
        };
        let goes_on = |part: &String| !turns_of(part, is_listed).is_empty();
        if parts.len() > MOST_PARTS || (parts.len() < 2 && !parts.iter().any(goes_on)) {
            return Vec::new();
        }
        let mut matters: Vec<Matter> = Vec::new();
        for matter in parts
            .iter()
            .flat_map(|part| self.matters_of(part, enough, is_listed))
        {
            let is_known = |known: &Matter| {
                known.service == matter.service && known.category == matter.category
            };
            if !matters.iter().any(is_known) {
                matters.push(matter);
            }
        }
        if matters.len() < 2 {
            Vec::new()
        } else {
            matters
        }
    }

    /// The matter of a part, and those its writer went on to in the same breath: each of these must be
    /// clear by itself, and another than what stands before it.
    fn matters_of(&self, part: &str, enough: f64, is_listed: bool) -> Vec<Matter> {
        let mut found: Vec<Matter> = Vec::new();
        let mut head = part;
        for at in turns_of(part, is_listed).into_iter().rev().take(MOST_TURNS) {
            let (Some(before), Some(after)) = (head.get(..at), head.get(at..)) else {
                continue;
            };
            let Some(next) = self.read_matter(after, self.place_at()) else {
                continue;
            };
            let is_another = self.read_matter(before, enough).is_some_and(|own| {
                (&own.service, &own.category) != (&next.service, &next.category)
            });
            if is_another {
                found.push(next);
                head = before;
            }
        }
        found.extend(self.read_matter(head, enough));
        found.reverse();
        found
    }

    fn read_matter(&self, text: &str, enough: f64) -> Option<Matter> {
        let reading = self.ranker.read(text);
        let best = reading.ranked.first()?;
        let (service, category) = self.ranker.place(best.subject)?;
        (best.confidence >= enough).then(|| Matter {
            service: service.to_owned(),
            category: category.to_owned(),
            text: text.trim().to_owned(),
        })
    }

    pub(super) fn matter(choice: &Choice, text: String) -> Matter {
        Matter {
            service: choice.service.clone(),
            category: choice.category.clone(),
            text,
        }
    }
}

/// The numbered or bulleted parts of a message: "1) … 2) …", "(a) …", "- …".
fn parts_of(body: &str) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    let mut is_listing = false;
    for (n, word) in body.split_inclusive(char::is_whitespace).enumerate() {
        let starts_part = is_marker(word.trim()) && (n == 0 || !word.trim().is_empty());
        if starts_part {
            is_listing = true;
            parts.push(String::new());
        } else if is_listing && let Some(part) = parts.last_mut() {
            part.push_str(word);
        }
    }
    parts
        .iter()
        .map(|part| part.trim().to_owned())
        .filter(|part| part.len() > 12)
        .collect()
}

/// The paragraphs of a message, or its sentences when it has but one; greetings are too short to be
/// either.
fn passages_of(body: &str) -> Vec<String> {
    let new = body
        .lines()
        .filter(|line| !line.trim_start().starts_with('>'))
        .map(str::trim)
        .collect::<Vec<_>>()
        .join("\n");
    let long_enough = |part: &str| part.split_whitespace().count() >= FEWEST_WORDS;
    let passages = |parts: &mut dyn Iterator<Item = &str>| -> Vec<String> {
        parts
            .map(str::trim)
            .filter(|part| long_enough(part))
            .take(MOST_PARTS + 1)
            .map(str::to_owned)
            .collect()
    };
    let paragraphs = passages(&mut new.split("\n\n"));
    if paragraphs.len() > 1 {
        return paragraphs;
    }
    passages(
        &mut new
            .split_inclusive(". ")
            .flat_map(|part| part.split_inclusive(['?', '!', '\n'])),
    )
}

/// Where a part may go on to something else: at a new paragraph or sentence, or at an "and when …",
/// "also …" within one. On both sides of each stand enough words to raise a matter. Sentences count where
/// parts are numbered; elsewhere they are parts themselves.
fn turns_of(part: &str, is_listed: bool) -> Vec<usize> {
    if part.len() > LONGEST_BREATH {
        return Vec::new();
    }
    let mut words: Vec<(usize, String)> = Vec::new();
    // Places among the words where what stands before is over.
    let mut ends: Vec<usize> = Vec::new();
    let mut at = 0;
    for piece in part.split_inclusive(char::is_whitespace) {
        let word = piece.trim();
        if word.is_empty() && piece == "\n" {
            ends.push(words.len());
        } else if !word.is_empty() {
            let plain = word.trim_matches(|c: char| !c.is_alphanumeric());
            words.push((at, plain.to_lowercase()));
            if word.ends_with(['.', '?', '!', ';']) {
                ends.push(words.len());
            }
        }
        at += piece.len();
    }
    let follows = |place: usize| words.get(place + 1).map_or("", |(_, word)| word.as_str());
    words
        .iter()
        .enumerate()
        .filter(|(place, _)| *place >= FEWEST_WORDS && place + FEWEST_WORDS <= words.len())
        .filter(|(place, (_, word))| {
            (is_listed && ends.binary_search(place).is_ok())
                || match word.as_str() {
                    "also" | "plus" => true,
                    "as" => follows(*place) == "well",
                    "and" => GOES_ON.contains(&follows(*place)),
                    _ => false,
                }
        })
        .map(|(_, (offset, _))| *offset)
        .collect()
}

/// How somebody goes on to another matter after an "and".
const GOES_ON: [&str; 22] = [
    "also", "when", "where", "why", "how", "what", "who", "whether", "if", "can", "could", "would",
    "will", "please", "is", "are", "my", "our", "there", "the", "i", "we",
];

/// `1)`, `2.`, `(a)`, `iii)`, `-`, `*`, `•`.
fn is_marker(word: &str) -> bool {
    if matches!(word, "-" | "*" | "•" | "–") {
        return true;
    }
    let bare = word.trim_start_matches('(');
    let Some(label) = bare.strip_suffix([')', '.']) else {
        return false;
    };
    let is_number =
        label.len() <= 2 && !label.is_empty() && label.chars().all(|c| c.is_ascii_digit());
    let is_letter = label.len() == 1 && label.chars().all(|c| c.is_ascii_lowercase());
    let is_roman = matches!(label, "ii" | "iii" | "iv" | "vi");
    is_number || ((is_letter || is_roman) && word.ends_with(')'))
}
