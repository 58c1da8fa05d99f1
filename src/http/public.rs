//! For everybody, without signing in: services and their telephones, web forms, and a person's own
//! case by its secret link.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::access::Access;
use super::answer::Answer;
use super::call::Call;
use super::contacts::{as_far_as_it_fits, read_as_far_as_it_fits, refuse_all, together};
use super::dto::contact::TrackingObject;
use super::dto::public::{
    AccessPoints, PublicAccessPoint, PublicContact, PublicReceipt, PublicService,
    PublicServiceDetail, Taken, TrackingFeedback, TrackingLinkAnswer, TrackingLinkRequest,
    TrackingMessage, TrackingWithdrawal,
};
use super::dto::public_form::{FormQuery, FormSetting, PublicForm};
use super::operation::{Allowance, Operation, get, post};
use super::paging::{Page, PageQuery};
use super::problem::Problem;
use crate::casework::actions::{self, Target};
use crate::casework::intake::{self, Entry, Received};
use crate::casework::receipts::{self, Said};
use crate::casework::tracking::{self, PublicView};
use crate::casework::{Failure, Fault, Filed, Link, Moment, Tx, letters};
use crate::channels::given::Read;
use crate::channels::web_form;
use crate::domain::access::{Act, Actor, Scope};
use crate::domain::case::Secrecy;
use crate::domain::contact::Disposition;
use crate::domain::enquiry::Enquiry;
use crate::domain::wording;

/// A list that is short enough for one page unless somebody asks for less.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
struct ServicesQuery {
    /// How many at most.
    #[serde(default = "a_hundred")]
    #[schemars(range(min = 1, max = 100))]
    limit: u16,
    /// Where to go on: `next_cursor` of the page before. Opaque.
    #[serde(default)]
    #[schemars(length(max = 1000))]
    cursor: Option<String>,
}

/// Its operations.
#[must_use]
pub fn operations() -> Vec<Operation> {
    let mut all = vec![
        post("/v1/public/contacts", send_form)
            .id("send_form")
            .summary("Send the council a web form")
            .description(
                "No account is needed. In danger, and for what only a small team may see, there is no reference: \
                 `what_happens_next` says what to do now. With a website's key, the same `external_id` again \
                 answers 200 with what it made before.",
            )
            .tag("Public")
            .access(Access::public().or_scope(Scope::PublicContactsWrite))
            .allowance(Allowance::PublicIntake)
            .body::<PublicContact>()
            .answers::<PublicReceipt>(201, "We have it.")
            .answers::<PublicReceipt>(200, "We had it already, under this `external_id`.")
            .refuses(&[409])
            .example_request(json!({
                "body": "The grey bin at number 14 was not emptied today.",
                "person": {"name": "Ada Example", "email": "ada@mail.example"},
                "service": "waste-collection", "category": "missed-bin",
            }))
            .example_response(json!({
                "reference": "4X7-K92-MQ3",
                "acknowledge_by": "2026-11-23T17:00:00Z", "acknowledge_on": "2026-11-23",
                "respond_by": "2026-11-24T17:00:00Z", "respond_on": "2026-11-24",
                "what_happens_next": [
                    "We will collect it, or tell you why not, by 5pm on Tuesday 24 November 2026.",
                ],
                "phone": "01632 960110", "phone_hours": "Monday to Friday, 8.30am to 5pm",
                "tracking": {
                    "url": "https://contact.council.example/track/rvt_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                    "token": "rvt_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                },
            })),
    ];
    all.extend(lists());
    all.extend(own_case());
    all
}

fn lists() -> Vec<Operation> {
    let service = || {
        json!({
            "slug": "waste-collection", "name": "Waste collection", "description": "Bins and their collection.",
            "phone": "01632 960110",
            "hours": {
                "words": "Monday to Friday, 8.30am to 5pm", "always": false, "is_open_now": true,
                "weekly": [{"first_day": "monday", "last_day": "friday", "opens": "08:30", "closes": "17:00"}],
            },
            "phone_now": {"number": "01632 960110", "hours": "Monday to Friday, 8.30am to 5pm"},
            "email": "waste@council.example",
        })
    };
    let mut detail = service();
    if let Some(members) = detail.as_object_mut() {
        members.insert(
            "categories".to_owned(),
            json!([{
                "slug": "missed-bin", "name": "Missed bin", "public_name": "a missed bin",
                "promise": "We aim to answer within 2 working days.",
            }]),
        );
    }
    vec![
        get("/v1/public/services", list_services)
            .id("list_public_services")
            .summary("Every service, with its telephone and when somebody answers it")
            .tag("Public")
            .access(Access::public())
            .query::<ServicesQuery>()
            .answers::<Page<PublicService>>(200, "The services, by slug.")
            .example_response(json!({"items": [service()], "next_cursor": null})),
        get("/v1/public/services/{service}", show_service)
            .id("get_public_service")
            .summary("One service, and what it promises for what")
            .tag("Public")
            .access(Access::public())
            .path_note("service", "The service's slug.")
            .answers::<PublicServiceDetail>(200, "The service.")
            .example_response(detail),
        get("/v1/public/services/{service}/form", show_form)
            .id("get_public_form")
            .summary("The form of a service: what is asked for each kind of matter")
            .description(
                "For whoever shows it to residents. Ask about danger first and show the number at once. `schema` of a \
                 category is the document to send to `send_to`, with labels in English, or in Welsh where the catalogue \
                 has it. Send `idempotency_key` as `Idempotency-Key`, so that a form sent twice is one case.",
            )
            .tag("Public")
            .access(Access::public())
            .path_note("service", "The service's slug.")
            .query::<FormQuery>()
            .answers::<PublicForm>(200, "The form.")
            .example_response(form_example()),
        get("/v1/public/access-points", list_access_points)
            .id("list_access_points")
            .summary("Where people can walk in")
            .tag("Public")
            .access(Access::public())
            .answers::<AccessPoints>(200, "The access points.")
            .example_response(json!({
                "items": [{
                    "slug": "market-square", "name": "Market Square", "address": ["1 Market Square", "Northmere"],
                    "postcode": "ZZ1 1AA", "phone": "01632 960100",
                    "hours": {
                        "words": "24 hours a day, every day", "always": true, "is_open_now": true, "weekly": [],
                    },
                    "about": null,
                }],
                "next_cursor": null,
            })),
    ]
}

fn form_example() -> serde_json::Value {
    json!({
        "service": "fly-tipping", "name": "Fly-tipping and environmental enforcement", "language": "en",
        "danger": {
            "question": "Is somebody in danger now?", "member": "danger", "yes": "Yes", "no": "No",
            "if_yes": "If someone is in danger now, ring 999. Do not wait for us. Our emergency line, open now, is \
                01632 960999.",
            "phone": "01632 960999",
        },
        "phone_now": {"number": "01632 960105", "hours": "Monday to Friday, 8.30am to 5pm"},
        "idempotency_key": "form_AAAAAAAAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAA",
        "send_to": "/v1/public/contacts",
        "attachments": {
            "send_to": "/v1/public/attachments", "most": 10, "largest_bytes": 20_971_520,
            "types": ["image/jpeg", "image/png"],
        },
        "hidden_field": "website",
        "categories": [{
            "slug": "fly-tip", "name": "Fly-tipping", "public_name": "fly-tipping",
            "promise": "We aim to answer within 5 working days.", "notes": [],
            "schema": {
                "type": "object", "title": "Fly-tipping",
                "properties": {
                    "danger": {"type": "boolean", "title": "Is somebody in danger now?", "default": false},
                    "service": {"const": "fly-tipping"}, "category": {"const": "fly-tip"},
                    "fields": {
                        "type": "object",
                        "properties": {"size": {
                            "title": "How much is there?", "type": "string",
                            "oneOf": [{"const": "bags", "title": "A bag or two"}],
                        }},
                    },
                    "body": {"type": "string", "title": "What would you like to tell us?"},
                },
                "required": ["service", "category", "body"],
            },
        }],
    })
}

fn own_case() -> Vec<Operation> {
    vec![
        post("/v1/public/tracking-links", send_link)
            .id("send_tracking_link")
            .summary("Have the secret link to a case sent again")
            .description("Answered the same whether or not reference and address belong together.")
            .tag("Tracking")
            .access(Access::public())
            .allowance(Allowance::TrackingLinks)
            .body::<TrackingLinkRequest>()
            .answers::<TrackingLinkAnswer>(202, "If they belong together, a mail is on its way.")
            .example_request(json!({"reference": "4X7-K92-MQ3", "email": "ada@mail.example"}))
            .example_response(json!({"what_happens_next": [LINK_WORDS]})),
        get("/v1/public/tracking", follow)
            .id("follow_case")
            .summary("Where your case stands")
            .tag("Tracking")
            .access(Access::tracking())
            .answers::<PublicView>(200, "The case as the person it is for may see it.")
            .refuses(&[404])
            .example_response(json!({
                "reference": "4X7-K92-MQ3", "service": "Waste collection", "category": "a missed bin",
                "status": "open", "status_label": "The bins team is working on it",
                "what_happens_next": [
                    "We will collect it, or tell you why not, by 5pm on Tuesday 24 November 2026.",
                ],
                "received_on": "2026-11-20", "respond_on": "2026-11-24", "respond_by": "2026-11-24T17:00:00Z",
                "first_promised_on": "2026-11-24", "date_explained": null, "asked_on": null,
                "follow_up_until": null, "replied_at": null,
                "phone": "01632 960110", "phone_hours": "Monday to Friday, 8.30am to 5pm",
                "history": [{"on": "2026-11-20", "at": "2026-11-20T16:58:00Z", "what": "You told us about it"}],
                "incidents": [],
                "is_open": true,
            })),
        post("/v1/public/tracking/messages", add_message)
            .id("add_tracking_message")
            .summary("Add a message to your case")
            .tag("Tracking")
            .access(Access::tracking())
            .body::<TrackingMessage>()
            .answers::<Taken>(201, "We have it.")
            .refuses(&[404, 409])
            .example_request(json!({"body": "It is still there this morning."}))
            .example_response(json!({"received_at": "2026-11-23T08:12:00Z"})),
        post("/v1/public/tracking/withdrawals", withdraw)
            .id("withdraw_from_case")
            .summary("Take your part in a case back")
            .description("The case closes when nobody is left on it.")
            .tag("Tracking")
            .access(Access::tracking())
            .optional_body::<TrackingWithdrawal>()
            .answers::<Taken>(201, "It is taken back.")
            .refuses(&[404, 409])
            .example_request(json!({"reason": "It was emptied after all."}))
            .example_response(json!({"received_at": "2026-11-23T08:12:00Z"})),
        post("/v1/public/tracking/feedback", give_feedback)
            .id("give_tracking_feedback")
            .summary("Say how it went")
            .description("Once for each link.")
            .tag("Tracking")
            .access(Access::tracking())
            .body::<TrackingFeedback>()
            .answers::<Taken>(201, "Thank you.")
            .refuses(&[404, 409])
            .example_request(json!({"score": 4, "comment": "Quick, but nobody rang me."}))
            .example_response(json!({"received_at": "2026-11-25T10:00:00Z"})),
    ]
}

const LINK_WORDS: &str =
    "If the reference and the address belong together, we have sent you the link by e-mail.";

fn a_hundred() -> u16 {
    100
}

async fn send_form(call: Call) -> Result<Answer, Problem> {
    let (form, faults) = read_as_far_as_it_fits::<PublicContact>(&call)?;
    take_form(&call, form, faults, |receipt| {
        let status = if receipt.duplicate.is_some() {
            200
        } else {
            201
        };
        Answer::json(status, receipt)
    })
    .await
}

/// Takes a form in, whoever shows it, and keeps the answer to it under its key. `faults` are those of its
/// shape.
///
/// # Errors
/// Everything that stands against it.
pub async fn take_form<A>(
    call: &Call,
    form: PublicContact,
    faults: Vec<Fault>,
    answer: A,
) -> Result<Answer, Problem>
where
    A: Fn(&PublicReceipt) -> Answer + Send + 'static,
{
    if form
        .website
        .as_deref()
        .is_some_and(|website| !website.trim().is_empty())
    {
        metrics::counter!("reeve_forms_with_hidden_field_filled_total").increment(1);
    }
    // Whoever else has signed in sends a form as anybody does.
    let actor = match &call.actor {
        key @ Actor::Key(_) => key.clone(),
        _ => Actor::Anonymous {
            address: call.address.clone(),
        },
    };
    let faults = [faults, refuse_without_key(&actor, &form)].concat();
    call.commit(
        move |tx, at| {
            let (enquiry, faults) = read_form(at, &form, &faults);
            refuse_all(at, &enquiry, faults)?;
            let entry = Entry {
                is_silent: enquiry.hidden_field_filled,
                ..Entry::by(actor.clone())
            };
            let received = intake::receive(tx, at, &enquiry, &entry)?;
            receipt_for(tx, at, &received)
        },
        answer,
    )
    .await
}

/// A form as far as it is filled in, and everything that stands against it. Nothing is written.
///
/// # Errors
/// The faults alone, where no form can be made of it at all.
pub fn look_over(at: &Moment, sent: Value) -> Result<(PublicContact, Vec<Fault>), Vec<Fault>> {
    let (form, faults) = as_far_as_it_fits::<PublicContact>(sent)?;
    let (enquiry, mut faults) = read_form(at, &form, &faults);
    if let Err(Failure::Invalid(more)) = intake::check(at, &enquiry) {
        faults.extend(more);
    }
    Ok((form, faults))
}

/// What a form means, and what stands against it before the catalogue is asked.
fn read_form(at: &Moment, form: &PublicContact, faults: &[Fault]) -> (Enquiry, Vec<Fault>) {
    let Read {
        enquiry,
        faults: unfit,
    } = web_form::read(form.clone().into_form(), at.now);
    let mut faults = together(faults, unfit);
    let struck = |pointer: &str| faults.iter().any(|fault| fault.pointer == pointer);
    if !struck("/fields") {
        faults.extend(intake::unanswered(at, &enquiry));
    }
    (enquiry, faults)
}

/// What only a website with a key may say.
fn refuse_without_key(actor: &Actor, form: &PublicContact) -> Vec<Fault> {
    if matches!(actor, Actor::Key(_)) {
        return Vec::new();
    }
    let fields = [
        ("/received_at", form.received_at.is_some()),
        ("/external_id", form.external_id.is_some()),
    ];
    fields
        .into_iter()
        .filter(|(_, is_given)| *is_given)
        .map(|(pointer, _)| Fault {
            pointer: pointer.to_owned(),
            code: "key_needed",
            detail: "Only a website with a key may send this.".to_owned(),
        })
        .collect()
}

/// What the person is told at once.
fn receipt_for(
    tx: &mut Tx<'_>,
    at: &Moment,
    received: &Received,
) -> Result<PublicReceipt, Failure> {
    // The form's sender may not see cases; what a repeat made is told to them once more.
    let filed = match (&received.case, received.contact.case) {
        (Some(filed), _) => Some(filed.clone()),
        (None, Some(id)) if received.is_duplicate => Some(actions::find(
            tx,
            &Actor::System,
            &Target::Id(id),
            Act::Read,
        )?),
        (None, _) => None,
    };
    let duplicate = received.is_duplicate.then_some(true);
    let open = filed
        .filter(|filed| filed.case.secrecy != Secrecy::Restricted && !filed.case.is_in_danger());
    match open {
        Some(filed) if !received.is_danger => {
            let mut access = received.access.clone();
            if received.is_duplicate && received.contact.disposition == Disposition::Opened {
                access = Some(letters::link_for(
                    tx,
                    at,
                    filed.case.id,
                    received.contact.person,
                )?);
            }
            let said = receipts::said(tx, at, &filed)?;
            let tracking = access.map(|access| TrackingObject {
                url: access.url,
                token: access.token,
            });
            Ok(told(&filed, said, tracking, duplicate))
        }
        _ => {
            let number = number_to_ring(at, received);
            Ok(PublicReceipt {
                reference: None,
                acknowledge_by: None,
                acknowledge_on: None,
                respond_by: None,
                respond_on: None,
                what_happens_next: vec![
                    "We have your message.".to_owned(),
                    wording::read_out_danger(&number),
                ],
                phone: number,
                phone_hours: None,
                tracking: None,
                duplicate,
            })
        }
    }
}

fn told(
    filed: &Filed,
    said: Said,
    tracking: Option<TrackingObject>,
    duplicate: Option<bool>,
) -> PublicReceipt {
    let dates = &filed.dates;
    PublicReceipt {
        reference: Some(filed.case.reference.to_string()),
        acknowledge_by: dates.acknowledge_by.map(Into::into),
        acknowledge_on: dates.acknowledge_on.map(Into::into),
        respond_by: dates.respond_by.map(Into::into),
        respond_on: dates.respond_on.map(Into::into),
        what_happens_next: said.what_happens,
        phone: said.phone.number,
        phone_hours: said.phone.hours,
        tracking,
        duplicate,
    }
}

/// The emergency line that is open now.
fn number_to_ring(at: &Moment, received: &Received) -> String {
    match (&received.receipt, &received.case) {
        (Some(receipt), _) => receipt.number_to_ring.clone(),
        (None, Some(filed)) => letters::emergency_line(at, &filed.case),
        (None, None) => at.council.catalogue.council.emergency_phone.clone(),
    }
}

async fn list_services(call: Call) -> Result<Answer, Problem> {
    let query: ServicesQuery = call.query()?;
    let after: Option<String> = call.cursor(query.cursor.as_deref())?;
    let council = call.front.desk.council();
    let catalogue = &council.catalogue;
    let page = PageQuery {
        limit: query.limit,
        cursor: query.cursor,
    };
    let mut services: Vec<PublicService> = catalogue
        .services
        .values()
        .filter(|service| service.is_public)
        .filter(|service| after.as_ref().is_none_or(|after| service.slug > *after))
        .map(|service| PublicService::of(catalogue, service, call.now))
        .collect();
    let next = page.cut(&mut services, |service| service.slug.clone());
    Ok(call.page(services, next.as_ref(), None))
}

async fn show_service(call: Call) -> Result<Answer, Problem> {
    let council = call.front.desk.council();
    let catalogue = &council.catalogue;
    let service = catalogue
        .service(call.path("service"))
        .filter(|service| service.is_public)
        .ok_or_else(Problem::not_found)?;
    Ok(Answer::ok(&PublicServiceDetail::of(
        catalogue, service, call.now,
    )))
}

async fn show_form(call: Call) -> Result<Answer, Problem> {
    let query: FormQuery = call.query()?;
    let council = call.front.desk.council();
    let service = council
        .catalogue
        .service(call.path("service"))
        .filter(|service| service.is_public)
        .ok_or_else(Problem::not_found)?;
    let keeping = call.front.desk.keeping()?;
    let setting = FormSetting {
        language: query.language,
        idempotency_key: call.front.form_key(),
        most_attachments: keeping.most_per_contact,
        largest_attachment: call.front.http.max_attachment_bytes,
        types: keeping.types.clone(),
    };
    let form = PublicForm::of(&council.catalogue, service, call.now, setting);
    Ok(Answer::ok(&form))
}

async fn list_access_points(call: Call) -> Result<Answer, Problem> {
    let council = call.front.desk.council();
    let catalogue = &council.catalogue;
    let points = catalogue.access_points.iter();
    let items = points
        .map(|point| PublicAccessPoint::of(catalogue, point, call.now))
        .collect();
    Ok(Answer::ok(&AccessPoints {
        items,
        next_cursor: None,
    }))
}

async fn send_link(call: Call) -> Result<Answer, Problem> {
    let wanted: TrackingLinkRequest = call.json()?;
    call.commit(
        move |tx, at| tracking::send_link(tx, at, &wanted.reference, &wanted.email),
        |()| {
            Answer::json(
                202,
                &TrackingLinkAnswer {
                    what_happens_next: vec![LINK_WORDS.to_owned()],
                },
            )
        },
    )
    .await
}

async fn follow(call: Call) -> Result<Answer, Problem> {
    let link = link_of(&call)?;
    let view = call
        .read(move |conn, at| tracking::view(conn, at, &link))
        .await?;
    Ok(Answer::ok(&view))
}

async fn add_message(call: Call) -> Result<Answer, Problem> {
    let link = link_of(&call)?;
    let message: TrackingMessage = call.json()?;
    if message.body.trim().is_empty() {
        let fault = Failure::invalid("/body", "missing_field", "Say something.");
        return Err(fault.into());
    }
    call.commit(
        move |tx, at| tracking::add_message(tx, at, &link, &message.body),
        |received_at| {
            Answer::json(
                201,
                &Taken {
                    received_at: (*received_at).into(),
                },
            )
        },
    )
    .await
}

async fn withdraw(call: Call) -> Result<Answer, Problem> {
    let link = link_of(&call)?;
    let withdrawal: TrackingWithdrawal = call.json()?;
    call.commit(
        move |tx, at| {
            tracking::withdraw(tx, at, &link, withdrawal.reason.as_deref())?;
            Ok(at.now)
        },
        |received_at| {
            Answer::json(
                201,
                &Taken {
                    received_at: (*received_at).into(),
                },
            )
        },
    )
    .await
}

async fn give_feedback(call: Call) -> Result<Answer, Problem> {
    let link = link_of(&call)?;
    let feedback: TrackingFeedback = call.json()?;
    call.commit(
        move |tx, at| {
            let comment = feedback.comment.as_deref().unwrap_or_default();
            tracking::give_feedback(tx, at, &link, feedback.score, comment)?;
            Ok(at.now)
        },
        |received_at| {
            Answer::json(
                201,
                &Taken {
                    received_at: (*received_at).into(),
                },
            )
        },
    )
    .await
}

/// The link the caller came by.
fn link_of(call: &Call) -> Result<Link, Problem> {
    match &call.actor {
        Actor::Follower { link, case, person } => Ok(Link {
            id: *link,
            case: *case,
            person: *person,
        }),
        _ => Err(Problem::forbidden(
            "scope_missing",
            "This is for who follows a case by its secret link.",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(value: serde_json::Value) -> PublicContact {
        crate::http::shape::fit(value).unwrap()
    }

    #[test]
    fn only_a_website_with_a_key_may_say_when_a_form_came() {
        let anybody = Actor::Anonymous {
            address: "192.0.2.1".to_owned(),
        };
        let check = |value: serde_json::Value, expect: &[&str]| {
            let faults = refuse_without_key(&anybody, &form(value));
            let pointers: Vec<&str> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
            assert_eq!(pointers, expect);
        };
        check(json!({"body": "x", "website": "http://spam.example"}), &[]);
        check(
            json!({"body": "x", "external_id": "web-1", "received_at": "2026-11-20T16:58:00Z"}),
            &["/received_at", "/external_id"],
        );
    }

    #[test]
    fn the_words_for_a_link_are_plain() {
        assert_eq!(wording::banned_words(LINK_WORDS), Vec::<&str>::new());
        assert!(wording::long_sentences(LINK_WORDS).is_empty());
    }
}
