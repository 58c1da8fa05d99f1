//! A whole Reeve for one story: its own database, the real router, a fixed clock, mail in memory.

mod database;
pub mod people;

use std::sync::{Arc, Mutex};

use actix_web::App;
use actix_web::http::Method;
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use jiff::{SignedDuration, Timestamp};
use reeve::casework::attachments::tending;
use reeve::casework::desk::{Council, Manners, Secrets};
use reeve::casework::{Desk, escalation, incidents, members, moves};
use reeve::http::{self, Front, health::Health};
use reeve::jobs;
use reeve::notify::mail::Sendable;
use reeve::notify::transport::Transport;
use reeve::time_source::TimeSource;
use serde_json::Value;

pub use database::Database;
pub use people::{PASSWORD, asking, key as key_of, settings};

/// Writes one story as two tests, one for each database.
macro_rules! stories {
    ($(async fn $name:ident($app:ident) $body:block)+) => {$(
        async fn $name($app: crate::support::TestApp) $body

        mod $name {
            #[actix_web::test]
            async fn on_sqlite() {
                super::$name(crate::support::TestApp::on(crate::support::Database::sqlite()).await).await;
            }

            #[actix_web::test]
            async fn on_postgres() {
                if let Some(database) = crate::support::Database::postgres() {
                    super::$name(crate::support::TestApp::on(database).await).await;
                }
            }
        }
    )+};
}

/// Friday 20 November 2026, two minutes before closing time.
pub const START: &str = "2026-11-20T16:58:00Z";

/// One installation with its clock in our hands.
pub struct TestApp {
    pub desk: Arc<Desk>,
    front: Arc<Front>,
    pump: Arc<reeve::notify::pump::Pump>,
    sent: Arc<Mutex<Vec<Sendable>>>,
    time: TimeSource,
    pub database: Arc<Database>,
}

/// An answer, read.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub text: String,
}

/// Somebody who asks.
#[derive(Debug, Clone)]
pub struct Caller {
    pub bearer: Option<String>,
}

/// A mail as it left.
#[derive(Debug, Clone)]
pub struct Mail {
    pub to: String,
    /// Headers and parts, decoded enough to read.
    pub raw: String,
}

impl TestApp {
    pub async fn on(database: Database) -> Self {
        let app = Self::without_people(database).await;
        people::settle_in(&app.desk).await;
        app
    }

    /// A new installation, in which nobody has an account.
    pub async fn without_people(database: Database) -> Self {
        let time = TimeSource::fixed(START.parse().unwrap());
        Self::with(Arc::new(database), time, people::settings()).await
    }

    /// Another process on the same database, at the same time.
    pub async fn replica(&self) -> Self {
        self.replica_with(people::settings()).await
    }

    /// Another process on the same database, set otherwise.
    pub async fn replica_with(&self, settings: reeve::config::Settings) -> Self {
        Self::with(Arc::clone(&self.database), self.time.clone(), settings).await
    }

    async fn with(
        database: Arc<Database>,
        time: TimeSource,
        settings: reeve::config::Settings,
    ) -> Self {
        let db = database.open();
        let catalogue = reeve::config::embedded::northmere().unwrap();
        let catalogue = reeve::casework::catalogue::load_or_store(&db, &catalogue, time.now())
            .await
            .unwrap();
        let council = Council::new(catalogue, &people::examples()).unwrap();
        let manners = Manners {
            public_url: "https://reeve.council.example".to_owned(),
            undo_seconds: 120,
            redirect_all_to: None,
            tracking_days: 400,
            survey: reeve::app::sampling(&settings),
        };
        let secrets = Secrets {
            tracking: vec![7; 32],
            loop_token: "story".to_owned(),
        };
        let desk = Desk::new(db, time.clone(), manners, secrets, council);
        desk.keep_attachments(reeve::app::keeping(&settings, database.files()).unwrap());
        let health = Arc::new(Health::new(false));
        let front = Front::new(Arc::clone(&desk), &settings, &[3; 48], health, false).unwrap();
        let (transport, sent) = Transport::memory();
        let pump = jobs::pump_of(&desk, transport, 4);
        Self {
            desk,
            front,
            pump,
            sent,
            time,
            database,
        }
    }

    /// What the router is made over, for whoever sends very many requests to one.
    pub fn front(&self) -> Arc<Front> {
        Arc::clone(&self.front)
    }

    /// Sends a request as it would come over the wire.
    pub async fn send(&self, caller: &Caller, request: TestRequest) -> Reply {
        self.send_from("192.0.2.7:4711", caller, request).await
    }

    /// The same from another address.
    pub async fn send_from(&self, peer: &str, caller: &Caller, request: TestRequest) -> Reply {
        let app =
            init_service(App::new().configure(http::app_config(Arc::clone(&self.front)))).await;
        let request = match &caller.bearer {
            Some(bearer) => request.insert_header(("authorization", format!("Bearer {bearer}"))),
            None => request,
        };
        let response =
            call_service(&app, request.peer_addr(peer.parse().unwrap()).to_request()).await;
        let status = response.status().as_u16();
        let headers = response
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap_or("").to_owned()))
            .collect();
        let body = read_body(response).await;
        Reply {
            status,
            headers,
            text: String::from_utf8_lossy(&body).into_owned(),
        }
    }

    /// Many requests, one after the other, each from its address; status and Retry-After of each.
    pub async fn send_many(
        &self,
        requests: impl Iterator<Item = (String, TestRequest)>,
    ) -> Vec<(u16, Option<u64>)> {
        let app =
            init_service(App::new().configure(http::app_config(Arc::clone(&self.front)))).await;
        let mut answers = Vec::new();
        for (peer, request) in requests {
            let request = request.peer_addr(peer.parse().unwrap()).to_request();
            let response = call_service(&app, request).await;
            let wait = response.headers().get("retry-after");
            let wait = wait.map(|seconds| seconds.to_str().unwrap().parse().unwrap());
            answers.push((response.status().as_u16(), wait));
        }
        answers
    }

    pub async fn get(&self, caller: &Caller, path: &str) -> Reply {
        self.send(caller, TestRequest::get().uri(path)).await
    }

    pub async fn post(&self, caller: &Caller, path: &str, body: Value) -> Reply {
        self.send(caller, TestRequest::post().uri(path).set_json(body))
            .await
    }

    pub async fn post_with(
        &self,
        caller: &Caller,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Reply {
        let mut request = TestRequest::with_uri(path)
            .method(Method::POST)
            .set_payload(body.to_owned());
        for (name, value) in headers {
            request = request.insert_header((*name, *value));
        }
        self.send(caller, request).await
    }

    /// Somebody of this role, signed in.
    pub async fn sign_in(&self, email: &str) -> Caller {
        let body = serde_json::json!({"email": email, "password": people::PASSWORD});
        let reply = self.post(&Caller::nobody(), "/v1/auth/tokens", body).await;
        assert_eq!(
            reply.status, 200,
            "{email} could not sign in: {}",
            reply.text
        );
        Caller {
            bearer: Some(reply.json()["access_token"].as_str().unwrap().to_owned()),
        }
    }

    pub async fn agent(&self) -> Caller {
        self.sign_in("agent@council.example").await
    }

    pub async fn officer(&self) -> Caller {
        self.sign_in("officer@council.example").await
    }

    pub async fn team_leader(&self) -> Caller {
        self.sign_in("team.leader.waste-ops@council.example").await
    }

    /// The key of an integration.
    pub fn key(&self, name: &str) -> Caller {
        Caller {
            bearer: Some(people::key(name).key),
        }
    }

    pub fn now(&self) -> Timestamp {
        self.time.now()
    }

    /// Moves the clock on, and lets everything that falls due on the way happen, a few minutes at a time.
    pub async fn until(&self, at: &str) {
        let target: Timestamp = at.parse().unwrap();
        while self.now() < target {
            let step = (self.now() + SignedDuration::from_mins(5)).min(target);
            self.time.move_to(step).unwrap();
            self.catch_up().await;
        }
    }

    /// Moves the clock in one jump, as after an outage.
    pub async fn jump_to(&self, at: &str) {
        self.time.move_to(at.parse().unwrap()).unwrap();
        self.catch_up().await;
    }

    /// Moves the clock and lets nothing happen yet.
    pub fn move_to(&self, at: &str) {
        self.time.move_to(at.parse().unwrap()).unwrap();
    }

    /// Another process claims what is due at an instant, and is never heard of again.
    pub async fn claim_at(&self, at: Timestamp) -> usize {
        self.time.move_to(at).unwrap();
        reeve::casework::delivery::claim(&self.desk, 10)
            .await
            .unwrap()
            .len()
    }

    /// Does what is due now, and sends what is due now.
    pub async fn catch_up(&self) {
        moves::carry_on(&self.desk).await.unwrap();
        incidents::carry_on(&self.desk).await.unwrap();
        tending::tend(&self.desk).await.unwrap();
        members::end_terms(&self.desk).await.unwrap();
        escalation::sweep(&self.desk).await.unwrap();
        escalation::digests(&self.desk, self.desk.moment())
            .await
            .unwrap();
        while self.pump.pump_once().await.unwrap() > 0 {}
    }

    /// Writes what is told once a week, as a process that has just started would.
    pub async fn tell_the_week(&self) {
        escalation::WeekSeen::default()
            .tell(&self.desk)
            .await
            .unwrap();
    }

    /// Every mail that has left so far.
    pub async fn mails(&self) -> Vec<Mail> {
        self.catch_up().await;
        let sent = self.sent.lock().unwrap();
        sent.iter()
            .map(|one| Mail {
                to: one
                    .envelope
                    .to()
                    .first()
                    .map(ToString::to_string)
                    .unwrap_or_default(),
                raw: readable(&one.bytes),
            })
            .collect()
    }

    /// The mails to one address.
    pub async fn mails_to(&self, address: &str) -> Vec<Mail> {
        self.mails()
            .await
            .into_iter()
            .filter(|mail| mail.to == address)
            .collect()
    }
}

impl Caller {
    pub fn nobody() -> Self {
        Self { bearer: None }
    }
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text)
            .unwrap_or_else(|why| panic!("{why}: {} {}", self.status, self.text))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(own, _)| own == name)
            .map(|(_, value)| value.as_str())
    }

    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        if self.text.is_empty() {
            Value::Null
        } else {
            self.json()
        }
    }
}

impl Mail {
    pub fn kind(&self) -> &str {
        self.header("X-Reeve-Notice")
    }

    pub fn header(&self, name: &str) -> &str {
        let prefix = format!("{}:", name.to_lowercase());
        self.raw
            .lines()
            .take_while(|line| !line.is_empty())
            .find(|line| line.to_lowercase().starts_with(&prefix))
            .map_or("", |line| line[prefix.len()..].trim())
    }
}

/// Folds and transfer encodings undone, so that a sentence can be looked for.
fn readable(bytes: &[u8]) -> String {
    let parsed = mail_parser::MessageParser::default().parse(bytes).unwrap();
    let head = String::from_utf8_lossy(bytes);
    let head = head
        .split("\r\n\r\n")
        .next()
        .unwrap_or("")
        .replace("\r\n ", " ")
        .replace("\r\n\t", " ");
    let text = parsed.body_text(0).unwrap_or_default();
    let html = parsed.body_html(0).unwrap_or_default();
    format!("{}\n\n{text}\n----\n{html}", head.replace("\r\n", "\n"))
}
