//! `reeve bench`: what Reeve does in a second, on a database like a council's after ten years.

use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use clap::{Args, Subcommand};

use super::{Data, Ended, coded, exit, settings, to_the_end};
use crate::bench::NotOurs;
use crate::bench::load::{self, Amount};
use crate::bench::run::{Plan, copies, run as measure};
use crate::bench::table;
use crate::config::Sources;
use crate::telemetry;
use crate::time_source::TimeSource;

/// What can be measured, and on what.
#[derive(Subcommand, Debug)]
pub enum BenchCommand {
    /// Fill an empty database with cases of the fictional council, written in bulk.
    Load(LoadArgs),
    /// Fill databases, measure on them, and print a table.
    Run(RunArgs),
}

/// How much is loaded, and where.
#[derive(Args, Debug)]
pub struct LoadArgs {
    /// How many cases.
    #[arg(long, default_value_t = 10_000)]
    cases: usize,
    /// How many of them are not closed yet; three in a hundred unless said.
    #[arg(long)]
    open: Option<usize>,
    /// Over how many years they came in.
    #[arg(long, default_value_t = 10)]
    years: u32,
    /// How often a case that was taken in through the front door is copied at most; as often as makes
    /// the load take minutes and not hours unless said.
    #[arg(long)]
    copies: Option<usize>,
    #[command(flatten)]
    data: Data,
}

/// What is measured, where, and what it is held against.
#[derive(Args, Debug)]
pub struct RunArgs {
    /// How many cases the databases hold.
    #[arg(long, default_value_t = 100_000)]
    cases: usize,
    /// How many of them are not closed yet; three in a hundred unless said.
    #[arg(long)]
    open: Option<usize>,
    /// The smaller databases that show what growth costs; 0 leaves them out.
    #[arg(long, default_value_t = 10_000)]
    small: usize,
    /// Rounds of everything.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// How long a round lasts.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// A PostgreSQL server on which databases may be made and dropped. Without one only SQLite is
    /// measured.
    #[arg(long, value_name = "URL")]
    postgres: Option<String>,
    /// Leaves SQLite out.
    #[arg(long)]
    no_sqlite: bool,
    /// A folder of the benchmark's own: it is emptied.
    #[arg(long, value_name = "DIR")]
    folder: PathBuf,
    /// A file the table is added to.
    #[arg(long, value_name = "FILE")]
    results: Option<PathBuf>,
    /// What a reader of the table should know.
    #[arg(long, default_value = "")]
    note: String,
    /// Only what has a limit: a few minutes.
    #[arg(long)]
    quick: bool,
    /// Ratios of an earlier run. The command fails where the best round is under half of one.
    #[arg(long, value_name = "FILE")]
    against: Option<PathBuf>,
    /// Where the ratios of this run are kept.
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
}

/// Runs it to its end.
///
/// # Errors
/// When the database is not the benchmark's to write to, or does not take it.
pub fn run(command: &BenchCommand, sources: Sources) -> Ended {
    match command {
        BenchCommand::Load(args) => run_load(args, sources),
        BenchCommand::Run(args) => run_all(args, &sources),
    }
}

fn run_all(args: &RunArgs, sources: &Sources) -> Ended {
    telemetry::install_log(&settings(sources)?.log)?;
    let plan = Plan {
        n_cases: args.cases,
        n_open: args.open,
        n_small: (args.small > 0 && args.small < args.cases && !args.quick).then_some(args.small),
        rounds: args.rounds.max(1),
        lasts: Duration::from_secs(args.seconds.max(1)),
        postgres: args.postgres.clone(),
        sqlite: !args.no_sqlite,
        folder: args.folder.clone(),
        is_quick: args.quick,
    };
    let figures = measure(&plan, &|place| {
        let data = Data {
            database_url: Some(place.url.clone()).filter(|url| !url.is_empty()),
            data_dir: Some(place.data_dir.clone()),
        };
        settings(&data.over(sources.clone()))
    })?;
    writeln!(std::io::stdout().lock(), "{}", table::table(&figures))?;
    if let Some(file) = &args.results {
        let title = format!(
            "{} cases, {} rounds of {} s",
            plan.n_cases, plan.rounds, args.seconds
        );
        table::append(file, &title, &figures, &args.note)?;
    }
    let ratios = table::ratios(&figures);
    if let Some(file) = &args.record {
        std::fs::write(
            file,
            format!("{}\n", serde_json::to_string_pretty(&ratios)?),
        )
        .with_context(|| format!("writing {}", file.display()))?;
    }
    let Some(file) = &args.against else {
        return Ok(exit::DONE);
    };
    let recorded = std::fs::read(file).with_context(|| format!("reading {}", file.display()))?;
    let slower = table::slower(&ratios, &serde_json::from_slice(&recorded)?);
    for line in &slower {
        writeln!(std::io::stderr().lock(), "{line}")?;
    }
    Ok(if slower.is_empty() {
        exit::DONE
    } else {
        exit::FAILED
    })
}

fn run_load(args: &LoadArgs, sources: Sources) -> Ended {
    let settings = settings(&args.data.over(sources))?;
    let amount = Amount {
        n_cases: args.cases,
        n_open: args.open.unwrap_or(args.cases / 33),
        years: args.years,
        copies: args.copies.unwrap_or(copies(args.cases)),
    };
    let began = TimeSource::System.monotonic();
    let loaded = to_the_end(load::load(settings, amount)).map_err(|why| {
        if why.is::<NotOurs>() {
            coded(exit::MISUSED, why)
        } else {
            why
        }
    })?;
    let took = began.elapsed();
    let n_cases = f64::from(u32::try_from(loaded.n_cases)?);
    writeln!(
        std::io::stdout().lock(),
        "{} cases ({} open) of {} people, from {} taken in through the front door: {:.0} s, {:.0} a second",
        loaded.n_cases,
        loaded.n_open,
        loaded.n_people,
        loaded.n_models,
        took.as_secs_f64(),
        n_cases / took.as_secs_f64()
    )?;
    Ok(exit::DONE)
}
