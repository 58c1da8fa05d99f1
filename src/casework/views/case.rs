//! A case: in a list, by itself, and as an act left it.

use std::collections::BTreeSet;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::attachments::{self, AttachmentView};
use super::history::{TimelineLine, line_for};
use super::incidents::{self, IncidentName};
use super::person::Instruction;
use super::{
    CaseName, Extent, Named, Part, Sort, extent, is_outside_the_work, is_readable, named, names,
};
use crate::casework::actions::{Acted, Owner};
use crate::casework::desk::Moment;
use crate::casework::failure::Failure;
use crate::casework::identity;
use crate::casework::people::{marking, sameness};
use crate::casework::performance;
use crate::casework::promises::stays_of;
use crate::casework::tracking::{self, PublicView};
use crate::casework::{letters, members};
use crate::domain::access::{Act, Actor, Verdict, may};
use crate::domain::calendar::WallTime;
use crate::domain::case::{
    Case, LinkKind, Outcome, Priority, Procedure, Routed, Secrecy, Status, WaitingFor,
};
use crate::domain::catalogue::Post;
use crate::domain::contact::{Channel, Location};
use crate::domain::identity::IdentityChecked;
use crate::domain::ids::{CaseId, PersonId};
use crate::domain::member::{Basis, ConsentHow};
use crate::domain::person::{PersonKind, RoleOnCase};
use crate::domain::waiting::Place;
use crate::store::cases::{self, After, Filed, Filter, Order};
use crate::store::types::NEVER;
use crate::store::{Conn, legal_holds, outbox, people, users};

/// A case as every list and every act shows it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct CaseView {
    pub id: Uuid,
    /// As it is quoted: `4X7-K92-MQ3`.
    pub reference: String,
    pub status: Status,
    /// For whom it waits, while it does.
    pub waiting_for: Option<WaitingFor>,
    /// How it ended, once it has.
    pub outcome: Option<Outcome>,
    pub subject: String,
    pub priority: Priority,
    /// Who may know of it: `sensitive` for those who work its service, `restricted` for those who are
    /// named.
    pub secrecy: Secrecy,
    pub procedure: Procedure,
    /// Stage of a complaint; 1 otherwise.
    pub stage: u8,
    pub service: String,
    pub category: String,
    pub queue: String,
    /// The slug of the ward it is in, where that is known.
    pub ward: Option<String>,
    pub owner: Option<Named>,
    /// Who has it in a team that works by e-mail: the name they gave, else the team's.
    pub taken_by: Option<String>,
    pub channel: Channel,
    pub received_at: Timestamp,
    /// The first instant that is late.
    pub acknowledge_by: Option<Timestamp>,
    /// The last day, to show people.
    pub acknowledge_on: Option<Date>,
    /// The first instant that is late.
    pub respond_by: Option<Timestamp>,
    /// The last day, to show people.
    pub respond_on: Option<Date>,
    /// The date stands once what starts it has happened.
    pub respond_by_projected: bool,
    /// The first date we told the person.
    pub first_promised_on: Option<Date>,
    /// Why it is where it is.
    pub routing: Routed,
    /// What `If-Match` takes, in quotes.
    pub version: i64,
    pub links: CaseLinks,
}

/// Where more about a case is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CaseLinks {
    #[serde(rename = "self")]
    pub itself: String,
    pub timeline: String,
    pub clocks: String,
}

/// A case by itself.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct CaseDetail {
    /// What to know before dealing with its people; shown to those who work the case.
    pub instructions: Vec<Instruction>,
    #[serde(flatten)]
    pub case: CaseView,
    pub requester_kind: PersonKind,
    pub opened_at: Timestamp,
    pub updated_at: Timestamp,
    pub closed_at: Option<Timestamp>,
    /// Who it is from, for and about.
    pub people: Vec<PersonOnCase>,
    /// Cases linked to it, in either direction, that the reader may see.
    pub related_cases: Vec<RelatedCase>,
    /// Incidents it is on.
    pub incidents: Vec<IncidentName>,
    /// References it had in older systems.
    pub aliases: Vec<String>,
    /// The reference it has with whoever brought it in.
    pub their_reference: Option<String>,
    pub location: Option<Location>,
    pub ward_name: Option<String>,
    /// Who was elected for the ward it is in.
    pub ward_councillors: Vec<WardCouncillorView>,
    /// Files that came with it, oldest first.
    pub attachments: Vec<AttachmentView>,
    /// What its category asks for.
    pub fields: serde_json::Map<String, serde_json::Value>,
    /// What kind of danger was read or declared.
    pub danger: Option<String>,
    /// Somebody has the danger in hand.
    pub is_claimed: bool,
    /// How often the person has asked again.
    pub chasers: u32,
    /// How often it has changed queues.
    pub transfers: u32,
    /// Until when a message from the person opens it again.
    pub follow_up_until: Option<Date>,
    /// Where it waits now and until when it may; empty when somebody is at it.
    pub waits: Vec<WaitView>,
    /// The last day on which whoever has it is away, while they are: their team may take it.
    pub owner_away_until_on: Option<Date>,
    /// What the person reads by their link, for those who follow the case as they do. Of everything
    /// else they see no words, names or addresses. Absent for those who may read all of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_view: Option<PublicView>,
    /// Whether whoever spoke to us about it last has shown who they are.
    pub identity_checked: IdentityChecked,
    /// It must be kept as it is: nothing is taken away from it.
    pub is_under_legal_hold: bool,
    /// Who answers for the service it is about; null where the catalogue has no such service.
    pub answers_for: Option<AnswersFor>,
    /// What belongs to a councillor's or MP's enquiry; null on every other case.
    pub member_enquiry: Option<MemberEnquiryView>,
}

/// Whom a member may turn to about a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct AnswersFor {
    pub head_of_service: PostView,
    pub portfolio_holder: PostView,
}

/// A post with how to reach it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PostView {
    pub title: String,
    pub email: String,
    pub phone: Option<String>,
}

/// How a member's enquiry stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct MemberEnquiryView {
    /// Why they ask, as it was read from their words or put right.
    pub basis: Basis,
    /// By which words, or why it was put right.
    pub why: String,
    /// The last that was recorded of the person's consent; null when nothing was.
    pub consent: Option<ConsentView>,
    /// How far a reply to them may go now.
    pub reply_scope: ReplyReach,
    /// They are a member no longer: nothing about anybody else is told to them.
    pub member_has_left: bool,
    /// The service's own case; null where there is none, or you may not see it.
    pub service_case: Option<RelatedCase>,
    /// What the service answered there, for whoever writes to the member; null otherwise.
    pub service_answer: Option<ServiceAnswerView>,
}

/// Consent as it was recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ConsentView {
    /// False when it was refused or taken back.
    pub given: bool,
    pub how: ConsentHow,
    /// Who said so, where it was not the person themselves.
    pub who: Option<String>,
    pub on: Date,
}

/// How far a reply may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReplyReach {
    /// Nothing about the person.
    General,
    Full,
}

/// An answer given on the service's own case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ServiceAnswerView {
    /// Reference of the service's case.
    pub case: String,
    pub at: Timestamp,
    pub text: String,
}

/// Somebody elected for a ward.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct WardCouncillorView {
    pub name: String,
    pub email: String,
}

/// One place where a case waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct WaitView {
    pub place: Place,
    pub since: Timestamp,
    /// From then on those responsible are told.
    pub limit_at: Timestamp,
    /// The same for staff to read: "We could not reach the person: our message came back on …".
    pub words: String,
    /// What can be done about it.
    pub you_can: String,
}

/// One person on a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PersonOnCase {
    pub id: Uuid,
    pub name: Option<String>,
    pub role: RoleOnCase,
    /// For whom they act.
    pub organisation: Option<String>,
    /// They have taken back their part.
    pub has_withdrawn: bool,
}

/// A case linked to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RelatedCase {
    pub id: Uuid,
    pub reference: String,
    pub kind: LinkKind,
    pub service: String,
    pub procedure: Procedure,
    pub status: Status,
}

/// What an act on a case left.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ActedView {
    /// What happened; null when it was so already.
    pub event: Option<TimelineLine>,
    pub case: CaseView,
    /// What was sent for it; absent when nothing was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notice: Option<LeavingNotice>,
    /// What to see to before anything is said to whoever is on the line.
    pub warnings: Vec<String>,
}

/// A notice that is on its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LeavingNotice {
    pub id: Uuid,
    /// Until then a reply can be taken back; null for a letter somebody must write.
    pub leaves_at: Option<Timestamp>,
}

/// What a list of cases is narrowed to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Question {
    pub status: Vec<Status>,
    pub queue: Option<String>,
    pub service: Option<String>,
    pub category: Option<String>,
    pub owner: Option<Owner>,
    pub procedure: Option<Procedure>,
    pub priority: Option<Priority>,
    pub channel: Option<Channel>,
    pub person: Option<PersonId>,
    /// A ward's slug.
    pub ward: Option<String>,
    pub due_before: Option<Timestamp>,
    pub is_overdue: bool,
    /// From the first local date to the second, both included.
    pub received_on: (Option<Date>, Option<Date>),
    pub team: Option<String>,
    /// A post's slug, or nothing for nobody, as is the one below.
    pub head_of_service: Option<String>,
    pub portfolio: Option<String>,
    /// Only those that stand in the reader's figures.
    pub is_counted: bool,
    /// Searched in reference, subject and what was said.
    pub text: Option<String>,
    pub sort: Sort,
    /// How many there are in all is wanted too.
    pub with_total: bool,
}

/// Where a list of cases goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CasesAfter {
    pub sort: Sort,
    risk: i32,
    at: Timestamp,
    id: CaseId,
}

/// A part of the cases the actor may see, and how many there are in all, where that was asked.
///
/// # Errors
/// When the database cannot be asked, or `me` is nobody.
pub fn list(
    conn: &mut Conn,
    at: &Moment,
    actor: &Actor,
    question: &Question,
    after: Option<CasesAfter>,
    limit: u16,
) -> Result<(Part<CaseView, CasesAfter>, Option<u64>), Failure> {
    let sight = actor.sight();
    let Some(filter) = filter(conn, at, actor, question)? else {
        let nothing = Part {
            items: Vec::new(),
            next: None,
        };
        return Ok((nothing, question.with_total.then_some(0)));
    };
    let order = match question.sort {
        Sort::Due => Order::Due,
        Sort::Received => Order::Received,
        Sort::Updated => Order::Updated,
    };
    let after = after.map(|after| After {
        risk: after.risk,
        at: after.at,
        id: after.id,
    });
    let rows = cases::list(conn, &sight, &filter, order, after, i64::from(limit) + 1)?;
    let part = Part::cut(rows, limit, |filed| goes_on(question.sort, filed));
    let mut seen = Vec::with_capacity(part.items.len());
    let mut followed = Vec::new();
    for filed in part.items {
        let extent = if sight.is_partly_following() {
            extent(conn, actor, &filed.case)?
        } else {
            is_readable(actor, &filed.case).then_some(Extent::All)
        };
        if let Some(extent) = extent {
            followed.push(extent == Extent::AsThePublic);
            seen.push(filed);
        }
    }
    let mut items = views(conn, &seen)?;
    for ((view, filed), is_followed) in items.iter_mut().zip(&seen).zip(followed) {
        if is_followed {
            leave_out_what_is_not_public(at, view, &filed.case);
        }
    }
    let total = if question.with_total {
        Some(u64::try_from(cases::count(conn, &sight, &filter)?).unwrap_or(0))
    } else {
        None
    };
    Ok((
        Part {
            items,
            next: part.next,
        },
        total,
    ))
}

/// A case that was found for the actor, in full.
///
/// # Errors
/// When the database cannot be asked.
pub fn detail(
    conn: &mut Conn,
    at: &Moment,
    actor: &Actor,
    filed: &Filed,
) -> Result<CaseDetail, Failure> {
    let case = &filed.case;
    if extent(conn, actor, case)? == Some(Extent::AsThePublic) {
        return detail_as_the_public(conn, at, filed);
    }
    let is_outside = is_outside_the_work(actor);
    let people = people_on(conn, actor, case.id)?;
    let related_cases = related(conn, actor, case.id)?;
    let member_enquiry = member_enquiry(conn, at, actor, case, &related_cases)?;
    let answers_for = answers_for(conn, at, case)?;
    let instructions = marking::instructions_on_case(conn, at, actor, case)?;
    let ward = case
        .ward
        .as_deref()
        .and_then(|slug| at.council.catalogue.wards.wards.get(slug));
    Ok(CaseDetail {
        instructions,
        case: view(conn, filed)?,
        requester_kind: case.requester_kind,
        opened_at: case.opened_at,
        updated_at: case.updated_at,
        closed_at: case.closed_at,
        people,
        related_cases,
        incidents: incidents::names(conn, case.id)?,
        aliases: cases::aliases(conn, case.id)?,
        their_reference: case.their_reference.clone(),
        location: case.location.clone(),
        ward_name: ward.map(|ward| ward.name.clone()),
        ward_councillors: ward.map_or_else(Vec::new, |ward| {
            let councillors = ward.councillors.iter();
            councillors
                .map(|one| WardCouncillorView {
                    name: one.name.clone(),
                    email: one.email.clone(),
                })
                .collect()
        }),
        attachments: if is_outside {
            Vec::new()
        } else {
            attachments::of_case(conn, case.id)?
        },
        fields: if is_outside {
            serde_json::Map::new()
        } else {
            case.fields.clone()
        },
        danger: case.danger.clone(),
        is_claimed: case.is_claimed,
        chasers: case.n_chasers,
        transfers: case.n_transfers,
        follow_up_until: case.follow_up_until,
        waits: if is_outside {
            Vec::new()
        } else {
            waits(conn, at, filed)?
        },
        owner_away_until_on: if is_outside {
            None
        } else {
            owner_away_until(conn, at, case)?
        },
        public_view: None,
        answers_for,
        member_enquiry,
        identity_checked: if is_outside {
            IdentityChecked::None
        } else {
            identity::standing(conn, case.id, None)?
        },
        is_under_legal_hold: !is_outside && legal_holds::of_case(conn, case.id)?.is_some(),
    })
}

/// A case for those who follow it as the public does. What the person could not read by their link
/// is left out, and what they read is there in words.
fn detail_as_the_public(
    conn: &mut Conn,
    at: &Moment,
    filed: &Filed,
) -> Result<CaseDetail, Failure> {
    let case = &filed.case;
    let mut shown = view(conn, filed)?;
    leave_out_what_is_not_public(at, &mut shown, case);
    Ok(CaseDetail {
        instructions: Vec::new(),
        ward_name: None,
        ward_councillors: Vec::new(),
        case: shown,
        requester_kind: case.requester_kind,
        opened_at: case.opened_at,
        updated_at: case.updated_at,
        closed_at: case.closed_at,
        people: Vec::new(),
        related_cases: Vec::new(),
        incidents: Vec::new(),
        aliases: Vec::new(),
        their_reference: None,
        location: None,
        attachments: Vec::new(),
        fields: serde_json::Map::new(),
        danger: None,
        is_claimed: case.is_claimed,
        chasers: 0,
        transfers: 0,
        follow_up_until: case.follow_up_until,
        waits: Vec::new(),
        identity_checked: IdentityChecked::None,
        is_under_legal_hold: false,
        answers_for: answers_for(conn, at, case)?,
        member_enquiry: None,
        owner_away_until_on: None,
        public_view: Some(tracking::view_of(conn, at, filed)?),
    })
}

/// Anybody's words, names and addresses, and why it is where it is (words again).
fn leave_out_what_is_not_public(at: &Moment, view: &mut CaseView, case: &Case) {
    let category = letters::matter(at, case)
        .filter(|_| case.secrecy == Secrecy::Ordinary)
        .map(|(_, category)| category.public_name.clone());
    view.subject = category.unwrap_or_else(|| "A message".to_owned());
    if case.secrecy != Secrecy::Ordinary {
        view.category = String::new();
    }
    view.owner = None;
    view.taken_by = None;
    view.routing = Routed::default();
}

fn owner_away_until(conn: &mut Conn, at: &Moment, case: &Case) -> Result<Option<Date>, Failure> {
    let Some(owner) = case.owner else {
        return Ok(None);
    };
    let account = users::find(conn, owner)?;
    let away = account.and_then(|account| account.user.standing.away_on(at.today()));
    Ok(away.map(|away| away.until_on))
}

fn member_enquiry(
    conn: &mut Conn,
    at: &Moment,
    actor: &Actor,
    case: &Case,
    related: &[RelatedCase],
) -> Result<Option<MemberEnquiryView>, Failure> {
    if case.procedure != Procedure::MemberEnquiry {
        return Ok(None);
    }
    let standing = members::standing(conn, case)?;
    let member_has_left = members::has_left(conn, at, case)?;
    let is_limited = member_has_left || !standing.is_clear();
    let own = letters::services_own(conn, case)?;
    let service_answer = match &own {
        Some(own) if may(actor, Act::Work, case, false) == Verdict::Allow => {
            members::service_answer(conn, actor, own)?
        }
        _ => None,
    };
    Ok(Some(MemberEnquiryView {
        basis: standing.basis,
        why: standing.why,
        consent: standing.consent.map(|consent| ConsentView {
            given: consent.is_given,
            how: consent.how,
            who: consent.who,
            on: consent.on,
        }),
        reply_scope: if is_limited {
            ReplyReach::General
        } else {
            ReplyReach::Full
        },
        member_has_left,
        service_case: own.and_then(|own| related.iter().find(|one| one.id == own.id.0).cloned()),
        service_answer: service_answer.map(|answer| ServiceAnswerView {
            case: answer.case.to_string(),
            at: answer.at,
            text: answer.text,
        }),
    }))
}

/// Of a member's enquiry, those of the service it asks about.
fn answers_for(conn: &mut Conn, at: &Moment, case: &Case) -> Result<Option<AnswersFor>, Failure> {
    let own = match case.procedure {
        Procedure::MemberEnquiry => letters::services_own(conn, case)?,
        _ => None,
    };
    let service = &own.as_ref().unwrap_or(case).service;
    let catalogue = &at.council.catalogue;
    let Some(service) = catalogue.service(service) else {
        return Ok(None);
    };
    let posts = catalogue
        .post(&service.head_of_service)
        .zip(catalogue.post(&service.portfolio));
    Ok(posts.map(|(head, holder)| AnswersFor {
        head_of_service: post_view(head),
        portfolio_holder: post_view(holder),
    }))
}

fn post_view(post: &Post) -> PostView {
    PostView {
        title: post.title.clone(),
        email: post.email.clone(),
        phone: post.phone.clone(),
    }
}

fn waits(conn: &mut Conn, at: &Moment, filed: &Filed) -> Result<Vec<WaitView>, Failure> {
    let calendar = &at.council.catalogue.calendar;
    let stays = stays_of(conn, at, &filed.case, [])?;
    let shown = stays.into_iter().map(|stay| {
        let words = stay.in_words(calendar, at.now);
        WaitView {
            place: stay.place,
            since: stay.since,
            limit_at: stay.limit_at,
            words: words.how,
            you_can: words.you_can,
        }
    });
    Ok(shown.collect())
}

/// A case as lists and answers show it, for an actor who was let at it.
///
/// # Errors
/// When the database cannot be asked.
pub fn view(conn: &mut Conn, filed: &Filed) -> Result<CaseView, Failure> {
    let names = names(conn, filed.case.owner)?;
    Ok(show(filed, &names))
}

/// A case for whoever sends once more what opened it: as the first time while nothing has happened to it;
/// from then on as far as they may read it, and else as the public does.
///
/// # Errors
/// When the database cannot be asked.
pub fn view_again(
    conn: &mut Conn,
    at: &Moment,
    actor: &Actor,
    filed: &Filed,
) -> Result<CaseView, Failure> {
    let mut shown = view(conn, filed)?;
    if filed.case.version > 1 && may(actor, Act::Read, &filed.case, true) != Verdict::Allow {
        leave_out_what_is_not_public(at, &mut shown, &filed.case);
    }
    Ok(shown)
}

/// What an act left, for whoever did it.
///
/// # Errors
/// When the database cannot be asked.
pub fn acted(conn: &mut Conn, actor: &Actor, acted: &Acted) -> Result<ActedView, Failure> {
    let filed = &acted.settled.filed;
    let event = match acted.settled.lines.first() {
        Some(line) => Some(line_for(actor, line)?),
        None => None,
    };
    let notice = match acted.notice {
        Some(id) => outbox::find(conn, id)?.map(|notice| LeavingNotice {
            id: notice.id.0,
            leaves_at: notice.next_attempt_at,
        }),
        None => None,
    };
    Ok(ActedView {
        event,
        case: view(conn, filed)?,
        notice,
        warnings: Vec::new(),
    })
}

/// Cases linked to one, in either direction, within what the actor may see.
///
/// # Errors
/// When the database cannot be asked.
pub fn related(conn: &mut Conn, actor: &Actor, case: CaseId) -> Result<Vec<RelatedCase>, Failure> {
    let found = cases::related(conn, &actor.sight(), case)?;
    Ok(found
        .into_iter()
        .filter(|(_, filed)| is_readable(actor, &filed.case))
        .map(|(kind, filed)| RelatedCase {
            id: filed.case.id.0,
            reference: filed.case.reference.to_string(),
            kind,
            service: filed.case.service,
            procedure: filed.case.procedure,
            status: filed.case.status,
        })
        .collect())
}

/// Several cases for one list, their owners' names read at once.
///
/// # Errors
/// When the database cannot be asked.
pub fn views(conn: &mut Conn, filed: &[Filed]) -> Result<Vec<CaseView>, Failure> {
    let names = names(conn, filed.iter().filter_map(|one| one.case.owner))?;
    Ok(filed.iter().map(|one| show(one, &names)).collect())
}

/// The id and reference of a case the actor may read.
///
/// # Errors
/// When the database cannot be asked.
pub fn name(conn: &mut Conn, actor: &Actor, id: CaseId) -> Result<Option<CaseName>, Failure> {
    Ok(super::readable(conn, actor, id)?.map(|filed| CaseName::of(&filed.case)))
}

/// Whether the actor may work a case, not only read it.
#[must_use]
pub fn may_work(actor: &Actor, filed: &Filed) -> bool {
    may(actor, Act::Work, &filed.case, false) == Verdict::Allow
}

fn show(filed: &Filed, names: &[(crate::domain::ids::UserId, String)]) -> CaseView {
    let Filed { case, dates } = filed;
    let path = format!("/v1/cases/{}", case.id);
    CaseView {
        id: case.id.0,
        reference: case.reference.to_string(),
        status: case.status,
        waiting_for: case.waiting_for,
        outcome: case.outcome,
        subject: case.subject.clone(),
        priority: case.priority,
        secrecy: case.secrecy,
        procedure: case.procedure,
        stage: case.stage,
        service: case.service.clone(),
        category: case.category.clone(),
        queue: case.queue.clone(),
        ward: case.ward.clone(),
        owner: case.owner.and_then(|owner| named(names, owner)),
        taken_by: case.taken_by.clone(),
        channel: case.channel,
        received_at: case.received_at,
        acknowledge_by: dates.acknowledge_by,
        acknowledge_on: dates.acknowledge_on,
        respond_by: dates.respond_by,
        respond_on: dates.respond_on,
        respond_by_projected: dates.is_projected,
        first_promised_on: dates.first_promised_on,
        routing: case.routing.clone(),
        version: case.version,
        links: CaseLinks {
            timeline: format!("{path}/timeline"),
            clocks: format!("{path}/clocks"),
            itself: path,
        },
    }
}

/// A member sees themselves on a case, and nobody else.
fn people_on(conn: &mut Conn, actor: &Actor, case: CaseId) -> Result<Vec<PersonOnCase>, Failure> {
    let own_address = is_outside_the_work(actor)
        .then(|| actor.user().map(|user| user.email.clone()))
        .flatten();
    let mut shown = Vec::new();
    for (id, role, has_withdrawn) in cases::people(conn, case)? {
        let person = people::find(conn, id)?;
        let is_hidden = own_address.is_some()
            && person.as_ref().and_then(|person| person.email.as_ref()) != own_address.as_ref();
        if !is_hidden {
            let (name, organisation) =
                person.map_or((None, None), |person| (person.name, person.organisation));
            shown.push(PersonOnCase {
                id: id.0,
                name,
                role,
                organisation,
                has_withdrawn,
            });
        }
    }
    Ok(shown)
}

/// The filter as the store takes it; nothing when it cannot be met.
fn filter(
    conn: &mut Conn,
    at: &Moment,
    actor: &Actor,
    question: &Question,
) -> Result<Option<Filter>, Failure> {
    let owner = match &question.owner {
        None => None,
        Some(Owner::Nobody) => Some(None),
        Some(Owner::Id(id)) => Some(Some(*id)),
        Some(Owner::Me) => match actor.user() {
            Some(user) => Some(Some(user.id)),
            None => return Ok(None),
        },
        Some(Owner::Email(email)) => match users::find_by_email(conn, &email.to_lowercase())? {
            Some(account) => Some(Some(account.user.id)),
            None => return Ok(None),
        },
    };
    let status: BTreeSet<Status> = question.status.iter().copied().collect();
    Ok(Some(Filter {
        status: status
            .into_iter()
            .map(|status| status.to_string())
            .collect(),
        queue: question.queue.clone(),
        service: question.service.clone(),
        category: question.category.clone(),
        owner,
        procedure: question.procedure.map(|word| word.to_string()),
        priority: question.priority.map(|word| word.to_string()),
        channel: question.channel.map(|word| word.to_string()),
        people: match question.person {
            // Records the reader may not know of narrow nothing down; of themselves they show nothing.
            Some(person) => Some(sameness::ids_of(conn, person)?),
            None => None,
        },
        ward: question.ward.clone(),
        due_before: question.due_before,
        overdue_at: question.is_overdue.then_some(at.now),
        text: question.text.clone(),
        received: received(at, question.received_on),
        team: question.team.clone(),
        head_of_service: question.head_of_service.clone(),
        portfolio: question.portfolio.clone(),
        // Whoever reads no figures sees their own list without what no figure counts.
        counted: question
            .is_counted
            .then(|| performance::part_of(actor).unwrap_or_else(|_| performance::Part::default())),
        ..Filter::default()
    }))
}

/// The instants of the days something was received on.
fn received(
    at: &Moment,
    (from, to): (Option<Date>, Option<Date>),
) -> Option<(Timestamp, Timestamp)> {
    if from.is_none() && to.is_none() {
        return None;
    }
    let calendar = &at.council.catalogue.calendar;
    let begins = from.map_or(Timestamp::UNIX_EPOCH, |on| {
        calendar.instant(on, WallTime::MIDNIGHT)
    });
    let ends = to.map_or(NEVER, |on| {
        let over = calendar.instant(on, WallTime::END_OF_DAY);
        over.saturating_sub(SignedDuration::from_micros(1))
            .unwrap_or(over)
    });
    Some((begins, ends))
}

fn goes_on(sort: Sort, filed: &Filed) -> CasesAfter {
    let at = match sort {
        Sort::Due => filed.dates.due_at.unwrap_or(NEVER),
        Sort::Received => filed.case.received_at,
        Sort::Updated => filed.case.updated_at,
    };
    CasesAfter {
        sort,
        risk: i32::from(filed.case.priority != Priority::Emergency),
        at,
        id: filed.case.id,
    }
}
