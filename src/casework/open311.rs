//! Reporting services: what they send for their users, and what they may read back.
//!
//! Shown are only cases that came this way, are not secret and whose category is offered. Of a report
//! that turned out to be secret the sender keeps the reference it was given, and hears nothing more.
//!
//! | file | what it does |
//! |---|---|
//! | `sending` | a report, or a message on one, comes in |
//! | `showing` | reports and what happened to them, as everybody may read it |

mod sending;
mod showing;

pub use sending::{Reported, report, say};
pub use showing::{Asked, Window, requests, token, updates};

use super::desk::Moment;
use crate::domain::access::Sight;
use crate::domain::case::{Case, Secrecy};
use crate::domain::catalogue::{Category, Service};
use crate::domain::contact::Channel;

/// Every category that is offered, with its service.
pub fn offered(at: &Moment) -> impl Iterator<Item = (&Service, &Category)> {
    at.council
        .catalogue
        .categories()
        .filter(|(_, category)| category.is_offered_by_open311())
}

/// The category offered under a code.
#[must_use]
pub fn find_offered<'m>(at: &'m Moment, code: &str) -> Option<(&'m Service, &'m Category)> {
    offered(at).find(|(_, category)| category.slug == code)
}

/// The cases a reporting service may know of.
fn sight() -> Sight {
    Sight::of_channel(Channel::Open311)
}

/// Whether a case that came this way is still one that everybody may read.
fn is_offered(at: &Moment, case: &Case) -> bool {
    case.secrecy == Secrecy::Ordinary
        && at
            .council
            .catalogue
            .category(&case.service, &case.category)
            .is_some_and(|(_, category)| category.is_offered_by_open311())
}

/// Whether what happens to a case may be told, whatever category it was put under since.
fn may_be_told(at: &Moment, case: &Case) -> bool {
    case.secrecy == Secrecy::Ordinary
        && at
            .council
            .catalogue
            .category(&case.service, &case.category)
            .is_some_and(|(_, category)| category.secrecy() == Secrecy::Ordinary)
}
