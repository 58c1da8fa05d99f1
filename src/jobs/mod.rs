//! Wake-ups: what looks, every second, for what has fallen due.
//!
//! A job takes no input but the time and can be woken once too often or once too few: what is due
//! lives in the database. So a schedule only rings a bell, one task answers it for each job, and runs
//! of a job never overlap. A job that fails or panics rests a little and harms no other.
//!
//! | job | when | what |
//! |---|---|---|
//! | `clock` | every tick, in a demo | takes over the time another replica has set |
//! | `catalogue` | every tick | puts a new version of the catalogue in force |
//! | `move` | every tick | open cases on their way to a new version's terms |
//! | `incidents` | every tick | updates to all whose case is on an incident, and closures |
//! | `terms` | every tick | members whose term of office has ended |
//! | `sweep` | every tick | cases whose hour has come, then the digests |
//! | `weekly` | every tick | the week's counts, on its first working day |
//! | `reports` | every tick | reports that are kept, on the first working day after their period |
//! | `set_back` | every tick | what is left of a clock that ran ahead and was set right |
//! | `send` | every tick, and after every commit | notices that are due |
//! | `attachments` | every tick | files of mails taken out of them, scans tried again, bytes let go |
//! | `seal` | every tick | lines of the audit join its chain |
//! | `roll_up` | every tick, once a minute at most | days of which a closed case has changed, in sums |
//! | `forget` | every hour | answers nobody can ask for again |
//! | `tidy` | every hour | attachments that no contact named, bytes that nothing names |

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio_cron_scheduler::{Job as Schedule, JobScheduler};

use crate::casework::attachments::tending::{self, Tidying};
use crate::casework::desk::{Council, Desk};
use crate::casework::kept_reports::DaySeen;
use crate::casework::measuring::Rolling;
use crate::casework::set_back::SetBack;
use crate::casework::{audit, delivery, escalation, incidents, members, moves, retention};
use crate::notify::pump::{Books, Habits, Later, Outcome, Pump, Stationery};
use crate::notify::render::{self, Renderer};
use crate::notify::texts::Texts;
use crate::notify::transport::Transport;
use crate::time_source::TimeSource;

/// The jobs of one process, running.
pub struct Jobs {
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
    scheduler: JobScheduler,
    pump: Arc<Pump>,
    freshness: Arc<Freshness>,
}

/// Something done again and again.
pub type Work = Box<dyn Fn() -> Later<()> + Send + Sync>;

/// What the composition root knows and the jobs do not.
pub struct Hooks {
    /// Puts in force what another replica has stored.
    pub refresh_catalogue: Work,
    /// The demo's: takes over the time that was set.
    pub take_over_clock: Option<Work>,
}

/// When each job last came to its end, for `/readyz` and the figures.
#[derive(Debug)]
pub struct Freshness {
    time: TimeSource,
    jobs: Mutex<BTreeMap<&'static str, Beat>>,
}

#[derive(Debug, Clone, Copy)]
struct Beat {
    every: Duration,
    /// When it last came to its end, or began to be waited for.
    at: Instant,
    last_success_at: Option<Timestamp>,
}

/// One line of the table.
struct Job {
    name: &'static str,
    when: When,
    work: Work,
    /// Rung by a commit, besides the schedule.
    bell: Option<Arc<Desk>>,
}

#[derive(Debug, Clone, Copy)]
enum When {
    EveryTick,
    /// Six fields, seconds first, in UTC.
    Hourly(&'static str),
}

const HOUR: Duration = Duration::from_secs(3600);
/// A job that keeps failing rests no longer than this, so that what was wrong is soon tried again.
const LONGEST_REST: Duration = Duration::from_secs(15);
/// However short the tick, a busy second is not yet a stopped job.
const LATE_AFTER: Duration = Duration::from_secs(10);

impl Jobs {
    /// Starts every job.
    ///
    /// # Errors
    /// When the scheduler cannot be started.
    pub async fn start(
        desk: &Arc<Desk>,
        pump: Arc<Pump>,
        tick: Duration,
        hooks: Hooks,
    ) -> anyhow::Result<Self> {
        let (stop, stopped) = watch::channel(false);
        let freshness = Arc::new(Freshness::new(desk.time.clone()));
        let mut scheduler = JobScheduler::new().await?;
        let mut tasks = Vec::new();
        for job in table(desk, &pump, hooks) {
            let bell = Arc::new(Notify::new());
            scheduler
                .add(job.when.ring(tick, Arc::clone(&bell))?)
                .await?;
            let every = job.when.every(tick);
            freshness.expect(job.name, every);
            let answering = answer(job, bell, every, stopped.clone(), Arc::clone(&freshness));
            tasks.push(tokio::spawn(answering));
        }
        if let Err(why) = scheduler.start().await {
            stop.send_replace(true);
            scheduler.shutdown().await?;
            return Err(why.into());
        }
        Ok(Self {
            stop,
            tasks,
            scheduler,
            pump,
            freshness,
        })
    }

    /// When each job last came to its end.
    #[must_use]
    pub fn freshness(&self) -> Arc<Freshness> {
        Arc::clone(&self.freshness)
    }

    /// Begins nothing more and waits for what is running: sweeps, sends and their records.
    pub async fn shutdown(mut self) {
        self.stop.send_replace(true);
        if let Err(why) = self.scheduler.shutdown().await {
            tracing::warn!("The scheduler did not stop cleanly: {why}");
        }
        for task in self.tasks {
            if let Err(why) = task.await {
                tracing::error!("A job ended badly: {why}");
            }
        }
        self.pump.finish().await;
    }
}

impl Freshness {
    fn new(time: TimeSource) -> Self {
        Self {
            time,
            jobs: Mutex::default(),
        }
    }

    /// The jobs that have not come to their end for three of their intervals.
    #[must_use]
    pub fn late(&self) -> Vec<&'static str> {
        let now = self.time.monotonic();
        let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        let is_late =
            |beat: &Beat| now.saturating_duration_since(beat.at) > (beat.every * 3).max(LATE_AFTER);
        jobs.iter()
            .filter(|(_, beat)| is_late(beat))
            .map(|(name, _)| *name)
            .collect()
    }

    /// When each job last came to its end; nothing for one that never has.
    #[must_use]
    pub fn last_success(&self) -> Vec<(&'static str, Option<Timestamp>)> {
        let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        jobs.iter()
            .map(|(name, beat)| (*name, beat.last_success_at))
            .collect()
    }

    fn expect(&self, name: &'static str, every: Duration) {
        let beat = Beat {
            every,
            at: self.time.monotonic(),
            last_success_at: None,
        };
        self.jobs
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(name, beat);
    }

    fn note(&self, name: &'static str) {
        let (at, now) = (self.time.monotonic(), self.time.now());
        let since_1970 = now.duration_since(Timestamp::UNIX_EPOCH).as_secs_f64();
        metrics::gauge!("scheduler_last_success_timestamp_seconds", "job" => name).set(since_1970);
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(beat) = jobs.get_mut(name) {
            beat.at = at;
            beat.last_success_at = Some(now);
        }
    }
}

impl When {
    fn every(self, tick: Duration) -> Duration {
        match self {
            Self::EveryTick => tick,
            Self::Hourly(_) => HOUR,
        }
    }

    fn ring(self, tick: Duration, bell: Arc<Notify>) -> anyhow::Result<Schedule> {
        let ring = move |_, _| -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>> {
            let bell = Arc::clone(&bell);
            Box::pin(async move { bell.notify_one() })
        };
        Ok(match self {
            Self::EveryTick => Schedule::new_repeated_async(tick, ring)?,
            Self::Hourly(fields) => Schedule::new_async(fields, ring)?,
        })
    }
}

/// The sender of one process, its books kept by casework.
#[must_use]
pub fn pump_of(desk: &Arc<Desk>, transport: Transport, sends_at_once: usize) -> Arc<Pump> {
    pump_with_texts(desk, transport, None, sends_at_once)
}

/// The same, sending text messages too.
#[must_use]
pub fn pump_with_texts(
    desk: &Arc<Desk>,
    transport: Transport,
    texts: Option<Texts>,
    sends_at_once: usize,
) -> Arc<Pump> {
    desk.proofread_with(render::check);
    desk.write_out_with(render::write_out);
    let (claiming, recording, ringing) = (Arc::clone(desk), Arc::clone(desk), Arc::clone(desk));
    let books = Books {
        claim: Box::new(move |limit| {
            let desk = Arc::clone(&claiming);
            Box::pin(async move { Ok(delivery::claim(&desk, limit).await?) })
        }),
        record: Box::new(move |notice, outcome| {
            let desk = Arc::clone(&recording);
            Box::pin(async move {
                match outcome {
                    Outcome::Accepted => delivery::record_sent(&desk, notice).await.map(|_| ())?,
                    Outcome::Refused { why, is_permanent } => {
                        delivery::record_failed(&desk, notice, why, is_permanent).await?;
                    }
                }
                Ok(())
            })
        }),
        stationery: stationery_of(Arc::clone(desk)),
        has_room: Box::new(move || ringing.outbox_bell.notify_one()),
    };
    let habits = Habits {
        loop_token: desk.secrets.loop_token.clone(),
        redirect_all_to: desk.manners.redirect_all_to.clone(),
        sends_at_once,
    };
    let time = desk.time.clone();
    Arc::new(Pump::with_texts(books, transport, texts, habits, time))
}

/// Templates are read once for each catalogue that comes into force.
fn stationery_of(
    desk: Arc<Desk>,
) -> Box<dyn Fn() -> anyhow::Result<Arc<Stationery>> + Send + Sync> {
    let read: Mutex<Option<(Arc<Council>, Arc<Stationery>)>> = Mutex::default();
    Box::new(move || {
        let council = desk.council();
        let mut read = read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, stationery)) = read.as_ref()
            && Arc::ptr_eq(of, &council)
        {
            return Ok(Arc::clone(stationery));
        }
        let files = council.catalogue.template_sources();
        let files = files
            .map(|(path, text)| (path.to_owned(), text.to_owned()))
            .collect();
        let mail = &council.catalogue.council.mail;
        let stationery = Arc::new(Stationery {
            renderer: Renderer::new(&files)?,
            from_name: mail.from_name.clone(),
            from_address: mail.from_address.clone(),
        });
        *read = Some((council, Arc::clone(&stationery)));
        Ok(stationery)
    })
}

fn table(desk: &Arc<Desk>, pump: &Arc<Pump>, hooks: Hooks) -> Vec<Job> {
    let every_tick = |name, work| Job {
        name,
        when: When::EveryTick,
        work,
        bell: None,
    };
    let mut jobs: Vec<Job> = hooks
        .take_over_clock
        .map(|work| every_tick("clock", work))
        .into_iter()
        .collect();
    jobs.push(every_tick("catalogue", hooks.refresh_catalogue));
    let (own, set_back) = (Arc::clone(desk), Arc::new(SetBack::default()));
    jobs.push(every_tick(
        "set_back",
        Box::new(move || {
            let (desk, set_back) = (Arc::clone(&own), Arc::clone(&set_back));
            Box::pin(async move { Ok(set_back.look(&desk).await.map(|_| ())?) })
        }),
    ));
    let own = Arc::clone(desk);
    jobs.push(every_tick(
        "move",
        Box::new(move || {
            let desk = Arc::clone(&own);
            Box::pin(async move { Ok(moves::carry_on(&desk).await.map(|_| ())?) })
        }),
    ));
    let own = Arc::clone(desk);
    jobs.push(every_tick(
        "incidents",
        Box::new(move || {
            let desk = Arc::clone(&own);
            Box::pin(async move { Ok(incidents::carry_on(&desk).await.map(|_| ())?) })
        }),
    ));
    let (own, week) = (Arc::clone(desk), Arc::new(escalation::WeekSeen::default()));
    jobs.push(every_tick(
        "weekly",
        Box::new(move || {
            let (desk, week) = (Arc::clone(&own), Arc::clone(&week));
            Box::pin(async move { Ok(week.tell(&desk).await.map(|_| ())?) })
        }),
    ));
    let (own, day) = (Arc::clone(desk), Arc::new(DaySeen::default()));
    jobs.push(every_tick(
        "reports",
        Box::new(move || {
            let (desk, day) = (Arc::clone(&own), Arc::clone(&day));
            Box::pin(async move { Ok(day.make(&desk).await.map(|_| ())?) })
        }),
    ));
    let own = Arc::clone(desk);
    jobs.push(every_tick(
        "terms",
        Box::new(move || {
            let desk = Arc::clone(&own);
            Box::pin(async move { Ok(members::end_terms(&desk).await.map(|_| ())?) })
        }),
    ));
    let (own, turn) = (Arc::clone(desk), Arc::new(escalation::Turn::new(desk)));
    jobs.push(every_tick(
        "sweep",
        Box::new(move || {
            let (desk, turn) = (Arc::clone(&own), Arc::clone(&turn));
            Box::pin(async move {
                // Steps first: those of 9am belong into the digests of that very morning.
                let before = desk.moment();
                if !escalation::sweep_in_turn(&desk, &turn).await?.is_elsewhere {
                    escalation::digests(&desk, before).await?;
                }
                Ok(())
            })
        }),
    ));
    let own = Arc::clone(pump);
    jobs.push(Job {
        bell: Some(Arc::clone(desk)),
        ..every_tick(
            "send",
            Box::new(move || {
                let pump = Arc::clone(&own);
                Box::pin(async move { pump.begin().await.map(|_| ()) })
            }),
        )
    });
    let own = Arc::clone(desk);
    jobs.push(every_tick(
        "attachments",
        Box::new(move || {
            let desk = Arc::clone(&own);
            Box::pin(async move { Ok(tending::tend(&desk).await.map(|_| ())?) })
        }),
    ));
    let own = Arc::clone(desk);
    jobs.push(every_tick(
        "seal",
        Box::new(move || {
            let desk = Arc::clone(&own);
            Box::pin(async move { Ok(audit::seal(&desk).await.map(|_| ())?) })
        }),
    ));
    let (own, rolling) = (Arc::clone(desk), Arc::new(Rolling::default()));
    jobs.push(every_tick(
        "roll_up",
        Box::new(move || {
            let (desk, rolling) = (Arc::clone(&own), Arc::clone(&rolling));
            Box::pin(async move { Ok(rolling.look(&desk).await.map(|_| ())?) })
        }),
    ));
    let own = Arc::clone(desk);
    jobs.push(Job {
        name: "forget",
        when: When::Hourly("0 7 * * * *"),
        work: Box::new(move || {
            let desk = Arc::clone(&own);
            Box::pin(async move { Ok(retention::forget_answers(&desk).await.map(|_| ())?) })
        }),
        bell: None,
    });
    let (own, tidying) = (Arc::clone(desk), Arc::new(Tidying::default()));
    jobs.push(Job {
        name: "tidy",
        when: When::Hourly("0 37 * * * *"),
        work: Box::new(move || {
            let (desk, tidying) = (Arc::clone(&own), Arc::clone(&tidying));
            Box::pin(async move { Ok(tidying.look(&desk).await?) })
        }),
        bell: None,
    });
    jobs
}

/// Runs one job at every ring until told to stop. It does not rely on being rung: the scheduler goes
/// by the computer's clock and falls silent when that is set back, this wait does not.
async fn answer(
    job: Job,
    scheduled: Arc<Notify>,
    every: Duration,
    mut stopped: watch::Receiver<bool>,
    freshness: Arc<Freshness>,
) {
    let mut n_failures: u32 = 0;
    while !*stopped.borrow_and_update() {
        // In a task of its own, so that a panic ends the run and not the job.
        n_failures = match tokio::spawn((job.work)()).await {
            Ok(Ok(())) => {
                freshness.note(job.name);
                0
            }
            Ok(Err(why)) => {
                tracing::error!("Job {} failed: {why:#}", job.name);
                n_failures.saturating_add(1)
            }
            Err(panic) => {
                tracing::error!("Job {} panicked: {panic}", job.name);
                n_failures.saturating_add(1)
            }
        };
        let is_over = if n_failures > 0 {
            is_stopped_within(&mut stopped, rest(n_failures)).await
        } else {
            tokio::select! {
                changed = stopped.changed() => changed.is_err(),
                () = scheduled.notified() => false,
                () = rung(job.bell.as_deref()) => false,
                () = tokio::time::sleep(every) => false,
            }
        };
        if is_over {
            break;
        }
    }
}

async fn rung(bell: Option<&Desk>) {
    match bell {
        Some(desk) => desk.outbox_bell.notified().await,
        None => std::future::pending().await,
    }
}

/// 1, 2, 4 … seconds.
fn rest(n_failures: u32) -> Duration {
    let doublings = n_failures.saturating_sub(1).min(4);
    Duration::from_secs(1 << doublings).min(LONGEST_REST)
}

async fn is_stopped_within(stopped: &mut watch::Receiver<bool>, rest: Duration) -> bool {
    matches!(
        tokio::time::timeout(rest, stopped.changed()).await,
        Ok(Err(_))
    )
}

#[cfg(test)]
mod tests;
