//! The wording of notices as kept in the catalogue. Rendering is `notify`'s.
//!
//! A file whose name starts with `_` is a piece that others include. Every other text file is a
//! notice: its first line is `Subject: …`, then a blank line, then the text.

use std::collections::BTreeMap;

use super::fault::Fault;
use super::node::Node;

/// The wording of one notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// The subject line, itself a template.
    pub subject: String,
    /// The plain-text part, below the subject line.
    pub text: String,
    /// The HTML part, where there is one.
    pub html: Option<String>,
}

/// Notices whose wording a catalogue must have, in English.
pub(super) const REQUIRED: [&str; 40] = [
    "acknowledgement",
    "alert",
    "callback",
    "chaser-confirmation",
    "closure",
    "complaint-receipt",
    "confirmation",
    "danger",
    "date-changed",
    "digest",
    "due",
    "extension",
    "glass-broken",
    "holding-reply",
    "identity-failed",
    "inbox-case",
    "inbox-kept",
    "inbox-receipt",
    "incident-update",
    "joined",
    "mailbox-unread",
    "many-transfers",
    "marker-review",
    "member-confirmation",
    "member-left",
    "not-ours",
    "question",
    "reminder",
    "reopened",
    "reply",
    "report-kept",
    "service-acted",
    "sign-in-link",
    "survey",
    "tracking-link",
    "transfer",
    "tried-to-call",
    "waiting",
    "weekly-counts",
    "words-kept",
];

/// Reads the notices among the templates, by language and name.
pub(super) fn read(tree: &Node, faults: &mut Vec<Fault>) -> BTreeMap<(String, String), Template> {
    let mut templates = BTreeMap::new();
    let Some(part) = tree.get("templates") else {
        return templates;
    };
    for (key, node) in part.entries() {
        let Some(source) = node.text() else {
            faults.push(node.place.fault("a template must be text"));
            continue;
        };
        let Some((language, name)) = key.split_once('/') else {
            faults.push(
                node.place
                    .fault("templates stand under their language: `en/reply.txt`"),
            );
            continue;
        };
        match name.rsplit_once('.') {
            _ if name.starts_with('_') => {}
            Some((notice, "txt")) => {
                let first = source.lines().next().unwrap_or_default();
                let Some(subject) = first.strip_prefix("Subject: ") else {
                    faults.push(node.place.fault("the first line must be `Subject: …`"));
                    continue;
                };
                let html = part
                    .get(&format!("{language}/{notice}.html"))
                    .and_then(Node::text);
                let template = Template {
                    subject: subject.trim().to_owned(),
                    text: source
                        .get(first.len()..)
                        .unwrap_or_default()
                        .trim_start()
                        .to_owned(),
                    html: html.map(str::to_owned),
                };
                templates.insert((language.to_owned(), notice.to_owned()), template);
            }
            Some((notice, "html")) => {
                if part.get(&format!("{language}/{notice}.txt")).is_none() {
                    faults.push(
                        node.place
                            .fault(format!("`{notice}` has no plain text beside it")),
                    );
                }
            }
            _ => faults.push(node.place.fault("templates end in .txt or .html")),
        }
    }
    templates
}

/// A template's lines as somebody will read them, with their numbers: markup gone, and one word
/// in place of every value.
pub(super) fn lines_as_read(source: &str) -> Vec<(u32, String)> {
    (1..)
        .zip(source.lines())
        .map(|(n, line)| (n, as_read(line)))
        .collect()
}

fn as_read(line: &str) -> String {
    let mut read = String::new();
    let mut rest = line;
    while let Some(at) = rest.find(['{', '<']) {
        let (before, marked) = rest.split_at(at);
        read.push_str(before);
        let (opening, closing, stands_for) = if marked.starts_with("{{") {
            ("{{", "}}", "value")
        } else if marked.starts_with("{%") {
            ("{%", "%}", "")
        } else if marked.starts_with("{#") {
            ("{#", "#}", "")
        } else if marked.starts_with('<') {
            ("<", ">", "")
        } else {
            read.push('{');
            rest = marked.get(1..).unwrap_or_default();
            continue;
        };
        read.push_str(stands_for);
        let inside = marked.get(opening.len()..).unwrap_or_default();
        rest = inside.split_once(closing).map_or("", |(_, rest)| rest);
    }
    read.push_str(rest);
    read
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_is_judged_by_what_people_will_read() {
        let check = |line, expect: &str| assert_eq!(as_read(line), expect);
        check(
            "We have {{ case.matter }}{% if case.place %} at {{ case.place }}{% endif %}.",
            "We have value at value.",
        );
        check("<p>Thank you.</p>", "Thank you.");
        check("a { b", "a { b");
        check("{# the queue #}Thank you {{ unfinished", "Thank you value");
    }
}
