//! Every way to reach the council: its numbers with their hours, the places to walk into, and the number of
//! each service.

use minijinja::context;
use serde::Serialize;

use super::words::{self, say};
use super::{Shown, opened};
use crate::domain::wording::Language;
use crate::http::dto::public::{PublicAccessPoint, PublicService};
use crate::http::{Answer, Call, Operation, Problem};

/// What marks up numbers and places for programs that read pages.
const VOCABULARY: &str = "https://schema.org/";

/// The page.
#[must_use]
pub fn operations() -> Vec<Operation> {
    vec![opened("/contact-us", "show_contact_us", |call| {
        Box::pin(show(call))
    })]
}

#[derive(Debug, Serialize)]
struct Point {
    name: String,
    address: Vec<String>,
    postcode: String,
    phone: String,
    hours: String,
    is_open: bool,
    about: Option<String>,
}

#[derive(Debug, Serialize)]
struct Number {
    slug: String,
    name: String,
    phone: String,
    hours: String,
    out_of_hours: Option<String>,
}

async fn show(call: Call) -> Result<Answer, Problem> {
    let language = words::language_of(&call);
    let council = call.front.desk.council();
    let catalogue = &council.catalogue;
    let own = &catalogue.council;
    let points: Vec<Point> = catalogue
        .access_points
        .iter()
        .map(|point| Point::of(PublicAccessPoint::of(catalogue, point, call.now), language))
        .collect();
    let services = catalogue.services.values().filter(|one| one.is_public);
    let services: Vec<Number> = services
        .map(|service| {
            let public = PublicService::of(catalogue, service, call.now);
            Number {
                hours: words::hours(&public.hours.words, language),
                slug: public.slug,
                name: public.name,
                phone: public.phone,
                out_of_hours: service.out_of_hours_phone.clone(),
            }
        })
        .collect();
    let is_open = catalogue.is_staffed(&own.main_hours, call.now);
    let said = context! {
        vocabulary => VOCABULARY,
        is_open,
        emergency => own.emergency_phone,
        emergency_hours => words::hours(&own.emergency_hours.in_words(), language),
        email => own.mail.from_address,
        points,
        services,
    };
    Shown::new(
        &call,
        "residents/contact_us.html",
        say(language, "contact.title", &[]),
    )
    .listed()
    .write(&call, said)
}

impl Point {
    fn of(public: PublicAccessPoint, language: Language) -> Self {
        Self {
            hours: words::hours(&public.hours.words, language),
            is_open: public.hours.is_open_now,
            name: public.name,
            address: public.address,
            postcode: public.postcode,
            phone: public.phone,
            about: public.about,
        }
    }
}
