//! Photographs that come with a report or a message as files: looked at as every file that is sent here,
//! before the transaction that keeps them.

use std::sync::Arc;

use super::form::{Posted, PostedFile};
use crate::casework::Failure;
use crate::casework::attachments::{Keeping, Sent};
use crate::channels::open311::form::Form;
use crate::channels::text;
use crate::domain::attachment::judge;
use crate::http::{Call, Problem};

/// Files that were looked at.
#[derive(Debug, Default)]
pub struct Photographs {
    /// To be kept.
    pub fit: Vec<Sent>,
    /// What is not, and why, for whoever sent it.
    pub refused: Vec<String>,
}

impl Photographs {
    /// The bytes on the disk that nobody took over go.
    pub fn clear_away(&self) {
        for one in &self.fit {
            one.came.clear_away();
        }
    }
}

/// Looks at the files of a form. The form lists those only, from then on, that are not kept.
///
/// # Errors
/// When the disk takes no more: all of it is to be sent again.
pub async fn look_at(call: &Call, posted: Posted) -> Result<(Form, Photographs), Problem> {
    let Posted { mut form, files } = posted;
    let mut found = Photographs::default();
    if files.is_empty() {
        return Ok((form, found));
    }
    let keeping = call.front.desk.keeping()?;
    let mut is_refused = Vec::with_capacity(files.len());
    for file in files {
        let field = text::clean_line(&file.field, 60);
        let judged = if found.fit.len() >= keeping.most_per_contact {
            let most = keeping.most_per_contact;
            Err(format!("At most {most} files are kept with one message."))
        } else {
            judged(call, keeping, file).await?
        };
        is_refused.push(judged.is_err());
        match judged {
            Ok(sent) => found.fit.push(sent),
            Err(why) => found.refused.push(format!("{field} was not kept. {why}")),
        }
    }
    let mut is_refused = is_refused.into_iter();
    form.files.retain(|_| is_refused.next().unwrap_or(true));
    Ok((form, found))
}

/// A file as it may be kept, or why it may not.
async fn judged(
    call: &Call,
    keeping: &Keeping,
    file: PostedFile,
) -> Result<Result<Sent, String>, Problem> {
    let size = u64::try_from(file.bytes.len()).unwrap_or(u64::MAX);
    if size > keeping.largest {
        return Ok(Err(format!("It is larger than {} bytes.", keeping.largest)));
    }
    let mut coming = keeping
        .folder
        .begin(call.front.desk.moment().id())
        .await
        .map_err(Failure::from)?;
    coming.write(&file.bytes).await.map_err(Failure::from)?;
    let came = coming.end().await.map_err(Failure::from)?;
    match judge(
        &came.look,
        &file.name,
        file.claimed.as_deref(),
        &keeping.types,
    ) {
        Ok(kind) => {
            let verdict = keeping.scanner.look_at(came.path()).await;
            Ok(Ok(Sent {
                came: Arc::new(came),
                name: file.name,
                content_type: kind.content_type,
                verdict,
            }))
        }
        Err(unfit) => {
            came.clear_away();
            Ok(Err(unfit.to_string()))
        }
    }
}
