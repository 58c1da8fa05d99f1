//! Pages of agents and officers: their work, the case, a contact logged while somebody talks.
//!
//! Each page asks operations of the API through [`super::signed_in`] and shows what they answer.

use minijinja::Environment;

use crate::http::Operation;

/// The pages and their forms.
#[must_use]
pub fn operations() -> Vec<Operation> {
    Vec::new()
}

/// Its templates, those in common for all who are signed in among them.
pub fn add_to(env: &mut Environment<'static>) {
    for (name, text) in [
        (
            "staff/layout.html",
            include_str!("../templates/staff/layout.html"),
        ),
        (
            "staff/macros.html",
            include_str!("../templates/staff/macros.html"),
        ),
        (
            "staff/kept.html",
            include_str!("../templates/staff/kept.html"),
        ),
        (
            "staff/refused.html",
            include_str!("../templates/staff/refused.html"),
        ),
    ] {
        env.add_template(name, text)
            .expect("the templates are built in, and a test reads every one");
    }
}
