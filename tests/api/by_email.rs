//! A team that works by e-mail: what it is mailed, what its links do, and what becomes of its replies.

use std::cell::RefCell;
use std::collections::BTreeMap;

use actix_web::test::TestRequest;
use reeve::casework::delivery;
use reeve::store::outbox;
use serde_json::{Value, json};

use crate::intake::log;
use crate::mail_in::{deliver, gone};
use crate::support::{Caller, Mail, Reply, TestApp};

const INBOX: &str = "enquiries@leisure-trust.example";
const ADA: &str = "ada@mail.example";

/// A question for the leisure team, which works by e-mail.
pub fn question() -> Value {
    json!({
        "channel": "phone",
        "subject": "Pool lanes",
        "body": "When does the slow lane open again?",
        "person": {"name": "Ada Example", "kind": "resident", "email": ADA, "phone": "01632 960123"},
        "service": "leisure",
        "category": "leisure-feedback"
    })
}

async fn asked(app: &TestApp) -> String {
    let logged = log(app, question()).await;
    logged["case"]["reference"].as_str().unwrap().to_owned()
}

async fn case(app: &TestApp, reference: &str) -> Value {
    let officer = app.officer().await;
    app.get(&officer, &format!("/v1/cases/{reference}"))
        .await
        .expect(200)
}

async fn timeline(app: &TestApp, reference: &str) -> Vec<Value> {
    let officer = app.officer().await;
    let read = app
        .get(&officer, &format!("/v1/cases/{reference}/timeline"))
        .await
        .expect(200);
    read["items"].as_array().unwrap().clone()
}

async fn kinds(app: &TestApp, reference: &str) -> Vec<String> {
    let lines = timeline(app, reference).await;
    lines
        .iter()
        .map(|line| line["kind"].as_str().unwrap().to_owned())
        .collect()
}

async fn act(app: &TestApp, reference: &str, what: &str, body: Value) -> Reply {
    let officer = app.officer().await;
    app.post(&officer, &format!("/v1/cases/{reference}/{what}"), body)
        .await
}

async fn to_inbox(app: &TestApp) -> Vec<Mail> {
    let mails = app.mails_to(INBOX).await;
    mails
        .into_iter()
        .filter(|mail| mail.kind() == "inbox_case")
        .collect()
}

async fn receipts(app: &TestApp) -> Vec<Mail> {
    let mails = app.mails_to(INBOX).await;
    mails
        .into_iter()
        .filter(|mail| mail.kind() == "inbox_receipt")
        .collect()
}

async fn to_ada(app: &TestApp, kind: &str) -> Vec<Mail> {
    let mails = app.mails_to(ADA).await;
    mails
        .into_iter()
        .filter(|mail| mail.kind() == kind)
        .collect()
}

/// The paths of a mail's three links, in their order: taken, not ours, needs longer.
fn links(mail: &Mail) -> [String; 3] {
    let mut found: Vec<String> = Vec::new();
    for (at, _) in mail.raw.match_indices("/by-email/rvq_") {
        let path = mail.raw[at..at + "/by-email/rvq_".len() + 43].to_owned();
        if !found.contains(&path) {
            found.push(path);
        }
    }
    found.try_into().unwrap_or_else(|_| panic!("{}", mail.raw))
}

/// A browser that keeps the cookies it is given.
struct Browser<'a> {
    app: &'a TestApp,
    cookies: RefCell<BTreeMap<String, String>>,
}

impl<'a> Browser<'a> {
    fn new(app: &'a TestApp) -> Self {
        Self {
            app,
            cookies: RefCell::default(),
        }
    }

    async fn send(&self, request: TestRequest) -> Reply {
        let sent: Vec<String> = self
            .cookies
            .borrow()
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let request = request.insert_header(("cookie", sent.join("; ")));
        let reply = self.app.send(&Caller::nobody(), request).await;
        for (_, set) in reply
            .headers
            .iter()
            .filter(|(name, _)| name == "set-cookie")
        {
            let (name, value) = set.split(';').next().unwrap().split_once('=').unwrap();
            self.cookies
                .borrow_mut()
                .insert(name.to_owned(), value.to_owned());
        }
        reply
    }

    async fn open(&self, path: &str) -> Reply {
        let page = self.send(TestRequest::get().uri(path)).await;
        assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
        assert_eq!(page.header("cache-control"), Some("no-store"));
        // As a word: the letters may well stand in a token.
        let is_of_a_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        assert!(
            page.text
                .split(|c| !is_of_a_word(c))
                .all(|word| word != "Ada"),
            "a page names nobody: {}",
            page.text
        );
        page
    }

    /// Opens the page and presses its button.
    async fn press(&self, path: &str, fields: &[(&str, &str)]) -> Reply {
        let page = self.open(path).await;
        let token = page
            .text
            .split_once("name=\"form_token\" value=\"")
            .map_or("", |(_, after)| after.split('"').next().unwrap())
            .to_owned();
        self.press_again(path, &token, fields).await
    }

    async fn press_again(&self, path: &str, token: &str, fields: &[(&str, &str)]) -> Reply {
        let mut form = vec![format!("form_token={token}")];
        for (name, value) in fields {
            let value: String = value.bytes().map(|byte| format!("%{byte:02X}")).collect();
            form.push(format!("{name}={value}"));
        }
        let request = TestRequest::post()
            .uri(path)
            .insert_header(("content-type", "application/x-www-form-urlencoded"))
            .insert_header(("sec-fetch-site", "same-origin"))
            .set_payload(form.join("&"));
        self.send(request).await
    }
}

/// A reply to one of our mails to the inbox.
fn reply(mail: &Mail, from: &str, id: &str, more: &str, body: &str) -> String {
    let to = mail.header("Reply-To").to_owned();
    reply_to(&to, mail, from, id, more, body)
}

fn reply_to(to: &str, mail: &Mail, from: &str, id: &str, more: &str, body: &str) -> String {
    let subject = mail.header("Subject");
    format!(
        "From: {from}\r\nTo: {to}\r\nSubject: Re: {subject}\r\nMessage-ID: <{id}@leisure-trust.example>\r\n\
         Date: Fri, 20 Nov 2026 16:59:00 +0000\r\n{more}Content-Type: text/plain; charset=utf-8\r\n\r\n{body}\r\n"
    )
}

const KIM: &str = "Kim Kestrel <enquiries@leisure-trust.example>";

stories! {
    async fn a_case_is_mailed_to_the_inbox_of_its_team_once_with_all_it_needs(app) {
        let reference = asked(&app).await;
        let mails = to_inbox(&app).await;
        assert_eq!(mails.len(), 1);
        let mail = &mails[0];
        assert!(mail.header("Subject").contains(&reference), "{}", mail.raw);
        assert!(mail.header("Reply-To").contains('+'), "{}", mail.raw);
        assert_eq!(mail.header("Auto-Submitted"), "auto-generated");
        for words in [
            "When does the slow lane open again?",
            "Ada Example",
            "01632 960123",
            "We told a resident:",
            "To the resident:",
        ] {
            assert!(mail.raw.contains(words), "{words}: {}", mail.raw);
        }
        assert!(!mail.raw.contains(ADA), "what is written goes through us: {}", mail.raw);
        assert_eq!(links(mail).len(), 3);
        app.replica().await.catch_up().await;
        app.catch_up().await;
        assert_eq!(to_inbox(&app).await.len(), 1, "one landing is one mail");
        let kept = app.database.everything();
        assert!(!kept.contains("rvq_"), "no token is kept");
    }

    async fn a_case_that_is_passed_to_such_a_team_is_mailed_and_one_that_left_before_is_not(app) {
        let mut body = question();
        body["service"] = json!("waste-collection");
        body["category"] = json!("missed-bin");
        let logged = log(&app, body).await;
        let reference = logged["case"]["reference"].as_str().unwrap().to_owned();
        assert!(to_inbox(&app).await.is_empty());
        act(&app, &reference, "transfers", json!({"queue": "leisure", "reason": "It is about the pool"})).await.expect(201);
        act(&app, &reference, "transfers", json!({"queue": "waste-ops", "reason": "It is not"})).await.expect(201);
        assert!(to_inbox(&app).await.is_empty(), "it had moved on before the mail left");
        act(&app, &reference, "transfers", json!({"queue": "leisure", "reason": "It is after all"})).await.expect(201);
        assert_eq!(to_inbox(&app).await.len(), 1);
    }

    async fn what_keeps_staff_safe_is_the_first_thing_the_inbox_reads(app) {
        let logged = log(&app, question()).await;
        let person = logged["person"]["id"].as_str().unwrap().to_owned();
        let officer = app.officer().await;
        for (kind, instruction) in [("staff_safety", "Visit in pairs"), ("vulnerable", "Speak slowly")] {
            let marker = json!({
                "kind": kind, "purpose": "A dog that has bitten.", "instruction": instruction, "owner": "me",
                "review_on": "2027-03-01"
            });
            app.post(&officer, &format!("/v1/people/{person}/markers"), marker).await.expect(201);
        }
        let mail = to_inbox(&app).await.remove(0);
        let at = |words: &str| mail.raw.find(words).unwrap_or_else(|| panic!("{words}: {}", mail.raw));
        assert!(at("Visit in pairs until Monday 1 March 2027") < at("When does the slow lane open again?"));
        assert!(!mail.raw.contains("Speak slowly") && !mail.raw.contains("bitten"), "nothing else leaves: {}", mail.raw);
        let auditor = app.sign_in("auditor@council.example").await;
        let lines = app.get(&auditor, "/v1/audit?action=person.markers_read").await.expect(200);
        assert!(lines.to_string().contains("inbox:leisure"), "{lines:#}");
    }

    async fn a_sensitive_case_goes_to_the_team_leader_and_says_nothing(app) {
        let mut body = question();
        body["service"] = json!("council-tax");
        body["category"] = Value::Null;
        body["subject"] = json!("Council tax arrears");
        body["body"] = json!("I cannot pay my council tax arrears this month.");
        let logged = log(&app, body).await;
        let reference = logged["case"]["reference"].as_str().unwrap().to_owned();
        assert_eq!(case(&app, &reference).await["secrecy"], "sensitive");
        act(&app, &reference, "transfers", json!({"queue": "leisure", "reason": "A discount for the pool"})).await.expect(201);
        app.until("2026-11-23T09:30:00Z").await;
        assert!(app.mails_to(INBOX).await.is_empty(), "nothing by plain mail");
        let told = app.mails_to("team.leader.leisure@council.example").await;
        let kept = told.iter().find(|mail| mail.kind() == "inbox_kept").expect("the team leader is told");
        assert!(kept.raw.contains(&reference) && !kept.raw.contains("arrears"), "{}", kept.raw);
    }

    async fn taken_is_done_by_the_button_and_never_by_a_scanner(app) {
        let reference = asked(&app).await;
        let [taken, ..] = links(&to_inbox(&app).await[0]);
        let browser = Browser::new(&app);
        for _ in 0..3 {
            let page = browser.open(&taken).await;
            assert_eq!(page.status, 200);
        }
        assert_eq!(case(&app, &reference).await["status"], "new", "looking changes nothing");
        let done = browser.press(&taken, &[("name", "Kim Kestrel")]).await;
        assert_eq!(done.status, 200, "{}", done.text);
        assert!(done.text.contains("We have noted that you deal with it."), "{}", done.text);
        let now = case(&app, &reference).await;
        assert_eq!((&now["status"], &now["taken_by"]), (&json!("open"), &json!("Kim Kestrel")));
        let lines = timeline(&app, &reference).await;
        let line = lines.iter().find(|line| line["kind"] == "taken_by_inbox").unwrap();
        assert_eq!(line["actor"]["kind"], "post");
        assert_eq!(line["words"], "The team that deals with it has it.");
        app.until("2026-11-25T17:30:00Z").await;
        assert!(
            !kinds(&app, &reference).await.is_empty()
                && timeline(&app, &reference).await.iter().all(|line| line["detail"]["clock"] != "waiting_unassigned"),
            "somebody has it: nobody is told that nobody has"
        );
    }

    async fn a_button_pressed_twice_acts_once(app) {
        let reference = asked(&app).await;
        let [_, not_ours, _] = links(&to_inbox(&app).await[0]);
        let browser = Browser::new(&app);
        let fields = [("to", "team:libraries"), ("why", "It is about the library café")];
        let page = browser.open(&not_ours).await;
        let token = page.text.split_once("name=\"form_token\" value=\"").unwrap().1.split('"').next().unwrap().to_owned();
        for _ in 0..2 {
            let done = browser.press_again(&not_ours, &token, &fields).await;
            assert_eq!(done.status, 200, "{}", done.text);
        }
        let n_passed = kinds(&app, &reference).await.iter().filter(|kind| *kind == "transferred").count();
        assert_eq!(n_passed, 1);
        assert_eq!(case(&app, &reference).await["queue"], "libraries");
        let again = browser.open(&not_ours).await;
        assert!(again.text.contains("This was done at") && !again.text.contains("<button"), "{}", again.text);
    }

    async fn a_form_from_another_site_does_nothing(app) {
        let reference = asked(&app).await;
        let [taken, ..] = links(&to_inbox(&app).await[0]);
        let browser = Browser::new(&app);
        browser.open(&taken).await;
        let made_up = browser.press_again(&taken, "made-up", &[]).await;
        assert_eq!(made_up.status, 403);
        assert_eq!(case(&app, &reference).await["status"], "new");
    }

    async fn a_link_ends_and_says_so(app) {
        let reference = asked(&app).await;
        let [taken, ..] = links(&to_inbox(&app).await[0]);
        app.move_to("2026-12-21T17:00:00Z");
        let browser = Browser::new(&app);
        let page = browser.open(&taken).await;
        assert!(page.text.contains("This link does not work any more."), "{}", page.text);
        let pressed = browser.press(&taken, &[]).await;
        assert!(matches!(pressed.status, 403 | 409), "{}", pressed.status);
        assert_ne!(case(&app, &reference).await["taken_by"], "Kim Kestrel");
        let other = if taken.ends_with('A') { 'Q' } else { 'A' };
        let made_up = browser.open(&format!("{}{other}", &taken[..taken.len() - 1])).await;
        assert_eq!(made_up.status, 404);
    }

    async fn a_link_of_a_case_that_has_moved_on_says_so(app) {
        let reference = asked(&app).await;
        let [taken, not_ours, needs_longer] = links(&to_inbox(&app).await[0]);
        act(&app, &reference, "transfers", json!({"queue": "libraries", "reason": "Theirs"})).await.expect(201);
        let browser = Browser::new(&app);
        for link in [&taken, &not_ours, &needs_longer] {
            let page = browser.open(link).await;
            assert!(page.text.contains("Another team deals with it now."), "{}", page.text);
            assert!(!page.text.contains("<button"), "{}", page.text);
        }
        act(&app, &reference, "transfers", json!({"queue": "leisure", "reason": "Back"})).await.expect(201);
        act(&app, &reference, "replies", json!({"text": "It opens on Monday.", "kind": "substantive"})).await.expect(201);
        let page = browser.open(&taken).await;
        assert!(page.text.contains("It has been answered."), "{}", page.text);
    }

    async fn what_nobody_is_sure_of_comes_back_to_be_placed(app) {
        let reference = asked(&app).await;
        let [_, not_ours, _] = links(&to_inbox(&app).await[0]);
        let browser = Browser::new(&app);
        let missing = browser.press(&not_ours, &[("to", "unsure")]).await;
        assert_eq!(missing.status, 422, "it asks why: {}", missing.text);
        let done = browser.press(&not_ours, &[("to", "unsure"), ("why", "We run no such pool")]).await;
        assert_eq!(done.status, 200, "{}", done.text);
        assert_eq!(case(&app, &reference).await["queue"], "triage");
    }

    async fn what_belongs_to_another_body_is_told_to_the_resident_with_how_to_reach_it(app) {
        let reference = asked(&app).await;
        let [_, not_ours, _] = links(&to_inbox(&app).await[0]);
        let fields = [("to", "body:the water company"), ("why", "The leak is in their main")];
        let done = Browser::new(&app).press(&not_ours, &fields).await;
        assert_eq!(done.status, 200, "{}", done.text);
        let now = case(&app, &reference).await;
        assert_eq!((&now["status"], &now["outcome"]), (&json!("closed"), &json!("not_ours")));
        let mails = to_ada(&app, "not_ours").await;
        assert_eq!(mails.len(), 1);
        let plain = mails[0].raw.split("Content-Type: text/html").next().unwrap().to_owned();
        for words in [
            "We cannot put this right ourselves: it belongs to the water company.",
            "Here is how to reach them. Ring 0808 157 0701, or go to https://water.example/report.",
            "We have closed it here.",
        ] {
            assert!(plain.contains(words), "{words}: {plain}");
        }
        assert!(!plain.contains("their main"), "why is for us: {plain}");
        let lines = timeline(&app, &reference).await;
        let line = lines.iter().find(|line| line["kind"] == "referred_to").unwrap();
        assert_eq!(
            line["words"],
            "This belongs to the water company. Ring 0808 157 0701, or go to https://water.example/report."
        );
    }

    async fn an_officer_names_the_other_body_too(app) {
        let reference = asked(&app).await;
        let unknown = act(&app, &reference, "closures", json!({"outcome": "not_ours", "other_body": "the moon"})).await.expect(422);
        assert!(unknown.to_string().contains("the water company"), "it names those there are: {unknown:#}");
        act(&app, &reference, "closures", json!({"outcome": "resolved", "other_body": "the water company"})).await.expect(422);
        act(&app, &reference, "closures", json!({"outcome": "referred", "other_body": "the water company"})).await.expect(201);
        let mails = to_ada(&app, "not_ours").await;
        assert!(mails[0].raw.contains("0808 157 0701"), "{}", mails[0].raw);
    }

    async fn longer_is_asked_for_within_what_an_officer_may_and_the_resident_is_told(app) {
        let reference = asked(&app).await;
        let before = case(&app, &reference).await["respond_on"].clone();
        let [_, _, needs_longer] = links(&to_inbox(&app).await[0]);
        let browser = Browser::new(&app);
        let early = browser.press(&needs_longer, &[("until_on", "2020-01-01"), ("why", "Parts")]).await;
        assert_eq!(early.status, 409, "{}", early.text);
        assert!(early.text.contains("still to come") && early.text.contains("Parts"), "{}", early.text);
        let fields = [("until_on", "2026-12-11"), ("why", "The pump has to be ordered.")];
        let done = browser.press(&needs_longer, &fields).await;
        assert_eq!(done.status, 200, "{}", done.text);
        assert!(done.text.contains("Friday 11 December 2026"), "{}", done.text);
        app.until("2026-11-20T17:10:00Z").await;
        let now = case(&app, &reference).await;
        let later = to_ada(&app, "extension").await;
        let updates = to_ada(&app, "reply").await;
        let told = later.first().or(updates.first()).unwrap_or_else(|| panic!("Ada was told nothing"));
        assert!(told.raw.contains("The pump has to be ordered."), "{}", told.raw);
        assert!(told.raw.contains("11 December 2026"), "{}", told.raw);
        let is_moved = now["respond_on"] != before;
        let happened = kinds(&app, &reference).await;
        assert_eq!(is_moved, happened.iter().any(|kind| kind == "extended"), "{happened:?}");
        assert_eq!(!is_moved, happened.iter().any(|kind| kind == "promised"), "{happened:?}");
    }

    async fn a_reply_is_a_note_and_stops_no_clock(app) {
        let reference = asked(&app).await;
        let mail = to_inbox(&app).await.remove(0);
        let raw = reply(&mail, KIM, "note-1", "", "We look at it on Monday.");
        let taken = deliver(&app, &raw).await.expect(202);
        assert_eq!(taken["disposition"], "joined", "{taken:#}");
        app.until("2026-11-20T17:10:00Z").await;
        let lines = timeline(&app, &reference).await;
        let noted = lines.iter().find(|line| line["kind"] == "noted").unwrap();
        assert_eq!(noted["detail"]["text"], "We look at it on Monday.");
        assert_eq!((&noted["actor"]["kind"], &noted["actor"]["id"]), (&json!("post"), &json!("leisure")));
        assert_eq!(noted["actor"]["name"], "Kim Kestrel");
        assert_eq!(case(&app, &reference).await["status"], "new");
        assert!(to_ada(&app, "reply").await.is_empty());
        let receipt = receipts(&app).await.remove(0);
        assert!(receipt.raw.contains("kept it as a note") && receipt.raw.contains("To the resident:"), "{}", receipt.raw);
        let again = deliver(&app, &raw).await.expect(202);
        assert_eq!(again["disposition"], "duplicate");
        assert_eq!(receipts(&app).await.len(), 1);
    }

    async fn words_for_the_resident_are_sent_on_as_the_answer_and_keep_the_promise(app) {
        let reference = asked(&app).await;
        let mail = to_inbox(&app).await.remove(0);
        let body = "To the resident:\r\nThe slow lane opens on Monday.\r\n\r\nTo the council:\r\nHeater part came.\r\n\r\n\
                    On Fri, 20 Nov 2026 at 16:58, Northmere Council <contact@council.example> wrote:\r\n> We have something for you.\r\n";
        deliver(&app, &reply(&mail, KIM, "answer-1", "", body)).await.expect(202);
        assert!(to_ada(&app, "reply").await.is_empty(), "it leaves a little later");
        let receipt = receipts(&app).await.remove(0);
        assert!(receipt.raw.contains("Your words go to a resident at 5pm on Friday 20 November 2026"), "{}", receipt.raw);
        app.until("2026-11-20T17:10:00Z").await;
        let answers = to_ada(&app, "reply").await;
        assert_eq!(answers.len(), 1);
        let answer = &answers[0].raw;
        assert!(answer.contains("The slow lane opens on Monday."), "{answer}");
        assert!(!answer.contains("Heater") && !answer.contains("something for you") && !answer.contains("rvq_"), "{answer}");
        let now = case(&app, &reference).await;
        assert_eq!((&now["status"], &now["outcome"]), (&json!("responded"), &json!("answered")));
        let officer = app.officer().await;
        let clocks = app.get(&officer, &format!("/v1/cases/{reference}/clocks")).await.expect(200);
        let respond = clocks["items"].as_array().unwrap().iter().find(|clock| clock["name"] == "respond").unwrap().clone();
        assert_eq!(respond["state"], "met", "{clocks:#}");
        let noted = timeline(&app, &reference).await;
        assert!(noted.iter().any(|line| line["detail"]["text"] == "Heater part came."), "{noted:#?}");
    }

    async fn an_update_for_the_resident_leaves_the_clock_running(app) {
        let reference = asked(&app).await;
        let mail = to_inbox(&app).await.remove(0);
        let body = "Update to the resident:\r\nWe wait for a part.";
        deliver(&app, &reply(&mail, "Lee <lee@leisure-trust.example>", "update-1", "", body)).await.expect(202);
        app.until("2026-11-20T17:10:00Z").await;
        assert!(to_ada(&app, "reply").await[0].raw.contains("We wait for a part."));
        assert_eq!(case(&app, &reference).await["status"], "new", "the answer is to come");
    }

    async fn words_on_their_way_can_be_taken_back(app) {
        let reference = asked(&app).await;
        let mail = to_inbox(&app).await.remove(0);
        deliver(&app, &reply(&mail, KIM, "wrong-1", "", "To the resident:\r\nGo away.")).await.expect(202);
        let officer = app.officer().await;
        let notices = app.get(&officer, &format!("/v1/cases/{reference}/notices")).await.expect(200);
        let id = notices["items"].as_array().unwrap().iter().find(|one| one["kind"] == "reply").unwrap()["id"].as_str().unwrap().to_owned();
        let gone = TestRequest::delete().uri(&format!("/v1/cases/{reference}/replies/{id}"));
        let reply = app.send(&officer, gone).await;
        assert!((200..300).contains(&reply.status), "{} {}", reply.status, reply.text);
        app.until("2026-11-20T17:10:00Z").await;
        assert!(to_ada(&app, "reply").await.is_empty());
        assert_ne!(case(&app, &reference).await["status"], "responded");
    }

    async fn a_forged_reply_sends_nothing_to_the_resident(app) {
        let reference = asked(&app).await;
        let mail = to_inbox(&app).await.remove(0);
        let words = "To the resident:\r\nPay 90 pounds to this account.";
        // The right sender without the secret address.
        let without = reply_to("contact@council.example", &mail, KIM, "forged-1", "", words);
        deliver(&app, &without).await.expect(202);
        // The secret address from somebody else.
        let stranger = reply(&mail, "Mallory <mallory@evil.example>", "forged-2", "", words);
        assert_eq!(deliver(&app, &stranger).await.expect(202)["disposition"], "held");
        // Both, and the sender's domain disowns it.
        let disowned = "Authentication-Results: mx.council.example; dmarc=fail (p=none)\r\n header.from=leisure-trust.example\r\n";
        let forged = reply(&mail, KIM, "forged-3", disowned, words);
        assert_eq!(deliver(&app, &forged).await.expect(202)["disposition"], "held");
        // A domain that only ends like theirs.
        let alike = reply(&mail, "Kim <kim@not-leisure-trust.example>", "forged-4", "", words);
        assert_eq!(deliver(&app, &alike).await.expect(202)["disposition"], "held");
        app.until("2026-11-20T17:10:00Z").await;
        assert!(to_ada(&app, "reply").await.is_empty());
        assert!(app.mails_to(ADA).await.iter().all(|mail| !mail.raw.contains("90 pounds")));
        assert_ne!(case(&app, &reference).await["status"], "responded");
        assert!(receipts(&app).await.is_empty(), "and nobody is told how near they came");
    }

    async fn an_out_of_office_reply_is_stored_on_the_case_and_goes_no_further(app) {
        let reference = asked(&app).await;
        let mail = to_inbox(&app).await.remove(0);
        let raw = reply(&mail, KIM, "away-1", "Auto-Submitted: auto-replied\r\n", "To the resident:\r\nI am away until Monday.");
        let taken = deliver(&app, &raw).await.expect(202);
        assert_eq!(taken["disposition"], "stored", "{taken:#}");
        app.until("2026-11-20T17:10:00Z").await;
        assert!(to_ada(&app, "reply").await.is_empty() && receipts(&app).await.is_empty());
        assert!(kinds(&app, &reference).await.contains(&"automatic_mail_stored".to_owned()));
    }

    async fn a_reply_of_a_team_that_has_it_no_longer_waits_for_a_person(app) {
        let reference = asked(&app).await;
        let mail = to_inbox(&app).await.remove(0);
        act(&app, &reference, "transfers", json!({"queue": "libraries", "reason": "Theirs"})).await.expect(201);
        let raw = reply(&mail, KIM, "late-1", "", "To the resident:\r\nIt opens on Monday.");
        assert_eq!(deliver(&app, &raw).await.expect(202)["disposition"], "held");
        app.until("2026-11-20T17:10:00Z").await;
        assert!(to_ada(&app, "reply").await.is_empty());
    }

    async fn words_that_cannot_be_sent_are_kept_and_the_inbox_is_told(app) {
        let mut body = question();
        body["person"] = json!({"name": "Bo Example", "kind": "resident", "phone": "01632 960124"});
        let logged = log(&app, body).await;
        let reference = logged["case"]["reference"].as_str().unwrap().to_owned();
        let mail = to_inbox(&app).await.remove(0);
        deliver(&app, &reply(&mail, KIM, "none-1", "", "To the resident:\r\nOn Monday.")).await.expect(202);
        let receipt = receipts(&app).await.remove(0);
        assert!(receipt.raw.contains("not sent") && receipt.raw.contains("no address"), "{}", receipt.raw);
        let lines = timeline(&app, &reference).await;
        assert!(lines.iter().any(|line| line["kind"] == "noted" && line["detail"]["text"].as_str().unwrap().contains("On Monday.")), "{lines:#?}");
        assert_ne!(case(&app, &reference).await["status"], "responded", "nothing of the answer stays");
    }

    async fn another_message_goes_to_the_inbox_with_links_of_its_own(app) {
        let reference = asked(&app).await;
        let first = to_inbox(&app).await.remove(0);
        let confirmation = app.mails_to(ADA).await.remove(0);
        let to = confirmation.header("Reply-To").to_owned();
        let raw = reply_to(&to, &confirmation, "Ada <ada@mail.example>", "again-1", "", "Is there any news about the lane?");
        deliver(&app, &raw).await.expect(202);
        let mails = to_inbox(&app).await;
        assert_eq!(mails.len(), 2);
        assert!(mails[1].raw.contains("Is there any news") && !mails[1].raw.contains("When does the slow lane"), "{}", mails[1].raw);
        assert_ne!(links(&mails[1]), links(&first));
        assert!(mails[1].header("Subject").contains(&reference));
    }

    async fn the_inbox_is_reminded_where_an_owner_would_be_and_the_posts_hear_as_ever(app) {
        let reference = asked(&app).await;
        let [taken, ..] = links(&to_inbox(&app).await[0]);
        Browser::new(&app).press(&taken, &[]).await;
        app.until("2026-12-11T18:00:00Z").await;
        let mails = to_inbox(&app).await;
        assert!(mails.len() > 1, "reminders come");
        let last = mails.last().unwrap();
        assert!(last.header("Subject").contains(&reference) && last.raw.contains("When does the slow lane"), "{}", last.raw);
        let leader = app.mails_to("team.leader.leisure@council.example").await;
        assert!(leader.iter().any(|mail| mail.raw.contains(&reference)), "and the team leader when it is late");
    }

    async fn an_inbox_that_takes_no_mail_leaves_its_cases_to_the_team_leader(app) {
        let reference = asked(&app).await;
        let mail = to_inbox(&app).await.remove(0);
        let id = mail.header("Message-ID").trim_matches(['<', '>']).to_owned();
        app.desk
            .perform(move |tx, at| {
                let notice = outbox::find_by_message_id(tx, &id)?.expect("it was sent");
                delivery::bounced(tx, at, &notice, &gone())
            })
            .await
            .unwrap();
        app.until("2026-11-23T09:30:00Z").await;
        let told = app.mails_to("team.leader.leisure@council.example").await;
        let instead = told.iter().find(|mail| mail.kind() == "inbox_case").expect("the team leader has it");
        assert!(instead.raw.contains("When does the slow lane open again?"), "{}", instead.raw);
        let [taken, ..] = links(instead);
        assert_ne!(taken, links(&mail)[0]);
        let done = Browser::new(&app).press(&taken, &[]).await;
        assert_eq!(done.status, 200, "{}", done.text);
        assert_eq!(case(&app, &reference).await["taken_by"], "leisure team");
    }

    async fn the_mail_to_an_inbox_reads_well(app) {
        let reference = asked(&app).await;
        let mail = to_inbox(&app).await.remove(0);
        let plain = mail.raw.split("Content-Type: text/html").next().unwrap();
        let body = plain.split_once("##-").map_or(plain, |(_, body)| body);
        let mut words = format!("##-{}", body.trim_end()).replace(&reference, "REF-REF-REF");
        for (n, link) in links(&mail).iter().enumerate() {
            words = words.replace(link, &format!("/by-email/rvq_{}", n + 1));
        }
        let words: Vec<&str> = words.lines().take_while(|line| !line.starts_with("--")).collect();
        insta::assert_snapshot!("the_mail_to_an_inbox", words.join("\n").trim_end());
    }
}
