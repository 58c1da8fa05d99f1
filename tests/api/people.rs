//! Whom a contact is from; records that are one person, or may be; who is on a case; organisations.

use actix_web::test::TestRequest;
use serde_json::{Value, json};

use crate::intake::{log, missed_bin};
use crate::mail_in::{deliver, mail};
use crate::support::{Caller, Reply, TestApp};

/// A contact an agent logs from this person.
pub fn from(person: Value, body: &str) -> Value {
    json!({
        "channel": "phone", "subject": "Missed bin", "body": body, "person": person,
        "service": "waste-collection", "category": "missed-bin",
    })
}

pub fn person_of(logged: &Value) -> String {
    logged["person"]["id"].as_str().unwrap().to_owned()
}

pub fn reference(logged: &Value) -> String {
    logged["case"]["reference"].as_str().unwrap().to_owned()
}

pub async fn change(app: &TestApp, who: &Caller, person: &str, body: Value) -> Reply {
    let path = format!("/v1/people/{person}");
    let shown = app.get(who, &path).await;
    let etag = shown.header("etag").unwrap().to_owned();
    let request = TestRequest::patch()
        .uri(&path)
        .insert_header(("if-match", etag))
        .set_json(body);
    app.send(who, request).await
}

pub async fn remove(app: &TestApp, who: &Caller, path: &str) -> Reply {
    app.send(who, TestRequest::delete().uri(path)).await
}

pub async fn kinds(app: &TestApp, who: &Caller, reference: &str) -> Vec<String> {
    let path = format!("/v1/cases/{reference}/timeline");
    let lines = app.get(who, &path).await.expect(200);
    let lines = lines["items"].as_array().unwrap();
    lines
        .iter()
        .map(|line| line["kind"].as_str().unwrap().to_owned())
        .collect()
}

async fn ids(app: &TestApp, who: &Caller, path: &str) -> Vec<String> {
    let page = app.get(who, path).await.expect(200);
    let items = page["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| item["id"].as_str().unwrap().to_owned())
        .collect()
}

async fn proposed(app: &TestApp, who: &Caller, person: &str) -> Vec<(String, Value)> {
    let path = format!("/v1/people/{person}/proposals");
    let page = app.get(who, &path).await.expect(200);
    let items = page["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| {
            let id = item["person"]["id"].as_str().unwrap().to_owned();
            (id, item["reasons"].clone())
        })
        .collect()
}

/// Ada by telephone, and somebody who filled in a form under her address.
async fn ada_twice(app: &TestApp) -> (Value, Value) {
    let logged = log(app, missed_bin()).await;
    let agent = app.agent().await;
    let form = json!({
        "subject": "Missed bin", "body": "My garden bin was left.",
        "person": {"name": "Ada Example", "email": "ada@mail.example"},
        "service": "waste-collection", "category": "missed-bin",
    });
    app.post(&Caller::nobody(), "/v1/public/contacts", form)
        .await
        .expect(201);
    let by_email = json!({"email": "ada@mail.example"});
    let found = app
        .post(&agent, "/v1/people/searches", by_email)
        .await
        .expect(200);
    let other = found["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["id"] != logged["person"]["id"])
        .expect("a form proves nothing, so it made a record of its own")
        .clone();
    (logged, other)
}

async fn merge(app: &TestApp, who: &Caller, from: &str, into: &str) -> Reply {
    let body = json!({"from": from, "into": into, "reason": "She says both are hers."});
    app.post(who, "/v1/people/merges", body).await
}

stories! {
    async fn somebody_at_a_shared_address_is_known_only_when_it_is_sure_who_it_is(app) {
        let at = |name: Option<&str>| json!({"name": name, "email": "family@mail.example", "phone": "01632 960200"});
        let ada = person_of(&log(&app, from(at(Some("Ada Example")), "The grey bin.")).await);
        let again = person_of(&log(&app, from(at(Some("Mrs A Example")), "The grey bin again.")).await);
        assert_eq!(ada, again, "a proved address and a name that can be hers");
        let tom = person_of(&log(&app, from(at(Some("Tom Example")), "The blue bin.")).await);
        assert_ne!(ada, tom, "two people at one address are two people");
        let unsaid = mail("family@mail.example", "Garden waste", "unsaid-1", "", "The garden bin was left again today.");
        deliver(&app, &unsaid).await.expect(202);
        let agent = app.agent().await;
        let found = app.post(&agent, "/v1/people/searches", json!({"email": "family@mail.example"})).await.expect(200);
        assert_eq!(found["items"].as_array().unwrap().len(), 3, "neither of them is sure: {found:#}");
        let again = mail("family@mail.example", "Paper", "unsaid-2", "", "The paper bin was left as well this week.");
        deliver(&app, &again).await.expect(202);
        let found = app.post(&agent, "/v1/people/searches", json!({"email": "family@mail.example"})).await.expect(200);
        assert_eq!(found["items"].as_array().unwrap().len(), 3, "whoever gives no name is known by that");
        assert_eq!(proposed(&app, &agent, &ada).await.iter().filter(|(id, _)| *id == tom).count(), 0);
    }

    async fn a_likely_double_is_proposed_with_its_reasons_and_never_joined_by_itself(app) {
        let (logged, other) = ada_twice(&app).await;
        let (ada, double) = (person_of(&logged), other["id"].as_str().unwrap().to_owned());
        let agent = app.agent().await;
        assert_eq!(proposed(&app, &agent, &ada).await, [(double.clone(), json!(["same_email"]))]);
        assert_eq!(proposed(&app, &agent, &double).await.len(), 1, "from either side");
        assert_eq!(ids(&app, &agent, &format!("/v1/people/{ada}/cases")).await.len(), 1, "nothing was joined");
        let home = json!({"name": "A Example", "address": {"lines": ["14, Larkfield Rise"], "postcode": "zz11aa"}});
        let at_home = person_of(&log(&app, from(home, "By letter before.")).await);
        let reasons = proposed(&app, &agent, &at_home).await;
        assert_eq!(reasons, [(ada.clone(), json!(["same_name_and_address"]))]);
        remove(&app, &agent, &format!("/v1/people/{ada}/proposals/{double}")).await.expect(204);
        assert!(proposed(&app, &agent, &double).await.is_empty(), "they are two people, somebody said");
        let partner = app.sign_in("partner@night.example").await;
        app.get(&partner, &format!("/v1/people/{ada}/proposals")).await.expect(403);
    }

    async fn a_merge_is_undone_exactly_whatever_came_in_meanwhile(app) {
        let (logged, other) = ada_twice(&app).await;
        let (ada, double) = (person_of(&logged), other["id"].as_str().unwrap().to_owned());
        let agent = app.agent().await;
        let lists = |person: &str| [format!("/v1/people/{person}/cases"), format!("/v1/people/{person}/contacts"), format!("/v1/cases?person={person}")];
        let mut before = Vec::new();
        for path in lists(&ada).into_iter().chain(lists(&double)) {
            before.push(ids(&app, &agent, &path).await);
        }
        let merged = merge(&app, &agent, &double, &ada).await;
        assert!(merged.header("location").is_some());
        let merged = merged.expect(201);
        let path = format!("/v1/people/merges/{}", merged["id"].as_str().unwrap());
        for path in lists(&ada).into_iter().chain(lists(&double)) {
            assert_eq!(ids(&app, &agent, &path).await.len(), 2, "{path}: whoever looks at one sees both");
        }
        let shown = app.get(&agent, &format!("/v1/people/{double}")).await.expect(200);
        assert_eq!(shown["stands_for"], json!(ada), "{shown:#}");
        let found = app.post(&agent, "/v1/people/searches", json!({"email": "ada@mail.example"})).await.expect(200);
        assert_eq!(found["items"].as_array().unwrap().len(), 1, "found as the one that stands for both");
        assert!(proposed(&app, &agent, &ada).await.is_empty());
        assert!(kinds(&app, &agent, &reference(&logged)).await.contains(&"person_merged".to_owned()));

        let meanwhile = log(&app, from(json!({"name": "Ada Example", "email": "ada@mail.example"}), "And the food caddy.")).await;
        assert_eq!(person_of(&meanwhile), ada, "it stays where it was addressed");
        remove(&app, &agent, &path).await.expect(204);
        remove(&app, &agent, &path).await.expect(204);
        let mut after = Vec::new();
        for path in lists(&ada).into_iter().chain(lists(&double)) {
            after.push(ids(&app, &agent, &path).await);
        }
        assert_eq!(after[3..], before[3..], "the double is as it was");
        for (now, then) in after[..3].iter().zip(&before[..3]) {
            assert_eq!(now.len(), then.len() + 1, "what came in meanwhile stays");
            assert!(then.iter().all(|id| now.contains(id)));
        }
        let shown = app.get(&agent, &path).await.expect(200);
        assert!(shown["undone_at"].is_string());
        assert!(kinds(&app, &agent, &reference(&logged)).await.contains(&"person_unmerged".to_owned()));
        let auditor = app.sign_in("auditor@council.example").await;
        let lines = app.get(&auditor, &format!("/v1/audit?object=person:{ada}")).await.expect(200);
        for action in ["person.merged", "person.unmerged"] {
            assert_eq!(lines["items"].as_array().unwrap().iter().filter(|line| line["action"] == action).count(), 1, "{action}");
        }
    }

    async fn a_record_that_is_one_person_with_others_is_not_forgotten_by_itself(app) {
        let (logged, other) = ada_twice(&app).await;
        let (ada, double) = (person_of(&logged), other["id"].as_str().unwrap().to_owned());
        let agent = app.agent().await;
        merge(&app, &agent, &double, &ada).await.expect(201);
        let admin = app.sign_in("admin@council.example").await;
        for record in [&ada, &double] {
            let path = format!("/v1/people/{record}/erasures");
            let refused = app.post(&admin, &path, json!({"reason": "Article 17"})).await.expect(409);
            assert_eq!(refused["code"], "merged", "what is said of how she may be reached stands on one of them");
        }
    }

    async fn records_are_merged_one_way_and_once_however_many_ask(app) {
        let (logged, other) = ada_twice(&app).await;
        let (ada, double) = (person_of(&logged), other["id"].as_str().unwrap().to_owned());
        let (agent, officer) = (app.agent().await, app.officer().await);
        let replica = app.replica().await;
        let (one, two) = tokio::join!(merge(&app, &agent, &ada, &double), merge(&replica, &officer, &double, &ada));
        let mut answers = [one.status, two.status];
        answers.sort_unstable();
        assert_eq!(answers, [201, 409], "{} {}", one.text, two.text);
        let refused = if one.status == 409 { one } else { two };
        assert_eq!(refused.json()["code"], "merged_already");
        let itself = merge(&app, &agent, &ada, &ada).await.expect(422);
        assert_eq!(itself["errors"][0]["code"], "itself");
        let nobody = "019a9f5e-7c00-7000-8000-0000000000ff";
        let unknown = merge(&app, &agent, nobody, &ada).await.expect(422);
        assert_eq!(unknown["errors"][0]["pointer"], "/from");
    }

    async fn a_merge_shows_nobody_to_anybody_outside_the_council(app) {
        let (logged, other) = ada_twice(&app).await;
        let agent = app.agent().await;
        let link = logged["tracking"]["token"].as_str().unwrap().to_owned();
        let follower = Caller { bearer: Some(link) };
        let before = app.get(&follower, "/v1/public/tracking").await.expect(200);
        let n_mails = app.mails().await.len();
        merge(&app, &agent, other["id"].as_str().unwrap(), &person_of(&logged)).await.expect(201);
        assert_eq!(app.get(&follower, "/v1/public/tracking").await.expect(200), before);
        assert_eq!(app.mails().await.len(), n_mails, "nobody is told");
    }

    async fn whoever_is_known_only_from_restricted_cases_is_neither_proposed_nor_merged(app) {
        let person = json!({"name": "Ada Example", "email": "ada@mail.example"});
        let child = json!({
            "channel": "phone", "body": "I am worried about the child next door.", "person": person,
            "service": "childrens-social-care", "category": "child-at-risk",
        });
        let agent = app.agent().await;
        let refused = app.post(&agent, "/v1/contacts", child.clone()).await.expect(201);
        assert!(refused.get("receipt").is_some(), "{refused:#}");
        let mash = app.sign_in("mash.officer@council.example").await;
        let found = app.post(&mash, "/v1/people/searches", json!({"email": "ada@mail.example"})).await.expect(200);
        let hidden = found["items"][0]["id"].as_str().unwrap().to_owned();
        let form = json!({
            "subject": "Missed bin", "body": "My garden bin was left.", "person": person,
            "service": "waste-collection", "category": "missed-bin",
        });
        app.post(&Caller::nobody(), "/v1/public/contacts", form).await.expect(201);
        let found = app.post(&agent, "/v1/people/searches", json!({"email": "ada@mail.example"})).await.expect(200);
        assert_eq!(found["items"].as_array().unwrap().len(), 1, "{found:#}");
        let seen = found["items"][0]["id"].as_str().unwrap().to_owned();
        assert_ne!(seen, hidden);
        assert!(proposed(&app, &agent, &seen).await.is_empty());
        assert_eq!(proposed(&app, &mash, &seen).await.len(), 1, "who may know of both is shown both");
        let tried = merge(&app, &agent, &hidden, &seen).await.expect(422);
        let absent = merge(&app, &agent, "019a9f5e-7c00-7000-8000-0000000000ff", &seen).await.expect(422);
        assert_eq!(tried["errors"], absent["errors"], "as if there were nobody");
        let merged = merge(&app, &mash, &seen, &hidden).await.expect(201);
        let shown = app.get(&agent, &format!("/v1/people/{seen}")).await.expect(200);
        assert_eq!((&shown["stands_for"], &shown["merges"]), (&Value::Null, &json!([])), "{shown:#}");
        app.get(&agent, &format!("/v1/people/{hidden}")).await.expect(404);
        app.get(&agent, &format!("/v1/people/merges/{}", merged["id"].as_str().unwrap())).await.expect(404);
        assert_eq!(ids(&app, &agent, &format!("/v1/people/{seen}/contacts")).await.len(), 1);
        let found = app.post(&agent, "/v1/people/searches", json!({"email": "ada@mail.example"})).await.expect(200);
        assert_eq!(found["items"][0]["id"], json!(seen));
    }

    async fn staff_put_people_on_a_case_and_take_them_off_it(app) {
        let logged = log(&app, missed_bin()).await;
        let case = format!("/v1/cases/{}", reference(&logged));
        let (ada, officer) = (person_of(&logged), app.officer().await);
        let son = json!({"name": "Bryn Other", "email": "bryn@mail.example"});
        let bryn = person_of(&log(&app, from(son, "About my own bin.")).await);
        app.post(&officer, &format!("{case}/people"), json!({"person": bryn, "role": "advocate"})).await.expect(201);
        let shown = app.get(&officer, &case).await.expect(200);
        let roles: Vec<(&Value, &Value)> = shown["people"].as_array().unwrap().iter().map(|one| (&one["id"], &one["role"])).collect();
        assert!(roles.contains(&(&json!(bryn), &json!("advocate"))) && roles.contains(&(&json!(ada), &json!("reporter"))), "{roles:?}");
        let text = "We will come back on Monday.";
        app.post(&officer, &format!("{case}/replies"), json!({"text": text, "kind": "holding"})).await.expect(201);
        let gone = remove(&app, &officer, &format!("{case}/people/{bryn}")).await.expect(200);
        assert_eq!(gone["event"]["kind"], "person_removed", "{gone:#}");
        app.until("2026-11-20T17:10:00Z").await;
        let told = |mails: Vec<crate::support::Mail>| mails.iter().any(|mail| mail.raw.contains(text));
        assert!(told(app.mails_to("ada@mail.example").await));
        assert!(!told(app.mails_to("bryn@mail.example").await), "what was on its way to him has stopped");
        remove(&app, &officer, &format!("{case}/people/{bryn}")).await.expect(404);
        let only = remove(&app, &officer, &format!("{case}/people/{ada}")).await.expect(409);
        assert_eq!(only["code"], "is_reporter");
        app.post(&officer, &format!("{case}/people"), json!({"person": bryn, "role": "reporter"})).await.expect(201);
        app.post(&officer, &format!("{case}/people"), json!({"person": ada, "role": "third_party"})).await.expect(201);
        let roads = app.sign_in("roads.officer@council.example").await;
        app.post(&roads, &format!("{case}/people"), json!({"person": bryn, "role": "subject"})).await.expect(404);
    }

    async fn people_act_for_an_organisation(app) {
        let agent = app.agent().await;
        let new = json!({"name": "Larkfield Residents' Association", "kind": "community_group", "email": "Hello@Larkfield.Example"});
        let added = app.post(&agent, "/v1/organisations", new).await.expect(201);
        assert_eq!(added["email"], "hello@larkfield.example");
        let logged = log(&app, missed_bin()).await;
        let ada = person_of(&logged);
        let changed = change(&app, &agent, &ada, json!({"organisation_id": added["id"]})).await.expect(200);
        assert_eq!((&changed["organisation_id"], &changed["organisation"]), (&added["id"], &added["name"]), "{changed:#}");
        let path = format!("/v1/organisations/{}", added["id"].as_str().unwrap());
        assert_eq!(ids(&app, &agent, &format!("{path}/people")).await, std::slice::from_ref(&ada));
        assert_eq!(ids(&app, &agent, "/v1/organisations?name=larkfield").await.len(), 1);
        let officer = app.officer().await;
        let case = app.get(&officer, &format!("/v1/cases/{}", reference(&logged))).await.expect(200);
        assert_eq!(case["people"][0]["organisation"], added["name"], "{case:#}");
        let gone = change(&app, &agent, &ada, json!({"organisation_id": null})).await.expect(200);
        assert_eq!(gone["organisation_id"], Value::Null);
        assert!(ids(&app, &agent, &format!("{path}/people")).await.is_empty());
        let unknown = change(&app, &agent, &ada, json!({"organisation_id": ada})).await.expect(422);
        assert_eq!(unknown["errors"][0]["pointer"], "/organisation_id");
    }
}
