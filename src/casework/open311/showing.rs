//! Reports as everybody may read them, and what happened to them.
//!
//! Where a case stood when something happened is found by letting it happen again, event by event,
//! to a case that is as it was opened. So the same event has the same status however often and
//! however late somebody asks.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use crate::casework::desk::Moment;
use crate::casework::failure::Failure;
use crate::casework::intake::Entry;
use crate::casework::letters;
use crate::casework::promises::terms_of;
use crate::channels::open311::form::public_words;
use crate::channels::open311::shapes::{
    ExtendedAttributes, Note, RequestShown, TokenAnswered, UpdateShown, instant_in_words,
};
use crate::channels::open311::status::{Extended, Standing};
use crate::domain::access::Actor;
use crate::domain::case::{Case, Secrecy, Status};
use crate::domain::clock::{Facts, Terms};
use crate::domain::contact::Channel;
use crate::domain::ids::{CaseId, EventId};
use crate::domain::lifecycle::{self, By, Event};
use crate::domain::reference::Reference;
use crate::domain::wording::Language;
use crate::store::cases::{self, Filed, Filter};
use crate::store::contacts::{self, Contact};
use crate::store::events::{self, Line};
use crate::store::{Conn, StoreError};

/// A stretch of time, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    pub from: Timestamp,
    pub to: Timestamp,
}

/// Which reports somebody asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// These, whatever else is asked.
    pub references: Option<Vec<Reference>>,
    /// Of these kinds of matter.
    pub service_codes: Vec<String>,
    pub window: Window,
    pub is_closed: Option<bool>,
    /// From 1.
    pub page: u32,
    pub page_size: u32,
    pub with_extensions: bool,
}

/// As far as a list of reports reaches back when nobody says, and as far as it may.
pub const LONGEST_WINDOW: SignedDuration = SignedDuration::from_hours(90 * 24);
/// More than a council's day. What does not fit is refused, never cut off: nobody would ask again.
const MOST_UPDATES: i64 = 10_000;
/// Lines of one timeline read at once.
const LINES_AT_ONCE: i64 = 1_000;

impl Window {
    /// What is meant by two ends of which either may be unsaid: the ninety days before the later.
    #[must_use]
    pub fn ending(from: Option<Timestamp>, to: Option<Timestamp>, now: Timestamp) -> Self {
        let to = to.unwrap_or(now);
        let earliest = to
            .checked_sub(LONGEST_WINDOW)
            .unwrap_or(Timestamp::UNIX_EPOCH);
        Self {
            from: from.map_or(earliest, |from| from.max(earliest)),
            to,
        }
    }

    /// As long as somebody says; the ninety days before its end when they do not say where it begins.
    #[must_use]
    pub fn whole(from: Option<Timestamp>, to: Option<Timestamp>, now: Timestamp) -> Self {
        let window = Self::ending(from, to, now);
        Self {
            from: from.unwrap_or(window.from),
            ..window
        }
    }
}

/// A page of reports, newest first.
///
/// # Errors
/// When the database cannot be asked.
pub fn requests(conn: &mut Conn, at: &Moment, asked: &Asked) -> Result<Vec<RequestShown>, Failure> {
    let is_asked_for = |code: &str| {
        asked.service_codes.is_empty() || asked.service_codes.iter().any(|own| own == code)
    };
    let matters: BTreeSet<(&str, &str)> = super::offered(at)
        .filter(|(_, category)| asked.references.is_some() || is_asked_for(&category.slug))
        .map(|(service, category)| (service.slug.as_str(), category.slug.as_str()))
        .collect();
    let filter = Filter {
        matters: Some((
            matters
                .iter()
                .map(|(service, _)| (*service).to_owned())
                .collect(),
            matters
                .iter()
                .map(|(_, category)| (*category).to_owned())
                .collect(),
        )),
        secrecy: Some(Secrecy::Ordinary),
        ..match &asked.references {
            Some(references) => Filter {
                references: Some(references.clone()),
                ..Filter::default()
            },
            None => Filter {
                is_closed: asked.is_closed,
                received: Some((asked.window.from, asked.window.to)),
                ..Filter::default()
            },
        }
    };
    let size = i64::from(asked.page_size);
    let skip = size.saturating_mul(i64::from(asked.page).saturating_sub(1));
    let mut found = cases::page(conn, &super::sight(), &filter, skip, size)?;
    // The query takes any offered service with any offered category.
    found.retain(|filed| {
        matters.contains(&(filed.case.service.as_str(), filed.case.category.as_str()))
    });
    let ids: Vec<CaseId> = found.iter().map(|filed| filed.case.id).collect();
    let openings = openings_of(conn, &ids)?;
    let mut shown = Vec::with_capacity(found.len());
    for filed in &found {
        let mut request = show(at, filed, openings.get(&filed.case.id));
        if asked.with_extensions {
            extend(conn, &filed.case, &mut request)?;
        }
        shown.push(request);
    }
    Ok(shown)
}

/// The report a token stands for. Ids are given out at once, so a token is an id.
///
/// # Errors
/// [`Failure::Missing`] when there is no such report, or none that everybody may know of.
pub fn token(conn: &mut Conn, at: &Moment, token: &str) -> Result<TokenAnswered, Failure> {
    let reference = Reference::parse(token).map_err(|_| Failure::Missing)?;
    let asked = Asked {
        references: Some(vec![reference]),
        service_codes: Vec::new(),
        window: Window::ending(None, None, at.now),
        is_closed: None,
        page: 1,
        page_size: 1,
        with_extensions: false,
    };
    let found = requests(conn, at, &asked)?
        .into_iter()
        .next()
        .ok_or(Failure::Missing)?;
    Ok(TokenAnswered {
        service_request_id: found.service_request_id,
        token: token.to_owned(),
    })
}

/// What happened to reports in a stretch of time, in the order it happened, but for what the reporting
/// services themselves said.
///
/// # Errors
/// When there is more than can be answered at once.
pub fn updates(
    conn: &mut Conn,
    at: &Moment,
    actor: &Actor,
    window: Window,
) -> Result<Vec<UpdateShown>, Failure> {
    // Clients compare by the second.
    let from = Timestamp::from_second(window.from.as_second()).unwrap_or(window.from);
    let before =
        Timestamp::from_second(window.to.as_second().saturating_add(1)).unwrap_or(Timestamp::MAX);
    let lines = events::public_between(conn, Channel::Open311, (from, before), MOST_UPDATES + 1)?;
    if i64::try_from(lines.len()).unwrap_or(i64::MAX) > MOST_UPDATES {
        return Err(Failure::invalid(
            "/start_date",
            "too_many",
            format!("More than {MOST_UPDATES} updates. Ask for a shorter time."),
        ));
    }
    let ids: BTreeSet<CaseId> = lines.iter().map(|line| line.case).collect();
    let ids: Vec<CaseId> = ids.into_iter().collect();
    let openings = openings_of(conn, &ids)?;
    let source = Entry::by(actor.clone()).source;
    let mut told: BTreeMap<CaseId, Told> = BTreeMap::new();
    for id in &ids {
        if let Some(filed) = cases::find(conn, *id)?
            && super::may_be_told(at, &filed.case)
        {
            let terms = terms_of(conn, at, &filed.case)?;
            let lines = timeline(conn, *id)?;
            told.insert(
                *id,
                Told {
                    reference: filed.case.reference.to_string(),
                    fixmystreet_id: openings
                        .get(id)
                        .filter(|contact| contact.source == source)
                        .and_then(|contact| contact.external_id.clone()),
                    standings: standings(&filed.case, &terms, &lines)?,
                },
            );
        }
    }
    let mut shown = Vec::with_capacity(lines.len());
    for line in &lines {
        let Some(told) = told.get(&line.case) else {
            continue;
        };
        let event = event_of(line)?;
        if was_said_by_a_reporting_service(conn, &event)? {
            continue;
        }
        if let (Some(standing), Some(words)) = (told.standings.get(&line.id), event.public_words())
        {
            shown.push(UpdateShown {
                update_id: line.id.to_string(),
                service_request_id: told.reference.clone(),
                status: status_after(&event, *standing),
                updated_datetime: instant_in_words(line.at),
                description: words,
                media_url: String::new(),
                external_status_code: standing.code(),
                fixmystreet_id: told.fixmystreet_id.clone(),
            });
        }
    }
    Ok(shown)
}

/// How every mark begins that stands in the place of words taken away.
const REMOVED_BEGINS: &str = "[removed on ";
const REMOVED: &str = "[removed]";

/// What is told of one case.
struct Told {
    reference: String,
    fixmystreet_id: Option<String>,
    standings: BTreeMap<EventId, Standing>,
}

fn show(at: &Moment, filed: &Filed, opening: Option<&Contact>) -> RequestShown {
    let case = &filed.case;
    let category = letters::matter(at, case).map(|(_, category)| category.name.clone());
    let name = category.unwrap_or_else(|| case.category.clone());
    let location = case.location.clone().unwrap_or_default();
    RequestShown {
        service_request_id: case.reference.to_string(),
        status: standing_of(case).plain().to_owned(),
        status_notes: Some(letters::standing(at, case, Language::English)),
        service_name: name.clone(),
        service_code: case.category.clone(),
        description: for_everybody(opening.map_or(name, words_of)),
        agency_responsible: at.council.catalogue.council.name.clone(),
        service_notice: None,
        requested_datetime: instant_in_words(case.received_at),
        updated_datetime: instant_in_words(case.updated_at),
        expected_datetime: filed.dates.respond_by.map(instant_in_words),
        address: location.description.map(for_everybody),
        address_id: None,
        zipcode: None,
        lat: location.lat,
        long: location.long,
        media_url: opening.and_then(first_photograph),
        extended_attributes: None,
        notes: None,
    }
}

fn extend(conn: &mut Conn, case: &Case, request: &mut RequestShown) -> Result<(), Failure> {
    let standing = standing_of(case);
    request.extended_attributes = Some(ExtendedAttributes {
        detailed_status: standing.extended(),
        external_status_code: standing.code(),
    });
    let mut notes = Vec::new();
    for line in timeline(conn, case.id)? {
        if let Some(description) = event_of(&line)?.public_words() {
            notes.push(Note {
                datetime: instant_in_words(line.at),
                description,
                kind: line.kind,
            });
        }
    }
    request.notes = Some(notes);
    Ok(())
}

/// The contacts that opened these cases this way.
fn openings_of(conn: &mut Conn, ids: &[CaseId]) -> Result<BTreeMap<CaseId, Contact>, Failure> {
    let mut found = BTreeMap::new();
    for contact in contacts::that_opened(conn, ids, Channel::Open311)? {
        if let Some(case) = contact.case {
            found.entry(case).or_insert(contact);
        }
    }
    Ok(found)
}

fn words_of(contact: &Contact) -> String {
    let (subject, words) = (contact.subject.as_str(), public_words(&contact.body));
    let said = [subject, words].into_iter().filter(|part| !part.is_empty());
    said.collect::<Vec<&str>>().join("\n\n")
}

/// Words that anybody may read. Where some were taken away, what staff read in their place (by whom
/// and why) is for staff alone.
fn for_everybody(words: String) -> String {
    if words.contains(REMOVED_BEGINS) {
        REMOVED.to_owned()
    } else {
        words
    }
}

fn first_photograph(contact: &Contact) -> Option<String> {
    let urls = contact.detail.get("media_urls")?.as_array()?;
    Some(urls.first()?.as_str()?.to_owned())
}

fn standing_of(case: &Case) -> Standing {
    Standing {
        status: case.status,
        waiting_for: case.waiting_for,
        outcome: case.outcome,
    }
}

/// A case opened or opened again is open, whoever has it by then.
fn status_after(event: &Event, standing: Standing) -> Extended {
    match event {
        Event::Opened { .. } | Event::Reopened { .. } => Extended::Open,
        _ => standing.extended(),
    }
}

/// Where a case stood after each thing that happened to it.
fn standings(
    case: &Case,
    terms: &Terms,
    lines: &[Line],
) -> Result<BTreeMap<EventId, Standing>, Failure> {
    let mut again = Case {
        status: Status::New,
        waiting_for: None,
        outcome: None,
        owner: None,
        closed_at: None,
        follow_up_until: None,
        stage: 1,
        facts: Facts::received(case.received_at),
        ..case.clone()
    };
    let mut found = BTreeMap::new();
    for line in lines {
        lifecycle::apply(&mut again, &event_of(line)?, terms, By::System, line.at);
        found.insert(line.id, standing_of(&again));
    }
    Ok(found)
}

fn timeline(conn: &mut Conn, case: CaseId) -> Result<Vec<Line>, Failure> {
    let mut all: Vec<Line> = Vec::new();
    loop {
        let after = all.last().map(|line| line.id);
        let lines = events::of_case(conn, case, after, LINES_AT_ONCE)?;
        let is_all = i64::try_from(lines.len()).unwrap_or(i64::MAX) < LINES_AT_ONCE;
        all.extend(lines);
        if is_all {
            return Ok(all);
        }
    }
}

fn was_said_by_a_reporting_service(conn: &mut Conn, event: &Event) -> Result<bool, Failure> {
    let Event::ContactJoined { contact, .. } = event else {
        return Ok(false);
    };
    Ok(contacts::find(conn, *contact)?.is_some_and(|contact| contact.channel == Channel::Open311))
}

fn event_of(line: &Line) -> Result<Event, Failure> {
    serde_json::from_value(line.event.clone())
        .map_err(|why| StoreError::Unreadable(format!("event {}: {why}", line.id)).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_reaches_ninety_days_back_and_no_further() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let now = at("2026-11-20T12:00:00Z");
        let check = |from: Option<&str>, to: Option<&str>, expect: (&str, &str)| {
            let window = Window::ending(from.map(at), to.map(at), now);
            assert_eq!((window.from, window.to), (at(expect.0), at(expect.1)));
        };
        let usual = ("2026-08-22T12:00:00Z", "2026-11-20T12:00:00Z");
        check(None, None, usual);
        check(Some("2020-01-01T00:00:00Z"), None, usual);
        check(
            Some("2026-11-01T00:00:00Z"),
            Some("2026-11-02T00:00:00Z"),
            ("2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z"),
        );
        check(
            None,
            Some("2026-06-01T00:00:00Z"),
            ("2026-03-03T00:00:00Z", "2026-06-01T00:00:00Z"),
        );
        let whole = Window::whole(Some(at("2020-01-01T00:00:00Z")), None, now);
        assert_eq!(whole.from, at("2020-01-01T00:00:00Z"));
    }
}
