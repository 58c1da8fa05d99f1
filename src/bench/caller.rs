//! A caller of a running Reeve over HTTP, on one connection that is kept.

use std::time::Duration;

use anyhow::Context as _;
use serde_json::Value;

/// Somebody who asks.
#[derive(Debug, Clone)]
pub struct Caller {
    agent: ureq::Agent,
    base: String,
    bearer: Option<String>,
}

/// Longer than anything that is measured should take.
const PATIENCE: Duration = Duration::from_secs(60);

impl Caller {
    /// Nobody in particular, at this address.
    #[must_use]
    pub fn at(base: &str) -> Self {
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(PATIENCE))
            .max_idle_connections(1)
            .build()
            .new_agent();
        Self {
            agent,
            base: base.to_owned(),
            bearer: None,
        }
    }

    /// With a token or key, on a connection of their own.
    #[must_use]
    pub fn with(&self, bearer: &str) -> Self {
        Self {
            bearer: Some(bearer.to_owned()),
            ..Self::at(&self.base)
        }
    }

    /// The same, on another connection.
    #[must_use]
    pub fn again(&self) -> Self {
        Self {
            bearer: self.bearer.clone(),
            ..Self::at(&self.base)
        }
    }

    /// With another token, on the same connection.
    #[must_use]
    pub fn as_bearer(&self, bearer: &str) -> Self {
        Self {
            bearer: Some(bearer.to_owned()),
            ..self.clone()
        }
    }

    /// Signs in.
    ///
    /// # Errors
    /// When that is refused.
    pub fn signed_in(&self, email: &str, password: &str) -> anyhow::Result<Self> {
        let body = serde_json::json!({"email": email, "password": password});
        let (status, answer) = self.post("/v1/auth/tokens", &[], &serde_json::to_vec(&body)?)?;
        anyhow::ensure!(status == 200, "{email} could not sign in: {status}");
        let answer: Value = serde_json::from_slice(&answer)?;
        let token = answer.get("access_token").and_then(Value::as_str);
        Ok(self.with(token.context("an answer without a token")?))
    }

    /// Status and body.
    ///
    /// # Errors
    /// When no answer comes.
    pub fn get(&self, path: &str) -> anyhow::Result<(u16, Vec<u8>)> {
        let mut request = self.agent.get(format!("{}{path}", self.base));
        if let Some(bearer) = &self.bearer {
            request = request.header("authorization", format!("Bearer {bearer}"));
        }
        read(request.call()?)
    }

    /// The same, sending something; JSON unless a header says otherwise.
    ///
    /// # Errors
    /// When no answer comes.
    pub fn post(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> anyhow::Result<(u16, Vec<u8>)> {
        let mut request = self.agent.post(format!("{}{path}", self.base));
        if let Some(bearer) = &self.bearer {
            request = request.header("authorization", format!("Bearer {bearer}"));
        }
        if !headers.iter().any(|(name, _)| *name == "content-type") {
            request = request.header("content-type", "application/json");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        read(request.send(body)?)
    }

    /// Asks and takes any of these statuses for an answer.
    ///
    /// # Errors
    /// Another status, with what was said.
    pub fn expect(answered: (u16, Vec<u8>), statuses: &[u16]) -> anyhow::Result<(u16, Vec<u8>)> {
        let (status, body) = answered;
        anyhow::ensure!(
            statuses.contains(&status),
            "{status}: {}",
            String::from_utf8_lossy(&body)
        );
        Ok((status, body))
    }
}

fn read(mut answer: ureq::http::Response<ureq::Body>) -> anyhow::Result<(u16, Vec<u8>)> {
    let status = answer.status().as_u16();
    let body = answer.body_mut().read_to_vec()?;
    Ok((status, body))
}
