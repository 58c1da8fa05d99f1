//! A day of FixMyStreet's, and the days after.

use actix_web::test::TestRequest;
use serde_json::json;

use super::{
    FORM, act, borrowed, case, contacts, encoded, items, key, report, reported, say, send, updates,
    updates_between, xml,
};
use crate::support::Caller;

stories! {
    async fn a_report_goes_in_and_what_becomes_of_it_comes_back(app) {
        let request = reported(&app, "123").await;
        let case_now = case(&app, &request).await;
        assert_eq!((case_now["channel"].as_str(), case_now["status"].as_str()), (Some("open311"), Some("new")));
        assert_eq!((case_now["service"].as_str(), case_now["category"].as_str()), (Some("fly-tipping"), Some("fly-tip")));
        assert_eq!(case_now["subject"], "Sofa & chairs on the verge");
        let said = contacts(&app, &request).await;
        assert_eq!(said[0]["body"], "They have been there <a week>.");
        assert_eq!(said[0]["external_id"], "123");
        assert_eq!(said[0]["detail"]["media_urls"], json!(["https://fixmystreet.example/photo/123.0.full.jpeg"]));
        assert_eq!(said[0]["detail"]["page_url"], "https://fixmystreet.example/report/123");
        assert_eq!(said[0]["detail"]["fields"]["size"], "van");
        assert_eq!(said[0]["detail"]["fields"]["easting"], "530034");
        let mails = app.mails_to("ada@mail.example").await;
        assert_eq!(mails.iter().map(|mail| mail.kind()).collect::<Vec<_>>(), ["confirmation"]);

        let first = updates(&app, 2).await;
        assert_eq!(first.len(), 1, "{first:?}");
        assert_eq!((first[0].get("status"), first[0].get("fixmystreet_id")), ("OPEN", "123"));
        assert_eq!(first[0].get("description"), "We received it.");

        app.until("2026-11-23T09:30:00Z").await;
        act(&app, &request, "assignments", json!({"owner": "me"})).await;
        app.until("2026-11-23T10:00:00Z").await;
        act(&app, &request, "questions", json!({"text": "Is it on the path?"})).await;
        let since = updates(&app, 2).await;
        let told: Vec<(&str, &str)> = since.iter().map(|one| (one.get("status"), one.get("description"))).collect();
        assert_eq!(told, [
            ("INVESTIGATING", "An officer is looking at it."),
            ("IN_PROGRESS", "We asked you a question."),
            ("IN_PROGRESS", "We are waiting for an answer from you."),
        ]);
        assert_eq!(since[0].get("updated_datetime"), "2026-11-23T09:30:00Z");
        assert_eq!(since[1].get("external_status_code"), "waiting.person");

        app.until("2026-11-23T11:00:00Z").await;
        let reply = say(&app, &request, "77", "IN_PROGRESS", "On the path, yes.").await;
        let taken = items(&reply, "service_request_updates");
        assert_eq!(taken[0].name, "request_update");
        let said = contacts(&app, &request).await;
        assert_eq!(said.len(), 2);
        assert_eq!((said[1]["body"].as_str(), said[1]["id"].as_str()), (Some("On the path, yes."), Some(taken[0].get("update_id"))));
        assert_eq!(said[1]["person"]["id"], said[0]["person"]["id"], "it is who made the report");
        assert_eq!(case(&app, &request).await["status"], "open", "the person answered");

        app.until("2026-11-24T12:00:00Z").await;
        act(&app, &request, "closures", json!({"outcome": "resolved"})).await;
        let since = updates(&app, 2).await;
        assert_eq!(since.iter().map(|one| one.get("status")).collect::<Vec<_>>(), ["FIXED"]);

        app.until("2026-11-25T08:00:00Z").await;
        items(&say(&app, &request, "78", "REOPEN", "They left half of it.").await, "service_request_updates");
        assert_ne!(case(&app, &request).await["status"], "closed");
        let since = updates(&app, 2).await;
        assert_eq!(since.iter().map(|one| one.get("status")).collect::<Vec<_>>(), ["OPEN"], "{since:?}");
        assert_eq!(since[0].get("description"), "We opened it again.");

        // Whenever and however often somebody asks: the same ids, and each as it stood then.
        let whole = updates(&app, 24 * 7).await;
        let again = updates(&app, 24 * 7).await;
        assert_eq!(whole, again);
        let statuses: Vec<&str> = whole.iter().map(|one| one.get("status")).collect();
        assert_eq!(statuses, ["OPEN", "INVESTIGATING", "IN_PROGRESS", "IN_PROGRESS", "INVESTIGATING", "FIXED", "OPEN"]);
        assert_eq!(whole[0], first[0]);
        let text = format!("{whole:?}");
        for secret in ["On the path", "half of it", "Ada", "message from you", "Olu"] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    }

    async fn the_same_report_again_is_the_same_case_whatever_it_says_by_then(app) {
        let request = reported(&app, "123").await;
        assert_eq!(reported(&app, "123").await, request);
        let mut changed = report("123");
        changed[3].1 = "title: Other words\n\ndetail: Edited since.".to_owned();
        let reply = send(&app, "requests.xml", &borrowed(&changed)).await;
        assert_eq!(items(&reply, "service_requests")[0].get("service_request_id"), request);
        assert!(!items(&reply, "service_requests")[0].get("service_notice").is_empty());
        assert_eq!(contacts(&app, &request).await[0]["body"], "They have been there <a week>.");
        assert_ne!(reported(&app, "124").await, request);

        let other = crate::support::people::key("other-open311").key;
        let mut theirs = report("123");
        theirs.push(("api_key", other));
        let reply = send(&app, "requests.xml", &borrowed(&theirs)).await;
        assert_ne!(items(&reply, "service_requests")[0].get("service_request_id"), request, "numbers are a key's own");
    }

    async fn two_that_send_the_same_report_at_once_make_one_case(app) {
        let pairs = report("123");
        let pairs = borrowed(&pairs);
        let (one, two, three) = tokio::join!(
            send(&app, "requests.xml", &pairs),
            send(&app, "requests.xml", &pairs),
            send(&app, "requests.xml", &pairs),
        );
        let id = |reply| items(reply, "service_requests")[0].get("service_request_id").to_owned();
        assert_eq!((id(&one), id(&one)), (id(&two), id(&three)));
    }

    async fn the_same_message_again_is_one_message(app) {
        let request = reported(&app, "123").await;
        let other = reported(&app, "124").await;
        let id = async |request: &str| {
            let reply = say(&app, request, "123", "OPEN", "Still there.").await;
            items(&reply, "service_request_updates")[0].get("update_id").to_owned()
        };
        let first = id(&request).await;
        assert_eq!(id(&request).await, first);
        assert_ne!(id(&other).await, first, "a number is one report's");
        let joined = contacts(&app, &request).await;
        assert_eq!(joined.iter().filter(|one| one["disposition"] == "joined").count(), 1);
    }

    async fn who_says_that_it_is_fixed_changes_no_status(app) {
        let request = reported(&app, "123").await;
        let officer_asks = json!({"text": "Where exactly?"});
        act(&app, &request, "assignments", json!({"owner": "me"})).await;
        act(&app, &request, "questions", officer_asks).await;
        items(&say(&app, &request, "1", "FIXED", "It has gone.").await, "service_request_updates");
        assert_eq!(case(&app, &request).await["status"], "waiting");
        act(&app, &request, "closures", json!({"outcome": "resolved"})).await;
        for (number, status) in ["closed", "Fixed", "NO_FURTHER_ACTION"].iter().enumerate() {
            items(&say(&app, &request, &format!("2{number}"), status, "Thank goodness.").await, "service_request_updates");
        }
        assert_eq!(case(&app, &request).await["status"], "closed");
        assert_eq!(contacts(&app, &request).await.len(), 5);
    }

    async fn a_message_written_before_we_closed_does_not_open_it_again(app) {
        let request = reported(&app, "123").await;
        app.until("2026-11-23T12:00:00Z").await;
        act(&app, &request, "closures", json!({"outcome": "resolved"})).await;
        let written = |at: &'static str, number: &'static str| {
            let request = request.clone();
            let app = &app;
            async move {
                let reply = send(app, "servicerequestupdates.xml", &[
                    ("service_request_id", &request), ("update_id", number), ("status", "OPEN"),
                    ("updated_datetime", at), ("description", "Still there."),
                ]).await;
                items(&reply, "service_request_updates");
            }
        };
        written("2026-11-23T11:59:00Z", "1").await;
        assert_eq!(case(&app, &request).await["status"], "closed");
        app.until("2026-11-23T13:00:00Z").await;
        written("2026-11-23T12:30:00+00:00", "2").await;
        assert_eq!(case(&app, &request).await["status"], "new");
    }

    async fn a_report_may_come_in_parts_and_its_photographs_are_noted(app) {
        let mut body = String::new();
        let mut pairs = report("123");
        pairs.push(("api_key", key()));
        pairs.push(("attribute[what][]", "furniture".to_owned()));
        pairs.push(("attribute[what][]", "bags".to_owned()));
        for (name, value) in &pairs {
            body.push_str(&format!("--xYzZY\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"));
        }
        body.push_str("--xYzZY\r\nContent-Disposition: form-data; name=\"photo1\"; filename=\"a.jpeg\"\r\nContent-Type: image/jpeg\r\n\r\nJFIF\r\n--xYzZY--\r\n");
        let headers = [("content-type", "multipart/form-data; boundary=xYzZY")];
        let reply = app.post_with(&Caller::nobody(), "/open311/v2/requests.xml", &headers, &body).await;
        let request = items(&reply, "service_requests")[0].get("service_request_id").to_owned();
        let fields = contacts(&app, &request).await[0]["detail"]["fields"].clone();
        assert_eq!(fields["what"], json!(["furniture", "bags"]));
        assert_eq!(fields["files_not_kept"], json!(["photo1: image/jpeg, 4 bytes"]));
    }

    async fn photographs_sent_as_files_are_kept_with_the_report_and_what_is_not_is_said(app) {
        let photograph = crate::attachments::photograph("A sofa on the verge");
        let sent = async |path: &str, pairs: &[(&str, String)], files: &[(&str, &str, &[u8])]| {
            let mut body = Vec::new();
            for (name, value) in pairs {
                body.extend(format!("--xYzZY\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").bytes());
            }
            for (field, name, bytes) in files {
                body.extend(format!("--xYzZY\r\nContent-Disposition: form-data; name=\"{field}\"; filename=\"{name}\"\r\nContent-Type: image/jpeg\r\n\r\n").bytes());
                body.extend_from_slice(bytes);
                body.extend(b"\r\n");
            }
            body.extend(b"--xYzZY--\r\n");
            let request = TestRequest::post().uri(path).insert_header(("content-type", "multipart/form-data; boundary=xYzZY")).set_payload(body);
            app.send(&Caller { bearer: Some(key()) }, request).await
        };
        let many = crate::support::settings().attachments.max_per_contact;
        let mut files: Vec<(&str, &str, &[u8])> = vec![("media", "sofa.jpeg", &photograph), ("photo1", "page.jpeg", b"<html>")];
        for _ in 0..many {
            files.push(("photo2", "again.jpeg", &photograph));
        }
        let first = sent("/open311/v2/requests.json", &report("123"), &files).await.expect(200);
        let request = first[0]["service_request_id"].as_str().unwrap().to_owned();
        let notice = first[0]["service_notice"].as_str().unwrap();
        assert!(notice.contains("photo1 was not kept.") && notice.contains("photo2 was not kept. At most"), "{notice}");
        let shown = case(&app, &request).await;
        let kept = shown["attachments"].as_array().unwrap();
        assert_eq!(kept.len(), many, "{shown:#}");
        assert_eq!((&kept[0]["name"], &kept[0]["type"]), (&json!("sofa.jpeg"), &json!("image/jpeg")));
        let said = contacts(&app, &request).await;
        assert_eq!(said[0]["body"], "They have been there <a week>.", "nothing else is lost");
        assert_eq!(said[0]["detail"]["fields"]["files_not_kept"], json!(["photo1: image/jpeg, 6 bytes", format!("photo2: image/jpeg, {} bytes", photograph.len())]));
        let officer = app.officer().await;
        let path = format!("/v1/attachments/{}", kept[0]["id"].as_str().unwrap());
        assert_eq!(app.get(&officer, &path).await.status, 200);

        // Sent again it brings nothing again.
        sent("/open311/v2/requests.json", &report("123"), &files).await.expect(200);
        assert_eq!(case(&app, &request).await["attachments"].as_array().unwrap().len(), many);
        let update = [
            ("service_request_id", request.clone()), ("update_id", "7".to_owned()), ("status", "OPEN".to_owned()),
            ("description", "Still there.".to_owned()),
        ];
        sent("/open311/v2/servicerequestupdates.json", &update, &[("photo1", "now.jpeg", &photograph)]).await.expect(200);
        assert_eq!(case(&app, &request).await["attachments"].as_array().unwrap().len(), many + 1);
    }

    async fn a_report_is_taken_whatever_its_writer_said_of_themselves_and_that_is_nobodys_to_read(app) {
        let mut pairs = report("123");
        for (name, value) in &mut pairs {
            match *name {
                "phone" => *value = "none 07700".to_owned(),
                "email" => *value = "jörg@mail.example".to_owned(),
                "description" => *value = "A sofa\u{b} on the verge.\u{0}".to_owned(),
                _ => {}
            }
        }
        let reply = send(&app, "requests.xml", &borrowed(&pairs)).await;
        let request = items(&reply, "service_requests")[0].get("service_request_id").to_owned();
        let said = contacts(&app, &request).await;
        assert_eq!(
            said[0]["body"],
            "A sofa on the verge.\n\nE-mail address, as it was given: jörg@mail.example\nTelephone number, as it was given: none 07700"
        );
        for path in ["requests.xml".to_owned(), format!("requests/{request}.json?extensions=true")] {
            let shown = super::read(&app, &path).await;
            assert!(shown.text.contains("A sofa on the verge."), "{}", shown.text);
            assert!(!shown.text.contains("jörg") && !shown.text.contains("07700") && !shown.text.contains("as it was given"), "{}", shown.text);
        }
        let reply = send(&app, "servicerequestupdates.xml", &[
            ("service_request_id", &request), ("update_id", "1"), ("status", "OPEN"), ("description", "Still\u{c} there."),
            ("email", "-"), ("phone", "-"),
        ]).await;
        items(&reply, "service_request_updates");
        assert_eq!(contacts(&app, &request).await[1]["body"], "Still there.\n\nE-mail address, as it was given: -\nTelephone number, as it was given: -");
    }

    async fn the_key_may_stand_in_the_form_the_query_or_the_header(app) {
        let body = |number: &str| encoded(&borrowed(&report(number)));
        let headers = [("content-type", FORM)];
        let bearer = Caller { bearer: Some(key()) };
        let by_header = app.post_with(&bearer, "/open311/v2/requests.json", &headers, &body("1")).await.expect(200);
        let path = format!("/open311/v2/requests.json?api_key={}", key());
        let by_query = app.post_with(&Caller::nobody(), &path, &headers, &body("1")).await.expect(200);
        assert_eq!(by_header[0]["service_request_id"], by_query[0]["service_request_id"]);
        let listed = app.get(&bearer, "/open311/v2/servicerequestupdates.json").await.expect(200);
        assert_eq!(listed.as_array().unwrap().len(), 1);
    }

    async fn an_idempotency_key_is_the_senders_own(app) {
        let pairs: Vec<(&str, String)> = report("1").into_iter().filter(|(name, _)| *name != "attribute[fixmystreet_id]").collect();
        let body = encoded(&borrowed(&pairs));
        let headers = [("content-type", FORM), ("idempotency-key", "once")];
        let bearer = Caller { bearer: Some(key()) };
        let first = app.post_with(&bearer, "/open311/v2/requests.json", &headers, &body).await;
        let again = app.post_with(&bearer, "/open311/v2/requests.json", &headers, &body).await;
        assert_eq!((first.status, &first.text), (200, &again.text));
        assert_eq!(again.header("idempotency-replayed"), Some("true"));
        let stranger = app.post_with(&Caller::nobody(), "/open311/v2/requests.json", &headers, &body).await;
        assert_eq!(stranger.status, 403);
    }

    async fn where_the_reporting_service_confirms_we_do_not(app) {
        let mut settings = crate::support::settings();
        settings.open311.send_confirmations = false;
        let app = app.replica_with(settings).await;
        let request = reported(&app, "123").await;
        items(&say(&app, &request, "1", "OPEN", "When exactly?").await, "service_request_updates");
        assert_eq!(app.mails_to("ada@mail.example").await.len(), 0);
        let officer = app.officer().await;
        let clocks = app.get(&officer, &format!("/v1/cases/{request}/clocks")).await.expect(200);
        let acknowledge = clocks["items"].as_array().unwrap().iter().find(|one| one["name"] == "acknowledge").unwrap();
        assert_eq!(acknowledge["state"], "not_applicable");
        act(&app, &request, "replies", json!({"text": "Tomorrow.", "kind": "substantive"})).await;
        app.until("2026-11-20T17:10:00Z").await;
        assert_eq!(app.mails_to("ada@mail.example").await.len(), 1, "an officer's answer still goes");
    }

    async fn a_window_takes_in_both_its_ends(app) {
        reported(&app, "1").await;
        let at = app.now();
        let second = jiff::SignedDuration::from_secs(1);
        assert_eq!(updates_between(&app, at, at).await.len(), 1);
        assert_eq!(updates_between(&app, at + second, at + second).await.len(), 0);
        assert_eq!(updates_between(&app, at - second, at - second).await.len(), 0);
        let path = format!("servicerequestupdates.xml?api_key={}", key());
        assert_eq!(items(&super::read(&app, &path).await, "service_request_updates").len(), 1);
        assert_eq!(xml(&super::read(&app, &path).await).name, "service_request_updates");
    }

    async fn a_merged_report_is_a_duplicate_and_one_not_ours_says_so(app) {
        let (kept, merged, other) = (reported(&app, "1").await, reported(&app, "2").await, reported(&app, "3").await);
        act(&app, &merged, "merges", json!({"into": kept})).await;
        act(&app, &other, "closures", json!({"outcome": "not_ours"})).await;
        let told = updates(&app, 2).await;
        let last = |request: &str| {
            let of_it: Vec<_> = told.iter().filter(|one| one.get("service_request_id") == request).collect();
            of_it.last().unwrap().get("status").to_owned()
        };
        assert_eq!(last(&merged), "DUPLICATE");
        assert_eq!(last(&other), "NOT_COUNCILS_RESPONSIBILITY");
        assert_eq!(last(&kept), "OPEN");
    }
}
