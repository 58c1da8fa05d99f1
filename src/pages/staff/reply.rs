//! A reply: begun with a draft, looked over before it goes, and taken back until it leaves.

use serde_json::{Value, json};

use super::acts::{after, given, written};
use super::case::{self, Again, again};
use super::{document, items, text_of};
use crate::domain::wording::{on_day, sentence_case, topic};
use crate::http::within::Asked;
use crate::http::{Answer, Problem};
use crate::pages::signed_in::Visit;

/// Questions of the person shown beside a reply.
const MOST_QUESTIONS: usize = 20;

/// The addresses in a field, however they are parted.
pub fn addresses(text: &str) -> Vec<String> {
    let parted = text.split([',', ';', '\n', ' ']);
    parted
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
        .collect()
}

/// What a reply can be begun with: who wrote, about what and when is filled in.
pub fn draft(visit: &Visit, case: &Value, which: Option<&str>) -> String {
    let council = visit.call.front.desk.council();
    let catalogue = &council.catalogue;
    let (service, category) = (text_of(case, "service"), text_of(case, "category"));
    let matter = catalogue.category(service, category).map_or_else(
        || "this".to_owned(),
        |(_, category)| topic(&category.public_name),
    );
    let received = text_of(case, "received_at").parse::<jiff::Timestamp>().ok();
    let on = received.map_or_else(String::new, |at| {
        format!(" on {}", on_day(catalogue.calendar.date_of(at)))
    });
    let name = reporter(case).unwrap_or("Sir or Madam");
    match which {
        Some("answer") => format!(
            "Dear {name},\n\nThank you for telling us about {matter}{on}.\n\nWhat we found: \n\nWhat we have done: \n\n"
        ),
        Some("holding") => format!(
            "Dear {name},\n\nThank you for telling us about {matter}{on}.\n\nWe need more time to give you a full \
             answer, because \n\n"
        ),
        Some("not_upheld") => format!(
            "Dear {name},\n\nThank you for telling us about {matter}{on}.\n\nWe have looked at it and cannot do what \
             you ask, because \n\n"
        ),
        _ => String::new(),
    }
}

/// First it is looked over, then sent. What is wrong shows the case again with every word.
pub async fn send(visit: Visit) -> Result<Answer, Problem> {
    let fields = visit.fields();
    if fields.line("do") == "change" {
        return case::page(&visit, 200, Again::to_change("replies", fields)).await;
    }
    let body = document([
        ("text", written(&visit, "text")),
        ("kind", given(&visit, "kind")),
        ("outcome", given(&visit, "outcome")),
        ("scope", given(&visit, "scope")),
        ("until_on", given(&visit, "until_on")),
        ("to", Some(json!(addresses(&fields.text("to"))))),
        ("cc", Some(json!(addresses(&fields.text("cc"))))),
        (
            "confirmed_recipients",
            Some(json!(fields.all("confirmed_recipients"))),
        ),
    ]);
    if fields.line("do") != "send" {
        return look_over(&visit).await;
    }
    let asked = Asked::of("reply_to_person")
        .at("case", visit.call.path("case"))
        .sends(body)
        .of_version(fields.version())
        .once(fields.key());
    match visit.ask(asked).await {
        Ok(told) => Ok(after(&visit, &told.body, "reply")),
        Err(problem) => {
            let with = Again::of("replies", fields, &problem);
            again(&visit, problem, with).await
        }
    }
}

/// Takes back what has not left.
pub async fn take_back(visit: Visit) -> Result<Answer, Problem> {
    let asked = Asked::of("take_back_reply")
        .at("case", visit.call.path("case"))
        .at("reply", visit.call.path("reply"));
    match visit.ask(asked).await {
        Ok(told) => Ok(after(&visit, &told.body, "taken_back")),
        Err(problem) => {
            let with = Again::of("taken_back", visit.fields(), &problem);
            again(&visit, problem, with).await
        }
    }
}

/// The reply as it will go, beside what is easily forgotten.
async fn look_over(visit: &Visit) -> Result<Answer, Problem> {
    let reference = visit.call.path("case").to_owned();
    let found = case::ask(visit, "get_case", &reference).await?;
    let contacts = Asked::of("list_case_contacts").at("case", &reference);
    let contacts = visit.ask(contacts.with("limit", 25)).await?.body;
    let asked_of_us = items(&contacts);
    let asked_of_us: Vec<String> = asked_of_us
        .iter()
        .filter(|contact| text_of(contact, "direction") == "inbound")
        .flat_map(|contact| questions(text_of(contact, "body")))
        .take(MOST_QUESTIONS)
        .collect();
    let text = visit.fields().text("text");
    if text.trim().is_empty() {
        let problem =
            Problem::invalid(Vec::new()).at("/text", "missing_field", "Write the reply first.");
        let with = Again::of("replies", visit.fields(), &problem);
        return again(visit, problem, with).await;
    }
    let is_answer = visit.fields().line("kind") != "holding";
    let said = json!({
        "case": found, "text": text,
        "fields": visit.fields().pairs().filter(|(name, _)| *name != "do").collect::<Vec<_>>(),
        "checks": checks(&text, reporter(&found), is_answer),
        "questions": asked_of_us,
        "recipients": recipients(visit, &found),
        "undo_minutes": visit.call.front.desk.manners.undo_seconds / 60,
    });
    let title = format!("Look it over ({})", text_of(&found, "reference"));
    visit.page(200, "staff/reply.html", title, said)
}

/// Who gets it, as the form says or as the case has it.
fn recipients(visit: &Visit, case: &Value) -> Vec<String> {
    let to = addresses(&visit.fields().text("to"));
    let cc = addresses(&visit.fields().text("cc"));
    let named: Vec<String> = if to.is_empty() { answered_on(case) } else { to };
    named.into_iter().chain(cc).collect()
}

/// Those of the case who are answered.
fn answered_on(case: &Value) -> Vec<String> {
    let people = case.get("people").and_then(Value::as_array);
    people
        .into_iter()
        .flatten()
        .filter(|person| matches!(text_of(person, "role"), "reporter" | "advocate"))
        .filter(|person| person.get("has_withdrawn").and_then(Value::as_bool) != Some(true))
        .map(|person| match text_of(person, "name") {
            "" => "somebody without a name".to_owned(),
            name => name.to_owned(),
        })
        .collect()
}

fn reporter(case: &Value) -> Option<&str> {
    let people = case.get("people").and_then(Value::as_array)?;
    let reporter = people
        .iter()
        .find(|person| text_of(person, "role") == "reporter")?;
    Some(text_of(reporter, "name")).filter(|name| !name.is_empty())
}

/// What is easily forgotten, and whether the words have it: nobody is kept from sending.
fn checks(text: &str, name: Option<&str>, is_answer: bool) -> Vec<Value> {
    let lower = text.to_lowercase();
    let last_name = name.and_then(|name| name.split_whitespace().last());
    let names_them = last_name.is_some_and(|name| lower.contains(&name.to_lowercase()));
    let has_date = MONTHS.iter().any(|month| {
        lower.match_indices(month).any(|(at, _)| {
            let before = lower.get(..at).unwrap_or_default().trim_end();
            before.ends_with(|last: char| last.is_ascii_digit())
        })
    });
    let vague = VAGUE.iter().find(|word| {
        lower
            .split(|letter: char| !letter.is_alphabetic())
            .any(|own| own == **word)
    });
    let is_begun = lower.lines().any(|line| {
        let line = line.trim();
        ["what we found:", "what we have done:", "because"].contains(&line)
            || line.ends_with(", because")
    });
    let mut all = vec![
        json!({"ok": names_them, "words": "It greets the person by their name."}),
        json!({"ok": has_date, "words": "It gives a real date for what happens next, if anything does."}),
        json!({"ok": !is_begun, "words": "No part of the draft was left empty."}),
    ];
    all.push(match vague {
        Some(word) => json!({
            "ok": false, "words": format!("It says “{word}”. Give a date instead."),
        }),
        None => json!({"ok": true, "words": "It promises nothing vague."}),
    });
    if is_answer {
        all.push(json!({
            "ok": true,
            "words": "Our letter adds how they can tell us that it is not right, and whom to ask after us.",
        }));
    }
    all
}

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
const VAGUE: [&str; 4] = ["soon", "shortly", "asap", "presently"];

/// The questions somebody asked in their words.
fn questions(body: &str) -> Vec<String> {
    let mut all = Vec::new();
    let mut begun = 0;
    for (at, mark) in body.char_indices() {
        if !matches!(mark, '.' | '!' | '?' | '\n') {
            continue;
        }
        let end = at + mark.len_utf8();
        let sentence = body.get(begun..end).unwrap_or_default().trim();
        begun = end;
        if mark == '?' && sentence.len() > 3 {
            all.push(sentence_case(sentence));
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_person_asked_stands_beside_the_reply() {
        let body = "My bin was missed.\nWhen will you come? It smells! And who pays for the lid?";
        assert_eq!(
            questions(body),
            ["When will you come?", "And who pays for the lid?"]
        );
        assert!(questions("No question at all.").is_empty());
    }

    #[test]
    fn a_reply_is_looked_over_for_name_date_and_vague_words() {
        let failed = |text: &str| -> Vec<String> {
            checks(text, Some("Ada Example"), true)
                .iter()
                .filter(|check| check["ok"] == false)
                .map(|check| check["words"].as_str().unwrap().to_owned())
                .collect()
        };
        assert!(failed("Dear Ms Example,\nWe collected it on 24 November 2026.").is_empty());
        assert_eq!(failed("Hello, we will come soon.").len(), 3);
        assert!(
            failed("Dear Ada Example,\n24 November.\nWhat we found: ")
                .iter()
                .any(|words| words.contains("draft"))
        );
        assert!(
            failed("We may come, Example")
                .iter()
                .any(|words| words.contains("real date")),
            "may is a word too"
        );
    }

    #[test]
    fn addresses_are_parted_however_they_are_written() {
        assert_eq!(
            addresses("a@mail.example; b@mail.example,\nc@mail.example "),
            ["a@mail.example", "b@mail.example", "c@mail.example"]
        );
    }
}
