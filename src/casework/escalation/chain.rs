//! Who answers for a post today: its holder, else the deputy, else the next step up.
//!
//! A post is never passed over in silence: whenever somebody else is told in its place, it is named
//! among the unreached, which the caller puts on the case and into a metric.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use crate::casework::desk::Moment;
use crate::casework::failure::Failure;
use crate::domain::access::{Act, Actor, Away, User, Verdict, may};
use crate::domain::case::{About, Case, LinkKind, Procedure, Secrecy};
use crate::domain::catalogue::{Catalogue, Post, PostKind, Queue, Service};
use crate::domain::ids::UserId;
use crate::domain::ladder::Whom;
use crate::store::contacts::Contact;
use crate::store::{Conn, StoreError, Tx, cases, settings, users};

/// Somebody who is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient {
    /// The post they answer for, by slug, `owner`, `inbox` or `address`.
    pub post: String,
    pub address: String,
    /// Heads of service and above get one mail a day.
    pub gets_digest: bool,
}

/// A post that could not be told itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreached {
    pub post: String,
    /// Its address, or its slug where it has none.
    pub address: String,
}

/// Who is told in the end, and whom it did not reach on the way.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Resolved {
    pub recipient: Option<Recipient>,
    pub unreached: Vec<Unreached>,
}

/// The people over one case, as they stand at one moment.
pub struct Chain<'c> {
    catalogue: &'c Catalogue,
    /// What a deputy must be able to read; none for a mail on no case.
    case: Option<Box<Case>>,
    now: Timestamp,
    today: Date,
    queue: Option<&'c Queue>,
    /// Whose head, director and councillor are told.
    service: Option<&'c Service>,
    confined: Option<Confined<'c>>,
}

/// A complaint about staff stays between its owner and one director.
struct Confined<'c> {
    director: Option<&'c Post>,
    /// Addresses of whoever it is about.
    never: Vec<String>,
}

/// The inbox of a team that works by e-mail, where posts are named.
pub(super) const INBOX: &str = "inbox";

/// For how long an address that refused our mail is passed over.
const PASSED_OVER: SignedDuration = SignedDuration::from_hours(7 * 24);

impl<'c> Chain<'c> {
    /// The people over a case. A member's enquiry is answered for by those of the service it asks
    /// about; a complaint about staff by the director over them.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub fn of(conn: &mut Conn, at: &'c Moment, case: &Case) -> Result<Self, Failure> {
        let catalogue = &at.council.catalogue;
        let own = catalogue.service(&case.service);
        let queue = catalogue
            .queue(&case.queue)
            .or_else(|| own.and_then(|service| catalogue.queue(&service.queue)));
        let asked_about = underlying_service(conn, case)?;
        let service = asked_about
            .and_then(|slug| catalogue.service(&slug))
            .or(own);
        let confined = match &case.about {
            Some(about) => Some(Confined::of(conn, catalogue, case, about)?),
            None => None,
        };
        Ok(Self {
            catalogue,
            case: Some(Box::new(case.clone())),
            now: at.now,
            today: at.today(),
            queue,
            service,
            confined,
        })
    }

    /// The people over a mail that is on no case: those of the queue whose team leader it waits
    /// for, else of the contact centre.
    #[must_use]
    pub fn of_mail(at: &'c Moment, contact: &Contact) -> Self {
        Self::over(at, queue_of_mail(&at.council.catalogue, contact))
    }

    /// The people over a queue, for a mail that is on no case; of the contact centre's, where there is no
    /// such queue.
    #[must_use]
    pub fn of_queue(at: &'c Moment, slug: &str) -> Self {
        let catalogue = &at.council.catalogue;
        let fallback = &catalogue.routing.fallback.queue;
        let queue = catalogue.queue(slug);
        Self::over(at, queue.or_else(|| catalogue.queue(fallback)))
    }

    fn over(at: &'c Moment, queue: Option<&'c Queue>) -> Self {
        let catalogue = &at.council.catalogue;
        let fallback = &catalogue.routing.fallback;
        let service = queue.and_then(|queue| {
            let mut all = catalogue.services.values();
            all.find(|service| service.queue == queue.slug)
        });
        Self {
            catalogue,
            case: None,
            now: at.now,
            today: at.today(),
            queue,
            service: service.or_else(|| catalogue.service(&fallback.service)),
            confined: None,
        }
    }

    /// The team over the work, as people read it.
    #[must_use]
    pub fn team(&self) -> &'c str {
        self.queue
            .map_or("council", |queue| queue.team_name.as_str())
    }

    /// Who is told when a step names `whom`. `owner` has the case, or made the promise.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub fn resolve(
        &self,
        conn: &mut Conn,
        whom: &Whom,
        owner: Option<UserId>,
    ) -> Result<Resolved, Failure> {
        let mut resolved = Resolved::default();
        let mut rung = Some(whom.clone());
        if *whom == Whom::Owner {
            self.try_owner(conn, owner, &mut resolved)?;
            rung = whom.next_up();
        } else if let Whom::Address(address) = whom
            && self.confined.is_none()
        {
            resolved.recipient = Some(Recipient {
                post: "address".to_owned(),
                address: address.clone(),
                gets_digest: false,
            });
        }
        if self.confined.is_some() && rung.is_some() {
            rung = Some(Whom::Director);
        }
        while resolved.recipient.is_none()
            && let Some(whom) = rung
        {
            self.try_post(conn, &whom, &mut resolved)?;
            rung = if self.confined.is_some() {
                None
            } else {
                whom.next_up()
            };
        }
        Ok(resolved)
    }

    /// What a step would have named to reach this post.
    #[must_use]
    pub fn whom_of(&self, post: &str) -> Whom {
        match self.catalogue.post(post).map(|post| post.kind) {
            Some(PostKind::TeamLeader) => Whom::TeamLeader,
            Some(PostKind::DutyContact) => Whom::DutyContact,
            Some(PostKind::HeadOfService) => Whom::HeadOfService,
            Some(PostKind::Director) => Whom::Director,
            Some(PostKind::PortfolioHolder) => Whom::PortfolioHolder,
            None => Whom::Owner,
        }
    }

    /// Whoever has it; away, their deputy where they named one who may read the case. Else the step
    /// goes to the team leader.
    fn try_owner(
        &self,
        conn: &mut Conn,
        owner: Option<UserId>,
        resolved: &mut Resolved,
    ) -> Result<(), Failure> {
        let Some(owner) = owner else {
            return self.try_inbox(conn, resolved);
        };
        let Some(account) = users::find(conn, owner)?.filter(|account| account.is_active) else {
            return Ok(());
        };
        let mut told = account.user.email.clone();
        let away = account.user.standing.away_on(self.today);
        if !self.may_read(account.user.at(self.now)) {
            return Ok(());
        }
        if let Some(away) = away {
            resolved.unreached.push(Unreached {
                post: "owner".to_owned(),
                address: told,
            });
            let Some(deputy) = self.deputy(conn, away)? else {
                return Ok(());
            };
            told = deputy;
        }
        if self.may_be_told(&told) && !is_passed_over(conn, &told, self.now)? {
            resolved.recipient = Some(Recipient {
                post: "owner".to_owned(),
                address: told,
                gets_digest: false,
            });
        }
        Ok(())
    }

    /// The inbox of a team that works by e-mail stands where an owner would, for what is mailed to it.
    fn try_inbox(&self, conn: &mut Conn, resolved: &mut Resolved) -> Result<(), Failure> {
        let Some(case) = &self.case else {
            return Ok(());
        };
        let queue = self.queue.filter(|queue| queue.slug == case.queue);
        let Some(inbox) = queue.and_then(Queue::inbox) else {
            return Ok(());
        };
        let is_mailed = case.secrecy == Secrecy::Ordinary && self.confined.is_none();
        if is_mailed && !is_passed_over(conn, inbox, self.now)? {
            resolved.recipient = Some(Recipient {
                post: INBOX.to_owned(),
                address: inbox.to_owned(),
                gets_digest: false,
            });
        }
        Ok(())
    }

    fn deputy(&self, conn: &mut Conn, away: Away) -> Result<Option<String>, Failure> {
        let Some(deputy) = away.deputy else {
            return Ok(None);
        };
        let account = users::find(conn, deputy)?.filter(|account| {
            account.is_active && account.user.standing.away_on(self.today).is_none()
        });
        let Some(user) = account.map(|account| account.user.at(self.now)) else {
            return Ok(None);
        };
        let address = user.email.clone();
        Ok(self.may_read(user).then_some(address))
    }

    fn may_read(&self, user: User) -> bool {
        let reader = Actor::User(user);
        self.case
            .as_ref()
            .is_none_or(|case| may(&reader, Act::Read, case, false) == Verdict::Allow)
    }

    /// Whether a mail about its case that was written before may still go to this address: what it is
    /// about may have come out since, or have become a matter for few. A post is told by its office.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub fn may_still_be_told(&self, conn: &mut Conn, address: &str) -> Result<bool, Failure> {
        if !self.may_be_told(address) {
            return Ok(false);
        }
        let account = users::find_by_email(conn, address)?;
        Ok(account
            .filter(|account| account.user.post.is_none())
            .is_none_or(|account| self.may_read(account.user.at(self.now))))
    }

    fn try_post(
        &self,
        conn: &mut Conn,
        whom: &Whom,
        resolved: &mut Resolved,
    ) -> Result<(), Failure> {
        let Some(post) = self.post(whom) else {
            resolved.unreached.push(Unreached {
                post: whom.to_string(),
                address: whom.to_string(),
            });
            return Ok(());
        };
        let mut told = None;
        for address in post.addresses_on(self.today) {
            let is_one = address.contains('@') && self.may_be_told(address);
            if is_one
                && !is_passed_over(conn, address, self.now)?
                && !is_away(conn, address, self.today)?
            {
                told = Some(address.to_owned());
                break;
            }
        }
        if told.as_deref() != Some(post.email.as_str()) {
            let has_address = !post.email.is_empty();
            let address = if has_address { &post.email } else { &post.slug };
            resolved.unreached.push(Unreached {
                post: post.slug.clone(),
                address: address.clone(),
            });
        }
        let gets_digest = whom.gets_digest();
        resolved.recipient = told.map(|address| Recipient {
            post: post.slug.clone(),
            address,
            gets_digest,
        });
        Ok(())
    }

    fn post(&self, whom: &Whom) -> Option<&'c Post> {
        match &self.confined {
            Some(confined) => confined.director,
            None => self.catalogue.whom(self.service?, self.queue?, whom),
        }
    }

    fn may_be_told(&self, address: &str) -> bool {
        self.confined
            .as_ref()
            .is_none_or(|confined| !confined.never.iter().any(|never| never == address))
    }
}

/// Where mail to a post goes today, its holder's address or the deputy's; nowhere when neither can
/// be reached.
pub(in crate::casework) fn address_of(
    conn: &mut Conn,
    post: &Post,
    at: &Moment,
) -> Result<Option<String>, Failure> {
    for address in post.addresses_on(at.today()) {
        if address.contains('@')
            && !is_passed_over(conn, address, at.now)?
            && !is_away(conn, address, at.today())?
        {
            return Ok(Some(address.to_owned()));
        }
    }
    Ok(None)
}

/// The queue a mail on no case waits in: that of the team leader it waits for, else the contact
/// centre's.
#[must_use]
pub fn queue_of_mail<'c>(catalogue: &'c Catalogue, contact: &Contact) -> Option<&'c Queue> {
    let waits_for = contact.waits_for.as_deref();
    catalogue
        .queues
        .values()
        .find(|queue| Some(queue.team_leader.email.as_str()) == waits_for)
        .or_else(|| catalogue.queue(&catalogue.routing.fallback.queue))
}

/// A mail to this office address was refused for good: for a week its post is told another way.
///
/// # Errors
/// When it cannot be written.
pub fn note_unreachable(tx: &mut Tx<'_>, address: &str, now: Timestamp) -> Result<(), StoreError> {
    settings::set(tx, &unreachable_key(address), &now.to_string())
}

fn is_passed_over(conn: &mut Conn, address: &str, now: Timestamp) -> Result<bool, Failure> {
    let noted = settings::get(conn, &unreachable_key(address))?;
    let since = noted.and_then(|text| text.parse::<Timestamp>().ok());
    Ok(since.is_some_and(|since| since <= now && now.duration_since(since) < PASSED_OVER))
}

/// Whether whoever signs in with this office address is away today.
fn is_away(conn: &mut Conn, address: &str, today: Date) -> Result<bool, Failure> {
    let account = users::find_by_email(conn, &address.to_lowercase())?;
    Ok(account.is_some_and(|account| account.user.standing.away_on(today).is_some()))
}

fn unreachable_key(address: &str) -> String {
    format!("unreachable:{address}")
}

/// The service a member asks about: that of the case opened beside theirs.
fn underlying_service(conn: &mut Conn, case: &Case) -> Result<Option<String>, Failure> {
    if case.procedure != Procedure::MemberEnquiry {
        return Ok(None);
    }
    let beside = cases::related(conn, &Actor::System.sight(), case.id)?;
    let asked_about = |wanted: LinkKind| {
        beside
            .iter()
            .find(|(kind, filed)| {
                *kind == wanted && filed.case.procedure != Procedure::MemberEnquiry
            })
            .map(|(_, filed)| filed.case.service.clone())
    };
    Ok(asked_about(LinkKind::About).or_else(|| asked_about(LinkKind::Related)))
}

impl<'c> Confined<'c> {
    fn of(
        conn: &mut Conn,
        catalogue: &'c Catalogue,
        case: &Case,
        about: &About,
    ) -> Result<Self, Failure> {
        let mut never = Vec::new();
        let mut subject = None;
        match about {
            About::Post(slug) => subject = catalogue.post(slug),
            About::User(id) => {
                if let Some(account) = users::find(conn, *id)? {
                    never.push(account.user.email);
                    subject = account
                        .user
                        .post
                        .as_deref()
                        .and_then(|slug| catalogue.post(slug));
                }
            }
        }
        if let Some(post) = subject {
            never.push(post.email.clone());
            never.extend(post.deputy_email.clone());
            never.extend(team_leaders_under(catalogue, post));
        }
        let is_subject = |slug: &str| subject.is_some_and(|post| post.slug == slug);
        // Who was named when it opened, else the director of the service it is about.
        let named = case
            .restricted_to
            .iter()
            .filter_map(|holder| holder.strip_prefix("post:"));
        let over = catalogue
            .service(&case.service)
            .map(|service| service.director.as_str());
        let director = named
            .chain(over)
            .filter_map(|slug| catalogue.post(slug))
            .find(|post| post.kind == PostKind::Director && !is_subject(&post.slug));
        Ok(Self { director, never })
    }
}

fn team_leaders_under(catalogue: &Catalogue, post: &Post) -> Vec<String> {
    let of_service = catalogue
        .services
        .values()
        .filter(|service| service.head_of_service == post.slug);
    let queues = of_service.filter_map(|service| catalogue.queue(&service.queue));
    queues
        .map(|queue| queue.team_leader.email.clone())
        .collect()
}
