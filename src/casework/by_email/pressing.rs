//! A link of a mail to an inbox. Looking changes nothing, however often it is done and by whom; its
//! button acts once.
//!
//! Whoever has the link acts as the team, and as nobody else: on one case, while it is the team's, in
//! the one way the link is for.

use jiff::Timestamp;
use jiff::civil::Date;

use super::is_theirs;
use crate::auth::inbox_links as tokens;
use crate::casework::actions::{self, Target, people_to_answer};
use crate::casework::audit::note_look;
use crate::casework::desk::{Moment, hex};
use crate::casework::failure::Failure;
use crate::casework::letters;
use crate::casework::promises::{Written, answer_reading, settle_by, terms_of};
use crate::domain::access::{Actor, Inbox};
use crate::domain::by_email::LinkAct;
use crate::domain::case::{Audience, Case, LastAction, Outcome, ReplyKind, Status};
use crate::domain::clock::{self, Extension, Longer, Refusal as ClockRefusal, Terms};
use crate::domain::lifecycle::{self, By, Command, Event, Refusal};
use crate::domain::wording::{self, Language};
use crate::store::cases;
use crate::store::inbox_links::{self, InboxLink};
use crate::store::{Conn, Tx};

/// What a link offers to whoever opened it. Nobody's words or name: whoever finds the mail learns no
/// more by its links.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    pub act: LinkAct,
    pub reference: String,
    /// "a street light that is not working".
    pub topic: String,
    /// "the street lighting contractor".
    pub team: String,
    /// "5pm on Tuesday 24 November 2026": what the person was told.
    pub promised_by: Option<String>,
    pub standing: Standing,
    /// Where it could go instead, by slug and name; for "not ours".
    pub queues: Vec<(String, String)>,
    /// Bodies outside the council, by name and what they look after; for "not ours".
    pub bodies: Vec<(String, String)>,
    /// The date itself cannot be moved: a promise is made beside it. For "needs longer".
    pub is_fixed: bool,
}

/// Whether a link still does anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    Open,
    /// Its button was pressed.
    Done(Timestamp),
    Expired,
    /// A whole sentence: what has become of the case since.
    MovedOn(String),
}

/// What was chosen on the page of a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    Taken { name: Option<String> },
    NotOurs { to: NotOursTo, why: String },
    NeedsLonger { until_on: Date, why: String },
}

/// Whose it is, if not the team's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotOursTo {
    Queue(String),
    /// A body outside the council, by its name in the catalogue.
    Body(String),
    /// Somebody at the council decides.
    Unsure,
}

/// What pressing the button did, as a whole sentence or two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    pub words: String,
    /// Pressed before: nothing was done now.
    pub is_repeat: bool,
}

/// What a link offers; nothing when there is no such link.
///
/// # Errors
/// When the database cannot be asked.
pub fn look(conn: &mut Conn, at: &Moment, presented: &str) -> Result<Option<Offer>, Failure> {
    let Some((_, link)) = find(conn, presented)? else {
        return Ok(None);
    };
    let Some(filed) = cases::find(conn, link.case)? else {
        return Ok(None);
    };
    let case = filed.case;
    let standing = standing(at, &link, &case);
    let terms = terms_of(conn, at, &case)?;
    let readings = clock::read(&case.facts, &terms, at.now);
    let catalogue = &at.council.catalogue;
    let is_open = standing == Standing::Open;
    let is_not_ours = is_open && link.act == LinkAct::NotOurs;
    // What a case that has moved on is about is no business of a team that had it once.
    let line = letters::case_line(at, &case, None, Language::English, None);
    let topic = if is_theirs(at, &case, &link.queue) {
        line.topic
    } else {
        "a case".to_owned()
    };
    Ok(Some(Offer {
        act: link.act,
        reference: case.reference.to_string(),
        topic,
        team: team(at, &link),
        promised_by: answer_reading(&case, &terms, &readings)
            .filter(|_| is_open)
            .and_then(|reading| letters::by_when(at, reading, Language::English)),
        queues: catalogue
            .queues
            .values()
            .filter(|queue| is_not_ours && queue.slug != link.queue && !queue.is_restricted_only)
            .filter(|queue| queue.slug != catalogue.routing.fallback.queue)
            .map(|queue| (queue.slug.clone(), wording::the_team(&queue.team_name)))
            .collect(),
        bodies: catalogue
            .routing
            .not_ours
            .iter()
            .filter(|body| is_not_ours && body.how_to_reach().is_some())
            .map(|body| (body.name.clone(), body.what.clone()))
            .collect(),
        is_fixed: is_open && link.act == LinkAct::NeedsLonger && !is_movable(at, &case, &terms),
        standing,
    }))
}

/// Does what a link is for, once.
///
/// # Errors
/// [`Failure::Missing`] when there is no such link; why not, in words for whoever pressed. Nothing is
/// done then, and the link is as good as before.
pub fn press(
    tx: &mut Tx<'_>,
    at: &Moment,
    presented: &str,
    choice: &Choice,
) -> Result<Done, Failure> {
    let (hash, link) = find(tx, presented)?.ok_or(Failure::Missing)?;
    let filed = cases::find(tx, link.case)?.ok_or(Failure::Missing)?;
    let repeat = || Done {
        words: "This was done before. Nothing more was done now.".to_owned(),
        is_repeat: true,
    };
    match standing(at, &link, &filed.case) {
        Standing::Open => {}
        Standing::Done(_) => return Ok(repeat()),
        Standing::Expired => {
            return Err(Failure::conflict(
                "link_expired",
                "This link does not work any more.",
            ));
        }
        Standing::MovedOn(words) => return Err(Failure::conflict("moved_on", words)),
    }
    if !inbox_links::spend(tx, &hash, at.now)? {
        return Ok(repeat());
    }
    let case = filed.case;
    let actor = Actor::Inbox(Inbox {
        queue: link.queue.clone(),
        team: team(at, &link),
        name: case.taken_by.clone(),
    });
    let words = match (link.act, choice) {
        (LinkAct::Taken, Choice::Taken { name }) => {
            taken(tx, at, case, name.clone())?;
            "Thank you. We have noted that you deal with it.".to_owned()
        }
        (LinkAct::NotOurs, Choice::NotOurs { to, why }) => {
            not_ours(tx, at, &actor, &case, to, why)?
        }
        (LinkAct::NeedsLonger, Choice::NeedsLonger { until_on, why }) => {
            needs_longer(tx, at, &actor, &case, *until_on, why)?
        }
        _ => return Err(Failure::Missing),
    };
    Ok(Done {
        words,
        is_repeat: false,
    })
}

/// The team of a case that works by e-mail has it, as somebody of it said.
///
/// # Errors
/// When it cannot be written.
pub fn taken(
    tx: &mut Tx<'_>,
    at: &Moment,
    case: Case,
    name: Option<String>,
) -> Result<(), Failure> {
    let team = at.council.catalogue.queue(&case.queue);
    let actor = Actor::Inbox(Inbox {
        queue: case.queue.clone(),
        team: team.map_or_else(String::new, |queue| queue.team_name.clone()),
        name,
    });
    let terms = terms_of(tx, at, &case)?;
    let read_revision = case.revision;
    let mut case = case;
    let event = Event::TakenByInbox {
        queue: case.queue.clone(),
        name: actor.signs_as().unwrap_or_default(),
    };
    lifecycle::apply(&mut case, &event, &terms, By::Key, at.now);
    case.last_action = Some(LastAction {
        what: event.kind().to_owned(),
        at: at.now,
    });
    let object = format!("case:{}", case.id);
    note_look(tx, at, &actor, "case.taken_by_inbox", &object, None)?;
    let written = Written::Changed { read_revision };
    settle_by(tx, at, case, &terms, vec![event], &actor.label(), written)?;
    Ok(())
}

fn find(conn: &mut Conn, presented: &str) -> Result<Option<(String, InboxLink)>, Failure> {
    let Some(hash) = tokens::fingerprint(presented) else {
        return Ok(None);
    };
    let hash = hex(&hash);
    let link = inbox_links::find(conn, &hash)?.filter(|link| link.act != LinkAct::Reply);
    Ok(link.map(|link| (hash, link)))
}

fn team(at: &Moment, link: &InboxLink) -> String {
    let queue = at.council.catalogue.queue(&link.queue);
    queue.map_or_else(|| "team".to_owned(), |queue| queue.team_name.clone())
}

fn standing(at: &Moment, link: &InboxLink, case: &Case) -> Standing {
    if let Some(used_at) = link.used_at {
        return Standing::Done(used_at);
    }
    if link.expires_at <= at.now {
        return Standing::Expired;
    }
    let moved_on = |words: &str| Standing::MovedOn(words.to_owned());
    if !is_theirs(at, case, &link.queue) {
        return moved_on("Another team deals with it now. There is nothing more for you to do.");
    }
    match case.status {
        Status::Closed => moved_on("It is closed. There is nothing more for you to do."),
        Status::Responded => moved_on("It has been answered. There is nothing more for you to do."),
        _ if case.owner.is_some() => moved_on("An officer of the council has it now."),
        Status::New | Status::Open | Status::Waiting => Standing::Open,
    }
}

fn not_ours(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    case: &Case,
    to: &NotOursTo,
    why: &str,
) -> Result<String, Failure> {
    let target = Target::Id(case.id);
    let catalogue = &at.council.catalogue;
    match to {
        NotOursTo::Queue(slug) => {
            let queue = catalogue
                .queue(slug)
                .filter(|queue| !queue.is_restricted_only && queue.slug != case.queue)
                .ok_or_else(|| Failure::conflict("no_such_team", "Choose a team from the list."))?;
            let command = Command::Transfer {
                queue: queue.slug.clone(),
                reason: why.to_owned(),
            };
            actions::act(tx, at, actor, &target, &command, None)?;
            Ok(format!(
                "Thank you. We have passed it to {}.",
                wording::the_team(&queue.team_name)
            ))
        }
        NotOursTo::Unsure => {
            let command = Command::Transfer {
                queue: catalogue.routing.fallback.queue.clone(),
                reason: why.to_owned(),
            };
            actions::act(tx, at, actor, &target, &command, None)?;
            Ok("Thank you. We have it back, and find out whose it is.".to_owned())
        }
        NotOursTo::Body(name) => {
            let body = letters::body_named(at, name).map_err(|_| {
                Failure::conflict("no_such_body", "Choose an organisation from the list.")
            })?;
            let note = Command::Note {
                text: why.to_owned(),
                audience: Audience::Staff,
            };
            actions::act(tx, at, actor, &target, &note, None)?;
            let name = body.name.clone();
            let command = Command::Refer {
                outcome: Outcome::NotOurs,
                body,
            };
            actions::act(tx, at, actor, &target, &command, None)?;
            Ok(format!(
                "Thank you. We have told whoever asked that it belongs to {name}, and how to reach them."
            ))
        }
    }
}

fn needs_longer(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    case: &Case,
    until_on: Date,
    why: &str,
) -> Result<String, Failure> {
    let target = Target::Id(case.id);
    let terms = terms_of(tx, at, case)?;
    let day = wording::day(until_on, Language::English);
    if until_on < at.today() {
        return Err(Failure::conflict(
            "day_has_passed",
            "Give a day that is still to come.",
        ));
    }
    if let Some(clock) = lifecycle::current_answer_clock(case, &terms)
        && is_movable(at, case, &terms)
    {
        let command = Command::Extend {
            clock,
            to: Longer::UntilOn(until_on),
            reason: why.to_owned(),
        };
        actions::act(tx, at, actor, &target, &command, None).map_err(in_plain_words)?;
        return Ok(format!(
            "Thank you. The date is {day} now, and we tell whoever asked, with your reason."
        ));
    }
    let calendar = &at.council.catalogue.calendar;
    let promise = Command::Promise {
        what: why.chars().take(500).collect(),
        by: calendar.office().closing_at(until_on),
        owner: None,
    };
    actions::act(tx, at, actor, &target, &promise, None)?;
    if people_to_answer(tx, case)?.is_empty() {
        return Ok(format!(
            "Thank you. We have noted {day}. The first date stays, and nobody left an address to write to."
        ));
    }
    let update = Command::Reply {
        text: format!("{}\n\nWe now expect to do this by {day}.", why.trim()),
        kind: ReplyKind::Holding,
        outcome: None,
        general_only: false,
    };
    actions::act(tx, at, actor, &target, &update, None)?;
    Ok(format!(
        "Thank you. We have noted {day}, and tell whoever asked, with your reason. The first date stays."
    ))
}

/// Whether the date of the answer may be moved at all; to which day is judged when it is.
fn is_movable(at: &Moment, case: &Case, terms: &Terms) -> bool {
    let Some(clock) = lifecycle::current_answer_clock(case, terms) else {
        return false;
    };
    let wanted = Extension {
        clock,
        to: Longer::UntilOn(at.today()),
        reason: "a later day".to_owned(),
        at: at.now,
    };
    !matches!(
        clock::check_extension(&case.facts, terms, wanted),
        Err(ClockRefusal::NotExtendable { .. }
            | ClockRefusal::AlreadyExtended { .. }
            | ClockRefusal::TooLate { .. }
            | ClockRefusal::NotRunning { .. }
            | ClockRefusal::UnknownClock { .. })
    )
}

/// Why a day cannot be given, for somebody who knows no clocks.
fn in_plain_words(failure: Failure) -> Failure {
    let Failure::Refused(Refusal::Clock(refusal)) = failure else {
        return failure;
    };
    let day = |on| wording::day(on, Language::English);
    match refusal {
        ClockRefusal::BeyondCap { latest_on, .. } => Failure::conflict(
            "day_too_late",
            format!("The latest day you can give is {}.", day(latest_on)),
        ),
        ClockRefusal::NotLater { due_on, .. } => Failure::conflict(
            "day_not_later",
            format!("Give a day after {}, the one we gave.", day(due_on)),
        ),
        ClockRefusal::NotAWorkingDay { until_on, .. } => Failure::conflict(
            "no_working_day",
            format!("{} is not a working day. Give one that is.", day(until_on)),
        ),
        other => Failure::Refused(Refusal::Clock(other)),
    }
}
