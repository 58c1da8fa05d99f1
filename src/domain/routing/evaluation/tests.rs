//! Northmere's own figures.
//!
//! Northmere's vocabulary was written with the first four folds at hand and without a look at the
//! misreadings of the fifth, so that only [`HELD_OUT`] tells how unseen messages fare: it keeps the
//! floors. It flatters danger, whose cues were written with the urgent messages of every fold in view.
//! `reeve triage evaluate` prints the figures of every fold, with a trained model and without.

use super::super::tests::{examples, northmere};
use super::*;

const HELD_OUT: usize = 4;

#[test]
fn unseen_messages_are_read_as_well_as_was_promised() {
    let shown = std::env::var("REEVE_EVALUATE_SHOW").is_ok();
    let found = evaluate(
        northmere(),
        examples(),
        By::Words,
        &[HELD_OUT],
        |_, example, placement| {
            if shown {
                show(example, placement);
            }
        },
    )
    .unwrap();
    let held_out = found.folds.last().unwrap();
    eprintln!("{}", Figures::HEADING);
    for figures in &found.folds {
        eprintln!("{}", figures.row());
    }
    let floor = |name: &str, share: f64, at_least: f64| {
        assert!(
            share >= at_least,
            "{name} is {share:.3}, below {at_least}: {held_out:?}"
        );
    };
    floor("service@1", held_out.service_at_1, 0.64);
    floor("category@1", held_out.category_at_1, 0.60);
    floor("category@3", held_out.category_at_3, 0.78);
    let keywords = held_out.by_keywords;
    floor(
        "service@1",
        held_out.service_at_1,
        2.0 * keywords.service_at_1,
    );
    floor(
        "category@3",
        held_out.category_at_3,
        2.0 * keywords.category_at_3,
    );
    floor("placed rightly", held_out.placed_right, 0.90);
    floor("placed at all", held_out.placed, 0.40);
    floor("danger heard", held_out.danger_recall, 0.80);
    floor("alarms that were danger", held_out.danger_precision, 0.50);
}

fn show(example: &Example, placement: &Placement) {
    eprintln!(
        "RULE {} {} {} {} {}",
        placement.routed.rule.split(':').next().unwrap(),
        if placement.routed.rule.starts_with("text") {
            ""
        } else {
            &placement.routed.rule
        },
        placement.service == example.service && placement.category == example.category,
        placement.is_placed,
        placement.danger.is_some()
    );
    let is_right = placement.service == example.service && placement.category == example.category;
    if !is_right {
        eprintln!(
            "MISS {}/{} -> {}/{} [{}] {}\n     {}",
            example.service,
            example.category,
            placement.service,
            placement.category,
            placement.routed.rule,
            placement.routed.confidence,
            example.text().replace('\n', " / ")
        );
    }
    match (example.is_danger, &placement.danger) {
        (true, None) => eprintln!(
            "UNHEARD {}: {}",
            example.category,
            example.text().replace('\n', " / ")
        ),
        (false, Some(danger)) => eprintln!(
            "ALARM {} [{}]: {}",
            example.category,
            danger.kind,
            example.text().replace('\n', " / ")
        ),
        _ => {}
    }
}
