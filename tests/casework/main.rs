//! Use cases on SQLite, with a clock that stands still until it is moved. Nothing sleeps: time is
//! advanced, then everything that has fallen due is done and sent.

mod delivery;
mod escalation;
mod incidents;
mod moves;
mod office;
mod performance;
mod plans;
mod sweeping;
mod waiting;
mod weekly;
