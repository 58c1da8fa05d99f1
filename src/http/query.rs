//! Query strings and forms: names and values, nothing guessed.
//!
//! A parameter the operation does not have, or one that comes twice, is 400: what is misspelt must
//! not silently mean "everything".

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::problem::Problem;
use super::shape;

/// Refuses parameters that are not among `names`.
pub(super) fn refuse_unknown(query: &str, names: &[String]) -> Result<(), Problem> {
    let unknown: Vec<String> = pairs(query)?
        .into_iter()
        .map(|(name, _)| name)
        .filter(|name| !names.contains(name))
        .collect();
    if unknown.is_empty() {
        return Ok(());
    }
    let known = if names.is_empty() {
        "It takes none.".to_owned()
    } else {
        format!("It takes: {}.", names.join(", "))
    };
    let detail = format!(
        "This operation does not have the parameter `{}`. {known}",
        unknown.join("`, `")
    );
    Err(unknown.iter().fold(
        Problem::unreadable("unknown_parameter", detail),
        |problem, name| {
            problem.at(
                pointer(name),
                "unknown_parameter",
                "Not a parameter of this operation.",
            )
        },
    ))
}

/// Refuses a credential in the address, where histories and logs would keep it. A parameter the
/// operation asks for by name may hold one.
pub(super) fn refuse_credentials(query: &str, names: &[String]) -> Result<(), Problem> {
    // What cannot be read is refused further on, and holds nothing that opens anything.
    let Ok(pairs) = pairs(query) else {
        return Ok(());
    };
    let found = pairs.into_iter().find(|(name, value)| {
        !names.contains(name)
            && (CREDENTIAL_NAMES.contains(&name.to_ascii_lowercase().as_str())
                || CREDENTIAL_PREFIXES
                    .iter()
                    .any(|prefix| value.starts_with(prefix)))
    });
    match found {
        None => Ok(()),
        Some((name, _)) => Err(Problem::unreadable(
            "credential_in_query",
            "Keys and tokens do not belong into an address, where logs keep them. Send \
             `Authorization: Bearer <key>`, and replace this one.",
        )
        .at(pointer(&name), "credential_in_query", "Not in the address.")),
    }
}

const CREDENTIAL_NAMES: &[&str] = &[
    "access_token",
    "api_key",
    "apikey",
    "api-key",
    "authorization",
];
const CREDENTIAL_PREFIXES: &[&str] = &["rvb_", "rvk_", "rvr_", "rvs_", "rvt_", "rvw_"];

/// Reads the parameters into `T`, each as its schema has it: a number where it says number.
pub(super) fn fit<T: DeserializeOwned + JsonSchema + 'static>(query: &str) -> Result<T, Problem> {
    let mut object = Map::new();
    for (name, text) in pairs(query)? {
        let value = match shape::parameter_kind::<T>(&name) {
            shape::Kind::Number => serde_json::from_str::<Value>(&text)
                .ok()
                .filter(Value::is_number)
                .unwrap_or(Value::String(text)),
            shape::Kind::Boolean => match text.as_str() {
                "true" => Value::Bool(true),
                "false" => Value::Bool(false),
                _ => Value::String(text),
            },
            shape::Kind::List => Value::Array(text.split(',').map(Value::from).collect()),
            shape::Kind::Text => Value::String(text),
        };
        if object.insert(name.clone(), value).is_some() {
            return Err(
                Problem::unreadable("repeated_parameter", format!("`{name}` came twice.")).at(
                    pointer(&name),
                    "repeated_parameter",
                    "Give it once.",
                ),
            );
        }
    }
    shape::fit(Value::Object(object)).map_err(|faults| {
        let (code, detail) = match faults.as_slice() {
            [fault] => (
                fault.code,
                format!(
                    "{}: {}",
                    fault.pointer.trim_start_matches('/'),
                    fault.detail
                ),
            ),
            _ => (
                "bad_parameter",
                "Several parameters cannot be read. `errors` names each.".to_owned(),
            ),
        };
        Problem {
            errors: faults,
            ..Problem::unreadable(code, detail)
        }
    })
}

/// Names and values, decoded, in their order.
pub fn pairs(text: &str) -> Result<Vec<(String, String)>, Problem> {
    text.split('&')
        .filter(|part| !part.is_empty())
        .map(|part| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            Ok((decode(name)?, decode(value)?))
        })
        .collect()
}

/// As a part of a query: what is not plain is written by its numbers.
#[must_use]
pub fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut all, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            all.push(char::from(byte));
        } else {
            all.push_str(&format!("%{byte:02X}"));
        }
        all
    })
}

fn decode(text: &str) -> Result<String, Problem> {
    let bad = || {
        Problem::unreadable(
            "malformed_query",
            "A percent sign must begin two hexadecimal digits of UTF-8.",
        )
    };
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let digits = [rest.next().ok_or_else(bad)?, rest.next().ok_or_else(bad)?];
                let digits = std::str::from_utf8(&digits).map_err(|_| bad())?;
                if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
                    return Err(bad());
                }
                bytes.push(u8::from_str_radix(digits, 16).map_err(|_| bad())?);
            }
            other => bytes.push(other),
        }
    }
    String::from_utf8(bytes).map_err(|_| bad())
}

fn pointer(name: &str) -> String {
    format!("/{}", name.replace('~', "~0").replace('/', "~1"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::paging::PageQuery;

    #[derive(Debug, serde::Deserialize, JsonSchema)]
    struct CaseQuery {
        #[serde(default)]
        queue: Option<String>,
        #[serde(default)]
        overdue: Option<bool>,
        #[serde(flatten)]
        page: PageQuery,
    }

    #[test]
    fn parameters_are_read_as_what_they_are() {
        let query: CaseQuery = fit("queue=waste%2Dops&overdue=true&limit=5").unwrap();
        assert_eq!(query.queue.as_deref(), Some("waste-ops"));
        assert_eq!(query.overdue, Some(true));
        assert_eq!(query.page.limit, 5);
        let query: CaseQuery = fit("").unwrap();
        assert_eq!(query.page.limit, 25);
        let numeric: CaseQuery = fit("queue=42").unwrap();
        assert_eq!(numeric.queue.as_deref(), Some("42"));
    }

    #[test]
    fn a_parameter_that_cannot_be_read_is_400_and_named() {
        let check = |query: &str, code: &str, pointer: &str| {
            let problem = fit::<CaseQuery>(query).unwrap_err();
            assert_eq!((problem.status, problem.code), (400, code), "{query}");
            assert_eq!(
                problem.errors.first().map(|fault| fault.pointer.as_str()),
                Some(pointer),
                "{query}"
            );
        };
        check("limit=0", "out_of_range", "/limit");
        check("limit=101", "out_of_range", "/limit");
        check("limit=ten", "wrong_type", "/limit");
        check("overdue=yes", "wrong_type", "/overdue");
        check("limit=5&limit=6", "repeated_parameter", "/limit");
        assert_eq!(
            fit::<CaseQuery>("queue=%zz").unwrap_err().code,
            "malformed_query"
        );
        assert_eq!(
            fit::<CaseQuery>("queue=%ff").unwrap_err().code,
            "malformed_query"
        );
        assert_eq!(
            fit::<CaseQuery>("queue=%+1").unwrap_err().code,
            "malformed_query"
        );
    }

    #[test]
    fn a_misspelt_parameter_is_refused() {
        let names = shape::parameter_names::<CaseQuery>();
        assert!(refuse_unknown("queue=a&limit=1", &names).is_ok());
        let problem = refuse_unknown("que=a", &names).unwrap_err();
        assert_eq!((problem.status, problem.code), (400, "unknown_parameter"));
        assert!(problem.detail.contains("queue"), "{}", problem.detail);
    }
}
