//! Whatever writes leaves a line of the audit, with who did it and under which request. The table of
//! operations is walked: one that is not asked here fails.

mod records;

use std::collections::BTreeSet;

use actix_web::http::Method;
use actix_web::test::TestRequest;
use reeve::http::routes;
use reeve::store::audit;
use serde_json::{Value, json};

use crate::intake::missed_bin;
use crate::mail_in::mail;
use crate::support::{Caller, Database, PASSWORD, TestApp};

/// Operations that write nothing but, where it matters, that somebody looked.
const READERS: &[&str] = &[
    "POST /v1/people/searches",
    "POST /v1/reports/out-of-hours/reckonings",
    "POST /v1/routing/trials",
];
/// Asked for without saying whether there is such an account: the line is written with what is sent.
const LATER: &[&str] = &["POST /v1/auth/sign-in-links"];
/// Signing in happens before anybody is known by their request; the line names the account.
const BY_ACTION: &[(&str, &str)] = &[
    ("POST /v1/auth/tokens", "sign_in"),
    ("POST /v1/auth/refreshes", "session_refreshed"),
    ("POST /v1/auth/bootstrap", "user_created"),
    ("POST /v1/auth/sign-in-links/redemptions", "sign_in"),
];

/// A walk through the table of operations.
struct Walk<'a> {
    app: &'a TestApp,
    walked: BTreeSet<String>,
    /// Everything that is wrong, told at the end.
    faults: Vec<String>,
}

/// One request of it.
struct Step<'a> {
    method: Method,
    /// As the table has it.
    route: &'a str,
    path: String,
    body: Option<Value>,
    raw: Option<String>,
    form: Option<String>,
    /// A file, in a form of parts.
    file: Option<&'static str>,
    etag: Option<String>,
}

impl<'a> Step<'a> {
    fn of(method: Method, route: &'a str, path: impl Into<String>) -> Self {
        Self {
            method,
            route,
            path: path.into(),
            body: None,
            raw: None,
            form: None,
            file: None,
            etag: None,
        }
    }

    fn post(route: &'a str, path: impl Into<String>, body: Value) -> Self {
        Self {
            body: Some(body),
            ..Self::of(Method::POST, route, path)
        }
    }
}

impl Walk<'_> {
    async fn take(&mut self, who: &Caller, step: Step<'_>) -> Value {
        let text = self.take_text(who, step).await;
        if text.is_empty() {
            Value::Null
        } else {
            serde_json::from_str(&text).unwrap()
        }
    }

    async fn take_text(&mut self, who: &Caller, step: Step<'_>) -> String {
        let name = format!("{} {}", step.method, step.route);
        let id = format!(
            "trace-{}-{}",
            self.walked.len(),
            uuid::Uuid::new_v4().simple()
        );
        let mut request = TestRequest::with_uri(&step.path)
            .method(step.method)
            .insert_header(("x-request-id", id.clone()));
        if let Some(etag) = step.etag {
            request = request.insert_header(("if-match", etag));
        }
        if let Some(body) = step.body {
            request = request.set_json(body);
        }
        if let Some(raw) = step.raw {
            request = request
                .insert_header(("content-type", "message/rfc822"))
                .set_payload(raw);
        }
        if let Some(form) = step.form {
            request = request
                .insert_header(("content-type", "application/x-www-form-urlencoded"))
                .set_payload(form);
        }
        if let Some(words) = step.file {
            let form = format!(
                "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"bin.txt\"\r\n\r\n{words}\r\n--b--\r\n"
            );
            request = request
                .insert_header(("content-type", "multipart/form-data; boundary=b"))
                .set_payload(form);
        }
        let action = BY_ACTION
            .iter()
            .find(|(own, _)| *own == name)
            .map(|(_, action)| *action);
        let before = self.lines(action).await;
        let reply = self.app.send(who, request).await;
        if !(200..300).contains(&reply.status) {
            let fault = format!("{name}: {} {}", reply.status, reply.text);
            self.faults.push(fault);
        } else if !READERS.contains(&name.as_str()) && !LATER.contains(&name.as_str()) {
            let after = self.lines(action).await;
            let new: Vec<&audit::Line> =
                after.iter().filter(|line| !before.contains(line)).collect();
            let is_told = |line: &&&audit::Line| {
                let is_known = !line.actor.is_empty() && line.object.contains(':');
                is_known && (action.is_some() || line.request_id.as_deref() == Some(id.as_str()))
            };
            if !new.iter().any(|line| is_told(&line)) {
                let fault =
                    format!("{name} left no line that says who and under which request: {new:?}");
                self.faults.push(fault);
            }
        }
        self.walked.insert(name);
        reply.text
    }

    async fn lines(&self, action: Option<&str>) -> Vec<audit::Line> {
        let asked = audit::Asked {
            action: action.map(str::to_owned),
            ..audit::Asked::default()
        };
        let rows = self
            .app
            .desk
            .db
            .read(move |conn| audit::list(conn, &asked, 100))
            .await
            .unwrap();
        rows.into_iter().map(|(line, _)| line).collect()
    }

    /// A case with Ada on it, logged by an agent: its reference and her link.
    async fn case(&mut self, agent: &Caller) -> (String, Caller) {
        let logged = self
            .take(
                agent,
                Step::post("/v1/contacts", "/v1/contacts", missed_bin()),
            )
            .await;
        let token = logged["tracking"]["token"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        let reference = logged["case"]["reference"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        (
            reference,
            Caller {
                bearer: Some(token),
            },
        )
    }

    /// Something done to a case.
    async fn act(&mut self, who: &Caller, case: &str, what: &str, body: Value) -> Value {
        let route = format!("/v1/cases/{{case}}/{what}");
        self.take(
            who,
            Step::post(&route, format!("/v1/cases/{case}/{what}"), body),
        )
        .await
    }

    async fn etag(&self, who: &Caller, path: &str) -> String {
        self.app
            .get(who, path)
            .await
            .header("etag")
            .unwrap()
            .to_owned()
    }
}

/// Signing in and out, accounts and keys.
async fn accounts(walk: &mut Walk<'_>) {
    let app = walk.app;
    let admin = app.sign_in("admin@council.example").await;
    let body = json!({"email": "agent@council.example", "password": PASSWORD});
    let signed = walk
        .take(
            &Caller::nobody(),
            Step::post("/v1/auth/tokens", "/v1/auth/tokens", body),
        )
        .await;
    let body = json!({"refresh_token": signed["refresh_token"]});
    let fresh = walk
        .take(
            &Caller::nobody(),
            Step::post("/v1/auth/refreshes", "/v1/auth/refreshes", body),
        )
        .await;
    let session = Caller {
        bearer: Some(
            fresh["access_token"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
        ),
    };
    let begun = walk
        .take(
            &session,
            Step::post("/v1/me/totp", "/v1/me/totp", json!({})),
        )
        .await;
    let phone = totp_rs::Totp::from_url(begun["uri"].as_str().unwrap_or_default()).unwrap();
    let now = u64::try_from(reeve::casework::accounts::real_now().as_second()).unwrap();
    let body = json!({"code": phone.generate(now).to_string()});
    let route = "/v1/me/totp/confirmations";
    walk.take(&session, Step::post(route, route, body)).await;
    let route = "/v1/auth/sessions/current";
    walk.take(&session, Step::of(Method::DELETE, route, route))
        .await;

    let body = json!({"email": "new@council.example", "name": "Nia New", "role": "agent", "queues": ["*"]});
    let made = walk
        .take(&admin, Step::post("/v1/users", "/v1/users", body))
        .await;
    let path = format!("/v1/users/{}", made["id"].as_str().unwrap_or_default());
    let etag = walk.etag(&admin, &path).await;
    let change = Step {
        body: Some(json!({"active": false})),
        etag: Some(etag),
        ..Step::of(Method::PATCH, "/v1/users/{user}", path)
    };
    walk.take(&admin, change).await;
    let page = app.get(&admin, "/v1/users?limit=100").await.expect(200);
    let agent = page["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|user| user["email"] == "agent@council.example")
        .unwrap()
        .clone();
    let path = format!(
        "/v1/users/{}/totp",
        agent["id"].as_str().unwrap_or_default()
    );
    walk.take(
        &admin,
        Step::of(Method::DELETE, "/v1/users/{user}/totp", path),
    )
    .await;

    let body = json!({"name": "website two", "scopes": ["public_contacts:write"]});
    let made = walk
        .take(&admin, Step::post("/v1/api-keys", "/v1/api-keys", body))
        .await;
    let path = format!("/v1/api-keys/{}", made["id"].as_str().unwrap_or_default());
    walk.take(
        &admin,
        Step::post(
            "/v1/api-keys/{key}/rotations",
            format!("{path}/rotations"),
            json!({}),
        ),
    )
    .await;
    walk.take(&admin, Step::of(Method::DELETE, "/v1/api-keys/{key}", path))
        .await;

    let read = app.get(&admin, "/v1/catalogue").await;
    let etag = read.header("etag").unwrap().to_owned();
    let mut tree = read.expect(200);
    tree["council"]["name"] = json!("Northmere Borough");
    let put = Step {
        body: Some(tree),
        etag: Some(etag),
        ..Step::of(Method::PUT, "/v1/catalogue", "/v1/catalogue")
    };
    walk.take(&admin, put).await;
}

/// The person's side, and mail.
async fn from_outside(walk: &mut Walk<'_>) {
    let app = walk.app;
    let agent = app.agent().await;
    let (case, ada) = walk.case(&agent).await;
    let nobody = Caller::nobody();
    let body = json!({"body": "My bin was not emptied.", "person": {"name": "Bo Example", "email": "bo@mail.example"}, "service": "waste-collection", "category": "missed-bin"});
    walk.take(
        &nobody,
        Step::post("/v1/public/contacts", "/v1/public/contacts", body),
    )
    .await;
    for (who, route) in [
        (&agent, "/v1/attachments"),
        (&nobody, "/v1/public/attachments"),
    ] {
        let step = Step {
            file: Some("It was out by six."),
            ..Step::of(Method::POST, route, route)
        };
        walk.take(who, step).await;
    }
    let route = "/v1/public/tracking-links";
    walk.take(
        &nobody,
        Step::post(
            route,
            route,
            json!({"reference": case, "email": "ada@mail.example"}),
        ),
    )
    .await;
    for (route, body) in [
        (
            "/v1/public/tracking/messages",
            json!({"body": "It is still there."}),
        ),
        ("/v1/public/tracking/feedback", json!({"score": 4})),
        ("/v1/public/tracking/withdrawals", json!({})),
    ] {
        walk.take(&ada, Step::post(route, route, body)).await;
    }
    let gateway = app.key("mail-gateway");
    let route = "/v1/channels/email/messages";
    let (case, _) = walk.case(&agent).await;
    for (id, from, subject, more, disposition) in [
        (
            "one",
            "Cy Example <cy@mail.example>",
            "Missed bin".to_owned(),
            "",
            "opened",
        ),
        (
            "one",
            "Cy Example <cy@mail.example>",
            "Missed bin".to_owned(),
            "",
            "duplicate",
        ),
        (
            "two",
            "Ada Example <ada@mail.example>",
            format!("Re: {case}"),
            "",
            "joined",
        ),
        (
            "three",
            "noreply@mail.example",
            "Away".to_owned(),
            "Auto-Submitted: auto-replied\r\n",
            "stored",
        ),
        (
            "four",
            "Di Example <di@mail.example>",
            format!("Re: {case}"),
            "",
            "held",
        ),
        (
            "five",
            "Ed Example <ed@mail.example>",
            format!("Re: {case}"),
            "",
            "held",
        ),
    ] {
        let raw = mail(
            from,
            &subject,
            id,
            more,
            "The bin at 3 Mill Lane was missed.",
        );
        let taken = walk
            .take(
                &gateway,
                Step {
                    raw: Some(raw),
                    ..Step::of(Method::POST, route, route)
                },
            )
            .await;
        assert_eq!(taken["disposition"], disposition, "{taken:#}");
    }
    let leader = app.team_leader().await;
    let waiting = app
        .get(&leader, &format!("{route}?waiting=true"))
        .await
        .expect(200);
    let path = |n: usize| {
        format!(
            "{route}/{}",
            waiting["items"][n]["id"].as_str().unwrap_or_default()
        )
    };
    let redactions = "/v1/channels/email/messages/{mail}/redactions";
    let body = json!({"ground": "wrong_person", "reason": "Not theirs", "texts": ["3 Mill Lane"]});
    walk.take(
        &leader,
        Step::post(redactions, format!("{}/redactions", path(0)), body),
    )
    .await;
    let releases = "/v1/channels/email/messages/{mail}/releases";
    walk.take(
        &leader,
        Step::post(
            releases,
            format!("{}/releases", path(0)),
            json!({"case": case}),
        ),
    )
    .await;
    let dismissals = "/v1/channels/email/messages/{mail}/dismissals";
    walk.take(
        &leader,
        Step::post(
            dismissals,
            format!("{}/dismissals", path(1)),
            json!({"reason": "Not for us."}),
        ),
    )
    .await;
}

/// Everything that is done to a case.
async fn casework(walk: &mut Walk<'_>) {
    let app = walk.app;
    let (agent, officer, leader) = (
        app.agent().await,
        app.officer().await,
        app.team_leader().await,
    );
    let (other, _) = walk.case(&agent).await;
    walk.take(
        &agent,
        Step::post(
            "/v1/queues/{queue}/next",
            "/v1/queues/waste-ops/next",
            json!({}),
        ),
    )
    .await;
    let (case, _) = walk.case(&agent).await;
    let path = format!("/v1/cases/{case}/contacts");
    let contact = app.get(&officer, &path).await.expect(200)["items"][0]["id"].clone();
    for (what, body) in [
        ("acknowledgements", json!({"how": "spoken"})),
        ("assignments", json!({"owner": "me"})),
        (
            "pauses",
            json!({"reason": "A survey.", "waiting_for": "contractor", "resume_on": "2026-12-01"}),
        ),
        ("resumptions", json!({})),
        (
            "extensions",
            json!({"clock": "respond", "by": {"working_days": 3}, "reason": "The lorry."}),
        ),
        ("notes", json!({"text": "Rang."})),
        (
            "promises",
            json!({"what": "Ring back", "by": "2026-11-24T15:00:00Z", "owner": "me"}),
        ),
        (
            "calls",
            json!({"who": "Duty", "number": "01632 960999", "outcome": "On the way."}),
        ),
        ("links", json!({"kind": "related", "case": other})),
        (
            "identity-checks",
            json!({"how": "phone", "result": "passed", "asked": ["name"]}),
        ),
        (
            "contact-reasons",
            json!({"contact": contact, "contact_reason": "wrong_team"}),
        ),
        ("questions", json!({"text": "Which bin?"})),
        (
            "transfers",
            json!({"queue": "highways", "reason": "The road."}),
        ),
    ] {
        walk.act(&officer, &case, what, body).await;
    }
    let replied = walk
        .act(
            &officer,
            &case,
            "replies",
            json!({"text": "Done.", "kind": "substantive"}),
        )
        .await;
    let path = format!(
        "/v1/cases/{case}/replies/{}",
        replied["notice"]["id"].as_str().unwrap_or_default()
    );
    walk.take(
        &officer,
        Step::of(Method::DELETE, "/v1/cases/{case}/replies/{reply}", path),
    )
    .await;
    walk.act(&officer, &case, "closures", json!({"outcome": "resolved"}))
        .await;
    walk.act(
        &officer,
        &case,
        "reopenings",
        json!({"reason": "Missed again."}),
    )
    .await;
    let etag = walk.etag(&officer, &format!("/v1/cases/{case}")).await;
    let change = Step {
        body: Some(json!({"priority": "high"})),
        etag: Some(etag),
        ..Step::of(
            Method::PATCH,
            "/v1/cases/{case}",
            format!("/v1/cases/{case}"),
        )
    };
    walk.take(&officer, change).await;
    walk.act(&officer, &case, "merges", json!({"into": other}))
        .await;
    for (what, body) in [
        ("legal-holds", json!({"reason": "A claim."})),
        (
            "legal-holds/current/releases",
            json!({"reason": "Settled."}),
        ),
        (
            "redactions",
            json!({"ground": "not_needed", "reason": "Not needed", "texts": ["nobody came"]}),
        ),
        (
            "access",
            json!({"about": {"user": "officer@council.example"}, "reason": "It is about him."}),
        ),
    ] {
        walk.act(&leader, &other, what, body).await;
    }

    let mut body = missed_bin();
    body["body"] = json!("I want to complain: it was missed three times.");
    body["service"] = json!("complaints");
    body["category"] = json!("stage-1");
    let complaint = walk
        .take(&agent, Step::post("/v1/contacts", "/v1/contacts", body))
        .await;
    let complaint = complaint["case"]["reference"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    walk.act(
        &officer,
        &complaint,
        "acknowledgements",
        json!({"how": "spoken"}),
    )
    .await;
    walk.act(
        &officer,
        &complaint,
        "replies",
        json!({"text": "We are sorry.", "kind": "substantive"}),
    )
    .await;
    walk.act(
        &officer,
        &complaint,
        "stages",
        json!({"stage": 2, "reason": "They ask for a review."}),
    )
    .await;
    walk.act(
        &officer,
        &complaint,
        "decisions",
        json!({"decision": "upheld", "stage": 1, "remedies": ["apology"]}),
    )
    .await;
    let mut body = missed_bin();
    body["body"] = json!("There is damp and black mould in the bedroom.");
    body["service"] = json!("housing-repairs");
    body["category"] = json!("damp-mould");
    let damp = walk
        .take(&agent, Step::post("/v1/contacts", "/v1/contacts", body))
        .await;
    let damp = damp["case"]["reference"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    walk.act(&officer, &damp, "events", json!({"event": "concluded"}))
        .await;
}

/// People, letters and what could not be delivered.
async fn people_and_letters(walk: &mut Walk<'_>) {
    let app = walk.app;
    let (agent, officer, leader) = (
        app.agent().await,
        app.officer().await,
        app.team_leader().await,
    );
    let trial = Step::post("/v1/routing/trials", "/v1/routing/trials", missed_bin());
    walk.take(&agent, trial).await;
    walk.case(&agent).await;
    let route = "/v1/people/searches";
    let found = walk
        .take(
            &agent,
            Step::post(route, route, json!({"email": "ada@mail.example"})),
        )
        .await;
    let path = format!(
        "/v1/people/{}",
        found["items"][0]["id"].as_str().unwrap_or_default()
    );
    let etag = walk.etag(&agent, &path).await;
    let change = Step {
        body: Some(json!({"phone": "01632 960124"})),
        etag: Some(etag),
        ..Step::of(Method::PATCH, "/v1/people/{person}", path)
    };
    walk.take(&agent, change).await;
    let mut body = missed_bin();
    body["person"] = json!({"name": "Iolo Example", "address": {"lines": ["3 Mill Lane"], "postcode": "ZZ1 1AA"}});
    walk.take(&agent, Step::post("/v1/contacts", "/v1/contacts", body))
        .await;
    let letters = app
        .get(&officer, "/v1/notices?state=to_write")
        .await
        .expect(200);
    let path = format!(
        "/v1/notices/{}/sent",
        letters["items"][0]["id"].as_str().unwrap_or_default()
    );
    walk.take(
        &officer,
        Step::post(
            "/v1/notices/{notice}/sent",
            path,
            json!({"posted_on": "2026-11-20"}),
        ),
    )
    .await;
    app.catch_up().await;
    walk.case(&agent).await;
    for notice in reeve::casework::delivery::claim(&app.desk, 10)
        .await
        .unwrap()
    {
        reeve::casework::delivery::record_failed(&app.desk, notice, "550".to_owned(), true)
            .await
            .unwrap();
    }
    let failed = app
        .get(&leader, "/v1/notices?state=failed")
        .await
        .expect(200);
    let path = format!(
        "/v1/notices/{}/retries",
        failed["items"][0]["id"].as_str().unwrap_or_default()
    );
    walk.take(
        &leader,
        Step::post("/v1/notices/{notice}/retries", path, json!({})),
    )
    .await;
    let (case, _) = walk.case(&agent).await;
    app.catch_up().await;
    let person = app
        .get(&officer, &format!("/v1/cases/{case}"))
        .await
        .expect(200)["people"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let cases = app
        .get(&officer, &format!("/v1/people/{person}/cases?limit=100"))
        .await
        .expect(200);
    for one in cases["items"].as_array().unwrap() {
        walk.act(
            &officer,
            one["reference"].as_str().unwrap_or_default(),
            "closures",
            json!({"outcome": "resolved"}),
        )
        .await;
    }
    app.catch_up().await;
    let path = format!("/v1/people/{person}/erasures");
    let admin = app.sign_in("admin@council.example").await;
    walk.take(
        &admin,
        Step::post(
            "/v1/people/{person}/erasures",
            path,
            json!({"reason": "Article 17"}),
        ),
    )
    .await;
}

stories! {
    async fn whatever_writes_leaves_a_line_that_says_who_and_under_which_request(app) {
        let mut walk = Walk { app: &app, walked: BTreeSet::new(), faults: Vec::new() };
        records::calls(&mut walk).await;
        records::texts(&mut walk).await;
        records::people(&mut walk).await;
        records::members(&mut walk).await;
        records::incidents(&mut walk).await;
        records::reporting_service(&mut walk).await;
        records::signing_in(&mut walk).await;
        people_and_letters(&mut walk).await;
        casework(&mut walk).await;
        from_outside(&mut walk).await;
        accounts(&mut walk).await;
        let mut walked = walk.walked;
        let empty = TestApp::without_people(Database::sqlite()).await;
        let token = reeve::casework::first_start::token(&empty.desk).await.unwrap().unwrap();
        let mut first = Walk { app: &empty, walked: BTreeSet::new(), faults: Vec::new() };
        let body = json!({"token": token, "name": "Abe Admin", "email": "abe@council.example", "password": "a long pass phrase"});
        first.take(&Caller::nobody(), Step::post("/v1/auth/bootstrap", "/v1/auth/bootstrap", body)).await;
        walked.append(&mut first.walked);
        let all: BTreeSet<String> = routes::operations()
            .into_iter()
            .filter(|operation| operation.method != Method::GET && !operation.is_hidden)
            .map(|operation| format!("{} {}", operation.method, operation.path))
            .collect();
        let mut faults = walk.faults;
        faults.extend(first.faults);
        faults.extend(all.difference(&walked).map(|name| format!("{name} was not asked")));
        assert!(faults.is_empty(), "{faults:#?}");
    }
}
