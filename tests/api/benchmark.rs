//! A database filled in bulk is one that Reeve itself could have filled.

use std::sync::Arc;

use actix_web::test::TestRequest;
use jiff::SignedDuration;
use reeve::bench::load::{self, Amount, Loaded};
use reeve::bench::{self, NotOurs};
use reeve::casework::Desk;
use reeve::casework::audit;
use reeve::casework::desk::{Council, Manners, Secrets};
use reeve::domain::access::Actor;
use reeve::domain::contact::Channel;
use reeve::store::cases::{Filed, Filter, Order};
use reeve::store::contacts::Contact;
use reeve::store::{Db, cases, contacts, escalations, users};
use reeve::time_source::TimeSource;
use regex::Regex;
use serde_json::{Value, json};

use crate::support::{Caller, Database, START, TestApp, people};

const AMOUNT: Amount = Amount {
    n_cases: 90,
    n_open: 60,
    years: 10,
    copies: 3,
};

/// A desk as [`TestApp`] has one, on a database in which nothing is.
async fn desk_on(db: Db) -> Arc<Desk> {
    let catalogue = reeve::config::embedded::northmere().unwrap();
    let manners = Manners {
        public_url: "https://reeve.council.example".to_owned(),
        undo_seconds: 120,
        redirect_all_to: None,
        tracking_days: 400,
        survey: reeve::domain::survey::Sampling::OFF,
    };
    let secrets = Secrets {
        tracking: vec![7; 32],
        loop_token: "story".to_owned(),
    };
    let time = TimeSource::fixed(START.parse().unwrap());
    bench::claim(&db).await.unwrap();
    let catalogue = reeve::casework::catalogue::load_or_store(&db, &catalogue, time.now())
        .await
        .unwrap();
    let council = Council::new(catalogue, &people::examples()).unwrap();
    Desk::new(db, time, manners, secrets, council)
}

async fn filled(database: &Database, amount: Amount) -> Loaded {
    let desk = desk_on(database.open()).await;
    load::fill(&desk, amount).await.unwrap()
}

mod a_case_written_in_bulk_is_the_one_that_would_have_been_taken_in_over_http {
    use super::*;

    #[actix_web::test]
    #[ignore = "loading in bulk does not yet know every table and every sentence a case can hold"]
    async fn on_sqlite() {
        is_the_one(Database::sqlite()).await;
    }

    #[actix_web::test]
    #[ignore = "loading in bulk does not yet know every table and every sentence a case can hold"]
    async fn on_postgres() {
        if let Some(database) = Database::postgres() {
            is_the_one(database).await;
        }
    }
}

async fn is_the_one(database: Database) {
    // None is a copy of another, and enough that some have not been touched since they came in.
    let each = Amount {
        n_cases: 150,
        n_open: 140,
        copies: 1,
        ..AMOUNT
    };
    filled(&database, each).await;
    let app = TestApp::without_people(database).await;
    let (written, contact) = untouched(&app).await;
    let who = contact.entered_by.strip_prefix("user:").unwrap().to_owned();
    let email = app
        .desk
        .read(move |conn, _| Ok(users::find(conn, who.parse().unwrap())?.unwrap().user.email))
        .await
        .unwrap();
    let person = app
        .desk
        .read({
            let id = contact.person.unwrap();
            move |conn, _| Ok(reeve::store::people::find(conn, id)?.unwrap())
        })
        .await
        .unwrap();
    // The same words, said at the same moment by somebody else of the same name.
    app.move_to(&contact.logged_at.to_string());
    let agent = sign_in(&app, &email).await;
    let sent = app
        .post(
            &agent,
            "/v1/contacts",
            json!({
                "channel": contact.channel,
                "subject": contact.subject,
                "body": contact.body,
                "service": written.case.service,
                "category": written.case.category,
                "location": written.case.location,
                "acknowledged": {"how": "spoken"},
                "person": {
                    "name": person.name, "kind": person.kind, "email": "somebody.else@resident.example",
                    "address": person.address,
                },
            }),
        )
        .await;
    assert_eq!(sent.status, 201, "{}", sent.text);
    let after = contact.logged_at + SignedDuration::from_secs(2);
    app.jump_to(&after.to_string()).await;
    let id = sent.json()["case"]["id"].as_str().unwrap().parse().unwrap();
    let taken_in = app
        .desk
        .read(move |conn, _| Ok(cases::find(conn, id)?.unwrap()))
        .await
        .unwrap();
    let mails = [
        person.email.as_deref().unwrap(),
        "somebody.else@resident.example",
    ];
    for (table, rows) in rows_of(&app, &written) {
        let expect = rows_of(&app, &taken_in)
            .into_iter()
            .find(|(other, _)| *other == table);
        let said = |rows: &[String], filed: &Filed| -> Vec<String> {
            let mut said: Vec<String> = rows
                .iter()
                .map(|row| without_names(row, filed, &mails))
                .collect();
            said.sort();
            said
        };
        assert_eq!(
            said(&rows, &written),
            said(&expect.unwrap().1, &taken_in),
            "{table}"
        );
    }
}

/// A case that was taken in on the telephone and has been waiting since, and its contact.
async fn untouched(app: &TestApp) -> (Filed, Contact) {
    app.desk
        .read(|conn, _| {
            let filter = Filter {
                is_closed: Some(false),
                channel: Some(Channel::Phone.to_string()),
                owner: Some(None),
                ..Filter::default()
            };
            let sight = Actor::System.sight();
            for filed in cases::list(conn, &sight, &filter, Order::Received, None, 100)? {
                let id = filed.case.id;
                let contacts = contacts::of_case(conn, id, None, 10)?;
                let is_untouched = escalations::of_case(conn, id)?.is_empty()
                    && escalations::of_places(conn, id)?.is_empty();
                if let [contact] = contacts.as_slice()
                    && is_untouched
                    && contact.person.is_some()
                {
                    return Ok((filed, contact.clone()));
                }
            }
            panic!("none of the cases is as it came in");
        })
        .await
        .unwrap()
}

/// Every row of a case, by table, without what only the sending of mail itself leaves.
fn rows_of(app: &TestApp, filed: &Filed) -> Vec<(&'static str, Vec<String>)> {
    let (case, person) = (filed.case.id.0, filed.case.reporter.unwrap().0);
    let mut all = Vec::new();
    for (table, column, id) in [
        ("cases", "id", case),
        ("case_measures", "case_id", case),
        ("case_access", "case_id", case),
        ("case_people", "case_id", case),
        ("contacts", "case_id", case),
        ("events", "case_id", case),
        ("clocks", "case_id", case),
        ("escalations", "case_id", case),
        ("tracking_links", "case_id", case),
        ("outbox", "case_id", case),
        ("people", "id", person),
        ("identifiers", "person_id", person),
    ] {
        let but = ["attempts", "fence", "lease_until"];
        all.push((table, app.database.rows(table, &but, column, id)));
    }
    all
}

/// A row without what tells one case from another of the same kind.
fn without_names(row: &str, filed: &Filed, mails: &[&str]) -> String {
    let mut said = row.to_owned();
    for (word, instead) in [
        (filed.case.reference.to_string(), "REFERENCE"),
        (filed.case.reference.plain().to_owned(), "REFERENCE"),
    ] {
        said = said.replace(&word, instead);
    }
    for mail in mails {
        said = said.replace(mail, "ADDRESS");
    }
    for (look, instead) in [
        ("rvt_[A-Za-z0-9_-]{43}", "TOKEN"),
        ("contact\\+[0-9a-f]{32}", "REPLY"),
        // Both are drawn for each case anew.
        ("token_hash='?[0-9a-f]{64}'?", "TOKEN"),
        ("reply_token='?[0-9a-f]{32}'?", "REPLY"),
        (
            "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
            "ID",
        ),
        ("X'[0-9A-F]{32}'", "ID"),
    ] {
        said = Regex::new(look)
            .unwrap()
            .replace_all(&said, instead)
            .into_owned();
    }
    said
}

async fn sign_in(app: &TestApp, email: &str) -> Caller {
    let desk = Arc::clone(&app.desk);
    let cast = app
        .desk
        .read(move |conn, _| Ok(bench::cast(conn, &desk.council().catalogue)?))
        .await
        .unwrap();
    let user = cast.users.iter().find(|user| user.email == email).unwrap();
    let body = json!({"email": email, "password": user.password});
    let request = TestRequest::post().uri("/v1/auth/tokens").set_json(body);
    let reply = app.send(&Caller::nobody(), request).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    Caller {
        bearer: Some(reply.json()["access_token"].as_str().unwrap().to_owned()),
    }
}

mod a_database_filled_in_bulk_is_whole {
    use super::*;

    #[actix_web::test]
    async fn on_sqlite() {
        is_whole(Database::sqlite()).await;
    }

    #[actix_web::test]
    async fn on_postgres() {
        if let Some(database) = Database::postgres() {
            is_whole(database).await;
        }
    }
}

async fn is_whole(database: Database) {
    let empty = database.open();
    let before = database.parts();
    drop(empty);
    let loaded = filled(&database, AMOUNT).await;
    assert_eq!((loaded.n_cases, loaded.n_open), (90, 60));
    assert!(loaded.n_people > 40, "{loaded:?}");
    assert_eq!(database.parts(), before, "indexes, keys and triggers");
    assert_eq!(database.orphans(), Vec::<String>::new());

    let app = TestApp::without_people(database).await;
    let filed = app
        .desk
        .read(|conn, _| {
            let sight = Actor::System.sight();
            Ok(cases::list(
                conn,
                &sight,
                &Filter::default(),
                Order::Due,
                None,
                1000,
            )?)
        })
        .await
        .unwrap();
    assert_eq!(filed.len(), 90);
    assert_eq!(filed.iter().filter(|one| !one.case.is_closed()).count(), 60);
    let services: std::collections::BTreeSet<&str> =
        filed.iter().map(|one| one.case.service.as_str()).collect();
    assert!(services.len() > 5, "{services:?}");
    let verified = audit::verify(&app.desk.db, Vec::new()).await.unwrap();
    assert_eq!((verified.faults, verified.n_waiting), (Vec::new(), 0));

    // Nothing is due at the moment of loading, and everything can be looked at when it is.
    let due = app
        .desk
        .read(|conn, at| Ok(cases::to_wake(conn, at.now, 1000)?))
        .await
        .unwrap();
    assert_eq!(due.len(), 0);
    app.move_to("2027-01-20T10:00:00Z");
    let swept = reeve::casework::escalation::sweep(&app.desk).await.unwrap();
    assert!(swept.n_cases > 20 && swept.n_failed == 0, "{swept:?}");

    // Its links open its cases.
    let open = filed
        .iter()
        .find(|one| !one.case.is_closed() && one.case.reporter.is_some())
        .unwrap();
    let (case, person) = (open.case.id, open.case.reporter);
    let link = app
        .desk
        .perform(move |tx, at| reeve::casework::letters::link_for(tx, at, case, person))
        .await
        .unwrap();
    let anonymous = Caller::nobody();
    let request = TestRequest::get()
        .uri("/v1/public/tracking")
        .insert_header(("authorization", format!("Bearer {}", link.token)));
    let shown = app.send(&anonymous, request).await;
    assert_eq!(shown.status, 200, "{}", shown.text);
    let shown: Value = shown.json();
    assert_eq!(shown["reference"], open.case.reference.to_string());

    // Nobody fills it twice.
    let again = load::fill(&app.desk, AMOUNT).await.unwrap_err();
    assert!(
        matches!(again.downcast_ref(), Some(NotOurs::Loaded)),
        "{again}"
    );
}

#[actix_web::test]
async fn the_database_of_a_council_is_not_filled_by_the_benchmark() {
    let app = TestApp::on(Database::sqlite()).await;
    let refused = load::fill(&app.desk, AMOUNT).await.unwrap_err();
    assert!(
        matches!(refused.downcast_ref(), Some(NotOurs::Council)),
        "{refused}"
    );
    let not_marked = app
        .desk
        .read(|conn, _| Ok(bench::loaded(conn).is_err()))
        .await
        .unwrap();
    assert!(not_marked);
}
