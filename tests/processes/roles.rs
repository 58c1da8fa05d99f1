//! Those who answer and those who send, in processes of their own.

use serde_json::Value;

use crate::demo::{self, header, wait_until};
use crate::postgres;
use crate::server::Installation;
use crate::smtp::Sink;

/// A worker that is killed is replaced: what waited is sent, what it had in hand is sent again
/// under the same Message-ID when its lease ends, and whoever answers goes on answering.
#[test]
fn a_worker_that_was_killed_is_replaced_while_others_go_on_answering() {
    let Some(database) = postgres::new_database() else {
        return;
    };
    let sink = Sink::start();
    let installation = Installation::on(database, sink.port());
    let front = installation.start("api");
    let first = installation.start("worker");
    let agent = front.sign_in();
    let ready: Value = front.get(&agent, "/readyz");
    assert_eq!(
        (&ready["status"], &ready["worker"]),
        (&"ready".into(), &"elsewhere".into())
    );
    let post = |key: &str| demo::post_contact(&front.api(), &agent, key).unwrap();

    let at_once = post("at-once");
    wait_until("the worker has sent it", || sink.n_about(&at_once) == 1);
    sink.keep_silent(true);
    let in_hand = post("in-hand");
    wait_until("the worker is sending it", || sink.n_about(&in_hand) == 1);
    first.kill();
    sink.keep_silent(false);
    let waiting: Vec<String> = (0..3).map(|n| post(&format!("waiting-{n}"))).collect();
    std::thread::sleep(std::time::Duration::from_secs(2));
    assert!(
        waiting.iter().all(|case| sink.n_about(case) == 0),
        "who answers sends nothing"
    );

    let second = installation.start("worker");
    wait_until("what waited is sent", || {
        waiting.iter().all(|case| sink.n_about(case) == 1)
    });
    // By the computer's own clock: a minute after it was claimed.
    wait_until("what was in hand is sent again", || {
        sink.n_about(&in_hand) == 2
    });
    let mails = sink.about(&in_hand);
    assert_eq!(
        header(&mails[0], "Message-ID"),
        header(&mails[1], "Message-ID")
    );
    let agent = front.sign_in();
    for case in waiting.iter().chain([&at_once, &in_hand]) {
        wait_until("it is written down as sent, once", || {
            let timeline = front.get(&agent, &format!("/v1/cases/{case}/timeline"));
            let lines = timeline["items"].as_array().unwrap().iter();
            lines.filter(|line| line["kind"] == "notice_sent").count() == 1
        });
    }
    assert!(waiting.iter().all(|case| sink.n_about(case) == 1));
    assert_eq!(front.stop(), Some(0));
    assert_eq!(second.stop(), Some(0));
}
