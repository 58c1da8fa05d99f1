//! What a text says of danger, whatever was chosen.
//!
//! A choice says what somebody looked for in a list, not that nobody is in danger: so the text is read
//! as if nothing had been chosen, and who is in danger is heard above the choice. A false alarm costs a
//! look. Where one of the staff chose, who listened or read, that look has been had: only what a text
//! says clearly goes before them.

use crate::domain::case::Priority;

use super::compiled::Router;
use super::danger::Heard;
use super::place::Choice;
use super::route::Contact;

/// What was heard above a choice.
pub(super) struct Overheard {
    pub(super) heard: Heard<'static>,
    /// Where it goes instead, when it is or may be for few to know; otherwise it stays where it was put.
    pub(super) matter: Option<Choice>,
}

impl Router {
    /// Danger in the words of somebody who chose `chosen`. Words that start a procedure are about that, as
    /// in a text without a choice.
    pub(super) fn overheard(
        &self,
        contact: &Contact<'_>,
        chosen: &Choice,
        is_heard: bool,
    ) -> Option<Overheard> {
        contact.enquiry.service.as_ref()?;
        let decided = ["danger:", "procedure:"];
        let is_decided = decided.iter().any(|rule| chosen.rule.starts_with(rule));
        let is_among_few = chosen
            .of(contact.catalogue)
            .is_some_and(|(_, category)| category.is_restricted);
        if is_decided
            || is_among_few
            || !self.has_said_enough(&contact.reading)
            || self.for_procedure(contact, false).is_some()
        {
            return None;
        }
        let read = self.read_as(&contact.reading, contact.catalogue, |_, _| true)?;
        let (_, category) = read.of(contact.catalogue)?;
        let is_restricted = category.is_restricted;
        let cannot_wait = is_restricted || category.priority == Priority::Emergency;
        let is_clear = cannot_wait && read.is_sure;
        let (likelihood, subject) = self.likelihood_of_danger(&contact.reading);
        let is_likely = likelihood >= self.danger_from(read.is_sure);
        if !is_clear && (contact.enquiry.is_chosen_by_staff || !(is_heard || is_likely)) {
            return None;
        }
        let likeliest = subject
            .and_then(|subject| self.ranker.place(subject))
            .and_then(|(service, category)| contact.catalogue.category(service, category))
            .map_or(category, |(_, likeliest)| likeliest);
        let named = likeliest.name.to_lowercase();
        let is_theirs =
            is_restricted && (read.is_sure || read.confidence >= self.rules.thresholds.link_at);
        Some(Overheard {
            heard: Heard {
                cue: None,
                kind: format!("the message reads like “{named}”"),
                why: format!("it may be {named}, which cannot wait"),
            },
            // Where it is likely and not clear whose it is, people find out, as without a choice.
            matter: (is_theirs || (is_likely && likeliest.is_restricted)).then(|| Choice {
                reason: format!("{}; {}", read.reason, chosen.reason),
                is_sure: is_theirs,
                ..read
            }),
        })
    }
}
