//! Cases put on an incident, and taken off again. Somebody says so, for one case or for many at once;
//! none gets there by itself.

use jiff::Timestamp;

use super::telling::OnIt;
use super::{check_open, find, find_to_run, note};
use crate::casework::actions::{self, Target};
use crate::casework::audit::note_look;
use crate::casework::desk::Moment;
use crate::casework::failure::Failure;
use crate::casework::letters;
use crate::casework::promises::{Settled, Written, settle_by, terms_of};
use crate::domain::access::{Act, Actor, ActorLabel, Verdict, may};
use crate::domain::case::{Case, Procedure, Secrecy};
use crate::domain::ids::{CaseId, IncidentId};
use crate::domain::incident::{EARLIER, Incident};
use crate::domain::lifecycle::{Event, Refusal};
use crate::store::cases::{self, Filed, Filter};
use crate::store::{Tx, events, incidents, people};

/// Which of the cases that belong to an incident are put on it at once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sweep {
    pub ward: Option<String>,
    pub category: Option<String>,
    pub received_from: Option<Timestamp>,
    pub received_until: Option<Timestamp>,
    /// Where the sweep before this one ended.
    pub after: Option<CaseId>,
    /// At most so many are put on it.
    pub most: u16,
    /// Only looked at.
    pub is_dry: bool,
}

/// What a sweep came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Swept {
    /// Those put on it, or that would be.
    pub cases: Vec<CaseId>,
    /// Where to go on; none when all were looked at.
    pub next: Option<CaseId>,
}

/// Cases looked at in one request, however few belong.
const MOST_LOOKED_AT: usize = 2000;
const PAGE: i64 = 200;

/// Puts one case on an incident.
///
/// # Errors
/// [`Failure::Missing`] where the case is none of theirs; a conflict when it is closed, known to a few
/// only, or the incident is over.
pub fn attach(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    target: &Target,
    id: IncidentId,
) -> Result<Settled, Failure> {
    let filed = actions::find(tx, actor, target, Act::Work)?;
    incidents::hold(tx, id)?;
    let incident = named(tx, id)?;
    check_open(&incident)?;
    check_fit(&filed.case)?;
    if filed.case.is_closed() {
        return Err(Failure::Refused(Refusal::Closed));
    }
    let is_new = put_on(tx, at, &actor.label(), &incident, filed.case.id)?;
    let event = Event::IncidentAttached {
        incident: id,
        title: incident.title,
    };
    let happened = if is_new { vec![event] } else { Vec::new() };
    write_down(tx, at, actor, filed, happened, "case.incident_attached")
}

/// Takes a case off an incident: it was not about that after all. What its person has heard, they have
/// heard.
///
/// # Errors
/// [`Failure::Missing`] when it was not on it.
pub fn detach(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    target: &Target,
    id: IncidentId,
) -> Result<Settled, Failure> {
    let filed = actions::find(tx, actor, target, Act::Work)?;
    let incident = find(tx, id)?;
    if !incidents::detach(tx, id, filed.case.id)? {
        return Err(Failure::Missing);
    }
    let event = Event::IncidentDetached {
        incident: id,
        title: incident.title,
    };
    write_down(tx, at, actor, filed, vec![event], "case.incident_detached")
}

/// Puts many cases on an incident at once: those that are plain work, of its matters, of its time, at a
/// place known to lie in its area, and the actor's to work. A page at a time.
///
/// # Errors
/// A conflict when the incident is over.
pub fn sweep(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    id: IncidentId,
    sweep: &Sweep,
) -> Result<Swept, Failure> {
    incidents::hold(tx, id)?;
    let incident = find_to_run(tx, at, actor, id)?;
    let services: Vec<String> = incident.services().into_iter().map(str::to_owned).collect();
    let begins = incident
        .since
        .checked_sub(EARLIER)
        .unwrap_or(Timestamp::MIN);
    let from = sweep.received_from.map_or(begins, |from| from.max(begins));
    let filter = Filter {
        ward: sweep.ward.clone(),
        category: sweep.category.clone(),
        secrecy: Some(Secrecy::Ordinary),
        received: Some((from, sweep.received_until.unwrap_or(at.now))),
        ..Filter::default()
    };
    let mut swept = Swept {
        next: sweep.after,
        ..Swept::default()
    };
    let mut n_looked_at = 0;
    let most = usize::from(sweep.most);
    'pages: loop {
        let page = cases::of_services(tx, &actor.sight(), &filter, &services, swept.next, PAGE)?;
        let is_last = i64::try_from(page.len()).unwrap_or(PAGE) < PAGE;
        let ids: Vec<CaseId> = page.iter().map(|filed| filed.case.id).collect();
        let known = incidents::on_it(tx, id, &ids)?;
        for filed in page {
            if swept.cases.len() >= most || n_looked_at >= MOST_LOOKED_AT {
                break 'pages;
            }
            n_looked_at += 1;
            let case = &filed.case;
            swept.next = Some(case.id);
            if !known.contains(&case.id) && belongs(tx, actor, &incident, case)? {
                swept.cases.push(case.id);
            }
        }
        if is_last {
            swept.next = None;
            break;
        }
    }
    if sweep.is_dry {
        return Ok(swept);
    }
    let event = Event::IncidentAttached {
        incident: id,
        title: incident.title.clone(),
    };
    for case in &swept.cases {
        put_on(tx, at, &actor.label(), &incident, *case)?;
        events::append(tx, at.id(), *case, at.now, &actor.label(), &event)?;
        let object = format!("case:{case}");
        note_look(tx, at, actor, "case.incident_attached", &object, None)?;
    }
    cases::touch(tx, &swept.cases)?;
    note(tx, at, actor, "incident.cases_attached", id)?;
    Ok(swept)
}

/// Puts a case on the incident that whoever logged it has named; nothing where it may be on none. The
/// case has just been opened, and nobody has read it.
///
/// # Errors
/// When it cannot be written.
pub fn put_on_logged(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    id: IncidentId,
    case: &Case,
) -> Result<Option<OnIt>, Failure> {
    incidents::hold(tx, id)?;
    let incident = named(tx, id)?;
    if !incident.is_open() || check_fit(case).is_err() || case.is_closed() {
        return Ok(None);
    }
    put_on(tx, at, &actor.label(), &incident, case.id)?;
    let event = Event::IncidentAttached {
        incident: id,
        title: incident.title.clone(),
    };
    events::append(tx, at.id(), case.id, at.now, &actor.label(), &event)?;
    let update = incidents::current_update(tx, id, at.now)?;
    Ok(Some(OnIt { incident, update }))
}

/// Some cases are put on no incident by anybody.
fn check_fit(case: &Case) -> Result<(), Failure> {
    if case.secrecy == Secrecy::Restricted {
        return Err(Failure::conflict(
            "not_for_incidents",
            "This case is known to a few people only, and is put on no incident.",
        ));
    }
    if case.procedure == Procedure::MemberEnquiry {
        return Err(Failure::conflict(
            "not_for_incidents",
            "A member is written to by whoever has their enquiry. Put the service's own case on it.",
        ));
    }
    Ok(())
}

fn belongs(
    tx: &mut Tx<'_>,
    actor: &Actor,
    incident: &Incident,
    case: &Case,
) -> Result<bool, Failure> {
    if may(actor, Act::Work, case, false) != Verdict::Allow {
        return Ok(false);
    }
    let reporter = match case.reporter {
        Some(reporter) => people::find(tx, reporter)?,
        None => None,
    };
    let home = reporter.as_ref().and_then(|person| person.address.as_ref());
    Ok(incident.may_sweep_up(case, home))
}

/// The row itself, and the hour at which the worker looks: whoever is put on it late hears the newest
/// update, once a wrong one could have been taken off again.
fn put_on(
    tx: &mut Tx<'_>,
    at: &Moment,
    by: &ActorLabel,
    incident: &Incident,
    case: CaseId,
) -> Result<bool, Failure> {
    let tell_from = letters::after_undo(at);
    let is_new = incidents::attach(tx, incident.id, case, by, at.now, tell_from)?;
    incidents::wake_by(tx, incident.id, tell_from)?;
    Ok(is_new)
}

fn write_down(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    filed: Filed,
    happened: Vec<Event>,
    action: &str,
) -> Result<Settled, Failure> {
    let Filed { case, .. } = filed;
    let object = format!("case:{}", case.id);
    note_look(tx, at, actor, action, &object, None)?;
    let terms = terms_of(tx, at, &case)?;
    let read_revision = case.revision;
    let written = if happened.is_empty() {
        Written::Noted { read_revision }
    } else {
        Written::Changed { read_revision }
    };
    settle_by(tx, at, case, &terms, happened, &actor.label(), written)
}

/// An incident named in a document.
fn named(tx: &mut Tx<'_>, id: IncidentId) -> Result<Incident, Failure> {
    match find(tx, id) {
        Err(Failure::Missing) => Err(Failure::invalid(
            "/incident",
            "unknown_value",
            "There is no incident with this id.",
        )),
        found => found,
    }
}
