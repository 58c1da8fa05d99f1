//! `reeve openapi`: prints the published contract, the same bytes as the file and the server give.

use std::io::Write as _;

use super::{Ended, exit};

/// Prints it.
///
/// # Errors
/// When standard output is closed.
pub fn run() -> Ended {
    std::io::stdout()
        .lock()
        .write_all(crate::http::openapi::document().as_bytes())?;
    Ok(exit::DONE)
}
