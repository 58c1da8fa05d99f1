//! The databases: rows beside their queries. The only folder that names diesel.
//!
//! Reading takes a [`Conn`], writing takes a [`Tx`]; a `Tx` is only ever handed out by
//! [`Db::write`], which opens and commits the one transaction of a use case. Queries are the same
//! text on both databases; what must differ lives in [`dialect`]. The bytes of attachments lie beside the
//! database, in a folder ([`files`]).

pub mod attachments;
pub mod audit;
pub mod callbacks;
pub mod calls;
pub mod case_figures;
pub mod cases;
pub mod catalogue;
pub mod clocks;
pub mod contact_reasons;
pub mod contacts;
pub mod db;
pub mod dialect;
pub mod error;
pub mod escalations;
pub mod events;
pub mod feedback;
pub mod files;
pub mod idempotency;
pub mod identities;
pub mod inbox_links;
pub mod incidents;
pub mod kept_reports;
pub mod leases;
pub mod legal_holds;
pub mod mailboxes;
pub mod markers;
pub mod measures;
pub mod members;
pub mod moves;
pub mod organisations;
pub mod outbox;
pub mod partner_figures;
pub mod passes;
pub mod people;
pub mod person_merges;
pub mod redaction;
pub mod schema;
pub mod second_factors;
pub mod settings;
mod sight;
pub mod sign_in_links;
pub mod stage_measures;
pub mod tracking;
pub mod types;
pub mod users;
pub mod visits;
pub mod waiting_mail;

pub use db::{Conn, Db, Tx};
pub use error::StoreError;
