//! Reads JSON and refuses what two readers could read differently.
//!
//! Repeated names, text that is not UTF-8, lone surrogates, numbers beyond what a number can hold
//! and anything after the document are 400, with line and column. What is well-formed but does not
//! fit is [`super::shape`]'s business.

use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::problem::Problem;

/// Deeper than any document of ours; a hundred thousand brackets must not cost a stack.
const DEEPEST: usize = 64;

/// Reads one document.
///
/// # Errors
/// 400 `malformed_json`, saying where.
pub fn read(bytes: &[u8]) -> Result<Value, Problem> {
    if bytes.is_empty() {
        return Err(malformed("A JSON document is needed; the body is empty."));
    }
    let text = std::str::from_utf8(bytes)
        .map_err(|error| malformed(format!("Not UTF-8 from byte {} on.", error.valid_up_to())))?;
    if text.starts_with('\u{feff}') {
        return Err(malformed(
            "The document begins with a byte order mark. Leave it out.",
        ));
    }
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = Strict { depth: 0 }
        .deserialize(&mut reader)
        .map_err(|error| at_its_place(&error))?;
    reader.end().map_err(|error| at_its_place(&error))?;
    Ok(value)
}

fn malformed(detail: impl Into<String>) -> Problem {
    Problem::unreadable("malformed_json", detail)
}

fn at_its_place(error: &serde_json::Error) -> Problem {
    let told = error.to_string();
    // The library ends with the place; say it once, in our words.
    let what = told.split(" at line ").next().unwrap_or("not JSON");
    malformed(format!(
        "Line {}, column {}: {what}.",
        error.line(),
        error.column()
    ))
}

struct Strict {
    depth: usize,
}

impl Strict {
    fn inside<E: de::Error>(&self) -> Result<Self, E> {
        if self.depth >= DEEPEST {
            return Err(E::custom(format!("nested deeper than {DEEPEST} levels")));
        }
        Ok(Self {
            depth: self.depth + 1,
        })
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| E::custom("a number out of range"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(self.inside::<A::Error>()?)? {
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            if object.contains_key(&name) {
                return Err(de::Error::custom("a name stands twice in one object"));
            }
            let value = members.next_value_seed(self.inside::<A::Error>()?)?;
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_json_is_read_as_it_stands() {
        let check = |text: &str, expect: Value| {
            assert_eq!(read(text.as_bytes()).unwrap(), expect, "{text}")
        };
        check("{}", json!({}));
        check(
            " {\"b\":1,\"a\":[null,true,-2,3.5,\"\\u00e9\\ud83d\\ude00\"]} \n",
            json!({"b":1,"a":[null,true,-2,3.5,"é😀"]}),
        );
        check(
            "{\"a\":{\"a\":1},\"b\":{\"a\":2}}",
            json!({"a":{"a":1},"b":{"a":2}}),
        );
        check(
            "18446744073709551615",
            json!(18_446_744_073_709_551_615_u64),
        );
        let deep = format!("{}1{}", "[".repeat(64), "]".repeat(64));
        assert!(read(deep.as_bytes()).is_ok());
    }

    #[test]
    fn what_two_readers_could_read_differently_is_refused() {
        let check = |bytes: &[u8], says: &str| {
            let problem = read(bytes).unwrap_err();
            let shown = String::from_utf8_lossy(bytes);
            assert_eq!(
                (problem.status, problem.code),
                (400, "malformed_json"),
                "{shown}"
            );
            assert!(problem.detail.contains(says), "{shown}: {}", problem.detail);
        };
        check(b"", "empty");
        check(
            b"{\"a\":1,\n\"a\":2}",
            "Line 2, column 3: a name stands twice",
        );
        check(b"{\"a\":1,\"\\u0061\":2}", "twice");
        check(b"{\"a\":[{\"b\":1,\"b\":1}]}", "twice");
        check(b"\xef\xbb\xbf{}", "byte order mark");
        check(b"{\"a\":\"\xff\"}", "Not UTF-8 from byte 6");
        check(b"{\"a\":\"\\ud800\"}", "Line 1");
        check(b"{\"a\":\"\\udc00\"}", "Line 1");
        check(b"{\"a\":1e999}", "out of range");
        check(b"{\"a\":NaN}", "Line 1");
        check(b"{\"a\":01}", "Line 1");
        check(b"{\"a\":1,}", "Line 1");
        check(b"{'a':1}", "Line 1");
        check(b"{} {}", "trailing");
        check(b"{\"a\":\"\n\"}", "Line 2");
        check(b"{\"a\":1", "Line 1");
        let deep = format!("{}1{}", "[".repeat(65), "]".repeat(65));
        check(deep.as_bytes(), "deeper than 64");
        check("[".repeat(100_000).as_bytes(), "deeper than 64");
    }

    proptest! {
        #[test]
        fn whatever_comes_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let once = read(&bytes).map_err(|problem| problem.code);
            let plain: Result<Value, _> = serde_json::from_slice(&bytes);
            if let Ok(value) = once {
                prop_assert_eq!(plain.unwrap(), value);
            }
        }
    }
}
