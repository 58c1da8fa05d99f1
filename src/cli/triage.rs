//! `reeve triage train` and `reeve triage evaluate`: a model of how free text is read, and how well
//! that is.
//!
//! Both learn from a catalogue's own texts, its `triage-examples.jsonl` (messages with the place
//! people gave them) and its `triage-lessons.jsonl` (written to learn from). Training adds the messages
//! whose category staff put right, when it is told where the data is.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, Subcommand, ValueEnum};

use super::{Data, Ended, coded, exit, settings, to_the_end};
use crate::app::{Ground, MODEL_FILE};
use crate::casework::corrections;
use crate::config::{Sources, embedded, folder};
use crate::domain::catalogue::Catalogue;
use crate::domain::routing::evaluation::{self, By, Evaluation, FOLDS, Figures};
use crate::domain::routing::train;
use crate::domain::triage::Example;
use crate::domain::triage::training::Effort;

/// What can be done about reading free text.
#[derive(Subcommand, Debug)]
pub enum TriageCommand {
    /// Train a model and write it to a file. The same texts give the same bytes.
    Train(Train),
    /// Measure by five-fold cross-validation how well free text is read, beside a plain count of keywords.
    Evaluate(Measure),
}

/// What is trained, and where the model goes.
#[derive(Args, Debug)]
pub struct Train {
    /// Folder of the catalogue to train for instead of the one built in.
    #[arg(long, value_name = "DIR")]
    catalogue: Option<PathBuf>,
    /// The file to write; reading.model in the data folder unless said, where servers look for it.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Measure as well, as `evaluate` does, and print the table.
    #[arg(long)]
    report: bool,
    #[command(flatten)]
    data: Data,
}

/// What is measured.
#[derive(Args, Debug)]
pub struct Measure {
    /// Folder of the catalogue to measure instead of the one built in.
    #[arg(long, value_name = "DIR")]
    catalogue: Option<PathBuf>,
    /// A table, or JSON with the same figures.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// Only words, with no model.
    #[arg(long)]
    words_only: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    #[default]
    Text,
    Json,
}

/// What there is to learn from.
struct Known {
    catalogue: Catalogue,
    examples: Vec<Example>,
    lessons: Vec<Example>,
}

/// Trains or measures.
///
/// # Errors
/// When texts or data cannot be read, or the file cannot be written.
pub fn run(command: &TriageCommand, sources: Sources) -> Ended {
    match command {
        TriageCommand::Train(args) => train_one(args, sources),
        TriageCommand::Evaluate(args) => {
            let known = Known::of(args.catalogue.as_deref())?;
            let found = known.evaluate(args.words_only)?;
            match args.format {
                Format::Text => write_table(&found)?,
                Format::Json => {
                    writeln!(
                        io::stdout().lock(),
                        "{}",
                        serde_json::to_string_pretty(&found)?
                    )?;
                }
            }
            Ok(exit::DONE)
        }
    }
}

fn train_one(args: &Train, sources: Sources) -> Ended {
    let known = Known::of(args.catalogue.as_deref())?;
    let has_data = args.data.database_url.is_some() || args.data.data_dir.is_some();
    let settings = settings(&args.data.over(sources))?;
    let out = match &args.out {
        Some(file) => file.clone(),
        None => settings.database.data_dir.join(MODEL_FILE),
    };
    let mut messages = known.examples.clone();
    let mut n_corrections = 0;
    if has_data {
        let corrected = to_the_end(async {
            let ground = Ground::visit(settings).await?;
            Ok(ground.db().read(corrections::read).await?)
        })?;
        n_corrections = corrected.len();
        messages.extend(corrected);
    }
    let model = train(&known.catalogue, &messages, &known.lessons, Effort::FULL);
    let bytes = model.to_bytes();
    // A server may read the file at any moment: it is there whole, or as it was.
    let unfinished = out.with_extension("model.part");
    fs::write(&unfinished, &bytes)
        .and_then(|()| fs::rename(&unfinished, &out))
        .with_context(|| format!("writing {}", out.display()))?;
    writeln!(
        io::stdout().lock(),
        "{}: {} bytes, learnt from {} messages, {n_corrections} of them put right by staff, and {} lessons",
        out.display(),
        bytes.len(),
        messages.len(),
        known.lessons.len(),
    )?;
    if args.report {
        write_table(&known.evaluate(false)?)?;
    }
    Ok(exit::DONE)
}

impl Known {
    fn of(dir: Option<&Path>) -> anyhow::Result<Self> {
        let files = match dir {
            Some(dir) => folder::read_folder(dir).map_err(|why| coded(exit::BAD_DATA, why))?,
            None => embedded::northmere_files(),
        };
        let catalogue = Catalogue::load(&files, embedded::bank_holidays(), &embedded::standards())
            .map_err(|faults| {
                let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
                coded(exit::BAD_DATA, anyhow::anyhow!("{}", faults.join("\n")))
            })?;
        let examples = |name: &str| -> anyhow::Result<Vec<Example>> {
            let text = files.iter().find(|(path, _)| path == name);
            let Some((path, text)) = text else {
                return Ok(Vec::new());
            };
            let read = Example::read_lines(text).map_err(|faults| {
                coded(
                    exit::BAD_DATA,
                    anyhow::anyhow!("{path}: {}", faults.join("; ")),
                )
            })?;
            let lost = read.iter().find(|one| {
                let place = catalogue.category(&one.service, &one.category);
                place.is_none()
            });
            match lost {
                Some(one) => Err(coded(
                    exit::BAD_DATA,
                    anyhow::anyhow!(
                        "{path}: there is no category {}/{} in the catalogue",
                        one.service,
                        one.category
                    ),
                )),
                None => Ok(read),
            }
        };
        let (messages, lessons) = (
            examples("triage-examples.jsonl")?,
            examples("triage-lessons.jsonl")?,
        );
        Ok(Self {
            examples: messages,
            lessons,
            catalogue,
        })
    }

    fn evaluate(&self, words_only: bool) -> anyhow::Result<Evaluation> {
        let by = if words_only {
            By::Words
        } else {
            By::Model {
                written: &self.lessons,
                effort: Effort::FULL,
            }
        };
        let every: Vec<usize> = (0..FOLDS).collect();
        evaluation::evaluate(&self.catalogue, &self.examples, by, &every, |_, _, _| {})
            .map_err(|faults| coded(exit::BAD_DATA, anyhow::anyhow!("{}", faults.join("\n"))))
    }
}

fn write_table(found: &Evaluation) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "fold  {}", Figures::HEADING)?;
    for (n, figures) in found.folds.iter().enumerate() {
        writeln!(out, "{:4}  {}", n + 1, figures.row())?;
    }
    writeln!(out, " all  {}", found.all.row())
}
