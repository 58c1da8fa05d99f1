//! What the sweep reads: those whose hour has come, however many are open.

use std::sync::{Arc, Mutex};

use diesel::connection::{Instrumentation, InstrumentationEvent};
use diesel::sql_types::Text;
use diesel::{Connection, QueryableByName, RunQueryDsl, SqliteConnection};
use reeve::casework::escalation;
use reeve::store::db::{Address, Opening};
use reeve::store::{Db, cases};

use crate::office::{Office, at};

const MONDAY: &str = "2026-11-02T10:00:00Z";
const TUESDAY: &str = "2026-11-03T10:00:00Z";

#[tokio::test]
async fn a_sweep_looks_at_the_cases_whose_hour_has_come_and_at_no_other_open_case() {
    let office = Office::open(MONDAY);
    let mut early = Vec::new();
    for _ in 0..3 {
        early.push(office.bins("new-container", at(MONDAY)).await.case.id);
    }
    office.desk.time.move_to(at(TUESDAY)).unwrap();
    let mut waiting = Vec::new();
    for _ in 0..30 {
        waiting.push(office.bins("new-container", at(TUESDAY)).await);
    }
    let first = office.case(early[0]).await;
    office
        .desk
        .time
        .move_to(first.dates.wake_at.unwrap())
        .unwrap();
    assert_eq!(office.n_due().await, early.len());
    let swept = escalation::sweep(&office.desk).await.unwrap();
    assert_eq!((swept.n_cases, swept.n_failed), (early.len(), 0));
    for before in waiting {
        assert_eq!(office.case(before.case.id).await, before);
    }
    assert_eq!(office.n_due().await, 0);
}

#[test]
fn the_sweep_finds_what_is_due_by_its_index_and_never_reads_through_the_open_cases() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("reeve.db");
    let db = Db::open(&Opening {
        address: Address::Sqlite(file.clone()),
        pool_size: 1,
        allow_unsafe_durability: false,
    })
    .unwrap();
    db.migrate().unwrap();
    let asked = Arc::new(Mutex::new(Vec::new()));
    db.at_start(|conn| {
        conn.set_instrumentation(Listening(Arc::clone(&asked)));
        Ok(cases::to_wake(conn, at(MONDAY), 200)?)
    })
    .unwrap();
    let asked = asked.lock().unwrap();
    let [query] = asked.as_slice() else {
        panic!("one question is asked: {asked:?}");
    };
    let plan: Vec<Planned> = diesel::sql_query(format!("EXPLAIN QUERY PLAN {query}"))
        .load(&mut SqliteConnection::establish(file.to_str().unwrap()).unwrap())
        .unwrap();
    let plan: Vec<String> = plan.into_iter().map(|step| step.detail).collect();
    // One step: no scan, and no sorting of what was found.
    assert_eq!(
        plan,
        ["SEARCH cases USING INDEX cases_to_wake (wake_at>? AND wake_at<?)"]
    );
}

/// Writes down what a connection is asked, without the values.
struct Listening(Arc<Mutex<Vec<String>>>);

impl Instrumentation for Listening {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        if let InstrumentationEvent::StartQuery { query, .. } = event {
            let text = query.to_string();
            let words = text.split(" -- binds").next().unwrap_or_default();
            self.0.lock().unwrap().push(words.to_owned());
        }
    }
}

#[derive(QueryableByName)]
struct Planned {
    #[diesel(sql_type = Text)]
    detail: String,
}
