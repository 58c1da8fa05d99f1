//! The command line: one file for each subcommand.
//!
//! Reads arguments and settings, calls what does the work, prints what came out. Answers go to
//! standard output, everything else to standard error; what went wrong is said together with what
//! to do about it. Nothing here decides anything about a case.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Parser, Subcommand};

use crate::config::{Settings, Sources};

pub mod audit;
pub mod bench;
pub mod catalogue;
pub mod config;
pub mod demo;
pub mod explain;
pub mod import;
pub mod intake;
pub mod migrate;
pub mod openapi;
pub mod serve;
pub mod triage;
pub mod user;

/// Exit codes, as `--help` tells them.
pub mod exit {
    /// Done.
    pub const DONE: u8 = 0;
    /// Not done; standard error says why and what to do.
    pub const FAILED: u8 = 1;
    /// The arguments, or the question asked, cannot be understood.
    pub const MISUSED: u8 = 2;
    /// What was read is not in order: a catalogue with faults, a message that is none.
    pub const BAD_DATA: u8 = 65;
    /// Nothing was taken; try again later.
    pub const TRY_AGAIN: u8 = 75;
    /// The settings are not in order.
    pub const BAD_SETTINGS: u8 = 78;
}

const HELP: &str = "\
Settings: config/default.toml holds every key with its meaning. Over it lie --config FILE, the \
variables REEVE__SECTION__KEY, and flags, in that order.

Exit codes: 0 done; 1 not done, standard error says why; 2 arguments or question not understood; \
65 what was read is not in order; 75 nothing was taken, try again; 78 settings not in order.";

/// The back end of a council's customer contact: every contact becomes a case with a promise on it.
#[derive(Parser, Debug)]
#[command(name = "reeve", version, after_help = HELP, disable_help_subcommand = true)]
struct Arguments {
    /// A file with the settings that differ from the defaults.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Run the server: the API, the worker that sends and reminds, or both.
    Serve(serve::ServeArgs),
    /// Run the fictional council Northmere, with users, cases and a clock that can be moved.
    Demo(demo::DemoArgs),
    /// Bring the database up to date.
    Migrate(Data),
    /// Check a council's catalogue folder, or put it in force.
    Catalogue {
        #[command(subcommand)]
        command: catalogue::CatalogueCommand,
    },
    /// Look at the settings.
    Config {
        #[command(subcommand)]
        command: config::ConfigCommand,
    },
    /// Those who sign in.
    User {
        #[command(subcommand)]
        command: user::UserCommand,
    },
    /// Evidence that the audit was not edited.
    Audit {
        #[command(subcommand)]
        command: audit::AuditCommand,
    },
    /// Take something in from a pipe.
    Intake {
        #[command(subcommand)]
        command: intake::IntakeCommand,
    },
    /// Take over what the system before this one holds.
    Import {
        #[command(subcommand)]
        command: import::ImportCommand,
    },
    /// Explain a date, with no server and no database.
    Explain(explain::ExplainArgs),
    /// How free text is read: train a model for it, and measure how well it reads.
    Triage {
        #[command(subcommand)]
        command: triage::TriageCommand,
    },
    /// Measure, on a database of the benchmark's own.
    Bench {
        #[command(subcommand)]
        command: bench::BenchCommand,
    },
    /// Print the published contract, openapi.yaml.
    Openapi,
}

/// Where the data is.
#[derive(Args, Debug, Clone, Default)]
pub struct Data {
    /// postgres://user:password@host/database, or sqlite:FILE.
    #[arg(long, value_name = "URL")]
    pub database_url: Option<String>,
    /// The folder of the SQLite file reeve.db, of mails and attachments; `data` unless said.
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
}

/// A mistake with an exit code of its own; any other ends in [`exit::FAILED`].
#[derive(Debug, thiserror::Error)]
#[error("{why:#}")]
pub struct Coded {
    pub code: u8,
    why: anyhow::Error,
}

/// How a command ends.
pub type Ended = anyhow::Result<u8>;

/// Runs the program.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(refusal) => {
            // Help and version are answers, the rest are mistakes.
            let code = if refusal.use_stderr() {
                exit::MISUSED
            } else {
                exit::DONE
            };
            return match refusal.print() {
                Ok(()) => code.into(),
                Err(_) => exit::FAILED.into(),
            };
        }
    };
    let sources = Sources {
        file: arguments.config,
        ..Sources::from_environment()
    };
    let ended = match arguments.command {
        Command::Serve(args) => serve::run(&args, sources),
        Command::Demo(args) => demo::run(&args, sources),
        Command::Migrate(data) => migrate::run(&data, sources),
        Command::Catalogue { command } => catalogue::run(&command, sources),
        Command::Config { command } => config::run(&command, &sources),
        Command::User { command } => user::run(&command, sources),
        Command::Audit { command } => audit::run(&command, sources),
        Command::Intake { command } => intake::run(&command, sources),
        Command::Import { command } => import::run(&command, sources),
        Command::Explain(args) => explain::run_alone(&args),
        Command::Triage { command } => triage::run(&command, sources),
        Command::Bench { command } => bench::run(&command, sources),
        Command::Openapi => openapi::run(),
    };
    match ended {
        Ok(code) => code.into(),
        // Whoever read us has seen enough: `reeve openapi | head`.
        Err(why) if is_broken_pipe(&why) => exit::FAILED.into(),
        Err(why) => {
            eprintln!("reeve: {why:#}");
            why.downcast_ref::<Coded>()
                .map_or(exit::FAILED, |coded| coded.code)
                .into()
        }
    }
}

impl Data {
    /// Adds what was said about the data to the other sources.
    #[must_use]
    pub fn over(&self, sources: Sources) -> Sources {
        let sources = sources.with_flag("database.url", self.database_url.as_ref());
        sources.with_flag(
            "database.data_dir",
            self.data_dir.as_ref().map(|dir| dir.display()),
        )
    }
}

fn is_broken_pipe(why: &anyhow::Error) -> bool {
    let broken = Some(std::io::ErrorKind::BrokenPipe);
    why.chain().any(|why| {
        let of_output = why
            .downcast_ref::<std::io::Error>()
            .map(std::io::Error::kind);
        let of_document = why
            .downcast_ref::<serde_json::Error>()
            .and_then(serde_json::Error::io_error_kind);
        of_output == broken || of_document == broken
    })
}

/// Gives a mistake an exit code of its own.
pub fn coded(code: u8, why: impl Into<anyhow::Error>) -> anyhow::Error {
    Coded {
        code,
        why: why.into(),
    }
    .into()
}

/// The settings in force.
///
/// # Errors
/// Every setting that cannot stand.
pub fn settings(sources: &Sources) -> anyhow::Result<Settings> {
    Settings::load(sources).map_err(|problems| coded(exit::BAD_SETTINGS, problems))
}

/// Runs something asynchronous to its end.
///
/// # Errors
/// What it returns, or when no threads can be had.
pub fn to_the_end<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("starting the runtime")?;
    let ended = runtime.block_on(work);
    // A query that hangs on a dead server must not keep a finished command from ending.
    runtime.shutdown_timeout(std::time::Duration::from_secs(2));
    ended
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_arguments_hold_together_and_every_option_says_what_it_is_for() {
        Arguments::command().debug_assert();
        let mut commands: Vec<clap::Command> = vec![Arguments::command()];
        while let Some(command) = commands.pop() {
            let name = command.get_name().to_owned();
            assert!(command.get_about().is_some(), "{name} says nothing");
            for argument in command
                .get_arguments()
                .filter(|one| !["help", "version"].contains(&one.get_id().as_str()))
            {
                assert!(
                    argument.get_help().is_some(),
                    "{name} {} says nothing",
                    argument.get_id()
                );
            }
            commands.extend(command.get_subcommands().cloned());
        }
    }
}
