//! The night's hand-over.

use serde_json::{Value, json};

use crate::support::{Caller, TestApp};

const NIGHT: &str = "/v1/reports/out-of-hours?night_of=2026-11-20";

async fn takes(app: &TestApp, who: &Caller, id: &str, body: &str) -> Value {
    let body = json!({"channel": "out_of_hours", "external_id": id, "body": body});
    app.post(who, "/v1/contacts", body).await.expect(201)
}

fn ids(report: &Value) -> Vec<String> {
    let items = report["items"].as_array().unwrap();
    items
        .iter()
        .map(|one| one["external_id"].as_str().unwrap().to_owned())
        .collect()
}

stories! {
    async fn the_morning_finds_everything_the_night_took_in_and_nothing_else(app) {
        let night = app.sign_in("partner@night.example").await;
        takes(&app, &night, "before", "A tree is down in Alder Street").await;
        app.jump_to("2026-11-20T22:00:00Z").await;
        let first = takes(&app, &night, "night-1", "A tree is down in Beech Street").await;
        takes(&app, &app.key("partner"), "night-2", "Water is coming up through the drains in Alder Street").await;
        app.jump_to("2026-11-22T03:00:00Z").await;
        takes(&app, &night, "night-3", "A dog has been found in Cedar Street").await;
        app.jump_to("2026-11-23T09:00:00Z").await;
        takes(&app, &night, "after", "A tree is down in Dogwood Street").await;

        let agent = app.agent().await;
        let report = app.get(&agent, NIGHT).await.expect(200);
        assert_eq!((&report["from_at"], &report["until_at"]), (&json!("2026-11-20T17:00:00Z"), &json!("2026-11-23T09:00:00Z")));
        assert_eq!(ids(&report), ["night-1", "night-2", "night-3"]);
        assert_eq!(report["items"][0]["contact"]["id"], first["contact"]["id"]);
        assert!(report["items"][0]["case"]["priority"].is_string(), "{report:#}");

        let said = json!({"night_of": "2026-11-20", "sent": ["night-1", "night-3", "night-4"]});
        let reckoned = app.post(&agent, "/v1/reports/out-of-hours/reckonings", said).await.expect(200);
        assert_eq!(reckoned["missing"], json!(["night-4"]));
        assert_eq!(reckoned["not_named"], json!(["night-2"]));
        assert_eq!((&reckoned["matched"], &reckoned["without_id"]), (&json!(2), &json!(0)));
    }

    async fn a_partner_sees_its_own_and_a_receipt_where_it_may_not_see_the_case(app) {
        app.jump_to("2026-11-20T22:00:00Z").await;
        let night = app.sign_in("partner@night.example").await;
        let body = json!({
            "channel": "out_of_hours", "external_id": "night-9", "body": "The child next door is being hit.",
            "service": "childrens-social-care", "category": "child-at-risk",
        });
        let logged = app.post(&night, "/v1/contacts", body).await.expect(201);
        takes(&app, &app.key("desk"), "other-1", "A pothole in Alder Street").await;
        let own = app.get(&night, NIGHT).await.expect(200);
        assert_eq!(ids(&own), ["night-9"], "nothing of another desk's");
        assert_eq!(own["items"][0]["case"], Value::Null);
        assert_eq!(own["items"][0]["receipt"], logged["receipt"]);
        let agents = app.get(&app.agent().await, NIGHT).await.expect(200);
        assert_eq!(agents["came_in"], 2);
        assert_eq!(ids(&agents), ["other-1"], "no line says that it is the one nobody may see");
        let mash = app.get(&app.sign_in("mash.officer@council.example").await, NIGHT).await.expect(200);
        assert_eq!(ids(&mash), ["night-9", "other-1"]);
        let reckon = async |who: &Caller, sent: Value| {
            let said = json!({"night_of": "2026-11-20", "sent": sent});
            app.post(who, "/v1/reports/out-of-hours/reckonings", said).await.expect(200)
        };
        let agent = app.agent().await;
        let all = reckon(&agent, json!(["night-9", "other-1"])).await;
        assert_eq!((&all["matched"], &all["missing"]), (&json!(2), &json!([])), "nothing of it is lost");
        let none = reckon(&agent, json!([])).await;
        assert_eq!(none["not_named"], json!(["other-1"]));
        let own = reckon(&night, json!([])).await;
        assert_eq!(own["not_named"], json!(["night-9"]));
        app.get(&app.sign_in("auditor@council.example").await, NIGHT).await.expect(403);
    }
}
