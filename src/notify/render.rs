//! From a stored letter to the words of a mail, by the council's own templates.
//!
//! A template never sees more than the [`Letter`] holds, cannot write an absent field without
//! asking whether it is there, and never lets anything into the HTML part unescaped. Templates
//! are data of the catalogue; [`check`] reads every one of them aloud before it is applied.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use minijinja::value::Value;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, Output, State, UndefinedBehavior};
use serde_json::Value as Json;

use super::samples;
use crate::domain::notice::{ForThePost, Letter};
use crate::domain::wording::{self, Language};

/// A council's templates, ready to write letters with.
#[derive(Debug)]
pub struct Renderer {
    env: Environment<'static>,
    names: BTreeSet<String>,
}

/// The words of one mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// One line, without control characters.
    pub subject: String,
    pub text: String,
    pub html: String,
}

/// Why a letter could not be written.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// The template does not read, or asks for what the letter has not.
    #[error("{template}: {why}")]
    Template { template: String, why: String },
    /// The text does not begin with its subject.
    #[error("{0}: the first line must be `Subject: …` and the second empty")]
    NoSubject(String),
    /// The council has no such template, not even in English.
    #[error("there is no template {0}")]
    Missing(String),
    /// The letter is not what letters look like.
    #[error("the letter cannot be read: {0}")]
    Letter(#[from] serde_json::Error),
}

impl Renderer {
    /// Reads the templates, by path (`en/confirmation.txt`, `en/_layout.html`).
    ///
    /// # Errors
    /// The first template that does not read.
    pub fn new(files: &BTreeMap<String, String>) -> Result<Self, RenderError> {
        let mut env = environment(files.keys().cloned().collect());
        for (path, text) in files {
            env.add_template_owned(path.clone(), text.clone())
                .map_err(|error| told(path, &error))?;
        }
        Ok(Self {
            env,
            names: files.keys().cloned().collect(),
        })
    }

    /// Reads the templates of a catalogue's tree (`{"templates": {"en/confirmation.txt": "…"}}`).
    ///
    /// # Errors
    /// The first template that does not read.
    pub fn of_catalogue(tree: &Json) -> Result<Self, RenderError> {
        Self::new(&template_files(tree))
    }

    /// Writes the mail.
    ///
    /// # Errors
    /// The template is missing, has no subject, or asks for what the letter has not.
    pub fn render(&self, letter: &Letter) -> Result<Rendered, RenderError> {
        let fields = fields_of(letter)?;
        let (subject, text) = self.text(letter, &fields)?;
        let path = self.path(letter, "html")?;
        let mut with_subject = fields;
        with_subject.insert("subject".to_owned(), Json::from(subject.clone()));
        let html = self.write(&path, &with_subject)?;
        Ok(Rendered {
            subject,
            text,
            html,
        })
    }

    /// Writes the letter for the post: address, date and reference at its head, no secret link, and
    /// "write to us" where the mail says "reply to this e-mail".
    ///
    /// # Errors
    /// As [`Self::render`].
    pub fn render_for_post(
        &self,
        letter: &Letter,
        address: &[String],
        on: Date,
    ) -> Result<String, RenderError> {
        let letter = letter.clone().for_the_post();
        let mut fields = fields_of(&letter)?;
        fields.insert("is_by_post".to_owned(), Json::from(true));
        let (_, body) = self.text(&letter, &fields)?;
        fields.insert("body".to_owned(), Json::from(body.trim_end()));
        let address: Vec<String> = address
            .iter()
            .map(|line| words_of(&cleaned(line)))
            .collect();
        fields.insert("address".to_owned(), Json::from(address));
        fields.insert(
            "date".to_owned(),
            Json::from(wording::day(on, letter.language)),
        );
        let path = self.choose(letter.language, "_post.txt")?;
        Ok(tidy(&self.write(&path, &fields)?))
    }

    fn text(
        &self,
        letter: &Letter,
        fields: &serde_json::Map<String, Json>,
    ) -> Result<(String, String), RenderError> {
        let path = self.path(letter, "txt")?;
        let whole = self.write(&path, fields)?;
        let (first, rest) = whole.split_once('\n').unwrap_or((whole.as_str(), ""));
        let subject = first
            .strip_prefix("Subject: ")
            .map(one_line)
            .filter(|subject| !subject.is_empty())
            .ok_or_else(|| RenderError::NoSubject(path.clone()))?;
        if !rest.starts_with('\n') && !rest.starts_with("\r\n") {
            return Err(RenderError::NoSubject(path));
        }
        Ok((subject, tidy(rest)))
    }

    fn write(
        &self,
        path: &str,
        fields: &serde_json::Map<String, Json>,
    ) -> Result<String, RenderError> {
        let template = self
            .env
            .get_template(path)
            .map_err(|error| told(path, &error))?;
        template
            .render(Value::from_serialize(fields))
            .map_err(|error| told(path, &error))
    }

    fn path(&self, letter: &Letter, ending: &str) -> Result<String, RenderError> {
        self.choose(
            letter.language,
            &format!("{}.{ending}", letter.says.template()),
        )
    }

    /// The file in that language, else in English.
    fn choose(&self, language: Language, file: &str) -> Result<String, RenderError> {
        let wanted = format!("{language}/{file}");
        if self.names.contains(&wanted) {
            return Ok(wanted);
        }
        let english = format!("{}/{file}", Language::English);
        if self.names.contains(&english) {
            Ok(english)
        } else {
            Err(RenderError::Missing(english))
        }
    }
}

/// Writes letters out in full for the post, each with what was wrong where it could not be.
#[must_use]
pub fn write_out(
    files: &BTreeMap<String, String>,
    letters: &[ForThePost],
) -> Vec<Result<String, String>> {
    let renderer = Renderer::new(files);
    letters
        .iter()
        .map(|one| match &renderer {
            Ok(renderer) => renderer
                .render_for_post(&one.letter, &one.address, one.on)
                .map_err(|why| why.to_string()),
            Err(why) => Err(why.to_string()),
        })
        .collect()
}

/// The template files of a catalogue's tree, by path.
#[must_use]
pub fn template_files(tree: &Json) -> BTreeMap<String, String> {
    tree.get("templates")
        .and_then(Json::as_object)
        .into_iter()
        .flatten()
        .filter_map(|(path, text)| Some((path.clone(), text.as_str()?.to_owned())))
        .collect()
}

/// Reads every template aloud with sample letters and says what is wrong, as (path, what).
#[must_use]
pub fn check(files: &BTreeMap<String, String>) -> Vec<(String, String)> {
    let mut faults = BTreeSet::new();
    let names: BTreeSet<String> = files.keys().cloned().collect();
    let mut env = environment(names.clone());
    for (path, text) in files {
        if let Err(error) = env.add_template_owned(path.clone(), text.clone()) {
            faults.insert((path.clone(), plain_error(&error)));
        }
    }
    let renderer = Renderer { env, names };
    let known: BTreeSet<&str> = samples::letters(Language::English)
        .iter()
        .map(|letter| letter.says.template())
        .collect();
    for path in files.keys() {
        faults.extend(misplaced(path, &known, files).map(|what| (path.clone(), what)));
    }
    for language in Language::ALL {
        for letter in samples::letters(*language) {
            let template = letter.says.template();
            let own = format!("{language}/{template}.txt");
            // A language need not have every notice; English must.
            if *language != Language::English && !files.contains_key(&own) {
                continue;
            }
            if letter.says.kind().is_for_the_person() {
                faults.extend(fault_by_post(&renderer, &letter));
            }
            match renderer.render(&letter) {
                Ok(mail) => {
                    let words = unplain(&mail, &letter);
                    faults.extend(words.into_iter().map(|what| (own.clone(), what)));
                }
                Err(RenderError::Template { template, why }) => {
                    faults.insert((template, why));
                }
                Err(error) => {
                    faults.insert((own, error.to_string()));
                }
            }
        }
    }
    faults.into_iter().collect()
}

/// What keeps a letter from being printed, with an address block and without one.
fn fault_by_post(renderer: &Renderer, letter: &Letter) -> Option<(String, String)> {
    let address = ["Ada Example".to_owned(), "14 Larkfield Rise".to_owned()];
    let any_day = jiff::civil::date(2026, 11, 20);
    let printed = renderer
        .render_for_post(letter, &address, any_day)
        .and_then(|_| renderer.render_for_post(letter, &[], any_day));
    match printed {
        Ok(_) => None,
        Err(RenderError::Template { template, why }) => Some((template, why)),
        Err(error) => Some((format!("{}/_post.txt", letter.language), error.to_string())),
    }
}

/// What is wrong with a file's name or its twin.
fn misplaced(
    path: &str,
    known: &BTreeSet<&str>,
    files: &BTreeMap<String, String>,
) -> Option<String> {
    let (language, file) = path.split_once('/')?;
    if language.parse::<Language>().is_err() {
        return Some(format!(
            "mails are not written in a language called {language}"
        ));
    }
    let (stem, ending) = file.rsplit_once('.')?;
    if stem.starts_with('_') {
        return None;
    }
    if !known.contains(stem) {
        return Some("no notice has this name".to_owned());
    }
    let twin = format!(
        "{language}/{stem}.{}",
        if ending == "txt" { "html" } else { "txt" }
    );
    (!files.contains_key(&twin)).then(|| format!("{twin} is missing: a mail has both parts"))
}

/// Words and sentences residents should not meet, in the council's own words only.
fn unplain(rendered: &Rendered, letter: &Letter) -> Vec<String> {
    let mut said = Vec::new();
    for text in [&rendered.subject, &rendered.text] {
        said.extend(
            wording::banned_words(text)
                .iter()
                .map(|word| format!("says \"{word}\"")),
        );
        said.extend(
            wording::long_sentences(text)
                .iter()
                .map(|sentence| format!("a sentence of more than 25 words: {sentence}")),
        );
    }
    let visible = text_of(&rendered.html);
    said.extend(
        wording::banned_words(&visible)
            .iter()
            .map(|word| format!("the HTML says \"{word}\"")),
    );
    for needed in samples::must_say(letter) {
        if !rendered.text.contains(&needed) {
            said.push(format!("the text does not give {needed}"));
        }
        if !rendered.html.contains(&needed) {
            said.push(format!("the HTML does not give {needed}"));
        }
    }
    for remote in ["<img", "<script", "<link", "<iframe", "url("] {
        if rendered.html.to_lowercase().contains(remote) {
            said.push(format!("the HTML holds {remote}: mails load nothing"));
        }
    }
    said
}

/// The environment every template is read in.
fn environment(names: BTreeSet<String>) -> Environment<'static> {
    let mut env = Environment::new();
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.set_trim_blocks(true);
    env.set_lstrip_blocks(true);
    env.set_keep_trailing_newline(true);
    env.set_formatter(write_value);
    env.set_path_join_callback(move |name, parent| {
        let language = parent.split('/').next().unwrap_or_default();
        let beside = format!("{language}/{name}");
        let english = format!("{}/{name}", Language::English);
        if names.contains(&beside) {
            beside.into()
        } else {
            english.into()
        }
    });
    env.add_filter("sentence_case", |text: &str| wording::sentence_case(text));
    env.add_filter("tel", |text: &str| {
        text.chars()
            .filter(|c| c.is_ascii_digit() || *c == '+')
            .collect::<String>()
    });
    env.add_filter("paragraphs", |text: &str| {
        Value::from_safe_string(paragraphs(text))
    });
    env
}

/// Writes a value: never an absent one, and escaped in HTML. (The engine's own escaping turns
/// `/` into an entity, which makes links unreadable in the source of the mail.)
fn write_value(out: &mut Output<'_>, state: &State<'_, '_>, value: &Value) -> Result<(), Error> {
    if value.is_none() {
        return Err(Error::new(
            ErrorKind::InvalidOperation,
            "writes a field the letter may not have; ask with `{% if … %}` first",
        ));
    }
    let text = value.to_string();
    let written = if state.auto_escape() == AutoEscape::Html && !value.is_safe() {
        out.write_str(&escaped(&text))
    } else {
        out.write_str(&text)
    };
    written.map_err(Error::from)
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

/// An officer's text as HTML paragraphs.
fn paragraphs(text: &str) -> String {
    text.split("\n\n")
        .map(str::trim)
        .filter(|paragraph| !paragraph.is_empty())
        .map(|paragraph| {
            let lines: Vec<String> = paragraph.lines().map(escaped).collect();
            format!("<p>{}</p>\n", lines.join("<br>\n"))
        })
        .collect()
}

/// The letter's fields, without any character that could break a line, hide text or turn it
/// round.
fn fields_of(letter: &Letter) -> Result<serde_json::Map<String, Json>, RenderError> {
    let mut tree = serde_json::to_value(letter)?;
    clean(&mut tree);
    let mut fields = match tree {
        Json::Object(fields) => fields,
        _ => serde_json::Map::new(),
    };
    fields.insert("is_by_post".to_owned(), Json::from(false));
    Ok(fields)
}

/// Officers' words keep their lines; everything else is one.
fn clean(tree: &mut Json) {
    match tree {
        Json::String(text) => *text = words_of(&cleaned(text)),
        Json::Array(items) => items.iter_mut().for_each(clean),
        Json::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Json::String(text) if matches!(name.as_str(), "text" | "reason") => {
                        *text = cleaned(text).trim().to_owned();
                    }
                    other => clean(other),
                }
            }
        }
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}

fn cleaned(text: &str) -> String {
    text.replace("\r\n", "\n")
        .chars()
        .map(|c| {
            if matches!(c, '\r' | '\u{2028}' | '\u{2029}' | '\u{85}') {
                '\n'
            } else {
                c
            }
        })
        .filter(|c| matches!(c, '\n' | '\t') || !(c.is_control() || is_turning(*c)))
        .collect()
}

/// Characters that reorder or hide what stands beside them.
fn is_turning(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{feff}')
}

/// One line of at most 150 characters.
fn one_line(text: &str) -> String {
    words_of(text).chars().take(150).collect()
}

fn words_of(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// No trailing spaces, never two empty lines together, one line end at the end.
fn tidy(text: &str) -> String {
    let mut lines: Vec<&str> = Vec::new();
    for line in text.trim().lines().map(str::trim_end) {
        if !(line.is_empty() && lines.last().is_some_and(|last| last.is_empty())) {
            lines.push(line);
        }
    }
    let mut out = lines.join("\n");
    out.push('\n');
    out
}

/// What a reader sees of an HTML page.
fn text_of(html: &str) -> String {
    let body = html.split_once("<body").map_or(html, |(_, body)| body);
    let mut out = String::new();
    let mut is_tag = false;
    for c in body.chars() {
        match c {
            '<' => is_tag = true,
            '>' => {
                is_tag = false;
                out.push(' ');
            }
            _ if !is_tag => out.push(c),
            _ => {}
        }
    }
    out
}

fn told(path: &str, error: &Error) -> RenderError {
    RenderError::Template {
        template: error.name().unwrap_or(path).to_owned(),
        why: plain_error(error),
    }
}

/// The engine's message with its line, and no values (they may be personal).
fn plain_error(error: &Error) -> String {
    let what = error
        .detail()
        .map_or_else(|| error.kind().to_string(), str::to_owned);
    match error.line() {
        Some(line) => format!("line {line}: {what}"),
        None => what,
    }
}

#[cfg(test)]
mod tests;
