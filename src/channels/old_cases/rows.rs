//! The rows of a file, one after the other: CSV, a JSON list, or one JSON object a line. However long
//! the file is, one row is held.
//!
//! A row that is wrong is handed on as that, with its line; only what makes the rest of the file
//! unreadable ends it.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::rc::Rc;

use csv::ByteRecord;
use serde::Deserialize as _;
use serde::de::{DeserializeSeed, Deserializer, Error as _, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::plain::{Foreign, Plain, Progress};
use super::{quoted, similar};
use crate::channels::given::Unfit;

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A heading, then one row for each case.
    Csv,
    /// One list of objects.
    Json,
    /// One object a line.
    JsonLines,
}

/// What one row says, by the names of its columns; what is empty is not there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Row(BTreeMap<&'static str, String>);

/// A row and where it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Numbered {
    /// The first line of the file is 1.
    pub line: u64,
    pub row: Result<Row, Vec<Unfit>>,
}

/// Why the rest of a file cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct Broken {
    pub line: u64,
    pub what: String,
}

/// Every column there is.
pub const COLUMNS: [&str; 12] = [
    "old_reference",
    "received_at",
    "first_promised_on",
    "service",
    "category",
    "status",
    "channel",
    "subject",
    "body",
    "name",
    "email",
    "phone",
];
/// Those without which no row means anything.
const NEEDED: [&str; 4] = ["old_reference", "received_at", "service", "category"];
/// In JSON they stand in `person`.
const OF_PERSON: [&str; 3] = ["name", "email", "phone"];

/// Stands behind the last row: a quotation mark that is never closed swallows it.
const END: &[u8] = b"\n\x1ethe end of the file\x1e\n";
const END_CELL: &[u8] = b"\x1ethe end of the file\x1e";
const LONGEST_HEADING: usize = 10_000;

impl Format {
    /// By the name of the file.
    #[must_use]
    pub fn of(file: &Path) -> Option<Self> {
        let ending = file.extension()?.to_str()?.to_ascii_lowercase();
        match ending.as_str() {
            "csv" => Some(Self::Csv),
            "json" => Some(Self::Json),
            "jsonl" | "ndjson" => Some(Self::JsonLines),
            _ => None,
        }
    }
}

impl Row {
    /// Takes what a column says out of the row.
    pub(super) fn take(&mut self, column: &str) -> Option<String> {
        self.0.remove(column)
    }

    /// What a column says.
    #[must_use]
    pub fn get(&self, column: &str) -> Option<&str> {
        self.0.get(column).map(String::as_str)
    }

    fn put(&mut self, column: &'static str, text: &str) {
        let text = text.trim();
        if !text.is_empty() {
            self.0.insert(column, text.to_owned());
        }
    }
}

/// Hands on every row, until `take` says that it wants no more.
///
/// # Errors
/// When the rest of the file cannot be read, and from which line on.
pub fn read_rows(
    input: impl BufRead,
    format: Format,
    take: &mut dyn FnMut(Numbered) -> bool,
) -> Result<(), Broken> {
    let progress = Rc::new(Progress::default());
    let ending = if format == Format::Csv { END } else { b"" };
    let plain = match Plain::of(input, ending, &progress) {
        Ok(Ok(plain)) => plain,
        Ok(Err(foreign)) => return Err(broken(1, foreign.words())),
        Err(why) => return Err(unreadable(1, &progress, &why)),
    };
    match format {
        Format::Csv => read_csv(plain, &progress, take),
        Format::Json => read_list(plain, &progress, take),
        Format::JsonLines => read_lines(plain, &progress, take),
    }
}

/// The columns of a file, as its heading names them.
struct Heading {
    delimiter: u8,
    /// Nothing for a cell that names no column.
    columns: Vec<Option<&'static str>>,
    n_lines: u64,
}

fn read_csv(
    plain: Plain<impl BufRead>,
    progress: &Progress,
    take: &mut dyn FnMut(Numbered) -> bool,
) -> Result<(), Broken> {
    let mut input = BufReader::new(plain);
    let heading = Heading::read(&mut input, progress)?;
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(heading.delimiter)
        .from_reader(input);
    let mut record = ByteRecord::new();
    let mut begins_on = heading.n_lines + 1;
    loop {
        progress.row_begins();
        let is_more = reader.read_byte_record(&mut record).map_err(|why| {
            let why = match why.into_kind() {
                csv::ErrorKind::Io(why) => why,
                other => io::Error::other(format!("{other:?}")),
            };
            unreadable(begins_on, progress, &why)
        })?;
        if !is_more {
            return Err(broken(begins_on, UNCLOSED));
        }
        let is_swallowed = |cell: &[u8]| cell.trim_ascii_end().ends_with(END_CELL);
        if record.len() == 1 && record.iter().next() == Some(END_CELL) {
            return Ok(());
        }
        if record.iter().any(is_swallowed) {
            return Err(broken(begins_on, UNCLOSED));
        }
        // Empty lines are passed over before a record, so its line is counted from where it ends.
        let inside: usize = record.iter().map(line_ends).sum();
        let inside = u64::try_from(inside).unwrap_or(u64::MAX);
        let ended = reader.position().line() + heading.n_lines;
        let line = ended.saturating_sub(inside.saturating_add(1));
        begins_on = ended;
        if record.iter().all(<[u8]>::is_empty) {
            continue;
        }
        let row = heading.row(&record);
        if !take(Numbered { line, row }) {
            return Ok(());
        }
    }
}

impl Heading {
    fn read(input: &mut impl BufRead, progress: &Progress) -> Result<Self, Broken> {
        let mut n_lines = 0;
        let mut said = None;
        loop {
            n_lines += 1;
            let mut line = Vec::new();
            progress.row_begins();
            input
                .read_until(b'\n', &mut line)
                .map_err(|why| unreadable(n_lines, progress, &why))?;
            if line.len() > LONGEST_HEADING || line.ends_with(b"\x1e\n") {
                return Err(broken(n_lines, NO_HEADING));
            }
            let Ok(text) = std::str::from_utf8(&line) else {
                return Err(broken(n_lines, NOT_UTF8));
            };
            let text = text.trim_end_matches('\n');
            // Excel's own way to say which sign stands between the cells.
            if let Some(sign) = text.strip_prefix("sep=").and_then(|it| it.bytes().next()) {
                said = Some(sign);
            } else if !text.trim().is_empty() {
                return Self::of(text, n_lines, said);
            }
        }
    }

    fn of(text: &str, n_lines: u64, said: Option<u8>) -> Result<Self, Broken> {
        let delimiter = said.unwrap_or_else(|| {
            // Excel writes semicolons where a comma is the decimal sign.
            let known_with = |sign: &u8| {
                let names = cells(text, *sign);
                names.iter().filter(|name| column(name).is_some()).count()
            };
            [b'\t', b';', b',']
                .into_iter()
                .max_by_key(known_with)
                .unwrap_or(b',')
        });
        let mut columns = Vec::new();
        let mut faults = Vec::new();
        for name in cells(text, delimiter) {
            let known = column(&name);
            if known.is_some() && columns.contains(&known) {
                faults.push(format!("the column {} stands there twice", quoted(&name)));
            }
            if known.is_none() && !name.trim().is_empty() {
                let meant = similar(&name.to_lowercase(), COLUMNS).map_or_else(
                    || "take it out".to_owned(),
                    |meant| format!("did you mean `{meant}`?"),
                );
                faults.push(format!("there is no column {}: {meant}", quoted(&name)));
            }
            columns.push(known);
        }
        for needed in NEEDED {
            if !columns.contains(&Some(needed)) {
                faults.push(format!("the column `{needed}` is missing"));
            }
        }
        if faults.is_empty() {
            return Ok(Self {
                delimiter,
                columns,
                n_lines,
            });
        }
        let all = COLUMNS.join(",");
        Err(broken(
            n_lines,
            format!("{}. The columns are: {all}", faults.join("; ")),
        ))
    }

    fn row(&self, record: &ByteRecord) -> Result<Row, Vec<Unfit>> {
        let n_wanted = self.columns.len();
        let is_filled_beyond = record.iter().skip(n_wanted).any(|cell| !cell.is_empty());
        if record.len() < n_wanted || is_filled_beyond {
            return Err(unfit(
                "",
                "wrong_number_of_cells",
                format!(
                    "this row has {} cells, the heading has {n_wanted}: words with a comma or several lines \
                     stand in quotation marks",
                    record.len()
                ),
            ));
        }
        let mut row = Row::default();
        for (column, cell) in self.columns.iter().zip(record) {
            let Some(column) = column else { continue };
            let Ok(text) = std::str::from_utf8(cell) else {
                return Err(unfit(column, "not_utf8", NOT_UTF8));
            };
            row.put(column, unprotected(text));
        }
        Ok(row)
    }
}

/// Each line is one object.
fn read_lines(
    plain: Plain<impl BufRead>,
    progress: &Progress,
    take: &mut dyn FnMut(Numbered) -> bool,
) -> Result<(), Broken> {
    let mut input = BufReader::new(plain);
    let mut text = Vec::new();
    for line in 1.. {
        text.clear();
        progress.row_begins();
        let n = input
            .read_until(b'\n', &mut text)
            .map_err(|why| unreadable(line, progress, &why))?;
        if n == 0 {
            break;
        }
        if text.trim_ascii().is_empty() {
            continue;
        }
        let row = match serde_json::from_slice(&text) {
            Ok(value) => row_of(value),
            Err(why) => Err(unfit(
                "",
                "not_json",
                format!("this line is no JSON: {}", without_line(&why)),
            )),
        };
        if !take(Numbered { line, row }) {
            break;
        }
    }
    Ok(())
}

/// One list; its objects are read one by one.
fn read_list(
    plain: Plain<impl BufRead>,
    progress: &Progress,
    take: &mut dyn FnMut(Numbered) -> bool,
) -> Result<(), Broken> {
    let mut is_enough = false;
    let mut reader = serde_json::Deserializer::from_reader(plain);
    let list = List {
        progress,
        take,
        is_enough: &mut is_enough,
    };
    let read = reader.deserialize_seq(list).and_then(|()| reader.end());
    match read {
        Err(_) if is_enough => Ok(()),
        Ok(()) => Ok(()),
        Err(why) if why.is_io() => Err(unreadable(progress.line(), progress, &why.into())),
        Err(why) => {
            let line = u64::try_from(why.line()).unwrap_or(u64::MAX);
            Err(broken(
                line,
                format!(
                    "this is no list of cases in JSON: {}. It begins with [ and ends with ]",
                    without_line(&why)
                ),
            ))
        }
    }
}

struct List<'t> {
    progress: &'t Progress,
    take: &'t mut dyn FnMut(Numbered) -> bool,
    is_enough: &'t mut bool,
}

struct One<'t> {
    progress: &'t Progress,
}

impl<'de> Visitor<'de> for List<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of cases")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        self.progress.row_begins();
        while let Some(numbered) = seq.next_element_seed(One {
            progress: self.progress,
        })? {
            if !(self.take)(numbered) {
                *self.is_enough = true;
                return Err(A::Error::custom("enough"));
            }
            self.progress.row_begins();
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for One<'_> {
    type Value = Numbered;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Numbered, D::Error> {
        let line = self.progress.line();
        let row = row_of(Value::deserialize(reader)?);
        Ok(Numbered { line, row })
    }
}

fn row_of(value: Value) -> Result<Row, Vec<Unfit>> {
    let Value::Object(members) = value else {
        return Err(unfit("", "not_an_object", "a case is an object: {…}"));
    };
    let mut row = Row::default();
    let mut faults = Vec::new();
    for (name, value) in members {
        if name == "person" {
            put_person(value, &mut row, &mut faults);
            continue;
        }
        match column(&name).filter(|_| !OF_PERSON.contains(&name.as_str())) {
            Some(column) => put(column, value, &mut row, &mut faults),
            None => faults.extend(unknown(&name, &COLUMNS)),
        }
    }
    if faults.is_empty() {
        Ok(row)
    } else {
        Err(faults)
    }
}

fn put_person(value: Value, row: &mut Row, faults: &mut Vec<Unfit>) {
    let members = match value {
        Value::Null => Map::new(),
        Value::Object(members) => members,
        _ => {
            let shape = "a person is an object: {\"name\":…, \"email\":…, \"phone\":…}";
            faults.extend(unfit("person", "not_an_object", shape));
            return;
        }
    };
    for (name, value) in members {
        match OF_PERSON.iter().find(|known| **known == name) {
            Some(column) => put(column, value, row, faults),
            None => faults.extend(unknown(&name, &OF_PERSON)),
        }
    }
}

fn put(column: &'static str, value: Value, row: &mut Row, faults: &mut Vec<Unfit>) {
    match value {
        Value::Null => {}
        Value::String(text) => row.put(column, &text),
        _ => faults.extend(unfit(
            column,
            "not_text",
            "this is text, in quotation marks",
        )),
    }
}

fn unknown(name: &str, known: &[&'static str]) -> Vec<Unfit> {
    let meant = if OF_PERSON.contains(&name) {
        "it stands in `person`".to_owned()
    } else {
        similar(name, known.iter().copied()).map_or_else(
            || "take it out".to_owned(),
            |meant| format!("did you mean `{meant}`?"),
        )
    };
    unfit(
        "",
        "unknown_field",
        format!("there is no member {}: {meant}", quoted(name)),
    )
}

/// The column a heading means: capitals and spaces do not matter.
fn column(name: &str) -> Option<&'static str> {
    let plain = name.trim().to_lowercase().replace([' ', '-'], "_");
    COLUMNS.into_iter().find(|known| **known == plain)
}

/// The cells of one line.
fn cells(line: &str, delimiter: u8) -> Vec<String> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .delimiter(delimiter)
        .from_reader(line.as_bytes());
    let mut record = ByteRecord::new();
    match reader.read_byte_record(&mut record) {
        Ok(true) => record
            .iter()
            .map(|cell| String::from_utf8_lossy(cell).into_owned())
            .collect(),
        _ => Vec::new(),
    }
}

/// `="01632 960123"` is how numbers are kept from Excel; what it protects is meant.
fn unprotected(text: &str) -> &str {
    text.trim()
        .strip_prefix("=\"")
        .and_then(|text| text.strip_suffix('"'))
        .filter(|text| !text.contains('"'))
        .unwrap_or(text)
}

fn line_ends(text: &[u8]) -> usize {
    text.iter().filter(|byte| **byte == b'\n').count()
}

const UNCLOSED: &str = "a quotation mark that opens in this row is never closed: put it right, or write \
                        it twice where it belongs to the words";
const NO_HEADING: &str = "the first line names the columns, and is missing";
const NOT_UTF8: &str = "this is not in UTF-8: save the file as \"CSV UTF-8\"";

impl Foreign {
    fn words(self) -> &'static str {
        match self {
            Self::Utf16 => NOT_UTF8,
            Self::Workbook => "this is a workbook and no text: save the sheet as \"CSV UTF-8\"",
        }
    }
}

fn unreadable(line: u64, progress: &Progress, why: &io::Error) -> Broken {
    if progress.is_too_long() {
        let what = "this row goes on for more than two million bytes: is a quotation mark or bracket \
                    never closed?";
        return broken(line, what);
    }
    broken(line, format!("the file cannot be read on: {why}"))
}

fn broken(line: u64, what: impl Into<String>) -> Broken {
    let what = what.into();
    Broken { line, what }
}

fn unfit(column: &str, code: &'static str, detail: impl Into<String>) -> Vec<Unfit> {
    let pointer = if column.is_empty() {
        String::new()
    } else {
        format!("/{column}")
    };
    let detail = detail.into();
    vec![Unfit {
        pointer,
        code,
        detail,
    }]
}

/// What is wrong, without the line: ours is that of the file.
fn without_line(why: &serde_json::Error) -> String {
    let said = why.to_string();
    match said.rsplit_once(" at line ") {
        Some((what, _)) => format!("{what} (column {})", why.column()),
        None => said,
    }
}
