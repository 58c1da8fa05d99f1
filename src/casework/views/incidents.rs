//! Incidents: in words for everybody, and for those who work on them with the cases they may see.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use super::case::{CaseView, views};
use super::{Part, is_readable};
use crate::casework::desk::Moment;
use crate::casework::failure::Failure;
use crate::casework::incidents::Offered;
use crate::domain::access::{Actor, ActorLabel};
use crate::domain::case::{Case, Outcome, Secrecy};
use crate::domain::ids::{CaseId, IncidentId};
use crate::domain::incident::{Area, ClosedAs, Incident, IncidentState, IncidentTold, Matter};
use crate::store::incidents::{self, Attached, Closure, Update};
use crate::store::{Conn, cases};

/// An incident, for those who work on it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct IncidentView {
    pub id: Uuid,
    /// One line, for everybody.
    pub title: String,
    pub title_cy: Option<String>,
    /// What is known, for everybody.
    pub words: String,
    pub words_cy: Option<String>,
    pub matters: Vec<Matter>,
    pub area: Area,
    pub since_at: Timestamp,
    pub expected_end_at: Option<Timestamp>,
    pub state: IncidentState,
    pub opened_at: Timestamp,
    pub opened_by: ActorLabel,
    pub ended_at: Option<Timestamp>,
    pub ended_by: Option<ActorLabel>,
    /// What `If-Match` takes, in quotes.
    pub version: i64,
    pub links: IncidentLinks,
}

/// Where more about an incident is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct IncidentLinks {
    #[serde(rename = "self")]
    pub itself: String,
    pub cases: String,
    pub updates: String,
    pub closures: String,
}

/// An incident by its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct IncidentName {
    pub id: Uuid,
    pub title: String,
    pub state: IncidentState,
}

/// What is left to do when an incident is over.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct EndedView {
    pub incident: IncidentView,
    /// Cases on it that are still open, of those you may see.
    pub open_cases: i64,
    /// Where they can be closed together, with one answer to each.
    pub close_them_at: String,
}

/// A case on an incident.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct AttachedView {
    pub case: CaseView,
    pub attached_at: Timestamp,
    pub attached_by: ActorLabel,
    /// What came of the newest update for it; null when there was none.
    pub told: Option<IncidentTold>,
    /// What came of closing it with the others; null when nobody asked for that.
    pub closed_as: Option<ClosedAs>,
}

/// An update, and how far it has come. People are counted, not cases; of those behind cases you may see.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct UpdateView {
    pub id: Uuid,
    /// 1, 2, 3 … on each incident.
    pub number: i32,
    pub text: String,
    pub text_cy: Option<String>,
    pub written_at: Timestamp,
    pub written_by: ActorLabel,
    /// Until then it can be taken back.
    pub leaves_at: Timestamp,
    pub state: UpdateState,
    /// People who were written to.
    pub told: i64,
    /// People for whom a letter lies there to be posted.
    pub to_write: i64,
    /// People who cannot be reached, or not by itself.
    pub not_reached: i64,
    /// Open cases whose people are still to be told.
    pub cases_left: i64,
}

/// How far an update has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UpdateState {
    /// It can still be taken back.
    Waiting,
    Leaving,
    /// Everybody behind the cases that are on the incident now was seen to.
    Left,
    TakenBack,
    /// A newer one has left, and takes its place for those who had not heard this one.
    Overtaken,
}

/// Cases closed together, and how far that has come; of those you may see.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ClosureView {
    pub id: Uuid,
    pub outcome: Outcome,
    pub text: Option<String>,
    pub asked_at: Timestamp,
    /// Cases that were closed by it.
    pub closed: i64,
    /// Cases still to be seen to.
    pub cases_left: i64,
    /// Cases that stay as they are, by why.
    pub left_open: Vec<LeftOpen>,
}

/// Cases that were not closed with the others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LeftOpen {
    pub why: ClosedAs,
    pub cases: i64,
}

/// An incident as everybody may read it. No numbers: how many have told us is nobody's to count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PublicIncident {
    pub id: Uuid,
    pub title: String,
    pub title_cy: Option<String>,
    pub words: String,
    pub words_cy: Option<String>,
    /// Names of the services it is about.
    pub services: Vec<String>,
    /// Wards and streets, by name; empty where it is everywhere, or known only by single properties.
    pub places: Vec<String>,
    pub since_at: Timestamp,
    pub expected_end_at: Option<Timestamp>,
    /// The newest that was said to everybody who has told us of it.
    pub latest_update: Option<PublicUpdate>,
}

/// What was said to everybody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PublicUpdate {
    pub at: Timestamp,
    pub text: String,
    pub text_cy: Option<String>,
}

/// An open incident that what somebody told us may belong to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct KnownIncident {
    #[serde(flatten)]
    pub incident: PublicIncident,
    /// Whether the case is on it.
    pub attached: bool,
    /// What whoever is on the line can be told.
    pub read_out: String,
}

impl IncidentView {
    /// As it is answered.
    #[must_use]
    pub fn of(incident: Incident) -> Self {
        let path = format!("/v1/incidents/{}", incident.id);
        Self {
            id: incident.id.0,
            title: incident.title,
            title_cy: incident.title_cy,
            words: incident.words,
            words_cy: incident.words_cy,
            matters: incident.matters,
            area: incident.area,
            since_at: incident.since,
            expected_end_at: incident.expected_end,
            state: incident.state,
            opened_at: incident.opened_at,
            opened_by: incident.opened_by,
            ended_at: incident.ended_at,
            ended_by: incident.ended_by,
            version: incident.version,
            links: IncidentLinks {
                cases: format!("{path}/cases"),
                updates: format!("{path}/updates"),
                closures: format!("{path}/closures"),
                itself: path,
            },
        }
    }
}

impl PublicIncident {
    /// An incident in words for everybody, with the newest that was said of it.
    #[must_use]
    pub fn of(at: &Moment, incident: &Incident, update: Option<&Update>) -> Self {
        let catalogue = &at.council.catalogue;
        let services = incident.services().into_iter();
        let services = services.filter_map(|slug| catalogue.service(slug));
        let wards = incident.area.wards.iter();
        let wards = wards.filter_map(|slug| catalogue.wards.wards.get(slug));
        // Properties and postcodes are left out: some hold one household.
        let mut places: Vec<String> = wards.map(|ward| ward.name.clone()).collect();
        places.extend(incident.area.streets.iter().cloned());
        Self {
            id: incident.id.0,
            title: incident.title.clone(),
            title_cy: incident.title_cy.clone(),
            words: incident.words.clone(),
            words_cy: incident.words_cy.clone(),
            services: services.map(|service| service.name.clone()).collect(),
            places,
            since_at: incident.since,
            expected_end_at: incident.expected_end,
            latest_update: update.map(|update| PublicUpdate {
                at: update.leaves_at,
                text: update.text.clone(),
                text_cy: update.text_cy.clone(),
            }),
        }
    }
}

impl KnownIncident {
    /// As it is answered.
    #[must_use]
    pub fn of(at: &Moment, offered: &Offered) -> Self {
        Self {
            incident: PublicIncident::of(at, &offered.incident, offered.update.as_ref()),
            attached: offered.is_on_it,
            read_out: offered.read_out.clone(),
        }
    }
}

/// A part of the incidents, newest first.
///
/// # Errors
/// When the database cannot be asked.
pub fn list(
    conn: &mut Conn,
    state: Option<IncidentState>,
    after: Option<IncidentId>,
    limit: u16,
) -> Result<Part<IncidentView, IncidentId>, Failure> {
    let rows = incidents::list(conn, state, after, i64::from(limit) + 1)?;
    let part = Part::cut(rows, limit, |incident: &Incident| incident.id);
    Ok(Part {
        items: part.items.into_iter().map(IncidentView::of).collect(),
        next: part.next,
    })
}

/// A part of the open incidents in words for everybody, newest first.
///
/// # Errors
/// When the database cannot be asked.
pub fn public(
    conn: &mut Conn,
    at: &Moment,
    after: Option<IncidentId>,
    limit: u16,
) -> Result<Part<PublicIncident, IncidentId>, Failure> {
    let rows = incidents::list(conn, Some(IncidentState::Open), after, i64::from(limit) + 1)?;
    let part = Part::cut(rows, limit, |incident: &Incident| incident.id);
    let mut items = Vec::with_capacity(part.items.len());
    for incident in &part.items {
        let update = incidents::current_update(conn, incident.id, at.now)?;
        items.push(PublicIncident::of(at, incident, update.as_ref()));
    }
    Ok(Part {
        items,
        next: part.next,
    })
}

/// The incidents a case is on, by name.
///
/// # Errors
/// When the database cannot be asked.
pub fn names(conn: &mut Conn, case: CaseId) -> Result<Vec<IncidentName>, Failure> {
    let on = incidents::of_case(conn, case)?;
    let named = on.into_iter().map(|(incident, _)| IncidentName {
        id: incident.id.0,
        title: incident.title,
        state: incident.state,
    });
    Ok(named.collect())
}

/// The open incidents a case is on, in words for its person. Of a matter that is not named to whoever finds
/// the letter, nothing.
///
/// # Errors
/// When the database cannot be asked.
pub fn for_the_person(
    conn: &mut Conn,
    at: &Moment,
    case: &Case,
) -> Result<Vec<PublicIncident>, Failure> {
    if case.secrecy != Secrecy::Ordinary {
        return Ok(Vec::new());
    }
    let mut shown = Vec::new();
    for (incident, _) in incidents::of_case(conn, case.id)? {
        if incident.is_open() {
            let update = incidents::current_update(conn, incident.id, at.now)?;
            shown.push(PublicIncident::of(at, &incident, update.as_ref()));
        }
    }
    Ok(shown)
}

/// Which of the cases on an incident.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Question {
    pub told: Option<IncidentTold>,
    /// Those that were to be closed with the others and stay open.
    pub is_left_open: bool,
}

/// A part of the cases on an incident that the actor may see.
///
/// # Errors
/// When the database cannot be asked.
pub fn cases_of(
    conn: &mut Conn,
    actor: &Actor,
    id: IncidentId,
    question: &Question,
    after: Option<CaseId>,
    limit: u16,
) -> Result<Part<AttachedView, CaseId>, Failure> {
    let left_open: Vec<ClosedAs> = ClosedAs::ALL
        .iter()
        .copied()
        .filter(|one| question.is_left_open && !is_closed(*one))
        .collect();
    let (sight, more) = (actor.sight(), i64::from(limit) + 1);
    let rows = incidents::cases_of(conn, &sight, id, question.told, &left_open, after, more)?;
    let part = Part::cut(rows, limit, |one: &Attached| one.case);
    let ids: Vec<CaseId> = part.items.iter().map(|one| one.case).collect();
    let mut filed = cases::with_ids(conn, &ids)?;
    filed.retain(|one| is_readable(actor, &one.case));
    let shown = views(conn, &filed)?;
    let items = shown.into_iter().filter_map(|case| {
        let on = part.items.iter().find(|one| one.case.0 == case.id)?;
        Some(AttachedView {
            attached_at: on.attached_at,
            attached_by: on.attached_by.clone(),
            told: on.told,
            closed_as: on.closed_as,
            case,
        })
    });
    Ok(Part {
        items: items.collect(),
        next: part.next,
    })
}

/// A part of an incident's updates, newest first.
///
/// # Errors
/// When the database cannot be asked.
pub fn updates_of(
    conn: &mut Conn,
    at: &Moment,
    actor: &Actor,
    id: IncidentId,
    before: Option<i32>,
    limit: u16,
) -> Result<Part<UpdateView, i32>, Failure> {
    let rows = incidents::updates_of(conn, id, before, i64::from(limit) + 1)?;
    let part = Part::cut(rows, limit, |update: &Update| update.number);
    let mut items = Vec::with_capacity(part.items.len());
    for update in part.items {
        items.push(update_view(conn, at, actor, update)?);
    }
    Ok(Part {
        items,
        next: part.next,
    })
}

/// An update as the actor may see it.
///
/// # Errors
/// When the database cannot be asked.
pub fn update_view(
    conn: &mut Conn,
    at: &Moment,
    actor: &Actor,
    update: Update,
) -> Result<UpdateView, Failure> {
    let sight = actor.sight();
    let mut n = |told: IncidentTold| incidents::n_told(conn, &sight, update.id, told);
    let (told, to_write, not_reached) = (
        n(IncidentTold::Told)?,
        n(IncidentTold::ToWrite)?,
        n(IncidentTold::NotReached)?,
    );
    let current = incidents::current_update(conn, update.incident, at.now)?;
    let is_current = current.is_some_and(|current| current.id == update.id);
    let n_left = if is_current {
        incidents::n_left(conn, &sight, update.incident, update.number)?
    } else {
        0
    };
    let state = if update.taken_back_at.is_some() {
        UpdateState::TakenBack
    } else if update.leaves_at > at.now {
        UpdateState::Waiting
    } else if !is_current {
        UpdateState::Overtaken
    } else if n_left > 0 {
        UpdateState::Leaving
    } else {
        UpdateState::Left
    };
    Ok(UpdateView {
        id: update.id.0,
        number: update.number,
        text: update.text,
        text_cy: update.text_cy,
        written_at: update.written_at,
        written_by: update.written_by,
        leaves_at: update.leaves_at,
        state,
        told,
        to_write,
        not_reached,
        cases_left: n_left,
    })
}

/// A part of what the cases on an incident were closed with, newest first.
///
/// # Errors
/// When the database cannot be asked.
pub fn closures_of(
    conn: &mut Conn,
    actor: &Actor,
    id: IncidentId,
    before: Option<i32>,
    limit: u16,
) -> Result<Part<ClosureView, i32>, Failure> {
    let rows = incidents::closures_of(conn, id, before, i64::from(limit) + 1)?;
    let part = Part::cut(rows, limit, |closure: &Closure| closure.number);
    let mut items = Vec::with_capacity(part.items.len());
    for closure in part.items {
        items.push(closure_view(conn, actor, closure)?);
    }
    Ok(Part {
        items,
        next: part.next,
    })
}

/// A closure as the actor may see it.
///
/// # Errors
/// When the database cannot be asked.
pub fn closure_view(
    conn: &mut Conn,
    actor: &Actor,
    closure: Closure,
) -> Result<ClosureView, Failure> {
    let sight = actor.sight();
    let mut left_open = Vec::new();
    for why in ClosedAs::ALL.iter().copied().filter(|one| !is_closed(*one)) {
        let n_cases = incidents::n_closed(conn, &sight, &closure, why)?;
        if n_cases > 0 {
            left_open.push(LeftOpen {
                why,
                cases: n_cases,
            });
        }
    }
    Ok(ClosureView {
        closed: incidents::n_closed(conn, &sight, &closure, ClosedAs::Closed)?,
        cases_left: incidents::n_unclosed(conn, &sight, &closure)?,
        id: closure.id.0,
        outcome: closure.outcome,
        text: closure.text,
        asked_at: closure.asked_at,
        left_open,
    })
}

fn is_closed(what: ClosedAs) -> bool {
    matches!(what, ClosedAs::Closed | ClosedAs::WasClosed)
}
