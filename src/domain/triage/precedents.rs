//! Messages like one that was placed before.
//!
//! Staff correct a placement once; the next message that says nearly the same should follow it,
//! whatever single words say. Messages that merely share a few words are not alike: among real
//! ones those belong together no more often than chance.

use std::collections::BTreeMap;

use super::words::{self, ByKey, Term, TermKind};

/// Likeness (cosine over words and pairs) from which a message follows an earlier one.
const ALIKE: f32 = 0.3;

/// Messages whose place is known, by their words.
#[derive(Debug)]
pub(super) struct Precedents {
    subjects: Vec<u32>,
    postings: ByKey<Vec<(u32, f32)>>,
    rarity: ByKey<f32>,
}

impl Precedents {
    /// `messages` are subject and text.
    pub(super) fn new(messages: &[(u32, &str)]) -> Self {
        let counted: Vec<BTreeMap<u64, f32>> = messages
            .iter()
            .map(|(_, text)| weighed(&words::terms(&words::plain(text), false), |_| 1.0))
            .collect();
        let mut seen_in: ByKey<u16> = ByKey::default();
        for key in counted.iter().flat_map(BTreeMap::keys) {
            let n = seen_in.entry(*key).or_default();
            *n = n.saturating_add(1);
        }
        let all = f32::from(u16::try_from(messages.len()).unwrap_or(u16::MAX));
        let rarity: ByKey<f32> = seen_in
            .iter()
            .map(|(key, n)| (*key, (1.0 + all / (f32::from(*n) + 0.5)).ln()))
            .collect();
        let mut postings: ByKey<Vec<(u32, f32)>> = ByKey::default();
        for (n, terms) in (0_u32..).zip(&counted) {
            let weigh =
                |(key, times): (&u64, &f32)| times * rarity.get(key).copied().unwrap_or(0.0);
            let length = terms
                .iter()
                .map(weigh)
                .map(|weight| weight * weight)
                .sum::<f32>()
                .sqrt()
                .max(f32::EPSILON);
            for (key, times) in terms {
                postings
                    .entry(*key)
                    .or_default()
                    .push((n, weigh((key, times)) / length));
            }
        }
        Self {
            subjects: messages.iter().map(|(subject, _)| *subject).collect(),
            postings,
            rarity,
        }
    }

    /// The subject of the most alike message, and how alike it is (0 to 1), when it is alike.
    pub(super) fn most_alike(&self, terms: &[Term]) -> Option<(u32, f32)> {
        let unheard =
            (1.0 + 2.0 * f32::from(u16::try_from(self.subjects.len()).unwrap_or(u16::MAX))).ln();
        // Words no earlier message has make this one less like any of them.
        let weights = weighed(terms, |key| {
            self.rarity.get(&key).copied().unwrap_or(unheard)
        });
        let length = weights
            .values()
            .map(|weight| weight * weight)
            .sum::<f32>()
            .sqrt()
            .max(f32::EPSILON);
        let mut likeness = vec![0.0_f32; self.subjects.len()];
        for (key, weight) in &weights {
            for (n, other) in self.postings.get(key).into_iter().flatten() {
                if let Some(sum) = usize::try_from(*n).ok().and_then(|n| likeness.get_mut(n)) {
                    *sum += weight * other / length;
                }
            }
        }
        likeness
            .iter()
            .zip(&self.subjects)
            .filter(|(alike, _)| **alike >= ALIKE)
            .max_by(|(a, _), (b, _)| a.total_cmp(b))
            .map(|(alike, subject)| (*subject, alike.min(1.0)))
    }
}

/// Each key's weight: what `worth` says, and a little more when it is said again. Ordered, so
/// that sums come out the same every time.
fn weighed(terms: &[Term], worth: impl Fn(u64) -> f32) -> BTreeMap<u64, f32> {
    let mut times: BTreeMap<u64, f32> = BTreeMap::new();
    for term in terms.iter().filter(|term| term.kind != TermKind::Letters) {
        *times.entry(term.key).or_insert(0.0) += 1.0;
    }
    times
        .into_iter()
        .map(|(key, times)| (key, (1.0 + times.ln()) * worth(key)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alike(text: &str) -> Option<(u32, f32)> {
        let messages = [
            (
                7,
                "The lift at Ferncroft Court is stuck on the third floor again",
            ),
            (9, "My bin was not emptied on Thursday, the lid was shut"),
        ];
        Precedents::new(&messages).most_alike(&words::terms(&words::plain(text), true))
    }

    #[test]
    fn nearly_the_same_message_follows_the_earlier_one() {
        assert_eq!(
            alike("Ferncroft Court lift stuck again on third floor")
                .unwrap()
                .0,
            7
        );
        let (subject, likeness) =
            alike("My bin was not emptied on Thursday, the lid was shut").unwrap();
        assert_eq!(subject, 9);
        assert!(likeness > 0.99);
    }

    #[test]
    fn a_shared_word_or_two_is_no_likeness() {
        assert_eq!(
            alike("The lid of the salt box on the third floor of the car park has gone"),
            None
        );
        assert_eq!(alike(""), None);
    }
}
