//! Who may call an operation, before any object is looked at.
//!
//! This is the coarse door: whether anything could be reached at all with this role or key. What
//! they may see and do beyond it is decided case by case in `domain::access`.

use serde_json::{Value, json};

use super::problem::Problem;
use crate::domain::access::{Actor, Role, Scope};

/// Who may call one operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    roles: Vec<Role>,
    scopes: Vec<Scope>,
    takes_anybody: bool,
    takes_tracking: bool,
}

/// Every role: operations that are about the caller.
pub const EVERYBODY: &[Role] = Role::ALL;
/// Those who work cases.
pub const CASEWORKERS: &[Role] = &[
    Role::Agent,
    Role::Officer,
    Role::TeamLeader,
    Role::HeadOfService,
    Role::Partner,
];

impl Access {
    /// Anybody, signed in or not. Credentials are not even looked at.
    #[must_use]
    pub const fn public() -> Self {
        Self {
            roles: Vec::new(),
            scopes: Vec::new(),
            takes_anybody: true,
            takes_tracking: false,
        }
    }

    /// People with one of these roles. Keys only with [`Access::or_scope`].
    #[must_use]
    pub fn staff(roles: &[Role]) -> Self {
        Self {
            roles: roles.to_vec(),
            takes_anybody: false,
            ..Self::public()
        }
    }

    /// Keys with this scope, and nobody else.
    #[must_use]
    pub fn scope(scope: Scope) -> Self {
        Self::staff(&[]).or_scope(scope)
    }

    /// A person by the secret link of their case.
    #[must_use]
    pub fn tracking() -> Self {
        Self {
            takes_tracking: true,
            ..Self::staff(&[])
        }
    }

    /// Keys with this scope too; named several times, any of them opens.
    #[must_use]
    pub fn or_scope(mut self, scope: Scope) -> Self {
        self.scopes.push(scope);
        self
    }

    /// A person by the secret link of their case too.
    #[must_use]
    pub fn or_tracking(self) -> Self {
        Self {
            takes_tracking: true,
            ..self
        }
    }

    /// Nobody needs to sign in.
    #[must_use]
    pub fn is_public(&self) -> bool {
        self.takes_anybody
    }

    /// Credentials, where there are any, matter.
    #[must_use]
    pub fn reads_credentials(&self) -> bool {
        !self.takes_anybody || !self.scopes.is_empty()
    }

    /// Whether this actor comes through the door.
    ///
    /// # Errors
    /// 403, saying what is lacking.
    pub fn admit(&self, actor: &Actor) -> Result<(), Problem> {
        match actor {
            Actor::System => Ok(()),
            Actor::Anonymous { .. } if self.takes_anybody => Ok(()),
            Actor::Anonymous { .. } => Err(Problem::unauthenticated(
                "sign_in_needed",
                "Send `Authorization: Bearer <token or key>`.",
            )),
            Actor::User(_) if self.takes_anybody => Ok(()),
            Actor::User(user) => self.admit_role(user.role),
            // Acting for somebody, a key may do what both may; what is for people only stays so.
            Actor::Key(key) => {
                if let Some(user) = &key.acting_for
                    && !self.scopes.is_empty()
                    && !self.takes_anybody
                {
                    self.admit_role(user.role)?;
                }
                if key.scopes.iter().any(|scope| self.scopes.contains(scope)) {
                    Ok(())
                } else {
                    Err(self.lacking_scope())
                }
            }
            Actor::Follower { .. } if self.takes_tracking => Ok(()),
            Actor::Follower { .. } | Actor::Inbox(_) => Err(self.lacking_scope()),
        }
    }

    /// How the published contract says it.
    #[must_use]
    pub fn document(&self) -> Value {
        let mut scopes: Vec<&str> = self.scopes.iter().map(|scope| scope.as_str()).collect();
        if self.takes_tracking {
            scopes.push("tracking");
        }
        let roles: Vec<&str> = self.roles.iter().map(|role| role.as_str()).collect();
        json!({"roles": roles, "scopes": scopes, "public": self.takes_anybody})
    }

    /// Which security schemes of the contract open it.
    #[must_use]
    pub fn schemes(&self) -> Vec<&'static str> {
        let mut schemes = Vec::new();
        if !self.roles.is_empty() {
            schemes.push("access_token");
        }
        if !self.scopes.is_empty() {
            schemes.push("api_key");
        }
        if self.takes_tracking {
            schemes.push("tracking_token");
        }
        schemes
    }

    fn admit_role(&self, role: Role) -> Result<(), Problem> {
        if self.roles.contains(&role) {
            return Ok(());
        }
        let roles: Vec<&str> = self.roles.iter().map(|role| role.as_str()).collect();
        let detail = if roles.is_empty() {
            "This is not for people who sign in.".to_owned()
        } else {
            format!(
                "A {role} may not do this; it takes one of: {}.",
                roles.join(", ")
            )
        };
        Err(Problem::forbidden("role_may_not", detail))
    }

    fn lacking_scope(&self) -> Problem {
        let scopes: Vec<&str> = self.scopes.iter().map(|scope| scope.as_str()).collect();
        let detail = if scopes.is_empty() {
            "This is for people who sign in, not for keys or links.".to_owned()
        } else {
            format!(
                "This needs a key with one of the scopes: {}.",
                scopes.join(", ")
            )
        };
        Problem::forbidden("scope_missing", detail)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::access::{Key, User};

    fn user(role: Role) -> User {
        User {
            id: Uuid::nil().into(),
            name: "Sam Officer".to_owned(),
            email: "sam@council.example".to_owned(),
            role,
            queues: Vec::new(),
            services: Vec::new(),
            teams: Vec::new(),
            post: None,
            standing: crate::domain::access::Standing::default(),
        }
    }

    fn key(scopes: &[Scope], acting_for: Option<User>) -> Actor {
        Actor::Key(Key {
            id: Uuid::nil().into(),
            name: "website".to_owned(),
            scopes: scopes.to_vec(),
            channels: Vec::new(),
            queues: Vec::new(),
            acting_for: acting_for.map(Box::new),
        })
    }

    fn check(access: &Access, actor: &Actor, expect: Option<&str>) {
        assert_eq!(
            access.admit(actor).err().map(|problem| problem.code),
            expect,
            "{actor:?}"
        );
    }

    #[test]
    fn a_door_opens_for_its_roles_and_scopes_only() {
        let door = Access::staff(&[Role::Agent]).or_scope(Scope::ContactsWrite);
        check(&door, &Actor::User(user(Role::Agent)), None);
        check(
            &door,
            &Actor::User(user(Role::Auditor)),
            Some("role_may_not"),
        );
        check(&door, &key(&[Scope::ContactsWrite], None), None);
        check(
            &door,
            &key(&[Scope::EmailWrite], None),
            Some("scope_missing"),
        );
        check(
            &door,
            &Actor::Anonymous {
                address: "192.0.2.1".to_owned(),
            },
            Some("sign_in_needed"),
        );
    }

    #[test]
    fn a_key_that_acts_for_somebody_may_do_what_both_may_and_nothing_that_is_for_people_only() {
        let work = Access::staff(&[Role::Agent]).or_scope(Scope::CasesWrite);
        let people_only = Access::staff(&[Role::Admin]);
        let both = [Scope::ActForUser, Scope::CasesWrite];
        let acting = |role| key(&both, Some(user(role)));
        check(&work, &acting(Role::Agent), None);
        check(&work, &acting(Role::Councillor), Some("role_may_not"));
        check(
            &work,
            &key(&[Scope::ActForUser], Some(user(Role::Agent))),
            Some("scope_missing"),
        );
        check(&people_only, &acting(Role::Admin), Some("scope_missing"));
    }

    #[test]
    fn a_public_door_with_a_scope_refuses_a_key_without_it() {
        let door = Access::public().or_scope(Scope::PublicContactsWrite);
        check(
            &door,
            &Actor::Anonymous {
                address: "192.0.2.1".to_owned(),
            },
            None,
        );
        check(&door, &key(&[Scope::PublicContactsWrite], None), None);
        check(
            &door,
            &key(&[Scope::EmailWrite], None),
            Some("scope_missing"),
        );
    }
}
