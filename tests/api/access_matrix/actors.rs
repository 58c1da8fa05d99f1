//! The columns of the matrix: who calls.

use actix_web::test::TestRequest;
use reeve::auth::passwords::{Password, hash_now};
use reeve::casework::accounts::{self, NewAccount, NewKey};
use reeve::domain::access::{Role, Scope};

use crate::support::{Caller, PASSWORD, TestApp, key_of};

/// Somebody who calls.
pub struct Actor {
    /// As it stands over the column.
    pub code: &'static str,
    pub who: &'static str,
    caller: Caller,
    /// Whom a key acts for.
    acting_for: Option<&'static str>,
    /// The object whose secret link they hold.
    pub follows: Option<&'static str>,
    /// They run or check the installation: ids, never content.
    pub sees_ids: bool,
    /// They look people up.
    pub looks_up_people: bool,
}

impl Actor {
    pub fn sign(&self, request: TestRequest) -> TestRequest {
        let request = match &self.caller.bearer {
            Some(bearer) => request.insert_header(("authorization", format!("Bearer {bearer}"))),
            None => request,
        };
        match self.acting_for {
            Some(name) => request.insert_header(("reeve-acting-user", name)),
            None => request,
        }
    }

    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// By the secret link of an object.
    pub fn hold_link(&mut self, token: &str, object: &'static str) {
        self.caller = Caller {
            bearer: Some(token.to_owned()),
        };
        self.follows = Some(object);
    }
}

type Somebody = (
    &'static str,
    &'static str,
    &'static str,
    Role,
    &'static [&'static str],
    &'static [&'static str],
    Option<&'static str>,
);

/// Those whom other stories do not have: code, who, address, role, queues, services, post.
const MORE: &[Somebody] = &[
    (
        "ldx",
        "team leader of another queue (highways)",
        "team.leader.highways@council.example",
        Role::TeamLeader,
        &["highways"],
        &[],
        None,
    ),
    (
        "hox",
        "head of another service (highways)",
        "head.of.highways@council.example",
        Role::HeadOfService,
        &["highways"],
        &["highways-maintenance"],
        Some("head-of-highways"),
    ),
    (
        "dir",
        "director over waste and highways",
        "director.of.place@council.example",
        Role::HeadOfService,
        &["waste-ops", "highways"],
        &["waste-collection", "highways-maintenance"],
        Some("director-of-place"),
    ),
    (
        "clx",
        "another councillor",
        "cllr.other@council.example",
        Role::Councillor,
        &[],
        &[],
        None,
    ),
    (
        "pfh",
        "portfolio holder of waste collection",
        "portfolio.environment.and.waste@council.example",
        Role::Councillor,
        &["waste-ops"],
        &["waste-collection"],
        Some("portfolio-environment-and-waste"),
    ),
    (
        "par",
        "partner of the queue (waste-ops)",
        "crew@contractor.example",
        Role::Partner,
        &["waste-ops"],
        &[],
        None,
    ),
];

/// Code, who and address of those whom other stories know too.
const KNOWN: &[(&str, &str, &str)] = &[
    (
        "age",
        "agent of the contact centre",
        "agent@council.example",
    ),
    (
        "off",
        "officer of the queue (waste-ops), who has the first case",
        "bins.officer@council.example",
    ),
    (
        "ofx",
        "officer of another queue (highways)",
        "roads.officer@council.example",
    ),
    (
        "ldr",
        "team leader of the queue",
        "team.leader.waste-ops@council.example",
    ),
    (
        "hos",
        "head of the service, whom one complaint is about",
        "head.of.waste.and.street.scene@council.example",
    ),
    (
        "cll",
        "councillor who raised one of them",
        "cllr.anwen.prothero@council.example",
    ),
    (
        "pax",
        "partner of another queue, who logged one of them",
        "partner@night.example",
    ),
    (
        "tea",
        "officer of the restricted team (mash)",
        "mash.officer@council.example",
    ),
    ("aud", "auditor", "auditor@council.example"),
    ("adm", "administrator", "admin@council.example"),
];

/// Keys with one scope each, all of the queue waste-ops.
const KEYS: &[(&str, &str, &[Scope])] = &[
    (
        "kpub",
        "key: public_contacts:write",
        &[Scope::PublicContactsWrite],
    ),
    ("kmai", "key: email:write", &[Scope::EmailWrite]),
    ("ktel", "key: telephony:write", &[Scope::TelephonyWrite]),
    ("kweb", "key: webchat:write", &[Scope::WebchatWrite]),
    ("k311", "key: open311:write", &[Scope::Open311Write]),
    ("kcon", "key: contacts:write", &[Scope::ContactsWrite]),
    ("kcrd", "key: cases:read", &[Scope::CasesRead]),
    ("kcwr", "key: cases:write", &[Scope::CasesWrite]),
    ("kppl", "key: people:read", &[Scope::PeopleRead]),
    ("krep", "key: reports:read", &[Scope::ReportsRead]),
    ("kcat", "key: catalogue:read", &[Scope::CatalogueRead]),
    ("khok", "key: webhooks:write", &[Scope::WebhooksWrite]),
];

pub async fn settle_in(app: &TestApp) -> Vec<Actor> {
    let hash = hash_now(&Password::chosen(PASSWORD).unwrap()).unwrap();
    app.desk
        .perform(move |tx, at| {
            for (_, who, email, role, queues, services, post) in MORE {
                let new = NewAccount {
                    email: (*email).to_owned(),
                    name: (*who).to_owned(),
                    role: *role,
                    password_hash: Some(hash.clone()),
                    queues: queues.iter().map(|queue| (*queue).to_owned()).collect(),
                    services: services.iter().map(|one| (*one).to_owned()).collect(),
                    teams: Vec::new(),
                    post: post.map(str::to_owned),
                };
                accounts::ensure_user(tx, at, new)?;
            }
            for (code, _, scopes) in KEYS {
                let new = NewKey {
                    name: (*code).to_owned(),
                    scopes: scopes.to_vec(),
                    channels: Vec::new(),
                    queues: vec!["waste-ops".to_owned()],
                    expires_at: None,
                };
                accounts::ensure_key(tx, at, new, &key_of(code))?;
            }
            Ok(())
        })
        .await
        .unwrap();

    let plain = |code, who, caller| Actor {
        code,
        who,
        caller,
        acting_for: None,
        follows: None,
        sees_ids: false,
        looks_up_people: false,
    };
    let mut actors = vec![
        plain("-", "nobody", Caller::nobody()),
        plain("link", "person following the first case", Caller::nobody()),
    ];
    let more = MORE
        .iter()
        .map(|(code, who, email, ..)| (*code, *who, *email));
    for (code, who, email) in KNOWN.iter().copied().chain(more) {
        let caller = app.sign_in(email).await;
        let works = !matches!(code, "cll" | "clx" | "pfh" | "par" | "pax" | "aud" | "adm");
        actors.push(Actor {
            sees_ids: matches!(code, "aud" | "adm"),
            looks_up_people: works,
            ..plain(code, who, caller)
        });
    }
    for (code, who, _) in KEYS {
        actors.push(Actor {
            looks_up_people: *code == "kppl",
            ..plain(code, who, app.key(code))
        });
    }
    let desk = |code, who, acting_for| Actor {
        acting_for: Some(acting_for),
        ..plain(code, who, app.key("desk"))
    };
    actors.push(desk(
        "kact",
        "key acting for the officer of the queue",
        "bins.officer@council.example",
    ));
    actors.push(desk(
        "kacc",
        "key acting for the councillor",
        "cllr.anwen.prothero@council.example",
    ));
    actors
}
