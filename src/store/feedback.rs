//! What people wrote beside their score, for those who may read their cases.

use diesel::prelude::*;
use jiff::Timestamp;
use jiff::civil::Date;
use uuid::Uuid;

use super::db::Conn;
use super::error::StoreError;
use super::schema::{case_measures, cases, feedback};
use super::sight::is_within;
use super::types::{At, Id, On};
use crate::domain::access::Sight;
use crate::domain::ids::CaseId;

type CommentRow = (Id, Id, String, String, String, i32, String, At);

/// A score with the words beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    pub id: Uuid,
    pub case: CaseId,
    pub reference: String,
    pub service: String,
    pub category: String,
    pub score: i32,
    pub comment: String,
    pub given_at: Timestamp,
}

/// Which of them. What is unsaid limits nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    pub service: Option<String>,
    pub category: Option<String>,
    pub queue: Option<String>,
}

/// What was written about cases received between two local days, the newest first; of cases that are in
/// the figures, as far as their reader may read them.
///
/// # Errors
/// A [`StoreError`] when it cannot be read.
pub fn comments(
    conn: &mut Conn,
    sight: &Sight,
    (from, to): (Date, Date),
    wanted: &Wanted,
    before: Option<(Timestamp, Uuid)>,
    limit: i64,
) -> Result<Vec<Comment>, StoreError> {
    let mut query = feedback::table
        .inner_join(case_measures::table.on(case_measures::case_id.eq(feedback::case_id)))
        .inner_join(cases::table.on(cases::id.eq(feedback::case_id)))
        .filter(feedback::comment.ne(""))
        .filter(case_measures::is_restricted.eq(false))
        .filter(case_measures::received_on.between(On(from), On(to)))
        .into_boxed()
        .filter(is_within(sight, "cases.id = feedback.case_id"));
    if let Some(service) = &wanted.service {
        query = query.filter(case_measures::service.eq(service.clone()));
    }
    if let Some(category) = &wanted.category {
        query = query.filter(case_measures::category.eq(category.clone()));
    }
    if let Some(queue) = &wanted.queue {
        query = query.filter(case_measures::queue.eq(queue.clone()));
    }
    if let Some((at, id)) = before {
        let is_older = feedback::at
            .lt(At(at))
            .or(feedback::at.eq(At(at)).and(feedback::id.lt(Id(id))));
        query = query.filter(is_older);
    }
    let rows: Vec<CommentRow> = query
        .order((feedback::at.desc(), feedback::id.desc()))
        .limit(limit)
        .select((
            feedback::id,
            feedback::case_id,
            cases::reference,
            case_measures::service,
            case_measures::category,
            feedback::score,
            feedback::comment,
            feedback::at,
        ))
        .load(conn)?;
    let read = rows.into_iter().map(
        |(id, case, reference, service, category, score, comment, at)| Comment {
            id: id.0,
            case: case.into(),
            reference,
            service,
            category,
            score,
            comment,
            given_at: at.0,
        },
    );
    Ok(read.collect())
}
