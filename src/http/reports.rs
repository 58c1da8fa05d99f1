//! Figures: what came in on a day, and what became of it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::access::Access;
use super::answer::Answer;
use super::call::Call;
use super::fields::{At, Id, Line, On};
use super::operation::{Operation, get};
use super::paging;
use super::problem::Problem;
use crate::casework::figures::{self, Counted, DayOfIntake, Tally, Way};
use crate::casework::views::AfterRow;
use crate::domain::access::{Role, Scope};
use crate::domain::addresses::mailbox_of;
use crate::domain::contact::{Channel, Disposition, Settlement};

/// Which day, and which of its figures to list.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
struct IntakeQuery {
    /// The local date on which they reached us; unsaid: today.
    #[serde(default)]
    on: Option<On>,
    /// Lists the contacts behind this figure.
    #[serde(default)]
    disposition: Option<Disposition>,
    /// Only what came by this channel, in figures and list.
    #[serde(default)]
    channel: Option<Channel>,
    /// Only mail to this mailbox of ours, in figures and list. `none`: mail of which the mailbox is not known.
    #[serde(default)]
    mailbox: Option<Line<254>>,
    /// How many at most, of the list.
    #[serde(default = "twenty_five")]
    #[schemars(range(min = 1, max = 100))]
    limit: u16,
    /// Where to go on: `next_cursor` of the page before. Opaque.
    #[serde(default)]
    #[schemars(length(max = 1000))]
    cursor: Option<String>,
}

/// What came in on a day: the sum of what became of it.
#[derive(Debug, Serialize, JsonSchema)]
struct IntakeReport {
    on: On,
    #[serde(flatten)]
    all: IntakeCounts,
    by_channel: Vec<IntakeOfChannel>,
    /// E-mail, by the mailbox of ours it came to.
    by_mailbox: Vec<IntakeOfMailbox>,
    /// Only with `disposition`.
    #[serde(skip_serializing_if = "Option::is_none")]
    items: Option<Vec<IntakeItem>>,
    /// Only with `disposition`. Where to go on; null when this is the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<Option<String>>,
}

/// The figures.
#[derive(Debug, Serialize, JsonSchema)]
struct IntakeCounts {
    came_in: u64,
    opened: u64,
    joined: u64,
    stored: u64,
    held: u64,
    quarantined: u64,
    duplicate: u64,
}

/// The figures of one channel.
#[derive(Debug, Serialize, JsonSchema)]
struct IntakeOfChannel {
    channel: Channel,
    #[serde(flatten)]
    counts: IntakeCounts,
}

/// The figures of one mailbox.
#[derive(Debug, Serialize, JsonSchema)]
struct IntakeOfMailbox {
    /// Its address, without what stands after a `+`. Null where it is not known.
    mailbox: Option<String>,
    #[serde(flatten)]
    counts: IntakeCounts,
}

/// One contact behind a figure.
#[derive(Debug, Serialize, JsonSchema)]
struct IntakeItem {
    contact: IntakeContact,
    channel: Channel,
    received_at: At,
    disposition: Disposition,
    /// Null where there is none, or it is not yours to read.
    case: Option<IntakeCase>,
    /// Who has it, or must look at it. Never null while it is held or quarantined.
    owner: Option<IntakeOwner>,
    waiting_since: Option<At>,
    /// By when somebody must have looked.
    limit_at: Option<At>,
    /// What somebody made of it after it had waited; it is counted as what it came in as.
    settled_as: Option<Settlement>,
}

/// A contact by its id.
#[derive(Debug, Serialize, JsonSchema)]
struct IntakeContact {
    id: Id,
}

/// A case by its two names.
#[derive(Debug, Serialize, JsonSchema)]
struct IntakeCase {
    id: Id,
    reference: String,
}

/// A post or officer.
#[derive(Debug, Serialize, JsonSchema)]
struct IntakeOwner {
    name: String,
    email: String,
}

/// Its operations.
#[must_use]
pub fn operations() -> Vec<Operation> {
    let readers = Access::staff(&[
        Role::Agent,
        Role::Officer,
        Role::TeamLeader,
        Role::HeadOfService,
        Role::Auditor,
        Role::Admin,
    ])
    .or_scope(Scope::ReportsRead);
    let counts = |name: &str, value: serde_json::Value| {
        let mut counts = json!({
            "came_in": 3, "opened": 1, "joined": 0, "stored": 1, "held": 1, "quarantined": 0, "duplicate": 0,
        });
        if let Some(members) = counts.as_object_mut() {
            members.shift_insert(0, name.to_owned(), value);
        }
        counts
    };
    let mut report = counts("on", json!("2026-11-20"));
    if let Some(members) = report.as_object_mut() {
        members.insert(
            "by_channel".to_owned(),
            json!([counts("channel", json!("email"))]),
        );
        members.insert(
            "by_mailbox".to_owned(),
            json!([counts("mailbox", json!("bins@council.example"))]),
        );
        members.insert(
            "items".to_owned(),
            json!([{
                "contact": {"id": "019a9f5e-7c00-7000-8000-000000000002"}, "channel": "email",
                "received_at": "2026-11-20T16:58:00Z", "disposition": "held", "case": null,
                "owner": {"name": "Team Leader, Waste Operations", "email": "team.leader.waste-ops@council.example"},
                "waiting_since": "2026-11-20T16:58:00Z", "limit_at": "2026-11-24T08:00:00Z",
                "settled_as": null,
            }]),
        );
        members.insert("next_cursor".to_owned(), json!(null));
    }
    vec![
        get("/v1/reports/intake", show_intake)
            .id("get_intake_report")
            .summary("What came in on a day, and what became of it")
            .description(
                "`came_in` is the sum of the others, and with `disposition` each is listed: of all, or of one `channel` or \
                 `mailbox`. A repeat by \
                 `external_id` counts as come in and duplicate; a contact that opens two cases counts once. Mail that was \
                 `held` or `quarantined` stays in the figures of the day it came in as that; `settled_as` says what \
                 somebody made of it since. Nothing is missing from the figures: they count what belongs to \
                 restricted cases, which the lists show to those alone who are named on them.",
            )
            .tag("Reports")
            .access(readers)
            .query::<IntakeQuery>()
            .answers::<IntakeReport>(200, "The figures, and the list that was asked for.")
            .example_response(report),
    ]
}

/// Asks for mail of which the mailbox is not known.
const NO_MAILBOX: &str = "none";

fn twenty_five() -> u16 {
    25
}

async fn show_intake(call: Call) -> Result<Answer, Problem> {
    let query: IntakeQuery = call.query()?;
    let after: Option<AfterRow> = call.cursor(query.cursor.as_deref())?;
    let on = query.on.map(|on| on.0);
    let disposition = query.disposition;
    let way = Way {
        channel: query.channel,
        mailbox: query.mailbox.map(|mailbox| match mailbox.into_string() {
            none if none == NO_MAILBOX => None,
            mailbox => Some(mailbox_of(&mailbox)),
        }),
    };
    let actor = call.actor.clone();
    let (day, listed) = call
        .read(move |conn, at| {
            let on = on.unwrap_or_else(|| at.today());
            let day = figures::intake_on(conn, at, on, &way)?;
            let listed = match disposition {
                Some(disposition) => {
                    let which = (on, disposition, &way);
                    let part = figures::counted(conn, at, &actor, which, after, query.limit)?;
                    Some(part)
                }
                None => None,
            };
            Ok((day, listed))
        })
        .await?;
    let mut report = IntakeReport::of(&day);
    let Some(listed) = listed else {
        return Ok(Answer::ok(&report));
    };
    let next = listed.next;
    let next_cursor = next.map(|next| paging::write_cursor(&call.front, call.route, &next));
    let link = next_cursor
        .as_deref()
        .map(|cursor| paging::link_to_next(&call.path, &call.query_string, cursor));
    report.items = Some(listed.items.into_iter().map(IntakeItem::from).collect());
    report.next_cursor = Some(next_cursor);
    let answer = Answer::ok(&report);
    Ok(match link {
        Some(link) => answer.with_header("link", link),
        None => answer,
    })
}

impl IntakeReport {
    fn of(day: &DayOfIntake) -> Self {
        Self {
            on: day.on.into(),
            all: day.all.into(),
            by_channel: day
                .by_channel
                .iter()
                .map(|(channel, tally)| IntakeOfChannel {
                    channel: *channel,
                    counts: (*tally).into(),
                })
                .collect(),
            by_mailbox: day
                .by_mailbox
                .iter()
                .map(|(mailbox, tally)| IntakeOfMailbox {
                    mailbox: mailbox.clone(),
                    counts: (*tally).into(),
                })
                .collect(),
            items: None,
            next_cursor: None,
        }
    }
}

impl From<Tally> for IntakeCounts {
    fn from(tally: Tally) -> Self {
        Self {
            came_in: tally.came_in(),
            opened: tally.opened,
            joined: tally.joined,
            stored: tally.stored,
            held: tally.held,
            quarantined: tally.quarantined,
            duplicate: tally.duplicate,
        }
    }
}

impl From<Counted> for IntakeItem {
    fn from(counted: Counted) -> Self {
        Self {
            contact: IntakeContact {
                id: counted.contact.0.into(),
            },
            channel: counted.channel,
            received_at: counted.received_at.into(),
            disposition: counted.disposition,
            case: counted.case.map(|(id, reference)| IntakeCase {
                id: id.0.into(),
                reference: reference.to_string(),
            }),
            owner: counted.owner.map(|keeper| IntakeOwner {
                name: keeper.name,
                email: keeper.email,
            }),
            waiting_since: counted.waiting_since.map(Into::into),
            limit_at: counted.limit_at.map(Into::into),
            settled_as: counted.settled_as,
        }
    }
}
