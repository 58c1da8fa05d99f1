//! The form of a service, for whoever shows it to residents: the question of danger first, then for each
//! kind of matter what is asked, as JSON Schema with labels.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::public::{PhoneNow, PublicCategory};
use crate::domain::catalogue::{Catalogue, Category, Datatype, Field, Service};
use crate::domain::wording::Language;
use crate::domain::wording::form::{FormWords, form_danger, form_words};

/// In which language it is read.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct FormQuery {
    /// Welsh where the catalogue has it, English elsewhere.
    #[serde(default)]
    pub language: FormLanguage,
}

/// The languages of a form.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FormLanguage {
    #[default]
    En,
    Cy,
}

/// The form of a service.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PublicForm {
    pub service: String,
    pub name: String,
    pub language: FormLanguage,
    /// Ask this first, and show the number before anything is sent.
    pub danger: DangerQuestion,
    /// A number where somebody answers now.
    pub phone_now: PhoneNow,
    /// Send it as `Idempotency-Key`: a form sent twice is then one case, from whatever address. Good
    /// for one form; it costs nothing when it is never used.
    pub idempotency_key: String,
    /// Where the form is sent.
    pub send_to: String,
    pub attachments: FormAttachments,
    /// A field to show to nobody and to leave empty.
    pub hidden_field: String,
    pub categories: Vec<CategoryForm>,
}

/// The first question.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DangerQuestion {
    pub question: String,
    /// The member of the form its answer stands in: `true` for yes.
    pub member: String,
    pub yes: String,
    pub no: String,
    /// What to show at once when it is yes. The form may be sent all the same, and goes to those on duty.
    pub if_yes: String,
    pub phone: String,
}

/// Files that may be sent with it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FormAttachments {
    pub send_to: String,
    pub most: usize,
    pub largest_bytes: usize,
    pub types: Vec<String>,
}

/// What is asked about one kind of matter.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CategoryForm {
    #[serde(flatten)]
    pub category: PublicCategory,
    /// To be read before it is filled in.
    pub notes: Vec<String>,
    /// JSON Schema (2020-12) of the document that is sent, its members in the order they are asked.
    #[schemars(schema_with = "any_schema")]
    pub schema: Value,
}

/// What the server knows and the catalogue does not.
pub struct FormSetting {
    pub language: FormLanguage,
    pub idempotency_key: String,
    pub most_attachments: usize,
    pub largest_attachment: usize,
    pub types: Vec<String>,
}

impl From<FormLanguage> for Language {
    fn from(language: FormLanguage) -> Self {
        match language {
            FormLanguage::En => Self::English,
            FormLanguage::Cy => Self::Welsh,
        }
    }
}

impl PublicForm {
    /// As it is shown at an hour. What only a small team may see is not offered by name.
    #[must_use]
    pub fn of(
        catalogue: &Catalogue,
        service: &Service,
        now: Timestamp,
        setting: FormSetting,
    ) -> Self {
        let language = Language::from(setting.language);
        let words = form_words(language);
        let (number, hours) = catalogue.phone_for(service, now);
        let open = service
            .categories
            .iter()
            .filter(|category| !category.is_restricted);
        Self {
            service: service.slug.clone(),
            name: service.name.clone(),
            language: setting.language,
            danger: DangerQuestion {
                question: words.danger.to_owned(),
                member: "danger".to_owned(),
                yes: words.yes.to_owned(),
                no: words.no.to_owned(),
                if_yes: form_danger(&number, language),
                phone: number.clone(),
            },
            phone_now: PhoneNow { number, hours },
            idempotency_key: setting.idempotency_key,
            send_to: "/v1/public/contacts".to_owned(),
            hidden_field: "website".to_owned(),
            categories: open
                .map(|category| CategoryForm {
                    category: PublicCategory::of(catalogue, service, category),
                    notes: notes(category, language),
                    schema: schema(
                        service,
                        category,
                        &words,
                        language,
                        setting.most_attachments,
                    ),
                })
                .collect(),
            attachments: FormAttachments {
                send_to: "/v1/public/attachments".to_owned(),
                most: setting.most_attachments,
                largest_bytes: setting.largest_attachment,
                types: setting.types,
            },
        }
    }
}

fn notes(category: &Category, language: Language) -> Vec<String> {
    let told = category.fields.iter().filter(|field| !field.asked);
    told.map(|field| field.question_in(language).to_owned())
        .collect()
}

fn schema(
    service: &Service,
    category: &Category,
    words: &FormWords,
    language: Language,
    most_attachments: usize,
) -> Value {
    let asked = || category.fields.iter().filter(|field| field.asked);
    let mut answers = Map::new();
    for field in asked() {
        answers.insert(field.code.clone(), question(field, language));
    }
    let needed: Vec<&str> = asked()
        .filter(|field| field.required)
        .map(|field| field.code.as_str())
        .collect();
    let mut required = vec!["service", "category", "body"];
    if !needed.is_empty() {
        required.push("fields");
    }
    let line =
        |title: &str, longest: u32| json!({"type": "string", "title": title, "maxLength": longest});
    let mut members = Map::new();
    let mut ask = |name: &str, what: Value| members.insert(name.to_owned(), what);
    ask(
        "danger",
        json!({"type": "boolean", "title": words.danger, "default": false}),
    );
    ask("service", json!({"const": service.slug}));
    ask(
        "category",
        json!({"const": category.slug, "title": category.name}),
    );
    if !answers.is_empty() {
        ask(
            "fields",
            json!({
                "type": "object", "title": words.answers, "properties": answers, "required": needed,
                "additionalProperties": false,
            }),
        );
    }
    ask(
        "location",
        json!({
            "type": "object", "title": words.place, "additionalProperties": false,
            "properties": {
                "description": line(words.place_words, 300),
                "uprn": {"type": "string", "title": words.property, "pattern": "^[0-9]{1,12}$"},
                "lat": {"type": "number", "title": words.place_point, "minimum": -90, "maximum": 90},
                "long": {"type": "number", "title": words.place_point, "minimum": -180, "maximum": 180},
            },
            "dependentRequired": {"lat": ["long"], "long": ["lat"]},
        }),
    );
    ask("subject", line(words.subject, 200));
    ask(
        "body",
        json!({"type": "string", "title": words.body, "minLength": 1, "maxLength": 100_000}),
    );
    ask(
        "attachments",
        json!({
            "type": "array", "title": words.photographs, "maxItems": most_attachments,
            "items": {"type": "string", "format": "uuid"},
        }),
    );
    ask(
        "person",
        json!({
            "type": "object", "title": words.person,
            "properties": {
                "name": line(words.name, 200),
                "email": {"type": "string", "title": words.email, "format": "email", "maxLength": 254},
                "phone": line(words.phone, 40),
            },
        }),
    );
    ask("language", json!({"const": language.as_str()}));
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object", "title": category.name,
        "properties": members, "required": required,
    })
}

fn question(field: &Field, language: Language) -> Value {
    let mut asked = Map::new();
    asked.insert("title".to_owned(), json!(field.question_in(language)));
    if let Some(hint) = field.hint_in(language) {
        asked.insert("description".to_owned(), json!(hint));
    }
    let choices = || -> Vec<Value> {
        let values = field.values.iter();
        values
            .map(|choice| json!({"const": choice.key, "title": choice.name_in(language)}))
            .collect()
    };
    let kind = match field.datatype {
        Datatype::String | Datatype::Text => json!({"type": "string", "maxLength": 4_000}),
        Datatype::Number => json!({"type": "number"}),
        Datatype::Datetime => json!({"type": "string", "format": "date-time"}),
        Datatype::OneOf => json!({"type": "string", "oneOf": choices()}),
        Datatype::SomeOf => json!({
            "type": "array", "uniqueItems": true, "items": {"type": "string", "oneOf": choices()},
        }),
    };
    if let Value::Object(kind) = kind {
        asked.extend(kind);
    }
    // A reader tells a line from a text, which JSON Schema does not.
    asked.insert("x-reeve-datatype".to_owned(), json!(field.datatype));
    Value::Object(asked)
}

fn any_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({"type": "object", "description": "A JSON Schema."})
}
