//! What routing rules may name: only what the catalogue has, and only patterns that can be read.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::catalogue::Catalogue;

use super::pattern::Pattern;
use super::rules::RoutingRules;

impl RoutingRules {
    /// Everything the rules name wrongly, with the wrong part in backticks.
    #[must_use]
    pub fn check(&self, catalogue: &Catalogue) -> Vec<String> {
        let mut faults = Vec::new();
        for (name, value) in [
            ("place_at", self.thresholds.place_at),
            ("danger_at", self.thresholds.danger_at),
            ("link_at", self.thresholds.link_at),
        ] {
            if !(0.0..=1.0).contains(&value) {
                faults.push(format!("the threshold `{name}` must lie between 0 and 1"));
            }
        }
        if catalogue.queue(&self.fallback.queue).is_none() {
            faults.push(format!(
                "there is no queue `{}` for contacts nobody could place",
                self.fallback.queue
            ));
        }
        self.check_places(catalogue, &mut faults);
        self.check_rules(catalogue, &mut faults);
        for patterns in self.patterns() {
            if let Err(fault) = Pattern::any_of(patterns) {
                faults.push(fault);
            }
        }
        faults
    }

    fn check_places(&self, catalogue: &Catalogue, faults: &mut Vec<String>) {
        let mut place = |service: &str, category: &str| {
            if catalogue.service(service).is_none() {
                faults.push(format!("there is no service `{service}`"));
            } else if catalogue.category(service, category).is_none() {
                faults.push(format!("there is no category `{category}` in `{service}`"));
            }
        };
        place(&self.fallback.service, &self.fallback.category);
        for cue in &self.danger {
            if let (Some(service), Some(category)) = (&cue.service, &cue.category) {
                place(service, category);
            }
        }
        for rule in &self.requester {
            place(&rule.service, &rule.category);
        }
        for rule in &self.procedure {
            place(&rule.service, &rule.category);
        }
        for home in &self.complaint.home {
            place(&home.service, &home.category);
        }
        for (service, categories) in &self.vocabulary {
            for category in categories.keys() {
                place(service, category);
            }
        }
        for cue in &self.danger {
            if cue.service.is_some() != cue.category.is_some() {
                faults.push(format!(
                    "the danger `{}` needs a service and a category, or neither",
                    cue.kind
                ));
            }
        }
        for service in self.complaint.home.iter().flat_map(|home| &home.about) {
            if catalogue.service(service).is_none() {
                faults.push(format!("there is no service `{service}`"));
            }
        }
    }

    fn check_rules(&self, catalogue: &Catalogue, faults: &mut Vec<String>) {
        let mut priorities: BTreeMap<i32, &str> = BTreeMap::new();
        let mut names: BTreeSet<&str> = BTreeSet::new();
        for rule in &self.rule {
            if let Some(other) = priorities.insert(rule.priority, &rule.name) {
                faults.push(format!(
                    "the rules `{}` and `{other}` have the same priority",
                    rule.name
                ));
            }
            if !names.insert(&rule.name) {
                faults.push(format!("there are two rules named `{}`", rule.name));
            }
            if let Some(queue) = &rule.then.queue
                && catalogue.queue(queue).is_none()
            {
                faults.push(format!("there is no queue `{queue}`"));
            }
            for (service, category) in [
                (&rule.when.service, &rule.when.category),
                (&rule.then.service, &rule.then.category),
            ] {
                match (service, category) {
                    (Some(service), Some(category))
                        if catalogue.category(service, category).is_none() =>
                    {
                        faults.push(format!("there is no category `{category}` in `{service}`"));
                    }
                    (Some(service), None) if catalogue.service(service).is_none() => {
                        faults.push(format!("there is no service `{service}`"));
                    }
                    (None, Some(_)) => {
                        faults.push(format!(
                            "the rule `{}` names a category without its service",
                            rule.name
                        ));
                    }
                    _ => {}
                }
            }
            if rule.then.service.is_some() != rule.then.category.is_some() {
                faults.push(format!(
                    "the rule `{}` must name service and category together",
                    rule.name
                ));
            }
        }
    }

    /// Every list that is compiled.
    fn patterns(&self) -> Vec<&[String]> {
        let mut lists: Vec<&[String]> = vec![
            &self.complaint.words,
            &self.complaint.subject,
            &self.complaint.unless,
            &self.complaint.weak,
            &self.remarks.thanks,
            &self.remarks.chaser,
            &self.remarks.avoidable,
            &self.vulnerable,
        ];
        for cue in &self.danger {
            lists.extend([cue.words.as_slice(), &cue.and, &cue.unless]);
        }
        for rule in &self.requester {
            lists.extend([rule.names.as_slice(), &rule.words, &rule.unless]);
        }
        for rule in &self.procedure {
            lists.extend([rule.words.as_slice(), &rule.and, &rule.unless]);
        }
        for home in &self.complaint.home {
            lists.push(&home.words);
        }
        for rule in &self.not_ours {
            lists.extend([rule.words.as_slice(), &rule.unless]);
        }
        for rule in &self.rule {
            lists.extend([
                rule.when.words.as_slice(),
                &rule.when.place,
                &rule.when.unless,
            ]);
        }
        for rule in &self.language {
            lists.push(&rule.asks);
        }
        lists
    }
}
