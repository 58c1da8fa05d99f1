//! Whether somebody is who they say they are: asked before anything private is said to a caller.
//!
//! What is kept is that they were asked, for what kinds of thing, and whether it was right. The
//! answers are never kept: whoever read them could pass for the person.

use super::case::Secrecy;
use super::contact::{Channel, words};

words! {
    /// How somebody was asked.
    CheckedHow { Phone = "phone", FaceToFace = "face_to_face", Video = "video", Webchat = "webchat" }
}

words! {
    /// How it came out.
    CheckResult { Passed = "passed", Failed = "failed" }
}

words! {
    /// What somebody was asked for.
    AskedFor {
        Name = "name", Address = "address", DateOfBirth = "date_of_birth", Phone = "phone", Email = "email",
        AccountNumber = "account_number", Reference = "reference", RecentContact = "recent_contact",
        Password = "password", PhotoId = "photo_id", Other = "other",
    }
}

words! {
    /// Whether whoever speaks to us on a case has shown who they are.
    IdentityChecked { None = "none", Passed = "passed", Failed = "failed" }
}

/// What staff are told before they say anything on a case that is not everybody's to know.
pub const WARNING: &str = "Check who is calling before you say anything about this case, and record it with \
    `identity-checks`. Until then say only that we have it.";

/// The same after somebody did not pass.
pub const WARNING_AFTER_FAILURE: &str = "Somebody who asked about this case could not show who they are. Say nothing \
    about it until a check is passed.";

/// What is known of who is speaking, from the newest check.
#[must_use]
pub fn standing(newest: Option<CheckResult>) -> IdentityChecked {
    match newest {
        None => IdentityChecked::None,
        Some(CheckResult::Passed) => IdentityChecked::Passed,
        Some(CheckResult::Failed) => IdentityChecked::Failed,
    }
}

/// What to tell whoever is about to say something of a case: nothing where it is ordinary, or where
/// who is speaking has been shown.
#[must_use]
pub fn warning(secrecy: Secrecy, standing: IdentityChecked) -> Option<&'static str> {
    if secrecy == Secrecy::Ordinary {
        return None;
    }
    match standing {
        IdentityChecked::None => Some(WARNING),
        IdentityChecked::Failed => Some(WARNING_AFTER_FAILURE),
        IdentityChecked::Passed => None,
    }
}

/// Whether somebody is spoken to on this channel while the contact lasts.
#[must_use]
pub const fn is_spoken(channel: Channel) -> bool {
    matches!(channel, Channel::Phone | Channel::FaceToFace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_not_everybodys_to_know_asks_who_is_speaking() {
        assert_eq!(warning(Secrecy::Ordinary, IdentityChecked::None), None);
        assert_eq!(warning(Secrecy::Sensitive, IdentityChecked::Passed), None);
        assert_eq!(
            warning(Secrecy::Sensitive, IdentityChecked::None),
            Some(WARNING)
        );
        assert_eq!(
            warning(Secrecy::Restricted, standing(Some(CheckResult::Failed))),
            Some(WARNING_AFTER_FAILURE)
        );
    }
}
