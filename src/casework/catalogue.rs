//! The catalogue in force: stored versions, and how every replica comes to the newest.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::desk::{Council, Desk, Moment};
use super::failure::{Failure, Fault};
use crate::domain::access::Actor;
use crate::domain::catalogue::{Catalogue, Change, difference};
use crate::store::catalogue::{self as stored, Version};
use crate::store::moves::{self, Asked};
use crate::store::{Conn, Db, StoreError, Tx, audit};

/// A new catalogue that may be stored, and what it changes.
pub struct Proposal {
    /// The council as it would be.
    pub council: Council,
    pub changes: Vec<Change>,
    tree: Value,
}

/// What becomes of open cases when a new version is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenCases {
    /// They keep the terms they were opened under.
    Stay,
    /// They come under the new ones.
    Move,
}

/// The catalogue as it stands in the database; the given one becomes the first version where
/// there is none yet.
///
/// # Errors
/// When the stored one cannot be read by this release.
pub async fn load_or_store(
    db: &Db,
    given: &Catalogue,
    now: jiff::Timestamp,
) -> anyhow::Result<Catalogue> {
    let body = given.to_json();
    let (version, body) = db
        .write(move |tx| -> Result<(i64, Value), StoreError> {
            let version = match stored::newest_version(tx)? {
                Some(version) => version,
                None => stored::append(tx, &body, "reeve", now)?,
            };
            let found = stored::body(tx, version)?.ok_or(StoreError::Conflict)?;
            Ok((version, found))
        })
        .await?;
    read(version, &body)
        .map_err(|faults| anyhow::anyhow!("stored catalogue {version}: {}", faults.join("; ")))
}

/// Takes over a version that another replica has stored. Says whether there was one.
///
/// # Errors
/// When the database cannot be asked, or this release cannot read the version.
pub async fn refresh(desk: &Arc<Desk>) -> anyhow::Result<bool> {
    let council = desk.council();
    let own = council.catalogue.version;
    let newer = desk
        .db
        .read(move |conn| -> Result<Option<(i64, Value)>, StoreError> {
            let newest = stored::newest_version(conn)?.unwrap_or(0);
            if u64::try_from(newest).unwrap_or(0) <= own {
                return Ok(None);
            }
            Ok(stored::body(conn, newest)?.map(|body| (newest, body)))
        })
        .await?;
    let Some((version, body)) = newer else {
        return Ok(false);
    };
    let catalogue = read(version, &body)
        .map_err(|faults| anyhow::anyhow!("catalogue {version}: {}", faults.join("; ")))?;
    desk.put_in_force(council.under(catalogue)?);
    tracing::info!(version, "Catalogue version {version} is in force");
    Ok(true)
}

/// Reads and checks a new catalogue, with nothing stored. Takes a while, so it is done before the
/// transaction that stores it.
///
/// # Errors
/// Names every fault of the new one, its wording included.
pub fn propose(at: &Moment, tree: &Value) -> Result<Proposal, Failure> {
    let new = Catalogue::from_json(tree).map_err(refuse)?;
    let templates: BTreeMap<String, String> = new
        .template_sources()
        .map(|(path, text)| (path.to_owned(), text.to_owned()))
        .collect();
    let proofread = at.desk.proofreader()?;
    let misworded: Vec<Fault> = proofread(&templates)
        .into_iter()
        .map(|(path, what)| Fault {
            pointer: format!("/templates/{}", path.replace('~', "~0").replace('/', "~1")),
            code: "catalogue_fault",
            detail: what,
        })
        .collect();
    if !misworded.is_empty() {
        return Err(Failure::Invalid(misworded));
    }
    let tree = new.to_json();
    Ok(Proposal {
        changes: difference(&at.council.catalogue.to_json(), &tree),
        council: at.council.under(new)?,
        tree,
    })
}

/// Stores a new version. Every replica takes it over within a moment. Open cases keep what they were
/// promised, unless `open_cases` says that they move too: then that is written down with it, and the
/// worker moves them.
///
/// # Errors
/// [`Failure::Stale`] when another version was stored since `if_match`.
pub fn apply(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    proposal: &Proposal,
    if_match: Option<i64>,
    open_cases: OpenCases,
) -> Result<Version, Failure> {
    let newest = stored::newest_version(tx)?.unwrap_or(0);
    if if_match.is_some_and(|version| version != newest) {
        return Err(Failure::Stale);
    }
    let by = actor.principal();
    let version = stored::append(tx, &proposal.tree, &by, at.now)?;
    let note = |action: &'static str| audit::Entry {
        id: at.id(),
        at: at.now,
        actor: &by,
        action,
        object: "",
        purpose: None,
        request_id: at.request_id.as_deref(),
    };
    let object = format!("catalogue:{version}");
    audit::append(
        tx,
        &audit::Entry {
            object: &object,
            ..note("catalogue.applied")
        },
    )?;
    if open_cases == OpenCases::Move {
        moves::ask(tx, version, &actor.label(), at.now)?;
        audit::append(
            tx,
            &audit::Entry {
                object: &object,
                ..note("catalogue.cases_moved")
            },
        )?;
    }
    Ok(Version {
        version,
        applied_at: at.now,
        applied_by: by,
    })
}

/// Every stored version, newest first.
///
/// # Errors
/// When the database cannot be asked.
pub fn versions(conn: &mut Conn) -> Result<Vec<Version>, Failure> {
    Ok(stored::versions(conn)?)
}

/// What was asked for open cases with one version, if anything.
///
/// # Errors
/// When the database cannot be asked.
pub fn move_asked(conn: &mut Conn, number: i64) -> Result<Option<Asked>, Failure> {
    Ok(moves::of_version(conn, number)?)
}

/// The tree of one stored version.
///
/// # Errors
/// [`Failure::Missing`] when there is none of this number.
pub fn version(conn: &mut Conn, number: i64) -> Result<Value, Failure> {
    stored::body(conn, number)?.ok_or(Failure::Missing)
}

pub(super) fn read(version: i64, body: &Value) -> Result<Catalogue, Vec<String>> {
    // It was checked when it was stored; checking it again would only cost time.
    Catalogue::from_stored(u64::try_from(version).unwrap_or(0), body).map_err(|faults| {
        faults
            .into_iter()
            .map(|fault| format!("{}: {}", fault.pointer, fault.message))
            .collect()
    })
}

fn refuse(faults: Vec<crate::domain::catalogue::Fault>) -> Failure {
    Failure::Invalid(
        faults
            .into_iter()
            .map(|fault| Fault {
                pointer: fault.pointer,
                code: "catalogue_fault",
                detail: fault.message,
            })
            .collect(),
    )
}
