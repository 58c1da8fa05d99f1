//! The task of one mailbox: its turn, its connection, look after look.
//!
//! Of each mail, in this order: it is fetched without marking it, taken in one transaction, and put
//! away only after that has committed. Ended anywhere between, it is found again and known again.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{Mutex, Semaphore, watch};

use super::Account;
use super::connection::Trouble;
use super::session::{Folder, LARGEST, Listed};
use crate::casework::desk::Desk;
use crate::casework::failure::Failure;
use crate::casework::mail_in::{self, Delivery, Taken};
use crate::casework::mailboxes::{self, Numbered};
use crate::channels::email_in::Envelope;
use crate::domain::backoff;

/// Reads one mailbox, as long as its process lives.
#[derive(Clone)]
pub(super) struct Reader {
    desk: Arc<Desk>,
    account: Arc<Account>,
    /// Tells this process from the others.
    holder: String,
    room: Arc<Semaphore>,
    /// Outlives a connection, so that what was taken is not fetched again after each.
    progress: Arc<Mutex<Progress>>,
}

/// How far this process has come with it.
#[derive(Default)]
struct Progress {
    uid_validity: u32,
    /// All mail up to this number was taken.
    up_to: u32,
    /// Mails above it, by number, that were dealt with, and how.
    known: BTreeMap<u32, Known>,
    n_looks: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    /// Taken, and not put away yet.
    Taken,
    Done,
    /// It could not be taken, so many times.
    Failed(u32),
}

/// Why reading ended without trouble at the mail server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    Stopped,
    /// Another process has the turn.
    NotOurs,
}

/// What a look came to.
enum Looked {
    AtAll,
    /// All was seen to, and taken mail could not be put away.
    Refused(Trouble),
    Ended(Ended),
}

/// Why reading ended.
enum Stuck {
    /// The mail server.
    Mailbox(Trouble),
    /// Ourselves: nothing was marked, nothing is lost.
    Database(Failure),
}

/// A turn lasts a minute; it is kept long before.
const KEEP_TURN_AFTER: Duration = Duration::from_secs(15);
const ASK_FOR_TURN_AFTER: Duration = Duration::from_secs(5);
const LONGEST_REST: Duration = Duration::from_secs(60);
/// A mail that fails so often, with the database there, is put aside with its bytes.
const MOST_TRIES: u32 = 3;

impl Reader {
    pub(super) fn new(desk: &Arc<Desk>, account: Account, room: Arc<Semaphore>) -> Self {
        let holder: uuid::Uuid = desk.moment().id();
        Self {
            desk: Arc::clone(desk),
            account: Arc::new(account),
            holder: holder.to_string(),
            room,
            progress: Arc::default(),
        }
    }

    /// Reads until told to stop.
    pub(super) async fn read(self, mut stopped: watch::Receiver<bool>) {
        let mut n_failures: u32 = 0;
        while !*stopped.borrow_and_update() {
            // In a task of its own, so that a panic ends the visit and not the reader.
            let visit = tokio::spawn(self.clone().visit(stopped.clone())).await;
            let rest = match visit {
                Ok(Ok(Ended::Stopped)) => break,
                Ok(Ok(Ended::NotOurs)) => {
                    n_failures = 0;
                    ASK_FOR_TURN_AFTER
                }
                Ok(Err((Stuck::Mailbox(trouble), had_success))) => {
                    n_failures = if had_success {
                        1
                    } else {
                        n_failures.saturating_add(1)
                    };
                    self.tell(&trouble).await;
                    rest(n_failures, trouble.is_refusal)
                }
                Ok(Err((Stuck::Database(why), had_success))) => {
                    n_failures = if had_success {
                        1
                    } else {
                        n_failures.saturating_add(1)
                    };
                    tracing::warn!(
                        mailbox = self.account.name,
                        "Mailbox {} waits for the database: {why:#}",
                        self.account.name
                    );
                    rest(n_failures, false)
                }
                Err(panic) => {
                    n_failures = n_failures.saturating_add(1);
                    tracing::error!("Reading mailbox {} panicked: {panic}", self.account.name);
                    rest(n_failures, false)
                }
            };
            if sleep_or_stop(&mut stopped, rest).await {
                break;
            }
        }
        let (name, holder) = (&self.account.name, &self.holder);
        if let Err(why) = mailboxes::give_up_turn(&self.desk, name, holder).await {
            tracing::debug!("The turn at mailbox {name} ends by itself: {why:#}");
        }
    }

    /// One connection: look, wait, look. With trouble it says whether a look had come to its end.
    async fn visit(self, mut stopped: watch::Receiver<bool>) -> Result<Ended, (Stuck, bool)> {
        let mut turn = Turn::of(&self);
        if !turn.is_kept().await.map_err(|why| (why, false))? {
            return Ok(Ended::NotOurs);
        }
        let mut folder = Folder::open(&self.account)
            .await
            .map_err(|trouble| (trouble.into(), false))?;
        let mut had_success = false;
        let ended = self
            .stay(&mut folder, &mut turn, &mut stopped, &mut had_success)
            .await;
        if ended.is_ok() {
            folder.close().await;
        }
        ended.map_err(|stuck| (stuck, had_success))
    }

    async fn stay(
        &self,
        folder: &mut Folder,
        turn: &mut Turn<'_>,
        stopped: &mut watch::Receiver<bool>,
        had_success: &mut bool,
    ) -> Result<Ended, Stuck> {
        let (name, validity) = (&self.account.name, folder.uid_validity);
        let up_to = mailboxes::begin(&self.desk, name, validity).await?;
        let mut progress = self.progress.lock().await;
        if progress.uid_validity != validity {
            *progress = Progress {
                uid_validity: validity,
                ..Progress::default()
            };
        }
        progress.up_to = up_to;
        loop {
            match self.look(folder, turn, stopped, &mut progress).await? {
                Looked::AtAll => *had_success = true,
                Looked::Refused(trouble) => {
                    // A new connection makes the folder for taken mail again, if that is what is missing.
                    *had_success = true;
                    return Err(trouble.into());
                }
                Looked::Ended(ended) => return Ok(ended),
            }
            let until = self.desk.time.monotonic() + self.account.poll;
            loop {
                let now = self.desk.time.monotonic();
                let left = until.saturating_duration_since(now).min(KEEP_TURN_AFTER);
                if left.is_zero() {
                    break;
                }
                let is_told = if folder.can_idle() {
                    tokio::select! {
                        woken = folder.wait(left) => woken? == super::session::Woken::Told,
                        () = told_to_stop(stopped) => return Ok(Ended::Stopped),
                    }
                } else if sleep_or_stop(stopped, left).await {
                    return Ok(Ended::Stopped);
                } else {
                    false
                };
                if !turn.is_kept().await? {
                    return Ok(Ended::NotOurs);
                }
                if is_told {
                    break;
                }
            }
        }
    }

    /// One look at everything in the folder.
    async fn look(
        &self,
        folder: &mut Folder,
        turn: &mut Turn<'_>,
        stopped: &watch::Receiver<bool>,
        progress: &mut Progress,
    ) -> Result<Looked, Stuck> {
        progress.n_looks = progress.n_looks.wrapping_add(1);
        let in_folder = folder.list(progress.up_to).await?;
        progress.forget_all_but(&in_folder);
        let uids: Vec<u32> = in_folder
            .iter()
            .copied()
            .filter(|uid| progress.is_to_be_seen_to(*uid))
            .collect();
        let mut refused = None;
        for mail in folder.describe(&uids).await? {
            if *stopped.borrow() {
                return Ok(Looked::Ended(Ended::Stopped));
            }
            if !turn.is_kept().await? {
                return Ok(Looked::Ended(Ended::NotOurs));
            }
            if progress.known.get(&mail.uid) != Some(&Known::Taken)
                && !self.take(folder, progress, &mail, &in_folder).await?
            {
                continue;
            }
            match folder.put_away(&mail).await {
                Ok(()) => progress.note(mail.uid, Known::Done),
                // It is told when the others have been seen to.
                Err(trouble) if trouble.is_refusal => refused = Some(trouble),
                Err(trouble) => return Err(trouble.into()),
            }
        }
        let name = &self.account.name;
        let n_left = u32::try_from(progress.n_left()).unwrap_or(u32::MAX);
        metrics::gauge!("mailbox_left", "mailbox" => name.clone()).set(f64::from(n_left));
        if let Some(trouble) = refused {
            return Ok(Looked::Refused(trouble));
        }
        mailboxes::looked(&self.desk, name, progress.n_left()).await?;
        Ok(Looked::AtAll)
    }

    /// Takes one mail; false when there is nothing to put away.
    async fn take(
        &self,
        folder: &mut Folder,
        progress: &mut Progress,
        mail: &Listed,
        in_folder: &[u32],
    ) -> Result<bool, Stuck> {
        let _room = self
            .room
            .acquire()
            .await
            .map_err(|why| Stuck::Database(Failure::Fault(why.into())))?;
        let n_failed = match progress.known.get(&mail.uid) {
            Some(Known::Failed(n)) => *n,
            _ => 0,
        };
        let Some(raw) = folder.bytes(mail).await? else {
            // Somebody took it away while we looked, and it is listed no more; or the server would not
            // hand it over this time, which must not pass for having it.
            progress.note(mail.uid, Known::Failed(n_failed.saturating_add(1)));
            return Ok(false);
        };
        let is_hopeless = n_failed >= MOST_TRIES;
        let delivery = Arc::new(self.delivery(mail, raw, is_hopeless).await?);
        progress.note(mail.uid, Known::Taken);
        let numbered = Numbered {
            uid_validity: progress.uid_validity,
            up_to: progress.all_taken(in_folder),
        };
        match mailboxes::take(&self.desk, &self.account.name, numbered, delivery).await {
            Ok(taken) => {
                progress.up_to = progress.up_to.max(numbered.up_to);
                self.count(&taken);
                Ok(true)
            }
            Err(why) if why.is_of_the_database() => {
                progress.known.remove(&mail.uid);
                Err(why.into())
            }
            Err(why) => {
                let n_failed = n_failed.saturating_add(1);
                progress.note(mail.uid, Known::Failed(n_failed));
                tracing::error!(
                    mailbox = self.account.name,
                    uid = mail.uid,
                    "Mail {} of mailbox {} could not be taken, the {n_failed}. time: {why:#}",
                    mail.uid,
                    self.account.name
                );
                metrics::counter!("mailbox_refused_total", "mailbox" => self.account.name.clone())
                    .increment(1);
                Ok(false)
            }
        }
    }

    async fn delivery(
        &self,
        mail: &Listed,
        raw: Vec<u8>,
        is_hopeless: bool,
    ) -> Result<Delivery<Vec<u8>>, Stuck> {
        let envelope = Envelope {
            recipient: self.account.recipient.clone(),
            sender: None,
        };
        let why_not = if is_hopeless {
            Some("it could not be taken in, several times")
        } else if mail.size > LARGEST {
            Some("it is larger than we keep; this is how it begins, the mail server has all of it")
        } else if raw.len() > self.account.largest {
            Some("it is larger than we read")
        } else {
            None
        };
        let arrived_at = mail.arrived_at.map(|at| self.desk.time.by_this_clock(at));
        let moment = self.desk.moment();
        let delivery = tokio::task::spawn_blocking(move || match why_not {
            Some(why) => mail_in::set_aside(raw, envelope, why),
            None => mail_in::read(&moment, raw, envelope),
        })
        .await
        .map_err(|why| Stuck::Database(Failure::Fault(why.into())))?;
        Ok(match arrived_at {
            Some(at) => delivery.arrived(at),
            None => delivery,
        })
    }

    fn count(&self, taken: &Taken) {
        let disposition = taken.disposition.as_str();
        let name = self.account.name.clone();
        metrics::counter!(
            "mailbox_mails_total", "mailbox" => name.clone(), "disposition" => disposition
        )
        .increment(1);
        tracing::info!(
            mailbox = name,
            disposition,
            contact = taken.contact.map(|id| id.to_string()),
            "A mail of mailbox {name} was taken"
        );
    }

    async fn tell(&self, trouble: &Trouble) {
        let name = &self.account.name;
        tracing::warn!(mailbox = name, "Mailbox {name} cannot be read: {trouble}");
        metrics::counter!("mailbox_failures_total", "mailbox" => name.clone()).increment(1);
        if let Err(why) = mailboxes::failed(&self.desk, name, &trouble.why).await {
            tracing::warn!("That mailbox {name} cannot be read could not be written: {why:#}");
        }
    }
}

/// The turn at a mailbox, kept often enough and no oftener.
struct Turn<'a> {
    reader: &'a Reader,
    kept_at: Option<Instant>,
}

impl<'a> Turn<'a> {
    fn of(reader: &'a Reader) -> Self {
        Self {
            reader,
            kept_at: None,
        }
    }

    async fn is_kept(&mut self) -> Result<bool, Stuck> {
        let now = self.reader.desk.time.monotonic();
        let is_fresh = self
            .kept_at
            .is_some_and(|at| now.saturating_duration_since(at) < KEEP_TURN_AFTER);
        if is_fresh {
            return Ok(true);
        }
        let Reader {
            desk,
            account,
            holder,
            ..
        } = self.reader;
        let is_ours = mailboxes::keep_turn(desk, &account.name, holder).await?;
        self.kept_at = is_ours.then_some(now);
        Ok(is_ours)
    }
}

impl Progress {
    fn note(&mut self, uid: u32, known: Known) {
        self.known.insert(uid, known);
    }

    /// What is not in the folder any more needs no remembering.
    fn forget_all_but(&mut self, uids: &[u32]) {
        self.known.retain(|uid, _| uids.binary_search(uid).is_ok());
    }

    fn is_to_be_seen_to(&self, uid: u32) -> bool {
        match self.known.get(&uid) {
            Some(Known::Done) => false,
            // Tried at once until it is hopeless, then less and less often.
            Some(Known::Failed(n)) if *n > MOST_TRIES => {
                let doublings = n.saturating_sub(MOST_TRIES).min(8);
                self.n_looks.is_multiple_of(1_u32 << doublings)
            }
            Some(Known::Failed(_) | Known::Taken) | None => true,
        }
    }

    /// Up to which of the numbers in the folder, in their order, all are taken.
    fn all_taken(&self, in_folder: &[u32]) -> u32 {
        let passed = in_folder.partition_point(|uid| *uid <= self.up_to);
        let ahead = in_folder.iter().skip(passed);
        ahead
            .take_while(|uid| matches!(self.known.get(uid), Some(Known::Taken | Known::Done)))
            .last()
            .copied()
            .unwrap_or(self.up_to)
    }

    fn n_left(&self) -> usize {
        let left = self.known.values();
        left.filter(|known| matches!(known, Known::Failed(_)))
            .count()
    }
}

impl From<Trouble> for Stuck {
    fn from(trouble: Trouble) -> Self {
        Self::Mailbox(trouble)
    }
}

impl From<Failure> for Stuck {
    fn from(failure: Failure) -> Self {
        Self::Database(failure)
    }
}

/// 1, 2, 4 … seconds up to a minute; after a refusal 1, 2, 4 … minutes, because whoever knocks with a
/// wrong password again and again is locked out. A part of it by chance, so that mailboxes that
/// failed together do not come back together.
fn rest(n_failures: u32, is_refusal: bool) -> Duration {
    let chance: u8 = rand::random();
    if is_refusal {
        return Duration::try_from(backoff::wait(n_failures, chance)).unwrap_or(LONGEST_REST);
    }
    let doublings = n_failures.saturating_sub(1).min(6);
    let whole = Duration::from_secs(1 << doublings).min(LONGEST_REST);
    whole - whole / 5 * u32::from(chance) / 255
}

/// Whether it was told to stop before the time was over.
pub(super) async fn sleep_or_stop(stopped: &mut watch::Receiver<bool>, time: Duration) -> bool {
    tokio::select! {
        () = told_to_stop(stopped) => true,
        () = tokio::time::sleep(time) => false,
    }
}

async fn told_to_stop(stopped: &mut watch::Receiver<bool>) {
    if stopped.wait_for(|is_stopped| *is_stopped).await.is_err() {
        // Whoever could tell has gone, and the process with them.
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn progress(up_to: u32, known: &[(u32, Known)]) -> Progress {
        Progress {
            uid_validity: 7,
            up_to,
            known: known.iter().copied().collect(),
            n_looks: 1,
        }
    }

    #[test]
    fn what_could_not_be_taken_is_never_passed_over_for_good() {
        use Known::{Done, Failed, Taken};
        let in_folder = [3, 4, 8, 9];
        let check = |known: &[(u32, Known)], up_to: u32| {
            assert_eq!(progress(2, known).all_taken(&in_folder), up_to, "{known:?}");
        };
        check(&[], 2);
        check(&[(3, Taken)], 3);
        check(&[(3, Done), (4, Done), (8, Taken)], 8);
        check(&[(3, Done), (4, Failed(1)), (8, Done), (9, Taken)], 3);
        check(&[(3, Done), (8, Taken)], 3);
        assert_eq!(progress(9, &[]).all_taken(&in_folder), 9);
    }

    #[test]
    fn a_mail_that_is_refused_again_and_again_is_tried_less_and_less_often() {
        let tries = |n_failed: u32| {
            let looks = (1..=1024).filter(|look| {
                let mut progress = progress(0, &[(5, Known::Failed(n_failed))]);
                progress.n_looks = *look;
                progress.is_to_be_seen_to(5)
            });
            looks.count()
        };
        assert_eq!(tries(1), 1024);
        assert_eq!(tries(MOST_TRIES), 1024, "the last try puts it aside");
        assert_eq!(tries(MOST_TRIES + 1), 512);
        assert_eq!(tries(u32::MAX), 4, "and it is never given up");
    }

    #[test]
    fn what_failed_rests_longer_each_time_and_a_refused_password_much_longer() {
        let between = |time: Duration, from: u64, to: u64| {
            assert!(
                time >= Duration::from_secs(from) && time <= Duration::from_secs(to),
                "{time:?}"
            );
        };
        between(rest(1, false), 0, 1);
        between(rest(4, false), 6, 8);
        between(rest(u32::MAX, false), 48, 60);
        between(rest(1, true), 48, 60);
        between(rest(u32::MAX, true), 24 * 60, 30 * 60);
    }
}
