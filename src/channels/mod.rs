//! The ways in: each file turns one outside shape into a [`crate::domain::enquiry::Enquiry`].
//!
//! Pure readers, all of them: they never look anything up, decide nothing about cases and answer
//! nobody. `casework::intake` takes over from what they make.

pub mod email_in;
pub mod given;
pub mod logged;
pub mod open311;
pub mod telephony;
pub mod text;
pub mod web_form;
