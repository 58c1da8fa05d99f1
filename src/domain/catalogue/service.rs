//! What the council does ([`Service`]) and the kinds of matter within it ([`Category`]).
//!
//! Plain data as read from `services/<slug>.toml`. The category carries procedure, standard,
//! secrecy and keywords; the service carries the people and the number to ring.

use crate::domain::case::{Priority, Procedure, Secrecy};
use crate::domain::standard::Figures;

use super::field::Field;
use super::hours::Hours;
use crate::domain::wording::Language;

/// Something the council does.
#[derive(Debug, Clone, PartialEq)]
pub struct Service {
    pub slug: String,
    pub name: String,
    /// Who answers, in public words: "the bins team".
    pub public_name: String,
    pub description: String,
    /// Exactly as it is printed for people.
    pub phone: String,
    pub email: String,
    /// As written in the file: `Mon-Fri 08:30-17:00`.
    pub opening_hours: String,
    pub hours: Hours,
    /// Staffed whenever the service itself is shut.
    pub out_of_hours_phone: Option<String>,
    /// Slug of a post, as are the two below.
    pub head_of_service: String,
    pub director: String,
    pub portfolio: String,
    /// Slug of the queue its work waits in.
    pub queue: String,
    /// Whether it stands in the public list.
    pub is_public: bool,
    /// The number of the service in the national list of local government services.
    pub lgsl_id: Option<u32>,
    /// In the order of the file.
    pub categories: Vec<Category>,
}

/// A kind of matter.
#[derive(Debug, Clone, PartialEq)]
pub struct Category {
    pub slug: String,
    pub name: String,
    /// As it stands in a sentence after "your report of": "a missed bin". One that brings its own
    /// noun ("request for a new bin") stands after "your".
    pub public_name: String,
    /// Opens the sentence that ends in a date: "We will collect it, or tell you why not,".
    pub what_we_do: Option<String>,
    pub procedure: Procedure,
    /// Slug of a standard; `charter` where the file says none.
    pub standard: String,
    /// The category's own figures, where its standard takes them.
    pub figures: Figures,
    pub priority: Priority,
    pub keywords: Vec<String>,
    /// Messages that belong here, for reading texts by likeness.
    pub examples: Vec<String>,
    pub is_sensitive: bool,
    pub is_restricted: bool,
    /// The only ones who see a restricted case: `team:mash`.
    pub restricted_to: Vec<String>,
    pub out_of_hours: OutOfHours,
    /// Nothing automatic is sent on any channel.
    pub safe_contact: bool,
    pub open311: bool,
    /// What it asks beyond the words, in this order.
    pub fields: Vec<Field>,
    /// Said in place of a date where nobody is answered one by one.
    pub no_answer_text: Option<String>,
    /// The same in Welsh.
    pub no_answer_text_cy: Option<String>,
    /// `bereavement`: which words the notices use.
    pub tone: Option<String>,
    /// Slug of a ladder; unsaid means the one of its procedure.
    pub ladder: Option<String>,
    /// For how many days after an answer a message reopens the case.
    pub reopen_within_days: u32,
    /// The officer must ask about vulnerability.
    pub vulnerability_check: bool,
    /// The person is taken to be vulnerable.
    pub vulnerable_default: bool,
    /// Dissatisfaction here has a procedure of its own and opens no complaint.
    pub not_a_complaint: bool,
    /// Where else to send people, in words.
    pub refer: Option<String>,
    /// What staff should know about the promise.
    pub sla_note: Option<String>,
    /// Only these people raise it: `parish_council`.
    pub requester_type: Option<String>,
    /// The stage of a complaint a case of this category opens at.
    pub stage: Option<u8>,
    /// `housing`: which Ombudsman's details go out.
    pub ombudsman: Option<String>,
    pub lgsl_id: Option<u32>,
    /// An estimate for planning and test data.
    pub est_contacts_per_100k_per_year: Option<u32>,
    /// How a first look leads to further work, in words.
    pub intervention: Option<String>,
    /// The law behind it, in words.
    pub duty: Option<String>,
    /// Why contacts of this category need not have been: a code of the council's contact reasons.
    pub avoidable_contact: Option<String>,
    /// After so many working days a report comes too late to be acted on.
    pub reporting_window_working_days: Option<u32>,
}

/// Whether a category is dealt with when the office is shut.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum OutOfHours {
    #[default]
    No,
    /// At any hour.
    Always,
    /// At some hours, or for some matters: `Fri-Sat 18:00-02:00`, `urgent burials at weekends`.
    Said(String),
}

impl Service {
    /// A kind of matter of this service.
    #[must_use]
    pub fn category(&self, slug: &str) -> Option<&Category> {
        self.categories
            .iter()
            .find(|category| category.slug == slug)
    }
}

impl Category {
    /// What is said in place of a date; in English where it was written in no other language.
    #[must_use]
    pub fn no_answer_text_in(&self, language: Language) -> Option<&str> {
        let welsh = self.no_answer_text_cy.as_ref();
        let own = welsh.filter(|_| language == Language::Welsh);
        own.or(self.no_answer_text.as_ref()).map(String::as_str)
    }

    /// Whether somebody deals with it when the office is shut. Its hours then run day and night.
    #[must_use]
    pub fn is_open_out_of_hours(&self) -> bool {
        self.out_of_hours != OutOfHours::No
    }

    /// Whether its figures in hours are counted in elapsed time.
    #[must_use]
    pub fn runs_day_and_night(&self) -> bool {
        self.is_open_out_of_hours() || self.priority == Priority::Emergency
    }

    /// How secret a case of it is from the moment it opens.
    #[must_use]
    pub fn secrecy(&self) -> Secrecy {
        match (self.is_restricted, self.is_sensitive) {
            (true, _) => Secrecy::Restricted,
            (false, true) => Secrecy::Sensitive,
            (false, false) => Secrecy::Ordinary,
        }
    }

    /// Whether it is offered over Open311.
    #[must_use]
    pub fn is_offered_by_open311(&self) -> bool {
        self.open311 && self.secrecy() == Secrecy::Ordinary
    }
}
