//! Bad input gets a clear, specific answer, and nothing is half-written.

use serde_json::{Value, json};

use crate::intake::missed_bin;
use crate::support::TestApp;

/// The pointer and code of every fault of a refused document.
async fn faults(app: &TestApp, body: Value) -> Vec<(String, String)> {
    let agent = app.agent().await;
    let refused = app.post(&agent, "/v1/contacts", body).await;
    assert_eq!(refused.status, 422, "{}", refused.text);
    assert!(
        refused
            .header("content-type")
            .unwrap()
            .starts_with("application/problem+json")
    );
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    refused.json()["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (text(&one["pointer"]), text(&one["code"])))
        .collect()
}

fn with(change: impl Fn(&mut Value)) -> Value {
    let mut body = missed_bin();
    change(&mut body);
    body
}

stories! {
    async fn each_fault_is_named_with_its_place(app) {
        let check = async |body: Value, pointer: &str, code: &str| {
            let found = faults(&app, body.clone()).await;
            assert!(found.contains(&(pointer.to_owned(), code.to_owned())), "{pointer} {code}: {found:?}");
        };
        check(with(|body| body["sbject"] = json!("x")), "/sbject", "unknown_field").await;
        check(with(|body| body["channel"] = json!("pigeon")), "/channel", "unknown_value").await;
        check(with(|body| { body.as_object_mut().unwrap().remove("channel"); }), "/channel", "missing_field").await;
        check(with(|body| body["service"] = json!("no-such")), "/service", "unknown_value").await;
        check(with(|body| body["category"] = json!("no-such")), "/category", "unknown_value").await;
        check(with(|body| body["received_at"] = json!("2027-01-01T10:00:00Z")), "/received_at", "received_in_future").await;
        check(with(|body| body["received_at"] = json!("2020-01-01T10:00:00Z")), "/received_at", "received_too_old").await;
        check(with(|body| body["received_at"] = json!("2026-11-20T10:00:00")), "/received_at", "offset_missing").await;
        check(with(|body| body["subject"] = json!("a".repeat(201))), "/subject", "too_long").await;
        check(with(|body| body["subject"] = json!("a\u{7}b")), "/subject", "control_character").await;
        check(with(|body| body["person"]["name"] = json!("Ada\r\nBcc: x@y.example")), "/person/name", "control_character").await;
        check(with(|body| body["body"] = json!(7)), "/body", "wrong_type").await;
        check(json!({"channel": "phone"}), "/body", "missing_field").await;
        check(with(|body| body["case"] = json!("4X7-K92-MQ9")), "/case", "reference_mistyped").await;
        let all = faults(&app, json!({"channel": "pigeon", "x": 1, "subject": 5})).await;
        assert!(all.len() >= 3, "every fault at once: {all:?}");
    }

    async fn what_is_not_json_is_said_to_be_not_json(app) {
        let agent = app.agent().await;
        let headers = [("content-type", "application/json")];
        for bad in ["", "{", "{\"channel\":\"phone\",\"channel\":\"sms\"}", "{\"body\":\"\\ud800\"}", "[1,2", "nul", "{\"a\":1e999}"] {
            let refused = app.post_with(&agent, "/v1/contacts", &headers, bad).await;
            assert_eq!(refused.status, 400, "{bad}: {}", refused.text);
            assert_eq!(refused.json()["code"], "malformed_json", "{bad}");
        }
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(app.post_with(&agent, "/v1/contacts", &headers, &deep).await.status, 400);
        let large = format!("{{\"body\":\"{}\"}}", "a".repeat(5_000_000));
        assert_eq!(app.post_with(&agent, "/v1/contacts", &headers, &large).await.status, 413);
        let wrong = app.post_with(&agent, "/v1/contacts", &[("content-type", "text/plain")], "hello").await;
        assert_eq!(wrong.status, 415, "{}", wrong.text);
    }

    async fn every_layer_answers_with_a_problem(app) {
        let agent = app.agent().await;
        let check = async |status: u16, code: &str, reply: crate::support::Reply| {
            assert_eq!(reply.status, status, "{}", reply.text);
            let problem = reply.json();
            assert_eq!(problem["code"], code, "{problem:#}");
            assert!(problem["request_id"].is_string() && problem["title"].is_string() && problem["type"].is_string());
        };
        check(404, "route_not_found", app.get(&agent, "/v1/nothing").await).await;
        check(404, "not_found", app.get(&agent, "/v1/cases/01890000-0000-7000-8000-000000000000").await).await;
        check(400, "unknown_parameter", app.get(&agent, "/v1/cases?colour=red").await).await;
        let delete = actix_web::test::TestRequest::delete().uri("/v1/contacts");
        let refused = app.send(&agent, delete).await;
        assert_eq!(refused.status, 405);
        assert!(refused.header("allow").unwrap().contains("POST"));
        let logged = crate::intake::log(&app, missed_bin()).await;
        let reference = logged["case"]["reference"].as_str().unwrap();
        let last = if reference.ends_with('2') { '3' } else { '2' };
        let mistyped = format!("{}{last}", &reference[..reference.len() - 1]);
        check(400, "reference_mistyped", app.get(&agent, &format!("/v1/cases/{mistyped}")).await).await;
    }
}
