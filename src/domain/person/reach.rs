//! How somebody may be reached, and by which way one notice goes.
//!
//! A list of safe ways is the whole of what is allowed: an address somebody wrote from, or that we
//! happen to hold, is not on it for that. Where several records are one person, the ways that are
//! safe on every one of them are left, and a death noted on one holds for all.

use std::collections::BTreeSet;

use super::{Address, email_address, phone_number};
use crate::domain::contact::words;

/// What one record says about reaching its person.
#[derive(Debug, Clone, Copy, Default)]
pub struct Known<'p> {
    pub email: Option<&'p str>,
    pub phone: Option<&'p str>,
    pub address: Option<&'p Address>,
    /// The only safe ways, in the form of [`written_way`]; none means there is no limit.
    pub safe: Option<&'p [String]>,
    pub is_deceased: bool,
}

/// One way to somebody, in the form it is compared in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    Email(String),
    Phone(String),
    /// To this postal address.
    Post(String),
    FaceToFace,
}

/// How somebody may be reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    Anyhow,
    /// By these ways only, and by nothing automatic.
    Only(BTreeSet<Way>),
    /// They have died.
    Never,
}

words! {
    /// Why somebody is not told.
    Withheld {
        /// They have died.
        Deceased = "deceased",
        /// Only some ways are safe, and this is none of them.
        SafeContact = "safe_contact",
    }
}

/// One notice that wants to leave.
#[derive(Debug, Clone, Copy)]
pub struct Sending<'p> {
    /// Written by a machine.
    pub is_automatic: bool,
    /// Of a matter in which nothing automatic is sent to anybody.
    pub is_guarded: bool,
    /// An address that takes mail, out of [`Reach::emails`].
    pub email: Option<&'p str>,
    pub address: Option<&'p Address>,
    pub prefers_post: bool,
}

/// What becomes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    Mail(String),
    /// Somebody writes it out.
    Letter,
    Withheld(Withheld),
    /// There is no address, or nothing automatic is sent.
    Nowhere,
}

/// A safe way as it is kept: `email`, `phone` and `post` stand for the address on the record,
/// `face_to_face` for a visit; anything else is an e-mail address or a telephone number of its own.
///
/// ```
/// use reeve::domain::person::reach::written_way;
/// assert_eq!(written_way(" Ada@Safe.Example "), Some("ada@safe.example".to_owned()));
/// assert_eq!(written_way("07700 900123"), Some("07700 900123".to_owned()));
/// assert_eq!(written_way("post"), Some("post".to_owned()));
/// assert_eq!(written_way("by pigeon"), None);
/// ```
#[must_use]
pub fn written_way(text: &str) -> Option<String> {
    let text = text.trim();
    if matches!(text, EMAIL | PHONE | POST | FACE_TO_FACE) {
        return Some(text.to_owned());
    }
    email_address(text).or_else(|| phone_number(text).map(|_| text.to_owned()))
}

/// By which way a notice goes.
#[must_use]
pub fn route(reach: &Reach, sending: Sending<'_>) -> Route {
    let only_safe = match reach {
        Reach::Never => return Route::Withheld(Withheld::Deceased),
        Reach::Only(_) if sending.is_automatic => return Route::Withheld(Withheld::SafeContact),
        Reach::Only(_) => true,
        Reach::Anyhow if sending.is_automatic && sending.is_guarded => return Route::Nowhere,
        Reach::Anyhow => false,
    };
    let may_post = reach.admits_letter(sending.address);
    match sending.email {
        Some(email) if !sending.prefers_post => Route::Mail(email.to_owned()),
        _ if may_post || (sending.prefers_post && !only_safe) => Route::Letter,
        // Post was preferred and is not safe.
        Some(email) => Route::Mail(email.to_owned()),
        None if only_safe => Route::Withheld(Withheld::SafeContact),
        None => Route::Nowhere,
    }
}

impl Reach {
    /// What all records of one person come to.
    #[must_use]
    pub fn of<'p>(records: impl IntoIterator<Item = Known<'p>>) -> Self {
        let mut left: Option<BTreeSet<Way>> = None;
        let mut is_deceased = false;
        for record in records {
            is_deceased |= record.is_deceased;
            let Some(safe) = record.safe else { continue };
            let own: BTreeSet<Way> = safe.iter().filter_map(|way| record.way(way)).collect();
            left = Some(match left {
                Some(before) => before.intersection(&own).cloned().collect(),
                None => own,
            });
        }
        match left {
            _ if is_deceased => Self::Never,
            Some(ways) => Self::Only(ways),
            None => Self::Anyhow,
        }
    }

    /// The addresses that mail may go to; `own` is the one on the record.
    #[must_use]
    pub fn emails(&self, own: Option<&str>) -> Vec<String> {
        match self {
            Self::Anyhow => own.map(str::to_owned).into_iter().collect(),
            Self::Only(ways) => ways
                .iter()
                .filter_map(|way| match way {
                    Way::Email(email) => Some(email.clone()),
                    _ => None,
                })
                .collect(),
            Self::Never => Vec::new(),
        }
    }

    /// The numbers that a text may go to; `own` is the one on the record.
    #[must_use]
    pub fn phones(&self, own: Option<&str>) -> Vec<String> {
        match self {
            Self::Anyhow => own.and_then(phone_number).into_iter().collect(),
            Self::Only(ways) => ways
                .iter()
                .filter_map(|way| match way {
                    Way::Phone(number) => Some(number.clone()),
                    _ => None,
                })
                .collect(),
            Self::Never => Vec::new(),
        }
    }

    /// The ways that are left, for staff to read; none where there is no limit.
    #[must_use]
    pub fn in_words(&self) -> Option<String> {
        let Self::Only(ways) = self else { return None };
        let words: Vec<String> = ways.iter().map(Way::in_words).collect();
        Some(if words.is_empty() {
            "no way is known to be safe".to_owned()
        } else {
            words.join(", ")
        })
    }

    /// Whether a letter to this address may be written.
    #[must_use]
    pub fn admits_letter(&self, address: Option<&Address>) -> bool {
        let Some(place) = address.and_then(place_of) else {
            return false;
        };
        match self {
            Self::Anyhow => true,
            Self::Only(ways) => ways.contains(&Way::Post(place)),
            Self::Never => false,
        }
    }

    /// Whether a text may go to this number.
    ///
    /// # Errors
    /// Why not.
    pub fn admits_text(&self, to: &str, is_automatic: bool) -> Result<(), Withheld> {
        match self {
            Self::Anyhow => Ok(()),
            Self::Only(ways) if !is_automatic && ways.contains(&Way::Phone(to.to_owned())) => {
                Ok(())
            }
            Self::Only(_) => Err(Withheld::SafeContact),
            Self::Never => Err(Withheld::Deceased),
        }
    }

    /// Whether what was written before may still leave by mail to this address.
    ///
    /// # Errors
    /// Why not.
    pub fn still_admits_mail(&self, to: &str, is_automatic: bool) -> Result<(), Withheld> {
        match self {
            Self::Anyhow => Ok(()),
            Self::Only(ways) if !is_automatic && ways.contains(&Way::Email(to.to_owned())) => {
                Ok(())
            }
            Self::Only(_) => Err(Withheld::SafeContact),
            Self::Never => Err(Withheld::Deceased),
        }
    }
}

impl Way {
    fn in_words(&self) -> String {
        match self {
            Self::Email(to) | Self::Phone(to) => to.clone(),
            Self::Post(_) => "a letter to the address on their record".to_owned(),
            Self::FaceToFace => "face to face".to_owned(),
        }
    }
}

impl Known<'_> {
    fn way(&self, written: &str) -> Option<Way> {
        match written {
            EMAIL => self.email.map(|email| Way::Email(email.to_owned())),
            PHONE => self.phone.and_then(phone_number).map(Way::Phone),
            POST => self.address.and_then(place_of).map(Way::Post),
            FACE_TO_FACE => Some(Way::FaceToFace),
            other => email_address(other)
                .map(Way::Email)
                .or_else(|| phone_number(other).map(Way::Phone)),
        }
    }
}

impl Withheld {
    /// Why, for staff to read.
    #[must_use]
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::Deceased => "The person has died.",
            Self::SafeContact => "Only some ways of reaching the person are safe.",
        }
    }
}

const EMAIL: &str = "email";
const PHONE: &str = "phone";
const POST: &str = "post";
const FACE_TO_FACE: &str = "face_to_face";

/// A postal address in the form it is compared in; none where there is no line to write to.
fn place_of(address: &Address) -> Option<String> {
    let plain = |text: &str| -> String {
        let kept = text.chars().filter(|c| c.is_alphanumeric());
        kept.flat_map(char::to_lowercase).collect()
    };
    let lines: Vec<String> = address
        .lines
        .iter()
        .map(|line| plain(line))
        .filter(|line| !line.is_empty())
        .collect();
    if lines.is_empty() {
        return None;
    }
    let postcode = address.postcode.as_deref().map(plain).unwrap_or_default();
    Some(format!("{}|{postcode}", lines.join("|")))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn home() -> Address {
        Address {
            lines: vec!["14 Larkfield Rise".to_owned()],
            postcode: Some("ZZ1 4LR".to_owned()),
            uprn: None,
        }
    }

    fn written(ways: &[&str]) -> Vec<String> {
        ways.iter().map(|way| (*way).to_owned()).collect()
    }

    fn ada<'p>(address: &'p Address, safe: Option<&'p [String]>) -> Known<'p> {
        Known {
            email: Some("ada@mail.example"),
            phone: Some("07700 900123"),
            address: Some(address),
            safe,
            is_deceased: false,
        }
    }

    fn by_officer<'p>(email: Option<&'p str>, address: &'p Address) -> Sending<'p> {
        Sending {
            is_automatic: false,
            is_guarded: false,
            email,
            address: Some(address),
            prefers_post: false,
        }
    }

    #[test]
    fn an_officers_words_go_by_a_safe_way_or_not_at_all() {
        let home = home();
        let check = |ways: &[&str], prefers_post: bool, expect: Route| {
            let ways = written(ways);
            let reach = Reach::of([ada(&home, Some(&ways))]);
            let emails = reach.emails(Some("ada@mail.example"));
            let sending = Sending {
                prefers_post,
                ..by_officer(emails.first().map(String::as_str), &home)
            };
            assert_eq!(route(&reach, sending), expect, "{ways:?}");
        };
        let mail = |to: &str| Route::Mail(to.to_owned());
        let none = Route::Withheld(Withheld::SafeContact);
        check(&["07700 900123"], false, none.clone());
        check(&[], false, none.clone());
        check(&["07700 900123"], true, none.clone());
        check(&["email"], false, mail("ada@mail.example"));
        check(&["ada@safe.example"], false, mail("ada@safe.example"));
        check(&["ada@safe.example"], true, mail("ada@safe.example"));
        check(&["post"], false, Route::Letter);
        check(&["ada@safe.example", "post"], true, Route::Letter);
    }

    #[test]
    fn nothing_automatic_goes_where_only_some_ways_are_safe() {
        let home = home();
        let ways = written(&["email", "post"]);
        let reach = Reach::of([ada(&home, Some(&ways))]);
        let sending = Sending {
            is_automatic: true,
            ..by_officer(Some("ada@mail.example"), &home)
        };
        assert_eq!(
            route(&reach, sending),
            Route::Withheld(Withheld::SafeContact)
        );
    }

    #[test]
    fn what_is_safe_for_one_record_is_not_safe_for_another_at_another_address() {
        let (home, old_home) = (
            home(),
            Address {
                lines: vec!["3 Wharf Street".to_owned()],
                ..home()
            },
        );
        let ways = written(&["post", "email"]);
        let old = Known {
            email: Some("ada.old@mail.example"),
            address: Some(&old_home),
            ..Known::default()
        };
        let reach = Reach::of([ada(&home, Some(&ways)), old]);
        let emails = reach.emails(Some("ada.old@mail.example"));
        assert_eq!(emails, ["ada@mail.example"]);
        assert!(reach.admits_letter(Some(&home)) && !reach.admits_letter(Some(&old_home)));
        let other = written(&["ada.old@mail.example"]);
        let both = Reach::of([
            ada(&home, Some(&ways)),
            Known {
                safe: Some(&other),
                ..old
            },
        ]);
        assert_eq!(both, Reach::Only(BTreeSet::new()));
    }

    #[test]
    fn a_death_noted_on_one_record_stops_what_goes_to_the_other() {
        let home = home();
        let late = Known {
            is_deceased: true,
            ..Known::default()
        };
        let reach = Reach::of([ada(&home, None), late]);
        assert_eq!(
            route(&reach, by_officer(Some("ada@mail.example"), &home)),
            Route::Withheld(Withheld::Deceased)
        );
        assert_eq!(
            reach.still_admits_mail("ada@mail.example", false),
            Err(Withheld::Deceased)
        );
    }

    proptest! {
        /// Whatever else is known, a mail only ever leaves to an address on every list of safe ways.
        #[test]
        fn no_mail_leaves_to_an_address_that_is_not_listed(
            one in prop::collection::vec(prop::sample::select(WAYS), 0..5),
            other in prop::option::of(prop::collection::vec(prop::sample::select(WAYS), 0..5)),
            is_automatic: bool, prefers_post: bool, is_deceased: bool,
        ) {
            let home = home();
            let (one, other) = (written(&one), other.map(|other| written(&other)));
            let first = ada(&home, Some(&one));
            let second = Known { is_deceased, ..ada(&home, other.as_deref()) };
            let reach = Reach::of([first, second]);
            let emails = reach.emails(Some("ada@mail.example"));
            let sending = Sending {
                is_automatic,
                prefers_post,
                ..by_officer(emails.first().map(String::as_str), &home)
            };
            let is_listed = |list: &[String], to: &str| {
                list.iter().any(|way| way == to || (way == EMAIL && to == "ada@mail.example"))
            };
            match route(&reach, sending) {
                Route::Mail(to) => {
                    prop_assert!(!is_automatic && !is_deceased);
                    prop_assert!(is_listed(&one, &to));
                    prop_assert!(other.as_ref().is_none_or(|list| is_listed(list, &to)));
                    prop_assert_eq!(reach.still_admits_mail(&to, is_automatic), Ok(()));
                }
                Route::Letter => {
                    prop_assert!(!is_automatic && !is_deceased);
                    prop_assert!(one.iter().any(|way| way == POST));
                }
                Route::Withheld(_) => {}
                Route::Nowhere => prop_assert!(false, "a limit is always said aloud"),
            }
        }
    }

    const WAYS: &[&str] = &[
        "email",
        "phone",
        "post",
        "face_to_face",
        "ada@safe.example",
        "ada@mail.example",
        "07700 900123",
    ];
}
