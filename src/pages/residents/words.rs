//! What residents' pages say, in English and Welsh: two catalogues with the same keys, dates, plurals and
//! opening hours as each language has them, and whose language a request is in.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use actix_web::http::header::HeaderMap;
use jiff::civil::Date;
use minijinja::value::{Kwargs, ValueKind};
use minijinja::{Environment, Error, ErrorKind, State, Value};

use crate::domain::wording::{self, Language, welsh_hours};
use crate::http::cookies::Cookie;
use crate::http::{Call, Front};

/// Remembers the language somebody chose.
pub const CHOSEN: Cookie = Cookie {
    name: "lang",
    path: "/",
};
/// A year.
pub const CHOSEN_SECONDS: i64 = 365 * 24 * 60 * 60;
/// What says it in an address, and in a form.
pub const PARAMETER: &str = "lang";

const ENGLISH: &str = include_str!("../words/en.toml");
const WELSH: &str = include_str!("../words/cy.toml");

static CATALOGUES: LazyLock<[Value; 2]> = LazyLock::new(|| [read(ENGLISH), read(WELSH)]);

fn read(text: &str) -> Value {
    let table: toml::Table = text
        .parse()
        .expect("the words are built in, and a test reads both");
    Value::from_serialize(table)
}

/// Everything that is said in a language.
#[must_use]
pub fn words(language: Language) -> &'static Value {
    let [english, welsh] = &*CATALOGUES;
    match language {
        Language::English => english,
        Language::Welsh => welsh,
    }
}

/// One sentence by its key (`find.title`), with what is in braces filled in.
#[must_use]
pub fn say(language: Language, key: &str, with: &[(&str, &str)]) -> String {
    let found = found(language, key).unwrap_or_default();
    with.iter().fold(found.to_string(), |text, (name, value)| {
        text.replace(&format!("{{{name}}}"), value)
    })
}

/// A sentence that depends on a number: `length.days`.
#[must_use]
pub fn count(language: Language, key: &str, n: u64) -> String {
    let forms = found(language, key).unwrap_or_default();
    form_of(&forms, language, n)
}

fn found(language: Language, key: &str) -> Option<Value> {
    key.split('.')
        .try_fold(words(language).clone(), |value, part| {
            value
                .get_attr(part)
                .ok()
                .filter(|found| !found.is_undefined())
        })
}

fn form_of(forms: &Value, language: Language, n: u64) -> String {
    let wanted = forms.get_attr(plural(language, n)).unwrap_or_default();
    let form = if wanted.is_undefined() {
        forms.get_attr("other").unwrap_or_default()
    } else {
        wanted
    };
    form.to_string().replace("{n}", &n.to_string())
}

/// The plural category of a whole number, as Unicode has them.
const fn plural(language: Language, n: u64) -> &'static str {
    match (language, n) {
        (Language::Welsh, 0) => "zero",
        (_, 1) => "one",
        (Language::Welsh, 2) => "two",
        (Language::Welsh, 3) => "few",
        (Language::Welsh, 6) => "many",
        _ => "other",
    }
}

/// The language of a request: what its address says, else what was chosen before, else English.
#[must_use]
pub fn language_of(call: &Call) -> Language {
    asked(call).unwrap_or(Language::English)
}

/// What its address says, else what was chosen before.
#[must_use]
pub fn asked(call: &Call) -> Option<Language> {
    let asked = call.query_pairs().ok().and_then(|pairs| {
        let found = pairs.into_iter().find(|(name, _)| name == PARAMETER);
        found.and_then(|(_, value)| value.parse().ok())
    });
    asked.or_else(|| kept(&call.front, &call.headers))
}

/// What was chosen before, else English.
#[must_use]
pub fn chosen(front: &Front, headers: &HeaderMap) -> Language {
    kept(front, headers).unwrap_or(Language::English)
}

fn kept(front: &Front, headers: &HeaderMap) -> Option<Language> {
    CHOSEN.read_from(front, headers)?.parse().ok()
}

/// The cookie that keeps the language an address asks for.
#[must_use]
pub fn keep(call: &Call) -> Option<String> {
    let pairs = call.query_pairs().ok()?;
    let (_, asked) = pairs.into_iter().find(|(name, _)| name == PARAMETER)?;
    let language: Language = asked.parse().ok()?;
    Some(CHOSEN.set(call, language.as_str(), Some(CHOSEN_SECONDS)))
}

/// The other of the two.
#[must_use]
pub const fn other(language: Language) -> Language {
    match language {
        Language::English => Language::Welsh,
        Language::Welsh => Language::English,
    }
}

/// A date with its weekday.
#[must_use]
pub fn day(on: Date, language: Language) -> String {
    wording::day(on, language)
}

/// Opening hours; what cannot be said in Welsh stays as it is.
#[must_use]
pub fn hours(english: &str, language: Language) -> String {
    match language {
        Language::English => english.to_owned(),
        Language::Welsh => in_welsh(english).unwrap_or_else(|| english.to_owned()),
    }
}

/// With the line that is open now, where the service is not.
fn in_welsh(english: &str) -> Option<String> {
    match english.split_once("; now, outside these hours, ") {
        None => welsh_hours(english),
        Some((hours, number)) => {
            let hours = welsh_hours(hours)?;
            Some(format!("{hours}; nawr, y tu allan i'r oriau hyn, {number}"))
        }
    }
}

/// What templates fill sentences in with: `{{ w.find.sent | fill(phone=frame.main_phone) }}` and
/// `{{ w.services.found | plural(n=3) }}`.
pub fn add_filters(env: &mut Environment<'static>) {
    env.add_filter("fill", fill);
    env.add_filter("plural", of_number);
}

fn fill(text: String, with: Kwargs) -> Result<String, Error> {
    let mut filled = text;
    for name in with.args() {
        let value: Value = with.get(name)?;
        filled = filled.replace(&format!("{{{name}}}"), &value.to_string());
    }
    Ok(filled)
}

fn of_number(state: &State<'_, '_>, forms: Value, with: Kwargs) -> Result<String, Error> {
    let n: u64 = with.get("n")?;
    if forms.kind() != ValueKind::Map {
        let why = "a plural has a form for each kind of number";
        return Err(Error::new(ErrorKind::InvalidOperation, why));
    }
    let around = state.lookup("around");
    let tag = around.and_then(|around| around.get_attr("lang").ok());
    let language = tag
        .and_then(|tag| tag.as_str()?.parse().ok())
        .unwrap_or(Language::English);
    Ok(form_of(&forms, language, n))
}

/// Every sentence of a catalogue by its key.
#[must_use]
pub fn sentences(language: Language) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    collect("", words(language), &mut all);
    all
}

fn collect(key: &str, value: &Value, all: &mut BTreeMap<String, String>) {
    if value.kind() != ValueKind::Map {
        all.insert(key.to_owned(), value.to_string());
        return;
    }
    for name in value.try_iter().into_iter().flatten() {
        let below = value.get_item(&name).unwrap_or_default();
        let key = if key.is_empty() {
            name.to_string()
        } else {
            format!("{key}.{name}")
        };
        collect(&key, &below, all);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use regex::Regex;

    use super::*;
    use crate::domain::wording::{banned_words, long_sentences};

    const PLURALS: [&str; 6] = ["zero", "one", "two", "few", "many", "other"];

    /// Keys, with the forms of a plural put together.
    fn keys(language: Language) -> BTreeSet<String> {
        let all = sentences(language).into_keys();
        all.map(|key| match key.rsplit_once('.') {
            Some((before, last)) if PLURALS.contains(&last) => before.to_owned(),
            _ => key,
        })
        .collect()
    }

    #[test]
    fn everything_is_said_in_both_languages() {
        assert_eq!(keys(Language::English), keys(Language::Welsh));
        let english = sentences(Language::English);
        let braces = Regex::new(r"\{[a-z_]+\}").unwrap();
        for (key, welsh) in sentences(Language::Welsh) {
            assert!(!welsh.trim().is_empty(), "{key}");
            // What is filled in stands in both; a form for one may say it in words.
            let Some(own) = english.get(&key) else {
                continue;
            };
            let named = |text: &str| -> BTreeSet<String> {
                braces
                    .find_iter(text)
                    .map(|found| found.as_str().to_owned())
                    .collect()
            };
            if !key.ends_with(".one") {
                assert_eq!(named(own), named(&welsh), "{key}");
            }
        }
        for (language, forms) in [
            (Language::English, &["one", "other"][..]),
            (Language::Welsh, &["one", "two", "other"]),
        ] {
            let all = sentences(language);
            let plurals = all.keys().filter_map(|key| key.strip_suffix(".other"));
            for key in plurals {
                for form in forms {
                    assert!(all.contains_key(&format!("{key}.{form}")), "{key}.{form}");
                }
            }
        }
    }

    #[test]
    fn residents_read_plain_words() {
        for language in [Language::English, Language::Welsh] {
            for (key, text) in sentences(language) {
                assert_eq!(banned_words(&text), Vec::<&str>::new(), "{key}: {text}");
                assert_eq!(long_sentences(&text), Vec::<String>::new(), "{key}");
            }
        }
    }

    #[test]
    fn every_word_a_template_or_page_names_is_there() {
        let there = keys(Language::English);
        let has = |key: &str| {
            there.contains(key) || there.iter().any(|one| one.starts_with(&format!("{key}.")))
        };
        let mut n_named = 0;
        let named = Regex::new(r"\bw\.([a-z_]+(?:\.[a-z0-9_]+)+)").unwrap();
        for (name, text) in super::super::templates() {
            for found in named.captures_iter(text) {
                assert!(has(&found[1]), "{name} says {}", &found[1]);
                n_named += 1;
            }
        }
        let named = Regex::new(r#"(?:say|count|told)\(\s*[a-z_.()&]+,\s*"([a-z0-9_.]+)""#).unwrap();
        for text in super::super::SOURCES {
            for found in named.captures_iter(text) {
                assert!(has(&found[1]), "a page says {}", &found[1]);
                n_named += 1;
            }
        }
        assert!(n_named > 150, "{n_named}");
    }

    #[test]
    fn a_number_takes_the_form_its_language_has_for_it() {
        let days = |language, n| count(language, "length.days", n);
        assert_eq!(days(Language::English, 1), "1 day");
        assert_eq!(days(Language::English, 2), "2 days");
        assert_eq!(days(Language::Welsh, 2), "2 ddiwrnod");
        assert_eq!(days(Language::Welsh, 5), "5 diwrnod");
        assert_eq!(plural(Language::Welsh, 6), "many");
        assert_eq!(plural(Language::English, 0), "other");
    }

    #[test]
    fn hours_are_said_in_welsh_with_the_line_that_is_open_now() {
        let said = hours(
            "Monday to Friday, 8.30am to 5pm; now, outside these hours, 01632 960999",
            Language::Welsh,
        );
        assert_eq!(
            said,
            "dydd Llun i ddydd Gwener, 8.30am i 5pm; nawr, y tu allan i'r oriau hyn, 01632 960999"
        );
    }

    #[test]
    fn what_is_filled_in_is_no_template() {
        let said = say(Language::English, "sent.call", &[("phone", "{hours}<b>")]);
        assert_eq!(said, "If you need to talk to us about it, call {hours}<b>.");
        assert_eq!(say(Language::English, "no.such", &[]), "");
    }
}
