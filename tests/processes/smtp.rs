//! A mail server for tests: takes mail, refuses it for now, or keeps its senders waiting.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};

pub struct Sink {
    port: u16,
    manners: Arc<Manners>,
}

#[derive(Default)]
struct Manners {
    is_refusing: AtomicBool,
    /// The mail is taken, and its sender waits to be told so.
    is_silent: Mutex<bool>,
    speaks: Condvar,
    mails: Mutex<Vec<String>>,
}

impl Sink {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let manners: Arc<Manners> = Arc::default();
        let own = Arc::clone(&manners);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let manners = Arc::clone(&own);
                std::thread::spawn(move || {
                    // A client that hangs up ends its own conversation and nothing else.
                    if let Err(why) = converse(stream, &manners) {
                        eprintln!("a conversation ended: {why}");
                    }
                });
            }
        });
        Self { port, manners }
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn refuse(&self, is_refusing: bool) {
        self.manners
            .is_refusing
            .store(is_refusing, Ordering::SeqCst);
    }

    /// Whether mail is taken without a word; who was kept waiting is told when that is over.
    pub fn keep_silent(&self, is_silent: bool) {
        *self.manners.is_silent.lock().unwrap() = is_silent;
        self.manners.speaks.notify_all();
    }

    pub fn mails(&self) -> Vec<String> {
        self.manners.mails.lock().unwrap().clone()
    }

    pub fn about(&self, reference: &str) -> Vec<String> {
        let line = format!("X-Reeve-Case: {reference}");
        let mut mails = self.mails();
        mails.retain(|mail| mail.contains(&line));
        mails
    }

    pub fn n_about(&self, reference: &str) -> usize {
        self.about(reference).len()
    }
}

fn converse(stream: TcpStream, manners: &Manners) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?);
    let mut out = stream;
    out.write_all(b"220 sink.example\r\n")?;
    loop {
        let mut line = String::new();
        if lines.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let word = line
            .split_whitespace()
            .next()
            .unwrap_or("")
            .to_ascii_uppercase();
        let answer = match word.as_str() {
            "EHLO" => "250-sink.example\r\n250 8BITMIME\r\n",
            "MAIL" if manners.is_refusing.load(Ordering::SeqCst) => "451 not now\r\n",
            "DATA" => {
                out.write_all(b"354 go on\r\n")?;
                let mut mail = String::new();
                loop {
                    let mut line = String::new();
                    lines.read_line(&mut line)?;
                    if line == ".\r\n" {
                        break;
                    }
                    mail.push_str(&line);
                }
                manners.mails.lock().unwrap().push(mail);
                let is_silent = manners.is_silent.lock().unwrap();
                drop(manners.speaks.wait_while(is_silent, |silent| *silent));
                "250 taken\r\n"
            }
            "QUIT" => {
                out.write_all(b"221 bye\r\n")?;
                return Ok(());
            }
            _ => "250 fine\r\n",
        };
        out.write_all(answer.as_bytes())?;
    }
}
