//! Taking words away for good: card numbers, a wrong person's data, what the law forbids to keep.
//!
//! A [`Removal`] knows what must go and what stands in its place. It finds a text however its letters
//! are cased and its words are spaced, because a mail breaks lines where its program likes. What a
//! record needs to stay readable (names of clocks, states, ids) is never touched.

use std::cell::Cell;

use regex::{Regex, RegexBuilder};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::contact::words;
use super::person::phone_number;

words! {
    /// Why something is taken away; nothing about what it was.
    Ground {
        /// A card or account number.
        PaymentDetails = "payment_details",
        /// It is about somebody who has nothing to do with the case.
        WrongPerson = "wrong_person",
        /// Somebody else's data beside the person's own.
        ThirdParty = "third_party",
        /// It may not be kept: abuse, threats, forbidden pictures.
        Unlawful = "unlawful",
        /// More than was needed.
        NotNeeded = "not_needed",
        /// The person asked us to forget them, and we may.
        Erasure = "erasure",
    }
}

/// What must go, and what stands in its place.
#[derive(Debug, Clone)]
pub struct Removal {
    patterns: Vec<Pattern>,
    /// Everything somebody said at once: it goes where it stands alone, and, when it is long enough
    /// not to be a turn of phrase, where it is quoted.
    whole: Vec<String>,
    mark: String,
}

/// One text, and whether it stood anywhere yet.
#[derive(Debug, Clone)]
struct Pattern {
    of: Regex,
    was_found: Cell<bool>,
}

/// Why a text cannot be looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unsearchable {
    /// So little stands in many places that have nothing to do with it.
    #[error("Give at least {SHORTEST} letters or digits: less stands in too many other places.")]
    TooShort,
    #[error("This text is too long to look for. Name the contact it stands in instead.")]
    TooLong,
}

/// Letters or digits a text must have.
pub const SHORTEST: usize = 4;
/// A whole message shorter than this is not looked for inside other texts.
const A_PHRASE: usize = 20;
/// Digits in a number that is taken away like a text.
const A_NUMBER: usize = 6;

/// Members of a record that name something of ours: taken away, the record would say another thing.
const NAMES: &[&str] = &[
    "kind",
    "template",
    "language",
    "clock",
    "name",
    "reference",
    "rule",
    "service",
    "category",
    "queue",
    "state",
    "step",
    "post",
    "from",
    "to",
    "by",
    "owner",
    "how",
    "id",
    "contact",
    "notice",
    "case",
    "into",
    "other",
    "holders",
    "changed",
    "event",
    "message_id",
];

impl Removal {
    /// Takes these texts away and leaves `mark`.
    ///
    /// # Errors
    /// Names the text that cannot be looked for, by its place.
    pub fn of_texts(texts: &[String], mark: &str) -> Result<Self, (usize, Unsearchable)> {
        let patterns = texts
            .iter()
            .enumerate()
            .map(|(place, text)| {
                let of = pattern(text).map_err(|why| (place, why))?;
                let was_found = Cell::new(false);
                Ok(Pattern { of, was_found })
            })
            .collect::<Result<_, _>>()?;
        Ok(Self {
            patterns,
            whole: Vec::new(),
            mark: mark.to_owned(),
        })
    }

    /// Takes away whatever anybody said, and leaves what a record is.
    #[must_use]
    pub fn of_everything(mark: &str) -> Self {
        let of = Regex::new(r"(?s)\A.+\z").expect("the pattern is written here and reads");
        Self {
            patterns: vec![Pattern {
                of,
                was_found: Cell::new(false),
            }],
            whole: Vec::new(),
            mark: mark.to_owned(),
        }
    }

    /// Takes away besides whatever repeats all of a message.
    #[must_use]
    pub fn and_whole<'t>(mut self, messages: impl IntoIterator<Item = &'t str>) -> Self {
        let said = messages
            .into_iter()
            .map(str::trim)
            .filter(|text| n_characters(text) >= SHORTEST);
        self.whole.extend(said.map(str::to_owned));
        self
    }

    /// The same with another mark in its place, and nothing found yet.
    #[must_use]
    pub fn marked(&self, mark: &str) -> Self {
        let again = |one: &Pattern| Pattern {
            of: one.of.clone(),
            was_found: Cell::new(false),
        };
        Self {
            patterns: self.patterns.iter().map(again).collect(),
            whole: self.whole.clone(),
            mark: mark.to_owned(),
        }
    }

    /// What stands in the place of what was taken away.
    #[must_use]
    pub fn mark(&self) -> &str {
        &self.mark
    }

    /// Whether any of it stands here.
    #[must_use]
    pub fn is_in(&self, text: &str) -> bool {
        let mut is_in = false;
        for pattern in self.patterns.iter().filter(|one| one.of.is_match(text)) {
            pattern.was_found.set(true);
            is_in = true;
        }
        is_in || self.whole.iter().any(|whole| is_all_of(whole, text))
    }

    /// The places, among those given, of the texts that stood nowhere so far.
    #[must_use]
    pub fn missed(&self) -> Vec<usize> {
        let places = self.patterns.iter().enumerate();
        places
            .filter(|(_, one)| !one.was_found.get())
            .map(|(place, _)| place)
            .collect()
    }

    /// The text without it; nothing when it does not stand there.
    #[must_use]
    pub fn text(&self, text: &str) -> Option<String> {
        if !self.is_in(text) {
            return None;
        }
        let mut left = text.to_owned();
        for whole in &self.whole {
            if left.trim() == whole {
                left.clone_from(&self.mark);
            } else if n_characters(whole) >= A_PHRASE {
                left = left.replace(whole, &self.mark);
            }
        }
        for pattern in &self.patterns {
            left = pattern
                .of
                .replace_all(&left, regex::NoExpand(&self.mark))
                .into_owned();
        }
        Some(left)
    }

    /// Takes it out of a tree in which every member may hold somebody's words. Says whether any of it
    /// stood there.
    pub fn tree(&self, tree: &mut Value) -> bool {
        match tree {
            Value::String(text) => match self.text(text) {
                Some(left) => {
                    *text = left;
                    true
                }
                None => false,
            },
            Value::Number(number) => {
                let digits = number.to_string();
                let is_there = digits.len() >= A_NUMBER && self.is_in(&digits);
                if is_there {
                    *tree = Value::String(self.mark.clone());
                }
                is_there
            }
            Value::Array(items) => {
                let mut found = false;
                for item in items {
                    found |= self.tree(item);
                }
                found
            }
            Value::Object(members) => {
                let mut found = false;
                let all = std::mem::take(members);
                for (name, mut value) in all {
                    found |= self.tree(&mut value);
                    let clean = self.text(&name);
                    found |= clean.is_some();
                    members.insert(clean.unwrap_or(name), value);
                }
                found
            }
            Value::Null | Value::Bool(_) => false,
        }
    }

    /// Takes it out of what a record says, and leaves what it is: a record that could no longer be
    /// read keeps the member that makes it so. Says whether any of it stood there.
    pub fn record<T: DeserializeOwned>(&self, record: &mut Value) -> bool {
        let mut found = false;
        for place in self.places(record, String::new()) {
            let Some(Value::String(text)) = record.pointer_mut(&place) else {
                continue;
            };
            let Some(left) = self.text(text) else {
                continue;
            };
            let was = std::mem::replace(text, left);
            if T::deserialize(&*record).is_ok() {
                found = true;
            } else if let Some(Value::String(text)) = record.pointer_mut(&place) {
                *text = was;
            }
        }
        found
    }

    /// Where in a record it stands, as pointers.
    fn places(&self, tree: &Value, at: String) -> Vec<String> {
        match tree {
            Value::String(text) if self.is_in(text) => vec![at],
            Value::Array(items) => items
                .iter()
                .enumerate()
                .flat_map(|(place, item)| self.places(item, format!("{at}/{place}")))
                .collect(),
            Value::Object(members) => members
                .iter()
                .filter(|(name, value)| !value.is_string() || !NAMES.contains(&name.as_str()))
                .flat_map(|(name, value)| {
                    let name = name.replace('~', "~0").replace('/', "~1");
                    self.places(value, format!("{at}/{name}"))
                })
                .collect(),
            _ => Vec::new(),
        }
    }
}

fn is_all_of(whole: &str, text: &str) -> bool {
    text.trim() == whole || (n_characters(whole) >= A_PHRASE && text.contains(whole))
}

fn n_characters(text: &str) -> usize {
    text.chars().filter(|c| c.is_alphanumeric()).count()
}

/// The text in any case, with any white space where it has some. Between the digits of a number
/// there may be spaces and hyphens that were not given, or none where they were; a telephone number
/// goes however the country is said.
fn pattern(text: &str) -> Result<Regex, Unsearchable> {
    if n_characters(text) < SHORTEST {
        return Err(Unsearchable::TooShort);
    }
    if let Some(number) = phone_number(text) {
        return Regex::new(&telephone_pattern(&number)).map_err(|_| Unsearchable::TooLong);
    }
    let is_number = text
        .chars()
        .all(|c| c.is_ascii_digit() || c.is_whitespace() || c == '-');
    let parts: Vec<String> = if is_number {
        text.chars()
            .filter(char::is_ascii_digit)
            .map(String::from)
            .collect()
    } else {
        text.split_whitespace().map(regex::escape).collect()
    };
    let pattern = parts.join(if is_number { r"[\s-]*" } else { r"\s+" });
    RegexBuilder::new(&pattern)
        .case_insensitive(true)
        .size_limit(2 << 20)
        .build()
        .map_err(|_| Unsearchable::TooLong)
}

/// A number in international form, as people and machines write it: `+44 (0)1632 960123`,
/// `(01632) 960-123`, `441632960123`.
fn telephone_pattern(number: &str) -> String {
    const GAP: &str = r"[\s().-]*";
    let spread = |digits: &str| -> String {
        let digits: Vec<String> = digits.chars().map(String::from).collect();
        digits.join(GAP)
    };
    let digits = number.trim_start_matches('+');
    match digits.strip_prefix("44") {
        Some(national) => format!(
            r"\(?(?:(?:(?:\+|00){GAP})?4{GAP}4{GAP}(?:0{GAP})?|0{GAP}){}",
            spread(national)
        ),
        None => format!(r"(?:(?:\+|00){GAP})?{}", spread(digits)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::lifecycle::Event;

    fn removal(texts: &[&str]) -> Removal {
        let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
        Removal::of_texts(&texts, "[gone]").unwrap()
    }

    #[test]
    fn a_card_number_goes_however_it_is_spaced() {
        let removal = removal(&["4929 1234 5678 9012"]);
        for said in [
            "4929123456789012",
            "4929-1234-5678-9012",
            "4929 1234\n5678 9012",
        ] {
            let text = format!("It is {said}, thank you.");
            assert_eq!(
                removal.text(&text).as_deref(),
                Some("It is [gone], thank you.")
            );
        }
        assert_eq!(removal.text("It is 4929 1234 5678 9013."), None);
    }

    #[test]
    fn a_telephone_number_goes_however_the_country_is_said() {
        for given in ["01632 960123", "+44 (0)1632 960123", "+441632960123"] {
            let removal = removal(&[given]);
            for said in [
                "01632 960123",
                "01632-960-123",
                "+441632960123",
                "441632960123",
                "+44 (0)1632 960123",
                "0044 1632 960123",
            ] {
                assert_eq!(
                    removal.text(&format!("Ring {said}, please.")).as_deref(),
                    Some("Ring [gone], please."),
                    "{given}"
                );
            }
            assert_eq!(removal.text("Ring 01632 960124, please."), None);
        }
        let abroad = removal(&["+353 1 496 0123"]);
        assert_eq!(
            abroad.text("It is 00353 14960123.").as_deref(),
            Some("It is [gone].")
        );
    }

    #[test]
    fn a_text_goes_where_a_mail_broke_its_line_and_in_capitals() {
        let removal = removal(&["Bryn Example of 3 Mill Lane"]);
        assert_eq!(
            removal
                .text("It was BRYN EXAMPLE\n of 3 Mill Lane.")
                .as_deref(),
            Some("It was [gone].")
        );
    }

    #[test]
    fn a_text_that_stands_nowhere_is_told_from_one_inside_another() {
        let removal = removal(&["Bryn Example", "Bryn", "Cara"]);
        assert!(removal.text("From Bryn Example").is_some());
        assert_eq!(removal.missed(), [2]);
        assert_eq!(removal.marked("x").missed(), [0, 1, 2]);
    }

    #[test]
    fn three_letters_are_too_few_to_look_for() {
        let texts = ["abcd".to_owned(), "a-b c".to_owned()];
        assert_eq!(
            Removal::of_texts(&texts, "").unwrap_err(),
            (1, Unsearchable::TooShort)
        );
    }

    #[test]
    fn a_whole_message_goes_where_it_stands_alone_and_a_short_one_nowhere_else() {
        let removal = Removal::of_texts(&[], "[gone]")
            .unwrap()
            .and_whole(["Missed bin"]);
        assert_eq!(removal.text(" Missed bin ").as_deref(), Some("[gone]"));
        assert_eq!(removal.text("A missed bin. Missed bin again."), None);
    }

    #[test]
    fn what_was_entered_goes_with_its_numbers_and_names() {
        let mut tree =
            json!({"card": 4929_1234_5678_9012_u64, "n": 4929, "4929 1234 5678 9012": [true, "x"]});
        assert!(removal(&["4929123456789012"]).tree(&mut tree));
        assert_eq!(
            tree,
            json!({"card": "[gone]", "n": 4929, "[gone]": [true, "x"]})
        );
    }

    #[test]
    fn everything_that_was_said_goes_and_what_happened_stays() {
        let mut event = json!({
            "kind": "paused",
            "detail": {"reason": "She is in hospital.\nUntil May.", "waiting_for": "person", "resume_on": "2026-12-01"},
        });
        assert!(Removal::of_everything("[gone]").record::<Event>(&mut event));
        let left = json!({"reason": "[gone]", "waiting_for": "person", "resume_on": "2026-12-01"});
        assert_eq!(event["detail"], left);
    }

    #[test]
    fn a_record_stays_what_it_is() {
        let mut event = json!({
            "kind": "transferred",
            "detail": {"from": "waste-ops", "to": "highways", "reason": "waste-ops has it wrong"},
        });
        assert!(removal(&["waste-ops"]).record::<Event>(&mut event));
        assert_eq!(event["detail"]["from"], "waste-ops");
        assert_eq!(event["detail"]["reason"], "[gone] has it wrong");
        let mut closed = json!({"kind": "closed", "detail": {"outcome": "resolved"}});
        assert!(!removal(&["resolved"]).record::<Event>(&mut closed));
        assert_eq!(closed["detail"]["outcome"], "resolved");
        let mut called = json!({
            "kind": "called", "detail": {"who": "x", "number": "y", "outcome": "Ring 01632 960123"},
        });
        assert!(removal(&["01632 960123"]).record::<Event>(&mut called));
        assert_eq!(called["detail"]["outcome"], "Ring [gone]");
    }
}
