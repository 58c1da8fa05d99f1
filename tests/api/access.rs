//! Who sees what, told as stories: partners, portfolio holders, complaints about staff, second stages,
//! restricted cases opened in an emergency, turns of a rota, days away.

use serde_json::{Value, json};

use crate::intake::{log, missed_bin};
use crate::mail_in::{deliver, mail};
use crate::support::{Caller, Reply, TestApp};

const HEAD: &str = "head.of.waste.and.street.scene@council.example";
const BINS: &str = "bins.officer@council.example";
const ROADS: &str = "roads.officer@council.example";

/// An account that other stories do not have.
async fn hire(app: &TestApp, body: Value) -> Caller {
    let admin = app.sign_in("admin@council.example").await;
    let mut body = body;
    body["password"] = json!(crate::support::PASSWORD);
    app.post(&admin, "/v1/users", body.clone())
        .await
        .expect(201);
    app.sign_in(body["email"].as_str().unwrap()).await
}

async fn patch(app: &TestApp, who: &Caller, path: &str, version: &Value, body: Value) -> Reply {
    let request = actix_web::test::TestRequest::patch()
        .uri(path)
        .insert_header(("if-match", format!("\"{version}\"")))
        .set_json(body);
    app.send(who, request).await
}

/// The account of somebody, as an administrator sees it.
async fn account(app: &TestApp, email: &str) -> Value {
    let admin = app.sign_in("admin@council.example").await;
    let page = app.get(&admin, "/v1/users?limit=100").await.expect(200);
    let items = page["items"].as_array().unwrap();
    items
        .iter()
        .find(|one| one["email"] == email)
        .unwrap()
        .clone()
}

fn reference(logged: &Value) -> String {
    logged["case"]["reference"].as_str().unwrap().to_owned()
}

fn pothole() -> Value {
    json!({
        "channel": "phone", "subject": "Deep hole outside the Mulgrew house", "body": "Mr Mulgrew fell into it.",
        "person": {"name": "Col Mulgrew", "email": "col@mail.example"},
        "service": "highways-maintenance", "category": "pothole",
    })
}

async fn child_at_risk(app: &TestApp) -> String {
    let body = json!({
        "channel": "phone", "body": "I am worried about the child next door.",
        "service": "childrens-social-care", "category": "child-at-risk",
    });
    log(app, body).await["receipt"]["reference"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// The head of the service that restricted case is of.
async fn head_of_childrens_services(app: &TestApp) -> Caller {
    hire(app, json!({
        "email": "head.of.children@council.example", "name": "Hedda Head", "role": "head_of_service",
        "services": ["childrens-social-care"],
    })).await
}

stories! {
    async fn a_partner_follows_what_they_logged_for_another_team_as_the_public_does(app) {
        let night = app.sign_in("partner@night.example").await;
        let logged = app.post(&night, "/v1/contacts", pothole()).await.expect(201);
        let path = format!("/v1/cases/{}", reference(&logged));
        let roads = app.sign_in(ROADS).await;
        app.post(&roads, &format!("{path}/assignments"), json!({"owner": "me"})).await.expect(201);
        app.post(&roads, &format!("{path}/replies"), json!({"kind": "holding", "text": "Mr Mulgrew, our van comes on Monday."})).await.expect(201);

        let seen = app.get(&night, &path).await;
        for words in ["Mulgrew", "col@mail.example", "Ray Officer"] {
            assert!(!seen.text.contains(words), "{words}: {}", seen.text);
        }
        let seen = seen.expect(200);
        assert_eq!(seen["public_view"]["category"], "a pothole", "{seen:#}");
        assert!(seen["public_view"]["status_label"].as_str().unwrap().starts_with("The "), "{seen:#}");
        let lines = app.get(&night, &format!("{path}/timeline")).await;
        assert!(!lines.text.contains("Mulgrew") && !lines.text.contains("Ray"), "{}", lines.text);
        let lines = lines.expect(200);
        assert!(lines["items"].as_array().unwrap().iter().any(|line| line["words"] == "We sent you an update."), "{lines:#}");
        for more in ["contacts", "clocks"] {
            let refused = app.get(&night, &format!("{path}/{more}")).await.expect(403);
            assert_eq!(refused["code"], "public_view_only");
        }
        let refused = app.post(&night, &format!("{path}/notes"), json!({"text": "x", "audience": "staff"})).await.expect(403);
        assert_eq!(refused["code"], "not_your_queue");

        // In lists too, but not by what they may not read.
        let found = |query: &'static str| { let (app, night) = (&app, &night); async move {
            app.get(night, &format!("/v1/cases?include=total{query}")).await.expect(200)["total"].clone()
        }};
        assert_eq!(found("").await, 1);
        assert_eq!(found("&q=mulgrew").await, 0);
        let other = app.sign_in("agent@council.example").await;
        let other = app.post(&other, "/v1/contacts", pothole()).await.expect(201);
        assert_eq!(app.get(&night, &format!("/v1/cases/{}", reference(&other))).await.status, 404, "somebody else logged that one");
    }

    async fn a_portfolio_holder_sees_how_the_cases_of_their_services_stand_and_nobodys_words(app) {
        let holder = hire(&app, json!({
            "email": "portfolio.waste@council.example", "name": "Cllr Port Holder", "role": "councillor",
            "services": ["waste-collection"], "queues": ["waste-ops"],
        })).await;
        let bin = reference(&log(&app, missed_bin()).await);
        let road = reference(&log(&app, pothole()).await);
        let seen = app.get(&holder, &format!("/v1/cases/{bin}")).await;
        for words in ["Ada", "Larkfield", "ada@mail.example"] {
            assert!(!seen.text.contains(words), "{words}: {}", seen.text);
        }
        assert_eq!(seen.expect(200)["public_view"]["reference"], bin.as_str());
        assert_eq!(app.get(&holder, &format!("/v1/cases/{road}")).await.status, 404);
        let queue = app.get(&holder, "/v1/queues/waste-ops").await.expect(200);
        assert_eq!(queue["open"], 1, "{queue:#}");
        // What they raise themselves they see as any councillor does.
        let raised = app.post(&holder, "/v1/contacts", json!({"channel": "councillor", "body": "The bins of Elm Row were missed.", "service": "waste-collection", "category": "missed-bin"})).await.expect(201);
        let own = app.get(&holder, &format!("/v1/cases/{}", reference(&raised))).await.expect(200);
        assert!(own.get("public_view").is_none(), "{own:#}");
    }

    async fn nobody_who_answered_the_first_stage_of_a_complaint_deals_with_the_second(app) {
        let logged = log(&app, json!({
            "channel": "phone", "body": "I want to complain that nobody came.", "service": "complaints", "category": "stage-1",
            "person": {"name": "Tola Abara", "email": "tola@mail.example"},
        })).await;
        let reference = reference(&logged);
        let path = format!("/v1/cases/{reference}");
        let officer = app.officer().await;
        let agent = app.agent().await;
        app.post(&agent, &format!("{path}/acknowledgements"), json!({"how": "spoken"})).await.expect(201);
        app.post(&officer, &format!("{path}/replies"), json!({"kind": "substantive", "text": "We are sorry.", "outcome": "resolved"})).await.expect(201);
        let me = app.get(&officer, "/v1/me").await.expect(200)["id"].clone();
        let named = app.post(&officer, &format!("{path}/stages"), json!({"stage": 2, "reason": "Not content.", "officer": me})).await.expect(409);
        assert_eq!(named["code"], "same_officer", "although the case was never theirs");
        // Nobody is named: still none of the two deals with it.
        app.post(&officer, &format!("{path}/stages"), json!({"stage": 2, "reason": "Not content.", "officer": null})).await.expect(201);
        for (who, act, body) in [
            (&officer, "acknowledgements", json!({"how": "spoken"})),
            (&officer, "replies", json!({"kind": "substantive", "text": "No.", "outcome": "answered"})),
            (&officer, "assignments", json!({"owner": "me"})),
            (&agent, "acknowledgements", json!({"how": "spoken"})),
            (&agent, "assignments", json!({"owner": "officer@council.example"})),
        ] {
            let refused = app.post(who, &format!("{path}/{act}"), body).await.expect(409);
            assert_eq!(refused["code"], "same_officer", "{act}");
        }
        assert_eq!(app.post(&officer, "/v1/queues/complaints/next", json!({})).await.status, 204, "it is passed over for them");
        let other = hire(&app, json!({"email": "second@council.example", "name": "Sefa Second", "role": "officer", "queues": ["complaints"]})).await;
        let next = app.post(&other, "/v1/queues/complaints/next", json!({})).await.expect(201);
        assert_eq!(next["case"]["reference"], reference.as_str());
        app.post(&other, &format!("{path}/acknowledgements"), json!({"how": "spoken"})).await.expect(201);
    }

    async fn whoever_a_complaint_is_about_and_their_team_never_see_it_whatever_they_are_named_for(app) {
        let director = hire(&app, json!({
            "email": "director.of.place@council.example", "name": "Dita Director", "role": "head_of_service",
            "queues": ["waste-ops"], "services": ["waste-collection"], "post": "director-of-place",
        })).await;
        let logged = log(&app, json!({
            "channel": "phone", "body": "I want to complain about the Head of Waste and Street Scene, who shouted at me.",
            "service": "complaints", "category": "stage-1",
        })).await;
        let reference = logged["receipt"]["reference"].as_str().unwrap().to_owned();
        let path = format!("/v1/cases/{reference}");
        app.get(&director, &path).await.expect(200);
        for email in [HEAD, BINS, "team.leader.waste-ops@council.example"] {
            let refused = app.post(&director, &format!("{path}/access"), json!({"people": [email], "reason": "Helps."})).await.expect(422);
            assert_eq!(refused["errors"][0]["code"], "about_them", "{email}");
            let who = app.sign_in(email).await;
            assert_eq!(app.get(&who, &path).await.status, 404);
            assert_eq!(app.get(&who, "/v1/cases?include=total").await.expect(200)["total"], 0);
            let glass = app.post(&who, &format!("{path}/access"), json!({"break_glass": true, "reason": "I want to know."})).await.status;
            assert!(matches!(glass, 403 | 404), "{email}: {glass}");
        }
        // Somebody of another team may help.
        app.post(&director, &format!("{path}/access"), json!({"people": [ROADS], "reason": "Looks into it."})).await.expect(201);
        let roads = app.sign_in(ROADS).await;
        app.get(&roads, &path).await.expect(200);
        // It turns out to be about them: what they were named for ends.
        let about = app.post(&director, &format!("{path}/access"), json!({"about": {"user": ROADS}, "reason": "It was them."})).await;
        assert_eq!(about.status, 201, "{}", about.text);
        assert_eq!(app.get(&roads, &path).await.status, 404);
        assert_eq!(app.get(&roads, "/v1/cases?include=total").await.expect(200)["total"], 0);
    }

    async fn a_complaint_taken_to_be_about_staff_by_mistake_is_ordinary_work_once_the_director_says_so(app) {
        let director = hire(&app, json!({
            "email": "director.of.place@council.example", "name": "Dita Director", "role": "head_of_service",
            "queues": ["waste-ops"], "services": ["waste-collection"], "post": "director-of-place",
        })).await;
        let logged = log(&app, json!({
            "channel": "phone", "body": "I want to complain. The Head of Waste and Street Scene was kind, the bins were not emptied.",
            "service": "complaints", "category": "stage-1",
        })).await;
        let path = format!("/v1/cases/{}", logged["receipt"]["reference"].as_str().unwrap());
        let agent = app.agent().await;
        assert_eq!(app.get(&agent, &path).await.status, 404);
        let undo = json!({"about": "nobody", "reason": "It praises him, and is about bins."});
        let head = app.sign_in(HEAD).await;
        assert_eq!(app.post(&head, &format!("{path}/access"), undo.clone()).await.status, 404);
        // Somebody who only helps with it does not decide.
        let helper = hire(&app, json!({
            "email": "helper@council.example", "name": "Hal Helper", "role": "team_leader", "queues": ["complaints"],
        })).await;
        app.post(&director, &format!("{path}/access"), json!({"people": ["helper@council.example"], "reason": "Helps."})).await.expect(201);
        app.get(&helper, &path).await.expect(200);
        assert_eq!(app.post(&helper, &format!("{path}/access"), undo.clone()).await.expect(403)["code"], "role_may_not");
        let mixed = json!({"about": "nobody", "people": [ROADS], "reason": "Both."});
        let refused = app.post(&director, &format!("{path}/access"), mixed).await.expect(422);
        assert_eq!(refused["errors"][0]["pointer"], "/people");

        let undone = app.post(&director, &format!("{path}/access"), undo.clone()).await.expect(201);
        assert_eq!(undone["event"]["kind"], "found_not_about_staff", "{undone:#}");
        let shown = app.get(&agent, &path).await.expect(200);
        assert_eq!((&shown["queue"], &shown["owner"]), (&json!("complaints"), &Value::Null));
        let timeline = app.get(&agent, &format!("{path}/timeline?limit=100")).await;
        assert!(timeline.text.contains("It praises him"), "{}", timeline.text);
        let leader = app.post(&helper, &format!("{path}/access"), undo).await.expect(403);
        assert_eq!(leader["code"], "role_may_not");
    }

    async fn whoever_takes_the_post_a_complaint_is_about_loses_sight_of_it_though_they_were_named(app) {
        let director = hire(&app, json!({
            "email": "director.of.place@council.example", "name": "Dita Director", "role": "head_of_service",
            "queues": ["waste-ops"], "services": ["waste-collection"], "post": "director-of-place",
        })).await;
        let logged = log(&app, json!({
            "channel": "phone", "body": "I want to complain about the Head of Waste and Street Scene, who shouted at me.",
            "service": "complaints", "category": "stage-1",
        })).await;
        let path = format!("/v1/cases/{}", logged["receipt"]["reference"].as_str().unwrap());
        let helper = hire(&app, json!({
            "email": "helper@council.example", "name": "Hal Helper", "role": "head_of_service", "queues": ["complaints"],
        })).await;
        app.post(&director, &format!("{path}/access"), json!({"people": ["helper@council.example"], "reason": "Helps."})).await.expect(201);
        assert_eq!(app.get(&helper, "/v1/cases?include=total").await.expect(200)["total"], 1);
        let own = account(&app, "helper@council.example").await;
        let admin = app.sign_in("admin@council.example").await;
        let change = json!({"post": "head-of-waste-and-street-scene"});
        patch(&app, &admin, &format!("/v1/users/{}", own["id"].as_str().unwrap()), &own["version"], change).await.expect(200);
        let helper = app.sign_in("helper@council.example").await;
        assert_eq!(app.get(&helper, &path).await.status, 404);
        let listed = app.get(&helper, "/v1/cases?include=total").await.expect(200);
        assert_eq!((&listed["total"], &listed["items"]), (&json!(0), &json!([])), "not in a list either");
    }

    async fn a_second_complaint_about_a_post_never_stands_on_the_request(app) {
        let director = hire(&app, json!({
            "email": "director.of.place@council.example", "name": "Dita Director", "role": "head_of_service",
            "queues": ["waste-ops"], "services": ["waste-collection"], "post": "director-of-place",
        })).await;
        let request = reference(&log(&app, missed_bin()).await);
        let post = "I want to make a formal complaint about the Head of Waste and Street Scene, who was rude to me.";
        for (n, words) in [
            (1, "I am writing to make a formal complaint. Nobody came, and nobody has rung me back."),
            (2, post),
            (3, "I want to make a formal complaint about the Head of Waste and Street Scene, who was rude to me again."),
        ] {
            let raw = mail("Ada Example <ada@mail.example>", &format!("Re: {request}"), &format!("again-{n}"), "", words);
            deliver(&app, &raw).await.expect(202);
        }
        for email in [HEAD, BINS] {
            let reader = app.sign_in(email).await;
            let said = app.get(&reader, &format!("/v1/cases/{request}/contacts")).await;
            assert!(said.text.contains("nobody has rung me back"), "{}", said.text);
            assert!(!said.text.contains("rude to me"), "{email}: {}", said.text);
        }
        let list = app.get(&director, "/v1/cases?procedure=complaint").await.expect(200);
        assert_eq!(list["items"].as_array().unwrap().len(), 1, "the third is put on the second's: {list:#}");
        let complaint = list["items"][0]["reference"].as_str().unwrap();
        let said = app.get(&director, &format!("/v1/cases/{complaint}/contacts")).await;
        assert!(said.text.contains(post) && said.text.contains("rude to me again"), "{}", said.text);
    }

    async fn a_case_that_becomes_a_matter_for_few_is_nobodys_who_is_none_of_them(app) {
        app.jump_to("2026-11-23T09:00:00Z").await;
        let case = reference(&log(&app, missed_bin()).await);
        let bins = app.sign_in(BINS).await;
        app.post(&bins, &format!("/v1/cases/{case}/assignments"), json!({"owner": "me"})).await.expect(201);
        app.catch_up().await;
        let n_before = app.mails_to(BINS).await.len();
        // Word of it waits to be sent to its officer when it becomes known what it is about.
        let chaser = mail("Ada Example <ada@mail.example>", &format!("Re: {case}"), "few-1", "", "There is a child next door who cries all night.");
        deliver(&app, &chaser).await.expect(202);
        let agent = app.agent().await;
        let shown = app.get(&agent, &format!("/v1/cases/{case}")).await.expect(200);
        let place = json!({"service": "childrens-social-care", "category": "child-at-risk"});
        let moved = patch(&app, &agent, &format!("/v1/cases/{case}"), &shown["version"], place).await;
        assert_eq!(moved.status, 200, "{}", moved.text);
        assert_eq!(app.get(&bins, &format!("/v1/cases/{case}")).await.status, 404);
        app.until("2026-12-01T12:00:00Z").await;
        let told: Vec<String> = app.mails_to(BINS).await.into_iter().skip(n_before).map(|mail| mail.raw).collect();
        assert!(told.iter().all(|mail| !mail.contains(&case)), "{told:#?}");
        let team = app.sign_in("mash.officer@council.example").await;
        assert_eq!(app.get(&team, &format!("/v1/cases/{case}")).await.expect(200)["owner"], Value::Null);
    }

    async fn a_line_that_ties_a_case_to_one_that_is_hidden_is_not_shown(app) {
        let (one, other) = (reference(&log(&app, missed_bin()).await), reference(&log(&app, pothole()).await));
        let agent = app.agent().await;
        app.post(&agent, &format!("/v1/cases/{one}/links"), json!({"case": other, "kind": "related"})).await.expect(201);
        let is_told = async || {
            let lines = app.get(&agent, &format!("/v1/cases/{one}/timeline?limit=100")).await.expect(200);
            lines["items"].as_array().unwrap().iter().any(|line| line["kind"] == "linked")
        };
        let was_told = is_told().await;
        assert!(was_told);
        let shown = app.get(&agent, &format!("/v1/cases/{other}")).await.expect(200);
        let place = json!({"service": "childrens-social-care", "category": "child-at-risk"});
        patch(&app, &agent, &format!("/v1/cases/{other}"), &shown["version"], place).await.expect(200);
        assert!(!is_told().await, "that there is another case is told by nobody");
    }

    async fn a_head_of_service_opens_a_restricted_case_in_an_emergency_for_a_day_and_its_team_is_told(app) {
        let reference = child_at_risk(&app).await;
        let path = format!("/v1/cases/{reference}");
        let head = head_of_childrens_services(&app).await;
        assert_eq!(app.get(&head, &path).await.status, 404);
        let glass = json!({"break_glass": true, "reason": "The team cannot be reached tonight."});
        let opened = app.post(&head, &format!("{path}/access"), glass.clone()).await.expect(201);
        assert_eq!(opened["event"]["kind"], "glass_broken", "{opened:#}");
        app.get(&head, &path).await.expect(200);
        assert_eq!(app.get(&head, "/v1/cases?include=total").await.expect(200)["total"], 1);
        assert_eq!(app.post(&head, &format!("{path}/access"), glass.clone()).await.expect(409)["code"], "access_already");

        // Its team is told at once, and told nothing of what it says.
        let told: Vec<_> = app.mails().await.into_iter().filter(|mail| mail.kind() == "glass_broken").collect();
        let to: Vec<&str> = told.iter().map(|mail| mail.to.as_str()).collect();
        assert!(to.contains(&"duty.mash@council.example") && to.contains(&"team.leader.mash@council.example"), "{to:?}");
        for mail in &told {
            assert!(mail.raw.contains(&reference) && mail.raw.contains("Hedda Head"), "{}", mail.raw);
            assert!(!mail.raw.contains("child") && !mail.raw.contains("cannot be reached"), "{}", mail.raw);
        }
        // It stands on the case and in the audit.
        let mash = app.sign_in("mash.officer@council.example").await;
        let lines = app.get(&mash, &format!("{path}/timeline?limit=100")).await;
        assert!(lines.text.contains("glass_broken") && lines.text.contains("cannot be reached tonight"), "{}", lines.text);
        let auditor = app.sign_in("auditor@council.example").await;
        let audit = app.get(&auditor, "/v1/audit?action=case.glass_broken").await.expect(200);
        assert_eq!(audit["items"][0]["purpose"], "The team cannot be reached tonight.", "{audit:#}");

        // A day later it is shut again, at once, and may be opened anew.
        app.jump_to("2026-11-21T16:57:59Z").await;
        app.get(&head, &path).await.expect(200);
        app.jump_to("2026-11-21T16:58:00Z").await;
        assert_eq!(app.get(&head, &path).await.status, 404);
        assert_eq!(app.get(&head, "/v1/cases?include=total").await.expect(200)["total"], 0);
        app.post(&head, &format!("{path}/access"), glass).await.expect(201);
        app.get(&head, &path).await.expect(200);
    }

    async fn whoever_broke_the_glass_cannot_name_themselves_for_good(app) {
        let reference = child_at_risk(&app).await;
        let path = format!("/v1/cases/{reference}/access");
        let head = head_of_childrens_services(&app).await;
        let glass = json!({"break_glass": true, "reason": "The team cannot be reached tonight."});
        app.post(&head, &path, glass).await.expect(201);
        let me = app.get(&head, "/v1/me").await.expect(200)["id"].clone();
        let own = app.post(&head, &path, json!({"people": [me], "reason": "It is handy."})).await.expect(422);
        assert_eq!(own["errors"][0]["code"], "pass_only", "{own:#}");
        app.jump_to("2026-11-21T16:58:00Z").await;
        assert_eq!(app.get(&head, &format!("/v1/cases/{reference}")).await.status, 404, "and it is shut again");
    }

    async fn nobody_breaks_the_glass_of_what_is_not_theirs_to_answer_for(app) {
        let reference = child_at_risk(&app).await;
        let path = format!("/v1/cases/{reference}/access");
        let glass = json!({"break_glass": true, "reason": "I want to know."});
        let bins = reference_of_a_bin(&app).await;
        for (email, status) in [
            (HEAD, 404), ("team.leader.waste-ops@council.example", 404), ("officer@council.example", 403),
            ("agent@council.example", 403), ("partner@night.example", 403), ("admin@council.example", 403),
            ("auditor@council.example", 403), ("cllr.anwen.prothero@council.example", 403),
        ] {
            let who = app.sign_in(email).await;
            let refused = app.post(&who, &path, glass.clone()).await;
            assert_eq!(refused.status, status, "{email}: {}", refused.text);
        }
        let head = head_of_childrens_services(&app).await;
        let no_reason = app.post(&head, &path, json!({"break_glass": true})).await;
        assert_eq!(no_reason.status, 404, "what is wrong with a request comes after what is hidden: {}", no_reason.text);
        let others = app.post(&head, &path, json!({"break_glass": true, "people": [BINS], "reason": "x"})).await.expect(422);
        assert_eq!(others["errors"][0]["pointer"], "/break_glass");
        assert_eq!(app.get(&head, &format!("/v1/cases/{reference}")).await.status, 404, "nothing was opened by it");
        let own = app.sign_in(HEAD).await;
        assert_eq!(app.post(&own, &format!("/v1/cases/{bins}/access"), glass).await.expect(409)["code"], "access_already");
        assert!(app.mails().await.iter().all(|mail| mail.kind() != "glass_broken"));
    }

    async fn a_leader_cannot_lengthen_or_hand_on_a_turn_at_somebody_elses_queue(app) {
        let admin = app.sign_in("admin@council.example").await;
        let leader = app.team_leader().await;
        let me = app.get(&leader, "/v1/me").await.expect(200);
        let users = format!("/v1/users/{}", me["id"].as_str().unwrap());
        let turn = |until: &str| json!({"rota": [{"queue": "repairs", "from_at": "2026-11-20T09:00:00Z", "until_at": until}]});
        let seen = app.get(&admin, &users).await.expect(200);
        let given = patch(&app, &admin, &users, &seen["version"], turn("2026-11-21T09:00:00Z")).await.expect(200);
        assert_eq!(app.get(&leader, "/v1/me").await.expect(200)["queues"].as_array().unwrap().len(), 2, "the turn runs");
        let longer = patch(&app, &leader, &users, &given["version"], turn("2027-11-21T09:00:00Z")).await;
        assert_eq!(longer.expect(403)["code"], "not_your_queue");
    }

    async fn a_queue_is_theirs_while_their_turn_runs_and_not_a_second_longer(app) {
        let bin = reference_of_a_bin(&app).await;
        let path = format!("/v1/cases/{bin}");
        let roads = app.sign_in(ROADS).await;
        let leader = app.team_leader().await;
        let them = account(&app, ROADS).await;
        let users = format!("/v1/users/{}", them["id"].as_str().unwrap());
        let turn = json!({"queue": "waste-ops", "from_at": "2026-11-23T09:00:00Z", "until_at": "2026-11-23T17:00:00Z"});
        let seen = app.get(&leader, &users).await.expect(200);
        let given = patch(&app, &leader, &users, &seen["version"], json!({"rota": [turn]})).await.expect(200);
        assert_eq!(given["rota"][0]["queue"], "waste-ops", "{given:#}");
        // Only of their own queue, and nothing else of the account.
        let elsewhere = json!({"rota": [{"queue": "repairs", "from_at": "2026-11-23T09:00:00Z", "until_at": "2026-11-23T17:00:00Z"}]});
        assert_eq!(patch(&app, &leader, &users, &given["version"], elsewhere).await.expect(403)["code"], "not_your_queue");
        assert_eq!(patch(&app, &leader, &users, &given["version"], json!({"queues": ["*"]})).await.expect(403)["code"], "role_may_not");

        assert_eq!(app.get(&roads, &path).await.status, 404, "it has not begun");
        assert_eq!(app.post(&roads, "/v1/queues/waste-ops/next", json!({})).await.status, 403);
        app.jump_to("2026-11-23T09:00:00Z").await;
        app.get(&roads, &path).await.expect(200);
        assert_eq!(app.get(&roads, "/v1/me").await.expect(200)["queues"], json!(["highways", "waste-ops"]));
        let taken = app.post(&roads, "/v1/queues/waste-ops/next", json!({})).await.expect(201);
        assert_eq!(taken["case"]["reference"], bin.as_str());
        app.post(&roads, &format!("{path}/assignments"), json!({"owner": null})).await.expect(201);
        app.jump_to("2026-11-23T17:00:00Z").await;
        assert_eq!(app.get(&roads, &path).await.status, 404, "it is over");
        assert_eq!(app.post(&roads, "/v1/queues/waste-ops/next", json!({})).await.status, 403);
    }

    async fn while_somebody_is_away_their_deputy_is_told_and_their_team_may_take_their_cases(app) {
        let bin = reference_of_a_bin(&app).await;
        let path = format!("/v1/cases/{bin}");
        let bins = app.sign_in(BINS).await;
        app.post(&bins, &format!("{path}/assignments"), json!({"owner": "me"})).await.expect(201);
        let mate = hire(&app, json!({"email": "bins.mate@council.example", "name": "Mo Mate", "role": "officer", "queues": ["waste-ops"]})).await;
        let take = json!({"owner": "me"});
        assert_eq!(app.post(&mate, &format!("{path}/assignments"), take.clone()).await.expect(403)["code"], "owned_by_somebody");

        let me = actix_web::test::TestRequest::patch().uri("/v1/me").set_json(json!({
            "away": {"from_on": "2026-11-23", "until_on": "2026-11-27", "deputy": "bins.mate@council.example"},
        }));
        let said = app.send(&bins, me).await.expect(200);
        assert_eq!(said["away"]["until_on"], "2026-11-27", "{said:#}");
        assert_eq!(app.get(&mate, &path).await.expect(200)["owner_away_until_on"], Value::Null, "not yet");

        // The reminder of a two-day promise, on the first day of the absence and after.
        app.until("2026-11-24T17:30:00Z").await;
        assert_eq!(app.get(&mate, &path).await.expect(200)["owner_away_until_on"], "2026-11-27");
        let reminders = |mails: Vec<crate::support::Mail>| mails.iter().filter(|mail| mail.kind() == "reminder").count();
        assert_eq!(reminders(app.mails_to(BINS).await), 0, "they are away");
        assert!(reminders(app.mails_to("bins.mate@council.example").await) > 0, "the deputy is told");
        let leader = app.team_leader().await;
        let steps = app.get(&leader, &format!("/v1/escalations?case={bin}")).await.expect(200);
        assert!(steps["items"].as_array().unwrap().iter().any(|step| {
            step["state"] == "undeliverable" && step["to"][0]["email"] == BINS
        }), "that they were not reached is never silent: {steps:#}");
        app.post(&mate, &format!("{path}/assignments"), take).await.expect(201);
    }

    async fn nobody_named_to_stand_in_the_team_leader_is_told(app) {
        let bin = reference_of_a_bin(&app).await;
        let bins = app.sign_in(BINS).await;
        app.post(&bins, &format!("/v1/cases/{bin}/assignments"), json!({"owner": "me"})).await.expect(201);
        for (away, status) in [
            (json!({"from_on": "2026-11-27", "until_on": "2026-11-23"}), 422),
            (json!({"from_on": "2026-11-02", "until_on": "2026-11-06"}), 422),
            (json!({"from_on": "2026-11-23", "until_on": "2026-11-27", "deputy": BINS}), 422),
            (json!({"from_on": "2026-11-23", "until_on": "2026-11-27", "deputy": "auditor@council.example"}), 422),
            (json!({"from_on": "2026-11-23", "until_on": "2026-11-27"}), 200),
        ] {
            let me = actix_web::test::TestRequest::patch().uri("/v1/me").set_json(json!({"away": away}));
            let said = app.send(&bins, me).await;
            assert_eq!(said.status, status, "{}", said.text);
        }
        app.until("2026-11-24T16:45:00Z").await;
        let told = app.mails_to("team.leader.waste-ops@council.example").await;
        let leader = app.team_leader().await;
        let steps = app.get(&leader, &format!("/v1/escalations?case={bin}")).await.expect(200);
        assert!(told.iter().any(|mail| mail.kind() == "reminder" && mail.raw.contains(&bin)), "{told:#?} {steps:#}");
        assert!(app.mails_to(BINS).await.iter().all(|mail| mail.kind() != "reminder"));
        // Back early.
        let me = actix_web::test::TestRequest::patch().uri("/v1/me").set_json(json!({"away": null}));
        assert_eq!(app.send(&bins, me).await.expect(200)["away"], Value::Null);
    }
}

async fn reference_of_a_bin(app: &TestApp) -> String {
    reference(&log(app, missed_bin()).await)
}
