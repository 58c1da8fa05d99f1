//! What is told once a week: to the councillor responsible for a group of services, how many and how
//! late; to whoever owns instructions about people (markers), how many are past their review. Nothing
//! of whom, in either.
//!
//! Written on the first working day of the week, from 9am. The week told of is the one before it,
//! Monday to Sunday; what is open is counted as it stands at that moment.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::ToSpan as _;
use jiff::civil::{Date, Weekday};

use super::chain;
use super::digest::is_digest_time;
use crate::casework::desk::{Desk, Moment};
use crate::casework::failure::Failure;
use crate::casework::letters;
use crate::domain::calendar::WallTime;
use crate::domain::catalogue::{Post, PostKind};
use crate::domain::notice::{Says, ServiceCounts};
use crate::domain::wording;
use crate::store::{Tx, case_figures, markers, outbox, users};

/// The week this process has seen to already, so that it is not asked of the database every second.
/// It is a convenience: what is written twice is kept single by the notice's key.
#[derive(Debug, Default)]
pub struct WeekSeen(Mutex<Option<Date>>);

impl WeekSeen {
    /// Writes the mails that are due, and says how many.
    ///
    /// # Errors
    /// The last failure; the mails to others were written all the same, and this one is tried again
    /// at the next tick.
    pub async fn tell(&self, desk: &Arc<Desk>) -> Result<usize, Failure> {
        let at = desk.moment();
        let monday = monday_of(at.today());
        if self.is_seen(monday) || !is_digest_time(&at) {
            return Ok(0);
        }
        let posts = at.council.catalogue.posts.values();
        let holders = posts.filter(|post| post.kind == PostKind::PortfolioHolder);
        let mut n_written = 0;
        let mut failed = None;
        for slug in holders.map(|post| post.slug.clone()) {
            match desk
                .perform(move |tx, at| write_one(tx, at, &slug, monday))
                .await
            {
                Ok(is_written) => n_written += usize::from(is_written),
                Err(why) => {
                    tracing::error!("Could not write a week's counts: {why:#}");
                    failed = Some(why);
                }
            }
        }
        match desk
            .perform(move |tx, at| ask_to_review(tx, at, monday))
            .await
        {
            Ok(n) => n_written += n,
            Err(why) => {
                tracing::error!("Could not ask for markers to be reviewed: {why:#}");
                failed = Some(why);
            }
        }
        match failed {
            Some(why) => Err(why),
            None => {
                *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(monday);
                Ok(n_written)
            }
        }
    }

    fn is_seen(&self, monday: Date) -> bool {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) == Some(monday)
    }
}

fn write_one(tx: &mut Tx<'_>, at: &Moment, slug: &str, monday: Date) -> Result<bool, Failure> {
    // The week may have passed since the tick began, or the post gone with a new catalogue.
    if monday_of(at.today()) != monday {
        return Ok(false);
    }
    let Some(post) = at.council.catalogue.post(slug) else {
        return Ok(false);
    };
    let key = format!("week:{slug}:{monday}");
    if outbox::was_put(tx, &key)? {
        return Ok(false);
    }
    let services = counts(tx, at, post, monday)?;
    if services.is_empty() {
        return Ok(false);
    }
    let Some(address) = chain::address_of(tx, post, at)? else {
        tracing::warn!(
            post = slug,
            "Nobody can be sent the week's counts: the post is unattended"
        );
        metrics::counter!("escalation_undeliverable_total").increment(1);
        return Ok(false);
    };
    let says = Says::WeeklyCounts {
        post: post.title.clone(),
        week: wording::span(monday - 7.days(), monday - 1.day()),
        services,
    };
    letters::tell_staff(tx, at, None, &address, says, key, at.now)?;
    Ok(true)
}

/// Asks everybody who owns markers past their review to look at them again; for owners who have left,
/// the team leader of the contact centre.
fn ask_to_review(tx: &mut Tx<'_>, at: &Moment, monday: Date) -> Result<usize, Failure> {
    if monday_of(at.today()) != monday {
        return Ok(0);
    }
    let mut n_written = 0;
    for (owner, n_overdue, oldest) in markers::overdue_by_owner(tx, at.today())? {
        let key = format!("reviews:{owner}:{monday}");
        if outbox::was_put(tx, &key)? {
            continue;
        }
        let Some(account) = users::find(tx, owner)? else {
            continue;
        };
        let (address, owner_left) = if account.is_active {
            (Some(account.user.email), None)
        } else {
            let catalogue = &at.council.catalogue;
            let leader = catalogue
                .queue(&catalogue.routing.fallback.queue)
                .map(|queue| &queue.team_leader);
            let address = match leader {
                Some(post) => chain::address_of(tx, post, at)?,
                None => None,
            };
            (address, Some(account.user.name))
        };
        let Some(address) = address else {
            tracing::warn!(
                "Nobody can be asked to review markers: their owner has left, and the team leader's post is unattended"
            );
            metrics::counter!("escalation_undeliverable_total").increment(1);
            continue;
        };
        let says = Says::MarkerReview {
            n_overdue,
            oldest: wording::on_day(oldest),
            owner_left,
        };
        letters::tell_staff(tx, at, None, &address, says, key, at.now)?;
        n_written += 1;
    }
    Ok(n_written)
}

/// The services of a portfolio that have anything to tell, the latest first.
fn counts(
    tx: &mut Tx<'_>,
    at: &Moment,
    post: &Post,
    monday: Date,
) -> Result<Vec<ServiceCounts>, Failure> {
    let catalogue = &at.council.catalogue;
    let start_of = |day: Date| catalogue.calendar.instant(day, WallTime::from_hour(0));
    let week = (start_of(monday - 7.days()), start_of(monday));
    let mut services = Vec::new();
    for service in catalogue.services.values() {
        if service.portfolio != post.slug {
            continue;
        }
        let standing = case_figures::standing(tx, &service.slug, week, at.now)?;
        if standing.came_in == 0 && standing.open == 0 {
            continue;
        }
        let oldest = standing.oldest_received_at;
        services.push(ServiceCounts {
            name: service.name.clone(),
            came_in: standing.came_in.unsigned_abs(),
            open: standing.open.unsigned_abs(),
            late: standing.late.unsigned_abs(),
            oldest_since: oldest.map(|at| wording::on_day(catalogue.calendar.date_of(at))),
        });
    }
    services.sort_by_key(|service| std::cmp::Reverse(service.late));
    Ok(services)
}

fn monday_of(day: Date) -> Date {
    let since_monday = day.weekday().since(Weekday::Monday);
    day - i64::from(since_monday).days()
}
