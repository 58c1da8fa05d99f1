//! `reeve serve`, in its parts: an installation set up by commands, as a council's would be.

use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::demo::{smtp_settings, wait_until};

/// A database with Northmere's catalogue and one agent in it.
pub struct Installation {
    database: String,
    settings: Vec<(String, String)>,
    folder: tempfile::TempDir,
}

/// A process of it.
pub struct Part {
    child: Option<Child>,
    log: std::path::PathBuf,
}

const AGENT: &str = "tess.agent@council.example";
const PASSWORD: &str = "four words are enough";

impl Installation {
    pub fn on(database: String, smtp_port: u16) -> Self {
        let installation = Self {
            database,
            settings: smtp_settings(smtp_port),
            folder: tempfile::tempdir().unwrap(),
        };
        installation.run(&["migrate"], "");
        let catalogue = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/northmere");
        installation.run(&["catalogue", "apply", catalogue.to_str().unwrap()], "");
        let mut add = vec!["user", "add", "--email", AGENT, "--name", "Tess Agent"];
        add.extend(["--role", "agent", "--queue", "*"]);
        installation.run(&add, PASSWORD);
        installation
    }

    /// Starts `reeve serve` with only that part to play.
    pub fn start(&self, role: &str) -> Part {
        let log = self
            .folder
            .path()
            .join(format!("{role}-{}.txt", uuid::Uuid::new_v4()));
        let mut command = self.command(&["serve", "--role", role]);
        if role != "worker" {
            command.args(["--port", "0"]);
        }
        command.stderr(std::fs::File::create(&log).unwrap());
        let part = Part {
            child: Some(command.spawn().unwrap()),
            log,
        };
        wait_until("it is ready", || part.log().contains("Reeve is ready at"));
        part
    }

    fn run(&self, args: &[&str], input: &str) {
        let mut command = self.command(args);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        writeln!(stdin, "{input}").unwrap();
        drop(stdin);
        let ended = child.wait_with_output().unwrap();
        let why = String::from_utf8_lossy(&ended.stderr);
        assert!(ended.status.success(), "{args:?}: {why}");
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_reeve"));
        command.args(args).arg("--data-dir").arg(self.folder.path());
        command.args(["--database-url", &self.database]);
        command.env("REEVE__DATABASE__ALLOW_UNSAFE_DURABILITY", "true");
        command.env("REEVE__METRICS__PORT", "0");
        command.envs(self.settings.iter().cloned());
        command
    }
}

impl Part {
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    /// Where it says it can be reached.
    pub fn api(&self) -> String {
        let log = self.log();
        let (_, after) = log.split_once("Reeve is ready at ").unwrap();
        let end = after.find(char::is_whitespace).unwrap();
        after[..end].to_owned()
    }

    pub fn sign_in(&self) -> String {
        let mut answer = ureq::post(format!("{}/v1/auth/tokens", self.api()))
            .send_json(json!({"email": AGENT, "password": PASSWORD}))
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

    /// As a power cut would.
    pub fn kill(mut self) {
        let mut child = self.child.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// As an operator would; says the exit code.
    pub fn stop(mut self) -> Option<i32> {
        let mut child = self.child.take().unwrap();
        let mut kill = Command::new("kill");
        let id = child.id().to_string();
        assert!(kill.args(["-TERM", &id]).status().unwrap().success());
        child.wait().unwrap().code()
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }
}
