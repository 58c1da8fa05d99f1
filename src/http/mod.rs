//! The HTTP API: one table of operations, one gate they are all served through, one file for each
//! resource. It extracts, calls a use case of `casework`, and maps what came out; it never queries a
//! database and decides nothing about cases.
//!
//! | file | what it does |
//! |---|---|
//! | [`routes`] | the list of everything that is served |
//! | [`operation`] | how one operation is described |
//! | [`gate`] | the way of every request: who, how often, may they, body, key, handler, log |
//! | [`recognise`], [`access`] | whose credential it is; whether their role or scope opens the door |
//! | [`call`], [`answer`], [`problem`] | what a handler takes, answers and refuses with |
//! | [`strict_json`], [`shape`], [`query`] | reading what is sent, and naming every fault in it |
//! | [`fields`], [`paging`], [`etag`] | instants, lines, pages, versions |
//! | [`openapi`], [`docs`] | the published contract, as a file and as a page |
//! | [`cases`], [`actions`], [`queues`] | cases: found and read; what is done to them; what waits where |
//! | [`escalations`], [`notices`] | who was told of what is late; what could not be delivered |
//! | [`email`], [`mailboxes`] | mail that came in and waits; the mailboxes it is read from |
//! | [`open311`] | GeoReport v2 for reporting services, in XML and JSON |
//! | [`attachments`] | files sent ahead of a contact, and had again |
//! | [`dto`] | the documents that are sent |
//! | [`within`] | operations asked by our own pages |
//! | [`oidc`], [`identities`], [`page_sessions`] | through the council's identity provider, and who is who there; signed in to pages |
//! | [`auth`], [`sign_in_links`], [`first_start`], [`second_factor`], [`users`], [`api_keys`] | signing in, by a mailed link too, the first administrator, codes beside the password, accounts, integrations' keys |
//!
//! # Adding a resource
//!
//! A file lists its operations and holds their handlers; [`routes`] names the file. The table is
//! the router and the published contract at once.
//!
//! ```ignore
//! pub fn operations() -> Vec<Operation> {
//!     vec![
//!         post("/v1/cases/{case}/notes", add_note)
//!             .id("add_note")
//!             .summary("Write a note on a case")
//!             .tag("Cases")
//!             .access(Access::staff(CASEWORKERS).or_scope(Scope::CasesWrite))
//!             .body::<NewNote>()                       // 422 for what does not fit, all faults named
//!             .answers::<Acted>(201, "The note, and the case with it.")
//!             .example_request(json!({"text": "Rang back.", "audience": "staff"})),
//!     ]
//! }
//!
//! /// What is sent. Every member has a bound; unknown members are refused without further ado.
//! #[derive(Deserialize, JsonSchema)]
//! struct NewNote { text: Text<100_000>, #[serde(default)] audience: Option<Audience> }
//!
//! async fn add_note(call: Call) -> Result<Answer, Problem> {
//!     let case = call.case()?;                                      // id or reference
//!     let actor = call.actor.clone();
//!     let seen = actor.clone();
//!     call.read(move |conn, at| views::find(conn, at, &seen, &case)).await?;   // 404 comes before 422
//!     let note: NewNote = call.json()?;
//!     call.commit(
//!         move |tx, at| actions::add_note(tx, at, &actor, &note),   // may run twice: no effect but `tx`
//!         |done| Answer::json(201, &Acted::from(done)),             // kept under the Idempotency-Key
//!     )
//!     .await
//! }
//! ```
//!
//! - **Order of refusal**: the gate does 401, 429, 403 by role or scope, 400 for parameters, 415, 413
//!   and the Idempotency-Key. A handler looks the object up first (404), then whether the act is
//!   allowed (403), then reads the body (400, 422) and `If-Match` (428, 412).
//! - **Lists**: put [`paging::PageQuery`] into the query struct with `#[serde(flatten)]`, name it with
//!   `.query::<T>()`, read `limit_and_one()` rows, `cut` them and answer `call.page(items, next, total)`.
//! - **Reading**: `call.read(|conn, at| …)`; **writing**: `call.commit(work, answer)` where a key is
//!   taken (POST), `call.perform(work)` elsewhere.
//! - **Versions**: `.has_etag()` and `answer.with_etag(version)`; `.if_match_required()` and
//!   `call.require_if_match()?.admits(version)?` inside the transaction.
//! - **Refusals**: return a [`casework::Failure`](crate::casework::Failure) or a [`Problem`].
//! - **Pages**: `.hidden()` and [`Answer::page`]; not part of the contract.

use std::collections::BTreeMap;
use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::web::{self, Payload, ServiceConfig};

pub mod access;
pub mod actions;
pub mod answer;
pub mod api_keys;
pub mod attachments;
pub mod audit;
pub mod auth;
pub mod call;
pub mod call_figures;
pub mod case_people;
pub mod cases;
pub mod catalogue;
pub mod contact_reasons;
pub mod contacts;
pub mod cookies;
mod cors;
mod csv;
pub mod docs;
pub mod dto;
pub mod email;
pub mod escalations;
pub mod etag;
pub mod fields;
pub mod first_start;
pub mod front;
pub mod gate;
pub mod health;
pub mod identities;
pub mod incidents;
pub mod kept_reports;
pub mod mailboxes;
pub mod markers;
pub mod members;
pub mod night_desk;
pub mod notices;
pub mod oidc;
pub mod open311;
pub mod openapi;
pub mod operation;
pub mod organisations;
pub mod page_sessions;
pub mod paging;
pub mod people;
pub mod performance;
pub mod person_merges;
pub mod problem;
pub mod public;
pub mod query;
pub mod queues;
pub mod receipts;
pub mod recognise;
pub mod redactions;
pub mod reports;
pub mod routes;
mod satisfaction;
pub mod second_factor;
pub mod sent_form;
pub mod server;
pub mod shape;
pub mod sign_in_links;
pub mod sms;
pub mod standards;
pub mod strict_json;
pub mod telephony;
pub mod trials;
mod upload;
pub mod users;
mod visits;
mod waiting_places;
pub mod webchat;
pub mod within;

pub use access::{Access, CASEWORKERS, EVERYBODY};
pub use answer::Answer;
pub use call::Call;
pub use front::Front;
pub use operation::{Allowance, Limit, Operation, delete, get, patch, post, put};
pub use problem::Problem;
pub use server::run_server;
pub use upload::Came;

use gate::Route;

/// Everything that is served, for a server and for tests.
pub fn app_config(front: Arc<Front>) -> impl FnOnce(&mut ServiceConfig) {
    move |config| {
        for route in by_path(&front) {
            let (front, route) = (Arc::clone(&front), Arc::new(route));
            config.service(web::resource(route.pattern).to(
                move |request: HttpRequest, payload: Payload| {
                    gate::serve(Arc::clone(&front), Arc::clone(&route), request, payload)
                },
            ));
        }
        config.default_service(web::to(move |request: HttpRequest| {
            gate::serve_unknown(Arc::clone(&front), request)
        }));
    }
}

/// The operations by path, fixed paths before those with variable parts: the first that matches is
/// taken.
fn by_path(front: &Front) -> Vec<Route> {
    let mut routes: BTreeMap<String, Route> = BTreeMap::new();
    for operation in &front.operations {
        routes
            // `~` sorts behind every letter.
            .entry(operation.path.replace('{', "~"))
            .or_insert_with(|| Route { pattern: operation.path, operations: Vec::new() })
            .operations
            .push(Arc::clone(operation));
    }
    routes.into_values().collect()
}

#[cfg(test)]
mod tests;
