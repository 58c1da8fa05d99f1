//! Every (status × command × role) is decided, and the table is reviewed when it changes.

use std::fmt::Write as _;

use jiff::Timestamp;
use jiff::civil::date;
use uuid::Uuid;

use super::*;
use crate::domain::case::{
    Audience, Candidate, Case, LinkKind, Outcome, Priority, Procedure, ReplyKind, Routed, Secrecy,
    Status,
};
use crate::domain::clock::{Facts, Longer};
use crate::domain::contact::Channel;
use crate::domain::ids::CaseId;
use crate::domain::person::PersonKind;
use crate::domain::reference::Reference;

fn now() -> Timestamp {
    // A Tuesday morning.
    "2026-11-24T10:00:00Z".parse().unwrap()
}

fn northmere() -> &'static crate::domain::catalogue::Catalogue {
    static NORTHMERE: std::sync::OnceLock<crate::domain::catalogue::Catalogue> =
        std::sync::OnceLock::new();
    NORTHMERE.get_or_init(|| crate::config::embedded::northmere().unwrap())
}

fn user(n: u128) -> UserId {
    UserId(Uuid::from_u128(n))
}

/// A case of this standard as it stands in each status.
fn case(status: Status, service: &str, category: &str) -> (Case, Terms) {
    let received: Timestamp = "2026-11-20T10:00:00Z".parse().unwrap();
    let terms = northmere().terms(service, category).unwrap();
    let mut case = Case {
        id: CaseId(Uuid::from_u128(1)),
        reference: Reference::from_bits(1),
        status,
        waiting_for: None,
        outcome: None,
        priority: Priority::Normal,
        procedure: Procedure::ServiceRequest,
        service: service.to_owned(),
        category: category.to_owned(),
        queue: "waste-ops".to_owned(),
        owner: (status != Status::New).then(|| user(7)),
        subject: "Missed bin".to_owned(),
        secrecy: Secrecy::Ordinary,
        restricted_to: Vec::new(),
        about: None,
        channel: Channel::Phone,
        received_at: received,
        opened_at: received,
        updated_at: received,
        closed_at: None,
        follow_up_until: None,
        reporter: None,
        requester_kind: PersonKind::Resident,
        danger: None,
        danger_since: None,
        is_rung: false,
        is_claimed: false,
        stage: 1,
        facts: Facts::received(received),
        terms: "terms".to_owned(),
        routing: Routed {
            rule: "category".to_owned(),
            reason: "chosen".to_owned(),
            confidence: 1.0,
            candidates: vec![Candidate {
                service: service.to_owned(),
                category: category.to_owned(),
                confidence: 1.0,
                why: "chosen".to_owned(),
            }],
        },
        location: None,
        ward: None,
        fields: serde_json::Map::new(),
        their_reference: None,
        n_chasers: 0,
        n_transfers: 0,
        taken_by: None,
        last_action: None,
        version: 1,
        revision: 1,
    };
    let settled = |case: &mut Case, event: Event| {
        apply(case, &event, &terms, By::System, received);
    };
    match status {
        Status::Waiting => settled(
            &mut case,
            Event::Paused {
                reason: "we asked".to_owned(),
                waiting_for: WaitingFor::Person,
                resume_on: date(2026, 12, 1),
            },
        ),
        Status::Responded => settled(&mut case, replied(ReplyKind::Substantive)),
        Status::Closed => settled(
            &mut case,
            Event::Closed {
                outcome: Outcome::Resolved,
            },
        ),
        Status::New | Status::Open => {}
    }
    (case, terms)
}

fn replied(kind: ReplyKind) -> Event {
    Event::Replied {
        text: "Done.".to_owned(),
        reply: kind,
        outcome: None,
        general_only: false,
    }
}

fn at<'a>(terms: &'a Terms, by: By) -> Circumstances<'a> {
    Circumstances {
        dealt_before: &[],
        is_owner_away: false,
        by,
        now: now(),
        terms,
        calendar: &northmere().calendar,
        reopen_within_days: 28,
        is_consent_unclear: false,
    }
}

fn commands() -> Vec<(&'static str, Command)> {
    let text = || "words".to_owned();
    let other = CaseId(Uuid::from_u128(2));
    let resume_on = date(2026, 12, 1);
    let reply = |kind| Command::Reply {
        text: text(),
        kind,
        outcome: None,
        general_only: false,
    };
    vec![
        (
            "acknowledge",
            Command::Acknowledge {
                how: AcknowledgedBy::Spoken,
                text: None,
            },
        ),
        (
            "assign to me",
            Command::Assign {
                owner: Some(user(1)),
            },
        ),
        (
            "assign to other",
            Command::Assign {
                owner: Some(user(9)),
            },
        ),
        ("release", Command::Assign { owner: None }),
        (
            "transfer",
            Command::Transfer {
                queue: "highways".to_owned(),
                reason: text(),
            },
        ),
        (
            "pause",
            Command::Pause {
                reason: text(),
                waiting_for: WaitingFor::Contractor,
                resume_on,
            },
        ),
        ("resume", Command::Resume),
        (
            "extend",
            Command::Extend {
                clock: "respond".to_owned(),
                to: Longer::By(crate::domain::standard::Target::WorkingDays(2)),
                reason: text(),
            },
        ),
        (
            "ask",
            Command::Ask {
                text: text(),
                resume_on,
            },
        ),
        ("reply", reply(ReplyKind::Substantive)),
        ("holding reply", reply(ReplyKind::Holding)),
        (
            "note",
            Command::Note {
                text: text(),
                audience: Audience::Staff,
            },
        ),
        (
            "promise",
            Command::Promise {
                what: text(),
                by: "2026-11-25T12:00:00Z".parse().unwrap(),
                owner: None,
            },
        ),
        (
            "close",
            Command::Close {
                outcome: Outcome::Resolved,
            },
        ),
        ("reopen", Command::Reopen { reason: text() }),
        (
            "open stage 2",
            Command::OpenStage {
                stage: 2,
                reason: text(),
                officer: None,
            },
        ),
        ("merge", Command::Merge { into: other }),
        (
            "link",
            Command::Link {
                kind: LinkKind::Related,
                case: other,
            },
        ),
        (
            "grant access",
            Command::GrantAccess {
                holders: vec!["team:mash".to_owned()],
                reason: text(),
                about: None,
            },
        ),
        ("not about staff", Command::NotAboutStaff { reason: text() }),
        (
            "call",
            Command::Call {
                who: text(),
                number: "01632 960000".to_owned(),
                outcome: text(),
            },
        ),
        (
            "amend subject",
            Command::Amend(Box::new(Amendment {
                subject: Some("Other".to_owned()),
                ..Amendment::default()
            })),
        ),
        (
            "raise priority",
            Command::Amend(Box::new(Amendment {
                priority: Some(Priority::High),
                ..Amendment::default()
            })),
        ),
        (
            "hold until",
            Command::Hold {
                text: text(),
                until_on: date(2026, 11, 30),
            },
        ),
        (
            "set basis",
            Command::SetBasis {
                basis: crate::domain::member::Basis::OwnConcern,
                why: text(),
            },
        ),
        (
            "record event",
            Command::Record {
                event: "escalated".to_owned(),
                at: now(),
            },
        ),
        (
            "record decision",
            Command::RecordDecision(Box::new(crate::domain::decision::Decided {
                by: crate::domain::decision::DecidedBy::Council,
                stage: 1,
                decision: crate::domain::decision::Decision::Upheld,
                service: None,
                because: None,
                exemptions: Vec::new(),
                remedies: Vec::new(),
                learning: Vec::new(),
            })),
        ),
    ]
}

#[test]
fn every_status_command_and_role_is_decided() {
    let mut table = String::new();
    let roles: Vec<Option<Role>> = Role::ALL.iter().copied().map(Some).chain([None]).collect();
    for status in Status::ALL {
        let (case, terms) = case(*status, "waste-collection", "missed-bin");
        writeln!(table, "\n# {status}").unwrap();
        for (name, command) in commands() {
            write!(table, "{name}:").unwrap();
            let mut answers: Vec<(String, Vec<String>)> = Vec::new();
            for role in &roles {
                let by = role.map_or(By::Key, |role| By::User { id: user(1), role });
                let who = role.map_or_else(|| "key".to_owned(), |role| role.to_string());
                let answer = match decide(&case, &command, at(&terms, by)) {
                    Ok(events) => events.iter().map(Event::kind).collect::<Vec<_>>().join("+"),
                    Err(refusal) => format!("no ({})", refusal.code()),
                };
                match answers.iter_mut().find(|(known, _)| *known == answer) {
                    Some((_, whos)) => whos.push(who),
                    None => answers.push((answer, vec![who])),
                }
            }
            for (answer, whos) in answers {
                let whos = if whos.len() == roles.len() {
                    "everybody".to_owned()
                } else {
                    whos.join(" ")
                };
                write!(table, "\n    {answer} ← {whos}").unwrap();
            }
            table.push('\n');
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn nothing_but_reopening_or_a_new_stage_leaves_a_closed_case() {
    for (name, command) in commands() {
        let (mut case, terms) = case(Status::Closed, "waste-collection", "missed-bin");
        let by = By::User {
            id: user(1),
            role: Role::HeadOfService,
        };
        if let Ok(events) = decide(&case, &command, at(&terms, by)) {
            for event in &events {
                apply(&mut case, event, &terms, by, now());
            }
            let leaves = matches!(command, Command::Reopen { .. } | Command::OpenStage { .. });
            assert_eq!(case.status != Status::Closed, leaves, "{name}");
        }
    }
}

#[test]
fn a_substantive_reply_meets_the_promise_and_a_holding_one_does_not() {
    for (kind, is_met) in [(ReplyKind::Substantive, true), (ReplyKind::Holding, false)] {
        let (mut case, terms) = case(Status::Open, "waste-collection", "missed-bin");
        apply(&mut case, &replied(kind), &terms, By::System, now());
        let respond = crate::domain::clock::read(&case.facts, &terms, now())
            .into_iter()
            .find(|reading| reading.name == "respond")
            .unwrap();
        assert_eq!(respond.met_at.is_some(), is_met, "{kind}");
    }
}

#[test]
fn transferring_a_case_changes_no_date() {
    let (mut case, terms) = case(Status::Open, "waste-collection", "missed-bin");
    let before: Vec<_> = crate::domain::clock::read(&case.facts, &terms, now())
        .iter()
        .map(|one| one.due_at)
        .collect();
    let event = Event::Transferred {
        from: "waste-ops".to_owned(),
        to: "highways".to_owned(),
        reason: "theirs".to_owned(),
    };
    apply(&mut case, &event, &terms, By::System, now());
    let after: Vec<_> = crate::domain::clock::read(&case.facts, &terms, now())
        .iter()
        .map(|one| one.due_at)
        .collect();
    assert_eq!(before, after);
    assert_eq!(case.owner, None, "the new team has it, nobody in it yet");
}

#[test]
fn lowering_a_priority_raised_for_danger_needs_a_reason() {
    let (mut case, terms) = case(Status::Open, "waste-collection", "missed-bin");
    case.danger = Some("no heating with a baby in the house".to_owned());
    case.priority = Priority::Emergency;
    let by = By::User {
        id: user(7),
        role: Role::TeamLeader,
    };
    let mut amendment = Amendment {
        priority: Some(Priority::Normal),
        ..Amendment::default()
    };
    let refused = decide(
        &case,
        &Command::Amend(Box::new(amendment.clone())),
        at(&terms, by),
    );
    assert_eq!(refused, Err(Refusal::ReasonNeeded));
    amendment.reason = Some("the caller had misread the address".to_owned());
    assert!(decide(&case, &Command::Amend(Box::new(amendment)), at(&terms, by)).is_ok());
}

#[test]
fn an_agent_may_not_take_a_case_from_a_colleague() {
    let (case, terms) = case(Status::Open, "waste-collection", "missed-bin");
    let by = By::User {
        id: user(1),
        role: Role::Agent,
    };
    let taken = decide(
        &case,
        &Command::Assign {
            owner: Some(user(1)),
        },
        at(&terms, by),
    );
    assert_eq!(taken, Err(Refusal::OwnedBySomebody));
}
