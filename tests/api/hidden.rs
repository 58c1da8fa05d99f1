//! What somebody may not know of leaves no hole where it would stand: a list is full without it, ends at
//! what was shown, and who looked at what is not everybody's is put down.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::intake::{log, missed_bin};
use crate::mail_in::{deliver, mail};
use crate::people::{change, person_of, reference};
use crate::support::{Caller, TestApp};

const MESSAGES: &str = "/v1/channels/email/messages";
const MASH: &str = "mash.officer@council.example";

/// A restricted case, which the agent who logs it may not see: its reference.
async fn child_at_risk(app: &TestApp, who: Value) -> String {
    let mut body = json!({
        "channel": "phone", "body": "I am worried about the child next door.",
        "service": "childrens-social-care", "category": "child-at-risk",
    });
    for (name, value) in who.as_object().unwrap() {
        body[name] = value.clone();
    }
    log(app, body).await["receipt"]["reference"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// A mail from somebody who is on no case, naming one.
async fn hold(app: &TestApp, reference: &str, id: &str) -> String {
    let from = format!("Stranger <{id}@mail.example>");
    let raw = mail(
        &from,
        &format!("Re: {reference}"),
        id,
        "",
        &format!("Any news of {id}?"),
    );
    let taken = deliver(app, &raw).await.expect(202);
    assert_eq!(taken["disposition"], "held", "{taken:#}");
    taken["contact"]["id"].as_str().unwrap().to_owned()
}

/// A whole list, one row at a time: no page of it is empty, and no cursor can be read.
async fn one_by_one(app: &TestApp, who: &Caller, path: &str) -> Vec<Value> {
    let mut items = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = app
            .get(who, &format!("{path}limit=1{cursor}"))
            .await
            .expect(200);
        let shown = page["items"].as_array().unwrap();
        assert_eq!(
            shown.len(),
            1,
            "{path} after {} rows: {page:#}",
            items.len()
        );
        items.extend(shown.iter().cloned());
        let Some(next) = page["next_cursor"].as_str() else {
            return items;
        };
        let bytes = URL_SAFE_NO_PAD.decode(next).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains("2026-") && !text.contains("-7"), "{text}");
        cursor = format!("&cursor={next}");
    }
}

fn ids(items: &[Value]) -> Vec<&str> {
    items
        .iter()
        .map(|one| one["id"].as_str().unwrap())
        .collect()
}

/// The person whom only those of the restricted team know.
async fn hidden_person(app: &TestApp, mash: &Caller) -> String {
    child_at_risk(
        app,
        json!({"person": {"name": "Wyn Hidden", "email": "wyn@mail.example"}}),
    )
    .await;
    let by_email = json!({"email": "wyn@mail.example"});
    let found = app
        .post(mash, "/v1/people/searches", by_email)
        .await
        .expect(200);
    found["items"][0]["id"].as_str().unwrap().to_owned()
}

async fn looks(app: &TestApp, action: &str) -> Vec<String> {
    let auditor = app.sign_in("auditor@council.example").await;
    let path = format!("/v1/audit?action={action}&limit=100");
    let lines = app.get(&auditor, &path).await.expect(200);
    let lines = lines["items"].as_array().unwrap();
    lines
        .iter()
        .map(|line| line["object"].as_str().unwrap().to_owned())
        .collect()
}

stories! {
    async fn a_persons_restricted_contact_leaves_no_trace_in_the_list_of_the_others(app) {
        let first = log(&app, missed_bin()).await;
        let ada = person_of(&first);
        child_at_risk(&app, json!({"person_id": ada})).await;
        let mut again = missed_bin();
        again["body"] = json!("And the garden bin.");
        let second = log(&app, again).await;
        child_at_risk(&app, json!({"person_id": ada})).await;
        let path = format!("/v1/people/{ada}/contacts?");
        let shown = one_by_one(&app, &app.agent().await, &path).await;
        assert_eq!(ids(&shown), [first["contact"]["id"].as_str().unwrap(), second["contact"]["id"].as_str().unwrap()]);
        let mash = app.sign_in(MASH).await;
        let all = app.get(&mash, &path).await.expect(200);
        assert_eq!(all["items"].as_array().unwrap().len(), 2, "they know of her by theirs, and not of the bins");
    }

    async fn mail_about_a_restricted_case_leaves_no_empty_page(app) {
        let restricted = child_at_risk(&app, json!({})).await;
        let ordinary = reference(&log(&app, missed_bin()).await);
        let mut shown = Vec::new();
        let mut hidden = Vec::new();
        for n in 0..3 {
            hidden.push(hold(&app, &restricted, &format!("hidden-{n}")).await);
            shown.push(hold(&app, &ordinary, &format!("shown-{n}")).await);
        }
        hidden.push(hold(&app, &restricted, "hidden-last").await);
        let agent = app.agent().await;
        assert_eq!(ids(&one_by_one(&app, &agent, &format!("{MESSAGES}?")).await), shown);
        assert_eq!(ids(&one_by_one(&app, &agent, &format!("{MESSAGES}?waiting=true&")).await), shown);
        let leader = app.team_leader().await;
        assert_eq!(ids(&one_by_one(&app, &leader, &format!("{MESSAGES}?")).await), shown);
    }

    async fn who_was_told_of_mail_about_a_restricted_case_is_told_to_nobody_else(app) {
        let restricted = child_at_risk(&app, json!({})).await;
        let ordinary = reference(&log(&app, missed_bin()).await);
        let hidden = hold(&app, &restricted, "hidden").await;
        let shown = hold(&app, &ordinary, "shown").await;
        app.jump_to("2026-11-27T12:00:00Z").await;
        let agent = app.agent().await;
        let steps = one_by_one(&app, &agent, "/v1/escalations?").await;
        let of = |id: &str| steps.iter().any(|step| step["contact"] == id);
        assert!(of(&shown) && !of(&hidden), "{steps:#?}");
        let text = json!(steps).to_string();
        assert!(!text.contains("mash") && !text.contains("safeguarding"), "{text}");
        let whole = app.get(&app.sign_in(MASH).await, "/v1/escalations?limit=100").await;
        assert!(whole.text.contains(&hidden) && whole.text.contains(&restricted), "{}", whole.text);
    }

    async fn markers_of_hidden_people_leave_no_hole_among_those_to_review(app) {
        let mash = app.sign_in(MASH).await;
        let wyn = hidden_person(&app, &mash).await;
        let ada = person_of(&log(&app, missed_bin()).await);
        let officer = app.officer().await;
        for (n, (who, person)) in [(&mash, &wyn), (&officer, &ada), (&mash, &wyn), (&officer, &ada), (&mash, &wyn)].into_iter().enumerate() {
            let marker = json!({
                "kind": "vulnerable", "purpose": "Lives alone.", "instruction": "Ring twice.",
                "owner": "me", "review_on": format!("2027-03-{:02}", n + 1),
            });
            app.post(who, &format!("/v1/people/{person}/markers"), marker).await.expect(201);
        }
        let to_review = "/v1/markers?review_due_before=2030-01-01&";
        let shown = one_by_one(&app, &officer, to_review).await;
        let days: Vec<&str> = shown.iter().map(|one| one["review_on"].as_str().unwrap()).collect();
        assert_eq!(days, ["2027-03-02", "2027-03-04"]);
        assert_eq!(one_by_one(&app, &mash, to_review).await.len(), 5, "who is on an ordinary case is known to all");
    }

    async fn hidden_people_leave_no_hole_among_those_of_an_organisation_or_of_one_name(app) {
        let (agent, mash) = (app.agent().await, app.sign_in(MASH).await);
        let new = json!({"name": "Larkfield Residents' Association", "kind": "community_group"});
        let body = app.post(&agent, "/v1/organisations", new).await.expect(201);
        let ada = person_of(&log(&app, missed_bin()).await);
        let wyn = hidden_person(&app, &mash).await;
        let other = json!({"name": "Bo Example", "email": "bo@mail.example"});
        let mut contact = missed_bin();
        contact["person"] = other;
        let bo = person_of(&log(&app, contact).await);
        for (who, person) in [(&agent, &ada), (&mash, &wyn), (&agent, &bo)] {
            change(&app, who, person, json!({"organisation_id": body["id"]})).await.expect(200);
        }
        let path = format!("/v1/organisations/{}/people?", body["id"].as_str().unwrap());
        assert_eq!(ids(&one_by_one(&app, &agent, &path).await), [ada.as_str(), bo.as_str()]);
        assert_eq!(one_by_one(&app, &mash, &path).await.len(), 3);
        let by_name = json!({"name": "Wyn"});
        let found = app.post(&agent, "/v1/people/searches", by_name).await.expect(200);
        assert_eq!(found["items"], json!([]));
    }

    async fn the_figures_of_a_day_count_what_their_lists_may_not_show(app) {
        let restricted = child_at_risk(&app, json!({})).await;
        let logged = log(&app, missed_bin()).await;
        let hidden = hold(&app, &restricted, "hidden").await;
        let shown = hold(&app, &reference(&logged), "shown").await;
        let day = async |who: &Caller, of: &str| app.get(who, &format!("/v1/reports/intake?on=2026-11-20&disposition={of}")).await.expect(200);
        for who in ["agent@council.example", "roads.officer@council.example", "auditor@council.example", "admin@council.example"] {
            let who = app.sign_in(who).await;
            let opened = day(&who, "opened").await;
            assert_eq!((&opened["came_in"], &opened["opened"], &opened["held"]), (&json!(4), &json!(2), &json!(2)));
            assert_eq!(opened["by_channel"].as_array().unwrap().iter().map(|one| one["came_in"].as_u64().unwrap()).sum::<u64>(), 4, "{opened:#}");
            let listed = opened["items"].as_array().unwrap();
            assert_eq!(listed.len(), 1, "{opened:#}");
            assert_eq!(listed[0]["contact"]["id"], logged["contact"]["id"]);
            let held = day(&who, "held").await;
            assert_eq!(held["items"].as_array().unwrap().len(), 1, "{held:#}");
            assert_eq!(held["items"][0]["contact"]["id"], json!(shown));
            assert_eq!(held["items"][0]["owner"]["email"], "team.leader.waste-ops@council.example");
        }
        // Those who are named on it have it in their lists.
        let mash = app.sign_in(MASH).await;
        let opened = day(&mash, "opened").await;
        assert_eq!((&opened["opened"], &opened["items"].as_array().unwrap().len()), (&json!(2), &2));
        assert!(opened["items"].to_string().contains(&restricted), "{opened:#}");
        let held = day(&mash, "held").await;
        assert_eq!((&held["held"], held["items"].as_array().unwrap().len()), (&json!(2), 2));
        assert!(held["items"].to_string().contains(&hidden), "{held:#}");
        // Every number of the report is a list of that length.
        for (by, name) in [("by_channel", "channel"), ("by_mailbox", "mailbox")] {
            let lines = held[by].as_array().unwrap();
            assert!(!lines.is_empty(), "{by}");
            for line in lines {
                let key = line[name].as_str().unwrap_or("none").replace('@', "%40");
                let narrowed = day(&mash, &format!("held&{name}={key}")).await;
                assert_eq!(narrowed["items"].as_array().unwrap().len(), usize::try_from(line["held"].as_u64().unwrap()).unwrap(), "{narrowed:#}");
                assert_eq!(narrowed["came_in"], line["came_in"], "{narrowed:#}");
                assert!(!line.to_string().contains('+'), "a tag may be a secret: {line:#}");
            }
        }
    }

    async fn every_place_where_work_waits_has_somebody_who_answers_for_it_an_oldest_and_a_limit(app) {
        let restricted = child_at_risk(&app, json!({})).await;
        let (first, second) = (log(&app, missed_bin()).await, log(&app, missed_bin()).await);
        hold(&app, &restricted, "hidden").await;
        let shown = hold(&app, &reference(&first), "shown").await;
        let officer = app.officer().await;
        app.post(&officer, &format!("/v1/cases/{}/questions", reference(&second)), json!({"text": "Which bin?"})).await.expect(201);
        app.jump_to("2026-11-26T10:00:00Z").await;
        let places = async |email: &str| {
            let who = app.sign_in(email).await;
            let mut all = app.get(&who, "/v1/waiting-places?limit=100").await.expect(200);
            if let Some(cursor) = all["next_cursor"].as_str() {
                let more = app.get(&who, &format!("/v1/waiting-places?limit=100&cursor={cursor}")).await.expect(200);
                assert!(more["next_cursor"].is_null(), "two pages hold them all");
                all["items"].as_array_mut().unwrap().extend(more["items"].as_array().unwrap().clone());
            }
            for place in all["items"].as_array().unwrap() {
                assert!(place["owner"]["email"].as_str().unwrap().contains('@'), "{place:#}");
                assert!(place["waits_at_most_working_days"].as_u64().unwrap() > 0, "{place:#}");
                assert_eq!(place["waiting"] == 0, place["oldest"].is_null(), "{place:#}");
            }
            all
        };
        let of = |all: &Value, place: &str, queue: Value| all["items"].as_array().unwrap().iter().find(|one| one["place"] == place && one["queue"] == queue).cloned().unwrap_or_else(|| panic!("{place} {queue} in {all:#}"));
        let seen = places("officer@council.example").await;
        let nobody_took = of(&seen, "unassigned", json!("waste-ops"));
        assert_eq!((&nobody_took["waiting"], &nobody_took["over_limit"]), (&json!(1), &json!(1)), "{nobody_took:#}");
        assert_eq!(nobody_took["oldest"]["case"]["reference"], reference(&first));
        assert_eq!(nobody_took["owner"]["email"], "team.leader.waste-ops@council.example");
        assert_eq!(of(&seen, "paused", json!("waste-ops"))["oldest"]["case"]["reference"], reference(&second));
        assert_eq!(of(&seen, "bounced", json!("waste-ops"))["waiting"], 0, "listed though nothing waits there");
        assert_eq!(of(&seen, "unassigned", json!("mash"))["waiting"], 0, "the child at risk is nobody's to count");
        assert!(!seen.to_string().contains(&restricted), "{seen:#}");
        // The contact centre sees the mail; the one that names a matter for few is not even counted.
        let centre = places("agent@council.example").await;
        let held = of(&centre, "held", Value::Null);
        assert_eq!((&held["waiting"], &held["oldest"]["contact"]), (&json!(1), &json!(shown)), "{held:#}");
        // Whoever looks over the whole reads how much, and not what.
        let admin = places("admin@council.example").await;
        let own = of(&admin, "unassigned", json!("waste-ops"));
        assert_eq!((&own["waiting"], &own["oldest"]["case"]), (&json!(1), &Value::Null), "{own:#}");
        assert_eq!(of(&admin, "held", Value::Null)["waiting"], 1);
        assert_eq!(of(&admin, "unassigned", json!("mash"))["waiting"], 0);
        assert!(!admin.to_string().contains(&restricted), "{admin:#}");
        let mash = places(MASH).await;
        let own = of(&mash, "unassigned", json!("mash"));
        assert_eq!(own["oldest"]["case"]["reference"], restricted, "{own:#}");
        let councillor = app.sign_in("cllr.anwen.prothero@council.example").await;
        app.get(&councillor, "/v1/waiting-places").await.expect(403);
    }

    async fn whoever_reads_mail_letters_or_restricted_references_is_put_down(app) {
        let logged = log(&app, missed_bin()).await;
        let (agent, mash) = (app.agent().await, app.sign_in(MASH).await);
        let held = hold(&app, &reference(&logged), "held").await;
        app.get(&agent, &format!("{MESSAGES}/{held}")).await.expect(200);
        assert_eq!(looks(&app, "mail.read").await, [format!("contact:{held}")]);

        let restricted = child_at_risk(&app, json!({"person_id": person_of(&logged)})).await;
        let case = app.get(&mash, &format!("/v1/cases/{restricted}")).await.expect(200);
        let case = format!("case:{}", case["id"].as_str().unwrap());
        let wanted = std::slice::from_ref(&case);
        let of_hers = format!("/v1/people/{}/cases", person_of(&logged));
        app.get(&agent, &of_hers).await.expect(200);
        assert!(looks(&app, "case.listed").await.is_empty(), "they were shown none");
        app.get(&mash, &of_hers).await.expect(200);
        assert_eq!(looks(&app, "case.listed").await, wanted);
        app.jump_to("2026-11-27T12:00:00Z").await;
        app.get(&mash, "/v1/escalations").await.expect(200);
        assert_eq!(looks(&app, "case.listed").await, [case.clone(), case.clone()]);

        let text = "We are looking into it.";
        app.post(&mash, &format!("/v1/cases/{restricted}/replies"), json!({"kind": "holding", "text": text})).await.expect(201);
        let bill = json!({
            "channel": "letter", "subject": "My bill", "service": "council-tax", "category": "ct-bill",
            "person": {"name": "Bo Example", "address": {"lines": ["3 Mill Lane"], "postcode": "ZZ1 1AA"}},
        });
        let bill = log(&app, bill).await;
        let letters = app.get(&agent, "/v1/notices?state=to_write").await.expect(200);
        let notice = letters["items"].as_array().unwrap().iter().find(|one| one["case"]["id"] == bill["case"]["id"]).expect("a letter to write").clone();
        let sensitive = format!("case:{}", bill["case"]["id"].as_str().unwrap());
        assert_eq!(looks(&app, "notice.read").await, std::slice::from_ref(&sensitive));
        app.get(&agent, &format!("/v1/notices/{}", notice["id"].as_str().unwrap())).await.expect(200);
        assert_eq!(looks(&app, "notice.read").await, [sensitive.clone(), sensitive]);
        let admin = app.sign_in("admin@council.example").await;
        app.get(&admin, "/v1/notices?state=sent").await.expect(200);
        assert_eq!(looks(&app, "notice.read").await.len(), 2, "administrators are not shown what it says");
    }
}
