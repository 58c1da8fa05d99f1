//! The gate and the small resources, over the real router on SQLite.

use actix_web::body::MessageBody as _;
use actix_web::http::Method;
use actix_web::test::{TestRequest, init_service};
use actix_web::{App, FromRequest as _, test};
use serde_json::{Value, json};

use super::*;
use crate::auth::passwords::{Password, hash_now};
use crate::casework::accounts::{self, NewAccount, NewKey};
use crate::casework::desk::{Council, Manners, Secrets};
use crate::casework::{Desk, Failure};
use crate::config::{Settings, Sources, embedded};
use crate::domain::access::{Role, Scope};
use crate::http::health::Health;
use crate::store::Db;
use crate::store::db::{Address, Opening};
use crate::time_source::TimeSource;

mod intake;
mod work;

const PASSWORD: &str = "a long pass phrase";

pub(super) fn settings() -> Settings {
    Settings::load(&Sources::default()).unwrap()
}

pub(super) async fn front() -> Arc<Front> {
    front_with(settings()).await
}

async fn front_with(settings: Settings) -> Arc<Front> {
    let folder = tempfile::tempdir().unwrap().keep();
    let opening = Opening {
        address: Address::Sqlite(folder.join("reeve.db")),
        pool_size: 2,
        allow_unsafe_durability: true,
    };
    let db = Db::open(&opening).unwrap();
    db.migrate().unwrap();
    let manners = Manners {
        public_url: "http://reeve.example".to_owned(),
        undo_seconds: 120,
        redirect_all_to: None,
        tracking_days: 400,
        survey: crate::domain::survey::Sampling::OFF,
    };
    let secrets = Secrets {
        tracking: vec![7; 32],
        loop_token: "loop".to_owned(),
    };
    let council = Council::new(embedded::northmere().unwrap(), &[]).unwrap();
    let time = TimeSource::fixed("2026-11-20T16:58:00Z".parse().unwrap());
    let desk = Desk::new(db, time, manners, secrets, council);
    desk.proofread_with(crate::notify::render::check);
    Front::new(
        desk,
        &settings,
        &[9; 48],
        Arc::new(Health::new(false)),
        false,
    )
    .unwrap()
}

/// What came back.
struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    bytes: Vec<u8>,
}

impl Reply {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or(Value::Null)
    }

    fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(own, _)| own == name)
            .map(|(_, value)| value.as_str())
    }
}

/// A request to be: method and path, who asks, what is sent.
struct Asked(TestRequest);

fn ask(method: Method, path: &str) -> Asked {
    Asked(
        TestRequest::with_uri(path)
            .method(method)
            .peer_addr("192.0.2.10:4711".parse().unwrap()),
    )
}

impl Asked {
    fn with(self, name: &str, value: &str) -> Self {
        Self(self.0.append_header((name, value)))
    }

    fn bearer(self, token: &str) -> Self {
        self.with("Authorization", &format!("Bearer {token}"))
    }

    fn sends(self, body: &Value) -> Self {
        self.with("Content-Type", "application/json")
            .raw(body.to_string())
    }

    fn raw(self, body: impl Into<web::Bytes>) -> Self {
        Self(self.0.set_payload(body))
    }

    async fn of(self, front: &Arc<Front>) -> Reply {
        let app = init_service(App::new().configure(app_config(Arc::clone(front)))).await;
        let response = test::call_service(&app, self.0.to_request()).await;
        let status = response.status().as_u16();
        let headers = response
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect();
        let bytes = actix_web::body::to_bytes(response.into_body().boxed())
            .await
            .unwrap()
            .to_vec();
        Reply {
            status,
            headers,
            bytes,
        }
    }
}

async fn add_user(front: &Arc<Front>, email: &str, role: Role) {
    let new = NewAccount {
        email: email.to_owned(),
        name: "Sam Officer".to_owned(),
        role,
        password_hash: Some(hash_now(&Password::typed(PASSWORD)).unwrap()),
        queues: vec!["waste-ops".to_owned()],
        services: Vec::new(),
        teams: Vec::new(),
        post: None,
    };
    front
        .desk
        .perform(move |tx, at| accounts::ensure_user(tx, at, new.clone()))
        .await
        .unwrap();
}

async fn add_key(front: &Arc<Front>, scopes: &[Scope]) -> String {
    let secret = accounts::new_key_secret();
    let key = secret.key.clone();
    let scopes = scopes.to_vec();
    front
        .desk
        .perform(move |tx, at| {
            let new = NewKey {
                name: "website".to_owned(),
                scopes: scopes.clone(),
                channels: Vec::new(),
                queues: Vec::new(),
                expires_at: None,
            };
            accounts::ensure_key(tx, at, new, &secret)
        })
        .await
        .unwrap();
    key
}

async fn tokens(front: &Arc<Front>, email: &str) -> Value {
    let reply = ask(Method::POST, "/v1/auth/tokens")
        .sends(&json!({"email": email, "password": PASSWORD}))
        .of(front)
        .await;
    assert_eq!(reply.status, 200, "{}", reply.json());
    reply.json()
}

async fn signed_in(front: &Arc<Front>, role: Role) -> String {
    let email = format!("{role}@council.example");
    add_user(front, &email, role).await;
    tokens(front, &email).await["access_token"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[actix_web::test]
async fn who_is_signed_in_is_told_who_they_are() {
    let front = front().await;
    let token = signed_in(&front, Role::Officer).await;
    let me = ask(Method::GET, "/v1/me").bearer(&token).of(&front).await;
    assert_eq!(me.status, 200);
    assert_eq!(me.json()["email"], "officer@council.example");
    assert_eq!(me.json()["role"], "officer");
    assert_eq!(me.json()["queues"], json!(["waste-ops"]));
    assert_eq!(me.header("cache-control"), Some("no-store"));
}

#[actix_web::test]
async fn moving_the_clock_signs_nobody_out() {
    let front = front().await;
    let token = signed_in(&front, Role::Officer).await;
    front
        .desk
        .time
        .move_to("2036-01-01T00:00:00Z".parse().unwrap())
        .unwrap();
    assert_eq!(
        ask(Method::GET, "/v1/me")
            .bearer(&token)
            .of(&front)
            .await
            .status,
        200
    );
}

#[actix_web::test]
async fn a_wrong_password_and_an_unknown_address_are_answered_alike() {
    let front = front().await;
    add_user(&front, "sam@council.example", Role::Agent).await;
    for (email, password) in [
        ("sam@council.example", "a wrong pass phrase"),
        ("nobody@council.example", PASSWORD),
        ("no address", PASSWORD),
    ] {
        let reply = ask(Method::POST, "/v1/auth/tokens")
            .sends(&json!({"email": email, "password": password}))
            .of(&front)
            .await;
        assert_eq!(
            (reply.status, reply.code().as_str()),
            (401, "bad_credentials"),
            "{email}"
        );
        assert_eq!(reply.header("www-authenticate"), Some("Bearer"));
    }
}

#[actix_web::test]
async fn a_refresh_token_used_twice_ends_the_family() {
    let front = front().await;
    add_user(&front, "sam@council.example", Role::Agent).await;
    let first = tokens(&front, "sam@council.example").await;
    let refresh = |token: &Value| {
        ask(Method::POST, "/v1/auth/refreshes").sends(&json!({"refresh_token": token}))
    };
    let second = refresh(&first["refresh_token"]).of(&front).await;
    assert_eq!(second.status, 200);
    let second = second.json();
    let me = |tokens: &Value| {
        ask(Method::GET, "/v1/me").bearer(tokens["access_token"].as_str().unwrap())
    };
    assert_eq!(me(&second).of(&front).await.status, 200);
    assert_eq!(
        refresh(&first["refresh_token"]).of(&front).await.status,
        401
    );
    assert_eq!(me(&second).of(&front).await.code(), "token_invalid");
    assert_eq!(
        refresh(&second["refresh_token"]).of(&front).await.status,
        401
    );
}

#[actix_web::test]
async fn after_signing_out_neither_token_opens_anything() {
    let front = front().await;
    add_user(&front, "sam@council.example", Role::Agent).await;
    let tokens = tokens(&front, "sam@council.example").await;
    let token = tokens["access_token"].as_str().unwrap();
    assert_eq!(
        ask(Method::GET, "/v1/me")
            .bearer(token)
            .of(&front)
            .await
            .status,
        200
    );
    let out = ask(Method::DELETE, "/v1/auth/sessions/current")
        .bearer(token)
        .of(&front)
        .await;
    assert_eq!(out.status, 204);
    assert_eq!(
        ask(Method::GET, "/v1/me")
            .bearer(token)
            .of(&front)
            .await
            .code(),
        "token_invalid"
    );
    let refreshed = ask(Method::POST, "/v1/auth/refreshes")
        .sends(&json!({"refresh_token": tokens["refresh_token"]}))
        .of(&front)
        .await;
    assert_eq!(refreshed.status, 401);
}

#[actix_web::test]
async fn whoever_is_not_signed_in_is_turned_away_before_anything_is_looked_at() {
    let front = front().await;
    for asked in [
        ask(Method::GET, "/v1/users?what=this"),
        ask(Method::GET, "/v1/users/not-an-id"),
        ask(Method::POST, "/v1/users")
            .with("Content-Type", "text/plain")
            .raw("{{{"),
        ask(Method::POST, "/v1/users").with("Idempotency-Key", ""),
    ] {
        let reply = asked.of(&front).await;
        assert_eq!(
            (reply.status, reply.code().as_str()),
            (401, "sign_in_needed")
        );
        assert_eq!(reply.header("www-authenticate"), Some("Bearer"));
        assert_eq!(
            reply.header("content-type"),
            Some("application/problem+json")
        );
    }
    for wrong in ["nonsense", "rvk_guess", "rvt_guess", "a.b.c"] {
        let reply = ask(Method::GET, "/v1/me").bearer(wrong).of(&front).await;
        assert_eq!(
            (reply.status, reply.code().as_str()),
            (401, "token_invalid"),
            "{wrong}"
        );
        assert_eq!(
            reply.header("www-authenticate"),
            Some("Bearer error=\"invalid_token\"")
        );
    }
}

#[actix_web::test]
async fn a_role_or_key_without_the_right_is_refused_before_anything_is_read() {
    let front = front().await;
    let token = signed_in(&front, Role::Agent).await;
    let agent = ask(Method::GET, "/v1/users?what=this")
        .bearer(&token)
        .of(&front)
        .await;
    assert_eq!((agent.status, agent.code().as_str()), (403, "role_may_not"));
    let key = add_key(&front, &[Scope::CasesRead]).await;
    let key = ask(Method::GET, "/v1/users").bearer(&key).of(&front).await;
    assert_eq!((key.status, key.code().as_str()), (403, "scope_missing"));
}

#[actix_web::test]
async fn a_key_acts_for_somebody_only_with_the_scope_and_only_for_somebody_active() {
    let front = front().await;
    add_user(&front, "sam@council.example", Role::Agent).await;
    let plain = add_key(&front, &[Scope::CasesRead]).await;
    let acting = add_key(&front, &[Scope::ActForUser]).await;
    let as_user = |key: &str, user: &str| {
        ask(Method::GET, "/v1/me")
            .bearer(key)
            .with("Reeve-Acting-User", user)
    };
    let check =
        |reply: Reply, code: &str| assert_eq!((reply.status, reply.code().as_str()), (403, code));
    check(
        as_user(&plain, "sam@council.example").of(&front).await,
        "scope_missing",
    );
    check(
        as_user(&acting, "nobody@council.example").of(&front).await,
        "acting_user_unknown",
    );
    // `/v1/me` is for people only, whoever is acted for.
    check(
        as_user(&acting, "sam@council.example").of(&front).await,
        "scope_missing",
    );
}

#[actix_web::test]
async fn every_layer_answers_with_a_problem_and_the_usual_headers() {
    let front = front().await;
    let token = signed_in(&front, Role::Admin).await;
    let json = |asked: Asked| asked.with("Content-Type", "application/json");
    let post = || ask(Method::POST, "/v1/users").bearer(&token);
    let check = |reply: &Reply, status: u16, code: &str| {
        assert_eq!(
            (reply.status, reply.code().as_str()),
            (status, code),
            "{}",
            reply.json()
        );
        assert_eq!(
            reply.header("content-type"),
            Some("application/problem+json"),
            "{code}"
        );
        assert_eq!(
            reply.header("x-content-type-options"),
            Some("nosniff"),
            "{code}"
        );
        assert_eq!(
            reply.header("referrer-policy"),
            Some("no-referrer"),
            "{code}"
        );
        assert!(reply.header("content-security-policy").is_some(), "{code}");
        assert_eq!(
            reply.header("x-request-id"),
            reply.json()["request_id"].as_str(),
            "{code}"
        );
        assert!(reply.json()["errors"].is_array(), "{code}");
    };
    check(
        &ask(Method::GET, "/nowhere").of(&front).await,
        404,
        "route_not_found",
    );
    check(
        &ask(Method::GET, "/v1/users/").of(&front).await,
        404,
        "route_not_found",
    );
    let wrong_method = ask(Method::PUT, "/v1/users").of(&front).await;
    check(&wrong_method, 405, "method_not_allowed");
    assert_eq!(
        wrong_method.header("allow"),
        Some("GET, POST, HEAD, OPTIONS")
    );
    check(
        &ask(Method::GET, "/v1/users/no-id")
            .bearer(&token)
            .of(&front)
            .await,
        404,
        "not_found",
    );
    check(
        &ask(Method::GET, "/v1/users?lim=5")
            .bearer(&token)
            .of(&front)
            .await,
        400,
        "unknown_parameter",
    );
    check(
        &ask(Method::GET, "/v1/users?limit=0")
            .bearer(&token)
            .of(&front)
            .await,
        400,
        "out_of_range",
    );
    check(
        &ask(Method::GET, "/v1/users?cursor=abc")
            .bearer(&token)
            .of(&front)
            .await,
        400,
        "bad_cursor",
    );
    check(
        &post()
            .with("Content-Type", "text/plain")
            .raw("{}")
            .of(&front)
            .await,
        415,
        "unsupported_media_type",
    );
    check(
        &post().raw("{}").of(&front).await,
        415,
        "unsupported_media_type",
    );
    let latin = post()
        .with("Content-Type", "application/json; charset=latin1")
        .raw("{}");
    check(&latin.of(&front).await, 415, "unsupported_media_type");
    check(
        &json(post())
            .with("Content-Encoding", "gzip")
            .raw("{}")
            .of(&front)
            .await,
        415,
        "unsupported_media_type",
    );
    check(
        &json(post()).raw(vec![b' '; 1_048_577]).of(&front).await,
        413,
        "too_large",
    );
    check(
        &json(post()).raw("{\"a\":1,\"a\":2}").of(&front).await,
        400,
        "malformed_json",
    );
    check(
        &json(post()).raw("{\"role\":\"king\"}").of(&front).await,
        422,
        "invalid",
    );
    check(
        &json(post())
            .with("Idempotency-Key", "a key")
            .raw("{}")
            .of(&front)
            .await,
        400,
        "bad_idempotency_key",
    );
}

#[actix_web::test]
async fn a_sane_request_id_is_taken_over_and_another_is_not() {
    let front = front().await;
    let check = |sent: &'static str, front: Arc<Front>| async move {
        let reply = ask(Method::GET, "/livez")
            .with("X-Request-Id", sent)
            .of(&front)
            .await;
        reply.header("x-request-id").unwrap().to_owned()
    };
    assert_eq!(
        check("trace-42.a_b", Arc::clone(&front)).await,
        "trace-42.a_b"
    );
    for bad in ["", "two words", "<script>"] {
        let made = check(bad, Arc::clone(&front)).await;
        assert_eq!(made.len(), 36, "{bad}: {made}");
    }
}

#[actix_web::test]
async fn the_same_key_makes_one_account_and_another_body_under_it_is_refused() {
    let front = front().await;
    let token = signed_in(&front, Role::Admin).await;
    let new = |name: &str| json!({"email": "new@council.example", "name": name, "role": "agent"});
    let create = |key: &str, body: &Value| {
        ask(Method::POST, "/v1/users")
            .bearer(&token)
            .with("Idempotency-Key", key)
            .sends(body)
    };
    let first = create("k-1", &new("New Agent")).of(&front).await;
    assert_eq!(first.status, 201, "{}", first.json());
    assert_eq!(first.header("idempotency-replayed"), None);
    let again = create("\"k-1\"", &new("New Agent")).of(&front).await;
    assert_eq!((again.status, again.bytes), (201, first.bytes.clone()));
    assert_eq!(
        again
            .headers
            .iter()
            .find(|(name, _)| name == "idempotency-replayed")
            .map(|(_, v)| v.as_str()),
        Some("true")
    );
    let location = |reply: &Reply| reply.header("location").unwrap().to_owned();
    assert_eq!(
        location(&first),
        format!("/v1/users/{}", first.json()["id"].as_str().unwrap())
    );
    let other = create("k-1", &new("Another Name")).of(&front).await;
    assert_eq!(
        (other.status, other.code().as_str()),
        (422, "idempotency_key_reused")
    );
    let taken = create("k-2", &new("New Agent")).of(&front).await;
    assert_eq!((taken.status, taken.code().as_str()), (409, "email_taken"));
    // A conflict is not kept: asked again, it is looked at again. A refusal of what was sent is.
    assert_eq!(
        create("k-2", &new("New Agent"))
            .of(&front)
            .await
            .header("idempotency-replayed"),
        None
    );
    let bad = json!({"email": "x", "name": "X", "role": "agent"});
    assert_eq!(create("k-3", &bad).of(&front).await.status, 422);
    let kept = create("k-3", &bad).of(&front).await;
    assert_eq!(
        (kept.status, kept.header("idempotency-replayed")),
        (422, Some("true"))
    );
}

#[actix_web::test]
async fn a_change_needs_the_version_that_was_read_and_closing_ends_sessions() {
    let front = front().await;
    let admin = signed_in(&front, Role::Admin).await;
    let officer = signed_in(&front, Role::Officer).await;
    let id = ask(Method::GET, "/v1/me")
        .bearer(&officer)
        .of(&front)
        .await
        .json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = format!("/v1/users/{id}");
    let read = ask(Method::GET, &path).bearer(&admin).of(&front).await;
    assert_eq!(read.header("etag"), Some("\"1\""));
    let known = ask(Method::GET, &path)
        .bearer(&admin)
        .with("If-None-Match", "\"1\"")
        .of(&front)
        .await;
    assert_eq!((known.status, known.bytes.len()), (304, 0));
    let change = |body: Value| ask(Method::PATCH, &path).bearer(&admin).sends(&body);
    assert_eq!(
        change(json!({"active": false})).of(&front).await.code(),
        "if_match_required"
    );
    assert_eq!(
        change(json!({"active": false}))
            .with("If-Match", "\"9\"")
            .of(&front)
            .await
            .code(),
        "stale"
    );
    let unknown = change(json!({"queues": ["no-such-queue"]}))
        .with("If-Match", "\"1\"")
        .of(&front)
        .await;
    assert_eq!(
        (
            unknown.status,
            unknown.json()["errors"][0]["pointer"].clone()
        ),
        (422, json!("/queues/0"))
    );
    let closed = change(json!({"active": false}))
        .with("If-Match", "\"1\"")
        .of(&front)
        .await;
    assert_eq!((closed.status, closed.header("etag")), (200, Some("\"2\"")));
    assert_eq!(
        ask(Method::GET, "/v1/me")
            .bearer(&officer)
            .of(&front)
            .await
            .code(),
        "token_invalid"
    );
}

#[actix_web::test]
async fn a_key_is_shown_once_and_opens_nothing_after_it_is_revoked() {
    let front = front().await;
    let admin = signed_in(&front, Role::Admin).await;
    let made = ask(Method::POST, "/v1/api-keys")
        .bearer(&admin)
        .sends(&json!({"name": "partner", "scopes": ["cases:read"]}))
        .of(&front)
        .await;
    assert_eq!(made.status, 201, "{}", made.json());
    let key = made.json()["key"].as_str().unwrap().to_owned();
    let listed = ask(Method::GET, "/v1/api-keys")
        .bearer(&admin)
        .of(&front)
        .await;
    assert!(
        !String::from_utf8(listed.bytes.clone())
            .unwrap()
            .contains(&key)
    );
    assert_eq!(listed.json()["items"][0]["name"], "partner");
    assert_eq!(
        ask(Method::GET, "/v1/users")
            .bearer(&key)
            .of(&front)
            .await
            .status,
        403
    );
    let path = made.header("location").unwrap().to_owned();
    assert_eq!(
        ask(Method::GET, &path)
            .bearer(&admin)
            .of(&front)
            .await
            .json()["active"],
        true
    );
    assert_eq!(
        ask(Method::DELETE, &path)
            .bearer(&admin)
            .of(&front)
            .await
            .status,
        204
    );
    assert_eq!(
        ask(Method::GET, "/v1/users")
            .bearer(&key)
            .of(&front)
            .await
            .code(),
        "token_invalid"
    );
}

#[actix_web::test]
async fn a_list_is_read_page_by_page() {
    let front = front().await;
    let admin = signed_in(&front, Role::Admin).await;
    for name in ["ann", "bob", "cas"] {
        add_user(&front, &format!("{name}@council.example"), Role::Agent).await;
    }
    let mut path = "/v1/users?limit=2".to_owned();
    let mut seen = Vec::new();
    loop {
        let page = ask(Method::GET, &path).bearer(&admin).of(&front).await;
        assert_eq!(page.status, 200, "{}", page.json());
        let items = page.json()["items"].as_array().unwrap().clone();
        seen.extend(
            items
                .iter()
                .map(|item| item["email"].as_str().unwrap().to_owned()),
        );
        let Some(cursor) = page.json()["next_cursor"].as_str().map(str::to_owned) else {
            assert_eq!(page.header("link"), None);
            break;
        };
        path = format!("/v1/users?limit=2&cursor={cursor}");
        assert_eq!(
            page.header("link"),
            Some(format!("<{path}>; rel=\"next\"").as_str())
        );
    }
    assert_eq!(
        seen,
        [
            "admin@council.example",
            "ann@council.example",
            "bob@council.example",
            "cas@council.example"
        ]
    );
}

#[actix_web::test]
async fn who_guesses_too_often_waits_and_a_right_token_still_passes() {
    let mut settings = settings();
    settings.limits.wrong_tokens_per_minute = 3;
    let front = front_with(settings).await;
    let token = signed_in(&front, Role::Agent).await;
    let guess = || ask(Method::GET, "/v1/me").bearer("rvk_guess");
    for _ in 0..3 {
        assert_eq!(guess().of(&front).await.status, 401);
    }
    let refused = guess().of(&front).await;
    assert_eq!(
        (refused.status, refused.header("retry-after")),
        (429, Some("60"))
    );
    assert_eq!(ask(Method::GET, "/v1/me").of(&front).await.status, 429);
    assert_eq!(
        ask(Method::GET, "/v1/me")
            .bearer(&token)
            .of(&front)
            .await
            .status,
        200
    );
    let elsewhere = ask(Method::GET, "/v1/me").bearer("rvk_guess");
    let elsewhere = Asked(elsewhere.0.peer_addr("192.0.2.11:4711".parse().unwrap()))
        .of(&front)
        .await;
    assert_eq!(elsewhere.status, 401);
    front
        .desk
        .time
        .move_to("2026-11-20T16:59:00Z".parse().unwrap())
        .unwrap();
    assert_eq!(guess().of(&front).await.status, 401);
}

#[actix_web::test]
async fn failed_sign_ins_are_counted_and_good_ones_are_not() {
    let mut settings = settings();
    settings.limits.failed_sign_ins_per_minute = 2;
    let front = front_with(settings).await;
    add_user(&front, "sam@council.example", Role::Agent).await;
    for _ in 0..4 {
        tokens(&front, "sam@council.example").await;
    }
    let guess = || {
        ask(Method::POST, "/v1/auth/tokens")
            .sends(&json!({"email": "sam@council.example", "password": "wrong"}))
    };
    assert_eq!(guess().of(&front).await.status, 401);
    assert_eq!(guess().of(&front).await.status, 401);
    let refused = guess().of(&front).await;
    assert_eq!(
        (refused.status, refused.header("retry-after")),
        (429, Some("60"))
    );
}

#[actix_web::test]
async fn nobody_may_ask_more_often_than_their_share() {
    let mut settings = settings();
    settings.limits.requests_per_second = 2;
    let front = front_with(settings).await;
    let token = signed_in(&front, Role::Agent).await;
    front
        .desk
        .time
        .move_to("2026-11-20T17:00:00Z".parse().unwrap())
        .unwrap();
    let me = || ask(Method::GET, "/v1/me").bearer(&token);
    let first = me().of(&front).await;
    assert_eq!(first.header("ratelimit"), Some("\"default\";r=1;t=1"));
    assert_eq!(
        first.header("ratelimit-policy"),
        Some("\"default\";q=2;w=1")
    );
    assert_eq!(me().of(&front).await.status, 200);
    let refused = me().of(&front).await;
    assert_eq!(
        (refused.status, refused.header("retry-after")),
        (429, Some("1"))
    );
    assert_eq!(refused.code(), "too_many_requests");
    front
        .desk
        .time
        .move_to("2026-11-20T17:00:01Z".parse().unwrap())
        .unwrap();
    assert_eq!(me().of(&front).await.status, 200);
}

#[actix_web::test]
async fn a_browser_may_read_answers_on_allowed_sites_only() {
    let mut settings = settings();
    settings.http.allowed_origins = vec!["https://www.council.example".to_owned()];
    let front = front_with(settings).await;
    let from = |origin: &str| ask(Method::OPTIONS, "/v1/me").with("Origin", origin);
    let allowed = from("https://www.council.example").of(&front).await;
    assert_eq!(allowed.status, 204);
    assert_eq!(
        allowed.header("access-control-allow-origin"),
        Some("https://www.council.example")
    );
    assert!(
        allowed
            .header("access-control-allow-headers")
            .unwrap()
            .contains("Authorization")
    );
    let other = from("https://elsewhere.example").of(&front).await;
    assert_eq!(other.header("access-control-allow-origin"), None);
    assert_eq!(other.header("access-control-allow-methods"), None);
}

#[actix_web::test]
async fn the_contract_is_served_as_it_is_printed_and_the_reference_beside_it() {
    let front = front().await;
    let contract = ask(Method::GET, "/openapi.yaml").of(&front).await;
    assert_eq!(contract.bytes, openapi::document().into_bytes());
    for path in [
        "/docs",
        "/docs/style.css",
        "/docs/problems",
        "/docs/problems/not_found",
    ] {
        let page = ask(Method::GET, path).of(&front).await;
        assert_eq!(page.status, 200, "{path}");
        assert!(
            !page
                .header("content-security-policy")
                .unwrap()
                .contains("unsafe"),
            "{path}"
        );
    }
    assert_eq!(
        ask(Method::GET, "/docs/problems/nonsense")
            .of(&front)
            .await
            .status,
        404
    );
}

#[actix_web::test]
async fn a_server_that_is_shutting_down_is_alive_but_not_ready() {
    let front = front().await;
    assert_eq!(ask(Method::GET, "/readyz").of(&front).await.status, 200);
    front.health.drain();
    let ready = ask(Method::GET, "/readyz").of(&front).await;
    assert_eq!(
        (ready.status, ready.json()["is_draining"].clone()),
        (503, json!(true))
    );
    assert_eq!(ask(Method::GET, "/livez").of(&front).await.status, 200);
}

#[actix_web::test]
async fn a_handler_that_panics_answers_500_without_saying_why() {
    let front = front().await;
    let operation = get("/broken", |_call: Call| async {
        Err(Problem::from(Failure::Fault(anyhow::anyhow!(
            "secret cause"
        ))))
    })
    .access(Access::public());
    let panicking = get("/panics", |_call: Call| async {
        panic!("a panic on purpose")
    })
    .access(Access::public());
    for operation in [operation, panicking] {
        let route = Arc::new(gate::Route {
            pattern: operation.path,
            operations: vec![Arc::new(operation)],
        });
        let request = TestRequest::with_uri(route.pattern).to_http_request();
        let payload = Payload::from_request(&request, &mut actix_web::dev::Payload::None)
            .await
            .unwrap();
        let response = gate::serve(Arc::clone(&front), route, request, payload).await;
        assert_eq!(response.status().as_u16(), 500);
        let bytes = actix_web::body::to_bytes(response.into_body())
            .await
            .unwrap();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        assert!(
            text.contains("internal_fault")
                && !text.contains("secret")
                && !text.contains("purpose"),
            "{text}"
        );
    }
}
