//! One question to `reeve explain`, from arguments or from a line, and what it means.

use std::fmt;
use std::marker::PhantomData;

use jiff::Timestamp;
use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::{CategoryTerms, ExplainArgs, Sources, Unanswerable};
use crate::domain::calendar::Nation;
use crate::domain::clock::{
    Extension, Facts, Longer, Pause, Terms, WaitingFor, check_extension_length,
};
use crate::domain::standard::{Figures, Standard, Target};

/// What is asked, still in the asker's words.
#[derive(Clone, Debug, Default)]
pub struct Question {
    standard: Option<String>,
    received: Option<String>,
    events: Vec<(String, String)>,
    pauses: Vec<String>,
    extend: Vec<(String, Length)>,
    nation: Option<String>,
    category: Option<String>,
    now: Option<String>,
}

/// A line of a batch.
#[derive(Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "an object with standard or category, received, and what else there is to say"
)]
struct Line {
    standard: Option<String>,
    received: Option<String>,
    events: Option<Named<String>>,
    pauses: Option<Vec<String>>,
    extend: Option<Named<Length>>,
    nation: Option<String>,
    category: Option<String>,
    now: Option<String>,
}

/// `"20wd"` or `{"working_days": 20}`.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged, expecting = "a length such as \"20wd\", \"2mo\" or \"24h\"")]
enum Length {
    Short(String),
    Full(Target),
}

/// An object in the order it is written; a name that comes twice is refused, since one of the two would
/// be lost.
struct Named<T>(Vec<(String, T)>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Named<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Reader<T> {
            type Value = Named<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of names")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Named<T>, A::Error> {
                let mut read: Vec<(String, T)> = Vec::new();
                while let Some((name, value)) = map.next_entry()? {
                    read.push((name, value));
                }
                match twice(&read) {
                    Some(name) => Err(A::Error::custom(given_twice(name))),
                    None => Ok(Named(read)),
                }
            }
        }
        deserializer.deserialize_map(Reader(PhantomData))
    }
}

fn twice<T>(named: &[(String, T)]) -> Option<&str> {
    let is_before = |n: usize, name: &str| named.iter().take(n).any(|(other, _)| other == name);
    let mut all = named.iter().enumerate();
    all.find_map(|(n, (name, _))| is_before(n, name).then_some(name.as_str()))
}

fn given_twice(name: &str) -> String {
    format!("{name:?} is given twice; say each once")
}

impl Question {
    pub fn from_args(args: &ExplainArgs) -> Result<Question, Unanswerable> {
        let pair = |option: &str, text: &str| match text.split_once('=') {
            Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
            _ => Err(Unanswerable(format!(
                "{option} {text:?}: expected a name, = and a value"
            ))),
        };
        let events = args
            .events
            .iter()
            .map(|text| pair("--event", text))
            .collect::<Result<Vec<_>, _>>()?;
        let extend = args.extend.iter().map(|text| pair("--extend", text));
        let extend = extend
            .map(|asked| asked.map(|(clock, length)| (clock, Length::Short(length))))
            .collect::<Result<Vec<_>, _>>()?;
        if let Some(name) = twice(&events) {
            return Err(Unanswerable(format!("--event: {}", given_twice(name))));
        }
        Ok(Question {
            standard: args.standard.clone(),
            received: args.received.clone(),
            events,
            pauses: args.pauses.clone(),
            extend,
            nation: args.nation.clone(),
            category: args.category.clone(),
            now: args.now.clone(),
        })
    }

    /// One line of a batch; what it leaves out is as the arguments say.
    pub fn from_line(line: &[u8], defaults: &Question) -> Result<Question, Unanswerable> {
        let not_a_question = |why: &str| Unanswerable(format!("not a question: {why}"));
        match line.trim_ascii().first() {
            None => return Err(not_a_question("the line is empty")),
            Some(b'[') => return Err(not_a_question("expected an object in braces, one a line")),
            Some(_) => {}
        }
        let line: Line =
            serde_json::from_slice(line).map_err(|error| not_a_question(&in_words(&error)))?;
        let defaults = defaults.clone();
        Ok(Question {
            standard: line.standard.or(defaults.standard),
            received: line.received.or(defaults.received),
            events: line.events.map_or(defaults.events, |events| events.0),
            pauses: line.pauses.unwrap_or(defaults.pauses),
            extend: line.extend.map_or(defaults.extend, |extend| extend.0),
            nation: line.nation.or(defaults.nation),
            category: line.category.or(defaults.category),
            now: line.now.or(defaults.now),
        })
    }

    /// The promise asked about and what has happened, as the domain knows them.
    pub fn terms_and_facts(
        &self,
        sources: &Sources<'_>,
    ) -> Result<(Terms, Facts, Timestamp), Unanswerable> {
        let terms = self.terms(sources)?;
        let facts = self.facts(&terms)?;
        let now = match &self.now {
            Some(now) => instant("now", now)?,
            None => sources.now,
        };
        Ok((terms, facts, now))
    }

    fn terms(&self, sources: &Sources<'_>) -> Result<Terms, Unanswerable> {
        let category = self.category(sources)?;
        let standard = self.standard(sources, category.as_ref())?;
        let (figures, elapsed) = match &category {
            // A category that names another standard has figures for that one only; one that names none has
            // them for whichever asks for a category's figures.
            Some(category)
                if category
                    .standard
                    .as_ref()
                    .is_none_or(|own| *own == standard.slug || own == sources.default_standard) =>
            {
                (category.figures, category.emergency_or_out_of_hours)
            }
            _ => (Figures::default(), false),
        };
        let calendar = match &self.nation {
            None => sources.calendar.clone(),
            Some(nation) => {
                let nation: Nation = nation.parse().map_err(Unanswerable)?;
                sources
                    .calendar
                    .with_nation(nation)
                    .map_err(|faults| Unanswerable(faults.to_string()))?
            }
        };
        Terms::new(
            standard.resolve(&figures, elapsed),
            calendar,
            sources.calendars,
        )
        .map_err(Unanswerable)
    }

    fn category(&self, sources: &Sources<'_>) -> Result<Option<CategoryTerms>, Unanswerable> {
        let Some(text) = &self.category else {
            return Ok(None);
        };
        let (service, category) = text
            .split_once('/')
            .ok_or_else(|| Unanswerable(format!("category {text:?}: expected service/category")))?;
        match (sources.category)(service, category) {
            Some(terms) => Ok(Some(terms)),
            None => Err(Unanswerable(format!(
                "the catalogue has no category {text:?}"
            ))),
        }
    }

    fn standard<'s>(
        &self,
        sources: &Sources<'s>,
        category: Option<&CategoryTerms>,
    ) -> Result<&'s Standard, Unanswerable> {
        let of_category = category.map(|category| {
            category
                .standard
                .as_deref()
                .unwrap_or(sources.default_standard)
        });
        let slug = self.standard.as_deref().or(of_category);
        let known = || {
            sources
                .standards
                .keys()
                .map(String::as_str)
                .collect::<Vec<_>>()
                .join(", ")
        };
        let slug = slug.ok_or_else(|| {
            Unanswerable(format!(
                "name a standard or a category; standards are {}",
                known()
            ))
        })?;
        sources.standards.get(slug).ok_or_else(|| {
            Unanswerable(format!(
                "there is no standard {slug:?}; known are {}",
                known()
            ))
        })
    }

    fn facts(&self, terms: &Terms) -> Result<Facts, Unanswerable> {
        let received = self
            .received
            .as_deref()
            .ok_or_else(|| Unanswerable("received is missing".to_owned()))?;
        let mut facts = Facts::received(instant("received", received)?);
        let known = terms.standard.events();
        for (name, at) in &self.events {
            if !known.contains(&name.as_str()) {
                let known = known.join(", ");
                let slug = &terms.standard.slug;
                return Err(Unanswerable(format!(
                    "{slug} knows no event {name:?}; known are {known}"
                )));
            }
            facts.happened(name, instant(name, at)?);
        }
        for pause in &self.pauses {
            facts.pauses.push(asked_pause(pause, terms)?);
        }
        for (clock, length) in &self.extend {
            // An extension is taken as granted as the clock's count begins, so that nothing is late before it.
            let begins = |name: &str| {
                terms.standard.clock(clock).is_some_and(|spec| {
                    spec.starts == name || spec.restarts.iter().any(|restart| restart.on == name)
                })
            };
            let at = facts
                .events
                .iter()
                .filter(|event| begins(&event.name))
                .map(|event| event.at)
                .fold(facts.received_at, Timestamp::max);
            let by = match length {
                Length::Short(text) => text.parse().map_err(Unanswerable)?,
                Length::Full(target) => *target,
            };
            let asked = Extension {
                clock: clock.clone(),
                to: Longer::By(by),
                reason: String::new(),
                at,
            };
            let granted = check_extension_length(&facts, terms, asked)
                .map_err(|refusal| Unanswerable(format!("extend {clock}: {refusal}")))?;
            facts.extensions.push(granted);
        }
        Ok(facts)
    }
}

/// `from/to`, or `clock:from/to` for one clock alone.
fn asked_pause(text: &str, terms: &Terms) -> Result<Pause, Unanswerable> {
    let refused = |why: &str| Unanswerable(format!("pause {text:?}: {why}"));
    let named = text.starts_with(|c: char| c.is_ascii_alphabetic());
    let (clock, span) = match text.split_once(':') {
        Some((clock, span)) if named => (Some(clock.to_owned()), span),
        _ => (None, text),
    };
    if let Some(clock) = &clock {
        let known = terms.standard.clock_names().join(", ");
        let spec = terms.standard.clock(clock);
        let spec = spec
            .ok_or_else(|| refused(&format!("there is no clock {clock:?}; known are {known}")))?;
        if spec.pause.is_none() {
            return Err(refused("the standard does not let this clock be paused"));
        }
    }
    let (from, to) = span
        .split_once('/')
        .ok_or_else(|| refused("expected from/to"))?;
    let (from, to) = (instant("pause", from)?, instant("pause", to)?);
    if to < from {
        return Err(refused("it ends before it begins"));
    }
    let resume_on = terms
        .calendar
        .date_of(to)
        .saturating_add(jiff::SignedDuration::from_hours(24));
    Ok(Pause {
        clock,
        from,
        to: Some(to),
        resume_on,
        reason: String::new(),
        waiting_for: WaitingFor::Person,
    })
}

fn instant(name: &str, text: &str) -> Result<Timestamp, Unanswerable> {
    let text = text.trim();
    let read = text.parse().ok().filter(|_| has_an_offset_of_a_day(text));
    read.ok_or_else(|| {
        Unanswerable(format!(
            "{name} {text:?}: expected an instant with its offset, such as 2026-11-20T16:45:00Z"
        ))
    })
}

/// RFC 3339 knows offsets up to 23:59.
fn has_an_offset_of_a_day(text: &str) -> bool {
    let after_date = text.get(10..).unwrap_or_default();
    let offset = after_date
        .rfind(['+', '-'])
        .and_then(|at| after_date.get(at + 1..));
    offset.is_none_or(|offset| {
        let hours = offset.get(..2).and_then(|hours| hours.parse::<u8>().ok());
        hours.is_some_and(|hours| hours < 24)
    })
}

/// What is wrong with a line. Every line is the first of its own document.
fn in_words(error: &serde_json::Error) -> String {
    let told = error.to_string();
    match told.split_once(" at line ") {
        Some((what, _)) if error.column() > 0 => {
            format!("{what}, at character {}", error.column())
        }
        Some((what, _)) => what.to_owned(),
        None => told,
    }
}
