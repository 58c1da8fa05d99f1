//! Holds a document against the schema of the type it is to become, and names every fault in it.
//!
//! The schema is the published one: what the contract says and what is refused cannot differ. A
//! stop at the first fault would make somebody send a form seven times; so all are named at once,
//! each with a pointer, a stable code and plain words. What fits its schema is then read into the
//! type.

use std::any::TypeId;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError, RwLock};

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::casework::Fault;

mod faults;
mod formats;

/// What a parameter's text is read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Number,
    Boolean,
    /// With commas between.
    List,
    Text,
}

/// Faults beyond this many are left out: nobody reads them, and they must not make an answer large.
const MOST_FAULTS: usize = 100;

/// Reads a document into `T`.
///
/// # Errors
/// Every fault.
pub fn fit<T: DeserializeOwned + JsonSchema + 'static>(value: Value) -> Result<T, Vec<Fault>> {
    let mut found = faults_in::<T>(&value);
    if found.is_empty() {
        return serde_json::from_value(value).map_err(|error| {
            vec![Fault {
                pointer: String::new(),
                code: "wrong_type",
                detail: error.to_string(),
            }]
        });
    }
    found.truncate(MOST_FAULTS);
    Err(found)
}

/// The names of `T`'s members, as query parameters.
#[must_use]
pub fn parameter_names<T: JsonSchema>() -> Vec<String> {
    let schema = closed_schema::<T>();
    members(&schema)
        .map(|members| members.keys().cloned().collect())
        .unwrap_or_default()
}

/// What the text of one of `T`'s members is read as.
#[must_use]
pub fn parameter_kind<T: JsonSchema + 'static>(name: &str) -> Kind {
    shape_of::<T>()
        .kinds
        .get(name)
        .copied()
        .unwrap_or(Kind::Text)
}

/// Makes a schema of what is sent say what we hold it to: members it does not name are refused, and
/// a text that says nothing else is one line.
pub fn close(schema: &mut Value) {
    close_with(schema, true);
}

/// Every fault of a document against `T`'s schema.
fn faults_in<T: JsonSchema + 'static>(value: &Value) -> Vec<Fault> {
    let shape = shape_of::<T>();
    let mut found = Vec::new();
    for error in shape.validator.iter_errors(value) {
        faults::tell(&error, &mut found);
    }
    faults::tell_null_characters(value, "", &mut found);
    found.retain(|fault| fault.code != "control_character" || !shape.cleans(&fault.pointer));
    found
}

struct Shape {
    validator: jsonschema::Validator,
    kinds: BTreeMap<String, Kind>,
    /// Texts that are cleaned before anything is done with them; `*` stands for any place in a list.
    cleaned: Vec<Vec<String>>,
}

impl Shape {
    fn cleans(&self, pointer: &str) -> bool {
        let steps: Vec<&str> = pointer.split('/').skip(1).collect();
        self.cleaned.iter().any(|path| {
            path.len() == steps.len()
                && path.iter().zip(&steps).all(|(own, step)| {
                    own == step || (own == "*" && step.bytes().all(|byte| byte.is_ascii_digit()))
                })
        })
    }
}

/// Compiling a schema takes longer than using it, and a type's never changes.
static COMPILED: RwLock<Option<HashMap<TypeId, Arc<Shape>>>> = RwLock::new(None);

fn shape_of<T: JsonSchema + 'static>() -> Arc<Shape> {
    let id = TypeId::of::<T>();
    let known = COMPILED.read().unwrap_or_else(PoisonError::into_inner);
    if let Some(shape) = known.as_ref().and_then(|shapes| shapes.get(&id)) {
        return Arc::clone(shape);
    }
    drop(known);
    let shape = Arc::new(compile(&closed_schema::<T>()));
    let mut known = COMPILED.write().unwrap_or_else(PoisonError::into_inner);
    Arc::clone(known.get_or_insert_default().entry(id).or_insert(shape))
}

fn closed_schema<T: JsonSchema>() -> Value {
    let mut schema = SchemaSettings::draft2020_12()
        .for_deserialize()
        .into_generator()
        .into_root_schema_for::<T>()
        .to_value();
    close(&mut schema);
    schema
}

fn compile(schema: &Value) -> Shape {
    let validator = formats::known(jsonschema::options())
        .build(schema)
        .expect("the schema is derived from a type of ours, and a test compiles each");
    let kinds = members(schema)
        .into_iter()
        .flatten()
        .map(|(name, member)| (name.clone(), kind(member)))
        .collect();
    let mut cleaned = Vec::new();
    note_cleaned(schema, schema, &mut Vec::new(), &mut cleaned);
    Shape {
        validator,
        kinds,
        cleaned,
    }
}

/// Deeper than any document of ours.
const DEEPEST: usize = 8;

fn note_cleaned(
    whole: &Value,
    schema: &Value,
    path: &mut Vec<String>,
    found: &mut Vec<Vec<String>>,
) {
    if schema.get("format").and_then(Value::as_str) == Some("cleaned") {
        found.push(path.clone());
    }
    if path.len() >= DEEPEST {
        return;
    }
    let named = schema
        .get("$ref")
        .and_then(Value::as_str)
        .and_then(|pointer| whole.pointer(pointer.strip_prefix('#')?));
    if let Some(named) = named {
        note_cleaned(whole, named, path, found);
    }
    for (name, member) in members(schema).into_iter().flatten() {
        path.push(name.clone());
        note_cleaned(whole, member, path, found);
        path.pop();
    }
    if let Some(items) = schema.get("items") {
        path.push("*".to_owned());
        note_cleaned(whole, items, path, found);
        path.pop();
    }
}

fn members(schema: &Value) -> Option<&Map<String, Value>> {
    schema.get("properties").and_then(Value::as_object)
}

fn kind(member: &Value) -> Kind {
    let is = |name: &str| match member.get("type") {
        Some(Value::String(own)) => own == name,
        Some(Value::Array(own)) => own.iter().any(|own| own == name),
        _ => false,
    };
    if is("integer") || is("number") {
        Kind::Number
    } else if is("boolean") {
        Kind::Boolean
    } else if is("array") {
        Kind::List
    } else {
        Kind::Text
    }
}

fn close_with(schema: &mut Value, may_close: bool) {
    let Value::Object(object) = schema else {
        return;
    };
    let has_branches = ["allOf", "anyOf", "oneOf"]
        .iter()
        .any(|key| object.contains_key(*key));
    let has_members = object.contains_key("properties");
    let is_open = !object.contains_key("additionalProperties")
        && !object.contains_key("unevaluatedProperties");
    if has_members && is_open && may_close {
        // A flattened enum leaves some members in branches, which only this keyword looks into.
        let keyword = if has_branches {
            "unevaluatedProperties"
        } else {
            "additionalProperties"
        };
        object.insert(keyword.to_owned(), Value::Bool(false));
    }
    if is_plain_text(object) {
        object.insert("format".to_owned(), Value::from("single-line"));
    }
    for key in ["allOf", "anyOf", "oneOf", "prefixItems"] {
        if let Some(Value::Array(branches)) = object.get_mut(key) {
            let may_close = may_close && !has_members;
            branches
                .iter_mut()
                .for_each(|branch| close_with(branch, may_close));
        }
    }
    for key in ["items", "additionalProperties"] {
        if let Some(inner) = object.get_mut(key) {
            close_with(inner, true);
        }
    }
    for key in ["properties", "$defs", "patternProperties"] {
        if let Some(Value::Object(inner)) = object.get_mut(key) {
            inner.values_mut().for_each(|inner| close_with(inner, true));
        }
    }
}

fn is_plain_text(object: &Map<String, Value>) -> bool {
    let is_text = match object.get("type") {
        Some(Value::String(own)) => own == "string",
        Some(Value::Array(own)) => own.iter().any(|own| own == "string"),
        _ => false,
    };
    is_text
        && !["format", "enum", "const", "pattern"]
            .iter()
            .any(|key| object.contains_key(*key))
}

#[cfg(test)]
mod tests;
