//! Answers to a category's own questions, held against them.
//!
//! One rule for every door: a form in parts gives texts, JSON gives texts, numbers and lists of them.

use serde_json::{Map, Value};

use super::field::{Datatype, Field, INSTANT, instant};

/// One answer that cannot be meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadAnswer {
    /// The question's code.
    pub field: String,
    /// Stable code.
    pub code: &'static str,
    pub detail: String,
}

/// How strictly a door looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strictness {
    /// What is answered must fit its question. Somebody on the telephone may not know the rest.
    Fitting,
    /// Besides, what must be answered is, and nothing is answered that was not asked.
    Complete,
}

/// The longest answer, in characters.
const LONGEST: usize = 4_000;

impl Field {
    /// What is wrong with an answer to this question, given as texts; none is fine here.
    #[must_use]
    pub fn fault_in(&self, values: &[&str]) -> Option<(&'static str, String)> {
        let first = values.first()?;
        if values.len() > 1 && self.datatype != Datatype::SomeOf {
            return Some(("too_many", "One answer, not several.".to_owned()));
        }
        match self.datatype {
            Datatype::Number if !first.trim().parse::<f64>().is_ok_and(f64::is_finite) => {
                Some(("wrong_type", "A number, such as 3 or 2.5.".to_owned()))
            }
            Datatype::Datetime if instant(first).is_none() => {
                Some(("bad_format", INSTANT.to_owned()))
            }
            Datatype::String if first.contains('\n') => {
                Some(("control_character", "One line.".to_owned()))
            }
            Datatype::OneOf | Datatype::SomeOf
                if values.iter().any(|value| !self.offers(value)) =>
            {
                let known: Vec<&str> = self.values.iter().map(|one| one.key.as_str()).collect();
                Some(("unknown_value", format!("One of: {}.", known.join(", "))))
            }
            _ => None,
        }
    }
}

/// Everything that is wrong with the answers to a category's questions.
#[must_use]
pub fn check_answers(
    fields: &[Field],
    given: &Map<String, Value>,
    strictness: Strictness,
) -> Vec<BadAnswer> {
    let mut bad = Vec::new();
    let mut add = |field: &str, code, detail: String| {
        bad.push(BadAnswer {
            field: field.to_owned(),
            code,
            detail,
        });
    };
    let asked = || fields.iter().filter(|field| field.asked);
    for field in asked() {
        let texts = match given.get(&field.code).map_or(Ok(Vec::new()), texts) {
            Ok(texts) => texts,
            Err((code, detail)) => {
                add(&field.code, code, detail.to_owned());
                continue;
            }
        };
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        if texts.is_empty() && field.required && strictness == Strictness::Complete {
            let detail = format!("An answer is needed: {}", field.question);
            add(&field.code, "missing_field", detail);
        }
        if let Some((code, detail)) = field.fault_in(&texts) {
            add(&field.code, code, detail);
        }
    }
    if strictness == Strictness::Complete {
        for code in given
            .keys()
            .filter(|code| asked().all(|field| field.code != **code))
        {
            let known: Vec<&str> = asked().map(|field| field.code.as_str()).collect();
            let detail = if known.is_empty() {
                "This asks nothing of its own: leave it out.".to_owned()
            } else {
                format!("This is not asked here; asked are: {}.", known.join(", "))
            };
            add(code, "unknown_field", detail);
        }
    }
    bad
}

/// An answer as texts; an empty one is none.
fn texts(value: &Value) -> Result<Vec<String>, (&'static str, &'static str)> {
    let one = |value: &Value| match value {
        Value::String(text) if text.chars().count() > LONGEST => {
            Err(("too_long", "At most 4,000 characters."))
        }
        Value::String(text) if text.chars().any(is_control) => Err((
            "control_character",
            "There is a control character in it; please type it again.",
        )),
        Value::String(text) => Ok((!text.trim().is_empty()).then(|| text.clone())),
        Value::Number(number) => Ok(Some(number.to_string())),
        Value::Null => Ok(None),
        Value::Bool(_) | Value::Array(_) | Value::Object(_) => Err((
            "wrong_type",
            "A text, a number, or a list of the keys that were chosen.",
        )),
    };
    match value {
        Value::Array(items) => items
            .iter()
            .filter_map(|item| one(item).transpose())
            .collect(),
        single => Ok(one(single)?.into_iter().collect()),
    }
}

const fn is_control(c: char) -> bool {
    matches!(c, '\0'..='\u{8}' | '\u{b}'..='\u{1f}' | '\u{7f}' | '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::catalogue::Choice;

    fn field(code: &str, datatype: Datatype, required: bool) -> Field {
        let values = ["bag", "van"].map(|key| Choice {
            key: key.to_owned(),
            name: key.to_uppercase(),
            name_cy: None,
        });
        Field {
            code: code.to_owned(),
            question: format!("What about {code}?"),
            question_cy: None,
            datatype,
            required,
            asked: true,
            hint: None,
            hint_cy: None,
            values: if datatype.is_chosen() {
                values.to_vec()
            } else {
                Vec::new()
            },
        }
    }

    fn faults(given: Value, strictness: Strictness) -> Vec<(String, &'static str)> {
        let told = Field {
            asked: false,
            ..field("told", Datatype::String, false)
        };
        let fields = [
            field("size", Datatype::OneOf, true),
            field("what", Datatype::SomeOf, false),
            field("days", Datatype::Number, false),
            field("seen", Datatype::Datetime, false),
            field("plate", Datatype::String, false),
            told,
        ];
        let Value::Object(given) = given else {
            panic!("answers are an object")
        };
        check_answers(&fields, &given, strictness)
            .into_iter()
            .map(|bad| (bad.field, bad.code))
            .collect()
    }

    #[test]
    fn an_answer_fits_its_question_or_is_named() {
        let good = json!({
            "size": "van", "what": ["bag", "van"], "days": 3, "seen": "2026-11-20T16:58:00Z", "plate": "ZZ99 ZZZ",
        });
        assert_eq!(faults(good, Strictness::Complete), []);
        let texts = json!({"size": "bag", "what": "bag", "days": "2.5", "plate": ""});
        assert_eq!(faults(texts, Strictness::Complete), []);
        let bad = json!({
            "size": "lorry", "what": ["bag", "lorry"], "days": "a few", "seen": "yesterday", "plate": "a\nb",
        });
        let expect = [
            ("size", "unknown_value"),
            ("what", "unknown_value"),
            ("days", "wrong_type"),
            ("seen", "bad_format"),
            ("plate", "control_character"),
        ];
        let expect: Vec<(String, &str)> = expect
            .iter()
            .map(|(field, code)| ((*field).to_owned(), *code))
            .collect();
        assert_eq!(faults(bad, Strictness::Fitting), expect);
        let odd = json!({"size": ["bag", "van"], "days": true, "plate": {"a": 1}, "what": [["bag"]], "seen": "\u{0}"});
        let codes: Vec<&str> = faults(odd, Strictness::Fitting)
            .iter()
            .map(|(_, code)| *code)
            .collect();
        assert_eq!(
            codes,
            [
                "too_many",
                "wrong_type",
                "wrong_type",
                "control_character",
                "wrong_type"
            ]
        );
    }

    #[test]
    fn a_form_is_complete_and_a_call_need_not_be() {
        let given = || json!({"told": "x", "colour": "red"});
        assert_eq!(faults(given(), Strictness::Fitting), []);
        let expect = [
            ("size", "missing_field"),
            ("told", "unknown_field"),
            ("colour", "unknown_field"),
        ];
        let expect: Vec<(String, &str)> = expect
            .iter()
            .map(|(field, code)| ((*field).to_owned(), *code))
            .collect();
        assert_eq!(faults(given(), Strictness::Complete), expect);
    }
}
