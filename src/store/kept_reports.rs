//! Reports that are kept: added to, read, and never changed. The database refuses anything else.

use diesel::prelude::*;
use jiff::Timestamp;
use jiff::civil::Date;

use super::db::{Conn, Tx};
use super::error::StoreError;
use super::schema::kept_reports;
use super::types::{At, Id, Json, On};
use crate::domain::access::Readers;
use crate::domain::ids::KeptReportId;
use crate::domain::report::ReportKind;

/// A report without what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptReport {
    pub id: KeptReportId,
    pub kind: ReportKind,
    /// Empty for the whole council.
    pub scope: String,
    pub from_on: Date,
    pub to_on: Date,
    pub title: String,
    pub made_at: Timestamp,
    /// The principal; `reeve` for a schedule.
    pub made_by: String,
    pub schedule: Option<String>,
    pub definitions_version: String,
    pub readers: Readers,
    /// Of the body, in hexadecimal.
    pub sha256: String,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = kept_reports, treat_none_as_default_value = false)]
struct Row {
    id: Id,
    kind: String,
    scope: String,
    from_on: On,
    to_on: On,
    title: String,
    made_at: At,
    made_by: String,
    schedule: Option<String>,
    definitions_version: String,
    readers: Json<Readers>,
    sha256: String,
}

/// Keeps a report with what it says. `nth` tells those of one schedule and period apart.
///
/// # Errors
/// [`StoreError::Taken`] when its schedule has made this one already.
pub fn insert(
    tx: &mut Tx<'_>,
    report: &KeptReport,
    nth: i32,
    body: &str,
) -> Result<(), StoreError> {
    let row = Row {
        id: report.id.into(),
        kind: report.kind.to_string(),
        scope: report.scope.clone(),
        from_on: report.from_on.into(),
        to_on: report.to_on.into(),
        title: report.title.clone(),
        made_at: report.made_at.into(),
        made_by: report.made_by.clone(),
        schedule: report.schedule.clone(),
        definitions_version: report.definitions_version.clone(),
        readers: Json(report.readers.clone()),
        sha256: report.sha256.clone(),
    };
    diesel::insert_into(kept_reports::table)
        .values((
            row,
            kept_reports::nth.eq(nth),
            kept_reports::body.eq(body.to_owned()),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// One report, and what it says.
pub fn find(conn: &mut Conn, id: KeptReportId) -> Result<Option<(KeptReport, String)>, StoreError> {
    let found: Option<(Row, String)> = kept_reports::table
        .filter(kept_reports::id.eq(Id::from(id)))
        .select((Row::as_select(), kept_reports::body))
        .first(conn)
        .optional()?;
    found
        .map(|(row, body)| Ok((KeptReport::try_from(row)?, body)))
        .transpose()
}

/// The last report made about the same: what it says.
pub fn last_about(
    conn: &mut Conn,
    kind: ReportKind,
    scope: &str,
    (from_on, to_on): (Date, Date),
) -> Result<Option<String>, StoreError> {
    Ok(kept_reports::table
        .filter(kept_reports::kind.eq(kind.as_str()))
        .filter(kept_reports::scope.eq(scope.to_owned()))
        .filter(kept_reports::from_on.eq(On(from_on)))
        .filter(kept_reports::to_on.eq(On(to_on)))
        .order((kept_reports::made_at.desc(), kept_reports::id.desc()))
        .select(kept_reports::body)
        .first(conn)
        .optional()?)
}

/// When a schedule made its reports of a period: one, unless a clock ran ahead.
pub fn made_at(
    conn: &mut Conn,
    schedule: &str,
    (from_on, to_on): (Date, Date),
) -> Result<Vec<Timestamp>, StoreError> {
    let made: Vec<At> = kept_reports::table
        .filter(kept_reports::schedule.eq(schedule.to_owned()))
        .filter(kept_reports::from_on.eq(On(from_on)))
        .filter(kept_reports::to_on.eq(On(to_on)))
        .order(kept_reports::made_at.asc())
        .select(kept_reports::made_at)
        .load(conn)?;
    Ok(made.into_iter().map(|at| at.0).collect())
}

/// Some of all reports, the last made first. Who may read which is asked one by one.
pub fn newest(
    conn: &mut Conn,
    kind: Option<ReportKind>,
    after: Option<(Timestamp, KeptReportId)>,
    limit: i64,
) -> Result<Vec<KeptReport>, StoreError> {
    let mut query = kept_reports::table
        .select(Row::as_select())
        .order((kept_reports::made_at.desc(), kept_reports::id.desc()))
        .limit(limit)
        .into_boxed();
    if let Some(kind) = kind {
        query = query.filter(kept_reports::kind.eq(kind.as_str()));
    }
    if let Some((at, id)) = after {
        query = query.filter(
            kept_reports::made_at.lt(At(at)).or(kept_reports::made_at
                .eq(At(at))
                .and(kept_reports::id.lt(Id::from(id)))),
        );
    }
    let rows: Vec<Row> = query.load(conn)?;
    rows.into_iter().map(KeptReport::try_from).collect()
}

impl TryFrom<Row> for KeptReport {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let kind = row
            .kind
            .parse()
            .map_err(|why| StoreError::Unreadable(format!("{why}")))?;
        Ok(Self {
            id: row.id.into(),
            kind,
            scope: row.scope,
            from_on: row.from_on.0,
            to_on: row.to_on.0,
            title: row.title,
            made_at: row.made_at.0,
            made_by: row.made_by,
            schedule: row.schedule,
            definitions_version: row.definitions_version,
            readers: row.readers.0,
            sha256: row.sha256,
        })
    }
}
