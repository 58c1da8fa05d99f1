//! What an enquiry cannot mean: a day that is to come, a service or category there is not.
//!
//! Every fault is named at once, so that whoever fills a form in corrects it once.

use jiff::SignedDuration;

use crate::casework::contact_reasons;
use crate::casework::desk::Moment;
use crate::casework::failure::{Failure, Fault};
use crate::domain::catalogue::{BadAnswer, Category, Strictness, check_answers};
use crate::domain::enquiry::Enquiry;

/// How far back something may have been received, and how far ahead a clock may be.
const OLDEST: SignedDuration = SignedDuration::from_hours(2 * 365 * 24 + 24);
const AHEAD: SignedDuration = SignedDuration::from_mins(5);

/// Holds an enquiry against the clock and the catalogue.
///
/// # Errors
/// Names everything it cannot mean.
pub fn check(at: &Moment, enquiry: &Enquiry) -> Result<(), Failure> {
    let mut faults = Vec::new();
    let mut fault = |pointer: &str, code: &'static str, detail: String| {
        faults.push(Fault {
            pointer: pointer.to_owned(),
            code,
            detail,
        });
    };
    if enquiry.received_at > at.now + AHEAD {
        fault(
            "/received_at",
            "received_in_future",
            format!(
                "It cannot have been received after now ({}). Check the year and the offset.",
                at.now
            ),
        );
    }
    if enquiry.received_at < at.now - OLDEST {
        fault(
            "/received_at",
            "received_too_old",
            "Contacts are taken up to two years back.".to_owned(),
        );
    }
    let catalogue = &at.council.catalogue;
    let service = enquiry
        .service
        .as_deref()
        .map(|slug| (slug, catalogue.service(slug)));
    if let Some((slug, None)) = service {
        fault(
            "/service",
            "unknown_value",
            format!("There is no service `{slug}`. GET /v1/public/services lists them."),
        );
    }
    match (service, enquiry.category.as_deref()) {
        (Some((service_slug, Some(service))), Some(category))
            if service.category(category).is_none() =>
        {
            let known: Vec<&str> = service
                .categories
                .iter()
                .map(|one| one.slug.as_str())
                .collect();
            fault(
                "/category",
                "unknown_value",
                format!(
                    "`{service_slug}` has no category `{category}`; it has: {}.",
                    known.join(", ")
                ),
            );
        }
        (None, Some(category)) => match catalogue.find_category(category).len() {
            0 => fault(
                "/category",
                "unknown_value",
                format!("No service has a category `{category}`."),
            ),
            1 => {}
            _ => fault(
                "/service",
                "missing_field",
                format!("Several services have a category `{category}`: say which."),
            ),
        },
        _ => {}
    }
    faults.extend(
        enquiry
            .contact_reason
            .as_deref()
            .and_then(|code| contact_reasons::fault_of(at, code)),
    );
    // In danger no form comes back for an answer that does not fit.
    if let Some(category) = category_of(at, enquiry)
        && !enquiry.danger_declared
    {
        for bad in check_answers(&category.fields, &enquiry.fields, Strictness::Fitting) {
            faults.push(fault_of(bad));
        }
    }
    if faults.is_empty() {
        Ok(())
    } else {
        Err(Failure::Invalid(faults))
    }
}

/// What a form that somebody fills in by themselves lacks: answers that are needed, and what was not
/// asked. In danger nothing is lacking.
#[must_use]
pub fn unanswered(at: &Moment, enquiry: &Enquiry) -> Vec<Fault> {
    match category_of(at, enquiry) {
        Some(category) if !enquiry.danger_declared => {
            check_answers(&category.fields, &enquiry.fields, Strictness::Complete)
                .into_iter()
                .filter(|bad| matches!(bad.code, "missing_field" | "unknown_field"))
                .map(fault_of)
                .collect()
        }
        _ => Vec::new(),
    }
}

/// The one category somebody chose.
fn category_of<'m>(at: &'m Moment, enquiry: &Enquiry) -> Option<&'m Category> {
    let catalogue = &at.council.catalogue;
    let slug = enquiry.category.as_deref()?;
    match (
        enquiry.service.as_deref(),
        catalogue.find_category(slug).as_slice(),
    ) {
        (Some(service), _) => catalogue
            .category(service, slug)
            .map(|(_, category)| category),
        (None, [(_, category)]) => Some(category),
        (None, _) => None,
    }
}

fn fault_of(bad: BadAnswer) -> Fault {
    let code = bad.field.replace('~', "~0").replace('/', "~1");
    Fault {
        pointer: format!("/fields/{code}"),
        code: bad.code,
        detail: bad.detail,
    }
}
