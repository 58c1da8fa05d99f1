//! `reeve import cases`: open cases of the system before this one, taken over row by row, with a line
//! of report for each.
//!
//! Every row is a transaction of its own and known again by its old reference, so a command that was
//! killed is simply started again. It runs beside a server, and reads its file as it goes.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fs::File;
use std::io::{self, BufReader, Write as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::{Data, Ended, coded, exit, settings, to_the_end};
use crate::app::Ground;
use crate::casework::intake::taking_over::{self, Became};
use crate::casework::{Desk, Failure};
use crate::channels::given::Unfit;
use crate::channels::old_cases::rows::{Broken, Format, Numbered, read_rows};
use crate::channels::old_cases::{OldCase, quoted};
use crate::config::{Settings, Sources};
use crate::domain::reference::Reference;

/// What can be taken over.
#[derive(Subcommand, Debug)]
pub enum ImportCommand {
    /// Take over open cases, and print a line for each: what became of it, or what to put right.
    /// Nobody is written to. Started again, it goes on where it was stopped.
    Cases(CasesArgs),
}

/// Which cases.
#[derive(Args, Debug)]
pub struct CasesArgs {
    /// A .csv, .json or .jsonl file; docs/import.md has its columns.
    file: PathBuf,
    /// Only say what would become of each row. Nothing is written.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    data: Data,
}

/// Rows under way at the same time: on SQLite they share one commit.
const AT_ONCE: usize = 32;
/// Between two lots a server beside us gets its turn at the database.
const TURN: Duration = Duration::from_millis(10);

/// Takes a file over.
///
/// # Errors
/// Exit code 65 when a row was refused or the file cannot be read to its end, 75 when the database
/// went away: start the same again.
pub fn run(command: &ImportCommand, sources: Sources) -> Ended {
    let ImportCommand::Cases(args) = command;
    let Some(format) = Format::of(&args.file) else {
        let why = anyhow::anyhow!(
            "{} is none of .csv, .json and .jsonl: its name says how it is read",
            args.file.display()
        );
        return Err(coded(exit::MISUSED, why));
    };
    let file = File::open(&args.file)
        .with_context(|| format!("{} cannot be opened", args.file.display()))
        .map_err(|why| coded(exit::MISUSED, why))?;
    let settings = settings(&args.data.over(sources))?;
    let tally = to_the_end(take_over(settings, file, format, args.dry_run))?;
    eprintln!("reeve: {}", tally.in_words(args.dry_run));
    Ok(if tally.n_refused == 0 {
        exit::DONE
    } else {
        exit::BAD_DATA
    })
}

/// What became of a file.
#[derive(Debug, Default)]
struct Tally {
    n_taken: u64,
    n_there: u64,
    n_refused: u64,
}

/// What became of a row.
enum Line {
    Fits,
    Taken(Reference),
    There(Reference),
    Refused(String),
}

/// A row on its way: known already, or being taken over.
enum Under {
    Known(Line),
    Way(JoinHandle<Result<Line, Failure>>),
}

struct Import {
    desk: Arc<Desk>,
    is_dry_run: bool,
    /// On which line each reference stood first.
    seen: HashMap<String, u64>,
    tally: Tally,
}

async fn take_over(
    settings: Settings,
    file: File,
    format: Format,
    is_dry_run: bool,
) -> anyhow::Result<Tally> {
    let ground = Ground::visit(settings).await?;
    let desk = ground.council_desk().await?;
    let is_alias_known = desk.council().catalogue.council.reference_alias.is_some();
    if !is_alias_known {
        let why = anyhow::anyhow!(
            "the catalogue does not say how old references are written, so nobody could find one: set \
             `reference_alias` in council.toml (NM-YYYY-NNNNNN), and apply the catalogue"
        );
        return Err(coded(exit::BAD_SETTINGS, why));
    }
    let (sender, mut rows) = mpsc::channel::<Numbered>(2 * AT_ONCE);
    let reading = tokio::task::spawn_blocking(move || -> Result<(), Broken> {
        read_rows(BufReader::new(file), format, &mut |row| {
            sender.blocking_send(row).is_ok()
        })
    });
    let mut import = Import {
        desk,
        is_dry_run,
        seen: HashMap::new(),
        tally: Tally::default(),
    };
    let mut lot = Vec::with_capacity(AT_ONCE);
    while rows.recv_many(&mut lot, AT_ONCE).await > 0 {
        import.take(lot.drain(..)).await?;
        if !is_dry_run {
            tokio::time::sleep(TURN).await;
        }
    }
    let read = reading.await.context("reading the file")?;
    if let Err(broken) = read {
        let so_far = import.tally.in_words(is_dry_run);
        let why = anyhow::anyhow!(
            "{broken}. The file was not read beyond this. Before it: {so_far}. Put it right and start the \
             same again"
        );
        return Err(coded(exit::BAD_DATA, why));
    }
    Ok(import.tally)
}

impl Import {
    /// Takes some rows over together, and reports them in their order.
    async fn take(&mut self, rows: impl Iterator<Item = Numbered>) -> anyhow::Result<()> {
        let council = self.desk.council();
        let zone = council.catalogue.calendar.zone();
        let mut under_way = Vec::with_capacity(AT_ONCE);
        for Numbered { line, row } in rows {
            let old_reference = row
                .as_ref()
                .ok()
                .and_then(|row| row.get("old_reference"))
                .map_or_else(|| "-".to_owned(), shown);
            let under = match row.and_then(|row| OldCase::read(row, zone)) {
                Err(faults) => Under::Known(Line::Refused(in_words(faults))),
                Ok(old) => self.begin(line, old),
            };
            under_way.push((line, old_reference, under));
        }
        for (line, old_reference, under) in under_way {
            let became = match under {
                Under::Known(became) => became,
                Under::Way(handle) => match handle.await.context("taking a row over")? {
                    Ok(became) => became,
                    Err(why) => return Err(self.stopped(line, why)),
                },
            };
            self.report(line, &old_reference, &became)?;
        }
        Ok(())
    }

    fn begin(&mut self, line: u64, old: OldCase) -> Under {
        match self.seen.entry(old.old_reference.clone()) {
            Entry::Occupied(first) => {
                let first = first.get();
                return Under::Known(Line::Refused(format!(
                    "old_reference: it stands on line {first} already. Take one of the two out."
                )));
            }
            Entry::Vacant(place) => {
                place.insert(line);
            }
        }
        let (desk, is_dry_run) = (Arc::clone(&self.desk), self.is_dry_run);
        Under::Way(tokio::spawn(async move {
            let became = if is_dry_run {
                desk.read(move |conn, at| taking_over::weigh(conn, at, &old))
                    .await
                    .map(|there| there.map_or(Line::Fits, Line::There))
            } else {
                desk.perform(move |tx, at| taking_over::take_over(tx, at, &old))
                    .await
                    .map(|became| match became {
                        Became::Taken(reference) => Line::Taken(reference),
                        Became::There(reference) => Line::There(reference),
                    })
            };
            match became {
                Err(Failure::Invalid(faults)) => {
                    let faults = faults
                        .into_iter()
                        .map(|fault| (fault.pointer, fault.detail));
                    Ok(Line::Refused(listed(faults)))
                }
                other => other,
            }
        }))
    }

    fn report(&mut self, line: u64, old_reference: &str, became: &Line) -> io::Result<()> {
        let (count, words) = match became {
            Line::Fits => (&mut self.tally.n_taken, "can be taken over".to_owned()),
            Line::Taken(reference) => (
                &mut self.tally.n_taken,
                format!("taken over as {reference}"),
            ),
            Line::There(reference) => (
                &mut self.tally.n_there,
                format!("there already as {reference}"),
            ),
            Line::Refused(why) => (&mut self.tally.n_refused, format!("refused: {why}")),
        };
        *count += 1;
        writeln!(io::stdout().lock(), "line {line}  {old_reference}  {words}")
    }

    fn stopped(&self, line: u64, why: Failure) -> anyhow::Error {
        let why = anyhow::Error::from(why).context(format!(
            "line {line} could not be taken over, and the command stopped there ({}). Start the same again: \
             what was taken over is not taken twice",
            self.tally.in_words(self.is_dry_run)
        ));
        coded(exit::TRY_AGAIN, why)
    }
}

impl Tally {
    fn in_words(&self, is_dry_run: bool) -> String {
        let Self {
            n_taken,
            n_there,
            n_refused,
        } = self;
        let taken = if is_dry_run {
            "can be taken over (nothing was written)"
        } else {
            "taken over"
        };
        format!("{n_taken} {taken}, {n_there} there already, {n_refused} refused")
    }
}

fn in_words(faults: Vec<Unfit>) -> String {
    listed(
        faults
            .into_iter()
            .map(|fault| (fault.pointer, fault.detail)),
    )
}

/// Every fault behind the column it is in, on one line.
fn listed(faults: impl Iterator<Item = (String, String)>) -> String {
    let faults: Vec<String> = faults
        .map(|(pointer, detail)| match pointer.rsplit('/').next() {
            Some(column) if !column.is_empty() => format!("{column}: {detail}"),
            _ => detail,
        })
        .collect();
    faults.join(" | ")
}

/// A reference as the report shows it, whatever somebody has put there.
fn shown(text: &str) -> String {
    quoted(text).trim_matches('`').to_owned()
}
