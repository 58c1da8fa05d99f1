//! What is done to attachments by the clock: files of mails taken out of them, scans tried again, bytes
//! that nothing names any more let go.
//!
//! Each file has a `wake_at`; whoever takes one on holds it for a time, so that a worker that is cut off
//! is followed by another. Doing any of it twice does no harm.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::{Attachment, Came, Keeping, mark_harmful, rows, tell_of_harm, verdict_on};
use crate::casework::desk::{Desk, Moment};
use crate::casework::failure::Failure;
use crate::channels::email_in::{self, Part};
use crate::domain::attachment::{Look, Scan, Withheld, judge};
use crate::domain::backoff;
use crate::domain::ids::ContactId;
use crate::store::Tx;
use crate::store::files::Found;
use crate::store::redaction::{Of, raw_messages};

/// What lay about at the last look and was named by nothing. It goes when the next one finds it so too:
/// whatever is coming in has come by then.
#[derive(Debug, Default)]
pub struct Tidying {
    seen: Mutex<Found>,
}

/// How long whoever takes a file on has for it. No scan is waited for as long.
const LEASE: SignedDuration = SignedDuration::from_secs(150);
/// A scanner that is away is asked again no later than this.
const LONGEST_WAIT: SignedDuration = SignedDuration::from_mins(5);
/// Files read at a time, and looked at in one run.
const AT_ONCE: i64 = 20;
const IN_ONE_RUN: usize = 200;
/// No file is begun in a run after this long: the server is taken for broken when a run does not end.
const LONGEST_RUN: Duration = Duration::from_secs(20);
/// Hashes asked about at a time.
const HASHES_AT_ONCE: usize = 500;

/// The files of one mail, taken out of it.
type Parts = Arc<Vec<(Part, Vec<u8>)>>;

/// Whether whoever looks for viruses can be asked again at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    Answered,
    /// Every other file would be waited for as long.
    NoAnswer,
}

/// Looks at the files whose hour has come, and says how many there were: first at those that are to go,
/// then at those to be scanned, until the scanner gives no answer. What is left has its turn in the
/// next run.
///
/// # Errors
/// When the database cannot be asked or written; they are looked at again then.
pub async fn tend(desk: &Arc<Desk>) -> Result<usize, Failure> {
    let Ok(keeping) = desk.keeping() else {
        return Ok(0);
    };
    let began = desk.time.monotonic();
    let mut n_done = 0;
    let mut opened: Option<(ContactId, Parts)> = None;
    while n_done < IN_ONE_RUN {
        let due = desk
            .read(|conn, at| Ok(rows::to_wake(conn, at.now, AT_ONCE)?))
            .await?;
        if due.is_empty() {
            break;
        }
        for attachment in due {
            n_done += 1;
            let claimed = attachment.clone();
            let is_ours = write(desk, move |tx, at| {
                Ok(rows::claim(tx, &claimed, at.now + LEASE)?)
            })
            .await?;
            if is_ours && look_at(desk, keeping, attachment, &mut opened).await? == Asked::NoAnswer
            {
                return Ok(n_done);
            }
            if desk.time.monotonic().saturating_duration_since(began) >= LONGEST_RUN {
                return Ok(n_done);
            }
        }
    }
    Ok(n_done)
}

impl Tidying {
    /// Takes away what was sent and named by no contact in time, and what lies about since somebody was
    /// cut off.
    ///
    /// # Errors
    /// When the folder or the database cannot be read or written.
    pub async fn look(&self, desk: &Arc<Desk>) -> Result<(), Failure> {
        let Ok(keeping) = desk.keeping() else {
            return Ok(());
        };
        let kept = keeping.unused_kept;
        write(desk, move |tx, at| {
            Ok(rows::take_away_unused(tx, at.now - kept, at.now)?)
        })
        .await?;
        let folder = keeping.folder.clone();
        let found = tokio::task::spawn_blocking(move || folder.everything())
            .await
            .map_err(anyhow::Error::from)?
            .map_err(anyhow::Error::from)?;
        let unnamed = self.unnamed(desk, found).await?;
        let before = {
            let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *seen, unnamed.clone())
        };
        for path in before.incoming.intersection(&unnamed.incoming) {
            keeping.folder.remove_incoming(path)?;
        }
        for hash in before.placed.intersection(&unnamed.placed) {
            let hash = hash.clone();
            write(desk, move |tx, at| {
                rows::hold(tx, &hash)?;
                if rows::among(tx, std::slice::from_ref(&hash))?.is_empty() {
                    at.desk.keeping()?.folder.remove(&hash)?;
                    tracing::info!("Bytes of an attachment that nothing names were let go");
                }
                Ok(())
            })
            .await?;
        }
        Ok(())
    }

    /// What lies there and no row names.
    async fn unnamed(&self, desk: &Arc<Desk>, found: Found) -> Result<Found, Failure> {
        desk.read(move |conn, _| {
            let mut unnamed = Found {
                incoming: found.incoming,
                ..Found::default()
            };
            let all: Vec<String> = found.placed.into_iter().collect();
            for some in all.chunks(HASHES_AT_ONCE) {
                let named = rows::among(conn, some)?;
                let lying = some.iter().filter(|hash| !named.contains(*hash));
                unnamed.placed.extend(lying.cloned());
            }
            Ok(unnamed)
        })
        .await
    }
}

async fn look_at(
    desk: &Arc<Desk>,
    keeping: &Keeping,
    attachment: Attachment,
    opened: &mut Option<(ContactId, Parts)>,
) -> Result<Asked, Failure> {
    match (attachment.withheld, &attachment.hash, attachment.contact) {
        (Some(Withheld::Removed), _, _) => {
            let_go(desk, attachment).await?;
            Ok(Asked::Answered)
        }
        (Some(_), _, _) | (None, None, None) => {
            rest(desk, attachment).await?;
            Ok(Asked::Answered)
        }
        (None, Some(hash), _) => {
            let hash = hash.clone();
            scan_again(desk, keeping, attachment, hash).await
        }
        (None, None, Some(contact)) => {
            let is_open = opened.as_ref().is_some_and(|(of, _)| *of == contact);
            if !is_open {
                *opened = Some((contact, parts_of(desk, contact).await?));
            }
            let place = usize::try_from(attachment.place).map_err(anyhow::Error::from)?;
            let parts = opened.as_ref().map(|(_, parts)| Arc::clone(parts));
            let part = parts.as_ref().and_then(|parts| parts.get(place));
            lodge(
                desk,
                keeping,
                attachment,
                part.map(|(_, bytes)| bytes.as_slice()),
            )
            .await
        }
    }
}

/// Nothing is to be done about it.
async fn rest(desk: &Arc<Desk>, attachment: Attachment) -> Result<(), Failure> {
    write(desk, move |tx, _| Ok(rows::wake(tx, attachment.id, None)?)).await
}

/// A file that was taken away: its bytes go, unless another file has them.
async fn let_go(desk: &Arc<Desk>, attachment: Attachment) -> Result<(), Failure> {
    write(desk, move |tx, at| {
        if let Some(hash) = &attachment.hash {
            rows::hold(tx, hash)?;
            if !rows::is_named(tx, hash)? {
                at.desk.keeping()?.folder.remove(hash)?;
            }
        }
        Ok(rows::note_gone(tx, &attachment)?)
    })
    .await
}

async fn scan_again(
    desk: &Arc<Desk>,
    keeping: &Keeping,
    attachment: Attachment,
    hash: String,
) -> Result<Asked, Failure> {
    let Some(path) = keeping.folder.find(&hash) else {
        tracing::error!(attachment.id = %attachment.id, "The bytes of an attachment are not in the folder: is it the right one?");
        ask_later(desk, attachment).await?;
        return Ok(Asked::Answered);
    };
    let verdict = keeping.scanner.look_at(&path).await;
    if verdict.scan() == Scan::Pending {
        ask_later(desk, attachment).await?;
        return Ok(Asked::NoAnswer);
    }
    write(desk, move |tx, at| {
        let (scan, finding) = verdict_on(tx, &hash, &verdict)?;
        if scan == Scan::Infected {
            mark_harmful(tx, at, &hash, finding.as_deref())?;
        } else {
            rows::note_scan(tx, &hash, scan, None)?;
        }
        Ok(rows::wake(tx, attachment.id, None)?)
    })
    .await?;
    Ok(Asked::Answered)
}

async fn ask_later(desk: &Arc<Desk>, attachment: Attachment) -> Result<(), Failure> {
    write(desk, move |tx, at| {
        Ok(rows::wake(
            tx,
            attachment.id,
            Some(next_look(at.now, &attachment)),
        )?)
    })
    .await
}

fn next_look(now: Timestamp, attachment: &Attachment) -> Timestamp {
    let n_looks = u32::try_from(attachment.n_looks).unwrap_or(0);
    now + backoff::wait(n_looks.saturating_add(1), 0).min(LONGEST_WAIT)
}

/// Takes a file out of its mail: kept like any other when it is one that would be taken, else left where
/// it is, with why.
async fn lodge(
    desk: &Arc<Desk>,
    keeping: &Keeping,
    attachment: Attachment,
    bytes: Option<&[u8]>,
) -> Result<Asked, Failure> {
    let Some(bytes) = bytes else {
        withhold(desk, attachment, Withheld::Unreadable).await?;
        return Ok(Asked::Answered);
    };
    let mut look = Look::default();
    look.add(bytes);
    let content_type = look.kind().content_type;
    let seen = Attachment {
        content_type: content_type.to_owned(),
        size: i64::try_from(look.size()).map_err(anyhow::Error::from)?,
        ..attachment
    };
    if look.size() > keeping.largest {
        withhold(desk, seen, Withheld::TooLarge).await?;
        return Ok(Asked::Answered);
    }
    if let Err(unfit) = judge(&look, &seen.name, None, &keeping.types) {
        withhold(desk, seen, unfit.withheld()).await?;
        return Ok(Asked::Answered);
    }
    let mut coming = keeping.folder.begin(desk.moment().id()).await?;
    coming.write(bytes).await?;
    let came: Arc<Came> = Arc::new(coming.end().await?);
    let verdict = keeping.scanner.look_at(came.path()).await;
    let asked = if verdict.scan() == Scan::Pending {
        Asked::NoAnswer
    } else {
        Asked::Answered
    };
    write(desk, move |tx, at| {
        rows::hold(tx, &came.hash)?;
        at.desk.keeping()?.folder.place(&came)?;
        let (scan, finding) = verdict_on(tx, &came.hash, &verdict)?;
        let lodged = Attachment {
            hash: Some(came.hash.clone()),
            scan,
            finding,
            wake_at: (scan == Scan::Pending).then(|| next_look(at.now, &seen)),
            ..seen.clone()
        };
        rows::note_lodged(tx, &lodged)?;
        if scan == Scan::Infected {
            mark_harmful(tx, at, &came.hash, lodged.finding.as_deref())?;
            tell_of_harm(tx, at, &[lodged])?;
        }
        Ok(())
    })
    .await?;
    Ok(asked)
}

async fn withhold(
    desk: &Arc<Desk>,
    attachment: Attachment,
    withheld: Withheld,
) -> Result<(), Failure> {
    let withheld = Attachment {
        withheld: Some(withheld),
        wake_at: None,
        ..attachment
    };
    write(desk, move |tx, _| Ok(rows::note_lodged(tx, &withheld)?)).await
}

/// The files of a mail, in the order they were listed when it came in; none when it cannot be read.
async fn parts_of(desk: &Arc<Desk>, contact: ContactId) -> Result<Parts, Failure> {
    let raw = desk
        .read(move |conn, _| Ok(raw_messages(conn, Of::Contact(contact))?))
        .await?;
    let parts = tokio::task::spawn_blocking(move || {
        raw.first()
            .map(|(_, _, bytes)| email_in::attachments(bytes))
            .unwrap_or_default()
    })
    .await
    .map_err(anyhow::Error::from)?;
    Ok(Arc::new(parts))
}

/// In a transaction of its own. Not through [`Desk::perform`]: nothing is to be sent after it.
async fn write<T, W>(desk: &Arc<Desk>, work: W) -> Result<T, Failure>
where
    T: Send + 'static,
    W: Fn(&mut Tx<'_>, &Moment) -> Result<T, Failure> + Send + 'static,
{
    let moment = desk.moment();
    desk.db.write(move |tx| work(tx, &moment)).await
}
