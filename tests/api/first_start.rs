//! A new installation has nobody in it until somebody brings what its first start printed.

use serde_json::{Value, json};

use crate::support::{Caller, Database, Reply, TestApp};

async fn bring(app: &TestApp, token: &str, email: &str) -> Reply {
    let body = json!({"token": token, "name": "Abe Admin", "email": email, "password": "a long pass phrase"});
    app.post(&Caller::nobody(), "/v1/auth/bootstrap", body)
        .await
}

#[track_caller]
fn refused(reply: &Reply) {
    assert_eq!(reply.status, 401, "{}", reply.text);
    assert_eq!(reply.json()["code"], "token_invalid", "{}", reply.text);
}

async fn what_the_first_start_printed_makes_one_administrator_once(database: Database) {
    let app = TestApp::without_people(database).await;
    refused(&bring(&app, "rvb_guess", "abe@council.example").await);
    let earlier = reeve::casework::first_start::token(&app.desk)
        .await
        .unwrap()
        .unwrap();
    let token = reeve::casework::first_start::token(&app.desk)
        .await
        .unwrap()
        .unwrap();
    refused(&bring(&app, &earlier, "abe@council.example").await);
    let bad = bring(&app, &token, "no address").await;
    assert_eq!(bad.status, 422, "{}", bad.text);
    let made = bring(&app, &token, "abe@council.example").await.expect(201);
    assert_eq!(
        (&made["role"], &made["active"]),
        (&json!("admin"), &json!(true))
    );
    refused(&bring(&app, &token, "eve@council.example").await);
    let credentials = json!({"email": "abe@council.example", "password": "a long pass phrase"});
    let signed: Value = app
        .post(&Caller::nobody(), "/v1/auth/tokens", credentials)
        .await
        .expect(200);
    let admin = Caller {
        bearer: signed["access_token"].as_str().map(str::to_owned),
    };
    let users = app.get(&admin, "/v1/users").await.expect(200);
    assert_eq!(users["items"].as_array().unwrap().len(), 1);
    let again = reeve::casework::first_start::token(&app.desk)
        .await
        .unwrap();
    assert_eq!(again, None, "where somebody is, no token is made");
}

async fn a_first_starts_token_is_over_after_an_hour(database: Database) {
    let app = TestApp::without_people(database).await;
    let token = reeve::casework::first_start::token(&app.desk)
        .await
        .unwrap()
        .unwrap();
    // It runs on the computer's own time: what is kept is moved instead of the clock.
    app.desk
        .perform(|tx, _| {
            let kept = reeve::store::settings::get(tx, "auth.first_start")?.unwrap();
            let (hash, end) = kept.split_once(' ').unwrap();
            let an_hour_ago = end.parse::<i64>().unwrap() - 3_601;
            Ok(reeve::store::settings::set(
                tx,
                "auth.first_start",
                &format!("{hash} {an_hour_ago}"),
            )?)
        })
        .await
        .unwrap();
    refused(&bring(&app, &token, "abe@council.example").await);
}

#[actix_web::test]
async fn the_token_makes_one_administrator_once_on_sqlite() {
    what_the_first_start_printed_makes_one_administrator_once(Database::sqlite()).await;
}

#[actix_web::test]
async fn the_token_makes_one_administrator_once_on_postgres() {
    if let Some(database) = Database::postgres() {
        what_the_first_start_printed_makes_one_administrator_once(database).await;
    }
}

#[actix_web::test]
async fn the_token_is_over_after_an_hour_on_sqlite() {
    a_first_starts_token_is_over_after_an_hour(Database::sqlite()).await;
}

#[actix_web::test]
async fn the_token_is_over_after_an_hour_on_postgres() {
    if let Some(database) = Database::postgres() {
        a_first_starts_token_is_over_after_an_hour(database).await;
    }
}
