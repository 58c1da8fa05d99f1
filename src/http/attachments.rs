//! Files that belong to contacts: sent ahead of them, named by them, and had again by those who may read
//! what was said.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use actix_web::web::Bytes;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::io::AsyncReadExt as _;
use tokio::sync::mpsc;

use super::access::{Access, CASEWORKERS};
use super::answer::Answer;
use super::call::Call;
use super::contacts::who_may_log;
use super::fields::Id;
use super::operation::{Allowance, Limit, Operation, get, post};
use super::problem::Problem;
use super::upload::Came;
use crate::casework::Fault;
use crate::casework::attachments::{self, Attachment, Sent};
use crate::domain::access::{Actor, Role, Scope};
use crate::domain::attachment::{Scan, judge, stripped};
use crate::domain::ids::AttachmentId;

/// A file, as a form in parts.
#[derive(Debug, JsonSchema)]
#[expect(
    dead_code,
    reason = "it stands in the contract; the form is read as it comes in"
)]
struct FileForm {
    /// The file, with its name and type.
    #[schemars(extend("format" = "binary"))]
    file: String,
}

/// A file that is kept until a contact names it.
#[derive(Debug, Serialize, JsonSchema)]
struct AttachmentSent {
    /// To be named in `attachments` of the contact.
    id: Id,
    /// As it is kept: a bare name.
    name: String,
    /// What it is by its bytes.
    #[serde(rename = "type")]
    content_type: String,
    bytes: u64,
    /// `off`: nobody looks for viruses here; `pending`: whoever does is away, and it is given to nobody
    /// until they have. Only `off` and `clean` can be had again.
    scan: Scan,
}

/// How it is wanted.
#[derive(Debug, Deserialize, JsonSchema)]
struct DownloadQuery {
    /// A picture (JPEG, PNG, WebP) without what the camera wrote beside it: where, when, with what.
    #[serde(default)]
    stripped: bool,
}

/// Bytes read at a time, and pieces on their way at once.
const AT_ONCE: usize = 64 * 1024;
const ON_THEIR_WAY: usize = 4;
/// How long a piece may wait to be taken. Whoever takes longer is gone, or means to hold us up.
const PATIENCE: Duration = Duration::from_secs(30);

/// Its operations.
#[must_use]
pub fn operations() -> Vec<Operation> {
    let uploading = |operation: Operation| {
        operation
            .tag("Attachments")
            .upload::<FileForm>(Limit::Attachment)
            .answers::<AttachmentSent>(201, "It is kept until a contact names it, a day at most.")
            .refuses(&[422])
            .example_response(json!({
                "id": "019a9f5e-7c00-7000-8000-000000000009", "name": "bin.jpg", "type": "image/jpeg",
                "bytes": 81_234, "scan": "clean",
            }))
    };
    let reading: Vec<Role> = [CASEWORKERS, &[Role::Councillor]].concat();
    vec![
        uploading(post("/v1/attachments", send))
            .id("send_attachment")
            .summary("Send a file ahead of the contact it belongs to")
            .description(
                "One file, as the part `file`. What it is is read from its bytes: a type that is not taken, and a name \
                 or type that says otherwise, are refused. Name its id in `attachments` of the contact; only whoever \
                 sent it can.",
            )
            .access(who_may_log().or_scope(Scope::PublicContactsWrite)),
        uploading(post("/v1/public/attachments", send_publicly))
            .id("send_public_attachment")
            .summary("Send a file ahead of a web form")
            .description(
                "The same for a resident's web form. Without a key, the form must come from the same address. It has a \
                 budget of its own.",
            )
            .access(Access::public().or_scope(Scope::PublicContactsWrite))
            .allowance(Allowance::PublicUploads),
        get("/v1/attachments/{attachment}", show)
            .id("get_attachment")
            .summary("A file that came with a contact")
            .description(
                "For those who may read what was said on its case; by the secret link of a case, for the person who sent \
                 it, without what a camera wrote beside the picture; until a contact names it, for whoever sent it. \
                 `not_scanned`, `infected` and `withheld` (409) are given to nobody.",
            )
            .tag("Attachments")
            .access(
                Access::staff(&reading)
                    .or_scope(Scope::CasesRead)
                    .or_scope(Scope::ContactsWrite)
                    .or_scope(Scope::PublicContactsWrite)
                    .or_tracking(),
            )
            .path_note("attachment", "The attachment's id.")
            .query::<DownloadQuery>()
            .answers_raw(200, "application/octet-stream", "Its bytes, under the type they are.")
            .answer_header("Content-Disposition", "`attachment`, with its name.")
            .refuses(&[409]),
    ]
}

async fn send(mut call: Call) -> Result<Answer, Problem> {
    let actor = call.actor.clone();
    take(&mut call, actor).await
}

async fn send_publicly(mut call: Call) -> Result<Answer, Problem> {
    // Whoever else has signed in sends a form as anybody does.
    let actor = match &call.actor {
        key @ Actor::Key(_) => key.clone(),
        _ => Actor::Anonymous {
            address: call.address.clone(),
        },
    };
    take(&mut call, actor).await
}

async fn take(call: &mut Call, actor: Actor) -> Result<Answer, Problem> {
    let file = call.upload().await?;
    let sent = judged(call, file).await?;
    let came = Arc::clone(&sent.came);
    let answer = call
        .commit(
            move |tx, at| attachments::keep(tx, at, &actor, &sent),
            |kept| Answer::json(201, &AttachmentSent::of(kept)),
        )
        .await;
    // Whoever did the work may hold it longer than the answer takes.
    came.clear_away();
    answer
}

/// Looks at a file that has come in by a page, and keeps it until a contact names it.
///
/// # Errors
/// 422 when it is of a type that is not taken, or there are too many; 503 when it cannot be looked at.
pub async fn keep_for(call: &Call, actor: Actor, file: Came) -> Result<Attachment, Problem> {
    let sent = judged(call, file).await?;
    let came = Arc::clone(&sent.came);
    let kept = call
        .perform(move |tx, at| attachments::keep(tx, at, &actor, &sent))
        .await;
    came.clear_away();
    kept
}

/// What a file is by its bytes, and what the scanner says of it.
async fn judged(call: &Call, file: Came) -> Result<Sent, Problem> {
    let keeping = call.front.desk.keeping()?;
    let kind = judge(
        &file.came.look,
        &file.name,
        file.claimed.as_deref(),
        &keeping.types,
    )
    .map_err(|unfit| {
        Problem::invalid(vec![Fault {
            pointer: "/file".to_owned(),
            code: unfit.code(),
            detail: unfit.to_string(),
        }])
    })?;
    let verdict = keeping.scanner.look_at(file.came.path()).await;
    Ok(Sent {
        came: file.came,
        name: file.name,
        content_type: kind.content_type,
        verdict,
    })
}

async fn show(call: Call) -> Result<Answer, Problem> {
    let query: DownloadQuery = call.query()?;
    let (actor, id) = (call.actor.clone(), call.id::<AttachmentId>("attachment")?);
    let opened = call
        .read(move |conn, at| attachments::open(conn, at, &actor, id))
        .await?;
    let noted = opened.noted.map(|case| format!("case:{case}"));
    call.note_looks("attachment.read", noted.into_iter().collect())
        .await?;
    let folder = &call.front.desk.keeping()?.folder;
    let path = folder.find(&opened.hash).ok_or_else(|| {
        Problem::fault(anyhow::anyhow!(
            "the bytes of attachment {id} are not in the folder"
        ))
    })?;
    let attachment = opened.attachment;
    let content_type = attachment.content_type.clone();
    let answer = if opened.is_stripped || query.stripped {
        let of_type = content_type.clone();
        let bytes = tokio::task::spawn_blocking(move || {
            let bytes = std::fs::read(path).map_err(anyhow::Error::from)?;
            stripped(&of_type, &bytes).ok_or_else(attachments::cannot_be_stripped)
        })
        .await
        .map_err(Problem::fault)??;
        Answer::bytes(200, &content_type, bytes)
    } else {
        let length = u64::try_from(attachment.size).map_err(Problem::fault)?;
        Answer::sized(&content_type, length, pieces_of(&path).await?)
    };
    Ok(answer
        .with_header("content-disposition", disposition(&attachment.name))
        .with_header("content-security-policy", "sandbox; default-src 'none'")
        .with_header("cross-origin-resource-policy", "same-origin"))
}

/// The bytes of a file, read as they are taken.
async fn pieces_of(path: &Path) -> Result<mpsc::Receiver<Bytes>, Problem> {
    let mut file = tokio::fs::File::open(path).await.map_err(Problem::fault)?;
    let (sender, pieces) = mpsc::channel(ON_THEIR_WAY);
    // A thread is held while a piece is read, and none while one is taken.
    tokio::spawn(async move {
        let mut piece = vec![0; AT_ONCE];
        loop {
            let read = match file.read(&mut piece).await {
                Ok(0) => return,
                Ok(n) => Bytes::copy_from_slice(piece.get(..n).unwrap_or_default()),
                Err(why) => {
                    tracing::error!("A file in the folder of attachments could not be read: {why}");
                    return;
                }
            };
            let taken = tokio::time::timeout(PATIENCE, sender.send(read)).await;
            if !matches!(taken, Ok(Ok(()))) {
                return;
            }
        }
    });
    Ok(pieces)
}

/// Handed over as a file under its name, never shown in place. Old clients read the plain name, in which
/// what is not ASCII is left out.
fn disposition(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|c| match c {
            '"' | '\\' | '%' => '_',
            ' '..='~' => c,
            _ => '_',
        })
        .collect();
    let mut coded = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte) {
            coded.push(char::from(byte));
        } else {
            write!(coded, "%{byte:02X}").expect("a string takes whatever is written to it");
        }
    }
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{coded}")
}

impl AttachmentSent {
    fn of(attachment: &Attachment) -> Self {
        Self {
            id: attachment.id.0.into(),
            name: attachment.name.clone(),
            content_type: attachment.content_type.clone(),
            bytes: u64::try_from(attachment.size).unwrap_or(0),
            scan: attachment.scan,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_ends_no_header_and_is_read_as_it_was() {
        assert_eq!(
            disposition("llun â \"x\".jpg"),
            "attachment; filename=\"llun _ _x_.jpg\"; filename*=UTF-8''llun%20%C3%A2%20%22x%22.jpg"
        );
        let hostile = disposition("a\r\nSet-Cookie: x=1.pdf");
        assert!(!hostile.contains(['\r', '\n']), "{hostile}");
    }
}
