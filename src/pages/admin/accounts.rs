//! Accounts of the people of the council: listed, made, closed.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::ADMINS;
use crate::domain::access::Role;
use crate::http::within::Asked;
use crate::http::{Answer, Problem};
use crate::pages::signed_in::{Fields, Visit};
use crate::pages::told::{
    Listed, Mistake, check_door, is_said_beside, mistakes, next_page, read, zone,
};

/// An account.
#[derive(Debug, Serialize, Deserialize)]
struct Account {
    id: String,
    email: String,
    name: String,
    role: String,
    queues: Vec<String>,
    services: Vec<String>,
    restricted_teams: Vec<String>,
    post: Option<String>,
    ward: Option<String>,
    term_ends_on: Option<String>,
    active: bool,
    version: i64,
}

const PATH: &str = "/admin/users";
const POINTERS: &[(&str, &str)] = &[
    ("/email", "email"),
    ("/name", "name"),
    ("/role", "role"),
    ("/password", "password"),
    ("/queues", "queues"),
    ("/services", "services"),
    ("/restricted_teams", "restricted_teams"),
    ("/post", "post"),
    ("/ward", "ward"),
    ("/term_ends_on", "term_ends_on"),
];

/// Every account, by address.
pub async fn list(visit: Visit) -> Result<Answer, Problem> {
    check_door(&visit, ADMINS)?;
    shown(&visit, 200, &[]).await
}

/// The form for another one.
pub async fn show_new(visit: Visit) -> Result<Answer, Problem> {
    check_door(&visit, ADMINS)?;
    ask(&visit, 200, &Fields::default(), &[])
}

/// Makes one.
pub async fn create(visit: Visit) -> Result<Answer, Problem> {
    check_door(&visit, ADMINS)?;
    let fields = visit.fields();
    let asked = Asked::of("create_user")
        .sends(account(fields))
        .once(fields.key());
    match visit.ask(asked).await {
        Ok(_) => Ok(Answer::see_other(&format!("{PATH}?done=user_added"))),
        Err(problem) if is_said_beside(&problem) => {
            let wrong = mistakes(&problem, POINTERS);
            ask(&visit, problem.status, fields, &wrong)
        }
        Err(problem) => Err(problem),
    }
}

/// Closes one, unless somebody has changed it meanwhile.
pub async fn close(visit: Visit) -> Result<Answer, Problem> {
    check_door(&visit, ADMINS)?;
    let asked = Asked::of("change_user")
        .at("user", visit.call.path("user"))
        .sends(json!({"active": false}))
        .of_version(visit.fields().version());
    match visit.ask(asked).await {
        Ok(_) => Ok(Answer::see_other(&format!("{PATH}?done=user_closed"))),
        Err(problem) if problem.status == 412 => {
            let wrong = Mistake::at(
                "",
                "Somebody changed this account meanwhile. Look at it again before you close it.",
            );
            shown(&visit, 412, &[wrong]).await
        }
        Err(problem) if problem.status == 409 => shown(&visit, 409, &mistakes(&problem, &[])).await,
        Err(problem) => Err(problem),
    }
}

async fn shown(visit: &Visit, status: u16, wrong: &[Mistake]) -> Result<Answer, Problem> {
    let cursor = visit.parameter("cursor");
    let asked = Asked::of("list_users").with("cursor", &cursor);
    let found: Listed<Account> = read(visit, asked).await?;
    let said = json!({
        "users": found.items, "mistakes": wrong, "zone": zone(visit),
        "own": visit.user().id.to_string(),
        "next": next_page(PATH, &[], found.next_cursor.as_deref()),
        "first": (!cursor.is_empty()).then_some(PATH),
    });
    visit.page(status, "admin/users.html", "Accounts", said)
}

fn ask(visit: &Visit, status: u16, fields: &Fields, wrong: &[Mistake]) -> Result<Answer, Problem> {
    let council = visit.call.front.desk.council();
    let catalogue = &council.catalogue;
    let mut written: Map<String, Value> = POINTERS
        .iter()
        .map(|(_, field)| ((*field).to_owned(), json!("")))
        .collect();
    let typed = fields.words();
    written.extend(typed.into_iter().filter(|(name, _)| name != "password"));
    for several in ["queues", "services", "restricted_teams"] {
        written.insert(several.to_owned(), json!(fields.all(several)));
    }
    let mut teams: Vec<&str> = catalogue
        .queues
        .values()
        .flat_map(|queue| &queue.restricted_teams)
        .map(|team| team.trim_start_matches("team:"))
        .collect();
    teams.sort_unstable();
    teams.dedup();
    let said = json!({
        "written": written, "mistakes": wrong,
        "roles": Role::ALL.iter().map(|role| role.as_str()).collect::<Vec<_>>(),
        "queues": catalogue.queues.values().map(|queue| (&queue.slug, &queue.name)).collect::<Vec<_>>(),
        "services": catalogue.services.values()
            .map(|service| (&service.slug, &service.name)).collect::<Vec<_>>(),
        "teams": teams,
        "posts": catalogue.posts.values().map(|post| (&post.slug, &post.title)).collect::<Vec<_>>(),
        "wards": catalogue.wards.wards.iter().map(|(slug, ward)| (slug, &ward.name)).collect::<Vec<_>>(),
    });
    visit.page(status, "admin/new_user.html", "Add an account", said)
}

/// The account as the API takes it. What is empty is left out.
fn account(fields: &Fields) -> Value {
    let mut account = Map::new();
    for name in ["email", "name", "role", "post", "ward", "term_ends_on"] {
        if let Some(value) = fields.some(name) {
            account.insert(name.to_owned(), json!(value));
        }
    }
    // Every character of it counts, spaces too.
    let password = fields.text("password");
    if !password.is_empty() {
        account.insert("password".to_owned(), json!(password));
    }
    for name in ["queues", "services", "restricted_teams"] {
        account.insert(name.to_owned(), json!(fields.all(name)));
    }
    Value::Object(account)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_empty_is_not_said() {
        let fields = Fields::of([
            ("email", " sam@council.example "),
            ("name", "Sam Officer"),
            ("role", "officer"),
            ("password", " a long  pass phrase "),
            ("post", ""),
            ("queues", "waste-ops"),
            ("queues", "highways"),
        ]);
        assert_eq!(
            account(&fields),
            json!({
                "email": "sam@council.example", "name": "Sam Officer", "role": "officer",
                "password": " a long  pass phrase ", "queues": ["waste-ops", "highways"],
                "services": [], "restricted_teams": [],
            })
        );
    }
}
