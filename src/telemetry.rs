//! What those who run the server get to see: the log on standard error, and the figures.
//!
//! Neither may hold personal data. Our own lines are written without it; what libraries write is cut
//! off below `info`, however loud the log is set, because there they print the mails, requests and
//! statements that pass through them. A panic is logged with its place, and with its text only when
//! that text was written in the source.

use std::io;
use std::panic::PanicHookInfo;
use std::sync::{Mutex, PoisonError};

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing::{Level, Metadata, Subscriber, error};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, fmt};

use crate::config::{Log, LogFormat};

/// Why the process could not be made observable.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryFault {
    #[error("log.level: {0}")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    #[error("the log is already installed: {0}")]
    Log(#[from] tracing_subscriber::util::TryInitError),
    #[error("the metrics recorder: {0}")]
    Metrics(#[from] metrics_exporter_prometheus::BuildError),
}

/// The process's figures, for the metrics listener to show.
#[derive(Clone, Debug)]
pub struct Metrics {
    handle: PrometheusHandle,
}

/// Sends the log to standard error, panics included. Once a process.
///
/// # Errors
/// When the filter cannot be read, or a log is installed already.
pub fn install_log(log: &Log) -> Result<(), TelemetryFault> {
    subscriber(log, io::stderr)?.try_init()?;
    std::panic::set_hook(Box::new(log_panic));
    Ok(())
}

impl Metrics {
    /// Starts collecting, or joins the collection this process has already started.
    ///
    /// # Errors
    /// When something else in the process collects metrics.
    pub fn install() -> Result<Self, TelemetryFault> {
        // The recorder is the process's by the metrics crate's design; so is this.
        static INSTALLED: Mutex<Option<PrometheusHandle>> = Mutex::new(None);
        let mut installed = INSTALLED.lock().unwrap_or_else(PoisonError::into_inner);
        let handle = match installed.as_ref() {
            Some(handle) => handle.clone(),
            None => {
                let handle = recorder()?.install_recorder()?;
                metrics::gauge!("reeve_build_info", "version" => env!("CARGO_PKG_VERSION"))
                    .set(1.0);
                installed.insert(handle).clone()
            }
        };
        Ok(Self { handle })
    }

    /// The figures in Prometheus' text format.
    pub fn render(&self) -> String {
        self.handle.render()
    }

    /// Folds what has been measured since the last call into the figures: to be called every few
    /// seconds, since without it a server nobody asks for figures would keep every measurement.
    pub fn fold(&self) {
        self.handle.run_upkeep();
    }
}

fn recorder() -> Result<PrometheusBuilder, TelemetryFault> {
    const SECONDS: &[f64] = &[
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
    ];
    let suffix = Matcher::Suffix("_seconds".to_owned());
    Ok(PrometheusBuilder::new().set_buckets_for_metric(suffix, SECONDS)?)
}

fn subscriber<W>(log: &Log, writer: W) -> Result<impl Subscriber + Send + Sync, TelemetryFault>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let filter = EnvFilter::builder().parse(&log.level)?;
    let lines = fmt::layer().with_writer(writer).with_ansi(false);
    let lines = match log.format {
        LogFormat::Human => lines.boxed(),
        LogFormat::Json => lines
            .json()
            .flatten_event(true)
            .with_span_list(false)
            .boxed(),
    };
    Ok(tracing_subscriber::registry()
        .with(lines)
        .with(filter)
        .with(filter_fn(may_be_logged)))
}

/// Ours at any level, a library's from `info` up.
fn may_be_logged(line: &Metadata<'_>) -> bool {
    let target = line.target();
    let is_ours = target == "reeve" || target.starts_with("reeve::");
    is_ours || *line.level() <= Level::INFO
}

fn log_panic(panic: &PanicHookInfo<'_>) {
    let place = panic
        .location()
        .map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
    // A formatted text may hold what somebody wrote to us; a literal cannot.
    let text = panic.payload().downcast_ref::<&'static str>();
    let text = text.copied().unwrap_or("(its text is not logged)");
    error!(panic.place = %place, "Panicked at {place}: {text}");
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tracing::{debug, info, trace};

    use super::*;

    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Page {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(format: LogFormat, level: &str, write: impl FnOnce()) -> String {
        let page = Page::default();
        let log = Log {
            format,
            level: level.to_owned(),
        };
        let to_page = page.clone();
        let subscriber = subscriber(&log, move || to_page.clone()).unwrap();
        tracing::subscriber::with_default(subscriber, write);
        let bytes = page.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn what_libraries_see_stays_out_of_the_loudest_log() {
        let text = logged(LogFormat::Human, "trace", || {
            trace!(target: "reeve::notify", "Claimed 3 notices");
            info!(target: "lettre", "a library's news");
            debug!(target: "lettre", "ada@mail.example");
            trace!(target: "actix_http::h1", "Authorization: Bearer rvk_secret");
            debug!(target: "reeves_library", "ada@mail.example");
        });
        assert!(text.contains("Claimed 3 notices"), "{text}");
        assert!(text.contains("a library's news"), "{text}");
        assert!(!text.contains("ada@"), "{text}");
        assert!(!text.contains("rvk_"), "{text}");
    }

    #[test]
    fn the_level_set_is_the_level_written() {
        let text = logged(LogFormat::Human, "warn,reeve::notify=debug", || {
            info!(target: "reeve::http", "not this");
            debug!(target: "reeve::notify", "but this");
        });
        assert!(!text.contains("not this"), "{text}");
        assert!(text.contains("but this"), "{text}");
    }

    #[test]
    fn a_line_for_machines_is_one_json_object() {
        let text = logged(LogFormat::Json, "info", || {
            info!(case.id = 7, "Paused case 7");
        });
        let line: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(line["message"], "Paused case 7");
        assert_eq!(line["case.id"], 7);
        assert_eq!(line["level"], "INFO");
    }

    #[test]
    fn a_panic_tells_its_place_but_not_what_somebody_wrote() {
        let text = logged(LogFormat::Human, "info", || {
            let before = std::panic::take_hook();
            std::panic::set_hook(Box::new(log_panic));
            let name = "Ada Example";
            let first = std::panic::catch_unwind(|| panic!("cannot read {name}"));
            let second = std::panic::catch_unwind(|| panic!("a clock without a start"));
            std::panic::set_hook(before);
            assert!(first.is_err() && second.is_err());
        });
        assert!(text.contains("telemetry.rs"), "{text}");
        assert!(!text.contains("Ada"), "{text}");
        assert!(text.contains("a clock without a start"), "{text}");
    }

    #[test]
    fn the_figures_are_shown_in_prometheus_format_however_often_they_are_installed() {
        let metrics = Metrics::install().unwrap();
        metrics::counter!("reeve_telemetry_test_total").increment(2);
        metrics::histogram!("reeve_telemetry_test_seconds").record(0.03);
        let again = Metrics::install().unwrap();
        again.fold();
        for text in [metrics.render(), again.render()] {
            assert!(text.contains("reeve_telemetry_test_total 2"), "{text}");
            assert!(
                text.contains("reeve_telemetry_test_seconds_bucket{le=\"0.05\"} 1"),
                "{text}"
            );
            assert!(text.contains("reeve_build_info{version="), "{text}");
        }
    }
}
