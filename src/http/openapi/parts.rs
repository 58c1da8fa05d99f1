//! The parts of the contract that are the same everywhere: who may sign in how, common headers and
//! parameters, refusals.

use serde_json::{Map, Value, json};

use super::{REFUSALS, refusal, refusal_title};

/// The chapters, in the order they are read.
const CHAPTERS: [(&str, &str); 19] = [
    (
        "Intake",
        "What somebody says to the council, on any channel, comes in here and becomes a case.",
    ),
    (
        "Attachments",
        "Photographs and documents that belong to a contact.",
    ),
    ("Channels", "For the gateways: e-mail, telephony, web chat."),
    (
        "Routing",
        "Where a contact would go, without sending it there.",
    ),
    (
        "Cases",
        "Finding, reading and working cases. What can be done to a case is created under it.",
    ),
    (
        "Incidents",
        "One thing that many tell us of: many cases, one update to all.",
    ),
    ("Queues", "What waits where, and taking the next case."),
    ("People", "Those who contact the council."),
    ("Public", "For everybody, without signing in."),
    (
        "Tracking",
        "A person's own case, by the secret link we sent them.",
    ),
    (
        "Signing in",
        "People of the council: tokens, sessions, who am I.",
    ),
    (
        "Users",
        "Accounts of the people of the council. For administrators.",
    ),
    ("API keys", "Keys of integrations. For administrators."),
    (
        "Catalogue",
        "Services, categories, queues, posts and promises.",
    ),
    ("Reports", "How well promises are kept."),
    ("Escalations", "What fell due, and who was told."),
    ("Notices", "What is told to people, and whether it arrived."),
    ("Open311", "GeoReport v2, for other reporting services."),
    ("Operations", "For those who run the server."),
];

pub(super) fn info() -> Value {
    json!({
        "title": "Reeve",
        "version": env!("CARGO_PKG_VERSION"),
        "summary": "The back end of a council's customer contact.",
        "description": "Every contact becomes a case with a promise on it.\n\n\
            Documents are JSON in UTF-8 with `snake_case` names. What is sent may hold no fields that are not \
            named here; what is answered may grow. Instants are RFC 3339 in UTC (`…_at`), dates `YYYY-MM-DD` \
            (`…_on`). Wherever a case's id is taken, its reference is too. Lists are paged by `limit` and \
            `cursor`. Every refusal is a problem document (RFC 9457) with a stable `code`; \
            `/docs/problems/<code>` explains it.\n\n\
            Every POST but signing in, trials and searches takes an `Idempotency-Key`: sent again with the same \
            key, it is answered again and not done again. `x-reeve-access` names who may call an operation.",
        "license": {"name": "GNU Affero General Public License v3.0 or later", "identifier": "AGPL-3.0-or-later"},
    })
}

pub(super) fn tags<'o>(used: impl Iterator<Item = &'o str>) -> Value {
    let mut used: Vec<&str> = used.collect();
    used.dedup();
    let mut tags: Vec<Value> = CHAPTERS
        .iter()
        .filter(|(name, _)| used.contains(name))
        .map(|(name, description)| json!({"name": name, "description": description}))
        .collect();
    for name in used {
        if !tags
            .iter()
            .any(|tag| tag.get("name").and_then(Value::as_str) == Some(name))
        {
            tags.push(json!({"name": name}));
        }
    }
    Value::Array(tags)
}

pub(super) fn security_schemes() -> Value {
    json!({
        "access_token": {
            "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
            "description": "Somebody who signed in at `/v1/auth/tokens`.",
        },
        "api_key": {
            "type": "http", "scheme": "bearer", "bearerFormat": "rvk_…",
            "description": "An integration's key; its scopes say what it opens.",
        },
        "tracking_token": {
            "type": "http", "scheme": "bearer", "bearerFormat": "rvt_…",
            "description": "The secret link of a person's own case.",
        },
    })
}

pub(super) fn headers() -> Value {
    let text =
        |description: &str| json!({"description": description, "schema": {"type": "string"}});
    json!({
        "RequestId": text("The request's id: yours, when you sent a sane one. Name it when you ask us."),
        "ETag": text("The version, for `If-Match` and `If-None-Match`."),
        "Link": text("The next page, with `rel=\"next\"`."),
        "Replayed": text("`true` when this was answered before under the same Idempotency-Key."),
        "RateLimit": text("How many more requests are free, and when all are again."),
        "RateLimitPolicy": text("How many requests are allowed in how many seconds."),
        "RetryAfter": {"description": "Seconds to wait. Who waits that long is served.", "schema": {"type": "integer"}},
        "Allow": text("The methods this address takes."),
        "WWWAuthenticate": text("How to sign in."),
    })
}

pub(super) fn refusals(problem: &Value, errors: &Value) -> Value {
    let mut responses = Map::new();
    let ways = [
        ("Problem", "application/problem+json", problem.clone()),
        ("Open311Json", "application/json", errors.clone()),
        ("Open311Xml", "text/xml", json!({"type": "string"})),
    ];
    for (way, status) in ways
        .iter()
        .flat_map(|way| REFUSALS.iter().map(move |status| (way, *status)))
    {
        let (name, content_type, schema) = way;
        // Open311 has fewer.
        if *name != "Problem" && refusal::status_of(status) != status {
            continue;
        }
        let mut headers = json!({"X-Request-Id": {"$ref": "#/components/headers/RequestId"}});
        let own = match status {
            401 => Some(("WWW-Authenticate", "WWWAuthenticate")),
            405 => Some(("Allow", "Allow")),
            429 | 503 => Some(("Retry-After", "RetryAfter")),
            _ => None,
        };
        if let (Some((name, component)), Value::Object(headers)) = (own, &mut headers) {
            headers.insert(
                name.to_owned(),
                json!({"$ref": format!("#/components/headers/{component}")}),
            );
        }
        responses.insert(
            format!("{name}{status}"),
            json!({
                "description": format!("{}.", refusal_title(status)),
                "headers": headers,
                "content": {*content_type: {"schema": schema}},
            }),
        );
    }
    Value::Object(responses)
}

pub(super) fn path_parameter(name: &str, note: Option<&str>) -> Value {
    let usual = match name {
        "case" => "The case's id, or its reference (`4X7-K92-MQ3`).",
        "queue" => "The queue's slug.",
        "slug" | "service" => "The service's slug.",
        _ => "Its id.",
    };
    json!({
        "name": name, "in": "path", "required": true,
        "description": note.unwrap_or(usual),
        "schema": {"type": "string"},
    })
}

/// One parameter for each member of a query's schema.
pub(super) fn query_parameters(mut schema: Value) -> Vec<Value> {
    crate::http::shape::close(&mut schema);
    let required: Vec<Value> = schema
        .get("required")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    let Some(Value::Object(members)) = schema.get("properties") else {
        return Vec::new();
    };
    members
        .iter()
        .map(|(name, member)| {
            let mut member = without_null(member.clone());
            let description = match &mut member {
                Value::Object(member) => member.remove("description"),
                _ => None,
            };
            let is_list = member.get("type").and_then(Value::as_str) == Some("array");
            let mut parameter = json!({
                "name": name, "in": "query", "required": required.iter().any(|own| own == name),
                "schema": member,
            });
            if let Value::Object(parameter) = &mut parameter {
                if let Some(description) = description {
                    parameter.insert("description".to_owned(), description);
                }
                if is_list {
                    parameter.insert("explode".to_owned(), json!(false));
                }
            }
            parameter
        })
        .collect()
}

pub(super) fn idempotency_key() -> Value {
    json!({
        "name": "Idempotency-Key", "in": "header", "required": false,
        "description": "Any text of your own, once for each thing to be done. Kept for 24 hours.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    })
}

pub(super) fn if_match(is_required: bool) -> Value {
    json!({
        "name": "If-Match", "in": "header", "required": is_required,
        "description": "The `ETag` you read; 412 when it has changed since.",
        "schema": {"type": "string"},
    })
}

pub(super) fn if_none_match() -> Value {
    json!({
        "name": "If-None-Match", "in": "header", "required": false,
        "description": "The `ETag` you have; 304 when it is still the same.",
        "schema": {"type": "string"},
    })
}

pub(super) fn acting_user() -> Value {
    json!({
        "name": "Reeve-Acting-User", "in": "header", "required": false,
        "description": "For keys with the scope `act_for_user`: the id or e-mail address of whom the key acts for, within that person's rights.",
        "schema": {"type": "string"},
    })
}

/// A parameter is there or it is not; it is never null.
fn without_null(mut member: Value) -> Value {
    if let Value::Object(object) = &mut member {
        if object.get("default") == Some(&Value::Null) {
            object.remove("default");
        }
        if let Some(Value::Array(types)) = object.get_mut("type") {
            types.retain(|one| one != "null");
            if let [only] = types.as_slice() {
                let only = only.clone();
                object.insert("type".to_owned(), only);
            }
        }
        if let Some(Value::Array(values)) = object.get_mut("enum") {
            values.retain(|one| !one.is_null());
        }
        if let Some(Value::Array(forms)) = object.get_mut("anyOf") {
            forms.retain(|form| form.get("type").and_then(Value::as_str) != Some("null"));
            if let [Value::Object(only)] = forms.as_slice() {
                let only = only.clone();
                object.remove("anyOf");
                for (key, value) in only {
                    object.entry(key).or_insert(value);
                }
            }
        }
    }
    member
}
