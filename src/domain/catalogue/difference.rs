//! What changes between two catalogues, for the preview before a new version is stored.

use serde::Serialize;
use serde_json::Value;

use super::node::escape;

/// One value that is not what it was.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    /// As a JSON pointer into the catalogue's tree; categories stand under their slug
    /// (`/services/parking/categories/permit/response_working_days`).
    pub path: String,
    /// Nothing when it is new.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    /// Nothing when it is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Value>,
}

/// Every change from one catalogue's tree to another's, in the order of the new one, what is gone
/// after what is there.
#[must_use]
pub fn difference(old: &Value, new: &Value) -> Vec<Change> {
    let mut changes = Vec::new();
    compare("", Some(old), Some(new), &mut changes);
    changes
}

fn compare(path: &str, old: Option<&Value>, new: Option<&Value>, changes: &mut Vec<Change>) {
    if old == new {
        return;
    }
    if let (Some(old_parts), Some(new_parts)) = (old.and_then(parts), new.and_then(parts)) {
        for (key, value) in &new_parts {
            let before = old_parts
                .iter()
                .find(|(known, _)| known == key)
                .map(|(_, value)| *value);
            compare(
                &format!("{path}/{}", escape(key)),
                before,
                Some(value),
                changes,
            );
        }
        for (key, value) in &old_parts {
            if !new_parts.iter().any(|(known, _)| known == key) {
                compare(
                    &format!("{path}/{}", escape(key)),
                    Some(value),
                    None,
                    changes,
                );
            }
        }
        let (before, after) = (order(&old_parts, &new_parts), order(&new_parts, &old_parts));
        if new.is_some_and(Value::is_array) && before != after {
            changes.push(Change {
                path: path.to_owned(),
                before: Some(before.into()),
                after: Some(after.into()),
            });
        }
        return;
    }
    changes.push(Change {
        path: path.to_owned(),
        before: old.cloned(),
        after: new.cloned(),
    });
}

/// The named parts of a value: the entries of an object, or of a list whose members all have a
/// slug of their own.
fn parts(value: &Value) -> Option<Vec<(&str, &Value)>> {
    match value {
        Value::Object(object) => Some(
            object
                .iter()
                .map(|(key, value)| (key.as_str(), value))
                .collect(),
        ),
        Value::Array(list) => {
            let named: Vec<(&str, &Value)> = list
                .iter()
                .filter_map(|member| Some((member.get("slug")?.as_str()?, member)))
                .collect();
            let slugs: std::collections::BTreeSet<&str> =
                named.iter().map(|(slug, _)| *slug).collect();
            (slugs.len() == list.len()).then_some(named)
        }
        _ => None,
    }
}

/// The keys of one that the other has too, in order.
fn order<'v>(parts: &[(&'v str, &Value)], others: &[(&str, &Value)]) -> Vec<&'v str> {
    let is_shared = |key: &str| others.iter().any(|(other, _)| *other == key);
    parts
        .iter()
        .map(|(key, _)| *key)
        .filter(|key| is_shared(key))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_changed_figure_is_named_by_its_category_and_not_by_its_place_in_the_list() {
        let old = json!({"services": {"parking": {"categories": [
            {"slug": "permit", "response_working_days": 5}, {"slug": "car-park"}]}}});
        let new = json!({"services": {"parking": {"categories": [
            {"slug": "meters"}, {"slug": "permit", "response_working_days": 3}]}}});
        let changes = difference(&old, &new);
        let paths: Vec<&str> = changes.iter().map(|change| change.path.as_str()).collect();
        assert_eq!(
            paths,
            [
                "/services/parking/categories/meters",
                "/services/parking/categories/permit/response_working_days",
                "/services/parking/categories/car-park",
            ]
        );
        let figure = changes.get(1).unwrap();
        assert_eq!(
            (figure.before.clone(), figure.after.clone()),
            (Some(json!(5)), Some(json!(3)))
        );
    }

    #[test]
    fn the_same_catalogue_twice_differs_in_nothing() {
        let tree = json!({"templates": {"en/reply.txt": "…"}, "list": [1, 2]});
        assert_eq!(difference(&tree, &tree), []);
    }

    #[test]
    fn categories_put_in_another_order_are_a_change() {
        let old = json!([{"slug": "permit"}, {"slug": "car-park"}]);
        let new = json!([{"slug": "car-park"}, {"slug": "permit"}]);
        assert_eq!(difference(&old, &new).len(), 1);
    }

    #[test]
    fn a_list_of_plain_values_changes_as_a_whole() {
        let changes = difference(
            &json!({"keywords": ["a", "b"]}),
            &json!({"keywords": ["a"]}),
        );
        assert_eq!(changes.len(), 1);
        assert_eq!(
            changes.first().map(|change| change.path.as_str()),
            Some("/keywords")
        );
    }
}
