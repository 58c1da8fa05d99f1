//! Mailboxes that are read: whose turn it is to read one, how far it has come, and who hears when it
//! cannot be read.
//!
//! How far it has come is written in the transaction that takes a mail, so that a crash leaves no
//! mail behind and none twice: what was taken and not yet put away at its source is known again by
//! its content. Nothing here speaks to a mail server.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;

use super::desk::{Desk, Moment};
use super::failure::Failure;
use super::letters;
use super::mail_in::{self, Delivery, Taken};
use crate::domain::access::{Actor, Role};
use crate::domain::notice::Says;
use crate::domain::wording::{self, Language};
use crate::store::mailboxes::{self, Row};
use crate::store::{Conn, StoreError, Tx, leases, outbox, users};

/// One mailbox, for those who run the installation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct MailboxView {
    /// What the settings call it.
    pub name: String,
    pub state: MailboxState,
    /// When a look last came to its end.
    pub read_at: Option<Timestamp>,
    /// When a mail was last taken from it.
    pub taken_at: Option<Timestamp>,
    /// Mails in it that could not be taken; they are tried again, and none of those behind them waits.
    pub left: i64,
    pub failing_since: Option<Timestamp>,
    /// Why it could not be read.
    pub last_error: Option<String>,
    pub poll_seconds: i64,
}

/// Whether mail is read from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MailboxState {
    /// The last look came to its end, not long ago.
    Read,
    /// It cannot be read; it is tried again and again. `last_error` says why.
    Failing,
    /// Nobody has read it for three of its intervals.
    Late,
    /// The settings do not name it any more.
    Retired,
}

/// Where a mail stands in its mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Numbered {
    pub uid_validity: u32,
    /// All mail up to this number is taken once this one is.
    pub up_to: u32,
}

const TURN: SignedDuration = SignedDuration::from_secs(60);
/// Clocks of replicas that differ by less than this agree.
const TOLERANCE: SignedDuration = SignedDuration::from_mins(2);
/// However short its interval, a mailbox is not late at once.
const LATE_AFTER: SignedDuration = SignedDuration::from_secs(60);
/// A mail server that is started anew is nothing to write about.
const TOLD_AFTER: SignedDuration = SignedDuration::from_mins(15);

impl Failure {
    /// Whether the database is the reason, so that anything else would fail as well.
    #[must_use]
    pub fn is_of_the_database(&self) -> bool {
        matches!(
            self,
            Self::Store(StoreError::Away(_) | StoreError::CannotWrite(_) | StoreError::Conflict)
                | Self::Busy { .. }
        )
    }
}

/// These mailboxes are read from now on, each so often, and no others.
///
/// # Errors
/// When it cannot be written.
pub async fn put_in_use(desk: &Arc<Desk>, read: Vec<(String, Duration)>) -> Result<(), Failure> {
    let read: Vec<(String, i64)> = read
        .into_iter()
        .map(|(name, every)| (name, i64::try_from(every.as_secs()).unwrap_or(i64::MAX)))
        .collect();
    desk.perform(move |tx, at| Ok(mailboxes::put_in_use(tx, &read, at.now)?))
        .await
}

/// Takes or keeps the turn at a mailbox for a minute; false when another process has it.
///
/// # Errors
/// When it cannot be written.
pub async fn keep_turn(desk: &Arc<Desk>, name: &str, holder: &str) -> Result<bool, Failure> {
    hold(desk, name, holder, TURN).await
}

/// Lets whoever asks next have the turn.
///
/// # Errors
/// When it cannot be written.
pub async fn give_up_turn(desk: &Arc<Desk>, name: &str, holder: &str) -> Result<(), Failure> {
    hold(desk, name, holder, SignedDuration::ZERO)
        .await
        .map(|_| ())
}

async fn hold(
    desk: &Arc<Desk>,
    name: &str,
    holder: &str,
    time: SignedDuration,
) -> Result<bool, Failure> {
    let (lease, holder) = (format!("mailbox:{name}"), holder.to_owned());
    let now = desk.time.now();
    desk.db
        .write(move |tx| {
            leases::end_beyond(tx, &lease, now + TURN + TOLERANCE)?;
            leases::hold(tx, &lease, &holder, now, now + time).map_err(Failure::from)
        })
        .await
}

/// Opens a mailbox whose mails are numbered under `uid_validity`; says up to which number all were
/// taken. When they were numbered anew, none of the numbers has been.
///
/// # Errors
/// When it cannot be read or written.
pub async fn begin(desk: &Arc<Desk>, name: &str, uid_validity: u32) -> Result<u32, Failure> {
    let (own, validity) = (name.to_owned(), i64::from(uid_validity));
    let (was_numbered, last_uid) = desk
        .perform(move |tx, _| {
            let row = mailboxes::find(tx, &own)?;
            let row = row.ok_or_else(|| anyhow::anyhow!("the mailbox {own} is not in use"))?;
            if row.uid_validity == Some(validity) {
                return Ok((row.uid_validity, row.last_uid));
            }
            mailboxes::number_anew(tx, &own, validity)?;
            Ok((row.uid_validity, 0))
        })
        .await?;
    if was_numbered.is_some_and(|before| before != validity) {
        tracing::warn!(
            mailbox = name,
            "The mail server has numbered mailbox {name} anew: all mail in it is looked at again"
        );
    }
    Ok(u32::try_from(last_uid).unwrap_or(u32::MAX))
}

/// Takes one mail in, and writes down how far the mailbox has come with it.
///
/// # Errors
/// When it cannot be written; the mail must then stay where it is.
pub async fn take<B: AsRef<[u8]> + Send + Sync + 'static>(
    desk: &Arc<Desk>,
    name: &str,
    numbered: Numbered,
    delivery: Arc<Delivery<B>>,
) -> Result<Taken, Failure> {
    let name = name.to_owned();
    desk.perform(move |tx, at| {
        let taken = mail_in::receive(tx, at, &Actor::System, &delivery)?;
        let (validity, up_to) = (numbered.uid_validity.into(), numbered.up_to.into());
        mailboxes::took(tx, &name, validity, up_to, at.now)?;
        Ok(taken)
    })
    .await
}

/// A look has come to its end, and so many mails are left that could not be taken.
///
/// # Errors
/// When it cannot be written.
pub async fn looked(desk: &Arc<Desk>, name: &str, n_left: usize) -> Result<(), Failure> {
    let (own, left) = (name.to_owned(), i64::try_from(n_left).unwrap_or(i64::MAX));
    let now = desk
        .perform(move |tx, at| {
            mailboxes::looked(tx, &own, left, at.now)?;
            Ok(at.now)
        })
        .await?;
    let since_1970 = now.duration_since(Timestamp::UNIX_EPOCH).as_secs_f64();
    let name = name.to_owned();
    metrics::gauge!("mailbox_last_read_timestamp_seconds", "mailbox" => name).set(since_1970);
    Ok(())
}

/// A mailbox could not be read. `why` holds no address and nothing of a mail. Administrators are
/// told once it has lasted for a while, and again each day.
///
/// # Errors
/// When it cannot be written.
pub async fn failed(desk: &Arc<Desk>, name: &str, why: &str) -> Result<(), Failure> {
    let (name, why) = (name.to_owned(), why.to_owned());
    desk.perform(move |tx, at| {
        let since = mailboxes::failed(tx, &name, &why, at.now)?;
        if at.now.duration_since(since) >= TOLD_AFTER {
            tell(tx, at, &name, &why, since)?;
        }
        Ok(())
    })
    .await
}

fn tell(
    tx: &mut Tx<'_>,
    at: &Moment,
    name: &str,
    why: &str,
    since: Timestamp,
) -> Result<(), Failure> {
    let calendar = &at.council.catalogue.calendar;
    let local = calendar.zone().to_datetime(since);
    let since_in_words = format!(
        "{} at {}",
        wording::day(local.date(), Language::English),
        wording::clock_time(local.time())
    );
    let is_first_day = calendar.date_of(since) == at.today();
    let send_at = if is_first_day {
        at.now
    } else {
        calendar.next_sending_time(at.now)
    };
    for address in users::addresses_of(tx, Role::Admin)? {
        let key = format!("mailbox:{name}:{since}:{}:{address}", at.today());
        if outbox::was_put(tx, &key)? {
            continue;
        }
        let says = Says::MailboxUnread {
            mailbox: name.to_owned(),
            since: since_in_words.clone(),
            why: why.to_owned(),
        };
        letters::tell_staff(tx, at, None, &address, says, key, send_at)?;
    }
    Ok(())
}

/// All mailboxes, by name.
///
/// # Errors
/// When they cannot be read.
pub fn list(conn: &mut Conn, at: &Moment) -> Result<Vec<MailboxView>, Failure> {
    let rows = mailboxes::all(conn)?;
    Ok(rows.into_iter().map(|row| show(row, at.now)).collect())
}

/// How many should be read and are not.
///
/// # Errors
/// When they cannot be read.
pub fn n_unread(conn: &mut Conn, at: &Moment) -> Result<usize, Failure> {
    let unread =
        |view: &MailboxView| matches!(view.state, MailboxState::Failing | MailboxState::Late);
    Ok(list(conn, at)?.iter().filter(|view| unread(view)).count())
}

fn show(row: Row, now: Timestamp) -> MailboxView {
    let every = SignedDuration::from_secs(row.poll_seconds);
    let heard_at = [row.read_at, row.taken_at].into_iter().flatten().max();
    let is_late =
        now.duration_since(heard_at.unwrap_or(row.begun_at)) > (every * 3).max(LATE_AFTER);
    let state = if !row.is_in_use {
        MailboxState::Retired
    } else if row.failing_since.is_some() {
        MailboxState::Failing
    } else if is_late {
        MailboxState::Late
    } else {
        MailboxState::Read
    };
    MailboxView {
        name: row.name,
        state,
        read_at: row.read_at,
        taken_at: row.taken_at,
        left: row.n_left,
        failing_since: row.failing_since,
        last_error: row.last_error,
        poll_seconds: row.poll_seconds,
    }
}
