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

impl Location {
    /// Whether two places are likely one: the same property, within fifty metres, or the same words.
    #[must_use]
    pub fn is_near(&self, other: &Self) -> bool {
        if let (Some(one), Some(two)) = (&self.uprn, &other.uprn) {
            return one == two;
        }
        if let (Some(lat), Some(long), Some(other_lat), Some(other_long)) =
            (self.lat, self.long, other.lat, other.long)
        {
            // A degree of latitude is 111 km; one of longitude that, times the cosine of the latitude.
            let north = (lat - other_lat) * 111_000.0;
            let east = (long - other_long) * 111_000.0 * lat.to_radians().cos();
            return north.hypot(east) <= 50.0;
        }
        let plain = |place: &Self| {
            let words = place.description.as_deref().unwrap_or("").to_lowercase();
            words
                .chars()
                .filter(|c| c.is_alphanumeric())
                .collect::<String>()
        };
        let (one, two) = (plain(self), plain(other));
        !one.is_empty() && one == two
    }
}
