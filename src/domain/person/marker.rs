//! Markers: what those who deal with somebody must know, why, who answers for it, until when.
//!
//! A marker is read as an instruction ("Visit in pairs until 1 March"), never as a label. One whose
//! day has passed is still shown, as overdue: dropping "visit in pairs" at midnight because nobody
//! looked at it would put an officer in danger. It is in its owner's list until they renew or end it.

use jiff::civil::Date;

use crate::domain::access::Role;
use crate::domain::contact::words;
use crate::domain::ids::{MarkerId, PersonId, UserId};
use crate::domain::wording::{self, Language};

words! {
    /// What a marker is for.
    MarkerKind {
        /// The safety of those who visit or meet them.
        StaffSafety = "staff_safety",
        /// Harm may come to them more easily than to others.
        Vulnerable = "vulnerable",
        /// How we must do things differently for them.
        AdjustmentNeeded = "adjustment_needed",
        /// One officer deals with them in everything.
        SinglePointOfContact = "single_point_of_contact",
    }
}

/// One marker that is in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marker {
    pub id: MarkerId,
    pub person: PersonId,
    pub kind: MarkerKind,
    /// Why it is kept.
    pub purpose: String,
    /// What to do.
    pub instruction: String,
    /// Who answers for it.
    pub owner: UserId,
    /// The last day it holds without another look.
    pub review_on: Date,
}

/// Why a review day is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReviewFault {
    #[error("A marker is reviewed on a day to come.")]
    NotToCome,
    #[error("A marker is reviewed within a year: {latest} at the latest.")]
    TooFar { latest: Date },
}

/// Nobody is marked for longer than this without another look.
const MOST_DAYS: i32 = 366;

impl MarkerKind {
    /// Whether somebody of this role may place, change or end it. What limits what a person may do
    /// with us is for officers.
    #[must_use]
    pub const fn may_be_set_by(self, role: Role) -> bool {
        match role {
            Role::Officer | Role::TeamLeader | Role::HeadOfService => true,
            Role::Agent => matches!(self, Self::Vulnerable | Self::AdjustmentNeeded),
            Role::Councillor | Role::Partner | Role::Auditor | Role::Admin => false,
        }
    }

    /// Whether it is shown on a case to somebody of this role who works that case. A partner sends
    /// people out at night and is told what keeps them safe, and nothing else.
    #[must_use]
    pub const fn is_shown_to(self, role: Role) -> bool {
        match role {
            Role::Agent | Role::Officer | Role::TeamLeader | Role::HeadOfService => true,
            Role::Partner => matches!(self, Self::StaffSafety),
            Role::Councillor | Role::Auditor | Role::Admin => false,
        }
    }
}

impl Marker {
    /// Whether its day has passed without another look.
    #[must_use]
    pub fn is_review_overdue(&self, today: Date) -> bool {
        self.review_on < today
    }

    /// What to do, and until when: "Visit in pairs until Monday 1 March 2027".
    #[must_use]
    pub fn in_words(&self, today: Date) -> String {
        let day = wording::day(self.review_on, Language::English);
        let what = self.instruction.trim().trim_end_matches('.');
        if self.is_review_overdue(today) {
            format!("{what} (its review has been overdue since {day})")
        } else {
            format!("{what} until {day}")
        }
    }
}

/// Whether a marker may be reviewed on that day.
///
/// # Errors
/// Why not.
pub fn check_review_on(review_on: Date, today: Date) -> Result<(), ReviewFault> {
    let latest = today.saturating_add(jiff::Span::new().days(MOST_DAYS));
    if review_on <= today {
        Err(ReviewFault::NotToCome)
    } else if review_on > latest {
        Err(ReviewFault::TooFar { latest })
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_marker_reads_as_what_to_do_and_until_when_and_is_not_dropped_when_its_day_passes() {
        let marker = Marker {
            id: Uuid::nil().into(),
            person: Uuid::nil().into(),
            kind: MarkerKind::StaffSafety,
            purpose: "A dog that bites.".to_owned(),
            instruction: "Visit in pairs.".to_owned(),
            owner: Uuid::nil().into(),
            review_on: date(2027, 3, 1),
        };
        let check = |today, expect: &str| assert_eq!(marker.in_words(today), expect, "{today}");
        check(
            date(2026, 11, 20),
            "Visit in pairs until Monday 1 March 2027",
        );
        check(date(2027, 3, 1), "Visit in pairs until Monday 1 March 2027");
        check(
            date(2027, 3, 2),
            "Visit in pairs (its review has been overdue since Monday 1 March 2027)",
        );
    }

    #[test]
    fn nobody_is_marked_for_more_than_a_year_or_until_a_day_that_has_passed() {
        let today = date(2026, 11, 20);
        let check = |on, expect| assert_eq!(check_review_on(on, today), expect, "{on}");
        check(today, Err(ReviewFault::NotToCome));
        check(date(2026, 11, 21), Ok(()));
        check(date(2027, 11, 21), Ok(()));
        let latest = date(2027, 11, 21);
        check(date(2027, 11, 22), Err(ReviewFault::TooFar { latest }));
    }

    #[test]
    fn who_sees_and_who_sets_each_marker() {
        let by = |rule: fn(MarkerKind, Role) -> bool, kind| -> Vec<&str> {
            Role::ALL
                .iter()
                .filter(|role| rule(kind, **role))
                .map(|role| role.as_str())
                .collect()
        };
        let staff = ["agent", "officer", "team_leader", "head_of_service"];
        for kind in MarkerKind::ALL {
            let seen = by(MarkerKind::is_shown_to, *kind);
            let mut expect = staff.to_vec();
            if *kind == MarkerKind::StaffSafety {
                expect.push("partner");
            }
            assert_eq!(seen, expect, "{kind}");
        }
        assert_eq!(
            by(MarkerKind::may_be_set_by, MarkerKind::StaffSafety),
            staff[1..]
        );
        assert_eq!(by(MarkerKind::may_be_set_by, MarkerKind::Vulnerable), staff);
    }
}
