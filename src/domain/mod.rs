//! The rules of the house. Pure: no I/O, no randomness, and "now" is always an argument.
//!
//! Everything here can be read, tested and reasoned about without a database or a network. The
//! folders around it bring the outside in ([`enquiry::Enquiry`]) and carry decisions out
//! ([`lifecycle`] events, [`notice`]s).

pub mod access;
pub mod addresses;
pub mod attachment;
pub mod backoff;
pub mod by_email;
pub mod calendar;
pub mod case;
pub mod catalogue;
pub mod clock;
pub mod contact;
pub mod decision;
pub mod enquiry;
pub mod explain;
pub mod identity;
pub mod ids;
pub mod incident;
pub mod ladder;
pub mod lifecycle;
pub mod measure;
pub mod member;
pub mod notice;
pub mod person;
pub mod redaction;
pub mod reference;
pub mod report;
pub mod routing;
pub mod small_numbers;
pub mod stage_figures;
pub mod standard;
pub mod survey;
pub mod telephony;
pub mod text_message;
pub mod triage;
pub mod waiting;
pub mod wording;
