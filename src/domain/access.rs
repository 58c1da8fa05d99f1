//! Who may see and do what, decided in one pure function: [`may`].
//!
//! The same rule is applied in queries as a [`Sight`], so that a list shows what its reader may
//! see and no more. Restricted cases do not exist for those who were not named: the verdict is
//! [`Verdict::Hide`], and the answer is that of an absent one.

use serde::{Deserialize, Serialize};

use super::case::{About, Case, Secrecy};
use super::contact::{Channel, words};
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
    /// Nothing outside these queues, whatever the rest says: the limit of a key that acts for
    /// somebody.
    pub only_queues: Option<Vec<String>>,
}

/// How far somebody's sight goes among cases that are not restricted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reach {
    Everything,
    Within {
        queues: Vec<String>,
        services: Vec<String>,
        /// Cases that came in this way.
        channels: Vec<String>,
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

    /// What they may see in lists.
    #[must_use]
    pub fn sight(&self) -> Sight {
        match self {
            Self::System => Sight::of(Reach::Everything),
            Self::User(user) => user.sight(),
            Self::Key(key) => key.sight(),
            Self::Anonymous { .. } | Self::Follower { .. } => Sight::of(Reach::Nothing),
        }
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
                ..user.sight()
            },
            None if self.queues.is_empty() && !self.channels.is_empty() => {
                Sight::of(Reach::Within {
                    queues: Vec::new(),
                    services: Vec::new(),
                    channels: self.channels.clone(),
                })
            }
            None => Sight::of(reach(&self.queues, &[])),
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
            only_queues: None,
        }
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

impl Sight {
    /// Cases that came in one way, restricted ones never: what the public may be shown of them is for
    /// the reader to say.
    #[must_use]
    pub fn of_channel(channel: Channel) -> Self {
        Self::of(Reach::Within {
            queues: Vec::new(),
            services: Vec::new(),
            channels: vec![channel.to_string()],
        })
    }

    fn of(ordinary: Reach) -> Self {
        Self {
            ordinary,
            holders: Vec::new(),
            user: None,
            raised_by: None,
            only_queues: None,
        }
    }

    /// Whether a key's own limit lets anything of this queue be seen.
    #[must_use]
    pub fn admits_queue(&self, queue: &str) -> bool {
        self.only_queues
            .as_ref()
            .is_none_or(|only| only.iter().any(|own| own == queue))
    }

    /// Whether one case is within it. `is_raised_by` says whether the case's reporter has the
    /// address of [`Self::raised_by`].
    #[must_use]
    pub fn takes_in(&self, case: &Case, is_raised_by: bool) -> bool {
        if !self.admits_queue(&case.queue) {
            return false;
        }
        if case.secrecy == Secrecy::Restricted {
            return case
                .restricted_to
                .iter()
                .any(|holder| self.holders.contains(holder));
        }
        let is_own = case.owner.is_some() && case.owner == self.user;
        let is_within = match &self.ordinary {
            Reach::Everything => true,
            Reach::Within {
                queues,
                services,
                channels,
            } => {
                queues.contains(&case.queue)
                    || services.contains(&case.service)
                    || channels.iter().any(|own| own == case.channel.as_str())
            }
            Reach::Nothing => false,
        };
        is_own || is_within || (self.raised_by.is_some() && is_raised_by)
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
            channels: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn user(teams: &[&str]) -> User {
        User {
            id: Uuid::nil().into(),
            name: "Mina Officer".to_owned(),
            email: "mina@council.example".to_owned(),
            role: Role::Officer,
            queues: vec!["*".to_owned()],
            services: Vec::new(),
            teams: teams.iter().map(|team| (*team).to_owned()).collect(),
            post: None,
        }
    }

    fn key(channels: &[&str], queues: &[&str], acting_for: Option<User>) -> Actor {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        Actor::Key(Key {
            id: Uuid::nil().into(),
            name: "desk".to_owned(),
            scopes: vec![Scope::ActForUser, Scope::PeopleRead],
            channels: owned(channels),
            queues: owned(queues),
            acting_for: acting_for.map(Box::new),
        })
    }

    #[test]
    fn a_key_that_acts_for_somebody_sees_what_they_see_within_its_own_queues() {
        let own = Actor::User(user(&["mash"])).sight();
        assert_eq!(key(&[], &[], Some(user(&["mash"]))).sight(), own);
        let within = key(&[], &["highways"], Some(user(&["mash"]))).sight();
        assert!(within.admits_queue("highways") && !within.admits_queue("mash"));
        assert_eq!(within.ordinary, own.ordinary);
        // `*` is every queue but those of restricted cases, whoever is acted for.
        let everywhere = key(&[], &["*"], Some(user(&["mash"]))).sight();
        assert!(everywhere.admits_queue("highways") && everywhere.holders.is_empty());
    }

    #[test]
    fn a_key_by_itself_sees_its_queues_or_what_came_by_its_channels() {
        let reach =
            |channels: &[&str], queues: &[&str]| key(channels, queues, None).sight().ordinary;
        let within = |queues: &[&str], channels: &[&str]| Reach::Within {
            queues: queues.iter().map(|text| (*text).to_owned()).collect(),
            services: Vec::new(),
            channels: channels.iter().map(|text| (*text).to_owned()).collect(),
        };
        assert_eq!(reach(&[], &[]), Reach::Nothing);
        assert_eq!(reach(&[], &["*"]), Reach::Everything);
        assert_eq!(reach(&["phone"], &["highways"]), within(&["highways"], &[]));
        assert_eq!(reach(&["phone"], &[]), within(&[], &["phone"]));
    }

    #[test]
    fn what_is_done_for_somebody_is_written_down_as_both() {
        let both = key(&[], &[], Some(user(&[])));
        let nil = Uuid::nil();
        assert_eq!(both.principal(), format!("key:{nil}:user:{nil}"));
        let name = both.label().name.unwrap();
        assert!(
            name.contains("Mina Officer") && name.contains("desk"),
            "{name}"
        );
        assert!(
            !both.has_scope(Scope::PeopleRead),
            "they are judged by their role"
        );
        assert!(key(&[], &[], None).has_scope(Scope::PeopleRead));
    }

    #[test]
    fn a_key_may_be_limited_to_channels_and_people_are_not() {
        assert!(key(&[], &[], None).may_bring_in(Channel::Phone));
        let letters = key(&["letter"], &[], Some(user(&[])));
        assert!(letters.may_bring_in(Channel::Letter) && !letters.may_bring_in(Channel::Phone));
        assert!(Actor::User(user(&[])).may_bring_in(Channel::Phone));
    }
}
