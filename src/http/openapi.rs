//! The published contract, written from the operations themselves.
//!
//! Every operation that is served and not a page stands in it, with its access, parameters, bodies,
//! answers and refusals; the schemas are those documents are held to. `openapi.yaml` at the root is
//! these bytes, and a test keeps it so.

use std::collections::{BTreeMap, BTreeSet};

use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::open311::{self, refusal};
use super::operation::{Allowance, Answered, Body, IfMatchUse, Operation, RefusedAs};
use super::problem::{ProblemDocument, title};
use super::{routes, shape};
use crate::channels::open311::Format;

mod parts;

/// Where components' schemas are.
const SCHEMAS: &str = "#/components/schemas/";

/// The contract as `openapi.yaml` holds it.
#[must_use]
pub fn document() -> String {
    let text =
        serde_norway::to_string(&tree()).expect("the contract is plain objects, lists and texts");
    format!("# Written by `reeve openapi`. Change the code, not this file.\n{text}")
}

/// The contract as a tree.
#[must_use]
pub fn tree() -> Value {
    let operations: Vec<Operation> = routes::operations()
        .into_iter()
        .filter(|operation| !operation.is_hidden)
        .collect();
    let mut writer = Writer::new();
    let problem = writer.answered::<ProblemDocument>();
    let errors = writer.answered::<open311::Errors>();
    let mut paths: Map<String, Value> = Map::new();
    for operation in &operations {
        let path = paths
            .entry(operation.path.to_owned())
            .or_insert_with(|| json!({}));
        if let Value::Object(methods) = path {
            methods.insert(
                operation.method.as_str().to_lowercase(),
                writer.operation(operation),
            );
        }
    }
    let mut tree = json!({
        "openapi": "3.1.0",
        "info": parts::info(),
        "servers": [{"url": "/", "description": "Where this document is served."}],
        "tags": parts::tags(operations.iter().map(|operation| operation.tag)),
        "paths": paths,
        "components": {
            "securitySchemes": parts::security_schemes(),
            "headers": parts::headers(),
            "responses": parts::refusals(&problem, &errors),
        },
    });
    let schemas = writer.finish(&mut tree);
    if let Some(Value::Object(components)) = tree.get_mut("components") {
        components.insert("schemas".to_owned(), Value::Object(schemas));
    }
    tree
}

/// Collects the schemas on the way. What is sent and what is answered may differ for one type (a
/// field that may be left out is always answered), so there are two collections.
struct Writer {
    sent: SchemaGenerator,
    answered: SchemaGenerator,
}

/// Marks references of what is sent until both collections are put together.
const SENT: &str = "#/sent/";

impl Writer {
    fn new() -> Self {
        let at = |path: &'static str| {
            SchemaSettings::draft2020_12().with(|settings| {
                settings.definitions_path = path.into();
                settings.meta_schema = None;
            })
        };
        Self {
            sent: at("/sent").for_deserialize().into_generator(),
            answered: at("/components/schemas").for_serialize().into_generator(),
        }
    }

    fn answered<T: schemars::JsonSchema>(&mut self) -> Value {
        self.answered.subschema_for::<T>().to_value()
    }

    fn operation(&mut self, operation: &Operation) -> Value {
        let mut written = Map::new();
        written.insert("operationId".to_owned(), json!(operation.id));
        written.insert("summary".to_owned(), json!(operation.summary));
        if !operation.description.is_empty() {
            written.insert("description".to_owned(), json!(operation.description));
        }
        written.insert("tags".to_owned(), json!([operation.tag]));
        written.insert("x-reeve-access".to_owned(), operation.access.document());
        written.insert("security".to_owned(), security(operation));
        let parameters = self.parameters(operation);
        if !parameters.is_empty() {
            written.insert("parameters".to_owned(), Value::Array(parameters));
        }
        if !operation.bodies.is_empty() {
            written.insert("requestBody".to_owned(), self.body(operation));
        }
        written.insert("responses".to_owned(), self.responses(operation));
        Value::Object(written)
    }

    fn parameters(&self, operation: &Operation) -> Vec<Value> {
        let mut parameters: Vec<Value> = operation
            .path_names()
            .into_iter()
            .map(|name| parts::path_parameter(name, operation.path_notes.get(name).copied()))
            .collect();
        if let Some(query) = &operation.query {
            let mut inline = SchemaSettings::draft2020_12()
                .with(|settings| settings.inline_subschemas = true)
                .for_deserialize()
                .into_generator();
            let schema = (query.schema)(&mut inline).to_value();
            parameters.extend(parts::query_parameters(schema));
        }
        if operation.is_idempotent {
            parameters.push(parts::idempotency_key());
        }
        match operation.if_match {
            IfMatchUse::Ignored => {}
            IfMatchUse::Optional => parameters.push(parts::if_match(false)),
            IfMatchUse::Required => parameters.push(parts::if_match(true)),
        }
        if operation.has_etag && operation.method == actix_web::http::Method::GET {
            parameters.push(parts::if_none_match());
        }
        let schemes = operation.access.schemes();
        if schemes.contains(&"access_token") && schemes.contains(&"api_key") {
            parameters.push(parts::acting_user());
        }
        parameters
    }

    fn body(&mut self, operation: &Operation) -> Value {
        let mut content = Map::new();
        let mut sizes = Vec::new();
        for Body {
            content_type,
            limit,
            schema,
            is_streamed: _,
            most_words: _,
        } in &operation.bodies
        {
            sizes.push(limit.published());
            let mut media = Map::new();
            match schema {
                Some(schema) => {
                    media.insert("schema".to_owned(), schema(&mut self.sent).to_value())
                }
                None => media.insert(
                    "schema".to_owned(),
                    json!({"type": "string", "format": "binary"}),
                ),
            };
            if let Some(example) = operation
                .example_request
                .as_ref()
                .filter(|_| schema.is_some())
            {
                media.insert("example".to_owned(), example.clone());
            }
            content.insert((*content_type).to_owned(), Value::Object(media));
        }
        let largest = sizes.into_iter().max().unwrap_or_default();
        json!({
            "required": !operation.body_may_be_absent,
            "description": format!("At most {largest} bytes."),
            "x-reeve-max-bytes": largest,
            "content": content,
        })
    }

    fn responses(&mut self, operation: &Operation) -> Value {
        let mut responses: BTreeMap<u16, Value> = BTreeMap::new();
        let refused_as = match operation.refused_as {
            RefusedAs::Problem => "Problem",
            RefusedAs::Open311(Format::Xml) => "Open311Xml",
            RefusedAs::Open311(Format::Json) => "Open311Json",
        };
        for status in refusals(operation) {
            responses.insert(
                status,
                json!({"$ref": format!("#/components/responses/{refused_as}{status}")}),
            );
        }
        if operation.has_etag && operation.method == actix_web::http::Method::GET {
            responses.insert(304, json!({"description": "It is the version you have."}));
        }
        let mut example = operation.example_response.as_ref();
        for answered in &operation.answers {
            let response = self.answer(operation, answered, example.take());
            // The same in another type stands beside the first.
            match responses
                .get_mut(&answered.status)
                .and_then(|before| before.get_mut("content"))
            {
                Some(Value::Object(types)) => {
                    types.extend(
                        response
                            .get("content")
                            .and_then(Value::as_object)
                            .cloned()
                            .unwrap_or_default(),
                    );
                }
                _ => {
                    responses.insert(answered.status, response);
                }
            }
        }
        let responses: Map<String, Value> = responses
            .into_iter()
            .map(|(status, response)| (status.to_string(), response))
            .collect();
        Value::Object(responses)
    }

    fn answer(
        &mut self,
        operation: &Operation,
        answered: &Answered,
        example: Option<&Value>,
    ) -> Value {
        let mut headers = Map::new();
        headers.insert(
            "X-Request-Id".to_owned(),
            json!({"$ref": "#/components/headers/RequestId"}),
        );
        if operation.has_etag {
            headers.insert(
                "ETag".to_owned(),
                json!({"$ref": "#/components/headers/ETag"}),
            );
        }
        if operation.is_paged {
            headers.insert(
                "Link".to_owned(),
                json!({"$ref": "#/components/headers/Link"}),
            );
        }
        if operation.is_idempotent {
            headers.insert(
                "Idempotency-Replayed".to_owned(),
                json!({"$ref": "#/components/headers/Replayed"}),
            );
        }
        if operation.allowance != Allowance::Unlimited {
            headers.insert(
                "RateLimit".to_owned(),
                json!({"$ref": "#/components/headers/RateLimit"}),
            );
            headers.insert(
                "RateLimit-Policy".to_owned(),
                json!({"$ref": "#/components/headers/RateLimitPolicy"}),
            );
        }
        for (name, description) in &answered.headers {
            headers.insert(
                (*name).to_owned(),
                json!({"description": description, "schema": {"type": "string"}}),
            );
        }
        let mut response = json!({"description": answered.description, "headers": headers});
        if let (Some(content_type), Value::Object(response)) =
            (answered.content_type, &mut response)
        {
            let mut media = Map::new();
            let schema = match answered.schema {
                Some(schema) => schema(&mut self.answered).to_value(),
                None => json!({"type": "string"}),
            };
            media.insert("schema".to_owned(), schema);
            if let Some(example) = example {
                media.insert("example".to_owned(), example.clone());
            }
            response.insert("content".to_owned(), json!({content_type: media}));
        }
        response
    }

    /// Puts both collections together. A type that is sent otherwise than it is answered stands
    /// twice, as `Name` and `NameInput`.
    fn finish(mut self, tree: &mut Value) -> Map<String, Value> {
        let mut sent = self.sent.take_definitions(true);
        sent.values_mut().for_each(shape::close);
        let mut schemas = self.answered.take_definitions(true);
        let mut differing: BTreeSet<String> = BTreeSet::new();
        loop {
            let found: BTreeSet<String> = sent
                .iter()
                .filter(|(name, schema)| {
                    schemas.get(*name).is_some_and(|answered| {
                        *answered != renamed(schema, &BTreeSet::new())
                            || refers_to(schema, &differing)
                    })
                })
                .map(|(name, _)| name.clone())
                .collect();
            if found == differing {
                break;
            }
            differing = found;
        }
        for (name, schema) in &sent {
            let own = if differing.contains(name) {
                format!("{name}Input")
            } else {
                name.clone()
            };
            schemas.insert(own, renamed(schema, &differing));
        }
        *tree = renamed(tree, &differing);
        let sorted: BTreeMap<String, Value> = schemas.into_iter().collect();
        sorted.into_iter().collect()
    }
}

fn renamed(value: &Value, differing: &BTreeSet<String>) -> Value {
    match value {
        Value::Object(object) => object
            .iter()
            .map(|(key, inner)| {
                match (
                    key.as_str(),
                    inner.as_str().and_then(|text| text.strip_prefix(SENT)),
                ) {
                    ("$ref", Some(name)) if differing.contains(name) => {
                        (key.clone(), json!(format!("{SCHEMAS}{name}Input")))
                    }
                    ("$ref", Some(name)) => (key.clone(), json!(format!("{SCHEMAS}{name}"))),
                    _ => (key.clone(), renamed(inner, differing)),
                }
            })
            .collect(),
        Value::Array(items) => items.iter().map(|item| renamed(item, differing)).collect(),
        other => other.clone(),
    }
}

fn refers_to(value: &Value, names: &BTreeSet<String>) -> bool {
    match value {
        Value::Object(object) => object.iter().any(|(key, inner)| {
            let name = inner.as_str().and_then(|text| text.strip_prefix(SENT));
            (key == "$ref" && name.is_some_and(|name| names.contains(name)))
                || refers_to(inner, names)
        }),
        Value::Array(items) => items.iter().any(|item| refers_to(item, names)),
        _ => false,
    }
}

fn security(operation: &Operation) -> Value {
    let access = operation.access.document();
    let mut ways: Vec<Value> = Vec::new();
    if operation.access.is_public() {
        ways.push(json!({}));
    }
    for scheme in operation.access.schemes() {
        let needs = match scheme {
            "access_token" => access.get("roles").cloned().unwrap_or_default(),
            "api_key" => access.get("scopes").cloned().unwrap_or_default(),
            _ => json!([]),
        };
        ways.push(json!({scheme: needs}));
    }
    Value::Array(ways)
}

/// What every operation of its kind may refuse with, and what this one does besides.
fn refusals(operation: &Operation) -> BTreeSet<u16> {
    let mut statuses: BTreeSet<u16> = [400, 500, 503].into();
    if operation.access.reads_credentials() {
        statuses.extend([401, 403]);
    }
    if !operation.path_names().is_empty() {
        statuses.insert(404);
    }
    if !operation.bodies.is_empty() {
        statuses.extend([408, 413, 415]);
    }
    let takes_json = |body: &Body| body.schema.is_some() && body.content_type == "application/json";
    if operation.bodies.iter().any(takes_json) {
        statuses.insert(422);
    }
    if operation.is_idempotent {
        statuses.extend([409, 422]);
    }
    match operation.if_match {
        IfMatchUse::Ignored => {}
        IfMatchUse::Optional => statuses.extend([412]),
        IfMatchUse::Required => statuses.extend([412, 428]),
    }
    if operation.allowance != Allowance::Unlimited {
        statuses.insert(429);
    }
    statuses.extend(operation.refusals.iter().copied());
    if operation.refused_as != RefusedAs::Problem {
        statuses = statuses.into_iter().map(refusal::status_of).collect();
    }
    for answered in &operation.answers {
        statuses.remove(&answered.status);
    }
    statuses
}

/// Every status a problem may have.
const REFUSALS: [u16; 15] = [
    400, 401, 403, 404, 405, 408, 409, 412, 413, 415, 422, 428, 429, 500, 503,
];

fn refusal_title(status: u16) -> &'static str {
    title(status)
}

#[cfg(test)]
mod tests;
