//! Documents as XML, by the one mapping GeoReport has: a member is an element, an entry of a list an
//! element named after the list, nothing an empty element. No attributes, no namespace.
//!
//! Characters that may not stand in XML are left out: a report must not become unreadable because
//! somebody pasted a control character years ago.

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};
use serde_json::Value;

/// Writes a document under its root element.
#[must_use]
pub fn write(root: &str, document: &Value) -> String {
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 1);
    let written = writer
        .write_event(Event::Decl(BytesDecl::new("1.0", Some("utf-8"), None)))
        .and_then(|()| element(&mut writer, root, document));
    written.expect("a list of bytes takes whatever is written into it");
    String::from_utf8(writer.into_inner())
        .expect("every name and text written was UTF-8 to begin with")
}

/// What an entry of a list is called.
fn entry_of(list: &str) -> &str {
    match list {
        "services" => "service",
        "attributes" => "attribute",
        "values" => "value",
        "service_requests" => "request",
        "service_request_updates" => "request_update",
        "errors" => "error",
        "endpoints" => "endpoint",
        "formats" => "format",
        "notes" => "note",
        _ => "item",
    }
}

fn element(writer: &mut Writer<Vec<u8>>, name: &str, value: &Value) -> std::io::Result<()> {
    match value {
        Value::Null => writer.write_event(Event::Empty(BytesStart::new(name))),
        Value::Array(entries) if entries.is_empty() => {
            writer.write_event(Event::Empty(BytesStart::new(name)))
        }
        Value::Array(entries) => {
            writer.write_event(Event::Start(BytesStart::new(name)))?;
            for entry in entries {
                element(writer, entry_of(name), entry)?;
            }
            writer.write_event(Event::End(BytesEnd::new(name)))
        }
        Value::Object(members) => {
            writer.write_event(Event::Start(BytesStart::new(name)))?;
            for (member, value) in members {
                element(writer, member, value)?;
            }
            writer.write_event(Event::End(BytesEnd::new(name)))
        }
        Value::String(text) => text_element(writer, name, &fit_for_xml(text)),
        Value::Bool(_) | Value::Number(_) => text_element(writer, name, &value.to_string()),
    }
}

fn text_element(writer: &mut Writer<Vec<u8>>, name: &str, text: &str) -> std::io::Result<()> {
    if text.is_empty() {
        return writer.write_event(Event::Empty(BytesStart::new(name)));
    }
    writer.write_event(Event::Start(BytesStart::new(name)))?;
    writer.write_event(Event::Text(BytesText::new(text)))?;
    writer.write_event(Event::End(BytesEnd::new(name)))
}

fn fit_for_xml(text: &str) -> String {
    text.replace("\r\n", "\n")
        .chars()
        .filter(|c| matches!(c, '\t' | '\n') || !c.is_control())
        .filter(|c| !matches!(c, '\u{fffe}' | '\u{ffff}'))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// What a strict reader makes of one element's text.
    fn read_back(text: &str) -> String {
        let written = write("errors", &json!([{"code": 400, "description": text}]));
        let parsed =
            roxmltree::Document::parse(&written).unwrap_or_else(|why| panic!("{why}: {written}"));
        let found = parsed
            .descendants()
            .find(|node| node.has_tag_name("description"))
            .unwrap();
        found.text().unwrap_or_default().to_owned()
    }

    #[test]
    fn lists_are_wrapped_and_nothing_is_an_empty_element() {
        let written = write(
            "service_requests",
            &json!([{"service_request_id": "4X7-K92-MQ3", "lat": 51.5, "zipcode": null, "metadata": true}]),
        );
        assert_eq!(
            written,
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<service_requests>\n <request>\n  \
             <service_request_id>4X7-K92-MQ3</service_request_id>\n  <lat>51.5</lat>\n  <zipcode/>\n  \
             <metadata>true</metadata>\n </request>\n</service_requests>"
        );
        assert!(write("services", &json!([])).ends_with("<services/>"));
    }

    #[test]
    fn whatever_somebody_wrote_is_read_back_as_it_was() {
        for text in [
            "Tom & Ada <b>\"here\"</b> ]]> &amp; 'x'",
            "one\n\n  two\tthree  ",
            "Heol y Môr, Llŷn — 🚧",
            "</description><status>closed</status>",
        ] {
            assert_eq!(read_back(text), text);
        }
    }

    #[test]
    fn what_may_not_stand_in_xml_is_left_out() {
        assert_eq!(
            read_back("a\u{0}b\u{b}c\u{1b}[0m\u{7f}\u{85}\u{fffe}d\r\ne"),
            "abc[0md\ne"
        );
        assert_eq!(read_back("\u{1}"), "");
    }

    proptest::proptest! {
        #[test]
        fn no_text_breaks_the_document(text in ".*") {
            let kept = fit_for_xml(&text);
            proptest::prop_assert_eq!(read_back(&text), kept);
        }
    }
}
