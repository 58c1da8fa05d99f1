//! From the tree to the catalogue: reads every part, checks how they fit, and only then hands out
//! a [`Catalogue`]. The one way in for files and JSON alike.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;

use crate::domain::calendar::{BankHolidays, Calendar, CalendarFaults, CalendarSpec};
use crate::domain::ladder::Ladder;
use crate::domain::report::ReportSchedule;
use crate::domain::routing::RoutingRules;
use crate::domain::standard::Standard;

use super::council::{AccessPoint, Council, Post, Queue};
use super::fault::Fault;
use super::node::Node;
use super::service::Service;
use super::template::Template;
use super::ward::Wards;
use super::{Catalogue, check, read_council, read_service, reading, template};

/// Everything that could be read, before it is known to fit together.
pub(super) struct Draft {
    /// With the slug of the calendar it counts by.
    pub(super) council: Option<(Council, String)>,
    pub(super) bank_holidays: Option<BankHolidays>,
    pub(super) calendars: BTreeMap<String, Calendar>,
    pub(super) standards: BTreeMap<String, Standard>,
    pub(super) ladders: BTreeMap<String, Ladder>,
    pub(super) services: BTreeMap<String, Service>,
    pub(super) queues: BTreeMap<String, Queue>,
    /// Those of `posts.toml`.
    pub(super) posts: BTreeMap<String, Post>,
    pub(super) access_points: Vec<AccessPoint>,
    pub(super) wards: Wards,
    pub(super) reports: BTreeMap<String, ReportSchedule>,
    pub(super) routing: Option<RoutingRules>,
    pub(super) templates: BTreeMap<(String, String), Template>,
}

/// Reads and checks a tree. `faults` are those found while the tree was made.
pub(super) fn checked(tree: &Node, mut faults: Vec<Fault>) -> Result<Catalogue, Vec<Fault>> {
    let draft = Draft::read(tree, &mut faults);
    faults.extend(check::faults(&draft, tree));
    let warnings = check::warnings(&draft, tree);
    if let Some(catalogue) = draft.assemble(tree) {
        faults.extend(routing_faults(&catalogue, tree));
        if faults.is_empty() {
            return Ok(Catalogue {
                warnings,
                ..catalogue
            });
        }
    }
    faults.sort();
    faults.dedup();
    Err(faults)
}

/// Reads a tree that was checked before.
pub(super) fn unchecked(tree: &Node) -> Result<Catalogue, Vec<Fault>> {
    let mut faults = Vec::new();
    let draft = Draft::read(tree, &mut faults);
    if !draft.ladders.contains_key("default") {
        faults.push(
            tree.place_of(&["ladders"])
                .fault("the ladder `default` is missing"),
        );
    }
    match draft.assemble(tree) {
        Some(catalogue) if faults.is_empty() => Ok(catalogue),
        Some(_) => Err(faults),
        None => {
            faults.push(
                tree.place
                    .fault("a part the catalogue cannot do without could not be read"),
            );
            Err(faults)
        }
    }
}

impl Draft {
    fn read(tree: &Node, faults: &mut Vec<Fault>) -> Self {
        for (key, node) in tree.entries() {
            if !PARTS.contains(&key.as_str()) && !PARTS_THAT_MAY_BE.contains(&key.as_str()) {
                let known = [&PARTS[..], &PARTS_THAT_MAY_BE[..]].concat().join(", ");
                faults.push(node.place.fault(format!(
                    "`{key}` is no part of a catalogue; parts are: {known}"
                )));
            }
        }
        for part in PARTS {
            // A missing file has been named already; in JSON it is missing here.
            if tree.get(part).is_none()
                && !faults
                    .iter()
                    .any(|fault| fault.pointer == format!("/{part}"))
            {
                let mut place = tree.place.clone();
                place.pointer = format!("/{part}");
                faults.push(place.fault(format!("`{part}` is missing")));
            }
        }
        let bank_holidays = tree.get("bank_holidays").and_then(|node| {
            let read = BankHolidays::parse(&node.to_value().to_string());
            noted(read.map_err(|message| node.place.fault(message)), faults)
        });
        let mut calendars = BTreeMap::new();
        for (slug, spec) in whole::<CalendarSpec>(tree, "calendars", faults) {
            let Some(holidays) = &bank_holidays else {
                break;
            };
            match Calendar::new(spec, holidays.clone()) {
                Ok(calendar) => {
                    calendars.insert(slug, calendar);
                }
                Err(CalendarFaults(messages)) => {
                    let place = tree.place_of(&["calendars", &slug]);
                    faults.extend(messages.into_iter().map(|message| place.fault(message)));
                }
            }
        }
        let standards = whole::<Standard>(tree, "standards", faults);
        let ladders = Ladder::named(whole::<Ladder>(tree, "ladders", faults));
        let routing = tree
            .get("routing")
            .and_then(|node| noted(reading::read::<RoutingRules>(node), faults));
        let council = tree
            .get("council")
            .map(|node| read_council::council(node, faults));
        Self {
            council,
            bank_holidays,
            calendars,
            standards,
            ladders,
            services: each(tree, "services", faults, read_service::service),
            queues: each(tree, "queues", faults, read_council::queue),
            posts: each(tree, "posts", faults, read_council::post),
            access_points: tree
                .get("access_points")
                .map(Node::entries)
                .unwrap_or_default()
                .iter()
                .map(|(slug, node)| read_council::access_point(slug, node, faults))
                .collect(),
            wards: Wards::read(tree, faults),
            reports: whole::<ReportSchedule>(tree, "reports", faults),
            routing,
            templates: template::read(tree, faults),
        }
    }

    /// The catalogue, if every part without a stand-in could be read.
    fn assemble(self, tree: &Node) -> Option<Catalogue> {
        let (council, calendar) = self.council?;
        let mut queues = self.queues;
        for queue in queues.values_mut() {
            let mut categories = self
                .services
                .values()
                .filter(|service| service.queue == queue.slug)
                .flat_map(|service| &service.categories)
                .peekable();
            queue.is_restricted_only =
                categories.peek().is_some() && categories.all(|category| category.is_restricted);
        }
        let mut posts = self.posts;
        for queue in queues.values() {
            for post in [&queue.team_leader, &queue.duty_contact] {
                posts.insert(post.slug.clone(), post.clone());
            }
        }
        Some(Catalogue {
            version: 0,
            council,
            calendar: self.calendars.get(&calendar)?.clone(),
            calendars: self.calendars,
            bank_holidays: self.bank_holidays?,
            standards: self.standards,
            ladders: self.ladders,
            services: self.services,
            queues,
            posts,
            access_points: self.access_points,
            wards: self.wards,
            reports: self.reports,
            routing: self.routing?,
            templates: self.templates,
            warnings: Vec::new(),
            document: Arc::new(tree.to_value()),
        })
    }
}

/// What the catalogue's tree consists of.
const PARTS: [&str; 11] = [
    "council",
    "calendars",
    "queues",
    "posts",
    "access_points",
    "ladders",
    "routing",
    "services",
    "standards",
    "templates",
    "bank_holidays",
];

/// What it may have besides.
const PARTS_THAT_MAY_BE: [&str; 3] = ["wards", "ward_lookup", "reports"];

/// The members of a part, each read field by field.
fn each<T>(
    tree: &Node,
    part: &str,
    faults: &mut Vec<Fault>,
    read: impl Fn(&str, &Node, &mut Vec<Fault>) -> T,
) -> BTreeMap<String, T> {
    tree.get(part)
        .map(Node::entries)
        .unwrap_or_default()
        .iter()
        .map(|(slug, node)| (slug.clone(), read(slug, node, faults)))
        .collect()
}

/// The members of a part that another module defines, each read whole.
fn whole<'n, T: Deserialize<'n>>(
    tree: &'n Node,
    part: &str,
    faults: &mut Vec<Fault>,
) -> BTreeMap<String, T> {
    let mut members = BTreeMap::new();
    for (slug, node) in tree.get(part).map(Node::entries).unwrap_or_default() {
        if let Some(member) = noted(reading::read(node), faults) {
            members.insert(slug.clone(), member);
        }
    }
    members
}

/// What was read, or nothing with its fault noted.
fn noted<T>(read: Result<T, Fault>, faults: &mut Vec<Fault>) -> Option<T> {
    match read {
        Ok(value) => Some(value),
        Err(fault) => {
            faults.push(fault);
            None
        }
    }
}

/// What the routing rules name wrongly, each at the line that first says so.
fn routing_faults(catalogue: &Catalogue, tree: &Node) -> Vec<Fault> {
    let Some(node) = tree.get("routing") else {
        return Vec::new();
    };
    catalogue
        .routing
        .check(catalogue)
        .into_iter()
        .map(|message| {
            let quoted = message.split('`').nth(1).unwrap_or_default();
            node.find_word(quoted).unwrap_or(&node.place).fault(message)
        })
        .collect()
}
