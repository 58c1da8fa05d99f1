//! Where a case stands, in the extended words of the updates extension, and what such a word means
//! when it comes from outside.

use crate::domain::case::{Outcome, Status, WaitingFor};
use crate::domain::contact::words;

words! {
    /// A status as FixMyStreet knows it.
    Extended {
        Open = "OPEN", Investigating = "INVESTIGATING", InProgress = "IN_PROGRESS",
        ActionScheduled = "ACTION_SCHEDULED", Duplicate = "DUPLICATE",
        NotCouncilsResponsibility = "NOT_COUNCILS_RESPONSIBILITY",
        NoFurtherAction = "NO_FURTHER_ACTION", InternalReferral = "INTERNAL_REFERRAL",
        ForTriage = "FOR_TRIAGE", Fixed = "FIXED", Closed = "CLOSED", Cancelled = "CANCELLED",
        Reopen = "REOPEN",
    }
}

/// Where a case stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    pub status: Status,
    pub waiting_for: Option<WaitingFor>,
    pub outcome: Option<Outcome>,
}

impl Extended {
    /// Reads a status from outside: whatever its case, with spaces or underscores.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let word = text.trim().to_uppercase().replace(' ', "_");
        match word.as_str() {
            "PLANNED" => Some(Self::ActionScheduled),
            "REOPENED" => Some(Self::Reopen),
            other => other.parse().ok(),
        }
    }

    /// Whether who says this holds the matter to be over. They ask for nothing then.
    #[must_use]
    pub const fn is_over(self) -> bool {
        matches!(
            self,
            Self::Duplicate
                | Self::NotCouncilsResponsibility
                | Self::NoFurtherAction
                | Self::InternalReferral
                | Self::Fixed
                | Self::Closed
                | Self::Cancelled
        )
    }
}

impl Standing {
    /// The extended word for it.
    #[must_use]
    pub fn extended(self) -> Extended {
        match (self.status, self.outcome) {
            (Status::New, _) => Extended::Open,
            (Status::Open, _) => Extended::Investigating,
            (Status::Waiting | Status::Responded, _) => Extended::InProgress,
            (Status::Closed, Some(Outcome::Resolved)) => Extended::Fixed,
            (Status::Closed, Some(Outcome::Duplicate | Outcome::Merged)) => Extended::Duplicate,
            (Status::Closed, Some(Outcome::NotOurs)) => Extended::NotCouncilsResponsibility,
            (Status::Closed, Some(Outcome::Referred)) => Extended::InternalReferral,
            (Status::Closed, Some(Outcome::Refused)) => Extended::NoFurtherAction,
            (Status::Closed, Some(Outcome::Withdrawn)) => Extended::Cancelled,
            (Status::Closed, Some(Outcome::Answered | Outcome::NoReply) | None) => Extended::Closed,
        }
    }

    /// Our own word for it, for answer templates on the other side: `waiting.contractor`,
    /// `closed.resolved`.
    #[must_use]
    pub fn code(self) -> String {
        match (self.status, self.waiting_for, self.outcome) {
            (Status::Waiting, Some(whom), _) => format!("{}.{whom}", self.status),
            (Status::Closed, _, Some(outcome)) => format!("{}.{outcome}", self.status),
            _ => self.status.to_string(),
        }
    }

    /// `open` or `closed`: all that plain GeoReport knows.
    #[must_use]
    pub fn plain(self) -> &'static str {
        if self.status == Status::Closed {
            "closed"
        } else {
            "open"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn closed(outcome: Outcome) -> Standing {
        Standing {
            status: Status::Closed,
            waiting_for: None,
            outcome: Some(outcome),
        }
    }

    #[test]
    fn every_way_to_close_has_its_own_word_outside() {
        let words: Vec<&str> = Outcome::ALL
            .iter()
            .map(|outcome| closed(*outcome).extended().as_str())
            .collect();
        assert_eq!(
            words,
            [
                "CLOSED",
                "FIXED",
                "INTERNAL_REFERRAL",
                "NOT_COUNCILS_RESPONSIBILITY",
                "DUPLICATE",
                "DUPLICATE",
                "CANCELLED",
                "CLOSED",
                "NO_FURTHER_ACTION",
            ]
        );
    }

    #[test]
    fn a_case_that_is_answered_but_may_come_back_is_in_progress() {
        for (status, word) in [
            (Status::New, "OPEN"),
            (Status::Open, "INVESTIGATING"),
            (Status::Waiting, "IN_PROGRESS"),
            (Status::Responded, "IN_PROGRESS"),
        ] {
            let standing = Standing {
                status,
                waiting_for: None,
                outcome: Some(Outcome::Answered),
            };
            assert_eq!(standing.extended().as_str(), word);
            assert_eq!(standing.plain(), "open");
        }
        assert_eq!(closed(Outcome::Resolved).plain(), "closed");
        assert_eq!(closed(Outcome::Resolved).code(), "closed.resolved");
    }

    #[test]
    fn a_word_from_outside_is_read_however_it_is_written() {
        assert_eq!(Extended::read("in progress"), Some(Extended::InProgress));
        assert_eq!(Extended::read(" Fixed "), Some(Extended::Fixed));
        assert_eq!(Extended::read("planned"), Some(Extended::ActionScheduled));
        assert_eq!(Extended::read("confirmed"), None);
        assert_eq!(Extended::read(""), None);
    }

    #[test]
    fn only_who_holds_it_to_be_over_asks_for_nothing() {
        let over: Vec<&str> = Extended::ALL
            .iter()
            .filter(|word| word.is_over())
            .map(|word| word.as_str())
            .collect();
        assert_eq!(
            over,
            [
                "DUPLICATE",
                "NOT_COUNCILS_RESPONSIBILITY",
                "NO_FURTHER_ACTION",
                "INTERNAL_REFERRAL",
                "FIXED",
                "CLOSED",
                "CANCELLED",
            ]
        );
    }
}
