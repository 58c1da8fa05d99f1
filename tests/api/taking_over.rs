//! Open cases of the system before this one.

use reeve::casework::intake::taking_over::{self, Became};
use reeve::casework::{Failure, Fault};
use reeve::channels::old_cases::OldCase;
use reeve::channels::old_cases::rows::{Format, read_rows};
use reeve::domain::reference::Reference;
use serde_json::json;

use crate::support::{Caller, TestApp};

const HEADING: &str = "old_reference,received_at,first_promised_on,service,category,status,channel,subject,body,name,email,phone";
const HEAD: &str = "head.of.waste.and.street.scene@council.example";
const LEADER: &str = "team.leader.waste-ops@council.example";

/// A missed bin of three weeks ago, promised for two days later.
const ADA: &str = "NM-2026-004822,2026-11-02T10:15,2026-11-03,waste-collection,missed-bin,open,phone,Missed bin,\
                   It was not emptied.,Ada Example,ada@mail.example,01632 960123";

fn read(row: &str) -> OldCase {
    let mut found = Vec::new();
    let text = format!("{HEADING}\n{row}\n");
    read_rows(text.as_bytes(), Format::Csv, &mut |row| {
        found.push(row.row);
        true
    })
    .unwrap();
    let london = jiff::tz::TimeZone::get("Europe/London").unwrap();
    OldCase::read(found.pop().unwrap().unwrap(), &london).unwrap()
}

async fn take(app: &TestApp, row: &str) -> Result<Became, Failure> {
    let old = read(row);
    app.desk
        .perform(move |tx, at| taking_over::take_over(tx, at, &old))
        .await
}

async fn taken(app: &TestApp, row: &str) -> Reference {
    match take(app, row).await.unwrap() {
        Became::Taken(reference) => reference,
        Became::There(reference) => panic!("{reference} was there"),
    }
}

async fn refused(app: &TestApp, row: &str) -> Vec<String> {
    match take(app, row).await {
        Err(Failure::Invalid(faults)) => faults
            .iter()
            .map(|Fault { pointer, code, .. }| format!("{pointer} {code}"))
            .collect(),
        other => panic!("{other:?}"),
    }
}

stories! {
    async fn an_old_case_is_found_by_its_old_reference_with_its_old_dates(app) {
        let reference = taken(&app, ADA).await.to_string();
        let officer = app.officer().await;
        for name in ["NM-2026-004822", "nm-2026-004822", reference.as_str()] {
            let case = app.get(&officer, &format!("/v1/cases/{name}")).await.expect(200);
            assert_eq!(case["reference"], reference, "{name}");
            assert_eq!(case["aliases"], json!(["NM-2026-004822"]));
            assert_eq!(case["status"], "open");
            assert_eq!(case["received_at"], "2026-11-02T10:15:00Z");
            assert_eq!(case["first_promised_on"], "2026-11-03", "the old system's promise");
            assert_eq!(case["respond_on"], "2026-11-04", "our own count, from the day it was received");
            assert_eq!(case["queue"], "waste-ops");
        }
        let found = app.get(&officer, "/v1/cases?q=nm-2026-004822").await.expect(200);
        assert_eq!(found["items"][0]["reference"], reference, "{found:#}");
        let clocks = app.get(&officer, &format!("/v1/cases/{reference}/clocks")).await.expect(200);
        let clocks = clocks["items"].as_array().unwrap();
        let state = |name: &str| clocks.iter().find(|one| one["name"] == name).unwrap()["state"].clone();
        assert_eq!(state("acknowledge"), "not_applicable", "it was told its date");
        assert_eq!(state("respond"), "missed");
        let contacts = app.get(&officer, &format!("/v1/cases/{reference}/contacts")).await.expect(200);
        assert_eq!(contacts["items"][0]["body"], "It was not emptied.");
        let today = app.get(&officer, "/v1/reports/intake").await.expect(200);
        assert_eq!(today["came_in"], 0, "it did not come in today");
        let then = app.get(&officer, "/v1/reports/intake?on=2026-11-02").await.expect(200);
        assert_eq!(then["opened"], 1);
    }

    async fn nobody_is_written_to_and_what_was_late_stands_in_one_digest(app) {
        let mut references = Vec::new();
        for n in 0..5 {
            references.push(taken(&app, &ADA.replace("004822", &format!("00500{n}"))).await.to_string());
        }
        app.catch_up().await;
        let mails = app.mails().await;
        assert!(mails.is_empty(), "{mails:#?}");
        // Taken over on a Friday evening: the next digest is Monday's.
        app.until("2026-11-23T09:30:00Z").await;
        let mails = app.mails().await;
        assert!(mails.iter().all(|mail| mail.kind() == "digest"), "{mails:#?}");
        for to in [HEAD, LEADER] {
            let to_them: Vec<_> = mails.iter().filter(|mail| mail.to == to).collect();
            assert_eq!(to_them.len(), 1, "{to}");
            for reference in &references {
                assert!(to_them[0].raw.contains(reference), "{to} hears of {reference}");
            }
        }
    }

    async fn what_falls_due_after_it_came_is_told_as_of_any_other_case(app) {
        let row = ADA.replace("2026-11-02T10:15,2026-11-03", "2026-11-19T10:15,2026-11-23");
        let reference = taken(&app, &row).await.to_string();
        app.until("2026-11-23T18:00:00Z").await;
        let mails = app.mails_to(LEADER).await;
        let reminders: Vec<_> = mails.iter().filter(|mail| mail.kind() == "reminder").collect();
        assert_eq!(reminders.len(), 2, "before the date and on it: {mails:#?}");
        assert!(reminders.iter().all(|mail| mail.header("X-Reeve-Case") == reference), "{mails:#?}");
    }

    async fn the_same_old_case_again_is_there_already(app) {
        let reference = taken(&app, ADA).await;
        let there = Became::There(reference);
        assert_eq!(take(&app, ADA).await.unwrap(), there);
        assert_eq!(take(&app, &ADA.replace("NM", "nm")).await.unwrap(), there);
        let row = ADA.replace("4822", "4823");
        let twice = tokio::join!(take(&app, &row), take(&app, &row));
        let (one, two) = (twice.0.unwrap(), twice.1.unwrap());
        let n_new = [&one, &two].into_iter().filter(|became| matches!(became, Became::Taken(_))).count();
        assert_eq!(n_new, 1, "{one:?} {two:?}");
        let old = read(ADA);
        let weighed = app.desk.read(move |conn, at| taking_over::weigh(conn, at, &old)).await.unwrap();
        assert_eq!(there, Became::There(weighed.unwrap()));
    }

    async fn whoever_has_an_old_letter_gets_the_link_to_their_case(app) {
        taken(&app, ADA).await;
        for (reference, email, n) in [
            ("NM-2026-004822", "somebody@mail.example", 0),
            ("NM-2026-009999", "ada@mail.example", 0),
            ("nm-2026-004822 ", "ada@mail.example", 1),
        ] {
            let body = json!({"reference": reference, "email": email});
            app.post(&Caller::nobody(), "/v1/public/tracking-links", body).await.expect(202);
            app.catch_up().await;
            let mails = app.mails_to("ada@mail.example").await;
            let links = mails.iter().filter(|mail| mail.kind() == "tracking_link").count();
            assert_eq!(links, n, "{reference} {mails:#?}");
        }
    }

    async fn a_case_that_waited_goes_on_waiting_and_its_person_can_end_that(app) {
        let row = ADA.replace(",open,", ",waiting,").replace("2026-11-02T10:15,2026-11-03", "2026-11-20T10:15,");
        let reference = taken(&app, &row).await.to_string();
        let officer = app.officer().await;
        let case = app.get(&officer, &format!("/v1/cases/{reference}")).await.expect(200);
        assert_eq!((&case["status"], &case["waiting_for"]), (&json!("waiting"), &json!("person")));
        let contact = json!({"channel": "phone", "case": reference, "body": "Here is what you asked for."});
        app.post(&app.agent().await, "/v1/contacts", contact).await.expect(201);
        let case = app.get(&officer, &format!("/v1/cases/{reference}")).await.expect(200);
        assert_eq!(case["status"], "new");
    }

    async fn an_officers_acknowledgement_is_owed_where_no_date_was_told(app) {
        let complaint = ADA.replace("waste-collection,missed-bin", "complaints,stage-1");
        for (row, state) in [
            (complaint.clone(), "not_applicable"),
            (complaint.replace("004822", "004823").replace("2026-11-02T10:15,2026-11-03", "2026-11-18T10:15,"), "running"),
        ] {
            let reference = taken(&app, &row).await.to_string();
            let officer = app.agent().await;
            let clocks = app.get(&officer, &format!("/v1/cases/{reference}/clocks")).await.expect(200);
            let clocks = clocks["items"].as_array().unwrap();
            let acknowledge = clocks.iter().find(|one| one["name"].as_str().unwrap().contains("acknowledge")).unwrap();
            assert_eq!(acknowledge["state"], state, "{acknowledge:#}");
        }
    }

    async fn an_old_case_of_a_small_team_is_theirs_alone(app) {
        let row = ADA.replace("waste-collection,missed-bin", "childrens-social-care,child-at-risk");
        let reference = taken(&app, &row).await.to_string();
        let officer = app.officer().await;
        app.get(&officer, &format!("/v1/cases/{reference}")).await.expect(404);
        app.get(&officer, "/v1/cases/NM-2026-004822").await.expect(404);
        let found = app.get(&officer, "/v1/cases?q=NM-2026-004822").await.expect(200);
        assert_eq!(found["items"], json!([]));
    }

    async fn a_row_that_cannot_be_meant_is_refused_with_everything_wrong_and_nothing_written(app) {
        for (row, faults) in [
            (ADA.replace("NM-2026-004822", "OLD-1"), vec!["/old_reference bad_format"]),
            (ADA.replace("waste-collection", "waste"), vec!["/service unknown_value"]),
            (ADA.replace("missed-bin", "missed-bins"), vec!["/category unknown_value"]),
            (ADA.replace("2026-11-02T10:15", "2027-11-02T10:15"), vec!["/received_at received_in_future", "/first_promised_on out_of_range"]),
            (ADA.replace("2026-11-02T10:15", "1926-11-02"), vec!["/received_at received_too_old"]),
        ] {
            assert_eq!(refused(&app, &row).await, faults, "{row}");
        }
        let officer = app.officer().await;
        let cases = app.get(&officer, "/v1/cases").await.expect(200);
        assert_eq!(cases["items"], json!([]));
    }
}
