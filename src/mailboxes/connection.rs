//! The way to a mail server: connected, protected, signed in.
//!
//! A certificate is always verified, against the machine's own authorities and those of a file. What
//! a server answers may repeat names and addresses, so a failure is told in our own words.

use std::fmt::Debug;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use async_imap::imap_proto::{Response, Status};
use async_imap::{Authenticator, Client, Session};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::process::Command;
use tokio_rustls::TlsConnector;

use super::{Account, Credential, Protection};

/// A connection, protected or not.
pub(super) trait Wire: AsyncRead + AsyncWrite + Debug + Send + Unpin {}

impl<W: AsyncRead + AsyncWrite + Debug + Send + Unpin> Wire for W {}

/// Signed in.
pub(super) type Signed = Session<Box<dyn Wire>>;

/// Why a mailbox cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{why}")]
pub(super) struct Trouble {
    /// In words, without anything a server or a mail said.
    pub(super) why: String,
    /// Asking again soon would be refused again, and may lock the account.
    pub(super) is_refusal: bool,
}

/// For one answer that is not a mail.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);
const TO_CONNECT: Duration = Duration::from_secs(20);

impl Trouble {
    pub(super) fn new(why: impl Into<String>) -> Self {
        Self {
            why: why.into(),
            is_refusal: false,
        }
    }

    pub(super) fn refused(why: &str) -> Self {
        Self {
            why: why.to_owned(),
            is_refusal: true,
        }
    }
}

/// Whether a server understood and said no.
pub(super) fn is_no(error: &async_imap::error::Error) -> bool {
    matches!(
        error,
        async_imap::error::Error::No(_) | async_imap::error::Error::Bad(_)
    )
}

/// Opens a connection and signs in.
///
/// # Errors
/// [`Trouble`] says at which step it ended.
pub(super) async fn open(account: &Account) -> Result<Signed, Trouble> {
    let address = (account.host.as_str(), account.port);
    let connecting = tokio::time::timeout(TO_CONNECT, TcpStream::connect(address));
    let stream = connecting
        .await
        .map_err(|_| Trouble::new("the mail server does not answer"))?
        .map_err(|why| {
            Trouble::new(format!(
                "the mail server cannot be reached ({})",
                why.kind()
            ))
        })?;
    stream
        .set_nodelay(true)
        .map_err(|_| Trouble::new("the connection was lost at once"))?;
    let client = match account.protection {
        Protection::None => greeted(Client::new(boxed(stream))).await?,
        Protection::Tls => greeted(Client::new(protected(account, stream).await?)).await?,
        Protection::StartTls => {
            let mut client = greeted(Client::new(stream)).await?;
            within(client.run_command_and_check_ok("STARTTLS", None))
                .await?
                .map_err(|_| Trouble::refused("the mail server does not offer STARTTLS"))?;
            // What came before the handshake is dropped with the client: nobody can slip words in.
            Client::new(protected(account, client.into_inner()).await?)
        }
    };
    sign_in(account, client).await
}

/// One answer, waited for as long as is decent.
pub(super) async fn within<T>(asking: impl Future<Output = T>) -> Result<T, Trouble> {
    within_time(PATIENCE, asking).await
}

pub(super) async fn within_time<T>(
    time: Duration,
    asking: impl Future<Output = T>,
) -> Result<T, Trouble> {
    tokio::time::timeout(time, asking)
        .await
        .map_err(|_| Trouble::new("the mail server has fallen silent"))
}

fn boxed(wire: impl Wire + 'static) -> Box<dyn Wire> {
    Box::new(wire)
}

async fn greeted<W: Wire>(mut client: Client<W>) -> Result<Client<W>, Trouble> {
    let greeting = within(client.read_response())
        .await?
        .map_err(|_| Trouble::new("what answers there speaks no IMAP"))?
        .ok_or_else(|| Trouble::new("the mail server hung up"))?;
    match greeting.parsed() {
        Response::Data {
            status: Status::Ok | Status::PreAuth,
            ..
        } => Ok(client),
        _ => Err(Trouble::new("the mail server turns us away")),
    }
}

async fn protected(account: &Account, stream: TcpStream) -> Result<Box<dyn Wire>, Trouble> {
    let host = ServerName::try_from(account.host.clone())
        .map_err(|_| Trouble::refused("the host is no name a certificate can be for"))?;
    let file = account.ca_file.clone();
    let roots = tokio::task::spawn_blocking(move || roots(file.as_deref()))
        .await
        .map_err(|_| Trouble::new("the certificates to trust could not be read"))??;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|why| Trouble::new(format!("TLS cannot be set up: {why}")))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let shaking = TlsConnector::from(Arc::new(config)).connect(host, stream);
    let stream = within(shaking)
        .await?
        .map_err(|why| Trouble::refused(&format!("TLS with the mail server failed: {why}")))?;
    Ok(boxed(stream))
}

/// The machine's authorities and those of the file.
fn roots(file: Option<&Path>) -> Result<RootCertStore, Trouble> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(file) = file {
        let shown = file.display();
        let unread = |why: String| Trouble::refused(&format!("ca_file {shown}: {why}"));
        let certificates =
            CertificateDer::pem_file_iter(file).map_err(|why| unread(why.to_string()))?;
        let mut n_added = 0_u32;
        for certificate in certificates {
            let certificate = certificate.map_err(|why| unread(why.to_string()))?;
            roots
                .add(certificate)
                .map_err(|why| unread(why.to_string()))?;
            n_added += 1;
        }
        if n_added == 0 {
            return Err(unread("it holds no certificate".to_owned()));
        }
    }
    Ok(roots)
}

async fn sign_in(account: &Account, client: Client<Box<dyn Wire>>) -> Result<Signed, Trouble> {
    let user = &account.username;
    let signed = match &account.credential {
        Credential::Password(password) => {
            // LOGIN carries ASCII only.
            if user.is_ascii() && password.is_ascii() {
                within(client.login(user, password)).await?
            } else {
                let plain = Says::once(format!("\0{user}\0{password}"));
                within(client.authenticate("PLAIN", plain)).await?
            }
        }
        Credential::Token(command) => {
            let token = token(command).await?;
            let says = format!("user={user}\u{1}auth=Bearer {token}\u{1}\u{1}");
            within(client.authenticate("XOAUTH2", Says::once(says))).await?
        }
    };
    signed.map_err(|(why, _)| {
        if is_no(&why) {
            Trouble::refused("the mail server refuses the sign-in: check username and password")
        } else {
            Trouble::new("the connection was lost while signing in")
        }
    })
}

/// Says its words once; a server that asks further is telling why it refuses, and hears nothing.
struct Says(Option<String>);

impl Says {
    fn once(words: String) -> Self {
        Self(Some(words))
    }
}

impl Authenticator for Says {
    type Response = String;

    fn process(&mut self, _: &[u8]) -> String {
        self.0.take().unwrap_or_default()
    }
}

/// What the council's own program prints: it knows how to get a token, we need not.
async fn token(command: &[String]) -> Result<String, Trouble> {
    let Some((program, arguments)) = command.split_first() else {
        return Err(Trouble::refused("token_command names no program"));
    };
    let mut running = Command::new(program);
    running
        .args(arguments)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    let ended = within(running.output())
        .await?
        .map_err(|why| Trouble::refused(&format!("token_command cannot be run: {why}")))?;
    if !ended.status.success() {
        return Err(Trouble::new(format!(
            "token_command ended badly ({})",
            ended.status
        )));
    }
    let printed = String::from_utf8(ended.stdout)
        .map_err(|_| Trouble::refused("token_command prints something that is no token"))?;
    let token = printed.trim();
    if token.is_empty() || token.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(Trouble::refused(
            "token_command prints something that is no token",
        ));
    }
    Ok(token.to_owned())
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
    use tokio::net::TcpListener;

    use super::*;
    use crate::mailboxes::Afterwards;

    fn account(port: u16, credential: Credential) -> Account {
        Account {
            name: "contact".to_owned(),
            host: "127.0.0.1".to_owned(),
            port,
            protection: Protection::None,
            ca_file: None,
            username: "contact@council.example".to_owned(),
            credential,
            folder: "INBOX".to_owned(),
            recipient: None,
            afterwards: Afterwards::Keep,
            poll: Duration::from_secs(60),
            idle: false,
            largest: 1_000,
        }
    }

    /// A server that greets so, and answers each line of the client with the next of these; says what
    /// it heard.
    async fn server(
        greeting: &'static str,
        answers: &'static [&'static str],
    ) -> (u16, tokio::task::JoinHandle<Vec<String>>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let mut stream = BufReader::new(stream);
            stream.write_all(greeting.as_bytes()).await.unwrap();
            let mut heard = Vec::new();
            for answer in answers {
                let mut line = String::new();
                stream.read_line(&mut line).await.unwrap();
                heard.push(line.trim_end().to_owned());
                let tag = heard[0].split(' ').next().unwrap();
                let answer = answer.replace("$TAG", tag);
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
            heard
        });
        (port, heard)
    }

    #[tokio::test]
    async fn with_a_token_it_signs_in_as_exchange_online_wants_it() {
        let (port, heard) = server("* OK hello\r\n", &["+ \r\n", "$TAG OK welcome\r\n"]).await;
        let command = vec!["printf".to_owned(), "a.fresh-token\\n".to_owned()];
        open(&account(port, Credential::Token(command)))
            .await
            .unwrap();
        let heard = heard.await.unwrap();
        assert!(heard[0].ends_with("AUTHENTICATE XOAUTH2"), "{heard:?}");
        let says = String::from_utf8(STANDARD.decode(&heard[1]).unwrap()).unwrap();
        let wanted = "user=contact@council.example\u{1}auth=Bearer a.fresh-token\u{1}\u{1}";
        assert_eq!(says, wanted);
    }

    #[tokio::test]
    async fn a_token_that_is_refused_is_told_in_our_own_words() {
        let (port, heard) = server(
            "* OK hello\r\n",
            &[
                "+ \r\n",
                "+ eyJzdGF0dXMiOiI0MDAifQ==\r\n",
                "$TAG NO contact@council.example is unknown\r\n",
            ],
        )
        .await;
        let command = vec!["printf".to_owned(), "stale".to_owned()];
        let trouble = open(&account(port, Credential::Token(command)))
            .await
            .unwrap_err();
        assert!(trouble.is_refusal);
        assert!(!trouble.why.contains('@'), "{trouble}");
        let heard = heard.await.unwrap();
        assert_eq!(heard[2], "", "nothing more is said, least of all the token");
    }

    #[tokio::test]
    async fn a_command_that_prints_no_token_is_named() {
        let check = async |command: &[&str], words: &str| {
            let command: Vec<String> = command.iter().map(|word| (*word).to_owned()).collect();
            let trouble = token(&command).await.unwrap_err();
            assert!(trouble.why.contains(words), "{trouble}");
        };
        check(&["false"], "ended badly").await;
        check(&["true"], "no token").await;
        check(&["printf", "two words"], "no token").await;
        check(&["/nowhere/at/all"], "cannot be run").await;
    }

    #[tokio::test]
    async fn a_password_that_is_not_ascii_goes_another_way() {
        let (port, heard) = server("* OK hello\r\n", &["+ \r\n", "$TAG OK welcome\r\n"]).await;
        let password = Credential::Password("pásswörd".to_owned());
        open(&account(port, password)).await.unwrap();
        let heard = heard.await.unwrap();
        assert!(heard[0].ends_with("AUTHENTICATE PLAIN"), "{heard:?}");
        let says = String::from_utf8(STANDARD.decode(&heard[1]).unwrap()).unwrap();
        assert_eq!(says, "\0contact@council.example\0pásswörd");
    }

    #[tokio::test]
    async fn what_speaks_no_imap_or_turns_us_away_is_told_apart() {
        for (greeting, words) in [
            ("* BYE too many of you\r\n", "turns us away"),
            ("SSH-2.0-OpenSSH\r\n\r\n", "speaks no IMAP"),
            ("", "hung up"),
        ] {
            let (port, _heard) = server(greeting, &[]).await;
            let password = Credential::Password("secret".to_owned());
            let trouble = open(&account(port, password)).await.unwrap_err();
            assert!(trouble.why.contains(words), "{trouble}");
        }
    }
}
