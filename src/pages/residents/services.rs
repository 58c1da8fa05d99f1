//! The start page: every service with its number, and the ones somebody's words may mean; and one service,
//! with what can be reported to it.

use minijinja::context;
use serde::Serialize;

use super::{Shown, opened, words};
use crate::casework::views::incidents::{self as views, PublicIncident};
use crate::casework::{Moment, intake};
use crate::domain::catalogue::{Catalogue, Category, Service};
use crate::domain::contact::Channel;
use crate::domain::enquiry::Enquiry;
use crate::domain::standard::{ClockSpec, Target};
use crate::domain::wording::{Language, sentence_case};
use crate::http::dto::public::{PublicCategory, PublicService};
use crate::http::{Access, Answer, Call, Operation, Problem};

/// The pages.
#[must_use]
pub fn operations() -> Vec<Operation> {
    vec![
        opened("/services", "show_services", |call| Box::pin(list(call))),
        opened("/services/{service}", "show_service", |call| {
            Box::pin(show(call))
        }),
    ]
}

/// The start page at `/`.
#[must_use]
pub fn front_door() -> Operation {
    opened("/", "show_start", |call| Box::pin(list(call))).access(Access::public())
}

/// As many as fit one look.
const MOST_GUESSES: usize = 5;
/// Longer words are no search.
const LONGEST_SEARCH: usize = 200;
const MOST_INCIDENTS: u16 = 10;

/// A service, in the list.
#[derive(Debug, Serialize)]
struct Line {
    slug: String,
    name: String,
    description: String,
    phone: String,
    hours: String,
    is_open: bool,
    /// Another number where somebody answers now.
    phone_now: Option<String>,
}

/// A kind of matter to report.
#[derive(Debug, Serialize)]
struct Matter {
    service: String,
    category: String,
    name: String,
    /// Where it belongs; what is promised.
    about: String,
}

/// What is known of already, in the reader's language where it was given in it.
#[derive(Debug, Serialize)]
pub struct Known {
    title: String,
    words: Vec<String>,
}

impl Known {
    /// As it is read in a language.
    #[must_use]
    pub fn of(incident: PublicIncident, language: Language) -> Self {
        let either = |english: String, welsh: Option<String>| match language {
            Language::English => english,
            Language::Welsh => welsh.unwrap_or(english),
        };
        let newest = incident
            .latest_update
            .map(|update| either(update.text, update.text_cy));
        let text = newest.unwrap_or_else(|| either(incident.words, incident.words_cy));
        let lines = text.lines().filter(|line| !line.trim().is_empty());
        Self {
            title: either(incident.title, incident.title_cy),
            words: lines.map(str::to_owned).collect(),
        }
    }
}

async fn list(call: Call) -> Result<Answer, Problem> {
    let language = words::language_of(&call);
    let asked = call
        .query_pairs()?
        .into_iter()
        .find(|(name, _)| name == "q");
    let q: String = asked
        .map(|(_, value)| value.trim().chars().take(LONGEST_SEARCH).collect())
        .unwrap_or_default();
    let moment = call.front.desk.moment();
    let catalogue = &moment.council.catalogue;
    let all = catalogue.services.values().filter(|one| one.is_public);
    let found: Vec<Line> = all
        .filter(|service| q.is_empty() || speaks_of(service, &q))
        .map(|service| line(catalogue, service, &call, language))
        .collect();
    let (maybe, is_danger) = if q.is_empty() {
        (Vec::new(), false)
    } else {
        guesses(&moment, &q)
    };
    let emergency = catalogue.council.emergency_phone.clone();
    let title = words::say(language, "services.title", &[]);
    Shown::new(&call, "residents/services.html", title)
        .listed()
        .write(&call, context! { q, found, maybe, is_danger, emergency })
}

async fn show(call: Call) -> Result<Answer, Problem> {
    let language = words::language_of(&call);
    let moment = call.front.desk.moment();
    let catalogue = &moment.council.catalogue;
    let service = public_service(catalogue, call.path("service"))?;
    let matters: Vec<Matter> = reportable(service)
        .map(|category| Matter {
            service: service.slug.clone(),
            category: category.slug.clone(),
            name: category.name.clone(),
            about: promise(catalogue, service, category, language),
        })
        .collect();
    let known = known_of(&call, service.name.clone(), language).await?;
    let said = context! {
        service => line(catalogue, service, &call, language),
        email => service.email,
        matters, known,
    };
    Shown::new(&call, "residents/service.html", service.name.clone())
        .with_back("/services")
        .listed()
        .write(&call, said)
}

/// A service that residents are shown.
///
/// # Errors
/// 404 for every other.
pub fn public_service<'c>(catalogue: &'c Catalogue, slug: &str) -> Result<&'c Service, Problem> {
    catalogue
        .service(slug)
        .filter(|service| service.is_public)
        .ok_or_else(Problem::not_found)
}

/// What can be reported to a service: what only a small team may see is not offered by name.
pub fn reportable(service: &Service) -> impl Iterator<Item = &Category> {
    let all = service.categories.iter();
    all.filter(|category| !category.is_restricted)
}

/// What is promised for a matter, in one sentence.
pub fn promise(
    catalogue: &Catalogue,
    service: &Service,
    category: &Category,
    language: Language,
) -> String {
    if language == Language::English {
        return PublicCategory::of(catalogue, service, category).promise;
    }
    let terms = catalogue.terms(&service.slug, &category.slug);
    let target = terms
        .as_ref()
        .and_then(|terms| terms.standard.answer_clock().and_then(ClockSpec::target));
    match target {
        Some(target) => {
            let length = length(target, language);
            words::say(language, "service.promise_within", &[("length", &length)])
        }
        None => words::say(language, "service.promise_none", &[]),
    }
}

/// "2 working days".
pub fn length(target: Target, language: Language) -> String {
    let count = |n: u32, key| words::count(language, key, u64::from(n));
    match target {
        Target::WorkingDays(n) => count(n, "length.working_days"),
        Target::WorkingHours(n) => count(n, "length.working_hours"),
        Target::Hours(n) => count(n, "length.hours"),
        Target::Days(n) => count(n, "length.days"),
        Target::Weeks(n) => count(n, "length.weeks"),
        Target::Months(n) => count(n, "length.months"),
    }
}

fn line(catalogue: &Catalogue, service: &Service, call: &Call, language: Language) -> Line {
    let public = PublicService::of(catalogue, service, call.now);
    let is_open = public.hours.is_open_now;
    Line {
        hours: words::hours(&public.hours.words, language),
        phone_now: Some(public.phone_now.number).filter(|number| *number != public.phone),
        slug: public.slug,
        name: public.name,
        description: public.description,
        phone: public.phone,
        is_open,
    }
}

async fn known_of(call: &Call, service: String, language: Language) -> Result<Vec<Known>, Problem> {
    let part = call
        .read(|conn, at| views::public(conn, at, None, MOST_INCIDENTS))
        .await?;
    let of_it = part.items.into_iter();
    let of_it = of_it.filter(|incident| incident.services.contains(&service));
    Ok(of_it
        .map(|incident| Known::of(incident, language))
        .collect())
}

/// Whether every word of a search stands somewhere in what a service says of itself.
fn speaks_of(service: &Service, q: &str) -> bool {
    let mut said = vec![
        service.name.as_str(),
        service.public_name.as_str(),
        service.description.as_str(),
    ];
    for category in reportable(service) {
        said.extend([category.name.as_str(), category.public_name.as_str()]);
        said.extend(category.keywords.iter().map(String::as_str));
    }
    let said = said.join(" ").to_lowercase();
    q.to_lowercase()
        .split_whitespace()
        .all(|word| said.contains(word))
}

/// What somebody's own words may be about, as intake would read them, and whether they tell of danger.
fn guesses(moment: &Moment, q: &str) -> (Vec<Matter>, bool) {
    let mut enquiry = Enquiry::new(Channel::WebForm, moment.now);
    enquiry.body = q.to_owned();
    // A search that cannot be read is a search without guesses.
    let Ok(placement) = intake::trial(moment, &enquiry) else {
        return (Vec::new(), false);
    };
    let catalogue = &moment.council.catalogue;
    let placed = placement
        .is_placed
        .then_some((placement.service.as_str(), placement.category.as_str()));
    let candidates = placement.routed.candidates.iter();
    let candidates = candidates.map(|one| (one.service.as_str(), one.category.as_str()));
    let mut matters: Vec<Matter> = Vec::new();
    for (service, category) in placed.into_iter().chain(candidates) {
        let Some((service, category)) = catalogue.category(service, category) else {
            continue;
        };
        let is_there = |one: &Matter| one.service == service.slug && one.category == category.slug;
        if service.is_public && !category.is_restricted && !matters.iter().any(is_there) {
            matters.push(Matter {
                service: service.slug.clone(),
                category: category.slug.clone(),
                name: sentence_case(&category.name),
                about: service.name.clone(),
            });
        }
    }
    matters.truncate(MOST_GUESSES);
    (matters, placement.danger.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_found_by_the_words_people_use_and_never_by_what_is_kept_from_them() {
        let catalogue = crate::config::embedded::northmere().unwrap();
        let found = |q: &str| -> Vec<&str> {
            let all = catalogue.services.values().filter(|one| speaks_of(one, q));
            all.map(|one| one.slug.as_str()).collect()
        };
        assert!(found("mattress dumped").contains(&"fly-tipping"));
        assert!(found("FLY tip").contains(&"fly-tipping"));
        assert_eq!(found("xylophone"), Vec::<&str>::new());
        for service in catalogue.services.values() {
            for category in service.categories.iter().filter(|one| one.is_restricted) {
                assert!(reportable(service).all(|one| one.slug != category.slug));
            }
        }
    }

    #[test]
    fn a_promise_is_said_in_the_readers_language() {
        let catalogue = crate::config::embedded::northmere().unwrap();
        let (service, category) = catalogue.category("fly-tipping", "fly-tip").unwrap();
        let said = |language| promise(&catalogue, service, category, language);
        assert_eq!(
            said(Language::English),
            "We aim to answer within 5 working days."
        );
        assert_eq!(
            said(Language::Welsh),
            "Ein nod yw ateb o fewn 5 diwrnod gwaith."
        );
    }
}
