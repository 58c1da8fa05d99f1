//! Words taken away for good: looked for afterwards in every column of the database, and in the bytes
//! of the file.

use actix_web::test::TestRequest;
use serde_json::{Value, json};

use crate::intake::{log, missed_bin};
use crate::mail_in::{deliver, mail};
use crate::support::{Caller, Reply, TestApp};

const CARD: &str = "4929 1234 5678 9012";
const NAME: &str = "Gwenllian Zzyzx";

async fn act(app: &TestApp, who: &Caller, case: &str, what: &str, body: Value) -> Value {
    app.post(who, &format!("/v1/cases/{case}/{what}"), body)
        .await
        .expect(201)
}

async fn redact(app: &TestApp, case: &str, body: Value) -> Reply {
    let leader = app.team_leader().await;
    app.post(&leader, &format!("/v1/cases/{case}/redactions"), body)
        .await
}

fn card(text: &str) -> Value {
    json!({"ground": "payment_details", "reason": "A card", "texts": [text]})
}

/// The clocks of a case without what anybody wrote on them.
fn without_words(mut clocks: Value) -> Value {
    for clock in clocks["items"].as_array_mut().unwrap() {
        for (place, word) in [("extended", "reason"), ("promise", "what")] {
            if let Some(words) = clock[place].as_object_mut() {
                words.remove(word);
            }
        }
    }
    clocks
}

/// A case on which a card number and a name stand wherever anybody can write something.
async fn full_of_it(app: &TestApp) -> String {
    let said = format!("My card is {CARD}, and I am {NAME}.");
    let mut body = missed_bin();
    body["subject"] = json!(format!("Refund to {CARD} for {NAME}"));
    body["body"] = json!(said);
    body["fields"] = json!({"note": said, "card": 4_929_123_456_789_012_u64});
    body["location"] = json!({"lat": 51.5, "long": -0.1, "description": said});
    let agent = app.agent().await;
    let logged = app
        .post_with(
            &agent,
            "/v1/contacts",
            &[
                ("content-type", "application/json"),
                ("idempotency-key", "first"),
            ],
            &body.to_string(),
        )
        .await
        .expect(201);
    let case = logged["case"]["reference"].as_str().unwrap().to_owned();
    let token = logged["tracking"]["token"].as_str().unwrap().to_owned();
    let officer = app.officer().await;
    let noted = app
        .post_with(
            &officer,
            &format!("/v1/cases/{case}/notes"),
            &[
                ("content-type", "application/json"),
                ("idempotency-key", "a-note"),
            ],
            &json!({"text": said}).to_string(),
        )
        .await;
    noted.expect(201);
    act(app, &officer, &case, "promises", json!({"what": format!("Ring {NAME} about {CARD}"), "by": "2026-11-24T15:00:00Z", "owner": "me"})).await;
    act(
        app,
        &officer,
        &case,
        "calls",
        json!({"who": NAME, "number": "01632 960999", "outcome": said}),
    )
    .await;
    act(
        app,
        &officer,
        &case,
        "extensions",
        json!({"clock": "respond", "by": {"working_days": 2}, "reason": said}),
    )
    .await;
    act(app, &officer, &case, "questions", json!({"text": said})).await;
    let person = Caller {
        bearer: Some(token),
    };
    app.post(
        &person,
        "/v1/public/tracking/messages",
        json!({"body": said}),
    )
    .await
    .expect(201);
    // The same in a mail that quotes it, in an encoding of its own.
    let encoded = said.replace(' ', "=20");
    let raw = mail(
        "Ada Example <ada@mail.example>",
        &format!("Re: {case}"),
        "quoting",
        "Content-Transfer-Encoding: quoted-printable\r\n",
        &format!("It is as I said.\r\n\r\nOn Friday Ada wrote:\r\n> {encoded}"),
    );
    assert_eq!(
        deliver(app, &raw).await.expect(202)["disposition"],
        "joined"
    );
    act(
        app,
        &officer,
        &case,
        "replies",
        json!({"text": said, "kind": "holding"}),
    )
    .await;
    app.until("2026-11-20T17:10:00Z").await;
    act(
        app,
        &officer,
        &case,
        "replies",
        json!({"text": said, "kind": "substantive"}),
    )
    .await;
    app.post(
        &person,
        "/v1/public/tracking/feedback",
        json!({"score": 4, "comment": said}),
    )
    .await
    .expect(201);
    act(app, &officer, &case, "reopenings", json!({"reason": said})).await;
    case
}

stories! {
    async fn a_card_number_that_was_taken_away_stands_nowhere_any_more(app) {
        let case = full_of_it(&app).await;
        let before = app.database.where_stands(CARD);
        for column in ["contacts.subject", "contacts.body", "contacts.detail", "cases.subject", "cases.facts", "cases.fields", "cases.location", "events.detail", "outbox.letter", "feedback.comment", "idempotency.body"] {
            assert!(before.iter().any(|one| one == column), "{column} is not among {before:?}");
        }
        let officer = app.officer().await;
        let done = redact(&app, &case, json!({"ground": "payment_details", "reason": "A card", "texts": [CARD, NAME]})).await.expect(201);
        assert_eq!(app.database.where_stands(CARD), Vec::<String>::new());
        assert_eq!(app.database.where_stands("4929123456789012"), Vec::<String>::new());
        assert_eq!(app.database.where_stands(NAME), Vec::<String>::new());
        assert_eq!(app.database.where_stands(&CARD.replace(' ', "=20")), Vec::<String>::new(), "raw mail as well");
        assert_eq!(done["event"]["kind"], "redacted", "{done:#}");
        assert!(done["removed"]["raw_messages"].as_u64() == Some(1) && done["removed"]["answers"].as_u64().unwrap() >= 2, "{done:#}");

        let contacts = app.get(&officer, &format!("/v1/cases/{case}/contacts")).await.expect(200);
        let first = &contacts["items"][0];
        assert_eq!(first["body"], "My card is [removed on Friday 20 November 2026 by Tess Leader: A card], and I am [removed on Friday 20 November 2026 by Tess Leader: A card].");
        assert_eq!(first["received_at"], "2026-11-20T16:58:00Z", "when stays");
        let found = app.get(&officer, "/v1/cases?q=4929").await.expect(200);
        assert_eq!(found["items"], json!([]), "nor is it found by it");
    }

    async fn what_was_taken_away_is_not_in_the_bytes_of_the_file_either(app) {
        let case = full_of_it(&app).await;
        redact(&app, &case, json!({"ground": "payment_details", "reason": "A card", "texts": [CARD, NAME]})).await.expect(201);
        reeve::casework::retention::forget_answers(&app.desk).await.unwrap();
        if let Some(bytes) = app.database.bytes() {
            let stands = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
            assert!(stands("removed on Friday"), "the file is the one that is meant");
            assert!(!stands(CARD) && !stands(NAME) && !stands("4929123456789012"));
        }
    }

    async fn a_reply_that_waits_leaves_without_what_was_taken_away(app) {
        let case = log(&app, missed_bin()).await["case"]["reference"].as_str().unwrap().to_owned();
        let officer = app.officer().await;
        act(&app, &officer, &case, "replies", json!({"text": format!("We paid {CARD} back."), "kind": "holding"})).await;
        redact(&app, &case, card(CARD)).await.expect(201);
        app.until("2026-11-20T17:10:00Z").await;
        let mails = app.mails_to("ada@mail.example").await;
        let reply = mails.iter().find(|mail| mail.kind() == "reply").expect("it has left");
        assert!(reply.raw.contains("We paid [removed on Friday 20 November 2026] back."), "no officer's name, no reason: {}", reply.raw);
    }

    async fn a_request_repeated_after_a_redaction_is_answered_without_it(app) {
        let case = full_of_it(&app).await;
        redact(&app, &case, json!({"ground": "payment_details", "reason": "A card", "texts": [CARD, NAME]})).await.expect(201);
        let officer = app.officer().await;
        let headers = [("content-type", "application/json"), ("idempotency-key", "a-note")];
        let said = format!("My card is {CARD}, and I am {NAME}.");
        let again = app.post_with(&officer, &format!("/v1/cases/{case}/notes"), &headers, &json!({"text": said}).to_string()).await;
        assert_eq!(again.header("idempotency-replayed"), Some("true"), "{}", again.text);
        assert!(again.text.contains("[removed on") && !again.text.contains(CARD), "{}", again.text);
    }

    async fn a_contact_is_taken_away_whole_and_its_mail_is_still_known_when_it_comes_again(app) {
        let raw = mail("Bryn Example <bryn@mail.example>", "About my neighbour Zzyzx", "whole", "", "She drinks, and her bin was missed on Monday.");
        let taken = deliver(&app, &raw).await.expect(202);
        let (case, contact) = (taken["case"]["reference"].as_str().unwrap().to_owned(), taken["contact"]["id"].as_str().unwrap().to_owned());
        let agent = app.agent().await;
        act(&app, &agent, &case, "transfers", json!({"queue": "waste-ops", "reason": "A bin."})).await;
        let figures = app.get(&app.team_leader().await, "/v1/reports/intake?on=2026-11-20").await.expect(200);
        redact(&app, &case, json!({"ground": "third_party", "reason": "A neighbour", "contacts": [contact]})).await.expect(201);
        for text in ["Zzyzx", "She drinks"] {
            assert_eq!(app.database.where_stands(text), Vec::<String>::new(), "{text}");
        }
        let contacts = app.get(&agent, &format!("/v1/cases/{case}/contacts")).await.expect(200);
        assert_eq!(contacts["items"][0]["body"], "[removed on Friday 20 November 2026 by Tess Leader: A neighbour]");
        assert_eq!(contacts["items"][0]["person"]["name"], "Bryn Example", "who stays");
        assert_eq!(deliver(&app, &raw).await.expect(202)["disposition"], "duplicate");
        let now = app.get(&app.team_leader().await, "/v1/reports/intake?on=2026-11-20").await.expect(200);
        assert_eq!(now["opened"], figures["opened"], "totals stay");
        assert_eq!(app.database.where_stands("She drinks"), Vec::<String>::new(), "a second copy brings nothing back");
    }

    async fn the_audit_tells_of_a_redaction_without_repeating_it_and_its_chain_holds(app) {
        let case = full_of_it(&app).await;
        let seal = || async { reeve::casework::audit::seal(&app.desk).await.unwrap() };
        seal().await;
        redact(&app, &case, json!({"ground": "payment_details", "reason": "A card", "texts": [CARD, NAME]})).await.expect(201);
        seal().await;
        let auditor = app.sign_in("auditor@council.example").await;
        let lines = app.get(&auditor, "/v1/audit?action=case.redacted").await.expect(200);
        assert_eq!(lines["items"][0]["purpose"], "payment_details", "{lines:#}");
        assert!(lines["items"][0]["request_id"].is_string());
        assert!(!lines.to_string().contains("4929"));
        let verified = reeve::casework::audit::verify(&app.desk.db, Vec::new()).await.unwrap();
        assert_eq!(verified.faults, Vec::<String>::new());
    }

    async fn what_cannot_be_found_or_repeats_itself_is_refused_and_nothing_changes(app) {
        let case = full_of_it(&app).await;
        for (body, pointer, code) in [
            (json!({"ground": "unlawful", "reason": "x"}), "/texts", "missing_field"),
            (json!({"ground": "unlawful", "reason": "x", "texts": [CARD, "nowhere to be seen"]}), "/texts/1", "text_not_found"),
            (json!({"ground": "unlawful", "reason": "x", "texts": ["abc"]}), "/texts/0", "unsearchable"),
            (json!({"ground": "unlawful", "reason": format!("It was {CARD}"), "texts": [CARD]}), "/reason", "repeats_the_text"),
            (json!({"ground": "unlawful", "reason": "x", "contacts": ["019a9f5e-7c00-7000-8000-000000000002"]}), "/contacts/0", "unknown_value"),
            (json!({"ground": "fun", "reason": "x", "texts": [CARD]}), "/ground", "unknown_value"),
        ] {
            let refused = redact(&app, &case, body).await.expect(422);
            assert_eq!((&refused["errors"][0]["pointer"], &refused["errors"][0]["code"]), (&json!(pointer), &json!(code)), "{refused:#}");
        }
        assert!(!app.database.where_stands(CARD).is_empty());
        let officer = app.officer().await;
        assert_eq!(app.post(&officer, &format!("/v1/cases/{case}/redactions"), card(CARD)).await.status, 403);
        let roads = app.sign_in("roads.officer@council.example").await;
        assert!(matches!(app.post(&roads, &format!("/v1/cases/{case}/redactions"), card(CARD)).await.status, 403 | 404));
    }

    async fn under_a_legal_hold_nothing_is_taken_away(app) {
        let case = log(&app, missed_bin()).await["case"]["reference"].as_str().unwrap().to_owned();
        let leader = app.team_leader().await;
        let text = json!({"ground": "third_party", "reason": "x", "texts": ["nobody came"]});
        act(&app, &leader, &case, "legal-holds", json!({"reason": "A claim."})).await;
        assert_eq!(redact(&app, &case, text.clone()).await.expect(409)["code"], "legal_hold");
        let again = app.post(&leader, &format!("/v1/cases/{case}/legal-holds"), json!({"reason": "A claim."})).await;
        assert_eq!(again.expect(409)["code"], "already_held");
        act(&app, &leader, &case, "legal-holds/current/releases", json!({"reason": "Settled."})).await;
        redact(&app, &case, text).await.expect(201);
    }

    async fn a_mail_that_waits_loses_its_words_and_still_waits(app) {
        let case = log(&app, missed_bin()).await["case"]["reference"].as_str().unwrap().to_owned();
        let raw = mail("Bryn Example <bryn@mail.example>", &format!("Re: {case}"), "held", "", &format!("Her card is {CARD}."));
        let held = deliver(&app, &raw).await.expect(202);
        assert_eq!(held["disposition"], "held");
        let id = held["contact"]["id"].as_str().unwrap();
        let leader = app.team_leader().await;
        let path = format!("/v1/channels/email/messages/{id}");
        app.post(&leader, &format!("{path}/redactions"), card(CARD)).await.expect(201);
        assert_eq!(app.database.where_stands(CARD), Vec::<String>::new());
        let shown = app.get(&leader, &path).await.expect(200);
        assert!(shown["text"].as_str().unwrap().starts_with("Her card is [removed on"), "{shown:#}");
        app.post(&leader, &format!("{path}/redactions"), json!({"ground": "unlawful", "reason": "Abuse"})).await.expect(201);
        let shown = app.get(&leader, &path).await.expect(200);
        assert_eq!(shown["text"], "[removed on Friday 20 November 2026 by Tess Leader: Abuse]");
        assert_eq!(shown["settled"], Value::Null);
        let agent = app.agent().await;
        let released = app.send(&agent, TestRequest::post().uri(&format!("{path}/releases")).set_json(json!({"case": case}))).await;
        assert_eq!(released.expect(201)["disposition"], "joined");
        let on_case = app.post(&leader, &format!("{path}/redactions"), json!({"ground": "unlawful", "reason": "Abuse"})).await;
        assert_eq!(on_case.expect(409)["code"], "on_a_case");
    }

    async fn who_took_words_away_and_why_is_not_for_everybody_to_read(app) {
        let reference = crate::open311::reported(&app, "911").await;
        let read = async || crate::open311::read(&app, &format!("requests/{reference}.json")).await.text;
        assert!(read().await.contains("They have been there"), "it can be read by all");
        let body = json!({"ground": "unlawful", "reason": "Names a neighbour", "texts": ["They have been there"]});
        let ours = json!({"queue": "waste-ops", "reason": "They clear it on their round."});
        act(&app, &app.agent().await, &reference, "transfers", ours).await;
        redact(&app, &reference, body).await.expect(201);
        let shown = read().await;
        assert!(shown.contains("[removed]"), "{shown}");
        for inside in ["They have been there", "Names a neighbour", "removed on", "Tess Leader"] {
            assert!(!shown.contains(inside), "{inside}: {shown}");
        }
    }

    async fn a_forgotten_person_stands_nowhere_and_the_figures_stay(app) {
        let case = full_of_it(&app).await;
        let officer = app.officer().await;
        let head = app.sign_in("head.of.waste.and.street.scene@council.example").await;
        let person = app.get(&officer, &format!("/v1/cases/{case}")).await.expect(200)["people"][0]["id"].as_str().unwrap().to_owned();
        let path = format!("/v1/people/{person}/erasures");
        let reason = json!({"reason": "Request under article 17"});
        let admin = app.sign_in("admin@council.example").await;
        assert_eq!(app.post(&admin, &path, reason.clone()).await.expect(409)["code"], "case_open");
        // Whoever works cases would learn of a hidden one by what stands in the way.
        for who in [&officer, &head] {
            assert_eq!(app.post(who, &path, reason.clone()).await.status, 403);
        }
        act(&app, &officer, &case, "closures", json!({"outcome": "resolved"})).await;
        app.until("2026-11-20T17:30:00Z").await;
        act(&app, &app.team_leader().await, &case, "legal-holds", json!({"reason": "A claim."})).await;
        assert_eq!(app.post(&admin, &path, reason.clone()).await.expect(409)["code"], "legal_hold", "the hold wins");
        act(&app, &app.team_leader().await, &case, "legal-holds/current/releases", json!({"reason": "Settled."})).await;
        let named = app.post(&admin, &path, json!({"reason": "Ada Example asked"})).await.expect(422);
        assert_eq!(named["errors"][0]["code"], "repeats_the_text");
        let clocks = app.get(&officer, &format!("/v1/cases/{case}/clocks")).await.expect(200);
        let figures = app.get(&head, "/v1/reports/intake?on=2026-11-20").await.expect(200);
        reeve::casework::audit::seal(&app.desk).await.unwrap();

        let erased = app.post(&admin, &path, reason.clone()).await.expect(201);
        assert_eq!(erased["cases"], 1, "{erased:#}");
        for text in ["Ada Example", "ada@mail.example", "01632 960123", "441632960123", "14 Larkfield Rise", CARD, NAME] {
            let mut stands = app.database.where_stands(text);
            // The council's own numbers are made of the same few as everybody's.
            stands.retain(|column| column != "catalogue_versions.body");
            assert_eq!(stands, Vec::<String>::new(), "{text}");
        }
        reeve::casework::retention::forget_answers(&app.desk).await.unwrap();
        if let Some(bytes) = app.database.bytes() {
            for text in ["Ada Example", "ada@mail.example", CARD] {
                assert!(!bytes.windows(text.len()).any(|window| window == text.as_bytes()), "{text}");
            }
        }
        let after = app.get(&officer, &format!("/v1/cases/{case}/clocks")).await.expect(200);
        assert_eq!(without_words(after), without_words(clocks));
        assert_eq!(app.get(&head, "/v1/reports/intake?on=2026-11-20").await.expect(200), figures);
        reeve::casework::audit::seal(&app.desk).await.unwrap();
        let verified = reeve::casework::audit::verify(&app.desk.db, Vec::new()).await.unwrap();
        assert_eq!(verified.faults, Vec::<String>::new());
        let shown = app.get(&officer, &format!("/v1/people/{person}")).await.expect(200);
        assert_eq!((&shown["name"], &shown["email"], &shown["address"]), (&Value::Null, &Value::Null, &Value::Null));
    }
}

/// Columns from which words are taken away.
const REACHED: &[&str] = &[
    "cases.subject",
    "cases.facts",
    "cases.routing",
    "cases.location",
    "cases.fields",
    "cases.their_reference",
    "contacts.subject",
    "contacts.body",
    "contacts.detail",
    "contacts.settled_why",
    "raw_messages.bytes",
    "events.detail",
    "outbox.letter",
    "outbox.last_error",
    "idempotency.body",
    "feedback.comment",
    "case_passes.reason",
    "attachments.name",
];

/// Columns that hold who somebody is, and nothing they said: they go when the person is forgotten.
const OF_PEOPLE: &[&str] = &[
    "people.name",
    "people.email",
    "people.phone",
    "people.address",
    "people.organisation",
    "people.preferences",
    "people.safe_contact",
    "identifiers.value",
    "outbox.recipient",
    "calls.number",
    "call_events.number",
    "markers.purpose",
    "markers.instruction",
    "person_merges.reason",
];

/// Columns that hold names of ours, ids, hashes and addresses of the council's own people.
const WITHOUT_WORDS: &[&str] = &[
    "catalogue_versions.",
    "terms.",
    "moves.",
    "settings.",
    "leases.",
    "mailboxes.",
    "users.",
    "sessions.",
    "second_factors.",
    "api_keys.",
    "members.",
    "member_assistants.",
    "sign_in_links.",
    "inbox_links.",
    "identities.",
    // Of bodies, not of people; who looks after them changes them.
    "organisations.",
    "people_apart.",
    "person_merges.merged_by",
    "person_merges.undone_by",
    "markers.kind",
    "markers.created_by",
    "markers.ended_by",
    "people.kind",
    "identifiers.kind",
    "cases.reference",
    "cases.status",
    "cases.waiting_for",
    "cases.outcome",
    "cases.priority",
    "cases.procedure",
    "cases.service",
    "cases.category",
    "cases.queue",
    "cases.secrecy",
    "cases.restricted_to",
    "cases.about",
    "cases.channel",
    "cases.requester_kind",
    "cases.danger",
    "cases.terms",
    "cases.last_action",
    // Who of a team has it: one of those who work for the council.
    "cases.taken_by",
    "cases.ward",
    // Made of the location anew whenever a case is written.
    "cases.place_uprn",
    "cases.place_words",
    "case_measures.",
    "case_departures.",
    "day_measures.",
    "stage_measures.",
    // Figures and definitions; a story looks for names and words in them.
    "kept_reports.",
    "case_access.",
    "case_aliases.",
    "case_people.",
    "legal_holds.",
    "case_links.",
    "contact_reasons.",
    // Words for everybody, on the website before anybody reads them here.
    "incidents.",
    "incident_updates.",
    // One answer to many: it can be about none of them.
    "incident_closures.",
    "incident_cases.",
    "incident_told.",
    "contacts.channel",
    "contacts.direction",
    "contacts.disposition",
    "contacts.language",
    "contacts.entered_by",
    "contacts.source",
    "contacts.external_id",
    "contacts.fingerprint",
    "contacts.mailbox",
    "contacts.message_id",
    "contacts.waits_for",
    "contacts.settled_as",
    "contacts.settled_by",
    "raw_messages.fingerprint",
    "attachments.uploaded_by",
    "attachments.content_type",
    "attachments.hash",
    "attachments.scan",
    "attachments.finding",
    "attachments.withheld",
    "calls.id",
    "calls.line",
    "calls.queue",
    "calls.agent",
    "call_events.call_id",
    "call_events.fingerprint",
    "call_events.kind",
    "call_events.queue",
    "call_events.line",
    "call_events.agent",
    "call_events.told_by",
    "call_contacts.",
    "callbacks.",
    "visits.",
    "events.kind",
    "events.actor",
    "clocks.",
    "escalations.",
    "outbox.dedupe_key",
    "outbox.kind",
    "outbox.transport",
    "outbox.message_id",
    "outbox.headers",
    "outbox.meets",
    "outbox.state",
    "tracking_links.",
    "receipts.",
    "idempotency.principal",
    "idempotency.method",
    "idempotency.path",
    "idempotency.key",
    "idempotency.fingerprint",
    "idempotency.headers",
    "audit.",
    "audit_unsealed.",
    "audit_seals.",
];

#[test]
fn every_column_is_either_reached_or_known_to_hold_no_words() {
    let schema = include_str!("../../src/store/schema.rs");
    let mut table = "";
    let mut unknown = Vec::new();
    for line in schema.lines().map(str::trim) {
        if let Some((name, _)) = line.split_once(" (").filter(|_| line.ends_with(") {")) {
            table = name;
        }
        let Some((column, kind)) = line.trim_end_matches(',').split_once(" -> ") else {
            continue;
        };
        let holds_text = ["Text", "Js", "Binary"]
            .iter()
            .any(|text| kind.contains(text));
        let name = format!("{table}.{column}");
        let is_known = REACHED.contains(&name.as_str())
            || OF_PEOPLE.contains(&name.as_str())
            || WITHOUT_WORDS
                .iter()
                .any(|known| *known == name || (known.ends_with('.') && name.starts_with(known)));
        if holds_text && !is_known {
            unknown.push(name);
        }
    }
    assert_eq!(
        unknown,
        Vec::<String>::new(),
        "take words away from these too, or say that they hold none"
    );
}
