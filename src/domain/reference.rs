//! The reference people quote: `4X7-K92-MQ3`.
//!
//! Eight random characters of Crockford's base 32 (no I, L, O or U) and a check character (Luhn
//! mod 32 over the same alphabet), shown in threes. Input ignores case, spaces and hyphens and
//! forgives look-alikes (O for 0, I and L for 1). A wrong check character is told apart from "no
//! such case", so that a caller who misreads one letter hears that at once. A reference alone
//! opens nothing.

use std::fmt;

use serde::{Deserialize, Serialize};

const ALPHABET: [char; 32] = [
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'J',
    'K', 'M', 'N', 'P', 'Q', 'R', 'S', 'T', 'V', 'W', 'X', 'Y', 'Z',
];

/// A well-formed reference, kept as its nine characters without separators.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Reference(String);

/// Why a text is not a reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReferenceError {
    /// Not nine characters of the alphabet: some other kind of text.
    #[error("not a reference")]
    NotAReference,
    /// Nine characters, but the last does not check: one was misread or mistyped.
    #[error(
        "one character of this reference is mistyped; please check it against the letter or e-mail"
    )]
    Mistyped,
}

impl Reference {
    /// Makes the reference for forty random bits (the low forty of `bits`).
    #[must_use]
    pub fn from_bits(bits: u64) -> Self {
        let digits: Vec<usize> = (0..8)
            .map(|place| usize::try_from((bits >> (5 * place)) & 31).unwrap_or(0))
            .collect();
        let check = check_digit(&digits);
        let text = digits
            .iter()
            .chain(std::iter::once(&check))
            .filter_map(|digit| ALPHABET.get(*digit))
            .collect();
        Self(text)
    }

    /// Reads what a person typed.
    ///
    /// ```
    /// use reeve::domain::reference::{Reference, ReferenceError};
    /// let made = Reference::from_bits(0x12_3456_789a);
    /// let typed = made.to_string().to_lowercase().replace('-', " ");
    /// assert_eq!(Reference::parse(&typed), Ok(made));
    /// assert_eq!(Reference::parse("not one"), Err(ReferenceError::NotAReference));
    /// ```
    ///
    /// # Errors
    /// [`ReferenceError::Mistyped`] when only the check character is wrong.
    pub fn parse(text: &str) -> Result<Self, ReferenceError> {
        let mut plain = String::with_capacity(9);
        for c in text.trim().chars() {
            match c {
                ' ' | '-' | '\u{2010}' | '\u{2011}' | '\u{2013}' => {}
                other => plain.push(fold(other).ok_or(ReferenceError::NotAReference)?),
            }
            if plain.len() > 9 {
                return Err(ReferenceError::NotAReference);
            }
        }
        let digits: Vec<usize> = plain.chars().filter_map(value).collect();
        match digits.split_last() {
            Some((check, body)) if body.len() == 8 => {
                if check_digit(body) == *check {
                    Ok(Self(plain))
                } else {
                    Err(ReferenceError::Mistyped)
                }
            }
            _ => Err(ReferenceError::NotAReference),
        }
    }

    /// The nine characters without separators, as stored.
    #[must_use]
    pub fn plain(&self) -> &str {
        &self.0
    }

    /// Every reference that stands in `text` as it would be quoted in a letter or subject line:
    /// in threes, with hyphens or spaces between. Wrong check characters are passed over.
    #[must_use]
    pub fn find_all(text: &str) -> Vec<Self> {
        let words: Vec<&str> = text
            .split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'))
            .filter(|word| !word.is_empty())
            .collect();
        let mut found: Vec<Self> = Vec::new();
        let mut keep = |candidate: &str| {
            if let Ok(reference) = Self::parse(candidate)
                && !found.contains(&reference)
            {
                found.push(reference);
            }
        };
        for word in &words {
            let trimmed = word.trim_matches('-');
            // A bare nine-letter word is far likelier English than a reference: ask for the
            // hyphens, or for a digit.
            let is_quoted = trimmed.matches('-').count() == 2;
            if is_quoted || (trimmed.len() == 9 && trimmed.chars().any(|c| c.is_ascii_digit())) {
                keep(trimmed);
            }
        }
        for three in words.windows(3) {
            if three.iter().all(|word| word.len() == 3) {
                keep(&three.concat());
            }
        }
        found
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, c) in self.0.chars().enumerate() {
            if place == 3 || place == 6 {
                f.write_str("-")?;
            }
            write!(f, "{c}")?;
        }
        Ok(())
    }
}

impl TryFrom<String> for Reference {
    type Error = ReferenceError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<Reference> for String {
    fn from(reference: Reference) -> Self {
        reference.to_string()
    }
}

fn fold(c: char) -> Option<char> {
    let upper = c.to_ascii_uppercase();
    let folded = match upper {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    value(folded).map(|_| folded)
}

fn value(c: char) -> Option<usize> {
    ALPHABET.iter().position(|known| *known == c)
}

/// Luhn mod 32: every second digit from the right is doubled and its base-32 digits added, so
/// that any single wrong character, and nearly every swap of neighbours, is noticed.
fn check_digit(digits: &[usize]) -> usize {
    let sum: usize = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            let addend = if place % 2 == 0 { digit * 2 } else { *digit };
            addend / 32 + addend % 32
        })
        .sum();
    (32 - sum % 32) % 32
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn whatever_we_print_can_be_read_back(bits in 0u64..(1 << 40)) {
            let made = Reference::from_bits(bits);
            prop_assert_eq!(Reference::parse(&made.to_string()), Ok(made.clone()));
            prop_assert_eq!(Reference::parse(&made.plain().to_lowercase()), Ok(made));
        }

        #[test]
        fn one_misread_character_is_always_noticed(bits in 0u64..(1 << 40), place in 0usize..9, other in 0usize..32) {
            let made = Reference::from_bits(bits);
            let mut letters: Vec<char> = made.plain().chars().collect();
            prop_assume!(letters[place] != ALPHABET[other]);
            letters[place] = ALPHABET[other];
            let misread: String = letters.into_iter().collect();
            prop_assert_eq!(Reference::parse(&misread), Err(ReferenceError::Mistyped));
        }
    }

    #[test]
    fn look_alikes_are_forgiven() {
        let made = Reference::from_bits(0);
        assert_eq!(made.to_string(), "000-000-000");
        assert_eq!(Reference::parse("ooo ooo OOO"), Ok(made));
    }

    #[test]
    fn a_reference_in_a_subject_line_is_found() {
        let made = Reference::from_bits(0x0012_3456_789a);
        let subject = format!("RE: Your report {made} (missed bin), waste-collection, something");
        assert_eq!(Reference::find_all(&subject), vec![made.clone()]);
        let spoken = format!("my ref is {}", made.to_string().replace('-', " "));
        assert_eq!(Reference::find_all(&spoken), vec![made]);
    }
}
