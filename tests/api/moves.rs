//! A new catalogue and the open cases: what would move, and the move that somebody asks for.

use actix_web::test::TestRequest;
use serde_json::{Value, json};

use crate::intake::{log, missed_bin};
use crate::support::{Caller, Reply, TestApp};

/// The day Ada was told.
const TOLD: &str = "Tuesday 24 November 2026";

async fn admin(app: &TestApp) -> Caller {
    app.sign_in("admin@council.example").await
}

/// The catalogue in force, changed.
async fn changed(app: &TestApp, change: impl Fn(&mut Value)) -> (Value, String) {
    let read = app.get(&admin(app).await, "/v1/catalogue").await;
    let etag = read.header("etag").unwrap().to_owned();
    let mut tree = read.expect(200);
    change(&mut tree);
    (tree, etag)
}

fn holiday_on_the_24th(tree: &mut Value) {
    tree["calendars"]["northmere"]["extra_holidays"] =
        json!([{"on": "2026-11-24", "title": "One-off bank holiday"}]);
}

fn no_holiday(tree: &mut Value) {
    tree["calendars"]["northmere"]
        .as_object_mut()
        .unwrap()
        .remove("extra_holidays");
}

async fn put(app: &TestApp, query: &str, (tree, etag): &(Value, String)) -> Reply {
    let request = TestRequest::put()
        .uri(&format!("/v1/catalogue{query}"))
        .insert_header(("if-match", etag.clone()))
        .set_json(tree);
    app.send(&admin(app).await, request).await
}

async fn apply(app: &TestApp, query: &str, change: impl Fn(&mut Value)) -> Value {
    let new = changed(app, change).await;
    let answer = put(app, query, &new).await.expect(200);
    app.catch_up().await;
    answer
}

async fn case(app: &TestApp, reference: &str) -> Value {
    app.get(&app.officer().await, &format!("/v1/cases/{reference}"))
        .await
        .expect(200)
}

/// The lines of a case's timeline that say it came under other terms.
async fn moves_of(app: &TestApp, reference: &str) -> Vec<Value> {
    let timeline = app
        .get(
            &app.officer().await,
            &format!("/v1/cases/{reference}/timeline"),
        )
        .await
        .expect(200);
    let lines = timeline["items"].as_array().unwrap().clone();
    lines
        .into_iter()
        .filter(|line| line["kind"] == "terms_moved")
        .collect()
}

async fn told_of_a_later_date(app: &TestApp) -> Vec<String> {
    let mails = app.mails_to("ada@mail.example").await;
    mails
        .into_iter()
        .filter(|mail| mail.kind() == "extension")
        .map(|mail| mail.raw)
        .collect()
}

fn reference(logged: &Value) -> String {
    logged["case"]["reference"].as_str().unwrap().to_owned()
}

stories! {
    async fn a_one_off_holiday_names_the_cases_whose_date_it_would_move(app) {
        let reference = reference(&log(&app, missed_bin()).await);
        app.catch_up().await;
        let new = changed(&app, holiday_on_the_24th).await;
        let preview = put(&app, "?dry_run=true", &new).await.expect(200);
        assert_eq!(preview["changes"][0]["path"], "/calendars/northmere/extra_holidays");
        let moves = &preview["moves"];
        assert_eq!((&moves["n_cases"], &moves["n_later"], &moves["n_earlier"]), (&json!(1), &json!(1), &json!(0)));
        assert_eq!(moves["n_dates"], 1, "the acknowledgement is met: {moves:#}");
        assert_eq!(moves["limit"], 100);
        let date = &moves["items"][0];
        assert_eq!(date["reference"], reference.as_str());
        assert_eq!(date["clock"], "respond");
        assert_eq!((&date["from_on"], &date["to_on"]), (&json!("2026-11-24"), &json!("2026-11-25")));
        assert_eq!((&date["from"], &date["to"]), (&json!("2026-11-24T17:00:00Z"), &json!("2026-11-25T17:00:00Z")));
        assert_eq!(date["why"], "Tuesday 24 November 2026 does not count any more (One-off bank holiday)");
        let none_named = put(&app, "?dry_run=true&limit=0", &new).await;
        assert_eq!(none_named.status, 400, "{}", none_named.text);
        app.catch_up().await;
        assert_eq!(case(&app, &reference).await["respond_on"], "2026-11-24", "looking changes nothing");
        let versions = app.get(&admin(&app).await, "/v1/catalogue/versions").await.expect(200);
        assert_eq!(versions["items"].as_array().unwrap().len(), 1);
    }

    async fn a_new_catalogue_moves_no_open_case_unless_somebody_says_so(app) {
        let before = reference(&log(&app, missed_bin()).await);
        let applied = apply(&app, "", holiday_on_the_24th).await;
        assert_eq!(applied["moves"], Value::Null);
        assert_eq!(case(&app, &before).await["respond_on"], "2026-11-24");
        assert_eq!(moves_of(&app, &before).await, Vec::<Value>::new());
        assert_eq!(told_of_a_later_date(&app).await, Vec::<String>::new());
        let mut body = missed_bin();
        body["person"]["email"] = json!("bob@mail.example");
        let after = log(&app, body).await;
        assert_eq!(after["case"]["respond_on"], "2026-11-25", "a new case is promised by the new calendar");
    }

    async fn open_cases_move_when_somebody_says_so_and_the_person_is_told_once(app) {
        let logged = log(&app, missed_bin()).await;
        let reference = reference(&logged);
        app.catch_up().await;
        let read = app.get(&app.officer().await, &format!("/v1/cases/{reference}")).await;
        let stale = read.header("etag").unwrap().to_owned();
        let applied = apply(&app, "?move_open_cases=true", holiday_on_the_24th).await;
        assert_eq!(applied["moves"]["n_cases"], 1, "{applied:#}");

        let moved = case(&app, &reference).await;
        assert_eq!(moved["respond_on"], "2026-11-25");
        assert_eq!(moved["respond_by"], "2026-11-25T17:00:00Z");
        assert_eq!(moved["first_promised_on"], "2026-11-24", "the first date told is kept for ever");
        let lines = moves_of(&app, &reference).await;
        assert_eq!(lines.len(), 1);
        let line = &lines[0];
        assert_eq!(line["actor"]["name"], "Abe Admin");
        assert_eq!(line["public"], true);
        assert_eq!(line["words"], "We gave you a new date.");
        let detail = &line["detail"];
        assert_eq!(detail["version"], applied["version"]);
        assert_ne!(detail["from"], detail["to"]);
        assert_eq!(detail["dates"][0]["clock"], "respond");
        assert_eq!((&detail["dates"][0]["from_on"], &detail["dates"][0]["to_on"]), (&json!("2026-11-24"), &json!("2026-11-25")));

        let mails = told_of_a_later_date(&app).await;
        assert_eq!(mails.len(), 1, "{mails:#?}");
        for words in [
            "The date we gave you has changed.",
            "5pm on Wednesday 25 November 2026.",
            &format!("The date we gave you before was 5pm on {TOLD}."),
            &format!("{TOLD} is not a working day any more."),
        ] {
            assert!(mails[0].contains(words), "{words}: {}", mails[0]);
        }
        let person = Caller { bearer: Some(logged["tracking"]["token"].as_str().unwrap().to_owned()) };
        let view = app.get(&person, "/v1/public/tracking").await.expect(200);
        assert_eq!(view["respond_on"], "2026-11-25");
        assert!(view["history"].as_array().unwrap().iter().any(|line| line["what"] == "We gave you a new date."));

        let late = TestRequest::patch().uri(&format!("/v1/cases/{reference}")).insert_header(("if-match", stale))
            .set_json(json!({"priority": "high"}));
        assert_eq!(app.send(&app.officer().await, late).await.status, 412, "the officer read another date");

        let again = apply(&app, "?move_open_cases=true", |_| {}).await;
        assert_eq!((&again["moves"]["n_cases"], &again["moves"]["n_unchanged"]), (&json!(0), &json!(0)));
        assert_eq!(moves_of(&app, &reference).await.len(), 1);
        assert_eq!(told_of_a_later_date(&app).await.len(), 1);
        let path = format!("/v1/catalogue/versions/{}", again["version"]);
        let version = app.get(&admin(&app).await, &path).await.expect(200);
        assert_ne!(version["open_cases"]["finished_at"], Value::Null);
    }

    async fn nobody_is_written_to_about_an_earlier_date_nor_about_one_they_know(app) {
        let reference = reference(&log(&app, missed_bin()).await);
        apply(&app, "?move_open_cases=true", holiday_on_the_24th).await;
        assert_eq!(told_of_a_later_date(&app).await.len(), 1);
        let back = apply(&app, "?move_open_cases=true", no_holiday).await;
        assert_eq!((&back["moves"]["n_earlier"], &back["moves"]["n_later"]), (&json!(1), &json!(0)));
        assert_eq!(back["moves"]["items"][0]["why"], "Tuesday 24 November 2026 counts now");
        assert_eq!(case(&app, &reference).await["respond_on"], "2026-11-24");
        apply(&app, "?move_open_cases=true", holiday_on_the_24th).await;
        assert_eq!(case(&app, &reference).await["respond_on"], "2026-11-25");
        assert_eq!(moves_of(&app, &reference).await.len(), 3);
        assert_eq!(told_of_a_later_date(&app).await.len(), 1, "the 25th was told already");
    }

    async fn a_broken_promise_stays_broken_whatever_the_calendar_says_later(app) {
        let reference = reference(&log(&app, missed_bin()).await);
        app.jump_to("2026-11-24T17:30:00Z").await;
        let applied = apply(&app, "?move_open_cases=true", holiday_on_the_24th).await;
        assert_eq!((&applied["moves"]["n_cases"], &applied["moves"]["n_unchanged"]), (&json!(0), &json!(1)));
        let clocks = app.get(&app.officer().await, &format!("/v1/cases/{reference}/clocks")).await.expect(200);
        let respond = clocks["items"].as_array().unwrap().iter().find(|clock| clock["name"] == "respond").unwrap().clone();
        assert_eq!(respond["state"], "missed");
        assert_eq!(respond["due_on"], "2026-11-24");
        assert_eq!(respond["missed_at"], "2026-11-24T17:00:00Z");
        let lines = moves_of(&app, &reference).await;
        assert_eq!(lines.len(), 1, "that it came under other terms is on it all the same");
        assert_eq!(lines[0]["public"], false);
        assert_eq!(told_of_a_later_date(&app).await, Vec::<String>::new());
    }

    async fn a_date_never_moves_into_the_past(app) {
        let reference = reference(&log(&app, missed_bin()).await);
        app.jump_to("2026-11-24T10:00:00Z").await;
        let sooner = |tree: &mut Value| {
            tree["calendars"]["northmere"]["half_days"]["2026-11-24"] = json!({"closes": "10:00", "reason": "Boiler"});
        };
        let applied = apply(&app, "?move_open_cases=true", sooner).await;
        assert_eq!((&applied["moves"]["n_cases"], &applied["moves"]["n_stay"]), (&json!(0), &json!(1)));
        let kept = case(&app, &reference).await;
        assert_eq!(kept["respond_by"], "2026-11-24T17:00:00Z");
        assert_eq!(moves_of(&app, &reference).await, Vec::<Value>::new());
    }

    async fn a_case_that_must_not_be_named_is_only_counted(app) {
        let mut body = missed_bin();
        body["service"] = json!("council-tax");
        body["category"] = json!("ct-bill");
        log(&app, body).await;
        let new = changed(&app, |tree| {
            let days: Vec<Value> = (1..=30).map(|day| json!({"on": format!("2026-11-{day:02}"), "title": "Closed"})).collect();
            tree["calendars"]["northmere"]["extra_holidays"] = json!(days);
        }).await;
        let preview = put(&app, "?dry_run=true", &new).await.expect(200);
        assert_eq!(preview["moves"]["n_cases"], 1, "{preview:#}");
        assert_eq!(preview["moves"]["items"], json!([]));
    }

    async fn wording_nobody_could_send_is_not_stored(app) {
        let new = changed(&app, |tree| {
            tree["templates"]["en/reply.txt"] = json!("Subject: Your reply\n\n{{ bank_balance }}\n");
        }).await;
        let refused = put(&app, "", &new).await.expect(422);
        assert!(refused["errors"].as_array().unwrap().iter().any(|fault| fault["pointer"] == "/templates/en~1reply.txt"), "{refused:#}");
        let versions = app.get(&admin(&app).await, "/v1/catalogue/versions").await.expect(200);
        assert_eq!(versions["items"].as_array().unwrap().len(), 1);
    }
}
