//! Cases: rows, and every question asked of them.

use diesel::dsl::sql;
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use jiff::{Timestamp, civil::Date};

use super::db::{Conn, Tx};
use super::error::StoreError;
use super::measures::Part;
use super::schema::{
    case_access, case_aliases, case_links, case_measures, case_people, cases, identifiers,
};
use super::sight::limited;
use super::types::{At, Id, Json, NEVER, On, Ts};
use crate::domain::access::Sight;
use crate::domain::case::{
    About, Case, LastAction, LinkKind, Priority, Procedure, Routed, Secrecy, Status,
};
use crate::domain::clock::Facts;
use crate::domain::contact::{Location, Surroundings, UnknownWord};
use crate::domain::ids::{CaseId, PersonId, UserId};
use crate::domain::person::RoleOnCase;
use crate::domain::reference::Reference;

/// The promises every list shows, copied from the case's clocks when they change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Dates {
    pub acknowledge_by: Option<Timestamp>,
    pub acknowledge_on: Option<Date>,
    pub respond_by: Option<Timestamp>,
    pub respond_on: Option<Date>,
    pub is_projected: bool,
    pub first_promised_on: Option<Date>,
    /// The earliest promise still running.
    pub due_at: Option<Timestamp>,
    /// When the sweep must look at the case next.
    pub wake_at: Option<Timestamp>,
}

/// A case and the dates beside it, as read.
#[derive(Debug, Clone, PartialEq)]
pub struct Filed {
    pub case: Case,
    pub dates: Dates,
}

/// What a list of cases is narrowed to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Filter {
    pub status: Vec<String>,
    pub queue: Option<String>,
    pub service: Option<String>,
    pub category: Option<String>,
    /// A user, or nobody.
    pub owner: Option<Option<UserId>>,
    pub procedure: Option<String>,
    pub priority: Option<String>,
    pub channel: Option<String>,
    /// Cases that any of these records is on.
    pub people: Option<Vec<PersonId>>,
    pub ward: Option<String>,
    pub due_before: Option<Timestamp>,
    /// Open cases whose earliest promise has passed by then.
    pub overdue_at: Option<Timestamp>,
    pub text: Option<String>,
    /// These and no others.
    pub references: Option<Vec<Reference>>,
    /// Of these services and categories, each by slug.
    pub matters: Option<(Vec<String>, Vec<String>)>,
    pub secrecy: Option<Secrecy>,
    pub is_closed: Option<bool>,
    /// From the first instant to the second, both included.
    pub received: Option<(Timestamp, Timestamp)>,
    /// Of this team, as it was called when the case came to its queue.
    pub team: Option<String>,
    /// Under this post, by slug, when the case came to its service; empty, under nobody.
    pub head_of_service: Option<String>,
    /// The same of the councillor responsible.
    pub portfolio: Option<String>,
    /// Those that figures of this part of the council count.
    pub counted: Option<Part>,
}

/// In place of a ward: cases of which none is known.
pub const NO_WARD: &str = "none";

/// What a case may share with another of the same matter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Alike<'a> {
    /// Whoever reported it.
    Reporter(PersonId),
    /// The property, by its UPRN.
    Property(&'a str),
    /// The place, as [`Location::words`] has it.
    Words(&'a str),
    /// A point on the map, somewhere in here.
    Within(Surroundings),
}

/// The order of a list, always ended by the id so that pages neither skip nor repeat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Most at risk first: emergencies, then by the earliest promise.
    Due,
    /// Newest first.
    Received,
    /// Newest first.
    Updated,
}

/// Where a page begins: the keys of the row before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct After {
    pub risk: i32,
    pub at: Timestamp,
    pub id: CaseId,
}

/// What stands in a queue, as far as somebody may see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    pub open: i64,
    pub due_today: i64,
    pub overdue: i64,
    pub unowned: i64,
    pub oldest_received_at: Option<Timestamp>,
}

#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = cases, treat_none_as_null = true, treat_none_as_default_value = false)]
struct Row {
    id: Id,
    reference: String,
    status: String,
    waiting_for: Option<String>,
    outcome: Option<String>,
    priority: String,
    procedure: String,
    service: String,
    category: String,
    queue: String,
    owner: Option<Id>,
    subject: String,
    secrecy: String,
    restricted_to: Json<Vec<String>>,
    about: Option<String>,
    channel: String,
    received_at: At,
    opened_at: At,
    updated_at: At,
    closed_at: Option<At>,
    follow_up_until: Option<On>,
    reporter: Option<Id>,
    requester_kind: String,
    danger: Option<String>,
    danger_since: Option<At>,
    is_rung: bool,
    is_claimed: bool,
    stage: i32,
    facts: Json<Facts>,
    terms: String,
    routing: Json<Routed>,
    location: Option<Json<Location>>,
    place_uprn: Option<String>,
    place_words: Option<String>,
    place_lat: Option<f64>,
    place_long: Option<f64>,
    ward: Option<String>,
    fields: Json<serde_json::Map<String, serde_json::Value>>,
    their_reference: Option<String>,
    n_chasers: i32,
    n_transfers: i32,
    taken_by: Option<String>,
    last_action: Option<Json<LastAction>>,
    acknowledge_by: Option<At>,
    acknowledge_on: Option<On>,
    respond_by: Option<At>,
    respond_on: Option<On>,
    respond_by_projected: bool,
    first_promised_on: Option<On>,
    due_at: At,
    risk: i32,
    is_closed: bool,
    wake_at: Option<At>,
    version: i64,
    revision: i64,
}

/// Ids named in one statement; a database takes only so many.
const AT_ONCE: usize = 500;

pub(super) type Boxed<'a> = cases::BoxedQuery<'a, super::db::MultiBackend>;

/// Files a new case, and in whose name it opens when it is restricted.
///
/// # Errors
/// [`StoreError::Taken`] when the reference is in use.
pub fn insert(tx: &mut Tx<'_>, case: &Case, dates: &Dates) -> Result<(), StoreError> {
    diesel::insert_into(cases::table)
        .values(Row::of(case, dates))
        .execute(&mut **tx)?;
    grant(tx, case)
}

/// Writes a changed case. `read_revision` is what its revision was when it was read.
///
/// # Errors
/// [`StoreError::Conflict`] when somebody else has changed it since it was read.
pub fn update(
    tx: &mut Tx<'_>,
    case: &Case,
    dates: &Dates,
    read_revision: i64,
) -> Result<(), StoreError> {
    let row = Row {
        revision: read_revision + 1,
        ..Row::of(case, dates)
    };
    let n_changed = diesel::update(cases::table)
        .filter(cases::id.eq(row.id).and(cases::revision.eq(read_revision)))
        .set(&row)
        .execute(&mut **tx)?;
    if n_changed == 0 {
        return Err(StoreError::Conflict);
    }
    if case.secrecy == Secrecy::Restricted {
        grant(tx, case)
    } else {
        Ok(())
    }
}

/// One case by its id.
pub fn find(conn: &mut Conn, id: CaseId) -> Result<Option<Filed>, StoreError> {
    one(
        cases::table.filter(cases::id.eq(Id::from(id))).into_boxed(),
        conn,
    )
}

/// Cases by their ids, in the order of those.
pub fn with_ids(conn: &mut Conn, ids: &[CaseId]) -> Result<Vec<Filed>, StoreError> {
    let ids: Vec<Id> = ids.iter().copied().map(Id::from).collect();
    let rows: Vec<Row> = cases::table
        .filter(cases::id.eq_any(ids))
        .order(cases::id.asc())
        .select(Row::as_select())
        .load(conn)?;
    rows.into_iter().map(Filed::try_from).collect()
}

/// One case by its reference.
pub fn find_by_reference(
    conn: &mut Conn,
    reference: &Reference,
) -> Result<Option<Filed>, StoreError> {
    one(
        cases::table
            .filter(cases::reference.eq(reference.plain().to_owned()))
            .into_boxed(),
        conn,
    )
}

/// One case by a reference it had in an older system.
pub fn find_by_alias(conn: &mut Conn, alias: &str) -> Result<Option<Filed>, StoreError> {
    let id: Option<Id> = case_aliases::table
        .filter(case_aliases::alias.eq(alias))
        .select(case_aliases::case_id)
        .first(conn)
        .optional()?;
    id.map_or(Ok(None), |id| find(conn, id.into()))
}

/// Keeps the reference a case had in an older system.
///
/// # Errors
/// [`StoreError::Taken`] when another case has it.
pub fn add_alias(tx: &mut Tx<'_>, id: CaseId, alias: &str) -> Result<(), StoreError> {
    diesel::insert_into(case_aliases::table)
        .values((
            case_aliases::alias.eq(alias),
            case_aliases::case_id.eq(Id::from(id)),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// The references a case had in older systems.
pub fn aliases(conn: &mut Conn, id: CaseId) -> Result<Vec<String>, StoreError> {
    Ok(case_aliases::table
        .filter(case_aliases::case_id.eq(Id::from(id)))
        .order(case_aliases::alias)
        .select(case_aliases::alias)
        .load(conn)?)
}

/// A page of the cases within `sight`.
pub fn list(
    conn: &mut Conn,
    sight: &Sight,
    filter: &Filter,
    order: Order,
    after: Option<After>,
    limit: i64,
) -> Result<Vec<Filed>, StoreError> {
    let mut query = narrowed(sight, filter);
    if let Some(After { risk, at, id }) = after {
        let (at, id) = (At(at), Id::from(id));
        query = match order {
            Order::Due => query.filter(
                cases::risk.gt(risk).or(cases::risk.eq(risk).and(
                    cases::due_at
                        .gt(at)
                        .or(cases::due_at.eq(at).and(cases::id.gt(id))),
                )),
            ),
            Order::Received => query.filter(
                cases::received_at
                    .lt(at)
                    .or(cases::received_at.eq(at).and(cases::id.lt(id))),
            ),
            Order::Updated => query.filter(
                cases::updated_at
                    .lt(at)
                    .or(cases::updated_at.eq(at).and(cases::id.lt(id))),
            ),
        };
    }
    query = match order {
        Order::Due => query.order((cases::risk.asc(), cases::due_at.asc(), cases::id.asc())),
        Order::Received => query.order((cases::received_at.desc(), cases::id.desc())),
        Order::Updated => query.order((cases::updated_at.desc(), cases::id.desc())),
    };
    let rows: Vec<Row> = query.limit(limit).select(Row::as_select()).load(conn)?;
    rows.into_iter().map(Filed::try_from).collect()
}

/// A page of the cases within `sight` by its place in the list, newest first: for lists whose readers
/// count pages.
pub fn page(
    conn: &mut Conn,
    sight: &Sight,
    filter: &Filter,
    skip: i64,
    limit: i64,
) -> Result<Vec<Filed>, StoreError> {
    let rows: Vec<Row> = narrowed(sight, filter)
        .order((cases::received_at.desc(), cases::id.desc()))
        .offset(skip)
        .limit(limit)
        .select(Row::as_select())
        .load(conn)?;
    rows.into_iter().map(Filed::try_from).collect()
}

/// How many cases a list has in all.
pub fn count(conn: &mut Conn, sight: &Sight, filter: &Filter) -> Result<i64, StoreError> {
    Ok(narrowed(sight, filter).count().get_result(conn)?)
}

/// What stands in one queue for somebody with this sight.
pub fn counts(
    conn: &mut Conn,
    sight: &Sight,
    queue: &str,
    now: Timestamp,
    tomorrow: Timestamp,
) -> Result<Counts, StoreError> {
    let open = || {
        narrowed(
            sight,
            &Filter {
                queue: Some(queue.to_owned()),
                ..Filter::default()
            },
        )
        .filter(cases::is_closed.eq(false))
    };
    let oldest: Option<At> = open()
        .order((cases::received_at.asc(), cases::id.asc()))
        .select(cases::received_at)
        .first(conn)
        .optional()?;
    Ok(Counts {
        open: open().count().get_result(conn)?,
        due_today: open()
            .filter(
                cases::due_at
                    .ge(At(now))
                    .and(cases::due_at.lt(At(tomorrow))),
            )
            .count()
            .get_result(conn)?,
        overdue: open()
            .filter(cases::due_at.lt(At(now)))
            .count()
            .get_result(conn)?,
        unowned: open()
            .filter(cases::owner.is_null())
            .filter(cases::taken_by.is_null())
            .count()
            .get_result(conn)?,
        oldest_received_at: oldest.map(|at| at.0),
    })
}

/// The case of a queue that is most at risk and that nobody has: emergencies, then the earliest
/// answer date, then the oldest. Held until the transaction ends, so that two who ask at once get
/// two cases.
///
/// Those in `passed_over` are left for somebody else.
pub fn most_at_risk(
    tx: &mut Tx<'_>,
    sight: &Sight,
    queue: &str,
    passed_over: &[CaseId],
) -> Result<Option<Filed>, StoreError> {
    super::dialect::hold(tx, &format!("next:{queue}"))?;
    let filter = Filter {
        queue: Some(queue.to_owned()),
        owner: Some(None),
        ..Filter::default()
    };
    let passed_over: Vec<Id> = passed_over.iter().copied().map(Id::from).collect();
    let row: Option<Row> = narrowed(&sight.clone().without_following(), &filter)
        .filter(cases::id.ne_all(passed_over))
        .filter(cases::status.eq_any(["new", "open"]))
        .filter(cases::taken_by.is_null())
        .filter(is_open())
        .order((
            cases::risk.asc(),
            cases::due_at.asc(),
            cases::received_at.asc(),
            cases::id.asc(),
        ))
        .select(Row::as_select())
        .first(&mut **tx)
        .optional()?;
    row.map(Filed::try_from).transpose()
}

/// Open cases of the same matter that share one thing with a new one, received since `since`, within
/// `sight`: newest first, at most a hundred. Each way has an index of its own, so this costs what it
/// finds and not what the matter has open.
pub fn of_matter(
    conn: &mut Conn,
    sight: &Sight,
    (service, category): (&str, &str),
    since: Timestamp,
    alike: &Alike<'_>,
) -> Result<Vec<Filed>, StoreError> {
    let sight = sight.clone().without_following();
    let mut query = narrowed(&sight, &Filter::default())
        .filter(is_open())
        .filter(cases::service.eq(service.to_owned()))
        .filter(cases::category.eq(category.to_owned()))
        .filter(cases::received_at.ge(At(since)));
    query = match alike {
        Alike::Reporter(person) => query.filter(cases::reporter.eq(Some(Id::from(*person)))),
        Alike::Property(uprn) => query.filter(cases::place_uprn.eq(Some((*uprn).to_owned()))),
        Alike::Words(words) => query.filter(cases::place_words.eq(Some((*words).to_owned()))),
        Alike::Within(around) => query
            .filter(
                cases::place_lat
                    .between(around.lat.0, around.lat.1)
                    .assume_not_null(),
            )
            .filter(
                cases::place_long
                    .between(around.long.0, around.long.1)
                    .assume_not_null(),
            ),
    };
    let rows: Vec<Row> = query
        .order((cases::received_at.desc(), cases::id.desc()))
        .limit(100)
        .select(Row::as_select())
        .load(conn)?;
    rows.into_iter().map(Filed::try_from).collect()
}

/// Open cases of some services within `sight`, by their ids.
pub fn of_services(
    conn: &mut Conn,
    sight: &Sight,
    filter: &Filter,
    services: &[String],
    after: Option<CaseId>,
    limit: i64,
) -> Result<Vec<Filed>, StoreError> {
    let mut query = narrowed(&sight.clone().without_following(), filter)
        .filter(cases::is_closed.eq(false))
        .filter(cases::service.eq_any(services.to_vec()));
    if let Some(after) = after {
        query = query.filter(cases::id.gt(Id::from(after)));
    }
    let rows: Vec<Row> = query
        .order(cases::id.asc())
        .limit(limit)
        .select(Row::as_select())
        .load(conn)?;
    rows.into_iter().map(Filed::try_from).collect()
}

/// Open cases within `sight` that may wait in some place, by their ids: nobody has them, they wait for
/// somebody, or something came back from their person.
pub fn that_may_wait(
    conn: &mut Conn,
    sight: &Sight,
    after: Option<CaseId>,
    limit: i64,
) -> Result<Vec<Filed>, StoreError> {
    let came_back = sql::<Bool>(
        "EXISTS (SELECT 1 FROM events WHERE events.case_id = cases.id \
         AND events.kind IN ('address_bounced', 'notice_failed'))",
    );
    let has_nobody = cases::owner.is_null().and(cases::taken_by.is_null());
    let waits = cases::status.eq(Status::Waiting.as_str());
    let mut query = narrowed(&sight.clone().without_following(), &Filter::default())
        .filter(is_open())
        .filter(has_nobody.or(waits).or(came_back));
    if let Some(after) = after {
        query = query.filter(cases::id.gt(Id::from(after)));
    }
    let rows: Vec<Row> = query
        .order(cases::id.asc())
        .limit(limit)
        .select(Row::as_select())
        .load(conn)?;
    rows.into_iter().map(Filed::try_from).collect()
}

/// Ids of the cases the sweep must look at, in the order they fell due.
pub fn to_wake(conn: &mut Conn, now: Timestamp, limit: i64) -> Result<Vec<CaseId>, StoreError> {
    let ids: Vec<Id> = cases::table
        .filter(cases::wake_at.is_not_null().and(cases::wake_at.le(At(now))))
        .order(cases::wake_at.asc())
        .limit(limit)
        .select(cases::id)
        .load(conn)?;
    Ok(ids.into_iter().map(Into::into).collect())
}

/// Has every case in danger that nobody has claimed looked at now. Says how many there were.
///
/// # Errors
/// A [`StoreError`] when it cannot be written.
pub fn wake_those_in_danger(tx: &mut Tx<'_>, now: Timestamp) -> Result<usize, StoreError> {
    let n_woken = diesel::sql_query(
        "UPDATE cases SET wake_at = $1 WHERE danger IS NOT NULL AND NOT is_claimed \
         AND status <> 'closed' AND (wake_at IS NULL OR wake_at > $2)",
    )
    .bind::<Ts, _>(At(now))
    .bind::<Ts, _>(At(now))
    .execute(&mut **tx)?;
    Ok(n_woken)
}

/// Puts a person on a case, in the role they have there.
pub fn add_person(
    tx: &mut Tx<'_>,
    case: CaseId,
    person: PersonId,
    role: RoleOnCase,
) -> Result<(), StoreError> {
    diesel::sql_query(
        "INSERT INTO case_people (case_id, person_id, role, has_withdrawn) VALUES ($1, $2, $3, FALSE) \
         ON CONFLICT (case_id, person_id) DO NOTHING",
    )
    .bind::<super::types::Uid, _>(Id::from(case))
    .bind::<super::types::Uid, _>(Id::from(person))
    .bind::<diesel::sql_types::Text, _>(role.as_str())
    .execute(&mut **tx)?;
    Ok(())
}

/// Every case somebody is on, or that is for them.
pub fn of_person(conn: &mut Conn, person: PersonId) -> Result<Vec<CaseId>, StoreError> {
    let on: Vec<Id> = case_people::table
        .filter(case_people::person_id.eq(Id::from(person)))
        .select(case_people::case_id)
        .load(conn)?;
    let own: Vec<Id> = cases::table
        .filter(cases::reporter.eq(Some(Id::from(person))))
        .select(cases::id)
        .load(conn)?;
    let mut all: Vec<CaseId> = on.into_iter().chain(own).map(Into::into).collect();
    all.sort_by_key(|case| case.0);
    all.dedup();
    Ok(all)
}

/// Who is on a case, and as what; whether they have withdrawn.
pub fn people(
    conn: &mut Conn,
    case: CaseId,
) -> Result<Vec<(PersonId, RoleOnCase, bool)>, StoreError> {
    let rows: Vec<(Id, String, bool)> = case_people::table
        .filter(case_people::case_id.eq(Id::from(case)))
        .order(case_people::person_id)
        .select((
            case_people::person_id,
            case_people::role,
            case_people::has_withdrawn,
        ))
        .load(conn)?;
    rows.into_iter()
        .map(|(id, role, has_withdrawn)| Ok((id.into(), word(&role)?, has_withdrawn)))
        .collect()
}

/// The role a person has on a case from now on, whatever it was.
///
/// # Errors
/// A [`StoreError`] when it cannot be written.
pub fn set_role(
    tx: &mut Tx<'_>,
    case: CaseId,
    person: PersonId,
    role: RoleOnCase,
) -> Result<(), StoreError> {
    add_person(tx, case, person, role)?;
    diesel::update(case_people::table)
        .filter(
            case_people::case_id
                .eq(Id::from(case))
                .and(case_people::person_id.eq(Id::from(person))),
        )
        .set(case_people::role.eq(role.as_str()))
        .execute(&mut **tx)?;
    Ok(())
}

/// Takes a person off a case.
///
/// # Errors
/// A [`StoreError`] when it cannot be written.
pub fn remove_person(tx: &mut Tx<'_>, case: CaseId, person: PersonId) -> Result<(), StoreError> {
    diesel::delete(case_people::table)
        .filter(
            case_people::case_id
                .eq(Id::from(case))
                .and(case_people::person_id.eq(Id::from(person))),
        )
        .execute(&mut **tx)?;
    Ok(())
}

/// Every case of some people, whoever may know of it.
pub fn of_people(conn: &mut Conn, people: &[PersonId]) -> Result<Vec<CaseId>, StoreError> {
    let ids: Vec<Id> = people.iter().copied().map(Id::from).collect();
    let cases: Vec<Id> = case_people::table
        .filter(case_people::person_id.eq_any(ids))
        .order(case_people::case_id.asc())
        .select(case_people::case_id)
        .distinct()
        .load(conn)?;
    Ok(cases.into_iter().map(Into::into).collect())
}

/// What readers see with these cases has changed, though not the cases themselves: whoever has read
/// one reads it again, and whoever is changing one begins anew.
///
/// # Errors
/// A [`StoreError`] when it cannot be written.
pub fn touch(tx: &mut Tx<'_>, cases: &[CaseId]) -> Result<(), StoreError> {
    let ids: Vec<Id> = cases.iter().copied().map(Id::from).collect();
    for some in ids.chunks(AT_ONCE) {
        diesel::update(cases::table.filter(cases::id.eq_any(some.to_vec())))
            .set((
                cases::version.eq(cases::version + 1),
                cases::revision.eq(cases::revision + 1),
            ))
            .execute(&mut **tx)?;
    }
    Ok(())
}

/// A person takes back their part.
pub fn note_withdrawal(tx: &mut Tx<'_>, case: CaseId, person: PersonId) -> Result<(), StoreError> {
    diesel::update(case_people::table)
        .filter(
            case_people::case_id
                .eq(Id::from(case))
                .and(case_people::person_id.eq(Id::from(person))),
        )
        .set(case_people::has_withdrawn.eq(true))
        .execute(&mut **tx)?;
    Ok(())
}

/// Links two cases; once is enough.
pub fn link(tx: &mut Tx<'_>, from: CaseId, to: CaseId, kind: LinkKind) -> Result<(), StoreError> {
    diesel::sql_query(
        "INSERT INTO case_links (from_case, to_case, kind) VALUES ($1, $2, $3) \
         ON CONFLICT (from_case, to_case, kind) DO NOTHING",
    )
    .bind::<super::types::Uid, _>(Id::from(from))
    .bind::<super::types::Uid, _>(Id::from(to))
    .bind::<diesel::sql_types::Text, _>(kind.as_str())
    .execute(&mut **tx)?;
    Ok(())
}

/// The cases linked to one, both ways, within `sight`.
pub fn related(
    conn: &mut Conn,
    sight: &Sight,
    case: CaseId,
) -> Result<Vec<(LinkKind, Filed)>, StoreError> {
    let id = Id::from(case);
    let links: Vec<(Id, Id, String)> = case_links::table
        .filter(case_links::from_case.eq(id).or(case_links::to_case.eq(id)))
        .limit(100)
        .select((case_links::from_case, case_links::to_case, case_links::kind))
        .load(conn)?;
    let sight = sight.clone().without_following();
    let mut found = Vec::new();
    for (from, to, kind) in links {
        let other = if from == id { to } else { from };
        let row: Option<Row> = narrowed(&sight, &Filter::default())
            .filter(cases::id.eq(other))
            .select(Row::as_select())
            .first(conn)
            .optional()?;
        if let Some(row) = row {
            found.push((word(&kind)?, Filed::try_from(row)?));
        }
    }
    Ok(found)
}

/// The cases linked to one, both ways, whoever may know of them: for rules, never to be shown.
///
/// # Errors
/// A [`StoreError`] when the database cannot be asked.
pub fn linked(conn: &mut Conn, case: CaseId) -> Result<Vec<CaseId>, StoreError> {
    let id = Id::from(case);
    let links: Vec<(Id, Id)> = case_links::table
        .filter(case_links::from_case.eq(id).or(case_links::to_case.eq(id)))
        .select((case_links::from_case, case_links::to_case))
        .load(conn)?;
    Ok(links
        .into_iter()
        .map(|(from, to)| if from == id { to } else { from }.into())
        .collect())
}

/// The complaint a person has open about a case; one about a post where that is asked for.
///
/// # Errors
/// A [`StoreError`] when the database cannot be asked.
pub fn open_complaint(
    conn: &mut Conn,
    about_case: CaseId,
    reporter: PersonId,
    about_post: Option<&str>,
) -> Result<Option<CaseId>, StoreError> {
    let complaints = case_links::table
        .filter(case_links::to_case.eq(Id::from(about_case)))
        .filter(case_links::kind.eq(LinkKind::About.as_str()))
        .select(case_links::from_case);
    let mut open = cases::table
        .filter(cases::id.eq_any(complaints))
        .filter(cases::procedure.eq(Procedure::Complaint.as_str()))
        .filter(cases::status.ne(Status::Closed.as_str()))
        .filter(cases::reporter.eq(Some(Id::from(reporter))))
        .into_boxed();
    if let Some(post) = about_post {
        let named = About::Post(post.to_owned()).to_string();
        open = open.filter(cases::about.eq(Some(named)));
    }
    let id: Option<Id> = open
        .order(cases::id.asc())
        .select(cases::id)
        .first(conn)
        .optional()?;
    Ok(id.map(Into::into))
}

/// The open case for few beside another, about this matter and from this person.
pub fn open_aside(
    conn: &mut Conn,
    beside: CaseId,
    reporter: PersonId,
    (service, category): (&str, &str),
) -> Result<Option<CaseId>, StoreError> {
    let linked = case_links::table
        .filter(case_links::to_case.eq(Id::from(beside)))
        .filter(case_links::kind.eq(LinkKind::About.as_str()))
        .select(case_links::from_case);
    let id: Option<Id> = cases::table
        .filter(cases::id.eq_any(linked))
        .filter(cases::secrecy.eq(Secrecy::Restricted.as_str()))
        .filter(cases::service.eq(service.to_owned()))
        .filter(cases::category.eq(category.to_owned()))
        .filter(cases::status.ne(Status::Closed.as_str()))
        .filter(cases::reporter.eq(Some(Id::from(reporter))))
        .order(cases::id.asc())
        .select(cases::id)
        .first(conn)
        .optional()?;
    Ok(id.map(Into::into))
}

/// Whether the case's reporter has this e-mail address.
pub fn is_raised_by(conn: &mut Conn, case: &Case, email: &str) -> Result<bool, StoreError> {
    let Some(reporter) = case.reporter else {
        return Ok(false);
    };
    Ok(diesel::select(diesel::dsl::exists(
        identifiers::table.filter(
            identifiers::kind
                .eq("email")
                .and(identifiers::value.eq(email.to_owned()))
                .and(identifiers::person_id.eq(Id::from(reporter))),
        ),
    ))
    .get_result(conn)?)
}

/// Whether the contact that opened the case was logged as one of these.
pub fn is_logged_by(
    conn: &mut Conn,
    case: CaseId,
    logged_by: &[String],
) -> Result<bool, StoreError> {
    use super::schema::contacts;
    Ok(diesel::select(diesel::dsl::exists(
        contacts::table
            .filter(contacts::case_id.eq(Some(Id::from(case))))
            .filter(contacts::entered_by.eq_any(logged_by.to_vec()))
            .filter(contacts::disposition.eq("opened")),
    ))
    .get_result(conn)?)
}

/// A list of cases is limited to what its reader may see, and to what they ask for.
pub(super) fn narrowed<'a>(sight: &Sight, filter: &Filter) -> Boxed<'a> {
    // What is only followed is not searched by what its followers may not read.
    let follows = sight.is_partly_following()
        && filter.text.is_none()
        && filter.owner.is_none()
        && filter.category.is_none()
        && filter.people.is_none()
        && filter.team.is_none()
        && filter.head_of_service.is_none()
        && filter.portfolio.is_none()
        && filter.counted.is_none();
    let mut query = limited(cases::table.into_boxed(), sight, follows);
    if !filter.status.is_empty() {
        query = query.filter(cases::status.eq_any(filter.status.clone()));
        // Said the way the indexes have it, so that open cases are found without passing the closed ones.
        let is_closed = |status: &String| status == Status::Closed.as_str();
        if !filter.status.iter().any(is_closed) {
            query = query.filter(is_open());
        } else if filter.status.iter().all(is_closed) {
            query = query.filter(cases::is_closed.eq(true));
        }
    }
    if let Some(queue) = &filter.queue {
        query = query.filter(cases::queue.eq(queue.clone()));
    }
    if let Some(service) = &filter.service {
        query = query.filter(cases::service.eq(service.clone()));
    }
    if let Some(category) = &filter.category {
        query = query.filter(cases::category.eq(category.clone()));
    }
    match filter.owner {
        Some(Some(owner)) => query = query.filter(cases::owner.eq(Some(Id::from(owner)))),
        Some(None) => query = query.filter(cases::owner.is_null()),
        None => {}
    }
    if let Some(procedure) = &filter.procedure {
        query = query.filter(cases::procedure.eq(procedure.clone()));
    }
    if let Some(priority) = &filter.priority {
        query = query.filter(cases::priority.eq(priority.clone()));
    }
    if let Some(channel) = &filter.channel {
        query = query.filter(cases::channel.eq(channel.clone()));
    }
    match filter.ward.as_deref() {
        Some(NO_WARD) => query = query.filter(cases::ward.is_null()),
        Some(ward) => query = query.filter(cases::ward.eq(ward.to_owned())),
        None => {}
    }
    query = measured(query, filter);
    if let Some(people) = &filter.people {
        let ids: Vec<Id> = people.iter().copied().map(Id::from).collect();
        let with_person = case_people::table
            .filter(case_people::person_id.eq_any(ids))
            .select(case_people::case_id);
        query = query.filter(cases::id.eq_any(with_person));
    }
    if let Some(before) = filter.due_before {
        query = query.filter(cases::due_at.lt(At(before)).and(cases::is_closed.eq(false)));
    }
    if let Some(now) = filter.overdue_at {
        query = query.filter(cases::due_at.lt(At(now)).and(cases::is_closed.eq(false)));
    }
    if let Some(references) = &filter.references {
        let plain: Vec<String> = references
            .iter()
            .map(|reference| reference.plain().to_owned())
            .collect();
        query = query.filter(cases::reference.eq_any(plain));
    }
    if let Some((services, categories)) = &filter.matters {
        query = query.filter(
            cases::service
                .eq_any(services.clone())
                .and(cases::category.eq_any(categories.clone())),
        );
    }
    if let Some(secrecy) = filter.secrecy {
        query = query.filter(cases::secrecy.eq(secrecy.as_str()));
    }
    match filter.is_closed {
        Some(false) => query = query.filter(is_open()),
        Some(true) => query = query.filter(cases::is_closed.eq(true)),
        None => {}
    }
    if let Some((from, to)) = filter.received {
        query = query.filter(
            cases::received_at
                .ge(At(from))
                .and(cases::received_at.le(At(to))),
        );
    }
    if let Some(text) = &filter.text {
        let pattern = format!("%{}%", escaped(&text.to_lowercase()));
        let in_words = super::schema::contacts::table
            .filter(
                lower(super::schema::contacts::body)
                    .like(pattern.clone())
                    .escape('\\'),
            )
            .filter(super::schema::contacts::case_id.is_not_null())
            .select(super::schema::contacts::case_id.assume_not_null());
        let plain = Reference::parse(text)
            .map_or_else(|_| "-".to_owned(), |found| found.plain().to_owned());
        let by_alias = case_aliases::table
            .filter(case_aliases::alias.eq(text.trim().to_uppercase()))
            .select(case_aliases::case_id);
        let named = cases::reference
            .eq(plain)
            .or(cases::id.eq_any(by_alias))
            .or(lower(cases::subject).like(pattern).escape('\\'));
        // A member does not read what was said on a case, so it cannot be guessed at either.
        query = match &sight.raised_by {
            Some(_) => query.filter(named),
            None => query.filter(named.or(cases::id.eq_any(in_words))),
        };
    }
    query
}

/// Written out and not bound: an index over open cases alone is used only where it can be seen that the
/// question is about them.
fn is_open() -> SqlLiteral<Bool> {
    sql::<Bool>("cases.is_closed = FALSE")
}

/// Narrowed by what figures are told apart by and the case itself does not say.
fn measured<'a>(mut query: Boxed<'a>, filter: &Filter) -> Boxed<'a> {
    if let Some(team) = &filter.team {
        let of_team = case_measures::table
            .filter(case_measures::team.eq(team.clone()))
            .select(case_measures::case_id);
        query = query.filter(cases::id.eq_any(of_team));
    }
    if let Some(post) = &filter.head_of_service {
        let under = case_measures::table
            .filter(case_measures::head_of_service.eq(post.clone()))
            .select(case_measures::case_id);
        query = query.filter(cases::id.eq_any(under));
    }
    if let Some(post) = &filter.portfolio {
        let under = case_measures::table
            .filter(case_measures::portfolio.eq(post.clone()))
            .select(case_measures::case_id);
        query = query.filter(cases::id.eq_any(under));
    }
    if let Some(part) = &filter.counted {
        query = query.filter(cases::secrecy.ne("restricted"));
        if let Some((queues, services)) = &part.within {
            let is_theirs = cases::queue
                .eq_any(queues.clone())
                .or(cases::service.eq_any(services.clone()));
            query = query.filter(is_theirs);
        }
        if let Some(queues) = &part.only_queues {
            query = query.filter(cases::queue.eq_any(queues.clone()));
        }
    }
    query
}

diesel::define_sql_function! {
    /// Lower case, for searching without regard to it.
    fn lower(text: diesel::sql_types::Text) -> diesel::sql_types::Text;
}

/// A search text with the pattern characters of LIKE taken literally.
pub(super) fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('%', "\\%")
        .replace('_', "\\_")
}

fn one(query: Boxed<'_>, conn: &mut Conn) -> Result<Option<Filed>, StoreError> {
    let row: Option<Row> = query.select(Row::as_select()).first(conn).optional()?;
    row.map(Filed::try_from).transpose()
}

fn grant(tx: &mut Tx<'_>, case: &Case) -> Result<(), StoreError> {
    diesel::delete(
        case_access::table
            .filter(case_access::case_id.eq(Id::from(case.id)))
            .filter(case_access::holder.ne_all(case.restricted_to.clone())),
    )
    .execute(&mut **tx)?;
    for holder in &case.restricted_to {
        diesel::sql_query(
            "INSERT INTO case_access (case_id, holder) VALUES ($1, $2) ON CONFLICT (case_id, holder) DO NOTHING",
        )
        .bind::<super::types::Uid, _>(Id::from(case.id))
        .bind::<diesel::sql_types::Text, _>(holder)
        .execute(&mut **tx)?;
    }
    Ok(())
}

/// Reads a stored word; one that is not known is a defect or a tampered row.
pub(super) fn word<W: std::str::FromStr<Err = UnknownWord>>(text: &str) -> Result<W, StoreError> {
    text.parse()
        .map_err(|unknown: UnknownWord| StoreError::Unreadable(unknown.to_string()))
}

impl Row {
    fn of(case: &Case, dates: &Dates) -> Self {
        let place = case.location.as_ref();
        Self {
            id: case.id.into(),
            reference: case.reference.plain().to_owned(),
            status: case.status.to_string(),
            waiting_for: case.waiting_for.map(|word| word.to_string()),
            outcome: case.outcome.map(|word| word.to_string()),
            priority: case.priority.to_string(),
            procedure: case.procedure.to_string(),
            service: case.service.clone(),
            category: case.category.clone(),
            queue: case.queue.clone(),
            owner: case.owner.map(Into::into),
            subject: case.subject.clone(),
            secrecy: case.secrecy.to_string(),
            restricted_to: Json(case.restricted_to.clone()),
            about: case.about.as_ref().map(About::to_string),
            channel: case.channel.to_string(),
            received_at: case.received_at.into(),
            opened_at: case.opened_at.into(),
            updated_at: case.updated_at.into(),
            closed_at: case.closed_at.map(Into::into),
            follow_up_until: case.follow_up_until.map(Into::into),
            reporter: case.reporter.map(Into::into),
            requester_kind: case.requester_kind.to_string(),
            danger: case.danger.clone(),
            danger_since: case.danger_since.map(Into::into),
            is_rung: case.is_rung,
            is_claimed: case.is_claimed,
            stage: i32::from(case.stage),
            facts: Json(case.facts.clone()),
            terms: case.terms.clone(),
            routing: Json(case.routing.clone()),
            location: case.location.clone().map(Json),
            place_uprn: place.and_then(|place| place.uprn.clone()),
            place_words: place.and_then(Location::words),
            place_lat: place.and_then(Location::point).map(|(lat, _)| lat),
            place_long: place.and_then(Location::point).map(|(_, long)| long),
            ward: case.ward.clone(),
            fields: Json(case.fields.clone()),
            their_reference: case.their_reference.clone(),
            n_chasers: i32::try_from(case.n_chasers).unwrap_or(i32::MAX),
            n_transfers: i32::try_from(case.n_transfers).unwrap_or(i32::MAX),
            taken_by: case.taken_by.clone(),
            last_action: case.last_action.clone().map(Json),
            acknowledge_by: dates.acknowledge_by.map(Into::into),
            acknowledge_on: dates.acknowledge_on.map(Into::into),
            respond_by: dates.respond_by.map(Into::into),
            respond_on: dates.respond_on.map(Into::into),
            respond_by_projected: dates.is_projected,
            first_promised_on: dates.first_promised_on.map(Into::into),
            due_at: At(dates.due_at.unwrap_or(NEVER)),
            risk: i32::from(case.priority != Priority::Emergency),
            is_closed: case.is_closed(),
            wake_at: dates.wake_at.map(Into::into),
            version: case.version,
            revision: case.revision,
        }
    }
}

impl TryFrom<Row> for Filed {
    type Error = StoreError;
    fn try_from(row: Row) -> Result<Self, StoreError> {
        let dates = Dates {
            acknowledge_by: row.acknowledge_by.map(|at| at.0),
            acknowledge_on: row.acknowledge_on.map(|on| on.0),
            respond_by: row.respond_by.map(|at| at.0),
            respond_on: row.respond_on.map(|on| on.0),
            is_projected: row.respond_by_projected,
            first_promised_on: row.first_promised_on.map(|on| on.0),
            due_at: (row.due_at.0 != NEVER).then_some(row.due_at.0),
            wake_at: row.wake_at.map(|at| at.0),
        };
        let case = Case {
            id: row.id.into(),
            reference: Reference::parse(&row.reference).map_err(|why| {
                StoreError::Unreadable(format!("reference {}: {why}", row.reference))
            })?,
            status: word(&row.status)?,
            waiting_for: row.waiting_for.as_deref().map(word).transpose()?,
            outcome: row.outcome.as_deref().map(word).transpose()?,
            priority: word(&row.priority)?,
            procedure: word(&row.procedure)?,
            service: row.service,
            category: row.category,
            queue: row.queue,
            owner: row.owner.map(Into::into),
            subject: row.subject,
            secrecy: word(&row.secrecy)?,
            restricted_to: row.restricted_to.0,
            about: row.about.as_deref().map(word).transpose()?,
            channel: word(&row.channel)?,
            received_at: row.received_at.0,
            opened_at: row.opened_at.0,
            updated_at: row.updated_at.0,
            closed_at: row.closed_at.map(|at| at.0),
            follow_up_until: row.follow_up_until.map(|on| on.0),
            reporter: row.reporter.map(Into::into),
            requester_kind: word(&row.requester_kind)?,
            danger: row.danger,
            danger_since: row.danger_since.map(|at| at.0),
            is_rung: row.is_rung,
            is_claimed: row.is_claimed,
            stage: u8::try_from(row.stage)
                .map_err(|why| StoreError::Unreadable(why.to_string()))?,
            facts: row.facts.0,
            terms: row.terms,
            routing: row.routing.0,
            location: row.location.map(|location| location.0),
            ward: row.ward,
            fields: row.fields.0,
            their_reference: row.their_reference,
            n_chasers: u32::try_from(row.n_chasers)
                .map_err(|why| StoreError::Unreadable(why.to_string()))?,
            n_transfers: u32::try_from(row.n_transfers)
                .map_err(|why| StoreError::Unreadable(why.to_string()))?,
            taken_by: row.taken_by,
            last_action: row.last_action.map(|last| last.0),
            version: row.version,
            revision: row.revision,
        };
        Ok(Self { case, dates })
    }
}
