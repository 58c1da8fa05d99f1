//! Prometheus' figures, on a listener of their own so that the public never reaches them.

use std::net::{TcpListener, ToSocketAddrs as _};
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{App, HttpResponse, HttpServer, web};
use anyhow::Context as _;

use crate::config;
use crate::telemetry::Metrics;

/// A running listener.
pub struct Figures {
    pub url: String,
    handle: ServerHandle,
    folding: tokio::task::JoinHandle<()>,
}

const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";
/// How often measurements are folded into figures.
const FOLD_EVERY: Duration = Duration::from_secs(5);

/// Shows the figures where the settings want them, if they do.
///
/// # Errors
/// When the address cannot be listened on.
pub fn start(settings: &config::Metrics, metrics: &Metrics) -> anyhow::Result<Option<Figures>> {
    if !settings.enabled {
        return Ok(None);
    }
    let place = (settings.host.as_str(), settings.port);
    let address = place
        .to_socket_addrs()
        .context("metrics.host")?
        .next()
        .context("metrics.host is no address")?;
    let listener = TcpListener::bind(address).with_context(|| {
        format!("listening on {address} for metrics: choose another metrics.port, or 0")
    })?;
    let url = format!("http://{}/metrics", listener.local_addr()?);
    let shown = metrics.clone();
    let server = HttpServer::new(move || {
        let shown = shown.clone();
        App::new().route(
            "/metrics",
            web::get().to(move || {
                let text = shown.render();
                async move {
                    HttpResponse::Ok()
                        .insert_header((CONTENT_TYPE, TEXT))
                        .body(text)
                }
            }),
        )
    })
    .workers(1)
    .shutdown_timeout(1)
    .disable_signals()
    .listen(listener)
    .context("starting the metrics listener")?
    .run();
    let handle = server.handle();
    tokio::spawn(server);
    let folded = metrics.clone();
    let folding = tokio::spawn(async move {
        let mut turn = tokio::time::interval(FOLD_EVERY);
        loop {
            turn.tick().await;
            folded.fold();
        }
    });
    Ok(Some(Figures {
        url,
        handle,
        folding,
    }))
}

impl Figures {
    /// Stops showing them.
    pub async fn stop(self) {
        self.folding.abort();
        self.handle.stop(true).await;
    }
}
