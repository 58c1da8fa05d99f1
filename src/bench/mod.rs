//! Measuring Reeve: a database like that of a council with ten years behind it, and what Reeve does
//! with it, beside what the database alone does with the same rows.
//!
//! | file | what it does |
//! |---|---|
//! | [`spread`] | who contacts a council, how, when and about what, after published figures |
//! | [`models`] | cases taken in and worked through the front door, in a small database of their own |
//! | [`copies`] | the rows of such a case under other names, as often as one likes |
//! | [`load`] | fills a database with them |
//! | [`run`] | the whole measurement |
//! | [`scenarios`] | what is asked: intake, lists, links … |
//! | [`rounds`] | by how many, for how long, and how long answers took |
//! | [`limits`] | what the database does alone with the same rows |
//! | [`running`] | a server of its own process, and a mail server that takes everything |
//! | [`caller`] | a caller over HTTP |
//! | [`table`] | what was found |
//!
//! Nothing of this is used by a server. It writes to databases that are empty or carry its own mark.

pub mod caller;
pub mod copies;
pub mod limits;
pub mod load;
pub mod models;
pub mod rounds;
pub mod run;
pub mod running;
pub mod scenarios;
pub mod spread;
pub mod table;

use crate::auth::secrets;
use crate::casework::desk::hex;
use crate::demo::people::{self, Cast, DemoSecret, SignIn};
use crate::domain::access::{Actor, Role};
use crate::domain::catalogue::Catalogue;
use crate::store::cases::Filter;
use crate::store::{Conn, Db, StoreError, cases, catalogue, settings, users};

/// What everybody's password is made from; also the mark that a database is a benchmark's.
const SECRET: &str = "bench.secret";
/// What stands in it, once all of it does.
const LOADED: &str = "bench.loaded";
/// Officers who take cases at the same time.
pub const N_OFFICERS: usize = 32;

/// A database that is not the benchmark's to write to.
#[derive(Debug, thiserror::Error)]
pub enum NotOurs {
    #[error(
        "this database holds a council already: give the benchmark an empty database or folder"
    )]
    Council,
    #[error(
        "this database is loaded already, or was not loaded to the end: give the benchmark an empty one"
    )]
    Loaded,
    #[error("this database is no benchmark's: fill an empty one with `reeve bench load`")]
    NotMarked,
}

/// Marks an empty database as the benchmark's.
///
/// # Errors
/// [`NotOurs`] when there is something in it, or it cannot be written.
pub async fn claim(db: &Db) -> anyhow::Result<()> {
    let why_not = db
        .write(|tx| -> Result<Option<bool>, StoreError> {
            settings::hold(tx, "bench")?;
            let is_marked = settings::get(tx, SECRET)?.is_some();
            let sight = Actor::System.sight();
            let first = cases::page(tx, &sight, &Filter::default(), 0, 1)?;
            if !first.is_empty() || settings::get(tx, LOADED)?.is_some() {
                return Ok(Some(is_marked));
            }
            if !is_marked && (users::is_anybody(tx)? || catalogue::newest_version(tx)?.is_some()) {
                return Ok(Some(false));
            }
            settings::set_once(tx, SECRET, &hex(&secrets::random_bytes::<32>()))?;
            Ok(None)
        })
        .await?;
    match why_not {
        None => Ok(()),
        Some(true) => Err(NotOurs::Loaded.into()),
        Some(false) => Err(NotOurs::Council.into()),
    }
}

/// What stands in a loaded database.
///
/// # Errors
/// [`NotOurs::NotMarked`] when it is not one of ours, or not filled to the end.
pub fn loaded(conn: &mut Conn) -> anyhow::Result<load::Loaded> {
    let text = settings::get(conn, LOADED)?.ok_or(NotOurs::NotMarked)?;
    Ok(serde_json::from_str(&text)?)
}

/// Who signs in to a benchmark's database: the demo's people, and officers who work every queue.
///
/// # Errors
/// When the database does not carry the mark.
pub fn cast(conn: &mut Conn, of: &Catalogue) -> anyhow::Result<Cast> {
    let secret = settings::get(conn, SECRET)?.ok_or(NotOurs::NotMarked)?;
    let mut cast = people::cast(of, &DemoSecret::new(&secret));
    let password = cast
        .users
        .first()
        .map(|user| user.password.clone())
        .unwrap_or_default();
    cast.users.extend((1..=N_OFFICERS).map(|number| SignIn {
        role: Role::Officer,
        name: format!("Officer {number}"),
        email: format!("officer.{number}@council.example"),
        password: password.clone(),
        queues: vec!["*".to_owned()],
        restricted_teams: Vec::new(),
        post: None,
        services: Vec::new(),
    }));
    Ok(cast)
}
