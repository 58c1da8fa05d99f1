//! What somebody has told a form so far. It travels from page to page in the forms themselves, so that it
//! survives a restart, another replica and the back button, and is nowhere until it is sent.

use std::collections::BTreeMap;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

use crate::domain::catalogue::{Category, Datatype, Field};
use crate::domain::wording::Language;

/// What a form holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answers {
    /// Nothing until the question was answered.
    pub danger: Option<bool>,
    /// To the category's own questions, by code.
    pub fields: BTreeMap<String, Vec<String>>,
    pub body: String,
    pub place: String,
    pub uprn: String,
    pub lat: String,
    pub long: String,
    pub photos: Vec<Photo>,
    pub name: String,
    pub email: String,
    pub phone: String,
    /// In which language they want to be written to.
    pub language: Option<Language>,
    /// The field nobody is shown.
    pub website: String,
    /// The Idempotency-Key of this form.
    pub key: String,
}

/// A file that was sent ahead.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Photo {
    pub id: String,
    /// As it was called, for whoever sent it.
    pub name: String,
}

/// Before the codes of a category's own questions.
pub const FIELD: &str = "f-";
/// More than any contact may have.
const MOST_PHOTOS: usize = 50;

impl Answers {
    /// What a form says, as people write it.
    #[must_use]
    pub fn read(form: &[(String, String)], category: &Category) -> Self {
        let first = |name: &str| {
            form.iter()
                .find(|(own, _)| own == name)
                .map_or("", |(_, value)| value.as_str())
        };
        let fields = asked(category).map(|field| {
            let name = format!("{FIELD}{}", field.code);
            let given = form.iter().filter(|(own, _)| *own == name);
            let values = given.map(|(_, value)| match field.datatype {
                Datatype::Text => lines(value),
                _ => line(value),
            });
            let values: Vec<String> = values.filter(|value| !value.is_empty()).collect();
            (field.code.clone(), values)
        });
        let photos = form.iter().filter(|(name, _)| name == "photo");
        let photos = photos.filter_map(|(_, value)| {
            let (id, name) = value.split_once(' ')?;
            Some(Photo {
                id: line(id),
                name: line(name),
            })
        });
        Self {
            danger: match first("danger") {
                "yes" => Some(true),
                "no" => Some(false),
                _ => None,
            },
            fields: fields.filter(|(_, values)| !values.is_empty()).collect(),
            body: lines(first("body")),
            place: line(first("place")),
            uprn: line(first("uprn")),
            lat: line(first("lat")),
            long: line(first("long")),
            photos: photos.take(MOST_PHOTOS).collect(),
            name: line(first("name")),
            email: line(first("email")),
            phone: line(first("phone")),
            language: first("language").parse().ok(),
            website: line(first("website")),
            key: line(first("key")),
        }
    }

    /// The same as a form writes it: names and values.
    #[must_use]
    pub fn written(&self) -> Vec<(String, String)> {
        let danger = self.danger.map(|is_yes| if is_yes { "yes" } else { "no" });
        let mut all: Vec<(String, String)> = [
            ("danger", danger.unwrap_or_default()),
            ("body", &self.body),
            ("place", &self.place),
            ("uprn", &self.uprn),
            ("lat", &self.lat),
            ("long", &self.long),
            ("name", &self.name),
            ("email", &self.email),
            ("phone", &self.phone),
            ("language", self.language.map_or("", Language::as_str)),
            ("website", &self.website),
            ("key", &self.key),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
        for (code, values) in &self.fields {
            let name = format!("{FIELD}{code}");
            all.extend(values.iter().map(|value| (name.clone(), value.clone())));
        }
        let photos = self.photos.iter();
        all.extend(
            photos.map(|photo| ("photo".to_owned(), format!("{} {}", photo.id, photo.name))),
        );
        all.retain(|(_, value)| !value.is_empty());
        all
    }

    /// The document the API would be sent. What cannot be read as what it should be stays as it was
    /// written, for the API to say so.
    #[must_use]
    pub fn document(&self, service: &str, category: &Category, zone: &TimeZone) -> Value {
        let mut document = Map::new();
        let mut put = |name: &str, value: Value| {
            document.insert(name.to_owned(), value);
        };
        put("service", json!(service));
        put("category", json!(category.slug));
        put("danger", json!(self.danger == Some(true)));
        put("body", json!(self.body));
        if let Some(language) = self.language {
            put("language", json!(language.as_str()));
        }
        let location = [
            ("description", text(&self.place)),
            ("uprn", text(&self.uprn.replace(' ', ""))),
            ("lat", number(&self.lat)),
            ("long", number(&self.long)),
        ];
        put("location", members(location));
        let person = [
            ("name", text(&self.name)),
            ("email", text(&self.email)),
            ("phone", text(&self.phone)),
        ];
        put("person", members(person));
        let mut fields = Map::new();
        for field in asked(category) {
            if let Some(answer) = self.answer_to(field, zone) {
                fields.insert(field.code.clone(), answer);
            }
        }
        put("fields", Value::Object(fields));
        let ids: Vec<&str> = self.photos.iter().map(|photo| photo.id.as_str()).collect();
        put("attachments", json!(ids));
        if !self.website.is_empty() {
            put("website", json!(self.website));
        }
        document.retain(|_, value| value.as_object().is_none_or(|members| !members.is_empty()));
        Value::Object(document)
    }

    fn answer_to(&self, field: &Field, zone: &TimeZone) -> Option<Value> {
        let values = self.fields.get(&field.code)?;
        match field.datatype {
            Datatype::SomeOf => Some(json!(values)),
            Datatype::Datetime => values.first().map(|value| json!(instant(value, zone))),
            _ => values.first().map(|value| json!(value)),
        }
    }
}

/// The questions of a category that somebody answers.
pub fn asked(category: &Category) -> impl Iterator<Item = &Field> {
    category.fields.iter().filter(|field| field.asked)
}

/// A day and hour as a browser writes it, in the council's time; anything else as it is.
fn instant(value: &str, zone: &TimeZone) -> String {
    let local: Result<DateTime, _> = value.parse();
    local
        .and_then(|local| zone.to_timestamp(local))
        .map_or_else(|_| value.to_owned(), |at| at.to_string())
}

fn text(value: &str) -> Option<Value> {
    (!value.is_empty()).then(|| json!(value))
}

fn number(value: &str) -> Option<Value> {
    let read: Option<f64> = value.parse().ok();
    match read.filter(|number| number.is_finite()) {
        Some(number) => Some(json!(number)),
        None => text(value),
    }
}

fn members<const N: usize>(all: [(&str, Option<Value>); N]) -> Value {
    let given = all.into_iter();
    let given = given.filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(given.collect())
}

/// Several lines: line ends as LF, and what no keyboard writes left out.
fn lines(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    text.chars()
        .filter(|c| matches!(c, '\n' | '\t') || !c.is_control())
        .collect()
}

/// One line, with single spaces.
pub fn line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words
        .join(" ")
        .chars()
        .filter(|c| !c.is_control())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fly_tip() -> Category {
        let catalogue = crate::config::embedded::northmere().unwrap();
        let (_, category) = catalogue.category("fly-tipping", "fly-tip").unwrap();
        category.clone()
    }

    fn form(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn what_was_told_comes_back_word_for_word() {
        let category = fly_tip();
        let told = form(&[
            ("danger", "no"),
            ("body", "\n\"A sofa\" & <b>a chair</b>\r\nby the gate\u{7}."),
            ("f-what", "furniture"),
            ("f-what", "rubble"),
            ("f-size", "van"),
            ("place", "  14  Larkfield Rise "),
            ("lat", "54.35"),
            ("long", "-1.45"),
            ("photo", "019a9f5e-7c00-7000-8000-000000000009 my sofa.jpg"),
            ("name", "Ada Example"),
            ("language", "cy"),
            ("key", "form_a.b"),
        ]);
        let answers = Answers::read(&told, &category);
        assert_eq!(answers.body, "\n\"A sofa\" & <b>a chair</b>\nby the gate.");
        assert_eq!(answers.place, "14 Larkfield Rise");
        assert_eq!(answers.photos[0].name, "my sofa.jpg");
        assert_eq!(Answers::read(&answers.written(), &category), answers);
        let document = answers.document("fly-tipping", &category, &TimeZone::UTC);
        assert_eq!(
            document,
            json!({
                "service": "fly-tipping", "category": "fly-tip", "danger": false,
                "body": "\n\"A sofa\" & <b>a chair</b>\nby the gate.", "language": "cy",
                "location": {"description": "14 Larkfield Rise", "lat": 54.35, "long": -1.45},
                "person": {"name": "Ada Example"},
                "fields": {"size": "van", "what": ["furniture", "rubble"]},
                "attachments": ["019a9f5e-7c00-7000-8000-000000000009"],
            })
        );
    }

    #[test]
    fn what_is_no_number_is_left_for_the_rules_to_name() {
        let answers = Answers::read(
            &form(&[("lat", "north"), ("uprn", "1000 0000 0001")]),
            &fly_tip(),
        );
        let document = answers.document("fly-tipping", &fly_tip(), &TimeZone::UTC);
        assert_eq!(
            document["location"],
            json!({"uprn": "100000000001", "lat": "north"})
        );
        assert_eq!(document.get("person"), None);
    }

    #[test]
    fn a_time_is_the_councils_own() {
        let zone = TimeZone::get("Europe/London").unwrap();
        assert_eq!(instant("2026-07-01T09:30", &zone), "2026-07-01T08:30:00Z");
        assert_eq!(instant("yesterday", &zone), "yesterday");
    }
}
