//! Mail that waits for a person: seen, let through, or kept unanswered.

use serde_json::{Value, json};

use crate::intake::{log, missed_bin};
use crate::mail_in::{deliver, mail};
use crate::support::{Caller, Reply, TestApp};

const MESSAGES: &str = "/v1/channels/email/messages";

/// A mail from somebody who is on no case, naming one.
async fn hold(app: &TestApp, reference: &str, id: &str, text: &str) -> String {
    let raw = mail(
        "Bryn Example <bryn@mail.example>",
        &format!("Re: {reference}"),
        id,
        "",
        text,
    );
    let taken = deliver(app, &raw).await.expect(202);
    assert_eq!(taken["disposition"], "held", "{taken:#}");
    taken["contact"]["id"].as_str().unwrap().to_owned()
}

async fn quarantine(app: &TestApp, bytes: &str) -> String {
    let taken = deliver(app, bytes).await.expect(202);
    assert_eq!(taken["disposition"], "quarantined", "{taken:#}");
    taken["contact"]["id"].as_str().unwrap().to_owned()
}

async fn case_of_ada(app: &TestApp) -> String {
    let logged = log(app, missed_bin()).await;
    logged["case"]["reference"].as_str().unwrap().to_owned()
}

async fn release(app: &TestApp, caller: &Caller, id: &str, body: Value) -> Reply {
    app.post(caller, &format!("{MESSAGES}/{id}/releases"), body)
        .await
}

async fn waiting(app: &TestApp, caller: &Caller) -> Vec<String> {
    let page = app
        .get(caller, &format!("{MESSAGES}?waiting=true"))
        .await
        .expect(200);
    let items = page["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| item["id"].as_str().unwrap().to_owned())
        .collect()
}

async fn kinds(app: &TestApp, case: &str) -> Vec<Value> {
    let officer = app.officer().await;
    let page = app
        .get(&officer, &format!("/v1/cases/{case}/timeline?limit=100"))
        .await
        .expect(200);
    page["items"].as_array().unwrap().clone()
}

stories! {
    async fn an_agent_reads_why_a_mail_waits_for_whom_and_until_when(app) {
        let reference = case_of_ada(&app).await;
        let id = hold(&app, &reference, "why-1", "I write for my mother. Her bin is still full.").await;
        let agent = app.agent().await;
        assert_eq!(waiting(&app, &agent).await, [id.as_str()]);
        let held = app.get(&agent, &format!("{MESSAGES}/{id}")).await.expect(200);
        assert_eq!(held["disposition"], "held");
        assert_eq!(held["sender"], json!({"name": "Bryn Example", "email": "bryn@mail.example"}));
        assert_eq!(held["text"], "I write for my mother. Her bin is still full.");
        assert!(held["why"].as_str().unwrap().contains(&reference), "{held:#}");
        assert_eq!(held["guessed_case"]["reference"], reference.as_str());
        assert_eq!(held["case"], Value::Null);
        assert_eq!(held["owner"]["email"], "team.leader.waste-ops@council.example");
        assert_eq!(held["waiting_since"], "2026-11-20T16:58:00Z");
        assert!(held["limit_at"].as_str().unwrap() > "2026-11-20T16:58:00Z");
        assert_eq!(held["settled"], Value::Null);
    }

    async fn a_mail_that_waits_is_seen_by_agents_and_by_those_of_its_place_alone(app) {
        let reference = case_of_ada(&app).await;
        let id = hold(&app, &reference, "who-1", "Her bin is still full.").await;
        let unread = quarantine(&app, "no mail at all").await;
        let path = format!("{MESSAGES}/{id}");
        let leader = app.team_leader().await;
        assert_eq!(waiting(&app, &leader).await, [id.as_str()], "what belongs nowhere is the contact centre's");
        assert_eq!(app.get(&leader, &format!("{MESSAGES}/{unread}")).await.status, 404);
        assert_eq!(release(&app, &leader, &unread, json!({"body": "x"})).await.status, 404);
        for outsider in ["auditor@council.example", "admin@council.example", "cllr.anwen.prothero@council.example", "partner@night.example"] {
            let outsider = app.sign_in(outsider).await;
            assert_eq!(app.get(&outsider, &path).await.status, 403);
            assert_eq!(app.get(&outsider, MESSAGES).await.status, 403);
            assert_eq!(release(&app, &outsider, &id, json!({})).await.status, 403);
        }
        assert_eq!(app.get(&app.key("mail-gateway"), &path).await.status, 403);
        assert_eq!(app.get(&Caller::nobody(), &path).await.status, 401);
        let highways = app.key("partner");
        assert_eq!(app.get(&highways, &path).await.status, 404, "a key reaches its own queues");
    }

    async fn a_complaint_about_the_place_is_not_put_before_the_place(app) {
        let reference = case_of_ada(&app).await;
        let id = hold(
            &app,
            &reference,
            "complaint-1",
            "I want to make a formal complaint about your Head of Waste and Street Scene, who was rude to me on the phone.",
        ).await;
        let agent = app.agent().await;
        assert_eq!(waiting(&app, &agent).await, [id.as_str()]);
        let head = app.sign_in("head.of.waste.and.street.scene@council.example").await;
        assert!(waiting(&app, &head).await.is_empty());
        assert_eq!(app.get(&head, &format!("{MESSAGES}/{id}")).await.status, 404);
        let leader = app.team_leader().await;
        assert!(waiting(&app, &leader).await.is_empty());
        let held = app.get(&agent, &format!("{MESSAGES}/{id}")).await.expect(200);
        assert_ne!(held["owner"]["email"], "team.leader.waste-ops@council.example");
        let taken = release(&app, &agent, &id, json!({})).await.expect(201);
        assert_eq!(taken["disposition"], "opened");
        assert_eq!(app.get(&head, &format!("{MESSAGES}/{id}")).await.status, 404);
    }

    async fn a_mail_let_through_joins_its_case_as_if_its_sender_had_been_known(app) {
        let reference = case_of_ada(&app).await;
        let id = hold(&app, &reference, "join-1", "Any news? Her bin is still full.").await;
        assert!(app.mails_to("bryn@mail.example").await.is_empty());
        let leader = app.team_leader().await;
        let taken = release(&app, &leader, &id, json!({"case": reference})).await.expect(201);
        assert_eq!(taken["disposition"], "joined");
        assert_eq!(taken["case"]["reference"], reference.as_str());
        assert_eq!(taken["contact"]["id"], id.as_str(), "it stays the one contact it was");
        let lines = kinds(&app, &reference).await;
        let joined = lines.iter().find(|line| line["kind"] == "contact_joined").expect("it is shown on the case");
        assert_eq!(joined["detail"]["contact"], id.as_str());
        assert_eq!(joined["detail"]["chases"], true);
        let released = lines.iter().find(|line| line["kind"] == "mail_released").expect("so is who let it through");
        assert_eq!(released["actor"]["name"], "Tess Leader");
        assert_eq!(released["public"], false);
        let mails = app.mails_to("bryn@mail.example").await;
        assert_eq!(mails.len(), 1, "a chaser is confirmed once");
        assert_eq!(mails[0].header("In-Reply-To"), "<join-1@mail.example>");
        let contacts = app.get(&leader, &format!("/v1/cases/{reference}/contacts")).await.expect(200);
        let own = contacts["items"].as_array().unwrap().iter().find(|one| one["id"] == id.as_str()).unwrap().clone();
        assert_eq!(own["body"], "Any news? Her bin is still full.");
        assert_eq!(own["person"]["name"], "Bryn Example");
        let again = mail("Bryn Example <bryn@mail.example>", &format!("Re: {reference}"), "join-2", "", "Thank you.");
        assert_eq!(deliver(&app, &again).await.expect(202)["disposition"], "joined", "now they are known");
        assert!(waiting(&app, &leader).await.is_empty());
        let seen = app.get(&leader, &format!("{MESSAGES}/{id}")).await.expect(200);
        assert_eq!(seen["settled"]["as"], "joined");
        assert_eq!(seen["case"]["reference"], reference.as_str());
    }

    async fn the_promise_of_a_mail_let_through_counts_from_when_it_came(app) {
        let reference = case_of_ada(&app).await;
        let id = hold(&app, &reference, "open-1", "The black bin at 3 Ferncroft Court was not emptied today.").await;
        app.until("2026-11-23T10:00:00Z").await;
        let agent = app.agent().await;
        let taken = release(&app, &agent, &id, json!({"service": "waste-collection", "category": "missed-bin"})).await.expect(201);
        assert_eq!(taken["disposition"], "opened");
        let own = taken["case"]["reference"].as_str().unwrap();
        assert_ne!(own, reference);
        let case = app.get(&agent, &format!("/v1/cases/{own}")).await.expect(200);
        assert_eq!(case["received_at"], "2026-11-20T16:58:00Z");
        assert_eq!(case["respond_on"], "2026-11-24", "not counted from today: {case:#}");
        assert_eq!(case["category"], "missed-bin");
        assert_eq!(app.mails_to("bryn@mail.example").await.len(), 1, "and it is confirmed");
        let contacts = app.get(&agent, &format!("/v1/cases/{own}/contacts")).await.expect(200);
        assert_eq!(contacts["items"][0]["id"], id.as_str());
    }

    async fn without_a_word_a_mail_is_placed_as_a_new_one_would_be(app) {
        let reference = case_of_ada(&app).await;
        let text = "My black bin was not emptied.";
        let id = hold(&app, &reference, "place-1", text).await;
        let agent = app.agent().await;
        let headers = [("content-type", "application/json")];
        let taken = app.post_with(&agent, &format!("{MESSAGES}/{id}/releases"), &headers, "").await.expect(201);
        let fresh = mail("New <new@mail.example>", "Re: my bin", "place-2", "", text);
        let fresh = deliver(&app, &fresh).await.expect(202);
        let place = async |taken: &Value| {
            let case = app.get(&agent, &format!("/v1/cases/{}", taken["case"]["reference"].as_str().unwrap())).await.expect(200);
            (case["service"].clone(), case["category"].clone(), case["queue"].clone())
        };
        assert_eq!(place(&taken).await, place(&fresh).await);
    }

    async fn a_dismissed_mail_is_kept_and_nobody_is_answered(app) {
        let reference = case_of_ada(&app).await;
        let id = hold(&app, &reference, "dismiss-1", "Buy our watches.").await;
        let agent = app.agent().await;
        let path = format!("{MESSAGES}/{id}/dismissals");
        assert_eq!(app.post(&agent, &path, json!({})).await.status, 422, "a reason is needed");
        let taken = app.post(&agent, &path, json!({"reason": "Advertising."})).await.expect(201);
        assert_eq!(taken, json!({"disposition": "held", "case": null, "contact": {"id": id}}));
        assert!(waiting(&app, &agent).await.is_empty());
        let seen = app.get(&agent, &format!("{MESSAGES}/{id}")).await.expect(200);
        assert_eq!(seen["settled"]["as"], "dismissed");
        assert_eq!(seen["settled"]["reason"], "Advertising.");
        assert_eq!((&seen["owner"], &seen["limit_at"]), (&Value::Null, &Value::Null));
        assert_eq!(seen["text"], "Buy our watches.");
        assert!(app.mails_to("bryn@mail.example").await.is_empty());
        let late = release(&app, &agent, &id, json!({})).await;
        assert_eq!((late.status, &late.json()["code"]), (409, &json!("already_settled")));
    }

    async fn of_two_agents_at_once_one_lets_a_mail_through(app) {
        let reference = case_of_ada(&app).await;
        let id = hold(&app, &reference, "race-1", "Her bin is still full.").await;
        let (one, two) = (app.agent().await, app.sign_in("agent.two@council.example").await);
        let (first, second) = tokio::join!(
            release(&app, &one, &id, json!({"case": reference})),
            release(&app, &two, &id, json!({})),
        );
        let mut statuses = [first.status, second.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409], "{} {}", first.text, second.text);
        let loser = if first.status == 409 { first } else { second };
        assert_eq!(loser.json()["code"], "already_settled");
        assert!(app.mails_to("bryn@mail.example").await.len() <= 1);
    }

    async fn a_release_sent_twice_under_one_key_is_one(app) {
        let reference = case_of_ada(&app).await;
        let id = hold(&app, &reference, "key-1", "Her bin is still full.").await;
        let agent = app.agent().await;
        let headers = [("content-type", "application/json"), ("idempotency-key", "release-1")];
        let path = format!("{MESSAGES}/{id}/releases");
        let first = app.post_with(&agent, &path, &headers, "{}").await;
        let second = app.post_with(&agent, &path, &headers, "{}").await;
        assert_eq!((first.status, second.status), (201, 201));
        assert_eq!(first.text, second.text);
        assert_eq!(second.header("idempotency-replayed"), Some("true"));
    }

    async fn the_day_adds_up_whatever_becomes_of_what_waited(app) {
        let reference = case_of_ada(&app).await;
        let joins = hold(&app, &reference, "sum-a", "Her bin is still full.").await;
        let opens = hold(&app, &reference, "sum-b", "The street light in Mill Lane is out.").await;
        let goes = hold(&app, &reference, "sum-c", "Buy our watches.").await;
        let unread = quarantine(&app, "no mail at all").await;
        let agent = app.agent().await;
        let day = async |on: &str| app.get(&agent, &format!("/v1/reports/intake?on={on}&disposition=held")).await.expect(200);
        let before = day("2026-11-20").await;
        app.until("2026-11-23T10:00:00Z").await;
        release(&app, &agent, &joins, json!({"case": reference})).await.expect(201);
        release(&app, &agent, &opens, json!({})).await.expect(201);
        release(&app, &agent, &unread, json!({"body": "Please ring me."})).await.expect(201);
        app.post(&agent, &format!("{MESSAGES}/{goes}/dismissals"), json!({"reason": "Spam."})).await.expect(201);
        let after = day("2026-11-20").await;
        for figure in ["came_in", "opened", "joined", "stored", "held", "quarantined", "duplicate"] {
            assert_eq!(after[figure], before[figure], "{figure}: {after:#}");
        }
        assert_eq!((&after["came_in"], &after["held"], &after["quarantined"]), (&json!(5), &json!(3), &json!(1)));
        let items = after["items"].as_array().unwrap();
        let settled: Vec<&str> = items.iter().map(|item| item["settled_as"].as_str().unwrap()).collect();
        assert_eq!(settled, ["joined", "opened", "dismissed"]);
        for item in items {
            assert!(item["owner"].is_object(), "{item:#}");
            assert_eq!(item["waiting_since"], Value::Null);
        }
        assert_eq!(day("2026-11-23").await["came_in"], 0, "nothing came in on the day it was looked at");
    }

    async fn a_mail_nobody_could_read_is_let_through_in_an_agents_words(app) {
        let bytes = "\u{1}garbled: Ada Example, the bin at 14 Larkfield Rise";
        let id = quarantine(&app, bytes).await;
        let agent = app.agent().await;
        let seen = app.get(&agent, &format!("{MESSAGES}/{id}")).await.expect(200);
        assert!(seen["excerpt"].as_str().unwrap().contains("14 Larkfield Rise"), "{seen:#}");
        assert!(!seen["why"].as_str().unwrap().is_empty());
        assert_eq!(seen["sender"], Value::Null);
        let without = release(&app, &agent, &id, json!({})).await;
        assert_eq!((without.status, &without.json()["errors"][0]["pointer"]), (422, &json!("/body")));
        let blank = release(&app, &agent, &id, json!({"subject": " "})).await;
        assert_eq!(blank.status, 422);
        assert_eq!(waiting(&app, &agent).await, [id.as_str()], "a refusal settles nothing");
        let words = json!({
            "subject": "Missed bin", "body": "Her bin was not emptied.",
            "sender": {"name": "Ada Example", "email": "ada@mail.example"},
        });
        let taken = release(&app, &agent, &id, words).await.expect(201);
        assert_eq!(taken["disposition"], "opened");
        let reference = taken["case"]["reference"].as_str().unwrap();
        let contacts = app.get(&agent, &format!("/v1/cases/{reference}/contacts")).await.expect(200);
        let contact = &contacts["items"][0];
        assert_eq!((&contact["id"], &contact["body"]), (&json!(id), &json!("Her bin was not emptied.")));
        assert!(contact["detail"]["mail"]["read_by"].as_str().unwrap().starts_with("user:"), "{contact:#}");
        assert_eq!(app.mails_to("ada@mail.example").await.len(), 1, "they are answered");
        assert_eq!(deliver(&app, bytes).await.expect(202)["disposition"], "duplicate", "its bytes are still known");
        let seen = app.get(&agent, &format!("{MESSAGES}/{id}")).await.expect(200);
        assert!(seen["excerpt"].as_str().unwrap().contains("garbled"), "and still there");
    }

    async fn what_cannot_be_meant_by_a_release_is_refused_and_settles_nothing(app) {
        let reference = case_of_ada(&app).await;
        let id = hold(&app, &reference, "bad-1", "Her bin is still full.").await;
        let agent = app.agent().await;
        for (body, pointer, code) in [
            (json!({"case": "019a9f5e-7c00-7000-8000-000000000009"}), "/case", "unknown_value"),
            (json!({"case": "222-222-222"}), "/case", "reference_mistyped"),
            (json!({"case": reference, "category": "missed-bin"}), "/case", "case_or_category"),
            (json!({"body": "Other words."}), "/body", "mail_is_readable"),
            (json!({"service": "no-such-service"}), "/service", "unknown_value"),
            (json!({"urgent": true}), "/urgent", "unknown_field"),
        ] {
            let refused = release(&app, &agent, &id, body.clone()).await;
            assert_eq!(refused.status, 422, "{body} {}", refused.text);
            let error = &refused.json()["errors"][0];
            assert_eq!((&error["pointer"], &error["code"]), (&json!(pointer), &json!(code)), "{}", refused.text);
        }
        assert_eq!(waiting(&app, &agent).await, [id]);
        let bin = mail("Ada <ada@mail.example>", "Bin", "bad-2", "", "My black bin was not emptied.");
        let opened = deliver(&app, &bin).await.expect(202);
        let other = opened["contact"]["id"].as_str().unwrap();
        let refused = release(&app, &agent, other, json!({})).await;
        assert_eq!((refused.status, &refused.json()["code"]), (409, &json!("not_waiting")));
        let absent = release(&app, &agent, "019a9f5e-7c00-7000-8000-000000000009", json!({})).await;
        assert_eq!(absent.status, 404);
    }

    async fn mail_is_listed_in_the_order_it_came_a_page_at_a_time(app) {
        let reference = case_of_ada(&app).await;
        let mut held = Vec::new();
        for n in 0..5 {
            held.push(hold(&app, &reference, &format!("page-{n}"), &format!("Her bin is still full, day {n}.")).await);
        }
        let unread = quarantine(&app, "no mail at all").await;
        let agent = app.agent().await;
        let mut seen = Vec::new();
        let mut path = format!("{MESSAGES}?disposition=held&limit=2");
        loop {
            let page = app.get(&agent, &path).await.expect(200);
            seen.extend(page["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()));
            match page["next_cursor"].as_str() {
                Some(cursor) => path = format!("{MESSAGES}?disposition=held&limit=2&cursor={cursor}"),
                None => break,
            }
        }
        assert_eq!(seen, held);
        let both = app.get(&agent, &format!("{MESSAGES}?disposition=held,quarantined")).await.expect(200);
        assert_eq!(both["items"].as_array().unwrap().len(), 6);
        assert_eq!(both["items"][5]["id"], unread.as_str());
        release(&app, &agent, &held[0], json!({})).await.expect(201);
        let rest = app.get(&agent, &format!("{MESSAGES}?disposition=held&waiting=true")).await.expect(200);
        assert_eq!(rest["items"].as_array().unwrap().len(), 4);
        let done = app.get(&agent, &format!("{MESSAGES}?disposition=held&waiting=false")).await.expect(200);
        assert_eq!(done["items"][0]["id"], held[0].as_str());
    }

    async fn a_mail_about_a_danger_opens_a_case_the_agent_may_not_see(app) {
        let reference = case_of_ada(&app).await;
        let text = "I am worried about the child next door, she is being hit by her father every night.";
        let id = hold(&app, &reference, "danger-1", text).await;
        let leader = app.team_leader().await;
        assert_eq!(app.get(&leader, &format!("{MESSAGES}/{id}")).await.status, 404);
        let agent = app.agent().await;
        let taken = release(&app, &agent, &id, json!({})).await.expect(201);
        assert_eq!(taken["disposition"], "opened");
        assert_eq!(taken["case"], Value::Null, "{taken:#}");
        assert_eq!(app.get(&agent, &format!("{MESSAGES}/{id}")).await.status, 404);
        let listed = app.get(&agent, MESSAGES).await.expect(200);
        assert!(!listed.to_string().contains("next door"));
    }
}
