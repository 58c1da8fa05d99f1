//! A council for one test: its own database, its own clock, and its mail kept in memory.

use std::sync::{Arc, Mutex, OnceLock};

use jiff::{SignedDuration, Timestamp};
use reeve::casework::desk::{Council, Manners, Secrets};
use reeve::casework::intake::{self, Entry};
use reeve::casework::{Desk, actions, escalation};
use reeve::channels::email_in::Bounce;
use reeve::config::embedded;
use reeve::domain::access::{Actor, Role, User};
use reeve::domain::catalogue::Catalogue;
use reeve::domain::contact::Channel;
use reeve::domain::enquiry::{Described, Enquiry, Who};
use reeve::domain::ids::{CaseId, UserId};
use reeve::domain::lifecycle::Command;
use reeve::domain::person::PersonKind;
use reeve::jobs;
use reeve::notify::mail::Sendable;
use reeve::notify::pump::Pump;
use reeve::notify::transport::Transport;
use reeve::store::cases::Filed;
use reeve::store::db::{Address, Opening};
use reeve::store::escalations::Taken;
use reeve::store::outbox::Notice;
use reeve::store::users::Account;
use reeve::store::{Db, cases, escalations, events, outbox, users};
use reeve::time_source::TimeSource;

pub struct Office {
    pub desk: Arc<Desk>,
    pub pump: Arc<Pump>,
    sent: Arc<Mutex<Vec<Sendable>>>,
    _folder: tempfile::TempDir,
}

/// A mail server's word that there is nobody at an address.
pub fn gone() -> Bounce {
    Bounce {
        status: Some("5.1.1".to_owned()),
        is_final: true,
        is_no_address: true,
        ..Bounce::default()
    }
}

/// A mail that left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    pub to: String,
    pub kind: String,
    pub cases: Vec<String>,
    pub message_id: String,
    pub text: String,
}

pub const HEAD: &str = "head.of.waste.and.street.scene@council.example";
pub const DEPUTY_HEAD: &str = "deputy.head.of.waste.and.street.scene@council.example";
pub const TEAM_LEADER: &str = "team.leader.waste-ops@council.example";
pub const OFFICER: &str = "officer@council.example";

pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

impl Office {
    pub fn open(now: &str) -> Self {
        Self::with(now, northmere().clone())
    }

    /// A council whose posts read differently.
    pub fn with_posts(now: &str, change: impl Fn(String) -> String) -> Self {
        let files: Vec<(String, String)> = embedded::northmere_files()
            .into_iter()
            .map(|(path, text)| {
                if path == "posts.toml" {
                    (path, change(text))
                } else {
                    (path, text)
                }
            })
            .collect();
        let changed =
            Catalogue::load(&files, embedded::bank_holidays(), &embedded::standards()).unwrap();
        Self::with(now, changed)
    }

    fn with(now: &str, catalogue: Catalogue) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let address = Address::Sqlite(folder.path().join("reeve.db"));
        let db = Db::open(&Opening {
            address,
            pool_size: 4,
            allow_unsafe_durability: false,
        })
        .unwrap();
        db.migrate().unwrap();
        let manners = Manners {
            public_url: "https://reports.council.example".to_owned(),
            undo_seconds: 120,
            redirect_all_to: None,
            tracking_days: 400,
            survey: reeve::domain::survey::Sampling::OFF,
        };
        let secrets = Secrets {
            tracking: vec![7; 32],
            loop_token: "loop".to_owned(),
        };
        let council = Council::new(catalogue, &[]).unwrap();
        let desk = Desk::new(db, TimeSource::fixed(at(now)), manners, secrets, council);
        let (transport, sent) = Transport::memory();
        let pump = jobs::pump_of(&desk, transport, 4);
        Self {
            desk,
            pump,
            sent,
            _folder: folder,
        }
    }

    pub fn now(&self) -> Timestamp {
        self.desk.time.now()
    }

    /// Moves the clock, then does and sends all that has fallen due; answers the mails that left.
    pub async fn at(&self, now: &str) -> Vec<Mail> {
        self.desk.time.move_to(at(now)).unwrap();
        self.tick().await
    }

    pub async fn later(&self, by: SignedDuration) -> Vec<Mail> {
        let now = self.now() + by;
        self.desk.time.move_to(now).unwrap();
        self.tick().await
    }

    pub async fn tick(&self) -> Vec<Mail> {
        let swept = escalation::sweep(&self.desk).await.unwrap();
        assert_eq!(swept.n_failed, 0, "a case could not be looked at");
        escalation::digests(&self.desk, self.desk.moment())
            .await
            .unwrap();
        self.pump.pump_once().await.unwrap();
        self.sent
            .lock()
            .unwrap()
            .drain(..)
            .map(|sent| Mail::read(&sent))
            .collect()
    }

    pub async fn receive(&self, enquiry: Enquiry) -> Filed {
        let received = self
            .desk
            .perform(move |tx, at| intake::receive(tx, at, &enquiry, &Entry::by(Actor::System)))
            .await
            .unwrap();
        received.case.unwrap()
    }

    /// A resident's report in a category of the bins team, on the website.
    pub async fn bins(&self, category: &str, received_at: Timestamp) -> Filed {
        let mut enquiry = report(received_at);
        enquiry.service = Some("waste-collection".to_owned());
        enquiry.category = Some(category.to_owned());
        self.receive(enquiry).await
    }

    /// An officer who may work everything, signed up with the address given.
    pub async fn officer(&self, email: &str) -> User {
        let id: UserId = self.desk.moment().id();
        let user = User {
            id,
            name: "Petra Voss".to_owned(),
            email: email.to_owned(),
            role: Role::Officer,
            queues: vec!["*".to_owned()],
            services: Vec::new(),
            teams: Vec::new(),
            post: None,
            standing: reeve::domain::access::Standing::default(),
        };
        let account = Account {
            user: user.clone(),
            password_hash: None,
            is_active: true,
            created_at: self.now(),
            version: 1,
        };
        self.desk
            .perform(move |tx, _| Ok(users::insert(tx, &account)?))
            .await
            .unwrap();
        user
    }

    pub async fn act(&self, user: &User, case: CaseId, command: Command) {
        let actor = Actor::User(user.clone());
        self.desk
            .perform(move |tx, at| {
                actions::act(tx, at, &actor, &actions::Target::Id(case), &command, None)
            })
            .await
            .unwrap();
    }

    pub async fn owned_by(&self, user: &User, case: CaseId) {
        self.act(
            user,
            case,
            Command::Assign {
                owner: Some(user.id),
            },
        )
        .await;
    }

    pub async fn case(&self, id: CaseId) -> Filed {
        self.desk
            .read(move |conn, _| Ok(cases::find(conn, id)?))
            .await
            .unwrap()
            .unwrap()
    }

    pub async fn steps(&self, id: CaseId) -> Vec<Taken> {
        self.desk
            .read(move |conn, _| Ok(escalations::of_case(conn, id)?))
            .await
            .unwrap()
    }

    /// `step recipient state`, in the order of the ladder, without the acknowledgement's.
    pub async fn told(&self, id: CaseId) -> Vec<String> {
        let mut steps = self.steps(id).await;
        steps.retain(|step| step.clock != "acknowledge");
        steps.sort_by_key(|step| (step.due_at, step.recipient.clone()));
        steps
            .iter()
            .map(|step| format!("{} {} {}", step.step, step.recipient, step.state))
            .collect()
    }

    pub async fn timeline(&self, id: CaseId) -> Vec<String> {
        let lines = self
            .desk
            .read(move |conn, _| Ok(events::of_case(conn, id, None, 500)?))
            .await
            .unwrap();
        lines.into_iter().map(|line| line.kind).collect()
    }

    pub async fn notices(&self, id: CaseId) -> Vec<Notice> {
        self.desk
            .read(move |conn, _| Ok(outbox::list(conn, Some(id), None, None, 100)?))
            .await
            .unwrap()
    }

    /// How many cases stand waiting to be looked at now.
    pub async fn n_due(&self) -> usize {
        self.desk
            .read(|conn, at| Ok(cases::to_wake(conn, at.now, 1000)?.len()))
            .await
            .unwrap()
    }
}

impl Mail {
    fn read(sent: &Sendable) -> Self {
        let raw = String::from_utf8(sent.bytes.clone()).unwrap();
        let (head, body) = raw.split_once("\r\n\r\n").unwrap();
        let all = |name: &str| -> Vec<String> {
            let named = head
                .lines()
                .filter_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
            named.map(str::to_owned).collect()
        };
        Self {
            to: sent.envelope.to().first().unwrap().to_string(),
            kind: all("X-Reeve-Notice").concat(),
            cases: all("X-Reeve-Case"),
            message_id: sent.message_id.clone(),
            text: format!("{}\n{}", all("Subject").concat(), body.replace("=\r\n", "")),
        }
    }
}

/// The mails of one kind, by recipient.
pub fn of_kind(mails: &[Mail], kind: &str) -> Vec<String> {
    let mut to: Vec<String> = mails
        .iter()
        .filter(|mail| mail.kind == kind)
        .map(|mail| mail.to.clone())
        .collect();
    to.sort();
    to
}

/// A resident's report on the website, not yet in any category.
pub fn report(received_at: Timestamp) -> Enquiry {
    let mut enquiry = Enquiry::new(Channel::WebForm, received_at);
    enquiry.body = "Please have a look at this.".to_owned();
    enquiry.who = Who::Described(Described {
        name: Some("Ada Quillfeather".to_owned()),
        kind: Some(PersonKind::Resident),
        email: Some("ada@mail.example".to_owned()),
        ..Described::default()
    });
    enquiry
}

pub const fn hours(n: i64) -> SignedDuration {
    SignedDuration::from_hours(n)
}

fn northmere() -> &'static Catalogue {
    static NORTHMERE: OnceLock<Catalogue> = OnceLock::new();
    NORTHMERE.get_or_init(|| embedded::northmere().unwrap())
}
