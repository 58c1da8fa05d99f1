//! Whether two records may be one person: what is *sure* at intake, and what is only proposed.
//!
//! Sure is a proved address or number with a name that can be theirs, and nobody else for whom that
//! holds. Everything below that is put before a member of staff with its reasons; nothing here joins
//! two records.

use super::{Address, TITLES, are_compatible_names};
use crate::domain::contact::words;

words! {
    /// What speaks for two records being one person.
    Reason {
        SameEmail = "same_email",
        SamePhone = "same_phone",
        /// The same name at the same address.
        SameHome = "same_name_and_address",
        /// One of the names has a slip of the pen in it.
        NearlySameName = "nearly_the_same_name",
        /// The first name is the same and the family name another, as after a wedding.
        OtherFamilyName = "same_first_name",
        /// One of them gave no name.
        NameUnsaid = "name_not_given",
    }
}

/// What two records have in common, proved or not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Shared {
    pub email: bool,
    pub phone: bool,
    /// [`home_of`] of both is one.
    pub home: bool,
}

/// Why two records may be one person; empty when they need not be proposed.
#[must_use]
pub fn reasons(one: Option<&str>, other: Option<&str>, shared: Shared) -> Vec<Reason> {
    let mut reasons = Vec::new();
    let says_name = |name: Option<&str>| name.is_some_and(|name| !parts(name).is_empty());
    let names = match (one, other) {
        (Some(one), Some(other)) if says_name(Some(one)) && says_name(Some(other)) => {
            if are_compatible_names(Some(one), Some(other)) {
                None
            } else if is_nearly(one, other) {
                Some(Reason::NearlySameName)
            } else if has_same_first(one, other) {
                Some(Reason::OtherFamilyName)
            } else {
                // Two people at one address, or on one telephone, are two people.
                return reasons;
            }
        }
        _ => Some(Reason::NameUnsaid),
    };
    if shared.email {
        reasons.push(Reason::SameEmail);
    }
    if shared.phone {
        reasons.push(Reason::SamePhone);
    }
    if shared.home && names.is_none() && both_have_first(one, other) {
        reasons.push(Reason::SameHome);
    }
    if !reasons.is_empty() {
        reasons.extend(names);
    }
    reasons
}

/// Whether the one person whom an address or number stands for is certain. `people` are those for
/// whom it is proved and whose names can be theirs, each by what stands for them once merges are
/// counted.
#[must_use]
pub fn is_sure<P: PartialEq>(people: &[P]) -> bool {
    people
        .split_first()
        .is_some_and(|(first, rest)| rest.iter().all(|other| other == first))
}

/// A family at an address, in the form it is compared in.
#[must_use]
pub fn home_of(name: Option<&str>, address: Option<&Address>) -> Option<String> {
    let parts = parts(name?);
    let family = parts.last()?;
    let address = address?;
    let plain = |text: &str| -> String {
        let kept = text.chars().filter(|c| c.is_alphanumeric());
        kept.flat_map(char::to_lowercase).collect()
    };
    let house = match &address.uprn {
        Some(uprn) => format!("uprn {}", uprn.trim_start_matches('0')),
        None => {
            let line = plain(address.lines.first()?);
            let postcode = plain(address.postcode.as_deref()?);
            if line.is_empty() || postcode.is_empty() {
                return None;
            }
            format!("{postcode} {line}")
        }
    };
    Some(format!("{family}|{house}"))
}

impl Reason {
    /// The same for staff to read.
    #[must_use]
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::SameEmail => "the same e-mail address",
            Self::SamePhone => "the same telephone number",
            Self::SameHome => "the same name at the same address",
            Self::NearlySameName => "nearly the same name",
            Self::OtherFamilyName => "the same first name, another family name",
            Self::NameUnsaid => "one of them gave no name",
        }
    }
}

fn parts(name: &str) -> Vec<String> {
    name.to_lowercase()
        .split(|c: char| !c.is_alphanumeric() && c != '\'' && c != '-')
        .filter(|word| !word.is_empty() && !TITLES.contains(word))
        .map(str::to_owned)
        .collect()
}

fn both_have_first(one: Option<&str>, other: Option<&str>) -> bool {
    let has_first = |name: Option<&str>| name.is_some_and(|name| parts(name).len() > 1);
    has_first(one) && has_first(other)
}

fn has_same_first(one: &str, other: &str) -> bool {
    let (one, other) = (parts(one), parts(other));
    match (one.first(), other.first()) {
        (Some(a), Some(b)) => one.len() > 1 && other.len() > 1 && a == b && a.chars().count() > 1,
        _ => false,
    }
}

/// One slip in one word of two names that otherwise agree.
fn is_nearly(one: &str, other: &str) -> bool {
    let (one, other) = (parts(one), parts(other));
    if one.len() != other.len() || one.is_empty() {
        return false;
    }
    let differing: Vec<_> = one.iter().zip(&other).filter(|(a, b)| a != b).collect();
    match differing.as_slice() {
        [(a, b)] => a.chars().count().min(b.chars().count()) >= 4 && is_one_slip(a, b),
        _ => false,
    }
}

/// One letter more, fewer or another, or two that changed places.
fn is_one_slip(one: &str, other: &str) -> bool {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let n_same =
        |a: &mut dyn Iterator<Item = (&char, &char)>| a.take_while(|(a, b)| a == b).count();
    let head = n_same(&mut one.iter().zip(&other));
    let rest = |word: &[char]| word.len() - head;
    let (left, right) = (rest(&one), rest(&other));
    let tail = n_same(&mut one.iter().rev().zip(other.iter().rev()))
        .min(left)
        .min(right);
    let (left, right) = (left - tail, right - tail);
    let swapped = || {
        let middle =
            |word: &[char]| -> Vec<char> { word.iter().skip(head).take(2).copied().collect() };
        let reversed: Vec<char> = middle(&other).into_iter().rev().collect();
        left == 2 && right == 2 && middle(&one) == reversed
    };
    matches!((left, right), (0 | 1, 1) | (1, 0)) || swapped()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MAIL: Shared = Shared {
        email: true,
        phone: false,
        home: false,
    };

    fn check(one: &str, other: &str, shared: Shared, expect: &[Reason]) {
        assert_eq!(
            reasons(Some(one), Some(other), shared),
            expect,
            "{one} / {other}"
        );
    }

    #[test]
    fn a_slip_of_the_pen_and_a_wedding_are_proposed_and_a_husband_is_not() {
        let mail = Reason::SameEmail;
        check("Ada Example", "Mrs A Example", MAIL, &[mail]);
        check(
            "Ada Example",
            "Ada Exmaple",
            MAIL,
            &[mail, Reason::NearlySameName],
        );
        check(
            "Ada Example",
            "Ada Exampel",
            MAIL,
            &[mail, Reason::NearlySameName],
        );
        check(
            "Ada Example",
            "Ada Examples",
            MAIL,
            &[mail, Reason::NearlySameName],
        );
        check(
            "Ada Example",
            "Ada Other",
            MAIL,
            &[mail, Reason::OtherFamilyName],
        );
        check("Ada Example", "Tom Example", MAIL, &[]);
        check("Ada Example", "Ida Example", MAIL, &[]);
        assert_eq!(
            reasons(Some("Ada Example"), None, MAIL),
            [mail, Reason::NameUnsaid]
        );
    }

    #[test]
    fn nothing_in_common_is_no_reason_whatever_the_names() {
        check("Ada Example", "Ada Example", Shared::default(), &[]);
        assert_eq!(reasons(None, None, Shared::default()), []);
    }

    #[test]
    fn the_same_name_at_the_same_address_is_proposed_and_a_family_name_alone_is_not() {
        let home = Shared {
            home: true,
            ..Shared::default()
        };
        check("Ada Example", "A Example", home, &[Reason::SameHome]);
        check("Ada Example", "Mr Example", home, &[]);
        check("Ada Example", "Tom Example", home, &[]);
    }

    #[test]
    fn a_home_is_one_however_it_is_written() {
        let address = |line: &str, postcode: &str, uprn: Option<&str>| Address {
            lines: vec![line.to_owned()],
            postcode: Some(postcode.to_owned()),
            uprn: uprn.map(str::to_owned),
        };
        let of = |name: &str, address: &Address| home_of(Some(name), Some(address));
        let one = of(
            "Ada Example",
            &address("14 Larkfield Rise", "ZZ1 4LR", None),
        );
        assert!(one.is_some());
        assert_eq!(
            one,
            of(
                "Mrs A. EXAMPLE",
                &address("14, larkfield rise", "zz14lr", None)
            )
        );
        assert_ne!(
            one,
            of(
                "Ada Example",
                &address("16 Larkfield Rise", "ZZ1 4LR", None)
            )
        );
        assert_eq!(
            home_of(Some("Ada Example"), Some(&Address::default())),
            None
        );
    }

    #[test]
    fn an_address_that_stands_for_two_people_is_sure_of_neither() {
        assert!(is_sure(&["ada"]) && is_sure(&["ada", "ada"]));
        assert!(!is_sure(&["ada", "tom"]) && !is_sure::<&str>(&[]));
    }

    proptest! {
        #[test]
        fn a_proposal_looks_the_same_from_both_sides(
            one in "[A-Z][a-z]{0,6} [A-Z][a-z]{0,8}", other in "[A-Z][a-z]{0,6} [A-Z][a-z]{0,8}",
            email: bool, phone: bool, home: bool,
        ) {
            let shared = Shared { email, phone, home };
            prop_assert_eq!(
                reasons(Some(&one), Some(&other), shared),
                reasons(Some(&other), Some(&one), shared)
            );
        }

        #[test]
        fn one_slip_is_seen_wherever_it_stands(word in "[a-z]{4,12}", place in 0usize..12, letter in "[a-z]") {
            let place = place % word.len();
            let mut longer = word.clone();
            longer.insert_str(place, &letter);
            prop_assert!(is_one_slip(&word, &longer) && is_one_slip(&longer, &word));
            let mut other = word.clone();
            other.replace_range(place..=place, &letter);
            prop_assert!(other == word || is_one_slip(&word, &other));
        }
    }
}
