//! The standards as they are published: what is promised for each matter, and beside it how that was
//! kept in the twelve whole months before this one.
//!
//! The period cannot be chosen: whoever could, would learn by subtraction what a single case was. What
//! only named people may know of is not here at all, and a service that is not shown to the public
//! neither.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::desk::Moment;
use super::failure::Failure;
use super::performance::{By, Part, Period};
use crate::domain::measure::{Figures, Share, Sums};
use crate::domain::standard::ClockSpec;
use crate::store::{Conn, measures};

/// Every published standard.
#[derive(Debug, Clone, PartialEq)]
pub struct Published {
    pub period: Period,
    /// In the order of services and of their files.
    pub matters: Vec<Matter>,
}

/// What is promised for one matter, and how it was kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Matter {
    pub service: String,
    pub service_name: String,
    pub category: String,
    pub name: String,
    /// Of the standard in force.
    pub standard: String,
    /// The statute, code or decision it comes from.
    pub source: String,
    pub promises: Vec<Promised>,
    /// Said where nobody is answered one by one.
    pub no_answer_text: Option<String>,
    /// A number from one to four is not told.
    pub figures: Figures,
}

/// One promise in public words.
#[derive(Debug, Clone, PartialEq)]
pub struct Promised {
    /// The promise's name: `respond`.
    pub clock: String,
    pub words: String,
    /// How it was kept; a small number is not told.
    pub kept: Share,
}

/// The standards in force beside what was achieved.
///
/// # Errors
/// When the database cannot be asked.
pub fn published(conn: &mut Conn, at: &Moment) -> Result<Published, Failure> {
    let period = Period::twelve_months_before(at.today())?;
    let days = (period.from_on, period.to_on);
    let mut sums: BTreeMap<String, Sums> =
        measures::sums(conn, By::Category, days, at.now, &Part::default())?
            .into_iter()
            .collect();
    let catalogue = &at.council.catalogue;
    let others = other_promises(conn, at, days)?;
    let mut matters = Vec::new();
    for (service, category) in catalogue.categories() {
        if !service.is_public || category.is_restricted {
            continue;
        }
        let (_, terms) = at.council.terms(&service.slug, &category.slug)?;
        let own = sums
            .remove(&format!("{}/{}", service.slug, category.slug))
            .unwrap_or_default();
        let figures = own.public_figures();
        let standard = &terms.standard;
        let is = |one: Option<&ClockSpec>, clock: &ClockSpec| {
            one.is_some_and(|one| one.name == clock.name)
        };
        let promises = standard.clocks.iter().filter_map(|clock| {
            let target = clock.target()?;
            let kept = if is(standard.acknowledge_clock(), clock) {
                figures.acknowledged
            } else if is(standard.answer_clock(), clock) {
                figures.answered
            } else {
                let place = (&*service.slug, &*category.slug, &*clock.name);
                let (n_kept, n_of) = others
                    .get(&OfMatter::from(place))
                    .copied()
                    .unwrap_or_default();
                Share::public(n_kept, n_of)
            };
            Some(Promised {
                clock: clock.name.clone(),
                words: format!("We promise to {} within {target}.", clock.promises),
                kept,
            })
        });
        matters.push(Matter {
            service: service.slug.clone(),
            service_name: service.name.clone(),
            category: category.slug.clone(),
            name: category.name.clone(),
            standard: terms.standard.name.clone(),
            source: terms.standard.source.clone(),
            promises: promises.collect(),
            no_answer_text: category.no_answer_text.clone(),
            figures,
        });
    }
    Ok(Published { period, matters })
}

/// A promise of a matter: service, category and clock.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct OfMatter(String, String, String);

impl From<(&str, &str, &str)> for OfMatter {
    fn from((service, category, clock): (&str, &str, &str)) -> Self {
        Self(service.to_owned(), category.to_owned(), clock.to_owned())
    }
}

/// How promises were kept beyond the acknowledgement and the answer that every case may have: two dates of
/// one repair, the stages of a complaint, the steps of a hazard. How many, of how many.
fn other_promises(
    conn: &mut Conn,
    at: &Moment,
    days: (Date, Date),
) -> Result<BTreeMap<OfMatter, (u64, u64)>, Failure> {
    let catalogue = &at.council.catalogue;
    let (mut categories, mut clocks) = (BTreeSet::new(), BTreeSet::new());
    for (service, category) in catalogue.categories() {
        let (_, terms) = at.council.terms(&service.slug, &category.slug)?;
        let standard = &terms.standard;
        let counted = [standard.acknowledge_clock(), standard.answer_clock()];
        for clock in &standard.clocks {
            let is_counted = counted.iter().flatten().any(|one| one.name == clock.name);
            if !is_counted && clock.target().is_some() {
                categories.insert(category.slug.clone());
                clocks.insert(clock.name.clone());
            }
        }
    }
    let (categories, clocks): (Vec<String>, Vec<String>) = (
        categories.into_iter().collect(),
        clocks.into_iter().collect(),
    );
    let n = |n: i64| u64::try_from(n).map_err(anyhow::Error::from);
    let mut kept = BTreeMap::new();
    for one in measures::kept_promises(conn, days, at.now, (&categories, &clocks))? {
        let place = OfMatter(one.service, one.category, one.clock);
        kept.insert(place, (n(one.n_kept)?, n(one.n_of)?));
    }
    Ok(kept)
}
