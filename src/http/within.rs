//! Operations of the API, asked from within by a page for whoever is signed in to it.
//!
//! A page has no rules of its own. What it shows and does goes through the operation a program would
//! call: the same roles, shape, version, Idempotency-Key and audit, and the same refusals.

use actix_web::http::Method;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::web::Bytes;
use serde_json::Value;

use super::answer::Answer;
use super::call::Call;
use super::operation::Operation;
use super::problem::Problem;
use super::recognise::Caller;
use super::{auth, contacts, gate, query};

/// What is asked of one operation.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    operation: &'static str,
    path: Vec<(&'static str, String)>,
    query: Vec<(&'static str, String)>,
    body: Option<Value>,
    version: Option<i64>,
    key: Option<String>,
    is_table: bool,
}

/// What it answered.
#[derive(Debug, Clone)]
pub struct Told {
    pub status: u16,
    /// Null where it answered nothing.
    pub body: Value,
}

impl Asked {
    /// The operation with this id: `get_case`.
    #[must_use]
    pub fn of(operation: &'static str) -> Self {
        Self {
            operation,
            ..Self::default()
        }
    }

    /// A variable part of its path.
    #[must_use]
    pub fn at(mut self, name: &'static str, value: impl ToString) -> Self {
        self.path.push((name, value.to_string()));
        self
    }

    /// A parameter; left out when it is empty.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        let value = value.to_string();
        if !value.is_empty() {
            self.query.push((name, value));
        }
        self
    }

    /// The document it takes.
    #[must_use]
    pub fn sends(self, body: Value) -> Self {
        Self {
            body: Some(body),
            ..self
        }
    }

    /// Only if it is this version still.
    #[must_use]
    pub fn of_version(self, version: Option<i64>) -> Self {
        Self { version, ..self }
    }

    /// As a table rather than a document.
    #[must_use]
    pub fn table(self) -> Self {
        Self {
            is_table: true,
            ..self
        }
    }

    /// Once, however often it is sent under this key.
    #[must_use]
    pub fn once(self, key: Option<String>) -> Self {
        Self { key, ..self }
    }
}

/// Whether somebody's role may ask this operation at all.
#[must_use]
pub fn admits(call: &Call, caller: &Caller, operation: &str) -> bool {
    find(call, operation).is_some_and(|operation| operation.access.admit(&caller.actor).is_ok())
}

/// Asks one operation as this caller.
///
/// # Errors
/// As it refuses.
pub async fn ask(call: &Call, caller: &Caller, asked: Asked) -> Result<Told, Problem> {
    told(answer_of(call, caller, asked).await?)
}

fn told(answer: Answer) -> Result<Told, Problem> {
    let body = match answer.bytes_of_it() {
        Some(bytes) => serde_json::from_slice(bytes).map_err(Problem::fault)?,
        None => Value::Null,
    };
    Ok(Told {
        status: answer.status,
        body,
    })
}

/// Asks what logging a contact would come to; see [`contacts::look`].
///
/// # Errors
/// As logging it.
pub async fn look_at_contact(call: &Call, caller: &Caller, body: Value) -> Result<Told, Problem> {
    let asked = Asked::of("log_contact").sends(body);
    let operation = admitted(call, caller, asked.operation)?;
    told(contacts::look(inner(call, caller, operation, asked)?).await?)
}

/// Asks one operation whose answer is not a document.
///
/// # Errors
/// As it refuses.
pub async fn answer_of(call: &Call, caller: &Caller, asked: Asked) -> Result<Answer, Problem> {
    let operation = admitted(call, caller, asked.operation)?;
    let inner = inner(call, caller, operation, asked)?;
    if let Some(once) = &inner.once
        && let Some(done) = call.front.desk.answered_before(once).await?
    {
        return Ok(Answer::from_answered(done.answered, true));
    }
    (operation.handler)(inner).await
}

fn admitted<'c>(call: &'c Call, caller: &Caller, id: &str) -> Result<&'c Operation, Problem> {
    let operation =
        find(call, id).ok_or_else(|| Problem::fault(anyhow::anyhow!("no operation {id}")))?;
    operation.access.admit(&caller.actor)?;
    if caller.must_set_up_codes && operation.tag != auth::CHAPTER {
        return Err(Problem::forbidden(
            "totp_not_set_up",
            "Your role needs an authenticator app. Set it up first.",
        ));
    }
    Ok(operation)
}

fn find<'c>(call: &'c Call, id: &str) -> Option<&'c Operation> {
    let all = &call.front.operations;
    all.iter()
        .find(|operation| operation.id == id && !operation.is_hidden)
        .map(AsRef::as_ref)
}

/// The call a program would have made.
fn inner(
    call: &Call,
    caller: &Caller,
    operation: &Operation,
    asked: Asked,
) -> Result<Call, Problem> {
    let path = asked
        .path
        .iter()
        .fold(operation.path.to_owned(), |path, (name, value)| {
            path.replace(&format!("{{{name}}}"), &query::encoded(value))
        });
    let query: Vec<String> = asked
        .query
        .iter()
        .map(|(name, value)| format!("{name}={}", query::encoded(value)))
        .collect();
    let body = match &asked.body {
        Some(body) => Bytes::from(serde_json::to_vec(body).map_err(Problem::fault)?),
        None => Bytes::new(),
    };
    let mut headers = HeaderMap::new();
    let version = asked.version.map(|version| format!("\"{version}\""));
    for (name, value) in [
        ("if-match", version.as_deref()),
        ("idempotency-key", asked.key.as_deref()),
        ("accept", asked.is_table.then_some("text/csv")),
    ] {
        if let Some(value) = value {
            headers.insert(HeaderName::from_static(name), header(value)?);
        }
    }
    let once = if operation.is_idempotent && operation.method == Method::POST {
        gate::once(
            &call.front,
            operation.secrets,
            &headers,
            (&operation.method, &path),
            &caller.actor,
            &body,
        )?
    } else {
        None
    };
    Ok(Call {
        front: std::sync::Arc::clone(&call.front),
        actor: caller.actor.clone(),
        session: caller.session,
        address: call.address.clone(),
        request_id: call.request_id.clone(),
        method: operation.method.clone(),
        path,
        route: operation.path,
        query_string: query.join("&"),
        headers,
        body,
        now: call.now,
        path_values: asked
            .path
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
        once,
        body_may_be_absent: operation.body_may_be_absent,
        upload: None,
    })
}

fn header(value: &str) -> Result<HeaderValue, Problem> {
    HeaderValue::from_str(value)
        .map_err(|_| Problem::unreadable("malformed_form", "This form was changed on its way."))
}
