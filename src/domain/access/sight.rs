//! How far somebody sees: the part of all cases that queries are narrowed to.

use serde::{Deserialize, Serialize};

use crate::domain::case::{Case, Secrecy};
use crate::domain::contact::Channel;
use crate::domain::ids::UserId;

/// What of all cases somebody may see, for queries to apply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sight {
    pub ordinary: Reach,
    /// In whose name restricted cases open: `user:<id>`, `team:<team>`, `post:<slug>`.
    pub holders: Vec<String>,
    pub user: Option<UserId>,
    /// Cases raised by the person with this e-mail address (councillors).
    pub raised_by: Option<String>,
    /// Services whose ordinary cases they follow as the public does (portfolio holders).
    pub overlooks: Vec<String>,
    /// As whom they logged contacts: the cases those opened they follow as the public does
    /// (partners).
    pub logged_by: Vec<String>,
    /// As whom a case may be about them: such a case does not exist for them, whoever named them on it.
    pub kept_from: Vec<String>,
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

    pub(super) fn of(ordinary: Reach) -> Self {
        Self {
            ordinary,
            holders: Vec::new(),
            user: None,
            raised_by: None,
            overlooks: Vec::new(),
            logged_by: Vec::new(),
            kept_from: Vec::new(),
            only_queues: None,
        }
    }

    /// Whether the case is about them, or about whoever holds their post.
    fn is_kept_from(&self, case: &Case) -> bool {
        case.about
            .as_ref()
            .is_some_and(|about| self.kept_from.contains(&about.to_string()))
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
        if !self.admits_queue(&case.queue) || self.is_kept_from(case) {
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

    /// Whether they may follow a case outside their reach as the public does: where it stands, and
    /// nobody's words, name or address. `is_logged` says whether they logged what opened it.
    #[must_use]
    pub fn follows(&self, case: &Case, is_logged: bool) -> bool {
        if !self.admits_queue(&case.queue) || self.is_kept_from(case) {
            return false;
        }
        match case.secrecy {
            Secrecy::Restricted => false,
            Secrecy::Ordinary if self.overlooks.contains(&case.service) => true,
            Secrecy::Ordinary | Secrecy::Sensitive => is_logged && !self.logged_by.is_empty(),
        }
    }

    /// The same without what is only followed: for whatever shows more of a case than the public
    /// reads.
    #[must_use]
    pub fn without_following(self) -> Self {
        Self {
            overlooks: Vec::new(),
            logged_by: Vec::new(),
            ..self
        }
    }

    /// Whether some of what a query finds within it may only be followed.
    #[must_use]
    pub fn is_partly_following(&self) -> bool {
        !self.overlooks.is_empty() || !self.logged_by.is_empty()
    }
}

/// What queues and services come to; `*` is everything that is not restricted.
pub(super) fn reach(queues: &[String], services: &[String]) -> Reach {
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
