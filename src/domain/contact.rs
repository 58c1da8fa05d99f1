//! A contact: one thing somebody said to us, or we to them, on one channel, at one time.

use serde::{Deserialize, Serialize};

/// Writes an enum whose values travel as lower-snake text, with the list of its values for
/// messages and the published contract.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $text)] $variant),+ }

        impl $name {
            /// Every value, in the order the contract lists them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word as it travels.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = crate::domain::contact::UnknownWord;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($text => Ok(Self::$variant),)+
                    _ => Err(crate::domain::contact::UnknownWord {
                        word: text.to_owned(),
                        known: &[$($text),+],
                    }),
                }
            }
        }
    };
}
pub(crate) use words;

/// A word that is none of those the contract lists.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{word}` is not one of: {}", known.join(", "))]
pub struct UnknownWord {
    /// What was given.
    pub word: String,
    /// What would have been taken.
    pub known: &'static [&'static str],
}

words! {
    /// How it reached us, or we them.
    Channel {
        Phone = "phone", Voicemail = "voicemail", Email = "email", WebForm = "web_form",
        Webchat = "webchat", Sms = "sms", Social = "social", Letter = "letter",
        FaceToFace = "face_to_face", Councillor = "councillor", Open311 = "open311",
        OutOfHours = "out_of_hours", Api = "api",
    }
}

words! {
    /// Who said it to whom.
    Direction { Inbound = "inbound", Outbound = "outbound" }
}

words! {
    /// How a call or visit of ours ended.
    CallOutcome { Spoke = "spoke", Voicemail = "voicemail", NoAnswer = "no_answer" }
}

words! {
    /// What became of something that came in. The day's figures add up over these.
    Disposition {
        /// It opened a case.
        Opened = "opened",
        /// It joined a case that was there.
        Joined = "joined",
        /// A person must look before it goes further.
        Held = "held",
        /// Kept, and nobody is answered (automatic mail).
        Stored = "stored",
        /// We had it already.
        Duplicate = "duplicate",
        /// It could not be read; its bytes are kept.
        Quarantined = "quarantined",
    }
}

words! {
    /// What a person made of something that waited for them. Its [`Disposition`] stays what it was on
    /// the day it came in.
    Settlement {
        /// It was let through and opened a case.
        Opened = "opened",
        /// It was let through to a case that was there.
        Joined = "joined",
        /// It is kept, and nobody is answered.
        Dismissed = "dismissed",
    }
}

/// Where something is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Location {
    /// Latitude, WGS 84 degrees.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = -90, max = 90))]
    pub lat: Option<f64>,
    /// Longitude, WGS 84 degrees.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = -180, max = 180))]
    pub long: Option<f64>,
    /// In words: "outside no. 14".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 300))]
    pub description: Option<String>,
    /// Unique property reference number, digits only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^[0-9]{1,12}$"))]
    pub uprn: Option<String>,
}

/// How far apart two points may be and still be one place, in metres.
const ONE_PLACE_METRES: f64 = 50.0;
/// Metres in a degree of latitude; one of longitude has that times the cosine of the latitude.
const DEGREE_METRES: f64 = 111_000.0;

/// How far two points are apart, by latitude and longitude, where the ground is nearly flat.
#[must_use]
pub fn metres_between((lat, long): (f64, f64), (other_lat, other_long): (f64, f64)) -> f64 {
    let north = (lat - other_lat) * DEGREE_METRES;
    let east = (long - other_long) * DEGREE_METRES * lat.to_radians().cos();
    north.hypot(east)
}

/// A rectangle on the map.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Surroundings {
    pub lat: (f64, f64),
    pub long: (f64, f64),
}

impl Location {
    /// Whether two places are likely one: the same property, within fifty metres, or the same words.
    #[must_use]
    pub fn is_near(&self, other: &Self) -> bool {
        if let (Some(one), Some(two)) = (&self.uprn, &other.uprn) {
            return one == two;
        }
        if let (Some((lat, long)), Some((other_lat, other_long))) = (self.point(), other.point()) {
            return metres_between((lat, long), (other_lat, other_long)) <= ONE_PLACE_METRES;
        }
        self.words().is_some() && self.words() == other.words()
    }

    /// Latitude and longitude, where both are known.
    #[must_use]
    pub fn point(&self) -> Option<(f64, f64)> {
        self.lat.zip(self.long)
    }

    /// What it is called, in letters and digits alone: two ways to write an address are one.
    #[must_use]
    pub fn words(&self) -> Option<String> {
        let words: String = self
            .description
            .as_deref()?
            .to_lowercase()
            .chars()
            .filter(|c| c.is_alphanumeric())
            .collect();
        (!words.is_empty()).then_some(words)
    }

    /// Where every point [near](Self::is_near) this one lies, for an index to narrow by.
    #[must_use]
    pub fn surroundings(&self) -> Option<Surroundings> {
        let (lat, long) = self.point()?;
        // A little more than needed, because rounding must not lose a place on the edge.
        let north = ONE_PLACE_METRES * 1.01 / DEGREE_METRES;
        // At a pole every longitude is near; a hundredth keeps the rectangle finite.
        let east = north / lat.to_radians().cos().max(0.01);
        Some(Surroundings {
            lat: (lat - north, lat + north),
            long: (long - east, long + east),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Location;

    fn at(lat: f64, long: f64) -> Location {
        Location {
            lat: Some(lat),
            long: Some(long),
            ..Location::default()
        }
    }

    proptest! {
        #[test]
        fn every_place_near_another_lies_in_its_surroundings(
            lat in -85.0..85.0_f64, long in -179.0..179.0_f64,
            north in -70.0..70.0_f64, east in -70.0..70.0_f64,
        ) {
            let here = at(lat, long);
            let other_lat = lat + north / 111_000.0;
            let other_long = long + east / (111_000.0 * lat.to_radians().cos());
            let around = here.surroundings().unwrap();
            let is_within = (around.lat.0..=around.lat.1).contains(&other_lat)
                && (around.long.0..=around.long.1).contains(&other_long);
            prop_assert!(is_within || !here.is_near(&at(other_lat, other_long)));
            // And it is not the whole town: its corners are a hundred metres off at most.
            prop_assert!(!is_within || north.hypot(east) < 100.0);
        }
    }

    #[test]
    fn one_address_written_two_ways_is_one_place() {
        let called = |words: &str| Location {
            description: Some(words.to_owned()),
            ..Location::default()
        };
        assert!(called("14, Larkfield Rise").is_near(&called("14 LARKFIELD RISE")));
        assert!(!called("14 Larkfield Rise").is_near(&called("41 Larkfield Rise")));
        assert_eq!(called(" -- ").words(), None, "nothing is not a place");
        assert!(!called("--").is_near(&called("..")));
    }

    #[test]
    fn two_properties_are_two_places_however_close() {
        let flat = |uprn: &str| Location {
            uprn: Some(uprn.to_owned()),
            ..at(51.5, -0.1)
        };
        assert!(flat("100000000001").is_near(&flat("100000000001")));
        assert!(!flat("100000000001").is_near(&flat("100000000002")));
    }
}
