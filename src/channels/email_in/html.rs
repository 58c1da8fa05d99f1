//! The words of an HTML mail. Nothing is fetched, run or laid out: tags become line breaks, and
//! everything that is not text goes.
//!
//! History that a mail program marked as such comes out marked: cited blocks with `> `, and the
//! place where Outlook's history starts with [`HISTORY`].

use mail_parser::decoders::html::add_html_token;

/// Stands alone on a line above quoted history. Never part of a text: cleaning takes it out.
pub(super) const HISTORY: char = '\u{1}';

/// More text than this is not worth reading.
const LONGEST: usize = 1_000_000;

/// What is between these tags is no text.
const SILENT: [&str; 7] = [
    "style", "script", "template", "title", "svg", "object", "noscript",
];

/// Names under which mail programs keep what they quote.
const HISTORY_MARKS: [&str; 6] = [
    "divrplyfwdmsg",
    "appendonsend",
    "mail-editor-reference-message-container",
    "olk_src_body_section",
    "yahoo_quoted",
    "outlookmessageheader",
];

/// The text of an HTML document.
pub(super) fn to_text(html: &str) -> String {
    let mut page = Page::default();
    let mut rest = html;
    let last_close = html.rfind('>');
    let last_comment_end = html.rfind("-->");
    let mut missing: Vec<&str> = Vec::new();
    while !rest.is_empty() && page.text.len() + page.line.len() < LONGEST {
        let here = html.len() - rest.len();
        let Some(open) = rest.find('<') else {
            page.words(rest);
            break;
        };
        let (before, from_tag) = rest.split_at_checked(open).unwrap_or((rest, ""));
        page.words(before);
        let is_tag = last_close.is_some_and(|close| close > here + open)
            && from_tag
                .chars()
                .nth(1)
                .is_some_and(|c| c.is_ascii_alphabetic() || "/!?".contains(c));
        if !is_tag {
            page.words("<");
            rest = from_tag.get(1..).unwrap_or_default();
            continue;
        }
        if last_comment_end.is_some_and(|end| end > here + open)
            && let Some(comment) = from_tag.strip_prefix("<!--")
            && let Some((_, after)) = comment.split_once("-->")
        {
            rest = after;
            continue;
        }
        let (tag, after) = split_tag(from_tag);
        rest = after;
        let is_close = tag.starts_with('/');
        let name: String = tag
            .trim_start_matches('/')
            .chars()
            .take_while(char::is_ascii_alphanumeric)
            .map(|c| c.to_ascii_lowercase())
            .collect();
        let silent = SILENT.iter().find(|silent| **silent == name);
        if let Some(silent) = silent
            && !is_close
            && !tag.ends_with('/')
            && !missing.contains(silent)
        {
            match find_close(rest, silent) {
                Some(at) => rest = rest.get(at..).unwrap_or_default(),
                // Never closed. What follows is more likely a letter than a style sheet; and we
                // look for the end of each kind only once, however often it is opened.
                None => missing.push(silent),
            }
            continue;
        }
        page.tag(&name, is_close, tag);
    }
    page.finish()
}

/// Splits behind the `>` that ends a tag, minding quoted values as long as their quotes close.
fn split_tag(from_tag: &str) -> (&str, &str) {
    let inner = from_tag.get(1..).unwrap_or_default();
    let mut quote = None;
    let end = inner
        .char_indices()
        // A quote that does not close soon was not meant as one.
        .take(20_000)
        .find_map(|(at, c)| match (quote, c) {
            (None, '>') => Some(at),
            (None, '"' | '\'') => {
                quote = Some(c);
                None
            }
            (Some(open), c) if open == c => {
                quote = None;
                None
            }
            _ => None,
        })
        .or_else(|| inner.find('>'));
    match end {
        Some(end) => (
            inner.get(..end).unwrap_or_default(),
            inner.get(end + 1..).unwrap_or_default(),
        ),
        None => (inner, ""),
    }
}

fn find_close(text: &str, name: &str) -> Option<usize> {
    let mut from = 0;
    while let Some(found) = text.get(from..)?.find("</") {
        let at = from + found;
        let after = text.get(at + 2..)?;
        if after
            .get(..name.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(name))
        {
            return Some(at);
        }
        from = at + 2;
    }
    None
}

#[derive(Default)]
struct Page {
    text: String,
    line: String,
    is_gap: bool,
    n_cited: usize,
    /// For each open blockquote: whether it cites.
    quotes: Vec<bool>,
    n_blank: usize,
    n_pre: usize,
    /// Where the open link leads, and where its words start in the line.
    link: Option<(String, usize)>,
}

impl Page {
    fn words(&mut self, text: &str) {
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            let mut used = c.len_utf8();
            if c == '&'
                && let Some(end) = rest.bytes().take(40).position(|byte| byte == b';')
                && let Some(entity) = rest.get(..=end)
                && entity.is_ascii()
            {
                let mut decoded = String::new();
                add_html_token(&mut decoded, entity.as_bytes(), false);
                for c in decoded.chars() {
                    self.letter(c);
                }
                used = entity.len();
            } else {
                self.letter(c);
            }
            rest = rest.get(used..).unwrap_or_default();
        }
    }

    fn letter(&mut self, c: char) {
        match c {
            '\n' if self.n_pre > 0 => self.end_line(),
            _ if c.is_whitespace() || c == '\u{a0}' => self.is_gap = true,
            // Also takes out a forged mark of ours.
            _ if c.is_control() => {}
            _ => {
                if self.is_gap && !self.line.is_empty() {
                    self.line.push(' ');
                }
                self.is_gap = false;
                self.line.push(c);
            }
        }
    }

    fn tag(&mut self, name: &str, is_close: bool, whole: &str) {
        match name {
            "br" => self.end_line(),
            "p" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "table" | "ul" | "ol" | "dl" => {
                self.end_paragraph()
            }
            "div" | "tr" | "hr" | "section" | "article" | "header" | "footer" | "address"
            | "dd" | "dt" | "center" | "form" | "fieldset" | "tbody" | "body" | "main" => {
                self.end_block()
            }
            "li" => {
                self.end_block();
                if !is_close {
                    self.line.push_str("- ");
                }
            }
            "td" | "th" => self.is_gap = true,
            "pre" => {
                self.end_block();
                self.n_pre = if is_close {
                    self.n_pre.saturating_sub(1)
                } else {
                    self.n_pre + 1
                };
            }
            "blockquote" => {
                self.end_block();
                if is_close {
                    self.n_cited -= usize::from(self.quotes.pop() == Some(true)).min(self.n_cited);
                    self.end_line();
                } else {
                    self.end_line();
                    // Outlook and Gmail indent with blockquotes too; those are the writer's own.
                    let lower = whole.to_ascii_lowercase();
                    let is_cited = lower.contains("cite")
                        || lower.contains("quote\"")
                        || lower.contains("_quote");
                    self.n_cited += usize::from(is_cited);
                    self.quotes.push(is_cited);
                }
            }
            "a" => self.link(is_close, whole),
            _ => {}
        }
        if !is_close && matches!(name, "div" | "hr" | "span" | "table") {
            let lower = whole
                .get(..whole.len().min(400))
                .unwrap_or(whole)
                .to_ascii_lowercase();
            if HISTORY_MARKS.iter().any(|mark| lower.contains(mark)) {
                self.end_block();
                self.line.push(HISTORY);
                self.end_line();
            }
        }
    }

    /// Keeps where a link leads when its words do not say so.
    fn link(&mut self, is_close: bool, whole: &str) {
        if is_close {
            if let Some((target, start)) = self.link.take()
                && self.n_cited == 0
                && let Some(shown) = self.line.get(start..)
                && !shown.is_empty()
                && !shown.contains(target.trim_end_matches('/'))
            {
                self.words(&format!(" <{target}>"));
            }
        } else {
            self.link = href(whole)
                .filter(|target| {
                    target.len() <= 300
                        && (target.starts_with("https://") || target.starts_with("http://"))
                })
                .map(|target| (target, self.line.len()));
        }
    }

    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        self.is_gap = false;
        if line.is_empty() {
            self.n_blank += 1;
            // More than one blank line together says nothing.
            if self.n_blank > 1 || self.text.is_empty() {
                return;
            }
        } else {
            self.n_blank = 0;
        }
        if !line.starts_with(HISTORY) {
            for _ in 0..self.n_cited.min(20) {
                self.text.push('>');
            }
            if self.n_cited > 0 {
                self.text.push(' ');
            }
        }
        self.text.push_str(&line);
        self.text.push('\n');
    }

    fn end_block(&mut self) {
        if !self.line.is_empty() {
            self.end_line();
        }
    }

    fn end_paragraph(&mut self) {
        self.end_block();
        self.end_line();
    }

    fn finish(mut self) -> String {
        self.end_block();
        let kept = self.text.trim_end().len();
        self.text.truncate(kept);
        self.text
    }
}

fn href(tag: &str) -> Option<String> {
    let lower = tag.to_ascii_lowercase();
    let at = lower.find("href")?;
    let value = tag
        .get(at + 4..)?
        .trim_start()
        .strip_prefix('=')?
        .trim_start();
    let target = match value.chars().next()? {
        quote @ ('"' | '\'') => value.get(1..)?.split(quote).next()?,
        _ => value.split(|c: char| c.is_whitespace()).next()?,
    };
    Some(target.trim().replace("&amp;", "&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(html: &str, expect: &str) {
        assert_eq!(to_text(html), expect, "{html}");
    }

    #[test]
    fn a_letter_in_html_reads_like_a_letter() {
        check(
            "<p>Hello,</p><p>My bin<br>was&nbsp;missed &amp; it <b>smells</b>.</p>",
            "Hello,\n\nMy bin\nwas missed & it smells.",
        );
        check(
            "<div>one</div><div>two</div><div><br></div><div>three</div>",
            "one\ntwo\n\nthree",
        );
        check(
            "<ul><li>first<li>second</ul>end",
            "- first\n- second\n\nend",
        );
        check(
            "<table><tr><td>Name</td><td>Ada</td></tr><tr><td>Road</td><td>Larkfield Rise</td></tr></table>",
            "Name Ada\nRoad Larkfield Rise",
        );
        check(
            "&pound;40 &#8364;5 &#x41; &unknown; AT&T",
            "£40 €5 A &unknown; AT&T",
        );
        check("2 < 3 and 5 > 4", "2 < 3 and 5 > 4");
    }

    #[test]
    fn nothing_that_is_not_text_gets_through() {
        check(
            "<head><title>Mail</title><style>p{color:red}</style></head><p>Text</p><script>alert('x > y')</script>",
            "Text",
        );
        check(
            "a<!-- hidden > --><!DOCTYPE html>b<?xml version='1'?>c",
            "abc",
        );
        check(
            "<img src=\"data:image/png;base64,AAAA>BBBB\" alt=\"x\">after",
            "after",
        );
        check(
            "<style>never closed <p>but the letter is here</p>",
            "never closed\n\nbut the letter is here",
        );
        check("forged\u{1}mark", "forgedmark");
    }

    #[test]
    fn a_link_says_where_it_leads() {
        check(
            "see <a href=\"https://photos.mail.example/1\">my photos</a>.",
            "see my photos <https://photos.mail.example/1>.",
        );
        check(
            "<a href='https://mail.example/'>https://mail.example</a>",
            "https://mail.example",
        );
        check("<a href=\"javascript:alert(1)\">press</a>", "press");
    }

    #[test]
    fn what_a_program_cites_is_marked_as_cited() {
        check(
            "<div>No, still here.</div><blockquote type=\"cite\"><div>Was it collected?</div></blockquote>",
            "No, still here.\n\n> Was it collected?",
        );
        check(
            "<blockquote style=\"margin:40px\">my own indent</blockquote>",
            "my own indent",
        );
        let outlook = to_text("<p>Thanks</p><div id=\"divRplyFwdMsg\"><b>From:</b> Council</div>");
        assert_eq!(outlook, format!("Thanks\n\n{HISTORY}\nFrom: Council"));
    }

    #[test]
    fn endless_open_tags_take_no_time() {
        for piece in [
            "<",
            "<a ",
            "<a \"",
            "<style>",
            "<!--",
            "<blockquote type=cite>",
            "&",
            "<a href=\"https://x.example/\">x</a>",
            "</",
            "<!-- > ",
            "<div>",
            "<a \">'",
        ] {
            let html = piece.repeat(100_000);
            let text = crate::channels::email_in::tests::hostile::quickly(piece, || to_text(&html));
            assert!(text.len() <= 2 * LONGEST, "{piece}");
        }
    }
}
