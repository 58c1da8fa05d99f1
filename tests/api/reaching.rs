//! How people may be reached: safe ways only, never after a death, in their language and format.

use actix_web::test::TestRequest;
use serde_json::{Value, json};

use crate::intake::{log, missed_bin};
use crate::mail_in::{deliver, mail};
use crate::people::{change, from, kinds, person_of, reference};
use crate::support::{Caller, TestApp};

async fn ada_by_telephone_only(app: &TestApp) -> (String, String) {
    let logged = log(app, missed_bin()).await;
    let (ada, agent) = (person_of(&logged), app.agent().await);
    change(app, &agent, &ada, json!({"safe_contact": ["07700 900123"]}))
        .await
        .expect(200);
    (ada, reference(&logged))
}

async fn notices(app: &TestApp, who: &Caller, reference: &str) -> Vec<Value> {
    let path = format!("/v1/cases/{reference}/notices");
    let page = app.get(who, &path).await.expect(200);
    page["items"].as_array().unwrap().clone()
}

stories! {
    async fn where_only_some_ways_are_safe_nothing_goes_by_another_whatever_it_is(app) {
        let logged = log(&app, missed_bin()).await;
        let (ada, reference, agent) = (person_of(&logged), reference(&logged), app.agent().await);
        let case = format!("/v1/cases/{reference}");
        let officer = app.officer().await;
        app.post(&officer, &format!("{case}/assignments"), json!({"owner": "me"})).await.expect(201);
        // Written before anybody knew, and not yet sent.
        app.post(&officer, &format!("{case}/replies"), json!({"text": "We are looking into it.", "kind": "holding"})).await.expect(201);
        let n_before = app.mails_to("ada@mail.example").await.len();
        let changed = change(&app, &agent, &ada, json!({"safe_contact": ["07700 900123"]})).await.expect(200);
        assert_eq!(changed["safe_contact"], json!(["07700 900123"]));
        app.until("2026-11-20T17:10:00Z").await;
        assert!(kinds(&app, &officer, &reference).await.contains(&"notice_withheld".to_owned()), "what waited has stopped");

        // Reply, question, extension, acknowledgement: refused, or kept from leaving, and said so.
        for (what, body) in [
            ("replies", json!({"text": "It is done.", "kind": "substantive"})),
            ("questions", json!({"text": "Which gate?"})),
            ("acknowledgements", json!({"how": "email", "text": "I have it."})),
        ] {
            let refused = app.post(&officer, &format!("{case}/{what}"), body).await.expect(409);
            assert_eq!(refused["code"], "no_safe_way", "{what}");
            assert!(refused["detail"].as_str().unwrap().contains("447700900123"), "{refused:#}");
        }
        let later = json!({"clock": "respond", "by": {"working_days": 5}, "reason": "The lorry broke down."});
        app.post(&officer, &format!("{case}/extensions"), later).await.expect(201);
        app.post(&officer, &format!("{case}/transfers"), json!({"queue": "street-scene", "reason": "The street, not the bin."})).await.expect(201);
        // Her mail, a second matter by telephone, a form, and the link she asks for again.
        let chaser = mail("Ada Example <ada@mail.example>", &format!("Re: {reference}"), "chaser-1", "", "Any news of my bin?");
        deliver(&app, &chaser).await.expect(202);
        let by_mail = mail("Ada Example <ada@mail.example>", "A street light", "light-1", "", "The street light outside number 14 is out.");
        deliver(&app, &by_mail).await.expect(202);
        let form = json!({
            "subject": "Garden bin", "body": "My garden bin was left.", "service": "waste-collection", "category": "missed-bin",
            "person": {"name": "Ada Example", "email": "ada@mail.example"},
        });
        app.post(&Caller::nobody(), "/v1/public/contacts", form).await.expect(201);
        app.post(&Caller::nobody(), "/v1/public/tracking-links", json!({"reference": reference, "email": "ada@mail.example"})).await.expect(202);
        app.until("2026-11-20T17:30:00Z").await;
        let mails = app.mails_to("ada@mail.example").await;
        assert_eq!(mails.len(), n_before, "{:?}", mails.iter().map(|mail| mail.kind().to_owned()).collect::<Vec<_>>());
        let withheld = kinds(&app, &officer, &reference).await.into_iter().filter(|kind| kind == "notice_withheld").count();
        assert!(withheld >= 4, "the reply, the extension, the transfer and the chaser: {withheld}");
        let shown = app.get(&officer, &case).await.expect(200);
        assert_eq!(shown["instructions"][0]["kind"], "safe_contact", "{shown:#}");
        let filled = app.get(&agent, &format!("/v1/people/{ada}")).await.expect(200);
        assert_eq!(filled["safe_contact"], json!(["07700 900123"]));
    }

    async fn an_officers_reply_goes_to_the_safe_address_and_not_to_the_one_she_wrote_from(app) {
        let (ada, reference) = ada_by_telephone_only(&app).await;
        let (agent, officer) = (app.agent().await, app.officer().await);
        change(&app, &agent, &ada, json!({"safe_contact": ["Ada@Refuge.Example"]})).await.expect(200);
        let n_before = app.mails_to("ada@mail.example").await.len();
        let chaser = mail("Ada Example <ada@mail.example>", &format!("Re: {reference}"), "chaser-2", "", "Any news of my bin?");
        deliver(&app, &chaser).await.expect(202);
        app.post(&officer, &format!("/v1/cases/{reference}/replies"), json!({"text": "It was emptied today.", "kind": "substantive"})).await.expect(201);
        app.until("2026-11-20T17:10:00Z").await;
        let safe = app.mails_to("ada@refuge.example").await;
        assert_eq!(safe.iter().map(|mail| mail.kind()).collect::<Vec<_>>(), ["reply"], "her words, and nothing automatic");
        assert_eq!(app.mails_to("ada@mail.example").await.len(), n_before);
        let bad = change(&app, &agent, &ada, json!({"safe_contact": ["post", "by pigeon"]})).await.expect(422);
        assert_eq!(bad["errors"][0]["pointer"], "/safe_contact/1");
        let lifted = change(&app, &agent, &ada, json!({"safe_contact": null})).await.expect(200);
        assert_eq!(lifted["safe_contact"], Value::Null);
    }

    async fn a_copy_to_somebody_else_is_no_answer_to_her(app) {
        let (_, reference) = ada_by_telephone_only(&app).await;
        let officer = app.officer().await;
        let path = format!("/v1/cases/{reference}/replies");
        let copied = json!({
            "text": "It was emptied.", "kind": "substantive", "cc": ["landlord@homes.example"],
            "confirmed_recipients": ["landlord@homes.example"],
        });
        assert_eq!(app.post(&officer, &path, copied).await.expect(409)["code"], "no_safe_way");
        app.until("2026-11-20T17:10:00Z").await;
        assert_eq!(app.mails_to("landlord@homes.example").await.len(), 0, "nothing was sent");
        let case = app.get(&officer, &format!("/v1/cases/{reference}")).await.expect(200);
        assert_eq!(case["status"], "new", "and nothing counts as answered");
    }

    async fn what_is_safe_holds_for_every_record_of_one_person(app) {
        let (ada, _) = ada_by_telephone_only(&app).await;
        let old = json!({"name": "Ada Example", "email": "ada.old@mail.example"});
        let logged = log(&app, from(old, "From my old address.")).await;
        let (agent, officer) = (app.agent().await, app.officer().await);
        let merge = json!({"from": person_of(&logged), "into": ada, "reason": "She says so."});
        app.post(&agent, "/v1/people/merges", merge).await.expect(201);
        let path = format!("/v1/cases/{}/replies", reference(&logged));
        let refused = app.post(&officer, &path, json!({"text": "It is done.", "kind": "substantive"})).await.expect(409);
        assert_eq!(refused["code"], "no_safe_way", "{refused:#}");
    }

    async fn nothing_is_sent_to_somebody_who_has_died_and_staff_are_told_why(app) {
        let logged = log(&app, missed_bin()).await;
        let (ada, reference) = (person_of(&logged), reference(&logged));
        let (agent, officer) = (app.agent().await, app.officer().await);
        let case = format!("/v1/cases/{reference}");
        app.post(&officer, &format!("{case}/replies"), json!({"text": "We are looking into it.", "kind": "holding"})).await.expect(201);
        let n_before = app.mails_to("ada@mail.example").await.len();
        change(&app, &agent, &ada, json!({"is_deceased": true})).await.expect(200);
        let states: Vec<Value> = notices(&app, &officer, &reference).await.iter().filter(|one| one["kind"] == "reply").map(|one| one["state"].clone()).collect();
        assert_eq!(states, [json!("cancelled")], "what waited has stopped");
        let refused = app.post(&officer, &format!("{case}/replies"), json!({"text": "It is done.", "kind": "substantive"})).await.expect(409);
        assert_eq!(refused["code"], "person_deceased");
        app.post(&officer, &format!("{case}/closures"), json!({"outcome": "resolved"})).await.expect(201);
        app.until("2026-11-20T17:30:00Z").await;
        assert_eq!(app.mails_to("ada@mail.example").await.len(), n_before);
        assert!(kinds(&app, &officer, &reference).await.contains(&"notice_withheld".to_owned()));
        let shown = app.get(&officer, &case).await.expect(200);
        assert_eq!(shown["instructions"][0]["kind"], "deceased");
        // Whoever acts for them is answered.
        app.post(&officer, &format!("{case}/reopenings"), json!({"reason": "Her son rang."})).await.expect(201);
        let bryn = person_of(&log(&app, from(json!({"name": "Bryn Other", "email": "bryn@mail.example"}), "My own bin.")).await);
        app.post(&officer, &format!("{case}/people"), json!({"person": bryn, "role": "advocate"})).await.expect(201);
        app.post(&officer, &format!("{case}/replies"), json!({"text": "We are sorry.", "kind": "substantive"})).await.expect(201);
        app.until("2026-11-20T18:00:00Z").await;
        assert!(app.mails_to("bryn@mail.example").await.iter().any(|mail| mail.raw.contains("We are sorry.")));
        assert_eq!(app.mails_to("ada@mail.example").await.len(), n_before);
    }

    async fn a_mail_that_failed_is_not_tried_again_once_its_reader_has_died(app) {
        let logged = log(&app, missed_bin()).await;
        let (agent, officer) = (app.agent().await, app.officer().await);
        let path = format!("/v1/cases/{}/replies", reference(&logged));
        app.post(&officer, &path, json!({"text": "It is done.", "kind": "substantive"})).await.expect(201);
        app.mails().await;
        // Another process has it in hand while the death is noted: only the next attempt can be stopped.
        let noted = app.now() + jiff::SignedDuration::from_secs(130);
        let claimed = app.claim_at(noted).await;
        assert_eq!(claimed, 1);
        change(&app, &agent, &person_of(&logged), json!({"is_deceased": true})).await.expect(200);
        app.until("2026-11-20T17:20:00Z").await;
        assert!(app.mails_to("ada@mail.example").await.iter().all(|mail| mail.kind() != "reply"));
        let shown = notices(&app, &officer, &reference(&logged)).await;
        assert!(shown.iter().any(|one| one["kind"] == "reply" && one["state"] == "cancelled"), "{shown:#?}");
    }

    async fn a_letter_is_written_in_the_language_and_format_they_asked_for(app) {
        let logged = log(&app, missed_bin()).await;
        let (ada, reference) = (person_of(&logged), reference(&logged));
        let (agent, officer) = (app.agent().await, app.officer().await);
        let wish = json!({"preferences": {"channel": "post", "language": "cy", "format": "large_print"}});
        change(&app, &agent, &ada, wish).await.expect(200);
        app.post(&officer, &format!("/v1/cases/{reference}/replies"), json!({"text": "Mae'r bin yn wag.", "kind": "substantive"})).await.expect(201);
        let letter = notices(&app, &officer, &reference).await.into_iter().find(|one| one["kind"] == "reply").unwrap();
        assert_eq!((&letter["transport"], &letter["state"]), (&json!("post"), &json!("to_write")), "{letter:#}");
        assert_eq!((&letter["letter"]["language"], &letter["letter"]["format"]), (&json!("cy"), &json!("large_print")));
        let shown = app.get(&officer, &format!("/v1/cases/{reference}")).await.expect(200);
        assert_eq!(shown["instructions"][0]["words"], "Reach them by post, in Welsh, in large print", "{shown:#}");
        let waiting = app.get(&officer, "/v1/notices?state=to_write").await.expect(200);
        assert_eq!(waiting["items"].as_array().unwrap().len(), 1);
    }

    async fn whoever_asked_for_welsh_has_every_date_in_welsh(app) {
        let logged = log(&app, missed_bin()).await;
        let (ada, reference) = (person_of(&logged), reference(&logged));
        let (agent, officer) = (app.agent().await, app.officer().await);
        app.catch_up().await;
        let n_before = app.mails_to("ada@mail.example").await.len();
        change(&app, &agent, &ada, json!({"preferences": {"language": "cy"}})).await.expect(200);
        let case = format!("/v1/cases/{reference}");
        let act = async |what: &str, body: Value| {
            app.post(&officer, &format!("{case}/{what}"), body).await.expect(201);
        };
        act("replies", json!({"text": "Rydym yn edrych ar hyn.", "kind": "holding"})).await;
        act("extensions", json!({"clock": "respond", "by": {"working_days": 3}, "reason": "Mae'r lori wedi torri."})).await;
        let rang = json!({
            "channel": "phone", "direction": "outbound", "outcome": "no_answer", "case": reference,
            "number_presented": "01632 960100", "subject": "Rang",
        });
        app.post(&agent, "/v1/contacts", rang).await.expect(201);
        let chaser = mail("Ada Example <ada@mail.example>", &format!("Re: {reference}"), "chaser-3", "", "Any news of my bin?");
        deliver(&app, &chaser).await.expect(202);
        act("replies", json!({"text": "Mae'r bin yn wag.", "kind": "substantive"})).await;
        app.until("2026-11-20T17:30:00Z").await;
        let mails: Vec<_> = app.mails_to("ada@mail.example").await.into_iter().skip(n_before).collect();
        let kinds: Vec<&str> = mails.iter().map(|mail| mail.kind()).collect();
        for kind in ["reply", "extension", "tried_to_call", "chaser_confirmation"] {
            assert!(kinds.contains(&kind), "{kind}: {kinds:?}");
        }
        for mail in &mails {
            assert!(mail.raw.contains("lang=\"cy\"") || mail.raw.contains("lang=3D\"cy\""), "{}", mail.raw);
            assert!(mail.raw.contains("Tachwedd") || mail.raw.contains("Rhagfyr"), "{}", mail.raw);
            for english in ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "November", "December"] {
                assert!(!mail.raw.contains(english), "{english}: {}", mail.raw);
            }
        }
    }

    async fn a_change_of_a_person_is_seen_by_whoever_has_their_case_before_them(app) {
        let logged = log(&app, missed_bin()).await;
        let (agent, officer) = (app.agent().await, app.officer().await);
        let path = format!("/v1/cases/{}", reference(&logged));
        let shown = app.get(&officer, &path).await;
        let etag = shown.header("etag").unwrap().to_owned();
        let again = |etag: String| app.send(&officer, TestRequest::get().uri(&path).insert_header(("if-none-match", etag)));
        assert_eq!(again(etag.clone()).await.status, 304);
        change(&app, &agent, &person_of(&logged), json!({"safe_contact": []})).await.expect(200);
        let fresh = again(etag).await.expect(200);
        assert!(fresh["instructions"][0]["words"].as_str().unwrap().contains("no way is known to be safe"), "{fresh:#}");
    }
}
