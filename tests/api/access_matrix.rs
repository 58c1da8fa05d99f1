//! The whole of who may call what, on whose case: every operation of the contract, every kind of
//! caller, every kind of object, over HTTP. The table is a snapshot that somebody has read.
//!
//! | file | what it holds |
//! |---|---|
//! | `actors` | who calls: the columns |
//! | `objects` | whose case, person, notice or mail: the rows of one operation |
//! | `requests` | one minimal request for each operation |
//!
//! A request carries nothing that would change what the next cell finds: acts on a case name a stale
//! version (412 means "may"), others lack what they need (422 means "may"). What a hidden object is
//! answered with is held against an absent one, byte for byte, and every answer is searched for words,
//! names and addresses that its reader may not know of.

mod actors;
mod objects;
mod requests;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use actix_web::App;
use actix_web::http::Method;
use actix_web::test::{call_service, init_service, read_body};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use actors::Actor;
use objects::Object;
use requests::{Asked, Over, asked};

use crate::support::Reply;

/// How much of a case somebody may know, as `GET /v1/cases/{case}` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Knows {
    Nothing,
    /// What the public reads of it.
    Follows,
    All,
}

/// One operation of the published contract.
struct Operation {
    id: String,
    method: Method,
    path: String,
    chapter: String,
}

/// Those that name a case or a person in what is sent.
const NAME_IN_A_BODY: &[&str] = &[
    "ask_callback",
    "log_contact",
    "merge_people",
    "take_transcript",
];
const REMEDY: &str = "see tests/api/access_matrix/requests.rs";

fn contract() -> Vec<Operation> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.yaml");
    let document: Value = serde_norway::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let mut all = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let Some(id) = operation["operationId"].as_str() else {
                continue;
            };
            all.push(Operation {
                id: id.to_owned(),
                method: method.to_uppercase().parse().unwrap(),
                path: path.clone(),
                chapter: operation["tags"][0].as_str().unwrap_or_default().to_owned(),
            });
        }
    }
    // Signing out ends what the other cells need.
    all.sort_by_key(|operation| operation.id == "sign_out");
    all
}

#[test]
fn every_operation_has_a_request_and_every_request_an_operation() {
    let documented: BTreeSet<String> = contract().into_iter().map(|one| one.id).collect();
    for id in &documented {
        assert!(!asked(id).is_empty(), "`{id}` has no request: {REMEDY}");
    }
    let known: BTreeSet<String> = requests::ALL.iter().map(|id| (*id).to_owned()).collect();
    assert_eq!(known, documented, "{REMEDY}");
}

stories! {
    async fn who_may_call_what_on_whose_case_is_as_it_was_reviewed(app) {
        let mut actors = actors::settle_in(&app).await;
        let world = objects::settle_in(&app, &actors).await;
        let follower = actors.iter_mut().find(|actor| actor.code == "link").unwrap();
        follower.hold_link(&world.link, "first");
        // Time stands still here: everybody's requests of one second are all there are.
        let mut settings = crate::support::settings();
        settings.limits.requests_per_second = 1_000_000;
        let front = app.replica_with(settings).await.front();
        let service = init_service(
            App::new().configure(reeve::http::app_config(front)),
        )
        .await;
        let mut n_sent: u32 = 0;
        let mut send = async |actor: &Actor, operation: &Operation, asked: &Asked, object: &Object| {
            n_sent += 1;
            // An address of its own for each cell: budgets by address are another story.
            let peer = format!("10.{}.{}.{}:4711", n_sent >> 16, (n_sent >> 8) & 255, n_sent & 255);
            let request = asked.request(operation.method.clone(), &operation.path, object, &world, n_sent);
            let request = actor.sign(request).peer_addr(peer.parse().unwrap());
            let response = call_service(&service, request.to_request()).await;
            let status = response.status().as_u16();
            let headers = response
                .headers()
                .iter()
                .map(|(name, value)| (name.to_string(), value.to_str().unwrap_or("").to_owned()))
                .collect();
            let body = read_body(response).await;
            Reply { status, headers, text: String::from_utf8_lossy(&body).into_owned() }
        };

        let operations = contract();
        let get_case = operations.iter().find(|one| one.id == "get_case").unwrap();
        let mut knows: BTreeMap<(&str, &str), Knows> = BTreeMap::new();
        for actor in &actors {
            for object in &world.objects {
                let reply = send(actor, get_case, &asked("get_case")[0], object).await;
                let known = match reply.status {
                    200 if reply.json().get("public_view").is_some() => Knows::Follows,
                    200 => Knows::All,
                    _ if actor.follows == Some(object.name) => Knows::Follows,
                    _ => Knows::Nothing,
                };
                knows.insert((actor.code, object.name), known);
            }
        }

        let mut table = legend(&actors, &world.objects);
        let mut chapter = String::new();
        let mut leaks = Vec::new();
        for operation in &operations {
            if operation.chapter != chapter {
                chapter.clone_from(&operation.chapter);
                write!(table, "\n\n{:<34}", format!("## {chapter}")).unwrap();
                for actor in &actors {
                    write!(table, "{:>5}", actor.code).unwrap();
                }
            }
            write!(table, "\n{} {} ({})", operation.method, operation.path, operation.id).unwrap();
            for one in asked(&operation.id) {
                let mut rows: Vec<&Object> = world.objects.iter().filter(|object| one.is_about(object)).collect();
                if one.over == Over::Nothing {
                    rows.truncate(1);
                }
                // What is absent comes first: hidden things are held against it.
                let mut absent: BTreeMap<&str, String> = BTreeMap::new();
                for object in rows {
                    let what = if one.over == Over::Nothing { one.label.to_owned() } else {
                        format!("{} {}", object.name, one.label).trim_end().to_owned()
                    };
                    write!(table, "\n  {what:<32}").unwrap();
                    for actor in &actors {
                        let reply = send(actor, operation, &one, object).await;
                        let is_public_view = reply.status == 200 && operation.id == "get_case"
                            && reply.json().get("public_view").is_some();
                        let shown = if is_public_view { "pub".to_owned() } else { reply.status.to_string() };
                        write!(table, "{shown:>5}").unwrap();
                        assert_ne!(reply.status, 429, "{} {what} as {}", operation.id, actor.code);
                        assert!(reply.status < 500, "{} {what} as {}: {}", operation.id, actor.code, reply.text);
                        let place = format!("{} {what} as {}", operation.id, actor.code);
                        let told = format!("{}\n{}", without_echo(&reply), cursors(&reply));
                        for other in &world.objects {
                            let known = knows[&(actor.code, other.name)];
                            for marker in other.not_for(actor, known, operation.id.as_str(), one.over) {
                                if told.contains(&marker) {
                                    leaks.push(format!("{place} ({}) tells `{marker}` of {}", reply.status, other.name));
                                }
                            }
                        }
                        // In a body, too, what is hidden is refused like what is absent.
                        let is_hidden = match one.over {
                            Over::Case => {
                                // A key may name what its queues reach.
                                let is_secret = object.is_absent || object.is_restricted;
                                is_secret && knows[&(actor.code, object.name)] == Knows::Nothing
                            }
                            Over::Person => object.is_hidden_person_for(actor),
                            _ => false,
                        };
                        let is_named = reply.status == 422 && is_hidden && NAME_IN_A_BODY.contains(&operation.id.as_str());
                        let is_refused = reply.status == 404 || is_named;
                        if is_refused && one.over != Over::Nothing {
                            let told = without_echo(&reply);
                            match absent.get(actor.code) {
                                None => drop(absent.insert(actor.code, told)),
                                Some(of_absent) => assert_eq!(&told, of_absent, "{place} is not answered like an absent one"),
                            }
                        }
                    }
                }
            }
        }
        insta::assert_snapshot!("who_may_call_what_on_whose_case", table);
        assert!(leaks.is_empty(), "{:#?}", &leaks[..leaks.len().min(60)]);
    }
}

/// Body and headers without what differs between any two answers, or only says again what was asked.
fn without_echo(reply: &Reply) -> String {
    let told: Vec<String> = reply
        .headers
        .iter()
        .filter(|(name, _)| {
            !matches!(
                name.as_str(),
                "x-request-id" | "ratelimit" | "date" | "content-length" | "link"
            )
        })
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    let body = match serde_json::from_str::<Value>(&reply.text) {
        Ok(Value::Object(mut members)) => {
            members.remove("instance");
            members.remove("request_id");
            Value::Object(members).to_string()
        }
        _ => reply.text.clone(),
    };
    format!("{}\n{body}", told.join("\n"))
}

/// What the cursors of an answer would tell, in its body and in its `Link`, were they not sealed.
fn cursors(reply: &Reply) -> String {
    let link = reply.header("link").unwrap_or_default();
    let in_link = link.split("cursor=").nth(1).unwrap_or_default();
    let in_link = in_link
        .split(['&', '>'])
        .next()
        .unwrap_or_default()
        .to_owned();
    let body: Value = serde_json::from_str(&reply.text).unwrap_or_default();
    let in_body = body["next_cursor"].as_str().unwrap_or_default().to_owned();
    let read = |cursor: String| {
        let bytes = URL_SAFE_NO_PAD.decode(&cursor).unwrap();
        String::from_utf8_lossy(&bytes).into_owned()
    };
    [in_link, in_body].map(read).join("\n")
}

fn legend(actors: &[Actor], objects: &[Object]) -> String {
    let mut legend = "Statuses. 412, 409 and 422 stand for \"may\": the requests are stale or lack something, so that \
                      nothing changes from cell to cell.\npub: 200, and no more than the public reads."
        .to_owned();
    for actor in actors {
        write!(legend, "\n{:>5}  {}", actor.code, actor.who).unwrap();
    }
    legend.push('\n');
    for object in objects {
        write!(legend, "\n{:>11}  {}", object.name, object.what).unwrap();
    }
    legend
}
