//! What every use case stands on: the database, the catalogue in force, the time, the secrets.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex, OnceLock, PoisonError};

use arc_swap::ArcSwap;
use jiff::Timestamp;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tokio::sync::Notify;
use uuid::{ContextV7, Uuid};

use super::attachments::Keeping;
use super::failure::Failure;
use crate::domain::catalogue::Catalogue;
use crate::domain::clock::Terms;
use crate::domain::notice::ForThePost;
use crate::domain::reference::Reference;
use crate::domain::routing::Router;
use crate::domain::survey::Sampling;
use crate::domain::triage::{Example, Model};
use crate::store::idempotency::{self, Answered, Once};
use crate::store::{Conn, Db, Tx};
use crate::time_source::TimeSource;

/// Shared by every use case of one process.
pub struct Desk {
    pub db: Db,
    pub time: TimeSource,
    pub manners: Manners,
    pub secrets: Secrets,
    council: ArcSwap<Council>,
    ids: Mutex<ContextV7>,
    proofreader: OnceLock<Proofread>,
    scribe: OnceLock<WriteOut>,
    keeping: OnceLock<Keeping>,
    /// Set where text messages can be sent.
    texting: OnceLock<()>,
    /// Rung after every commit: there may be something to send.
    pub outbox_bell: Notify,
}

/// Reads templates (path and text) aloud with sample letters, and says what is wrong, by path. Handed
/// in by whoever puts the process together, since use cases render nothing.
pub type Proofread = fn(&BTreeMap<String, String>) -> Vec<(String, String)>;

/// Writes letters out in full for the post, by the council's templates (path and text): each with
/// what was wrong where it could not be. Handed in like [`Proofread`].
pub type WriteOut = fn(&BTreeMap<String, String>, &[ForThePost]) -> Vec<Result<String, String>>;

/// How this installation behaves towards people.
#[derive(Debug, Clone)]
pub struct Manners {
    /// Where residents' pages are, without a slash at the end.
    pub public_url: String,
    /// How long an officer's reply can be taken back.
    pub undo_seconds: i64,
    /// Every notice goes here instead (rehearsal).
    pub redirect_all_to: Option<String>,
    /// For how many days a secret link opens a case after it was closed.
    pub tracking_days: u16,
    /// Whom we ask how it went.
    pub survey: Sampling,
}

/// What must not leave the process.
#[derive(Clone)]
pub struct Secrets {
    /// For the secret links by which people follow their cases.
    pub tracking: Vec<u8>,
    /// Marks our own mail, so that it is known when it comes back.
    pub loop_token: String,
}

/// The catalogue in force, with what is computed from it once.
pub struct Council {
    pub catalogue: Catalogue,
    /// Reads free text. Built when it is first needed, or before by [`Council::warm_up`]: a server
    /// is ready sooner, and the first contact does not wait either.
    pub router: LazyLock<Router, BuildRouter>,
    /// The labelled messages it reads by, for the council that comes after this one.
    pub examples: Arc<[Example]>,
    /// The trained model it reads by too, where it belongs to this catalogue.
    pub model: Option<Arc<Model>>,
    terms: BTreeMap<(String, String), (String, Arc<Terms>)>,
}

/// How a router is built, when it is.
pub type BuildRouter = Box<dyn FnOnce() -> Router + Send>;

/// One use case at work: the instant it happens at and the catalogue it happens under, both the
/// same from its beginning to its end.
pub struct Moment {
    pub desk: Arc<Desk>,
    pub council: Arc<Council>,
    pub now: Timestamp,
    pub request_id: Option<String>,
}

/// What a committed use case answers.
pub struct Done {
    pub answered: Answered,
    /// It was done before, under the same key.
    pub is_replay: bool,
}

impl Council {
    /// Computes what is computed once for a catalogue.
    ///
    /// # Errors
    /// When its promises cannot be written down, which their types rule out.
    pub fn new(catalogue: Catalogue, examples: &[Example]) -> anyhow::Result<Self> {
        Self::reading_by(catalogue, Arc::from(examples), None)
    }

    /// The same, reading free text by a trained model too.
    ///
    /// # Errors
    /// As [`Council::new`].
    pub fn with_model(
        catalogue: Catalogue,
        examples: &[Example],
        model: Arc<Model>,
    ) -> anyhow::Result<Self> {
        Self::reading_by(catalogue, Arc::from(examples), Some(model))
    }

    /// The council under another catalogue, reading free text by the same examples.
    ///
    /// # Errors
    /// As [`Council::new`].
    pub fn under(&self, catalogue: Catalogue) -> anyhow::Result<Self> {
        Self::reading_by(catalogue, Arc::clone(&self.examples), self.model.clone())
    }

    fn reading_by(
        catalogue: Catalogue,
        examples: Arc<[Example]>,
        model: Option<Arc<Model>>,
    ) -> anyhow::Result<Self> {
        let (own, known, trained) = (catalogue.clone(), Arc::clone(&examples), model.clone());
        let build: BuildRouter = Box::new(move || {
            let build = || {
                Router::new(&own, &own.routing, &known)
                    .expect("a catalogue whose routing rules do not hold does not pass its check")
            };
            let Some(model) = trained else {
                return build();
            };
            build().with_model(model).unwrap_or_else(|foreign| {
                // Words alone read any catalogue; less well, and people see more of it.
                tracing::warn!(why = %foreign, "the model for reading free text is not used");
                build()
            })
        });
        let mut terms = BTreeMap::new();
        for (service, category) in catalogue.categories() {
            if let Some(pinned) = catalogue.terms(&service.slug, &category.slug) {
                let text = serde_json::to_vec(&pinned)?;
                let id = hex(&Sha256::digest(&text));
                terms.insert(
                    (service.slug.clone(), category.slug.clone()),
                    (id, Arc::new(pinned)),
                );
            }
        }
        Ok(Self {
            catalogue,
            router: LazyLock::new(build),
            examples,
            model,
            terms,
        })
    }

    /// Builds now what would be built at the first contact. It takes a few tenths of a second of one
    /// processor.
    pub fn warm_up(&self) {
        LazyLock::force(&self.router);
    }

    /// What is promised for a matter today, with the id it is pinned under.
    ///
    /// # Errors
    /// When the catalogue has no such category, which its own check rules out.
    pub fn terms(&self, service: &str, category: &str) -> Result<(String, Arc<Terms>), Failure> {
        self.terms
            .get(&(service.to_owned(), category.to_owned()))
            .cloned()
            .ok_or_else(|| Failure::Fault(anyhow::anyhow!("no terms for {service}/{category}")))
    }
}

impl Desk {
    /// A desk over an open, migrated database.
    #[must_use]
    pub fn new(
        db: Db,
        time: TimeSource,
        manners: Manners,
        secrets: Secrets,
        council: Council,
    ) -> Arc<Self> {
        Arc::new(Self {
            db,
            time,
            manners,
            secrets,
            council: ArcSwap::from_pointee(council),
            ids: Mutex::new(ContextV7::new()),
            proofreader: OnceLock::new(),
            scribe: OnceLock::new(),
            keeping: OnceLock::new(),
            texting: OnceLock::new(),
            outbox_bell: Notify::new(),
        })
    }

    /// The catalogue in force.
    #[must_use]
    pub fn council(&self) -> Arc<Council> {
        self.council.load_full()
    }

    /// Puts another catalogue in force, for everything that begins from now on.
    pub fn put_in_force(&self, council: Council) {
        council.warm_up();
        self.council.store(Arc::new(council));
    }

    /// Says who reads templates aloud before they are stored. The first to be named does.
    pub fn proofread_with(&self, proofread: Proofread) {
        self.proofreader.get_or_init(|| proofread);
    }

    /// Whoever reads templates aloud.
    ///
    /// # Errors
    /// When nobody was named: templates nobody has read are not stored.
    pub fn proofreader(&self) -> Result<Proofread, Failure> {
        self.proofreader
            .get()
            .copied()
            .ok_or_else(|| Failure::Fault(anyhow::anyhow!("nobody reads the templates aloud")))
    }

    /// Says who writes letters out for the post. The first to be named does.
    pub fn write_out_with(&self, write_out: WriteOut) {
        self.scribe.get_or_init(|| write_out);
    }

    /// Whoever writes letters out for the post.
    ///
    /// # Errors
    /// When nobody was named: there is no text to print then.
    pub fn scribe(&self) -> Result<WriteOut, Failure> {
        self.scribe
            .get()
            .copied()
            .ok_or_else(|| Failure::Fault(anyhow::anyhow!("nobody writes letters out")))
    }

    /// Says where attachments are kept. The first place to be named is it.
    pub fn keep_attachments(&self, keeping: Keeping) {
        self.keeping.get_or_init(|| keeping);
    }

    /// Where attachments are kept.
    ///
    /// # Errors
    /// When no place was named.
    pub fn keeping(&self) -> Result<&Keeping, Failure> {
        self.keeping
            .get()
            .ok_or_else(|| Failure::Fault(anyhow::anyhow!("there is no place for attachments")))
    }

    /// Says that text messages can be sent: whoever prefers them gets them from now on.
    pub fn may_text(&self) {
        self.texting.get_or_init(|| ());
    }

    /// Whether text messages can be sent.
    #[must_use]
    pub fn sends_texts(&self) -> bool {
        self.texting.get().is_some()
    }

    /// This instant and the catalogue in force at it.
    #[must_use]
    pub fn moment(self: &Arc<Self>) -> Moment {
        Moment {
            desk: Arc::clone(self),
            council: self.council(),
            now: self.time.now(),
            request_id: None,
        }
    }

    /// Does one use case in one transaction. With a key, what is answered is kept in the same
    /// transaction, and a second request with the key gets it again instead of a second effect.
    ///
    /// # Errors
    /// Why not; nothing was written then.
    pub async fn write<T, W, A>(
        self: &Arc<Self>,
        once: Option<Once>,
        work: W,
        answer: A,
    ) -> Result<Done, Failure>
    where
        T: 'static,
        W: Fn(&mut Tx<'_>, &Moment) -> Result<T, Failure> + Send + 'static,
        A: Fn(&T) -> Result<Answered, Failure> + Send + 'static,
    {
        let moment = self.moment();
        let done = self
            .db
            .write(move |tx| {
                if let Some(once) = &once {
                    idempotency::wait_for_twin(tx, once)?;
                    if let Some(answered) = idempotency::find(tx, once)? {
                        return replay(answered, once);
                    }
                }
                let value = work(tx, &moment)?;
                let mut answered = answer(&value)?;
                if let Some(once) = &once {
                    answered.fingerprint.clone_from(&once.fingerprint);
                    let kept = without_secrets(&answered, once)?;
                    idempotency::keep(tx, once, &kept, moment.now)?;
                }
                Ok(Done {
                    answered,
                    is_replay: false,
                })
            })
            .await?;
        self.outbox_bell.notify_one();
        Ok(done)
    }

    /// Does one use case that nobody waits on with a key.
    ///
    /// # Errors
    /// Why not; nothing was written then.
    pub async fn perform<T, W>(self: &Arc<Self>, work: W) -> Result<T, Failure>
    where
        T: Send + 'static,
        W: Fn(&mut Tx<'_>, &Moment) -> Result<T, Failure> + Send + 'static,
    {
        let moment = self.moment();
        let value = self.db.write(move |tx| work(tx, &moment)).await?;
        self.outbox_bell.notify_one();
        Ok(value)
    }

    /// Reads.
    ///
    /// # Errors
    /// Why not.
    pub async fn read<T, W>(self: &Arc<Self>, work: W) -> Result<T, Failure>
    where
        T: Send + 'static,
        W: FnOnce(&mut Conn, &Moment) -> Result<T, Failure> + Send + 'static,
    {
        let moment = self.moment();
        self.db.read(move |conn| work(conn, &moment)).await
    }

    /// What was answered under a key before, if anything.
    ///
    /// # Errors
    /// [`Failure::KeyReused`] when it was used for another request.
    pub async fn answered_before(self: &Arc<Self>, once: &Once) -> Result<Option<Done>, Failure> {
        let once = once.clone();
        self.db
            .read(move |conn| match idempotency::find(conn, &once)? {
                Some(answered) => replay(answered, &once).map(Some),
                None => Ok(None),
            })
            .await
    }

    /// Keeps a refusal under its key, so that asking again is answered the same.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn keep_refusal(
        self: &Arc<Self>,
        once: Once,
        answered: Answered,
    ) -> Result<(), Failure> {
        let now = self.time.now();
        self.db
            .write(move |tx| {
                let answered = Answered {
                    fingerprint: once.fingerprint.clone(),
                    ..answered.clone()
                };
                idempotency::keep(tx, &once, &answered, now).map_err(Failure::from)
            })
            .await
    }

    fn new_id(&self, now: Timestamp) -> Uuid {
        let context = self.ids.lock().unwrap_or_else(PoisonError::into_inner);
        let seconds = u64::try_from(now.as_second()).unwrap_or(0);
        let nanos = u32::try_from(now.subsec_nanosecond()).unwrap_or(0);
        Uuid::new_v7(uuid::Timestamp::from_unix(&*context, seconds, nanos))
    }
}

impl Moment {
    /// A fresh id, in the order of time.
    #[must_use]
    pub fn id<I: From<Uuid>>(&self) -> I {
        self.desk.new_id(self.now).into()
    }

    /// The council's own date today.
    #[must_use]
    pub fn today(&self) -> jiff::civil::Date {
        self.council.catalogue.calendar.date_of(self.now)
    }

    /// A reference that nobody has.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub fn new_reference(&self, conn: &mut Conn) -> Result<Reference, Failure> {
        loop {
            let bits = u64::from_le_bytes(crate::auth::secrets::random_bytes::<8>());
            let reference = Reference::from_bits(bits);
            if crate::store::cases::find_by_reference(conn, &reference)?.is_none() {
                return Ok(reference);
            }
        }
    }
}

/// Lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// An answer as it may be kept: what is shown once is `null` in it.
fn without_secrets(answered: &Answered, once: &Once) -> Result<Answered, Failure> {
    let mut kept = answered.clone();
    if !once.secrets.is_empty() {
        let mut document: Value =
            serde_json::from_slice(&answered.body).map_err(|why| Failure::Fault(why.into()))?;
        for (name, member) in document.as_object_mut().into_iter().flatten() {
            if once.secrets.contains(&name.as_str()) {
                *member = Value::Null;
            }
        }
        kept.body = serde_json::to_vec(&document).map_err(|why| Failure::Fault(why.into()))?;
    }
    Ok(kept)
}

fn replay(answered: Answered, once: &Once) -> Result<Done, Failure> {
    if answered.fingerprint == once.fingerprint {
        Ok(Done {
            answered,
            is_replay: true,
        })
    } else {
        Err(Failure::KeyReused)
    }
}
