//! From whom a complaint about staff is kept: whoever it is about, their deputy, their team leaders
//! and their team. None of them can be named on it, nor get it.

use std::collections::BTreeSet;

use crate::casework::desk::Moment;
use crate::casework::failure::Failure;
use crate::domain::access::{Role, User};
use crate::domain::case::About;
use crate::domain::catalogue::{Catalogue, Post, PostKind};
use crate::domain::ids::UserId;
use crate::store::users::Account;
use crate::store::{Conn, users};

/// Those from whom one complaint is kept.
pub(super) struct KeptFrom<'c> {
    user: Option<UserId>,
    post: Option<&'c Post>,
    /// The queues of their team, by slug.
    queues: BTreeSet<String>,
    teams: BTreeSet<String>,
}

impl<'c> KeptFrom<'c> {
    /// From whom a complaint about this post or officer is kept.
    pub(super) fn of(conn: &mut Conn, at: &'c Moment, about: &About) -> Result<Self, Failure> {
        let catalogue = &at.council.catalogue;
        let (user, slug, own, own_teams) = match about {
            About::Post(slug) => (None, Some(slug.clone()), Vec::new(), Vec::new()),
            About::User(id) => match users::find(conn, *id)? {
                Some(Account { user, .. }) => (Some(*id), user.post, user.queues, user.teams),
                None => (Some(*id), None, Vec::new(), Vec::new()),
            },
        };
        let post = slug.as_deref().and_then(|slug| catalogue.post(slug));
        let mut queues: BTreeSet<String> = own.into_iter().filter(|queue| queue != "*").collect();
        if let Some(post) = post {
            queues.extend(queues_under(catalogue, post));
        }
        let teams = queues
            .iter()
            .filter_map(|slug| catalogue.queue(slug))
            .flat_map(|queue| queue.restricted_teams.iter())
            .map(|team| team.trim_start_matches("team:").to_owned())
            .chain(own_teams)
            .collect();
        Ok(Self {
            user,
            post,
            queues,
            teams,
        })
    }

    /// Whether it is kept from this user. Heads of service above the team may be named.
    pub(super) fn is(&self, user: &User) -> bool {
        let is_deputy = self
            .post
            .and_then(|post| post.deputy_email.as_deref())
            .is_some_and(|deputy| deputy.eq_ignore_ascii_case(&user.email));
        let holds_it = self
            .post
            .is_some_and(|post| user.post.as_deref() == Some(post.slug.as_str()));
        let is_of_the_team = user.role != Role::HeadOfService
            && user.queues.iter().any(|queue| self.queues.contains(queue));
        self.user == Some(user.id) || is_deputy || holds_it || is_of_the_team
    }

    /// Whether a restricted case may not open in this name.
    pub(super) fn is_holder(&self, conn: &mut Conn, holder: &str) -> Result<bool, Failure> {
        Ok(match holder.split_once(':') {
            Some(("team", team)) => self.teams.contains(team),
            Some(("post", slug)) => self.post.is_some_and(|post| post.slug == slug),
            Some(("user", id)) => match id.parse::<UserId>() {
                Ok(id) => {
                    self.user == Some(id)
                        || users::find(conn, id)?.is_some_and(|account| self.is(&account.user))
                }
                Err(_) => false,
            },
            // What was opened for a time was opened before it was known whom it is about.
            _ => true,
        })
    }
}

fn queues_under(catalogue: &Catalogue, post: &Post) -> Vec<String> {
    let of_services = catalogue
        .services
        .values()
        .filter(|service| match post.kind {
            PostKind::HeadOfService => service.head_of_service == post.slug,
            PostKind::Director => service.director == post.slug,
            PostKind::PortfolioHolder | PostKind::TeamLeader | PostKind::DutyContact => false,
        })
        .map(|service| service.queue.clone());
    let of_queues = catalogue
        .queues
        .values()
        .filter(|queue| queue.team_leader.slug == post.slug || queue.duty_contact.slug == post.slug)
        .map(|queue| queue.slug.clone());
    of_services.chain(of_queues).collect()
}
