//! What somebody keeps of the restricted cases they logged and may not see.

use super::failure::Failure;
use crate::domain::access::Actor;
use crate::store::tracking::{self, Receipt};
use crate::store::Conn;

/// The receipts of whoever asks, newest first; at most a hundred.
///
/// # Errors
/// When the database cannot be asked.
pub fn of(conn: &mut Conn, actor: &Actor) -> Result<Vec<Receipt>, Failure> {
    Ok(tracking::receipts(conn, &actor.principal())?)
}
