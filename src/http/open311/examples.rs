//! Examples of the published contract, each as JSON; the XML ones are written from them.

use serde_json::{Value, json};

pub(super) fn discovery() -> Value {
    json!({
        "changeset": "2026-11-20T08:00:00Z",
        "contact": "Northmere Council, 01632 960000, https://www.council.example",
        "key_service": "Write to contact@council.example for a key with the scope open311:write.",
        "endpoints": [{
            "specification": "http://wiki.open311.org/GeoReport_v2",
            "url": "https://contact.council.example/open311/v2",
            "changeset": "2026-11-20T08:00:00Z", "type": "production",
            "formats": ["text/xml", "application/json"],
        }],
    })
}

pub(super) fn services() -> Value {
    json!([{
        "service_code": "fly-tip", "service_name": "Fly-tipping",
        "description": "Dumped rubbish, fly-posting, abandoned vehicles and trolleys.",
        "metadata": true, "type": "realtime", "keywords": "fly tip,dumped,mattress dumped",
        "group": "Fly-tipping and environmental enforcement",
    }])
}

pub(super) fn definition() -> Value {
    json!({
        "service_code": "fly-tip",
        "attributes": [
            {
                "variable": true, "code": "fixmystreet_id", "datatype": "string", "required": true,
                "datatype_description": "", "order": 3, "description": "The report's own number",
                "automated": "server_set",
            },
            {
                "variable": true, "code": "size", "datatype": "singlevaluelist", "required": false,
                "datatype_description": "", "order": 4, "description": "How much is there?",
                "values": [{"key": "bags", "name": "A bag or two"}, {"key": "van", "name": "A van load or more"}],
            },
        ],
    })
}

pub(super) fn report() -> Value {
    json!({
        "api_key": "rvk_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "service_code": "fly-tip",
        "lat": "51.5074", "long": "-0.1278",
        "description": "title: Sofa on the verge\n\ndetail: It has been there for a week.\n\nurl: \
            https://fixmystreet.example/report/123\n\nSubmitted via FixMyStreet",
        "first_name": "Ada", "last_name": "Example", "email": "ada@mail.example",
        "media_url": "https://fixmystreet.example/photo/123.0.full.jpeg",
        "attribute[easting]": "530034", "attribute[northing]": "180381",
        "attribute[fixmystreet_id]": "123", "attribute[size]": "van",
    })
}

pub(super) fn taken() -> Value {
    json!([{
        "service_request_id": "4X7-K92-MQ3",
        "service_notice": "We will clear it, or tell you why not, by 5pm on Friday 27 November 2026.",
    }])
}

pub(super) fn requests() -> Value {
    json!([{
        "service_request_id": "4X7-K92-MQ3", "status": "open",
        "status_notes": "We have it; nobody is working on it yet.",
        "service_name": "Fly-tipping", "service_code": "fly-tip",
        "description": "Sofa on the verge\n\nIt has been there for a week.",
        "agency_responsible": "Northmere Council", "service_notice": null,
        "requested_datetime": "2026-11-20T16:58:00Z", "updated_datetime": "2026-11-20T16:58:00Z",
        "expected_datetime": "2026-11-27T17:00:00Z", "address": null, "address_id": null, "zipcode": null,
        "lat": 51.5074, "long": -0.1278, "media_url": "https://fixmystreet.example/photo/123.0.full.jpeg",
    }])
}

pub(super) fn updates() -> Value {
    json!([{
        "update_id": "019a9f5e-7c00-7000-8000-000000000004", "service_request_id": "4X7-K92-MQ3",
        "status": "FIXED", "updated_datetime": "2026-11-24T10:12:00Z", "description": "We closed it.",
        "media_url": "", "external_status_code": "closed.resolved", "fixmystreet_id": "123",
    }])
}

pub(super) fn update() -> Value {
    json!({
        "api_key": "rvk_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "service_request_id": "4X7-K92-MQ3", "update_id": "77", "status": "OPEN",
        "updated_datetime": "2026-11-23T09:30:00Z", "description": "It is still there this morning.",
        "first_name": "Ada", "last_name": "Example", "email": "ada@mail.example",
    })
}
