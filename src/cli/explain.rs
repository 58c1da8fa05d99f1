//! `reeve explain`: a date, explained, with no server and no database.
//!
//! Reads one question from the arguments, or with `--batch` one JSON object a line from standard
//! input, and answers with every clock of the standard. [`run`] is handed standards, calendars,
//! categories and the time; [`run_alone`] takes them from the built-in catalogue or a folder.

mod question;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io::{self, BufRead, Write};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use jiff::Timestamp;
use serde::Serialize;

use crate::config::{embedded, folder};
use crate::domain::calendar::Calendar;
use crate::domain::catalogue::{Catalogue, Fault};
use crate::domain::explain::{Explanation, explain_all};
use crate::domain::standard::{Figures, Standard};
use crate::time_source::TimeSource;

pub use question::Question;

/// Exit code when the question could not be answered.
const REFUSED: u8 = 2;

/// Explain the dates a standard promises.
#[derive(Args, Clone, Debug, Default)]
pub struct ExplainArgs {
    /// Slug of the standard; the category's own when left out.
    #[arg(long)]
    pub standard: Option<String>,
    /// When the contact was received, with its offset: 2026-11-20T16:45:00+00:00.
    #[arg(long, value_name = "RFC3339", required_unless_present = "batch")]
    pub received: Option<String>,
    /// Category whose own figures apply.
    #[arg(long, value_name = "SERVICE/CATEGORY")]
    pub category: Option<String>,
    /// Something that happened: acknowledged=2026-11-24T10:00:00Z. May be given several times.
    #[arg(long = "event", value_name = "NAME=RFC3339")]
    pub events: Vec<String>,
    /// A pause of every clock that may be paused, or of one: respond:FROM/TO. May be given several times.
    #[arg(long = "pause", value_name = "[CLOCK:]FROM/TO")]
    pub pauses: Vec<String>,
    /// An extension: respond=20wd, respond=2mo, respond=24h. May be given several times.
    #[arg(long = "extend", value_name = "CLOCK=LENGTH")]
    pub extend: Vec<String>,
    /// The nation whose holidays count; the catalogue's own when left out.
    #[arg(long, value_name = "england-and-wales|scotland|northern-ireland")]
    pub nation: Option<String>,
    /// Folder of the catalogue to use instead of the one built in.
    #[arg(long, value_name = "DIR")]
    pub catalogue: Option<PathBuf>,
    /// The time by which states are told; dates never depend on it.
    #[arg(long, value_name = "RFC3339")]
    pub now: Option<String>,
    /// JSON with every day, or sentences.
    #[arg(long, value_enum, default_value = "json")]
    pub format: Format,
    /// Read one JSON object a line from standard input and answer one a line.
    #[arg(long)]
    pub batch: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    #[default]
    Json,
    Text,
}

/// What the answers are made from.
pub struct Sources<'s> {
    /// Every standard by slug.
    pub standards: &'s BTreeMap<String, Standard>,
    /// The council's calendar.
    pub calendar: &'s Calendar,
    /// Calendars that standards may name.
    pub calendars: &'s BTreeMap<String, Calendar>,
    /// A category by service and slug.
    pub category: &'s dyn Fn(&str, &str) -> Option<CategoryTerms>,
    /// The standard of a category that names none.
    pub default_standard: &'s str,
    pub now: Timestamp,
}

/// What a category says about its promise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CategoryTerms {
    /// The standard it names, if it names one.
    pub standard: Option<String>,
    pub figures: Figures,
    pub emergency_or_out_of_hours: bool,
}

/// The answer to one question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Answer {
    pub standard: String,
    pub version: u32,
    pub received_at: Timestamp,
    pub clocks: Vec<Explanation>,
}

/// Why a question could not be answered; names what would have been known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unanswerable(pub String);

#[derive(Serialize)]
struct Refused<'r> {
    error: &'r str,
}

/// Answers on `out`, says what was wrong on `err`, and returns the exit code. Fails only when
/// reading or writing does.
pub fn run(
    args: &ExplainArgs,
    sources: &Sources<'_>,
    input: &mut dyn BufRead,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> io::Result<u8> {
    let defaults = match Question::from_args(args) {
        Ok(question) => question,
        Err(refusal) => return refuse(err, &refusal),
    };
    if args.batch {
        return answer_lines(&defaults, args.format, sources, input, out);
    }
    match defaults.answer(sources) {
        Ok(answer) => {
            match args.format {
                Format::Json => {
                    serde_json::to_writer_pretty(&mut *out, &answer)?;
                    writeln!(out)?;
                }
                Format::Text => write!(out, "{}", answer.text())?,
            }
            Ok(0)
        }
        Err(refusal) => refuse(err, &refusal),
    }
}

impl Question {
    /// Every clock of the standard, explained.
    pub fn answer(&self, sources: &Sources<'_>) -> Result<Answer, Unanswerable> {
        let (terms, facts, now) = self.terms_and_facts(sources)?;
        Ok(Answer {
            standard: terms.standard.slug.clone(),
            version: terms.standard.version,
            received_at: facts.received_at,
            clocks: explain_all(&facts, &terms, now),
        })
    }
}

impl Answer {
    /// One paragraph for each clock.
    pub fn text(&self) -> String {
        let paragraph = |clock: &Explanation| format!("{}\n{}\n", clock.name, clock.words);
        self.clocks
            .iter()
            .map(paragraph)
            .collect::<Vec<_>>()
            .join("\n")
    }
}

/// Every line gets one line back; what cannot be answered says so and the next line goes on.
fn answer_lines(
    defaults: &Question,
    format: Format,
    sources: &Sources<'_>,
    input: &mut dyn BufRead,
    out: &mut dyn Write,
) -> io::Result<u8> {
    let mut out = io::BufWriter::new(out);
    let mut line = Vec::new();
    while input.read_until(b'\n', &mut line)? > 0 {
        let answer =
            Question::from_line(&line, defaults).and_then(|question| question.answer(sources));
        match answer {
            Ok(answer) if format == Format::Text => {
                serde_json::to_writer(&mut out, &answer.text())?
            }
            Ok(answer) => serde_json::to_writer(&mut out, &answer)?,
            Err(refusal) => serde_json::to_writer(&mut out, &Refused { error: &refusal.0 })?,
        }
        out.write_all(b"\n")?;
        line.clear();
    }
    out.flush()?;
    Ok(0)
}

fn refuse(err: &mut dyn Write, refusal: &Unanswerable) -> io::Result<u8> {
    writeln!(err, "reeve explain: {refusal}")?;
    Ok(REFUSED)
}

/// Answers from the catalogue built in, or from a folder, on the process's own streams.
///
/// # Errors
/// When the folder cannot be used, or the streams fail.
pub fn run_alone(args: &ExplainArgs) -> super::Ended {
    let catalogue = match &args.catalogue {
        None => embedded::northmere().map_err(|faults| in_words(&faults)),
        Some(dir) => folder::read_folder(dir)
            .map_err(|unreadable| unreadable.to_string())
            .and_then(|files| {
                Catalogue::load(&files, embedded::bank_holidays(), &embedded::standards())
                    .map_err(|faults| in_words(&faults))
            }),
    };
    let catalogue = catalogue.map_err(|why| {
        super::coded(
            super::exit::BAD_DATA,
            anyhow::anyhow!("explain: the catalogue is not in order:\n{why}"),
        )
    })?;
    let category = |service: &str, category: &str| {
        catalogue
            .category(service, category)
            .map(|(_, category)| CategoryTerms {
                standard: Some(category.standard.clone()),
                figures: category.figures,
                emergency_or_out_of_hours: category.runs_day_and_night(),
            })
    };
    let sources = Sources {
        standards: &catalogue.standards,
        calendar: &catalogue.calendar,
        calendars: &catalogue.calendars,
        category: &category,
        default_standard: "charter",
        now: TimeSource::System.now(),
    };
    let (mut input, mut out, mut err) =
        (io::stdin().lock(), io::stdout().lock(), io::stderr().lock());
    Ok(run(args, &sources, &mut input, &mut out, &mut err)?)
}

fn in_words(faults: &[Fault]) -> String {
    faults
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("\n")
}
