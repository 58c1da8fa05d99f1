//! What figures are made of: one narrow row for each case, and the closed cases of each day in sums.
//!
//! A report adds three things in one statement, so that it sees one state of the database: the sums of
//! days that are as the job left them, the closed cases of all other days one by one, and the open cases
//! one by one, because a date passes without anybody writing.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Nullable, Text};
use jiff::Timestamp;
use jiff::civil::Date;

use super::db::{Conn, Tx};
use super::dialect;
use super::error::StoreError;
use super::schema::{case_departures, case_measures};
use super::types::{At, Day, Id, On, Ts, Uid};
use crate::domain::ids::CaseId;
use crate::domain::measure::{SATISFIED, Spread, Sums};

/// What is measured of one case, as it was last written.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = case_measures, primary_key(case_id), treat_none_as_null = true, treat_none_as_default_value = false)]
pub struct Measured {
    pub case_id: Id,
    /// The local date.
    pub received_on: On,
    pub received_at: At,
    pub service: String,
    pub category: String,
    pub queue: String,
    pub team: String,
    pub procedure: String,
    pub channel: String,
    /// Empty where there is none, as are the two posts.
    pub ward: String,
    pub head_of_service: String,
    pub portfolio: String,
    pub is_restricted: bool,
    pub is_closed: bool,
    pub closed_at: Option<At>,
    pub due_at: At,
    pub acknowledgement_promised_at: Option<At>,
    pub acknowledged_at: Option<At>,
    pub answer_promised_at: Option<At>,
    pub answered_at: Option<At>,
    pub answered_in: Option<String>,
    pub n_reopened: i32,
    pub n_transfers: i32,
    pub n_chasers: i32,
    pub paused_seconds: i64,
}

/// By what a report tells cases apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    Service,
    Category,
    Queue,
    Team,
    Channel,
    Ward,
    Procedure,
    HeadOfService,
    Portfolio,
}

/// Which cases a report is about. Restricted ones never are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Part {
    /// Of these queues or services; unsaid: all.
    pub within: Option<(Vec<String>, Vec<String>)>,
    /// And of no other queues.
    pub only_queues: Option<Vec<String>>,
    /// Of services that were this post's when the case came to them; unsaid: anybody's.
    pub portfolio: Option<String>,
    /// Of these procedures; unsaid: all.
    pub procedures: Option<Vec<String>>,
    /// In this ward, by its slug; unsaid: anywhere.
    pub ward: Option<String>,
}

/// The sums that share one key, as the two databases answer them.
#[derive(QueryableByName)]
pub(super) struct Row {
    #[diesel(sql_type = Text)]
    group_key: String,
    #[diesel(sql_type = BigInt)]
    n_received: i64,
    #[diesel(sql_type = BigInt)]
    n_acknowledge_of: i64,
    #[diesel(sql_type = BigInt)]
    n_acknowledged: i64,
    #[diesel(sql_type = BigInt)]
    n_answer_of: i64,
    #[diesel(sql_type = BigInt)]
    n_answered: i64,
    #[diesel(sql_type = BigInt)]
    n_open: i64,
    #[diesel(sql_type = BigInt)]
    n_overdue: i64,
    #[diesel(sql_type = Nullable<Ts>)]
    oldest_received_at: Option<At>,
    #[diesel(sql_type = BigInt)]
    n_reopened: i64,
    #[diesel(sql_type = BigInt)]
    n_transferred: i64,
    #[diesel(sql_type = BigInt)]
    n_chased: i64,
    #[diesel(sql_type = BigInt)]
    n_paused: i64,
    #[diesel(sql_type = BigInt)]
    paused_seconds: i64,
    #[diesel(sql_type = BigInt)]
    n_scores: i64,
    #[diesel(sql_type = BigInt)]
    score_sum: i64,
    #[diesel(sql_type = BigInt)]
    n_invited: i64,
    #[diesel(sql_type = BigInt)]
    n_survey_answers: i64,
    #[diesel(sql_type = BigInt)]
    survey_score_sum: i64,
    #[diesel(sql_type = BigInt)]
    n_satisfied: i64,
    #[diesel(sql_type = BigInt)]
    n_contacts: i64,
    #[diesel(sql_type = BigInt)]
    n_avoidable: i64,
    #[diesel(sql_type = Nullable<Text>)]
    answered_in: Option<String>,
}

/// What corrects a case after it was counted, as it stands on timelines, and as what it is told.
pub const CORRECTIONS: [(&str, &str); 8] = [
    ("redacted", "redacted"),
    ("merged", "merged"),
    ("recategorised", "placed_anew"),
    ("transferred", "transferred"),
    ("reopened", "reopened"),
    ("stage_opened", "reopened"),
    ("reply_taken_back", "undone"),
    ("clock_reopened", "undone"),
];
/// Whatever it was.
pub const ANY: &str = "any";
/// It is not among the cases any more.
pub const LEFT: &str = "left";

/// So many of one kind.
#[derive(QueryableByName)]
pub(super) struct Tally {
    #[diesel(sql_type = Text)]
    word: String,
    #[diesel(sql_type = BigInt)]
    n: i64,
}

/// The columns by which cases are told apart, in the order of the table of days.
const KEYS: &str =
    "service, category, queue, team, procedure, channel, ward, head_of_service, portfolio";

/// The sums beyond how many there are, of rows of cases. `$until` is the instant up to which a date
/// may have passed.
const SUMS_OF_CASES: &str = "\
    SUM(CASE WHEN acknowledgement_promised_at IS NOT NULL AND (acknowledged_at IS NOT NULL \
        OR acknowledgement_promised_at <= $until) THEN 1 ELSE 0 END) AS n_acknowledge_of, \
    SUM(CASE WHEN acknowledged_at < acknowledgement_promised_at THEN 1 ELSE 0 END) AS n_acknowledged, \
    SUM(CASE WHEN answer_promised_at IS NOT NULL AND (answered_at IS NOT NULL \
        OR answer_promised_at <= $until) THEN 1 ELSE 0 END) AS n_answer_of, \
    SUM(CASE WHEN answered_at < answer_promised_at THEN 1 ELSE 0 END) AS n_answered, \
    SUM(CASE WHEN n_reopened > 0 THEN 1 ELSE 0 END) AS n_reopened, \
    SUM(CASE WHEN n_transfers > 0 THEN 1 ELSE 0 END) AS n_transferred, \
    SUM(CASE WHEN n_chasers > 0 THEN 1 ELSE 0 END) AS n_chased, \
    SUM(CASE WHEN paused_seconds > 0 THEN 1 ELSE 0 END) AS n_paused, \
    SUM(paused_seconds) AS paused_seconds, SUM(n_scores) AS n_scores, SUM(score_sum) AS score_sum, \
    SUM(n_invited) AS n_invited, SUM(n_survey_answers) AS n_survey_answers, \
    SUM(survey_score_sum) AS survey_score_sum, SUM(n_satisfied) AS n_satisfied, \
    SUM(n_contacts) AS n_contacts, SUM(n_avoidable) AS n_avoidable";

/// The same sums by their names, of rows that hold some already.
const NAMES: [&str; 17] = [
    "n_acknowledge_of",
    "n_acknowledged",
    "n_answer_of",
    "n_answered",
    "n_reopened",
    "n_transferred",
    "n_chased",
    "n_paused",
    "paused_seconds",
    "n_scores",
    "score_sum",
    "n_invited",
    "n_survey_answers",
    "survey_score_sum",
    "n_satisfied",
    "n_contacts",
    "n_avoidable",
];

/// So many answers that took the same time.
const DAYS_AND_TIMES: &str = "CASE WHEN answered_in IS NULL THEN NULL ELSE answered_in || '*' || CAST(n_received AS text) END";

/// How the promises of one name were kept in one matter.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct PromiseKept {
    #[diesel(sql_type = Text)]
    pub service: String,
    #[diesel(sql_type = Text)]
    pub category: String,
    #[diesel(sql_type = Text)]
    pub clock: String,
    #[diesel(sql_type = BigInt)]
    pub n_kept: i64,
    /// Kept or broken.
    #[diesel(sql_type = BigInt)]
    pub n_of: i64,
}

/// How promises of these names were kept, of the cases received from one day to another in categories
/// of these slugs. Those on every case stand in [`sums`].
///
/// # Errors
/// When the database cannot be asked.
pub fn kept_promises(
    conn: &mut Conn,
    (from, to): (Date, Date),
    now: Timestamp,
    (categories, clocks): (&[String], &[String]),
) -> Result<Vec<PromiseKept>, StoreError> {
    if categories.is_empty() || clocks.is_empty() {
        return Ok(Vec::new());
    }
    let places = |first: usize, n: usize| {
        let all: Vec<String> = (first..first + n)
            .map(|place| format!("${place}"))
            .collect();
        all.join(", ")
    };
    let (matters, names) = (
        places(4, categories.len()),
        places(4 + categories.len(), clocks.len()),
    );
    // Each half has an index of its own.
    let half = |is_closed: &str| {
        format!(
            "SELECT case_id, service, category, closed_at FROM case_measures WHERE is_closed = {is_closed} \
             AND received_on BETWEEN $1 AND $2 AND is_restricted = FALSE"
        )
    };
    let (open, closed) = (half("FALSE"), half("TRUE"));
    // SQLite numbers parameters as they first appear: they stand in their order.
    let question = format!(
        "WITH m AS ({open} UNION ALL {closed}) \
         SELECT m.service AS service, m.category AS category, c.name AS clock, \
         CAST(SUM(CASE WHEN c.met_at < c.promised_at THEN 1 ELSE 0 END) AS bigint) AS n_kept, \
         CAST(SUM(CASE WHEN c.met_at IS NOT NULL OR c.promised_at <= COALESCE(m.closed_at, $3) \
         THEN 1 ELSE 0 END) AS bigint) AS n_of \
         FROM m JOIN clocks c ON c.case_id = m.case_id \
         WHERE m.category IN ({matters}) AND c.name IN ({names}) \
         AND c.promised_at IS NOT NULL AND c.state <> 'not_applicable' \
         GROUP BY m.service, m.category, c.name ORDER BY m.service, m.category, c.name"
    );
    let names: Vec<String> = categories.iter().chain(clocks).cloned().collect();
    Ok(dialect::kept_promises(
        conn,
        &question,
        (On(from), On(to), At(now)),
        names,
    )?)
}

/// What is measured of a case; nothing before it was first written.
///
/// # Errors
/// When the database cannot be asked.
pub fn find(conn: &mut Conn, case: CaseId) -> Result<Option<(Measured, bool)>, StoreError> {
    Ok(case_measures::table
        .filter(case_measures::case_id.eq(Id::from(case)))
        .select((Measured::as_select(), case_measures::is_unrolled))
        .first(conn)
        .optional()?)
}

/// Writes what is measured of a case for the first time.
///
/// # Errors
/// When it cannot be written.
pub fn insert(tx: &mut Tx<'_>, measured: &Measured) -> Result<(), StoreError> {
    diesel::insert_into(case_measures::table)
        .values((
            measured.clone(),
            case_measures::is_unrolled.eq(measured.is_closed),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// Writes what is measured of a case anew. `is_unrolled` says that the sums of its day hold it
/// otherwise.
///
/// # Errors
/// When it cannot be written.
pub fn update(tx: &mut Tx<'_>, measured: &Measured, is_unrolled: bool) -> Result<(), StoreError> {
    diesel::update(case_measures::table.filter(case_measures::case_id.eq(measured.case_id)))
        .set((measured, case_measures::is_unrolled.eq(is_unrolled)))
        .execute(&mut **tx)?;
    Ok(())
}

/// Adds a score that somebody gave.
///
/// # Errors
/// When it cannot be written.
pub fn add_score(tx: &mut Tx<'_>, case: CaseId, score: u8) -> Result<(), StoreError> {
    diesel::update(case_measures::table.filter(case_measures::case_id.eq(Id::from(case))))
        .set((
            case_measures::n_scores.eq(case_measures::n_scores + 1),
            case_measures::score_sum.eq(case_measures::score_sum + i32::from(score)),
            case_measures::is_unrolled.eq(case_measures::is_unrolled.or(case_measures::is_closed)),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// Notes that a case was put right: one of [`CORRECTIONS`], or told apart from others otherwise than before.
///
/// # Errors
/// When it cannot be written.
pub fn note_correction(tx: &mut Tx<'_>, case: CaseId, at: Timestamp) -> Result<(), StoreError> {
    diesel::update(case_measures::table.filter(case_measures::case_id.eq(Id::from(case))))
        .set(case_measures::corrected_at.eq(Some(At(at))))
        .execute(&mut **tx)?;
    Ok(())
}

/// Keeps where a case stood in the figures until now.
///
/// # Errors
/// When it cannot be written.
pub fn note_departure(
    tx: &mut Tx<'_>,
    id: uuid::Uuid,
    was: &Measured,
    at: Timestamp,
) -> Result<(), StoreError> {
    diesel::insert_into(case_departures::table)
        .values((
            case_departures::id.eq(Id(id)),
            case_departures::case_id.eq(was.case_id),
            case_departures::left_at.eq(At(at)),
            case_departures::received_on.eq(was.received_on),
            case_departures::service.eq(was.service.clone()),
            case_departures::queue.eq(was.queue.clone()),
            case_departures::procedure.eq(was.procedure.clone()),
            case_departures::portfolio.eq(was.portfolio.clone()),
            case_departures::ward.eq(was.ward.clone()),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// How many of the cases received from one day to another were corrected since an instant, by what
/// happened to them; under [`ANY`] all that are among them now, each once; under [`LEFT`] those that were
/// among them and are not any more.
///
/// # Errors
/// When the database cannot be asked.
pub fn corrected_since(
    conn: &mut Conn,
    (from, to): (Date, Date),
    since: Timestamp,
    part: &Part,
) -> Result<Vec<(String, i64)>, StoreError> {
    let (narrowed, names) = part.narrowing(4);
    // SQLite numbers parameters as they first appear: they stand in their order.
    let of_period = format!(
        "m.received_on BETWEEN $1 AND $2 AND m.corrected_at >= $3 AND m.is_restricted = FALSE{narrowed}"
    );
    let kinds = CORRECTIONS.map(|(kind, _)| format!("'{kind}'")).join(", ");
    let words = CORRECTIONS.map(|(kind, word)| format!("WHEN '{kind}' THEN '{word}'"));
    let word = format!("CASE e.kind {} END", words.join(" "));
    let question = format!(
        "SELECT {word} AS word, COUNT(DISTINCT e.case_id) AS n FROM case_measures m \
         JOIN events e ON e.case_id = m.case_id WHERE {of_period} AND e.at >= $3 \
         AND e.kind IN ({kinds}) GROUP BY {word} \
         UNION ALL SELECT '{ANY}' AS word, COUNT(*) AS n FROM case_measures m WHERE {of_period} \
         UNION ALL SELECT '{LEFT}' AS word, COUNT(DISTINCT d.case_id) AS n FROM case_departures d \
         WHERE d.received_on BETWEEN $1 AND $2 AND d.left_at >= $3{narrowed} AND NOT EXISTS \
         (SELECT 1 FROM case_measures k WHERE k.case_id = d.case_id AND k.is_restricted = FALSE{narrowed})"
    );
    let rows = dialect::tallies(conn, &question, (On(from), On(to), At(since)), names)?;
    Ok(rows.into_iter().map(|row| (row.word, row.n)).collect())
}

/// Waits until nobody else writes what is measured of a case, and holds it until the transaction ends:
/// what is read after that is what is counted.
///
/// # Errors
/// When it cannot be written.
pub fn hold(tx: &mut Tx<'_>, case: CaseId) -> Result<(), StoreError> {
    diesel::update(case_measures::table.filter(case_measures::case_id.eq(Id::from(case))))
        .set(case_measures::n_invited.eq(case_measures::n_invited))
        .execute(&mut **tx)?;
    Ok(())
}

/// Writes whether somebody was asked how it went, and what they answered.
///
/// # Errors
/// When it cannot be written.
pub fn set_survey(
    tx: &mut Tx<'_>,
    case: CaseId,
    is_invited: bool,
    score: Option<i32>,
) -> Result<(), StoreError> {
    let is_satisfied = score.is_some_and(|score| score >= i32::from(SATISFIED));
    diesel::update(case_measures::table.filter(case_measures::case_id.eq(Id::from(case))))
        .set((
            case_measures::n_invited.eq(i32::from(is_invited)),
            case_measures::n_survey_answers.eq(i32::from(score.is_some())),
            case_measures::survey_score_sum.eq(score.unwrap_or(0)),
            case_measures::n_satisfied.eq(i32::from(is_satisfied)),
            case_measures::is_unrolled.eq(case_measures::is_unrolled.or(case_measures::is_closed)),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// Counts anew how often people contacted us about a case, and how often they need not have, by what the
/// catalogue said of the reason when it was given.
///
/// # Errors
/// When it cannot be written.
pub fn count_contacts(tx: &mut Tx<'_>, case: CaseId) -> Result<(), StoreError> {
    let of_case = "contacts.case_id = case_measures.case_id AND contacts.direction = 'inbound' \
                   AND contacts.disposition IN ('opened', 'joined')";
    diesel::sql_query(format!(
        "UPDATE case_measures SET is_unrolled = (is_unrolled OR is_closed), n_contacts = \
         (SELECT COUNT(*) FROM contacts WHERE {of_case}), n_avoidable = \
         (SELECT COUNT(*) FROM contacts JOIN contact_reasons ON contact_reasons.contact_id = contacts.id \
         WHERE {of_case} AND contact_reasons.is_avoidable = TRUE) WHERE case_id = $1",
    ))
    .bind::<Uid, _>(Id::from(case))
    .execute(&mut **tx)?;
    Ok(())
}

/// The first days whose sums are not what their cases say.
///
/// # Errors
/// When the database cannot be asked.
pub fn unrolled_days(conn: &mut Conn, limit: i64) -> Result<Vec<Date>, StoreError> {
    let days: Vec<On> = case_measures::table
        .filter(sql::<Bool>("is_unrolled = TRUE"))
        .order(case_measures::received_on.asc())
        .select(case_measures::received_on)
        .distinct()
        .limit(limit)
        .load(conn)?;
    Ok(days.into_iter().map(|day| day.0).collect())
}

/// Sums the closed cases of a day up anew. Answers for how many the sums were not right.
///
/// Whoever writes a case at this moment is waited for, or sets the mark again: clearing the marks comes
/// first and waits for the rows it clears, and the sums are read after that, so they hold what was
/// waited for. A mark that is set by a writer not yet seen stays, and the day's turn comes again.
///
/// # Errors
/// When it cannot be written.
pub fn roll(tx: &mut Tx<'_>, day: Date) -> Result<usize, StoreError> {
    dialect::hold(tx, "measures")?;
    let n_cleared = diesel::sql_query(
        "UPDATE case_measures SET is_unrolled = FALSE WHERE is_unrolled = TRUE AND received_on = $1",
    )
    .bind::<Day, _>(On(day))
    .execute(&mut **tx)?;
    if n_cleared == 0 {
        return Ok(0);
    }
    diesel::sql_query("DELETE FROM day_measures WHERE received_on = $1")
        .bind::<Day, _>(On(day))
        .execute(&mut **tx)?;
    for family in Family::ALL {
        diesel::sql_query(family.insert())
            .bind::<Day, _>(On(day))
            .execute(&mut **tx)?;
    }
    Ok(n_cleared)
}

/// The sums of the cases received from one day to another, by their key.
///
/// # Errors
/// When the database cannot be asked.
pub fn sums(
    conn: &mut Conn,
    by: By,
    (from, to): (Date, Date),
    now: Timestamp,
    part: &Part,
) -> Result<Vec<(String, Sums)>, StoreError> {
    let (question, names) = question(by, part);
    let rows = dialect::sums(conn, &question, (On(from), On(to), At(now)), names)?;
    rows.into_iter()
        .map(|row| Ok((row.group_key.clone(), Sums::try_from(row)?)))
        .collect()
}

/// The question [`sums`] asks, and the names it is narrowed to: `$1` the first day, `$2` the last one,
/// `$3` the instant, then the names.
fn question(by: By, part: &Part) -> (String, Vec<String>) {
    let (narrowed, names) = part.narrowing(4);
    let key = by.key();
    let of_cases = |of: &str, condition: &str, until: &str, counts: &str| {
        let sums = SUMS_OF_CASES.replace("$until", until);
        let names = NAMES.join(", ");
        format!(
            "SELECT group_key, n_received, {names}, n_open, n_overdue, oldest_received_at, \
             {DAYS_AND_TIMES} AS answered_in FROM (SELECT {key} AS group_key, answered_in, \
             COUNT(*) AS n_received, {sums}, {counts} FROM case_measures \
             WHERE {condition} AND is_restricted = FALSE{narrowed} \
             GROUP BY {key}, answered_in) AS {of}"
        )
    };
    let open = of_cases(
        "open_ones",
        "is_closed = FALSE AND received_on BETWEEN $1 AND $2",
        "$3",
        "COUNT(*) AS n_open, SUM(CASE WHEN due_at <= $3 THEN 1 ELSE 0 END) AS n_overdue, \
         MIN(received_at) AS oldest_received_at",
    );
    let closed = of_cases(
        "closed_ones",
        "is_closed = TRUE AND received_on IN (SELECT received_on FROM unrolled)",
        "closed_at",
        "0 AS n_open, 0 AS n_overdue, MIN(CASE WHEN is_closed = FALSE THEN received_at END) AS oldest_received_at",
    );
    let each = |before: &str, after: &str| -> String {
        let named = NAMES.map(|name| format!("{before}SUM({name}){after} AS {name}"));
        named.join(", ")
    };
    let family = if part.ward.is_some() {
        Family::Ward
    } else {
        by.family()
    };
    // Days whose sums do not tell apart what is asked for are counted plainly.
    let tells_apart = |column: &str| family.tells_apart(column);
    let is_summed = by.columns().iter().all(|column| tells_apart(column))
        && (part.procedures.is_none() || tells_apart("procedure"));
    let unrolled = if is_summed {
        "is_unrolled = TRUE AND "
    } else {
        ""
    };
    let family = family.name();
    let rolled = format!(
        "SELECT {key} AS group_key, SUM(n_received) AS n_received, {sums}, 0 AS n_open, 0 AS n_overdue, \
         MIN(CASE WHEN FALSE THEN $3 END) AS oldest_received_at, string_agg(answered_in, ' ') AS answered_in \
         FROM day_measures \
         WHERE family = '{family}' AND received_on BETWEEN $1 AND $2 \
         AND received_on NOT IN (SELECT received_on FROM unrolled){narrowed} GROUP BY {key}",
        sums = each("", ""),
    );
    let question = format!(
        "WITH unrolled AS (SELECT DISTINCT received_on FROM case_measures \
         WHERE {unrolled}received_on BETWEEN $1 AND $2) \
         SELECT group_key, CAST(SUM(n_received) AS bigint) AS n_received, {sums}, \
         CAST(SUM(n_open) AS bigint) AS n_open, CAST(SUM(n_overdue) AS bigint) AS n_overdue, \
         MIN(oldest_received_at) AS oldest_received_at, string_agg(answered_in, ' ') AS answered_in \
         FROM ({open} UNION ALL {closed} UNION ALL {rolled}) AS counted \
         GROUP BY group_key ORDER BY group_key",
        sums = each("CAST(", " AS bigint)"),
    );
    (question, names)
}

/// Which columns the sums of a day tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    Matter,
    Channel,
    Ward,
}

impl Family {
    const ALL: [Self; 3] = [Self::Matter, Self::Channel, Self::Ward];

    const fn name(self) -> &'static str {
        match self {
            Self::Matter => "matter",
            Self::Channel => "channel",
            Self::Ward => "ward",
        }
    }

    fn tells_apart(self, column: &str) -> bool {
        match self {
            Self::Matter => !matches!(column, "channel" | "ward"),
            Self::Channel => matches!(column, "service" | "queue" | "portfolio" | "channel"),
            Self::Ward => matches!(column, "service" | "queue" | "portfolio" | "ward"),
        }
    }

    /// Sums up the day `$1`.
    fn insert(self) -> String {
        let own: Vec<&str> = KEYS
            .split(", ")
            .filter(|column| self.tells_apart(column))
            .collect();
        let own = own.join(", ");
        let each: Vec<String> = KEYS
            .split(", ")
            .map(|column| {
                if self.tells_apart(column) {
                    column.to_owned()
                } else {
                    format!("'' AS {column}")
                }
            })
            .collect();
        let sums = SUMS_OF_CASES.replace("$until", "closed_at");
        let again = NAMES.map(|name| format!("SUM({name})")).join(", ");
        format!(
            "INSERT INTO day_measures (family, received_on, {KEYS}, n_received, {names}, answered_in) \
             SELECT '{family}', received_on, {each}, SUM(n_received), {again}, \
             string_agg({DAYS_AND_TIMES}, ' ') FROM (SELECT received_on, {own}, answered_in, \
             COUNT(*) AS n_received, {sums} FROM case_measures WHERE received_on = $1 \
             AND is_closed = TRUE AND is_restricted = FALSE GROUP BY received_on, {own}, answered_in) AS ended \
             GROUP BY received_on, {own}",
            names = NAMES.join(", "),
            family = self.name(),
            each = each.join(", "),
        )
    }
}

impl By {
    /// What makes the key.
    const fn key(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Category => "service || '/' || category",
            Self::Queue => "queue",
            Self::Team => "team",
            Self::Channel => "channel",
            Self::Ward => "ward",
            Self::Procedure => "procedure",
            Self::HeadOfService => "head_of_service",
            Self::Portfolio => "portfolio",
        }
    }

    /// What the key is made of.
    const fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Service => &["service"],
            Self::Category => &["service", "category"],
            Self::Queue => &["queue"],
            Self::Team => &["team"],
            Self::Channel => &["channel"],
            Self::Ward => &["ward"],
            Self::Procedure => &["procedure"],
            Self::HeadOfService => &["head_of_service"],
            Self::Portfolio => &["portfolio"],
        }
    }

    const fn family(self) -> Family {
        match self {
            Self::Channel => Family::Channel,
            Self::Ward => Family::Ward,
            _ => Family::Matter,
        }
    }
}

impl Part {
    /// The condition, its first name being `$first`, and the names.
    fn narrowing(&self, first: usize) -> (String, Vec<String>) {
        let mut names: Vec<String> = Vec::new();
        let mut one_of = |column: &str, some: &[String]| {
            let places: Vec<String> = some
                .iter()
                .map(|name| {
                    names.push(name.clone());
                    format!("${}", first + names.len() - 1)
                })
                .collect();
            // Nothing is in an empty list.
            if places.is_empty() {
                "FALSE".to_owned()
            } else {
                format!("{column} IN ({})", places.join(", "))
            }
        };
        let mut condition = String::new();
        if let Some((queues, services)) = &self.within {
            let (queue, service) = (one_of("queue", queues), one_of("service", services));
            condition.push_str(&format!(" AND ({queue} OR {service})"));
        }
        if let Some(queues) = &self.only_queues {
            condition.push_str(&format!(" AND {}", one_of("queue", queues)));
        }
        if let Some(portfolio) = &self.portfolio {
            let portfolio = std::slice::from_ref(portfolio);
            condition.push_str(&format!(" AND {}", one_of("portfolio", portfolio)));
        }
        if let Some(procedures) = &self.procedures {
            condition.push_str(&format!(" AND {}", one_of("procedure", procedures)));
        }
        if let Some(ward) = &self.ward {
            let ward = std::slice::from_ref(ward);
            condition.push_str(&format!(" AND {}", one_of("ward", ward)));
        }
        (condition, names)
    }
}

impl TryFrom<Row> for Sums {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let n = |n: i64| u64::try_from(n).map_err(|why| StoreError::Unreadable(why.to_string()));
        Ok(Self {
            n_received: n(row.n_received)?,
            n_acknowledge_of: n(row.n_acknowledge_of)?,
            n_acknowledged: n(row.n_acknowledged)?,
            n_answer_of: n(row.n_answer_of)?,
            n_answered: n(row.n_answered)?,
            n_open: n(row.n_open)?,
            n_overdue: n(row.n_overdue)?,
            oldest_received_at: row.oldest_received_at.map(|at| at.0),
            n_reopened: n(row.n_reopened)?,
            n_transferred: n(row.n_transferred)?,
            n_chased: n(row.n_chased)?,
            n_paused: n(row.n_paused)?,
            paused_seconds: n(row.paused_seconds)?,
            n_scores: n(row.n_scores)?,
            score_sum: n(row.score_sum)?,
            n_invited: n(row.n_invited)?,
            n_survey_answers: n(row.n_survey_answers)?,
            survey_score_sum: n(row.survey_score_sum)?,
            n_satisfied: n(row.n_satisfied)?,
            n_contacts: n(row.n_contacts)?,
            n_avoidable: n(row.n_avoidable)?,
            days: Spread::read(row.answered_in.as_deref().unwrap_or_default())
                .map_err(StoreError::Unreadable)?,
        })
    }
}
