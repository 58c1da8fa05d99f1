//! How the council answers in a ward: the figures of `GET /v1/reports/ward`, each with its base.

use serde::Deserialize;
use serde_json::json;

use crate::domain::access::Role;
use crate::http::within::Asked;
use crate::http::{Answer, Problem};
use crate::pages::signed_in::Visit;
use crate::pages::told::read;

#[derive(Debug, Deserialize)]
struct Report {
    ward: String,
    from_on: String,
    to_on: String,
    items: Vec<Item>,
    small_numbers_left_out: bool,
}

#[derive(Debug, Deserialize)]
struct Item {
    key: String,
    received: u64,
    answered: Answered,
    open: Option<u64>,
    overdue: Option<u64>,
}

#[derive(Debug, Deserialize)]
struct Answered {
    of: Option<u64>,
    percent: Option<f64>,
}

/// The figures.
pub async fn show(visit: Visit) -> Result<Answer, Problem> {
    let ward = visit.parameter("ward");
    let council = visit.call.front.desk.council();
    let is_member = visit.user().role == Role::Councillor;
    let wards: Vec<(&str, &str)> = if is_member {
        Vec::new()
    } else {
        let wards = council.catalogue.wards.wards.iter();
        wards
            .map(|(slug, ward)| (slug.as_str(), ward.name.as_str()))
            .collect()
    };
    let report: Option<Report> = if is_member || !ward.is_empty() || !visit.may("get_ward_report") {
        let asked = Asked::of("get_ward_report").with("ward", ward);
        Some(read(&visit, asked).await?)
    } else {
        None
    };
    let said = report.map(|report| {
        let lines = report.items.iter().map(|item| {
            let service = council.catalogue.service(&item.key);
            json!({
                "name": service.map_or(item.key.as_str(), |service| service.name.as_str()),
                "received": item.received, "of": item.answered.of,
                "percent": item.answered.percent, "open": item.open, "overdue": item.overdue,
            })
        });
        let ward = council.catalogue.wards.wards.get(&report.ward);
        let name = ward.map_or(report.ward.as_str(), |ward| ward.name.as_str());
        json!({
            "ward": report.ward, "name": name, "from_on": report.from_on, "to_on": report.to_on,
            "lines": lines.collect::<Vec<_>>(), "has_small": report.small_numbers_left_out,
        })
    });
    visit.page(
        200,
        "members/ward.html",
        "Ward figures",
        json!({"report": said, "wards": wards}),
    )
}
