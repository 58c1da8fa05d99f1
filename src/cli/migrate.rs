//! `reeve migrate`: brings the schema up to date, and says what that took.

use std::io::Write as _;

use super::{Data, Ended, exit, settings};
use crate::app;
use crate::config::Sources;

/// Runs the migrations that are pending.
///
/// # Errors
/// When the database cannot be reached, or a migration fails; the schema is then as before it.
pub fn run(data: &Data, sources: Sources) -> Ended {
    let settings = settings(&data.over(sources))?;
    let db = app::open_database(&settings)?;
    let done = db.migrate()?;
    let mut out = std::io::stdout().lock();
    if done.is_empty() {
        writeln!(out, "The database is up to date.")?;
    }
    for name in done {
        writeln!(out, "Applied {name}")?;
    }
    Ok(exit::DONE)
}
