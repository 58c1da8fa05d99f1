//! What the person hears of an act, and the team leader of a case that is passed round.
//!
//! Each command that the person should hear of becomes one letter; the others say nothing here.

use jiff::Timestamp;

use super::answering::{last_thread, log_outbound, people_to_answer, take_back};
use super::recipients::Addressed;
use crate::casework::desk::Moment;
use crate::casework::failure::Failure;
use crate::casework::letters::{self, ToPerson, Told};
use crate::casework::members;
use crate::casework::people::reaching;
use crate::casework::promises;
use crate::domain::access::Actor;
use crate::domain::case::{Case, Outcome, Procedure, ReplyKind, Secrecy, Status};
use crate::domain::clock::{self, Reading, Terms};
use crate::domain::ids::{NoticeId, PersonId};
use crate::domain::lifecycle::{self, AcknowledgedBy, Command};
use crate::domain::notice::{InEach, OmbudsmanWhen, Says};
use crate::domain::person::reach::{Reach, Withheld};
use crate::domain::wording::{self, Language};
use crate::store::Tx;
use crate::store::people::Person;

/// Tells the person, where the command is something they should hear.
#[expect(clippy::too_many_arguments, reason = "the whole of one act, said once")]
pub(super) fn tell(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    old: &Case,
    case: &mut Case,
    terms: &Terms,
    command: &Command,
    (old_terms, before): (&Terms, &[Reading]),
    addressed: &Addressed,
) -> Result<Option<NoticeId>, Failure> {
    if let Some(news) = members::told_inside(command)
        && let Some(enquiry) = members::enquiry_beside(tx, case)?
    {
        if addressed.is_named {
            return Err(Failure::conflict(
                "answered_inside",
                "What is said on this case goes to whoever has the member's enquiry, who writes to the member. Leave \
                 out `to` and `cc`.",
            ));
        }
        if matches!(command, Command::Transfer { .. }) {
            tell_of_third_transfer(tx, at, case)?;
        }
        members::tell_of_service(tx, at, &actor.label(), case, enquiry, news)?;
        return Ok(None);
    }
    let officer = actor.signs_as();
    let thread = last_thread(tx, case)?;
    let key = |what: &str| format!("{what}:{}:{}", case.id, old.version);
    let readings = clock::read(&case.facts, terms, at.now);
    let mut is_private = false;
    let member = match case.procedure {
        Procedure::MemberEnquiry => {
            let own = letters::services_own(tx, case)?;
            let about = own.as_ref().unwrap_or(case);
            is_private = about.secrecy == Secrecy::Sensitive;
            letters::member_lines(at, about)
        }
        _ => None,
    };
    let follow_up_by = |language| {
        let until = case.follow_up_until;
        until.map(|until| wording::day(until, language))
    };
    let officers = |says: InEach, meets: Option<String>, what: &str, send_at: Timestamp| ToPerson {
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
            let clock =
                promises::acknowledge_reading(case, terms, &readings).map(|one| one.name.clone());
            let readings = once_acknowledged(at, case, terms);
            let says = InEach::of(|language| Says::Acknowledgement {
                text: text.clone().unwrap_or_default(),
                officer: officer.clone(),
                what_happens: letters::what_happens(at, case, terms, &readings, language),
            });
            officers(says, clock, "acknowledgement", at.now)
        }
        Command::Reply {
            text,
            kind: ReplyKind::Substantive,
            general_only,
            ..
        } => {
            let when = if lifecycle::has_next_stage(case, terms) {
                OmbudsmanWhen::AfterReview
            } else {
                OmbudsmanWhen::Final
            };
            let ombudsman = is_complaint(case)
                .then(|| letters::ombudsman(at, terms, when))
                .flatten();
            // After our last word there is nobody here left to look at it again.
            let is_last_word = ombudsman.is_some() && when == OmbudsmanWhen::Final;
            let is_general = *general_only && members::is_limited(tx, at, case)?;
            let says = InEach::of(|language| Says::Reply {
                text: text.clone(),
                officer: officer.clone(),
                follow_up_by: follow_up_by(language).filter(|_| !is_last_word),
                member: member.clone(),
                ombudsman: ombudsman.clone(),
                is_general,
            });
            officers(says, None, "reply", letters::after_undo(at))
        }
        Command::Reply {
            text,
            kind: ReplyKind::Holding,
            ..
        } => {
            let says = InEach::of(|language| Says::HoldingReply {
                text: text.clone(),
                officer: officer.clone(),
                what_happens: letters::what_happens(at, case, terms, &readings, language),
                member: member.clone(),
            });
            officers(says, None, "holding", letters::after_undo(at))
        }
        Command::Hold { text, .. } => {
            let says = InEach::of(|language| {
                let old_by = promises::answer_reading(case, terms, before)
                    .and_then(|one| letters::by_when(at, one, language));
                let mut what_happens = letters::what_happens(at, case, terms, &readings, language);
                if let (Some(old_by), Some(last)) = (old_by, what_happens.last_mut()) {
                    *last = wording::moved_promise(last, &old_by, language);
                }
                Says::HoldingReply {
                    text: text.clone(),
                    officer: officer.clone(),
                    what_happens,
                    member: member.clone(),
                }
            });
            officers(says, None, "holding", letters::after_undo(at))
        }
        Command::Ask { text, resume_on } => {
            let is_paused = case.facts.pauses.len() > old.facts.pauses.len();
            let says = InEach::of(|language| Says::Question {
                text: text.clone(),
                officer: officer.clone(),
                pause_until: is_paused.then(|| wording::day(*resume_on, language)),
            });
            officers(says, None, "question", at.now)
        }
        Command::Extend { clock, reason, .. } => {
            let of = |readings: &[Reading], language| {
                readings
                    .iter()
                    .find(|reading| reading.name == *clock)
                    .and_then(|reading| letters::by_when(at, reading, language))
            };
            let tells_ombudsman = terms
                .standard
                .clock(clock)
                .and_then(|spec| spec.extension.as_ref())
                .is_some_and(|rule| rule.tells_ombudsman);
            let says = InEach::maybe(|language| {
                Some(Says::Extension {
                    old_by: of(before, language)?,
                    new_by: of(&readings, language)?,
                    reason: reason.clone(),
                    ombudsman: tells_ombudsman
                        .then(|| letters::ombudsman(at, terms, OmbudsmanWhen::Now))
                        .flatten(),
                })
            });
            let Some(says) = says else {
                return Ok(None);
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
                ..officers(says.into(), None, "transfer", at.now)
            }
        }
        Command::Amend(amendment) if amendment.category.is_some() => {
            let dates = |language| {
                let of = |case: &Case, terms: &Terms, readings: &[Reading]| {
                    promises::answer_reading(case, terms, readings)
                        .and_then(|one| letters::by_when(at, one, language))
                };
                (of(old, old_terms, before), of(case, terms, &readings))
            };
            let (old_by, new_by) = dates(Language::English);
            let is_new_date = old_by != new_by;
            if !is_new_date && old.queue == case.queue {
                return Ok(None);
            }
            let says = InEach::of(|language| {
                let (old_by, new_by) = dates(language);
                Says::Transfer {
                    is_new_team: old.queue != case.queue,
                    old_by: old_by.filter(|_| is_new_date),
                    new_by: new_by.filter(|_| is_new_date),
                }
            });
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
            let says = InEach::maybe(|language| {
                letters::closure(at, case, terms, *outcome, None, language)
            });
            let Some(says) = says else {
                return Ok(None);
            };
            ToPerson {
                is_automatic: true,
                ..officers(says, None, "closure", at.now)
            }
        }
        Command::Refer { body, .. } => {
            let says = Says::NotOurs {
                body: Some(body.clone()),
                text: None,
            };
            ToPerson {
                is_automatic: true,
                ..officers(says.into(), None, "closure", at.now)
            }
        }
        Command::Reopen { .. } => {
            let says = InEach::of(|language| Says::Reopened {
                what_happens: letters::what_happens(at, case, terms, &readings, language),
            });
            ToPerson {
                is_automatic: true,
                ..officers(says, None, "reopened", at.now)
            }
        }
        Command::OpenStage { .. } => {
            let says = InEach::of(|language| Says::Reopened {
                what_happens: next_stage(at, case, terms, &readings, language),
            });
            ToPerson {
                is_automatic: true,
                ..officers(says, None, "stage", at.now)
            }
        }
        // What they asked for is clear now, and the answer is counted from today.
        Command::Record { .. } => {
            let says = InEach::maybe(|language| {
                let of = |case: &Case, readings: &[Reading]| {
                    promises::answer_reading(case, terms, readings)
                        .and_then(|one| letters::by_when(at, one, language))
                };
                let (old_by, new_by) = (of(old, before)?, of(case, &readings)?);
                (old_by != new_by).then_some(Says::Transfer {
                    is_new_team: false,
                    old_by: Some(old_by),
                    new_by: Some(new_by),
                })
            });
            let Some(says) = says else {
                return Ok(None);
            };
            ToPerson {
                is_automatic: true,
                ..officers(says, None, "date", at.now)
            }
        }
        Command::TakeBackReply { notice, .. } => {
            take_back(tx, case.id, *notice)?;
            return Ok(None);
        }
        _ => return Ok(None),
    };
    let telling = if is_private {
        ToPerson {
            says: telling.says.changed(|says, language| {
                let dates = letters::what_happens(at, case, terms, &readings, language);
                letters::without_words(says, dates, member.clone())
            }),
            ..telling
        }
    } else {
        telling
    };
    let words = match command {
        Command::Acknowledge {
            text: Some(text), ..
        }
        | Command::Reply { text, .. }
        | Command::Hold { text, .. }
        | Command::Ask { text, .. } => Some(text.clone()),
        _ => None,
    };
    let mut first = Told::NotAtAll;
    let mut told_first = None;
    let mut told_people: Vec<PersonId> = Vec::new();
    let mut told_addresses: Vec<String> = Vec::new();
    let mut withheld = None;
    for (n, person) in addressed.people.iter().enumerate() {
        let dedupe_key = if addressed.is_named {
            format!("{}:{}:{n}", telling.dedupe_key, person.id)
        } else {
            format!("{}:{}", telling.dedupe_key, person.id)
        };
        let telling = ToPerson {
            dedupe_key,
            ..telling.clone()
        };
        let told = letters::tell_person(tx, at, case, Some(person), telling)?;
        if matches!(told, Told::ByMail(_) | Told::ByPost(_)) {
            told_people.push(person.id);
            told_addresses.extend(person.email.clone());
        }
        match told {
            Told::ByMail(_) | Told::ByPost(_) if told_first.is_none() => {
                first = told;
                told_first = Some(person.id);
            }
            Told::Withheld(why) if withheld.is_none() => {
                withheld = Some((why, reaching::reach_of(tx, person)?));
            }
            _ => {}
        }
    }
    let mut is_anybody_told = told_first.is_some();
    for (n, email) in addressed.strangers.iter().enumerate() {
        let telling = ToPerson {
            dedupe_key: format!("{}:stranger:{n}", telling.dedupe_key),
            ..telling.clone()
        };
        let told = letters::tell_stranger(tx, at, case, email, telling)?;
        if !is_anybody_told {
            first = told;
        }
        is_anybody_told = true;
        told_addresses.push(email.clone());
    }
    // Whom a copy reached does not make it an answer to the person it was promised to.
    if promises_the_person(command) {
        let answered = people_to_answer(tx, case)?;
        let reaches = |one: &Person| told_people.contains(&one.id);
        is_anybody_told &= answered.is_empty() || answered.iter().any(reaches);
    }
    if let Some(text) = words {
        if !is_anybody_told {
            return Err(match withheld {
                Some((why, reach)) => may_not_be_written_to(why, &reach),
                None => nobody_to_write_to(command),
            });
        }
        let recipients = addressed.is_named.then_some(told_addresses);
        log_outbound(tx, at, actor, case, &text, (first, told_first), recipients)?;
    }
    match first {
        Told::ByMail(id) | Told::ByPost(id) => Ok(Some(id)),
        Told::NotAtAll | Told::Withheld(_) => Ok(None),
    }
}

/// Whether the person is told something they were promised: an answer, or another date.
fn promises_the_person(command: &Command) -> bool {
    match command {
        Command::Reply { kind, .. } => *kind == ReplyKind::Substantive,
        Command::Hold { .. } => true,
        _ => false,
    }
}

/// Words for somebody whom they must not reach this way.
fn may_not_be_written_to(why: Withheld, reach: &Reach) -> Failure {
    match why {
        Withheld::Deceased => Failure::conflict(
            "person_deceased",
            "This person has died, and nothing is sent to them. Put whoever acts for them on the case as \
             `advocate` and write to them, or close the case with its outcome.",
        ),
        Withheld::SafeContact => Failure::conflict(
            "no_safe_way",
            format!(
                "Nothing is sent to this person by mail or post: they may be reached only this way: {}. Tell them \
                 so, and log it as an outbound contact on this case.",
                reach.in_words().unwrap_or_default()
            ),
        ),
    }
}

/// Words for somebody who can have no mail and no letter: kept as if they had been sent, they would
/// be believed to have arrived.
fn nobody_to_write_to(command: &Command) -> Failure {
    let instead = match command {
        Command::Acknowledge { .. } => {
            "Tell the person another way, and record `spoken` or `letter`."
        }
        _ => {
            "Tell the person another way, log it as an outbound contact on this case, and close the case with \
             its outcome."
        }
    };
    Failure::conflict(
        "no_address",
        format!("There is no address to send this to. {instead}"),
    )
}

/// The promises as they stand once the acknowledgement has gone: an answer that is counted from it
/// is told by the day it will be due, not by the latest day it could have been.
fn once_acknowledged(at: &Moment, case: &Case, terms: &Terms) -> Vec<Reading> {
    let mut acknowledged = case.clone();
    lifecycle::acknowledge(&mut acknowledged, terms, at.now, "email");
    clock::read(&acknowledged.facts, terms, at.now)
}

/// What a person hears when their complaint goes on to its next stage.
fn next_stage(
    at: &Moment,
    case: &Case,
    terms: &Terms,
    readings: &[Reading],
    language: Language,
) -> Vec<String> {
    let mut sentences = Vec::new();
    if terms.standard.stage_2_other_officer {
        let someone_else = match language {
            Language::English => "Someone who has not dealt with it before will look at it.",
            Language::Welsh => "Bydd rhywun nad yw wedi delio ag ef o'r blaen yn edrych arno.",
        };
        sentences.push(someone_else.to_owned());
    }
    let of = |name: &str| {
        readings
            .iter()
            .find(|reading| reading.name == name)
            .and_then(|reading| letters::by_when(at, reading, language))
    };
    if let Some(clock) = terms.standard.acknowledge_clock_of(case.stage)
        && let Some(by) = of(&clock.name)
    {
        sentences.push(wording::clock_promise(&clock.name, None, &by, language));
    }
    if let Some(reading) = promises::answer_reading(case, terms, readings)
        && let Some(by) = letters::by_when(at, reading, language)
    {
        sentences.push(match language {
            Language::English => format!("You will have our answer by {by} at the latest."),
            Language::Welsh => format!("Cewch ein hateb erbyn {by} fan bellaf."),
        });
    }
    sentences
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
