//! What people wrote beside their score, for those who may read their cases.

use jiff::Timestamp;
use uuid::Uuid;

use super::desk::Moment;
use super::failure::Failure;
use super::performance::Period;
use crate::domain::access::Actor;
use crate::domain::reference::Reference;
use crate::store::{Conn, feedback};

pub use crate::store::feedback::{Comment, Wanted};

/// What was written about the cases of a period, the newest first, as far as the actor may read them.
///
/// # Errors
/// When there is no such service, category or queue, or it cannot be read.
pub fn comments(
    conn: &mut Conn,
    at: &Moment,
    actor: &Actor,
    period: Period,
    wanted: &Wanted,
    (before, limit): (Option<(Timestamp, Uuid)>, i64),
) -> Result<Vec<Comment>, Failure> {
    check(at, wanted)?;
    let days = (period.from_on, period.to_on);
    let mut found = feedback::comments(conn, &actor.sight(), days, wanted, before, limit)?;
    for comment in &mut found {
        // As people quote it.
        if let Ok(reference) = Reference::parse(&comment.reference) {
            comment.reference = reference.to_string();
        }
    }
    Ok(found)
}

fn check(at: &Moment, wanted: &Wanted) -> Result<(), Failure> {
    let catalogue = &at.council.catalogue;
    let unknown = |pointer: &str, what: &str, slug: &str| {
        let detail = format!("The catalogue has no {what} `{slug}`.");
        Failure::invalid(pointer, "unknown_value", detail)
    };
    match (wanted.service.as_deref(), wanted.category.as_deref()) {
        (Some(service), _) if catalogue.service(service).is_none() => {
            return Err(unknown("/service", "service", service));
        }
        (Some(service), Some(category)) if catalogue.category(service, category).is_none() => {
            return Err(unknown("/category", "category", category));
        }
        (None, Some(_)) => {
            let detail = "Name the service of the category too.";
            return Err(Failure::invalid("/service", "missing_field", detail));
        }
        _ => {}
    }
    match wanted.queue.as_deref() {
        Some(queue) if catalogue.queue(queue).is_none() => Err(unknown("/queue", "queue", queue)),
        _ => Ok(()),
    }
}
