//! Keys of integrations: listed, made, given another secret, revoked. A key stands on the page that
//! answers the form that made it, and nowhere else.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::ADMINS;
use crate::domain::access::Scope;
use crate::domain::contact::Channel;
use crate::http::within::Asked;
use crate::http::{Answer, Problem};
use crate::pages::signed_in::{Fields, Visit};
use crate::pages::told::{
    Listed, Mistake, check_door, is_said_beside, mistakes, next_page, read, zone,
};

/// A key without its secret.
#[derive(Debug, Serialize, Deserialize)]
struct Key {
    id: String,
    name: String,
    prefix: String,
    scopes: Vec<String>,
    channels: Vec<String>,
    queues: Vec<String>,
    active: bool,
    created_at: String,
    expires_at: Option<String>,
    last_used_at: Option<String>,
    previous_until: Option<String>,
}

/// A key that was just made or given another secret.
#[derive(Debug, Deserialize)]
struct Made {
    /// None when the form was sent before.
    key: Option<String>,
    name: String,
    previous_until: Option<String>,
}

const PATH: &str = "/admin/keys";
const POINTERS: &[(&str, &str)] = &[
    ("/name", "name"),
    ("/scopes", "scopes"),
    ("/channels", "channels"),
    ("/queues", "queues"),
];

/// Every key, those that were revoked too.
pub async fn list(visit: Visit) -> Result<Answer, Problem> {
    check_door(&visit, ADMINS)?;
    let cursor = visit.parameter("cursor");
    let asked = Asked::of("list_api_keys").with("cursor", &cursor);
    let found: Listed<Key> = read(&visit, asked).await?;
    let said = json!({
        "keys": found.items, "zone": zone(&visit),
        "next": next_page(PATH, &[], found.next_cursor.as_deref()),
        "first": (!cursor.is_empty()).then_some(PATH),
    });
    visit.page(200, "admin/keys.html", "Keys", said)
}

/// The form for another one.
pub async fn show_new(visit: Visit) -> Result<Answer, Problem> {
    check_door(&visit, ADMINS)?;
    ask(&visit, 200, &Fields::default(), &[])
}

/// Makes one and shows it, once.
pub async fn create(visit: Visit) -> Result<Answer, Problem> {
    check_door(&visit, ADMINS)?;
    let fields = visit.fields();
    let sent = json!({
        "name": fields.line("name"), "scopes": fields.all("scopes"),
        "channels": fields.all("channels"), "queues": fields.all("queues"),
    });
    let asked = Asked::of("create_api_key").sends(sent).once(fields.key());
    match read::<Made>(&visit, asked).await {
        Ok(made) => show_once(&visit, made),
        Err(problem) if is_said_beside(&problem) => ask(
            &visit,
            problem.status,
            fields,
            &mistakes(&problem, POINTERS),
        ),
        Err(problem) => Err(problem),
    }
}

/// Gives one another secret and shows that, once. The one before is good for a day more.
pub async fn rotate(visit: Visit) -> Result<Answer, Problem> {
    check_door(&visit, ADMINS)?;
    let asked = Asked::of("rotate_api_key")
        .at("key", visit.call.path("key"))
        .sends(json!({}))
        .once(visit.fields().key());
    let made: Made = read(&visit, asked).await?;
    show_once(&visit, made)
}

/// It opens nothing any more.
pub async fn revoke(visit: Visit) -> Result<Answer, Problem> {
    check_door(&visit, ADMINS)?;
    let asked = Asked::of("revoke_api_key").at("key", visit.call.path("key"));
    visit.ask(asked).await?;
    Ok(Answer::see_other(&format!("{PATH}?done=key_revoked")))
}

fn show_once(visit: &Visit, made: Made) -> Result<Answer, Problem> {
    let said = json!({
        "key": made.key, "name": made.name, "previous_until": made.previous_until,
        "zone": zone(visit),
    });
    visit.page(201, "admin/key_shown.html", "The key", said)
}

fn ask(visit: &Visit, status: u16, fields: &Fields, wrong: &[Mistake]) -> Result<Answer, Problem> {
    let council = visit.call.front.desk.council();
    let queues = council.catalogue.queues.values();
    let mut written = Map::new();
    written.insert("name".to_owned(), json!(fields.line("name")));
    for several in ["scopes", "channels", "queues"] {
        written.insert(several.to_owned(), json!(fields.all(several)));
    }
    let said = json!({
        "written": Value::Object(written), "mistakes": wrong,
        "scopes": Scope::ALL.iter().map(|scope| scope.as_str()).collect::<Vec<_>>(),
        "channels": Channel::ALL.iter().map(|channel| channel.as_str()).collect::<Vec<_>>(),
        "queues": queues.map(|queue| (&queue.slug, &queue.name)).collect::<Vec<_>>(),
    });
    visit.page(status, "admin/new_key.html", "Add a key", said)
}
