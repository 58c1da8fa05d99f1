//! Councillors sign in by a link in a mail; scanners of mail open it first.

use std::cell::RefCell;
use std::collections::BTreeMap;

use actix_web::http::Method;
use actix_web::test::TestRequest;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::intake::{log, missed_bin};
use crate::sign_in::{Phone, refused};
use crate::support::{Caller, Reply, TestApp, settings};

const MEMBER: &str = "cllr.anwen.prothero@council.example";
const ASK: &str = "/v1/auth/sign-in-links";
const REDEEM: &str = "/v1/auth/sign-in-links/redemptions";

async fn ask(app: &TestApp, email: &str) -> Reply {
    app.post(&Caller::nobody(), ASK, json!({"email": email}))
        .await
}

async fn redeem(app: &TestApp, token: &str) -> Reply {
    app.post(&Caller::nobody(), REDEEM, json!({"sign_in_link": token}))
        .await
}

/// The token of the newest link in somebody's mail.
async fn link_to(app: &TestApp, email: &str) -> String {
    let mails = app.mails_to(email).await;
    let mail = mails
        .last()
        .unwrap_or_else(|| panic!("{email} got no mail"));
    let at = mail
        .raw
        .find("rvs_")
        .unwrap_or_else(|| panic!("{}", mail.raw));
    mail.raw[at..at + 47].to_owned()
}

fn caller(signed: &Value) -> Caller {
    Caller {
        bearer: signed["access_token"].as_str().map(str::to_owned),
    }
}

/// A browser: it keeps cookies and says where a form comes from.
pub struct Browser<'a> {
    app: &'a TestApp,
    pub cookies: RefCell<BTreeMap<String, String>>,
}

impl<'a> Browser<'a> {
    pub fn new(app: &'a TestApp) -> Self {
        Self {
            app,
            cookies: RefCell::default(),
        }
    }

    pub async fn send(&self, request: TestRequest) -> Reply {
        let cookies: Vec<String> = self
            .cookies
            .borrow()
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let request = request.insert_header(("cookie", cookies.join("; ")));
        let reply = self.app.send(&Caller::nobody(), request).await;
        for (_, set) in reply
            .headers
            .iter()
            .filter(|(name, _)| name == "set-cookie")
        {
            for wanted in ["Path=/", "Secure", "HttpOnly", "SameSite=Lax"] {
                assert!(set.split("; ").any(|part| part == wanted), "{set}");
            }
            let (name, value) = set.split(';').next().unwrap().split_once('=').unwrap();
            assert!(name.starts_with("__Host-"), "{set}");
            if value.is_empty() {
                self.cookies.borrow_mut().remove(name);
            } else {
                self.cookies
                    .borrow_mut()
                    .insert(name.to_owned(), value.to_owned());
            }
        }
        reply
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.send(TestRequest::get().uri(path)).await
    }

    pub async fn post(&self, path: &str, headers: &[(&str, &str)], form: &str) -> Reply {
        let mut request = TestRequest::post()
            .uri(path)
            .insert_header(("content-type", "application/x-www-form-urlencoded"))
            .set_payload(form.to_owned());
        for (name, value) in headers {
            request = request.insert_header((*name, *value));
        }
        self.send(request).await
    }

    fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.borrow().get(name).cloned()
    }

    /// Signs in by a mailed link, and answers where the button led.
    pub async fn sign_in(&self, email: &str) -> Reply {
        let page = self.get("/sign-in").await;
        let form = format!(
            "form_token={}&email={}",
            form_token(&page),
            email.replace('@', "%40")
        );
        let sent = self.post("/sign-in/links", OWN, &form).await;
        assert_eq!(sent.status, 200, "{}", sent.text);
        let token = link_to(self.app, email).await;
        self.get(&format!("/sign-in/{token}")).await;
        let page = self.get("/sign-in").await;
        let form = format!("form_token={}", form_token(&page));
        self.post("/sign-in", OWN, &form).await
    }
}

fn form_token(page: &Reply) -> String {
    let (_, after) = page
        .text
        .split_once("name=\"form_token\" value=\"")
        .unwrap_or_else(|| panic!("{}", page.text));
    after.split('"').next().unwrap().to_owned()
}

#[track_caller]
fn is_sealed_page(page: &Reply) {
    let policy = page.header("content-security-policy").unwrap();
    assert!(
        policy.contains("default-src 'none'") && policy.contains("form-action 'self'"),
        "{policy}"
    );
    assert!(!policy.contains("unsafe"), "{policy}");
    assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
    assert!(
        !page.text.contains("rvs_") && !page.text.contains("rvw_"),
        "{}",
        page.text
    );
}

pub const OWN: &[(&str, &str)] = &[("sec-fetch-site", "same-origin")];

stories! {
    async fn a_councillor_signs_in_by_a_link_however_often_a_scanner_opens_it_first(app) {
        let asked = ask(&app, MEMBER).await;
        assert_eq!(asked.status, 202, "{}", asked.text);
        let token = link_to(&app, MEMBER).await;
        let path = format!("/sign-in/{token}");
        for method in [Method::GET, Method::HEAD, Method::GET, Method::HEAD] {
            let scanned = app.send(&Caller::nobody(), TestRequest::with_uri(&path).method(method)).await;
            assert_eq!((scanned.status, scanned.header("location")), (303, Some("/sign-in")));
        }
        let signed = redeem(&app, &token).await.expect(200);
        let me = app.get(&caller(&signed), "/v1/me").await.expect(200);
        assert_eq!(me["email"], MEMBER);
        refused(&redeem(&app, &token).await, 401, "token_invalid");
        let refresh = json!({"refresh_token": signed["refresh_token"]});
        assert_eq!(app.post(&Caller::nobody(), "/v1/auth/refreshes", refresh).await.status, 200);
    }

    async fn asking_for_a_link_does_and_says_the_same_for_an_address_nobody_has(app) {
        let mut answers = Vec::new();
        for email in [MEMBER, "nobody@council.example", "officer@council.example"] {
            // What is done while somebody waits is one notice, whoever asks.
            let before = pending(&app).await.len();
            let asked = ask(&app, email).await;
            assert_eq!(pending(&app).await.len(), before + 1, "{email}");
            answers.push((asked.status, asked.text));
            app.catch_up().await;
        }
        assert!(answers.iter().all(|one| *one == answers[0]), "{answers:?}");
        let sent: Vec<String> = app.mails().await.into_iter().map(|mail| mail.to).collect();
        assert_eq!(sent, [MEMBER], "officers have passwords, and nobody has no mail");
        assert_eq!(pending(&app).await.len(), 0);
        refused(&ask(&app, "no address").await, 422, "bad_format");
    }

    async fn a_welsh_link_comes_in_welsh(app) {
        app.post(&Caller::nobody(), ASK, json!({"email": MEMBER, "language": "cy"})).await.expect(202);
        let mail = app.mails_to(MEMBER).await.remove(0);
        assert_eq!(mail.kind(), "sign_in_link");
        assert!(mail.raw.contains("Agorwch y ddolen hon i fewngofnodi"), "{}", mail.raw);
        assert_eq!(mail.header("Auto-Submitted"), "auto-generated");
    }

    async fn neither_outbox_nor_database_holds_a_link_that_opens(app) {
        ask(&app, MEMBER).await.expect(202);
        let token = link_to(&app, MEMBER).await;
        let kept = app.desk.read(|conn, _| Ok(reeve::store::outbox::list(conn, None, None, None, 10)?)).await.unwrap();
        assert_eq!(kept.len(), 1);
        let letter = serde_json::to_string(&kept[0].letter).unwrap();
        assert!(letter.contains("https://reeve.council.example/sign-in/") && !letter.contains("rvs_"), "{letter}");
        assert!(!format!("{kept:?}").contains(&token));
        redeem(&app, &token).await.expect(200);
        // No more than a look at what is kept of it gives the token back.
        let admin = app.sign_in("admin@council.example").await;
        let notices = app.get(&admin, "/v1/notices?state=sent").await;
        assert!(!notices.text.contains("rvs_"), "{}", notices.text);
    }

    async fn a_link_is_over_when_its_minutes_are(app) {
        ask(&app, MEMBER).await.expect(202);
        let token = link_to(&app, MEMBER).await;
        app.database.by_hand(match app.database.url() {
            Some(_) => "UPDATE sign_in_links SET expires_at = expires_at - interval '10 minutes 1 second'",
            None => "UPDATE sign_in_links SET expires_at = expires_at - 601000000",
        });
        refused(&redeem(&app, &token).await, 401, "token_invalid");
        let mut quick = settings();
        quick.auth.sign_in_link_minutes = 1;
        let quick = app.replica_with(quick).await;
        ask(&quick, MEMBER).await.expect(202);
        let kept = app.desk.read(|conn, _| Ok(reeve::store::outbox::list(conn, None, Some("pending"), None, 1)?)).await.unwrap();
        let reeve::domain::notice::Says::SignInLink { until, .. } = &kept[0].letter.says else { panic!("{kept:?}") };
        let now: Timestamp = reeve::casework::accounts::real_now();
        assert!(until.duration_since(now) <= SignedDuration::from_mins(1), "{until}");
    }

    async fn a_link_ends_with_the_account_it_was_for(app) {
        let admin = app.sign_in("admin@council.example").await;
        let users = app.get(&admin, "/v1/users?limit=100").await.expect(200);
        let user = users["items"].as_array().unwrap().iter().find(|user| user["email"] == MEMBER).unwrap().clone();
        let path = format!("/v1/users/{}", user["id"].as_str().unwrap());
        let change = async |version: &str, body: Value| {
            let request = TestRequest::patch().uri(&path).insert_header(("if-match", version)).set_json(body);
            assert_eq!(app.send(&admin, request).await.status, 200);
        };
        ask(&app, MEMBER).await.expect(202);
        let token = link_to(&app, MEMBER).await;
        change("\"1\"", json!({"password": "another long pass phrase"})).await;
        refused(&redeem(&app, &token).await, 401, "token_invalid");
        // Closed between the asking and the sending, nothing is sent.
        ask(&app, MEMBER).await.expect(202);
        change("\"2\"", json!({"active": false})).await;
        assert_eq!(app.mails_to(MEMBER).await.len(), 1);
        assert_eq!(ask(&app, MEMBER).await.status, 202, "asking tells nobody that it was closed");
        assert_eq!(app.mails_to(MEMBER).await.len(), 1);
    }

    async fn a_code_is_asked_for_beside_the_link_and_a_wrong_one_leaves_it_good(app) {
        let member = app.sign_in(MEMBER).await;
        let enrolled = app.post(&member, "/v1/me/totp", json!({})).await.expect(201);
        let phone = Phone::scan(enrolled["uri"].as_str().unwrap());
        app.post(&member, "/v1/me/totp/confirmations", json!({"code": phone.shows(0)})).await.expect(200);
        ask(&app, MEMBER).await.expect(202);
        let token = link_to(&app, MEMBER).await;
        refused(&redeem(&app, &token).await, 401, "totp_required");
        let with_code = async |code: String| {
            app.post(&Caller::nobody(), REDEEM, json!({"sign_in_link": token, "totp": code})).await
        };
        refused(&with_code(phone.wrong()).await, 401, "token_invalid");
        let browser = Browser::new(&app);
        assert_eq!(browser.get(&format!("/sign-in/{token}")).await.status, 303);
        let page = browser.get("/sign-in").await;
        assert!(page.text.contains("authenticator app"), "{}", page.text);
        let again = browser.post("/sign-in", OWN, &format!("form_token={}&code={}", form_token(&page), phone.wrong())).await;
        assert_eq!(again.status, 401);
        assert!(again.text.contains("That code is not right"), "{}", again.text);
        with_code(phone.shows(1)).await.expect(200);
    }

    async fn nobody_fills_a_mailbox_with_links_and_nobody_is_kept_out_by_it(app) {
        ask(&app, MEMBER).await.expect(202);
        redeem(&app, &link_to(&app, MEMBER).await).await.expect(200);
        let from = async |address: &str, email: &str| {
            let request = TestRequest::post().uri(ASK).set_json(json!({"email": email}));
            app.send_from(address, &Caller::nobody(), request).await
        };
        for email in [MEMBER, "nobody@council.example"] {
            let mut n_taken = 0;
            let refusal = loop {
                let reply = from(&format!("198.51.100.{}:1", n_taken + 1), email).await;
                if reply.status != 202 { break reply; }
                n_taken += 1;
            };
            refused(&refusal, 429, "too_many_requests");
            let wait: i64 = refusal.header("retry-after").unwrap().parse().unwrap();
            // The first was asked from here, before anybody had signed in from here.
            assert_eq!(n_taken, if email == MEMBER { 5 } else { 6 });
            assert!((3_590..=3_600).contains(&wait), "{wait}");
        }
        assert_eq!(from("192.0.2.7:1", MEMBER).await.status, 202, "they have signed in from there");
        let then = app.now() + SignedDuration::from_secs(3_600);
        app.jump_to(&then.to_string()).await;
        assert_eq!(from("198.51.100.1:1", MEMBER).await.status, 202, "waiting as told helps");
        // One address may not ask for everybody.
        let mut statuses = Vec::new();
        for n in 0..12 {
            statuses.push(from("203.0.113.9:1", &format!("somebody.{n}@council.example")).await.status);
        }
        assert_eq!(statuses.iter().filter(|status| **status == 202).count(), 10, "{statuses:?}");
    }

    async fn the_button_on_the_links_page_signs_in_once(app) {
        let browser = Browser::new(&app);
        let page = browser.get("/sign-in").await;
        is_sealed_page(&page);
        let form = format!("form_token={}&email={}", form_token(&page), MEMBER.replace('@', "%40"));
        let sent = browser.post("/sign-in/links", OWN, &form).await;
        assert_eq!(sent.status, 200, "{}", sent.text);
        let token = link_to(&app, MEMBER).await;
        assert_eq!(browser.get("/account").await.header("location"), Some("/sign-in"), "not signed in yet");
        let opened = browser.get(&format!("/sign-in/{token}")).await;
        assert_eq!(opened.header("location"), Some("/sign-in"));
        let page = browser.get("/sign-in").await;
        is_sealed_page(&page);
        assert!(page.text.contains("Sign in as Anwen Prothero") && page.text.contains(MEMBER), "{}", page.text);
        let form = format!("form_token={}", form_token(&page));
        let signed = browser.post("/sign-in", OWN, &form).await;
        assert_eq!((signed.status, signed.header("location")), (303, Some("/account")), "{}", signed.text);
        let session = browser.cookie("__Host-reeve_session").unwrap();
        assert_eq!(browser.cookie("__Host-reeve_sign_in"), None);
        let account = browser.get("/account").await;
        is_sealed_page(&account);
        assert!(account.text.contains("Anwen Prothero"), "{}", account.text);
        // The cookie opens pages and nothing else, and the link nothing more.
        refused(&app.get(&Caller { bearer: Some(session.clone()) }, "/v1/me").await, 401, "token_invalid");
        refused(&app.post(&Caller::nobody(), "/v1/auth/refreshes", json!({"refresh_token": session})).await, 401, "token_invalid");
        refused(&redeem(&app, &token).await, 401, "token_invalid");

        // Another sign-in draws another session and ends the one before.
        ask(&app, MEMBER).await.expect(202);
        let token = link_to(&app, MEMBER).await;
        browser.get(&format!("/sign-in/{token}")).await;
        let page = browser.get("/sign-in").await;
        browser.post("/sign-in", OWN, &format!("form_token={}", form_token(&page))).await;
        let next = browser.cookie("__Host-reeve_session").unwrap();
        assert_ne!(session, next);
        let earlier = Browser::new(&app);
        earlier.cookies.borrow_mut().insert("__Host-reeve_session".to_owned(), session);
        assert_eq!(earlier.get("/account").await.status, 303);

        let account = browser.get("/account").await;
        let out = format!("form_token={}", form_token(&account));
        assert_eq!(browser.post("/account/sign-out", &[("sec-fetch-site", "cross-site")], &out).await.status, 403);
        assert_eq!(browser.post("/account/sign-out", OWN, "").await.status, 403);
        assert_eq!(browser.get("/account").await.status, 200, "nobody else signs them out");
        assert_eq!(browser.post("/account/sign-out", OWN, &out).await.status, 303);
        let kept = Browser::new(&app);
        kept.cookies.borrow_mut().insert("__Host-reeve_session".to_owned(), next);
        assert_eq!(kept.get("/account").await.status, 303, "signed out on the server, not only here");
    }

    async fn no_other_site_presses_a_button_of_ours(app) {
        ask(&app, MEMBER).await.expect(202);
        let token = link_to(&app, MEMBER).await;
        let browser = Browser::new(&app);
        browser.get(&format!("/sign-in/{token}")).await;
        let seal = form_token(&browser.get("/sign-in").await);
        let with_seal = format!("form_token={seal}");
        let other = "https://evil.example";
        let forged: &[(&[(&str, &str)], &str)] = &[
            (&[("sec-fetch-site", "cross-site"), ("origin", other)], &with_seal),
            (&[("sec-fetch-site", "same-site")], &with_seal),
            (&[("origin", other)], &with_seal),
            (&[("origin", "null")], &with_seal),
            (&[("origin", "https://reeve.council.example.evil.example")], &with_seal),
            (OWN, ""),
            (OWN, "form_token="),
            (OWN, "form_token=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
            (&[], ""),
        ];
        for (headers, form) in forged {
            let refusal = browser.post("/sign-in", headers, form).await;
            assert_eq!(refusal.status, 403, "{headers:?} {form}");
            assert!(refusal.text.contains("01632 960000"), "{}", refusal.text);
        }
        // A seal made for another browser is none here.
        let elsewhere = Browser::new(&app);
        let strange = form_token(&elsewhere.get("/sign-in").await);
        assert_eq!(browser.post("/sign-in", OWN, &format!("form_token={strange}")).await.status, 403);
        assert_eq!(browser.post("/sign-in/links", OWN, &format!("{with_seal}&email=x%40council.example")).await.status, 403);
        let pressed = browser.post("/sign-in", &[("origin", "https://reeve.council.example")], &with_seal).await;
        assert_eq!(pressed.status, 303, "the link is still good: {}", pressed.text);
    }

    async fn a_form_of_the_tracking_page_needs_the_seal_it_was_shown_with(app) {
        let logged = log(&app, missed_bin()).await;
        let token = logged["tracking"]["token"].as_str().unwrap();
        let browser = Browser::new(&app);
        assert_eq!(browser.get(&format!("/track/{token}")).await.status, 303);
        let page = browser.get("/track").await;
        is_sealed_page(&page);
        let seal = form_token(&page);
        for path in ["/track/messages", "/track/withdrawals", "/track/feedback"] {
            let form = "body=Hello&reason=x&score=5&comment=x";
            assert_eq!(browser.post(path, OWN, form).await.status, 403, "{path}");
            let form = format!("{form}&form_token={seal}");
            assert_eq!(browser.post(path, &[("sec-fetch-site", "cross-site")], &form).await.status, 403, "{path}");
        }
        let before = browser.get("/track").await;
        assert_eq!(before.text, page.text, "nothing was written");
        let sent = browser.post("/track/messages", OWN, &format!("body=Hello&form_token={seal}")).await;
        assert_eq!((sent.status, sent.header("location")), (303, Some("/track?done=message")), "{}", sent.text);
    }
}

async fn pending(app: &TestApp) -> Vec<reeve::store::outbox::Notice> {
    app.desk
        .read(|conn, _| {
            Ok(reeve::store::outbox::list(
                conn,
                None,
                Some("pending"),
                None,
                100,
            )?)
        })
        .await
        .unwrap()
}
