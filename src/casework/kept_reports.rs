//! Reports that are kept: made once from what is measured, and read the same ever after.
//!
//! What a report says is written out whole when it is made, with names, definitions and what is not in
//! it. A merge, an erasure, a new catalogue or a new version of this program changes nothing of it; a
//! later report about the same says what has changed since.
//!
//! | file | what it makes |
//! |---|---|
//! | `scrutiny` | how promises were kept, of a councillor's services or of the whole council |
//! | `complaints` | complaints, as the Ombudsman's code asks for them |
//! | `information` | requests for information |
//! | `members` | councillors' and MPs' enquiries |
//! | `out_of_hours` | what a partner took in while the office was shut |
//! | `scheduled` | reports that are made by themselves, and who is told |
//! | `tables`, `stages` | figures as tables: of cases, and of the stages of complaints and requests |

mod complaints;
mod information;
mod members;
mod out_of_hours;
mod scheduled;
mod scrutiny;
mod stages;
mod tables;

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::audit::note_look;
use super::desk::{Moment, hex};
use super::failure::Failure;
use super::performance::Period;
use super::views::{Part, filled};
use crate::domain::access::{Actor, Readers, may_make_report, may_read_report};
use crate::domain::ids::KeptReportId;
use crate::domain::report::{Comparison, Definition, Document, ReportKind, Scope, Since, Table};
use crate::store::kept_reports as store;
use crate::store::{Conn, Tx};

pub use crate::store::kept_reports::KeptReport;
pub use scheduled::DaySeen;

/// Which report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    pub kind: ReportKind,
    pub period: Period,
    /// Of one councillor's services, by the post's slug.
    pub portfolio: Option<String>,
    /// Of one partner, by the domain of its people's addresses or the name of its key.
    pub partner: Option<String>,
    /// Posts whose holders may read it too.
    pub for_posts: Vec<String>,
    /// The schedule that asks for it.
    pub schedule: Option<String>,
}

/// Where a list goes on.
pub type After = (Timestamp, KeptReportId);

/// What a kind of report is made of.
struct Made {
    title: String,
    scope: Option<Scope>,
    readers: Readers,
    tables: Vec<Table>,
    definitions: Vec<Definition>,
    leaves_out: Vec<String>,
}

/// Makes a report and keeps it. It is put down in the audit.
///
/// # Errors
/// When what is wanted cannot be meant, or is not for whoever wants it.
pub fn make(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    wanted: &Wanted,
) -> Result<KeptReport, Failure> {
    let mut readers = readers_of(tx, at, wanted)?;
    if !may_make_report(actor, wanted.kind, &readers) {
        let detail = "These figures are not yours to have a report made of.";
        return Err(Failure::forbidden("role_may_not", detail));
    }
    check_posts(at, &wanted.for_posts)?;
    readers.posts.extend(wanted.for_posts.iter().cloned());
    let made = made_of(tx, at, wanted, readers)?;
    keep(tx, at, actor, wanted, made)
}

/// What a report would say, without keeping it.
///
/// # Errors
/// As [`make`], for whoever may read it.
pub fn look(
    conn: &mut Conn,
    at: &Moment,
    actor: &Actor,
    wanted: &Wanted,
) -> Result<Document, Failure> {
    let readers = readers_of(conn, at, wanted)?;
    if !may_read_report(actor, wanted.kind, &readers) {
        let detail = "These figures are not for you.";
        return Err(Failure::forbidden("role_may_not", detail));
    }
    let made = made_of(conn, at, wanted, readers)?;
    Ok(written(at, wanted, made, at.id())?.0)
}

fn made_of(
    conn: &mut Conn,
    at: &Moment,
    wanted: &Wanted,
    readers: Readers,
) -> Result<Made, Failure> {
    match wanted.kind {
        ReportKind::Scrutiny => scrutiny::made(conn, at, wanted, readers),
        ReportKind::Complaints => complaints::made(conn, at, wanted, readers),
        ReportKind::Foi => information::made(conn, at, wanted, readers),
        ReportKind::MemberEnquiries => members::made(conn, at, wanted, readers),
        ReportKind::OutOfHours => out_of_hours::made(conn, at, wanted, readers),
    }
}

/// One report: what is known of it, and what it says, byte for byte as it was written.
///
/// # Errors
/// [`Failure::Missing`] when there is none, or none for this reader.
pub fn find(
    conn: &mut Conn,
    actor: &Actor,
    id: KeptReportId,
) -> Result<(KeptReport, String), Failure> {
    let (report, body) = store::find(conn, id)?.ok_or(Failure::Missing)?;
    if may_read_report(actor, report.kind, &report.readers) {
        Ok((report, body))
    } else {
        Err(Failure::Missing)
    }
}

/// A part of the reports somebody may read, the last made first.
///
/// # Errors
/// When the database cannot be asked.
pub fn list(
    conn: &mut Conn,
    actor: &Actor,
    kind: Option<ReportKind>,
    after: Option<After>,
    limit: u16,
) -> Result<Part<KeptReport, After>, Failure> {
    filled(
        conn,
        after,
        limit,
        |conn, after, n| Ok(store::newest(conn, kind, after, n)?),
        |report| (report.made_at, report.id),
        |_, report| {
            let is_theirs = may_read_report(actor, report.kind, &report.readers);
            Ok(is_theirs.then_some(report))
        },
    )
}

/// What differs between two reports of one kind, the earlier of the two first.
///
/// # Errors
/// [`Failure::Missing`] when one of them is not there for this reader, and when they are of two kinds.
pub fn compare(
    conn: &mut Conn,
    actor: &Actor,
    (one, other): (KeptReportId, KeptReportId),
) -> Result<(Document, Document, Comparison), Failure> {
    let (_, body) = find(conn, actor, one)?;
    let (_, other_body) = match find(conn, actor, other) {
        Err(Failure::Missing) => {
            let detail = "There is no such report, or it is not yours to see.";
            return Err(Failure::invalid("/with", "unknown_value", detail));
        }
        found => found?,
    };
    let (one, other) = (read(&body)?, read(&other_body)?);
    if one.kind != other.kind {
        let detail = format!(
            "This one is a report `{}`, the other `{}`: only reports of one kind can be compared.",
            one.kind, other.kind
        );
        return Err(Failure::invalid("/with", "unknown_value", detail));
    }
    let is_in_order = (one.from_on, one.made_at) <= (other.from_on, other.made_at);
    let (earlier, later) = if is_in_order {
        (one, other)
    } else {
        (other, one)
    };
    let comparison = earlier.compared_with(&later);
    Ok((earlier, later, comparison))
}

/// What a kept report says, read.
///
/// # Errors
/// When it was written by a later version of this program.
pub fn read(body: &str) -> Result<Document, Failure> {
    serde_json::from_str(body).map_err(|why| Failure::Fault(why.into()))
}

fn keep(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    wanted: &Wanted,
    made: Made,
) -> Result<KeptReport, Failure> {
    let id: KeptReportId = at.id();
    let (mut document, readers) = written(at, wanted, made, id)?;
    let scope = document.scope.as_ref().map(|scope| scope.key.clone());
    let scope = scope.unwrap_or_default();
    let period = (document.from_on, document.to_on);
    if let Some(before) = store::last_about(tx, wanted.kind, &scope, period)? {
        let before = read(&before)?;
        document.since = Some(Since {
            report: before.id,
            made_at: before.made_at,
            made_on: before.made_on,
            comparison: before.compared_with(&document),
        });
    }
    let body = serde_json::to_string(&document).map_err(|why| Failure::Fault(why.into()))?;
    let report = KeptReport {
        id,
        kind: wanted.kind,
        scope,
        from_on: period.0,
        to_on: period.1,
        title: document.title,
        made_at: at.now,
        made_by: actor.principal(),
        schedule: wanted.schedule.clone(),
        definitions_version: document.definitions_version,
        readers,
        sha256: hex(&Sha256::digest(body.as_bytes())),
    };
    let nth = match &wanted.schedule {
        Some(schedule) => store::made_at(tx, schedule, period)?.len(),
        None => 0,
    };
    let nth = i32::try_from(nth).map_err(|why| Failure::Fault(why.into()))?;
    store::insert(tx, &report, nth, &body)?;
    let object = format!("report:{id}");
    note_look(tx, at, actor, "report.made", &object, None)?;
    Ok(report)
}

/// A report as it is written down, and who may read it.
fn written(
    at: &Moment,
    wanted: &Wanted,
    made: Made,
    id: KeptReportId,
) -> Result<(Document, Readers), Failure> {
    let Period { from_on, to_on } = wanted.period;
    let definitions_version = version_of(&made.definitions)?;
    let document = Document {
        id: id.0,
        kind: wanted.kind,
        title: made.title,
        council: at.council.catalogue.council.name.clone(),
        from_on,
        to_on,
        period_is_over: to_on < at.today(),
        scope: made.scope,
        made_at: at.now,
        made_on: at.today(),
        schedule: wanted.schedule.clone(),
        definitions_version,
        tables: made.tables,
        definitions: made.definitions,
        leaves_out: made.leaves_out,
        since: None,
    };
    Ok((document, made.readers))
}

/// Whose people may read what is wanted, by the catalogue in force.
fn readers_of(conn: &mut Conn, at: &Moment, wanted: &Wanted) -> Result<Readers, Failure> {
    match (&wanted.partner, wanted.kind) {
        (Some(partner), ReportKind::OutOfHours) => return out_of_hours::readers(conn, at, partner),
        (None, ReportKind::OutOfHours) => {
            let detail = "Say of which partner: the domain of its people's addresses, or the name of its key.";
            return Err(Failure::invalid("/partner", "missing_field", detail));
        }
        (Some(_), _) => {
            let detail = "Only a report `out_of_hours` is made of one partner.";
            return Err(Failure::invalid("/partner", "unknown_field", detail));
        }
        (None, _) => {}
    }
    let Some(portfolio) = &wanted.portfolio else {
        return Ok(Readers::default());
    };
    if wanted.kind != ReportKind::Scrutiny {
        let detail = "Only a scrutiny report is made of one councillor's services.";
        return Err(Failure::invalid("/portfolio", "unknown_field", detail));
    }
    let catalogue = &at.council.catalogue;
    let own: Vec<_> = catalogue
        .services
        .values()
        .filter(|service| service.portfolio == *portfolio)
        .collect();
    if own.is_empty() {
        let detail = "No service is this post's. Give the slug of a councillor's post.";
        return Err(Failure::invalid("/portfolio", "unknown_value", detail));
    }
    let mut readers = Readers {
        posts: vec![portfolio.clone()],
        ..Readers::default()
    };
    for service in own {
        readers.services.push(service.slug.clone());
        readers.queues.push(service.queue.clone());
        readers.posts.push(service.head_of_service.clone());
        readers.posts.push(service.director.clone());
    }
    for names in [&mut readers.posts, &mut readers.queues] {
        names.sort();
        names.dedup();
    }
    Ok(readers)
}

fn check_posts(at: &Moment, posts: &[String]) -> Result<(), Failure> {
    for (index, post) in posts.iter().enumerate() {
        if at.council.catalogue.post(post).is_none() {
            let detail = format!("There is no post `{post}`.");
            let pointer = format!("/for_posts/{index}");
            return Err(Failure::invalid(&pointer, "unknown_value", detail));
        }
    }
    Ok(())
}

/// What the definitions are told apart by: their own words.
fn version_of(definitions: &[Definition]) -> Result<String, Failure> {
    let text = serde_json::to_vec(definitions).map_err(|why| Failure::Fault(why.into()))?;
    let mut version = hex(&Sha256::digest(&text));
    version.truncate(12);
    Ok(version)
}
