//! A report: the form a reporting service sends for one of its users.
//!
//! Nobody sits at the other end who could correct a form, so what the council could still act on is
//! taken; what cannot be meant is named, every fault at once. The address on it proves nothing.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::description;
use super::form::{Form, id, read_given, under};
use crate::channels::given::{Faults, Given, Read};
use crate::channels::text;
use crate::domain::catalogue::{Category, Field, Service};
use crate::domain::contact::Channel;
use crate::domain::enquiry::Enquiry;

/// Reads a report about one kind of matter.
#[must_use]
pub fn read(form: &Form, service: &Service, category: &Category, now: Timestamp) -> Read {
    let mut faults = Faults::default();
    let mut as_given = Vec::new();
    let answers = form.attributes(&mut as_given, &mut faults);
    let one = |code: &str| answers.get(code).and_then(|values| values.first());
    for field in category.fields.iter().filter(|field| field.asked) {
        check_answer(field, &answers, &mut faults);
    }
    let told = description::read(&form.words("description"));
    let title = one("title").cloned().or(told.title);
    let words = if told.words.is_empty() {
        one("description").cloned().unwrap_or_default()
    } else {
        told.words
    };
    let (subject, body) = said(title, words, category);
    let person = form.person(&mut as_given);
    let location = form.place(one("uprn").map(String::as_str), &mut as_given, &mut faults);
    let media_urls = form.photographs(&mut as_given, &mut faults);
    let (body, left_over) = under(body, as_given);
    let given = Given {
        subject: Some(subject),
        body: Some(body),
        person,
        service: Some(service.slug.clone()),
        category: Some(category.slug.clone()),
        location,
        fields: Map::new(),
        ..Given::default()
    };
    let page_url = told.page_url.or_else(|| one("report_url").cloned());
    let external_id = one("fixmystreet_id").cloned();
    let enquiry = Enquiry::new(Channel::Open311, now);
    read_given(given, enquiry, faults, |enquiry, faults| {
        enquiry.media_urls = media_urls;
        enquiry.page_url = page_url.filter(|url| url.starts_with("http"));
        let pointer = "/attribute[fixmystreet_id]";
        enquiry.external_id = id(pointer, external_id.as_deref(), faults);
        enquiry.fields = fields(form, &answers, faults);
        if !left_over.is_empty() {
            let left_over = Value::from(left_over);
            enquiry
                .fields
                .insert("as_it_was_given".to_owned(), left_over);
        }
    })
}

/// Subject and words. A title that is too long for a subject stands whole above the words.
fn said(title: Option<String>, words: String, category: &Category) -> (String, String) {
    let Some(title) = title else {
        let subject = if words.is_empty() {
            category.name.clone()
        } else {
            String::new()
        };
        return (subject, words);
    };
    let subject = text::clean_line(&title, text::SUBJECT_LIMIT);
    if title.chars().count() <= text::SUBJECT_LIMIT {
        return (subject, words);
    }
    let body = format!("{title}\n\n{words}").trim().to_owned();
    (subject, body)
}

/// Every attribute, whether we asked for it or not, and the sender's own ids.
fn fields(
    form: &Form,
    answers: &BTreeMap<String, Vec<String>>,
    faults: &mut Faults,
) -> Map<String, Value> {
    let mut fields = Map::new();
    for (code, values) in answers {
        let value = match values.as_slice() {
            [] => continue,
            [one] => Value::from(one.clone()),
            several => Value::from(several.to_vec()),
        };
        fields.insert(code.clone(), value);
    }
    for field in ["device_id", "account_id", "address_id"] {
        if let Some(id) = form.id(field, faults) {
            fields.insert(field.to_owned(), Value::from(id));
        }
    }
    let files = form.files_in_words();
    if !files.is_empty() {
        fields.insert("files_not_kept".to_owned(), Value::from(files));
    }
    fields
}

fn check_answer(field: &Field, answers: &BTreeMap<String, Vec<String>>, faults: &mut Faults) {
    let pointer = format!("/attribute[{}]", field.code);
    let values = answers.get(&field.code).map_or(&[][..], Vec::as_slice);
    if values.is_empty() {
        if field.required {
            let detail = format!("An answer is needed: {}", field.question);
            faults.add(&pointer, "missing_field", detail);
        }
        return;
    }
    let values: Vec<&str> = values.iter().map(String::as_str).collect();
    if let Some((code, detail)) = field.fault_in(&values) {
        faults.add(&pointer, code, detail);
    }
}

#[cfg(test)]
mod tests;
