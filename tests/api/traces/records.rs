//! People's records, organisations, members of the council, reporting services and other ways to sign in.

use std::collections::BTreeSet;

use actix_web::http::Method;
use serde_json::{Value, json};

use super::{Step, Walk};
use crate::mail_in::mail;
use crate::support::Caller;

fn id(value: &Value) -> String {
    value["id"].as_str().unwrap_or_default().to_owned()
}

impl Walk<'_> {
    async fn post(&mut self, who: &Caller, route: &str, body: Value) -> Value {
        self.take(who, Step::post(route, route, body)).await
    }

    async fn delete(&mut self, who: &Caller, route: &str, path: String) {
        self.take(who, Step::of(Method::DELETE, route, path)).await;
    }

    async fn change(&mut self, who: &Caller, method: Method, route: &str, path: &str, body: Value) {
        let etag = self
            .app
            .get(who, path)
            .await
            .header("etag")
            .map(str::to_owned);
        let step = Step {
            body: Some(body),
            etag,
            ..Step::of(method, route, path)
        };
        self.take(who, step).await;
    }

    /// Somebody rings; their record and their case.
    async fn rings(&mut self, agent: &Caller, person: Value) -> (String, String) {
        let logged = self
            .post(
                agent,
                "/v1/contacts",
                json!({
                    "channel": "phone", "body": "My bin was missed.", "person": person,
                    "service": "waste-collection", "category": "missed-bin",
                }),
            )
            .await;
        let case = logged["case"]["reference"].as_str().unwrap_or_default();
        (id(&logged["person"]), case.to_owned())
    }
}

/// The telephone: what the phone system tells, and a call back.
pub async fn calls(walk: &mut Walk<'_>) {
    let key = walk.app.key("telephony");
    let event = json!({
        "call": "trace-1", "event": "queued", "at": "2026-11-20T16:57:00Z", "queue": "council-tax", "position": 2,
    });
    walk.post(&key, "/v1/channels/telephony/events", event)
        .await;
    let wish = json!({"number": "01632 960778", "call": "trace-1"});
    walk.post(&key, "/v1/callbacks", wish).await;
    let chat = json!({
        "external_id": "chat-trace", "consent_to_keep": true,
        "turns": [{"who": "person", "at": "2026-11-20T16:50:00Z", "words": "My bin was missed."}],
    });
    let route = "/v1/channels/webchat/transcripts";
    walk.post(&walk.app.key("webchat"), route, chat).await;
    let came = json!({"access_point": "northmere-hub", "people": 3});
    walk.post(&walk.app.agent().await, "/v1/visits", came).await;
    let sent = json!({"night_of": "2026-11-20", "sent": []});
    let route = "/v1/reports/out-of-hours/reckonings";
    walk.post(&walk.app.agent().await, route, sent).await;
    let report = json!({"kind": "scrutiny", "from_on": "2026-11-01", "to_on": "2026-11-30"});
    let admin = walk.app.sign_in("admin@council.example").await;
    walk.post(&admin, "/v1/reports/kept", report).await;
}

/// Texts: one that comes in, and word of one that did not arrive.
pub async fn texts(walk: &mut Walk<'_>) {
    let gateway = walk.app.key("sms-gateway");
    walk.app.desk.may_text();
    let text = json!({
        "id": "text-1", "source_number": "447700900456", "message": "My bin was missed",
        "date_received": "2026-11-20T16:57:00Z",
    });
    walk.post(&gateway, "/v1/channels/sms/messages", text).await;
    let sent = walk
        .app
        .desk
        .read(|conn, _| Ok(reeve::store::outbox::list(conn, None, None, None, 50)?))
        .await
        .unwrap();
    let sent = sent
        .iter()
        .find(|notice| notice.transport == "sms")
        .unwrap();
    let told = json!({"reference": sent.id.to_string(), "status": "permanent-failure"});
    walk.post(&gateway, "/v1/channels/sms/deliveries", told)
        .await;
}

/// Records of people, and the bodies they act for.
pub async fn people(walk: &mut Walk<'_>) {
    let app = walk.app;
    let (agent, officer, leader) = (
        app.agent().await,
        app.officer().await,
        app.team_leader().await,
    );
    let (one, case) = walk
        .rings(
            &agent,
            json!({"name": "Maud Example", "email": "maud@mail.example", "phone": "01632 960777"}),
        )
        .await;
    let (other, _) = walk
        .rings(
            &agent,
            json!({"name": "Tom Jones", "email": "tom@mail.example", "phone": "01632 960777"}),
        )
        .await;
    walk.delete(
        &agent,
        "/v1/people/{person}/proposals/{other}",
        format!("/v1/people/{one}/proposals/{other}"),
    )
    .await;
    let (third, _) = walk
        .rings(
            &agent,
            json!({"name": "Maud Example", "email": "maud.three@mail.example"}),
        )
        .await;
    let merge = json!({"from": third, "into": one, "reason": "She says both are hers."});
    let merged = walk.post(&agent, "/v1/people/merges", merge).await;
    walk.delete(
        &agent,
        "/v1/people/merges/{merge}",
        format!("/v1/people/merges/{}", id(&merged)),
    )
    .await;

    let markers = format!("/v1/people/{one}/markers");
    let body = json!({
        "kind": "staff_safety", "purpose": "A dog that has bitten a visitor.", "instruction": "Visit in pairs",
        "owner": "me", "review_on": "2027-03-01",
    });
    let step = Step::post("/v1/people/{person}/markers", markers.as_str(), body);
    let marker = walk.take(&leader, step).await;
    let route = "/v1/people/{person}/markers/{marker}";
    let path = format!("{markers}/{}", id(&marker));
    let later = json!({"review_on": "2027-04-01"});
    walk.change(&leader, Method::PATCH, route, &path, later)
        .await;
    walk.delete(&leader, route, path).await;

    let added = json!({"person": third, "role": "advocate"});
    walk.act(&officer, &case, "people", added).await;
    walk.delete(
        &officer,
        "/v1/cases/{case}/people/{person}",
        format!("/v1/cases/{case}/people/{third}"),
    )
    .await;

    let body = json!({"name": "Larkfield Residents' Association", "kind": "community_group"});
    let organisation = walk.post(&agent, "/v1/organisations", body).await;
    let path = format!("/v1/organisations/{}", id(&organisation));
    let route = "/v1/organisations/{organisation}";
    let phone = json!({"phone": "01632 960456"});
    walk.change(&agent, Method::PATCH, route, &path, phone)
        .await;
}

/// A councillor's enquiry, and who helps them.
pub async fn members(walk: &mut Walk<'_>) {
    let app = walk.app;
    let officer = app.officer().await;
    let address = "cllr.anwen.prothero@council.example";
    let member = app.sign_in(address).await;
    let raw = mail(
        &format!("Cllr Anwen Prothero <{address}>"),
        "A tenant of mine",
        "trace-member@council.example",
        "",
        "Mrs Amadi of 3 Mill Lane has had no bin collection for three weeks.",
    );
    let step = Step {
        raw: Some(raw),
        ..Step::of(
            Method::POST,
            "/v1/channels/email/messages",
            "/v1/channels/email/messages",
        )
    };
    let taken = walk.take(&app.key("mail-gateway"), step).await;
    let case = taken["case"]["reference"].as_str().unwrap_or_default();
    let basis = json!({"basis": "constituent_asked", "reason": "She rang and said so."});
    walk.act(&officer, case, "bases", basis).await;
    let consent = json!({"given": true, "how": "verbal"});
    walk.act(&officer, case, "consents", consent).await;

    let helpers = json!({"items": [{"email": "sam.helper@council.example", "copied": true}]});
    let route = "/v1/me/assistants";
    walk.change(&member, Method::PUT, route, route, helpers.clone())
        .await;
    let admin = app.sign_in("admin@council.example").await;
    let me = app.get(&member, "/v1/me").await.expect(200);
    let path = format!("/v1/users/{}/assistants", id(&me));
    let route = "/v1/users/{user}/assistants";
    walk.change(&admin, Method::PUT, route, &path, helpers)
        .await;
}

/// A missed round that many tell of, from its beginning to its end.
pub async fn incidents(walk: &mut Walk<'_>) {
    let app = walk.app;
    let (agent, leader) = (app.agent().await, app.team_leader().await);
    let (_, case) = walk
        .rings(
            &agent,
            json!({"name": "Iris Example", "email": "iris@mail.example"}),
        )
        .await;
    let body = json!({
        "title": "Bins missed", "words": "A lorry broke down.",
        "matters": [{"service": "waste-collection", "category": "missed-bin"}],
    });
    let opened = walk.post(&leader, "/v1/incidents", body).await;
    let path = format!("/v1/incidents/{}", id(&opened));
    let changed = json!({"title": "Bins missed today"});
    let route = "/v1/incidents/{incident}";
    walk.change(&leader, Method::PATCH, route, &path, changed)
        .await;
    let named = json!({"incident": id(&opened)});
    walk.act(&agent, &case, "incidents", named).await;
    walk.delete(
        &agent,
        "/v1/cases/{case}/incidents/{incident}",
        format!("/v1/cases/{case}/incidents/{}", id(&opened)),
    )
    .await;
    let text = json!({"text": "The crew is on its way."});
    let answer = json!({"outcome": "resolved", "text": "Your bin was emptied."});
    let acts = [
        ("cases", json!({})),
        ("updates", text),
        ("endings", json!({})),
        ("closures", answer),
    ];
    for (what, body) in acts {
        let route = format!("/v1/incidents/{{incident}}/{what}");
        let step = Step::post(&route, format!("{path}/{what}"), body);
        let done = walk.take(&leader, step).await;
        if what == "updates" {
            let route = "/v1/incidents/{incident}/updates/{update}";
            let update = format!("{path}/updates/{}", id(&done));
            walk.delete(&leader, route, update).await;
        }
    }
}

/// Reports and updates as FixMyStreet sends them, in both of its formats.
pub async fn reporting_service(walk: &mut Walk<'_>) {
    let key = walk.app.key("open311");
    for format in ["xml", "json"] {
        let route = format!("/open311/v2/requests.{format}");
        let report = format!(
            "service_code=fly-tip&lat=51.5074&long=-0.1278&description=A+sofa+on+the+verge&email=ada%40mail.example\
             &first_name=Ada&last_name=Example&attribute%5Bfixmystreet_id%5D=trace-{format}"
        );
        let step = Step {
            form: Some(report),
            ..Step::of(Method::POST, &route, route.as_str())
        };
        let told = walk.take_text(&key, step).await;
        let reference = told
            .split(['>', '<', '"'])
            .find(|part| reeve::domain::reference::Reference::parse(part).is_ok())
            .unwrap_or_default()
            .to_owned();
        let route = format!("/open311/v2/servicerequestupdates.{format}");
        let update = format!(
            "service_request_id={reference}&update_id=trace-{format}&status=OPEN\
             &updated_datetime=2026-11-20T16%3A59%3A00Z&description=It+is+still+there&email=ada%40mail.example\
             &first_name=Ada&last_name=Example"
        );
        let step = Step {
            form: Some(update),
            ..Step::of(Method::POST, &route, route.as_str())
        };
        walk.take_text(&key, step).await;
    }
}

/// Links by mail, the council's identity provider, days away.
pub async fn signing_in(walk: &mut Walk<'_>) {
    let app = walk.app;
    let admin = app.sign_in("admin@council.example").await;
    let address = "cllr.anwen.prothero@council.example";
    let route = "/v1/auth/sign-in-links";
    walk.post(&Caller::nobody(), route, json!({"email": address}))
        .await;
    let sent = app.mails_to(address).await.pop().unwrap().raw;
    let begins = sent.find("rvs_").unwrap();
    let link = &sent[begins..begins + 47];
    assert!(
        !walk.lines(Some("sign_in_link_sent")).await.is_empty(),
        "that a link was sent is put down when it leaves"
    );
    let route = "/v1/auth/sign-in-links/redemptions";
    walk.post(&Caller::nobody(), route, json!({"sign_in_link": link}))
        .await;

    let officer = app.sign_in("officer@council.example").await;
    let away = json!({"away": {"from_on": "2026-12-01", "until_on": "2026-12-04"}});
    walk.change(&officer, Method::PATCH, "/v1/me", "/v1/me", away)
        .await;
    let mut settings = crate::support::settings();
    settings.auth.oidc.issuer = "https://sign-in.example".to_owned();
    settings.auth.oidc.client_id = "reeve-client".to_owned();
    let with_provider = app.replica_with(settings).await;
    let mut beside = Walk {
        app: &with_provider,
        walked: BTreeSet::new(),
        faults: Vec::new(),
    };
    let me = app.get(&officer, "/v1/me").await.expect(200);
    let path = format!("/v1/users/{}/identities", id(&me));
    let route = "/v1/users/{user}/identities";
    let subject = json!({"subject": "0f8fad5b-d9cb-469f-a165-70867728950e"});
    beside
        .take(&admin, Step::post(route, path.as_str(), subject))
        .await;
    beside.delete(&admin, route, path).await;
    walk.walked.append(&mut beside.walked);
    walk.faults.append(&mut beside.faults);
}
