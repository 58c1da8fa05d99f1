//! Messages whose category staff put right: what free text is read by next time.
//!
//! Nothing is kept for it. The case has the category that is right, the contact that opened it has
//! the words, and where words were taken away since, they are gone from here too. Restricted cases
//! are left out: their words stay among those who may read them.

use crate::domain::triage::Example;
use crate::store::{Conn, StoreError, cases, contacts, events};

/// So many cases are looked at in one go.
const AT_ONCE: i64 = 200;

/// Every message whose category staff put right, in the order the cases were opened.
///
/// # Errors
/// When the database cannot be read.
pub fn read(conn: &mut Conn) -> Result<Vec<Example>, StoreError> {
    let mut corrections = Vec::new();
    let mut after = None;
    loop {
        let ids = events::recategorised(conn, after, AT_ONCE)?;
        let Some(last) = ids.last() else {
            return Ok(corrections);
        };
        after = Some(*last);
        for filed in cases::with_ids(conn, &ids)? {
            let first = contacts::of_case(conn, filed.case.id, None, 1)?;
            let told = first.into_iter().find(|one| !one.body.trim().is_empty());
            if let Some(contact) = told {
                corrections.push(Example {
                    subject: contact.subject,
                    body: contact.body,
                    service: filed.case.service,
                    category: filed.case.category,
                    is_danger: filed.case.danger.is_some(),
                });
            }
        }
    }
}
