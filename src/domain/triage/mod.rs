//! Reading free text: which service and category a message is about, how sure that is, and which
//! words say so.
//!
//! Two read together. A lexical ranker ([`Ranker`], BM25F over names, descriptions, keywords, what
//! people call things, and example messages) knows every catalogue as it is, with no training. A
//! trained model ([`Model`]: one number for each word and category) adds what thousands of worded
//! lessons taught it, and its confidences mean what they say. The same answer on every machine, and
//! every answer can be explained by its words. Neither knows of requesters, procedures or
//! priorities; [`crate::domain::routing`] weighs those.

mod exact;
mod example;
mod model;
mod precedents;
mod ranker;
pub mod training;
pub mod words;

pub use example::Example;
pub use model::{LARGEST, Model, ModelError, Taught};
pub use ranker::{Field, Ranked, Ranker, Reading, Subject};
