//! The order of precedence, in one place.

use crate::domain::case::{Priority, Routed};
use crate::domain::catalogue::Catalogue;
use crate::domain::enquiry::{Enquiry, Who};
use crate::domain::person::PersonKind;
use crate::domain::triage::{Reading, words};

use super::compiled::Router;
use super::danger::{Heard, shortened};
use super::place::{Choice, is_complaint, raised, rounded};
use super::rules::RequesterRule;
use super::{Danger, Linked, Offer, Placement};

/// The text as patterns read it: plain, and without apostrophes, so that "dont" is "don't".
pub(super) fn for_patterns(plain: &str) -> String {
    plain.chars().filter(|c| *c != '\'').collect()
}

/// What was read of one contact, before anything is decided.
struct Contact<'a> {
    enquiry: &'a Enquiry,
    catalogue: &'a Catalogue,
    plain: String,
    reading: Reading,
}

/// What is decided beside the place.
#[derive(Default)]
struct Beside {
    linked: Vec<Linked>,
    offers: Vec<Offer>,
}

impl Router {
    /// Where a contact goes, and why. Total: every enquiry gets a placement, and the same one
    /// every time.
    #[must_use]
    pub fn route(&self, enquiry: &Enquiry, catalogue: &Catalogue) -> Placement {
        let text = enquiry.text();
        let contact = Contact {
            enquiry,
            catalogue,
            plain: for_patterns(&words::plain(&text)),
            reading: self.ranker.read(&text),
        };
        let heard = self.danger_in(enquiry, &contact.plain);
        let requester = self.requester(&contact);
        let is_member = requester.as_ref().map_or(enquiry.kind(), |(rule, _)| rule.kind).is_member();
        let mut beside = Beside::default();
        let matter = self.matter_of(&contact, heard.as_ref(), &mut beside);
        let heard = heard.or_else(|| self.reads_like_danger(&contact, &matter));
        let is_safeguarding = matter.of(catalogue).is_some_and(|(_, category)| category.is_restricted);
        let choice = match requester {
            // What must stay among few people never stands in a member's case as well.
            Some((rule, why)) if !is_safeguarding => {
                self.for_requester(&contact, rule, &why, matter, heard.as_ref(), &mut beside)
            }
            _ => matter,
        };
        self.placement(&contact, choice, heard, is_member, beside)
    }

    /// What the contact is about, whoever asks: steps 1 and 3 to 5 of the order.
    fn matter_of(&self, contact: &Contact<'_>, heard: Option<&Heard<'_>>, beside: &mut Beside) -> Choice {
        let chosen = self.chosen(contact.enquiry, contact.catalogue, &contact.reading);
        if let Some(choice) = heard.and_then(|heard| self.for_danger(contact, heard, chosen.as_ref())) {
            return choice;
        }
        let has_category = chosen.as_ref().is_some_and(|choice| choice.rule.starts_with("category:"));
        if let Some(choice) = self.for_procedure(contact, has_category) {
            return choice;
        }
        let request = chosen
            .map(|choice| self.moved(contact, choice, true))
            .or_else(|| self.by_council_rule(contact))
            .or_else(|| {
                self.read_as(&contact.reading, contact.catalogue, |_, category| !is_complaint(category.procedure))
                    .map(|choice| self.moved(contact, choice, false))
            });
        self.with_complaint(contact, request, beside)
    }

    /// Whose emergency it is: the cue's, unless the text names another one clearly.
    fn for_danger(&self, contact: &Contact<'_>, heard: &Heard<'_>, chosen: Option<&Choice>) -> Option<Choice> {
        let (rule, _) = heard.cue.as_ref()?;
        let (Some(service), Some(category)) = (rule.service.as_deref(), rule.category.as_deref()) else {
            return if chosen.is_some() { None } else { self.likeliest_emergency(contact) };
        };
        if !rule.is_safeguarding {
            if chosen.is_some() {
                return None;
            }
            let named = self.read_as(&contact.reading, contact.catalogue, |_, _| true)?;
            let is_emergency =
                named.of(contact.catalogue).is_some_and(|(_, category)| category.priority >= Priority::Urgent);
            if named.is_sure && is_emergency {
                return Some(named);
            }
        }
        Some(Choice::by_rule(service, category, format!("danger:{category}"), heard.why.clone()))
    }

    /// Where the danger has no home of its own and the text names nothing clearly: the likeliest
    /// of the matters that cannot wait.
    fn likeliest_emergency(&self, contact: &Contact<'_>) -> Option<Choice> {
        let named = self.read_as(&contact.reading, contact.catalogue, |_, _| true)?;
        let (_, category) = named.of(contact.catalogue)?;
        if named.is_sure || category.priority >= Priority::High {
            return None;
        }
        let emergency = self.read_as(&contact.reading, contact.catalogue, |_, category| {
            category.priority >= Priority::Urgent && !category.is_restricted
        })?;
        Some(Choice { confidence: emergency.confidence.min(named.confidence), is_sure: false, ..emergency })
    }

    /// No cue, but what it is about is an emergency more often than not.
    fn reads_like_danger(&self, contact: &Contact<'_>, matter: &Choice) -> Option<Heard<'static>> {
        let (_, category) = matter.of(contact.catalogue)?;
        let is_emergency = category.priority == Priority::Emergency || category.is_restricted;
        let likely = if matter.rule.starts_with("text:") {
            self.likelihood_of_danger(&contact.reading) >= self.rules.thresholds.danger_at
        } else {
            is_emergency
        };
        (likely || (is_emergency && matter.is_sure)).then(|| Heard {
            cue: None,
            kind: format!("it reads like {}", category.name.to_lowercase()),
            why: format!("it reads like {}, which is dealt with at once", category.name.to_lowercase()),
        })
    }

    fn for_procedure(&self, contact: &Contact<'_>, has_category: bool) -> Option<Choice> {
        self.procedure.iter().filter(|(rule, _)| rule.outranks_choice || !has_category).find_map(|(rule, cue)| {
            let found = cue.find(&contact.plain)?;
            let reason = format!("it is {}: the words “{}” say so", rule.name, shortened(found));
            Some(Choice::by_rule(&rule.service, &rule.category, format!("procedure:{}", rule.category), reason))
        })
    }

    /// The council's own rules that place a contact by themselves.
    fn by_council_rule(&self, contact: &Contact<'_>) -> Option<Choice> {
        self.council.iter().find_map(|(rule, patterns)| {
            let (service, category) = (rule.then.service.as_deref()?, rule.then.category.as_deref()?);
            let holds = rule.when.service.is_none() && self.rule_holds(contact, rule, patterns, None);
            holds.then(|| {
                let reason = format!("the council’s rule “{}” holds", rule.name);
                Choice::by_rule(service, category, format!("rule:{}", rule.name), reason)
            })
        })
    }

    /// The council's own rules that move a matter from one place to another.
    fn moved(&self, contact: &Contact<'_>, choice: Choice, is_chosen: bool) -> Choice {
        let rule = self.council.iter().find(|(rule, patterns)| {
            rule.when.service.is_some()
                && rule.then.service.is_some()
                && (!is_chosen || rule.when.category.is_some())
                && self.rule_holds(contact, rule, patterns, Some(&choice))
        });
        match rule.map(|(rule, _)| (rule, rule.then.service.as_deref(), rule.then.category.as_deref())) {
            Some((rule, Some(service), Some(category))) => Choice {
                service: service.to_owned(),
                category: category.to_owned(),
                rule: format!("rule:{}", rule.name),
                reason: format!("{}; the council’s rule “{}” holds", choice.reason, rule.name),
                ..choice
            },
            _ => choice,
        }
    }

    fn rule_holds(
        &self,
        contact: &Contact<'_>,
        rule: &super::Rule,
        patterns: &super::compiled::CouncilRule,
        place: Option<&Choice>,
    ) -> bool {
        let when = &rule.when;
        let place_words = contact.enquiry.location.as_ref().map(|location| {
            let description = location.description.as_deref().unwrap_or_default();
            for_patterns(&words::plain(&format!("{description} {}", location.uprn.as_deref().unwrap_or_default())))
        });
        when.channel.is_none_or(|channel| channel == contact.enquiry.channel)
            && when.kind.is_none_or(|kind| kind == contact.enquiry.kind())
            && when.service.as_ref().is_none_or(|slug| place.is_some_and(|place| place.service == *slug))
            && when.category.as_ref().is_none_or(|slug| place.is_some_and(|place| place.category == *slug))
            && (patterns.words.is_empty() || patterns.words.is_in(&contact.plain))
            && (patterns.place.is_empty() || place_words.is_some_and(|words| patterns.place.is_in(&words)))
            && !patterns.unless.is_in(&contact.plain)
    }

    /// Weighs complaint against request: a request carries on with the complaint beside it; a
    /// message that is nothing but a complaint is one.
    fn with_complaint(&self, contact: &Contact<'_>, request: Option<Choice>, beside: &mut Beside) -> Choice {
        let fallback = &self.rules.fallback;
        let words = self.complaint.words.find(&contact.plain);
        let named = self.read_as(&contact.reading, contact.catalogue, |_, _| true);
        let reads_as_complaint = named.as_ref().filter(|choice| {
            choice.of(contact.catalogue).is_some_and(|(_, category)| is_complaint(category.procedure))
        });
        let is_chosen = request.as_ref().is_some_and(|choice| !choice.rule.starts_with("text:"));
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
                || request.as_ref().is_none_or(|request| request.confidence < self.rules.thresholds.link_at)
                || reads_as_complaint.is_some_and(|named| named.is_sure));
        match request {
            Some(request) if !is_all => {
                if request.of(contact.catalogue).is_some_and(|(_, category)| category.not_a_complaint) {
                    return request;
                }
                beside.linked.extend(self.linked(contact, &complaint, None, why));
                request
            }
            request => {
                let about = request.filter(|request| {
                    request.confidence >= self.rules.thresholds.link_at
                        && !request.is(&fallback.service, &fallback.category)
                        && request.of(contact.catalogue).is_some_and(|(_, category)| !category.is_restricted)
                });
                if let Some(about) = about {
                    let why = format!("the request within the complaint: {}", about.reason);
                    beside.linked.extend(self.linked(contact, &about, None, why));
                }
                complaint
            }
        }
    }

    fn offer_complaint(&self, contact: &Contact<'_>, request: Option<&Choice>, weak: &str, beside: &mut Beside) {
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

    fn home_of_complaint(&self, contact: &Contact<'_>, about: Option<&Choice>) -> Option<(&str, &str)> {
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

    /// Who asks, where that decides: by kind as said, by address, by name, by what they write.
    fn requester(&self, contact: &Contact<'_>) -> Option<(&RequesterRule, String)> {
        let (name, email, kind) = match &contact.enquiry.who {
            Who::Described(described) => (described.name.as_deref(), described.email.as_deref(), described.kind),
            Who::Known(_) | Who::Nobody => (None, None, None),
        };
        let (name, email) = (name.unwrap_or_default().to_lowercase(), email.unwrap_or_default().to_lowercase());
        if let Some(kind) = kind
            && let Some((rule, _)) = self.requester.iter().find(|(rule, _)| rule.kind == kind)
        {
            return Some((rule, format!("the enquirer is known as {}", said_as(kind))));
        }
        let domain = email.rsplit_once('@').map_or("", |(_, domain)| domain);
        self.requester.iter().find_map(|(rule, patterns)| {
            let by_domain = rule
                .domains
                .iter()
                .any(|known| domain == known || domain.strip_suffix(known).is_some_and(|rest| rest.ends_with('.')));
            let why = if by_domain || rule.addresses.contains(&email) {
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

    /// A member's enquiry with the service's own case beside it; others' enquiries alone.
    fn for_requester(
        &self,
        contact: &Contact<'_>,
        rule: &RequesterRule,
        why: &str,
        matter: Choice,
        heard: Option<&Heard<'_>>,
        beside: &mut Beside,
    ) -> Choice {
        let own = Choice::by_rule(&rule.service, &rule.category, format!("requester:{}", rule.kind), why.to_owned());
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
                let danger = heard.map(|heard| Danger { kind: heard.kind.clone() });
                let linked = self.linked(contact, &about, danger, why);
                beside.linked.splice(0..0, linked);
            }
            Some(about) => beside.offers.push(Offer::ServiceCase {
                matters: vec![Self::matter(&about, shortened(&contact.enquiry.body))],
            }),
            None => {}
        }
        own
    }

    fn linked(&self, contact: &Contact<'_>, choice: &Choice, danger: Option<Danger>, why: String) -> Option<Linked> {
        let (service, category) = choice.of(contact.catalogue)?;
        let priority = if danger.is_some() { Priority::Emergency } else { category.priority };
        Some(Linked {
            queue: service.queue.clone(),
            service: service.slug.clone(),
            category: category.slug.clone(),
            procedure: category.procedure,
            priority,
            danger,
            why,
        })
    }

    fn placement(
        &self,
        contact: &Contact<'_>,
        choice: Choice,
        heard: Option<Heard<'_>>,
        is_member: bool,
        mut beside: Beside,
    ) -> Placement {
        let fallback = &self.rules.fallback;
        let (choice, service, category) = match choice.of(contact.catalogue) {
            Some((service, category)) => (choice, Some(service), Some(category)),
            None => (unreadable(fallback), None, None),
        };
        let is_vulnerable = self.vulnerable.is_in(&contact.plain);
        let is_danger = heard.is_some();
        // Danger of which it is not clear whose it is wakes the fallback queue's duty contact: a
        // wrong team at night is slower than somebody whose work it is to find the right one.
        let is_placed = service.is_some() && choice.is_sure;
        let mut priority = category.map_or(Priority::Normal, |category| category.priority);
        if is_vulnerable {
            priority = raised(priority, Priority::High);
        }
        if is_danger {
            priority = Priority::Emergency;
        }
        let mut queue = match service {
            Some(service) if is_placed => service.queue.clone(),
            _ => fallback.queue.clone(),
        };
        if let Some(rule) = self.rule_for_work(contact, &choice)
            && is_placed
        {
            queue = rule.then.queue.clone().unwrap_or(queue);
            priority = rule.then.priority.map_or(priority, |at_least| raised(priority, at_least));
        }
        let language = self.language_of(contact.enquiry, &contact.plain);
        if let Some(tag) = &language {
            beside.offers.push(Offer::Interpreter { why: format!("the message is in, or asks for, another language ({tag})") });
        }
        let matters = self.several_matters(&contact.enquiry.body);
        if !matters.is_empty() {
            beside.offers.push(Offer::SeveralMatters { matters });
        }
        let mut reason = choice.reason.clone();
        if let Some(heard) = &heard
            && heard.why != reason
        {
            reason = format!("{}; {reason}", heard.why);
        }
        if !is_placed {
            reason = format!("not sure enough to place without a person looking; {reason}");
        }
        Placement {
            queue,
            procedure: category.map_or(crate::domain::case::Procedure::Enquiry, |category| category.procedure),
            priority,
            danger: heard.map(|heard| Danger { kind: heard.kind }),
            is_placed,
            routed: Routed {
                rule: choice.rule.clone(),
                reason,
                confidence: rounded(choice.confidence),
                candidates: self.candidates(&contact.reading, &choice),
            },
            linked: beside.linked,
            offers: beside.offers,
            is_member,
            is_vulnerable,
            not_ours: if choice.rule.starts_with("category:") { None } else { self.not_ours(&contact.plain) },
            language,
            is_chaser: self.remarks.chaser.is_in(&contact.plain),
            is_avoidable: self.remarks.avoidable.is_in(&contact.plain),
            service: choice.service,
            category: choice.category,
        }
    }

    /// The first of the council's rules that moves the work or raises it, and leaves the matter.
    fn rule_for_work(&self, contact: &Contact<'_>, choice: &Choice) -> Option<&super::Rule> {
        self.council
            .iter()
            .find(|(rule, patterns)| {
                rule.then.service.is_none() && self.rule_holds(contact, rule, patterns, Some(choice))
            })
            .map(|(rule, _)| rule)
    }
}

fn unreadable(fallback: &super::Fallback) -> Choice {
    Choice {
        service: fallback.service.clone(),
        category: fallback.category.clone(),
        rule: "fallback".to_owned(),
        reason: "no word says what it is about".to_owned(),
        confidence: 0.0,
        is_sure: false,
    }
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
