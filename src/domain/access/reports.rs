//! Who may read and who may make a report that is kept.
//!
//! Figures of the whole council are for those who look over all of it; those of a councillor's services
//! for the councillor and the heads over them; a partner's for the partner. Whoever holds a post that a
//! report is made for may read it too.

use serde::{Deserialize, Serialize};

use super::{Actor, Reach, Role, Scope, User};
use crate::domain::report::ReportKind;

/// Whose people may read one report beside those who look over the whole council, as it was when it was
/// made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Readers {
    /// Slugs, whoever holds them by now.
    #[serde(default)]
    pub posts: Vec<String>,
    /// Of the services it is about.
    #[serde(default)]
    pub queues: Vec<String>,
    #[serde(default)]
    pub services: Vec<String>,
    /// As whom a partner logs contacts: `user:<id>`, `key:<id>`.
    #[serde(default)]
    pub partners: Vec<String>,
}

/// Whether somebody may read a report. To others it is not there.
#[must_use]
pub fn may_read_report(actor: &Actor, kind: ReportKind, readers: &Readers) -> bool {
    match actor {
        Actor::System => true,
        Actor::User(user) => may_user(user, kind, readers),
        Actor::Key(key) => {
            let is_wide = key.queues.is_empty() || key.queues.iter().any(|queue| queue == "*");
            match &key.acting_for {
                Some(user) => is_wide && may_user(user, kind, readers),
                None => {
                    readers.partners.contains(&actor.principal())
                        || (is_wide && key.scopes.contains(&Scope::ReportsRead))
                }
            }
        }
        Actor::Anonymous { .. } | Actor::Follower { .. } | Actor::Inbox(_) => false,
    }
}

/// Whether somebody may have a report made: administrators any, heads of service those they may read.
#[must_use]
pub fn may_make_report(actor: &Actor, kind: ReportKind, readers: &Readers) -> bool {
    let role = actor.user().map(|user| user.role);
    match role {
        Some(Role::Admin | Role::HeadOfService) => may_read_report(actor, kind, readers),
        _ => *actor == Actor::System,
    }
}

fn may_user(user: &User, kind: ReportKind, readers: &Readers) -> bool {
    let holds_a_post = user
        .post
        .as_ref()
        .is_some_and(|post| readers.posts.contains(post));
    if holds_a_post {
        return true;
    }
    match user.role {
        Role::Admin | Role::Auditor => true,
        Role::HeadOfService => match kind {
            ReportKind::Complaints | ReportKind::Foi | ReportKind::MemberEnquiries => true,
            ReportKind::Scrutiny | ReportKind::OutOfHours => is_over(user, readers),
        },
        // What a councillor is responsible for is all of it, or it is another councillor's.
        Role::Councillor => {
            kind == ReportKind::Scrutiny
                && !readers.services.is_empty()
                && readers
                    .services
                    .iter()
                    .all(|service| user.services.contains(service))
        }
        Role::Partner => readers.partners.contains(&format!("user:{}", user.id)),
        Role::Agent | Role::Officer | Role::TeamLeader => false,
    }
}

/// Whether somebody leads any of the services it is about, or all there are.
fn is_over(user: &User, readers: &Readers) -> bool {
    match Actor::User(user.clone()).sight().ordinary {
        Reach::Everything => true,
        Reach::Nothing => false,
        Reach::Within {
            queues, services, ..
        } => {
            readers.queues.iter().any(|queue| queues.contains(queue))
                || readers
                    .services
                    .iter()
                    .any(|service| services.contains(service))
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::access::{Key, Standing};

    fn user(role: Role, queues: &[&str], post: Option<&str>) -> User {
        User {
            id: Uuid::nil().into(),
            name: "Hana Head".to_owned(),
            email: "hana@council.example".to_owned(),
            role,
            queues: queues.iter().map(|queue| (*queue).to_owned()).collect(),
            services: Vec::new(),
            teams: Vec::new(),
            post: post.map(str::to_owned),
            standing: Standing::default(),
        }
    }

    fn of_waste() -> Readers {
        Readers {
            posts: vec!["portfolio-waste".to_owned()],
            queues: vec!["waste-ops".to_owned()],
            services: vec!["waste-collection".to_owned()],
            partners: Vec::new(),
        }
    }

    #[test]
    fn a_portfolios_report_is_for_its_councillor_and_its_heads_and_for_no_other() {
        let check = |user: User, is_read: bool, is_made: bool| {
            let actor = Actor::User(user);
            let kind = ReportKind::Scrutiny;
            assert_eq!(
                may_read_report(&actor, kind, &of_waste()),
                is_read,
                "{actor:?}"
            );
            assert_eq!(
                may_make_report(&actor, kind, &of_waste()),
                is_made,
                "{actor:?}"
            );
        };
        check(user(Role::HeadOfService, &["waste-ops"], None), true, true);
        check(user(Role::HeadOfService, &["*"], None), true, true);
        check(user(Role::HeadOfService, &["highways"], None), false, false);
        check(
            user(Role::Councillor, &[], Some("portfolio-waste")),
            true,
            false,
        );
        check(
            user(Role::Councillor, &[], Some("portfolio-roads")),
            false,
            false,
        );
        check(user(Role::Councillor, &[], None), false, false);
        check(user(Role::Admin, &[], None), true, true);
        check(user(Role::Auditor, &[], None), true, false);
        check(user(Role::TeamLeader, &["waste-ops"], None), false, false);
        check(user(Role::Agent, &["*"], None), false, false);
        check(user(Role::Partner, &["waste-ops"], None), false, false);
        let mut overlooks = user(Role::Councillor, &[], None);
        overlooks.services = vec!["waste-collection".to_owned(), "parks".to_owned()];
        check(overlooks, true, false);
    }

    #[test]
    fn figures_of_the_whole_council_are_not_for_who_leads_a_part_of_it() {
        let all = Readers::default();
        let check = |user: User, kind, is_read: bool| {
            assert_eq!(may_read_report(&Actor::User(user), kind, &all), is_read);
        };
        check(
            user(Role::HeadOfService, &["waste-ops"], None),
            ReportKind::Scrutiny,
            false,
        );
        check(
            user(Role::HeadOfService, &["*"], None),
            ReportKind::Scrutiny,
            true,
        );
        check(
            user(Role::HeadOfService, &["waste-ops"], None),
            ReportKind::Complaints,
            true,
        );
        check(
            user(Role::Councillor, &[], None),
            ReportKind::Scrutiny,
            false,
        );
    }

    #[test]
    fn a_partner_reads_its_own_nights_and_nobody_elses() {
        let own = Readers {
            partners: vec![
                format!("user:{}", Uuid::nil()),
                format!("key:{}", Uuid::nil()),
            ],
            ..Readers::default()
        };
        let partner = Actor::User(user(Role::Partner, &[], None));
        assert!(may_read_report(&partner, ReportKind::OutOfHours, &own));
        assert!(!may_make_report(&partner, ReportKind::OutOfHours, &own));
        assert!(!may_read_report(
            &partner,
            ReportKind::OutOfHours,
            &Readers::default()
        ));
        let key = |scopes: &[Scope], queues: &[&str]| {
            Actor::Key(Key {
                id: Uuid::nil().into(),
                name: "night desk".to_owned(),
                scopes: scopes.to_vec(),
                channels: Vec::new(),
                queues: queues.iter().map(|queue| (*queue).to_owned()).collect(),
                acting_for: None,
            })
        };
        let narrow = key(&[Scope::ReportsRead], &["emergency-planning"]);
        assert!(may_read_report(&narrow, ReportKind::OutOfHours, &own));
        assert!(!may_read_report(
            &narrow,
            ReportKind::Scrutiny,
            &Readers::default()
        ));
        let wide = key(&[Scope::ReportsRead], &[]);
        assert!(may_read_report(
            &wide,
            ReportKind::Scrutiny,
            &Readers::default()
        ));
        assert!(!may_make_report(
            &wide,
            ReportKind::Scrutiny,
            &Readers::default()
        ));
    }
}
