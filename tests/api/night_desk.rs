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
        assert_eq!((&report["from_at"], &report["until_at"]), (&json!("2026-11-20T17:00:00Z"), &json!("2026-11-21T09:00:00Z")));
        assert_eq!(ids(&report), ["night-1", "night-2"]);
        let weekend = app.get(&agent, &format!("{NIGHT}&to_night_of=2026-11-22")).await.expect(200);
        assert_eq!((&weekend["from_at"], &weekend["until_at"]), (&json!("2026-11-20T17:00:00Z"), &json!("2026-11-23T09:00:00Z")));
        assert_eq!(ids(&weekend), ["night-1", "night-2", "night-3"]);
        assert_eq!(report["items"][0]["contact"]["id"], first["contact"]["id"]);
        assert!(report["items"][0]["case"]["priority"].is_string(), "{report:#}");

        let said = json!({"night_of": "2026-11-20", "to_night_of": "2026-11-22", "sent": ["night-1", "night-3", "night-4"]});
        let reckoned = app.post(&agent, "/v1/reports/out-of-hours/reckonings", said).await.expect(200);
        assert_eq!(reckoned["missing"], json!(["night-4"]));
        assert_eq!(reckoned["not_named"], json!(["night-2"]));
        assert_eq!((&reckoned["matched"], &reckoned["without_id"]), (&json!(2), &json!(0)));
    }

    async fn each_night_of_a_weekend_ends_where_the_next_begins_and_each_contact_is_in_one(app) {
        let night = app.sign_in("partner@night.example").await;
        for (at, id) in [
            ("2026-11-20T20:00:00Z", "fri"), ("2026-11-21T01:30:00Z", "sat-early"), ("2026-11-21T12:00:00Z", "sat"),
            ("2026-11-22T08:59:59Z", "sun-early"), ("2026-11-22T09:00:00Z", "sun"), ("2026-11-23T08:59:00Z", "mon-early"),
        ] {
            app.move_to(at);
            takes(&app, &night, id, "A tree is down in Alder Street").await;
        }
        app.move_to("2026-11-23T09:30:00Z");
        let agent = app.agent().await;
        let (mut ended, mut found) = (Value::Null, Vec::new());
        for (on, expect) in [("2026-11-20", ["fri", "sat-early"]), ("2026-11-21", ["sat", "sun-early"]), ("2026-11-22", ["sun", "mon-early"])] {
            let report = app.get(&agent, &format!("/v1/reports/out-of-hours?night_of={on}")).await.expect(200);
            assert_eq!(ids(&report), expect, "{on}");
            assert_eq!(report["came_in"], 2);
            if on != "2026-11-20" {
                assert_eq!(report["from_at"], ended);
            }
            ended = report["until_at"].clone();
            found.extend(ids(&report));
        }
        assert_eq!((ended, found.len()), (json!("2026-11-23T09:00:00Z"), 6));
        for wrong in ["2026-11-19", "2026-12-20"] {
            let refused = app.get(&agent, &format!("{NIGHT}&to_night_of={wrong}")).await.expect(422);
            assert_eq!(refused["errors"][0]["pointer"], "/to_night_of", "{refused:#}");
        }
    }

    async fn what_the_night_desk_sends_in_the_morning_is_in_the_night_it_was_received_in(app) {
        let night = app.sign_in("partner@night.example").await;
        let received = |id: &str, at: &str| json!({
            "channel": "phone", "external_id": id, "received_at": at, "body": "Water is coming up through the drains",
        });
        app.move_to("2026-11-23T18:00:00Z");
        app.post(&night, "/v1/contacts", received("by-day", "2026-11-23T15:00:00Z")).await.expect(201);
        app.move_to("2026-11-24T10:30:00Z");
        app.post(&night, "/v1/contacts", received("late", "2026-11-24T01:30:00Z")).await.expect(201);
        let agent = app.agent().await;
        let report = app.get(&agent, "/v1/reports/out-of-hours?night_of=2026-11-23").await.expect(200);
        assert_eq!((ids(&report), &report["came_in"]), (vec!["by-day".to_owned(), "late".to_owned()], &json!(2)));
        let later: Vec<&Value> = report["items"].as_array().unwrap().iter().map(|one| &one["came_later"]).collect();
        assert_eq!(later, [&json!(false), &json!(true)]);
        let said = json!({"night_of": "2026-11-23", "sent": ["late", "by-day"]});
        let reckoned = app.post(&agent, "/v1/reports/out-of-hours/reckonings", said).await.expect(200);
        assert_eq!((&reckoned["missing"], &reckoned["matched"]), (&json!([]), &json!(2)), "{reckoned:#}");
        let next = app.get(&agent, "/v1/reports/out-of-hours?night_of=2026-11-24").await.expect(200);
        assert_eq!(next["came_in"], 0);
    }

    async fn a_key_limited_to_the_night_desk_is_the_night_desks(app) {
        let admin = app.sign_in("admin@council.example").await;
        let key = json!({"name": "night", "scopes": ["contacts:write"], "channels": ["out_of_hours"], "queues": ["emergency-planning"]});
        let made = app.post(&admin, "/v1/api-keys", key).await.expect(201);
        let night = Caller { bearer: Some(made["key"].as_str().unwrap().to_owned()) };
        app.move_to("2026-11-20T22:00:00Z");
        let body = json!({"channel": "phone", "external_id": "ND4", "body": "A tree is down in Alder Street"});
        let logged = app.post(&night, "/v1/contacts", body).await.expect(201);
        assert_eq!(logged["contact"]["channel"], "out_of_hours");
        let report = app.get(&app.agent().await, NIGHT).await.expect(200);
        assert_eq!(ids(&report), ["ND4"]);
    }

    async fn a_partner_who_sends_again_is_answered_as_the_first_time(app) {
        app.move_to("2026-11-20T22:00:00Z");
        let night = app.sign_in("partner@night.example").await;
        for who in [&night, &app.key("partner")] {
            let bin = json!({
                "channel": "out_of_hours", "external_id": "again-1", "body": "The black bin was missed.",
                "service": "waste-collection", "category": "missed-bin", "person": {"name": "Ada Example", "phone": "01632 960123"},
            });
            let child = json!({
                "channel": "out_of_hours", "external_id": "again-2", "body": "The child next door is being hit.",
                "service": "childrens-social-care", "category": "child-at-risk",
            });
            for body in [bin, child] {
                let first = app.post(who, "/v1/contacts", body.clone()).await.expect(201);
                let again = app.post(who, "/v1/contacts", body).await.expect(200);
                assert_eq!(again["duplicate"], true);
                for member in ["contact", "case", "receipt", "read_out", "person", "tracking"] {
                    assert_eq!(again[member], first[member], "{member}: {again:#}");
                }
            }
        }
        // From then on it is followed as the public does.
        let officer = app.officer().await;
        let cases = app.get(&officer, "/v1/cases?category=missed-bin").await.expect(200);
        let case = cases["items"][0]["reference"].as_str().unwrap().to_owned();
        app.post(&officer, &format!("/v1/cases/{case}/assignments"), json!({"owner": "me"})).await.expect(201);
        let bin = json!({
            "channel": "out_of_hours", "external_id": "again-1", "body": "The black bin was missed.",
            "service": "waste-collection", "category": "missed-bin", "person": {"name": "Ada Example", "phone": "01632 960123"},
        });
        for who in [&night, &app.key("partner")] {
            let again = app.post(who, "/v1/contacts", bin.clone()).await.expect(200);
            assert!(again["case"]["reference"].is_string());
            assert_eq!(again["case"]["owner"], Value::Null, "{again:#}");
        }
        // A colleague with the same number and the same words logged nothing of it.
        let other = app.post(&app.key("desk"), "/v1/contacts", bin).await.expect(201);
        assert!(other["duplicate"].is_null());
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
