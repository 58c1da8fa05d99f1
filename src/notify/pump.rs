//! Sends what is due: claims, renders, hands over, and has the outcome kept.
//!
//! A notice is claimed under a lease, so no transaction is held while a mail server takes its time. A
//! process that dies while sending leaves its claims to end by themselves; the next claim sends under
//! the same Message-ID, which in the mail folder replaces the file and at a mail server is at most one
//! copy more. What an outcome *means* is decided by whoever keeps the [`Books`].

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::mail::{Mail, MailError};
use super::render::Renderer;
use super::texts::Texts;
use super::transport::{SendFailure, Transport};
use crate::domain::ids::NoticeId;
use crate::domain::notice::NoticeKind;
use crate::store::outbox::{Notice, TEXT};
use crate::time_source::TimeSource;

/// Sends the notices of one process.
pub struct Pump {
    at_work: Arc<AtWork>,
    sends: tokio::sync::Mutex<JoinSet<()>>,
}

/// Where the notices come from and their outcomes go.
pub struct Books {
    /// Up to so many notices that are due, under a lease of [`SEND_WITHIN`] and some more.
    pub claim: Box<dyn Fn(i64) -> Later<Vec<Notice>> + Send + Sync>,
    pub record: Box<dyn Fn(Notice, Outcome) -> Later<()> + Send + Sync>,
    /// The paper of the catalogue in force.
    pub stationery: Box<dyn Fn() -> anyhow::Result<Arc<Stationery>> + Send + Sync>,
    /// Called when a send is over: there may be room for the next.
    pub has_room: Box<dyn Fn() + Send + Sync>,
}

/// Something that is answered later, or fails.
pub type Later<T> = Pin<Box<dyn Future<Output = anyhow::Result<T>> + Send>>;

/// What a letter is written with and who it is from.
#[derive(Debug)]
pub struct Stationery {
    pub renderer: Renderer,
    pub from_name: String,
    pub from_address: String,
}

/// What is the same on every mail of this installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Habits {
    /// Marks our own mail, so that it is known when it comes back.
    pub loop_token: String,
    /// A rehearsal: every mail goes here instead.
    pub redirect_all_to: Option<String>,
    pub sends_at_once: usize,
}

/// What became of one attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Accepted for delivery.
    Accepted,
    /// Not accepted; `why` holds no address.
    Refused { why: String, is_permanent: bool },
}

/// What takes longer counts as not accepted.
pub const SEND_WITHIN: Duration = Duration::from_secs(40);
/// A claimed notice whose turn comes later than this is left: its lease may end while it is sent.
const BEGIN_WITHIN: Duration = Duration::from_secs(15);
/// How many are claimed for each that can be sent at the same time.
const CLAIMS_PER_SEND: usize = 4;

struct AtWork {
    books: Books,
    transport: Transport,
    /// None where text messages are not set up.
    texts: Option<Texts>,
    habits: Habits,
    time: TimeSource,
    room: Semaphore,
    /// What is being sent, with the newest fence: a lease that ended early (a demo clock moved ahead)
    /// is claimed again by ourselves, and then the running send goes on under the new claim.
    in_hand: Mutex<BTreeMap<NoticeId, i64>>,
}

impl Pump {
    /// A pump that has sent nothing yet, and sends no texts.
    #[must_use]
    pub fn new(books: Books, transport: Transport, habits: Habits, time: TimeSource) -> Self {
        Self::with_texts(books, transport, None, habits, time)
    }

    /// A pump that has sent nothing yet.
    #[must_use]
    pub fn with_texts(
        books: Books,
        transport: Transport,
        texts: Option<Texts>,
        habits: Habits,
        time: TimeSource,
    ) -> Self {
        let room = Semaphore::new(habits.sends_at_once.max(1));
        let in_hand = Mutex::default();
        let at_work = AtWork {
            books,
            transport,
            texts,
            habits,
            time,
            room,
            in_hand,
        };
        Self {
            at_work: Arc::new(at_work),
            sends: tokio::sync::Mutex::default(),
        }
    }

    /// Claims what is due and begins to send it; says how many were begun. A slow mail server holds
    /// up only what it was given.
    ///
    /// # Errors
    /// When nothing can be claimed, or the catalogue's templates cannot be read.
    pub async fn begin(&self) -> anyhow::Result<usize> {
        let mut sends = self.sends.lock().await;
        while let Some(ended) = sends.try_join_next() {
            if let Err(panic) = ended {
                tracing::error!(
                    "Sending a notice panicked; it is tried again when its lease ends: {panic}"
                );
            }
        }
        let most = self
            .at_work
            .habits
            .sends_at_once
            .max(1)
            .saturating_mul(CLAIMS_PER_SEND);
        let limit = most.saturating_sub(sends.len());
        if limit == 0 {
            return Ok(0);
        }
        // Before claiming: what cannot be written should not use up an attempt.
        let stationery = (self.at_work.books.stationery)()?;
        let claimed_at = self.at_work.time.monotonic();
        let claimed = (self.at_work.books.claim)(i64::try_from(limit).unwrap_or(i64::MAX)).await?;
        let fresh: Vec<Notice> = claimed
            .into_iter()
            .filter(|notice| self.at_work.take_in_hand(notice))
            .collect();
        let n_begun = fresh.len();
        for notice in fresh {
            let (at_work, stationery) = (Arc::clone(&self.at_work), Arc::clone(&stationery));
            sends.spawn(async move { at_work.see_off(notice, &stationery, claimed_at).await });
        }
        Ok(n_begun)
    }

    /// Waits until everything begun has been sent or refused, and is kept.
    pub async fn finish(&self) {
        let mut sends = self.sends.lock().await;
        while let Some(ended) = sends.join_next().await {
            if let Err(panic) = ended {
                tracing::error!(
                    "Sending a notice panicked; it is tried again when its lease ends: {panic}"
                );
            }
        }
    }

    /// Sends all that is due now and waits for it; says how many were tried.
    ///
    /// # Errors
    /// As [`Self::begin`].
    pub async fn pump_once(&self) -> anyhow::Result<usize> {
        let mut n_tried = 0;
        loop {
            let n_begun = self.begin().await?;
            self.finish().await;
            if n_begun == 0 {
                return Ok(n_tried);
            }
            n_tried += n_begun;
        }
    }
}

impl AtWork {
    /// Notes the claim; false when the notice is being sent already.
    fn take_in_hand(&self, notice: &Notice) -> bool {
        let mut in_hand = self.in_hand.lock().unwrap_or_else(PoisonError::into_inner);
        in_hand.insert(notice.id, notice.fence).is_none()
    }

    async fn see_off(&self, notice: Notice, stationery: &Stationery, claimed_at: Instant) {
        let _in_hand = InHand {
            at_work: self,
            id: notice.id,
        };
        // Only closing a semaphore makes waiting for it fail, and nobody closes this one.
        let Ok(_room) = self.room.acquire().await else {
            return;
        };
        if self.time.monotonic().saturating_duration_since(claimed_at) > BEGIN_WITHIN {
            return;
        }
        let outcome = self.send(&notice, stationery).await;
        let id = notice.id;
        let fence = self
            .in_hand
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&id)
            .copied();
        let notice = Notice {
            fence: fence.unwrap_or(notice.fence),
            ..notice
        };
        if let Err(why) = (self.books.record)(notice, outcome).await {
            tracing::error!(notice.id = %id, "Could not keep what became of notice {id}: {why:#}");
        }
    }

    async fn send(&self, notice: &Notice, stationery: &Stationery) -> Outcome {
        if notice.transport == TEXT {
            return self.text(notice).await;
        }
        let mail = match self.mail(notice, stationery) {
            Ok(mail) => mail,
            Err(why) => {
                return Outcome::Refused {
                    why: format!("{why:#}"),
                    is_permanent: false,
                };
            }
        };
        let sendable = match mail.build() {
            Ok(sendable) => sendable,
            Err(why) => {
                let is_permanent = matches!(why, MailError::NotAnAddress("recipient's"));
                return Outcome::Refused {
                    why: why.to_string(),
                    is_permanent,
                };
            }
        };
        match tokio::time::timeout(SEND_WITHIN, self.transport.send(&sendable)).await {
            Ok(Ok(())) => Outcome::Accepted,
            Ok(Err(failure)) => Outcome::Refused {
                why: failure.why,
                is_permanent: failure.is_permanent,
            },
            Err(_) => Outcome::Refused {
                why: "the mail server took too long".to_owned(),
                is_permanent: false,
            },
        }
    }

    async fn text(&self, notice: &Notice) -> Outcome {
        let refused = |why: &str, is_permanent| Outcome::Refused {
            why: why.to_owned(),
            is_permanent,
        };
        let Some(texts) = &self.texts else {
            return refused("text messages are not set up here", false);
        };
        let Some(text) = notice.letter.as_text() else {
            return refused("it cannot be said in a text", true);
        };
        // Theirs is the real time, whatever a demo's clock says: the signature is good for half a minute.
        let now = TimeSource::System.now();
        match texts.send(&notice.recipient, &text, notice.id, now).await {
            Ok(()) => Outcome::Accepted,
            Err(SendFailure { is_permanent, why }) => Outcome::Refused { why, is_permanent },
        }
    }

    fn mail(&self, notice: &Notice, stationery: &Stationery) -> anyhow::Result<Mail> {
        let kind: NoticeKind = notice.letter.kind();
        let headers = &notice.headers;
        let auto_submitted = headers
            .auto_submitted
            .as_ref()
            .and(kind.auto_submitted(headers.in_reply_to.is_some()));
        Ok(Mail {
            message_id: notice.message_id.clone(),
            date: self.time.now(),
            from_name: stationery.from_name.clone(),
            from: stationery.from_address.clone(),
            to: notice.recipient.clone(),
            reply_to: headers.reply_to.clone(),
            return_path: None,
            words: stationery.renderer.render(&notice.letter)?,
            kind,
            cases: notice.letter.references(),
            auto_submitted,
            in_reply_to: headers.in_reply_to.clone(),
            references: headers.references.clone(),
            loop_token: self.habits.loop_token.clone(),
            unsubscribe: None,
            redirect_to: self.habits.redirect_all_to.clone(),
        })
    }
}

/// Lets go of a notice however its send ends, and says that there is room.
struct InHand<'a> {
    at_work: &'a AtWork,
    id: NoticeId,
}

impl Drop for InHand<'_> {
    fn drop(&mut self) {
        self.at_work
            .in_hand
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&self.id);
        (self.at_work.books.has_room)();
    }
}

#[cfg(test)]
mod tests;
