//! Who may see and do what, decided in one pure function: [`may`].
//!
//! The same rule is applied in queries as a [`Sight`], so that a list shows what its reader may
//! see and no more. Restricted cases do not exist for those who were not named: the verdict is
//! [`Verdict::Hide`], and the answer is that of an absent one.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::case::{About, Case, Secrecy};
use super::contact::{Channel, words};
use super::ids::{ApiKeyId, CaseId, PersonId, TrackingLinkId, UserId};

mod reports;
mod sight;
mod standing;

#[cfg(test)]
mod tests;

pub use reports::{Readers, may_make_report, may_read_report};
pub use sight::{Reach, Sight};
pub use standing::{Away, Pass, Standing, Turn};

use sight::reach;

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
    /// A team that works by e-mail, by a link in its mail or a reply from its inbox.
    Inbox(Inbox),
    /// Reeve itself, by the clock.
    System,
}

/// The inbox of a queue that works by e-mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inbox {
    /// The queue's slug.
    pub queue: String,
    /// As people read it: "street lighting contractor".
    pub team: String,
    /// Who wrote or pressed, where they said.
    pub name: Option<String>,
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
    /// What holds for a time only.
    pub standing: Standing,
}

/// An integration.
#[derive(Debug, Clone, PartialEq)]
pub struct Key {
    pub id: ApiKeyId,
    pub name: String,
    pub scopes: Vec<Scope>,
    /// Channels it may bring contacts in by; none named, all its scopes allow.
    pub channels: Vec<String>,
    /// Queue slugs, or `*` for all but those of restricted cases.
    pub queues: Vec<String>,
    /// The agent it acts for, within that agent's rights.
    pub acting_for: Option<Box<User>>,
}

/// What somebody wants to do with one case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Reading what the person whose case it is could read, and no more.
    Follow,
    Read,
    Work,
}

/// What ties somebody to one case beside their role, looked up for that case.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ties {
    /// Its reporter has the address of [`Sight::raised_by`].
    pub raised_it: bool,
    /// They logged the contact that opened it ([`Sight::logged_by`]).
    pub logged_it: bool,
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
            Self::Inbox(inbox) => ActorLabel {
                kind: "post".to_owned(),
                id: Some(inbox.queue.clone()),
                name: Some(inbox.signs_as()),
            },
            Self::System => ActorLabel {
                kind: "reeve".to_owned(),
                id: None,
                name: None,
            },
        }
    }

    /// Whose name stands under words of theirs.
    #[must_use]
    pub fn signs_as(&self) -> Option<String> {
        match self {
            Self::Inbox(inbox) => Some(inbox.signs_as()),
            _ => self.user().map(|user| user.name.clone()),
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
            Self::Inbox(inbox) => format!("inbox:{}", inbox.queue),
            Self::System => "reeve".to_owned(),
        }
    }

    /// Whether the key opens this scope; users, and those a key acts for, are judged by role
    /// instead.
    #[must_use]
    pub fn has_scope(&self, scope: Scope) -> bool {
        matches!(self, Self::Key(key) if key.acting_for.is_none() && key.scopes.contains(&scope))
    }

    /// Whether contacts of this channel may come in through them: a key may be limited to channels,
    /// and stays so whoever it acts for.
    #[must_use]
    pub fn may_bring_in(&self, channel: Channel) -> bool {
        match self {
            Self::Key(key) => {
                key.channels.is_empty() || key.channels.iter().any(|own| own == channel.as_str())
            }
            _ => true,
        }
    }

    /// Whether they are a partner's night desk, whatever they call the channel: a partner who signed in, or
    /// a key limited to that one channel.
    #[must_use]
    pub fn is_night_desk(&self) -> bool {
        let is_limited_to_it = matches!(self, Self::Key(key)
            if matches!(key.channels.as_slice(), [only] if only == Channel::OutOfHours.as_str()));
        is_limited_to_it || self.user().is_some_and(|user| user.role == Role::Partner)
    }

    /// The same actor as they stand at one instant: turns of the rota that run are queues of theirs,
    /// and passes that are over open nothing.
    #[must_use]
    pub fn at(self, now: Timestamp) -> Self {
        match self {
            Self::User(user) => Self::User(user.at(now)),
            Self::Key(key) => Self::Key(Key {
                acting_for: key.acting_for.map(|user| Box::new(user.at(now))),
                ..key
            }),
            other => other,
        }
    }

    /// What they may see in lists.
    #[must_use]
    pub fn sight(&self) -> Sight {
        match self {
            Self::System => Sight::of(Reach::Everything),
            Self::User(user) => user.sight(),
            Self::Key(key) => key.sight(),
            Self::Inbox(inbox) => Sight::of(Reach::Within {
                queues: vec![inbox.queue.clone()],
                services: Vec::new(),
                channels: Vec::new(),
            }),
            Self::Anonymous { .. } | Self::Follower { .. } => Sight::of(Reach::Nothing),
        }
    }
}

impl Inbox {
    /// The name that was given, else the team's.
    #[must_use]
    pub fn signs_as(&self) -> String {
        self.name.clone().unwrap_or_else(|| self.team.clone())
    }
}

impl Key {
    /// Its queues, or, when it has none, the cases that came by its channels. Acting for somebody it
    /// sees what they see, within its own queues where it names any.
    fn sight(&self) -> Sight {
        let takes_all = self.queues.iter().any(|queue| queue == "*");
        match &self.acting_for {
            Some(user) if takes_all => Sight {
                holders: Vec::new(),
                ..user.sight()
            },
            Some(user) => Sight {
                only_queues: (!self.queues.is_empty()).then(|| self.queues.clone()),
                logged_by: if user.role == Role::Partner {
                    vec![
                        format!("user:{}", user.id),
                        format!("key:{}:user:{}", self.id, user.id),
                    ]
                } else {
                    Vec::new()
                },
                ..user.sight()
            },
            None if self.queues.is_empty() && !self.channels.is_empty() => {
                Sight::of(Reach::Within {
                    queues: Vec::new(),
                    services: Vec::new(),
                    channels: self.channels.clone(),
                })
            }
            None => Sight {
                logged_by: if self.scopes.contains(&Scope::ContactsWrite) {
                    vec![format!("key:{}", self.id)]
                } else {
                    Vec::new()
                },
                ..Sight::of(reach(&self.queues, &[]))
            },
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
        holders.extend(self.standing.passes.iter().map(Pass::holder));
        holders
    }

    /// The same user as they stand at one instant.
    #[must_use]
    pub fn at(mut self, now: Timestamp) -> Self {
        let on_turn = self.standing.queues_at(now);
        for queue in on_turn {
            if !self.queues.contains(&queue) {
                self.queues.push(queue);
            }
        }
        self.standing.passes.retain(|pass| pass.opens_at(now));
        self
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
            overlooks: if self.role == Role::Councillor {
                self.services.clone()
            } else {
                Vec::new()
            },
            logged_by: if self.role == Role::Partner {
                vec![format!("user:{}", self.id)]
            } else {
                Vec::new()
            },
            kept_from: self.own_names(),
            only_queues: None,
        }
    }

    /// Themselves and the post they hold, as a case names them.
    fn own_names(&self) -> Vec<String> {
        let post = self.post.iter().map(|post| About::Post(post.clone()));
        let own = std::iter::once(About::User(self.id)).chain(post);
        own.map(|name| name.to_string()).collect()
    }

    /// Whether they may work this queue.
    #[must_use]
    pub fn works(&self, queue: &str, service: Option<&str>) -> bool {
        match reach(&self.queues, &self.services) {
            Reach::Everything => true,
            Reach::Within {
                queues, services, ..
            } => {
                queues.iter().any(|own| own == queue)
                    || service.is_some_and(|service| services.iter().any(|own| own == service))
            }
            Reach::Nothing => false,
        }
    }
}

/// As whom something was done, kept with the event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ActorLabel {
    /// `user`, `api_key`, `post` (an office address that nobody signs in with), `person`, `public` or
    /// `reeve`.
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
pub fn may(actor: &Actor, act: Act, case: &Case, ties: impl Into<Ties>) -> Verdict {
    let ties = ties.into();
    if *actor == Actor::System {
        return Verdict::Allow;
    }
    let sight = actor.sight();
    if !sight.takes_in(case, ties.raised_it) {
        return match act {
            _ if !sight.follows(case, ties.logged_it) => Verdict::Hide,
            Act::Follow => Verdict::Allow,
            Act::Read | Act::Work => Verdict::Deny,
        };
    }
    if act != Act::Work {
        return Verdict::Allow;
    }
    let allows_work = match actor {
        Actor::Key(key) if key.acting_for.is_none() => key.scopes.contains(&Scope::CasesWrite),
        // What is not mailed to them is not theirs to answer by mail.
        Actor::Inbox(inbox) => case.queue == inbox.queue && case.secrecy == Secrecy::Ordinary,
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

/// Whether somebody may open for themselves, for a time, a restricted case they are not named on:
/// heads of service and directors, at the cases of their own services. A complaint about staff is
/// never opened so: it is in the hands of the director over them, whom nobody stands in for.
#[must_use]
pub fn may_break_glass(actor: &Actor, case: &Case) -> bool {
    // By name: `*` is every queue but those of restricted cases.
    matches!(actor, Actor::User(user) if user.role == Role::HeadOfService
        && (user.queues.contains(&case.queue) || user.services.contains(&case.service)))
        && case.secrecy == Secrecy::Restricted
        && case.about.is_none()
}

impl From<bool> for Ties {
    /// Whether they raised it; that they logged it is not said.
    fn from(raised_it: bool) -> Self {
        Self {
            raised_it,
            logged_it: false,
        }
    }
}
