//! Web chats.

use serde_json::{Value, json};

use crate::support::{Caller, Reply, TestApp};

const TRANSCRIPTS: &str = "/v1/channels/webchat/transcripts";

/// A chat of an adviser who asks much, with somebody who says this.
fn chat(id: &str, said: &str) -> Value {
    json!({
        "external_id": id, "consent_to_keep": true,
        "turns": [
            {"who": "adviser", "at": "2026-11-20T16:40:00Z", "words": "I am Priya. Is anybody hurt? Is there a fire, or gas?"},
            {"who": "person", "at": "2026-11-20T16:41:00Z", "words": said},
            {"who": "adviser", "at": "2026-11-20T16:42:00Z", "words": "Thank you. I will pass that on."},
        ],
        "person": {"name": "Ada Example", "email": "ada@mail.example"},
    })
}

async fn send(app: &TestApp, body: Value) -> Reply {
    app.post(&app.key("webchat"), TRANSCRIPTS, body).await
}

async fn only_case(app: &TestApp) -> String {
    let cases = app
        .get(&app.agent().await, "/v1/cases?channel=webchat")
        .await
        .expect(200);
    assert_eq!(cases["items"].as_array().unwrap().len(), 1, "{cases:#}");
    cases["items"][0]["reference"].as_str().unwrap().to_owned()
}

stories! {
    async fn a_chat_is_one_contact_read_by_what_the_person_said(app) {
        let taken = send(&app, chat("chat-1", "My black bin was missed today")).await.expect(201);
        assert_eq!(taken["contact"]["channel"], "webchat");
        let case = only_case(&app).await;
        let agent = app.agent().await;
        let shown = app.get(&agent, &format!("/v1/cases/{case}")).await.expect(200);
        assert_ne!(shown["priority"], "emergency", "the adviser asked about fire, nobody said there was one");
        let contacts = app.get(&agent, &format!("/v1/cases/{case}/contacts")).await.expect(200);
        let contact = &contacts["items"][0];
        assert_eq!(contact["body"], "My black bin was missed today");
        assert_eq!(contact["detail"]["transcript"][0]["who"], "adviser");
        assert_eq!(contact["received_at"], "2026-11-20T16:40:00Z");

        let again = send(&app, chat("chat-1", "My black bin was missed today")).await.expect(200);
        assert_eq!(again["contact"]["id"], taken["contact"]["id"]);
        only_case(&app).await;
        send(&app, chat("chat-1", "Something else")).await.expect(409);
    }

    async fn danger_is_heard_in_a_chat_that_was_not_to_be_kept(app) {
        let mut body = chat("chat-2", "There is a gas leak in my flat and my son has passed out");
        body["consent_to_keep"] = json!(false);
        send(&app, body).await.expect(201);
        let cases = app.get(&app.agent().await, "/v1/cases?channel=webchat&priority=emergency").await.expect(200);
        assert_eq!(cases["items"].as_array().unwrap().len(), 1, "{cases:#}");
    }

    async fn without_consent_no_word_of_it_is_kept(app) {
        let mut body = chat("chat-3", "May I keep my library book by Zebedee longer");
        body["consent_to_keep"] = json!(false);
        let kept = send(&app, body.clone()).await.expect(201);
        assert_eq!(kept["disposition"], "stored", "{kept:#}");
        send(&app, body).await.expect(200);
        assert_eq!(app.database.where_stands("Zebedee"), Vec::<String>::new());
        let report = app.get(&app.agent().await, "/v1/reports/intake?on=2026-11-20").await.expect(200);
        let n = |name: &str| report[name].clone();
        assert_eq!((n("came_in"), n("stored"), n("duplicate")), (json!(2), json!(1), json!(1)), "a repeat is counted");
    }

    async fn who_agrees_later_is_kept_from_then_on(app) {
        let mut body = chat("chat-8", "My black bin was missed today");
        body["consent_to_keep"] = json!(false);
        let stored = send(&app, body.clone()).await.expect(201);
        body["consent_to_keep"] = json!(true);
        let kept = send(&app, body.clone()).await.expect(201);
        assert_eq!(kept["contact"]["id"], stored["contact"]["id"], "it stays the one contact it was");
        let case = only_case(&app).await;
        let agent = app.agent().await;
        let contacts = app.get(&agent, &format!("/v1/cases/{case}/contacts")).await.expect(200);
        let items = contacts["items"].as_array().unwrap();
        assert_eq!(items.len(), 1, "{contacts:#}");
        assert_eq!(items[0]["body"], "My black bin was missed today");
        assert_eq!(items[0]["detail"]["transcript"][0]["who"], "adviser");
        let again = send(&app, body.clone()).await.expect(200);
        assert_eq!(again["contact"]["id"], kept["contact"]["id"]);
        only_case(&app).await;
        body["turns"][1]["words"] = json!("Something else");
        send(&app, body).await.expect(409);
        let report = app.get(&agent, "/v1/reports/intake?on=2026-11-20").await.expect(200);
        let n = |name: &str| report[name].as_u64().unwrap();
        assert_eq!((n("came_in"), n("stored"), n("opened"), n("duplicate")), (2, 1, 0, 1), "{report:#}");
    }

    async fn the_persons_own_page_shows_no_advisers_name(app) {
        let taken = send(&app, chat("chat-4", "My black bin was missed today")).await.expect(201);
        let case = only_case(&app).await;
        let mail = app.mails_to("ada@mail.example").await.pop().unwrap();
        assert!(mail.raw.contains(&case) && !mail.raw.contains("Priya"), "{}", mail.raw);
        let token = mail.raw.split("/track/").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
        let page = app.get(&Caller { bearer: Some(token) }, "/v1/public/tracking").await.expect(200);
        assert!(!page.to_string().contains("Priya"), "{page:#}");
        assert!(!taken.to_string().contains("Priya"), "{taken:#}");
    }

    async fn a_chat_that_cannot_be_meant_is_refused(app) {
        let mut silent = chat("chat-5", "x");
        silent["turns"] = json!([{"who": "adviser", "at": "2026-11-20T16:40:00Z", "words": "Hello?"}]);
        let refused = send(&app, silent).await.expect(422);
        assert_eq!(refused["errors"][0]["pointer"], "/turns");
        let mut named = chat("chat-6", "x");
        named["turns"][0]["name"] = json!("Priya");
        let refused = send(&app, named).await.expect(422);
        assert_eq!(refused["errors"][0]["code"], "unknown_field");
        app.post(&app.agent().await, TRANSCRIPTS, chat("chat-7", "x")).await.expect(403);
    }
}
