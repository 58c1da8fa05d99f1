//! How promises were kept, in JSON or as a table.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::access::Access;
use super::answer::Answer;
use super::call::Call;
use super::csv::{self, Table, number};
use super::fields::{At, On};
use super::operation::{Operation, get};
use super::problem::Problem;
use super::query::encoded;
use crate::casework::performance::{self, Asked, By, Corrected, Item, Key, NONE, Period, Report};
use crate::casework::{Failure, Moment};
use crate::domain::access::{Role, Scope};
use crate::domain::measure::{DEFINITIONS, Figures, Share, Survey};

/// Which period, and by what cases are told apart.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub(super) struct PerformanceQuery {
    /// The first local date of receipt; unsaid: the first of this month. By ward, whoever sees no cases gives whole
    /// months that are over; unsaid: the last one.
    #[serde(default)]
    from_on: Option<On>,
    /// The last one; unsaid: today.
    #[serde(default)]
    to_on: Option<On>,
    #[serde(default)]
    pub group_by: GroupBy,
    /// The first date of another period, to stand beside the first. Takes `and_to_on` too.
    #[serde(default)]
    and_from_on: Option<On>,
    /// The last one.
    #[serde(default)]
    and_to_on: Option<On>,
}

/// By what cases are told apart.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum GroupBy {
    #[default]
    Service,
    Queue,
    /// As it was called when the case came to its queue.
    Team,
    Channel,
    Category,
    /// Wards with few cases are told together.
    Ward,
    Procedure,
    /// Who was over it when the case came to its service.
    HeadOfService,
    /// The councillor responsible then.
    Portfolio,
}

/// How promises were kept.
#[derive(Debug, Serialize, JsonSchema)]
struct PerformanceReport {
    #[serde(flatten)]
    period: PeriodReport,
    group_by: GroupBy,
    /// The same of another period; only where one was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    compared_with: Option<PeriodReport>,
    /// What each figure means.
    definitions: Vec<Definition>,
}

/// The figures of one period.
#[derive(Debug, Serialize, JsonSchema)]
struct PeriodReport {
    from_on: On,
    to_on: On,
    /// All of them together.
    all: PerformanceFigures,
    items: Vec<PerformanceItem>,
    /// Some had too few cases to be told alone; they stand together in the line `small_numbers`.
    small_numbers_together: bool,
    corrected_since: CorrectedCases,
}

/// Cases of the period that were put right after its last day.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct CorrectedCases {
    /// Each once, whatever was put right.
    cases: u64,
    /// Words or a person were taken away: no figure is another.
    redacted: u64,
    /// Joined to another case, and still counted here.
    merged: u64,
    /// Put into another category, and counted there.
    placed_anew: u64,
    /// Passed to another queue, and counted there.
    transferred: u64,
    /// Opened again, or looked at again at a later stage: open now, and the answer given then is none.
    reopened: u64,
    /// An answer was taken back, or what was sent did not reach the person.
    undone: u64,
    /// Not among these cases any more: put elsewhere, or known to named people only.
    left: u64,
}

/// One line.
#[derive(Debug, Serialize, JsonSchema)]
struct PerformanceItem {
    /// The slug, `service/category`, or the team's name. Null for what has no ward or nobody over it,
    /// and for the line `small_numbers`.
    key: Option<String>,
    /// What it is called today.
    name: String,
    /// Those with too few cases to be told alone, together.
    small_numbers: bool,
    #[serde(flatten)]
    figures: PerformanceFigures,
    /// The list of exactly these cases, for who may see them.
    cases: Option<String>,
}

/// The figures. A number that is too small to be told is null.
#[derive(Debug, Serialize, JsonSchema)]
struct PerformanceFigures {
    received: Option<u64>,
    acknowledged: Kept,
    answered: Kept,
    /// Null where there is no answer.
    median_working_days: Option<u32>,
    p90_working_days: Option<u32>,
    /// Without the days on which the promise stood still.
    median_net_working_days: Option<u32>,
    p90_net_working_days: Option<u32>,
    open: Option<u64>,
    overdue: Option<u64>,
    oldest_received_at: Option<At>,
    reopened: Option<u64>,
    transferred: Option<u64>,
    chased: Option<u64>,
    paused: PausedFigures,
    satisfaction: Satisfaction,
    survey: SurveyFigures,
    avoidable_contact: AvoidableFigures,
}

/// Promises kept, of those that were kept or broken.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Kept {
    pub in_time: Option<u64>,
    pub of: Option<u64>,
    /// To a tenth; null where `of` is none.
    pub percent: Option<f64>,
}

/// Promises that stood still.
#[derive(Debug, Serialize, JsonSchema)]
struct PausedFigures {
    cases: Option<u64>,
    /// Elapsed days in all.
    days: Option<f64>,
}

/// What people made of it, whether they were asked or not.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Satisfaction {
    /// The mean, of five; null where there is none.
    score: Option<f64>,
    responses: Option<u64>,
    /// Invitations that have arrived; null where nobody was asked.
    invited: Option<u64>,
}

/// What those made of it whom the system asked.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct SurveyFigures {
    /// Invitations that have arrived.
    invited: Option<u64>,
    /// How many of these people gave a score.
    answered: Option<u64>,
    /// `answered` of a hundred of `invited`, to a tenth; null where nobody was asked.
    response_percent: Option<f64>,
    /// Their mean, of five; null where there is none.
    score: Option<f64>,
    /// Scores of 4 and 5, of a hundred of `answered`.
    satisfied_percent: Option<f64>,
}

/// Contacts that better service would have spared people.
#[derive(Debug, Serialize, JsonSchema)]
struct AvoidableFigures {
    /// How often people contacted us about these cases.
    contacts: Option<u64>,
    avoidable: Option<u64>,
    /// To a tenth; null where there are none.
    percent: Option<f64>,
}

/// What a figure means.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(super) struct Definition {
    pub figure: &'static str,
    pub means: &'static str,
}

/// The columns of the table, in the order of [`cells`].
const COLUMNS: &[&str] = &[
    "from_on",
    "to_on",
    "group_by",
    "key",
    "name",
    "received",
    "acknowledged_in_time",
    "acknowledged_of",
    "acknowledged_percent",
    "answered_in_time",
    "answered_of",
    "answered_percent",
    "median_working_days",
    "p90_working_days",
    "median_net_working_days",
    "p90_net_working_days",
    "open",
    "overdue",
    "oldest_received_at",
    "reopened",
    "transferred",
    "chased",
    "paused_cases",
    "paused_days",
    "satisfaction_score",
    "satisfaction_responses",
    "satisfaction_invited",
    "survey_answered",
    "survey_response_percent",
    "survey_score",
    "survey_satisfied_percent",
    "contacts",
    "avoidable_contacts",
    "avoidable_contact_percent",
    "corrected_since",
];

/// Its operations.
#[must_use]
pub fn operations() -> Vec<Operation> {
    let figures = json!({
        "received": 412,
        "acknowledged": {"in_time": 401, "of": 409, "percent": 98.0},
        "answered": {"in_time": 352, "of": 391, "percent": 90.0},
        "median_working_days": 2, "p90_working_days": 6,
        "median_net_working_days": 2, "p90_net_working_days": 5,
        "open": 21, "overdue": 4, "oldest_received_at": "2026-10-02T09:12:00Z",
        "reopened": 9, "transferred": 14, "chased": 17,
        "paused": {"cases": 6, "days": 31.5},
        "satisfaction": {"score": 3.8, "responses": 51, "invited": 180},
        "survey": {
            "invited": 180, "answered": 44, "response_percent": 24.4, "score": 3.9, "satisfied_percent": 72.7,
        },
        "avoidable_contact": {"contacts": 498, "avoidable": 71, "percent": 14.3},
    });
    let mut item =
        json!({"key": "waste-collection", "name": "Bins and recycling", "small_numbers": false});
    if let (Some(item), Some(figures)) = (item.as_object_mut(), figures.as_object()) {
        item.extend(figures.clone());
        item.insert(
            "cases".to_owned(),
            json!("/v1/cases?service=waste-collection&received_from=2026-10-01&received_to=2026-10-31&in_figures=true"),
        );
    }
    let example = json!({
        "from_on": "2026-10-01", "to_on": "2026-10-31", "all": figures, "items": [item],
        "small_numbers_together": false, "group_by": "service", "definitions": definitions(),
        "corrected_since": {"cases": 3, "redacted": 1, "merged": 2, "placed_anew": 0, "transferred": 0, "reopened": 0, "undone": 0, "left": 0},
    });
    vec![
        get("/v1/reports/performance", show)
            .id("get_performance_report")
            .summary("How promises were kept")
            .description(
                "Of the cases that reached us in a period, by the local date of receipt. Promises are held against \
                 the first date the person was told, whatever was changed since. `of` counts the cases whose promise \
                 was met or whose first date has passed. `Accept: text/csv` answers a table. Team leaders read the \
                 figures of their queues and services, heads of service those of their services; auditors, \
                 administrators and keys with `reports:read` those of the whole council. Cases only named people may \
                 know of are in no figure. Wards with fewer than five cases are told together. Numbers from one to four \
                 of a ward are null, so are shares of which either part is so small, and as many others as keep them \
                 from being worked out. By ward, whoever sees no cases reads whole months that are over.",
            )
            .tag("Reports")
            .access(
                Access::staff(&[
                    Role::TeamLeader,
                    Role::HeadOfService,
                    Role::Auditor,
                    Role::Admin,
                ])
                .or_scope(Scope::ReportsRead),
            )
            .query::<PerformanceQuery>()
            .answers::<PerformanceReport>(200, "The figures.")
            .answers_raw(200, csv::CSV, "The same as a table: a line for each, and one for all of a period.")
            .example_response(example),
    ]
}

/// Every figure with what it means.
#[must_use]
pub(super) fn definitions() -> Vec<Definition> {
    DEFINITIONS
        .iter()
        .map(|(figure, means)| Definition { figure, means })
        .collect()
}

async fn show(call: Call) -> Result<Answer, Problem> {
    let query: PerformanceQuery = call.query()?;
    let group_by = query.group_by;
    let links = performance::sees_cases(&call.actor).then_some(group_by);
    let (report, other) = reports(&call, query).await?;
    if csv::is_asked_for(&call.headers) {
        return Ok(table(group_by, std::iter::once(&report).chain(&other)));
    }
    let answer = Answer::ok(&PerformanceReport {
        period: PeriodReport::of(report, links),
        group_by,
        compared_with: other.map(|report| PeriodReport::of(report, links)),
        definitions: definitions(),
    });
    Ok(answer.with_header("vary", "Accept"))
}

/// The figures that are asked for, as far as the caller reads them.
pub(super) async fn reports(
    call: &Call,
    query: PerformanceQuery,
) -> Result<(Report, Option<Report>), Problem> {
    let actor = call.actor.clone();
    call.read(move |conn, at| {
        let beside = (query.and_from_on, query.and_to_on);
        let by = query.group_by.by();
        let mut days = (query.from_on, query.to_on);
        if days == (None, None) && by == By::Ward && !performance::sees_cases(&actor) {
            let month = Period::month_before(at.today())?;
            days = (Some(month.from_on.into()), Some(month.to_on.into()));
        }
        let (period, other) = periods(at, days, beside)?;
        let mut of =
            |period, pointer| performance::report(conn, at, &actor, Asked { period, by }, pointer);
        let report = of(period, "/to_on")?;
        let other = match other {
            Some(period) => Some(of(period, "/and_to_on")?),
            None => None,
        };
        Ok((report, other))
    })
    .await
}

/// The period, and the one beside it.
pub(super) fn periods(
    at: &Moment,
    (from_on, to_on): (Option<On>, Option<On>),
    beside: (Option<On>, Option<On>),
) -> Result<(Period, Option<Period>), Failure> {
    let to_on = to_on.map_or_else(|| at.today(), |on| on.0);
    let from_on = from_on.map_or_else(|| to_on.first_of_month(), |on| on.0);
    let period = Period::new(from_on, to_on, "/to_on")?;
    let missing = |pointer: &str| {
        let detail = "Another period takes both its first and its last day.";
        Failure::invalid(pointer, "missing_field", detail)
    };
    let other = match beside {
        (Some(from_on), Some(to_on)) => Some(Period::new(from_on.0, to_on.0, "/and_to_on")?),
        (Some(_), None) => return Err(missing("/and_to_on")),
        (None, Some(_)) => return Err(missing("/and_from_on")),
        (None, None) => None,
    };
    Ok((period, other))
}

fn table<'r>(group_by: GroupBy, reports: impl Iterator<Item = &'r Report>) -> Answer {
    let mut table = Table::new(COLUMNS);
    let mut name = "performance".to_owned();
    for report in reports {
        let Period { from_on, to_on } = report.period;
        name.push_str(&format!("_{from_on}_{to_on}"));
        let line = |key: &str, name: &str, figures: &Figures| {
            let mut line = vec![
                from_on.to_string(),
                to_on.to_string(),
                group_by.word().to_owned(),
                key.to_owned(),
                name.to_owned(),
            ];
            line.extend(cells(figures));
            line
        };
        for item in &report.items {
            let mut line = line(item.key.as_text(), &item.name, &item.figures);
            line.push(String::new());
            table.line(line);
        }
        let mut all = line("(all)", "All together", &report.all);
        all.push(report.corrected.cases.to_string());
        table.line(all);
    }
    table.into_answer(&name)
}

fn cells(figures: &Figures) -> Vec<String> {
    let share = |share: Share| {
        [
            number(share.in_time),
            number(share.of),
            number(share.percent),
        ]
    };
    let mut cells = vec![number(figures.received)];
    cells.extend(share(figures.acknowledged));
    cells.extend(share(figures.answered));
    cells.extend([
        number(figures.gross.map(|days| days.median)),
        number(figures.gross.map(|days| days.p90)),
        number(figures.net.map(|days| days.median)),
        number(figures.net.map(|days| days.p90)),
        number(figures.open),
        number(figures.overdue),
        number(figures.oldest_received_at),
        number(figures.reopened),
        number(figures.transferred),
        number(figures.chased),
        number(figures.paused),
        number(figures.paused_days),
        number(figures.score),
        number(figures.responses),
        number(invited(figures)),
    ]);
    cells.extend(survey_cells(figures));
    cells.extend([
        number(figures.avoidable.contacts),
        number(figures.avoidable.avoidable),
        number(figures.avoidable.percent),
    ]);
    cells
}

/// What came of the invitations, in the order of the columns.
pub(super) fn survey_cells(figures: &Figures) -> [String; 4] {
    let survey = figures.survey;
    [
        number(survey.answered),
        number(survey.response_percent),
        number(survey.score),
        number(survey.satisfied_percent),
    ]
}

/// None where nobody was asked: a nought beside scores would read as if nobody had wanted to be.
fn invited(figures: &Figures) -> Option<u64> {
    figures.survey.invited.filter(|n| *n > 0)
}

impl GroupBy {
    const fn by(self) -> By {
        match self {
            Self::Service => By::Service,
            Self::Queue => By::Queue,
            Self::Team => By::Team,
            Self::Channel => By::Channel,
            Self::Category => By::Category,
            Self::Ward => By::Ward,
            Self::Procedure => By::Procedure,
            Self::HeadOfService => By::HeadOfService,
            Self::Portfolio => By::Portfolio,
        }
    }

    /// As it is asked for, and as the list of cases is narrowed by it.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Queue => "queue",
            Self::Team => "team",
            Self::Channel => "channel",
            Self::Category => "category",
            Self::Ward => "ward",
            Self::Procedure => "procedure",
            Self::HeadOfService => "head_of_service",
            Self::Portfolio => "portfolio",
        }
    }
}

impl PeriodReport {
    fn of(report: Report, links: Option<GroupBy>) -> Self {
        let period = report.period;
        Self {
            from_on: period.from_on.into(),
            to_on: period.to_on.into(),
            all: report.all.into(),
            items: report
                .items
                .into_iter()
                .map(|item| PerformanceItem::of(item, period, links))
                .collect(),
            small_numbers_together: report.has_small,
            corrected_since: report.corrected.into(),
        }
    }
}

impl PerformanceItem {
    fn of(item: Item, period: Period, links: Option<GroupBy>) -> Self {
        let of_which = match &item.key {
            Key::Of(key) => Some(key.as_str()),
            Key::None => Some(NONE),
            Key::Small => None,
        };
        let cases = links.zip(of_which).map(|(group_by, key)| {
            format!(
                "/v1/cases?{}={}&received_from={}&received_to={}&in_figures=true",
                group_by.word(),
                encoded(key),
                period.from_on,
                period.to_on,
            )
        });
        Self {
            small_numbers: item.key == Key::Small,
            key: match item.key {
                Key::Of(key) => Some(key),
                Key::None | Key::Small => None,
            },
            name: item.name,
            figures: item.figures.into(),
            cases,
        }
    }
}

impl From<Figures> for PerformanceFigures {
    fn from(figures: Figures) -> Self {
        Self {
            received: figures.received,
            acknowledged: figures.acknowledged.into(),
            answered: figures.answered.into(),
            median_working_days: figures.gross.map(|days| days.median),
            p90_working_days: figures.gross.map(|days| days.p90),
            median_net_working_days: figures.net.map(|days| days.median),
            p90_net_working_days: figures.net.map(|days| days.p90),
            open: figures.open,
            overdue: figures.overdue,
            oldest_received_at: figures.oldest_received_at.map(Into::into),
            reopened: figures.reopened,
            transferred: figures.transferred,
            chased: figures.chased,
            paused: PausedFigures {
                cases: figures.paused,
                days: figures.paused_days,
            },
            satisfaction: Satisfaction::of(&figures),
            survey: figures.survey.into(),
            avoidable_contact: AvoidableFigures {
                contacts: figures.avoidable.contacts,
                avoidable: figures.avoidable.avoidable,
                percent: figures.avoidable.percent,
            },
        }
    }
}

impl Satisfaction {
    pub(super) fn of(figures: &Figures) -> Self {
        Self {
            score: figures.score,
            responses: figures.responses,
            invited: invited(figures),
        }
    }
}

impl From<Survey> for SurveyFigures {
    fn from(survey: Survey) -> Self {
        Self {
            invited: survey.invited,
            answered: survey.answered,
            response_percent: survey.response_percent,
            score: survey.score,
            satisfied_percent: survey.satisfied_percent,
        }
    }
}

impl From<Corrected> for CorrectedCases {
    fn from(corrected: Corrected) -> Self {
        Self {
            cases: corrected.cases,
            redacted: corrected.redacted,
            merged: corrected.merged,
            placed_anew: corrected.placed_anew,
            transferred: corrected.transferred,
            reopened: corrected.reopened,
            undone: corrected.undone,
            left: corrected.left,
        }
    }
}

impl From<Share> for Kept {
    fn from(share: Share) -> Self {
        Self {
            in_time: share.in_time,
            of: share.of,
            percent: share.percent,
        }
    }
}
