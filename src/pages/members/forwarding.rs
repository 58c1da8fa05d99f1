//! Words a councillor can send on to whoever asked them, in the councillor's own name.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::domain::wording::on_day;

/// What of an enquiry can be told to whoever asked. It names nobody and says nothing of the matter itself:
/// it may be passed on once more.
#[derive(Debug, Clone, Copy)]
pub struct ToForward<'a> {
    pub council: &'a str,
    pub reference: &'a str,
    pub received_at: Timestamp,
    /// The date that stands now.
    pub respond_on: Option<Date>,
    pub is_answered: bool,
    pub is_closed: bool,
    /// How to reach the service: its number.
    pub phone: Option<&'a str>,
}

/// The words, a sentence or two on each line.
#[must_use]
pub fn words(enquiry: ToForward<'_>, zone: &TimeZone) -> Vec<String> {
    let raised_on = on_day(enquiry.received_at.to_zoned(zone.clone()).date());
    let mut lines = vec![
        format!("I asked {} about this on {raised_on}.", enquiry.council),
        format!("The council’s reference is {}.", enquiry.reference),
    ];
    match (enquiry.is_closed || enquiry.is_answered, enquiry.respond_on) {
        (true, _) => lines.push("They have sent me an answer.".to_owned()),
        (false, Some(on)) => {
            lines.push(format!(
                "They have promised me an answer by {}.",
                on_day(on)
            ));
            lines.push("I will tell you when I have it.".to_owned());
        }
        (false, None) => lines.push("I will tell you when I have their answer.".to_owned()),
    }
    if let Some(phone) = enquiry.phone {
        lines.push(format!(
            "You can also ring the service yourself on {phone}."
        ));
    }
    lines
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::domain::wording::{banned_words, long_sentences};

    fn enquiry() -> ToForward<'static> {
        ToForward {
            council: "Northmere Council",
            reference: "4X7-K92-MQ3",
            received_at: "2026-11-20T23:58:00Z".parse().unwrap(),
            respond_on: Some(date(2026, 12, 4)),
            is_answered: false,
            is_closed: false,
            phone: Some("01632 960110"),
        }
    }

    #[test]
    fn whoever_asked_reads_when_the_answer_comes_and_whom_to_ring() {
        let zone = TimeZone::get("Europe/London").unwrap();
        assert_eq!(
            words(enquiry(), &zone),
            [
                "I asked Northmere Council about this on Friday 20 November 2026.",
                "The council’s reference is 4X7-K92-MQ3.",
                "They have promised me an answer by Friday 4 December 2026.",
                "I will tell you when I have it.",
                "You can also ring the service yourself on 01632 960110.",
            ]
        );
    }

    #[test]
    fn no_date_is_promised_that_is_over() {
        let zone = TimeZone::UTC;
        for answered in [
            ToForward {
                is_answered: true,
                ..enquiry()
            },
            ToForward {
                is_closed: true,
                ..enquiry()
            },
        ] {
            let all = words(answered, &zone).join(" ");
            assert!(
                !all.contains("4 December") && all.contains("an answer"),
                "{all}"
            );
        }
    }

    #[test]
    fn the_words_are_plain() {
        let all = words(enquiry(), &TimeZone::UTC).join(" ");
        assert!(
            long_sentences(&all).is_empty() && banned_words(&all).is_empty(),
            "{all}"
        );
    }
}
