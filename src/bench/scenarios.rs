//! What callers ask of a Reeve that is measured: one scenario for each thing that people do all day.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Context as _;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde_json::{Value, json};

use super::caller::Caller;
use super::models::{MAIL_DOMAIN, pick};
use super::rounds::Ask;

/// One thing that is asked again and again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scenario {
    /// A web form's words logged by an officer, of somebody who was never in touch.
    NewPerson,
    /// Of somebody on the books.
    KnownPerson,
    /// Somebody on the books asks again about an open case.
    Joining,
    /// A raw e-mail of somebody who was never in touch.
    RawMail,
    /// A case by its reference.
    Read,
    /// The 25 open cases of a queue that are most at risk.
    QueueList,
    /// Cases in which a word stands.
    Search,
    /// People by their e-mail address.
    FindPerson,
    /// A resident opens their secret link.
    Track,
    /// The case most at risk that nobody has.
    TakeNext,
    /// How promises were kept in a year, by service.
    Report,
}

/// What there is to ask about, drawn from the database beforehand.
#[derive(Debug, Clone)]
pub struct Sample {
    pub references: Vec<String>,
    /// Open cases and who is on them.
    pub open: Vec<(String, String)>,
    /// People on the books: their ids and addresses.
    pub people: Vec<(String, String)>,
    /// Links of residents.
    pub tokens: Vec<String>,
    /// The queue in which most is open.
    pub queue: String,
    /// The one to which all goes that is taken in here, so that there is always something to take.
    pub filled: String,
    pub words: Vec<String>,
    /// A year up to now.
    pub year: (String, String),
}

/// Those who call.
#[derive(Debug, Clone)]
pub struct Callers {
    pub officers: Vec<Caller>,
    pub auditor: Caller,
    pub mail_gateway: Caller,
    pub nobody: Caller,
}

/// The matter of everything that is taken in: service and category.
pub const MATTER: (&str, &str) = ("waste-collection", "new-container");

/// What is said of it, which intake reads.
const SAID: &[&str] = &[
    "Please could we have a new recycling box, as ours was split by the frost.",
    "The lid of our brown bin has come off and cannot be put back.",
    "We moved in last week and there is no bin for garden waste at the house.",
    "Could you send a bigger bin for paper, since there are six of us now?",
    "The wheel of our green bin is broken and it does not roll any more.",
    "Our food caddy was taken with the rubbish and has not come back.",
    "I asked a neighbour and was told to write to you for another bin.",
    "It would help to know on which day somebody will bring it.",
];

/// Makes what is sent different each time, in all rounds.
static SENT: AtomicUsize = AtomicUsize::new(0);

impl Scenario {
    /// As the table names it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NewPerson => "intake, new person",
            Self::KnownPerson => "intake, known person",
            Self::Joining => "intake, joining a case",
            Self::RawMail => "intake, raw e-mail",
            Self::Read => "case by reference",
            Self::QueueList => "queue, 25 most at risk",
            Self::Search => "search by a word",
            Self::FindPerson => "person by address",
            Self::Track => "tracking by link",
            Self::TakeNext => "take next",
            Self::Report => "performance report, a year",
        }
    }

    /// So many who ask for it.
    #[must_use]
    pub fn callers<'a>(
        self,
        callers: &'a Callers,
        sample: &'a Sample,
        n: usize,
        run: u64,
    ) -> Vec<Ask<'a>> {
        (0..n)
            .map(|place| self.caller(callers, sample, place, run))
            .collect()
    }

    fn caller<'a>(
        self,
        callers: &'a Callers,
        sample: &'a Sample,
        place: usize,
        run: u64,
    ) -> Ask<'a> {
        let seed = run.wrapping_add(u64::try_from(place).unwrap_or(0).wrapping_mul(0x9E37_79B9));
        let mut chance = StdRng::seed_from_u64(seed);
        let officers = &callers.officers;
        let by = match self {
            Self::RawMail => &callers.mail_gateway,
            Self::Report => &callers.auditor,
            Self::Track => &callers.nobody,
            _ => officers
                .get(place % officers.len().max(1))
                .unwrap_or(&callers.nobody),
        };
        // A connection of their own.
        let by = by.again();
        Box::new(move || self.ask(&by, sample, &mut chance, run))
    }

    fn ask(
        self,
        by: &Caller,
        sample: &Sample,
        chance: &mut StdRng,
        run: u64,
    ) -> anyhow::Result<()> {
        let nothing = "there is nothing to ask about";
        match self {
            Self::NewPerson | Self::KnownPerson | Self::Joining => {
                let number = SENT.fetch_add(1, Ordering::Relaxed);
                let body = self.contact(sample, chance, run, number).context(nothing)?;
                let key = format!("bench-{run}-{number}");
                let sent = by.post(
                    "/v1/contacts",
                    &[("idempotency-key", &key)],
                    &serde_json::to_vec(&body)?,
                )?;
                Caller::expect(sent, &[201])?;
            }
            Self::RawMail => {
                let number = SENT.fetch_add(1, Ordering::Relaxed);
                let mail = raw_mail(run, number);
                let headers = [("content-type", "message/rfc822")];
                let sent = by.post("/v1/channels/email/messages", &headers, mail.as_bytes())?;
                Caller::expect(sent, &[202])?;
            }
            Self::Read => {
                let reference = pick(chance, &sample.references).context(nothing)?;
                Caller::expect(by.get(&format!("/v1/cases/{reference}"))?, &[200])?;
            }
            Self::QueueList => {
                let path = format!(
                    "/v1/cases?queue={}&status=new,open,waiting,responded&limit=25",
                    sample.queue
                );
                Caller::expect(by.get(&path)?, &[200])?;
            }
            Self::Search => {
                let word = pick(chance, &sample.words).context(nothing)?;
                Caller::expect(by.get(&format!("/v1/cases?q={word}&limit=25"))?, &[200])?;
            }
            Self::FindPerson => {
                let (_, email) = pick(chance, &sample.people).context(nothing)?;
                let body = serde_json::to_vec(&json!({"email": email}))?;
                Caller::expect(by.post("/v1/people/searches", &[], &body)?, &[200])?;
            }
            Self::Track => {
                let token = pick(chance, &sample.tokens).context(nothing)?;
                let follower = by.as_bearer(token);
                Caller::expect(follower.get("/v1/public/tracking")?, &[200])?;
            }
            Self::TakeNext => {
                let path = format!("/v1/queues/{}/next", sample.filled);
                Caller::expect(by.post(&path, &[], b"{}")?, &[201])?;
            }
            Self::Report => {
                let (from, to) = &sample.year;
                let path =
                    format!("/v1/reports/performance?from_on={from}&to_on={to}&group_by=service");
                Caller::expect(by.get(&path)?, &[200])?;
            }
        }
        Ok(())
    }

    fn contact(
        self,
        sample: &Sample,
        chance: &mut StdRng,
        run: u64,
        number: usize,
    ) -> Option<Value> {
        let mut words = Vec::new();
        for _ in 0..20 {
            words.push(pick(chance, &sample.words)?.as_str());
        }
        let house = format!("{} Sample Street {}", number % 900 + 1, number / 900);
        let (service, category) = MATTER;
        let (said, more) = (pick(chance, SAID)?, pick(chance, SAID)?);
        let mut body = json!({
            "channel": "web_form",
            "subject": format!("Report {number}"),
            // Words drawn by chance would now and then tell of danger, which wakes people; in a line that
            // quotes they are kept and found, and not read.
            "body": format!("{said} {more}\n> {}", words.join(" ")),
            "service": service,
            "category": category,
            "location": {"description": house},
        });
        let members = body.as_object_mut()?;
        match self {
            Self::NewPerson => {
                let person = json!({
                    "name": "Ada Quillfeather",
                    "kind": "resident",
                    "email": format!("new.{run}.{number}@{MAIL_DOMAIN}"),
                    "address": {"lines": [house, "Northmere"], "postcode": "ZZ1 4AA"},
                });
                members.insert("person".to_owned(), person);
            }
            Self::KnownPerson => {
                let (id, _) = pick(chance, &sample.people)?;
                members.insert("person_id".to_owned(), json!(id));
            }
            _ => {
                let (reference, person) = pick(chance, &sample.open)?;
                members.insert("case".to_owned(), json!(reference));
                members.insert("person_id".to_owned(), json!(person));
                members.remove("service");
                members.remove("category");
            }
        }
        Some(body)
    }
}

/// A mail as somebody's program writes it.
fn raw_mail(run: u64, number: usize) -> String {
    format!(
        "From: Ada Quillfeather <mail.{run}.{number}@{MAIL_DOMAIN}>\r\n\
         To: Northmere Council <contact@council.example>\r\n\
         Date: Mon, 02 Nov 2026 09:14:00 +0000\r\n\
         Message-ID: <bench-{run}-{number}@{MAIL_DOMAIN}>\r\n\
         Subject: Missed bin\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\r\n\
         Black bin not emptied yesterday.\r\n{number} Larkfield Rise.\r\n\r\nAda\r\n"
    )
}

/// A mixed day: so many of each for every contact that comes in.
pub const MIXED: &[(Scenario, u32)] = &[
    (Scenario::NewPerson, 12),
    (Scenario::KnownPerson, 4),
    (Scenario::Joining, 2),
    (Scenario::RawMail, 4),
    (Scenario::Read, 200),
    (Scenario::QueueList, 100),
    (Scenario::FindPerson, 20),
    (Scenario::Track, 60),
];

/// Callers of a mixed day.
#[must_use]
pub fn mixed<'a>(
    callers: &'a Arc<Callers>,
    sample: &'a Sample,
    n: usize,
    run: u64,
) -> Vec<Ask<'a>> {
    let total: u32 = MIXED.iter().map(|(_, weight)| weight).sum();
    (0..n)
        .map(|place| -> Ask<'a> {
            let seed = run ^ u64::try_from(place).unwrap_or(0);
            let mut chance = StdRng::seed_from_u64(seed);
            let mut asks: Vec<(u32, Ask<'a>)> = MIXED
                .iter()
                .map(|(scenario, weight)| (*weight, scenario.caller(callers, sample, place, run)))
                .collect();
            Box::new(move || {
                let mut drawn = chance.random_range(0..total);
                for (weight, ask) in &mut asks {
                    if drawn < *weight {
                        return ask();
                    }
                    drawn -= *weight;
                }
                Ok(())
            })
        })
        .collect()
}

/// How many of the requests of a mixed day are contacts, of so many.
#[must_use]
pub fn contacts_among_mixed() -> (u32, u32) {
    let is_contact = |scenario: Scenario| {
        matches!(
            scenario,
            Scenario::NewPerson | Scenario::KnownPerson | Scenario::Joining | Scenario::RawMail
        )
    };
    let contacts = MIXED.iter().filter(|(scenario, _)| is_contact(*scenario));
    (
        contacts.map(|(_, weight)| weight).sum(),
        MIXED.iter().map(|(_, weight)| weight).sum(),
    )
}
