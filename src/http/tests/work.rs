//! Working a case, over the real router: read, acted on, taken back, counted, and hidden from
//! those it is not for.

use super::*;
use crate::casework::corrections;
use crate::domain::routing::fingerprint;

/// A missed bin logged by an integration: its path and reference.
async fn a_case(front: &Arc<Front>) -> String {
    let key = add_key(front, &[Scope::ContactsWrite]).await;
    let body = json!({
        "channel": "phone", "subject": "Missed bin", "body": "The grey bin was not emptied.",
        "person": {"name": "Ada Example", "email": "ada@mail.example"},
        "service": "waste-collection", "category": "missed-bin",
    });
    let logged = ask(Method::POST, "/v1/contacts")
        .bearer(&key)
        .sends(&body)
        .of(front)
        .await;
    assert_eq!(logged.status, 201, "{}", logged.json());
    format!(
        "/v1/cases/{}",
        logged.json()["case"]["reference"].as_str().unwrap()
    )
}

async fn read(front: &Arc<Front>, token: &str, path: &str) -> Value {
    let reply = ask(Method::GET, path).bearer(token).of(front).await;
    assert_eq!(reply.status, 200, "{path}: {}", reply.json());
    reply.json()
}

async fn act(front: &Arc<Front>, token: &str, path: &str, body: Value) -> Reply {
    ask(Method::POST, path)
        .bearer(token)
        .sends(&body)
        .of(front)
        .await
}

#[actix_web::test]
async fn an_officer_takes_a_case_works_it_and_takes_a_reply_back() {
    let front = front().await;
    let officer = signed_in(&front, Role::Officer).await;
    let case = a_case(&front).await;
    let acts = [
        ("assignments", json!({"owner": "me"})),
        ("acknowledgements", json!({"how": "spoken"})),
        ("notes", json!({"text": "Rang; nobody at home."})),
        (
            "promises",
            json!({"what": "Ring back", "by": "2026-11-23T15:00:00Z"}),
        ),
        (
            "calls",
            json!({"who": "Depot", "number": "01632 960555", "outcome": "On the way."}),
        ),
        ("questions", json!({"text": "Which bin?"})),
        ("resumptions", json!({})),
        (
            "extensions",
            json!({"clock": "respond", "by": {"working_days": 3}, "reason": "Broken lorry."}),
        ),
    ];
    for (what, body) in acts {
        let done = act(&front, &officer, &format!("{case}/{what}"), body).await;
        assert_eq!(done.status, 201, "{what}: {}", done.json());
        assert!(done.json()["event"]["kind"].is_string(), "{what}");
    }
    let replied = act(
        &front,
        &officer,
        &format!("{case}/replies"),
        json!({"text": "Done.", "kind": "substantive"}),
    )
    .await;
    assert_eq!(
        replied.json()["case"]["status"],
        "responded",
        "{}",
        replied.json()
    );
    let notice = replied.json()["notice"].clone();
    assert_eq!(notice["leaves_at"], "2026-11-20T17:00:00Z");
    let path = format!("{case}/replies/{}", notice["id"].as_str().unwrap());
    let back = ask(Method::DELETE, &path).bearer(&officer).of(&front).await;
    assert_eq!(back.status, 200, "{}", back.json());
    assert_eq!(back.json()["case"]["status"], "open");

    let shown = read(&front, &officer, &case).await;
    assert_eq!(shown["owner"]["name"], "Sam Officer");
    assert_eq!(shown["people"][0]["name"], "Ada Example");
    let clocks = read(&front, &officer, &format!("{case}/clocks?limit=1")).await;
    assert!(clocks["next_cursor"].is_string(), "{clocks}");
    let told = read(
        &front,
        &officer,
        &format!("{case}/clocks/respond/explanation"),
    )
    .await;
    assert_eq!(told["due_on"], shown["respond_on"]);
    let none = ask(Method::GET, &format!("{case}/clocks/nonesuch/explanation"))
        .bearer(&officer)
        .of(&front)
        .await;
    assert_eq!(none.status, 404);
    let lines = read(&front, &officer, &format!("{case}/timeline?limit=100")).await;
    assert!(
        lines["items"]
            .as_array()
            .unwrap()
            .iter()
            .any(|line| line["kind"] == "reply_taken_back")
    );
    assert!(
        !read(&front, &officer, &format!("{case}/contacts")).await["items"]
            .as_array()
            .unwrap()
            .is_empty()
    );
    let notices = read(&front, &officer, &format!("{case}/notices")).await;
    assert!(
        !notices.to_string().contains("/track/"),
        "the secret link is the person's own"
    );
}

#[actix_web::test]
async fn a_list_is_narrowed_counted_and_goes_on_where_it_ended() {
    let front = front().await;
    let officer = signed_in(&front, Role::Officer).await;
    for _ in 0..3 {
        a_case(&front).await;
    }
    let n_found = async |query: &str| {
        read(&front, &officer, &format!("/v1/cases?{query}")).await["items"]
            .as_array()
            .unwrap()
            .len()
    };
    for (query, expect) in [
        ("status=new,open&queue=waste-ops&channel=phone", 3),
        ("category=waste-collection/missed-bin&owner=none", 3),
        ("owner=me", 0),
        ("owner=nobody@council.example", 0),
        ("overdue=true", 0),
        ("due_before=2026-12-24", 3),
        ("q=GREY+bin", 3),
        ("status=closed", 0),
    ] {
        assert_eq!(n_found(query).await, expect, "{query}");
    }
    let first = read(
        &front,
        &officer,
        "/v1/cases?limit=2&include=total&sort=received",
    )
    .await;
    assert_eq!(
        (first["items"].as_array().unwrap().len(), &first["total"]),
        (2, &json!(3))
    );
    let cursor = first["next_cursor"].as_str().unwrap();
    let last = read(
        &front,
        &officer,
        &format!("/v1/cases?limit=2&sort=received&cursor={cursor}"),
    )
    .await;
    assert_eq!(
        (
            last["items"].as_array().unwrap().len(),
            &last["next_cursor"]
        ),
        (1, &Value::Null)
    );
    for (query, code) in [
        (format!("sort=due&cursor={cursor}"), "bad_cursor"),
        ("status=done".to_owned(), "unknown_value"),
        ("owner=somebody".to_owned(), "unknown_value"),
        ("shoe=1".to_owned(), "unknown_parameter"),
        ("due_before=tomorrow".to_owned(), "bad_format"),
    ] {
        let refused = ask(Method::GET, &format!("/v1/cases?{query}"))
            .bearer(&officer)
            .of(&front)
            .await;
        assert_eq!(
            (refused.status, refused.code().as_str()),
            (400, code),
            "{query}"
        );
    }
}

#[actix_web::test]
async fn the_case_comes_before_what_is_wrong_with_the_request() {
    let front = front().await;
    let officer = signed_in(&front, Role::Officer).await;
    let councillor = signed_in(&front, Role::Councillor).await;
    let case = a_case(&front).await;
    let absent = "/v1/cases/019a9f5e-7c00-7000-8000-000000000001/notes";
    let check = async |token: &str, path: &str, status: u16, code: &str| {
        let refused = act(&front, token, path, json!({"shoe": 1})).await;
        assert_eq!(
            (refused.status, refused.code().as_str()),
            (status, code),
            "{path}"
        );
    };
    check(&officer, absent, 404, "not_found").await;
    check(&officer, &format!("{case}/notes"), 422, "invalid").await;
    check(&councillor, &format!("{case}/notes"), 403, "role_may_not").await;
    let hidden = ask(Method::GET, &case).bearer(&councillor).of(&front).await;
    assert_eq!((hidden.status, hidden.code().as_str()), (404, "not_found"));
    let mut mistyped = case.clone();
    let last = if mistyped.ends_with('A') { 'B' } else { 'A' };
    mistyped.pop();
    mistyped.push(last);
    let refused = ask(Method::GET, &mistyped)
        .bearer(&officer)
        .of(&front)
        .await;
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (400, "reference_mistyped")
    );
}

#[actix_web::test]
async fn a_case_is_put_right_by_whoever_read_it_last() {
    let front = front().await;
    let officer = signed_in(&front, Role::Officer).await;
    let case = a_case(&front).await;
    let patch = async |etag: Option<&str>, body: Value| {
        let asked = ask(Method::PATCH, &case).bearer(&officer);
        let asked = if let Some(etag) = etag {
            asked.with("If-Match", etag)
        } else {
            asked
        };
        asked.sends(&body).of(&front).await
    };
    let read = ask(Method::GET, &case).bearer(&officer).of(&front).await;
    let etag = read.header("etag").unwrap().to_owned();
    assert_eq!(patch(None, json!({"subject": "Bin"})).await.status, 428);
    let changed = patch(Some(&etag), json!({"subject": "Bin", "priority": "high"})).await;
    assert_eq!(changed.status, 200, "{}", changed.json());
    assert_eq!(changed.json()["subject"], "Bin");
    assert_ne!(changed.header("etag"), Some(etag.as_str()));
    assert_eq!(
        patch(Some(&etag), json!({"subject": "Bins"})).await.status,
        412
    );
    assert_eq!(
        patch(Some("*"), json!({"category": "nonesuch"}))
            .await
            .status,
        422
    );
    assert_eq!(
        patch(Some("*"), json!({"service": "highways"}))
            .await
            .status,
        422
    );
}

#[actix_web::test]
async fn a_queue_counts_what_stands_in_it_and_gives_out_each_case_once() {
    let front = front().await;
    let officer = signed_in(&front, Role::Officer).await;
    a_case(&front).await;
    let queue = read(&front, &officer, "/v1/queues/waste-ops").await;
    assert_eq!(
        (&queue["open"], &queue["unowned"]),
        (&json!(1), &json!(1)),
        "{queue}"
    );
    assert_eq!(
        read(&front, &officer, "/v1/queues").await["items"],
        json!([queue])
    );
    let next = "/v1/queues/waste-ops/next";
    assert_eq!(act(&front, &officer, next, json!({})).await.status, 201);
    assert_eq!(act(&front, &officer, next, json!({})).await.status, 204);
    assert_eq!(
        act(&front, &officer, "/v1/queues/nonesuch/next", json!({}))
            .await
            .status,
        404
    );
    assert_eq!(
        read(&front, &officer, "/v1/escalations").await["items"],
        json!([])
    );
}

#[actix_web::test]
async fn only_those_who_answer_for_deliveries_list_what_failed() {
    let front = front().await;
    let officer = signed_in(&front, Role::Officer).await;
    let admin = signed_in(&front, Role::Admin).await;
    a_case(&front).await;
    let list = async |token: &str, state: &str| {
        ask(Method::GET, &format!("/v1/notices?state={state}"))
            .bearer(token)
            .of(&front)
            .await
    };
    assert_eq!(list(&officer, "to_write").await.status, 200);
    assert_eq!(list(&officer, "failed").await.status, 403);
    let pending = list(&admin, "pending").await.json();
    let notice = &pending["items"][0];
    assert_eq!(
        (&notice["kind"], &notice["letter"]),
        (&json!("confirmation"), &Value::Null),
        "{pending}"
    );
    let retried = act(
        &front,
        &admin,
        &format!("/v1/notices/{}/retries", notice["id"].as_str().unwrap()),
        json!({}),
    )
    .await;
    assert_eq!(
        (retried.status, retried.code().as_str()),
        (409, "not_failed")
    );
}

#[actix_web::test]
async fn a_message_whose_category_was_put_right_is_learnt_from_next_time() {
    let front = front().await;
    let officer = signed_in(&front, Role::Officer).await;
    let case = a_case(&front).await;
    let corrected = || {
        let desk = Arc::clone(&front.desk);
        async move {
            let read = desk.read(|conn, _| Ok::<_, Failure>(corrections::read(conn)?));
            read.await.unwrap()
        }
    };
    assert_eq!(corrected().await, []);
    let read = ask(Method::GET, &case).bearer(&officer).of(&front).await;
    let put_right = ask(Method::PATCH, &case)
        .bearer(&officer)
        .with("If-Match", read.header("etag").unwrap())
        .sends(&json!({"service": "recycling", "category": "missed-recycling"}))
        .of(&front)
        .await;
    assert_eq!(put_right.status, 200, "{}", put_right.json());
    let corrected = corrected().await;
    assert_eq!(corrected.len(), 1);
    assert_eq!(
        (
            corrected[0].service.as_str(),
            corrected[0].category.as_str()
        ),
        ("recycling", "missed-recycling")
    );
    assert!(!corrected[0].body.is_empty());

    let northmere = embedded::northmere().unwrap();
    assert_ne!(
        fingerprint(&northmere, &corrected, &[]),
        fingerprint(&northmere, &[], &[]),
        "so the next model is another one"
    );
}
