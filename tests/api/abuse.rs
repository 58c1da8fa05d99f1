//! Guessing, flooding, forging and sending more than was asked for.

use actix_web::test::TestRequest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac as _};
use jiff::SignedDuration;
use rand::{Rng as _, RngCore as _};
use reeve::domain::reference::Reference;
use serde_json::{Value, json};
use sha2::{Sha256, Sha512};

use crate::intake::{log, missed_bin};
use crate::mail_in::{deliver, mail};
use crate::sign_in::{make_key, refused};
use crate::support::{Caller, TestApp, settings};

const GUESSER: &str = "203.0.113.66:1";

fn random_tail() -> String {
    let mut bytes = [0; 32];
    rand::rng().fill_bytes(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

fn random_reference() -> String {
    Reference::from_bits(rand::rng().next_u64()).to_string()
}

fn bearing(path: &str, bearer: &str) -> TestRequest {
    TestRequest::get()
        .uri(path)
        .insert_header(("authorization", format!("Bearer {bearer}")))
}

/// Waiting as long as the last refusal said lets one more guess through, and no hit.
async fn waiting_helps(app: &TestApp, wait: u64, guess: TestRequest, expect: u16) {
    assert!((1..=60).contains(&wait), "{wait}");
    let wait = i64::try_from(wait).unwrap();
    let then = app.now() + SignedDuration::from_secs(wait);
    app.jump_to(&then.to_string()).await;
    let after = app
        .send_many([(GUESSER.to_owned(), guess)].into_iter())
        .await;
    assert_eq!(after[0].0, expect);
}

stories! {
    async fn ten_thousand_guesses_at_tracking_tokens_find_nothing_and_a_right_one_still_opens(app) {
        let logged = log(&app, missed_bin()).await;
        let right = logged["tracking"]["token"].as_str().unwrap().to_owned();
        let guess = |n: usize| match n % 4 {
            0 => TestRequest::get().uri(&format!("/track/rvt_{}", random_tail())),
            1 => bearing("/v1/public/tracking", &format!("rvt_{}", random_tail())),
            2 => bearing("/v1/public/tracking", &format!("rvk_{}", random_tail())),
            // The right one with its last characters changed.
            _ => bearing("/v1/public/tracking", &format!("{}{}", &right[..right.len() - 4], &random_tail()[..4])),
        };
        let answers = app.send_many((0..10_000).map(|n| (GUESSER.to_owned(), guess(n)))).await;
        let hits = answers.iter().filter(|(status, _)| *status < 400).count();
        let refusals = answers.iter().filter(|(status, _)| *status == 429).count();
        assert_eq!((hits, refusals), (0, 10_000 - 30));
        let opened = app.send_many([(GUESSER.to_owned(), bearing("/v1/public/tracking", &right))].into_iter()).await;
        assert_eq!(opened[0].0, 200, "whoever holds the right one is not kept out");
        // A second later the pages are not too much asked for any more; that there was guessing still counts.
        let then = app.now() + SignedDuration::from_secs(1);
        app.jump_to(&then.to_string()).await;
        assert_eq!(app.send_many([(GUESSER.to_owned(), guess(1))].into_iter()).await[0].0, 429);
        let page = TestRequest::get().uri(&format!("/track/{right}"));
        assert_eq!(app.send_many([(GUESSER.to_owned(), page)].into_iter()).await[0].0, 303);
        waiting_helps(&app, answers[9_999].1.unwrap(), guess(1), 401).await;
    }

    async fn ten_thousand_guesses_at_references_find_nothing(app) {
        let logged = log(&app, missed_bin()).await;
        let right = logged["case"]["reference"].as_str().unwrap().to_owned();
        app.mails().await;
        let guess = |n: usize| {
            // Even the right one opens nothing.
            let reference = if n.is_multiple_of(100) { right.clone() } else { random_reference() };
            match n % 3 {
                0 => TestRequest::get().uri(&format!("/track/{reference}")),
                1 => bearing("/v1/public/tracking", &reference),
                _ => bearing(&format!("/v1/cases/{reference}"), &reference),
            }
        };
        let answers = app.send_many((0..10_000).map(|n| (GUESSER.to_owned(), guess(n)))).await;
        let hits = answers.iter().filter(|(status, _)| *status < 400).count();
        let refusals = answers.iter().filter(|(status, _)| *status == 429).count();
        assert_eq!((hits, refusals), (0, 10_000 - 30));
        // Asked for the link of a guessed case, with an address of one's own: ten a minute, no mail.
        let ask = || {
            let body = json!({"reference": random_reference(), "email": "eve@mail.example"});
            TestRequest::post().uri("/v1/public/tracking-links").set_json(body)
        };
        let asked = app.send_many((0..1_000).map(|_| (GUESSER.to_owned(), ask()))).await;
        assert_eq!(asked.iter().filter(|(status, _)| *status == 202).count(), 10);
        assert_eq!(asked.iter().filter(|(status, _)| *status == 429).count(), 990);
        assert_eq!(app.mails_to("eve@mail.example").await.len(), 0);
        waiting_helps(&app, asked[999].1.unwrap(), ask(), 202).await;
    }

    async fn no_forged_or_stale_token_opens_anything(app) {
        let officer = app.officer().await;
        let good = officer.bearer.clone().unwrap();
        let claims = good.split('.').nth(1).unwrap();
        let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
        let table = forged(&good, &claims);
        assert!(table.len() >= 25, "{}", table.len());
        for (n, (what, token)) in table.iter().enumerate() {
            let request = bearing("/v1/me", token);
            let reply = app.send_from(&format!("198.51.100.{}:1", n + 1), &Caller::nobody(), request).await;
            assert_eq!(reply.status, 401, "{what}: {}", reply.text);
            let code = if *what == "expired" { "token_expired" } else { "token_invalid" };
            assert_eq!(reply.json()["code"], code, "{what}");
            assert_eq!(reply.header("www-authenticate"), Some("Bearer error=\"invalid_token\""), "{what}");
            assert!(!reply.text.contains(token.as_str()) || token.is_empty(), "{what} came back");
        }
        // Made elsewhere with our key and true claims, it is ours: the table fails for its own reasons.
        let own = signed(r#"{"typ":"JWT","alg":"HS256"}"#, &claims.to_string());
        assert_eq!(app.get(&Caller { bearer: Some(own) }, "/v1/me").await.status, 200);
        // A sound token is stale once its session is.
        let out = TestRequest::delete().uri("/v1/auth/sessions/current");
        assert_eq!(app.send(&officer, out).await.status, 204);
        refused(&app.get(&officer, "/v1/me").await, 401, "token_invalid");
    }

    async fn whatever_addresses_somebody_claims_to_speak_for_they_are_limited(app) {
        let mut rng = rand::rng();
        let mut lies = || format!("{}.{}.{}.{}", rng.random_range(1..224), rng.random::<u8>(), rng.random::<u8>(), rng.random::<u8>());
        let mut guess = |n: usize| {
            let header = ["x-forwarded-for", "forwarded", "x-real-ip", "true-client-ip"][n % 4];
            let lie = if header == "forwarded" { format!("for={}", lies()) } else { format!("{}, {}", lies(), lies()) };
            bearing("/v1/public/tracking", &format!("rvt_{}", random_tail())).insert_header((header, lie))
        };
        let answers = app.send_many((0..2_000).map(|n| (GUESSER.to_owned(), guess(n)))).await;
        assert_eq!(answers.iter().filter(|(status, _)| *status == 429).count(), 2_000 - 30);

        // Behind a proxy of ours it is the address that the proxy saw which counts, not what it was told.
        let mut behind = settings();
        behind.http.trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()];
        let behind = app.replica_with(behind).await;
        let mut through = |n: usize| {
            let seen = format!("{}, {}, 203.0.113.66, 10.0.0.9", lies(), lies());
            let request = bearing("/v1/public/tracking", &format!("rvt_{}", random_tail()));
            (format!("10.0.0.{}:1", n % 5 + 1), request.insert_header(("x-forwarded-for", seen)))
        };
        let answers = behind.send_many((0..2_000).map(&mut through)).await;
        assert_eq!(answers.iter().filter(|(status, _)| *status == 429).count(), 2_000 - 30);
        // A neighbour behind the same proxy is not made to pay for it.
        let neighbour = bearing("/v1/public/tracking", &format!("rvt_{}", random_tail()))
            .insert_header(("x-forwarded-for", "203.0.113.67"));
        assert_eq!(behind.send_many([("10.0.0.1:1".to_owned(), neighbour)].into_iter()).await[0].0, 401);
    }

    async fn a_care_home_behind_one_address_is_told_whom_to_ring_and_when_to_try_again(app) {
        let mut behind = settings();
        behind.http.trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()];
        let app = app.replica_with(behind).await;
        let form = |from: &str, body: &str| {
            let body = json!({"body": body, "person": {"name": "Ada Example", "email": "ada@mail.example"}});
            TestRequest::post().uri("/v1/public/contacts").insert_header(("x-forwarded-for", from.to_owned())).set_json(body)
        };
        let send = async |from: &str, body: &str| app.send_from("10.0.0.1:1", &Caller::nobody(), form(from, body)).await;
        // Sixty of them write within the minute, and all are taken.
        for n in 0..60 {
            let sent = send("203.0.113.20", &format!("The lift on floor {n} is out again.")).await;
            assert_eq!(sent.status, 201, "{}", sent.text);
        }
        let refusal = send("203.0.113.20", "The heating too.").await;
        refused(&refusal, 429, "too_many_requests");
        // Friday, two minutes before closing time: somebody is there.
        let detail = refusal.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains("01632 960000"), "{detail}");
        assert_eq!(send("203.0.113.21", "A street light is out.").await.status, 201, "next door is not asked to wait");
        let wait: i64 = refusal.header("retry-after").unwrap().parse().unwrap();
        let then = app.now() + SignedDuration::from_secs(wait);
        app.jump_to(&then.to_string()).await;
        assert_eq!(send("203.0.113.20", "The heating too.").await.status, 201);
        // Whatever a form is refused for, there is a number, and at night one that is answered at night.
        app.jump_to("2026-11-21T02:00:00Z").await;
        let unfit = app.send_from("10.0.0.1:1", &Caller::nobody(), TestRequest::post().uri("/v1/public/contacts").set_json(json!({}))).await;
        assert_eq!(unfit.status, 422);
        let detail = unfit.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains("01632 960000") && detail.contains("01632 960999"), "{detail}");
    }

    async fn a_flood_of_the_public_form_leaves_those_who_work_untouched(app) {
        let agent = app.agent().await;
        let website = app.key("website");
        let flood = |_| (GUESSER.to_owned(), TestRequest::post().uri("/v1/public/contacts").set_json(json!({})));
        let answers = app.send_many((0..1_000).map(flood)).await;
        assert_eq!(answers.iter().filter(|(status, _)| *status == 422).count(), 60);
        assert_eq!(answers.iter().filter(|(status, _)| *status == 429).count(), 940);
        // Even from the very address the flood comes from.
        for _ in 0..20 {
            let list = app.send_from(GUESSER, &agent, TestRequest::get().uri("/v1/cases")).await;
            assert_eq!(list.status, 200);
            assert!(list.header("ratelimit").unwrap().contains("r="), "{:?}", list.headers);
        }
        let spent = app.send_from(GUESSER, &agent, TestRequest::get().uri("/v1/cases")).await;
        assert!(spent.header("ratelimit").unwrap().starts_with("\"default\";r=479"), "{:?}", spent.header("ratelimit"));
        let logged = app.send_from(GUESSER, &agent, TestRequest::post().uri("/v1/contacts").set_json(missed_bin())).await;
        assert_eq!(logged.status, 201, "{}", logged.text);
        // A website with a key has its own budget too.
        let body = json!({"body": "A light is out.", "person": {"name": "Bea Example", "email": "bea@mail.example"}});
        let sent = app.send_from(GUESSER, &website, TestRequest::post().uri("/v1/public/contacts").set_json(body)).await;
        assert_eq!(sent.status, 201, "{}", sent.text);
    }

    async fn a_key_is_shown_once_even_to_who_asks_again_under_the_same_idempotency_key(app) {
        let admin = app.sign_in("admin@council.example").await;
        let ask = async |path: &str, body: &Value| {
            let request = TestRequest::post().uri(path).insert_header(("idempotency-key", "once")).set_json(body);
            app.send(&admin, request).await
        };
        let body = json!({"name": "reader", "scopes": ["cases:read"]});
        let made = ask("/v1/api-keys", &body).await.expect(201);
        let secret = made["key"].as_str().unwrap().to_owned();
        let again = ask("/v1/api-keys", &body).await;
        assert_eq!(again.header("idempotency-replayed"), Some("true"));
        let again = again.expect(201);
        assert_eq!((&again["id"], &again["key"]), (&made["id"], &Value::Null));
        let rotations = format!("/v1/api-keys/{}/rotations", made["id"].as_str().unwrap());
        let rotated = ask(&rotations, &json!({})).await.expect(201);
        let next = rotated["key"].as_str().unwrap().to_owned();
        let again = ask(&rotations, &json!({})).await.expect(201);
        assert_eq!((&again["prefix"], &again["key"]), (&rotated["prefix"], &Value::Null));
        assert_eq!(app.get(&Caller { bearer: Some(next.clone()) }, "/v1/cases").await.status, 200);
        let listed = app.get(&admin, "/v1/api-keys").await.expect(200);
        assert_eq!(listed["items"].as_array().unwrap().iter().filter(|key| key["name"] == "reader").count(), 1);
        // Nor does anything that was written down hold it.
        let kept = app.database.everything();
        for secret in [&secret, &next] {
            let hex = reeve::casework::desk::hex(secret.as_bytes());
            assert!(!kept.contains(secret.as_str()), "the whole key is in the database");
            assert!(!kept.to_lowercase().contains(&hex), "the whole key is in the database");
        }
    }

    async fn a_member_that_is_none_of_theirs_is_refused_by_every_operation_and_changes_nothing(app) {
        let logged = log(&app, missed_bin()).await;
        let reference = logged["case"]["reference"].as_str().unwrap().to_owned();
        let raw = mail("Bryn Example <bryn@mail.example>", &format!("Re: {reference}"), "held@mail.example", "", "And mine.");
        let held = deliver(&app, &raw).await.expect(202)["contact"]["id"].as_str().unwrap().to_owned();
        app.mails().await;
        let admin = app.sign_in("admin@council.example").await;
        let leader = app.team_leader().await;
        let officer = app.officer().await;
        let councillor = app.sign_in("cllr.anwen.prothero@council.example").await;
        let notices = app.get(&leader, &format!("/v1/cases/{reference}/notices")).await.expect(200);
        let users = app.get(&admin, "/v1/users").await.expect(200);
        let (key, _) = make_key(&app, json!({"name": "reader", "scopes": ["cases:read"]})).await;
        let (machine_id, machine) = make_key(&app, json!({
            "name": "machines", "scopes": ["telephony:write", "webchat:write", "contacts:write"], "channels": ["phone", "webchat", "sms"],
        })).await;
        let person = Caller { bearer: logged["tracking"]["token"].as_str().map(str::to_owned) };
        let named = [
            ("{case}", reference.as_str()),
            ("{mail}", held.as_str()),
            ("{queue}", "waste-ops"),
            ("{notice}", notices["items"][0]["id"].as_str().unwrap()),
            ("{person}", logged["person"]["id"].as_str().unwrap()),
            ("{user}", users["items"][0]["id"].as_str().unwrap()),
            ("{key}", key.as_str()),
        ];
        let document: Value = serde_norway::from_str(&reeve::http::openapi::document()).unwrap();
        // That a key was used is noted beside the request: once in this minute, before the count begins.
        app.get(&machine, "/v1/me").await;
        let mut looks = 0;
        while app.get(&admin, &format!("/v1/api-keys/{machine_id}")).await.expect(200)["last_used_at"].is_null() {
            looks += 1;
            assert!(looks < 1_000, "nobody noted that the key was used");
        }
        let before = app.database.everything();
        let mut n_tried = 0;
        for (path, methods) in document["paths"].as_object().unwrap() {
            for (method, operation) in methods.as_object().unwrap() {
                let media = &operation["requestBody"]["content"]["application/json"];
                let (true, Some(schema)) = (matches!(method.as_str(), "post" | "put" | "patch"), media["schema"].as_object()) else { continue };
                let schema = resolved(&document, &Value::Object(schema.clone()));
                // A catalogue is a tree of its own, with its own check.
                let Some(members) = schema["properties"].as_object() else { continue };
                // What another system sends of its own accord may grow at its end.
                if schema.get("additionalProperties") == Some(&json!(true)) { continue }
                let filled = named.iter().fold(path.clone(), |path, (name, value)| path.replace(name, value));
                if filled.contains('{') { continue }
                let roles = operation["x-reeve-access"]["roles"].to_string();
                let caller = match () {
                    () if roles.contains("admin") => &admin,
                    () if roles.contains("team_leader") => &leader,
                    () if roles.contains("officer") => &officer,
                    () if roles.contains("councillor") => &councillor,
                    () if operation["x-reeve-access"]["scopes"] == json!(["tracking"]) => &person,
                    () if roles == "[]" && operation["x-reeve-access"]["public"] == false => &machine,
                    () => &Caller::nobody(),
                };
                for field in ["status", "owner_id", "created_at", "role", "restricted"] {
                    if members.contains_key(field) { continue }
                    let mut body = match &media["example"] { Value::Object(example) => Value::Object(example.clone()), _ => json!({}) };
                    body[field] = json!("admin");
                    let request = TestRequest::with_uri(&filled).method(method.to_uppercase().parse().unwrap()).set_json(body);
                    let reply = app.send(caller, request).await;
                    assert_eq!(reply.status, 422, "{method} {path} with {field}: {}", reply.text);
                    let faults = reply.json()["errors"].clone();
                    let named = json!({"pointer": format!("/{field}"), "code": "unknown_field"});
                    let is_named = faults.as_array().unwrap().iter().any(|fault| fault["pointer"] == named["pointer"] && fault["code"] == named["code"]);
                    assert!(is_named, "{method} {path} with {field}: {}", reply.text);
                    n_tried += 1;
                }
            }
        }
        assert!(n_tried > 150, "{n_tried}");
        assert_eq!(app.database.everything(), before, "something was written");
    }
}

/// The schema a reference leads to.
fn resolved(document: &Value, schema: &Value) -> Value {
    match schema["$ref"].as_str() {
        Some(reference) => {
            let pointer = reference.trim_start_matches('#');
            resolved(document, document.pointer(pointer).unwrap())
        }
        None => schema.clone(),
    }
}

/// The key every story signs with.
const KEY: [u8; 48] = [3; 48];

fn parts(header: &str, payload: &str) -> String {
    format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header),
        URL_SAFE_NO_PAD.encode(payload)
    )
}

fn signed_by(key: &[u8], header: &str, payload: &str) -> String {
    let message = parts(header, payload);
    let mac = Hmac::<Sha256>::new_from_slice(key)
        .unwrap()
        .chain_update(&message);
    let signature = URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
    format!("{message}.{signature}")
}

fn signed(header: &str, payload: &str) -> String {
    signed_by(&KEY, header, payload)
}

fn forged(good: &str, claims: &Value) -> Vec<(&'static str, String)> {
    const HEADER: &str = r#"{"typ":"JWT","alg":"HS256"}"#;
    let all = claims.to_string();
    let (message, signature) = good.rsplit_once('.').unwrap();
    let exp = claims["exp"].as_i64().unwrap();
    let with_header = |header: &str| signed(header, &all);
    let but = |name: &str, value: Value| {
        let mut changed = claims.clone();
        if value.is_null() {
            changed.as_object_mut().unwrap().remove(name);
        } else {
            changed[name] = value;
        }
        signed(HEADER, &changed.to_string())
    };
    let old = |by: i64| {
        let mut changed = claims.clone();
        for name in ["iat", "nbf", "exp"] {
            changed[name] = json!(claims[name].as_i64().unwrap() - by);
        }
        changed
    };
    let twice = |member: &str| signed(HEADER, &all.replacen('{', &format!("{{{member},"), 1));
    let hs512 = {
        let message = parts(r#"{"typ":"JWT","alg":"HS512"}"#, &all);
        let mac = Hmac::<Sha512>::new_from_slice(&KEY)
            .unwrap()
            .chain_update(&message);
        let signature = URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
        format!("{message}.{signature}")
    };
    let mut table = vec![
        (
            "alg none",
            format!("{}.", parts(r#"{"typ":"JWT","alg":"none"}"#, &all)),
        ),
        (
            "alg None with the signature",
            format!(
                "{}.{signature}",
                parts(r#"{"typ":"JWT","alg":"None"}"#, &all)
            ),
        ),
        (
            "HS said to be RS",
            with_header(r#"{"typ":"JWT","alg":"RS256"}"#),
        ),
        ("HS512", hs512),
        (
            "kid leading elsewhere",
            with_header(r#"{"typ":"JWT","alg":"HS256","kid":"../../../../dev/null"}"#),
        ),
        (
            "kid that asks a database",
            with_header(r#"{"typ":"JWT","alg":"HS256","kid":"x' UNION SELECT 'y"}"#),
        ),
        (
            "jku",
            with_header(r#"{"typ":"JWT","alg":"HS256","jku":"https://evil.example/keys"}"#),
        ),
        (
            "jwk",
            with_header(r#"{"typ":"JWT","alg":"HS256","jwk":{"kty":"oct","k":"AA"}}"#),
        ),
        (
            "x5u",
            with_header(r#"{"typ":"JWT","alg":"HS256","x5u":"https://evil.example/cert"}"#),
        ),
        (
            "crit",
            with_header(r#"{"typ":"JWT","alg":"HS256","crit":["exp"]}"#),
        ),
        (
            "empty crit",
            with_header(r#"{"typ":"JWT","alg":"HS256","crit":[]}"#),
        ),
        (
            "alg twice",
            with_header(r#"{"typ":"JWT","alg":"none","alg":"HS256"}"#),
        ),
        (
            "another typ",
            with_header(r#"{"typ":"at+jwt","alg":"HS256"}"#),
        ),
        ("no typ", with_header(r#"{"alg":"HS256"}"#)),
        ("another key", signed_by(&[4; 48], HEADER, &all)),
        ("an empty key", signed_by(b"", HEADER, &all)),
        ("no signature", format!("{message}.")),
        ("other claims under it", {
            let mut changed = claims.clone();
            changed["sub"] = json!("0190a0a0-0000-7000-8000-00000000ffff");
            format!("{}.{signature}", parts(HEADER, &changed.to_string()))
        }),
        (
            "somebody else",
            but("sub", json!("0190a0a0-0000-7000-8000-00000000ffff")),
        ),
        (
            "another session",
            but("sid", json!("0190a0a0-0000-7000-8000-00000000ffff")),
        ),
        ("another iss", but("iss", json!("https://evil.example"))),
        ("another aud", but("aud", json!("other"))),
        ("a list of auds", but("aud", json!(["reeve", "other"]))),
        ("exp as text", but("exp", json!(exp.to_string()))),
        ("nbf as text", but("nbf", json!("0"))),
        ("iat as text", but("iat", json!("0"))),
        (
            "exp as a fraction",
            signed(
                HEADER,
                &all.replace(&format!("\"exp\":{exp}"), &format!("\"exp\":{exp}.0")),
            ),
        ),
        ("a life of an hour", but("exp", json!(exp + 2_701))),
        (
            "iat ahead",
            but("iat", json!(claims["iat"].as_i64().unwrap() + 120)),
        ),
        (
            "nbf ahead",
            but("nbf", json!(claims["iat"].as_i64().unwrap() + 120)),
        ),
        ("exp twice", twice(&format!("\"exp\":{}", exp + 1))),
        (
            "sub twice",
            twice(r#""sub":"0190a0a0-0000-7000-8000-00000000ffff""#),
        ),
        ("expired", signed(HEADER, &old(3_600).to_string())),
        (
            "expired, with another key",
            signed_by(&[4; 48], HEADER, &old(3_600).to_string()),
        ),
    ];
    for name in ["iss", "aud", "sub", "sid", "jti", "iat", "nbf", "exp"] {
        table.push(("a claim missing", but(name, Value::Null)));
    }
    table
}
