//! Who asks, where that decides: elected members, and parish and town councils.
//!
//! A member's enquiry is a case of its own; the service concerned gets the case it would have
//! had from anybody, and both run on their own promises.

use crate::domain::enquiry::{Sender, Who};
use crate::domain::person::PersonKind;

use super::compiled::Router;
use super::danger::{Heard, shortened};
use super::place::{Choice, is_complaint};
use super::route::{Beside, Contact, linked};
use super::rules::RequesterRule;
use super::{Danger, Offer};

impl Router {
    /// Who asks, where that decides: by kind as said, by address, by name, by what they write.
    pub(super) fn requester(&self, contact: &Contact<'_>) -> Option<(&RequesterRule, String)> {
        let (name, email, kind) = match &contact.enquiry.who {
            Who::Described(described) => (
                described.name.as_deref(),
                described.email.as_deref(),
                described.kind,
            ),
            Who::Known(_) | Who::Nobody => (None, None, None),
        };
        let (name, email) = (
            name.unwrap_or_default().to_lowercase(),
            email.unwrap_or_default().to_lowercase(),
        );
        let is_resident = contact.enquiry.sender == Sender::Resident;
        let applies = |rule: &RequesterRule| !(is_resident && rule.kind.is_member());
        if let Some(kind) = kind
            && let Some((rule, _)) = self
                .requester
                .iter()
                .find(|(rule, _)| rule.kind == kind && applies(rule))
        {
            return Some((rule, format!("the enquirer is known as {}", said_as(kind))));
        }
        let mut applying = self.requester.iter().filter(|(rule, _)| applies(rule));
        applying.find_map(|(rule, patterns)| {
            let why = if is_listed(rule, &email) {
                "the mail address says so".to_owned()
            } else if patterns.names.is_in(&name) {
                "the sender’s name says so".to_owned()
            } else {
                let found = patterns.words.find(&contact.plain)?;
                format!("the words “{}” say so", shortened(found))
            };
            Some((rule, format!("{} asks: {why}", said_as(rule.kind))))
        })
    }

    /// Which member the council's own list has this address for: an MP and their office.
    #[must_use]
    pub fn listed_member(&self, email: &str) -> Option<PersonKind> {
        self.requester
            .iter()
            .find(|(rule, _)| rule.kind.is_member() && is_listed(rule, email))
            .map(|(rule, _)| rule.kind)
    }

    /// A member's enquiry with the service's own case beside it; others' enquiries alone.
    pub(super) fn for_requester(
        &self,
        contact: &Contact<'_>,
        rule: &RequesterRule,
        why: &str,
        matter: Choice,
        heard: Option<&Heard<'_>>,
        beside: &mut Beside,
    ) -> Choice {
        let own = Choice::by_rule(
            &rule.service,
            &rule.category,
            format!("requester:{}", rule.kind),
            why.to_owned(),
        );
        if !rule.opens_service_case {
            return own;
        }
        // Words like "councillor" speak for member services; what the member asks about is
        // whatever else the text says.
        let about = if matter.service == rule.service && matter.rule.starts_with("text:") {
            self.read_as(&contact.reading, contact.catalogue, |service, category| {
                service.slug != rule.service
                    && !is_complaint(category.procedure)
                    && !category.is_restricted
            })
        } else {
            Some(matter)
        };
        let fallback = &self.rules.fallback;
        match about {
            Some(about)
                if about.service != rule.service
                    && !about.is(&fallback.service, &fallback.category)
                    && (about.confidence >= self.rules.thresholds.link_at || heard.is_some()) =>
            {
                let why = format!("what the member asks about: {}", about.reason);
                let danger = heard.map(|heard| Danger {
                    kind: heard.kind.clone(),
                });
                let linked = linked(contact, &about, danger, why);
                beside.linked.splice(0..0, linked);
            }
            Some(about) => beside.offers.push(Offer::ServiceCase {
                matters: vec![Self::matter(&about, shortened(&contact.enquiry.body))],
            }),
            None => {}
        }
        own
    }
}

fn is_listed(rule: &RequesterRule, email: &str) -> bool {
    let domain = email.rsplit_once('@').map_or("", |(_, domain)| domain);
    let by_domain = rule.domains.iter().any(|known| {
        domain == known
            || domain
                .strip_suffix(known.as_str())
                .is_some_and(|rest| rest.ends_with('.'))
    });
    by_domain || rule.addresses.iter().any(|address| address == email)
}

const fn said_as(kind: PersonKind) -> &'static str {
    match kind {
        PersonKind::Councillor => "a councillor",
        PersonKind::Mp => "an MP",
        PersonKind::ParishCouncil => "a parish or town council",
        PersonKind::Resident => "a resident",
        PersonKind::Business => "a business",
        PersonKind::Visitor => "a visitor",
        PersonKind::CommunityGroup => "a community group",
        PersonKind::Partner => "a partner",
        PersonKind::Staff => "a colleague",
        PersonKind::Anonymous => "somebody without a name",
    }
}
