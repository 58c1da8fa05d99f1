//! A person who contacts the council, and how we may reach them.
//!
//! | file | what it decides |
//! |---|---|
//! | [`likeness`] | whether two records may be one person |
//! | [`reach`] | by which way a notice goes, where some ways are not safe |
//! | [`marker`] | what those who deal with somebody must know |

pub mod likeness;
pub mod marker;
pub mod reach;

use serde::{Deserialize, Serialize};

use super::contact::words;

words! {
    /// What kind of person, which decides whose promise they get.
    PersonKind {
        Resident = "resident", Business = "business", Visitor = "visitor",
        Councillor = "councillor", Mp = "mp", ParishCouncil = "parish_council",
        CommunityGroup = "community_group", Partner = "partner", Staff = "staff",
        Anonymous = "anonymous",
    }
}

words! {
    /// What a person is on a case. Only reporters and advocates get notices.
    RoleOnCase {
        Reporter = "reporter", Subject = "subject", OnBehalfOf = "on_behalf_of",
        Advocate = "advocate", ThirdParty = "third_party",
    }
}

impl PersonKind {
    /// Elected members, whose enquiries have a promise of their own.
    #[must_use]
    pub const fn is_member(self) -> bool {
        matches!(self, Self::Councillor | Self::Mp)
    }
}

words! {
    /// What kind of body people act for.
    OrganisationKind {
        Business = "business", ParishCouncil = "parish_council",
        CommunityGroup = "community_group", Partner = "partner", Other = "other",
    }
}

/// A postal address as it would stand on an envelope.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Address {
    /// The lines above the postcode.
    #[serde(default)]
    #[schemars(length(max = 6), inner(length(max = 200)))]
    pub lines: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 12))]
    pub postcode: Option<String>,
    /// Unique property reference number, digits only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^[0-9]{1,12}$"))]
    pub uprn: Option<String>,
}

/// How a person wants to hear from us.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Preferences {
    /// `email`, `sms`, `phone` or `post`; unsaid means e-mail where there is an address.
    #[serde(default)]
    #[schemars(length(max = 20))]
    pub channel: Option<String>,
    /// BCP 47 language tag.
    #[serde(default)]
    #[schemars(length(max = 35))]
    pub language: Option<String>,
    /// `standard`, `large_print`, `braille`, `audio` or `easy_read`.
    #[serde(default)]
    #[schemars(length(max = 20))]
    pub format: Option<String>,
}

impl Preferences {
    /// What whoever writes to them should know: "Write to them by post, in Welsh, in large print";
    /// nothing where they wish for nothing out of the ordinary.
    #[must_use]
    pub fn in_words(&self) -> Option<String> {
        let channel = match self.channel.as_deref() {
            Some("post") => Some("by post".to_owned()),
            Some("sms") => Some("by text message".to_owned()),
            Some("phone") => Some("by telephone first".to_owned()),
            _ => None,
        };
        let language = self.language.as_deref().and_then(|tag| {
            let primary = tag.split('-').next().unwrap_or(tag).to_lowercase();
            match primary.as_str() {
                "en" => None,
                "cy" => Some("in Welsh".to_owned()),
                _ => Some(format!("in their language ({tag})")),
            }
        });
        let format = match self.format.as_deref() {
            Some("large_print") => Some("in large print"),
            Some("braille") => Some("in braille"),
            Some("audio") => Some("as a recording"),
            Some("easy_read") => Some("in easy read"),
            _ => None,
        };
        let words: Vec<String> = [channel, language, format.map(str::to_owned)]
            .into_iter()
            .flatten()
            .collect();
        (!words.is_empty()).then(|| format!("Reach them {}", words.join(", ")))
    }
}

/// An e-mail address in the one form we compare and send to, or nothing when it cannot be one.
///
/// Deliberately strict (no quoted local parts, no comments): what it refuses is refused aloud,
/// and what it takes can stand in a mail header.
///
/// ```
/// use reeve::domain::person::email_address;
/// assert_eq!(email_address(" Ada@Mail.Example "), Some("ada@mail.example".to_owned()));
/// assert_eq!(email_address("ada@mail"), None);
/// ```
#[must_use]
pub fn email_address(text: &str) -> Option<String> {
    let lower = text.trim().to_lowercase();
    let (local, domain) = lower.split_once('@')?;
    let local_is_good = !local.is_empty()
        && local.len() <= 64
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..")
        && local
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "!#$%&'*+/=?^_`{|}~.-".contains(c));
    let domain_is_good = domain.len() <= 253
        && domain.contains('.')
        && domain.split('.').all(|label| {
            !label.is_empty()
                && label.len() <= 63
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        });
    (local_is_good && domain_is_good).then_some(lower)
}

/// A telephone number as digits in international form (`+441632960123`), so that two ways of
/// writing one number are one number. A leading 0 is read as British.
///
/// ```
/// use reeve::domain::person::phone_number;
/// assert_eq!(phone_number("01632 960123"), Some("+441632960123".to_owned()));
/// assert_eq!(phone_number("+44 (0)1632 960 123"), Some("+441632960123".to_owned()));
/// assert_eq!(phone_number("ring me"), None);
/// ```
#[must_use]
pub fn phone_number(text: &str) -> Option<String> {
    let text = text.trim().replace("(0)", "");
    if !text
        .chars()
        .all(|c| c.is_ascii_digit() || " +-().\u{a0}".contains(c))
    {
        return None;
    }
    let has_plus = text.starts_with('+');
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let international = if has_plus {
        digits
    } else if let Some(rest) = digits.strip_prefix("00") {
        rest.to_owned()
    } else if let Some(rest) = digits.strip_prefix('0') {
        format!("44{rest}")
    } else {
        return None;
    };
    (8..=15)
        .contains(&international.len())
        .then(|| format!("+{international}"))
}

/// Whether two names can be the same person's: one of them unsaid, the same family name, or one
/// contained in the other ("Ada Example", "Mrs A Example"). Used only beside a verified
/// identifier, never alone.
#[must_use]
pub fn are_compatible_names(one: Option<&str>, other: Option<&str>) -> bool {
    let words = |name: &str| -> Vec<String> {
        name.to_lowercase()
            .split(|c: char| !c.is_alphanumeric() && c != '\'' && c != '-')
            .filter(|word| !word.is_empty() && !TITLES.contains(word))
            .map(str::to_owned)
            .collect()
    };
    let (Some(one), Some(other)) = (one, other) else {
        return true;
    };
    let (one, other) = (words(one), words(other));
    let (Some(family), Some(other_family)) = (one.last(), other.last()) else {
        return true;
    };
    if family != other_family {
        return false;
    }
    // The same family name but clearly different first names share an address more often than
    // they are one person.
    match (one.first(), other.first()) {
        (Some(a), Some(b)) if one.len() > 1 && other.len() > 1 => {
            a == b || a.starts_with(b.as_str()) || b.starts_with(a.as_str())
        }
        _ => true,
    }
}

const TITLES: [&str; 10] = [
    "mr",
    "mrs",
    "ms",
    "miss",
    "mx",
    "dr",
    "cllr",
    "councillor",
    "sir",
    "dame",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mrs_a_example_may_be_ada_example_but_not_tom_example() {
        let check = |one, other, expect| {
            assert_eq!(
                are_compatible_names(Some(one), Some(other)),
                expect,
                "{one} / {other}"
            );
        };
        check("Ada Example", "Mrs A Example", true);
        check("Ada Example", "ada example", true);
        check("Ada Example", "Mrs Example", true);
        check("Ada Example", "Tom Example", false);
        check("Ada Example", "Ada Other", false);
        assert!(are_compatible_names(None, Some("Ada Example")));
    }

    #[test]
    fn a_wish_is_read_as_what_to_do_and_an_ordinary_one_is_not_read_at_all() {
        let wish = |channel: Option<&str>, language: Option<&str>, format: Option<&str>| {
            let owned = |text: Option<&str>| text.map(str::to_owned);
            Preferences {
                channel: owned(channel),
                language: owned(language),
                format: owned(format),
            }
            .in_words()
        };
        assert_eq!(wish(None, None, None), None);
        assert_eq!(wish(Some("email"), Some("en-GB"), Some("standard")), None);
        assert_eq!(
            wish(Some("post"), Some("cy"), Some("large_print")).as_deref(),
            Some("Reach them by post, in Welsh, in large print")
        );
    }

    #[test]
    fn an_address_that_could_break_a_mail_header_is_refused() {
        for bad in [
            "a@b",
            "a b@c.example",
            "a@c.example\r\nBcc: x@y.example",
            "@c.example",
            "a@-c.example",
            "\"a\"@c.example",
            "a..b@c.example",
        ] {
            assert_eq!(email_address(bad), None, "{bad}");
        }
    }
}
