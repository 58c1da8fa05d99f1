//! Markers on people: placed, renewed, ended, and read as instructions.

use jiff::civil::Date;

use super::sameness::{self, append_audit};
use super::{find_for, may_look_up, reaching};
use crate::casework::actions::{Owner, resolve_owner};
use crate::casework::desk::Moment;
use crate::casework::failure::{Failure, Fault};
use crate::casework::views::Part;
use crate::casework::views::person::{Instruction, InstructionKind, MarkerView};
use crate::domain::access::{Act, Actor, Role, Verdict, may};
use crate::domain::case::Case;
use crate::domain::ids::{MarkerId, PersonId, UserId};
use crate::domain::person::marker::{Marker, MarkerKind, check_review_on};
use crate::domain::person::reach::Reach;
use crate::store::markers::{self, Kept};
use crate::store::people::{self, Person};
use crate::store::{Conn, Tx, cases, users};

/// A marker to place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMarker {
    pub kind: MarkerKind,
    pub purpose: String,
    pub instruction: String,
    pub owner: Owner,
    pub review_on: Date,
}

/// What changes about a marker.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MarkerChange {
    pub purpose: Option<String>,
    pub instruction: Option<String>,
    pub owner: Option<Owner>,
    pub review_on: Option<Date>,
}

/// Which markers are asked for by their review.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToReview {
    pub before: Date,
    pub owner: Option<Owner>,
}

/// The markers of a person that are in force, on any record of theirs that the actor may know of.
///
/// # Errors
/// [`Failure::Missing`] when there is no such person, or none the actor may know of.
pub fn list(
    conn: &mut Conn,
    at: &Moment,
    actor: &Actor,
    person: PersonId,
) -> Result<Vec<MarkerView>, Failure> {
    find_for(conn, at, actor, person)?;
    let records = sameness::visible_ids(conn, at, actor, person)?;
    let kept = markers::of_people(conn, &records)?;
    kept.into_iter()
        .map(|one| view(conn, at, one))
        .collect::<Result<_, _>>()
}

/// Places a marker.
///
/// # Errors
/// Names what cannot be meant; forbidden where the kind is not for the actor's role.
pub fn place(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    person: PersonId,
    new: &NewMarker,
) -> Result<MarkerView, Failure> {
    let known = find_for(tx, at, actor, person)?;
    check_may_set(actor, new.kind)?;
    let marker = Marker {
        id: at.id(),
        person,
        kind: new.kind,
        purpose: new.purpose.clone(),
        instruction: new.instruction.clone(),
        owner: owner(tx, actor, &new.owner)?,
        review_on: review_on(at, new.review_on)?,
    };
    let kept = Kept {
        marker,
        created_at: at.now,
        created_by: actor.principal(),
        changed_at: at.now,
    };
    markers::insert(tx, &kept)?;
    note(tx, at, actor, &known, "marker.placed")?;
    view(tx, at, kept)
}

/// Changes a marker, or renews it.
///
/// # Errors
/// [`Failure::Missing`] when the person has no such marker in force.
pub fn change(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    person: PersonId,
    id: MarkerId,
    change: &MarkerChange,
) -> Result<MarkerView, Failure> {
    let (known, mut kept) = find(tx, at, actor, person, id)?;
    check_may_set(actor, kept.marker.kind)?;
    let marker = &mut kept.marker;
    if let Some(purpose) = &change.purpose {
        marker.purpose.clone_from(purpose);
    }
    if let Some(instruction) = &change.instruction {
        marker.instruction.clone_from(instruction);
    }
    if let Some(new_owner) = &change.owner {
        marker.owner = owner(tx, actor, new_owner)?;
    }
    if let Some(on) = change.review_on {
        marker.review_on = review_on(at, on)?;
    }
    if !markers::update(tx, &kept.marker, at.now)? {
        return Err(Failure::Missing);
    }
    kept.changed_at = at.now;
    note(tx, at, actor, &known, "marker.changed")?;
    view(tx, at, kept)
}

/// Ends a marker: it is kept, and shown no more.
///
/// # Errors
/// [`Failure::Missing`] when the person has no such marker in force.
pub fn end(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    person: PersonId,
    id: MarkerId,
) -> Result<(), Failure> {
    let (known, kept) = find(tx, at, actor, person, id)?;
    check_may_set(actor, kept.marker.kind)?;
    if !markers::end(tx, id, at.now, &actor.principal())? {
        return Err(Failure::Missing);
    }
    note(tx, at, actor, &known, "marker.ended")
}

/// A part of the markers whose review falls before a day, the oldest first.
///
/// # Errors
/// When the owner is nobody, or the database cannot be asked.
pub fn to_review(
    conn: &mut Conn,
    at: &Moment,
    actor: &Actor,
    asked: &ToReview,
    after: Option<(Date, MarkerId)>,
    limit: u16,
) -> Result<Part<MarkerView, (Date, MarkerId)>, Failure> {
    let owner = match &asked.owner {
        None => None,
        Some(owner) => match resolve_owner(conn, actor, owner) {
            Ok(owner) => owner,
            Err(Failure::Invalid(_)) => {
                return Ok(Part {
                    items: Vec::new(),
                    next: None,
                });
            }
            Err(other) => return Err(other),
        },
    };
    if !may_look_up(actor) {
        return Ok(Part {
            items: Vec::new(),
            next: None,
        });
    }
    let (sight, limit_and_one) = (actor.sight(), i64::from(limit) + 1);
    let rows = markers::to_review(conn, &sight, asked.before, owner, after, limit_and_one)?;
    let part = Part::cut(rows, limit, |kept| (kept.marker.review_on, kept.marker.id));
    let items = part.items.into_iter();
    let items = items.map(|kept| view(conn, at, kept));
    Ok(Part {
        items: items.collect::<Result<_, _>>()?,
        next: part.next,
    })
}

/// What whoever deals with this person must know.
///
/// # Errors
/// When the database cannot be asked.
pub fn instructions_on(
    conn: &mut Conn,
    at: &Moment,
    actor: &Actor,
    person: &Person,
) -> Result<Vec<Instruction>, Failure> {
    let Some(role) = actor.user().map(|user| user.role) else {
        return Ok(Vec::new());
    };
    instructions(conn, at, role, person)
}

/// What whoever works this case must know of the people on it. A key shows it only to the person it
/// acts for; who may see the case and not work it is shown nothing.
///
/// # Errors
/// When the database cannot be asked.
pub fn instructions_on_case(
    conn: &mut Conn,
    at: &Moment,
    actor: &Actor,
    case: &Case,
) -> Result<Vec<Instruction>, Failure> {
    let Some(role) = actor.user().map(|user| user.role) else {
        return Ok(Vec::new());
    };
    if may(actor, Act::Work, case, false) != Verdict::Allow {
        return Ok(Vec::new());
    }
    let mut all = Vec::new();
    for (id, _, _) in cases::people(conn, case.id)? {
        if let Some(person) = people::find(conn, id)? {
            all.extend(instructions(conn, at, role, &person)?);
        }
    }
    all.sort_by_key(|one| one.kind);
    Ok(all)
}

/// What keeps those safe who deal with a case without the system, and nothing else: as for a partner.
///
/// # Errors
/// When the database cannot be asked.
pub fn what_keeps_safe(
    conn: &mut Conn,
    at: &Moment,
    case: &Case,
) -> Result<Vec<Instruction>, Failure> {
    let mut all = Vec::new();
    for (id, _, _) in cases::people(conn, case.id)? {
        if let Some(person) = people::find(conn, id)? {
            all.extend(instructions(conn, at, Role::Partner, &person)?);
        }
    }
    Ok(all)
}

/// Every record of a person counts, whoever may know of it: what keeps an officer safe does not
/// depend on which of two records the case hangs on.
fn instructions(
    conn: &mut Conn,
    at: &Moment,
    role: Role,
    person: &Person,
) -> Result<Vec<Instruction>, Failure> {
    let today = at.today();
    let plain = |kind: InstructionKind, words: String| Instruction {
        kind,
        words,
        person: person.id.0,
        review_on: None,
        is_review_overdue: false,
        owner: None,
    };
    let mut all = Vec::new();
    // To partners nothing is said but what keeps them safe.
    if MarkerKind::Vulnerable.is_shown_to(role) {
        let (reach, wishes) = reaching::ways_to(conn, person)?;
        if reach == Reach::Never {
            let words = "They have died. Nothing is sent to them.";
            all.push(plain(InstructionKind::Deceased, words.to_owned()));
        }
        if let Some(ways) = reach.in_words() {
            let words = format!("Reach them only this way: {ways}. Nothing is sent by itself");
            all.push(plain(InstructionKind::SafeContact, words));
        }
        if let Some(words) = wishes.in_words() {
            all.push(plain(InstructionKind::Preference, words));
        }
    }
    let records = sameness::ids_of(conn, person.id)?;
    for kept in markers::of_people(conn, &records)? {
        let marker = &kept.marker;
        if !marker.kind.is_shown_to(role) {
            continue;
        }
        let owner = users::find(conn, marker.owner)?.map(|account| account.user.name);
        all.push(Instruction {
            kind: marker.kind.into(),
            words: marker.in_words(today),
            person: person.id.0,
            review_on: Some(marker.review_on),
            is_review_overdue: marker.is_review_overdue(today),
            owner,
        });
    }
    all.sort_by_key(|one| one.kind);
    Ok(all)
}

fn find(
    conn: &mut Conn,
    at: &Moment,
    actor: &Actor,
    person: PersonId,
    id: MarkerId,
) -> Result<(Person, Kept), Failure> {
    let known = find_for(conn, at, actor, person)?;
    let kept = markers::find(conn, person, id)?.ok_or(Failure::Missing)?;
    Ok((known, kept))
}

fn view(conn: &mut Conn, at: &Moment, kept: Kept) -> Result<MarkerView, Failure> {
    let name = people::find(conn, kept.marker.person)?.and_then(|person| person.name);
    let owner = users::find(conn, kept.marker.owner)?;
    Ok(MarkerView::of(
        kept,
        name,
        owner.map(|account| account.user.name),
        at.today(),
    ))
}

/// What is shown with the person and their cases is another now: whoever has read them reads again.
fn note(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    person: &Person,
    action: &str,
) -> Result<(), Failure> {
    let records = sameness::ids_of(tx, person.id)?;
    sameness::touch(tx, at, &records)?;
    let on = cases::of_people(tx, &records)?;
    cases::touch(tx, &on)?;
    append_audit(tx, at, actor, action, person.id)
}

fn check_may_set(actor: &Actor, kind: MarkerKind) -> Result<(), Failure> {
    let role = actor.user().map(|user| user.role);
    if role.is_some_and(|role| kind.may_be_set_by(role)) {
        return Ok(());
    }
    Err(Failure::forbidden(
        "role_may_not",
        format!(
            "A marker of the kind `{kind}` is placed, changed and ended by an officer. Ask one."
        ),
    ))
}

fn owner(conn: &mut Conn, actor: &Actor, owner: &Owner) -> Result<UserId, Failure> {
    let id = resolve_owner(conn, actor, owner)?;
    let account = match id {
        Some(id) => users::find(conn, id)?,
        None => None,
    };
    let works = |role: Role| MarkerKind::Vulnerable.may_be_set_by(role);
    account
        .filter(|account| works(account.user.role))
        .map(|account| account.user.id)
        .ok_or_else(|| {
            Failure::invalid(
                "/owner",
                "unknown_value",
                "A marker has an owner among the council's own staff. Name one, or `me`.",
            )
        })
}

fn review_on(at: &Moment, on: Date) -> Result<Date, Failure> {
    match check_review_on(on, at.today()) {
        Ok(()) => Ok(on),
        Err(why) => Err(Failure::Invalid(vec![Fault {
            pointer: "/review_on".to_owned(),
            code: "review_out_of_bounds",
            detail: why.to_string(),
        }])),
    }
}
