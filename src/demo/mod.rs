//! The demo: the fictional council Northmere, its people and two hundred cases, made through the
//! same front door as any other.
//!
//! Loading is a series of short transactions, each of which says in the database that it is done:
//! a start that is killed goes on where it was, a second start adds nothing, and two processes
//! starting on one database take turns. What is made lies in the past and tells nobody. Everything
//! is relative to the moment of first loading.

pub mod clock;
pub mod people;
pub mod samples;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::app::{self, Ground};
use crate::auth::secrets;
use crate::casework::attachments::Sent;
use crate::casework::desk::hex;
use crate::casework::{Desk, Failure, catalogue};
use crate::config::embedded;
use crate::domain::catalogue::Catalogue;
use crate::store::{Db, StoreError, Tx, settings};

use clock::DemoClock;
use people::{Cast, DemoSecret};
use samples::pictures::{self, Album};

/// When the demo was first loaded: also the mark that a database is a demo's.
const LOADED_AT: &str = "demo.loaded_at";
const SECRET: &str = "demo.secret";
const BATCHES_DONE: &str = "demo.sample_batches";
/// The lock under which loading processes take turns.
const LOADING: &str = "demo";
/// How long one process waits for another that is loading.
const PATIENCE_ATTEMPTS: u32 = 60;

/// The database holds a council that is no demo.
#[derive(Debug, thiserror::Error)]
#[error(
    "this database holds a real council, not a demo: give `reeve demo` an empty database or folder, or start \
     `reeve serve`"
)]
pub struct NotADemo;

/// Whether a database is a demo's.
///
/// # Errors
/// When it cannot be asked.
pub async fn is_demo(db: &Db) -> Result<bool, Failure> {
    db.read(|conn| Ok(settings::get(conn, LOADED_AT)?.is_some()))
        .await
}

/// The catalogue of a demo: the one in the database, or Northmere's on an empty one. Marks the
/// database as a demo's.
///
/// # Errors
/// [`NotADemo`], or when the database cannot be written.
async fn claim(db: &Db, now: Timestamp, northmere: &Catalogue) -> anyhow::Result<Catalogue> {
    let has_claimed = db
        .write(move |tx| -> Result<bool, StoreError> {
            settings::hold(tx, LOADING)?;
            let is_marked = settings::get(tx, LOADED_AT)?.is_some();
            if !is_marked && crate::store::catalogue::newest_version(tx)?.is_some() {
                return Ok(false);
            }
            settings::set_once(tx, LOADED_AT, &now.to_string())?;
            settings::set_once(tx, SECRET, &hex(&secrets::random_bytes::<32>()))?;
            Ok(true)
        })
        .await?;
    anyhow::ensure!(has_claimed, NotADemo);
    catalogue::load_or_store(db, northmere, now).await
}

/// A desk over the demo's database, its clock where it was left.
///
/// # Errors
/// [`NotADemo`], or when the database cannot be written.
pub async fn desk(ground: &Ground) -> anyhow::Result<Arc<Desk>> {
    let is_there = is_demo(&ground.db).await?;
    let catalogue = match app::stored_catalogue(&ground.db).await? {
        Some(stored) if is_there => stored,
        _ => {
            let northmere =
                embedded::northmere().map_err(|faults| anyhow::anyhow!("Northmere: {faults:?}"))?;
            claim(&ground.db, ground.now(), &northmere).await?
        }
    };
    let desk = ground.desk(catalogue)?;
    if let Some(clock) = DemoClock::of(&desk) {
        clock.follow().await?;
    }
    Ok(desk)
}

/// Adds whatever of people, keys and cases is not there yet, and says who can sign in.
///
/// # Errors
/// When the database cannot be read or written.
pub async fn load(desk: &Arc<Desk>) -> anyhow::Result<Cast> {
    let (secret, loaded_at) = desk
        .db
        .read(|conn| {
            Ok::<_, Failure>((
                settings::get(conn, SECRET)?,
                settings::get(conn, LOADED_AT)?,
            ))
        })
        .await?;
    let (Some(secret), Some(loaded_at)) = (secret, loaded_at) else {
        anyhow::bail!("the database is not marked as a demo's");
    };
    let cast = people::cast(&desk.council().catalogue, &DemoSecret::new(&secret));
    let loaded_at: Timestamp = loaded_at.parse()?;
    if n_done(&desk.db).await? > samples::N_BATCHES {
        return Ok(cast);
    }
    let album = pictures::draw(desk).await?;
    loop {
        let done = n_done(&desk.db).await?;
        if done > samples::N_BATCHES {
            return Ok(cast);
        }
        load_next(desk, &cast, loaded_at, &album).await?;
    }
}

async fn n_done(db: &Db) -> anyhow::Result<usize> {
    let done = db
        .read(|conn| -> Result<Option<String>, StoreError> { settings::get(conn, BATCHES_DONE) })
        .await?;
    Ok(done.map_or(Ok(0), |text| text.parse())?)
}

/// One step of loading: first the people and keys, then a batch of cases at a time.
async fn load_next(
    desk: &Arc<Desk>,
    cast: &Cast,
    loaded_at: Timestamp,
    album: &Album,
) -> anyhow::Result<()> {
    let mut attempt = 1;
    loop {
        let (desk_there, cast, album) = (Arc::clone(desk), cast.clone(), Arc::clone(album));
        let stepped = desk
            .db
            .write(move |tx| step(tx, &desk_there, &cast, loaded_at, &album))
            .await;
        match stepped {
            Ok(()) => return Ok(()),
            // Another process holds the lock and is loading: let it finish its step.
            Err(Failure::Store(why)) if attempt < PATIENCE_ATTEMPTS => {
                tracing::debug!("Waiting for another process to load the demo: {why}");
                attempt += 1;
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            Err(why) => return Err(why.into()),
        }
    }
}

fn step(
    tx: &mut Tx<'_>,
    desk: &Arc<Desk>,
    cast: &Cast,
    loaded_at: Timestamp,
    album: &[Sent],
) -> Result<(), Failure> {
    settings::hold(tx, LOADING)?;
    let done = settings::get(tx, BATCHES_DONE)?;
    let done: usize = done
        .map_or(Ok(0), |text| text.parse())
        .map_err(anyhow::Error::from)?;
    match done.checked_sub(1) {
        None => people::add_missing(tx, &samples::moment(desk, loaded_at), cast)?,
        Some(batch) if batch < samples::N_BATCHES => {
            samples::file_batch(tx, desk, cast, loaded_at, batch, album)?
        }
        Some(_) => return Ok(()),
    }
    Ok(settings::set(tx, BATCHES_DONE, &(done + 1).to_string())?)
}
