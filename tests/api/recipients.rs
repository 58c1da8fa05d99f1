//! The guard before words leave for somebody who has nothing to do with them.

use serde_json::{Value, json};

use crate::intake::{log, missed_bin};
use crate::support::{Reply, TestApp};

async fn case_of_ada(app: &TestApp) -> String {
    let logged = log(app, missed_bin()).await;
    logged["case"]["reference"].as_str().unwrap().to_owned()
}

async fn reply(app: &TestApp, case: &str, body: Value) -> Reply {
    let officer = app.officer().await;
    let mut sent = json!({"text": "We came back today.", "kind": "holding"});
    for (name, value) in body.as_object().unwrap() {
        sent[name] = value.clone();
    }
    app.post(&officer, &format!("/v1/cases/{case}/replies"), sent)
        .await
}

stories! {
    async fn an_address_on_nobody_of_the_case_is_asked_about_before_anything_is_sent(app) {
        let case = case_of_ada(&app).await;
        let asked = reply(&app, &case, json!({"to": ["ada@mial.example"]})).await.expect(409);
        assert_eq!(asked["code"], "recipient_unconfirmed");
        let detail = asked["detail"].as_str().unwrap();
        assert!(detail.contains("did you mean ada@mail.example?"), "{detail}");
        assert!(detail.contains("\"confirmed_recipients\": [\"ada@mial.example\"]"), "it says what to send: {detail}");
        app.until("2026-11-20T17:10:00Z").await;
        assert!(app.mails().await.iter().all(|mail| mail.kind() != "reply"), "nothing was sent");
        let officer = app.officer().await;
        let contacts = app.get(&officer, &format!("/v1/cases/{case}/contacts")).await.expect(200);
        assert_eq!(contacts["items"].as_array().unwrap().len(), 1, "nor logged as said");
    }

    async fn a_confirmed_stranger_gets_the_words_and_never_the_persons_own_link(app) {
        let case = case_of_ada(&app).await;
        let body = json!({"cc": ["Landlord@Homes.example"], "confirmed_recipients": ["landlord@homes.example"]});
        reply(&app, &case, body).await.expect(201);
        app.until("2026-11-20T17:10:00Z").await;
        let to_stranger = app.mails_to("landlord@homes.example").await;
        assert_eq!(to_stranger.len(), 1);
        assert!(to_stranger[0].raw.contains("We came back today.") && !to_stranger[0].raw.contains("/track/"), "{}", to_stranger[0].raw);
        assert!(!to_stranger[0].header("Reply-To").contains('+'), "nor her reply address: {}", to_stranger[0].raw);
        let to_ada = app.mails_to("ada@mail.example").await;
        assert!(to_ada.iter().any(|mail| mail.kind() == "reply" && mail.raw.contains("/track/")), "she is answered besides");
        let officer = app.officer().await;
        let timeline = app.get(&officer, &format!("/v1/cases/{case}/timeline")).await.expect(200);
        let confirmed = timeline["items"].as_array().unwrap().iter().find(|line| line["kind"] == "recipients_confirmed").expect("it is on the timeline");
        assert_eq!(confirmed["detail"]["addresses"], json!(["landlord@homes.example"]));
        let auditor = app.sign_in("auditor@council.example").await;
        let lines = app.get(&auditor, "/v1/audit?action=case.recipients_confirmed").await.expect(200);
        assert_eq!(lines["items"].as_array().unwrap().len(), 1, "and in the audit, without the address: {lines:#}");
        assert!(!lines.to_string().contains("homes.example"));
    }

    async fn somebody_of_the_case_needs_no_confirming(app) {
        let case = case_of_ada(&app).await;
        let sent = reply(&app, &case, json!({"to": ["ADA@mail.example"], "kind": "substantive"})).await.expect(201);
        assert_eq!(sent["case"]["status"], "responded");
        let back = app.send(&app.officer().await, actix_web::test::TestRequest::delete().uri(&format!("/v1/cases/{case}/replies/{}", sent["notice"]["id"].as_str().unwrap()))).await;
        assert_eq!(back.status, 200, "{}", back.text);
    }

    async fn an_answer_to_strangers_alone_does_not_keep_the_promise_to_the_person(app) {
        let case = case_of_ada(&app).await;
        let body = json!({"to": ["landlord@homes.example"], "confirmed_recipients": ["landlord@homes.example"], "kind": "substantive"});
        let refused = reply(&app, &case, body).await.expect(422);
        assert_eq!(refused["errors"][0]["code"], "answers_nobody", "{refused:#}");
        let bad = reply(&app, &case, json!({"cc": ["nobody at all"]})).await.expect(422);
        assert_eq!((&bad["errors"][0]["pointer"], &bad["errors"][0]["code"]), (&json!("/cc/0"), &json!("bad_format")));
    }

    async fn what_was_written_to_several_is_taken_back_from_all_or_from_none(app) {
        let case = case_of_ada(&app).await;
        app.catch_up().await;
        let body = json!({"cc": ["landlord@homes.example"], "confirmed_recipients": ["landlord@homes.example"]});
        let sent = reply(&app, &case, body.clone()).await.expect(201);
        let path = |sent: &Value| format!("/v1/cases/{case}/replies/{}", sent["notice"]["id"].as_str().unwrap());
        let officer = app.officer().await;
        let delete = |path: String| actix_web::test::TestRequest::delete().uri(&path);
        assert_eq!(app.send(&officer, delete(path(&sent))).await.status, 200);
        app.until("2026-11-20T17:10:00Z").await;
        assert!(app.mails_to("landlord@homes.example").await.is_empty());
        let sent = reply(&app, &case, body).await.expect(201);
        app.move_to("2026-11-20T17:30:00Z");
        let claimed = reeve::casework::delivery::claim(&app.desk, 10).await.unwrap();
        let (to_stranger, to_ada): (Vec<_>, Vec<_>) = claimed.into_iter().partition(|notice| notice.recipient == "landlord@homes.example");
        for notice in to_stranger {
            assert!(reeve::casework::delivery::record_sent(&app.desk, notice).await.unwrap());
        }
        for notice in to_ada {
            reeve::casework::delivery::record_failed(&app.desk, notice, "timeout".to_owned(), false).await.unwrap();
        }
        let back = app.send(&officer, delete(path(&sent))).await;
        assert_eq!(back.expect(409)["code"], "already_sent", "one of them has read it");
        let notices = app.get(&officer, &format!("/v1/cases/{case}/notices")).await.expect(200);
        assert!(notices["items"].as_array().unwrap().iter().any(|one| one["state"] == "pending"), "and the other will");
    }
}
