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

/// Functions of the store that give several cases, contacts, notices, steps or people and ask nobody who
/// wants them, with the reason. A list that somebody reads is not among them: it takes a `&Sight`.
const FOR_NOBODY_TO_READ: &[(&str, &[&str])] = &[
    (
        "of one case, contact, notice or call that was found for its reader before",
        &[
            "calls::contacts_of",
            "cases::linked",
            "cases::people",
            "clocks::of_case",
            "contacts::of_case",
            "contacts::said_on",
            "escalations::of_case",
            "escalations::of_contact",
            "escalations::of_notice",
            "escalations::of_places",
            "outbox::written_with",
        ],
    ),
    (
        "of ids or people that were found for their reader before",
        &[
            "cases::with_ids",
            "events::of_kinds_in",
            "contacts::that_opened",
            "incidents/on_it::on_it",
            "markers::of_people",
            "outbox::deliveries",
        ],
    ),
    (
        "of one case that was found before, or what administrators see of deliveries, who are shown no \
         content and of a restricted case nothing",
        &["outbox::list"],
    ),
    (
        "read by the clock: nobody is shown it",
        &[
            "cases::to_wake",
            "contacts::to_wake",
            "escalations::for_digest",
            "escalations::told_in_digests",
            "incidents/telling::to_close",
            "incidents/telling::to_tell",
            "outbox::cases_told_since",
            "outbox::claim",
        ],
    ),
    (
        "by which intake knows a contact or a person again: nobody is shown it",
        &[
            "contacts::told_by_text",
            "contacts::with_message_id",
            "outbox::texted",
            "person_merges::apart_from",
            "person_merges::sharing",
        ],
    ),
    (
        "by which a person is found: before somebody is shown one, it is asked whether they may know of them",
        &["people::identified_by"],
    ),
    (
        "everything of a person, to be changed or taken away whoever may know of it",
        &[
            "cases::of_people",
            "cases::of_person",
            "contacts::all_of_people",
            "outbox::waiting_for",
        ],
    ),
    (
        "examples for reading free text, without what is restricted",
        &["events::recategorised"],
    ),
];

const OURS: &[&str] = &[
    "app",
    "auth",
    "bench",
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

/// A list cannot be written without its reader: what they may not see is left out in the query.
#[test]
fn every_list_takes_its_readers_sight() {
    let function = regex::Regex::new(
        r"pub fn (\w+)(?:<[^>]*>)?\(([^{;]*?)\)\s*->\s*Result<\s*Vec<([^;{]+?)>,\s*StoreError>",
    )
    .unwrap();
    let listed = regex::Regex::new(
        r"\b(Filed|Contact|Message|Taken|Notice|Kept|Person|CaseId|ContactId|NoticeId|PersonId)\b",
    )
    .unwrap();
    let known: Vec<&str> = FOR_NOBODY_TO_READ
        .iter()
        .flat_map(|(_, functions)| functions.iter().copied())
        .collect();
    let mut without = std::collections::BTreeSet::new();
    let mut n_with = 0;
    for (file, text) in sources() {
        let Some(module) = file.strip_prefix("src/store/") else {
            continue;
        };
        let module = module.trim_end_matches(".rs");
        for found in function.captures_iter(&text) {
            if !listed.is_match(&found[3]) {
                continue;
            }
            if found[2].contains("&Sight") {
                n_with += 1;
            } else {
                without.insert(format!("{module}::{}", &found[1]));
            }
        }
    }
    assert!(n_with >= 12, "{n_with} lists take a sight");
    let new: Vec<&String> = without
        .iter()
        .filter(|name| !known.contains(&name.as_str()))
        .collect();
    assert!(new.is_empty(), "these take no `&Sight`: {new:?}");
    let gone: Vec<&&str> = known
        .iter()
        .filter(|name| !without.contains(**name))
        .collect();
    assert!(
        gone.is_empty(),
        "these need not be named any more: {gone:?}"
    );
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

/// A file of stories that no binary names is compiled by nobody, and nobody misses it.
#[test]
fn every_file_of_stories_is_run() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    for binary in ["api", "casework", "processes"] {
        let main = std::fs::read_to_string(root.join(binary).join("main.rs")).unwrap();
        for entry in std::fs::read_dir(root.join(binary)).unwrap() {
            let path = entry.unwrap().path();
            let is_rust = path.extension().is_some_and(|ending| ending == "rs");
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            assert!(
                !is_rust || name == "main" || main.contains(&format!("mod {name};\n")),
                "tests/{binary}/main.rs does not name {name}"
            );
        }
    }
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
