//! Words taken away for good, and cases that must be kept as they are.

use serde_json::{Value, json};

use super::access::Access;
use super::answer::Answer;
use super::call::Call;
use super::cases::{CASE_NOTE, check_may};
use super::dto::examples;
use super::dto::redaction::{
    ErasureView, MailRedactionView, NewErasure, NewLegalHold, NewMailRedaction, NewRedaction,
    RedactionView,
};
use super::operation::{Operation, post};
use super::problem::Problem;
use crate::casework::actions::Acted;
use crate::casework::views::case::{self, ActedView};
use crate::casework::views::{CaseName, mail};
use crate::casework::{erasure, legal_hold, redaction};
use crate::domain::access::{Act, Role};
use crate::domain::ids::{ContactId, PersonId};

/// Those who answer for what a case holds.
const LEADERS: &[Role] = &[Role::TeamLeader, Role::HeadOfService];

/// Its operations.
#[must_use]
pub fn operations() -> Vec<Operation> {
    let on_case = |operation: Operation| {
        operation
            .tag("Cases")
            .access(Access::staff(LEADERS))
            .path_note("case", CASE_NOTE)
            .refuses(&[409])
    };
    vec![
        on_case(post("/v1/cases/{case}/redactions", redact_case))
            .id("redact_case")
            .summary("Take words away from a case for good")
            .description(
                "Card numbers, a wrong person's data, what may not be kept. `texts` go wherever they stand: in \
                 contacts, raw mail (which is dropped whole), timeline, notices sent or not, feedback, kept answers, \
                 and on linked cases you may work. `contacts` go whole, with what came with \
                 them; `attachments` by themselves. A mark says who took it away, when and why. \
                 It cannot be undone. What was delivered or posted is not called back. Under a legal hold: 409.",
            )
            .body::<NewRedaction>()
            .answers::<RedactionView>(201, "What was taken away, and the case as it is now.")
            .example_request(json!({
                "ground": "payment_details", "reason": "Card number", "texts": ["4929 1234 5678 9012"],
                "contacts": [],
            }))
            .example_response(json!({
                "event": examples::line(), "case": examples::case(), "removed": removed(), "also_on": [],
            })),
        post("/v1/channels/email/messages/{mail}/redactions", redact_mail)
            .id("redact_mail")
            .summary("Take words away from a mail that is on no case")
            .description("All of its words and its bytes where no `texts` are named. It cannot be undone.")
            .tag("Channels")
            .access(Access::staff(LEADERS))
            .path_note("mail", "The mail's id: `contact.id` of the answer when it was taken in.")
            .body::<NewMailRedaction>()
            .answers::<MailRedactionView>(201, "What was taken away.")
            .refuses(&[409])
            .example_request(json!({"ground": "unlawful", "reason": "Abuse of a third person", "texts": []}))
            .example_response(json!({"removed": removed()})),
        on_case(post("/v1/cases/{case}/legal-holds", place_hold))
            .id("place_legal_hold")
            .summary("Keep a case as it is")
            .description("Nothing is taken away from it, and nobody on it is forgotten, until the hold is lifted.")
            .body::<NewLegalHold>()
            .answers::<ActedView>(201, "What happened, and the case as it is now.")
            .example_request(json!({"reason": "Claim received from a solicitor."}))
            .example_response(examples::acted()),
        on_case(post("/v1/cases/{case}/legal-holds/current/releases", lift_hold))
            .id("lift_legal_hold")
            .summary("Lift the hold on a case")
            .body::<NewLegalHold>()
            .answers::<ActedView>(201, "What happened, and the case as it is now.")
            .example_request(json!({"reason": "The claim was settled."}))
            .example_response(examples::acted()),
        post("/v1/people/{person}/erasures", erase)
            .id("erase_person")
            .summary("Forget a person")
            .description(
                "Their record, the ways by which they are found, all they said, their feedback, and where and what we \
                 wrote to them. Their cases stay in the figures, under an id that leads to nobody. It cannot be \
                 undone. While a case of theirs is worked on: 409 `case_open`; under a legal hold: 409 `legal_hold`. \
                 Whether the law lets them be forgotten is for whoever asks to judge. An administrator does it: anybody \
                 who works cases would learn of one they may not know of, by what stands in the way of it.",
            )
            .tag("People")
            .access(Access::staff(&[Role::Admin]))
            .path_note("person", "The person's id.")
            .body::<NewErasure>()
            .answers::<ErasureView>(201, "They are forgotten.")
            .refuses(&[409])
            .example_request(json!({"reason": "Request under article 17, agreed on 20 November 2026"}))
            .example_response(json!({"cases": 1, "removed": removed()})),
    ]
}

async fn redact_case(call: Call) -> Result<Answer, Problem> {
    let (target, actor) = (call.case()?, call.actor.clone());
    check_may(&call, &target, Act::Work).await?;
    let wanted = call.json::<NewRedaction>()?.read()?;
    call.commit(
        move |tx, at| {
            let done = redaction::redact_case(tx, at, &actor, &target, &wanted)?;
            let also_on = done.also_on.iter().map(|filed| CaseName::of(&filed.case));
            let also_on = also_on.collect();
            let removed = done.tally.into();
            let settled = done.settled;
            let shown = case::acted(
                tx,
                &actor,
                &Acted {
                    settled,
                    notice: None,
                },
            )?;
            Ok(RedactionView {
                event: shown.event,
                case: shown.case,
                removed,
                also_on,
            })
        },
        |done: &RedactionView| Answer::json(201, done),
    )
    .await
}

async fn redact_mail(call: Call) -> Result<Answer, Problem> {
    let (actor, id) = (call.actor.clone(), call.id::<ContactId>("mail")?);
    let seen_by = actor.clone();
    call.read(move |conn, at| mail::check_is_shown(conn, at, &seen_by, id))
        .await?;
    let wanted = call.json::<NewMailRedaction>()?.read();
    call.commit(
        move |tx, at| {
            let tally = redaction::redact_mail(tx, at, &actor, id, &wanted)?;
            Ok(MailRedactionView {
                removed: tally.into(),
            })
        },
        |done: &MailRedactionView| Answer::json(201, done),
    )
    .await
}

async fn place_hold(call: Call) -> Result<Answer, Problem> {
    let (target, actor) = (call.case()?, call.actor.clone());
    check_may(&call, &target, Act::Work).await?;
    let reason = call.json::<NewLegalHold>()?.reason;
    call.commit(
        move |tx, at| {
            let settled = legal_hold::place(tx, at, &actor, &target, &reason)?;
            case::acted(
                tx,
                &actor,
                &Acted {
                    settled,
                    notice: None,
                },
            )
        },
        |done: &ActedView| Answer::json(201, done),
    )
    .await
}

async fn lift_hold(call: Call) -> Result<Answer, Problem> {
    let (target, actor) = (call.case()?, call.actor.clone());
    check_may(&call, &target, Act::Work).await?;
    let reason = call.json::<NewLegalHold>()?.reason;
    call.commit(
        move |tx, at| {
            let settled = legal_hold::lift(tx, at, &actor, &target, &reason)?;
            case::acted(
                tx,
                &actor,
                &Acted {
                    settled,
                    notice: None,
                },
            )
        },
        |done: &ActedView| Answer::json(201, done),
    )
    .await
}

async fn erase(call: Call) -> Result<Answer, Problem> {
    let (actor, id) = (call.actor.clone(), call.id::<PersonId>("person")?);
    call.read(move |conn, _| erasure::check_is_there(conn, id))
        .await?;
    let reason = call.json::<NewErasure>()?.reason;
    call.commit(
        move |tx, at| {
            let erased = erasure::erase(tx, at, &actor, id, &reason)?;
            Ok(ErasureView {
                cases: erased.n_cases,
                removed: erased.tally.into(),
            })
        },
        |done: &ErasureView| Answer::json(201, done),
    )
    .await
}

fn removed() -> Value {
    json!({
        "contacts": 1, "raw_messages": 0, "events": 1, "notices": 0, "feedback": 0, "answers": 1, "attachments": 0, "calls": 0,
    })
}
