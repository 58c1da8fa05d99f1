//! The order of precedence, in one place.

use crate::domain::case::{Priority, Procedure, Routed};
use crate::domain::catalogue::Catalogue;
use crate::domain::enquiry::Enquiry;
use crate::domain::triage::{Reading, words};

use super::compiled::Router;
use super::danger::{Heard, shortened};
use super::place::{Choice, is_complaint, raised, rounded};
use super::{Danger, Linked, Offer, Placement};

/// The text as patterns read it: plain, and without apostrophes, so that "dont" is "don't".
pub(super) fn for_patterns(plain: &str) -> String {
    plain.chars().filter(|c| *c != '\'').collect()
}

/// From which share of danger among the contacts of a matter that is clear it counts as one.
const CLEAR_MATTER: f64 = 0.3;
/// The same by words alone, which are surer than they are right.
const CLEAR_MATTER_BY_WORDS: f64 = 0.5;
/// By words alone nobody is woken for less, where the matter is not clear.
const UNCLEAR_MATTER_BY_WORDS: f64 = 0.25;

/// What was read of one contact, before anything is decided.
pub(super) struct Contact<'a> {
    pub(super) enquiry: &'a Enquiry,
    pub(super) catalogue: &'a Catalogue,
    pub(super) plain: String,
    pub(super) reading: Reading,
}

/// What is decided beside the place.
#[derive(Default)]
pub(super) struct Beside {
    pub(super) linked: Vec<Linked>,
    pub(super) offers: Vec<Offer>,
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
        let is_member = requester
            .as_ref()
            .map_or(enquiry.kind(), |(rule, _)| rule.kind)
            .is_member();
        let mut beside = Beside::default();
        let matter = self.matter_of(&contact, heard.as_ref(), &mut beside);
        let (matter, heard) = match self.overheard(&contact, &matter, heard.is_some()) {
            Some(overheard) => {
                // A complaint beside it would show the same words to others.
                if overheard.matter.is_some() {
                    beside = Beside::default();
                }
                let matter = overheard.matter.unwrap_or(matter);
                (matter, heard.or(Some(overheard.heard)))
            }
            None => (matter, heard),
        };
        let heard = heard.or_else(|| self.reads_like_danger(&contact, &matter));
        let matter = self.seen_by_somebody(&contact, matter, heard.is_some());
        let is_safeguarding = matter
            .of(catalogue)
            .is_some_and(|(_, category)| category.is_restricted);
        let choice = match requester {
            // What must stay among few people never stands in a member's case as well.
            Some((rule, why)) if !is_safeguarding => {
                self.for_requester(&contact, rule, &why, matter, heard.as_ref(), &mut beside)
            }
            _ => matter,
        };
        self.placement(&contact, choice, heard, is_member, beside)
    }

    /// A restricted matter never waits where nobody may see it: either those who may are told at
    /// once, or the contact stands under the likeliest matter that everybody may see.
    fn seen_by_somebody(&self, contact: &Contact<'_>, matter: Choice, is_danger: bool) -> Choice {
        let is_hidden = matter
            .of(contact.catalogue)
            .is_some_and(|(_, category)| category.is_restricted);
        if !is_hidden || matter.is_sure {
            return matter;
        }
        if is_danger && matter.confidence >= self.rules.thresholds.link_at {
            return Choice {
                is_sure: true,
                ..matter
            };
        }
        self.read_as(&contact.reading, contact.catalogue, |_, category| {
            !category.is_restricted && !is_complaint(category.procedure)
        })
        .map_or_else(
            || unreadable(&self.rules.fallback),
            |open| Choice {
                confidence: open.confidence.min(matter.confidence),
                is_sure: false,
                ..open
            },
        )
    }

    /// What the contact is about, whoever asks: steps 1 and 3 to 5 of the order.
    fn matter_of(
        &self,
        contact: &Contact<'_>,
        heard: Option<&Heard<'_>>,
        beside: &mut Beside,
    ) -> Choice {
        let chosen = self.chosen(contact.enquiry, contact.catalogue, &contact.reading);
        if let Some(choice) =
            heard.and_then(|heard| self.for_danger(contact, heard, chosen.as_ref()))
        {
            return choice;
        }
        let has_category = chosen
            .as_ref()
            .is_some_and(|choice| choice.rule.starts_with("category:"));
        if let Some(choice) = self.for_procedure(contact, has_category) {
            return choice;
        }
        let request = chosen
            .map(|choice| self.moved(contact, choice, true))
            .or_else(|| self.by_council_rule(contact))
            .or_else(|| {
                self.read_as(&contact.reading, contact.catalogue, |_, category| {
                    !is_complaint(category.procedure)
                })
                .map(|choice| self.moved(contact, choice, false))
            });
        self.with_complaint(contact, request, beside)
    }

    /// Whose emergency it is: the cue's, unless the text names another one clearly.
    fn for_danger(
        &self,
        contact: &Contact<'_>,
        heard: &Heard<'_>,
        chosen: Option<&Choice>,
    ) -> Option<Choice> {
        let (rule, _) = heard.cue.as_ref()?;
        let (Some(service), Some(category)) = (rule.service.as_deref(), rule.category.as_deref())
        else {
            return if chosen.is_some() {
                None
            } else {
                self.emergency_by_rule(contact)
                    .or_else(|| self.likeliest_emergency(contact))
            };
        };
        if !rule.is_safeguarding {
            if chosen.is_some() {
                return None;
            }
            let named = self.read_as(&contact.reading, contact.catalogue, |_, _| true)?;
            let is_emergency = named
                .of(contact.catalogue)
                .is_some_and(|(_, category)| category.priority >= Priority::Urgent);
            if named.is_sure && is_emergency {
                return Some(named);
            }
        }
        Some(Choice::by_rule(
            service,
            category,
            format!("danger:{category}"),
            heard.why.clone(),
        ))
    }

    /// The council's own rule, where it says whose emergency this is.
    fn emergency_by_rule(&self, contact: &Contact<'_>) -> Option<Choice> {
        self.by_council_rule(contact).filter(|choice| {
            choice
                .of(contact.catalogue)
                .is_some_and(|(_, category)| category.priority >= Priority::Urgent)
        })
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
        Some(Choice {
            confidence: emergency.confidence.min(named.confidence),
            is_sure: false,
            ..emergency
        })
    }

    /// No cue, but what it is about is an emergency more often than not.
    fn reads_like_danger(&self, contact: &Contact<'_>, matter: &Choice) -> Option<Heard<'static>> {
        let (_, category) = matter.of(contact.catalogue)?;
        let is_emergency = category.priority == Priority::Emergency || category.is_restricted;
        let mut named = category.name.to_lowercase();
        let mut is_heard = is_emergency && matter.is_sure;
        if matter.rule.starts_with("text:") {
            let (likelihood, subject) = self.likelihood_of_danger(&contact.reading);
            is_heard |= likelihood >= self.danger_from(matter.is_sure)
                && self.has_said_enough(&contact.reading);
            let likeliest = subject
                .and_then(|subject| self.ranker.place(subject))
                .and_then(|(service, category)| contact.catalogue.category(service, category));
            if let Some((_, likeliest)) = likeliest {
                named = likeliest.name.to_lowercase();
            }
        }
        is_heard.then(|| Heard {
            cue: None,
            kind: format!("the message reads like “{named}”"),
            why: format!("it may be {named}, which cannot wait"),
        })
    }

    /// From which likelihood a reading counts as danger. Where it is clear what it is about, many such
    /// contacts must be danger: nobody who has to register a death is answered with an emergency
    /// line. Where it is not clear, a smaller chance is enough for somebody to look.
    pub(super) fn danger_from(&self, is_sure: bool) -> f64 {
        let danger_at = self.rules.thresholds.danger_at;
        match (is_sure, self.ranker.has_model()) {
            (true, true) => CLEAR_MATTER.max(danger_at),
            (true, false) => CLEAR_MATTER_BY_WORDS.max(danger_at),
            (false, true) => danger_at,
            (false, false) => danger_at.max(UNCLEAR_MATTER_BY_WORDS),
        }
    }

    pub(super) fn for_procedure(
        &self,
        contact: &Contact<'_>,
        has_category: bool,
    ) -> Option<Choice> {
        self.procedure
            .iter()
            .filter(|(rule, _)| rule.outranks_choice || !has_category)
            .find_map(|(rule, cue)| {
                let found = cue.find(&contact.plain)?;
                let reason = format!(
                    "it is {}: the words “{}” say so",
                    rule.name,
                    shortened(found)
                );
                Some(Choice::by_rule(
                    &rule.service,
                    &rule.category,
                    format!("procedure:{}", rule.category),
                    reason,
                ))
            })
    }

    /// The council's own rules that place a contact by themselves.
    fn by_council_rule(&self, contact: &Contact<'_>) -> Option<Choice> {
        self.council.iter().find_map(|(rule, patterns)| {
            let (service, category) = (
                rule.then.service.as_deref()?,
                rule.then.category.as_deref()?,
            );
            let holds = rule.when.service.is_none() && rule_holds(contact, rule, patterns, None);
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
                && rule_holds(contact, rule, patterns, Some(&choice))
        });
        match rule.map(|(rule, _)| {
            (
                rule,
                rule.then.service.as_deref(),
                rule.then.category.as_deref(),
            )
        }) {
            Some((rule, Some(service), Some(category))) => Choice {
                service: service.to_owned(),
                category: category.to_owned(),
                rule: format!("rule:{}", rule.name),
                reason: format!(
                    "{}; the council’s rule “{}” holds",
                    choice.reason, rule.name
                ),
                ..choice
            },
            _ => choice,
        }
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
        // Praise that tells of somebody frail is no less welcome, and no more urgent.
        let is_praise = category.is_some_and(|one| one.procedure == Procedure::Compliment);
        if is_vulnerable && !is_praise {
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
            priority = rule
                .then
                .priority
                .map_or(priority, |at_least| raised(priority, at_least));
        }
        let language = self.language_of(contact.enquiry, &contact.plain);
        if let Some(tag) = &language {
            beside.offers.push(Offer::Interpreter {
                why: format!("the message is in, or asks for, another language ({tag})"),
            });
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
            procedure: category.map_or(Procedure::Enquiry, |category| category.procedure),
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
            not_ours: if choice.rule.starts_with("category:") {
                None
            } else {
                self.not_ours(&contact.plain)
            },
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
                rule.then.service.is_none() && rule_holds(contact, rule, patterns, Some(choice))
            })
            .map(|(rule, _)| rule)
    }
}

fn rule_holds(
    contact: &Contact<'_>,
    rule: &super::Rule,
    patterns: &super::compiled::CouncilRule,
    place: Option<&Choice>,
) -> bool {
    let when = &rule.when;
    let place_words = contact.enquiry.location.as_ref().map(|location| {
        let description = location.description.as_deref().unwrap_or_default();
        for_patterns(&words::plain(&format!(
            "{description} {}",
            location.uprn.as_deref().unwrap_or_default()
        )))
    });
    when.channel
        .is_none_or(|channel| channel == contact.enquiry.channel)
        && when.kind.is_none_or(|kind| kind == contact.enquiry.kind())
        && when
            .service
            .as_ref()
            .is_none_or(|slug| place.is_some_and(|place| place.service == *slug))
        && when
            .category
            .as_ref()
            .is_none_or(|slug| place.is_some_and(|place| place.category == *slug))
        && (patterns.words.is_empty() || patterns.words.is_in(&contact.plain))
        && (patterns.place.is_empty()
            || place_words.is_some_and(|words| patterns.place.is_in(&words)))
        && !patterns.unless.is_in(&contact.plain)
}

pub(super) fn linked(
    contact: &Contact<'_>,
    choice: &Choice,
    danger: Option<Danger>,
    why: String,
) -> Option<Linked> {
    let (service, category) = choice.of(contact.catalogue)?;
    let priority = if danger.is_some() {
        Priority::Emergency
    } else {
        category.priority
    };
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

pub(super) fn unreadable(fallback: &super::Fallback) -> Choice {
    Choice {
        service: fallback.service.clone(),
        category: fallback.category.clone(),
        rule: "fallback".to_owned(),
        reason: "no word says what it is about".to_owned(),
        confidence: 0.0,
        is_sure: false,
    }
}
