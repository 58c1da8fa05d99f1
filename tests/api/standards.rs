//! The published standards: what is promised beside what was kept, for everybody.

use actix_web::test::TestRequest;
use serde_json::{Value, json};

use crate::intake::log;
use crate::support::{Caller, Reply, TestApp};

async fn standards(app: &TestApp, headers: &[(&'static str, &str)]) -> Reply {
    let mut request = TestRequest::get().uri("/v1/public/standards");
    for (name, value) in headers {
        request = request.insert_header((*name, *value));
    }
    app.send(&Caller::nobody(), request).await
}

fn of<'s>(standards: &'s Value, category: &str) -> &'s Value {
    let items = standards["items"].as_array().unwrap();
    items
        .iter()
        .find(|item| item["category"] == category)
        .unwrap_or_else(|| panic!("no {category}"))
}

async fn reported(app: &TestApp, n: usize, service: &str, category: &str) -> String {
    let logged = log(app, json!({
        "channel": "phone", "body": format!("Number {n}."), "service": service, "category": category,
        "person": {"name": format!("Person {n}"), "email": format!("p{n}@mail.example")},
    })).await;
    logged["case"]["reference"].as_str().unwrap().to_owned()
}

stories! {
    async fn everybody_reads_what_is_promised_and_how_it_was_kept_in_the_last_twelve_months(app) {
        let officer = app.officer().await;
        for n in 0..11 {
            let reference = reported(&app, n, "waste-collection", "missed-bin").await;
            if n < 6 {
                let answer = json!({"text": "Emptied.", "kind": "substantive", "outcome": "resolved"});
                app.post(&officer, &format!("/v1/cases/{reference}/replies"), answer).await.expect(201);
            }
        }
        reported(&app, 20, "street-lighting", "light-out").await;
        for n in 30..36 {
            reported(&app, n, "highways-maintenance", "pothole").await;
        }
        let child = json!({
            "channel": "phone", "body": "A child is hurt.", "service": "childrens-social-care", "category": "child-at-risk",
            "person": {"name": "Ada Example", "email": "ada@mail.example"}
        });
        app.post(&app.agent().await, "/v1/contacts", child).await.expect(201);

        // Until the month is over nothing of it is published.
        let told = standards(&app, &[]).await.expect(200);
        assert_eq!((&told["from_on"], &told["to_on"]), (&json!("2025-11-01"), &json!("2026-10-31")));
        assert_eq!(of(&told, "missed-bin")["received"], 0);

        app.jump_to("2026-12-02T09:00:00Z").await;
        let reply = standards(&app, &[]).await;
        let told = reply.json();
        assert_eq!((&told["from_on"], &told["to_on"]), (&json!("2025-12-01"), &json!("2026-11-30")));
        let bins = of(&told, "missed-bin");
        assert_eq!((&bins["service"], &bins["received"]), (&json!("waste-collection"), &json!(11)));
        assert_eq!(bins["answered"], json!({"in_time": 6, "of": 11, "percent": 54.5}), "{bins:#}");
        let kept = |clock: &str| bins["promises"].as_array().unwrap().iter().find(|promise| promise["clock"] == clock).unwrap()["kept"].clone();
        assert_eq!((kept("respond"), kept("acknowledge")), (bins["answered"].clone(), bins["acknowledged"].clone()));
        // Two dates of one repair: each has its own figures.
        let pothole = of(&told, "pothole");
        let kept: Vec<(&Value, &Value)> = pothole["promises"].as_array().unwrap().iter().map(|promise| (&promise["clock"], &promise["kept"]["of"])).collect();
        assert_eq!(kept[1..], [(&json!("inspect"), &json!(6)), (&json!("repair"), &json!(0))], "{pothole:#}");
        assert_eq!((&bins["median_working_days"], &bins["p90_working_days"]), (&json!(0), &json!(0)));
        let words: Vec<&str> = bins["promises"].as_array().unwrap().iter().map(|promise| promise["words"].as_str().unwrap()).collect();
        assert!(words.iter().any(|words| words.starts_with("We promise to ") && words.ends_with(" within 2 working days.")), "{words:?}");
        let light = of(&told, "light-out");
        assert_eq!((&light["received"], &light["answered"]["of"]), (&Value::Null, &Value::Null), "one is too few to tell: {light:#}");
        // What only named people may know of is not even a name, and nobody else is one either.
        for word in ["child-at-risk", "Child at risk", "@council.example", "Hana Head"] {
            assert!(!reply.text.contains(word), "{word}");
        }
        for definition in told["definitions"].as_array().unwrap() {
            let words = definition["means"].as_str().unwrap();
            assert!(reeve::domain::wording::banned_words(words).is_empty(), "{words}");
            assert!(reeve::domain::wording::long_sentences(words).is_empty(), "{words}");
        }
    }

    async fn the_standards_are_open_data_and_sent_once_to_whoever_has_them(app) {
        let first = standards(&app, &[]).await;
        let etag = first.header("etag").unwrap().to_owned();
        assert_eq!(standards(&app, &[("if-none-match", &etag)]).await.status, 304);
        let table = standards(&app, &[("accept", "text/csv")]).await;
        assert!(table.header("content-type").unwrap().starts_with("text/csv"));
        assert_ne!(table.header("etag").unwrap(), etag, "a table is another text");
        let lines: Vec<&str> = table.text.split("\r\n").collect();
        assert!(lines[0].starts_with("from_on,to_on,service,service_name,category,name,"), "{}", lines[0]);
        assert!(lines[0].ends_with(",promises_kept,definitions"), "{}", lines[0]);
        assert!(lines[1].contains("answered: `in_time`: the answer was given before the first date"), "{}", lines[1]);
        assert_eq!(lines.len(), first.json()["items"].as_array().unwrap().len() + 2, "a line for each, and the first and the last");
        // What is promised differently from now on is published at once.
        let admin = app.sign_in("admin@council.example").await;
        let read = app.get(&admin, "/v1/catalogue").await;
        let version = read.header("etag").unwrap().to_owned();
        let mut tree = read.expect(200);
        let categories = tree["services"]["waste-collection"]["categories"].as_array_mut().unwrap();
        categories.iter_mut().find(|category| category["slug"] == "missed-bin").unwrap()["name"] = json!("A bin left behind");
        let put = TestRequest::put().uri("/v1/catalogue").insert_header(("if-match", version)).set_json(&tree);
        app.send(&admin, put).await.expect(200);
        let now = standards(&app, &[("if-none-match", &etag)]).await.expect(200);
        assert_eq!(of(&now, "missed-bin")["name"], "A bin left behind");
    }
}
