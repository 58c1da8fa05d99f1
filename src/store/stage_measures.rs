//! What figures of complaints and requests for information are made of: a narrow row for each stage of a
//! case, and one for what the Ombudsman found.

use diesel::prelude::*;
use jiff::civil::Date;

use super::cases::word;
use super::db::{Conn, Tx};
use super::error::StoreError;
use super::schema::{case_links, case_measures, stage_measures};
use super::types::{At, Id, Json, On};
use crate::domain::case::LinkKind;
use crate::domain::decision::{Decided, Learning, Lesson, Remedy};
use crate::domain::ids::CaseId;
use crate::domain::measure::{Promise, Spread};
use crate::domain::stage_figures::StageFacts;

/// The stage of what the Ombudsman found.
pub const OMBUDSMAN: i32 = 0;

/// What is measured of one stage, as it was last written.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = stage_measures, primary_key(case_id, stage), treat_none_as_null = true, treat_none_as_default_value = false)]
pub struct StageMeasured {
    pub case_id: Id,
    pub stage: i32,
    /// The slug of the standard it was promised by.
    pub standard: String,
    /// The slug of the one complained about, where that is known; else the case's own.
    pub service: String,
    pub started_on: On,
    pub acknowledgement_promised_at: Option<At>,
    pub acknowledged_at: Option<At>,
    pub answer_promised_at: Option<At>,
    pub answered_at: Option<At>,
    pub is_extended: bool,
    /// The case has come to a later stage.
    pub went_on: bool,
    pub decision: Option<String>,
    pub because: Option<String>,
    pub exemptions: Json<Vec<String>>,
    pub remedies: Json<Vec<Remedy>>,
    pub lessons: Json<Vec<Lesson>>,
}

impl StageMeasured {
    /// A stage of which nothing is known but when it began.
    #[must_use]
    pub fn new(case: CaseId, stage: i32, started_on: Date) -> Self {
        Self {
            case_id: case.into(),
            stage,
            standard: String::new(),
            service: String::new(),
            started_on: started_on.into(),
            acknowledgement_promised_at: None,
            acknowledged_at: None,
            answer_promised_at: None,
            answered_at: None,
            is_extended: false,
            went_on: false,
            decision: None,
            because: None,
            exemptions: Json(Vec::new()),
            remedies: Json(Vec::new()),
            lessons: Json(Vec::new()),
        }
    }

    /// What was decided, in nobody's words.
    pub fn decide(&mut self, decided: &Decided) {
        let lesson = |learning: &Learning| Lesson {
            improvement: learning.improvement,
            owner: learning.owner.clone(),
            due_on: learning.due_on,
        };
        if let Some(service) = &decided.service {
            self.service.clone_from(service);
        }
        self.decision = Some(decided.decision.to_string());
        self.because = decided.because.map(|because| because.to_string());
        self.exemptions = Json(decided.exemptions.clone());
        self.remedies = Json(decided.remedies.clone());
        self.lessons = Json(decided.learning.iter().map(lesson).collect());
    }
}

/// The stages of a case that were written before.
pub fn of_case(conn: &mut Conn, case: CaseId) -> Result<Vec<StageMeasured>, StoreError> {
    Ok(stage_measures::table
        .filter(stage_measures::case_id.eq(Id::from(case)))
        .order(stage_measures::stage.asc())
        .select(StageMeasured::as_select())
        .load(conn)?)
}

/// The service of the request that a complaint stands beside, where it stands beside one.
pub fn service_asked_about(conn: &mut Conn, case: CaseId) -> Result<Option<String>, StoreError> {
    Ok(case_links::table
        .inner_join(case_measures::table.on(case_measures::case_id.eq(case_links::to_case)))
        .filter(case_links::from_case.eq(Id::from(case)))
        .filter(case_links::kind.eq(LinkKind::About.as_str()))
        .order(case_links::to_case.asc())
        .select(case_measures::service)
        .first(conn)
        .optional()?)
}

/// Writes a stage, for the first time or anew.
///
/// # Errors
/// A [`StoreError`] when it cannot be written.
pub fn put(tx: &mut Tx<'_>, measured: &StageMeasured) -> Result<(), StoreError> {
    let own = stage_measures::table
        .filter(stage_measures::case_id.eq(measured.case_id))
        .filter(stage_measures::stage.eq(measured.stage));
    let n_changed = diesel::update(own).set(measured).execute(&mut **tx)?;
    if n_changed == 0 {
        diesel::insert_into(stage_measures::table)
            .values(measured.clone())
            .execute(&mut **tx)?;
    }
    Ok(())
}

/// The stages that began from one day to another, of cases of these procedures, restricted ones never.
pub fn began_between(
    conn: &mut Conn,
    procedures: &[&str],
    (from, to): (Date, Date),
) -> Result<Vec<StageFacts>, StoreError> {
    type Row = (StageMeasured, Option<At>, Option<String>);
    let procedures: Vec<String> = procedures.iter().map(|one| (*one).to_owned()).collect();
    let rows: Vec<Row> = stage_measures::table
        .inner_join(case_measures::table.on(case_measures::case_id.eq(stage_measures::case_id)))
        .filter(stage_measures::started_on.between(On(from), On(to)))
        .filter(case_measures::is_restricted.eq(false))
        .filter(case_measures::procedure.eq_any(procedures))
        .order((
            stage_measures::started_on.asc(),
            stage_measures::case_id.asc(),
            stage_measures::stage.asc(),
        ))
        .select((
            StageMeasured::as_select(),
            case_measures::closed_at,
            case_measures::answered_in,
        ))
        .load(conn)?;
    rows.into_iter()
        .map(|(row, closed_at, answered_in)| facts(row, closed_at, answered_in))
        .collect()
}

fn facts(
    row: StageMeasured,
    closed_at: Option<At>,
    answered_in: Option<String>,
) -> Result<StageFacts, StoreError> {
    let stage = u8::try_from(row.stage).map_err(|why| StoreError::Unreadable(why.to_string()))?;
    // How long it took to the answer is known of the first stage alone.
    let days = answered_in
        .filter(|_| stage == 1)
        .map(|days| format!("{days}*1"));
    let days = Spread::read(days.as_deref().unwrap_or_default()).map_err(StoreError::Unreadable)?;
    let at = |at: Option<At>| at.map(|at| at.0);
    Ok(StageFacts {
        stage,
        standard: row.standard,
        service: row.service,
        acknowledgement: Promise {
            promised_at: at(row.acknowledgement_promised_at),
            met_at: at(row.acknowledged_at),
        },
        answer: Promise {
            promised_at: at(row.answer_promised_at),
            met_at: at(row.answered_at),
        },
        closed_at: at(closed_at),
        is_extended: row.is_extended,
        went_on: row.went_on,
        decision: row.decision.as_deref().map(word).transpose()?,
        because: row.because.as_deref().map(word).transpose()?,
        exemptions: row.exemptions.0,
        remedies: row.remedies.0,
        lessons: row.lessons.0,
        days,
    })
}
