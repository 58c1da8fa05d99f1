//! A worker that stands still while it sends, past its lease.

use std::time::Duration;

use serde_json::{Value, json};

use crate::demo::{self, Demo, header, wait_until};
use crate::smtp::Sink;

/// What is promised: a mail server may be handed a notice twice, never more often, and knows it by
/// its Message-ID; what is written down about it stands once, by whoever held the lease.
#[test]
fn a_worker_that_stood_still_past_its_lease_does_not_count_twice() {
    let sink = Sink::start();
    let Some(one) = Demo::on_postgres_with_smtp(sink.port()) else {
        return;
    };
    one.settle_by_night("2027-02-01T03:00:00Z");
    let agent = one.sign_in("agent");
    sink.keep_silent(true);
    let references: Vec<String> = (0..7)
        .map(|n| demo::post_contact(&one.api(), &agent, &format!("still-{n}")).unwrap())
        .collect();
    let taken = || {
        let taken = references.iter().filter(|case| sink.n_about(case) > 0);
        taken.count()
    };
    // Four are sent at the same time; the others are claimed and wait for their turn.
    wait_until("it is in the middle of sending", || taken() == 4);
    // Long enough for the others to be claimed: a process that stands still in the middle of a
    // transaction is another story, in which the database ends it after a minute.
    std::thread::sleep(Duration::from_millis(500));
    one.hold_still();
    sink.keep_silent(false);

    let two = one.replica();
    two.post_clock(json!({"to": two.later(90)}));
    let officer = two.sign_in("officer");
    let sent = |case: &str| -> Vec<Value> {
        let path = format!("/v1/cases/{case}/notices");
        let notices = two.get(&officer, &path)["items"].clone();
        let notices = notices.as_array().unwrap().iter();
        let confirmations = notices.filter(|one| one["kind"] == "confirmation");
        confirmations.cloned().collect()
    };
    wait_until("the other has taken over and sent", || {
        references
            .iter()
            .all(|case| sent(case).iter().all(|notice| notice["state"] == "sent"))
    });
    let before: Vec<Vec<Value>> = references.iter().map(|case| sent(case)).collect();
    one.let_go();
    wait_until("the first has had its say, too late", || {
        let log = one.log();
        log.matches("but its lease had ended").count() >= 4
    });

    for (case, before) in references.iter().zip(before) {
        let mails = sink.about(case);
        assert!((1..=2).contains(&mails.len()), "{case}: {}", mails.len());
        let mut ids: Vec<&str> = mails
            .iter()
            .map(|mail| header(mail, "Message-ID"))
            .collect();
        ids.dedup();
        assert_eq!(ids.len(), 1, "{case}: the second is recognisably the first");
        assert_eq!(sent(case), before, "{case}: a late word changes nothing");
        assert_eq!(before.len(), 1);
        let timeline = two.get(&officer, &format!("/v1/cases/{case}/timeline"));
        let kinds: Vec<&str> = timeline["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|line| line["kind"].as_str().unwrap())
            .collect();
        let n = |kind: &str| kinds.iter().filter(|one| **one == kind).count();
        assert_eq!((n("notice_sent"), n("clock_met")), (1, 1), "{kinds:?}");
    }
    let n_twice = references.iter().filter(|case| sink.n_about(case) == 2);
    assert!(n_twice.count() >= 4, "those it had in hand went out again");
    // Both go on as before.
    let agent = one.sign_in("agent");
    let next = demo::post_contact(&one.api(), &agent, "still-next").unwrap();
    wait_until("the next is confirmed", || sink.n_about(&next) == 1);
}
