//! What must hold of services and their categories: whose they are, what they promise, who may see
//! them, and who answers the telephone.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::catalogue::council::PostKind;
use crate::domain::catalogue::field::FILLED_IN;
use crate::domain::catalogue::hours::Hours;
use crate::domain::catalogue::node::{Node, escape};
use crate::domain::catalogue::reading;
use crate::domain::catalogue::service::{Category, OutOfHours, Service};
use crate::domain::person::phone_number;

use super::Check;

/// The longest code of a field.
const LONGEST_CODE: usize = 40;

impl Check<'_> {
    /// Whether the kind of a post is the one it was written with, and not a stand-in.
    fn has_readable_kind(&self, post: &str) -> bool {
        let node = self
            .tree
            .get("posts")
            .and_then(|posts| posts.get(post)?.get("kind"));
        node.is_some_and(|node| reading::read::<PostKind>(node).is_ok())
    }

    pub(super) fn service(&mut self, service: &Service) {
        let slug = service.slug.as_str();
        let at = |key: &'static str| ["services", slug, key];
        self.slug(&["services", slug], slug);
        if service.is_public && service.phone.trim().is_empty() {
            self.fault(&at("phone"), "a public service needs a phone");
        } else if !service.phone.is_empty() {
            self.phone(&at("phone"), &service.phone);
        }
        self.email(&at("email"), &service.email);
        self.optional_phone(
            &at("out_of_hours_phone"),
            service.out_of_hours_phone.as_ref(),
        );
        for (key, text) in [
            ("name", &service.name),
            ("public_name", &service.public_name),
            ("description", &service.description),
        ] {
            self.plain(&at(key), text);
        }
        if !self.draft.queues.contains_key(&service.queue) && !service.queue.is_empty() {
            self.fault(
                &at("queue"),
                format!("there is no queue `{}`", service.queue),
            );
        }
        for (key, post, kind) in [
            (
                "head_of_service",
                &service.head_of_service,
                PostKind::HeadOfService,
            ),
            ("director", &service.director, PostKind::Director),
            ("portfolio", &service.portfolio, PostKind::PortfolioHolder),
        ] {
            match self.draft.posts.get(post) {
                None if post.is_empty() => {}
                None => self.fault(&at(key), format!("there is no post `{post}`")),
                Some(known) if known.kind != kind && self.has_readable_kind(post) => {
                    self.fault(&at(key), format!("the post `{post}` is of another kind"));
                }
                Some(_) => {}
            }
        }
    }

    pub(super) fn category(&mut self, service: &Service, index: usize, category: &Category) {
        let index_text = index.to_string();
        let at = |key: &'static str| {
            [
                "services",
                service.slug.as_str(),
                "categories",
                &index_text,
                key,
            ]
        };
        let slug = &category.slug;
        self.slug(&at("slug"), slug);
        if service
            .categories
            .iter()
            .take(index)
            .any(|other| other.slug == *slug)
        {
            self.fault(
                &at("slug"),
                format!("there is already a category `{slug}` in this service"),
            );
        }
        for (key, text) in [
            ("name", Some(&category.name)),
            ("public_name", Some(&category.public_name)),
            ("what_we_do", category.what_we_do.as_ref()),
            ("no_answer_text", category.no_answer_text.as_ref()),
            ("no_answer_text_cy", category.no_answer_text_cy.as_ref()),
            ("refer", category.refer.as_ref()),
        ] {
            self.plain(&at(key), text.map_or("", String::as_str));
        }
        let reasons = self.draft.council.as_ref();
        let reasons = reasons.map(|(council, _)| &council.contact_reasons);
        if let (Some(code), Some(reasons)) = (&category.avoidable_contact, reasons)
            && !reasons.get(code).is_some_and(|reason| reason.avoidable)
        {
            self.fault(
                &at("avoidable_contact"),
                format!("the contact_reasons of council.toml have no avoidable `{code}`"),
            );
        }
        self.promise(service, &at("standard"), &at("slug"), category);
        self.secrecy(service, &at("restricted"), &at("restricted_to"), category);
        self.out_of_hours(service, &at("out_of_hours"), category);
        self.fields(&at("fields"), category);
        if let Some(ladder) = &category.ladder
            && !self.is_part_of("ladders", ladder)
        {
            self.fault(&at("ladder"), format!("there is no ladder `{ladder}`"));
        }
    }

    fn promise(
        &mut self,
        service: &Service,
        standard_at: &[&str],
        at: &[&str],
        category: &Category,
    ) {
        let figures = [category.figures.acknowledge, category.figures.respond];
        if !self.is_part_of("standards", &category.standard) {
            let known = self
                .draft
                .standards
                .keys()
                .cloned()
                .collect::<Vec<_>>()
                .join(", ");
            self.fault(
                standard_at,
                format!(
                    "there is no standard `{}`; known are: {known}",
                    category.standard
                ),
            );
        }
        if figures.iter().flatten().any(|target| target.amount() == 0) {
            self.fault(
                at,
                format!("a figure of `{}` is 0: promise at least 1", category.slug),
            );
        }
        let has_figure = figures.iter().any(Option::is_some);
        let names_standard = is_given(self.tree, standard_at);
        if !has_figure && !names_standard && category.no_answer_text.is_none() {
            self.fault(
                at,
                format!(
                    "`{}` of {} promises nothing: give a figure, a standard, or a no_answer_text",
                    category.slug, service.name
                ),
            );
        }
        // A clock that takes the category's figure and has none of its own is lost in resolving.
        let lacks_figure = self
            .draft
            .standards
            .get(&category.standard)
            .is_some_and(|standard| {
                let resolved = standard.resolve(&category.figures, category.runs_day_and_night());
                resolved.clocks.len() < standard.clocks.len()
            });
        if lacks_figure && category.no_answer_text.is_none() && (has_figure || names_standard) {
            self.fault(
                at,
                format!(
                    "the standard `{}` takes its target from `{}`, which gives none",
                    category.standard, category.slug
                ),
            );
        }
    }

    fn secrecy(
        &mut self,
        service: &Service,
        restricted_at: &[&str],
        to_at: &[&str],
        category: &Category,
    ) {
        let slug = &category.slug;
        if category.is_restricted && category.restricted_to.is_empty() {
            self.fault(
                restricted_at,
                format!("`{slug}` is restricted, but restricted_to names nobody"),
            );
        }
        if !category.is_restricted && !category.restricted_to.is_empty() {
            self.fault(
                to_at,
                format!("`{slug}` names who may see it, but is not restricted"),
            );
        }
        let queue = self.draft.queues.get(&service.queue);
        for entry in &category.restricted_to {
            let team = entry.strip_prefix("team:");
            let is_known = team.zip(queue).is_some_and(|(team, queue)| {
                queue.restricted_teams.iter().any(|known| known == team)
            });
            if !is_known {
                self.fault(
                    to_at,
                    format!(
                        "`{entry}` is not a team within queue `{}`: write `team:<name>`, with the \
                         name among its restricted_teams",
                        service.queue
                    ),
                );
            }
        }
    }

    /// Somebody must pick up the telephone whenever the category says that it is open.
    fn out_of_hours(&mut self, service: &Service, at: &[&str], category: &Category) {
        if let OutOfHours::Said(said) = &category.out_of_hours {
            self.plain(at, said);
        }
        if !category.is_open_out_of_hours() || service.hours.is_always() {
            return;
        }
        let slug = &category.slug;
        let Some(phone) = &service.out_of_hours_phone else {
            self.fault(
                at,
                format!(
                    "`{slug}` is open out of hours, but nobody answers the telephone then: \
                     give {} an out_of_hours_phone",
                    service.name
                ),
            );
            return;
        };
        let Some((council, _)) = &self.draft.council else {
            return;
        };
        if same_number(phone, &council.emergency_phone) && !council.emergency_hours.is_always() {
            self.fault(
                at,
                format!(
                    "`{slug}` is open out of hours, but {phone} is staffed only {}",
                    said(&council.emergency_hours)
                ),
            );
        }
        if same_number(phone, &service.phone) {
            self.fault(
                at,
                format!(
                    "`{slug}` is open out of hours, but {phone} is staffed only {}",
                    said(&service.hours)
                ),
            );
        }
    }

    fn fields(&mut self, at: &[&str], category: &Category) {
        let mut known: BTreeSet<&str> = BTreeSet::new();
        for (index, field) in category.fields.iter().enumerate() {
            let code = field.code.as_str();
            let index = index.to_string();
            let path: Vec<&str> = at.iter().copied().chain([index.as_str(), "code"]).collect();
            let at = path.as_slice();
            let is_code = code.starts_with(|c: char| c.is_ascii_lowercase())
                && code.len() <= LONGEST_CODE
                && code
                    .chars()
                    .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
            if !is_code {
                self.fault(
                    at,
                    format!(
                        "`{code}` is not a code: lower-case letters, digits and underscores, at \
                         most {LONGEST_CODE}"
                    ),
                );
            }
            if FILLED_IN.contains(&code) {
                self.fault(
                    at,
                    format!("`{code}` is filled in by the reporting service: ask for nothing"),
                );
            }
            if !known.insert(code) {
                self.fault(at, format!("there is already a field `{code}`"));
            }
            if field.required && !field.asked {
                self.fault(
                    at,
                    format!("nobody is asked `{code}`, so it cannot be required"),
                );
            }
            let keys: BTreeSet<&str> = field.values.iter().map(|one| one.key.as_str()).collect();
            if field.datatype.is_chosen() == field.values.is_empty() {
                let needed = if field.values.is_empty() {
                    "needs `values` to choose from"
                } else {
                    "takes no `values`"
                };
                self.fault(at, format!("`{code}` is a {} and {needed}", field.datatype));
            }
            if keys.len() < field.values.len() || keys.contains("") {
                self.fault(at, format!("the values of `{code}` need keys of their own"));
            }
            let hint = field.hint.as_deref().unwrap_or_default();
            let names = field.values.iter().map(|one| one.name.as_str());
            let welsh = field.values.iter().map(|one| &one.name_cy);
            let welsh = welsh.chain([&field.question_cy, &field.hint_cy]);
            let welsh = welsh.flatten().map(String::as_str);
            for text in names.chain([field.question.as_str(), hint]).chain(welsh) {
                self.plain(at, text);
            }
        }
    }

    pub(super) fn open311(&mut self) {
        let mut offered: BTreeMap<&str, &str> = BTreeMap::new();
        for service in self.draft.services.values() {
            for (index, category) in service.categories.iter().enumerate() {
                if !category.is_offered_by_open311() {
                    continue;
                }
                if let Some(other) = offered.insert(&category.slug, &service.slug)
                    && other != service.slug
                {
                    let index = index.to_string();
                    self.fault(
                        &["services", &service.slug, "categories", &index, "open311"],
                        format!(
                            "`{}` is already offered over Open311 by `{other}`",
                            category.slug
                        ),
                    );
                }
            }
        }
    }
}

/// Whether something stands at exactly that path.
fn is_given(tree: &Node, path: &[&str]) -> bool {
    let wanted: String = path.iter().map(|key| format!("/{}", escape(key))).collect();
    tree.place_of(path).pointer == wanted
}

fn same_number(one: &str, other: &str) -> bool {
    phone_number(one).is_some() && phone_number(one) == phone_number(other)
}

fn said(hours: &Hours) -> String {
    let words = hours.in_words();
    if words.is_empty() {
        "at no hours we could read".to_owned()
    } else {
        words
    }
}
