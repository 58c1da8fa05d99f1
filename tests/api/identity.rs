//! Who is on the line, before anything private is said to a caller.

use serde_json::{Value, json};

use crate::intake::missed_bin;
use crate::support::{Caller, TestApp};

/// A case of council tax: ordinary work for those who do it, and nobody else's to know.
async fn about_money(app: &TestApp, agent: &Caller) -> String {
    let mut body = missed_bin();
    body["subject"] = json!("My council tax");
    body["body"] = json!("I cannot pay the council tax this month.");
    body["service"] = json!("council-tax");
    body["category"] = json!(category(app));
    let logged = app.post(agent, "/v1/contacts", body).await.expect(201);
    assert_eq!(logged["case"]["secrecy"], "sensitive", "{logged:#}");
    assert_eq!(
        logged["warnings"],
        json!([]),
        "whoever tells us something is told nothing new"
    );
    logged["case"]["reference"].as_str().unwrap().to_owned()
}

fn category(app: &TestApp) -> String {
    let council = app.desk.council();
    let service = council.catalogue.service("council-tax").unwrap();
    service.categories[0].slug.clone()
}

fn call(case: &str) -> Value {
    json!({"channel": "phone", "case": case, "body": "Rang to ask how it stands.", "person": {"name": "Ada Example", "phone": "01632 960123"}})
}

stories! {
    async fn a_caller_about_a_sensitive_case_is_checked_before_anything_is_said(app) {
        let agent = app.agent().await;
        let case = about_money(&app, &agent).await;
        let rang = app.post(&agent, "/v1/contacts", call(&case)).await.expect(201);
        assert!(rang["warnings"][0].as_str().unwrap().contains("Check who is calling"), "{rang:#}");
        let mut checked = call(&case);
        checked["identity_check"] = json!({"how": "phone", "result": "passed", "asked": ["name", "account_number"]});
        let rang = app.post(&agent, "/v1/contacts", checked).await.expect(201);
        assert_eq!(rang["warnings"], json!([]), "{rang:#}");
        let seen = app.get(&agent, &format!("/v1/cases/{case}")).await.expect(200);
        assert_eq!(seen["identity_checked"], "passed");
        let contacts = app.get(&agent, &format!("/v1/cases/{case}/contacts")).await.expect(200);
        let standing: Vec<&Value> = contacts["items"].as_array().unwrap().iter().map(|one| &one["identity_checked"]).collect();
        assert_eq!(standing, ["none", "none", "passed"], "each call has its own");
        let timeline = app.get(&agent, &format!("/v1/cases/{case}/timeline")).await.expect(200);
        let line = timeline["items"].as_array().unwrap().iter().find(|line| line["kind"] == "identity_checked").unwrap().clone();
        assert_eq!(line["detail"]["asked"], json!(["name", "account_number"]), "what they were asked for");
        assert_eq!(line["public"], false);
    }

    async fn words_spoken_on_a_sensitive_case_are_warned_of_until_a_check_has_passed(app) {
        let agent = app.agent().await;
        let case = about_money(&app, &agent).await;
        let path = |what: &str| format!("/v1/cases/{case}/{what}");
        let spoken = app.post(&agent, &path("acknowledgements"), json!({"how": "spoken"})).await.expect(201);
        assert!(spoken["warnings"][0].as_str().unwrap().contains("identity-checks"), "{spoken:#}");
        let passed = json!({"how": "phone", "result": "passed", "asked": ["address", "recent_contact"]});
        let done = app.post(&agent, &path("identity-checks"), passed).await.expect(201);
        assert_eq!((&done["event"]["kind"], &done["warnings"]), (&json!("identity_checked"), &json!([])));
        let rung = json!({"channel": "phone", "direction": "outbound", "case": case, "outcome": "spoke", "number_presented": "01632 960100", "body": "Told her."});
        assert_eq!(app.post(&agent, "/v1/contacts", rung.clone()).await.expect(201)["warnings"], json!([]));
        app.move_to("2026-11-20T18:30:00Z");
        let later = app.post(&agent, "/v1/contacts", rung).await.expect(201);
        assert_eq!(later["warnings"].as_array().unwrap().len(), 1, "another call, another caller: {later:#}");
    }

    async fn a_check_that_failed_is_told_to_the_team_leader_without_saying_what_about(app) {
        let agent = app.agent().await;
        let case = about_money(&app, &agent).await;
        let failed = json!({"how": "phone", "result": "failed", "asked": ["date_of_birth"]});
        let done = app.post(&agent, &format!("/v1/cases/{case}/identity-checks"), failed).await.expect(201);
        assert!(done["warnings"][0].as_str().unwrap().contains("could not show who they are"), "{done:#}");
        let queue = done["case"]["queue"].as_str().unwrap();
        let mails = app.mails_to(&format!("team.leader.{queue}@council.example")).await;
        let told = mails.iter().find(|mail| mail.kind() == "identity_failed").expect("the team leader is told");
        assert!(told.raw.contains(&case) && told.raw.contains("Friday 20 November 2026 at 4.58pm"), "{}", told.raw);
        assert!(!told.raw.contains("bill") && !told.raw.contains("cannot pay") && !told.raw.contains("Ada"), "{}", told.raw);
    }

    async fn a_caller_about_a_bin_is_not_asked_who_they_are(app) {
        let agent = app.agent().await;
        let logged = app.post(&agent, "/v1/contacts", missed_bin()).await.expect(201);
        let case = logged["case"]["reference"].as_str().unwrap();
        let rang = app.post(&agent, "/v1/contacts", call(case)).await.expect(201);
        assert_eq!((&rang["joined"], &rang["warnings"]), (&json!(true), &json!([])));
        let other = logged["contact"]["id"].as_str().unwrap();
        let second = app.post(&agent, "/v1/contacts", missed_bin()).await.expect(201);
        let path = format!("/v1/cases/{}/identity-checks", second["case"]["reference"].as_str().unwrap());
        let body = json!({"how": "phone", "result": "passed", "asked": ["name"], "contact": other});
        assert_eq!(app.post(&agent, &path, body).await.expect(422)["errors"][0]["pointer"], "/contact");
        let answered = json!({"how": "phone", "result": "passed", "asked": [{"date_of_birth": "1 May 1970"}]});
        assert_eq!(app.post(&agent, &path, answered).await.status, 422, "answers are not taken");
    }
}
