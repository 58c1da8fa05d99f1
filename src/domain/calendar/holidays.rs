//! Bank holidays of the three nations, as GOV.UK publishes them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::Holidays;

/// The three sets of bank holidays in the United Kingdom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Nation {
    EnglandAndWales,
    Scotland,
    NorthernIreland,
}

/// Every bank holiday known, with its title, by nation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BankHolidays(BTreeMap<Nation, BTreeMap<Date, String>>);

#[derive(Deserialize)]
struct Division {
    events: Vec<Event>,
}

#[derive(Deserialize)]
struct Event {
    title: String,
    date: Date,
    #[serde(default)]
    notes: String,
}

impl Nation {
    pub const ALL: [Nation; 3] = [
        Nation::EnglandAndWales,
        Nation::Scotland,
        Nation::NorthernIreland,
    ];

    pub fn slug(self) -> &'static str {
        match self {
            Nation::EnglandAndWales => "england-and-wales",
            Nation::Scotland => "scotland",
            Nation::NorthernIreland => "northern-ireland",
        }
    }

    /// In words for the public.
    pub fn name(self) -> &'static str {
        match self {
            Nation::EnglandAndWales => "England and Wales",
            Nation::Scotland => "Scotland",
            Nation::NorthernIreland => "Northern Ireland",
        }
    }
}

impl fmt::Display for Nation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.slug())
    }
}

impl std::str::FromStr for Nation {
    type Err = String;

    fn from_str(text: &str) -> Result<Nation, String> {
        Nation::ALL
            .into_iter()
            .find(|nation| nation.slug() == text)
            .ok_or_else(|| {
                let known = Nation::ALL.map(Nation::slug).join(", ");
                format!("there is no nation {text:?}; known are {known}")
            })
    }
}

impl BankHolidays {
    /// Reads the document GOV.UK publishes at `/bank-holidays.json`. All three nations must be
    /// there: half a feed would quietly make holidays into working days.
    pub fn parse(json: &str) -> Result<BankHolidays, String> {
        let divisions: BTreeMap<String, Division> = serde_json::from_str(json)
            .map_err(|error| format!("not a bank holiday feed: {error}"))?;
        let mut nations = BTreeMap::new();
        for nation in Nation::ALL {
            let division = divisions
                .get(nation.slug())
                .filter(|division| !division.events.is_empty())
                .ok_or_else(|| format!("the bank holiday feed has no holidays for {nation}"))?;
            let mut days = BTreeMap::new();
            for event in &division.events {
                if days.insert(event.date, event.title_with_notes()).is_some() {
                    return Err(format!(
                        "the bank holiday feed names {} twice for {nation}",
                        event.date
                    ));
                }
            }
            nations.insert(nation, days);
        }
        Ok(BankHolidays(nations))
    }

    /// Adds a one-off holiday.
    pub fn add(&mut self, nation: Nation, on: Date, title: &str) {
        self.0
            .entry(nation)
            .or_default()
            .insert(on, title.to_owned());
    }

    /// The days that are holidays when these count.
    pub fn days(&self, whose: Holidays) -> BTreeSet<Date> {
        match whose {
            Holidays::Nobody => BTreeSet::new(),
            Holidays::AnyUk => self
                .0
                .values()
                .flat_map(|days| days.keys().copied())
                .collect(),
            Holidays::Of(nation) => self
                .0
                .get(&nation)
                .map(|days| days.keys().copied().collect())
                .unwrap_or_default(),
        }
    }

    /// The holiday's title; with the nations that keep it where not all of them do.
    pub fn title(&self, whose: Holidays, on: Date) -> Option<String> {
        let of = |nation: &Nation| self.0.get(nation).and_then(|days| days.get(&on)).cloned();
        match whose {
            Holidays::Nobody => None,
            Holidays::Of(nation) => of(&nation),
            Holidays::AnyUk => {
                let keeping: Vec<Nation> = Nation::ALL
                    .into_iter()
                    .filter(|nation| of(nation).is_some())
                    .collect();
                let title = of(keeping.first()?)?;
                if keeping.len() == Nation::ALL.len() {
                    return Some(title);
                }
                let names: Vec<&str> = keeping.into_iter().map(Nation::name).collect();
                Some(format!("{title} in {}", names.join(" and in ")))
            }
        }
    }

    /// Every holiday of a nation, oldest first.
    pub fn of(&self, nation: Nation) -> impl Iterator<Item = (Date, &str)> {
        self.0
            .get(&nation)
            .into_iter()
            .flatten()
            .map(|(on, title)| (*on, title.as_str()))
    }

    /// The beginning of the first year that every nation has holidays for.
    pub fn known_from(&self) -> Option<Date> {
        let first = |nation| {
            let days = self.0.get(nation)?;
            days.keys().next().map(|on| on.year())
        };
        let years: Option<Vec<i16>> = Nation::ALL.iter().map(first).collect();
        Date::new(years?.into_iter().max()?, 1, 1).ok()
    }

    /// The end of the last year that every nation has holidays for.
    pub fn known_until(&self) -> Option<Date> {
        let last = |nation| {
            self.0
                .get(nation)
                .and_then(|days| days.keys().next_back().copied())
        };
        let year = Nation::ALL
            .iter()
            .map(last)
            .collect::<Option<Vec<Date>>>()?
            .into_iter()
            .min()?
            .year();
        Date::new(year, 12, 31).ok()
    }
}

impl Event {
    fn title_with_notes(&self) -> String {
        match self.notes.trim() {
            "" => self.title.clone(),
            notes => format!("{} ({})", self.title, notes.to_lowercase()),
        }
    }
}
