//! Reads one `services/<slug>.toml`: every field by itself, every fault noted, blanks standing in
//! for what could not be read. Whether it all fits together is [`super::check`]'s business.

use crate::domain::case::{Priority, Procedure};
use crate::domain::standard::{Figures, Target};

use super::fault::Fault;
use super::hours::Hours;
use super::node::{Held, Node};
use super::reading::Fields;
use super::service::{Category, OutOfHours, Service};

/// For how many days after an answer a message reopens the case, where the file does not say.
const REOPEN_WITHIN_DAYS: u32 = 14;

/// The standard of a category whose file names none.
pub(super) const CHARTER: &str = "charter";

/// Reads a service. Its slug is the name of its file.
pub(super) fn service(slug: &str, node: &Node, faults: &mut Vec<Fault>) -> Service {
    let mut fields = Fields::of(node, faults);
    let opening_hours: String = fields.required("opening_hours");
    let hours = read_hours(&mut fields, "opening_hours", &opening_hours);
    let name: String = fields.required("name");
    let service = Service {
        slug: slug.to_owned(),
        public_name: fields.required("public_name"),
        description: fields.required("description"),
        // A public service without one is a fault of its own, with its own words.
        phone: fields.optional("phone").unwrap_or_default(),
        email: fields.required("email"),
        opening_hours,
        hours,
        out_of_hours_phone: fields.optional("out_of_hours_phone"),
        head_of_service: fields.required("head_of_service"),
        director: fields.required("director"),
        portfolio: fields.required("portfolio"),
        queue: fields.required("queue"),
        is_public: fields.optional("public").unwrap_or(true),
        lgsl_id: fields.optional("lgsl_id"),
        categories: categories(&mut fields),
        name,
    };
    fields.close();
    service
}

/// Hours as written in a field; unreadable ones are a fault, and never is nobody there.
pub(super) fn read_hours(fields: &mut Fields<'_, '_>, key: &str, text: &str) -> Hours {
    if text.is_empty() {
        return Hours::never();
    }
    text.parse()
        .unwrap_or_else(|error: super::hours::HoursError| {
            fields.fault_at(key, error.to_string());
            Hours::never()
        })
}

fn categories(fields: &mut Fields<'_, '_>) -> Vec<Category> {
    match fields.child("categories").map(|node| (&node.held, node)) {
        Some((Held::List(list), _)) => list
            .iter()
            .map(|node| category(node, fields.faults()))
            .collect(),
        Some((_, node)) => {
            let fault = node
                .place
                .fault("`categories` must be a list: write each as [[categories]]");
            fields.faults().push(fault);
            Vec::new()
        }
        None => {
            fields.fault_at("name", "a service needs at least one of [[categories]]");
            Vec::new()
        }
    }
}

fn category(node: &Node, faults: &mut Vec<Fault>) -> Category {
    let mut fields = Fields::of(node, faults);
    let name: String = fields.required("name");
    let priority = fields
        .optional::<Priority>("priority")
        .unwrap_or(Priority::Normal);
    let out_of_hours = out_of_hours(&mut fields);
    let no_answer_text: Option<String> = fields.optional("no_answer_text");
    let category = Category {
        slug: fields.required("slug"),
        public_name: fields.required("public_name"),
        what_we_do: fields.optional("what_we_do"),
        procedure: fields
            .optional("procedure")
            .unwrap_or(Procedure::ServiceRequest),
        standard: fields
            .optional("standard")
            .unwrap_or_else(|| CHARTER.to_owned()),
        figures: Figures {
            acknowledge: target(&mut fields, "ack_working_days", "ack_hours"),
            respond: target(&mut fields, "response_working_days", "response_hours"),
            no_answer: no_answer_text.is_some(),
        },
        priority,
        keywords: fields.optional("keywords").unwrap_or_default(),
        examples: fields.optional("examples").unwrap_or_default(),
        is_sensitive: fields.optional("sensitive").unwrap_or_default(),
        is_restricted: fields.optional("restricted").unwrap_or_default(),
        restricted_to: fields.optional("restricted_to").unwrap_or_default(),
        out_of_hours,
        safe_contact: fields.optional("safe_contact").unwrap_or_default(),
        open311: fields.optional("open311").unwrap_or_default(),
        fields: fields.optional("fields").unwrap_or_default(),
        no_answer_text,
        no_answer_text_cy: fields.optional("no_answer_text_cy"),
        tone: fields.optional("tone"),
        ladder: fields.optional("ladder"),
        reopen_within_days: fields
            .optional("reopen_within_days")
            .unwrap_or(REOPEN_WITHIN_DAYS),
        vulnerability_check: fields.optional("vulnerability_check").unwrap_or_default(),
        vulnerable_default: fields.optional("vulnerable_default").unwrap_or_default(),
        not_a_complaint: fields.optional("not_a_complaint").unwrap_or_default(),
        refer: fields.optional("refer"),
        sla_note: fields.optional("sla_note"),
        requester_type: fields.optional("requester_type"),
        stage: fields.optional("stage"),
        ombudsman: fields.optional("ombudsman"),
        lgsl_id: fields.optional("lgsl_id"),
        est_contacts_per_100k_per_year: fields.optional("est_contacts_per_100k_per_year"),
        intervention: fields.optional("intervention"),
        duty: fields.optional("duty"),
        avoidable_contact: fields.optional("avoidable_contact"),
        reporting_window_working_days: fields.optional("reporting_window_working_days"),
        name,
    };
    fields.close();
    category
}

/// `true`, or in words when.
fn out_of_hours(fields: &mut Fields<'_, '_>) -> OutOfHours {
    match fields.child("out_of_hours").map(|node| &node.held) {
        None | Some(Held::Nothing | Held::Truth(false)) => OutOfHours::No,
        Some(Held::Truth(true)) => OutOfHours::Always,
        Some(Held::Text(said)) => OutOfHours::Said(said.clone()),
        Some(_) => {
            fields.fault_at(
                "out_of_hours",
                "`out_of_hours` is true, false, or in words when",
            );
            OutOfHours::No
        }
    }
}

/// A figure in working days or in hours. Whether these are elapsed or office hours is settled
/// when the standard is resolved for the category.
fn target(
    fields: &mut Fields<'_, '_>,
    in_days: &'static str,
    in_hours: &'static str,
) -> Option<Target> {
    match (
        fields.optional::<u32>(in_days),
        fields.optional::<u32>(in_hours),
    ) {
        (Some(_), Some(_)) => {
            fields.fault_at(
                in_hours,
                format!("give `{in_days}` or `{in_hours}`, not both"),
            );
            None
        }
        (Some(days), None) => Some(Target::WorkingDays(days)),
        (None, Some(hours)) => Some(Target::Hours(hours)),
        (None, None) => None,
    }
}
