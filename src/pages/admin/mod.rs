//! Pages of administrators: notices that failed, places where things wait, accounts and keys, the audit,
//! the catalogue. Administrators see no case; what they are shown of one is that it is there.

mod accounts;
mod audit;
mod catalogue;
mod keys;
mod notices;
mod waiting;

use minijinja::Environment;
use serde_json::json;

use super::signed_in::{Visit, form, shown};
use super::told::check_door;
use crate::domain::access::Role;
use crate::http::{Answer, Operation, Problem};

/// Who runs the installation.
const ADMINS: &[Role] = &[Role::Admin];

/// The pages and their forms.
#[must_use]
pub fn operations() -> Vec<Operation> {
    let mut all = vec![
        shown("/admin", "show_admin", |visit| Box::pin(show(visit))),
        shown("/admin/notices", "show_notices", |visit| {
            Box::pin(notices::list(visit))
        }),
        form("/admin/notices/{notice}", "post_notice", |visit| {
            Box::pin(notices::retry(visit))
        }),
        shown("/admin/waiting", "show_waiting", |visit| {
            Box::pin(waiting::show(visit))
        }),
        shown("/admin/users", "show_users", |visit| {
            Box::pin(accounts::list(visit))
        }),
        shown("/admin/users/new", "show_new_user", |visit| {
            Box::pin(accounts::show_new(visit))
        }),
        form("/admin/users/new", "post_new_user", |visit| {
            Box::pin(accounts::create(visit))
        }),
        form(
            "/admin/users/{user}/closure",
            "post_user_closure",
            |visit| Box::pin(accounts::close(visit)),
        ),
        shown("/admin/keys", "show_keys", |visit| {
            Box::pin(keys::list(visit))
        }),
        shown("/admin/keys/new", "show_new_key", |visit| {
            Box::pin(keys::show_new(visit))
        }),
        form("/admin/keys/new", "post_new_key", |visit| {
            Box::pin(keys::create(visit))
        }),
        form("/admin/keys/{key}/rotation", "post_key_rotation", |visit| {
            Box::pin(keys::rotate(visit))
        }),
        form(
            "/admin/keys/{key}/revocation",
            "post_key_revocation",
            |visit| Box::pin(keys::revoke(visit)),
        ),
        shown("/admin/audit", "show_audit", |visit| {
            Box::pin(audit::show(visit))
        }),
        form("/admin/audit", "post_audit_search", |visit| {
            Box::pin(audit::search(visit))
        }),
        shown("/admin/catalogue", "show_catalogue", |visit| {
            Box::pin(catalogue::show(visit))
        }),
        shown(
            "/admin/catalogue/in-force.json",
            "save_catalogue",
            |visit| Box::pin(catalogue::save(visit)),
        ),
    ];
    all.extend(catalogue::forms());
    all
}

/// Its templates.
pub fn add_to(env: &mut Environment<'static>) {
    for (name, text) in [
        (
            "admin/start.html",
            include_str!("../templates/admin/start.html"),
        ),
        (
            "admin/notices.html",
            include_str!("../templates/admin/notices.html"),
        ),
        (
            "admin/waiting.html",
            include_str!("../templates/admin/waiting.html"),
        ),
        (
            "admin/users.html",
            include_str!("../templates/admin/users.html"),
        ),
        (
            "admin/new_user.html",
            include_str!("../templates/admin/new_user.html"),
        ),
        (
            "admin/keys.html",
            include_str!("../templates/admin/keys.html"),
        ),
        (
            "admin/new_key.html",
            include_str!("../templates/admin/new_key.html"),
        ),
        (
            "admin/key_shown.html",
            include_str!("../templates/admin/key_shown.html"),
        ),
        (
            "admin/audit.html",
            include_str!("../templates/admin/audit.html"),
        ),
        (
            "admin/catalogue.html",
            include_str!("../templates/admin/catalogue.html"),
        ),
        (
            "admin/preview.html",
            include_str!("../templates/admin/preview.html"),
        ),
    ] {
        env.add_template(name, text)
            .expect("the templates are built in, and a test reads every one");
    }
}

async fn show(visit: Visit) -> Result<Answer, Problem> {
    check_door(&visit, ADMINS)?;
    let front = &visit.call.front;
    let said = json!({
        "version": front.desk.council().catalogue.version,
        "is_demo": front.is_demo,
        "redirected_to": front.desk.manners.redirect_all_to,
    });
    visit.page(200, "admin/start.html", "Administration", said)
}
