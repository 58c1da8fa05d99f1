//! Keys of integrations, for administrators. A key's secret is answered once, when it is made.

use jiff::SignedDuration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::access::Access;
use super::answer::Answer;
use super::call::Call;
use super::fields::{At, Id, Line};
use super::operation::{Operation, delete, get, post};
use super::paging::{Page, PageQuery};
use super::problem::Problem;
use crate::casework::accounts::{self, KeptKey, KeyRotation, NewKey};
use crate::domain::access::{Role, Scope};
use crate::domain::contact::Channel;
use crate::domain::ids::ApiKeyId;

/// A key to be made.
#[derive(Clone, Deserialize, JsonSchema)]
struct NewApiKey {
    /// What it is for: `website`, `mail-gateway`.
    #[schemars(length(min = 1))]
    name: Line<100>,
    #[schemars(length(min = 1, max = 20))]
    scopes: Vec<Scope>,
    /// Channels it may log contacts on; none named, all its scopes allow. With `out_of_hours` alone it is a
    /// partner's night desk: whatever it logs counts as that.
    #[serde(default)]
    #[schemars(length(max = 20))]
    channels: Vec<Channel>,
    /// Queues it reaches; `*` is every queue but those of restricted cases.
    #[serde(default)]
    #[schemars(length(max = 200))]
    queues: Vec<Line<100>>,
    /// Left out, it lasts until it is revoked.
    #[serde(default)]
    expires_at: Option<At>,
}

/// A key, without its secret.
#[derive(Serialize, JsonSchema)]
struct ApiKey {
    id: Id,
    name: String,
    /// How the key begins, to tell one from another.
    prefix: String,
    scopes: Vec<Scope>,
    channels: Vec<String>,
    queues: Vec<String>,
    active: bool,
    created_at: At,
    expires_at: Option<At>,
    /// To the minute.
    last_used_at: Option<At>,
    /// Until when the secret before the last rotation opens it too.
    previous_until: Option<At>,
}

/// How a key gets another secret.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
struct NewRotation {
    /// How long the secret it has now is good for too, so that nothing stands still while it is
    /// changed.
    #[serde(default = "a_day")]
    #[schemars(range(min = 0, max = 43_200))]
    overlap_minutes: u16,
    /// When it ends from now on; left out, as before.
    #[serde(default)]
    expires_at: Option<At>,
}

/// A key that was just made.
#[derive(Serialize, JsonSchema)]
struct CreatedApiKey {
    /// The whole key. It is not shown again: asked once more under the same Idempotency-Key, this is
    /// `null`, since only its hash is kept.
    key: Option<String>,
    #[serde(flatten)]
    about: ApiKey,
}

/// Its operations.
#[must_use]
pub fn operations() -> Vec<Operation> {
    let admin = || Access::staff(&[Role::Admin]);
    vec![
        get("/v1/api-keys", list)
            .id("list_api_keys")
            .summary("Every key, by name, those that were revoked too")
            .tag("API keys")
            .access(admin())
            .query::<PageQuery>()
            .answers::<Page<ApiKey>>(200, "A page of keys."),
        post("/v1/api-keys", create)
            .id("create_api_key")
            .summary("Make a key")
            .tag("API keys")
            .access(admin())
            .body::<NewApiKey>()
            .shows_once(&["key"])
            .answers::<CreatedApiKey>(201, "The key. This is the only time it is shown.")
            .answer_header("Location", "Where it is listed.")
            .example_request(
                json!({"name": "website", "scopes": ["public_contacts:write", "catalogue:read"]}),
            ),
        get("/v1/api-keys/{key}", show)
            .id("get_api_key")
            .summary("One key")
            .tag("API keys")
            .access(admin())
            .path_note("key", "The key's id.")
            .answers::<ApiKey>(200, "The key, without its secret."),
        delete("/v1/api-keys/{key}", revoke)
            .id("revoke_api_key")
            .summary("Revoke a key")
            .tag("API keys")
            .access(admin())
            .path_note("key", "The key's id.")
            .answers_nothing(
                204,
                "It opens nothing any more, on any server within seconds.",
            ),
        post("/v1/api-keys/{key}/rotations", rotate)
            .id("rotate_api_key")
            .summary("Give a key another secret")
            .description(
                "Scopes, channels, queues and id stay. The secret it has now is good for the overlap, which may be \
                 none; one from an earlier rotation ends at once.",
            )
            .tag("API keys")
            .access(admin())
            .path_note("key", "The key's id.")
            .optional_body::<NewRotation>()
            .shows_once(&["key"])
            .answers::<CreatedApiKey>(201, "The new secret. This is the only time it is shown.")
            .example_request(json!({"overlap_minutes": 1440})),
    ]
}

fn a_day() -> u16 {
    24 * 60
}

async fn list(call: Call) -> Result<Answer, Problem> {
    let page: PageQuery = call.query()?;
    let after: Option<(String, Id)> = call.cursor(page.cursor.as_deref())?;
    let place = |kept: &KeptKey| (kept.key.name.clone(), Id(kept.key.id.0));
    let mut keys = call.read(|conn, _| accounts::list_keys(conn)).await?;
    if let Some((name, id)) = after {
        keys.retain(|kept| (&kept.key.name, kept.key.id.0) > (&name, id.0));
    }
    let next = page.cut(&mut keys, place);
    Ok(call.page(keys.iter().map(ApiKey::from).collect(), next.as_ref(), None))
}

async fn create(call: Call) -> Result<Answer, Problem> {
    let new: NewApiKey = call.json()?;
    // Made before the transaction, which may run more than once.
    let secret = accounts::new_key_secret();
    let actor = call.actor.clone();
    call.commit(
        move |tx, at| {
            let new = new.clone();
            let new = NewKey {
                name: new.name.into_string(),
                scopes: new.scopes,
                channels: new.channels.iter().map(ToString::to_string).collect(),
                queues: new.queues.into_iter().map(Line::into_string).collect(),
                expires_at: new.expires_at.map(|at| at.0),
            };
            Ok((
                accounts::create_key(tx, at, &actor, new, &secret)?,
                secret.key.clone(),
            ))
        },
        |(kept, key)| {
            let about = ApiKey::from(kept);
            let location = format!("/v1/api-keys/{}", about.id);
            Answer::created(
                &location,
                &CreatedApiKey {
                    key: Some(key.clone()),
                    about,
                },
            )
        },
    )
    .await
}

async fn show(call: Call) -> Result<Answer, Problem> {
    let id: ApiKeyId = call.id("key")?;
    let keys = call.read(|conn, _| accounts::list_keys(conn)).await?;
    let kept = keys
        .iter()
        .find(|kept| kept.key.id == id)
        .ok_or_else(Problem::not_found)?;
    Ok(Answer::ok(&ApiKey::from(kept)))
}

async fn rotate(call: Call) -> Result<Answer, Problem> {
    let id: ApiKeyId = call.id("key")?;
    let keys = call.read(|conn, _| accounts::list_keys(conn)).await?;
    if !keys.iter().any(|kept| kept.key.id == id) {
        return Err(Problem::not_found());
    }
    let new: NewRotation = call.json()?;
    let rotation = KeyRotation {
        overlap: SignedDuration::from_mins(i64::from(new.overlap_minutes)),
        expires_at: new.expires_at.map(|at| at.0),
    };
    let secret = accounts::new_key_secret();
    let actor = call.actor.clone();
    let answer = call
        .commit(
            move |tx, at| {
                let kept = accounts::rotate_key(tx, at, &actor, id, rotation, &secret)?;
                Ok((kept, secret.key.clone()))
            },
            |(kept, key)| {
                Answer::json(
                    201,
                    &CreatedApiKey {
                        key: Some(key.clone()),
                        about: ApiKey::from(kept),
                    },
                )
            },
        )
        .await?;
    call.front.forget_the_recognised();
    Ok(answer)
}

async fn revoke(call: Call) -> Result<Answer, Problem> {
    let id: ApiKeyId = call.id("key")?;
    let actor = call.actor.clone();
    call.perform(move |tx, at| accounts::revoke_key(tx, at, &actor, id))
        .await?;
    call.front.forget_the_recognised();
    Ok(Answer::no_content())
}

impl From<&KeptKey> for ApiKey {
    fn from(kept: &KeptKey) -> Self {
        Self {
            id: kept.key.id.0.into(),
            name: kept.key.name.clone(),
            prefix: kept.prefix.clone(),
            scopes: kept.key.scopes.clone(),
            channels: kept.key.channels.clone(),
            queues: kept.key.queues.clone(),
            active: kept.is_active,
            created_at: kept.created_at.into(),
            expires_at: kept.expires_at.map(Into::into),
            last_used_at: kept.last_used_at.map(Into::into),
            previous_until: kept.previous_until.map(Into::into),
        }
    }
}
