//! Figures of a ward, without anybody in them: how much came in for each service and how much of it
//! was answered in time, counted as every other figure ([`crate::domain::measure`]). Small numbers are
//! left out, because in a street they name a household.
//!
//! The period is always the twelve months before this one. A reader who could choose it would learn
//! by subtraction what a single case was.

use crate::casework::desk::Moment;
use crate::casework::failure::Failure;
use crate::casework::performance::{By, Part, Period};
use crate::domain::measure::{FEWEST, Share};
use crate::store::{Conn, measures};

/// The figures of one ward.
#[derive(Debug, Clone, PartialEq)]
pub struct WardFigures {
    pub ward: String,
    pub period: Period,
    /// By service; those with too few cases are left out.
    pub lines: Vec<WardLine>,
    /// Whether any service was left out.
    pub has_small: bool,
}

/// The figures of one service in a ward. What is too small to tell is none.
#[derive(Debug, Clone, PartialEq)]
pub struct WardLine {
    pub service: String,
    pub received: u64,
    pub open: Option<u64>,
    pub overdue: Option<u64>,
    pub answered: Share,
}

/// The figures of a ward.
///
/// # Errors
/// When the database cannot be asked.
pub fn ward_figures(conn: &mut Conn, at: &Moment, ward: &str) -> Result<WardFigures, Failure> {
    let period = Period::twelve_months_before(at.today())?;
    let part = Part {
        ward: Some(slug_of(at, ward).to_owned()),
        ..Part::default()
    };
    let days = (period.from_on, period.to_on);
    let sums = measures::sums(conn, By::Service, days, at.now, &part)?;
    let n_services = sums.len();
    let lines: Vec<WardLine> = sums
        .into_iter()
        .filter(|(_, sums)| sums.n_received >= FEWEST)
        .map(|(service, sums)| {
            let figures = sums.public_figures();
            WardLine {
                service,
                received: sums.n_received,
                open: figures.open,
                overdue: figures.overdue,
                answered: figures.answered,
            }
        })
        .collect();
    Ok(WardFigures {
        ward: ward.to_owned(),
        period,
        has_small: lines.len() < n_services,
        lines,
    })
}

/// Cases stand under the slug of their ward; people, and accounts, know it by its name too.
fn slug_of<'w>(at: &'w Moment, ward: &'w str) -> &'w str {
    let mut wards = at.council.catalogue.wards.wards.iter();
    let found = wards.find(|(_, one)| one.name.eq_ignore_ascii_case(ward));
    found.map_or(ward, |(slug, _)| slug.as_str())
}
