//! Patterns over plain text ([`crate::domain::triage::words::plain`]), compiled once.
//!
//! Bounded in length and in compiled size, so that no catalogue can make reading slow; the
//! engine itself never backtracks.

use regex::bytes::{Regex, RegexBuilder};

/// One list of patterns, any of which may match. An empty list matches nothing.
#[derive(Debug, Clone, Default)]
pub(super) struct Pattern(Option<Regex>);

/// A longer pattern is a mistake.
const LONGEST: usize = 1_024;
/// Bytes of compiled program for one list.
const LARGEST: usize = 1 << 20;
/// Bytes of working memory for one list; with less it starts over in the middle of a text.
const WORKING: usize = 8 << 20;

impl Pattern {
    /// Compiles a list; the message names the first pattern that cannot be used.
    pub(super) fn any_of(patterns: &[String]) -> Result<Self, String> {
        if patterns.is_empty() {
            return Ok(Self(None));
        }
        for pattern in patterns {
            if pattern.is_empty() || pattern.len() > LONGEST {
                return Err(format!(
                    "the pattern `{}` must have between 1 and {LONGEST} bytes",
                    pattern.chars().take(40).collect::<String>()
                ));
            }
        }
        let joined = patterns
            .iter()
            .map(|pattern| format!("(?:{pattern})"))
            .collect::<Vec<_>>()
            .join("|");
        compile(&joined)
            .map(|regex| Self(Some(regex)))
            .map_err(|error| which(patterns, &error))
    }

    /// The first words that match.
    pub(super) fn find<'t>(&self, plain: &'t str) -> Option<&'t str> {
        let found = self.0.as_ref()?.find(plain.as_bytes())?;
        // A match on bytes could end within a letter; then the whole of it is still a match.
        Some(plain.get(found.range()).unwrap_or_default())
    }

    pub(super) fn is_in(&self, plain: &str) -> bool {
        self.0
            .as_ref()
            .is_some_and(|regex| regex.is_match(plain.as_bytes()))
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_none()
    }
}

/// Names the pattern a list cannot be used for. Looked for only when there is one: compiling each by
/// itself costs as much again as the list, at every start.
fn which(patterns: &[String], of_all: &regex::Error) -> String {
    let alone = patterns
        .iter()
        .find_map(|pattern| Some((pattern, compile(pattern).err()?)));
    match alone {
        Some((pattern, error)) => format!("the pattern `{pattern}` cannot be read: {error}"),
        None => format!(
            "the patterns from `{}` on are too large: {of_all}",
            patterns.join("`, `")
        ),
    }
}

fn compile(pattern: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(pattern)
        .case_insensitive(true)
        .unicode(false)
        .size_limit(LARGEST)
        .dfa_size_limit(WORKING)
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(patterns: &[&str]) -> Vec<String> {
        patterns
            .iter()
            .map(|pattern| (*pattern).to_owned())
            .collect()
    }

    #[test]
    fn an_empty_list_matches_nothing() {
        assert!(!Pattern::any_of(&[]).unwrap().is_in("anything"));
    }

    #[test]
    fn the_pattern_that_cannot_be_read_is_named() {
        let fault = Pattern::any_of(&list(&["fine", "(open"])).unwrap_err();
        assert!(fault.contains("`(open`"), "{fault}");
        assert!(Pattern::any_of(&["x".repeat(2_000)]).is_err());
        assert!(
            Pattern::any_of(&list(&["(a{1000}){1000}"])).is_err(),
            "a bomb is refused"
        );
    }
}
