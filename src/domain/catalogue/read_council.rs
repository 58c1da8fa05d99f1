//! Reads `council.toml`, `queues.toml`, `posts.toml` and `access-points.toml`: every field by
//! itself, every fault noted, blanks standing in for what could not be read.

use super::council::{AccessPoint, Council, CouncilMail, Post, PostKind, Queue, WorksBy};
use super::fault::Fault;
use super::node::Node;
use super::read_service::read_hours;
use super::reading::Fields;

/// After so many working days a case nobody has taken is put to the team leader, where the file
/// does not say.
const WAITS_AT_MOST_WORKING_DAYS: u32 = 2;

/// Reads `council.toml`, and the slug of the calendar the council counts by.
pub(super) fn council(node: &Node, faults: &mut Vec<Fault>) -> (Council, String) {
    let mut fields = Fields::of(node, faults);
    let slug: String = fields.required("slug");
    let calendar = fields.optional("calendar").unwrap_or_else(|| slug.clone());
    let hours_of = |fields: &mut Fields<'_, '_>, key: &'static str| {
        let text: String = fields.required(key);
        read_hours(fields, key, &text)
    };
    let council = Council {
        name: fields.required("name"),
        kind: fields.required("kind"),
        population: fields.optional("population").unwrap_or_default(),
        domain: fields.required("domain"),
        website: fields.required("website"),
        main_phone: fields.required("main_phone"),
        main_hours: hours_of(&mut fields, "main_hours"),
        emergency_phone: fields.required("emergency_phone"),
        emergency_hours: hours_of(&mut fields, "emergency_hours"),
        mail: mail(&mut fields),
        reference_alias: fields.optional("reference_alias"),
        contact_reasons: fields.optional("contact_reasons").unwrap_or_default(),
        jurisdiction: fields.required("jurisdiction"),
        ombudsmen: fields.optional("ombudsmen").unwrap_or_default(),
        holidays_reviewed_on: fields.optional("holidays_reviewed_on"),
        theme: fields.optional("theme").unwrap_or_default(),
        slug,
    };
    fields.close();
    (council, calendar)
}

/// Reads one queue with its team leader and duty contact.
pub(super) fn queue(slug: &str, node: &Node, faults: &mut Vec<Fault>) -> Queue {
    let mut fields = Fields::of(node, faults);
    let name: String = fields.required("name");
    let team_name: String = fields.required("team_name");
    let leader = Titled {
        slug: format!("team-leader-{slug}"),
        title: format!("Team leader, {team_name}"),
        kind: PostKind::TeamLeader,
    };
    let duty = Titled {
        slug: format!("duty-{slug}"),
        title: format!("Duty contact, {team_name}"),
        kind: PostKind::DutyContact,
    };
    let queue = Queue {
        slug: slug.to_owned(),
        name,
        team_name,
        team_leader: post_over(&mut fields, "team_leader", leader),
        duty_contact: post_over(&mut fields, "duty_contact", duty),
        works_by: works_by(&mut fields),
        restricted_teams: fields.optional("restricted_teams").unwrap_or_default(),
        // Known once the services are read.
        is_restricted_only: false,
        waits_at_most_working_days: fields
            .optional("waits_at_most_working_days")
            .unwrap_or(WAITS_AT_MOST_WORKING_DAYS),
    };
    fields.close();
    queue
}

/// `works_by = "email"` with its `inbox`, and the domains its people write from.
fn works_by(fields: &mut Fields<'_, '_>) -> WorksBy {
    let how: Option<String> = fields.optional("works_by");
    let inbox: Option<String> = fields.optional("inbox");
    let domains: Vec<String> = fields.optional("inbox_domains").unwrap_or_default();
    match (how.as_deref(), inbox) {
        (Some("email"), Some(inbox)) => WorksBy::Email { inbox, domains },
        (Some("email"), None) => {
            fields.fault_at(
                "works_by",
                "a queue that works by e-mail needs `inbox`: the address its cases are mailed to",
            );
            WorksBy::System
        }
        (None | Some("system"), None) => {
            if !domains.is_empty() {
                fields.fault_at(
                    "inbox_domains",
                    "only a queue with `works_by = \"email\"` has domains its people write from",
                );
            }
            WorksBy::System
        }
        (None | Some("system"), Some(_)) => {
            fields.fault_at(
                "inbox",
                "only a queue with `works_by = \"email\"` has an inbox",
            );
            WorksBy::System
        }
        (Some(_), _) => {
            fields.fault_at("works_by", "write \"system\" or \"email\"");
            WorksBy::System
        }
    }
}

/// Reads one post of `posts.toml`.
pub(super) fn post(slug: &str, node: &Node, faults: &mut Vec<Fault>) -> Post {
    let mut fields = Fields::of(node, faults);
    let title = fields.required("title");
    if fields.child("kind").is_none() {
        fields.fault_at(
            "kind",
            "`kind` is missing: head_of_service, director or portfolio_holder",
        );
    }
    let kind = fields.optional("kind").unwrap_or(PostKind::HeadOfService);
    let post = held(
        &mut fields,
        Titled {
            slug: slug.to_owned(),
            title,
            kind,
        },
    );
    fields.close();
    post
}

/// Reads one access point.
pub(super) fn access_point(slug: &str, node: &Node, faults: &mut Vec<Fault>) -> AccessPoint {
    let mut fields = Fields::of(node, faults);
    let opening_hours: String = fields.required("opening_hours");
    let hours = read_hours(&mut fields, "opening_hours", &opening_hours);
    let access_point = AccessPoint {
        slug: slug.to_owned(),
        name: fields.required("name"),
        address: fields.required("address"),
        postcode: fields.required("postcode"),
        phone: fields.required("phone"),
        opening_hours,
        hours,
        about: fields.optional("about"),
    };
    fields.close();
    access_point
}

struct Titled {
    slug: String,
    title: String,
    kind: PostKind,
}

fn mail(fields: &mut Fields<'_, '_>) -> CouncilMail {
    let blank = || CouncilMail {
        from_name: String::new(),
        from_address: String::new(),
        reply_domain: String::new(),
    };
    if fields.child("mail").is_none() {
        fields.fault_at("mail", "`[mail]` is missing");
    }
    fields.optional("mail").unwrap_or_else(blank)
}

/// A post that stands within its queue.
fn post_over(fields: &mut Fields<'_, '_>, key: &'static str, titled: Titled) -> Post {
    let Some(node) = fields.child(key) else {
        fields.fault_at(
            key,
            format!("`{key}` is missing: say who is told, with an e-mail address"),
        );
        return blank(titled);
    };
    let mut own = Fields::of(node, fields.faults());
    let post = held(&mut own, titled);
    own.close();
    post
}

fn held(fields: &mut Fields<'_, '_>, titled: Titled) -> Post {
    Post {
        slug: titled.slug,
        title: titled.title,
        kind: titled.kind,
        email: fields.required("email"),
        holder: fields.optional("holder"),
        deputy: fields.optional("deputy"),
        deputy_email: fields.optional("deputy_email"),
        phone: fields.optional("phone"),
        absent_from: fields.optional("absent_from"),
        absent_until: fields.optional("absent_until"),
    }
}

fn blank(titled: Titled) -> Post {
    Post {
        slug: titled.slug,
        title: titled.title,
        kind: titled.kind,
        email: String::new(),
        holder: None,
        deputy: None,
        deputy_email: None,
        phone: None,
        absent_from: None,
        absent_until: None,
    }
}
