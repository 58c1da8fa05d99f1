//! Whole processes: killed, doubled, cut off from their mail server, with the clock moved.
//!
//! Each story starts the program itself, as a council would, and looks at it from outside.

mod abuse;
mod by_email;
mod clocks;
mod demo;
mod dovecot;
mod downtime;
mod first_start;
mod incidents;
mod leases;
mod mailboxes;
mod moves;
mod outages;
mod postgres;
mod roles;
mod server;
mod smtp;
mod spool;
mod taking_over;
mod uploads;

use std::time::Duration;

use serde_json::{Value, json};

use demo::Demo;
use smtp::Sink;

/// Every answered case is there after twenty kills, with one confirmation each, and a client that
/// retries with its key makes no second one.
#[test]
fn twenty_kills_lose_and_double_nothing() {
    let mut demo = Demo::on_sqlite();
    kill_again_and_again(&mut demo, 20);
}

#[test]
fn twenty_kills_lose_and_double_nothing_on_postgresql() {
    let Some(mut demo) = Demo::on_postgres() else {
        return;
    };
    kill_again_and_again(&mut demo, 20);
}

fn kill_again_and_again(demo: &mut Demo, n_kills: usize) {
    let mut ledger: Vec<(String, String)> = Vec::new();
    for round in 0..n_kills {
        let agent = demo.sign_in("agent");
        let api = demo.api();
        let before_kill = Duration::from_millis(40 + 23 * u64::try_from(round % 7).unwrap());
        let posting = std::thread::spawn(move || {
            let mut answered = Vec::new();
            for n in 0..200 {
                let key = format!("kill-{round}-{n}");
                let Ok(case) = demo::post_contact(&api, &agent, &key) else {
                    return (answered, Some(key));
                };
                answered.push((key, case));
            }
            (answered, None)
        });
        std::thread::sleep(before_kill);
        demo.kill();
        let (answered, unanswered) = posting.join().unwrap();
        ledger.extend(answered);
        demo.start();
        if let Some(key) = unanswered {
            let agent = demo.sign_in("agent");
            let case = demo::post_contact(&demo.api(), &agent, &key).unwrap();
            ledger.push((key, case));
        }
    }
    assert!(
        ledger.len() >= n_kills,
        "only {} contacts were answered",
        ledger.len()
    );
    let agent = demo.sign_in("agent");
    let mut references: Vec<&String> = ledger.iter().map(|(_, reference)| reference).collect();
    references.sort();
    references.dedup();
    assert_eq!(references.len(), ledger.len(), "two keys got one case");
    for (key, reference) in &ledger {
        let case = demo.get(&agent, &format!("/v1/cases/{reference}"));
        assert_eq!(case["reference"], reference.as_str(), "{key}");
        let contacts = demo.get(&agent, &format!("/v1/cases/{reference}/contacts"));
        assert_eq!(
            contacts["items"].as_array().unwrap().len(),
            1,
            "{key} {reference}"
        );
    }
    // What a killed process was about to send is taken over when its lease ends, after a minute.
    demo.post_clock(json!({"to": demo.later(120)}));
    demo.wait_until("every confirmation has left", || {
        ledger
            .iter()
            .all(|(_, reference)| demo.mails_about(reference, "confirmation").len() == 1)
    });
}

/// Moved past the due date, each post is told once; after a restart nobody is told again.
#[test]
fn when_the_date_passes_each_post_is_told_once_and_not_again_after_a_restart() {
    let mut demo = Demo::on_sqlite();
    let agent = demo.sign_in("agent");
    demo.post_clock(json!({"to": "2027-02-01T10:00:00Z"}));
    let reference = demo::post_contact(&demo.api(), &agent, "late-1").unwrap();
    // Before the clock jumps: an acknowledgement that has not left is a promise of its own.
    demo.wait_until("the confirmation has left", || {
        demo.mails_about(&reference, "confirmation").len() == 1
    });
    demo.post_clock(json!({"to": "2027-02-03T17:00:30Z"}));
    demo.wait_until("the team leader is told when it is due", || {
        demo.mails_about(&reference, "reminder").len() == 1
    });
    demo.post_clock(json!({"to": "2027-02-04T09:00:30Z"}));
    demo.wait_until("the head of service has a digest", || {
        demo.mails_about(&reference, "digest").len() == 1
    });
    demo.stop();
    demo.start();
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(demo.mails_about(&reference, "digest").len(), 1);
    assert_eq!(demo.mails_about(&reference, "reminder").len(), 1);
}

/// Two processes on one database tell each post once.
#[test]
fn two_replicas_tell_each_post_once() {
    let Some(one) = Demo::on_postgres() else {
        return;
    };
    let two = one.replica();
    let agent = one.sign_in("agent");
    one.post_clock(json!({"to": "2027-02-01T10:00:00Z"}));
    let references: Vec<String> = (0..12)
        .map(|n| demo::post_contact(&one.api(), &agent, &format!("two-{n}")).unwrap())
        .collect();
    let told = |kind: &str| -> Vec<usize> {
        references
            .iter()
            .map(|reference| {
                one.mails_about(reference, kind).len() + two.mails_about(reference, kind).len()
            })
            .collect()
    };
    one.wait_until("each confirmation has left", || {
        told("confirmation").iter().all(|n| *n >= 1)
    });
    two.post_clock(json!({"to": "2027-02-03T17:00:30Z"}));
    one.wait_until("each case's team leader is told", || {
        told("reminder").iter().all(|n| *n >= 1)
    });
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(told("reminder"), vec![1; references.len()]);
    assert_eq!(told("confirmation"), vec![1; references.len()]);
    // A token of one is good at the other.
    let case = two.get(&agent, &format!("/v1/cases/{}", references[0]));
    assert_eq!(case["reference"], references[0].as_str());
}

/// A mail server that is away costs nothing but the time it is away.
#[test]
fn mail_waits_for_its_server_and_arrives_once() {
    let sink = Sink::start();
    sink.refuse(true);
    let demo = Demo::with_smtp(sink.port());
    let agent = demo.sign_in("agent");
    let references: Vec<String> = (0..5)
        .map(|n| demo::post_contact(&demo.api(), &agent, &format!("smtp-{n}")).unwrap())
        .collect();
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(sink.mails().len(), 0, "it refused everything");
    sink.refuse(false);
    // The next attempt is a few minutes away by Reeve's own clock.
    demo.post_clock(json!({"to": demo.later(3600)}));
    demo.wait_until("all mail has arrived", || {
        references
            .iter()
            .all(|reference| sink.n_about(reference) >= 1)
    });
    std::thread::sleep(Duration::from_secs(2));
    for reference in &references {
        assert_eq!(sink.n_about(reference), 1, "{reference} once");
    }
}

/// A polite stop answers what it has begun, and ends with 0.
#[test]
fn a_polite_stop_ends_with_zero() {
    let mut demo = Demo::on_sqlite();
    assert_eq!(demo.stop(), Some(0));
}

/// Loading is idempotent: the same people, the same passwords, the same keys.
#[test]
fn starting_again_keeps_the_data_and_the_sign_ins() {
    let mut demo = Demo::on_sqlite();
    let first: Value = demo.told.clone();
    demo.stop();
    demo.start();
    assert_eq!(first["users"], demo.told["users"]);
    assert_eq!(first["api_keys"], demo.told["api_keys"]);
}
