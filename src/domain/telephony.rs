//! Telephone calls as a phone system tells of them, and what follows from what it told.
//!
//! A call is never told whole: it is offered, waits, moves up, is answered or given up, each as an
//! event with the phone system's own instant. [`Call::of`] makes the call of all its events, in
//! whatever order and however often they came, so that nothing is ever counted up or down.
//!
//! | file | what it works out |
//! |---|---|
//! | [`figures`] | a day's or a month's calls in figures, and what each figure counts |
//! | [`waiting`] | how long somebody may still wait, and what they are told |

pub mod figures;
pub mod waiting;

use jiff::{SignedDuration, Timestamp};

use super::contact::words;

words! {
    /// What a phone system tells of a call.
    CallEventKind {
        /// It rings here.
        Offered = "offered",
        /// It waits for somebody to be free.
        Queued = "queued",
        /// Its place among those that wait is another.
        Position = "position",
        /// Somebody speaks with them.
        Answered = "answered",
        /// They hung up before anybody answered.
        Abandoned = "abandoned",
        /// The line is down.
        Ended = "ended",
        /// Whoever answered has written up what there was to write.
        Wrapped = "wrapped",
    }
}

words! {
    /// Where a call stands.
    CallState {
        /// Nothing but that a contact names it.
        Unknown = "unknown",
        Waiting = "waiting", Answered = "answered", Abandoned = "abandoned",
        Ended = "ended", Wrapped = "wrapped",
    }
}

/// One thing a phone system told of one call. The order of the members is the order in which two
/// events are told apart.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CallEvent {
    /// By the phone system's clock.
    pub at: Timestamp,
    pub kind: CallEventKind,
    /// Place among those that wait; 1 is next.
    pub position: Option<u32>,
    /// Where it waits, as the phone system names it.
    pub queue: Option<String>,
    /// What was rung, as the phone system names it: a number or a name.
    pub line: Option<String>,
    /// Who answered, as the phone system names them.
    pub agent: Option<String>,
    /// Whence it comes, in the form of [`super::person::phone_number`]; none when it is withheld.
    pub number: Option<String>,
}

/// A call, as far as it was told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Call {
    pub line: Option<String>,
    /// The one it waited in last.
    pub queue: Option<String>,
    pub number: Option<String>,
    pub agent: Option<String>,
    /// The earliest thing told of it.
    pub began_at: Option<Timestamp>,
    pub answered_at: Option<Timestamp>,
    /// When they hung up unanswered.
    pub abandoned_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    pub wrapped_at: Option<Timestamp>,
    /// The first place they were told of, and the last.
    pub first_position: Option<u32>,
    pub position: Option<u32>,
}

impl Call {
    /// The call these events tell of. The same for every order of them, and however often one came.
    #[must_use]
    pub fn of(events: &[CallEvent]) -> Self {
        let mut events: Vec<&CallEvent> = events.iter().collect();
        events.sort();
        let mut call = Self {
            began_at: events.first().map(|event| event.at),
            ..Self::default()
        };
        for event in events {
            call.note(event);
        }
        // Somebody spoke with them: hanging up is how it ended, not how it was given up. And a line
        // that went down unanswered was given up, where the phone system does not say so itself.
        call.abandoned_at = match call.answered_at {
            Some(_) => None,
            None => call.abandoned_at.or(call.ended_at),
        };
        call
    }

    /// Where it stands.
    #[must_use]
    pub fn state(&self) -> CallState {
        if self.began_at.is_none() {
            CallState::Unknown
        } else if self.answered_at.is_none() {
            if self.abandoned_at.is_some() {
                CallState::Abandoned
            } else {
                CallState::Waiting
            }
        } else if self.wrapped_at.is_some() {
            CallState::Wrapped
        } else if self.ended_at.is_some() {
            CallState::Ended
        } else {
            CallState::Answered
        }
    }

    /// How long they waited to be answered, or until they gave up; none while they wait.
    #[must_use]
    pub fn waited(&self) -> Option<SignedDuration> {
        let over = self.answered_at.or(self.abandoned_at)?;
        let waited = over.duration_since(self.began_at?);
        Some(waited.max(SignedDuration::ZERO))
    }

    /// Takes in what follows everything taken in before.
    fn note(&mut self, event: &CallEvent) {
        // What was rung, and whence, does not change while it rings; where it waits does.
        if self.line.is_none() {
            self.line.clone_from(&event.line);
        }
        if self.number.is_none() {
            self.number.clone_from(&event.number);
        }
        if event.queue.is_some() {
            self.queue.clone_from(&event.queue);
        }
        if event.agent.is_some() {
            self.agent.clone_from(&event.agent);
        }
        if event.position.is_some() {
            self.first_position = self.first_position.or(event.position);
            self.position = event.position;
        }
        match event.kind {
            CallEventKind::Offered | CallEventKind::Queued | CallEventKind::Position => {}
            CallEventKind::Answered => {
                self.answered_at.get_or_insert(event.at);
            }
            CallEventKind::Abandoned => {
                self.abandoned_at.get_or_insert(event.at);
            }
            CallEventKind::Ended => self.ended_at = Some(event.at),
            // A call that is written up is over, though nobody said that the line went down.
            CallEventKind::Wrapped => self.wrapped_at = Some(event.at),
        }
    }
}

#[cfg(test)]
mod tests;
