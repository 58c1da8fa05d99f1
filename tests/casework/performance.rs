//! What a report over a year costs: the sums of its days, and not its cases.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use diesel::connection::{Instrumentation, InstrumentationEvent, SimpleConnection as _};
use diesel::sql_types::Text;
use diesel::{Connection, QueryableByName, RunQueryDsl, SqliteConnection};
use jiff::civil::date;
use reeve::casework::measuring;
use reeve::domain::measure::Sums;
use reeve::store::measures::{self, By, Part};
use reeve::time_source::TimeSource;

use crate::office::{Office, at};

const NOW: &str = "2026-01-10T10:00:00Z";
const GROUPS: [By; 9] = [
    By::Service,
    By::Category,
    By::Queue,
    By::Team,
    By::Channel,
    By::Ward,
    By::Procedure,
    By::HeadOfService,
    By::Portfolio,
];

/// A year of a large council: every fiftieth case is open, one in eight was answered late.
const A_YEAR: &str = "
    PRAGMA foreign_keys = OFF;
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000),
    drawn AS (SELECT i, date('2025-01-01', '+' || (i % 365) || ' days') AS received_on,
        i * 7 % 40 AS matter, i % 50 = 0 AS is_open, i * 13 % 9 AS days FROM n),
    timed AS (SELECT *, (unixepoch(received_on) + 36000) * 1000000 AS received_at FROM drawn)
    INSERT INTO case_measures (case_id, received_on, received_at, service, category, queue, team, procedure,
        channel, ward, head_of_service, portfolio, is_restricted, is_closed, closed_at, due_at,
        acknowledgement_promised_at, acknowledged_at, answer_promised_at, answered_at, answered_in,
        n_reopened, n_transfers, n_chasers, paused_seconds, is_unrolled)
    SELECT randomblob(16), received_on, received_at, 'service-' || matter % 8, 'category-' || matter,
        'queue-' || matter % 8, 'team ' || matter % 8, 'service_request', 'channel-' || i % 5, 'ward-' || i * 3 % 17,
        'head-' || matter % 4, 'portfolio-' || matter % 3, i % 1000 = 1, NOT is_open,
        CASE WHEN is_open THEN NULL ELSE received_at + days * 86400000000 + 60000000 END,
        received_at + 864000000000,
        received_at + 86400000000, received_at + 60000000, received_at + 691200000000,
        CASE WHEN is_open THEN NULL ELSE received_at + days * 86400000000 END,
        CASE WHEN is_open THEN NULL WHEN i % 20 = 3 THEN days || '/' || days / 2 ELSE CAST(days AS text) END,
        i % 30 = 7, i % 40 = 9, i % 25 = 4, CASE WHEN i % 20 = 3 THEN days * 43200 ELSE 0 END, NOT is_open
    FROM timed;";

fn sums(conn: &mut reeve::store::Conn, by: By) -> Vec<(String, Sums)> {
    let year = (date(2025, 1, 1), date(2025, 12, 31));
    measures::sums(conn, by, year, at(NOW), &Part::default()).unwrap()
}

/// The shortest of three looks, and what was seen.
async fn looked(office: &Office, by: By) -> (Duration, Vec<(String, Sums)>) {
    let read = office.desk.read(move |conn, _| {
        let mut shortest = Duration::MAX;
        let mut seen = Vec::new();
        for _ in 0..3 {
            let began = TimeSource::System.monotonic();
            seen = sums(conn, by);
            shortest = shortest.min(began.elapsed());
        }
        Ok((shortest, seen))
    });
    read.await.unwrap()
}

#[tokio::test]
async fn a_report_over_a_year_reads_the_sums_of_its_days_and_says_what_a_plain_count_says() {
    let office = Office::open(NOW);
    let file = office.desk.db.file().unwrap().to_owned();
    let mut by_hand = SqliteConnection::establish(file.to_str().unwrap()).unwrap();
    by_hand.batch_execute(A_YEAR).unwrap();
    let mut plain = Vec::new();
    for by in GROUPS {
        plain.push(looked(&office, by).await);
    }
    while measuring::roll_up(&office.desk).await.unwrap() > 0 {}
    for (by, (plainly, expect)) in GROUPS.into_iter().zip(plain) {
        let (summed, seen) = looked(&office, by).await;
        assert_eq!(seen, expect, "{by:?}");
        let n: u64 = seen.iter().map(|(_, sums)| sums.n_received).sum();
        assert_eq!(n, 99_900, "all but the restricted ones");
        eprintln!("{by:?}: {summed:?} from the sums, {plainly:?} counted plainly");
        assert!(
            summed * 2 < plainly,
            "{by:?}: {summed:?} from the sums, {plainly:?} counted plainly"
        );
    }
}

#[tokio::test]
async fn a_report_finds_what_it_reads_by_an_index_and_reads_through_no_table() {
    let office = Office::open(NOW);
    let asked = Arc::new(Mutex::new(Vec::new()));
    let listening = Listening(Arc::clone(&asked));
    office
        .desk
        .read(move |conn, _| {
            conn.set_instrumentation(listening);
            for by in GROUPS {
                sums(conn, by);
            }
            Ok(())
        })
        .await
        .unwrap();
    let file = office.desk.db.file().unwrap().to_owned();
    let mut conn = SqliteConnection::establish(file.to_str().unwrap()).unwrap();
    let asked = asked.lock().unwrap();
    assert_eq!(asked.len(), GROUPS.len());
    for query in asked.iter() {
        let plan: Vec<Planned> = diesel::sql_query(format!("EXPLAIN QUERY PLAN {query}"))
            .load(&mut conn)
            .unwrap();
        let plan: Vec<String> = plan.into_iter().map(|step| step.detail).collect();
        for index in [
            "measures_to_roll",
            "measures_of_open",
            "measures_of_closed",
            "measures_by_day",
        ] {
            assert!(
                plan.iter()
                    .any(|step| step.starts_with("SEARCH") && step.contains(index)),
                "{index} is not used: {plan:#?}"
            );
        }
        let scans = plan
            .iter()
            .filter(|step| step.starts_with("SCAN") && step.contains("_measures"));
        assert_eq!(scans.count(), 0, "{plan:#?}");
    }
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
