//! Cases only a small team may see: what whoever logged one keeps of it, and opening one for oneself
//! when it cannot wait.

use serde_json::{Value, json};

use super::acts::written;
use super::{document, items, mistakes, text_of};
use crate::domain::access::Role;
use crate::http::within::Asked;
use crate::http::{Answer, Operation, Problem};
use crate::pages::signed_in::{Visit, form, shown};
use crate::pages::told::check_door;

/// Who may open one for themselves, at cases of their own services.
const OPENERS: &[Role] = &[Role::HeadOfService];
const ACT: &str = "glass";

/// The pages and the form.
pub fn operations() -> Vec<Operation> {
    vec![
        shown("/receipts", "show_receipts", |visit| {
            Box::pin(receipts(visit))
        }),
        shown("/open-restricted", "show_open_restricted", |visit| {
            Box::pin(show(visit))
        }),
        form("/open-restricted", "post_open_restricted", |visit| {
            Box::pin(open(visit))
        }),
    ]
}

/// What whoever is signed in logged and may not see.
async fn receipts(visit: Visit) -> Result<Answer, Problem> {
    let kept = visit.ask(Asked::of("list_my_receipts")).await?.body;
    let said = json!({"receipts": items(&kept), "may_log": visit.may("log_contact")});
    visit.page(200, "staff/receipts.html", "Your receipts", said)
}

async fn show(visit: Visit) -> Result<Answer, Problem> {
    check_door(&visit, OPENERS)?;
    page(&visit, 200, Vec::new())
}

async fn open(visit: Visit) -> Result<Answer, Problem> {
    check_door(&visit, OPENERS)?;
    let fields = visit.fields();
    let Some(reference) = fields.some("reference") else {
        let lacking =
            json!({"field": "glass-reference", "words": "Give the reference of the case."});
        return page(&visit, 422, vec![lacking]);
    };
    let asked = Asked::of("grant_case_access")
        .at("case", &reference)
        .sends(document([
            ("break_glass", Some(json!(true))),
            ("reason", written(&visit, "reason")),
        ]))
        .once(fields.key());
    let problem = match visit.ask(asked).await {
        Ok(told) => return Ok(on_to(&told.body, "glass_broken")),
        Err(problem) => problem,
    };
    match (problem.status, problem.code) {
        (409, "access_already") => {
            let case = visit
                .ask(Asked::of("get_case").at("case", &reference))
                .await?;
            Ok(on_to(&case.body, "may_already"))
        }
        // No reference, none there, or none of theirs: the same to whoever asks.
        (400 | 404, _) => {
            let words = "There is no case with this reference that you may open for yourself. Check the reference; \
                         if it is right, ring the team that has it.";
            let wrong = json!({"field": "glass-reference", "words": words});
            page(&visit, 422, vec![wrong])
        }
        (status, _) if status < 500 => {
            let wrong = mistakes(ACT, &problem);
            page(&visit, status, wrong)
        }
        _ => Err(problem),
    }
}

fn on_to(told: &Value, done: &str) -> Answer {
    let reference = text_of(told.get("case").unwrap_or(told), "reference");
    Answer::see_other(&format!("/cases/{reference}?done={done}"))
}

fn page(visit: &Visit, status: u16, mistakes: Vec<Value>) -> Result<Answer, Problem> {
    let said = json!({
        "mistakes": mistakes, "fields": visit.fields().words(),
        "hours": visit.call.front.auth.break_glass_hours,
    });
    visit.page(
        status,
        "staff/open_restricted.html",
        "Open a restricted case",
        said,
    )
}
