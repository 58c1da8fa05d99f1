//! The catalogue: services, categories, queues, posts, access points, standards, calendars,
//! ladders, routing rules and templates, as one validated and versioned document.
//!
//! A council keeps it as a folder of TOML files ([`Catalogue::load`]); the database keeps the
//! same tree as JSON ([`Catalogue::to_json`], [`Catalogue::from_json`]). Both ways lead through
//! one reader and one check, which name every fault at once with file and line. What has passed
//! is an immutable snapshot that intake, routing and the notices read without asking anybody.
//!
//! Nothing here reads a file or a clock: the caller hands in texts, and "now".

mod answers;
mod check;
mod council;
mod difference;
mod fault;
mod field;
mod hours;
mod node;
mod parse;
mod read_council;
mod read_service;
mod reading;
mod service;
mod template;
#[cfg(test)]
mod tests;
mod ward;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::Value;

use crate::domain::calendar::{BankHolidays, Calendar, Holidays};
use crate::domain::case::Procedure;
use crate::domain::clock::Terms;
use crate::domain::ladder::{Ladder, Whom};
use crate::domain::report::ReportSchedule;
use crate::domain::routing::RoutingRules;
use crate::domain::standard::{CountsOn, Figures, Standard};

pub use answers::{BadAnswer, Strictness, check_answers};
pub use council::{
    AccessPoint, Beta, CHASES, ContactReason, Council, CouncilMail, Post, PostKind, Queue, Rgb,
    Theme, WorksBy, colour, contrast_with_white,
};
pub use difference::{Change, difference};
pub use fault::{Fault, Warning};
pub use field::{Choice, Datatype, FILLED_IN, Field, INSTANT, instant};
pub use hours::{Hours, HoursError};
pub use service::{Category, OutOfHours, Service};
pub use template::Template;
pub use ward::{Ward, WardCouncillor, Wards};

/// Everything a council configures, checked. Cheap to share behind an `Arc`.
#[derive(Debug, Clone)]
pub struct Catalogue {
    /// 0 until it is stored.
    pub version: u64,
    pub council: Council,
    /// The council's own calendar, with the bank holidays of its nation.
    pub calendar: Calendar,
    /// Every calendar of the council by slug, for the standards that name one.
    pub calendars: BTreeMap<String, Calendar>,
    pub bank_holidays: BankHolidays,
    /// By slug.
    pub standards: BTreeMap<String, Standard>,
    /// `default`, `member-enquiry`, `danger`, and the council's own.
    pub ladders: BTreeMap<String, Ladder>,
    /// By slug.
    pub services: BTreeMap<String, Service>,
    /// By slug.
    pub queues: BTreeMap<String, Queue>,
    /// By slug (`head-of-waste-and-street-scene`); the team leaders and duty contacts of the
    /// queues too (`team-leader-waste-ops`, `duty-waste-ops`).
    pub posts: BTreeMap<String, Post>,
    pub access_points: Vec<AccessPoint>,
    /// Which ward a place is in; empty where the council has none loaded.
    pub wards: Wards,
    /// By slug; empty where nothing is made on a schedule.
    pub reports: BTreeMap<String, ReportSchedule>,
    pub routing: RoutingRules,
    /// By language and notice.
    pub templates: BTreeMap<(String, String), Template>,
    warnings: Vec<Warning>,
    /// The tree it was read from, for the database and the API.
    document: Arc<Value>,
}

impl Catalogue {
    /// Reads a council's folder. `files` are paths below it (`services/parking.toml`,
    /// `templates/en/confirmation.txt`) with their texts; `standards` are the ready ones
    /// (`foi.toml`), to which the folder may add its own (`standards/…`). A `bank-holidays.json` in
    /// the folder takes the place of the one given.
    ///
    /// # Errors
    /// Every fault there is, each with file and line.
    pub fn load(
        files: &[(String, String)],
        bank_holidays: &str,
        standards: &[(String, String)],
    ) -> Result<Self, Vec<Fault>> {
        let (tree, faults) = node::from_files(files, bank_holidays, standards);
        parse::checked(&tree, faults)
    }

    /// Reads the tree of [`Catalogue::to_json`].
    ///
    /// # Errors
    /// Every fault there is, each with its JSON pointer.
    pub fn from_json(tree: &Value) -> Result<Self, Vec<Fault>> {
        parse::checked(&node::from_json(tree), Vec::new())
    }

    /// Reads a tree that passed its check when it was stored, as that version. Checking again
    /// would find nothing new and would compile every routing pattern once more.
    ///
    /// # Errors
    /// What could not be read: the tree is not one of [`Catalogue::to_json`].
    pub fn from_stored(version: u64, tree: &Value) -> Result<Self, Vec<Fault>> {
        let catalogue = parse::unchecked(&node::from_json(tree))?;
        Ok(Self {
            version,
            ..catalogue
        })
    }

    /// The same tree as the files: `{"council": {…}, "services": {"parking": {…}}, …}`. Reading
    /// it back gives the same catalogue.
    #[must_use]
    pub fn to_json(&self) -> Value {
        (*self.document).clone()
    }

    /// What is allowed but worth a second look, such as a promise laxer than its code.
    #[must_use]
    pub fn check_warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// A warning when the bank holidays end within a year: dates promised then would move later.
    #[must_use]
    pub fn holidays_end_soon(&self, today: Date) -> Option<Warning> {
        let until = self.bank_holidays.known_until()?;
        let in_a_year = today.saturating_add(jiff::Span::new().years(1));
        (until < in_a_year).then(|| Warning {
            file: "bank-holidays.json".to_owned(),
            line: 0,
            pointer: "/bank_holidays".to_owned(),
            message: format!(
                "bank holidays are known up to {until}; put GOV.UK's new bank-holidays.json into the folder"
            ),
        })
    }

    /// A service by slug.
    #[must_use]
    pub fn service(&self, slug: &str) -> Option<&Service> {
        self.services.get(slug)
    }

    /// A category with its service.
    #[must_use]
    pub fn category(&self, service: &str, category: &str) -> Option<(&Service, &Category)> {
        let service = self.service(service)?;
        Some((service, service.category(category)?))
    }

    /// Every category of that slug, whatever its service.
    #[must_use]
    pub fn find_category(&self, slug: &str) -> Vec<(&Service, &Category)> {
        self.categories()
            .filter(|(_, category)| category.slug == slug)
            .collect()
    }

    /// Every category with its service.
    pub fn categories(&self) -> impl Iterator<Item = (&Service, &Category)> {
        self.services.values().flat_map(|service| {
            service
                .categories
                .iter()
                .map(move |category| (service, category))
        })
    }

    /// A queue by slug.
    #[must_use]
    pub fn queue(&self, slug: &str) -> Option<&Queue> {
        self.queues.get(slug)
    }

    /// A post by slug, team leaders and duty contacts included.
    #[must_use]
    pub fn post(&self, slug: &str) -> Option<&Post> {
        self.posts.get(slug)
    }

    /// The notice's template in that language, else in English.
    #[must_use]
    pub fn template(&self, language: &str, notice: &str) -> Option<&Template> {
        let find = |language: &str| {
            self.templates
                .get(&(language.to_owned(), notice.to_owned()))
        };
        find(language).or_else(|| find("en"))
    }

    /// Every piece of wording as it stands in the files (`en/_foot.txt`), for who renders or
    /// checks them.
    pub fn template_sources(&self) -> impl Iterator<Item = (&str, &str)> {
        self.document
            .get("templates")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
            .filter_map(|(path, text)| Some((path.as_str(), text.as_str()?)))
    }

    /// The ladder of a category: its own, else that of its procedure, else the default. A clock
    /// whose standard names a ladder keeps to that one.
    #[must_use]
    pub fn ladder_for(&self, service: &str, category: &str) -> &Ladder {
        let category = self
            .category(service, category)
            .map(|(_, category)| category);
        let own = category.and_then(|category| category.ladder.as_deref());
        let is_member =
            category.is_some_and(|category| category.procedure == Procedure::MemberEnquiry);
        own.or(is_member.then_some("member-enquiry"))
            .and_then(|slug| self.ladders.get(slug))
            .or_else(|| self.ladders.get("default"))
            .expect("a catalogue without a default ladder does not pass its check")
    }

    /// The post a step of a ladder means, for that service and queue. Owners and fixed addresses
    /// are nobody's post; the queue is told through its team leader.
    #[must_use]
    pub fn whom<'c>(
        &'c self,
        service: &Service,
        queue: &'c Queue,
        whom: &Whom,
    ) -> Option<&'c Post> {
        match whom {
            Whom::TeamLeader | Whom::Queue => Some(&queue.team_leader),
            Whom::DutyContact => Some(&queue.duty_contact),
            Whom::HeadOfService => self.post(&service.head_of_service),
            Whom::Director => self.post(&service.director),
            Whom::PortfolioHolder => self.post(&service.portfolio),
            Whom::Owner | Whom::Address(_) => None,
        }
    }

    /// The promises of a category, to be pinned to a case when it opens.
    #[must_use]
    pub fn terms(&self, service: &str, category: &str) -> Option<Terms> {
        let (_, category) = self.category(service, category)?;
        self.terms_under(&category.standard, Some(category))
    }

    /// The promises of a standard, with the figures of a category where it takes them.
    #[must_use]
    pub fn terms_under(&self, standard: &str, category: Option<&Category>) -> Option<Terms> {
        let standard = self.standards.get(standard)?;
        let standard = match category {
            Some(category) => standard.resolve(&category.figures, category.runs_day_and_night()),
            None => standard.resolve(&Figures::default(), false),
        };
        let other_calendars = standard
            .clocks
            .iter()
            .filter_map(|clock| match &clock.calendar {
                CountsOn::Named(slug) => Some((slug.clone(), self.calendars.get(slug)?.clone())),
                _ => None,
            })
            .collect();
        Some(Terms {
            standard,
            calendar: self.calendar.clone(),
            other_calendars,
        })
    }

    /// A number staffed at that moment, and its hours in words: the service's while it is open,
    /// then its own line for other hours, then the switchboard, then the emergency line.
    #[must_use]
    pub fn phone_for(&self, service: &Service, at: Timestamp) -> (String, String) {
        let council = &self.council;
        if self.is_staffed(&service.hours, at) {
            return (service.phone.clone(), service.hours.in_words());
        }
        if let Some(phone) = &service.out_of_hours_phone {
            let hours = if *phone == council.emergency_phone {
                council.emergency_hours.in_words()
            } else {
                OUT_OF_HOURS.to_owned()
            };
            return (phone.clone(), hours);
        }
        if self.is_staffed(&council.main_hours, at) {
            return (council.main_phone.clone(), council.main_hours.in_words());
        }
        (
            council.emergency_phone.clone(),
            council.emergency_hours.in_words(),
        )
    }

    /// Whether somebody keeps those hours at that moment: bank holidays, closures and half days
    /// empty every office but the one that never shuts.
    #[must_use]
    pub fn is_staffed(&self, hours: &Hours, at: Timestamp) -> bool {
        if hours.is_always() {
            return true;
        }
        let local = self.calendar.zone().to_datetime(at);
        let (spec, on) = (self.calendar.spec(), local.date());
        let is_extra = spec.extra_holidays.iter().any(|extra| {
            extra.on == on && (extra.nations.is_empty() || extra.nations.contains(&spec.nation))
        });
        let is_holiday = is_extra
            || self
                .bank_holidays
                .title(Holidays::Of(spec.nation), on)
                .is_some();
        let is_shut = spec.closures.contains_key(&on)
            || (is_holiday && !spec.worked_holidays.contains_key(&on));
        let is_over = spec
            .half_days
            .get(&on)
            .is_some_and(|half| half.closes.has_come(local.time()));
        hours.is_open(local) && !is_shut && !is_over
    }
}

/// When a service's line for other hours is staffed.
const OUT_OF_HOURS: &str = "when our office is shut, day and night";
