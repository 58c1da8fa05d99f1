//! `reeve audit verify` and `reeve audit checkpoint`: evidence that the audit was not edited.

use std::io::{self, Write as _};
use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, Subcommand};

use super::{Data, Ended, coded, exit, settings, to_the_end};
use crate::app::Ground;
use crate::casework::audit::{self, Checkpoint, Verified};
use crate::config::Sources;

/// What can be done with the audit.
#[derive(Subcommand, Debug)]
pub enum AuditCommand {
    /// Hold every line against the chain, and the chain against checkpoints kept elsewhere. Prints one
    /// line of JSON; exit 0 when all fits, 65 when something was changed, each fault on standard error.
    Verify(Verify),
    /// Print a signed checkpoint, one line of JSON, to be kept where the database's keepers cannot write.
    Checkpoint(Data),
}

/// What is held against what.
#[derive(Args, Debug)]
pub struct Verify {
    /// A file of checkpoints, one on each line, as `reeve audit checkpoint` printed them. May be given
    /// several times.
    #[arg(long = "checkpoint", value_name = "FILE")]
    checkpoints: Vec<PathBuf>,
    /// The key they must be signed with, in base64, where it is not this installation's own.
    #[arg(long, value_name = "KEY")]
    public_key: Option<String>,
    #[command(flatten)]
    data: Data,
}

/// Does it.
///
/// # Errors
/// When the database cannot be read, or a checkpoint is not one.
pub fn run(command: &AuditCommand, sources: Sources) -> Ended {
    match command {
        AuditCommand::Verify(args) => verify(args, sources),
        AuditCommand::Checkpoint(data) => checkpoint(data, sources),
    }
}

fn checkpoint(data: &Data, sources: Sources) -> Ended {
    let settings = settings(&data.over(sources))?;
    let checkpoint = to_the_end(async {
        let ground = Ground::visit(settings).await?;
        ground.checkpoint().await
    })?;
    writeln!(
        io::stdout().lock(),
        "{}",
        serde_json::to_string(&checkpoint)?
    )?;
    Ok(exit::DONE)
}

fn verify(args: &Verify, sources: Sources) -> Ended {
    let settings = settings(&args.data.over(sources))?;
    let mut kept = Vec::new();
    for file in &args.checkpoints {
        kept.extend(read(file).map_err(|why| coded(exit::MISUSED, why))?);
    }
    let verified: Verified = to_the_end(async {
        let ground = Ground::visit(settings).await?;
        let own = ground.audit_key()?.public();
        let public_key = args.public_key.as_deref().unwrap_or(&own);
        for checkpoint in &kept {
            checkpoint
                .check(public_key)
                .map_err(|why| coded(exit::BAD_DATA, why))?;
        }
        Ok(audit::verify(ground.db(), kept).await?)
    })?;
    writeln!(io::stdout().lock(), "{}", serde_json::to_string(&verified)?)?;
    for fault in &verified.faults {
        writeln!(io::stderr().lock(), "{fault}")?;
    }
    Ok(if verified.faults.is_empty() {
        exit::DONE
    } else {
        exit::BAD_DATA
    })
}

fn read(file: &PathBuf) -> anyhow::Result<Vec<Checkpoint>> {
    let text =
        std::fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
    let mut checkpoints = Vec::new();
    for (n, line) in text.lines().enumerate() {
        if !line.trim().is_empty() {
            let checkpoint = serde_json::from_str(line)
                .with_context(|| format!("{}:{}: not a checkpoint", file.display(), n + 1))?;
            checkpoints.push(checkpoint);
        }
    }
    anyhow::ensure!(
        !checkpoints.is_empty(),
        "{} holds no checkpoint",
        file.display()
    );
    Ok(checkpoints)
}
