//! Taking in one file of a form, to the disk, as it comes: never more of it in memory than is on its way
//! from the one to the other.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use actix_web::web::{Bytes, Payload};
use multer::{Constraints, Field, Multipart, SizeLimit};
use tokio::io::{AsyncWriteExt as _, DuplexStream, duplex};
use tokio::sync::{AcquireError, Semaphore};

use super::front::Front;
use super::gate::{body_too_slow, broken_body, too_large};
use super::problem::Problem;
use crate::casework::attachments;
use crate::casework::{Failure, Fault};
use crate::domain::attachment::file_name;

/// The body of a request that holds a file, not read yet.
pub struct Upload {
    payload: Payload,
    limit: usize,
    /// Of what stands in the form beside the file; 0 where nothing may.
    most_words: usize,
    content_type: String,
    /// The address it comes from, where nobody has signed in.
    stranger: Option<String>,
}

/// A file that has come in.
#[derive(Debug)]
pub struct Came {
    pub came: Arc<attachments::Came>,
    /// Made safe.
    pub name: String,
    /// The type its sender gave it.
    pub claimed: Option<String>,
}

/// A page's form in parts, read.
#[derive(Debug)]
pub struct Posted {
    /// In their order.
    pub words: Vec<(String, String)>,
    /// None where no file was chosen; why not, where it cannot be taken.
    pub file: Result<Option<Came>, Problem>,
}

/// How many times a file's size a page's form may be, to be answered with a page that keeps its words.
pub(super) const HEARD_OUT: usize = 4;
/// What a form in parts adds to the file in it, at most.
pub(super) const WRAPPING: usize = 16 * 1024;
/// The one part.
const PART: &str = "file";
/// On its way between the connection and the disk.
const BETWEEN: usize = 64 * 1024;
/// Slower than this for longer than a body may take, and it is no upload but a way to hold us up.
const SLOWEST_BYTES_PER_SECOND: u64 = 16 * 1024;

/// Files taken in at once. Each holds a connection and the disk for a while.
static TAKING_IN: Semaphore = Semaphore::const_new(16);
/// Of those, for one address from which nobody has signed in: no stranger holds up all others.
const OF_A_STRANGER: usize = 3;
/// The turns of each address that has or waits for one.
static OF_STRANGERS: Mutex<BTreeMap<String, Weak<Semaphore>>> = Mutex::new(BTreeMap::new());
const PATIENCE: Duration = Duration::from_secs(5);

impl Upload {
    pub(super) fn new(
        payload: Payload,
        limit: usize,
        most_words: usize,
        content_type: String,
        stranger: Option<String>,
    ) -> Self {
        Self {
            payload,
            limit,
            most_words,
            content_type,
            stranger,
        }
    }

    /// It comes from somebody who is known after all.
    pub(super) fn of_somebody_known(self) -> Self {
        Self {
            stranger: None,
            ..self
        }
    }

    /// Takes the file in.
    ///
    /// # Errors
    /// 400 when the form cannot be read, 408 when it comes too slowly, 413 when it is too large, 422 when
    /// it does not hold one file, 503 when too many come at once or the disk takes no more.
    pub(super) async fn take_in(self, front: &Front) -> Result<Came, Problem> {
        let posted = self.take_in_with_words(front).await?;
        posted.file?.ok_or_else(|| {
            refuse(
                "/file",
                "missing_field",
                "Send the file as the part `file` of the form.",
            )
        })
    }

    /// Takes in the words of the form and the file after them.
    ///
    /// # Errors
    /// 400 when the form cannot be told apart, 503 when too many come at once. What is wrong with the
    /// file stands beside the words.
    pub(super) async fn take_in_with_words(mut self, front: &Front) -> Result<Posted, Problem> {
        // Their own first, so that whoever waits for one holds none of everybody's.
        let _own = match &self.stranger {
            Some(address) => Some(turn(turns_of(address).acquire_owned()).await?),
            None => None,
        };
        let _turn = turn(TAKING_IN.acquire()).await?;
        let boundary = multer::parse_boundary(&self.content_type).map_err(malformed)?;
        let (into, out_of) = duplex(BETWEEN);
        let bounds = Bounds {
            file: self.limit,
            words: self.most_words,
            is_in_file: Cell::new(false),
        };
        let most = u64::try_from(bounds.whole()).unwrap_or(u64::MAX);
        let limits = Constraints::new().size_limit(SizeLimit::new().whole_stream(most));
        let form = Multipart::with_reader_with_constraints(out_of, boundary, limits);
        let mut words = Vec::new();
        let file = {
            let bringing = bring(front, &mut self.payload, into, &bounds);
            let taking = take(front, form, &bounds, &mut words);
            tokio::pin!(bringing);
            tokio::pin!(taking);
            tokio::select! {
                biased;
                taken = &mut taking => taken,
                brought = &mut bringing => match brought {
                    Ok(()) => taking.await,
                    Err(problem) => Err(problem),
                },
            }
        };
        if file.is_err() && self.most_words > 0 {
            // A browser shows no answer before it has sent everything.
            let patience = Duration::from_secs(front.http.body_timeout_seconds);
            hear_out(&mut self.payload, patience, bounds.whole()).await;
        }
        Ok(Posted { words, file })
    }
}

/// How much of a form is taken, and how far it has come.
struct Bounds {
    file: usize,
    words: usize,
    is_in_file: Cell<bool>,
}

impl Bounds {
    fn whole(&self) -> usize {
        let beside = WRAPPING.saturating_add(self.words);
        self.file.saturating_add(beside)
    }
}

/// Lets the rest of a form come and go by, while it comes.
async fn hear_out(payload: &mut Payload, patience: Duration, size: usize) {
    let mut left = size.saturating_mul(HEARD_OUT);
    while let Ok(Some(Ok(piece))) = tokio::time::timeout(patience, next(payload)).await {
        left = left.saturating_sub(piece.len());
        if left == 0 {
            return;
        }
    }
}

/// The turns of one address. They are forgotten when nobody has or waits for one.
fn turns_of(address: &str) -> Arc<Semaphore> {
    let mut all = OF_STRANGERS.lock().unwrap_or_else(PoisonError::into_inner);
    all.retain(|_, turns| turns.strong_count() > 0);
    if let Some(turns) = all.get(address).and_then(Weak::upgrade) {
        return turns;
    }
    let turns = Arc::new(Semaphore::new(OF_A_STRANGER));
    all.insert(address.to_owned(), Arc::downgrade(&turns));
    turns
}

/// A turn, when it comes before long.
async fn turn<T>(coming: impl Future<Output = Result<T, AcquireError>>) -> Result<T, Problem> {
    tokio::time::timeout(PATIENCE, coming)
        .await
        .map_err(|_| {
            Problem::unavailable(
                "busy",
                "Too many files at once. Nothing was taken; send it again.",
                5,
            )
        })?
        .map_err(Problem::fault)
}

/// From the connection: within its size, without dawdling, and with a file in it before long.
async fn bring(
    front: &Front,
    payload: &mut Payload,
    mut into: DuplexStream,
    bounds: &Bounds,
) -> Result<(), Problem> {
    let clock = || front.desk.time.monotonic();
    let began = clock();
    let patience = Duration::from_secs(front.http.body_timeout_seconds);
    let mut n_brought: usize = 0;
    loop {
        let piece = tokio::time::timeout(patience, next(payload))
            .await
            .map_err(|_| body_too_slow())?;
        let Some(piece) = piece else {
            into.shutdown().await.map_err(Problem::fault)?;
            return Ok(());
        };
        let piece = piece.map_err(|_| broken_body())?;
        n_brought = n_brought.saturating_add(piece.len());
        if n_brought > bounds.whole() {
            return Err(too_large(bounds.file));
        }
        if is_too_slow(began, clock(), patience, n_brought) {
            return Err(body_too_slow());
        }
        // What stands before a file is looked through in memory.
        let before_it = (WRAPPING + 2 * BETWEEN).saturating_add(bounds.words);
        if !bounds.is_in_file.get() && n_brought > before_it {
            return Err(Problem::unreadable(
                "malformed_form",
                "No file begins in this form.",
            ));
        }
        if into.write_all(&piece).await.is_err() {
            // Whoever takes it has seen enough and says so.
            return std::future::pending().await;
        }
    }
}

async fn next(payload: &mut Payload) -> Option<Result<Bytes, actix_web::error::PayloadError>> {
    std::future::poll_fn(|cx| {
        let mut payload = std::pin::Pin::new(&mut *payload);
        futures_core::Stream::poll_next(payload.as_mut(), cx)
    })
    .await
}

fn is_too_slow(began: Instant, now: Instant, patience: Duration, n_brought: usize) -> bool {
    let took = now.saturating_duration_since(began);
    let least = took.as_secs().saturating_mul(SLOWEST_BYTES_PER_SECOND);
    took > patience && u64::try_from(n_brought).unwrap_or(u64::MAX) < least
}

/// To the disk, and the words into memory.
async fn take(
    front: &Front,
    mut form: Multipart<'_>,
    bounds: &Bounds,
    words: &mut Vec<(String, String)>,
) -> Result<Option<Came>, Problem> {
    let mut came: Option<Came> = None;
    let mut n_words: usize = 0;
    loop {
        bounds.is_in_file.set(false);
        let Some(part) = form.next_field().await.map_err(malformed)? else {
            return Ok(came);
        };
        let name = part.name().unwrap_or_default().to_owned();
        if name != PART {
            if bounds.words == 0 {
                return Err(refuse(
                    &format!("/{name}"),
                    "unknown_field",
                    "This form has one part: `file`.",
                ));
            }
            let text = part.text().await.map_err(malformed)?;
            n_words = n_words
                .saturating_add(name.len())
                .saturating_add(text.len());
            if n_words > bounds.words {
                return Err(too_large(bounds.words));
            }
            words.push((name, text));
            continue;
        }
        if came.is_some() {
            return Err(refuse(
                "/file",
                "too_many",
                "One file at a time. Send the others by themselves.",
            ));
        }
        // What a browser sends where no file was chosen.
        let is_nothing = bounds.words > 0 && part.file_name().is_none_or(str::is_empty);
        bounds.is_in_file.set(true);
        if is_nothing {
            part.bytes().await.map_err(malformed)?;
        } else {
            came = Some(take_part(front, part, bounds.file).await?);
        }
    }
}

async fn take_part(front: &Front, mut part: Field<'_>, limit: usize) -> Result<Came, Problem> {
    let name = file_name(part.file_name().unwrap_or_default());
    let claimed = part.content_type().map(ToString::to_string);
    let folder = &front.desk.keeping().map_err(Problem::from)?.folder;
    let mut coming = folder
        .begin(front.desk.moment().id())
        .await
        .map_err(Failure::from)?;
    let limit_in_bytes = u64::try_from(limit).unwrap_or(u64::MAX);
    while let Some(piece) = part.chunk().await.map_err(malformed)? {
        let n_more = u64::try_from(piece.len()).unwrap_or(u64::MAX);
        if coming.size().saturating_add(n_more) > limit_in_bytes {
            return Err(too_large(limit));
        }
        coming.write(&piece).await.map_err(Failure::from)?;
    }
    Ok(Came {
        came: Arc::new(coming.end().await.map_err(Failure::from)?),
        name,
        claimed,
    })
}

fn malformed(why: multer::Error) -> Problem {
    Problem::unreadable(
        "malformed_form",
        format!("The parts of the form cannot be told apart: {why}."),
    )
}

fn refuse(pointer: &str, code: &'static str, detail: &str) -> Problem {
    Problem::invalid(vec![Fault {
        pointer: pointer.to_owned(),
        code,
        detail: detail.to_owned(),
    }])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_never_has_every_turn() {
        let (one, other) = ("198.51.100.77", "198.51.100.78");
        let held: Vec<_> = (0..OF_A_STRANGER)
            .map(|_| turns_of(one).try_acquire_owned().unwrap())
            .collect();
        assert!(turns_of(one).try_acquire_owned().is_err());
        assert!(turns_of(other).try_acquire_owned().is_ok());
        drop(held);
        assert!(turns_of(one).try_acquire_owned().is_ok());
    }
}
