//! What is refused, and how it is said.

use super::{Element, FORM, borrowed, encoded, key, read, report, reported, say, send, xml};
use crate::support::{Caller, Reply};

/// What a refusal says, in XML.
#[track_caller]
fn errors(reply: &Reply, status: u16) -> Vec<String> {
    assert_eq!(reply.status, status, "{}", reply.text);
    let document = xml(reply);
    assert_eq!(document.name, "errors");
    let told = |error: &Element| {
        assert_eq!(
            (error.name.as_str(), error.get("code")),
            ("error", status.to_string().as_str())
        );
        error.get("description").to_owned()
    };
    document.inner.iter().map(told).collect()
}

stories! {
    async fn without_the_right_key_nothing_is_taken_or_told(app) {
        let request = reported(&app, "1").await;
        let wrong = "rvk_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".to_owned();
        let website = crate::support::people::key("website").key;
        for key in [String::new(), wrong, website, "nonsense".to_owned()] {
            let mut pairs = report("2");
            pairs.push(("api_key", key.clone()));
            errors(&send(&app, "requests.xml", &borrowed(&pairs)).await, 403);
            let pairs = [("api_key", key.as_str()), ("service_request_id", request.as_str())];
            errors(&send(&app, "servicerequestupdates.xml", &pairs).await, 403);
            let query = encoded(&[("api_key", &key)]);
            errors(&read(&app, &format!("servicerequestupdates.xml?{query}")).await, 403);
        }
        let as_json = read(&app, "servicerequestupdates.json").await.expect(403);
        assert_eq!(as_json[0]["code"], 403);
        let officer = app.officer().await;
        let reply = app.get(&officer, "/open311/v2/servicerequestupdates.xml").await;
        errors(&reply, 403);
        assert_eq!(read(&app, "requests.json").await.expect(200).as_array().unwrap().len(), 1);
    }

    async fn who_guesses_keys_is_stopped_and_the_right_key_passes(app) {
        let guess = |n: u32| {
            let key = format!("rvk_{n:043}");
            let query = encoded(&[("api_key", &key)]);
            format!("servicerequestupdates.xml?{query}")
        };
        for n in 0..30 {
            errors(&read(&app, &guess(n)).await, 403);
        }
        let stopped = read(&app, &guess(31)).await;
        errors(&stopped, 429);
        assert!(stopped.header("retry-after").unwrap().parse::<u64>().unwrap() <= 60);
        let right = read(&app, &format!("servicerequestupdates.xml?api_key={}", key())).await;
        assert_eq!(right.status, 200);
    }

    async fn another_jurisdiction_is_not_here(app) {
        for path in ["services.xml", "services/fly-tip.xml", "requests.xml", "discovery.xml", "tokens/4X7-K92-MQ3.xml"] {
            errors(&read(&app, &format!("{path}?jurisdiction_id=elsewhere.example")).await, 404);
        }
        let mut pairs = report("1");
        pairs.push(("jurisdiction_id", "elsewhere.example".to_owned()));
        let mut body = vec![("api_key", key())];
        body.extend(pairs);
        let body = encoded(&borrowed(&body));
        let reply = app.post_with(&Caller::nobody(), "/open311/v2/requests.xml", &[("content-type", FORM)], &body).await;
        errors(&reply, 404);
    }

    async fn every_fault_of_a_report_is_an_error_of_its_own(app) {
        let reply = send(&app, "requests.xml", &[
            ("service_code", "fly-tip"), ("lat", "north"), ("long", "-0.1"),
            ("media_url", "javascript:alert(1)"), ("attribute[size]", "<lorry>"),
        ]).await;
        let mut told = errors(&reply, 400);
        told.sort();
        let fields: Vec<&str> = told.iter().map(|one| one.split(':').next().unwrap()).collect();
        assert_eq!(fields, ["attribute[size]", "lat", "lat", "media_url"]);
        for (pairs, field) in [
            (vec![("lat", "51.5"), ("long", "-0.1")], "service_code"),
            (vec![("service_code", "no-such-thing"), ("lat", "51.5"), ("long", "-0.1")], "service_code"),
            (vec![("service_code", "fly-tip")], "lat"),
            (vec![("service_code", "fly-tip"), ("lat", "51.5")], "long"),
        ] {
            let told = errors(&send(&app, "requests.xml", &pairs).await, 400);
            assert!(told[0].starts_with(&format!("{field}:")), "{told:?}");
        }
        assert_eq!(read(&app, "requests.json").await.expect(200).as_array().unwrap().len(), 0);
    }

    async fn every_fault_of_a_message_is_an_error_of_its_own(app) {
        let request = reported(&app, "1").await;
        let told = errors(&say(&app, &request, "1", "confirmed", "x").await, 400);
        assert!(told[0].starts_with("status:") && told[0].contains("NOT_COUNCILS_RESPONSIBILITY"), "{told:?}");
        let told = errors(&send(&app, "servicerequestupdates.xml", &[]).await, 400);
        let fields: Vec<&str> = told.iter().map(|one| one.split(':').next().unwrap()).collect();
        assert_eq!(fields, ["service_request_id", "update_id", "status"]);
        for unknown in ["4X7-K92-MQ3", "nonsense"] {
            errors(&say(&app, unknown, "1", "OPEN", "x").await, 404);
        }
    }

    async fn what_cannot_be_asked_is_said_field_by_field(app) {
        for (query, field) in [
            ("start_date=2026-11-20", "start_date"), ("end_date=tomorrow", "end_date"), ("status=waiting", "status"),
            ("page=0", "page"), ("page_size=1001", "page_size"), ("colour=red", "colour"),
        ] {
            let told = errors(&read(&app, &format!("requests.xml?{query}")).await, 400);
            assert!(told[0].starts_with(field), "{query}: {told:?}");
        }
        let query = encoded(&[("api_key", &key()), ("start_date", "2026-11-20T00:00:00")]);
        errors(&read(&app, &format!("servicerequestupdates.xml?{query}")).await, 400);
    }

    async fn what_is_not_a_form_is_refused_as_open311_has_it(app) {
        let path = "/open311/v2/requests.xml";
        let bearer = Caller { bearer: Some(key()) };
        let json = app.post_with(&bearer, path, &[("content-type", "application/json")], "{}").await;
        errors(&json, 415);
        let latin = app.post_with(&bearer, path, &[("content-type", FORM)], "service_code=%E9").await;
        errors(&latin, 400);
        let large = app.post_with(&bearer, path, &[("content-type", FORM)], &"a".repeat(1_100_000)).await;
        errors(&large, 413);
        let deleted = app.send(&bearer, actix_web::test::TestRequest::delete().uri(path)).await;
        errors(&deleted, 405);
        assert!(deleted.header("allow").unwrap().contains("POST"));
        errors(&read(&app, "nothing.xml").await, 404);
        assert_eq!(read(&app, "nothing.json").await.expect(404)[0]["code"], 404);
    }

    async fn a_page_of_an_allowed_site_may_read_the_list(app) {
        let mut settings = crate::support::settings();
        settings.http.allowed_origins = vec!["https://map.example".to_owned()];
        let app = app.replica_with(settings).await;
        let ask = async |origin: &str| {
            let request = actix_web::test::TestRequest::get().uri("/open311/v2/requests.json").insert_header(("origin", origin.to_owned()));
            app.send(&Caller::nobody(), request).await
        };
        assert_eq!(ask("https://map.example").await.header("access-control-allow-origin"), Some("https://map.example"));
        assert_eq!(ask("https://evil.example").await.header("access-control-allow-origin"), None);
    }
}
