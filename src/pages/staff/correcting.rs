//! Putting right what is known of a person: what the form says and the record does not is what changes.

use serde_json::{Map, Value, json};

use super::{document, mistakes, people, text_of};
use crate::http::within::Asked;
use crate::http::{Answer, Operation, Problem};
use crate::pages::signed_in::{Fields, Visit, form};

const ACT: &str = "person";
/// Said in place of every way, when none is safe.
const NO_WAY: &str = "none";

/// The form.
pub fn operations() -> Vec<Operation> {
    vec![form("/people/{person}", "post_person", |visit| {
        Box::pin(correct(visit))
    })]
}

/// What is known of a person, as the form has it.
pub fn as_written(person: &Value) -> Value {
    let wishes = person.get("preferences").unwrap_or(&Value::Null);
    let address = person.get("address").unwrap_or(&Value::Null);
    let safe = person.get("safe_contact").and_then(Value::as_array);
    let safe = safe.map(|ways| match lines_of(ways) {
        ways if ways.is_empty() => NO_WAY.to_owned(),
        ways => ways,
    });
    json!({
        "name": text_of(person, "name"), "phone": text_of(person, "phone"),
        "email": text_of(person, "email"),
        "address": address.get("lines").and_then(Value::as_array).map(|lines| lines_of(lines)).unwrap_or_default(),
        "postcode": text_of(address, "postcode"),
        "channel": text_of(wishes, "channel"), "language": text_of(wishes, "language"),
        "format": text_of(wishes, "format"),
        "safe_contact": safe.unwrap_or_default(),
        "has_died": if is_deceased(person) { "yes" } else { "" },
    })
}

async fn correct(visit: Visit) -> Result<Answer, Problem> {
    let id = visit.call.path("person").to_owned();
    let known = visit
        .ask(Asked::of("get_person").at("person", &id))
        .await?
        .body;
    let asked = Asked::of("change_person")
        .at("person", &id)
        .sends(changes(&known, visit.fields()))
        .of_version(visit.fields().version());
    match visit.ask(asked).await {
        Ok(_) => Ok(Answer::see_other(&format!(
            "/people/{id}?done=person_changed"
        ))),
        Err(problem) if problem.status >= 500 || problem.status == 404 => Err(problem),
        Err(problem) => {
            let wrong = mistakes(ACT, &problem);
            people::page(&visit, problem.status, wrong).await
        }
    }
}

/// What the form says otherwise than the record. A way to reach somebody that is left empty stays as it is:
/// the record keeps the last one known.
fn changes(known: &Value, fields: &Fields) -> Value {
    let before = as_written(known);
    let mut changes = Map::new();
    let mut wishes = Map::new();
    for name in ["name", "phone", "email"] {
        let written = fields.line(name);
        if !written.is_empty() && written != text_of(&before, name) {
            changes.insert(name.to_owned(), json!(written));
        }
    }
    for name in ["channel", "language", "format"] {
        let written = fields.line(name);
        if !written.is_empty() && written != text_of(&before, name) {
            wishes.insert(name.to_owned(), json!(written));
        }
    }
    if !wishes.is_empty() {
        changes.insert("preferences".to_owned(), Value::Object(wishes));
    }
    let (address, postcode) = (lines_in(fields, "address"), fields.line("postcode"));
    let is_moved = address.join("\n") != text_of(&before, "address")
        || postcode != text_of(&before, "postcode");
    if is_moved && !(address.is_empty() && postcode.is_empty()) {
        // The number of the property was that of the address before: it is left out.
        let postcode = Some(postcode).filter(|text| !text.is_empty());
        let whole = document([
            ("lines", Some(json!(address))),
            ("postcode", postcode.map(Value::from)),
        ]);
        changes.insert("address".to_owned(), whole);
    }
    let safe = lines_in(fields, "safe_contact");
    if safe.join("\n") != text_of(&before, "safe_contact") {
        let ways = match safe.as_slice() {
            [] => Value::Null,
            [only] if only == NO_WAY => json!([]),
            ways => json!(ways),
        };
        changes.insert("safe_contact".to_owned(), ways);
    }
    let has_died = fields.has("has_died");
    if has_died != is_deceased(known) {
        changes.insert("is_deceased".to_owned(), json!(has_died));
    }
    Value::Object(changes)
}

fn is_deceased(person: &Value) -> bool {
    person.get("is_deceased").and_then(Value::as_bool) == Some(true)
}

fn lines_of(all: &[Value]) -> String {
    let lines: Vec<&str> = all.iter().filter_map(Value::as_str).collect();
    lines.join("\n")
}

fn lines_in(fields: &Fields, name: &str) -> Vec<String> {
    let text = fields.text(name);
    let lines = text.lines().map(str::trim);
    lines
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ada() -> Value {
        json!({
            "name": "Ada Example", "email": "ada@mail.example", "phone": null,
            "address": {"lines": ["14 Larkfield Rise"], "postcode": "ZZ1 1AA", "uprn": "100000000014"},
            "preferences": {"channel": null, "language": "cy", "format": null},
            "safe_contact": ["email"], "is_deceased": false,
        })
    }

    fn unchanged() -> Vec<(&'static str, &'static str)> {
        vec![
            ("name", "Ada Example"),
            ("email", "ada@mail.example"),
            ("address", "14 Larkfield Rise"),
            ("postcode", "ZZ1 1AA"),
            ("language", "cy"),
            ("safe_contact", "email"),
        ]
    }

    fn after(changed: &[(&'static str, &'static str)]) -> Value {
        let mut fields = unchanged();
        fields.retain(|(name, _)| changed.iter().all(|(own, _)| own != name));
        fields.extend(changed);
        changes(&ada(), &Fields::of(fields))
    }

    #[test]
    fn only_what_was_put_right_changes() {
        assert_eq!(after(&[]), json!({}));
        assert_eq!(
            after(&[("name", "Ada Sample")]),
            json!({"name": "Ada Sample"})
        );
        assert_eq!(
            after(&[("email", "")]),
            json!({}),
            "the last one known stays"
        );
        assert_eq!(
            after(&[("format", "large_print")]),
            json!({"preferences": {"format": "large_print"}})
        );
        assert_eq!(after(&[("has_died", "yes")]), json!({"is_deceased": true}));
    }

    #[test]
    fn somebody_who_moved_keeps_no_property_number_of_where_they_lived() {
        assert_eq!(
            after(&[("address", "2 Beck Row")]),
            json!({"address": {"lines": ["2 Beck Row"], "postcode": "ZZ1 1AA"}})
        );
    }

    #[test]
    fn a_limit_of_safe_ways_is_set_tightened_and_lifted() {
        assert_eq!(
            after(&[("safe_contact", "phone\nemail")]),
            json!({"safe_contact": ["phone", "email"]})
        );
        assert_eq!(
            after(&[("safe_contact", "none")]),
            json!({"safe_contact": []})
        );
        assert_eq!(
            after(&[("safe_contact", "")]),
            json!({"safe_contact": null})
        );
    }
}
