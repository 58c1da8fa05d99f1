//! The layers, kept by reading the `use` lines and paths of the source.

use std::path::{Path, PathBuf};

/// Folder, and the other folders of ours it may name.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("channels", &["domain"]),
    ("store", &["domain"]),
    ("auth", &["domain", "store"]),
    (
        "casework",
        &["domain", "channels", "store", "auth", "time_source"],
    ),
    ("notify", &["domain", "store", "time_source"]),
    ("jobs", &["casework", "notify", "channels", "time_source"]),
    (
        "mailboxes",
        &["casework", "channels", "domain", "time_source"],
    ),
    (
        "http",
        &[
            "casework",
            "channels",
            "auth",
            "domain",
            "config",
            "time_source",
            "telemetry",
            // The one table of operations lists the pages too.
            "pages",
        ],
    ),
    (
        "pages",
        &[
            "casework",
            "channels",
            "auth",
            "domain",
            "http",
            "config",
            "time_source",
            "demo",
        ],
    ),
    ("config", &["domain"]),
];

/// Libraries that belong to one folder.
const BELONGS_TO: &[(&str, &[&str])] = &[
    ("diesel", &["store"]),
    ("lettre", &["notify"]),
    ("async_imap", &["mailboxes"]),
    (
        "actix_web",
        &["http", "pages", "app.rs", "app", "cli", "demo"],
    ),
    ("jsonwebtoken", &["auth"]),
    ("tokio_cron_scheduler", &["jobs"]),
    // The demo's own page shows the mails in its folder.
    ("mail_parser", &["channels", "pages"]),
];

const OURS: &[&str] = &[
    "app",
    "auth",
    "casework",
    "channels",
    "cli",
    "config",
    "demo",
    "domain",
    "http",
    "jobs",
    "mailboxes",
    "notify",
    "pages",
    "store",
    "telemetry",
    "time_source",
];

#[test]
fn every_folder_imports_only_what_it_may() {
    let mut faults = Vec::new();
    for (file, text) in sources() {
        let folder = folder_of(&file);
        let Some((_, allowed)) = MAY_IMPORT.iter().find(|(name, _)| *name == folder) else {
            continue;
        };
        for (n, line) in code_lines(&text) {
            for other in OURS {
                let is_named = line.contains(&format!("crate::{other}::"))
                    || line.contains(&format!("crate::{{{other}"));
                if is_named && *other != folder && !allowed.contains(other) {
                    faults.push(format!("{file}:{n}: `{folder}` may not import `{other}`"));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_library_stays_in_its_folder() {
    let mut faults = Vec::new();
    for (file, text) in sources() {
        let folder = folder_of(&file);
        for (n, line) in code_lines(&text) {
            for (library, homes) in BELONGS_TO {
                let is_named = line.contains(&format!("{library}::"))
                    || line.contains(&format!("use {library}"));
                if is_named && !homes.contains(&folder.as_str()) {
                    faults.push(format!(
                        "{file}:{n}: `{library}` belongs to {}",
                        homes.join(", ")
                    ));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn the_clock_is_read_in_one_place() {
    let readers = [
        "Timestamp::now(",
        "Zoned::now(",
        "SystemTime::now(",
        "Utc::now(",
        "Uuid::now_v7(",
    ];
    let mut faults = Vec::new();
    for (file, text) in sources() {
        if file.ends_with("time_source.rs") {
            continue;
        }
        for (n, line) in code_lines(&text) {
            if readers.iter().any(|reader| line.contains(reader)) {
                faults.push(format!(
                    "{file}:{n}: the clock is read in time_source.rs only"
                ));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn no_module_is_named_after_nothing() {
    let banned = [
        "utils",
        "util",
        "common",
        "helpers",
        "helper",
        "manager",
        "service_impl",
        "misc",
    ];
    for (file, _) in sources() {
        let stem = Path::new(&file)
            .file_stem()
            .unwrap()
            .to_string_lossy()
            .into_owned();
        assert!(
            !banned.contains(&stem.as_str()),
            "{file}: name it after what it does"
        );
    }
}

/// Codes are what programs decide by, so each is explained under `/docs/problems/…`.
#[test]
fn every_code_that_is_answered_is_explained() {
    let ways = [
        r#"(?:conflict|forbidden|unavailable|unreadable)\(\s*"([a-z0-9_]+)""#,
        r#"Problem::new\(\s*\d+,\s*"([a-z0-9_]+)""#,
        r#"(?:invalid|fault)\(\s*(?:"[^"]*"|&?\w+|&format!\([^)]*\)),\s*"([a-z0-9_]+)""#,
        r#"code: "([a-z0-9_]+)""#,
    ];
    let ways = ways.map(|way| regex::Regex::new(way).unwrap());
    let all = sources();
    let is_list = |(path, _): &&(String, String)| path.ends_with("http/docs/problems.rs");
    let explained = &all.iter().find(is_list).unwrap().1;
    let mut missing = std::collections::BTreeSet::new();
    let mut n_found = 0;
    for (path, text) in &all {
        let text = text.split("#[cfg(test)]").next().unwrap();
        for found in ways.iter().flat_map(|way| way.captures_iter(text)) {
            n_found += 1;
            if !explained.contains(&format!("\"{}\",", &found[1])) {
                missing.insert(format!("{} in {path}", &found[1]));
            }
        }
    }
    assert!(n_found > 150, "{n_found} codes");
    assert!(missing.is_empty(), "{missing:#?}");
}

fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> = vec![root.join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let name = path
                    .strip_prefix(root)
                    .unwrap()
                    .to_string_lossy()
                    .into_owned();
                // Tests put things together that the program keeps apart.
                if name.ends_with("/tests.rs") || name.contains("/tests/") {
                    continue;
                }
                found.push((name, std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    assert!(found.len() > 50, "the source was not found");
    found
}

/// `src/domain/clock.rs` → `domain`; `src/app.rs` → `app.rs`.
fn folder_of(file: &str) -> String {
    let inner = file.trim_start_matches("src/");
    let first = inner.split('/').next().unwrap_or(inner);
    match first.strip_suffix(".rs") {
        Some(stem) if OURS.contains(&stem) && stem != "app" => stem.to_owned(),
        _ => first.to_owned(),
    }
}

/// Lines that are neither comments nor in the file's own tests.
fn code_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .enumerate()
        .take_while(|(_, line)| !line.starts_with("#[cfg(test)]"))
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
        .map(|(n, line)| (n + 1, line))
}
