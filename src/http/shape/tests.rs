use serde::Deserialize;
use serde_json::json;

use super::*;
use crate::domain::contact::Channel;
use crate::http::fields::{At, Id, Line, On, Text};

#[derive(Debug, Deserialize, JsonSchema)]
#[expect(dead_code, reason = "most members are there to be refused, not read")]
struct Form {
    channel: Channel,
    #[serde(default)]
    subject: Option<Line<20>>,
    #[serde(default)]
    body: Option<Text<50>>,
    #[serde(default)]
    received_at: Option<At>,
    #[serde(default)]
    born_on: Option<On>,
    #[serde(default)]
    person: Option<Someone>,
    #[serde(default)]
    #[schemars(length(max = 2))]
    attachments: Vec<Id>,
    #[serde(default)]
    #[schemars(range(min = 1, max = 5))]
    score: Option<u8>,
    #[serde(default)]
    consent: Option<bool>,
    #[serde(default)]
    by: Option<Until>,
    #[serde(default)]
    how: Option<How>,
    #[serde(default)]
    fields: Map<String, Value>,
    #[serde(default)]
    plain: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[expect(dead_code, reason = "most members are there to be refused, not read")]
struct Someone {
    name: Line<10>,
    #[serde(default)]
    #[schemars(email)]
    email: Option<String>,
}

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Until {
    WorkingDays(u16),
    Months(u16),
}

/// How it was said.
#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum How {
    /// On paper.
    Letter,
    /// Aloud.
    Spoken,
}

fn faults(value: Value) -> Vec<(String, &'static str)> {
    match fit::<Form>(value) {
        Ok(_) => Vec::new(),
        Err(found) => found
            .into_iter()
            .map(|fault| (fault.pointer, fault.code))
            .collect(),
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Log {
    turns: Vec<Said>,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Said {
    #[schemars(extend("format" = "cleaned"))]
    words: String,
    who: String,
}

#[test]
fn no_character_is_refused_where_nobody_could_write_it_again() {
    let log: Log = fit(json!({"turns": [{"words": "gas\0 \u{1}\u{1b}", "who": "Ada"}]})).unwrap();
    assert_eq!(log.turns[0].words, "gas\0 \u{1}\u{1b}");
    assert_eq!(log.turns[0].who, "Ada");
    let refused = fit::<Log>(json!({"turns": [{"words": "gas", "who": "A\0"}]})).unwrap_err();
    assert_eq!(refused[0].pointer, "/turns/0/who");
    assert_eq!(refused[0].code, "control_character");
}

fn with(name: &str, value: Value) -> Value {
    let mut form = json!({"channel": "phone"});
    form[name] = value;
    form
}

#[test]
fn what_fits_is_read() {
    let form: Form = fit(json!({
        "channel": "phone", "subject": "Missed bin", "body": "One\r\ntwo\tthree",
        "received_at": "2026-11-20T17:58:00+01:00", "born_on": "1950-02-28",
        "person": {"name": "Ada", "email": "ada@mail.example"},
        "attachments": ["019a9f5e-7c00-7000-8000-000000000001"], "score": 5, "consent": true,
        "by": {"working_days": 10}, "how": "letter", "fields": {"colour": ["green", 1]}, "plain": "x",
    }))
    .unwrap();
    assert_eq!(&*form.body.unwrap(), "One\ntwo\tthree");
    assert_eq!(
        form.received_at.unwrap().0,
        "2026-11-20T16:58:00Z".parse().unwrap()
    );
    assert_eq!(form.by, Some(Until::WorkingDays(10)));
    assert_eq!(form.how, Some(How::Letter));
    assert_eq!(
        form.person.unwrap().email.as_deref(),
        Some("ada@mail.example")
    );
    assert_eq!(form.channel, Channel::Phone);
}

#[test]
fn null_is_the_same_as_left_out() {
    for name in [
        "subject",
        "body",
        "received_at",
        "born_on",
        "person",
        "score",
        "consent",
        "by",
        "how",
        "plain",
    ] {
        assert_eq!(faults(with(name, Value::Null)), [], "{name}");
    }
    assert_eq!(
        faults(with("channel", Value::Null)),
        [("/channel".to_owned(), "wrong_type")]
    );
}

#[test]
fn each_fault_has_its_pointer_and_code() {
    let check = |name: &str, value: Value, pointer: &str, code: &'static str| {
        assert_eq!(
            faults(with(name, value.clone())),
            [(pointer.to_owned(), code)],
            "{name}: {value}"
        );
    };
    check("colour", json!(1), "/colour", "unknown_field");
    check("a/b~c", json!(1), "/a~1b~0c", "unknown_field");
    check("channel", json!("fax"), "/channel", "unknown_value");
    check("channel", json!(7), "/channel", "wrong_type");
    check("subject", json!("x".repeat(21)), "/subject", "too_long");
    check("subject", json!(["x"]), "/subject", "wrong_type");
    check(
        "subject",
        json!("two\nlines"),
        "/subject",
        "control_character",
    );
    check(
        "subject",
        json!("two\u{2028}lines"),
        "/subject",
        "control_character",
    );
    check("subject", json!("\u{7f}"), "/subject", "control_character");
    check("plain", json!("two\nlines"), "/plain", "control_character");
    check("body", json!("bell\u{7}"), "/body", "control_character");
    check("body", json!("a\rb"), "/body", "control_character");
    check(
        "fields",
        json!({"x": ["nul\0"]}),
        "/fields/x/0",
        "control_character",
    );
    check(
        "received_at",
        json!("2026-11-20T16:58:00"),
        "/received_at",
        "offset_missing",
    );
    check(
        "received_at",
        json!("2026-11-20 16:58:00Z"),
        "/received_at",
        "bad_format",
    );
    check(
        "received_at",
        json!("2026-11-31T16:58:00Z"),
        "/received_at",
        "bad_format",
    );
    check(
        "received_at",
        json!("2026-11-20"),
        "/received_at",
        "bad_format",
    );
    check(
        "received_at",
        json!("yesterday"),
        "/received_at",
        "bad_format",
    );
    check(
        "received_at",
        json!(1_700_000_000),
        "/received_at",
        "wrong_type",
    );
    check("born_on", json!("28/02/1950"), "/born_on", "bad_format");
    check("born_on", json!("1950-02-30"), "/born_on", "bad_format");
    check("person", json!({}), "/person/name", "missing_field");
    check("person", json!("Ada"), "/person", "wrong_type");
    check(
        "person",
        json!({"name": "Ada", "shoe": 9}),
        "/person/shoe",
        "unknown_field",
    );
    check(
        "person",
        json!({"name": "A name far too long"}),
        "/person/name",
        "too_long",
    );
    check(
        "person",
        json!({"name": "Ada", "email": "ada"}),
        "/person/email",
        "bad_format",
    );
    check(
        "attachments",
        json!(["no id"]),
        "/attachments/0",
        "bad_format",
    );
    check("attachments", json!("x"), "/attachments", "wrong_type");
    let id = "019a9f5e-7c00-7000-8000-000000000001";
    check(
        "attachments",
        json!([id, id, id]),
        "/attachments",
        "too_many",
    );
    check("score", json!(6), "/score", "out_of_range");
    check("score", json!(0), "/score", "out_of_range");
    check("score", json!("5"), "/score", "wrong_type");
    check("score", json!(1.5), "/score", "wrong_type");
    check("consent", json!("yes"), "/consent", "wrong_type");
    check("how", json!("shouted"), "/how", "unknown_value");
    check("how", json!(1), "/how", "wrong_type");
    check(
        "by",
        json!({"working_days": "ten"}),
        "/by/working_days",
        "wrong_type",
    );
}

#[test]
fn all_faults_are_named_at_once() {
    let found = faults(json!({
        "subject": "x".repeat(21), "received_at": "2026-11-20T16:58:00", "shoe": 9, "hat": 7,
        "person": {"email": "ada", "shoe": 9},
    }));
    for wanted in [
        ("/channel", "missing_field"),
        ("/subject", "too_long"),
        ("/received_at", "offset_missing"),
        ("/shoe", "unknown_field"),
        ("/hat", "unknown_field"),
        ("/person/name", "missing_field"),
        ("/person/email", "bad_format"),
        ("/person/shoe", "unknown_field"),
    ] {
        assert!(
            found.contains(&(wanted.0.to_owned(), wanted.1)),
            "{wanted:?} in {found:?}"
        );
    }
    assert_eq!(found.len(), 8, "{found:?}");
}

#[test]
fn a_document_that_is_no_object_is_the_wrong_type() {
    for value in [json!([]), json!("x"), json!(1), Value::Null] {
        assert_eq!(
            faults(value.clone()),
            [(String::new(), "wrong_type")],
            "{value}"
        );
    }
}

#[test]
fn the_words_say_what_to_send_instead() {
    let detail = |value: Value| {
        fit::<Form>(value)
            .unwrap_err()
            .first()
            .map(|fault| fault.detail.clone())
            .unwrap()
    };
    assert_eq!(
        detail(with("score", json!("5"))),
        "This must be a whole number, not text."
    );
    assert_eq!(
        detail(with("how", json!("shouted"))),
        "One of: letter, spoken."
    );
    assert!(detail(with("channel", json!("fax"))).starts_with("One of: phone, voicemail"));
    assert_eq!(
        detail(with("subject", json!("x".repeat(21)))),
        "At most 20 characters."
    );
}

#[test]
fn a_document_full_of_faults_does_not_make_a_large_answer() {
    let many: Map<String, Value> = (0..1_000).map(|n| (format!("x{n}"), Value::Null)).collect();
    assert_eq!(faults(Value::Object(many)).len(), MOST_FAULTS);
}
