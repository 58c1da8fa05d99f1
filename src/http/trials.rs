//! Asking where a contact would go, without sending it there.

use serde_json::json;

use super::answer::Answer;
use super::call::Call;
use super::contacts::{read_as_far_as_it_fits, read_logged, who_may_log};
use super::dto::contact::{NewContact, TrialResult};
use super::operation::{Operation, post};
use super::problem::Problem;
use crate::casework::views::incidents::KnownIncident;
use crate::casework::{incidents, intake};

/// Its operations.
#[must_use]
pub fn operations() -> Vec<Operation> {
    vec![
        post("/v1/routing/trials", try_routing)
            .id("try_routing")
            .summary("Ask where a contact would go")
            .description("Nothing is saved, and nobody is told.")
            .tag("Routing")
            .access(who_may_log())
            .not_idempotent()
            .body::<NewContact>()
            .answers::<TrialResult>(200, "The place, why, and what else was considered.")
            .example_request(json!({"channel": "email", "body": "They forgot our bins again this morning."}))
            .example_response(json!({
                "queue": "waste-ops", "service": "waste-collection", "category": "missed-bin",
                "procedure": "service_request", "priority": "normal", "danger": false,
                "rule": "text:missed-bin", "reason": "the words “bins” and “forgot” say so", "confidence": 0.86,
                "placed": true,
                "candidates": [
                    {"service": "waste-collection", "category": "missed-bin", "confidence": 0.86, "why": "bins, forgot"},
                    {"service": "waste-collection", "category": "new-bin", "confidence": 0.07, "why": "bins"},
                    {"service": "recycling", "category": "missed-recycling", "confidence": 0.04, "why": "forgot"},
                ],
                "language": null, "offers": [], "known_incidents": [],
            })),
    ]
}

async fn try_routing(call: Call) -> Result<Answer, Problem> {
    let (sent, faults) = read_as_far_as_it_fits::<NewContact>(&call)?;
    let actor = call.actor.clone();
    let result = call
        .read(move |conn, at| {
            let (mut enquiry, _) = read_logged(conn, at, &actor, &sent, &faults)?;
            enquiry.is_chosen_by_staff = intake::is_chosen_by_staff(&actor, enquiry.channel);
            let placement = intake::trial(at, &enquiry)?;
            let matter = (placement.service.as_str(), placement.category.as_str());
            let known = if placement.danger.is_some() {
                Vec::new()
            } else {
                incidents::offered(conn, at, matter, &enquiry)?
            };
            let known = known.iter().map(|one| KnownIncident::of(at, one)).collect();
            Ok(TrialResult::of(placement, known))
        })
        .await?;
    Ok(Answer::ok(&result))
}
