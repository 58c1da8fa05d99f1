//! The mail to an inbox. What it says of anybody is looked up when it leaves, so that the outbox holds
//! nobody's words, and a case that has moved on meanwhile is not mailed at all.

use jiff::SignedDuration;

use super::{is_theirs, queue_of, reply_hash, reply_token, token};
use crate::auth::inbox_links as tokens;
use crate::casework::audit::note_look;
use crate::casework::desk::{Moment, hex};
use crate::casework::escalation::Chain;
use crate::casework::failure::Failure;
use crate::casework::letters;
use crate::casework::people::{marking, reaching};
use crate::casework::promises::{answer_reading, terms_of};
use crate::domain::access::{Actor, Inbox};
use crate::domain::by_email::LinkAct;
use crate::domain::case::{Case, Secrecy, Status};
use crate::domain::clock;
use crate::domain::contact::{Channel, Direction};
use crate::domain::ids::{ContactId, NoticeId};
use crate::domain::ladder::Whom;
use crate::domain::notice::{
    InboxCase, InboxLinks, InboxPerson, InboxWhy, InboxWords, Says, StaffItem,
};
use crate::domain::wording::{self, Language};
use crate::store::contacts::{self, Contact};
use crate::store::inbox_links::{self, InboxLink};
use crate::store::outbox::{self, Notice};
use crate::store::{Conn, Tx, attachments, cases, people};

/// As much of what came in as one mail holds.
const MOST_MESSAGES: i64 = 10;
const LONGEST_MESSAGE: usize = 10_000;
/// A link that ended is still told from one that never was, for so long.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(90 * 24);

/// Mails a case to the inbox of its team, where that works by e-mail. `contact` names the one message
/// it is about; without it, everything that was said goes along.
///
/// # Errors
/// When it cannot be written.
pub fn landed(
    tx: &mut Tx<'_>,
    at: &Moment,
    case: &Case,
    why: InboxWhy,
    contact: Option<ContactId>,
) -> Result<(), Failure> {
    let Some(queue) = queue_of(at, case) else {
        return Ok(());
    };
    // Whoever of the council has it hears of it in their own way.
    let is_free = !case.is_closed() && case.owner.is_none();
    let Some(inbox) = queue.inbox().filter(|_| is_free) else {
        return Ok(());
    };
    // Every change gives a case another version: one landing is one notice.
    let key = match contact {
        Some(contact) => format!("inbox:{why}:{contact}"),
        None => format!("inbox:{why}:{}:{}", case.id, case.version),
    };
    match case.secrecy {
        Secrecy::Restricted => Ok(()),
        Secrecy::Sensitive if why == InboxWhy::Message => Ok(()),
        Secrecy::Sensitive => {
            let item = item_of(tx, at, case)?;
            let chain = Chain::of(tx, at, case)?;
            let Some(leader) = chain.resolve(tx, &Whom::TeamLeader, None)?.recipient else {
                return Ok(());
            };
            let send_at = at.council.catalogue.calendar.next_sending_time(at.now);
            let says = Says::InboxKept { item };
            let case = Some(case.id);
            letters::tell_staff(tx, at, case, &leader.address, says, key, send_at)?;
            Ok(())
        }
        Secrecy::Ordinary => {
            let item = item_of(tx, at, case)?;
            let mail = InboxCase::unwritten(item, why, &queue.slug, contact);
            let says = Says::InboxCase(Box::new(mail));
            letters::tell_staff(tx, at, Some(case.id), inbox, says, key, at.now)?;
            Ok(())
        }
    }
}

/// Mails a case that an act has brought to a team, or back to it.
///
/// # Errors
/// When it cannot be written.
pub fn followed(tx: &mut Tx<'_>, at: &Moment, old: &Case, case: &Case) -> Result<(), Failure> {
    let was_over = matches!(old.status, Status::Closed | Status::Responded);
    let is_over = matches!(case.status, Status::Closed | Status::Responded);
    let may_be_mailed_now = old.secrecy != Secrecy::Ordinary && case.secrecy == Secrecy::Ordinary;
    if old.queue != case.queue || may_be_mailed_now {
        landed(tx, at, case, InboxWhy::Landed, None)
    } else if (was_over && !is_over) || old.stage != case.stage {
        landed(tx, at, case, InboxWhy::Reopened, None)
    } else {
        Ok(())
    }
}

/// A reminder as an inbox gets it: with what was asked, and links of its own.
#[must_use]
pub fn reminder(item: StaffItem, case: &Case, has_come: bool) -> Says {
    let why = if has_come {
        InboxWhy::DateCome
    } else {
        InboxWhy::DateNear
    };
    Says::InboxCase(Box::new(InboxCase::unwritten(item, why, &case.queue, None)))
}

/// A notice that was just claimed, filled with what it is to say where it goes to an inbox, and with
/// the address a reply goes to. Nothing, when the case is not the team's any more.
///
/// # Errors
/// When it cannot be read or written.
pub fn completed(
    tx: &mut Tx<'_>,
    at: &Moment,
    mut notice: Notice,
) -> Result<Option<Notice>, Failure> {
    let Some(case) = notice.case.filter(|_| !is_for_a_person(&notice)) else {
        return Ok(Some(notice));
    };
    let mut queues = at.council.catalogue.queues.values();
    let is_to_an_inbox = queues.any(|queue| queue.inbox() == Some(notice.recipient.as_str()));
    let is_a_case = matches!(notice.letter.says, Says::InboxCase(_));
    if !is_to_an_inbox && !is_a_case {
        return Ok(Some(notice));
    }
    let case = cases::find(tx, case)?.map(|filed| filed.case);
    if let Says::InboxCase(mail) = &mut notice.letter.says {
        let theirs = case
            .as_ref()
            .filter(|case| is_theirs(at, case, &mail.queue) && !case.is_closed());
        let Some(case) = theirs else {
            outbox::drop_claimed(tx, notice.id, notice.fence)?;
            return Ok(None);
        };
        fill(tx, at, case, mail, notice.id)?;
    }
    if let Some(case) = &case {
        keep_links(tx, at, case, notice.id)?;
        notice.headers.reply_to = Some(letters::plus_address(at, &reply_token(at, notice.id)));
    }
    Ok(Some(notice))
}

impl InboxCase {
    /// As it stands in the outbox: without anybody's words.
    fn unwritten(item: StaffItem, why: InboxWhy, queue: &str, contact: Option<ContactId>) -> Self {
        Self {
            item,
            why,
            queue: queue.to_owned(),
            contact,
            safety: Vec::new(),
            danger: None,
            place: None,
            person: None,
            asked: Vec::new(),
            n_files: 0,
            links: None,
        }
    }
}

fn is_for_a_person(notice: &Notice) -> bool {
    notice.person.is_some() || notice.letter.kind().is_for_the_person()
}

fn item_of(conn: &mut Conn, at: &Moment, case: &Case) -> Result<StaffItem, Failure> {
    let terms = terms_of(conn, at, case)?;
    let readings = clock::read(&case.facts, &terms, at.now);
    letters::staff_item(conn, at, case, answer_reading(case, &terms, &readings))
}

fn fill(
    tx: &mut Tx<'_>,
    at: &Moment,
    case: &Case,
    mail: &mut InboxCase,
    id: NoticeId,
) -> Result<(), Failure> {
    let safety = marking::what_keeps_safe(tx, at, case)?;
    let reader = Actor::Inbox(Inbox {
        queue: mail.queue.clone(),
        team: mail.queue.clone(),
        name: None,
    });
    for one in &safety {
        let object = format!("person:{}", one.person);
        note_look(tx, at, &reader, "person.markers_read", &object, None)?;
    }
    mail.safety = safety.into_iter().map(|one| one.words).collect();
    mail.danger.clone_from(&case.danger);
    mail.place = case.location.as_ref().and_then(|place| {
        let point = || {
            place
                .point()
                .map(|(lat, long)| format!("{lat:.5}, {long:.5}"))
        };
        place.description.clone().or_else(point)
    });
    mail.person = person(tx, case)?;
    let said: Vec<Contact> = contacts::of_case(tx, case.id, None, 100)?
        .into_iter()
        .filter(|one| one.direction == Direction::Inbound && !one.body.trim().is_empty())
        .filter(|one| mail.contact.is_none_or(|only| only == one.id))
        .collect();
    let most = usize::try_from(MOST_MESSAGES).unwrap_or(usize::MAX);
    let newest = said.len().saturating_sub(most);
    mail.asked = said
        .iter()
        .skip(newest)
        .map(|one| words_of(at, one))
        .collect();
    if mail.contact.is_none() {
        mail.asked.extend(answers_of(at, case));
    }
    let n_files = attachments::of_case(tx, case.id, 100)?.len();
    mail.n_files = u32::try_from(n_files).unwrap_or(u32::MAX);
    let page = |act| {
        format!(
            "{}/by-email/{}",
            at.desk.manners.public_url,
            token(at, id, act)
        )
    };
    let last = at.now + LinkAct::Taken.works_for();
    mail.links = Some(InboxLinks {
        taken: page(LinkAct::Taken),
        not_ours: page(LinkAct::NotOurs),
        needs_longer: page(LinkAct::NeedsLonger),
        until: wording::day(
            at.council.catalogue.calendar.date_of(last),
            Language::English,
        ),
    });
    Ok(())
}

/// Whoever asked, by name, and their number where they may be rung at it. Never where to write to
/// them: what is written goes through us, or its answer would not count.
fn person(conn: &mut Conn, case: &Case) -> Result<Option<InboxPerson>, Failure> {
    let Some(person) = case
        .reporter
        .map_or(Ok(None), |id| people::find(conn, id))?
    else {
        return Ok(None);
    };
    let reach = reaching::reach_of(conn, &person)?;
    Ok(Some(InboxPerson {
        phone: reach
            .phones(person.phone.as_deref())
            .first()
            .map(|number| as_dialled(number)),
        name: person.name,
    }))
}

/// A number as it is dialled here: `01632 960123`.
fn as_dialled(number: &str) -> String {
    match number.strip_prefix("+44") {
        Some(national) if national.len() == 10 => {
            let (area, own) = national.split_at_checked(4).unwrap_or((national, ""));
            format!("0{area} {own}")
        }
        _ => number.to_owned(),
    }
}

fn words_of(at: &Moment, contact: &Contact) -> InboxWords {
    let zone = at.council.catalogue.calendar.zone();
    let when = wording::at_when(contact.received_at, zone, Language::English);
    let mut text: String = contact.body.chars().take(LONGEST_MESSAGE).collect();
    if text.len() < contact.body.len() {
        text.push_str(" […]");
    }
    InboxWords {
        how: format!("{} at {when}", by_way_of(contact.channel)),
        text,
    }
}

/// What was answered to the questions of its category.
fn answers_of(at: &Moment, case: &Case) -> Option<InboxWords> {
    let category = letters::matter(at, case).map(|(_, category)| category);
    let question = |code: &str| {
        category
            .and_then(|category| category.fields.iter().find(|field| field.code == code))
            .map_or_else(|| code.replace('_', " "), |field| field.question.clone())
    };
    let answers: Vec<String> = case
        .fields
        .iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(code, value)| {
            let said = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            format!("{} {said}", question(code))
        })
        .collect();
    (!answers.is_empty()).then(|| InboxWords {
        how: "in answer to our questions".to_owned(),
        text: answers.join("\n"),
    })
}

const fn by_way_of(channel: Channel) -> &'static str {
    match channel {
        Channel::Phone | Channel::Voicemail | Channel::OutOfHours => "by telephone",
        Channel::Email => "by e-mail",
        Channel::WebForm => "on our website",
        Channel::Webchat => "by web chat",
        Channel::Sms => "by text message",
        Channel::Social => "on social media",
        Channel::Letter => "by letter",
        Channel::FaceToFace => "in person",
        Channel::Councillor => "by a councillor",
        Channel::Open311 | Channel::Api => "through another website",
    }
}

/// Keeps what the mail's links and reply address are known by. A mail tried again has the same.
fn keep_links(tx: &mut Tx<'_>, at: &Moment, case: &Case, id: NoticeId) -> Result<(), Failure> {
    inbox_links::forget(tx, at.now - REMEMBERED)?;
    for act in LinkAct::ALL {
        let hash = match act {
            LinkAct::Reply => reply_hash(&reply_token(at, id)),
            _ => hex(&tokens::hash(&token(at, id, *act))),
        };
        let link = InboxLink {
            notice: id,
            case: case.id,
            queue: case.queue.clone(),
            act: *act,
            expires_at: at.now + act.works_for(),
            used_at: None,
        };
        inbox_links::keep(tx, &link, &hash)?;
    }
    Ok(())
}
