//! The office somebody was elected to: ward, term, who writes for them; and whose mail is a member's.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::casework::accounts::{self, Account};
use crate::casework::desk::Moment;
use crate::casework::failure::{Failure, Fault};
use crate::domain::access::{Actor, Role};
use crate::domain::enquiry::{Enquiry, Sender, Who};
use crate::domain::ids::UserId;
use crate::domain::member;
use crate::domain::person::{PersonKind, email_address};
use crate::store::{Conn, Tx, audit, members, users};

pub use crate::store::members::{Assistant, Office};

/// What is changed about an office; what is `None` stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OfficeChange {
    pub ward: Option<Option<String>>,
    pub term_ends_on: Option<Option<Date>>,
}

/// At most so many write for one member.
const MOST_ASSISTANTS: usize = 20;

/// Whether an account opens nothing any more: closed, or its term of office is over.
///
/// # Errors
/// When it cannot be read.
pub fn is_over(conn: &mut Conn, today: Date, account: &Account) -> Result<bool, Failure> {
    if !account.is_active {
        return Ok(true);
    }
    if account.user.role != Role::Councillor {
        return Ok(false);
    }
    let office = members::office(conn, account.user.id)?;
    Ok(office
        .and_then(|office| office.term_ends_on)
        .is_some_and(|last| today > last))
}

/// The office of one account; an empty one where nothing was said.
///
/// # Errors
/// When it cannot be read.
pub fn office_of(conn: &mut Conn, user: UserId) -> Result<Office, Failure> {
    Ok(members::office(conn, user)?.unwrap_or_default())
}

/// The offices of several accounts, those that have one.
///
/// # Errors
/// When they cannot be read.
pub fn offices_of(conn: &mut Conn, users: &[UserId]) -> Result<BTreeMap<UserId, Office>, Failure> {
    Ok(members::offices(conn, users)?.into_iter().collect())
}

/// Changes an office in the transaction that changes the account.
///
/// # Errors
/// When the account is no member's.
pub fn change_office(
    tx: &mut Tx<'_>,
    account: &Account,
    change: &OfficeChange,
) -> Result<Office, Failure> {
    let before = office_of(tx, account.user.id)?;
    if change == &OfficeChange::default() {
        return Ok(before);
    }
    if account.user.role != Role::Councillor {
        let pointers = [
            ("/ward", matches!(change.ward, Some(Some(_)))),
            (
                "/term_ends_on",
                matches!(change.term_ends_on, Some(Some(_))),
            ),
        ];
        let faults: Vec<Fault> = pointers
            .into_iter()
            .filter(|(_, is_given)| *is_given)
            .map(|(pointer, _)| not_a_member(pointer))
            .collect();
        if !faults.is_empty() {
            return Err(Failure::Invalid(faults));
        }
    }
    let office = Office {
        ward: change.ward.clone().unwrap_or(before.ward),
        term_ends_on: change.term_ends_on.unwrap_or(before.term_ends_on),
    };
    members::set_office(tx, account.user.id, &office)?;
    Ok(office)
}

/// Who writes for a member.
///
/// # Errors
/// [`Failure::Missing`] when there is no such account.
pub fn assistants(conn: &mut Conn, user: UserId) -> Result<Vec<Assistant>, Failure> {
    accounts::account(conn, user)?;
    Ok(members::assistants(conn, user)?)
}

/// Who writes for whoever asks.
///
/// # Errors
/// When it cannot be read.
pub fn my_assistants(conn: &mut Conn, user: UserId) -> Result<Vec<Assistant>, Failure> {
    Ok(members::assistants(conn, user)?)
}

/// Says who writes for a member: these and nobody else. Doing it again changes nothing.
///
/// Mail from there counts as the member's, and what they are answered goes there. So a member names
/// addresses of the council alone, those nobody signs in by; any other is for an administrator to name,
/// or a resident's mail could be made a member's by naming it.
///
/// # Errors
/// When the account is no member's, an address is none, or not for the member to name.
pub fn set_assistants(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    user: UserId,
    named: &[Assistant],
) -> Result<Vec<Assistant>, Failure> {
    let account = accounts::account(tx, user)?;
    if account.user.role != Role::Councillor {
        return Err(Failure::Invalid(vec![not_a_member("/items")]));
    }
    if named.len() > MOST_ASSISTANTS {
        let detail = format!("At most {MOST_ASSISTANTS} people write for one member.");
        return Err(Failure::invalid("/items", "out_of_range", detail));
    }
    let names_their_own = actor.user().is_some_and(|own| own.id == user);
    let before = members::assistants(tx, user)?;
    let mut kept: BTreeMap<String, bool> = BTreeMap::new();
    for (place, assistant) in named.iter().enumerate() {
        let pointer = format!("/items/{place}/email");
        let Some(email) = email_address(&assistant.email) else {
            let detail = "An e-mail address, such as `sam@council.example`.";
            return Err(Failure::invalid(&pointer, "bad_format", detail));
        };
        if email == account.user.email {
            let detail = "This is the member's own address: they write for themselves.";
            return Err(Failure::invalid(&pointer, "own_address", detail));
        }
        let is_named = before.iter().any(|one| one.email == email);
        if names_their_own && !is_named && !may_be_named_by_a_member(tx, at, &email)? {
            return Err(Failure::invalid(
                &pointer,
                "needs_administrator",
                format!(
                    "You can name addresses that end in `@{}` and that nobody signs in by. Ask an administrator to \
                     name any other: they check whose it is.",
                    at.council.catalogue.council.domain
                ),
            ));
        }
        kept.insert(email, assistant.is_copied);
    }
    let kept: Vec<Assistant> = kept
        .into_iter()
        .map(|(email, is_copied)| Assistant { email, is_copied })
        .collect();
    members::set_assistants(tx, user, &kept)?;
    audit::append(
        tx,
        &audit::Entry {
            id: at.id(),
            at: at.now,
            actor: &actor.principal(),
            action: "assistants_named",
            object: &format!("user:{user}"),
            purpose: None,
            request_id: at.request_id.as_deref(),
        },
    )?;
    Ok(kept)
}

/// Finds out whether a mail is a member's: from their own address, from somebody who writes for them,
/// from an MP's office on the council's list. A former member, and one who says that they write for
/// themselves, is a resident.
pub(in crate::casework) fn recognise(
    conn: &mut Conn,
    at: &Moment,
    enquiry: &mut Enquiry,
) -> Result<(), Failure> {
    let is_private = member::is_private(&enquiry.subject, &enquiry.body);
    let text = enquiry.text().to_lowercase();
    let Who::Described(described) = &mut enquiry.who else {
        return Ok(());
    };
    let Some(email) = described.email.clone() else {
        return Ok(());
    };
    if let Some(account) = users::find_by_email(conn, &email)?
        && account.user.role == Role::Councillor
    {
        described.name = Some(account.user.name.clone());
        if is_private || is_over(conn, at.today(), &account)? {
            described.kind = Some(PersonKind::Resident);
            enquiry.sender = Sender::Resident;
        } else {
            described.kind = Some(PersonKind::Councillor);
            enquiry.sender = Sender::Member { written_by: None };
        }
        return Ok(());
    }
    if is_private {
        return Ok(());
    }
    if let Some(member) = assisted(conn, at, &email, &text)? {
        described.name = Some(member.user.name);
        described.email = Some(member.user.email);
        described.kind = Some(PersonKind::Councillor);
        // The number and address in a signature are the assistant's.
        described.phone = None;
        described.address = None;
        enquiry.sender = Sender::Member {
            written_by: Some(email),
        };
        return Ok(());
    }
    if let Some(kind) = at.council.router.listed_member(&email) {
        described.kind = Some(kind);
        enquiry.sender = Sender::Member { written_by: None };
    }
    Ok(())
}

/// The address of the member for whom this one writes, when it writes for exactly one in office.
pub(in crate::casework) fn stands_for(
    conn: &mut Conn,
    at: &Moment,
    address: &str,
) -> Result<Vec<String>, Failure> {
    let mut found = Vec::new();
    for user in members::assisted_by(conn, address)? {
        if let Some(account) = users::find(conn, user)?
            && account.user.role == Role::Councillor
            && !is_over(conn, at.today(), &account)?
        {
            found.push(account.user.email);
        }
    }
    Ok(found)
}

/// Who gets a copy of what a member in office is written.
pub(in crate::casework) fn copies_for(
    conn: &mut Conn,
    at: &Moment,
    email: &str,
) -> Result<Vec<String>, Failure> {
    let Some(account) = users::find_by_email(conn, email)? else {
        return Ok(Vec::new());
    };
    if account.user.role != Role::Councillor || is_over(conn, at.today(), &account)? {
        return Ok(Vec::new());
    }
    let named = members::assistants(conn, account.user.id)?;
    Ok(named
        .into_iter()
        .filter(|assistant| assistant.is_copied)
        .map(|assistant| assistant.email)
        .collect())
}

/// The member in office for whom this address writes. Whoever writes for several says for which by
/// the member's last name; where that does not tell, it is nobody's.
fn assisted(
    conn: &mut Conn,
    at: &Moment,
    email: &str,
    text: &str,
) -> Result<Option<Account>, Failure> {
    let mut found = Vec::new();
    for address in stands_for(conn, at, email)? {
        found.extend(users::find_by_email(conn, &address)?);
    }
    if found.len() > 1 {
        found.retain(|account| {
            let last = account.user.name.split_whitespace().next_back();
            last.is_some_and(|last| {
                let last = last.to_lowercase();
                text.split(|c: char| !c.is_alphanumeric() && c != '-' && c != '\'')
                    .any(|word| word == last)
            })
        });
    }
    Ok((found.len() == 1).then(|| found.pop()).flatten())
}

fn may_be_named_by_a_member(conn: &mut Conn, at: &Moment, email: &str) -> Result<bool, Failure> {
    let domain = email.rsplit_once('@').map(|(_, domain)| domain);
    let is_ours = domain == Some(at.council.catalogue.council.domain.as_str());
    Ok(is_ours && users::find_by_email(conn, email)?.is_none())
}

fn not_a_member(pointer: &str) -> Fault {
    Fault {
        pointer: pointer.to_owned(),
        code: "not_a_member",
        detail: "Only an account of role councillor has this.".to_owned(),
    }
}
