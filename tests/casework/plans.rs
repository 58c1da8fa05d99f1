//! No list that people wait for, and nothing the worker does every second, reads through a table: each
//! finds what it answers by an index, and in its order where it has one. On both databases; PostgreSQL
//! where `REEVE_TEST_POSTGRES` names a server.

use std::sync::{Arc, Mutex};

use diesel::connection::{Instrumentation, InstrumentationEvent, SimpleConnection as _};
use diesel::sql_types::Text;
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, SqliteConnection};
use reeve::domain::access::{Actor, Sight};
use reeve::domain::reference::Reference;
use reeve::store::cases::{Alike, Filter, Order};
use reeve::store::db::{Address, Opening};
use reeve::store::{Conn, Db, StoreError, Tx, cases, contacts, outbox, people, tracking};

use crate::office::at;

const MONDAY: &str = "2026-11-02T10:00:00Z";

/// What is asked, the index it is found by, and whether it is answered in the order of that index.
struct Question {
    name: &'static str,
    index: &'static str,
    is_in_order: bool,
    ask: fn(&mut Tx<'_>) -> Result<(), StoreError>,
}

const QUESTIONS: &[Question] = &[
    Question {
        name: "the open cases of a queue, most at risk first",
        index: "cases_by_queue",
        is_in_order: true,
        ask: |tx| {
            let statuses = ["new", "open", "waiting", "responded"];
            let filter = Filter {
                queue: Some("waste-ops".to_owned()),
                status: statuses.map(str::to_owned).to_vec(),
                ..Filter::default()
            };
            cases::list(tx, &everything(), &filter, Order::Due, None, 25).map(|_| ())
        },
    },
    Question {
        name: "somebody's open cases",
        index: "cases_by_owner",
        is_in_order: false,
        ask: |tx| {
            let filter = Filter {
                owner: Some(Some(reeve::domain::ids::UserId(uuid::Uuid::nil()))),
                is_closed: Some(false),
                ..Filter::default()
            };
            cases::list(tx, &everything(), &filter, Order::Due, None, 25).map(|_| ())
        },
    },
    Question {
        name: "everything open, most at risk first",
        index: "cases_by_due",
        is_in_order: true,
        ask: |tx| {
            let filter = Filter {
                is_closed: Some(false),
                ..Filter::default()
            };
            cases::list(tx, &everything(), &filter, Order::Due, None, 25).map(|_| ())
        },
    },
    Question {
        name: "the newest cases",
        index: "cases_by_received",
        is_in_order: true,
        ask: |tx| {
            let filter = Filter::default();
            cases::list(tx, &everything(), &filter, Order::Received, None, 25).map(|_| ())
        },
    },
    Question {
        name: "the case of a queue that is most at risk and that nobody has",
        index: "cases_to_take",
        is_in_order: true,
        ask: |tx| cases::most_at_risk(tx, &everything(), "waste-ops", &[]).map(|_| ()),
    },
    Question {
        name: "a case by its reference",
        index: "reference",
        is_in_order: true,
        ask: |tx| cases::find_by_reference(tx, &Reference::from_bits(7)).map(|_| ()),
    },
    Question {
        name: "open cases of the same matter at the same property",
        index: "cases_at_property",
        is_in_order: false,
        ask: |tx| alike(tx, &Alike::Property("100012345678")),
    },
    Question {
        name: "open cases of the same matter at the same place in words",
        index: "cases_at_words",
        is_in_order: false,
        ask: |tx| alike(tx, &Alike::Words("12canallane")),
    },
    Question {
        name: "cases whose hour has come",
        index: "cases_to_wake",
        is_in_order: true,
        ask: |tx| cases::to_wake(tx, at(MONDAY), 200).map(|_| ()),
    },
    Question {
        name: "mails whose hour has come",
        index: "contacts_to_wake",
        is_in_order: true,
        ask: |tx| contacts::to_wake(tx, at(MONDAY), 200).map(|_| ()),
    },
    Question {
        name: "notices to send",
        // SQLite, knowing no sizes yet, takes those that wait by their state, which are as few.
        index: "outbox_",
        is_in_order: false,
        ask: |tx| outbox::claim(tx, at(MONDAY), at(MONDAY), 50).map(|_| ()),
    },
    Question {
        name: "the case a secret link opens",
        index: "token_hash",
        is_in_order: true,
        ask: |tx| tracking::find(tx, "no such hash", at(MONDAY)).map(|_| ()),
    },
    Question {
        name: "people by an address",
        index: "identifiers",
        is_in_order: false,
        ask: |tx| people::identified_by(tx, "email", "ada@mail.example").map(|_| ()),
    },
];

/// Tables that grow with the years. Others are small, and reading through them costs nothing.
const GROWING: &[&str] = &[
    "cases",
    "contacts",
    "events",
    "outbox",
    "clocks",
    "escalations",
    "people",
    "identifiers",
    "tracking_links",
    "case_people",
    "audit",
];

fn everything() -> Sight {
    Actor::System.sight()
}

fn alike(tx: &mut Tx<'_>, alike: &Alike<'_>) -> Result<(), StoreError> {
    let matter = ("waste-collection", "missed-bin");
    cases::of_matter(tx, &everything(), matter, at(MONDAY), alike).map(|_| ())
}

#[tokio::test]
async fn on_sqlite_no_list_and_no_sweep_reads_through_a_table() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("reeve.db");
    let db = migrated(Address::Sqlite(file.clone()), false);
    let mut conn = SqliteConnection::establish(file.to_str().unwrap()).unwrap();
    for question in QUESTIONS {
        let first = &asked(&db, question).await[0];
        let plan: Vec<Planned> = diesel::sql_query(format!("EXPLAIN QUERY PLAN {first}"))
            .load(&mut conn)
            .unwrap();
        let plan: Vec<String> = plan.into_iter().map(|step| step.detail).collect();
        let name = question.name;
        let scanned: Vec<&String> = plan
            .iter()
            .filter(|step| {
                let table = step.strip_prefix("SCAN ");
                // Walking an index in its order, for as many rows as are wanted, is no scan.
                table.is_some_and(|rest| {
                    let table = rest.split(' ').next().unwrap();
                    GROWING.contains(&table) && !rest.contains("USING INDEX")
                })
            })
            .collect();
        assert!(scanned.is_empty(), "{name}: {plan:#?}\n{first}");
        // SQLite numbers the indexes of keys; they are known by what they search.
        let is_named = question.index.contains('_') && question.index != "token_hash";
        let has_index = |step: &String| {
            step.contains(question.index) || !is_named && step.starts_with("SEARCH")
        };
        assert!(
            plan.iter().any(has_index),
            "{name} is not found by {}: {plan:#?}\n{first}",
            question.index
        );
        let is_sorted = plan
            .iter()
            .any(|step| step.contains("USE TEMP B-TREE FOR ORDER BY"));
        assert!(
            !(question.is_in_order && is_sorted),
            "{name} is sorted: {plan:#?}\n{first}"
        );
    }
}

#[tokio::test]
async fn on_postgresql_no_list_and_no_sweep_reads_through_a_table() {
    let Ok(server) = std::env::var("REEVE_TEST_POSTGRES") else {
        return;
    };
    let name = format!("plans_{}", uuid::Uuid::new_v4().simple());
    let (base, _) = server.rsplit_once('/').unwrap();
    let url = format!("{base}/{name}");
    let mut outside = PgConnection::establish(&server).unwrap();
    outside
        .batch_execute(&format!("CREATE DATABASE {name}"))
        .unwrap();
    let db = migrated(Address::Postgres(url.clone()), true);
    let mut conn = PgConnection::establish(&url).unwrap();
    // On empty tables a scan costs least. What is still scanned then cannot be found otherwise; and the
    // values are not known, as in a statement prepared once and run for years.
    conn.batch_execute(
        "SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_sort = off; \
         SET enable_incremental_sort = off; SET plan_cache_mode = force_generic_plan",
    )
    .unwrap();
    for (place, question) in QUESTIONS.iter().enumerate() {
        let asked = asked(&db, question).await;
        // Taking turns comes first, where it does.
        let first = asked
            .iter()
            .find(|text| !text.contains("pg_advisory"))
            .unwrap();
        let n_values = (1..100)
            .take_while(|n| first.contains(&format!("${n}")))
            .count();
        let values = vec!["NULL"; n_values].join(", ");
        let call = if n_values == 0 {
            format!("ask_{place}")
        } else {
            format!("ask_{place}({values})")
        };
        conn.batch_execute(&format!("PREPARE ask_{place} AS {first}"))
            .unwrap();
        let plan: Vec<PlannedByPostgres> = diesel::sql_query(format!("EXPLAIN EXECUTE {call}"))
            .load(&mut conn)
            .unwrap();
        let plan: Vec<String> = plan.into_iter().map(|step| step.plan).collect();
        let name = question.name;
        let scanned = |step: &&String| {
            let table = step.split("Seq Scan on ").nth(1);
            table.is_some_and(|rest| GROWING.contains(&rest.split(' ').next().unwrap()))
        };
        assert_eq!(
            plan.iter().filter(scanned).count(),
            0,
            "{name}: {plan:#?}\n{first}"
        );
        // Where order does not tell indexes apart, one of an empty table is as good as another.
        let has_index = |step: &String| step.contains("Index") && step.contains(question.index);
        assert!(
            !question.is_in_order || plan.iter().any(has_index),
            "{name} is not found by {}: {plan:#?}\n{first}",
            question.index
        );
        let is_sorted = plan.iter().any(|step| step.contains("Sort Key"));
        assert!(
            !(question.is_in_order && is_sorted),
            "{name} is sorted: {plan:#?}\n{first}"
        );
    }
    drop((db, conn));
    outside
        .batch_execute(&format!("DROP DATABASE {name} WITH (FORCE)"))
        .unwrap();
}

fn migrated(address: Address, allow_unsafe_durability: bool) -> Db {
    let db = Db::open(&Opening {
        address,
        pool_size: 1,
        allow_unsafe_durability,
    })
    .unwrap();
    db.migrate().unwrap();
    db
}

/// The text of every query that answering takes, without the values.
async fn asked(db: &Db, question: &'static Question) -> Vec<String> {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&asked);
    let written: Result<(), StoreError> = db
        .write(move |tx| {
            let conn: &mut Conn = tx;
            conn.set_instrumentation(Listening(Arc::clone(&heard)));
            let answered = (question.ask)(tx);
            let conn: &mut Conn = tx;
            conn.set_instrumentation(Listening(Arc::default()));
            answered
        })
        .await;
    written.unwrap();
    let asked = asked.lock().unwrap();
    let all = asked.iter().filter(|text| text.starts_with("SELECT"));
    let all: Vec<String> = all.cloned().collect();
    assert!(!all.is_empty(), "{} asks nothing", question.name);
    all
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

#[derive(QueryableByName)]
struct PlannedByPostgres {
    #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
    plan: String,
}
