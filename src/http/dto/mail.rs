//! Asking for e-mail that came in, and settling what waits.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::casework::Failure;
use crate::casework::actions::Target;
use crate::casework::held_mail::{Destination, Words};
use crate::domain::contact::Disposition;
use crate::domain::person::email_address;
use crate::domain::reference::ReferenceError;
use crate::http::fields::{Line, Text};
use crate::http::paging::PageQuery;

/// Which mails.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct MailsQuery {
    /// What became of them when they came in: one or several, with commas between. Unsaid: anything.
    #[serde(default)]
    pub disposition: Vec<Disposition>,
    /// `true`: those that wait for a person; `false`: those that do not.
    #[serde(default)]
    pub waiting: Option<bool>,
    #[serde(flatten)]
    pub page: PageQuery,
}

/// Where a mail is let through to: to `case`, or else to a case of its own. Without `service` and
/// `category` it is placed as a new mail would be.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRelease {
    /// The case it joins: an id or a reference.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub case: Option<Line<100>>,
    /// The slug of a service.
    #[serde(default)]
    pub service: Option<Line<100>>,
    /// The slug of a category of that service.
    #[serde(default)]
    pub category: Option<Line<100>>,
    /// Only for a mail that could not be read: what it is about.
    #[serde(default)]
    pub subject: Option<Line<200>>,
    /// Only for a mail that could not be read, where this or `subject` is needed: what it says.
    #[serde(default)]
    pub body: Option<Text<100_000>>,
    /// Only for a mail that could not be read: who it is from, so that they can be answered.
    #[serde(default)]
    pub sender: Option<SenderGiven>,
}

/// Who a mail is from.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SenderGiven {
    #[serde(default)]
    pub name: Option<Line<200>>,
    #[serde(default)]
    #[schemars(email, length(max = 254))]
    pub email: Option<String>,
}

/// Nobody is to be answered.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDismissal {
    #[schemars(length(min = 1))]
    pub reason: Text<2000>,
}

impl NewRelease {
    /// Where it goes, and what somebody read in it.
    ///
    /// # Errors
    /// Names what cannot be meant.
    pub fn read(
        &self,
        alias_pattern: Option<&str>,
    ) -> Result<(Destination, Option<Words>), Failure> {
        let destination = match &self.case {
            Some(_) if self.service.is_some() || self.category.is_some() => {
                return Err(Failure::invalid(
                    "/case",
                    "case_or_category",
                    "It joins a case, or opens one of a category: send `case` alone, or leave it out.",
                ));
            }
            Some(case) => Destination::Case(target(case, alias_pattern)?),
            None => Destination::NewCase {
                service: self.service.as_deref().map(str::to_owned),
                category: self.category.as_deref().map(str::to_owned),
            },
        };
        if self.subject.is_none() && self.body.is_none() && self.sender.is_none() {
            return Ok((destination, None));
        }
        let sender = self.sender.as_ref();
        let email = sender.and_then(|sender| sender.email.as_deref());
        let words = Words {
            subject: self.subject.as_deref().unwrap_or_default().to_owned(),
            body: self.body.as_deref().unwrap_or_default().to_owned(),
            sender_name: sender
                .and_then(|sender| sender.name.as_deref())
                .map(|name| name.trim().to_owned())
                .filter(|name| !name.is_empty()),
            sender_email: email
                .map(|email| {
                    email_address(email).ok_or_else(|| {
                        Failure::invalid(
                            "/sender/email",
                            "bad_format",
                            "This is no e-mail address: name@domain.example.",
                        )
                    })
                })
                .transpose()?,
        };
        Ok((destination, Some(words)))
    }
}

fn target(text: &str, alias_pattern: Option<&str>) -> Result<Target, Failure> {
    Target::parse(text, alias_pattern).map_err(|why| match why {
        ReferenceError::Mistyped => Failure::invalid(
            "/case",
            "reference_mistyped",
            "One character of this reference is mistyped. Check it against the letter or e-mail.",
        ),
        ReferenceError::NotAReference => Failure::invalid(
            "/case",
            "unknown_value",
            "There is no case with this id or reference.",
        ),
    })
}
