//! Who did and saw what, and that nobody can quietly edit it.

use reeve::auth::signing::SigningKey;
use reeve::casework::audit::{self, Checkpoint, Verified};
use serde_json::{Value, json};

use crate::support::{Caller, TestApp};

async fn verified(app: &TestApp, kept: &[Checkpoint]) -> Verified {
    audit::verify(&app.desk.db, kept.to_vec()).await.unwrap()
}

async fn checkpoint(app: &TestApp) -> Checkpoint {
    let key = SigningKey::of_secret(&[9; 48]).unwrap();
    audit::checkpoint(&app.desk.db, &key, app.now())
        .await
        .unwrap()
}

async fn log_a_bin(app: &TestApp, caller: &Caller) -> Value {
    let body = json!({
        "channel": "phone", "subject": "Missed bin", "service": "waste-collection",
        "category": "missed-bin", "person": {"name": "Ada Example", "email": "ada@mail.example"}
    });
    let reply = app.post(caller, "/v1/contacts", body).await;
    assert_eq!(reply.status, 201, "{}", reply.text);
    reply.json()
}

async fn lines(app: &TestApp, caller: &Caller, query: &str) -> Vec<Value> {
    let reply = app.get(caller, &format!("/v1/audit{query}")).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    reply.json()["items"].as_array().unwrap().clone()
}

stories! {
    async fn auditors_read_who_did_what_and_their_looking_is_put_down_too(app) {
        let agent = app.agent().await;
        let case = log_a_bin(&app, &agent).await["case"].clone();
        let object = format!("case:{}", case["id"].as_str().unwrap());
        let assigned = app
            .post(&agent, &format!("/v1/cases/{}/assignments", case["reference"].as_str().unwrap()), json!({"owner": "me"}))
            .await;
        assert_eq!(assigned.status, 201, "{}", assigned.text);
        let auditor = app.sign_in("auditor@council.example").await;
        let found = lines(&app, &auditor, &format!("?object={object}")).await;
        let acts: Vec<&str> = found.iter().map(|line| line["action"].as_str().unwrap()).collect();
        assert_eq!(acts, ["case.assigned", "case.opened"], "newest first");
        assert!(found[0]["actor"].as_str().unwrap().starts_with("user:"));
        assert!(!found[0]["request_id"].is_null());
        assert!(found[0]["seal"].is_null(), "nothing has sealed it yet");
        audit::seal(&app.desk).await.unwrap();
        let found = lines(&app, &auditor, &format!("?object={object}")).await;
        assert!(found[0]["seal"].as_i64() > found[1]["seal"].as_i64());
        let looks = lines(&app, &auditor, "?action=audit.read").await;
        assert_eq!(looks.len(), 2, "the third is this very look");
        assert_eq!(app.get(&agent, "/v1/audit").await.status, 403);
        let page = app.get(&auditor, "/v1/audit?limit=2").await.json();
        assert_eq!(page["items"].as_array().unwrap().len(), 2);
        assert!(!page["next_cursor"].is_null());
    }

    async fn looking_at_a_sensitive_case_leaves_a_trace_and_at_an_ordinary_one_none(app) {
        let agent = app.agent().await;
        let ordinary = log_a_bin(&app, &agent).await["case"].clone();
        let body = json!({
            "channel": "phone", "subject": "My bill", "service": "council-tax", "category": "ct-bill",
            "person": {"name": "Ada Example", "email": "ada@mail.example"}
        });
        let reply = app.post(&agent, "/v1/contacts", body).await;
        assert_eq!(reply.status, 201, "{}", reply.text);
        let sensitive = reply.json()["case"].clone();
        for case in [&ordinary, &sensitive] {
            let path = case["links"]["self"].as_str().unwrap();
            assert_eq!(app.get(&agent, path).await.status, 200);
            assert_eq!(app.get(&agent, &format!("{path}/contacts")).await.status, 200);
        }
        let auditor = app.sign_in("auditor@council.example").await;
        let looks = lines(&app, &auditor, "?action=case.read").await;
        let wanted = format!("case:{}", sensitive["id"].as_str().unwrap());
        assert_eq!(looks.len(), 2);
        assert!(looks.iter().all(|line| line["object"] == wanted.as_str()));
    }

    async fn the_database_itself_refuses_to_change_a_line(app) {
        let agent = app.agent().await;
        log_a_bin(&app, &agent).await;
        audit::seal(&app.desk).await.unwrap();
        for sql in ["UPDATE audit SET actor = 'nobody'", "DELETE FROM audit_seals", "DELETE FROM audit"] {
            let refused = app
                .desk
                .db
                .write(move |tx| -> Result<(), reeve::store::StoreError> {
                    use diesel::prelude::*;
                    diesel::sql_query(sql).execute(&mut **tx)?;
                    Ok(())
                })
                .await;
            assert!(refused.is_err(), "{sql}");
        }
        assert_eq!(verified(&app, &[]).await.faults, Vec::<String>::new());
    }

    async fn every_way_of_editing_the_audit_is_found(app) {
        let agent = app.agent().await;
        for _ in 0..3 {
            log_a_bin(&app, &agent).await;
        }
        audit::seal(&app.desk).await.unwrap();
        let early = checkpoint(&app).await;
        for _ in 0..3 {
            log_a_bin(&app, &agent).await;
        }
        audit::seal(&app.desk).await.unwrap();
        let late = checkpoint(&app).await;
        let whole = verified(&app, &[early.clone(), late.clone()]).await;
        assert_eq!(whole.faults, Vec::<String>::new());
        assert!(early.seal >= 3 && late.seal > early.seal);
        assert_eq!((whole.last_seal, whole.last_hash.as_str()), (late.seal, late.hash.as_str()));
        app.database.by_hand(
            "CREATE TABLE kept_audit AS SELECT * FROM audit;
             CREATE TABLE kept_seals AS SELECT * FROM audit_seals;",
        );
        let of_seal_3 = "(SELECT audit_id FROM audit_seals WHERE number = 3)";
        for (how, sql, fault) in [
            ("a line edited", format!("UPDATE audit SET action = 'case.read' WHERE id = {of_seal_3}"), "seal 3 does not fit"),
            ("a time edited", format!("UPDATE audit SET at = (SELECT max(at) FROM audit) WHERE id = {of_seal_3};
                UPDATE audit SET purpose = '' WHERE id = {of_seal_3}"), "seal 3 does not fit"),
            ("two lines in another order", "UPDATE audit_seals SET number = -3 WHERE number = 3;
                UPDATE audit_seals SET number = 3 WHERE number = 2;
                UPDATE audit_seals SET number = 2 WHERE number = -3".to_owned(), "seal 2 does not fit"),
            ("a line removed", format!("DELETE FROM audit WHERE id = {of_seal_3}"), "of seal 3 was removed"),
            ("a line and its seal removed", format!("DELETE FROM audit WHERE id = {of_seal_3};
                DELETE FROM audit_seals WHERE number = 3"), "seal 3 was removed"),
            ("a seal removed", "DELETE FROM audit_seals WHERE number = 3".to_owned(), "has no seal and does not wait"),
            ("the end cut off", format!("DELETE FROM audit WHERE id IN (SELECT audit_id FROM audit_seals WHERE number > {0});
                DELETE FROM audit_seals WHERE number > {0}", early.seal), "the end was cut off"),
            ("all of it deleted", "DELETE FROM audit_seals; DELETE FROM audit".to_owned(), "the end was cut off"),
            ("made anew after an edit", format!("UPDATE audit SET actor = 'nobody' WHERE id = {of_seal_3};
                INSERT INTO audit_unsealed SELECT id FROM audit; DELETE FROM audit_seals"), "the chain was made anew"),
        ] {
            app.database.by_hand(&sql);
            audit::seal(&app.desk).await.unwrap();
            let found = verified(&app, &[early.clone(), late.clone()]).await.faults;
            assert!(found.iter().any(|told| told.contains(fault)), "{how}: {found:?}");
            app.database.by_hand(
                "DELETE FROM audit_seals; DELETE FROM audit_unsealed; DELETE FROM audit;
                 INSERT INTO audit SELECT * FROM kept_audit; INSERT INTO audit_seals SELECT * FROM kept_seals;",
            );
            assert_eq!(verified(&app, std::slice::from_ref(&late)).await, whole, "after {how}");
        }
    }

    async fn a_body_that_asks_for_an_unknown_filter_is_told_which_there_are(app) {
        let auditor = app.sign_in("auditor@council.example").await;
        let reply = app.get(&auditor, "/v1/audit?who=me").await;
        assert_eq!(reply.status, 400, "{}", reply.text);
        assert!(reply.text.contains("unknown_parameter"), "{}", reply.text);
    }

    async fn several_who_seal_at_once_make_one_chain(app) {
        let agent = app.agent().await;
        let mut sealing = Vec::new();
        for _ in 0..8 {
            log_a_bin(&app, &agent).await;
            let desk = app.desk.clone();
            sealing.push(tokio::spawn(async move { audit::seal(&desk).await.unwrap() }));
        }
        for one in sealing {
            one.await.unwrap();
        }
        audit::seal(&app.desk).await.unwrap();
        let whole = verified(&app, &[]).await;
        assert_eq!(whole.faults, Vec::<String>::new());
        assert_eq!(whole.n_waiting, 0);
        assert_eq!(whole.last_seal, whole.n_sealed);
    }
}

/// The role the server runs as can add to the audit and do nothing else to it.
#[actix_web::test]
async fn the_role_of_the_running_server_can_add_to_the_audit_and_not_rewrite_it() {
    use diesel::connection::SimpleConnection as _;
    use diesel::prelude::*;
    let Some(database) = crate::support::Database::postgres() else {
        return;
    };
    let app = TestApp::on(database).await;
    let agent = app.agent().await;
    log_a_bin(&app, &agent).await;
    let url = app.database.url().unwrap();
    let mut conn = diesel::PgConnection::establish(url).unwrap();
    conn.batch_execute(include_str!("../../scripts/postgres-app-role.sql"))
        .unwrap();
    conn.batch_execute("SET ROLE reeve_app").unwrap();
    conn.batch_execute(
        "INSERT INTO audit SELECT gen_random_uuid(), at, actor, action, object, purpose, request_id
         FROM audit LIMIT 1",
    )
    .unwrap();
    for sql in [
        "UPDATE audit SET actor = 'nobody'",
        "DELETE FROM audit",
        "TRUNCATE audit CASCADE",
        "UPDATE audit_seals SET number = 1",
        "DELETE FROM audit_seals",
        "DROP TRIGGER audit_is_kept ON audit",
        "ALTER TABLE audit DISABLE TRIGGER ALL",
        "SET session_replication_role = replica",
    ] {
        let refused = conn.batch_execute(sql).unwrap_err().to_string();
        assert!(
            refused.contains("permission denied") || refused.contains("must be owner"),
            "{sql}: {refused}"
        );
    }
    // Starting on a database that is up to date asks for nothing the role may not do.
    let name = url.rsplit_once('/').unwrap().1;
    conn.batch_execute("RESET ROLE").unwrap();
    conn.batch_execute("ALTER ROLE reeve_app LOGIN").unwrap();
    let own = url.replacen("reeve@", "reeve_app@", 1);
    assert!(own.ends_with(name) && own != url);
    let db = reeve::store::Db::open(&reeve::store::db::Opening {
        address: reeve::store::db::Address::Postgres(own),
        pool_size: 1,
        allow_unsafe_durability: true,
    })
    .unwrap();
    assert_eq!(db.migrate().unwrap(), Vec::<String>::new());
}
