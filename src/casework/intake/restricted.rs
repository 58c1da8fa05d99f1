//! What few may see: a complaint about a post, in whose hands it lies, and the receipt that whoever
//! brought it in has in place of the case.

use super::Entry;
use crate::casework::desk::Moment;
use crate::casework::failure::Failure;
use crate::casework::letters;
use crate::domain::access::Actor;
use crate::domain::case::{Case, Procedure};
use crate::domain::catalogue::PostKind;
use crate::domain::enquiry::Enquiry;
use crate::store::tracking::Receipt;
use crate::store::{Tx, tracking};

/// The post a complaint names by its title, when it names one.
pub(in crate::casework) fn post_complained_about(
    at: &Moment,
    enquiry: &Enquiry,
    procedure: Procedure,
) -> Option<String> {
    if procedure != Procedure::Complaint {
        return None;
    }
    let text = enquiry.text().to_lowercase();
    at.council
        .catalogue
        .posts
        .values()
        .find(|post| {
            let names_title = text.contains(&post.title.to_lowercase());
            let names_holder = post
                .holder
                .as_ref()
                .is_some_and(|holder| text.contains(&holder.to_lowercase()));
            names_title || names_holder
        })
        .map(|post| post.slug.clone())
}

/// In whose name a complaint about a post opens: the director of its service, never the post.
pub(in crate::casework) fn holders_above(
    at: &Moment,
    service: &str,
    post: Option<&str>,
) -> Vec<String> {
    let catalogue = &at.council.catalogue;
    let own = catalogue
        .services
        .values()
        .find(|service| post == Some(service.head_of_service.as_str()));
    let director = own
        .or_else(|| catalogue.service(service))
        .map(|service| service.director.clone());
    // A complaint about the director goes to another one: it must not lie where nobody sees it.
    let others = catalogue
        .posts
        .values()
        .filter(|other| other.kind == PostKind::Director);
    director
        .into_iter()
        .chain(others.map(|other| other.slug.clone()))
        .find(|director| post != Some(director.as_str()))
        .map(|director| format!("post:{director}"))
        .into_iter()
        .collect()
}

pub(super) fn keep_receipt(
    tx: &mut Tx<'_>,
    at: &Moment,
    entry: &Entry,
    case: &Case,
) -> Result<Receipt, Failure> {
    let receipt = Receipt {
        reference: case.reference.to_string(),
        received_at: case.received_at,
        number_to_ring: letters::emergency_line(at, case),
    };
    if !matches!(entry.actor, Actor::Anonymous { .. }) {
        tracking::keep_receipt(tx, case.id, &entry.actor.principal(), &receipt)?;
    }
    Ok(receipt)
}
