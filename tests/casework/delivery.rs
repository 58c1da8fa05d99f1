//! What becomes of a notice once it is due.

use jiff::SignedDuration;
use reeve::casework::delivery;
use reeve::casework::escalation;
use reeve::casework::intake::{self, Entry};
use reeve::casework::set_back::SetBack;
use reeve::channels::email_in::Bounce;
use reeve::domain::access::Actor;
use reeve::domain::clock::{self, State};
use reeve::domain::enquiry::{Described, Who};
use reeve::domain::ids::CaseId;
use reeve::domain::person::Address;
use reeve::store::outbox::Notice;
use reeve::store::{outbox, people};

use crate::office::{
    DEPUTY_HEAD, HEAD, OFFICER, Office, TEAM_LEADER, at, gone, hours, of_kind, report,
};

const MONDAY: &str = "2026-11-02T10:00:00Z";

async fn state_of(office: &Office, case: CaseId, clock: &str) -> State {
    let case = office.case(case).await.case;
    let (_, terms) = office
        .desk
        .council()
        .terms(&case.service, &case.category)
        .unwrap();
    let readings = clock::read(&case.facts, &terms, office.now());
    readings
        .iter()
        .find(|reading| reading.name == clock)
        .unwrap()
        .state
}

/// A report by somebody whose postal address we have too.
async fn case_with_address(office: &Office) -> CaseId {
    let mut enquiry = report(office.now());
    enquiry.service = Some("waste-collection".to_owned());
    enquiry.category = Some("new-container".to_owned());
    let address = Address {
        lines: vec!["14 Larkfield Rise".to_owned()],
        ..Address::default()
    };
    enquiry.who = Who::Described(Described {
        name: Some("Ada Quillfeather".to_owned()),
        email: Some("ada@mail.example".to_owned()),
        address: Some(address),
        ..Described::default()
    });
    let received = office
        .desk
        .perform(move |tx, at| intake::receive(tx, at, &enquiry, &Entry::by(Actor::System)))
        .await
        .unwrap();
    received.case.unwrap().case.id
}

async fn claim_one(office: &Office) -> Notice {
    let mut claimed = delivery::claim(&office.desk, 10).await.unwrap();
    assert_eq!(claimed.len(), 1, "{claimed:?}");
    claimed.remove(0)
}

#[tokio::test]
async fn the_acknowledgement_is_met_by_a_confirmation_that_was_accepted_and_not_before() {
    let office = Office::open(MONDAY);
    let case = office.bins("new-container", at(MONDAY)).await.case.id;
    assert_eq!(state_of(&office, case, "acknowledge").await, State::Running);
    assert_eq!(
        of_kind(&office.tick().await, "confirmation"),
        ["ada@mail.example"]
    );
    assert_eq!(state_of(&office, case, "acknowledge").await, State::Met);
    let timeline = office.timeline(case).await;
    assert!(
        timeline.contains(&"notice_sent".to_owned()) && timeline.contains(&"clock_met".to_owned())
    );
}

#[tokio::test]
async fn a_complaints_automatic_receipt_stops_no_clock() {
    let office = Office::open(MONDAY);
    let mut enquiry = report(at(MONDAY));
    enquiry.service = Some("complaints".to_owned());
    enquiry.category = Some("corporate-complaint".to_owned());
    let catalogue = &office.desk.council().catalogue;
    let service = catalogue.service("complaints").unwrap();
    enquiry.category = service
        .categories
        .iter()
        .find(|one| one.standard == "complaint")
        .map(|one| one.slug.clone());
    let case = office.receive(enquiry).await.case.id;
    assert_eq!(
        of_kind(&office.tick().await, "confirmation"),
        ["ada@mail.example"]
    );
    assert_eq!(state_of(&office, case, "acknowledge").await, State::Running);
}

#[tokio::test]
async fn a_refusal_for_good_is_on_the_case_and_the_clock_runs_on() {
    let office = Office::open(MONDAY);
    let case = case_with_address(&office).await;
    let notice = claim_one(&office).await;
    delivery::record_failed(&office.desk, notice, "550: no such user".to_owned(), true)
        .await
        .unwrap();
    assert_eq!(state_of(&office, case, "acknowledge").await, State::Running);
    assert!(
        office
            .timeline(case)
            .await
            .contains(&"notice_failed".to_owned())
    );
    let notices = office.notices(case).await;
    let states: Vec<(&str, &str)> = notices
        .iter()
        .map(|notice| (notice.transport.as_str(), notice.state.as_str()))
        .collect();
    assert!(states.contains(&("email", "failed")), "{states:?}");
    assert!(
        states.contains(&("post", "to_write")),
        "write to them: {states:?}"
    );
}

#[tokio::test]
async fn a_server_that_is_away_for_an_hour_costs_no_mail_and_needs_nobody() {
    let office = Office::open(MONDAY);
    let case = office.bins("new-container", at(MONDAY)).await.case.id;
    let mut message_ids = Vec::new();
    for _ in 0..120 {
        for notice in delivery::claim(&office.desk, 10).await.unwrap() {
            message_ids.push(notice.message_id.clone());
            delivery::record_failed(&office.desk, notice, "connection refused".to_owned(), false)
                .await
                .unwrap();
        }
        office
            .desk
            .time
            .move_to(office.now() + SignedDuration::from_secs(30))
            .unwrap();
    }
    assert!(
        (5..=8).contains(&message_ids.len()),
        "{}",
        message_ids.len()
    );
    let mails = office.later(hours(1)).await;
    message_ids.push(mails[0].message_id.clone());
    message_ids.dedup();
    assert_eq!(message_ids.len(), 1, "a notice keeps its Message-ID");
    assert_eq!(state_of(&office, case, "acknowledge").await, State::Met);
}

#[tokio::test]
async fn a_mail_refused_for_five_days_is_given_up_where_somebody_sees_it() {
    let office = Office::open(MONDAY);
    let case = office.bins("new-container", at(MONDAY)).await.case.id;
    for _ in 0..2 {
        let notice = claim_one(&office).await;
        delivery::record_failed(&office.desk, notice, "timeout".to_owned(), false)
            .await
            .unwrap();
        office
            .desk
            .time
            .move_to(office.now() + hours(5 * 24 + 1))
            .unwrap();
    }
    assert_eq!(office.notices(case).await[0].state, "failed");
    assert!(
        office
            .timeline(case)
            .await
            .contains(&"notice_failed".to_owned())
    );
}

#[tokio::test]
async fn a_sender_that_lost_its_lease_cannot_record() {
    let office = Office::open(MONDAY);
    let case = office.bins("new-container", at(MONDAY)).await.case.id;
    let first = claim_one(&office).await;
    assert!(
        delivery::claim(&office.desk, 10).await.unwrap().is_empty(),
        "it is being sent"
    );
    office
        .desk
        .time
        .move_to(office.now() + delivery::LEASE)
        .unwrap();
    let second = claim_one(&office).await;
    assert_eq!(first.message_id, second.message_id);
    assert!(!delivery::record_sent(&office.desk, first).await.unwrap());
    assert_eq!(state_of(&office, case, "acknowledge").await, State::Running);
    assert!(delivery::record_sent(&office.desk, second).await.unwrap());
    assert_eq!(state_of(&office, case, "acknowledge").await, State::Met);
}

#[tokio::test]
async fn what_was_to_leave_by_a_clock_that_ran_ahead_leaves_when_it_is_set_right() {
    let office = Office::open(MONDAY);
    let set_back = SetBack::default();
    office
        .desk
        .time
        .move_to(at("2026-12-02T20:00:00Z"))
        .unwrap();
    let officer = office.officer(OFFICER).await;
    let in_hand = office.bins("new-container", office.now()).await.case.id;
    let first = claim_one(&office).await;
    let untouched = office.bins("new-container", office.now()).await.case.id;
    // Late at once, and a reminder that waits for the morning.
    let late = office.bins("new-container", at(MONDAY)).await.case.id;
    office.owned_by(&officer, late).await;
    escalation::sweep(&office.desk).await.unwrap();

    for (now, n_dated) in [
        ("2026-11-02T10:05:00Z", 0),
        // A look is not enough: it may be ourselves who have not heard of the new time yet.
        ("2026-11-02T10:05:10Z", 0),
        ("2026-11-02T10:05:20Z", 3),
        ("2026-11-02T10:05:50Z", 0),
    ] {
        office.desk.time.move_to(at(now)).unwrap();
        assert_eq!(set_back.look(&office.desk).await.unwrap(), n_dated, "{now}");
    }
    let mails = office.tick().await;
    assert_eq!(of_kind(&mails, "confirmation").len(), 3);
    assert_eq!(of_kind(&mails, "reminder"), Vec::<String>::new());
    assert!(!delivery::record_sent(&office.desk, first).await.unwrap());
    for case in [in_hand, untouched, late] {
        let sent = office.timeline(case).await;
        assert_eq!(sent.iter().filter(|kind| *kind == "notice_sent").count(), 1);
    }
}

#[tokio::test]
async fn a_confirmation_that_comes_back_sets_its_clock_running_again() {
    let office = Office::open(MONDAY);
    let case = case_with_address(&office).await;
    office.tick().await;
    assert_eq!(state_of(&office, case, "acknowledge").await, State::Met);
    let sent = office.notices(case).await.remove(0);
    office
        .desk
        .time
        .move_to(office.now() + SignedDuration::from_mins(2))
        .unwrap();
    let bounce = sent.clone();
    office
        .desk
        .perform(move |tx, at| delivery::bounced(tx, at, &bounce, &gone()))
        .await
        .unwrap();
    assert_eq!(state_of(&office, case, "acknowledge").await, State::Running);
    let timeline = office.timeline(case).await;
    assert!(
        timeline.contains(&"address_bounced".to_owned())
            && timeline.contains(&"clock_reopened".to_owned())
    );
    assert!(
        timeline.contains(&"notice_sent".to_owned()),
        "that it was sent stays a fact"
    );
    let to_write = office
        .notices(case)
        .await
        .into_iter()
        .find(|notice| notice.state == "to_write")
        .unwrap();
    assert_eq!(to_write.meets, sent.meets);
    let came_back = office.notices(case).await;
    let came_back = came_back.iter().find(|one| one.id == sent.id).unwrap();
    assert_eq!(came_back.state, "bounced");
    assert!(came_back.sent_at.is_some(), "that it left stays a fact");
    let why = "came back: the address takes no mail (5.1.1)";
    assert_eq!(came_back.last_error.as_deref(), Some(why));
}

#[tokio::test]
async fn a_mail_to_a_full_mailbox_is_said_to_have_come_back_and_the_address_stays_good() {
    let office = Office::open(MONDAY);
    let case = case_with_address(&office).await;
    office.tick().await;
    let sent = office.notices(case).await.remove(0);
    let address = sent.recipient.clone();
    let full = Bounce {
        is_final: true,
        ..Bounce::default()
    };
    office
        .desk
        .perform(move |tx, at| delivery::bounced(tx, at, &sent, &full))
        .await
        .unwrap();
    assert_eq!(state_of(&office, case, "acknowledge").await, State::Running);
    let is_written_off = office
        .desk
        .read(move |conn, _| Ok(people::is_unreachable(conn, "email", &address)?))
        .await
        .unwrap();
    assert!(!is_written_off, "it may take the next");
}

#[tokio::test]
async fn a_mail_that_is_only_delayed_changes_nothing() {
    let office = Office::open(MONDAY);
    let case = case_with_address(&office).await;
    office.tick().await;
    let before = (office.case(case).await, office.timeline(case).await);
    let sent = office.notices(case).await.remove(0);
    office
        .desk
        .perform(move |tx, at| delivery::bounced(tx, at, &sent, &Bounce::default()))
        .await
        .unwrap();
    assert_eq!(
        (office.case(case).await, office.timeline(case).await),
        before
    );
}

#[tokio::test]
async fn a_head_of_service_whose_mail_bounces_is_told_through_the_deputy() {
    let office = Office::open(MONDAY);
    let case = office.bins("new-container", at(MONDAY)).await.case.id;
    office.tick().await;
    let mails = office.at("2026-11-17T09:00:00Z").await;
    assert_eq!(of_kind(&mails, "digest"), [HEAD]);
    let message_id = mails
        .iter()
        .find(|mail| mail.to == HEAD)
        .unwrap()
        .message_id
        .clone();
    office
        .desk
        .perform(move |tx, at| {
            let notice = outbox::find_by_message_id(tx, &message_id)?.unwrap();
            delivery::bounced(tx, at, &notice, &gone())
        })
        .await
        .unwrap();
    let mails = office.tick().await;
    assert_eq!(of_kind(&mails, "digest"), [DEPUTY_HEAD]);
    let told = office.told(case).await;
    assert!(
        told.contains(&format!("head_of_service {DEPUTY_HEAD} sent")),
        "{told:?}"
    );
    // The next late case goes to the deputy at once.
    office
        .bins("new-container", at("2026-10-20T10:00:00Z"))
        .await;
    assert!(
        of_kind(&office.at("2026-11-18T09:00:00Z").await, "digest")
            .contains(&DEPUTY_HEAD.to_owned())
    );
}

#[tokio::test]
async fn that_a_mail_left_does_not_make_a_case_stale_for_whoever_reads_it() {
    let office = Office::open(MONDAY);
    let case = office.bins("new-container", at(MONDAY)).await.case.id;
    office.tick().await;
    office
        .desk
        .time
        .move_to(at("2026-11-12T09:00:00Z"))
        .unwrap();
    reeve::casework::escalation::sweep(&office.desk)
        .await
        .unwrap();
    let version = office.case(case).await.case.version;
    assert_eq!(of_kind(&office.tick().await, "reminder"), [TEAM_LEADER]);
    assert_eq!(office.case(case).await.case.version, version);
}
