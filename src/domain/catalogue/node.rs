//! The catalogue's tree before it means anything: tables, lists and values, each with the file
//! and line it stands on and its JSON pointer.
//!
//! TOML files and the stored JSON both become this one tree, so that every later rule is written
//! once and every fault can say where it is. Meaning starts in [`super::parse`].

use std::sync::Arc;

use serde_json::{Map, Number, Value};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::fault::Fault;

/// Where something stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) file: Arc<str>,
    /// From 1; 0 when there is no line to name.
    pub(super) line: u32,
    pub(super) pointer: String,
}

/// A value and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) place: Place,
    pub(super) held: Held,
}

/// What a node holds.
#[derive(Debug, Clone)]
pub(super) enum Held {
    Nothing,
    Truth(bool),
    Whole(i64),
    /// Beyond what [`Held::Whole`] holds. Nothing we read is so large; what is only kept is given
    /// back as it came.
    Large(u64),
    Number(f64),
    Text(String),
    List(Vec<Node>),
    /// In the order of the file. A node of a table stands where its key stands.
    Table(Vec<(String, Node)>),
}

/// The single files of a folder, and where each stands in the tree.
const PARTS: [(&str, &str); 7] = [
    ("council.toml", "council"),
    ("calendars.toml", "calendars"),
    ("queues.toml", "queues"),
    ("posts.toml", "posts"),
    ("access-points.toml", "access_points"),
    ("ladders.toml", "ladders"),
    ("routing.toml", "routing"),
];

/// A single file a folder may do without.
const WARDS: &str = "wards.toml";
/// A table of many lines, kept as it is written.
const WARD_LOOKUP: &str = "wards.csv";

/// Reports that are made on a schedule.
const REPORTS: &str = "reports.toml";

/// The council's own copy of the published holidays, where it has one.
const HOLIDAYS: &str = "bank-holidays.json";

/// The tree of a folder of files, and what could not be read into it.
pub(super) fn from_files(
    files: &[(String, String)],
    bank_holidays: &str,
    standards: &[(String, String)],
) -> (Node, Vec<Fault>) {
    let mut faults = Vec::new();
    let mut root: Vec<(String, Node)> = Vec::new();
    for (file, part) in PARTS {
        match files.iter().find(|(path, _)| path == file) {
            Some((_, text)) => {
                let place = Place::new(file, 1, format!("/{part}"));
                root.push((part.to_owned(), from_toml(&place, text, &mut faults)));
            }
            None => faults.push(Fault {
                file: file.to_owned(),
                line: 0,
                pointer: format!("/{part}"),
                message: "this file is missing".to_owned(),
            }),
        }
    }

    let mut services = Vec::new();
    let mut own_standards = Vec::new();
    let mut templates = Vec::new();
    for (path, text) in files {
        let parts: Vec<&str> = path.split('/').collect();
        match parts.as_slice() {
            [single] if PARTS.iter().any(|(file, _)| file == single) => {}
            // Notes for people may lie beside the data, and so do the labelled messages that
            // texts are compared with: people's words are no part of a document that travels.
            [.., name] if name.ends_with(".md") => {}
            ["triage-examples.jsonl" | "triage-lessons.jsonl"] => {}
            [HOLIDAYS] => faults.extend(unreviewed(&root)),
            [WARDS] => {
                let place = Place::new(WARDS, 1, "/wards".to_owned());
                root.push(("wards".to_owned(), from_toml(&place, text, &mut faults)));
            }
            [REPORTS] => {
                let place = Place::new(REPORTS, 1, "/reports".to_owned());
                root.push(("reports".to_owned(), from_toml(&place, text, &mut faults)));
            }
            [WARD_LOOKUP] => {
                let place = Place::new(WARD_LOOKUP, 1, "/ward_lookup".to_owned());
                let held = Held::Text(text.clone());
                root.push(("ward_lookup".to_owned(), Node { place, held }));
            }
            ["services", name] if name.ends_with(".toml") => {
                services.push(from_named_toml("services", path, name, text, &mut faults));
            }
            ["standards", name] if name.ends_with(".toml") => {
                own_standards.push(from_named_toml("standards", path, name, text, &mut faults));
            }
            ["templates", language, name] if name.ends_with(".txt") || name.ends_with(".html") => {
                let key = format!("{language}/{name}");
                let place = Place::new(path, 1, format!("/templates/{}", escape(&key)));
                templates.push((
                    key,
                    Node {
                        place,
                        held: Held::Text(text.clone()),
                    },
                ));
            }
            _ => faults.push(Fault {
                file: path.clone(),
                line: 0,
                pointer: String::new(),
                message: "no part of a catalogue is kept under this name".to_owned(),
            }),
        }
    }

    for (path, text) in standards {
        let name = path.rsplit('/').next().unwrap_or(path);
        let named = format!("standards/{name}");
        let (slug, node) = from_named_toml("standards", &named, name, text, &mut faults);
        // A council's own standard of the same name takes the place of the ready one.
        if !own_standards.iter().any(|(own, _)| *own == slug) {
            own_standards.push((slug, node));
        }
    }
    services.sort_by(|(one, _), (other, _)| one.cmp(other));
    own_standards.sort_by(|(one, _), (other, _)| one.cmp(other));
    templates.sort_by(|(one, _), (other, _)| one.cmp(other));
    for (part, entries) in [
        ("services", services),
        ("standards", own_standards),
        ("templates", templates),
    ] {
        let place = Place::new(part, 0, format!("/{part}"));
        root.push((
            part.to_owned(),
            Node {
                place,
                held: Held::Table(entries),
            },
        ));
    }

    let own_holidays = files.iter().find(|(path, _)| path == HOLIDAYS);
    match serde_json::from_str::<Value>(own_holidays.map_or(bank_holidays, |(_, text)| text)) {
        Ok(value) => {
            root.push((
                "bank_holidays".to_owned(),
                from_value(&value, "/bank_holidays".to_owned()),
            ));
        }
        Err(error) => faults.push(Fault {
            file: HOLIDAYS.to_owned(),
            line: u32::try_from(error.line()).unwrap_or(0),
            pointer: "/bank_holidays".to_owned(),
            message: error.to_string(),
        }),
    }
    let place = Place::new("council.toml", 0, String::new());
    (
        Node {
            place,
            held: Held::Table(root),
        },
        faults,
    )
}

/// A published file can hold a slip, and every date hangs on it: somebody has to have read it.
fn unreviewed(root: &[(String, Node)]) -> Option<Fault> {
    let (_, council) = root.iter().find(|(part, _)| part == "council")?;
    council.get("holidays_reviewed_on").is_none().then(|| {
        council.place.fault(
            "the folder has bank holidays of its own: say when somebody read them, \
             `holidays_reviewed_on = 2026-11-20`",
        )
    })
}

/// The tree of a JSON document; its lines are 0, its pointers say where.
pub(super) fn from_json(tree: &Value) -> Node {
    from_value(tree, String::new())
}

/// One key of a JSON pointer.
pub(super) fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

impl Place {
    pub(super) fn new(file: &str, line: u32, pointer: String) -> Self {
        Self {
            file: Arc::from(file),
            line,
            pointer,
        }
    }

    /// Something wrong here.
    pub(super) fn fault(&self, message: impl Into<String>) -> Fault {
        Fault {
            file: self.file.to_string(),
            line: self.line,
            pointer: self.pointer.clone(),
            message: message.into(),
        }
    }
}

impl Node {
    /// The entry of a table.
    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        self.entries()
            .iter()
            .find(|(known, _)| known == key)
            .map(|(_, node)| node)
    }

    pub(super) fn is_table(&self) -> bool {
        matches!(self.held, Held::Table(_))
    }

    /// The entries of a table; none for anything else.
    pub(super) fn entries(&self) -> &[(String, Node)] {
        match &self.held {
            Held::Table(entries) => entries,
            _ => &[],
        }
    }

    pub(super) fn text(&self) -> Option<&str> {
        match &self.held {
            Held::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Where the value at `path` stands, or the nearest thing around it that does exist.
    pub(super) fn place_of(&self, path: &[&str]) -> &Place {
        let mut node = self;
        for key in path {
            let next = match &node.held {
                Held::List(list) => key.parse::<usize>().ok().and_then(|place| list.get(place)),
                _ => node.get(key),
            };
            match next {
                Some(next) => node = next,
                None => break,
            }
        }
        &node.place
    }

    /// Where a word first stands, as a key or as a value, at or below this node.
    pub(super) fn find_word(&self, wanted: &str) -> Option<&Place> {
        match &self.held {
            Held::Text(text) => (text == wanted).then_some(&self.place),
            Held::List(list) => list.iter().find_map(|node| node.find_word(wanted)),
            Held::Table(entries) => entries.iter().find_map(|(key, node)| {
                if key == wanted {
                    Some(&node.place)
                } else {
                    node.find_word(wanted)
                }
            }),
            _ => None,
        }
    }

    /// The same as JSON.
    pub(super) fn to_value(&self) -> Value {
        match &self.held {
            Held::Nothing => Value::Null,
            Held::Truth(truth) => Value::Bool(*truth),
            Held::Whole(whole) => Value::Number(Number::from(*whole)),
            Held::Large(number) => Value::from(*number),
            Held::Number(number) => Number::from_f64(*number).map_or(Value::Null, Value::Number),
            Held::Text(text) => Value::String(text.clone()),
            Held::List(list) => Value::Array(list.iter().map(Self::to_value).collect()),
            Held::Table(entries) => Value::Object(
                entries
                    .iter()
                    .map(|(key, node)| (key.clone(), node.to_value()))
                    .collect::<Map<String, Value>>(),
            ),
        }
    }
}

/// A file that is named after what it holds.
fn from_named_toml(
    part: &str,
    path: &str,
    name: &str,
    text: &str,
    faults: &mut Vec<Fault>,
) -> (String, Node) {
    let slug = name.strip_suffix(".toml").unwrap_or(name).to_owned();
    let place = Place::new(path, 1, format!("/{part}/{}", escape(&slug)));
    (slug, from_toml(&place, text, faults))
}

fn from_toml(place: &Place, text: &str, faults: &mut Vec<Fault>) -> Node {
    let lines = Lines::of(text);
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let line = error.span().map_or(0, |span| lines.line_at(span.start));
        let at = Place {
            line,
            ..place.clone()
        };
        // The first line of the message says what is wrong; the rest draws the source.
        faults.push(at.fault(error.message().lines().next().unwrap_or("not TOML")));
    }
    Node {
        place: place.clone(),
        held: from_table(place, table.get_ref(), &lines),
    }
}

fn from_table(place: &Place, table: &DeTable<'_>, lines: &Lines) -> Held {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    Held::Table(
        entries
            .into_iter()
            .map(|(key, value)| {
                let name = key.get_ref().to_string();
                let place = Place {
                    file: Arc::clone(&place.file),
                    line: lines.line_at(key.span().start),
                    pointer: format!("{}/{}", place.pointer, escape(&name)),
                };
                (name, from_de_value(place, value, lines))
            })
            .collect(),
    )
}

fn from_de_value(place: Place, value: &Spanned<DeValue<'_>>, lines: &Lines) -> Node {
    let held = match value.get_ref() {
        DeValue::String(text) => Held::Text(text.to_string()),
        DeValue::Integer(digits) => i64::from_str_radix(digits.as_str(), digits.radix())
            .map_or_else(|_| Held::Text(digits.as_str().to_owned()), Held::Whole),
        DeValue::Float(digits) => digits
            .as_str()
            .parse()
            .map_or_else(|_| Held::Text(digits.as_str().to_owned()), Held::Number),
        DeValue::Boolean(truth) => Held::Truth(*truth),
        DeValue::Datetime(at) => Held::Text(at.to_string()),
        DeValue::Array(list) => Held::List(
            list.iter()
                .enumerate()
                .map(|(index, value)| {
                    let place = Place {
                        file: Arc::clone(&place.file),
                        line: lines.line_at(value.span().start),
                        pointer: format!("{}/{index}", place.pointer),
                    };
                    from_de_value(place, value, lines)
                })
                .collect(),
        ),
        DeValue::Table(table) => from_table(&place, table, lines),
    };
    Node { place, held }
}

fn from_value(value: &Value, pointer: String) -> Node {
    let held = match value {
        Value::Null => Held::Nothing,
        Value::Bool(truth) => Held::Truth(*truth),
        Value::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(whole), _) => Held::Whole(whole),
            (None, Some(large)) => Held::Large(large),
            (None, None) => number.as_f64().map_or(Held::Nothing, Held::Number),
        },
        Value::String(text) => Held::Text(text.clone()),
        Value::Array(list) => Held::List(
            list.iter()
                .enumerate()
                .map(|(index, value)| from_value(value, format!("{pointer}/{index}")))
                .collect(),
        ),
        Value::Object(table) => Held::Table(
            table
                .iter()
                .map(|(key, value)| {
                    (
                        key.clone(),
                        from_value(value, format!("{pointer}/{}", escape(key))),
                    )
                })
                .collect(),
        ),
    };
    Node {
        place: Place::new(&file_of(&pointer), 0, pointer),
        held,
    }
}

/// The file in which a council would keep what stands at that pointer.
fn file_of(pointer: &str) -> String {
    let mut keys = pointer.split('/').skip(1);
    let part = keys.next().unwrap_or_default();
    let name = keys
        .next()
        .unwrap_or_default()
        .replace("~1", "/")
        .replace("~0", "~");
    match part {
        "services" | "standards" if !name.is_empty() => format!("{part}/{name}.toml"),
        "templates" if !name.is_empty() => format!("{part}/{name}"),
        "bank_holidays" => HOLIDAYS.to_owned(),
        _ => PARTS
            .iter()
            .find(|(_, known)| *known == part)
            .map_or_else(|| part.to_owned(), |(file, _)| (*file).to_owned()),
    }
}

/// Where the lines of a text start.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Self {
        Self(text.match_indices('\n').map(|(at, _)| at + 1).collect())
    }

    fn line_at(&self, byte: usize) -> u32 {
        let n_before = self.0.partition_point(|start| *start <= byte);
        u32::try_from(n_before + 1).unwrap_or(u32::MAX)
    }
}
