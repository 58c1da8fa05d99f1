//! A contact becomes a case.

use serde_json::{Value, json};

use crate::support::{Caller, TestApp};

pub fn missed_bin() -> Value {
    json!({
        "channel": "phone",
        "subject": "Missed bin",
        "body": "The black bin was out by six and nobody came.",
        "person": {
            "name": "Ada Example", "kind": "resident", "email": "ada@mail.example", "phone": "01632 960123",
            "address": {"lines": ["14 Larkfield Rise"], "postcode": "ZZ1 1AA"}
        },
        "service": "waste-collection",
        "category": "missed-bin"
    })
}

/// The case an agent logs for Ada.
pub async fn log(app: &TestApp, body: Value) -> Value {
    let agent = app.agent().await;
    app.post(&agent, "/v1/contacts", body).await.expect(201)
}

stories! {
    async fn a_missed_bin_reported_by_phone_has_its_dates_and_its_queue(app) {
        let logged = log(&app, missed_bin()).await;
        let case = &logged["case"];
        assert_eq!(case["queue"], "waste-ops");
        assert_eq!(case["status"], "new");
        assert_eq!(case["service"], "waste-collection");
        assert_eq!(case["category"], "missed-bin");
        // Friday 16:58 counts from that Friday: one working day to acknowledge, two to answer.
        assert_eq!(logged["contact"]["counted_from_on"], "2026-11-20");
        assert_eq!(case["acknowledge_on"], "2026-11-23");
        assert_eq!(case["acknowledge_by"], "2026-11-23T17:00:00Z");
        assert_eq!(case["respond_on"], "2026-11-24");
        assert_eq!(case["respond_by"], "2026-11-24T17:00:00Z");
        assert_eq!(case["first_promised_on"], "2026-11-24");
        assert_eq!(case["routing"]["confidence"], 1.0);
        let said = logged["read_out"].as_str().unwrap();
        assert!(said.contains(case["reference"].as_str().unwrap()), "{said}");
        assert!(said.contains("Tuesday 24 November 2026"), "{said}");
        assert!(said.contains("01632 960100"), "{said}");
    }

    async fn five_oclock_exactly_counts_from_monday(app) {
        let mut body = missed_bin();
        body["received_at"] = json!("2026-11-20T17:00:00Z");
        let logged = log(&app, body).await;
        assert_eq!(logged["contact"]["counted_from_on"], "2026-11-23");
        assert_eq!(logged["case"]["respond_on"], "2026-11-25");
    }

    async fn the_confirmation_says_what_we_will_do_and_nothing_the_sender_wrote(app) {
        let mut body = missed_bin();
        body["subject"] = json!("BUY CHEAP WATCHES at http://watches.example");
        body["body"] = json!("unspeakable words");
        let logged = log(&app, body).await;
        let mails = app.mails_to("ada@mail.example").await;
        assert_eq!(mails.len(), 1, "one confirmation");
        let mail = &mails[0];
        assert_eq!(mail.kind(), "confirmation");
        assert_eq!(mail.header("Auto-Submitted"), "auto-generated");
        let reference = logged["case"]["reference"].as_str().unwrap();
        for part in mail.raw.split("\n\n").skip(1).collect::<Vec<_>>().join("\n\n").split("\n----\n") {
            assert!(part.contains(reference), "{part}");
            assert!(part.contains("Tuesday 24 November 2026"), "{part}");
            assert!(part.contains("01632 960100"), "{part}");
            assert!(part.contains("https://reeve.council.example/track/rvt_"), "{part}");
        }
        for word in ["watches", "unspeakable", "Ada"] {
            assert!(!mail.raw.split("\n\n").skip(1).any(|part| part.contains(word)), "{word} is in {}", mail.raw);
        }
    }

    async fn the_acknowledgement_is_met_when_the_mail_is_accepted_and_not_before(app) {
        let logged = log(&app, missed_bin()).await;
        let officer = app.officer().await;
        let path = format!("/v1/cases/{}/clocks", logged["case"]["reference"].as_str().unwrap());
        let state = |clocks: &Value| clocks["items"][0]["state"].clone();
        let before = app.get(&officer, &path).await.expect(200);
        assert_eq!(state(&before), "running");
        app.mails().await;
        let after = app.get(&officer, &path).await.expect(200);
        assert_eq!(state(&after), "met");
    }

    async fn the_same_key_opens_one_case_and_answers_the_same(app) {
        let agent = app.agent().await;
        let body = missed_bin().to_string();
        let headers = [("content-type", "application/json"), ("idempotency-key", "desk-1")];
        let first = app.post_with(&agent, "/v1/contacts", &headers, &body).await;
        let second = app.post_with(&agent, "/v1/contacts", &headers, &body).await;
        assert_eq!((first.status, second.status), (201, 201));
        assert_eq!(first.text, second.text);
        assert_eq!(first.header("idempotency-replayed"), None);
        assert_eq!(second.header("idempotency-replayed"), Some("true"));
        let mut other = missed_bin();
        other["subject"] = json!("Another");
        let third = app.post_with(&agent, "/v1/contacts", &headers, &other.to_string()).await;
        assert_eq!(third.status, 422, "{}", third.text);
        assert_eq!(app.mails_to("ada@mail.example").await.len(), 1);
    }

    async fn the_same_external_id_is_the_same_contact(app) {
        let mut body = missed_bin();
        body["external_id"] = json!("desk-88121");
        let agent = app.agent().await;
        let first = app.post(&agent, "/v1/contacts", body.clone()).await.expect(201);
        let again = app.post(&agent, "/v1/contacts", body.clone()).await.expect(200);
        assert_eq!(again["duplicate"], true);
        assert_eq!(first["case"]["id"], again["case"]["id"]);
        body["body"] = json!("something else");
        let other = app.post(&agent, "/v1/contacts", body).await.expect(409);
        assert_eq!(other["code"], "external_id_taken");
    }

    async fn a_missed_bin_told_in_plain_words_finds_the_bins_team(app) {
        let body = json!({
            "channel": "phone",
            "body": "Caller says her black bin was not emptied again yesterday, next door was done. Lid shut, out by half six.",
            "person": {"name": "Pauline Hargreaves", "phone": "01632 960321"}
        });
        let logged = log(&app, body).await;
        assert_eq!(logged["case"]["queue"], "waste-ops", "{logged:#}");
        assert_eq!(logged["case"]["respond_on"], "2026-11-24");
    }

    async fn a_child_at_risk_is_seen_by_the_team_and_by_nobody_else(app) {
        let body = json!({
            "channel": "phone",
            "body": "there is a little boy on the balcony in a nappy, it is freezing, i hear him crying for hours and last night a bang",
            "service": "childrens-social-care", "category": "child-at-risk"
        });
        let logged = log(&app, body).await;
        assert!(logged.get("case").is_none_or(Value::is_null), "{logged:#}");
        let receipt = &logged["receipt"];
        let reference = receipt["reference"].as_str().unwrap().to_owned();
        assert!(receipt["number_to_ring"].as_str().is_some());
        let path = format!("/v1/cases/{reference}");
        for email in ["agent@council.example", "officer@council.example", "admin@council.example", "team.leader.waste-ops@council.example"] {
            let somebody = app.sign_in(email).await;
            let seen = app.get(&somebody, &path).await;
            assert!(matches!(seen.status, 403 | 404), "{email}: {}", seen.status);
            if email != "admin@council.example" {
                assert_eq!(seen.status, 404, "{email}");
                let list = app.get(&somebody, "/v1/cases?include=total").await.expect(200);
                assert!(!list.to_string().contains(&reference), "{email}");
                assert_eq!(list["total"], 0, "{email}");
            }
        }
        let named = app.sign_in("mash.officer@council.example").await;
        let case = app.get(&named, &path).await.expect(200);
        assert_eq!(case["priority"], "emergency");
    }

    async fn danger_never_gets_the_ordinary_confirmation(app) {
        let body = json!({
            "channel": "email",
            "body": "We have had no heating or hot water since last night and there is a five week old baby here.",
            "person": {"name": "Ada Example", "email": "ada@mail.example"}
        });
        let logged = log(&app, body).await;
        assert_eq!(logged["case"]["priority"], "emergency", "{logged:#}");
        let mails = app.mails_to("ada@mail.example").await;
        assert_eq!(mails.len(), 1);
        assert_eq!(mails[0].kind(), "danger");
        assert!(mails[0].raw.contains("999"));
        assert!(!mails[0].raw.contains("/track/"), "no link: {}", mails[0].raw);
        let duty = app.mails().await.into_iter().filter(|mail| mail.kind() == "alert").count();
        assert!(duty >= 1, "the duty contact is told at once");
    }

    async fn an_integration_acts_within_its_scopes(app) {
        let refused = app.post(&app.key("mail-gateway"), "/v1/contacts", missed_bin()).await.expect(403);
        assert_eq!(refused["code"], "scope_missing");
        let nobody = app.post(&Caller::nobody(), "/v1/contacts", missed_bin()).await;
        assert_eq!(nobody.status, 401);
        assert!(nobody.header("www-authenticate").is_some());
        app.post(&app.key("desk"), "/v1/contacts", missed_bin()).await.expect(201);
    }

    async fn what_was_reported_already_is_offered_however_much_came_in_since(app) {
        let mut first = missed_bin();
        first["location"] = json!({"lat": 51.5010, "long": -0.1200, "description": "by the gate", "uprn": "100000000007"});
        let first = log(&app, first).await["case"]["reference"].clone();
        // More of the same matter than any list would read through, all of them elsewhere.
        for n in 0..130_u32 {
            let street = format!("{n} Larkfield Rise");
            log(&app, json!({
                "channel": "letter", "body": "Our bin was missed.",
                "service": "waste-collection", "category": "missed-bin",
                "person": {"name": "Neighbour", "address": {"lines": [street]}},
            })).await;
        }
        let offered = async |with: &str, what: Value| {
            let mut body = json!({
                "channel": "phone", "body": "A bin was missed.", "service": "waste-collection", "category": "missed-bin",
            });
            body[with] = what;
            let logged = log(&app, body).await;
            let found = logged["possible_duplicates"].as_array().unwrap();
            found.iter().map(|one| one["reference"].clone()).collect::<Vec<_>>()
        };
        let ada = json!({"name": "Ada Example", "email": "ada@mail.example"});
        assert!(offered("person", ada).await.contains(&first), "the same person");
        let property = json!({"uprn": "100000000007"});
        assert!(offered("location", property).await.contains(&first), "the same property");
        let called = json!({"description": "By the gate."});
        assert!(offered("location", called).await.contains(&first), "the same words");
        // Thirty metres to the north; and seventy.
        let near = json!({"lat": 51.50127, "long": -0.1200});
        assert!(offered("location", near).await.contains(&first), "the same spot");
        let far = json!({"lat": 51.50163, "long": -0.1200});
        assert!(!offered("location", far).await.contains(&first), "another spot");
    }
}
