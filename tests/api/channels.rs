//! Every channel, as somebody logs it: what is taken, what is kept, and what they are reminded of.

use serde_json::{Value, json};

use crate::support::TestApp;

/// A channel, what belongs to it, what the contact keeps of it, and of what whoever logs it is reminded
/// when that is left out.
const CHANNELS: &[(&str, &str, &str, Option<&str>)] = &[
    (
        "phone",
        r#"{"call": "pbx-1"}"#,
        r#"{"call": "pbx-1"}"#,
        None,
    ),
    (
        "voicemail",
        r#"{"recording": "vm-2026-11-20-07", "call": "pbx-2"}"#,
        r#"{"recording": "vm-2026-11-20-07", "call": "pbx-2"}"#,
        Some("recording"),
    ),
    ("email", "{}", "{}", None),
    ("web_form", "{}", "{}", None),
    ("webchat", "{}", "{}", None),
    ("sms", "{}", "{}", None),
    ("social", r#"{"external_id": "post-1"}"#, "{}", None),
    (
        "letter",
        r#"{"received_at": "2026-11-10T09:00:00Z"}"#,
        "{}",
        None,
    ),
    (
        "face_to_face",
        r#"{"access_point": "@known"}"#,
        r#"{"access_point": "@known"}"#,
        Some("access_point"),
    ),
    ("councillor", "{}", "{}", None),
    ("open311", "{}", "{}", None),
    ("out_of_hours", r#"{"external_id": "night-1"}"#, "{}", None),
    ("api", "{}", "{}", None),
];

fn read(text: &str) -> Value {
    let northmere = reeve::config::embedded::northmere().unwrap();
    serde_json::from_str(&text.replace("@known", &northmere.access_points[0].slug)).unwrap()
}

async fn log(app: &TestApp, channel: &str, more: &Value) -> Value {
    let mut body = json!({
        "channel": channel, "body": "The black bin was missed.", "service": "waste-collection",
        "category": "missed-bin",
    });
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    app.post(&app.agent().await, "/v1/contacts", body)
        .await
        .expect(201)
}

stories! {
    async fn every_channel_is_taken_with_what_belongs_to_it(app) {
        let officer = app.officer().await;
        let named: Vec<&str> = CHANNELS.iter().map(|(channel, ..)| *channel).collect();
        let all: Vec<&str> = reeve::domain::contact::Channel::ALL.iter().map(|channel| channel.as_str()).collect();
        assert_eq!(named, all, "every channel has its line");
        for (channel, more, kept, reminded) in CHANNELS {
            let logged = log(&app, channel, &read(more)).await;
            assert_eq!(logged["contact"]["channel"], *channel);
            assert_eq!(logged["warnings"], json!([]), "{channel}");
            let case = logged["case"]["reference"].as_str().unwrap();
            let contacts = app.get(&officer, &format!("/v1/cases/{case}/contacts")).await.expect(200);
            let contact = &contacts["items"][0];
            assert!(contact["entered_by"].as_str().unwrap().starts_with("user:"), "{contact:#}");
            for (name, value) in read(kept).as_object().unwrap() {
                assert_eq!(&contact["detail"][name], value, "{channel}: {name}");
            }
            let bare = log(&app, channel, &json!({})).await;
            let warnings = bare["warnings"].to_string();
            match reminded {
                Some(name) => assert!(warnings.contains(name), "{channel}: {warnings}"),
                None => assert_eq!(warnings, "[]", "{channel}"),
            }
        }
    }

    async fn a_letter_counts_from_the_day_it_reached_the_post_room_and_is_answered_by_letter(app) {
        let logged = log(&app, "letter", &json!({
            "received_at": "2026-11-10T09:00:00Z",
            "person": {"name": "Ada Example", "address": {"lines": ["14 Larkfield Rise"], "postcode": "ZZ1 1AA"}},
        })).await;
        assert_eq!(logged["contact"]["counted_from_on"], "2026-11-10");
        assert_eq!(logged["case"]["respond_on"], "2026-11-12", "it opens late");
        let person = format!("/v1/people/{}", logged["person"]["id"].as_str().unwrap());
        let ada = app.get(&app.officer().await, &person).await.expect(200);
        assert_eq!(ada["preferences"]["channel"], "post");
        let mut early = json!({"channel": "letter", "body": "x", "received_at": "2024-01-01T09:00:00Z"});
        let refused = app.post(&app.agent().await, "/v1/contacts", early.clone()).await.expect(422);
        assert_eq!(refused["errors"][0]["code"], "received_too_old");
        early["received_at"] = json!("2026-11-21T09:00:00Z");
        let refused = app.post(&app.agent().await, "/v1/contacts", early).await.expect(422);
        assert_eq!(refused["errors"][0]["code"], "received_in_future");
    }

    async fn a_visit_names_an_access_point_there_is(app) {
        let body = json!({"channel": "face_to_face", "body": "x", "access_point": "moon-base"});
        let refused = app.post(&app.agent().await, "/v1/contacts", body).await.expect(422);
        assert_eq!(refused["errors"][0]["pointer"], "/access_point");
    }

    async fn a_voicemail_is_a_wish_to_be_rung_by_a_date(app) {
        let body = json!({"number": "01632 960123", "recording": "vm-7", "about": "My council tax"});
        let promised = app.post(&app.agent().await, "/v1/callbacks", body).await.expect(201);
        assert_eq!(promised["callback"]["due_on"], "2026-11-23");
        let case = promised["case"]["reference"].as_str().unwrap();
        let contacts = app.get(&app.officer().await, &format!("/v1/cases/{case}/contacts")).await.expect(200);
        assert_eq!((&contacts["items"][0]["channel"], &contacts["items"][0]["detail"]["recording"]), (&json!("voicemail"), &json!("vm-7")));
    }
}
