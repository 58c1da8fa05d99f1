//! When the date comes nearer and passes, the right people are told, once, at a decent hour.

use serde_json::json;

use crate::intake::{log, missed_bin};

const HEAD: &str = "head.of.waste.and.street.scene@council.example";
const LEADER: &str = "team.leader.waste-ops@council.example";

stories! {
    async fn a_missed_bin_climbs_to_the_head_of_service(app) {
        let logged = log(&app, missed_bin()).await;
        let reference = logged["case"]["reference"].as_str().unwrap().to_owned();
        // Due on Tuesday 24 November at five; the head of service hears on Wednesday at nine.
        app.until("2026-11-24T16:59:00Z").await;
        let head = app.mails_to(HEAD).await;
        assert!(head.is_empty(), "not before it is late");
        app.until("2026-11-24T18:00:00Z").await;
        let leader = app.mails_to(LEADER).await;
        assert!(leader.iter().any(|mail| mail.kind() == "reminder" && mail.header("X-Reeve-Case") == reference), "{leader:#?}");
        app.until("2026-11-25T09:30:00Z").await;
        let head = app.mails_to(HEAD).await;
        assert_eq!(head.len(), 1, "one digest");
        assert_eq!(head[0].kind(), "digest");
        assert!(head[0].raw.contains(&reference));
        for word in ["Ada", "breach", "violation", "failure"] {
            assert!(!head[0].raw.contains(word), "{word}: {}", head[0].raw);
        }
        app.until("2026-11-26T09:30:00Z").await;
        assert_eq!(app.mails_to(HEAD).await.len(), 1, "nothing new, so no mail");
    }

    async fn a_case_that_is_answered_escalates_to_nobody(app) {
        let logged = log(&app, missed_bin()).await;
        let reference = logged["case"]["reference"].as_str().unwrap();
        let officer = app.officer().await;
        let path = format!("/v1/cases/{reference}/replies");
        app.post(&officer, &path, json!({"text": "Emptied.", "kind": "substantive"})).await.expect(201);
        app.until("2026-11-27T12:00:00Z").await;
        assert!(app.mails_to(HEAD).await.is_empty());
        assert!(app.mails_to(LEADER).await.iter().all(|mail| mail.kind() != "reminder"));
    }

    async fn a_note_does_not_stop_the_ladder(app) {
        let logged = log(&app, missed_bin()).await;
        let reference = logged["case"]["reference"].as_str().unwrap();
        let officer = app.officer().await;
        let path = format!("/v1/cases/{reference}/notes");
        app.post(&officer, &path, json!({"text": "Looking into it.", "audience": "staff"})).await.expect(201);
        app.until("2026-11-25T09:30:00Z").await;
        let head = app.mails_to(HEAD).await;
        assert_eq!(head.len(), 1);
        assert!(head[0].raw.contains("20 November"), "it names the last action: {}", head[0].raw);
    }

    async fn after_a_long_outage_each_is_told_once(app) {
        let logged = log(&app, missed_bin()).await;
        let reference = logged["case"]["reference"].as_str().unwrap().to_owned();
        app.mails().await;
        // Nothing runs for two weeks; it comes back on a Saturday night.
        app.jump_to("2026-12-05T23:00:00Z").await;
        let told = |mails: &[crate::support::Mail], to: &str| mails.iter().filter(|mail| mail.to == to && mail.kind() != "confirmation").count();
        let mails = app.mails().await;
        assert_eq!(told(&mails, HEAD) + told(&mails, LEADER), 0, "nobody at night");
        app.until("2026-12-07T09:30:00Z").await;
        let mails = app.mails().await;
        assert_eq!(told(&mails, LEADER), 1, "{mails:#?}");
        assert_eq!(told(&mails, HEAD), 1);
        assert_eq!(told(&mails, "director.of.place@council.example"), 1);
        let officer = app.officer().await;
        let list = app.get(&officer, "/v1/escalations").await.expect(200);
        assert!(list.to_string().contains(&reference));
        app.catch_up().await;
        assert_eq!(app.mails().await.len(), mails.len(), "looking again tells nobody again");
    }

    async fn danger_is_told_again_every_quarter_of_an_hour_until_somebody_has_it(app) {
        let body = json!({
            "channel": "phone",
            "body": "No heating and no hot water since last night and there is a five week old baby in the flat.",
            "person": {"name": "Ada Example", "phone": "01632 960123"}
        });
        let logged = log(&app, body).await;
        let reference = logged["case"]["reference"].as_str().unwrap().to_owned();
        let queue = logged["case"]["queue"].as_str().unwrap().to_owned();
        let duty = format!("duty.{queue}@council.example");
        assert_eq!(app.mails_to(&duty).await.len(), 1, "at once");
        app.until("2026-11-20T17:29:00Z").await;
        let alerts = app.mails_to(&duty).await;
        assert_eq!(alerts.len(), 3, "at 0, 15 and 30 minutes");
        assert!(alerts.iter().all(|mail| mail.kind() == "alert" && !mail.raw.contains("Ada")));
        let officer = app.officer().await;
        let path = format!("/v1/cases/{reference}/calls");
        app.post(&officer, &path, json!({"who": "duty officer", "number": "01632 960999", "outcome": "on the way"})).await.expect(201);
        app.until("2026-11-20T19:00:00Z").await;
        assert_eq!(app.mails_to(&duty).await.len(), 3, "somebody has been rung");
    }

    async fn a_case_that_nobody_takes_and_a_mail_nobody_looks_at_are_put_to_a_team_leader(app) {
        let body = json!({
            "channel": "phone", "service": "waste-collection", "category": "new-container",
            "body": "May we have a second green bin please.",
            "person": {"name": "Ada Example", "email": "ada@mail.example"}
        });
        let logged = log(&app, body).await;
        let reference = logged["case"]["reference"].as_str().unwrap().to_owned();
        let officer = app.officer().await;
        let path = format!("/v1/cases/{reference}");
        let case = app.get(&officer, &path).await.expect(200);
        assert_eq!(case["waits"][0]["place"], "unassigned", "{case:#}");
        let raw = format!("From: stranger@mail.example\r\nTo: contact@council.example\r\nSubject: {reference}\r\n\
            Message-ID: <w1@mail.example>\r\nContent-Type: text/plain\r\n\r\nWhat about this?\r\n");
        let headers = [("content-type", "message/rfc822")];
        let held = app.post_with(&app.key("mail-gateway"), "/v1/channels/email/messages", &headers, &raw).await.expect(202);
        assert_eq!(held["disposition"], "held", "{held:#}");
        // Friday evening; the mail may wait until Monday at five, the case until Tuesday.
        app.until("2026-11-23T17:30:00Z").await;
        let to_leader = app.mails_to(LEADER).await;
        assert_eq!(to_leader.len(), 1, "{to_leader:#?}");
        assert_eq!(to_leader[0].kind(), "waiting");
        assert!(!to_leader[0].raw.contains("stranger"), "{}", to_leader[0].raw);
        app.until("2026-11-25T09:30:00Z").await;
        let digests: Vec<_> = app.mails_to(LEADER).await.into_iter().filter(|mail| mail.kind() == "digest").collect();
        assert_eq!(digests.len(), 1);
        assert!(digests[0].raw.contains("Nobody has taken it since Friday 20 November 2026"), "{}", digests[0].raw);
        let list = app.get(&officer, "/v1/escalations").await.expect(200);
        let of = |clock: &str| list["items"].as_array().unwrap().iter().find(|step| step["clock"] == clock).cloned().unwrap();
        let step = of("waiting_unassigned");
        assert_eq!(step["case"]["reference"], reference.as_str());
        assert_eq!(step["to"][0]["email"], LEADER);
        assert_eq!(step["to"][0]["delivery"], "sent", "{step:#}");
        let step = of("waiting_held");
        assert_eq!(step["case"], json!(null));
        assert_eq!(step["contact"], held["contact"]["id"]);
        app.post(&officer, &format!("{path}/assignments"), json!({"owner": "me"})).await.expect(201);
        let case = app.get(&officer, &path).await.expect(200);
        assert_eq!(case["waits"], json!([]), "{case:#}");
        app.until("2026-12-01T12:00:00Z").await;
        let again = app.mails_to(LEADER).await.into_iter().filter(|mail| mail.kind() == "digest").count();
        assert_eq!(again, 1, "somebody has it");
    }
}
