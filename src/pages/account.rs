//! One's own account: who one is, codes of an authenticator app beside the password, days one is away.
//!
//! A secret and the recovery codes are shown once, on the page that answers the form; they stand in no
//! address. Taking codes away again is for administrators, as is another password.

use minijinja::Environment;
use serde_json::{Value, json};

use super::signed_in::{Visit, arrive, form, shown};
use super::told::{Mistake, is_said_beside, mistakes};
use crate::http::operation::Answering;
use crate::http::within::Asked;
use crate::http::{Access, Answer, Call, Operation, Problem, get, page_sessions};

/// The pages and their forms.
#[must_use]
pub fn operations() -> Vec<Operation> {
    vec![
        get("/account", account)
            .id("show_account")
            .summary("A page of somebody signed in")
            .tag("Pages")
            .access(Access::public())
            .answers_raw(200, "text/html", "The page.")
            .hidden(),
        form("/account/away", "post_away", |visit| Box::pin(away(visit))),
        shown("/account/codes", "show_codes", |visit| {
            Box::pin(codes(visit))
        }),
        form("/account/codes", "post_codes", |visit| {
            Box::pin(begin(visit))
        }),
        form("/account/codes/confirmations", "post_first_code", |visit| {
            Box::pin(confirm(visit))
        }),
    ]
}

/// Its templates.
pub fn add_to(env: &mut Environment<'static>) {
    for (name, text) in [
        (
            "account/account.html",
            include_str!("templates/account/account.html"),
        ),
        (
            "account/codes.html",
            include_str!("templates/account/codes.html"),
        ),
        (
            "account/secret.html",
            include_str!("templates/account/secret.html"),
        ),
        (
            "account/recovery.html",
            include_str!("templates/account/recovery.html"),
        ),
    ] {
        env.add_template(name, text)
            .expect("the templates are built in, and a test reads every one");
    }
}

/// Whoever comes here without having signed in goes on from the sign-in page as they would without it.
async fn account(call: Call) -> Result<Answer, Problem> {
    if page_sessions::signed_in(&call).await?.is_none() {
        return Ok(Answer::see_other("/sign-in"));
    }
    let handler: fn(Visit) -> Answering = |visit| Box::pin(show(visit));
    arrive(call, handler).await
}

async fn show(visit: Visit) -> Result<Answer, Problem> {
    page(&visit, 200, &[]).await
}

async fn page(visit: &Visit, status: u16, wrong: &[Mistake]) -> Result<Answer, Problem> {
    let me = visit.ask(Asked::of("get_me")).await?.body;
    let role = visit.user().role;
    let said = json!({
        "me": me, "role": role.as_str().replace('_', " "), "work": page_sessions::first_page(role),
        "may_be_away": visit.may("change_me"), "mistakes": wrong, "fields": visit.fields().words(),
    });
    visit.page(status, "account/account.html", "You are signed in", said)
}

/// Puts down on which days they are away, or that they are not.
async fn away(visit: Visit) -> Result<Answer, Problem> {
    let fields = visit.fields();
    let is_back = fields.line("do") == "back";
    let away = if is_back {
        Value::Null
    } else {
        let given = ["from_on", "until_on", "deputy"].into_iter();
        let given = given.filter_map(|name| Some((name.to_owned(), json!(fields.some(name)?))));
        Value::Object(given.collect())
    };
    let asked = Asked::of("change_me").sends(json!({"away": away}));
    match visit.ask(asked).await {
        Ok(_) => {
            let done = if is_back { "back" } else { "away" };
            Ok(Answer::see_other(&format!("/account?done={done}")))
        }
        Err(problem) if is_said_beside(&problem) => {
            let fields = [
                ("/away/until_on", "away-until_on"),
                ("/away/deputy", "away-deputy"),
                ("/away", "away-from_on"),
            ];
            page(&visit, problem.status, &mistakes(&problem, &fields)).await
        }
        Err(problem) => Err(problem),
    }
}

async fn codes(visit: Visit) -> Result<Answer, Problem> {
    let me = visit.ask(Asked::of("get_me")).await?.body;
    let is_on = me.get("totp").and_then(Value::as_bool) == Some(true);
    let said = json!({"is_on": is_on});
    visit.page(200, "account/codes.html", "Codes when you sign in", said)
}

/// A new secret, which counts once its first code is confirmed.
async fn begin(visit: Visit) -> Result<Answer, Problem> {
    match visit.ask(Asked::of("enrol_totp")).await {
        Ok(told) => {
            let (secret, uri) = (part(&told.body, "secret"), part(&told.body, "uri"));
            secret_page(&visit, 200, secret, uri, &[])
        }
        // Set up in another window: the page says so.
        Err(problem) if problem.status == 409 => Ok(Answer::see_other("/account/codes")),
        Err(problem) => Err(problem),
    }
}

/// The first code. The secret comes along in the form, so that it can be looked at again after a slip.
async fn confirm(visit: Visit) -> Result<Answer, Problem> {
    let fields = visit.fields();
    let (secret, uri) = (fields.line("secret"), fields.line("uri"));
    let code = fields.line("code").replace(' ', "");
    let asked = Asked::of("confirm_totp").sends(json!({"code": code}));
    match visit.ask(asked).await {
        Ok(told) => {
            let codes = told.body.get("recovery_codes").cloned();
            let said = json!({"codes": codes.unwrap_or_else(|| json!([]))});
            visit.page(200, "account/recovery.html", "Your recovery codes", said)
        }
        Err(problem) if problem.status == 409 => Ok(Answer::see_other("/account/codes")),
        Err(problem) if problem.status == 429 => {
            let words =
                "There were too many wrong codes. Wait a quarter of an hour, then try again.";
            let wrong = [Mistake::at("code", words)];
            secret_page(&visit, 429, &secret, &uri, &wrong)
        }
        Err(problem) if is_said_beside(&problem) => {
            let wrong = mistakes(&problem, &[("/code", "code")]);
            secret_page(&visit, problem.status, &secret, &uri, &wrong)
        }
        Err(problem) => Err(problem),
    }
}

fn secret_page(
    visit: &Visit,
    status: u16,
    secret: &str,
    uri: &str,
    wrong: &[Mistake],
) -> Result<Answer, Problem> {
    let said = json!({
        "secret": secret, "parted": in_fours(secret), "uri": uri, "mistakes": wrong,
        "code": visit.fields().line("code"),
    });
    visit.page(status, "account/secret.html", "Set up codes", said)
}

/// As it is read out and typed in.
fn in_fours(secret: &str) -> String {
    let letters: Vec<char> = secret.chars().collect();
    let parts = letters
        .chunks(4)
        .map(|part| part.iter().collect::<String>());
    parts.collect::<Vec<_>>().join(" ")
}

fn part<'v>(told: &'v Value, name: &str) -> &'v str {
    told.get(name).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::in_fours;

    #[test]
    fn a_secret_is_read_out_in_fours() {
        assert_eq!(in_fours("JBSWY3DPEHPK3PXP22"), "JBSW Y3DP EHPK 3PXP 22");
        assert_eq!(in_fours(""), "");
    }
}
