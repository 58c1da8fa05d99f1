//! Complaints, requests for information and hazards, each driven to its end with the clock moved.

use serde_json::{Value, json};

use crate::intake::log;
use crate::support::{Caller, Mail, TestApp};

const PERSON: &str = "tola@mail.example";
const STAGE_1: &str = "officer@council.example";
const STAGE_2: &str = "bins.officer@council.example";

async fn act(app: &TestApp, who: &Caller, reference: &str, what: &str, body: Value) -> Value {
    app.post(who, &format!("/v1/cases/{reference}/{what}"), body)
        .await
        .expect(201)
}

/// Somebody rings about a matter of this category; the reference of their case.
async fn opened(app: &TestApp, service: &str, category: &str, words: &str) -> String {
    let body = json!({
        "channel": "phone", "body": words, "service": service, "category": category,
        "person": {"name": "Tola Abara", "email": PERSON, "phone": "01632 960321"}
    });
    log(app, body).await["case"]["reference"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// The clocks of a case by name: (state, due on).
async fn clock(app: &TestApp, reference: &str, name: &str) -> (String, String) {
    let officer = app.officer().await;
    let clocks = app
        .get(&officer, &format!("/v1/cases/{reference}/clocks"))
        .await
        .expect(200);
    let clock = clocks["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|clock| clock["name"] == name)
        .unwrap_or_else(|| panic!("no {name}: {clocks:#}"))
        .clone();
    (
        clock["state"].as_str().unwrap().to_owned(),
        clock["due_on"].as_str().unwrap_or("-").to_owned(),
    )
}

async fn newest(app: &TestApp) -> Mail {
    app.mails_to(PERSON)
        .await
        .pop()
        .expect("a mail to the person")
}

/// Subject and text, as it is read aloud.
fn aloud(mail: &Mail) -> String {
    let text = mail
        .raw
        .split_once("\n\n")
        .unwrap()
        .1
        .split("\n----\n")
        .next()
        .unwrap()
        .replace("\r\n", "\n");
    format!("{}\n\n{}", mail.header("Subject"), text.trim())
}

/// No date is told but those that hold, and every sentence can be read aloud.
fn reads_well(mail: &Mail) {
    let text = aloud(mail);
    let faults: Vec<String> = reeve::domain::wording::banned_words(&text)
        .iter()
        .map(ToString::to_string)
        .chain(
            reeve::domain::wording::long_sentences(&text)
                .iter()
                .map(ToString::to_string),
        )
        .collect();
    assert!(faults.is_empty(), "{faults:?} in {text}");
}

stories! {
    async fn a_complaint_is_answered_twice_by_two_officers_with_every_date_kept_or_told(app) {
        app.jump_to("2026-11-23T09:00:00Z").await;
        let reference = opened(&app, "complaints", "stage-1", "I want to complain that nobody came although three of you said they would.").await;
        assert_eq!(app.mails_to(PERSON).await.len(), 1, "one complaint, one receipt");
        let receipt = aloud(&newest(&app).await);
        assert!(receipt.contains("An officer will write to you by Monday 30 November 2026 to say what we will look into."), "{receipt}");
        assert!(receipt.contains("You will have our answer by Monday 14 December 2026 at the latest."), "{receipt}");
        assert_eq!(clock(&app, &reference, "respond").await, ("projected".to_owned(), "2026-12-14".to_owned()));
        let one = app.sign_in(STAGE_1).await;
        act(&app, &one, &reference, "assignments", json!({"owner": "me"})).await;

        // The answer is counted from the day the acknowledgement went, and that is the day we tell.
        app.until("2026-11-24T10:00:00Z").await;
        act(&app, &one, &reference, "acknowledgements", json!({"how": "email", "text": "We will look into why nobody came on the three days you were given, and who told you it was done."})).await;
        let said = newest(&app).await;
        reads_well(&said);
        assert_eq!(said.kind(), "acknowledgement");
        assert!(aloud(&said).contains("We will look into why nobody came"), "{}", aloud(&said));
        assert!(aloud(&said).contains("We will send you our full reply by Tuesday 8 December 2026."), "{}", aloud(&said));
        assert_eq!(clock(&app, &reference, "acknowledge").await.0, "met");
        assert_eq!(clock(&app, &reference, "respond").await, ("running".to_owned(), "2026-12-08".to_owned()));

        app.until("2026-12-02T10:00:00Z").await;
        act(&app, &one, &reference, "extensions", json!({"clock": "respond", "by": {"working_days": 5}, "reason": "The crew's log for the third day has to come from our contractor."})).await;
        app.until("2026-12-02T10:10:00Z").await;
        let later = newest(&app).await;
        reads_well(&later);
        for words in ["by Tuesday 8 December 2026", "The new date is Tuesday 15 December 2026.", "The crew's log", "you can go to the Local Government and Social Care Ombudsman. It costs nothing.", "Website: www.lgsco.example", "Telephone: 0808 157 0801"] {
            assert!(aloud(&later).contains(words), "{words}: {}", aloud(&later));
        }

        app.until("2026-12-10T10:00:00Z").await;
        act(&app, &one, &reference, "replies", json!({"kind": "substantive", "text": "You were right and we are sorry. Nobody came on any of the three days.", "outcome": "resolved"})).await;
        app.until("2026-12-10T10:10:00Z").await;
        let answer = newest(&app).await;
        reads_well(&answer);
        assert!(aloud(&answer).contains("You can ask for someone who has not dealt with it before to look at it again."), "{}", aloud(&answer));
        assert!(!aloud(&answer).contains("final"), "{}", aloud(&answer));
        assert_eq!(clock(&app, &reference, "respond").await.0, "met");

        // They are not content. Whoever answered does not answer again.
        app.until("2026-12-14T10:00:00Z").await;
        let stages = format!("/v1/cases/{reference}/stages");
        let own = app.post(&one, &stages, json!({"stage": 2, "reason": "They are not content.", "officer": "me"})).await.expect(409);
        assert_eq!(own["code"], "same_officer");
        let moved = app.post(&one, &stages, json!({"stage": 2, "reason": "They are not content.", "officer": STAGE_2})).await.expect(201);
        assert_eq!(moved["case"]["stage"], 2);
        assert_eq!(moved["case"]["acknowledge_on"], "2026-12-21");
        assert_eq!(moved["case"]["respond_on"], "2027-01-21");
        let told = newest(&app).await;
        reads_well(&told);
        assert_eq!(told.kind(), "reopened", "they hear that somebody else looks at it: {}", aloud(&told));
        for words in ["Someone who has not dealt with it before will look at it.", "An officer will write to you by Monday 21 December 2026.", "You will have our answer by Thursday 21 January 2027 at the latest."] {
            assert!(aloud(&told).contains(words), "{words}: {}", aloud(&told));
        }

        let two = app.sign_in(STAGE_2).await;
        app.until("2026-12-16T10:00:00Z").await;
        act(&app, &two, &reference, "acknowledgements", json!({"how": "email", "text": "We will look at all of it afresh, the three visits and what you were told."})).await;
        let said = newest(&app).await;
        reads_well(&said);
        assert!(aloud(&said).contains("We will send you our full reply by Monday 18 January 2027."), "{}", aloud(&said));
        assert_eq!(clock(&app, &reference, "stage_2_acknowledge").await.0, "met");
        assert_eq!(clock(&app, &reference, "stage_2_respond").await, ("running".to_owned(), "2027-01-18".to_owned()));

        // Nobody answers in time: the posts over it are told, in their turn.
        app.until("2027-01-19T10:00:00Z").await;
        let to_head = app.mails_to("head.of.customer.services@council.example").await;
        assert_eq!(to_head.len(), 1, "{to_head:#?}");
        assert!(aloud(&to_head[0]).contains(&reference) && aloud(&to_head[0]).contains("Monday 18 January 2027"), "{}", aloud(&to_head[0]));
        assert!(aloud(&to_head[0]).contains("an officer of the complaints team"), "{}", aloud(&to_head[0]));
        let to_officer = app.mails_to(STAGE_2).await;
        assert!(to_officer.iter().any(|mail| mail.kind() == "reminder" && aloud(mail).contains(&reference)), "{to_officer:#?}");
        act(&app, &two, &reference, "replies", json!({"kind": "substantive", "text": "We have looked at all of it again. You should have had an answer sooner.", "outcome": "resolved"})).await;
        app.until("2027-01-19T10:10:00Z").await;
        let last = newest(&app).await;
        reads_well(&last);
        for words in ["This is our final answer.", "the Local Government and Social Care Ombudsman", "www.lgsco.example", "0808 157 0801"] {
            assert!(aloud(&last).contains(words), "{words}: {}", aloud(&last));
        }
        assert!(!aloud(&last).contains("tell us by"), "nobody here is left to look at it again: {}", aloud(&last));
        assert_eq!(clock(&app, &reference, "stage_2_respond").await.0, "met", "late, but met");
    }

    async fn a_tenants_complaint_names_the_housing_ombudsman(app) {
        let reference = opened(&app, "complaints", "housing-complaint", "I want to complain as a tenant about my repair.").await;
        let officer = app.officer().await;
        act(&app, &officer, &reference, "replies", json!({"kind": "substantive", "text": "We are sorry.", "outcome": "resolved"})).await;
        app.jump_to("2026-11-20T17:10:00Z").await;
        let text = aloud(&newest(&app).await);
        assert!(text.contains("the Housing Ombudsman") && text.contains("www.housing-ombudsman.example"), "{text}");
    }

    async fn a_question_about_a_request_for_information_moves_its_date_once_they_answer(app) {
        app.jump_to("2026-11-23T09:00:00Z").await;
        let officer = app.officer().await;
        let reference = opened(&app, "information-governance", "foi", "Under the Freedom of Information Act please send me the number of missed bins.").await;
        assert!(aloud(&newest(&app).await).contains("We will send you the information, or tell you why not, by Tuesday 22 December 2026."));
        app.jump_to("2026-11-26T10:00:00Z").await;
        act(&app, &officer, &reference, "questions", json!({"text": "Which years do you mean?"})).await;
        reads_well(&newest(&app).await);
        assert_eq!(clock(&app, &reference, "respond").await, ("running".to_owned(), "2026-12-22".to_owned()), "asking alone moves nothing");
        app.jump_to("2026-12-03T10:00:00Z").await;
        let clear = act(&app, &officer, &reference, "events", json!({"event": "clarified"})).await;
        assert_ne!(clear["case"]["status"], "waiting", "we wait for them no longer: {clear:#}");
        assert_eq!(clock(&app, &reference, "respond").await.1, "2027-01-06");
        let told = newest(&app).await;
        reads_well(&told);
        assert!(aloud(&told).contains("We will now answer by Wednesday 6 January 2027."), "{}", aloud(&told));
        act(&app, &officer, &reference, "replies", json!({"kind": "substantive", "text": "Here are the figures for both years.", "outcome": "answered"})).await;
        app.jump_to("2026-12-03T10:10:00Z").await;
        reads_well(&newest(&app).await);
        assert_eq!(clock(&app, &reference, "respond").await.0, "met");
    }

    async fn a_request_for_ones_own_data_may_take_three_months_when_it_is_told_why(app) {
        app.jump_to("2026-12-10T10:10:00Z").await;
        let officer = app.officer().await;
        let reference = opened(&app, "information-governance", "sar", "I want to see everything you hold about me.").await;
        assert_eq!(clock(&app, &reference, "respond").await.1, "2027-01-11", "a month ends on a Sunday");
        let path = format!("/v1/cases/{reference}/extensions");
        let too_long = app.post(&officer, &path, json!({"clock": "respond", "by": {"months": 3}, "reason": "Too much."})).await;
        assert_eq!(too_long.status, 422, "{}", too_long.text);
        let reason = "There are many recordings of telephone calls, each of which must be listened to.";
        app.post(&officer, &path, json!({"clock": "respond", "by": {"months": 2}, "reason": reason})).await.expect(201);
        app.jump_to("2026-12-10T10:20:00Z").await;
        let told = newest(&app).await;
        reads_well(&told);
        for words in ["by Monday 11 January 2027", "The new date is Wednesday 10 March 2027.", reason] {
            assert!(aloud(&told).contains(words), "{words}: {}", aloud(&told));
        }
        assert!(!aloud(&told).to_lowercase().contains("data"), "it is private: {}", aloud(&told));
    }

    async fn an_emergency_hazard_is_alarmed_until_taken_and_made_safe_within_a_day(app) {
        app.jump_to("2026-12-10T10:30:00Z").await;
        let reference = opened(&app, "housing-repairs", "repair-emergency", "Water is pouring through the light fitting in the bedroom.").await;
        assert_eq!(clock(&app, &reference, "make_safe").await, ("running".to_owned(), "2026-12-11".to_owned()));
        let told = newest(&app).await;
        assert_eq!(told.kind(), "danger");
        assert!(!aloud(&told).contains(&reference) && aloud(&told).contains("999"), "{}", aloud(&told));
        app.until("2026-12-10T11:00:00Z").await;
        let duty = app.mails_to("duty.repairs@council.example").await;
        assert_eq!(duty.len(), 3, "at 0, 15 and 30 minutes");
        assert_eq!(app.mails_to("head.of.housing.repairs.and.assets@council.example").await.len(), 1, "the third time the head hears too");
        let officer = app.officer().await;
        act(&app, &officer, &reference, "assignments", json!({"owner": "me"})).await;
        app.until("2026-12-10T14:00:00Z").await;
        assert_eq!(app.mails_to("duty.repairs@council.example").await.len(), 3, "somebody has it");
        act(&app, &officer, &reference, "events", json!({"event": "made_safe"})).await;
        assert_eq!(clock(&app, &reference, "make_safe").await.0, "met");
        app.until("2026-12-11T12:00:00Z").await;
        let late = app.mails().await.into_iter().filter(|mail| mail.kind() == "digest").count();
        assert_eq!(late, 0, "it was made safe in time");
    }
}
