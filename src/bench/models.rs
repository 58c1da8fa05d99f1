//! Cases to be copied: each comes in at the front door and is worked, at the moments these things
//! would have happened, in a small database of its own. So a copied case holds whatever a real one
//! holds, and nothing here knows which tables there are.
//!
//! Wherever a copy must differ, a *mark* stands: a word that occurs nowhere else and that tells what it
//! stands for. [`super::copies`] puts other words in its place.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;
use jiff::{SignedDuration, Timestamp};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng as _};

use super::spread::{self, Matters};
use crate::auth::secrets;
use crate::casework::actions::{self, Target};
use crate::casework::desk::hex;
use crate::casework::intake::{self, Entry};
use crate::casework::{Desk, Failure, Moment};
use crate::demo::samples::{history, moment};
use crate::domain::access::{Actor, User};
use crate::domain::case::{Audience, Outcome, ReplyKind};
use crate::domain::contact::{Channel, Location};
use crate::domain::enquiry::{Described, Enquiry, Spoken, Who};
use crate::domain::ids::CaseId;
use crate::domain::lifecycle::{AcknowledgedBy, Command};
use crate::domain::person::{Address, PersonKind};
use crate::domain::standard::Acknowledgement;
use crate::store::db::{Address as Place, Opening};
use crate::store::dialect::bulk::{Added, Watch};
use crate::store::users::Account;
use crate::store::{Db, Tx, cases, catalogue, users};
use crate::time_source::TimeSource;

/// The rows of one case and of whoever brought it.
#[derive(Debug, Clone)]
pub struct Model {
    pub rows: Vec<Added>,
    pub is_open: bool,
}

/// What stands where a copy says something of its own. Five letters follow, which tell one model's
/// marks from another's.
pub mod mark {
    /// The person's first name.
    pub const FIRST: &str = "Zqf";
    /// The person's family name.
    pub const LAST: &str = "Zql";
    /// House and street, by themselves on a line.
    pub const HOUSE: &str = "Zqh";
    /// What stands before the `@` of the person's address.
    pub const MAIL: &str = "zqm";
    /// The signs with which a subject begins. Each stands by itself, as in a copy: no word is read there,
    /// so that a copy goes where its model went.
    pub const TITLE: &str = "Z-q-t";
    /// Some words of the text, in a line that quotes: those are kept and found, and not read either.
    pub const WORDS: &str = "Zqw";
}

/// The domain of everybody's address.
pub const MAIL_DOMAIN: &str = "resident.example";

/// The small database, and who works there.
pub struct Workshop {
    desk: Arc<Desk>,
    watch: Arc<Mutex<Watch>>,
    agents: Arc<[User]>,
    officers: Arc<[User]>,
    matters: Arc<Matters>,
    loaded_at: Timestamp,
    _folder: Folder,
}

/// Which cases are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// Of days long gone, answered and closed.
    Closed { years: u32 },
    /// Of the last weeks, and not closed yet.
    Open,
}

/// How one case is to go.
#[derive(Debug, Clone)]
struct Plan {
    enquiry: Enquiry,
    actor: Actor,
    steps: Vec<(Timestamp, Step)>,
    is_open: bool,
}

#[derive(Debug, Clone)]
enum Step {
    Act(Command),
    /// The person asks again.
    AskAgain,
}

/// The last weeks, from which all open cases are.
const OPEN_DAYS: i64 = 42;
/// Closed ones came in before that.
const CLOSED_BEFORE_DAYS: i64 = 60;
/// What an installation has besides its cases, or that only figures are made of.
const NOT_OF_A_CASE: &[&str] = &[
    "__diesel_schema_migrations",
    "api_keys",
    "audit_seals",
    "audit_unsealed",
    "catalogue_versions",
    "day_measures",
    "idempotency",
    "identities",
    "incident_closures",
    "incident_updates",
    "incidents",
    "kept_reports",
    "leases",
    "mailboxes",
    "member_assistants",
    "members",
    "moves",
    "second_factors",
    "sessions",
    "settings",
    "sign_in_links",
    "terms",
    "users",
];

impl Workshop {
    /// Opens it for the council of this desk, whose secrets its links are made with, at the moment of
    /// loading. Those who work there have the accounts they have at the desk.
    ///
    /// # Errors
    /// When it cannot be made.
    pub async fn open(desk: &Arc<Desk>, staff: Vec<Account>) -> anyhow::Result<Self> {
        let folder = Folder::make()?;
        let db = Db::open(&Opening {
            address: Place::Sqlite(folder.0.join("models.db")),
            pool_size: 1,
            allow_unsafe_durability: false,
        })?;
        db.migrate()?;
        let loaded_at = desk.time.now();
        let council = desk.council();
        let own = Desk::new(
            db,
            TimeSource::fixed(loaded_at),
            desk.manners.clone(),
            desk.secrets.clone(),
            council.under(council.catalogue.clone())?,
        );
        let (pinned, accounts) = (Arc::clone(&council), staff.clone());
        own.db
            .write(move |tx| -> Result<(), Failure> {
                pin_all(tx, &pinned)?;
                for account in &accounts {
                    users::insert(tx, account)?;
                }
                Ok(())
            })
            .await?;
        let watch = own.db.at_start(|conn| Watch::begin(conn, NOT_OF_A_CASE))?;
        let of = |role| -> Arc<[User]> {
            let all = staff.iter().map(|account| &account.user);
            all.filter(|user| user.role == role && user.queues == ["*"])
                .cloned()
                .collect()
        };
        Ok(Self {
            agents: of(crate::domain::access::Role::Agent),
            officers: of(crate::domain::access::Role::Officer),
            matters: Arc::new(Matters::of(&council.catalogue)),
            watch: Arc::new(Mutex::new(watch)),
            desk: own,
            loaded_at,
            _folder: folder,
        })
    }

    /// So many cases, in the order they came in. The same numbers make the same ones.
    ///
    /// # Errors
    /// When one cannot be taken in or worked.
    pub async fn make(
        &self,
        n: usize,
        wanted: Wanted,
        first_number: usize,
    ) -> anyhow::Result<Vec<Model>> {
        let mut plans: Vec<(usize, Plan)> = (first_number..first_number + n)
            .map(|number| Ok((number, self.plan(number, wanted)?)))
            .collect::<anyhow::Result<_>>()?;
        plans.sort_by_key(|(_, plan)| plan.enquiry.received_at);
        let plans: Arc<[(usize, Plan)]> = plans.into();
        let (desk, watch, loaded_at) = (
            Arc::clone(&self.desk),
            Arc::clone(&self.watch),
            self.loaded_at,
        );
        let made = self.desk.db.write(move |tx| -> Result<_, Failure> {
            let mut watch = watch.lock().unwrap_or_else(PoisonError::into_inner);
            let mut models = Vec::with_capacity(plans.len());
            for (number, plan) in plans.iter() {
                let is_as_wanted = play(tx, &desk, plan, loaded_at).map_err(|why| {
                    anyhow::Error::from(why).context(format!("making case {number}"))
                })?;
                let rows = watch.added(tx)?;
                if is_as_wanted {
                    models.push(Model {
                        rows,
                        is_open: plan.is_open,
                    });
                }
            }
            Ok(models)
        });
        Ok(made.await?)
    }

    fn plan(&self, number: usize, wanted: Wanted) -> anyhow::Result<Plan> {
        let seed = u64::try_from(number)?.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let mut chance = StdRng::seed_from_u64(seed);
        let council = self.desk.council();
        let calendar = &council.catalogue.calendar;
        let today = calendar.date_of(self.loaded_at);
        let before = |days: i64| {
            today
                .checked_sub(SignedDuration::from_hours(24 * days))
                .context("a day before the calendar begins")
        };
        let days = match wanted {
            Wanted::Closed { years } => (
                before(CLOSED_BEFORE_DAYS + 365 * i64::from(years))?,
                before(CLOSED_BEFORE_DAYS)?,
            ),
            // Most of what is open has come in lately.
            Wanted::Open => {
                let mut one = || chance.random_range(0..=OPEN_DAYS);
                let on = before(one() * one() / OPEN_DAYS)?;
                (on, on)
            }
        };
        let channel = spread::channel(&mut chance);
        let latest = self.loaded_at - SignedDuration::from_mins(5);
        let received_at = spread::instant(&mut chance, calendar, channel, days).min(latest);
        let (service, category) = self
            .matters
            .one(&mut chance)
            .context("the catalogue has no matter anybody may raise")?;
        let officer = pick(&mut chance, &self.officers).context("there is no officer")?;
        let agent = pick(&mut chance, &self.agents).context("there is no agent")?;
        let enquiry = enquiry(
            &mut chance,
            &council.catalogue,
            (service, category),
            channel,
            received_at,
            number,
        );
        let actor = match channel {
            Channel::WebForm => Actor::Anonymous {
                address: "192.0.2.44".to_owned(),
            },
            Channel::Email => Actor::System,
            _ => Actor::User(agent.clone()),
        };
        let (_, terms) = council.terms(service, category)?;
        let is_open = wanted == Wanted::Open;
        let mut wished = vec![Command::Assign {
            owner: Some(officer.id),
        }];
        if terms.standard.acknowledgement != Acknowledgement::Automatic {
            wished.push(Command::Acknowledge {
                how: AcknowledgedBy::Email,
                text: Some("Thank you. I have read what you sent.".to_owned()),
            });
        }
        if chance.random_range(0..3) == 0 {
            wished.push(Command::Note {
                text: "Looked at the records; nothing like it this year.".to_owned(),
                audience: Audience::Staff,
            });
        }
        let mut steps: Vec<Step> = wished.into_iter().map(Step::Act).collect();
        if is_open {
            // Some of the newest have not been touched, others are half way.
            let keep = chance.random_range(0..=steps.len());
            steps.truncate(keep);
        }
        if chance.random_range(0..8) == 0 {
            steps.push(Step::AskAgain);
        }
        if !is_open {
            steps.push(Step::Act(Command::Reply {
                text: "We have looked into it and put it right.".to_owned(),
                kind: ReplyKind::Substantive,
                outcome: Some(Outcome::Resolved),
                general_only: false,
            }));
            steps.push(Step::Act(Command::Close {
                outcome: Outcome::Resolved,
            }));
        }
        // One in ten takes long, and steps of its ladder are taken meanwhile.
        let is_slow = chance.random_range(0..10) == 0;
        let mut at = received_at;
        let mut timed = Vec::new();
        for step in steps {
            let hours = if is_slow {
                chance.random_range(12..48)
            } else {
                chance.random_range(1..10)
            };
            at = calendar.office().add_working_hours(at, hours);
            if at >= latest {
                break;
            }
            timed.push((at, step));
        }
        Ok(Plan {
            enquiry,
            actor,
            steps: timed,
            is_open,
        })
    }
}

/// What somebody sends about a matter, with marks where a copy says something else.
pub fn enquiry(
    chance: &mut impl Rng,
    catalogue: &crate::domain::catalogue::Catalogue,
    (service, category): (&str, &str),
    channel: Channel,
    received_at: Timestamp,
    number: usize,
) -> Enquiry {
    let letters = letters(number);
    let mut enquiry = Enquiry::new(channel, received_at);
    let known = catalogue.category(service, category);
    let phrases: Vec<&str> = known.map_or_else(Vec::new, |(_, category)| {
        spread::phrases(category).collect()
    });
    let name = known.map_or(category, |(_, category)| category.name.as_str());
    enquiry.service = Some(service.to_owned());
    enquiry.category = Some(category.to_owned());
    let apart: String = letters.chars().flat_map(|letter| ['-', letter]).collect();
    enquiry.subject = format!("{}{apart}: {name}", mark::TITLE);
    let said = pick(chance, &phrases).unwrap_or(&"Please have a look.");
    enquiry.body = format!(
        "It is about this: {said}. Thank you.\n> {}{letters}",
        mark::WORDS
    );
    let house = format!("{}{letters}", mark::HOUSE);
    enquiry.location = Some(Location {
        description: Some(house.clone()),
        ..Location::default()
    });
    // One in twenty gives no way back.
    if chance.random_range(0..20) > 0 || channel == Channel::Letter {
        let sector = chance.random_range(1..10);
        let district = chance.random_range(1..10);
        enquiry.who = Who::Described(Described {
            name: Some(format!("{}{letters} {}{letters}", mark::FIRST, mark::LAST)),
            kind: Some(PersonKind::Resident),
            email: Some(format!("{}{letters}@{MAIL_DOMAIN}", mark::MAIL)),
            address: Some(Address {
                lines: vec![house, "Northmere".to_owned()],
                postcode: Some(format!("ZZ{district} {sector}AA")),
                uprn: None,
            }),
            ..Described::default()
        });
    }
    if !spread::is_written(channel) {
        enquiry.acknowledged = Some(Spoken { at: received_at });
    }
    enquiry
}

/// A number in five letters.
#[must_use]
pub fn letters(number: usize) -> String {
    let mut rest = number;
    let mut text = String::with_capacity(5);
    for _ in 0..5 {
        let letter = u8::try_from(rest % 26).unwrap_or(0);
        text.push(char::from(b'a' + letter));
        rest /= 26;
    }
    text
}

/// Every matter's terms, as intake would pin them when its first case comes in.
///
/// # Errors
/// When they cannot be written.
pub(super) fn pin_all(
    tx: &mut Tx<'_>,
    council: &crate::casework::desk::Council,
) -> Result<(), Failure> {
    for (service, category) in council.catalogue.categories() {
        let (id, terms) = council.terms(&service.slug, &category.slug)?;
        catalogue::pin(tx, &id, &terms)?;
    }
    Ok(())
}

/// One of some.
pub(super) fn pick<'a, T>(chance: &mut impl Rng, all: &'a [T]) -> Option<&'a T> {
    if all.is_empty() {
        return None;
    }
    all.get(chance.random_range(0..all.len()))
}

/// Takes a case in and lets happen what happened. Says whether it came to what it was planned for:
/// one case of ordinary people, as open or closed as it should be.
fn play(
    tx: &mut Tx<'_>,
    desk: &Arc<Desk>,
    plan: &Plan,
    loaded_at: Timestamp,
) -> Result<bool, Failure> {
    let at = moment(desk, plan.enquiry.received_at);
    let placement = intake::trial(&at, &plan.enquiry)?;
    if placement.danger.is_some() || !placement.linked.is_empty() || !placement.is_placed {
        return Ok(false);
    }
    let entry = Entry::by(plan.actor.clone());
    let received = intake::receive(tx, &at, &plan.enquiry, &entry)?;
    let Some(case) = received.contact.case else {
        return Ok(false);
    };
    // A confirmation leaves within seconds.
    let sent_at = at.now + SignedDuration::from_secs(2);
    history::deliver(tx, &moment(desk, sent_at), case)?;
    for (happened_at, step) in &plan.steps {
        history::pass(tx, desk, case, *happened_at)?;
        let at = moment(desk, *happened_at);
        take_step(tx, &at, plan, case, step)?;
        let sent_at = *happened_at + SignedDuration::from_secs(desk.manners.undo_seconds + 2);
        history::deliver(tx, &moment(desk, sent_at), case)?;
    }
    history::pass(tx, desk, case, loaded_at)?;
    let filed = cases::find(tx, case)?.ok_or(Failure::Missing)?;
    Ok(filed.case.is_closed() != plan.is_open)
}

fn take_step(
    tx: &mut Tx<'_>,
    at: &Moment,
    plan: &Plan,
    case: CaseId,
    step: &Step,
) -> Result<(), Failure> {
    let target = Target::Id(case);
    let command = match step {
        Step::Act(command) => command,
        Step::AskAgain => {
            // Who asks again has proved who they are: their record is the first one, and so is their link.
            let filed = cases::find(tx, case)?.ok_or(Failure::Missing)?;
            let again = Enquiry {
                who: filed.case.reporter.map_or(Who::Nobody, Who::Known),
                body: format!("Is there any news? {}", plan.enquiry.body),
                received_at: at.now,
                acknowledged: None,
                ..plan.enquiry.clone()
            };
            let entry = Entry {
                case: Some(case),
                ..Entry::by(plan.actor.clone())
            };
            intake::receive(tx, at, &again, &entry)?;
            return Ok(());
        }
    };
    let filed = cases::find(tx, case)?.ok_or(Failure::Missing)?;
    let acting = match command {
        Command::Assign { owner } => *owner,
        _ => filed.case.owner,
    };
    let Some(account) = acting.map_or(Ok(None), |officer| users::find(tx, officer))? else {
        return Ok(());
    };
    match actions::act(tx, at, &Actor::User(account.user), &target, command, None) {
        // Not every case can be answered: some people left no address. It goes on without.
        Ok(_)
        | Err(
            Failure::Refused(_)
            | Failure::Conflict {
                code: "no_address", ..
            },
        ) => Ok(()),
        Err(why) => Err(why),
    }
}

/// A folder that goes with whoever holds it: in memory where the system has such a place, since what
/// lies in it need not outlive the process.
struct Folder(PathBuf);

impl Folder {
    fn make() -> anyhow::Result<Self> {
        let memory = PathBuf::from("/dev/shm");
        let parent = if memory.is_dir() {
            memory
        } else {
            std::env::temp_dir()
        };
        let name = format!("reeve-models-{}", hex(&secrets::random_bytes::<8>()));
        let path = parent.join(name);
        std::fs::create_dir(&path).with_context(|| format!("making {}", path.display()))?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(why) = std::fs::remove_dir_all(&self.0) {
            tracing::warn!("Could not remove {}: {why}", self.0.display());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::dialect::bulk;

    #[test]
    fn every_table_a_case_can_stand_in_is_copied() {
        let folder = Folder::make().unwrap();
        let db = Db::open(&Opening {
            address: Place::Sqlite(folder.0.join("empty.db")),
            pool_size: 1,
            allow_unsafe_durability: false,
        })
        .unwrap();
        db.migrate().unwrap();
        let watch = db
            .at_start(|conn| Watch::begin(conn, NOT_OF_A_CASE))
            .unwrap();
        let mut taken: Vec<&str> = bulk::TAKEN.to_vec();
        // Seals are made anew for the copies.
        taken.retain(|table| *table != "audit_seals");
        taken.sort_unstable();
        let watched: Vec<&str> = watch.tables().collect();
        assert_eq!(watched, taken);
    }
}
