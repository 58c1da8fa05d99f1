//! From what happened to the case as it is now: [`apply`], and the parts of a command that no event
//! carries.
//!
//! Nothing is refused here any more: [`super::decide`] has looked.

use jiff::Timestamp;

use super::By;
use super::answers::{
    acknowledge, acknowledge_late, close, current_answer_clock, stage_events, take_back_reply,
};
use super::commands::{AcknowledgedBy, Amendment, TakenBack};
use super::events::Event;
use crate::domain::case::{Case, LastAction, Outcome, ReplyKind, Status, WaitingFor};
use crate::domain::clock::{Extension, Longer, OwnPromise, Pause, Reopened, Terms};

/// Makes an event so. Total: whatever was decided can be applied.
pub fn apply(case: &mut Case, event: &Event, terms: &Terms, by: By, now: Timestamp) {
    let answer = terms
        .standard
        .answer_clock()
        .map(|clock| clock.name.clone());
    match event {
        Event::Acknowledged { how, .. } => {
            if *how != AcknowledgedBy::Email {
                acknowledge(case, terms, now, how.as_str());
            }
        }
        Event::Assigned { to, .. } => {
            case.owner = *to;
            case.taken_by = None;
            case.is_claimed = to.is_some() || case.is_rung;
            if case.status == Status::New && to.is_some() {
                case.status = Status::Open;
            } else if case.status == Status::Open && to.is_none() {
                case.status = Status::New;
            }
        }
        Event::Transferred { to, .. } => {
            case.queue.clone_from(to);
            case.owner = None;
            case.taken_by = None;
            case.is_claimed = case.is_rung;
            case.n_transfers += 1;
            if case.status == Status::Open {
                case.status = Status::New;
            }
        }
        Event::TakenByInbox { name, .. } => {
            case.taken_by = Some(name.clone());
            case.is_claimed = true;
            if case.status == Status::New {
                case.status = Status::Open;
            }
        }
        Event::Paused {
            reason,
            waiting_for,
            resume_on,
        } => {
            case.facts.pauses.push(Pause {
                clock: None,
                from: now,
                to: None,
                resume_on: *resume_on,
                reason: reason.clone(),
                waiting_for: (*waiting_for).into(),
            });
            case.status = Status::Waiting;
            case.waiting_for = Some(*waiting_for);
        }
        Event::Resumed { .. } => {
            case.facts.resume(now);
            case.waiting_for = None;
            if case.status == Status::Waiting {
                case.status = if case.is_taken() {
                    Status::Open
                } else {
                    Status::New
                };
            }
        }
        Event::Asked { .. } => {
            case.status = Status::Waiting;
            case.waiting_for = Some(WaitingFor::Person);
        }
        Event::Replied {
            reply: ReplyKind::Substantive,
            outcome,
            ..
        } => {
            if let Some(clock) = current_answer_clock(case, terms).or(answer) {
                case.facts.stop(&clock, now, "reply");
            }
            acknowledge_late(case, terms, now);
            case.facts.resume(now);
            case.waiting_for = None;
            case.status = Status::Responded;
            case.outcome = outcome.or(Some(Outcome::Answered));
        }
        Event::ReplyTakenBack {
            what: TakenBack::Reply,
            ..
        } => take_back_reply(case, terms),
        Event::ReplyTakenBack {
            what: TakenBack::Extension,
            ..
        } => {
            case.facts.extensions.pop();
        }
        Event::Promised {
            name,
            what,
            by: due,
            owner,
        } => case.facts.promises.push(OwnPromise {
            name: name.clone(),
            what: what.clone(),
            by: *due,
            made_at: now,
            owner: owner.map(|id| id.to_string()).unwrap_or_default(),
        }),
        Event::Closed { outcome } => close(case, terms, *outcome, now),
        Event::Reopened { reason } => {
            case.status = if case.is_taken() {
                Status::Open
            } else {
                Status::New
            };
            case.outcome = None;
            case.closed_at = None;
            case.follow_up_until = None;
            case.facts.cancelled = None;
            // A reply that left something open does not count as the answer: its clock runs on
            // from where it was, towards the date first told.
            if let Some(clock) = current_answer_clock(case, terms).or(answer)
                && case.facts.stops.iter().any(|stop| stop.clock == clock)
            {
                case.facts.reopened.push(Reopened {
                    clock,
                    at: now,
                    reason: reason.clone(),
                });
            }
        }
        Event::StageOpened { stage, officer, .. } => {
            case.stage = *stage;
            case.owner = *officer;
            case.taken_by = None;
            case.is_claimed = officer.is_some() || case.is_rung;
            case.status = if officer.is_some() {
                Status::Open
            } else {
                Status::New
            };
            case.outcome = None;
            case.closed_at = None;
            case.facts.cancelled = None;
            for event in stage_events(terms, *stage) {
                case.facts.happened(&event, now);
            }
        }
        Event::Recorded { event, at } => case.facts.happened(event, *at),
        Event::AccessGranted { holders, .. } => {
            for holder in holders {
                if !case.restricted_to.contains(holder) {
                    case.restricted_to.push(holder.clone());
                }
            }
        }
        Event::FoundNotAboutStaff { .. } => case.about = None,
        Event::GlassBroken { pass, .. } => case.restricted_to.push(format!("pass:{pass}")),
        Event::Called { .. } => {
            case.is_rung = true;
            case.is_claimed = true;
        }
        Event::ContactJoined { chases, .. } => {
            if *chases {
                case.n_chasers += 1;
            }
        }
        Event::ClockReopened { clock, why } => case.facts.reopened.push(Reopened {
            clock: clock.clone(),
            at: now,
            reason: why.clone(),
        }),
        Event::ClockMet { clock, at } => case.facts.stop(clock, *at, "notice"),
        Event::Opened { .. }
        | Event::AutomaticMailStored { .. }
        | Event::MailReleased { .. }
        | Event::ReferredTo { .. }
        | Event::ReplyTakenBack {
            what: TakenBack::HoldingReply,
            ..
        }
        | Event::Extended { .. }
        | Event::DateChanged { .. }
        | Event::TermsMoved { .. }
        | Event::Replied {
            reply: ReplyKind::Holding,
            ..
        }
        | Event::Noted { .. }
        | Event::Merged { .. }
        | Event::MergedIn { .. }
        | Event::Linked { .. }
        | Event::Amended { .. }
        | Event::Recategorised { .. }
        | Event::Withdrawn { .. }
        | Event::NoticeSent { .. }
        | Event::NoticeFailed { .. }
        | Event::AddressBounced { .. }
        | Event::ClockMissed { .. }
        | Event::EscalationStep { .. }
        | Event::AlertRaised { .. }
        | Event::FeedbackGiven { .. }
        | Event::BasisRecorded { .. }
        | Event::ConsentRecorded { .. }
        | Event::ServiceActed { .. }
        | Event::MemberLeft { .. }
        | Event::Redacted { .. }
        | Event::HoldPlaced { .. }
        | Event::HoldLifted { .. }
        | Event::AttachmentQuarantined { .. }
        | Event::DecisionRecorded(_)
        | Event::IdentityChecked { .. }
        | Event::ContactMarked { .. }
        | Event::RecipientsConfirmed { .. }
        | Event::NoticeWithheld { .. }
        | Event::PersonMerged { .. }
        | Event::PersonUnmerged { .. }
        | Event::PersonAdded { .. }
        | Event::PersonRemoved { .. }
        | Event::IncidentAttached { .. }
        | Event::IncidentDetached { .. }
        | Event::IncidentUpdated { .. } => {}
    }
    if matches!(by, By::User { .. } | By::Key) {
        case.last_action = Some(LastAction {
            what: event.kind().to_owned(),
            at: now,
        });
    }
    // A notice sent or a step taken stands on the timeline; the case is as its readers knew it.
    let is_only_noted = matches!(
        event,
        Event::NoticeSent { .. }
            | Event::NoticeFailed { .. }
            | Event::ClockMet { .. }
            | Event::ClockMissed { .. }
            | Event::EscalationStep { .. }
            | Event::AlertRaised { .. }
            | Event::AutomaticMailStored { .. }
            | Event::MailReleased { .. }
            | Event::AttachmentQuarantined { .. }
    );
    if !is_only_noted {
        case.updated_at = now;
    }
}

/// Puts a decided extension into the case's facts; kept apart from [`apply`] because the event on
/// the timeline holds dates, and the fact holds what was asked for.
pub fn note_extension(case: &mut Case, clock_name: &str, to: Longer, reason: &str, at: Timestamp) {
    case.facts.extensions.push(Extension {
        clock: clock_name.to_owned(),
        to,
        reason: reason.to_owned(),
        at,
    });
}

/// Puts an amendment into the case; [`super::decide`] has named what changes.
pub fn note_amendment(case: &mut Case, amendment: &Amendment) {
    if let Some(subject) = &amendment.subject {
        case.subject.clone_from(subject);
    }
    if let Some(priority) = amendment.priority {
        case.priority = priority;
    }
    if let Some(location) = &amendment.location {
        case.location = Some(location.clone());
    }
    if let Some(fields) = &amendment.fields {
        case.fields.clone_from(fields);
    }
    if let Some(place) = &amendment.category {
        case.service.clone_from(&place.service);
        case.category.clone_from(&place.category);
        case.procedure = place.procedure;
        if case.queue != place.queue {
            case.taken_by = None;
        }
        case.queue.clone_from(&place.queue);
        case.terms.clone_from(&place.terms);
    }
}
