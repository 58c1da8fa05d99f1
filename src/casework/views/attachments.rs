//! Files that came with contacts, as they are listed.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use crate::casework::failure::Failure;
use crate::domain::attachment::{Scan, Withheld};
use crate::domain::ids::{CaseId, ContactId};
use crate::store::Conn;
use crate::store::attachments::{self, Attachment};

/// A file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct AttachmentView {
    pub id: Uuid,
    /// As its sender called it, made safe. Data, never a path.
    pub name: String,
    /// What it is by its bytes; while it waits in a mail, as the sender declared it.
    #[serde(rename = "type")]
    pub content_type: String,
    pub bytes: u64,
    /// Only what is `off` (nobody looks for viruses here) or `clean` is given out.
    pub scan: Scan,
    /// What the scanner calls what it found.
    pub finding: Option<String>,
    /// Why it is given to nobody, whatever the scan says.
    pub withheld: Option<Withheld>,
    /// It can be had at `/v1/attachments/{id}`.
    pub downloadable: bool,
    /// A picture within the text of a mail, such as a logo.
    pub inline: bool,
    /// The contact it came with.
    pub contact: Option<Uuid>,
    pub received_at: Timestamp,
}

/// Files listed with a case; the rest are listed with its contacts.
const MOST_OF_A_CASE: i64 = 100;

impl AttachmentView {
    /// As it is listed.
    #[must_use]
    pub fn of(attachment: &Attachment) -> Self {
        Self {
            id: attachment.id.0,
            name: attachment.name.clone(),
            content_type: attachment.content_type.clone(),
            bytes: u64::try_from(attachment.size).unwrap_or(0),
            scan: attachment.scan,
            finding: attachment.finding.clone(),
            withheld: attachment.withheld,
            downloadable: attachment.is_downloadable(),
            inline: attachment.is_inline,
            contact: attachment.contact.map(|contact| contact.0),
            received_at: attachment.created_at,
        }
    }
}

/// The files of some contacts, by contact.
///
/// # Errors
/// When the database cannot be asked.
pub fn of_contacts(
    conn: &mut Conn,
    ids: &[ContactId],
) -> Result<BTreeMap<ContactId, Vec<AttachmentView>>, Failure> {
    let mut found: BTreeMap<ContactId, Vec<AttachmentView>> = BTreeMap::new();
    for attachment in attachments::of_contacts(conn, ids)? {
        if let Some(contact) = attachment.contact {
            let own = found.entry(contact).or_default();
            own.push(AttachmentView::of(&attachment));
        }
    }
    Ok(found)
}

/// The files of a case, oldest first.
///
/// # Errors
/// When the database cannot be asked.
pub fn of_case(conn: &mut Conn, case: CaseId) -> Result<Vec<AttachmentView>, Failure> {
    let found = attachments::of_case(conn, case, MOST_OF_A_CASE)?;
    Ok(found.iter().map(AttachmentView::of).collect())
}
