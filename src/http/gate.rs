//! The way of every request, in one place and one order.
//!
//! Request id → method → who is calling → how often → whether this role or key may → parameters →
//! content type → size → Idempotency-Key → answered before? → the handler → what is kept. Then the
//! headers every answer has, one line in the log and the figures. Signed-out calls are turned away
//! before anything about the request is looked at; the log holds route patterns, never paths, and
//! nobody's data.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::Method;
use actix_web::http::header::HeaderMap;
use actix_web::web::{Bytes, Payload};
use actix_web::{HttpRequest, HttpResponse};
use hmac::Mac as _;
use tracing::{debug, info, warn};
use uuid::Builder;

use super::answer::{Answer, Content};
use super::call::Call;
use super::front::Front;
use super::operation::{Allowance, Answering, Body, Operation};
use super::problem::Problem;
use super::recognise::{self, Caller};
use super::upload::{self, Upload};
use super::{auth, cors, etag, query};
use crate::auth::budgets::{Budget, Exhausted, Left};
use crate::auth::secrets;
use crate::casework::desk::hex;
use crate::casework::{Failure, Once};
use crate::domain::access::Actor;

/// One path and what can be done there.
pub struct Route {
    pub pattern: &'static str,
    pub operations: Vec<Arc<Operation>>,
}

/// What is learnt on the way and told whatever the outcome.
#[derive(Default)]
struct Told {
    rate: Vec<(&'static str, String)>,
    caller: &'static str,
}

const UNKNOWN_ROUTE: &str = "(none)";

/// Answers one request to a known path.
pub async fn serve(
    front: Arc<Front>,
    route: Arc<Route>,
    request: HttpRequest,
    payload: Payload,
) -> HttpResponse {
    let began = front.desk.time.monotonic();
    let request_id = request_id(request.headers());
    let mut told = Told::default();
    let outcome = match the_operation(&route, request.method()) {
        Some(operation) => operate(&front, operation, &request, payload, &request_id, &mut told)
            .await
            .map_err(|problem| with_number(&front, operation, problem)),
        None => other_method(&front, &route, &request),
    };
    // A secret in a path must not come back in an answer, where it would be logged by somebody.
    let instance = if route.pattern.contains("{token}") {
        route.pattern
    } else {
        request.path()
    };
    let asked = the_operation(&route, request.method()).or_else(|| route.operations.first());
    let answer = outcome.unwrap_or_else(|problem| match asked {
        Some(operation) => refuse(
            &front,
            operation,
            request.headers(),
            problem,
            (instance, &request_id),
        ),
        None => problem.into_answer(instance, &request_id),
    });
    let took = front.desk.time.monotonic().saturating_duration_since(began);
    finish(
        &front,
        &request,
        answer,
        &told,
        (route.pattern, &request_id, took),
    )
}

/// Answers one request to a path we do not have.
pub async fn serve_unknown(front: Arc<Front>, request: HttpRequest) -> HttpResponse {
    let began = front.desk.time.monotonic();
    let request_id = request_id(request.headers());
    let problem = Problem::new(
        404,
        "route_not_found",
        "There is no such address. /docs lists all there are.",
    );
    let answer = match super::open311::format_of(request.path()) {
        Some(format) => super::open311::refusal::into_answer(problem, format, &request_id),
        None => problem.into_answer(request.path(), &request_id),
    };
    let took = front.desk.time.monotonic().saturating_duration_since(began);
    finish(
        &front,
        &request,
        answer,
        &Told::default(),
        (UNKNOWN_ROUTE, &request_id, took),
    )
}

fn the_operation<'r>(route: &'r Route, method: &Method) -> Option<&'r Arc<Operation>> {
    let wanted = if method == Method::HEAD {
        &Method::GET
    } else {
        method
    };
    route
        .operations
        .iter()
        .find(|operation| operation.method == *wanted)
}

fn other_method(front: &Front, route: &Route, request: &HttpRequest) -> Result<Answer, Problem> {
    let mut methods: Vec<&str> = route
        .operations
        .iter()
        .map(|operation| operation.method.as_str())
        .collect();
    if methods.contains(&"GET") {
        methods.push("HEAD");
    }
    methods.push("OPTIONS");
    let allow = methods.join(", ");
    if request.method() == Method::OPTIONS {
        return Ok(cors::preflight(&front.http, request.headers(), &allow));
    }
    let detail = format!("This address takes: {allow}.");
    Err(Problem::new(405, "method_not_allowed", detail).with_header("allow", allow))
}

/// One operation, from the caller's credential to what is kept of its answer.
async fn operate(
    front: &Arc<Front>,
    operation: &Arc<Operation>,
    request: &HttpRequest,
    payload: Payload,
    request_id: &str,
    told: &mut Told,
) -> Result<Answer, Problem> {
    let address = recognise::address_of(&front.http, request);
    let names = operation
        .query
        .as_ref()
        .map(|query| query.names.as_slice())
        .unwrap_or_default();
    query::refuse_credentials(request.query_string(), names)?;
    let caller = admit(front, operation, request.headers(), &address, told).await?;
    // Pages are opened from mails, and gateways add parameters of their own to links.
    if !operation.is_hidden {
        query::refuse_unknown(request.query_string(), names)?;
    }
    let (body, upload) = match announced(front, operation, request.headers())? {
        None => (Bytes::new(), None),
        Some(announced) if announced.body.is_streamed => {
            let stranger = matches!(
                caller.actor,
                Actor::Anonymous { .. } | Actor::Follower { .. }
            )
            .then(|| address.clone());
            let upload = Upload::new(
                payload,
                announced.limit,
                announced.body.most_words,
                announced.content_type,
                stranger,
            );
            (Bytes::new(), Some(upload))
        }
        Some(announced) => (read_body(front, announced.limit, payload).await?, None),
    };
    let knows_once = operation.is_idempotent && !operation.finds_key_itself && upload.is_none();
    let once = if knows_once {
        once(
            front,
            operation.secrets,
            request.headers(),
            (request.method(), request.path()),
            &caller.actor,
            &body,
        )?
    } else {
        None
    };
    if let Some(once) = &once
        && let Some(done) = front.desk.answered_before(once).await?
    {
        return Ok(Answer::from_answered(done.answered, true));
    }
    let call = Call {
        front: Arc::clone(front),
        actor: caller.actor,
        session: caller.session,
        address,
        request_id: request_id.to_owned(),
        method: request.method().clone(),
        path: request.path().to_owned(),
        route: operation.path,
        query_string: request.query_string().to_owned(),
        headers: request.headers().clone(),
        body,
        now: front.desk.time.now(),
        path_values: request
            .match_info()
            .iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        once: once.clone(),
        body_may_be_absent: operation.body_may_be_absent,
        upload,
    };
    let path = call.path.clone();
    let outcome = without_panic((operation.handler)(call)).await;
    let answer = match outcome {
        Ok(answer) => answer,
        Err(problem) => refuse(
            front,
            operation,
            request.headers(),
            with_number(front, operation, problem),
            (&path, request_id),
        ),
    };
    if let Content::Unwritable(error) = answer.content {
        return Err(Problem::fault(error));
    }
    match once {
        // A form has its key before anybody has filled it in, and what was refused is mended and sent
        // again under the same one.
        Some(once) if is_kept_refusal(answer.status) && !front.is_form_key(&once.key) => {
            keep(front, once, answer).await
        }
        _ => Ok(not_modified(request, answer)),
    }
}

/// A refusal as the operation writes them: a page for people, a document for programs.
fn refuse(
    front: &Front,
    operation: &Operation,
    headers: &HeaderMap,
    problem: Problem,
    (instance, request_id): (&str, &str),
) -> Answer {
    match operation.apology {
        Some(apology) => apology(front, headers, problem, request_id),
        None => operation.refuse(problem, instance, request_id),
    }
}

/// Who is calling, and whether they may call this, now.
async fn admit(
    front: &Front,
    operation: &Operation,
    headers: &HeaderMap,
    address: &str,
    told: &mut Told,
) -> Result<Caller, Problem> {
    let recognised = if operation.access.reads_credentials() && !operation.finds_key_itself {
        recognise::recognise(front, headers, address).await?
    } else {
        None
    };
    let caller = match recognised {
        Some(caller) => caller,
        None if operation.access.is_public() => Caller {
            actor: Actor::Anonymous {
                address: address.to_owned(),
            },
            session: None,
            must_set_up_codes: false,
        },
        None => return Err(recognise::refuse_unsigned(front, address)),
    };
    told.caller = kind_of(&caller.actor);
    let budgets = &front.budgets;
    let (budget, spender) = match (&caller.actor, operation.allowance) {
        (_, Allowance::Unlimited) => (None, String::new()),
        (Actor::Anonymous { .. }, Allowance::PublicIntake) => {
            (Some(&budgets.public_intake), address.to_owned())
        }
        (Actor::Anonymous { .. }, Allowance::PublicUploads) => {
            (Some(&budgets.public_uploads), address.to_owned())
        }
        (_, Allowance::TrackingLinks) => (Some(&budgets.tracking_links), address.to_owned()),
        // Whoever a key acts for, it is the key that asks.
        (Actor::Key(key), _) => (Some(&budgets.requests), format!("key:{}", key.id)),
        (actor, _) => (Some(&budgets.requests), actor.principal()),
    };
    if let Some(budget) = budget {
        spend(front, budget, &spender, told)?;
    }
    operation.access.admit(&caller.actor)?;
    if caller.must_set_up_codes && operation.tag != auth::CHAPTER {
        return Err(Problem::forbidden(
            "totp_not_set_up",
            "Your role needs an authenticator app. Set it up first: `POST /v1/me/totp`.",
        ));
    }
    Ok(caller)
}

/// Whoever wanted to tell us something and could not is told whom to ring instead.
fn with_number(front: &Front, operation: &Operation, problem: Problem) -> Problem {
    if operation.allowance != Allowance::PublicIntake {
        return problem;
    }
    let council = front.desk.council();
    let catalogue = &council.catalogue;
    let own = &catalogue.council;
    let hours = own.main_hours.in_words();
    let mut ring = format!("You can also ring {}, {hours}.", own.main_phone);
    if !catalogue.is_staffed(&own.main_hours, front.desk.time.now()) {
        ring.push_str(&format!(
            " If it cannot wait until then, ring {}.",
            own.emergency_phone
        ));
    }
    Problem {
        detail: format!("{} {ring}", problem.detail),
        ..problem
    }
}

fn spend(front: &Front, budget: &Budget, spender: &str, told: &mut Told) -> Result<(), Problem> {
    let policy = format!(
        "\"default\";q={};w={}",
        budget.amount(),
        budget.window_seconds()
    );
    told.rate.push(("ratelimit-policy", policy));
    match budget.spend(spender, front.desk.time.monotonic()) {
        Ok(Left {
            remaining,
            reset_seconds,
        }) => {
            told.rate.push((
                "ratelimit",
                format!("\"default\";r={remaining};t={reset_seconds}"),
            ));
            Ok(())
        }
        Err(Exhausted {
            retry_after_seconds,
        }) => {
            told.rate.push((
                "ratelimit",
                format!("\"default\";r=0;t={retry_after_seconds}"),
            ));
            Err(Problem::too_many(retry_after_seconds))
        }
    }
}

/// A body as it was announced: of a type the operation reads, and no larger than it may be.
struct Announced<'o> {
    body: &'o Body,
    limit: usize,
    content_type: String,
}

/// What was announced of the body, when the operation takes one.
fn announced<'o>(
    front: &Front,
    operation: &'o Operation,
    headers: &HeaderMap,
) -> Result<Option<Announced<'o>>, Problem> {
    if operation.bodies.is_empty() {
        return Ok(None);
    }
    let length = headers
        .get("content-length")
        .and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    let is_empty = length.unwrap_or(0) == 0 && !headers.contains_key("transfer-encoding");
    if is_empty && operation.body_may_be_absent {
        return Ok(None);
    }
    let types: Vec<&str> = operation
        .bodies
        .iter()
        .map(|body| body.content_type)
        .collect();
    let refuse_type = || {
        let types = types.join(", ");
        let detail =
            format!("This takes: {types}. Say so in `Content-Type`, without a `Content-Encoding`.");
        Problem::new(415, "unsupported_media_type", detail).with_header("accept", types)
    };
    let sent = headers
        .get("content-type")
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let mut parts = sent.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default().to_ascii_lowercase();
    let body = operation
        .bodies
        .iter()
        .find(|body| body.content_type == essence)
        .ok_or_else(refuse_type)?;
    let is_other_charset = parts
        .filter_map(|part| part.split_once('='))
        .any(|(name, value)| {
            name.eq_ignore_ascii_case("charset")
                && !value.trim_matches('"').eq_ignore_ascii_case("utf-8")
        });
    let is_encoded = headers
        .get("content-encoding")
        .is_some_and(|value| !value.as_bytes().eq_ignore_ascii_case(b"identity"));
    if (is_other_charset && body.schema.is_some()) || is_encoded {
        return Err(refuse_type());
    }
    let limit = body.limit.bytes(&front.http);
    let most = if body.most_words > 0 {
        // Whoever sends a page's form is told what is wrong on the page, with their words on it.
        limit.saturating_mul(upload::HEARD_OUT)
    } else if body.is_streamed {
        limit.saturating_add(upload::WRAPPING)
    } else {
        limit
    };
    if length.is_some_and(|length| length > most) {
        return Err(too_large(limit));
    }
    Ok(Some(Announced {
        body,
        limit,
        content_type: sent.to_owned(),
    }))
}

/// The body, sent without dawdling.
async fn read_body(front: &Front, limit: usize, payload: Payload) -> Result<Bytes, Problem> {
    let patience = Duration::from_secs(front.http.body_timeout_seconds);
    match tokio::time::timeout(patience, payload.to_bytes_limited(limit)).await {
        Ok(Ok(Ok(bytes))) => Ok(bytes),
        Ok(Ok(Err(_))) => Err(broken_body()),
        Ok(Err(_)) => Err(too_large(limit)),
        Err(_) => Err(body_too_slow()),
    }
}

pub(super) fn too_large(limit: usize) -> Problem {
    Problem::new(413, "too_large", format!("At most {limit} bytes."))
        .with_header("connection", "close")
}

pub(super) fn broken_body() -> Problem {
    Problem::unreadable("broken_body", "The body ended early.").with_header("connection", "close")
}

pub(super) fn body_too_slow() -> Problem {
    Problem::new(408, "body_too_slow", "The body took too long to arrive.")
        .with_header("connection", "close")
}

/// The Idempotency-Key, quoted or bare.
pub(super) fn once(
    front: &Front,
    secrets: &'static [&'static str],
    headers: &HeaderMap,
    (method, path): (&Method, &str),
    actor: &Actor,
    body: &Bytes,
) -> Result<Option<Once>, Problem> {
    let mut sent = headers.get_all("idempotency-key");
    let Some(first) = sent.next() else {
        return Ok(None);
    };
    let bad = || {
        Problem::unreadable(
            "bad_idempotency_key",
            "An Idempotency-Key has 1 to 255 visible ASCII characters.",
        )
    };
    if sent.next().is_some() {
        return Err(bad());
    }
    let text = first.to_str().map_err(|_| bad())?.trim();
    let key = text
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .unwrap_or(text);
    if !(1..=255).contains(&key.len()) || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(bad());
    }
    Ok(Some(once_under(
        front,
        secrets,
        key,
        (method, path),
        actor,
        body,
    )))
}

/// What is done once under a key, by whom and with what.
pub(super) fn once_under(
    front: &Front,
    secrets: &'static [&'static str],
    key: &str,
    (method, path): (&Method, &str),
    actor: &Actor,
    said: &[u8],
) -> Once {
    let method = method.as_str();
    let fingerprint = front
        .keyed("request")
        .chain_update(method)
        .chain_update([0])
        .chain_update(path)
        .chain_update([0])
        .chain_update(said)
        .finalize()
        .into_bytes();
    let principal = match actor {
        Actor::Anonymous { .. } if front.is_form_key(key) => "form".to_owned(),
        other => other.principal(),
    };
    Once {
        principal,
        method: method.to_owned(),
        path: path.to_owned(),
        key: key.to_owned(),
        fingerprint: hex(&fingerprint),
        secrets,
    }
}

fn is_kept_refusal(status: u16) -> bool {
    (400..500).contains(&status) && !matches!(status, 401 | 403 | 409 | 429)
}

/// A refusal is kept too, so that asking again is answered the same. Nothing was done: if it cannot
/// be kept, asking again does no harm.
async fn keep(front: &Arc<Front>, once: Once, answer: Answer) -> Result<Answer, Problem> {
    let answered = answer.into_answered()?;
    if let Err(why) = front.desk.keep_refusal(once, answered.clone()).await {
        warn!("A refusal could not be kept under its key: {why}");
    }
    Ok(Answer::from_answered(answered, false))
}

fn not_modified(request: &HttpRequest, answer: Answer) -> Answer {
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    let known = request
        .headers()
        .get("if-none-match")
        .and_then(|value| value.to_str().ok());
    match (answer.header("etag"), known) {
        (Some(own), Some(known))
            if is_read && answer.status == 200 && etag::is_known(known, own) =>
        {
            let own = own.to_owned();
            Answer::empty(304).with_header("etag", own)
        }
        _ => answer,
    }
}

/// A defect in one handler is one 500, not a connection that breaks off without a word.
async fn without_panic(mut answering: Answering) -> Result<Answer, Problem> {
    std::future::poll_fn(move |cx| {
        std::panic::catch_unwind(AssertUnwindSafe(|| answering.as_mut().poll(cx))).unwrap_or_else(
            |_| {
                std::task::Poll::Ready(Err(Problem::from(Failure::Fault(anyhow::anyhow!(
                    "a handler panicked"
                )))))
            },
        )
    })
    .await
}

/// A sane id of the caller's is taken over, so that theirs and ours can be found together.
fn request_id(headers: &HeaderMap) -> String {
    let sent = headers
        .get("x-request-id")
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let is_sane = (1..=64).contains(&sent.len())
        && sent
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
    if is_sane {
        sent.to_owned()
    } else {
        Builder::from_random_bytes(secrets::random_bytes())
            .into_uuid()
            .to_string()
    }
}

fn kind_of(actor: &Actor) -> &'static str {
    match actor {
        Actor::Anonymous { .. } => "nobody",
        Actor::User(_) => "user",
        Actor::Key(_) => "key",
        Actor::Follower { .. } => "person",
        Actor::Inbox(_) => "inbox",
        Actor::System => "reeve",
    }
}

fn finish(
    front: &Front,
    request: &HttpRequest,
    mut answer: Answer,
    told: &Told,
    (pattern, request_id, took): (&'static str, &str, Duration),
) -> HttpResponse {
    answer
        .headers
        .push(("x-request-id".to_owned(), request_id.to_owned()));
    for (name, value) in &told.rate {
        answer.headers.push(((*name).to_owned(), value.clone()));
    }
    let usual = [
        ("cache-control", "no-store"),
        (
            "content-security-policy",
            "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
        ),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
        (
            "permissions-policy",
            "camera=(), geolocation=(), microphone=()",
        ),
    ];
    for (name, value) in usual {
        if answer.header(name).is_none() {
            answer.headers.push((name.to_owned(), value.to_owned()));
        }
    }
    if front.http.public_url.starts_with("https://") {
        answer.headers.push((
            "strict-transport-security".to_owned(),
            "max-age=31536000".to_owned(),
        ));
    }
    cors::mark(&front.http, request.headers(), &mut answer);

    let status = answer.status;
    let method = known_method(request.method());
    let labels = [
        ("method", method.to_owned()),
        ("route", pattern.to_owned()),
        ("status", status.to_string()),
    ];
    metrics::counter!("http_requests_total", &labels).increment(1);
    let labels = [("method", method.to_owned()), ("route", pattern.to_owned())];
    metrics::histogram!("http_request_duration_seconds", &labels).record(took.as_secs_f64());
    let millis = took.as_secs_f64() * 1_000.0;
    let caller = if told.caller.is_empty() {
        "nobody"
    } else {
        told.caller
    };
    if matches!(pattern, "/livez" | "/readyz") && status < 400 {
        debug!(
            request.id = request_id,
            http.status = status,
            "{method} {pattern} {status}"
        );
    } else {
        info!(
            request.id = request_id,
            http.method = method,
            http.route = pattern,
            http.status = status,
            http.millis = millis,
            caller,
            "{method} {pattern} {status}"
        );
    }
    answer.into_response()
}

/// Anybody can make up methods; figures and the log are not for them to write in.
fn known_method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}
