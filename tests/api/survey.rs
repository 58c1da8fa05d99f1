//! One question after a case is closed: who is asked and who never is, and what is counted of it.

use actix_web::test::TestRequest;
use reeve::casework::{delivery, measuring};
use reeve::domain::ids::CaseId;
use reeve::domain::survey::is_drawn;
use reeve::store::outbox;
use serde_json::{Value, json};

use crate::intake::log;
use crate::mail_in::gone;
use crate::people::{change, from, person_of, reference};
use crate::support::{Caller, TestApp, asking};

const ADA: &str = "ada@mail.example";
/// Monday morning, when what was closed on Friday evening has rested a day.
const MONDAY: &str = "2026-11-23T09:00:00Z";

fn ada() -> Value {
    json!({"name": "Ada Example", "email": ADA})
}

fn somebody(n: usize) -> Value {
    json!({"name": format!("Person {n}"), "email": format!("p{n}@mail.example")})
}

fn about(service: &str, category: &str, person: Value) -> Value {
    json!({"channel": "phone", "body": "Please.", "service": service, "category": category, "person": person})
}

async fn act(app: &TestApp, who: &Caller, reference: &str, what: &str, body: Value) {
    app.post(who, &format!("/v1/cases/{reference}/{what}"), body)
        .await
        .expect(201);
}

async fn close(app: &TestApp, reference: &str) {
    let officer = app.officer().await;
    act(
        app,
        &officer,
        reference,
        "closures",
        json!({"outcome": "resolved"}),
    )
    .await;
}

/// A missed bin of somebody's, closed.
async fn closed(app: &TestApp, person: Value) -> Value {
    let logged = log(app, from(person, "It was not emptied.")).await;
    close(app, &reference(&logged)).await;
    logged
}

fn follower(logged: &Value) -> Caller {
    let token = logged["tracking"]["token"].as_str().unwrap().to_owned();
    Caller {
        bearer: Some(token),
    }
}

async fn answer(app: &TestApp, logged: &Value, score: u8, comment: &str) {
    let said = json!({"score": score, "comment": comment});
    app.post(&follower(logged), "/v1/public/tracking/feedback", said)
        .await
        .expect(201);
}

async fn n_asked(app: &TestApp, address: &str) -> usize {
    let mails = app.mails_to(address).await;
    mails.iter().filter(|mail| mail.kind() == "survey").count()
}

async fn figures(app: &TestApp) -> Value {
    let auditor = app.sign_in("auditor@council.example").await;
    let query = "from_on=2026-11-20&to_on=2026-11-20";
    let before = app
        .get(&auditor, &format!("/v1/reports/performance?{query}"))
        .await
        .expect(200);
    measuring::roll_up(&app.desk).await.unwrap();
    let after = app
        .get(&auditor, &format!("/v1/reports/performance?{query}"))
        .await
        .expect(200);
    assert_eq!(
        before["all"], after["all"],
        "the sums say what a plain count says"
    );
    after["all"].clone()
}

fn survey(invited: u64, answered: u64, percent: Value, score: Value, satisfied: Value) -> Value {
    json!({
        "invited": invited, "answered": answered, "response_percent": percent, "score": score,
        "satisfied_percent": satisfied,
    })
}

/// The invitation of a case comes back.
async fn comes_back(app: &TestApp, reference: &str) {
    let wanted = reference.to_owned();
    app.desk
        .perform(move |tx, at| {
            let sent = outbox::list(tx, None, Some("sent"), None, 100)?;
            let of_case = |one: &&outbox::Notice| {
                one.kind == "survey" && one.letter.references().contains(&wanted)
            };
            let notice = sent.iter().find(of_case).expect("it was sent").clone();
            delivery::bounced(tx, at, &notice, &gone())
        })
        .await
        .unwrap();
}

stories! {
    async fn whoever_is_asked_answers_one_question_and_asked_and_answered_stand_beside_the_mean(app) {
        let app = app.replica_with(asking(100)).await;
        let first = closed(&app, ada()).await;
        let second = closed(&app, somebody(2)).await;
        app.jump_to("2026-11-21T17:00:00Z").await;
        assert_eq!(n_asked(&app, ADA).await, 0, "a day later is Saturday");
        app.jump_to(MONDAY).await;
        let mail = app.mails_to(ADA).await.pop().unwrap();
        assert_eq!((mail.kind(), mail.header("Auto-Submitted")), ("survey", "auto-generated"));
        assert!(mail.header("Subject").starts_with("How did we do?"), "{}", mail.raw);
        let link = format!("{}#survey", first["tracking"]["url"].as_str().unwrap());
        assert!(mail.raw.contains(&link) && mail.raw.contains("How satisfied are you"), "{}", mail.raw);
        let told = figures(&app).await;
        assert_eq!(told["survey"], survey(2, 0, json!(0.0), Value::Null, Value::Null));
        assert_eq!(told["satisfaction"], json!({"score": null, "responses": 0, "invited": 2}));

        answer(&app, &first, 4, "Quick, but nobody rang me.").await;
        let again = app.post(&follower(&first), "/v1/public/tracking/feedback", json!({"score": 1})).await.expect(409);
        assert_eq!(again["code"], "feedback_given", "an answer counts once");
        let told = figures(&app).await;
        assert_eq!(told["survey"], survey(2, 1, json!(50.0), json!(4.0), json!(100.0)));
        assert_eq!(told["satisfaction"], json!({"score": 4.0, "responses": 1, "invited": 2}));
        answer(&app, &second, 1, "").await;
        assert_eq!(figures(&app).await["survey"], survey(2, 2, json!(100.0), json!(2.5), json!(50.0)));
    }

    async fn a_bounced_invitation_is_not_counted(app) {
        let app = app.replica_with(asking(100)).await;
        let mut person = ada();
        person["address"] = json!({"lines": ["14 Larkfield Rise"], "postcode": "ZZ1 1AA"});
        let logged = closed(&app, person).await;
        app.jump_to(MONDAY).await;
        assert_eq!(figures(&app).await["survey"]["invited"], 1);
        comes_back(&app, &reference(&logged)).await;
        let told = figures(&app).await;
        assert_eq!(told["survey"], survey(0, 0, Value::Null, Value::Null, Value::Null));
        assert_eq!(told["satisfaction"]["invited"], Value::Null, "nobody was asked");
        // The link itself still works: what she says of her own accord is no answer to what never came.
        answer(&app, &logged, 5, "").await;
        let told = figures(&app).await;
        assert_eq!(told["survey"], survey(0, 0, Value::Null, Value::Null, Value::Null));
        assert_eq!(told["satisfaction"], json!({"score": 5.0, "responses": 1, "invited": null}));
        let officer = app.officer().await;
        let notices = app.get(&officer, &format!("/v1/cases/{}/notices", reference(&logged))).await.expect(200);
        assert!(!notices.to_string().contains("to_write"), "nobody prints a question how it went: {notices:#}");
    }

    async fn a_bounce_after_an_answer_takes_both_out_of_the_rate(app) {
        let app = app.replica_with(asking(100)).await;
        let logged = closed(&app, ada()).await;
        app.jump_to(MONDAY).await;
        answer(&app, &logged, 2, "").await;
        comes_back(&app, &reference(&logged)).await;
        let told = figures(&app).await;
        assert_eq!(told["survey"], survey(0, 0, Value::Null, Value::Null, Value::Null));
        assert_eq!(told["satisfaction"]["responses"], 1);
    }

    async fn nobody_is_asked_after_a_bereavement(app) {
        let app = app.replica_with(asking(100)).await;
        let logged = log(&app, about("bereavement", "cemetery-condition", ada())).await;
        close(&app, &reference(&logged)).await;
        app.jump_to(MONDAY).await;
        assert_eq!(n_asked(&app, ADA).await, 0);
    }

    async fn nobody_is_asked_after_danger_nor_where_they_are_looked_after(app) {
        let app = app.replica_with(asking(100)).await;
        for (n, (service, category)) in [
            ("housing-repairs", "repair-emergency"), ("community-safety", "hate-crime"), ("childrens-social-care", "early-help"),
        ].into_iter().enumerate() {
            let logged = log(&app, about(service, category, somebody(n))).await;
            close(&app, &reference(&logged)).await;
        }
        let child = about("childrens-social-care", "child-at-risk", somebody(7));
        app.post(&app.agent().await, "/v1/contacts", child).await.expect(201);
        let mash = app.sign_in("mash.officer@council.example").await;
        let listed = app.get(&mash, "/v1/cases?queue=mash").await.expect(200);
        let at_risk = listed["items"].as_array().unwrap().iter().find(|case| case["category"] == "child-at-risk").unwrap();
        act(&app, &mash, at_risk["reference"].as_str().unwrap(), "closures", json!({"outcome": "resolved"})).await;
        app.jump_to(MONDAY).await;
        for n in [0, 1, 2, 7] {
            assert_eq!(n_asked(&app, &format!("p{n}@mail.example")).await, 0, "{n}");
        }
    }

    async fn nobody_is_asked_about_their_bin_while_a_child_next_door_is_at_risk(app) {
        let app = app.replica_with(asking(100)).await;
        // Said before the bin's case is closed, and while its question waits for the morning.
        let before = log(&app, from(somebody(1), "It was not emptied.")).await;
        let after = log(&app, from(somebody(2), "It was not emptied.")).await;
        let said = json!({"body": "A child next door is being beaten."});
        app.post(&follower(&before), "/v1/public/tracking/messages", said.clone()).await.expect(201);
        close(&app, &reference(&before)).await;
        close(&app, &reference(&after)).await;
        app.jump_to("2026-11-21T10:00:00Z").await;
        app.post(&follower(&after), "/v1/public/tracking/messages", said).await.expect(201);
        // And a death, told of apart from it.
        let told = log(&app, from(somebody(3), "It was not emptied.")).await;
        log(&app, json!({
            "channel": "phone", "body": "Please.", "service": "bereavement", "category": "cemetery-condition",
            "person_id": person_of(&told),
        })).await;
        close(&app, &reference(&told)).await;
        let mash = app.sign_in("mash.officer@council.example").await;
        let at_risk = app.get(&mash, "/v1/cases?queue=mash").await.expect(200);
        assert_eq!(at_risk["items"].as_array().unwrap().len(), 2, "{at_risk:#}");
        app.jump_to("2026-11-24T10:00:00Z").await;
        for n in 1..=3 {
            assert_eq!(n_asked(&app, &format!("p{n}@mail.example")).await, 0, "{n}");
        }
    }

    async fn nobody_is_asked_about_what_was_withdrawn_told_twice_or_joined_to_another(app) {
        let app = app.replica_with(asking(100)).await;
        let officer = app.officer().await;
        let withdrawn = log(&app, from(somebody(1), "It was not emptied.")).await;
        app.post(&follower(&withdrawn), "/v1/public/tracking/withdrawals", json!({})).await.expect(201);
        let twice = log(&app, from(somebody(2), "Still full.")).await;
        act(&app, &officer, &reference(&twice), "closures", json!({"outcome": "duplicate"})).await;
        let (joined, whole) = (log(&app, from(somebody(3), "Full.")).await, log(&app, from(somebody(4), "Full bin.")).await);
        act(&app, &officer, &reference(&joined), "merges", json!({"into": reference(&whole)})).await;
        app.jump_to(MONDAY).await;
        for n in 1..=4 {
            assert_eq!(n_asked(&app, &format!("p{n}@mail.example")).await, 0, "{n}");
        }
    }

    async fn nobody_is_asked_by_a_way_they_did_not_choose(app) {
        let app = app.replica_with(asking(100)).await;
        let agent = app.agent().await;
        let by_post = log(&app, from(somebody(1), "It was not emptied.")).await;
        change(&app, &agent, &person_of(&by_post), json!({"preferences": {"channel": "post"}})).await.expect(200);
        let safely = log(&app, from(somebody(2), "It was not emptied.")).await;
        change(&app, &agent, &person_of(&safely), json!({"safe_contact": ["07700 900123"]})).await.expect(200);
        let robot = log(&app, from(json!({"name": "Parking", "email": "no-reply@mail.example"}), "It was not emptied.")).await;
        let partner = log(&app, from(json!({"name": "Pat", "kind": "partner", "email": "pat@mail.example"}), "Full.")).await;
        // Learnt after the question was written: it is asked again whether it may leave.
        let died = log(&app, from(somebody(3), "It was not emptied.")).await;
        for logged in [&by_post, &safely, &robot, &partner, &died] {
            close(&app, &reference(logged)).await;
        }
        let deceased = json!({"is_deceased": true});
        change(&app, &agent, &person_of(&died), deceased).await.expect(200);
        app.jump_to(MONDAY).await;
        for address in ["p1@mail.example", "p2@mail.example", "p3@mail.example", "no-reply@mail.example", "pat@mail.example"] {
            assert_eq!(n_asked(&app, address).await, 0, "{address}");
        }
    }

    async fn a_case_that_is_opened_again_asks_nobody_until_it_is_closed_once_more_and_then_once(app) {
        let app = app.replica_with(asking(100)).await;
        let case = reference(&closed(&app, ada()).await);
        let officer = app.officer().await;
        app.jump_to("2026-11-21T10:00:00Z").await;
        act(&app, &officer, &case, "reopenings", json!({"reason": "It was the other bin."})).await;
        app.jump_to(MONDAY).await;
        assert_eq!(n_asked(&app, ADA).await, 0, "work goes on");
        close(&app, &case).await;
        app.jump_to("2026-11-24T10:00:00Z").await;
        assert_eq!(n_asked(&app, ADA).await, 1);
        act(&app, &officer, &case, "reopenings", json!({"reason": "And the lid."})).await;
        close(&app, &case).await;
        app.jump_to("2026-12-04T10:00:00Z").await;
        assert_eq!(n_asked(&app, ADA).await, 1, "once for each case");
        assert_eq!(figures(&app).await["survey"]["invited"], 1);
    }

    async fn nobody_is_asked_twice_in_ninety_days_whatever_else_of_theirs_is_closed(app) {
        let app = app.replica_with(asking(100)).await;
        closed(&app, ada()).await;
        let light = log(&app, about("street-lighting", "light-out", ada())).await;
        close(&app, &reference(&light)).await;
        app.jump_to(MONDAY).await;
        assert_eq!(n_asked(&app, ADA).await, 1);
        app.jump_to("2027-02-17T10:00:00Z").await;
        closed(&app, ada()).await;
        app.jump_to("2027-02-19T10:00:00Z").await;
        assert_eq!(n_asked(&app, ADA).await, 1, "89 days after the first was written");
        closed(&app, ada()).await;
        app.jump_to("2027-02-24T10:00:00Z").await;
        assert_eq!(n_asked(&app, ADA).await, 2, "and after 91 days again");
    }

    async fn whoever_has_told_us_already_is_not_asked(app) {
        let app = app.replica_with(asking(100)).await;
        let before = log(&app, from(ada(), "It was not emptied.")).await;
        answer(&app, &before, 5, "").await;
        close(&app, &reference(&before)).await;
        // And whoever tells us while the question waits for the morning.
        let meanwhile = closed(&app, somebody(2)).await;
        answer(&app, &meanwhile, 3, "").await;
        app.jump_to(MONDAY).await;
        assert_eq!((n_asked(&app, ADA).await, n_asked(&app, "p2@mail.example").await), (0, 0));
        let told = figures(&app).await;
        assert_eq!(told["survey"]["invited"], 0);
        assert_eq!(told["satisfaction"], json!({"score": 4.0, "responses": 2, "invited": null}));
    }

    async fn chance_decides_whom_we_ask_and_every_replica_decides_alike(app) {
        let (one, other) = (app.replica_with(asking(40)).await, app.replica_with(asking(40)).await);
        let mut expect = Vec::new();
        for n in 0..20 {
            let at = if n % 2 == 0 { &one } else { &other };
            let logged = closed(at, somebody(n)).await;
            let id: CaseId = logged["case"]["id"].as_str().unwrap().parse().unwrap();
            if is_drawn(id, 40) {
                expect.push(format!("p{n}@mail.example"));
            }
        }
        one.jump_to(MONDAY).await;
        let mut asked: Vec<String> = one.mails().await.into_iter().filter(|mail| mail.kind() == "survey").map(|mail| mail.to).collect();
        expect.sort();
        asked.sort();
        assert_eq!(asked, expect);
        other.catch_up().await;
        assert!(other.mails().await.iter().all(|mail| mail.kind() != "survey"), "once, whoever sends it");
    }

    async fn an_answer_after_the_link_has_ended_is_refused(app) {
        let app = app.replica_with(asking(100)).await;
        let logged = closed(&app, ada()).await;
        app.jump_to(MONDAY).await;
        app.move_to("2027-12-26T10:00:00Z");
        let refused = app.post(&follower(&logged), "/v1/public/tracking/feedback", json!({"score": 5})).await.expect(401);
        assert_eq!(refused["code"], "token_invalid", "{refused:#}");
        assert_eq!(figures(&app).await["survey"], survey(1, 0, json!(0.0), Value::Null, Value::Null));
    }

    async fn what_people_wrote_is_read_by_those_who_may_read_the_case_and_counted_for_all(app) {
        let app = app.replica_with(asking(100)).await;
        let bins = closed(&app, ada()).await;
        let light = log(&app, about("street-lighting", "light-out", somebody(2))).await;
        close(&app, &reference(&light)).await;
        app.jump_to(MONDAY).await;
        answer(&app, &bins, 2, "Nobody rang me.").await;
        answer(&app, &light, 5, "Bright again.").await;
        let query = "from_on=2026-11-20&to_on=2026-11-20";
        let leader = app.team_leader().await;
        let report = app.get(&leader, &format!("/v1/reports/satisfaction?{query}")).await.expect(200);
        assert_eq!(report["all"]["survey"], survey(1, 1, json!(100.0), json!(2.0), json!(0.0)), "{report:#}");
        let line = &report["items"][0];
        assert_eq!((&line["key"], &line["received"]), (&json!("waste-collection"), &json!(1)));
        let listed = app.get(&leader, line["comments"].as_str().unwrap()).await.expect(200);
        let comment = &listed["items"][0];
        assert_eq!((&comment["score"], &comment["comment"]), (&json!(2), &json!("Nobody rang me.")));
        assert_eq!(comment["case"]["reference"], reference(&bins));
        let all = format!("/v1/reports/satisfaction/comments?{query}");
        let of = async |email: &str| {
            let who = app.sign_in(email).await;
            let page = app.get(&who, &all).await.expect(200);
            page["items"].as_array().unwrap().iter().map(|one| one["comment"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(of("bins.officer@council.example").await, ["Nobody rang me."]);
        assert_eq!(of("roads.officer@council.example").await, Vec::<String>::new());
        assert_eq!(of("officer@council.example").await, ["Bright again.", "Nobody rang me."]);
        let first = app.get(&app.officer().await, &format!("{all}&limit=1")).await.expect(200);
        let next = format!("{all}&limit=1&cursor={}", first["next_cursor"].as_str().unwrap());
        let second = app.get(&app.officer().await, &next).await.expect(200);
        assert_eq!(second["items"][0]["comment"], "Nobody rang me.");
        let auditor = app.sign_in("auditor@council.example").await;
        app.get(&auditor, &all).await.expect(403);
        let table = TestRequest::get().uri(&format!("/v1/reports/satisfaction?{query}")).insert_header(("accept", "text/csv"));
        let table = app.send(&auditor, table).await;
        let lines: Vec<&str> = table.text.split("\r\n").collect();
        assert_eq!(lines[3], "2026-11-20,2026-11-20,service,(all),All together,2,2,2,100,3.5,50,3.5,2", "{}", table.text);
        let unknown = app.get(&leader, &format!("{all}&service=waste-colection")).await.expect(422);
        assert_eq!(unknown["errors"][0]["pointer"], "/service", "{unknown:#}");
    }

    async fn contacts_that_need_not_have_been_stand_beside_the_promises(app) {
        let logged = log(&app, from(ada(), "It was not emptied.")).await;
        let again = log(&app, json!({"channel": "phone", "case": reference(&logged), "body": "Any news of my bin?"})).await;
        assert_eq!(figures(&app).await["avoidable_contact"], json!({"contacts": 2, "avoidable": 1, "percent": 50.0}));
        let path = format!("/v1/cases/{}/contact-reasons", reference(&logged));
        let right = json!({"contact": again["contact"]["id"], "contact_reason": "not_avoidable"});
        let agent = app.agent().await;
        app.post(&agent, &path, right).await.expect(201);
        assert_eq!(figures(&app).await["avoidable_contact"]["avoidable"], 0);
        close(&app, &reference(&logged)).await;
        measuring::roll_up(&app.desk).await.unwrap();
        let wrong = json!({"contact": logged["contact"]["id"], "contact_reason": "service_failed"});
        app.post(&agent, &path, wrong).await.expect(201);
        assert_eq!(figures(&app).await["avoidable_contact"], json!({"contacts": 2, "avoidable": 1, "percent": 50.0}));
    }

    async fn a_case_put_right_after_its_period_keeps_the_totals_and_the_report_says_so(app) {
        let (officer, leader) = (app.officer().await, app.team_leader().await);
        let logged = log(&app, from(ada(), "Mine, and Mrs Next Door says so too.")).await;
        let (joined, whole) = (log(&app, from(somebody(3), "Full.")).await, log(&app, from(somebody(4), "Full bin.")).await);
        let moved = log(&app, from(somebody(5), "A container.")).await;
        let auditor = app.sign_in("auditor@council.example").await;
        let query = "from_on=2026-11-20&to_on=2026-11-20&group_by=category";
        let path = format!("/v1/reports/performance?{query}");
        let early = app.get(&auditor, &path).await.expect(200);
        let corrected = |told: &Value| {
            let all = told["corrected_since"].as_object().unwrap().clone();
            all.into_iter().filter(|(_, n)| *n != 0).collect::<Value>()
        };
        assert_eq!(corrected(&early), json!({}));
        app.jump_to(MONDAY).await;
        let taken = json!({"ground": "third_party", "reason": "A neighbour", "texts": ["Mrs Next Door"]});
        act(&app, &leader, &reference(&logged), "redactions", taken).await;
        act(&app, &leader, &reference(&logged), "redactions", json!({"ground": "third_party", "reason": "A neighbour", "texts": ["says so too"]})).await;
        act(&app, &officer, &reference(&joined), "merges", json!({"into": reference(&whole)})).await;
        let case = format!("/v1/cases/{}", reference(&moved));
        let etag = app.get(&officer, &case).await.header("etag").unwrap().to_owned();
        let patch = TestRequest::patch().uri(&case).insert_header(("if-match", etag)).set_json(json!({"category": "new-container", "reason": "They asked for one."}));
        app.send(&officer, patch).await.expect(200);
        let late = app.get(&auditor, &path).await.expect(200);
        assert_eq!(corrected(&late), json!({"cases": 3, "redacted": 1, "merged": 1, "placed_anew": 1}), "{late:#}");
        assert_eq!((&late["all"]["received"], &early["all"]["received"]), (&json!(4), &json!(4)));
        let table = TestRequest::get().uri(&path).insert_header(("accept", "text/csv"));
        let table = app.send(&auditor, table).await.text;
        let (head, all) = (table.lines().next().unwrap(), table.lines().last().unwrap());
        assert!(head.ends_with(",corrected_since") && all.ends_with(",3"), "{table}");
        let today = app.get(&auditor, "/v1/reports/performance?from_on=2026-11-20&to_on=2026-11-23").await.expect(200);
        assert_eq!(today["corrected_since"]["cases"], 0, "the period has not ended");
    }
}
