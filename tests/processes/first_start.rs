//! `reeve serve` on a new database, looked at from outside.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::json;

fn reeve(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_reeve"));
    command.args(args).arg("--data-dir").arg(folder);
    command
}

/// Starts the server, waits until it is ready, and answers what it has said so far.
fn serve(folder: &Path) -> (Child, String) {
    let path = folder.join("said.txt");
    let said = std::fs::File::create(&path).unwrap();
    let mut child = reeve(folder, &["serve", "--port", "0"])
        .env("REEVE__METRICS__ENABLED", "false")
        .stdout(Stdio::null())
        .stderr(said)
        .spawn()
        .unwrap();
    for _ in 0..600 {
        let said = std::fs::read_to_string(&path).unwrap();
        if said.contains("Reeve is ready at") {
            return (child, said);
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    panic!("{}", std::fs::read_to_string(&path).unwrap());
}

fn stop(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

fn token(said: &str) -> Option<&str> {
    let from = said.find("rvb_")?;
    said[from..].split('"').next()
}

#[test]
fn each_start_without_anybody_prints_a_token_until_somebody_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let northmere = concat!(env!("CARGO_MANIFEST_DIR"), "/config/northmere");
    for args in [vec!["migrate"], vec!["catalogue", "apply", northmere]] {
        let done = reeve(folder, &args).output().unwrap();
        assert!(
            done.status.success(),
            "{args:?}: {}",
            String::from_utf8_lossy(&done.stderr)
        );
    }
    let (child, said) = serve(folder);
    let first = token(&said).unwrap().to_owned();
    stop(child);
    let (child, said) = serve(folder);
    let second = token(&said).unwrap().to_owned();
    assert_ne!(first, second);
    assert_eq!(
        said.matches("rvb_").count(),
        1,
        "it is printed once: {said}"
    );
    let at = said.find("http://").unwrap();
    let url = said[at..].split_whitespace().next().unwrap().to_owned();
    let bring = |token: &str| {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .build()
            .into();
        let body = json!({"token": token, "name": "Abe Admin", "email": "abe@council.example", "password": "a long pass phrase"});
        agent.post(&url).send_json(&body).unwrap().status().as_u16()
    };
    assert_eq!(bring(&first), 401, "starting again took its place");
    assert_eq!(bring(&second), 201);
    assert_eq!(bring(&second), 401);
    stop(child);
    let (child, said) = serve(folder);
    stop(child);
    assert_eq!(token(&said), None, "{said}");
}
