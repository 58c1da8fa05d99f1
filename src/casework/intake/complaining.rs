//! A message on a case that is a complaint: the complaint is opened beside the case it is about,
//! dated from receipt, and the case carries on.
//!
//! Only plain words open one. Where they complain about a named post, the words stand on the
//! complaint alone, which that post's own people never see.

use super::Entry;
use super::joining::Joining;
use super::opening::{Opened, Plan, open};
use super::placing::plan_beside;
use super::restricted::post_complained_about;
use super::telling::confirm;
use crate::casework::desk::Moment;
use crate::casework::failure::Failure;
use crate::casework::promises::{Written, settle_by, terms_of};
use crate::domain::case::{Case, LinkKind, Procedure};
use crate::domain::ids::CaseId;
use crate::domain::lifecycle::{self, By, Event};
use crate::domain::routing::{Linked, Placement};
use crate::store::people::Person;
use crate::store::{Tx, cases, contacts};

/// Opens the complaint a message on a case amounts to; nothing when it is none, or when the same
/// person has one open about this case already (about a post: one about that post).
///
/// # Errors
/// When it cannot be written.
pub(super) fn complain(
    tx: &mut Tx<'_>,
    at: &Moment,
    case: &Case,
    joining: &Joining<'_>,
    entry: &Entry,
    person: Option<&Person>,
) -> Result<Option<Opened>, Failure> {
    let (enquiry, contact) = (joining.enquiry, joining.contact);
    let Some(complaint) = complaint_in(joining.placement).filter(|_| is_about_a_request(case))
    else {
        return Ok(None);
    };
    let about = post_complained_about(at, enquiry, Procedure::Complaint);
    let is_about_a_post = about.is_some();
    if let Some(person) = person
        && let Some(open) = cases::open_complaint(tx, case.id, person.id, about.as_deref())?
    {
        if is_about_a_post {
            add_to(tx, at, open, joining)?;
        }
        return Ok(None);
    }
    let plan: Plan = plan_beside(&complaint);
    let opened = open(tx, at, enquiry, entry, person, contact, &plan, about)?;
    cases::link(tx, opened.filed.case.id, case.id, LinkKind::About)?;
    if is_about_a_post {
        contacts::put_on(tx, contact, opened.filed.case.id)?;
    }
    if !entry.is_silent {
        confirm(tx, at, entry, person, &opened, None, None)?;
    }
    Ok(Some(opened))
}

/// Puts what was said again about a post on the complaint that is open about it, not on the request,
/// which that post's own people read.
fn add_to(
    tx: &mut Tx<'_>,
    at: &Moment,
    complaint: CaseId,
    joining: &Joining<'_>,
) -> Result<(), Failure> {
    contacts::put_on(tx, joining.contact, complaint)?;
    let mut case = cases::find(tx, complaint)?.ok_or(Failure::Missing)?.case;
    let terms = terms_of(tx, at, &case)?;
    let event = Event::ContactJoined {
        contact: joining.contact,
        from_person: true,
        chases: true,
        answers: false,
    };
    let read_revision = case.revision;
    lifecycle::apply(&mut case, &event, &terms, By::Person, at.now);
    let written = Written::Changed { read_revision };
    settle_by(tx, at, case, &terms, vec![event], &joining.actor, written)?;
    Ok(())
}

/// What the router made of it, where its words say plainly that it is a complaint.
fn complaint_in(placement: &Placement) -> Option<Linked> {
    let beside = placement
        .linked
        .iter()
        .find(|beside| beside.procedure == Procedure::Complaint);
    if let Some(beside) = beside {
        return Some(beside.clone());
    }
    let says_so = placement.is_placed
        && placement.procedure == Procedure::Complaint
        && placement.routed.rule.starts_with("procedure:");
    says_so.then(|| Linked {
        queue: placement.queue.clone(),
        service: placement.service.clone(),
        category: placement.category.clone(),
        procedure: placement.procedure,
        priority: placement.priority,
        danger: None,
        why: placement.routed.reason.clone(),
    })
}

/// A complaint about a complaint is its next stage, and a member's enquiry has a head of service to
/// answer to already: both are for a person to decide.
fn is_about_a_request(case: &Case) -> bool {
    !matches!(
        case.procedure,
        Procedure::Complaint
            | Procedure::MemberEnquiry
            | Procedure::ChildrensComplaint
            | Procedure::AdultsComplaint
            | Procedure::DpComplaint
            | Procedure::Safeguarding
    )
}
