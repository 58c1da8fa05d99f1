//! Everything that can be done to a case: found, allowed, decided, written, told.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::desk::Moment;
use super::failure::Failure;
use super::intake::{self, Entry};
use super::letters::{self, Thread, ToPerson, Told};
use super::promises::{Settled, Written, settle, terms_of};
use crate::domain::access::{Act, Actor, Role, User, Verdict, may};
use crate::domain::calendar::WallTime;
use crate::domain::case::{About, Case, LinkKind, Outcome, Procedure, ReplyKind, Secrecy, Status};
use crate::domain::clock::{Reopened, Terms};
use crate::domain::contact::{Channel, Direction, Disposition};
use crate::domain::ids::{CaseId, NoticeId, UserId};
use crate::domain::lifecycle::{
    self, AcknowledgedBy, By, Circumstances, Command, Event, Recategorised, Refusal,
};
use crate::domain::notice::Says;
use crate::domain::person::RoleOnCase;
use crate::domain::reference::{Reference, ReferenceError};
use crate::domain::standard::Acknowledgement;
use crate::domain::wording::{self, Language};
use crate::store::cases::{self, Filed};
use crate::store::contacts::{self, Contact};
use crate::store::people::{self, Person};
use crate::store::{Conn, Tx, audit, outbox, users};

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

/// A new owner, as asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    Me,
    Nobody,
    Id(UserId),
    Email(String),
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
            .and_then(|pattern| regex::Regex::new(&format!("^(?:{pattern})$")).ok())
            .is_some_and(|pattern| pattern.is_match(text));
        if is_alias {
            return Ok(Self::Alias(text.to_owned()));
        }
        Reference::parse(text).map(Self::Reference)
    }
}

/// Finds a case and says what the actor may do with it.
///
/// # Errors
/// [`Failure::Missing`] when there is none, or none the actor may know of: the two look the same.
pub fn find(conn: &mut Conn, actor: &Actor, target: &Target, act: Act) -> Result<Filed, Failure> {
    let filed = match target {
        Target::Id(id) => cases::find(conn, *id)?,
        Target::Reference(reference) => cases::find_by_reference(conn, reference)?,
        Target::Alias(alias) => cases::find_by_alias(conn, alias)?,
    }
    .ok_or(Failure::Missing)?;
    let is_raised_by = match actor.sight().raised_by {
        Some(email) => cases::is_raised_by(conn, &filed.case, &email)?,
        None => false,
    };
    match may(actor, act, &filed.case, is_raised_by) {
        Verdict::Allow => Ok(filed),
        Verdict::Hide => Err(Failure::Missing),
        Verdict::Deny => Err(Failure::forbidden(
            "not_your_queue",
            "You may see this case but not change it: it is in a queue that is not yours.",
        )),
    }
}

/// Does one thing to a case.
///
/// # Errors
/// Why not: absent, not allowed, stale, or against the rules. Nothing is written then.
pub fn act(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    target: &Target,
    command: &Command,
    if_match: Option<i64>,
) -> Result<Acted, Failure> {
    let filed = find(tx, actor, target, Act::Work)?;
    if if_match.is_some_and(|version| version != filed.case.version) {
        return Err(Failure::Stale);
    }
    let by = by(actor);
    let terms = terms_of(tx, at, &filed.case)?;
    check_references(tx, at, actor, &filed.case, command)?;
    let category = letters::matter(at, &filed.case).map(|(_, category)| category);
    let circumstances = Circumstances {
        by,
        now: at.now,
        terms: &terms,
        calendar: &at.council.catalogue.calendar,
        reopen_within_days: category.map_or(28, |category| category.reopen_within_days),
        is_consent_unclear: is_consent_unclear(tx, &filed.case)?,
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
    let before = crate::domain::clock::read(&filed.case.facts, &terms, at.now);
    let told = tell(
        tx,
        at,
        actor,
        &filed.case,
        &mut case,
        terms_now,
        command,
        (&terms, &before),
    )?;
    let readings = crate::domain::clock::read(&case.facts, terms_now, at.now);
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
    let label = actor.label();
    let happened = happened
        .into_iter()
        .map(|event| (event, label.clone()))
        .collect();
    let settled = settle(
        tx,
        at,
        case,
        terms_now,
        happened,
        Written::Changed { read_revision },
    )?;
    Ok(Acted {
        settled,
        notice: told,
    })
}

/// Takes the case of a queue that is most at risk and that nobody has.
///
/// # Errors
/// When the queue is not the actor's to work.
pub fn take_next(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    queue: &str,
) -> Result<Option<Acted>, Failure> {
    if at.council.catalogue.queue(queue).is_none() {
        return Err(Failure::Missing);
    }
    let Some(user) = actor.user() else {
        return Err(Failure::forbidden(
            "user_needed",
            "Only somebody who signs in can take a case.",
        ));
    };
    let works_restricted = at.council.catalogue.queue(queue).is_some_and(|queue| {
        queue
            .restricted_teams
            .iter()
            .any(|team| user.teams.contains(team))
    });
    if !user.works(queue, None) && !works_restricted {
        return Err(Failure::forbidden(
            "not_your_queue",
            "This queue is not yours to work.",
        ));
    }
    let Some(filed) = cases::most_at_risk(tx, &actor.sight(), queue)? else {
        return Ok(None);
    };
    let command = Command::Assign {
        owner: Some(user.id),
    };
    act(tx, at, actor, &Target::Id(filed.case.id), &command, None).map(Some)
}

/// Reads who shall own a case.
///
/// # Errors
/// Names the owner that is not there, or cannot work.
pub fn resolve_owner(
    conn: &mut Conn,
    actor: &Actor,
    owner: &Owner,
) -> Result<Option<UserId>, Failure> {
    let account = match owner {
        Owner::Nobody => return Ok(None),
        Owner::Me => {
            let user = actor.user().ok_or_else(|| {
                Failure::invalid(
                    "/owner",
                    "unknown_value",
                    "`me` needs somebody who has signed in.",
                )
            })?;
            return Ok(Some(user.id));
        }
        Owner::Id(id) => users::find(conn, *id)?,
        Owner::Email(email) => users::find_by_email(conn, &email.to_lowercase())?,
    };
    match account {
        Some(account) if account.is_active => Ok(Some(account.user.id)),
        _ => Err(Failure::invalid(
            "/owner",
            "unknown_value",
            "There is no active user with this id or address.",
        )),
    }
}

/// Records that a letter was posted, which meets the clock it was written for.
///
/// # Errors
/// When there is no such letter to write.
pub fn note_posted(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    id: NoticeId,
    posted_on: Option<Date>,
) -> Result<Settled, Failure> {
    let notice = outbox::find(tx, id)?.ok_or(Failure::Missing)?;
    let case = notice.case.ok_or(Failure::Missing)?;
    let filed = find(tx, actor, &Target::Id(case), Act::Work)?;
    // A day is all that is known of an earlier one; its noon is as good as any instant of it.
    let noon = |day| {
        at.council
            .catalogue
            .calendar
            .instant(day, WallTime::from_hour(12))
    };
    let posted_at = posted_on
        .filter(|day| *day != at.today())
        .map_or(at.now, noon)
        .max(notice.created_at)
        .min(at.now);
    if !outbox::record_posted(tx, id, posted_at)? {
        return Err(Failure::conflict(
            "not_to_write",
            "This notice is not a letter that waits to be written.",
        ));
    }
    let terms = terms_of(tx, at, &filed.case)?;
    let read_revision = filed.case.revision;
    let mut case = filed.case;
    let mut happened = vec![Event::NoticeSent {
        notice: id,
        notice_kind: notice.kind,
    }];
    if let Some(clock) = notice.meets {
        lifecycle::meet_acknowledgement(&mut case, &terms, &clock, posted_at, "letter");
        happened.push(Event::ClockMet {
            clock,
            at: posted_at,
        });
    }
    let label = actor.label();
    let happened = happened
        .into_iter()
        .map(|event| (event, label.clone()))
        .collect();
    settle(
        tx,
        at,
        case,
        &terms,
        happened,
        Written::Changed { read_revision },
    )
}

fn by(actor: &Actor) -> By {
    match (actor.user(), actor) {
        (Some(user), _) => By::User {
            id: user.id,
            role: user.role,
        },
        (None, Actor::Key(_)) => By::Key,
        (None, Actor::System) => By::System,
        _ => By::Person,
    }
}

/// Everything a command names must be there, and be the actor's to see.
fn check_references(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    case: &Case,
    command: &Command,
) -> Result<(), Failure> {
    let catalogue = &at.council.catalogue;
    match command {
        Command::Assign { owner: Some(owner) } => {
            let account = users::find(tx, *owner)?.filter(|account| may_own(&account.user, case));
            account.map(|_| ()).ok_or_else(|| {
                Failure::invalid(
                    "/owner",
                    "cannot_work_it",
                    "This user does not work cases like this one. Name somebody who does.",
                )
            })
        }
        Command::Transfer { queue, .. } if catalogue.queue(queue).is_none() => {
            let known: Vec<&str> = catalogue.queues.keys().map(String::as_str).collect();
            Err(Failure::invalid(
                "/queue",
                "unknown_value",
                format!(
                    "There is no queue `{queue}`; there are: {}.",
                    known.join(", ")
                ),
            ))
        }
        Command::Merge { into: other } | Command::Link { case: other, .. } if *other != case.id => {
            find(tx, actor, &Target::Id(*other), Act::Read)
                .map(|_| ())
                .map_err(|_| {
                    Failure::invalid(
                        "/case",
                        "unknown_value",
                        "There is no case with this id or reference.",
                    )
                })
        }
        Command::GrantAccess { about: None, .. } if case.secrecy != Secrecy::Restricted => {
            Err(Failure::conflict(
                "not_restricted",
                "Only a restricted case has people named on it; this one is not restricted.",
            ))
        }
        _ => Ok(()),
    }
}

/// Whether a case can be somebody's: they work cases, and a restricted one knows them.
fn may_own(user: &User, case: &Case) -> bool {
    let works = match user.role {
        Role::Agent | Role::Officer | Role::TeamLeader | Role::HeadOfService => true,
        Role::Partner => user.works(&case.queue, Some(&case.service)),
        Role::Councillor | Role::Auditor | Role::Admin => false,
    };
    let is_named = user
        .holders()
        .iter()
        .any(|holder| case.restricted_to.contains(holder));
    works && (case.secrecy != Secrecy::Restricted || is_named)
}

/// The part of a command that changes the case beside its events. Says the new terms when the
/// promises are planned anew.
fn note_command(
    tx: &mut Tx<'_>,
    at: &Moment,
    case: &mut Case,
    old_terms: &Terms,
    command: &Command,
) -> Result<Option<std::sync::Arc<Terms>>, Failure> {
    match command {
        Command::Extend { clock, to, reason } => {
            lifecycle::note_extension(case, clock, *to, reason, at.now);
            Ok(None)
        }
        Command::GrantAccess { about, .. } => {
            if let Some(about) = about {
                // From here on it is the business of those above; the one it is about, and their
                // team, are not among them.
                case.about = Some(about.clone());
                case.secrecy = Secrecy::Restricted;
                case.owner = None;
                let post = match about {
                    About::Post(post) => Some(post.clone()),
                    About::User(id) => users::find(tx, *id)?.and_then(|account| account.user.post),
                };
                let above = intake::holders_above(at, &case.service, post.as_deref());
                if above.is_empty() {
                    return Err(Failure::conflict(
                        "nobody_above",
                        "There is no director who could look into this. Name the people who shall see it.",
                    ));
                }
                case.restricted_to.extend(above);
            }
            Ok(None)
        }
        Command::Amend(amendment) => {
            lifecycle::note_amendment(case, amendment);
            let Some(place) = &amendment.category else {
                return Ok(None);
            };
            let (id, terms) = at.council.terms(&place.service, &place.category)?;
            crate::store::catalogue::pin(tx, &id, &terms)?;
            // The promises are counted from the same day, under the standard of the right
            // category: whoever put it in the wrong one, the person did not wait less.
            let found = at
                .council
                .catalogue
                .category(&place.service, &place.category);
            if let Some((_, category)) = found
                && case.about.is_none()
            {
                case.secrecy = category.secrecy();
                // People who were named stay named; teams come and go with the category.
                case.restricted_to
                    .retain(|holder| !holder.starts_with("team:"));
                case.restricted_to
                    .extend(category.restricted_to.iter().cloned());
            }
            replan_acknowledgement(tx, at, case, old_terms, &terms)?;
            Ok(Some(terms))
        }
        _ => Ok(None),
    }
}

/// Where a category belongs, for PATCH.
///
/// # Errors
/// Names the service or category that is not there.
pub fn recategorised(at: &Moment, service: &str, category: &str) -> Result<Recategorised, Failure> {
    let (found, matter) = at
        .council
        .catalogue
        .category(service, category)
        .ok_or_else(|| {
            Failure::invalid(
                "/category",
                "unknown_value",
                format!("`{service}` has no category `{category}`."),
            )
        })?;
    let (terms, _) = at.council.terms(service, category)?;
    Ok(Recategorised {
        service: service.to_owned(),
        category: category.to_owned(),
        procedure: matter.procedure,
        queue: found.queue.clone(),
        terms,
    })
}

pub(super) fn set_follow_up(at: &Moment, case: &mut Case, decided: &[Event]) {
    let ends = decided.iter().any(|event| {
        matches!(
            event,
            Event::Closed { .. }
                | Event::Replied {
                    reply: ReplyKind::Substantive,
                    ..
                }
        )
    });
    if ends {
        let days =
            letters::matter(at, case).map_or(28, |(_, category)| category.reopen_within_days);
        case.follow_up_until = at
            .today()
            .checked_add(jiff::Span::new().days(i64::from(days)))
            .ok()
            .or(case.follow_up_until);
    }
}

/// Dates that a change of category moved are told and kept.
fn changed_dates(
    old: &Case,
    new: &Case,
    old_terms: &Terms,
    new_terms: &Terms,
    before: &[crate::domain::clock::Reading],
    after: &[crate::domain::clock::Reading],
) -> Vec<Event> {
    let was = super::promises::answer_reading(old, old_terms, before);
    let is = super::promises::answer_reading(new, new_terms, after);
    let (from_on, to_on) = (
        was.and_then(|reading| reading.due_on),
        is.and_then(|reading| reading.due_on),
    );
    if from_on == to_on {
        return Vec::new();
    }
    vec![Event::DateChanged {
        clock: is.map_or_else(|| "respond".to_owned(), |reading| reading.name.clone()),
        from_on,
        to_on,
        why: "the category was put right".to_owned(),
    }]
}

/// Tells the person, where the command is something they should hear.
#[expect(clippy::too_many_arguments, reason = "the whole of one act, said once")]
fn tell(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    old: &Case,
    case: &mut Case,
    terms: &Terms,
    command: &Command,
    (old_terms, before): (&Terms, &[crate::domain::clock::Reading]),
) -> Result<Option<NoticeId>, Failure> {
    let officer = actor.user().map(|user| user.name.clone());
    let thread = last_thread(tx, case)?;
    let key = |what: &str| format!("{what}:{}:{}", case.id, old.version);
    let readings = crate::domain::clock::read(&case.facts, terms, at.now);
    let member = match case.procedure {
        Procedure::MemberEnquiry => {
            let own = letters::services_own(tx, case)?;
            letters::member_lines(at, own.as_ref().unwrap_or(case))
        }
        _ => None,
    };
    let follow_up_by = case
        .follow_up_until
        .map(|until| wording::day(until, Language::English));
    let officers = |says: Says, meets: Option<String>, what: &str, send_at: Timestamp| ToPerson {
        says,
        meets,
        dedupe_key: key(what),
        thread: &thread,
        send_at,
        is_automatic: false,
    };
    let telling = match command {
        Command::Acknowledge {
            how: AcknowledgedBy::Email,
            text,
        } => {
            let clock = super::promises::acknowledge_reading(case, terms, &readings)
                .map(|one| one.name.clone());
            let says = Says::Acknowledgement {
                text: text.clone().unwrap_or_default(),
                officer,
                what_happens: letters::what_happens(at, case, terms, &readings),
            };
            officers(says, clock, "acknowledgement", at.now)
        }
        Command::Reply {
            text,
            kind: ReplyKind::Substantive,
            ..
        } => {
            let ombudsman = is_complaint(case)
                .then(|| letters::ombudsman(terms))
                .flatten();
            let says = Says::Reply {
                text: text.clone(),
                officer,
                follow_up_by,
                member,
                ombudsman,
            };
            officers(says, None, "reply", letters::after_undo(at))
        }
        Command::Reply {
            text,
            kind: ReplyKind::Holding,
            ..
        } => {
            let says = Says::HoldingReply {
                text: text.clone(),
                officer,
                what_happens: letters::what_happens(at, case, terms, &readings),
                member,
            };
            officers(says, None, "holding", letters::after_undo(at))
        }
        Command::Ask { text, resume_on } => {
            let says = Says::Question {
                text: text.clone(),
                officer,
                pause_until: (case.facts.pauses.len() > old.facts.pauses.len())
                    .then(|| wording::day(*resume_on, Language::English)),
            };
            officers(says, None, "question", at.now)
        }
        Command::Extend { clock, reason, .. } => {
            let of = |readings: &[crate::domain::clock::Reading]| {
                readings
                    .iter()
                    .find(|reading| reading.name == *clock)
                    .and_then(|reading| letters::by_when(at, reading))
            };
            let (Some(old_by), Some(new_by)) = (of(before), of(&readings)) else {
                return Ok(None);
            };
            let tells_ombudsman = terms
                .standard
                .clock(clock)
                .and_then(|spec| spec.extension.as_ref())
                .is_some_and(|rule| rule.tells_ombudsman);
            let says = Says::Extension {
                old_by,
                new_by,
                reason: reason.clone(),
                ombudsman: tells_ombudsman.then(|| letters::ombudsman(terms)).flatten(),
            };
            officers(says, None, "extension", letters::after_undo(at))
        }
        Command::Transfer { .. } => {
            tell_of_third_transfer(tx, at, case)?;
            let says = Says::Transfer {
                is_new_team: true,
                old_by: None,
                new_by: None,
            };
            ToPerson {
                is_automatic: true,
                ..officers(says, None, "transfer", at.now)
            }
        }
        Command::Amend(amendment) if amendment.category.is_some() => {
            let of = |case: &Case, terms: &Terms, readings: &[crate::domain::clock::Reading]| {
                super::promises::answer_reading(case, terms, readings)
                    .and_then(|one| letters::by_when(at, one))
            };
            let (old_by, new_by) = (of(old, old_terms, before), of(case, terms, &readings));
            if old_by == new_by && old.queue == case.queue {
                return Ok(None);
            }
            let is_new_date = old_by != new_by;
            let says = Says::Transfer {
                is_new_team: old.queue != case.queue,
                old_by: old_by.filter(|_| is_new_date),
                new_by: new_by.filter(|_| is_new_date),
            };
            ToPerson {
                is_automatic: true,
                ..officers(says, None, "transfer", at.now)
            }
        }
        Command::Close { outcome } => {
            // Whoever has had the answer is not written to again to say that it was one.
            if old.status == Status::Responded
                && matches!(outcome, Outcome::Answered | Outcome::Resolved)
            {
                return Ok(None);
            }
            let Some(says) = letters::closure(at, case, terms, *outcome, None) else {
                return Ok(None);
            };
            ToPerson {
                is_automatic: true,
                ..officers(says, None, "closure", at.now)
            }
        }
        Command::Reopen { .. } => {
            let says = Says::Reopened {
                what_happens: letters::what_happens(at, case, terms, &readings),
            };
            ToPerson {
                is_automatic: true,
                ..officers(says, None, "reopened", at.now)
            }
        }
        Command::TakeBackReply { notice, .. } => {
            take_back(tx, at, case.id, *notice)?;
            return Ok(None);
        }
        _ => return Ok(None),
    };
    let words = match command {
        Command::Acknowledge {
            text: Some(text), ..
        }
        | Command::Reply { text, .. }
        | Command::Ask { text, .. } => Some(text.clone()),
        _ => None,
    };
    let mut first = Told::NotAtAll;
    for (n, person) in people_to_answer(tx, case)?.into_iter().enumerate() {
        let dedupe_key = format!("{}:{}", telling.dedupe_key, person.id);
        let telling = ToPerson {
            dedupe_key,
            ..telling.clone()
        };
        let told = letters::tell_person(tx, at, case, Some(&person), telling)?;
        if n == 0 {
            first = told;
        }
    }
    if let Some(text) = words {
        log_outbound(tx, at, actor, case, &text, first)?;
    }
    match first {
        Told::ByMail(id) | Told::ByPost(id) => Ok(Some(id)),
        Told::NotAtAll => Ok(None),
    }
}

/// Whoever asked, or speaks for somebody who did, and has not withdrawn: the reporter first. A merge
/// brings several, and each is answered.
fn people_to_answer(conn: &mut Conn, case: &Case) -> Result<Vec<Person>, Failure> {
    let mut found = Vec::new();
    for (id, role, has_withdrawn) in cases::people(conn, case.id)? {
        let is_answered = matches!(role, RoleOnCase::Reporter | RoleOnCase::Advocate);
        if is_answered
            && !has_withdrawn
            && let Some(person) = people::find(conn, id)?
        {
            found.push(person);
        }
    }
    found.sort_by_key(|person| Some(person.id) != case.reporter);
    Ok(found)
}

/// Takes back what was written in one act, to everybody it was written to.
fn take_back(tx: &mut Tx<'_>, at: &Moment, case: CaseId, id: NoticeId) -> Result<(), Failure> {
    let notice = outbox::find(tx, id)?.ok_or(Failure::Missing)?;
    if !outbox::take_back(tx, id, at.now)? {
        return Err(Refusal::AlreadySent.into());
    }
    for other in outbox::list(tx, Some(case), Some("pending"), None, 100)? {
        if other.kind == notice.kind && other.created_at == notice.created_at {
            outbox::take_back(tx, other.id, at.now)?;
        }
    }
    Ok(())
}

/// Under a standard that asks for an officer's acknowledgement, the machine's receipt was none; under
/// one that asks for the machine's, the receipt that was accepted was one.
fn replan_acknowledgement(
    tx: &mut Tx<'_>,
    at: &Moment,
    case: &mut Case,
    old: &Terms,
    new: &Terms,
) -> Result<(), Failure> {
    let (was, is) = (old.standard.acknowledgement, new.standard.acknowledgement);
    let Some(clock) = new
        .standard
        .acknowledge_clock()
        .map(|clock| clock.name.clone())
    else {
        return Ok(());
    };
    match (was, is) {
        (Acknowledgement::Automatic, Acknowledgement::Officer) => {
            let was_by_machine = case
                .facts
                .stops
                .iter()
                .any(|stop| stop.clock == clock && stop.how.as_deref() == Some("email"));
            if was_by_machine {
                let reason = "the receipt was automatic".to_owned();
                case.facts.reopened.push(Reopened {
                    clock,
                    at: at.now,
                    reason,
                });
            }
        }
        (Acknowledgement::Officer | Acknowledgement::None, Acknowledgement::Automatic) => {
            let sent = outbox::list(tx, Some(case.id), Some("sent"), None, 100)?;
            let receipt = sent
                .iter()
                .filter(|notice| notice.kind == "confirmation")
                .filter_map(|one| one.sent_at)
                .min();
            if let Some(sent_at) = receipt {
                case.facts.stop(&clock, sent_at, "email");
            }
        }
        _ => {}
    }
    Ok(())
}

/// The third transfer tells the team leader: a case that is passed round is nobody's.
fn tell_of_third_transfer(tx: &mut Tx<'_>, at: &Moment, case: &Case) -> Result<(), Failure> {
    if case.n_transfers < 3 || case.secrecy == Secrecy::Restricted {
        return Ok(());
    }
    let Some(queue) = at.council.catalogue.queue(&case.queue) else {
        return Ok(());
    };
    let item = letters::staff_item(tx, at, case, None)?;
    let says = Says::ManyTransfers {
        item,
        n_transfers: case.n_transfers,
    };
    let send_at = at.council.catalogue.calendar.next_sending_time(at.now);
    let key = format!("transfers:{}:{}", case.id, case.n_transfers);
    letters::tell_staff(
        tx,
        at,
        Some(case.id),
        &queue.team_leader.email,
        says,
        key,
        send_at,
    )?;
    Ok(())
}

/// What we said is a contact too.
fn log_outbound(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    case: &Case,
    text: &str,
    told: Told,
) -> Result<(), Failure> {
    contacts::insert(
        tx,
        &Contact {
            id: at.id(),
            case: Some(case.id),
            person: case.reporter,
            channel: if matches!(told, Told::ByPost(_)) {
                Channel::Letter
            } else {
                Channel::Email
            },
            direction: Direction::Outbound,
            disposition: Disposition::Joined,
            received_at: at.now,
            logged_at: at.now,
            counted_from_on: None,
            subject: String::new(),
            body: text.to_owned(),
            language: None,
            entered_by: actor.principal(),
            source: "reeve".to_owned(),
            external_id: None,
            fingerprint: None,
            mailbox: None,
            message_id: None,
            detail: json!({}),
            waits_for: None,
            limit_at: None,
        },
    )?;
    Ok(())
}

/// Merging touches a second case: the one it goes into takes over the person, and links.
fn take_part_of_others(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    case: &Case,
    command: &Command,
) -> Result<(), Failure> {
    match command {
        Command::Link { kind, case: other } => Ok(cases::link(tx, case.id, *other, *kind)?),
        Command::Merge { into } => {
            let filed = find(tx, actor, &Target::Id(*into), Act::Work)?;
            if case.secrecy == Secrecy::Restricted && filed.case.secrecy != Secrecy::Restricted {
                return Err(Failure::conflict(
                    "merge_would_reveal",
                    "A restricted case cannot be merged into one that others may see.",
                ));
            }
            if filed.case.is_closed() {
                return Err(Failure::conflict(
                    "case_closed",
                    "The case to merge into is closed. Reopen it first.",
                ));
            }
            cases::link(tx, case.id, *into, LinkKind::DuplicateOf)?;
            for (person, role, _) in cases::people(tx, case.id)? {
                cases::add_person(tx, *into, person, role)?;
            }
            let terms = terms_of(tx, at, &filed.case)?;
            let read_revision = filed.case.revision;
            let mut other = filed.case;
            let event = Event::MergedIn { other: case.id };
            lifecycle::apply(&mut other, &event, &terms, by(actor), at.now);
            let happened = vec![(event, actor.label())];
            settle(
                tx,
                at,
                other,
                &terms,
                happened,
                Written::Changed { read_revision },
            )?;
            Ok(())
        }
        _ => Ok(()),
    }
}

/// The conversation our next mail belongs to: that of the last mail from the person.
fn last_thread(conn: &mut Conn, case: &Case) -> Result<Thread, Failure> {
    let all = contacts::of_case(conn, case.id, None, 100)?;
    let last = all.iter().rev().find(|contact| {
        contact.channel == Channel::Email && contact.direction == Direction::Inbound
    });
    Ok(last
        .and_then(|contact| contact.message_id.clone())
        .map_or_else(Thread::default, |id| Thread {
            in_reply_to: Some(id.clone()),
            references: vec![id],
        }))
}

/// A member speaks for a third party, and nobody has recorded that they may.
fn is_consent_unclear(conn: &mut Conn, case: &Case) -> Result<bool, Failure> {
    if case.procedure != Procedure::MemberEnquiry {
        return Ok(false);
    }
    let first = contacts::of_case(conn, case.id, None, 1)?;
    let behalf = first
        .first()
        .and_then(|contact| contact.detail.get("on_behalf_of").cloned());
    Ok(behalf.is_some_and(|behalf| {
        behalf.is_object() && behalf.get("consent").is_none_or(serde_json::Value::is_null)
    }))
}

fn is_complaint(case: &Case) -> bool {
    matches!(
        case.procedure,
        Procedure::Complaint
            | Procedure::ChildrensComplaint
            | Procedure::AdultsComplaint
            | Procedure::DpComplaint
    )
}

/// How long a question waits for its answer when nobody says.
#[must_use]
pub fn default_resume_on(at: &Moment) -> jiff::civil::Date {
    let later = at.now + SignedDuration::from_hours(10 * 24);
    at.council.catalogue.calendar.date_of(later)
}

/// An outbound contact or message added by staff to a case they may work.
///
/// # Errors
/// As [`intake::receive`], and when the case is not theirs.
pub fn add_contact(
    tx: &mut Tx<'_>,
    at: &Moment,
    enquiry: &crate::domain::enquiry::Enquiry,
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
