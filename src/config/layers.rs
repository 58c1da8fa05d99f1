//! Lays the sources of settings over one another: defaults, presets, file, environment, flags.
//!
//! Settings are merged as a flat map from key to value, shaped by `default.toml`: a key that is not
//! there is refused, and the kind of its default is the kind it must have. That is what lets a
//! number-like password from the environment stay text, and every mistake be named at once.
//!
//! Of a list of tables (`[[mail.mailboxes]]`) each entry has its place in the key
//! (`mail.mailboxes.0.host`), and what it does not say it has from a table of defaults.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use toml::{Table, Value};

use super::{Problem, Sources, rules};

const DEFAULTS: &str = include_str!("../../config/default.toml");

/// The beginning of the environment variables that are settings.
const PREFIX: &str = "REEVE__";

/// Settings that must not be shown, each of which may come from a file instead.
const SECRETS: &[(&str, &str)] = &[
    ("auth.signing_key", "auth.signing_key_file"),
    ("auth.audit_key", "auth.audit_key_file"),
    ("auth.tracking_key", "auth.tracking_key_file"),
    ("auth.oidc.client_secret", "auth.oidc.client_secret_file"),
    ("mail.smtp.password", "mail.smtp.password_file"),
    ("notify.api_key", "notify.api_key_file"),
    ("mail.mailbox.password", "mail.mailbox.password_file"),
    ("database.url", "database.url_file"),
];

/// Lists of tables, and the table that says what each entry may say and has unless it says otherwise.
const LISTS: &[(&str, &str)] = &[("mail.mailboxes", "mail.mailbox")];

pub(super) type Values = BTreeMap<String, Value>;

/// The values in force and what was wrong on the way. A value that is wrong is left out, so that
/// what does not depend on it can still be looked at.
pub(super) fn merge(sources: &Sources) -> (Table, Vec<Problem>) {
    let mut layers = Layers {
        defaults: defaults(),
        values: defaults(),
        problems: Vec::new(),
    };
    for (key, text) in &sources.presets {
        layers.set_text(key, text, "the command's own defaults");
    }
    if let Some(path) = &sources.file {
        layers.add_file(path);
    }
    for (name, text) in &sources.environment {
        if let Some(key) = name.strip_prefix(PREFIX) {
            let key = key.to_lowercase().replace("__", ".");
            layers.set_text(&key, text, name);
        }
    }
    for (key, text) in &sources.flags {
        layers.set_text(key, text, "the command line");
    }
    let entries = layers.fill_entries();
    for (key, file_key) in SECRETS {
        layers.read_secret(key, file_key);
        for (entry, pattern) in &entries {
            let own = |key: &str| Some(format!("{entry}{}", key.strip_prefix(pattern)?));
            if let (Some(key), Some(file_key)) = (own(key), own(file_key)) {
                layers.read_secret(&key, &file_key);
            }
        }
    }
    (nest(layers.values), layers.problems)
}

/// Every key with its default.
pub(super) fn defaults() -> Values {
    let table: Table = toml::from_str(DEFAULTS)
        .expect("config/default.toml is built in, and a test reads it at every build");
    let mut values = Values::new();
    flatten("", table, &mut |key, value| {
        values.insert(key, value);
    });
    values
}

struct Layers {
    defaults: Values,
    values: Values,
    problems: Vec<Problem>,
}

impl Layers {
    fn complain(&mut self, key: &str, message: impl Into<String>) {
        self.problems.push(Problem::new(key, message));
    }

    fn default_of(&self, key: &str) -> Option<&Value> {
        self.defaults.get(pattern_of(key).as_ref())
    }

    /// Gives every entry of a list what it does not say itself. Says where each begins, and its
    /// pattern: `mail.mailboxes.0.` and `mail.mailbox.`.
    fn fill_entries(&mut self) -> Vec<(String, String)> {
        let mut entries = Vec::new();
        for (list, pattern) in LISTS {
            let start = format!("{list}.");
            let numbers: BTreeSet<usize> = self
                .values
                .keys()
                .filter_map(|key| key.strip_prefix(&start)?.split_once('.')?.0.parse().ok())
                .collect();
            let pattern = format!("{pattern}.");
            for number in numbers {
                let entry = format!("{list}.{number}.");
                let given: BTreeSet<String> = self.values.keys().cloned().collect();
                let is_given = |name: &str| given.contains(&format!("{entry}{name}"));
                let common: Vec<(String, Value)> = self
                    .values
                    .iter()
                    .filter_map(|(key, value)| {
                        Some((key.strip_prefix(&pattern)?.to_owned(), value.clone()))
                    })
                    .collect();
                for (name, value) in common {
                    // A password of its own stands against the file they have in common.
                    let is_answered = name.strip_suffix("_file").is_some_and(&is_given)
                        || is_given(&format!("{name}_file"));
                    if is_given(&name) {
                        continue;
                    }
                    let value = if is_answered {
                        Value::String(String::new())
                    } else {
                        value
                    };
                    self.values.insert(format!("{entry}{name}"), value);
                }
                entries.push((entry, pattern.clone()));
            }
        }
        entries
    }

    fn add_file(&mut self, path: &Path) {
        let shown = path.display();
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) => return self.complain("--config", format!("{shown}: {error}")),
        };
        let table: Table = match toml::from_str(&text) {
            Ok(table) => table,
            // Only the place and the reason: the line itself may hold a password.
            Err(error) => {
                let line = error
                    .span()
                    .and_then(|span| text.get(..span.start))
                    .map_or(1, |before| before.matches('\n').count() + 1);
                let reason = error.message();
                return self.complain("--config", format!("{shown}, line {line}: {reason}"));
            }
        };
        let mut found = Vec::new();
        flatten("", table, &mut |key, value| found.push((key, value)));
        for (key, value) in found {
            if is_secret(&key) && value.as_str() != Some("") && is_readable_by_everybody(path) {
                self.complain(&key, open_file(path));
            }
            self.set(&key, value, &shown.to_string());
        }
    }

    /// A value written as text, in the environment or on the command line.
    fn set_text(&mut self, key: &str, text: &str, source: &str) {
        let Some(default) = self.default_of(key) else {
            return self.refuse_unknown(key, source);
        };
        let value = match default {
            Value::Integer(_) => text.trim().parse().ok().map(Value::Integer),
            Value::Boolean(_) => text.trim().parse().ok().map(Value::Boolean),
            Value::Array(_) => Some(Value::Array(
                text.split(',')
                    .map(str::trim)
                    .filter(|item| !item.is_empty())
                    .map(|item| Value::String(item.to_owned()))
                    .collect(),
            )),
            _ => Some(Value::String(text.to_owned())),
        };
        match value {
            Some(value) => self.set(key, value, source),
            None => {
                let kind = kind(default);
                self.complain(key, format!("must be {kind} (set by {source})"));
            }
        }
    }

    fn set(&mut self, key: &str, value: Value, source: &str) {
        let Some(default) = self.default_of(key) else {
            return self.refuse_unknown(key, source);
        };
        let is_list_of_text =
            |value: &Value| matches!(value, Value::Array(items) if items.iter().all(Value::is_str));
        if !value.same_type(default) || (value.is_array() && !is_list_of_text(&value)) {
            let kind = kind(default);
            return self.complain(key, format!("must be {kind} (set by {source})"));
        }
        match rules::complaint(&pattern_of(key), &value) {
            Some(message) => self.complain(key, format!("{message} (set by {source})")),
            None => {
                self.values.insert(key.to_owned(), value);
            }
        }
    }

    fn refuse_unknown(&mut self, key: &str, source: &str) {
        let pattern = pattern_of(key);
        let section = pattern.rsplit_once('.').map_or("", |(section, _)| section);
        let siblings: Vec<&str> = self
            .defaults
            .keys()
            .filter_map(|known| known.rsplit_once('.'))
            .filter(|(known, _)| *known == section)
            .map(|(_, name)| name)
            .collect();
        let hint = if siblings.is_empty() {
            let mut sections: Vec<&str> = self
                .defaults
                .keys()
                .filter_map(|known| known.rsplit_once('.'))
                .map(|(section, _)| section)
                .collect();
            sections.dedup();
            format!("the sections are {}", sections.join(", "))
        } else {
            format!("[{section}] has {}", siblings.join(", "))
        };
        self.complain(
            key,
            format!("there is no such setting (set by {source}); {hint}"),
        );
    }

    /// Takes the secret from the file its `_file` key names, if it names one.
    fn read_secret(&mut self, key: &str, file_key: &str) {
        let text_of = |values: &Values, key: &str| {
            let text = values.get(key).and_then(Value::as_str).unwrap_or("");
            text.to_owned()
        };
        let path = text_of(&self.values, file_key);
        if path.is_empty() {
            return;
        }
        if !text_of(&self.values, key).is_empty() {
            return self.complain(key, format!("set this or {file_key}, not both"));
        }
        let path = Path::new(&path);
        if is_readable_by_everybody(path) {
            return self.complain(file_key, open_file(path));
        }
        match fs::read_to_string(path) {
            // An editor or `echo` ends the file with a line break; no secret does.
            Ok(text) => {
                let secret = text.trim_end_matches(['\r', '\n']);
                if secret.is_empty() {
                    return self.complain(file_key, format!("{} is empty", path.display()));
                }
                let source = path.display().to_string();
                self.set(key, Value::String(secret.to_owned()), &source);
            }
            Err(error) => self.complain(file_key, format!("{}: {error}", path.display())),
        }
    }
}

fn is_secret(key: &str) -> bool {
    let pattern = pattern_of(key);
    SECRETS.iter().any(|(secret, _)| *secret == pattern)
}

/// The key whose default and rule hold for `key`: its own, but for an entry of a list the one they
/// all have in common.
fn pattern_of(key: &str) -> Cow<'_, str> {
    let found = LISTS.iter().find_map(|(list, pattern)| {
        let (number, name) = key.strip_prefix(list)?.strip_prefix('.')?.split_once('.')?;
        number.parse::<u16>().ok()?;
        Some(format!("{pattern}.{name}"))
    });
    found.map_or(Cow::Borrowed(key), Cow::Owned)
}

fn open_file(path: &Path) -> String {
    let path = path.display();
    format!("everybody on this machine can read {path}, which holds a secret: chmod 640 {path}")
}

#[cfg(unix)]
fn is_readable_by_everybody(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).is_ok_and(|file| file.permissions().mode() & 0o004 != 0)
}

#[cfg(not(unix))]
fn is_readable_by_everybody(_path: &Path) -> bool {
    false
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Integer(_) => "a whole number",
        Value::Boolean(_) => "true or false",
        Value::Array(_) => "a list of texts",
        _ => "text",
    }
}

fn flatten(prefix: &str, table: Table, leaf: &mut impl FnMut(String, Value)) {
    for (name, value) in table {
        let key = if prefix.is_empty() {
            name
        } else {
            format!("{prefix}.{name}")
        };
        match value {
            Value::Table(inner) => flatten(&key, inner, leaf),
            Value::Array(entries) if is_list(&key) && entries.iter().all(Value::is_table) => {
                for (number, entry) in entries.into_iter().enumerate() {
                    if let Value::Table(inner) = entry {
                        flatten(&format!("{key}.{number}"), inner, leaf);
                    }
                }
            }
            value => leaf(key, value),
        }
    }
}

fn is_list(key: &str) -> bool {
    LISTS.iter().any(|(list, _)| *list == key)
}

fn nest(values: Values) -> Table {
    let mut root = Table::new();
    let mut entries: BTreeMap<(&str, usize), Table> = BTreeMap::new();
    for (key, value) in values {
        let entry = LISTS.iter().find_map(|(list, _)| {
            let (number, name) = key.strip_prefix(list)?.strip_prefix('.')?.split_once('.')?;
            Some(((*list, number.parse().ok()?), name.to_owned()))
        });
        if let Some((place, name)) = entry {
            entries.entry(place).or_default().insert(name, value);
            continue;
        }
        let (table, name) = section_of(&mut root, &key);
        table.insert(name.to_owned(), value);
    }
    for ((list, _), entry) in entries {
        let (table, name) = section_of(&mut root, list);
        let list = table
            .entry(name)
            .or_insert_with(|| Value::Array(Vec::new()));
        if let Value::Array(list) = list {
            list.push(Value::Table(entry));
        }
    }
    root
}

/// The table a key stands in, made where it is not there, and the last piece of its name.
fn section_of<'t, 'k>(root: &'t mut Table, key: &'k str) -> (&'t mut Table, &'k str) {
    let (sections, name) = key.rsplit_once('.').unwrap_or(("", key));
    let mut table = root;
    for section in sections.split('.').filter(|section| !section.is_empty()) {
        let entry = table
            .entry(section)
            .or_insert_with(|| Value::Table(Table::new()));
        let Value::Table(inner) = entry else {
            unreachable!("a key of default.toml is never also a section of it")
        };
        table = inner;
    }
    (table, name)
}
