//! Raw e-mail through the front door.

use serde_json::Value;

use crate::intake::{log, missed_bin};
use crate::support::{Reply, TestApp};
use reeve::casework::mail_in;
use reeve::channels::email_in::{Bounce, Envelope};
use reeve::domain::access::Actor;

/// A mail server's word that there is nobody at an address.
pub fn gone() -> Bounce {
    Bounce {
        status: Some("5.1.1".to_owned()),
        is_final: true,
        is_no_address: true,
        ..Bounce::default()
    }
}

pub async fn deliver(app: &TestApp, raw: &str) -> Reply {
    let headers = [("content-type", "message/rfc822")];
    app.post_with(
        &app.key("mail-gateway"),
        "/v1/channels/email/messages",
        &headers,
        raw,
    )
    .await
}

pub fn mail(from: &str, subject: &str, id: &str, more: &str, body: &str) -> String {
    format!(
        "From: {from}\r\nTo: contact@council.example\r\nSubject: {subject}\r\nMessage-ID: <{id}@mail.example>\r\n\
         Date: Fri, 20 Nov 2026 16:50:00 +0000\r\n{more}Content-Type: text/plain; charset=utf-8\r\n\r\n{body}\r\n"
    )
}

stories! {
    async fn a_councillors_mail_opens_their_enquiry_and_the_services_own_case(app) {
        let raw = mail(
            "Cllr Anwen Prothero <cllr.anwen.prothero@council.example>",
            "Casework - Mrs D, Ferncroft Court",
            "cllr-1",
            "",
            "Hi all, another one about the street light outside Ferncroft Court. It has been out since Monday. \
             I reported it last Thursday and have had nothing back. Could I have a proper answer please. Thanks, Anwen",
        );
        let taken = deliver(&app, &raw).await.expect(202);
        assert_eq!(taken["disposition"], "opened", "{taken:#}");
        let reference = taken["case"]["reference"].as_str().unwrap().to_owned();
        let officer = app.officer().await;
        let case = app.get(&officer, &format!("/v1/cases/{reference}")).await.expect(200);
        assert_eq!(case["procedure"], "member_enquiry", "{case:#}");
        assert_eq!(case["respond_on"], "2026-12-04", "ten working days");
        assert_eq!(case["related_cases"].as_array().unwrap().len(), 1, "the service's own case: {case:#}");
        let mails = app.mails_to("cllr.anwen.prothero@council.example").await;
        assert_eq!(mails.len(), 1);
        assert_eq!(mails[0].header("Auto-Submitted"), "auto-replied");
        assert!(mails[0].raw.contains("Head of"), "{}", mails[0].raw);
        let member = app.sign_in("cllr.anwen.prothero@council.example").await;
        let own = app.get(&member, &format!("/v1/cases/{reference}")).await.expect(200);
        assert_eq!(own["reference"], reference.as_str());
    }

    async fn the_same_mail_twice_is_one_case(app) {
        let raw = mail("Ada <ada@mail.example>", "Bin", "same-1", "", "My black bin was not emptied.");
        let first = deliver(&app, &raw).await.expect(202);
        let second = deliver(&app, &raw).await.expect(202);
        assert_eq!(second["disposition"], "duplicate");
        assert_eq!(first["case"]["reference"], second["case"]["reference"]);
        assert_eq!(app.mails_to("ada@mail.example").await.len(), 1);
    }

    async fn automatic_mail_is_kept_and_never_answered(app) {
        for (n, header) in ["Auto-Submitted: auto-replied\r\n", "Precedence: bulk\r\n", "List-Id: <news.example>\r\n"].iter().enumerate() {
            let raw = mail("Robot <robot@mail.example>", "Automatic reply", &format!("auto-{n}"), header, "I am out of the office.");
            let taken = deliver(&app, &raw).await.expect(202);
            assert_eq!(taken["disposition"], "stored", "{header}");
        }
        assert!(app.mails_to("robot@mail.example").await.is_empty());
    }

    async fn a_formal_complaint_about_a_live_case_opens_beside_it_once_and_the_request_carries_on(app) {
        let reference = log(&app, missed_bin()).await["case"]["reference"].as_str().unwrap().to_owned();
        let n_before = app.mails_to("ada@mail.example").await.len();
        let complain = |id: &str| {
            let body = "I am writing to make a formal complaint. Nobody came, and nobody has rung me back.";
            mail("Ada <ada@mail.example>", &format!("Formal complaint re {reference}"), id, "", body)
        };
        let taken = deliver(&app, &complain("c-1")).await.expect(202);
        assert_eq!(taken["disposition"], "joined", "{taken:#}");
        assert_eq!(taken["case"]["reference"], reference.as_str());
        let officer = app.officer().await;
        let request = app.get(&officer, &format!("/v1/cases/{reference}")).await.expect(200);
        assert_eq!((request["status"].as_str(), request["chasers"].as_i64()), (Some("new"), Some(1)), "{request:#}");
        let related = request["related_cases"].as_array().unwrap().clone();
        assert_eq!(related.len(), 1, "{related:#?}");
        assert_eq!((related[0]["procedure"].as_str(), related[0]["kind"].as_str()), (Some("complaint"), Some("about")));
        let complaint = related[0]["reference"].as_str().unwrap().to_owned();
        let case = app.get(&officer, &format!("/v1/cases/{complaint}")).await.expect(200);
        assert_eq!(case["received_at"], "2026-11-20T16:58:00Z", "dated from receipt: {case:#}");
        let mails = app.mails_to("ada@mail.example").await;
        assert_eq!(mails.len(), n_before + 1, "one receipt, the complaint's own");
        assert!(mails[n_before].raw.contains(&complaint), "{}", mails[n_before].raw);
        deliver(&app, &complain("c-2")).await.expect(202);
        let request = app.get(&officer, &format!("/v1/cases/{reference}")).await.expect(200);
        assert_eq!(request["related_cases"].as_array().unwrap().len(), 1, "the second asks again about the first");
    }

    async fn a_complaint_about_a_named_post_stands_on_the_complaint_alone(app) {
        let reference = log(&app, missed_bin()).await["case"]["reference"].as_str().unwrap().to_owned();
        let body = "I want to make a formal complaint about the Head of Waste and Street Scene, who was rude to me.";
        let raw = mail("Ada <ada@mail.example>", &format!("Complaint {reference}"), "post-1", "", body);
        deliver(&app, &raw).await.expect(202);
        for who in ["officer@council.example", "team.leader.waste-ops@council.example", "head.of.waste.and.street.scene@council.example"] {
            let reader = app.sign_in(who).await;
            for path in ["", "/contacts", "/timeline"] {
                let shown = app.get(&reader, &format!("/v1/cases/{reference}{path}")).await;
                assert_eq!(shown.status, 200);
                assert!(!shown.text.contains("rude to me"), "{who} {path}: {}", shown.text);
                assert!(!shown.text.contains("\"complaint\""), "{who} {path}: {}", shown.text);
            }
        }
    }

    async fn an_answer_to_our_mail_joins_its_case(app) {
        let logged = log(&app, missed_bin()).await;
        let reference = logged["case"]["reference"].as_str().unwrap().to_owned();
        let confirmation = app.mails_to("ada@mail.example").await.remove(0);
        let reply_to = confirmation.header("Reply-To").to_owned();
        assert!(reply_to.contains('+'), "{reply_to}");
        let raw = mail("Somebody <other.address@mail.example>", "Re: your report", "answer-1", "", "It is still here.")
            .replace("To: contact@council.example", &format!("To: {reply_to}"));
        let taken = deliver(&app, &raw).await.expect(202);
        assert_eq!(taken["disposition"], "joined", "{taken:#}");
        assert_eq!(taken["case"]["reference"], reference.as_str());
        let known = mail("Ada Example <ada@mail.example>", &format!("Re: {reference}"), "answer-2", "", "Any news?");
        let taken = deliver(&app, &known).await.expect(202);
        assert_eq!(taken["disposition"], "joined");
    }

    async fn a_reference_from_a_stranger_is_held_for_a_person(app) {
        let logged = log(&app, missed_bin()).await;
        let reference = logged["case"]["reference"].as_str().unwrap();
        let raw = mail("Eve <eve@mail.example>", &format!("Re: {reference}"), "eve-1", "", "What is happening with this?");
        let taken = deliver(&app, &raw).await.expect(202);
        assert_eq!(taken["disposition"], "held");
        assert_eq!(taken["case"], Value::Null);
        assert!(app.mails_to("eve@mail.example").await.is_empty());
    }

    async fn what_came_in_adds_up(app) {
        let bin = mail("Ada <ada@mail.example>", "Bin", "sum-1", "", "My black bin was not emptied.");
        deliver(&app, &bin).await.expect(202);
        deliver(&app, &bin).await.expect(202);
        deliver(&app, "this is no mail at all").await.expect(202);
        deliver(&app, &mail("R <robot@mail.example>", "Out", "sum-2", "Auto-Submitted: auto-replied\r\n", "Away.")).await.expect(202);
        log(&app, missed_bin()).await;
        let leader = app.team_leader().await;
        let day = app.get(&leader, "/v1/reports/intake?on=2026-11-20").await.expect(200);
        let n = |name: &str| day[name].as_i64().unwrap();
        assert_eq!(n("came_in"), 5, "{day:#}");
        assert_eq!(n("came_in"), n("opened") + n("joined") + n("stored") + n("held") + n("quarantined") + n("duplicate"));
        assert_eq!((n("opened"), n("duplicate"), n("quarantined"), n("stored")), (2, 1, 1, 1));
    }

    async fn a_form_of_ours_speaks_for_the_resident_who_filled_it_in(app) {
        let form = "Northmere web forms <noreply@council.example>";
        let replied = "Reply-To: Ada Example <ada@mail.example>\r\n";
        let taken = deliver(&app, &mail(form, "Missed bin", "form-1", replied, "My black bin was not emptied.")).await.expect(202);
        assert_eq!(taken["disposition"], "opened", "{taken:#}");
        let told = app.mails_to("ada@mail.example").await.pop().expect("the resident is confirmed to");
        assert!(told.raw.contains("/track/"), "{}", told.raw);
        assert!(app.mails_to("noreply@council.example").await.is_empty());
        let path = format!("/v1/cases/{}", taken["case"]["reference"].as_str().unwrap());
        let case = app.get(&app.officer().await, &path).await.expect(200);
        assert!(case.to_string().contains("Ada Example") && !case.to_string().contains("web forms"), "{case:#}");
        // A councillor who wants answers at home writes as a councillor.
        let councillor = "Cllr Anwen Prothero <cllr.anwen.prothero@council.example>";
        let taken = deliver(&app, &mail(councillor, "Casework", "form-2", "Reply-To: anwen@mail.example\r\n", "The street light outside Ferncroft Court is out. My resident has heard nothing.")).await.expect(202);
        let path = format!("/v1/cases/{}", taken["case"]["reference"].as_str().unwrap());
        let case = app.get(&app.officer().await, &path).await.expect(200);
        assert_eq!(case["procedure"], "member_enquiry", "{case:#}");
    }

    async fn an_empty_body_is_refused_and_garbage_is_quarantined(app) {
        assert_eq!(deliver(&app, "").await.status, 422);
        let taken = deliver(&app, "\u{0}\u{1}nonsense").await.expect(202);
        assert_eq!(taken["disposition"], "quarantined");
    }

    async fn two_machines_that_do_not_say_so_stop_answering_each_other(app) {
        let robot = "robot@tickets.example";
        let answer = |n: usize| {
            let subject = format!("Re: Ticket #{n}");
            let body = format!("Thank you for writing. Your number is T-{n}. We will be in touch about the bin.");
            mail(&format!("Tickets <{robot}>"), &subject, &format!("loop-{n}"), "", &body)
        };
        for n in 0..2 {
            let taken = deliver(&app, &answer(1000 + n)).await.expect(202);
            assert_eq!(taken["disposition"], "opened", "{n}: {taken:#}");
        }
        for n in 2..5 {
            let taken = deliver(&app, &answer(1000 + n)).await.expect(202);
            assert_eq!(taken["disposition"], "stored", "{n}: {taken:#}");
        }
        assert_eq!(app.mails_to(robot).await.len(), 2, "and no more");
        app.move_to("2026-11-20T18:00:00Z");
        let taken = deliver(&app, &answer(1006)).await.expect(202);
        assert_eq!(taken["disposition"], "opened", "an hour later it may be a person");
    }

    async fn a_person_who_reports_three_things_under_one_subject_is_heard_each_time(app) {
        for (n, body) in ["The bin at 3 Weir Street was missed.", "The bin at 9 Weir Street was missed too.", "Now the green one."].iter().enumerate() {
            let raw = mail("Ada <ada@mail.example>", "Bins", &format!("three-{n}"), "", body);
            assert_eq!(deliver(&app, &raw).await.expect(202)["disposition"], "opened", "{body}");
        }
    }

    async fn an_address_that_had_ten_confirmations_in_an_hour_is_answered_no_more_but_danger_is_heard(app) {
        let write = |from: &str, n: usize, body: &str| mail(from, &format!("Report {n}"), &format!("{n}-{}", from.len()), "", body);
        let (robot, form) = ("M <m@tickets.example>", "Our own form <forms@council.example>");
        let word = |n: usize| ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven"][n];
        for n in 0..11 {
            let body = format!("My black bin was not emptied, that makes {}.", word(n));
            let taken = deliver(&app, &write(robot, n, &body)).await.expect(202);
            assert_eq!(taken["disposition"], if n < 10 { "opened" } else { "stored" }, "{n}: {taken:#}");
            let taken = deliver(&app, &write(form, n, &body)).await.expect(202);
            assert_eq!(taken["disposition"], "opened", "our own form writes for many, {n}: {taken:#}");
        }
        let body = "I can smell gas in the stairwell and there are children inside.";
        let taken = deliver(&app, &write(robot, 99, body)).await.expect(202);
        assert_eq!(taken["disposition"], "opened", "{taken:#}");
    }

    async fn every_kind_of_mail_delivered_five_times_at_once_is_one(app) {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/mail");
        let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        let n_mails = paths.len();
        assert!(n_mails >= 60, "{n_mails}");
        let mut n_of: std::collections::BTreeMap<&str, usize> = std::collections::BTreeMap::new();
        for path in &paths {
            let raw = std::sync::Arc::new(std::fs::read(path).unwrap());
            let deliveries = (0..5).map(|_| {
                let (desk, raw) = (std::sync::Arc::clone(&app.desk), std::sync::Arc::clone(&raw));
                tokio::spawn(async move {
                    let envelope = Envelope { recipient: Some("contact@council.example".to_owned()), sender: None };
                    let delivery = std::sync::Arc::new(mail_in::read(&desk.moment(), raw.as_slice().to_vec(), envelope));
                    desk.perform(move |tx, at| mail_in::receive(tx, at, &Actor::System, &delivery)).await.unwrap()
                })
            });
            let deliveries: Vec<_> = deliveries.collect();
            let mut became = Vec::new();
            for delivery in deliveries {
                let taken = delivery.await.unwrap();
                became.push(taken.disposition.as_str());
                *n_of.entry(taken.disposition.as_str()).or_default() += 1;
            }
            became.retain(|disposition| *disposition != "duplicate");
            assert_eq!(became.len(), 1, "{}: {became:?}", path.display());
        }
        let leader = app.team_leader().await;
        let day = app.get(&leader, "/v1/reports/intake?on=2026-11-20").await.expect(200);
        let n = |name: &str| usize::try_from(day[name].as_i64().unwrap()).unwrap();
        assert_eq!(n("came_in"), 5 * n_mails, "{day:#}");
        assert_eq!(n("duplicate"), 4 * n_mails);
        for name in ["opened", "joined", "stored", "held", "quarantined", "duplicate"] {
            assert_eq!(n(name), n_of.get(name).copied().unwrap_or(0), "{name}: {day:#}");
        }
        assert!(n("opened") > 20 && n("stored") > 20 && n("quarantined") > 0, "{day:#}");
    }
}
