//! Who may come in: people, and the keys of integrations that act for them.

use actix_web::test::TestRequest;
use serde_json::{Value, json};

use crate::intake::{log, missed_bin};
use crate::support::{Caller, PASSWORD, Reply, TestApp, settings};

/// A key with these limits, as an administrator makes it.
pub async fn make_key(app: &TestApp, key: Value) -> (String, Caller) {
    let admin = app.sign_in("admin@council.example").await;
    let made = app.post(&admin, "/v1/api-keys", key).await.expect(201);
    let bearer = made["key"].as_str().unwrap().to_owned();
    let id = made["id"].as_str().unwrap().to_owned();
    (
        id,
        Caller {
            bearer: Some(bearer),
        },
    )
}

async fn acting(app: &TestApp, key: &Caller, user: &str, request: TestRequest) -> Reply {
    app.send(key, request.insert_header(("reeve-acting-user", user)))
        .await
}

#[track_caller]
pub fn refused(reply: &Reply, status: u16, code: &str) {
    assert_eq!(reply.status, status, "{}", reply.text);
    assert_eq!(reply.json()["code"], code, "{}", reply.text);
}

fn note(reference: &str) -> TestRequest {
    TestRequest::post()
        .uri(&format!("/v1/cases/{reference}/notes"))
        .set_json(json!({"text": "Rang back.", "audience": "staff"}))
}

stories! {
    async fn a_wrong_guess_is_written_down_whether_or_not_anybody_has_the_address(app) {
        for email in ["officer@council.example", "nobody.here@council.example"] {
            let given = json!({"email": email, "password": "not the right one"});
            assert_eq!(app.post(&Caller::nobody(), "/v1/auth/tokens", given).await.status, 401);
        }
        let auditor = app.sign_in("auditor@council.example").await;
        let lines = app.get(&auditor, "/v1/audit?action=sign_in_refused").await.expect(200);
        let objects: Vec<&str> = lines["items"].as_array().unwrap().iter().map(|one| one["object"].as_str().unwrap()).collect();
        assert_eq!(objects.len(), 2, "{lines:#}");
        assert!(objects.contains(&"user:unknown"), "{lines:#}");
    }

    async fn what_a_key_does_for_an_agent_shows_both(app) {
        let logged = log(&app, missed_bin()).await;
        let reference = logged["case"]["reference"].as_str().unwrap();
        let desk = app.key("desk");
        for name in ["bins.officer@council.example", "BINS.Officer@council.example"] {
            let noted = acting(&app, &desk, name, note(reference)).await;
            assert_eq!(noted.status, 201, "{}", noted.text);
        }
        let officer = app.officer().await;
        let timeline = app.get(&officer, &format!("/v1/cases/{reference}/timeline")).await.expect(200);
        let line = timeline["items"].as_array().unwrap().iter().find(|line| line["kind"] == "noted").cloned();
        let line = line.unwrap_or_else(|| panic!("{timeline:#}"));
        let shown = line["actor"]["name"].as_str().unwrap_or_else(|| panic!("{line:#}"));
        assert!(shown.contains("Bea Officer") && shown.contains("desk"), "{shown}");
    }

    async fn a_key_that_acts_for_somebody_may_do_no_more_than_both_may(app) {
        let logged = log(&app, missed_bin()).await;
        let reference = logged["case"]["reference"].as_str().unwrap();
        let path = format!("/v1/cases/{reference}");
        let desk = app.key("desk");
        let get = || TestRequest::get().uri(&path);
        // The case is in the bins queue: out of the roads officer's sight, whatever the key sees.
        refused(&acting(&app, &desk, "roads.officer@council.example", get()).await, 404, "not_found");
        refused(&acting(&app, &desk, "admin@council.example", get()).await, 403, "role_may_not");
        refused(&acting(&app, &desk, "nobody@council.example", get()).await, 403, "acting_user_unknown");
        refused(&acting(&app, &app.key("partner"), "officer@council.example", get()).await, 403, "scope_missing");
        let officer = app.officer().await;
        refused(&acting(&app, &officer, "bins.officer@council.example", get()).await, 403, "scope_missing");
        // The officer may write notes, a key that only reads may not.
        let (_, reader) = make_key(&app, json!({"name": "reader", "scopes": ["cases:read", "act_for_user"]})).await;
        assert_eq!(acting(&app, &reader, "bins.officer@council.example", get()).await.status, 200);
        refused(&acting(&app, &reader, "bins.officer@council.example", note(reference)).await, 403, "scope_missing");
        // A key for the roads does not reach the bins, though the officer works everything.
        let (_, roads) = make_key(&app, json!({"name": "roads", "scopes": ["cases:read", "cases:write", "act_for_user"], "queues": ["highways"]})).await;
        refused(&acting(&app, &roads, "officer@council.example", get()).await, 404, "not_found");
        let list = acting(&app, &roads, "officer@council.example", TestRequest::get().uri("/v1/cases")).await.expect(200);
        assert_eq!(list["items"], json!([]));
        let queues = acting(&app, &roads, "officer@council.example", TestRequest::get().uri("/v1/queues")).await.expect(200);
        assert_eq!(queues["items"].as_array().unwrap().len(), 1, "{queues:#}");
        let next = TestRequest::post().uri("/v1/queues/waste-ops/next").set_json(json!({}));
        refused(&acting(&app, &roads, "officer@council.example", next).await, 403, "not_your_queue");
    }

    async fn somebody_whose_account_is_closed_is_not_acted_for(app) {
        let admin = app.sign_in("admin@council.example").await;
        let users = app.get(&admin, "/v1/users?limit=100").await.expect(200);
        let user = users["items"].as_array().unwrap().iter().find(|user| user["email"] == "agent.two@council.example").unwrap().clone();
        let path = format!("/v1/users/{}", user["id"].as_str().unwrap());
        let get = || TestRequest::get().uri("/v1/cases");
        let by_id = user["id"].as_str().unwrap();
        assert_eq!(acting(&app, &app.key("desk"), by_id, get()).await.status, 200);
        let close = TestRequest::patch().uri(&path).insert_header(("if-match", "\"1\"")).set_json(json!({"active": false}));
        assert_eq!(app.send(&admin, close).await.status, 200);
        refused(&acting(&app, &app.key("desk"), by_id, get()).await, 403, "acting_user_unknown");
    }

    async fn a_key_brings_in_contacts_of_its_channels_only(app) {
        let (_, letters) = make_key(&app, json!({"name": "post-room", "scopes": ["contacts:write", "public_contacts:write", "email:write"], "channels": ["letter"]})).await;
        let mut letter = missed_bin();
        letter["channel"] = json!("letter");
        assert_eq!(app.post(&letters, "/v1/contacts", letter).await.status, 201);
        refused(&app.post(&letters, "/v1/contacts", missed_bin()).await, 403, "channel_not_allowed");
        let form = json!({"subject": "Missed bin", "body": "It was not emptied.", "person": {"name": "Ada Example", "email": "ada@mail.example"}});
        refused(&app.post(&letters, "/v1/public/contacts", form).await, 403, "channel_not_allowed");
        let mail = "From: ada@mail.example\r\nTo: contact@council.example\r\nSubject: Bin\r\n\r\nIt was not emptied.\r\n";
        let sent = app.post_with(&letters, "/v1/channels/email/messages", &[("content-type", "message/rfc822")], mail).await;
        refused(&sent, 403, "channel_not_allowed");
    }

    async fn a_key_without_queues_reads_the_cases_of_its_channels(app) {
        let by_phone = log(&app, missed_bin()).await;
        let (_, post_room) = make_key(&app, json!({"name": "post-room", "scopes": ["contacts:write", "cases:read"], "channels": ["letter"]})).await;
        let mut letter = missed_bin();
        letter["channel"] = json!("letter");
        letter["subject"] = json!("A street light is out");
        letter["body"] = json!("The light outside number 3 has been dark for a week.");
        letter["person"] = json!({"name": "Bryn Example", "email": "bryn@mail.example"});
        for member in ["service", "category", "external_id"] {
            letter.as_object_mut().unwrap().remove(member);
        }
        let by_letter = app.post(&post_room, "/v1/contacts", letter).await.expect(201);
        let seen = app.get(&post_room, "/v1/cases").await.expect(200);
        let seen: Vec<&str> = seen["items"].as_array().unwrap().iter().map(|case| case["reference"].as_str().unwrap()).collect();
        assert_eq!(seen, [by_letter["case"]["reference"].as_str().unwrap()]);
        let hidden = format!("/v1/cases/{}", by_phone["case"]["reference"].as_str().unwrap());
        assert_eq!(app.get(&post_room, &hidden).await.status, 404);
    }

    async fn both_secrets_of_a_rotated_key_open_until_the_overlap_ends(app) {
        let admin = app.sign_in("admin@council.example").await;
        let (id, old) = make_key(&app, json!({"name": "reader", "scopes": ["cases:read"]})).await;
        let rotate = |body: Value| {
            let (app, admin, path) = (&app, &admin, format!("/v1/api-keys/{id}/rotations"));
            async move { app.post(admin, &path, body).await }
        };
        let opens = async |caller: &Caller| app.get(caller, "/v1/cases").await.status == 200;
        let rotated = rotate(json!({})).await.expect(201);
        let new = Caller { bearer: rotated["key"].as_str().map(str::to_owned) };
        assert_eq!(rotated["id"], id.as_str());
        assert!(rotated["previous_until"].is_string(), "{rotated:#}");
        let prefix = rotated["prefix"].as_str().unwrap();
        assert!(new.bearer.as_deref().unwrap().starts_with(prefix));
        assert!(opens(&old).await && opens(&new).await);
        // Rotated again without an overlap, neither earlier secret opens anything.
        let rotated = rotate(json!({"overlap_minutes": 0})).await.expect(201);
        let newest = Caller { bearer: rotated["key"].as_str().map(str::to_owned) };
        assert_eq!(rotated["previous_until"], Value::Null);
        assert!(!opens(&old).await && !opens(&new).await && opens(&newest).await);
        // Revoked, none of them does, and it cannot be brought back.
        let revoke = TestRequest::delete().uri(&format!("/v1/api-keys/{id}"));
        assert_eq!(app.send(&admin, revoke).await.status, 204);
        assert!(!opens(&newest).await);
        refused(&rotate(json!({})).await, 409, "key_revoked");
        refused(&app.post(&admin, "/v1/api-keys/01890000-0000-7000-8000-000000000000/rotations", json!({})).await, 404, "not_found");
    }

    async fn when_a_key_was_last_used_is_shown(app) {
        let admin = app.sign_in("admin@council.example").await;
        let (id, key) = make_key(&app, json!({"name": "reader", "scopes": ["cases:read"]})).await;
        let path = format!("/v1/api-keys/{id}");
        assert_eq!(app.get(&admin, &path).await.expect(200)["last_used_at"], Value::Null);
        assert_eq!(app.get(&key, "/v1/cases").await.status, 200);
        // Written beside the request: each look gives it time.
        for _ in 0..1_000 {
            let shown = app.get(&admin, &path).await.expect(200);
            if shown["last_used_at"].is_string() {
                return;
            }
        }
        panic!("nobody noted that the key was used");
    }

    async fn a_key_in_an_address_is_refused_whatever_it_opens(app) {
        let desk = app.key("desk");
        let secret = desk.bearer.clone().unwrap();
        for query in [format!("api_key={secret}"), format!("q={secret}x"), "access_token=a.b.c".to_owned()] {
            let path = format!("/v1/queues?{query}");
            refused(&app.get(&desk, &path).await, 400, "credential_in_query");
            let refusal = app.get(&Caller::nobody(), &path).await;
            refused(&refusal, 400, "credential_in_query");
            assert!(!refusal.text.contains(&secret), "{}", refusal.text);
        }
        assert_eq!(app.get(&desk, "/v1/queues").await.status, 200);
    }

    async fn what_is_revoked_on_one_server_is_refused_on_every_other_within_seconds(app) {
        let other = app.replica().await;
        let admin = app.sign_in("admin@council.example").await;
        let users = app.get(&admin, "/v1/users?limit=100").await.expect(200);
        let change = async |email: &str, body: Value| {
            let user = users["items"].as_array().unwrap().iter().find(|user| user["email"] == email).unwrap();
            let path = format!("/v1/users/{}", user["id"].as_str().unwrap());
            let request = TestRequest::patch().uri(&path).insert_header(("if-match", "\"1\"")).set_json(body);
            assert_eq!(app.send(&admin, request).await.status, 200);
        };
        let (id, key) = make_key(&app, json!({"name": "reader", "scopes": ["cases:read"]})).await;
        let closed = app.sign_in("agent.two@council.example").await;
        let password = app.sign_in("roads.officer@council.example").await;
        let role = app.sign_in("bins.officer@council.example").await;
        let signed_out = app.sign_in("officer@council.example").await;
        let untouched = app.agent().await;
        let all = [&key, &closed, &password, &role, &signed_out, &untouched];
        for caller in all {
            assert_eq!(other.get(caller, "/v1/cases").await.status, 200);
        }
        change("agent.two@council.example", json!({"active": false})).await;
        change("roads.officer@council.example", json!({"password": "another long pass phrase"})).await;
        change("bins.officer@council.example", json!({"role": "councillor"})).await;
        let out = TestRequest::delete().uri("/v1/auth/sessions/current");
        assert_eq!(app.send(&signed_out, out).await.status, 204);
        let revoke = TestRequest::delete().uri(&format!("/v1/api-keys/{id}"));
        assert_eq!(app.send(&admin, revoke).await.status, 204);
        for caller in [&key, &closed, &password, &role, &signed_out] {
            refused(&app.get(caller, "/v1/cases").await, 401, "token_invalid");
        }
        app.jump_to("2026-11-20T16:58:10Z").await;
        for caller in [&key, &closed, &password, &role, &signed_out] {
            refused(&other.get(caller, "/v1/cases").await, 401, "token_invalid");
        }
        assert_eq!(other.get(&untouched, "/v1/cases").await.status, 200);
    }

    async fn nobody_elsewhere_can_use_up_the_tries_of_somebodys_account(app) {
        let victim = "officer@council.example";
        let from = async |address: &str, email: &str, password: &str| {
            let request = TestRequest::post().uri("/v1/auth/tokens").set_json(json!({"email": email, "password": password}));
            app.send_from(address, &Caller::nobody(), request).await
        };
        assert_eq!(from("192.0.2.7:1", victim, PASSWORD).await.status, 200);
        // Each from an address of its own, so that no address has had too many.
        let strangers = ["198.51.100.1:1", "198.51.100.2:1", "198.51.100.3:1", "198.51.100.4:1", "198.51.100.5:1",
            "198.51.100.6:1", "198.51.100.7:1", "198.51.100.8:1", "198.51.100.9:1", "198.51.100.10:1"];
        for stranger in strangers {
            refused(&from(stranger, victim, "a guess").await, 401, "bad_credentials");
        }
        let refusal = from("198.51.100.11:1", victim, "a guess").await;
        refused(&refusal, 429, "too_many_requests");
        assert_eq!(refusal.header("retry-after"), Some("60"));
        // Whoever has signed in from here before is not kept out by it.
        assert_eq!(from("192.0.2.7:1", victim, PASSWORD).await.status, 200);
        // An account that is not there is treated alike.
        for stranger in strangers {
            refused(&from(stranger, "nobody@council.example", "a guess").await, 401, "bad_credentials");
        }
        refused(&from("198.51.100.11:1", "nobody@council.example", "a guess").await, 429, "too_many_requests");
    }

    async fn signing_in_with_an_authenticator_app(app) {
        let caller = app.officer().await;
        let sign_in = |body: Value| {
            let mut all = json!({"email": "officer@council.example", "password": PASSWORD});
            for (name, value) in body.as_object().unwrap() {
                all[name] = value.clone();
            }
            let app = &app;
            async move { app.post(&Caller::nobody(), "/v1/auth/tokens", all).await }
        };
        refused(&app.post(&caller, "/v1/me/totp/confirmations", json!({"code": "123456"})).await, 409, "totp_not_begun");
        let enrolled = app.post(&caller, "/v1/me/totp", json!({})).await;
        assert_eq!(enrolled.status, 201, "{}", enrolled.text);
        let first_secret = enrolled.json()["secret"].clone();
        let enrolled = app.post(&caller, "/v1/me/totp", json!({})).await.expect(201);
        assert_ne!(enrolled["secret"], first_secret, "asked again, another secret takes its place");
        let phone = Phone::scan(enrolled["uri"].as_str().unwrap());
        assert_eq!(app.get(&caller, "/v1/me").await.expect(200)["totp"], false);
        assert_eq!(sign_in(json!({})).await.status, 200, "it does not count before its first code");
        let wrong = app.post(&caller, "/v1/me/totp/confirmations", json!({"code": phone.wrong()})).await;
        assert_eq!(wrong.status, 422, "{}", wrong.text);
        assert_eq!(wrong.json()["errors"][0]["code"], "wrong_code");
        let code = phone.shows(0);
        let confirmed = app.post(&caller, "/v1/me/totp/confirmations", json!({"code": code})).await.expect(200);
        let recovery = confirmed["recovery_codes"].as_array().unwrap().clone();
        assert_eq!(recovery.len(), 10);
        refused(&app.post(&caller, "/v1/me/totp", json!({})).await, 409, "totp_set_up_already");
        assert_eq!(app.get(&caller, "/v1/me").await.expect(200)["totp"], true);

        refused(&sign_in(json!({})).await, 401, "totp_required");
        refused(&sign_in(json!({"totp": code})).await, 401, "bad_credentials");
        refused(&sign_in(json!({"totp": phone.wrong()})).await, 401, "bad_credentials");
        refused(&sign_in(json!({"password": "a guess", "totp": phone.shows(1)})).await, 401, "bad_credentials");
        let next = phone.shows(1);
        assert_eq!(sign_in(json!({"totp": next})).await.status, 200, "the app's clock may be a step ahead");
        refused(&sign_in(json!({"totp": next})).await, 401, "bad_credentials");
        // A recovery code opens once, however it is typed.
        let typed = recovery[0].as_str().unwrap().replace('-', "").to_uppercase();
        assert_eq!(sign_in(json!({"totp": typed})).await.status, 200);
        refused(&sign_in(json!({"totp": typed})).await, 401, "bad_credentials");
        // After five wrong codes there is a pause, on every server, for right ones too.
        let other = app.replica().await;
        for _ in 0..4 {
            refused(&sign_in(json!({"totp": phone.wrong()})).await, 401, "bad_credentials");
        }
        let body = json!({"email": "officer@council.example", "password": PASSWORD, "totp": recovery[1]});
        let paused = other.post(&Caller::nobody(), "/v1/auth/tokens", body).await;
        refused(&paused, 429, "too_many_requests");
        assert!((890..=901).contains(&paused.header("retry-after").unwrap().parse::<u32>().unwrap()));

        // Telephone and codes are lost: an administrator takes them away.
        let admin = app.sign_in("admin@council.example").await;
        let id = app.get(&caller, "/v1/me").await.expect(200)["id"].as_str().unwrap().to_owned();
        let remove = || TestRequest::delete().uri(&format!("/v1/users/{id}/totp"));
        refused(&app.send(&caller, remove()).await, 403, "role_may_not");
        assert_eq!(app.send(&admin, remove()).await.status, 204);
        assert_eq!(app.send(&admin, remove()).await.status, 404);
        assert_eq!(sign_in(json!({})).await.status, 200);
    }

    async fn a_role_that_needs_an_app_may_do_nothing_before_it_is_set_up(app) {
        let mut strict = settings();
        strict.auth.totp_required_for = vec![reeve::domain::access::Role::Admin];
        let strict = app.replica_with(strict).await;
        let admin = strict.sign_in("admin@council.example").await;
        refused(&strict.get(&admin, "/v1/users").await, 403, "totp_not_set_up");
        assert_eq!(strict.get(&admin, "/v1/me").await.status, 200);
        let enrolled = strict.post(&admin, "/v1/me/totp", json!({})).await.expect(201);
        refused(&strict.get(&admin, "/v1/users").await, 403, "totp_not_set_up");
        let phone = Phone::scan(enrolled["uri"].as_str().unwrap());
        assert_eq!(strict.post(&admin, "/v1/me/totp/confirmations", json!({"code": phone.shows(0)})).await.status, 200);
        assert_eq!(strict.get(&admin, "/v1/users").await.status, 200);
        let agent = strict.agent().await;
        assert_eq!(strict.get(&agent, "/v1/cases").await.status, 200);
    }
}

/// A telephone with an authenticator app. Codes run on the computer's own time.
pub struct Phone(totp_rs::Totp);

impl Phone {
    pub fn scan(uri: &str) -> Self {
        assert!(uri.starts_with("otpauth://totp/"), "{uri}");
        Self(totp_rs::Totp::from_url(uri).unwrap())
    }

    /// What it shows, so many steps ahead.
    pub fn shows(&self, steps_ahead: u64) -> String {
        let now = u64::try_from(reeve::casework::accounts::real_now().as_second()).unwrap();
        self.0.generate(now + 30 * steps_ahead).to_string()
    }

    /// Six digits that it shows neither now nor a few steps before or after.
    pub fn wrong(&self) -> String {
        let now = u64::try_from(reeve::casework::accounts::real_now().as_second()).unwrap();
        let near: Vec<String> = (0..9)
            .map(|step| self.0.generate(now - 120 + 30 * step).to_string())
            .collect();
        (0..10)
            .map(|n| format!("00000{n}"))
            .find(|code| !near.contains(code))
            .unwrap()
    }
}
