//! What a councillor raised: the list of it, and one of them with its date, its answers and whom to ask.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::MEMBERS;
use super::forwarding::{ToForward, words};
use crate::domain::case::{Outcome, Procedure, ReplyKind, Status, WaitingFor};
use crate::domain::catalogue::Catalogue;
use crate::domain::member::Basis;
use crate::domain::wording::{Language, public_status};
use crate::http::within::Asked;
use crate::http::{Answer, Problem};
use crate::pages::signed_in::Visit;
use crate::pages::told::{
    Listed, Mistake, check_door, is_said_beside, mistakes, next_page, read, zone,
};

/// A case, as far as these pages show it.
#[derive(Debug, Clone, Deserialize)]
pub struct CaseTold {
    reference: String,
    status: Status,
    waiting_for: Option<WaitingFor>,
    outcome: Option<Outcome>,
    subject: String,
    procedure: Procedure,
    service: String,
    queue: String,
    received_at: Timestamp,
    respond_on: Option<Date>,
    first_promised_on: Option<Date>,
}

/// The same by itself.
#[derive(Debug, Clone, Deserialize)]
struct EnquiryTold {
    #[serde(flatten)]
    case: CaseTold,
    follow_up_until: Option<Date>,
    answers_for: Option<Value>,
    member_enquiry: Option<Footing>,
    /// How often they have asked again.
    chasers: u32,
}

/// On what footing they ask.
#[derive(Debug, Clone, Deserialize)]
struct Footing {
    basis: Basis,
    reply_scope: String,
    service_case: Option<ServiceCase>,
}

/// The service's own case beside it.
#[derive(Debug, Clone, Deserialize)]
struct ServiceCase {
    reference: String,
    service: String,
    status: Status,
}

/// A line of its timeline.
#[derive(Debug, Deserialize)]
struct LineTold {
    at: Timestamp,
    kind: String,
    words: Option<String>,
    detail: Value,
}

/// A line of the list.
#[derive(Debug, Serialize)]
struct Line {
    reference: String,
    subject: String,
    state: String,
    received_at: Timestamp,
    respond_on: Option<Date>,
    is_late: bool,
    is_over: bool,
    service: String,
}

/// Something that happened, with what we wrote to them.
#[derive(Debug, Serialize)]
struct Happened {
    at: Timestamp,
    words: String,
    text: Option<String>,
    is_holding: bool,
}

const PATH: &str = "/my-enquiries";
/// Lines of a timeline on one page.
const AT_ONCE: u16 = 50;

/// What they raised.
pub async fn list(visit: Visit) -> Result<Answer, Problem> {
    check_door(&visit, MEMBERS)?;
    let visit = visit.for_what_they_raised();
    let (show, cursor) = (visit.parameter("show"), visit.parameter("cursor"));
    let (show, status) = match show.as_str() {
        "closed" => ("closed", "closed"),
        "all" => ("all", ""),
        _ => ("open", "new,open,waiting,responded"),
    };
    let asked = Asked::of("list_cases")
        .with("status", status)
        .with("sort", "received")
        .with("cursor", &cursor);
    let found: Listed<CaseTold> = read(&visit, asked).await?;
    let council = visit.call.front.desk.council();
    let today = visit.call.front.desk.moment().today();
    let items: Vec<Line> = found
        .items
        .into_iter()
        .map(|case| Line {
            state: case.state(&council.catalogue, None),
            is_late: case.is_late(today),
            is_over: case.is_over(),
            service: service_name(&council.catalogue, &case.service),
            reference: case.reference,
            subject: case.subject,
            received_at: case.received_at,
            respond_on: case.respond_on,
        })
        .collect();
    let said = json!({
        "items": items, "show": show, "zone": zone(&visit),
        "next": next_page(PATH, &[("show", show)], found.next_cursor.as_deref()),
        "first": (!cursor.is_empty()).then(|| format!("{PATH}?show={show}")),
    });
    visit.page(200, "members/list.html", "My enquiries", said)
}

/// One of them.
pub async fn show(visit: Visit) -> Result<Answer, Problem> {
    check_door(&visit, MEMBERS)?;
    let visit = visit.for_what_they_raised();
    shown(&visit, 200, "", &[]).await
}

/// A word on one of them: it counts as asking again.
pub async fn add_word(visit: Visit) -> Result<Answer, Problem> {
    check_door(&visit, MEMBERS)?;
    let visit = visit.for_what_they_raised();
    let reference = visit.call.path("case").to_owned();
    // Whether it is theirs comes before what is wrong with the form.
    let case: EnquiryTold = read(&visit, Asked::of("get_case").at("case", &reference)).await?;
    let fields = visit.fields();
    let text = fields.text("body").trim().to_owned();
    if text.is_empty() {
        let mistake = Mistake::at("body", "Write what you want to tell us.");
        return shown(&visit, 422, "", &[mistake]).await;
    }
    let sent = json!({"channel": "councillor", "case": case.case.reference, "body": text});
    let asked = Asked::of("log_contact").sends(sent).once(fields.key());
    match visit.ask(asked).await {
        Ok(_) => Ok(Answer::see_other(&format!(
            "{PATH}/{}?done=word_added",
            case.case.reference
        ))),
        Err(problem) if is_said_beside(&problem) => {
            let wrong = mistakes(&problem, &[("/body", "body")]);
            shown(&visit, problem.status, &text, &wrong).await
        }
        Err(problem) => Err(problem),
    }
}

async fn shown(
    visit: &Visit,
    status: u16,
    body: &str,
    wrong: &[Mistake],
) -> Result<Answer, Problem> {
    let reference = visit.call.path("case").to_owned();
    let enquiry: EnquiryTold = read(visit, Asked::of("get_case").at("case", &reference)).await?;
    let lines = Asked::of("list_case_timeline")
        .at("case", &reference)
        .with("limit", AT_ONCE)
        .with("cursor", visit.parameter("cursor"));
    let lines: Listed<LineTold> = read(visit, lines).await?;
    let desk = &visit.call.front.desk;
    let (council, today) = (desk.council(), desk.moment().today());
    let catalogue = &council.catalogue;
    let case = &enquiry.case;
    let footing = enquiry.member_enquiry.as_ref();
    // Of an enquiry, the service is the one it asks about.
    let service = footing
        .and_then(|footing| footing.service_case.as_ref())
        .map_or(case.service.as_str(), |own| own.service.as_str());
    let service = catalogue.service(service);
    let forward = ToForward {
        council: &catalogue.council.name,
        reference: &case.reference,
        received_at: case.received_at,
        respond_on: case.respond_on,
        is_answered: case.status == Status::Responded,
        is_closed: case.is_over(),
        phone: service.map(|service| service.phone.as_str()),
    };
    let path = format!("{PATH}/{}", case.reference);
    let said = json!({
        "reference": case.reference, "subject": case.subject, "zone": zone(visit),
        "state": case.state(catalogue, enquiry.follow_up_until),
        "received_at": case.received_at, "respond_on": case.respond_on,
        "first_promised_on": case.first_promised_on.filter(|first| Some(*first) != case.respond_on),
        "is_late": case.is_late(today), "is_over": case.is_over(),
        "follow_up_until": enquiry.follow_up_until.filter(|_| case.is_over()),
        "service": service.map(|service| &service.name),
        "service_phone": service.map(|service| &service.phone),
        "service_hours": service.map(|service| service.hours.in_words()),
        "answers_for": enquiry.answers_for,
        "basis": footing.map(|footing| basis_words(footing.basis)),
        "is_general": footing.is_some_and(|footing| footing.reply_scope == "general"),
        "service_case": footing.and_then(|footing| footing.service_case.as_ref()).map(|own| json!({
            "reference": own.reference, "service": service_name(catalogue, &own.service),
            "is_over": own.status == Status::Closed,
        })),
        "asked_again": enquiry.chasers,
        "is_enquiry": case.procedure == Procedure::MemberEnquiry,
        "history": lines.items.into_iter().filter_map(happened).collect::<Vec<_>>(),
        "next": next_page(&path, &[], lines.next_cursor.as_deref()),
        "forward": words(forward, catalogue.calendar.zone()),
        "body": body, "mistakes": wrong,
    });
    let title = format!("Enquiry {}", case.reference);
    visit.page(status, "members/enquiry.html", title, said)
}

impl CaseTold {
    fn is_over(&self) -> bool {
        self.status == Status::Closed
    }

    fn is_late(&self, today: Date) -> bool {
        let is_due = matches!(self.status, Status::New | Status::Open | Status::Waiting);
        is_due && self.respond_on.is_some_and(|on| on < today)
    }

    fn state(&self, catalogue: &Catalogue, follow_up_until: Option<Date>) -> String {
        let team = catalogue.queue(&self.queue);
        let team = team.map_or("team", |queue| queue.team_name.as_str());
        let follow_up_until = follow_up_until.filter(|_| !self.is_over());
        public_status(
            self.status,
            self.waiting_for,
            self.outcome,
            team,
            follow_up_until,
            Language::English,
        )
    }
}

fn happened(line: LineTold) -> Option<Happened> {
    let is_holding = line.kind == "replied"
        && line.detail.get("reply").and_then(Value::as_str) == Some(ReplyKind::Holding.as_str());
    let text = line
        .detail
        .get("text")
        .or_else(|| line.detail.get("question"));
    Some(Happened {
        at: line.at,
        words: line.words?,
        text: text.and_then(Value::as_str).map(str::to_owned),
        is_holding,
    })
}

/// Why they ask, in words for themselves.
const fn basis_words(basis: Basis) -> &'static str {
    match basis {
        Basis::ConstituentAsked => "The person it is about asked you to write.",
        Basis::ConsentAttached => "You told us that the person agrees.",
        Basis::ThirdParty => "Somebody other than the person asked you.",
        Basis::OwnConcern => "It is about you or your ward, and about nobody else.",
        Basis::Unclear => "We do not know yet whether the person agrees.",
    }
}

fn service_name(catalogue: &Catalogue, slug: &str) -> String {
    let service = catalogue.service(slug);
    service.map_or_else(|| slug.to_owned(), |service| service.name.clone())
}
