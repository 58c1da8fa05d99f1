//! FixMyStreet, and whoever else speaks Open311: reports in, and what became of them out.
//!
//! Everything answered as XML is read by a strict parser that is not ours.

use actix_web::test::TestRequest;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::support::{Caller, Reply, TestApp};

mod fixmystreet;
mod hunted;
mod refused;

const FORM: &str = "application/x-www-form-urlencoded; charset=utf-8";
const BASE: &str = "/open311/v2";

/// One element, its text and the elements in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Element {
    pub name: String,
    pub text: String,
    pub inner: Vec<Element>,
}

impl Element {
    fn of(node: roxmltree::Node<'_, '_>) -> Self {
        assert_eq!(node.attributes().count(), 0, "{node:?}");
        assert_eq!(node.tag_name().namespace(), None);
        Self {
            name: node.tag_name().name().to_owned(),
            text: node.text().unwrap_or_default().trim().to_owned(),
            inner: node
                .children()
                .filter(roxmltree::Node::is_element)
                .map(Self::of)
                .collect(),
        }
    }

    /// The text of the first element of this name in it.
    #[track_caller]
    pub fn get(&self, name: &str) -> &str {
        &self
            .inner
            .iter()
            .find(|one| one.name == name)
            .unwrap_or_else(|| panic!("no {name} in {self:?}"))
            .text
    }

    pub fn has(&self, name: &str) -> bool {
        self.inner.iter().any(|one| one.name == name)
    }
}

/// A document as XML, with its root.
#[track_caller]
pub fn xml(reply: &Reply) -> Element {
    assert_eq!(
        reply.header("content-type"),
        Some("text/xml; charset=utf-8"),
        "{}",
        reply.text
    );
    assert!(
        reply
            .text
            .starts_with("<?xml version=\"1.0\" encoding=\"utf-8\"?>"),
        "{}",
        reply.text
    );
    let parsed = roxmltree::Document::parse(&reply.text)
        .unwrap_or_else(|why| panic!("{why}: {}", reply.text));
    Element::of(parsed.root_element())
}

/// A good answer's elements, under the root it must have.
#[track_caller]
pub fn items(reply: &Reply, root: &str) -> Vec<Element> {
    assert_eq!(reply.status, 200, "{}", reply.text);
    let document = xml(reply);
    assert_eq!(document.name, root);
    document.inner
}

pub fn key() -> String {
    crate::support::people::key("open311").key
}

pub fn encoded(pairs: &[(&str, &str)]) -> String {
    let one = |text: &str| -> String {
        text.bytes()
            .map(|byte| match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'_' => {
                    char::from(byte).to_string()
                }
                b' ' => "+".to_owned(),
                other => format!("%{other:02X}"),
            })
            .collect()
    };
    let pairs: Vec<String> = pairs
        .iter()
        .map(|(name, value)| format!("{}={}", one(name), one(value)))
        .collect();
    pairs.join("&")
}

pub async fn read(app: &TestApp, path: &str) -> Reply {
    app.get(&Caller::nobody(), &format!("{BASE}/{path}")).await
}

/// Sends a form, the key in it unless another stands there.
pub async fn send(app: &TestApp, path: &str, pairs: &[(&str, &str)]) -> Reply {
    let own = key();
    let mut all = vec![("jurisdiction_id", "northmere.example")];
    if !pairs.iter().any(|(name, _)| *name == "api_key") {
        all.push(("api_key", own.as_str()));
    }
    all.extend_from_slice(pairs);
    let body = encoded(&all);
    app.post_with(
        &Caller::nobody(),
        &format!("{BASE}/{path}"),
        &[("content-type", FORM)],
        &body,
    )
    .await
}

/// What FixMyStreet sends of one report.
pub fn report(number: &str) -> Vec<(&'static str, String)> {
    vec![
        ("service_code", "fly-tip".to_owned()),
        ("lat", "51.507400".to_owned()),
        ("long", "-0.127800".to_owned()),
        (
            "description",
            format!(
                "title: Sofa & chairs on the verge\n\ndetail: They have been there <a week>.\n\nurl: \
                 https://fixmystreet.example/report/{number}\n\nSubmitted via FixMyStreet\n"
            ),
        ),
        ("first_name", "Ada".to_owned()),
        ("last_name", "Example".to_owned()),
        ("email", "ada@mail.example".to_owned()),
        ("phone", "07700 900123".to_owned()),
        (
            "media_url",
            format!("https://fixmystreet.example/photo/{number}.0.full.jpeg"),
        ),
        ("attribute[easting]", "530034".to_owned()),
        ("attribute[northing]", "180381".to_owned()),
        ("attribute[fixmystreet_id]", number.to_owned()),
        ("attribute[size]", "van".to_owned()),
    ]
}

pub fn borrowed<'p>(pairs: &'p [(&'static str, String)]) -> Vec<(&'p str, &'p str)> {
    pairs
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect()
}

/// Reports, and says under which id.
pub async fn reported(app: &TestApp, number: &str) -> String {
    let reply = send(app, "requests.xml", &borrowed(&report(number))).await;
    let taken = items(&reply, "service_requests");
    assert_eq!(taken.len(), 1);
    taken[0].get("service_request_id").to_owned()
}

/// What FixMyStreet asks for again and again.
pub async fn updates(app: &TestApp, hours: i64) -> Vec<Element> {
    let from = app.now() - SignedDuration::from_hours(hours);
    updates_between(app, from, app.now()).await
}

pub async fn updates_between(app: &TestApp, from: Timestamp, to: Timestamp) -> Vec<Element> {
    let key = key();
    let (from, to) = (from.to_string(), to.to_string());
    let query = encoded(&[
        ("jurisdiction_id", "northmere.example"),
        ("api_key", &key),
        ("start_date", &from),
        ("end_date", &to),
    ]);
    let reply = read(app, &format!("servicerequestupdates.xml?{query}")).await;
    items(&reply, "service_request_updates")
}

/// What a resident wrote under a report.
pub async fn say(app: &TestApp, request: &str, update: &str, status: &str, words: &str) -> Reply {
    let now = app.now().to_string();
    send(
        app,
        "servicerequestupdates.xml",
        &[
            ("service_request_id", request),
            ("update_id", update),
            ("status", status),
            ("updated_datetime", &now),
            ("description", words),
            ("first_name", "Ada"),
            ("last_name", "Example"),
            ("email", "ada@mail.example"),
        ],
    )
    .await
}

pub async fn case(app: &TestApp, request: &str) -> Value {
    let officer = app.officer().await;
    app.get(&officer, &format!("/v1/cases/{request}"))
        .await
        .expect(200)
}

pub async fn act(app: &TestApp, request: &str, what: &str, body: Value) {
    let officer = app.officer().await;
    app.post(&officer, &format!("/v1/cases/{request}/{what}"), body)
        .await
        .expect(201);
}

/// What was said to us on a case.
pub async fn contacts(app: &TestApp, request: &str) -> Vec<Value> {
    let officer = app.officer().await;
    let list = app
        .get(&officer, &format!("/v1/cases/{request}/contacts"))
        .await
        .expect(200);
    let all = list["items"].as_array().unwrap();
    all.iter()
        .filter(|one| one["direction"] == "inbound")
        .cloned()
        .collect()
}

stories! {
    async fn what_there_is_can_be_discovered_in_both_forms(app) {
        let reply = read(&app, "discovery.xml").await;
        assert_eq!(reply.status, 200);
        let document = xml(&reply);
        assert_eq!(document.name, "discovery");
        let endpoint = &document.inner.iter().find(|one| one.name == "endpoints").unwrap().inner[0];
        assert_eq!(endpoint.get("url"), "https://reeve.council.example/open311/v2");
        assert_eq!(endpoint.get("specification"), "http://wiki.open311.org/GeoReport_v2");
        let formats = &endpoint.inner.iter().find(|one| one.name == "formats").unwrap().inner;
        assert_eq!(formats.iter().map(|one| (one.name.as_str(), one.text.as_str())).collect::<Vec<_>>(),
            [("format", "text/xml"), ("format", "application/json")]);
        let as_json = read(&app, "discovery.json").await.expect(200);
        assert_eq!(as_json["changeset"], document.get("changeset"));
        assert!(as_json["changeset"].as_str().unwrap().parse::<Timestamp>().is_ok());
    }

    async fn only_what_everybody_may_read_is_offered(app) {
        let listed = items(&read(&app, "services.xml").await, "services");
        assert_eq!(listed.len(), 29);
        assert!(listed.iter().all(|one| one.name == "service" && one.get("metadata") == "true" && one.get("type") == "realtime"));
        let as_json = read(&app, "services.json?jurisdiction_id=northmere.example").await.expect(200);
        let fly_tip = as_json.as_array().unwrap().iter().find(|one| one["service_code"] == "fly-tip").unwrap();
        assert_eq!(fly_tip["group"], "Fly-tipping and environmental enforcement");
        assert_eq!(fly_tip["service_name"], "Fly-tipping");
        for (xml, json) in listed.iter().zip(as_json.as_array().unwrap()) {
            let definition = read(&app, &format!("services/{}.xml", xml.get("service_code"))).await;
            assert_eq!(definition.status, 200);
            assert_eq!(xml.get("service_code"), json["service_code"]);
        }
    }

    async fn a_definition_asks_what_the_catalogue_asks(app) {
        let reply = read(&app, "services/fly-tip.xml").await;
        let definition = xml(&reply);
        assert_eq!((definition.name.as_str(), definition.get("service_code")), ("service_definition", "fly-tip"));
        let attributes = &definition.inner.iter().find(|one| one.name == "attributes").unwrap().inner;
        let codes: Vec<&str> = attributes.iter().map(|one| one.get("code")).collect();
        assert_eq!(codes, ["easting", "northing", "fixmystreet_id", "size", "what"]);
        for (place, filled_in) in attributes[..3].iter().enumerate() {
            assert_eq!((filled_in.get("required"), filled_in.get("automated")), ("true", "server_set"));
            assert_eq!(filled_in.get("order"), (place + 1).to_string());
        }
        let size = &attributes[3];
        assert_eq!((size.get("datatype"), size.get("required"), size.get("variable")), ("singlevaluelist", "false", "true"));
        assert!(!size.has("automated"));
        let values = &size.inner.iter().find(|one| one.name == "values").unwrap().inner;
        assert_eq!((values[0].name.as_str(), values[0].get("key"), values[0].get("name")), ("value", "bags", "A bag or two"));
        let light = read(&app, "services/light-out.json").await.expect(200);
        assert_eq!(light["attributes"][3]["variable"], false);
        assert_eq!(light["attributes"][4], json!({
            "variable": true, "code": "column_number", "datatype": "string", "required": false,
            "datatype_description": "", "order": 5, "description": "What is the number on the post?",
        }));
    }

    async fn a_report_is_read_back_by_anybody_without_who_sent_it(app) {
        let request = reported(&app, "123").await;
        let shown = items(&read(&app, &format!("requests/{request}.xml")).await, "service_requests");
        assert_eq!(shown.len(), 1);
        let one = &shown[0];
        assert_eq!(one.name, "request");
        for (field, expect) in [
            ("service_request_id", request.as_str()),
            ("status", "open"),
            ("service_code", "fly-tip"),
            ("service_name", "Fly-tipping"),
            ("description", "Sofa & chairs on the verge\n\nThey have been there <a week>."),
            ("agency_responsible", "Northmere Council"),
            ("requested_datetime", "2026-11-20T16:58:00Z"),
            ("expected_datetime", "2026-11-27T17:00:00Z"),
            ("lat", "51.5074"),
            ("long", "-0.1278"),
            ("zipcode", ""),
            ("media_url", "https://fixmystreet.example/photo/123.0.full.jpeg"),
        ] {
            assert_eq!(one.get(field), expect, "{field}");
        }
        for path in ["requests.json", "requests.json?extensions=true", &format!("requests/{request}.json?extensions=true"), &format!("tokens/{request}.json")] {
            let reply = read(&app, path).await;
            assert_eq!(reply.status, 200, "{path}: {}", reply.text);
            assert!(reply.text.contains(&request), "{path}");
            for secret in ["Example", "ada@", "900123", "530034"] {
                assert!(!reply.text.contains(secret), "{secret} in {path}: {}", reply.text);
            }
        }
        let extended = read(&app, &format!("requests/{request}.json?extensions=true")).await.expect(200);
        assert_eq!(extended[0]["extended_attributes"]["detailed_status"], "OPEN");
        assert_eq!(extended[0]["notes"][0]["type"], "opened");
    }

    async fn a_list_is_narrowed_by_what_is_asked(app) {
        let first = reported(&app, "1").await;
        app.until("2026-11-21T09:00:00Z").await;
        let second = reported(&app, "2").await;
        act(&app, &second, "closures", json!({"outcome": "resolved"})).await;
        let ids = async |query: &str| -> Vec<String> {
            let reply = read(&app, &format!("requests.json?{query}")).await.expect(200);
            reply.as_array().unwrap().iter().map(|one| one["service_request_id"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(ids("").await, [second.as_str(), first.as_str()], "newest first");
        assert_eq!(ids("status=open").await, [first.as_str()]);
        assert_eq!(ids("status=closed").await, [second.as_str()]);
        assert_eq!(ids("status=open,closed").await.len(), 2);
        assert_eq!(ids("service_code=pothole").await, Vec::<String>::new());
        assert_eq!(ids("service_code=pothole,fly-tip").await.len(), 2);
        assert_eq!(ids("end_date=2026-11-20T23:59:59Z").await, [first.as_str()]);
        assert_eq!(ids("start_date=2026-11-21T00:00:00Z").await, [second.as_str()]);
        assert_eq!(ids("start_date=2026-11-21T00:00:00+00:00&end_date=2026-11-21T10:00:00%2B00:00").await, [second.as_str()]);
        assert_eq!(ids(&format!("service_request_id={first},4X7-K92-MQ3,nonsense&status=closed&service_code=pothole")).await, [first.as_str()]);
        assert_eq!(ids("service_request_id=nonsense").await, Vec::<String>::new());
        assert_eq!(ids("page_size=1").await, [second.as_str()]);
        assert_eq!(ids("page_size=1&page=2").await, [first.as_str()]);
        assert_eq!(ids("page_size=1&page=3").await, Vec::<String>::new());
        app.jump_to("2027-02-18T17:00:00Z").await;
        assert_eq!(ids("").await, [second.as_str()], "ninety days and no more");
        assert_eq!(ids("start_date=2026-01-01T00:00:00Z").await, [second.as_str()]);
        assert_eq!(ids("start_date=2026-01-01T00:00:00Z&end_date=2026-12-01T00:00:00Z").await.len(), 2);
    }

    async fn whoever_asks_only_for_the_head_gets_no_body(app) {
        let request = TestRequest::default().method(actix_web::http::Method::HEAD).uri("/open311/v2/services.xml");
        let reply = app.send(&Caller::nobody(), request).await;
        assert_eq!(reply.status, 200);
        assert_eq!(reply.header("content-type"), Some("text/xml; charset=utf-8"));
    }
}
