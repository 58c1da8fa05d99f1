//! Messages whose place is known: the council's own, and what staff corrected.

use serde::{Deserialize, Serialize};

/// One message whose place is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub subject: String,
    pub body: String,
    pub service: String,
    pub category: String,
    /// Whether somebody had to act at once.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_danger: bool,
}

impl Example {
    /// Reads a file of examples, one JSON object a line.
    ///
    /// # Errors
    /// Every line that is not an example, with its number.
    pub fn read_lines(text: &str) -> Result<Vec<Self>, Vec<String>> {
        let mut examples = Vec::new();
        let mut faults = Vec::new();
        for (n, line) in text.lines().enumerate() {
            if line.trim().is_empty() {
                continue;
            }
            match serde_json::from_str(line) {
                Ok(example) => examples.push(example),
                Err(error) => faults.push(format!("line {}: {error}", n + 1)),
            }
        }
        if faults.is_empty() {
            Ok(examples)
        } else {
            Err(faults)
        }
    }

    /// Subject and body as one text.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{}\n{}", self.subject, self.body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_line_is_named_by_its_number() {
        let text = "{\"body\":\"a\",\"service\":\"s\",\"category\":\"c\"}\n\n{\"body\":1}\n";
        let faults = Example::read_lines(text).unwrap_err();
        assert_eq!(faults.len(), 1);
        assert!(faults[0].starts_with("line 3:"), "{faults:?}");
    }
}
