//! `[[mail.mailboxes]]`: the mailboxes that are read by IMAP.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::Problem;
use super::mail::{Tls, is_this_machine};
use super::secret::Secret;

/// One mailbox; also `[mail.mailbox]`, what all of them have in common.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mailbox {
    /// What it is called in log and figures. Never its address.
    pub name: String,
    pub host: String,
    pub port: u16,
    pub tls: Tls,
    /// Lets a password cross a network without TLS.
    pub allow_cleartext: bool,
    /// Certificates trusted besides the machine's own. Empty: none.
    pub ca_file: String,
    pub auth: SignIn,
    pub username: String,
    pub password: Secret,
    pub password_file: String,
    /// Prints a fresh access token.
    pub token_command: Vec<String>,
    pub folder: String,
    /// The address its mail came to. Empty: what the mail itself says.
    pub recipient: String,
    pub taken: Taken,
    pub taken_folder: String,
    pub poll_seconds: u32,
    pub idle: bool,
}

/// How Reeve signs in to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignIn {
    Password,
    /// With an access token, as Exchange Online and Gmail want it.
    Xoauth2,
}

/// What happens to a mail once it was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Taken {
    /// Into another folder, so that the first shows what still waits.
    Move,
    /// Stays, marked as read.
    Keep,
    Delete,
}

impl SignIn {
    pub(super) const NAMES: &'static [&'static str] = &["password", "xoauth2"];
}

impl Taken {
    pub(super) const NAMES: &'static [&'static str] = &["move", "keep", "delete"];
}

/// What does not fit together in any of them.
pub(super) fn problems(mailboxes: &[Mailbox], found: &mut Vec<Problem>) {
    let mut names = BTreeSet::new();
    for (number, mailbox) in mailboxes.iter().enumerate() {
        let mut complain = |name: &str, message: &str| {
            found.push(Problem::new(
                &format!("mail.mailboxes.{number}.{name}"),
                message,
            ));
        };
        if mailbox.name.is_empty() {
            complain("name", "give it a name, such as \"contact\"");
        } else if !names.insert(mailbox.name.as_str()) {
            complain("name", "another mailbox has this name");
        }
        if mailbox.host.is_empty() {
            complain("host", "name the mail server");
        }
        if mailbox.username.is_empty() {
            complain("username", "say who signs in to it");
        }
        match mailbox.auth {
            SignIn::Password if mailbox.password.is_empty() => complain(
                "password",
                "set password or password_file, since auth is \"password\"",
            ),
            SignIn::Xoauth2 if mailbox.token_command.is_empty() => complain(
                "token_command",
                "name the command that prints an access token, since auth is \"xoauth2\"",
            ),
            SignIn::Password | SignIn::Xoauth2 => {}
        }
        let is_clear = mailbox.tls == Tls::None && !mailbox.allow_cleartext;
        if is_clear && !is_this_machine(&mailbox.host) {
            complain(
                "tls",
                "mail and password would cross the network in the clear: choose \"tls\" or \"starttls\"",
            );
        }
        if mailbox.taken == Taken::Move && mailbox.taken_folder == mailbox.folder {
            complain(
                "taken_folder",
                "taken mail must go to another folder than the one that is read",
            );
        }
    }
}

pub(super) fn is_name(text: &str) -> Result<(), String> {
    let is_plain = text.len() <= 40
        && text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if is_plain {
        Ok(())
    } else {
        Err("must be up to 40 small letters, digits and hyphens".to_owned())
    }
}

pub(super) fn is_folder(text: &str) -> Result<(), String> {
    let is_plain = !text.is_empty()
        && text.len() <= 200
        && text.chars().all(|c| c == ' ' || c.is_ascii_graphic())
        && !text.contains(['"', '\\', '*', '%']);
    if is_plain {
        Ok(())
    } else {
        Err("must be a folder's name as the mail server writes it, such as \"INBOX\"".to_owned())
    }
}
