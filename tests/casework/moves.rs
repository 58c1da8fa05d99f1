//! Open cases on their way to other terms, stopped half-way and done twice.

use std::sync::Arc;

use reeve::casework::catalogue::{self, OpenCases};
use reeve::casework::{Desk, moves};
use reeve::domain::access::Actor;
use reeve::domain::ids::CaseId;
use reeve::store::{cases, events};
use serde_json::json;

use crate::office::{Office, at};

/// Puts a catalogue with a holiday on the 24th in force and asks for open cases to move.
async fn ask(desk: &Arc<Desk>) {
    desk.perform(|tx, at| {
        let mut tree = at.council.catalogue.to_json();
        if let Some(calendar) = tree.pointer_mut("/calendars/northmere") {
            calendar["extra_holidays"] = json!([{"on": "2026-11-24", "title": "One-off"}]);
        }
        let proposal = catalogue::propose(at, &tree)?;
        catalogue::apply(tx, at, &Actor::System, &proposal, None, OpenCases::Move)
    })
    .await
    .unwrap();
}

/// How often each case came under other terms, and whether its date is the new one.
async fn moved(desk: &Arc<Desk>, ids: &[CaseId]) -> Vec<(usize, bool)> {
    let ids = ids.to_vec();
    desk.read(move |conn, _| {
        let mut found = Vec::new();
        for id in ids {
            let lines = events::of_case(conn, id, None, 1000)?;
            let n = lines
                .iter()
                .filter(|line| line.kind == "terms_moved")
                .count();
            let filed = cases::find(conn, id)?.unwrap();
            let is_moved = filed.dates.respond_on == Some(jiff::civil::date(2026, 11, 25));
            found.push((n, is_moved));
        }
        Ok(found)
    })
    .await
    .unwrap()
}

#[tokio::test]
async fn a_move_stopped_half_way_and_taken_up_by_two_moves_each_case_once() {
    let office = Office::open("2026-11-20T10:00:00Z");
    let mut ids = Vec::new();
    for _ in 0..24 {
        let filed = office.bins("missed-bin", at("2026-11-20T09:00:00Z")).await;
        ids.push(filed.case.id);
    }
    ask(&office.desk).await;
    let first = Arc::clone(&office.desk);
    let stopped = tokio::spawn(async move { moves::carry_on(&first).await.map(|_| ()) });
    while moved(&office.desk, &ids).await.iter().all(|(n, _)| *n == 0) {
        tokio::task::yield_now().await;
    }
    stopped.abort();
    let (one, other) = tokio::join!(moves::carry_on(&office.desk), moves::carry_on(&office.desk));
    assert_eq!((one.unwrap().n_failed, other.unwrap().n_failed), (0, 0));
    assert_eq!(moved(&office.desk, &ids).await, vec![(1, true); ids.len()]);
    assert_eq!(
        moves::carry_on(&office.desk).await.unwrap(),
        moves::Carried::default()
    );
    let mut n_told = 0;
    loop {
        let letters = office.tick().await;
        n_told += letters
            .iter()
            .filter(|mail| mail.kind == "extension")
            .count();
        if letters.is_empty() {
            break;
        }
    }
    assert_eq!(n_told, ids.len(), "each person is told, once");
}
