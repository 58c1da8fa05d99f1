//! Who contacts a council, how, when and about what.
//!
//! It follows what councils publish of themselves, each figure of one council and one year:
//!
//! | council, about so many people | published by it |
//! |---|---|
//! | Bolsover, 80,000 | 32,382 e-mails in 2024/25; 7,300 to 7,600 visitors and 560 to 590 web chats a quarter |
//! | East Dunbartonshire, 109,000 | 125,219 calls, 9,847 drop-ins, 3,746 appointments, 2,686 social messages in 2022/23 |
//! | West Devon, 57,000 | 43,406 calls in 2023 |
//! | York, 200,000 | 244,277 calls and 112,893 visitors; 55 % of reports about lights and cleansing online |
//! | Leeds, 800,000 | 790,591 calls answered and 113,186 abandoned |
//! | Winchester, 130,000 | 14,000 to 16,000 calls a month, and 39,228 in the month the bins changed |
//!
//! From them we take, for 100,000 people, 85,000 to 250,000 contacts a year, 350 to 1,000 on a working
//! day, a third more on Mondays, and two to three times as many when something changes for everybody.
//! That is an estimate of ours. How much comes in about a matter is the catalogue's own
//! (`est_contacts_per_100k_per_year`).

use jiff::civil::{Date, Weekday};
use jiff::{SignedDuration, Timestamp};
use rand::Rng;

use crate::domain::calendar::{Calendar, WallTime};
use crate::domain::case::Procedure;
use crate::domain::catalogue::{Catalogue, Category};
use crate::domain::contact::Channel;

/// Contacts of 100,000 people on a working day: within what is published, above its middle.
pub const CONTACTS_A_DAY: u32 = 700;
/// The share of a working day's contacts that comes in its busiest hour, in hundredths.
pub const PEAK_HOUR: u32 = 14;

/// Of a thousand contacts, how many come on which channel.
const CHANNELS: &[(Channel, u32)] = &[
    (Channel::Phone, 520),
    (Channel::Email, 190),
    (Channel::WebForm, 190),
    (Channel::FaceToFace, 50),
    (Channel::Webchat, 20),
    (Channel::Letter, 20),
    (Channel::Social, 10),
];

/// Of a hundred contacts in a week of post and forms, or of calls and visits.
const WRITTEN: [u32; 7] = [21, 17, 16, 16, 15, 8, 7];
const SPOKEN: [u32; 7] = [25, 20, 19, 18, 18, 0, 0];

/// The matters of a catalogue, each as often as the catalogue expects it.
pub struct Matters {
    all: Vec<(String, String)>,
    /// Up to and with each.
    weights: Vec<u32>,
}

impl Matters {
    /// Those that anybody may raise and that are not kept from the office.
    #[must_use]
    pub fn of(catalogue: &Catalogue) -> Self {
        let mut matters = Self {
            all: Vec::new(),
            weights: Vec::new(),
        };
        let mut total = 0_u32;
        for (service, category) in catalogue.categories() {
            let is_open = !category.is_restricted && category.requester_type.is_none();
            let is_of_members = category.procedure == Procedure::MemberEnquiry;
            if !is_open || is_of_members || category.stage.is_some() {
                continue;
            }
            total += category.est_contacts_per_100k_per_year.unwrap_or(20).max(1);
            matters
                .all
                .push((service.slug.clone(), category.slug.clone()));
            matters.weights.push(total);
        }
        matters
    }

    /// One of them: service and category.
    pub fn one(&self, chance: &mut impl Rng) -> Option<(&str, &str)> {
        let total = *self.weights.last()?;
        let drawn = chance.random_range(0..total.max(1));
        let place = self.weights.partition_point(|weight| *weight <= drawn);
        let (service, category) = self.all.get(place)?;
        Some((service, category))
    }
}

/// How people speak of a matter, as far as the catalogue says.
pub fn phrases(category: &Category) -> impl Iterator<Item = &str> {
    let said = category.examples.iter().chain(&category.keywords);
    said.chain([&category.public_name]).map(String::as_str)
}

/// How one contact comes in.
pub fn channel(chance: &mut impl Rng) -> Channel {
    let total: u32 = CHANNELS.iter().map(|(_, weight)| weight).sum();
    let mut drawn = chance.random_range(0..total);
    for (channel, weight) in CHANNELS {
        if drawn < *weight {
            return *channel;
        }
        drawn -= weight;
    }
    Channel::Phone
}

/// Whether people reach us that way at any hour.
#[must_use]
pub fn is_written(channel: Channel) -> bool {
    matches!(channel, Channel::Email | Channel::WebForm | Channel::Letter)
}

/// When something comes in between two days, both included: on open days alone where somebody must be
/// there to take it.
pub fn instant(
    chance: &mut impl Rng,
    calendar: &Calendar,
    channel: Channel,
    (from, to): (Date, Date),
) -> Timestamp {
    let n_days = i64::from((to - from).get_days()).max(0);
    let office = calendar.office();
    let week = if is_written(channel) { WRITTEN } else { SPOKEN };
    let mut on = to;
    // The weekday is drawn by its weight; a hundred tries find one in any stretch that has one.
    for _ in 0..100 {
        let days = chance.random_range(0..=n_days);
        on = from
            .checked_add(SignedDuration::from_hours(24 * days))
            .unwrap_or(to);
        let weight = week
            .get(usize::try_from(on.weekday().to_monday_zero_offset()).unwrap_or(0))
            .copied()
            .unwrap_or(0);
        let is_open = is_written(channel) || office.is_working_day(on);
        if is_open && chance.random_range(0..25) < weight {
            break;
        }
    }
    if !is_written(channel) && matches!(on.weekday(), Weekday::Saturday | Weekday::Sunday) {
        on = office.last_open_day(on);
    }
    let minutes = if is_written(channel) {
        chance.random_range(6 * 60..22 * 60)
    } else {
        chance.random_range(8 * 60 + 45..16 * 60 + 45)
    };
    let midnight = calendar.instant(on, WallTime::MIDNIGHT);
    let micros = chance.random_range(0..60_000_000);
    midnight + SignedDuration::from_mins(minutes) + SignedDuration::from_micros(micros)
}
