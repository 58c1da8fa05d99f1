//! The catalogue in force: stored versions, and how every replica comes to the newest.

use std::sync::Arc;

use serde_json::Value;

use super::desk::{Council, Desk, Moment};
use super::failure::{Failure, Fault};
use crate::domain::access::Actor;
use crate::domain::catalogue::{Catalogue, Change, difference};
use crate::domain::triage::Example;
use crate::store::catalogue::{self as stored, Version};
use crate::store::{Conn, Db, StoreError, Tx, audit};

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
pub async fn refresh(desk: &Arc<Desk>, examples: &[Example]) -> anyhow::Result<bool> {
    let own = desk.council().catalogue.version;
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
    desk.put_in_force(Council::new(catalogue, examples)?);
    tracing::info!(version, "Catalogue version {version} is in force");
    Ok(true)
}

/// What a new catalogue would change, with nothing stored.
///
/// # Errors
/// Names every fault of the new one.
pub fn preview(at: &Moment, tree: &Value) -> Result<Vec<Change>, Failure> {
    let new = Catalogue::from_json(tree).map_err(refuse)?;
    Ok(difference(&at.council.catalogue.to_json(), &new.to_json()))
}

/// Stores a new version. Every replica takes it over within a moment; open cases keep what they
/// were promised.
///
/// # Errors
/// Names every fault; [`Failure::Stale`] when another version was stored since `if_match`.
pub fn apply(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    tree: &Value,
    if_match: Option<i64>,
) -> Result<Version, Failure> {
    let new = Catalogue::from_json(tree).map_err(refuse)?;
    let newest = stored::newest_version(tx)?.unwrap_or(0);
    if if_match.is_some_and(|version| version != newest) {
        return Err(Failure::Stale);
    }
    let by = actor.principal();
    let version = stored::append(tx, &new.to_json(), &by, at.now)?;
    audit::append(
        tx,
        &audit::Entry {
            id: at.id(),
            at: at.now,
            actor: &by,
            action: "catalogue.applied",
            object: &format!("catalogue:{version}"),
            purpose: None,
            request_id: at.request_id.as_deref(),
        },
    )?;
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

/// The tree of one stored version.
///
/// # Errors
/// [`Failure::Missing`] when there is none of this number.
pub fn version(conn: &mut Conn, number: i64) -> Result<Value, Failure> {
    stored::body(conn, number)?.ok_or(Failure::Missing)
}

fn read(version: i64, body: &Value) -> Result<Catalogue, Vec<String>> {
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
