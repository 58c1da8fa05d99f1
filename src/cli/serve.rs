//! `reeve serve`: the server of a real council.

use std::io::{self, Write as _};

use clap::{Args, ValueEnum};

use super::{Data, Ended, exit, settings, to_the_end};
use crate::app::{self, Role};
use crate::casework::first_start;
use crate::config::Sources;
use crate::telemetry;
use crate::time_source::TimeSource;

/// Run the server.
#[derive(Args, Debug)]
pub struct ServeArgs {
    /// What this process does.
    #[arg(long, value_enum, default_value = "all")]
    role: Part,
    /// The address to listen on.
    #[arg(long, value_name = "ADDRESS")]
    host: Option<String>,
    /// The port to listen on; 0 takes any free one.
    #[arg(long)]
    port: Option<u16>,
    #[command(flatten)]
    data: Data,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Part {
    /// Everything.
    All,
    /// Only answers requests.
    Api,
    /// Only sends mail and looks for what has fallen due.
    Worker,
}

/// Runs it until it is told to stop.
///
/// # Errors
/// When it cannot start; standard error says what to do.
pub fn run(args: &ServeArgs, sources: Sources) -> Ended {
    let sources = args
        .data
        .over(sources)
        .with_flag("http.host", args.host.as_ref());
    let settings = settings(&sources.with_flag("http.port", args.port))?;
    telemetry::install_log(&settings.log)?;
    let role = match args.role {
        Part::All => Role::All,
        Part::Api => Role::Api,
        Part::Worker => Role::Worker,
    };
    to_the_end(async {
        let ground = app::Ground::lay(settings, TimeSource::System, role).await?;
        let desk = ground.council_desk().await?;
        if role.serves()
            && let Some(token) = first_start::token(&desk).await?
        {
            // Straight to standard error: the log may be sent on and kept.
            writeln!(
                io::stderr().lock(),
                "Nobody has an account yet. Within an hour, make the first administrator:\n\n  \
                 curl {}/v1/auth/bootstrap -H 'Content-Type: application/json' \\\n    \
                 -d '{{\"token\": \"{token}\", \"name\": \"…\", \"email\": \"…\", \"password\": \"…\"}}'\n\n\
                 or: reeve user add --role admin --name … --email …\nStarting again prints another token.\n",
                desk.manners.public_url
            )?;
        }
        ground.run(desk, |_| Ok(())).await
    })?;
    Ok(exit::DONE)
}
