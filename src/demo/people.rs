//! Who signs in to the demo, and which integrations call it: every role, over several services.
//!
//! Everything here follows from the catalogue and one secret of the installation, so that a second
//! start, or a second replica, tells the same passwords and keys. It writes accounts that are not
//! there yet and never changes one that is.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac as _};
use serde::Serialize;
use sha2::Sha256;

use crate::auth::{api_keys, passwords};
use crate::casework::accounts::{self, NewAccount, NewKey};
use crate::casework::members::{self, OfficeChange};
use crate::casework::{Failure, Moment, Tx};
use crate::domain::access::{Role, Scope};
use crate::domain::catalogue::{Catalogue, Post, PostKind, Service};

/// Somebody who signs in, as the start of the demo tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SignIn {
    pub role: Role,
    pub name: String,
    pub email: String,
    pub password: String,
    pub queues: Vec<String>,
    /// Teams that alone see their restricted cases.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub restricted_teams: Vec<String>,
    /// Slug of the post they hold.
    #[serde(skip)]
    pub post: Option<String>,
    #[serde(skip)]
    pub services: Vec<String>,
}

/// An integration's key, as the start of the demo tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DemoKey {
    pub name: &'static str,
    pub key: String,
    pub scopes: Vec<Scope>,
    #[serde(skip)]
    pub channels: Vec<&'static str>,
    #[serde(skip)]
    pub queues: Vec<&'static str>,
}

/// Everybody and every key.
#[derive(Clone)]
pub struct Cast {
    pub users: Vec<SignIn>,
    pub api_keys: Vec<DemoKey>,
    secret: DemoSecret,
}

/// Makes what this installation's passwords and keys are computed from.
#[derive(Clone)]
pub struct DemoSecret(Hmac<Sha256>);

/// Queues that get an officer and a team leader of their own.
const STAFFED_QUEUES: [&str; 8] = [
    "waste-ops",
    "highways",
    "repairs",
    "complaints",
    "environmental-health",
    "mash",
    "safeguarding-adults",
    "housing-options",
];
/// Whose ward each ward councillor's is.
const WARDS: [(&str, &str); 2] = [
    ("cllr.wilfred.osgathorpe@council.example", "Market"),
    ("cllr.parveen.lindqvist@council.example", "Larkfield"),
];
/// The night desk of the council next door.
const PARTNER_QUEUE: &str = "emergency-planning";
const ALL: &str = "*";

impl DemoSecret {
    /// From the random text kept in the database.
    #[must_use]
    pub fn new(kept: &str) -> Self {
        let mac = Hmac::<Sha256>::new_from_slice(kept.as_bytes())
            .expect("HMAC takes a key of any length");
        Self(mac)
    }

    fn bytes(&self, what: &str) -> [u8; 32] {
        self.0
            .clone()
            .chain_update(what.as_bytes())
            .finalize()
            .into_bytes()
            .into()
    }

    /// One password for everybody: the demo is to be looked at from all sides, and checking a
    /// password costs a tenth of a second by design.
    fn password(&self) -> String {
        let text: String = URL_SAFE_NO_PAD
            .encode(self.bytes("password"))
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .take(16)
            .collect();
        format!("northmere-{text}")
    }

    fn api_key(&self, name: &str) -> api_keys::NewApiKey {
        api_keys::from_bytes(&self.bytes(&format!("api key {name}")))
    }
}

/// Who is in the demo of this catalogue.
#[must_use]
pub fn cast(catalogue: &Catalogue, secret: &DemoSecret) -> Cast {
    let mut users = across_the_council();
    users.extend(
        STAFFED_QUEUES
            .iter()
            .flat_map(|queue| of_queue(catalogue, queue)),
    );
    let waste = catalogue.service("waste-collection");
    let first: Vec<&str> = waste
        .map(|service| {
            [
                &service.head_of_service,
                &service.director,
                &service.portfolio,
            ]
            .map(String::as_str)
            .to_vec()
        })
        .unwrap_or_default();
    let posts = first.iter().filter_map(|slug| catalogue.post(slug)).chain(
        catalogue
            .posts
            .values()
            .filter(|post| !first.contains(&post.slug.as_str())),
    );
    users.extend(posts.filter_map(|post| of_post(catalogue, post)));
    let password = secret.password();
    for user in &mut users {
        user.password.clone_from(&password);
    }
    Cast {
        users,
        api_keys: integrations(secret),
        secret: secret.clone(),
    }
}

/// Adds the accounts and keys that are not there yet. The password is hashed once for all.
///
/// # Errors
/// When they cannot be written.
pub fn add_missing(tx: &mut Tx<'_>, at: &Moment, cast: &Cast) -> Result<(), Failure> {
    let Some(first) = cast.users.first() else {
        return Ok(());
    };
    let password = passwords::Password::typed(&first.password);
    let hash = passwords::hash_now(&password).map_err(anyhow::Error::from)?;
    for user in &cast.users {
        let new = NewAccount {
            email: user.email.clone(),
            name: user.name.clone(),
            role: user.role,
            password_hash: Some(hash.clone()),
            queues: user.queues.clone(),
            services: user.services.clone(),
            teams: user.restricted_teams.clone(),
            post: user.post.clone(),
        };
        let account = accounts::ensure_user(tx, at, new)?;
        if let Some((_, ward)) = WARDS.iter().find(|(email, _)| *email == user.email) {
            let office = OfficeChange {
                ward: Some(Some((*ward).to_owned())),
                ..OfficeChange::default()
            };
            members::change_office(tx, &account, &office)?;
        }
    }
    for key in &cast.api_keys {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        let new = NewKey {
            name: key.name.to_owned(),
            scopes: key.scopes.clone(),
            channels: owned(&key.channels),
            queues: owned(&key.queues),
            expires_at: None,
        };
        accounts::ensure_key(tx, at, new, &cast.secret.api_key(key.name))?;
    }
    Ok(())
}

fn across_the_council() -> Vec<SignIn> {
    let wide =
        |role, name, local: &str| sign_in(role, name, &format!("{local}@council.example"), &[ALL]);
    let none =
        |role, name, local: &str| sign_in(role, name, &format!("{local}@council.example"), &[]);
    vec![
        wide(Role::Agent, "Tegan Marlowe", "tegan.marlowe"),
        wide(Role::Agent, "Rhodri Pascoe", "rhodri.pascoe"),
        wide(Role::Officer, "Imani Thornbury", "imani.thornbury"),
        wide(Role::Officer, "Callum Hexham", "callum.hexham"),
        none(
            Role::Councillor,
            "Cllr Wilfred Osgathorpe",
            "cllr.wilfred.osgathorpe",
        ),
        none(
            Role::Councillor,
            "Cllr Parveen Lindqvist",
            "cllr.parveen.lindqvist",
        ),
        sign_in(
            Role::Partner,
            "Southmere night desk",
            "night.desk@southmere.example",
            &[PARTNER_QUEUE],
        ),
        none(Role::Auditor, "Marguerite Flaxwell", "marguerite.flaxwell"),
        none(Role::Admin, "Bartholomew Quill", "bartholomew.quill"),
    ]
}

/// An officer and the team leader of a queue, with its restricted teams.
fn of_queue(catalogue: &Catalogue, queue: &str) -> Vec<SignIn> {
    let Some(queue) = catalogue.queue(queue) else {
        return Vec::new();
    };
    let officer = sign_in(
        Role::Officer,
        officer_name(&queue.slug),
        &format!("officer.{}@council.example", queue.slug),
        &[&queue.slug],
    );
    let leader = SignIn {
        post: Some(queue.team_leader.slug.clone()),
        ..sign_in(
            Role::TeamLeader,
            queue
                .team_leader
                .holder
                .as_deref()
                .unwrap_or(&queue.team_leader.title),
            &queue.team_leader.email,
            &[&queue.slug],
        )
    };
    [officer, leader]
        .into_iter()
        .map(|user| SignIn {
            restricted_teams: queue.restricted_teams.clone(),
            ..user
        })
        .collect()
}

fn officer_name(queue: &str) -> &'static str {
    match queue {
        "waste-ops" => "Ottilie Brackenhurst",
        "highways" => "Desmond Farrowby",
        "repairs" => "Shirin Callowell",
        "complaints" => "Gideon Ashcombe",
        "environmental-health" => "Philippa Wren",
        "mash" => "Noor Hathersedge",
        "safeguarding-adults" => "Leopold Starkey",
        _ => "Agnes Rivelin",
    }
}

/// The holder of a named post, over the queues and services it is named for.
fn of_post(catalogue: &Catalogue, post: &Post) -> Option<SignIn> {
    let is_under = |service: &&Service| match post.kind {
        PostKind::HeadOfService => service.head_of_service == post.slug,
        PostKind::Director => service.director == post.slug,
        PostKind::PortfolioHolder => service.portfolio == post.slug,
        PostKind::TeamLeader | PostKind::DutyContact => false,
    };
    let role = match post.kind {
        PostKind::HeadOfService | PostKind::Director => Role::HeadOfService,
        PostKind::PortfolioHolder => Role::Councillor,
        PostKind::TeamLeader | PostKind::DutyContact => return None,
    };
    let services: Vec<&Service> = catalogue.services.values().filter(is_under).collect();
    let queues: BTreeSet<&str> = services
        .iter()
        .map(|service| service.queue.as_str())
        .collect();
    let queues: Vec<&str> = queues.into_iter().collect();
    Some(SignIn {
        post: Some(post.slug.clone()),
        services: services
            .iter()
            .map(|service| service.slug.clone())
            .collect(),
        ..sign_in(
            role,
            post.holder.as_deref().unwrap_or(&post.title),
            &post.email,
            &queues,
        )
    })
}

fn sign_in(role: Role, name: &str, email: &str, queues: &[&str]) -> SignIn {
    SignIn {
        role,
        name: name.to_owned(),
        email: email.to_owned(),
        password: String::new(),
        queues: queues.iter().map(|queue| (*queue).to_owned()).collect(),
        restricted_teams: Vec::new(),
        post: None,
        services: Vec::new(),
    }
}

fn integrations(secret: &DemoSecret) -> Vec<DemoKey> {
    let key =
        |name, scopes: &[Scope], channels: &[&'static str], queues: &[&'static str]| DemoKey {
            name,
            key: secret.api_key(name).key,
            scopes: scopes.to_vec(),
            channels: channels.to_vec(),
            queues: queues.to_vec(),
        };
    vec![
        key(
            "website",
            &[Scope::PublicContactsWrite, Scope::CatalogueRead],
            &["web_form"],
            &[],
        ),
        key("mail-gateway", &[Scope::EmailWrite], &["email"], &[]),
        key(
            "telephony",
            &[Scope::TelephonyWrite, Scope::PeopleRead],
            &["phone", "voicemail"],
            &[],
        ),
        key(
            "partner",
            &[Scope::ContactsWrite, Scope::CasesRead],
            &["out_of_hours"],
            &[PARTNER_QUEUE],
        ),
        key("open311", &[Scope::Open311Write], &["open311"], &[]),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn northmere_cast(secret: &str) -> (Catalogue, Cast) {
        let northmere =
            crate::config::embedded::northmere().unwrap_or_else(|faults| panic!("{faults:?}"));
        let cast = cast(&northmere, &DemoSecret::new(secret));
        (northmere, cast)
    }

    #[test]
    fn every_role_has_somebody_and_no_address_is_taken_twice() {
        let (_, cast) = northmere_cast("one");
        for role in Role::ALL {
            assert!(cast.users.iter().any(|user| user.role == *role), "{role}");
        }
        let addresses: BTreeSet<&str> = cast.users.iter().map(|user| user.email.as_str()).collect();
        assert_eq!(addresses.len(), cast.users.len());
        let may_work_everything = |role| {
            cast.users
                .iter()
                .filter(|user| user.role == role && user.queues == [ALL])
                .count()
        };
        assert!(may_work_everything(Role::Agent) >= 2 && may_work_everything(Role::Officer) >= 2);
    }

    #[test]
    fn those_a_late_bin_is_told_to_can_sign_in_under_the_addresses_it_is_told_to() {
        let (northmere, cast) = northmere_cast("one");
        let service = northmere.service("waste-collection").unwrap();
        let queue = northmere.queue(&service.queue).unwrap();
        let posts = [
            (Role::TeamLeader, &queue.team_leader),
            (
                Role::HeadOfService,
                northmere.post(&service.head_of_service).unwrap(),
            ),
            (
                Role::HeadOfService,
                northmere.post(&service.director).unwrap(),
            ),
            (
                Role::Councillor,
                northmere.post(&service.portfolio).unwrap(),
            ),
        ];
        for (role, post) in posts {
            let user = cast
                .users
                .iter()
                .find(|user| user.email == post.email)
                .unwrap();
            assert_eq!(
                (user.role, user.post.as_deref()),
                (role, Some(post.slug.as_str()))
            );
            assert!(user.queues.contains(&queue.slug), "{}", post.slug);
        }
    }

    #[test]
    fn only_the_people_of_a_restricted_team_are_in_it() {
        let (_, cast) = northmere_cast("one");
        let of_mash: Vec<(Role, &str)> = cast
            .users
            .iter()
            .filter(|user| user.restricted_teams == ["mash"])
            .map(|user| (user.role, user.email.as_str()))
            .collect();
        assert_eq!(
            of_mash,
            [
                (Role::Officer, "officer.mash@council.example"),
                (Role::TeamLeader, "team.leader.mash@council.example")
            ]
        );
    }

    #[test]
    fn passwords_and_keys_are_the_same_at_every_start_and_others_in_every_installation() {
        let (_, first) = northmere_cast("one");
        let (_, again) = northmere_cast("one");
        assert_eq!(
            (&first.users, &first.api_keys),
            (&again.users, &again.api_keys)
        );
        let (_, other) = northmere_cast("two");
        assert_ne!(
            first.users.first().unwrap().password,
            other.users.first().unwrap().password
        );
        for (key, others) in first.api_keys.iter().zip(&other.api_keys) {
            assert!(api_keys::fingerprint(&key.key).is_some());
            assert_ne!(key.key, others.key);
        }
        assert!(passwords::Password::chosen(&first.users.first().unwrap().password).is_ok());
    }
}
