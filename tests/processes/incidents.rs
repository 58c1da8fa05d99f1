//! One update on its way to many, cut off again and again.

use serde_json::json;

use crate::demo::{Demo, post_contact, wait_until};

/// Whatever is killed while an update leaves, everybody behind the cases hears it, once.
#[test]
fn kills_while_an_update_leaves_keep_nobody_from_hearing_it_and_tell_nobody_twice() {
    tell_through_kills(Demo::on_sqlite());
}

#[test]
fn kills_while_an_update_leaves_keep_nobody_from_hearing_it_and_tell_nobody_twice_on_postgresql() {
    let Some(demo) = Demo::on_postgres() else {
        return;
    };
    tell_through_kills(demo);
}

fn tell_through_kills(mut demo: Demo) {
    demo.settle_by_night("2027-01-31T23:00:00Z");
    demo.post_clock(json!({"to": "2027-02-01T10:00:00Z"}));
    let (agent, leader) = (demo.sign_in("agent"), demo.sign_in("team_leader"));
    let references: Vec<String> = (0..40)
        .map(|n| post_contact(&demo.api(), &agent, &format!("news-{n}")).unwrap())
        .collect();
    let missed = json!({
        "title": "Bins missed", "words": "A lorry broke down.",
        "matters": [{"service": "waste-collection", "category": "missed-bin"}],
    });
    let opened = demo.post(&leader, "/v1/incidents", missed);
    let path = format!("/v1/incidents/{}", opened["id"].as_str().unwrap());
    let swept = demo.post(&leader, &format!("{path}/cases"), json!({"most": 500}));
    assert!(swept["attached"].as_u64().unwrap() >= 40, "{swept}");
    let news = json!({"text": "The second crew is on its way."});
    demo.post(&leader, &format!("{path}/updates"), news);
    // Past the time in which it can be taken back; forty cases are told in some tenths of a second.
    demo.post_clock(json!({"to": demo.later(130)}));
    for pause in [20, 60, 120] {
        std::thread::sleep(std::time::Duration::from_millis(pause));
        demo.kill();
        demo.start();
    }
    // What a killed process was about to send is taken over when its lease ends.
    demo.post_clock(json!({"to": demo.later(120)}));
    wait_until("everybody has heard it", || {
        references
            .iter()
            .all(|reference| !demo.mails_about(reference, "incident_update").is_empty())
    });
    let leader = demo.sign_in("team_leader");
    wait_until("nobody is left", || {
        let page = demo.get(&leader, &format!("{path}/updates"));
        page["items"][0]["state"] == "left"
    });
    for reference in &references {
        let told = demo.mails_about(reference, "incident_update");
        assert_eq!(told.len(), 1, "{reference} once");
    }
}
