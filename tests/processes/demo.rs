//! `reeve demo`, started as a process and looked at from outside.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::postgres;

pub struct Demo {
    child: Option<Child>,
    /// The one line it prints.
    pub told: Value,
    folder: tempfile::TempDir,
    database: Option<String>,
    settings: Vec<(String, String)>,
}

impl Demo {
    pub fn on_sqlite() -> Self {
        Self::new(None, Vec::new())
    }

    /// None where no server is named: `./test` always names one.
    pub fn on_postgres() -> Option<Self> {
        Some(Self::new(Some(postgres::new_database()?), Vec::new()))
    }

    pub fn on_postgres_with_smtp(port: u16) -> Option<Self> {
        Some(Self::new(
            Some(postgres::new_database()?),
            smtp_settings(port),
        ))
    }

    /// On a database of a server of the test's own.
    pub fn on(database: String) -> Self {
        Self::new(Some(database), Vec::new())
    }

    pub fn with_smtp(port: u16) -> Self {
        Self::with(smtp_settings(port))
    }

    /// On SQLite, with these in its environment.
    pub fn with(settings: Vec<(String, String)>) -> Self {
        Self::new(None, settings)
    }

    pub fn on_with(database: String, settings: Vec<(String, String)>) -> Self {
        Self::new(Some(database), settings)
    }

    pub fn with_setting(key: &str, value: &str) -> Self {
        Self::with_settings([(key.to_owned(), value)])
    }

    pub fn with_settings<const N: usize>(settings: [(String, &str); N]) -> Self {
        let named = |(key, value): (String, &str)| (format!("REEVE__{key}"), value.to_owned());
        Self::new(None, settings.map(named).into())
    }

    /// Another process on the same database.
    pub fn replica(&self) -> Self {
        Self::new(self.database.clone(), self.settings.clone())
    }

    fn new(database: Option<String>, settings: Vec<(String, String)>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut demo = Self {
            child: None,
            told: Value::Null,
            folder,
            database,
            settings,
        };
        demo.start();
        demo
    }

    pub fn start(&mut self) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_reeve"));
        command
            .args(["demo", "--json", "--port", "0", "--data-dir"])
            .arg(self.folder.path());
        if let Some(url) = &self.database {
            command.args(["--database-url", url]);
            // The server of the tests does not sync; nothing on it outlives them.
            command.env("REEVE__DATABASE__ALLOW_UNSAFE_DURABILITY", "true");
        }
        command.envs(self.settings.iter().cloned());
        let log = std::fs::File::create(self.folder.path().join("log.txt")).unwrap();
        let mut child = command.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        self.told = serde_json::from_str(&line).unwrap_or_else(|why| {
            let log =
                std::fs::read_to_string(self.folder.path().join("log.txt")).unwrap_or_default();
            panic!("it did not start ({why}): {line}\n{log}")
        });
        self.child = Some(child);
    }

    /// Holds it still where it stands, as a machine does that is being moved.
    pub fn hold_still(&self) {
        self.signal("STOP");
    }

    /// Lets it go on.
    pub fn let_go(&self) {
        self.signal("CONT");
    }

    fn signal(&self, name: &str) {
        let id = self.child.as_ref().unwrap().id().to_string();
        let mut kill = Command::new("kill");
        assert!(
            kill.args([&format!("-{name}"), &id])
                .status()
                .unwrap()
                .success()
        );
    }

    /// What it has written to its log since it was started.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log.txt")).unwrap()
    }

    /// What it holds in memory, in KiB.
    pub fn memory(&self) -> u64 {
        let id = self.child.as_ref().unwrap().id();
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap();
        let line = status
            .lines()
            .find(|line| line.starts_with("VmRSS:"))
            .unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    /// The folder of attachments.
    pub fn files(&self) -> PathBuf {
        self.folder.path().join("attachments")
    }

    /// Moves the clock with the command, which needs nothing that runs.
    pub fn advance_while_down(&self, to: &str) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_reeve"));
        command.args(["demo", "advance", "--to", to, "--data-dir"]);
        command.arg(self.folder.path());
        if let Some(url) = &self.database {
            command.args(["--database-url", url]);
            command.env("REEVE__DATABASE__ALLOW_UNSAFE_DURABILITY", "true");
        }
        assert!(command.stdout(Stdio::null()).status().unwrap().success());
    }

    /// As a power cut would.
    pub fn kill(&mut self) {
        let mut child = self.child.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// As an operator would; says the exit code.
    pub fn stop(&mut self) -> Option<i32> {
        let mut child = self.child.take().unwrap();
        let stopped = Command::new("kill")
            .args(["-TERM", &child.id().to_string()])
            .status()
            .unwrap();
        assert!(stopped.success());
        child.wait().unwrap().code()
    }

    pub fn api(&self) -> String {
        self.told["api"].as_str().unwrap().to_owned()
    }

    /// The access token of the first user of a role.
    pub fn sign_in(&self, role: &str) -> String {
        let users = self.told["users"].as_array().unwrap();
        let user = users.iter().find(|user| user["role"] == role).unwrap();
        let mut answer = ureq::post(format!("{}/v1/auth/tokens", self.api()))
            .send_json(json!({"email": user["email"], "password": user["password"]}))
            .unwrap();
        let answer: Value = answer.body_mut().read_json().unwrap();
        answer["access_token"].as_str().unwrap().to_owned()
    }

    pub fn get(&self, token: &str, path: &str) -> Value {
        let mut answer = ureq::get(format!("{}{path}", self.api()))
            .header("authorization", format!("Bearer {token}"))
            .call()
            .unwrap_or_else(|why| panic!("{path}: {why}"));
        answer.body_mut().read_json().unwrap()
    }

    /// Says what became of it.
    pub fn post(&self, token: &str, path: &str, body: Value) -> Value {
        let mut answer = ureq::post(format!("{}{path}", self.api()))
            .header("authorization", format!("Bearer {token}"))
            .header("idempotency-key", uuid::Uuid::new_v4().to_string())
            .send_json(body)
            .unwrap_or_else(|why| panic!("{path}: {why}"));
        answer.body_mut().read_json().unwrap()
    }

    /// Waits until nothing of the samples is on its way any more: those that fall due by night wait
    /// for the morning.
    pub fn settle_by_night(&self, at: &str) {
        self.post_clock(json!({"to": at}));
        let token = self.sign_in("team_leader");
        let is_quiet = || {
            let soon = self.later(3600);
            let is_later =
                |notice: &Value| notice["next_attempt_at"].as_str().unwrap() > soon.as_str();
            let mut path = "/v1/notices?state=pending&limit=100".to_owned();
            loop {
                let page = self.get(&token, &path);
                if !page["items"].as_array().unwrap().iter().all(is_later) {
                    return false;
                }
                let Some(next) = page["next_cursor"].as_str() else {
                    return true;
                };
                path = format!("/v1/notices?state=pending&limit=100&cursor={next}");
            }
        };
        wait_until("all of the samples' notices have left", || {
            // Twice with a look of the worker between: it may just be writing some more.
            let was_quiet = is_quiet();
            std::thread::sleep(Duration::from_secs(2));
            was_quiet && is_quiet()
        });
    }

    /// The address of the first user of a role.
    pub fn address(&self, role: &str) -> String {
        let users = self.told["users"].as_array().unwrap();
        let user = users.iter().find(|user| user["role"] == role).unwrap();
        user["email"].as_str().unwrap().to_owned()
    }

    pub fn post_clock(&self, body: Value) {
        ureq::post(format!("{}/demo/clock", self.api()))
            .send_json(body)
            .unwrap();
    }

    /// An instant so many seconds after its own now.
    pub fn later(&self, seconds: i64) -> String {
        let mut answer = ureq::get(format!("{}/demo/clock", self.api()))
            .call()
            .unwrap();
        let now: Value = answer.body_mut().read_json().unwrap();
        let now: jiff::Timestamp = now["now"].as_str().unwrap().parse().unwrap();
        (now + jiff::SignedDuration::from_secs(seconds)).to_string()
    }

    pub fn mail_dir(&self) -> PathBuf {
        PathBuf::from(self.told["mail_dir"].as_str().unwrap())
    }

    /// The mails of one kind that name a case.
    pub fn mails_about(&self, reference: &str, kind: &str) -> Vec<String> {
        let is_about = format!("X-Reeve-Case: {reference}\r\n");
        let is_kind = format!("X-Reeve-Notice: {kind}\r\n");
        let mut mails = self.mails();
        mails.retain(|text| text.contains(&is_about) && text.contains(&is_kind));
        mails
    }

    /// Every mail it has written.
    pub fn mails(&self) -> Vec<String> {
        let folder = self.mail_dir();
        let mut found = Vec::new();
        for entry in std::fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|ending| ending != "eml") {
                continue;
            }
            let Ok(text) = std::fs::read_to_string(&path) else {
                continue;
            };
            found.push(text);
        }
        found
    }

    pub fn wait_until(&self, what: &str, is_so: impl Fn() -> bool) {
        // Real processes on real time: three hundred looks, a tenth of a second apart.
        look(300, what, is_so);
    }
}

/// For what may have to wait out a lease, a crash or a server's own patience first: three times as
/// long as [`Demo::wait_until`].
pub fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    look(900, what, is_so);
}

fn look(n_looks: u32, what: &str, is_so: impl Fn() -> bool) {
    for _ in 0..n_looks {
        if is_so() {
            return;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("waited {} s until {what}", n_looks / 10);
}

/// What sends mail to a server of the test's own.
pub fn smtp_settings(port: u16) -> Vec<(String, String)> {
    let setting = |key: &str, value: String| (format!("REEVE__{key}"), value);
    vec![
        setting("MAIL__TRANSPORT", "smtp".to_owned()),
        setting("MAIL__SMTP__HOST", "127.0.0.1".to_owned()),
        setting("MAIL__SMTP__PORT", port.to_string()),
        setting("MAIL__SMTP__TLS", "none".to_owned()),
    ]
}

/// The value of a header of a mail, of its first line.
pub fn header<'m>(mail: &'m str, name: &str) -> &'m str {
    let mut lines = mail.lines().take_while(|line| !line.is_empty());
    lines
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
        .unwrap_or("")
}

impl Drop for Demo {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }
}

/// Posts a missed bin under a key; says the case's reference.
pub fn post_contact(api: &str, token: &str, key: &str) -> Result<String, ureq::Error> {
    let body = json!({
        "channel": "phone", "subject": "Missed bin", "body": "The bin was not emptied.",
        "service": "waste-collection", "category": "missed-bin",
        "person": {"name": format!("Ada {key}"), "email": format!("{key}@mail.example")}
    });
    let mut answer = ureq::post(format!("{api}/v1/contacts"))
        .header("authorization", format!("Bearer {token}"))
        .header("idempotency-key", key)
        .send_json(body)?;
    let answer: Value = answer.body_mut().read_json()?;
    Ok(answer["case"]["reference"].as_str().unwrap().to_owned())
}
