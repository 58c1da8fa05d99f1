//! An agent works a case, and the person hears of it.

use serde_json::{Value, json};

use crate::intake::{log, missed_bin};
use crate::support::{Caller, TestApp};

async fn act(app: &TestApp, who: &Caller, reference: &str, what: &str, body: Value) -> Value {
    app.post(who, &format!("/v1/cases/{reference}/{what}"), body)
        .await
        .expect(201)
}

fn reference(logged: &Value) -> String {
    logged["case"]["reference"].as_str().unwrap().to_owned()
}

stories! {
    async fn a_case_is_taken_answered_and_closed(app) {
        let logged = log(&app, missed_bin()).await;
        let reference = reference(&logged);
        let officer = app.officer().await;
        let taken = act(&app, &officer, &reference, "assignments", json!({"owner": "me"})).await;
        assert_eq!(taken["case"]["status"], "open");
        assert_eq!(taken["case"]["owner"]["name"], "Olu Officer");
        let text = "Our crew came back this morning and emptied your bin.";
        let replied = act(&app, &officer, &reference, "replies", json!({"text": text, "kind": "substantive", "outcome": "resolved"})).await;
        assert_eq!(replied["case"]["status"], "responded");
        assert_eq!(app.mails_to("ada@mail.example").await.len(), 1, "the reply waits, so that it can be taken back");
        app.until("2026-11-20T17:05:00Z").await;
        let mails = app.mails_to("ada@mail.example").await;
        let reply = mails.iter().find(|mail| mail.kind() == "reply").expect("the reply has left");
        assert!(reply.raw.contains(text));
        assert_eq!(reply.header("Auto-Submitted"), "", "an officer wrote it");
        let closed = act(&app, &officer, &reference, "closures", json!({"outcome": "resolved"})).await;
        assert_eq!(closed["case"]["status"], "closed");
        let again = app.post(&officer, &format!("/v1/cases/{reference}/replies"), json!({"text": "x", "kind": "holding"})).await.expect(409);
        assert_eq!(again["code"], "case_closed");
        let clocks = app.get(&officer, &format!("/v1/cases/{reference}/clocks")).await.expect(200);
        let respond = clocks["items"].as_array().unwrap().iter().find(|clock| clock["name"] == "respond").unwrap().clone();
        assert_eq!(respond["state"], "met");
        let timeline = app.get(&officer, &format!("/v1/cases/{reference}/timeline")).await.expect(200);
        let kinds: Vec<&str> = timeline["items"].as_array().unwrap().iter().map(|line| line["kind"].as_str().unwrap()).collect();
        for kind in ["opened", "assigned", "replied", "notice_sent", "closed"] {
            assert!(kinds.contains(&kind), "{kind} is not on {kinds:?}");
        }
    }

    async fn a_reply_can_be_taken_back_before_it_leaves(app) {
        let reference = reference(&log(&app, missed_bin()).await);
        let officer = app.officer().await;
        let replied = act(&app, &officer, &reference, "replies", json!({"text": "To the wrong person.", "kind": "substantive"})).await;
        let notice = replied["notice"]["id"].as_str().unwrap().to_owned();
        let path = format!("/v1/cases/{reference}/replies/{notice}");
        let back = app.send(&officer, actix_web::test::TestRequest::delete().uri(&path)).await;
        assert!(matches!(back.status, 200 | 204), "{} {}", back.status, back.text);
        app.until("2026-11-20T18:00:00Z").await;
        assert!(app.mails_to("ada@mail.example").await.iter().all(|mail| mail.kind() != "reply"));
        let case = app.get(&officer, &format!("/v1/cases/{reference}")).await.expect(200);
        assert_ne!(case["status"], "responded");
    }

    async fn an_answer_that_can_reach_nobody_is_refused_and_says_what_to_do(app) {
        let officer = app.officer().await;
        let body = json!({
            "channel": "phone", "subject": "Missed bin", "service": "waste-collection",
            "category": "missed-bin", "person": {"name": "Ada Example"}
        });
        let logged = app.post(&officer, "/v1/contacts", body).await;
        assert_eq!(logged.status, 201, "{}", logged.text);
        let reference = logged.json()["case"]["reference"].as_str().unwrap().to_owned();
        for (what, body) in [
            ("replies", json!({"text": "We came back today.", "kind": "substantive", "outcome": "resolved"})),
            ("replies", json!({"text": "We are still looking.", "kind": "holding"})),
            ("questions", json!({"text": "Which bin was it?"})),
        ] {
            let refused = app.post(&officer, &format!("/v1/cases/{reference}/{what}"), body).await;
            assert_eq!(refused.status, 409, "{}", refused.text);
            assert_eq!(refused.json()["code"], "no_address");
        }
        let contacts = app.get(&officer, &format!("/v1/cases/{reference}/contacts")).await.json();
        assert_eq!(contacts["items"].as_array().unwrap().len(), 1, "nothing was logged as said");
        let call = json!({
            "channel": "phone", "direction": "outbound", "case": reference, "outcome": "spoke",
            "number_presented": "01632 960100", "body": "Told her we came back today."
        });
        let rung = app.post(&officer, "/v1/contacts", call).await;
        assert_eq!(rung.status, 201, "{}", rung.text);
        let closed = act(&app, &officer, &reference, "closures", json!({"outcome": "resolved"})).await;
        assert_eq!(closed["case"]["status"], "closed");
    }

    async fn asking_the_person_pauses_the_promise_and_their_answer_resumes_it(app) {
        let logged = log(&app, missed_bin()).await;
        let reference = reference(&logged);
        let officer = app.officer().await;
        let asked = act(&app, &officer, &reference, "questions", json!({"text": "Which bin was it?"})).await;
        assert_eq!(asked["case"]["status"], "waiting");
        assert_eq!(asked["case"]["waiting_for"], "person");
        app.until("2026-11-25T10:00:00Z").await;
        assert!(app.mails().await.iter().all(|mail| mail.kind() != "digest"), "a paused case reminds nobody");
        let token = logged["tracking"]["token"].as_str().unwrap().to_owned();
        let person = Caller { bearer: Some(token) };
        app.post(&person, "/v1/public/tracking/messages", json!({"body": "The black one."})).await.expect(201);
        let case = app.get(&officer, &format!("/v1/cases/{reference}")).await.expect(200);
        assert_ne!(case["status"], "waiting");
        assert!(case["respond_on"].as_str().unwrap() > "2026-11-24", "three working days stood still: {case:#}");
    }

    async fn an_extension_tells_the_person_and_the_first_date_is_kept(app) {
        let reference = reference(&log(&app, missed_bin()).await);
        let officer = app.officer().await;
        let extended = act(&app, &officer, &reference, "extensions",
            json!({"clock": "respond", "by": {"working_days": 3}, "reason": "The lorry has broken down."})).await;
        assert_eq!(extended["case"]["respond_on"], "2026-11-27");
        assert_eq!(extended["case"]["first_promised_on"], "2026-11-24");
        app.until("2026-11-20T17:10:00Z").await;
        let mails = app.mails_to("ada@mail.example").await;
        let told = mails.iter().find(|mail| mail.kind() == "extension").expect("the person is told");
        assert!(told.raw.contains("Friday 27 November 2026"), "{}", told.raw);
        let again = app.post(&officer, &format!("/v1/cases/{reference}/extensions"),
            json!({"clock": "respond", "by": {"working_days": 2}, "reason": "Again."})).await;
        assert_eq!(again.status, 409, "once is enough: {}", again.text);
    }

    async fn two_who_ask_for_the_next_case_get_two_cases(app) {
        let mut bodies = vec![missed_bin(), missed_bin()];
        bodies[1]["person"]["email"] = json!("bob@mail.example");
        for body in bodies {
            log(&app, body).await;
        }
        let one = app.agent().await;
        let two = app.sign_in("agent.two@council.example").await;
        let path = "/v1/queues/waste-ops/next";
        let first = app.post(&one, path, json!({})).await.expect(201);
        let second = app.post(&two, path, json!({})).await.expect(201);
        assert_ne!(first["case"]["id"], second["case"]["id"]);
        assert_eq!(app.post(&one, path, json!({})).await.status, 204);
        let roads = app.sign_in("roads.officer@council.example").await;
        assert_eq!(app.post(&roads, path, json!({})).await.status, 403);
    }

    async fn a_case_of_another_service_is_not_there(app) {
        let reference = reference(&log(&app, missed_bin()).await);
        let roads = app.sign_in("roads.officer@council.example").await;
        let hidden = app.get(&roads, &format!("/v1/cases/{reference}")).await;
        let absent = app.get(&roads, "/v1/cases/01890000-0000-7000-8000-000000000000").await;
        assert_eq!((hidden.status, absent.status), (404, 404));
        let without = |reply: &crate::support::Reply| {
            let mut body = reply.json();
            for one in ["instance", "request_id"] {
                body.as_object_mut().unwrap().remove(one);
            }
            body
        };
        assert_eq!(without(&hidden), without(&absent));
    }

    async fn a_change_needs_the_version_it_was_made_on(app) {
        let reference = reference(&log(&app, missed_bin()).await);
        let officer = app.officer().await;
        let path = format!("/v1/cases/{reference}");
        let read = app.get(&officer, &path).await;
        let etag = read.header("etag").unwrap().to_owned();
        let patch = |etag: Option<String>| {
            let mut request = actix_web::test::TestRequest::patch().uri(&path).set_json(json!({"priority": "high"}));
            if let Some(etag) = etag {
                request = request.insert_header(("if-match", etag));
            }
            request
        };
        assert_eq!(app.send(&officer, patch(None)).await.status, 428);
        let changed = app.send(&officer, patch(Some(etag.clone()))).await;
        assert_eq!(changed.status, 200, "{}", changed.text);
        assert_eq!(app.send(&officer, patch(Some(etag))).await.status, 412);
    }

    async fn the_queue_counts_what_stands_in_it(app) {
        log(&app, missed_bin()).await;
        let leader = app.team_leader().await;
        let queue = app.get(&leader, "/v1/queues/waste-ops").await.expect(200);
        assert_eq!(queue["open"], 1, "{queue:#}");
        assert_eq!(queue["overdue"], 0);
        app.jump_to("2026-11-25T09:00:00Z").await;
        let queue = app.get(&leader, "/v1/queues/waste-ops").await.expect(200);
        assert_eq!(queue["overdue"], 1);
    }

    async fn a_date_explains_itself(app) {
        let reference = reference(&log(&app, missed_bin()).await);
        let officer = app.officer().await;
        let path = format!("/v1/cases/{reference}/clocks/respond/explanation");
        let explained = app.get(&officer, &path).await.expect(200);
        assert_eq!(explained["due_on"], "2026-11-24");
        let counted = explained["days"].as_array().unwrap().iter().filter(|day| day["counted"] == true).count();
        assert_eq!(counted, 2);
        assert!(explained["words"].as_str().unwrap().contains("24 November 2026"), "{explained:#}");
    }
}
