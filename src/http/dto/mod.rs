//! The documents that are sent to us. What is answered has its types in `casework::views`.
//!
//! Every member has a bound; unknown members are refused by the gate's own reading of the schema.

pub mod act;
pub mod case;
pub mod catalogue;
pub mod contact;
pub mod examples;
pub mod incident;
pub mod mail;
pub mod notice;
pub mod person;
pub mod public;
pub mod public_form;
pub mod redaction;
pub mod standing;
