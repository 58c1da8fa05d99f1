//! Incidents: one thing that many people tell us of, many cases, one update to all.
//!
//! A power cut, a missed round, a burst main. A team leader opens one in words for everybody; cases are
//! put on it by people. An update is written once and heard once by everybody behind those cases, each in
//! a mail of their own; nobody learns through it that there is anybody else. Clocks run on: that many
//! wait for the same does not make any of them wait less.
//!
//! | file | what it does |
//! |---|---|
//! | `announcing` | updates: written, and taken back before they leave |
//! | `attaching` | cases put on an incident one by one, many at once, and taken off again |
//! | `carrying` | what the worker does: case after case, each in a transaction of its own |
//! | `closing` | the cases closed with one answer, when it is over |
//! | `offering` | which incidents a matter may belong to, and what is said of them |
//! | `telling` | one update to the people of one case |

mod announcing;
mod attaching;
mod carrying;
mod closing;
mod offering;
mod telling;

pub use announcing::{NewUpdate, announce, take_back};
pub use attaching::{Sweep, Swept, attach, detach, put_on_logged, sweep};
pub use carrying::{Carried, carry_on, tell_now};
pub use closing::{NewClosure, ask_to_close};
pub use offering::{Offered, offered, offered_to_case};
pub use telling::{OnIt, note_heard};

use jiff::Timestamp;

use super::audit::note_look;
use super::desk::Moment;
use super::failure::{Failure, Fault};
use crate::domain::access::{Actor, Sight};
use crate::domain::ids::IncidentId;
use crate::domain::incident::{self, Area, Incident, IncidentState, Matter, check_plain, may_run};
use crate::store::{Conn, Tx, incidents};

/// What is said of an incident; what is left out stays.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Said {
    pub title: Option<String>,
    /// None within: it has none any more.
    pub title_cy: Option<Option<String>>,
    pub words: Option<String>,
    pub words_cy: Option<Option<String>>,
    pub matters: Option<Vec<Matter>>,
    pub area: Option<Area>,
    pub since: Option<Timestamp>,
    pub expected_end: Option<Option<Timestamp>>,
}

/// An incident that is over, and what may be done now.
#[derive(Debug, Clone)]
pub struct Ended {
    pub incident: Incident,
    /// Of the cases on it whoever ended it may see.
    pub n_open: i64,
}

/// Opens an incident.
///
/// # Errors
/// Names what cannot be meant; forbidden for whoever does not lead all of its services.
pub fn open(tx: &mut Tx<'_>, at: &Moment, actor: &Actor, said: &Said) -> Result<Incident, Failure> {
    let blank = Incident {
        id: at.id(),
        title: String::new(),
        title_cy: None,
        words: String::new(),
        words_cy: None,
        matters: Vec::new(),
        area: Area::default(),
        since: at.now,
        expected_end: None,
        state: IncidentState::Open,
        opened_at: at.now,
        opened_by: actor.label(),
        ended_at: None,
        ended_by: None,
        version: 1,
    };
    let incident = over(blank, said);
    check(at, &incident)?;
    check_may_run(at, actor, &incident)?;
    incidents::insert(tx, &incident)?;
    note(tx, at, actor, "incident.opened", incident.id)?;
    Ok(incident)
}

/// Puts right what an incident says.
///
/// # Errors
/// As [`open`]; a conflict when it has ended, [`Failure::Stale`] when it has changed meanwhile.
pub fn change(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    id: IncidentId,
    said: &Said,
) -> Result<Incident, Failure> {
    let known = find_to_run(tx, at, actor, id)?;
    let read_version = known.version;
    let incident = Incident {
        version: read_version + 1,
        ..over(known, said)
    };
    check(at, &incident)?;
    check_may_run(at, actor, &incident)?;
    incidents::update(tx, &incident, read_version)?;
    note(tx, at, actor, "incident.changed", id)?;
    Ok(incident)
}

/// It is over. Nothing stops by that: what is on it goes on, and may be closed together.
///
/// # Errors
/// A conflict when it was over already.
pub fn end(tx: &mut Tx<'_>, at: &Moment, actor: &Actor, id: IncidentId) -> Result<Ended, Failure> {
    incidents::hold(tx, id)?;
    let known = find_to_run(tx, at, actor, id)?;
    let read_version = known.version;
    let incident = Incident {
        state: IncidentState::Ended,
        ended_at: Some(at.now),
        ended_by: Some(actor.label()),
        version: read_version + 1,
        ..known
    };
    incidents::update(tx, &incident, read_version)?;
    note(tx, at, actor, "incident.ended", id)?;
    let (_, n_open) = incidents::count(tx, &actor.sight(), id)?;
    Ok(Ended { incident, n_open })
}

/// One incident, for whoever may know of it: everybody does.
///
/// # Errors
/// [`Failure::Missing`] when there is none.
pub fn find(conn: &mut Conn, id: IncidentId) -> Result<Incident, Failure> {
    incidents::find(conn, id)?.ok_or(Failure::Missing)
}

/// How many cases an actor may see are on an incident.
///
/// # Errors
/// When the database cannot be asked.
pub fn n_cases(conn: &mut Conn, sight: &Sight, id: IncidentId) -> Result<u64, Failure> {
    let (all, _) = incidents::count(conn, sight, id)?;
    Ok(u64::try_from(all).unwrap_or(0))
}

/// Whether the actor runs an incident, asked before anything is said about what they sent.
///
/// # Errors
/// Missing, or forbidden.
pub fn check_runs(
    conn: &mut Conn,
    at: &Moment,
    actor: &Actor,
    id: IncidentId,
) -> Result<Incident, Failure> {
    let incident = find(conn, id)?;
    check_may_run(at, actor, &incident)?;
    Ok(incident)
}

/// One that is still going on, to be changed by whoever runs it.
fn find_to_run(
    conn: &mut Conn,
    at: &Moment,
    actor: &Actor,
    id: IncidentId,
) -> Result<Incident, Failure> {
    let incident = check_runs(conn, at, actor, id)?;
    check_open(&incident)?;
    Ok(incident)
}

fn check_open(incident: &Incident) -> Result<(), Failure> {
    if incident.is_open() {
        return Ok(());
    }
    Err(Failure::conflict(
        "incident_ended",
        "This incident is over. Open another one if it has begun again.",
    ))
}

fn check_may_run(at: &Moment, actor: &Actor, incident: &Incident) -> Result<(), Failure> {
    let catalogue = &at.council.catalogue;
    let services = incident.services().into_iter().map(|slug| {
        let queue = catalogue
            .service(slug)
            .map_or("", |service| service.queue.as_str());
        (slug, queue)
    });
    let may = *actor == Actor::System || actor.user().is_some_and(|user| may_run(user, services));
    if may {
        return Ok(());
    }
    Err(Failure::forbidden(
        "not_your_service",
        "An incident is run by a team leader or head of all the services it is about.",
    ))
}

fn over(incident: Incident, said: &Said) -> Incident {
    let said = said.clone();
    Incident {
        title: said.title.unwrap_or(incident.title),
        title_cy: said.title_cy.unwrap_or(incident.title_cy),
        words: said.words.unwrap_or(incident.words),
        words_cy: said.words_cy.unwrap_or(incident.words_cy),
        matters: said.matters.unwrap_or(incident.matters),
        area: said.area.unwrap_or(incident.area),
        since: said.since.unwrap_or(incident.since),
        expected_end: said.expected_end.unwrap_or(incident.expected_end),
        ..incident
    }
}

/// Everything in an incident that cannot be meant.
fn check(at: &Moment, incident: &Incident) -> Result<(), Failure> {
    let mut faults = Vec::new();
    let words = [
        ("/title", Some(&incident.title)),
        ("/title_cy", incident.title_cy.as_ref()),
        ("/words", Some(&incident.words)),
        ("/words_cy", incident.words_cy.as_ref()),
    ];
    for (pointer, text) in words {
        faults.extend(text.and_then(|text| fault_in_words(pointer, text)));
    }
    if incident.title_cy.is_some() != incident.words_cy.is_some() {
        faults.push(Fault {
            pointer: "/words_cy".to_owned(),
            code: "one_of_two",
            detail: "Give title and words in Welsh, or neither.".to_owned(),
        });
    }
    let catalogue = &at.council.catalogue;
    for (place, matter) in incident.matters.iter().enumerate() {
        let pointer = format!("/matters/{place}");
        let Some(service) = catalogue.service(&matter.service) else {
            faults.push(Fault {
                pointer: format!("{pointer}/service"),
                code: "unknown_value",
                detail: format!("There is no service `{}`.", matter.service),
            });
            continue;
        };
        let Some(slug) = &matter.category else {
            continue;
        };
        match catalogue.category(&service.slug, slug) {
            None => faults.push(Fault {
                pointer: format!("{pointer}/category"),
                code: "unknown_value",
                detail: format!("`{}` has no category `{slug}`.", service.slug),
            }),
            Some((_, category)) if category.is_restricted => faults.push(Fault {
                pointer: format!("{pointer}/category"),
                code: "not_for_incidents",
                detail: "Cases like these are known to a few people only, and are on no incident."
                    .to_owned(),
            }),
            Some(_) => {}
        }
    }
    for (place, ward) in incident.area.wards.iter().enumerate() {
        if !catalogue.wards.wards.contains_key(ward) {
            let known: Vec<&str> = catalogue.wards.wards.keys().map(String::as_str).collect();
            faults.push(Fault {
                pointer: format!("/area/wards/{place}"),
                code: "unknown_value",
                detail: format!(
                    "There is no ward `{ward}`; there are: {}.",
                    known.join(", ")
                ),
            });
        }
    }
    if incident
        .expected_end
        .is_some_and(|end| end <= incident.since)
    {
        faults.push(Fault {
            pointer: "/expected_end_at".to_owned(),
            code: "ends_before_it_begins",
            detail: "It would end before it began. Put one of the two right.".to_owned(),
        });
    }
    if faults.is_empty() {
        Ok(())
    } else {
        Err(Failure::Invalid(faults))
    }
}

/// What is wrong with words for everybody, when something is.
fn fault_in_words(pointer: &str, text: &str) -> Option<Fault> {
    if text.trim().is_empty() {
        return Some(Fault {
            pointer: pointer.to_owned(),
            code: "missing_field",
            detail: "Say it in words for everybody.".to_owned(),
        });
    }
    let incident::NotPlain(detail) = check_plain(text).err()?;
    Some(Fault {
        pointer: pointer.to_owned(),
        code: "not_plain",
        detail,
    })
}

fn note(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    action: &str,
    id: IncidentId,
) -> Result<(), Failure> {
    note_look(tx, at, actor, action, &format!("incident:{id}"), None)
}
