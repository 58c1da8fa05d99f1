//! Turns what the validator says into our codes and words.

use jsonschema::error::{TypeKind, ValidationError, ValidationErrorKind as Kind};
use jsonschema::{JsonType, JsonTypeSet};
use serde_json::Value;

use super::formats;
use crate::casework::Fault;

/// Adds the faults behind one error.
pub(super) fn tell(error: &ValidationError<'_>, found: &mut Vec<Fault>) {
    let here = error.instance_path.as_str();
    match &error.kind {
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
            for name in unexpected {
                add(
                    found,
                    below(here, name),
                    "unknown_field",
                    "There is no such field here.".to_owned(),
                );
            }
        }
        Kind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            add(
                found,
                below(here, name),
                "missing_field",
                format!("`{name}` is needed."),
            );
        }
        Kind::AnyOf { context } | Kind::OneOfNotValid { context } => {
            tell_branches(error, context, found)
        }
        kind => {
            let (code, detail) = say(kind, &error.instance);
            add(found, here.to_owned(), code, detail);
        }
    }
}

/// Databases cannot keep U+0000, and no text of ours needs it: it is refused wherever it stands,
/// in free fields too.
pub(super) fn tell_null_characters(value: &Value, here: &str, found: &mut Vec<Fault>) {
    let says = || "U+0000 cannot stand in a text or a name.".to_owned();
    match value {
        Value::String(text) if text.contains('\0') => {
            add(found, here.to_owned(), "control_character", says());
        }
        Value::Array(items) => {
            for (place, item) in items.iter().enumerate() {
                tell_null_characters(item, &below(here, &place.to_string()), found);
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                if name.contains('\0') {
                    add(found, here.to_owned(), "control_character", says());
                }
                tell_null_characters(member, &below(here, name), found);
            }
        }
        _ => {}
    }
}

/// None of several forms fits. Tells what is wrong with the one that was most likely meant.
fn tell_branches(
    error: &ValidationError<'_>,
    context: &[Vec<ValidationError<'static>>],
    found: &mut Vec<Fault>,
) {
    let here = error.instance_path.as_str();
    let meant: Vec<&Vec<ValidationError<'static>>> = context
        .iter()
        .filter(|branch| !branch.iter().all(|error| is_not_null(error, here)))
        .collect();
    let allowed: Vec<String> = meant
        .iter()
        .filter_map(|branch| allowed_here(branch, here))
        .flatten()
        .collect();
    if !meant.is_empty()
        && meant
            .iter()
            .all(|branch| allowed_here(branch, here).is_some())
    {
        let (code, detail) = if error.instance.is_string() {
            ("unknown_value", one_of(&allowed))
        } else {
            (
                "wrong_type",
                format!("This must be text: {}", one_of(&allowed)),
            )
        };
        add(found, here.to_owned(), code, detail);
        return;
    }
    let likeliest = meant.into_iter().min_by_key(|branch| {
        let is_another_type = branch.iter().any(|error| is_type_error_at(error, here));
        let is_another_kind = branch
            .iter()
            .any(|error| matches!(error.kind, Kind::Constant { .. }));
        (is_another_type, is_another_kind, branch.len())
    });
    match likeliest {
        Some(branch) if !branch.is_empty() => branch.iter().for_each(|error| tell(error, found)),
        _ => add(
            found,
            here.to_owned(),
            "wrong_type",
            "This fits none of the forms it may have.".to_owned(),
        ),
    }
}

fn is_not_null(error: &ValidationError<'_>, here: &str) -> bool {
    error.instance_path.as_str() == here
        && matches!(
            &error.kind,
            Kind::Type {
                kind: TypeKind::Single(JsonType::Null)
            }
        )
}

fn is_type_error_at(error: &ValidationError<'_>, here: &str) -> bool {
    error.instance_path.as_str() == here && matches!(error.kind, Kind::Type { .. })
}

/// The texts a branch allows, when that is all it asks.
fn allowed_here(branch: &[ValidationError<'_>], here: &str) -> Option<Vec<String>> {
    branch
        .iter()
        .filter(|error| error.instance_path.as_str() == here)
        .find_map(|error| match &error.kind {
            Kind::Enum { options } => Some(texts(options)),
            Kind::Constant { expected_value } => Some(texts(expected_value)),
            Kind::OneOfNotValid { context } | Kind::AnyOf { context } => {
                let inner: Option<Vec<Vec<String>>> = context
                    .iter()
                    .map(|branch| allowed_here(branch, here))
                    .collect();
                inner.map(|inner| inner.into_iter().flatten().collect())
            }
            _ => None,
        })
}

fn say(kind: &Kind, instance: &Value) -> (&'static str, String) {
    match kind {
        Kind::Type { kind } => (
            "wrong_type",
            format!("This must be {}, not {}.", wanted(kind), given(instance)),
        ),
        Kind::Enum { options } if may_be_any(options, instance) => {
            ("unknown_value", one_of(&texts(options)))
        }
        Kind::Constant { expected_value } if may_be_any(expected_value, instance) => {
            ("unknown_value", one_of(&texts(expected_value)))
        }
        Kind::Enum { options: allowed }
        | Kind::Constant {
            expected_value: allowed,
        } => (
            "wrong_type",
            format!("This must be text: {}", one_of(&texts(allowed))),
        ),
        Kind::MaxLength { limit } => ("too_long", format!("At most {limit} characters.")),
        Kind::MinLength { limit: 1 } => ("too_short", "This must not be empty.".to_owned()),
        Kind::MinLength { limit } => ("too_short", format!("At least {limit} characters.")),
        Kind::MaxItems { limit } => ("too_many", format!("At most {limit} entries.")),
        Kind::MinItems { limit } => ("too_few", format!("At least {limit} entries.")),
        Kind::MaxProperties { limit } => ("too_many", format!("At most {limit} fields.")),
        Kind::MinProperties { limit } => ("too_few", format!("At least {limit} fields.")),
        Kind::Maximum { limit } => ("out_of_range", format!("At most {limit}.")),
        Kind::Minimum { limit } => ("out_of_range", format!("At least {limit}.")),
        Kind::ExclusiveMaximum { limit } => ("out_of_range", format!("Less than {limit}.")),
        Kind::ExclusiveMinimum { limit } => ("out_of_range", format!("More than {limit}.")),
        Kind::MultipleOf { multiple_of } => {
            ("out_of_range", format!("A multiple of {multiple_of}."))
        }
        Kind::UniqueItems => ("repeated", "No entry may stand twice.".to_owned()),
        Kind::Pattern { pattern } => ("bad_format", format!("This must match `{pattern}`.")),
        Kind::Format { format } => misformatted(format, instance),
        _ => ("invalid", "This cannot be taken.".to_owned()),
    }
}

fn misformatted(format: &str, instance: &Value) -> (&'static str, String) {
    let text = instance.as_str().unwrap_or_default();
    match format {
        "single-line" => (
            "control_character",
            "One line, without control characters.".to_owned(),
        ),
        "multi-line" => (
            "control_character",
            "Tabs and ends of lines may stand here, no other control characters.".to_owned(),
        ),
        "date-time" if formats::lacks_offset(text) => (
            "offset_missing",
            "Say which offset: end it with `Z` or `+01:00`.".to_owned(),
        ),
        "date-time" => (
            "bad_format",
            "An instant, such as `2026-11-20T16:58:00Z`.".to_owned(),
        ),
        "date" => ("bad_format", "A date, such as `2026-11-24`.".to_owned()),
        "uuid" => (
            "bad_format",
            "An id, such as `019a9f5e-7c00-7000-8000-000000000001`.".to_owned(),
        ),
        "email" => (
            "bad_format",
            "An e-mail address, such as `ada@mail.example`.".to_owned(),
        ),
        other => (
            "bad_format",
            format!("This is not of the format `{other}`."),
        ),
    }
}

fn wanted(kind: &TypeKind) -> String {
    let types = match kind {
        TypeKind::Single(one) => JsonTypeSet::empty().insert(*one),
        TypeKind::Multiple(several) => *several,
    };
    let words: Vec<&str> = types
        .iter()
        .filter_map(|one| match one {
            JsonType::Array => Some("a list"),
            JsonType::Boolean => Some("true or false"),
            JsonType::Integer => Some("a whole number"),
            JsonType::Number => Some("a number"),
            JsonType::Object => Some("an object"),
            JsonType::String => Some("text"),
            // That it may be left out is not what was meant.
            JsonType::Null => None,
        })
        .collect();
    if words.is_empty() {
        "null".to_owned()
    } else {
        words.join(" or ")
    }
}

fn given(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "this number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

fn may_be_any(allowed: &Value, instance: &Value) -> bool {
    let is_alike = |one: &Value| std::mem::discriminant(one) == std::mem::discriminant(instance);
    match allowed {
        Value::Array(several) => several.iter().any(is_alike),
        one => is_alike(one),
    }
}

fn texts(allowed: &Value) -> Vec<String> {
    let one = |value: &Value| match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    };
    match allowed {
        Value::Array(several) => several.iter().filter_map(one).collect(),
        value => one(value).into_iter().collect(),
    }
}

fn one_of(allowed: &[String]) -> String {
    format!("One of: {}.", allowed.join(", "))
}

fn below(here: &str, name: &str) -> String {
    format!("{here}/{}", name.replace('~', "~0").replace('/', "~1"))
}

fn add(found: &mut Vec<Fault>, pointer: String, code: &'static str, detail: String) {
    if !found
        .iter()
        .any(|fault| fault.pointer == pointer && fault.code == code)
    {
        found.push(Fault {
            pointer,
            code,
            detail,
        });
    }
}
