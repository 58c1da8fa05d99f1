//! Councillors and MPs, by plain e-mail, read from both ends.

use actix_web::http::Method;
use actix_web::test::TestRequest;
use serde_json::{Value, json};

use crate::mail_in::{deliver, mail};
use crate::support::{Caller, Reply, TestApp};

const MEMBER: &str = "cllr.anwen.prothero@council.example";
const FROM: &str = "Cllr Anwen Prothero <cllr.anwen.prothero@council.example>";

/// Mail from a member: the reference of their enquiry.
async fn enquiry(app: &TestApp, from: &str, id: &str, subject: &str, words: &str) -> String {
    let taken = deliver(app, &mail(from, subject, id, "", words))
        .await
        .expect(202);
    assert_eq!(taken["disposition"], "opened", "{taken:#}");
    taken["case"]["reference"].as_str().unwrap().to_owned()
}

async fn detail(app: &TestApp, who: &Caller, reference: &str) -> Value {
    app.get(who, &format!("/v1/cases/{reference}"))
        .await
        .expect(200)
}

async fn act(app: &TestApp, who: &Caller, reference: &str, what: &str, body: Value) -> Reply {
    app.post(who, &format!("/v1/cases/{reference}/{what}"), body)
        .await
}

/// The case of the service a member's enquiry is about.
async fn services_own(app: &TestApp, who: &Caller, reference: &str) -> Value {
    let own = detail(app, who, reference).await["member_enquiry"]["service_case"].clone();
    assert!(own.is_object(), "the service has a case of its own");
    own
}

/// What somebody has in their mailbox, as they read it: references and links are left out, and every
/// sentence is one that can be read aloud.
async fn mailbox(app: &TestApp, address: &str) -> String {
    let mut read = Vec::new();
    for mail in app.mails_to(address).await {
        let text = mail.raw.split_once("\n\n").unwrap().1;
        let text = text.split("\n----\n").next().unwrap().replace("\r\n", "\n");
        let whole = format!("{}\n\n{}", mail.header("Subject"), text.trim());
        let long = reeve::domain::wording::long_sentences(&whole);
        assert!(long.is_empty(), "{long:?}");
        let words: Vec<String> = whole
            .split('\n')
            .map(|line| {
                line.split(' ')
                    .map(|word| {
                        let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
                        if word.starts_with("http") {
                            "[LINK]".to_owned()
                        } else if reeve::domain::reference::Reference::parse(bare).is_ok() {
                            word.replace(bare, "[REF]")
                        } else {
                            word.to_owned()
                        }
                    })
                    .collect::<Vec<_>>()
                    .join(" ")
            })
            .collect();
        read.push(format!("({}) {}", mail.kind(), words.join("\n")));
    }
    read.join("\n\n========\n\n")
}

/// An account, changed by the administrator.
async fn change_user(app: &TestApp, email: &str, body: Value) -> Value {
    let admin = app.sign_in("admin@council.example").await;
    let (id, version) = account(app, &admin, email).await;
    let request = TestRequest::patch()
        .uri(&format!("/v1/users/{id}"))
        .insert_header(("if-match", format!("\"{version}\"")))
        .set_json(body);
    app.send(&admin, request).await.expect(200)
}

async fn account(app: &TestApp, admin: &Caller, email: &str) -> (String, i64) {
    let all = app.get(admin, "/v1/users?limit=100").await.expect(200);
    let found = all["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["email"] == email)
        .unwrap();
    (
        found["id"].as_str().unwrap().to_owned(),
        found["version"].as_i64().unwrap(),
    )
}

fn put(path: &str, body: Value) -> TestRequest {
    TestRequest::with_uri(path)
        .method(Method::PUT)
        .set_json(body)
}

/// The kinds of line on a timeline.
async fn timeline(app: &TestApp, who: &Caller, reference: &str) -> Vec<Value> {
    let all = app
        .get(who, &format!("/v1/cases/{reference}/timeline?limit=100"))
        .await
        .expect(200);
    all["items"].as_array().unwrap().clone()
}

const TENANT: &str = "Mrs Obi's daughter has told me about a repair at 3 Beck Row, a council house: the kitchen tap \
    has dripped since October and the plumber never came back to fix the washer. When will the repair be done?";

stories! {
    async fn a_councillors_mail_about_a_tenant_is_followed_to_its_end_by_both_sides(app) {
        app.jump_to("2026-11-23T09:00:00Z").await;
        let officer = app.officer().await;
        let member = app.sign_in(MEMBER).await;
        let reference = enquiry(&app, FROM, "tenant-1", "Repair at 3 Beck Row", TENANT).await;

        // Two cases, each with its own promise counted from the member's message.
        let own = services_own(&app, &officer, &reference).await;
        let own = own["reference"].as_str().unwrap().to_owned();
        let case = detail(&app, &officer, &reference).await;
        let service = detail(&app, &officer, &own).await;
        assert_eq!(case["respond_on"], "2026-12-07", "ten working days");
        assert_eq!(service["service"], "housing-repairs", "{service:#}");
        assert_eq!(service["received_at"], case["received_at"]);
        assert_eq!(service["related_cases"][0]["reference"], reference.as_str());
        assert_eq!(case["member_enquiry"]["basis"], "third_party", "{case:#}");
        assert_eq!(case["member_enquiry"]["reply_scope"], "general");

        // Nothing about the tenant may be told yet; the member sees where it stands and whom to ask.
        let seen = detail(&app, &member, &reference).await;
        assert_eq!(seen["respond_on"], "2026-12-07");
        assert_eq!(seen["answers_for"]["head_of_service"]["email"], "head.of.housing.repairs.and.assets@council.example", "{seen:#}");
        assert!(seen["answers_for"]["portfolio_holder"]["email"].as_str().unwrap().starts_with("portfolio."));
        act(&app, &officer, &reference, "assignments", json!({"owner": "me"})).await.expect(201);
        act(&app, &officer, &reference, "acknowledgements", json!({"how": "email", "text": "I have your message and will find out."})).await.expect(201);
        let full = json!({"kind": "substantive", "text": "Mrs Obi's repair is booked for Friday 4 December."});
        let refused = act(&app, &officer, &reference, "replies", full.clone()).await.expect(409);
        assert_eq!(refused["code"], "consent_unclear");
        let holding = act(&app, &officer, &reference, "replies", json!({
            "kind": "holding", "text": "The plumber's report is still to come.", "until_on": "2026-12-14",
        })).await.expect(201);
        assert_eq!(holding["case"]["respond_on"], "2026-12-14");
        let twice = act(&app, &officer, &reference, "replies", json!({"kind": "holding", "text": "Later.", "until_on": "2026-12-16"})).await.expect(409);
        assert_eq!(twice["code"], "already_extended");
        let general = act(&app, &officer, &reference, "replies", json!({
            "kind": "substantive", "scope": "general", "text": "A dripping tap is a routine repair, done within 28 days.",
        })).await.expect(201);
        assert_eq!(general["case"]["status"], "responded");

        // The service answers on its own case. The member is told nothing by that.
        app.until("2026-11-24T10:00:00Z").await;
        let n_before = app.mails_to(MEMBER).await.len();
        let answered = act(&app, &officer, &own, "replies", json!({
            "kind": "substantive", "text": "A new washer goes in on Friday 4 December.", "outcome": "resolved",
        })).await.expect(201);
        assert_eq!(answered["case"]["status"], "responded");
        app.until("2026-11-24T10:30:00Z").await;
        assert_eq!(app.mails_to(MEMBER).await.len(), n_before);
        for line in timeline(&app, &member, &own).await {
            assert_eq!(line["detail"], json!({}), "the member reads the service's words here: {line:#}");
        }
        let offered = detail(&app, &officer, &reference).await;
        assert_eq!(offered["member_enquiry"]["service_answer"]["text"], "A new washer goes in on Friday 4 December.", "{offered:#}");
        assert!(detail(&app, &member, &reference).await["member_enquiry"]["service_answer"].is_null());

        // Her consent comes by plain mail. Clearing it is somebody's act, with who, how and when.
        let consent = mail(FROM, &format!("Re: [{reference}]"), "tenant-2", "", "Mrs Obi herself now says that you may tell me.");
        assert_eq!(deliver(&app, &consent).await.expect(202)["case"]["reference"], reference.as_str());
        let tomorrow = act(&app, &officer, &reference, "consents", json!({"given": true, "how": "verbal", "on": "2026-11-25"})).await.expect(422);
        assert_eq!(tomorrow["errors"][0]["pointer"], "/on", "{tomorrow:#}");
        act(&app, &officer, &reference, "consents", json!({"given": true, "how": "written"})).await.expect(201);
        let cleared = detail(&app, &officer, &reference).await;
        assert_eq!(cleared["member_enquiry"]["consent"], json!({"given": true, "how": "written", "who": null, "on": "2026-11-24"}));
        assert_eq!(cleared["member_enquiry"]["reply_scope"], "full");
        let lines = timeline(&app, &officer, &reference).await;
        let line = lines.iter().find(|line| line["kind"] == "consent_recorded").unwrap();
        assert_eq!(line["actor"]["name"], "Olu Officer");
        assert_eq!(cleared["status"], "open", "the member wrote, so it is open again");
        act(&app, &officer, &reference, "replies", full).await.expect(201);
        app.until("2026-11-24T11:00:00Z").await;

        // Not right yet: within the week a plain reply opens the same enquiry again.
        app.until("2026-11-30T10:00:00Z").await;
        let more = mail(FROM, &format!("Re: Our answer [{reference}]"), "tenant-3", "", "Nobody came on the day. Could you look again?");
        let taken = deliver(&app, &more).await.expect(202);
        assert_eq!((&taken["disposition"], &taken["case"]["reference"]), (&json!("joined"), &json!(reference)));
        assert_eq!(detail(&app, &officer, &reference).await["status"], "open");
        act(&app, &officer, &reference, "replies", json!({"kind": "substantive", "text": "The plumber comes tomorrow at 10am."})).await.expect(201);
        act(&app, &officer, &reference, "closures", json!({"outcome": "answered"})).await.expect(201);
        act(&app, &officer, &own, "closures", json!({"outcome": "resolved"})).await.expect(201);
        app.until("2026-11-30T11:00:00Z").await;
        assert_eq!(detail(&app, &officer, &own).await["status"], "closed");

        // After the week it is a new enquiry that follows this one.
        app.jump_to("2026-12-14T10:00:00Z").await;
        let late = mail(FROM, &format!("Re: Our answer [{reference}]"), "tenant-4", "", "The tap drips again, and the repair is needed once more.");
        let taken = deliver(&app, &late).await.expect(202);
        assert_eq!(taken["disposition"], "opened", "{taken:#}");

        insta::assert_snapshot!("the_member_about_a_tenant", mailbox(&app, MEMBER).await);
        insta::assert_snapshot!("the_officer_of_a_members_enquiry", mailbox(&app, "officer@council.example").await);
    }

    async fn consent_can_be_taken_back_and_a_reading_put_right(app) {
        let officer = app.officer().await;
        let reference = enquiry(&app, FROM, "back-1", "Mr Amadi's drain", "Mr Amadi of 9 Beck Row has asked me about the blocked drain in the road outside his gate.").await;
        assert_eq!(detail(&app, &officer, &reference).await["member_enquiry"]["basis"], "constituent_asked");
        let full = json!({"kind": "substantive", "text": "We will clear it on Thursday."});
        act(&app, &officer, &reference, "consents", json!({"given": false, "how": "verbal", "who": "Mr Amadi, by telephone"})).await.expect(201);
        assert_eq!(act(&app, &officer, &reference, "replies", full.clone()).await.expect(409)["code"], "consent_unclear");
        act(&app, &officer, &reference, "bases", json!({"basis": "own_concern", "reason": "It is about the road, not about him."})).await.expect(201);
        act(&app, &officer, &reference, "replies", full).await.expect(201);
        let own = services_own(&app, &officer, &reference).await;
        let wrong = act(&app, &officer, own["reference"].as_str().unwrap(), "consents", json!({"given": true, "how": "verbal"})).await.expect(409);
        assert_eq!(wrong["code"], "not_a_members_enquiry");
        let member = app.sign_in(MEMBER).await;
        for what in ["consents", "bases"] {
            let own_word = act(&app, &member, &reference, what, json!({})).await.expect(403);
            assert_eq!(own_word["code"], "role_may_not");
        }
    }

    async fn a_holding_reply_taken_back_takes_its_date_back(app) {
        app.jump_to("2026-11-23T09:00:00Z").await;
        let officer = app.officer().await;
        let reference = enquiry(&app, FROM, "hold-1", "Street light", "The street light outside 4 Vale Terrace is out.").await;
        let held = act(&app, &officer, &reference, "replies", json!({"kind": "holding", "text": "Later.", "until_on": "2026-12-14"})).await.expect(201);
        let notice = held["notice"]["id"].as_str().unwrap();
        let path = format!("/v1/cases/{reference}/replies/{notice}");
        let back = app.send(&officer, TestRequest::delete().uri(&path)).await.expect(200);
        assert_eq!(back["case"]["respond_on"], "2026-12-07");
        app.until("2026-11-23T09:10:00Z").await;
        assert_eq!(app.mails_to(MEMBER).await.len(), 1, "nothing left but the confirmation");
        let answer = act(&app, &officer, &reference, "replies", json!({"kind": "substantive", "text": "Done.", "until_on": "2026-12-14"})).await.expect(422);
        assert_eq!(answer["errors"][0]["pointer"], "/until_on");
    }

    async fn an_mps_caseworker_is_answered_as_the_mp(app) {
        app.jump_to("2026-11-23T09:00:00Z").await;
        let officer = app.officer().await;
        let from = "Helen Marsh <helen.marsh@parliament.example>";
        let words = "Dear colleague, I write on behalf of my constituent, Mr D. Amadi, whose black bin was not emptied for three weeks. \
                     I would be grateful for your comments. Helen Marsh, Senior Caseworker to Oliver Stratton-Keane MP";
        let reference = enquiry(&app, from, "mp-1", "Our ref PW/3316", words).await;
        let case = detail(&app, &officer, &reference).await;
        assert_eq!((&case["category"], &case["requester_kind"]), (&json!("mp-enquiry"), &json!("mp")));
        assert_eq!(case["member_enquiry"]["basis"], "constituent_asked", "{case:#}");
        act(&app, &officer, &reference, "replies", json!({"kind": "substantive", "text": "The crew missed the street while the bridge was shut. It is back."})).await.expect(201);
        app.until("2026-11-23T09:10:00Z").await;
        insta::assert_snapshot!("the_caseworker_of_an_mp", mailbox(&app, "helen.marsh@parliament.example").await);
    }

    async fn a_councillors_own_concern_needs_nobodys_consent(app) {
        app.jump_to("2026-11-23T09:00:00Z").await;
        let officer = app.officer().await;
        let reference = enquiry(&app, FROM, "light-1", "Street light out", "The street light outside 4 Vale Terrace has been out since Monday. When will it be mended?").await;
        let case = detail(&app, &officer, &reference).await;
        assert_eq!(case["member_enquiry"]["basis"], "own_concern", "{case:#}");
        assert_eq!(services_own(&app, &officer, &reference).await["service"], "street-lighting");
        act(&app, &officer, &reference, "replies", json!({"kind": "substantive", "text": "A new lamp goes in on Wednesday."})).await.expect(201);
        app.until("2026-11-23T09:10:00Z").await;
        insta::assert_snapshot!("the_member_about_a_street_light", mailbox(&app, MEMBER).await);
    }

    async fn a_councillor_at_an_unknown_address_is_not_refused_and_hears_general_things_only(app) {
        app.jump_to("2026-11-23T09:00:00Z").await;
        let officer = app.officer().await;
        let from = "Cllr Anwen Prothero <anwen.home@mail.example>";
        let reference = enquiry(&app, from, "home-1", "Bins", "Mrs Obi of 3 Beck Row has asked me why her black bin was missed three times.").await;
        let case = detail(&app, &officer, &reference).await;
        assert_eq!(case["procedure"], "member_enquiry");
        assert_eq!((&case["member_enquiry"]["basis"], &case["member_enquiry"]["reply_scope"]), (&json!("unclear"), &json!("general")), "{case:#}");
        let member = app.sign_in(MEMBER).await;
        assert_eq!(app.get(&member, &format!("/v1/cases/{reference}")).await.status, 404, "a name opens nothing of the member's");
        let refused = act(&app, &officer, &reference, "replies", json!({"kind": "substantive", "text": "Her bin was left."})).await.expect(409);
        assert_eq!(refused["code"], "consent_unclear");
        insta::assert_snapshot!("somebody_who_says_they_are_the_member", mailbox(&app, "anwen.home@mail.example").await);
    }

    async fn a_councillor_who_writes_for_themselves_is_a_resident(app) {
        let officer = app.officer().await;
        let words = "I write as a resident and not as a councillor: I want to make a formal complaint. My own black bin was missed again and nobody rang me back.";
        let reference = enquiry(&app, FROM, "own-1", "My bin", words).await;
        let case = detail(&app, &officer, &reference).await;
        assert_eq!(case["requester_kind"], "resident", "{case:#}");
        assert!(case["member_enquiry"].is_null());
        let mut procedures: Vec<&str> = case["related_cases"].as_array().unwrap().iter().map(|one| one["procedure"].as_str().unwrap()).collect();
        procedures.push(case["procedure"].as_str().unwrap());
        procedures.sort_unstable();
        assert_eq!(procedures, ["complaint", "service_request"]);
        // Whatever is answered goes to them, in full, as to anybody.
        act(&app, &officer, &reference, "replies", json!({"kind": "substantive", "text": "We are sorry. The crew comes on Monday."})).await.expect(201);
        app.jump_to("2026-11-20T17:10:00Z").await;
        assert!(mailbox(&app, MEMBER).await.contains("The crew comes on Monday."));
    }

    async fn an_assistants_mail_is_the_members_and_answers_go_to_both(app) {
        app.jump_to("2026-11-23T09:00:00Z").await;
        let (officer, member) = (app.officer().await, app.sign_in(MEMBER).await);
        const HELPER: &str = "sam.helper@council.example";
        let bad = app.send(&member, put("/v1/me/assistants", json!({"items": [{"email": "sam"}]}))).await.expect(422);
        assert_eq!(bad["errors"][0]["pointer"], "/items/0/email", "{bad:#}");
        let named = app.send(&member, put("/v1/me/assistants", json!({"items": [{"email": HELPER, "copied": true}]}))).await.expect(200);
        assert_eq!(named["items"], json!([{"email": HELPER, "copied": true}]));
        let admin = app.sign_in("admin@council.example").await;
        let (id, _) = account(&app, &admin, MEMBER).await;
        assert_eq!(app.get(&admin, &format!("/v1/users/{id}/assistants")).await.expect(200), named);
        assert_eq!(app.get(&officer, "/v1/me/assistants").await.expect(403)["code"], "role_may_not");

        let from = format!("Sam Helper <{HELPER}>");
        let reference = enquiry(&app, &from, "helper-1", "Street light out", "The street light outside 4 Vale Terrace has been out since Monday.").await;
        let case = detail(&app, &member, &reference).await;
        assert_eq!(case["requester_kind"], "councillor", "{case:#}");
        act(&app, &officer, &reference, "replies", json!({"kind": "substantive", "text": "A new lamp goes in on Wednesday."})).await.expect(201);
        app.until("2026-11-23T09:10:00Z").await;
        for reader in [MEMBER, HELPER] {
            let read = mailbox(&app, reader).await;
            assert!(read.contains("A new lamp goes in on Wednesday."), "{reader}: {read}");
        }
        // The assistant answers for the member, by the reference alone.
        let more = mail(&from, &format!("Re: Our answer [{reference}]"), "helper-2", "", "It is still dark there.");
        let taken = deliver(&app, &more).await.expect(202);
        assert_eq!(taken["disposition"], "joined", "{taken:#}");
        // Named no longer, they are a stranger.
        app.send(&admin, put(&format!("/v1/users/{id}/assistants"), json!({"items": []}))).await.expect(200);
        let stranger = mail(&from, &format!("Re: Our answer [{reference}]"), "helper-3", "", "And again.");
        assert_eq!(deliver(&app, &stranger).await.expect(202)["disposition"], "held");
    }

    async fn a_resident_is_made_nobodys_assistant_by_a_member(app) {
        let (admin, member) = (app.sign_in("admin@council.example").await, app.sign_in(MEMBER).await);
        for address in ["ada@mail.example", "officer@council.example", "sam@members.example"] {
            let named = put("/v1/me/assistants", json!({"items": [{"email": address, "copied": true}]}));
            let refused = app.send(&member, named).await.expect(422);
            assert_eq!(refused["errors"][0]["code"], "needs_administrator", "{address}: {refused:#}");
            assert_eq!(refused["errors"][0]["pointer"], "/items/0/email");
        }
        let (id, _) = account(&app, &admin, MEMBER).await;
        let items = json!({"items": [{"email": "sam@members.example", "copied": false}]});
        app.send(&admin, put(&format!("/v1/users/{id}/assistants"), items.clone())).await.expect(200);
        app.send(&member, put("/v1/me/assistants", items)).await.expect(200);
        let reference = enquiry(&app, "Ada <ada@mail.example>", "own-2", "Council tax", "I cannot pay my council tax this month.").await;
        assert_eq!(app.get(&member, &format!("/v1/cases/{reference}")).await.status, 404);
    }

    async fn a_member_cannot_say_that_the_council_spoke(app) {
        app.jump_to("2026-11-23T09:00:00Z").await;
        let (officer, member) = (app.officer().await, app.sign_in(MEMBER).await);
        let reference = enquiry(&app, FROM, "spoke-1", "Street light out", "The street light outside 4 Vale Terrace has been out since Monday.").await;
        let clock = async || app.get(&officer, &format!("/v1/cases/{reference}/clocks")).await.expect(200)["items"][0]["state"].clone();
        let before = clock().await;
        let spoken = json!({"channel": "phone", "body": "We spoke.", "case": reference, "acknowledged": {"how": "spoken"}});
        let rang = json!({"channel": "phone", "body": "We rang.", "case": reference, "direction": "outbound", "outcome": "spoke"});
        for (sent, pointer) in [(&spoken, "/acknowledged"), (&rang, "/direction")] {
            let refused = app.post(&member, "/v1/contacts", sent.clone()).await.expect(422);
            assert_eq!((&refused["errors"][0]["pointer"], &refused["errors"][0]["code"]), (&json!(pointer), &json!("not_allowed")), "{refused:#}");
        }
        assert_eq!(clock().await, before);
        app.post(&officer, "/v1/contacts", rang).await.expect(201);
    }

    async fn a_member_cannot_guess_at_what_others_said_on_their_case(app) {
        let (officer, member) = (app.officer().await, app.sign_in(MEMBER).await);
        let reference = enquiry(&app, FROM, "guess-1", "Street light out", "The street light outside 4 Vale Terrace has been out since Monday.").await;
        let said = json!({"channel": "phone", "body": "A neighbour says the zebra family broke it.", "case": reference});
        app.post(&officer, "/v1/contacts", said).await.expect(201);
        let n_found = async |who: &Caller, text: &str| app.get(who, &format!("/v1/cases?q={text}")).await.expect(200)["items"].as_array().unwrap().len();
        assert_eq!(n_found(&officer, "zebra").await, 1);
        assert_eq!(n_found(&member, "zebra").await, 0);
        assert_eq!(n_found(&member, "Street%20light").await, 2, "their enquiry and the service's own case, by their subject");
    }

    async fn a_member_finds_what_they_raised_and_asks_again(app) {
        app.jump_to("2026-11-23T09:00:00Z").await;
        let (officer, member) = (app.officer().await, app.sign_in(MEMBER).await);
        let reference = enquiry(&app, FROM, "list-1", "Street light out", "The street light outside 4 Vale Terrace has been out since Monday.").await;
        act(&app, &officer, &reference, "assignments", json!({"owner": "me"})).await.expect(201);
        let raised = app.post(&member, "/v1/contacts", json!({
            "channel": "phone", "body": "Mr Amadi's black bin was not emptied.", "service": "waste-collection", "category": "missed-bin",
            "person": {"name": "D. Amadi", "email": "amadi@mail.example"},
        })).await.expect(201);
        assert_eq!(raised["case"]["procedure"], "member_enquiry", "{raised:#}");
        let second = raised["case"]["reference"].as_str().unwrap().to_owned();
        let seen = detail(&app, &officer, &second).await;
        assert_eq!(seen["member_enquiry"]["reply_scope"], "general", "nobody said that he agrees: {seen:#}");
        assert!(seen["people"].as_array().unwrap().iter().any(|one| one["role"] == "on_behalf_of" && one["name"] == "D. Amadi"), "{seen:#}");
        assert_eq!(detail(&app, &member, &second).await["people"].as_array().unwrap().len(), 1, "the member sees themselves");
        let list = app.get(&member, "/v1/cases?procedure=member_enquiry").await.expect(200);
        let found: Vec<&str> = list["items"].as_array().unwrap().iter().map(|one| one["reference"].as_str().unwrap()).collect();
        assert_eq!(found.len(), 2);
        assert!(found.contains(&reference.as_str()) && found.contains(&second.as_str()));
        assert!(list["items"].as_array().unwrap().iter().all(|one| one["respond_on"] == "2026-12-07"));

        let asked = app.post(&member, "/v1/contacts", json!({"channel": "councillor", "case": reference, "body": "Is there any news?"})).await.expect(201);
        assert_eq!(asked["joined"], true, "{asked:#}");
        assert_eq!(detail(&app, &member, &reference).await["chasers"], 1);
        app.until("2026-11-23T09:10:00Z").await;
        let told = app.mails_to("officer@council.example").await;
        assert!(told.iter().any(|mail| mail.kind() == "joined"), "its officer hears of it");
        assert!(app.mails_to("amadi@mail.example").await.is_empty(), "who is asked for is told nothing by us");
    }

    async fn access_and_recognition_end_with_the_term_of_office(app) {
        app.jump_to("2026-11-23T09:00:00Z").await;
        let (officer, member) = (app.officer().await, app.sign_in(MEMBER).await);
        let open = enquiry(&app, FROM, "term-1", "Mr Amadi", "Mr Amadi has asked me why his black bin was missed.").await;
        act(&app, &officer, &open, "assignments", json!({"owner": "me"})).await.expect(201);
        let changed = change_user(&app, MEMBER, json!({"ward": "Beckside", "term_ends_on": "2026-11-24"})).await;
        assert_eq!((&changed["ward"], &changed["term_ends_on"]), (&json!("Beckside"), &json!("2026-11-24")));
        app.until("2026-11-24T23:55:00Z").await;
        assert_eq!(app.get(&member, "/v1/cases").await.status, 200, "the last day is a day of office");

        app.until("2026-11-25T09:30:00Z").await;
        // A front remembers for a few seconds whom it has recognised; another has not seen them.
        let elsewhere = app.replica().await;
        assert_eq!(elsewhere.get(&member, "/v1/cases").await.expect(401)["code"], "token_invalid");
        let again = json!({"email": MEMBER, "password": crate::support::PASSWORD});
        assert_eq!(app.post(&Caller::nobody(), "/v1/auth/tokens", again).await.expect(401)["code"], "bad_credentials");
        // What is open is shown to whoever has it, and nobody else gets it.
        let case = detail(&app, &officer, &open).await;
        assert_eq!((&case["member_enquiry"]["member_has_left"], &case["member_enquiry"]["reply_scope"]), (&json!(true), &json!("general")));
        assert_eq!(case["owner"]["name"], "Olu Officer");
        let told: Vec<_> = app.mails_to("officer@council.example").await.into_iter().filter(|mail| mail.kind() == "member_left").collect();
        assert_eq!(told.len(), 1);
        assert!(told[0].raw.contains("Tuesday 24 November 2026") && told[0].raw.contains(&open), "{}", told[0].raw);
        assert!(!told[0].raw.contains("Prothero"));
        let full = json!({"kind": "substantive", "text": "His bin was behind a gate."});
        assert_eq!(act(&app, &officer, &open, "replies", full).await.expect(409)["code"], "consent_unclear");
        // Their mail is anybody's.
        let taken = deliver(&app, &mail(FROM, "My bin", "term-2", "", "My black bin was not emptied.")).await.expect(202);
        let resident = detail(&app, &officer, taken["case"]["reference"].as_str().unwrap()).await;
        assert_eq!((&resident["procedure"], &resident["requester_kind"]), (&json!("service_request"), &json!("resident")), "{resident:#}");
        // Elected again, they are a member again, once.
        change_user(&app, MEMBER, json!({"term_ends_on": null})).await;
        app.sign_in(MEMBER).await;
        let refused = {
            let admin = app.sign_in("admin@council.example").await;
            let (id, version) = account(&app, &admin, "officer@council.example").await;
            let request = TestRequest::patch().uri(&format!("/v1/users/{id}")).insert_header(("if-match", format!("\"{version}\""))).set_json(json!({"ward": "Beckside"}));
            app.send(&admin, request).await.expect(422)
        };
        assert_eq!(refused["errors"][0]["code"], "not_a_member");
    }

    async fn nothing_about_a_private_matter_stands_in_mail_to_a_member(app) {
        app.jump_to("2026-11-23T09:00:00Z").await;
        let officer = app.officer().await;
        let words = "Mr Amadi of 9 Beck Row has asked me about his council tax: the arrears letter says he owes two years of council tax and he has paid by direct debit.";
        let reference = enquiry(&app, FROM, "tax-1", "Council tax arrears", words).await;
        let own = services_own(&app, &officer, &reference).await;
        assert_eq!(own["service"], "council-tax", "{own:#}");
        act(&app, &officer, &reference, "questions", json!({"text": "Which bank account did he pay the arrears from?"})).await.expect(201);
        act(&app, &officer, &reference, "resumptions", json!({})).await.expect(201);
        act(&app, &officer, &reference, "replies", json!({"kind": "holding", "text": "The arrears are being checked.", "until_on": "2026-12-14"})).await.expect(201);
        act(&app, &officer, &reference, "replies", json!({"kind": "substantive", "text": "He owes nothing: the payments of the arrears were found."})).await.expect(201);
        app.until("2026-11-23T09:10:00Z").await;
        let read = mailbox(&app, MEMBER).await;
        for secret in ["arrears", "owes", "Amadi", "bank account"] {
            assert!(!read.contains(secret), "{secret}: {read}");
        }
        insta::assert_snapshot!("the_member_about_a_private_matter", read);
        // Signed in, they read what was written to them.
        let member = app.sign_in(MEMBER).await;
        let lines = timeline(&app, &member, &reference).await;
        assert!(lines.iter().any(|line| line["detail"]["text"] == "He owes nothing: the payments of the arrears were found."), "{lines:#?}");
    }

    async fn a_ward_is_seen_in_figures_without_anybody_in_it(app) {
        let report = async |who: &Caller, query: &str| app.get(who, &format!("/v1/reports/ward{query}")).await;
        let member = app.sign_in(MEMBER).await;
        assert_eq!(report(&member, "").await.expect(403)["code"], "no_ward");
        change_user(&app, MEMBER, json!({"ward": "Beckside"})).await;
        app.jump_to("2026-11-23T09:00:00Z").await;
        let officer = app.officer().await;
        for n in 0..9 {
            let (service, category) = if n < 6 { ("waste-collection", "missed-bin") } else { ("street-lighting", "light-out") };
            let logged = crate::intake::log(&app, json!({
                "channel": "phone", "body": format!("Number {n}."), "service": service, "category": category,
                "person": {"name": format!("Person {n}"), "email": format!("p{n}@mail.example")},
            })).await;
            if n < 5 {
                let reference = logged["case"]["reference"].as_str().unwrap();
                act(&app, &officer, reference, "replies", json!({"kind": "substantive", "text": "Done."})).await.expect(201);
            }
        }
        app.database.by_hand("UPDATE cases SET ward = 'Beckside'");
        app.database.by_hand("UPDATE case_measures SET ward = 'Beckside', is_unrolled = is_closed");
        // Until the month is over nothing is told of it.
        assert_eq!(report(&member, "").await.expect(200)["items"], json!([]));
        app.jump_to("2026-12-02T09:00:00Z").await;
        let told = report(&member, "").await.expect(200);
        assert_eq!(told["ward"], "Beckside");
        assert_eq!((&told["from_on"], &told["to_on"]), (&json!("2025-12-01"), &json!("2026-11-30")));
        assert_eq!(told["small_numbers_left_out"], true);
        // Five answered in time: that one was left too long is not told. Three street lights are too few to tell.
        let nothing = json!({"in_time": null, "of": null, "percent": null});
        assert_eq!(told["items"], json!([{
            "key": "waste-collection", "received": 6, "answered": nothing, "open": 6, "overdue": null,
        }]), "{told:#}");
        assert_eq!(report(&member, "?ward=Saltern").await.expect(403)["code"], "other_ward");
        let admin = app.sign_in("admin@council.example").await;
        assert_eq!(report(&admin, "?ward=Beckside").await.expect(200)["items"], told["items"]);
        assert_eq!(report(&admin, "").await.status, 422);
        assert_eq!(report(&officer, "?ward=Beckside").await.expect(403)["code"], "role_may_not");
    }
}
