//! Settings that must not be shown: they print as stars wherever they turn up.
//!
//! The only way to the text is [`Secret::expose`] or [`ConnectionUrl::expose`], so that a reviewer
//! can find every place a secret is used by looking for that word.

use std::fmt;

use serde::{Deserialize, Serialize, Serializer};

const MASK: &str = "********";

/// A password or key.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

/// The address of a database: everything but its password may be shown.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct ConnectionUrl(String);

impl Secret {
    /// The secret itself.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// True when none is set.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl ConnectionUrl {
    /// The whole address, password included.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// True when none is set.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<String> for ConnectionUrl {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "" } else { MASK })
    }
}

impl fmt::Display for ConnectionUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&without_password(&self.0))
    }
}

macro_rules! shown_masked {
    ($($name:ident),+) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
    )+};
}
shown_masked!(Secret, ConnectionUrl);

/// Masks the password between `user:` and `@`, and those PostgreSQL also takes as parameters.
fn without_password(url: &str) -> String {
    let (address, query) = match url.split_once('?') {
        Some((address, query)) => (address, Some(query)),
        None => (url, None),
    };
    let mut shown = mask_user_info(address);
    if let Some(query) = query {
        let parameters: Vec<String> = query
            .split('&')
            .map(|parameter| match parameter.split_once('=') {
                Some((name, _)) if name.to_ascii_lowercase().contains("password") => {
                    format!("{name}={MASK}")
                }
                _ => parameter.to_owned(),
            })
            .collect();
        shown.push('?');
        shown.push_str(&parameters.join("&"));
    }
    shown
}

/// The password ends at the last `@`: one that holds an unescaped `@` must not show its tail.
fn mask_user_info(address: &str) -> String {
    let Some((scheme, rest)) = address.split_once("://") else {
        return address.to_owned();
    };
    let Some((user_info, host)) = rest.rsplit_once('@') else {
        return address.to_owned();
    };
    match user_info.split_once(':') {
        Some((user, _)) => format!("{scheme}://{user}:{MASK}@{host}"),
        None => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_shows_only_whether_it_is_set() {
        let secret = Secret::from("Tr0ub4dor".to_owned());
        assert_eq!(format!("{secret} {secret:?}"), "******** Secret(********)");
        assert_eq!(Secret::default().to_string(), "");
        assert_eq!(secret.expose(), "Tr0ub4dor");
    }

    #[test]
    fn a_database_address_shows_everything_but_its_password() {
        let check = |url: &str, shown: &str| {
            assert_eq!(ConnectionUrl::from(url.to_owned()).to_string(), shown);
        };
        check("", "");
        check("postgres:///reeve", "postgres:///reeve");
        check("postgres://reeve@db/reeve", "postgres://reeve@db/reeve");
        check(
            "postgres://reeve:p%40ss@db:5432/reeve",
            "postgres://reeve:********@db:5432/reeve",
        );
        check(
            "postgres://reeve:p@ss@db/reeve",
            "postgres://reeve:********@db/reeve",
        );
        check(
            "postgres:///reeve?user=reeve&password=pass&sslmode=require",
            "postgres:///reeve?user=reeve&password=********&sslmode=require",
        );
    }
}
