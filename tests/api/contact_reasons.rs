//! Why people contact us: said, found, put right and counted.

use serde_json::{Value, json};

use crate::intake::{log, missed_bin};
use crate::support::{Caller, TestApp};

const REPORT: &str = "/v1/reports/avoidable-contact";

fn marked(code: &str) -> Value {
    let mut body = missed_bin();
    body["contact_reason"] = json!(code);
    body
}

fn reference(logged: &Value) -> String {
    logged["case"]["reference"].as_str().unwrap().to_owned()
}

/// The contacts of a case, each as `code found`.
async fn reasons(app: &TestApp, who: &Caller, case: &str) -> Vec<Value> {
    let contacts = app
        .get(who, &format!("/v1/cases/{case}/contacts"))
        .await
        .expect(200);
    let items = contacts["items"].as_array().unwrap();
    items
        .iter()
        .map(|contact| contact["contact_reason"].clone())
        .collect()
}

async fn ask_again(app: &TestApp, case: &str, more: Value) -> Value {
    let mut body = json!({"channel": "phone", "case": case, "body": "Any news of my bin?"});
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    log(app, body).await
}

stories! {
    async fn an_agent_says_why_somebody_rang_and_puts_it_right(app) {
        let agent = app.agent().await;
        let known = app.get(&agent, "/v1/contact-reasons").await.expect(200);
        let item = known["items"].as_array().unwrap().iter().find(|one| one["code"] == "call_dropped").unwrap().clone();
        assert_eq!(item["avoidable"], true, "{known:#}");

        let refused = app.post(&agent, "/v1/contacts", marked("call_droped")).await.expect(422);
        assert_eq!(refused["errors"][0]["pointer"], "/contact_reason", "{refused:#}");
        assert!(refused["errors"][0]["detail"].as_str().unwrap().contains("`call_dropped`"), "{refused:#}");

        let logged = log(&app, marked("call_dropped")).await;
        let case = reference(&logged);
        assert_eq!(reasons(&app, &agent, &case).await, [json!({"code": "call_dropped", "found": false})]);

        let path = format!("/v1/cases/{case}/contact-reasons");
        let contact = logged["contact"]["id"].clone();
        let right = json!({"contact": contact, "contact_reason": "not_avoidable"});
        let done = app.post(&agent, &path, right).await.expect(201);
        assert_eq!(done["event"]["kind"], "contact_marked");
        assert_eq!(done["event"]["detail"], json!({"contact": contact, "from": "call_dropped", "to": "not_avoidable"}));
        assert_eq!(reasons(&app, &agent, &case).await, [json!({"code": "not_avoidable", "found": false})]);
        app.post(&agent, &path, json!({"contact": contact, "contact_reason": null})).await.expect(201);
        assert_eq!(reasons(&app, &agent, &case).await, [Value::Null]);

        let other = reference(&log(&app, missed_bin()).await);
        let wrong = json!({"contact": contact, "contact_reason": "no_such"});
        let refused = app.post(&agent, &format!("/v1/cases/{other}/contact-reasons"), wrong).await.expect(422);
        let pointers: Vec<&Value> = refused["errors"].as_array().unwrap().iter().map(|one| &one["pointer"]).collect();
        assert_eq!(pointers, ["/contact", "/contact_reason"]);
    }

    async fn who_only_asks_again_is_counted_as_chasing_unless_somebody_says_otherwise(app) {
        let agent = app.agent().await;
        let case = reference(&log(&app, missed_bin()).await);
        ask_again(&app, &case, json!({})).await;
        ask_again(&app, &case, json!({"contact_reason": "service_failed"})).await;
        let found = reasons(&app, &agent, &case).await;
        assert_eq!(found.iter().filter(|one| **one == json!({"code": "progress_chase", "found": true})).count(), 1, "{found:?}");
        assert_eq!(found.iter().filter(|one| **one == json!({"code": "service_failed", "found": false})).count(), 1, "{found:?}");
        assert_eq!(found.iter().filter(|one| one.is_null()).count(), 1, "{found:?}");

        // More about the matter asks nothing; once the date has passed, whoever comes back asks.
        let more = json!({"body": "For your information: the bin is the green one."});
        ask_again(&app, &case, more.clone()).await;
        assert_eq!(reasons(&app, &agent, &case).await.iter().filter(|one| one.is_null()).count(), 2);
        let shown = app.get(&agent, &format!("/v1/cases/{case}")).await.expect(200);
        assert_eq!(shown["chasers"], 3, "they contacted us again all the same");
        app.jump_to("2026-11-27T10:00:00Z").await;
        let agent = app.agent().await;
        ask_again(&app, &case, more).await;
        let late = reasons(&app, &agent, &case).await;
        assert_eq!(late.iter().filter(|one| **one == json!({"code": "progress_chase", "found": true})).count(), 2, "{late:?}");

        let mut chase = missed_bin();
        chase["service"] = json!("housing-repairs");
        chase["category"] = json!("repair-chase");
        let case = reference(&log(&app, chase).await);
        assert_eq!(reasons(&app, &agent, &case).await, [json!({"code": "progress_chase", "found": true})]);
    }

    async fn avoidable_contact_is_a_share_of_everybody_who_contacted_us(app) {
        let leader = app.team_leader().await;
        let case = reference(&log(&app, missed_bin()).await);
        for _ in 0..2 {
            ask_again(&app, &case, json!({})).await;
        }
        log(&app, marked("not_avoidable")).await;
        for n in 0..2 {
            let mut repeat = marked("website_failed");
            repeat["external_id"] = json!("crm-1");
            let agent = app.agent().await;
            app.post(&agent, "/v1/contacts", repeat).await.expect(if n == 0 { 201 } else { 200 });
        }
        let mut visit = missed_bin();
        visit["channel"] = json!("face_to_face");
        log(&app, visit).await;
        let outbound = json!({"channel": "phone", "case": case, "direction": "outbound", "outcome": "spoke", "body": "Rang."});
        log(&app, outbound).await;

        let report = app.get(&leader, REPORT).await.expect(200);
        assert_eq!(report["contacts"], 6, "what we rang and what came twice is left out: {report:#}");
        assert_eq!(report["unmarked"], 2);
        assert_eq!(report["avoidable"], json!({"contacts": 3, "of": 6, "percent": 50.0}));
        assert!(report["definition"].as_str().unwrap().contains("share"));
        let channels = report["by_channel"].as_array().unwrap();
        let of = |name: &str| channels.iter().find(|one| one["channel"] == name).unwrap();
        assert_eq!(of("phone")["avoidable"], json!({"contacts": 3, "of": 5, "percent": 60.0}));
        assert_eq!(of("face_to_face")["avoidable"], json!({"contacts": 0, "of": 1, "percent": null}), "too few to say");
        let by_reason = of("phone")["by_reason"].as_array().unwrap();
        let chased = by_reason.iter().find(|one| one["code"] == "progress_chase").unwrap();
        assert_eq!(chased["contacts"], 2);
        assert_eq!(chased["name"], "Asks what became of something");

        let before = app.get(&leader, &format!("{REPORT}?from_on=2026-11-18&to_on=2026-11-19")).await.expect(200);
        assert_eq!((&before["contacts"], &before["avoidable"]["percent"]), (&json!(0), &Value::Null));
        app.get(&leader, &format!("{REPORT}?from_on=2026-11-20&to_on=2026-11-18")).await.expect(422);
        // What the catalogue says of a reason from now on changes nothing of what was counted.
        let admin = app.sign_in("admin@council.example").await;
        let read = app.get(&admin, "/v1/catalogue").await;
        let etag = read.header("etag").unwrap().to_owned();
        let mut tree = read.expect(200);
        tree["council"]["contact_reasons"]["website_failed"]["avoidable"] = json!(false);
        let put = actix_web::test::TestRequest::put().uri("/v1/catalogue").insert_header(("if-match", etag)).set_json(&tree);
        app.send(&admin, put).await.expect(200);
        let path = format!("/v1/cases/{case}/contact-reasons");
        let contacts = app.get(&app.agent().await, &format!("/v1/cases/{case}/contacts")).await.expect(200);
        let again = json!({"contact": contacts["items"][0]["id"], "contact_reason": "not_avoidable"});
        app.post(&app.agent().await, &path, again).await.expect(201);
        let after = app.get(&leader, REPORT).await.expect(200);
        assert_eq!(after["avoidable"], report["avoidable"], "{after:#}");
        let told = app.get(&admin, "/v1/reports/performance?from_on=2026-11-20&to_on=2026-11-20").await.expect(200);
        assert_eq!(told["all"]["avoidable_contact"]["avoidable"], 3, "a mark on the case recounts by what was said then: {told:#}");
    }
}
