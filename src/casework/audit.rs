//! The audit: who did and saw what, chained so that a later edit shows.
//!
//! A line is written in the transaction of the act it tells of. Within a second one replica takes
//! the lines that wait into the chain: the hash of each covers the hash before it and every field of
//! the line. Writers never wait for that. Whoever can write the database could still make the whole
//! chain anew; a [`Checkpoint`], signed and kept elsewhere, is what such a chain does not fit.
//!
//! | found by [`verify`] | how |
//! |---|---|
//! | a line edited | its hash no longer fits |
//! | lines put in another order, or a seal edited | the next hash no longer fits |
//! | a line or a seal removed | its number or its line is missing |
//! | a line added behind the chain's back | it has no seal and does not wait for one |
//! | the end cut off, or all of it made anew | the checkpoint's seal is not there, or another |

use std::sync::Arc;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::desk::{Desk, Moment};
use super::failure::Failure;
use super::views::{AfterRow, Part};
use crate::auth::signing::{self, SignatureError, SigningKey};
use crate::domain::access::Actor;
use crate::store::audit::{self, Asked, Entry, Line, Seal};
use crate::store::{Conn, Db, Tx, settings};

/// One line, as an auditor reads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct AuditLine {
    pub id: Uuid,
    pub at: Timestamp,
    /// `user:<id>`, `key:<id>`, `key:<id>:user:<id>`, `link:<id>`, `address:<address>` or `reeve`.
    pub actor: String,
    /// `case.replied`, `case.read`, `user.changed` …
    pub action: String,
    /// `case:<id>`, `person:<id>`, `user:<id>` …
    pub object: String,
    /// The reason that was given, where the act asks for one.
    pub purpose: Option<String>,
    /// Also in the log, and in the answer's `X-Request-Id`.
    pub request_id: Option<String>,
    /// Its number in the chain; null for less than a second or so.
    pub seal: Option<i64>,
}

/// What the chain had come to, signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    /// The number of the last seal.
    pub seal: i64,
    /// Its hash, in hexadecimal.
    pub hash: String,
    pub sealed_at: Timestamp,
    pub made_at: Timestamp,
    /// Ed25519, in base64.
    pub public_key: String,
    pub signature: String,
}

/// What holding the audit against its chain came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verified {
    /// Lines whose seals fit.
    pub n_sealed: i64,
    /// Lines written in the last second or so, which no seal covers yet.
    pub n_waiting: i64,
    /// The number and hash a checkpoint of now would name.
    pub last_seal: i64,
    pub last_hash: String,
    /// What does not fit, the first hundred; empty when all is in order.
    pub faults: Vec<String>,
}

/// The chain, as far as it has come.
#[derive(Debug, Clone)]
pub struct Chain {
    number: i64,
    hash: Vec<u8>,
    sealed_at: Timestamp,
}

/// Why there is no checkpoint, or one is not taken.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    #[error("nothing is sealed yet: a worker seals within a second; try again")]
    NothingSealed,
    #[error("the checkpoint is not one of ours: {0}")]
    Signature(#[from] SignatureError),
    #[error(
        "the checkpoint was signed by another key than this installation's ({0}); if the key was \
         changed, name the old public key with --public-key"
    )]
    OtherKey(String),
}

/// Lines sealed in one transaction.
const BATCH: i64 = 500;
/// Faults told; more say nothing new.
const MOST_FAULTS: usize = 100;
/// What the first seal's hash covers in place of one before it.
const BEGINNING: [u8; 32] = [0; 32];

/// Takes the lines that wait into the chain; says how many. Replicas take turns.
///
/// # Errors
/// When it cannot be written; the lines then wait on.
pub async fn seal(desk: &Arc<Desk>) -> Result<usize, Failure> {
    let mut n_sealed = 0;
    loop {
        let n_waiting = desk.db.read(audit::n_unsealed).await?;
        if n_waiting == 0 {
            return Ok(n_sealed);
        }
        let now = desk.time.now();
        let n = desk.db.write(move |tx| seal_some(tx, now)).await?;
        n_sealed += n;
        if n == 0 {
            return Ok(n_sealed);
        }
    }
}

fn seal_some(tx: &mut Tx<'_>, now: Timestamp) -> Result<usize, Failure> {
    // Until the transaction ends: the next to seal reads what was sealed here.
    settings::hold(tx, "audit")?;
    let lines = audit::unsealed(tx, BATCH)?;
    let mut chain = Chain::after(audit::last_seal(tx)?, now);
    let seals: Vec<Seal> = lines.iter().map(|line| chain.add(line)).collect();
    audit::add_seals(tx, &seals)?;
    Ok(seals.len())
}

impl Chain {
    /// The chain after its last seal, to be gone on with at this instant.
    #[must_use]
    pub fn after(last: Option<Seal>, now: Timestamp) -> Self {
        let (number, hash) = last.map_or((0, BEGINNING.to_vec()), |last| (last.number, last.hash));
        Self {
            number,
            hash,
            sealed_at: now,
        }
    }

    /// Takes a line in: its seal.
    pub fn add(&mut self, line: &Line) -> Seal {
        self.number += 1;
        self.hash = hash(self.number, &self.hash, line);
        Seal {
            number: self.number,
            line: line.id,
            hash: self.hash.clone(),
            sealed_at: self.sealed_at,
        }
    }
}

/// A part of the audit, newest first.
///
/// # Errors
/// When it cannot be read.
pub fn list(
    conn: &mut Conn,
    asked: &Asked,
    limit: u16,
) -> Result<Part<AuditLine, AfterRow>, Failure> {
    let rows = audit::list(conn, asked, i64::from(limit) + 1)?;
    let part = Part::cut(rows, limit, |(line, _)| (line.at, line.id));
    Ok(Part {
        items: part
            .items
            .into_iter()
            .map(|(line, seal)| shown(line, seal))
            .collect(),
        next: part.next,
    })
}

/// Puts down that somebody looked at something that is not everybody's to see.
///
/// # Errors
/// When it cannot be written; then it must not be shown either.
pub fn note_look(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    action: &str,
    object: &str,
    purpose: Option<&str>,
) -> Result<(), Failure> {
    Ok(audit::append(
        tx,
        &Entry {
            id: at.id(),
            at: at.now,
            actor: &actor.principal(),
            action,
            object,
            purpose,
            request_id: at.request_id.as_deref(),
        },
    )?)
}

/// What the chain has come to, signed.
///
/// # Errors
/// When nothing is sealed yet, or the database cannot be read.
pub async fn checkpoint(db: &Db, key: &SigningKey, now: Timestamp) -> anyhow::Result<Checkpoint> {
    let last = db
        .read(audit::last_seal)
        .await?
        .ok_or(CheckpointError::NothingSealed)?;
    let mut checkpoint = Checkpoint {
        seal: last.number,
        hash: hex(&last.hash),
        sealed_at: last.sealed_at,
        made_at: now,
        public_key: key.public(),
        signature: String::new(),
    };
    checkpoint.signature = key.sign(&checkpoint.signed_text());
    Ok(checkpoint)
}

impl Checkpoint {
    /// Holds it against the key it must be signed with.
    ///
    /// # Errors
    /// [`CheckpointError`] when it was changed, or another signed it.
    pub fn check(&self, public_key: &str) -> Result<(), CheckpointError> {
        if self.public_key != public_key {
            return Err(CheckpointError::OtherKey(self.public_key.clone()));
        }
        Ok(signing::check(
            public_key,
            &self.signed_text(),
            &self.signature,
        )?)
    }

    fn signed_text(&self) -> String {
        format!(
            "reeve audit checkpoint\nseal {}\nhash {}\nsealed_at {}\nmade_at {}\n",
            self.seal, self.hash, self.sealed_at, self.made_at
        )
    }
}

/// Holds every line against the chain, and the chain against checkpoints kept elsewhere, whose
/// signatures were checked before.
///
/// # Errors
/// When the database cannot be read.
pub async fn verify(db: &Db, kept_elsewhere: Vec<Checkpoint>) -> Result<Verified, Failure> {
    db.read(move |conn| verify_all(conn, &kept_elsewhere)).await
}

fn verify_all(conn: &mut Conn, kept_elsewhere: &[Checkpoint]) -> Result<Verified, Failure> {
    let mut faults = Vec::new();
    let mut before = BEGINNING.to_vec();
    let mut expected = 1;
    let mut n_sealed = 0;
    loop {
        let some = audit::seals_from(conn, expected, BATCH)?;
        if some.is_empty() || faults.len() >= MOST_FAULTS {
            break;
        }
        for (seal, line) in some {
            if seal.number != expected {
                let last = seal.number - 1;
                faults.push(if last == expected {
                    format!("seal {expected} was removed")
                } else {
                    format!("seals {expected} to {last} were removed")
                });
            }
            match line {
                None => faults.push(format!("line {} of seal {} was removed", seal.line, seal.number)),
                Some(line) if hash(seal.number, &before, &line) == seal.hash => n_sealed += 1,
                // After a gap the hash before is not known: the gap is told, and the chain goes on.
                Some(_) if seal.number != expected => {}
                Some(line) => faults.push(format!(
                    "seal {} does not fit: line {}, the seal itself or the one before it was changed or moved",
                    seal.number, line.id
                )),
            }
            // Not the hash as it should be: what follows an edit is told by itself.
            before = seal.hash;
            expected = seal.number + 1;
        }
    }
    for id in audit::outside_the_chain(conn, BATCH)? {
        faults.push(format!(
            "line {id} has no seal and does not wait for one: it was put there by hand, or its seal was removed"
        ));
    }
    for kept in kept_elsewhere {
        match audit::seal(conn, kept.seal)? {
            None => faults.push(format!(
                "the checkpoint of {} names seal {}, which is not there: the end was cut off",
                kept.made_at, kept.seal
            )),
            Some(own) if hex(&own.hash) != kept.hash => faults.push(format!(
                "the checkpoint of {} names another seal {} than the one there: the chain was made anew",
                kept.made_at, kept.seal
            )),
            Some(_) => {}
        }
    }
    faults.truncate(MOST_FAULTS);
    Ok(Verified {
        n_sealed,
        n_waiting: audit::n_unsealed(conn)?,
        last_seal: expected - 1,
        last_hash: hex(&before),
        faults,
    })
}

/// Every field under its length, so that no two lines are written alike.
fn hash(number: i64, before: &[u8], line: &Line) -> Vec<u8> {
    let mut hash = Sha256::new();
    let mut add = |field: Option<&[u8]>| match field {
        None => hash.update([0]),
        Some(bytes) => {
            let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
            hash.update([1]);
            hash.update(length.to_be_bytes());
            hash.update(bytes);
        }
    };
    add(Some(&number.to_be_bytes()));
    add(Some(before));
    add(Some(line.id.as_bytes()));
    add(Some(&line.at.as_microsecond().to_be_bytes()));
    add(Some(line.actor.as_bytes()));
    add(Some(line.action.as_bytes()));
    add(Some(line.object.as_bytes()));
    add(line.purpose.as_deref().map(str::as_bytes));
    add(line.request_id.as_deref().map(str::as_bytes));
    hash.finalize().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn shown(line: Line, seal: Option<i64>) -> AuditLine {
    AuditLine {
        id: line.id,
        at: line.at,
        actor: line.actor,
        action: line.action,
        object: line.object,
        purpose: line.purpose,
        request_id: line.request_id,
        seal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(actor: &str, action: &str, purpose: Option<&str>) -> Line {
        Line {
            id: Uuid::nil(),
            at: Timestamp::UNIX_EPOCH,
            actor: actor.to_owned(),
            action: action.to_owned(),
            object: "case:1".to_owned(),
            purpose: purpose.map(str::to_owned),
            request_id: None,
        }
    }

    #[test]
    fn no_two_lines_have_one_hash() {
        let one = hash(1, &BEGINNING, &line("ab", "c", None));
        for other in [
            hash(2, &BEGINNING, &line("ab", "c", None)),
            hash(1, &[1; 32], &line("ab", "c", None)),
            hash(1, &BEGINNING, &line("a", "bc", None)),
            hash(1, &BEGINNING, &line("ab", "c", Some(""))),
        ] {
            assert_ne!(one, other);
        }
    }

    #[test]
    fn a_checkpoint_that_was_changed_or_signed_by_another_is_refused() {
        let key = SigningKey::of_secret(b"ours").unwrap();
        let mut checkpoint = Checkpoint {
            seal: 7,
            hash: hex(&[7; 32]),
            sealed_at: Timestamp::UNIX_EPOCH,
            made_at: Timestamp::UNIX_EPOCH,
            public_key: key.public(),
            signature: String::new(),
        };
        checkpoint.signature = key.sign(&checkpoint.signed_text());
        checkpoint.check(&key.public()).unwrap();
        let changed = Checkpoint {
            seal: 6,
            ..checkpoint.clone()
        };
        assert!(matches!(
            changed.check(&key.public()),
            Err(CheckpointError::Signature(SignatureError::DoesNotFit))
        ));
        let other = SigningKey::of_secret(b"theirs").unwrap();
        assert!(matches!(
            checkpoint.check(&other.public()),
            Err(CheckpointError::OtherKey(_))
        ));
    }
}
