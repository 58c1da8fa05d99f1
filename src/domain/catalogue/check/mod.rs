//! What must hold within a catalogue and between its parts. Every fault is found in one pass and
//! named where it stands; nothing is corrected.
//!
//! Whether each value could be read at all has been settled before, by the readers.

mod service;
mod text;

use std::collections::BTreeMap;

use crate::domain::ladder::Ladder;
use crate::domain::report::ReportKind;
use crate::domain::standard::CountsOn;
use crate::domain::waiting::{self, Place};
use crate::domain::wording::{banned_words, long_sentences};

use super::council::{PostKind, WorksBy, colour, contrast_with_white};
use super::fault::{Fault, Warning};
use super::node::Node;
use super::parse::Draft;
use super::template;

use text::too_long;

/// Ladders that must be there, whatever else a council adds.
const LADDERS: [&str; 3] = ["default", "member-enquiry", "danger"];

/// The contrast of words that everybody can read.
const READABLE: f64 = 4.5;
/// In bytes; it is sent with every first page.
const LARGEST_LOGO: usize = 16 * 1024;

/// Every fault of a draft.
pub(super) fn faults(draft: &Draft, tree: &Node) -> Vec<Fault> {
    let mut check = Check {
        draft,
        tree,
        faults: Vec::new(),
    };
    check.council();
    check.theme();
    check.contact_reasons();
    check.queues();
    check.posts();
    check.access_points();
    check.wards();
    check.reports();
    check.ladders();
    check.standards();
    for service in draft.services.values() {
        check.service(service);
        for (index, category) in service.categories.iter().enumerate() {
            check.category(service, index, category);
        }
    }
    check.open311();
    check.templates();
    check.faults
}

/// What is allowed but worth a second look.
pub(super) fn warnings(draft: &Draft, tree: &Node) -> Vec<Warning> {
    let mut warnings = Vec::new();
    let mut warn = |path: &[&str], message: String| {
        let place = tree.place_of(path);
        warnings.push(Warning {
            file: place.file.to_string(),
            line: place.line,
            pointer: place.pointer.clone(),
            message,
        });
    };
    for (slug, post) in &draft.posts {
        if post.deputy_email.is_none() {
            let path = ["posts", slug.as_str()];
            warn(
                &path,
                format!(
                    "{} has no deputy: mail to an empty post goes to the step above",
                    post.title
                ),
            );
        }
    }
    for (slug, standard) in &draft.standards {
        let code = standard
            .follows
            .as_ref()
            .and_then(|code| draft.standards.get(code));
        for laxity in code
            .map(|code| standard.laxer_than(code))
            .unwrap_or_default()
        {
            warn(
                &["standards", slug.as_str()],
                format!("{}: {laxity}", standard.name),
            );
        }
    }
    for service in draft.services.values() {
        for (index, category) in service.categories.iter().enumerate() {
            if category.open311 && !category.is_offered_by_open311() {
                let index = index.to_string();
                let path = [
                    "services",
                    service.slug.as_str(),
                    "categories",
                    index.as_str(),
                    "open311",
                ];
                warn(
                    &path,
                    format!(
                        "{} is sensitive and never offered over Open311",
                        category.slug
                    ),
                );
            }
        }
    }
    warnings
}

struct Check<'d> {
    draft: &'d Draft,
    tree: &'d Node,
    faults: Vec<Fault>,
}

impl Check<'_> {
    fn fault(&mut self, path: &[&str], message: impl Into<String>) {
        self.faults.push(self.tree.place_of(path).fault(message));
    }

    fn council(&mut self) {
        let Some((council, calendar)) = &self.draft.council else {
            return;
        };
        self.phone(&["council", "main_phone"], &council.main_phone);
        self.phone(&["council", "emergency_phone"], &council.emergency_phone);
        self.email(
            &["council", "mail", "from_address"],
            &council.mail.from_address,
        );
        self.email(
            &["council", "mail", "reply_domain"],
            &format!("reply@{}", council.mail.reply_domain),
        );
        if self.tree.get("calendars").is_some() && !self.is_part_of("calendars", calendar) {
            self.fault(
                &["council", "calendar"],
                format!("there is no calendar `{calendar}`"),
            );
        }
        if let Some(pattern) = &council.reference_alias
            && !(pattern.contains('N')
                && pattern
                    .chars()
                    .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '-'))
        {
            self.fault(
                &["council", "reference_alias"],
                "write capital letters, digits and hyphens, N for any digit: `NM-YYYY-NNNNNN`",
            );
        }
    }

    /// Pages that cannot be read are worse than plain ones.
    fn theme(&mut self) {
        let Some((council, _)) = &self.draft.council else {
            return;
        };
        let theme = &council.theme;
        if let Some(accent) = &theme.accent {
            let at = ["council", "theme", "accent"];
            match colour(accent) {
                None => self.fault(&at, "write a colour as six digits: `#005a5b`"),
                Some(rgb) if contrast_with_white(rgb) < READABLE => {
                    let is = contrast_with_white(rgb);
                    self.fault(
                        &at,
                        format!(
                            "white words on `{accent}` cannot be read by everybody: their contrast is {is:.1}, and {READABLE} \
                             is needed; take a darker colour"
                        ),
                    );
                }
                Some(_) => {}
            }
        }
        if let Some(logo) = &theme.logo {
            let at = ["council", "theme", "logo"];
            let small = logo.to_lowercase();
            if !small.trim_start().starts_with("<svg") || logo.len() > LARGEST_LOGO {
                self.fault(
                    &at,
                    format!("a logo is SVG (`<svg …`) of at most {LARGEST_LOGO} bytes"),
                );
            } else if ["<script", "<foreignobject", "href="]
                .iter()
                .any(|word| small.contains(word))
                || small
                    .split_whitespace()
                    .any(|word| word.starts_with("on") && word.contains('='))
            {
                self.fault(
                    &at,
                    "a logo is a picture alone: no script, nothing from elsewhere",
                );
            }
        }
        let feedback = theme.beta.as_ref().and_then(|beta| beta.feedback.as_ref());
        if let Some(feedback) = feedback
            && !feedback.starts_with("https://")
        {
            self.fault(
                &["council", "theme", "beta", "feedback"],
                "write a web address that begins with `https://`",
            );
        }
    }

    /// Codes stand in figures for years: they are chosen once, and named for those who read them.
    fn contact_reasons(&mut self) {
        let Some((council, _)) = &self.draft.council else {
            return;
        };
        for (code, reason) in &council.contact_reasons {
            let at = ["council", "contact_reasons", code.as_str()];
            let is_good = code.len() <= 60
                && code.starts_with(|c: char| c.is_ascii_lowercase())
                && code
                    .chars()
                    .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
            if !is_good {
                let fault = format!(
                    "`{code}` is not a code: at most 60 lower-case letters, digits and underscores"
                );
                self.fault(&at, fault);
            }
            if reason.name.trim().is_empty() {
                self.fault(&at, "`name` is empty: staff choose by it");
            }
        }
    }

    fn queues(&mut self) {
        let mut owners: BTreeMap<&str, &str> = BTreeMap::new();
        for (slug, queue) in &self.draft.queues {
            self.slug(&["queues", slug], slug);
            self.plain(&["queues", slug, "team_name"], &queue.team_name);
            for (key, post) in [
                ("team_leader", &queue.team_leader),
                ("duty_contact", &queue.duty_contact),
            ] {
                self.email(&["queues", slug, key, "email"], &post.email);
                self.optional_email(
                    &["queues", slug, key, "deputy_email"],
                    post.deputy_email.as_ref(),
                );
                self.optional_phone(&["queues", slug, key, "phone"], post.phone.as_ref());
                if post.kind == PostKind::DutyContact && post.phone.is_none() {
                    self.fault(
                        &["queues", slug, key],
                        "the duty contact needs a phone: mail alone does not tell anybody at night",
                    );
                }
            }
            if let Some(message) = waiting::fault_of_days(queue.waits_at_most_working_days) {
                self.fault(&["queues", slug, "waits_at_most_working_days"], message);
            }
            if let WorksBy::Email { inbox, domains } = &queue.works_by {
                self.inbox(slug, inbox, domains);
            }
            for team in &queue.restricted_teams {
                if let Some(other) = owners.insert(team, slug) {
                    self.fault(
                        &["queues", slug, "restricted_teams"],
                        format!("team `{team}` already stands within queue `{other}`"),
                    );
                }
            }
        }
    }

    /// A queue that works by e-mail has an address of its own, and nothing that may not be mailed.
    fn inbox(&mut self, slug: &str, inbox: &str, domains: &[String]) {
        self.email(&["queues", slug, "inbox"], inbox);
        if let Some((council, _)) = &self.draft.council
            && council.mail.from_address.eq_ignore_ascii_case(inbox)
        {
            self.fault(
                &["queues", slug, "inbox"],
                "this is the council's own mailbox: its mail would come back as new cases",
            );
        }
        for (index, domain) in domains.iter().enumerate() {
            let index = index.to_string();
            let path = ["queues", slug, "inbox_domains", index.as_str()];
            self.email(&path, &format!("inbox@{domain}"));
        }
        let draft = self.draft;
        for service in draft.services.values().filter(|one| one.queue == slug) {
            let mut restricted = service.categories.iter().filter(|one| one.is_restricted);
            if let Some(category) = restricted.next() {
                self.fault(
                    &["queues", slug, "works_by"],
                    format!(
                        "`{}/{}` is restricted and is never mailed: give it a queue that works in the system",
                        service.slug, category.slug
                    ),
                );
            }
        }
    }

    fn posts(&mut self) {
        for (slug, post) in &self.draft.posts {
            self.slug(&["posts", slug], slug);
            self.email(&["posts", slug, "email"], &post.email);
            self.optional_email(&["posts", slug, "deputy_email"], post.deputy_email.as_ref());
            self.optional_phone(&["posts", slug, "phone"], post.phone.as_ref());
            self.plain(&["posts", slug, "title"], &post.title);
            if matches!(post.kind, PostKind::TeamLeader | PostKind::DutyContact) {
                self.fault(
                    &["posts", slug, "kind"],
                    "team leaders and duty contacts stand with their queue in queues.toml",
                );
            }
            if let (Some(from), Some(until)) = (post.absent_from, post.absent_until)
                && until < from
            {
                self.fault(
                    &["posts", slug, "absent_until"],
                    "this is before absent_from",
                );
            }
        }
    }

    fn access_points(&mut self) {
        for point in &self.draft.access_points {
            let slug = point.slug.as_str();
            self.slug(&["access_points", slug], slug);
            self.phone(&["access_points", slug, "phone"], &point.phone);
            self.plain(&["access_points", slug, "name"], &point.name);
            self.plain(
                &["access_points", slug, "about"],
                point.about.as_deref().unwrap_or_default(),
            );
            if point.address.is_empty() {
                self.fault(
                    &["access_points", slug, "address"],
                    "an address needs at least one line",
                );
            }
        }
    }

    fn wards(&mut self) {
        for (slug, ward) in &self.draft.wards.wards {
            self.slug(&["wards", slug], slug);
            self.plain(&["wards", slug, "name"], &ward.name);
            if ward.name.trim().is_empty() {
                self.fault(&["wards", slug, "name"], "a ward needs a name");
            }
            for (index, councillor) in ward.councillors.iter().enumerate() {
                let index = index.to_string();
                self.email(
                    &["wards", slug, "councillors", &index, "email"],
                    &councillor.email,
                );
            }
        }
    }

    fn reports(&mut self) {
        for (slug, schedule) in &self.draft.reports {
            self.slug(&["reports", slug], slug);
            let is_of_part = match schedule.kind {
                ReportKind::Scrutiny => schedule.portfolio.is_some(),
                ReportKind::OutOfHours => schedule.partner.is_some(),
                _ => false,
            };
            let may_be_of_all = schedule.kind != ReportKind::OutOfHours;
            if schedule.portfolio.is_some() && schedule.kind != ReportKind::Scrutiny {
                let path = ["reports", slug.as_str(), "portfolio"];
                self.fault(
                    &path,
                    "only a report `scrutiny` is of one councillor's services",
                );
            }
            if schedule.partner.is_some() && schedule.kind != ReportKind::OutOfHours {
                let path = ["reports", slug.as_str(), "partner"];
                self.fault(&path, "only a report `out_of_hours` is of one partner");
            }
            if !is_of_part && !may_be_of_all {
                let path = ["reports", slug.as_str()];
                self.fault(
                    &path,
                    "say of which `partner`: the domain of its addresses, or its key's name",
                );
            }
            if let Some(portfolio) = &schedule.portfolio
                && !self
                    .draft
                    .services
                    .values()
                    .any(|service| service.portfolio == *portfolio)
            {
                let path = ["reports", slug.as_str(), "portfolio"];
                self.fault(&path, format!("no service has the portfolio `{portfolio}`"));
            }
            if schedule.for_posts.is_empty() {
                let path = ["reports", slug.as_str(), "for"];
                self.fault(&path, "nobody would be told of it: name at least one post");
            }
            for (index, post) in schedule.for_posts.iter().enumerate() {
                if !self.is_post(post) {
                    let index = index.to_string();
                    let path = ["reports", slug.as_str(), "for", index.as_str()];
                    self.fault(&path, format!("there is no post `{post}`"));
                }
            }
        }
    }

    /// A post of `posts.toml`, or one that stands with its queue.
    fn is_post(&self, slug: &str) -> bool {
        let mut queues = self.draft.queues.values();
        self.draft.posts.contains_key(slug)
            || queues.any(|queue| {
                [&queue.team_leader, &queue.duty_contact]
                    .iter()
                    .any(|post| post.slug == slug)
            })
    }

    fn ladders(&mut self) {
        for (slug, ladder) in &self.draft.ladders {
            for message in ladder.faults() {
                self.fault(&["ladders", slug], message);
            }
            self.waiting_place(slug, ladder);
        }
        let Some(ladders) = self.tree.get("ladders") else {
            return;
        };
        for needed in LADDERS {
            if ladders.get(needed).is_none() {
                self.fault(&["ladders"], format!("the ladder `{needed}` is missing"));
            }
        }
        for place in Place::ALL {
            if ladders.get(place.ladder()).is_none() {
                let message = format!(
                    "the ladder `{}` is missing: nobody would be told of what waits there",
                    place.ladder()
                );
                self.fault(&["ladders"], message);
            }
        }
    }

    fn waiting_place(&mut self, slug: &str, ladder: &Ladder) {
        let place = Place::ALL.iter().find(|place| place.ladder() == slug);
        let limit = ["ladders", slug, "waits_at_most_working_days"];
        match place {
            Some(place) => {
                for message in place.faults(ladder) {
                    let is_of_limit = message.starts_with("waits_at_most");
                    let path = if is_of_limit { &limit[..] } else { &limit[..2] };
                    self.fault(path, message);
                }
            }
            None if slug.starts_with("waiting-") => {
                let known: Vec<&str> = Place::ALL.iter().map(|place| place.ladder()).collect();
                let known = known.join(", ");
                self.fault(
                    &limit[..2],
                    format!("nothing waits in a place of this name; the places are {known}"),
                );
            }
            None if ladder.waits_at_most_working_days.is_some() => {
                self.fault(
                    &limit,
                    "only the ladder of a waiting place has an age limit",
                );
            }
            None => {}
        }
    }

    fn standards(&mut self) {
        for (slug, standard) in &self.draft.standards {
            let path = ["standards", slug.as_str()];
            if standard.slug != *slug {
                self.fault(
                    &["standards", slug, "slug"],
                    format!("`{}` must be the name of its file, `{slug}`", standard.slug),
                );
            }
            for message in standard.faults() {
                self.fault(&path, message);
            }
            for clock in &standard.clocks {
                if let CountsOn::Named(calendar) = &clock.calendar
                    && !self.is_part_of("calendars", calendar)
                {
                    self.fault(
                        &path,
                        format!("{}: there is no calendar `{calendar}`", clock.name),
                    );
                }
                if let Some(ladder) = &clock.ladder
                    && !self.is_part_of("ladders", ladder)
                {
                    self.fault(
                        &path,
                        format!("{}: there is no ladder `{ladder}`", clock.name),
                    );
                }
            }
            if let Some(code) = &standard.follows
                && !self.is_part_of("standards", code)
            {
                self.fault(
                    &["standards", slug, "follows"],
                    format!("there is no standard `{code}`"),
                );
            }
        }
    }

    /// Whether a part of the catalogue has a member of that name, readable or not.
    fn is_part_of(&self, part: &str, member: &str) -> bool {
        self.tree
            .get(part)
            .is_some_and(|members| members.get(member).is_some())
    }

    fn templates(&mut self) {
        for notice in template::REQUIRED {
            let key = format!("en/{notice}.txt");
            if !self
                .draft
                .templates
                .contains_key(&("en".to_owned(), notice.to_owned()))
                && self
                    .tree
                    .get("templates")
                    .is_none_or(|templates| templates.get(&key).is_none())
            {
                self.faults.push(Fault {
                    file: format!("templates/{key}"),
                    line: 0,
                    pointer: "/templates".to_owned(),
                    message: format!("the wording of `{notice}` is missing"),
                });
            }
        }
        let Some(templates) = self.tree.get("templates") else {
            return;
        };
        for (key, node) in templates.entries() {
            for (line, read) in template::lines_as_read(node.text().unwrap_or_default()) {
                let mut place = node.place.clone();
                place.line = if place.line == 0 { 0 } else { line };
                for word in banned_words(&read) {
                    self.faults
                        .push(place.fault(format!("a notice never says “{word}”")));
                }
                // The HTML part says the same in longer lines of markup.
                let sentences = if key.ends_with(".txt") {
                    long_sentences(&read)
                } else {
                    Vec::new()
                };
                for sentence in sentences {
                    self.faults.push(place.fault(too_long(&sentence)));
                }
            }
        }
    }
}
