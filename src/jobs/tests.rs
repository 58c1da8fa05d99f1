use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

/// Runs jobs with a tick of a few milliseconds until told to stop.
struct Bench {
    stop: watch::Sender<bool>,
    freshness: Arc<Freshness>,
    tasks: Vec<JoinHandle<()>>,
}

impl Bench {
    fn new() -> Self {
        let (stop, _) = watch::channel(false);
        let freshness = Arc::new(Freshness::new(TimeSource::System));
        Self {
            stop,
            freshness,
            tasks: Vec::new(),
        }
    }

    fn run(&mut self, name: &'static str, work: Work) {
        let every = Duration::from_millis(5);
        self.freshness.expect(name, every);
        let job = Job {
            name,
            when: When::EveryTick,
            work,
            bell: None,
        };
        let freshness = Arc::clone(&self.freshness);
        self.tasks.push(tokio::spawn(answer(
            job,
            Arc::default(),
            every,
            self.stop.subscribe(),
            freshness,
        )));
    }

    async fn stop(self) {
        self.stop.send_replace(true);
        for task in self.tasks {
            task.await.unwrap();
        }
    }
}

async fn until(is_so: impl Fn() -> bool) {
    tokio::time::timeout(Duration::from_secs(10), async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
    .await
    .expect("it did not come about in ten seconds");
}

#[tokio::test]
async fn a_job_that_always_panics_does_not_stop_the_others() {
    let mut bench = Bench::new();
    let (n_panics, n_runs) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (panics, runs) = (Arc::clone(&n_panics), Arc::clone(&n_runs));
    bench.run(
        "panics",
        Box::new(move || {
            panics.fetch_add(1, Ordering::SeqCst);
            Box::pin(async { panic!("as always") })
        }),
    );
    bench.run(
        "works",
        Box::new(move || {
            runs.fetch_add(1, Ordering::SeqCst);
            Box::pin(async { Ok(()) })
        }),
    );
    let (panics, runs) = (Arc::clone(&n_panics), Arc::clone(&n_runs));
    until(|| panics.load(Ordering::SeqCst) >= 2 && runs.load(Ordering::SeqCst) >= 20).await;
    let last: BTreeMap<&str, Option<Timestamp>> =
        bench.freshness.last_success().into_iter().collect();
    assert!(last["works"].is_some() && last["panics"].is_none());
    bench.stop().await;
    assert!(
        n_panics.load(Ordering::SeqCst) < n_runs.load(Ordering::SeqCst),
        "it rests between its panics"
    );
}

#[tokio::test]
async fn runs_of_a_job_never_overlap() {
    let mut bench = Bench::new();
    let (at_work, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let n_runs = Arc::new(AtomicUsize::new(0));
    let (working, highest, runs) = (Arc::clone(&at_work), Arc::clone(&most), Arc::clone(&n_runs));
    bench.run(
        "slow",
        Box::new(move || {
            let (working, highest, runs) = (
                Arc::clone(&working),
                Arc::clone(&highest),
                Arc::clone(&runs),
            );
            Box::pin(async move {
                highest.fetch_max(working.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                tokio::time::sleep(Duration::from_millis(20)).await;
                working.fetch_sub(1, Ordering::SeqCst);
                runs.fetch_add(1, Ordering::SeqCst);
                Ok(())
            })
        }),
    );
    let runs = Arc::clone(&n_runs);
    until(|| runs.load(Ordering::SeqCst) >= 3).await;
    bench.stop().await;
    assert_eq!(most.load(Ordering::SeqCst), 1);
    assert_eq!(
        at_work.load(Ordering::SeqCst),
        0,
        "stopping waits for the run under way"
    );
}

#[test]
fn a_job_rests_longer_the_more_often_it_has_failed() {
    let rests: Vec<u64> = (1..=6).map(|n| rest(n).as_secs()).collect();
    assert_eq!(rests, [1, 2, 4, 8, 15, 15]);
}

#[test]
fn a_job_that_has_not_come_to_its_end_for_three_intervals_is_late() {
    let time = TimeSource::fixed("2026-11-20T16:58:00Z".parse().unwrap());
    let freshness = Freshness::new(time.clone());
    freshness.expect("sweep", Duration::from_secs(5));
    let later = |secs| {
        time.move_to(time.now() + jiff::SignedDuration::from_secs(secs))
            .unwrap()
    };
    later(15);
    assert!(freshness.late().is_empty());
    later(1);
    assert_eq!(freshness.late(), ["sweep"]);
    freshness.note("sweep");
    assert!(freshness.late().is_empty());
    assert_eq!(freshness.last_success(), [("sweep", Some(time.now()))]);
}

#[tokio::test]
async fn the_scheduler_takes_every_line_of_the_table() {
    for when in [When::EveryTick, When::Hourly("0 7 * * * *")] {
        when.ring(Duration::from_secs(1), Arc::default()).unwrap();
    }
}
