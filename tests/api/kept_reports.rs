//! Reports that stand still: made once, read the same ever after, and what a later one says has changed.

use actix_web::test::TestRequest;
use diesel::RunQueryDsl as _;
use reeve::casework::accounts::{self, NewAccount};
use reeve::casework::kept_reports::DaySeen;
use reeve::domain::access::Role;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::intake::log;
use crate::sign_in_links::Browser;
use crate::support::{Caller, Reply, TestApp};

const KEPT: &str = "/v1/reports/kept";
const WASTE: &str = "portfolio-environment-and-waste";
const HEAD: &str = "head.of.waste.and.street.scene@council.example";
const COUNCILLOR: &str = "portfolio.environment.and.waste@council.example";

/// Somebody of the council who is in no other story.
pub async fn settle(app: &TestApp, email: &str, role: Role, queues: &[&str], post: Option<&str>) {
    let account = NewAccount {
        email: email.to_owned(),
        name: "Quentin Ivelcombe".to_owned(),
        role,
        password_hash: Some(
            reeve::auth::passwords::hash_now(
                &reeve::auth::passwords::Password::chosen(crate::support::PASSWORD).unwrap(),
            )
            .unwrap(),
        ),
        queues: queues.iter().map(|queue| (*queue).to_owned()).collect(),
        services: Vec::new(),
        teams: Vec::new(),
        post: post.map(str::to_owned),
    };
    app.desk
        .perform(move |tx, at| accounts::ensure_user(tx, at, account.clone()).map(|_| ()))
        .await
        .unwrap();
}

/// A matter of somebody of their own, its reference and its person.
async fn matter(app: &TestApp, n: usize, (service, category): (&str, &str)) -> (String, String) {
    let logged = log(
        app,
        json!({
            "channel": "phone", "body": format!("Number {n}."), "service": service, "category": category,
            "person": {
                "name": format!("Perpetua Number{n}"), "email": format!("p{n}@mail.example"),
                "address": {"lines": [format!("{n} Long Street")], "postcode": "ZZ1 1AA"}
            },
        }),
    )
    .await;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (
        text(&logged["case"]["reference"]),
        text(&logged["person"]["id"]),
    )
}

async fn bin(app: &TestApp, n: usize) -> (String, String) {
    matter(app, n, ("waste-collection", "missed-bin")).await
}

fn of_november(portfolio: Option<&str>) -> Value {
    let mut wanted = json!({"kind": "scrutiny", "from_on": "2026-11-01", "to_on": "2026-11-30"});
    if let Some(portfolio) = portfolio {
        wanted["portfolio"] = json!(portfolio);
    }
    wanted
}

async fn make(app: &TestApp, who: &Caller, wanted: Value) -> Value {
    app.post(who, KEPT, wanted).await.expect(201)
}

async fn as_(app: &TestApp, who: &Caller, path: &str, accept: &str) -> Reply {
    let request = TestRequest::get()
        .uri(path)
        .insert_header(("accept", accept.to_owned()));
    app.send(who, request).await
}

fn itself(report: &Value) -> &str {
    report["links"]["self"].as_str().unwrap()
}

fn table<'r>(report: &'r Value, key: &str) -> &'r Value {
    let mut tables = report["tables"].as_array().unwrap().iter();
    tables
        .find(|table| table["key"] == key)
        .unwrap_or_else(|| panic!("{key} is not in {report:#}"))
}

fn values<'r>(report: &'r Value, of: &str, key: &str) -> &'r Value {
    let mut rows = table(report, of)["rows"].as_array().unwrap().iter();
    &rows
        .find(|row| row["key"] == key)
        .unwrap_or_else(|| panic!("{key} is not in {report:#}"))["values"]
}

stories! {
    async fn a_kept_report_says_the_same_a_month_later(app) {
        let mut cases = Vec::new();
        for n in 1..=7 {
            cases.push(bin(&app, n).await);
        }
        let head = app.sign_in(HEAD).await;
        let made = make(&app, &head, of_november(Some(WASTE))).await;
        let kinds = ["application/json", "text/csv", "text/html"];
        let mut before = Vec::new();
        for kind in kinds {
            let shown = as_(&app, &head, itself(&made), kind).await;
            assert_eq!(shown.status, 200, "{}", shown.text);
            assert!(shown.header("content-type").unwrap().starts_with(kind), "{kind}");
            before.push((shown.text, shown.headers.into_iter().find(|(name, _)| name == "etag")));
        }
        let report: Value = serde_json::from_str(&before[0].0).unwrap();
        let digest: String = Sha256::digest(before[0].0.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(made["sha256"], json!(digest));
        assert_eq!(values(&report, "summary", "received")["value"], 7);
        assert_eq!(report["period_is_over"], false);
        assert_eq!(report["since"], Value::Null);

        // Cases merged, words and people taken away, a council with another name.
        let (officer, leader, admin) = (app.officer().await, app.team_leader().await, app.sign_in("admin@council.example").await);
        app.post(&officer, &format!("/v1/cases/{}/merges", cases[0].0), json!({"into": cases[1].0})).await.expect(201);
        app.post(&officer, &format!("/v1/cases/{}/closures", cases[2].0), json!({"outcome": "resolved"})).await.expect(201);
        app.post(&leader, &format!("/v1/cases/{}/redactions", cases[3].0), json!({"ground": "third_party", "reason": "A neighbour", "texts": ["Number 4."]})).await.expect(201);
        app.post(&officer, &format!("/v1/cases/{}/closures", cases[4].0), json!({"outcome": "resolved"})).await.expect(201);
        app.post(&admin, &format!("/v1/people/{}/erasures", cases[4].1), json!({"reason": "Request under article 17"})).await.expect(201);
        let stored = app.get(&admin, "/v1/catalogue").await;
        let etag = stored.header("etag").unwrap().to_owned();
        let mut tree = stored.json();
        tree["council"]["name"] = json!("Another Council");
        tree["services"]["waste-collection"]["name"] = json!("Refuse");
        let put = TestRequest::put().uri("/v1/catalogue").insert_header(("if-match", etag)).set_json(&tree);
        app.send(&admin, put).await.expect(200);
        app.jump_to("2026-12-21T10:00:00Z").await;

        let head = app.sign_in(HEAD).await;
        for (kind, (text, etag)) in kinds.into_iter().zip(&before) {
            let again = as_(&app, &head, itself(&made), kind).await;
            assert!(again.text == *text, "{kind} is another one now:\n{}\n{text}", again.text);
            assert_eq!(again.headers.iter().find(|(name, _)| name == "etag"), etag.as_ref());
        }

        // A new one of the same period counts anew, and says what is different.
        let later = make(&app, &head, of_november(Some(WASTE))).await;
        let later = app.get(&head, itself(&later)).await.expect(200);
        assert_eq!(later["council"], "Another Council");
        assert_eq!(later["period_is_over"], true);
        assert_eq!(later["since"]["report"], report["id"]);
        assert_eq!(later["since"]["same_definitions"], true);
        assert_eq!(values(&later, "summary", "received")["value"], 7, "merged and erased cases reached us all the same");
        let changed = |column: &str, row: &str| {
            later["since"]["figures"].as_array().unwrap().iter()
                .find(|one| one["table"] == "summary" && one["row"] == row && one["column"] == column)
                .map(|one| (one["was"].clone(), one["is"].clone()))
        };
        assert_eq!(changed("value", "open"), Some((json!(7), json!(4))));
        assert_eq!(changed("value", "overdue"), Some((json!(0), json!(4))));
        assert_eq!(changed("value", "received"), None);
        // The same is had by asking for both.
        let path = format!("{}/comparison?with={}", itself(&made), later["id"].as_str().unwrap());
        let compared = app.get(&head, &path).await.expect(200);
        assert_eq!(compared["earlier"]["id"], report["id"]);
        assert_eq!(compared["figures"], later["since"]["figures"]);
        let html = as_(&app, &head, itself(&made).replace(report["id"].as_str().unwrap(), later["id"].as_str().unwrap()).as_str(), "text/html").await;
        assert!(html.text.contains("What has changed since Friday 20 November 2026"), "{}", html.text);
    }

    async fn the_database_itself_refuses_to_change_a_kept_report(app) {
        let admin = app.sign_in("admin@council.example").await;
        make(&app, &admin, of_november(None)).await;
        for act in ["UPDATE kept_reports SET body = '{}'", "DELETE FROM kept_reports"] {
            let refused = app.desk.perform(move |tx, _| {
                diesel::sql_query(act).execute(&mut **tx).map_err(|why| anyhow::anyhow!(why).into())
            }).await;
            let why = format!("{:?}", refused.unwrap_err());
            assert!(why.contains("a kept report never changes"), "{why}");
        }
        assert_eq!(app.get(&admin, KEPT).await.expect(200)["items"].as_array().unwrap().len(), 1);
    }

    async fn a_report_asked_for_twice_under_one_key_is_one_report(app) {
        let admin = app.sign_in("admin@council.example").await;
        let headers = [("content-type", "application/json"), ("idempotency-key", "november")];
        let body = of_november(None).to_string();
        let once = app.post_with(&admin, KEPT, &headers, &body).await.expect(201);
        let twice = app.post_with(&admin, KEPT, &headers, &body).await.expect(201);
        assert_eq!(once, twice);
        assert_eq!(app.get(&admin, KEPT).await.expect(200)["items"].as_array().unwrap().len(), 1);
        let audit = app.get(&admin, "/v1/audit?action=report.made").await.expect(200);
        let object = format!("report:{}", once["id"].as_str().unwrap());
        assert!(audit["items"].as_array().unwrap().iter().any(|line| line["object"] == object), "{audit:#}");
    }

    async fn a_kept_report_is_for_its_councillor_and_the_heads_over_it_and_absent_for_others(app) {
        bin(&app, 1).await;
        settle(&app, COUNCILLOR, Role::Councillor, &[], Some(WASTE)).await;
        settle(&app, "other.head@council.example", Role::HeadOfService, &["complaints"], None).await;
        let (head, admin, auditor) = (app.sign_in(HEAD).await, app.sign_in("admin@council.example").await, app.sign_in("auditor@council.example").await);
        let councillor = app.sign_in(COUNCILLOR).await;
        let own = make(&app, &head, of_november(Some(WASTE))).await;
        let whole = make(&app, &admin, of_november(None)).await;
        let roads = make(&app, &admin, of_november(Some("portfolio-highways-and-transport"))).await;
        let listed = async |who: &Caller| -> Vec<Value> {
            let list = app.get(who, KEPT).await.expect(200);
            list["items"].as_array().unwrap().iter().map(|item| item["id"].clone()).collect()
        };
        for reader in [&admin, &auditor] {
            assert_eq!(listed(reader).await, [&roads, &whole, &own].map(|report| report["id"].clone()));
        }
        for reader in [&head, &councillor] {
            assert_eq!(listed(reader).await, [own["id"].clone()]);
            app.get(reader, itself(&own)).await.expect(200);
        }
        let absent = app.get(&councillor, &format!("{KEPT}/019a9f5e-7c00-7000-8000-00000000dead")).await;
        for (reader, report) in [(&councillor, &whole), (&councillor, &roads), (&head, &roads)] {
            let hidden = app.get(reader, itself(report)).await;
            assert_eq!((hidden.status, &hidden.json()["code"]), (absent.status, &absent.json()["code"]));
            assert_eq!(hidden.status, 404);
        }
        // Nor is it found through another.
        let path = format!("{}/comparison?with={}", itself(&own), whole["id"].as_str().unwrap());
        assert_eq!(app.get(&head, &path).await.expect(422)["errors"][0]["pointer"], "/with");
        for (reader, email) in [("member", "cllr.anwen.prothero@council.example"), ("other head", "other.head@council.example"), ("agent", "agent@council.example"), ("leader", "team.leader.waste-ops@council.example"), ("partner", "partner@night.example")] {
            let who = app.sign_in(email).await;
            assert_eq!(listed(&who).await, Vec::<Value>::new(), "{reader}");
            app.get(&who, itself(&own)).await.expect(404);
        }
        // Whoever may not read it has none made.
        let other = app.sign_in("other.head@council.example").await;
        assert_eq!(app.post(&other, KEPT, of_november(Some(WASTE))).await.expect(403)["code"], "role_may_not");
        assert_eq!(app.post(&head, KEPT, of_november(None)).await.expect(403)["code"], "role_may_not");
        for who in [&auditor, &councillor] {
            app.post(who, KEPT, of_november(Some(WASTE))).await.expect(403);
        }
        // A post it is made for may read it.
        let mut wanted = of_november(None);
        wanted["for_posts"] = json!([WASTE]);
        let told = make(&app, &admin, wanted).await;
        app.get(&councillor, itself(&told)).await.expect(200);
        app.get(&head, itself(&told)).await.expect(404);
    }

    async fn a_kept_report_tells_no_small_number_no_name_and_nothing_restricted(app) {
        for n in 1..=3 {
            matter(&app, n, ("fly-tipping", "fly-tip")).await;
        }
        for n in 4..=8 {
            matter(&app, n, ("waste-collection", "new-container")).await;
        }
        for n in 9..=17 {
            bin(&app, n).await;
        }
        let mash = app.sign_in("mash.officer@council.example").await;
        let logged = app.post(&app.agent().await, "/v1/contacts", json!({
            "channel": "phone", "body": "A child is at risk.", "service": "childrens-social-care",
            "category": "child-at-risk", "person": {"name": "Perpetua Restricted", "phone": "01632 960123"},
        })).await;
        assert_eq!(logged.status, 201, "{}", logged.text);
        drop(mash);
        let admin = app.sign_in("admin@council.example").await;
        let made = make(&app, &admin, of_november(None)).await;
        let shown = app.get(&admin, itself(&made)).await;
        let report = shown.json();
        assert_eq!(values(&report, "summary", "received")["value"], 17);
        assert_eq!(values(&report, "matters", "waste-collection/missed-bin")["received"], 9);
        let folded = values(&report, "matters", "(small numbers)");
        assert_eq!(folded["received"], 8, "three and the next smallest, so that three cannot be had by subtraction");
        assert_eq!(table(&report, "matters")["rows"].as_array().unwrap().len(), 2);
        assert_eq!(table(&report, "services")["rows"].as_array().unwrap().len(), 1, "three and fourteen together");
        let html = as_(&app, &admin, itself(&made), "text/html").await.text;
        let csv = as_(&app, &admin, itself(&made), "text/csv").await.text;
        for text in [&shown.text, &html, &csv] {
            for hidden in ["Perpetua", "Long Street", "mail.example", "child-at-risk", "childrens-social-care"] {
                assert!(!text.contains(hidden), "{hidden} is in {text}");
            }
        }
        // Each figure has its meaning beside it.
        for definition in report["definitions"].as_array().unwrap() {
            let means = definition["means"].as_str().unwrap().replace('\'', "&#39;");
            let is_used = report["tables"].to_string().contains(&format!("\"defined_by\":{}", definition["figure"]));
            assert!(!is_used || html.contains(&means), "{means} is not in the page");
        }
        assert!(html.contains("<caption") && !html.contains("<script") && !html.contains("style="), "{html}");
        assert!(csv.starts_with("report,kind,from_on,to_on,made_at,table,line,name,figure,label,value,means\r\n"), "{csv}");
    }

    async fn two_periods_are_compared_by_the_same_definitions(app) {
        bin(&app, 1).await;
        let admin = app.sign_in("admin@council.example").await;
        let october = make(&app, &admin, json!({"kind": "scrutiny", "from_on": "2026-10-01", "to_on": "2026-10-31"})).await;
        let november = make(&app, &admin, of_november(None)).await;
        assert_eq!(october["definitions_version"], november["definitions_version"]);
        let path = format!("{}/comparison?with={}", itself(&november), october["id"].as_str().unwrap());
        let compared = app.get(&admin, &path).await.expect(200);
        assert_eq!(compared["earlier"]["id"], october["id"], "the earlier period stands first, whichever was asked for");
        assert_eq!(compared["same_definitions"], true);
        let received = compared["figures"].as_array().unwrap().iter()
            .find(|one| one["row"] == "received" && one["column"] == "value").unwrap();
        assert_eq!((&received["was"], &received["is"]), (&json!(0), &json!(1)));
        for (wanted, pointer) in [
            (json!({"kind": "scrutiny", "from_on": "2026-10-02", "to_on": "2026-10-01"}), "/to_on"),
            (json!({"kind": "scrutiny", "from_on": "2026-10-01", "to_on": "2026-10-31", "portfolio": "nobody"}), "/portfolio"),
            (json!({"kind": "scrutiny", "from_on": "2026-10-01", "to_on": "2026-10-31", "for_posts": ["nobody"]}), "/for_posts/0"),
            (json!({"kind": "gossip", "from_on": "2026-10-01", "to_on": "2026-10-31"}), "/kind"),
        ] {
            assert_eq!(app.post(&admin, KEPT, wanted).await.expect(422)["errors"][0]["pointer"], pointer);
        }
    }

    async fn the_link_to_a_report_asks_to_sign_in_and_leads_back_to_it(app) {
        settle(&app, COUNCILLOR, Role::Councillor, &[], Some(WASTE)).await;
        let admin = app.sign_in("admin@council.example").await;
        let own = make(&app, &admin, of_november(Some(WASTE))).await;
        let whole = make(&app, &admin, of_november(None)).await;
        let page = |report: &Value| report["links"]["page"].as_str().unwrap().to_owned();
        let browser = Browser::new(&app);
        let asked = browser.get(&page(&own)).await;
        let sign_in = format!("/sign-in?next={}", page(&own));
        assert_eq!((asked.status, asked.header("location")), (303, Some(sign_in.as_str())));
        browser.get(&sign_in).await;
        let signed = browser.sign_in(COUNCILLOR).await;
        assert_eq!(signed.header("location"), Some(page(&own).as_str()));
        let shown = browser.get(&page(&own)).await;
        assert_eq!(shown.status, 200, "{}", shown.text);
        assert!(shown.text.contains("How promises were kept: Councillor responsible for Environment and Waste"), "{}", shown.text);
        let csv = browser.get(&format!("{}/figures.csv", page(&own))).await;
        assert!(csv.header("content-type").unwrap().starts_with("text/csv"), "{:?}", csv.headers);
        assert_eq!(browser.get(&page(&whole)).await.status, 404);
        let list = browser.get("/reports").await;
        assert!(list.text.contains(&page(&own)) && !list.text.contains(&page(&whole)), "{}", list.text);
    }
}

/// A complaint of somebody of their own.
async fn complaint(app: &TestApp, n: usize, category: &str) -> String {
    matter(app, n, ("complaints", category)).await.0
}

async fn act(app: &TestApp, who: &Caller, case: &str, what: &str, body: Value) -> Value {
    app.post(who, &format!("/v1/cases/{case}/{what}"), body)
        .await
        .expect(201)
}

stories! {
    async fn a_years_complaints_say_what_was_refused_upheld_put_right_and_learnt(app) {
        let (officer, bins, admin) = (app.officer().await, app.sign_in("bins.officer@council.example").await, app.sign_in("admin@council.example").await);
        let mut all = Vec::new();
        for n in 1..=6 {
            all.push(complaint(&app, n, "stage-1").await);
        }
        let learning = json!([{
            "improvement": "training", "what": "Perpetua Number1 was not rung back: crews are shown how.",
            "owner": "head-of-waste-and-street-scene", "due_on": "2027-01-29",
        }]);
        for case in &all[..5] {
            act(&app, &officer, case, "acknowledgements", json!({"how": "spoken"})).await;
            act(&app, &officer, case, "decisions", json!({
                "decision": "upheld", "service": "waste-collection", "remedies": ["apology", "put_right"],
                "learning": if case == &all[0] { learning.clone() } else { json!([]) },
            })).await;
            if case == &all[0] {
                act(&app, &officer, case, "extensions", json!({"clock": "respond", "by": {"working_days": 5}, "reason": "The log."})).await;
            }
            act(&app, &officer, case, "replies", json!({"text": "We are sorry.", "kind": "substantive"})).await;
        }
        // One is not accepted; how it was decided is put right once.
        act(&app, &officer, &all[5], "decisions", json!({"decision": "not_upheld"})).await;
        act(&app, &officer, &all[5], "decisions", json!({"decision": "not_accepted", "because": "too_late"})).await;
        act(&app, &officer, &all[5], "closures", json!({"outcome": "refused"})).await;
        // One goes on, and to the Ombudsman.
        app.jump_to("2026-11-24T10:00:00Z").await;
        let officer_again = app.officer().await;
        act(&app, &officer_again, &all[1], "stages", json!({"stage": 2, "reason": "They ask for a review.", "officer": "bins.officer@council.example"})).await;
        drop(bins);
        act(&app, &officer_again, &all[1], "decisions", json!({"by": "ombudsman", "decision": "upheld", "remedies": ["payment"]})).await;

        let year = json!({"kind": "complaints", "from_on": "2026-01-01", "to_on": "2026-12-31"});
        let admin_again = app.sign_in("admin@council.example").await;
        drop(admin);
        let made = make(&app, &admin_again, year).await;
        let shown = app.get(&admin_again, itself(&made)).await;
        let report = shown.json();
        let one = values(&report, "stages", "stage_1");
        for (figure, n) in [
            ("received", 6), ("not_accepted", 1), ("upheld", 5), ("not_upheld", 0), ("undecided", 0), ("went_on", 1),
            ("acknowledged_in_time", 6), ("answered_in_time", 6), ("answered_of", 6), ("extended", 1),
        ] {
            assert_eq!(one[figure], n, "{figure} in {one:#}");
        }
        assert_eq!(one["answered_percent"], 100.0);
        assert_eq!(values(&report, "stages", "stage_2")["received"], 1);
        assert_eq!(values(&report, "services", "(small numbers)")["received"], 6, "five about bins and one filed as a complaint, folded");
        assert_eq!(values(&report, "remedies", "apology")["cases"], 5);
        assert_eq!(values(&report, "refusals", "too_late")["cases"], Value::Null, "one is not told");
        let learnt = &table(&report, "learning")["rows"][0];
        assert_eq!(learnt["name"], "Training");
        assert_eq!(learnt["values"], json!({"service": "Bins and waste collection", "owner": "Head of Waste and Street Scene", "due_on": "2027-01-29"}));
        assert!(!shown.text.contains("Perpetua") && !shown.text.contains("rung back"), "{}", shown.text);
        assert_eq!(values(&report, "ombudsman", "upheld")["cases"], Value::Null);
        // What it would say now is what it says.
        let now = app.get(&admin_again, "/v1/reports/complaints?from_on=2026-01-01&to_on=2026-12-31").await.expect(200);
        assert_eq!(now["tables"], report["tables"]);
        let csv = as_(&app, &admin_again, "/v1/reports/complaints?from_on=2026-01-01&to_on=2026-12-31", "text/csv").await;
        assert!(csv.text.contains("stages,stage_1,Stage 1,upheld,Upheld,5,"), "{}", csv.text);
    }

    async fn a_complaint_about_a_member_of_staff_is_in_no_report(app) {
        for n in 1..=5 {
            complaint(&app, n, "stage-1").await;
        }
        let logged = log(&app, json!({
            "channel": "phone", "body": "I complain about the Head of Waste and Street Scene, who shouted at me.",
            "service": "complaints", "category": "stage-1", "person": {"name": "Tola Abara", "phone": "01632 960321"},
        })).await;
        assert!(logged["case"].is_null() || logged["receipt"].is_object() || logged["case"]["secrecy"] == "restricted", "{logged:#}");
        let admin = app.sign_in("admin@council.example").await;
        let made = make(&app, &admin, json!({"kind": "complaints", "from_on": "2026-11-01", "to_on": "2026-11-30"})).await;
        let report = app.get(&admin, itself(&made)).await.expect(200);
        assert_eq!(values(&report, "stages", "stage_1")["received"], 5);
    }

    async fn what_is_decided_must_fit_what_was_asked(app) {
        let officer = app.officer().await;
        let case = complaint(&app, 1, "stage-1").await;
        let (request, _) = matter(&app, 2, ("information-governance", "foi")).await;
        let (pothole, _) = bin(&app, 3).await;
        for (case, body, pointer) in [
            (&case, json!({"decision": "granted"}), "/decision"),
            (&case, json!({"decision": "not_accepted"}), "/because"),
            (&case, json!({"decision": "upheld", "stage": 2}), "/stage"),
            (&case, json!({"decision": "upheld", "service": "gossip"}), "/service"),
            (&case, json!({"decision": "upheld", "learning": [{"improvement": "policy", "what": "x", "owner": "nobody", "due_on": "2027-01-01"}]}), "/learning/0/owner"),
            (&request, json!({"decision": "refused"}), "/exemptions"),
            (&request, json!({"decision": "refused", "exemptions": ["because"]}), "/exemptions"),
            (&pothole, json!({"decision": "upheld"}), "/decision"),
        ] {
            let refused = app.post(&officer, &format!("/v1/cases/{case}/decisions"), body).await.expect(422);
            assert_eq!(refused["errors"][0]["pointer"], pointer, "{refused:#}");
        }
        let agent = app.agent().await;
        app.post(&agent, &format!("/v1/cases/{case}/decisions"), json!({"decision": "upheld"})).await.expect(403);
        let done = act(&app, &officer, &case, "decisions", json!({"decision": "upheld"})).await;
        assert_eq!(done["event"]["kind"], "decision_recorded", "{done:#}");
    }

    async fn requests_for_information_are_counted_by_what_was_given_and_withheld(app) {
        let officer = app.officer().await;
        let mut all = Vec::new();
        for n in 1..=7 {
            all.push(matter(&app, n, ("information-governance", "foi")).await.0);
        }
        matter(&app, 8, ("information-governance", "foi-review")).await;
        app.jump_to("2026-11-23T10:00:00Z").await;
        let officer_again = app.officer().await;
        drop(officer);
        for (n, case) in all.iter().enumerate() {
            let body = match n {
                0..5 => json!({"decision": "partly_granted", "exemptions": ["s40", "s43(2)"]}),
                5 => json!({"decision": "granted"}),
                _ => continue,
            };
            act(&app, &officer_again, case, "decisions", body).await;
            act(&app, &officer_again, case, "replies", json!({"text": "Here it is.", "kind": "substantive"})).await;
        }
        app.jump_to("2027-01-04T10:00:00Z").await;
        let admin = app.sign_in("admin@council.example").await;
        let made = make(&app, &admin, json!({"kind": "foi", "from_on": "2026-10-01", "to_on": "2026-12-31"})).await;
        let report = app.get(&admin, itself(&made)).await.expect(200);
        let foi = values(&report, "standards", "foi");
        for (figure, n) in [
            ("received", 7), ("answered_in_time", 6), ("answered_of", 7), ("partly_granted", 5), ("granted", 1),
            ("undecided", 0), ("median_working_days", 1),
        ] {
            assert_eq!(foi[figure], n, "{figure} in {foi:#}");
        }
        assert_eq!(values(&report, "standards", "foi-review")["received"], 1);
        assert_eq!(values(&report, "exemptions", "s43(2)")["cases"], 5);
        assert_eq!(values(&report, "all", "all")["received"], 7, "a review is no request");
        assert_eq!(values(&report, "all", "reviews")["received"], 1);
        let head = app.sign_in(HEAD).await;
        app.get(&head, itself(&made)).await.expect(200);
    }
}

/// Makes the reports that are due, as a process that has just started would.
async fn make_due(app: &TestApp) -> usize {
    DaySeen::default().make(&app.desk).await.unwrap()
}

async fn scheduled(app: &TestApp) -> Vec<(String, String)> {
    let admin = app.sign_in("admin@council.example").await;
    let list = app
        .get(&admin, &format!("{KEPT}?limit=100"))
        .await
        .expect(200);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut all: Vec<(String, String)> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| (text(&item["schedule"]), text(&item["from_on"])))
        .collect();
    all.sort();
    all
}

stories! {
    async fn two_replicas_make_one_report(app) {
        bin(&app, 1).await;
        assert_eq!(make_due(&app).await, 0, "nothing is told of the time before the schedule was there");
        let other = app.replica().await;
        app.move_to("2026-12-01T08:59:59Z");
        assert_eq!(make_due(&app).await, 0, "not before nine");
        app.move_to("2026-12-01T09:00:00Z");
        let (one, two) = (DaySeen::default(), DaySeen::default());
        let (one, two) = tokio::join!(one.make(&app.desk), two.make(&other.desk));
        assert_eq!(one.unwrap() + two.unwrap(), 2, "one for each of the two monthly schedules");
        assert_eq!(make_due(&other).await, 0);
        let of = |slug: &str| (slug.to_owned(), "2026-11-01".to_owned());
        assert_eq!(scheduled(&app).await, [of("environment-monthly"), of("highways-monthly")]);

        // A link, and no figure, to each post it is for.
        let admin = app.sign_in("admin@council.example").await;
        let list = app.get(&admin, KEPT).await.expect(200);
        let own = list["items"].as_array().unwrap().iter().find(|item| item["schedule"] == "environment-monthly").unwrap().clone();
        assert_eq!(own["made_by"], "reeve");
        for address in [COUNCILLOR, HEAD] {
            let mails = app.mails_to(address).await;
            let told: Vec<_> = mails.iter().filter(|mail| mail.kind() == "report_kept").collect();
            assert_eq!(told.len(), 1, "{address}");
            let link = format!("https://reeve.council.example{}", own["links"]["page"].as_str().unwrap());
            assert!(told[0].raw.contains(&link), "{}", told[0].raw);
            assert!(told[0].raw.contains("1 to 30 November 2026"), "{}", told[0].raw);
            for figure in ["eceived", "%", "per cent"] {
                assert!(!told[0].raw.split_once("\n\n").unwrap().1.contains(figure), "{}", told[0].raw);
            }
        }
        // Whoever holds the post reads it where the link leads.
        settle(&app, COUNCILLOR, Role::Councillor, &[], Some(WASTE)).await;
        let councillor = app.sign_in(COUNCILLOR).await;
        let report = app.get(&councillor, itself(&own)).await.expect(200);
        assert_eq!(values(&report, "summary", "received")["value"], 1);
        assert_eq!(report["schedule"], "environment-monthly");
    }

    async fn after_a_time_in_which_nothing_ran_every_period_has_its_report_once(app) {
        assert_eq!(make_due(&app).await, 0);
        app.move_to("2027-01-30T10:00:00Z");
        assert_eq!(make_due(&app).await, 0, "a Saturday");
        app.move_to("2027-02-01T09:30:00Z");
        let seen = DaySeen::default();
        assert_eq!(seen.make(&app.desk).await.unwrap(), 8);
        assert_eq!(seen.make(&app.desk).await.unwrap(), 0);
        let of = |slug: &str, from: &str| (slug.to_owned(), from.to_owned());
        assert_eq!(scheduled(&app).await, [
            of("environment-monthly", "2026-11-01"), of("environment-monthly", "2026-12-01"), of("environment-monthly", "2027-01-01"),
            of("highways-monthly", "2026-11-01"), of("highways-monthly", "2026-12-01"), of("highways-monthly", "2027-01-01"),
            of("information-quarterly", "2026-10-01"), of("members-quarterly", "2026-10-01"),
        ]);
        app.move_to("2027-02-02T10:30:00Z");
        assert_eq!(make_due(&app).await, 0);
    }

    async fn what_a_clock_that_ran_ahead_made_does_not_stand_for_the_period(app) {
        assert_eq!(make_due(&app).await, 0);
        app.move_to("2027-01-04T10:00:00Z");
        assert_eq!(make_due(&app).await, 6, "November and December twice, and the quarter twice");
        // Set right: it is the first of December, and November is over now.
        app.move_to("2026-12-01T10:00:00Z");
        assert_eq!(make_due(&app).await, 2);
        assert_eq!(make_due(&app).await, 0);
        app.move_to("2027-01-04T10:00:00Z");
        assert_eq!(make_due(&app).await, 0, "they were made at this very moment");
    }

    async fn a_members_enquiry_is_measured_apart_from_residents_matters(app) {
        for n in 1..=5 {
            bin(&app, n).await;
            matter(&app, 10 + n, ("democratic-services", "member-enquiry")).await;
        }
        let admin = app.sign_in("admin@council.example").await;
        let made = make(&app, &admin, json!({"kind": "member_enquiries", "from_on": "2026-11-01", "to_on": "2026-11-30"})).await;
        let shown = app.get(&admin, itself(&made)).await;
        let report = shown.json();
        assert_eq!(values(&report, "summary", "received")["value"], 5);
        assert_eq!(values(&report, "procedures", "member_enquiry")["received"], 5);
        assert_eq!(values(&report, "procedures", "service_request")["received"], 5);
        assert_eq!(values(&report, "wards", "larkfield")["received"], 5);
        assert!(!shown.text.contains("Perpetua"), "{}", shown.text);
    }

    async fn a_partners_nights_are_told_to_the_partner_and_no_other(app) {
        let night = app.sign_in("partner@night.example").await;
        app.move_to("2026-11-20T23:00:00Z");
        let mut ids = Vec::new();
        for n in 1..=6 {
            let logged = app.post(&night, "/v1/contacts", json!({
                "channel": "out_of_hours", "body": format!("Number {n}."), "external_id": format!("night-{n}"),
                "received_at": if n == 6 { "2026-11-18T22:00:00Z" } else { "2026-11-20T22:00:00Z" },
                "service": "waste-collection", "category": "missed-bin",
                "person": {"name": format!("Perpetua Number{n}"), "phone": format!("01632 96010{n}")},
            })).await.expect(201);
            ids.push(logged["case"]["id"].clone());
        }
        settle(&app, "other@elsewhere.example", Role::Partner, &["emergency-planning"], None).await;
        app.move_to("2026-12-01T10:00:00Z");
        let admin = app.sign_in("admin@council.example").await;
        let november = |partner: &str| json!({"kind": "out_of_hours", "from_on": "2026-11-01", "to_on": "2026-11-30", "partner": partner});
        assert_eq!(app.post(&admin, KEPT, november("nobody.example")).await.expect(422)["errors"][0]["pointer"], "/partner");
        assert_eq!(app.post(&admin, KEPT, json!({"kind": "out_of_hours", "from_on": "2026-11-01", "to_on": "2026-11-30"})).await.expect(422)["errors"][0]["pointer"], "/partner");
        let made = make(&app, &admin, november("night.example")).await;
        let other = make(&app, &admin, november("elsewhere.example")).await;
        let night = app.sign_in("partner@night.example").await;
        let shown = app.get(&night, itself(&made)).await;
        let report = shown.json();
        let all = values(&report, "all", "all");
        for (figure, n) in [("came_in", json!(6)), ("opened", json!(6)), ("by_opening", json!(5)), ("by_opening_percent", json!(83.3)), ("danger", json!(0)), ("answered_of", json!(6)), ("answered_in_time", json!(0))] {
            assert_eq!(all[figure], n, "{figure} in {all:#}");
        }
        assert_eq!(values(&report, "services", "waste-collection")["came_in"], 6);
        assert!(!shown.text.contains("Perpetua"), "{}", shown.text);
        app.get(&night, itself(&other)).await.expect(404);
        let elsewhere = app.sign_in("other@elsewhere.example").await;
        app.get(&elsewhere, itself(&made)).await.expect(404);
        let own = app.get(&elsewhere, itself(&other)).await.expect(200);
        assert_eq!(values(&own, "all", "all")["came_in"], 0);
        app.post(&night, KEPT, november("night.example")).await.expect(403);
    }
}
