//! Incidents: one thing that many tell the council of, many cases, one update to all, nobody shown to
//! anybody.

use actix_web::test::TestRequest;
use serde_json::{Value, json};

use crate::intake::{log, missed_bin};
use crate::people::{change, person_of, reference};
use crate::support::{Caller, Mail, TestApp};

const NEWS: &str = "The crew is on its way. Please leave your bin out.";

fn missed_round() -> Value {
    json!({
        "title": "Bins missed in Larkfield",
        "words": "A lorry broke down this morning. We will empty the bins tomorrow.",
        "matters": [{"service": "waste-collection", "category": "missed-bin"}],
        "area": {"wards": ["larkfield"]},
        "since_at": "2026-11-20T07:00:00Z",
    })
}

async fn open(app: &TestApp) -> String {
    let opened = app
        .post(&app.team_leader().await, "/v1/incidents", missed_round())
        .await
        .expect(201);
    opened["id"].as_str().unwrap().to_owned()
}

/// What somebody called this rings about.
fn told_by(name: &str) -> Value {
    let mut body = missed_bin();
    body["person"] = json!({
        "name": format!("{name} Example"), "email": format!("{name}@mail.example").to_lowercase(),
        "address": {"lines": ["3 Beck Row"], "postcode": "ZZ1 4LR"},
    });
    body
}

async fn logged(app: &TestApp, name: &str) -> Value {
    log(app, told_by(name)).await
}

async fn sweep(app: &TestApp, id: &str, body: Value) -> Value {
    app.post(
        &app.team_leader().await,
        &format!("/v1/incidents/{id}/cases"),
        body,
    )
    .await
    .expect(201)
}

async fn attach(app: &TestApp, id: &str, case: &str) -> Value {
    let path = format!("/v1/cases/{case}/incidents");
    app.post(&app.agent().await, &path, json!({"incident": id}))
        .await
        .expect(201)
}

async fn announce(app: &TestApp, id: &str, body: Value) -> Value {
    app.post(
        &app.team_leader().await,
        &format!("/v1/incidents/{id}/updates"),
        body,
    )
    .await
    .expect(201)
}

async fn newest(app: &TestApp, who: &Caller, id: &str, what: &str) -> Value {
    let page = app
        .get(who, &format!("/v1/incidents/{id}/{what}"))
        .await
        .expect(200);
    page["items"][0].clone()
}

async fn on_it(app: &TestApp, who: &Caller, id: &str, query: &str) -> Value {
    app.get(
        who,
        &format!("/v1/incidents/{id}/cases?include=total&{query}"),
    )
    .await
    .expect(200)
}

async fn news_to(app: &TestApp, address: &str) -> Vec<Mail> {
    let mails = app.mails_to(address).await;
    mails
        .into_iter()
        .filter(|mail| mail.kind() == "incident_update")
        .collect()
}

async fn kinds_on(app: &TestApp, case: &str) -> Vec<String> {
    let path = format!("/v1/cases/{case}/timeline?limit=100");
    let page = app.get(&app.officer().await, &path).await.expect(200);
    let lines = page["items"].as_array().unwrap().clone();
    lines
        .iter()
        .map(|line| line["kind"].as_str().unwrap().to_owned())
        .collect()
}

stories! {
    async fn an_agent_is_offered_the_incident_with_words_to_say_and_nothing_is_put_on_it_by_itself(app) {
        let id = open(&app).await;
        let leader = app.team_leader().await;
        announce(&app, &id, json!({"text": NEWS})).await;
        app.jump_to("2026-11-20T17:05:00Z").await;
        let offered = logged(&app, "Ada").await;
        let known = &offered["known_incidents"][0];
        assert_eq!((&known["id"], &known["attached"]), (&json!(id), &json!(false)), "{offered:#}");
        assert_eq!(known["read_out"], format!("We know about this: Bins missed in Larkfield. {NEWS}"));
        assert_eq!(on_it(&app, &leader, &id, "").await["total"], 0);
        let trial = app.post(&app.agent().await, "/v1/routing/trials", told_by("Ada")).await.expect(200);
        assert_eq!(trial["known_incidents"][0]["id"], id.as_str());

        let mut elsewhere = told_by("Cy");
        elsewhere["person"]["address"]["postcode"] = json!("ZZ2 4LR");
        let other_matter = {
            let mut body = told_by("Cy");
            body["category"] = json!("new-container");
            body
        };
        for body in [elsewhere, other_matter] {
            let trial = app.post(&app.agent().await, "/v1/routing/trials", body).await.expect(200);
            assert_eq!(trial["known_incidents"], json!([]));
        }

        let mut named = told_by("Bob");
        named["incident"] = json!(id);
        let bob = log(&app, named.clone()).await;
        assert_eq!(bob["known_incidents"][0]["attached"], true);
        assert_eq!(on_it(&app, &leader, &id, "told=told").await["items"][0]["case"]["reference"], bob["case"]["reference"]);
        app.jump_to("2026-11-20T17:30:00Z").await;
        let mails = app.mails_to("bob@mail.example").await;
        let kinds: Vec<&str> = mails.iter().map(Mail::kind).collect();
        assert_eq!(kinds, ["confirmation"], "the confirmation holds the newest update, and no other mail does");
        assert!(mails[0].raw.contains(NEWS) && mails[0].raw.contains("We know about this: Bins missed in Larkfield."), "{}", mails[0].raw);

        named["incident"] = json!("019a9f5e-7c00-7000-8000-00000000dead");
        let refused = app.post(&app.agent().await, "/v1/contacts", named).await.expect(422);
        assert_eq!((&refused["errors"][0]["pointer"], &refused["errors"][0]["code"]), (&json!("/incident"), &json!("unknown_value")));
    }

    async fn a_case_put_on_late_hears_the_newest_update_and_a_wrong_one_taken_off_in_time_hears_nothing(app) {
        let (ada, bob) = (logged(&app, "Ada").await, logged(&app, "Bob").await);
        let id = open(&app).await;
        announce(&app, &id, json!({"text": "The lorry is being mended."})).await;
        announce(&app, &id, json!({"text": NEWS})).await;
        app.jump_to("2026-11-20T17:10:00Z").await;
        let agent = app.agent().await;
        let listed = app.get(&agent, &format!("/v1/cases/{}/incidents", reference(&ada))).await.expect(200);
        assert_eq!((&listed["items"][0]["id"], &listed["items"][0]["attached"]), (&json!(id), &json!(false)));
        let acted = attach(&app, &id, &reference(&ada)).await;
        assert_eq!(acted["event"]["kind"], "incident_attached");
        assert_eq!(attach(&app, &id, &reference(&ada)).await["event"], Value::Null);
        attach(&app, &id, &reference(&bob)).await;
        let off = format!("/v1/cases/{}/incidents/{id}", reference(&bob));
        app.send(&agent, TestRequest::delete().uri(&off)).await.expect(204);
        assert_eq!(app.send(&agent, TestRequest::delete().uri(&off)).await.status, 404);
        app.jump_to("2026-11-20T17:20:00Z").await;
        let heard = news_to(&app, "ada@mail.example").await;
        assert_eq!(heard.len(), 1, "the newest, and not the one before it");
        assert!(heard[0].raw.contains(NEWS));
        assert_eq!(news_to(&app, "bob@mail.example").await.len(), 0);
        let kinds = kinds_on(&app, &reference(&bob)).await;
        assert!(kinds.ends_with(&["incident_attached".to_owned(), "incident_detached".to_owned()]), "{kinds:?}");
    }

    async fn an_update_is_taken_back_before_it_leaves_and_not_after(app) {
        let ada = logged(&app, "Ada").await;
        let id = open(&app).await;
        attach(&app, &id, &reference(&ada)).await;
        let leader = app.team_leader().await;
        let path = |update: &Value| format!("/v1/incidents/{id}/updates/{}", update["id"].as_str().unwrap());
        let wrong = announce(&app, &id, json!({"text": "The bins are emptied."})).await;
        app.send(&leader, TestRequest::delete().uri(&path(&wrong))).await.expect(204);
        app.send(&leader, TestRequest::delete().uri(&path(&wrong))).await.expect(204);
        app.jump_to("2026-11-20T17:30:00Z").await;
        assert_eq!(news_to(&app, "ada@mail.example").await.len(), 0);
        assert_eq!(newest(&app, &leader, &id, "updates").await["state"], "taken_back");
        let right = announce(&app, &id, json!({"text": NEWS})).await;
        app.jump_to("2026-11-20T17:40:00Z").await;
        let late = app.send(&leader, TestRequest::delete().uri(&path(&right))).await.expect(409);
        assert_eq!(late["code"], "already_sent");
        assert_eq!(news_to(&app, "ada@mail.example").await.len(), 1);
    }

    async fn the_same_key_writes_one_update_and_another_process_tells_nobody_twice(app) {
        let mut cases = Vec::new();
        for n in 0..12 {
            cases.push(reference(&logged(&app, &format!("Res{n}")).await));
        }
        let id = open(&app).await;
        sweep(&app, &id, json!({})).await;
        let leader = app.team_leader().await;
        let headers = [("content-type", "application/json"), ("idempotency-key", "news-1")];
        let (path, body) = (format!("/v1/incidents/{id}/updates"), json!({"text": NEWS}).to_string());
        let first = app.post_with(&leader, &path, &headers, &body).await.expect(201);
        let again = app.post_with(&leader, &path, &headers, &body).await;
        assert_eq!(again.header("idempotency-replayed"), Some("true"));
        assert_eq!(again.expect(201)["id"], first["id"]);
        let other = app.replica().await;
        app.move_to("2026-11-20T17:05:00Z");
        let (one, two) = tokio::join!(
            reeve::casework::incidents::carry_on(&app.desk),
            reeve::casework::incidents::carry_on(&other.desk),
        );
        let (one, two) = (one.unwrap(), two.unwrap());
        assert_eq!((one.n_told + two.n_told, one.n_failed + two.n_failed), (12, 0), "{one:?} {two:?}");
        let mut mails = app.mails().await;
        mails.extend(other.mails().await);
        for n in 0..12 {
            let address = format!("res{n}@mail.example");
            let heard = mails.iter().filter(|mail| mail.to == address && mail.kind() == "incident_update").count();
            assert_eq!(heard, 1, "{address}");
        }
    }

    async fn whoever_may_not_be_written_to_is_not_and_is_counted(app) {
        let agent = app.agent().await;
        let (ada, bob) = (logged(&app, "Ada").await, logged(&app, "Bob").await);
        change(&app, &agent, &person_of(&ada), json!({"safe_contact": ["07700 900123"]})).await.expect(200);
        change(&app, &agent, &person_of(&bob), json!({"is_deceased": true})).await.expect(200);
        let mut by_post = told_by("Cy");
        by_post["person"].as_object_mut().unwrap().remove("email");
        log(&app, by_post).await;
        let mut nobody = told_by("Dee");
        nobody.as_object_mut().unwrap().remove("person");
        nobody["location"] = json!({"uprn": "100000000001"});
        log(&app, nobody).await;
        let id = open(&app).await;
        assert_eq!(sweep(&app, &id, json!({})).await["attached"], 4);
        announce(&app, &id, json!({"text": NEWS})).await;
        app.jump_to("2026-11-20T17:05:00Z").await;
        let leader = app.team_leader().await;
        let came = newest(&app, &leader, &id, "updates").await;
        let counted = (&came["told"], &came["to_write"], &came["not_reached"]);
        assert_eq!(counted, (&json!(0), &json!(1), &json!(2)), "{came:#}");
        assert_eq!(on_it(&app, &leader, &id, "told=nobody").await["items"].as_array().unwrap().len(), 1);
        assert_eq!(on_it(&app, &leader, &id, "told=not_reached").await["items"].as_array().unwrap().len(), 2);
        for address in ["ada@mail.example", "bob@mail.example"] {
            assert_eq!(news_to(&app, address).await.len(), 0, "{address}");
        }
        let kinds = kinds_on(&app, &reference(&ada)).await;
        assert!(kinds.contains(&"notice_withheld".to_owned()), "{kinds:?}");
    }

    async fn somebody_who_is_written_to_in_welsh_reads_the_update_in_welsh(app) {
        let agent = app.agent().await;
        let (ada, bob) = (logged(&app, "Ada").await, logged(&app, "Bob").await);
        change(&app, &agent, &person_of(&ada), json!({"preferences": {"language": "cy"}})).await.expect(200);
        let id = open(&app).await;
        sweep(&app, &id, json!({})).await;
        announce(&app, &id, json!({"text": NEWS, "text_cy": "Mae'r criw ar y ffordd."})).await;
        app.jump_to("2026-11-20T17:05:00Z").await;
        announce(&app, &id, json!({"text": "All bins are empty now."})).await;
        app.jump_to("2026-11-20T17:15:00Z").await;
        let heard = news_to(&app, "ada@mail.example").await;
        assert_eq!(heard.len(), 2);
        assert!(heard[0].raw.contains("Mae'r criw ar y ffordd.") && !heard[0].raw.contains(NEWS), "{}", heard[0].raw);
        assert!(heard[0].raw.contains("ffoniwch 999"));
        assert!(heard[1].raw.contains("All bins are empty now.") && heard[1].raw.contains("call 999"), "no mail is half one and half the other");
        assert!(news_to(&app, "bob@mail.example").await[0].raw.contains(NEWS));
        assert_eq!(reference(&bob).len(), 11);
    }

    async fn a_sweep_leaves_danger_complaints_other_places_and_other_matters_where_they_are(app) {
        logged(&app, "Ada").await;
        let mut elsewhere = told_by("Bob");
        elsewhere["person"]["address"]["postcode"] = json!("ZZ2 4LR");
        let mut placeless = told_by("Cy");
        placeless["person"].as_object_mut().unwrap().remove("address");
        let mut other = told_by("Dee");
        other["category"] = json!("new-container");
        let mut danger = told_by("Eve");
        danger["body"] = json!("The bin lorry has knocked a lamp post over and live wires are hanging down over the pavement.");
        let mut old = told_by("Fay");
        old["received_at"] = json!("2026-11-18T10:00:00Z");
        for body in [elsewhere, placeless, other, danger, old] {
            log(&app, body).await;
        }
        let id = open(&app).await;
        let dry = sweep(&app, &id, json!({"dry_run": true})).await;
        assert_eq!((&dry["attached"], &dry["dry_run"]), (&json!(1), &json!(true)), "{dry:#}");
        let leader = app.team_leader().await;
        assert_eq!(on_it(&app, &leader, &id, "").await["total"], 0, "looking puts nothing on it");
        assert_eq!(sweep(&app, &id, json!({})).await["attached"], 1);
        assert_eq!(on_it(&app, &leader, &id, "").await["total"], 1);
    }

    async fn a_sweep_is_a_page_at_a_time_and_goes_on_where_it_ended(app) {
        for n in 0..5 {
            logged(&app, &format!("Res{n}")).await;
        }
        let id = open(&app).await;
        let (mut n, mut after) = (0, Value::Null);
        for _ in 0..5 {
            let body = if after.is_null() { json!({"most": 2}) } else { json!({"most": 2, "after": after}) };
            let swept = sweep(&app, &id, body).await;
            assert!(swept["attached"].as_u64().unwrap() <= 2);
            n += swept["attached"].as_u64().unwrap();
            after = swept["next"].clone();
            if after.is_null() {
                break;
            }
        }
        assert_eq!((n, after), (5, Value::Null));
    }

    async fn whoever_may_not_see_a_case_neither_lists_nor_counts_it(app) {
        logged(&app, "Ada").await;
        let id = open(&app).await;
        sweep(&app, &id, json!({})).await;
        announce(&app, &id, json!({"text": NEWS})).await;
        app.jump_to("2026-11-20T17:05:00Z").await;
        let roads = app.sign_in("roads.officer@council.example").await;
        let seen = on_it(&app, &roads, &id, "").await;
        assert_eq!((&seen["items"], &seen["total"]), (&json!([]), &json!(0)));
        let update = newest(&app, &roads, &id, "updates").await;
        assert_eq!((&update["text"], &update["told"]), (&json!(NEWS), &json!(0)), "words are for everybody, numbers are not");
        let bins = app.sign_in("bins.officer@council.example").await;
        assert_eq!(on_it(&app, &bins, &id, "").await["total"], 1);
    }

    async fn an_incident_is_run_by_whoever_leads_its_services_and_read_by_the_council(app) {
        let id = open(&app).await;
        let (officer, leader) = (app.officer().await, app.team_leader().await);
        let refused = app.post(&officer, "/v1/incidents", missed_round()).await.expect(403);
        assert_eq!(refused["code"], "role_may_not", "{refused:#}");
        let mut roads = missed_round();
        roads["matters"] = json!([{"service": "waste-collection"}, {"service": "highways-maintenance"}]);
        let refused = app.post(&leader, "/v1/incidents", roads).await.expect(403);
        assert_eq!(refused["code"], "not_your_service");
        let head = app.sign_in("head.of.waste.and.street.scene@council.example").await;
        let path = format!("/v1/incidents/{id}");
        let etag = app.get(&head, &path).await.header("etag").unwrap().to_owned();
        let patch = |body: Value, etag: &str| TestRequest::patch().uri(&path).insert_header(("if-match", etag.to_owned())).set_json(body);
        let changed = app.send(&head, patch(json!({"expected_end_at": "2026-11-21T16:00:00Z"}), &etag)).await.expect(200);
        assert_eq!(changed["expected_end_at"], "2026-11-21T16:00:00Z");
        assert_eq!(app.send(&head, patch(json!({"title": "Bins missed"}), &etag)).await.status, 412);
        assert_eq!(app.send(&head, TestRequest::patch().uri(&path).set_json(json!({"title": "Bins missed"}))).await.status, 428);
        for email in ["partner@night.example", "cllr.anwen.prothero@council.example", "admin@council.example"] {
            let who = app.sign_in(email).await;
            assert_eq!(app.get(&who, "/v1/incidents").await.status, 403, "{email}");
            assert_eq!(app.get(&who, "/v1/public/incidents").await.expect(200)["items"][0]["id"], id.as_str());
        }
        let absent = app.get(&officer, "/v1/incidents/019a9f5e-7c00-7000-8000-00000000dead").await;
        assert_eq!(absent.status, 404);
    }

    async fn words_for_everybody_are_plain_and_what_they_are_about_is_there(app) {
        let leader = app.team_leader().await;
        let check = async |change: fn(&mut Value), pointer: &str, code: &str| {
            let mut body = missed_round();
            change(&mut body);
            let refused = app.post(&leader, "/v1/incidents", body).await.expect(422);
            let faults = refused["errors"].as_array().unwrap();
            assert!(faults.iter().any(|fault| fault["pointer"] == pointer && fault["code"] == code), "{refused:#}");
        };
        check(|body| body["words"] = json!("We will escalate it soon."), "/words", "not_plain").await;
        check(|body| body["title"] = json!("word ".repeat(26).trim()), "/title", "too_long").await;
        check(|body| body["words"] = json!("word ".repeat(30).trim()), "/words", "not_plain").await;
        check(|body| body["title_cy"] = json!("Biniau"), "/words_cy", "one_of_two").await;
        check(|body| body["matters"][0]["category"] = json!("dragons"), "/matters/0/category", "unknown_value").await;
        check(|body| body["area"]["wards"] = json!(["atlantis"]), "/area/wards/0", "unknown_value").await;
        check(|body| body["expected_end_at"] = json!("2026-11-20T06:00:00Z"), "/expected_end_at", "ends_before_it_begins").await;
        let id = open(&app).await;
        let path = format!("/v1/incidents/{id}/updates");
        let refused = app.post(&leader, &path, json!({"text": "Our SLA is breached."})).await.expect(422);
        assert_eq!((&refused["errors"][0]["pointer"], &refused["errors"][0]["code"]), (&json!("/text"), &json!("not_plain")));
    }

    async fn a_restricted_case_is_on_no_incident_and_nothing_of_it_is_seen_through_one(app) {
        let id = open(&app).await;
        let agent = app.agent().await;
        let mut child = told_by("Ada");
        child["body"] = json!("A child next door is being hurt, I can hear it every night.");
        child["service"] = json!("childrens-social-care");
        child["category"] = json!("child-at-risk");
        child["incident"] = json!(id);
        let logged = app.post(&agent, "/v1/contacts", child).await.expect(201);
        assert_eq!(logged["known_incidents"], json!([]));
        assert!(logged["warnings"].to_string().contains("not put on the incident"), "{logged:#}");
        let case = logged["receipt"]["reference"].as_str().unwrap();
        let mash = app.sign_in("mash.officer@council.example").await;
        let path = format!("/v1/cases/{case}/incidents");
        let refused = app.post(&mash, &path, json!({"incident": id})).await.expect(409);
        assert_eq!(refused["code"], "not_for_incidents");
        assert_eq!(app.post(&agent, &path, json!({"incident": id})).await.status, 404);
        assert_eq!(on_it(&app, &mash, &id, "").await["total"], 0);
    }

    async fn an_incident_that_is_over_closes_its_cases_with_one_answer_and_leaves_those_with_a_question(app) {
        let (ada, bob) = (logged(&app, "Ada").await, logged(&app, "Bob").await);
        let cy = logged(&app, "Cy").await;
        let id = open(&app).await;
        sweep(&app, &id, json!({})).await;
        let (leader, officer) = (app.team_leader().await, app.officer().await);
        let path = format!("/v1/cases/{}/questions", reference(&cy));
        app.post(&officer, &path, json!({"text": "Which of the two gates?"})).await.expect(201);
        let closures = format!("/v1/incidents/{id}/closures");
        let answer = json!({"outcome": "resolved", "text": "Your bin was emptied this evening."});
        let early = app.post(&leader, &closures, answer.clone()).await.expect(409);
        assert_eq!(early["code"], "incident_open");
        let ended = app.post(&leader, &format!("/v1/incidents/{id}/endings"), json!({})).await.expect(201);
        assert_eq!((&ended["open_cases"], &ended["close_them_at"]), (&json!(3), &json!(closures)), "{ended:#}");
        assert_eq!(ended["incident"]["ended_by"]["name"], "Tess Leader");
        for one in [&ada, &bob] {
            let case = app.get(&leader, &format!("/v1/cases/{}", reference(one))).await.expect(200);
            assert_eq!(case["status"], "new", "ending it stops nothing");
        }
        let again = app.post(&leader, &format!("/v1/incidents/{id}/endings"), json!({})).await.expect(409);
        assert_eq!(again["code"], "incident_ended");
        assert_eq!(app.get(&Caller::nobody(), "/v1/public/incidents").await.expect(200)["items"], json!([]));

        app.post(&leader, &closures, answer).await.expect(201);
        app.jump_to("2026-11-20T17:10:00Z").await;
        let came = newest(&app, &leader, &id, "closures").await;
        assert_eq!((&came["closed"], &came["cases_left"]), (&json!(2), &json!(0)), "{came:#}");
        assert_eq!(came["left_open"], json!([{"why": "open_question", "cases": 1}]));
        let left = on_it(&app, &leader, &id, "left_open=true").await;
        assert_eq!(left["items"][0]["case"]["reference"], cy["case"]["reference"]);
        // As every reply it can be taken back for a little while.
        app.jump_to("2026-11-20T17:20:00Z").await;
        for (one, address) in [(&ada, "ada@mail.example"), (&bob, "bob@mail.example")] {
            let case = app.get(&leader, &format!("/v1/cases/{}", reference(one))).await.expect(200);
            assert_eq!((&case["status"], &case["outcome"]), (&json!("closed"), &json!("resolved")));
            let mails = app.mails_to(address).await;
            let kinds: Vec<&str> = mails.iter().map(Mail::kind).collect();
            assert_eq!(kinds, ["confirmation", "reply"], "one answer, and no second letter to say it was one");
            let clocks = app.get(&leader, &format!("/v1/cases/{}/clocks", reference(one))).await.expect(200);
            assert_eq!(clocks["items"][1]["state"], "met");
        }
        let case = app.get(&leader, &format!("/v1/cases/{}", reference(&cy))).await.expect(200);
        assert_eq!(case["status"], "waiting");
    }

    async fn nothing_is_put_on_or_said_of_an_incident_that_is_over(app) {
        let ada = logged(&app, "Ada").await;
        let id = open(&app).await;
        let leader = app.team_leader().await;
        app.post(&leader, &format!("/v1/incidents/{id}/endings"), json!({})).await.expect(201);
        let check = async |path: String, body: Value| {
            let refused = app.post(&leader, &path, body).await.expect(409);
            assert_eq!(refused["code"], "incident_ended", "{path}");
        };
        check(format!("/v1/incidents/{id}/updates"), json!({"text": NEWS})).await;
        check(format!("/v1/incidents/{id}/cases"), json!({})).await;
        check(format!("/v1/cases/{}/incidents", reference(&ada)), json!({"incident": id})).await;
        let trial = app.post(&app.agent().await, "/v1/routing/trials", told_by("Bob")).await.expect(200);
        assert_eq!(trial["known_incidents"], json!([]));
    }
}

async fn one_update_is_heard_once_by_everybody_and_shows_nobody_to_anybody(app: TestApp) {
    let first = logged(&app, "Ada").await;
    let (second, bob) = (logged(&app, "Ada").await, logged(&app, "Bob").await);
    // A form under the same address is a record of its own: nobody has proved that it is hers. It comes a second
    // later, as cases are told in the order they came.
    app.move_to(&(app.now() + jiff::SignedDuration::from_secs(1)).to_string());
    let form = json!({
        "body": "My bin was missed.", "person": {"name": "A Example", "email": "ada@mail.example"},
        "service": "waste-collection", "category": "missed-bin",
    });
    let third = app
        .post(&Caller::nobody(), "/v1/public/contacts", form)
        .await
        .expect(201);
    let id = open(&app).await;
    let leader = app.team_leader().await;
    let swept = sweep(&app, &id, json!({})).await;
    assert_eq!(
        (&swept["attached"], &swept["next"]),
        (&json!(3), &Value::Null),
        "{swept:#}"
    );
    attach(&app, &id, third["reference"].as_str().unwrap()).await;
    assert_eq!(
        sweep(&app, &id, json!({})).await["attached"],
        0,
        "twice is once"
    );

    let written = announce(&app, &id, json!({"text": NEWS})).await;
    assert_eq!(
        (&written["state"], &written["cases_left"]),
        (&json!("waiting"), &json!(0)),
        "{written:#}"
    );
    assert_eq!(
        news_to(&app, "ada@mail.example").await.len(),
        0,
        "it can still be taken back"
    );
    app.jump_to("2026-11-20T17:01:00Z").await;
    app.jump_to("2026-11-20T17:05:00Z").await;

    let (to_ada, to_bob) = (
        news_to(&app, "ada@mail.example").await,
        news_to(&app, "bob@mail.example").await,
    );
    assert_eq!(
        (to_ada.len(), to_bob.len()),
        (1, 1),
        "four cases, two who hear it"
    );
    let mail = &to_ada[0];
    for said in [
        NEWS,
        "Bins missed in Larkfield",
        &reference(&first),
        &reference(&second),
        "999",
    ] {
        assert!(mail.raw.contains(said), "{said}: {}", mail.raw);
    }
    assert_eq!(mail.header("Auto-Submitted"), "auto-generated");
    for other in ["bob", "Bob", &reference(&bob)] {
        assert!(
            !mail.raw.contains(other),
            "{other} is shown to Ada: {}",
            mail.raw
        );
    }
    for other in ["ada@", "Ada", &reference(&first)] {
        assert!(!to_bob[0].raw.contains(other), "{other} is shown to Bob");
    }
    let came = newest(&app, &leader, &id, "updates").await;
    assert_eq!(
        (&came["state"], &came["told"], &came["cases_left"]),
        (&json!("left"), &json!(2), &json!(0)),
        "{came:#}"
    );
    for one in [&first, &second, &bob] {
        let kinds = kinds_on(&app, &reference(one)).await;
        assert!(kinds.contains(&"incident_updated".to_owned()), "{kinds:?}");
    }
    // The clocks run on.
    let case = app
        .get(&leader, &format!("/v1/cases/{}", reference(&first)))
        .await
        .expect(200);
    assert_eq!(
        (&case["respond_on"], &case["status"]),
        (&json!("2026-11-24"), &json!("new"))
    );
    assert_eq!(case["incidents"][0]["title"], "Bins missed in Larkfield");
    // What the person follows, and what everybody reads, are the same words.
    let person = Caller {
        bearer: Some(first["tracking"]["token"].as_str().unwrap().to_owned()),
    };
    let view = app.get(&person, "/v1/public/tracking").await.expect(200);
    assert_eq!(view["incidents"][0]["latest_update"]["text"], NEWS);
    let lines: Vec<&Value> = view["history"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|line| line["what"] == "We sent you an update.")
        .collect();
    assert_eq!(lines.len(), 1);
    let public = app.get(&Caller::nobody(), "/v1/public/incidents").await;
    assert_eq!(public.header("cache-control"), Some("public, max-age=60"));
    let public = public.expect(200);
    assert_eq!(public["items"][0]["places"], json!(["Larkfield"]));
    assert_eq!(public["items"][0]["latest_update"]["text"], NEWS);
    assert!(
        !public.to_string().contains("told"),
        "no numbers: {public:#}"
    );
}

mod one_update_is_heard_once_by_everybody_and_shows_nobody_to_anybody {
    #[actix_web::test]
    async fn on_sqlite() {
        let app = crate::support::TestApp::on(crate::support::Database::sqlite()).await;
        super::one_update_is_heard_once_by_everybody_and_shows_nobody_to_anybody(app).await;
    }

    #[actix_web::test]
    async fn on_postgres() {
        if let Some(database) = crate::support::Database::postgres() {
            super::one_update_is_heard_once_by_everybody_and_shows_nobody_to_anybody(
                crate::support::TestApp::on(database).await,
            )
            .await;
        }
    }
}
