//! The `reeve` program: arguments in, exit code out. Everything else is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    // One cryptography library for everything that speaks TLS. It can only be installed already
    // when somebody else in this process did, and then it is there.
    if rustls::crypto::aws_lc_rs::default_provider()
        .install_default()
        .is_err()
    {
        eprintln!("reeve: TLS was set up before the program began");
    }
    reeve::cli::run(std::env::args_os())
}
