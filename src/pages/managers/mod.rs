//! Pages of team leaders and heads of service: what stands where, what is late and who was told, how
//! promises were kept, what came in.
//!
//! Each figure is what the API answers the same person, and says what it counts and of how many.

mod escalations;
mod intake;
mod performance;
mod teams;

use minijinja::Environment;

use super::signed_in::shown;
use crate::domain::access::Role;
use crate::http::Operation;

/// Who sees to it that promises are kept.
const MANAGERS: &[Role] = &[Role::TeamLeader, Role::HeadOfService];

/// The pages.
#[must_use]
pub fn operations() -> Vec<Operation> {
    vec![
        shown("/teams", "show_teams", |visit| Box::pin(teams::list(visit))),
        shown("/teams/{queue}", "show_team", |visit| {
            Box::pin(teams::show(visit))
        }),
        shown("/escalations", "show_escalations", |visit| {
            Box::pin(escalations::list(visit))
        }),
        shown("/performance", "show_performance", |visit| {
            Box::pin(performance::show(visit))
        }),
        shown("/performance/cases", "show_counted_cases", |visit| {
            Box::pin(performance::cases(visit))
        }),
        shown("/performance/table.csv", "save_performance", |visit| {
            Box::pin(performance::table(visit))
        }),
        shown("/intake", "show_intake", |visit| {
            Box::pin(intake::show(visit))
        }),
    ]
}

/// Its templates.
pub fn add_to(env: &mut Environment<'static>) {
    for (name, text) in [
        (
            "managers/charts.html",
            include_str!("../templates/managers/charts.html"),
        ),
        (
            "managers/cases.html",
            include_str!("../templates/managers/cases.html"),
        ),
        (
            "managers/teams.html",
            include_str!("../templates/managers/teams.html"),
        ),
        (
            "managers/team.html",
            include_str!("../templates/managers/team.html"),
        ),
        (
            "managers/escalations.html",
            include_str!("../templates/managers/escalations.html"),
        ),
        (
            "managers/performance.html",
            include_str!("../templates/managers/performance.html"),
        ),
        (
            "managers/counted.html",
            include_str!("../templates/managers/counted.html"),
        ),
        (
            "managers/intake.html",
            include_str!("../templates/managers/intake.html"),
        ),
    ] {
        env.add_template(name, text)
            .expect("the templates are built in, and a test reads every one");
    }
}
