//! To whom an officer's words go: the people of the case, or addresses the officer names. One that is on
//! nobody of the case is asked about before anything is written, because a mail that went to the wrong
//! person does not come back.

use crate::casework::failure::{Failure, Fault};
use crate::casework::people::{reaching, sameness};
use crate::domain::addresses;
use crate::domain::case::{Case, ReplyKind};
use crate::domain::lifecycle::Command;
use crate::domain::person::email_address;
use crate::domain::person::reach::Withheld;
use crate::store::people::{self, Person};
use crate::store::{Conn, cases};

use super::answering::people_to_answer;

/// The addresses an officer names for their words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recipients {
    /// In place of those who are answered; nobody named leaves it to them.
    pub to: Vec<String>,
    /// Besides.
    pub cc: Vec<String>,
    /// Addresses on nobody of the case that are meant all the same.
    pub confirmed: Vec<String>,
}

/// To whom it goes.
#[derive(Debug, Clone, Default)]
pub(super) struct Addressed {
    /// People of the case, each with the address it goes to.
    pub people: Vec<Person>,
    /// Confirmed addresses that are on nobody of the case.
    pub strangers: Vec<String>,
    /// Whether the officer named anybody.
    pub is_named: bool,
}

impl Recipients {
    /// Whether it is left to the case.
    #[must_use]
    pub fn is_default(&self) -> bool {
        self.to.is_empty() && self.cc.is_empty()
    }
}

/// Finds out to whom a command's words go.
///
/// # Errors
/// What is no address; a conflict where one is on nobody of the case and nobody has confirmed it, or where
/// mail cannot reach it.
pub(super) fn address(
    conn: &mut Conn,
    case: &Case,
    command: &Command,
    recipients: &Recipients,
) -> Result<Addressed, Failure> {
    let answered = people_to_answer(conn, case)?;
    if recipients.is_default() {
        return Ok(Addressed {
            people: answered,
            ..Addressed::default()
        });
    }
    let known = addresses_of(conn, case)?;
    let mut addressed = Addressed {
        is_named: true,
        ..Addressed::default()
    };
    if recipients.to.is_empty() {
        addressed.people.clone_from(&answered);
    }
    let confirmed = read_all("/confirmed_recipients", &recipients.confirmed)?;
    let mut unconfirmed = Vec::new();
    let to = read_all("/to", &recipients.to)?;
    let cc = read_all("/cc", &recipients.cc)?;
    for email in to.into_iter().chain(cc) {
        match known.iter().find(|(own, _)| *own == email) {
            Some((_, person)) => {
                check_reachable(conn, person, &email)?;
                let is_there = addressed
                    .people
                    .iter()
                    .any(|one| one.id == person.id && one.email.as_ref() == Some(&email));
                if !is_there {
                    addressed.people.push(at_address(person, &email));
                }
            }
            None if confirmed.contains(&email) => {
                if people::is_bouncing(conn, &email)? {
                    return Err(unreachable(&email, "mail to it comes back"));
                }
                if !addressed.strangers.contains(&email) {
                    addressed.strangers.push(email);
                }
            }
            None => unconfirmed.push(email),
        }
    }
    if !unconfirmed.is_empty() {
        return Err(unconfirmed_recipients(&unconfirmed, &known));
    }
    check_answers_somebody(command, &answered, &addressed)?;
    Ok(addressed)
}

/// An answer that meets the promise goes to somebody it was promised to.
fn check_answers_somebody(
    command: &Command,
    answered: &[Person],
    addressed: &Addressed,
) -> Result<(), Failure> {
    let is_an_answer = matches!(
        command,
        Command::Reply {
            kind: ReplyKind::Substantive,
            ..
        }
    );
    let reaches = |one: &Person| addressed.people.iter().any(|person| person.id == one.id);
    if !is_an_answer || answered.is_empty() || answered.iter().any(reaches) {
        return Ok(());
    }
    Err(Failure::invalid(
        "/to",
        "answers_nobody",
        "A substantive reply answers the person: name them in `to` and others in `cc`, or send it as `holding`.",
    ))
}

/// Every address by which somebody on the case is known.
fn addresses_of(conn: &mut Conn, case: &Case) -> Result<Vec<(String, Person)>, Failure> {
    let mut known = Vec::new();
    for (id, _, _) in cases::people(conn, case.id)? {
        let Some(person) = people::find(conn, id)? else {
            continue;
        };
        let mut own = Vec::new();
        for record in sameness::records_of(conn, id)? {
            own.extend(people::emails_of(conn, record.id)?);
            own.extend(record.email);
        }
        own.sort();
        own.dedup();
        known.extend(own.into_iter().map(|email| (email, person.clone())));
    }
    Ok(known)
}

fn read_all(pointer: &str, given: &[String]) -> Result<Vec<String>, Failure> {
    let mut read = Vec::with_capacity(given.len());
    let mut faults = Vec::new();
    for (place, text) in given.iter().enumerate() {
        match email_address(text) {
            Some(email) => read.push(email),
            None => faults.push(Fault {
                pointer: format!("{pointer}/{place}"),
                code: "bad_format",
                detail: "This is no e-mail address: name@domain.example.".to_owned(),
            }),
        }
    }
    if faults.is_empty() {
        Ok(read)
    } else {
        Err(Failure::Invalid(faults))
    }
}

fn check_reachable(conn: &mut Conn, person: &Person, email: &str) -> Result<(), Failure> {
    let reach = reaching::reach_of(conn, person)?;
    match reach.still_admits_mail(email, false) {
        Ok(()) => {}
        Err(Withheld::Deceased) => return Err(unreachable(email, "its holder has died")),
        Err(Withheld::SafeContact) => {
            return Err(unreachable(
                email,
                "its holder may be reached only in other ways",
            ));
        }
    }
    if people::is_bouncing(conn, email)? {
        return Err(unreachable(email, "mail to it comes back"));
    }
    Ok(())
}

fn unreachable(email: &str, why: &str) -> Failure {
    Failure::conflict(
        "recipient_unreachable",
        format!("Nothing was sent: {email} is no way to reach anybody, {why}. Leave it out."),
    )
}

/// The same person, to be written to by mail at this one of their addresses: the officer chose it.
fn at_address(person: &Person, email: &str) -> Person {
    let mut person = person.clone();
    person.email = Some(email.to_owned());
    person.preferences.channel = None;
    person
}

fn unconfirmed_recipients(unconfirmed: &[String], known: &[(String, Person)]) -> Failure {
    let known: Vec<String> = known.iter().map(|(email, _)| email.clone()).collect();
    let named: Vec<String> = unconfirmed
        .iter()
        .map(|email| match addresses::meant(email, &known) {
            Some(meant) => format!("{email} (did you mean {meant}?)"),
            None => email.clone(),
        })
        .collect();
    let quoted: Vec<String> = unconfirmed
        .iter()
        .map(|email| format!("\"{email}\""))
        .collect();
    let (is, it) = if unconfirmed.len() == 1 {
        ("is", "it is")
    } else {
        ("are", "they are")
    };
    Failure::conflict(
        "recipient_unconfirmed",
        format!(
            "Nothing was sent: {} {is} on nobody of this case. Look again. If {it} right, send the same with \
             \"confirmed_recipients\": [{}].",
            named.join(" and "),
            quoted.join(", ")
        ),
    )
}
