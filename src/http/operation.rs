//! One operation of the API: its route, its handler, and everything the contract says about it.
//!
//! A resource file lists its operations; [`super::routes`] gathers them; [`super::gate`] serves
//! them and [`super::openapi`] writes them down. So nothing is served that is not documented, and
//! nothing documented that is not served.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use actix_web::http::Method;
use actix_web::http::header::HeaderMap;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::Value;

use super::access::Access;
use super::answer::Answer;
use super::call::Call;
use super::front::Front;
use super::open311::refusal;
use super::problem::Problem;
use super::shape;
use crate::channels::open311::Format;
use crate::config::Http;

/// A handler, whatever its own type.
pub type Handler = Arc<dyn Fn(Call) -> Answering + Send + Sync>;
/// What a handler returns while it is at work. It stays on its thread, as actix's do.
pub type Answering = Pin<Box<dyn Future<Output = Result<Answer, Problem>>>>;
/// Writes a type's schema into a document.
pub type WriteSchema = fn(&mut SchemaGenerator) -> Schema;

/// One operation.
#[derive(Clone)]
pub struct Operation {
    pub method: Method,
    /// With `{names}` for its variable parts: `/v1/cases/{case}`.
    pub path: &'static str,
    pub handler: Handler,
    pub id: &'static str,
    pub summary: &'static str,
    pub description: &'static str,
    pub tag: &'static str,
    pub access: Access,
    pub bodies: Vec<Body>,
    /// A request without a body is taken for `{}`.
    pub body_may_be_absent: bool,
    pub query: Option<Query>,
    pub answers: Vec<Answered>,
    /// Statuses of refusals beyond those every operation of its kind has.
    pub refusals: Vec<u16>,
    pub is_idempotent: bool,
    /// Members of its answer that are shown once, and `null` when it is asked again under the same
    /// Idempotency-Key.
    pub secrets: &'static [&'static str],
    pub if_match: IfMatchUse,
    pub has_etag: bool,
    pub is_paged: bool,
    pub allowance: Allowance,
    pub path_notes: BTreeMap<&'static str, &'static str>,
    pub example_request: Option<Value>,
    pub example_response: Option<Value>,
    /// Pages and the like: served, not part of the contract.
    pub is_hidden: bool,
    /// The key may stand in the form: the handler finds out whose it is, and until then nobody asks.
    pub finds_key_itself: bool,
    /// How its refusals are written.
    pub refused_as: RefusedAs,
    /// How they are told to people; see [`Operation::apologises`].
    pub apology: Option<Apology>,
}

/// Makes a page of a refusal, in the language of whoever asked.
pub type Apology = fn(&Front, &HeaderMap, Problem, &str) -> Answer;

/// How a refusal is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusedAs {
    /// RFC 9457.
    Problem,
    /// As Open311 has it.
    Open311(Format),
}

/// A type of body an operation takes.
#[derive(Clone)]
pub struct Body {
    pub content_type: &'static str,
    pub limit: Limit,
    /// Of JSON and forms.
    pub schema: Option<WriteSchema>,
    /// Handed to the handler as it comes in, and never held in memory whole.
    pub is_streamed: bool,
    /// In bytes, of what a streamed form says beside its file.
    pub most_words: usize,
}

/// The query parameters of an operation.
#[derive(Clone)]
pub struct Query {
    pub schema: WriteSchema,
    pub names: Vec<String>,
}

/// One way it ends well.
#[derive(Clone)]
pub struct Answered {
    pub status: u16,
    pub description: &'static str,
    /// `None`: no content.
    pub content_type: Option<&'static str>,
    pub schema: Option<WriteSchema>,
    pub headers: Vec<(&'static str, &'static str)>,
}

/// How large a body may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    Json,
    Mail,
    Attachment,
    Bytes(usize),
}

/// What `If-Match` means here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IfMatchUse {
    Ignored,
    Optional,
    Required,
}

/// Which budget by address applies to those who are not signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Allowance {
    /// As many as a signed-in principal.
    Ordinary,
    PublicIntake,
    PublicUploads,
    TrackingLinks,
    /// For health checks.
    Unlimited,
}

/// `GET path`.
pub fn get<F, Fut>(path: &'static str, handler: F) -> Operation
where
    F: Fn(Call) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Answer, Problem>> + 'static,
{
    Operation::new(Method::GET, path, handler)
}

/// `POST path`; takes an Idempotency-Key unless it says otherwise.
pub fn post<F, Fut>(path: &'static str, handler: F) -> Operation
where
    F: Fn(Call) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Answer, Problem>> + 'static,
{
    Operation {
        is_idempotent: true,
        ..Operation::new(Method::POST, path, handler)
    }
}

/// `PUT path`.
pub fn put<F, Fut>(path: &'static str, handler: F) -> Operation
where
    F: Fn(Call) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Answer, Problem>> + 'static,
{
    Operation::new(Method::PUT, path, handler)
}

/// `PATCH path`.
pub fn patch<F, Fut>(path: &'static str, handler: F) -> Operation
where
    F: Fn(Call) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Answer, Problem>> + 'static,
{
    Operation::new(Method::PATCH, path, handler)
}

/// `DELETE path`.
pub fn delete<F, Fut>(path: &'static str, handler: F) -> Operation
where
    F: Fn(Call) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Answer, Problem>> + 'static,
{
    Operation::new(Method::DELETE, path, handler)
}

impl Operation {
    fn new<F, Fut>(method: Method, path: &'static str, handler: F) -> Self
    where
        F: Fn(Call) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Answer, Problem>> + 'static,
    {
        Self {
            method,
            path,
            handler: Arc::new(move |call| Box::pin(handler(call))),
            id: "",
            summary: "",
            description: "",
            tag: "",
            // Nobody, until the operation says who.
            access: Access::staff(&[]),
            bodies: Vec::new(),
            body_may_be_absent: false,
            query: None,
            answers: Vec::new(),
            refusals: Vec::new(),
            is_idempotent: false,
            secrets: &[],
            if_match: IfMatchUse::Ignored,
            has_etag: false,
            is_paged: false,
            allowance: Allowance::Ordinary,
            path_notes: BTreeMap::new(),
            example_request: None,
            example_response: None,
            is_hidden: false,
            finds_key_itself: false,
            refused_as: RefusedAs::Problem,
            apology: None,
        }
    }

    /// The operation's name in generated clients: `create_contact`.
    #[must_use]
    pub fn id(self, id: &'static str) -> Self {
        Self { id, ..self }
    }

    /// One line.
    #[must_use]
    pub fn summary(self, summary: &'static str) -> Self {
        Self { summary, ..self }
    }

    /// What the line does not say.
    #[must_use]
    pub fn description(self, description: &'static str) -> Self {
        Self {
            description,
            ..self
        }
    }

    /// The chapter it stands in.
    #[must_use]
    pub fn tag(self, tag: &'static str) -> Self {
        Self { tag, ..self }
    }

    /// Who may call it. Unsaid: nobody.
    #[must_use]
    pub fn access(self, access: Access) -> Self {
        Self { access, ..self }
    }

    /// A JSON body.
    #[must_use]
    pub fn body<T: JsonSchema>(mut self) -> Self {
        self.bodies.push(Body {
            content_type: "application/json",
            limit: Limit::Json,
            schema: Some(SchemaGenerator::subschema_for::<T>),
            is_streamed: false,
            most_words: 0,
        });
        self
    }

    /// A JSON body that may be left out, which means `{}`.
    #[must_use]
    pub fn optional_body<T: JsonSchema>(self) -> Self {
        Self {
            body_may_be_absent: true,
            ..self.body::<T>()
        }
    }

    /// A form, by each content type it may come as.
    #[must_use]
    pub fn form<T: JsonSchema>(mut self, types: &[(&'static str, Limit)]) -> Self {
        self.bodies
            .extend(types.iter().map(|(content_type, limit)| Body {
                content_type,
                limit: *limit,
                schema: Some(SchemaGenerator::subschema_for::<T>),
                is_streamed: false,
                most_words: 0,
            }));
        self
    }

    /// A body of another type; may be named several times.
    #[must_use]
    pub fn raw_body(mut self, content_type: &'static str, limit: Limit) -> Self {
        self.bodies.push(Body {
            content_type,
            limit,
            schema: None,
            is_streamed: false,
            most_words: 0,
        });
        self
    }

    /// A form in parts that holds a file, which the handler takes in as it comes ([`Call::upload`]). Its
    /// Idempotency-Key is for the handler too: what was sent is known when it has come.
    #[must_use]
    pub fn upload<T: JsonSchema>(mut self, limit: Limit) -> Self {
        self.bodies.push(Body {
            content_type: "multipart/form-data",
            limit,
            schema: Some(SchemaGenerator::subschema_for::<T>),
            is_streamed: true,
            most_words: 0,
        });
        self
    }

    /// A page's form in parts: its words, of so many bytes at most, and the file after them
    /// ([`Call::upload_with_words`]).
    #[must_use]
    pub fn upload_with_words(mut self, limit: Limit, most_words: usize) -> Self {
        self.bodies.push(Body {
            content_type: "multipart/form-data",
            limit,
            schema: None,
            is_streamed: true,
            most_words,
        });
        self
    }

    /// Its query parameters: a flat struct. A parameter it does not have is 400.
    #[must_use]
    pub fn query<T: JsonSchema>(self) -> Self {
        let names = shape::parameter_names::<T>();
        let is_paged = names.iter().any(|name| name == "cursor");
        Self {
            query: Some(Query {
                schema: SchemaGenerator::subschema_for::<T>,
                names,
            }),
            is_paged,
            ..self
        }
    }

    /// What it answers in JSON when all is well.
    #[must_use]
    pub fn answers<T: JsonSchema>(mut self, status: u16, description: &'static str) -> Self {
        self.answers.push(Answered {
            status,
            description,
            content_type: Some("application/json"),
            schema: Some(SchemaGenerator::subschema_for::<T>),
            headers: Vec::new(),
        });
        self
    }

    /// An answer of another type.
    #[must_use]
    pub fn answers_raw(
        mut self,
        status: u16,
        content_type: &'static str,
        description: &'static str,
    ) -> Self {
        let content_type = Some(content_type);
        self.answers.push(Answered {
            status,
            description,
            content_type,
            schema: None,
            headers: Vec::new(),
        });
        self
    }

    /// An answer without content.
    #[must_use]
    pub fn answers_nothing(mut self, status: u16, description: &'static str) -> Self {
        self.answers.push(Answered {
            status,
            description,
            content_type: None,
            schema: None,
            headers: Vec::new(),
        });
        self
    }

    /// A header of the answer named last.
    #[must_use]
    pub fn answer_header(mut self, name: &'static str, description: &'static str) -> Self {
        if let Some(answer) = self.answers.last_mut() {
            answer.headers.push((name, description));
        }
        self
    }

    /// Whether its body is handed on as it comes in.
    #[must_use]
    pub fn is_streamed(&self) -> bool {
        self.bodies.iter().any(|body| body.is_streamed)
    }

    /// Refusals it may give beyond the usual ones: 409, 503 …
    #[must_use]
    pub fn refuses(mut self, statuses: &[u16]) -> Self {
        self.refusals.extend_from_slice(statuses);
        self
    }

    /// An example of what is sent. A test holds it against the schema.
    #[must_use]
    pub fn example_request(self, example: Value) -> Self {
        Self {
            example_request: Some(example),
            ..self
        }
    }

    /// An example of what is answered first. A test holds it against the schema.
    #[must_use]
    pub fn example_response(self, example: Value) -> Self {
        Self {
            example_response: Some(example),
            ..self
        }
    }

    /// Takes an Idempotency-Key (what POST does unless it says otherwise).
    #[must_use]
    pub fn idempotent(self) -> Self {
        Self {
            is_idempotent: true,
            ..self
        }
    }

    /// Takes none: sign-ins, trials, searches.
    #[must_use]
    pub fn not_idempotent(self) -> Self {
        Self {
            is_idempotent: false,
            ..self
        }
    }

    /// These members of its answer are secrets: shown once, never kept.
    #[must_use]
    pub fn shows_once(self, secrets: &'static [&'static str]) -> Self {
        Self { secrets, ..self }
    }

    /// `If-Match` must be sent; the handler asks [`Call::require_if_match`].
    #[must_use]
    pub fn if_match_required(self) -> Self {
        Self {
            if_match: IfMatchUse::Required,
            ..self
        }
    }

    /// `If-Match` may be sent; the handler asks [`Call::if_match`].
    #[must_use]
    pub fn if_match_optional(self) -> Self {
        Self {
            if_match: IfMatchUse::Optional,
            ..self
        }
    }

    /// Its answer has an `ETag`.
    #[must_use]
    pub fn has_etag(self) -> Self {
        Self {
            has_etag: true,
            ..self
        }
    }

    /// Which budget by address applies to those who are not signed in.
    #[must_use]
    pub fn allowance(self, allowance: Allowance) -> Self {
        Self { allowance, ..self }
    }

    /// What a variable part of the path is.
    #[must_use]
    pub fn path_note(mut self, name: &'static str, note: &'static str) -> Self {
        self.path_notes.insert(name, note);
        self
    }

    /// The handler asks [`Call::held_by`] whose the key is, because it may stand in the form.
    #[must_use]
    pub fn key_comes_late(self) -> Self {
        Self {
            finds_key_itself: true,
            ..self
        }
    }

    /// Its refusals are written as Open311 has them.
    #[must_use]
    pub fn refuses_as_open311(self, format: Format) -> Self {
        Self {
            refused_as: RefusedAs::Open311(format),
            ..self
        }
    }

    /// A page: whatever is refused, by the handler or before it is asked, is told as a page too.
    #[must_use]
    pub fn apologises(self, apology: Apology) -> Self {
        Self {
            apology: Some(apology),
            ..self
        }
    }

    /// A refusal as this operation writes them.
    #[must_use]
    pub fn refuse(&self, problem: Problem, instance: &str, request_id: &str) -> Answer {
        match self.refused_as {
            RefusedAs::Problem => problem.into_answer(instance, request_id),
            RefusedAs::Open311(format) => refusal::into_answer(problem, format, request_id),
        }
    }

    /// Served, but not part of the published contract: pages.
    #[must_use]
    pub fn hidden(self) -> Self {
        Self {
            is_hidden: true,
            ..self
        }
    }

    /// The names of the path's variable parts.
    #[must_use]
    pub fn path_names(&self) -> Vec<&'static str> {
        self.path
            .split('/')
            .filter_map(|part| part.strip_prefix('{'))
            // Up to its end: an extension may follow.
            .map(|part| part.split(['}', ':']).next().unwrap_or(part))
            .collect()
    }
}

impl Limit {
    /// In bytes, as this installation is set.
    #[must_use]
    pub fn bytes(self, settings: &Http) -> usize {
        match self {
            Self::Json => settings.max_json_bytes,
            Self::Mail => settings.max_mail_bytes,
            Self::Attachment => settings.max_attachment_bytes,
            Self::Bytes(bytes) => bytes,
        }
    }

    /// In bytes, unless an installation is set otherwise.
    #[must_use]
    pub fn published(self) -> usize {
        match self {
            Self::Json => 1_048_576,
            Self::Mail => 36_700_160,
            Self::Attachment => 20_971_520,
            Self::Bytes(bytes) => bytes,
        }
    }
}
