//! A web form, sent in: held against what it may say and answered at once, and never sent back to
//! somebody who says that there is danger now.

use serde_json::{Value, json};

use super::answer::Answer;
use super::call::Call;
use super::contacts::{as_far_as_it_fits, read_as_far_as_it_fits, refuse_all, together};
use super::dto::contact::TrackingObject;
use super::dto::public::{LeftOut, PublicContact, PublicReceipt};
use super::problem::Problem;
use super::{shape, strict_json};
use crate::casework::actions::{self, Target};
use crate::casework::intake::{self, Entry, Received};
use crate::casework::receipts::{self, Said};
use crate::casework::{Failure, Fault, Filed, Moment, Tx, letters};
use crate::channels::given::Read;
use crate::channels::web_form;
use crate::domain::access::{Act, Actor};
use crate::domain::case::Secrecy;
use crate::domain::contact::Disposition;
use crate::domain::enquiry::Enquiry;
use crate::domain::wording;

/// Takes a web form in; in danger, whatever else is wrong in it.
///
/// # Errors
/// Everything in it that cannot be meant; whom to ring, where somebody may be in danger.
pub(super) async fn send_form(call: Call) -> Result<Answer, Problem> {
    match declared_danger(&call.body) {
        Declared::No => take_sent(&call).await,
        Declared::Yes => take_in_danger(&call)
            .await
            .map_err(|why| ring_instead(&call, why)),
        // What cannot be read may have said yes.
        Declared::Unreadable => take_sent(&call)
            .await
            .map_err(|why| ring_instead(&call, why)),
    }
}

async fn take_sent(call: &Call) -> Result<Answer, Problem> {
    let (form, faults) = read_as_far_as_it_fits::<PublicContact>(call)?;
    take_form(call, form, faults, answer_of).await
}

/// Takes a form in, whoever shows it, and keeps the answer to it under its key. `faults` are those of its
/// shape.
///
/// # Errors
/// Everything that stands against it.
pub async fn take_form<A>(
    call: &Call,
    form: PublicContact,
    faults: Vec<Fault>,
    answer: A,
) -> Result<Answer, Problem>
where
    A: Fn(&PublicReceipt) -> Answer + Send + 'static,
{
    note_hidden_field(&form);
    let actor = sender_of(call);
    let faults = [faults, refuse_without_key(&actor, &form)].concat();
    call.commit(
        move |tx, at| {
            let (enquiry, faults) = read_form(at, &form, &faults);
            refuse_all(at, &enquiry, faults)?;
            take_enquiry(tx, at, &actor, &enquiry)
        },
        answer,
    )
    .await
}

/// A form as far as it is filled in, and everything that stands against it. Nothing is written.
///
/// # Errors
/// The faults alone, where no form can be made of it at all.
pub fn look_over(at: &Moment, sent: Value) -> Result<(PublicContact, Vec<Fault>), Vec<Fault>> {
    let (form, faults) = as_far_as_it_fits::<PublicContact>(sent)?;
    let (enquiry, mut faults) = read_form(at, &form, &faults);
    if let Err(Failure::Invalid(more)) = intake::check(at, &enquiry) {
        faults.extend(more);
    }
    Ok((form, faults))
}

/// What a form means, and what stands against it before the catalogue is asked.
fn read_form(at: &Moment, form: &PublicContact, faults: &[Fault]) -> (Enquiry, Vec<Fault>) {
    let Read {
        enquiry,
        faults: unfit,
    } = web_form::read(form.clone().into_form(), at.now);
    let mut faults = together(faults, unfit);
    let struck = |pointer: &str| faults.iter().any(|fault| fault.pointer == pointer);
    if !struck("/fields") {
        faults.extend(intake::unanswered(at, &enquiry));
    }
    (enquiry, faults)
}

/// Takes a form whose sender says that somebody is in danger now. Nothing in it is a reason to send it
/// back: what cannot be meant is left out, and said to be.
async fn take_in_danger(call: &Call) -> Result<Answer, Problem> {
    let (mut form, mut left_out) = match read_as_far_as_it_fits::<PublicContact>(call) {
        Ok(read) => read,
        Err(why) => (shape::fit(json!({})).map_err(Problem::invalid)?, why.errors),
    };
    form.danger = true;
    note_hidden_field(&form);
    let actor = sender_of(call);
    left_out.extend(refuse_without_key(&actor, &form));
    loop {
        let (form, actor, faults) = (form.clone(), actor.clone(), left_out.clone());
        let taken = call
            .commit(
                move |tx, at| {
                    let Read {
                        mut enquiry,
                        faults: unfit,
                    } = web_form::read(form.clone().into_form(), at.now);
                    let unfit = unfit.into_iter().filter(|one| one.code != "missing_field");
                    let mut faults = faults.clone();
                    faults.extend(unfit.map(Fault::from));
                    for fault in &faults {
                        web_form::leave_out(&mut enquiry, &fault.pointer, at.now);
                    }
                    let mut receipt = take_enquiry(tx, at, &actor, &enquiry)?;
                    receipt.left_out = faults.into_iter().map(LeftOut::from).collect();
                    Ok(receipt)
                },
                answer_of,
            )
            .await;
        let why = match taken {
            Ok(answer) => return Ok(answer),
            Err(why) => why,
        };
        let more = reasons_to_leave_out(&why);
        let is_news = |fault: &Fault| left_out.iter().all(|known| known.pointer != fault.pointer);
        if !more.iter().any(is_news) {
            return Err(why);
        }
        left_out.extend(more);
    }
}

/// What a refusal names in the form.
fn reasons_to_leave_out(why: &Problem) -> Vec<Fault> {
    if why.code == "external_id_taken" {
        return vec![Fault {
            pointer: "/external_id".to_owned(),
            code: why.code,
            detail: why.detail.clone(),
        }];
    }
    why.errors.clone()
}

fn take_enquiry(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    enquiry: &Enquiry,
) -> Result<PublicReceipt, Failure> {
    let entry = Entry {
        is_silent: enquiry.hidden_field_filled,
        ..Entry::by(actor.clone())
    };
    let received = intake::receive(tx, at, enquiry, &entry)?;
    receipt_for(tx, at, &received)
}

fn answer_of(receipt: &PublicReceipt) -> Answer {
    let status = if receipt.duplicate.is_some() {
        200
    } else {
        201
    };
    Answer::json(status, receipt)
}

/// Whoever else has signed in sends a form as anybody does.
fn sender_of(call: &Call) -> Actor {
    match &call.actor {
        key @ Actor::Key(_) => key.clone(),
        _ => Actor::Anonymous {
            address: call.address.clone(),
        },
    }
}

fn note_hidden_field(form: &PublicContact) {
    if form
        .website
        .as_deref()
        .is_some_and(|website| !website.trim().is_empty())
    {
        metrics::counter!("reeve_forms_with_hidden_field_filled_total").increment(1);
    }
}

/// Whether a form says that somebody is in danger now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Declared {
    Yes,
    No,
    Unreadable,
}

/// Read before anything else of the form, and more generously: a website may send its answer as a word.
fn declared_danger(body: &[u8]) -> Declared {
    let Ok(Value::Object(form)) = strict_json::read(body) else {
        return Declared::Unreadable;
    };
    let is_yes = match form.get("danger") {
        Some(Value::Bool(is_yes)) => *is_yes,
        Some(Value::Number(number)) => number.as_u64() == Some(1),
        Some(Value::String(word)) => {
            let word = word.trim().to_lowercase();
            ["true", "yes", "y", "1", "on", "ie", "ydw", "oes"].contains(&word.as_str())
        }
        _ => false,
    };
    if is_yes { Declared::Yes } else { Declared::No }
}

/// A refusal to somebody who may be in danger says first whom to ring.
fn ring_instead(call: &Call, why: Problem) -> Problem {
    let council = call.front.desk.council();
    let number = &council.catalogue.council.emergency_phone;
    let detail = format!("{} {}", wording::read_out_danger(number), why.detail);
    Problem { detail, ..why }
}

/// What only a website with a key may say.
fn refuse_without_key(actor: &Actor, form: &PublicContact) -> Vec<Fault> {
    if matches!(actor, Actor::Key(_)) {
        return Vec::new();
    }
    let fields = [
        ("/received_at", form.received_at.is_some()),
        ("/external_id", form.external_id.is_some()),
    ];
    fields
        .into_iter()
        .filter(|(_, is_given)| *is_given)
        .map(|(pointer, _)| Fault {
            pointer: pointer.to_owned(),
            code: "key_needed",
            detail: "Only a website with a key may send this.".to_owned(),
        })
        .collect()
}

/// What the person is told at once.
fn receipt_for(
    tx: &mut Tx<'_>,
    at: &Moment,
    received: &Received,
) -> Result<PublicReceipt, Failure> {
    // The form's sender may not see cases; what a repeat made is told to them once more.
    let filed = match (&received.case, received.contact.case) {
        (Some(filed), _) => Some(filed.clone()),
        (None, Some(id)) if received.is_duplicate => Some(actions::find(
            tx,
            &Actor::System,
            &Target::Id(id),
            Act::Read,
        )?),
        (None, _) => None,
    };
    let duplicate = received.is_duplicate.then_some(true);
    let open = filed
        .filter(|filed| filed.case.secrecy != Secrecy::Restricted && !filed.case.is_in_danger());
    match open {
        Some(filed) if !received.is_danger => {
            let mut access = received.access.clone();
            if received.is_duplicate && received.contact.disposition == Disposition::Opened {
                access = Some(letters::link_for(
                    tx,
                    at,
                    filed.case.id,
                    received.contact.person,
                )?);
            }
            let said = receipts::said(tx, at, &filed)?;
            let tracking = access.map(|access| TrackingObject {
                url: access.url,
                token: access.token,
            });
            Ok(told(&filed, said, tracking, duplicate))
        }
        _ => {
            let number = number_to_ring(at, received);
            Ok(PublicReceipt {
                reference: None,
                acknowledge_by: None,
                acknowledge_on: None,
                respond_by: None,
                respond_on: None,
                what_happens_next: vec![
                    "We have your message.".to_owned(),
                    wording::read_out_danger(&number),
                ],
                phone: number,
                phone_hours: None,
                tracking: None,
                duplicate,
                left_out: Vec::new(),
            })
        }
    }
}

fn told(
    filed: &Filed,
    said: Said,
    tracking: Option<TrackingObject>,
    duplicate: Option<bool>,
) -> PublicReceipt {
    let dates = &filed.dates;
    PublicReceipt {
        reference: Some(filed.case.reference.to_string()),
        acknowledge_by: dates.acknowledge_by.map(Into::into),
        acknowledge_on: dates.acknowledge_on.map(Into::into),
        respond_by: dates.respond_by.map(Into::into),
        respond_on: dates.respond_on.map(Into::into),
        what_happens_next: said.what_happens,
        phone: said.phone.number,
        phone_hours: said.phone.hours,
        tracking,
        duplicate,
        left_out: Vec::new(),
    }
}

/// The emergency line that is open now.
fn number_to_ring(at: &Moment, received: &Received) -> String {
    match (&received.receipt, &received.case) {
        (Some(receipt), _) => receipt.number_to_ring.clone(),
        (None, Some(filed)) => letters::emergency_line(at, &filed.case),
        (None, None) => at.council.catalogue.council.emergency_phone.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(value: serde_json::Value) -> PublicContact {
        crate::http::shape::fit(value).unwrap()
    }

    #[test]
    fn only_a_website_with_a_key_may_say_when_a_form_came() {
        let anybody = Actor::Anonymous {
            address: "192.0.2.1".to_owned(),
        };
        let check = |value: serde_json::Value, expect: &[&str]| {
            let faults = refuse_without_key(&anybody, &form(value));
            let pointers: Vec<&str> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
            assert_eq!(pointers, expect);
        };
        check(json!({"body": "x", "website": "http://spam.example"}), &[]);
        check(
            json!({"body": "x", "external_id": "web-1", "received_at": "2026-11-20T16:58:00Z"}),
            &["/received_at", "/external_id"],
        );
    }

    #[test]
    fn a_form_says_danger_in_whatever_form_its_website_sends_yes() {
        let check =
            |body: &str, expect| assert_eq!(declared_danger(body.as_bytes()), expect, "{body}");
        check(r#"{"danger": true}"#, Declared::Yes);
        check(r#"{"danger": "Yes"}"#, Declared::Yes);
        check(r#"{"danger": 1}"#, Declared::Yes);
        check(r#"{"danger": false, "body": "x"}"#, Declared::No);
        check(r#"{"danger": "no"}"#, Declared::No);
        check(r#"{"body": "x"}"#, Declared::No);
        check(r#"{"danger": true"#, Declared::Unreadable);
        check("danger", Declared::Unreadable);
    }
}
