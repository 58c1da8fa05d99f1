//! The form of a service, as a website shows it to residents.

use actix_web::test::TestRequest;
use serde_json::{Value, json};

use crate::support::{Caller, Reply, TestApp};

async fn form(app: &TestApp, service: &str, language: &str) -> Value {
    let path = format!("/v1/public/services/{service}/form?language={language}");
    app.get(&Caller::nobody(), &path).await.expect(200)
}

fn of<'f>(form: &'f Value, category: &str) -> &'f Value {
    let categories = form["categories"].as_array().unwrap();
    categories
        .iter()
        .find(|one| one["slug"] == category)
        .unwrap()
}

async fn send(app: &TestApp, body: Value) -> Reply {
    app.post(&Caller::nobody(), "/v1/public/contacts", body)
        .await
}

fn faults(refused: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let errors = refused["errors"].as_array().unwrap().iter();
    errors
        .map(|fault| (text(&fault["pointer"]), text(&fault["code"])))
        .collect()
}

fn owned(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs
        .iter()
        .map(|(one, other)| ((*one).to_owned(), (*other).to_owned()))
        .collect()
}

fn sofa() -> Value {
    json!({
        "body": "A sofa on the verge by the gate.", "service": "fly-tipping", "category": "fly-tip",
        "person": {"name": "Ada Example", "email": "ada@mail.example"},
        "location": {"uprn": "100000000001", "lat": 54.35, "long": -1.45},
        "fields": {"size": "van", "what": ["furniture"]},
    })
}

stories! {
    async fn a_form_asks_about_danger_first_with_the_number_beside_it(app) {
        let asked = form(&app, "fly-tipping", "en").await;
        assert_eq!(asked["danger"]["question"], "Is somebody in danger now?");
        let number = asked["danger"]["phone"].as_str().unwrap();
        let words = asked["danger"]["if_yes"].as_str().unwrap();
        assert!(words.contains("999") && words.contains(number), "{words}");
        let schema = &of(&asked, "fly-tip")["schema"];
        let first = schema["properties"].as_object().unwrap().keys().next().unwrap();
        assert_eq!(first, "danger");
        let size = &schema["properties"]["fields"]["properties"]["size"];
        assert_eq!((&size["title"], &size["oneOf"][0]), (&json!("How much is there?"), &json!({"const": "bags", "title": "A bag or two"})));
        // What it asks for is what is taken.
        let validator = jsonschema::validator_for(schema).unwrap();
        assert!(validator.is_valid(&sofa()));
        let told = send(&app, sofa()).await.expect(201);
        let reference = told["reference"].as_str().unwrap();
        let officer = app.officer().await;
        let case = app.get(&officer, &format!("/v1/cases/{reference}")).await.expect(200);
        assert_eq!(case["fields"], json!({"size": "van", "what": ["furniture"]}));
        assert_eq!(case["location"]["uprn"], "100000000001");
        // What is only to be read is no question.
        let lights = form(&app, "street-lighting", "en").await;
        let out = of(&lights, "light-out");
        assert!(out["notes"][0].as_str().unwrap().contains("wires"), "{out:#}");
        assert!(out["schema"]["properties"]["fields"]["properties"].get("wires").is_none());
        assert_eq!(app.get(&Caller::nobody(), "/v1/public/services/no-such/form").await.status, 404);
        let children = form(&app, "childrens-social-care", "en").await;
        assert!(!children.to_string().contains("child-at-risk"), "restricted matters are not listed");
    }

    async fn a_form_is_in_welsh_where_the_catalogue_is(app) {
        let asked = form(&app, "fly-tipping", "cy").await;
        assert_eq!(asked["danger"]["question"], "A oes rhywun mewn perygl nawr?");
        let fields = &of(&asked, "fly-tip")["schema"]["properties"]["fields"]["properties"];
        assert_eq!((&fields["size"]["title"], &fields["size"]["oneOf"][2]["title"]), (&json!("Faint sydd yno?"), &json!("Llond fan neu fwy")));
        assert_eq!(fields["what"]["title"], "What has been dumped?", "English where there is no Welsh");
        let unknown = app.get(&Caller::nobody(), "/v1/public/services/fly-tipping/form?language=fr").await;
        assert_eq!(unknown.status, 400);
    }

    async fn an_answer_that_does_not_fit_is_named_where_it_stands(app) {
        let mut body = sofa();
        body["fields"] = json!({"size": "lorry", "what": ["furniture", "car"], "colour": "red"});
        let refused = send(&app, body.clone()).await.expect(422);
        assert_eq!(faults(&refused), owned(&[
            ("/fields/colour", "unknown_field"), ("/fields/size", "unknown_value"), ("/fields/what", "unknown_value"),
        ]));
        body["channel"] = json!("phone");
        let agent = app.agent().await;
        let refused = app.post(&agent, "/v1/contacts", body).await.expect(422);
        assert_eq!(faults(&refused), owned(&[("/fields/size", "unknown_value"), ("/fields/what", "unknown_value")]), "an agent may note more");
        let container = json!({"body": "Ours was stolen.", "service": "waste-collection", "category": "new-container"});
        let refused = send(&app, container.clone()).await.expect(422);
        assert_eq!(faults(&refused), owned(&[("/fields/container", "missing_field")]));
        let mut logged = container.clone();
        logged["channel"] = json!("phone");
        app.post(&agent, "/v1/contacts", logged).await.expect(201);
        // Whoever is in danger is asked nothing more.
        let mut danger = container;
        danger["danger"] = json!(true);
        let mut unfit = danger.clone();
        unfit["fields"] = json!({"container": "skip"});
        for body in [danger, unfit] {
            let told = send(&app, body).await.expect(201);
            assert_eq!(told["reference"], Value::Null);
            assert!(told["what_happens_next"].to_string().contains("999"), "{told:#}");
        }
    }

    async fn a_form_that_was_refused_is_mended_under_its_key(app) {
        let key = form(&app, "waste-collection", "en").await["idempotency_key"].as_str().unwrap().to_owned();
        let headers = [("content-type", "application/json"), ("idempotency-key", key.as_str())];
        let nobody = Caller::nobody();
        let post = async |body: &Value| app.post_with(&nobody, "/v1/public/contacts", &headers, &body.to_string()).await;
        let mut body = json!({"body": "Ours was stolen.", "service": "waste-collection", "category": "new-container"});
        for _ in 0..2 {
            let refused = post(&body).await.expect(422);
            assert_eq!(faults(&refused), owned(&[("/fields/container", "missing_field")]));
        }
        body["fields"] = json!({"container": "food"});
        let first = post(&body).await;
        let again = post(&body).await;
        assert_eq!((first.status, again.status), (201, 201), "{}", first.text);
        assert_eq!(first.text, again.text);
        assert_eq!((first.header("idempotency-replayed"), again.header("idempotency-replayed")), (None, Some("true")));
    }

    async fn a_form_sent_twice_under_its_key_is_one_case(app) {
        let key = form(&app, "fly-tipping", "en").await["idempotency_key"].as_str().unwrap().to_owned();
        assert_ne!(form(&app, "fly-tipping", "en").await["idempotency_key"], key.as_str());
        let nobody = Caller::nobody();
        let post = async |peer: &str, key: &str, body: Value| {
            let request = TestRequest::post().uri("/v1/public/contacts").insert_header(("idempotency-key", key)).set_json(body);
            app.send_from(peer, &nobody, request).await
        };
        let (home, train) = ("192.0.2.7:4711", "198.51.100.9:4711");
        let first = post(home, &key, sofa()).await;
        let again = post(train, &key, sofa()).await;
        assert_eq!((first.status, again.status), (201, 201));
        assert_eq!(first.text, again.text, "the same case, wherever they are by now");
        assert_eq!(again.header("idempotency-replayed"), Some("true"));
        let mut other = sofa();
        other["body"] = json!("Something else.");
        assert_eq!(post(train, &key, other).await.status, 422);
        // A key of somebody's own making is theirs at their address alone.
        for made in ["mine-1".to_owned(), format!("{}x", &key[..key.len() - 1]), "form_a.b".to_owned(), "form_".to_owned()] {
            let one = post(home, &made, sofa()).await.expect(201);
            let two = post(train, &made, sofa()).await.expect(201);
            assert_ne!(one["reference"], two["reference"], "{made}");
        }
    }

    async fn a_form_with_the_hidden_field_filled_in_is_kept_and_writes_to_nobody(app) {
        let mut body = sofa();
        body["website"] = json!("http://watches.example");
        let filled = send(&app, body).await.expect(201);
        let honest = send(&app, sofa()).await.expect(201);
        let members = |told: &Value| told.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(members(&filled), members(&honest), "no program learns what gave it away");
        assert!(filled["reference"].is_string());
        assert_eq!(app.mails_to("ada@mail.example").await.len(), 1, "the honest one's");
        let officer = app.officer().await;
        let path = format!("/v1/cases/{}/contacts", filled["reference"].as_str().unwrap());
        let said = app.get(&officer, &path).await.expect(200);
        assert_eq!(said["items"][0]["detail"]["hidden_field_filled"], true);
        let leader = app.team_leader().await;
        let report = app.get(&leader, "/v1/reports/intake?on=2026-11-20").await.expect(200);
        assert_eq!((&report["came_in"], &report["opened"]), (&json!(2), &json!(2)), "{report:#}");
    }
}
