//! `reeve demo`: the fictional council Northmere, to be looked at from all sides.
//!
//! The same server as `reeve serve`, over a database that is loaded first, with mail in a folder and
//! a clock that can be moved.

use std::io::{self, Write};

use anyhow::Context as _;
use clap::{Args, Subcommand};
use jiff::Timestamp;
use serde::Serialize;

use super::{Data, Ended, coded, exit, settings, to_the_end};
use crate::app::{self, Ground, Reached, Role};
use crate::config::{Place, Settings, Sources};
use crate::demo::clock;
use crate::demo::people::{Cast, DemoKey, SignIn};
use crate::time_source::TimeSource;
use crate::{demo, telemetry};

/// Run the demo.
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true)]
pub struct DemoArgs {
    #[command(subcommand)]
    command: Option<DemoCommand>,
    /// The port to listen on; 0 takes any free one.
    #[arg(long)]
    port: Option<u16>,
    /// Print one line of JSON on standard output when ready, and nothing else.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    data: Data,
}

#[derive(Subcommand, Debug)]
enum DemoCommand {
    /// Move the clock of a demo on: to the next working day, 9 o'clock, unless told otherwise.
    Advance {
        /// The instant to set it to, earlier or later: 2026-11-25T09:00:00Z.
        #[arg(long, value_name = "RFC3339")]
        to: Option<Timestamp>,
        #[command(flatten)]
        data: Data,
    },
}

/// What the one line of JSON says.
#[derive(Serialize)]
struct Announced<'a> {
    api: &'a str,
    pages: &'a str,
    metrics: Option<&'a str>,
    database_url: String,
    data_dir: String,
    mail_dir: String,
    users: &'a [SignIn],
    api_keys: &'a [DemoKey],
}

/// Runs the demo until it is told to stop, or moves the clock of one.
///
/// # Errors
/// When it cannot start; standard error says what to do.
pub fn run(args: &DemoArgs, sources: Sources) -> Ended {
    match &args.command {
        Some(DemoCommand::Advance { to, data }) => {
            let settings = settings(&data.over(sources))?;
            to_the_end(advance(settings, *to))?;
        }
        None => {
            // Any number of demos run side by side: only the port people type is fixed.
            let sources = sources
                .with_preset("metrics.port", 0)
                .with_preset("log.level", "warn,reeve=info");
            let sources = args.data.over(sources).with_flag("http.port", args.port);
            let settings = settings(&sources)?;
            telemetry::install_log(&settings.log)?;
            to_the_end(start(settings, args.json))?;
        }
    }
    Ok(exit::DONE)
}

async fn start(settings: Settings, is_json: bool) -> anyhow::Result<()> {
    let ground = Ground::lay(settings, TimeSource::shifted(), Role::All).await?;
    let desk = demo::desk(&ground).await?;
    let cast = demo::load(&desk).await?;
    let settings = ground.settings.clone();
    ground
        .run(desk, move |reached| {
            let mut out = io::stdout().lock();
            if is_json {
                serde_json::to_writer(&mut out, &announced(&settings, reached, &cast))?;
                writeln!(out)?;
            } else {
                tell(&mut out, &settings, reached, &cast)?;
            }
            out.flush().context("standard output")
        })
        .await
}

async fn advance(settings: Settings, to: Option<Timestamp>) -> anyhow::Result<()> {
    let ground = Ground::visit(settings).await?;
    if !demo::is_demo(&ground.db).await? {
        return Err(coded(exit::MISUSED, demo::NotADemo));
    }
    let to = match to {
        Some(to) => to,
        None => {
            let catalogue = app::stored_catalogue(&ground.db)
                .await?
                .context("the demo has no catalogue")?;
            clock::next_morning(ground.now(), &catalogue.calendar)
        }
    };
    let offset = clock::offset_for(to);
    ground.db.write(move |tx| clock::keep(tx, offset)).await?;
    writeln!(
        io::stdout().lock(),
        "The demo's clock stands at {to} and runs on from there."
    )?;
    Ok(())
}

fn announced<'a>(settings: &Settings, reached: &'a Reached, cast: &'a Cast) -> Announced<'a> {
    let api = reached.api.as_deref().unwrap_or_default();
    Announced {
        api,
        pages: api,
        metrics: reached.metrics.as_deref(),
        database_url: database_url(settings),
        data_dir: absolute(&settings.database.data_dir),
        mail_dir: absolute(&settings.mail.folder(&settings.database.data_dir)),
        users: &cast.users,
        api_keys: &cast.api_keys,
    }
}

fn tell(
    out: &mut impl Write,
    settings: &Settings,
    reached: &Reached,
    cast: &Cast,
) -> io::Result<()> {
    let said = announced(settings, reached, cast);
    let password = cast.users.first().map_or("", |user| user.password.as_str());
    writeln!(out, "\nNorthmere Council (fictional) is open.\n")?;
    writeln!(out, "  Pages and API  {}", said.api)?;
    writeln!(out, "  API reference  {}/docs", said.api)?;
    writeln!(
        out,
        "  Mails          {}/demo/mail  ({})",
        said.api, said.mail_dir
    )?;
    writeln!(out, "  Figures        {}", said.metrics.unwrap_or("off"))?;
    writeln!(out, "  Data           {}\n", said.data_dir)?;
    writeln!(out, "Everybody signs in with the password {password}\n")?;
    let shown = cast.users.iter().filter(|user| is_shown(user));
    for user in shown {
        writeln!(
            out,
            "  {:<16} {:<52} {}",
            user.role.as_str(),
            user.email,
            user.queues.join(", ")
        )?;
    }
    writeln!(out, "\nKeys of integrations\n")?;
    for key in &cast.api_keys {
        writeln!(out, "  {:<16} {}", key.name, key.key)?;
    }
    writeln!(
        out,
        "\nStop it with Ctrl-C; the same command goes on where it was.\n"
    )
}

/// The first screen names the people of the tour; `--json` names everybody.
fn is_shown(user: &SignIn) -> bool {
    let is_of_waste = user.queues.iter().any(|queue| queue == "waste-ops");
    user.queues.is_empty() || user.queues.iter().any(|queue| queue == "*") || is_of_waste
}

fn database_url(settings: &Settings) -> String {
    match settings.database.place() {
        Place::Postgres(url) => url.expose().to_owned(),
        Place::Sqlite(path) => format!("sqlite:{}", absolute(&path)),
    }
}

fn absolute(path: &std::path::Path) -> String {
    std::path::absolute(path)
        .unwrap_or_else(|_| path.to_owned())
        .display()
        .to_string()
}
