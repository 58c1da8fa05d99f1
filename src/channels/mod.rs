//! The ways in: each file turns one outside shape into a [`crate::domain::enquiry::Enquiry`].
//!
//! Pure readers, all of them: they never look anything up, decide nothing about cases and answer
//! nobody. `casework::intake` takes over from what they make.
//!
//! [`door`] is the one list of channels. A new one is its word in
//! [`Channel`], its adapter with its tests, and its line there; the
//! compiler asks for the line.

pub mod email_in;
pub mod given;
pub mod logged;
pub mod old_cases;
pub mod open311;
pub mod sms;
pub mod telephony;
pub mod text;
pub mod web_form;
pub mod webchat;

use crate::domain::contact::{Channel, Direction};
use crate::domain::enquiry::Enquiry;

/// How one channel comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Door {
    /// The files of this folder that read it.
    pub adapters: &'static [&'static str],
    /// What whoever logs one by hand is reminded of, when they left it out.
    pub asks: Option<Asks>,
}

/// Something without which a contact is taken, and is worth less.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asks {
    /// Where they came in.
    AccessPoint,
    /// The recording itself.
    Recording,
}

/// The list.
#[must_use]
pub const fn door(channel: Channel) -> Door {
    const fn by(adapters: &'static [&'static str]) -> Door {
        Door {
            adapters,
            asks: None,
        }
    }
    match channel {
        Channel::Phone => by(&["logged", "telephony"]),
        Channel::Voicemail => Door {
            adapters: &["logged"],
            asks: Some(Asks::Recording),
        },
        Channel::Email => by(&["email_in"]),
        Channel::WebForm => by(&["web_form"]),
        Channel::Webchat => by(&["webchat", "logged"]),
        Channel::Sms => by(&["sms", "logged"]),
        Channel::FaceToFace => Door {
            adapters: &["logged"],
            asks: Some(Asks::AccessPoint),
        },
        Channel::Open311 => by(&["open311"]),
        Channel::Social | Channel::Letter | Channel::Councillor | Channel::OutOfHours => {
            by(&["logged"])
        }
        Channel::Api => by(&["logged", "old_cases"]),
    }
}

/// What whoever logged this left out, in words for them.
#[must_use]
pub fn reminder(enquiry: &Enquiry) -> Option<&'static str> {
    if enquiry.direction == Direction::Outbound {
        return None;
    }
    match door(enquiry.channel).asks? {
        Asks::AccessPoint if enquiry.access_point.is_none() => {
            Some("Say at which access point they came in: `access_point`.")
        }
        Asks::Recording if enquiry.recording.is_none() => {
            Some("Say where the recording is kept: `recording`.")
        }
        Asks::AccessPoint | Asks::Recording => None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    #[test]
    fn every_channel_has_an_adapter_and_every_adapter_a_channel() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/channels");
        let named: BTreeSet<&str> = Channel::ALL
            .iter()
            .flat_map(|channel| door(*channel).adapters)
            .copied()
            .collect();
        let files: BTreeSet<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
            // What several of them are made with.
            .filter(|name| !["mod", "given", "text"].contains(&name.as_str()))
            .collect();
        let files: BTreeSet<&str> = files.iter().map(String::as_str).collect();
        assert_eq!(named, files);
    }
}
