//! Who has dealt with which stage of a complaint: a later one is for somebody else.

use super::events::Event;
use crate::domain::access::ActorLabel;
use crate::domain::ids::UserId;

/// The kinds of lines that [`Dealt::read`] goes by.
pub const DEALING: &[&str] = &[
    "acknowledged",
    "replied",
    "asked",
    "extended",
    "closed",
    "assigned",
    "transferred",
    "stage_opened",
];

/// Those who have dealt with a complaint.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dealt {
    /// With the stages before the one it is at.
    pub before: Vec<UserId>,
    /// With the one it is at.
    pub now: Vec<UserId>,
}

impl Dealt {
    /// Reads it from the timeline, oldest first. Whoever acknowledged, answered, asked, extended or
    /// closed has dealt with the stage, and so has whoever had it when the next one began.
    #[must_use]
    pub fn read(lines: &[(ActorLabel, Event)]) -> Self {
        let mut dealt = Self::default();
        let mut owner: Option<UserId> = None;
        for (actor, event) in lines {
            match event {
                Event::Assigned { to, .. } => owner = *to,
                Event::Transferred { .. } => owner = None,
                Event::StageOpened { officer, .. } => {
                    let before = std::mem::take(&mut dealt.now);
                    for user in before.into_iter().chain(owner) {
                        add(&mut dealt.before, user);
                    }
                    owner = *officer;
                }
                Event::Acknowledged { .. }
                | Event::Replied { .. }
                | Event::Asked { .. }
                | Event::Extended { .. }
                | Event::Closed { .. } => {
                    if let Some(user) = user_of(actor) {
                        add(&mut dealt.now, user);
                    }
                }
                _ => {}
            }
        }
        if let Some(owner) = owner {
            add(&mut dealt.now, owner);
        }
        dealt
    }

    /// With any stage so far.
    #[must_use]
    pub fn at_all(mut self) -> Vec<UserId> {
        for user in self.now {
            add(&mut self.before, user);
        }
        self.before
    }
}

fn user_of(actor: &ActorLabel) -> Option<UserId> {
    let id = actor.id.as_deref().filter(|_| actor.kind == "user")?;
    id.parse().ok()
}

fn add(users: &mut Vec<UserId>, user: UserId) {
    if !users.contains(&user) {
        users.push(user);
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::case::{Outcome, ReplyKind};

    fn user(n: u128) -> UserId {
        Uuid::from_u128(n).into()
    }

    fn by(n: u128) -> ActorLabel {
        ActorLabel {
            kind: "user".to_owned(),
            id: Some(user(n).to_string()),
            name: None,
        }
    }

    fn replied() -> Event {
        Event::Replied {
            text: "We are sorry.".to_owned(),
            reply: ReplyKind::Substantive,
            outcome: Some(Outcome::Answered),
            general_only: false,
        }
    }

    fn given_to(n: u128) -> Event {
        Event::Assigned {
            from: None,
            to: Some(user(n)),
        }
    }

    fn second_stage() -> Event {
        Event::StageOpened {
            stage: 2,
            reason: "They are not content.".to_owned(),
            officer: None,
        }
    }

    #[test]
    fn whoever_answered_or_had_it_at_the_end_dealt_with_the_stage_and_a_reader_did_not() {
        let lines = [
            (by(9), given_to(1)),
            (by(1), replied()),
            (by(9), given_to(2)),
            (by(9), given_to(3)),
            (by(9), second_stage()),
        ];
        let dealt = Dealt::read(&lines);
        assert_eq!(dealt.before, [user(1), user(3)]);
        assert_eq!(dealt.now, []);
    }

    #[test]
    fn who_answers_the_second_stage_has_dealt_with_the_first_no_more_than_before() {
        let lines = [
            (by(1), replied()),
            (by(9), second_stage()),
            (by(4), replied()),
        ];
        let dealt = Dealt::read(&lines);
        assert_eq!(dealt.before, [user(1)]);
        assert_eq!(dealt.clone().at_all(), [user(1), user(4)]);
    }

    #[test]
    fn an_integration_or_the_person_deals_with_no_stage() {
        let mut key = by(1);
        key.kind = "api_key".to_owned();
        assert_eq!(Dealt::read(&[(key, replied())]), Dealt::default());
    }
}
