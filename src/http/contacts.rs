//! Logging a contact: an agent, a councillor, the night desk or a program says what somebody told
//! the council.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::access::Access;
use super::answer::Answer;
use super::call::Call;
use super::dto::contact::{ContactReceived, IdentityCheckGiven, NewContact};
use super::operation::{Operation, post};
use super::problem::Problem;
use super::{shape, strict_json};
use crate::casework::actions::{self, Target};
use crate::casework::identity::{self, Check};
use crate::casework::intake::{self, Entry, Received};
use crate::casework::views::case::{self, RelatedCase};
use crate::casework::{
    Conn, Failure, Fault, Filed, Moment, StoreError, Tx, incidents, letters, people, receipts,
};
use crate::channels::logged::{self, Member};
use crate::channels::{
    self,
    given::{Read, Unfit},
};
use crate::domain::access::{Act, Actor, Role, Scope, Verdict, may};
use crate::domain::case::{LinkKind, Secrecy};
use crate::domain::contact::{Channel, Direction, Disposition};
use crate::domain::enquiry::{Enquiry, Who};
use crate::domain::identity::is_spoken;
use crate::domain::ids::{CaseId, IncidentId};
use crate::domain::reference::ReferenceError;

/// Who may log what somebody told the council.
pub(super) fn who_may_log() -> Access {
    Access::staff(&[
        Role::Agent,
        Role::Officer,
        Role::TeamLeader,
        Role::HeadOfService,
        Role::Councillor,
        Role::Partner,
    ])
    .or_scope(Scope::ContactsWrite)
}

/// Its operations.
#[must_use]
pub fn operations() -> Vec<Operation> {
    vec![
        post("/v1/contacts", log_contact)
            .id("log_contact")
            .summary("Log what somebody told the council")
            .description(
                "It opens a case, or joins the one named by `case`. A councillor's contact always counts as \
                 `councillor`; the night desk's, and what comes by a key limited to the channel `out_of_hours`, as \
                 `out_of_hours`. What only a small team may see is answered with \
                 a `receipt` in place of `case`. The same `external_id` again answers 200 with what it made before.",
            )
            .tag("Intake")
            .access(who_may_log())
            .body::<NewContact>()
            .answers::<ContactReceived>(201, "The contact, and the case it opened or joined.")
            .answer_header("Location", "Where the case is, unless only a small team may see it.")
            .answers::<ContactReceived>(200, "It had been logged before under this `external_id`.")
            .refuses(&[409])
            .example_request(json!({
                "channel": "phone",
                "received_at": "2026-11-20T16:58:00Z",
                "subject": "Missed bin",
                "body": "The grey bin at number 14 was not emptied today.",
                "person": {
                    "name": "Ada Example", "kind": "resident", "email": "ada@mail.example", "phone": "01632 960123",
                    "address": {"lines": ["14 Larkfield Rise"], "postcode": "ZZ1 1AA", "uprn": "100000000001"},
                },
                "service": "waste-collection",
                "category": "missed-bin",
                "acknowledged": {"how": "spoken"},
            }))
            .example_response(json!({
                "contact": {
                    "id": "019a9f5e-7c00-7000-8000-000000000002", "channel": "phone",
                    "received_at": "2026-11-20T16:58:00Z", "counted_from_on": "2026-11-20",
                },
                "case": {
                    "id": "019a9f5e-7c00-7000-8000-000000000001", "reference": "4X7-K92-MQ3", "status": "new",
                    "waiting_for": null, "outcome": null, "subject": "Missed bin", "priority": "normal",
                    "secrecy": "ordinary", "procedure": "service_request", "stage": 1, "service": "waste-collection",
                    "category": "missed-bin", "queue": "waste-ops", "ward": "larkfield", "owner": null, "taken_by": null, "channel": "phone",
                    "received_at": "2026-11-20T16:58:00Z",
                    "acknowledge_by": "2026-11-23T17:00:00Z", "acknowledge_on": "2026-11-23",
                    "respond_by": "2026-11-24T17:00:00Z", "respond_on": "2026-11-24",
                    "respond_by_projected": false, "first_promised_on": "2026-11-24",
                    "routing": {
                        "rule": "category:missed-bin", "reason": "the category was chosen", "confidence": 1.0,
                        "candidates": [],
                    },
                    "version": 1,
                    "links": {
                        "self": "/v1/cases/019a9f5e-7c00-7000-8000-000000000001",
                        "timeline": "/v1/cases/019a9f5e-7c00-7000-8000-000000000001/timeline",
                        "clocks": "/v1/cases/019a9f5e-7c00-7000-8000-000000000001/clocks",
                    },
                },
                "joined": false,
                "person": {"id": "019a9f5e-7c00-7000-8000-000000000003"},
                "related_cases": [],
                "possible_duplicates": [],
                "offers": [],
                "known_incidents": [],
                "read_out": "Your reference is 4X7-K92-MQ3. We will collect it, or tell you why not, by 5pm on \
                    Tuesday 24 November 2026. To ask about it, ring 01632 960110, Monday to Friday, 8.30am to 5pm.",
                "warnings": [],
                "tracking": {
                    "url": "https://contact.council.example/track/rvt_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                    "token": "rvt_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                },
            })),
    ]
}

async fn log_contact(call: Call) -> Result<Answer, Problem> {
    let (sent, faults) = read_as_far_as_it_fits::<NewContact>(&call)?;
    let actor = call.actor.clone();
    call.commit(
        move |tx, at| log(tx, at, &actor, &sent, &faults),
        |received| {
            let status = if received.duplicate.is_some() {
                200
            } else {
                201
            };
            let answer = Answer::json(status, received);
            match &received.case {
                Some(case) if status == 201 => {
                    answer.with_header("location", case.links.itself.clone())
                }
                _ => answer,
            }
        },
    )
    .await
}

/// What would become of a contact: it is logged, looked at and undone in one transaction, so that the
/// dates and words are those that logging it gives. The reference is none: it is drawn when it is saved.
///
/// # Errors
/// As logging it.
pub async fn look(call: Call) -> Result<Answer, Problem> {
    let (sent, faults) = read_as_far_as_it_fits::<NewContact>(&call)?;
    let actor = call.actor.clone();
    let seen = call
        .perform(move |tx, at| {
            let looked: Result<(), Looked> =
                tx.attempt(|tx| match log(tx, at, &actor, &sent, &faults) {
                    Ok(received) => Err(Looked::Seen(Box::new(received))),
                    Err(failure) => Err(Looked::Failed(failure)),
                });
            match looked {
                Err(Looked::Seen(received)) => Ok(received),
                Err(Looked::Failed(failure)) => Err(failure),
                Ok(()) => Err(Failure::Fault(anyhow::anyhow!("a look was kept"))),
            }
        })
        .await?;
    Ok(Answer::ok(&*seen))
}

/// How a look ends: never well, so that nothing of it stays.
enum Looked {
    Seen(Box<ContactReceived>),
    Failed(Failure),
}

impl From<StoreError> for Looked {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

fn log(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    sent: &NewContact,
    faults: &[Fault],
) -> Result<ContactReceived, Failure> {
    let (enquiry, case) = read_logged(tx, at, actor, sent, faults)?;
    let entry = Entry {
        case,
        incident: sent.incident.map(|id| IncidentId(id.0)),
        ..Entry::by(actor.clone())
    };
    let mut received = intake::receive(tx, at, &enquiry, &entry)?;
    let not_on_it = put_on_incident(tx, at, &entry, &mut received)?;
    if let Some(check) = &sent.identity_check {
        record_check(tx, at, actor, &mut received, check)?;
    }
    let mut answered = answer_for(tx, at, actor, received)?;
    answered
        .warnings
        .extend(channels::reminder(&enquiry).map(str::to_owned));
    answered.warnings.extend(not_on_it);
    Ok(answered)
}

/// Reads a body although parts of it do not fit: those are named, struck out, and the rest is
/// looked at all the same, so that a form is sent back once.
pub(super) fn read_as_far_as_it_fits<T>(call: &Call) -> Result<(T, Vec<Fault>), Problem>
where
    T: DeserializeOwned + JsonSchema + 'static,
{
    as_far_as_it_fits(strict_json::read(&call.body)?).map_err(Problem::invalid)
}

/// The same for a document that was read.
pub(super) fn as_far_as_it_fits<T>(sent: Value) -> Result<(T, Vec<Fault>), Vec<Fault>>
where
    T: DeserializeOwned + JsonSchema + 'static,
{
    let faults = match shape::fit(sent.clone()) {
        Ok(fitting) => return Ok((fitting, Vec::new())),
        Err(faults) => faults,
    };
    let (mut narrowly, mut widely) = (sent.clone(), sent);
    for fault in &faults {
        strike_out(&mut narrowly, &fault.pointer);
        let member = fault.pointer.split('/').nth(1).unwrap_or_default();
        strike_out(&mut widely, &format!("/{member}"));
    }
    match shape::fit(narrowly).or_else(|_| shape::fit(widely)) {
        Ok(fitting) => Ok((fitting, faults)),
        Err(_) => Err(faults),
    }
}

/// The enquiry somebody logged and the case they say it joins.
///
/// # Errors
/// Everything in it that cannot be meant, `faults` included; forbidden when the key may not bring
/// in contacts of this channel.
pub(super) fn read_logged(
    conn: &mut Conn,
    at: &Moment,
    actor: &Actor,
    sent: &NewContact,
    faults: &[Fault],
) -> Result<(Enquiry, Option<CaseId>), Failure> {
    let Read {
        mut enquiry,
        faults: unfit,
    } = logged::read(sent.clone().into_logged(), at.now);
    match actor.user() {
        Some(user) if user.role == Role::Councillor => {
            logged::raised_by(
                Member {
                    name: &user.name,
                    email: &user.email,
                },
                &mut enquiry,
            );
        }
        _ if actor.is_night_desk() => enquiry.channel = Channel::OutOfHours,
        _ => {}
    }
    intake::check_channel(actor, enquiry.channel)?;
    let mut found = together(faults, unfit);
    let case = match sent
        .case
        .as_deref()
        .map(|case| find_case(conn, at, actor, case))
        .transpose()?
    {
        Some(Ok(case)) => Some(case),
        Some(Err(fault)) => {
            found.push(fault);
            None
        }
        None => None,
    };
    found.extend(check_speaks_for_us(conn, actor, &enquiry, case)?);
    if let Who::Known(person) = enquiry.who
        && !is_known(people::find_for(conn, at, actor, person))?
    {
        let detail = "There is no person with this id, or none you may look up.".to_owned();
        found.push(Fault {
            pointer: "/person_id".to_owned(),
            code: "unknown_value",
            detail,
        });
    }
    found.extend(check_access_point(at, &enquiry));
    found.extend(check_incident(conn, sent)?);
    refuse_all(at, &enquiry, found)?;
    Ok((enquiry, case))
}

/// That the council spoke to somebody, which keeps promises, is said by those who work for it: a member
/// never, a partner or a key of what it opens, and of a case it works.
fn check_speaks_for_us(
    conn: &mut Conn,
    actor: &Actor,
    enquiry: &Enquiry,
    case: Option<CaseId>,
) -> Result<Option<Fault>, Failure> {
    let pointer = if enquiry.direction == Direction::Outbound {
        "/direction"
    } else if enquiry.acknowledged.is_some() {
        "/acknowledged"
    } else {
        return Ok(None);
    };
    let speaks = match actor.user().map(|user| user.role) {
        Some(Role::Agent | Role::Officer | Role::TeamLeader | Role::HeadOfService) => true,
        Some(Role::Councillor | Role::Auditor | Role::Admin) => false,
        Some(Role::Partner) | None => match case {
            None => true,
            Some(id) => match actions::find(conn, actor, &Target::Id(id), Act::Work) {
                Ok(_) => true,
                Err(Failure::Missing | Failure::Forbidden { .. }) => false,
                Err(other) => return Err(other),
            },
        },
    };
    let detail = format!(
        "Only who works the case can say that the council spoke to the person. Leave out `{}`: what was said is \
         kept without it.",
        pointer.trim_start_matches('/')
    );
    Ok((!speaks).then(|| Fault {
        pointer: pointer.to_owned(),
        code: "not_allowed",
        detail,
    }))
}

/// Refuses when there is anything to refuse, and then names everything the catalogue says no to as
/// well.
pub(super) fn refuse_all(
    at: &Moment,
    enquiry: &Enquiry,
    mut faults: Vec<Fault>,
) -> Result<(), Failure> {
    if faults.is_empty() {
        return Ok(());
    }
    if let Err(Failure::Invalid(more)) = intake::trial(at, enquiry) {
        faults.extend(more);
    }
    Err(Failure::Invalid(faults))
}

/// Faults of the shape and of what is meant by it, without saying that something is lacking where
/// it was struck out.
pub(super) fn together(faults: &[Fault], unfit: Vec<Unfit>) -> Vec<Fault> {
    let was_struck = |pointer: &str| {
        faults
            .iter()
            .any(|fault| fault.pointer.starts_with(pointer))
    };
    let unfit = unfit.into_iter().filter(|one| {
        let says_lacking = one.code == "missing_field";
        !(says_lacking
            && (was_struck(&one.pointer) || (one.pointer == "/body" && was_struck("/subject"))))
    });
    let mut all = faults.to_vec();
    all.extend(unfit.map(|one| Fault {
        pointer: one.pointer,
        code: one.code,
        detail: one.detail,
    }));
    all
}

/// What is answered to whoever logged it, and nothing they may not know of.
pub(super) fn answer_for(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    mut received: Received,
) -> Result<ContactReceived, Failure> {
    if let Some(filed) = &received.case
        && (received.is_joined || received.is_duplicate)
        && received.receipt.is_none()
    {
        let said = receipts::said(tx, at, filed)?;
        received.read_out = said.read_out;
        // Whoever repeats what opened the case is whoever has the link already.
        if received.is_duplicate && received.contact.disposition == Disposition::Opened {
            received.access = Some(letters::link_for(
                tx,
                at,
                filed.case.id,
                received.contact.person,
            )?);
        }
    }
    received.linked.retain(|filed| may_be_named(actor, filed));
    let related = received.linked.iter().map(related).collect();
    let case = match &received.case {
        Some(filed) if received.is_duplicate => Some(case::view_again(tx, at, actor, filed)?),
        Some(filed) => Some(case::view(tx, filed)?),
        None => None,
    };
    let is_told_of_another =
        received.is_joined || received.contact.direction == Direction::Outbound;
    let warnings = match &received.case {
        Some(filed) if is_told_of_another && is_spoken(received.contact.channel) => {
            identity::warnings(tx, at, &filed.case, Some(received.contact.id))?
        }
        _ => Vec::new(),
    };
    let mut answered = ContactReceived {
        warnings,
        ..ContactReceived::of(at, &received, case, related)
    };
    if answered.person.is_none()
        && received.receipt.is_none()
        && (received.case.is_some() || received.contact.case.is_none())
        && let Some(person) = received.contact.person
    {
        answered.person = Some(super::dto::contact::PersonLink {
            id: person.0.into(),
        });
    }
    Ok(answered)
}

/// A case that was there is put on the incident too. What says no to that does not undo what was logged:
/// whoever logs it is told.
fn put_on_incident(
    tx: &mut Tx<'_>,
    at: &Moment,
    entry: &Entry,
    received: &mut Received,
) -> Result<Option<String>, Failure> {
    let Some(incident) = entry.incident.filter(|_| !received.is_duplicate) else {
        return Ok(None);
    };
    if received.receipt.is_some() {
        return Ok(Some(
            "It was not put on the incident: only a small team may know of it.".to_owned(),
        ));
    }
    let Some(filed) = received.case.as_ref().filter(|_| received.is_joined) else {
        return Ok(None);
    };
    let target = Target::Id(filed.case.id);
    match incidents::attach(tx, at, &entry.actor, &target, incident) {
        Ok(settled) => {
            received.case = Some(settled.filed);
            Ok(None)
        }
        Err(
            why @ (Failure::Missing
            | Failure::Forbidden { .. }
            | Failure::Conflict { .. }
            | Failure::Refused(_)),
        ) => Ok(Some(format!("The case was not put on the incident. {why}"))),
        Err(other) => Err(other),
    }
}

/// The incident that was named must be there, and go on.
fn check_incident(conn: &mut Conn, sent: &NewContact) -> Result<Option<Fault>, Failure> {
    let Some(id) = sent.incident else {
        return Ok(None);
    };
    let (code, detail) = match incidents::find(conn, IncidentId(id.0)) {
        Ok(incident) if incident.is_open() => return Ok(None),
        Ok(_) => ("incident_ended", "This incident is over. Leave it out."),
        Err(Failure::Missing) => ("unknown_value", "There is no incident with this id."),
        Err(other) => return Err(other),
    };
    Ok(Some(Fault {
        pointer: "/incident".to_owned(),
        code,
        detail: detail.to_owned(),
    }))
}

/// Who was speaking has been asked to show who they are.
fn record_check(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    received: &mut Received,
    given: &IdentityCheckGiven,
) -> Result<(), Failure> {
    let Some(filed) = received.case.as_ref().filter(|_| !received.is_duplicate) else {
        return Ok(());
    };
    let check = Check {
        how: given.how,
        result: given.result,
        asked: given.asked.clone(),
        contact: Some(received.contact.id),
    };
    let target = Target::Id(filed.case.id);
    let settled = match identity::record(tx, at, actor, &target, &check) {
        Err(Failure::Missing) => {
            return Err(Failure::invalid(
                "/identity_check",
                "cannot_be_kept",
                "A check is kept on the case, and you may not see this one. Leave it out.",
            ));
        }
        other => other?,
    };
    received.case = Some(settled.filed);
    Ok(())
}

/// A case beside theirs may be named to them unless it is restricted and not theirs to see.
fn may_be_named(actor: &Actor, filed: &Filed) -> bool {
    filed.case.secrecy != Secrecy::Restricted
        || may(actor, Act::Read, &filed.case, false) == Verdict::Allow
}

fn related(filed: &Filed) -> RelatedCase {
    RelatedCase {
        id: filed.case.id.0,
        reference: filed.case.reference.to_string(),
        kind: LinkKind::About,
        service: filed.case.service.clone(),
        procedure: filed.case.procedure,
        status: filed.case.status,
    }
}

pub(super) fn find_case(
    conn: &mut Conn,
    at: &Moment,
    actor: &Actor,
    text: &str,
) -> Result<Result<CaseId, Fault>, Failure> {
    let fault = |code, detail: String| Fault {
        pointer: "/case".to_owned(),
        code,
        detail,
    };
    let unknown = || {
        fault(
            "unknown_value",
            "There is no case of this id or reference, or none you may see.".to_owned(),
        )
    };
    let alias = at.council.catalogue.council.alias_pattern();
    let alias = alias.as_deref();
    let target = match Target::parse(text, alias) {
        Ok(target) => target,
        Err(mistyped @ ReferenceError::Mistyped) => {
            return Ok(Err(fault("reference_mistyped", format!("{mistyped}."))));
        }
        Err(ReferenceError::NotAReference) => return Ok(Err(unknown())),
    };
    match actions::find(conn, actor, &target, Act::Read) {
        Ok(filed) => Ok(Ok(filed.case.id)),
        Err(Failure::Missing | Failure::Forbidden { .. }) => Ok(Err(unknown())),
        Err(other) => Err(other),
    }
}

fn check_access_point(at: &Moment, enquiry: &Enquiry) -> Option<Fault> {
    let given = enquiry.access_point.as_deref()?;
    let points = &at.council.catalogue.access_points;
    if points.iter().any(|point| point.slug == given) {
        return None;
    }
    let known: Vec<&str> = points.iter().map(|point| point.slug.as_str()).collect();
    Some(Fault {
        pointer: "/access_point".to_owned(),
        code: "unknown_value",
        detail: format!(
            "There is no access point `{given}`; there are: {}.",
            known.join(", ")
        ),
    })
}

fn is_known<T>(found: Result<T, Failure>) -> Result<bool, Failure> {
    match found {
        Ok(_) => Ok(true),
        Err(Failure::Missing) => Ok(false),
        Err(other) => Err(other),
    }
}

/// Takes one member out of a document.
fn strike_out(document: &mut Value, pointer: &str) {
    let Some((parent, name)) = pointer.rsplit_once('/') else {
        return;
    };
    let name = name.replace("~1", "/").replace("~0", "~");
    match document.pointer_mut(parent) {
        Some(Value::Object(members)) => {
            members.shift_remove(&name);
        }
        // An entry of a list cannot go without moving the others: the list goes.
        Some(Value::Array(_)) => strike_out(document, parent),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_struck_out_and_the_rest_stays() {
        let check = |pointer: &str, expect: Value| {
            let mut document = json!({"a": {"b": 1, "c/d": 2}, "e": ["x", "y"]});
            strike_out(&mut document, pointer);
            assert_eq!(document, expect, "{pointer}");
        };
        check("/a/b", json!({"a": {"c/d": 2}, "e": ["x", "y"]}));
        check("/a/c~1d", json!({"a": {"b": 1}, "e": ["x", "y"]}));
        check("/e/1", json!({"a": {"b": 1, "c/d": 2}}));
        check("/z", json!({"a": {"b": 1, "c/d": 2}, "e": ["x", "y"]}));
        check("", json!({"a": {"b": 1, "c/d": 2}, "e": ["x", "y"]}));
    }

    #[test]
    fn a_subject_that_is_too_long_is_not_also_said_to_be_missing() {
        let fault = |pointer: &str, code| Fault {
            pointer: pointer.to_owned(),
            code,
            detail: String::new(),
        };
        let unfit = |pointer: &str, code| Unfit {
            pointer: pointer.to_owned(),
            code,
            detail: String::new(),
        };
        let all = together(
            &[fault("/subject", "too_long")],
            vec![
                unfit("/body", "missing_field"),
                unfit("/person/phone", "bad_format"),
            ],
        );
        let all: Vec<&str> = all.iter().map(|fault| fault.pointer.as_str()).collect();
        assert_eq!(all, ["/subject", "/person/phone"]);
    }
}
