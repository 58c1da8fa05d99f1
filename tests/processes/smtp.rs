//! A mail server for tests: takes mail, or refuses it for now.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

pub struct Sink {
    port: u16,
    is_refusing: Arc<AtomicBool>,
    mails: Arc<Mutex<Vec<String>>>,
}

impl Sink {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let is_refusing = Arc::new(AtomicBool::new(false));
        let mails = Arc::new(Mutex::new(Vec::new()));
        let (refusing, taken) = (Arc::clone(&is_refusing), Arc::clone(&mails));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (refusing, taken) = (Arc::clone(&refusing), Arc::clone(&taken));
                std::thread::spawn(move || {
                    // A client that hangs up ends its own conversation and nothing else.
                    if let Err(why) = converse(stream, &refusing, &taken) {
                        eprintln!("a conversation ended: {why}");
                    }
                });
            }
        });
        Self {
            port,
            is_refusing,
            mails,
        }
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn refuse(&self, is_refusing: bool) {
        self.is_refusing.store(is_refusing, Ordering::SeqCst);
    }

    pub fn mails(&self) -> Vec<String> {
        self.mails.lock().unwrap().clone()
    }

    pub fn n_about(&self, reference: &str) -> usize {
        let line = format!("X-Reeve-Case: {reference}");
        self.mails()
            .iter()
            .filter(|mail| mail.contains(&line))
            .count()
    }
}

fn converse(
    stream: TcpStream,
    refusing: &AtomicBool,
    taken: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
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
            "MAIL" if refusing.load(Ordering::SeqCst) => "451 not now\r\n",
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
                taken.lock().unwrap().push(mail);
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
