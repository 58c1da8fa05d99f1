//! What a handler answers, before it becomes bytes on the wire.
//!
//! An answer is plain data: the same one is sent, kept under an Idempotency-Key, and sent again.
//! Headers every answer carries (security, request id, cache) are added by [`super::gate`].

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::web::Bytes;
use actix_web::{HttpResponse, HttpResponseBuilder};
use serde::Serialize;
use tokio::sync::mpsc::Receiver;

use crate::casework::{Answered, Failure};

/// What a page may load: its own style sheet, images and script, and nothing else.
const PAGE_POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; \
     connect-src 'self'; manifest-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// One answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub content: Content,
}

/// What an answer carries.
pub enum Content {
    Empty,
    /// Text or bytes; the headers say which.
    Bytes(Bytes),
    /// So many bytes, as they come from their sender. Cannot be kept under a key.
    Sized(u64, Receiver<Bytes>),
    /// Goes on until its sender is dropped. Cannot be kept under a key.
    Stream(Receiver<Bytes>),
    /// It could not be written as JSON: a defect, answered as 500.
    Unwritable(serde_json::Error),
}

impl Answer {
    /// An answer without content.
    #[must_use]
    pub fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            content: Content::Empty,
        }
    }

    /// 204.
    #[must_use]
    pub fn no_content() -> Self {
        Self::empty(204)
    }

    /// A document in JSON.
    #[must_use]
    pub fn json<T: Serialize + ?Sized>(status: u16, value: &T) -> Self {
        let content = match serde_json::to_vec(value) {
            Ok(bytes) => Content::Bytes(bytes.into()),
            Err(error) => Content::Unwritable(error),
        };
        Self {
            status,
            headers: Vec::new(),
            content,
        }
        .with_header("content-type", "application/json")
    }

    /// 200 with a document.
    #[must_use]
    pub fn ok<T: Serialize + ?Sized>(value: &T) -> Self {
        Self::json(200, value)
    }

    /// 201 with a document and where the new thing is.
    #[must_use]
    pub fn created<T: Serialize + ?Sized>(location: &str, value: &T) -> Self {
        Self::json(201, value).with_header("location", location)
    }

    /// Bytes of any type.
    #[must_use]
    pub fn bytes(status: u16, content_type: &str, bytes: impl Into<Bytes>) -> Self {
        Self {
            status,
            headers: Vec::new(),
            content: Content::Bytes(bytes.into()),
        }
        .with_header("content-type", content_type)
    }

    /// A page for people, which may load nothing from elsewhere.
    #[must_use]
    pub fn page(status: u16, html: String) -> Self {
        Self::bytes(status, "text/html; charset=utf-8", html)
            .with_header("content-security-policy", PAGE_POLICY)
    }

    /// Server-sent events, as long as their sender lives.
    #[must_use]
    pub fn events(events: Receiver<Bytes>) -> Self {
        Self {
            status: 200,
            headers: Vec::new(),
            content: Content::Stream(events),
        }
        .with_header("content-type", "text/event-stream")
        .with_header("x-accel-buffering", "no")
    }

    /// So many bytes of any type, as they come.
    #[must_use]
    pub fn sized(content_type: &str, length: u64, pieces: Receiver<Bytes>) -> Self {
        Self {
            status: 200,
            headers: Vec::new(),
            content: Content::Sized(length, pieces),
        }
        .with_header("content-type", content_type)
    }

    /// Sends the reader on (303).
    #[must_use]
    pub fn see_other(location: &str) -> Self {
        Self::empty(303).with_header("location", location)
    }

    /// Adds a header.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_ascii_lowercase(), value.into()));
        self
    }

    /// Sets a cookie, where there is one to set.
    #[must_use]
    pub fn with_cookie(self, cookie: Option<String>) -> Self {
        match cookie {
            Some(cookie) => self.with_header("set-cookie", cookie),
            None => self,
        }
    }

    /// Its whole content, where that is known before it is sent.
    #[must_use]
    pub fn bytes_of_it(&self) -> Option<&[u8]> {
        match &self.content {
            Content::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// Adds the `ETag` of a version; a GET whose `If-None-Match` names it is answered 304.
    #[must_use]
    pub fn with_etag(self, version: impl std::fmt::Display) -> Self {
        self.with_header("etag", format!("\"{version}\""))
    }

    /// The first value of a header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(own, _)| own == name)
            .map(|(_, value)| value.as_str())
    }

    pub(super) fn into_answered(self) -> Result<Answered, Failure> {
        let body = match self.content {
            Content::Empty => Vec::new(),
            Content::Bytes(bytes) => bytes.to_vec(),
            Content::Unwritable(error) => return Err(Failure::Fault(error.into())),
            Content::Sized(..) | Content::Stream(_) => {
                return Err(Failure::Fault(anyhow::anyhow!("a stream cannot be kept")));
            }
        };
        let headers: BTreeMap<String, String> = self.headers.into_iter().collect();
        Ok(Answered {
            fingerprint: String::new(),
            status: self.status,
            headers,
            body,
        })
    }

    pub(super) fn from_answered(answered: Answered, is_replay: bool) -> Self {
        let content = if answered.body.is_empty() {
            Content::Empty
        } else {
            Content::Bytes(answered.body.into())
        };
        let mut headers: Vec<(String, String)> = answered.headers.into_iter().collect();
        if is_replay {
            headers.push(("idempotency-replayed".to_owned(), "true".to_owned()));
        }
        Self {
            status: answered.status,
            headers,
            content,
        }
    }

    /// The same as actix takes it. Headers that cannot stand in HTTP are left out and logged: they
    /// come from our own code.
    pub(super) fn into_response(self) -> HttpResponse {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = HttpResponseBuilder::new(status);
        for (name, value) in &self.headers {
            if name == "connection" {
                // The server writes this one itself, from what it means to do.
                response.force_close();
                continue;
            }
            match (
                HeaderName::try_from(name.as_str()),
                HeaderValue::from_str(value),
            ) {
                (Ok(name), Ok(value)) => {
                    response.append_header((name, value));
                }
                _ => tracing::error!("The header {name} of an answer cannot be sent"),
            }
        }
        match self.content {
            Content::Empty | Content::Unwritable(_) => response.finish(),
            Content::Bytes(bytes) => response.body(bytes),
            Content::Sized(length, pieces) => response.body(BoxBody::new(Events {
                size: BodySize::Sized(length),
                pieces,
            })),
            Content::Stream(pieces) => response.body(BoxBody::new(Events {
                size: BodySize::Stream,
                pieces,
            })),
        }
    }
}

impl std::fmt::Debug for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Empty => f.write_str("Empty"),
            Self::Bytes(bytes) => write!(f, "Bytes({})", bytes.len()),
            Self::Sized(length, _) => write!(f, "Sized({length})"),
            Self::Stream(_) => f.write_str("Stream"),
            Self::Unwritable(error) => write!(f, "Unwritable({error})"),
        }
    }
}

/// Pieces of a body, as they come.
struct Events {
    size: BodySize,
    pieces: Receiver<Bytes>,
}

impl MessageBody for Events {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        self.size
    }

    fn poll_next(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Infallible>>> {
        self.get_mut()
            .pieces
            .poll_recv(cx)
            .map(|event| event.map(Ok))
    }
}
