//! What the law asks public pages to say of themselves: how accessible they are, and what becomes of what
//! people tell us.

use jiff::civil::{Date, date};
use minijinja::context;

use super::words::{self, say};
use super::{Shown, opened};
use crate::http::{Answer, Call, Operation, Problem};

/// When somebody last held the accessibility statement against the pages.
const PREPARED_ON: Date = date(2026, 11, 22);

/// The pages.
#[must_use]
pub fn operations() -> Vec<Operation> {
    vec![
        opened("/accessibility", "show_accessibility", |call| {
            Box::pin(accessibility(call))
        }),
        opened("/privacy", "show_privacy", |call| Box::pin(privacy(call))),
    ]
}

async fn accessibility(call: Call) -> Result<Answer, Problem> {
    let language = words::language_of(&call);
    let council = call.front.desk.council();
    let said = context! {
        email => council.catalogue.council.mail.from_address,
        prepared_on => words::day(PREPARED_ON, language),
    };
    let title = say(language, "accessibility.title", &[]);
    Shown::new(&call, "residents/accessibility.html", title)
        .listed()
        .write(&call, said)
}

async fn privacy(call: Call) -> Result<Answer, Problem> {
    let council = call.front.desk.council();
    let own = &council.catalogue.council;
    let said = context! {
        email => own.mail.from_address,
        commissioner => own.ombudsmen.get("ico"),
    };
    let title = say(words::language_of(&call), "privacy.title", &[]);
    Shown::new(&call, "residents/privacy.html", title)
        .listed()
        .write(&call, said)
}
