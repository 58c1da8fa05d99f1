//! Signing in through the council's identity provider: one of our own, on this machine.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use actix_web::test::TestRequest;
use actix_web::{App, HttpResponse, HttpServer, web};
use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::SignedDuration;
use reeve::config::Settings;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::sign_in::refused;
use crate::support::{Caller, Reply, TestApp, settings};

const CLIENT: &str = "reeve-client";
const SECRET: &str = "a client's secret";
const TENANT: &str = "11111111-2222-4333-8444-555555555555";
const CALLBACK: &str = "https://reeve.council.example/v1/auth/oidc/callback";

/// What the provider knows and does, shared with its server.
struct Idp {
    issuer: String,
    keys: Vec<(String, Signer)>,
    /// Which of its keys it publishes.
    published: Vec<String>,
    codes: BTreeMap<String, Given>,
    n_asked_for_keys: usize,
    is_away: bool,
}

/// A code it gave out.
struct Given {
    challenge: String,
    token: String,
}

enum Signer {
    Rsa(RsaKeyPair),
    Ec(EcdsaKeyPair),
}

#[derive(Clone)]
struct Provider(Arc<Mutex<Idp>>);

/// One sign-in as the provider asks for it: what it was told when it began, and the browser's cookie.
struct Begun {
    parameters: BTreeMap<String, String>,
    cookie: String,
}

impl Signer {
    fn sign(&self, message: &str) -> Vec<u8> {
        let random = SystemRandom::new();
        match self {
            Self::Rsa(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(
                    &RSA_PKCS1_SHA256,
                    &random,
                    message.as_bytes(),
                    &mut signature,
                )
                .unwrap();
                signature
            }
            Self::Ec(key) => key
                .sign(&random, message.as_bytes())
                .unwrap()
                .as_ref()
                .to_vec(),
        }
    }

    fn algorithm(&self) -> &'static str {
        match self {
            Self::Rsa(_) => "RS256",
            Self::Ec(_) => "ES256",
        }
    }

    fn jwk(&self, kid: &str) -> Value {
        let written = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        match self {
            Self::Rsa(key) => {
                let (n, e) = modulus_and_exponent(key.public_key().as_ref());
                json!({"kty": "RSA", "use": "sig", "kid": kid, "n": written(&n), "e": written(&e)})
            }
            Self::Ec(key) => {
                let point = key.public_key().as_ref();
                json!({"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": kid,
                       "x": written(&point[1..33]), "y": written(&point[33..65])})
            }
        }
    }
}

/// The two numbers of an RSAPublicKey in DER.
fn modulus_and_exponent(der: &[u8]) -> (Vec<u8>, Vec<u8>) {
    fn element(der: &[u8]) -> (&[u8], &[u8]) {
        let (start, length) = match der[1] {
            short @ 0..=0x7f => (2, usize::from(short)),
            long => {
                let n = usize::from(long & 0x7f);
                (
                    2 + n,
                    der[2..2 + n]
                        .iter()
                        .fold(0, |sum, byte| sum << 8 | usize::from(*byte)),
                )
            }
        };
        (&der[start..start + length], &der[start + length..])
    }
    let (both, _) = element(der);
    let (n, rest) = element(both);
    let (e, _) = element(rest);
    let bare = |number: &[u8]| {
        number
            .iter()
            .copied()
            .skip_while(|byte| *byte == 0)
            .collect()
    };
    (bare(n), bare(e))
}

impl Provider {
    /// Starts one on any free port.
    async fn start() -> Self {
        let rsa = Signer::Rsa(RsaKeyPair::generate(KeySize::Rsa2048).unwrap());
        let ec = Signer::Ec(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap());
        let stranger = Signer::Rsa(RsaKeyPair::generate(KeySize::Rsa2048).unwrap());
        let idp = Self(Arc::new(Mutex::new(Idp {
            issuer: String::new(),
            keys: vec![
                ("first".to_owned(), rsa),
                ("second".to_owned(), ec),
                ("stranger".to_owned(), stranger),
            ],
            published: vec!["first".to_owned()],
            codes: BTreeMap::new(),
            n_asked_for_keys: 0,
            is_away: false,
        })));
        let shared = idp.clone();
        let server = HttpServer::new(move || {
            App::new()
                .app_data(web::Data::new(shared.clone()))
                .route(
                    "/{tenant}/.well-known/openid-configuration",
                    web::get().to(describe),
                )
                .route("/keys", web::get().to(list_keys))
                .route("/token", web::post().to(redeem))
        })
        .workers(1)
        .disable_signals()
        .bind(("127.0.0.1", 0))
        .unwrap();
        let port = server.addrs()[0].port();
        idp.0.lock().unwrap().issuer = format!("http://127.0.0.1:{port}/council");
        actix_web::rt::spawn(server.run());
        idp
    }

    fn issuer(&self) -> String {
        self.0.lock().unwrap().issuer.clone()
    }

    /// Settings of a Reeve that trusts it.
    fn trusted(&self) -> Settings {
        let mut trusting = settings();
        let oidc = &mut trusting.auth.oidc;
        oidc.issuer = self.issuer();
        oidc.client_id = CLIENT.to_owned();
        oidc.client_secret = SECRET.to_owned().into();
        oidc.roles = vec![
            "Reeve.Agent=agent".to_owned(),
            "Reeve.Officer=officer".to_owned(),
        ];
        oidc.creates_accounts = true;
        oidc.ask = "the IT service desk, extension 4000".to_owned();
        trusting
    }

    /// What it says of somebody who signed in there.
    fn claims(&self, begun: &Begun) -> Value {
        let now = reeve::casework::accounts::real_now().as_second();
        json!({
            "iss": self.issuer(), "aud": CLIENT, "sub": "subject-of-noor", "nonce": begun.parameters["nonce"],
            "iat": now, "nbf": now, "exp": now + 300, "name": "Noor Newcomer", "email": "noor@council.example",
            "roles": ["Reeve.Agent"],
        })
    }

    fn token(&self, kid: &str, claims: &Value) -> String {
        let idp = self.0.lock().unwrap();
        let (_, key) = idp.keys.iter().find(|(own, _)| own == kid).unwrap();
        let header = json!({"alg": key.algorithm(), "typ": "JWT", "kid": kid});
        signed(key, &header, claims)
    }

    /// Gives a code for a token, as after a sign-in over there.
    fn give(&self, begun: &Begun, token: String) -> String {
        let mut idp = self.0.lock().unwrap();
        let code = format!("code-{}", idp.codes.len());
        let challenge = begun.parameters["code_challenge"].clone();
        idp.codes.insert(code.clone(), Given { challenge, token });
        code
    }

    /// Somebody signs in over there, and their browser comes back.
    async fn arrive(&self, app: &TestApp, change: impl FnOnce(&mut Value)) -> Reply {
        let begun = begin(app, "").await;
        let mut claims = self.claims(&begun);
        change(&mut claims);
        let code = self.give(&begun, self.token("first", &claims));
        come_back(app, &begun, &code, &begun.parameters["state"]).await
    }
}

fn signed(key: &Signer, header: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(header), part(claims));
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(key.sign(&message)))
}

async fn describe(idp: web::Data<Provider>) -> HttpResponse {
    let idp = idp.0.lock().unwrap();
    if idp.is_away {
        return HttpResponse::ServiceUnavailable().finish();
    }
    let (base, _) = idp.issuer.rsplit_once('/').unwrap();
    HttpResponse::Ok().json(json!({
        "issuer": idp.issuer, "authorization_endpoint": format!("{base}/authorize"),
        "token_endpoint": format!("{base}/token"), "jwks_uri": format!("{base}/keys"),
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
    }))
}

async fn list_keys(idp: web::Data<Provider>) -> HttpResponse {
    let mut idp = idp.0.lock().unwrap();
    idp.n_asked_for_keys += 1;
    let mut keys: Vec<Value> = idp
        .keys
        .iter()
        .filter(|(kid, _)| idp.published.contains(kid))
        .map(|(kid, key)| key.jwk(kid))
        .collect();
    // Of a kind nobody here knows.
    keys.push(json!({"kty": "AKP", "alg": "ML-DSA-65", "kid": "tomorrow", "pub": "AAAA"}));
    HttpResponse::Ok().json(json!({"keys": keys}))
}

/// A code is good once, and only with the verifier, the redirect address and the secret it was asked for with.
async fn redeem(
    idp: web::Data<Provider>,
    form: web::Form<BTreeMap<String, String>>,
) -> HttpResponse {
    let mut idp = idp.0.lock().unwrap();
    let said = |name: &str| form.get(name).map_or("", String::as_str);
    let given = idp.codes.remove(said("code"));
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(said("code_verifier")));
    match given {
        Some(given)
            if given.challenge == challenge
                && said("grant_type") == "authorization_code"
                && said("client_id") == CLIENT
                && said("client_secret") == SECRET
                && said("redirect_uri") == CALLBACK =>
        {
            HttpResponse::Ok()
                .json(json!({"token_type": "Bearer", "access_token": "x", "id_token": given.token}))
        }
        _ => HttpResponse::BadRequest().json(json!({"error": "invalid_grant"})),
    }
}

async fn begin(app: &TestApp, query: &str) -> Begun {
    let path = format!("/v1/auth/oidc/start{query}");
    let begun = app.get(&Caller::nobody(), &path).await;
    assert_eq!(begun.status, 302, "{}", begun.text);
    let (_, query) = begun.header("location").unwrap().split_once('?').unwrap();
    let decoded = |text: &str| {
        let text = text
            .replace("%3A", ":")
            .replace("%2F", "/")
            .replace("%20", " ");
        assert!(!text.contains('%'), "{text}");
        text
    };
    let parameters: BTreeMap<String, String> = query
        .split('&')
        .map(|pair| pair.split_once('=').unwrap())
        .map(|(name, value)| (name.to_owned(), decoded(value)))
        .collect();
    assert_eq!(parameters["response_type"], "code");
    assert_eq!(parameters["code_challenge_method"], "S256");
    assert_eq!(parameters["redirect_uri"], CALLBACK);
    assert_eq!(parameters["scope"], "openid profile email");
    let set = begun.header("set-cookie").unwrap();
    assert!(
        set.starts_with("__Host-reeve_oidc=")
            && set.contains("; HttpOnly; SameSite=Lax; Max-Age=600"),
        "{set}"
    );
    let cookie = set.split(';').next().unwrap().to_owned();
    Begun { parameters, cookie }
}

async fn come_back(app: &TestApp, begun: &Begun, code: &str, state: &str) -> Reply {
    come_back_with(
        app,
        Some(&begun.cookie),
        &format!("code={code}&state={state}"),
    )
    .await
}

async fn come_back_with(app: &TestApp, cookie: Option<&str>, query: &str) -> Reply {
    let mut request = TestRequest::get().uri(&format!("/v1/auth/oidc/callback?{query}"));
    if let Some(cookie) = cookie {
        request = request.insert_header(("cookie", cookie.to_owned()));
    }
    app.send(&Caller::nobody(), request).await
}

fn caller(signed: &Value) -> Caller {
    Caller {
        bearer: signed["access_token"].as_str().map(str::to_owned),
    }
}

async fn everybody(app: &TestApp) -> Vec<Value> {
    let admin = app.sign_in("admin@council.example").await;
    let users = app.get(&admin, "/v1/users?limit=100").await.expect(200);
    users["items"].as_array().unwrap().clone()
}

stories! {
    async fn somebody_the_provider_vouches_for_gets_an_account_and_tokens_as_with_a_password(app) {
        let idp = Provider::start().await;
        assert_eq!(app.get(&Caller::nobody(), "/v1/auth/oidc/start").await.status, 404, "none is set");
        let app = app.replica_with(idp.trusted()).await;
        let n_before = everybody(&app).await.len();
        let signed = idp.arrive(&app, |_| {}).await.expect(200);
        assert_eq!(signed["token_type"], "Bearer");
        let me = app.get(&caller(&signed), "/v1/me").await.expect(200);
        assert_eq!((&me["name"], &me["role"], &me["email"]), (&json!("Noor Newcomer"), &json!("agent"), &json!("noor@council.example")));
        assert_eq!(app.get(&caller(&signed), "/v1/cases").await.status, 200);
        let refresh = json!({"refresh_token": signed["refresh_token"]});
        assert_eq!(app.post(&Caller::nobody(), "/v1/auth/refreshes", refresh).await.status, 200);
        // Another name and address there is the same person here; another role is one here too.
        let again = idp.arrive(&app, |claims| {
            claims["email"] = json!("noor.married@council.example");
            claims["roles"] = json!(["Reeve.Officer"]);
        }).await.expect(200);
        let again = app.get(&caller(&again), "/v1/me").await.expect(200);
        assert_eq!((&again["id"], &again["role"], &again["email"]), (&me["id"], &json!("officer"), &me["email"]));
        refused(&app.get(&caller(&signed), "/v1/me").await, 401, "token_invalid");
        assert_eq!(everybody(&app).await.len(), n_before + 1);
        // They have no password to guess.
        let body = json!({"email": "noor@council.example", "password": ""});
        refused(&app.post(&Caller::nobody(), "/v1/auth/tokens", body).await, 401, "bad_credentials");
    }

    async fn whatever_is_wrong_with_the_token_there_is_no_session(app) {
        let idp = Provider::start().await;
        let app = app.replica_with(idp.trusted()).await;
        let n_before = everybody(&app).await.len();
        let now = reeve::casework::accounts::real_now().as_second();
        let wrong: Vec<(&str, Value)> = vec![
            ("nonce", json!("another")),
            ("nonce", Value::Null),
            ("iss", json!("https://login.evil.example")),
            ("iss", json!(format!("{}/", idp.issuer()))),
            ("iss", Value::Null),
            ("aud", json!("another-client")),
            ("aud", json!([CLIENT, "another-client"])),
            ("aud", json!([])),
            ("aud", Value::Null),
            ("azp", json!("another-client")),
            ("exp", json!(now - 61)),
            ("exp", json!((now + 300).to_string())),
            ("exp", Value::Null),
            ("iat", json!(now + 300)),
            ("iat", Value::Null),
            ("nbf", json!(now + 300)),
            ("nbf", json!("0")),
            ("sub", json!("")),
            ("sub", json!(7)),
            ("sub", Value::Null),
        ];
        for (n, (name, value)) in wrong.into_iter().enumerate() {
            // Twenty a minute are wrong tokens enough for one address: each minute is another.
            if n % 20 == 19 {
                let then = app.now() + SignedDuration::from_mins(1);
                app.jump_to(&then.to_string()).await;
            }
            let what = format!("{name} {value}");
            let reply = idp.arrive(&app, |claims| if value.is_null() {
                claims.as_object_mut().unwrap().remove(name);
            } else {
                claims[name] = value;
            }).await;
            assert_eq!((reply.status, reply.json()["code"].as_str()), (401, Some("oidc_refused")), "{what}");
            assert!(!reply.text.contains("token\"") && !reply.headers.iter().any(|(_, value)| value.contains("reeve_session=r")), "{what}");
        }
        assert_eq!(everybody(&app).await.len(), n_before);
    }

    async fn a_token_the_provider_did_not_sign_is_none(app) {
        let idp = Provider::start().await;
        let app = app.replica_with(idp.trusted()).await;
        let attempts: [fn(&Provider, &Value) -> String; 6] = [
            // A key it does not publish, under its own name and under that of one it does.
            |idp, claims| idp.token("stranger", claims),
            |idp, claims| {
                let inner = idp.0.lock().unwrap();
                signed(&inner.keys[2].1, &json!({"alg": "RS256", "typ": "JWT", "kid": "first"}), claims)
            },
            |idp, claims| {
                let (message, _) = idp.token("first", claims).rsplit_once('.').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
                format!("{message}.")
            },
            |_, claims| {
                let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
                format!("{}.{}.", part(&json!({"alg": "none", "typ": "JWT", "kid": "first"})), part(claims))
            },
            // The public key taken for a shared secret.
            |idp, claims| {
                use hmac::Mac as _;
                let inner = idp.0.lock().unwrap();
                let Signer::Rsa(key) = &inner.keys[0].1 else { unreachable!() };
                let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
                let message = format!("{}.{}", part(&json!({"alg": "HS256", "typ": "JWT", "kid": "first"})), part(claims));
                let public = key.public_key().as_der().unwrap();
                let mac = hmac::Hmac::<Sha256>::new_from_slice(public.as_ref()).unwrap().chain_update(&message);
                format!("{message}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
            },
            |idp, claims| {
                let inner = idp.0.lock().unwrap();
                signed(&inner.keys[0].1, &json!({"alg": "RS256", "typ": "JWT", "kid": "first", "crit": ["b64"]}), claims)
            },
        ];
        for (n, forge) in attempts.into_iter().enumerate() {
            let begun = begin(&app, "").await;
            let token = forge(&idp, &idp.claims(&begun));
            let code = idp.give(&begun, token);
            let reply = come_back(&app, &begun, &code, &begun.parameters["state"]).await;
            assert_eq!((reply.status, reply.json()["code"].as_str()), (401, Some("oidc_refused")), "{n}: {}", reply.text);
        }
    }

    async fn another_browsers_state_and_a_used_code_bring_nobody_in(app) {
        let idp = Provider::start().await;
        let app = app.replica_with(idp.trusted()).await;
        let mine = begin(&app, "").await;
        let other = begin(&app, "").await;
        let (state, code) = (&mine.parameters["state"], idp.give(&mine, idp.token("first", &idp.claims(&mine))));
        let no_session = |reply: Reply| assert_eq!((reply.status, reply.json()["code"].as_str()), (401, Some("oidc_refused")), "{}", reply.text);
        // No cookie, another's, one that was changed; another's state, none at all; another issuer's answer; a refusal.
        no_session(come_back_with(&app, None, &format!("code={code}&state={state}")).await);
        no_session(come_back(&app, &other, &code, state).await);
        let changed = mine.cookie.replacen('=', "=A", 1);
        no_session(come_back_with(&app, Some(&changed), &format!("code={code}&state={state}")).await);
        no_session(come_back(&app, &mine, &code, &other.parameters["state"]).await);
        no_session(come_back_with(&app, Some(&mine.cookie), &format!("code={code}")).await);
        no_session(come_back_with(&app, Some(&mine.cookie), &format!("code={code}&state={state}&iss=https://login.evil.example")).await);
        no_session(come_back_with(&app, Some(&mine.cookie), &format!("error=access_denied&error_description=no&state={state}")).await);
        // A code that was got elsewhere does not fit the verifier of this way.
        let stolen = idp.give(&other, idp.token("first", &idp.claims(&mine)));
        no_session(come_back(&app, &mine, &stolen, state).await);
        assert_eq!(come_back(&app, &mine, &code, state).await.status, 200, "the right one still is");
        no_session(come_back(&app, &mine, &code, state).await);
    }

    async fn an_address_is_never_a_way_into_an_account(app) {
        let idp = Provider::start().await;
        let app = app.replica_with(idp.trusted()).await;
        let as_olu = |claims: &mut Value| {
            claims["email"] = json!("officer@council.example");
            claims["email_verified"] = json!(true);
        };
        let reply = idp.arrive(&app, as_olu).await;
        refused(&reply, 403, "address_not_free");
        assert!(reply.json()["detail"].as_str().unwrap().contains("the IT service desk, extension 4000"), "{}", reply.text);
        // An administrator ties the account to them; from then on it is theirs, whatever their address.
        let admin = app.sign_in("admin@council.example").await;
        let olu = everybody(&app).await.into_iter().find(|user| user["email"] == "officer@council.example").unwrap();
        let path = format!("/v1/users/{}/identities", olu["id"].as_str().unwrap());
        refused(&app.post(&app.officer().await, &path, json!({"subject": "subject-of-noor"})).await, 403, "role_may_not");
        let tied = app.post(&admin, &path, json!({"subject": "subject-of-noor"})).await.expect(201);
        assert_eq!(tied["issuer"], idp.issuer());
        refused(&app.post(&admin, &path, json!({"subject": "subject-of-noor"})).await, 409, "identity_taken");
        assert_eq!(app.get(&admin, &path).await.expect(200)["items"].as_array().unwrap().len(), 1);
        let signed = idp.arrive(&app, |claims| claims["roles"] = json!(["Reeve.Officer"])).await.expect(200);
        assert_eq!(app.get(&caller(&signed), "/v1/me").await.expect(200)["id"], olu["id"]);
        // The same subject and address from another issuer are somebody else.
        let other = Provider::start().await;
        let elsewhere = app.replica_with(other.trusted()).await;
        refused(&other.arrive(&elsewhere, as_olu).await, 403, "address_not_free");
        // Untied, they are nobody again, and what was open is over.
        let untie = TestRequest::delete().uri(&path);
        assert_eq!(app.send(&admin, untie).await.status, 204);
        refused(&app.get(&caller(&signed), "/v1/me").await, 401, "token_invalid");
        refused(&idp.arrive(&app, as_olu).await, 403, "address_not_free");
    }

    async fn whoever_has_no_role_no_account_or_a_closed_one_is_told_whom_to_ask(app) {
        let idp = Provider::start().await;
        let app = app.replica_with(idp.trusted()).await;
        refused(&idp.arrive(&app, |claims| claims["roles"] = json!(["Someone.Else"])).await, 403, "no_role");
        let signed = idp.arrive(&app, |_| {}).await.expect(200);
        // A role that is taken away over there ends what is open here.
        refused(&idp.arrive(&app, |claims| { claims.as_object_mut().unwrap().remove("roles"); }).await, 403, "no_role");
        refused(&app.get(&caller(&signed), "/v1/me").await, 401, "token_invalid");
        let admin = app.sign_in("admin@council.example").await;
        let noor = everybody(&app).await.into_iter().find(|user| user["email"] == "noor@council.example").unwrap();
        let close = TestRequest::patch().uri(&format!("/v1/users/{}", noor["id"].as_str().unwrap()))
            .insert_header(("if-match", format!("\"{}\"", noor["version"]))).set_json(json!({"active": false}));
        assert_eq!(app.send(&admin, close).await.status, 200);
        refused(&idp.arrive(&app, |_| {}).await, 403, "account_closed");
        // Where accounts are made by administrators only.
        let mut careful = idp.trusted();
        careful.auth.oidc.creates_accounts = false;
        let careful = app.replica_with(careful).await;
        let n_before = everybody(&careful).await.len();
        refused(&idp.arrive(&careful, |claims| claims["sub"] = json!("somebody-new")).await, 403, "no_account");
        assert_eq!(everybody(&careful).await.len(), n_before);
    }

    async fn people_of_an_entra_tenant_are_known_by_tenant_and_object_id(app) {
        let idp = Provider::start().await;
        // An issuer that stands for every tenant, as Microsoft writes it.
        let base = idp.issuer();
        let template = base.replace("/council", "/{tenantid}");
        idp.0.lock().unwrap().issuer = template.clone();
        let mut trusting = idp.trusted();
        trusting.auth.oidc.tenants = vec![TENANT.to_owned()];
        let app = app.replica_with(trusting).await;
        let of = |tenant: &str, oid: &str, sub: &str| {
            let (issuer, tenant, oid, sub) = (template.replace("{tenantid}", tenant), tenant.to_owned(), oid.to_owned(), sub.to_owned());
            move |claims: &mut Value| {
                claims["iss"] = json!(issuer);
                claims["tid"] = json!(tenant);
                claims["oid"] = json!(oid);
                claims["sub"] = json!(sub);
            }
        };
        let signed = idp.arrive(&app, of(TENANT, "object-1", "pairwise-1")).await.expect(200);
        let me = app.get(&caller(&signed), "/v1/me").await.expect(200);
        // The subject differs from program to program, the object id does not.
        let again = idp.arrive(&app, of(TENANT, "object-1", "pairwise-2")).await.expect(200);
        assert_eq!(app.get(&caller(&again), "/v1/me").await.expect(200)["id"], me["id"]);
        let elsewhere = "99999999-2222-4333-8444-555555555555";
        for refusal in [
            idp.arrive(&app, of(elsewhere, "object-1", "pairwise-1")).await,
            // A token of another tenant that says it is of ours.
            idp.arrive(&app, |claims| { of(elsewhere, "object-1", "x")(claims); claims["tid"] = json!(TENANT); }).await,
            idp.arrive(&app, |claims| { of(TENANT, "object-1", "x")(claims); claims.as_object_mut().unwrap().remove("oid"); }).await,
        ] {
            assert_eq!(refusal.json()["code"], "oidc_refused", "{}", refusal.text);
        }
        refused(&idp.arrive(&app, of(TENANT, "object-2", "pairwise-3")).await, 403, "address_not_free");
    }

    async fn a_newer_key_is_fetched_and_made_up_ones_do_not_make_us_ask(app) {
        let idp = Provider::start().await;
        let app = app.replica_with(idp.trusted()).await;
        let with_key = async |kid: &str| {
            let begun = begin(&app, "").await;
            let code = idp.give(&begun, idp.token(kid, &idp.claims(&begun)));
            come_back(&app, &begun, &code, &begun.parameters["state"]).await.status
        };
        let n_asked = || idp.0.lock().unwrap().n_asked_for_keys;
        assert_eq!((with_key("first").await, n_asked()), (200, 1));
        for _ in 0..10 {
            assert_eq!(with_key("second").await, 401);
        }
        assert_eq!(n_asked(), 1, "within a minute of the last time nobody asks again");
        // The provider changes its keys: from RSA to an elliptic curve.
        idp.0.lock().unwrap().published = vec!["second".to_owned()];
        let then = app.now() + SignedDuration::from_secs(61);
        app.jump_to(&then.to_string()).await;
        assert_eq!((with_key("second").await, n_asked()), (200, 2));
        assert_eq!(with_key("first").await, 401, "a key that was withdrawn is none");
        assert_eq!(n_asked(), 2);
        // While it is away, what it said last is good; after a day it is not.
        idp.0.lock().unwrap().is_away = true;
        let then = app.now() + SignedDuration::from_hours(2);
        app.jump_to(&then.to_string()).await;
        assert_eq!(with_key("second").await, 200);
        let then = app.now() + SignedDuration::from_hours(24);
        app.jump_to(&then.to_string()).await;
        let away = app.get(&Caller::nobody(), "/v1/auth/oidc/start").await;
        refused(&away, 503, "provider_away");
        assert!(away.header("retry-after").is_some());
    }

    async fn whoever_began_on_a_page_comes_back_to_one_with_a_session(app) {
        let idp = Provider::start().await;
        let app = app.replica_with(idp.trusted()).await;
        let page = app.get(&Caller::nobody(), "/sign-in").await;
        assert!(page.text.contains("/v1/auth/oidc/start?to=pages"), "{}", page.text);
        let begun = begin(&app, "?to=pages").await;
        let code = idp.give(&begun, idp.token("first", &idp.claims(&begun)));
        let back = come_back(&app, &begun, &code, &begun.parameters["state"]).await;
        assert_eq!((back.status, back.header("location")), (303, Some("/account")), "{}", back.text);
        assert!(!back.text.contains("token"));
        let session = back.headers.iter().map(|(_, value)| value).find(|value| value.starts_with("__Host-reeve_session=rvw_")).unwrap();
        let request = TestRequest::get().uri("/account").insert_header(("cookie", session.split(';').next().unwrap().to_owned()));
        let account = app.send(&Caller::nobody(), request).await;
        assert!(account.text.contains("Noor Newcomer"), "{}", account.text);
        // What went wrong is told on a page too.
        let begun = begin(&app, "?to=pages").await;
        let mut claims = idp.claims(&begun);
        claims["roles"] = json!([]);
        let code = idp.give(&begun, idp.token("first", &claims));
        let back = come_back(&app, &begun, &code, &begun.parameters["state"]).await;
        assert_eq!(back.header("location"), Some("/sign-in?problem=no_role"));
        let page = app.get(&Caller::nobody(), "/sign-in?problem=no_role").await;
        assert!(page.text.contains("the IT service desk, extension 4000"), "{}", page.text);
    }
}
