//! Stories over HTTP, each on SQLite and on PostgreSQL.
//!
//! `stories! { async fn the_sentence(app: TestApp) { … } }` writes both tests. PostgreSQL runs where
//! `REEVE_TEST_POSTGRES` names a server, which `./test` starts.

#[macro_use]
mod support;

mod abuse;
mod access;
mod access_matrix;
mod attachments;
mod audit;
mod benchmark;
mod by_email;
mod calls;
mod channels;
mod contact_reasons;
mod contacts;
mod contract;
mod danger;
mod errors;
mod escalation;
mod first_start;
mod fortnight;
mod held_mail;
mod hidden;
mod identity;
mod incidents;
mod intake;
mod kept_reports;
mod letters;
mod mail_in;
mod mailboxes;
mod manager_pages;
mod markers;
mod members;
mod moves;
mod night_desk;
mod oidc;
mod open311;
mod people;
mod performance;
mod procedures;
mod public;
mod public_form;
mod reaching;
mod recipients;
mod redaction;
mod residents;
mod sign_in;
mod sign_in_links;
mod staff_pages;
mod standards;
mod survey;
mod taking_over;
mod texts;
mod traces;
mod visits;
mod webchat;
mod work;
