//! On what footing a member asks, and whether they may be told about the person.

use crate::casework::desk::Moment;
use crate::casework::failure::Failure;
use crate::domain::case::{Case, Procedure};
use crate::domain::contact::Channel;
use crate::domain::enquiry::{Enquiry, Sender};
use crate::domain::lifecycle::Event;
use crate::domain::member::{self, Basis, Footing, Standing};
use crate::store::{Conn, events, people, users};

/// How a member's enquiry stands, by its timeline.
///
/// # Errors
/// When it cannot be read.
pub fn standing(conn: &mut Conn, case: &Case) -> Result<Standing, Failure> {
    let lines = events::of_kinds(conn, case.id, &Standing::KINDS)?;
    Ok(Standing::of(lines.iter().map(|(_, event)| event)))
}

/// Whether whoever asked may be told general things only: nobody has cleared it, or they are a
/// member no longer.
///
/// # Errors
/// When it cannot be read.
pub fn is_limited(conn: &mut Conn, at: &Moment, case: &Case) -> Result<bool, Failure> {
    if case.procedure != Procedure::MemberEnquiry {
        return Ok(false);
    }
    Ok(!standing(conn, case)?.is_clear() || has_left(conn, at, case)?)
}

/// Whether the member who asked is one no longer.
///
/// # Errors
/// When it cannot be read.
pub fn has_left(conn: &mut Conn, at: &Moment, case: &Case) -> Result<bool, Failure> {
    let Some(reporter) = case.reporter else {
        return Ok(false);
    };
    let email = people::find(conn, reporter)?.and_then(|person| person.email);
    let Some(account) = email.map_or(Ok(None), |email| users::find_by_email(conn, &email))? else {
        return Ok(false);
    };
    Ok(account.user.role == crate::domain::access::Role::Councillor
        && super::is_over(conn, at.today(), &account)?)
}

/// The first line of its kind on a new enquiry's timeline: what was read from the words it came with.
pub(in crate::casework) fn first_line(enquiry: &Enquiry) -> Event {
    let Footing { basis, why } = footing(enquiry);
    Event::BasisRecorded { basis, why }
}

fn footing(enquiry: &Enquiry) -> Footing {
    if !is_vouched_for(enquiry) {
        return Footing {
            basis: Basis::Unclear,
            why: "it came from an address we do not know as a member's".to_owned(),
        };
    }
    match &enquiry.on_behalf_of {
        Some(other) => match &other.consent {
            Some(how) => Footing {
                basis: Basis::ConsentAttached,
                why: format!("consent was given with it ({how})"),
            },
            None => Footing {
                basis: Basis::Unclear,
                why: "it was said for whom they ask, and not that they agree".to_owned(),
            },
        },
        None => member::read(&enquiry.subject, &enquiry.body),
    }
}

/// A name proves nothing: by mail and form, only an address that is a member's.
fn is_vouched_for(enquiry: &Enquiry) -> bool {
    match enquiry.channel {
        Channel::Email => matches!(enquiry.sender, Sender::Member { .. }),
        Channel::WebForm | Channel::Open311 | Channel::Social => false,
        _ => true,
    }
}

/// What a member reads in the confirmation while they may be told general things only.
///
/// # Errors
/// When it cannot be read.
pub(in crate::casework) fn needs_consent_words(
    conn: &mut Conn,
    at: &Moment,
    case: &Case,
) -> Result<Vec<String>, Failure> {
    if !is_limited(conn, at, case)? {
        return Ok(Vec::new());
    }
    Ok([
        "We can send you general information meanwhile.",
        "Before we write about a person, we need to know that they asked you or agree.",
        "Reply to this e-mail and tell us how they said so.",
    ]
    .map(str::to_owned)
    .to_vec())
}
