//! Nothing waits unseen: not a case nobody took, not a person we could not reach, not a held mail.

use jiff::civil::date;
use reeve::casework::mail_in;
use reeve::casework::views::escalations::{self, EscalationView};
use reeve::casework::{actions, delivery};
use reeve::channels::email_in::Envelope;
use reeve::domain::access::Actor;
use reeve::domain::case::{Priority, WaitingFor};
use reeve::domain::contact::Disposition;
use reeve::domain::ids::CaseId;
use reeve::domain::lifecycle::{Amendment, Command, Event};
use reeve::store::{contacts, escalations as steps, events};

use crate::office::{Mail, OFFICER, Office, TEAM_LEADER, at, gone, of_kind, report};

/// Monday; nobody of the bins team may leave a case lying past Wednesday 4 November at 17:00.
const MONDAY: &str = "2026-11-02T10:00:00Z";
const TRIAGE_LEADER: &str = "team.leader.triage@council.example";

async fn waits(office: &Office, case: CaseId) -> Vec<String> {
    let taken = office
        .desk
        .read(move |conn, _| Ok(steps::of_places(conn, case)?))
        .await
        .unwrap();
    taken
        .iter()
        .map(|step| {
            format!(
                "{} {} {} {} {}",
                step.clock, step.step, step.occurrence, step.recipient, step.state
            )
        })
        .collect()
}

async fn listed(office: &Office) -> Vec<EscalationView> {
    let reader = Actor::System;
    office
        .desk
        .read(move |conn, at| Ok(escalations::list(conn, at, &reader, None, None, 100)?.items))
        .await
        .unwrap()
}

async fn deliver(office: &Office, raw: String) -> mail_in::Taken {
    let envelope = Envelope {
        recipient: Some("contact@council.example".to_owned()),
        sender: None,
    };
    let delivery = mail_in::read(&office.desk.moment(), raw.into_bytes(), envelope);
    office
        .desk
        .perform(move |tx, at| mail_in::receive(tx, at, &Actor::System, &delivery))
        .await
        .unwrap()
}

fn reply_to(mail: &Mail, from: &str, id: &str, body: &str) -> String {
    format!(
        "From: {from}\r\nTo: contact@council.example\r\nSubject: Re: your mail\r\n\
         Message-ID: <{id}@mail.example>\r\nIn-Reply-To: <{}>\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\r\n{body}\r\n",
        mail.message_id.trim_matches(['<', '>'])
    )
}

async fn notes(office: &Office, case: CaseId) -> Vec<(String, String)> {
    let lines = office
        .desk
        .read(move |conn, _| Ok(events::of_case(conn, case, None, 500)?))
        .await
        .unwrap();
    let mut notes = Vec::new();
    for line in lines {
        if let Event::Noted { text, .. } = serde_json::from_value(line.event).unwrap() {
            notes.push((line.actor.kind, text));
        }
    }
    notes
}

#[tokio::test]
async fn a_case_that_nobody_took_is_named_to_the_team_leader_even_at_low_priority() {
    let office = Office::open(MONDAY);
    let officer = office.officer(OFFICER).await;
    let case = office.bins("new-container", at(MONDAY)).await.case;
    let lower = Amendment {
        priority: Some(Priority::Low),
        reason: Some("It can wait.".to_owned()),
        ..Amendment::default()
    };
    office
        .act(&officer, case.id, Command::Amend(Box::new(lower)))
        .await;
    office.tick().await;
    assert!(office.at("2026-11-04T17:30:00Z").await.is_empty());
    let mails = office.at("2026-11-05T09:00:00Z").await;
    assert_eq!(of_kind(&mails, "digest"), [TEAM_LEADER]);
    let text = &mails[0].text;
    assert!(
        text.contains("Nobody has taken it since Monday 2 November 2026"),
        "{text}"
    );
    assert!(text.contains("Something has waited too long"), "{text}");
    assert_eq!(mails[0].cases, [case.reference.to_string()]);
    assert!(office.at("2026-11-05T15:00:00Z").await.is_empty());
    // Again two working days later, until somebody has it.
    let mails = office.at("2026-11-06T09:00:00Z").await;
    assert_eq!(of_kind(&mails, "digest"), [TEAM_LEADER]);
    office.owned_by(&officer, case.id).await;
    let mails = office.at("2026-11-11T12:00:00Z").await;
    assert!(mails.is_empty(), "{mails:?}");
    assert_eq!(
        waits(&office, case.id).await,
        [
            format!("waiting_unassigned team_leader 1 {TEAM_LEADER} sent"),
            format!("waiting_unassigned team_leader 2 {TEAM_LEADER} sent"),
        ]
    );
}

#[tokio::test]
async fn a_case_given_back_begins_to_wait_anew() {
    let office = Office::open(MONDAY);
    let officer = office.officer(OFFICER).await;
    let case = office.bins("new-container", at(MONDAY)).await.case;
    office.owned_by(&officer, case.id).await;
    office.tick().await;
    assert!(of_kind(&office.at("2026-11-05T12:00:00Z").await, "digest").is_empty());
    office
        .act(&officer, case.id, Command::Assign { owner: None })
        .await;
    assert!(office.at("2026-11-09T16:00:00Z").await.is_empty());
    let mails = office.at("2026-11-10T09:00:00Z").await;
    assert_eq!(of_kind(&mails, "digest"), [TEAM_LEADER]);
}

#[tokio::test]
async fn a_case_without_a_team_is_named_to_the_leader_of_those_who_place_it() {
    let office = Office::open(MONDAY);
    let case = office.receive(report(at(MONDAY))).await.case;
    assert_eq!(case.queue, "triage");
    office.tick().await;
    let mails = office.at("2026-11-04T09:00:00Z").await;
    assert_eq!(of_kind(&mails, "digest"), [TRIAGE_LEADER]);
    assert!(
        mails[0]
            .text
            .contains("Nobody has said which team it is for since Monday 2 November 2026"),
        "{}",
        mails[0].text
    );
}

#[tokio::test]
async fn after_a_long_outage_a_leader_hears_of_a_waiting_case_once() {
    let office = Office::open(MONDAY);
    let case = office.bins("new-container", at(MONDAY)).await.case;
    office.tick().await;
    let mails = office.at("2026-12-02T14:00:00Z").await;
    let to_leader = |mails: &[Mail]| mails.iter().filter(|mail| mail.to == TEAM_LEADER).count();
    assert_eq!(to_leader(&mails), 1, "{mails:?}");
    let mails = office.at("2026-12-03T12:00:00Z").await;
    assert_eq!(to_leader(&mails), 0, "{mails:?}");
    let sent = waits(&office, case.id).await;
    assert!(
        sent.iter()
            .all(|line| line.contains("coalesced") || !line.contains(TEAM_LEADER)),
        "{sent:?}"
    );
}

#[tokio::test]
async fn whoever_has_a_case_hears_when_its_time_to_wait_has_ended() {
    let office = Office::open(MONDAY);
    let officer = office.officer(OFFICER).await;
    let case = office.bins("new-container", at(MONDAY)).await.case;
    office.owned_by(&officer, case.id).await;
    let pause = Command::Pause {
        reason: "We need the size of the bin.".to_owned(),
        waiting_for: WaitingFor::Person,
        resume_on: date(2026, 11, 10),
    };
    office.act(&officer, case.id, pause).await;
    office.tick().await;
    assert!(office.at("2026-11-09T18:00:00Z").await.is_empty());
    assert!(office.at("2026-11-10T07:59:00Z").await.is_empty());
    let mails = office.at("2026-11-10T08:00:00Z").await;
    assert_eq!(of_kind(&mails, "waiting"), [OFFICER]);
    assert!(
        mails[0]
            .text
            .contains("The time to wait ended on Tuesday 10 November 2026"),
        "{}",
        mails[0].text
    );
}

#[tokio::test]
async fn a_case_that_waits_for_somebody_is_not_forgotten() {
    let office = Office::open(MONDAY);
    let officer = office.officer(OFFICER).await;
    let case = office.bins("new-container", at(MONDAY)).await.case;
    office.owned_by(&officer, case.id).await;
    let pause = Command::Pause {
        reason: "We need the size of the bin.".to_owned(),
        waiting_for: WaitingFor::Person,
        resume_on: date(2026, 11, 27),
    };
    office.act(&officer, case.id, pause).await;
    office.tick().await;
    assert!(office.at("2026-11-16T16:59:00Z").await.is_empty());
    let mails = office.at("2026-11-16T17:00:00Z").await;
    assert_eq!(of_kind(&mails, "waiting"), [OFFICER]);
    let mails = office.at("2026-11-19T09:00:00Z").await;
    assert_eq!(of_kind(&mails, "digest"), [TEAM_LEADER]);
}

#[tokio::test]
async fn a_person_we_could_not_reach_waits_until_somebody_rings_them() {
    let office = Office::open(MONDAY);
    let officer = office.officer(OFFICER).await;
    let case = office.bins("new-container", at(MONDAY)).await.case;
    office.owned_by(&officer, case.id).await;
    let notice = delivery::claim(&office.desk, 10).await.unwrap().remove(0);
    delivery::record_failed(&office.desk, notice, "550: no such user".to_owned(), true)
        .await
        .unwrap();
    let mails = office.tick().await;
    assert_eq!(of_kind(&mails, "waiting"), [OFFICER]);
    assert!(
        mails[0].text.contains("We could not reach the person"),
        "{}",
        mails[0].text
    );
    // The acknowledgement is late at the same moment: one mail says so, and no second.
    let mails = office.at("2026-11-03T17:00:00Z").await;
    assert_eq!(of_kind(&mails, "reminder"), [OFFICER, TEAM_LEADER]);
    assert!(of_kind(&mails, "waiting").is_empty());
    let mails = office.at("2026-11-05T09:00:00Z").await;
    assert_eq!(of_kind(&mails, "waiting"), [OFFICER, TEAM_LEADER]);
    let call = Command::Call {
        who: "the person".to_owned(),
        number: "01632 960123".to_owned(),
        outcome: "Told them.".to_owned(),
    };
    office.act(&officer, case.id, call).await;
    let mails = office.at("2026-11-11T17:00:00Z").await;
    assert!(of_kind(&mails, "waiting").is_empty(), "{mails:?}");
}

#[tokio::test]
async fn a_held_mail_is_put_to_its_team_leader_once_a_working_day() {
    let office = Office::open(MONDAY);
    let officer = office.officer(OFFICER).await;
    let case = office.bins("new-container", at(MONDAY)).await.case;
    office.owned_by(&officer, case.id).await;
    office.tick().await;
    let raw = format!(
        "From: stranger@mail.example\r\nTo: contact@council.example\r\nSubject: {}\r\n\
         Message-ID: <s1@mail.example>\r\nContent-Type: text/plain\r\n\r\nWhat about this?\r\n",
        case.reference
    );
    let taken = deliver(&office, raw).await;
    assert_eq!(taken.disposition, Disposition::Held);
    assert!(office.at("2026-11-03T16:59:00Z").await.is_empty());
    let mails = office.at("2026-11-03T17:00:00Z").await;
    assert_eq!(of_kind(&mails, "waiting"), [TEAM_LEADER]);
    let text = &mails[0].text;
    assert!(
        text.contains("from an address that is not on the case") && !text.contains("stranger@"),
        "{text}"
    );
    assert_eq!(mails[0].cases, [case.reference.to_string()]);
    assert!(office.at("2026-11-03T18:00:00Z").await.is_empty());
    let mails = office.at("2026-11-04T09:00:00Z").await;
    assert_eq!(of_kind(&mails, "waiting"), [TEAM_LEADER]);
    let shown = listed(&office).await;
    let first = shown.last().unwrap();
    assert_eq!(first.clock, "waiting_held");
    assert!(first.case.is_none() && first.contact == Some(taken.contact.unwrap().0));
    assert_eq!(first.to[0].email, TEAM_LEADER);
    assert_eq!(first.to[0].delivery.as_deref(), Some("sent"));
}

#[tokio::test]
async fn a_mail_that_could_not_be_read_is_put_to_somebody_too() {
    let office = Office::open(MONDAY);
    let taken = deliver(&office, "no header block at all".to_owned()).await;
    assert_eq!(taken.disposition, Disposition::Quarantined);
    let mails = office.at("2026-11-03T17:00:00Z").await;
    assert_eq!(of_kind(&mails, "waiting"), [TRIAGE_LEADER]);
    let contact = taken.contact.unwrap();
    let wake_at = office
        .desk
        .read(move |conn, _| Ok(contacts::wake_at(conn, contact)?))
        .await
        .unwrap();
    assert_eq!(wake_at, Some(at("2026-11-04T09:00:00Z")), "the next step");
}

#[tokio::test]
async fn two_replicas_that_sweep_at_once_tell_each_once() {
    let office = Office::open(MONDAY);
    office.bins("new-container", at(MONDAY)).await;
    deliver(&office, "no header block at all".to_owned()).await;
    office.tick().await;
    office
        .desk
        .time
        .move_to(at("2026-11-05T09:00:00Z"))
        .unwrap();
    let (one, other) = tokio::join!(
        reeve::casework::escalation::sweep(&office.desk),
        reeve::casework::escalation::sweep(&office.desk)
    );
    assert_eq!(one.unwrap().n_told + other.unwrap().n_told, 2);
    let mails = office.tick().await;
    assert_eq!(of_kind(&mails, "digest"), [TEAM_LEADER]);
    assert_eq!(of_kind(&mails, "waiting"), [TRIAGE_LEADER]);
}

#[tokio::test]
async fn a_reply_to_a_reminder_becomes_a_note_on_its_case() {
    let office = Office::open(MONDAY);
    let officer = office.officer(OFFICER).await;
    let case = office.bins("new-container", at(MONDAY)).await.case;
    office.owned_by(&officer, case.id).await;
    office.tick().await;
    let mails = office.at("2026-11-16T17:00:00Z").await;
    let to = |who: &str| mails.iter().find(|mail| mail.to == who).unwrap().clone();
    let raw = reply_to(&to(OFFICER), OFFICER, "r1", "The lorry comes tomorrow.");
    let taken = deliver(&office, raw).await;
    assert_eq!(taken.disposition, Disposition::Joined);
    let raw = reply_to(&to(TEAM_LEADER), TEAM_LEADER, "r2", "Please hurry.");
    deliver(&office, raw).await;
    assert_eq!(
        notes(&office, case.id).await,
        [
            ("user".to_owned(), "The lorry comes tomorrow.".to_owned()),
            ("post".to_owned(), "Please hurry.".to_owned()),
        ]
    );
    assert_eq!(office.case(case.id).await.case.n_chasers, 0);
    // The next step names it.
    let mails = office.at("2026-11-17T09:00:00Z").await;
    assert!(
        mails[0].text.contains("Last action: noted, 16 November"),
        "{}",
        mails[0].text
    );
}

#[tokio::test]
async fn a_reply_to_a_list_becomes_a_note_on_the_cases_it_names_and_else_somebody_looks() {
    let office = Office::open(MONDAY);
    let first = office.bins("new-container", at(MONDAY)).await.case;
    let second = office.bins("new-container", at(MONDAY)).await.case;
    office.tick().await;
    let mails = office.at("2026-11-05T09:00:00Z").await;
    let digest = mails.iter().find(|mail| mail.to == TEAM_LEADER).unwrap();
    assert_eq!(digest.cases.len(), 2);
    let words = format!("{}: mine, I will see to it.", second.reference);
    let taken = deliver(&office, reply_to(digest, TEAM_LEADER, "d1", &words)).await;
    assert_eq!(taken.disposition, Disposition::Joined);
    assert!(notes(&office, first.id).await.is_empty());
    assert_eq!(
        notes(&office, second.id).await,
        [("post".to_owned(), words)]
    );
    let taken = deliver(&office, reply_to(digest, TEAM_LEADER, "d2", "Thank you.")).await;
    assert_eq!(taken.disposition, Disposition::Held, "about which of them?");
    // Knowing the Message-ID is not enough.
    let words = format!("{}: close it.", second.reference);
    let raw = reply_to(digest, "stranger@mail.example", "d3", &words);
    assert_eq!(deliver(&office, raw).await.disposition, Disposition::Held);
    assert_eq!(notes(&office, second.id).await.len(), 1);
}

#[tokio::test]
async fn the_list_of_steps_says_whether_each_mail_arrived() {
    let office = Office::open(MONDAY);
    let officer = office.officer(OFFICER).await;
    let case = office.bins("new-container", at(MONDAY)).await.case;
    office.owned_by(&officer, case.id).await;
    office.tick().await;
    let mails = office.at("2026-11-16T17:00:00Z").await;
    let to_leader = mails.iter().find(|mail| mail.to == TEAM_LEADER).unwrap();
    let id = to_leader.message_id.trim_matches(['<', '>']).to_owned();
    let deliveries = |shown: Vec<EscalationView>| -> Vec<(String, Option<String>)> {
        let due = shown.into_iter().filter(|step| step.step == "due");
        let told = due.flat_map(|step| step.to);
        told.map(|one| (one.email, one.delivery)).collect()
    };
    let sent = Some("sent".to_owned());
    let told = deliveries(listed(&office).await);
    assert!(
        told.contains(&(TEAM_LEADER.to_owned(), sent.clone())),
        "{told:?}"
    );
    office
        .desk
        .perform(move |tx, at| {
            let notice = reeve::store::outbox::find_by_message_id(tx, &id)?.unwrap();
            delivery::bounced(tx, at, &notice, &gone())
        })
        .await
        .unwrap();
    let told = deliveries(listed(&office).await);
    let bounced = Some("bounced".to_owned());
    assert!(
        told.contains(&(TEAM_LEADER.to_owned(), bounced)),
        "{told:?}"
    );
    assert!(told.contains(&(OFFICER.to_owned(), sent)), "{told:?}");
    let target = actions::Target::Id(case.id);
    let of_case = office
        .desk
        .read(move |conn, at| {
            Ok(escalations::list(conn, at, &Actor::System, Some(&target), None, 100)?.items)
        })
        .await
        .unwrap();
    assert!(of_case.iter().all(|step| step.case.is_some()));
}
