//! Accounts of the people of the council, for administrators; and the rota of a queue, for its team
//! leader.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::access::Access;
use super::answer::Answer;
use super::call::Call;
use super::dto::standing::{Absence, NewAbsence, RotaTurn, TurnGiven};
use super::fields::{At, Id, Line, On, even_null};
use super::operation::{Operation, delete, get, patch, post};
use super::paging::{Page, PageQuery};
use super::problem::Problem;
use crate::auth::passwords::{HashFault, Password, Unsuitable};
use crate::casework::accounts::{self, Account, AccountChanges, NewAccount};
use crate::casework::members::{self, Office, OfficeChange};
use crate::casework::{Failure, Fault, rota, second_factor};
use crate::domain::access::{Role, Turn};
use crate::domain::ids::UserId;

/// An account to be made.
#[derive(Clone, Deserialize, JsonSchema)]
struct NewUser {
    #[schemars(length(max = 254), email)]
    email: String,
    #[schemars(length(min = 1))]
    name: Line<200>,
    role: Role,
    /// Left out, they cannot sign in with a password.
    #[serde(default)]
    password: Option<Line<256>>,
    /// Slugs; `*` is every queue but those of restricted cases.
    #[serde(default)]
    #[schemars(length(max = 200))]
    queues: Vec<Line<100>>,
    #[serde(default)]
    #[schemars(length(max = 200))]
    services: Vec<Line<100>>,
    #[serde(default)]
    #[schemars(length(max = 20))]
    restricted_teams: Vec<Line<100>>,
    /// The post they hold, by slug.
    #[serde(default)]
    post: Option<Line<200>>,
    /// A councillor's ward.
    #[serde(default)]
    #[schemars(length(min = 1))]
    ward: Option<Line<100>>,
    /// The last day of a councillor's term of office.
    #[serde(default)]
    term_ends_on: Option<On>,
}

/// What is to change; what is left out stays.
#[derive(Clone, Deserialize, JsonSchema)]
struct UserChanges {
    #[serde(default)]
    #[schemars(length(min = 1))]
    name: Option<Line<200>>,
    #[serde(default)]
    role: Option<Role>,
    #[serde(default)]
    password: Option<Line<256>>,
    #[serde(default)]
    #[schemars(length(max = 200))]
    queues: Option<Vec<Line<100>>>,
    #[serde(default)]
    #[schemars(length(max = 200))]
    services: Option<Vec<Line<100>>>,
    #[serde(default)]
    #[schemars(length(max = 20))]
    restricted_teams: Option<Vec<Line<100>>>,
    /// `null` takes the post from them.
    #[serde(default, deserialize_with = "even_null")]
    post: Option<Option<Line<200>>>,
    /// `false` ends their sessions within a minute.
    #[serde(default)]
    active: Option<bool>,
    /// A councillor's ward; `null` when they have none.
    #[serde(default, deserialize_with = "even_null")]
    ward: Option<Option<Line<100>>>,
    /// The last day of a councillor's term of office: with it end their access, their sessions, and that
    /// their mail is a member's. `null` when none is known.
    #[serde(default, deserialize_with = "even_null")]
    term_ends_on: Option<Option<On>>,
    /// Their turns at other queues, all of them. A team leader gives turns at their own queues.
    #[serde(default)]
    #[schemars(length(max = 100))]
    rota: Option<Vec<RotaTurn>>,
    /// The days on which they are away; `null`: they are not.
    #[serde(default, deserialize_with = "even_null")]
    away: Option<Option<NewAbsence>>,
}

/// An account.
#[derive(Serialize, JsonSchema)]
pub(super) struct UserAccount {
    id: Id,
    email: String,
    name: String,
    role: Role,
    queues: Vec<String>,
    services: Vec<String>,
    restricted_teams: Vec<String>,
    post: Option<String>,
    ward: Option<String>,
    term_ends_on: Option<On>,
    active: bool,
    /// Turns at queues that are not theirs otherwise.
    rota: Vec<TurnGiven>,
    away: Option<Absence>,
    created_at: At,
    version: i64,
}

/// Its operations.
#[must_use]
pub fn operations() -> Vec<Operation> {
    let admin = || Access::staff(&[Role::Admin]);
    vec![
        get("/v1/users", list)
            .id("list_users")
            .summary("Every account, by e-mail address")
            .tag("Users")
            .access(admin())
            .query::<PageQuery>()
            .answers::<Page<UserAccount>>(200, "A page of accounts."),
        post("/v1/users", create)
            .id("create_user")
            .summary("Make an account")
            .tag("Users")
            .access(admin())
            .body::<NewUser>()
            .answers::<UserAccount>(201, "The account.")
            .answer_header("Location", "Where the account is.")
            .has_etag()
            .example_request(json!({
                "email": "sam.officer@council.example", "name": "Sam Officer", "role": "officer",
                "password": "a long pass phrase", "queues": ["waste-ops"],
            })),
        get("/v1/users/{user}", show)
            .id("get_user")
            .summary("One account")
            .description("Team leaders look at the accounts of those who can have turns at their queues.")
            .tag("Users")
            .access(Access::staff(&[Role::Admin, Role::TeamLeader]))
            .path_note("user", "The account's id.")
            .answers::<UserAccount>(200, "The account.")
            .has_etag(),
        patch("/v1/users/{user}", change)
            .id("change_user")
            .summary("Change or close an account")
            .description(
                "Who is closed, given another role or another password has to sign in again. A team leader changes \
                 `rota` alone, and of it the turns at their own queues: while a turn runs, the queue is theirs to \
                 see and work. While somebody is `away`, what would be mailed to them goes to their deputy or team \
                 leader, and their team may take their cases.",
            )
            .tag("Users")
            .access(Access::staff(&[Role::Admin, Role::TeamLeader]))
            .path_note("user", "The account's id.")
            .body::<UserChanges>()
            .if_match_required()
            .answers::<UserAccount>(200, "The account as it is now.")
            .has_etag()
            .example_request(json!({"active": false})),
        delete("/v1/users/{user}/totp", remove_totp)
            .id("remove_totp")
            .summary("Take somebody's authenticator app and recovery codes away")
            .description("For who has lost both. They sign in with the password alone until they set it up anew.")
            .tag("Users")
            .access(admin())
            .path_note("user", "The account's id.")
            .answers_nothing(204, "Signing in asks them for no code."),
    ]
}

async fn list(call: Call) -> Result<Answer, Problem> {
    let page: PageQuery = call.query()?;
    let after: Option<String> = call.cursor(page.cursor.as_deref())?;
    let n_rows = page.limit_and_one();
    let (mut accounts, offices) = call
        .read(move |conn, _| {
            let accounts = accounts::list(conn, after.as_deref(), n_rows)?;
            let ids: Vec<UserId> = accounts.iter().map(|account| account.user.id).collect();
            Ok((accounts, members::offices_of(conn, &ids)?))
        })
        .await?;
    let next = page.cut(&mut accounts, |account| account.user.email.clone());
    let none = Office::default();
    let shown = accounts
        .iter()
        .map(|account| UserAccount::of(account, offices.get(&account.user.id).unwrap_or(&none)));
    Ok(call.page(shown.collect(), next.as_ref(), None))
}

async fn create(call: Call) -> Result<Answer, Problem> {
    let new: NewUser = call.json()?;
    let password_hash = hashed(&call, new.password.as_deref()).await?;
    let actor = call.actor.clone();
    call.commit(
        move |tx, at| {
            let new = new.clone();
            let office = OfficeChange {
                ward: new.ward.map(|ward| Some(ward.into_string())),
                term_ends_on: new.term_ends_on.map(|on| Some(on.0)),
            };
            let new = NewAccount {
                email: new.email,
                name: new.name.into_string(),
                role: new.role,
                password_hash: password_hash.clone(),
                queues: texts(new.queues),
                services: texts(new.services),
                teams: texts(new.restricted_teams),
                post: new.post.map(Line::into_string),
            };
            let account = accounts::create(tx, at, &actor, new)?;
            let office = members::change_office(tx, &account, &office)?;
            Ok((account, office))
        },
        |(account, office)| {
            Answer::created(
                &format!("/v1/users/{}", account.user.id),
                &UserAccount::of(account, office),
            )
            .with_etag(account.version)
        },
    )
    .await
}

async fn show(call: Call) -> Result<Answer, Problem> {
    let (account, office) = account(&call).await?;
    Ok(Answer::ok(&UserAccount::of(&account, &office)).with_etag(account.version))
}

/// The account of the path, when the caller may look at it.
async fn account(call: &Call) -> Result<(Account, Office), Problem> {
    let id: UserId = call.id("user")?;
    let (account, office) = call
        .read(move |conn, _| {
            let account = accounts::account(conn, id)?;
            Ok((account, members::office_of(conn, id)?))
        })
        .await?;
    let is_leader = call.user()?.role == Role::TeamLeader;
    if is_leader && !(account.is_active && rota::may_have_turns(&account.user)) {
        return Err(Problem::not_found());
    }
    Ok((account, office))
}

async fn change(call: Call) -> Result<Answer, Problem> {
    let id = account(&call).await?.0.user.id;
    let changes: UserChanges = call.json()?;
    if call.user()?.role == Role::TeamLeader
        && (changes.changes_the_account() || changes.away.is_some())
    {
        return Err(Problem::forbidden(
            "role_may_not",
            "A team_leader changes `rota` alone. Ask an administrator for the rest.",
        ));
    }
    let turns: Option<Vec<Turn>> = changes
        .rota
        .as_ref()
        .map(|rota| rota.iter().map(RotaTurn::turn).collect());
    let away = match &changes.away {
        None => None,
        Some(None) => Some(None),
        Some(Some(absence)) => Some(Some(absence.read()?)),
    };
    let if_match = call.require_if_match()?;
    let password_hash = hashed(&call, changes.password.as_deref()).await?;
    let actor = call.actor.clone();
    let (account, office) = call
        .perform(move |tx, at| {
            let mut account = accounts::account(tx, id)?;
            if_match.admits(account.version)?;
            if let Some(turns) = &turns {
                account = rota::set_turns(tx, at, &actor, account, turns)?;
            }
            if let Some(away) = &away {
                account = rota::set_away(tx, at, &actor, account, away.as_ref())?;
            }
            if !changes.changes_the_account() && (turns.is_some() || away.is_some()) {
                let office = members::office_of(tx, account.user.id)?;
                return Ok((account, office));
            }
            let changes = changes.clone();
            let office = OfficeChange {
                ward: changes.ward.map(|ward| ward.map(Line::into_string)),
                term_ends_on: changes.term_ends_on.map(|on| on.map(|on| on.0)),
            };
            let changes = AccountChanges {
                name: changes.name.map(Line::into_string),
                role: changes.role,
                password_hash: password_hash.clone(),
                queues: changes.queues.map(texts),
                services: changes.services.map(texts),
                teams: changes.restricted_teams.map(texts),
                post: changes.post.map(|post| post.map(Line::into_string)),
                is_active: changes.active,
            };
            let account = accounts::change(tx, at, &actor, account, changes)?;
            let office = members::change_office(tx, &account, &office)?;
            Ok((account, office))
        })
        .await?;
    call.front.forget_the_recognised();
    Ok(Answer::ok(&UserAccount::of(&account, &office)).with_etag(account.version))
}

impl UserChanges {
    /// Whether anything but turns and absence is to change.
    fn changes_the_account(&self) -> bool {
        self.name.is_some()
            || self.role.is_some()
            || self.password.is_some()
            || self.queues.is_some()
            || self.services.is_some()
            || self.restricted_teams.is_some()
            || self.post.is_some()
            || self.active.is_some()
            || self.ward.is_some()
            || self.term_ends_on.is_some()
    }
}

async fn remove_totp(call: Call) -> Result<Answer, Problem> {
    let id: UserId = call.id("user")?;
    let actor = call.actor.clone();
    call.perform(move |tx, at| second_factor::remove(tx, at, &actor, id))
        .await?;
    call.front.forget_the_recognised();
    Ok(Answer::no_content())
}

/// Hashed before the transaction begins: it takes a tenth of a second.
pub(super) async fn hashed(call: &Call, password: Option<&str>) -> Result<Option<String>, Problem> {
    let Some(password) = password else {
        return Ok(None);
    };
    let password = Password::chosen(password).map_err(|why| {
        let code = match why {
            Unsuitable::TooShort => "too_short",
            Unsuitable::TooLong => "too_long",
        };
        Problem::invalid(vec![Fault {
            pointer: "/password".to_owned(),
            code,
            detail: format!("{why}."),
        }])
    })?;
    match call.front.hasher.hash(password).await {
        Ok(hash) => Ok(Some(hash)),
        Err(HashFault::Busy) => Err(Failure::Busy {
            retry_after_seconds: 2,
        }
        .into()),
        Err(fault) => Err(Problem::fault(fault)),
    }
}

fn texts<const MAX: usize>(lines: Vec<Line<MAX>>) -> Vec<String> {
    lines.into_iter().map(Line::into_string).collect()
}

impl UserAccount {
    pub(super) fn of(account: &Account, office: &Office) -> Self {
        let user = &account.user;
        Self {
            id: user.id.0.into(),
            email: user.email.clone(),
            name: user.name.clone(),
            role: user.role,
            queues: user.queues.clone(),
            services: user.services.clone(),
            restricted_teams: user.teams.clone(),
            post: user.post.clone(),
            ward: office.ward.clone(),
            term_ends_on: office.term_ends_on.map(On),
            active: account.is_active,
            rota: user.standing.rota.iter().map(TurnGiven::from).collect(),
            away: user.standing.away.map(Absence::from),
            created_at: account.created_at.into(),
            version: account.version,
        }
    }
}
