//! What is said of danger and of safeguarding, on every way in.

use serde_json::{Value, json};

use crate::intake::{log, missed_bin};
use crate::mail_in::{deliver, mail};
use crate::open311;
use crate::support::{Caller, TestApp};

const SCREAMS: &str =
    "I can hear the man next door hitting his little girl every night and she screams";
const AFRAID: &str = "My little sister is 6 and dad hits her every night, she has bruises on her legs, please help us";
const ADA: &str = "Ada Example <ada@mail.example>";
const MASH: &str = "mash.officer@council.example";

async fn of_case(app: &TestApp, caller: &Caller, case: &str, more: &str) -> Value {
    let path = format!("/v1/cases/{case}{more}");
    app.get(caller, &path).await.expect(200)
}

/// Ada's missed bin, by mail.
async fn bin_of_ada(app: &TestApp) -> String {
    let raw = mail(
        ADA,
        "Missed bin",
        "bin-1",
        "",
        "My black bin at 14 Larkfield Rise was not emptied today.",
    );
    let taken = deliver(app, &raw).await.expect(202);
    taken["case"]["reference"].as_str().unwrap().to_owned()
}

/// The case for few beside an ordinary one, as those few see it; the bins team sees that something came
/// and none of the words.
async fn put_aside(app: &TestApp, bin: &str, words: &str) -> String {
    let officer = app.officer().await;
    let shown = of_case(app, &officer, bin, "").await;
    assert_eq!(
        shown["related_cases"],
        json!([]),
        "the bins team learns of no case"
    );
    assert_ne!(
        shown["priority"], "emergency",
        "the danger is not theirs to deal with"
    );
    let contacts = of_case(app, &officer, bin, "/contacts").await;
    let last = contacts["items"]
        .as_array()
        .unwrap()
        .last()
        .unwrap()
        .clone();
    assert_eq!(
        (&last["subject"], &last["body"]),
        (&json!(""), &json!("")),
        "{last:#}"
    );
    assert!(
        last["kept_elsewhere"]
            .as_str()
            .unwrap()
            .contains("those few"),
        "{last:#}"
    );
    let timeline = of_case(app, &officer, bin, "/timeline?limit=100").await;
    for shown in [contacts, timeline, shown] {
        assert!(!shown.to_string().contains(words), "{words} in {shown:#}");
    }
    let mash = app.sign_in(MASH).await;
    let cases = app
        .get(&mash, "/v1/cases?category=child-at-risk")
        .await
        .expect(200);
    let cases = cases["items"].as_array().unwrap();
    assert_eq!(cases.len(), 1, "{cases:#?}");
    let reference = cases[0]["reference"].as_str().unwrap().to_owned();
    let aside = of_case(app, &mash, &reference, "").await;
    assert_eq!(
        (&aside["priority"], &aside["queue"]),
        (&json!("emergency"), &json!("mash"))
    );
    let said = of_case(app, &mash, &reference, "/contacts").await;
    assert!(said.to_string().contains(words), "{said:#}");
    let alerts = app.mails_to("duty.mash@council.example").await;
    assert!(
        alerts
            .iter()
            .all(|mail| mail.kind() == "alert" && !mail.raw.contains(words))
    );
    assert!(!alerts.is_empty(), "its own duty contact is alerted");
    assert_eq!(
        app.mails_to("duty.waste-ops@council.example").await.len(),
        0,
        "and nobody else's"
    );
    reference
}

fn waiting(page: &Value) -> Vec<&str> {
    let items = page["items"].as_array().unwrap().iter();
    items.map(|item| item["id"].as_str().unwrap()).collect()
}

stories! {
    async fn a_child_at_risk_is_heard_whatever_category_was_chosen(app) {
        let agent = app.agent().await;
        for (service, category) in [(None, None), (Some("environmental-health"), None), (Some("waste-collection"), Some("missed-bin"))] {
            let mut tried = json!({"channel": "web_form", "body": SCREAMS});
            if let Some(service) = service {
                tried["service"] = json!(service);
            }
            if let Some(category) = category {
                tried["category"] = json!(category);
            }
            let result = app.post(&agent, "/v1/routing/trials", tried).await.expect(200);
            assert_eq!((&result["queue"], &result["category"]), (&json!("mash"), &json!("child-at-risk")), "{result:#}");
            assert_eq!((&result["danger"], &result["priority"]), (&json!(true), &json!("emergency")));
        }
        let body = json!({"body": SCREAMS, "service": "environmental-health", "category": "noise"});
        let told = app.post(&Caller::nobody(), "/v1/public/contacts", body).await.expect(201);
        assert_eq!(told["reference"], Value::Null);
        assert!(told["what_happens_next"].to_string().contains("999"), "{told:#}");
        assert_eq!(app.mails_to("duty.mash@council.example").await.len(), 1);
    }

    async fn what_is_said_of_a_child_in_a_report_is_published_nowhere(app) {
        for (code, words) in [
            ("fly-tip", SCREAMS),
            ("pothole", "My husband hit me and he will kill me, the children are hiding in the bedroom"),
        ] {
            let pairs = [("service_code", code), ("lat", "51.5074"), ("long", "-0.1278"), ("description", words)];
            let reply = open311::send(&app, "requests.xml", &pairs).await;
            let taken = open311::items(&reply, "service_requests");
            assert!(taken[0].get("service_notice").contains("999"), "{taken:?}");
            let reference = taken[0].get("service_request_id");
            assert_eq!(open311::read(&app, &format!("requests/{reference}.xml")).await.status, 404, "{words}");
            let listed = open311::read(&app, "requests.xml").await;
            assert!(!listed.text.contains(reference) && !listed.text.contains(words), "{}", listed.text);
        }
    }

    async fn a_chat_about_a_child_at_risk_is_kept_whatever_service_was_chosen(app) {
        for (id, service) in [("chat-a", None), ("chat-b", Some("environmental-health"))] {
            let mut chat = json!({
                "external_id": id, "consent_to_keep": false,
                "turns": [{"who": "person", "at": "2026-11-20T16:41:00Z", "words": SCREAMS}],
            });
            if let Some(service) = service {
                chat["service"] = json!(service);
            }
            let taken = app.post(&app.key("webchat"), "/v1/channels/webchat/transcripts", chat).await.expect(201);
            assert!(taken["receipt"]["number_to_ring"].as_str().is_some(), "{service:?}: {taken:#}");
        }
        let mash = app.sign_in(MASH).await;
        let cases = app.get(&mash, "/v1/cases?category=child-at-risk").await.expect(200);
        assert_eq!(cases["items"].as_array().unwrap().len(), 2, "{cases:#}");
    }

    async fn a_reply_about_a_child_at_risk_opens_a_case_for_few_beside_the_bin(app) {
        let bin = bin_of_ada(&app).await;
        let reply = mail(ADA, &format!("Re: [{bin}] Missed bin"), "bin-2", "", AFRAID);
        let taken = deliver(&app, &reply).await.expect(202);
        assert_eq!((&taken["disposition"], &taken["case"]["reference"]), (&json!("joined"), &json!(bin)));
        let aside = put_aside(&app, &bin, "bruises on her legs").await;
        let answers = app.mails_to("ada@mail.example").await;
        let answer = answers.last().unwrap();
        assert!(answer.kind() == "danger" && answer.raw.contains("999"), "{}", answer.raw);
        assert!(!answer.raw.contains(&aside) && !answer.raw.contains("bruises"));

        // Said again, it is the same case; and the bin goes on as it was.
        let again = mail(ADA, &format!("Re: [{bin}] Missed bin"), "bin-3", "", "Please, my dad is beating my little sister again, she has bruises on her face");
        deliver(&app, &again).await.expect(202);
        assert_eq!(put_aside(&app, &bin, "on her face").await, aside);
        let ordinary = mail(ADA, &format!("Re: [{bin}] Missed bin"), "bin-4", "", "When will the bin be emptied?");
        deliver(&app, &ordinary).await.expect(202);
        let contacts = of_case(&app, &app.officer().await, &bin, "/contacts").await;
        assert!(contacts.to_string().contains("When will the bin be emptied?"), "{contacts:#}");
    }

    async fn a_husband_who_threatens_is_no_matter_for_the_bins_team_and_nothing_automatic_leaves(app) {
        let bin = bin_of_ada(&app).await;
        let words = "My husband is going to kill me and the kids";
        let reply = mail(ADA, &format!("Re: [{bin}] Missed bin"), "bin-2", "", words);
        deliver(&app, &reply).await.expect(202);
        let officer = app.officer().await;
        let contacts = of_case(&app, &officer, &bin, "/contacts").await;
        assert!(!contacts.to_string().contains("husband"), "{contacts:#}");
        assert_eq!(app.mails_to("duty.waste-ops@council.example").await.len(), 0);
        assert_eq!(app.mails_to("duty.housing-options@council.example").await.len(), 1);
        // He may read her mail: where only safe ways are used, no machine writes.
        let kinds: Vec<String> = app.mails_to("ada@mail.example").await.iter().map(|mail| mail.kind().to_owned()).collect();
        assert_eq!(kinds, ["confirmation"]);
    }

    async fn what_a_caller_says_of_a_child_on_another_case_is_for_few(app) {
        let logged = log(&app, missed_bin()).await;
        let bin = logged["case"]["reference"].as_str().unwrap().to_owned();
        let call = json!({"channel": "phone", "case": bin, "body": AFRAID, "person_id": logged["person"]["id"]});
        let taken = log(&app, call).await;
        assert_eq!(taken["joined"], true);
        assert!(taken["receipt"]["number_to_ring"].as_str().is_some(), "{taken:#}");
        assert!(taken["read_out"].as_str().unwrap().contains("999"), "{taken:#}");
        assert_eq!(taken["related_cases"], json!([]));
        put_aside(&app, &bin, "bruises on her legs").await;
    }

    async fn a_message_by_the_link_about_a_child_is_for_few_and_answered_at_once(app) {
        let body = json!({
            "body": "The black bin at 14 Larkfield Rise was not emptied.", "service": "waste-collection", "category": "missed-bin",
            "person": {"name": "Ada Example", "email": "ada@mail.example"},
        });
        let told = app.post(&Caller::nobody(), "/v1/public/contacts", body).await.expect(201);
        let bin = told["reference"].as_str().unwrap().to_owned();
        let person = Caller { bearer: told["tracking"]["token"].as_str().map(str::to_owned) };
        let taken = app.post(&person, "/v1/public/tracking/messages", json!({"body": AFRAID})).await.expect(201);
        assert!(taken["what_happens_next"][0].as_str().unwrap().contains("999"), "{taken:#}");
        put_aside(&app, &bin, "bruises on her legs").await;
        let calm = app.post(&person, "/v1/public/tracking/messages", json!({"body": "Any news of the bin?"})).await.expect(201);
        assert_eq!(calm.get("what_happens_next"), None);
    }

    async fn a_call_back_about_a_child_is_promised_by_those_few(app) {
        let logged = log(&app, missed_bin()).await;
        let bin = logged["case"]["reference"].as_str().unwrap().to_owned();
        let asked = json!({"number": "01632 960123", "case": bin, "about": AFRAID});
        let promised = app.post(&app.agent().await, "/v1/callbacks", asked).await.expect(201);
        assert!(promised["read_out"].as_str().unwrap().contains("999"), "{promised:#}");
        put_aside(&app, &bin, "bruises on her legs").await;
    }

    async fn danger_in_a_mail_that_is_held_wakes_those_on_duty_until_somebody_looks(app) {
        let bin = bin_of_ada(&app).await;
        app.jump_to("2026-11-21T02:00:00Z").await;
        let bryn = |id: &str, words: &str| mail("Bryn Example <bryn@mail.example>", &format!("Re: {bin}"), id, "", words);
        let calm = deliver(&app, &bryn("calm-1", "I write for my mother. Her bin is still full.")).await.expect(202);
        let raw = bryn("gas-1", "There is a gas leak and my children are trapped in the smoke");
        let taken = deliver(&app, &raw).await.expect(202);
        assert_eq!(taken["disposition"], "held");
        let id = taken["contact"]["id"].as_str().unwrap();
        let agent = app.agent().await;
        let page = app.get(&agent, "/v1/channels/email/messages?waiting=true").await.expect(200);
        assert_eq!(waiting(&page), [id, calm["contact"]["id"].as_str().unwrap()], "danger first: {page:#}");
        assert_eq!((&page["items"][0]["danger"], &page["items"][1]["danger"]), (&json!("gas, fumes or fire"), &Value::Null));
        let first = app.get(&agent, "/v1/channels/email/messages?waiting=true&limit=1").await.expect(200);
        let next = first["next_cursor"].as_str().unwrap();
        let second = app.get(&agent, &format!("/v1/channels/email/messages?waiting=true&limit=1&cursor={next}")).await.expect(200);
        assert_eq!((waiting(&first).len(), waiting(&second)), (1, vec![calm["contact"]["id"].as_str().unwrap()]));

        let alerts = || async {
            let all = app.mails().await;
            let alerts: Vec<_> = all.into_iter().filter(|mail| mail.kind() == "alert").collect();
            assert!(alerts.iter().all(|mail| mail.to.starts_with("duty.") || mail.to.starts_with("head.")), "{alerts:#?}");
            for secret in ["smoke", "Bryn", "bryn@mail.example", &bin] {
                assert!(alerts.iter().all(|mail| !mail.raw.contains(secret)), "{secret} in {alerts:#?}");
            }
            alerts
        };
        let told = alerts().await;
        assert_eq!(told.len(), 1, "at once, on a Saturday night: {told:#?}");
        assert!(told[0].raw.contains("gas, fumes or fire"), "{}", told[0].raw);
        app.until("2026-11-21T02:16:00Z").await;
        assert_eq!(alerts().await.len(), 2, "and again");
        let path = format!("/v1/channels/email/messages/{id}/releases");
        app.post(&agent, &path, json!({})).await.expect(201);
        let of_mail = |alerts: Vec<crate::support::Mail>| alerts.iter().filter(|mail| mail.raw.contains("mail that waits")).count();
        let n = of_mail(app.mails().await);
        app.until("2026-11-21T03:00:00Z").await;
        assert_eq!(of_mail(app.mails().await), n, "somebody has looked");
    }

    async fn danger_that_a_machine_passes_on_is_heard_and_the_machine_is_not_answered(app) {
        let words = "A pupil told us that her father beats her every night and she is afraid to go home.";
        let raw = mail("No Reply <noreply@school.example>", "Concern", "school-1", "", words);
        let taken = deliver(&app, &raw).await.expect(202);
        assert_eq!(taken["disposition"], "stored", "{taken:#}");
        let calm = mail("No Reply <noreply@school.example>", "Term dates", "school-2", "", "Term begins on 4 January.");
        assert_eq!(deliver(&app, &calm).await.expect(202)["disposition"], "stored");
        let mails = app.mails().await;
        assert_eq!(mails.iter().filter(|mail| mail.kind() == "alert").count(), 1, "{mails:#?}");
        assert!(mails.iter().all(|mail| mail.to != "noreply@school.example"), "{mails:#?}");
        let agent = app.agent().await;
        let page = app.get(&agent, "/v1/channels/email/messages?waiting=true").await.expect(200);
        let id = taken["contact"]["id"].as_str().unwrap();
        assert_eq!(waiting(&page), [id], "the other does not wait: {page:#}");
        app.post(&agent, &format!("/v1/channels/email/messages/{id}/releases"), json!({})).await.expect(201);
        let day = app.get(&app.team_leader().await, "/v1/reports/intake?on=2026-11-20").await.expect(200);
        assert_eq!((&day["came_in"], &day["stored"]), (&json!(2), &json!(2)), "what it was that day stays: {day:#}");
    }

    async fn danger_in_a_mail_that_cannot_be_read_is_heard_too(app) {
        let raw = "this is no mail\n\nThere is a gas leak and my children are trapped in the smoke";
        let taken = deliver(&app, raw).await.expect(202);
        assert_eq!(taken["disposition"], "quarantined", "{taken:#}");
        let alerts = app.mails().await.into_iter().filter(|mail| mail.kind() == "alert").count();
        assert_eq!(alerts, 1);
        let calm = deliver(&app, "no mail at all").await.expect(202);
        assert_eq!(calm["disposition"], "quarantined");
        assert_eq!(app.mails().await.into_iter().filter(|mail| mail.kind() == "alert").count(), 1);
    }

    async fn the_answer_to_danger_is_sent_ten_times_an_hour_and_every_case_is_opened(app) {
        let words = "I can smell gas in the stairwell and there are children inside.";
        for n in 0..14 {
            let raw = mail("M <m@tickets.example>", "Gas", &format!("gas-{n}"), "", words);
            assert_eq!(deliver(&app, &raw).await.expect(202)["disposition"], "opened");
        }
        let answers = app.mails_to("m@tickets.example").await;
        assert_eq!(answers.iter().filter(|mail| mail.kind() == "danger").count(), 10);
        let alerts = app.mails().await.into_iter().filter(|mail| mail.kind() == "alert").count();
        assert_eq!(alerts, 14, "those on duty hear of each");
        app.until("2026-11-20T18:05:00Z").await;
        let raw = mail("M <m@tickets.example>", "Gas", "gas-later", "", words);
        deliver(&app, &raw).await.expect(202);
        assert_eq!(app.mails_to("m@tickets.example").await.len(), 11);
    }

    async fn a_machine_that_answers_a_case_closed_long_ago_opens_two_and_no_more(app) {
        let bin = bin_of_ada(&app).await;
        let confirmed = app.mails_to("ada@mail.example").await.pop().unwrap();
        let reply_to = confirmed.header("reply-to").to_owned();
        let officer = app.officer().await;
        let answer = json!({"kind": "substantive", "text": "We have collected it.", "outcome": "resolved"});
        app.post(&officer, &format!("/v1/cases/{bin}/replies"), answer).await.expect(201);
        app.jump_to("2027-06-01T09:00:00Z").await;
        let mut became = Vec::new();
        for n in 0..8 {
            let raw = mail(ADA, "Out of the office", &format!("loop-{n}"), "", "I have changed my address and read this no more.")
                .replace("To: contact@council.example", &format!("To: {reply_to}"));
            let taken = deliver(&app, &raw).await.expect(202);
            became.push(taken["disposition"].as_str().unwrap().to_owned());
            app.catch_up().await;
        }
        assert_eq!(became.iter().filter(|one| *one == "opened").count(), 2, "{became:?}");
        assert_eq!(became.iter().filter(|one| *one == "stored").count(), 6, "{became:?}");
    }

    async fn a_form_that_says_danger_is_taken_whatever_else_is_wrong_in_it(app) {
        let nobody = Caller::nobody();
        let send = |body: Value| app.post(&nobody, "/v1/public/contacts", body);
        for (body, left_out) in [
            (json!({"danger": true}), vec![]),
            (json!({"danger": "yes", "body": "help"}), vec!["/danger"]),
            (json!({"danger": true, "body": "She does not breathe", "service": "no-such", "person": {"name": "Ada", "email": "not an address"}}), vec!["/person/email", "/service"]),
            (json!({"danger": true, "body": 5, "colour": "red", "received_at": "2026-11-20T16:00:00Z"}), vec!["/body", "/colour", "/received_at"]),
            (json!({"danger": true, "service": "waste-collection", "category": "no-such", "attachments": ["019a9f5e-7c00-7000-8000-000000000001"]}), vec!["/category", "/attachments/0"]),
        ] {
            let told = send(body.clone()).await.expect(201);
            let words = told["what_happens_next"].to_string();
            assert!(words.contains("999") && words.contains(told["phone"].as_str().unwrap()), "{told:#}");
            let mut named: Vec<&str> = told["left_out"].as_array().into_iter().flatten().map(|one| one["pointer"].as_str().unwrap()).collect();
            named.sort_unstable();
            let mut left_out = left_out;
            left_out.sort_unstable();
            assert_eq!(named, left_out, "{body:#}");
        }
        let cases = app.get(&app.agent().await, "/v1/cases?priority=emergency&channel=web_form").await.expect(200);
        assert_eq!(cases["items"].as_array().unwrap().len(), 5, "{cases:#}");
        let headers = [("content-type", "application/json")];
        let refused = app.post_with(&Caller::nobody(), "/v1/public/contacts", &headers, "{\"danger\": true").await;
        let refused = refused.expect(400);
        assert!(refused["detail"].as_str().unwrap().contains("999"), "{refused:#}");
        let calm = send(json!({"body": 5})).await.expect(422);
        assert!(!calm["detail"].as_str().unwrap().contains("in danger"), "{calm:#}");
    }
}
