//! How promises were kept, for those who hold the council to them: one councillor's services, or all.

use jiff::ToSpan as _;

use super::tables::{lines, summary};
use super::{Made, Wanted};
use crate::casework::desk::Moment;
use crate::casework::failure::Failure;
use crate::casework::performance::{Asked, By, Part, Period};
use crate::domain::access::Readers;
use crate::domain::measure::DEFINITIONS;
use crate::domain::report::{Definition, Scope};
use crate::store::Conn;

/// What is not in it.
const LEAVES_OUT: &[&str] = &[
    "Cases that only named people may know of, such as a child at risk. They are in no figure.",
    "Names, addresses, references and anything people wrote.",
    "What reached us, or was put right, after this was made.",
    "Telephone calls, and messages that became no case.",
];

/// The tables after the first: by what cases are told apart, and what stands over them.
const LINES: &[(By, &str, &str)] = &[
    (By::Service, "services", "By service"),
    (By::Category, "matters", "By matter"),
    (By::Procedure, "procedures", "By procedure"),
    (By::Channel, "channels", "By the way it reached us"),
    (By::Ward, "wards", "By ward"),
];

/// Makes it.
pub(super) fn made(
    conn: &mut Conn,
    at: &Moment,
    wanted: &Wanted,
    readers: Readers,
) -> Result<Made, Failure> {
    let catalogue = &at.council.catalogue;
    let scope = wanted.portfolio.as_ref().map(|slug| Scope {
        key: slug.clone(),
        name: catalogue
            .post(slug)
            .map_or_else(|| slug.clone(), |post| post.title.clone()),
        services: readers
            .services
            .iter()
            .map(|slug| {
                let service = catalogue.service(slug);
                service.map_or_else(|| slug.clone(), |service| service.name.clone())
            })
            .collect(),
    });
    let part = Part {
        portfolio: wanted.portfolio.clone(),
        ..Part::default()
    };
    let period = wanted.period;
    let before = year_before(period)?;
    let caption = "All cases together, beside the same days a year before";
    let mut tables = vec![summary(conn, at, &part, (period, before), caption)?];
    for (by, key, caption) in LINES {
        if *by == By::Ward && !period.is_whole_months() {
            continue;
        }
        let asked = Asked { period, by: *by };
        tables.push(lines(conn, at, &part, asked, (key, caption))?);
    }
    let of = scope
        .as_ref()
        .map_or("the whole council", |scope| scope.name.as_str());
    Ok(Made {
        title: format!("How promises were kept: {of}"),
        scope,
        readers,
        tables,
        definitions: Definition::all(DEFINITIONS),
        leaves_out: leaves_out(LEAVES_OUT, period),
    })
}

/// What is not in a report of this period. Wards stand in those of whole months alone: of a few days, one
/// case could be worked out.
pub(super) fn leaves_out(always: &[&str], period: Period) -> Vec<String> {
    let wards = "Figures by ward: they are told of whole months.";
    let wards = (!period.is_whole_months()).then_some(wards);
    let all = always.iter().copied().chain(wards);
    all.map(str::to_owned).collect()
}

/// The same days a year earlier.
pub(super) fn year_before(period: Period) -> Result<Period, Failure> {
    let beyond = |_| {
        let detail = "The same days a year before are beyond the calendar.";
        Failure::invalid("/from_on", "out_of_range", detail)
    };
    Ok(Period {
        from_on: period.from_on.checked_sub(1.year()).map_err(beyond)?,
        to_on: period.to_on.checked_sub(1.year()).map_err(beyond)?,
    })
}
