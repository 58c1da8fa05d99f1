//! A notice as a text message: short, plain, and only where little has to be said.
//!
//! What does not fit goes the other ways. Nothing a resident wrote ever stands in one; an officer's
//! words do, where they are few.

use super::notice::{Letter, Says};

/// What is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextMessage {
    pub words: String,
    /// The person's own link, after the words.
    pub link: Option<String>,
}

/// Officers' words that are longer go by mail or letter.
const MOST_WORDS: usize = 600;

impl Letter {
    /// This letter as a text; nothing where it cannot be one.
    #[must_use]
    pub fn as_text(&self) -> Option<TextMessage> {
        let council = &self.council.name;
        if let Says::Danger { emergency_line } = &self.says {
            // No link and no reference: only what to do now.
            return Some(TextMessage {
                words: format!(
                    "{council}: if someone is in danger now, call 999. Do not wait for us to reply. Our emergency \
                     line, open now, is {emergency_line}."
                ),
                link: None,
            });
        }
        let case = self.case.as_ref()?;
        let matter = &case.matter;
        let said = match &self.says {
            Says::Confirmation { what_happens } => {
                format!("we have {matter}. {}", what_happens.join(" "))
            }
            Says::ComplaintReceipt {
                acknowledge_by: Some(by),
                ..
            } => format!("we have {matter}. An officer will write to you by {by}."),
            Says::ChaserConfirmation { standing } => {
                format!(
                    "we have your message about {matter}. {}",
                    standing.join(" ")
                )
            }
            Says::Callback { by } => format!("we will ring you about {matter} by {by}."),
            Says::TriedToCall {
                rang_at, number, ..
            } => {
                let from = number
                    .as_ref()
                    .map(|number| format!(" from {number}"))
                    .unwrap_or_default();
                format!("we tried to call you{from} at {rang_at}, about {matter}.")
            }
            Says::DateChanged {
                dates,
                reason: None,
            } => dates.join(" "),
            Says::Reopened { what_happens } => {
                format!("we opened {matter} again. {}", what_happens.join(" "))
            }
            Says::TrackingLink => format!("here is the link to {matter}."),
            Says::IncidentUpdate {
                text: Some(text), ..
            } if text.chars().count() <= MOST_WORDS => format!("about {matter}. {text}"),
            Says::Question { text, .. } | Says::Acknowledgement { text, .. }
                if text.chars().count() <= MOST_WORDS =>
            {
                format!("about {matter}. {text}")
            }
            Says::Reply {
                text,
                member: None,
                ombudsman: None,
                ..
            } if text.chars().count() <= MOST_WORDS => format!("about {matter}. {text}"),
            _ => return None,
        };
        let said = said.trim_end();
        let phone = &case.phone.number;
        Some(TextMessage {
            words: format!(
                "{council}: {said} Your reference is {}. Talk to us: {phone}.",
                case.reference
            ),
            link: case.link.clone(),
        })
    }
}
