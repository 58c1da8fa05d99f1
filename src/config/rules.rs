//! What each setting may say, one line a key. Every key of `default.toml` whose type alone does not
//! settle it has its line here; what several keys must agree on is in [`super::Settings::validate`].

use std::net::IpAddr;
use std::str::FromStr;

use super::http::Network;
use super::mail::{Tls, Transport};
use super::mailboxes::{self, SignIn, Taken};
use super::operations::LogFormat;
use super::{attachments, auth, database, oidc, survey};

/// What a value must be.
#[derive(Clone, Copy)]
pub(super) enum Rule {
    /// A whole number from … to ….
    Between(i64, i64),
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// Text (each text of a list) that the function takes; else it says what is wanted.
    Text(fn(&str) -> Result<(), String>),
}
use Rule::{Between, OneOf, Text};

const PORT: Rule = Between(0, 65_535);
const SECONDS: Rule = Between(1, 3_600);
const BUDGET: Rule = Between(1, 100_000);
/// No smaller than a long complaint, no larger than fits in memory many times over.
const BYTES: Rule = Between(4_096, 104_857_600);

const RULES: &[(&str, Rule)] = &[
    ("http.host", Text(is_listen_address)),
    ("http.port", PORT),
    ("http.public_url", Text(is_public_url)),
    ("http.trusted_proxies", Text(is_network)),
    ("http.allowed_origins", Text(is_origin)),
    ("http.workers", Between(0, 256)),
    ("http.max_json_bytes", BYTES),
    ("http.max_mail_bytes", BYTES),
    ("http.max_attachment_bytes", BYTES),
    ("http.head_timeout_seconds", SECONDS),
    ("http.body_timeout_seconds", SECONDS),
    ("http.shutdown_seconds", SECONDS),
    ("database.url", Text(database::is_database_url)),
    ("database.data_dir", Text(is_given)),
    ("database.max_connections", Between(2, 500)),
    ("database.sqlite_readers", Between(1, 64)),
    ("database.connect_timeout_seconds", SECONDS),
    ("database.statement_timeout_seconds", SECONDS),
    ("mail.transport", OneOf(Transport::NAMES)),
    ("mail.redirect_all_to", Text(is_mail_address_or_empty)),
    ("mail.undo_seconds", Between(0, 86_400)),
    ("mail.sends_at_once", Between(1, 64)),
    ("mail.smtp.host", Text(is_one_line)),
    ("mail.smtp.port", Between(1, 65_535)),
    ("mail.smtp.tls", OneOf(Tls::NAMES)),
    ("mail.smtp.timeout_seconds", SECONDS),
    ("attachments.types", Text(attachments::is_type)),
    ("attachments.max_per_contact", Between(1, 50)),
    (
        "attachments.max_unused_bytes",
        Between(1_048_576, 107_374_182_400),
    ),
    ("attachments.keep_unused_hours", Between(1, 720)),
    ("attachments.scan", OneOf(attachments::Scan::NAMES)),
    ("attachments.clamd", Text(attachments::is_clamd)),
    ("attachments.scan_timeout_seconds", Between(1, 45)),
    ("notify.base_url", Text(oidc::is_issuer)),
    ("notify.sms_template_id", Text(is_notify_id)),
    ("notify.sms_sender_id", Text(is_notify_id)),
    ("mail.mailbox.name", Text(mailboxes::is_name)),
    ("mail.mailbox.host", Text(is_one_line)),
    ("mail.mailbox.port", Between(1, 65_535)),
    ("mail.mailbox.tls", OneOf(Tls::NAMES)),
    ("mail.mailbox.auth", OneOf(SignIn::NAMES)),
    ("mail.mailbox.username", Text(is_one_line)),
    ("mail.mailbox.folder", Text(mailboxes::is_folder)),
    ("mail.mailbox.recipient", Text(is_mail_address_or_empty)),
    ("mail.mailbox.taken", OneOf(Taken::NAMES)),
    ("mail.mailbox.taken_folder", Text(mailboxes::is_folder)),
    ("mail.mailbox.poll_seconds", Between(1, 1_500)),
    ("survey.sample_percent", Between(0, 100)),
    ("survey.delay_hours", Between(0, 720)),
    ("survey.rest_days", Between(0, 3_650)),
    ("survey.never_about", Text(survey::is_matter)),
    ("auth.signing_key", Text(auth::is_long_key)),
    ("auth.audit_key", Text(auth::is_long_key)),
    ("auth.tracking_key", Text(auth::is_long_key)),
    ("auth.issuer", Text(is_given)),
    ("auth.access_minutes", Between(1, 15)),
    ("auth.refresh_days", Between(1, 365)),
    ("auth.tracking_days", Between(1, 3_650)),
    ("auth.hashes_at_once", Between(1, 64)),
    ("auth.totp_required_for", Text(auth::is_role)),
    ("auth.break_glass_hours", Between(1, 168)),
    ("auth.sign_in_link_for", Text(auth::is_role)),
    ("auth.sign_in_link_minutes", Between(1, 10)),
    ("auth.sign_in_link_page", Text(is_public_url)),
    ("auth.oidc.issuer", Text(oidc::is_issuer)),
    ("auth.oidc.client_id", Text(is_one_line)),
    ("auth.oidc.roles", Text(oidc::is_mapping)),
    ("auth.oidc.redirect_url", Text(is_public_url)),
    ("auth.oidc.ask", Text(is_one_line)),
    ("limits.requests_per_second", BUDGET),
    ("limits.failed_sign_ins_per_minute", BUDGET),
    ("limits.failed_sign_ins_per_minute_and_account", BUDGET),
    ("limits.public_intake_per_minute", BUDGET),
    ("limits.public_uploads_per_minute", BUDGET),
    ("limits.wrong_tokens_per_minute", BUDGET),
    ("limits.tracking_links_per_minute", BUDGET),
    ("limits.sign_in_links_per_minute", BUDGET),
    ("limits.sign_in_links_per_hour_and_account", BUDGET),
    ("limits.mails_at_once", Between(1, 64)),
    ("limits.mail_wait_seconds", SECONDS),
    ("open311.jurisdiction_id", Text(is_one_line)),
    ("metrics.host", Text(is_listen_address)),
    ("metrics.port", PORT),
    ("log.format", OneOf(LogFormat::NAMES)),
    ("log.level", Text(is_log_filter)),
    ("schedule.tick_seconds", Between(1, 300)),
];

/// Says what is wrong with the value of `key`, in words that do not repeat it (it may be a secret).
pub(super) fn complaint(key: &str, value: &toml::Value) -> Option<String> {
    let rule = RULES.iter().find(|(name, _)| *name == key)?.1;
    match (rule, value) {
        (Between(from, to), toml::Value::Integer(n)) if !(from..=to).contains(n) => {
            Some(format!("must be from {from} to {to}"))
        }
        (OneOf(words), toml::Value::String(text)) if !words.contains(&text.as_str()) => {
            Some(format!("must be one of {}", words.join(", ")))
        }
        (Text(check), toml::Value::String(text)) => check(text).err(),
        (Text(check), toml::Value::Array(items)) => items
            .iter()
            .filter_map(toml::Value::as_str)
            .find_map(|text| check(text).err()),
        _ => None,
    }
}

fn is_given(text: &str) -> Result<(), String> {
    wanted(!text.trim().is_empty(), "must not be empty")
}

fn is_one_line(text: &str) -> Result<(), String> {
    wanted(
        !text.chars().any(char::is_control),
        "must be one line without control characters",
    )
}

fn is_listen_address(text: &str) -> Result<(), String> {
    wanted(
        text == "localhost" || IpAddr::from_str(text).is_ok(),
        "must be an address of this machine, such as 127.0.0.1 or 0.0.0.0",
    )
}

fn is_network(text: &str) -> Result<(), String> {
    Network::from_str(text).map(|_| ())
}

fn is_public_url(text: &str) -> Result<(), String> {
    wanted(
        text.is_empty() || web_address(text).is_some(),
        "write https://, the host and perhaps a path, without ? or #",
    )
}

fn is_origin(text: &str) -> Result<(), String> {
    wanted(
        web_address(text).is_some_and(|rest| !rest.contains('/')),
        "write https:// and the host, with nothing after it",
    )
}

/// What follows the scheme, when `text` could be the beginning of a link.
fn web_address(text: &str) -> Option<&str> {
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"))?;
    let host = rest.split('/').next().unwrap_or(rest);
    let clean = !host.is_empty()
        && !rest.contains(['?', '#', '@', '\\', '*', '"', '<', '>', ','])
        && !rest.chars().any(|c| c.is_whitespace() || c.is_control());
    clean.then_some(rest)
}

fn is_mail_address(text: &str) -> Result<(), String> {
    let clean = text.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty()
            && !domain.is_empty()
            && !domain.contains('@')
            && !domain.starts_with('.')
            && !domain.ends_with('.')
            && !text
                .chars()
                .any(|c| c.is_whitespace() || c.is_control() || "<>,;:\"()".contains(c))
    });
    wanted(clean, "must be one e-mail address, without a name")
}

fn is_notify_id(text: &str) -> Result<(), String> {
    wanted(
        text.is_empty() || uuid::Uuid::parse_str(text).is_ok(),
        "must be the id as GOV.UK Notify shows it: 32 hexadecimal digits with hyphens between",
    )
}

fn is_mail_address_or_empty(text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Ok(());
    }
    is_mail_address(text)
}

fn is_log_filter(text: &str) -> Result<(), String> {
    wanted(
        tracing_subscriber::EnvFilter::builder().parse(text).is_ok() && !text.trim().is_empty(),
        "must be error, warn, info, debug or trace, or such as \"info,reeve::notify=debug\"",
    )
}

fn wanted(is_so: bool, otherwise: &str) -> Result<(), String> {
    if is_so {
        Ok(())
    } else {
        Err(otherwise.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_is_about_a_setting_and_every_number_has_its_bounds() {
        let defaults = super::super::layers::defaults();
        for (key, _) in RULES {
            assert!(defaults.contains_key(*key), "{key} is not in default.toml");
        }
        for (key, value) in &defaults {
            let has_rule = RULES.iter().any(|(name, _)| name == key);
            assert!(has_rule || !value.is_integer(), "{key} has no bounds");
            assert_eq!(complaint(key, value), None, "{key}: its own default");
        }
    }
}
