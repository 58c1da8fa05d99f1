//! The whole measurement: fills databases, starts a server on each, lets callers ask in rounds and the
//! database alone do the same in the same round, and says what came of it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use jiff::{SignedDuration, Timestamp};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use super::caller::Caller;
use super::copies::vocabulary;
use super::limits::{Loop, PgBench, Script};
use super::load::{self, Amount, Loaded};
use super::models::{Model, Wanted, Workshop};
use super::rounds::{Ask, Round, closed, number, open};
use super::running::{Place, Running, Sink, fresh_folder};
use super::scenarios::{self, Callers, Sample, Scenario, contacts_among_mixed, mixed};
use super::spread::{self, CONTACTS_A_DAY, PEAK_HOUR};
use super::table::{Aim, Figure};
use super::{N_OFFICERS, cast, loaded};
use crate::app::Ground;
use crate::casework::escalation::{self, Turn};
use crate::casework::letters;
use crate::casework::{Desk, Failure};
use crate::config::Settings;
use crate::demo::people::Cast;
use crate::domain::access::Actor;
use crate::store::cases::{self, Filed, Filter, Order};
use crate::store::dialect::bulk;
use crate::store::users::Account;
use crate::store::{people, users};
use crate::time_source::TimeSource;

/// What is measured.
#[derive(Debug, Clone)]
pub struct Plan {
    pub n_cases: usize,
    /// Of them not closed; three in a hundred unless said.
    pub n_open: Option<usize>,
    /// The smaller database, to see what growth costs; none, when it is not asked.
    pub n_small: Option<usize>,
    pub rounds: usize,
    pub lasts: Duration,
    /// A server with the durability of a real one, on which databases may be made.
    pub postgres: Option<String>,
    pub sqlite: bool,
    /// Emptied and used.
    pub folder: PathBuf,
    /// Only what has a limit, at 32 clients.
    pub is_quick: bool,
}

/// Reads the settings of a place.
pub type SettingsOf<'a> = &'a dyn Fn(&Place) -> anyhow::Result<Settings>;

/// Measures all of it.
///
/// # Errors
/// When a part cannot be started, or nothing is answered.
pub fn run(plan: &Plan, settings: SettingsOf<'_>) -> anyhow::Result<Vec<Figure>> {
    fresh_folder(&plan.folder)?;
    let runtime = tokio::runtime::Runtime::new()?;
    let mut figures = Vec::new();
    if let Ok(program) = std::fs::metadata(std::env::current_exe()?) {
        let mut size =
            Figure::of("", 0, "the program on the disk", 0, "MB").aiming(Aim::AtMost(40.0));
        let bytes = u32::try_from(program.len()).unwrap_or(u32::MAX);
        size.values.push(f64::from(bytes) / 1e6);
        figures.push(size);
    }
    let mut servers = Vec::new();
    servers.extend(plan.sqlite.then(String::new));
    servers.extend(plan.postgres.clone());
    for server in servers {
        let sizes: Vec<usize> = plan.n_small.into_iter().chain([plan.n_cases]).collect();
        let mut p50 = Vec::new();
        for n_cases in sizes {
            let is_whole = n_cases == plan.n_cases;
            let place = Place {
                data_dir: plan.folder.join(format!(
                    "{}-{n_cases}",
                    if server.is_empty() {
                        "sqlite"
                    } else {
                        "postgres"
                    }
                )),
                url: if server.is_empty() {
                    String::new()
                } else {
                    bulk::fresh(&server, &format!("reeve_bench_{n_cases}"))?
                },
            };
            let mut session = Session::open(plan, place, n_cases, &runtime, settings)?;
            p50.push(session.alone()?);
            if is_whole {
                session.everything()?;
            }
            figures.append(&mut session.figures);
        }
        if let [small, whole] = p50.as_slice() {
            figures.extend(grown(small, whole, plan));
        }
    }
    Ok(figures)
}

/// What the middle answer took, by scenario, with one caller.
type Middles = Vec<(Scenario, &'static str, f64)>;

fn grown(small: &Middles, whole: &Middles, plan: &Plan) -> Vec<Figure> {
    let mut all = Vec::new();
    for ((scenario, database, before), (_, _, after)) in small.iter().zip(whole) {
        let what = format!(
            "{}: p50, beside that of {} cases",
            scenario.name(),
            plan.n_small.unwrap_or(0)
        );
        let mut figure =
            Figure::of(database, plan.n_cases, &what, 1, "times").aiming(Aim::AtMost(1.5));
        if *before > 0.0 {
            figure.values.push(after / before);
        }
        all.push(figure);
    }
    all
}

/// One filled database and what is measured on it.
struct Session<'a> {
    plan: &'a Plan,
    place: Place,
    n_cases: usize,
    runtime: &'a tokio::runtime::Runtime,
    settings: SettingsOf<'a>,
    figures: Vec<Figure>,
    sample: Sample,
    cast: Cast,
    limit: Limit,
}

enum Limit {
    PgBench(PgBench),
    Loop(Loop),
}

impl<'a> Session<'a> {
    fn open(
        plan: &'a Plan,
        place: Place,
        n_cases: usize,
        runtime: &'a tokio::runtime::Runtime,
        settings: SettingsOf<'a>,
    ) -> anyhow::Result<Self> {
        say(&format!("{}: loading {n_cases} cases", place.name()));
        let n_open = plan.n_open.unwrap_or(n_cases / 33).min(n_cases);
        let amount = Amount {
            n_cases,
            n_open,
            years: 10,
            copies: copies(n_cases),
        };
        let began = TimeSource::System.monotonic();
        runtime.block_on(load::load(settings(&place)?, amount))?;
        let a_second = number(n_cases) / began.elapsed().as_secs_f64();
        let mut loading = Figure::of(
            place.name(),
            n_cases,
            "loading in bulk",
            1,
            "cases a second",
        )
        .aiming(Aim::AtLeast(3_000.0));
        loading.values.push(a_second);

        let (twin, copy) = (
            place.data_dir.join("limits"),
            place.data_dir.join("limits.db"),
        );
        std::fs::create_dir_all(&twin)?;
        let twin_url = if place.url.is_empty() {
            let db = crate::app::open_database(&settings(&place)?)?;
            db.at_start(|conn| bulk::copy_file(conn, &place.data_dir.join("reeve.db"), &copy))?;
            String::new()
        } else {
            bulk::twin(&place.url, "reeve_bench_limits")?
        };
        let (sample, cast, model) = runtime.block_on(async {
            let desk = visiting(settings(&place)?).await?;
            let cast = cast_of(&desk).await?;
            let model = untouched(&desk, &cast).await?;
            let sample = sample(&desk, n_cases).await?;
            Ok::<_, anyhow::Error>((sample, cast, model))
        })?;
        let limit = if twin_url.is_empty() {
            Limit::Loop(Loop::over(&copy, &model)?)
        } else {
            Limit::PgBench(PgBench::prepare(
                &twin_url,
                &twin,
                &model,
                &sample.references,
            )?)
        };
        Ok(Self {
            plan,
            place,
            n_cases,
            runtime,
            settings,
            figures: vec![loading],
            sample,
            cast,
            limit,
        })
    }

    /// One caller at a time, to see what growth costs.
    fn alone(&mut self) -> anyhow::Result<Middles> {
        if self.plan.is_quick {
            return Ok(Vec::new());
        }
        let server = Running::start(&self.place, "api", 9)?;
        let callers = self.callers(&server)?;
        let mut middles = Middles::new();
        for scenario in [
            Scenario::NewPerson,
            Scenario::Read,
            Scenario::QueueList,
            Scenario::Search,
            Scenario::FindPerson,
            Scenario::Track,
        ] {
            let mut figure = self.figure(scenario, 1);
            figure.aim = match scenario {
                Scenario::QueueList => Some(Aim::P99AtMost(10.0)),
                Scenario::Search => Some(Aim::P99AtMost(50.0)),
                _ => None,
            };
            for round in 0..self.plan.rounds {
                let asked = self.round(scenario, &callers, 1, round);
                figure.add(&asked?, None);
            }
            let middle = super::table::spread(&figure.p50).map_or(0.0, |(_, middle, _)| middle);
            middles.push((scenario, self.place.name(), middle));
            self.figures.push(figure);
        }
        Ok(middles)
    }

    /// Everything else.
    fn everything(&mut self) -> anyhow::Result<()> {
        if self.plan.is_quick {
            let server = Running::start(&self.place, "api", 9)?;
            let callers = self.callers(&server)?;
            self.intake(&callers, 32)?;
            return self.reads(&callers);
        }
        self.starts()?;
        let server = Running::start(&self.place, "api", 9)?;
        std::thread::sleep(Duration::from_secs(1));
        self.memory(&server, "memory, idle", 60.0)?;
        let callers = self.callers(&server)?;
        for clients in [1, 8, 32, 64] {
            self.intake(&callers, clients)?;
            if clients == 32 {
                self.memory(&server, "memory after intake at 32 clients", 150.0)?;
            }
        }
        for (scenario, clients) in [
            (Scenario::KnownPerson, 32),
            (Scenario::Joining, 32),
            (Scenario::RawMail, 8),
            (Scenario::TakeNext, N_OFFICERS),
            (Scenario::Report, 1),
        ] {
            let mut figure = self.figure(scenario, clients);
            for round in 0..self.plan.rounds {
                match self.round(scenario, &callers, clients, round) {
                    Ok(asked) => figure.add(&asked, None),
                    // The table says that it was not measured, and the rest is.
                    Err(why) => say(&format!("{}: {why:#}", scenario.name())),
                }
            }
            self.figures.push(figure);
        }
        self.reads(&callers)?;
        drop(server);
        self.outbox()?;
        self.sweeps()?;
        self.mixed_day()
    }

    fn starts(&mut self) -> anyhow::Result<()> {
        let mut figure = Figure::of(self.place.name(), self.n_cases, "start to ready", 1, "ms")
            .aiming(Aim::AtMost(300.0));
        for _ in 0..self.plan.rounds {
            let server = Running::start(&self.place, "api", 9)?;
            figure
                .values
                .push(server.ready_after.as_secs_f64() * 1_000.0);
        }
        self.figures.push(figure);
        Ok(())
    }

    fn memory(&mut self, server: &Running, what: &str, most: f64) -> anyhow::Result<()> {
        let mut figure =
            Figure::of(self.place.name(), self.n_cases, what, 0, "MB").aiming(Aim::AtMost(most));
        figure.values.push(server.memory()?);
        self.figures.push(figure);
        Ok(())
    }

    fn intake(&mut self, callers: &Callers, clients: usize) -> anyhow::Result<()> {
        let scenario = Scenario::NewPerson;
        let many = clients >= 32;
        let mut intake = self.figure(scenario, clients);
        let mut all = Vec::new();
        match &self.limit {
            Limit::PgBench(pgbench) => {
                intake.limit = "pgbench, a statement a row".to_owned();
                intake.aim = many.then_some(Aim::RatioAtLeast(1.2));
                let limit_of =
                    |what: &str| Figure::of("PostgreSQL", self.n_cases, what, clients, "a second");
                let mut rows = limit_of("pgbench, a statement a row");
                let mut one = limit_of("pgbench, one statement");
                for round in 0..self.plan.rounds {
                    let limit = pgbench.run(Script::StatementARow, clients, self.plan.lasts)?;
                    rows.values.push(limit);
                    one.values
                        .push(pgbench.run(Script::OneStatement, clients, self.plan.lasts)?);
                    intake.add(&self.round(scenario, callers, clients, round)?, Some(limit));
                }
                all.extend([rows, one, intake]);
            }
            Limit::Loop(bare) => {
                intake.limit = "a bare loop".to_owned();
                intake.aim = many.then_some(Aim::RatioAtLeast(2.0));
                let mut alone =
                    Figure::of("SQLite", self.n_cases, "a bare loop", clients, "a second");
                let mut slow = Figure::of(
                    "SQLite",
                    self.n_cases,
                    "intake: p99, beside the loop's",
                    clients,
                    "times",
                );
                slow.aim = many.then_some(Aim::AtMost(2.0));
                for round in 0..self.plan.rounds {
                    let limit = bare.run(clients, self.plan.lasts)?;
                    alone.add(&limit, None);
                    let taken = self.round(scenario, callers, clients, round)?;
                    intake.add(&taken, Some(limit.rate));
                    if limit.p99 > 0.0 {
                        slow.values.push(taken.p99 / limit.p99);
                    }
                }
                all.extend([alone, intake, slow]);
            }
        }
        self.figures.append(&mut all);
        Ok(())
    }

    fn reads(&mut self, callers: &Callers) -> anyhow::Result<()> {
        let mut read = self.figure(Scenario::Read, 32);
        let mut track = self.figure(Scenario::Track, 32);
        let mut queue = self.figure(Scenario::QueueList, 8);
        let mut select = Figure::of(
            self.place.name(),
            self.n_cases,
            "pgbench, select by reference",
            32,
            "a second",
        );
        for figure in [&mut read, &mut track] {
            if let Limit::PgBench(_) = &self.limit {
                figure.limit = "pgbench, select".to_owned();
                figure.aim = Some(Aim::RatioAtLeast(0.5));
            }
        }
        for round in 0..self.plan.rounds {
            let limit = match &self.limit {
                Limit::PgBench(pgbench) => {
                    Some(pgbench.run(Script::Select, 32, self.plan.lasts)?)
                }
                Limit::Loop(_) => None,
            };
            select.values.extend(limit);
            read.add(&self.round(Scenario::Read, callers, 32, round)?, limit);
            track.add(&self.round(Scenario::Track, callers, 32, round)?, limit);
            if !self.plan.is_quick {
                queue.add(&self.round(Scenario::QueueList, callers, 8, round)?, None);
            }
        }
        if !select.values.is_empty() {
            self.figures.push(select);
        }
        self.figures.extend([read, track]);
        if !self.plan.is_quick {
            self.figures.push(queue);
        }
        Ok(())
    }

    /// What the worker sends of what intake left behind, to a mail server that takes everything.
    fn outbox(&mut self) -> anyhow::Result<()> {
        let sink = Sink::open()?;
        let mut figure = Figure::of(
            self.place.name(),
            self.n_cases,
            "outbox, 4 connections",
            4,
            "mails a second",
        )
        .aiming(Aim::AtLeast(300.0));
        let worker = Running::start(&self.place, "worker", sink.port)?;
        let waited = TimeSource::System.monotonic();
        while sink.n_taken() == 0 && waited.elapsed() < Duration::from_secs(20) {
            std::thread::sleep(Duration::from_millis(5));
        }
        for _ in 0..self.plan.rounds {
            let (began, before) = (TimeSource::System.monotonic(), sink.n_taken());
            std::thread::sleep(self.plan.lasts);
            let n_sent = sink.n_taken() - before;
            // Once there is nothing left, nothing is measured.
            if n_sent > 0 {
                figure
                    .values
                    .push(number(n_sent) / began.elapsed().as_secs_f64());
            }
        }
        drop(worker);
        self.figures.push(figure);
        Ok(())
    }

    /// Sweeps at hours at which nothing, a hundred, ten thousand cases have fallen due.
    fn sweeps(&mut self) -> anyhow::Result<()> {
        let settings = (self.settings)(&self.place)?;
        let rounds = self.plan.rounds;
        let (name, n_cases) = (self.place.name(), self.n_cases);
        let found = self.runtime.block_on(async {
            let desk = visiting(settings).await?;
            let stands = desk.db.read(|conn| Ok::<_, Failure>(loaded(conn)?)).await?;
            let mut all = vec![idle_sweep(&desk, stands, (name, n_cases), rounds).await?];
            for n_due in [100, 10_000] {
                all.push(due_sweep(&desk, n_due, (name, n_cases), rounds).await?);
            }
            Ok::<_, anyhow::Error>(all)
        })?;
        self.figures.extend(found);
        Ok(())
    }

    /// The busiest hour of a council of a million people, three times as busy.
    fn mixed_day(&mut self) -> anyhow::Result<()> {
        let sink = Sink::open()?;
        let server = Running::start(&self.place, "all", sink.port)?;
        let callers = Arc::new(self.callers(&server)?);
        let (n_contacts, n_requests) = contacts_among_mixed();
        let contacts_an_hour = 10 * CONTACTS_A_DAY * PEAK_HOUR / 100 * 3;
        let a_second =
            f64::from(contacts_an_hour) / 3_600.0 * f64::from(n_requests) / f64::from(n_contacts);
        let what = format!(
            "mixed day of a million people, three times the busiest hour ({a_second:.1} requests a second, open)"
        );
        let mut figure = Figure::of(self.place.name(), self.n_cases, &what, 16, "a second");
        for round in 0..self.plan.rounds {
            let seed = self.seed(round);
            let asking = mixed(&callers, &self.sample, 16, seed);
            figure.add(&open(self.plan.lasts, a_second, asking)?, None);
        }
        self.memory(&server, "memory after a mixed day", 150.0)?;
        self.figures.push(figure);
        Ok(())
    }

    fn callers(&self, server: &Running) -> anyhow::Result<Callers> {
        let nobody = Caller::at(&server.base);
        let mut officers = Vec::new();
        let are_ours =
            |email: &str| email.starts_with("officer.") && email.matches('.').count() == 2;
        for user in &self.cast.users {
            let is_one = are_ours(&user.email) && user.queues == ["*"];
            if is_one && officers.len() < N_OFFICERS {
                officers.push(nobody.signed_in(&user.email, &user.password)?);
            }
        }
        let auditor = self
            .cast
            .users
            .iter()
            .find(|user| user.role == crate::domain::access::Role::Auditor)
            .context("nobody is an auditor")?;
        let gateway = self
            .cast
            .api_keys
            .iter()
            .find(|key| key.name == "mail-gateway")
            .context("there is no mail gateway")?;
        Ok(Callers {
            officers,
            auditor: nobody.signed_in(&auditor.email, &auditor.password)?,
            mail_gateway: nobody.with(&gateway.key),
            nobody,
        })
    }

    fn figure(&self, scenario: Scenario, clients: usize) -> Figure {
        Figure::of(
            self.place.name(),
            self.n_cases,
            scenario.name(),
            clients,
            "a second",
        )
    }

    fn seed(&self, round: usize) -> u64 {
        let micros = TimeSource::System.now().as_microsecond();
        u64::try_from(micros).unwrap_or(0) ^ u64::try_from(round).unwrap_or(0)
    }

    fn round(
        &self,
        scenario: Scenario,
        callers: &Callers,
        clients: usize,
        round: usize,
    ) -> anyhow::Result<Round> {
        say(&format!(
            "{}, {} cases: {}, {clients} clients, round {}",
            self.place.name(),
            self.n_cases,
            scenario.name(),
            round + 1
        ));
        let asking: Vec<Ask<'_>> =
            scenario.callers(callers, &self.sample, clients, self.seed(round));
        closed(self.plan.lasts, asking).with_context(|| scenario.name())
    }
}

/// How often a case is copied, so that a load takes minutes and not hours.
#[must_use]
pub fn copies(n_cases: usize) -> usize {
    (n_cases / 3_000).clamp(4, 400)
}

fn say(what: &str) {
    tracing::info!("{what}");
}

async fn visiting(settings: Settings) -> anyhow::Result<Arc<Desk>> {
    Ground::visit(settings).await?.council_desk().await
}

async fn cast_of(desk: &Arc<Desk>) -> anyhow::Result<Cast> {
    let council = desk.council();
    Ok(desk
        .read(move |conn, _| Ok(cast(conn, &council.catalogue)?))
        .await?)
}

/// A case just taken in of somebody with an address, of which nothing has happened yet: what the limit
/// writes.
async fn untouched(desk: &Arc<Desk>, cast: &Cast) -> anyhow::Result<Model> {
    let emails: Vec<String> = cast.users.iter().map(|user| user.email.clone()).collect();
    let staff: Vec<Account> = desk
        .read(move |conn, _| {
            let mut staff = Vec::new();
            for email in &emails {
                staff.extend(users::find_by_email(conn, email)?);
            }
            Ok(staff)
        })
        .await?;
    let workshop = Workshop::open(desk, staff).await?;
    for batch in 0..50 {
        let models = workshop.make(8, Wanted::Open, batch * 8).await?;
        let is_plain = |model: &Model| {
            let n_of = |table: &str| model.rows.iter().filter(|row| row.table == table).count();
            n_of("contacts") == 1
                && n_of("people") == 1
                && n_of("outbox") == 1
                && n_of("escalations") == 0
                && model
                    .rows
                    .iter()
                    .any(|row| row.table == "cases" && row.value("owner") == Some("NULL"))
        };
        if let Some(model) = models.into_iter().find(is_plain) {
            return Ok(model);
        }
    }
    anyhow::bail!("no case is as it came in")
}

async fn sample(desk: &Arc<Desk>, n_cases: usize) -> anyhow::Result<Sample> {
    let now = desk.time.now();
    let council = desk.council();
    let examples = council
        .catalogue
        .categories()
        .flat_map(|(_, category)| spread::phrases(category));
    let words = vocabulary(examples);
    let (service, _) = scenarios::MATTER;
    let filled = council.catalogue.service(service);
    let filled = filled.context("the catalogue does not know the matter that is sent")?;
    let queues: Vec<String> = council
        .catalogue
        .queues
        .values()
        .map(|queue| queue.slug.clone())
        .collect();
    let seed = u64::try_from(n_cases)?;
    let (references, open, people, queue) = desk
        .read(move |conn, _| {
            let sight = Actor::System.sight();
            let mut chance = StdRng::seed_from_u64(seed);
            let mut references = Vec::new();
            for _ in 0..200 {
                let hours = chance.random_range(0..10 * 365 * 24);
                let from = now - SignedDuration::from_hours(hours);
                let filter = Filter {
                    received: Some((from - SignedDuration::from_hours(24 * 20), from)),
                    ..Filter::default()
                };
                let found = cases::list(conn, &sight, &filter, Order::Received, None, 5)?;
                references.extend(found.iter().map(|filed| filed.case.reference.to_string()));
            }
            let filter = Filter {
                is_closed: Some(false),
                ..Filter::default()
            };
            let found = cases::list(conn, &sight, &filter, Order::Received, None, 500)?;
            let with_person: Vec<Filed> = found
                .into_iter()
                .filter(|filed| filed.case.reporter.is_some())
                .collect();
            let mut known = Vec::new();
            for filed in &with_person {
                if let Some(id) = filed.case.reporter
                    && let Some(person) = people::find(conn, id)?
                    && let Some(email) = person.email
                {
                    known.push((id.to_string(), email));
                }
            }
            let mut most = (0, String::new());
            for queue in queues {
                let counts = cases::counts(conn, &sight, &queue, now, now)?;
                if counts.open > most.0 {
                    most = (counts.open, queue);
                }
            }
            Ok((references, with_person, known, most.1))
        })
        .await?;
    let links: Vec<_> = open
        .iter()
        .map(|filed| (filed.case.id, filed.case.reporter))
        .collect();
    let tokens = desk
        .perform(move |tx, at| {
            let mut tokens = Vec::new();
            for (case, person) in &links {
                tokens.push(letters::link_for(tx, at, *case, *person)?.token);
            }
            Ok(tokens)
        })
        .await?;
    let calendar = &council.catalogue.calendar;
    let year = SignedDuration::from_hours(365 * 24);
    Ok(Sample {
        references,
        open: open
            .iter()
            .filter_map(|filed| {
                let person = filed.case.reporter?.to_string();
                Some((filed.case.reference.to_string(), person))
            })
            .collect(),
        people,
        tokens,
        queue,
        filled: filled.queue.clone(),
        words,
        year: (
            calendar.date_of(now - year).to_string(),
            calendar.date_of(now).to_string(),
        ),
    })
}

async fn idle_sweep(
    desk: &Arc<Desk>,
    stands: Loaded,
    (name, n_cases): (&str, usize),
    rounds: usize,
) -> anyhow::Result<Figure> {
    let what = format!("sweep, nothing due of {} open", stands.n_open);
    let mut figure = Figure::of(name, n_cases, &what, 1, "ms").aiming(Aim::AtMost(5.0));
    desk.time.move_to(stands.loaded_at)?;
    let turn = Turn::new(desk);
    for _ in 0..rounds {
        let n = 100;
        let began = TimeSource::System.monotonic();
        for _ in 0..n {
            let swept = escalation::sweep_in_turn(desk, &turn).await?;
            anyhow::ensure!(swept.n_cases == 0, "{swept:?}");
        }
        figure
            .values
            .push(began.elapsed().as_secs_f64() * 1_000.0 / f64::from(n));
    }
    Ok(figure)
}

async fn due_sweep(
    desk: &Arc<Desk>,
    n_due: usize,
    (name, n_cases): (&str, usize),
    rounds: usize,
) -> anyhow::Result<Figure> {
    let what = format!("sweep, {n_due} due (fewer, where so many are not open)");
    let mut figure =
        Figure::of(name, n_cases, &what, 1, "cases a second").aiming(Aim::AtLeast(1_000.0));
    for _ in 0..rounds {
        let limit = i64::try_from(n_due)?;
        let far: Timestamp = desk.time.now() + SignedDuration::from_hours(24 * 365);
        let at = desk
            .read(move |conn, _| {
                let due = cases::to_wake(conn, far, limit)?;
                let last = match due.last() {
                    Some(last) => cases::find(conn, *last)?,
                    None => None,
                };
                Ok(last.and_then(|filed| filed.dates.wake_at))
            })
            .await?;
        let Some(at) = at else {
            break;
        };
        desk.time.move_to(at)?;
        let began = TimeSource::System.monotonic();
        let swept = escalation::sweep(desk).await?;
        anyhow::ensure!(swept.n_failed == 0, "{swept:?}");
        figure
            .values
            .push(number(swept.n_cases) / began.elapsed().as_secs_f64());
    }
    Ok(figure)
}
