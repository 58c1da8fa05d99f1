//! Reports that are made by themselves: of each period once, on the first working day after it, also
//! after a time in which nothing ran. The posts they are for are mailed where the report is, and no
//! figure.
//!
//! The report and its mails are one transaction, and a schedule has one report of a period: replicas and
//! retries make no second one. What a clock made that ran ahead stays, and the period has its own in time.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::SignedDuration;
use jiff::civil::Date;

use super::{KeptReport, Wanted, make};
use crate::casework::desk::{Desk, Moment};
use crate::casework::escalation::{address_of, is_digest_time};
use crate::casework::failure::Failure;
use crate::casework::letters;
use crate::casework::performance::Period;
use crate::domain::access::Actor;
use crate::domain::notice::Says;
use crate::domain::report::ReportSchedule;
use crate::domain::wording;
use crate::store::kept_reports as store;
use crate::store::{StoreError, Tx, settings};

/// So many periods are made up for, the last ones.
const MOST_MADE_UP_FOR: usize = 24;
/// Clocks of replicas differ by less than this; what was made later than that is of a time that was not.
const CLOCKS_DIFFER: SignedDuration = SignedDuration::from_hours(1);

/// The day this process has seen to already, under which version of the catalogue, so that the database
/// is not asked every second.
#[derive(Debug, Default)]
pub struct DaySeen(Mutex<Option<(Date, u64)>>);

impl DaySeen {
    /// Makes the reports that are due, and says how many.
    ///
    /// # Errors
    /// The last failure; the other reports were made all the same, and this one is tried again at the
    /// next tick.
    pub async fn make(&self, desk: &Arc<Desk>) -> Result<usize, Failure> {
        let at = desk.moment();
        let now = (at.today(), at.council.catalogue.version);
        if self.is_seen(now) || !is_digest_time(&at) {
            return Ok(0);
        }
        let slugs: Vec<String> = at.council.catalogue.reports.keys().cloned().collect();
        let (mut n_made, mut failed) = (0, None);
        for slug in slugs {
            match make_due(desk, &slug).await {
                Ok(n) => n_made += n,
                Err(why) => {
                    tracing::error!(schedule = slug, "Could not make a report: {why:#}");
                    failed = Some(why);
                }
            }
        }
        match failed {
            Some(why) => Err(why),
            None => {
                *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
                Ok(n_made)
            }
        }
    }

    fn is_seen(&self, now: (Date, u64)) -> bool {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) == Some(now)
    }
}

/// Makes every report of a schedule that is due, each in a transaction of its own.
async fn make_due(desk: &Arc<Desk>, slug: &str) -> Result<usize, Failure> {
    let own = slug.to_owned();
    let periods = desk.perform(move |tx, at| due(tx, at, &own)).await?;
    let mut n_made = 0;
    for period in periods {
        let own = slug.to_owned();
        let made = desk
            .perform(move |tx, at| make_one(tx, at, &own, period))
            .await;
        match made {
            Ok(is_made) => n_made += usize::from(is_made),
            // Another replica was quicker by less than a transaction.
            Err(Failure::Store(StoreError::Taken(_))) => {}
            Err(other) => return Err(other),
        }
    }
    Ok(n_made)
}

/// The periods that are over and have no report yet, the earliest first. A schedule begins with the first
/// one that ends after it was seen for the first time: a new installation tells nothing of the time before.
fn due(tx: &mut Tx<'_>, at: &Moment, slug: &str) -> Result<Vec<Period>, Failure> {
    let Some(schedule) = at.council.catalogue.reports.get(slug) else {
        return Ok(Vec::new());
    };
    let key = format!("reports_since:{slug}");
    let since = settings::set_once(tx, &key, &at.today().to_string())?;
    let since: Date = since
        .parse::<Date>()
        .map_err(|why| StoreError::Unreadable(format!("{key}: {why}")))?;
    let mut periods = Vec::new();
    let mut before = at.today();
    while periods.len() < MOST_MADE_UP_FOR {
        let (from_on, to_on) = schedule.every.period_before(before);
        if to_on < since || was_made(tx, at, slug, (from_on, to_on))? {
            break;
        }
        periods.push(Period { from_on, to_on });
        before = from_on;
    }
    periods.reverse();
    Ok(periods)
}

/// Whether the report of a period is there. One that a clock made which ran ahead is not it: it was made
/// before the period was over.
fn was_made(
    tx: &mut Tx<'_>,
    at: &Moment,
    slug: &str,
    period: (Date, Date),
) -> Result<bool, Failure> {
    let made = store::made_at(tx, slug, period)?;
    Ok(made
        .iter()
        .any(|made_at| *made_at <= at.now + CLOCKS_DIFFER))
}

fn make_one(tx: &mut Tx<'_>, at: &Moment, slug: &str, period: Period) -> Result<bool, Failure> {
    // Two replicas come to it at the same second: whoever is second finds it made.
    settings::hold(tx, &format!("report:{slug}"))?;
    // It may have gone with a new catalogue, or been made, since the tick began.
    let Some(schedule) = at.council.catalogue.reports.get(slug) else {
        return Ok(false);
    };
    if was_made(tx, at, slug, (period.from_on, period.to_on))? {
        return Ok(false);
    }
    let wanted = Wanted {
        kind: schedule.kind,
        period,
        portfolio: schedule.portfolio.clone(),
        partner: schedule.partner.clone(),
        for_posts: schedule.for_posts.clone(),
        schedule: Some(slug.to_owned()),
    };
    let report = make(tx, at, &Actor::System, &wanted)?;
    tell(tx, at, schedule, &report)?;

    Ok(true)
}

/// Mails the link to each post it is for.
fn tell(
    tx: &mut Tx<'_>,
    at: &Moment,
    schedule: &ReportSchedule,
    report: &KeptReport,
) -> Result<(), Failure> {
    for slug in &schedule.for_posts {
        let Some(post) = at.council.catalogue.post(slug) else {
            continue;
        };
        let Some(address) = address_of(tx, post, at)? else {
            tracing::warn!(
                post = slug,
                "Nobody can be sent a report: the post is unattended"
            );
            metrics::counter!("escalation_undeliverable_total").increment(1);
            continue;
        };
        let says = Says::ReportKept {
            post: post.title.clone(),
            title: report.title.clone(),
            period: wording::span(report.from_on, report.to_on),
            link: format!("{}/reports/{}", at.desk.manners.public_url, report.id),
        };
        let key = format!("report:{}:{slug}", report.id);
        letters::tell_staff(tx, at, None, &address, says, key, at.now)?;
    }
    Ok(())
}
