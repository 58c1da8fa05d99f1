//! Which person of the identity provider an account belongs to, for administrators.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::access::Access;
use super::answer::Answer;
use super::call::Call;
use super::fields::{At, Line};
use super::operation::{Operation, delete, get, post};
use super::paging::Page;
use super::problem::Problem;
use crate::auth::id_tokens::issuer_of_tenant;
use crate::casework::{Failure, Fault, identities};
use crate::config::TENANT;
use crate::domain::access::Role;
use crate::domain::ids::UserId;

/// Somebody at the provider.
#[derive(Clone, Deserialize, JsonSchema)]
struct NewIdentity {
    /// Their `sub`; with Microsoft Entra their object id.
    #[schemars(length(min = 1))]
    subject: Line<255>,
    /// Microsoft Entra: their tenant, where several may come.
    #[serde(default)]
    tenant: Option<Line<100>>,
}

/// Somebody at the provider, tied to an account.
#[derive(Serialize, JsonSchema)]
struct TiedIdentity {
    /// Who vouches for them: the issuer, or `entra:` and the tenant.
    issuer: String,
    subject: String,
    created_at: At,
}

/// Its operations.
#[must_use]
pub fn operations() -> Vec<Operation> {
    let admin = || Access::staff(&[Role::Admin]);
    vec![
        get("/v1/users/{user}/identities", list)
            .id("list_identities")
            .summary("Who an account is at the identity provider")
            .tag("Users")
            .access(admin())
            .path_note("user", "The account's id.")
            .answers::<Page<TiedIdentity>>(200, "Whom it is tied to."),
        post("/v1/users/{user}/identities", tie)
            .id("tie_identity")
            .summary("Tie an account to somebody at the identity provider")
            .description(
                "From then on they sign in to it there. An e-mail address never does this: whoever may choose theirs \
                 elsewhere must not become somebody here by it.",
            )
            .tag("Users")
            .access(admin())
            .path_note("user", "The account's id.")
            .body::<NewIdentity>()
            .answers::<TiedIdentity>(201, "They are tied.")
            .refuses(&[409])
            .example_request(json!({"subject": "0f8fad5b-d9cb-469f-a165-70867728950e"})),
        delete("/v1/users/{user}/identities", untie)
            .id("untie_identities")
            .summary("Untie an account from the identity provider")
            .tag("Users")
            .access(admin())
            .path_note("user", "The account's id.")
            .answers_nothing(204, "Nobody signs in to it there any more; what was open is ended."),
    ]
}

async fn list(call: Call) -> Result<Answer, Problem> {
    let user: UserId = call.id("user")?;
    let tied = call
        .read(move |conn, _| identities::of_user(conn, user))
        .await?;
    let items: Vec<TiedIdentity> = tied.into_iter().map(Into::into).collect();
    Ok(call.page(items, None::<&()>, None))
}

async fn tie(call: Call) -> Result<Answer, Problem> {
    let user: UserId = call.id("user")?;
    call.read(move |conn, _| identities::of_user(conn, user))
        .await?;
    let new: NewIdentity = call.json()?;
    let issuer = issuer_for(&call, new.tenant.as_deref())?;
    let (actor, subject) = (call.actor.clone(), new.subject.into_string());
    call.commit(
        move |tx, at| identities::tie(tx, at, &actor, user, (&issuer, &subject)),
        |tied| Answer::json(201, &TiedIdentity::from(tied.clone())),
    )
    .await
}

async fn untie(call: Call) -> Result<Answer, Problem> {
    let user: UserId = call.id("user")?;
    let actor = call.actor.clone();
    call.perform(move |tx, at| identities::untie(tx, at, &actor, user))
        .await?;
    call.front.forget_the_recognised();
    Ok(Answer::no_content())
}

/// Who vouches for somebody, by the settings in force.
fn issuer_for(call: &Call, tenant: Option<&str>) -> Result<String, Problem> {
    let settings = &call.front.auth.oidc;
    if !settings.is_on() {
        return Err(Problem::conflict(
            "no_provider",
            "No identity provider is set: `auth.oidc.issuer`.",
        ));
    }
    let refuse = |detail: &str| {
        Problem::from(Failure::Invalid(vec![Fault {
            pointer: "/tenant".to_owned(),
            code: "unknown_value",
            detail: detail.to_owned(),
        }]))
    };
    match (settings.tenants.as_slice(), tenant) {
        ([], None) => Ok(settings.issuer.replace(TENANT, "")),
        ([], Some(_)) => Err(refuse("This provider has no tenants. Leave it out.")),
        ([only], None) => Ok(issuer_of_tenant(only)),
        (allowed, Some(tenant)) if allowed.iter().any(|one| one == tenant) => {
            Ok(issuer_of_tenant(tenant))
        }
        _ => Err(refuse("One of the tenants in `auth.oidc.tenants`.")),
    }
}

impl From<identities::Identity> for TiedIdentity {
    fn from(tied: identities::Identity) -> Self {
        Self {
            issuer: tied.issuer,
            subject: tied.subject,
            created_at: tied.created_at.into(),
        }
    }
}
