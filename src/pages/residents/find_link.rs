//! The secret link, mailed again to whoever lost it. What is answered is the same whether or not reference
//! and address belong together.

use minijinja::context;

use super::steps::Mistake;
use super::words::{self, say};
use super::{Shown, opened, sent_to};
use crate::casework::tracking;
use crate::domain::person::email_address;
use crate::http::{Answer, Call, Operation, Problem};
use crate::pages::one_site::{for_anybody, form_of_anybody};

const MOST_BYTES: usize = 8 * 1024;
const LONGEST: usize = 254;

/// The pages and their form.
#[must_use]
pub fn operations() -> Vec<Operation> {
    vec![
        opened("/find-my-link", "show_find_link", |call| {
            Box::pin(show(call))
        }),
        sent_to("/find-my-link", "post_find_link", MOST_BYTES, |call| {
            Box::pin(send(call))
        }),
        opened("/find-my-link/sent", "show_find_link_sent", |call| {
            Box::pin(show_sent(call))
        }),
    ]
}

async fn show(call: Call) -> Result<Answer, Problem> {
    asking(&call, 200, Vec::new(), "", "")
}

async fn send(call: Call) -> Result<Answer, Problem> {
    let form = form_of_anybody(&call)?;
    let field = |name: &str| -> String {
        let found = form.iter().find(|(own, _)| own == name);
        let text = super::answers::line(found.map_or("", |(_, value)| value.as_str()));
        text.chars().take(LONGEST).collect()
    };
    let (reference, email) = (field("reference"), field("email"));
    let language = words::language_of(&call);
    let mistake = |id: &str, key| Mistake {
        text: say(language, key, &[]),
        id: id.to_owned(),
    };
    let mut mistakes = Vec::new();
    if reference.is_empty() {
        mistakes.push(mistake("reference", "errors.reference"));
    }
    if email_address(&email).is_none() {
        mistakes.push(mistake("email", "errors.email"));
    }
    if !mistakes.is_empty() {
        return asking(&call, 422, mistakes, &reference, &email);
    }
    let now = call.front.desk.time.monotonic();
    if let Err(exhausted) = call.front.budgets.tracking_links.spend(&call.address, now) {
        let mistakes = vec![mistake("", "errors.too_many")];
        let shown = asking(&call, 429, mistakes, &reference, &email)?;
        let seconds = exhausted.retry_after_seconds.to_string();
        return Ok(shown.with_header("retry-after", seconds));
    }
    call.perform(move |tx, at| tracking::send_link(tx, at, &reference, &email))
        .await?;
    Ok(Answer::see_other("/find-my-link/sent"))
}

async fn show_sent(call: Call) -> Result<Answer, Problem> {
    let title = say(words::language_of(&call), "find.sent_title", &[]);
    Shown::new(&call, "residents/find_link_sent.html", title).write(&call, ())
}

fn asking(
    call: &Call,
    status: u16,
    mistakes: Vec<Mistake>,
    reference: &str,
    email: &str,
) -> Result<Answer, Problem> {
    let form = for_anybody(call);
    let beside = |id: &str| {
        let found = mistakes.iter().find(|mistake| mistake.id == id);
        found.map_or(String::new(), |mistake| mistake.text.clone())
    };
    let said = context! {
        reference_mistake => beside("reference"),
        email_mistake => beside("email"),
        mistakes, reference, email,
        form_token => form.seal,
    };
    let title = say(words::language_of(call), "find.title", &[]);
    let shown = Shown::new(call, "residents/find_link.html", title).with_status(status);
    Ok(shown.write(call, said)?.with_cookie(form.set_cookie))
}
