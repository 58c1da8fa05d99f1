//! How a query is limited to what its reader may see. Every list goes through here, whatever it lists: the
//! limit stands in the query itself, so that a page is full and ends at a row that was shown.

use diesel::dsl::sql;
use diesel::expression::{
    AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate,
};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::Bool;

use super::db::MultiBackend;
use super::schema::{case_access, case_people, cases, identifiers};
use super::types::Id;
use crate::domain::access::{Reach, Sight};

type Cases<'a> = cases::BoxedQuery<'a, MultiBackend>;
type Condition<'a, QS> = Box<dyn BoxableExpression<QS, MultiBackend, SqlType = Bool> + 'a>;

/// The one place where cases are limited to what their reader may see; `follows` says whether what they
/// follow as the public does is among that.
pub(super) fn limited<'a>(mut query: Cases<'a>, sight: &Sight, follows: bool) -> Cases<'a> {
    let named = case_access::table
        .filter(case_access::holder.eq_any(sight.holders.clone()))
        .select(case_access::case_id);
    let is_named = cases::secrecy.eq("restricted").and(cases::id.eq_any(named));
    let own = sight.user.map(Id::from);
    let raised =
        identifiers::table
            .filter(identifiers::kind.eq("email").and(
                identifiers::value.eq(sight.raised_by.clone().unwrap_or_else(|| "-".to_owned())),
            ))
            .select(identifiers::person_id.nullable());
    query = match &sight.ordinary {
        Reach::Everything => query.filter(cases::secrecy.ne("restricted").or(is_named)),
        Reach::Within {
            queues,
            services,
            channels,
        } => {
            let within = cases::secrecy
                .ne("restricted")
                .and(
                    cases::queue
                        .eq_any(queues.clone())
                        .or(cases::service.eq_any(services.clone()))
                        .or(cases::channel.eq_any(channels.clone()))
                        .or(cases::owner
                            .is_not_null()
                            .and(cases::owner.eq(own))
                            .assume_not_null()),
                )
                .or(is_named);
            if follows {
                query.filter(within.or(followed(sight)))
            } else {
                query.filter(within)
            }
        }
        Reach::Nothing => {
            let theirs = cases::secrecy
                .ne("restricted")
                .and(
                    cases::owner
                        .is_not_null()
                        .and(cases::owner.eq(own))
                        .assume_not_null()
                        .or(cases::reporter
                            .is_not_null()
                            .and(cases::reporter.eq_any(raised))
                            .assume_not_null()),
                )
                .or(is_named);
            if follows {
                query.filter(theirs.or(followed(sight)))
            } else {
                query.filter(theirs)
            }
        }
    };
    if !sight.kept_from.is_empty() {
        let is_about_others = cases::about.is_null().or(cases::about
            .assume_not_null()
            .ne_all(sight.kept_from.clone()));
        query = query.filter(is_about_others);
    }
    if let Some(only) = &sight.only_queues {
        query = query.filter(cases::queue.eq_any(only.clone()));
    }
    query
}

/// Whether the case an outer query names is its reader's to read; `which` ties that case to the outer
/// row.
pub(super) fn is_within<'a>(sight: &Sight, which: &str) -> Exists<Cases<'a>> {
    let named = cases::table.into_boxed().filter(sql::<Bool>(which));
    Exists(limited(named, sight, false))
}

/// Whether its reader may know that the case an outer query names is there at all: it is not
/// restricted, whoever works it, or they are named on it.
pub(super) fn may_be_known<'a, QS: 'a>(sight: &Sight, which: &str) -> Condition<'a, QS> {
    let open = cases::table
        .into_boxed()
        .filter(sql::<Bool>(which))
        .filter(cases::secrecy.ne("restricted"));
    Box::new(Exists(open).or(is_within(sight, which)))
}

/// Whether its reader may know of the person an outer query has in the column `person`: one known only
/// from restricted cases is hidden like these.
pub(super) fn is_known<'a, QS: 'a>(sight: &Sight, person: &str) -> Condition<'a, QS> {
    let on = format!("case_people.person_id = {person}");
    let any: case_people::BoxedQuery<'a, MultiBackend> =
        case_people::table.into_boxed().filter(sql::<Bool>(&on));
    let which = format!("cases.id IN (SELECT case_people.case_id FROM case_people WHERE {on})");
    Box::new(may_be_known::<QS>(sight, &which).or(diesel::dsl::not(Exists(any))))
}

/// `EXISTS (…)` over a query that is put together at run time. Diesel's own takes none that is to run on
/// either database.
pub(super) struct Exists<Q>(Q);

impl<Q> Expression for Exists<Q> {
    type SqlType = Bool;
}

impl<Q, QS> AppearsOnTable<QS> for Exists<Q> {}

impl<Q, QS> SelectableExpression<QS> for Exists<Q> {}

impl<Q, GB> ValidGrouping<GB> for Exists<Q> {
    type IsAggregate = is_aggregate::Never;
}

impl<Q> QueryId for Exists<Q> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q: QueryFragment<MultiBackend>> QueryFragment<MultiBackend> for Exists<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        out.push_sql("EXISTS (");
        self.0.walk_ast(out.reborrow())?;
        out.push_sql(")");
        Ok(())
    }
}

/// What [`Sight::follows`] says of one case.
fn followed<'a>(sight: &Sight) -> Condition<'a, cases::table> {
    use super::schema::contacts;
    let logged = contacts::table
        .filter(contacts::entered_by.eq_any(sight.logged_by.clone()))
        .filter(contacts::disposition.eq("opened"))
        .filter(contacts::case_id.is_not_null())
        .select(contacts::case_id.assume_not_null());
    Box::new(
        cases::secrecy
            .ne("restricted")
            .and(cases::id.eq_any(logged))
            .or(cases::secrecy
                .eq("ordinary")
                .and(cases::service.eq_any(sight.overlooks.clone()))),
    )
}
