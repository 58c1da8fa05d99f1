//! `reeve user add`: an account from the command line, so that a new installation has its first
//! administrator.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::{Args, Subcommand};
use serde_json::json;

use super::{Data, Ended, coded, exit, settings, to_the_end};
use crate::app::Ground;
use crate::auth::{passwords, secrets};
use crate::casework::Failure;
use crate::casework::accounts::{self, NewAccount};
use crate::config::{Settings, Sources};
use crate::domain::access::{Actor, Role};

/// What can be done about those who sign in.
#[derive(Subcommand, Debug)]
pub enum UserCommand {
    /// Add somebody. The password is read from standard input, one line; where that is a terminal or
    /// empty, one is made and printed.
    Add(AddUser),
}

/// Who is added.
#[derive(Args, Debug)]
pub struct AddUser {
    /// The address they sign in with.
    #[arg(long)]
    email: String,
    /// As colleagues know them.
    #[arg(long)]
    name: String,
    /// agent, officer, team_leader, head_of_service, councillor, partner, auditor or admin.
    #[arg(long)]
    role: Role,
    /// A queue they work, by its slug, or * for all. May be given several times.
    #[arg(long = "queue", value_name = "QUEUE")]
    queues: Vec<String>,
    /// A service they work, by its slug. May be given several times.
    #[arg(long = "service", value_name = "SERVICE")]
    services: Vec<String>,
    /// A team that sees its restricted cases. May be given several times.
    #[arg(long = "team", value_name = "TEAM")]
    teams: Vec<String>,
    /// The post they hold, by its slug.
    #[arg(long)]
    post: Option<String>,
    #[command(flatten)]
    data: Data,
}

/// Adds an account, and prints it as one line of JSON.
///
/// # Errors
/// When the address is taken, a queue is unknown, or the password is too short.
pub fn run(command: &UserCommand, sources: Sources) -> Ended {
    let UserCommand::Add(args) = command;
    let settings = settings(&args.data.over(sources))?;
    let (password, is_made) = password()?;
    let chosen = passwords::Password::chosen(&password).map_err(|why| coded(exit::MISUSED, why))?;
    let new = NewAccount {
        email: args.email.clone(),
        name: args.name.clone(),
        role: args.role,
        password_hash: Some(passwords::hash_now(&chosen)?),
        queues: args.queues.clone(),
        services: args.services.clone(),
        teams: args.teams.clone(),
        post: args.post.clone(),
    };
    let account = to_the_end(add(settings, new))?;
    let mut said =
        json!({"id": account.user.id, "email": account.user.email, "role": account.user.role});
    if is_made && let Some(said) = said.as_object_mut() {
        said.insert("password".to_owned(), password.into());
    }
    writeln!(io::stdout().lock(), "{said}")?;
    Ok(exit::DONE)
}

async fn add(settings: Settings, new: NewAccount) -> anyhow::Result<accounts::Account> {
    let ground = Ground::visit(settings).await?;
    let desk = ground.council_desk().await?;
    let added = desk
        .perform(move |tx, at| accounts::create(tx, at, &Actor::System, new.clone()))
        .await;
    added.map_err(|failure| match failure {
        Failure::Invalid(faults) => {
            let faults: Vec<String> = faults
                .into_iter()
                .map(|fault| {
                    format!(
                        "{}: {}",
                        fault.pointer.trim_start_matches('/'),
                        fault.detail
                    )
                })
                .collect();
            coded(exit::MISUSED, anyhow::anyhow!("{}", faults.join("\n")))
        }
        other => other.into(),
    })
}

/// The password from standard input, or a new one; and whether it was made.
fn password() -> anyhow::Result<(String, bool)> {
    let input = io::stdin();
    let mut line = String::new();
    if !input.is_terminal() {
        input
            .lock()
            .read_line(&mut line)
            .context("reading the password")?;
    }
    let given = line.trim_end_matches(['\r', '\n']);
    if given.is_empty() {
        return Ok((URL_SAFE_NO_PAD.encode(secrets::random_bytes::<18>()), true));
    }
    Ok((given.to_owned(), false))
}
