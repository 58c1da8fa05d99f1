//! Every place where work waits, with who answers for it.

use std::collections::BTreeSet;

use serde_json::json;

use super::access::Access;
use super::answer::Answer;
use super::call::Call;
use super::operation::{Operation, get};
use super::paging::{Page, PageQuery};
use super::problem::Problem;
use crate::casework::views::waiting_places::{self, WaitingPlaceView};
use crate::domain::access::{Role, Scope};

/// Its operations.
#[must_use]
pub fn operations() -> Vec<Operation> {
    let example = json!({
        "place": "unassigned", "queue": "waste-ops", "team": "bins team",
        "owner": {"name": "Team Leader, Waste Operations", "email": "team.leader.waste-ops@council.example"},
        "waits_at_most_working_days": 2, "waiting": 7, "over_limit": 1,
        "oldest": {
            "since": "2026-11-16T10:02:00Z", "limit_at": "2026-11-18T17:00:00Z",
            "case": {"id": "019a9f5e-7c00-7000-8000-000000000001", "reference": "4X7-K92-MQ3"}, "contact": null,
        },
    });
    vec![
        get("/v1/waiting-places", list)
            .id("list_waiting_places")
            .summary("Every place where work waits: who answers for it, how long it may, and what has waited longest")
            .description(
                "Of each queue the caller may look into: cases nobody has placed (`triage`) or taken (`unassigned`), \
                 those that wait for somebody (`paused`), and those whose person could not be reached (`bounced`). Then \
                 mail that is `held` or `quarantined`. A place is listed though nothing waits there. Counts leave out \
                 what the caller may not see; auditors and administrators read how much waits, and not what.",
            )
            .tag("Queues")
            .access(
                Access::staff(&[
                    Role::Agent,
                    Role::Officer,
                    Role::TeamLeader,
                    Role::HeadOfService,
                    Role::Auditor,
                    Role::Admin,
                ])
                .or_scope(Scope::CasesRead),
            )
            .query::<PageQuery>()
            .answers::<Page<WaitingPlaceView>>(200, "A page of places, by queue.")
            .example_response(json!({"items": [example], "next_cursor": null})),
    ]
}

async fn list(call: Call) -> Result<Answer, Problem> {
    let query: PageQuery = call.query()?;
    let after: Option<usize> = call.cursor(query.cursor.as_deref())?;
    let actor = call.actor.clone();
    let all = call
        .read(move |conn, at| waiting_places::list(conn, at, &actor))
        .await?;
    // There are as many as the catalogue has: where a page goes on is a place among them.
    let mut rows: Vec<(usize, WaitingPlaceView)> = all
        .into_iter()
        .enumerate()
        .filter(|(place, _)| after.is_none_or(|after| *place > after))
        .collect();
    let next = query.cut(&mut rows, |(place, _)| *place);
    let rows: Vec<WaitingPlaceView> = rows.into_iter().map(|(_, place)| place).collect();
    let restricted: BTreeSet<String> = rows
        .iter()
        .filter_map(|place| place.oldest.as_ref())
        .filter(|oldest| oldest.is_restricted)
        .filter_map(|oldest| oldest.case.as_ref())
        .map(|case| format!("case:{}", case.id))
        .collect();
    call.note_looks("case.listed", restricted.into_iter().collect())
        .await?;
    Ok(call.page(rows, next.as_ref(), None))
}
