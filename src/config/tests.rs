use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use super::*;

fn environment(pairs: &[(&str, &str)]) -> Sources {
    Sources {
        environment: pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        ..Sources::default()
    }
}

fn file(folder: &Path, name: &str, text: &str, mode: u32) -> PathBuf {
    use std::os::unix::fs::PermissionsExt;
    let path = folder.join(name);
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    path
}

fn bad_keys(sources: &Sources) -> Vec<String> {
    let Problems(problems) = Settings::load(sources).unwrap_err();
    problems.into_iter().map(|problem| problem.key).collect()
}

#[test]
fn the_defaults_stand_by_themselves_and_are_those_we_promise() {
    let settings = Settings::load(&Sources::default()).unwrap();
    assert_eq!(settings.limits.requests_per_second, 500);
    assert_eq!(settings.limits.failed_sign_ins_per_minute, 20);
    assert_eq!(settings.limits.public_intake_per_minute, 60);
    assert_eq!(settings.limits.wrong_tokens_per_minute, 30);
    assert_eq!(settings.limits.tracking_links_per_minute, 10);
    assert_eq!(settings.limits.mails_at_once, 8);
    assert_eq!(settings.mail.undo_seconds, 120);
    assert_eq!(settings.mail.transport, Transport::File);
    assert_eq!(settings.auth.issuer, "reeve");
    assert_eq!(settings.http.max_json_bytes, 1024 * 1024);
    assert_eq!(settings.http.max_mail_bytes, 35 * 1024 * 1024);
    assert_eq!(settings.http.max_attachment_bytes, 20 * 1024 * 1024);
    assert_eq!(
        settings.database.place(),
        Place::Sqlite("data/reeve.db".into())
    );
    assert_eq!(settings.mail.redirect(), None);
}

#[test]
fn every_setting_in_the_list_is_one_a_struct_holds() {
    // What the structs hold, printed and read back, has the keys of default.toml: none is forgotten.
    let settings = Settings::load(&Sources::default()).unwrap();
    let printed: toml::Table = toml::from_str(&settings.masked()).unwrap();
    let listed: toml::Table = toml::from_str(include_str!("../../config/default.toml")).unwrap();
    assert_eq!(printed, listed);
}

#[test]
fn flags_win_over_the_environment_over_the_file_over_a_commands_presets() {
    let folder = tempfile::tempdir().unwrap();
    let own = file(
        folder.path(),
        "reeve.toml",
        "[http]\nport = 2\n[log]\nlevel = \"warn\"\n[auth]\nissuer = \"northmere\"",
        0o644,
    );
    let mut sources = environment(&[("REEVE__HTTP__PORT", "3"), ("REEVE__LOG__LEVEL", "debug")])
        .with_preset("http.port", 1)
        .with_preset("log.level", "error")
        .with_preset("auth.issuer", "demo")
        .with_preset("metrics.port", 0)
        .with_flag("http.port", Some(4))
        .with_flag("http.host", None::<String>);
    sources.file = Some(own);
    let settings = Settings::load(&sources).unwrap();
    assert_eq!(settings.http.port, 4);
    assert_eq!(settings.log.level, "debug");
    assert_eq!(settings.auth.issuer, "northmere");
    assert_eq!(settings.metrics.port, 0);
    assert_eq!(settings.http.host, "127.0.0.1");
}

#[test]
fn every_bad_setting_is_named_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut sources = environment(&[
        ("REEVE__HTTP__PORT", "eighty"),
        ("REEVE__HTTP__PROT", "80"),
        ("REEVE__HTTP__TRUSTED_PROXIES", "10.0.0.0/8,home"),
        ("REEVE__HTTP__PUBLIC_URL", "council.example"),
        ("REEVE__AUTH__SIGNING_KEY", "short"),
        ("REEVE__AUTH__ACCESS_MINUTES", "16"),
        ("REEVE__DATABASE__URL", "mysql://council.example/reeve"),
        ("REEVE__MAIL__TRANSPORT", "smtp"),
        ("REEVE__MAIL__SMTP__TLS", "ssl"),
        ("REEVE__MAIL__REDIRECT_ALL_TO", "nobody"),
        ("REEVE__TRIAGE", "yes"),
        ("PATH", "/bin"),
        ("REEVE_TEST_POSTGRES", "postgres:///"),
    ]);
    sources.file = Some(file(
        folder.path(),
        "reeve.toml",
        "[metrics]\nenabled = \"yes\"\n[http]\nallowed_origins = [7]\n[log]\ncolour = true",
        0o644,
    ));
    let mut keys = bad_keys(&sources);
    keys.sort();
    let wanted = [
        "auth.access_minutes",
        "auth.signing_key",
        "database.url",
        "http.allowed_origins",
        "http.port",
        "http.prot",
        "http.public_url",
        "http.trusted_proxies",
        "log.colour",
        "mail.redirect_all_to",
        "mail.smtp.host",
        "mail.smtp.tls",
        "metrics.enabled",
        "triage",
    ];
    assert_eq!(keys, wanted);
}

#[test]
fn a_refusal_says_what_to_write_and_never_repeats_a_secret() {
    let error = Settings::load(&environment(&[
        ("REEVE__AUTH__SIGNING_KEY", "hunter2"),
        ("REEVE__DATABASE__URL", "mysql://reeve:hunter2@db/reeve"),
        ("REEVE__MAIL__SMPT__HOST", "mail.example"),
        ("REEVE__SCHEDULE__TICK", "1"),
    ]))
    .unwrap_err()
    .to_string();
    assert!(!error.contains("hunter2"), "{error}");
    assert!(
        error.contains("at least 32 bytes, this one has 7"),
        "{error}"
    );
    assert!(error.contains("set by REEVE__AUTH__SIGNING_KEY"), "{error}");
    assert!(error.contains("[schedule] has tick_seconds"), "{error}");
    assert!(error.contains("the sections are "), "{error}");
}

#[test]
fn a_password_that_looks_like_a_number_stays_the_password_it_is() {
    let settings = Settings::load(&environment(&[
        ("REEVE__MAIL__SMTP__USERNAME", "reeve"),
        ("REEVE__MAIL__SMTP__PASSWORD", "0123"),
        ("REEVE__HTTP__TRUSTED_PROXIES", "10.0.0.0/8, fd00::/8"),
    ]))
    .unwrap();
    assert_eq!(settings.mail.smtp.password.expose(), "0123");
    assert!(settings.http.trusts("10.1.2.3".parse::<IpAddr>().unwrap()));
    assert!(settings.http.trusts("fd00::1".parse::<IpAddr>().unwrap()));
    assert!(!settings.http.trusts("192.0.2.1".parse::<IpAddr>().unwrap()));
}

#[test]
fn a_secret_comes_from_its_file_without_the_line_break() {
    let folder = tempfile::tempdir().unwrap();
    let key = "k".repeat(40);
    let path = file(folder.path(), "key", &format!("{key}\n"), 0o640);
    let sources = environment(&[("REEVE__AUTH__SIGNING_KEY_FILE", path.to_str().unwrap())]);
    let settings = Settings::load(&sources).unwrap();
    assert_eq!(settings.auth.signing_key.expose(), key);
    assert!(!settings.masked().contains(&key));
}

#[test]
fn a_secret_everybody_can_read_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let key = "k".repeat(40);
    let open = file(folder.path(), "key", &key, 0o644);
    let sources = environment(&[("REEVE__AUTH__SIGNING_KEY_FILE", open.to_str().unwrap())]);
    assert_eq!(bad_keys(&sources), ["auth.signing_key_file"]);

    let text = format!("[auth]\nsigning_key = \"{key}\"");
    let mut sources = Sources {
        file: Some(file(folder.path(), "open.toml", &text, 0o644)),
        ..Sources::default()
    };
    assert_eq!(bad_keys(&sources), ["auth.signing_key"]);
    sources.file = Some(file(folder.path(), "own.toml", &text, 0o600));
    assert!(Settings::load(&sources).is_ok());
}

#[test]
fn a_secret_file_that_is_missing_empty_short_or_doubled_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let check = |text: Option<&str>, also: &[(&str, &str)], key: &str| {
        let path = match text {
            Some(text) => file(folder.path(), "key", text, 0o600),
            None => folder.path().join("none"),
        };
        let mut pairs = vec![("REEVE__AUTH__SIGNING_KEY_FILE", path.to_str().unwrap())];
        pairs.extend_from_slice(also);
        assert_eq!(bad_keys(&environment(&pairs)), [key], "{text:?}");
    };
    let long = "k".repeat(32);
    check(None, &[], "auth.signing_key_file");
    check(Some("\n"), &[], "auth.signing_key_file");
    check(Some("short\n"), &[], "auth.signing_key");
    check(
        Some(&long),
        &[("REEVE__AUTH__SIGNING_KEY", &long)],
        "auth.signing_key",
    );
}

#[test]
fn a_file_that_is_not_toml_is_refused_by_line_without_quoting_it() {
    let folder = tempfile::tempdir().unwrap();
    let text = "[auth]\n\nsigning_key = hunter2hunter2hunter2hunter2hunter2";
    let sources = Sources {
        file: Some(file(folder.path(), "reeve.toml", text, 0o600)),
        ..Sources::default()
    };
    let error = Settings::load(&sources).unwrap_err().to_string();
    assert!(error.contains("reeve.toml, line 3: "), "{error}");
    assert!(!error.contains("hunter2"), "{error}");

    let sources = Sources {
        file: Some(folder.path().join("none.toml")),
        ..Sources::default()
    };
    assert_eq!(bad_keys(&sources), ["--config"]);
}

#[test]
fn settings_that_contradict_each_other_are_refused() {
    let check = |pairs: &[(&str, &str)], keys: &[&str]| {
        assert_eq!(bad_keys(&environment(pairs)), keys, "{pairs:?}");
    };
    check(&[("REEVE__HTTP__HOST", "0.0.0.0")], &["http.public_url"]);
    check(&[("REEVE__METRICS__PORT", "8080")], &["metrics.port"]);
    check(&[("REEVE__MAIL__TRANSPORT", "smtp")], &["mail.smtp.host"]);
    check(
        &[("REEVE__MAIL__SMTP__USERNAME", "u")],
        &["mail.smtp.password"],
    );
    check(
        &[("REEVE__MAIL__SMTP__PASSWORD", "p")],
        &["mail.smtp.username"],
    );
    check(
        &[
            ("REEVE__MAIL__SMTP__HOST", "mail.example"),
            ("REEVE__MAIL__SMTP__TLS", "none"),
            ("REEVE__MAIL__SMTP__USERNAME", "u"),
            ("REEVE__MAIL__SMTP__PASSWORD", "p"),
        ],
        &["mail.smtp.tls"],
    );
    let beside_us = environment(&[
        ("REEVE__MAIL__TRANSPORT", "smtp"),
        ("REEVE__MAIL__SMTP__HOST", "127.0.0.1"),
        ("REEVE__MAIL__SMTP__TLS", "none"),
        ("REEVE__MAIL__SMTP__USERNAME", "u"),
        ("REEVE__MAIL__SMTP__PASSWORD", "p"),
    ]);
    assert!(Settings::load(&beside_us).is_ok());
}

#[test]
fn what_is_printed_can_be_shown_to_anybody() {
    let key = "s3cret-s3cret-s3cret-s3cret-s3cret";
    let settings = Settings::load(&environment(&[
        ("REEVE__AUTH__SIGNING_KEY", key),
        ("REEVE__AUTH__TRACKING_KEY", key),
        ("REEVE__DATABASE__URL", "postgres://reeve:s3cret@db/reeve"),
        ("REEVE__MAIL__SMTP__USERNAME", "reeve"),
        ("REEVE__MAIL__SMTP__PASSWORD", "s3cret"),
    ]))
    .unwrap();
    let shown = format!("{}{settings:?}", settings.masked());
    assert!(!shown.contains("s3cret"), "{shown}");
    assert!(
        shown.contains("postgres://reeve:********@db/reeve"),
        "{shown}"
    );
    assert!(shown.contains("signing_key = \"********\""), "{shown}");
    assert_eq!(
        settings.database.place(),
        Place::Postgres(ConnectionUrl::from(
            "postgres://reeve:s3cret@db/reeve".to_owned()
        ))
    );
}

#[test]
fn a_database_is_chosen_by_the_scheme_of_its_address() {
    let place = |url: &str| {
        Settings::load(&environment(&[("REEVE__DATABASE__URL", url)]))
            .unwrap()
            .database
            .place()
    };
    assert_eq!(place("sqlite:a/b.db"), Place::Sqlite("a/b.db".into()));
    assert_eq!(place("sqlite:///a/b.db"), Place::Sqlite("/a/b.db".into()));
    for url in ["postgres:///reeve", "postgresql://db1,db2/reeve"] {
        assert_eq!(
            place(url),
            Place::Postgres(ConnectionUrl::from(url.to_owned()))
        );
    }
}

#[test]
fn links_begin_at_the_public_address_or_else_where_the_server_listens() {
    let base = |pairs: &[(&str, &str)]| {
        Settings::load(&environment(pairs))
            .unwrap()
            .http
            .link_base(41_234)
    };
    assert_eq!(base(&[]), "http://127.0.0.1:41234");
    assert_eq!(base(&[("REEVE__HTTP__HOST", "::1")]), "http://[::1]:41234");
    assert_eq!(
        base(&[(
            "REEVE__HTTP__PUBLIC_URL",
            "https://contact.council.example/reeve/"
        )]),
        "https://contact.council.example/reeve"
    );
}

const TWO_MAILBOXES: &str = "[mail.mailbox]\nhost = \"imap.council.example\"\npoll_seconds = 30\n\
     [[mail.mailboxes]]\nname = \"contact\"\nusername = \"contact\"\npassword_file = \"$FILE\"\n\
     [[mail.mailboxes]]\nname = \"housing\"\nusername = \"housing\"\npassword = \"other\"\nidle = false\n\
     taken = \"keep\"\n";

#[test]
fn every_mailbox_has_what_is_common_to_all_unless_it_says_otherwise() {
    let folder = tempfile::tempdir().unwrap();
    let password = file(folder.path(), "password", "from the file\n", 0o600);
    let text = TWO_MAILBOXES.replace("$FILE", password.to_str().unwrap());
    let mut sources = environment(&[
        ("REEVE__MAIL__MAILBOXES__1__PORT", "1993"),
        ("REEVE__MAIL__MAILBOXES__2__NAME", "highways"),
        ("REEVE__MAIL__MAILBOXES__2__USERNAME", "highways"),
        ("REEVE__MAIL__MAILBOXES__2__PASSWORD", "007"),
    ]);
    sources.file = Some(file(folder.path(), "reeve.toml", &text, 0o600));
    let settings = Settings::load(&sources).unwrap();
    let [contact, housing, highways] = settings.mail.mailboxes.as_slice() else {
        panic!("three mailboxes: {:?}", settings.mail.mailboxes)
    };
    assert_eq!(contact.password.expose(), "from the file");
    assert_eq!(
        (contact.host.as_str(), contact.port),
        ("imap.council.example", 993)
    );
    assert_eq!((contact.poll_seconds, contact.idle), (30, true));
    assert_eq!(contact.taken, Taken::Move);
    assert_eq!((housing.port, housing.idle), (1993, false));
    assert_eq!(housing.taken, Taken::Keep);
    assert_eq!(highways.password.expose(), "007");
    let shown = settings.masked();
    assert!(
        !shown.contains("other") && !shown.contains("from the file"),
        "{shown}"
    );
    let again: toml::Table = toml::from_str(&shown).unwrap();
    assert_eq!(again["mail"]["mailboxes"].as_array().unwrap().len(), 3);
}

#[test]
fn what_is_wrong_with_a_mailbox_is_named_by_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let mut sources = environment(&[
        ("REEVE__MAIL__MAILBOXES__0__NAME", "contact"),
        ("REEVE__MAIL__MAILBOXES__0__HOST", "imap.council.example"),
        ("REEVE__MAIL__MAILBOXES__0__TLS", "none"),
        ("REEVE__MAIL__MAILBOXES__0__USERNAME", "contact"),
        ("REEVE__MAIL__MAILBOXES__1__NAME", "contact"),
        ("REEVE__MAIL__MAILBOXES__1__AUTH", "xoauth2"),
        ("REEVE__MAIL__MAILBOXES__1__PORT", "70000"),
        ("REEVE__MAIL__MAILBOXES__1__HOTS", "imap.council.example"),
        ("REEVE__MAIL__MAILBOXES__1__TAKEN_FOLDER", "INBOX"),
        ("REEVE__MAIL__MAILBOXES__2__NAME", "Contact Us"),
    ]);
    let mut keys = bad_keys(&sources);
    keys.sort();
    // What is wrong by itself is told before what does not fit together.
    let alone = [
        "mail.mailboxes.1.hots",
        "mail.mailboxes.1.port",
        "mail.mailboxes.2.name",
    ];
    for key in alone {
        assert!(keys.iter().any(|found| found == key), "{key}: {keys:?}");
    }
    for key in [
        "mail.mailboxes.0.password",
        "mail.mailboxes.0.tls",
        "mail.mailboxes.1.host",
        "mail.mailboxes.1.name",
        "mail.mailboxes.1.taken_folder",
        "mail.mailboxes.1.token_command",
        "mail.mailboxes.1.username",
    ] {
        assert!(keys.iter().any(|found| found == key), "{key}: {keys:?}");
    }
    let open = "[[mail.mailboxes]]\nname = \"contact\"\npassword = \"seen by all\"\n";
    sources = environment(&[]);
    sources.file = Some(file(folder.path(), "open.toml", open, 0o644));
    assert!(bad_keys(&sources).contains(&"mail.mailboxes.0.password".to_owned()));
}
