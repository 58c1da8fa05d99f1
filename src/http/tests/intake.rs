//! What comes in, over the real router: logged, sent by form, mailed, tried out, looked up again.

use super::*;

fn missed_bin() -> Value {
    json!({
        "channel": "phone", "subject": "Missed bin", "body": "The grey bin at number 14 was not emptied.",
        "person": {"name": "Ada Example", "email": "ada@mail.example", "phone": "01632 960123"},
        "service": "waste-collection", "category": "missed-bin",
    })
}

async fn desk_key(front: &Arc<Front>) -> String {
    add_key(
        front,
        &[
            Scope::ContactsWrite,
            Scope::CasesRead,
            Scope::PeopleRead,
            Scope::ReportsRead,
        ],
    )
    .await
}

async fn log(front: &Arc<Front>, key: &str, body: &Value) -> Reply {
    ask(Method::POST, "/v1/contacts")
        .bearer(key)
        .sends(body)
        .of(front)
        .await
}

fn pointers(reply: &Reply) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = reply.json()["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fault| {
            (
                fault["pointer"].as_str().unwrap().to_owned(),
                fault["code"].as_str().unwrap().to_owned(),
            )
        })
        .collect();
    found.sort();
    found
}

#[actix_web::test]
async fn a_logged_contact_has_a_reference_dates_and_a_link_the_person_can_follow() {
    let front = front().await;
    let key = desk_key(&front).await;
    let reply = log(&front, &key, &missed_bin()).await;
    let answered = reply.json();
    assert_eq!(reply.status, 201, "{answered}");
    let reference = answered["case"]["reference"].as_str().unwrap().to_owned();
    assert_eq!(
        reply.header("location"),
        answered["case"]["links"]["self"].as_str()
    );
    assert_eq!(answered["contact"]["counted_from_on"], "2026-11-20");
    assert_eq!(answered["case"]["queue"], "waste-ops");
    assert!(answered["case"]["respond_on"].is_string(), "{answered}");
    assert!(
        answered["read_out"].as_str().unwrap().contains(&reference),
        "{answered}"
    );
    assert_eq!(
        (&answered["joined"], &answered["duplicate"]),
        (&json!(false), &Value::Null)
    );

    let token = answered["tracking"]["token"].as_str().unwrap();
    let followed = ask(Method::GET, "/v1/public/tracking")
        .bearer(token)
        .of(&front)
        .await;
    assert_eq!(followed.status, 200);
    assert_eq!(followed.json()["reference"], reference.as_str());
    assert!(!String::from_utf8_lossy(&followed.bytes).contains("Ada"));
    let message = ask(Method::POST, "/v1/public/tracking/messages").bearer(token);
    assert_eq!(
        message
            .sends(&json!({"body": "Still there."}))
            .of(&front)
            .await
            .status,
        201
    );
    let withdrawal = ask(Method::POST, "/v1/public/tracking/withdrawals").bearer(token);
    assert_eq!(withdrawal.of(&front).await.status, 201);
    for expect in [201, 409] {
        let feedback = ask(Method::POST, "/v1/public/tracking/feedback").bearer(token);
        assert_eq!(
            feedback.sends(&json!({"score": 5})).of(&front).await.status,
            expect
        );
    }
}

#[actix_web::test]
async fn everything_wrong_with_a_contact_is_named_at_once() {
    let front = front().await;
    let key = desk_key(&front).await;
    let reply = log(
        &front,
        &key,
        &json!({
            "channel": "phone", "received_at": "2026-11-20T16:58:00", "subject": "x".repeat(201),
            "person": {"email": "ada", "phone": "ring me"}, "service": "no-such-service", "shoe": 9,
            "access_point": "nowhere", "case": "4X7-K92-MQ4",
        }),
    )
    .await;
    assert_eq!(reply.status, 422);
    let owned = |pointer: &str, code: &str| (pointer.to_owned(), code.to_owned());
    let mistyped = if pointers(&reply).contains(&owned("/case", "reference_mistyped")) {
        "reference_mistyped"
    } else {
        "unknown_value"
    };
    assert_eq!(
        pointers(&reply),
        [
            owned("/access_point", "unknown_value"),
            owned("/case", mistyped),
            owned("/person/email", "bad_format"),
            owned("/person/phone", "bad_format"),
            owned("/received_at", "offset_missing"),
            owned("/service", "unknown_value"),
            owned("/shoe", "unknown_field"),
            owned("/subject", "too_long"),
        ]
    );
    let nothing = log(&front, &key, &json!({"channel": "phone"})).await;
    assert_eq!(pointers(&nothing), [owned("/body", "missing_field")]);
    let future = json!({"channel": "phone", "body": "x", "received_at": "2027-01-01T00:00:00Z"});
    assert_eq!(
        log(&front, &key, &future).await.code(),
        "received_in_future"
    );
    let outbound =
        json!({"channel": "phone", "body": "Rang.", "direction": "outbound", "outcome": "spoke"});
    assert_eq!(
        pointers(&log(&front, &key, &outbound).await),
        [owned("/case", "missing_field")]
    );
}

#[actix_web::test]
async fn one_wrong_letter_in_a_reference_is_told_apart_from_no_such_case() {
    let front = front().await;
    let key = desk_key(&front).await;
    let good = crate::domain::reference::Reference::from_bits(77).to_string();
    let last = if good.ends_with('A') { "B" } else { "A" };
    let mistyped = format!("{}{last}", good.get(..good.len() - 1).unwrap());
    let check = |case: String, code: &'static str| {
        let (front, key) = (Arc::clone(&front), key.clone());
        async move {
            let reply = log(
                &front,
                &key,
                &json!({"channel": "phone", "body": "x", "case": case}),
            )
            .await;
            assert_eq!(pointers(&reply), [("/case".to_owned(), code.to_owned())]);
        }
    };
    check(mistyped, "reference_mistyped").await;
    check(good, "unknown_value").await;
}

#[actix_web::test]
async fn the_same_external_id_is_the_same_contact() {
    let front = front().await;
    let key = desk_key(&front).await;
    let mut body = missed_bin();
    body["external_id"] = json!("desk-1");
    let first = log(&front, &key, &body).await.json();
    let again = log(&front, &key, &body).await;
    assert_eq!(
        (again.status, &again.json()["duplicate"]),
        (200, &json!(true))
    );
    assert_eq!(again.json()["contact"]["id"], first["contact"]["id"]);
    body["subject"] = json!("Something else");
    let other = log(&front, &key, &body).await;
    assert_eq!(
        (other.status, other.code().as_str()),
        (409, "external_id_taken")
    );

    let report = ask(
        Method::GET,
        "/v1/reports/intake?on=2026-11-20&disposition=duplicate",
    )
    .bearer(&key);
    let report = report.of(&front).await.json();
    assert_eq!(
        (&report["came_in"], &report["opened"], &report["duplicate"]),
        (&json!(2), &json!(1), &json!(1))
    );
    assert_eq!(report["items"].as_array().unwrap().len(), 1);
    assert_eq!(report["by_channel"][0]["channel"], "phone");
}

#[actix_web::test]
async fn a_form_without_danger_gets_a_reference_and_one_with_it_the_number_to_ring() {
    let front = front().await;
    let send = |body: Value| {
        let front = Arc::clone(&front);
        async move {
            ask(Method::POST, "/v1/public/contacts")
                .sends(&body)
                .of(&front)
                .await
        }
    };
    let mut body = missed_bin();
    body["channel"] = json!("web_form");
    let told = send(body).await;
    assert_eq!(told.status, 201, "{}", told.json());
    assert!(told.json()["reference"].is_string(), "{}", told.json());
    assert!(
        told.json()["tracking"]["token"]
            .as_str()
            .unwrap()
            .starts_with("rvt_")
    );

    let danger = send(json!({"body": "There is a smell of gas in the flats.", "danger": true}))
        .await
        .json();
    assert_eq!(
        (&danger["reference"], &danger["tracking"]),
        (&Value::Null, &Value::Null),
        "{danger}"
    );
    assert!(
        danger["what_happens_next"].to_string().contains("999"),
        "{danger}"
    );

    let staff_field = send(json!({"body": "x", "acknowledged": {"how": "spoken"}})).await;
    assert_eq!(staff_field.code(), "unknown_field");
    let keyless = send(json!({"body": "x", "external_id": "web-1"})).await;
    assert_eq!(
        pointers(&keyless),
        [("/external_id".to_owned(), "key_needed".to_owned())]
    );
}

#[actix_web::test]
async fn a_mail_opens_a_case_once() {
    let front = front().await;
    let key = add_key(&front, &[Scope::EmailWrite]).await;
    let send = |raw: &'static str| {
        let mail = ask(
            Method::POST,
            "/v1/channels/email/messages?recipient=contact%40council.example",
        );
        let mail = mail
            .bearer(&key)
            .with("Content-Type", "message/rfc822")
            .raw(raw);
        let front = Arc::clone(&front);
        async move { mail.of(&front).await }
    };
    let raw = "From: Ada Example <ada@mail.example>\r\nTo: contact@council.example\r\n\
               Message-ID: <1@mail.example>\r\nSubject: Missed bin\r\n\r\nThe grey bin was not emptied.\r\n";
    let opened = send(raw).await;
    assert_eq!(
        (opened.status, &opened.json()["disposition"]),
        (202, &json!("opened")),
        "{}",
        opened.json()
    );
    let again = send(raw).await.json();
    assert_eq!(
        (&again["disposition"], &again["case"]),
        (&json!("duplicate"), &opened.json()["case"])
    );
    let empty = send("").await;
    assert_eq!(
        (empty.status, empty.code().as_str()),
        (422, "empty_message")
    );
}

#[actix_web::test]
async fn a_trial_saves_nothing_and_names_what_else_it_could_be() {
    let front = front().await;
    let key = desk_key(&front).await;
    let trial = ask(Method::POST, "/v1/routing/trials").bearer(&key);
    let tried = trial
        .sends(&json!({"channel": "email", "body": "They forgot our bins again."}))
        .of(&front)
        .await;
    let placed = tried.json();
    assert_eq!(tried.status, 200, "{placed}");
    assert!(
        placed["candidates"].as_array().unwrap().len() >= 3,
        "{placed}"
    );
    assert_eq!(placed["candidates"][0]["category"], placed["category"]);
    let report = ask(Method::GET, "/v1/reports/intake")
        .bearer(&key)
        .of(&front)
        .await
        .json();
    assert_eq!(report["came_in"], 0);
    assert!(report.get("items").is_none(), "{report}");
}

#[actix_web::test]
async fn a_person_is_found_by_their_number_and_changed_only_as_they_were_read() {
    let front = front().await;
    let token = signed_in(&front, Role::Agent).await;
    assert_eq!(log(&front, &token, &missed_bin()).await.status, 201);

    let search = |by: Value| {
        let asked = ask(Method::POST, "/v1/people/searches")
            .bearer(&token)
            .sends(&by);
        let front = Arc::clone(&front);
        async move { asked.of(&front).await }
    };
    let found = search(json!({"phone": "+44 1632 960 123"})).await.json();
    assert_eq!(found["items"].as_array().unwrap().len(), 1, "{found}");
    assert_eq!(
        search(json!({"phone": "01632 960123", "name": "Ada"}))
            .await
            .status,
        422
    );
    let path = format!("/v1/people/{}", found["items"][0]["id"].as_str().unwrap());

    let shown = ask(Method::GET, &path).bearer(&token).of(&front).await;
    let etag = shown.header("etag").unwrap().to_owned();
    let change = json!({"preferences": {"channel": "post", "format": "large_print"}});
    let without = ask(Method::PATCH, &path)
        .bearer(&token)
        .sends(&change)
        .of(&front)
        .await;
    assert_eq!(without.status, 428);
    let changed = ask(Method::PATCH, &path)
        .bearer(&token)
        .with("If-Match", &etag)
        .sends(&change);
    let changed = changed.of(&front).await;
    assert_eq!(
        (changed.status, &changed.json()["preferences"]["channel"]),
        (200, &json!("post"))
    );
    let stale = ask(Method::PATCH, &path)
        .bearer(&token)
        .with("If-Match", &etag)
        .sends(&change);
    assert_eq!(stale.of(&front).await.status, 412);
    for list in ["contacts", "cases"] {
        let listed = ask(Method::GET, &format!("{path}/{list}"))
            .bearer(&token)
            .of(&front)
            .await
            .json();
        assert_eq!(
            listed["items"].as_array().unwrap().len(),
            1,
            "{list}: {listed}"
        );
    }
}

#[actix_web::test]
async fn a_councillor_raises_their_own_enquiry_whatever_channel_they_name() {
    let front = front().await;
    let token = signed_in(&front, Role::Councillor).await;
    let body =
        json!({"channel": "phone", "body": "A resident's bin was missed three weeks running."});
    let answered = log(&front, &token, &body).await.json();
    assert_eq!(answered["contact"]["channel"], "councillor", "{answered}");
    assert_eq!(
        answered["case"]["procedure"], "member_enquiry",
        "{answered}"
    );
    assert!(
        !answered["related_cases"].as_array().unwrap().is_empty(),
        "{answered}"
    );
}

#[actix_web::test]
async fn what_only_a_small_team_may_see_is_answered_with_a_receipt() {
    let front = front().await;
    let key = desk_key(&front).await;
    let council = front.desk.council();
    let (service, category) = council
        .catalogue
        .categories()
        .find(|(_, category)| category.is_restricted)
        .unwrap();
    let body = json!({
        "channel": "phone", "body": "I am worried about a child.",
        "service": service.slug, "category": category.slug,
    });
    let reply = log(&front, &key, &body).await;
    let answered = reply.json();
    assert_eq!(
        (reply.status, reply.header("location")),
        (201, None),
        "{answered}"
    );
    assert!(
        answered.get("case").is_none() && answered.get("tracking").is_none(),
        "{answered}"
    );
    let reference = &answered["receipt"]["reference"];
    assert!(reference.is_string(), "{answered}");
    let kept = ask(Method::GET, "/v1/me/receipts")
        .bearer(&key)
        .of(&front)
        .await
        .json();
    assert_eq!(&kept["items"][0]["reference"], reference);
    let public = ask(
        Method::GET,
        &format!("/v1/public/services/{}", service.slug),
    )
    .of(&front)
    .await;
    let offered = public.json()["categories"].to_string();
    assert!(
        !offered.contains(&format!("\"{}\"", category.slug)),
        "{offered}"
    );
}

#[actix_web::test]
async fn every_public_service_says_its_telephone_and_when_it_is_answered() {
    let front = front().await;
    let services = ask(Method::GET, "/v1/public/services")
        .of(&front)
        .await
        .json();
    let items = services["items"].as_array().unwrap();
    assert!(items.len() > 25 && services["next_cursor"].is_null());
    for item in items {
        assert!(
            item["phone"]
                .as_str()
                .is_some_and(|phone| !phone.is_empty()),
            "{item}"
        );
        assert!(
            item["hours"]["always"] == true
                || !item["hours"]["weekly"].as_array().unwrap().is_empty(),
            "{item}"
        );
    }
    let waste = ask(Method::GET, "/v1/public/services/waste-collection")
        .of(&front)
        .await
        .json();
    let missed = waste["categories"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["slug"] == "missed-bin")
        .unwrap();
    assert!(
        missed["promise"]
            .as_str()
            .unwrap()
            .starts_with("We aim to answer within"),
        "{missed}"
    );
    assert_eq!(
        ask(Method::GET, "/v1/public/services/none")
            .of(&front)
            .await
            .status,
        404
    );
    assert_eq!(
        ask(Method::GET, "/v1/public/access-points")
            .of(&front)
            .await
            .status,
        200
    );
}

#[actix_web::test]
async fn a_new_catalogue_is_tried_out_and_then_in_force_at_once() {
    let front = front().await;
    front
        .desk
        .perform(|tx, at| {
            let tree = at.council.catalogue.to_json();
            let proposal = crate::casework::catalogue::propose(at, &tree)?;
            crate::casework::catalogue::apply(
                tx,
                at,
                &crate::domain::access::Actor::System,
                &proposal,
                None,
                crate::casework::catalogue::OpenCases::Stay,
            )
        })
        .await
        .unwrap();
    crate::casework::catalogue::refresh(&front.desk)
        .await
        .unwrap();
    let token = signed_in(&front, Role::Admin).await;

    let shown = ask(Method::GET, "/v1/catalogue")
        .bearer(&token)
        .of(&front)
        .await;
    let etag = shown.header("etag").unwrap().to_owned();
    let mut tree = shown.json();
    tree["services"]["waste-collection"]["phone"] = json!("01632 960999");
    let preview = ask(Method::PUT, "/v1/catalogue?dry_run=true")
        .bearer(&token)
        .sends(&tree)
        .of(&front)
        .await;
    assert_eq!(preview.status, 200, "{}", preview.json());
    assert_eq!(
        preview.json()["changes"][0]["path"],
        "/services/waste-collection/phone"
    );
    assert_eq!(
        ask(Method::PUT, "/v1/catalogue")
            .bearer(&token)
            .sends(&tree)
            .of(&front)
            .await
            .status,
        428
    );
    let applied = ask(Method::PUT, "/v1/catalogue")
        .bearer(&token)
        .with("If-Match", &etag)
        .sends(&tree);
    let applied = applied.of(&front).await;
    assert_eq!(
        (applied.status, applied.json()["version"].as_i64()),
        (200, Some(2)),
        "{}",
        applied.json()
    );
    let stale = ask(Method::PUT, "/v1/catalogue")
        .bearer(&token)
        .with("If-Match", &etag)
        .sends(&tree);
    assert_eq!(stale.of(&front).await.status, 412);
    let public = ask(Method::GET, "/v1/public/services/waste-collection")
        .of(&front)
        .await
        .json();
    assert_eq!(public["phone"], "01632 960999");
    let versions = ask(Method::GET, "/v1/catalogue/versions")
        .bearer(&token)
        .of(&front)
        .await
        .json();
    assert_eq!(versions["items"].as_array().unwrap().len(), 2);
    assert_eq!(
        ask(Method::GET, "/v1/catalogue/versions/9")
            .bearer(&token)
            .of(&front)
            .await
            .status,
        404
    );
    tree["services"]["waste-collection"]["queue"] = json!("no-such-queue");
    let bad = ask(Method::PUT, "/v1/catalogue?dry_run=true")
        .bearer(&token)
        .sends(&tree)
        .of(&front)
        .await;
    assert_eq!((bad.status, bad.code().as_str()), (422, "catalogue_fault"));
}
