//! What a command touches beside its events: what it names is looked up first, and what no event
//! carries is written into the case, or into the other case it names.

use std::sync::Arc;

use super::kept_from::KeptFrom;
use super::owners::may_own;
use super::recategorising::replan_acknowledgement;
use super::{Target, by, find};
use crate::casework::desk::Moment;
use crate::casework::failure::Failure;
use crate::casework::intake;
use crate::casework::letters;
use crate::casework::promises::{Written, settle, terms_of};
use crate::domain::access::{Act, Actor};
use crate::domain::case::{About, Case, LinkKind, ReplyKind, Secrecy};
use crate::domain::catalogue::PostKind;
use crate::domain::clock::{self, Longer, Terms};
use crate::domain::decision::Decided;
use crate::domain::lifecycle::{self, Command, Event};
use crate::store::{Conn, Tx, cases, people, users};

/// Everything a command names must be there, and be the actor's to see.
pub(super) fn check_references(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    case: &Case,
    command: &Command,
) -> Result<(), Failure> {
    let catalogue = &at.council.catalogue;
    match command {
        Command::Assign { owner: Some(owner) } => {
            let account = users::find(tx, *owner)?
                .filter(|account| may_own(&account.user.clone().at(at.now), case));
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
        Command::RecordDecision(decided) => check_decision(at, case, decided),
        Command::NotAboutStaff { .. } => {
            let own = actor.user().and_then(|user| user.post.as_deref());
            let post = own.and_then(|slug| catalogue.post(slug));
            if post.is_some_and(|post| post.kind == PostKind::Director) {
                Ok(())
            } else {
                Err(Failure::forbidden(
                    "role_may_not",
                    "Only the director over them can say that it is not about them.",
                ))
            }
        }
        Command::GrantAccess { holders, about, .. } => {
            check_pass_names_others(actor, case, holders)?;
            let Some(about) = about.as_ref().or(case.about.as_ref()) else {
                return Ok(());
            };
            let kept_from = KeptFrom::of(tx, at, about)?;
            for holder in holders {
                if kept_from.is_holder(tx, holder)? {
                    let pointer = if holder.starts_with("team:") {
                        "/teams"
                    } else {
                        "/people"
                    };
                    return Err(Failure::invalid(
                        pointer,
                        "about_them",
                        "It is about one of them or of their team, who never see it. Name somebody else.",
                    ));
                }
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

/// What was opened for a time is not opened for good by whoever opened it.
fn check_pass_names_others(actor: &Actor, case: &Case, holders: &[String]) -> Result<(), Failure> {
    let Some(user) = actor.user() else {
        return Ok(());
    };
    let own = user.holders();
    let is_there_by_name = case
        .restricted_to
        .iter()
        .any(|holder| !holder.starts_with("pass:") && own.contains(holder));
    if case.secrecy != Secrecy::Restricted
        || is_there_by_name
        || !holders.iter().any(|holder| own.contains(holder))
    {
        return Ok(());
    }
    Err(Failure::invalid(
        "/people",
        "pass_only",
        "You opened it for a time. Somebody who is named on it names you.",
    ))
}

/// The part of a command that changes the case beside its events. Says the new terms when the
/// promises are planned anew.
pub(super) fn note_command(
    tx: &mut Tx<'_>,
    at: &Moment,
    case: &mut Case,
    old_terms: &Terms,
    command: &Command,
) -> Result<Option<Arc<Terms>>, Failure> {
    match command {
        Command::Extend { clock, to, reason } => {
            lifecycle::note_extension(case, clock, *to, reason, at.now);
            Ok(None)
        }
        Command::Hold { text, until_on } => {
            if let Some(clock) = lifecycle::current_answer_clock(case, old_terms) {
                let until_on = Longer::UntilOn(*until_on);
                lifecycle::note_extension(case, &clock, until_on, text, at.now);
            }
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
                let kept_from = KeptFrom::of(tx, at, about)?;
                let mut holders = Vec::new();
                for holder in std::mem::take(&mut case.restricted_to)
                    .into_iter()
                    .chain(above)
                {
                    if !kept_from.is_holder(tx, &holder)? {
                        holders.push(holder);
                    }
                }
                case.restricted_to = holders;
            }
            Ok(None)
        }
        Command::NotAboutStaff { .. } => {
            let matter = letters::matter(at, case).map(|(_, category)| category);
            case.secrecy = matter.map_or(Secrecy::Ordinary, |category| category.secrecy());
            case.restricted_to =
                matter.map_or_else(Vec::new, |category| category.restricted_to.clone());
            // Its queue takes it up; the director who looked into it does not keep it.
            case.owner = None;
            Ok(None)
        }
        Command::Amend(amendment) => {
            lifecycle::note_amendment(case, amendment);
            if amendment.location.is_some() {
                let reporter = match case.reporter {
                    Some(id) => people::find(tx, id)?,
                    None => None,
                };
                let home = reporter.as_ref().and_then(|person| person.address.as_ref());
                case.ward = intake::ward_of(at, case.location.as_ref(), home);
            }
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
                if !owner_may_keep(tx, at, case)? {
                    case.owner = None;
                }
            }
            let before = clock::read(&case.facts, old_terms, at.now);
            let standards = (&old_terms.standard, &terms.standard);
            case.facts.keep_told(&before, standards, at.now);
            replan_acknowledgement(tx, at, case, old_terms, &terms)?;
            Ok(Some(terms))
        }
        _ => Ok(None),
    }
}

/// A case that has become restricted is not left with somebody for whom it does not exist any more.
fn owner_may_keep(conn: &mut Conn, at: &Moment, case: &Case) -> Result<bool, Failure> {
    let Some(owner) = case.owner else {
        return Ok(true);
    };
    let Some(account) = users::find(conn, owner)? else {
        return Ok(false);
    };
    Ok(may_own(&account.user.at(at.now), case))
}

pub(in crate::casework) fn set_follow_up(at: &Moment, case: &mut Case, decided: &[Event]) {
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

/// Merging touches a second case: the one it goes into takes over the person, and links.
pub(super) fn take_part_of_others(
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
            for (person, role, has_withdrawn) in cases::people(tx, case.id)? {
                if has_withdrawn {
                    continue;
                }
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

/// What is decided can be meant of this case, and whoever is to learn from it holds a post.
fn check_decision(at: &Moment, case: &Case, decided: &Decided) -> Result<(), Failure> {
    decided
        .check(case.procedure, case.stage)
        .map_err(|(pointer, detail)| Failure::invalid(pointer, "unknown_value", detail))?;
    if let Some(service) = &decided.service
        && at.council.catalogue.service(service).is_none()
    {
        let detail = format!("There is no service `{service}`.");
        return Err(Failure::invalid("/service", "unknown_value", detail));
    }
    for (index, learning) in decided.learning.iter().enumerate() {
        if at.council.catalogue.post(&learning.owner).is_none() {
            return Err(Failure::invalid(
                &format!("/learning/{index}/owner"),
                "unknown_value",
                format!(
                    "There is no post `{}`. Name the post that answers for it by its slug.",
                    learning.owner
                ),
            ));
        }
    }
    Ok(())
}
