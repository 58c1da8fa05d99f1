//! The use cases. Each opens one transaction, decides by the rules of `domain`, writes through
//! `store`, and leaves what must be told in the outbox.
//!
//! | file | what it does |
//! |---|---|
//! | [`desk`] | what every use case stands on: database, catalogue in force, time, secrets |
//! | [`intake`] | the one front door: every contact, on any channel |
//! | [`mail_in`] | raw e-mail: threads it, keeps it, hands it to intake |
//! | [`mailboxes`] | the mailboxes that are read: whose turn it is, how far each has come |
//! | [`held_mail`] | mail that waited for a person: let through, or kept unanswered |
//! | [`attachments`] | files that come with contacts: kept, looked at for viruses, let go |
//! | [`by_email`] | teams that work by e-mail: mailed their cases, their links and replies |
//! | [`calls`] | telephone calls: what the phone system tells, and whose call it may be |
//! | [`callbacks`] | calls back that somebody was promised |
//! | [`call_figures`] | calls in figures |
//! | [`actions`] | everything that can be done to a case |
//! | [`contact_reasons`] | why people contact us, and how often that was avoidable |
//! | [`corrections`] | messages whose category staff put right, to learn from |
//! | [`delivery`] | what becomes of a notice: accepted, refused, come back |
//! | [`escalation`] | what the clock brings: steps, digests, alerts, resumed pauses |
//! | [`letters`] | who is told what: letters into the outbox |
//! | [`promises`] | clocks of a case, read and filed |
//! | [`people`] | finding, showing and changing people |
//! | [`person_history`] | one person's contacts and cases |
//! | [`views`] | lists and details, always for an actor |
//! | [`figures`] | what came in on a day, adding up |
//! | [`measuring`] | what figures are made of, written with each case and summed up by day |
//! | [`performance`] | how promises were kept, by service, queue, ward … |
//! | [`kept_reports`] | reports that are kept as they were made |
//! | [`standards`] | what is promised in public, beside how it was kept |
//! | [`staff_reply`] | a reply to a mail to staff becomes a note |
//! | [`incidents`] | one thing many tell us of: many cases, one update to all |
//! | [`identity`] | who is on the line, before anything private is said |
//! | [`erasure`] | one person forgotten |
//! | [`legal_hold`] | cases that must be kept as they are |
//! | [`redaction`] | words taken away for good, from everywhere a case is kept |
//! | [`night_desk`] | what the night's partner took in, for the morning |
//! | [`open311`] | reports and messages of reporting services, and what they may read back |
//! | [`receipts`] | what whoever brought a contact in is told, and keeps of it |
//! | [`chats`] | web chats that have ended |
//! | [`texts`] | text messages: those that come in, and what became of ours |
//! | [`tracking`] | the person's side: follow, add, withdraw |
//! | [`accounts`] | users, sessions, keys |
//! | [`identities`] | signing in through the council's identity provider |
//! | [`sign_in_links`] | signing in by a link in a mail |
//! | [`rota`] | turns at other queues, days away and who stands in |
//! | [`catalogue`] | the catalogue in force, new versions |
//! | [`members`] | councillors and MPs: consent, the service's own case, terms, wards |
//! | [`moves`] | open cases under a new catalogue: what would move, and the move |
//! | [`audit`] | who did and saw what, chained so that a later edit shows |
//! | [`retention`] | what is kept no longer than it is needed |
//! | [`set_back`] | after the clock was set back: notices and dangers of the time that was not |

pub mod accounts;
pub mod actions;
pub mod attachments;
pub mod audit;
pub mod by_email;
pub mod call_figures;
pub mod callbacks;
pub mod calls;
pub mod catalogue;
pub mod chats;
pub mod contact_reasons;
pub mod corrections;
pub mod delivery;
pub mod desk;
pub mod erasure;
pub mod escalation;
pub mod failure;
pub mod figures;
pub mod first_start;
pub mod held_mail;
pub mod identities;
pub mod identity;
pub mod incidents;
pub mod intake;
pub mod kept_reports;
pub mod legal_hold;
pub mod letters;
pub mod mail_in;
mod mail_loop;
pub mod mailboxes;
pub mod measuring;
pub mod members;
pub mod moves;
pub mod night_desk;
pub mod open311;
pub mod people;
pub mod performance;
pub mod person_history;
pub mod promises;
pub mod receipts;
pub mod redaction;
pub mod retention;
pub mod rota;
pub mod satisfaction;
pub mod second_factor;
pub mod set_back;
pub mod sign_in_links;
pub mod staff_reply;
pub mod standards;
pub mod survey;
pub mod texts;
pub mod tracking;
pub mod views;
pub mod visits;

pub use crate::store::audit::Asked;
pub use crate::store::cases::{After, Dates, Filed};
pub use crate::store::catalogue::Version;
pub use crate::store::contacts::Contact;
pub use crate::store::idempotency::{Answered, Once};
pub use crate::store::people::Person;
pub use crate::store::tracking::{Link, Receipt};
pub use crate::store::waiting_mail::Filter as MailFilter;
pub use crate::store::{Conn, StoreError, Tx};
pub use desk::{Desk, Moment};
pub use failure::{Failure, Fault};
