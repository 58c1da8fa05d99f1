//! For everybody, without signing in: services and their telephones, web forms, and a person's own
//! case by its secret link.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::access::Access;
use super::answer::Answer;
use super::call::Call;
use super::dto::public::{
    AccessPoints, PublicAccessPoint, PublicContact, PublicReceipt, PublicService,
    PublicServiceDetail, Taken, TrackingFeedback, TrackingLinkAnswer, TrackingLinkRequest,
    TrackingMessage, TrackingWithdrawal,
};
use super::dto::public_form::{FormQuery, FormSetting, PublicForm};
use super::operation::{Allowance, Operation, get, post};
use super::paging::{Page, PageQuery};
use super::problem::Problem;
use super::sent_form::send_form;
use crate::casework::tracking::{self, PublicView};
use crate::casework::{Failure, Link};
use crate::domain::access::{Actor, Scope};

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
                 `what_happens_next` says what to do now. A form that says `danger` is never sent back for what is \
                 wrong in it: that is left out and named in `left_out`. With a website's key, the same `external_id` again \
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
        |added| {
            Answer::json(
                201,
                &Taken {
                    received_at: added.received_at.into(),
                    what_happens_next: added.in_danger.iter().cloned().collect(),
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
                    what_happens_next: Vec::new(),
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
                    what_happens_next: Vec::new(),
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
    use crate::domain::wording;

    #[test]
    fn the_words_for_a_link_are_plain() {
        assert_eq!(wording::banned_words(LINK_WORDS), Vec::<&str>::new());
        assert!(wording::long_sentences(LINK_WORDS).is_empty());
    }
}
