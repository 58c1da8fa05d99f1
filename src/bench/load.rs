//! Fills an empty database with as many cases as one likes: a few are made through the front door, the
//! rest are their copies.
//!
//! Copies of one case share its instants and its matter. They differ in everything by which rows are
//! found or told apart: ids, references, people, places, words, links. Some are about people who have
//! been in touch before.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Context as _;
use jiff::Timestamp;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde::{Deserialize, Serialize};

use super::copies::{Pattern, Person, Press, vocabulary};
use super::models::{Model, Wanted, Workshop, pick, pin_all};
use super::{LOADED, cast, claim, spread};
use crate::app::Ground;
use crate::casework::audit::{self, Chain};
use crate::casework::{Desk, catalogue};
use crate::config::{Settings, embedded};
use crate::demo::people;
use crate::store::dialect::bulk::{self, Writer};
use crate::store::users::Account;
use crate::store::{Db, StoreError, measures, settings, users};

/// How much is loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Amount {
    pub n_cases: usize,
    /// Of them not closed yet.
    pub n_open: usize,
    pub years: u32,
    /// So many copies of each case that was made, at most.
    pub copies: usize,
}

/// What stands in a loaded database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loaded {
    pub n_cases: usize,
    pub n_open: usize,
    pub n_people: usize,
    /// Cases that were made and not copied.
    pub n_models: usize,
    pub loaded_at: Timestamp,
}

/// So many cases are made before they are copied and let go.
const MADE_AT_ONCE: usize = 64;
/// Days summed up in one transaction.
const DAYS_AT_ONCE: i64 = 500;
/// Of a hundred copies, so many are about somebody who has been in touch before, where there is one.
const KNOWN: u32 = 40;
/// People of each postcode who may be in touch again.
const REMEMBERED: usize = 64;
/// A batch in which nothing came to what it was planned for is a defect.
const MOST_FRUITLESS: usize = 20;

/// Fills the database these settings name.
///
/// # Errors
/// [`super::NotOurs`] when it is not empty; else what stands in the way.
pub async fn load(settings: Settings, amount: Amount) -> anyhow::Result<Loaded> {
    let db = crate::app::open_database(&settings)?;
    db.migrate().context("bringing the database up to date")?;
    claim(&db).await?;
    let now = crate::time_source::TimeSource::System.now();
    let northmere =
        embedded::northmere().map_err(|faults| anyhow::anyhow!("Northmere: {faults:?}"))?;
    catalogue::load_or_store(&db, &northmere, now).await?;
    drop(db);
    let ground = Ground::visit(settings).await?;
    let desk = ground.council_desk().await?;
    fill(&desk, amount).await
}

/// Fills the empty database of a desk.
///
/// # Errors
/// [`super::NotOurs`] when it is not empty; else what stands in the way.
pub async fn fill(desk: &Arc<Desk>, amount: Amount) -> anyhow::Result<Loaded> {
    anyhow::ensure!(
        amount.n_open <= amount.n_cases,
        "more are open than there are"
    );
    claim(&desk.db).await?;
    let staff = settle_in(desk).await?;
    while audit::seal(desk).await? > 0 {}
    let last = desk.db.read(crate::store::audit::last_seal).await?;
    let council = desk.council();
    let words = vocabulary(
        council
            .catalogue
            .categories()
            .flat_map(|(_, category)| spread::phrases(category)),
    );
    let loaded_at = desk.time.now();
    let mut press = Press::new(
        StdRng::seed_from_u64(u64::try_from(amount.n_cases)?),
        desk.secrets.tracking.clone(),
        words,
        Chain::after(last, loaded_at),
        loaded_at,
    );
    let workshop = Workshop::open(desk, staff).await?;
    let db = desk.db.clone();
    let handle = tokio::runtime::Handle::current();
    let (n_people, n_models) = tokio::task::spawn_blocking(move || {
        db.at_start(|conn| {
            let mut counted = (0, 0);
            bulk::load(conn, |writer| {
                counted = handle.block_on(print_all(&workshop, &mut press, writer, amount))?;
                Ok(())
            })?;
            Ok(counted)
        })
    })
    .await??;
    let loaded = Loaded {
        n_cases: amount.n_cases,
        n_open: amount.n_open,
        n_people,
        n_models,
        loaded_at,
    };
    sum_up(&desk.db).await?;
    note(&desk.db, &loaded).await?;
    Ok(loaded)
}

/// Accounts, keys and the terms of every matter.
async fn settle_in(desk: &Arc<Desk>) -> anyhow::Result<Vec<Account>> {
    let council = desk.council();
    let catalogue = Arc::clone(&council);
    let cast = desk
        .read(move |conn, _| Ok(cast(conn, &catalogue.catalogue)?))
        .await?;
    let staff = desk
        .perform(move |tx, at| {
            people::add_missing(tx, at, &cast)?;
            pin_all(tx, &council)?;
            let mut staff = Vec::new();
            for user in &cast.users {
                staff.extend(users::find_by_email(tx, &user.email)?);
            }
            Ok(staff)
        })
        .await?;
    Ok(staff)
}

/// As the worker does by and by, many days in one transaction.
async fn sum_up(db: &Db) -> anyhow::Result<()> {
    loop {
        let n_days = db
            .write(|tx| -> Result<usize, StoreError> {
                let days = measures::unrolled_days(tx, DAYS_AT_ONCE)?;
                for day in &days {
                    measures::roll(tx, *day)?;
                }
                Ok(days.len())
            })
            .await?;
        if n_days == 0 {
            return Ok(());
        }
    }
}

async fn note(db: &Db, loaded: &Loaded) -> anyhow::Result<()> {
    let text = serde_json::to_string(loaded)?;
    db.write(move |tx| -> Result<(), StoreError> { settings::set(tx, LOADED, &text) })
        .await?;
    Ok(())
}

async fn print_all(
    workshop: &Workshop,
    press: &mut Press<StdRng>,
    writer: &mut Writer<'_>,
    amount: Amount,
) -> anyhow::Result<(usize, usize)> {
    let mut printing = Printing {
        workshop,
        remembered: BTreeMap::new(),
        n_people: 0,
        n_models: 0,
        n_planned: 0,
        copies: amount.copies.max(1),
    };
    let years = amount.years.max(1);
    let closed = Wanted::Closed { years };
    let n_closed = amount.n_cases - amount.n_open;
    printing.print(press, writer, closed, n_closed).await?;
    printing
        .print(press, writer, Wanted::Open, amount.n_open)
        .await?;
    Ok((printing.n_people, printing.n_models))
}

struct Printing<'w> {
    workshop: &'w Workshop,
    /// Those who may be in touch again, by the postcode at which they live: a case is in the ward of its
    /// person.
    remembered: BTreeMap<String, Vec<Person>>,
    n_people: usize,
    n_models: usize,
    n_planned: usize,
    copies: usize,
}

impl Printing<'_> {
    async fn print(
        &mut self,
        press: &mut Press<StdRng>,
        writer: &mut Writer<'_>,
        wanted: Wanted,
        n_cases: usize,
    ) -> anyhow::Result<()> {
        let mut n_left = n_cases;
        let mut n_fruitless = 0;
        while n_left > 0 {
            let n = MADE_AT_ONCE.min(n_left.div_ceil(self.copies));
            let models = self.workshop.make(n, wanted, self.n_planned).await?;
            self.n_planned += n;
            n_fruitless = if models.is_empty() {
                n_fruitless + 1
            } else {
                0
            };
            anyhow::ensure!(
                n_fruitless < MOST_FRUITLESS,
                "no case came to what was planned"
            );
            for model in &models {
                let n = self.copies.min(n_left);
                self.copy(press, writer, model, n)?;
                n_left -= n;
            }
        }
        Ok(())
    }

    fn copy(
        &mut self,
        press: &mut Press<StdRng>,
        writer: &mut Writer<'_>,
        model: &Model,
        n: usize,
    ) -> anyhow::Result<()> {
        let pattern = Pattern::of(model, writer)?;
        self.n_models += 1;
        for nth in 0..n {
            // The first is the case as it was made, which was of somebody new.
            let known = if nth > 0 {
                self.known(press, &pattern)
            } else {
                None
            };
            let mut person = known.unwrap_or_else(|| press.person());
            let is_new = !person.is_known;
            press.print(&pattern, &mut person, writer)?;
            if is_new && pattern.has_person() {
                self.remember(press, &pattern, person);
            }
        }
        Ok(())
    }

    /// Somebody who lives there and had been in touch by then, now and again.
    fn known(&self, press: &mut Press<StdRng>, pattern: &Pattern) -> Option<Person> {
        let there = self.remembered.get(pattern.postcode.as_ref()?)?;
        if press.chance.random_range(0..100) >= KNOWN {
            return None;
        }
        let known = pick(&mut press.chance, there)?;
        pattern.is_after(known).then(|| known.clone())
    }

    fn remember(&mut self, press: &mut Press<StdRng>, pattern: &Pattern, person: Person) {
        self.n_people += 1;
        let Some(postcode) = &pattern.postcode else {
            return;
        };
        let there = self.remembered.entry(postcode.clone()).or_default();
        if there.len() >= REMEMBERED {
            let place = press.chance.random_range(0..there.len());
            if let Some(forgotten) = there.get_mut(place) {
                *forgotten = person;
            }
        } else {
            there.push(person);
        }
    }
}
