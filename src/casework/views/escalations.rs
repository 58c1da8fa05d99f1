//! The steps that were taken: who was told what was late, and when.

use std::collections::HashMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::{AfterRow, CaseName, Part, readable};
use crate::casework::actions::{Target, find};
use crate::casework::failure::Failure;
use crate::domain::access::{Act, Actor};
use crate::domain::ids::{CaseId, EscalationId};
use crate::store::Conn;
use crate::store::escalations::{self, Taken};

/// One step of a ladder, with everybody it told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct EscalationView {
    pub case: CaseName,
    pub clock: String,
    /// As the ladder has it: `-2 working_days`, `due`, `+1 working_days`.
    pub step: String,
    /// Of a step that repeats, which time.
    pub occurrence: i32,
    pub due_at: Timestamp,
    pub taken_at: Timestamp,
    pub to: Vec<ToldPost>,
    /// `sent`, `coalesced` (a newer step says it), `skipped` or `undeliverable`.
    pub state: String,
}

/// A post that was told, at its office address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ToldPost {
    pub post: String,
    pub email: String,
}

/// Rows read at once, and rows looked at for one page at most: a reader who may see little of much
/// gets a short page that goes on, not a slow one.
const AT_ONCE: i64 = 200;
const MOST_READ: usize = 2000;

/// A part of the steps on cases the actor may see, newest first; of one case, when one is named.
///
/// # Errors
/// [`Failure::Missing`] when a case is named that is not there, or not theirs to know of.
pub fn list(
    conn: &mut Conn,
    actor: &Actor,
    target: Option<&Target>,
    after: Option<AfterRow>,
    limit: u16,
) -> Result<Part<EscalationView, AfterRow>, Failure> {
    let only = match target {
        Some(target) => Some(find(conn, actor, target, Act::Read)?.case.id),
        None => None,
    };
    let mut seen: HashMap<CaseId, Option<CaseName>> = HashMap::new();
    let mut items: Vec<EscalationView> = Vec::new();
    let mut last: Option<Taken> = None;
    let mut after = after;
    let mut n_read = 0;
    loop {
        let before = after.map(|(at, id)| (at, EscalationId(id)));
        let rows = match only {
            Some(case) => escalations::list(conn, &[case], before, AT_ONCE)?,
            None => escalations::newest(conn, before, AT_ONCE)?,
        };
        let is_all = i64::try_from(rows.len()).unwrap_or(i64::MAX) < AT_ONCE;
        for row in rows {
            let name = match seen.get(&row.case) {
                Some(name) => name.clone(),
                None => {
                    let name =
                        readable(conn, actor, row.case)?.map(|filed| CaseName::of(&filed.case));
                    seen.insert(row.case, name.clone());
                    name
                }
            };
            n_read += 1;
            let place = (row.taken_at, row.id.0);
            if let Some(name) = name {
                let is_more_of_the_last = last.as_ref().is_some_and(|last| is_one_step(last, &row));
                let told = ToldPost {
                    post: row.post.clone(),
                    email: row.recipient.clone(),
                };
                let is_full = items.len() == usize::from(limit);
                match items.last_mut() {
                    Some(step) if is_more_of_the_last => step.to.insert(0, told),
                    _ if is_full => return Ok(Part { items, next: after }),
                    _ => items.push(step(name, &row, told)),
                }
                last = Some(row);
            }
            after = Some(place);
        }
        if is_all {
            return Ok(Part { items, next: None });
        }
        if n_read >= MOST_READ && last.is_some() {
            return Ok(Part { items, next: after });
        }
    }
}

/// Rows of one step differ in whom they told only.
fn is_one_step(one: &Taken, other: &Taken) -> bool {
    one.clock_id == other.clock_id
        && one.step == other.step
        && one.occurrence == other.occurrence
        && one.promised_at == other.promised_at
        && one.taken_at == other.taken_at
        && one.state == other.state
}

fn step(case: CaseName, row: &Taken, told: ToldPost) -> EscalationView {
    EscalationView {
        case,
        clock: row.clock.clone(),
        step: row.step.clone(),
        occurrence: row.occurrence,
        due_at: row.due_at,
        taken_at: row.taken_at,
        to: vec![told],
        state: row.state.clone(),
    }
}
