//! A text message as GOV.UK Notify passes it on: who texted, when, and in which words.
//!
//! Nobody is there who could correct it, so what does not belong in it is cleaned away, as in a mail.
//!
//! A few words are not for the council's staff but for its machine: STOP and START, alone.

use jiff::Timestamp;

use super::given::{Faults, Given, GivenPerson, Unfit};
use super::text;
use crate::domain::contact::Channel;
use crate::domain::enquiry::Enquiry;
use crate::domain::person::phone_number;

/// A text as it was passed on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// The gateway's own id.
    pub id: String,
    pub source_number: String,
    pub message: String,
    pub received_at: Timestamp,
}

/// A text, read.
#[derive(Debug, Clone, PartialEq)]
pub struct Text {
    pub enquiry: Enquiry,
    /// Whence it came, in the form people are found by; none from a short code or a name.
    pub number: Option<String>,
    /// What it tells the machine.
    pub wish: Option<Wish>,
}

/// What somebody tells the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// No more texts to this number.
    Stop,
    /// Texts again.
    Start,
}

/// "Cancel", alone, answers a question we asked.
const STOP: [&str; 3] = ["stop", "stopall", "stop all"];
const START: [&str; 2] = ["start", "unstop"];

/// Reads a text.
///
/// # Errors
/// Everything in it that cannot be meant.
pub fn read(received: Received, now: Timestamp) -> Result<Text, Vec<Unfit>> {
    let number = as_number(&received.source_number);
    // Their clock may be a little ahead of ours, and a text cannot come before it was sent.
    let mut enquiry = Enquiry::new(Channel::Sms, received.received_at.min(now));
    let mut faults = Faults::default();
    let message = text::clean_body(&received.message);
    let wish = wish_of(&message);
    // A picture comes without words, and who sent it waits for an answer all the same.
    let is_wordless = message.trim().is_empty();
    let given = Given {
        body: Some(if is_wordless { "-".to_owned() } else { message }),
        person: Some(GivenPerson {
            phone: number.clone(),
            ..GivenPerson::default()
        }),
        ..Given::default()
    };
    given.read_into(&mut enquiry, false, &mut faults);
    if is_wordless {
        enquiry.body.clear();
    }
    let id = text::clean_line(&received.id, 201);
    enquiry.external_id = faults.line("/id", Some(id), 200);
    let faults: Vec<Unfit> = faults
        .into_vec()
        .into_iter()
        .map(|one| Unfit {
            pointer: one.pointer.replace("/body", "/message"),
            ..one
        })
        .collect();
    if faults.is_empty() {
        Ok(Text {
            enquiry,
            number,
            wish,
        })
    } else {
        Err(faults)
    }
}

/// Notify writes numbers without their plus: `447700900123`, `353871234567`.
fn as_number(text: &str) -> Option<String> {
    let text = text.trim();
    if text.len() > 8 && !text.starts_with('0') && text.chars().all(|c| c.is_ascii_digit()) {
        return phone_number(&format!("+{text}"));
    }
    phone_number(text)
}

fn wish_of(message: &str) -> Option<Wish> {
    let words: String = message
        .chars()
        .filter(|c| c.is_alphanumeric() || c.is_whitespace())
        .collect();
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    let words = words.to_lowercase();
    if STOP.contains(&words.as_str()) {
        Some(Wish::Stop)
    } else if START.contains(&words.as_str()) {
        Some(Wish::Start)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_as_notify_writes_it_and_as_people_do() {
        let check =
            |text, expect: Option<&str>| assert_eq!(as_number(text).as_deref(), expect, "{text}");
        check("447700900123", Some("+447700900123"));
        check("07700 900123", Some("+447700900123"));
        check("+447700900123", Some("+447700900123"));
        check("353871234567", Some("+353871234567"));
        check("84433", None);
        check("BigShop", None);
    }

    #[test]
    fn stop_alone_is_a_wish_and_stop_in_a_sentence_is_a_message() {
        let check = |text, expect| assert_eq!(wish_of(text), expect, "{text}");
        check("STOP", Some(Wish::Stop));
        check(" stop. ", Some(Wish::Stop));
        check("Stop all", Some(Wish::Stop));
        check("start", Some(Wish::Start));
        check("Cancel", None);
        check("unsubscribe", None);
        check("Please stop the lorries in Alder Street", None);
        check("", None);
    }

    #[test]
    fn what_does_not_belong_in_a_text_is_cleaned_away_and_its_words_stay() {
        let received = Received {
            id: "one".to_owned(),
            source_number: "447700900123".to_owned(),
            message: "The bin\rwas missed\u{c}\u{b} again\r\nat no. 3\u{0}".to_owned(),
            received_at: Timestamp::UNIX_EPOCH,
        };
        let text = read(received, Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(text.enquiry.body, "The bin\nwas missed again\nat no. 3");
    }

    #[test]
    fn a_text_without_words_is_somebodys_all_the_same() {
        for message in ["", "  ", "\u{0}\n"] {
            let received = Received {
                id: "one".to_owned(),
                source_number: "447700900123".to_owned(),
                message: message.to_owned(),
                received_at: Timestamp::UNIX_EPOCH,
            };
            let text = read(received, Timestamp::UNIX_EPOCH).unwrap();
            assert_eq!(text.enquiry.body, "", "{message:?}");
            assert_eq!(
                (text.number.as_deref(), text.wish),
                (Some("+447700900123"), None)
            );
        }
    }
}
