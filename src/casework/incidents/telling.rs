//! One update to the people of one case: each of them once, whatever cases and records are theirs.
//!
//! The same rules as for any notice hold, because it is written by the same hand
//! ([`letters::tell_person`]): no mail to those who may be reached in safe ways only, none to the dead,
//! none where it comes back.

use crate::auth::secrets;
use crate::auth::tracking as tokens;
use crate::casework::actions::{last_thread, people_to_answer};
use crate::casework::desk::{Moment, hex};
use crate::casework::failure::Failure;
use crate::casework::letters::{self, ToPerson};
use crate::casework::members;
use crate::casework::people::sameness;
use crate::domain::access::Actor;
use crate::domain::case::{Case, Secrecy};
use crate::domain::ids::{CaseId, NoticeId, PersonId};
use crate::domain::incident::{Incident, IncidentTold};
use crate::domain::lifecycle::Event;
use crate::domain::notice::{Announced, Says};
use crate::domain::wording::Language;
use crate::store::incidents::{self, Update};
use crate::store::people::Person;
use crate::store::{Tx, cases, events, outbox};

/// An incident a case was put on when it was logged, and what had been said of it by then.
#[derive(Debug, Clone, PartialEq)]
pub struct OnIt {
    pub incident: Incident,
    pub update: Option<Update>,
}

/// A confirmation holds no more of an update than this; what is longer follows in a mail of its own.
const MOST_IN_A_CONFIRMATION: usize = 500;

impl OnIt {
    /// What a confirmation says of it: what it is, and the newest that was said, where that is short. In
    /// Welsh as far as somebody has written it in Welsh.
    #[must_use]
    pub fn sentences(&self, language: Language) -> Vec<String> {
        let incident = &self.incident;
        let (before, title) = match (language, &incident.title_cy) {
            (Language::Welsh, Some(title)) => ("Rydym yn gwybod am hyn", title),
            (Language::Welsh, None) => ("Rydym yn gwybod am hyn", &incident.title),
            (Language::English, _) => ("We know about this", &incident.title),
        };
        let mut said = vec![format!("{before}: {}.", title.trim_end_matches('.'))];
        if let Some(update) = self.told_with_it() {
            let text = match (language, &update.text_cy) {
                (Language::Welsh, Some(text)) => text,
                _ => &update.text,
            };
            let lines = text.lines().map(str::trim);
            said.extend(lines.filter(|line| !line.is_empty()).map(str::to_owned));
        }
        said
    }

    /// The update a confirmation tells.
    fn told_with_it(&self) -> Option<&Update> {
        self.update
            .as_ref()
            .filter(|update| update.text.chars().count() <= MOST_IN_A_CONFIRMATION)
    }
}

/// Somebody has read the newest update in their confirmation, and is not told it again.
///
/// # Errors
/// When it cannot be written.
pub fn note_heard(
    tx: &mut Tx<'_>,
    at: &Moment,
    on_it: &OnIt,
    case: CaseId,
    person: &Person,
    notice: NoticeId,
) -> Result<(), Failure> {
    let Some(update) = on_it.told_with_it() else {
        return Ok(());
    };
    if !incidents::see_update(tx, update, case)? {
        return Ok(());
    }
    let names = names_of(&sameness::ids_of(tx, person.id)?);
    if incidents::outcome_for(tx, update.id, &names)?.is_none()
        && let Some(name) = names.first()
        && incidents::claim(tx, update.id, name, case, Some(IncidentTold::Told), at.now)?
    {
        claim_way(tx, at, update, case, notice)?;
    }
    incidents::note_told(tx, update.incident, case, IncidentTold::Told)?;
    note_on_timeline(tx, at, update, case, IncidentTold::Told)
}

/// Tells those behind a case an update, unless that was done. Says whether it was done now.
///
/// # Errors
/// When it cannot be written.
pub(super) fn tell_case(
    tx: &mut Tx<'_>,
    at: &Moment,
    incident: &Incident,
    update: &Update,
    id: CaseId,
) -> Result<bool, Failure> {
    if !incidents::see_update(tx, update, id)? {
        return Ok(false);
    }
    let Some(filed) = cases::find(tx, id)? else {
        return Ok(false);
    };
    let told = told(tx, at, incident, update, &filed.case)?;
    incidents::note_told(tx, incident.id, id, told)?;
    if told != IncidentTold::Closed {
        note_on_timeline(tx, at, update, id, told)?;
    }
    Ok(true)
}

fn told(
    tx: &mut Tx<'_>,
    at: &Moment,
    incident: &Incident,
    update: &Update,
    case: &Case,
) -> Result<IncidentTold, Failure> {
    if case.is_closed() {
        return Ok(IncidentTold::Closed);
    }
    if letters::says_no_date(at, case) || case.secrecy == Secrecy::Restricted {
        return Ok(IncidentTold::Danger);
    }
    if let Some(enquiry) = members::enquiry_beside(tx, case)? {
        let by = Actor::System.label();
        members::tell_of_service(tx, at, &by, case, enquiry, ("has sent word", false))?;
        return Ok(IncidentTold::Inside);
    }
    let mut people = people_to_answer(tx, case)?;
    // In one order everywhere, so that two cases of the same people do not wait for each other.
    people.sort_by_key(|person| person.id);
    let mut outcomes = Vec::with_capacity(people.len());
    for person in &people {
        outcomes.push(tell_one(tx, at, incident, update, case, person)?);
    }
    let best = [
        IncidentTold::Told,
        IncidentTold::ToWrite,
        IncidentTold::HeardBefore,
        IncidentTold::NotReached,
    ];
    Ok(best
        .into_iter()
        .find(|one| outcomes.contains(one))
        .unwrap_or(IncidentTold::Nobody))
}

fn tell_one(
    tx: &mut Tx<'_>,
    at: &Moment,
    incident: &Incident,
    update: &Update,
    case: &Case,
    person: &Person,
) -> Result<IncidentTold, Failure> {
    let records = sameness::ids_of(tx, person.id)?;
    let names = names_of(&records);
    let before = |told: Option<IncidentTold>| match told {
        Some(IncidentTold::NotReached) => IncidentTold::NotReached,
        _ => IncidentTold::HeardBefore,
    };
    if let Some(known) = incidents::outcome_for(tx, update.id, &names)? {
        return Ok(before(Some(known)));
    }
    let Some(name) = names.first() else {
        return Ok(IncidentTold::Nobody);
    };
    if !incidents::claim(tx, update.id, name, case.id, None, at.now)? {
        return Ok(before(incidents::outcome_for(tx, update.id, &names)?));
    }
    let thread = last_thread(tx, case)?;
    let telling = ToPerson {
        says: says(tx, incident, update, case, person)?.into(),
        meets: None,
        dedupe_key: format!("incident:{}:{}", update.id, person.id),
        thread: &thread,
        send_at: at.now,
        is_automatic: true,
    };
    let told = match letters::tell_person(tx, at, case, Some(person), telling)? {
        letters::Told::ByMail(notice) => {
            if claim_way(tx, at, update, case.id, notice)? {
                IncidentTold::Told
            } else {
                // Another record of somebody at the same address has heard it.
                outbox::remove(tx, notice, 0)?;
                IncidentTold::HeardBefore
            }
        }
        letters::Told::ByPost(_) => IncidentTold::ToWrite,
        letters::Told::NotAtAll | letters::Told::Withheld(_) => IncidentTold::NotReached,
    };
    incidents::set_outcome(tx, update.id, name, told)?;
    Ok(told)
}

/// What a private case's mail says is that there is news; the rest is told by a person.
fn says(
    tx: &mut Tx<'_>,
    incident: &Incident,
    update: &Update,
    case: &Case,
    person: &Person,
) -> Result<Says, Failure> {
    if case.secrecy != Secrecy::Ordinary {
        return Ok(Says::IncidentUpdate {
            title: None,
            text: None,
            welsh: None,
            also: Vec::new(),
        });
    }
    let welsh = update.text_cy.clone().map(|text| Announced {
        title: incident.title_cy.clone(),
        text,
    });
    Ok(Says::IncidentUpdate {
        title: Some(incident.title.clone()),
        text: Some(update.text.clone()),
        welsh,
        // Of this record alone: a merge that was wrong shows nobody to anybody.
        also: incidents::others_of(tx, incident.id, person.id, case.id)?,
    })
}

/// The address a notice goes to hears an update once. It is kept as a hash under our own key.
fn claim_way(
    tx: &mut Tx<'_>,
    at: &Moment,
    update: &Update,
    case: CaseId,
    notice: NoticeId,
) -> Result<bool, Failure> {
    let Some(notice) = outbox::find(tx, notice)? else {
        // It was written before under the same key: it is on its way.
        return Ok(true);
    };
    let key = tokens::TrackingKey::new(&at.desk.secrets.tracking);
    let own = tokens::derive(&key, update.id.0.as_bytes());
    let said = format!("{own}:{}:{}", notice.transport, notice.recipient);
    let way = hex(&secrets::hash(&said));
    Ok(incidents::claim(
        tx,
        update.id,
        &format!("way:{way}"),
        case,
        None,
        at.now,
    )?)
}

/// The names of somebody, the one that is claimed first: the oldest of their records.
fn names_of(records: &[PersonId]) -> Vec<String> {
    let mut records = records.to_vec();
    records.sort_unstable();
    records.iter().map(|id| format!("person:{id}")).collect()
}

fn note_on_timeline(
    tx: &mut Tx<'_>,
    at: &Moment,
    update: &Update,
    case: CaseId,
    told: IncidentTold,
) -> Result<(), Failure> {
    let event = Event::IncidentUpdated {
        incident: update.incident,
        update: update.id,
        text: update.text.clone(),
        told,
    };
    events::append(tx, at.id(), case, at.now, &update.written_by, &event)?;
    Ok(())
}
