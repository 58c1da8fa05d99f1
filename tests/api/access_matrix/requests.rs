//! One minimal request for each operation, or several where there are several doors to an object.
//!
//! `@case`, `@person`, `@name`, `@mail`, `@body` in a path, query or body stand for those of the object of the
//! row, `@n` for a number that is never the same. A new operation gets a line in [`asked`] and its name
//! in [`ALL`].

use actix_web::http::Method;
use actix_web::test::TestRequest;
use serde_json::{Value, json};

use super::objects::{Object, RANG_AT, World};

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
    Attachment,
    Call,
    /// The same, but for what would begin one.
    Ringing,
    Organisation,
    Merge,
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
    Form(&'static str),
    Mail,
    File,
}

impl Asked {
    pub fn is_about(&self, object: &Object) -> bool {
        match self.over {
            Over::Nothing | Over::Case | Over::Person => true,
            Over::Notice => object.notice.is_some(),
            Over::Reply => object.reply.is_some(),
            Over::Mail => object.mail.is_some(),
            Over::Attachment => object.attachment.is_some(),
            Over::Call => object.call.is_some(),
            Over::Ringing => object.call.is_some() && !object.is_absent,
            Over::Organisation => object.organisation.is_some(),
            Over::Merge => object.merge.is_some(),
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
            .replace("{id}", &object.reference)
            .replace("{token}", &object.reference)
            .replace("{code}", "missed-bin")
            .replace("{other}", &world.absent)
            .replace("{merge}", &of(&object.merge))
            .replace("{marker}", &world.absent)
            .replace("{organisation}", &of(&object.organisation))
            .replace("{incident}", &world.absent)
            .replace("{update}", &world.absent)
            .replace("{call}", &of(&object.call))
            .replace("{report}", &world.absent)
            .replace("{clock}", "respond")
            .replace("{service}", "waste-collection")
            .replace("{version}", "1")
            .replace("{user}", &world.some_user)
            .replace("{attachment}", &of(&object.attachment))
            .replace("{key}", &world.absent);
        assert!(
            !path.contains('{'),
            "{path} has a part that no request fills"
        );
        let fill = |text: &str| {
            text.replace("@case", &object.case)
                .replace("@person", &object.person)
                .replace("@reference", &object.reference)
                .replace("@call", &of(&object.call))
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
            Sent::Form(fields) => request
                .insert_header(("content-type", "application/x-www-form-urlencoded"))
                .set_payload(fill(fields)),
            Sent::File => request
                .insert_header(("content-type", "multipart/form-data; boundary=b"))
                .set_payload(
                    "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"bin.txt\"\r\n\r\nA bin.\r\n--b--\r\n",
                ),
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

fn form(over: Over, fields: &'static str) -> Vec<Asked> {
    vec![Asked {
        body: Sent::Form(fields),
        ..plain(over)
    }]
}

/// Something that lacks what it needs.
fn lacking(over: Over) -> Vec<Asked> {
    vec![sends(over, json!({"no_such": "member"}))]
}

/// An act on a case, at a version nobody has seen.
fn act(body: Value) -> Vec<Asked> {
    vec![sends(Over::Case, body).stale()]
}

fn reads(over: Over) -> Vec<Asked> {
    vec![plain(over)]
}

/// A chat in which nobody says a word, which cannot be meant.
fn silent_chat(about: &'static str, what: &'static str) -> Value {
    let turn = json!({"who": "adviser", "at": RANG_AT, "words": "Hello?"});
    let mut body = json!({"external_id": "matrix-@n", "consent_to_keep": true, "turns": [turn]});
    body[about] = json!(what);
    body
}

/// How an operation is asked for; nothing when it is not known here.
pub fn asked(id: &str) -> Vec<Asked> {
    use Over::{
        Attachment, Call, Case, Mail, Merge, Nothing, Notice, Organisation, Person, Queue, Reply,
        Ringing,
    };
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
        "send_attachment" | "send_public_attachment" => vec![Asked {
            body: Sent::File,
            ..plain(Nothing)
        }],
        "get_attachment" => reads(Attachment),
        "list_my_receipts" => reads(Nothing),
        "take_mail" => vec![Asked {
            body: Sent::Mail,
            ..plain(Nothing)
        }],
        // Told again, it changes nothing and says who rings.
        "take_call_event" => vec![sends(
            Ringing,
            json!({"call": "@call", "event": "position", "at": RANG_AT, "position": 2}),
        )],
        "take_text" | "take_text_delivery" => lacking(Nothing),
        "take_transcript" => vec![
            sends(Case, silent_chat("case", "@case")).named("joined"),
            sends(Person, silent_chat("person_id", "@person")).named("named"),
        ],
        "get_call" => reads(Call),
        "ask_callback" => vec![
            sends(Case, json!({"number": "anonymous", "case": "@case"})).named("on it"),
            sends(
                Person,
                json!({"number": "anonymous", "person_id": "@person"}),
            )
            .named("named"),
        ],
        "list_mails" => vec![
            plain(Nothing),
            plain(Nothing).query("limit=1").named("first page"),
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
        "get_case"
        | "list_case_timeline"
        | "list_case_clocks"
        | "explain_case_clock"
        | "list_case_contacts"
        | "list_case_notices"
        | "list_case_incidents" => reads(Case),
        "attach_case_to_incident" => {
            act(json!({"incident": "019a9f5e-7c00-7000-8000-00000000dead"}))
        }
        "detach_case_from_incident" => reads(Case),
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
        "record_decision" => act(json!({"decision": "upheld"})),

        "set_member_basis" => {
            act(json!({"basis": "constituent_asked", "reason": "The mail below theirs says so."}))
        }
        "record_member_consent" => act(json!({"given": true, "how": "verbal"})),
        "record_identity_check" => {
            act(json!({"how": "phone", "result": "passed", "asked": ["name"]}))
        }
        "mark_contact_reason" => act(json!({
            "contact": "019a9f5e-7c00-7000-8000-000000000006", "contact_reason": "progress_chase",
        })),
        "put_person_on_case" => act(json!({"person": "@person", "role": "advocate"})),
        "take_person_off_case" => vec![plain(Case).stale()],
        "redact_case" | "place_legal_hold" | "lift_legal_hold" => lacking(Case),
        "redact_mail" => lacking(Mail),

        // Reporting services
        "open311_discovery_xml"
        | "open311_discovery_json"
        | "open311_services_xml"
        | "open311_services_json"
        | "open311_service_xml"
        | "open311_service_json"
        | "open311_requests_xml"
        | "open311_requests_json"
        | "open311_updates_xml"
        | "open311_updates_json" => reads(Nothing),
        "open311_request_xml"
        | "open311_request_json"
        | "open311_token_xml"
        | "open311_token_json" => reads(Case),
        "open311_report_xml" | "open311_report_json" => form(Nothing, "service_code=no-such"),
        "open311_update_xml" | "open311_update_json" => form(
            Case,
            "service_request_id=@reference&update_id=@n&status=NO_SUCH&description=And+again",
        ),

        // Queues, escalations, notices
        "list_waiting_places" => reads(Nothing),
        "list_queues" | "list_contact_reasons" | "get_avoidable_contact_report" => reads(Nothing),
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
        "get_person" | "list_cases_of_person" => reads(Person),
        "list_contacts_of_person" => vec![
            plain(Person),
            plain(Person).query("limit=1").named("first page"),
        ],
        "change_person" => vec![sends(Person, json!({})).stale()],
        "list_person_proposals"
        | "list_markers_of_person"
        | "delete_person_proposal"
        | "end_marker" => reads(Person),
        "place_marker" | "change_marker" | "erase_person" => lacking(Person),
        "merge_people" => vec![sends(
            Person,
            json!({"from": "@person", "into": "@person", "reason": "Both are theirs."}),
        )],
        "list_markers_to_review" => {
            vec![plain(Nothing).query("review_due_before=2030-01-01&limit=100")]
        }
        "get_person_merge" => reads(Merge),
        // It needs nothing, so that it would be done: asked of what is not there.
        "undo_person_merge" | "list_organisations" => reads(Nothing),
        "get_organisation" | "list_people_of_organisation" => reads(Organisation),
        "add_organisation" => lacking(Nothing),
        "change_organisation" => vec![sends(Organisation, json!({})).stale()],

        // Incidents
        "list_incidents"
        | "get_incident"
        | "list_incident_cases"
        | "list_incident_updates"
        | "list_incident_closures"
        | "end_incident"
        | "take_back_incident_update"
        | "list_public_incidents" => reads(Nothing),
        "open_incident"
        | "attach_cases_to_incident"
        | "announce_incident_update"
        | "close_incident_cases" => lacking(Nothing),
        "change_incident" => vec![sends(Nothing, json!({})).stale()],

        // The public
        "send_form" => vec![sends(
            Nothing,
            json!({"subject": "Bin", "body": "The bin of street @n was missed."}),
        )],
        "list_public_services"
        | "get_public_service"
        | "get_public_form"
        | "get_public_standards"
        | "list_access_points"
        | "follow_case" => reads(Nothing),
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
            plain(Nothing)
                .query("disposition=held&limit=1")
                .named("held"),
        ],

        "get_night_report" => vec![plain(Nothing).query("night_of=2026-11-20")],
        "reckon_night" => vec![sends(
            Nothing,
            json!({"night_of": "2026-11-20", "sent": []}),
        )],
        "get_ward_report" | "get_calls_report" | "get_performance_report" => reads(Nothing),
        "get_satisfaction_report" | "list_satisfaction_comments" | "get_visits_report" => {
            reads(Nothing)
        }
        "count_visits" => vec![sends(Nothing, json!({}))],
        "get_complaints_report" | "list_kept_reports" | "get_kept_report" => reads(Nothing),
        "make_kept_report" => lacking(Nothing),
        "compare_kept_reports" => {
            vec![plain(Nothing).query("with=019a9f5e-7c00-7000-8000-00000000dead")]
        }

        // Signing in, users, keys
        "send_sign_in_link"
        | "redeem_sign_in_link"
        | "tie_identity"
        | "name_my_assistants"
        | "name_assistants" => lacking(Nothing),
        "start_oidc" | "finish_oidc" | "list_identities" | "untie_identities"
        | "list_my_assistants" | "list_assistants" => reads(Nothing),
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
        "list_mailboxes" => vec![plain(Nothing)],
        "get_liveness" | "get_readiness" | "get_contract" => reads(Nothing),
        _ => Vec::new(),
    }
}

/// Every operation known here, so that one that was taken out of the contract is taken out here.
pub const ALL: &[&str] = &[
    "acknowledge_case",
    "add_note",
    "add_organisation",
    "add_promise",
    "add_tracking_message",
    "announce_incident_update",
    "apply_catalogue",
    "ask_callback",
    "ask_person",
    "assign_case",
    "attach_case_to_incident",
    "attach_cases_to_incident",
    "bootstrap",
    "change_case",
    "change_incident",
    "change_marker",
    "change_me",
    "change_organisation",
    "change_person",
    "change_user",
    "close_case",
    "close_incident_cases",
    "compare_kept_reports",
    "confirm_totp",
    "count_visits",
    "create_api_key",
    "create_user",
    "delete_person_proposal",
    "detach_case_from_incident",
    "dismiss_mail",
    "end_incident",
    "end_marker",
    "enrol_totp",
    "erase_person",
    "explain_case_clock",
    "extend_case_clock",
    "finish_oidc",
    "follow_case",
    "get_api_key",
    "get_attachment",
    "get_call",
    "get_calls_report",
    "get_case",
    "get_catalogue",
    "get_catalogue_version",
    "get_complaints_report",
    "get_contract",
    "get_incident",
    "get_intake_report",
    "get_kept_report",
    "get_liveness",
    "get_mail",
    "get_me",
    "get_night_report",
    "get_notice",
    "get_organisation",
    "get_performance_report",
    "get_person",
    "get_person_merge",
    "get_public_form",
    "get_public_service",
    "get_public_standards",
    "get_queue",
    "get_readiness",
    "get_satisfaction_report",
    "get_user",
    "get_visits_report",
    "get_ward_report",
    "give_tracking_feedback",
    "grant_case_access",
    "lift_legal_hold",
    "link_case",
    "list_access_points",
    "list_api_keys",
    "list_assistants",
    "list_audit",
    "list_case_incidents",
    "list_incident_cases",
    "list_incident_closures",
    "list_incident_updates",
    "list_incidents",
    "list_kept_reports",
    "list_mailboxes",
    "list_case_clocks",
    "list_case_contacts",
    "list_case_notices",
    "list_case_timeline",
    "list_cases",
    "list_cases_of_person",
    "list_catalogue_versions",
    "list_contacts_of_person",
    "list_escalations",
    "list_identities",
    "list_mails",
    "list_markers_of_person",
    "list_markers_to_review",
    "list_my_assistants",
    "list_my_receipts",
    "list_notices",
    "list_organisations",
    "list_people_of_organisation",
    "list_person_proposals",
    "list_public_incidents",
    "list_public_services",
    "list_queues",
    "list_satisfaction_comments",
    "list_contact_reasons",
    "get_avoidable_contact_report",
    "list_users",
    "list_waiting_places",
    "log_contact",
    "make_kept_report",
    "merge_case",
    "merge_people",
    "name_assistants",
    "name_my_assistants",
    "note_letter_posted",
    "open311_discovery_json",
    "open311_discovery_xml",
    "open311_report_json",
    "open311_report_xml",
    "open311_request_json",
    "open311_request_xml",
    "open311_requests_json",
    "open311_requests_xml",
    "open311_service_json",
    "open311_service_xml",
    "open311_services_json",
    "open311_services_xml",
    "open311_token_json",
    "open311_token_xml",
    "open311_update_json",
    "open311_update_xml",
    "open311_updates_json",
    "open311_updates_xml",
    "open_incident",
    "open_stage",
    "pause_case",
    "place_legal_hold",
    "place_marker",
    "put_person_on_case",
    "reckon_night",
    "record_call",
    "record_decision",
    "record_identity_check",
    "mark_contact_reason",
    "record_member_consent",
    "record_standard_event",
    "redact_case",
    "redact_mail",
    "redeem_sign_in_link",
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
    "send_attachment",
    "send_form",
    "send_public_attachment",
    "send_sign_in_link",
    "send_tracking_link",
    "set_member_basis",
    "sign_in",
    "sign_out",
    "start_oidc",
    "take_back_incident_update",
    "take_back_reply",
    "take_call_event",
    "take_mail",
    "take_next_case",
    "take_person_off_case",
    "take_text",
    "take_text_delivery",
    "take_transcript",
    "tie_identity",
    "transfer_case",
    "try_routing",
    "undo_person_merge",
    "untie_identities",
    "withdraw_from_case",
];
