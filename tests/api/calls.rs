//! The telephone: what the phone system tells, what an agent sees of whoever rings, and calls back.

use serde_json::{Value, json};

use crate::intake::{log, missed_bin};
use crate::support::{Caller, Reply, TestApp};

const EVENTS: &str = "/v1/channels/telephony/events";

/// One event of a call from Ada's telephone, told by the phone system.
async fn tell(app: &TestApp, call: &str, event: &str, at: &str, more: Value) -> Reply {
    let mut body = json!({"call": call, "event": event, "at": at});
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    app.post(&app.key("telephony"), EVENTS, body).await
}

/// A call that rang, waited and was answered.
async fn answered(app: &TestApp, call: &str, queue: &str, rang: &str, was_answered: &str) {
    let queued = json!({"queue": queue, "line": "01632 960110", "position": 1});
    tell(app, call, "queued", rang, queued).await.expect(200);
    let by = json!({"agent": "ext-4000"});
    tell(app, call, "answered", was_answered, by)
        .await
        .expect(200);
}

async fn call(app: &TestApp, who: &Caller, id: &str) -> Value {
    app.get(who, &format!("/v1/calls/{id}")).await.expect(200)
}

fn reference(logged: &Value) -> String {
    logged["case"]["reference"].as_str().unwrap().to_owned()
}

/// The clock of a case by this name.
async fn clock(app: &TestApp, case: &str, name: &str) -> Value {
    let officer = app.officer().await;
    let clocks = app
        .get(&officer, &format!("/v1/cases/{case}/clocks"))
        .await
        .expect(200);
    let items = clocks["items"].as_array().unwrap();
    items
        .iter()
        .find(|one| one["name"] == name)
        .cloned()
        .unwrap_or_default()
}

stories! {
    async fn a_call_told_in_any_order_and_twice_is_the_same_call(app) {
        let agent = app.agent().await;
        let all = [
            ("offered", "2026-11-20T10:00:00Z", json!({"line": "01632 960110", "number": "01632 960123"})),
            ("queued", "2026-11-20T10:00:04Z", json!({"queue": "council-tax", "position": 3})),
            ("position", "2026-11-20T10:01:00Z", json!({"position": 2})),
            ("answered", "2026-11-20T10:02:30Z", json!({"agent": "ext-4000"})),
            ("ended", "2026-11-20T10:09:00Z", json!({})),
            ("wrapped", "2026-11-20T10:10:00Z", json!({})),
        ];
        for (event, at, more) in &all {
            tell(&app, "first", event, at, more.clone()).await.expect(200);
        }
        for (event, at, more) in all.iter().rev().chain(&all) {
            tell(&app, "second", event, at, more.clone()).await.expect(200);
        }
        let (mut first, mut second) = (call(&app, &agent, "first").await, call(&app, &agent, "second").await);
        assert_eq!(first["state"], "wrapped");
        assert_eq!(first["waited_seconds"], 150);
        assert_eq!((&first["first_position"], &first["position"]), (&json!(3), &json!(2)));
        assert_eq!(first["number"], "+441632960123");
        (first["id"], second["id"]) = (Value::Null, Value::Null);
        assert_eq!(first, second);
    }

    async fn an_event_that_cannot_be_meant_is_refused_and_changes_nothing(app) {
        let at = "2026-11-20T10:00:00Z";
        let check = |more: Value, code: &'static str, pointer: &'static str| {
            let app = &app;
            async move {
                let refused = tell(app, "bad", "offered", at, more).await.expect(422);
                assert_eq!(refused["errors"][0]["code"], code, "{refused:#}");
                assert_eq!(refused["errors"][0]["pointer"], pointer, "{refused:#}");
            }
        };
        check(json!({"colour": "red"}), "unknown_field", "/colour").await;
        check(json!({"event": "rang"}), "unknown_value", "/event").await;
        check(json!({"event": "position"}), "missing_field", "/position").await;
        check(json!({"at": "2026-11-20T17:30:00Z"}), "in_future", "/at").await;
        app.get(&app.agent().await, "/v1/calls/bad").await.expect(404);
        let body = json!({"call": "bad", "event": "offered", "at": at});
        app.post(&app.agent().await, EVENTS, body).await.expect(403);
    }

    async fn a_call_counts_whatever_stands_where_its_number_should(app) {
        let agent = app.agent().await;
        for (n, odd) in ["anonymous", "999", "4021", "sip:anonymous@anonymous.invalid;user=phone;tag=0123456789"].into_iter().enumerate() {
            let id = format!("odd-{n}");
            let more = json!({"number": odd, "line": "01632 960110"});
            let told = tell(&app, &id, "offered", "2026-11-20T10:00:00Z", more).await.expect(200);
            assert_eq!((&told["call"]["number"], &told["call"]["line"]), (&Value::Null, &json!("01632 960110")), "{odd}");
            tell(&app, &id, "answered", "2026-11-20T10:00:20Z", json!({"number": "01632 960123"})).await.expect(200);
            assert_eq!(call(&app, &agent, &id).await["number"], "+441632960123", "a right one told later is taken");
        }
        let report = app.get(&agent, "/v1/reports/calls?from_on=2026-11-20&to_on=2026-11-20").await.expect(200);
        assert_eq!((&report["offered"], &report["answered"]), (&json!(4), &json!(4)));
    }

    async fn whoever_rings_from_a_number_that_is_theirs_is_shown_with_their_open_cases(app) {
        let logged = log(&app, missed_bin()).await;
        let ring = json!({"number": "+44 1632 960123", "line": "01632 960110"});
        let told = tell(&app, "ada", "offered", "2026-11-20T16:57:00Z", ring).await.expect(200);
        // The phone system may look people up, and sees no cases.
        assert_eq!(told["people"][0]["name"], "Ada Example");
        assert_eq!(told["people"][0]["open_cases"], json!([]));
        let seen = call(&app, &app.agent().await, "ada").await;
        assert_eq!(seen["people"][0]["open_cases"][0]["reference"], reference(&logged));
        assert_eq!(seen["people"][0]["open_cases"][0]["respond_on"], "2026-11-24");
        // An officer of another service sees who it is, and no case that is not theirs.
        let roads = app.sign_in("roads.officer@council.example").await;
        let seen = call(&app, &roads, "ada").await;
        assert!(!seen.to_string().contains(&reference(&logged)), "{seen:#}");
        let auditor = app.sign_in("auditor@council.example").await;
        app.get(&auditor, "/v1/calls/ada").await.expect(403);
        let person = logged["person"]["id"].as_str().unwrap();
        let lines = app.get(&auditor, &format!("/v1/audit?object=person:{person}&action=person.found")).await.expect(200);
        assert_eq!(lines["items"].as_array().unwrap().len(), 3, "{lines:#}");
    }

    async fn a_number_that_was_only_written_down_shows_nobody(app) {
        let form = json!({"body": "My bin was missed.", "person": {"name": "Ada Example", "phone": "01632 960555"}});
        app.post(&Caller::nobody(), "/v1/public/contacts", form).await.expect(201);
        let told = tell(&app, "form", "offered", "2026-11-20T16:57:00Z", json!({"number": "01632 960555"})).await.expect(200);
        assert_eq!(told["people"], json!([]));
    }

    async fn somebody_known_from_a_restricted_case_alone_does_not_ring_for_others(app) {
        let logged = log(&app, json!({
            "channel": "phone", "body": "The child next door is being hit.",
            "person": {"name": "Wil Witness", "phone": "01632 960777"},
            "service": "childrens-social-care", "category": "child-at-risk",
        })).await;
        assert!(logged["receipt"].is_object(), "{logged:#}");
        let told = tell(&app, "wil", "offered", "2026-11-20T16:57:00Z", json!({"number": "01632 960777"})).await.expect(200);
        assert_eq!(told["people"], json!([]));
        assert_eq!(call(&app, &app.agent().await, "wil").await["people"], json!([]));
        let mash = app.sign_in("mash.officer@council.example").await;
        assert_eq!(call(&app, &mash, "wil").await["people"][0]["name"], "Wil Witness");
    }

    async fn whoever_waits_is_told_their_place_and_how_long_it_may_take(app) {
        for n in 0..6 {
            let (rang, was_answered) = (format!("2026-11-20T10:{:02}:00Z", n * 4), format!("2026-11-20T10:{:02}:30Z", n * 4 + 1));
            answered(&app, &format!("before-{n}"), "council-tax", &rang, &was_answered).await;
        }
        let more = json!({"queue": "council-tax", "position": 3});
        let told = tell(&app, "waiting", "queued", "2026-11-20T10:29:00Z", more).await.expect(200);
        assert_eq!(told["position"], 3);
        assert_eq!(told["expected_wait_seconds"], 900, "one is answered every five minutes");
        assert_eq!(told["callback_offered"], true);
        assert_eq!(
            told["say"],
            "You are third in the queue. We expect to answer in about 15 minutes. We can ring you back instead."
        );
        // Nobody knows the pace of a queue in which nobody was answered.
        let more = json!({"queue": "repairs", "position": 1});
        let told = tell(&app, "other", "queued", "2026-11-20T10:29:00Z", more).await.expect(200);
        assert_eq!((&told["say"], &told["expected_wait_seconds"]), (&json!("You are next."), &Value::Null));
        let told = tell(&app, "waiting", "answered", "2026-11-20T10:30:00Z", json!({})).await.expect(200);
        assert_eq!((&told["position"], &told["say"]), (&Value::Null, &Value::Null));
    }

    async fn a_contact_and_its_call_find_each_other_in_either_order(app) {
        let agent = app.agent().await;
        let mut body = missed_bin();
        body["call"] = json!("pbx-1");
        let logged = log(&app, body).await;
        let before = call(&app, &agent, "pbx-1").await;
        assert_eq!((&before["state"], &before["contacts"][0]["id"]), (&json!("unknown"), &logged["contact"]["id"]));
        answered(&app, "pbx-1", "bins", "2026-11-20T16:50:00Z", "2026-11-20T16:51:00Z").await;
        tell(&app, "pbx-1", "wrapped", "2026-11-20T16:57:30Z", json!({})).await.expect(200);
        let after = call(&app, &agent, "pbx-1").await;
        assert_eq!(after["state"], "wrapped");
        assert_eq!(after["contacts"][0]["case"]["reference"], reference(&logged));
        let case = app.get(&agent, &format!("/v1/cases/{}/contacts", reference(&logged))).await.expect(200);
        assert_eq!(case["items"][0]["detail"]["call"], "pbx-1");
    }

    async fn a_call_back_is_promised_told_and_kept_when_we_spoke(app) {
        let queued = json!({"queue": "council-tax", "line": "01632 960110", "position": 9});
        tell(&app, "pbx-2", "queued", "2026-11-20T16:50:00Z", queued).await.expect(200);
        let key = app.key("telephony");
        let asked = json!({"number": "01632 960123", "name": "Ada Example", "call": "pbx-2"});
        let promised = app.post(&key, "/v1/callbacks", asked.clone()).await.expect(201);
        assert_eq!(promised["callback"]["due_at"], "2026-11-23T17:00:00Z");
        assert!(promised["read_out"].as_str().unwrap().starts_with("We will ring you by 5pm on Monday 23 November 2026."));
        let again = app.post(&key, "/v1/callbacks", asked).await.expect(200);
        assert_eq!(again["callback"], promised["callback"], "the same call asks once");

        let officer = app.officer().await;
        let waiting = app.get(&officer, "/v1/cases?category=callback").await.expect(200);
        let case = waiting["items"][0]["reference"].as_str().unwrap().to_owned();
        let name = promised["callback"]["clock"].as_str().unwrap();
        assert_eq!(clock(&app, &case, name).await["state"], "running");
        let rang = |outcome: &str| json!({
            "channel": "phone", "direction": "outbound", "case": case, "outcome": outcome,
            "number_presented": "01632 960110", "subject": "Rang back",
        });
        app.post(&officer, "/v1/contacts", rang("no_answer")).await.expect(201);
        assert_eq!(clock(&app, &case, name).await["state"], "running", "ringing in vain keeps nothing");
        app.post(&officer, "/v1/contacts", rang("spoke")).await.expect(201);
        assert_eq!(clock(&app, &case, name).await["state"], "met");

        let report = app.get(&officer, "/v1/reports/calls").await.expect(200);
        let counted = json!({"asked": 1, "kept": 1, "kept_in_time": 1, "not_yet": 0});
        assert_eq!(report["callbacks"], counted);
        assert_eq!((&report["by_queue"][0]["queue"], &report["by_queue"][0]["callbacks"]), (&json!("council-tax"), &counted));
    }

    async fn what_is_said_when_a_call_back_is_asked_once_more_is_kept_and_read(app) {
        let (key, agent, officer) = (app.key("telephony"), app.agent().await, app.officer().await);
        let asked = json!({"number": "01632 960123", "call": "x"});
        let promised = app.post(&key, "/v1/callbacks", asked.clone()).await.expect(201);
        let case = app.get(&officer, "/v1/cases?category=callback").await.expect(200)["items"][0]["reference"].as_str().unwrap().to_owned();
        let said = async || {
            let contacts = app.get(&officer, &format!("/v1/cases/{case}/contacts")).await.expect(200);
            let items = contacts["items"].as_array().unwrap().clone();
            items.into_iter().filter(|one| one["disposition"] != "duplicate").collect::<Vec<_>>()
        };
        // The number written otherwise says nothing new.
        let same = json!({"number": "+44 1632 960 123", "call": "x"});
        assert_eq!(app.post(&agent, "/v1/callbacks", same).await.expect(200)["contact"], promised["contact"]);
        assert_eq!(said().await.len(), 1);

        let about = "There is a gas leak, my children are trapped in the flat";
        let more = json!({"number": "07700 900999", "call": "x", "about": about});
        let heard = app.post(&agent, "/v1/callbacks", more.clone()).await.expect(200);
        assert_eq!(heard["callback"], promised["callback"], "the promise stays one");
        assert_ne!(heard["contact"], promised["contact"]);
        assert_eq!(heard["case"]["reference"], case);
        let now = app.get(&officer, &format!("/v1/cases/{case}")).await.expect(200);
        assert_eq!(now["priority"], "emergency", "{now:#}");
        assert!(!heard["read_out"].as_str().unwrap().starts_with("We will ring you"), "they are told what to do now: {heard:#}");
        let words = said().await;
        assert_eq!(words.len(), 2);
        assert_eq!(words[1]["body"], format!("{about}\n\nNumber to ring: 07700 900999"));
        assert_eq!(words[1]["person"]["id"], words[0]["person"]["id"], "whoever rings once is one person");
        let seen = call(&app, &agent, "x").await;
        assert_eq!(seen["contacts"].as_array().unwrap().len(), 2);

        // Each once, however often they are sent.
        for body in [more, asked] {
            assert_eq!(app.post(&agent, "/v1/callbacks", body).await.expect(200)["callback"], promised["callback"]);
        }
        assert_eq!(said().await.len(), 2);
        let report = app.get(&officer, "/v1/reports/calls").await.expect(200);
        assert_eq!(report["callbacks"]["asked"], 1);
        let came = app.get(&officer, "/v1/reports/intake?on=2026-11-20").await.expect(200);
        let n = |name: &str| came[name].as_u64().unwrap();
        assert_eq!((n("came_in"), n("opened"), n("joined"), n("duplicate")), (5, 1, 1, 3), "{came:#}");
    }

    async fn a_call_back_asked_again_after_we_rang_is_a_promise_of_its_own(app) {
        let (key, officer) = (app.key("telephony"), app.officer().await);
        let first = app.post(&key, "/v1/callbacks", json!({"number": "01632 960123", "call": "y"})).await.expect(201);
        let case = app.get(&officer, "/v1/cases?category=callback").await.expect(200)["items"][0]["reference"].as_str().unwrap().to_owned();
        app.jump_to("2026-11-23T10:00:00Z").await;
        let rang = json!({"channel": "phone", "direction": "outbound", "case": case, "outcome": "spoke", "subject": "Rang back"});
        app.post(&officer, "/v1/contacts", rang).await.expect(201);
        let more = json!({"number": "07700 900999", "call": "y", "about": "And when do you come?"});
        let second = app.post(&key, "/v1/callbacks", more.clone()).await.expect(201);
        assert_ne!(second["callback"]["id"], first["callback"]["id"]);
        let again = app.post(&key, "/v1/callbacks", more).await.expect(200);
        assert_eq!(again["callback"]["id"], second["callback"]["id"]);
    }

    async fn a_call_back_on_a_case_is_a_promise_of_its_own_and_asks_nothing_else(app) {
        let case = reference(&log(&app, missed_bin()).await);
        let agent = app.agent().await;
        let asked = json!({"number": "01632 960123", "case": case, "about": "When do you come?"});
        let promised = app.post(&agent, "/v1/callbacks", asked).await.expect(201);
        assert_eq!(promised["callback"]["clock"], "promise_1");
        assert_eq!(promised["case"]["reference"], case);
        assert_eq!(clock(&app, &case, "promise_1").await["due_at"], "2026-11-23T17:00:00Z");
        let told: Vec<String> = app.mails_to("ada@mail.example").await.iter().map(|mail| mail.kind().to_owned()).collect();
        assert_eq!(told, ["confirmation", "callback"]);
        let mail = app.mails_to("ada@mail.example").await.pop().unwrap();
        assert!(mail.raw.contains("We will ring you by 5pm on Monday 23 November 2026."), "{}", mail.raw);
        // Nobody rings: the ladder of the case reminds and climbs as for any other promise.
        app.until("2026-11-25T10:00:00Z").await;
        assert_eq!(clock(&app, &case, "promise_1").await["state"], "missed");
        let steps = app.get(&app.officer().await, "/v1/escalations").await.expect(200);
        let of_promise = steps["items"].as_array().unwrap().iter().filter(|step| step["clock"] == "promise_1").count();
        assert!(of_promise >= 2, "{steps:#}");
    }

    async fn whoever_we_rang_in_vain_is_told_when_and_from_which_number(app) {
        let case = reference(&log(&app, missed_bin()).await);
        let officer = app.officer().await;
        app.jump_to("2026-11-23T10:06:00Z").await;
        let rang = json!({
            "channel": "phone", "direction": "outbound", "case": case, "outcome": "voicemail",
            "number_presented": "01632 960110", "received_at": "2026-11-23T10:05:00Z", "subject": "Which bin?",
        });
        app.post(&officer, "/v1/contacts", rang).await.expect(201);
        let mails = app.mails_to("ada@mail.example").await;
        let mail = mails.last().unwrap();
        assert_eq!(mail.kind(), "tried_to_call");
        for words in ["We tried to call you from 01632 960110 at 10.05am on Monday 23 November", "We left a message."] {
            assert!(mail.raw.contains(words), "{words}: {}", mail.raw);
        }
        let contacts = app.get(&officer, &format!("/v1/cases/{case}/contacts")).await.expect(200);
        let ours = &contacts["items"][1];
        assert_eq!((&ours["detail"]["outcome"], &ours["detail"]["number_presented"]), (&json!("voicemail"), &json!("01632 960110")));
    }

    async fn nobody_is_told_of_a_missed_call_where_only_some_ways_are_safe(app) {
        let logged = log(&app, missed_bin()).await;
        let (case, officer) = (reference(&logged), app.officer().await);
        let person = format!("/v1/people/{}", logged["person"]["id"].as_str().unwrap());
        let etag = app.get(&officer, &person).await.header("etag").unwrap().to_owned();
        let patch = actix_web::test::TestRequest::patch().uri(&person).insert_header(("if-match", etag)).set_json(json!({"safe_contact": ["phone"]}));
        app.send(&officer, patch).await.expect(200);
        let before = app.mails_to("ada@mail.example").await.len();
        let rang = json!({"channel": "phone", "direction": "outbound", "case": case, "outcome": "no_answer", "subject": "Rang"});
        app.post(&officer, "/v1/contacts", rang).await.expect(201);
        assert_eq!(app.mails_to("ada@mail.example").await.len(), before);
        let timeline = app.get(&officer, &format!("/v1/cases/{case}/timeline")).await.expect(200);
        assert!(timeline.to_string().contains("tried_to_call"), "{timeline:#}");
    }

    async fn calls_in_figures_add_up_and_say_what_they_count(app) {
        answered(&app, "a", "bins", "2026-11-20T09:00:00Z", "2026-11-20T09:00:20Z").await;
        answered(&app, "b", "bins", "2026-11-20T09:05:00Z", "2026-11-20T09:07:00Z").await;
        let ring = || json!({"queue": "council-tax", "line": "01632 960120"});
        for (id, hung_up) in [("c", "2026-11-20T09:10:04Z"), ("d", "2026-11-20T09:13:00Z")] {
            tell(&app, id, "offered", "2026-11-20T09:10:00Z", ring()).await.expect(200);
            tell(&app, id, "abandoned", hung_up, json!({})).await.expect(200);
        }
        tell(&app, "e", "queued", "2026-11-20T16:57:00Z", ring()).await.expect(200);
        tell(&app, "yesterday", "offered", "2026-11-19T23:59:59Z", ring()).await.expect(200);
        let officer = app.officer().await;
        let report = app.get(&officer, "/v1/reports/calls?from_on=2026-11-20&to_on=2026-11-20").await.expect(200);
        let figure = |name: &str| report[name].clone();
        assert_eq!(figure("offered"), 5);
        let parts = ["answered", "abandoned", "hung_up_at_once", "still_waiting"].map(figure);
        assert_eq!(parts, [json!(2), json!(1), json!(1), json!(1)]);
        assert_eq!(figure("abandoned_percent"), 25.0);
        let waits = ["wait_median_seconds", "wait_p90_seconds", "wait_longest_seconds"].map(figure);
        assert_eq!(waits, [json!(20), json!(120), json!(120)]);
        let queues: Vec<(&Value, &Value)> = report["by_queue"].as_array().unwrap().iter().map(|one| (&one["queue"], &one["offered"])).collect();
        assert_eq!(queues, [(&json!("bins"), &json!(2)), (&json!("council-tax"), &json!(3))]);
        app.get(&officer, "/v1/reports/calls?from_on=2026-11-20&to_on=2026-11-19").await.expect(422);
    }

    async fn a_number_taken_away_from_a_case_goes_from_its_calls_and_from_no_other(app) {
        let officer = app.officer().await;
        let ring = json!({"number": "+441632960777"});
        for id in ["theirs", "anothers"] {
            tell(&app, id, "offered", "2026-11-20T16:50:00Z", ring.clone()).await.expect(200);
        }
        let mut body = missed_bin();
        body["call"] = json!("theirs");
        let case = reference(&log(&app, body).await);
        let path = format!("/v1/cases/{case}/redactions");
        let wrong = json!({"ground": "wrong_person", "reason": "Not the caller", "texts": ["(01632) 960 777"]});
        let removed = app.post(&app.team_leader().await, &path, wrong).await.expect(201);
        assert_eq!(removed["removed"]["calls"], 1, "{removed:#}");
        assert_eq!(call(&app, &officer, "theirs").await["number"], Value::Null);
        assert_eq!(call(&app, &officer, "anothers").await["number"], "+441632960777");
    }

    async fn whoever_is_forgotten_leaves_no_number_on_any_call(app) {
        let logged = log(&app, missed_bin()).await;
        let (case, officer) = (reference(&logged), app.officer().await);
        let ring = json!({"number": "01632 960123"});
        tell(&app, "ada", "offered", "2026-11-20T16:50:00Z", ring.clone()).await.expect(200);
        app.post(&officer, &format!("/v1/cases/{case}/closures"), json!({"outcome": "resolved"})).await.expect(201);
        app.catch_up().await;
        let admin = app.sign_in("admin@council.example").await;
        let person = logged["person"]["id"].as_str().unwrap();
        let erased = app.post(&admin, &format!("/v1/people/{person}/erasures"), json!({"reason": "They asked for it."})).await;
        assert_eq!(erased.status, 201, "{}", erased.text);
        assert_eq!(call(&app, &officer, "ada").await["number"], Value::Null);
        // The same event again does not bring it back.
        tell(&app, "ada", "offered", "2026-11-20T16:50:00Z", ring).await.expect(200);
        assert_eq!(call(&app, &officer, "ada").await["number"], Value::Null);
    }
}
