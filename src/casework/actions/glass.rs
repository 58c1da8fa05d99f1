//! Breaking the glass: a head of service opens a restricted case of their services for themselves,
//! because it cannot wait for somebody who is named on it.
//!
//! It takes a reason and lasts for a time. Whoever has the case, its team leader and its duty
//! contact are told at once; it stands on the timeline and in the audit.

use std::collections::BTreeSet;

use jiff::SignedDuration;

use super::{Acted, Target, look_up, ties};
use crate::casework::desk::Moment;
use crate::casework::escalation::Chain;
use crate::casework::failure::Failure;
use crate::casework::letters;
use crate::casework::promises::{Written, settle_by, terms_of};
use crate::domain::access::{Act, Actor, Pass, User, Verdict, may, may_break_glass};
use crate::domain::case::Case;
use crate::domain::ladder::Whom;
use crate::domain::lifecycle::{self, By, Event};
use crate::domain::notice::Says;
use crate::domain::wording::{self, Language};
use crate::store::passes::{self, NewPass};
use crate::store::{Tx, audit};

/// Opens a restricted case to the actor for some hours.
///
/// # Errors
/// [`Failure::Missing`] when there is none, or it is not theirs to open so: the two look the same. A
/// conflict when they may see it already.
pub fn break_glass(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    target: &Target,
    reason: &str,
    hours: u16,
) -> Result<Acted, Failure> {
    let filed = look_up(tx, target)?;
    let ties = ties(tx, actor, &filed.case)?;
    if may(actor, Act::Read, &filed.case, ties) == Verdict::Allow {
        return Err(Failure::conflict(
            "access_already",
            "You may see this case already.",
        ));
    }
    let Actor::User(user) = actor else {
        return Err(Failure::Missing);
    };
    if !may_break_glass(actor, &filed.case) {
        return Err(Failure::Missing);
    }
    let until_at = at
        .now
        .checked_add(SignedDuration::from_hours(i64::from(hours)))
        .map_err(|why| Failure::Fault(why.into()))?;
    let pass = Pass {
        id: at.id(),
        until_at,
    };
    passes::insert(
        tx,
        NewPass {
            pass,
            case: filed.case.id,
            user: user.id,
            reason,
            opened_at: at.now,
        },
    )?;
    tell(tx, at, user, &filed.case, pass)?;
    audit::append(
        tx,
        &audit::Entry {
            id: at.id(),
            at: at.now,
            actor: &actor.principal(),
            action: "case.glass_broken",
            object: &format!("case:{}", filed.case.id),
            purpose: Some(reason),
            request_id: at.request_id.as_deref(),
        },
    )?;
    let terms = terms_of(tx, at, &filed.case)?;
    let read_revision = filed.case.revision;
    let mut case = filed.case;
    let event = Event::GlassBroken {
        by: user.id,
        pass: pass.id,
        until_at,
        reason: reason.to_owned(),
    };
    let by = By::User {
        id: user.id,
        role: user.role,
    };
    lifecycle::apply(&mut case, &event, &terms, by, at.now);
    let settled = settle_by(
        tx,
        at,
        case,
        &terms,
        vec![event],
        &actor.label(),
        Written::Changed { read_revision },
    )?;
    Ok(Acted {
        settled,
        notice: None,
    })
}

/// Tells whoever answers for the case, by day and night; not whoever opened it.
fn tell(tx: &mut Tx<'_>, at: &Moment, user: &User, case: &Case, pass: Pass) -> Result<(), Failure> {
    let chain = Chain::of(tx, at, case)?;
    let mut told = BTreeSet::new();
    for whom in [Whom::Owner, Whom::TeamLeader, Whom::DutyContact] {
        if let Some(recipient) = chain.resolve(tx, &whom, case.owner)?.recipient {
            told.insert(recipient.address);
        }
    }
    let own_post = user
        .post
        .as_deref()
        .and_then(|slug| at.council.catalogue.post(slug))
        .map(|post| post.email.as_str());
    told.retain(|address| *address != user.email && Some(address.as_str()) != own_post);
    let zone = at.council.catalogue.calendar.zone();
    for address in told {
        let says = Says::GlassBroken {
            reference: case.reference.to_string(),
            by: user.name.clone(),
            at: wording::at_when(at.now, zone, Language::English),
            until: wording::at_when(pass.until_at, zone, Language::English),
        };
        let key = format!("glass:{}:{address}", pass.id);
        letters::tell_staff(tx, at, Some(case.id), &address, says, key, at.now)?;
    }
    Ok(())
}
