//! Two hundred sample cases: who wrote what on which channel, when, and what became of it.
//!
//! A case is planned from its number and the moment of loading alone, then taken in by
//! `casework::intake` and worked by `casework::actions`, each step at the moment it happened. What
//! would have been sent then counts as sent then; no mail about the past leaves.

mod calls;
mod cover;
mod feedback;
mod folk;
pub(crate) mod history;
mod inbox;
mod incidents;
mod kept;
mod members;
pub mod pictures;
mod plan;
mod texts;
mod visits;
mod waiting;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use jiff::Timestamp;

use super::people::Cast;
use crate::casework::actions::{self, Target};
use crate::casework::attachments::Sent;
use crate::casework::intake::{self, Entry};
use crate::casework::{Desk, Failure, Moment};
use crate::domain::access::{Actor, Role, User};
use crate::domain::enquiry::Enquiry;
use crate::domain::ids::CaseId;
use crate::store::{Tx, cases, users};

use plan::{Brought, Sample, Step};

/// How many transactions the samples are made in.
pub const N_BATCHES: usize = 8;
const N_SAMPLES: usize = 200;

/// Something at a moment of its own, under the catalogue in force.
#[must_use]
pub fn moment(desk: &Arc<Desk>, now: Timestamp) -> Moment {
    Moment {
        desk: Arc::clone(desk),
        council: desk.council(),
        now,
        request_id: None,
    }
}

/// Makes the cases of one batch.
///
/// # Errors
/// When the database cannot be written; the whole batch is then not there.
pub fn file_batch(
    tx: &mut Tx<'_>,
    desk: &Arc<Desk>,
    cast: &Cast,
    loaded_at: Timestamp,
    batch: usize,
    album: &[Sent],
) -> Result<(), Failure> {
    let staff = Staff::find(tx, cast)?;
    for number in (0..N_SAMPLES).filter(|number| number % N_BATCHES == batch) {
        let sample = plan::sample(&desk.council().catalogue, number, N_SAMPLES, loaded_at);
        file(tx, desk, &staff, &sample, loaded_at, album)
            .map_err(|why| anyhow::Error::from(why).context(format!("sample case {number}")))?;
    }
    if batch + 1 == N_BATCHES {
        cover::add(tx, desk, loaded_at)?;
        calls::deliver(tx, desk, loaded_at)?;
        folk::add(tx, desk, &staff, loaded_at)?;
        inbox::add(tx, desk, &staff, loaded_at)?;
        waiting::deliver(tx, desk, loaded_at)?;
        members::deliver(tx, desk, &staff, loaded_at)?;
        incidents::deliver(tx, desk, &staff, loaded_at)?;
        feedback::deliver(tx, desk, loaded_at)?;
        visits::deliver(tx, desk, loaded_at)?;
        kept::deliver(tx, desk, loaded_at)?;
    }
    Ok(())
}

/// Those of the cast who appear in the samples.
struct Staff {
    agents: Vec<User>,
    officers: Vec<User>,
}

impl Staff {
    fn find(tx: &mut Tx<'_>, cast: &Cast) -> Result<Self, Failure> {
        let mut staff = Self {
            agents: Vec::new(),
            officers: Vec::new(),
        };
        for sign_in in cast
            .users
            .iter()
            .filter(|user| matches!(user.role, Role::Agent | Role::Officer))
        {
            let Some(account) = users::find_by_email(tx, &sign_in.email)? else {
                return Err(anyhow::anyhow!("the demo's {} has no account", sign_in.email).into());
            };
            match sign_in.role {
                Role::Agent => staff.agents.push(account.user),
                _ => staff.officers.push(account.user),
            }
        }
        Ok(staff)
    }

    /// The queue's own officer, or one of those who work every queue.
    fn officer(&self, queue: &str, number: usize) -> Option<&User> {
        let own = self
            .officers
            .iter()
            .find(|officer| officer.queues.iter().any(|one| one == queue));
        let wide: Vec<&User> = self
            .officers
            .iter()
            .filter(|officer| officer.queues.iter().any(|one| one == "*"))
            .collect();
        own.or_else(|| wide.get(number % wide.len().max(1)).copied())
    }

    fn agent(&self, number: usize) -> Option<&User> {
        self.agents.get(number % self.agents.len().max(1))
    }
}

/// Takes one sample in and lets happen what happened.
fn file(
    tx: &mut Tx<'_>,
    desk: &Arc<Desk>,
    staff: &Staff,
    sample: &Sample,
    loaded_at: Timestamp,
    album: &[Sent],
) -> Result<(), Failure> {
    let actor = match sample.brought {
        Brought::Agent => match staff.agent(sample.number) {
            Some(agent) => Actor::User(agent.clone()),
            None => Actor::System,
        },
        Brought::Themselves => Actor::Anonymous {
            address: "192.0.2.44".to_owned(),
        },
        Brought::Us => Actor::System,
    };
    let at = moment(desk, sample.enquiry.received_at);
    let entry = Entry {
        source: "samples".to_owned(),
        ..Entry::by(actor)
    };
    let enquiry = Enquiry {
        attachments: pictures::with(tx, &at, &entry.actor, sample, album)?,
        contact_reason: reason_of(sample),
        ..sample.enquiry.clone()
    };
    let received = intake::receive(tx, &at, &enquiry, &entry)?;
    let Some(first) = received.contact.case else {
        return Err(anyhow::anyhow!("it opened no case").into());
    };
    // What a member writes, or a complaint, opens a second case beside the first; whoever brought it
    // in need not be told.
    let beside = cases::related(tx, &Actor::System.sight(), first)?;
    let opened = std::iter::once(first).chain(beside.into_iter().map(|(_, filed)| filed.case.id));
    for case in opened.collect::<Vec<CaseId>>() {
        history::deliver(tx, &moment(desk, sample.enquiry.received_at), case)?;
        for (happened_at, step) in &sample.steps {
            let at = moment(desk, *happened_at);
            take_step(tx, &at, staff, sample, case, step)?;
            history::deliver(tx, &at, case)?;
        }
        history::pass(tx, desk, case, loaded_at)?;
    }
    Ok(())
}

/// Agents mark some of what they log with why it was made.
fn reason_of(sample: &Sample) -> Option<String> {
    const MARKS: [Option<&str>; 8] = [
        Some("not_avoidable"),
        None,
        Some("unclear_information"),
        Some("not_avoidable"),
        None,
        Some("service_failed"),
        Some("website_failed"),
        None,
    ];
    let mark = MARKS.get(sample.number % MARKS.len()).copied().flatten();
    mark.filter(|_| matches!(sample.brought, Brought::Agent))
        .map(str::to_owned)
}

fn take_step(
    tx: &mut Tx<'_>,
    at: &Moment,
    staff: &Staff,
    sample: &Sample,
    case: CaseId,
    step: &Step,
) -> Result<(), Failure> {
    let target = Target::Id(case);
    let filed = actions::find(
        tx,
        &Actor::System,
        &target,
        crate::domain::access::Act::Read,
    )?;
    let Some(officer) = staff.officer(&filed.case.queue, sample.number) else {
        return Ok(());
    };
    let Some(command) = step.command(&filed.case, officer.id) else {
        return Ok(());
    };
    match actions::act(
        tx,
        at,
        &Actor::User(officer.clone()),
        &target,
        &command,
        None,
    ) {
        // Not every standard may be paused or extended, and some people left no address to write to;
        // such a case goes on without it.
        Ok(_)
        | Err(
            Failure::Refused(_)
            | Failure::Conflict {
                code: "no_address", ..
            },
        ) => Ok(()),
        Err(why) => Err(why),
    }
}
