//! How promises were kept: by service, category, queue, team, channel, ward, procedure, head of service
//! or portfolio, of the cases that reached us in a period.
//!
//! What each figure means is said in [`crate::domain::measure`]. Restricted cases are in nobody's
//! figures; a reader's figures are of the part of the council they are responsible for, and wards with
//! few cases are told together.

use jiff::civil::Date;

use super::desk::Moment;
use super::failure::Failure;
use crate::domain::access::{Actor, Reach, Role, Scope};
use crate::domain::calendar::WallTime;
use crate::domain::measure::{Figures, Sums, public_lines, without_small};
use crate::domain::report::FEW;
use crate::store::Conn;
use crate::store::measures;

pub use crate::store::measures::{By, Part};

/// Which figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    pub period: Period,
    pub by: By,
}

/// Local dates of receipt, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    pub from_on: Date,
    pub to_on: Date,
}

/// The figures of a period.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    pub period: Period,
    /// Of all of them together.
    pub all: Figures,
    pub items: Vec<Item>,
    /// Some had too few cases to be told alone.
    pub has_small: bool,
    pub corrected: Corrected,
}

/// Cases of a period that were put right after it had ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Corrected {
    /// Each once, whatever was put right.
    pub cases: u64,
    /// Words or a person were taken away.
    pub redacted: u64,
    /// Joined to another case.
    pub merged: u64,
    /// Put into another category.
    pub placed_anew: u64,
    /// Passed to another queue.
    pub transferred: u64,
    /// Opened again, or looked at again at a later stage.
    pub reopened: u64,
    /// An answer was taken back, or an acknowledgement or answer turned out not to be one.
    pub undone: u64,
    /// Not among these cases any more: put elsewhere, or known to few only.
    pub left: u64,
}

/// The figures of one service, queue, ward …
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    pub key: Key,
    /// What it is called; its slug where the catalogue does not have it any more.
    pub name: String,
    pub figures: Figures,
}

/// Whose figures a line has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    Of(String),
    /// No ward is known, nobody is over it.
    None,
    /// Those too small to be told alone, together.
    Small,
}

/// The word for what has no ward, or nobody over it, in the lists of cases.
pub const NONE: &str = "none";

/// The figures of a period; `pointer` is where its last day was said.
///
/// # Errors
/// When the reader has no figures, or may not choose such a period.
pub fn report(
    conn: &mut Conn,
    at: &Moment,
    actor: &Actor,
    asked: Asked,
    pointer: &str,
) -> Result<Report, Failure> {
    let part = part_of(actor)?;
    let is_free = asked.by != By::Ward || sees_cases(actor);
    let is_over = asked.period.is_whole_months() && asked.period.to_on < at.today();
    if !(is_free || is_over) {
        let detail = "By ward, whoever sees no cases reads whole months that are over: of a few days, one case \
                      could be worked out. Give the first day of a month and the last day of one.";
        return Err(Failure::invalid(pointer, "out_of_range", detail));
    }
    of_part(conn, at, &part, asked)
}

/// The figures of a part of the council.
///
/// # Errors
/// When the database cannot be asked.
pub fn of_part(conn: &mut Conn, at: &Moment, part: &Part, asked: Asked) -> Result<Report, Failure> {
    counted(conn, at, part, asked, asked.by == By::Ward)
}

/// The same as it may leave the house: whatever cases are told apart by, those that are few are told
/// together.
///
/// # Errors
/// When the database cannot be asked.
pub fn of_part_folded(
    conn: &mut Conn,
    at: &Moment,
    part: &Part,
    asked: Asked,
) -> Result<Report, Failure> {
    counted(conn, at, part, asked, true)
}

fn counted(
    conn: &mut Conn,
    at: &Moment,
    part: &Part,
    asked: Asked,
    is_folded: bool,
) -> Result<Report, Failure> {
    let Asked { period, by } = asked;
    let sums = measures::sums(conn, by, (period.from_on, period.to_on), at.now, part)?;
    let mut all = Sums::default();
    for (_, one) in &sums {
        all.add(one.clone());
    }
    let n_all = sums.len();
    let (told, small) = if is_folded {
        without_small(sums)
    } else {
        (sums, None)
    };
    let has_small = told.len() < n_all;
    let (mut names, mut lines): (Vec<(Key, String)>, Vec<Sums>) = told
        .into_iter()
        .map(|(key, sums)| {
            let name = name_of(at, by, &key);
            let key = if key.is_empty() {
                Key::None
            } else {
                Key::Of(key)
            };
            ((key, name), sums)
        })
        .unzip();
    if let Some(sums) = small {
        let name = if by == By::Ward {
            "Wards with few cases, together"
        } else {
            FEW.1
        };
        names.push((Key::Small, name.to_owned()));
        lines.push(sums);
    }
    let figures = if is_folded {
        public_lines(&lines)
    } else {
        lines.iter().map(Sums::figures).collect()
    };
    let items = names
        .into_iter()
        .zip(figures)
        .map(|((key, name), figures)| Item { key, name, figures })
        .collect();
    Ok(Report {
        period,
        all: if by == By::Ward {
            all.public_figures()
        } else {
            all.figures()
        },
        items,
        has_small,
        corrected: corrected(conn, at, part, period)?,
    })
}

/// What was put right since the last day of the period had ended.
fn corrected(
    conn: &mut Conn,
    at: &Moment,
    part: &Part,
    period: Period,
) -> Result<Corrected, Failure> {
    // The calendar ends with that day: nothing comes after it.
    let Ok(day_after) = period.to_on.tomorrow() else {
        return Ok(Corrected::default());
    };
    let calendar = &at.council.catalogue.calendar;
    let ended_at = calendar.instant(day_after, WallTime::MIDNIGHT);
    if at.now < ended_at {
        return Ok(Corrected::default());
    }
    let days = (period.from_on, period.to_on);
    let mut found = Corrected::default();
    for (word, n) in measures::corrected_since(conn, days, ended_at, part)? {
        let n = u64::try_from(n).map_err(anyhow::Error::from)?;
        match word.as_str() {
            measures::ANY => found.cases += n,
            measures::LEFT => {
                found.left = n;
                found.cases += n;
            }
            "redacted" => found.redacted = n,
            "merged" => found.merged = n,
            "transferred" => found.transferred = n,
            "reopened" => found.reopened = n,
            "undone" => found.undone = n,
            _ => found.placed_anew = n,
        }
    }
    Ok(found)
}

impl Period {
    /// Reads a period; `pointer` is where its last day was said.
    ///
    /// # Errors
    /// When it ends before it begins.
    pub fn new(from_on: Date, to_on: Date, pointer: &str) -> Result<Self, Failure> {
        if to_on < from_on {
            let detail = format!("The period ends on {to_on}, before it begins on {from_on}.");
            return Err(Failure::invalid(pointer, "out_of_range", detail));
        }
        Ok(Self { from_on, to_on })
    }

    /// Whether it goes from the first day of a month to the last day of one.
    #[must_use]
    pub fn is_whole_months(self) -> bool {
        self.from_on == self.from_on.first_of_month() && self.to_on == self.to_on.last_of_month()
    }

    /// The month before the one of this day.
    ///
    /// # Errors
    /// At the ends of the calendar.
    pub fn month_before(today: Date) -> Result<Self, Failure> {
        let to_on = today
            .first_of_month()
            .yesterday()
            .map_err(anyhow::Error::from)?;
        Ok(Self {
            from_on: to_on.first_of_month(),
            to_on,
        })
    }

    /// The twelve whole months before the one of this day.
    ///
    /// # Errors
    /// At the ends of the calendar.
    pub fn twelve_months_before(today: Date) -> Result<Self, Failure> {
        use jiff::ToSpan as _;
        let next = today.first_of_month();
        Ok(Self {
            from_on: next.checked_sub(12.months()).map_err(anyhow::Error::from)?,
            to_on: next.yesterday().map_err(anyhow::Error::from)?,
        })
    }
}

impl Key {
    /// As it stands in a table. The last of them cannot be a slug.
    #[must_use]
    pub fn as_text(&self) -> &str {
        match self {
            Self::Of(key) => key,
            Self::None => "",
            Self::Small => FEW.0,
        }
    }
}

/// The part of the council whose figures somebody reads: a team leader's queues and services, a head's
/// services, everything for those who look over the whole council and see no case.
///
/// # Errors
/// [`Failure::Forbidden`] for whoever reads none.
pub fn part_of(actor: &Actor) -> Result<Part, Failure> {
    let none = || Failure::forbidden("role_may_not", "These figures are not for you.");
    if let Actor::Key(key) = actor
        && key.acting_for.is_none()
    {
        if !key.scopes.contains(&Scope::ReportsRead) {
            return Err(none());
        }
        let is_narrow = !key.queues.is_empty() && !key.queues.iter().any(|queue| queue == "*");
        return Ok(Part {
            only_queues: is_narrow.then(|| key.queues.clone()),
            ..Part::default()
        });
    }
    if *actor == Actor::System {
        return Ok(Part::default());
    }
    let role = actor.user().map(|user| user.role);
    let sight = actor.sight();
    let within = match (role, sight.ordinary) {
        (Some(Role::Auditor | Role::Admin), _) => None,
        (Some(Role::TeamLeader | Role::HeadOfService), Reach::Everything) => None,
        (
            Some(Role::TeamLeader | Role::HeadOfService),
            Reach::Within {
                queues, services, ..
            },
        ) => Some((queues, services)),
        (Some(Role::TeamLeader | Role::HeadOfService), Reach::Nothing) => {
            Some((Vec::new(), Vec::new()))
        }
        _ => return Err(none()),
    };
    Ok(Part {
        within,
        only_queues: sight.only_queues,
        ..Part::default()
    })
}

/// Whether a reader of figures may list the cases behind them.
#[must_use]
pub fn sees_cases(actor: &Actor) -> bool {
    match actor {
        Actor::User(user) => matches!(user.role, Role::TeamLeader | Role::HeadOfService),
        Actor::Key(key) if key.acting_for.is_none() => {
            key.scopes.contains(&Scope::CasesRead) && !key.queues.is_empty()
        }
        _ => false,
    }
}

/// What a key is called today.
fn name_of(at: &Moment, by: By, key: &str) -> String {
    let catalogue = &at.council.catalogue;
    let found = match by {
        By::Service => catalogue.service(key).map(|service| service.name.clone()),
        By::Category => key
            .split_once('/')
            .and_then(|(service, category)| catalogue.category(service, category))
            .map(|(_, category)| category.name.clone()),
        By::Queue => catalogue.queue(key).map(|queue| queue.name.clone()),
        By::Ward if key.is_empty() => Some("No ward known".to_owned()),
        By::Ward => catalogue.wards.wards.get(key).map(|ward| ward.name.clone()),
        By::HeadOfService | By::Portfolio if key.is_empty() => Some("Nobody".to_owned()),
        By::HeadOfService | By::Portfolio => catalogue.post(key).map(|post| post.title.clone()),
        By::Team | By::Channel | By::Procedure => None,
    };
    found.unwrap_or_else(|| key.replace('_', " "))
}
