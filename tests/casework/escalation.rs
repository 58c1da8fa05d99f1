//! Who is told, when, and how often.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use jiff::civil::date;
use reeve::casework::escalation::{self, Turn};
use reeve::casework::set_back::SetBack;
use reeve::domain::case::{LinkKind, Outcome, ReplyKind, Status, WaitingFor};
use reeve::domain::clock::Longer;
use reeve::domain::contact::Channel;
use reeve::domain::enquiry::{Described, Enquiry, Who};
use reeve::domain::lifecycle::Command;
use reeve::domain::person::PersonKind;
use reeve::domain::standard::Target;
use reeve::store::cases;

use crate::office::{DEPUTY_HEAD, HEAD, OFFICER, Office, TEAM_LEADER, at, hours, of_kind, report};

const DIRECTOR: &str = "director.of.place@council.example";
const DUTY: &str = "duty.waste-ops@council.example";

/// Monday; ten working days end on Monday 16 November at 17:00.
const MONDAY: &str = "2026-11-02T10:00:00Z";

fn note() -> Command {
    Command::Note {
        text: "Rang, no answer.".to_owned(),
        audience: reeve::domain::case::Audience::Staff,
    }
}

fn reply() -> Command {
    let text = "It was delivered today.".to_owned();
    Command::Reply {
        text,
        kind: ReplyKind::Substantive,
        outcome: Some(Outcome::Resolved),
        general_only: false,
    }
}

#[tokio::test]
async fn the_owner_hears_before_the_date_and_those_above_after_it() {
    let office = Office::open(MONDAY);
    let officer = office.officer(OFFICER).await;
    let case = office.bins("new-container", at(MONDAY)).await.case;
    office.owned_by(&officer, case.id).await;
    assert_eq!(
        of_kind(&office.tick().await, "reminder"),
        Vec::<String>::new()
    );
    assert_eq!(
        of_kind(&office.at("2026-11-12T08:59:59Z").await, "reminder"),
        Vec::<String>::new()
    );
    let mails = office.at("2026-11-12T09:00:00Z").await;
    assert_eq!(of_kind(&mails, "reminder"), [OFFICER]);
    assert!(
        mails[0].text.contains("A date is coming"),
        "{}",
        mails[0].text
    );
    assert_eq!(mails[0].cases, [case.reference.to_string()]);
    let mails = office.at("2026-11-16T17:00:00Z").await;
    assert_eq!(of_kind(&mails, "reminder"), [OFFICER, TEAM_LEADER]);
    assert!(
        mails[0].text.contains("The date has come"),
        "{}",
        mails[0].text
    );
    let mails = office.at("2026-11-17T09:00:00Z").await;
    assert_eq!(of_kind(&mails, "digest"), [HEAD]);
    assert_eq!(
        of_kind(&office.at("2026-11-18T09:00:00Z").await, "digest"),
        Vec::<String>::new()
    );
    let mails = office.at("2026-11-19T09:00:00Z").await;
    assert_eq!(of_kind(&mails, "digest"), [DIRECTOR]);
    assert_eq!(mails.len(), 1);
    assert_eq!(
        office.told(case.id).await,
        [
            "reminder officer@council.example sent",
            "due officer@council.example sent",
            "due team.leader.waste-ops@council.example sent",
            "head_of_service head.of.waste.and.street.scene@council.example sent",
            "director director.of.place@council.example sent",
        ]
    );
    let n_steps = office
        .timeline(case.id)
        .await
        .iter()
        .filter(|kind| *kind == "escalation_step")
        .count();
    assert_eq!(
        n_steps, 4,
        "the two who heard at the date stand in one line"
    );
}

#[tokio::test]
async fn a_case_that_nobody_has_is_reminded_of_to_the_team_leader_once() {
    let office = Office::open(MONDAY);
    let case = office.bins("new-container", at(MONDAY)).await.case;
    office.tick().await;
    assert_eq!(
        of_kind(&office.at("2026-11-12T09:00:00Z").await, "reminder"),
        [TEAM_LEADER]
    );
    assert_eq!(
        of_kind(&office.at("2026-11-16T17:00:00Z").await, "reminder"),
        [TEAM_LEADER]
    );
    assert_eq!(office.told(case.id).await.len(), 2);
}

#[tokio::test]
async fn after_a_long_outage_each_hears_once_and_no_post_is_left_out() {
    let office = Office::open(MONDAY);
    let officer = office.officer(OFFICER).await;
    let case = office.bins("new-container", at(MONDAY)).await.case;
    office.owned_by(&officer, case.id).await;
    office.tick().await;
    // A Wednesday afternoon, weeks later.
    let mails = office.at("2026-12-02T14:00:00Z").await;
    assert_eq!(of_kind(&mails, "reminder"), [OFFICER, TEAM_LEADER]);
    assert_eq!(of_kind(&mails, "digest"), [DIRECTOR, HEAD]);
    assert!(
        office
            .told(case.id)
            .await
            .contains(&format!("reminder {OFFICER} coalesced"))
    );
    assert!(office.later(hours(24 * 7)).await.is_empty());
}

#[tokio::test]
async fn nothing_but_an_alert_leaves_at_night_or_on_a_day_off() {
    let office = Office::open(MONDAY);
    let case = office.bins("new-container", at(MONDAY)).await.case;
    office.tick().await;
    // A Saturday night.
    assert!(office.at("2026-12-05T23:30:00Z").await.is_empty());
    assert!(
        !office.told(case.id).await.is_empty(),
        "the steps are taken all the same"
    );
    assert!(office.at("2026-12-07T07:59:59Z").await.is_empty());
    assert_eq!(
        of_kind(&office.at("2026-12-07T08:00:00Z").await, "reminder"),
        [TEAM_LEADER]
    );
    assert_eq!(
        of_kind(&office.at("2026-12-07T09:00:00Z").await, "digest"),
        [DIRECTOR, HEAD]
    );
}

#[tokio::test]
async fn a_reminder_that_waited_for_the_morning_is_dropped_when_the_answer_went_out_in_the_night() {
    let office = Office::open(MONDAY);
    let officer = office.officer(OFFICER).await;
    let case = office.bins("new-container", at(MONDAY)).await.case;
    office.owned_by(&officer, case.id).await;
    office.tick().await;
    assert!(office.at("2026-11-16T22:00:00Z").await.is_empty());
    office.act(&officer, case.id, reply()).await;
    let mails = office.at("2026-11-17T09:30:00Z").await;
    assert_eq!(of_kind(&mails, "reminder"), Vec::<String>::new());
    assert_eq!(of_kind(&mails, "digest"), Vec::<String>::new());
    assert_eq!(of_kind(&mails, "reply"), ["ada@mail.example"]);
}

#[tokio::test]
async fn one_digest_names_every_new_case_worst_first() {
    let office = Office::open(MONDAY);
    let first = office
        .bins("new-container", at("2026-10-20T10:00:00Z"))
        .await
        .case;
    let second = office
        .bins("new-container", at("2026-10-13T10:00:00Z"))
        .await
        .case;
    let third = office
        .bins("new-container", at("2026-10-15T10:00:00Z"))
        .await
        .case;
    assert_eq!(
        of_kind(&office.tick().await, "digest"),
        Vec::<String>::new(),
        "it is not 9am"
    );
    let mails = office.at("2026-11-03T09:00:00Z").await;
    let digest = mails.iter().find(|mail| mail.to == DIRECTOR).unwrap();
    let named = [second.reference, third.reference].map(|reference| reference.to_string());
    assert_eq!(digest.cases, named, "the first was due this very day");
    assert!(
        digest.text.contains("2 promises need you today"),
        "{}",
        digest.text
    );
    assert!(!digest.text.contains("Quillfeather"), "no names");
    assert_eq!(of_kind(&mails, "digest"), [DIRECTOR, HEAD]);
    let mails = office.at("2026-11-04T09:00:00Z").await;
    let digest = mails
        .iter()
        .find(|mail| mail.kind == "digest" && mail.to == HEAD)
        .unwrap();
    assert_eq!(digest.cases, [first.reference.to_string()]);
    assert!(
        digest
            .text
            .contains("2 more, which you were told of before"),
        "{}",
        digest.text
    );
}

#[tokio::test]
async fn a_clock_that_jumps_while_digests_are_written_leaves_no_case_out_of_the_next_one() {
    let office = Office::open("2026-11-17T20:00:00Z");
    let first = office
        .bins("new-container", at("2026-10-20T10:00:00Z"))
        .await
        .case;
    office.tick().await;
    let second = office
        .bins("new-container", at("2026-11-04T10:00:00Z"))
        .await
        .case;
    for swept_to in ["2026-11-18T08:30:00Z", "2026-11-18T10:00:00Z"] {
        office.desk.time.move_to(at(swept_to)).unwrap();
        let before = office.desk.moment();
        // The second is due at five on the eighteenth; its head of service hears on the nineteenth.
        office
            .desk
            .time
            .move_to(at("2026-11-19T09:00:00Z"))
            .unwrap();
        let n_written = escalation::digests(&office.desk, before).await.unwrap();
        assert_eq!(n_written, 0, "swept to {swept_to}");
    }
    let mails = office.tick().await;
    let digest = mails.iter().find(|mail| mail.to == HEAD).unwrap();
    let named = [first.reference, second.reference].map(|reference| reference.to_string());
    assert_eq!(digest.cases, named);
}

#[tokio::test]
async fn heads_of_service_get_one_digest_a_working_day_at_most() {
    let office = Office::open("2026-11-17T08:00:00Z");
    office
        .bins("new-container", at("2026-10-20T10:00:00Z"))
        .await;
    assert_eq!(
        of_kind(&office.at("2026-11-17T09:00:00Z").await, "digest"),
        [DIRECTOR, HEAD]
    );
    office
        .bins("new-container", at("2026-10-21T10:00:00Z"))
        .await;
    for hour in [10, 12, 15, 17, 23] {
        let mails = office.at(&format!("2026-11-17T{hour}:00:00Z")).await;
        assert_eq!(of_kind(&mails, "digest"), Vec::<String>::new(), "at {hour}");
    }
    assert_eq!(
        of_kind(&office.at("2026-11-18T09:00:00Z").await, "digest"),
        [DIRECTOR, HEAD]
    );
}

#[tokio::test]
async fn a_case_that_opens_late_tells_each_recipient_once() {
    let office = Office::open("2026-11-24T10:00:00Z");
    let officer = office.officer(OFFICER).await;
    let mut enquiry = report(at(MONDAY));
    enquiry.service = Some("waste-collection".to_owned());
    enquiry.category = Some("new-container".to_owned());
    // With nobody to acknowledge to but by phone, the acknowledgement is late as well.
    enquiry.who = Who::Described(Described {
        phone: Some("07700 900123".to_owned()),
        ..Described::default()
    });
    let case = office.receive(enquiry).await.case;
    office.owned_by(&officer, case.id).await;
    let mails = office.tick().await;
    assert_eq!(of_kind(&mails, "reminder"), [OFFICER, TEAM_LEADER]);
    let mails = office.at("2026-11-25T09:00:00Z").await;
    assert_eq!(of_kind(&mails, "digest"), [DIRECTOR, HEAD]);
    assert!(
        mails
            .iter()
            .all(|mail| mail.cases == [case.reference.to_string()])
    );
}

#[tokio::test]
async fn only_answering_pausing_or_a_new_date_stops_a_ladder() {
    let office = Office::open(MONDAY);
    let officer = office.officer(OFFICER).await;
    let case = office.bins("new-container", at(MONDAY)).await.case;
    office.owned_by(&officer, case.id).await;
    office.at("2026-11-13T10:00:00Z").await;
    office.act(&officer, case.id, note()).await;
    let mails = office.at("2026-11-16T17:00:00Z").await;
    assert_eq!(of_kind(&mails, "reminder"), [OFFICER, TEAM_LEADER]);
    assert!(
        mails[0].text.contains("Last action: noted, 13 November"),
        "{}",
        mails[0].text
    );
    let to = Longer::By(Target::WorkingDays(5));
    let reason = "The lorry is being repaired.".to_owned();
    office
        .act(
            &officer,
            case.id,
            Command::Extend {
                clock: "respond".to_owned(),
                to,
                reason,
            },
        )
        .await;
    // The head's step of the old date would have come now.
    let mails = office.at("2026-11-17T10:00:00Z").await;
    assert_eq!(of_kind(&mails, "digest"), Vec::<String>::new());
    assert_eq!(
        of_kind(&office.at("2026-11-19T09:00:00Z").await, "reminder"),
        [OFFICER],
        "two days before the new date"
    );
    office.act(&officer, case.id, reply()).await;
    let mails = office.at("2026-12-30T10:00:00Z").await;
    assert!(of_kind(&mails, "reminder").is_empty() && of_kind(&mails, "digest").is_empty());
}

#[tokio::test]
async fn a_paused_case_is_never_escalated_and_goes_on_by_itself_on_its_latest_day() {
    let office = Office::open(MONDAY);
    let officer = office.officer(OFFICER).await;
    let case = office.bins("new-container", at(MONDAY)).await.case;
    office.owned_by(&officer, case.id).await;
    office.at("2026-11-05T10:00:00Z").await;
    let pause = Command::Pause {
        reason: "We need the size of the bin.".to_owned(),
        waiting_for: WaitingFor::Person,
        resume_on: date(2026, 11, 19),
    };
    office.act(&officer, case.id, pause).await;
    let mails = office.at("2026-11-18T12:00:00Z").await;
    assert!(mails.is_empty(), "{mails:?}");
    assert_eq!(office.case(case.id).await.case.status, Status::Waiting);
    office.at("2026-11-19T12:00:00Z").await;
    let resumed = office.case(case.id).await.case;
    assert_eq!((resumed.status, resumed.waiting_for), (Status::Open, None));
    assert_eq!(
        resumed.facts.pauses[0].to,
        Some(at("2026-11-19T00:00:00Z")),
        "not when we came to look"
    );
    assert!(
        office
            .timeline(case.id)
            .await
            .contains(&"resumed".to_owned())
    );
    // Ten working days, of which 6 to 19 November did not count.
    assert_eq!(
        office.case(case.id).await.dates.respond_on,
        Some(date(2026, 11, 30))
    );
    assert_eq!(
        of_kind(&office.at("2026-11-26T09:00:00Z").await, "reminder"),
        [OFFICER]
    );
}

#[tokio::test]
async fn an_answered_case_closes_without_a_word_when_nobody_wrote_again() {
    let office = Office::open(MONDAY);
    let officer = office.officer(OFFICER).await;
    let case = office.bins("new-container", at(MONDAY)).await.case;
    office.owned_by(&officer, case.id).await;
    office.act(&officer, case.id, reply()).await;
    office.later(SignedDuration::from_mins(5)).await;
    let until = office.case(case.id).await.case.follow_up_until.unwrap();
    office.at(&format!("{until}T23:59:00Z")).await;
    assert_eq!(office.case(case.id).await.case.status, Status::Responded);
    let mails = office.later(SignedDuration::from_mins(1)).await;
    let closed = office.case(case.id).await;
    assert_eq!(
        (closed.case.status, closed.case.outcome),
        (Status::Closed, Some(Outcome::Resolved))
    );
    assert_eq!(closed.dates.wake_at, None);
    assert!(mails.is_empty());
}

#[tokio::test]
async fn a_case_is_looked_at_again_only_when_something_comes() {
    let office = Office::open(MONDAY);
    office.bins("new-container", at(MONDAY)).await;
    office.bins("missed-bin", at("2026-10-01T10:00:00Z")).await;
    let mut danger = report(at(MONDAY));
    danger.danger_declared = true;
    danger.service = Some("waste-collection".to_owned());
    danger.category = Some("missed-bin".to_owned());
    office.receive(danger).await;
    // An odd step, so that every hour of the day and many instants between steps are met.
    for _ in 0..40 {
        office.later(SignedDuration::from_mins(23 * 60 + 17)).await;
        assert_eq!(
            office.n_due().await,
            0,
            "something would be looked at for ever at {}",
            office.now()
        );
        let again = escalation::sweep(&office.desk).await.unwrap();
        assert_eq!(again.n_cases, 0);
    }
}

#[tokio::test]
async fn a_clock_set_back_and_on_again_tells_nobody_twice() {
    let office = Office::open(MONDAY);
    office.bins("new-container", at(MONDAY)).await;
    office.tick().await;
    let mut seen = BTreeSet::new();
    for now in [
        "2026-11-16T17:00:00Z",
        "2026-11-12T09:00:00Z",
        "2026-11-17T09:00:00Z",
        "2026-11-16T09:00:00Z",
        "2026-11-20T10:00:00Z",
        "2026-11-19T10:00:00Z",
        "2026-11-23T10:00:00Z",
    ] {
        for mail in office.at(now).await {
            assert!(
                seen.insert((mail.to.clone(), mail.text.clone())),
                "{} heard twice at {now}",
                mail.to
            );
        }
    }
    let to: Vec<&str> = seen.iter().map(|(to, _)| to.as_str()).collect();
    assert_eq!(to, [DIRECTOR, HEAD, TEAM_LEADER]);
}

#[tokio::test]
async fn two_sweeps_at_the_same_moment_take_each_step_once() {
    let office = Office::open(MONDAY);
    for n in 0..30 {
        let mut enquiry = report(at(MONDAY));
        enquiry.service = Some("waste-collection".to_owned());
        enquiry.category = Some("new-container".to_owned());
        let email = Some(format!("resident-{n}@mail.example"));
        enquiry.who = Who::Described(Described {
            email,
            ..Described::default()
        });
        office.receive(enquiry).await;
    }
    office.tick().await;
    office
        .desk
        .time
        .move_to(at("2026-11-12T09:00:00Z"))
        .unwrap();
    let (one, other) = tokio::join!(
        escalation::sweep(&office.desk),
        escalation::sweep(&office.desk)
    );
    assert_eq!(one.unwrap().n_told + other.unwrap().n_told, 30);
    assert_eq!(of_kind(&office.tick().await, "reminder").len(), 30);
}

#[tokio::test]
async fn while_one_replica_has_its_turn_the_other_lets_it() {
    let office = Office::open(MONDAY);
    office.bins("new-container", at(MONDAY)).await;
    office.tick().await;
    let (one, other) = (Turn::new(&office.desk), Turn::new(&office.desk));
    office
        .desk
        .time
        .move_to(at("2026-11-12T09:00:00Z"))
        .unwrap();
    assert_eq!(
        escalation::sweep_in_turn(&office.desk, &one)
            .await
            .unwrap()
            .n_cases,
        1
    );
    office
        .bins("new-container", at("2026-10-01T10:00:00Z"))
        .await;
    assert!(
        escalation::sweep_in_turn(&office.desk, &other)
            .await
            .unwrap()
            .is_elsewhere
    );
    assert_eq!(
        escalation::sweep_in_turn(&office.desk, &one)
            .await
            .unwrap()
            .n_cases,
        1
    );
    // The first is gone; after its turn has run out nothing is left lying.
    office
        .bins("new-container", at("2026-10-01T10:00:00Z"))
        .await;
    office
        .desk
        .time
        .move_to(at("2026-11-12T09:00:16Z"))
        .unwrap();
    assert_eq!(
        escalation::sweep_in_turn(&office.desk, &other)
            .await
            .unwrap()
            .n_cases,
        1
    );
}

#[tokio::test]
async fn danger_is_told_at_once_at_night_and_again_until_somebody_has_it() {
    let office = Office::open("2026-11-21T02:00:00Z");
    let officer = office.officer(OFFICER).await;
    let mut enquiry = report(office.now());
    enquiry.danger_declared = true;
    enquiry.body = "The lorry has knocked a wall onto 4 Larkfield Rise.".to_owned();
    enquiry.service = Some("waste-collection".to_owned());
    enquiry.category = Some("missed-bin".to_owned());
    let filed = office.receive(enquiry).await;
    let duty = office
        .desk
        .council()
        .catalogue
        .queue(&filed.case.queue)
        .unwrap()
        .duty_contact
        .email
        .clone();
    let mails = office.tick().await;
    assert_eq!(of_kind(&mails, "alert"), std::slice::from_ref(&duty));
    let alert = mails.iter().find(|mail| mail.kind == "alert").unwrap();
    assert_eq!(alert.cases, [filed.case.reference.to_string()]);
    for secret in ["Quillfeather", "Larkfield", "ada@", "lorry"] {
        assert!(!alert.text.contains(secret), "{}", alert.text);
    }
    assert!(!alert.text.contains("You have been told of this before"));
    let quarter = SignedDuration::from_mins(15);
    let again = office.later(quarter).await;
    assert_eq!(of_kind(&again, "alert"), std::slice::from_ref(&duty));
    assert!(again[0].text.contains("You have been told of this before"));
    assert_eq!(
        of_kind(&office.later(SignedDuration::from_mins(14)).await, "alert"),
        Vec::<String>::new()
    );
    let third = of_kind(&office.later(SignedDuration::from_mins(1)).await, "alert");
    assert_eq!(
        third.len(),
        2,
        "from the third time on the next step up is told too: {third:?}"
    );
    assert!(third.contains(&duty));
    // Everything was down for five hours.
    assert_eq!(
        of_kind(&office.later(hours(5)).await, "alert").len(),
        2,
        "the newest, once each"
    );
    office.owned_by(&officer, filed.case.id).await;
    assert_eq!(
        of_kind(&office.later(hours(2)).await, "alert"),
        Vec::<String>::new()
    );
    assert!(
        office
            .timeline(filed.case.id)
            .await
            .contains(&"alert_raised".to_owned())
    );
}

#[tokio::test]
async fn danger_told_by_a_clock_that_ran_ahead_is_told_again_when_it_is_set_right() {
    let office = Office::open("2026-11-21T02:00:00Z");
    let mut enquiry = report(office.now());
    enquiry.danger_declared = true;
    enquiry.service = Some("waste-collection".to_owned());
    enquiry.category = Some("missed-bin".to_owned());
    office.receive(enquiry).await;
    let n_alerts = |mails: Vec<crate::office::Mail>| of_kind(&mails, "alert").len();
    let set_back = SetBack::default();
    set_back.look(&office.desk).await.unwrap();
    assert_eq!(n_alerts(office.tick().await), 1);
    assert_eq!(n_alerts(office.at("2026-12-21T02:00:00Z").await), 2);
    set_back.look(&office.desk).await.unwrap();
    // Set right: the duty contact hears of it as if nothing had been.
    office
        .desk
        .time
        .move_to(at("2026-11-21T02:14:00Z"))
        .unwrap();
    set_back.look(&office.desk).await.unwrap();
    assert_eq!(n_alerts(office.at("2026-11-21T02:14:59Z").await), 0);
    assert_eq!(n_alerts(office.at("2026-11-21T02:15:00Z").await), 1);
    assert_eq!(n_alerts(office.at("2026-11-21T02:29:59Z").await), 0);
    assert_eq!(n_alerts(office.at("2026-11-21T02:30:00Z").await), 2);
    assert_eq!(n_alerts(office.tick().await), 0);
    assert_eq!(
        n_alerts(office.at("2026-12-21T02:00:00Z").await),
        0,
        "that time was told"
    );
}

#[tokio::test]
async fn a_recorded_call_ends_the_alerts() {
    let office = Office::open("2026-11-21T02:00:00Z");
    let officer = office.officer(OFFICER).await;
    let mut enquiry = report(office.now());
    enquiry.danger_declared = true;
    enquiry.service = Some("waste-collection".to_owned());
    enquiry.category = Some("missed-bin".to_owned());
    let case = office.receive(enquiry).await.case;
    office.tick().await;
    let call = Command::Call {
        who: "the duty officer".to_owned(),
        number: "07700 900101".to_owned(),
        outcome: "On the way.".to_owned(),
    };
    office.act(&officer, case.id, call).await;
    assert_eq!(
        of_kind(&office.later(hours(3)).await, "alert"),
        Vec::<String>::new()
    );
}

#[tokio::test]
async fn an_empty_post_falls_to_its_deputy_and_the_case_says_so() {
    let office = Office::with_posts(MONDAY, |posts| {
        posts.replace("holder = \"Ansel Ashdownham\"\n", "")
    });
    let case = office.bins("new-container", at(MONDAY)).await.case;
    office.tick().await;
    assert_eq!(
        of_kind(&office.at("2026-11-17T09:00:00Z").await, "digest"),
        [DEPUTY_HEAD]
    );
    let told = office.told(case.id).await;
    assert!(
        told.contains(&format!("head_of_service {HEAD} undeliverable")),
        "{told:?}"
    );
    assert!(
        told.contains(&format!("head_of_service {DEPUTY_HEAD} sent")),
        "{told:?}"
    );
}

#[tokio::test]
async fn a_post_with_nobody_at_all_falls_to_the_next_step_up() {
    let office = Office::with_posts(MONDAY, |posts| {
        posts
            .replace("holder = \"Ansel Ashdownham\"\n", "")
            .replace("deputy = \"Hester Larkhanger\"\n", "")
            .replace(&format!("deputy_email = \"{DEPUTY_HEAD}\"\n"), "")
    });
    let case = office.bins("new-container", at(MONDAY)).await.case;
    office.tick().await;
    assert_eq!(
        of_kind(&office.at("2026-11-17T09:00:00Z").await, "digest"),
        [DIRECTOR]
    );
    let told = office.told(case.id).await;
    assert!(
        told.contains(&format!("head_of_service {HEAD} undeliverable")),
        "{told:?}"
    );
    assert!(
        told.contains(&format!("head_of_service {DIRECTOR} sent")),
        "{told:?}"
    );
}

#[tokio::test]
async fn a_members_enquiry_goes_up_the_ladder_of_the_service_it_asks_about() {
    let office = Office::open(MONDAY);
    let about = office.bins("new-container", at(MONDAY)).await.case;
    let mut enquiry = Enquiry::new(Channel::Councillor, at(MONDAY));
    enquiry.body = "A resident waits for a bin.".to_owned();
    enquiry.service = Some("democratic-services".to_owned());
    enquiry.category = Some("member-enquiry".to_owned());
    enquiry.who = Who::Described(Described {
        name: Some("Cllr Iola Penmarsh".to_owned()),
        kind: Some(PersonKind::Councillor),
        email: Some("iola.penmarsh@council.example".to_owned()),
        ..Described::default()
    });
    let case = office.receive(enquiry).await.case;
    let id = (case.id, about.id);
    let linked = office
        .desk
        .perform(move |tx, _| Ok(cases::link(tx, id.0, id.1, LinkKind::About)?))
        .await;
    linked.unwrap();
    office.tick().await;
    office.at("2026-11-18T09:00:00Z").await;
    let told = office.told(case.id).await;
    assert!(
        told.contains(&format!("head_of_service {HEAD} sent")),
        "{told:?}"
    );
    assert!(
        told.contains(&format!("director_and_portfolio_holder {DIRECTOR} sent")),
        "{told:?}"
    );
    let councillor = "portfolio.environment.and.waste@council.example";
    assert!(
        told.contains(&format!("director_and_portfolio_holder {councillor} sent")),
        "{told:?}"
    );
}

#[tokio::test]
async fn a_complaint_about_a_head_of_service_is_told_to_the_director_alone() {
    let office = Office::open(MONDAY);
    let mut enquiry = report(at(MONDAY));
    enquiry.body =
        "I complain about the Head of Waste and Street Scene, who was rude to me.".to_owned();
    enquiry.service = Some("complaints".to_owned());
    enquiry.category = office
        .desk
        .council()
        .catalogue
        .service("complaints")
        .and_then(|service| service.categories.first())
        .map(|category| category.slug.clone());
    let received = office
        .desk
        .perform(move |tx, at| {
            let entry = reeve::casework::intake::Entry::by(reeve::domain::access::Actor::System);
            reeve::casework::intake::receive(tx, at, &enquiry, &entry)
        })
        .await
        .unwrap();
    let case = received.case.unwrap().case;
    assert!(
        case.about.is_some(),
        "it was taken as a complaint about staff"
    );
    let mut told = BTreeSet::new();
    for mails in [
        office.tick().await,
        office.at("2026-12-20T10:00:00Z").await,
        office.at("2026-12-21T10:00:00Z").await,
    ] {
        told.extend(
            mails
                .into_iter()
                .filter(|mail| mail.to.ends_with("@council.example"))
                .map(|mail| mail.to),
        );
    }
    assert_eq!(told.into_iter().collect::<Vec<_>>(), [DIRECTOR]);
}

#[tokio::test]
async fn an_officers_own_promise_is_reminded_of_to_whoever_made_it() {
    let office = Office::open(MONDAY);
    let (owner, other) = (
        office.officer(OFFICER).await,
        office.officer("other@council.example").await,
    );
    let case = office.bins("new-container", at(MONDAY)).await.case;
    office.owned_by(&owner, case.id).await;
    let promise = Command::Promise {
        what: "ring back".to_owned(),
        by: at("2026-11-04T16:00:00Z"),
        owner: Some(other.id),
    };
    office.act(&owner, case.id, promise).await;
    office.tick().await;
    let mails = office.at("2026-11-04T16:00:00Z").await;
    let reminded: BTreeSet<String> = of_kind(&mails, "reminder").into_iter().collect();
    assert!(reminded.contains("other@council.example"), "{reminded:?}");
    assert!(!reminded.contains(OFFICER), "{reminded:?}");
}

#[test]
fn the_duty_contact_of_the_demo_is_the_one_of_the_queue() {
    let northmere = reeve::config::embedded::northmere().unwrap();
    assert_eq!(
        northmere.queue("waste-ops").unwrap().duty_contact.email,
        DUTY
    );
}
