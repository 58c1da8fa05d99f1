//! Opening hours and cut-offs: local times of day, half-open, up to 24:00.

use std::fmt;

use jiff::civil::Time;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Day;

/// A local time of day from 00:00 up to and including 24:00, written `HH:MM`.
///
/// 24:00 is the following midnight: a calendar open round the clock is open `00:00-24:00` and
/// loses no minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WallTime {
    minutes: u16,
}

/// Open from one time up to, not including, another. Never empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval {
    opens: WallTime,
    closes: WallTime,
}

/// Opening hours by weekday, each day's intervals in order: `monday = ["09:00-12:30", "13:30-17:00"]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Week {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub monday: Vec<Interval>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tuesday: Vec<Interval>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub wednesday: Vec<Interval>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub thursday: Vec<Interval>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub friday: Vec<Interval>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub saturday: Vec<Interval>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sunday: Vec<Interval>,
}

/// The time from which a contact counts from the next open day, by weekday; closing time where
/// nothing is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CutOffs {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub monday: Option<WallTime>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tuesday: Option<WallTime>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wednesday: Option<WallTime>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thursday: Option<WallTime>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub friday: Option<WallTime>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub saturday: Option<WallTime>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sunday: Option<WallTime>,
}

impl WallTime {
    pub const MIDNIGHT: WallTime = WallTime { minutes: 0 };
    pub const END_OF_DAY: WallTime = WallTime { minutes: 24 * 60 };

    /// A full hour; anything above 24 is 24:00.
    pub const fn from_hour(hour: u16) -> WallTime {
        WallTime {
            minutes: if hour > 24 { 24 * 60 } else { hour * 60 },
        }
    }

    /// The civil time, or nothing for 24:00.
    pub fn time(self) -> Option<Time> {
        let hour = i8::try_from(self.minutes / 60).ok()?;
        let minute = i8::try_from(self.minutes % 60).ok()?;
        Time::new(hour, minute, 0, 0).ok()
    }

    /// Seconds since midnight by the clock on the wall.
    pub(super) fn seconds(self) -> i64 {
        i64::from(self.minutes) * 60
    }

    /// Whether a civil time is this one or later.
    pub fn has_come(self, time: Time) -> bool {
        self.time().is_some_and(|own| time >= own)
    }

    /// As one would say it: `5pm`, `4.30pm`, `noon`, `midnight`.
    pub fn spoken(self) -> String {
        match (self.minutes / 60, self.minutes % 60) {
            (0 | 24, 0) => "midnight".to_owned(),
            (12, 0) => "noon".to_owned(),
            (hour, minute) => {
                let half = if hour % 24 < 12 { "am" } else { "pm" };
                let hour = if hour % 12 == 0 { 12 } else { hour % 12 };
                if minute == 0 {
                    format!("{hour}{half}")
                } else {
                    format!("{hour}.{minute:02}{half}")
                }
            }
        }
    }
}

impl From<Time> for WallTime {
    /// The minute in which a civil time falls.
    fn from(time: Time) -> WallTime {
        let part = |value: i8| u16::try_from(value).unwrap_or(0);
        WallTime {
            minutes: part(time.hour()) * 60 + part(time.minute()),
        }
    }
}

impl fmt::Display for WallTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.minutes / 60, self.minutes % 60)
    }
}

impl std::str::FromStr for WallTime {
    type Err = String;

    fn from_str(text: &str) -> Result<WallTime, String> {
        let refused = || format!("{text:?} is not a time of day from 00:00 to 24:00");
        let (hour, minute) = text.split_once(':').ok_or_else(refused)?;
        let digits = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(hour) || !digits(minute) {
            return Err(refused());
        }
        let hour: u16 = hour.parse().map_err(|_| refused())?;
        let minute: u16 = minute.parse().map_err(|_| refused())?;
        let minutes = hour * 60 + minute;
        if minute > 59 || minutes > 24 * 60 {
            Err(refused())
        } else {
            Ok(WallTime { minutes })
        }
    }
}

impl Interval {
    pub fn new(opens: WallTime, closes: WallTime) -> Result<Interval, String> {
        if opens < closes {
            Ok(Interval { opens, closes })
        } else {
            Err(format!("{opens}-{closes} closes before it opens"))
        }
    }

    pub fn opens(self) -> WallTime {
        self.opens
    }

    pub fn closes(self) -> WallTime {
        self.closes
    }

    /// The part before an early closing, if any is left.
    pub fn until(self, closes: WallTime) -> Option<Interval> {
        Interval::new(self.opens, self.closes.min(closes)).ok()
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.opens, self.closes)
    }
}

impl std::str::FromStr for Interval {
    type Err = String;

    fn from_str(text: &str) -> Result<Interval, String> {
        let (opens, closes) = text
            .split_once('-')
            .ok_or_else(|| format!("{text:?} is not an interval such as 09:00-17:00"))?;
        Interval::new(opens.trim().parse()?, closes.trim().parse()?)
    }
}

impl Week {
    /// Monday to Friday, the same hours every day.
    pub fn monday_to_friday(hours: Interval) -> Week {
        let day = vec![hours];
        Week {
            monday: day.clone(),
            tuesday: day.clone(),
            wednesday: day.clone(),
            thursday: day.clone(),
            friday: day,
            ..Week::default()
        }
    }

    /// The intervals of a day's weekday.
    pub fn on(&self, day: Day) -> &[Interval] {
        match day.days_since_monday() {
            0 => &self.monday,
            1 => &self.tuesday,
            2 => &self.wednesday,
            3 => &self.thursday,
            4 => &self.friday,
            5 => &self.saturday,
            _ => &self.sunday,
        }
    }

    /// Everything wrong with it, named at once.
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        for (name, intervals) in self.days() {
            for pair in intervals.windows(2) {
                if let [earlier, later] = pair
                    && later.opens < earlier.closes
                {
                    faults.push(format!(
                        "week: on {name}, {later} begins before {earlier} has ended"
                    ));
                }
            }
        }
        if self
            .days()
            .iter()
            .all(|(_, intervals)| intervals.is_empty())
        {
            faults.push(
                "week: no day of the week is open, so nothing could ever fall due".to_owned(),
            );
        }
        faults
    }

    fn days(&self) -> [(&'static str, &[Interval]); 7] {
        [
            ("Monday", &self.monday),
            ("Tuesday", &self.tuesday),
            ("Wednesday", &self.wednesday),
            ("Thursday", &self.thursday),
            ("Friday", &self.friday),
            ("Saturday", &self.saturday),
            ("Sunday", &self.sunday),
        ]
    }
}

impl CutOffs {
    pub fn on(&self, day: Day) -> Option<WallTime> {
        match day.days_since_monday() {
            0 => self.monday,
            1 => self.tuesday,
            2 => self.wednesday,
            3 => self.thursday,
            4 => self.friday,
            5 => self.saturday,
            _ => self.sunday,
        }
    }

    pub fn is_empty(&self) -> bool {
        *self == CutOffs::default()
    }

    /// A cut-off on a day that is closed, or after closing, is a slip of the pen.
    pub fn faults(&self, week: &Week) -> Vec<String> {
        let own = [
            self.monday,
            self.tuesday,
            self.wednesday,
            self.thursday,
            self.friday,
            self.saturday,
            self.sunday,
        ];
        let mut faults = Vec::new();
        for ((name, intervals), cut_off) in week.days().into_iter().zip(own) {
            let Some(cut_off) = cut_off else { continue };
            match intervals.last() {
                None => faults.push(format!("cut_off: {name} is closed")),
                Some(last) if cut_off > last.closes => {
                    faults.push(format!(
                        "cut_off: {cut_off} on {name} is after closing at {}",
                        last.closes
                    ));
                }
                Some(_) => {}
            }
        }
        faults
    }
}

/// Both types are written as the text people use for them.
macro_rules! written_as_text {
    ($type:ty) => {
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?
                    .parse()
                    .map_err(serde::de::Error::custom)
            }
        }
    };
}

written_as_text!(WallTime);
written_as_text!(Interval);
