//! Who the council is: its own details, its queues, the named posts over them, and the places
//! people can walk into.
//!
//! Plain data as read from `council.toml`, `queues.toml`, `posts.toml` and `access-points.toml`;
//! what must hold between them is checked in [`super::check`].

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::hours::Hours;

/// The council itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Council {
    pub name: String,
    pub slug: String,
    /// `unitary`, `county`, `district`, …: the tier decides what is "not ours".
    pub kind: String,
    pub population: u64,
    /// The domain of its mail addresses.
    pub domain: String,
    pub website: String,
    /// The switchboard.
    pub main_phone: String,
    pub main_hours: Hours,
    /// Rung when nothing else is staffed.
    pub emergency_phone: String,
    /// When the emergency line is staffed; anything but `24 hours` leaves nights uncovered.
    pub emergency_hours: Hours,
    pub mail: CouncilMail,
    /// A pattern of references from an older system (`NM-YYYY-NNNNNN`), kept as aliases.
    pub reference_alias: Option<String>,
    /// Why people contact us, by the code staff mark a contact with.
    pub contact_reasons: BTreeMap<String, ContactReason>,
    /// The Open311 jurisdiction this council answers for.
    pub jurisdiction: String,
    /// When somebody last read the bank holidays and one-off holidays over.
    pub holidays_reviewed_on: Option<Date>,
    /// How to reach those a person may go to next, by the slug that standards name them by.
    pub ombudsmen: BTreeMap<String, OmbudsmanContact>,
    /// How its pages look.
    pub theme: Theme,
}

/// How a council's pages look; what is left out stays as it comes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Theme {
    /// Behind white words: the top of a page, buttons. `#005a5b`.
    #[serde(default)]
    pub accent: Option<String>,
    /// A picture beside the council's name, as SVG.
    #[serde(default)]
    pub logo: Option<String>,
    /// The pages are new and say so, with a link to tell what people think of them.
    #[serde(default)]
    pub beta: Option<Beta>,
}

/// What pages say while they are new.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Beta {
    /// Where people can tell what they think: a web address. Unsaid: the page with every number.
    #[serde(default)]
    pub feedback: Option<String>,
}

/// Red, green and blue, from 0 to 255.
pub type Rgb = (u8, u8, u8);

/// A colour as it is written for pages: `#005a5b`.
#[must_use]
pub fn colour(text: &str) -> Option<Rgb> {
    let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6)?;
    let part = |from: usize| {
        let part = digits.get(from..from + 2)?;
        u8::from_str_radix(part, 16).ok()
    };
    Some((part(0)?, part(2)?, part(4)?))
}

/// How well white words can be read on a colour: 1 not at all, 4.5 enough for everybody (WCAG 2.2, 1.4.3).
///
/// ```
/// use reeve::domain::catalogue::contrast_with_white;
/// assert!((contrast_with_white((0, 0, 0)) - 21.0).abs() < 0.01);
/// assert!((contrast_with_white((255, 255, 255)) - 1.0).abs() < 0.01);
/// ```
#[must_use]
pub fn contrast_with_white((red, green, blue): Rgb) -> f64 {
    let light = |part: u8| {
        let part = f64::from(part) / 255.0;
        if part <= 0.040_45 {
            part / 12.92
        } else {
            ((part + 0.055) / 1.055).powf(2.4)
        }
    };
    let own = 0.2126 * light(red) + 0.7152 * light(green) + 0.0722 * light(blue);
    1.05 / (own + 0.05)
}

/// One reason for a contact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContactReason {
    /// As staff read it.
    pub name: String,
    /// Better service would have spared the person this contact.
    pub avoidable: bool,
}

/// The reason of a contact that only asks again; such contacts are marked with it by themselves.
pub const CHASES: &str = "progress_chase";

/// How an Ombudsman is reached, as it stands in our letters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OmbudsmanContact {
    #[serde(default)]
    pub phone: Option<String>,
    pub website: String,
}

impl Council {
    /// The regular expression of references of the system before this one: `NM-YYYY-NNNNNN` becomes
    /// `NM-[0-9]{4}-[0-9]{6}`, letter by letter.
    #[must_use]
    pub fn alias_pattern(&self) -> Option<String> {
        self.reference_alias.as_ref().map(|written| {
            // Only a run of Y or N that stands between hyphens is a place for digits; the N of
            // `NM` is a letter.
            written
                .split('-')
                .map(|part| {
                    let is_digits = part.chars().all(|c| matches!(c, 'Y' | 'N')) && part.len() > 1;
                    if is_digits {
                        format!("[0-9]{{{}}}", part.len())
                    } else {
                        regex::escape(part)
                    }
                })
                .collect::<Vec<_>>()
                .join("-")
        })
    }
}

/// How mail of the council is addressed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CouncilMail {
    pub from_name: String,
    pub from_address: String,
    /// Replies go to a secret plus-address under this domain.
    pub reply_domain: String,
}

/// Where work waits, and who works it.
#[derive(Debug, Clone, PartialEq)]
pub struct Queue {
    pub slug: String,
    pub name: String,
    /// As people read it: "bins team".
    pub team_name: String,
    pub team_leader: Post,
    /// Rung and written to when life or limb is in danger, day and night.
    pub duty_contact: Post,
    pub works_by: WorksBy,
    /// Teams within the queue that alone may see restricted cases (`mash`).
    pub restricted_teams: Vec<String>,
    /// Every category of it is restricted, so that the queue itself is hidden from others.
    pub is_restricted_only: bool,
    /// After so many working days without an owner the team leader is told.
    pub waits_at_most_working_days: u32,
}

/// How a queue's people work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WorksBy {
    /// In Reeve.
    System,
    /// By mail to this inbox, with signed links.
    Email {
        inbox: String,
        /// Whole domains whose mail counts as the inbox's too.
        domains: Vec<String>,
    },
}

impl Queue {
    /// Where its cases are mailed, when it works by e-mail.
    #[must_use]
    pub fn inbox(&self) -> Option<&str> {
        match &self.works_by {
            WorksBy::System => None,
            WorksBy::Email { inbox, .. } => Some(inbox),
        }
    }

    /// Whether mail from this address is from the team that works it by e-mail.
    #[must_use]
    pub fn is_written_from(&self, address: &str) -> bool {
        let WorksBy::Email { inbox, domains } = &self.works_by else {
            return false;
        };
        let own = |domain: &str| {
            domains
                .iter()
                .any(|known| known.eq_ignore_ascii_case(domain))
        };
        inbox.eq_ignore_ascii_case(address)
            || address
                .rsplit_once('@')
                .is_some_and(|(_, domain)| own(domain))
    }
}

/// A named post: reminders go to the post, whoever holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Post {
    pub slug: String,
    /// "Head of Waste and Street Scene".
    pub title: String,
    pub kind: PostKind,
    pub email: String,
    /// Who holds it; nobody means the post is empty and its deputy is told.
    pub holder: Option<String>,
    pub deputy: Option<String>,
    pub deputy_email: Option<String>,
    pub phone: Option<String>,
    /// The holder is away from this day …
    pub absent_from: Option<Date>,
    /// … to this one, both included.
    pub absent_until: Option<Date>,
}

/// What a post is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PostKind {
    TeamLeader,
    DutyContact,
    HeadOfService,
    Director,
    /// The councillor responsible, in public words.
    PortfolioHolder,
}

/// A place people can walk into.
#[derive(Debug, Clone, PartialEq)]
pub struct AccessPoint {
    pub slug: String,
    pub name: String,
    /// As on an envelope, one line each.
    pub address: Vec<String>,
    pub postcode: String,
    pub phone: String,
    pub opening_hours: String,
    pub hours: Hours,
    /// How to get in and what can be done there, in plain words.
    pub about: Option<String>,
}

impl Post {
    /// Whether nobody answers for the post on that day: it is empty, or its holder is away.
    #[must_use]
    pub fn is_unattended_on(&self, day: Date) -> bool {
        if self.holder.is_none() {
            return true;
        }
        match (self.absent_from, self.absent_until) {
            (Some(from), Some(until)) => from <= day && day <= until,
            (Some(from), None) => from <= day,
            (None, Some(until)) => day <= until,
            (None, None) => false,
        }
    }

    /// The addresses to try, in order: the holder's unless unattended, then the deputy's.
    #[must_use]
    pub fn addresses_on(&self, day: Date) -> Vec<&str> {
        let own = (!self.is_unattended_on(day)).then_some(self.email.as_str());
        own.into_iter()
            .chain(self.deputy_email.as_deref())
            .collect()
    }
}
