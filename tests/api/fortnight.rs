//! A fortnight in the offices: a dozen promises of many kinds, and every mail anybody had about them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::intake::log;
use crate::support::{Mail, TestApp};

const HEAD_OF_REPAIRS: &str = "head.of.housing.repairs.and.assets@council.example";

/// Two weeks of an office where nobody does anything, hour by hour, and how many mails had left by
/// each hour.
async fn a_fortnight(app: &TestApp) -> Vec<(Timestamp, Mail)> {
    let matters = [
        ("waste-collection", "missed-bin", "resident"),
        ("waste-collection", "new-container", "resident"),
        ("highways-maintenance", "pothole", "resident"),
        ("street-lighting", "light-out", "business"),
        ("fly-tipping", "fly-tip", "resident"),
        ("environmental-health", "noise", "resident"),
        ("complaints", "stage-1", "resident"),
        ("complaints", "housing-complaint", "resident"),
        ("information-governance", "foi", "resident"),
        ("information-governance", "sar", "resident"),
        ("democratic-services", "member-enquiry", "councillor"),
        ("housing-repairs", "repair-emergency", "resident"),
    ];
    for (n, (service, category, kind)) in matters.iter().enumerate() {
        let body = json!({
            "channel": "phone", "body": "Zebedee Quark told us at the desk.", "service": service, "category": category,
            "person": {"name": "Zebedee Quark", "kind": kind, "email": format!("person.{n}@mail.example")}
        });
        log(app, body).await;
    }
    let end: Timestamp = "2026-12-04T18:00:00Z".parse().unwrap();
    let mut left: Vec<(Timestamp, Mail)> = Vec::new();
    // On the hour, so that what is due at nine is seen at nine.
    let mut hour: Timestamp = "2026-11-20T17:00:00Z".parse().unwrap();
    while hour <= end {
        app.jump_to(&hour.to_string()).await;
        let all = app.mails().await;
        left.extend(all.into_iter().skip(left.len()).map(|mail| (hour, mail)));
        hour += SignedDuration::from_hours(1);
    }
    left.into_iter()
        .filter(|(_, mail)| !mail.to.ends_with("@mail.example"))
        .collect()
}

fn text(mail: &Mail) -> String {
    mail.raw
        .split_once("\n\n")
        .unwrap()
        .1
        .split("\n----\n")
        .next()
        .unwrap()
        .to_owned()
}

stories! {
    async fn a_fortnight_of_silence_tells_everybody_once_in_office_hours_worst_first(app) {
        let left = a_fortnight(&app).await;
        let london = TimeZone::get("Europe/London").unwrap();
        let mut seen = BTreeSet::new();
        let mut digests: BTreeMap<(String, String), u32> = BTreeMap::new();
        for (at, mail) in &left {
            let local = at.to_zoned(london.clone());
            let day = local.date().to_string();
            if mail.kind() != "alert" {
                let is_weekend = matches!(local.weekday(), jiff::civil::Weekday::Saturday | jiff::civil::Weekday::Sunday);
                assert!(!is_weekend && (8..=18).contains(&local.hour()), "{local}: {} to {}", mail.kind(), mail.to);
                let words = (mail.to.clone(), mail.header("Subject").to_owned(), text(mail));
                assert!(seen.insert(words), "told twice: {} {}", mail.to, text(mail));
            }
            if mail.kind() == "digest" {
                *digests.entry((mail.to.clone(), day)).or_default() += 1;
                worst_first(mail);
            }
        }
        assert!(digests.len() >= 8, "{digests:?}");
        assert!(digests.values().all(|n| *n == 1), "one mail a working day: {digests:?}");
        for (_, mail) in &left {
            let text = text(mail);
            assert!(!mail.raw.contains("Zebedee") && !mail.raw.contains("Quark"), "{text}");
            let faults = reeve::domain::wording::banned_words(&text);
            assert!(faults.is_empty(), "{faults:?} in {text}");
            assert!(text.contains("Northmere Council"), "{text}");
        }
    }

    async fn a_first_digest_claims_nothing_was_told_before(app) {
        let left = a_fortnight(&app).await;
        let mut had: BTreeSet<&str> = BTreeSet::new();
        let mut n_first = 0;
        for (_, mail) in &left {
            if mail.kind() == "digest" && !had.contains(mail.to.as_str()) {
                n_first += 1;
                assert!(!text(mail).contains("told of before"), "{}", text(mail));
            }
            had.insert(&mail.to);
        }
        assert!(n_first >= 6, "{n_first}");
    }

    async fn a_reminder_that_waited_with_a_newer_one_is_not_sent(app) {
        // Asked on Friday evening, to be made safe by Saturday: on Monday morning only the later word is true.
        let left = a_fortnight(&app).await;
        let leader: Vec<&Mail> = left.iter().map(|(_, mail)| mail).filter(|mail| mail.to == "team.leader.repairs@council.example" && mail.kind() == "reminder").collect();
        assert_eq!(leader.len(), 1, "{leader:#?}");
        assert!(leader[0].header("Subject").starts_with("The date has come"), "{leader:#?}");
        let alerts = left.iter().filter(|(_, mail)| mail.to == HEAD_OF_REPAIRS && mail.kind() == "alert").count();
        assert!(alerts > 50, "danger knows no office hours: {alerts}");
        let alert = left.iter().find(|(_, mail)| mail.kind() == "alert").map(|(_, mail)| text(mail)).unwrap();
        assert!(alert.contains("Someone may be in danger: the message reads like “emergency repair”."), "{alert}");
    }

    async fn a_councillors_enquiry_that_is_late_is_told_as_a_councillors(app) {
        let left = a_fortnight(&app).await;
        let to_leader: Vec<String> = left.iter().filter(|(_, mail)| mail.to.starts_with("portfolio.")).map(|(_, mail)| text(mail)).collect();
        assert!(to_leader.iter().any(|text| text.contains("We told a councillor: An officer will write to you")), "{to_leader:#?}");
    }
}

/// Its cases stand in the order of the dates they broke.
fn worst_first(mail: &Mail) {
    let text = text(mail);
    let days: Vec<jiff::civil::Date> = text
        .lines()
        .filter(|line| line.starts_with("We told "))
        .map(|line| {
            let words: Vec<&str> = line.trim_end_matches('.').split(' ').collect();
            let [day, month, year] = &words[words.len() - 3..] else {
                panic!("{line}")
            };
            jiff::civil::Date::strptime("%d %B %Y", format!("{day} {month} {year}")).unwrap()
        })
        .collect();
    assert!(!days.is_empty(), "{text}");
    assert!(days.is_sorted(), "worst first: {days:?} in {text}");
}
