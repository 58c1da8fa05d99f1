use std::sync::atomic::{AtomicUsize, Ordering};

use jiff::Timestamp;
use uuid::Uuid;

use super::*;
use crate::domain::wording::Language;
use crate::notify::mail::Sendable;
use crate::notify::samples;
use crate::store::outbox::Headers;

/// A pump over a list of notices in place of an outbox.
struct Bench {
    pump: Pump,
    waiting: Arc<Mutex<Vec<Notice>>>,
    kept: Arc<Mutex<Vec<(Notice, Outcome)>>>,
    sent: Arc<Mutex<Vec<Sendable>>>,
    n_rings: Arc<AtomicUsize>,
    time: TimeSource,
}

impl Bench {
    fn new(redirect_all_to: Option<&str>) -> Self {
        let (transport, sent) = Transport::memory();
        Self::over(transport, sent, redirect_all_to)
    }

    fn over(
        transport: Transport,
        sent: Arc<Mutex<Vec<Sendable>>>,
        redirect_all_to: Option<&str>,
    ) -> Self {
        let waiting: Arc<Mutex<Vec<Notice>>> = Arc::default();
        let kept: Arc<Mutex<Vec<(Notice, Outcome)>>> = Arc::default();
        let n_rings: Arc<AtomicUsize> = Arc::default();
        let time = TimeSource::fixed(now());
        let (claims, records, rings) = (
            Arc::clone(&waiting),
            Arc::clone(&kept),
            Arc::clone(&n_rings),
        );
        let templates = BTreeMap::from([
            (
                "en/confirmation.txt".to_owned(),
                "Subject: We have it\n\nWe have it.\n".to_owned(),
            ),
            (
                "en/confirmation.html".to_owned(),
                "<p>We have it.</p>\n".to_owned(),
            ),
        ]);
        let paper = Arc::new(Stationery {
            renderer: Renderer::new(&templates).unwrap(),
            from_name: "Northmere Council".to_owned(),
            from_address: "contact@council.example".to_owned(),
        });
        let books = Books {
            claim: Box::new(move |limit| {
                let mut waiting = claims.lock().unwrap();
                let n = waiting.len().min(usize::try_from(limit).unwrap());
                let claimed: Vec<Notice> = waiting.drain(..n).collect();
                Box::pin(async move { Ok(claimed) })
            }),
            record: Box::new(move |notice, outcome| {
                records.lock().unwrap().push((notice, outcome));
                Box::pin(async { Ok(()) })
            }),
            stationery: Box::new(move || Ok(Arc::clone(&paper))),
            has_room: Box::new(move || {
                rings.fetch_add(1, Ordering::SeqCst);
            }),
        };
        let habits = Habits {
            loop_token: "loop-1".to_owned(),
            redirect_all_to: redirect_all_to.map(str::to_owned),
            sends_at_once: 2,
        };
        let pump = Pump::new(books, transport, habits, time.clone());
        Self {
            pump,
            waiting,
            kept,
            sent,
            n_rings,
            time,
        }
    }

    fn put(&self, notice: Notice) {
        self.waiting.lock().unwrap().push(notice);
    }

    fn outcomes(&self) -> Vec<Outcome> {
        self.kept
            .lock()
            .unwrap()
            .iter()
            .map(|(_, outcome)| outcome.clone())
            .collect()
    }
}

fn now() -> Timestamp {
    "2026-11-20T16:58:00Z".parse().unwrap()
}

fn notice(n: u128, recipient: &str) -> Notice {
    let letter = samples::letters(Language::English).remove(0);
    let id = NoticeId(Uuid::from_u128(n));
    Notice {
        id,
        dedupe_key: id.to_string(),
        kind: letter.kind().as_str().to_owned(),
        case: None,
        person: None,
        transport: "email".to_owned(),
        recipient: recipient.to_owned(),
        message_id: format!("{id}@reply.council.example"),
        headers: Headers {
            auto_submitted: letter.kind().auto_submitted(false).map(str::to_owned),
            ..Headers::default()
        },
        letter,
        meets: None,
        state: "pending".to_owned(),
        attempts: 1,
        created_at: now(),
        next_attempt_at: Some(now()),
        fence: 1,
        sent_at: None,
        last_error: None,
    }
}

fn text(sent: &Sendable) -> String {
    String::from_utf8(sent.bytes.clone()).unwrap()
}

#[tokio::test]
async fn what_is_due_leaves_and_is_kept_as_accepted() {
    let bench = Bench::new(None);
    for n in 1..=20 {
        bench.put(notice(n, "ada@mail.example"));
    }
    assert_eq!(bench.pump.pump_once().await.unwrap(), 20);
    assert_eq!(bench.outcomes(), vec![Outcome::Accepted; 20]);
    assert_eq!(
        bench.n_rings.load(Ordering::SeqCst),
        20,
        "each end makes room for the next"
    );
    let mail = text(&bench.sent.lock().unwrap()[0]);
    for header in [
        "X-Reeve-Notice: confirmation",
        "X-Reeve-Loop: loop-1",
        "Auto-Submitted: auto-generated",
        "From: \"Northmere Council\" <contact@council.example>",
    ] {
        assert!(mail.contains(header), "{header} is missing in {mail}");
    }
    assert_eq!(bench.pump.pump_once().await.unwrap(), 0);
}

#[tokio::test]
async fn in_a_rehearsal_every_mail_goes_to_the_one_address() {
    let bench = Bench::new(Some("rehearsal@council.example"));
    bench.put(notice(1, "ada@mail.example"));
    bench.pump.pump_once().await.unwrap();
    let sent = bench.sent.lock().unwrap();
    let to: Vec<String> = sent[0]
        .envelope
        .to()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(to, ["rehearsal@council.example"]);
    assert!(text(&sent[0]).contains("X-Reeve-Original-To: ada@mail.example"));
}

#[tokio::test]
async fn an_address_that_is_none_is_not_tried_again() {
    let bench = Bench::new(None);
    bench.put(notice(1, "no address"));
    bench.pump.pump_once().await.unwrap();
    let outcomes = bench.outcomes();
    assert!(
        matches!(
            outcomes.as_slice(),
            [Outcome::Refused {
                is_permanent: true,
                ..
            }]
        ),
        "{outcomes:?}"
    );
    assert!(
        !format!("{outcomes:?}").contains("no address"),
        "what is said of it ends in the log"
    );
}

#[tokio::test]
async fn a_mail_folder_that_cannot_be_written_is_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let in_the_way = folder.path().join("mail");
    std::fs::write(&in_the_way, "a file where the folder should be").unwrap();
    let bench = Bench::over(Transport::File(in_the_way), Arc::default(), None);
    bench.put(notice(1, "ada@mail.example"));
    bench.pump.pump_once().await.unwrap();
    assert!(matches!(
        bench.outcomes().as_slice(),
        [Outcome::Refused {
            is_permanent: false,
            ..
        }]
    ));
}

#[tokio::test]
async fn a_notice_claimed_again_while_it_is_being_sent_is_sent_once_and_kept_under_the_new_claim() {
    let bench = Bench::new(None);
    bench.put(notice(1, "ada@mail.example"));
    assert_eq!(bench.pump.begin().await.unwrap(), 1);
    // The single thread has not run the send yet; a clock moved ahead ends the lease meanwhile.
    bench.put(Notice {
        fence: 2,
        ..notice(1, "ada@mail.example")
    });
    assert_eq!(bench.pump.begin().await.unwrap(), 0);
    bench.pump.finish().await;
    assert_eq!(bench.sent.lock().unwrap().len(), 1);
    let kept = bench.kept.lock().unwrap();
    assert_eq!(
        kept.iter()
            .map(|(notice, _)| notice.fence)
            .collect::<Vec<_>>(),
        [2]
    );
}

#[tokio::test]
async fn a_claim_that_waited_too_long_for_its_turn_is_left_to_end() {
    let bench = Bench::new(None);
    bench.put(notice(1, "ada@mail.example"));
    bench.pump.begin().await.unwrap();
    bench
        .time
        .move_to(now() + jiff::SignedDuration::from_secs(16))
        .unwrap();
    bench.pump.finish().await;
    assert!(
        bench.sent.lock().unwrap().is_empty(),
        "its lease may end while it is sent"
    );
    assert!(bench.outcomes().is_empty());
    bench.put(Notice {
        fence: 2,
        ..notice(1, "ada@mail.example")
    });
    assert_eq!(bench.pump.pump_once().await.unwrap(), 1);
}
