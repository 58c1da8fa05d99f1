//! The person's side: following a case by its secret link, adding to it, taking it back.
//!
//! What the link shows holds nobody's name, address or words: whoever finds the letter on the
//! kitchen table learns where it stands and no more.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::actions::Target;
use super::audit::note_look;
use super::desk::{Moment, hex};
use super::failure::Failure;
use super::intake::{self, Entry};
use super::letters::{self, Thread, ToPerson};
use super::promises::{Written, settle_by, terms_of};
use super::survey;
use super::views::incidents::{PublicIncident, for_the_person};
use crate::auth::tracking as tokens;
use crate::domain::access::Actor;
use crate::domain::case::{Case, Outcome, Secrecy, Status, WaitingFor};
use crate::domain::clock::State;
use crate::domain::contact::Channel;
use crate::domain::enquiry::{Enquiry, Who};
use crate::domain::explain::explain;
use crate::domain::ids::AttachmentId;
use crate::domain::lifecycle::{self, By, Event};
use crate::domain::notice::{InEach, Says};
use crate::domain::person::email_address;
use crate::domain::wording::{self, Language};
use crate::store::cases::{self, Filed};
use crate::store::tracking::{self, Link};
use crate::store::{Conn, Tx, escalations, events, people};

/// A case as the person it is for may see it.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct PublicView {
    /// As it is quoted: `4X7-K92-MQ3`.
    pub reference: String,
    /// The service in public words.
    pub service: String,
    /// The matter in public words.
    pub category: String,
    pub status: String,
    /// Where it stands, as a sentence.
    pub status_label: String,
    /// What happens next and by when, as sentences.
    pub what_happens_next: Vec<String>,
    pub received_on: Date,
    /// The day by which we answer, in the council's time.
    pub respond_on: Option<Date>,
    /// The first instant that is late.
    pub respond_by: Option<Timestamp>,
    /// The first date we told the person.
    pub first_promised_on: Option<Date>,
    /// How that day was counted, as a paragraph; null where there is none, or the matter is not named.
    pub date_explained: Option<String>,
    /// When we asked the person something that we still need to know.
    pub asked_on: Option<Date>,
    /// Until when a message opens it again, once it is answered.
    pub follow_up_until: Option<Date>,
    /// When we last replied.
    pub replied_at: Option<Timestamp>,
    /// A number staffed now.
    pub phone: String,
    /// In words.
    pub phone_hours: Option<String>,
    pub history: Vec<PublicLine>,
    /// Something we know of that it is about, as everybody may read it.
    pub incidents: Vec<PublicIncident>,
    /// Whether a message can be added or it can be withdrawn.
    pub is_open: bool,
}

/// One thing that happened, in public words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct PublicLine {
    pub on: Date,
    pub at: Timestamp,
    pub what: String,
}

/// The link a token opens: while the case is open, and for as long after it was closed as the council
/// says (`auth.tracking_days`).
///
/// # Errors
/// When the database cannot be asked.
pub fn find_link(conn: &mut Conn, at: &Moment, token: &str) -> Result<Option<Link>, Failure> {
    match tokens::fingerprint(token) {
        Some(hash) => find_by_fingerprint(conn, at, &hash),
        None => Ok(None),
    }
}

pub(super) fn find_by_fingerprint(
    conn: &mut Conn,
    at: &Moment,
    hash: &[u8; 32],
) -> Result<Option<Link>, Failure> {
    let kept_for = SignedDuration::from_hours(24 * i64::from(at.desk.manners.tracking_days));
    let closed_since = at
        .now
        .saturating_sub(kept_for)
        .map_err(anyhow::Error::from)?;
    Ok(tracking::find(conn, &hex(hash), closed_since)?)
}

/// The case behind a link, as its person may see it.
///
/// # Errors
/// When the case cannot be read.
pub fn view(conn: &mut Conn, at: &Moment, link: &Link) -> Result<PublicView, Failure> {
    view_in(conn, at, link, Language::English)
}

/// The same in the person's language. Names the catalogue has in English alone stay as they are.
///
/// # Errors
/// When the case cannot be read.
pub fn view_in(
    conn: &mut Conn,
    at: &Moment,
    link: &Link,
    language: Language,
) -> Result<PublicView, Failure> {
    let filed = cases::find(conn, link.case)?.ok_or(Failure::Missing)?;
    seen_in(conn, at, &filed, language)
}

/// The language the person behind a link is written to in.
///
/// # Errors
/// When the database cannot be asked.
pub fn language_of(conn: &mut Conn, link: &Link) -> Result<Language, Failure> {
    let person = match link.person {
        Some(id) => people::find(conn, id)?,
        None => None,
    };
    let tag = person.and_then(|person| person.preferences.language);
    Ok(Language::from_tag(tag.as_deref()))
}

/// A case as its person may see it, for whoever was let at that much of it.
///
/// # Errors
/// When the case cannot be read.
pub fn view_of(conn: &mut Conn, at: &Moment, filed: &Filed) -> Result<PublicView, Failure> {
    seen_in(conn, at, filed, Language::English)
}

fn seen_in(
    conn: &mut Conn,
    at: &Moment,
    filed: &Filed,
    language: Language,
) -> Result<PublicView, Failure> {
    let Filed { case, dates } = filed;
    let terms = terms_of(conn, at, case)?;
    let readings = crate::domain::clock::read(&case.facts, &terms, at.now);
    let zone = at.council.catalogue.calendar.zone();
    let found = letters::matter(at, case);
    let is_private = case.secrecy != Secrecy::Ordinary;
    let lines = events::of_case(conn, case.id, None, 500)?;
    let history = lines
        .iter()
        .filter_map(|line| {
            let event: Event = serde_json::from_value(line.event.clone()).ok()?;
            let what = event.public_words_in(language)?;
            Some(PublicLine {
                on: zone.to_datetime(line.at).date(),
                at: line.at,
                what,
            })
        })
        .collect();
    let newest = |kind: &str| lines.iter().rev().find(|line| line.kind == kind);
    let replied_at = newest("replied").map(|line| line.at);
    let needs_an_answer =
        case.status == Status::Waiting && case.waiting_for == Some(WaitingFor::Person);
    let asked_on = newest("asked")
        .filter(|_| needs_an_answer)
        .map(|line| zone.to_datetime(line.at).date());
    let answer = super::promises::answer_reading(case, &terms, &readings);
    let date_explained = answer
        .filter(|one| matches!(one.state, State::Running | State::Missed) && !is_private)
        .and_then(|one| explain(&case.facts, &terms, &one.name, at.now).ok())
        .map(|explained| explained.words);
    let phone = letters::phone_line(at, case);
    Ok(PublicView {
        reference: case.reference.to_string(),
        // Where a matter for few lies says what it is about.
        service: match found {
            Some((service, _)) if case.secrecy != Secrecy::Restricted => service.name.clone(),
            _ => at.council.catalogue.council.name.clone(),
        },
        category: match found {
            Some((_, category)) if !is_private => category.public_name.clone(),
            _ => "your message".to_owned(),
        },
        status: case.status.to_string(),
        status_label: letters::standing(at, case, language),
        what_happens_next: next_words(conn, at, case, &terms, &readings, language)?,
        received_on: zone.to_datetime(case.received_at).date(),
        respond_on: dates.respond_on,
        respond_by: dates.respond_by,
        first_promised_on: dates.first_promised_on,
        date_explained,
        asked_on,
        follow_up_until: case.follow_up_until,
        replied_at,
        phone: phone.number,
        phone_hours: phone.hours,
        history,
        incidents: for_the_person(conn, at, case)?,
        is_open: case.status != Status::Closed,
    })
}

/// A message of the person's, taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Added {
    pub received_at: Timestamp,
    /// Where somebody may be in danger: what to do now.
    pub in_danger: Option<String>,
}

/// Adds the person's message to their case. What tells of danger is taken however old the case is.
///
/// # Errors
/// When it cannot be written.
pub fn add_message(
    tx: &mut Tx<'_>,
    at: &Moment,
    link: &Link,
    body: &str,
) -> Result<Added, Failure> {
    add_message_with(tx, at, link, body, &[])
}

/// The same with files that the person sent ahead by the same link.
///
/// # Errors
/// When it cannot be written, or names a file they did not send.
pub fn add_message_with(
    tx: &mut Tx<'_>,
    at: &Moment,
    link: &Link,
    body: &str,
    attachments: &[AttachmentId],
) -> Result<Added, Failure> {
    let filed = cases::find(tx, link.case)?.ok_or(Failure::Missing)?;
    let may_follow_up = filed
        .case
        .follow_up_until
        .is_none_or(|until| at.today() <= until);
    let mut enquiry = Enquiry::new(Channel::WebForm, at.now);
    enquiry.body = body.to_owned();
    enquiry.attachments = attachments.to_vec();
    enquiry.who = link.person.map_or(Who::Nobody, Who::Known);
    let is_danger = intake::trial(at, &enquiry)?.danger.is_some();
    if filed.case.is_closed() && !may_follow_up && !is_danger {
        return Err(Failure::conflict(
            "case_closed",
            "This was closed some time ago. Please tell us again as something new; ring us if you would rather talk.",
        ));
    }
    let mut entry = Entry::by(follower(link));
    entry.case = Some(link.case);
    let received = intake::receive(tx, at, &enquiry, &entry)?;
    let number = match (&received.receipt, &received.case) {
        (Some(receipt), _) => receipt.number_to_ring.clone(),
        (None, Some(filed)) => letters::emergency_line(at, &filed.case),
        (None, None) => at.council.catalogue.council.emergency_phone.clone(),
    };
    Ok(Added {
        received_at: at.now,
        in_danger: is_danger.then(|| wording::read_out_danger(&number)),
    })
}

/// Takes back the person's part; the case closes when nobody is left.
///
/// # Errors
/// When it is closed already.
pub fn withdraw(
    tx: &mut Tx<'_>,
    at: &Moment,
    link: &Link,
    reason: Option<&str>,
) -> Result<(), Failure> {
    let Filed { mut case, .. } = cases::find(tx, link.case)?.ok_or(Failure::Missing)?;
    if case.is_closed() {
        return Err(Failure::conflict("case_closed", "This is closed already."));
    }
    let terms = terms_of(tx, at, &case)?;
    let read_revision = case.revision;
    if let Some(person) = link.person {
        cases::note_withdrawal(tx, case.id, person)?;
    }
    let is_anybody_left = cases::people(tx, case.id)?
        .iter()
        .any(|(_, _, has_withdrawn)| !has_withdrawn);
    let mut happened = vec![Event::Withdrawn {
        person: link.person,
        reason: reason.map(str::to_owned),
    }];
    if !is_anybody_left {
        happened.push(Event::Closed {
            outcome: Outcome::Withdrawn,
        });
    }
    for event in &happened {
        lifecycle::apply(&mut case, event, &terms, By::Person, at.now);
    }
    super::actions::set_follow_up(at, &mut case, &happened);
    let label = follower(link).label();
    let person = match link.person {
        Some(id) => people::find(tx, id)?,
        None => None,
    };
    let says = InEach::maybe(|language| {
        letters::closure(at, &case, &terms, Outcome::Withdrawn, None, language)
    });
    let object = format!("case:{}", case.id);
    note_look(tx, at, &follower(link), "case.withdrawn", &object, None)?;
    let settled = settle_by(
        tx,
        at,
        case,
        &terms,
        happened,
        &label,
        Written::Changed { read_revision },
    )?;
    if let Some(says) = says
        && !is_anybody_left
    {
        let thread = Thread::default();
        let telling = ToPerson {
            says,
            meets: None,
            dedupe_key: format!("withdrawn:{}", settled.filed.case.id),
            thread: &thread,
            send_at: at.now,
            is_automatic: true,
        };
        letters::tell_person(tx, at, &settled.filed.case, person.as_ref(), telling)?;
    }
    Ok(())
}

/// The score the person has given already, by whichever of their links.
///
/// # Errors
/// When the database cannot be asked.
pub fn score_given(conn: &mut Conn, link: &Link) -> Result<Option<i32>, Failure> {
    Ok(tracking::score_by(conn, link)?)
}

/// Keeps the person's score, once.
///
/// # Errors
/// When they have given one.
pub fn give_feedback(
    tx: &mut Tx<'_>,
    at: &Moment,
    link: &Link,
    score: u8,
    comment: &str,
) -> Result<(), Failure> {
    let id: uuid::Uuid = at.id();
    tracking::keep_feedback(tx, id, *link, score, comment, at.now).map_err(
        |error| match error {
            crate::store::StoreError::Taken(_) => {
                Failure::conflict("feedback_given", "You have told us already. Thank you.")
            }
            other => Failure::Store(other),
        },
    )?;
    survey::count(tx, link.case)?;
    let actor = follower(link).label();
    events::append(
        tx,
        at.id(),
        link.case,
        at.now,
        &actor,
        &Event::FeedbackGiven { score },
    )?;
    let object = format!("case:{}", link.case);
    note_look(
        tx,
        at,
        &follower(link),
        "case.feedback_given",
        &object,
        None,
    )
}

/// Mails the secret link again, when reference and address belong together. Says nothing either
/// way, so that nobody learns whether they do.
///
/// # Errors
/// When it cannot be written.
pub fn send_link(
    tx: &mut Tx<'_>,
    at: &Moment,
    reference: &str,
    email: &str,
) -> Result<(), Failure> {
    // People quote what stands on their letter, and an old letter has the old reference.
    let alias_pattern = at.council.catalogue.council.alias_pattern();
    let target = Target::parse(reference.trim(), alias_pattern.as_deref());
    let (Ok(target), Some(email)) = (target, email_address(email)) else {
        return Ok(());
    };
    let found = match target {
        Target::Reference(reference) => cases::find_by_reference(tx, &reference)?,
        Target::Alias(alias) => cases::find_by_alias(tx, &alias)?,
        Target::Id(_) => None,
    };
    let Some(filed) = found else {
        return Ok(());
    };
    if filed.case.secrecy == Secrecy::Restricted {
        return Ok(());
    }
    for (id, _, has_withdrawn) in cases::people(tx, filed.case.id)? {
        let Some(person) = people::find(tx, id)? else {
            continue;
        };
        if has_withdrawn || person.email.as_deref() != Some(email.as_str()) {
            continue;
        }
        let thread = Thread::default();
        let telling = ToPerson {
            says: Says::TrackingLink.into(),
            meets: None,
            // A few a day at most, whoever asks.
            dedupe_key: format!("link:{}:{id}:{}", filed.case.id, at.now.as_second() / 3600),
            thread: &thread,
            send_at: at.now,
            is_automatic: true,
        };
        letters::tell_person(tx, at, &filed.case, Some(&person), telling)?;
        // Who asked is nobody we know: what is told is that it was sent, to whom.
        let object = format!("person:{id}");
        note_look(tx, at, &Actor::System, "tracking_link.sent", &object, None)?;
    }
    Ok(())
}

/// Whoever follows a case by this link.
#[must_use]
pub fn follower(link: &Link) -> Actor {
    Actor::Follower {
        link: link.id,
        case: link.case,
        person: link.person,
    }
}

/// What happens next; a date that was missed is owned up to, with who was told and when.
fn next_words(
    conn: &mut Conn,
    at: &Moment,
    case: &Case,
    terms: &crate::domain::clock::Terms,
    readings: &[crate::domain::clock::Reading],
    language: Language,
) -> Result<Vec<String>, Failure> {
    if matches!(case.status, Status::Closed | Status::Responded) {
        return Ok(Vec::new());
    }
    let missed = super::promises::answer_reading(case, terms, readings)
        .filter(|one| one.state == State::Missed);
    let Some(reading) = missed else {
        return Ok(letters::what_happens(at, case, terms, readings, language));
    };
    let catalogue = &at.council.catalogue;
    let told = escalations::of_case(conn, case.id)?
        .into_iter()
        .rev()
        .filter(|taken| taken.state == "sent" && taken.clock == reading.name)
        .find_map(|taken| {
            let post = catalogue.post(&taken.post)?;
            Some((
                post.title.clone(),
                catalogue
                    .calendar
                    .date_of(taken.digest_after.unwrap_or(taken.taken_at)),
            ))
        });
    let by = letters::by_when(at, reading, language).unwrap_or_default();
    let told = told.as_ref().map(|(title, on)| (title.as_str(), *on));
    Ok(vec![wording::missed(&by, told, language)])
}
