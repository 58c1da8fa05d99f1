//! `Content-Type` and `Content-Disposition`: a word and its parameters, in every way of writing
//! them (RFC 2231, and what programs write instead).

use super::charset;
use super::fields::decoded;

/// `Content-Type` or `Content-Disposition`: a word and its parameters.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Media {
    /// Lower case: `text/plain`, `attachment`.
    pub(super) name: String,
    params: Vec<(String, String)>,
}

impl Media {
    pub(super) fn read(value: &str) -> Self {
        let mut pieces = parameters(value).into_iter();
        let name: String = pieces
            .next()
            .unwrap_or_default()
            .chars()
            .filter(|c| !c.is_whitespace())
            .collect();
        let mut params: Vec<(String, String)> = Vec::new();
        let mut sections: Vec<Section> = Vec::new();
        for piece in pieces {
            let Some((key, value)) = piece.split_once('=') else {
                continue;
            };
            let key = key.trim().to_ascii_lowercase();
            let value = unquoted(value.trim());
            match key.split_once('*') {
                Some((base, rest)) => sections.push(Section {
                    base: base.to_owned(),
                    place: rest.trim_end_matches('*').parse().unwrap_or(0),
                    is_encoded: rest.is_empty() || rest.ends_with('*'),
                    value,
                }),
                None => params.push((key, decoded(&value))),
            }
        }
        // The extended form (RFC 2231) is the better one where both are given.
        for (base, value) in joined(sections) {
            params.retain(|(known, _)| *known != base);
            params.push((base, value));
        }
        Self {
            name: name.to_ascii_lowercase(),
            params,
        }
    }

    /// The same parameters under another name.
    pub(super) fn renamed(self, name: &str) -> Self {
        Self {
            name: name.to_owned(),
            ..self
        }
    }

    pub(super) fn is(&self, name: &str) -> bool {
        self.name == name
    }

    pub(super) fn is_of(&self, family: &str) -> bool {
        self.name
            .split_once('/')
            .is_some_and(|(kind, _)| kind == family)
    }

    pub(super) fn param(&self, name: &str) -> Option<&str> {
        self.params
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }
}

struct Section {
    base: String,
    place: u32,
    is_encoded: bool,
    value: String,
}

/// Puts continued and encoded parameters together. The charset stands in the first section only
/// and holds for all of them, also where a letter is split between two.
fn joined(mut sections: Vec<Section>) -> Vec<(String, String)> {
    sections.sort_by(|a, b| (&a.base, a.place).cmp(&(&b.base, b.place)));
    let mut whole: Vec<(String, Option<String>, Vec<u8>)> = Vec::new();
    for section in sections {
        if !matches!(whole.last(), Some((base, ..)) if *base == section.base) {
            whole.push((section.base.clone(), None, Vec::new()));
        }
        let Some((_, label, bytes)) = whole.last_mut() else {
            continue;
        };
        if section.is_encoded {
            let mut text = section.value.as_str();
            if bytes.is_empty()
                && let Some((charset, rest)) = text.split_once('\'')
                && let Some((_language, rest)) = rest.split_once('\'')
            {
                *label = Some(charset.to_owned());
                text = rest;
            }
            bytes.extend(charset::undo_percent(text));
        } else {
            bytes.extend(section.value.as_bytes());
        }
    }
    whole
        .into_iter()
        .map(|(base, label, bytes)| (base, charset::text(&bytes, label.as_deref())))
        .collect()
}

/// Splits at semicolons outside quotes, leaving comments out.
fn parameters(value: &str) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut piece = String::new();
    let mut is_quoted = false;
    let mut is_escaped = false;
    let mut n_comments = 0_usize;
    for c in value.chars() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '"' if n_comments == 0 => is_quoted = !is_quoted,
            '(' if !is_quoted => n_comments += 1,
            ')' if !is_quoted && n_comments > 0 => {
                n_comments -= 1;
                continue;
            }
            ';' if !is_quoted && n_comments == 0 => {
                pieces.push(std::mem::take(&mut piece));
                continue;
            }
            _ => {}
        }
        if n_comments == 0 {
            piece.push(c);
        }
    }
    pieces.push(piece);
    pieces
}

fn unquoted(value: &str) -> String {
    let Some(inner) = value.strip_prefix('"') else {
        return value.to_owned();
    };
    let mut out = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => break,
            '\\' => out.extend(chars.next()),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_come_through_every_way_of_writing_them() {
        let check = |raw: &str, expect: &str| {
            assert_eq!(Media::read(raw).param("filename"), Some(expect), "{raw}");
        };
        check("attachment; filename=\"bin photo.jpg\"", "bin photo.jpg");
        check("attachment; filename=bin photo.jpg", "bin photo.jpg");
        check("attachment; filename=\"a;b\\\"c.txt\"", "a;b\"c.txt");
        check("attachment; filename*=UTF-8''caf%C3%A9.pdf", "café.pdf");
        check(
            "attachment; filename*0*=utf-8'cy'caf%C3; filename*1*=%A9; filename*2=\".pdf\"",
            "café.pdf",
        );
        check(
            "attachment; filename=\"cafe.pdf\"; filename*=iso-8859-1''caf%E9.pdf",
            "café.pdf",
        );
        check(
            "attachment; filename=\"=?utf-8?B?Y2Fmw6kucGRm?=\"",
            "café.pdf",
        );
        assert_eq!(
            Media::read("Text/Plain (a comment); Charset=\"utf-8\"").param("charset"),
            Some("utf-8")
        );
        assert_eq!(Media::read(" Text / Plain ").name, "text/plain");
    }
}
