//! A Reeve of its own process to measure, and a mail server that takes everything.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::Context as _;

use super::caller::Caller;
use crate::time_source::TimeSource;

/// Where the data of a benchmark is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Empty for SQLite, which lies in the folder.
    pub url: String,
    pub data_dir: PathBuf,
}

/// A server that ends with whoever holds it.
pub struct Running {
    child: Child,
    pub base: String,
    /// From the start of the process until it said that it was ready.
    pub ready_after: Duration,
}

/// A mail server on a port of its own, which counts what it takes.
pub struct Sink {
    pub port: u16,
    n_taken: Arc<AtomicUsize>,
}

const READY_WITHIN: Duration = Duration::from_secs(60);

impl Place {
    /// The arguments that name it.
    #[must_use]
    pub fn arguments(&self) -> Vec<String> {
        let mut all = vec!["--data-dir".to_owned(), self.data_dir.display().to_string()];
        if !self.url.is_empty() {
            all.extend(["--database-url".to_owned(), self.url.clone()]);
        }
        all
    }

    /// `sqlite` or `postgres`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        if self.url.is_empty() {
            "SQLite"
        } else {
            "PostgreSQL"
        }
    }
}

impl Running {
    /// Starts this very program on a place, in a role, and waits until it is ready.
    ///
    /// # Errors
    /// When it does not come up.
    pub fn start(place: &Place, role: &str, mail_port: u16) -> anyhow::Result<Self> {
        // The port is free a moment later too, on a machine that does little else.
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let base = format!("http://127.0.0.1:{port}");
        let began = TimeSource::System.monotonic();
        let child = Command::new(std::env::current_exe()?)
            .args(["serve", "--role", role, "--port", &port.to_string()])
            .args(place.arguments())
            .envs([
                ("REEVE__METRICS__ENABLED", "false"),
                ("REEVE__LOG__LEVEL", "error"),
                // What is measured is the server and not its patience.
                ("REEVE__LIMITS__REQUESTS_PER_SECOND", "100000"),
                ("REEVE__LIMITS__FAILED_SIGN_INS_PER_MINUTE", "1000"),
                ("REEVE__HTTP__PUBLIC_URL", "https://reports.council.example"),
                ("REEVE__MAIL__TRANSPORT", "smtp"),
                ("REEVE__MAIL__SMTP__HOST", "127.0.0.1"),
                ("REEVE__MAIL__SMTP__TLS", "none"),
                ("REEVE__MAIL__SMTP__PORT", &mail_port.to_string()),
            ])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .context("starting the server")?;
        let mut running = Self {
            child,
            base,
            ready_after: Duration::ZERO,
        };
        let caller = Caller::at(&running.base);
        let answers = role != "worker";
        while answers && !matches!(caller.get("/readyz"), Ok((200, _))) {
            let ended = running.child.try_wait()?;
            anyhow::ensure!(ended.is_none(), "the server ended: {ended:?}");
            anyhow::ensure!(began.elapsed() < READY_WITHIN, "the server is not ready");
            std::thread::sleep(Duration::from_millis(2));
        }
        running.ready_after = began.elapsed();
        Ok(running)
    }

    /// What it has in memory now, in megabytes of a million bytes.
    ///
    /// # Errors
    /// Where the system does not say.
    pub fn memory(&self) -> anyhow::Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib: u32 = line
            .context("no VmRSS")?
            .trim()
            .trim_end_matches("kB")
            .trim()
            .parse()?;
        Ok(f64::from(kib) * 1.024 / 1_000.0)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // What it has answered is on the disk: nothing is lost by ending it at once.
        if let Err(why) = self.child.kill().and_then(|()| self.child.wait()) {
            tracing::warn!("Could not end the server: {why}");
        }
    }
}

impl Sink {
    /// Opens it.
    ///
    /// # Errors
    /// When no port can be had.
    pub fn open() -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let port = listener.local_addr()?.port();
        let n_taken = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&n_taken);
        std::thread::Builder::new()
            .name("mail-sink".to_owned())
            .spawn(move || {
                for stream in listener.incoming().flatten() {
                    let counted = Arc::clone(&counted);
                    std::thread::spawn(move || {
                        if let Err(why) = take(&stream, &counted) {
                            tracing::debug!("A mail connection ended: {why}");
                        }
                    });
                }
            })?;
        Ok(Self { port, n_taken })
    }

    /// How many mails it has taken.
    #[must_use]
    pub fn n_taken(&self) -> usize {
        self.n_taken.load(Ordering::Relaxed)
    }
}

fn take(stream: &TcpStream, n_taken: &AtomicUsize) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut out = stream;
    let mut lines = BufReader::new(stream);
    out.write_all(b"220 sink.example ready\r\n")?;
    let mut line = String::new();
    let mut is_within_mail = false;
    loop {
        line.clear();
        if lines.read_line(&mut line)? == 0 {
            return Ok(());
        }
        if is_within_mail {
            if line == ".\r\n" {
                is_within_mail = false;
                n_taken.fetch_add(1, Ordering::Relaxed);
                out.write_all(b"250 taken\r\n")?;
            }
            continue;
        }
        let word: String = line.chars().take(4).collect::<String>().to_uppercase();
        let said: &[u8] = match word.as_str() {
            "DATA" => {
                is_within_mail = true;
                b"354 go on\r\n"
            }
            "QUIT" => {
                out.write_all(b"221 bye\r\n")?;
                return Ok(());
            }
            "EHLO" => b"250-sink.example\r\n250 8BITMIME\r\n",
            _ => b"250 well\r\n",
        };
        out.write_all(said)?;
    }
}

/// Removes a folder of the benchmark's own and makes it anew.
///
/// # Errors
/// When that cannot be done.
pub fn fresh_folder(path: &Path) -> anyhow::Result<()> {
    if path.exists() {
        std::fs::remove_dir_all(path).with_context(|| format!("emptying {}", path.display()))?;
    }
    std::fs::create_dir_all(path).with_context(|| format!("making {}", path.display()))
}
