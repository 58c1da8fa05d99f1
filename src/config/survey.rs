//! `[survey]`: whom the system asks how it went.

use serde::{Deserialize, Serialize};

/// `[survey]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Survey {
    /// So many of a hundred closed cases; 0: nobody is asked.
    pub sample_percent: u8,
    pub delay_hours: u16,
    pub rest_days: u16,
    pub never_about: Vec<String>,
}

/// A service, or a service and one of its categories.
pub(super) fn is_matter(text: &str) -> Result<(), String> {
    let is_slug = |part: &str| {
        !part.is_empty()
            && part
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
    };
    let is_one = match text.split_once('/') {
        Some((service, category)) => is_slug(service) && is_slug(category),
        None => is_slug(text),
    };
    if is_one {
        Ok(())
    } else {
        Err(
            "name a service (\"adult-social-care\") or one of its categories \
             (\"community-safety/hate-crime\")"
                .to_owned(),
        )
    }
}
