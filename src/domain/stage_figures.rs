//! Complaints and requests for information in figures, stage by stage: counted from what was recorded
//! when it happened, and from nothing else.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::decision::{Decision, Lesson, NotAcceptedBecause, Remedy};
use super::measure::{Promise, Spread};

/// One stage of one case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageFacts {
    /// 0 is what the Ombudsman found.
    pub stage: u8,
    pub standard: String,
    pub service: String,
    pub acknowledgement: Promise,
    pub answer: Promise,
    /// When its case was closed; none while it is open.
    pub closed_at: Option<Timestamp>,
    pub is_extended: bool,
    /// It came to a later stage.
    pub went_on: bool,
    pub decision: Option<Decision>,
    pub because: Option<NotAcceptedBecause>,
    pub exemptions: Vec<String>,
    pub remedies: Vec<Remedy>,
    pub lessons: Vec<Lesson>,
    /// Working days to the answer, where it was given.
    pub days: Spread,
}

/// Sums over stages.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StageSums {
    pub n_received: u64,
    pub n_acknowledge_of: u64,
    pub n_acknowledged: u64,
    pub n_answer_of: u64,
    pub n_answered: u64,
    pub n_extended: u64,
    pub n_went_on: u64,
    /// Answered, and nobody recorded what was decided.
    pub n_undecided: u64,
    pub decisions: BTreeMap<Decision, u64>,
    pub because: BTreeMap<NotAcceptedBecause, u64>,
    pub exemptions: BTreeMap<String, u64>,
    pub remedies: BTreeMap<Remedy, u64>,
    pub days: Spread,
}

impl StageSums {
    /// The sums of these stages, as far as is known now.
    pub fn of<'f>(all: impl IntoIterator<Item = &'f StageFacts>, now: Timestamp) -> Self {
        let mut sums = Self::default();
        for facts in all {
            sums.count(facts, now);
        }
        sums
    }

    /// Adds other sums to these.
    pub fn add(&mut self, other: Self) {
        self.n_received += other.n_received;
        self.n_acknowledge_of += other.n_acknowledge_of;
        self.n_acknowledged += other.n_acknowledged;
        self.n_answer_of += other.n_answer_of;
        self.n_answered += other.n_answered;
        self.n_extended += other.n_extended;
        self.n_went_on += other.n_went_on;
        self.n_undecided += other.n_undecided;
        merge(&mut self.decisions, other.decisions);
        merge(&mut self.because, other.because);
        merge(&mut self.exemptions, other.exemptions);
        merge(&mut self.remedies, other.remedies);
        self.days.add(other.days);
    }

    /// How many were decided so.
    #[must_use]
    pub fn n_decided(&self, decision: Decision) -> u64 {
        self.decisions.get(&decision).copied().unwrap_or_default()
    }

    fn count(&mut self, facts: &StageFacts, now: Timestamp) {
        // A promise that ended with the case before its date was neither kept nor broken.
        let until = facts.closed_at.unwrap_or(now);
        self.n_received += 1;
        let acknowledged = facts.acknowledgement.is_kept(until);
        self.n_acknowledge_of += u64::from(acknowledged.is_some());
        self.n_acknowledged += u64::from(acknowledged == Some(true));
        let answered = facts.answer.is_kept(until);
        self.n_answer_of += u64::from(answered.is_some());
        self.n_answered += u64::from(answered == Some(true));
        self.n_extended += u64::from(facts.is_extended);
        self.n_went_on += u64::from(facts.went_on);
        self.n_undecided += u64::from(facts.decision.is_none() && facts.answer.met_at.is_some());
        merge(
            &mut self.decisions,
            facts.decision.map(|decision| (decision, 1)),
        );
        merge(&mut self.because, facts.because.map(|because| (because, 1)));
        let once = |name: &String| (name.clone(), 1);
        merge(&mut self.exemptions, facts.exemptions.iter().map(once));
        let once = |remedy: &Remedy| (*remedy, 1);
        merge(&mut self.remedies, facts.remedies.iter().map(once));
        self.days.add(facts.days.clone());
    }
}

fn merge<K: Ord>(counts: &mut BTreeMap<K, u64>, others: impl IntoIterator<Item = (K, u64)>) {
    for (key, n) in others {
        *counts.entry(key).or_default() += n;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(day: i8) -> Timestamp {
        jiff::civil::date(2026, 11, day)
            .at(9, 0, 0, 0)
            .to_zoned(jiff::tz::TimeZone::UTC)
            .unwrap()
            .timestamp()
    }

    fn stage() -> StageFacts {
        StageFacts {
            stage: 1,
            standard: "complaint".to_owned(),
            service: "complaints".to_owned(),
            acknowledgement: Promise {
                promised_at: Some(at(9)),
                met_at: Some(at(4)),
            },
            answer: Promise {
                promised_at: Some(at(20)),
                met_at: None,
            },
            closed_at: None,
            is_extended: false,
            went_on: false,
            decision: None,
            because: None,
            exemptions: Vec::new(),
            remedies: Vec::new(),
            lessons: Vec::new(),
            days: Spread::default(),
        }
    }

    #[test]
    fn a_promise_is_counted_once_it_is_kept_or_its_date_has_passed() {
        let running = StageSums::of([&stage()], at(10));
        assert_eq!((running.n_acknowledged, running.n_acknowledge_of), (1, 1));
        assert_eq!((running.n_answered, running.n_answer_of), (0, 0));
        let broken = StageSums::of([&stage()], at(21));
        assert_eq!((broken.n_answered, broken.n_answer_of), (0, 1));
        let withdrawn = StageFacts {
            closed_at: Some(at(12)),
            ..stage()
        };
        assert_eq!(StageSums::of([&withdrawn], at(21)).n_answer_of, 0);
    }

    #[test]
    fn what_was_answered_and_not_recorded_is_said_to_be_so() {
        let mut answered = stage();
        answered.answer.met_at = Some(at(19));
        let silent = StageSums::of([&answered], at(21));
        assert_eq!((silent.n_answered, silent.n_undecided), (1, 1));
        answered.decision = Some(Decision::Upheld);
        answered.remedies = vec![Remedy::Apology, Remedy::PutRight];
        let mut told = StageSums::of([&answered], at(21));
        assert_eq!((told.n_undecided, told.n_decided(Decision::Upheld)), (0, 1));
        told.add(silent);
        assert_eq!((told.n_received, told.remedies[&Remedy::Apology]), (2, 1));
    }
}
