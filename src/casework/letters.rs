//! Who is told what: letters into the outbox, in the transaction that made them so.
//!
//! One place builds every letter from case and catalogue, so that the rules of mail hold for all
//! of them: no words of the sender, a number staffed at that hour, nothing automatic where only
//! some ways of contact are safe, and what cannot go by mail stands as a letter to write.

use jiff::{SignedDuration, Timestamp};

use super::desk::{Moment, hex};
use super::failure::Failure;
use super::members;
use super::people::reaching;
use super::promises::{acknowledge_reading, answer_reading, terms_of};
use super::texts;
use crate::auth::{secrets, tracking as tokens};
use crate::domain::access::Actor;
use crate::domain::case::{Case, LinkKind, Outcome, Procedure, Status};
use crate::domain::catalogue::{Category, Post, Service};
use crate::domain::clock::{Reading, State, Terms};
use crate::domain::contact::Channel;
use crate::domain::ids::{CaseId, NoticeId, PersonId, TrackingLinkId};
use crate::domain::lifecycle;
use crate::domain::notice::{
    CaseFacts, CaseLine, CouncilLine, InEach, Kept, Letter, MemberLines, Ombudsman, OmbudsmanWhen,
    OtherBody, PhoneLine, PostLine, Says, StaffItem, language_for,
};
use crate::domain::person::reach::{self, Reach, Route, Sending, Withheld};
use crate::domain::standard::Acknowledgement;
use crate::domain::wording::{self, Language};
use crate::store::outbox::{self, Headers, Notice};
use crate::store::people::{self, Person};
use crate::store::tracking::{self, Link};
use crate::store::{Conn, Tx, cases, users};

/// The mail a notice answers, so that it stands in the same conversation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Thread {
    pub in_reply_to: Option<String>,
    pub references: Vec<String>,
}

/// A notice to the person a case is for.
#[derive(Debug, Clone)]
pub struct ToPerson<'a> {
    pub says: InEach,
    /// Which clock is met when it is accepted for delivery.
    pub meets: Option<String>,
    /// Writing it twice under one key is writing it once.
    pub dedupe_key: String,
    pub thread: &'a Thread,
    pub send_at: Timestamp,
    /// Written by a machine: never sent where only some ways of contact are safe.
    pub is_automatic: bool,
}

/// What became of telling the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// Or by text.
    ByMail(NoticeId),
    /// It stands as a letter to write.
    ByPost(NoticeId),
    /// There is no way.
    NotAtAll,
    /// There may be one, and it may not be used; the case's timeline says so.
    Withheld(Withheld),
}

/// The secret link of a person to a case: found or made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    pub token: String,
    pub url: String,
    /// Stands after the plus in our reply address.
    pub reply_token: String,
}

/// Gives a person their link to a case, the same one every time.
///
/// # Errors
/// When it cannot be written.
pub fn link_for(
    tx: &mut Tx<'_>,
    at: &Moment,
    case: CaseId,
    person: Option<PersonId>,
) -> Result<Access, Failure> {
    let link = match tracking::of_person(tx, case, person)? {
        Some(link) => link,
        None => {
            let bits: [u8; 16] = tokens::new_link_id();
            let link = Link {
                id: TrackingLinkId(uuid::Uuid::from_bytes(bits)),
                case,
                person,
            };
            let (token, reply) = compute_tokens(at, link.id);
            tracking::insert(tx, link, &kept_of(&token), &reply, at.now)?;
            link
        }
    };
    let (token, reply_token) = compute_tokens(at, link.id);
    Ok(Access {
        url: format!("{}/track/{token}", at.desk.manners.public_url),
        token,
        reply_token,
    })
}

/// Tells the person whose case it is, by the way they prefer and that is safe.
///
/// # Errors
/// When it cannot be written.
pub fn tell_person(
    tx: &mut Tx<'_>,
    at: &Moment,
    case: &Case,
    person: Option<&Person>,
    telling: ToPerson<'_>,
) -> Result<Told, Failure> {
    let Some(person) = person else {
        return Ok(Told::NotAtAll);
    };
    let category = at
        .council
        .catalogue
        .category(&case.service, &case.category)
        .map(|(_, category)| category);
    let (reach, wishes) = reaching::ways_to(tx, person)?;
    let email = email_of(tx, &reach, person)?;
    let sending = Sending {
        is_automatic: telling.is_automatic,
        is_guarded: category.is_some_and(|category| category.safe_contact),
        email: email.as_deref(),
        address: person.address.as_ref(),
        prefers_post: wishes.channel.as_deref() == Some("post"),
    };
    let number = match wishes.channel.as_deref() {
        Some("sms") => texted_at(tx, at, person, &reach, &sending)?,
        _ => None,
    };
    let route = reach::route(&reach, sending);
    if number.is_none()
        && let Some(told) = not_told(tx, at, case, telling.says.in_english(), &route)?
    {
        return Ok(told);
    }
    let access = link_for(tx, at, case.id, Some(person.id))?;
    let is_danger = matches!(telling.says.in_english(), Says::Danger { .. });
    let wished = Some(Language::from_tag(wishes.language.as_deref()))
        .filter(|wished| telling.says.is_said_in(*wished));
    let language = language_for(
        wished.unwrap_or(Language::English),
        telling.says.in_english().template(),
        |path| {
            at.council
                .catalogue
                .template_sources()
                .any(|(known, _)| known == path)
        },
    );
    let says = telling.says.said_in(language);
    let mut letter = if is_danger {
        Letter::without_case(language, council_line(at), says)
    } else {
        let line = case_line(at, case, Some(access.url.clone()), language, place_of(case));
        Letter::about(line, language, council_line(at), says)
    };
    letter.format = wishes.format.filter(|format| format != "standard");
    let id: NoticeId = at.id();
    let mut notice = Notice {
        id,
        dedupe_key: telling.dedupe_key,
        kind: letter.kind().as_str().to_owned(),
        case: Some(case.id),
        person: Some(person.id),
        transport: "email".to_owned(),
        recipient: String::new(),
        message_id: message_id(at, id),
        headers: Headers {
            reply_to: Some(plus_address(at, &access.reply_token)),
            in_reply_to: telling.thread.in_reply_to.clone(),
            references: telling.thread.references.clone(),
            auto_submitted: letter
                .kind()
                .auto_submitted(telling.thread.in_reply_to.is_some())
                .map(str::to_owned),
        },
        letter,
        meets: telling.meets,
        state: "pending".to_owned(),
        attempts: 0,
        created_at: at.now,
        next_attempt_at: Some(telling.send_at),
        fence: 0,
        sent_at: None,
        last_error: None,
    };
    if let Some(number) = number
        && notice.letter.as_text().is_some()
    {
        outbox::TEXT.clone_into(&mut notice.transport);
        notice.recipient = number;
        outbox::put(tx, &notice)?;
        return Ok(Told::ByMail(id));
    }
    match route {
        Route::Mail(email) => {
            let copies = match case.procedure {
                Procedure::MemberEnquiry => members::copies_for(tx, at, &email)?,
                _ => Vec::new(),
            };
            for copy in copies {
                let id: NoticeId = at.id();
                let copied = Notice {
                    id,
                    dedupe_key: format!("{}:copy:{copy}", notice.dedupe_key),
                    person: None,
                    message_id: message_id(at, id),
                    recipient: copy,
                    meets: None,
                    ..notice.clone()
                };
                outbox::put(tx, &copied)?;
            }
            notice.recipient = email;
            outbox::put(tx, &notice)?;
            Ok(Told::ByMail(id))
        }
        Route::Letter => {
            notice.transport = "post".to_owned();
            notice.state = "to_write".to_owned();
            notice.next_attempt_at = None;
            notice.recipient = person
                .name
                .clone()
                .unwrap_or_else(|| "the address on the case".to_owned());
            outbox::put(tx, &notice)?;
            Ok(Told::ByPost(id))
        }
        nowhere => {
            let told = not_told(tx, at, case, &notice.letter.says, &nowhere)?;
            Ok(told.unwrap_or(Told::NotAtAll))
        }
    }
}

/// The address at which a mail that nobody wrote reaches somebody on a case; none where it would go
/// another way, or not at all.
///
/// # Errors
/// When the database cannot be asked.
pub fn mailed_at(
    conn: &mut Conn,
    at: &Moment,
    case: &Case,
    person: &Person,
) -> Result<Option<String>, Failure> {
    let (reach, wishes) = reaching::ways_to(conn, person)?;
    let email = email_of(conn, &reach, person)?;
    let sending = Sending {
        is_automatic: true,
        is_guarded: matter(at, case).is_some_and(|(_, category)| category.safe_contact),
        email: email.as_deref(),
        address: person.address.as_ref(),
        prefers_post: wishes.channel.as_deref() == Some("post"),
    };
    Ok(match reach::route(&reach, sending) {
        Route::Mail(address) => Some(address),
        Route::Letter | Route::Withheld(_) | Route::Nowhere => None,
    })
}

/// Sends an officer's words to an address that is on nobody of the case, because the officer said so.
/// Without the secret link: that is the person's own, and so is the reply address that carries it.
///
/// # Errors
/// When it cannot be written.
pub fn tell_stranger(
    tx: &mut Tx<'_>,
    at: &Moment,
    case: &Case,
    email: &str,
    telling: ToPerson<'_>,
) -> Result<Told, Failure> {
    let language = Language::English;
    let line = case_line(at, case, None, language, place_of(case));
    let letter = Letter::about(
        line,
        language,
        council_line(at),
        telling.says.said_in(language),
    );
    let id: NoticeId = at.id();
    let notice = Notice {
        id,
        dedupe_key: telling.dedupe_key,
        kind: letter.kind().as_str().to_owned(),
        case: Some(case.id),
        person: None,
        transport: "email".to_owned(),
        recipient: email.to_owned(),
        message_id: message_id(at, id),
        headers: Headers {
            reply_to: Some(at.council.catalogue.council.mail.from_address.clone()),
            auto_submitted: letter.kind().auto_submitted(false).map(str::to_owned),
            ..Headers::default()
        },
        letter,
        meets: telling.meets,
        state: "pending".to_owned(),
        attempts: 0,
        created_at: at.now,
        next_attempt_at: Some(telling.send_at),
        fence: 0,
        sent_at: None,
        last_error: None,
    };
    outbox::put(tx, &notice)?;
    Ok(Told::ByMail(id))
}

/// Tells a member of staff, at their office address.
///
/// # Errors
/// When it cannot be written.
pub fn tell_staff(
    tx: &mut Tx<'_>,
    at: &Moment,
    case: Option<CaseId>,
    email: &str,
    says: Says,
    dedupe_key: String,
    send_at: Timestamp,
) -> Result<NoticeId, Failure> {
    let letter = Letter::to_staff(council_line(at), says);
    let id: NoticeId = at.id();
    let notice = Notice {
        id,
        dedupe_key,
        kind: letter.kind().as_str().to_owned(),
        case,
        person: None,
        transport: "email".to_owned(),
        recipient: email.to_owned(),
        message_id: message_id(at, id),
        headers: Headers {
            reply_to: Some(at.council.catalogue.council.mail.from_address.clone()),
            auto_submitted: letter.kind().auto_submitted(false).map(str::to_owned),
            ..Headers::default()
        },
        letter,
        meets: None,
        state: "pending".to_owned(),
        attempts: 0,
        created_at: at.now,
        next_attempt_at: Some(send_at),
        fence: 0,
        sent_at: None,
        last_error: None,
    };
    outbox::put(tx, &notice)?;
    Ok(id)
}

/// What the first automatic notice says: the confirmation, in the form this case needs, and which
/// clock it meets.
#[must_use]
pub fn confirmation(
    at: &Moment,
    case: &Case,
    terms: &Terms,
    readings: &[Reading],
    services_own: Option<&Case>,
) -> (InEach, Option<String>) {
    if says_no_date(at, case) {
        let emergency_line = emergency_line(at, case);
        return (Says::Danger { emergency_line }.into(), None);
    }
    let meets = (terms.standard.acknowledgement == Acknowledgement::Automatic)
        .then(|| {
            terms
                .standard
                .acknowledge_clock()
                .map(|clock| clock.name.clone())
        })
        .flatten();
    let says = InEach::of(|language| match case.procedure {
        // A member is told who answers for the service they ask about, not for member services.
        Procedure::MemberEnquiry => match member_lines(at, services_own.unwrap_or(case)) {
            Some(member) => Says::MemberConfirmation {
                what_happens: what_happens(at, case, terms, readings, language),
                service_reference: services_own.map(|own| own.reference.to_string()),
                member,
            },
            None => Says::Confirmation {
                what_happens: what_happens(at, case, terms, readings, language),
            },
        },
        Procedure::Complaint
        | Procedure::ChildrensComplaint
        | Procedure::AdultsComplaint
        | Procedure::DpComplaint => Says::ComplaintReceipt {
            acknowledge_by: acknowledge_reading(case, terms, readings)
                .and_then(|reading| by_when(at, reading, language)),
            latest_by: answer_reading(case, terms, readings)
                .and_then(|reading| by_when(at, reading, language)),
        },
        _ => Says::Confirmation {
            what_happens: what_happens(at, case, terms, readings, language),
        },
    });
    (says, meets)
}

/// Whether the person was told to ring and no date: there is danger, or nothing may be said.
#[must_use]
pub fn says_no_date(at: &Moment, case: &Case) -> bool {
    case.is_in_danger() || matter(at, case).is_some_and(|(_, category)| category.is_restricted)
}

/// The promises that run, as whole sentences; where there is no date, what the category says
/// instead.
#[must_use]
pub fn what_happens(
    at: &Moment,
    case: &Case,
    terms: &Terms,
    readings: &[Reading],
    language: Language,
) -> Vec<String> {
    let found = at.council.catalogue.category(&case.service, &case.category);
    let what_we_do = found.and_then(|(_, category)| category.what_we_do.as_deref());
    let line = case_line(at, case, None, language, None);
    let answer = answer_reading(case, terms, readings);
    let mut sentences: Vec<String> = Vec::new();
    for reading in readings
        .iter()
        .filter(|one| matches!(one.state, State::Running | State::Projected | State::Missed))
    {
        let Some(spec) = terms.standard.clock(&reading.name) else {
            continue;
        };
        let is_acknowledgement = spec.is_acknowledgement();
        let (false, Some(by)) = (is_acknowledgement, by_when(at, reading, language)) else {
            continue;
        };
        if reading.state == State::Missed {
            sentences.push(wording::missed(&by, None, language));
        } else if answer.is_some_and(|answer| answer.name == reading.name) {
            sentences.push(line.promise(what_we_do, &by, language));
        } else if !line.is_private && reading.state == State::Running {
            sentences.push(promise_beside(terms, &reading.name, &by, language));
        }
    }
    if sentences.is_empty()
        && let Some(text) = found.and_then(|(_, category)| category.no_answer_text_in(language))
    {
        sentences.push(text.to_owned());
    }
    sentences
}

/// What is promised beside the answer, in the procedure's words: those of the category are about the
/// answer.
#[must_use]
pub fn promise_beside(terms: &Terms, clock: &str, by: &str, language: Language) -> String {
    let spec = terms.standard.clock(clock);
    let what = spec.map(|spec| format!("We will {}", spec.promises));
    wording::clock_promise(clock, what.as_deref(), by, language)
}

/// "5pm on Tuesday 24 November 2026", or the day alone for promises that end at midnight.
#[must_use]
pub fn by_when(at: &Moment, reading: &Reading, language: Language) -> Option<String> {
    let zone = at.council.catalogue.calendar.zone();
    Some(wording::by_when(
        reading.due_on?,
        reading.due_at?,
        zone,
        language,
    ))
}

/// A case as a letter may speak of it.
#[must_use]
pub fn case_line(
    at: &Moment,
    case: &Case,
    link: Option<String>,
    language: Language,
    place: Option<String>,
) -> CaseLine {
    let found = at.council.catalogue.category(&case.service, &case.category);
    let (public_name, team, tone) = found.map_or(
        ("your message", "the council", None),
        |(service, category)| {
            (
                category.public_name.as_str(),
                service.public_name.as_str(),
                category.tone.as_deref(),
            )
        },
    );
    CaseLine::of(&CaseFacts {
        reference: &case.reference,
        procedure: case.procedure,
        public_name,
        place: place.as_deref(),
        team,
        secrecy: case.secrecy,
        is_bereavement: tone == Some("bereavement"),
        link,
        phone: phone_line(at, case),
        language,
    })
}

/// The number of a case's service with its hours; when nobody is there now, also the line that
/// somebody answers.
#[must_use]
pub fn phone_line(at: &Moment, case: &Case) -> PhoneLine {
    let catalogue = &at.council.catalogue;
    let Some(service) = catalogue.service(&case.service) else {
        return PhoneLine {
            number: catalogue.council.main_phone.clone(),
            hours: Some(catalogue.council.main_hours.in_words()),
        };
    };
    let hours = service.hours.in_words();
    let hours = match &service.out_of_hours_phone {
        Some(other) if !catalogue.is_staffed(&service.hours, at.now) => {
            format!("{hours}; now, outside these hours, {other}")
        }
        _ => hours,
    };
    PhoneLine {
        number: service.phone.clone(),
        hours: Some(hours),
    }
}

/// The line to ring when there is danger, open at this hour.
#[must_use]
pub fn emergency_line(at: &Moment, case: &Case) -> String {
    let catalogue = &at.council.catalogue;
    catalogue.service(&case.service).map_or_else(
        || catalogue.council.emergency_phone.clone(),
        |service| catalogue.phone_for(service, at.now).0,
    )
}

/// Whom a member may go to: the head of the service and the councillor responsible.
#[must_use]
pub fn member_lines(at: &Moment, case: &Case) -> Option<MemberLines> {
    let catalogue = &at.council.catalogue;
    let service = catalogue.service(&case.service)?;
    let head = catalogue.post(&service.head_of_service)?;
    let holder = catalogue.post(&service.portfolio)?;
    Some(MemberLines {
        head_of_service: post_line(head),
        councillor_responsible: post_line(holder),
    })
}

/// The service's own case that a member's enquiry is about, when there is one.
///
/// # Errors
/// When it cannot be read.
pub fn services_own(conn: &mut Conn, case: &Case) -> Result<Option<Case>, Failure> {
    let related = cases::related(conn, &Actor::System.sight(), case.id)?;
    let own = related.into_iter().find(|(kind, filed)| {
        *kind == LinkKind::About && filed.case.procedure != Procedure::MemberEnquiry
    });
    Ok(own.map(|(_, filed)| filed.case))
}

/// One case in a mail to staff.
///
/// # Errors
/// When the owner cannot be read.
pub fn staff_item(
    conn: &mut Conn,
    at: &Moment,
    case: &Case,
    reading: Option<&Reading>,
) -> Result<StaffItem, Failure> {
    let terms = terms_of(conn, at, case)?;
    let catalogue = &at.council.catalogue;
    let found = catalogue.category(&case.service, &case.category);
    let line = case_line(at, case, None, Language::English, None);
    let what_we_do = found.and_then(|(_, category)| category.what_we_do.as_deref());
    let promised = reading
        .and_then(|reading| Some((reading, by_when(at, reading, Language::English)?)))
        .map_or_else(
            || "No date was promised".to_owned(),
            |(reading, by)| {
                let spec = reading.promise.as_ref();
                if spec.is_some() {
                    format!("An officer promised something by {by}")
                } else if lifecycle::current_answer_clock(case, &terms).as_ref()
                    == Some(&reading.name)
                {
                    line.promise(what_we_do, &by, Language::English)
                } else {
                    promise_beside(&terms, &reading.name, &by, Language::English)
                }
            },
        );
    let team = found.map_or("the council", |(service, _)| service.public_name.as_str());
    let has_owner = match case.owner {
        Some(owner) => users::find(conn, owner)?.is_some(),
        None => false,
    };
    Ok(StaffItem {
        reference: case.reference.to_string(),
        topic: line.topic,
        place: None,
        promised: promised.trim_end_matches('.').to_owned(),
        to_whom: wording::to_whom(case.requester_kind).to_owned(),
        who_has_it: match &case.taken_by {
            Some(_) => wording::the_team(queue_team(at, case).unwrap_or(team)),
            None => StaffItem::who_has_it(has_owner, team),
        },
        last_action: case.last_action.as_ref().map(|last| {
            wording::last_action(
                &last.what.replace('_', " "),
                catalogue.calendar.date_of(last.at),
            )
        }),
        link: None,
        waits: None,
    })
}

/// The Ombudsman a person may go to under a standard, where it names one.
#[must_use]
pub fn ombudsman(at: &Moment, terms: &Terms, when: OmbudsmanWhen) -> Option<Ombudsman> {
    let body = terms.standard.ombudsman.as_ref()?;
    let contact = at.council.catalogue.council.ombudsmen.get(&body.slug);
    Some(Ombudsman {
        name: format!("the {}", body.name),
        phone: contact.and_then(|contact| contact.phone.clone()),
        website: contact.map(|contact| contact.website.clone()),
        when,
    })
}

/// What a closing letter says, in one language.
#[must_use]
pub fn closure(
    at: &Moment,
    case: &Case,
    terms: &Terms,
    outcome: Outcome,
    text: Option<String>,
    language: Language,
) -> Option<Says> {
    match outcome {
        // These are told to nobody: the person knows, or hears through the case that goes on.
        Outcome::Merged | Outcome::Duplicate => None,
        Outcome::NotOurs | Outcome::Referred => Some(Says::NotOurs {
            body: other_body(at, case),
            text,
        }),
        _ => Some(Says::Closure {
            outcome,
            text,
            follow_up_by: case
                .follow_up_until
                .map(|until| wording::day(until, language)),
            ombudsman: (outcome == Outcome::Refused)
                .then(|| ombudsman(at, terms, OmbudsmanWhen::Now))
                .flatten(),
        }),
    }
}

/// A letter on a matter that is not put into mail to members: that there are words, and not what
/// they say. What was written by no officer stays as it is.
#[must_use]
pub fn without_words(says: Says, dates: Vec<String>, member: Option<MemberLines>) -> Says {
    let (instead_of, what_happens, follow_up_by) = match says {
        Says::Acknowledgement { .. } => (Kept::Acknowledgement, dates, None),
        Says::Reply { follow_up_by, .. } => (Kept::Answer, Vec::new(), follow_up_by),
        Says::HoldingReply { what_happens, .. } => (Kept::Update, what_happens, None),
        Says::Question { .. } => (Kept::Question, Vec::new(), None),
        Says::Extension { .. } => (Kept::Extension, dates, None),
        Says::Closure {
            text: Some(_),
            follow_up_by,
            ..
        } => (Kept::Closure, Vec::new(), follow_up_by),
        other => return other,
    };
    Says::WordsKept {
        instead_of,
        what_happens,
        follow_up_by,
        member,
    }
}

/// When an officer's words leave: a little later, so that they can be taken back.
#[must_use]
pub fn after_undo(at: &Moment) -> Timestamp {
    at.now + SignedDuration::from_secs(at.desk.manners.undo_seconds)
}

/// The council as it stands in a letter.
#[must_use]
pub fn council_line(at: &Moment) -> CouncilLine {
    let council = &at.council.catalogue.council;
    CouncilLine {
        name: council.name.clone(),
        main_phone: council.main_phone.clone(),
        emergency_phone: council.emergency_phone.clone(),
    }
}

/// Where a case stands, in a sentence for the person.
#[must_use]
pub fn standing(at: &Moment, case: &Case, language: Language) -> String {
    let line = case_line(at, case, None, language, None);
    line.standing(
        case.status,
        case.waiting_for,
        case.outcome,
        case.follow_up_until,
        language,
    )
}

/// A place that may stand in a letter: only one that staff entered, and only in the shape of an
/// address. A public form with somebody else's address must not become a relay.
#[must_use]
pub fn place_of(case: &Case) -> Option<String> {
    let is_from_staff = matches!(
        case.channel,
        Channel::Phone
            | Channel::Voicemail
            | Channel::Letter
            | Channel::FaceToFace
            | Channel::OutOfHours
    );
    if !is_from_staff || case.status == Status::Closed {
        return None;
    }
    case.location
        .as_ref()
        .and_then(|location| location.description.as_deref())
        .and_then(wording::address_line)
}

/// A body outside the council that the catalogue knows, with how to reach it.
///
/// # Errors
/// Names those there are, when there is none of this name or none that can be reached.
pub fn body_named(at: &Moment, name: &str) -> Result<OtherBody, Failure> {
    let known = || {
        let all = at.council.catalogue.routing.not_ours.iter();
        all.filter_map(|body| {
            Some(OtherBody {
                name: body.name.clone(),
                how_to_reach: body.how_to_reach()?,
            })
        })
    };
    known().find(|body| body.name == name).ok_or_else(|| {
        let names: Vec<String> = known().map(|body| format!("`{}`", body.name)).collect();
        Failure::invalid(
            "/other_body",
            "unknown_value",
            format!(
                "The catalogue knows no body of this name; it knows: {}.",
                names.join(", ")
            ),
        )
    })
}

/// Service and category of a case in the catalogue in force, when they still are.
#[must_use]
pub fn matter<'c>(at: &'c Moment, case: &Case) -> Option<(&'c Service, &'c Category)> {
    at.council.catalogue.category(&case.service, &case.category)
}

/// What is answered where there is no way, or none that may be used.
fn not_told(
    tx: &mut Tx<'_>,
    at: &Moment,
    case: &Case,
    says: &Says,
    route: &Route,
) -> Result<Option<Told>, Failure> {
    match route {
        Route::Nowhere => Ok(Some(Told::NotAtAll)),
        Route::Withheld(why) => {
            // A stranger may ask for a link as often as they like; no timeline is filled with that.
            if !matches!(says, Says::TrackingLink) {
                reaching::note_withheld(tx, at, Some(case.id), says.kind().as_str(), *why)?;
            }
            Ok(Some(Told::Withheld(*why)))
        }
        Route::Mail(_) | Route::Letter => Ok(None),
    }
}

/// The first of somebody's addresses that takes our mail.
fn email_of(conn: &mut Conn, reach: &Reach, person: &Person) -> Result<Option<String>, Failure> {
    for address in reach.emails(person.email.as_deref()) {
        if !people::is_bouncing(conn, &address)? {
            return Ok(Some(address));
        }
    }
    Ok(None)
}

/// The number somebody who wants texts is texted at, where texts are sent at all and the number takes
/// them.
fn texted_at(
    conn: &mut Conn,
    at: &Moment,
    person: &Person,
    reach: &Reach,
    sending: &Sending<'_>,
) -> Result<Option<String>, Failure> {
    let is_kept_silent = sending.is_automatic && sending.is_guarded;
    if !at.desk.sends_texts() || is_kept_silent {
        return Ok(None);
    }
    for number in reach.phones(person.phone.as_deref()) {
        // What is no mobile number here reads no texts.
        let is_mobile = number.starts_with("+447") || !number.starts_with("+44");
        if is_mobile
            && reach.admits_text(&number, sending.is_automatic).is_ok()
            && !texts::wants_none(conn, &number)?
        {
            return Ok(Some(number));
        }
    }
    Ok(None)
}

fn queue_team<'c>(at: &'c Moment, case: &Case) -> Option<&'c str> {
    let queue = at.council.catalogue.queue(&case.queue)?;
    Some(queue.team_name.as_str())
}

fn other_body(at: &Moment, case: &Case) -> Option<OtherBody> {
    let (_, category) = matter(at, case)?;
    category.refer.as_ref().map(|how| OtherBody {
        name: "another organisation".to_owned(),
        how_to_reach: how.clone(),
    })
}

fn post_line(post: &Post) -> PostLine {
    PostLine {
        title: post.title.clone(),
        email: post.email.clone(),
        phone: post.phone.clone(),
    }
}

pub(super) fn message_id(at: &Moment, id: NoticeId) -> String {
    format!("{id}@{}", at.council.catalogue.council.mail.reply_domain)
}

pub(super) fn plus_address(at: &Moment, reply_token: &str) -> String {
    let mail = &at.council.catalogue.council.mail;
    let local = mail.from_address.split('@').next().unwrap_or("contact");
    format!("{local}+{reply_token}@{}", mail.reply_domain)
}

fn compute_tokens(at: &Moment, id: TrackingLinkId) -> (String, String) {
    tokens_of(&at.desk.secrets.tracking, id)
}

/// Both tokens of a link, computed from its id and the installation's secret: neither is stored.
#[must_use]
pub fn tokens_of(secret: &[u8], id: TrackingLinkId) -> (String, String) {
    let key = tokens::TrackingKey::new(secret);
    let token = tokens::derive(&key, id.0.as_bytes());
    // Mail systems fold the case of local parts, so this one is hexadecimal.
    let reply = secrets::hash(&format!("reply:{token}"));
    let reply: String = hex(&reply).chars().take(32).collect();
    (token, reply)
}

/// What is kept of a link's token.
#[must_use]
pub fn kept_of(token: &str) -> String {
    hex(&tokens::hash(token))
}
