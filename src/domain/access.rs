//! Who may see and do what, decided in one pure function: [`may`].
//!
//! The same rule is applied in queries as a [`Sight`], so that a list shows what its reader may
//! see and no more. Restricted cases do not exist for those who were not named: the verdict is
//! [`Verdict::Hide`], and the answer is that of an absent one.

use serde::{Deserialize, Serialize};

use super::case::{About, Case, Secrecy};
use super::contact::words;
use super::ids::{ApiKeyId, CaseId, PersonId, TrackingLinkId, UserId};

words! {
    /// What somebody who signs in is.
    Role {
        Agent = "agent", Officer = "officer", TeamLeader = "team_leader",
        HeadOfService = "head_of_service", Councillor = "councillor", Partner = "partner",
        Auditor = "auditor", Admin = "admin",
    }
}

words! {
    /// What an integration's key opens.
    Scope {
        ContactsWrite = "contacts:write", PublicContactsWrite = "public_contacts:write",
        EmailWrite = "email:write", TelephonyWrite = "telephony:write",
        WebchatWrite = "webchat:write", Open311Write = "open311:write", CasesRead = "cases:read",
        CasesWrite = "cases:write", PeopleRead = "people:read", ReportsRead = "reports:read",
        CatalogueRead = "catalogue:read", WebhooksWrite = "webhooks:write",
        ActForUser = "act_for_user",
    }
}

/// Who is asking.
#[derive(Debug, Clone, PartialEq)]
pub enum Actor {
    /// Nobody we know, by the address they call from.
    Anonymous {
        address: String,
    },
    User(User),
    Key(Key),
    /// A person following their own case by its secret link.
    Follower {
        link: TrackingLinkId,
        case: CaseId,
        person: Option<PersonId>,
    },
    /// Reeve itself, by the clock.
    System,
}

/// Somebody who signs in.
#[derive(Debug, Clone, PartialEq)]
pub struct User {
    pub id: UserId,
    pub name: String,
    pub email: String,
    pub role: Role,
    /// Queue slugs, or `*` for all but those of restricted cases.
    pub queues: Vec<String>,
    pub services: Vec<String>,
    /// Restricted teams.
    pub teams: Vec<String>,
    /// The post they hold, by slug.
    pub post: Option<String>,
}

/// An integration.
#[derive(Debug, Clone, PartialEq)]
pub struct Key {
    pub id: ApiKeyId,
    pub name: String,
    pub scopes: Vec<Scope>,
    pub queues: Vec<String>,
    /// The agent it acts for, within that agent's rights.
    pub acting_for: Option<Box<User>>,
}

/// What somebody wants to do with one case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    Read,
    Work,
}

/// The answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Allow,
    /// They may know it is there, but not do this.
    Deny,
    /// They may not know it is there.
    Hide,
}

/// What of all cases somebody may see, for queries to apply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sight {
    pub ordinary: Reach,
    /// In whose name restricted cases open: `user:<id>`, `team:<team>`, `post:<slug>`.
    pub holders: Vec<String>,
    pub user: Option<UserId>,
    /// Cases raised by the person with this e-mail address (councillors).
    pub raised_by: Option<String>,
}

/// How far somebody's sight goes among cases that are not restricted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reach {
    Everything,
    Within {
        queues: Vec<String>,
        services: Vec<String>,
    },
    Nothing,
}

impl Actor {
    /// As whom it acts, as it stands on the timeline and in the audit.
    #[must_use]
    pub fn label(&self) -> ActorLabel {
        match self {
            Self::User(user) => ActorLabel {
                kind: "user".to_owned(),
                id: Some(user.id.to_string()),
                name: Some(user.name.clone()),
            },
            Self::Key(key) => match &key.acting_for {
                Some(user) => ActorLabel {
                    kind: "user".to_owned(),
                    id: Some(user.id.to_string()),
                    name: Some(format!("{} (by {})", user.name, key.name)),
                },
                None => ActorLabel {
                    kind: "api_key".to_owned(),
                    id: Some(key.id.to_string()),
                    name: Some(key.name.clone()),
                },
            },
            Self::Follower { .. } => ActorLabel {
                kind: "person".to_owned(),
                id: None,
                name: None,
            },
            Self::Anonymous { .. } => ActorLabel {
                kind: "public".to_owned(),
                id: None,
                name: None,
            },
            Self::System => ActorLabel {
                kind: "reeve".to_owned(),
                id: None,
                name: None,
            },
        }
    }

    /// The person at the other end, when one signed in.
    #[must_use]
    pub fn user(&self) -> Option<&User> {
        match self {
            Self::User(user) => Some(user),
            Self::Key(Key {
                acting_for: Some(user),
                ..
            }) => Some(user),
            _ => None,
        }
    }

    /// What is kept apart for them: idempotency keys, receipts, external ids.
    #[must_use]
    pub fn principal(&self) -> String {
        match self {
            Self::Anonymous { address } => format!("address:{address}"),
            Self::User(user) => format!("user:{}", user.id),
            Self::Key(key) => match &key.acting_for {
                Some(user) => format!("key:{}:user:{}", key.id, user.id),
                None => format!("key:{}", key.id),
            },
            Self::Follower { link, .. } => format!("link:{link}"),
            Self::System => "reeve".to_owned(),
        }
    }

    /// Whether the key opens this scope; users are judged by role instead.
    #[must_use]
    pub fn has_scope(&self, scope: Scope) -> bool {
        matches!(self, Self::Key(key) if key.scopes.contains(&scope))
    }

    /// What they may see in lists.
    #[must_use]
    pub fn sight(&self) -> Sight {
        let nothing = Sight {
            ordinary: Reach::Nothing,
            holders: Vec::new(),
            user: None,
            raised_by: None,
        };
        match self {
            Self::System => Sight {
                ordinary: Reach::Everything,
                ..nothing
            },
            Self::User(user) => user.sight(),
            Self::Key(key) => match &key.acting_for {
                Some(user) => user.sight(),
                None => Sight {
                    ordinary: reach(&key.queues, &[]),
                    ..nothing
                },
            },
            Self::Anonymous { .. } | Self::Follower { .. } => nothing,
        }
    }
}

impl User {
    /// In whose name restricted cases open for them.
    #[must_use]
    pub fn holders(&self) -> Vec<String> {
        let mut holders = vec![format!("user:{}", self.id)];
        holders.extend(self.teams.iter().map(|team| format!("team:{team}")));
        holders.extend(self.post.iter().map(|post| format!("post:{post}")));
        holders
    }

    fn sight(&self) -> Sight {
        let ordinary = match self.role {
            Role::Agent => Reach::Everything,
            Role::Officer | Role::TeamLeader | Role::HeadOfService | Role::Partner => {
                reach(&self.queues, &self.services)
            }
            Role::Councillor | Role::Auditor | Role::Admin => Reach::Nothing,
        };
        let sees_cases = !matches!(self.role, Role::Auditor | Role::Admin);
        Sight {
            ordinary,
            holders: if sees_cases {
                self.holders()
            } else {
                Vec::new()
            },
            user: sees_cases.then_some(self.id),
            raised_by: (self.role == Role::Councillor).then(|| self.email.clone()),
        }
    }

    /// Whether they may work this queue.
    #[must_use]
    pub fn works(&self, queue: &str, service: Option<&str>) -> bool {
        match reach(&self.queues, &self.services) {
            Reach::Everything => true,
            Reach::Within { queues, services } => {
                queues.iter().any(|own| own == queue)
                    || service.is_some_and(|service| services.iter().any(|own| own == service))
            }
            Reach::Nothing => false,
        }
    }
}

impl Sight {
    /// Whether one case is within it. `is_raised_by` says whether the case's reporter has the
    /// address of [`Self::raised_by`].
    #[must_use]
    pub fn takes_in(&self, case: &Case, is_raised_by: bool) -> bool {
        if case.secrecy == Secrecy::Restricted {
            return case
                .restricted_to
                .iter()
                .any(|holder| self.holders.contains(holder));
        }
        let is_own = case.owner.is_some() && case.owner == self.user;
        let is_within = match &self.ordinary {
            Reach::Everything => true,
            Reach::Within { queues, services } => {
                queues.contains(&case.queue) || services.contains(&case.service)
            }
            Reach::Nothing => false,
        };
        is_own || is_within || (self.raised_by.is_some() && is_raised_by)
    }
}

/// As whom something was done, kept with the event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ActorLabel {
    /// `user`, `api_key`, `person`, `public` or `reeve`.
    pub kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// Decides one act on one case.
///
/// Restricted cases and those about the actor are hidden from everybody who was not named,
/// whatever their role; after that the role's own reach decides.
#[must_use]
pub fn may(actor: &Actor, act: Act, case: &Case, is_raised_by: bool) -> Verdict {
    if *actor == Actor::System {
        return Verdict::Allow;
    }
    if let (Some(user), Some(about)) = (actor.user(), &case.about) {
        let is_about_them = match about {
            About::User(id) => *id == user.id,
            About::Post(post) => user.post.as_ref() == Some(post),
        };
        if is_about_them {
            return Verdict::Hide;
        }
    }
    if !actor.sight().takes_in(case, is_raised_by) {
        return Verdict::Hide;
    }
    if act == Act::Read {
        return Verdict::Allow;
    }
    let allows_work = match actor {
        Actor::Key(key) if key.acting_for.is_none() => key.scopes.contains(&Scope::CasesWrite),
        _ => actor.user().is_some_and(|user| {
            let is_named = case.secrecy == Secrecy::Restricted;
            match user.role {
                Role::Councillor | Role::Auditor | Role::Admin => false,
                Role::Agent
                | Role::Officer
                | Role::TeamLeader
                | Role::HeadOfService
                | Role::Partner => {
                    is_named
                        || case.owner == Some(user.id)
                        || user.works(&case.queue, Some(&case.service))
                }
            }
        }),
    };
    if allows_work {
        Verdict::Allow
    } else {
        Verdict::Deny
    }
}

fn reach(queues: &[String], services: &[String]) -> Reach {
    if queues.iter().any(|queue| queue == "*") {
        Reach::Everything
    } else if queues.is_empty() && services.is_empty() {
        Reach::Nothing
    } else {
        Reach::Within {
            queues: queues.to_vec(),
            services: services.to_vec(),
        }
    }
}
