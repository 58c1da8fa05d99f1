//! A place for a contact: which service and category, by which rule, and why.

use crate::domain::case::{Candidate, Priority, Procedure};
use crate::domain::catalogue::{Catalogue, Category, Service};
use crate::domain::enquiry::Enquiry;
use crate::domain::triage::{Ranked, Reading};

use super::compiled::Router;

/// Words alone are surer than they are right: without a model nobody is spared a look below this.
const WORDS_ALONE_PLACE_AT: f64 = 0.9;

/// How many words of a text must say something.
const ENOUGH_WORDS: usize = 2;

/// A service and category, and what speaks for them.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Choice {
    pub(super) service: String,
    pub(super) category: String,
    /// As recorded on the case: `category:missed-bin`.
    pub(super) rule: String,
    pub(super) reason: String,
    pub(super) confidence: f64,
    /// Whether it can stand without a person looking.
    pub(super) is_sure: bool,
}

impl Choice {
    /// A choice by a rule, which is as sure as the rule.
    pub(super) fn by_rule(service: &str, category: &str, rule: String, reason: String) -> Self {
        Self {
            service: service.to_owned(),
            category: category.to_owned(),
            rule,
            reason,
            confidence: 0.95,
            is_sure: true,
        }
    }

    pub(super) fn of<'c>(&self, catalogue: &'c Catalogue) -> Option<(&'c Service, &'c Category)> {
        catalogue.category(&self.service, &self.category)
    }

    pub(super) fn is(&self, service: &str, category: &str) -> bool {
        self.service == service && self.category == category
    }
}

/// Whether a category's own procedure is that of a complaint.
pub(super) const fn is_complaint(procedure: Procedure) -> bool {
    matches!(
        procedure,
        Procedure::Complaint | Procedure::AdultsComplaint | Procedure::ChildrensComplaint
    )
}

impl Router {
    /// What somebody chose: a category, or the likeliest within a chosen service.
    pub(super) fn chosen(
        &self,
        enquiry: &Enquiry,
        catalogue: &Catalogue,
        reading: &Reading,
    ) -> Option<Choice> {
        let service = catalogue.service(enquiry.service.as_deref()?)?;
        if let Some(category) = enquiry
            .category
            .as_deref()
            .and_then(|slug| service.category(slug))
        {
            return Some(Choice {
                service: service.slug.clone(),
                category: category.slug.clone(),
                rule: format!("category:{}", category.slug),
                reason: format!("{} was chosen", category.name),
                confidence: 1.0,
                is_sure: true,
            });
        }
        let within: Vec<Ranked> = reading
            .ranked
            .iter()
            .filter(|ranked| {
                self.ranker
                    .place(ranked.subject)
                    .is_some_and(|(slug, _)| slug == service.slug)
            })
            .copied()
            .collect();
        let total: f64 = within.iter().map(|ranked| ranked.confidence).sum();
        let (category, confidence, words) = match within.first() {
            Some(best) => {
                let (_, category) = self.ranker.place(best.subject)?;
                let words = self.spoken_for(reading, best.subject);
                (
                    category.to_owned(),
                    best.confidence / total.max(f64::EPSILON),
                    words,
                )
            }
            None => (
                service.categories.first()?.slug.clone(),
                0.0,
                "no word tells its categories apart".to_owned(),
            ),
        };
        Some(Choice {
            service: service.slug.clone(),
            category,
            rule: format!("service:{}", service.slug),
            reason: format!("{} was chosen; within it {words}", service.name),
            confidence,
            // The team that gets it can settle the category; nobody else need look first.
            is_sure: true,
        })
    }

    /// The best reading of the text among the categories that `suits` accepts, and how sure it is
    /// among those.
    pub(super) fn read_as(
        &self,
        reading: &Reading,
        catalogue: &Catalogue,
        suits: impl Fn(&Service, &Category) -> bool,
    ) -> Option<Choice> {
        let mut suitable = reading.ranked.iter().filter(|ranked| {
            self.ranker
                .place(ranked.subject)
                .and_then(|(service, category)| catalogue.category(service, category))
                .is_some_and(|(service, category)| suits(service, category))
        });
        let best = suitable.next()?;
        let total = best.confidence + suitable.map(|ranked| ranked.confidence).sum::<f64>();
        let confidence = best.confidence / total.max(f64::EPSILON);
        let (service, category) = self.ranker.place(best.subject)?;
        Some(Choice {
            service: service.to_owned(),
            category: category.to_owned(),
            rule: format!("text:{category}"),
            reason: self.spoken_for(reading, best.subject),
            confidence,
            is_sure: confidence >= self.place_at() && self.has_said_enough(reading),
        })
    }

    /// A model makes much of the only word it knows: that alone neither places a text nor wakes anybody.
    pub(super) fn has_said_enough(&self, reading: &Reading) -> bool {
        !self.ranker.has_model() || reading.n_understood >= ENOUGH_WORDS
    }

    /// From which confidence a text is placed without a person looking.
    pub(super) fn place_at(&self) -> f64 {
        let place_at = self.rules.thresholds.place_at;
        if self.ranker.has_model() {
            place_at
        } else {
            place_at.max(WORDS_ALONE_PLACE_AT)
        }
    }

    /// "the words “missed bin” and “not emptied” speak for Missed bin collection".
    pub(super) fn spoken_for(&self, reading: &Reading, subject: usize) -> String {
        let words = self.ranker.words_for(reading, subject);
        match words.as_slice() {
            [] => "single letters and parts of words speak for it, no whole word".to_owned(),
            [one] => format!("the words “{one}” speak for it"),
            [first, second] => format!("the words “{first}” and “{second}” speak for it"),
            [first, second, third, ..] => {
                format!("the words “{first}”, “{second}” and “{third}” speak for it")
            }
        }
    }

    /// The placement first, then what else the text could mean; at least three in all.
    pub(super) fn candidates(&self, reading: &Reading, first: &Choice) -> Vec<Candidate> {
        let mut candidates = vec![Candidate {
            service: first.service.clone(),
            category: first.category.clone(),
            confidence: rounded(first.confidence),
            why: first.reason.clone(),
        }];
        let mut add = |service: &str, category: &str, confidence: f64, why: String| {
            let is_known = candidates
                .iter()
                .any(|known| known.service == service && known.category == category);
            if candidates.len() < 5 && !is_known {
                candidates.push(Candidate {
                    service: service.to_owned(),
                    category: category.to_owned(),
                    confidence: rounded(confidence),
                    why,
                });
            }
        };
        for ranked in reading.ranked.iter().take(5) {
            if let Some((service, category)) = self.ranker.place(ranked.subject) {
                add(
                    service,
                    category,
                    ranked.confidence.min(first.confidence),
                    self.spoken_for(reading, ranked.subject),
                );
            }
        }
        for (service, category) in &self.commonest {
            add(
                service,
                category,
                0.0,
                "nothing speaks for it but that many contacts are".to_owned(),
            );
        }
        candidates
    }
}

/// The higher of two.
pub(super) fn raised(priority: Priority, at_least: Priority) -> Priority {
    priority.max(at_least)
}

/// A confidence as people read it; the rest is noise.
pub(super) fn rounded(confidence: f64) -> f64 {
    (confidence * 1_000.0).round() / 1_000.0
}
