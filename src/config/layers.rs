//! Lays the sources of settings over one another: defaults, presets, file, environment, flags.
//!
//! Settings are merged as a flat map from key to value, shaped by `default.toml`: a key that is not
//! there is refused, and the kind of its default is the kind it must have. That is what lets a
//! number-like password from the environment stay text, and every mistake be named at once.

use std::collections::BTreeMap;
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
    ("database.url", "database.url_file"),
];

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
    for (key, file_key) in SECRETS {
        layers.read_secret(key, file_key);
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
        let Some(default) = self.defaults.get(key) else {
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
        let Some(default) = self.defaults.get(key) else {
            return self.refuse_unknown(key, source);
        };
        let is_list_of_text =
            |value: &Value| matches!(value, Value::Array(items) if items.iter().all(Value::is_str));
        if !value.same_type(default) || (value.is_array() && !is_list_of_text(&value)) {
            let kind = kind(default);
            return self.complain(key, format!("must be {kind} (set by {source})"));
        }
        match rules::complaint(key, &value) {
            Some(message) => self.complain(key, format!("{message} (set by {source})")),
            None => {
                self.values.insert(key.to_owned(), value);
            }
        }
    }

    fn refuse_unknown(&mut self, key: &str, source: &str) {
        let section = key.rsplit_once('.').map_or("", |(section, _)| section);
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
    SECRETS.iter().any(|(secret, _)| *secret == key)
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
            value => leaf(key, value),
        }
    }
}

fn nest(values: Values) -> Table {
    let mut root = Table::new();
    for (key, value) in values {
        let (sections, name) = key.rsplit_once('.').unwrap_or(("", &key));
        let mut table = &mut root;
        for section in sections.split('.').filter(|section| !section.is_empty()) {
            let entry = table
                .entry(section)
                .or_insert_with(|| Value::Table(Table::new()));
            let Value::Table(inner) = entry else {
                unreachable!("a key of default.toml is never also a section of it")
            };
            table = inner;
        }
        table.insert(name.to_owned(), value);
    }
    root
}
