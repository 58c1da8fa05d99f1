//! One request, as a handler sees it: authenticated, admitted, its body read and within bounds.
//!
//! A handler takes a `Call`, reads what it needs from it, does one use case through it, and maps
//! what came out. It never sees a header it does not ask for, and never the connection.

use std::sync::Arc;

use actix_web::http::Method;
use actix_web::http::header::HeaderMap;
use actix_web::web::Bytes;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::answer::Answer;
use super::etag::IfMatch;
use super::front::Front;
use super::paging::{self, Page};
use super::problem::Problem;
use super::upload::{Came, Posted, Upload};
use super::{gate, query, recognise, shape, strict_json};
use crate::casework::actions::{self, Target};
use crate::casework::{Conn, Failure, Filed, Moment, Once, Tx, audit};
use crate::domain::access::{Act, Actor, Scope, User};
use crate::domain::case::Secrecy;
use crate::domain::ids::SessionId;
use crate::domain::reference::ReferenceError;

/// One request.
pub struct Call {
    pub front: Arc<Front>,
    pub actor: Actor,
    /// Of somebody who signed in.
    pub session: Option<SessionId>,
    /// Where it comes from, as budgets count it.
    pub address: String,
    pub request_id: String,
    pub method: Method,
    /// The path as asked for.
    pub path: String,
    /// The path's pattern: `/v1/cases/{case}`.
    pub route: &'static str,
    pub query_string: String,
    pub headers: HeaderMap,
    pub body: Bytes,
    pub now: Timestamp,
    pub(super) path_values: Vec<(String, String)>,
    pub(super) once: Option<Once>,
    pub(super) body_may_be_absent: bool,
    pub(super) upload: Option<Upload>,
}

impl Call {
    /// The body, held against `T`'s schema.
    ///
    /// # Errors
    /// 400 when it is not JSON, 422 with every fault when it does not fit.
    pub fn json<T: DeserializeOwned + JsonSchema + 'static>(&self) -> Result<T, Problem> {
        let bytes: &[u8] = if self.body.is_empty() && self.body_may_be_absent {
            b"{}"
        } else {
            &self.body
        };
        let value = strict_json::read(bytes)?;
        shape::fit(value).map_err(Problem::invalid)
    }

    /// The query parameters, held against `T`'s schema.
    ///
    /// # Errors
    /// 400 with every fault.
    pub fn query<T: DeserializeOwned + JsonSchema + 'static>(&self) -> Result<T, Problem> {
        query::fit(&self.query_string)
    }

    /// A form (`application/x-www-form-urlencoded`), in the order it was written.
    ///
    /// # Errors
    /// 400 when it is not UTF-8.
    pub fn form(&self) -> Result<Vec<(String, String)>, Problem> {
        let text = std::str::from_utf8(&self.body)
            .map_err(|_| Problem::unreadable("malformed_form", "The form is not UTF-8."))?;
        query::pairs(text)
    }

    /// A variable part of the path, decoded; empty when the route has none of this name.
    #[must_use]
    pub fn path(&self, name: &str) -> &str {
        self.path_values
            .iter()
            .find(|(own, _)| own == name)
            .map_or("", |(_, value)| value.as_str())
    }

    /// An id in the path. What cannot be one names nothing.
    ///
    /// # Errors
    /// 404.
    pub fn id<I: std::str::FromStr>(&self, name: &str) -> Result<I, Problem> {
        self.path(name).parse().map_err(|_| Problem::not_found())
    }

    /// The case named by the path's `{case}`: its id, its reference, or the one it had before.
    ///
    /// # Errors
    /// 400 when one character of a reference is mistyped; 404 for what cannot name a case.
    pub fn case(&self) -> Result<Target, Problem> {
        let council = self.front.desk.council();
        let alias_pattern = council.catalogue.council.alias_pattern();
        let alias_pattern = alias_pattern.as_deref();
        Target::parse(self.path("case"), alias_pattern).map_err(|error| match error {
            ReferenceError::Mistyped => Problem::unreadable(
                "reference_mistyped",
                "One character of this reference is mistyped. Check it against the letter or e-mail.",
            ),
            ReferenceError::NotAReference => Problem::not_found(),
        })
    }

    /// A header, when it is there and text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The same call as that of the key it came with: `named` in the query or form, else in
    /// `Authorization`. For operations that find their key themselves.
    ///
    /// # Errors
    /// 401 without a key or with a wrong one, 403 without the scope, 429 when the key, or the wrong ones
    /// of this address, came too often.
    pub async fn held_by(mut self, named: Option<&str>, scope: Scope) -> Result<Self, Problem> {
        let named = named.map(str::trim).filter(|key| !key.is_empty());
        self.actor = recognise::key_holder(
            &self.front,
            named.or_else(|| recognise::bearer_key(&self.headers)),
            scope,
            &self.address,
        )
        .await?;
        self.once = gate::once(
            &self.front,
            &[],
            &self.headers,
            (&self.method, &self.path),
            &self.actor,
            &self.body,
        )?;
        Ok(self)
    }

    /// Takes in the file that comes with this call, to the disk, as it comes. Its Idempotency-Key is
    /// known from then on: the same file under the same name is the same request.
    ///
    /// # Errors
    /// 400 when the form cannot be read, 408, 413, 422 when it does not hold one file, 503.
    pub async fn upload(&mut self) -> Result<Came, Problem> {
        let upload = self
            .upload
            .take()
            .ok_or_else(|| Problem::fault(anyhow::anyhow!("{} takes in no file", self.route)))?;
        let came = upload.take_in(&self.front).await?;
        let said = [
            came.name.as_str(),
            came.claimed.as_deref().unwrap_or_default(),
            came.came.hash.as_str(),
        ];
        self.once = gate::once(
            &self.front,
            &[],
            &self.headers,
            (&self.method, &self.path),
            &self.actor,
            &Bytes::from(said.join("\0")),
        )?;
        Ok(came)
    }

    /// Takes in a page's form in parts: its words, and the file in it, as far as it came.
    ///
    /// # Errors
    /// 400 when not even the words can be read, 503 when too many come at once.
    pub async fn upload_with_words(&mut self) -> Result<Posted, Problem> {
        let upload = self
            .upload
            .take()
            .ok_or_else(|| Problem::fault(anyhow::anyhow!("{} takes in no file", self.route)))?;
        upload.take_in_with_words(&self.front).await
    }

    /// The same from somebody who is known: the turns of strangers at their address are not waited for.
    ///
    /// # Errors
    /// As [`Self::upload_with_words`].
    pub async fn upload_of_somebody_known(&mut self) -> Result<Posted, Problem> {
        self.upload = self.upload.take().map(Upload::of_somebody_known);
        self.upload_with_words().await
    }

    /// Whether a form in parts came, which is still to be taken in.
    #[must_use]
    pub fn brings_a_file(&self) -> bool {
        self.upload.is_some()
    }

    /// Does what follows once under a key that stood in a form: one of ours. `said` is what was sent
    /// under it.
    ///
    /// # Errors
    /// 400 for a key we did not give out.
    pub fn once_under_form_key(&mut self, key: &str, said: &[u8]) -> Result<(), Problem> {
        if !self.front.is_form_key(key) {
            return Err(Problem::unreadable(
                "bad_idempotency_key",
                "The number of this form is not one of ours. Open the form again.",
            ));
        }
        let what = (&self.method, self.path.as_str());
        let once = gate::once_under(&self.front, &[], key, what, &self.actor, said);
        self.once = Some(once);
        Ok(())
    }

    /// The query's names and values, whatever they are: pages are opened by links that others add to.
    ///
    /// # Errors
    /// 400 when it cannot be decoded.
    pub fn query_pairs(&self) -> Result<Vec<(String, String)>, Problem> {
        query::pairs(&self.query_string)
    }

    /// Who is signed in, or whom a key acts for.
    ///
    /// # Errors
    /// 403 for everybody else.
    pub fn user(&self) -> Result<&User, Problem> {
        self.actor
            .user()
            .ok_or_else(|| Problem::forbidden("scope_missing", "This is for people who sign in."))
    }

    /// What `If-Match` says, when it was sent.
    ///
    /// # Errors
    /// 400 when it is not an entity tag.
    pub fn if_match(&self) -> Result<Option<IfMatch>, Problem> {
        self.header("if-match").map(IfMatch::read).transpose()
    }

    /// What `If-Match` says. Ask only after the object was found and the act allowed: preconditions
    /// come last.
    ///
    /// # Errors
    /// 428 when it was not sent.
    pub fn require_if_match(&self) -> Result<IfMatch, Problem> {
        self.if_match()?.ok_or_else(Problem::if_match_needed)
    }

    /// The Idempotency-Key, when one was sent and the operation takes one.
    #[must_use]
    pub fn once(&self) -> Option<Once> {
        self.once.clone()
    }

    /// Does one use case in one transaction, and keeps its answer in it under the
    /// Idempotency-Key, if there is one. `work` may run more than once.
    ///
    /// # Errors
    /// Why not; nothing was written then.
    pub async fn commit<T, W, A>(&self, work: W, answer: A) -> Result<Answer, Problem>
    where
        T: 'static,
        W: Fn(&mut Tx<'_>, &Moment) -> Result<T, Failure> + Send + 'static,
        A: Fn(&T) -> Answer + Send + 'static,
    {
        let work = self.with_request_id(work);
        let done = self
            .front
            .desk
            .write(self.once.clone(), work, move |value| {
                answer(value).into_answered()
            })
            .await?;
        Ok(Answer::from_answered(done.answered, done.is_replay))
    }

    /// Does one use case in one transaction; the handler makes the answer itself. For operations
    /// that take no Idempotency-Key.
    ///
    /// # Errors
    /// Why not; nothing was written then.
    pub async fn perform<T, W>(&self, work: W) -> Result<T, Problem>
    where
        T: Send + 'static,
        W: Fn(&mut Tx<'_>, &Moment) -> Result<T, Failure> + Send + 'static,
    {
        Ok(self.front.desk.perform(self.with_request_id(work)).await?)
    }

    /// Reads.
    ///
    /// # Errors
    /// Why not.
    pub async fn read<T, W>(&self, work: W) -> Result<T, Problem>
    where
        T: Send + 'static,
        W: FnOnce(&mut Conn, &Moment) -> Result<T, Failure> + Send + 'static,
    {
        Ok(self.front.desk.read(work).await?)
    }

    /// Reads something of the case the path names. A look at what is not everybody's to see is put
    /// down in the audit before it is answered.
    ///
    /// # Errors
    /// 404 when there is no such case, or none the caller may know of.
    pub async fn read_case<T, W>(&self, work: W) -> Result<T, Problem>
    where
        T: Send + 'static,
        W: FnOnce(&mut Conn, &Moment, &Actor, &Filed) -> Result<T, Failure> + Send + 'static,
    {
        self.look_at_case(Act::Read, work).await
    }

    /// The same for what may also be shown to those who follow the case as the public does; `work`
    /// shows them no more than that.
    ///
    /// # Errors
    /// 404 when there is no such case, or none the caller may know of.
    pub async fn follow_case<T, W>(&self, work: W) -> Result<T, Problem>
    where
        T: Send + 'static,
        W: FnOnce(&mut Conn, &Moment, &Actor, &Filed) -> Result<T, Failure> + Send + 'static,
    {
        self.look_at_case(Act::Follow, work).await
    }

    async fn look_at_case<T, W>(&self, act: Act, work: W) -> Result<T, Problem>
    where
        T: Send + 'static,
        W: FnOnce(&mut Conn, &Moment, &Actor, &Filed) -> Result<T, Failure> + Send + 'static,
    {
        let (target, actor) = (self.case()?, self.actor.clone());
        let (value, seen) = self
            .read(move |conn, at| {
                let filed = actions::find(conn, &actor, &target, act)?;
                let value = work(conn, at, &actor, &filed)?;
                let is_open = filed.case.secrecy == Secrecy::Ordinary;
                Ok((value, (!is_open).then(|| format!("case:{}", filed.case.id))))
            })
            .await?;
        self.note_looks("case.read", seen.into_iter().collect())
            .await?;
        Ok(value)
    }

    /// Puts down in the audit what was looked at. What is shown is shown only after that.
    ///
    /// # Errors
    /// When it cannot be put down.
    pub async fn note_looks(
        &self,
        action: &'static str,
        objects: Vec<String>,
    ) -> Result<(), Problem> {
        if objects.is_empty() {
            return Ok(());
        }
        let actor = self.actor.clone();
        self.perform(move |tx, at| {
            for object in &objects {
                audit::note_look(tx, at, &actor, action, object, None)?;
            }
            Ok(())
        })
        .await
    }

    /// Where a list goes on, from its `cursor` parameter.
    ///
    /// # Errors
    /// 400 when it is not one we gave out for this list.
    pub fn cursor<C: DeserializeOwned>(&self, cursor: Option<&str>) -> Result<Option<C>, Problem> {
        cursor
            .map(|text| paging::read_cursor(&self.front, self.route, text))
            .transpose()
    }

    /// Where a list goes on, sealed, for pages that link to there.
    #[must_use]
    pub fn cursor_of<C: Serialize>(&self, next: Option<&C>) -> Option<String> {
        next.map(|next| paging::write_cursor(&self.front, self.route, next))
    }

    /// A page of a list with the cursor of the next one, in the body and as `Link`.
    #[must_use]
    pub fn page<T: Serialize, C: Serialize>(
        &self,
        items: Vec<T>,
        next: Option<&C>,
        total: Option<u64>,
    ) -> Answer {
        let next_cursor = self.cursor_of(next);
        let link = next_cursor
            .as_deref()
            .map(|cursor| paging::link_to_next(&self.path, &self.query_string, cursor));
        let answer = Answer::ok(&Page {
            items,
            next_cursor,
            total,
        });
        match link {
            Some(link) => answer.with_header("link", link),
            None => answer,
        }
    }

    /// The same work at a moment that knows the request's id, for the audit.
    fn with_request_id<T, W>(
        &self,
        work: W,
    ) -> impl Fn(&mut Tx<'_>, &Moment) -> Result<T, Failure> + Send + 'static
    where
        T: 'static,
        W: Fn(&mut Tx<'_>, &Moment) -> Result<T, Failure> + Send + 'static,
    {
        let request_id = self.request_id.clone();
        move |tx: &mut Tx<'_>, moment: &Moment| {
            let moment = Moment {
                desk: Arc::clone(&moment.desk),
                council: Arc::clone(&moment.council),
                now: moment.now,
                request_id: Some(request_id.clone()),
            };
            work(tx, &moment)
        }
    }
}
