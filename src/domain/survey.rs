//! Whom we ask how it went, once a case is closed: drawn by chance, never picked by an officer, and
//! nobody for whom the question would be wrong.

use jiff::SignedDuration;

use super::case::{Case, Outcome, Procedure, Secrecy};
use super::ids::CaseId;
use super::person::PersonKind;

/// How often people are asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sampling {
    /// So many of a hundred closed cases.
    pub percent: u8,
    /// So long after a case was closed at the earliest.
    pub delay: SignedDuration,
    /// Nobody is asked twice within this time.
    pub rest: SignedDuration,
    /// Services (`adult-social-care`) and categories (`community-safety/hate-crime`) nobody is asked about.
    pub never_about: Vec<String>,
}

/// What the catalogue says of the matter a case is about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Matter {
    /// A death is behind it.
    pub is_bereavement: bool,
    pub is_restricted: bool,
    /// The council asks nobody about it ([`Sampling::leaves_out`]).
    pub is_left_out: bool,
    /// Nothing automatic is sent to anybody about it.
    pub is_guarded: bool,
}

/// Why nobody is asked about a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unasked {
    /// Work on it goes on.
    Open,
    Danger,
    Safeguarding,
    Bereavement,
    /// Only named people may know of it.
    Restricted,
    /// The council has said that nobody is asked about such matters.
    LeftOut,
    /// Nothing automatic is sent about it.
    Guarded,
    /// It was withdrawn, joined to another or told twice: there was nothing for them to judge.
    Ended,
    /// A member, a partner, one of us, or nobody we know.
    Requester,
}

impl Sampling {
    /// Nobody is asked.
    pub const OFF: Self = Self {
        percent: 0,
        delay: SignedDuration::ZERO,
        rest: SignedDuration::ZERO,
        never_about: Vec::new(),
    };

    /// Whether nobody is asked about a matter.
    #[must_use]
    pub fn leaves_out(&self, service: &str, category: &str) -> bool {
        self.never_about.iter().any(|named| {
            named == service
                || named
                    .split_once('/')
                    .is_some_and(|of| of == (service, category))
        })
    }
}

/// Whether chance draws a case. The same for ever: a retry and another replica draw alike.
#[must_use]
pub fn is_drawn(case: CaseId, percent: u8) -> bool {
    let (high, low) = case.0.as_u64_pair();
    mixed(high ^ mixed(low)) % 100 < u64::from(percent)
}

/// Why nobody is asked how it went while a case like this one stands beside theirs: the question would
/// hurt, whatever it was about.
#[must_use]
pub fn forbids_beside(case: &Case, matter: Matter) -> Option<Unasked> {
    let is_of_social_care = matches!(
        case.procedure,
        Procedure::Safeguarding | Procedure::ChildrensComplaint | Procedure::AdultsComplaint
    );
    if case.secrecy == Secrecy::Restricted || matter.is_restricted {
        Some(Unasked::Restricted)
    } else if case.is_in_danger() {
        Some(Unasked::Danger)
    } else if is_of_social_care {
        Some(Unasked::Safeguarding)
    } else if matter.is_bereavement {
        Some(Unasked::Bereavement)
    } else if matter.is_guarded {
        Some(Unasked::Guarded)
    } else {
        None
    }
}

/// Why its person is not asked about a case, if they are not.
#[must_use]
pub fn why_not(case: &Case, matter: Matter) -> Option<Unasked> {
    let ended_without_us = matches!(
        case.outcome,
        Some(Outcome::Withdrawn | Outcome::Merged | Outcome::Duplicate)
    );
    let is_of_the_public = matches!(
        case.requester_kind,
        PersonKind::Resident
            | PersonKind::Business
            | PersonKind::Visitor
            | PersonKind::ParishCouncil
            | PersonKind::CommunityGroup
    );
    if !case.is_closed() {
        Some(Unasked::Open)
    } else if let Some(why) = forbids_beside(case, matter) {
        Some(why)
    } else if matter.is_left_out {
        Some(Unasked::LeftOut)
    } else if ended_without_us {
        Some(Unasked::Ended)
    } else if !is_of_the_public || case.procedure == Procedure::MemberEnquiry {
        Some(Unasked::Requester)
    } else {
        None
    }
}

/// Spreads what differs in a few bits over all of them (the finalizer of SplitMix64).
const fn mixed(mut bits: u64) -> u64 {
    bits ^= bits >> 30;
    bits = bits.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits ^= bits >> 27;
    bits = bits.wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn chance_draws_as_many_as_it_should_and_always_the_same() {
        // Ids of one busy second differ by little.
        let id = |n: u128| CaseId(Uuid::from_u128((0x019a_9f5e_7c00_7000 << 64) + n));
        for percent in [0_u8, 10, 25, 60, 100] {
            let n_drawn = (0..10_000).filter(|n| is_drawn(id(*n), percent)).count();
            let expect = usize::from(percent) * 100;
            assert!(
                n_drawn.abs_diff(expect) <= 200,
                "{n_drawn} drawn at {percent} of a hundred"
            );
            let again = (0..10_000).filter(|n| is_drawn(id(*n), percent)).count();
            assert_eq!(n_drawn, again);
        }
        assert_eq!((0..10_000).filter(|n| is_drawn(id(*n), 0)).count(), 0);
        assert_eq!(
            (0..10_000).filter(|n| is_drawn(id(*n), 100)).count(),
            10_000
        );
    }

    #[test]
    fn a_service_or_one_of_its_matters_is_left_out() {
        let sampling = Sampling {
            never_about: vec![
                "adult-social-care".to_owned(),
                "community-safety/hate-crime".to_owned(),
            ],
            ..Sampling::OFF
        };
        assert!(sampling.leaves_out("adult-social-care", "meals"));
        assert!(sampling.leaves_out("community-safety", "hate-crime"));
        assert!(!sampling.leaves_out("community-safety", "cctv"));
        assert!(!sampling.leaves_out("adult", "social-care"));
    }

    #[test]
    fn whoever_is_asked_at_ten_of_a_hundred_is_asked_at_twenty_too() {
        for n in 0..1_000 {
            let id = CaseId(Uuid::from_u128(n * 7919));
            assert!(!is_drawn(id, 10) || is_drawn(id, 20), "{n}");
        }
    }
}
