#![doc = include_str!("../ARCHITECTURE.md")]
#![forbid(unsafe_op_in_unsafe_fn)]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        clippy::as_conversions,
        clippy::dbg_macro,
        clippy::todo,
        clippy::print_stdout
    )
)]

pub mod app;
pub mod auth;
pub mod bench;
pub mod casework;
pub mod channels;
pub mod cli;
pub mod config;
pub mod demo;
pub mod domain;
pub mod http;
pub mod jobs;
pub mod mailboxes;
pub mod notify;
pub mod pages;
pub mod store;
pub mod telemetry;
pub mod time_source;
