//! A real mail server of a test's own, and what may stand between it and us.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

pub struct Dovecot {
    pub plain: u16,
    pub tls: u16,
    n_delivered: AtomicU32,
    /// Removed with everything in it.
    folder: tempfile::TempDir,
}

/// Passes on what is said, until it is told to hold something back.
pub struct Proxy {
    pub port: u16,
    manners: Arc<Manners>,
}

#[derive(Default)]
struct Manners {
    /// What the client is not to be heard saying.
    hold_back: Mutex<Option<Vec<u8>>>,
    is_held: AtomicBool,
}

impl Dovecot {
    /// `./test` installs it; there is no running these stories without.
    pub fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        // Run by root, the server belongs to somebody else, who has to find their way in.
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let open = std::fs::Permissions::from_mode(0o755);
            std::fs::set_permissions(folder.path(), open).unwrap();
        }
        let ports = run("start", &folder.path().join("dovecot"));
        let (plain, tls) = ports.split_once(' ').unwrap();
        Self {
            plain: plain.parse().unwrap(),
            tls: tls.parse().unwrap(),
            n_delivered: AtomicU32::new(0),
            folder,
        }
    }

    /// As a crash would.
    pub fn crash(&self) {
        run("crash", &self.place());
    }

    pub fn come_back(&self) {
        run("again", &self.place());
    }

    pub fn certificate(&self) -> PathBuf {
        self.place().join("cert.pem")
    }

    /// Puts a mail into the inbox of `user`, as a delivery does.
    pub fn deliver(&self, user: &str, raw: impl AsRef<[u8]>) -> PathBuf {
        self.put(&self.inbox(user).join("new"), raw.as_ref(), "")
    }

    /// The same of a mail that somebody has read since.
    pub fn deliver_read(&self, user: &str, raw: impl AsRef<[u8]>) -> PathBuf {
        self.put(&self.inbox(user).join("cur"), raw.as_ref(), ":2,S")
    }

    fn put(&self, folder: &Path, raw: &[u8], flags: &str) -> PathBuf {
        let number = self.n_delivered.fetch_add(1, Ordering::SeqCst);
        // In the order of delivery: the server numbers them by their names.
        let name = format!("17955{number:05}.M{number}.mail.example{flags}");
        let inbox = folder.parent().unwrap();
        let parts = ["new", "cur", "tmp"].map(|part| inbox.join(part));
        for part in &parts {
            std::fs::create_dir_all(part).unwrap();
        }
        let (before, after) = (inbox.join("tmp").join(&name), folder.join(&name));
        std::fs::write(&before, raw).unwrap();
        // The server makes and removes files of its own beside these, so not everything below.
        let mut own = Command::new("chown");
        own.arg(format!(
            "--reference={}",
            self.place().join("mail").display()
        ));
        own.arg(inbox).args(&parts).arg(&before);
        assert!(own.status().unwrap().success());
        std::fs::rename(&before, &after).unwrap();
        after
    }

    /// The mails that wait in the inbox.
    pub fn waiting(&self, user: &str) -> Vec<String> {
        files(&self.inbox(user))
    }

    /// Those that were put away.
    pub fn put_away(&self, user: &str) -> Vec<String> {
        files(&self.inbox(user).join(".Reeve.Taken"))
    }

    /// Forgets how the mails of `user` were numbered, as moving a mailbox to another server does.
    pub fn number_anew(&self, user: &str) {
        self.crash();
        for entry in std::fs::read_dir(self.inbox(user)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            if path.is_file() && name.starts_with("dovecot") {
                std::fs::remove_file(path).unwrap();
            }
        }
        self.come_back();
    }

    fn inbox(&self, user: &str) -> PathBuf {
        self.place().join("mail").join(user)
    }

    fn place(&self) -> PathBuf {
        self.folder.path().join("dovecot")
    }
}

impl Drop for Dovecot {
    fn drop(&mut self) {
        run("stop", &self.place());
    }
}

impl Proxy {
    pub fn before(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let own_port = listener.local_addr().unwrap().port();
        let manners: Arc<Manners> = Arc::default();
        let own = Arc::clone(&manners);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let Ok(server) = TcpStream::connect(("127.0.0.1", port)) else {
                    continue;
                };
                let (back_from, back_to) =
                    (server.try_clone().unwrap(), client.try_clone().unwrap());
                std::thread::spawn(move || pass_on(back_from, back_to, None));
                let manners = Arc::clone(&own);
                std::thread::spawn(move || pass_on(client, server, Some(&manners)));
            }
        });
        Self {
            port: own_port,
            manners,
        }
    }

    /// From the next time the client says this, nothing of that conversation is passed on.
    pub fn hold_back(&self, words: Option<&str>) {
        *self.manners.hold_back.lock().unwrap() = words.map(|words| words.as_bytes().to_vec());
    }

    /// Whether something was held back.
    pub fn is_held(&self) -> bool {
        self.manners.is_held.load(Ordering::SeqCst)
    }
}

fn pass_on(mut from: TcpStream, mut to: TcpStream, manners: Option<&Manners>) {
    let mut buffer = [0; 65_536];
    while let Ok(n @ 1..) = from.read(&mut buffer) {
        if let Some(manners) = manners {
            let words = manners.hold_back.lock().unwrap().clone();
            let said = &buffer[..n];
            if words.is_some_and(|words| said.windows(words.len()).any(|part| part == words)) {
                manners.is_held.store(true, Ordering::SeqCst);
                // Until whoever said it has gone.
                while matches!(from.read(&mut buffer), Ok(1..)) {}
                break;
            }
        }
        if to.write_all(&buffer[..n]).is_err() {
            break;
        }
    }
    // The other half may have hung up already.
    to.shutdown(std::net::Shutdown::Both).ok();
}

fn files(mailbox: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for part in ["new", "cur"] {
        for entry in std::fs::read_dir(mailbox.join(part))
            .into_iter()
            .flatten()
            .flatten()
        {
            found.push(entry.file_name().to_str().unwrap().to_owned());
        }
    }
    found.sort();
    found
}

fn run(action: &str, place: &Path) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/throwaway-dovecot");
    let ran = Command::new(script)
        .arg(action)
        .arg(place)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stdout).trim().to_owned();
    let why = String::from_utf8_lossy(&ran.stderr);
    assert!(
        ran.status.success(),
        "{action} (is Dovecot there? `./test` installs it): {said}\n{why}"
    );
    said
}
