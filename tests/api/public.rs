//! Residents, without an account.

use serde_json::{Value, json};

use crate::intake::{log, missed_bin};
use crate::support::Caller;

stories! {
    async fn a_resident_reports_and_follows(app) {
        let body = json!({
            "body": "The street light outside number 4 is out.",
            "service": "street-lighting", "category": "light-out",
            "person": {"name": "Ada Example", "email": "ada@mail.example"}
        });
        let told = app.post(&Caller::nobody(), "/v1/public/contacts", body).await.expect(201);
        let reference = told["reference"].as_str().unwrap().to_owned();
        assert!(told["phone"].as_str().is_some());
        let token = told["tracking"]["token"].as_str().unwrap().to_owned();
        assert!(token.starts_with("rvt_") && token.len() == 47, "{token}");
        let person = Caller { bearer: Some(token) };
        let view = app.get(&person, "/v1/public/tracking").await.expect(200);
        assert_eq!(view["reference"], reference.as_str());
        for secret in ["Ada", "ada@mail.example", "outside number 4"] {
            assert!(!view.to_string().contains(secret), "{secret} in {view:#}");
        }
        app.post(&person, "/v1/public/tracking/messages", json!({"body": "It flickers now."})).await.expect(201);
        app.post(&person, "/v1/public/tracking/withdrawals", json!({})).await.expect(201);
        let view = app.get(&person, "/v1/public/tracking").await.expect(200);
        assert_eq!(view["status"], "closed");
    }

    async fn a_reference_or_a_changed_token_opens_nothing(app) {
        let logged = log(&app, missed_bin()).await;
        let reference = logged["case"]["reference"].as_str().unwrap().to_owned();
        let token = logged["tracking"]["token"].as_str().unwrap();
        let mut changed = token[..46].to_owned();
        changed.push(if token.ends_with('A') { 'B' } else { 'A' });
        for wrong in [reference, changed, "rvt_nonsense".to_owned()] {
            let refused = app.get(&Caller { bearer: Some(wrong.clone()) }, "/v1/public/tracking").await;
            assert_eq!(refused.status, 401, "{wrong}");
        }
        assert_eq!(app.get(&Caller::nobody(), "/v1/public/tracking").await.status, 401);
    }

    async fn a_link_opens_its_case_while_it_is_open_and_a_year_and_a_month_after(app) {
        let logged = log(&app, missed_bin()).await;
        let person = Caller { bearer: logged["tracking"]["token"].as_str().map(str::to_owned) };
        let status = async || app.get(&person, "/v1/public/tracking").await.status;
        app.move_to("2028-06-01T10:00:00Z");
        assert_eq!(status().await, 200, "it is still open");
        let path = format!("/v1/cases/{}/closures", logged["case"]["reference"].as_str().unwrap());
        app.post(&app.officer().await, &path, json!({"outcome": "resolved"})).await.expect(201);
        app.move_to("2029-07-05T10:00:00Z");
        assert_eq!(status().await, 200);
        app.move_to("2029-07-07T10:00:00Z");
        assert_eq!(status().await, 401);
    }

    async fn a_missed_date_is_owned_up_to(app) {
        let logged = log(&app, missed_bin()).await;
        let person = Caller { bearer: Some(logged["tracking"]["token"].as_str().unwrap().to_owned()) };
        app.until("2026-11-25T10:00:00Z").await;
        let view = app.get(&person, "/v1/public/tracking").await.expect(200);
        let words = view["what_happens_next"].to_string();
        assert!(words.contains("sorry"), "{words}");
        assert!(words.contains("Tuesday 24 November 2026"), "{words}");
    }

    async fn asking_for_the_link_says_nothing_either_way(app) {
        let logged = log(&app, missed_bin()).await;
        let reference = &logged["case"]["reference"];
        app.mails().await;
        let path = "/v1/public/tracking-links";
        let wrong = app.post(&Caller::nobody(), path, json!({"reference": reference, "email": "eve@mail.example"})).await;
        let right = app.post(&Caller::nobody(), path, json!({"reference": reference, "email": "ada@mail.example"})).await;
        assert_eq!((wrong.status, right.status), (202, 202));
        assert_eq!(wrong.text, right.text);
        assert_eq!(app.mails_to("eve@mail.example").await.len(), 0);
        assert_eq!(app.mails_to("ada@mail.example").await.len(), 2);
    }

    async fn every_service_has_a_phone_and_hours(app) {
        let services = app.get(&Caller::nobody(), "/v1/public/services").await.expect(200);
        let items = services["items"].as_array().unwrap();
        assert_eq!(items.len(), 47, "{}", items.len());
        for service in items {
            assert!(service["phone"].as_str().is_some_and(|phone| !phone.is_empty()), "{service:#}");
            assert!(service["hours"]["words"].is_string(), "{service:#}");
        }
        assert!(!services.to_string().contains("child-at-risk"), "restricted matters are not listed");
    }

    async fn a_trial_saves_nothing(app) {
        let agent = app.agent().await;
        let body = json!({"channel": "email", "body": "Under the Freedom of Information Act please send me the number of missed bin collections."});
        let trial = app.post(&agent, "/v1/routing/trials", body).await.expect(200);
        assert_eq!(trial["service"], "information-governance", "{trial:#}");
        assert_eq!(trial["placed"], true);
        assert!(trial["candidates"].as_array().unwrap().len() >= 3);
        let list = app.get(&agent, "/v1/cases?include=total").await.expect(200);
        assert_eq!(list["total"], Value::from(0));
    }
}
