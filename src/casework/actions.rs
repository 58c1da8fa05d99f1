//! Everything that can be done to a case: found, allowed, decided, written, told.
//!
//! [`act`] is the one way: whatever the command, it goes through the same steps in the same order,
//! inside one transaction.
//!
//! | file | what it does |
//! |---|---|
//! | `owners` | whose a case is, and the next one taken |
//! | `changing` | what a command touches beside its events |
//! | `stages` | who may not deal with a later stage of a complaint |
//! | `kept_from` | from whom a complaint about staff is kept |
//! | `glass` | a restricted case opened for oneself, for a time |
//! | `recategorising` | a category put right, its promises planned again |
//! | `telling` | what the person hears of it |
//! | `answering` | our side of the conversation, and a reply taken back |
//! | [`people`] | who is on a case, and as what |
//! | `offering` | what can be done to it now, for pages that offer no more |
//! | `posting` | letters somebody posted |
//! | `recipients` | to which addresses an officer's words go |

mod answering;
mod changing;
mod glass;
mod kept_from;
mod offering;
mod owners;
pub mod people;
mod posting;
mod recategorising;
mod recipients;
mod stages;
mod telling;

pub(super) use answering::{last_thread, people_to_answer};
pub(super) use changing::set_follow_up;
pub use glass::break_glass;
pub use offering::offered;
pub use owners::{Owner, check_may_take, is_owner_away, resolve_owner, take_next};
pub use posting::note_posted;
pub use recategorising::recategorised;
pub use recipients::Recipients;

use jiff::SignedDuration;
use jiff::civil::Date;

use super::audit::note_look;
use super::by_email;
use super::desk::Moment;
use super::failure::Failure;
use super::intake::{self, Entry};
use super::letters;
use super::members;
use super::promises::{Settled, Written, settle_by, terms_of};
use crate::domain::access::{Act, Actor, Ties, Verdict, may};
use crate::domain::case::Case;
use crate::domain::clock;
use crate::domain::enquiry::Enquiry;
use crate::domain::ids::{CaseId, NoticeId};
use crate::domain::lifecycle::{self, By, Circumstances, Command, Event};
use crate::domain::reference::{Reference, ReferenceError};
use crate::store::cases::{self, Filed};
use crate::store::{Conn, Tx, audit};

use changing::{check_references, note_command, take_part_of_others};
use recategorising::changed_dates;
use stages::dealt_before;
use telling::tell;

/// A case as it is named in a path: by id, by reference, or by the reference it had in an older
/// system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    Id(CaseId),
    Reference(Reference),
    Alias(String),
}

/// What was done.
#[derive(Debug, Clone)]
pub struct Acted {
    pub settled: Settled,
    /// The notice it sent, where it can be taken back.
    pub notice: Option<NoticeId>,
}

impl Target {
    /// Reads what stands in a path.
    ///
    /// # Errors
    /// [`ReferenceError::Mistyped`] when only the check character is wrong.
    pub fn parse(text: &str, alias_pattern: Option<&str>) -> Result<Self, ReferenceError> {
        if let Ok(id) = text.parse::<CaseId>() {
            return Ok(Self::Id(id));
        }
        let is_alias = alias_pattern
            .and_then(|pattern| regex::Regex::new(&format!("^(?i:{pattern})$")).ok())
            .is_some_and(|pattern| pattern.is_match(text));
        if is_alias {
            return Ok(Self::Alias(text.to_uppercase()));
        }
        Reference::parse(text).map(Self::Reference)
    }
}

/// Finds a case and says what the actor may do with it.
///
/// # Errors
/// [`Failure::Missing`] when there is none, or none the actor may know of: the two look the same.
pub fn find(conn: &mut Conn, actor: &Actor, target: &Target, act: Act) -> Result<Filed, Failure> {
    let filed = look_up(conn, target)?;
    let ties = ties(conn, actor, &filed.case)?;
    match may(actor, act, &filed.case, ties) {
        Verdict::Allow => Ok(filed),
        Verdict::Hide => Err(Failure::Missing),
        Verdict::Deny if act != Act::Work => Err(Failure::forbidden(
            "public_view_only",
            "You may follow this case as the public does: where it stands, and by when. The rest is \
             for those who work its queue.",
        )),
        Verdict::Deny => Err(Failure::forbidden(
            "not_your_queue",
            "You may see this case but not change it: it is in a queue that is not yours.",
        )),
    }
}

/// What ties the actor to a case beside their role.
///
/// # Errors
/// When the database cannot be asked.
pub fn ties(conn: &mut Conn, actor: &Actor, case: &Case) -> Result<Ties, Failure> {
    let sight = actor.sight();
    Ok(Ties {
        raised_it: match &sight.raised_by {
            Some(email) => cases::is_raised_by(conn, case, email)?,
            None => false,
        },
        logged_it: !sight.logged_by.is_empty()
            && cases::is_logged_by(conn, case.id, &sight.logged_by)?,
    })
}

/// Refuses what the actor's role may not do, before it is asked what is wrong with the request.
///
/// # Errors
/// Says whom to ask.
pub fn check_role(
    conn: &mut Conn,
    at: &Moment,
    actor: &Actor,
    case: &Case,
    command: &Command,
) -> Result<(), Failure> {
    let is_owner_away = is_owner_away(conn, at, case)?;
    Ok(lifecycle::check_role(
        case,
        command,
        by(actor),
        is_owner_away,
    )?)
}

/// Does one thing to a case, and tells those who are answered on it.
///
/// # Errors
/// As [`act_and_tell`].
pub fn act(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    target: &Target,
    command: &Command,
    if_match: Option<i64>,
) -> Result<Acted, Failure> {
    let to_all = Recipients::default();
    act_and_tell(tx, at, actor, target, command, if_match, &to_all)
}

/// Does one thing to a case, its words going to these recipients.
///
/// # Errors
/// Why not: absent, not allowed, stale, or against the rules. Nothing is written then.
pub fn act_and_tell(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    target: &Target,
    command: &Command,
    if_match: Option<i64>,
    recipients: &Recipients,
) -> Result<Acted, Failure> {
    let filed = find(tx, actor, target, Act::Work)?;
    let by = by(actor);
    let is_owner_away = is_owner_away(tx, at, &filed.case)?;
    lifecycle::check_role(&filed.case, command, by, is_owner_away)?;
    if if_match.is_some_and(|version| version != filed.case.version) {
        return Err(Failure::Stale);
    }
    let terms = terms_of(tx, at, &filed.case)?;
    check_references(tx, at, actor, &filed.case, command)?;
    let category = letters::matter(at, &filed.case).map(|(_, category)| category);
    let dealt_before = dealt_before(tx, &filed.case, &terms, command)?;
    let circumstances = Circumstances {
        by,
        now: at.now,
        terms: &terms,
        calendar: &at.council.catalogue.calendar,
        reopen_within_days: category.map_or(28, |category| category.reopen_within_days),
        is_consent_unclear: members::is_limited(tx, at, &filed.case)?,
        dealt_before: &dealt_before,
        is_owner_away,
    };
    let decided = lifecycle::decide(&filed.case, command, circumstances)?;
    let read_revision = filed.case.revision;
    let mut case = filed.case.clone();
    let new_terms = note_command(tx, at, &mut case, &terms, command)?;
    let terms_now = new_terms.as_deref().unwrap_or(&terms);
    for event in &decided {
        lifecycle::apply(&mut case, event, terms_now, by, at.now);
    }
    set_follow_up(at, &mut case, &decided);
    let mut happened: Vec<Event> = decided;
    let addressed = recipients::address(tx, &filed.case, command, recipients)?;
    if !addressed.strangers.is_empty() {
        note_look(
            tx,
            at,
            actor,
            "case.recipients_confirmed",
            &format!("case:{}", case.id),
            None,
        )?;
        happened.push(Event::RecipientsConfirmed {
            addresses: addressed.strangers.clone(),
        });
    }
    let before = clock::read(&filed.case.facts, &terms, at.now);
    let told = tell(
        tx,
        at,
        actor,
        &filed.case,
        &mut case,
        terms_now,
        command,
        (&terms, &before),
        &addressed,
    )?;
    let readings = clock::read(&case.facts, terms_now, at.now);
    if let Command::Amend(_) = command {
        happened.extend(changed_dates(
            &filed.case,
            &case,
            &terms,
            terms_now,
            &before,
            &readings,
        ));
    }
    case.facts.told(&readings);
    take_part_of_others(tx, at, actor, &case, command)?;
    audit::append(
        tx,
        &audit::Entry {
            id: at.id(),
            at: at.now,
            actor: &actor.principal(),
            action: &format!("case.{}", happened.first().map_or("unchanged", Event::kind)),
            object: &format!("case:{}", case.id),
            purpose: None,
            request_id: at.request_id.as_deref(),
        },
    )?;
    if happened.is_empty() {
        let lines = Vec::new();
        return Ok(Acted {
            settled: Settled {
                filed,
                readings,
                lines,
            },
            notice: None,
        });
    }
    let settled = settle_by(
        tx,
        at,
        case,
        terms_now,
        happened,
        &actor.label(),
        Written::Changed { read_revision },
    )?;
    by_email::followed(tx, at, &filed.case, &settled.filed.case)?;
    Ok(Acted {
        settled,
        notice: told,
    })
}

/// An outbound contact or message added by staff to a case they may work.
///
/// # Errors
/// As [`intake::receive`], and when the case is not theirs.
pub fn add_contact(
    tx: &mut Tx<'_>,
    at: &Moment,
    enquiry: &Enquiry,
    entry: &Entry,
    target: &Target,
) -> Result<intake::Received, Failure> {
    let filed = find(tx, &entry.actor, target, Act::Read)?;
    intake::receive(
        tx,
        at,
        enquiry,
        &Entry {
            case: Some(filed.case.id),
            ..entry.clone()
        },
    )
}

/// How long a question waits for its answer when nobody says.
#[must_use]
pub fn default_resume_on(at: &Moment) -> Date {
    let later = at.now + SignedDuration::from_hours(10 * 24);
    at.council.catalogue.calendar.date_of(later)
}

fn look_up(conn: &mut Conn, target: &Target) -> Result<Filed, Failure> {
    match target {
        Target::Id(id) => cases::find(conn, *id)?,
        Target::Reference(reference) => cases::find_by_reference(conn, reference)?,
        Target::Alias(alias) => cases::find_by_alias(conn, alias)?,
    }
    .ok_or(Failure::Missing)
}

fn by(actor: &Actor) -> By {
    match (actor.user(), actor) {
        (Some(user), _) => By::User {
            id: user.id,
            role: user.role,
        },
        (None, Actor::Key(_) | Actor::Inbox(_)) => By::Key,
        (None, Actor::System) => By::System,
        _ => By::Person,
    }
}
