//! The standards as they are published: what is promised for each matter, and beside it how that was
//! kept in the twelve whole months before this one.
//!
//! The period cannot be chosen: whoever could, would learn by subtraction what a single case was. What
//! only named people may know of is not here at all, and a service that is not shown to the public
//! neither.

use std::collections::BTreeMap;

use super::desk::Moment;
use super::failure::Failure;
use super::performance::{By, Part, Period};
use crate::domain::measure::{Figures, Sums};
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promised {
    /// The promise's name: `respond`.
    pub clock: String,
    pub words: String,
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
    let mut matters = Vec::new();
    for (service, category) in catalogue.categories() {
        if !service.is_public || category.is_restricted {
            continue;
        }
        let (_, terms) = at.council.terms(&service.slug, &category.slug)?;
        let promises = terms.standard.clocks.iter().filter_map(|clock| {
            let target = clock.target()?;
            Some(Promised {
                clock: clock.name.clone(),
                words: format!("We promise to {} within {target}.", clock.promises),
            })
        });
        let own = sums
            .remove(&format!("{}/{}", service.slug, category.slug))
            .unwrap_or_default();
        matters.push(Matter {
            service: service.slug.clone(),
            service_name: service.name.clone(),
            category: category.slug.clone(),
            name: category.name.clone(),
            standard: terms.standard.name.clone(),
            source: terms.standard.source.clone(),
            promises: promises.collect(),
            no_answer_text: category.no_answer_text.clone(),
            figures: own.public_figures(),
        });
    }
    Ok(Published { period, matters })
}
