//! Everything that is done to a case: each act is created under it and answered with what happened
//! and the case as it is now.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::access::{Access, CASEWORKERS};
use super::answer::Answer;
use super::call::Call;
use super::cases::{CASE_NOTE, COUNCIL, check_may};
use super::dto::act::{
    AboutWhom, NewAccess, NewAcknowledgement, NewAssignment, NewBasis, NewCall, NewClosure,
    NewConsent, NewContactReason, NewDecision, NewExtension, NewIdentityCheck, NewLink, NewMerge,
    NewNote, NewPause, NewPromise, NewQuestion, NewReopening, NewReply, NewStage, NewStandardEvent,
    NewTransfer, Nothing, ReplyScope, owner,
};
use super::dto::examples;
use super::etag::IfMatch;
use super::operation::{Operation, delete, post};
use super::problem::Problem;
use crate::casework::actions::{self, Owner, Recipients, Target};
use crate::casework::letters;
use crate::casework::views::case::{self, ActedView};
use crate::casework::views::notices;
use crate::casework::{Conn, Failure, Fault, Moment, Tx, contact_reasons, identity};
use crate::domain::access::{Act, Actor, Role, Scope};
use crate::domain::case::{About, Case, Outcome, ReplyKind};
use crate::domain::clock::Longer;
use crate::domain::ids::{CaseId, ContactId, NoticeId, UserId};
use crate::domain::lifecycle::{AcknowledgedBy, Command};
use crate::domain::reference::ReferenceError;

/// Acts that move a promise or the course of a case.
const OFFICERS: &[Role] = &[Role::Officer, Role::TeamLeader, Role::HeadOfService];
const LEADERS: &[Role] = &[Role::TeamLeader, Role::HeadOfService];

/// As whom, when and on what an act is done.
struct Asked<'a> {
    at: &'a Moment,
    actor: &'a Actor,
    case: &'a Case,
}

/// Its operations.
#[must_use]
pub fn operations() -> Vec<Operation> {
    let act = |operation: Operation, roles: &[Role], example: Value| {
        let answers = |operation: Operation| {
            operation.answers::<ActedView>(201, "What happened, and the case as it is now.")
        };
        answers(operation)
            .tag("Cases")
            .access(Access::staff(roles).or_scope(Scope::CasesWrite))
            .path_note("case", CASE_NOTE)
            .if_match_optional()
            .refuses(&[409])
            .example_request(example)
            .example_response(examples::acted())
    };
    vec![
        act(
            post("/v1/cases/{case}/acknowledgements", acknowledge).body::<NewAcknowledgement>(),
            CASEWORKERS,
            json!({"how": "spoken"}),
        )
        .id("acknowledge_case")
        .summary("Tell the person that we have it")
        .description(
            "`email` sends the text; its clock is met when the mail is accepted for delivery. `letter` and `spoken` \
             record what was done.",
        ),
        act(
            post("/v1/cases/{case}/assignments", assign).body::<NewAssignment>(),
            CASEWORKERS,
            json!({"owner": "me"}),
        )
        .id("assign_case")
        .summary("Say who has a case")
        .description("Taking it from somebody else needs a team leader. `event` is null when they had it already."),
        act(
            post("/v1/cases/{case}/transfers", transfer).body::<NewTransfer>(),
            CASEWORKERS,
            json!({"queue": "highways", "reason": "The road, not the bin."}),
        )
        .id("transfer_case")
        .summary("Pass a case to another queue")
        .description("The promise stays as it is, and the person is told. The third time the team leader is told too."),
        act(
            post("/v1/cases/{case}/pauses", pause).body::<NewPause>(),
            COUNCIL,
            json!({"reason": "Waiting for the survey.", "waiting_for": "contractor", "resume_on": "2026-12-01"}),
        )
        .id("pause_case")
        .summary("Wait for somebody")
        .description("Promises that may be paused stand still until `resume_on` at the latest."),
        act(
            post("/v1/cases/{case}/resumptions", resume).optional_body::<Nothing>(),
            COUNCIL,
            json!({}),
        )
        .id("resume_case")
        .summary("Carry on"),
        act(
            post("/v1/cases/{case}/extensions", extend).body::<NewExtension>(),
            OFFICERS,
            json!({"clock": "respond", "by": {"working_days": 10}, "reason": "The photographs came late."}),
        )
        .id("extend_case_clock")
        .summary("Give a promise a later date")
        .description("As the standard allows. The person is told date and reason; the first date stays in the figures."),
        act(
            post("/v1/cases/{case}/questions", ask).body::<NewQuestion>(),
            COUNCIL,
            json!({"text": "Which of the two gates is it?"}),
        )
        .id("ask_person")
        .summary("Ask the person")
        .description("The case waits for their answer; promises that may be paused stand still meanwhile."),
        act(
            post("/v1/cases/{case}/replies", reply).body::<NewReply>(),
            COUNCIL,
            json!({"text": "We have collected your bin.", "kind": "substantive", "outcome": "resolved"}),
        )
        .id("reply_to_person")
        .summary("Answer the person")
        .description(
            "It leaves a little later (`notice.leaves_at`); until then it can be taken back. It goes to those who \
             are answered on the case, or to the addresses in `to` and `cc`. One that is on nobody of the case is \
             409 `recipient_unconfirmed` until it stands in `confirmed_recipients` too. A holding reply may give a \
             new date (`until_on`), once. On the case a service has beside a councillor's or MP's enquiry it goes \
             to whoever has the enquiry, who answers the member.",
        ),
        delete("/v1/cases/{case}/replies/{reply}", take_back)
            .id("take_back_reply")
            .summary("Take back a reply that has not left")
            .tag("Cases")
            .access(Access::staff(COUNCIL).or_scope(Scope::CasesWrite))
            .path_note("case", CASE_NOTE)
            .path_note("reply", "`notice.id` of the answer to the reply.")
            .if_match_optional()
            .answers::<ActedView>(200, "What happened, and the case as it is now.")
            .refuses(&[409])
            .example_response(examples::acted()),
        act(
            post("/v1/cases/{case}/notes", note).body::<NewNote>(),
            CASEWORKERS,
            json!({"text": "Rang; nobody at home.", "audience": "staff"}),
        )
        .id("add_note")
        .summary("Write a note for ourselves"),
        act(
            post("/v1/cases/{case}/promises", promise).body::<NewPromise>(),
            COUNCIL,
            json!({"what": "Ring back", "by": "2026-11-24T15:00:00Z", "owner": "me"}),
        )
        .id("add_promise")
        .summary("Record what an officer promised")
        .description("A clock of its own, watched like the others."),
        act(
            post("/v1/cases/{case}/closures", close).body::<NewClosure>(),
            COUNCIL,
            json!({"outcome": "resolved"}),
        )
        .id("close_case")
        .summary("End work on a case")
        .description("The person is told how it ended, unless an answer has told them. To merge it, use `merges`."),
        act(
            post("/v1/cases/{case}/reopenings", reopen).body::<NewReopening>(),
            COUNCIL,
            json!({"reason": "The bin was missed again."}),
        )
        .id("reopen_case")
        .summary("Carry on with a case that was answered or closed"),
        act(
            post("/v1/cases/{case}/stages", open_stage).body::<NewStage>(),
            OFFICERS,
            json!({"stage": 2, "reason": "They ask for a review.", "officer": null}),
        )
        .id("open_stage")
        .summary("Move a complaint to its next stage")
        .description("Where the standard says so, by an officer who did not answer the stage before."),
        act(
            post("/v1/cases/{case}/merges", merge).body::<NewMerge>(),
            OFFICERS,
            json!({"into": "4X7-K92-MQ3"}),
        )
        .id("merge_case")
        .summary("Merge a case into another")
        .description("This one closes; the people on it are on the other one too."),
        act(
            post("/v1/cases/{case}/links", link).body::<NewLink>(),
            COUNCIL,
            json!({"kind": "related", "case": "4X7-K92-MQ3"}),
        )
        .id("link_case")
        .summary("Link a case to another"),
        act(
            post("/v1/cases/{case}/access", grant).body::<NewAccess>(),
            LEADERS,
            json!({"people": ["sam.officer@council.example"], "teams": [], "reason": "Covers for a colleague."}),
        )
        .id("grant_case_access")
        .summary("Name more people on a restricted case")
        .description(
            "Or say whom a case is about: they never see it. `break_glass` opens a restricted case to the caller \
             alone, who is not named on it: a head of service or director, for a case of their own services, never \
             for a complaint about staff. It needs a reason and lasts for `auth.break_glass_hours`; whoever has the \
             case, its team leader and its duty contact are told at once, and it stands in the audit.",
        ),
        act(
            post("/v1/cases/{case}/bases", set_basis).body::<NewBasis>(),
            COUNCIL,
            json!({"basis": "constituent_asked", "reason": "The mail below theirs is from the tenant."}),
        )
        .id("set_member_basis")
        .summary("Put right why a councillor or MP asks")
        .description(
            "It is read from their words when their enquiry opens. Where the person it is about neither asked nor \
             agreed (`third_party`, `unclear`), replies are limited to general information.",
        ),
        act(
            post("/v1/cases/{case}/consents", record_consent).body::<NewConsent>(),
            COUNCIL,
            json!({"given": true, "how": "verbal"}),
        )
        .id("record_member_consent")
        .summary("Record that the person a councillor or MP writes about agrees, or does not any more")
        .description(
            "The last word counts. Who recorded it, how it was given and when stand on the timeline and in the audit.",
        ),
        act(
            post("/v1/cases/{case}/calls", record_call).body::<NewCall>(),
            CASEWORKERS,
            json!({"who": "Duty officer", "number": "01632 960999", "outcome": "On the way."}),
        )
        .id("record_call")
        .summary("Record that somebody was rung about a danger")
        .description("It ends the alerts."),
        act(
            post("/v1/cases/{case}/identity-checks", check_identity).body::<NewIdentityCheck>(),
            CASEWORKERS,
            json!({"how": "phone", "result": "passed", "asked": ["name", "address", "recent_contact"]}),
        )
        .id("record_identity_check")
        .summary("Record that a caller was asked to show who they are")
        .description(
            "What kinds of thing they were asked for, never what they answered. A check holds for the contact it \
             names, or for an hour. One that failed is told to the team leader. Until one has passed, what is said \
             by word of mouth on a sensitive or restricted case is answered with `warnings`.",
        ),
        act(
            post("/v1/cases/{case}/contact-reasons", mark_contact).body::<NewContactReason>(),
            CASEWORKERS,
            json!({"contact": "019a9f5e-7c00-7000-8000-000000000006", "contact_reason": "service_failed"}),
        )
        .id("mark_contact_reason")
        .summary("Say why somebody contacted us, or put it right")
        .description(
            "The contact stays as it was logged. What stood there before is on the timeline. A contact that only asks \
             again is marked `progress_chase` by itself.",
        ),
        act(
            post("/v1/cases/{case}/events", record_event).body::<NewStandardEvent>(),
            OFFICERS,
            json!({"event": "concluded"}),
        )
        .id("record_standard_event")
        .summary("Record an event the case's standard knows")
        .description("Such as `concluded` or `clarified`: promises that start with it start."),
        act(
            post("/v1/cases/{case}/decisions", record_decision).body::<NewDecision>(),
            OFFICERS,
            json!({
                "decision": "partly_upheld", "remedies": ["apology", "put_right"],
                "learning": [{
                    "improvement": "training", "what": "Crews are shown how to log a missed street.",
                    "owner": "head-of-waste-and-street-scene", "due_on": "2027-01-29",
                }],
            }),
        )
        .id("record_decision")
        .summary("Record what was decided about a complaint or a request for information")
        .description(
            "For the figures; the person is told by a reply. Whether it was upheld, why it was not accepted, what \
             was put right and what is learnt from it, who answers for that and by when; of information, whether it \
             was given and what was withheld under which exemption. `by: ombudsman` records what the Ombudsman found. \
             Also on a closed case. The last word about a stage counts.",
        ),
    ]
}

async fn acknowledge(call: Call) -> Result<Answer, Problem> {
    act(call, |_, _, body: &NewAcknowledgement| {
        if body.how == AcknowledgedBy::Email && body.text.is_none() {
            return Err(Failure::invalid(
                "/text",
                "missing_field",
                "An e-mail needs its words.",
            ));
        }
        Ok(Command::Acknowledge {
            how: body.how,
            text: body.text.as_deref().map(str::to_owned),
        })
    })
    .await
}

async fn assign(call: Call) -> Result<Answer, Problem> {
    act(call, |tx, asked, body: &NewAssignment| {
        let owner = body.owner.read("/owner")?;
        Ok(Command::Assign {
            owner: user(tx, asked.actor, &owner, "/owner")?,
        })
    })
    .await
}

async fn transfer(call: Call) -> Result<Answer, Problem> {
    act(call, |_, _, body: &NewTransfer| {
        Ok(Command::Transfer {
            queue: body.queue.to_string(),
            reason: body.reason.to_string(),
        })
    })
    .await
}

async fn pause(call: Call) -> Result<Answer, Problem> {
    act(call, |_, _, body: &NewPause| {
        Ok(Command::Pause {
            reason: body.reason.to_string(),
            waiting_for: body.waiting_for,
            resume_on: body.resume_on.0,
        })
    })
    .await
}

async fn resume(call: Call) -> Result<Answer, Problem> {
    act(call, |_, _, _: &Nothing| Ok(Command::Resume)).await
}

async fn extend(call: Call) -> Result<Answer, Problem> {
    act(call, |_, _, body: &NewExtension| {
        let to = match (body.until_on, body.by) {
            (Some(on), None) => Longer::UntilOn(on.0),
            (None, Some(by)) => by.into(),
            (None, None) => {
                return Err(Failure::invalid(
                    "/until_on",
                    "missing_field",
                    "Give `until_on` or `by`.",
                ));
            }
            (Some(_), Some(_)) => {
                return Err(Failure::invalid(
                    "/by",
                    "one_of_two",
                    "Give `until_on` or `by`, not both.",
                ));
            }
        };
        Ok(Command::Extend {
            clock: body.clock.to_string(),
            to,
            reason: body.reason.to_string(),
        })
    })
    .await
}

async fn ask(call: Call) -> Result<Answer, Problem> {
    act_and_tell(call, NewQuestion::recipients, |_, asked, body| {
        let resume_on = body
            .resume_on
            .map_or_else(|| actions::default_resume_on(asked.at), |on| on.0);
        Ok(Command::Ask {
            text: body.text.to_string(),
            resume_on,
        })
    })
    .await
}

async fn reply(call: Call) -> Result<Answer, Problem> {
    act_and_tell(call, NewReply::recipients, |_, _, body| {
        if let Some(until_on) = body.until_on {
            if body.kind == ReplyKind::Substantive {
                let detail = "Only a holding reply gives a new date: an answer needs none.";
                return Err(Failure::invalid("/until_on", "not_with_kind", detail));
            }
            return Ok(Command::Hold {
                text: body.text.to_string(),
                until_on: until_on.0,
            });
        }
        Ok(Command::Reply {
            text: body.text.to_string(),
            kind: body.kind,
            outcome: body.outcome,
            general_only: body.scope == ReplyScope::General,
        })
    })
    .await
}

async fn take_back(call: Call) -> Result<Answer, Problem> {
    let target = call.case()?;
    check_may(&call, &target, Act::Work).await?;
    let notice: NoticeId = call.id("reply")?;
    let if_match = call.if_match()?;
    let actor = call.actor.clone();
    let done = call
        .perform(move |tx, at| {
            let case = actions::find(tx, &actor, &target, Act::Work)?.case;
            let what = notices::find_reply(tx, case.id, notice)?;
            let asked = Asked {
                at,
                actor: &actor,
                case: &case,
            };
            carry_out(
                tx,
                &asked,
                &target,
                &Command::TakeBackReply { notice, what },
                &Recipients::default(),
                if_match.as_ref(),
            )
        })
        .await?;
    Ok(Answer::ok(&done))
}

async fn note(call: Call) -> Result<Answer, Problem> {
    act(call, |_, _, body: &NewNote| {
        Ok(Command::Note {
            text: body.text.to_string(),
            audience: body.audience,
        })
    })
    .await
}

async fn promise(call: Call) -> Result<Answer, Problem> {
    act(call, |tx, asked, body: &NewPromise| {
        let owner = if body.owner.is_nobody() {
            asked.actor.user().map(|user| user.id)
        } else {
            user(tx, asked.actor, &body.owner.read("/owner")?, "/owner")?
        };
        Ok(Command::Promise {
            what: body.what.to_string(),
            by: body.by.0,
            owner,
        })
    })
    .await
}

async fn close(call: Call) -> Result<Answer, Problem> {
    act(call, |_, asked, body: &NewClosure| {
        match (body.outcome, body.other_body.as_deref()) {
            (Outcome::Merged, _) => Err(Failure::invalid(
                "/outcome",
                "unknown_value",
                "To merge a case, say into which: use `merges`.",
            )),
            (outcome, None) => Ok(Command::Close { outcome }),
            (outcome @ (Outcome::NotOurs | Outcome::Referred), Some(name)) => Ok(Command::Refer {
                outcome,
                body: letters::body_named(asked.at, name)?,
            }),
            (_, Some(_)) => Err(Failure::invalid(
                "/other_body",
                "not_with_this_outcome",
                "Only a case that is `not_ours` or `referred` belongs to another body: leave out `other_body`.",
            )),
        }
    })
    .await
}

async fn reopen(call: Call) -> Result<Answer, Problem> {
    act(call, |_, _, body: &NewReopening| {
        Ok(Command::Reopen {
            reason: body.reason.to_string(),
        })
    })
    .await
}

async fn open_stage(call: Call) -> Result<Answer, Problem> {
    act(call, |tx, asked, body: &NewStage| {
        let officer = body.officer.read("/officer")?;
        Ok(Command::OpenStage {
            stage: body.stage,
            reason: body.reason.to_string(),
            officer: user(tx, asked.actor, &officer, "/officer")?,
        })
    })
    .await
}

async fn merge(call: Call) -> Result<Answer, Problem> {
    act(call, |tx, asked, body: &NewMerge| {
        Ok(Command::Merge {
            into: other_case(tx, asked, &body.into, "/into")?,
        })
    })
    .await
}

async fn link(call: Call) -> Result<Answer, Problem> {
    act(call, |tx, asked, body: &NewLink| {
        Ok(Command::Link {
            kind: body.kind,
            case: other_case(tx, asked, &body.case, "/case")?,
        })
    })
    .await
}

async fn grant(call: Call) -> Result<Answer, Problem> {
    let breaks_glass = call.json::<NewAccess>().is_ok_and(|body| body.break_glass);
    if breaks_glass {
        return break_glass(call).await;
    }
    act(call, |tx, asked, body: &NewAccess| {
        if matches!(body.about, Some(AboutWhom::Nobody)) {
            return about_nobody(body);
        }
        if body.people.is_empty() && body.teams.is_empty() && body.about.is_none() {
            return Err(Failure::invalid(
                "/people",
                "missing_field",
                "Name people, teams, or whom it is about.",
            ));
        }
        let mut holders = Vec::new();
        for (place, person) in body.people.iter().enumerate() {
            let pointer = format!("/people/{place}");
            if let Some(id) = user(tx, asked.actor, &owner(person, &pointer)?, &pointer)? {
                holders.push(format!("user:{id}"));
            }
        }
        let teams = restricted_teams(asked.at);
        for (place, team) in body.teams.iter().enumerate() {
            if !teams.contains(&**team) {
                let known: Vec<&str> = teams.iter().map(String::as_str).collect();
                let detail = format!(
                    "There is no restricted team `{}`; there are: {}.",
                    &**team,
                    known.join(", ")
                );
                return Err(Failure::invalid(
                    &format!("/teams/{place}"),
                    "unknown_value",
                    detail,
                ));
            }
            holders.push(format!("team:{}", &**team));
        }
        let about = match &body.about {
            None | Some(AboutWhom::Nobody) => None,
            Some(AboutWhom::User(whom)) => {
                let pointer = "/about/user";
                user(tx, asked.actor, &owner(whom, pointer)?, pointer)?.map(About::User)
            }
            Some(AboutWhom::Post(slug)) if asked.at.council.catalogue.post(slug).is_some() => {
                Some(About::Post(slug.to_string()))
            }
            Some(AboutWhom::Post(_)) => {
                return Err(Failure::invalid(
                    "/about/post",
                    "unknown_value",
                    "There is no post with this slug.",
                ));
            }
        };
        Ok(Command::GrantAccess {
            holders,
            reason: body.reason.to_string(),
            about,
        })
    })
    .await
}

/// What was taken to be about somebody of the council is about nobody.
fn about_nobody(body: &NewAccess) -> Result<Command, Failure> {
    let named = if body.people.is_empty() {
        (!body.teams.is_empty()).then_some("/teams")
    } else {
        Some("/people")
    };
    match named {
        Some(pointer) => Err(Failure::invalid(
            pointer,
            "unknown_value",
            "Once it is about nobody it is not restricted, and nobody is named on it. Leave this out.",
        )),
        None => Ok(Command::NotAboutStaff {
            reason: body.reason.to_string(),
        }),
    }
}

async fn set_basis(call: Call) -> Result<Answer, Problem> {
    act(call, |_, _, body: &NewBasis| {
        Ok(Command::SetBasis {
            basis: body.basis,
            why: body.reason.to_string(),
        })
    })
    .await
}

async fn record_consent(call: Call) -> Result<Answer, Problem> {
    act(call, |_, asked, body: &NewConsent| {
        Ok(Command::RecordConsent {
            is_given: body.given,
            how: body.how,
            who: body.who.as_deref().map(str::to_owned),
            on: body.on.map_or_else(|| asked.at.today(), |on| on.0),
        })
    })
    .await
}

/// Opens a restricted case to whoever asks, who is not named on it.
async fn break_glass(call: Call) -> Result<Answer, Problem> {
    let (target, actor) = (call.case()?, call.actor.clone());
    let body: NewAccess = call.json()?;
    let hours = call.front.auth.break_glass_hours;
    let answer = call
        .commit(
            move |tx, at| {
                let acted = actions::break_glass(tx, at, &actor, &target, &body.reason, hours)?;
                let names_others =
                    !body.people.is_empty() || !body.teams.is_empty() || body.about.is_some();
                if names_others {
                    return Err(Failure::invalid(
                        "/break_glass",
                        "one_of_two",
                        "It opens the case to you alone. Name others once you see it.",
                    ));
                }
                case::acted(tx, &actor, &acted)
            },
            |done: &ActedView| Answer::json(201, done),
        )
        .await?;
    call.front.forget_the_recognised();
    Ok(answer)
}

async fn record_call(call: Call) -> Result<Answer, Problem> {
    act(call, |_, _, body: &NewCall| {
        Ok(Command::Call {
            who: body.who.to_string(),
            number: body.number.to_string(),
            outcome: body.outcome.to_string(),
        })
    })
    .await
}

async fn check_identity(call: Call) -> Result<Answer, Problem> {
    let (target, actor) = (call.case()?, call.actor.clone());
    check_may(&call, &target, Act::Read).await?;
    let sent: NewIdentityCheck = call.json()?;
    let if_match = call.if_match()?;
    call.commit(
        move |tx, at| {
            let case = actions::find(tx, &actor, &target, Act::Read)?.case;
            if let Some(if_match) = &if_match {
                if_match.admits(case.version)?;
            }
            let check = identity::Check {
                how: sent.how,
                result: sent.result,
                asked: sent.asked.clone(),
                contact: sent.contact.map(|id| ContactId(id.0)),
            };
            let settled = identity::record(tx, at, &actor, &target, &check)?;
            let contact = check.contact;
            let warnings = identity::warnings(tx, at, &settled.filed.case, contact)?;
            let acted = actions::Acted {
                settled,
                notice: None,
            };
            Ok(ActedView {
                warnings,
                ..case::acted(tx, &actor, &acted)?
            })
        },
        |done: &ActedView| Answer::json(201, done),
    )
    .await
}

async fn mark_contact(call: Call) -> Result<Answer, Problem> {
    let (target, actor) = (call.case()?, call.actor.clone());
    check_may(&call, &target, Act::Read).await?;
    let sent: NewContactReason = call.json()?;
    let if_match = call.if_match()?;
    call.commit(
        move |tx, at| {
            let case = actions::find(tx, &actor, &target, Act::Read)?.case;
            if let Some(if_match) = &if_match {
                if_match.admits(case.version)?;
            }
            let contact = ContactId(sent.contact.0);
            let code = sent.contact_reason.as_deref();
            let acted = actions::Acted {
                settled: contact_reasons::mark(tx, at, &actor, &target, contact, code)?,
                notice: None,
            };
            case::acted(tx, &actor, &acted)
        },
        |done: &ActedView| Answer::json(201, done),
    )
    .await
}

async fn record_decision(call: Call) -> Result<Answer, Problem> {
    act(call, |_, asked, body: &NewDecision| {
        let decided = body.decided(asked.case.stage);
        Ok(Command::RecordDecision(Box::new(decided)))
    })
    .await
}

async fn record_event(call: Call) -> Result<Answer, Problem> {
    act(call, |_, asked, body: &NewStandardEvent| {
        let at = body.at.map_or(asked.at.now, |at| at.0);
        if at > asked.at.now {
            return Err(Failure::invalid(
                "/at",
                "in_future",
                "It has not happened yet.",
            ));
        }
        if at < asked.case.received_at {
            return Err(Failure::invalid(
                "/at",
                "before_received",
                "That is before the case was received.",
            ));
        }
        Ok(Command::Record {
            event: body.event.to_string(),
            at,
        })
    })
    .await
}

/// Does one act that tells those who are answered on the case.
async fn act<T, F>(call: Call, command: F) -> Result<Answer, Problem>
where
    T: DeserializeOwned + JsonSchema + Send + 'static,
    F: Fn(&mut Tx<'_>, &Asked<'_>, &T) -> Result<Command, Failure> + Send + 'static,
{
    act_and_tell(call, |_| Recipients::default(), command).await
}

/// Does one act: the case first, whether the caller may, then what was sent, then the version.
async fn act_and_tell<T, R, F>(call: Call, recipients: R, command: F) -> Result<Answer, Problem>
where
    T: DeserializeOwned + JsonSchema + Send + 'static,
    R: Fn(&T) -> Recipients + Send + 'static,
    F: Fn(&mut Tx<'_>, &Asked<'_>, &T) -> Result<Command, Failure> + Send + 'static,
{
    let target = call.case()?;
    let read = call
        .json::<T>()
        .and_then(|body| Ok((body, call.if_match()?)));
    let (body, if_match) = match read {
        Ok(read) => read,
        Err(problem) => {
            check_may(&call, &target, Act::Work).await?;
            return Err(problem);
        }
    };
    let actor = call.actor.clone();
    call.commit(
        move |tx, at| {
            let case = actions::find(tx, &actor, &target, Act::Work)?.case;
            let asked = Asked {
                at,
                actor: &actor,
                case: &case,
            };
            let command = command(tx, &asked, &body)?;
            let to = recipients(&body);
            carry_out(tx, &asked, &target, &command, &to, if_match.as_ref())
        },
        |done: &ActedView| Answer::json(201, done),
    )
    .await
}

fn carry_out(
    tx: &mut Tx<'_>,
    asked: &Asked<'_>,
    target: &Target,
    command: &Command,
    recipients: &Recipients,
    if_match: Option<&IfMatch>,
) -> Result<ActedView, Failure> {
    let Asked { at, actor, case } = *asked;
    actions::check_role(tx, at, actor, case, command)?;
    if let Some(if_match) = if_match {
        if_match.admits(case.version)?;
    }
    let acted = actions::act_and_tell(
        tx,
        at,
        actor,
        target,
        command,
        if_match.map(|_| case.version),
        recipients,
    )?;
    let is_spoken = matches!(
        command,
        Command::Acknowledge {
            how: AcknowledgedBy::Spoken,
            ..
        }
    );
    let warnings = if is_spoken {
        identity::warnings(tx, at, &acted.settled.filed.case, None)?
    } else {
        Vec::new()
    };
    Ok(ActedView {
        warnings,
        ..case::acted(tx, actor, &acted)?
    })
}

fn user(
    conn: &mut Conn,
    actor: &Actor,
    whose: &Owner,
    pointer: &str,
) -> Result<Option<UserId>, Failure> {
    actions::resolve_owner(conn, actor, whose).map_err(|failure| match failure {
        Failure::Invalid(faults) => Failure::Invalid(
            faults
                .into_iter()
                .map(|fault| Fault {
                    pointer: pointer.to_owned(),
                    ..fault
                })
                .collect(),
        ),
        other => other,
    })
}

/// A case named in a document.
fn other_case(
    conn: &mut Conn,
    asked: &Asked<'_>,
    text: &str,
    pointer: &str,
) -> Result<CaseId, Failure> {
    let pattern = asked.at.council.catalogue.council.alias_pattern();
    let pattern = pattern.as_deref();
    let unknown = || {
        Failure::invalid(
            pointer,
            "unknown_value",
            "There is no case with this id or reference.",
        )
    };
    let target = Target::parse(text, pattern).map_err(|why| match why {
        ReferenceError::Mistyped => Failure::invalid(
            pointer,
            "reference_mistyped",
            "One character of this reference is mistyped.",
        ),
        ReferenceError::NotAReference => unknown(),
    })?;
    match actions::find(conn, asked.actor, &target, Act::Read) {
        Ok(filed) => Ok(filed.case.id),
        Err(Failure::Missing) => Err(unknown()),
        Err(other) => Err(other),
    }
}

/// Teams that hold restricted cases anywhere in the catalogue.
/// The teams that restricted cases can be open to, by their slugs.
pub fn restricted_teams(at: &Moment) -> BTreeSet<String> {
    let catalogue = &at.council.catalogue;
    let of_queues = catalogue
        .queues
        .values()
        .flat_map(|queue| queue.restricted_teams.iter());
    let of_categories = catalogue
        .categories()
        .flat_map(|(_, category)| category.restricted_to.iter());
    of_queues
        .chain(of_categories)
        .map(|team| team.trim_start_matches("team:").to_owned())
        .collect()
}
