//! What the use cases cost on a database: taking a contact in, and the sweep among many open cases.
//!
//! Everything runs on SQLite files in the build folder, with the durability that a server has:
//! what was answered is on the disk. Each bench makes a bounded number of rows.

#[path = "figures/mod.rs"]
mod figures;

use std::cell::LazyCell;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use criterion::{BatchSize, Criterion, SamplingMode};
use diesel::RunQueryDsl;
use jiff::Timestamp;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use figures::Figure;
use reeve::casework::desk::{Council, Manners, Secrets};
use reeve::casework::escalation::{self, Turn};
use reeve::casework::intake::{self, Entry};
use reeve::casework::{Desk, Failure, mail_in};
use reeve::channels::email_in::Envelope;
use reeve::config::embedded;
use reeve::domain::access::Actor;
use reeve::domain::contact::{Channel, Disposition};
use reeve::domain::enquiry::{Described, Enquiry, Who};
use reeve::domain::person::PersonKind;
use reeve::domain::triage::Example;
use reeve::store::db::{Address, Opening};
use reeve::store::{Db, cases, settings};
use reeve::time_source::TimeSource;

const SELECT: &str = "baseline/select_1";
const SMALLEST: &str = "baseline/smallest_durable_write";
const FEW: &str = "sweep/200_due_among_1000_open";

const FIGURES: &[Figure] = &[
    Figure::of(SELECT, SMALLEST),
    Figure::of(SMALLEST, SELECT),
    Figure::of("intake/one_web_form", SMALLEST),
    Figure::of("intake/one_raw_mail", SMALLEST),
    Figure::of("intake/64_web_forms_at_once", SMALLEST),
    Figure::of("tick/nothing_due_among_1000_open", SELECT),
    Figure::of(
        "tick/nothing_due_among_20000_open",
        "tick/nothing_due_among_1000_open",
    ),
    Figure::of(FEW, SMALLEST),
    Figure::of("sweep/200_due_among_20000_open", FEW),
];

/// Those whose hour comes first, and those who are still waiting then.
const N_DUE: usize = 200;
const FEW_OPEN: usize = 1_000;
const MANY_OPEN: usize = 20_000;
const EARLY: &str = "2026-11-02T10:00:00Z";
const LATE: &str = "2026-11-03T10:00:00Z";
const FILED_AT_ONCE: usize = 500;

fn main() {
    figures::forget(FIGURES);
    let mut criterion = Criterion::default()
        .sample_size(15)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    let runtime = Runtime::new().unwrap();
    intake(&mut criterion, &runtime);
    sweep(&mut criterion, &runtime);
    criterion.final_summary();
    figures::print(FIGURES);
}

fn intake(criterion: &mut Criterion, runtime: &Runtime) {
    let folder = folder();
    let desk = desk(&folder.path().join("intake.db"), TimeSource::System);
    let number = AtomicUsize::new(0);
    let next = || number.fetch_add(1, Ordering::Relaxed);

    let mut group = criterion.benchmark_group("baseline");
    group.bench_function("select_1", |b| {
        b.to_async(runtime)
            .iter(async || desk.db.is_there().await.unwrap());
    });
    group.bench_function("smallest_durable_write", |b| {
        b.to_async(runtime).iter(async || {
            let value = next().to_string();
            let written: Result<(), Failure> = desk
                .db
                .write(move |tx| Ok(settings::set(tx, "bench", &value)?))
                .await;
            written.unwrap();
        });
    });
    group.finish();

    let mut group = criterion.benchmark_group("intake");
    group.bench_function("one_web_form", |b| {
        b.to_async(runtime)
            .iter(async || take_in(&desk, web_form(next(), desk.time.now())).await);
    });
    group.bench_function("one_raw_mail", |b| {
        b.to_async(runtime)
            .iter(async || take_mail_in(&desk, next()).await);
    });
    group.bench_function("64_web_forms_at_once", |b| {
        b.to_async(runtime).iter(async || {
            let waiting: Vec<_> = (0..64)
                .map(|_| {
                    let (desk, enquiry) = (Arc::clone(&desk), web_form(next(), desk.time.now()));
                    tokio::spawn(async move { take_in(&desk, enquiry).await })
                })
                .collect();
            for one in waiting {
                one.await.unwrap();
            }
        });
    });
    group.finish();
}

fn sweep(criterion: &mut Criterion, runtime: &Runtime) {
    let folder = folder();
    // Filling takes a minute: not before somebody asks for it.
    let files = LazyCell::new(|| Filled::make(folder.path(), runtime));

    let mut group = criterion.benchmark_group("tick");
    for n_open in [FEW_OPEN, MANY_OPEN] {
        group.bench_function(format!("nothing_due_among_{n_open}_open"), |b| {
            let desk = desk(&files.copy(n_open), TimeSource::fixed(files.before()));
            let turn = Turn::new(&desk);
            b.to_async(runtime).iter(async || {
                let swept = escalation::sweep_in_turn(&desk, &turn).await.unwrap();
                assert_eq!(swept.n_cases, 0);
            });
        });
    }
    group.finish();

    // A sweep changes what it sweeps, so each one gets a copy of its own.
    let mut group = criterion.benchmark_group("sweep");
    group.sampling_mode(SamplingMode::Flat);
    group.warm_up_time(Duration::from_millis(1));
    for n_open in [FEW_OPEN, MANY_OPEN] {
        group.bench_function(format!("200_due_among_{n_open}_open"), |b| {
            b.to_async(runtime).iter_batched(
                || Copied::of(&files, n_open),
                async |copied| {
                    let swept = escalation::sweep(&copied.desk).await.unwrap();
                    assert_eq!((swept.n_cases, swept.n_failed), (N_DUE, 0));
                    copied
                },
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

/// A desk over a copy that is thrown away when nobody measures any more.
struct Copied {
    desk: Arc<Desk>,
    file: PathBuf,
}

impl Copied {
    fn of(files: &Filled, n_open: usize) -> Self {
        let file = files.copy(n_open);
        Self {
            desk: desk(&file, TimeSource::fixed(files.wake_at)),
            file,
        }
    }
}

impl Drop for Copied {
    fn drop(&mut self) {
        fs::remove_file(&self.file).unwrap();
    }
}

/// Two databases with the same 200 cases about to fall due, among few and among many.
struct Filled {
    folder: PathBuf,
    few: PathBuf,
    many: PathBuf,
    /// When the first of the 200 falls due, and when all of them have.
    first_at: Timestamp,
    wake_at: Timestamp,
    n_copies: AtomicUsize,
}

impl Filled {
    fn make(folder: &Path, runtime: &Runtime) -> Self {
        let desk = desk(&folder.join("filled.db"), TimeSource::fixed(at(EARLY)));
        let (few, many) = (folder.join("few.db"), folder.join("many.db"));
        let (first_at, wake_at) = runtime.block_on(async {
            file_cases(&desk, 0..N_DUE, EARLY).await;
            desk.time.move_to(at(LATE)).unwrap();
            file_cases(&desk, N_DUE..FEW_OPEN, LATE).await;
            copy_out(&desk, &few);
            file_cases(&desk, FEW_OPEN..MANY_OPEN, LATE).await;
            copy_out(&desk, &many);
            hours_of_due(&desk).await
        });
        Self {
            folder: folder.to_owned(),
            few,
            many,
            first_at,
            wake_at,
            n_copies: AtomicUsize::new(0),
        }
    }

    /// When all of them are open and the hour of none has come.
    fn before(&self) -> Timestamp {
        self.first_at - Duration::from_secs(1)
    }

    /// A copy that is on the disk, so that what is measured does not wait for it to get there.
    fn copy(&self, n_open: usize) -> PathBuf {
        let file = if n_open == FEW_OPEN {
            &self.few
        } else {
            &self.many
        };
        let number = self.n_copies.fetch_add(1, Ordering::Relaxed);
        let copy = self.folder.join(format!("copy-{number}.db"));
        fs::copy(file, &copy).unwrap();
        File::open(&copy).unwrap().sync_all().unwrap();
        copy
    }
}

async fn file_cases(desk: &Arc<Desk>, numbers: std::ops::Range<usize>, received_by: &'static str) {
    let numbers: Vec<usize> = numbers.collect();
    for some in numbers.chunks(FILED_AT_ONCE) {
        let some = some.to_vec();
        desk.perform(move |tx, moment| {
            for number in &some {
                // One a second, as no two come at the same instant.
                let seconds = Duration::from_secs(u64::try_from(*number).unwrap());
                let enquiry = web_form(*number, at(received_by) - seconds);
                intake::receive(tx, moment, &enquiry, &Entry::by(Actor::System))?;
            }
            Ok(())
        })
        .await
        .unwrap();
    }
}

/// The first and the last hour of the 200, before that of any other.
async fn hours_of_due(desk: &Arc<Desk>) -> (Timestamp, Timestamp) {
    let far_ahead = at("2027-06-01T00:00:00Z");
    desk.read(move |conn, _| {
        let mut hours = Vec::new();
        for id in cases::to_wake(conn, far_ahead, 200)? {
            hours.extend(cases::find(conn, id)?.unwrap().dates.wake_at);
        }
        let (first, last) = (hours[0], hours[N_DUE - 1]);
        assert_eq!(cases::to_wake(conn, last, 1_000)?.len(), N_DUE);
        Ok((first, last))
    })
    .await
    .unwrap()
}

fn copy_out(desk: &Arc<Desk>, file: &Path) {
    desk.db
        .at_start(|conn| {
            diesel::sql_query(format!("VACUUM INTO '{}'", file.display())).execute(conn)?;
            Ok(())
        })
        .unwrap();
}

async fn take_in(desk: &Arc<Desk>, enquiry: Enquiry) {
    let received = desk
        .perform(move |tx, at| intake::receive(tx, at, &enquiry, &Entry::by(Actor::System)))
        .await
        .unwrap();
    assert!(received.case.is_some() && !received.is_duplicate);
}

async fn take_mail_in(desk: &Arc<Desk>, number: usize) {
    let raw = format!(
        "From: Ada Example <ada.{number}@mail.example>\r\n\
         To: Northmere Council <contact@council.example>\r\n\
         Date: Mon, 02 Nov 2026 09:14:00 +0000\r\n\
         Message-ID: <bench-{number}@mail.example>\r\n\
         Subject: Missed bin\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\r\n\
         Black bin not emptied yesterday.\r\n{number} Larkfield Rise.\r\n\r\nAda\r\n"
    );
    let delivery = mail_in::read(&desk.moment(), raw.into_bytes(), Envelope::default());
    let taken = desk
        .perform(move |tx, at| mail_in::receive(tx, at, &Actor::System, &delivery))
        .await
        .unwrap();
    assert_eq!(taken.disposition, Disposition::Opened);
}

/// A report by somebody who has not written before.
fn web_form(number: usize, received_at: Timestamp) -> Enquiry {
    let mut enquiry = Enquiry::new(Channel::WebForm, received_at);
    enquiry.service = Some("waste-collection".to_owned());
    enquiry.category = Some("new-container".to_owned());
    enquiry.body = "Could I have a new brown bin? The old one has a crack.".to_owned();
    enquiry.who = Who::Described(Described {
        name: Some("Ada Quillfeather".to_owned()),
        kind: Some(PersonKind::Resident),
        email: Some(format!("ada.{number}@mail.example")),
        ..Described::default()
    });
    enquiry
}

fn desk(file: &Path, time: TimeSource) -> Arc<Desk> {
    let db = Db::open(&Opening {
        address: Address::Sqlite(file.to_owned()),
        pool_size: 4,
        allow_unsafe_durability: false,
    })
    .unwrap();
    db.migrate().unwrap();
    let manners = Manners {
        public_url: "https://reports.council.example".to_owned(),
        undo_seconds: 120,
        redirect_all_to: None,
        tracking_days: 400,
        survey: reeve::domain::survey::Sampling::OFF,
    };
    let secrets = Secrets {
        tracking: vec![7; 32],
        loop_token: "loop".to_owned(),
    };
    let examples: Vec<Example> = embedded::triage_examples()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let northmere = embedded::northmere().expect("the catalogue that is shipped has no fault");
    let model = embedded::reading_model().unwrap();
    let council = Council::with_model(northmere, &examples, model.into()).unwrap();
    Desk::new(db, time, manners, secrets, council)
}

/// In the build folder and not in memory, so that durable means what it says.
fn folder() -> TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}
