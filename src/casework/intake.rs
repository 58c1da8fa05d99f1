//! The one front door. Every contact on every channel becomes or joins a case here.
//!
//! In one transaction: the contact is known again or logged → the person found or added → the
//! case joined, or placed by [`crate::domain::routing`] and opened under the terms in force →
//! clocks, events, notices. Nothing here depends on the channel but what the [`Enquiry`] says.
//!
//! | file | what it does |
//! |---|---|
//! | `faults` | what an enquiry cannot mean |
//! | `contact` | the contact itself: known again, or logged |
//! | `joining` | puts it on the case it belongs to |
//! | `complaining` | and opens the complaint it may be about that case |
//! | `among_few` | keeps what only few may know on a case beside it |
//! | `placing` | or says where it goes, and what is opened beside it |
//! | `opening` | opens one case |
//! | [`taking_over`] | an open case of the system before this one |
//! | `restricted` | complaints about a post, and the receipt in place of a case |
//! | `telling` | what is answered, read out and confirmed |

mod among_few;
mod complaining;
mod contact;
mod faults;
mod joining;
mod opening;
mod placing;
mod restricted;
pub mod taking_over;
mod telling;

pub(super) use contact::{is_same_content, log_repeat, opened_by};
pub use faults::{check, unanswered};
pub use joining::{Joined, Joining, note_contact};
pub(super) use opening::ward_of;
pub(super) use restricted::{holders_above, post_complained_about};

use jiff::Timestamp;

use super::attachments;
use super::audit::note_look;
use super::desk::Moment;
use super::failure::Failure;
use super::incidents::Offered;
use super::letters::{Access, Thread};
use super::people::find_or_add;
use crate::domain::access::{Actor, Role};
use crate::domain::clock::{Reading, Terms};
use crate::domain::contact::{Channel, Disposition};
use crate::domain::enquiry::Enquiry;
use crate::domain::ids::{CaseId, ContactId, IncidentId};
use crate::domain::notice::PhoneLine;
use crate::domain::routing::{Offer, Placement};
use crate::domain::standard::Acknowledgement;
use crate::store::Tx;
use crate::store::cases::Filed;
use crate::store::contacts::Contact;
use crate::store::people::Person;
use crate::store::tracking::Receipt;

use contact::known_again;
use joining::join;
use placing::open_cases;
use taking_over::TakenOver;

/// Who brought an enquiry in, and how.
#[derive(Debug, Clone)]
pub struct Entry {
    pub actor: Actor,
    /// Within which an external id is unique.
    pub source: String,
    /// The case it joins.
    pub case: Option<CaseId>,
    /// The mail that our notices answer.
    pub thread: Thread,
    /// Tells nobody: samples about the past, imports.
    pub is_silent: bool,
    /// What a mail brought with it.
    pub mail: Option<MailFacts>,
    /// The case it follows, when its time to reopen is over.
    pub follows: Option<CaseId>,
    /// The contact it was logged as when it came in and had to wait for a person.
    pub logged_as: Option<ContactId>,
    /// Whoever brings it confirms it to the person: we send no receipt, and none is promised.
    pub they_confirm: bool,
    /// The same external id is the same contact, whatever it says this time: nobody is there who
    /// could correct it.
    pub same_id_is_same: bool,
    /// What it brings along from the system before this one.
    pub taken_over: Option<TakenOver>,
    /// The incident whoever logs it has said it belongs to.
    pub incident: Option<IncidentId>,
}

/// What is kept of a mail beside its words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailFacts {
    pub fingerprint: String,
    pub mailbox: Option<String>,
    pub message_id: Option<String>,
    /// What is odd about it, for staff.
    pub remarks: serde_json::Value,
}

/// What became of an enquiry.
#[derive(Debug, Clone)]
pub struct Received {
    pub contact: Contact,
    /// None when the case may not be shown to who brought it in.
    pub case: Option<Filed>,
    pub readings: Vec<Reading>,
    pub linked: Vec<Filed>,
    pub is_joined: bool,
    pub is_duplicate: bool,
    pub person: Option<Person>,
    pub access: Option<Access>,
    pub possible_duplicates: Vec<Filed>,
    pub offers: Vec<Offer>,
    /// Open incidents it may belong to, and the one it was put on.
    pub incidents: Vec<Offered>,
    pub read_out: String,
    pub what_happens: Vec<String>,
    pub phone: PhoneLine,
    /// In place of a restricted case.
    pub receipt: Option<Receipt>,
    pub is_danger: bool,
}

impl Entry {
    /// An entry by somebody, with their own ids and nothing else.
    #[must_use]
    pub fn by(actor: Actor) -> Self {
        let source = match &actor {
            Actor::Key(key) => format!("key:{}", key.id),
            Actor::User(_) => "staff".to_owned(),
            _ => "public".to_owned(),
        };
        Self {
            actor,
            source,
            case: None,
            thread: Thread::default(),
            is_silent: false,
            mail: None,
            follows: None,
            logged_as: None,
            they_confirm: false,
            same_id_is_same: false,
            taken_over: None,
            incident: None,
        }
    }

    /// Whether whoever brings it confirms a case under these terms. Where an officer must acknowledge,
    /// nobody else can.
    fn confirms(&self, terms: &Terms) -> bool {
        self.they_confirm && terms.standard.acknowledgement == Acknowledgement::Automatic
    }
}

/// Refuses a key what does not come by its channels.
///
/// # Errors
/// [`Failure::Forbidden`], naming the channels it has.
pub fn check_channel(actor: &Actor, channel: Channel) -> Result<(), Failure> {
    match actor {
        Actor::Key(key) if !actor.may_bring_in(channel) => Err(Failure::forbidden(
            "channel_not_allowed",
            format!(
                "This key brings in contacts of these channels only: {}.",
                key.channels.join(", ")
            ),
        )),
        _ => Ok(()),
    }
}

/// Takes an enquiry in.
///
/// # Errors
/// Names every field that cannot be meant; nothing is written then.
pub fn receive(
    tx: &mut Tx<'_>,
    at: &Moment,
    enquiry: &Enquiry,
    entry: &Entry,
) -> Result<Received, Failure> {
    // Kept to the microsecond, as the databases do: what is read back equals what was written.
    let enquiry = &Enquiry {
        received_at: Timestamp::from_microsecond(enquiry.received_at.as_microsecond())
            .unwrap_or(enquiry.received_at),
        is_chosen_by_staff: enquiry.is_chosen_by_staff
            || is_chosen_by_staff(&entry.actor, enquiry.channel),
        ..enquiry.clone()
    };
    check_channel(&entry.actor, enquiry.channel)?;
    check(at, enquiry)?;
    if let Some(known) = known_again(tx, at, enquiry, entry)? {
        note_taken(
            tx,
            at,
            &entry.actor,
            Disposition::Duplicate,
            known.contact.id,
        )?;
        return Ok(known);
    }
    let person = find_or_add(tx, at, enquiry)?;
    let received = match entry.case {
        Some(case) => join(tx, at, enquiry, entry, person, case),
        None => open_cases(tx, at, enquiry, entry, person),
    }?;
    let contact = &received.contact;
    attachments::tie(tx, at, &entry.actor, contact, &enquiry.attachments)?;
    note_taken(tx, at, &entry.actor, contact.disposition, contact.id)?;
    Ok(received)
}

/// Puts down in the audit who brought a contact in. One that opened a case stands there as that.
pub(super) fn note_taken(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    disposition: Disposition,
    contact: ContactId,
) -> Result<(), Failure> {
    if disposition == Disposition::Opened {
        return Ok(());
    }
    let action = format!("contact.{disposition}");
    note_look(tx, at, actor, &action, &format!("contact:{contact}"), None)
}

/// Whether one of the staff, who listened or read, chose where it goes. What people write themselves was
/// chosen by them, whoever tries it out.
#[must_use]
pub fn is_chosen_by_staff(actor: &Actor, channel: Channel) -> bool {
    let works_here = actor.user().is_some_and(|user| {
        matches!(
            user.role,
            Role::Agent | Role::Officer | Role::TeamLeader | Role::HeadOfService
        )
    });
    let is_written_down = matches!(
        channel,
        Channel::Phone
            | Channel::Voicemail
            | Channel::FaceToFace
            | Channel::Letter
            | Channel::Social
    );
    works_here && is_written_down
}

/// Asks where an enquiry would go, and saves nothing.
///
/// # Errors
/// Names every field that cannot be meant.
pub fn trial(at: &Moment, enquiry: &Enquiry) -> Result<Placement, Failure> {
    check(at, enquiry)?;
    Ok(at.council.router.route(enquiry, &at.council.catalogue))
}
