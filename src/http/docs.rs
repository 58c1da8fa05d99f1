//! The API reference as a page: the published contract, readable without a network.
//!
//! Written from the contract's own tree, so that page, file and server never differ. It has no
//! script and one style sheet.

use std::fmt::Write as _;
use std::sync::OnceLock;

use serde_json::Value;

use super::access::Access;
use super::answer::Answer;
use super::call::Call;
use super::openapi;
use super::operation::{Operation, get};
use super::problem::Problem;

mod problems;

static STYLE: &str = include_str!("docs/style.css");

/// The contract's own address.
#[must_use]
pub fn operations() -> Vec<Operation> {
    vec![
        get("/openapi.yaml", contract)
            .id("get_contract")
            .summary("This contract")
            .tag("Operations")
            .access(Access::public())
            .answers_raw(
                200,
                "application/yaml",
                "The same bytes as the file `openapi.yaml`.",
            ),
    ]
}

/// The pages.
#[must_use]
pub fn pages() -> Vec<Operation> {
    vec![
        get("/docs", reference)
            .id("docs")
            .access(Access::public())
            .hidden(),
        get("/docs/style.css", style)
            .id("docs_style")
            .access(Access::public())
            .hidden(),
        get("/docs/problems", all_problems)
            .id("docs_problems")
            .access(Access::public())
            .hidden(),
        get("/docs/problems/{code}", one_problem)
            .id("docs_problem")
            .access(Access::public())
            .hidden(),
    ]
}

async fn contract(_: Call) -> Result<Answer, Problem> {
    // Written when it is first asked for: it takes longer than the rest of starting.
    static CONTRACT: OnceLock<String> = OnceLock::new();
    Ok(Answer::bytes(
        200,
        "application/yaml",
        CONTRACT.get_or_init(openapi::document).clone(),
    ))
}

async fn reference(_: Call) -> Result<Answer, Problem> {
    static PAGE: OnceLock<String> = OnceLock::new();
    Ok(Answer::page(
        200,
        PAGE.get_or_init(|| render(&openapi::tree())).clone(),
    ))
}

async fn style(_: Call) -> Result<Answer, Problem> {
    Ok(Answer::bytes(200, "text/css; charset=utf-8", STYLE)
        .with_header("cache-control", "public, max-age=3600"))
}

async fn all_problems(_: Call) -> Result<Answer, Problem> {
    let rows: String = problems::ALL
        .iter()
        .map(|(code, words)| {
            format!(
                "<dt id=\"{0}\"><a href=\"/docs/problems/{0}\">{0}</a></dt><dd>{1}</dd>",
                escaped(code),
                escaped(words)
            )
        })
        .collect();
    Ok(Answer::page(
        200,
        page("Problems", &format!("<dl>{rows}</dl>")),
    ))
}

async fn one_problem(call: Call) -> Result<Answer, Problem> {
    let wanted = call.path("code");
    let (code, words) = problems::ALL
        .iter()
        .find(|(code, _)| *code == wanted)
        .ok_or_else(Problem::not_found)?;
    let body = format!(
        "<p>{}</p><p><a href=\"/docs/problems\">All problems</a></p>",
        escaped(words)
    );
    Ok(Answer::page(200, page(code, &body)))
}

/// The whole reference.
fn render(tree: &Value) -> String {
    let mut body = String::new();
    for paragraph in text(tree, "/info/description").split("\n\n") {
        add(&mut body, format_args!("<p>{}</p>", marked(paragraph)));
    }
    body.push_str("<p><a href=\"/openapi.yaml\">openapi.yaml</a> · <a href=\"/docs/problems\">Problems</a></p>");
    let tags: Vec<&Value> = tree
        .get("tags")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .collect();
    body.push_str("<nav><ul>");
    for tag in &tags {
        let name = text(tag, "/name");
        add(
            &mut body,
            format_args!(
                "<li><a href=\"#{}\">{}</a></li>",
                anchor(name),
                escaped(name)
            ),
        );
    }
    body.push_str("<li><a href=\"#schemas\">Schemas</a></li></ul></nav>");
    for tag in tags {
        let name = text(tag, "/name");
        add(
            &mut body,
            format_args!("<h2 id=\"{}\">{}</h2>", anchor(name), escaped(name)),
        );
        add(
            &mut body,
            format_args!("<p>{}</p>", escaped(text(tag, "/description"))),
        );
        for (path, methods) in object(tree, "/paths") {
            for (method, operation) in methods.as_object().into_iter().flatten() {
                if text(operation, "/tags/0") == name {
                    render_operation(&mut body, method, path, operation);
                }
            }
        }
    }
    body.push_str("<h2 id=\"schemas\">Schemas</h2>");
    for (name, schema) in object(tree, "/components/schemas") {
        add(
            &mut body,
            format_args!("<section id=\"schema-{0}\"><h3>{0}</h3>", escaped(name)),
        );
        add(
            &mut body,
            format_args!("<p>{}</p>", marked(text(schema, "/description"))),
        );
        render_members(&mut body, schema);
        add(
            &mut body,
            format_args!(
                "<details><summary>As JSON Schema</summary>{}</details></section>",
                code(schema)
            ),
        );
    }
    page("API reference", &body)
}

fn render_operation(body: &mut String, method: &str, path: &str, operation: &Value) {
    let id = escaped(text(operation, "/operationId"));
    add(
        body,
        format_args!(
            "<section id=\"{id}\"><h3><code>{} {}</code></h3><p>{}</p>",
            escaped(&method.to_uppercase()),
            escaped(path),
            marked(text(operation, "/summary"))
        ),
    );
    let more = text(operation, "/description");
    if !more.is_empty() {
        add(body, format_args!("<p>{}</p>", marked(more)));
    }
    add(
        body,
        format_args!("<p class=\"access\">{}</p>", escaped(&access(operation))),
    );
    let parameters = operation.get("parameters").and_then(Value::as_array);
    if let Some(parameters) = parameters {
        body.push_str("<table><caption>Parameters</caption><tr><th scope=\"col\">Name</th><th scope=\"col\">In</th><th scope=\"col\">Type</th><th scope=\"col\">Meaning</th></tr>");
        for parameter in parameters {
            let needed = if parameter.get("required") == Some(&Value::Bool(true)) {
                " (needed)"
            } else {
                ""
            };
            add(
                body,
                format_args!(
                    "<tr><td><code>{}</code>{needed}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
                    escaped(text(parameter, "/name")),
                    escaped(text(parameter, "/in")),
                    parameter.get("schema").map(kind).unwrap_or_default(),
                    marked(text(parameter, "/description"))
                ),
            );
        }
        body.push_str("</table>");
    }
    if let Some(request) = operation.get("requestBody") {
        add(
            body,
            format_args!(
                "<h4>Sent</h4><p>{}</p>",
                escaped(text(request, "/description"))
            ),
        );
        render_content(body, request);
    }
    body.push_str("<h4>Answered</h4><dl>");
    for (status, response) in object(operation, "/responses") {
        if response.get("$ref").is_some() {
            continue;
        }
        add(
            body,
            format_args!(
                "<dt>{}</dt><dd><p>{}</p>",
                escaped(status),
                marked(text(response, "/description"))
            ),
        );
        render_content(body, response);
        body.push_str("</dd>");
    }
    let refusals: Vec<&str> = object(operation, "/responses")
        .filter(|(_, response)| response.get("$ref").is_some())
        .map(|(status, _)| status.as_str())
        .collect();
    add(
        body,
        format_args!(
            "</dl><p>Refusals: {}.</p></section>",
            escaped(&refusals.join(", "))
        ),
    );
}

fn render_content(body: &mut String, with: &Value) {
    for (content_type, media) in object(with, "/content") {
        let schema = media.get("schema").map(kind).unwrap_or_default();
        add(
            body,
            format_args!("<p><code>{}</code>: {schema}</p>", escaped(content_type)),
        );
        if let Some(example) = media.get("example") {
            body.push_str(&code(example));
        }
    }
}

fn render_members(body: &mut String, schema: &Value) {
    let required: Vec<&str> = schema
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let mut members = object(schema, "/properties").peekable();
    if members.peek().is_none() {
        return;
    }
    body.push_str("<table><tr><th scope=\"col\">Field</th><th scope=\"col\">Type</th><th scope=\"col\">Meaning</th></tr>");
    for (name, member) in members {
        let needed = if required.contains(&name.as_str()) {
            ""
        } else {
            " (may be left out)"
        };
        add(
            body,
            format_args!(
                "<tr><td><code>{}</code>{needed}</td><td>{}</td><td>{}</td></tr>",
                escaped(name),
                kind(member),
                marked(text(member, "/description"))
            ),
        );
    }
    body.push_str("</table>");
}

/// A schema in few words, as HTML.
fn kind(schema: &Value) -> String {
    if let Some(name) = text(schema, "/$ref").strip_prefix("#/components/schemas/") {
        return format!("<a href=\"#schema-{0}\">{0}</a>", escaped(name));
    }
    for forms in ["anyOf", "oneOf", "allOf"] {
        if let Some(forms) = schema.get(forms).and_then(Value::as_array) {
            return forms.iter().map(kind).collect::<Vec<_>>().join(" or ");
        }
    }
    if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        return values
            .iter()
            .map(|value| format!("<code>{}</code>", escaped(&value.to_string())))
            .collect::<Vec<_>>()
            .join(" ");
    }
    if let Some(value) = schema.get("const") {
        return format!("<code>{}</code>", escaped(&value.to_string()));
    }
    let types = match schema.get("type") {
        Some(Value::String(one)) => one.clone(),
        Some(Value::Array(several)) => several
            .iter()
            .filter_map(Value::as_str)
            .collect::<Vec<_>>()
            .join(" or "),
        _ => "any".to_owned(),
    };
    let mut words = escaped(&types);
    if let Some(items) = schema.get("items") {
        add(&mut words, format_args!(" of {}", kind(items)));
    }
    for (key, said) in [
        ("format", ""),
        ("maxLength", "at most "),
        ("minimum", "from "),
        ("maximum", "to "),
    ] {
        match schema.get(key) {
            Some(Value::String(value)) => {
                add(&mut words, format_args!(", {said}{}", escaped(value)))
            }
            Some(value) => add(
                &mut words,
                format_args!(", {said}{}", escaped(&value.to_string())),
            ),
            None => {}
        }
    }
    words
}

fn access(operation: &Value) -> String {
    let list = |pointer: &str| -> Vec<&str> {
        operation
            .pointer(pointer)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect()
    };
    let (roles, scopes) = (
        list("/x-reeve-access/roles"),
        list("/x-reeve-access/scopes"),
    );
    let mut words = Vec::new();
    if operation.pointer("/x-reeve-access/public") == Some(&Value::Bool(true)) {
        words.push("Open to everybody.".to_owned());
    }
    if !roles.is_empty() {
        words.push(format!("Roles: {}.", roles.join(", ")));
    }
    if !scopes.is_empty() {
        words.push(format!("Scopes: {}.", scopes.join(", ")));
    }
    words.join(" ")
}

fn page(title: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{0} – Reeve</title><link rel=\"stylesheet\" href=\"/docs/style.css\"></head>\
         <body><main><h1>{0}</h1>{body}</main></body></html>",
        escaped(title)
    )
}

fn code(value: &Value) -> String {
    let pretty =
        serde_json::to_string_pretty(value).expect("a tree of plain values can be written");
    format!("<pre><code>{}</code></pre>", escaped(&pretty))
}

fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

fn object<'v>(value: &'v Value, pointer: &str) -> impl Iterator<Item = (&'v String, &'v Value)> {
    value
        .pointer(pointer)
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
}

fn anchor(name: &str) -> String {
    name.to_lowercase()
        .replace(|c: char| !c.is_ascii_alphanumeric(), "-")
}

/// Escapes, and shows what stands between backticks as code.
fn marked(words: &str) -> String {
    words
        .split('`')
        .enumerate()
        .map(|(place, part)| {
            if place % 2 == 1 {
                format!("<code>{}</code>", escaped(part))
            } else {
                escaped(part)
            }
        })
        .collect()
}

fn escaped(words: &str) -> String {
    words
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

fn add(page: &mut String, words: std::fmt::Arguments<'_>) {
    page.write_fmt(words)
        .expect("writing to a String cannot fail");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_shows_every_operation_and_loads_nothing_from_elsewhere() {
        let tree = openapi::tree();
        let page = render(&tree);
        for operation in crate::http::routes::operations() {
            assert!(
                page.contains(&format!("<section id=\"{}\">", operation.id)),
                "{} is missing",
                operation.id
            );
        }
        for (name, _) in object(&tree, "/components/schemas") {
            assert!(
                page.contains(&format!("<section id=\"schema-{name}\">")),
                "{name} is missing"
            );
        }
        for elsewhere in ["href=\"http", "src=", "url(", "<script", "style=", "<img"] {
            assert!(!page.contains(elsewhere), "the page holds {elsewhere}");
        }
    }

    #[test]
    fn what_could_be_markup_is_text() {
        assert_eq!(marked("a `<b>` & c"), "a <code>&lt;b&gt;</code> &amp; c");
        assert_eq!(anchor("Signing in"), "signing-in");
    }

    #[test]
    fn no_problem_is_explained_twice() {
        let mut codes: Vec<&str> = problems::ALL.iter().map(|(code, _)| *code).collect();
        let n_codes = codes.len();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), n_codes);
    }
}
