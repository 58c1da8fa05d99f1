//! Why people contact us: the reasons there are, and how often each was one.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::access::{Access, EVERYBODY};
use super::answer::Answer;
use super::call::Call;
use super::fields::On;
use super::operation::{Operation, get};
use super::paging::Page;
use super::problem::Problem;
use crate::casework::contact_reasons::{self, Count};
use crate::domain::access::{Role, Scope};
use crate::domain::catalogue::ContactReason;
use crate::domain::contact::Channel;

/// One reason for a contact.
#[derive(Debug, Serialize, JsonSchema)]
struct ReasonItem {
    code: String,
    name: String,
    /// Better service would have spared the person this contact.
    avoidable: bool,
}

/// Which days.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
struct ReportQuery {
    /// The first local date; unsaid: today.
    #[serde(default)]
    from_on: Option<On>,
    /// The last one; unsaid: today.
    #[serde(default)]
    to_on: Option<On>,
}

/// How often people contacted us, and why.
#[derive(Debug, Serialize, JsonSchema)]
struct ReasonsReport {
    from_on: On,
    to_on: On,
    /// What is counted, of what.
    definition: &'static str,
    #[serde(flatten)]
    all: Reasons,
    by_channel: Vec<ReasonsOfChannel>,
}

/// The figures of one channel.
#[derive(Debug, Serialize, JsonSchema)]
struct ReasonsOfChannel {
    channel: Channel,
    #[serde(flatten)]
    figures: Reasons,
}

/// The figures.
#[derive(Debug, Serialize, JsonSchema)]
struct Reasons {
    contacts: u64,
    /// Those of which nobody has said why.
    unmarked: u64,
    avoidable: Share,
    by_reason: Vec<ReasonCount>,
}

/// Some of all.
#[derive(Debug, Serialize, JsonSchema)]
struct Share {
    contacts: u64,
    of: u64,
    /// Null of fewer than five.
    percent: Option<f64>,
}

/// How often for one reason.
#[derive(Debug, Serialize, JsonSchema)]
struct ReasonCount {
    code: String,
    /// Null where the catalogue has it no more.
    name: Option<String>,
    /// What the catalogue says of it today; the figures go by what it said when each contact was marked.
    avoidable: Option<bool>,
    contacts: u64,
}

const DEFINITION: &str = "Contacts from people that reached us on these days and opened a case or joined one, on any \
    channel. Avoidable are those marked with a reason that better service would have spared the person, by what the catalogue \
    said of the reason when they were marked, as a share of all of them. Contacts about cases that only named people may \
    know of are in no figure. Those nobody has marked count among all, so the true share may be higher.";

/// Its operations.
#[must_use]
pub fn operations() -> Vec<Operation> {
    let figures = json!({
        "contacts": 40, "unmarked": 22, "avoidable": {"contacts": 12, "of": 40, "percent": 30.0},
        "by_reason": [
            {"code": "progress_chase", "name": "Asks what became of something", "avoidable": true, "contacts": 12},
            {"code": "not_avoidable", "name": "Could not have been avoided", "avoidable": false, "contacts": 6},
        ],
    });
    let mut of_channel = figures.clone();
    if let Some(members) = of_channel.as_object_mut() {
        members.shift_insert(0, "channel".to_owned(), json!("phone"));
    }
    let mut report = figures;
    if let Some(members) = report.as_object_mut() {
        members.shift_insert(0, "from_on".to_owned(), json!("2026-11-16"));
        members.shift_insert(1, "to_on".to_owned(), json!("2026-11-20"));
        members.shift_insert(2, "definition".to_owned(), json!(DEFINITION));
        members.insert("by_channel".to_owned(), json!([of_channel]));
    }
    vec![
        get("/v1/contact-reasons", list)
            .id("list_contact_reasons")
            .summary("Why people contact us: the reasons a contact can be marked with")
            .tag("Reports")
            .access(Access::staff(EVERYBODY).or_scope(Scope::CatalogueRead))
            .answers::<Page<ReasonItem>>(200, "All of them, by code.")
            .example_response(json!({
                "items": [{"code": "progress_chase", "name": "Asks what became of something", "avoidable": true}],
                "next_cursor": null,
            })),
        get("/v1/reports/avoidable-contact", show)
            .id("get_avoidable_contact_report")
            .summary("Contacts that better service would have spared people")
            .description(
                "By channel and reason. A contact counts on the local date on which it reached us. Repeats under one \
                 `external_id`, mail of machines and mail that still waits for somebody to look are left out.",
            )
            .tag("Reports")
            .access(
                Access::staff(&[
                    Role::Agent,
                    Role::Officer,
                    Role::TeamLeader,
                    Role::HeadOfService,
                    Role::Auditor,
                    Role::Admin,
                ])
                .or_scope(Scope::ReportsRead),
            )
            .query::<ReportQuery>()
            .answers::<ReasonsReport>(200, "The figures.")
            .example_response(report),
    ]
}

async fn list(call: Call) -> Result<Answer, Problem> {
    let council = call.front.desk.council();
    let reasons = council.catalogue.council.contact_reasons.iter();
    let items = reasons
        .map(|(code, reason)| ReasonItem {
            code: code.clone(),
            name: reason.name.clone(),
            avoidable: reason.avoidable,
        })
        .collect();
    Ok(Answer::ok(&Page {
        items,
        next_cursor: None,
        total: None,
    }))
}

async fn show(call: Call) -> Result<Answer, Problem> {
    let query: ReportQuery = call.query()?;
    let report = call
        .read(move |conn, at| {
            let from = query.from_on.map_or_else(|| at.today(), |on| on.0);
            let to = query.to_on.map_or_else(|| at.today().max(from), |on| on.0);
            let report = contact_reasons::between(conn, at, from, to)?;
            let reasons = &at.council.catalogue.council.contact_reasons;
            Ok(ReasonsReport {
                from_on: from.into(),
                to_on: to.into(),
                definition: DEFINITION,
                all: Reasons::of(&report.all, reasons),
                by_channel: report
                    .by_channel
                    .iter()
                    .map(|(channel, count)| ReasonsOfChannel {
                        channel: *channel,
                        figures: Reasons::of(count, reasons),
                    })
                    .collect(),
            })
        })
        .await?;
    Ok(Answer::ok(&report))
}

impl Reasons {
    fn of(count: &Count, reasons: &BTreeMap<String, ContactReason>) -> Self {
        Self {
            contacts: count.n_contacts,
            unmarked: count.n_unmarked(),
            avoidable: Share {
                contacts: count.n_avoidable,
                of: count.n_contacts,
                percent: count.percent(),
            },
            by_reason: count
                .by_reason
                .iter()
                .map(|(code, n)| ReasonCount {
                    code: code.clone(),
                    name: reasons.get(code).map(|reason| reason.name.clone()),
                    avoidable: reasons.get(code).map(|reason| reason.avoidable),
                    contacts: *n,
                })
                .collect(),
        }
    }
}
