use std::collections::VecDeque;

use diesel::connection::SimpleConnection as _;
use diesel::sql_types::BigInt;
use tempfile::TempDir;

use super::*;

type Outcome = Result<(), StoreError>;

/// A file with a table in it, and a writer over it whose groups a test can make up itself.
struct Desk {
    folder: TempDir,
    writer: Writer,
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

impl Desk {
    fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let manager = manager_of(&folder);
        let mut conn = manager.connect().unwrap();
        conn.batch_execute(
            "CREATE TABLE told (id BIGINT PRIMARY KEY, \
             of BIGINT REFERENCES told (id) DEFERRABLE INITIALLY DEFERRED)",
        )
        .unwrap();
        let writer = Writer::new(conn, manager);
        Self { folder, writer }
    }

    /// Runs what is given in one group and says what each was answered.
    fn write(&mut self, group: Vec<fn(&mut Tx<'_>) -> Outcome>) -> Vec<Outcome> {
        let mut jobs: VecDeque<Box<dyn Job>> = VecDeque::new();
        let mut answers = Vec::new();
        for work in group {
            let (reply, answer) = oneshot::channel();
            jobs.push_back(Box::new(Writing::new(work, reply)));
            answers.push(answer);
        }
        self.writer.write(jobs);
        answers
            .into_iter()
            .map(|answer| answer.blocking_recv().unwrap())
            .collect()
    }

    /// What another connection finds in the file.
    fn kept(&self) -> Vec<i64> {
        kept_in(&mut manager_of(&self.folder).connect().unwrap())
    }
}

fn manager_of(folder: &TempDir) -> Manager {
    Manager {
        address: Address::Sqlite(folder.path().join("reeve.db")),
        patience: Patience::default(),
    }
}

fn kept_in(conn: &mut Conn) -> Vec<i64> {
    let rows: Vec<Number> = diesel::sql_query("SELECT id FROM told ORDER BY id")
        .load(conn)
        .unwrap();
    rows.into_iter().map(|row| row.id).collect()
}

fn put(tx: &mut Tx<'_>, id: i64) -> Outcome {
    diesel::sql_query("INSERT INTO told (id) VALUES ($1)")
        .bind::<BigInt, _>(id)
        .execute(&mut **tx)?;
    Ok(())
}

fn says(outcomes: &[Outcome]) -> Vec<&'static str> {
    outcomes
        .iter()
        .map(|outcome| match outcome {
            Ok(()) => "kept",
            Err(StoreError::CannotWrite(_)) => "cannot write",
            Err(StoreError::Conflict) => "conflict",
            Err(StoreError::Other(why)) if why.to_string().contains("panicked") => "panicked",
            Err(other) => panic!("{other:?}"),
        })
        .collect()
}

#[test]
fn a_transaction_that_panics_harms_only_itself() {
    let mut desk = Desk::open();
    let outcomes = desk.write(vec![
        |tx| put(tx, 1),
        |tx| {
            put(tx, 2)?;
            panic!("in the middle of a transaction")
        },
        |tx| put(tx, 3),
    ]);
    assert_eq!(says(&outcomes), ["kept", "panicked", "kept"]);
    assert_eq!(desk.kept(), [1, 3]);
    assert_eq!(says(&desk.write(vec![|tx| put(tx, 4)])), ["kept"]);
    assert_eq!(desk.kept(), [1, 3, 4]);
}

#[test]
fn one_that_panics_within_a_transaction_of_its_own_harms_only_itself() {
    let mut desk = Desk::open();
    let outcomes = desk.write(vec![
        |tx| put(tx, 1),
        |tx| {
            put(tx, 2)?;
            tx.transaction(|conn| {
                put(&mut Tx(&mut *conn), 20)?;
                conn.transaction(|_| -> Outcome { panic!("two transactions further in") })
            })
        },
        |tx| put(tx, 3),
    ]);
    assert_eq!(says(&outcomes), ["kept", "panicked", "kept"]);
    assert_eq!(desk.kept(), [1, 3]);
}

#[test]
fn a_transaction_that_is_refused_rolls_back_only_itself() {
    let mut desk = Desk::open();
    let outcomes = desk.write(vec![
        |tx| put(tx, 1),
        |tx| {
            put(tx, 2)?;
            Err(StoreError::Conflict)
        },
        |tx| put(tx, 3),
    ]);
    assert_eq!(says(&outcomes), ["kept", "conflict", "kept"]);
    assert_eq!(desk.kept(), [1, 3]);
}

#[test]
fn nobody_is_told_it_was_written_when_sqlite_has_undone_it_by_itself() {
    let mut desk = Desk::open();
    assert_eq!(says(&desk.write(vec![|tx| put(tx, 7)])), ["kept"]);
    let outcomes = desk.write(vec![
        |tx| put(tx, 1),
        |_| Err(StoreError::Conflict),
        |tx| {
            put(tx, 2)?;
            // As on a full disk, the whole transaction goes, not only this savepoint.
            tx.batch_execute("INSERT OR ROLLBACK INTO told (id) VALUES (7)")?;
            Ok(())
        },
        |tx| put(tx, 3),
        |tx| put(tx, 4),
    ]);
    assert_eq!(
        says(&outcomes),
        [
            "cannot write",
            "cannot write",
            "cannot write",
            "kept",
            "kept"
        ]
    );
    assert_eq!(desk.kept(), [3, 4, 7]);
}

#[test]
fn one_that_goes_on_after_sqlite_has_undone_it_is_not_told_it_was_written() {
    let mut desk = Desk::open();
    let outcomes = desk.write(vec![
        |tx| put(tx, 1),
        |tx| {
            tx.batch_execute("ROLLBACK")?;
            Ok(())
        },
        |tx| put(tx, 3),
    ]);
    assert_eq!(says(&outcomes), ["cannot write", "cannot write", "kept"]);
    assert_eq!(desk.kept(), [3]);
}

#[test]
fn a_commit_that_fails_is_told_to_everybody_in_it_and_the_next_one_works() {
    let mut desk = Desk::open();
    let outcomes = desk.write(vec![|tx| put(tx, 1), |tx| {
        tx.batch_execute("INSERT INTO told (id, of) VALUES (2, 99)")?;
        Ok(())
    }]);
    assert_eq!(says(&outcomes), ["cannot write", "cannot write"]);
    assert_eq!(desk.kept(), Vec::<i64>::new());
    assert_eq!(says(&desk.write(vec![|tx| put(tx, 3)])), ["kept"]);
    assert_eq!(desk.kept(), [3]);
}

#[test]
fn what_cannot_begin_is_answered_and_the_next_one_works() {
    let mut desk = Desk::open();
    let mut other = manager_of(&desk.folder).connect().unwrap();
    other.batch_execute("BEGIN IMMEDIATE").unwrap();
    desk.writer
        .conn
        .batch_execute("PRAGMA busy_timeout = 10")
        .unwrap();
    let outcomes = desk.write(vec![|tx| put(tx, 1), |tx| put(tx, 2)]);
    assert!(
        matches!(
            outcomes.as_slice(),
            [Err(StoreError::Away(_)), Err(StoreError::Away(_))]
        ),
        "{outcomes:?}"
    );
    other.batch_execute("ROLLBACK").unwrap();
    assert_eq!(says(&desk.write(vec![|tx| put(tx, 3)])), ["kept"]);
    assert_eq!(desk.kept(), [3]);
}

/// A database, the folder it goes away with, and the server and name it is dropped from.
type Opened = (Db, Option<TempDir>, Option<(String, String)>);

fn on_both() -> Vec<Opened> {
    let folder = tempfile::tempdir().unwrap();
    let mut all = vec![(
        Address::Sqlite(folder.path().join("reeve.db")),
        Some(folder),
        None,
    )];
    // `./test` always names a server.
    if let Ok(server) = std::env::var("REEVE_TEST_POSTGRES") {
        let name = format!("story_{}", uuid::Uuid::new_v4().simple());
        on_server(&server, &format!("CREATE DATABASE {name}"));
        let (base, _) = server.rsplit_once('/').unwrap();
        let url = format!("{base}/{name}");
        all.push((Address::Postgres(url), None, Some((server, name))));
    }
    all.into_iter()
        .map(|(address, folder, dropped)| {
            let opening = Opening {
                allow_unsafe_durability: dropped.is_some(),
                address,
                pool_size: 1,
            };
            (Db::open(&opening).unwrap(), folder, dropped)
        })
        .collect()
}

fn on_server(server: &str, sql: &str) {
    let manager = Manager {
        address: Address::parse(server).unwrap(),
        patience: Patience::default(),
    };
    manager.connect().unwrap().batch_execute(sql).unwrap();
}

#[tokio::test]
async fn a_transaction_that_panicked_leaves_no_connection_in_it() {
    for (db, _folder, dropped) in on_both() {
        db.at_start(|conn| Ok(conn.batch_execute("CREATE TABLE told (id BIGINT PRIMARY KEY)")?))
            .unwrap();
        let outcome: Outcome = db
            .write(|tx| {
                put(tx, 1)?;
                panic!("in the middle of a transaction")
            })
            .await;
        assert_eq!(says(&[outcome]), ["panicked"]);
        db.write(|tx| put(tx, 2)).await.unwrap();
        let depth_then = db
            .read(|conn| Ok::<_, StoreError>(depth(conn)))
            .await
            .unwrap();
        assert_eq!(depth_then, Some(0));
        let kept = db
            .read(|conn| Ok::<_, StoreError>(kept_in(conn)))
            .await
            .unwrap();
        assert_eq!(kept, [2]);
        drop(db);
        if let Some((server, name)) = dropped {
            on_server(&server, &format!("DROP DATABASE {name} WITH (FORCE)"));
        }
    }
}

#[derive(QueryableByName)]
struct Setting {
    #[diesel(sql_type = diesel::sql_types::Text)]
    value: String,
}

fn assert_requests_are_bounded(db: &Db) {
    for (setting, expect) in [("lock_timeout", "5s"), ("statement_timeout", "30s")] {
        let found: Setting = db
            .at_start(|conn| {
                let query = format!("SELECT current_setting('{setting}') AS value");
                Ok(diesel::sql_query(query).get_result(conn)?)
            })
            .unwrap();
        assert_eq!(found.value, expect, "{setting}");
    }
}

#[test]
fn a_migration_that_fails_leaves_a_connection_for_requests() {
    for (db, _folder, dropped) in on_both() {
        db.at_start(|conn| Ok(conn.batch_execute("CREATE TABLE outbox (id BIGINT)")?))
            .unwrap();
        let refused = db.migrate().unwrap_err().to_string();
        assert!(refused.contains("running migrations"), "{refused}");
        if let Some((server, name)) = dropped {
            assert_requests_are_bounded(&db);
            drop(db);
            on_server(&server, &format!("DROP DATABASE {name} WITH (FORCE)"));
        }
    }
}

#[test]
fn a_migration_waits_for_another_as_long_as_that_takes_and_requests_do_not() {
    for (db, _folder, dropped) in on_both() {
        let Some((server, name)) = dropped else {
            continue;
        };
        let other = Manager {
            address: db.address().clone(),
            patience: Patience::default(),
        };
        let mut other = other.connect().unwrap();
        other
            .batch_execute("SELECT pg_advisory_lock(724381955)")
            .unwrap();
        let turn = std::thread::spawn(move || {
            // Longer than a request would wait.
            std::thread::sleep(Duration::from_secs(6));
            other
                .batch_execute("SELECT pg_advisory_unlock(724381955)")
                .unwrap();
        });
        assert!(!db.migrate().unwrap().is_empty());
        turn.join().unwrap();
        assert_requests_are_bounded(&db);
        drop(db);
        on_server(&server, &format!("DROP DATABASE {name} WITH (FORCE)"));
    }
}

#[tokio::test]
async fn a_statement_that_runs_too_long_is_ended_and_said_to_be_no_answer() {
    for (db, _folder, dropped) in on_both() {
        let Some((server, name)) = dropped else {
            continue;
        };
        let opening = Opening {
            address: db.address().clone(),
            pool_size: 1,
            allow_unsafe_durability: true,
        };
        let patience = Patience {
            statement: Duration::from_millis(200),
            ..Patience::default()
        };
        let hasty = Db::open_with(&opening, patience).unwrap();
        hasty.migrate().unwrap();
        let began = now();
        let outcome: Result<(), StoreError> = hasty
            .read(|conn| {
                diesel::sql_query("SELECT pg_sleep(20)").execute(conn)?;
                Ok(())
            })
            .await;
        assert!(matches!(outcome, Err(StoreError::Away(_))), "{outcome:?}");
        assert!(now().saturating_duration_since(began) < Duration::from_secs(15));
        // The connection is as good as before.
        hasty.is_there().await.unwrap();
        drop((db, hasty));
        on_server(&server, &format!("DROP DATABASE {name} WITH (FORCE)"));
    }
}

#[tokio::test]
async fn who_waits_for_a_connection_waits_as_long_as_is_set() {
    for (db, _folder, dropped) in on_both() {
        let opening = Opening {
            address: db.address().clone(),
            pool_size: 1,
            allow_unsafe_durability: true,
        };
        let patience = Patience {
            connect: Duration::from_millis(300),
            ..Patience::default()
        };
        let hasty = Db::open_with(&opening, patience).unwrap();
        // The only connection is in use until somebody says so.
        let (release, released) = std::sync::mpsc::channel::<()>();
        let (taken, is_taken) = tokio::sync::oneshot::channel();
        let busy = hasty.clone();
        let holder = tokio::spawn(async move {
            busy.read(move |_| {
                taken.send(()).unwrap();
                released.recv().unwrap();
                Ok::<_, StoreError>(())
            })
            .await
        });
        is_taken.await.unwrap();
        let began = now();
        let outcome = hasty.is_there().await;
        let waited = now().saturating_duration_since(began);
        assert!(matches!(outcome, Err(StoreError::Away(_))), "{outcome:?}");
        assert!(waited >= Duration::from_millis(290), "{waited:?}");
        assert!(waited < Duration::from_secs(4), "{waited:?}");
        release.send(()).unwrap();
        holder.await.unwrap().unwrap();
        hasty.is_there().await.unwrap();
        drop((db, hasty));
        if let Some((server, name)) = dropped {
            on_server(&server, &format!("DROP DATABASE {name} WITH (FORCE)"));
        }
    }
}

#[test]
fn a_server_that_does_not_answer_is_given_up_in_time() {
    // It takes the connection and says nothing.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let opening = Opening {
        address: Address::Postgres(format!("postgres://reeve@127.0.0.1:{port}/reeve")),
        pool_size: 1,
        allow_unsafe_durability: true,
    };
    let patience = Patience {
        connect: Duration::from_secs(2),
        ..Patience::default()
    };
    let began = now();
    let refused = Db::open_with(&opening, patience).map(|_| ()).unwrap_err();
    assert!(format!("{refused:#}").contains("timeout"), "{refused:#}");
    assert!(now().saturating_duration_since(began) < Duration::from_secs(15));
}

#[test]
fn what_an_address_says_of_its_own_patience_stands() {
    let within = |url| dialect::within(url, Duration::from_secs(5));
    assert_eq!(
        within("postgres://db/reeve"),
        "postgres://db/reeve?connect_timeout=5"
    );
    assert_eq!(
        within("postgres://db/reeve?sslmode=require"),
        "postgres://db/reeve?sslmode=require&connect_timeout=5"
    );
    let own = "postgres://db/reeve?connect_timeout=9";
    assert_eq!(within(own), own);
}

fn now() -> std::time::Instant {
    crate::time_source::TimeSource::System.monotonic()
}
