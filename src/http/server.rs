//! Listens. Slow heads, slow bodies and idle connections are ended; running requests are finished.

use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::{App, HttpServer};

use super::app_config;
use super::front::Front;

const IDLE: Duration = Duration::from_secs(75);

/// A server on a bound listener. It runs when it is awaited; its handle stops it. Signals are the
/// caller's business.
///
/// # Errors
/// When the listener cannot be used.
pub fn run_server(front: &Arc<Front>, listener: TcpListener) -> io::Result<Server> {
    let settings = &front.http;
    let for_each_thread = Arc::clone(front);
    let mut server =
        HttpServer::new(move || App::new().configure(app_config(Arc::clone(&for_each_thread))))
            .keep_alive(IDLE)
            .client_request_timeout(Duration::from_secs(settings.head_timeout_seconds))
            .client_disconnect_timeout(Duration::from_secs(5))
            .shutdown_timeout(settings.shutdown_seconds)
            .disable_signals();
    if settings.workers > 0 {
        server = server.workers(settings.workers);
    }
    Ok(server.listen(listener)?.run())
}
