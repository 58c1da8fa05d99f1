//! What councillors and MPs asked, and how the promise to them was kept, beside that to residents.

use super::scrutiny::{leaves_out, year_before};
use super::tables::{lines, summary};
use super::{Made, Wanted};
use crate::casework::desk::Moment;
use crate::casework::failure::Failure;
use crate::casework::performance::{Asked, By, Part};
use crate::domain::access::Readers;
use crate::domain::case::Procedure;
use crate::domain::measure::DEFINITIONS;
use crate::domain::report::Definition;
use crate::store::Conn;

/// What is not in it.
const LEAVES_OUT: &[&str] = &[
    "Who asked, and for whom.",
    "The services' own cases beside members' enquiries, but in the last table: they are residents' matters.",
    "Enquiries that only named people may know of. They are in no figure.",
    "Names, references and anything people wrote.",
    "What reached us, or was put right, after this was made.",
];

/// Makes it.
pub(super) fn made(
    conn: &mut Conn,
    at: &Moment,
    wanted: &Wanted,
    readers: Readers,
) -> Result<Made, Failure> {
    let own = Part {
        procedures: Some(vec![Procedure::MemberEnquiry.to_string()]),
        ..Part::default()
    };
    let period = wanted.period;
    let periods = (period, year_before(period)?);
    let caption = "All enquiries together, beside the same days a year before";
    let mut tables = vec![
        summary(conn, at, &own, periods, caption)?,
        lines(
            conn,
            at,
            &own,
            Asked {
                period,
                by: By::Category,
            },
            ("matters", "By matter"),
        )?,
        lines(
            conn,
            at,
            &Part::default(),
            Asked {
                period,
                by: By::Procedure,
            },
            (
                "procedures",
                "Beside everything else that reached the council",
            ),
        )?,
    ];
    if period.is_whole_months() {
        let asked = Asked {
            period,
            by: By::Ward,
        };
        let wards = lines(conn, at, &own, asked, ("wards", "By ward"))?;
        tables.insert(2, wards);
    }
    Ok(Made {
        title: "Councillors’ and MPs’ enquiries".to_owned(),
        scope: None,
        readers,
        tables,
        definitions: Definition::all(DEFINITIONS),
        leaves_out: leaves_out(LEAVES_OUT, period),
    })
}
