//! What is answered: the documents of GeoReport v2 and the updates extension. As JSON they are this;
//! as XML the same under the names [`super::xml`] gives lists.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::form::INSTANT;
use super::status::Extended;
use crate::domain::catalogue::{Category, Field, Service};

/// What there is at this address.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "Open311Discovery")]
pub struct Discovery {
    /// When what is offered last changed.
    pub changeset: String,
    /// Whom to ask about this server.
    pub contact: String,
    /// How to come by a key.
    pub key_service: String,
    pub endpoints: Vec<Endpoint>,
}

/// One address that speaks GeoReport.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "Open311Endpoint")]
pub struct Endpoint {
    pub specification: String,
    pub url: String,
    pub changeset: String,
    /// `production` or `test`.
    #[serde(rename = "type")]
    pub kind: String,
    pub formats: Vec<String>,
}

/// One kind of matter that may be reported.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "Open311Service")]
pub struct ServiceOffered {
    pub service_code: String,
    pub service_name: String,
    pub description: String,
    /// It has attributes: ask for its definition.
    pub metadata: bool,
    /// `realtime`: the report's id is answered at once.
    #[serde(rename = "type")]
    pub kind: String,
    /// With commas between.
    pub keywords: String,
    /// The service it belongs to.
    pub group: String,
}

/// What is asked about one kind of matter.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "Open311ServiceDefinition")]
pub struct ServiceDefinition {
    pub service_code: String,
    pub attributes: Vec<Attribute>,
}

/// One question.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "Open311Attribute")]
pub struct Attribute {
    /// Whether somebody answers it; otherwise it is there to be read.
    pub variable: bool,
    pub code: String,
    /// `string`, `number`, `datetime`, `text`, `singlevaluelist` or `multivaluelist`.
    pub datatype: String,
    pub required: bool,
    /// How to answer it.
    pub datatype_description: String,
    /// Where it stands among the others.
    pub order: usize,
    /// The question.
    pub description: String,
    /// `server_set`: the reporting service fills it in, nobody is asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub automated: Option<String>,
    /// What may be chosen.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    pub values: Vec<AttributeValue>,
}

/// One thing to choose.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "Open311AttributeValue")]
pub struct AttributeValue {
    pub key: String,
    pub name: String,
}

/// A report, taken.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "Open311RequestTaken")]
pub struct RequestTaken {
    /// The case's reference.
    pub service_request_id: String,
    /// What happens next, in whole sentences.
    pub service_notice: Option<String>,
}

/// A report by its token, which is its id.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "Open311Token")]
pub struct TokenAnswered {
    pub service_request_id: String,
    pub token: String,
}

/// A report as everybody may read it. Never a name, a number or an address of whoever sent it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "Open311Request")]
pub struct RequestShown {
    pub service_request_id: String,
    /// `open` or `closed`.
    pub status: String,
    /// Where it stands, as a sentence.
    pub status_notes: Option<String>,
    pub service_name: String,
    pub service_code: String,
    /// The reporter's own words; without them, what it is about.
    pub description: String,
    pub agency_responsible: String,
    pub service_notice: Option<String>,
    pub requested_datetime: String,
    pub updated_datetime: String,
    /// The first instant at which our answer is late.
    pub expected_datetime: Option<String>,
    pub address: Option<String>,
    /// Always empty: it could lead to somebody's home.
    pub address_id: Option<String>,
    pub zipcode: Option<String>,
    pub lat: Option<f64>,
    pub long: Option<f64>,
    /// The first photograph the reporter sent.
    pub media_url: Option<String>,
    /// With `extensions=true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extended_attributes: Option<ExtendedAttributes>,
    /// With `extensions=true`: what has happened, in public words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notes: Option<Vec<Note>>,
}

/// What plain GeoReport has no place for.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "Open311ExtendedAttributes")]
pub struct ExtendedAttributes {
    /// Where it stands in the words of the updates extension.
    pub detailed_status: Extended,
    pub external_status_code: String,
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "Open311Note")]
pub struct Note {
    pub datetime: String,
    pub description: String,
    /// The kind of event: `opened`, `replied`, `closed` …
    #[serde(rename = "type")]
    pub kind: String,
}

/// One thing that happened to a report.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "Open311Update")]
pub struct UpdateShown {
    /// Always the same for the same thing.
    pub update_id: String,
    pub service_request_id: String,
    /// Where the report stood afterwards.
    pub status: Extended,
    pub updated_datetime: String,
    /// In public words.
    pub description: String,
    pub media_url: String,
    /// Our own word for where it stood: `waiting.contractor`, `closed.resolved`.
    pub external_status_code: String,
    /// The sender's own number of the report, where this key sent it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fixmystreet_id: Option<String>,
}

/// A message, taken.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "Open311UpdateTaken")]
pub struct UpdateTaken {
    /// Our own id for it.
    pub update_id: String,
}

/// One thing that was wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Open311Error")]
pub struct ErrorShown {
    /// The status of the answer.
    pub code: u16,
    /// What is wrong and what to do about it.
    pub description: String,
}

impl ServiceOffered {
    /// A category as it is offered.
    #[must_use]
    pub fn of(service: &Service, category: &Category) -> Self {
        Self {
            service_code: category.slug.clone(),
            service_name: category.name.clone(),
            description: service.description.clone(),
            metadata: true,
            kind: "realtime".to_owned(),
            keywords: category.keywords.join(","),
            group: service.name.clone(),
        }
    }
}

impl ServiceDefinition {
    /// What is asked about a category: first what the reporting service fills in.
    #[must_use]
    pub fn of(category: &Category) -> Self {
        let filled_in = [
            ("easting", "number", "Easting on the National Grid"),
            ("northing", "number", "Northing on the National Grid"),
            ("fixmystreet_id", "string", "The report's own number"),
        ]
        .map(|(code, datatype, description)| Attribute {
            variable: true,
            code: code.to_owned(),
            datatype: datatype.to_owned(),
            required: true,
            datatype_description: String::new(),
            order: 0,
            description: description.to_owned(),
            automated: Some("server_set".to_owned()),
            values: Vec::new(),
        });
        let attributes = filled_in
            .into_iter()
            .chain(category.fields.iter().map(Attribute::of))
            .zip(1..)
            .map(|(attribute, order)| Attribute { order, ..attribute })
            .collect();
        Self {
            service_code: category.slug.clone(),
            attributes,
        }
    }
}

impl Attribute {
    fn of(field: &Field) -> Self {
        let by_itself = match field.datatype {
            crate::domain::catalogue::Datatype::Datetime => INSTANT,
            _ => "",
        };
        Self {
            variable: field.asked,
            code: field.code.clone(),
            datatype: field.datatype.to_string(),
            required: field.required,
            datatype_description: field.hint.clone().unwrap_or_else(|| by_itself.to_owned()),
            order: 0,
            description: field.question.clone(),
            automated: None,
            values: field
                .values
                .iter()
                .map(|choice| AttributeValue {
                    key: choice.key.clone(),
                    name: choice.name.clone(),
                })
                .collect(),
        }
    }
}

/// An instant as it travels: in UTC, to the second, which is all that clients compare by.
#[must_use]
pub fn instant_in_words(at: Timestamp) -> String {
    Timestamp::from_second(at.as_second())
        .unwrap_or(at)
        .to_string()
}
