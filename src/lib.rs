#![doc = include_str!("../ARCHITECTURE.md")]
#![forbid(unsafe_op_in_unsafe_fn)]
#![deny(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::dbg_macro,
    clippy::todo,
    clippy::print_stdout
)]

pub mod auth;
pub mod casework;
pub mod channels;
pub mod config;
pub mod domain;
pub mod http;
pub mod notify;
pub mod store;
pub mod telemetry;
pub mod time_source;
