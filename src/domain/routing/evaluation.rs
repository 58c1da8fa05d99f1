//! How well a council's texts are read, by five-fold cross-validation over its messages.
//!
//! The folds are fixed: within each category the messages take turns. Everything that is learnt from
//! messages (the words that rank, the model, how sure it may be, from where on it takes a text for
//! danger) is learnt anew for each fold from the other four. What is written for a catalogue by hand
//! is not learnt anew: whoever wrote vocabulary or cues with some folds at hand has flattered those.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use crate::domain::case::Candidate;
use crate::domain::catalogue::Catalogue;
use crate::domain::contact::Channel;
use crate::domain::enquiry::Enquiry;
use crate::domain::triage::training::Effort;
use crate::domain::triage::{Example, words};

use super::{Placement, Router, train};

#[cfg(test)]
mod tests;

/// How many folds there are.
pub const FOLDS: usize = 5;

/// By what texts are read.
#[derive(Debug, Clone, Copy)]
pub enum By<'l> {
    /// Words alone, as before anything is trained.
    Words,
    /// A model too, trained on the other folds and on lessons written for the catalogue.
    Model {
        written: &'l [Example],
        effort: Effort,
    },
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evaluation {
    pub folds: Vec<Figures>,
    pub all: Figures,
}

/// The figures of some messages. Shares lie between 0 and 1.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Figures {
    pub messages: u32,
    /// The right service came first.
    pub service_at_1: f64,
    pub category_at_1: f64,
    /// The right category was among the first three.
    pub category_at_3: f64,
    /// Placed without a person looking; the rest goes to people, with suggestions.
    pub placed: f64,
    pub placed_right: f64,
    pub danger_recall: f64,
    pub danger_precision: f64,
    /// By how much confidence and share of right readings differ, on average, where text decided.
    pub calibration_error: f64,
    /// The same messages, by a plain count of the catalogue's keywords.
    pub by_keywords: ByKeywords,
    #[serde(skip)]
    counts: Counts,
}

/// What a plain count of keywords finds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct ByKeywords {
    pub service_at_1: f64,
    pub category_at_1: f64,
    pub category_at_3: f64,
}

#[derive(Debug, Clone, Default, PartialEq)]
struct Counts {
    all: u32,
    service_at_1: u32,
    category_at_1: u32,
    category_at_3: u32,
    placed: u32,
    placed_right: u32,
    danger: u32,
    danger_found: u32,
    alarms: u32,
    keyword_service_at_1: u32,
    keyword_category_at_1: u32,
    keyword_category_at_3: u32,
    /// For each tenth of confidence: how many, the sum of confidences, how many right.
    tenths: [(u32, f64, u32); 10],
}

/// The fold of each message.
#[must_use]
pub fn folds(examples: &[Example]) -> Vec<usize> {
    let mut turns: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    examples
        .iter()
        .map(|example| {
            let start = example.category.len() + example.service.len();
            let turn = turns
                .entry((&example.service, &example.category))
                .or_insert(start);
            *turn += 1;
            *turn % FOLDS
        })
        .collect()
}

/// Reads every message of the folds by what is learnt from the others.
///
/// # Errors
/// Every pattern of the rules that cannot be read.
pub fn evaluate(
    catalogue: &Catalogue,
    examples: &[Example],
    by: By<'_>,
    which: &[usize],
    mut look: impl FnMut(usize, &Example, &Placement),
) -> Result<Evaluation, Vec<String>> {
    let turns = folds(examples);
    let mut all = Counts::default();
    let mut figures = Vec::new();
    for fold in which {
        let mut counts = Counts::default();
        let known: Vec<Example> = examples
            .iter()
            .zip(&turns)
            .filter(|(_, turn)| *turn != fold)
            .map(|(example, _)| example.clone())
            .collect();
        let mut router = Router::new(catalogue, &catalogue.routing, &known)?;
        let model = match by {
            By::Words => None,
            By::Model { written, effort } => {
                Some(Arc::new(train(catalogue, &known, written, effort)))
            }
        };
        if let Some(model) = model {
            router = router
                .with_model(model)
                .map_err(|error| vec![error.to_string()])?;
        }
        for (example, _) in examples
            .iter()
            .zip(&turns)
            .filter(|(_, turn)| *turn == fold)
        {
            let mut enquiry = Enquiry::new(Channel::Email, Timestamp::UNIX_EPOCH);
            enquiry.subject.clone_from(&example.subject);
            enquiry.body.clone_from(&example.body);
            let placement = router.route(&enquiry, catalogue);
            counts.take(example, &placement, &by_keywords(catalogue, example));
            look(*fold, example, &placement);
        }
        all.add(&counts);
        figures.push(Figures::of(counts));
    }
    Ok(Evaluation {
        folds: figures,
        all: Figures::of(all),
    })
}

/// The categories by how many of their keywords stand in a message, most first; equals in the order
/// of the catalogue.
fn by_keywords<'c>(catalogue: &'c Catalogue, example: &Example) -> Vec<(&'c str, &'c str)> {
    let text = words::plain(&example.text());
    let mut counted: Vec<(usize, &str, &str)> = catalogue
        .categories()
        .map(|(service, category)| {
            let keywords = category.keywords.iter();
            let n = keywords
                .filter(|keyword| text.contains(keyword.to_lowercase().as_str()))
                .count();
            (n, service.slug.as_str(), category.slug.as_str())
        })
        .filter(|(n, _, _)| *n > 0)
        .collect();
    counted.sort_by_key(|(n, _, _)| std::cmp::Reverse(*n));
    counted
        .into_iter()
        .take(3)
        .map(|(_, service, category)| (service, category))
        .collect()
}

impl Counts {
    fn take(&mut self, example: &Example, placement: &Placement, keywords: &[(&str, &str)]) {
        let is_right = |candidate: &Candidate| {
            candidate.service == example.service && candidate.category == example.category
        };
        let candidates = &placement.routed.candidates;
        let is_first = candidates.first().is_some_and(is_right);
        self.all += 1;
        self.service_at_1 += u32::from(placement.service == example.service);
        self.category_at_1 += u32::from(is_first);
        self.category_at_3 += u32::from(candidates.iter().take(3).any(is_right));
        if placement.is_placed {
            self.placed += 1;
            self.placed_right += u32::from(is_first);
        }
        self.danger += u32::from(example.is_danger);
        self.alarms += u32::from(placement.danger.is_some());
        self.danger_found += u32::from(example.is_danger && placement.danger.is_some());
        let place = (example.service.as_str(), example.category.as_str());
        let first = keywords.first();
        self.keyword_service_at_1 += u32::from(first.is_some_and(|(slug, _)| *slug == place.0));
        self.keyword_category_at_1 += u32::from(first == Some(&place));
        self.keyword_category_at_3 += u32::from(keywords.contains(&place));
        if placement.routed.rule.starts_with("text:") {
            let confidence = placement.routed.confidence;
            let mut bounds = (1..10_u32).map(|tenth| f64::from(tenth) / 10.0);
            let at = bounds.position(|bound| confidence < bound).unwrap_or(9);
            if let Some((n, sum, right)) = self.tenths.get_mut(at) {
                *n += 1;
                *sum += confidence;
                *right += u32::from(is_first);
            }
        }
    }

    fn add(&mut self, other: &Self) {
        for (mine, theirs) in [
            (&mut self.all, other.all),
            (&mut self.service_at_1, other.service_at_1),
            (&mut self.category_at_1, other.category_at_1),
            (&mut self.category_at_3, other.category_at_3),
            (&mut self.placed, other.placed),
            (&mut self.placed_right, other.placed_right),
            (&mut self.danger, other.danger),
            (&mut self.danger_found, other.danger_found),
            (&mut self.alarms, other.alarms),
            (&mut self.keyword_service_at_1, other.keyword_service_at_1),
            (&mut self.keyword_category_at_1, other.keyword_category_at_1),
            (&mut self.keyword_category_at_3, other.keyword_category_at_3),
        ] {
            *mine += theirs;
        }
        for (mine, theirs) in self.tenths.iter_mut().zip(&other.tenths) {
            mine.0 += theirs.0;
            mine.1 += theirs.1;
            mine.2 += theirs.2;
        }
    }
}

impl Figures {
    fn of(counts: Counts) -> Self {
        let share = |part: u32, whole: u32| {
            let share = f64::from(part) / f64::from(whole.max(1));
            (share * 1_000.0).round() / 1_000.0
        };
        let all = counts.all;
        let read: u32 = counts.tenths.iter().map(|(n, _, _)| n).sum();
        let off: f64 = counts
            .tenths
            .iter()
            .map(|(_, sum, right)| (sum - f64::from(*right)).abs())
            .sum();
        Self {
            messages: all,
            service_at_1: share(counts.service_at_1, all),
            category_at_1: share(counts.category_at_1, all),
            category_at_3: share(counts.category_at_3, all),
            placed: share(counts.placed, all),
            placed_right: share(counts.placed_right, counts.placed),
            danger_recall: share(counts.danger_found, counts.danger),
            danger_precision: share(counts.danger_found, counts.alarms),
            calibration_error: (off / f64::from(read.max(1)) * 1_000.0).round() / 1_000.0,
            by_keywords: ByKeywords {
                service_at_1: share(counts.keyword_service_at_1, all),
                category_at_1: share(counts.keyword_category_at_1, all),
                category_at_3: share(counts.keyword_category_at_3, all),
            },
            counts,
        }
    }

    /// The columns of [`Figures::row`].
    pub const HEADING: &'static str = "messages  service@1  category@1  category@3  placed  right  danger found  \
         alarms right  calibration  keywords: service@1  category@1  category@3";

    /// One line of a table.
    #[must_use]
    pub fn row(&self) -> String {
        format!(
            "{:8}  {:9.3}  {:10.3}  {:10.3}  {:6.3}  {:5.3}  {:12.3}  {:12.3}  {:11.3}  {:19.3}  {:10.3}  {:10.3}",
            self.messages,
            self.service_at_1,
            self.category_at_1,
            self.category_at_3,
            self.placed,
            self.placed_right,
            self.danger_recall,
            self.danger_precision,
            self.calibration_error,
            self.by_keywords.service_at_1,
            self.by_keywords.category_at_1,
            self.by_keywords.category_at_3,
        )
    }
}
