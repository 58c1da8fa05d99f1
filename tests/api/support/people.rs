//! Those who sign in during a story, and the keys of its integrations.

use std::sync::{Arc, OnceLock};

use reeve::auth::api_keys::{self, NewApiKey};
use reeve::auth::passwords::{Password, hash_now};
use reeve::casework::Desk;
use reeve::casework::accounts::{self, NewAccount, NewKey};
use reeve::config::{Settings, Sources};
use reeve::domain::access::{Role, Scope};
use reeve::domain::triage::Example;

pub const PASSWORD: &str = "correct horse battery staple";

pub fn examples() -> Vec<Example> {
    Example::read_lines(reeve::config::embedded::triage_examples()).unwrap()
}

pub fn settings() -> Settings {
    asking(0)
}

/// The same, with so many of a hundred closed cases drawn to be asked how it went.
pub fn asking(percent: u8) -> Settings {
    let sources = Sources::default().with_flag("survey.sample_percent", Some(percent));
    Settings::load(&sources).unwrap()
}

/// The same key in every story.
pub fn key(name: &str) -> NewApiKey {
    let mut bytes = [0u8; 32];
    for (place, byte) in name.bytes().enumerate().take(32) {
        bytes[place] = byte;
    }
    api_keys::from_bytes(&bytes)
}

pub async fn settle_in(desk: &Arc<Desk>) {
    static HASH: OnceLock<String> = OnceLock::new();
    let hash = HASH
        .get_or_init(|| hash_now(&Password::chosen(PASSWORD).unwrap()).unwrap())
        .clone();
    desk.perform(move |tx, at| {
        for (email, name, role, queues, teams, post) in USERS {
            accounts::ensure_user(
                tx,
                at,
                NewAccount {
                    email: (*email).to_owned(),
                    name: (*name).to_owned(),
                    role: *role,
                    password_hash: Some(hash.clone()),
                    queues: queues.iter().map(|queue| (*queue).to_owned()).collect(),
                    services: Vec::new(),
                    teams: teams.iter().map(|team| (*team).to_owned()).collect(),
                    post: post.map(str::to_owned),
                },
            )?;
        }
        for (name, scopes, queues) in KEYS {
            let channels = if *name == "sms-gateway" {
                vec!["sms".to_owned()]
            } else {
                Vec::new()
            };
            accounts::ensure_key(
                tx,
                at,
                NewKey {
                    name: (*name).to_owned(),
                    scopes: scopes.to_vec(),
                    channels,
                    queues: queues.iter().map(|queue| (*queue).to_owned()).collect(),
                    expires_at: None,
                },
                &key(name),
            )?;
        }
        Ok(())
    })
    .await
    .unwrap();
}

type Somebody = (
    &'static str,
    &'static str,
    Role,
    &'static [&'static str],
    &'static [&'static str],
    Option<&'static str>,
);

const USERS: &[Somebody] = &[
    (
        "agent@council.example",
        "Amara Agent",
        Role::Agent,
        &["*"],
        &[],
        None,
    ),
    (
        "agent.two@council.example",
        "Tomos Agent",
        Role::Agent,
        &["*"],
        &[],
        None,
    ),
    (
        "officer@council.example",
        "Olu Officer",
        Role::Officer,
        &["*"],
        &[],
        None,
    ),
    (
        "bins.officer@council.example",
        "Bea Officer",
        Role::Officer,
        &["waste-ops"],
        &[],
        None,
    ),
    (
        "roads.officer@council.example",
        "Ray Officer",
        Role::Officer,
        &["highways"],
        &[],
        None,
    ),
    (
        "team.leader.waste-ops@council.example",
        "Tess Leader",
        Role::TeamLeader,
        &["waste-ops"],
        &[],
        None,
    ),
    (
        "head.of.waste.and.street.scene@council.example",
        "Hana Head",
        Role::HeadOfService,
        &["waste-ops", "street-scene"],
        &[],
        Some("head-of-waste-and-street-scene"),
    ),
    (
        "mash.officer@council.example",
        "Mina Officer",
        Role::Officer,
        &["mash"],
        &["mash"],
        None,
    ),
    (
        "cllr.anwen.prothero@council.example",
        "Anwen Prothero",
        Role::Councillor,
        &[],
        &[],
        None,
    ),
    (
        "partner@night.example",
        "Nia Night",
        Role::Partner,
        &["emergency-planning"],
        &[],
        None,
    ),
    (
        "auditor@council.example",
        "Ada Auditor",
        Role::Auditor,
        &[],
        &[],
        None,
    ),
    (
        "admin@council.example",
        "Abe Admin",
        Role::Admin,
        &[],
        &[],
        None,
    ),
];

const KEYS: &[(&str, &[Scope], &[&str])] = &[
    (
        "website",
        &[Scope::PublicContactsWrite, Scope::CatalogueRead],
        &[],
    ),
    ("mail-gateway", &[Scope::EmailWrite], &[]),
    (
        "telephony",
        &[Scope::TelephonyWrite, Scope::PeopleRead],
        &[],
    ),
    ("webchat", &[Scope::WebchatWrite], &[]),
    ("open311", &[Scope::Open311Write], &[]),
    ("other-open311", &[Scope::Open311Write], &[]),
    (
        "partner",
        &[Scope::ContactsWrite, Scope::CasesRead],
        &["emergency-planning"],
    ),
    (
        "sms-gateway",
        &[Scope::ContactsWrite, Scope::CasesRead],
        &["*"],
    ),
    (
        "desk",
        &[
            Scope::ContactsWrite,
            Scope::CasesRead,
            Scope::CasesWrite,
            Scope::ActForUser,
        ],
        &["*"],
    ),
];
