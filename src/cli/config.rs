//! `reeve config check`: the settings in force, secrets masked, or every mistake at once.

use std::io::Write as _;

use clap::Subcommand;

use super::{Ended, exit, settings};
use crate::config::Sources;

/// What can be asked about the settings.
#[derive(Subcommand, Debug)]
pub enum ConfigCommand {
    /// Print the settings in force, secrets masked, or every mistake in them.
    Check,
}

/// Checks the settings.
///
/// # Errors
/// Every setting that cannot stand, with exit code 78.
pub fn run(command: &ConfigCommand, sources: &Sources) -> Ended {
    let ConfigCommand::Check = command;
    let settings = settings(sources)?;
    write!(std::io::stdout().lock(), "{}", settings.masked())?;
    Ok(exit::DONE)
}
