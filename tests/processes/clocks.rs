//! Clocks that jump, forward and back, under two replicas.

use std::time::Duration;

use jiff::Zoned;
use serde_json::{Value, json};

use crate::demo::{self, Demo, header, wait_until};
use crate::smtp::Sink;

/// A case of Monday 1 February, 10am, is due on Wednesday at 5pm. Three quarters of the time have
/// gone by on Wednesday at a quarter past eleven.
const MONDAY: &str = "2027-02-01T10:00:00Z";

struct Pair {
    one: Demo,
    two: Demo,
}

impl Pair {
    /// Moves the clock at one of them, and waits until both stand there and have had a look.
    fn jump(&self, to: &str) {
        let moved = if to.len().is_multiple_of(2) {
            &self.one
        } else {
            &self.two
        };
        moved.post_clock(json!({"to": to}));
        let to: jiff::Timestamp = to.parse().unwrap();
        wait_until("both replicas follow", || {
            [&self.one, &self.two].iter().all(|demo| {
                let now: jiff::Timestamp = demo.later(0).parse().unwrap();
                now.duration_since(to).abs() < jiff::SignedDuration::from_mins(10)
            })
        });
        std::thread::sleep(Duration::from_secs(2));
    }

    fn about(&self, case: &str, kind: &str) -> Vec<String> {
        let mut mails = self.one.mails_about(case, kind);
        mails.extend(self.two.mails_about(case, kind));
        mails
    }

    /// For each case, how many mails of a kind went to an address with this beginning.
    fn n(&self, cases: &[String], kind: &str, to: &str) -> Vec<usize> {
        let n = |case: &String| {
            let mails = self.about(case, kind);
            let to_them = mails.iter().filter(|mail| header(mail, "To").contains(to));
            to_them.count()
        };
        cases.iter().map(n).collect()
    }

    fn reaches(&self, cases: &[String], kind: &str, to: &str, n: usize) {
        wait_until(&format!("{kind} {n} has gone to {to}"), || {
            self.n(cases, kind, to).iter().all(|found| *found >= n)
        });
    }
}

#[test]
fn a_clock_that_jumps_forth_and_back_doubles_no_step_and_skips_none() {
    let Some(one) = Demo::on_postgres() else {
        return;
    };
    let two = one.replica();
    let pair = Pair { one, two };
    pair.jump(MONDAY);
    let agent = pair.one.sign_in("agent");
    let cases: Vec<String> = (0..6)
        .map(|n| demo::post_contact(&pair.one.api(), &agent, &format!("jump-{n}")).unwrap())
        .collect();
    pair.reaches(&cases, "confirmation", "", 1);
    let stands = |kind: &str, to: &str, n: usize| {
        assert_eq!(
            pair.n(&cases, kind, to),
            vec![n; cases.len()],
            "{kind} to {to}"
        );
    };

    for to in [
        "2027-02-01T11:00:00Z",
        "2027-02-01T10:05:00Z",
        "2027-02-02T10:05:00Z",
        "2027-02-01T10:30:00Z",
    ] {
        pair.jump(to);
    }
    stands("reminder", "", 0);
    pair.jump("2027-02-03T11:30:00.0Z");
    pair.reaches(&cases, "reminder", "team.leader.waste-ops@", 1);
    pair.jump("2027-02-02T11:30:00Z");
    pair.jump("2027-02-03T11:31:00.0Z");
    stands("reminder", "", 1);
    pair.jump("2027-02-03T17:00:30Z");
    pair.reaches(&cases, "reminder", "team.leader.waste-ops@", 2);
    pair.jump("2027-02-03T16:00:30.0Z");
    pair.jump("2027-02-03T17:10:00Z");
    stands("reminder", "", 2);

    // At night nobody is written to, besides those who must know of danger.
    pair.jump("2027-02-04T03:00:00.0Z");
    let agent = pair.two.sign_in("agent");
    let danger = pair.two.post(&agent, "/v1/contacts", json!({
        "channel": "phone",
        "body": "No heating and no hot water since last night and there is a five week old baby in the flat.",
        "person": {"name": "Ada Example", "phone": "01632 960123"}
    }));
    let danger = [danger["case"]["reference"].as_str().unwrap().to_owned()];
    pair.reaches(&danger, "alert", "duty.", 1);
    stands("digest", "", 0);

    pair.jump("2027-02-04T09:00:30Z");
    pair.reaches(&cases, "digest", "head.of.waste", 1);
    pair.jump("2027-02-03T09:30:00.0Z");
    pair.jump("2027-03-04T10:00:00Z");
    pair.reaches(&cases, "digest", "director.of.place@", 1);
    pair.reaches(&cases, "digest", "head.of.waste", 2);
    let n_alerts = pair.about(&danger[0], "alert").len();
    pair.jump("2027-02-04T10:00:00.0Z");
    // The danger is as real as before the clock went wrong.
    wait_until("the danger is told again", || {
        pair.about(&danger[0], "alert").len() > n_alerts
    });

    let agent = pair.one.sign_in("agent");
    let later = [demo::post_contact(&pair.one.api(), &agent, "jump-later").unwrap()];
    pair.reaches(&later, "confirmation", "", 1);
    pair.jump("2027-02-08T17:00:30Z");
    pair.reaches(&later, "reminder", "team.leader.waste-ops@", 1);
    pair.jump("2027-02-09T09:30:00.0Z");
    pair.reaches(&later, "digest", "head.of.waste", 1);
    assert_eq!(pair.n(&later, "reminder", ""), [1]);
    assert_eq!(pair.n(&later, "confirmation", ""), [1]);

    stands("confirmation", "", 1);
    stands("reminder", "", 2);
    // Once for the promise; once, a month on, because nobody had taken them in fifteen working days.
    stands("digest", "head.of.waste", 2);
    stands("digest", "director.of.place@", 1);
    let officer = pair.two.sign_in("officer");
    for case in &cases {
        let steps = pair
            .two
            .get(&officer, &format!("/v1/escalations?case={case}"));
        let mut taken: Vec<String> = steps["items"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|step| step["clock"] == "respond")
            .map(|step: &Value| format!("{} {}", step["step"], step["state"]))
            .collect();
        let n_taken = taken.len();
        taken.sort();
        taken.dedup();
        assert_eq!(taken.len(), n_taken, "{case}: {steps:#}");
        assert_eq!(n_taken, 4, "{case}: {steps:#}");
    }
    for mail in pair.one.mails().iter().chain(&pair.two.mails()) {
        if ["reminder", "digest"].contains(&header(mail, "X-Reeve-Notice")) {
            let date: Zoned = jiff::fmt::rfc2822::parse(header(mail, "Date")).unwrap();
            assert!(
                (8..18).contains(&date.hour()) && date.weekday().to_monday_one_offset() <= 5,
                "{date}"
            );
        }
    }
}

/// A lease that was given while the clock was a month ahead is not honoured for a month.
#[test]
fn what_was_being_sent_when_the_clock_was_set_right_again_is_not_lost() {
    let sink = Sink::start();
    let Some(mut one) = Demo::on_postgres_with_smtp(sink.port()) else {
        return;
    };
    one.settle_by_night("2027-03-01T03:00:00Z");
    let agent = one.sign_in("agent");
    sink.keep_silent(true);
    let case = demo::post_contact(&one.api(), &agent, "ahead").unwrap();
    wait_until("it is being sent", || sink.n_about(&case) == 1);
    one.kill();
    sink.keep_silent(false);
    one.advance_while_down("2027-02-01T03:00:00Z");
    one.start();
    wait_until("it is sent again", || sink.n_about(&case) == 2);
    let officer = one.sign_in("officer");
    wait_until("it is written down", || {
        let notices = one.get(&officer, &format!("/v1/cases/{case}/notices"));
        notices["items"][0]["state"] == "sent"
    });
    let mails = sink.about(&case);
    assert_eq!(
        header(&mails[0], "Message-ID"),
        header(&mails[1], "Message-ID")
    );
}
