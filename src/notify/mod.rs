//! The way out: what casework put into the outbox becomes mail.
//!
//! [`pump`] claims what is due, [`render`] turns a stored letter into words, [`mail`] makes the
//! message, [`transport`] hands it over; a text message goes by [`texts`]. Nothing here decides whom to tell or what a letter may
//! contain, and nothing here is called from a request or inside a transaction.

pub mod mail;
pub mod pump;
pub mod render;
pub mod samples;
pub mod texts;
pub mod transport;
