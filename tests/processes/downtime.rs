//! Everything was down, and the hours went by.

use serde_json::{Value, json};

use crate::demo::{self, Demo, header, wait_until};

const TEAM_LEADER: &str = "team.leader.waste-ops@council.example";
const HEAD: &str = "head.of.waste.and.street.scene@council.example";

#[test]
fn after_twenty_six_hours_down_each_hears_once_and_no_post_is_left_out() {
    twenty_six_hours_down(&mut [Demo::on_sqlite()]);
}

#[test]
fn after_twenty_six_hours_down_two_replicas_together_tell_each_once() {
    let Some(one) = Demo::on_postgres() else {
        return;
    };
    let two = one.replica();
    twenty_six_hours_down(&mut [one, two]);
}

/// From Wednesday 9am to seven past 11am on Thursday: three steps of each case fall due meanwhile.
///
/// Danger rings every quarter of an hour, counted from some seconds past 9am, and the clock runs on
/// while this looks: at 11am sharp the next ring would fall due before the looking is over.
fn twenty_six_hours_down(replicas: &mut [Demo]) {
    let first = &replicas[0];
    first.post_clock(json!({"to": "2027-02-01T10:00:00Z"}));
    let (agent, officer) = (first.sign_in("agent"), first.sign_in("officer"));
    let cases: Vec<String> = (0..6)
        .map(|n| demo::post_contact(&first.api(), &agent, &format!("down-{n}")).unwrap())
        .collect();
    let (owned, unowned) = cases.split_at(2);
    for reference in owned {
        let path = format!("/v1/cases/{reference}/assignments");
        first.post(&officer, &path, json!({"owner": "me"}));
    }
    wait_until("the first confirmations have left", || {
        cases
            .iter()
            .all(|case| !about(replicas, case, "confirmation").is_empty())
    });
    first.post_clock(json!({"to": "2027-02-03T09:00:00Z"}));
    let agent = first.sign_in("agent");
    let danger = first.post(
        &agent,
        "/v1/contacts",
        json!({
            "channel": "phone",
            "body": "No heating and no hot water since last night and there is a five week old baby in the flat.",
            "person": {"name": "Ada Example", "phone": "01632 960123"}
        }),
    );
    let danger = danger["case"]["reference"].as_str().unwrap();
    wait_until("somebody is told of the danger", || {
        !about(replicas, danger, "alert").is_empty()
    });
    let alerts = about(replicas, danger, "alert");
    // Some of their confirmations will not have left when the power fails.
    let last: Vec<String> = (0..4)
        .map(|n| demo::post_contact(&first.api(), &agent, &format!("last-{n}")).unwrap())
        .collect();
    for replica in replicas.iter_mut() {
        replica.kill();
    }
    assert!(
        cases
            .iter()
            .all(|case| about(replicas, case, "reminder").is_empty()),
        "nothing was due before"
    );
    replicas[0].advance_while_down("2027-02-04T11:07:00Z");
    for replica in replicas.iter_mut() {
        replica.start();
    }

    let first = &replicas[0];
    wait_until(
        "each case's team leader and head of service are told",
        || {
            cases.iter().all(|case| {
                n_to(replicas, case, "reminder", TEAM_LEADER) >= 1
                    && n_to(replicas, case, "digest", HEAD) >= 1
            })
        },
    );
    let owner = first.address("officer");
    wait_until("the owner is told", || {
        owned
            .iter()
            .all(|case| n_to(replicas, case, "reminder", &owner) >= 1)
    });
    wait_until("what was not sent before the power failed is sent", || {
        last.iter()
            .all(|case| !about(replicas, case, "confirmation").is_empty())
    });
    wait_until("the danger is told again", || {
        about(replicas, danger, "alert").len() > alerts.len()
    });
    std::thread::sleep(std::time::Duration::from_secs(3));

    for case in owned {
        assert_eq!(n_to(replicas, case, "reminder", &owner), 1, "{case}");
        assert_eq!(about(replicas, case, "reminder").len(), 2, "{case}");
    }
    for case in unowned {
        assert_eq!(about(replicas, case, "reminder").len(), 1, "{case}");
    }
    for case in &cases {
        assert_eq!(n_to(replicas, case, "reminder", TEAM_LEADER), 1, "{case}");
        assert_eq!(about(replicas, case, "digest").len(), 1, "{case}");
    }
    let mut digests = about(replicas, &cases[0], "digest");
    let digest = digests.pop().unwrap();
    for case in &cases {
        assert!(
            digest.contains(&format!("X-Reeve-Case: {case}")),
            "one mail names them all"
        );
    }
    let mut alerted: Vec<String> = about(replicas, danger, "alert")
        .iter()
        .filter(|mail| !alerts.contains(mail))
        .map(|mail| header(mail, "To").to_owned())
        .collect();
    let n_after = alerted.len();
    alerted.sort();
    alerted.dedup();
    assert_eq!(alerted.len(), n_after, "each hears of the danger once");

    let officer = first.sign_in("officer");
    for case in &cases {
        let steps = first.get(&officer, &format!("/v1/escalations?case={case}"));
        let became = |to: &str| -> Vec<String> {
            let items = steps["items"].as_array().unwrap().iter();
            let of = items.filter(|step| {
                let told = step["to"].as_array().unwrap();
                step["clock"] == "respond" && told.iter().any(|post| post["email"] == to)
            });
            of.map(|step| step["state"].as_str().unwrap().to_owned())
                .collect()
        };
        let n_sent = |to: &str| became(to).iter().filter(|state| *state == "sent").count();
        assert_eq!(n_sent(TEAM_LEADER), 1, "{case}: {steps:#}");
        assert_eq!(n_sent(HEAD), 1, "{case}: {steps:#}");
        if owned.contains(case) {
            assert_eq!(became(&owner), ["sent", "coalesced"], "{case}: {steps:#}");
        }
    }
    for case in cases.iter().chain(&last) {
        let mut ids: Vec<String> = about(replicas, case, "confirmation")
            .iter()
            .map(|mail| header(mail, "Message-ID").to_owned())
            .collect();
        ids.dedup();
        assert_eq!(ids.len(), 1, "{case} was confirmed by one message");
        let contacts = first.get(&officer, &format!("/v1/cases/{case}/contacts"));
        assert_eq!(contacts["items"].as_array().map(Vec::len), Some(1));
        let notices: Value = first.get(&officer, &format!("/v1/cases/{case}/notices"));
        let notices = notices["items"].as_array().unwrap();
        let confirmation = notices.iter().find(|one| one["kind"] == "confirmation");
        assert_eq!(confirmation.unwrap()["state"], "sent", "{case}");
    }
}

fn about(replicas: &[Demo], case: &str, kind: &str) -> Vec<String> {
    let of = replicas
        .iter()
        .flat_map(|replica| replica.mails_about(case, kind));
    of.collect()
}

fn n_to(replicas: &[Demo], case: &str, kind: &str, address: &str) -> usize {
    let mails = about(replicas, case, kind);
    let to = |mail: &&String| header(mail, "To").contains(address);
    mails.iter().filter(to).count()
}
