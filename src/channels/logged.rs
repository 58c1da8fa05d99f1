//! A contact that somebody logs for the person: an agent on the telephone or at the counter, a
//! councillor, the night desk, a program with a key.
//!
//! They have spoken with the person, so the address and number they give are taken as the
//! person's own. Nothing is looked up here; see [`super::given`].

use jiff::Timestamp;

use super::given::{Faults, Given, Read};
use crate::domain::contact::{CallOutcome, Channel, Direction};
use crate::domain::enquiry::{Described, Enquiry, OnBehalfOf, Sender, Spoken, Who};
use crate::domain::ids::PersonId;
use crate::domain::person::PersonKind;

/// A contact as it was logged.
#[derive(Debug, Clone, PartialEq)]
pub struct Logged {
    pub channel: Channel,
    /// Unsaid: now.
    pub received_at: Option<Timestamp>,
    pub given: Given,
    /// Somebody on our books, in place of a description.
    pub person: Option<PersonId>,
    /// The agent acknowledged it in words while logging it.
    pub is_acknowledged: bool,
    pub direction: Direction,
    pub outcome: Option<CallOutcome>,
    pub number_presented: Option<String>,
    /// The phone system's own id of the call.
    pub call: Option<String>,
    /// Where the recording is kept.
    pub recording: Option<String>,
    pub access_point: Option<String>,
    pub external_id: Option<String>,
    /// Why it was made, by code.
    pub contact_reason: Option<String>,
    /// It names the case it belongs to.
    pub joins_a_case: bool,
}

/// A councillor, as they stand on a contact they raise for themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member<'a> {
    pub name: &'a str,
    pub email: &'a str,
}

/// Reads what was logged.
#[must_use]
pub fn read(logged: Logged, now: Timestamp) -> Read {
    let mut faults = Faults::default();
    let mut enquiry = Enquiry::new(logged.channel, logged.received_at.unwrap_or(now));
    if logged.person.is_some() && logged.given.person.is_some() {
        faults.add(
            "/person_id",
            "not_both",
            "Give `person` or `person_id`, not both.",
        );
    }
    let is_outbound = logged.direction == Direction::Outbound;
    if is_outbound && !logged.joins_a_case {
        faults.add(
            "/case",
            "missing_field",
            "A call or letter of ours belongs to a case: say which.",
        );
    }
    if is_outbound && logged.is_acknowledged {
        faults.add(
            "/acknowledged",
            "outbound",
            "Only what came in can be acknowledged as it is logged.",
        );
    }
    if !is_outbound && logged.outcome.is_some() {
        faults.add(
            "/outcome",
            "inbound",
            "Only a call or visit of ours (`direction: outbound`) has an outcome.",
        );
    }
    logged.given.read_into(&mut enquiry, true, &mut faults);
    if let Some(id) = logged.person {
        enquiry.who = Who::Known(id);
    }
    enquiry.direction = logged.direction;
    enquiry.outcome = logged.outcome;
    enquiry.acknowledged = logged.is_acknowledged.then_some(Spoken { at: now });
    enquiry.number_presented = faults.line("/number_presented", logged.number_presented, 40);
    enquiry.call = logged.call;
    enquiry.recording = faults.line("/recording", logged.recording, 200);
    enquiry.access_point = logged.access_point;
    enquiry.contact_reason = logged.contact_reason;
    enquiry.external_id = faults.line("/external_id", logged.external_id, 200);
    faults.beside(enquiry)
}

/// Makes an enquiry a member's own, unless it is somebody's on our books. Whom they describe is whom
/// they ask for: nobody's consent follows from that.
pub fn raised_by(member: Member<'_>, enquiry: &mut Enquiry) {
    enquiry.channel = Channel::Councillor;
    if let Who::Described(described) = &enquiry.who
        && described.email.as_deref() != Some(member.email)
    {
        enquiry.on_behalf_of.get_or_insert_with(|| OnBehalfOf {
            name: described.name.clone(),
            email: described.email.clone(),
            consent: None,
        });
        enquiry.who = Who::Nobody;
    }
    if !matches!(enquiry.who, Who::Known(_)) {
        enquiry.sender = Sender::Member { written_by: None };
    }
    if enquiry.who == Who::Nobody {
        enquiry.who = Who::Described(Described {
            name: Some(member.name.to_owned()),
            kind: Some(PersonKind::Councillor),
            email: Some(member.email.to_owned()),
            is_verified: true,
            ..Described::default()
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logged(direction: Direction) -> Logged {
        Logged {
            channel: Channel::Phone,
            received_at: None,
            given: Given {
                subject: Some("Missed bin".to_owned()),
                ..Given::default()
            },
            person: None,
            is_acknowledged: false,
            direction,
            outcome: None,
            number_presented: None,
            call: None,
            recording: None,
            access_point: None,
            external_id: None,
            contact_reason: None,
            joins_a_case: false,
        }
    }

    fn faults(logged: Logged) -> Vec<(String, &'static str)> {
        read(logged, Timestamp::UNIX_EPOCH)
            .faults
            .into_iter()
            .map(|fault| (fault.pointer, fault.code))
            .collect()
    }

    #[test]
    fn a_call_of_ours_needs_the_case_it_is_about() {
        let call = Logged {
            outcome: Some(CallOutcome::NoAnswer),
            ..logged(Direction::Outbound)
        };
        assert_eq!(
            faults(call.clone()),
            [("/case".to_owned(), "missing_field")]
        );
        assert_eq!(
            faults(Logged {
                joins_a_case: true,
                ..call
            }),
            []
        );
        let inbound = Logged {
            outcome: Some(CallOutcome::Spoke),
            ..logged(Direction::Inbound)
        };
        assert_eq!(faults(inbound), [("/outcome".to_owned(), "inbound")]);
    }

    #[test]
    fn what_says_not_when_it_came_came_now() {
        let now: Timestamp = "2026-11-20T16:58:00Z".parse().unwrap();
        assert_eq!(
            read(logged(Direction::Inbound), now).enquiry.received_at,
            now
        );
    }

    #[test]
    fn a_councillor_who_names_nobody_asks_for_themselves() {
        let member = Member {
            name: "Cllr Sam Example",
            email: "sam@council.example",
        };
        let mut own = read(logged(Direction::Inbound), Timestamp::UNIX_EPOCH).enquiry;
        raised_by(member, &mut own);
        assert_eq!(
            (own.channel, own.kind()),
            (Channel::Councillor, PersonKind::Councillor)
        );

        let named = Logged {
            person: Some(uuid::Uuid::nil().into()),
            ..logged(Direction::Inbound)
        };
        let mut other = read(named, Timestamp::UNIX_EPOCH).enquiry;
        raised_by(member, &mut other);
        assert_eq!(other.who, Who::Known(uuid::Uuid::nil().into()));
    }
}
