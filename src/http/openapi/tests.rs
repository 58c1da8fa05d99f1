use super::*;
use crate::http::operation::Limit;

fn operations() -> Vec<Operation> {
    routes::operations()
}

#[test]
fn every_operation_says_who_may_call_it_and_what_it_answers() {
    let tree = tree();
    for operation in operations() {
        let (method, path) = (operation.method.as_str().to_lowercase(), operation.path);
        let written = &tree["paths"][path][&method];
        assert!(
            written.is_object(),
            "{method} {path} is not in the contract"
        );
        let access = &written["x-reeve-access"];
        let names_somebody = access["public"] == true
            || ["roles", "scopes"]
                .iter()
                .any(|kind| access[kind].as_array().is_some_and(|some| !some.is_empty()));
        assert!(names_somebody, "{method} {path} is open to nobody");
        for what in ["operationId", "summary"] {
            assert_ne!(written[what], "", "{method} {path} has no {what}");
        }
        assert_ne!(operation.tag, "", "{method} {path} has no tag");
        assert!(
            !operation.answers.is_empty(),
            "{method} {path} never ends well"
        );
    }
}

#[test]
fn no_two_operations_share_a_name_or_an_address() {
    let mut ids = BTreeSet::new();
    let mut addresses = BTreeSet::new();
    for operation in operations() {
        assert!(ids.insert(operation.id), "{} stands twice", operation.id);
        let address = format!("{} {}", operation.method, operation.path);
        assert!(addresses.insert(address.clone()), "{address} stands twice");
    }
}

#[test]
fn every_reference_leads_somewhere() {
    fn walk(value: &Value, tree: &Value) {
        match value {
            Value::Object(object) => {
                for (key, inner) in object {
                    if let ("$ref", Some(to)) = (key.as_str(), inner.as_str()) {
                        let pointer = to
                            .strip_prefix('#')
                            .unwrap_or_else(|| panic!("{to} leads outside"));
                        assert!(tree.pointer(pointer).is_some(), "{to} leads nowhere");
                    }
                    walk(inner, tree);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| walk(item, tree)),
            _ => {}
        }
    }
    let tree = tree();
    walk(&tree, &tree);
}

#[test]
fn every_example_is_one() {
    let tree = tree();
    let schemas = tree["components"]["schemas"].clone();
    let check = |schema: &Value, example: &Value, what: &str| {
        let mut root = schema.clone();
        root["components"] = serde_json::json!({"schemas": schemas});
        let validator = jsonschema::validator_for(&root).unwrap();
        let faults: Vec<String> = validator
            .iter_errors(example)
            .map(|fault| format!("{}: {fault}", fault.instance_path))
            .collect();
        assert!(faults.is_empty(), "{what}: {faults:?}");
    };
    for operation in operations() {
        let method = operation.method.as_str().to_lowercase();
        let written = &tree["paths"][operation.path][&method];
        if let Some(example) = &operation.example_request {
            check(
                &written["requestBody"]["content"]["application/json"]["schema"],
                example,
                operation.id,
            );
        }
        if let (Some(example), Some(first)) =
            (&operation.example_response, operation.answers.first())
        {
            let status = first.status.to_string();
            check(
                &written["responses"][&status]["content"]["application/json"]["schema"],
                example,
                operation.id,
            );
        }
    }
}

#[test]
fn what_is_sent_may_hold_nothing_unnamed_and_what_is_answered_may_grow() {
    let tree = tree();
    let schemas = &tree["components"]["schemas"];
    assert_eq!(schemas["NewUser"]["additionalProperties"], false);
    assert!(schemas["UserAccount"].get("additionalProperties").is_none());
    assert!(schemas["Problem"].get("additionalProperties").is_none());
}

#[test]
fn the_contract_is_the_same_bytes_each_time_and_reads_back() {
    let text = document();
    assert_eq!(text, document());
    let read: Value = serde_norway::from_str(&text).unwrap();
    assert_eq!(read, tree());
    assert!(!text.contains(SENT));
}

#[test]
fn the_sizes_published_are_those_in_force_by_default() {
    let http = crate::http::tests::settings().http;
    for limit in [Limit::Json, Limit::Mail, Limit::Attachment] {
        assert_eq!(limit.published(), limit.bytes(&http), "{limit:?}");
    }
}
