//! Complaint and request in one message.
//!
//! Nobody waits for a bin because they were cross about it: the request carries on, and the
//! complaint is opened beside it. Weaker signs are offered to an officer.

use crate::domain::triage::words;

use super::Offer;
use super::compiled::Router;
use super::danger::shortened;
use super::place::{Choice, is_complaint};
use super::route::{Beside, Contact, for_patterns, linked, unreadable};

impl Router {
    /// Weighs complaint against request: a request carries on with the complaint beside it; a
    /// message that is nothing but a complaint is one.
    pub(super) fn with_complaint(
        &self,
        contact: &Contact<'_>,
        request: Option<Choice>,
        beside: &mut Beside,
    ) -> Choice {
        let fallback = &self.rules.fallback;
        let words = self.complaint.words.find(&contact.plain);
        let named = self.read_as(&contact.reading, contact.catalogue, |_, _| true);
        let reads_as_complaint = named.as_ref().filter(|choice| {
            choice
                .of(contact.catalogue)
                .is_some_and(|(_, category)| is_complaint(category.procedure))
        });
        let is_chosen = request
            .as_ref()
            .is_some_and(|choice| !choice.rule.starts_with("text:"));
        let Some(words) = words else {
            if let Some(weak) = self.complaint.weak.find(&contact.plain) {
                self.offer_complaint(contact, request.as_ref(), weak, beside);
            }
            return match (request, reads_as_complaint) {
                (Some(request), _) if is_chosen => request,
                (_, Some(complaint)) => complaint.clone(),
                (Some(request), None) => request,
                (None, None) => unreadable(fallback),
            };
        };
        // Whoever chose a complaint and says so in words has made one complaint.
        if let Some(chosen) = request.as_ref().filter(|_| is_chosen)
            && chosen
                .of(contact.catalogue)
                .is_some_and(|(_, category)| is_complaint(category.procedure))
        {
            return chosen.clone();
        }
        let home = self.home_of_complaint(contact, request.as_ref());
        let why = format!("it is a complaint: the words “{}” say so", shortened(words));
        let complaint = home.map(|(service, category)| {
            let rule = format!("procedure:{category}");
            Choice::by_rule(service, category, rule, why.clone())
        });
        let Some(complaint) = complaint else {
            return request.unwrap_or_else(|| unreadable(fallback));
        };
        let subject = for_patterns(&words::plain(&contact.enquiry.subject));
        let is_all = !is_chosen
            && (self.complaint.subject.is_in(&subject)
                || !self.has_said_enough(&contact.reading)
                || request
                    .as_ref()
                    .is_none_or(|request| request.confidence < self.rules.thresholds.link_at)
                || reads_as_complaint.is_some_and(|named| named.is_sure));
        match request {
            Some(request) if !is_all => {
                if request
                    .of(contact.catalogue)
                    .is_some_and(|(_, category)| category.not_a_complaint)
                {
                    return request;
                }
                beside.linked.extend(linked(contact, &complaint, None, why));
                request
            }
            request => {
                let about = request.filter(|request| {
                    request.confidence >= self.rules.thresholds.link_at
                        && !request.is(&fallback.service, &fallback.category)
                        && request
                            .of(contact.catalogue)
                            .is_some_and(|(_, category)| !category.is_restricted)
                });
                if let Some(about) = about {
                    let why = format!("the request within the complaint: {}", about.reason);
                    beside.linked.extend(linked(contact, &about, None, why));
                }
                complaint
            }
        }
    }

    fn offer_complaint(
        &self,
        contact: &Contact<'_>,
        request: Option<&Choice>,
        weak: &str,
        beside: &mut Beside,
    ) {
        let is_elsewhere = request
            .and_then(|choice| choice.of(contact.catalogue))
            .is_some_and(|(_, category)| category.not_a_complaint);
        if is_elsewhere {
            return;
        }
        if let Some((service, category)) = self.home_of_complaint(contact, request) {
            beside.offers.push(Offer::Complaint {
                service: service.to_owned(),
                category: category.to_owned(),
                why: format!("the words “{}” may mean one", shortened(weak)),
            });
        }
    }

    fn home_of_complaint(
        &self,
        contact: &Contact<'_>,
        about: Option<&Choice>,
    ) -> Option<(&str, &str)> {
        self.rules
            .complaint
            .home
            .iter()
            .zip(&self.complaint.homes)
            .find(|(home, words)| {
                let about_it = home.about.is_empty()
                    || about.is_some_and(|choice| home.about.contains(&choice.service));
                about_it && (words.is_empty() || words.is_in(&contact.plain))
            })
            .map(|(home, _)| (home.service.as_str(), home.category.as_str()))
    }
}
