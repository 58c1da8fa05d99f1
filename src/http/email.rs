//! E-mail that comes in: raw, as a mail gateway hands it over, and what waits for a person.

use std::sync::Arc;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::access::Access;
use super::answer::Answer;
use super::call::Call;
use super::dto::examples;
use super::dto::mail::{MailsQuery, NewDismissal, NewRelease};
use super::fields::{Id, Line};
use super::operation::{Limit, Operation, get, post};
use super::paging::Page;
use super::problem::Problem;
use crate::casework::mail_in::Taken;
use crate::casework::views::mail::{self, AfterMail, MailDetail, MailView};
use crate::casework::{MailFilter, held_mail, mail_in};
use crate::channels::email_in::Envelope;
use crate::domain::access::{Role, Scope};
use crate::domain::case::Secrecy;
use crate::domain::contact::Disposition;
use crate::domain::ids::ContactId;

/// What the mail server knows beside the message.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
struct EnvelopeQuery {
    /// The address it was delivered to.
    #[serde(default)]
    recipient: Option<Line<320>>,
    /// The return path; empty for the null one, from which only programs write.
    #[serde(default)]
    sender: Option<Line<320>>,
}

/// What became of a mail.
#[derive(Debug, Serialize, JsonSchema)]
struct MailTaken {
    disposition: Disposition,
    /// The sender's own case; null where there is none, or it may not be named.
    case: Option<MailCase>,
    contact: Option<MailContact>,
}

/// A case by its two names.
#[derive(Debug, Serialize, JsonSchema)]
struct MailCase {
    id: Id,
    reference: String,
}

/// A contact by its id.
#[derive(Debug, Serialize, JsonSchema)]
struct MailContact {
    id: Id,
}

/// Those who look at mail that waits, each at that of their own part.
const LOOKERS: &[Role] = &[Role::Agent, Role::TeamLeader, Role::HeadOfService];
const MAIL_NOTE: &str = "The mail's id: `contact.id` of the answer when it was taken in.";

/// Mails read at once. Each may be large, and reading many at once would push out everybody else.
static READING: Semaphore = Semaphore::const_new(8);
const PATIENCE: Duration = Duration::from_secs(5);

/// Its operations.
#[must_use]
pub fn operations() -> Vec<Operation> {
    vec![
        post("/v1/channels/email/messages", take_mail)
            .id("take_mail")
            .summary("Take in one raw e-mail")
            .description(
                "The bytes as they came, headers and all. Every mail that is answered 202 is kept, whatever became \
                 of it: `opened` or `joined` a case, `held` until a person has looked, `stored` (automatic mail, \
                 never answered), `quarantined` (could not be read), `duplicate` (we had it).",
            )
            .tag("Channels")
            .access(Access::scope(Scope::EmailWrite))
            .query::<EnvelopeQuery>()
            .raw_body("message/rfc822", Limit::Mail)
            .answers::<MailTaken>(202, "It is kept.")
            .refuses(&[422])
            .example_response(json!({
                "disposition": "opened",
                "case": {"id": "019a9f5e-7c00-7000-8000-000000000001", "reference": "4X7-K92-MQ3"},
                "contact": {"id": "019a9f5e-7c00-7000-8000-000000000002"},
            })),
        get("/v1/channels/email/messages", list_mails)
            .id("list_mails")
            .summary("E-mail as it came in, oldest first; of what waits, danger first")
            .description(
                "`?waiting=true` is what waits for a person: `held` mail names a case its sender is not on, \
                 `quarantined` mail could not be read. Agents see all of it but what belongs to restricted cases; a \
                 team leader, that of their queue. What would open a restricted case is put before agents and those \
                 named on such cases alone.",
            )
            .tag("Channels")
            .access(Access::staff(LOOKERS).or_scope(Scope::CasesRead))
            .query::<MailsQuery>()
            .answers::<Page<MailView>>(200, "A page of mails, without their words.")
            .example_response(json!({"items": [mail_example()], "next_cursor": null})),
        get("/v1/channels/email/messages/{mail}", show_mail)
            .id("get_mail")
            .summary("One e-mail, with its words")
            .description(
                "And why it waits. Of a mail that could not be read, `excerpt` is how its bytes begin. That it was read \
                 is put down in the audit, unless it is on an ordinary case.",
            )
            .tag("Channels")
            .access(Access::staff(LOOKERS).or_scope(Scope::CasesRead))
            .path_note("mail", MAIL_NOTE)
            .answers::<MailDetail>(200, "The mail.")
            .example_response(mail_detail_example()),
        post("/v1/channels/email/messages/{mail}/releases", release_mail)
            .id("release_mail")
            .summary("Let a mail through that waited")
            .description(
                "With `case` it joins that case as if its sender had been known on it: it is shown there, told to \
                 the owner, confirmed when it chases, and its sender is on the case from then on. Otherwise it opens \
                 a case as a new mail would, and the promise counts from when the mail reached us. A mail that could \
                 not be read needs `subject` or `body`: what you read in it. Its bytes stay with it. In the figures \
                 of the day it came in it stays `held` or `quarantined`. The second of two who try is told \
                 `already_settled`.",
            )
            .tag("Channels")
            .access(Access::staff(LOOKERS).or_scope(Scope::CasesWrite))
            .path_note("mail", MAIL_NOTE)
            .optional_body::<NewRelease>()
            .answers::<MailTaken>(201, "What became of it: `opened` or `joined`.")
            .refuses(&[409])
            .example_request(json!({"case": "4X7-K92-MQ3"}))
            .example_response(json!({
                "disposition": "joined",
                "case": {"id": "019a9f5e-7c00-7000-8000-000000000001", "reference": "4X7-K92-MQ3"},
                "contact": {"id": "019a9f5e-7c00-7000-8000-000000000002"},
            })),
        post("/v1/channels/email/messages/{mail}/dismissals", dismiss_mail)
            .id("dismiss_mail")
            .summary("Keep a mail that waited, and answer nobody")
            .description(
                "It and its bytes are kept and it waits no more. `disposition` stays what it came in as. The second \
                 of two who try is told `already_settled`.",
            )
            .tag("Channels")
            .access(Access::staff(LOOKERS).or_scope(Scope::CasesWrite))
            .path_note("mail", MAIL_NOTE)
            .body::<NewDismissal>()
            .answers::<MailTaken>(201, "It waits no more.")
            .refuses(&[409])
            .example_request(json!({"reason": "Advertising."}))
            .example_response(json!({
                "disposition": "held",
                "case": null,
                "contact": {"id": "019a9f5e-7c00-7000-8000-000000000002"},
            })),
    ]
}

async fn take_mail(call: Call) -> Result<Answer, Problem> {
    let query: EnvelopeQuery = call.query()?;
    if call.body.is_empty() {
        return Err(Problem::new(
            422,
            "empty_message",
            "The message is empty: send its bytes as the body.",
        ));
    }
    let _turn = tokio::time::timeout(PATIENCE, READING.acquire())
        .await
        .map_err(|_| {
            Problem::unavailable(
                "busy",
                "Too many mails at once. Nothing was taken; send it again.",
                5,
            )
        })?
        .map_err(Problem::fault)?;
    let (actor, raw) = (call.actor.clone(), call.body.clone());
    let envelope = Envelope {
        recipient: query.recipient.map(Line::into_string),
        sender: query.sender.map(Line::into_string),
    };
    let moment = call.front.desk.moment();
    let delivery =
        tokio::task::spawn_blocking(move || Arc::new(mail_in::read(&moment, raw, envelope)))
            .await
            .map_err(Problem::fault)?;
    call.commit(
        move |tx, at| mail_in::receive(tx, at, &actor, &delivery),
        |taken| {
            // The gateway need not know that there is a case only a small team may see.
            let is_nameable = taken
                .case
                .as_ref()
                .is_some_and(|filed| filed.case.secrecy != Secrecy::Restricted);
            Answer::json(202, &MailTaken::of(taken, is_nameable))
        },
    )
    .await
}

async fn list_mails(call: Call) -> Result<Answer, Problem> {
    let query: MailsQuery = call.query()?;
    let after: Option<AfterMail> = call.cursor(query.page.cursor.as_deref())?;
    let filter = MailFilter {
        dispositions: query.disposition,
        is_waiting: query.waiting,
    };
    let actor = call.actor.clone();
    let limit = query.page.limit;
    let part = call
        .read(move |conn, at| mail::list(conn, at, &actor, &filter, after, limit))
        .await?;
    Ok(call.page(part.items, part.next.as_ref(), None))
}

async fn show_mail(call: Call) -> Result<Answer, Problem> {
    let (actor, id) = (call.actor.clone(), call.id::<ContactId>("mail")?);
    let shown = call
        .read(move |conn, at| mail::show(conn, at, &actor, id))
        .await?;
    call.note_looks("mail.read", shown.noted.clone().into_iter().collect())
        .await?;
    Ok(Answer::ok(&shown))
}

async fn release_mail(call: Call) -> Result<Answer, Problem> {
    let (actor, id) = (call.actor.clone(), call.id::<ContactId>("mail")?);
    check_is_shown(&call, id).await?;
    let sent: NewRelease = call.json()?;
    let pattern = call.front.desk.council().catalogue.council.alias_pattern();
    let (destination, words) = sent.read(pattern.as_deref())?;
    call.commit(
        move |tx, at| held_mail::release(tx, at, &actor, id, &destination, words.as_ref()),
        |taken| Answer::json(201, &MailTaken::of(taken, true)),
    )
    .await
}

async fn dismiss_mail(call: Call) -> Result<Answer, Problem> {
    let (actor, id) = (call.actor.clone(), call.id::<ContactId>("mail")?);
    check_is_shown(&call, id).await?;
    let sent: NewDismissal = call.json()?;
    let reason = sent.reason.into_string();
    call.commit(
        move |tx, at| held_mail::dismiss(tx, at, &actor, id, &reason),
        |taken| Answer::json(201, &MailTaken::of(taken, true)),
    )
    .await
}

/// What may not be known is answered like what is absent, before anything else is said.
async fn check_is_shown(call: &Call, id: ContactId) -> Result<(), Problem> {
    let actor = call.actor.clone();
    call.read(move |conn, at| mail::check_is_shown(conn, at, &actor, id))
        .await
}

fn mail_example() -> Value {
    json!({
        "id": "019a9f5e-7c00-7000-8000-000000000002", "disposition": "held",
        "received_at": "2026-11-20T16:58:00Z",
        "sender": {"name": "Bryn Example", "email": "bryn@mail.example"},
        "recipient": "contact@council.example", "subject": "Re: 4X7-K92-MQ3", "danger": null,
        "owner": {"name": "Team Leader, Waste Operations", "email": "team.leader.waste-ops@council.example"},
        "waiting_since": "2026-11-20T16:58:00Z", "limit_at": "2026-11-24T08:00:00Z", "case": null,
        "guessed_case": {"id": "019a9f5e-7c00-7000-8000-000000000001", "reference": "4X7-K92-MQ3"},
        "settled": null,
    })
}

fn mail_detail_example() -> Value {
    let mut example = mail_example();
    if let Some(members) = example.as_object_mut() {
        let why =
            "It names the case 4X7-K92-MQ3, but nobody on that case writes from this address.";
        members.insert("why".to_owned(), json!(why));
        members.insert(
            "text".to_owned(),
            json!("I am writing for my mother. The bin is still here."),
        );
        members.insert("language".to_owned(), json!(null));
        members.insert(
            "attachments".to_owned(),
            json!([{"filename": "bin.jpg", "content_type": "image/jpeg", "size": 81_234}]),
        );
        members.insert("files".to_owned(), json!([examples::attachment()]));
        members.insert("excerpt".to_owned(), json!(null));
    }
    example
}

impl MailTaken {
    fn of(taken: &Taken, is_nameable: bool) -> Self {
        let case = taken.case.as_ref().filter(|_| is_nameable);
        Self {
            disposition: taken.disposition,
            case: case.map(|filed| MailCase {
                id: filed.case.id.0.into(),
                reference: filed.case.reference.to_string(),
            }),
            contact: taken.contact.map(|id| MailContact { id: id.0.into() }),
        }
    }
}
