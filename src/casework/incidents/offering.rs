//! Which open incidents a matter may belong to. They are offered to whoever logs it, with words to read
//! out; nothing is put on one by being offered.

use crate::casework::desk::Moment;
use crate::casework::failure::Failure;
use crate::casework::intake::ward_of;
use crate::domain::case::{Case, Secrecy};
use crate::domain::enquiry::{Enquiry, Who};
use crate::domain::incident::{Incident, IncidentState, Spot};
use crate::domain::person::Address;
use crate::store::incidents::{self, Update};
use crate::store::{Conn, people};

/// An incident that a matter may belong to, or does.
#[derive(Debug, Clone, PartialEq)]
pub struct Offered {
    pub incident: Incident,
    /// The newest that was said of it.
    pub update: Option<Update>,
    /// What whoever is on the line may be told.
    pub read_out: String,
    /// The case is on it already.
    pub is_on_it: bool,
}

/// Open incidents looked at; a council with more of them at once has other worries.
const MOST: i64 = 100;

/// The open incidents an enquiry may belong to, for a matter it was placed under.
///
/// # Errors
/// When the database cannot be asked.
pub fn offered(
    conn: &mut Conn,
    at: &Moment,
    matter: (&str, &str),
    enquiry: &Enquiry,
) -> Result<Vec<Offered>, Failure> {
    let open = incidents::list(conn, Some(IncidentState::Open), None, MOST)?;
    if open.is_empty() {
        return Ok(Vec::new());
    }
    let home = match &enquiry.who {
        Who::Described(described) => described.address.clone(),
        Who::Known(person) => people::find(conn, *person)?.and_then(|person| person.address),
        Who::Nobody => None,
    };
    let ward = ward_of(at, enquiry.location.as_ref(), home.as_ref());
    let spot = Spot {
        ward: ward.as_deref(),
        location: enquiry.location.as_ref(),
        home: home.as_ref(),
    };
    open.into_iter()
        .filter(|one| one.offers_itself(matter, enquiry.received_at, &spot))
        .map(|one| show(conn, at, one, false))
        .collect()
}

/// The incidents a case is on, and the open ones it may belong to.
///
/// # Errors
/// When the database cannot be asked.
pub fn offered_to_case(conn: &mut Conn, at: &Moment, case: &Case) -> Result<Vec<Offered>, Failure> {
    let mut all = Vec::new();
    for (incident, _) in incidents::of_case(conn, case.id)? {
        all.push(show(conn, at, incident, true)?);
    }
    if case.is_closed() || case.secrecy == Secrecy::Restricted {
        return Ok(all);
    }
    let home: Option<Address> = match case.reporter {
        Some(reporter) => people::find(conn, reporter)?.and_then(|person| person.address),
        None => None,
    };
    let spot = Spot {
        ward: case.ward.as_deref(),
        location: case.location.as_ref(),
        home: home.as_ref(),
    };
    let matter = (case.service.as_str(), case.category.as_str());
    for incident in incidents::list(conn, Some(IncidentState::Open), None, MOST)? {
        let is_there = all.iter().any(|one| one.incident.id == incident.id);
        if !is_there && incident.offers_itself(matter, case.received_at, &spot) {
            all.push(show(conn, at, incident, false)?);
        }
    }
    Ok(all)
}

fn show(
    conn: &mut Conn,
    at: &Moment,
    incident: Incident,
    is_on_it: bool,
) -> Result<Offered, Failure> {
    let update = incidents::current_update(conn, incident.id, at.now)?;
    let newest = update
        .as_ref()
        .map_or(&incident.words, |update| &update.text);
    let read_out = format!(
        "We know about this: {}. {newest}",
        incident.title.trim_end_matches('.')
    );
    Ok(Offered {
        read_out,
        incident,
        update,
        is_on_it,
    })
}
