//! The composition root: puts database, time, secrets, catalogue, server and worker together, starts
//! them, and stops them in order.
//!
//! The only place that knows every part. It decides nothing about cases. A start either stands
//! completely or says what to do; a stop turns new requests away first, lets running ones finish,
//! then the worker.

mod metrics_listener;
mod worker_lock;

use std::fs::File;
use std::io::{self, Read as _};
use std::net::{TcpListener, ToSocketAddrs as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::SignedDuration;

use crate::auth::secrets;
use crate::auth::signing::SigningKey;
use crate::casework::attachments::scanner::{ClamdAddress, Scanner};
use crate::casework::attachments::{Folder, Keeping};
use crate::casework::audit::{self, Checkpoint};
use crate::casework::desk::{Council, Manners, Secrets, hex};
use crate::casework::{Desk, catalogue};
use crate::config::{self, Place, Secret, Settings, embedded};
use crate::demo::clock::{self, DemoClock};
use crate::domain::catalogue::Catalogue;
use crate::domain::survey::Sampling;
use crate::domain::triage::{Example, LARGEST, Model};
use crate::http::health::Health;
use crate::http::{Front, run_server};
use crate::jobs::{self, Freshness, Hooks, Jobs};
use crate::mailboxes::{self, Account, Mailboxes};
use crate::notify::texts::{TextSettings, Texts};
use crate::notify::transport::{Protection, SmtpSettings, Transport};
use crate::store::db::{Address, Opening, Patience};
use crate::store::{Db, StoreError, settings as kept};
use crate::telemetry::Metrics;
use crate::time_source::TimeSource;

use worker_lock::WorkerLock;

/// What a process does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Answers requests, and does what the worker does.
    All,
    /// Answers requests.
    Api,
    /// Sends mail, reads mailboxes and looks for what has fallen due.
    Worker,
}

/// Everything a start needs before there is a catalogue: nothing is served from it yet.
pub struct Ground {
    pub settings: Settings,
    pub db: Db,
    time: TimeSource,
    role: Role,
    keys: Keys,
    /// Where links in mails begin.
    public_url: String,
    /// The folder of attachments.
    files: PathBuf,
    listener: Option<TcpListener>,
    lock: Option<WorkerLock>,
}

/// Where a running process can be reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reached {
    /// The API and the pages, when this process serves them.
    pub api: Option<String>,
    pub metrics: Option<String>,
}

/// The installation's own secrets: from the settings, or made at the first start.
struct Keys {
    signing: Vec<u8>,
    audit: Vec<u8>,
    secrets: Secrets,
}

/// Where this installation was last reached, for letters written by commands.
const PUBLIC_URL: &str = "installation.public_url";
/// Where the first process keeps attachments.
const ATTACHMENTS: &str = "installation.attachments";
const SIGNING_KEY: &str = "auth.signing_key";
const AUDIT_KEY: &str = "auth.audit_key";
const TRACKING_KEY: &str = "auth.tracking_key";
const LOOP_TOKEN: &str = "mail.loop_token";

impl Role {
    /// Whether it answers requests.
    #[must_use]
    pub fn serves(self) -> bool {
        self != Self::Worker
    }

    /// Whether it sends and looks.
    #[must_use]
    pub fn works(self) -> bool {
        self != Self::Api
    }
}

impl Ground {
    /// Opens the database, brings it up to date, takes the worker's lock and the port.
    ///
    /// # Errors
    /// Says what stands in the way and what to do.
    pub async fn lay(settings: Settings, time: TimeSource, role: Role) -> anyhow::Result<Self> {
        make_folder(&settings.database.data_dir)?;
        let db = open_database(&settings)?;
        let lock = match db.file() {
            Some(file) if role.works() => Some(WorkerLock::take(file)?),
            _ => None,
        };
        db.migrate().context("bringing the database up to date")?;
        let listener = if role.serves() {
            Some(listen(&settings.http.host, settings.http.port)?)
        } else {
            None
        };
        let port = match &listener {
            Some(listener) => listener.local_addr()?.port(),
            None => settings.http.port,
        };
        let public_url = match (&listener, kept_url(&db).await?) {
            (None, Some(url)) if settings.http.public_url.is_empty() => url,
            _ => settings.http.link_base(port),
        };
        let keys = Keys::read_or_make(&db, &settings.auth).await?;
        let files = folder_of_attachments(&db, &settings).await?;
        Ok(Self {
            settings,
            db,
            time,
            role,
            keys,
            public_url,
            files,
            listener,
            lock,
        })
    }

    /// The same for a command that writes and goes away: nothing is made that is not there, no port
    /// and no lock is taken. A demo's clock is followed.
    ///
    /// # Errors
    /// Says what stands in the way and what to do.
    pub async fn visit(settings: Settings) -> anyhow::Result<Self> {
        let db = open_existing(&settings)?;
        let public_url = match kept_url(&db).await.context(NOT_MIGRATED)? {
            Some(url) if settings.http.public_url.is_empty() => url,
            _ => settings.http.link_base(settings.http.port),
        };
        let offset = db.read(clock::kept_offset).await?;
        let time = TimeSource::shifted();
        if let TimeSource::Shifted(shifted) = &time {
            shifted.set_offset_micros(offset);
        }
        let keys = Keys::read_or_make(&db, &settings.auth).await?;
        let files = folder_of_attachments(&db, &settings).await?;
        Ok(Self {
            settings,
            db,
            time,
            role: Role::Api,
            keys,
            public_url,
            files,
            listener: None,
            lock: None,
        })
    }

    /// The present instant.
    #[must_use]
    pub fn now(&self) -> jiff::Timestamp {
        self.time.now()
    }

    /// Where the data is.
    #[must_use]
    pub fn db(&self) -> &Db {
        &self.db
    }

    /// The key that signs checkpoints of the audit.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn audit_key(&self) -> anyhow::Result<SigningKey> {
        SigningKey::of_secret(&self.keys.audit)
    }

    /// What the chain over the audit has come to, signed.
    ///
    /// # Errors
    /// When nothing is sealed yet, or the database cannot be read.
    pub async fn checkpoint(&self) -> anyhow::Result<Checkpoint> {
        audit::checkpoint(&self.db, &self.audit_key()?, self.now()).await
    }

    /// A desk under the catalogue in the database.
    ///
    /// # Errors
    /// When there is none yet, or this release cannot read it.
    pub async fn council_desk(&self) -> anyhow::Result<Arc<Desk>> {
        let catalogue = stored_catalogue(&self.db).await?.context(
            "there is no catalogue yet: copy config/northmere, make it your council's, and run `reeve catalogue \
             apply <dir>`; or look at the fictional council with `reeve demo`",
        )?;
        self.desk(catalogue)
    }

    /// A desk under this catalogue.
    ///
    /// # Errors
    /// When its routing rules do not hold.
    pub fn desk(&self, catalogue: Catalogue) -> anyhow::Result<Arc<Desk>> {
        let manners = Manners {
            public_url: self.public_url.clone(),
            undo_seconds: i64::from(self.settings.mail.undo_seconds),
            redirect_all_to: self.settings.mail.redirect().map(str::to_owned),
            tracking_days: self.settings.auth.tracking_days,
            survey: sampling(&self.settings),
        };
        let model = Arc::new(reading_model(&self.settings.database.data_dir)?);
        let council = Council::with_model(catalogue, &examples()?, model)?;
        let desk = Desk::new(
            self.db.clone(),
            self.time.clone(),
            manners,
            self.keys.secrets.clone(),
            council,
        );
        desk.keep_attachments(keeping(&self.settings, &self.files)?);
        desk.proofread_with(crate::notify::render::check);
        desk.write_out_with(crate::notify::render::write_out);
        if sends_texts(&self.settings) {
            desk.may_text();
        }
        Ok(desk)
    }

    /// Serves and works until the process is told to stop. `announce` is called when it can be
    /// reached.
    ///
    /// # Errors
    /// When a part cannot be started.
    pub async fn run(
        self,
        desk: Arc<Desk>,
        announce: impl FnOnce(&Reached) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        // Taken before anything is started: a signal during the start must not be lost.
        let mut stop = Stop::listen()?;
        let Self {
            settings,
            db,
            role,
            keys,
            public_url,
            listener,
            lock,
            ..
        } = self;
        let metrics = Metrics::install()?;
        let figures = metrics_listener::start(&settings.metrics, &metrics)?;
        let health = Arc::new(Health::new(role.works()));
        let demo_clock = DemoClock::of(&desk).map(Arc::new);
        let is_demo = demo_clock.is_some();
        let (worker, following) = if role.works() {
            let hooks = Hooks {
                refresh_catalogue: refresh(&desk),
                take_over_clock: demo_clock.map(|clock| take_over(clock, &desk)),
            };
            let transport = transport(&settings.mail, &settings.database.data_dir)?;
            let texts = texts(&settings)?;
            let pump = jobs::pump_with_texts(&desk, transport, texts, settings.mail.sends_at_once);
            let tick = Duration::from_secs(u64::from(settings.schedule.tick_seconds));
            let jobs = Jobs::start(&desk, pump, tick, hooks)
                .await
                .context("starting the worker")?;
            let beating = tokio::spawn(beat(
                jobs.freshness(),
                Arc::clone(&health),
                desk.time.clone(),
            ));
            let accounts = settings.mail.mailboxes.iter();
            let accounts = accounts.map(|mailbox| account(mailbox, settings.http.max_mail_bytes));
            let spool = settings.mail.spool();
            let mailboxes = Mailboxes::start(&desk, accounts.collect(), spool)
                .await
                .context("starting to read mailboxes")?;
            (Some((mailboxes, jobs)), beating)
        } else {
            (None, tokio::spawn(refresh_alone(refresh(&desk))))
        };
        let server = match listener {
            Some(listener) => {
                let front = Front::new(
                    Arc::clone(&desk),
                    &settings,
                    &keys.signing,
                    Arc::clone(&health),
                    is_demo,
                )?;
                Some(run_server(&front, listener).context("starting the server")?)
            }
            None => None,
        };
        let handle = server.as_ref().map(actix_web::dev::Server::handle);
        let serving = server.map(tokio::spawn);
        if role.serves() {
            let url = public_url.clone();
            db.write(move |tx| -> Result<(), StoreError> { kept::set(tx, PUBLIC_URL, &url) })
                .await?;
        }
        let reached = Reached {
            api: role.serves().then(|| public_url.clone()),
            metrics: figures.as_ref().map(|figures| figures.url.clone()),
        };
        let council = desk.council();
        tokio::task::spawn_blocking(move || council.warm_up());
        tracing::info!(role = ?role, "Reeve is ready at {}", reached.api.as_deref().unwrap_or("no address: it only works"));
        announce(&reached)?;

        stop.told().await;
        tracing::info!("Stopping: running requests are finished, new ones turned away");
        health.drain();
        if let Some(handle) = handle {
            handle.stop(true).await;
        }
        if let Some(serving) = serving {
            serving
                .await
                .context("the server's task")?
                .context("the server")?;
        }
        following.abort();
        if let Some((mailboxes, jobs)) = worker {
            mailboxes.shutdown().await;
            jobs.shutdown().await;
        }
        if let Some(figures) = figures {
            figures.stop().await;
        }
        drop(lock);
        tracing::info!("Stopped");
        Ok(())
    }
}

impl Keys {
    async fn read_or_make(db: &Db, auth: &config::Auth) -> anyhow::Result<Self> {
        Ok(Self {
            signing: secret(db, &auth.signing_key, SIGNING_KEY).await?,
            audit: secret(db, &auth.audit_key, AUDIT_KEY).await?,
            secrets: Secrets {
                tracking: secret(db, &auth.tracking_key, TRACKING_KEY).await?,
                loop_token: once(db, LOOP_TOKEN, || hex(&secrets::random_bytes::<16>())).await?,
            },
        })
    }
}

/// Opens the database the settings name; a SQLite file is made when it is not there.
///
/// # Errors
/// When it cannot be reached, or could lose what it acknowledged.
pub fn open_database(settings: &Settings) -> anyhow::Result<Db> {
    let database = &settings.database;
    let (address, pool_size) = match database.place() {
        Place::Postgres(url) => (
            Address::Postgres(url.expose().to_owned()),
            database.max_connections,
        ),
        Place::Sqlite(path) => {
            if let Some(folder) = path
                .parent()
                .filter(|folder| !folder.as_os_str().is_empty())
            {
                make_folder(folder)?;
            }
            (Address::Sqlite(path), database.sqlite_readers)
        }
    };
    let opening = Opening {
        address,
        pool_size,
        allow_unsafe_durability: database.allow_unsafe_durability,
    };
    let patience = Patience {
        connect: Duration::from_secs(database.connect_timeout_seconds),
        statement: Duration::from_secs(database.statement_timeout_seconds),
    };
    Db::open_with(&opening, patience)
}

/// The catalogue in force in the database, if it has one.
///
/// # Errors
/// When this release cannot read it.
pub async fn stored_catalogue(db: &Db) -> anyhow::Result<Option<Catalogue>> {
    let stored = db
        .read(|conn| -> Result<_, StoreError> {
            let Some(version) = crate::store::catalogue::newest_version(conn)? else {
                return Ok(None);
            };
            Ok(crate::store::catalogue::body(conn, version)?.map(|body| (version, body)))
        })
        .await?;
    let Some((version, body)) = stored else {
        return Ok(None);
    };
    let mut catalogue = Catalogue::from_json(&body).map_err(|faults| {
        let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
        anyhow::anyhow!(
            "this release cannot read catalogue version {version}:\n{}",
            faults.join("\n")
        )
    })?;
    catalogue.version = u64::try_from(version)?;
    Ok(Some(catalogue))
}

/// The labelled messages by which free text is read.
///
/// # Errors
/// When the file built in is not in order, which a test rules out.
pub fn examples() -> anyhow::Result<Vec<Example>> {
    embedded::triage_examples()
        .lines()
        .map(|line| serde_json::from_str(line).context("a labelled message"))
        .collect()
}

/// The name under which a server looks for its model, in the data folder.
pub const MODEL_FILE: &str = "reading.model";

/// The model by which free text is read beside its words: the one that lies in the data folder, or else
/// the one that comes along.
///
/// # Errors
/// When there is a file and it is not a model that can be used.
pub fn reading_model(data_dir: &Path) -> anyhow::Result<Model> {
    let file = data_dir.join(MODEL_FILE);
    let read = File::open(&file).and_then(|opened| {
        let mut bytes = Vec::new();
        // Whatever else lies there, no more of it is read than tells that it is too much.
        let most = u64::try_from(LARGEST).map_or(u64::MAX, |largest| largest + 1);
        opened.take(most).read_to_end(&mut bytes)?;
        Ok(bytes)
    });
    let bytes = match read {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return embedded::reading_model().context("the model built in");
        }
        Err(error) => return Err(error).with_context(|| format!("reading {}", file.display())),
    };
    Model::read(bytes.into())
        .with_context(|| format!("{} cannot be used to read free text", file.display()))
}

const NOT_MIGRATED: &str =
    "the database is not ready: run `reeve migrate`, or start the server once";

fn open_existing(settings: &Settings) -> anyhow::Result<Db> {
    if let Place::Sqlite(path) = settings.database.place() {
        anyhow::ensure!(
            path.is_file(),
            "there is no database at {}: name the right --data-dir or --database-url, or make one with `reeve \
             migrate`",
            path.display()
        );
    }
    open_database(settings)
}

/// Whom the settings have us ask how it went.
#[must_use]
pub fn sampling(settings: &Settings) -> Sampling {
    let set = &settings.survey;
    Sampling {
        percent: set.sample_percent,
        delay: SignedDuration::from_hours(i64::from(set.delay_hours)),
        rest: SignedDuration::from_hours(24 * i64::from(set.rest_days)),
        never_about: set.never_about.clone(),
    }
}

/// Where attachments are kept, and who looks at them.
///
/// # Errors
/// When their folder cannot be made.
pub fn keeping(settings: &Settings, root: &Path) -> anyhow::Result<Keeping> {
    let set = &settings.attachments;
    let folder = Folder::open(root)
        .with_context(|| format!("making the folder {} for attachments", root.display()))?;
    let patience = Duration::from_secs(set.scan_timeout_seconds);
    let scanner = match set.scan {
        config::Scan::Off => Scanner::Off,
        config::Scan::Clamd => Scanner::Clamd {
            address: ClamdAddress::read(&set.clamd),
            patience,
        },
        config::Scan::Command => Scanner::Command {
            line: set.scan_command.clone(),
            patience,
        },
    };
    Ok(Keeping {
        folder,
        scanner,
        types: set.types.clone(),
        largest: u64::try_from(settings.http.max_attachment_bytes)?,
        most_per_contact: set.max_per_contact,
        most_unused: set.max_unused_bytes,
        unused_kept: SignedDuration::from_hours(i64::from(set.keep_unused_hours)),
    })
}

/// Where attachments lie: as it is set; beside a SQLite file; else where the first process on this
/// database has them, so that two on one machine share them whatever their data directories.
async fn folder_of_attachments(db: &Db, settings: &Settings) -> anyhow::Result<PathBuf> {
    let set = &settings.attachments;
    let own = set.folder(&settings.database.data_dir);
    if !set.directory.as_os_str().is_empty() || db.file().is_some() {
        return Ok(own);
    }
    make_folder(&own)?;
    let own = std::path::absolute(&own).context("the folder of attachments")?;
    let text = own
        .to_str()
        .context("the path of the folder of attachments is not UTF-8")?
        .to_owned();
    let kept = PathBuf::from(once(db, ATTACHMENTS, move || text).await?);
    if kept.is_dir() {
        return Ok(kept);
    }
    tracing::warn!(
        "Attachments of this installation lie in {}, which is not here: set attachments.directory to one that every \
         replica sees. Until then this one keeps its own.",
        kept.display()
    );
    Ok(own)
}

fn make_folder(folder: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder)
        .with_context(|| format!("making the folder {}", folder.display()))
}

fn listen(host: &str, port: u16) -> anyhow::Result<TcpListener> {
    let address = (host, port)
        .to_socket_addrs()
        .with_context(|| format!("http.host {host}"))?
        .next()
        .with_context(|| format!("http.host {host} is no address"))?;
    TcpListener::bind(address).with_context(|| {
        format!("listening on {address}: choose another port with --port, or 0 for any free one")
    })
}

async fn kept_url(db: &Db) -> anyhow::Result<Option<String>> {
    Ok(db.read(|conn| kept::get(conn, PUBLIC_URL)).await?)
}

/// What the settings say, else what the database has, else something new for it.
async fn secret(db: &Db, set: &Secret, key: &'static str) -> anyhow::Result<Vec<u8>> {
    if !set.is_empty() {
        return Ok(set.expose().as_bytes().to_vec());
    }
    let text = once(db, key, || STANDARD.encode(secrets::random_bytes::<48>())).await?;
    STANDARD
        .decode(text)
        .with_context(|| format!("the setting {key} in the database"))
}

async fn once(db: &Db, key: &'static str, make: impl FnOnce() -> String) -> anyhow::Result<String> {
    if let Some(text) = db.read(move |conn| kept::get(conn, key)).await? {
        return Ok(text);
    }
    let new = make();
    Ok(db.write(move |tx| kept::set_once(tx, key, &new)).await?)
}

/// Puts in force what another replica, or `reeve catalogue apply`, has stored.
fn refresh(desk: &Arc<Desk>) -> jobs::Work {
    let desk = Arc::clone(desk);
    Box::new(move || {
        let desk = Arc::clone(&desk);
        Box::pin(async move { catalogue::refresh(&desk).await.map(|_| ()) })
    })
}

/// Keeps a demo's clock where another replica, or a command, has put it.
fn take_over(clock: Arc<DemoClock>, desk: &Arc<Desk>) -> jobs::Work {
    let desk = Arc::clone(desk);
    Box::new(move || {
        let (clock, desk) = (Arc::clone(&clock), Arc::clone(&desk));
        Box::pin(async move {
            if clock.follow().await? {
                desk.outbox_bell.notify_one();
            }
            Ok(())
        })
    })
}

/// A process without a worker asks for a new catalogue by itself.
async fn refresh_alone(refresh: jobs::Work) {
    let mut second = tokio::time::interval(Duration::from_secs(1));
    second.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        second.tick().await;
        if let Err(why) = refresh().await {
            tracing::warn!("Could not ask for a new catalogue: {why:#}");
        }
    }
}

/// Tells `/readyz` that the worker lives, as long as every job comes to its end.
async fn beat(freshness: Arc<Freshness>, health: Arc<Health>, time: TimeSource) {
    let mut second = tokio::time::interval(Duration::from_secs(1));
    loop {
        second.tick().await;
        if freshness.late().is_empty() {
            health.worker_ran(time.monotonic());
        }
    }
}

fn transport(mail: &config::Mail, data_dir: &Path) -> anyhow::Result<Transport> {
    Ok(match mail.transport {
        config::Transport::File => Transport::file(&mail.folder(data_dir))?,
        config::Transport::Smtp => {
            let smtp = &mail.smtp;
            let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
            Transport::smtp(&SmtpSettings {
                host: smtp.host.clone(),
                port: smtp.port,
                protection: match smtp.tls {
                    config::Tls::None => Protection::None,
                    config::Tls::Starttls => Protection::StartTls,
                    config::Tls::FromTheStart => Protection::Tls,
                },
                username: given(&smtp.username),
                password: given(smtp.password.expose()),
                timeout: Duration::from_secs(smtp.timeout_seconds),
                max_connections: u32::try_from(mail.sends_at_once)?,
            })?
        }
    })
}

/// A rehearsal sends none: a text cannot be sent to somebody else instead.
fn sends_texts(settings: &Settings) -> bool {
    settings.notify.is_on() && settings.mail.redirect().is_none()
}

fn texts(settings: &Settings) -> anyhow::Result<Option<Texts>> {
    if !sends_texts(settings) {
        return Ok(None);
    }
    let notify = &settings.notify;
    let texts = Texts::new(TextSettings {
        base_url: notify.base_url.trim_end_matches('/').to_owned(),
        api_key: notify.api_key.expose().to_owned(),
        template_id: notify.sms_template_id.clone(),
        sender_id: Some(notify.sms_sender_id.clone()).filter(|id| !id.is_empty()),
    })?;
    Ok(Some(texts))
}

fn account(mailbox: &config::Mailbox, largest: usize) -> Account {
    let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Account {
        name: mailbox.name.clone(),
        host: mailbox.host.clone(),
        port: mailbox.port,
        protection: match mailbox.tls {
            config::Tls::None => mailboxes::Protection::None,
            config::Tls::Starttls => mailboxes::Protection::StartTls,
            config::Tls::FromTheStart => mailboxes::Protection::Tls,
        },
        ca_file: given(&mailbox.ca_file).map(Into::into),
        username: mailbox.username.clone(),
        credential: match mailbox.auth {
            config::SignIn::Password => {
                mailboxes::Credential::Password(mailbox.password.expose().to_owned())
            }
            config::SignIn::Xoauth2 => mailboxes::Credential::Token(mailbox.token_command.clone()),
        },
        folder: mailbox.folder.clone(),
        recipient: given(&mailbox.recipient),
        afterwards: match mailbox.taken {
            config::Taken::Move => mailboxes::Afterwards::Move(mailbox.taken_folder.clone()),
            config::Taken::Keep => mailboxes::Afterwards::Keep,
            config::Taken::Delete => mailboxes::Afterwards::Delete,
        },
        poll: Duration::from_secs(u64::from(mailbox.poll_seconds)),
        idle: mailbox.idle,
        largest,
    }
}

/// Being told to stop.
struct Stop {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
}

impl Stop {
    #[cfg(unix)]
    fn listen() -> anyhow::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            terminate: signal(SignalKind::terminate()).context("listening for SIGTERM")?,
            interrupt: signal(SignalKind::interrupt()).context("listening for SIGINT")?,
        })
    }

    #[cfg(unix)]
    async fn told(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }

    #[cfg(not(unix))]
    fn listen() -> anyhow::Result<Self> {
        Ok(Self {})
    }

    #[cfg(not(unix))]
    async fn told(&mut self) {
        if let Err(why) = tokio::signal::ctrl_c().await {
            tracing::error!("Cannot listen for Ctrl-C: {why}");
        }
    }
}
