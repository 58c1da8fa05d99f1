//! Where work waits, since when, and until when it may: nothing sits unseen, low priority included.
//!
//! A waiting place has somebody who answers for it, an age limit and a ladder, all three from the
//! catalogue. A case is in a place for as long as what has happened to it says so; leaving the
//! place ends its ladder, coming back begins it anew.

use jiff::Timestamp;

use super::calendar::Calendar;
use super::case::{Case, Status};
use super::catalogue::Catalogue;
use super::contact::words;
use super::ladder::{self, Ladder, PlannedStep, Whom};
use super::lifecycle::{AcknowledgedBy, Event};
use super::notice::{NoticeKind, Waits};
use super::wording::{self, Language};

words! {
    /// A place where work waits.
    Place {
        /// Nobody has said yet which service it is for.
        Triage = "triage",
        /// A team has it, and nobody in it.
        Unassigned = "unassigned",
        /// We wait for somebody.
        Paused = "paused",
        /// What we sent came back: we could not reach them.
        Bounced = "bounced",
        /// A mail that names a case, from a stranger.
        Held = "held",
        /// A mail that could not be read.
        Quarantined = "quarantined",
    }
}

/// One stay in one place. `limit_at` tells it from an earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stay {
    pub place: Place,
    pub since: Timestamp,
    /// Until when it may wait there.
    pub limit_at: Timestamp,
}

/// What of a case's timeline says where it waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Past {
    /// Since when it has been where it is with nobody having it, if nobody has.
    unowned_since: Timestamp,
    asked_since: Option<Timestamp>,
    unreached_since: Option<Timestamp>,
}

/// The queues' own limit where a case's queue is no longer there.
const DAYS: u32 = 2;
/// Whoever waits longer than this is forgotten.
const MOST_DAYS: u32 = 60;

impl Place {
    /// The slug of its ladder in the catalogue.
    #[must_use]
    pub const fn ladder(self) -> &'static str {
        match self {
            Self::Triage => "waiting-triage",
            Self::Unassigned => "waiting-unassigned",
            Self::Paused => "waiting-paused",
            Self::Bounced => "waiting-bounced",
            Self::Held => "waiting-held",
            Self::Quarantined => "waiting-quarantined",
        }
    }

    /// The name under which its steps stand among those of clocks; no standard has such a clock.
    #[must_use]
    pub const fn clock(self) -> &'static str {
        match self {
            Self::Triage => "waiting_triage",
            Self::Unassigned => "waiting_unassigned",
            Self::Paused => "waiting_paused",
            Self::Bounced => "waiting_bounced",
            Self::Held => "waiting_held",
            Self::Quarantined => "waiting_quarantined",
        }
    }

    /// The place whose steps stand under this name.
    #[must_use]
    pub fn of_clock(clock: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|place| place.clock() == clock)
    }

    /// Whether it is a mail that waits, on no case yet.
    #[must_use]
    pub const fn is_of_mail(self) -> bool {
        matches!(self, Self::Held | Self::Quarantined)
    }

    /// After how many working days somebody is told.
    #[must_use]
    pub fn waits_at_most(self, catalogue: &Catalogue, queue: &str) -> u32 {
        if self == Self::Unassigned {
            return catalogue
                .queue(queue)
                .map_or(DAYS, |queue| queue.waits_at_most_working_days);
        }
        catalogue
            .ladders
            .get(self.ladder())
            .and_then(|ladder| ladder.waits_at_most_working_days)
            .unwrap_or(DAYS)
    }

    /// Everything wrong with the ladder of this place, named at once.
    #[must_use]
    pub fn faults(self, ladder: &Ladder) -> Vec<String> {
        let mut faults = Vec::new();
        match (self, ladder.waits_at_most_working_days) {
            (Self::Unassigned, Some(_)) => faults.push(
                "waits_at_most_working_days: each queue says its own in queues.toml".to_owned(),
            ),
            (Self::Unassigned, None) => {}
            (_, None) => faults.push(
                "waits_at_most_working_days is missing: how long may anything wait here?"
                    .to_owned(),
            ),
            (_, Some(days)) => faults.extend(fault_of_days(days)),
        }
        if !self.is_of_mail() {
            return faults;
        }
        for step in &ladder.steps {
            if step.to == [Whom::Owner] {
                faults.push(format!(
                    "{}: a mail on no case has no owner; name the team leader",
                    step.name
                ));
            }
        }
        faults
    }
}

impl Stay {
    /// Since a moment, for at most so many working days: to the closing time of the last.
    #[must_use]
    pub fn of_days(place: Place, since: Timestamp, days: u32, calendar: &Calendar) -> Self {
        let office = calendar.office();
        let last_on = office.add_working_days(calendar.date_of(since), days);
        Self {
            place,
            since,
            limit_at: office.closing_at(last_on),
        }
    }

    /// Its steps, oldest first.
    #[must_use]
    pub fn steps(&self, catalogue: &Catalogue) -> Vec<PlannedStep> {
        catalogue
            .ladders
            .get(self.place.ladder())
            .map_or_else(Vec::new, |ladder| {
                ladder::plan_waiting(ladder, self.since, self.limit_at, &catalogue.calendar)
            })
    }

    /// The next step after an instant that is to be sent.
    #[must_use]
    pub fn next_step_at(&self, catalogue: &Catalogue, after: Timestamp) -> Option<Timestamp> {
        let to_come = |step: &PlannedStep| !step.skipped && step.at > after;
        let steps = self.steps(catalogue);
        steps.into_iter().find(to_come).map(|step| step.at)
    }

    /// What it waits for, in words for staff.
    #[must_use]
    pub fn in_words(&self, calendar: &Calendar, now: Timestamp) -> Waits {
        let (from, to) = (calendar.date_of(self.since), calendar.date_of(now));
        let day = wording::day(from, Language::English);
        // Whoever is told again reads how long it has been, not the same words once more.
        let since = match calendar.office().working_days_between(from, to) {
            0 => day,
            1 => format!("{day}, one working day ago"),
            n => format!("{day}, {n} working days ago"),
        };
        let (how, you_can) = match self.place {
            Place::Triage => (
                format!("Nobody has said which team it is for since {since}"),
                "say which service it is for · take it yourself",
            ),
            Place::Unassigned => (
                format!("Nobody has taken it since {since}"),
                "take it · give it to someone · pass it to the right team",
            ),
            Place::Paused => (
                format!("It has been waiting for somebody since {since}"),
                "ask again · carry on without an answer",
            ),
            Place::Bounced => (
                format!("We could not reach the person: our message came back on {since}"),
                "ring them and record the call · write to them by post",
            ),
            Place::Held => (
                format!(
                    "It came on {since}, from an address that is not on the case, and waits for \
                     somebody to look"
                ),
                "put it on the case · open a case of its own · set it aside",
            ),
            Place::Quarantined => (
                format!("It came on {since}, and could not be read by machine"),
                "read it and log what it says · set it aside",
            ),
        };
        Waits {
            how,
            you_can: you_can.to_owned(),
        }
    }
}

impl Past {
    /// The kinds of events that tell where a case waits; what else happens changes nothing here.
    pub const KINDS: [&'static str; 13] = [
        "assigned",
        "transferred",
        "reopened",
        "stage_opened",
        "resumed",
        "paused",
        "asked",
        "address_bounced",
        "notice_failed",
        "called",
        "acknowledged",
        "contact_joined",
        "notice_sent",
    ];

    /// Of a case just opened.
    #[must_use]
    pub const fn opened(at: Timestamp) -> Self {
        Self {
            unowned_since: at,
            asked_since: None,
            unreached_since: None,
        }
    }

    /// Reads one more line of the timeline, the older ones having been read.
    pub fn note(&mut self, at: Timestamp, event: &Event) {
        match event {
            Event::Assigned { .. }
            | Event::Transferred { .. }
            | Event::Reopened { .. }
            | Event::StageOpened { .. }
            | Event::Resumed { .. } => self.unowned_since = at,
            Event::Paused { .. } | Event::Asked { .. } => self.asked_since = Some(at),
            Event::AddressBounced { .. } => self.note_unreached(at),
            Event::NoticeFailed { notice_kind, .. } if is_for_the_person(notice_kind) => {
                self.note_unreached(at);
            }
            _ if reaches_the_person(event) => self.unreached_since = None,
            _ => {}
        }
    }

    /// A second mail that comes back is the same trouble, and no younger for it.
    fn note_unreached(&mut self, at: Timestamp) {
        self.unreached_since = self.unreached_since.or(Some(at));
    }
}

/// Where an open case waits now.
#[must_use]
pub fn stays(case: &Case, past: &Past, catalogue: &Catalogue) -> Vec<Stay> {
    let calendar = &catalogue.calendar;
    let mut stays = Vec::new();
    let wait = |place: Place, since: Timestamp| {
        let days = place.waits_at_most(catalogue, &case.queue);
        Stay::of_days(place, since, days, calendar)
    };
    if case.is_closed() {
        return stays;
    }
    if !case.is_taken() && matches!(case.status, Status::New | Status::Open) {
        let place = if case.queue == catalogue.routing.fallback.queue {
            Place::Triage
        } else {
            Place::Unassigned
        };
        stays.push(wait(place, past.unowned_since));
    }
    if case.status == Status::Waiting {
        // Its latest day ends the pause by itself; until then it must not be forgotten.
        let open = case.facts.pauses.iter().filter(|pause| pause.to.is_none());
        let paused_at = open.map(|pause| pause.from).max();
        let since = paused_at.max(past.asked_since).unwrap_or(case.updated_at);
        stays.push(wait(Place::Paused, since));
    }
    if let Some(since) = past.unreached_since {
        stays.push(wait(Place::Bounced, since));
    }
    stays
}

/// What is wrong with an age limit.
#[must_use]
pub fn fault_of_days(days: u32) -> Option<String> {
    let is_fine = (1..=MOST_DAYS).contains(&days);
    (!is_fine)
        .then(|| format!("waits_at_most_working_days lies between 1 and {MOST_DAYS}, not {days}"))
}

fn reaches_the_person(event: &Event) -> bool {
    match event {
        Event::Called { .. }
        | Event::ContactJoined {
            from_person: true, ..
        } => true,
        Event::Acknowledged { how, .. } => *how != AcknowledgedBy::Email,
        Event::NoticeSent { notice_kind, .. } => is_for_the_person(notice_kind),
        _ => false,
    }
}

fn is_for_the_person(notice_kind: &str) -> bool {
    notice_kind
        .parse::<NoticeKind>()
        .is_ok_and(NoticeKind::is_for_the_person)
}

#[cfg(test)]
mod tests;
