//! A web chat that has ended: one contact, made of what the person said.
//!
//! The conversation is kept whole for staff to read, turn by turn. Only the person's own turns are read
//! for what the matter is and whether somebody is in danger: an adviser who asks "is anybody hurt?" has
//! not said that somebody is.

use jiff::Timestamp;

use super::given::{Faults, Given, Read, Unfit};
use super::text;
use crate::domain::contact::Channel;
use crate::domain::enquiry::{Enquiry, Speaker, Turn};

/// A chat as it was sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Chat {
    pub external_id: String,
    pub started_at: Option<Timestamp>,
    pub turns: Vec<Turn>,
    pub given: Given,
}

/// What is read as theirs; the rest of a very long chat is kept beside it.
const WORDS_LIMIT: usize = text::BODY_LIMIT;

/// Reads a chat.
#[must_use]
pub fn read(chat: Chat, now: Timestamp) -> Read {
    let mut faults = Faults::default();
    let began_at = chat
        .started_at
        .or_else(|| chat.turns.first().map(|turn| turn.at));
    let mut enquiry = Enquiry::new(Channel::Webchat, began_at.unwrap_or(now).min(now));
    // A chat is over when it comes: nobody is there who could correct a turn.
    let turns: Vec<Turn> = chat
        .turns
        .into_iter()
        .map(|turn| Turn {
            words: text::clean_body(&turn.words),
            ..turn
        })
        .collect();
    let said: Vec<&str> = turns
        .iter()
        .filter(|turn| turn.who == Speaker::Person)
        .map(|turn| turn.words.trim())
        .filter(|words| !words.is_empty())
        .collect();
    let body: String = said.join("\n").chars().take(WORDS_LIMIT).collect();
    if body.is_empty() {
        faults.add(
            "/turns",
            "missing_field",
            "The person said nothing: there is nothing to take in.",
        );
    }
    // Their words are there or have been asked for: `subject or body` would ask once more.
    let given = Given {
        body: Some(if body.is_empty() {
            "-".to_owned()
        } else {
            body
        }),
        subject: chat
            .given
            .subject
            .map(|subject| text::clean_line(&subject, text::SUBJECT_LIMIT)),
        ..chat.given
    };
    given.read_into(&mut enquiry, false, &mut faults);
    enquiry.external_id = faults.line("/external_id", Some(chat.external_id), 200);
    enquiry.transcript = turns;
    faults.beside(enquiry)
}

/// The same without a word of what was said: that there was a chat, and when.
#[must_use]
pub fn unsaid(enquiry: &Enquiry) -> Enquiry {
    Enquiry {
        external_id: enquiry.external_id.clone(),
        ..Enquiry::new(enquiry.channel, enquiry.received_at)
    }
}

/// What cannot be meant, by the names a chat is sent with.
#[must_use]
pub fn renamed(faults: Vec<Unfit>) -> Vec<Unfit> {
    faults
        .into_iter()
        .map(|one| Unfit {
            pointer: one.pointer.replace("/body", "/turns"),
            ..one
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turn(who: Speaker, words: &str) -> Turn {
        Turn {
            who,
            at: Timestamp::UNIX_EPOCH,
            words: words.to_owned(),
        }
    }

    fn chat(turns: Vec<Turn>) -> Chat {
        Chat {
            external_id: "chat-1".to_owned(),
            started_at: None,
            turns,
            given: Given::default(),
        }
    }

    #[test]
    fn what_an_adviser_asks_is_not_what_the_person_said() {
        let read = read(
            chat(vec![
                turn(Speaker::Adviser, "Is somebody hurt? Is there a fire?"),
                turn(Speaker::Person, "No, my bin was missed"),
                turn(Speaker::Assistant, "I can help with bins"),
                turn(Speaker::Person, "The black one"),
            ]),
            Timestamp::UNIX_EPOCH,
        );
        assert_eq!(read.faults, []);
        assert_eq!(read.enquiry.body, "No, my bin was missed\nThe black one");
        assert_eq!(read.enquiry.transcript.len(), 4);
    }

    #[test]
    fn a_character_that_a_chat_tool_put_in_loses_nobodys_words() {
        let read = read(
            Chat {
                given: Given {
                    subject: Some("Smell\u{0} of\tgas".to_owned()),
                    ..Given::default()
                },
                ..chat(vec![turn(
                    Speaker::Person,
                    "I can smell\u{1} gas\u{0}\r\nin the kitchen",
                )])
            },
            Timestamp::UNIX_EPOCH,
        );
        assert_eq!(read.faults, []);
        assert_eq!(read.enquiry.body, "I can smell gas\nin the kitchen");
        assert_eq!(read.enquiry.subject, "Smell of gas");
        assert_eq!(read.enquiry.transcript[0].words, read.enquiry.body);
    }

    #[test]
    fn a_chat_in_which_the_person_said_nothing_is_none() {
        let read = read(
            chat(vec![turn(Speaker::Adviser, "Hello?")]),
            Timestamp::UNIX_EPOCH,
        );
        let found: Vec<(&str, &str)> = read
            .faults
            .iter()
            .map(|one| (one.pointer.as_str(), one.code))
            .collect();
        assert_eq!(found, [("/turns", "missing_field")]);
    }

    #[test]
    fn without_consent_nothing_of_what_was_said_is_left() {
        let whole = read(
            chat(vec![turn(Speaker::Person, "My bin")]),
            Timestamp::UNIX_EPOCH,
        );
        let left = unsaid(&whole.enquiry);
        assert_eq!((left.body.as_str(), left.transcript.len()), ("", 0));
        assert_eq!(left.external_id.as_deref(), Some("chat-1"));
    }
}
