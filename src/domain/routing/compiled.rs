//! The rules with their patterns compiled, and the ranker built from catalogue and examples.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::domain::case::Priority;
use crate::domain::catalogue::{Catalogue, Category};
use crate::domain::triage::training::{self, Effort, Lesson, Origin};
use crate::domain::triage::{Example, Field, Model, ModelError, Ranker, Subject, Taught};

use super::pattern::Pattern;
use super::rules::{DangerCue, NotOursRule, ProcedureRule, RequesterRule, RoutingRules, Rule};

/// The catalogue's rules and examples, compiled once and then only read. Belongs to one version
/// of the catalogue.
#[derive(Debug)]
pub struct Router {
    pub(super) rules: RoutingRules,
    pub(super) ranker: Ranker,
    /// How likely a contact of each subject of the ranker is danger, from its priority and what is
    /// known of earlier ones.
    pub(super) danger_rates: Vec<f64>,
    /// The same from the priority alone.
    expected_danger: Vec<f64>,
    /// Categories by contacts a year, most first: what is suggested when nothing speaks.
    pub(super) commonest: Vec<(String, String)>,
    pub(super) danger: Vec<(DangerCue, Cue)>,
    pub(super) requester: Vec<(RequesterRule, Requester)>,
    pub(super) procedure: Vec<(ProcedureRule, Cue)>,
    pub(super) not_ours: Vec<(NotOursRule, Cue)>,
    /// Highest priority first.
    pub(super) council: Vec<(Rule, CouncilRule)>,
    pub(super) complaint: Complaint,
    pub(super) remarks: RemarkPatterns,
    pub(super) vulnerable: Pattern,
    pub(super) asks_language: Vec<Pattern>,
}

/// Any of `words` and, where given, any of `and`, but none of `unless`.
#[derive(Debug)]
pub(super) struct Cue {
    words: Pattern,
    and: Pattern,
    unless: Pattern,
}

#[derive(Debug)]
pub(super) struct Requester {
    pub(super) names: Pattern,
    pub(super) words: Cue,
}

#[derive(Debug)]
pub(super) struct CouncilRule {
    pub(super) words: Pattern,
    pub(super) place: Pattern,
    pub(super) unless: Pattern,
}

#[derive(Debug)]
pub(super) struct Complaint {
    pub(super) words: Cue,
    pub(super) subject: Pattern,
    pub(super) weak: Pattern,
    pub(super) homes: Vec<Pattern>,
}

#[derive(Debug)]
pub(super) struct RemarkPatterns {
    pub(super) thanks: Pattern,
    pub(super) chaser: Pattern,
    pub(super) avoidable: Pattern,
}

impl Cue {
    /// The words that say so.
    pub(super) fn find<'t>(&self, plain: &'t str) -> Option<&'t str> {
        let found = self.words.find(plain)?;
        let holds = (self.and.is_empty() || self.and.is_in(plain)) && !self.unless.is_in(plain);
        holds.then_some(found)
    }
}

impl Router {
    pub(super) fn compile(
        catalogue: &Catalogue,
        rules: &RoutingRules,
        examples: &[Example],
    ) -> Result<Self, Vec<String>> {
        let mut compile = Compile { faults: Vec::new() };
        let danger = compile.each(&rules.danger, |compile, cue| {
            compile.cue(&cue.words, &cue.and, &cue.unless)
        });
        let requester = compile.each(&rules.requester, |compile, rule| Requester {
            names: compile.list(&rule.names),
            words: compile.cue(&rule.words, &[], &rule.unless),
        });
        let procedure = compile.each(&rules.procedure, |compile, rule| {
            compile.cue(&rule.words, &rule.and, &rule.unless)
        });
        let not_ours = compile.each(&rules.not_ours, |compile, rule| {
            compile.cue(&rule.words, &[], &rule.unless)
        });
        let mut council = compile.each(&rules.rule, |compile, rule| CouncilRule {
            words: compile.list(&rule.when.words),
            place: compile.list(&rule.when.place),
            unless: compile.list(&rule.when.unless),
        });
        council.sort_by(|(a, _), (b, _)| {
            b.priority
                .cmp(&a.priority)
                .then_with(|| a.name.cmp(&b.name))
        });
        let complaint = Complaint {
            words: compile.cue(&rules.complaint.words, &[], &rules.complaint.unless),
            subject: compile.list(&rules.complaint.subject),
            weak: compile.list(&rules.complaint.weak),
            homes: rules
                .complaint
                .home
                .iter()
                .map(|home| compile.list(&home.words))
                .collect(),
        };
        let whole = |patterns: &[String]| -> Vec<String> {
            patterns
                .iter()
                .map(|pattern| format!("^(?:{pattern})$"))
                .collect()
        };
        let remarks = RemarkPatterns {
            thanks: compile.list(&whole(&rules.remarks.thanks)),
            chaser: compile.list(&rules.remarks.chaser),
            avoidable: compile.list(&rules.remarks.avoidable),
        };
        let vulnerable = compile.list(&rules.vulnerable);
        let asks_language = rules
            .language
            .iter()
            .map(|rule| compile.list(&rule.asks))
            .collect();
        if !compile.faults.is_empty() {
            return Err(compile.faults);
        }
        let subjects = subjects(catalogue, rules, examples);
        let expected_danger = expected_danger(catalogue, &subjects);
        Ok(Self {
            danger_rates: danger_rates(&expected_danger, &subjects, examples),
            expected_danger,
            ranker: Ranker::new(&subjects),
            commonest: commonest(catalogue),
            rules: rules.clone(),
            danger,
            requester,
            procedure,
            not_ours,
            council,
            complaint,
            remarks,
            vulnerable,
            asks_language,
        })
    }
}

impl Router {
    /// Reads free text by a trained model as well, from now on.
    ///
    /// # Errors
    /// When the model belongs to another catalogue.
    pub fn with_model(mut self, model: Arc<Model>) -> Result<Self, ModelError> {
        self.ranker = self.ranker.with_model(model)?;
        let rates = self.danger_rates.iter_mut().zip(&self.expected_danger);
        for (subject, (rate, expected)) in rates.enumerate() {
            if let Some(taught) = self.ranker.taught(subject) {
                *rate = danger_rate(*expected, taught);
            }
        }
        Ok(self)
    }
}

/// Trains a model for a catalogue: on messages that people placed, and on lessons written for it.
/// What names a category that is not there is passed over.
#[must_use]
pub fn train(
    catalogue: &Catalogue,
    messages: &[Example],
    written: &[Example],
    effort: Effort,
) -> Model {
    let (subjects, lessons) = to_learn(catalogue, messages, written);
    training::train(&subjects, &lessons, effort)
}

/// What [`train`] would learn from, in 32 bytes; a model says the same of itself.
#[must_use]
pub fn fingerprint(catalogue: &Catalogue, messages: &[Example], written: &[Example]) -> [u8; 32] {
    let (subjects, lessons) = to_learn(catalogue, messages, written);
    training::fingerprint(&subjects, &lessons)
}

fn to_learn(
    catalogue: &Catalogue,
    messages: &[Example],
    written: &[Example],
) -> (Vec<Subject>, Vec<Lesson>) {
    let subjects = subjects(catalogue, &catalogue.routing, &[]);
    let places: BTreeMap<(&str, &str), usize> = subjects
        .iter()
        .enumerate()
        .map(|(n, subject)| ((subject.service.as_str(), subject.category.as_str()), n))
        .collect();
    let of = |examples: &[Example], origin: Origin| -> Vec<Lesson> {
        examples
            .iter()
            .filter_map(|example| {
                let place = (example.service.as_str(), example.category.as_str());
                Some(Lesson {
                    subject: *places.get(&place)?,
                    text: example.text(),
                    is_danger: example.is_danger,
                    origin,
                })
            })
            .collect()
    };
    let mut lessons = of(messages, Origin::Message);
    lessons.extend(of(written, Origin::Written));
    (subjects, lessons)
}

struct Compile {
    faults: Vec<String>,
}

impl Compile {
    fn list(&mut self, patterns: &[String]) -> Pattern {
        match Pattern::any_of(patterns) {
            Ok(pattern) => pattern,
            Err(fault) => {
                self.faults.push(fault);
                Pattern::default()
            }
        }
    }

    fn cue(&mut self, words: &[String], and: &[String], unless: &[String]) -> Cue {
        Cue {
            words: self.list(words),
            and: self.list(and),
            unless: self.list(unless),
        }
    }

    fn each<R: Clone, C>(
        &mut self,
        rules: &[R],
        mut compile: impl FnMut(&mut Self, &R) -> C,
    ) -> Vec<(R, C)> {
        rules
            .iter()
            .map(|rule| (rule.clone(), compile(self, rule)))
            .collect()
    }
}

/// Everything known of each category, in the order of the catalogue.
fn subjects(catalogue: &Catalogue, rules: &RoutingRules, examples: &[Example]) -> Vec<Subject> {
    let mut told: BTreeMap<(&str, &str), Vec<String>> = BTreeMap::new();
    for example in examples {
        told.entry((&example.service, &example.category))
            .or_default()
            .push(example.text());
    }
    let mut subjects = Vec::new();
    for service in catalogue.services.values() {
        for category in &service.categories {
            let mut texts = vec![
                (Field::Name, category.name.clone()),
                (Field::ServiceName, service.name.clone()),
                (Field::Description, service.description.clone()),
            ];
            texts.extend(
                category
                    .keywords
                    .iter()
                    .map(|keyword| (Field::Keyword, keyword.clone())),
            );
            let vocabulary = rules
                .vocabulary
                .get(&service.slug)
                .and_then(|words| words.get(&category.slug));
            texts.extend(
                vocabulary
                    .into_iter()
                    .flatten()
                    .map(|words| (Field::Vocabulary, words.clone())),
            );
            texts.extend(
                category
                    .examples
                    .iter()
                    .map(|text| (Field::Example, text.clone())),
            );
            let messages = told.remove(&(service.slug.as_str(), category.slug.as_str()));
            texts.extend(
                messages
                    .into_iter()
                    .flatten()
                    .map(|text| (Field::Example, text)),
            );
            subjects.push(Subject {
                service: service.slug.clone(),
                category: category.slug.clone(),
                contacts: category.est_contacts_per_100k_per_year.unwrap_or(0),
                texts,
            });
        }
    }
    subjects
}

fn danger_rates(expected: &[f64], subjects: &[Subject], examples: &[Example]) -> Vec<f64> {
    let mut told: BTreeMap<(&str, &str), Taught> = BTreeMap::new();
    for example in examples {
        let taught = told
            .entry((&example.service, &example.category))
            .or_default();
        taught.texts += 1;
        taught.danger += u32::from(example.is_danger);
    }
    subjects
        .iter()
        .zip(expected)
        .map(|(subject, expected)| {
            let place = (subject.service.as_str(), subject.category.as_str());
            danger_rate(*expected, told.get(&place).copied().unwrap_or_default())
        })
        .collect()
}

/// The share of a category's contacts that are danger: what its priority leads one to expect,
/// corrected by its messages as if the expectation were two messages of its own.
fn danger_rate(expected: f64, taught: Taught) -> f64 {
    (f64::from(taught.danger) + 2.0 * expected) / (f64::from(taught.texts) + 2.0)
}

fn expected_danger(catalogue: &Catalogue, subjects: &[Subject]) -> Vec<f64> {
    subjects
        .iter()
        .map(|subject| {
            catalogue
                .category(&subject.service, &subject.category)
                .map_or(0.0, |(_, category)| expected_of(category))
        })
        .collect()
}

fn expected_of(category: &Category) -> f64 {
    match category.priority {
        Priority::Emergency => 0.97,
        Priority::Urgent => 0.7,
        Priority::High => 0.14,
        Priority::Normal => 0.03,
        Priority::Low => 0.02,
    }
}

fn commonest(catalogue: &Catalogue) -> Vec<(String, String)> {
    let mut all: Vec<(u32, &str, &str)> = catalogue
        .services
        .values()
        .flat_map(|service| {
            service
                .categories
                .iter()
                .map(move |category| (service, category))
        })
        .filter(|(_, category)| !category.is_restricted)
        .map(|(service, category)| {
            let contacts = category.est_contacts_per_100k_per_year.unwrap_or(0);
            (contacts, service.slug.as_str(), category.slug.as_str())
        })
        .collect();
    all.sort_by(|a, b| b.0.cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
    all.into_iter()
        .take(5)
        .map(|(_, service, category)| (service.to_owned(), category.to_owned()))
        .collect()
}
