//! Trains a model: softmax regression over words and parts of words, in a fixed order.
//!
//! The same lessons give the same bytes on every machine: one thread, numbers of fixed size, and
//! our own `exact` mathematics. Nothing is tried out on what it is measured by: how sure
//! the model may be is settled on lessons that were kept from a model trained for that alone.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::exact;
use super::model::{Learnt, LearntFeature, Model, Place, Taught, folded};
use super::ranker::{Field, Ranker, Subject, heard_in};
use super::words::TermKind;

/// Something to learn from beside the texts of the subjects.
#[derive(Debug, Clone, PartialEq)]
pub struct Lesson {
    /// Its place among the subjects.
    pub subject: usize,
    pub text: String,
    /// Whether somebody had to act at once.
    pub is_danger: bool,
    pub origin: Origin,
}

/// Where a lesson comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A message as it came in, placed by people.
    Message,
    /// Written to learn from. The vocabulary was not made from these, so they tell how sure a
    /// reading of something new may be.
    Written,
}

/// How long to learn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effort {
    /// How often each lesson is gone through.
    pub rounds: u16,
}

impl Effort {
    /// What a model in use is trained with.
    pub const FULL: Self = Self { rounds: 10 };
}

/// One lesson in this many is kept back to settle how sure a reading may be.
const KEPT_BACK: usize = 4;
/// How far parts of words speak, beside whole words.
const LETTERS_WORTH: f32 = 0.5;
const STEP: f32 = 0.15;
/// Pulls every weight back towards nothing.
const PULL: f32 = 3e-4;
/// Trains a model.
///
/// `subjects` are those of the ranker it will be read with, their [`Field::Example`] texts among
/// `lessons` instead.
#[must_use]
pub fn train(subjects: &[Subject], lessons: &[Lesson], effort: Effort) -> Model {
    let phrases = phrases(subjects);
    let messages: Vec<Bag> = lessons.iter().map(|lesson| Bag::of(&lesson.text)).collect();
    let parts = turns(lessons);
    // First without a part of the lessons, to see how it fares with what it has not seen.
    let is_kept_back = |n: usize| {
        lessons
            .get(n)
            .is_some_and(|lesson| lesson.origin == Origin::Written)
            && parts.get(n) == Some(&0)
    };
    let has_written = (0..lessons.len()).any(is_kept_back);
    let sharpness = if has_written {
        let trial = Trained::of(subjects, &phrases, lessons, &messages, effort, |n| {
            !is_kept_back(n)
        });
        trial.sharpness(subjects, lessons, is_kept_back)
    } else {
        1.0
    };
    let trained = Trained::of(subjects, &phrases, lessons, &messages, effort, |_| true);
    let learnt_from = fingerprint(subjects, lessons);
    trained.pack(subjects, lessons, sharpness, learnt_from)
}

/// What a model learns from and how, in 32 bytes.
#[must_use]
pub fn fingerprint(subjects: &[Subject], lessons: &[Lesson]) -> [u8; 32] {
    let mut hash = Sha256::new();
    let how = (Effort::FULL.rounds, LETTERS_WORTH, STEP, PULL);
    hash.update(format!("{how:?}\n"));
    for subject in subjects {
        hash.update(format!("\u{1}{}/{}\n", subject.service, subject.category));
        for (field, text) in subject
            .texts
            .iter()
            .filter(|(field, _)| *field != Field::Example)
        {
            hash.update(format!("\u{2}{field:?} {text}\n"));
        }
    }
    for lesson in lessons {
        let said = (lesson.subject, lesson.is_danger, lesson.origin);
        hash.update(format!("\u{3}{said:?} {}\n", lesson.text));
    }
    hash.finalize().into()
}

/// The features of a text, and how often each comes, on a scale that grows slower and slower.
struct Bag(Vec<(u32, f32, TermKind)>);

impl Bag {
    fn of(text: &str) -> Self {
        let terms = heard_in(text).into_iter();
        Self(
            terms
                .filter(|(_, kind, _)| *kind != TermKind::Pair)
                .map(|(key, kind, times)| (folded(key), times, kind))
                .collect(),
        )
    }
}

/// A phrase of the catalogue: whose it is, and how far it counts.
struct Phrase {
    subject: usize,
    weight: f32,
    bag: Bag,
}

fn phrases(subjects: &[Subject]) -> Vec<Phrase> {
    let mut phrases = Vec::new();
    for (n, subject) in subjects.iter().enumerate() {
        for (field, text) in &subject.texts {
            let weight = match field {
                Field::Name | Field::Keyword => 1.0,
                Field::Vocabulary => 0.6,
                Field::ServiceName | Field::Description => 0.3,
                Field::Example => continue,
            };
            phrases.push(Phrase {
                subject: n,
                weight,
                bag: Bag::of(text),
            });
        }
    }
    phrases
}

/// Within each subject lessons take turns.
fn turns(lessons: &[Lesson]) -> Vec<usize> {
    let mut next: BTreeMap<(usize, bool), usize> = BTreeMap::new();
    lessons
        .iter()
        .map(|lesson| {
            let kind = (lesson.subject, lesson.origin == Origin::Written);
            // Not all subjects begin with the same turn, or small ones would never be kept back.
            let turn = next.entry(kind).or_insert(lesson.subject);
            *turn += 1;
            *turn % KEPT_BACK
        })
        .collect()
}

/// What a set of texts can be told apart by.
struct Features {
    keys: Vec<u32>,
    worth: Vec<f32>,
}

impl Features {
    fn of<'b>(bags: impl Iterator<Item = &'b Bag>) -> Self {
        let mut seen: BTreeMap<u32, (u16, TermKind)> = BTreeMap::new();
        let mut all = 0_u16;
        for bag in bags {
            all = all.saturating_add(1);
            for (key, _, kind) in &bag.0 {
                let (n, _) = seen.entry(*key).or_insert((0, *kind));
                *n = n.saturating_add(1);
            }
        }
        // Parts of words that came once say nothing that the word does not.
        seen.retain(|_, (n, kind)| *kind == TermKind::Word || *n > 1);
        let worth = seen
            .values()
            .map(|(n, kind)| {
                let rarity = exact::ln(1.0 + f32::from(all) / f32::from(*n));
                match kind {
                    TermKind::Letters => rarity * LETTERS_WORTH,
                    TermKind::Word | TermKind::Pair => rarity,
                }
            })
            .collect();
        Self {
            keys: seen.into_keys().collect(),
            worth,
        }
    }

    /// A text as the model sees it: which features, and how much of each; of length one.
    fn vector(&self, bag: &Bag) -> Vec<(usize, f32)> {
        let mut vector: Vec<(usize, f32)> = bag
            .0
            .iter()
            .filter_map(|(key, times, _)| {
                let at = self.keys.binary_search(key);
                let at = at.ok()?;
                Some((at, times * self.worth.get(at)?))
            })
            .collect();
        let square: f32 = vector.iter().map(|(_, value)| value * value).sum();
        let length = square.sqrt().max(f32::EPSILON);
        for (_, value) in &mut vector {
            *value /= length;
        }
        vector
    }
}

/// A model before it is packed.
struct Trained {
    features: Features,
    rows: Vec<Vec<f32>>,
}

/// One text to learn from, as the model sees it.
struct Drill {
    vector: Vec<(usize, f32)>,
    subject: usize,
    weight: f32,
}

impl Trained {
    fn of(
        subjects: &[Subject],
        phrases: &[Phrase],
        lessons: &[Lesson],
        messages: &[Bag],
        effort: Effort,
        is_learnt: impl Fn(usize) -> bool,
    ) -> Self {
        let told: Vec<(usize, &Lesson, &Bag)> = lessons
            .iter()
            .zip(messages)
            .enumerate()
            .filter(|(n, _)| is_learnt(*n))
            .map(|(n, (lesson, bag))| (n, lesson, bag))
            .collect();
        let bags = phrases.iter().map(|phrase| &phrase.bag);
        let features = Features::of(bags.chain(told.iter().map(|(_, _, bag)| *bag)));
        let mut drills: Vec<Drill> = phrases
            .iter()
            .map(|phrase| Drill {
                vector: features.vector(&phrase.bag),
                subject: phrase.subject,
                weight: phrase.weight,
            })
            .collect();
        drills.extend(told.iter().map(|(_, lesson, bag)| Drill {
            vector: features.vector(bag),
            subject: lesson.subject,
            weight: 1.0,
        }));
        shuffle(&mut drills);
        let mut rows = vec![vec![0.0_f32; subjects.len()]; features.keys.len()];
        let mut moved = rows.clone();
        let mut scores = vec![0.0_f32; subjects.len()];
        for _ in 0..effort.rounds {
            for drill in &drills {
                learn(drill, &mut rows, &mut moved, &mut scores);
            }
        }
        Self { features, rows }
    }

    /// How far scores must be stretched so that what is said to be right eight times in ten is.
    fn sharpness(
        self,
        subjects: &[Subject],
        lessons: &[Lesson],
        is_kept_back: impl Fn(usize) -> bool,
    ) -> f32 {
        let model = self.pack(subjects, &[], 1.0, [0; 32]);
        let Ok(ranker) = Ranker::new(subjects).with_model(model.into()) else {
            return 1.0;
        };
        let kept: Vec<(usize, Vec<f32>)> = lessons
            .iter()
            .enumerate()
            .filter(|(n, _)| is_kept_back(*n))
            .map(|(_, lesson)| (lesson.subject, ranker.weighed(&lesson.text)))
            .collect();
        let mut best = (f32::INFINITY, 1.0);
        let mut sharpness = 0.5;
        while sharpness < 4.0 {
            let mut surprise = 0.0;
            for (subject, scores) in &kept {
                let mut shares: Vec<f32> = scores.iter().map(|score| score * sharpness).collect();
                exact::shares(&mut shares);
                let right = shares.get(*subject).copied().unwrap_or(0.0);
                surprise += exact::ln(1.0 / right.max(1e-9));
            }
            if surprise < best.0 {
                best = (surprise, sharpness);
            }
            sharpness += 0.05;
        }
        best.1
    }

    fn pack(
        self,
        subjects: &[Subject],
        lessons: &[Lesson],
        sharpness: f32,
        learnt_from: [u8; 32],
    ) -> Model {
        let mut places: Vec<Place> = subjects
            .iter()
            .map(|subject| Place {
                service: subject.service.clone(),
                category: subject.category.clone(),
                taught: Taught::default(),
            })
            .collect();
        for lesson in lessons {
            if let Some(place) = places.get_mut(lesson.subject) {
                place.taught.texts += 1;
                place.taught.danger += u32::from(lesson.is_danger);
            }
        }
        let rows = self.rows.into_iter().map(from_the_middle);
        let known = self.features.keys.iter().zip(&self.features.worth);
        Model::pack(Learnt {
            learnt_from,
            places,
            features: known
                .zip(rows)
                .map(|((key, worth), weights)| LearntFeature {
                    key: *key,
                    worth: *worth,
                    weights,
                })
                .collect(),
            sharpness,
        })
    }
}

/// The same numbers counted from the middle one. What is added to all places alike changes no
/// reading, and most places have next to nothing to do with a word: those need not be kept.
fn from_the_middle(mut row: Vec<f32>) -> Vec<f32> {
    let mut sorted = row.clone();
    sorted.sort_by(f32::total_cmp);
    let middle = sorted.get(sorted.len() / 2).copied().unwrap_or(0.0);
    for weight in &mut row {
        *weight -= middle;
    }
    row
}

/// Goes through one text once: what was expected too much is taken back, what too little, added.
/// Weights that moved a good deal already move less (AdaGrad).
fn learn(drill: &Drill, rows: &mut [Vec<f32>], moved: &mut [Vec<f32>], scores: &mut [f32]) {
    scores.fill(0.0);
    for (feature, value) in &drill.vector {
        if let Some(row) = rows.get(*feature) {
            for (score, weight) in scores.iter_mut().zip(row) {
                *score += value * weight;
            }
        }
    }
    exact::shares(scores);
    if let Some(right) = scores.get_mut(drill.subject) {
        *right -= 1.0;
    }
    for score in &mut *scores {
        *score *= drill.weight;
    }
    for (feature, value) in &drill.vector {
        if let (Some(row), Some(moved)) = (rows.get_mut(*feature), moved.get_mut(*feature)) {
            for ((weight, moved), score) in row.iter_mut().zip(moved).zip(&*scores) {
                let by = value * score + PULL * *weight;
                *moved += by * by;
                *weight -= STEP * by / (moved.sqrt() + 1e-3);
            }
        }
    }
}

/// An order that has nothing to do with the catalogue's, and is the same every time.
fn shuffle<T>(items: &mut [T]) {
    let mut state: u64 = 0x9e37_79b9_7f4a_7c15;
    for n in (1..items.len()).rev() {
        state = state
            .wrapping_mul(0x5851_f42d_4c95_7f2d)
            .wrapping_add(0x1405_7b7e_f767_814f);
        let bound = u64::try_from(n + 1).unwrap_or(u64::MAX);
        items.swap(n, usize::try_from((state >> 33) % bound).unwrap_or(0));
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;
    use std::sync::Arc;

    use super::*;
    use crate::domain::triage::{LARGEST, ModelError};

    fn subjects() -> Vec<Subject> {
        [
            ("waste", "missed-bin", "Missed bin"),
            ("roads", "pothole", "Pothole"),
            ("homes", "homeless-tonight", "Homeless tonight"),
        ]
        .into_iter()
        .map(|(service, category, name)| Subject {
            service: service.to_owned(),
            category: category.to_owned(),
            contacts: 10,
            texts: vec![(Field::Name, name.to_owned())],
        })
        .collect()
    }

    fn lessons() -> Vec<Lesson> {
        let said = [
            (0, "the lorry drove past and left our rubbish", false),
            (0, "wheelie not emptied this week", false),
            (0, "crew forgot the whole close again", false),
            (0, "rubbish still at the kerb", false),
            (1, "deep hole in the tarmac by the school", false),
            (1, "road surface is breaking up", false),
            (1, "my tyre went into a crater", false),
            (1, "tarmac worn away at the junction", false),
            (
                2,
                "we have nowhere to sleep, sitting in the car with the children",
                true,
            ),
            (2, "thrown out and freezing at the station", true),
            (2, "nowhere to go, slept in the park", true),
            (2, "burnt out of our flat, where can we sleep", true),
        ];
        said.into_iter()
            .map(|(subject, text, is_danger)| Lesson {
                subject,
                text: text.to_owned(),
                is_danger,
                origin: Origin::Message,
            })
            .collect()
    }

    fn read(model: Model, text: &str) -> crate::domain::triage::Reading {
        let ranker = Ranker::new(&subjects());
        ranker.with_model(Arc::new(model)).unwrap().read(text)
    }

    #[test]
    fn the_same_lessons_give_the_same_file() {
        let file = || train(&subjects(), &lessons(), Effort::FULL).to_bytes();
        let once = file();
        assert_eq!(once, file());
        let again = Model::read(Cow::Owned(once.clone())).unwrap();
        assert_eq!(again.to_bytes(), once);
        assert_eq!(
            *again.learnt_from(),
            fingerprint(&subjects(), &lessons()),
            "and says what it was learnt from"
        );
    }

    #[test]
    fn a_word_no_name_or_keyword_has_is_learnt_from_messages() {
        let reading = read(
            train(&subjects(), &lessons(), Effort::FULL),
            "the lorry forgot us",
        );
        assert_eq!(reading.ranked[0].subject, 0);
        let ranker = Ranker::new(&subjects())
            .with_model(train(&subjects(), &lessons(), Effort::FULL).into())
            .unwrap();
        let named = ranker.words_for(&reading, 0);
        assert!(
            named.iter().any(|word| word == "lorry" || word == "forgot"),
            "{named:?}"
        );
    }

    #[test]
    fn what_staff_put_right_changes_the_next_model() {
        let text = "the lift is stuck between floors";
        let before = read(train(&subjects(), &lessons(), Effort::FULL), text);
        let mut corrected = lessons();
        corrected.push(Lesson {
            subject: 1,
            text: text.to_owned(),
            is_danger: false,
            origin: Origin::Message,
        });
        let after = read(
            train(&subjects(), &corrected, Effort::FULL),
            "lift stuck on the third floor",
        );
        assert!(
            before.ranked.is_empty() || before.ranked[0].confidence < after.ranked[0].confidence
        );
        assert_eq!(after.ranked[0].subject, 1);
    }

    #[test]
    fn a_model_says_how_many_of_the_texts_that_taught_it_were_danger() {
        let ranker = Ranker::new(&subjects())
            .with_model(train(&subjects(), &lessons(), Effort::FULL).into())
            .unwrap();
        let taught = |subject| ranker.taught(subject).map(|one| (one.texts, one.danger));
        assert_eq!(taught(0), Some((4, 0)));
        assert_eq!(taught(2), Some((4, 4)));
        assert_eq!(taught(3), None);
    }

    #[test]
    fn a_category_the_model_has_not_learnt_is_read_by_its_words() {
        let mut with_another = subjects();
        with_another.push(Subject {
            service: "homes".to_owned(),
            category: "lift".to_owned(),
            contacts: 10,
            texts: vec![(Field::Name, "Lift stuck".to_owned())],
        });
        let model = train(&subjects(), &lessons(), Effort::FULL);
        let ranker = Ranker::new(&with_another).with_model(model.into()).unwrap();
        assert_eq!(ranker.read("the lift is stuck again").ranked[0].subject, 3);
        assert_eq!(ranker.read("rubbish left at the kerb").ranked[0].subject, 0);
    }

    #[test]
    fn capital_letters_change_nothing() {
        let model = || train(&subjects(), &lessons(), Effort::FULL);
        let calm = read(model(), "rubbish left at the kerb");
        let loud = read(model(), "RUBBISH LEFT AT THE KERB!!!");
        assert_eq!(calm.ranked, loud.ranked);
    }

    #[test]
    fn hostile_texts_are_read_in_bounded_time_and_harm_nothing() {
        let model = train(&subjects(), &lessons(), Effort::FULL);
        let ranker = Ranker::new(&subjects())
            .with_model(Arc::new(model))
            .unwrap();
        for text in [
            "a".repeat(1_000_000),
            "\u{1f4a9}".repeat(200_000),
            "\u{1}\u{2}\u{7f}\u{200b}".repeat(1_000),
            " \n\t".repeat(10_000),
            String::new(),
            "\u{130}".repeat(100_000),
            "a'b ".repeat(100_000),
        ] {
            let reading = ranker.read(&text);
            let total: f64 = reading.ranked.iter().map(|one| one.confidence).sum();
            assert!(total.is_finite() && total <= 1.001);
        }
    }

    #[test]
    fn a_file_that_is_no_model_of_ours_is_refused_with_the_reason() {
        let whole = train(&subjects(), &lessons(), Effort::FULL).to_bytes();
        let refused = |bytes: Vec<u8>| Model::read(Cow::Owned(bytes)).unwrap_err();
        assert_eq!(refused(Vec::new()), ModelError::Foreign);
        assert_eq!(
            refused(b"{\"kind\":\"gguf\"}".to_vec()),
            ModelError::Foreign
        );
        assert_eq!(
            refused(vec![0; LARGEST + 1]),
            ModelError::TooLarge(LARGEST + 1)
        );
        for n in [8, 40, 100, whole.len() - 1] {
            assert_eq!(
                refused(whole[..n].to_vec()),
                ModelError::Damaged,
                "cut off at {n}"
            );
        }
        let mut flipped = whole.clone();
        *flipped.last_mut().unwrap() ^= 1;
        assert_eq!(refused(flipped), ModelError::Damaged);

        let mut elsewhere = subjects();
        for subject in &mut elsewhere {
            subject.service = "other".to_owned();
        }
        let model = Model::read(Cow::Owned(whole)).unwrap();
        let foreign = Ranker::new(&elsewhere)
            .with_model(Arc::new(model))
            .unwrap_err();
        assert!(
            foreign.to_string().contains("another catalogue"),
            "{foreign}"
        );
    }

    #[test]
    fn a_catalogue_with_more_categories_than_a_byte_can_count_is_learnt_whole() {
        let many: Vec<Subject> = (0..300)
            .map(|n| Subject {
                service: "many".to_owned(),
                category: format!("c{n}"),
                contacts: 0,
                texts: vec![(Field::Name, format!("matter{n}word"))],
            })
            .collect();
        let model = train(&many, &[], Effort { rounds: 8 });
        let model = Model::read(Cow::Owned(model.to_bytes())).unwrap();
        let ranker = Ranker::new(&many).with_model(Arc::new(model)).unwrap();
        assert_eq!(ranker.read("matter288word").ranked[0].subject, 288);
    }
}
