//! A trained model: how far each word, and each part of a word, speaks for each category.
//!
//! One number for each of them, learnt by [`super::training`]. Reading a text adds the numbers up,
//! so the words that decided can be named. The file holds numbers and the slugs of the catalogue,
//! nobody's words: a word stands in it as 32 bits of its hash.
//!
//! | bytes | what |
//! |---|---|
//! | 8 | `reevemd2` |
//! | 32 | SHA-256 of all that follows |
//! | 32 | what it was learnt from, as a SHA-256 |
//! | 4 × 3 | how many features, bytes of places, bytes of weights |
//! | 4 × 2 | sharpness, scale |
//! | … | the places, a line each: `service/category`, how many texts taught it, how many of those were danger |
//! | 4, 4, 2 each | key, worth, and number of weights of each feature, by key |
//! | 2 each | the weights of each feature: how many subjects further on, and how much |

use std::borrow::Cow;

use sha2::{Digest, Sha256};

use super::words::Term;

/// A file larger than this is none of ours.
pub const LARGEST: usize = 2_000_000;

const MAGIC: &[u8; 8] = b"reevemd2";
const HEAD: usize = 8 + 32 + 32 + 4 * 5;
const EACH: usize = 4 + 4 + 2;
/// What training writes is no larger than this: one comes with the program.
const LARGEST_WRITTEN: usize = 1_000_000;
/// A gap this wide carries no weight of its own; the next one goes on from there.
const WIDEST_GAP: u8 = u8::MAX;

/// Why a file is not a model that can be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    #[error(
        "it has {0} bytes; a model has at most {LARGEST}: name the file that `reeve triage train` wrote"
    )]
    TooLarge(usize),
    #[error(
        "it is not a model, or one of another release: write it again with `reeve triage train`"
    )]
    Foreign,
    #[error("it is damaged: write it again with `reeve triage train`")]
    Damaged,
    #[error(
        "it was trained for another catalogue, of whose {there} categories this one has {here}: write it again with \
         `reeve triage train --catalogue DIR`"
    )]
    OtherCatalogue { there: usize, here: usize },
}

/// What was learnt. Only ever read.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    learnt_from: [u8; 32],
    sharpness: f32,
    scale: f32,
    places: Vec<Place>,
    /// By key.
    features: Vec<Feature>,
    /// Where among them the keys with each beginning start. Most terms of a text are looked up several
    /// times, for each category that is explained.
    starts: Vec<usize>,
    weights: Cow<'static, [u8]>,
}

/// A category as the model knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) service: String,
    pub(super) category: String,
    pub(super) taught: Taught,
}

/// How many texts taught a category, and how many of those were danger.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Taught {
    pub texts: u32,
    pub danger: u32,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Feature {
    key: u32,
    /// How rare it is, and how far features of its kind speak.
    worth: f32,
    from: usize,
    until: usize,
}

/// What training hands over.
pub(super) struct Learnt {
    pub(super) learnt_from: [u8; 32],
    pub(super) places: Vec<Place>,
    pub(super) features: Vec<LearntFeature>,
    pub(super) sharpness: f32,
}

/// One feature as it was learnt.
pub(super) struct LearntFeature {
    pub(super) key: u32,
    pub(super) worth: f32,
    /// One for each place.
    pub(super) weights: Vec<f32>,
}

/// What a text says, by the model alone.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Voice {
    /// By the places of the model.
    pub(super) scores: Vec<f32>,
    /// How many features of the text it knows.
    pub(super) n_known: usize,
    /// What each value was divided by.
    length: f32,
}

impl Model {
    /// Reads a file.
    ///
    /// # Errors
    /// Says what is wrong with it, and what to do.
    pub fn read(bytes: Cow<'static, [u8]>) -> Result<Self, ModelError> {
        if bytes.len() > LARGEST {
            return Err(ModelError::TooLarge(bytes.len()));
        }
        let mut rest = Rest(&bytes);
        if rest.take(8) != Some(MAGIC.as_slice()) {
            return Err(ModelError::Foreign);
        }
        let seal = rest.take(32).ok_or(ModelError::Damaged)?;
        if Sha256::digest(rest.0).as_slice() != seal {
            return Err(ModelError::Damaged);
        }
        let read = rest.model().ok_or(ModelError::Damaged)?;
        let (mut model, weights_from) = read;
        model.weights = match bytes {
            Cow::Borrowed(bytes) => Cow::Borrowed(bytes.get(weights_from..).unwrap_or(&[])),
            Cow::Owned(mut bytes) => Cow::Owned(bytes.split_off(weights_from)),
        };
        Ok(model)
    }

    /// Packs what was learnt: numbers to one byte each, the smallest left out.
    pub(super) fn pack(learnt: Learnt) -> Self {
        let largest = learnt
            .features
            .iter()
            .flat_map(|one| one.weights.iter())
            .fold(0.0_f32, |most, weight| most.max(weight.abs()));
        let scale = largest.max(f32::EPSILON) / f32::from(i8::MAX);
        let mut faintest = FAINTEST;
        loop {
            let model = Self::packed(&learnt, scale, faintest);
            if model.size() <= LARGEST_WRITTEN || faintest == i8::MAX {
                return model;
            }
            faintest = faintest.saturating_add(1);
        }
    }

    fn packed(learnt: &Learnt, scale: f32, faintest: i8) -> Self {
        let mut weights: Vec<u8> = Vec::new();
        let mut features = Vec::new();
        for one in &learnt.features {
            let from = weights.len();
            let mut gap = 0_usize;
            for weight in &one.weights {
                let weight = stepped(*weight, scale);
                if weight.unsigned_abs() >= faintest.unsigned_abs() {
                    while gap >= usize::from(WIDEST_GAP) {
                        weights.extend([WIDEST_GAP, 0]);
                        gap -= usize::from(WIDEST_GAP);
                    }
                    let [weight] = weight.to_le_bytes();
                    weights.extend([u8::try_from(gap).unwrap_or(WIDEST_GAP), weight]);
                    gap = 0;
                }
                gap += 1;
            }
            if weights.len() > from {
                features.push(Feature {
                    key: one.key,
                    worth: one.worth,
                    from,
                    until: weights.len(),
                });
            }
        }
        Self {
            learnt_from: learnt.learnt_from,
            sharpness: learnt.sharpness,
            scale,
            places: learnt.places.clone(),
            starts: starts_of(&features),
            features,
            weights: Cow::Owned(weights),
        }
    }

    /// The file.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut body: Vec<u8> = Vec::with_capacity(self.size());
        body.extend(self.learnt_from);
        let places = self.place_lines();
        for count in [self.features.len(), places.len(), self.weights.len()] {
            body.extend(u32::try_from(count).unwrap_or(u32::MAX).to_le_bytes());
        }
        for number in [self.sharpness, self.scale] {
            body.extend(number.to_le_bytes());
        }
        body.extend(places.bytes());
        for one in &self.features {
            body.extend(one.key.to_le_bytes());
            body.extend(one.worth.to_le_bytes());
            let n_weights = (one.until - one.from) / 2;
            body.extend(u16::try_from(n_weights).unwrap_or(u16::MAX).to_le_bytes());
        }
        body.extend(self.weights.iter());
        let mut file = MAGIC.to_vec();
        file.extend(Sha256::digest(&body));
        file.extend(body);
        file
    }

    fn size(&self) -> usize {
        HEAD + self.place_lines().len() + self.features.len() * EACH + self.weights.len()
    }

    fn place_lines(&self) -> String {
        self.places
            .iter()
            .map(|place| {
                let Taught { texts, danger } = place.taught;
                format!("{}/{} {texts} {danger}\n", place.service, place.category)
            })
            .collect()
    }

    /// What it was learnt from, as [`super::training::fingerprint`] says it.
    #[must_use]
    pub const fn learnt_from(&self) -> &[u8; 32] {
        &self.learnt_from
    }

    /// What it was taught about one of its places.
    pub(super) fn taught(&self, place: usize) -> Option<Taught> {
        self.places.get(place).map(|place| place.taught)
    }

    /// How far confidences are sharpened, as measured on messages it had not learnt.
    pub(super) const fn sharpness(&self) -> f32 {
        self.sharpness
    }

    /// For each of its places, which of `subjects` that is.
    ///
    /// # Errors
    /// When fewer than half of them are there: it belongs to another catalogue.
    pub(super) fn placed_among(
        &self,
        subjects: &[(String, String)],
    ) -> Result<Vec<Option<usize>>, ModelError> {
        let known: std::collections::HashMap<(&str, &str), usize> = subjects
            .iter()
            .enumerate()
            .map(|(n, (service, category))| ((service.as_str(), category.as_str()), n))
            .collect();
        let found: Vec<Option<usize>> = self
            .places
            .iter()
            .map(|place| {
                let key = (place.service.as_str(), place.category.as_str());
                known.get(&key).copied()
            })
            .collect();
        let here = found.iter().flatten().count();
        if here * 2 < self.places.len() || here == 0 {
            return Err(ModelError::OtherCatalogue {
                there: self.places.len(),
                here,
            });
        }
        Ok(found)
    }

    /// Hears a text out. Each term counts by how often it comes (`times`, on a scale that grows
    /// slower and slower).
    pub(super) fn hear(&self, terms: impl Iterator<Item = (u64, f32)>) -> Voice {
        let mut scores = vec![0.0_f32; self.places.len()];
        let (mut square, mut n_known) = (0.0_f32, 0_usize);
        for (key, times) in terms {
            let Some(feature) = self.feature(folded(key)) else {
                continue;
            };
            let value = times * feature.worth;
            square += value * value;
            n_known += 1;
            self.each_weight(feature, |subject, weight| {
                if let Some(score) = scores.get_mut(subject) {
                    *score += value * f32::from(weight);
                }
            });
        }
        let length = square.sqrt().max(f32::EPSILON);
        for score in &mut scores {
            *score *= self.scale / length;
        }
        Voice {
            scores,
            n_known,
            length,
        }
    }

    /// How far one term of a text that was heard speaks for one of the places.
    pub(super) fn says(&self, voice: &Voice, term: &Term, place: usize) -> f32 {
        let mut said = 0.0;
        if let Some(feature) = self.feature(folded(term.key)) {
            self.each_weight(feature, |subject, weight| {
                if subject == place {
                    said = feature.worth * f32::from(weight) * self.scale / voice.length;
                }
            });
        }
        said
    }

    /// Whether a term was among what it learnt from, and says something.
    pub(super) fn knows(&self, key: u64) -> bool {
        self.feature(folded(key)).is_some()
    }

    fn feature(&self, key: u32) -> Option<&Feature> {
        let beginning = beginning_of(key);
        let from = *self.starts.get(beginning)?;
        let until = *self.starts.get(beginning + 1)?;
        let alike = self.features.get(from..until)?;
        alike.iter().find(|feature| feature.key == key)
    }

    fn each_weight(&self, feature: &Feature, mut take: impl FnMut(usize, i8)) {
        let weights = self.weights.get(feature.from..feature.until);
        let mut subject = 0_usize;
        for pair in weights.unwrap_or_default().chunks_exact(2) {
            if let [gap, weight] = pair {
                subject += usize::from(*gap);
                let weight = i8::from_le_bytes([*weight]);
                if weight != 0 {
                    take(subject, weight);
                }
            }
        }
    }
}

/// Weights below so many steps say nothing.
const FAINTEST: i8 = 4;

/// A key of a term in half the bytes.
pub(super) const fn folded(key: u64) -> u32 {
    let [a, b, c, d, e, f, g, h] = key.to_le_bytes();
    u32::from_le_bytes([a ^ e, b ^ f, c ^ g, d ^ h])
}

/// The first half of a key.
fn beginning_of(key: u32) -> usize {
    let [_, _, c, d] = key.to_le_bytes();
    usize::from(u16::from_le_bytes([c, d]))
}

/// For each beginning the first feature that has it or a later one, and one more for the end.
fn starts_of(features: &[Feature]) -> Vec<usize> {
    let beginnings = usize::from(u16::MAX) + 1;
    let mut starts = Vec::with_capacity(beginnings + 1);
    for (n, feature) in features.iter().enumerate() {
        while starts.len() <= beginning_of(feature.key) {
            starts.push(n);
        }
    }
    starts.resize(beginnings + 1, features.len());
    starts
}

/// A number in whole steps of `scale`.
fn stepped(number: f32, scale: f32) -> i8 {
    let size = (number / scale).abs();
    let mut steps = 0_i8;
    while steps < i8::MAX && f32::from(steps) + 0.5 <= size {
        steps += 1;
    }
    if number < 0.0 { -steps } else { steps }
}

fn place_of(line: &str) -> Option<Place> {
    let mut parts = line.split(' ');
    let (service, category) = parts.next()?.split_once('/')?;
    let taught = Taught {
        texts: parts.next()?.parse().ok()?,
        danger: parts.next()?.parse().ok()?,
    };
    Some(Place {
        service: service.to_owned(),
        category: category.to_owned(),
        taught,
    })
}

/// What is left of a file.
struct Rest<'b>(&'b [u8]);

impl<'b> Rest<'b> {
    fn take(&mut self, n: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(n)?;
        self.0 = rest;
        Some(taken)
    }

    fn count(&mut self) -> Option<usize> {
        let bytes = self.take(4)?.try_into().ok()?;
        usize::try_from(u32::from_le_bytes(bytes)).ok()
    }

    fn number(&mut self) -> Option<f32> {
        let number = f32::from_le_bytes(self.take(4)?.try_into().ok()?);
        number.is_finite().then_some(number)
    }

    /// Everything but the weights themselves, and where in the file those begin.
    fn model(&mut self) -> Option<(Model, usize)> {
        let learnt_from = self.take(32)?.try_into().ok()?;
        let (n_features, n_places, n_weights) = (self.count()?, self.count()?, self.count()?);
        let (sharpness, scale) = (self.number()?, self.number()?);
        let lines = std::str::from_utf8(self.take(n_places)?).ok()?;
        let places: Option<Vec<Place>> = lines.lines().map(place_of).collect();
        let table = self.take(n_features.checked_mul(EACH)?)?;
        let mut from = 0_usize;
        let mut features: Vec<Feature> = Vec::with_capacity(n_features);
        for row in table.chunks_exact(EACH) {
            let [k0, k1, k2, k3, w0, w1, w2, w3, n0, n1] = row else {
                return None;
            };
            let until = from + 2 * usize::from(u16::from_le_bytes([*n0, *n1]));
            let feature = Feature {
                key: u32::from_le_bytes([*k0, *k1, *k2, *k3]),
                worth: f32::from_le_bytes([*w0, *w1, *w2, *w3]),
                from,
                until,
            };
            let is_in_order = features.last().is_none_or(|last| last.key < feature.key);
            if !is_in_order || !feature.worth.is_finite() {
                return None;
            }
            from = until;
            features.push(feature);
        }
        if from != n_weights || self.0.len() != n_weights {
            return None;
        }
        let model = Model {
            learnt_from,
            sharpness,
            scale,
            places: places?,
            starts: starts_of(&features),
            features,
            weights: Cow::Borrowed(&[]),
        };
        Some((model, HEAD + n_places + table.len()))
    }
}
