//! Open311 GeoReport v2 with the service-request-updates extension, under `/open311/v2/`: FixMyStreet
//! and its like report here, and read back what became of it.
//!
//! Everything is there twice, as XML and as JSON, by the extension of the address. Refusals are written
//! the same way ([`refusal`]). A key may stand in the query, in the form or in `Authorization`.

use std::sync::Arc;

use serde::Serialize;
use serde_json::{Value, json};

use super::access::Access;
use super::answer::{Answer, Content};
use super::call::Call;
use super::operation::{Limit, Operation, get, post};
use super::problem::Problem;
use crate::casework::open311::{self, Asked, Window};
use crate::casework::{Failure, Fault, Moment, catalogue};
use crate::channels::given::Unfit;
use crate::channels::open311::form::{Form, INSTANT, instant};
use crate::channels::open311::shapes::{
    Discovery, Endpoint, ErrorShown, RequestShown, RequestTaken, ServiceDefinition, ServiceOffered,
    TokenAnswered, UpdateShown, UpdateTaken, instant_in_words,
};
use crate::channels::open311::{Format, report, update, xml};
use crate::domain::access::Scope;
use crate::domain::reference::Reference;

mod dto;
mod examples;
mod form;
mod photographs;
pub mod refusal;

use form::Posted;
use photographs::look_at;

use dto::{PlainQuery, ReportForm, RequestQuery, RequestsQuery, UpdateForm, UpdatesQuery};

const CHAPTER: &str = "Open311";
const FORM: &str = "application/x-www-form-urlencoded";
const IN_PARTS: &str = "multipart/form-data";
/// Ids asked for at once.
const MOST_IDS: usize = 1_000;

/// Both forms of every operation.
#[must_use]
pub fn operations() -> Vec<Operation> {
    [Format::Xml, Format::Json]
        .into_iter()
        .flat_map(|format| {
            [
                discovery(format),
                services(format),
                definition(format),
                send_report(format),
                list_requests(format),
                one_request(format),
                one_token(format),
                list_updates(format),
                send_update(format),
            ]
        })
        .collect()
}

/// How an address of ours is answered, whether or not there is anything at it.
#[must_use]
pub fn format_of(path: &str) -> Option<Format> {
    let (_, extension) = path.strip_prefix("/open311/v2/")?.rsplit_once('.')?;
    match extension {
        "xml" => Some(Format::Xml),
        "json" => Some(Format::Json),
        _ => None,
    }
}

/// The one of two texts that belongs to a format.
const fn either(format: Format, xml: &'static str, json: &'static str) -> &'static str {
    match format {
        Format::Xml => xml,
        Format::Json => json,
    }
}

fn discovery(format: Format) -> Operation {
    let path = either(
        format,
        "/open311/v2/discovery.xml",
        "/open311/v2/discovery.json",
    );
    published::<Discovery>(
        get(path, move |call| show_discovery(call, format)),
        format,
        "discovery",
        examples::discovery(),
    )
    .id(either(
        format,
        "open311_discovery_xml",
        "open311_discovery_json",
    ))
    .summary("What there is at this address")
    .query::<PlainQuery>()
}

fn services(format: Format) -> Operation {
    let path = either(
        format,
        "/open311/v2/services.xml",
        "/open311/v2/services.json",
    );
    published::<Vec<ServiceOffered>>(
        get(path, move |call| list_services(call, format)),
        format,
        "services",
        examples::services(),
    )
    .id(either(
        format,
        "open311_services_xml",
        "open311_services_json",
    ))
    .summary("What may be reported")
    .description("Never a matter that is sensitive or restricted.")
    .query::<PlainQuery>()
}

fn definition(format: Format) -> Operation {
    let path = either(
        format,
        "/open311/v2/services/{code}.xml",
        "/open311/v2/services/{code}.json",
    );
    published::<ServiceDefinition>(
        get(path, move |call| show_definition(call, format)),
        format,
        "service_definition",
        examples::definition(),
    )
    .id(either(format, "open311_service_xml", "open311_service_json"))
    .summary("What is asked about one kind of matter")
    .description(
        "`easting`, `northing` and `fixmystreet_id` are declared for FixMyStreet to fill in; a report \
         without them is taken all the same.",
    )
    .path_note("code", "The `service_code`.")
    .query::<PlainQuery>()
}

fn send_report(format: Format) -> Operation {
    let path = either(
        format,
        "/open311/v2/requests.xml",
        "/open311/v2/requests.json",
    );
    keyed::<Vec<RequestTaken>>(
        post(path, move |call| take_report(call, format)),
        format,
        "service_requests",
        examples::taken(),
    )
    .id(either(format, "open311_report_xml", "open311_report_json"))
    .summary("Report something")
    .description(
        "It becomes a case like any other. The same `attribute[fixmystreet_id]` with the same key again is \
         answered with the same `service_request_id`, whatever else it says by then. Files sent along are kept \
         with it; what is not is said in `service_notice`. What is no e-mail address or telephone number is kept in \
         words.",
    )
    .form::<ReportForm>(&[(FORM, Limit::Json), (IN_PARTS, Limit::Attachment)])
    .example_request(examples::report())
    .query::<PlainQuery>()
}

fn list_requests(format: Format) -> Operation {
    let path = either(
        format,
        "/open311/v2/requests.xml",
        "/open311/v2/requests.json",
    );
    published::<Vec<RequestShown>>(
        get(path, move |call| show_requests(call, format)),
        format,
        "service_requests",
        examples::requests(),
    )
    .id(either(format, "open311_requests_xml", "open311_requests_json"))
    .summary("Reports, newest first")
    .description(
        "Those that came by Open311 and whose kind of matter is offered, received in at most 90 days. Never \
         who sent them.",
    )
    .query::<RequestsQuery>()
}

fn one_request(format: Format) -> Operation {
    let path = either(
        format,
        "/open311/v2/requests/{id}.xml",
        "/open311/v2/requests/{id}.json",
    );
    published::<Vec<RequestShown>>(
        get(path, move |call| show_request(call, format)),
        format,
        "service_requests",
        examples::requests(),
    )
    .id(either(
        format,
        "open311_request_xml",
        "open311_request_json",
    ))
    .summary("One report")
    .path_note("id", "The `service_request_id`.")
    .query::<RequestQuery>()
}

fn one_token(format: Format) -> Operation {
    let path = either(
        format,
        "/open311/v2/tokens/{token}.xml",
        "/open311/v2/tokens/{token}.json",
    );
    published::<Vec<TokenAnswered>>(
        get(path, move |call| show_token(call, format)),
        format,
        "service_requests",
        json!([{"service_request_id": "4X7-K92-MQ3", "token": "4X7-K92-MQ3"}]),
    )
    .id(either(format, "open311_token_xml", "open311_token_json"))
    .summary("The id behind a token")
    .description(
        "We answer every report with its id and give out no tokens; an id is taken for one.",
    )
    .path_note("token", "A `service_request_id`.")
    .query::<PlainQuery>()
}

fn list_updates(format: Format) -> Operation {
    let path = either(
        format,
        "/open311/v2/servicerequestupdates.xml",
        "/open311/v2/servicerequestupdates.json",
    );
    keyed::<Vec<UpdateShown>>(
        get(path, move |call| show_updates(call, format)),
        format,
        "service_request_updates",
        examples::updates(),
    )
    .id(either(format, "open311_updates_xml", "open311_updates_json"))
    .summary("What happened to reports, in the order it happened")
    .description(
        "Ask for the same time as often as you like: the same thing has the same `update_id`. What reporting \
         services said themselves is not among it. More than 10,000 at once are refused.",
    )
    .query::<UpdatesQuery>()
}

fn send_update(format: Format) -> Operation {
    let path = either(
        format,
        "/open311/v2/servicerequestupdates.xml",
        "/open311/v2/servicerequestupdates.json",
    );
    keyed::<Vec<UpdateTaken>>(
        post(path, move |call| take_update(call, format)),
        format,
        "service_request_updates",
        json!([{"update_id": "019a9f5e-7c00-7000-8000-000000000002"}]),
    )
    .id(either(format, "open311_update_xml", "open311_update_json"))
    .summary("Say something about a report")
    .description(
        "A message on the case. It answers what we asked, opens again what was answered or closed lately, and \
         is told to whoever has the case. One that says that it is over (`FIXED`, `CLOSED` …), or was written \
         before we answered, changes nothing. Files sent along are kept with it.",
    )
    .form::<UpdateForm>(&[(FORM, Limit::Json), (IN_PARTS, Limit::Attachment)])
    .example_request(examples::update())
    .query::<PlainQuery>()
}

/// What anybody may read.
fn published<T: schemars::JsonSchema>(
    operation: Operation,
    format: Format,
    root: &str,
    example: Value,
) -> Operation {
    let operation = operation
        .tag(CHAPTER)
        .access(Access::public())
        .refuses(&[404])
        .refuses_as_open311(format);
    match format {
        Format::Xml => operation
            .answers_raw(200, format.content_type(), "The same as in JSON, as XML.")
            .example_response(Value::from(xml::write(root, &example))),
        Format::Json => operation
            .answers::<T>(200, "What was asked for.")
            .example_response(example),
    }
}

/// What needs a key.
fn keyed<T: schemars::JsonSchema>(
    operation: Operation,
    format: Format,
    root: &str,
    example: Value,
) -> Operation {
    published::<T>(operation, format, root, example)
        .access(Access::public().or_scope(Scope::Open311Write))
        .key_comes_late()
}

async fn show_discovery(call: Call, format: Format) -> Result<Answer, Problem> {
    let query: PlainQuery = call.query()?;
    check_jurisdiction(&call, query.jurisdiction_id.as_deref())?;
    let versions = call.read(|conn, _| catalogue::versions(conn)).await?;
    let changeset = versions
        .first()
        .map_or_else(String::new, |version| instant_in_words(version.applied_at));
    let council = call.front.desk.council();
    let council = &council.catalogue.council;
    let kind = if call.front.is_demo {
        "test"
    } else {
        "production"
    };
    let discovery = Discovery {
        changeset: changeset.clone(),
        contact: format!(
            "{}, {}, {}",
            council.name, council.main_phone, council.website
        ),
        key_service: format!(
            "Write to {} for a key with the scope open311:write.",
            council.mail.from_address
        ),
        endpoints: vec![Endpoint {
            specification: "http://wiki.open311.org/GeoReport_v2".to_owned(),
            url: format!("{}/open311/v2", call.front.desk.manners.public_url),
            changeset,
            kind: kind.to_owned(),
            formats: [Format::Xml, Format::Json]
                .map(|format| format.content_type().to_owned())
                .to_vec(),
        }],
    };
    Ok(answer(200, format, "discovery", &discovery))
}

async fn list_services(call: Call, format: Format) -> Result<Answer, Problem> {
    let query: PlainQuery = call.query()?;
    check_jurisdiction(&call, query.jurisdiction_id.as_deref())?;
    let at = call.front.desk.moment();
    let offered: Vec<ServiceOffered> = open311::offered(&at)
        .map(|(service, category)| ServiceOffered::of(service, category))
        .collect();
    Ok(answer(200, format, "services", &offered))
}

async fn show_definition(call: Call, format: Format) -> Result<Answer, Problem> {
    let query: PlainQuery = call.query()?;
    check_jurisdiction(&call, query.jurisdiction_id.as_deref())?;
    let at = call.front.desk.moment();
    let (_, category) =
        open311::find_offered(&at, call.path("code")).ok_or_else(no_such_service)?;
    let definition = ServiceDefinition::of(category);
    Ok(answer(200, format, "service_definition", &definition))
}

async fn take_report(call: Call, format: Format) -> Result<Answer, Problem> {
    let (call, posted) = of_a_key(call).await?;
    let (form, photographs) = look_at(&call, posted).await?;
    let photographs = Arc::new(photographs);
    let kept = Arc::clone(&photographs);
    let actor = call.actor.clone();
    let they_confirm = !call.front.open311.send_confirmations;
    let answer = call
        .commit(
            move |tx, at| {
                let enquiry = read_report(at, &form)?;
                let fit = &kept.fit;
                let reported = open311::report(tx, at, &actor, &enquiry, they_confirm, fit)?;
                let refused = kept.refused.iter().cloned();
                let notice: Vec<String> = reported.notice.into_iter().chain(refused).collect();
                Ok(vec![RequestTaken {
                    service_request_id: reported.reference,
                    service_notice: (!notice.is_empty()).then(|| notice.join(" ")),
                }])
            },
            move |taken| answer(200, format, "service_requests", taken),
        )
        .await;
    photographs.clear_away();
    answer
}

fn read_report(at: &Moment, form: &Form) -> Result<crate::domain::enquiry::Enquiry, Failure> {
    let code = form.get("service_code").unwrap_or_default().trim();
    let Some((service, category)) = open311::find_offered(at, code) else {
        return Err(Failure::invalid(
            "/service_code",
            if code.is_empty() {
                "missing_field"
            } else {
                "unknown_value"
            },
            "One of those that /open311/v2/services.xml lists.",
        ));
    };
    let read = report::read(form, service, category, at.now);
    refuse(read.faults)?;
    Ok(read.enquiry)
}

async fn show_requests(call: Call, format: Format) -> Result<Answer, Problem> {
    let query: RequestsQuery = call.query()?;
    check_jurisdiction(&call, query.jurisdiction_id.as_deref())?;
    let mut faults = Vec::new();
    let window = Window::ending(
        read_instant("start_date", query.start_date.as_deref(), &mut faults),
        read_instant("end_date", query.end_date.as_deref(), &mut faults),
        call.now,
    );
    let references = query.service_request_id.as_deref().map(listed);
    if references.as_ref().is_some_and(|ids| ids.len() > MOST_IDS) {
        faults.push(Fault {
            pointer: "/service_request_id".to_owned(),
            code: "too_many",
            detail: format!("At most {MOST_IDS} ids."),
        });
    }
    let asked = Asked {
        // What cannot be an id is nobody's.
        references: references.filter(|ids| !ids.is_empty()).map(|ids| {
            ids.into_iter()
                .filter_map(|id| Reference::parse(id).ok())
                .collect()
        }),
        service_codes: query
            .service_code
            .as_deref()
            .map(listed)
            .unwrap_or_default()
            .into_iter()
            .map(str::to_owned)
            .collect(),
        window,
        is_closed: read_status(query.status.as_deref(), &mut faults),
        page: query.page,
        page_size: query.page_size,
        with_extensions: query.extensions,
    };
    if !faults.is_empty() {
        return Err(Problem::invalid(faults));
    }
    let found = call
        .read(move |conn, at| open311::requests(conn, at, &asked))
        .await?;
    Ok(answer(200, format, "service_requests", &found))
}

async fn show_request(call: Call, format: Format) -> Result<Answer, Problem> {
    let query: RequestQuery = call.query()?;
    check_jurisdiction(&call, query.jurisdiction_id.as_deref())?;
    let reference = Reference::parse(call.path("id")).map_err(|_| no_such_request())?;
    let asked = Asked {
        references: Some(vec![reference]),
        service_codes: Vec::new(),
        window: Window::ending(None, None, call.now),
        is_closed: None,
        page: 1,
        page_size: 1,
        with_extensions: query.extensions,
    };
    let found = call
        .read(move |conn, at| open311::requests(conn, at, &asked))
        .await?;
    if found.is_empty() {
        return Err(no_such_request());
    }
    Ok(answer(200, format, "service_requests", &found))
}

async fn show_token(call: Call, format: Format) -> Result<Answer, Problem> {
    let query: PlainQuery = call.query()?;
    check_jurisdiction(&call, query.jurisdiction_id.as_deref())?;
    let token = call.path("token").to_owned();
    let found = call
        .read(move |conn, at| open311::token(conn, at, &token))
        .await
        .map_err(named_as_a_request)?;
    Ok(answer(200, format, "service_requests", &vec![found]))
}

async fn show_updates(call: Call, format: Format) -> Result<Answer, Problem> {
    let query: UpdatesQuery = call.query()?;
    let call = call
        .held_by(query.api_key.as_deref(), Scope::Open311Write)
        .await?;
    check_jurisdiction(&call, query.jurisdiction_id.as_deref())?;
    let mut faults = Vec::new();
    let window = Window::whole(
        read_instant("start_date", query.start_date.as_deref(), &mut faults),
        read_instant("end_date", query.end_date.as_deref(), &mut faults),
        call.now,
    );
    if !faults.is_empty() {
        return Err(Problem::invalid(faults));
    }
    let actor = call.actor.clone();
    let found = call
        .read(move |conn, at| open311::updates(conn, at, &actor, window))
        .await?;
    Ok(answer(200, format, "service_request_updates", &found))
}

async fn take_update(call: Call, format: Format) -> Result<Answer, Problem> {
    let (call, posted) = of_a_key(call).await?;
    let (form, photographs) = look_at(&call, posted).await?;
    let photographs = Arc::new(photographs);
    let kept = Arc::clone(&photographs);
    let actor = call.actor.clone();
    let they_confirm = !call.front.open311.send_confirmations;
    let answer = call
        .commit(
            move |tx, at| {
                let update = update::read(&form, at.now).map_err(invalid)?;
                let contact = open311::say(tx, at, &actor, &update, they_confirm, &kept.fit)?;
                Ok(vec![UpdateTaken {
                    update_id: contact.to_string(),
                }])
            },
            move |taken| answer(200, format, "service_request_updates", taken),
        )
        .await
        .map_err(named_as_a_request);
    photographs.clear_away();
    answer
}

/// A form, and the call as that of the key that came with it.
async fn of_a_key(call: Call) -> Result<(Call, Posted), Problem> {
    let query: PlainQuery = call.query()?;
    let posted = form::read(&call).await?;
    let form = &posted.form;
    let key = form
        .get("api_key")
        .map(str::to_owned)
        .or_else(|| query.api_key.as_deref().map(str::to_owned));
    let call = call.held_by(key.as_deref(), Scope::Open311Write).await?;
    let jurisdiction = form
        .get("jurisdiction_id")
        .or(query.jurisdiction_id.as_deref());
    check_jurisdiction(&call, jurisdiction)?;
    Ok((call, posted))
}

/// A document in the form that was asked for.
fn answer<T: Serialize + ?Sized>(status: u16, format: Format, root: &str, document: &T) -> Answer {
    match format {
        Format::Json => Answer::json(status, document),
        Format::Xml => match serde_json::to_value(document) {
            Ok(tree) => Answer::bytes(status, "text/xml; charset=utf-8", xml::write(root, &tree)),
            Err(error) => Answer {
                content: Content::Unwritable(error),
                ..Answer::empty(status)
            },
        },
    }
}

/// We answer for one council; whoever names another is at the wrong door.
fn check_jurisdiction(call: &Call, named: Option<&str>) -> Result<(), Problem> {
    let set = call.front.open311.jurisdiction_id.trim();
    let council = call.front.desk.council();
    let own = if set.is_empty() {
        council.catalogue.council.jurisdiction.as_str()
    } else {
        set
    };
    match named.map(str::trim).filter(|named| !named.is_empty()) {
        Some(named) if named != own => Err(not_there(format!(
            "jurisdiction_id: there is no such jurisdiction here; this is {own}."
        ))),
        _ => Ok(()),
    }
}

fn not_there(detail: impl Into<String>) -> Problem {
    Problem::new(404, "not_found", detail)
}

fn no_such_service() -> Problem {
    not_there(
        "service_code: there is none, or none that is offered here. /open311/v2/services.xml lists them.",
    )
}

fn no_such_request() -> Problem {
    not_there("service_request_id: there is no report under this id.")
}

/// What is missing here is always a report.
fn named_as_a_request(problem: Problem) -> Problem {
    if problem.status == 404 {
        no_such_request()
    } else {
        problem
    }
}

fn listed(text: &str) -> Vec<&str> {
    text.split(',')
        .map(str::trim)
        .filter(|one| !one.is_empty())
        .collect()
}

fn read_instant(
    field: &str,
    text: Option<&str>,
    faults: &mut Vec<Fault>,
) -> Option<jiff::Timestamp> {
    let text = text.filter(|text| !text.trim().is_empty())?;
    let found = instant(text);
    if found.is_none() {
        faults.push(Fault {
            pointer: format!("/{field}"),
            code: "bad_format",
            detail: INSTANT.to_owned(),
        });
    }
    found
}

/// Whether closed ones are asked for, open ones, or, as when nobody says, both.
fn read_status(text: Option<&str>, faults: &mut Vec<Fault>) -> Option<bool> {
    let mut wanted = Vec::new();
    for word in listed(text.unwrap_or_default()) {
        match word.to_lowercase().as_str() {
            "open" => wanted.push(false),
            "closed" => wanted.push(true),
            _ => faults.push(Fault {
                pointer: "/status".to_owned(),
                code: "unknown_value",
                detail: "`open`, `closed`, or both with a comma between.".to_owned(),
            }),
        }
    }
    wanted.dedup();
    match wanted.as_slice() {
        [only] => Some(*only),
        _ => None,
    }
}

fn refuse(faults: Vec<Unfit>) -> Result<(), Failure> {
    if faults.is_empty() {
        Ok(())
    } else {
        Err(invalid(faults))
    }
}

fn invalid(faults: Vec<Unfit>) -> Failure {
    Failure::Invalid(
        faults
            .into_iter()
            .map(|one| Fault {
                pointer: one.pointer,
                code: one.code,
                detail: one.detail,
            })
            .collect(),
    )
}

/// The document of a refusal, for the published contract.
pub(super) type Errors = Vec<ErrorShown>;
