//! Mail handed over by a pipe while the database is away.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::demo::{Demo, wait_until};
use crate::postgres;

const MESSAGE: &str = "From: Ada Example <ada@mail.example>\r\nTo: contact@council.example\r\n\
    Subject: Missed bin\r\nMessage-ID: <pipe@mail.example>\r\n\r\nMy black bin was not emptied.\r\n";

/// What a mail server runs; says exit code and what was printed.
fn pipe(database: &str, more: &[&str], message: &str) -> (Option<i32>, Value) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_reeve"));
    command.args(["intake", "email", "--database-url", database]);
    command.env("REEVE__DATABASE__ALLOW_UNSAFE_DURABILITY", "true");
    command.env("REEVE__DATABASE__CONNECT_TIMEOUT_SECONDS", "1");
    command.args(more).stdin(Stdio::piped());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(message.as_bytes()).unwrap();
    drop(stdin);
    let ended = child.wait_with_output().unwrap();
    let printed = serde_json::from_slice(&ended.stdout).unwrap_or(Value::Null);
    (ended.status.code(), printed)
}

fn kept(folder: &Path) -> usize {
    std::fs::read_dir(folder).map_or(0, |entries| entries.count())
}

#[test]
fn mail_piped_in_while_the_database_is_away_is_kept_and_taken_once_when_it_is_back() {
    let Some(database) = postgres::Server::start() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let spool = folder.path().join("spool");
    let named = spool.to_str().unwrap();
    let setting = ("REEVE__MAIL__SPOOL_DIRECTORY".to_owned(), named.to_owned());
    let demo = Demo::on_with(database.url.clone(), vec![setting]);
    let agent = demo.sign_in("agent");
    database.crash();
    let (code, _) = pipe(&database.url, &[], MESSAGE);
    assert_eq!(code, Some(75), "without a folder the mail server keeps it");
    for _ in 0..2 {
        let more = [
            "--spool",
            named,
            "--recipient",
            "contact-us@council.example",
        ];
        let (code, said) = pipe(&database.url, &more, MESSAGE);
        assert_eq!(
            (code, said["disposition"].as_str()),
            (Some(0), Some("spooled"))
        );
    }
    assert_eq!(kept(&spool), 2);
    database.come_back();
    wait_until("the worker has taken both", || kept(&spool) == 0);
    let mails = demo.get(&agent, "/v1/channels/email/messages?limit=100");
    let mails = mails["items"].as_array().unwrap().iter();
    let mut became: Vec<&str> = mails
        .filter(|mail| mail["recipient"] == "contact-us@council.example")
        .map(|mail| mail["disposition"].as_str().unwrap())
        .collect();
    became.sort_unstable();
    assert_eq!(became, ["duplicate", "opened"]);
}

#[test]
fn what_is_kept_is_drained_by_the_command_too() {
    let Some(database) = postgres::Server::start() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let named = folder.path().to_str().unwrap();
    let demo = Demo::on_with(database.url.clone(), Vec::new());
    database.crash();
    let (code, _) = pipe(&database.url, &["--spool", named], MESSAGE);
    assert_eq!((code, kept(folder.path())), (Some(0), 1));
    let (code, _) = pipe(&database.url, &["--spool", named, "--drain"], "");
    assert_eq!(
        (code, kept(folder.path())),
        (Some(75), 1),
        "nothing is lost"
    );
    database.come_back();
    demo.wait_until("it is drained", || {
        let (code, said) = pipe(&database.url, &["--spool", named, "--drain"], "");
        code == Some(0) && said["taken"] == 1
    });
    assert_eq!(kept(folder.path()), 0);
    let (_, said) = pipe(&database.url, &[], MESSAGE);
    assert_eq!(said["disposition"], "duplicate", "{said:#}");
}
