//! Reading free text: which service and category a message is about, how sure that is, and which
//! words say so.
//!
//! A lexical ranker ([`Ranker`], BM25F over names, descriptions, keywords, what people call
//! things, and example messages): no model to train or carry about, the same answer on every
//! machine, and every answer can be explained by its words. It knows nothing of requesters,
//! procedures or priorities; [`crate::domain::routing`] weighs those.

mod example;
mod precedents;
mod ranker;
pub mod words;

pub use example::Example;
pub use ranker::{Field, Ranked, Ranker, Reading, Subject};
