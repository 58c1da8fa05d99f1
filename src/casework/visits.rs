//! Visits to the access points: people whose matter was logged, and people who came without one.
//!
//! A contact of the channel `face_to_face` names the access point it was made at, and is one visit
//! there. Whoever comes for a form, a leaflet or directions has no case: the desk counts them and says
//! how many there were. Nothing is known of them but that.

use std::collections::BTreeMap;

use jiff::ToSpan as _;
use jiff::civil::Date;

use super::audit::note_look;
use super::call_figures;
use super::desk::Moment;
use super::failure::Failure;
use crate::domain::access::Actor;
use crate::domain::contact::{Channel, Direction};
use crate::domain::enquiry::Enquiry;
use crate::domain::ids::ContactId;
use crate::store::visits::{self, Came, Visit};
use crate::store::{Conn, Tx, settings};

/// How many came.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Visits {
    pub with_contact: u64,
    pub without: u64,
}

/// One access point over some days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessPointVisits {
    pub access_point: String,
    /// What it is called; its slug where the catalogue does not have it any more.
    pub name: String,
    pub all: Visits,
    /// Days on which anybody came.
    pub by_day: BTreeMap<Date, Visits>,
}

/// The figures of some days. Every access point is in them, also one to which nobody came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    pub all: Visits,
    pub by_access_point: Vec<AccessPointVisits>,
}

/// What each figure means.
pub const DEFINITIONS: &[(&str, &str)] = &[
    (
        "visits",
        "People who came to an access point, by the local date. The sum of `with_contact` and `without_contact`.",
    ),
    (
        "with_contact",
        "Contacts of the channel `face_to_face` that were logged, each at the access point it names. Somebody who \
         comes again counts again. A case only named people may know of counts too, as a number.",
    ),
    (
        "without_contact",
        "People the desk or a counter at the door has told us of, because nothing they said was logged.",
    ),
];

/// So far back people may still be counted.
const MOST_DAYS_AGO: i32 = 366;

impl Visits {
    /// All of them.
    #[must_use]
    pub const fn people(self) -> u64 {
        self.with_contact + self.without
    }

    fn add(&mut self, other: Self) {
        self.with_contact += other.with_contact;
        self.without += other.without;
    }
}

/// Notes the visit in which somebody said something.
///
/// # Errors
/// When it cannot be written.
pub(super) fn note_contact(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    enquiry: &Enquiry,
    contact: ContactId,
) -> Result<(), Failure> {
    let (Some(access_point), Channel::FaceToFace, Direction::Inbound) =
        (&enquiry.access_point, enquiry.channel, enquiry.direction)
    else {
        return Ok(());
    };
    let visit = Visit {
        id: at.id(),
        access_point: access_point.clone(),
        visited_on: at.council.catalogue.calendar.date_of(enquiry.received_at),
        n_people: 1,
        contact: Some(contact),
        noted_by: actor.principal(),
        noted_at: at.now,
    };
    Ok(visits::insert(tx, &visit)?)
}

/// Counts people who came without a case; fewer than none puts an earlier count right. Answers what was
/// noted, and the day as it stands now.
///
/// # Errors
/// When there is no such access point, the day cannot be meant, or fewer than nobody would have come.
pub fn note(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    access_point: &str,
    on: Option<Date>,
    n_people: i32,
) -> Result<(Visit, Visits), Failure> {
    let today = at.today();
    let on = on.unwrap_or(today);
    check(at, access_point, on, n_people)?;
    // Two who put the same day right see what the other has put right.
    settings::hold(tx, &format!("visits:{access_point}:{on}"))?;
    let before = day(tx, access_point, on)?;
    if i64::from(n_people) + before.without < 0 {
        let detail = format!(
            "On {on}, {} people have been counted here without a contact: fewer than nobody cannot have come.",
            before.without
        );
        return Err(Failure::invalid("/people", "out_of_range", detail));
    }
    let visit = Visit {
        id: at.id(),
        access_point: access_point.to_owned(),
        visited_on: on,
        n_people,
        contact: None,
        noted_by: actor.principal(),
        noted_at: at.now,
    };
    visits::insert(tx, &visit)?;
    let object = format!("access_point:{access_point}");
    note_look(tx, at, actor, "visits.counted", &object, None)?;
    let after = Visits::from(day(tx, access_point, on)?);
    Ok((visit, after))
}

/// How many came between two local days, both included.
///
/// # Errors
/// When the days are the wrong way round or too far apart.
pub fn between(conn: &mut Conn, at: &Moment, from: Date, to: Date) -> Result<Report, Failure> {
    call_figures::check_days(from, to)?;
    let points = &at.council.catalogue.access_points;
    let empty = |slug: &str, name: &str| AccessPointVisits {
        access_point: slug.to_owned(),
        name: name.to_owned(),
        all: Visits::default(),
        by_day: BTreeMap::new(),
    };
    let mut by_access_point: Vec<AccessPointVisits> = points
        .iter()
        .map(|point| empty(&point.slug, &point.name))
        .collect();
    let mut all = Visits::default();
    for ((slug, on), came) in visits::between(conn, (from, to))? {
        let came = Visits::from(came);
        let known = by_access_point
            .iter()
            .position(|point| point.access_point == slug);
        let place = known.unwrap_or(by_access_point.len());
        if known.is_none() {
            by_access_point.push(empty(&slug, &slug));
        }
        if let Some(point) = by_access_point.get_mut(place) {
            point.all.add(came);
            point.by_day.insert(on, came);
        }
        all.add(came);
    }
    Ok(Report {
        all,
        by_access_point,
    })
}

fn check(at: &Moment, access_point: &str, on: Date, n_people: i32) -> Result<(), Failure> {
    let points = &at.council.catalogue.access_points;
    if !points.iter().any(|point| point.slug == access_point) {
        let known: Vec<&str> = points.iter().map(|point| point.slug.as_str()).collect();
        let detail = format!(
            "There is no such access point; there are: {}.",
            known.join(", ")
        );
        return Err(Failure::invalid("/access_point", "unknown_value", detail));
    }
    let out_of_range =
        |pointer: &str, detail: String| Failure::invalid(pointer, "out_of_range", detail);
    let today = at.today();
    if on > today {
        let detail = format!("{on} is still to come: today is {today}.");
        return Err(out_of_range("/on", detail));
    }
    let oldest = today
        .checked_sub(MOST_DAYS_AGO.days())
        .map_err(anyhow::Error::from)?;
    if on < oldest {
        let detail = "People are counted for the last 366 days at most.".to_owned();
        return Err(out_of_range("/on", detail));
    }
    if n_people == 0 {
        let detail = "Say how many came; a number below nought puts a count right.".to_owned();
        return Err(out_of_range("/people", detail));
    }
    Ok(())
}

fn day(conn: &mut Conn, access_point: &str, on: Date) -> Result<Came, Failure> {
    let of_day = visits::between(conn, (on, on))?;
    Ok(of_day
        .get(&(access_point.to_owned(), on))
        .copied()
        .unwrap_or_default())
}

impl From<Came> for Visits {
    fn from(came: Came) -> Self {
        let n = |n: i64| u64::try_from(n).unwrap_or(0);
        Self {
            with_contact: n(came.with_contact),
            without: n(came.without),
        }
    }
}
