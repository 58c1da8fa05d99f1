//! A new calendar on its way through the open cases, cut off again and again.

use serde_json::{Value, json};

use crate::demo::{Demo, post_contact, wait_until};

/// Whatever is killed while open cases move, each comes under the new calendar once, and whoever was
/// promised a date is told the later one once.
#[test]
fn kills_during_a_move_leave_no_case_behind_and_tell_nobody_twice() {
    move_through_kills(Demo::on_sqlite());
}

#[test]
fn kills_during_a_move_leave_no_case_behind_and_tell_nobody_twice_on_postgresql() {
    let Some(demo) = Demo::on_postgres() else {
        return;
    };
    move_through_kills(demo);
}

fn move_through_kills(mut demo: Demo) {
    demo.settle_by_night("2027-01-31T23:00:00Z");
    demo.post_clock(json!({"to": "2027-02-01T10:00:00Z"}));
    let agent = demo.sign_in("agent");
    let references: Vec<String> = (0..40)
        .map(|n| post_contact(&demo.api(), &agent, &format!("move-{n}")).unwrap())
        .collect();
    wait_until("every confirmation has left", || {
        references
            .iter()
            .all(|reference| demo.mails_about(reference, "confirmation").len() == 1)
    });
    declare_a_holiday(&demo, "2027-02-02");
    // Forty cases and the samples beside them are moved in some tenths of a second.
    for pause in [20, 60, 120] {
        std::thread::sleep(std::time::Duration::from_millis(pause));
        demo.kill();
        demo.start();
    }
    let officer = demo.sign_in("officer");
    let moved = |reference: &String| -> usize {
        let timeline = demo.get(
            &officer,
            &format!("/v1/cases/{reference}/timeline?limit=100"),
        );
        let lines = timeline["items"].as_array().unwrap().clone();
        lines
            .iter()
            .filter(|line| line["kind"] == "terms_moved")
            .count()
    };
    wait_until("every case has moved", || {
        references.iter().all(|reference| moved(reference) >= 1)
    });
    // What a killed process was about to send is taken over when its lease ends.
    demo.post_clock(json!({"to": demo.later(120)}));
    wait_until("every person has been told the later date", || {
        references
            .iter()
            .all(|reference| !demo.mails_about(reference, "extension").is_empty())
    });
    let officer = demo.sign_in("officer");
    for reference in &references {
        let case: Value = demo.get(&officer, &format!("/v1/cases/{reference}"));
        assert_eq!(case["respond_on"], "2027-02-04", "{reference}");
        assert_eq!(case["first_promised_on"], "2027-02-03", "{reference}");
        assert_eq!(moved(reference), 1, "{reference} moved once");
        let told = demo.mails_about(reference, "extension");
        assert_eq!(told.len(), 1, "{reference} told once");
    }
}

/// Puts a catalogue in force with one holiday more, and has open cases follow it.
fn declare_a_holiday(demo: &Demo, on: &str) {
    let admin = demo.sign_in("admin");
    let address = format!("{}/v1/catalogue", demo.api());
    let bearer = format!("Bearer {admin}");
    let mut read = ureq::get(&address)
        .header("authorization", &bearer)
        .call()
        .unwrap();
    let etag = read.headers()["etag"].to_str().unwrap().to_owned();
    let mut tree: Value = read.body_mut().read_json().unwrap();
    tree["calendars"]["northmere"]["extra_holidays"] =
        json!([{"on": on, "title": "One-off bank holiday"}]);
    ureq::put(format!("{address}?move_open_cases=true"))
        .header("authorization", &bearer)
        .header("if-match", etag)
        .send_json(tree)
        .unwrap();
}
