//! What is said back: the answer to whoever brought the contact in, the words an adviser reads out,
//! and the confirmation that goes to the person.

use jiff::SignedDuration;

use super::opening::Opened;
use super::{Entry, Received};
use crate::casework::desk::Moment;
use crate::casework::failure::Failure;
use crate::casework::incidents::{self, OnIt};
use crate::casework::letters::{self, ToPerson, Told};
use crate::casework::members;
use crate::domain::case::{Case, Procedure, Secrecy};
use crate::domain::notice::{PhoneLine, Says};
use crate::domain::wording::{self, ReadOut};
use crate::store::cases::Filed;
use crate::store::contacts::Contact;
use crate::store::people::Person;
use crate::store::{Tx, outbox};

pub(super) fn answer(at: &Moment, contact: Contact, case: Option<Filed>) -> Received {
    let phone = case.as_ref().map_or_else(
        || PhoneLine {
            number: at.council.catalogue.council.main_phone.clone(),
            hours: Some(at.council.catalogue.council.main_hours.in_words()),
        },
        |filed| letters::phone_line(at, &filed.case),
    );
    let read_out = case
        .as_ref()
        .map(|filed| read_out(at, &filed.case, &[]))
        .unwrap_or_default();
    Received {
        contact,
        case,
        readings: Vec::new(),
        linked: Vec::new(),
        is_joined: false,
        is_duplicate: false,
        person: None,
        access: None,
        possible_duplicates: Vec::new(),
        offers: Vec::new(),
        incidents: Vec::new(),
        read_out,
        what_happens: Vec::new(),
        phone,
        receipt: None,
        is_danger: false,
    }
}

pub(super) fn read_out(at: &Moment, case: &Case, what_happens: &[String]) -> String {
    if case.is_in_danger() {
        return wording::read_out_danger(&letters::emergency_line(at, case));
    }
    let phone = letters::phone_line(at, case);
    wording::read_out(&ReadOut {
        reference: &case.reference.to_string(),
        what_happens,
        phone: &phone.number,
        phone_hours: phone.hours.as_deref(),
    })
}

/// Tells the person that we have it; in danger, what to do now.
pub(super) fn confirm(
    tx: &mut Tx<'_>,
    at: &Moment,
    entry: &Entry,
    person: Option<&Person>,
    opened: &Opened,
    beside: Option<&Opened>,
    on_it: Option<&OnIt>,
) -> Result<(), Failure> {
    let case = &opened.filed.case;
    let visible_beside = beside.filter(|other| other.filed.case.secrecy != Secrecy::Restricted);
    let (says, meets) = letters::confirmation(
        at,
        case,
        &opened.terms,
        &opened.readings,
        visible_beside.map(|other| &other.filed.case),
    );
    let of_consent = match says.in_english() {
        Says::MemberConfirmation { .. } => members::needs_consent_words(tx, at, case)?,
        _ => Vec::new(),
    };
    let incident = on_it.filter(|_| {
        matches!(says.in_english(), Says::Confirmation { .. }) && case.secrecy == Secrecy::Ordinary
    });
    let says_incident = incident.is_some();
    let says = says.changed(|mut says, language| {
        match &mut says {
            Says::MemberConfirmation { what_happens, .. } => {
                what_happens.extend_from_slice(&of_consent);
            }
            Says::Confirmation { what_happens } => {
                what_happens.extend(incident.iter().flat_map(|on_it| on_it.sentences(language)));
            }
            _ => {}
        }
        says
    });
    let kind = match says.in_english() {
        Says::Danger { .. } => DANGER,
        _ => CONFIRMATION,
    };
    if has_had_enough(tx, at, person, kind)? {
        tracing::warn!(case.id = %case.id, "No confirmation for case {}: this address has had too many", case.id);
        return Ok(());
    }
    let telling = ToPerson {
        says,
        meets,
        dedupe_key: format!("confirmation:{}", case.id),
        thread: &entry.thread,
        send_at: at.now,
        is_automatic: true,
    };
    if !entry.confirms(&opened.terms) || case.is_in_danger() {
        let told = letters::tell_person(tx, at, case, person, telling)?;
        if let (Told::ByMail(notice) | Told::ByPost(notice), Some(person), Some(on_it)) =
            (told, person, on_it.filter(|_| says_incident))
        {
            incidents::note_heard(tx, at, on_it, case.id, person, notice)?;
        }
    }
    // A complaint opened beside a request has a receipt of its own, with its own dates.
    if let Some(other) = beside
        && other.filed.case.procedure == Procedure::Complaint
        && !case.is_in_danger()
    {
        let (says, meets) =
            letters::confirmation(at, &other.filed.case, &other.terms, &other.readings, None);
        let telling = ToPerson {
            says,
            meets,
            dedupe_key: format!("confirmation:{}", other.filed.case.id),
            thread: &entry.thread,
            send_at: at.now,
            is_automatic: true,
        };
        letters::tell_person(tx, at, &other.filed.case, person, telling)?;
    }
    Ok(())
}

/// Kinds of answers that are counted, each by itself: whoever has been told often that we have their
/// mail is told all the same whom to ring.
pub(super) const CONFIRMATION: &str = "confirmation";
pub(super) const DANGER: &str = "danger";

/// Ten automatic answers of a kind to one address in an hour are a conversation between machines.
pub(super) fn has_had_enough(
    tx: &mut Tx<'_>,
    at: &Moment,
    person: Option<&Person>,
    kind: &str,
) -> Result<bool, Failure> {
    let Some(email) = person.and_then(|person| person.email.as_deref()) else {
        return Ok(false);
    };
    let hour_ago = at.now - SignedDuration::from_hours(1);
    Ok(outbox::n_since(tx, email, Some(kind), hour_ago)? >= 10)
}
