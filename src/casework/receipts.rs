//! What whoever brought a contact in is told, and what they keep of it.

use super::desk::Moment;
use super::failure::Failure;
use super::letters;
use super::promises::terms_of;
use crate::domain::access::Actor;
use crate::domain::clock;
use crate::domain::notice::PhoneLine;
use crate::domain::wording::{self, Language, ReadOut};
use crate::store::Conn;
use crate::store::cases::Filed;
use crate::store::tracking::{self, Receipt};

/// Where a case stands, as it is said to the person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Whole sentences.
    pub what_happens: Vec<String>,
    /// The same with reference and number, to be read out.
    pub read_out: String,
    /// Staffed now.
    pub phone: PhoneLine,
}

/// What is said of a case that was there before: a contact joined it, or came a second time.
///
/// # Errors
/// When its terms cannot be read.
pub fn said(conn: &mut Conn, at: &Moment, filed: &Filed) -> Result<Said, Failure> {
    let case = &filed.case;
    if case.is_in_danger() {
        let number = letters::emergency_line(at, case);
        let words = wording::read_out_danger(&number);
        return Ok(Said {
            what_happens: vec![words.clone()],
            read_out: words,
            phone: PhoneLine {
                number,
                hours: None,
            },
        });
    }
    let terms = terms_of(conn, at, case)?;
    let readings = clock::read(&case.facts, &terms, at.now);
    let what_happens = letters::what_happens(at, case, &terms, &readings, Language::English);
    let phone = letters::phone_line(at, case);
    let read_out = wording::read_out(&ReadOut {
        reference: &case.reference.to_string(),
        what_happens: &what_happens,
        phone: &phone.number,
        phone_hours: phone.hours.as_deref(),
    });
    Ok(Said {
        what_happens,
        read_out,
        phone,
    })
}

/// What somebody keeps of the restricted cases they logged and may not see, newest first; at most
/// a hundred.
///
/// # Errors
/// When the database cannot be asked.
pub fn kept(conn: &mut Conn, actor: &Actor) -> Result<Vec<Receipt>, Failure> {
    Ok(tracking::receipts(conn, &actor.principal())?)
}
