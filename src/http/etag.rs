//! Entity tags: the version of a thing, in quotes.

use super::problem::Problem;
use crate::casework::Failure;

/// What a condition names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IfMatch {
    /// `*`: whatever is there.
    Any,
    /// One of these versions; none, when only weak or foreign tags were sent.
    Versions(Vec<i64>),
}

impl IfMatch {
    /// Reads the value of `If-Match`. A weak tag never matches, as RFC 9110 has it.
    ///
    /// # Errors
    /// 400 when it is not a list of entity tags.
    pub fn read(text: &str) -> Result<Self, Problem> {
        if text.trim() == "*" {
            return Ok(Self::Any);
        }
        let mut versions = Vec::new();
        for tag in tags(text) {
            let tag = tag.ok_or_else(|| {
                Problem::unreadable(
                    "bad_if_match",
                    "`If-Match` takes the `ETag` as it was given, with its quotes.",
                )
            })?;
            if let Tag::Strong(opaque) = tag
                && let Ok(version) = opaque.parse()
            {
                versions.push(version);
            }
        }
        Ok(Self::Versions(versions))
    }

    /// Whether a change of this version is allowed.
    ///
    /// # Errors
    /// [`Failure::Stale`] when it is another version.
    pub fn admits(&self, version: i64) -> Result<(), Failure> {
        match self {
            Self::Any => Ok(()),
            Self::Versions(versions) if versions.contains(&version) => Ok(()),
            Self::Versions(_) => Err(Failure::Stale),
        }
    }
}

/// Whether `If-None-Match` names this entity tag.
#[must_use]
pub fn is_known(if_none_match: &str, etag: &str) -> bool {
    let own = etag.trim_start_matches("W/").trim_matches('"');
    if_none_match.trim() == "*"
        || tags(if_none_match).any(
            |tag| matches!(tag, Some(Tag::Strong(opaque) | Tag::Weak(opaque)) if opaque == own),
        )
}

enum Tag<'t> {
    Strong(&'t str),
    Weak(&'t str),
}

fn tags(text: &str) -> impl Iterator<Item = Option<Tag<'_>>> {
    text.split(',').map(|tag| {
        let tag = tag.trim();
        let (quoted, is_weak) = match tag.strip_prefix("W/") {
            Some(rest) => (rest, true),
            None => (tag, false),
        };
        let opaque = quoted.strip_prefix('"')?.strip_suffix('"')?;
        Some(if is_weak {
            Tag::Weak(opaque)
        } else {
            Tag::Strong(opaque)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_needs_the_version_that_was_read() {
        let check = |text: &str, admits: bool| {
            let condition = IfMatch::read(text).unwrap();
            assert_eq!(condition.admits(3).is_ok(), admits, "{text}");
        };
        check("\"3\"", true);
        check("\"2\", \"3\"", true);
        check("*", true);
        check("\"2\"", false);
        check("W/\"3\"", false);
        check("\"another\"", false);
        for bad in ["", "3", "\"3", "3\""] {
            assert_eq!(IfMatch::read(bad).unwrap_err().status, 400, "{bad}");
        }
    }

    #[test]
    fn what_is_known_already_is_not_sent_again() {
        assert!(is_known("\"3\"", "\"3\""));
        assert!(is_known("W/\"3\"", "\"3\""));
        assert!(is_known("\"2\", \"3\"", "\"3\""));
        assert!(is_known("*", "\"3\""));
        assert!(!is_known("\"4\"", "\"3\""));
        assert!(!is_known("3", "\"3\""));
    }
}
