//! Text messages: out through something that speaks as GOV.UK Notify does, and in from it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use reeve::jobs;
use reeve::notify::pump::Pump;
use reeve::notify::texts::{TextSettings, Texts};
use reeve::notify::transport::Transport;
use serde_json::{Value, json};

use crate::intake::{log, missed_bin};
use crate::support::{Reply, TestApp};

const MESSAGES: &str = "/v1/channels/sms/messages";
const DELIVERIES: &str = "/v1/channels/sms/deliveries";
const KEY: &str =
    "council-26785a09-ab16-4eb0-8407-a37497a57506-3d844edf-8d35-48ac-975b-e847b4f122b0";

/// Answers as Notify does, on this machine, and keeps what it was asked.
struct FakeNotify {
    base_url: String,
    asked: Arc<Mutex<Vec<(String, Value)>>>,
}

impl FakeNotify {
    /// Answers the first requests with these, and every further one with 201.
    fn answering(first: &[(u16, &str)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let asked: Arc<Mutex<Vec<(String, Value)>>> = Arc::default();
        let kept = Arc::clone(&asked);
        let mut answers: Vec<(u16, String)> = first
            .iter()
            .map(|(status, error)| (*status, (*error).to_owned()))
            .collect();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                let (mut bearer, mut length, mut line) = (String::new(), 0, String::new());
                while reader.read_line(&mut line).unwrap_or(0) > 2 {
                    let lower = line.to_lowercase();
                    if let Some(value) = lower.strip_prefix("content-length:") {
                        length = value.trim().parse().unwrap();
                    }
                    if lower.starts_with("authorization: bearer ") {
                        bearer = line["authorization: bearer ".len()..].trim().to_owned();
                    }
                    line.clear();
                }
                let mut body = vec![0; length];
                reader.read_exact(&mut body).unwrap();
                kept.lock()
                    .unwrap()
                    .push((bearer, serde_json::from_slice(&body).unwrap()));
                let (status, body) = match answers.first().cloned() {
                    Some((status, error)) => {
                        answers.remove(0);
                        (
                            status,
                            json!({"status_code": status, "errors": [{"error": error, "message": "x"}]}),
                        )
                    }
                    None => (201, json!({"id": "740e5834-3a29-46b4-9a6f-16142fde533a"})),
                };
                let body = body.to_string();
                let _sent = write!(
                    stream,
                    "HTTP/1.1 {status} Said\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                    body.len()
                );
            }
        });
        Self { base_url, asked }
    }

    fn asked(&self) -> Vec<(String, Value)> {
        self.asked.lock().unwrap().clone()
    }
}

/// A worker that sends texts there.
fn pump(app: &TestApp, notify: &FakeNotify) -> Arc<Pump> {
    app.desk.may_text();
    let texts = Texts::new(TextSettings {
        base_url: notify.base_url.clone(),
        api_key: KEY.to_owned(),
        template_id: "f33517ff-2a88-4f6e-b855-c550268ce08a".to_owned(),
        sender_id: None,
    });
    jobs::pump_with_texts(&app.desk, Transport::memory().0, Some(texts.unwrap()), 2)
}

/// Ada, who wants texts, reports a missed bin.
async fn ada_reports(app: &TestApp, email: Option<&str>) -> Value {
    let mut body = missed_bin();
    body["person"] = json!({"name": "Ada Example", "phone": "07700 900123"});
    if let Some(email) = email {
        body["person"]["email"] = json!(email);
    }
    let logged = log(app, body).await;
    let path = format!("/v1/people/{}", logged["person"]["id"].as_str().unwrap());
    let officer = app.officer().await;
    let etag = app
        .get(&officer, &path)
        .await
        .header("etag")
        .unwrap()
        .to_owned();
    let patch = actix_web::test::TestRequest::patch()
        .uri(&path)
        .insert_header(("if-match", etag))
        .set_json(json!({"preferences": {"channel": "sms"}}));
    app.send(&officer, patch).await.expect(200);
    logged
}

fn reference(logged: &Value) -> String {
    logged["case"]["reference"].as_str().unwrap().to_owned()
}

/// We ring in vain, which is told by text.
async fn rings_in_vain(app: &TestApp, case: &str) {
    let rang = json!({
        "channel": "phone", "direction": "outbound", "case": case, "outcome": "no_answer",
        "number_presented": "01632 960110", "subject": "Rang",
    });
    app.post(&app.officer().await, "/v1/contacts", rang)
        .await
        .expect(201);
}

async fn text(app: &TestApp, id: &str, message: &str) -> Reply {
    let body = json!({
        "id": id, "source_number": "447700900123", "destination_number": "447700900000", "message": message,
        "date_received": "2026-11-20T16:57:30.000000Z", "something_new": {"of": "theirs"},
    });
    app.post(&app.key("sms-gateway"), MESSAGES, body).await
}

/// What stands on a case of texts: state and recipient of each.
async fn texts_of(app: &TestApp, case: &str) -> Vec<(String, String)> {
    let notices = app
        .get(&app.officer().await, &format!("/v1/cases/{case}/notices"))
        .await
        .expect(200);
    let items = notices["items"].as_array().unwrap().clone();
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    items
        .iter()
        .filter(|one| one["transport"] == "sms")
        .map(|one| (word(&one["state"]), word(&one["id"])))
        .collect()
}

stories! {
    async fn whoever_prefers_texts_gets_one_and_its_answer_finds_the_case(app) {
        let notify = FakeNotify::answering(&[]);
        let pump = pump(&app, &notify);
        let case = reference(&ada_reports(&app, None).await);
        rings_in_vain(&app, &case).await;
        pump.pump_once().await.unwrap();
        let asked = notify.asked();
        let (bearer, sent) = asked.last().unwrap();
        assert_eq!(sent["phone_number"], "+447700900123");
        let message = sent["personalisation"]["message"].as_str().unwrap();
        assert!(message.contains("we tried to call you from 01632 960110 at"), "{message}");
        assert!(message.contains(&case) && !message.contains("Ada"), "{message}");
        assert!(sent["personalisation"]["link"].as_str().unwrap().contains("/track/rvt_"));
        let members: Vec<&String> = sent.as_object().unwrap().keys().collect();
        assert_eq!(members, ["phone_number", "template_id", "personalisation", "reference"], "and nothing Notify does not know");
        assert_eq!(bearer.split('.').count(), 3, "a signed token");
        let (state, id) = texts_of(&app, &case).await.pop().unwrap();
        assert_eq!((state.as_str(), sent["reference"].as_str()), ("sent", Some(id.as_str())));

        let taken = text(&app, "text-1", "Yes please, ring me after 5").await.expect(202);
        assert_eq!((&taken["disposition"], &taken["case"]["reference"]), (&json!("joined"), &json!(case)));
        let again = text(&app, "text-1", "Yes please, ring me after 5").await.expect(202);
        assert_eq!((&again["disposition"], &again["contact"]), (&json!("duplicate"), &taken["contact"]));
    }

    async fn a_text_out_of_the_blue_opens_a_case_and_is_answered_by_text(app) {
        let notify = FakeNotify::answering(&[]);
        let pump = pump(&app, &notify);
        let taken = text(&app, "text-2", "my black bin was missed at 14 Larkfield Rise").await.expect(202);
        assert_eq!(taken["disposition"], "opened");
        pump.pump_once().await.unwrap();
        let asked = notify.asked();
        let message = asked[0].1["personalisation"]["message"].as_str().unwrap();
        assert!(message.contains(taken["case"]["reference"].as_str().unwrap()), "{message}");
        assert!(message.contains("2026"), "it gives a date: {message}");
        let clocks = app.get(&app.officer().await, &format!("/v1/cases/{}/clocks", taken["case"]["reference"].as_str().unwrap())).await.expect(200);
        assert_eq!(clocks["items"][0]["state"], "met", "acknowledged when Notify took it: {clocks:#}");
    }

    async fn what_notify_cannot_take_now_is_sent_later_and_what_it_never_can_goes_by_mail(app) {
        let notify = FakeNotify::answering(&[(429, "RateLimitError"), (500, "Exception"), (400, "ValidationError")]);
        let pump = pump(&app, &notify);
        let case = reference(&ada_reports(&app, Some("ada@mail.example")).await);
        app.catch_up().await;
        rings_in_vain(&app, &case).await;
        pump.pump_once().await.unwrap();
        for later in ["2026-11-20T17:10:00Z", "2026-11-20T18:00:00Z", "2026-11-20T20:00:00Z"] {
            app.move_to(later);
            pump.pump_once().await.unwrap();
        }
        assert_eq!(notify.asked().len(), 3, "429 and 500 are tried again, 400 is not");
        assert_eq!(texts_of(&app, &case).await.pop().unwrap().0, "failed");
        let notices = app.get(&app.officer().await, &format!("/v1/cases/{case}/notices")).await.expect(200);
        let by_mail = notices["items"].as_array().unwrap().iter().any(|one| one["kind"] == "tried_to_call" && one["transport"] == "email");
        assert!(by_mail, "{notices:#}");
    }

    async fn a_number_that_is_none_gets_no_more_texts(app) {
        let notify = FakeNotify::answering(&[]);
        let pump = pump(&app, &notify);
        let case = reference(&ada_reports(&app, Some("ada@mail.example")).await);
        rings_in_vain(&app, &case).await;
        pump.pump_once().await.unwrap();
        let (_, id) = texts_of(&app, &case).await.pop().unwrap();
        let told = json!({"id": "x", "reference": id, "to": "07700900123", "status": "permanent-failure", "notification_type": "sms"});
        for _ in 0..2 {
            app.post(&app.key("sms-gateway"), DELIVERIES, told.clone()).await.expect(204);
        }
        let timeline = app.get(&app.officer().await, &format!("/v1/cases/{case}/timeline?limit=100")).await.expect(200);
        let bounced = timeline["items"].as_array().unwrap().iter().filter(|one| one["kind"] == "address_bounced").count();
        assert_eq!(bounced, 1, "told twice is once: {timeline:#}");
        assert_eq!(texts_of(&app, &case).await.pop().unwrap().0, "bounced");
        rings_in_vain(&app, &case).await;
        assert_eq!(texts_of(&app, &case).await.len(), 1, "the next goes by mail");
        let other = json!({"reference": "019a9f5e-7c00-7000-8000-00000000000a", "status": "delivered"});
        app.post(&app.key("sms-gateway"), DELIVERIES, other).await.expect(404);
    }

    async fn stop_ends_texts_and_start_begins_them_again(app) {
        let notify = FakeNotify::answering(&[]);
        let _pump = pump(&app, &notify);
        let case = reference(&ada_reports(&app, Some("ada@mail.example")).await);
        let stopped = text(&app, "text-3", "STOP").await.expect(202);
        assert_eq!((&stopped["disposition"], &stopped["case"]), (&json!("stored"), &Value::Null));
        rings_in_vain(&app, &case).await;
        assert_eq!(texts_of(&app, &case).await, []);
        text(&app, "text-4", "Start").await.expect(202);
        rings_in_vain(&app, &case).await;
        assert_eq!(texts_of(&app, &case).await.len(), 1);
    }

    async fn a_text_is_taken_whatever_its_telephone_put_in_it_and_a_repeat_is_counted(app) {
        for (id, message) in [("odd-1", "my black bin\rwas missed at 14 Larkfield Rise"), ("odd-2", "my bin was\u{c} missed\u{b}")] {
            let taken = text(&app, id, message).await.expect(202);
            assert_eq!(taken["disposition"], "opened", "{taken:#}");
        }
        for _ in 0..2 {
            text(&app, "odd-3", "STOP\r").await.expect(202);
        }
        let cases = app.get(&app.officer().await, "/v1/cases?channel=sms").await.expect(200);
        assert_eq!(cases["items"].as_array().unwrap().len(), 2, "{cases:#}");
        let report = app.get(&app.agent().await, "/v1/reports/intake?on=2026-11-20").await.expect(200);
        let n = |name: &str| report[name].as_u64().unwrap();
        assert_eq!((n("came_in"), n("opened"), n("stored"), n("duplicate")), (4, 2, 1, 1), "{report:#}");
    }

    async fn no_text_is_lost_for_a_character_or_for_having_no_words(app) {
        for (id, message) in [("nul-1", "I can smell\u{0} gas at 14 Larkfield Rise"), ("nul-2", ""), ("nul-3", " \u{0}")] {
            let taken = text(&app, id, message).await.expect(202);
            assert_eq!(taken["disposition"], "opened", "{taken:#}");
        }
        let cases = app.get(&app.officer().await, "/v1/cases?channel=sms&priority=emergency").await.expect(200);
        assert_eq!(cases["items"].as_array().unwrap().len(), 1, "{cases:#}");
    }

    async fn a_stop_from_a_number_nobody_knew_holds_once_it_is_somebodys(app) {
        let notify = FakeNotify::answering(&[]);
        let _pump = pump(&app, &notify);
        text(&app, "text-5", "stop").await.expect(202);
        let case = reference(&ada_reports(&app, Some("ada@mail.example")).await);
        rings_in_vain(&app, &case).await;
        assert_eq!(texts_of(&app, &case).await, []);
        text(&app, "text-6", "START").await.expect(202);
        rings_in_vain(&app, &case).await;
        assert_eq!(texts_of(&app, &case).await.len(), 1);
    }

    async fn whoever_is_forgotten_leaves_no_trace_of_a_stop_and_is_texted_no_more(app) {
        let notify = FakeNotify::answering(&[]);
        let _pump = pump(&app, &notify);
        text(&app, "text-7", "stop").await.expect(202);
        let logged = ada_reports(&app, None).await;
        let closed = json!({"outcome": "resolved"});
        let path = format!("/v1/cases/{}/closures", reference(&logged));
        app.post(&app.officer().await, &path, closed).await.expect(201);
        app.catch_up().await;
        let admin = app.sign_in("admin@council.example").await;
        let path = format!("/v1/people/{}/erasures", logged["person"]["id"].as_str().unwrap());
        app.post(&admin, &path, json!({"reason": "They asked for it."})).await.expect(201);
        assert_eq!(app.database.where_stands("7700900123"), Vec::<String>::new());
        let again = reference(&ada_reports(&app, Some("ada@mail.example")).await);
        rings_in_vain(&app, &again).await;
        assert_eq!(texts_of(&app, &again).await, [], "what they asked for outlasts their record");
    }

    async fn only_a_key_made_for_a_gateway_brings_texts_in(app) {
        let body = json!({"id": "x", "source_number": "447700900123", "message": "STOP", "date_received": "2026-11-20T16:57:30Z"});
        for key in ["partner", "desk"] {
            let refused = app.post(&app.key(key), MESSAGES, body.clone()).await.expect(403);
            assert_eq!(refused["code"], "channel_not_allowed", "{key}: {refused:#}");
        }
    }

    async fn nobody_gets_texts_where_none_are_set_up(app) {
        let case = reference(&ada_reports(&app, Some("ada@mail.example")).await);
        rings_in_vain(&app, &case).await;
        assert_eq!(texts_of(&app, &case).await, []);
        assert_eq!(app.mails_to("ada@mail.example").await.last().unwrap().kind(), "tried_to_call");
    }
}
