//! Who came to the access points, in figures beside the telephone's.

use actix_web::test::TestRequest;
use serde_json::{Value, json};

use crate::intake::log;
use crate::support::{Caller, TestApp};

async fn count(app: &TestApp, who: &Caller, point: &str, people: i32) -> Value {
    let came = json!({"access_point": point, "on": "2026-11-20", "people": people});
    app.post(who, "/v1/visits", came).await.expect(201)
}

fn came(n: usize, point: &str) -> Value {
    json!({
        "channel": "face_to_face", "body": "Number 14 again.", "access_point": point, "service": "waste-collection",
        "category": "missed-bin", "person": {"name": format!("Person {n}"), "email": format!("p{n}@mail.example")},
    })
}

fn point<'r>(report: &'r Value, slug: &str) -> &'r Value {
    let points = report["by_access_point"].as_array().unwrap();
    points
        .iter()
        .find(|one| one["access_point"] == slug)
        .unwrap()
}

fn figures(line: &Value) -> [u64; 3] {
    ["visits", "with_contact", "without_contact"].map(|name| line[name].as_u64().unwrap())
}

stories! {
    async fn whoever_comes_with_a_matter_and_whoever_comes_without_are_counted_by_place_and_day(app) {
        let agent = app.agent().await;
        for n in 0..3 {
            log(&app, came(n, "northmere-hub")).await;
        }
        let first = log(&app, came(7, "peverel-road")).await;
        // They come again about the same thing, and are logged on the case: another visit.
        let again = json!({
            "channel": "face_to_face", "body": "Any news?", "access_point": "northmere-hub", "case": first["case"]["reference"],
        });
        log(&app, again).await;
        let noted = count(&app, &agent, "northmere-hub", 12).await;
        assert_eq!(figures(&noted["day"]), [16, 4, 12]);
        let noted = count(&app, &app.key("partner"), "northmere-hub", 3).await;
        assert_eq!(figures(&noted["day"]), [19, 4, 15], "counts of one day add up");
        app.jump_to("2026-11-23T10:00:00Z").await;
        log(&app, came(8, "northmere-hub")).await;
        let report = app.get(&agent, "/v1/reports/visits?from_on=2026-11-20&to_on=2026-11-23").await.expect(200);
        assert_eq!(figures(&report), [21, 6, 15]);
        let hub = point(&report, "northmere-hub");
        assert_eq!((figures(hub), hub["name"].as_str().unwrap()), ([20, 5, 15], "Northmere Customer Hub"));
        let days: Vec<(&Value, [u64; 3])> = hub["by_day"].as_array().unwrap().iter().map(|day| (&day["on"], figures(day))).collect();
        assert_eq!(days, [(&json!("2026-11-20"), [19, 4, 15]), (&json!("2026-11-23"), [1, 1, 0])]);
        assert_eq!(figures(point(&report, "ferncroft-centre")), [0, 0, 0], "one that nobody came to is told too");
        let calls = app.get(&agent, "/v1/reports/calls?from_on=2026-11-20&to_on=2026-11-20").await.expect(200);
        assert_eq!(figures(&calls["visits"]), [20, 5, 15]);
        let defined: Vec<&str> = calls["definitions"].as_array().unwrap().iter().map(|one| one["figure"].as_str().unwrap()).collect();
        for member in calls.as_object().unwrap().keys() {
            let is_a_figure = !["from_on", "to_on", "by_line", "by_queue", "definitions"].contains(&member.as_str());
            assert!(!is_a_figure || defined.contains(&member.as_str()), "{member} is defined nowhere");
        }
    }

    async fn a_count_that_was_wrong_is_put_right_and_never_falls_below_nobody(app) {
        let agent = app.agent().await;
        log(&app, came(1, "northmere-hub")).await;
        count(&app, &agent, "northmere-hub", 12).await;
        let right = count(&app, &agent, "northmere-hub", -2).await;
        assert_eq!(figures(&right["day"]), [11, 1, 10]);
        let refused = async |body: Value| {
            let refused = app.post(&agent, "/v1/visits", body).await.expect(422);
            refused["errors"][0]["pointer"].as_str().unwrap().to_owned()
        };
        let of = |point: &str, on: &str, people: i32| json!({"access_point": point, "on": on, "people": people});
        assert_eq!(refused(of("northmere-hub", "2026-11-20", -11)).await, "/people");
        assert_eq!(refused(of("northmere-hub", "2026-11-19", -1)).await, "/people");
        assert_eq!(refused(of("northmere-hub", "2026-11-20", 0)).await, "/people");
        assert_eq!(refused(of("northmere-hub", "2026-11-20", 1001)).await, "/people");
        assert_eq!(refused(of("northmere-hub", "2026-11-21", 1)).await, "/on");
        assert_eq!(refused(of("northmere-hub", "2025-11-01", 1)).await, "/on");
        assert_eq!(refused(of("moon-base", "2026-11-20", 1)).await, "/access_point");
        let report = app.get(&agent, "/v1/reports/visits").await.expect(200);
        assert_eq!(figures(&report), [11, 1, 10]);
        assert_eq!(report["from_on"], "2026-11-20", "unsaid is today");
    }

    async fn a_count_sent_twice_is_counted_once_and_a_councillor_reads_how_many_came(app) {
        let agent = app.agent().await;
        let body = json!({"access_point": "larkfield-library", "people": 5}).to_string();
        let headers = [("content-type", "application/json"), ("idempotency-key", "desk-1")];
        for _ in 0..2 {
            assert_eq!(app.post_with(&agent, "/v1/visits", &headers, &body).await.status, 201);
        }
        let councillor = app.sign_in("cllr.anwen.prothero@council.example").await;
        let report = app.get(&councillor, "/v1/reports/visits").await.expect(200);
        assert_eq!(figures(point(&report, "larkfield-library")), [5, 0, 5]);
        app.post(&councillor, "/v1/visits", json!({"access_point": "larkfield-library", "people": 5})).await.expect(403);
        let table = TestRequest::get().uri("/v1/reports/visits").insert_header(("accept", "text/csv"));
        let table = app.send(&agent, table).await;
        let lines: Vec<&str> = table.text.split("\r\n").collect();
        assert_eq!(lines[1], "2026-11-20,larkfield-library,Larkfield Library access point,5,0,5", "{}", table.text);
        let calls = TestRequest::get().uri("/v1/reports/calls").insert_header(("accept", "text/csv"));
        let calls = app.send(&agent, calls).await;
        assert!(calls.text.starts_with("of,name,offered,answered,abandoned,"), "{}", calls.text);
    }
}
