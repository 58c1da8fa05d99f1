//! What is sent: query parameters, and the fields of the two forms.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;

use crate::http::fields::Line;

/// What every address takes.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub(super) struct PlainQuery {
    /// Absent: this council. Another one is 404.
    #[serde(default)]
    pub jurisdiction_id: Option<Line<200>>,
    /// The key, where one is needed; or `Authorization: Bearer`, or a field of the form.
    #[serde(default)]
    pub api_key: Option<Line<200>>,
}

/// Which reports.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub(super) struct RequestsQuery {
    /// Absent: this council. Another one is 404.
    #[serde(default)]
    pub jurisdiction_id: Option<Line<200>>,
    /// Not needed here.
    #[serde(default)]
    #[expect(dead_code, reason = "taken so that a client may send it everywhere")]
    pub api_key: Option<Line<200>>,
    /// These, with commas between, whatever else is asked.
    #[serde(default)]
    pub service_request_id: Option<Line<20_000>>,
    /// Of these, with commas between.
    #[serde(default)]
    pub service_code: Option<Line<4_000>>,
    /// Received from then on, with offset; at most 90 days before `end_date`.
    #[serde(default)]
    pub start_date: Option<Line<40>>,
    /// Received until then; now, when it is not said.
    #[serde(default)]
    pub end_date: Option<Line<40>>,
    /// `open`, `closed` or both with a comma between.
    #[serde(default)]
    pub status: Option<Line<40>>,
    /// From 1.
    #[serde(default = "the_first")]
    #[schemars(range(min = 1, max = 100_000))]
    pub page: u32,
    /// How many at most.
    #[serde(default = "a_thousand")]
    #[schemars(range(min = 1, max = 1_000))]
    pub page_size: u32,
    /// With `extended_attributes` and `notes`.
    #[serde(default)]
    pub extensions: bool,
}

/// One report.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub(super) struct RequestQuery {
    /// Absent: this council. Another one is 404.
    #[serde(default)]
    pub jurisdiction_id: Option<Line<200>>,
    /// Not needed here.
    #[serde(default)]
    #[expect(dead_code, reason = "taken so that a client may send it everywhere")]
    pub api_key: Option<Line<200>>,
    /// With `extended_attributes` and `notes`.
    #[serde(default)]
    pub extensions: bool,
}

/// What happened when.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub(super) struct UpdatesQuery {
    /// Absent: this council. Another one is 404.
    #[serde(default)]
    pub jurisdiction_id: Option<Line<200>>,
    /// The key; or `Authorization: Bearer`.
    #[serde(default)]
    pub api_key: Option<Line<200>>,
    /// From then on, with offset; 90 days before `end_date`, when it is not said.
    #[serde(default)]
    pub start_date: Option<Line<40>>,
    /// Until then; now, when it is not said.
    #[serde(default)]
    pub end_date: Option<Line<40>>,
}

fn the_first() -> u32 {
    1
}

fn a_thousand() -> u32 {
    1_000
}

/// The fields of a report.
pub(super) struct ReportForm;

/// The fields of a message on a report.
pub(super) struct UpdateForm;

impl JsonSchema for ReportForm {
    fn schema_name() -> Cow<'static, str> {
        "Open311ReportForm".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "description": "A report. Fields that are not named here are passed over.",
            "required": ["service_code"],
            "properties": {
                "api_key": {"type": "string", "description": "The key, unless it stands elsewhere."},
                "jurisdiction_id": {"type": "string", "description": "Absent: this council. Another one is 404."},
                "service_code": {"type": "string", "description": "One of `services`."},
                "lat": {"type": "string", "description": "Latitude, WGS 84. With `long`; or `address_string` or `address_id`."},
                "long": {"type": "string", "description": "Longitude, WGS 84."},
                "address_string": {"type": "string", "description": "The place in words."},
                "address_id": {"type": "string", "maxLength": 200, "description": "A UPRN, or an id of the sender's own. `#NOTPINPOINTED#`: nobody knows."},
                "description": {"type": "string", "maxLength": 100_000, "description": "What it is about. `title: …`, `detail: …` and `url: …`, as FixMyStreet writes them, are taken apart."},
                "email": {"type": "string", "description": "The person's e-mail address. What is none is kept under the words."},
                "phone": {"type": "string", "description": "The person's telephone number. What is none is kept under the words."},
                "first_name": {"type": "string"},
                "last_name": {"type": "string"},
                "device_id": {"type": "string", "maxLength": 200, "description": "Kept for staff."},
                "account_id": {"type": "string", "maxLength": 200, "description": "Kept for staff."},
                "media_url": {"type": "string", "maxLength": 2_000, "description": "The address of a photograph, up to 20 times. It is kept and never fetched."},
                "media": {"type": "string", "format": "binary", "description": "A photograph as a file, where the form comes in parts; so is every part with a file name, whatever it is called."},
                "attribute[fixmystreet_id]": {"type": "string", "maxLength": 200, "description": "The sender's own number: the same one again is the same report."},
            },
            "patternProperties": {
                "^attribute\\[": {"type": "string", "maxLength": 4_000, "description": "An answer to a question of the definition; `attribute[code][]` where there are several."},
            },
            "additionalProperties": {"type": "string"},
        })
    }
}

impl JsonSchema for UpdateForm {
    fn schema_name() -> Cow<'static, str> {
        "Open311UpdateForm".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "description": "A message on a report. Fields that are not named here are passed over.",
            "required": ["service_request_id", "update_id", "status"],
            "properties": {
                "api_key": {"type": "string", "description": "The key, unless it stands elsewhere."},
                "jurisdiction_id": {"type": "string", "description": "Absent: this council. Another one is 404."},
                "service_request_id": {"type": "string", "description": "As it was answered to the report."},
                "update_id": {"type": "string", "maxLength": 200, "description": "The sender's own number: the same one again, on the same report, is the same message."},
                "status": {"type": "string", "description": "`OPEN`, `CLOSED`, `FIXED` … in any case. It changes no status: who says that it is over is heard, and whoever says otherwise has written again."},
                "updated_datetime": {"type": "string", "description": "When it was written, with offset; now, when it is not said."},
                "description": {"type": "string", "maxLength": 100_000, "description": "The words."},
                "email": {"type": "string"},
                "phone": {"type": "string"},
                "first_name": {"type": "string"},
                "last_name": {"type": "string"},
                "media_url": {"type": "string", "maxLength": 2_000, "description": "The address of a photograph, up to 20 times. It is kept and never fetched."},
                "media": {"type": "string", "format": "binary", "description": "A photograph as a file, as with a report."},
            },
            "patternProperties": {"^attribute\\[": {"type": "string", "maxLength": 4_000}},
            "additionalProperties": {"type": "string"},
        })
    }
}
