//! Looking for viruses: by clamd, by a command of the council's own, or not at all.
//!
//! The file is handed over and the answer waited for, for so long and no longer. Whatever goes wrong on
//! the way is [`Verdict::Unknown`]: nobody has looked.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::domain::attachment::Scan;

/// Who looks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Scanner {
    /// Nobody.
    #[default]
    Off,
    Clamd {
        address: ClamdAddress,
        patience: Duration,
    },
    /// A program and its arguments, after which the path of the file comes. It ends with 0 for a clean
    /// file and 1 for a harmful one; anything else is no answer.
    Command {
        line: Vec<String>,
        patience: Duration,
    },
}

/// Where clamd listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClamdAddress {
    /// Host and port.
    Tcp(String),
    Socket(PathBuf),
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Nobody looks here.
    Off,
    Clean,
    /// What the scanner calls it.
    Infected(String),
    /// Nobody has looked: whoever does is away, or takes too long.
    Unknown,
}

/// Bytes handed over at a time.
const AT_ONCE: usize = 64 * 1024;
/// No answer of clamd's is longer.
const LONGEST_ANSWER: u64 = 4 * 1024;
/// The longest name of a finding that is kept, in characters.
const LONGEST_FINDING: usize = 200;

impl Verdict {
    /// What is known of a file's harmlessness after it.
    #[must_use]
    pub const fn scan(&self) -> Scan {
        match self {
            Self::Off => Scan::Off,
            Self::Clean => Scan::Clean,
            Self::Infected(_) => Scan::Infected,
            Self::Unknown => Scan::Pending,
        }
    }
}

impl ClamdAddress {
    /// Reads `host:port` or `unix:/path`.
    #[must_use]
    pub fn read(text: &str) -> Self {
        match text.strip_prefix("unix:") {
            Some(path) => Self::Socket(PathBuf::from(path)),
            None => Self::Tcp(text.to_owned()),
        }
    }
}

impl Scanner {
    /// Has a file looked at.
    pub async fn look_at(&self, file: &Path) -> Verdict {
        let (looked, patience) = match self {
            Self::Off => return Verdict::Off,
            Self::Clamd { address, patience } => {
                let asked = tokio::time::timeout(*patience, ask_clamd(address, file)).await;
                (asked, patience)
            }
            Self::Command { line, patience } => {
                let asked = tokio::time::timeout(*patience, ask_command(line, file)).await;
                (asked, patience)
            }
        };
        let verdict = match looked {
            Ok(Ok(verdict)) => verdict,
            Ok(Err(why)) => {
                tracing::warn!("The virus scanner could not be asked: {why}");
                Verdict::Unknown
            }
            Err(_) => {
                tracing::warn!("The virus scanner gave no answer within {patience:?}");
                Verdict::Unknown
            }
        };
        let result = verdict.scan().as_str();
        metrics::counter!("attachments_scanned_total", "result" => result).increment(1);
        verdict
    }
}

async fn ask_clamd(address: &ClamdAddress, file: &Path) -> io::Result<Verdict> {
    match address {
        ClamdAddress::Tcp(address) => instream(TcpStream::connect(address).await?, file).await,
        #[cfg(unix)]
        ClamdAddress::Socket(path) => {
            instream(tokio::net::UnixStream::connect(path).await?, file).await
        }
        #[cfg(not(unix))]
        ClamdAddress::Socket(_) => Err(io::Error::from(io::ErrorKind::Unsupported)),
    }
}

/// clamd's INSTREAM: pieces with their lengths before them, an empty one at the end, one line back.
async fn instream(stream: impl AsyncRead + AsyncWrite, file: &Path) -> io::Result<Verdict> {
    let (mut answers, mut asks) = tokio::io::split(stream);
    let mut file = tokio::fs::File::open(file).await?;
    asks.write_all(b"zINSTREAM\0").await?;
    let mut piece = vec![0; AT_ONCE];
    loop {
        let n = file.read(&mut piece).await?;
        let length = u32::try_from(n).map_err(io::Error::other)?;
        asks.write_all(&length.to_be_bytes()).await?;
        asks.write_all(piece.get(..n).unwrap_or_default()).await?;
        if n == 0 {
            break;
        }
    }
    asks.flush().await?;
    let mut answer = Vec::new();
    let mut answers = (&mut answers).take(LONGEST_ANSWER);
    answers.read_to_end(&mut answer).await?;
    read_answer(&String::from_utf8_lossy(&answer))
}

/// `stream: OK`, `stream: Some-Name FOUND`, or an error.
fn read_answer(answer: &str) -> io::Result<Verdict> {
    let answer = answer.trim_matches(['\0', '\n', '\r', ' ']);
    let said = answer.strip_prefix("stream: ").unwrap_or(answer);
    if said == "OK" {
        return Ok(Verdict::Clean);
    }
    match said.strip_suffix(" FOUND") {
        Some(finding) => Ok(Verdict::Infected(shown(finding))),
        None => Err(io::Error::other(format!("it said {:?}", shown(said)))),
    }
}

async fn ask_command(line: &[String], file: &Path) -> io::Result<Verdict> {
    let (program, arguments) = line
        .split_first()
        .ok_or_else(|| io::Error::other("no command is named"))?;
    let status: ExitStatus = tokio::process::Command::new(program)
        .args(arguments)
        .arg(file)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .status()
        .await?;
    match status.code() {
        Some(0) => Ok(Verdict::Clean),
        Some(1) => Ok(Verdict::Infected(
            "found by the scanner's command".to_owned(),
        )),
        _ => Err(io::Error::other(format!("its command ended with {status}"))),
    }
}

fn shown(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_control())
        .take(LONGEST_FINDING)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_of_clamd_is_read() {
        assert_eq!(read_answer("stream: OK\0").unwrap(), Verdict::Clean);
        assert_eq!(
            read_answer("stream: Eicar-Test-Signature FOUND\0").unwrap(),
            Verdict::Infected("Eicar-Test-Signature".to_owned())
        );
        for none in [
            "",
            "stream: ",
            "INSTREAM size limit exceeded. ERROR\0",
            "stream: OKAY",
        ] {
            assert!(read_answer(none).is_err(), "{none:?}");
        }
    }

    #[tokio::test]
    async fn a_command_says_it_by_how_it_ends() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a file");
        std::fs::write(&file, "harmless").unwrap();
        let verdict = async |script: &str| {
            Scanner::Command {
                line: ["/bin/sh", "-c", script, "scan"]
                    .map(str::to_owned)
                    .to_vec(),
                patience: Duration::from_secs(20),
            }
            .look_at(&file)
            .await
        };
        assert_eq!(verdict("grep -q harmless \"$1\"").await, Verdict::Clean);
        assert!(matches!(verdict("exit 1").await, Verdict::Infected(_)));
        assert_eq!(verdict("exit 2").await, Verdict::Unknown);
        assert_eq!(verdict("kill -9 $$").await, Verdict::Unknown);
        let nobody = Scanner::Command {
            line: vec!["/no/such/program".to_owned()],
            patience: Duration::from_secs(20),
        };
        assert_eq!(nobody.look_at(&file).await, Verdict::Unknown);
    }

    #[tokio::test]
    async fn whoever_takes_too_long_has_not_looked() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "x").unwrap();
        let slow = Scanner::Command {
            line: ["/bin/sh", "-c", "exec sleep 600"]
                .map(str::to_owned)
                .to_vec(),
            patience: Duration::from_millis(50),
        };
        assert_eq!(slow.look_at(&file).await, Verdict::Unknown);
    }
}
