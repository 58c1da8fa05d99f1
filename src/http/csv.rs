//! Tables as text (RFC 4180), and who asks for one.
//!
//! A cell never begins like a formula: a spreadsheet would work out what somebody else has named.

use actix_web::http::header::HeaderMap;

use super::answer::Answer;

/// What a table is sent as.
pub const CSV: &str = "text/csv; charset=utf-8; header=present";

/// A table, written line by line.
#[derive(Debug, Clone, Default)]
pub struct Table {
    text: String,
}

impl Table {
    /// Begins with the names of its columns.
    #[must_use]
    pub fn new(columns: &[&str]) -> Self {
        let mut table = Self::default();
        table.line(columns.iter().map(|name| (*name).to_owned()));
        table
    }

    /// Adds a line.
    pub fn line(&mut self, cells: impl IntoIterator<Item = String>) {
        for (place, text) in cells.into_iter().enumerate() {
            if place > 0 {
                self.text.push(',');
            }
            self.text.push_str(&cell(&text));
        }
        self.text.push_str("\r\n");
    }

    /// The whole of it, to be kept under this name.
    #[must_use]
    pub fn into_answer(self, name: &str) -> Answer {
        Answer::bytes(200, CSV, self.text.into_bytes())
            .with_header(
                "content-disposition",
                format!("attachment; filename=\"{name}.csv\""),
            )
            .with_header("vary", "Accept")
    }
}

/// A number that may not be told, or is not there, as an empty cell.
#[must_use]
pub fn number(n: Option<impl ToString>) -> String {
    n.map_or_else(String::new, |n| n.to_string())
}

/// Whether a table is asked for rather than JSON.
#[must_use]
pub fn is_asked_for(headers: &HeaderMap) -> bool {
    is_preferred(headers, "text/csv")
}

/// Whether one kind of content is asked for rather than JSON.
#[must_use]
pub fn is_preferred(headers: &HeaderMap, wanted: &str) -> bool {
    let named = headers
        .get_all("accept")
        .filter_map(|value| value.to_str().ok());
    let (mut own, mut json) = (0.0, 0.0);
    for part in named.flat_map(|value| value.split(',')) {
        let mut words = part.split(';').map(str::trim);
        let kind = words.next().unwrap_or_default().to_ascii_lowercase();
        let quality: f64 = words
            .find_map(|word| word.strip_prefix("q=")?.trim().parse().ok())
            .unwrap_or(1.0);
        match kind.as_str() {
            "application/json" => json = quality,
            _ if kind == wanted => own = quality,
            _ => {}
        }
    }
    own > 0.0 && own >= json
}

fn cell(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if is_formula {
        format!("'{text}")
    } else {
        text.to_owned()
    };
    if text.contains([',', '"', '\r', '\n']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    #[test]
    fn no_cell_is_a_formula_and_every_cell_is_read_back_as_it_was() {
        let check = |text: &str, written: &str| assert_eq!(cell(text), written);
        check("Missed bin", "Missed bin");
        check("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0");
        check("+44", "'+44");
        check("-1", "'-1");
        check("@SUM(A1)", "'@SUM(A1)");
        check("\tx", "'\tx");
        check("\rx", "\"'\rx\"");
        check("bins, \"large\"", "\"bins, \"\"large\"\"\"");
        check("=1,2", "\"'=1,2\"");
    }

    #[test]
    fn a_table_is_sent_to_whoever_names_it_and_json_to_everybody_else() {
        let check = |accept: &str, is_table: bool| {
            let mut headers = HeaderMap::new();
            headers.insert(
                HeaderName::from_static("accept"),
                HeaderValue::from_str(accept).unwrap(),
            );
            assert_eq!(is_asked_for(&headers), is_table, "{accept}");
        };
        check("text/csv", true);
        check("text/csv;q=0.9, */*;q=0.1", true);
        check("Text/CSV; header=present", true);
        check("application/json, text/csv;q=0.5", false);
        check("application/json", false);
        check("*/*", false);
        check("text/csv;q=0", false);
        assert!(!is_asked_for(&HeaderMap::new()));
    }
}
