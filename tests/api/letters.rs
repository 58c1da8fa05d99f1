//! Letters that somebody prints and posts, and words that are taken back before they leave.

use actix_web::test::TestRequest;
use serde_json::{Value, json};

use crate::intake::{log, missed_bin};
use crate::support::{Reply, TestApp};

/// Somebody with a postal address and nothing else.
fn by_post() -> Value {
    let mut body = missed_bin();
    body["person"] = json!({
        "name": "Iolo Example", "kind": "resident",
        "address": {"lines": ["3 Mill Lane", "Northmere"], "postcode": "ZZ1 1AA"}
    });
    body
}

fn reference(logged: &Value) -> String {
    logged["case"]["reference"].as_str().unwrap().to_owned()
}

async fn letter_of(app: &TestApp, case: &str) -> Value {
    let officer = app.officer().await;
    let page = app
        .get(&officer, &format!("/v1/cases/{case}/notices"))
        .await
        .expect(200);
    page["items"][0].clone()
}

async fn posted(app: &TestApp, id: &str, on: &str) -> Reply {
    let officer = app.officer().await;
    let path = format!("/v1/notices/{id}/sent");
    app.post(&officer, &path, json!({"posted_on": on})).await
}

async fn take_back(app: &TestApp, case: &str, notice: &str) -> Reply {
    let officer = app.officer().await;
    let path = format!("/v1/cases/{case}/replies/{notice}");
    app.send(&officer, TestRequest::delete().uri(&path)).await
}

stories! {
    async fn a_letter_to_write_stands_there_whole_ready_to_print(app) {
        let case = reference(&log(&app, by_post()).await);
        let letter = letter_of(&app, &case).await;
        assert_eq!((&letter["transport"], &letter["state"]), (&json!("post"), &json!("to_write")), "{letter:#}");
        let text = letter["text"].as_str().expect("the whole text");
        assert!(text.starts_with("Iolo Example\n3 Mill Lane\nNorthmere\nZZ1 1AA\n\nNorthmere Council\n\nFriday 20 November 2026\n"), "{text}");
        for said in [&format!("Our reference: {case}"), "a missed bin", "Tuesday 24 November 2026", "01632 960100", "call 999"] {
            assert!(text.contains(said), "{said} is not in {text}");
        }
        assert!(!text.contains("/track/"), "nobody types a secret link: {text}");
        assert_eq!(letter["see_to"], json!([]));
        let officer = app.officer().await;
        let listed = app.get(&officer, "/v1/notices?state=to_write").await.expect(200);
        assert_eq!(listed["items"][0]["text"], text, "the list has it too");
        let queue = app.get(&officer, "/v1/queues/waste-ops").await.expect(200);
        assert_eq!(queue["to_write"], 1);
    }

    async fn the_day_a_letter_was_posted_keeps_the_promise_and_stands_at_its_head(app) {
        let case = reference(&log(&app, by_post()).await);
        let id = letter_of(&app, &case).await["id"].as_str().unwrap().to_owned();
        app.jump_to("2026-11-23T10:00:00Z").await;
        for (on, code) in [("2026-11-24", "in_future"), ("2026-11-19", "too_early")] {
            let refused = posted(&app, &id, on).await.expect(422);
            assert_eq!(refused["errors"][0]["code"], code, "{refused:#}");
        }
        posted(&app, &id, "2026-11-20").await.expect(201);
        let officer = app.officer().await;
        let clocks = app.get(&officer, &format!("/v1/cases/{case}/clocks")).await.expect(200);
        let acknowledge = clocks["items"].as_array().unwrap().iter().find(|clock| clock["name"] == "acknowledge").unwrap().clone();
        assert_eq!(acknowledge["state"], "met", "{acknowledge:#}");
        let letter = letter_of(&app, &case).await;
        assert_eq!(letter["state"], "sent");
        assert!(letter["text"].as_str().unwrap().contains("Friday 20 November 2026"), "as it went out: {letter:#}");
        assert_eq!(posted(&app, &id, "2026-11-20").await.expect(409)["code"], "not_to_write");
    }

    async fn a_letter_without_an_address_says_what_is_missing(app) {
        let mut body = missed_bin();
        body["channel"] = json!("letter");
        body["person"] = json!({"name": "Iolo Example", "kind": "resident", "email": "iolo@mail.example"});
        let logged = log(&app, body).await;
        let letter = letter_of(&app, &reference(&logged)).await;
        assert_eq!(letter["state"], "to_write", "who writes is written to: {letter:#}");
        assert_eq!(letter["address"], json!([]));
        assert!(letter["see_to"][0].as_str().unwrap().contains("No postal address"), "{letter:#}");
        let text = letter["text"].as_str().unwrap();
        assert!(text.starts_with("Northmere Council\n"), "{text}");
    }

    async fn a_reply_nobody_has_posted_can_be_taken_back_and_a_posted_one_cannot(app) {
        let case = reference(&log(&app, by_post()).await);
        let officer = app.officer().await;
        let path = format!("/v1/cases/{case}/replies");
        let body = json!({"text": "We came back today.", "kind": "holding"});
        let first = app.post(&officer, &path, body.clone()).await.expect(201);
        take_back(&app, &case, first["notice"]["id"].as_str().unwrap()).await.expect(200);
        let second = app.post(&officer, &path, body).await.expect(201);
        let id = second["notice"]["id"].as_str().unwrap().to_owned();
        posted(&app, &id, "2026-11-20").await.expect(201);
        assert_eq!(take_back(&app, &case, &id).await.expect(409)["code"], "already_sent");
    }

    async fn a_reply_a_worker_has_in_hand_is_not_also_taken_back(app) {
        let case = reference(&log(&app, missed_bin()).await);
        app.catch_up().await;
        let officer = app.officer().await;
        let path = format!("/v1/cases/{case}/replies");
        let body = json!({"text": "We came back today.", "kind": "holding"});
        let replied = app.post(&officer, &path, body).await.expect(201);
        let id = replied["notice"]["id"].as_str().unwrap().to_owned();
        app.move_to("2026-11-20T17:10:00Z");
        let claimed = reeve::casework::delivery::claim(&app.desk, 10).await.unwrap();
        assert_eq!(claimed.len(), 1);
        assert_eq!(take_back(&app, &case, &id).await.expect(409)["code"], "already_sent");
        // Its lease has run out, and it may have handed the mail over all the same.
        app.move_to("2026-11-20T18:10:00Z");
        assert_eq!(take_back(&app, &case, &id).await.expect(409)["code"], "already_sent");
        let again = app.post(&officer, &path, json!({"text": "Really.", "kind": "holding"})).await.expect(201);
        take_back(&app, &case, again["notice"]["id"].as_str().unwrap()).await.expect(200);
        app.move_to("2026-11-20T18:20:00Z");
        let due = reeve::casework::delivery::claim(&app.desk, 10).await.unwrap();
        assert_eq!(due.len(), 1, "what was taken back is claimed by nobody");
        assert_eq!(due[0].id.to_string(), id);
    }
}
