//! The rows of the matrix: cases of every kind of secrecy, each with words, a name and an address that
//! are nowhere else, and what hangs on them.

use reeve::domain::reference::Reference;
use reeve::store::{cases, outbox};
use serde_json::{Value, json};

use super::Knows;
use super::actors::Actor;
use super::requests::Over;
use crate::mail_in::{deliver, mail};
use crate::support::{Caller, TestApp};
use crate::{attachments, people};

/// A case and what hangs on it.
pub struct Object {
    pub name: &'static str,
    pub what: &'static str,
    pub case: String,
    pub reference: String,
    pub person: String,
    pub queue: String,
    /// A notice about it.
    pub notice: Option<String>,
    /// A reply that can still be taken back.
    pub reply: Option<String>,
    /// A mail that waits for a person and names it.
    pub mail: Option<String>,
    /// A file that came with it.
    pub attachment: Option<String>,
    /// A call from its person's telephone.
    pub call: Option<String>,
    /// A body its person acts for.
    pub organisation: Option<String>,
    /// Two records of its person, made one: by whoever may know of both.
    pub merge: Option<String>,
    pub is_restricted: bool,
    /// Nothing about it may be found anywhere; it is not there.
    pub is_absent: bool,
}

/// All of them, and what else requests name.
pub struct World {
    pub objects: Vec<Object>,
    /// The secret link of the first case.
    pub link: String,
    pub some_user: String,
    pub absent: String,
}

/// A minute before everything else begins.
pub const RANG_AT: &str = "2026-11-20T16:57:00Z";
const ABSENT: &str = "019a9f5e-7c00-7000-8000-00000000dead";

impl Object {
    /// Its person is known from restricted cases alone, and the caller is not named on these.
    pub fn is_hidden_person_for(&self, actor: &Actor) -> bool {
        let named = match self.name {
            "restricted" => "tea",
            "staff" => "dir",
            _ => return self.is_absent,
        };
        actor.code != named
    }

    /// What stands for it in a path or body.
    pub fn token(name: &str, what: &str) -> String {
        format!("zq{name}{what}")
    }

    /// What the actor must not be told of it by this operation.
    pub fn not_for(&self, actor: &Actor, knows: Knows, operation: &str, over: Over) -> Vec<String> {
        if self.is_absent || knows == Knows::All {
            return Vec::new();
        }
        // Whoever follows their own case has the files they sent.
        if operation == "get_attachment" && actor.follows == Some(self.name) {
            return Vec::new();
        }
        // Without cases:read a key learns of the cases its queues reach what its own scope tells: what a
        // person has with them, and which of them a figure counts.
        let is_in_reach = self.queue == "waste-ops" && !self.is_restricted;
        if is_in_reach && actor.code == "kppl" && over == Over::Person {
            return Vec::new();
        }
        let is_counted = is_in_reach && actor.code == "krep" && operation == "get_intake_report";
        let token = |what| Self::token(self.name, what);
        // A person is for those who look people up, whatever they may see of their case; one known
        // only from restricted cases is as hidden as these.
        let may_know_the_person = !self.is_restricted
            && actor.looks_up_people
            && (over == Over::Person
                || matches!(over, Over::Call | Over::Merge | Over::Organisation)
                || matches!(operation, "search_people" | "list_contacts_of_person"));
        // Administrators see whom a mail did not reach.
        let sees_deliveries = !self.is_restricted
            && actor.code == "adm"
            && matches!(operation, "get_notice" | "list_notices" | "retry_notice");
        let mut words = vec![token("subject"), token("body"), token("reply")];
        if !may_know_the_person {
            words.extend([token("street"), token("name")]);
            if !sees_deliveries {
                words.push(token("mail"));
            }
        }
        let is_own_receipt = operation == "list_my_receipts" && actor.code == "age";
        let is_the_audit = operation == "list_audit" && actor.sees_ids;
        if knows == Knows::Nothing
            && !is_own_receipt
            && !sees_deliveries
            && !is_the_audit
            && !is_counted
        {
            words.extend([
                self.case.clone(),
                self.reference.clone(),
                self.reference.replace('-', ""),
            ]);
            if self.is_restricted {
                words.extend(self.mail.clone());
            }
        }
        words
    }
}

/// What is logged; a councillor raises it themselves, and names nobody.
fn told(
    name: &str,
    words: &str,
    service: Option<(&str, &str)>,
    is_raised: bool,
    attachment: Option<&str>,
) -> Value {
    let token = |what| Object::token(name, what);
    let mut body = json!({
        "channel": "phone", "subject": token("subject"), "body": format!("{words} {}", token("body")),
        "person": {
            "name": format!("Pat {}", token("name")), "email": format!("{}@mail.example", token("mail")),
            "phone": number_of(name),
            "address": {"lines": [format!("3 {}", token("street"))], "postcode": "ZZ1 1AA"},
        },
    });
    if let Some(id) = attachment {
        body["attachments"] = json!([id]);
    }
    if is_raised && let Some(members) = body.as_object_mut() {
        members.remove("person");
    }
    if let Some((service, category)) = service {
        body["service"] = json!(service);
        body["category"] = json!(category);
    }
    body
}

/// The telephone of its person.
fn number_of(name: &str) -> String {
    let place = KINDS.iter().position(|(own, ..)| *own == name).unwrap();
    format!("01632 96070{place}")
}

/// Who logs what, and whose case it is: (row, what it is, who logs, who has it, words, place).
type Kind = (
    &'static str,
    &'static str,
    &'static str,
    Option<&'static str>,
    &'static str,
    Option<(&'static str, &'static str)>,
);

const KINDS: &[Kind] = &[
    (
        "first",
        "ordinary, of waste-ops; the officer of the queue has it",
        "age",
        Some("off"),
        "The bin was missed.",
        Some(("waste-collection", "missed-bin")),
    ),
    (
        "foreign",
        "ordinary, of highways",
        "age",
        Some("ofx"),
        "There is a pothole.",
        Some(("highways-maintenance", "pothole")),
    ),
    (
        "raised",
        "ordinary, of waste-ops; the service's own case beside a councillor's enquiry",
        "cll",
        Some("off"),
        "My constituent's bin was missed.",
        Some(("waste-collection", "missed-bin")),
    ),
    (
        "logged",
        "ordinary, of highways; logged by the partner of another queue",
        "pax",
        Some("ofx"),
        "There is a pothole.",
        Some(("highways-maintenance", "pothole")),
    ),
    (
        "sensitive",
        "sensitive, of tenancy",
        "age",
        None,
        "I owe rent.",
        Some(("tenancy", "rent")),
    ),
    (
        "restricted",
        "restricted to mash",
        "age",
        Some("tea"),
        "I am worried about a child.",
        Some(("childrens-social-care", "child-at-risk")),
    ),
    (
        "staff",
        "complaint about the head of waste: restricted to the director",
        "age",
        Some("dir"),
        "I want to complain about the Head of Waste and Street Scene, who was rude.",
        Some(("complaints", "stage-1")),
    ),
];

pub async fn settle_in(app: &TestApp, actors: &[Actor]) -> World {
    let who = |code: &str| actors.iter().find(|actor| actor.code == code).unwrap();
    let mut objects = vec![absent()];
    let mut link = String::new();
    for (name, what, logs, owns, words, place) in KINDS {
        let is_raised = *logs == "cll";
        let file = format!("A photograph. {}", Object::token(name, "body"));
        let sent = attachments::send(
            app,
            who(logs).caller(),
            "a.txt",
            "text/plain",
            file.as_bytes(),
        )
        .await;
        let attachment = (!is_raised && sent.status == 201)
            .then(|| sent.json()["id"].as_str().unwrap().to_owned());
        let contact = told(name, words, *place, is_raised, attachment.as_deref());
        let logged = app
            .post(who(logs).caller(), "/v1/contacts", contact.clone())
            .await
            .expect(201);
        let reference = match *name {
            // The member has a case with member services; this is the one beside it.
            "raised" => logged["related_cases"][0]["reference"].clone(),
            _ => match &logged["receipt"] {
                Value::Null => logged["case"]["reference"].clone(),
                receipt => receipt["reference"].clone(),
            },
        };
        let reference = reference
            .as_str()
            .unwrap_or_else(|| panic!("{name}: {logged:#}"))
            .to_owned();
        let works = who(owns.unwrap_or("age"));
        if owns.is_some() {
            let path = format!("/v1/cases/{reference}/assignments");
            app.post(works.caller(), &path, json!({"owner": "me"}))
                .await
                .expect(201);
        }
        let path = format!("/v1/cases/{reference}/replies");
        let text = format!("We are looking into it. {}", Object::token(name, "reply"));
        let replied = app
            .post(
                works.caller(),
                &path,
                json!({"kind": "holding", "text": text}),
            )
            .await
            .expect(201);
        if *name == "first" {
            logged["tracking"]["token"]
                .as_str()
                .unwrap()
                .clone_into(&mut link);
        }
        let raw = mail(
            &format!("Stranger <stranger.{name}@mail.example>"),
            &format!("Re: {reference}"),
            &format!("held-{name}"),
            "",
            &format!("About that. {}", Object::token(name, "body")),
        );
        let held = deliver(app, &raw).await.expect(202);
        let mut object = object(
            app,
            name,
            what,
            &reference,
            &replied["notice"]["id"],
            &held["contact"]["id"],
        )
        .await;
        object.attachment = attachment;
        object.call = Some(rings(app, name).await);
        object.organisation = Some(joins(app, works.caller(), &object).await);
        if !is_raised {
            object.merge = Some(known_twice(app, who(logs), works, contact, &object).await);
        }
        objects.push(object);
    }
    let off = who("off").caller();
    let me = app.get(off, "/v1/me").await.expect(200);
    World {
        objects,
        link,
        some_user: me["id"].as_str().unwrap().to_owned(),
        absent: ABSENT.to_owned(),
    }
}

/// Somebody rings from the telephone of its person: the call.
async fn rings(app: &TestApp, name: &str) -> String {
    let call = format!("pbx-{name}");
    let event = json!({
        "call": call, "event": "offered", "at": RANG_AT, "number": number_of(name), "line": "01632 960110",
    });
    let events = "/v1/channels/telephony/events";
    app.post(&app.key("telephony"), events, event)
        .await
        .expect(200);
    call
}

/// Its person acts for a body: said by somebody who works the case.
async fn joins(app: &TestApp, works: &Caller, object: &Object) -> String {
    let body = json!({"name": format!("Body {}", object.name), "kind": "business"});
    let added = app.post(works, "/v1/organisations", body).await.expect(201);
    let id = added["id"].as_str().unwrap().to_owned();
    let acts_for = json!({"organisation_id": id});
    people::change(app, works, &object.person, acts_for)
        .await
        .expect(200);
    id
}

/// Another record of its person, from a contact of the same kind, made one with the first.
async fn known_twice(
    app: &TestApp,
    logs: &Actor,
    works: &Actor,
    mut contact: Value,
    object: &Object,
) -> String {
    let name = Object::token(object.name, "name");
    let email = format!("other.{}@mail.example", Object::token(object.name, "mail"));
    contact["person"] = json!({"name": format!("Sam {name}"), "email": email});
    if let Some(members) = contact.as_object_mut() {
        members.remove("attachments");
    }
    app.post(logs.caller(), "/v1/contacts", contact)
        .await
        .expect(201);
    let by_email = json!({"email": email});
    let found = app
        .post(works.caller(), "/v1/people/searches", by_email)
        .await
        .expect(200);
    let both = json!({
        "from": found["items"][0]["id"], "into": object.person, "reason": "She says that both are hers.",
    });
    let merged = app
        .post(works.caller(), "/v1/people/merges", both)
        .await
        .expect(201);
    merged["id"].as_str().unwrap().to_owned()
}

async fn object(
    app: &TestApp,
    name: &'static str,
    what: &'static str,
    reference: &str,
    reply: &Value,
    mail: &Value,
) -> Object {
    let wanted = Reference::parse(reference).unwrap();
    let (filed, notice) = app
        .desk
        .read(move |conn, _| {
            let filed = cases::find_by_reference(conn, &wanted)?.unwrap();
            let notices = outbox::list(conn, Some(filed.case.id), None, None, 10)?;
            let about_it = notices
                .into_iter()
                .map(|notice| notice.id.to_string())
                .next();
            Ok((filed, about_it))
        })
        .await
        .unwrap();
    Object {
        name,
        what,
        case: filed.case.id.to_string(),
        reference: reference.to_owned(),
        person: filed.case.reporter.unwrap().to_string(),
        queue: filed.case.queue.clone(),
        notice,
        reply: reply.as_str().map(str::to_owned),
        mail: mail.as_str().map(str::to_owned),
        attachment: None,
        call: None,
        organisation: None,
        merge: None,
        is_restricted: filed.case.secrecy == reeve::domain::case::Secrecy::Restricted,
        is_absent: false,
    }
}

fn absent() -> Object {
    let absent = || ABSENT.to_owned();
    Object {
        name: "absent",
        what: "nothing at all",
        case: absent(),
        reference: "none".to_owned(),
        person: absent(),
        queue: "no-such-queue".to_owned(),
        notice: Some(absent()),
        reply: Some(absent()),
        mail: Some(absent()),
        attachment: Some(absent()),
        call: Some("pbx-nowhere".to_owned()),
        organisation: Some(absent()),
        merge: Some(absent()),
        is_restricted: false,
        is_absent: true,
    }
}
