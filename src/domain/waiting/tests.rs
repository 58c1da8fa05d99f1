//! Where a case waits, by what has happened to it.

use std::path::Path;

use super::*;
use crate::domain::ids::{NoticeId, UserId};
use crate::domain::lifecycle::Event;
use uuid::Uuid;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn ladders() -> std::collections::BTreeMap<String, Ladder> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/northmere/ladders.toml");
    let text = std::fs::read_to_string(path).unwrap();
    Ladder::named(toml::from_str(&text).unwrap())
}

fn bounced(notice_kind: &str) -> Event {
    Event::NoticeFailed {
        notice: NoticeId(Uuid::nil()),
        notice_kind: notice_kind.to_owned(),
        why: "550".to_owned(),
    }
}

#[test]
fn every_place_has_a_ladder_of_its_own_and_an_age_limit() {
    let ladders = ladders();
    for place in Place::ALL {
        let ladder = &ladders[place.ladder()];
        assert_eq!(place.faults(ladder), Vec::<String>::new(), "{place}");
        assert_eq!(Place::of_clock(place.clock()), Some(*place));
    }
    assert_eq!(Place::of_clock("respond"), None);
}

#[test]
fn a_place_without_an_age_limit_or_with_nobody_to_tell_is_refused() {
    let mut held = ladders()["waiting-held"].clone();
    held.waits_at_most_working_days = None;
    held.steps[0].to = vec![Whom::Owner];
    let faults = Place::Held.faults(&held).join("\n");
    assert!(
        faults.contains("how long may anything wait here"),
        "{faults}"
    );
    assert!(faults.contains("has no owner"), "{faults}");
    held.waits_at_most_working_days = Some(0);
    assert!(Place::Held.faults(&held)[0].contains("between 1 and 60, not 0"));
    let mut unassigned = ladders()["waiting-unassigned"].clone();
    unassigned.waits_at_most_working_days = Some(2);
    assert!(Place::Unassigned.faults(&unassigned)[0].contains("each queue says its own"));
}

#[test]
fn changing_hands_begins_the_waiting_anew_and_a_note_does_not() {
    let mut past = Past::opened(at("2026-11-02T10:00:00Z"));
    let note = Event::Noted {
        text: "Rang.".to_owned(),
        audience: crate::domain::case::Audience::Staff,
    };
    past.note(at("2026-11-03T10:00:00Z"), &note);
    assert_eq!(past, Past::opened(at("2026-11-02T10:00:00Z")));
    let given_back = Event::Assigned {
        from: Some(UserId(Uuid::nil())),
        to: None,
    };
    past.note(at("2026-11-04T10:00:00Z"), &given_back);
    assert_eq!(past, Past::opened(at("2026-11-04T10:00:00Z")));
}

#[test]
fn somebody_we_could_not_reach_stays_so_until_we_do_reach_them() {
    let mut past = Past::opened(at("2026-11-02T10:00:00Z"));
    past.note(at("2026-11-02T11:00:00Z"), &bounced("reminder"));
    assert_eq!(past.unreached_since, None, "that was one of ours");
    past.note(at("2026-11-02T12:00:00Z"), &bounced("confirmation"));
    past.note(at("2026-11-03T12:00:00Z"), &bounced("reply"));
    assert_eq!(past.unreached_since, Some(at("2026-11-02T12:00:00Z")));
    let sent = |notice_kind: &str| Event::NoticeSent {
        notice: NoticeId(Uuid::nil()),
        notice_kind: notice_kind.to_owned(),
    };
    past.note(at("2026-11-04T12:00:00Z"), &sent("digest"));
    assert!(past.unreached_since.is_some());
    past.note(at("2026-11-05T12:00:00Z"), &sent("reply"));
    assert_eq!(past.unreached_since, None);
}
