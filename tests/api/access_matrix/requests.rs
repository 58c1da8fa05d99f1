//! One minimal request for each operation, or several where there are several doors to an object.
//!
//! `@case`, `@person`, `@name`, `@mail`, `@body` in a path, query or body stand for those of the object of the
//! row, `@n` for a number that is never the same. A new operation gets a line in [`asked`] and its name
//! in [`ALL`].

use actix_web::http::Method;
use actix_web::test::TestRequest;
use serde_json::{Value, json};

use super::objects::{Object, World};

/// Over what the rows of an operation go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// One row: it names nothing.
    Nothing,
    Case,
    Person,
    Notice,
    Reply,
    Mail,
    Queue,
}

/// One request to be.
pub struct Asked {
    pub over: Over,
    /// Beside the object, where an operation is asked in several ways.
    pub label: &'static str,
    query: &'static str,
    body: Sent,
    /// Carries a version nobody has seen.
    is_stale: bool,
}

enum Sent {
    Nothing,
    Json(Value),
    Mail,
}

impl Asked {
    pub fn is_about(&self, object: &Object) -> bool {
        match self.over {
            Over::Nothing | Over::Case | Over::Person => true,
            Over::Notice => object.notice.is_some(),
            Over::Reply => object.reply.is_some(),
            Over::Mail => object.mail.is_some(),
            Over::Queue => !matches!(object.name, "raised" | "logged"),
        }
    }

    pub fn request(
        &self,
        method: Method,
        path: &str,
        object: &Object,
        world: &World,
        n: u32,
    ) -> TestRequest {
        let of = |id: &Option<String>| id.clone().unwrap_or_default();
        let mut path = path
            .replace("{case}", &object.case)
            .replace("{person}", &object.person)
            .replace("{notice}", &of(&object.notice))
            .replace("{reply}", &of(&object.reply))
            .replace("{mail}", &of(&object.mail))
            .replace("{queue}", &object.queue)
            .replace("{clock}", "respond")
            .replace("{service}", "waste-collection")
            .replace("{version}", "1")
            .replace("{user}", &world.some_user)
            .replace("{key}", &world.absent);
        assert!(
            !path.contains('{'),
            "{path} has a part that no request fills"
        );
        let fill = |text: &str| {
            text.replace("@case", &object.case)
                .replace("@person", &object.person)
                .replace("@name", &Object::token(object.name, "name"))
                .replace("@body", &Object::token(object.name, "body"))
                .replace(
                    "@mail",
                    &format!("{}@mail.example", Object::token(object.name, "mail")),
                )
                .replace("@n", &n.to_string())
        };
        if !self.query.is_empty() {
            path = format!("{path}?{}", fill(self.query));
        }
        let mut request = TestRequest::with_uri(&path).method(method);
        if self.is_stale {
            request = request.insert_header(("if-match", "\"999999\""));
        }
        match &self.body {
            Sent::Nothing => request,
            Sent::Json(body) => request
                .insert_header(("content-type", "application/json"))
                .set_payload(fill(&body.to_string())),
            Sent::Mail => request
                .insert_header(("content-type", "message/rfc822"))
                .set_payload(format!(
                    "From: Ada <ada@mail.example>\r\nTo: contact@council.example\r\nSubject: Bin\r\n\
                     Message-ID: <matrix-{n}@mail.example>\r\n\r\nMy bin was missed on street {n}.\r\n"
                )),
        }
    }

    fn named(self, label: &'static str) -> Self {
        Self { label, ..self }
    }

    fn stale(self) -> Self {
        Self {
            is_stale: true,
            ..self
        }
    }

    fn query(self, query: &'static str) -> Self {
        Self { query, ..self }
    }
}

fn plain(over: Over) -> Asked {
    Asked {
        over,
        label: "",
        query: "",
        body: Sent::Nothing,
        is_stale: false,
    }
}

fn sends(over: Over, body: Value) -> Asked {
    Asked {
        body: Sent::Json(body),
        ..plain(over)
    }
}

/// An act on a case, at a version nobody has seen.
fn act(body: Value) -> Vec<Asked> {
    vec![sends(Over::Case, body).stale()]
}

fn reads(over: Over) -> Vec<Asked> {
    vec![plain(over)]
}

/// How an operation is asked for; nothing when it is not known here.
pub fn asked(id: &str) -> Vec<Asked> {
    use Over::{Case, Mail, Nothing, Notice, Person, Queue, Reply};
    match id {
        // Intake
        "log_contact" => vec![
            sends(
                Nothing,
                json!({"channel": "phone", "body": "The bin of street @n was missed.", "service": "waste-collection", "category": "missed-bin"}),
            ),
            sends(
                Case,
                json!({"channel": "carrier_pigeon", "body": "And again.", "case": "@case"}),
            )
            .named("joined"),
            sends(
                Person,
                json!({"channel": "carrier_pigeon", "body": "And again.", "person_id": "@person"}),
            )
            .named("named"),
        ],
        "list_my_receipts" => reads(Nothing),
        "take_mail" => vec![Asked {
            body: Sent::Mail,
            ..plain(Nothing)
        }],
        "list_mails" => vec![
            plain(Nothing),
            plain(Nothing).query("waiting=true").named("waiting"),
        ],
        "get_mail" => reads(Mail),
        "release_mail" => vec![sends(Mail, json!({"case": "nowhere"}))],
        "dismiss_mail" => vec![sends(Mail, json!({}))],
        "try_routing" => vec![sends(
            Nothing,
            json!({"channel": "phone", "body": "There is a pothole."}),
        )],

        // Cases
        "list_cases" => vec![
            plain(Nothing).query("limit=100&include=total"),
            plain(Case).query("q=@body&include=total").named("searched"),
            plain(Case)
                .query("person=@person&include=total")
                .named("by person"),
        ],
        "get_case" | "list_case_timeline" | "list_case_clocks" | "explain_case_clock"
        | "list_case_contacts" | "list_case_notices" => reads(Case),
        "change_case" => act(json!({"priority": "high"})),
        "acknowledge_case" => act(json!({"how": "spoken"})),
        "assign_case" => act(json!({"owner": "me"})),
        "transfer_case" => act(json!({"queue": "repairs", "reason": "Not ours."})),
        "pause_case" => act(
            json!({"reason": "Waiting.", "waiting_for": "contractor", "resume_on": "2026-11-30"}),
        ),
        "resume_case" => act(json!({})),
        "extend_case_clock" => act(
            json!({"clock": "respond", "by": {"working_days": 2}, "reason": "The van broke down."}),
        ),
        "ask_person" => act(json!({"text": "Which bin?"})),
        "reply_to_person" => act(json!({"text": "Done.", "kind": "substantive"})),
        "take_back_reply" => vec![plain(Reply).stale()],
        "add_note" => act(json!({"text": "Rang.", "audience": "staff"})),
        "add_promise" => act(json!({"what": "Ring back", "by": "2026-11-24T15:00:00Z"})),
        "close_case" => act(json!({"outcome": "resolved"})),
        "reopen_case" => act(json!({"reason": "Again."})),
        "open_stage" => act(json!({"stage": 2, "reason": "Not content.", "officer": null})),
        "merge_case" => act(json!({"into": "@case"})),
        "link_case" => act(json!({"kind": "related", "case": "@case"})),
        "grant_case_access" => vec![
            sends(
                Case,
                json!({"people": ["mash.officer@council.example"], "reason": "Covers."}),
            )
            .stale(),
            sends(
                Case,
                json!({"break_glass": true, "teams": ["mash"], "reason": "It cannot wait."}),
            )
            .named("break glass"),
        ],
        "record_call" => {
            act(json!({"who": "Duty officer", "number": "01632 960999", "outcome": "On the way."}))
        }
        "record_standard_event" => act(json!({"event": "concluded"})),

        // Queues, escalations, notices
        "list_queues" => reads(Nothing),
        "get_queue" => reads(Queue),
        "take_next_case" => vec![sends(Queue, json!({"no_such": "member"}))],
        "list_escalations" => vec![
            plain(Nothing),
            plain(Case).query("case=@case").named("of it"),
        ],
        "list_notices" => vec![
            plain(Nothing).query("state=sent"),
            plain(Nothing).query("state=pending").named("pending"),
            plain(Nothing).query("state=to_write").named("to write"),
        ],
        "get_notice" => reads(Notice),
        "retry_notice" => vec![sends(Notice, json!({"no_such": "member"}))],
        "note_letter_posted" => vec![sends(Notice, json!({}))],

        // People
        "search_people" => vec![
            sends(Person, json!({"name": "@name"})),
            sends(Person, json!({"email": "@mail"})).named("by address"),
        ],
        "get_person" | "list_contacts_of_person" | "list_cases_of_person" => reads(Person),
        "change_person" => vec![sends(Person, json!({})).stale()],

        // The public
        "send_form" => vec![sends(
            Nothing,
            json!({"subject": "Bin", "body": "The bin of street @n was missed."}),
        )],
        "list_public_services" | "get_public_service" | "list_access_points" | "follow_case" => {
            reads(Nothing)
        }
        "send_tracking_link" => vec![sends(
            Nothing,
            json!({"reference": "4X7-K92-MQ3", "email": "ada@mail.example"}),
        )],
        "add_tracking_message" => vec![sends(Nothing, json!({}))],
        "withdraw_from_case" => vec![sends(Nothing, json!({"reason": 5}))],
        "give_tracking_feedback" => vec![sends(Nothing, json!({}))],

        // Catalogue, reports
        "get_catalogue" | "list_catalogue_versions" | "get_catalogue_version" => reads(Nothing),
        "apply_catalogue" => vec![sends(Nothing, json!({})).stale()],
        "get_intake_report" => vec![
            plain(Nothing),
            plain(Nothing)
                .query("disposition=opened&limit=100")
                .named("opened"),
        ],

        // Signing in, users, keys
        "sign_in" | "refresh_tokens" | "bootstrap" | "confirm_totp" | "create_user"
        | "create_api_key" => {
            vec![sends(Nothing, json!({"no_such": "member"}))]
        }
        "change_me" => vec![sends(Nothing, json!({"no_such": "member"}))],
        "get_me" | "enrol_totp" | "sign_out" => reads(Nothing),
        "list_users" | "get_user" | "remove_totp" | "list_api_keys" | "get_api_key"
        | "revoke_api_key" => reads(Nothing),
        "change_user" => vec![
            sends(Nothing, json!({"active": true})).stale(),
            sends(Nothing, json!({"rota": []})).stale().named("rota"),
        ],
        "rotate_api_key" => vec![sends(Nothing, json!({}))],

        // Audit, operations
        "list_audit" => vec![plain(Nothing).query("limit=100")],
        "get_liveness" | "get_readiness" | "get_contract" => reads(Nothing),
        _ => Vec::new(),
    }
}

/// Every operation known here, so that one that was taken out of the contract is taken out here.
pub const ALL: &[&str] = &[
    "acknowledge_case",
    "add_note",
    "add_promise",
    "add_tracking_message",
    "apply_catalogue",
    "ask_person",
    "assign_case",
    "bootstrap",
    "change_case",
    "change_me",
    "change_person",
    "change_user",
    "close_case",
    "confirm_totp",
    "create_api_key",
    "create_user",
    "dismiss_mail",
    "enrol_totp",
    "explain_case_clock",
    "extend_case_clock",
    "follow_case",
    "get_api_key",
    "get_case",
    "get_catalogue",
    "get_catalogue_version",
    "get_contract",
    "get_intake_report",
    "get_liveness",
    "get_mail",
    "get_me",
    "get_notice",
    "get_person",
    "get_public_service",
    "get_queue",
    "get_readiness",
    "get_user",
    "give_tracking_feedback",
    "grant_case_access",
    "link_case",
    "list_access_points",
    "list_api_keys",
    "list_audit",
    "list_case_clocks",
    "list_case_contacts",
    "list_case_notices",
    "list_case_timeline",
    "list_cases",
    "list_cases_of_person",
    "list_catalogue_versions",
    "list_contacts_of_person",
    "list_escalations",
    "list_mails",
    "list_my_receipts",
    "list_notices",
    "list_public_services",
    "list_queues",
    "list_users",
    "log_contact",
    "merge_case",
    "note_letter_posted",
    "open_stage",
    "pause_case",
    "record_call",
    "record_standard_event",
    "refresh_tokens",
    "release_mail",
    "remove_totp",
    "reopen_case",
    "reply_to_person",
    "resume_case",
    "retry_notice",
    "revoke_api_key",
    "rotate_api_key",
    "search_people",
    "send_form",
    "send_tracking_link",
    "sign_in",
    "sign_out",
    "take_back_reply",
    "take_mail",
    "take_next_case",
    "transfer_case",
    "try_routing",
    "withdraw_from_case",
];
