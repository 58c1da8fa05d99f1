//! Danger to life or limb, safeguarding, homeless tonight, no heat or food with infants.
//!
//! A false alarm costs a look, a missed one a life: cues are generous, and a text that reads like
//! an emergency counts as one without any cue. Capital letters and "urgent" count nothing.

use crate::domain::enquiry::Enquiry;
use crate::domain::triage::Reading;

use super::compiled::Router;
use super::rules::DangerCue;

/// What speaks for danger in one contact.
pub(super) struct Heard<'r> {
    /// The first cue of the list, which is the most pressing.
    pub(super) cue: Option<(&'r DangerCue, String)>,
    /// For the duty officer.
    pub(super) kind: String,
    /// For the reason on the case.
    pub(super) why: String,
}

impl Router {
    /// Danger as declared, as cues say it, or as the text reads.
    pub(super) fn danger_in(&self, enquiry: &Enquiry, plain: &str) -> Option<Heard<'_>> {
        let cue = self
            .danger
            .iter()
            .find_map(|(rule, cue)| cue.find(plain).map(|words| (rule, words.to_owned())));
        if let Some((rule, words)) = cue {
            return Some(Heard {
                kind: rule.kind.clone(),
                why: format!("{}: the words “{}” say so", rule.kind, shortened(&words)),
                cue: Some((rule, words)),
            });
        }
        if enquiry.danger_declared {
            return Some(Heard {
                cue: None,
                kind: "whoever wrote says that somebody is in danger now".to_owned(),
                why: "danger was declared on the form".to_owned(),
            });
        }
        None
    }

    /// How likely it is that a reading is one of an emergency, over all it may be about, and
    /// which subject makes it most so.
    pub(super) fn likelihood_of_danger(&self, reading: &Reading) -> (f64, Option<usize>) {
        let mut total = 0.0;
        let mut most: (f64, Option<usize>) = (0.0, None);
        for ranked in &reading.ranked {
            let share = ranked.confidence
                * self
                    .danger_rates
                    .get(ranked.subject)
                    .copied()
                    .unwrap_or(0.0);
            total += share;
            if share > most.0 {
                most = (share, Some(ranked.subject));
            }
        }
        (total, most.1)
    }
}

/// Enough of somebody's words to recognise the place by.
pub(super) fn shortened(words: &str) -> String {
    if words.chars().count() <= 60 {
        return words.to_owned();
    }
    let short: String = words.chars().take(60).collect();
    format!("{}…", short.trim_end())
}
