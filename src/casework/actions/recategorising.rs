//! A category put right: where the case belongs now, and what that does to its promises.
//!
//! They are planned again from the same day, under the standard of the right category.

use crate::casework::desk::Moment;
use crate::casework::failure::Failure;
use crate::casework::promises;
use crate::domain::case::Case;
use crate::domain::clock::{Reading, Reopened, Terms};
use crate::domain::lifecycle::{Event, Recategorised};
use crate::domain::standard::Acknowledgement;
use crate::store::{Tx, outbox};

/// Where a category belongs, for PATCH.
///
/// # Errors
/// Names the service or category that is not there.
pub fn recategorised(at: &Moment, service: &str, category: &str) -> Result<Recategorised, Failure> {
    let (found, matter) = at
        .council
        .catalogue
        .category(service, category)
        .ok_or_else(|| {
            Failure::invalid(
                "/category",
                "unknown_value",
                format!("`{service}` has no category `{category}`."),
            )
        })?;
    let (terms, _) = at.council.terms(service, category)?;
    Ok(Recategorised {
        service: service.to_owned(),
        category: category.to_owned(),
        procedure: matter.procedure,
        queue: found.queue.clone(),
        terms,
    })
}

/// Dates that a change of category moved are told and kept.
pub(super) fn changed_dates(
    old: &Case,
    new: &Case,
    old_terms: &Terms,
    new_terms: &Terms,
    before: &[Reading],
    after: &[Reading],
) -> Vec<Event> {
    let was = promises::answer_reading(old, old_terms, before);
    let is = promises::answer_reading(new, new_terms, after);
    let (from_on, to_on) = (
        was.and_then(|reading| reading.due_on),
        is.and_then(|reading| reading.due_on),
    );
    if from_on == to_on {
        return Vec::new();
    }
    vec![Event::DateChanged {
        clock: is.map_or_else(|| "respond".to_owned(), |reading| reading.name.clone()),
        from_on,
        to_on,
        why: "the category was put right".to_owned(),
    }]
}

/// Under a standard that asks for an officer's acknowledgement, the machine's receipt was none; under
/// one that asks for the machine's, the receipt that was accepted was one.
pub(super) fn replan_acknowledgement(
    tx: &mut Tx<'_>,
    at: &Moment,
    case: &mut Case,
    old: &Terms,
    new: &Terms,
) -> Result<(), Failure> {
    let (was, is) = (old.standard.acknowledgement, new.standard.acknowledgement);
    let Some(clock) = new
        .standard
        .acknowledge_clock()
        .map(|clock| clock.name.clone())
    else {
        return Ok(());
    };
    match (was, is) {
        (Acknowledgement::Automatic, Acknowledgement::Officer) => {
            let was_by_machine = case
                .facts
                .stops
                .iter()
                .any(|stop| stop.clock == clock && stop.how.as_deref() == Some("email"));
            if was_by_machine {
                let reason = "the receipt was automatic".to_owned();
                case.facts.reopened.push(Reopened {
                    clock,
                    at: at.now,
                    reason,
                });
            }
        }
        (Acknowledgement::Officer | Acknowledgement::None, Acknowledgement::Automatic) => {
            let sent = outbox::list(tx, Some(case.id), Some("sent"), None, 100)?;
            let receipt = sent
                .iter()
                .filter(|notice| notice.kind == "confirmation")
                .filter_map(|one| one.sent_at)
                .min();
            if let Some(sent_at) = receipt {
                case.facts.stop(&clock, sent_at, "email");
            }
        }
        _ => {}
    }
    Ok(())
}
