//! One update on its way to many, stopped half-way and done twice; nobody hears it twice, whoever they are
//! on our books.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::SignedDuration;
use reeve::casework::actions::Target;
use reeve::casework::incidents::{self, NewUpdate, Said, Sweep};
use reeve::casework::people::sameness;
use reeve::casework::{Desk, Failure};
use reeve::domain::access::Actor;
use reeve::domain::enquiry::{Described, Who};
use reeve::domain::ids::{CaseId, IncidentId};
use reeve::domain::incident::{Area, Matter};
use reeve::store::{cases, events};

use crate::office::{Mail, Office, at, report};

const NOW: &str = "2026-11-20T10:00:00Z";

/// Bins, and council tax beside them.
async fn open(desk: &Arc<Desk>) -> IncidentId {
    let matter = |service: &str, category: &str| Matter {
        service: service.to_owned(),
        category: Some(category.to_owned()),
    };
    let said = Said {
        title: Some("Bins missed".to_owned()),
        words: Some("A lorry broke down.".to_owned()),
        matters: Some(vec![
            matter("waste-collection", "missed-bin"),
            matter("council-tax", "ct-bill"),
        ]),
        area: Some(Area::default()),
        ..Said::default()
    };
    let opened = desk
        .perform(move |tx, at| incidents::open(tx, at, &Actor::System, &said))
        .await
        .unwrap();
    opened.id
}

async fn attach(desk: &Arc<Desk>, id: IncidentId, case: CaseId) {
    desk.perform(move |tx, at| {
        incidents::attach(tx, at, &Actor::System, &Target::Id(case), id).map(drop)
    })
    .await
    .unwrap();
}

async fn announce(desk: &Arc<Desk>, id: IncidentId, text: &str) {
    let new = NewUpdate {
        text: text.to_owned(),
        text_cy: None,
    };
    desk.perform(move |tx, at| incidents::announce(tx, at, &Actor::System, id, &new).map(drop))
        .await
        .unwrap();
}

/// A report by somebody at one of a few addresses.
async fn told_by(office: &Office, n: usize) -> CaseId {
    let mut enquiry = report(at("2026-11-20T09:30:00Z"));
    enquiry.service = Some("waste-collection".to_owned());
    enquiry.category = Some("missed-bin".to_owned());
    enquiry.who = Who::Described(Described {
        name: Some(format!("Res Number{n}")),
        email: Some(format!("res{n}@mail.example")),
        ..Described::default()
    });
    office.receive(enquiry).await.case.id
}

/// How often each address has heard it.
async fn heard(office: &Office) -> BTreeMap<String, usize> {
    let mut heard = BTreeMap::new();
    loop {
        let mails: Vec<Mail> = office.tick().await;
        for mail in mails.iter().filter(|mail| mail.kind == "incident_update") {
            *heard.entry(mail.to.clone()).or_insert(0) += 1;
        }
        if mails.is_empty() {
            return heard;
        }
    }
}

async fn n_lines(desk: &Arc<Desk>, case: CaseId) -> usize {
    desk.read(move |conn, _| Ok(events::of_case(conn, case, None, 500)?))
        .await
        .unwrap()
        .iter()
        .filter(|line| line.kind == "incident_updated")
        .count()
}

#[tokio::test]
async fn an_update_stopped_half_way_and_taken_up_by_two_is_heard_once_by_each() {
    let office = Office::open(NOW);
    let id = open(&office.desk).await;
    let mut ids = Vec::new();
    for n in 0..24 {
        let case = told_by(&office, n).await;
        attach(&office.desk, id, case).await;
        ids.push(case);
    }
    heard(&office).await;
    announce(&office.desk, id, "The crew is on its way.").await;
    let later = office.now() + SignedDuration::from_secs(180);
    office.desk.time.move_to(later).unwrap();
    let first = Arc::clone(&office.desk);
    let stopped = tokio::spawn(async move { incidents::carry_on(&first).await.map(|_| ()) });
    loop {
        let mut n = 0;
        for case in &ids {
            n += n_lines(&office.desk, *case).await;
        }
        if n > 0 {
            break;
        }
        tokio::task::yield_now().await;
    }
    stopped.abort();
    let (one, other) = tokio::join!(
        incidents::carry_on(&office.desk),
        incidents::carry_on(&office.desk)
    );
    assert_eq!((one.unwrap().n_failed, other.unwrap().n_failed), (0, 0));
    for case in &ids {
        assert_eq!(n_lines(&office.desk, *case).await, 1);
    }
    assert_eq!(
        incidents::carry_on(&office.desk).await.unwrap(),
        incidents::Carried::default(),
        "nothing is left, and nothing is looked at again"
    );
    let heard = heard(&office).await;
    assert_eq!(heard.len(), 24);
    assert!(heard.values().all(|n| *n == 1), "{heard:?}");
}

/// Many cases of few people, some of whose records are taken for one, put on in any order between and
/// during updates, some taken off again: each address hears each update once at most, and everybody whose
/// case stays on it hears the last one.
#[tokio::test]
async fn nobody_hears_an_update_twice_whatever_cases_and_records_are_theirs() {
    for seed in 1..6_u64 {
        let office = Office::open(NOW);
        let id = open(&office.desk).await;
        let mut state = seed;
        let mut any = |below: usize| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(state >> 33).unwrap() % below
        };
        let mut on: Vec<(CaseId, usize)> = Vec::new();
        for round in 0..3 {
            for _ in 0..8 {
                let n = any(5);
                let case = told_by(&office, n).await;
                attach(&office.desk, id, case).await;
                on.push((case, n));
            }
            if any(2) == 0 {
                let (case, _) = on.remove(any(on.len()));
                let done = office
                    .desk
                    .perform(move |tx, at| {
                        incidents::detach(tx, at, &Actor::System, &Target::Id(case), id).map(drop)
                    })
                    .await;
                done.unwrap();
            }
            merge_two(&office, &on, any(on.len()), any(on.len())).await;
            heard(&office).await;
            announce(&office.desk, id, &format!("News number {round}.")).await;
            let mut counted: BTreeMap<String, usize> = BTreeMap::new();
            for _ in 0..4 {
                let later = office.now() + SignedDuration::from_secs(61);
                office.desk.time.move_to(later).unwrap();
                let (one, other) = tokio::join!(
                    incidents::carry_on(&office.desk),
                    incidents::carry_on(&office.desk)
                );
                assert_eq!((one.unwrap().n_failed, other.unwrap().n_failed), (0, 0));
                for (to, n) in heard(&office).await {
                    *counted.entry(to).or_insert(0) += n;
                }
            }
            assert!(
                counted.values().all(|n| *n == 1),
                "seed {seed}: {counted:?}"
            );
            for (case, n) in &on {
                assert!(
                    n_lines(&office.desk, *case).await > 0,
                    "seed {seed}: case of {n}"
                );
            }
        }
    }
}

/// Takes the reporters of two cases for one person, where they are not yet.
async fn merge_two(office: &Office, on: &[(CaseId, usize)], one: usize, other: usize) {
    let (first, second) = (on[one].0, on[other].0);
    let merged = office
        .desk
        .perform(move |tx, at| {
            let of = |filed: Option<cases::Filed>| filed.unwrap().case.reporter.unwrap();
            let (from, into) = (of(cases::find(tx, first)?), of(cases::find(tx, second)?));
            sameness::merge(tx, at, &Actor::System, from, into, "They say so.").map(drop)
        })
        .await;
    match merged {
        Ok(()) | Err(Failure::Conflict { .. } | Failure::Invalid(_)) => {}
        Err(why) => panic!("{why:#}"),
    }
}

#[tokio::test]
async fn a_sensitive_case_is_never_swept_up_and_its_mail_says_only_that_there_is_news() {
    let office = Office::open(NOW);
    let id = open(&office.desk).await;
    let mut enquiry = report(at("2026-11-20T09:30:00Z"));
    enquiry.service = Some("council-tax".to_owned());
    enquiry.category = Some("ct-bill".to_owned());
    let sensitive = office.receive(enquiry).await.case;
    assert_eq!(sensitive.secrecy, reeve::domain::case::Secrecy::Sensitive);
    told_by(&office, 1).await;
    let sweep = Sweep {
        most: 100,
        ..Sweep::default()
    };
    let swept = office
        .desk
        .perform(move |tx, at| incidents::sweep(tx, at, &Actor::System, id, &sweep))
        .await
        .unwrap();
    assert_eq!(swept.cases.len(), 1);
    assert!(!swept.cases.contains(&sensitive.id));
    attach(&office.desk, id, sensitive.id).await;
    heard(&office).await;
    announce(&office.desk, id, "The crew is on its way.").await;
    let later = office.now() + SignedDuration::from_secs(180);
    office.desk.time.move_to(later).unwrap();
    incidents::carry_on(&office.desk).await.unwrap();
    let mails = office.tick().await;
    let news: Vec<&Mail> = mails
        .iter()
        .filter(|mail| mail.kind == "incident_update" && mail.to == "ada@mail.example")
        .collect();
    assert_eq!(news.len(), 1);
    for secret in ["crew", "Bins", "tax"] {
        assert!(!news[0].text.contains(secret), "{secret}: {}", news[0].text);
    }
}
