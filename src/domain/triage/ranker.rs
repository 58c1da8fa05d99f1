//! The ranker: BM25F over everything known of each category.
//!
//! Each category is one document of weighted fields. A rare word counts more than one that stands
//! in many categories; the fourth time a word is said it counts hardly more than the third; a
//! category with many words gains nothing by having them. All postings are worked out once, so
//! that reading a message only adds up.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use super::exact;
use super::model::{Model, ModelError, Taught, Voice};
use super::precedents::Precedents;
use super::words::{self, BuildKeyHasher, ByKey, Term, TermKind};

/// How far a field speaks for its category.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    Name,
    ServiceName,
    Description,
    Keyword,
    /// What people call it.
    Vocabulary,
    /// A whole message, most of whose words say nothing.
    Example,
}

/// One category as the ranker knows it.
#[derive(Debug, Clone)]
pub struct Subject {
    pub service: String,
    pub category: String,
    /// How many contacts a year it gets, in any unit that is the same for all; 0 when unknown.
    pub contacts: u32,
    pub texts: Vec<(Field, String)>,
}

/// Ranks subjects for a text. Built once, then only read.
#[derive(Debug)]
pub struct Ranker {
    places: Vec<(String, String)>,
    /// How much likelier than the middle one each subject is before a word is read, in the unit
    /// of [`POINTS_A_WORD`].
    expected: Vec<f32>,
    postings: ByKey<Vec<Posting>>,
    precedents: Precedents,
    trained: Option<Trained>,
}

/// A model, and for each of its places which of the ranker's subjects that is.
#[derive(Debug)]
struct Trained {
    model: Arc<Model>,
    subjects: Vec<Option<usize>>,
}

/// What a text was read to be about.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// Best first; every subject any word speaks for.
    pub ranked: Vec<Ranked>,
    /// How many of its words are known to say something.
    pub n_understood: usize,
    text: String,
    terms: Vec<Term>,
    voice: Option<Voice>,
    points: f32,
}

/// One subject, and how far the text speaks for it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ranked {
    /// Its place among the subjects the ranker was built from.
    pub subject: usize,
    pub score: f64,
    /// How often a reading this clear is right, between 0 and 1.
    pub confidence: f64,
}

#[derive(Debug, Clone, Copy)]
struct Posting {
    subject: u32,
    weight: f32,
}

/// Longer messages are read this far; by then they have said what they want.
const LONGEST: usize = 4_000;
/// How soon saying it again stops counting.
const SATURATION: f32 = 1.2;
/// How far long documents are held back: 0 not at all, 1 in full.
const LENGTH_PENALTY: f32 = 0.7;
const PAIR_WEIGHT: f32 = 1.5;
const LETTERS_WEIGHT: f32 = 0.3;
/// What a message exactly like an earlier one is worth: more than words usually differ by.
const PRECEDENT_WEIGHT: f32 = 60.0;
/// How many points of score make one subject e times as likely as another, for one word; chance
/// adds up with the root of their number. Chosen so that of the readings with confidence 0.8 four
/// in five are right, for short messages as for long ones.
const POINTS_A_WORD: f32 = 1.8;
/// How far the words' own points count beside what a model learnt.
const LEXICAL_SHARE: f32 = 0.25;
/// How far the number of contacts speaks before a word is read: 1 would be the whole of it, which
/// lets rare matters be overlooked. It settles what words leave open: "pothole" alone is a pothole.
const EXPECTATION: f32 = 0.3;

impl Field {
    const fn weight(self) -> f32 {
        match self {
            Self::Name => 2.0,
            Self::ServiceName => 0.7,
            Self::Description => 0.5,
            Self::Keyword => 3.0,
            Self::Vocabulary => 2.5,
            Self::Example => 0.25,
        }
    }

    const fn has_pairs(self) -> bool {
        !matches!(self, Self::ServiceName | Self::Description)
    }
}

impl Ranker {
    /// Reads all subjects. The order of `subjects` decides between equals.
    #[must_use]
    pub fn new(subjects: &[Subject]) -> Self {
        let documents: Vec<Document> = subjects.iter().map(Document::of).collect();
        let count = documents.len().max(1);
        let average = (documents
            .iter()
            .map(|document| document.length)
            .sum::<f32>()
            / narrow(count))
        .max(1.0);
        let mut postings: ByKey<Vec<(u32, f32, TermKind)>> = ByKey::default();
        for (n, document) in (0_u32..).zip(&documents) {
            let norm = 1.0 - LENGTH_PENALTY + LENGTH_PENALTY * document.length / average;
            for (key, (frequency, kind)) in &document.terms {
                postings
                    .entry(*key)
                    .or_default()
                    .push((n, frequency / norm, *kind));
            }
        }
        let postings = postings
            .into_iter()
            .map(|(key, entries)| {
                let seen_in = narrow(entries.len());
                let rarity = (1.0 + (narrow(count) - seen_in + 0.5) / (seen_in + 0.5)).ln();
                let entries = entries
                    .into_iter()
                    .filter(|(_, frequency, _)| *frequency > 0.0)
                    .map(|(subject, frequency, kind)| Posting {
                        subject,
                        weight: rarity * kind_weight(kind) * frequency * (SATURATION + 1.0)
                            / (frequency + SATURATION),
                    })
                    .collect();
                (key, entries)
            })
            .collect();
        let places = subjects
            .iter()
            .map(|subject| (subject.service.clone(), subject.category.clone()))
            .collect();
        let messages: Vec<(u32, &str)> = (0_u32..)
            .zip(subjects)
            .flat_map(|(n, subject)| {
                subject
                    .texts
                    .iter()
                    .map(move |(field, text)| (n, *field, text.as_str()))
            })
            .filter(|(_, field, _)| *field == Field::Example)
            .map(|(n, _, text)| (n, text))
            .collect();
        let expected = expected(subjects);
        Self {
            places,
            expected,
            postings,
            precedents: Precedents::new(&messages),
            trained: None,
        }
    }

    /// Service and category of a subject.
    #[must_use]
    pub fn place(&self, subject: usize) -> Option<(&str, &str)> {
        self.places
            .get(subject)
            .map(|(service, category)| (service.as_str(), category.as_str()))
    }

    /// Reads by a trained model as well, from now on.
    ///
    /// # Errors
    /// When the model belongs to another catalogue.
    pub fn with_model(mut self, model: Arc<Model>) -> Result<Self, ModelError> {
        let subjects = model.placed_among(&self.places)?;
        self.trained = Some(Trained { model, subjects });
        Ok(self)
    }

    /// Whether a trained model reads too.
    #[must_use]
    pub const fn has_model(&self) -> bool {
        self.trained.is_some()
    }

    /// What the model was taught about a subject; none without a model, or where it does not know it.
    #[must_use]
    pub fn taught(&self, subject: usize) -> Option<Taught> {
        let trained = self.trained.as_ref()?;
        let mut known = trained.subjects.iter();
        let place = known.position(|known| *known == Some(subject))?;
        trained.model.taught(place)
    }

    /// Reads a text.
    #[must_use]
    pub fn read(&self, text: &str) -> Reading {
        let text = readable(text);
        let terms = words::terms(&text, true);
        let heard = counted(&terms);
        let n_words = heard
            .iter()
            .filter(|heard| heard.kind == TermKind::Word)
            .count();
        let n_understood = heard
            .iter()
            .filter(|heard| heard.kind == TermKind::Word && self.understands(heard.key))
            .count();
        let points = POINTS_A_WORD * narrow(n_words.max(1)).sqrt();
        let lexical = self.lexical(&heard, points);
        let alike = self.precedents.most_alike(&terms);
        let voice = self.trained.as_ref().map(|trained| {
            let heard = heard.iter().filter(|heard| heard.kind != TermKind::Pair);
            trained
                .model
                .hear(heard.map(|heard| (heard.key, heard.emphasis())))
        });
        let ranked = match (&self.trained, &voice) {
            (Some(trained), Some(voice)) if voice.n_known > 0 => {
                let mut scores = mixed(&lexical, points, trained, voice);
                add_precedent(&mut scores, alike, 1.0 / points);
                for score in &mut scores {
                    *score *= trained.model.sharpness();
                }
                ranked_by_shares(&scores, &lexical)
            }
            _ => {
                let mut scores = lexical;
                add_precedent(&mut scores, alike, 1.0);
                ranked(&scores, f64::from(points))
            }
        };
        Reading {
            ranked,
            n_understood,
            text,
            terms,
            voice,
            points,
        }
    }

    /// What each subject scores by words and model together, before it is made a confidence; by
    /// words alone without a model. Messages that were placed before are left out.
    pub(super) fn weighed(&self, text: &str) -> Vec<f32> {
        let text = readable(text);
        let heard = counted(&words::terms(&text, true));
        let n_words = heard
            .iter()
            .filter(|heard| heard.kind == TermKind::Word)
            .count();
        let points = POINTS_A_WORD * narrow(n_words.max(1)).sqrt();
        let lexical = self.lexical(&heard, points);
        match &self.trained {
            Some(trained) => {
                let heard = heard.iter().filter(|heard| heard.kind != TermKind::Pair);
                let voice = trained
                    .model
                    .hear(heard.map(|heard| (heard.key, heard.emphasis())));
                mixed(&lexical, points, trained, &voice)
            }
            None => lexical,
        }
    }

    fn understands(&self, word: u64) -> bool {
        let by_model = self.trained.as_ref();
        by_model.is_some_and(|trained| trained.model.knows(word))
            || self.postings.contains_key(&word)
    }

    /// What the words of each subject say, by BM25F.
    fn lexical(&self, heard: &[Heard], points: f32) -> Vec<f32> {
        let mut scores = vec![0.0_f32; self.places.len()];
        for one in heard {
            let emphasis = one.emphasis();
            for posting in self.postings.get(&one.key).into_iter().flatten() {
                if let Some(score) = usize::try_from(posting.subject)
                    .ok()
                    .and_then(|n| scores.get_mut(n))
                {
                    *score += posting.weight * emphasis;
                }
            }
        }
        for (score, expected) in scores.iter_mut().zip(&self.expected) {
            // A subject for which no word speaks stays out, however common it is.
            if *score > 0.0 {
                *score = (*score + expected * points).max(f32::MIN_POSITIVE);
            }
        }
        scores
    }

    /// The words of a reading that speak most for one subject, strongest first.
    #[must_use]
    pub fn words_for(&self, reading: &Reading, subject: usize) -> Vec<String> {
        let lexical = |term: &Term| {
            self.postings
                .get(&term.key)
                .into_iter()
                .flatten()
                .find(|posting| usize::try_from(posting.subject).is_ok_and(|n| n == subject))
                .map_or(0.0, |posting| posting.weight)
        };
        let learnt = self.trained.as_ref().zip(reading.voice.as_ref());
        let learnt = learnt.and_then(|(trained, voice)| {
            let place = trained
                .subjects
                .iter()
                .position(|known| *known == Some(subject))?;
            Some((trained, voice, place))
        });
        // What each stretch of the text says: its words, and for a single word its parts.
        let mut spoken: Vec<(f32, usize, usize)> = Vec::new();
        for term in &reading.terms {
            let said = match (&learnt, term.kind) {
                (None, TermKind::Letters) => continue,
                (None, _) => lexical(term) / WORTH_NAMING,
                (Some(_), TermKind::Pair) => {
                    LEXICAL_SHARE * lexical(term) / reading.points / WORTH_NAMING_LEARNT
                }
                (Some((trained, voice, place)), kind) => {
                    let by_words = match kind {
                        TermKind::Word => LEXICAL_SHARE * lexical(term) / reading.points,
                        TermKind::Pair | TermKind::Letters => 0.0,
                    };
                    let by_model = trained.model.says(voice, term, *place);
                    (by_words + by_model) / WORTH_NAMING_LEARNT
                }
            };
            if term.kind != TermKind::Letters {
                spoken.push((said, term.from, term.until));
            } else if let Some(word) = spoken
                .iter_mut()
                .rev()
                .find(|(_, from, until)| (*from, *until) == (term.from, term.until))
            {
                word.0 += said;
            }
        }
        spoken.retain(|(said, _, _)| *said >= 1.0);
        spoken.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let mut named: Vec<String> = Vec::new();
        for (_, from, until) in spoken {
            let words = reading.text.get(from..until).unwrap_or_default();
            if !named
                .iter()
                .any(|known| known.contains(words) || words.contains(known.as_str()))
            {
                named.push(words.to_owned());
            }
            if named.len() == 3 {
                break;
            }
        }
        named
    }
}

/// A word that hardly speaks for a subject explains nothing.
const WORTH_NAMING: f32 = 1.5;
/// The same where a model reads too, in its unit.
const WORTH_NAMING_LEARNT: f32 = 0.1;

impl Reading {
    /// How sure the best reading is; 0 when no word said anything.
    #[must_use]
    pub fn confidence(&self) -> f64 {
        self.ranked.first().map_or(0.0, |best| best.confidence)
    }
}

struct Document {
    /// In words, weighted.
    length: f32,
    /// Ordered, so that sums come out the same every time.
    terms: BTreeMap<u64, (f32, TermKind)>,
}

impl Document {
    fn of(subject: &Subject) -> Self {
        let mut document = Self {
            length: 0.0,
            terms: BTreeMap::new(),
        };
        for (field, text) in &subject.texts {
            let mut letters_seen = HashSet::new();
            for term in words::terms(&words::plain(text), true) {
                let mut weight = field.weight();
                match term.kind {
                    TermKind::Word => document.length += weight,
                    TermKind::Pair if !field.has_pairs() => continue,
                    TermKind::Letters if !letters_seen.insert(term.key) => continue,
                    // The letters of whole messages would drown those of the names. That they
                    // stand there still tells how common they are.
                    TermKind::Letters if *field == Field::Example => weight = 0.0,
                    TermKind::Pair | TermKind::Letters => {}
                }
                document.terms.entry(term.key).or_insert((0.0, term.kind)).0 += weight;
            }
        }
        document
    }
}

const fn kind_weight(kind: TermKind) -> f32 {
    match kind {
        TermKind::Word => 1.0,
        TermKind::Pair => PAIR_WEIGHT,
        TermKind::Letters => LETTERS_WEIGHT,
    }
}

fn expected(subjects: &[Subject]) -> Vec<f32> {
    let mut volumes: Vec<u32> = subjects
        .iter()
        .map(|subject| subject.contacts)
        .filter(|n| *n > 0)
        .collect();
    volumes.sort_unstable();
    let Some(middle) = volumes.get(volumes.len() / 2).copied() else {
        return vec![0.0; subjects.len()];
    };
    subjects
        .iter()
        .map(|subject| match subject.contacts {
            0 => 0.0,
            contacts => EXPECTATION * ((narrow(contacts) + 10.0) / (narrow(middle) + 10.0)).ln(),
        })
        .collect()
}

/// A term, and how often it came.
struct Heard {
    key: u64,
    kind: TermKind,
    times: u16,
}

impl Heard {
    /// The fourth time a word is said it counts hardly more than the third.
    fn emphasis(&self) -> f32 {
        1.0 + f32::from(self.times).ln()
    }
}

/// The terms of a text, each once, with how far its repetition counts.
pub(super) fn heard_in(text: &str) -> Vec<(u64, TermKind, f32)> {
    counted(&words::terms(&readable(text), true))
        .into_iter()
        .map(|heard| (heard.key, heard.kind, heard.emphasis()))
        .collect()
}

/// As much of a text as is read, in one form.
fn readable(text: &str) -> String {
    // A character of the plain text can come from several of the original, but hardly ever does.
    let mut plain = words::plain(shortened(text, 4 * LONGEST));
    let end = shortened(&plain, LONGEST).len();
    plain.truncate(end);
    plain
}

fn shortened(text: &str, longest: usize) -> &str {
    let end = (0..=longest.min(text.len()))
        .rev()
        .find(|end| text.is_char_boundary(*end))
        .unwrap_or(0);
    text.get(..end).unwrap_or_default()
}

/// Words and model together, in the unit of the model. Where the model does not know a subject, the
/// whole of what the words say counts.
fn mixed(lexical: &[f32], points: f32, trained: &Trained, voice: &Voice) -> Vec<f32> {
    let mut scores: Vec<f32> = lexical.iter().map(|score| score / points).collect();
    for (said, subject) in voice.scores.iter().zip(&trained.subjects) {
        if let Some(score) = subject.and_then(|subject| scores.get_mut(subject)) {
            *score = LEXICAL_SHARE * *score + said;
        }
    }
    scores
}

fn add_precedent(scores: &mut [f32], alike: Option<(u32, f32)>, unit: f32) {
    if let Some((subject, likeness)) = alike
        && let Some(score) = usize::try_from(subject)
            .ok()
            .and_then(|n| scores.get_mut(n))
    {
        *score += PRECEDENT_WEIGHT * likeness * unit;
    }
}

fn ranked_by_shares(scores: &[f32], lexical: &[f32]) -> Vec<Ranked> {
    let mut shares = scores.to_vec();
    exact::shares(&mut shares);
    let mut ranked: Vec<Ranked> = scores
        .iter()
        .zip(&shares)
        .zip(lexical)
        .enumerate()
        .filter(|(_, ((score, _), lexical))| **score > 0.0 || **lexical > 0.0)
        .map(|(subject, ((score, share), _))| Ranked {
            subject,
            score: f64::from(*score),
            confidence: f64::from(*share),
        })
        .collect();
    ranked.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.subject.cmp(&b.subject)));
    ranked
}

/// Each key once, in the order of first appearance; parts of words count once.
fn counted(terms: &[Term]) -> Vec<Heard> {
    let mut places: ByKey<usize> =
        ByKey::with_capacity_and_hasher(terms.len(), BuildKeyHasher::default());
    let mut counted: Vec<Heard> = Vec::with_capacity(terms.len());
    for term in terms {
        let n = *places.entry(term.key).or_insert(counted.len());
        match counted.get_mut(n) {
            None => counted.push(Heard {
                key: term.key,
                kind: term.kind,
                times: 1,
            }),
            Some(heard) if term.kind != TermKind::Letters => {
                heard.times = heard.times.saturating_add(1)
            }
            Some(_) => {}
        }
    }
    counted
}

fn ranked(scores: &[f32], points: f64) -> Vec<Ranked> {
    let best = scores.iter().copied().fold(0.0_f32, f32::max);
    let total: f64 = scores
        .iter()
        .map(|score| likelihood(*score, best, points))
        .sum();
    let mut ranked: Vec<Ranked> = scores
        .iter()
        .enumerate()
        .filter(|(_, score)| **score > 0.0)
        .map(|(subject, score)| Ranked {
            subject,
            score: f64::from(*score),
            confidence: likelihood(*score, best, points) / total.max(1.0),
        })
        .collect();
    ranked.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.subject.cmp(&b.subject)));
    ranked
}

fn likelihood(score: f32, best: f32, points: f64) -> f64 {
    (f64::from(score - best) / points).exp()
}

/// A count as a number to reckon with; no catalogue comes near the limit.
fn narrow<T: TryInto<u16>>(count: T) -> f32 {
    f32::from(count.try_into().unwrap_or(u16::MAX))
}
