//! Everything that is served, chapter by chapter. Start reading here.

use super::operation::Operation;
use super::{api_keys, auth, docs, health, users};

/// The published contract, in the order it is read.
#[must_use]
pub fn operations() -> Vec<Operation> {
    let mut all = Vec::new();
    all.extend(auth::operations());
    all.extend(users::operations());
    all.extend(api_keys::operations());
    all.extend(health::operations());
    all.extend(docs::operations());
    all
}

/// What is served besides, for people rather than programs. A demo has more of it.
#[must_use]
pub fn pages(_is_demo: bool) -> Vec<Operation> {
    docs::pages()
}
