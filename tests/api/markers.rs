//! Markers, and the ward a case is in.

use actix_web::test::TestRequest;
use serde_json::{Value, json};

use crate::intake::{log, missed_bin};
use crate::people::{from, person_of, reference, remove};
use crate::support::{Caller, TestApp};

fn in_pairs() -> Value {
    json!({
        "kind": "staff_safety", "purpose": "A dog that has bitten a visitor.", "instruction": "Visit in pairs.",
        "review_on": "2027-03-01",
    })
}

async fn instructions(app: &TestApp, who: &Caller, path: &str) -> Vec<String> {
    let shown = app.get(who, path).await.expect(200);
    let first = shown["instructions"].as_array().unwrap();
    first
        .iter()
        .map(|one| one["words"].as_str().unwrap().to_owned())
        .collect()
}

stories! {
    async fn a_marker_is_read_first_by_those_who_work_the_case_and_by_nobody_else(app) {
        let logged = log(&app, missed_bin()).await;
        let (ada, officer) = (person_of(&logged), app.officer().await);
        let path = format!("/v1/people/{ada}/markers");
        let placed = app.post(&officer, &path, in_pairs()).await.expect(201);
        let words = "Visit in pairs until Monday 1 March 2027";
        assert_eq!((&placed["words"], &placed["owner"]["name"]), (&json!(words), &json!("Olu Officer")), "{placed:#}");
        let case = format!("/v1/cases/{}", reference(&logged));
        let whole = app.get(&officer, &case).await;
        assert!(whole.text.starts_with("{\"instructions\":[{"), "{}", whole.text);
        assert_eq!(instructions(&app, &officer, &case).await, [words]);
        let person = format!("/v1/people/{ada}");
        assert_eq!(instructions(&app, &app.agent().await, &person).await, [words]);
        let listed = app.get(&officer, &path).await.expect(200);
        assert_eq!(listed["items"], json!([placed]));

        // Her own page, a form, a program without anybody behind it.
        let token = logged["tracking"]["token"].as_str().unwrap().to_owned();
        let public = app.get(&Caller { bearer: Some(token) }, "/v1/public/tracking").await;
        assert!(!public.text.contains("pairs"), "{}", public.text);
        assert!(instructions(&app, &app.key("desk"), &case).await.is_empty());
        for who in ["partner@night.example", "cllr.anwen.prothero@council.example", "auditor@council.example", "admin@council.example"] {
            let who = app.sign_in(who).await;
            app.get(&who, &path).await.expect(403);
            let shown = app.get(&who, &case).await;
            assert!(!shown.text.contains("pairs"), "{}", shown.text);
        }
        let auditor = app.sign_in("auditor@council.example").await;
        let lines = app.get(&auditor, &format!("/v1/audit?object=person:{ada}&action=person.markers_read")).await.expect(200);
        assert!(lines["items"].as_array().unwrap().len() >= 4, "{lines:#}");
        assert!(!lines.to_string().contains("pairs"), "the audit names nobody's secrets");
    }

    async fn the_night_desk_is_told_what_keeps_its_people_safe_and_nothing_more(app) {
        let flood = json!({
            "channel": "phone", "body": "The river is in the street at number 14.",
            "person": {"name": "Ada Example", "email": "ada@mail.example"},
            "service": "emergency-planning", "category": emergency_category(&app),
        });
        let logged = log(&app, flood).await;
        let (ada, officer) = (person_of(&logged), app.officer().await);
        let path = format!("/v1/people/{ada}/markers");
        app.post(&officer, &path, in_pairs()).await.expect(201);
        let deaf = json!({"kind": "adjustment_needed", "purpose": "Deaf.", "instruction": "Write, do not ring", "review_on": "2027-03-01"});
        app.post(&officer, &path, deaf).await.expect(201);
        let partner = app.sign_in("partner@night.example").await;
        let case = format!("/v1/cases/{}", reference(&logged));
        assert_eq!(instructions(&app, &partner, &case).await, ["Visit in pairs until Monday 1 March 2027"]);
        assert_eq!(instructions(&app, &officer, &case).await.len(), 2);
    }

    async fn a_marker_has_a_purpose_an_owner_and_a_day_within_a_year(app) {
        let ada = person_of(&log(&app, missed_bin()).await);
        let (agent, officer) = (app.agent().await, app.officer().await);
        let path = format!("/v1/people/{ada}/markers");
        let with = |key: &str, value: Value| {
            let mut body = in_pairs();
            body[key] = value;
            body
        };
        for (body, pointer) in [
            (with("review_on", json!("2026-11-20")), "/review_on"),
            (with("review_on", json!("2028-01-01")), "/review_on"),
            (with("purpose", json!("")), "/purpose"),
            (with("owner", json!("admin@council.example")), "/owner"),
            (with("owner", json!("nobody@council.example")), "/owner"),
            (with("kind", json!("difficult")), "/kind"),
        ] {
            let refused = app.post(&officer, &path, body.clone()).await.expect(422);
            assert_eq!(refused["errors"][0]["pointer"], pointer, "{body} {refused:#}");
        }
        let mut without = in_pairs();
        without.as_object_mut().unwrap().remove("review_on");
        assert_eq!(app.post(&officer, &path, without).await.expect(422)["errors"][0]["pointer"], "/review_on");
        assert_eq!(app.post(&agent, &path, in_pairs()).await.expect(403)["code"], "role_may_not");
        app.post(&agent, &path, with("kind", json!("adjustment_needed"))).await.expect(201);
        let nobody = "/v1/people/019a9f5e-7c00-7000-8000-0000000000ff/markers";
        app.post(&officer, nobody, in_pairs()).await.expect(404);
    }

    async fn a_marker_nobody_has_looked_at_again_is_shown_as_overdue_and_is_in_its_owners_list(app) {
        let logged = log(&app, missed_bin()).await;
        let (ada, officer) = (person_of(&logged), app.officer().await);
        let path = format!("/v1/people/{ada}/markers");
        let mut body = in_pairs();
        body["review_on"] = json!("2026-11-21");
        let placed = app.post(&officer, &path, body).await.expect(201);
        let own = "/v1/markers?owner=me";
        assert_eq!(app.get(&officer, own).await.expect(200)["items"], json!([]));
        let to_come = app.get(&officer, "/v1/markers?review_due_before=2026-12-01").await.expect(200);
        assert_eq!(to_come["items"][0]["id"], placed["id"]);
        app.jump_to("2026-11-23T09:00:00Z").await;
        let officer = app.officer().await;
        let overdue = app.get(&officer, own).await.expect(200);
        assert_eq!(overdue["items"][0]["is_review_overdue"], true, "{overdue:#}");
        let case = format!("/v1/cases/{}", reference(&logged));
        let words = "Visit in pairs (its review has been overdue since Saturday 21 November 2026)";
        assert_eq!(instructions(&app, &officer, &case).await, [words]);
        let marker = format!("{path}/{}", placed["id"].as_str().unwrap());
        let renewed = TestRequest::patch().uri(&marker).set_json(json!({"review_on": "2027-06-01"}));
        let renewed = app.send(&officer, renewed).await.expect(200);
        assert_eq!(renewed["words"], "Visit in pairs until Tuesday 1 June 2027");
        assert_eq!(app.get(&officer, own).await.expect(200)["items"], json!([]));
        remove(&app, &officer, &marker).await.expect(204);
        remove(&app, &officer, &marker).await.expect(404);
        assert!(instructions(&app, &officer, &case).await.is_empty());
    }

    async fn whoever_owns_a_marker_past_its_review_is_asked_once_a_week_to_look_at_it_again(app) {
        let ada = person_of(&log(&app, missed_bin()).await);
        let officer = app.officer().await;
        let mut body = in_pairs();
        body["review_on"] = json!("2026-11-21");
        app.post(&officer, &format!("/v1/people/{ada}/markers"), body).await.expect(201);
        let asked = || async {
            app.tell_the_week().await;
            let mut mails = app.mails().await;
            mails.retain(|mail| mail.kind() == "marker_review");
            mails
        };
        app.jump_to("2026-11-21T10:00:00Z").await;
        assert_eq!(asked().await.len(), 0, "its day is not over, and it is a Saturday");
        app.jump_to("2026-11-23T09:00:00Z").await;
        let mails = asked().await;
        assert_eq!(mails.len(), 1);
        assert_eq!(mails[0].to, "officer@council.example");
        let raw = &mails[0].raw;
        assert!(raw.contains("Please look again at an instruction about people") && raw.contains("Saturday 21 November 2026"), "{raw}");
        assert!(!raw.contains("pairs") && !raw.contains("Ada"), "nothing of whom, or what: {raw}");
        app.jump_to("2026-11-24T09:00:00Z").await;
        assert_eq!(asked().await.len(), 1, "once a week");

        // They leave: their team leader is asked.
        let admin = app.sign_in("admin@council.example").await;
        let users = app.get(&admin, "/v1/users?limit=100").await.expect(200);
        let owner = users["items"].as_array().unwrap().iter().find(|one| one["email"] == "officer@council.example").unwrap();
        let gone = TestRequest::patch().uri(&format!("/v1/users/{}", owner["id"].as_str().unwrap()))
            .insert_header(("if-match", format!("\"{}\"", owner["version"]))).set_json(json!({"active": false}));
        app.send(&admin, gone).await.expect(200);
        app.jump_to("2026-11-30T09:00:00Z").await;
        let mails = asked().await;
        assert_eq!(mails.len(), 2);
        assert!(mails[1].to.starts_with("team.leader."), "{}", mails[1].to);
        assert!(mails[1].raw.contains("Olu Officer looked after an instruction"), "{}", mails[1].raw);
    }

    async fn a_marker_on_one_record_is_read_on_the_cases_of_the_other(app) {
        let ada = person_of(&log(&app, missed_bin()).await);
        let other = log(&app, from(json!({"name": "Ada Example", "phone": "07700 900555"}), "Another bin.")).await;
        let officer = app.officer().await;
        app.post(&officer, &format!("/v1/people/{ada}/markers"), in_pairs()).await.expect(201);
        let case = format!("/v1/cases/{}", reference(&other));
        assert!(instructions(&app, &officer, &case).await.is_empty());
        let merge = json!({"from": person_of(&other), "into": ada, "reason": "She says so."});
        app.post(&officer, "/v1/people/merges", merge).await.expect(201);
        assert_eq!(instructions(&app, &officer, &case).await.len(), 1);
    }

    async fn a_case_knows_its_ward_and_the_councillors_elected_for_it(app) {
        let at_home = log(&app, missed_bin()).await;
        assert_eq!(at_home["case"]["ward"], "larkfield");
        let officer = app.officer().await;
        let case = format!("/v1/cases/{}", reference(&at_home));
        let shown = app.get(&officer, &case).await.expect(200);
        assert_eq!(shown["ward_name"], "Larkfield");
        let names: Vec<&Value> = shown["ward_councillors"].as_array().unwrap().iter().map(|one| &one["name"]).collect();
        assert!(names.contains(&&json!("Cllr Parveen Lindqvist")), "{names:?}");
        // The place it is about comes before the place they live.
        let mut elsewhere = missed_bin();
        elsewhere["location"] = json!({"uprn": "100000000020", "description": "outside the hall"});
        assert_eq!(log(&app, elsewhere).await["case"]["ward"], "eastmere");
        let nowhere = log(&app, from(json!({"name": "Cara Example", "email": "cara@mail.example"}), "A bin.")).await;
        assert_eq!(nowhere["case"]["ward"], Value::Null);
        let wards = |ward: &'static str| {
            let (app, officer) = (&app, &officer);
            async move { app.get(officer, &format!("/v1/cases?ward={ward}&include=total")).await.expect(200)["total"].clone() }
        };
        assert_eq!((wards("larkfield").await, wards("eastmere").await, wards("quayside").await), (json!(1), json!(1), json!(0)));
        let etag = app.get(&officer, &case).await.header("etag").unwrap().to_owned();
        let moved = TestRequest::patch().uri(&case).insert_header(("if-match", etag)).set_json(json!({"location": {"uprn": "100000000030"}}));
        let moved = app.send(&officer, moved).await.expect(200);
        assert_eq!((&moved["ward"], &moved["ward_name"]), (&json!("westmere"), &json!("Westmere")));
    }
}

fn emergency_category(app: &TestApp) -> String {
    let council = app.desk.council();
    let service = council.catalogue.service("emergency-planning").unwrap();
    assert_eq!(service.queue, "emergency-planning");
    let category = service
        .categories
        .iter()
        .find(|category| !category.is_restricted && !category.safe_contact)
        .unwrap();
    category.slug.clone()
}
