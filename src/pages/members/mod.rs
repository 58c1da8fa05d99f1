//! Pages of councillors: what they raised, raising something for a constituent, the figures of their ward.
//!
//! They show what councillors find signed in to the API, and no more: what a portfolio lets them follow of
//! other people's cases is not among what *they* raised.

mod enquiries;
mod forwarding;
mod raising;
mod ward;

use minijinja::Environment;

use super::signed_in::{form, shown};
use crate::domain::access::Role;
use crate::http::Operation;

/// Who has enquiries of their own.
const MEMBERS: &[Role] = &[Role::Councillor];

/// The pages and their forms.
#[must_use]
pub fn operations() -> Vec<Operation> {
    vec![
        shown("/my-enquiries", "show_my_enquiries", |visit| {
            Box::pin(enquiries::list(visit))
        }),
        shown("/my-enquiries/new", "show_new_enquiry", |visit| {
            Box::pin(raising::show(visit))
        }),
        form("/my-enquiries/new", "post_new_enquiry", |visit| {
            Box::pin(raising::raise(visit))
        }),
        shown("/my-enquiries/{case}", "show_my_enquiry", |visit| {
            Box::pin(enquiries::show(visit))
        }),
        form("/my-enquiries/{case}", "post_word_on_my_enquiry", |visit| {
            Box::pin(enquiries::add_word(visit))
        }),
        shown("/my-ward", "show_my_ward", |visit| {
            Box::pin(ward::show(visit))
        }),
    ]
}

/// Its templates.
pub fn add_to(env: &mut Environment<'static>) {
    for (name, text) in [
        (
            "members/list.html",
            include_str!("../templates/members/list.html"),
        ),
        (
            "members/new.html",
            include_str!("../templates/members/new.html"),
        ),
        (
            "members/receipt.html",
            include_str!("../templates/members/receipt.html"),
        ),
        (
            "members/enquiry.html",
            include_str!("../templates/members/enquiry.html"),
        ),
        (
            "members/ward.html",
            include_str!("../templates/members/ward.html"),
        ),
    ] {
        env.add_template(name, text)
            .expect("the templates are built in, and a test reads every one");
    }
}
