//! `reeve intake email`: one raw message from a pipe, as a mail server hands it over.
//!
//! It opens the database itself, so that mail is taken while the server is stopped. Its exit code is
//! the mail server's: 0 taken and durable, 65 can never be taken, 75 keep it and try again. Whatever
//! goes wrong on our side is 75: the mail is then still where it came from. With `--spool` it is kept
//! in a folder instead, for mail servers that give up soon.

use std::io::{self, Read as _, Write as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{Data, Ended, coded, exit, settings, to_the_end};
use crate::app::Ground;
use crate::casework::mail_in::{self, Taken};
use crate::channels::email_in::Envelope;
use crate::config::{Settings, Sources};
use crate::domain::access::Actor;
use crate::mailboxes::spool;

/// What can be taken in from a pipe.
#[derive(Subcommand, Debug)]
pub enum IntakeCommand {
    /// Take one raw e-mail from standard input, and print what became of it.
    Email(EmailArgs),
}

/// What the mail server knows about the message.
#[derive(Args, Debug)]
pub struct EmailArgs {
    /// The address it came to.
    #[arg(long, value_name = "ADDRESS")]
    recipient: Option<String>,
    /// The address of the envelope it came from.
    #[arg(long, value_name = "ADDRESS", allow_hyphen_values = true)]
    sender: Option<String>,
    /// Keep the message in this folder when the database is away (exit code 0). The worker takes it
    /// from there when `mail.spool_directory` names the folder, and `--drain` does.
    #[arg(long, value_name = "DIR")]
    spool: Option<PathBuf>,
    /// Read nothing; take what waits in the folder.
    #[arg(long, requires = "spool", conflicts_with_all = ["recipient", "sender"])]
    drain: bool,
    #[command(flatten)]
    data: Data,
}

/// Takes one message in.
///
/// # Errors
/// Exit code 65 for what is no message or too large, 75 for everything that may pass.
pub fn run(command: &IntakeCommand, sources: Sources) -> Ended {
    let IntakeCommand::Email(args) = command;
    let taken = catch_unwind(AssertUnwindSafe(|| take(args, sources)));
    match taken {
        Ok(Ok(said)) => {
            // Taken is taken, whether or not anybody reads what we say about it.
            if let Err(why) = writeln!(io::stdout().lock(), "{said}") {
                eprintln!("reeve: the message was taken, but nobody reads standard output: {why}");
            }
            Ok(exit::DONE)
        }
        Ok(Err(why)) if why.is::<super::Coded>() => Err(refuse_settings_softly(why)),
        Ok(Err(why)) => Err(coded(exit::TRY_AGAIN, why)),
        Err(_) => Err(coded(
            exit::TRY_AGAIN,
            anyhow::anyhow!("the message was not taken to the end"),
        )),
    }
}

fn take(args: &EmailArgs, sources: Sources) -> anyhow::Result<Value> {
    let settings = settings(&args.data.over(sources))?;
    if let Some(folder) = args.spool.as_deref().filter(|_| args.drain) {
        return to_the_end(drain(settings, folder));
    }
    let most = settings.http.max_mail_bytes;
    let mut raw = Vec::new();
    io::stdin()
        .lock()
        .take(u64::try_from(most)?.saturating_add(1))
        .read_to_end(&mut raw)
        .context("reading the message")?;
    if raw.is_empty() {
        return Err(coded(
            exit::BAD_DATA,
            anyhow::anyhow!("standard input is empty: pipe one raw message into it"),
        ));
    }
    if raw.len() > most {
        let why = anyhow::anyhow!("the message is larger than {most} bytes (http.max_mail_bytes)");
        return Err(coded(exit::BAD_DATA, why));
    }
    let envelope = Envelope {
        recipient: args.recipient.clone(),
        sender: args.sender.clone(),
    };
    let Some(folder) = &args.spool else {
        return to_the_end(receive(settings, raw.into(), envelope));
    };
    let raw: Arc<[u8]> = raw.into();
    let kept = (Arc::clone(&raw), envelope.clone());
    let taken = catch_unwind(AssertUnwindSafe(|| {
        to_the_end(receive(settings, kept.0, kept.1))
    }));
    let why = match taken {
        Ok(Ok(said)) => return Ok(said),
        Ok(Err(why)) => why,
        Err(_) => anyhow::anyhow!("the message was not taken to the end"),
    };
    spool::keep(folder, &envelope, &raw)?;
    eprintln!(
        "reeve: the message is kept in {}: {why:#}",
        folder.display()
    );
    Ok(json!({"disposition": "spooled", "case": null, "contact": null}))
}

/// Takes what waits in the folder.
async fn drain(settings: Settings, folder: &Path) -> anyhow::Result<Value> {
    let ground = Ground::visit(settings).await?;
    let desk = ground.council_desk().await?;
    let drained = spool::drain(&desk, folder).await?;
    anyhow::ensure!(
        drained.n_left == 0,
        "{} were taken, {} could not be and are still in {}",
        drained.n_taken,
        drained.n_left,
        folder.display()
    );
    Ok(json!({"taken": drained.n_taken}))
}

async fn receive(settings: Settings, raw: Arc<[u8]>, envelope: Envelope) -> anyhow::Result<Value> {
    let ground = Ground::visit(settings).await?;
    let desk = ground.council_desk().await?;
    let moment = desk.moment();
    let delivery = tokio::task::spawn_blocking(move || mail_in::read(&moment, raw, envelope))
        .await
        .context("reading the message")?;
    let taken = desk
        .perform(move |tx, at| mail_in::receive(tx, at, &Actor::System, &delivery))
        .await?;
    Ok(in_words(&taken))
}

/// The same document the API answers.
fn in_words(taken: &Taken) -> Value {
    let case = taken
        .case
        .as_ref()
        .map(|filed| json!({"id": filed.case.id, "reference": filed.case.reference.to_string()}));
    json!({
        "disposition": taken.disposition,
        "case": case,
        "contact": taken.contact.map(|id| json!({"id": id})),
    })
}

/// Settings can be put right, and then the mail goes in: the mail server must keep it until then.
fn refuse_settings_softly(why: anyhow::Error) -> anyhow::Error {
    match why.downcast_ref::<super::Coded>() {
        Some(told) if told.code != exit::BAD_DATA => coded(exit::TRY_AGAIN, why),
        _ => why,
    }
}
